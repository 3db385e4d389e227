/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-client.h"

/* Calls (protocol calls 9.2; the P numbers are its) */

#define CALLS "/cpaas/webrtcsignaling/v1/%u/sessions"
#define ALICE "alice@loopback.example"
#define BOB "bob@loopback.example"
#define CAROL "carol@loopback.example"

/* Two ends of a call, with their sessions */
typedef struct {
  TestClient *alice;
  TestClient *bob;
  char *from;
  char *to;
} Pair;

static void
pair_free (Pair *pair)
{
  g_clear_pointer (&pair->alice, test_client_free);
  g_clear_pointer (&pair->bob, test_client_free);
  g_free (pair->from);
  g_free (pair->to);
  g_free (pair);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pair, pair_free)

static guint
put (
    TestClient *client, const char *session, const char *part, const char *body)
{
  g_autofree char *path = g_strconcat (session, "/", part, NULL);

  return test_client_get_status (client, "PUT", path, body);
}

static guint
put_sdp (
    TestClient *client, const char *session, const char *part, const char *sdp)
{
  g_autofree char *body =
      g_strdup_printf ("{'%s':{'clientCorrelator':'x','sdp':'%s'}}",
          g_str_equal (part, "answer") ? "wrtcsAnswer" : "wrtcsOffer", sdp);

  return put (client, session, part, body);
}

static guint
put_status (TestClient *client, const char *session, const char *status)
{
  g_autofree char *body = g_strdup_printf (
      "{'wrtcsSessionStatus':{'clientCorrelator':'x','status':'%s'}}", status);

  return put (client, session, "status", body);
}

static guint delete (TestClient *client, const char *session)
{
  return test_client_get_status (client, "DELETE", session, NULL);
}

static char *
call (TestClient *client, const char *to, const char *offer)
{
  g_autofree char *body = g_strdup_printf (
      "{'wrtcsSession':{'clientCorrelator':'x','tParticipantAddress':'%s',"
      "'offer':%s}}",
      to, offer);
  g_autoptr (TestReply) reply = test_client_send (client, "POST", CALLS, body);

  g_assert_cmpuint (reply->status, ==, 201);
  g_assert_cmpstr (
      test_get_string (reply->body, "wrtcsSession.tParticipantAddress"), ==,
      to);
  return g_strdup (test_get_string (reply->body, "wrtcsSession.resourceURL"));
}

static Pair *
pair_new (TestFixture *fixture)
{
  Pair *pair = g_new0 (Pair, 1);

  pair->alice = test_client_online (fixture->loopback, ALICE);
  pair->bob = test_client_online (fixture->loopback, BOB);
  return pair;
}

/* bob rings */
static Pair *
pair_new_invited (TestFixture *fixture)
{
  Pair *pair = pair_new (fixture);
  g_autoptr (JsonObject) invitation = NULL;

  pair->from = call (pair->alice, "sip:" BOB, "{'sdp':'offer'}");
  invitation =
      test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  g_assert_cmpstr (test_get_string (invitation, "offer.sdp"), ==, "offer");
  g_assert_cmpstr (
      test_get_string (invitation, "originatorAddress"), ==, "sip:" ALICE);
  g_assert_cmpstr (test_get_string (invitation, "originatorName"), ==, "Alice");
  g_assert_cmpstr (
      test_get_string (invitation, "tParticipantAddress"), ==, "sip:" BOB);
  pair->to = test_get_session (invitation);
  g_assert_cmpstr (pair->from, !=, pair->to);
  return pair;
}

/* Asserts the next frame: an event for this session */
static void
expect_event (
    TestClient *client, const char *session, const char *event, gint64 code)
{
  g_autoptr (JsonObject) notice =
      test_client_next (client, "wrtcsEventNotification");
  g_autofree char *about = test_get_session (notice);

  g_assert_cmpstr (test_get_string (notice, "eventType"), ==, event);
  g_assert_cmpstr (about, ==, session);
  if (code)
    g_assert_cmpint (
        json_object_get_int_member (notice, "statusCode"), ==, code);
}

static void
expect_sdp (TestClient *client, const char *session, const char *type,
    const char *path, const char *sdp)
{
  g_autoptr (JsonObject) notice = test_client_next (client, type);
  g_autofree char *about = test_get_session (notice);

  g_assert_cmpstr (test_get_string (notice, path), ==, sdp);
  g_assert_cmpstr (about, ==, session);
}

static Pair *
pair_new_connected (TestFixture *fixture)
{
  Pair *pair = pair_new_invited (fixture);

  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "answer"), ==, 200);
  expect_sdp (pair->alice, pair->from, "wrtcsAcceptanceNotification",
      "answer.sdp", "answer");
  return pair;
}

/* Nothing more may come: a marker is the next frame */
static void
expect_silence (TestFixture *fixture, TestClient *client)
{
  kandy_loopback_send_raw (
      fixture->loopback, client->address, "{\"marker\":{}}");
  json_object_unref (test_client_next (client, "marker"));
}

static void
test_answered (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);

  /* Audits of both before the answer do not answer */
  g_assert_cmpuint (put_status (pair->alice, pair->from, "Connected"), ==, 200);
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Ringing"), ==, 200);
  expect_event (pair->alice, pair->from, "Ringing", 0);
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Connected"), ==, 200);
  /* Once is enough */
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Ringing"), ==, 200);
  expect_silence (fixture, pair->alice);

  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "answer"), ==, 200);
  expect_sdp (pair->alice, pair->from, "wrtcsAcceptanceNotification",
      "answer.sdp", "answer");
  g_assert_cmpuint (
      kandy_loopback_count_sessions (fixture->loopback, BOB), ==, 1);

  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (pair->bob, pair->to, "SessionEnded", 9905);
  expect_silence (fixture, pair->alice);
  expect_silence (fixture, pair->bob);
  /* P7, P17 */
  g_assert_cmpuint (delete (pair->bob, pair->to), ==, 404);
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Connected"), ==, 404);
  g_assert_cmpuint (
      kandy_loopback_count_sessions (fixture->loopback, NULL), ==, 0);
}

static void
test_rejected (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);

  g_assert_cmpuint (delete (pair->bob, pair->to), ==, 204);
  expect_event (pair->alice, pair->from, "SessionEnded", 603);
  expect_silence (fixture, pair->bob);
}

static void
test_cancelled (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);

  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (pair->bob, pair->to, "Cancelled", 487);
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "late"), ==, 404);
}

static void
test_two_devices (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new (fixture);
  g_autoptr (TestClient) tablet = test_client_online (fixture->loopback, BOB);
  g_autoptr (JsonObject) first = NULL;
  g_autoptr (JsonObject) second = NULL;
  g_autofree char *there = NULL;

  pair->from = call (pair->alice, "sip:" BOB, "{'sdp':'offer'}");
  first = test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  second = test_client_next (tablet, "wrtcsSessionInvitationNotification");
  pair->to = test_get_session (first);
  there = test_get_session (second);

  g_assert_cmpuint (put_sdp (tablet, there, "answer", "answer"), ==, 200);
  expect_event (pair->bob, pair->to, "Cancelled", 9904);
  expect_sdp (pair->alice, pair->from, "wrtcsAcceptanceNotification",
      "answer.sdp", "answer");
  expect_silence (fixture, tablet);
  /* P9 */
  g_assert_cmpuint (
      put_sdp (pair->bob, pair->to, "answer", "too late"), ==, 403);
  g_assert_cmpuint (delete (pair->bob, pair->to), ==, 404);
  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (tablet, there, "SessionEnded", 9905);
}

/* P15: one device rejects for all */
static void
test_two_devices_reject (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new (fixture);
  g_autoptr (TestClient) tablet = test_client_online (fixture->loopback, BOB);
  g_autoptr (JsonObject) first = NULL;
  g_autoptr (JsonObject) second = NULL;
  g_autofree char *there = NULL;

  pair->from = call (pair->alice, "sip:" BOB, "{'sdp':'offer'}");
  first = test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  second = test_client_next (tablet, "wrtcsSessionInvitationNotification");
  pair->to = test_get_session (first);
  there = test_get_session (second);
  g_assert_cmpuint (delete (tablet, there), ==, 204);
  expect_event (pair->bob, pair->to, "Cancelled", 603);
  expect_event (pair->alice, pair->from, "SessionEnded", 603);
  expect_silence (fixture, tablet);
}

static void
assert_refused (
    TestClient *client, const char *body, guint status, const char *message_id)
{
  g_autoptr (TestReply) reply = test_client_send (client, "POST", CALLS, body);

  test_assert_error (reply, status, "serviceException", message_id);
}

static void
test_refused (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);

  /* P2 */
  assert_refused (pair->alice,
      "{'wrtcsSession':{'tParticipantAddress':'sip:nobody@loopback.example',"
      "'offer':{'sdp':'x'}}}",
      404, "SVC0004");
  assert_refused (
      pair->alice, "{'wrtcsSession':{'offer':{'sdp':'x'}}}", 404, "SVC0004");
  assert_refused (pair->alice, "{'wrtcsSession':7}", 400, "SVC0002");
  assert_refused (pair->alice, "{'wrtcsSession':{}}", 400, "SVC0002");
  assert_refused (pair->alice,
      "{'wrtcsSession':{'tParticipantAddress':'sip:" BOB "',"
      "'offer':{'sdp':7}}}",
      400, "SVC0002");
  assert_refused (pair->alice,
      "{'wrtcsSession':{'tParticipantAddress':'sip:" BOB "',"
      "'customParameters':{'name':'x','value':'y'},'offer':{'sdp':'x'}}}",
      400, "SVC0002");
  assert_refused (pair->alice,
      "{'wrtcsSession':{'tParticipantAddress':'sip:" BOB "',"
      "'customParameters':[{'name':'x','value':7}],'offer':{'sdp':'x'}}}",
      400, "SVC0002");
  g_assert_cmpuint (
      put (pair->bob, pair->to, "answer", "{'wrtcsAnswer':{}}"), ==, 400);
  g_assert_cmpuint (
      put (pair->bob, pair->to, "answer", "{'wrtcsAnswer':[]}"), ==, 400);
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Dancing"), ==, 400);
  g_assert_cmpuint (put (pair->bob, pair->to, "status", "{}"), ==, 400);
  g_assert_cmpuint (put (pair->bob, pair->to, "dance", "{}"), ==, 404);
  /* The other end's session is not one's own */
  g_assert_cmpuint (delete (pair->alice, pair->to), ==, 403);
  g_assert_cmpuint (put_sdp (pair->alice, pair->from, "answer", "x"), ==, 403);
  /* P13: the first offer has no answer yet */
  g_assert_cmpuint (put_sdp (pair->alice, pair->from, "update", "x"), ==, 409);
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "update", "x"), ==, 409);
}

static void
test_addresses (TestFixture *fixture, gconstpointer data)
{
  static const char *const good[] = { BOB, "sip:BOB@LoopBack.example",
    "sips:" BOB, "sip:" BOB ";transport=tls", "tel:+15550000002",
    "sip:+15550000002@loopback.example", "15550000002" };
  g_autoptr (Pair) pair = pair_new (fixture);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *session = call (pair->alice, good[i], "{'sdp':'offer'}");

    json_object_unref (
        test_client_next (pair->bob, "wrtcsSessionInvitationNotification"));
    g_assert_cmpuint (delete (pair->alice, session), ==, 204);
    json_object_unref (test_client_next (pair->bob, "wrtcsEventNotification"));
  }
}

/* P3, P4, P18 */
static void
test_not_taken (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  g_autofree char *busy = NULL;
  g_autofree char *ignored = NULL;
  g_autofree char *away = NULL;
  g_autofree char *ringing = NULL;
  g_autoptr (JsonObject) invitation = NULL;

  test_set_fault (fixture, "{'set':{'busy':true}}");
  busy = call (carol, "sip:" BOB, "{'sdp':'offer'}");
  expect_event (carol, busy, "SessionEnded", 486);
  expect_silence (fixture, pair->bob);

  kandy_loopback_clear_faults (fixture->loopback);
  test_set_fault (fixture, "{'set':{'noAnswer':50}}");
  ignored = call (carol, "sip:" BOB, "{'sdp':'offer'}");
  invitation =
      test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  ringing = test_get_session (invitation);
  expect_event (carol, ignored, "SessionEnded", 408);
  expect_event (pair->bob, ringing, "Cancelled", 408);
  /* The call that is answered goes on */
  g_assert_cmpuint (put_status (pair->bob, pair->to, "Connected"), ==, 200);

  kandy_loopback_expire_channels (fixture->loopback, BOB);
  away = call (carol, "sip:" BOB, "{'sdp':'offer'}");
  expect_event (carol, away, "SessionEnded", 480);
}

static void
test_reoffer (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autofree char *path = g_strconcat (pair->to, "/update", NULL);
  g_autoptr (TestReply) glare = NULL;

  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "update", "hold"), ==, 200);
  expect_sdp (
      pair->bob, pair->to, "wrtcsOfferNotification", "offer.sdp", "hold");
  glare = test_client_send (
      pair->bob, "PUT", path, "{'wrtcsOffer':{'sdp':'hold too'}}");
  test_assert_error (glare, 409, "serviceException", "SVC0491");
  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "answer", "own"), ==, 403);
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "held"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsAnswerNotification", "answer.sdp", "held");
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "again"), ==, 403);

  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "update", "video"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "video");

  /* Nobody waits for ever */
  test_set_fault (fixture, "{'set':{'offerTimeout':50}}");
  test_wait_until (put_sdp (pair->alice, pair->from, "update", "mine") == 200);
  expect_sdp (
      pair->bob, pair->to, "wrtcsOfferNotification", "offer.sdp", "mine");
}

/* P10 */
static void
test_slow_start (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new (fixture);
  g_autoptr (JsonObject) invitation = NULL;
  JsonObject *offer;

  pair->from = call (pair->alice, "sip:" BOB, "{}");
  invitation =
      test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  offer = json_object_get_object_member (invitation, "offer");
  g_assert_nonnull (offer);
  g_assert_cmpuint (json_object_get_size (offer), ==, 0);
  pair->to = test_get_session (invitation);

  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "answer", "offer"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "offer");
  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "answer", "answer"), ==, 200);
  expect_sdp (
      pair->bob, pair->to, "wrtcsAnswerNotification", "answer.sdp", "answer");

  /* The same in a call that is up */
  g_assert_cmpuint (put (pair->alice, pair->from, "update",
                        "{'wrtcsOffer':{'clientCorrelator':'x'}}"),
      ==, 200);
  expect_sdp (pair->bob, pair->to, "wrtcsOfferNotification", "offer.sdp", NULL);
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "offer", "offer"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "offer");
  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "answer", "answer"), ==, 200);
  expect_sdp (
      pair->bob, pair->to, "wrtcsAnswerNotification", "answer.sdp", "answer");
}

/* Who has answered a slow start is never told that it was cancelled */
static void
test_slow_start_cancelled (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new (fixture);
  g_autoptr (JsonObject) invitation = NULL;

  test_set_fault (fixture, "{'set':{'slowStart':true}}");
  pair->from = call (pair->alice, "sip:" BOB, "{'sdp':'stripped'}");
  invitation =
      test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  g_assert_null (test_get_string (invitation, "offer.sdp"));
  pair->to = test_get_session (invitation);
  g_assert_cmpuint (put_sdp (pair->bob, pair->to, "offer", "offer"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "offer");
  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (pair->bob, pair->to, "SessionEnded", 0);
}

static void
test_candidates (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);
  const char *body = "{'wrtcsIceCandidates':{'clientCorrelator':'x',"
                     "'candidates':['one']}}";
  g_autoptr (JsonObject) early = NULL;
  g_autoptr (JsonObject) back = NULL;

  g_assert_cmpuint (put (pair->alice, pair->from, "ice", body), ==, 204);
  early = test_client_next (pair->bob, "wrtcsIceNotification");
  g_assert_true (json_object_has_member (early, "candidates"));
  g_assert_false (json_object_has_member (early, "clientCorrelator"));
  g_assert_cmpuint (put (pair->bob, pair->to, "ice", body), ==, 204);
  back = test_client_next (pair->alice, "wrtcsIceNotification");
  g_assert_true (json_object_has_member (back, "candidates"));
}

/* P19 */
static void
test_forwarded (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_invited (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  g_autoptr (JsonObject) invitation = NULL;
  g_autofree char *there = NULL;

  g_assert_cmpuint (
      put (pair->bob, pair->to, "forward",
          "{'wrtcsForward':{'address':'sip:nobody@loopback.example'}}"),
      ==, 404);
  g_assert_cmpuint (put (pair->alice, pair->from, "forward",
                        "{'wrtcsForward':{'address':'sip:" CAROL "'}}"),
      ==, 403);
  g_assert_cmpuint (put (pair->bob, pair->to, "forward",
                        "{'wrtcsForward':{'address':'sip:" CAROL "'}}"),
      ==, 204);
  invitation = test_client_next (carol, "wrtcsSessionInvitationNotification");
  g_assert_cmpstr (
      test_get_string (invitation, "originatorAddress"), ==, "sip:" ALICE);
  g_assert_cmpstr (test_get_string (invitation, "offer.sdp"), ==, "offer");
  there = test_get_session (invitation);
  g_assert_cmpuint (delete (pair->bob, pair->to), ==, 404);
  g_assert_cmpuint (put_sdp (carol, there, "answer", "carol"), ==, 200);
  expect_sdp (pair->alice, pair->from, "wrtcsAcceptanceNotification",
      "answer.sdp", "carol");
  expect_silence (fixture, pair->bob);
}

/* P20: bob leaves, alice stays, carol comes */
static void
test_transferred (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  const char *body = "{'wrtcsTransfer':{'address':'sip:" CAROL "'}}";
  g_autoptr (JsonObject) declined = NULL;
  g_autoptr (JsonObject) invitation = NULL;
  g_autofree char *rejected = NULL;
  g_autofree char *there = NULL;

  /* First she will not have it, and the call goes on */
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 204);
  declined = test_client_next (carol, "wrtcsSessionInvitationNotification");
  rejected = test_get_session (declined);
  g_assert_cmpuint (put_sdp (pair->alice, pair->from, "update", "x"), ==, 409);
  g_assert_cmpuint (delete (carol, rejected), ==, 204);
  expect_event (pair->bob, pair->to, "TransferFailed", 603);
  g_assert_cmpuint (put_status (pair->alice, pair->from, "Connected"), ==, 200);

  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 204);
  invitation = test_client_next (carol, "wrtcsSessionInvitationNotification");
  g_assert_cmpstr (
      test_get_string (invitation, "originatorAddress"), ==, "sip:" ALICE);
  g_assert_null (test_get_string (invitation, "offer.sdp"));
  there = test_get_session (invitation);
  g_assert_cmpuint (put_sdp (carol, there, "answer", "hers"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "hers");
  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "answer", "his"), ==, 200);
  expect_sdp (carol, there, "wrtcsAnswerNotification", "answer.sdp", "his");
  expect_event (pair->bob, pair->to, "TransferCompleted", 9905);
  expect_event (pair->bob, pair->to, "SessionEnded", 9905);
  g_assert_cmpuint (delete (pair->bob, pair->to), ==, 404);

  g_assert_cmpuint (delete (carol, there), ==, 204);
  expect_event (pair->alice, pair->from, "SessionEnded", 9905);
  g_assert_cmpuint (
      kandy_loopback_count_sessions (fixture->loopback, NULL), ==, 0);
}

/* Bob talks to alice and to carol, who has called him, and puts them together
 */
static void
test_consulted (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  g_autofree char *hers = call (carol, "sip:" BOB, "{'sdp':'c1'}");
  g_autoptr (JsonObject) invitation =
      test_client_next (pair->bob, "wrtcsSessionInvitationNotification");
  g_autofree char *his = test_get_session (invitation);
  g_autofree char *body = g_strdup_printf (
      "{'wrtcsTransfer':{'address':'sip:" CAROL "','sessionId':'%s'}}",
      strrchr (his, '/') + 1);
  g_autofree char *wrong = g_strdup_printf (
      "{'wrtcsTransfer':{'address':'sip:" ALICE "','sessionId':'%s'}}",
      strrchr (his, '/') + 1);
  g_autofree char *alien = g_strdup_printf (
      "{'wrtcsTransfer':{'address':'sip:" CAROL "','sessionId':'%s'}}",
      strrchr (hers, '/') + 1);

  /* Not before she talks to him, not with somebody else, not with a session of
   * somebody else's */
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 403);
  g_assert_cmpuint (put_sdp (pair->bob, his, "answer", "b1"), ==, 200);
  expect_sdp (carol, hers, "wrtcsAcceptanceNotification", "answer.sdp", "b1");
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", wrong), ==, 403);
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", alien), ==, 404);

  /* First she does not want to talk to alice, and hangs up */
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 204);
  expect_sdp (carol, hers, "wrtcsOfferNotification", "offer.sdp", NULL);
  g_assert_cmpuint (put_sdp (pair->bob, his, "update", "x"), ==, 409);
  g_assert_cmpuint (put_sdp (pair->alice, pair->from, "update", "x"), ==, 409);
  g_assert_cmpuint (delete (carol, hers), ==, 204);
  expect_event (pair->bob, pair->to, "TransferFailed", 603);
  expect_event (pair->bob, his, "SessionEnded", 9905);
  g_assert_cmpuint (put_status (pair->alice, pair->from, "Connected"), ==, 200);
}

static void
test_consulted_well (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  g_autofree char *his = call (pair->bob, "sip:" CAROL, "{'sdp':'b1'}");
  g_autoptr (JsonObject) invitation =
      test_client_next (carol, "wrtcsSessionInvitationNotification");
  g_autofree char *hers = test_get_session (invitation);
  g_autofree char *body = g_strdup_printf (
      "{'wrtcsTransfer':{'address':'sip:" CAROL "','sessionId':'%s'}}",
      strrchr (his, '/') + 1);

  g_assert_cmpuint (put_sdp (carol, hers, "answer", "c1"), ==, 200);
  expect_sdp (
      pair->bob, his, "wrtcsAcceptanceNotification", "answer.sdp", "c1");

  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 204);
  expect_sdp (carol, hers, "wrtcsOfferNotification", "offer.sdp", NULL);
  g_assert_cmpuint (put_sdp (carol, hers, "answer", "c2"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "c2");
  g_assert_cmpuint (put_sdp (pair->alice, pair->from, "answer", "a2"), ==, 200);
  expect_sdp (carol, hers, "wrtcsAnswerNotification", "answer.sdp", "a2");
  expect_event (pair->bob, pair->to, "TransferCompleted", 9905);
  expect_event (pair->bob, pair->to, "SessionEnded", 9905);
  expect_event (pair->bob, his, "SessionEnded", 9905);
  g_assert_cmpuint (delete (pair->bob, his), ==, 404);

  g_assert_cmpuint (put_sdp (carol, hers, "update", "c3"), ==, 200);
  expect_sdp (
      pair->alice, pair->from, "wrtcsOfferNotification", "offer.sdp", "c3");
  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (carol, hers, "SessionEnded", 9905);
  g_assert_cmpuint (
      kandy_loopback_count_sessions (fixture->loopback, NULL), ==, 0);
}

/* Either of the others may hang up meanwhile */
static void
test_consulted_in_vain (TestFixture *fixture, gconstpointer data)
{
  gboolean by_bob = GPOINTER_TO_INT (data);
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autoptr (TestClient) carol = test_client_online (fixture->loopback, CAROL);
  g_autofree char *his = call (pair->bob, "sip:" CAROL, "{'sdp':'b1'}");
  g_autoptr (JsonObject) invitation =
      test_client_next (carol, "wrtcsSessionInvitationNotification");
  g_autofree char *hers = test_get_session (invitation);
  g_autofree char *body = g_strdup_printf (
      "{'wrtcsTransfer':{'address':'sip:" CAROL "','sessionId':'%s'}}",
      strrchr (his, '/') + 1);

  g_assert_cmpuint (put_sdp (carol, hers, "answer", "c1"), ==, 200);
  expect_sdp (
      pair->bob, his, "wrtcsAcceptanceNotification", "answer.sdp", "c1");
  g_assert_cmpuint (put (pair->bob, pair->to, "transfer", body), ==, 204);
  expect_sdp (carol, hers, "wrtcsOfferNotification", "offer.sdp", NULL);
  if (by_bob) {
    g_assert_cmpuint (delete (pair->bob, his), ==, 204);
    expect_event (pair->bob, pair->to, "TransferFailed", 9905);
    expect_event (carol, hers, "SessionEnded", 9905);
    g_assert_cmpuint (
        put_sdp (pair->alice, pair->from, "update", "x"), ==, 200);
  } else {
    g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
    expect_event (pair->bob, pair->to, "TransferFailed", 9905);
    expect_event (pair->bob, pair->to, "SessionEnded", 9905);
    g_assert_cmpuint (put_sdp (carol, hers, "update", "x"), ==, 200);
    expect_sdp (pair->bob, his, "wrtcsOfferNotification", "offer.sdp", "x");
  }
  g_assert_cmpuint (
      kandy_loopback_count_sessions (fixture->loopback, NULL), >, 0);
}

/* 9.3: neither socket nor audits */
static void
test_reaped (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);

  test_set_fault (fixture, "{'set':{'reaper':100}}");
  /* A socket alone, or audits alone, keep the call alive */
  test_iterate_for (200);
  g_assert_cmpuint (put_status (pair->alice, pair->from, "Connected"), ==, 200);
  kandy_loopback_close_websockets (fixture->loopback, BOB, 0);
  expect_event (pair->alice, pair->from, "SessionEnded", 9909);
}

static void
test_platform_ends (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);

  g_assert_cmpuint (kandy_loopback_end_sessions (
                        fixture->loopback, ALICE, 9900, "Maintenance"),
      ==, 1);
  expect_event (pair->alice, pair->from, "SessionEnded", 9900);
  expect_event (pair->bob, pair->to, "SessionEnded", 9900);
}

static void
test_audit_gone (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);

  test_set_fault (fixture, "{'set':{'auditGone':true}}");
  g_assert_cmpuint (put_status (pair->alice, pair->from, "Connected"), ==, 404);
}

static void
test_queries (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);
  g_autofree char *path = g_strconcat (pair->from, "/status", NULL);
  g_autoptr (TestReply) list =
      test_client_send (pair->alice, "GET", CALLS, NULL);
  g_autoptr (TestReply) one =
      test_client_send (pair->alice, "GET", pair->from, NULL);
  g_autoptr (TestReply) status =
      test_client_send (pair->alice, "GET", path, NULL);
  JsonArray *sessions = json_object_get_array_member (
      json_object_get_object_member (list->body, "wrtcsSessionList"),
      "wrtcsSession");

  g_assert_cmpuint (json_array_get_length (sessions), ==, 1);
  g_assert_cmpstr (test_get_string (json_array_get_object_element (sessions, 0),
                       "resourceURL"),
      ==, pair->from);
  g_assert_cmpstr (
      test_get_string (one->body, "wrtcsSession.status"), ==, "Connected");
  g_assert_cmpstr (test_get_string (status->body, "wrtcsSessionStatus.status"),
      ==, "Connected");
}

/* A websocket that comes back gets what it missed, on the same channel */
static void
test_socket_away (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);

  kandy_loopback_close_websockets (fixture->loopback, BOB, 0);
  test_wait_until (pair->bob->closed);
  g_assert_cmpuint (
      put_sdp (pair->alice, pair->from, "update", "hold"), ==, 200);
  g_assert_cmpuint (test_client_connect (pair->bob), ==, 101);
  expect_sdp (
      pair->bob, pair->to, "wrtcsOfferNotification", "offer.sdp", "hold");
}

/* A new channel takes over from one that is gone */
static void
test_channel_renewed (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (Pair) pair = pair_new_connected (fixture);

  kandy_loopback_expire_channels (fixture->loopback, BOB);
  test_client_open_channel (pair->bob, "client");
  g_assert_cmpuint (test_client_connect (pair->bob), ==, 101);
  test_client_subscribe (pair->bob);
  g_assert_cmpuint (delete (pair->alice, pair->from), ==, 204);
  expect_event (pair->bob, pair->to, "SessionEnded", 9905);
}

static JsonArray *
get_log (TestFixture *fixture)
{
  g_autofree char *text = kandy_loopback_dup_log (fixture->loopback);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  return json_node_dup_array (node);
}

/* The reply to the request that causes a notification comes first */
static void
test_order (TestFixture *fixture, gconstpointer data)
{
  Pair *pair = pair_new_connected (fixture);
  g_autoptr (JsonArray) log = get_log (fixture);
  gint64 request = 0;
  gboolean replied = FALSE;
  gboolean seen = FALSE;
  guint i;

  for (i = 0; i < json_array_get_length (log); i++) {
    JsonObject *entry = json_array_get_object_element (log, i);
    const char *kind = test_get_string (entry, "kind");
    const char *path = test_get_string (entry, "path");

    if (path && g_str_has_suffix (path, "/sessions"))
      request = json_object_get_int_member (entry, "n");
    if (g_str_equal (kind, "res")
        && json_object_get_int_member (entry, "re") == request)
      replied = TRUE;
    if (g_str_equal (kind, "ws<")
        && json_object_has_member (
            json_object_get_object_member (entry, "data"),
            "wrtcsSessionInvitationNotification")) {
      g_assert_true (replied);
      seen = TRUE;
    }
  }
  g_assert_true (seen);
  pair_free (pair);
}

#define ADD(name, function) TEST_ADD ("/loopback/calls/" name, function)
#define ADD_WITH(name, function, data)                                         \
  g_test_add ("/loopback/calls/" name, TestFixture, data, test_fixture_set_up, \
      function, test_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("answered", test_answered);
  ADD ("rejected", test_rejected);
  ADD ("cancelled", test_cancelled);
  ADD ("two-devices/answer", test_two_devices);
  ADD ("two-devices/reject", test_two_devices_reject);
  ADD ("refused", test_refused);
  ADD ("addresses", test_addresses);
  ADD ("not-taken", test_not_taken);
  ADD ("re-offer", test_reoffer);
  ADD ("slow-start", test_slow_start);
  ADD ("slow-start/cancelled", test_slow_start_cancelled);
  ADD ("candidates", test_candidates);
  ADD ("forwarded", test_forwarded);
  ADD ("transferred", test_transferred);
  ADD ("consulted", test_consulted);
  ADD ("consulted-well", test_consulted_well);
  ADD ("consulted-in-vain/alice", test_consulted_in_vain);
  ADD_WITH (
      "consulted-in-vain/bob", test_consulted_in_vain, GINT_TO_POINTER (TRUE));
  ADD ("reaped", test_reaped);
  ADD ("platform-ends", test_platform_ends);
  ADD ("audit-gone", test_audit_gone);
  ADD ("queries", test_queries);
  ADD ("socket-away", test_socket_away);
  ADD ("channel-renewed", test_channel_renewed);
  ADD ("order", test_order);
  return g_test_run ();
}
