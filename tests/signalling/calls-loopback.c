/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-world.h"

#include "kandy-client-private.h"
#include "kandy-connection.h"
#include "kandy-presence.h"
#include "kandy-services.h"

#include <string.h>

/* The traces of protocol calls 10 */

/* 10.1 */
static void
test_answered (World *w, gconstpointer data)
{
  make_connect (w);
  g_assert_cmpstr (
      kandy_call_get_to (w->alice.call), ==, "sip:bob@loopback.example");
  g_assert_cmpstr (
      kandy_call_get_from (w->bob.call), ==, "sip:alice@loopback.example");
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  expect (w, &w->alice,
      "op END START; trackEnded local; op END FINISH {END/ONGOING}; "
      "sc Connected->Ended");
  expect (w, &w->bob,
      "trackEnded local; op END FINISH remote; sc Connected->Ended (9905)");
  wait_for (w, kandy_loopback_count_sessions (w->platform, NULL) == 0);
  /* The callee's own DELETE is not needed, nor sent */
  g_assert_cmpuint (
      kandy_loopback_count_requests (w->platform, "DELETE", "/sessions/"), ==,
      1);
}

/* 10.2 */
static void
test_rejected (World *w, gconstpointer data)
{
  make_ring (w);
  kandy_call_reject_async (w->bob.call, NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op REJECT START; op REJECT FINISH {REJECT/ONGOING}; sc Ringing->Ended");
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  g_assert_true (g_str_has_prefix (w->alice.events->str,
      "trackEnded local; op END FINISH remote; sc Ringing->Ended"));
}

/* 10.3 */
static void
test_ignored (World *w, gconstpointer data)
{
  policy (w, "\"noAnswer\": 600");
  make_ring (w);
  kandy_call_ignore_async (w->bob.call, NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op IGNORE START; op IGNORE FINISH {IGNORE/ONGOING}; sc Ringing->Ended");
  expect (w, &w->alice,
      "trackEnded local; op END FINISH remote; sc Ringing->Ended (408)");
}

/* 10.4 */
static void
test_cancelled (World *w, gconstpointer data)
{
  make_ring (w);
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  expect (w, &w->alice,
      "op END START {MAKE/PENDING}; trackEnded local; "
      "op END FINISH {MAKE/PENDING}; sc Ringing->Ended");
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CANCELLED));
  g_assert_true (
      g_str_has_prefix (w->bob.events->str, "sc Ringing->Cancelled"));
}

/* 10.5 */
static void
test_unavailable (World *w, gconstpointer data)
{
  make (w, "carol");
  expect (w, &w->alice,
      MAKE "; trackEnded local; op END FINISH remote; "
           "sc Initiated->Ended (480)");

  policy (w, "\"busy\": true");
  make_connect (w);
  make (w, "bob");
  expect (w, &w->alice,
      MAKE "; trackEnded local; op END FINISH remote; "
           "sc Initiated->Ended (486)");
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
}

/* 10.6 */
static void
test_unknown (World *w, gconstpointer data)
{
  make (w, "nobody");
  expect (w, &w->alice,
      "op MAKE START; start; newTrack local; trackEnded local; "
      "op MAKE FINISH {MAKE/ONGOING} !SVC0004; "
      "sc Initiating->Ended !SVC0004");
  g_assert_cmpuint (
      kandy_error_get_http_status (kandy_call_get_error (w->alice.call)), ==,
      404);
}

/* 10.7 */
static void
test_two_devices (World *w, gconstpointer data)
{
  party_join (w, &w->bob2, "bob@loopback.example", "bob");
  make (w, "bob");
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_RINGING));
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_RINGING));
  kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_CANCELLED));
  g_assert_nonnull (strstr (w->bob2.events->str, "sc Ringing->Cancelled"));
  kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
}

/* 10.10, 10.11 */
static void
test_hold (World *w, gconstpointer data)
{
  make_connect (w);
  w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
  w->bob.script.flowing = FALSE;
  w->alice.script.flowing = FALSE;
  kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
  expect (w, &w->alice,
      "op HOLD START; op HOLD UPDATE {HOLD/ONGOING}; "
      "op HOLD FINISH {HOLD/PENDING}; sc Connected->On Hold");
  expect (w, &w->bob, "op HOLD FINISH remote; sc Connected->On Hold");

  w->alice.script.change = KANDY_REMOTE_CHANGE_NONE;
  kandy_call_hold_async (w->bob.call, NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op HOLD START; op HOLD UPDATE {HOLD/ONGOING}; "
      "op HOLD FINISH {HOLD/PENDING}; sc On Hold->On Hold");
  expect (w, &w->alice, "op HOLD FINISH remote; sc On Hold->On Hold");

  w->bob.script.change = KANDY_REMOTE_CHANGE_UNHOLD;
  kandy_call_unhold_async (w->alice.call, NULL, answered, &w->alice);
  expect (w, &w->alice,
      "op UNHOLD START; op UNHOLD UPDATE {UNHOLD/ONGOING}; "
      "op UNHOLD FINISH {UNHOLD/PENDING}; sc On Hold->On Hold");
  expect (w, &w->bob, "op UNHOLD FINISH remote; sc On Hold->On Hold");

  w->alice.script.change = KANDY_REMOTE_CHANGE_UNHOLD;
  kandy_call_unhold_async (w->bob.call, NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op UNHOLD START; op UNHOLD UPDATE {UNHOLD/ONGOING}; "
      "op UNHOLD FINISH {UNHOLD/PENDING}; sc On Hold->Connected");
  expect (w, &w->alice, "op UNHOLD FINISH remote; sc On Hold->Connected");
}

/* Bob lets carol take the call */
static void
test_forwarded (World *w, gconstpointer data)
{
  party_join (w, &w->bob2, "carol@loopback.example", "carol");
  make_ring (w);
  kandy_call_forward_async (w->bob.call, "carol", NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op FORWARD_CALL START; op FORWARD_CALL FINISH {FORWARD_CALL/ONGOING}; "
      "sc Ringing->Ended (9908)");
  expect (w, &w->bob2, RECEIVE);
  g_assert_cmpstr (
      kandy_call_get_from (w->bob2.call), ==, "sip:alice@loopback.example");
  kandy_call_answer_async (w->bob2.call, NULL, NULL, answered, &w->bob2);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_ENDED));
}

static void
hold_alice (World *w)
{
  w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
  kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ON_HOLD));
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ON_HOLD));
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
  w->bob.script.change = KANDY_REMOTE_CHANGE_UNHOLD;
}

/* Alice holds, and connects bob with carol */
static void
test_transferred (World *w, gconstpointer data)
{
  make_connect (w);
  hold_alice (w);
  party_join (w, &w->bob2, "carol@loopback.example", "carol");

  /* First she does not take it */
  kandy_call_transfer_async (w->alice.call, "carol", NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_RINGING));
  w->alice.n_answers = 0;
  kandy_call_reject_async (w->bob2.call, NULL, answered, &w->bob2);
  wait_for (w, w->alice.n_answers == 1);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_ENDED));
  g_assert_error (w->alice.error, KANDY_ERROR, KANDY_ERROR_REFUSED);
  g_assert_true (is_in (&w->alice, KANDY_CALL_STATE_ON_HOLD));

  kandy_call_transfer_async (w->alice.call, "carol", NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_RINGING));
  g_assert_cmpstr (
      kandy_call_get_from (w->bob2.call), ==, "sip:bob@loopback.example");
  kandy_call_answer_async (w->bob2.call, NULL, NULL, answered, &w->bob2);
  wait_for (w, w->alice.n_answers == 2);
  g_assert_no_error (w->alice.error);
  g_assert_true (is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_CONNECTED));
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));

  kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_ENDED));
  wait_for (w, kandy_loopback_count_sessions (w->platform, NULL) == 0);
}

/* Alice asks carol first, then connects the two */
static void
test_consulted (World *w, gconstpointer data)
{
  g_autoptr (KandyCall) first = NULL;
  g_autoptr (KandyCall) second = NULL;

  make_connect (w);
  hold_alice (w);
  first = g_object_ref (w->alice.call);
  party_join (w, &w->bob2, "carol@loopback.example", "carol");
  make (w, "carol");
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_RINGING));
  kandy_call_answer_async (w->bob2.call, NULL, NULL, answered, &w->bob2);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_CONNECTED));
  second = g_object_ref (w->alice.call);

  /* Both have to be held */
  w->alice.n_answers = 0;
  kandy_call_consultative_transfer_async (
      first, second, NULL, answered, &w->alice);
  wait_for (w, w->alice.n_answers == 1);
  g_assert_error (w->alice.error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);
  w->bob2.script.change = KANDY_REMOTE_CHANGE_HOLD;
  kandy_call_hold_async (second, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_ON_HOLD));
  wait_for (w, w->alice.n_answers == 2);
  g_assert_no_error (w->alice.error);

  w->bob2.script.change = KANDY_REMOTE_CHANGE_UNHOLD;
  kandy_call_consultative_transfer_async (
      first, second, NULL, answered, &w->alice);
  wait_for (w, w->alice.n_answers == 3);
  g_assert_no_error (w->alice.error);
  g_assert_cmpint (kandy_call_get_state (first), ==, KANDY_CALL_STATE_ENDED);
  g_assert_cmpint (kandy_call_get_state (second), ==, KANDY_CALL_STATE_ENDED);

  kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->bob2, KANDY_CALL_STATE_ENDED));
  wait_for (w, kandy_loopback_count_sessions (w->platform, NULL) == 0);
}

/* 10.13 */
static void
test_glare (World *w, gconstpointer data)
{
  make_connect (w);
  policy (w, "\"relayDelay\": 200");
  w->alice.script.change = w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
  w->bob.n_answers = 0;
  kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, strstr (w->alice.events->str, "UPDATE"));
  kandy_call_hold_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, w->bob.n_answers == 1);
  g_assert_cmpstr (kandy_error_get_platform_code (w->bob.error), ==, "SVC0491");
  wait_for (w, w->alice.n_answers == 1);
  g_assert_no_error (w->alice.error);
  wait_for (w, kandy_call_get_remote_hold (w->bob.call));

  kandy_call_hold_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, kandy_call_get_local_hold (w->bob.call));
  wait_for (w, kandy_call_get_remote_hold (w->alice.call));
}

/* 10.14, with the websocket down when it is asked for */
static void
test_restart (World *w, gconstpointer data)
{
  make_connect (w);
  w->bob.n_answers = 0;
  kandy_loopback_close_websockets (w->platform, NULL, 0);
  wait_for (w,
      !kandy_connection_is_connected (
          kandy_client_get_connection (w->bob.client)));
  /* Bob answered with active and need not wait */
  kandy_call_restart_media_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, w->bob.n_answers == 1);
  g_assert_no_error (w->bob.error);
  expect (w, &w->bob,
      "op MEDIA_RESTART START; op MEDIA_RESTART UPDATE "
      "{MEDIA_RESTART/ONGOING}; op MEDIA_RESTART FINISH "
      "{MEDIA_RESTART/PENDING}; mediaRestart");
  expect (w, &w->alice, "sc Connected->Connected");
}

/* 10.15 */
static void
test_lost (World *w, gconstpointer data)
{
  policy (w, "\"auditGone\": true");
  make (w, "bob");
  /* Ringing feedback is a status, too */
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_INITIATED));
  kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  g_assert_nonnull (strstr (w->bob.events->str,
      "trackEnded local; op END FINISH; sc Connected->Ended (9909)"));
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
}

/* The platform keeps for us what comes while the websocket is away */
static void
test_websocket_closed (World *w, gconstpointer data)
{
  static const guint codes[] = { 0, 1001, 1011 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (codes); i++) {
    kandy_loopback_close_websockets (w->platform, NULL, codes[i]);
    make (w, "bob");
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_RINGING));
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_RINGING));
    kandy_loopback_close_websockets (w->platform, NULL, codes[i]);
    kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
    kandy_loopback_close_websockets (w->platform, NULL, codes[i]);
    w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
    kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ON_HOLD));
    kandy_loopback_close_websockets (w->platform, NULL, codes[i]);
    kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
    w->bob.script.change = KANDY_REMOTE_CHANGE_NONE;
  }
}

/* Notifications that come twice, late or out of order */
static void
test_unruly_notifications (World *w, gconstpointer data)
{
  static const char *const faults[] = {
    "{\"on\": \"notification\", \"duplicate\": 2}",
    "{\"on\": \"notification\", \"delay\": 30}",
    "{\"on\": \"notification\", \"event\": \"Ringing\", \"reorder\": true}",
    "{\"on\": \"notification\", \"event\": \"Ringing\", \"drop\": true}",
    "{\"on\": \"notification\", \"event\": \"Ringing\", \"frame\": \"{\"}",
  };
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (faults); i++) {
    kandy_loopback_set_fault (w->platform, faults[i], &error);
    g_assert_no_error (error);
    g_clear_object (&w->bob.call);
    make (w, "bob");
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_RINGING));
    kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
    kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
    kandy_loopback_clear_faults (w->platform);
  }
}

/* A notification about a session, as the platform writes them */
static void
send_about (World *w, const char *user, const char *type, const char *session,
    const char *members)
{
  static guint n;
  g_autofree char *frame = g_strdup_printf (
      "{\"%s\":{\"id\":\"made-up-%u\",\"link\":[{\"rel\":\"x\","
      "\"href\":\"/cpaas/webrtcsignaling/v1/u/sessions/%s\"}],%s}}",
      type, n++, session, members);

  g_assert_cmpuint (kandy_loopback_send_raw (w->platform, user, frame), ==, 1);
}

/* Notifications of sessions that nobody knows, at every step of a call and when
 * it is over: they change nothing */
static void
send_unknown (World *w)
{
  static const char *const users[] = { "alice@loopback.example",
    "bob@loopback.example" };
  static const char *const events[] = { "\"eventType\":\"Ringing\"",
    "\"eventType\":\"SessionEnded\",\"statusCode\":9905",
    "\"eventType\":\"Cancelled\"" };
  guint before = w->n_notifications, u, i;

  for (u = 0; u < G_N_ELEMENTS (users); u++) {
    for (i = 0; i < G_N_ELEMENTS (events); i++)
      send_about (w, users[u], "wrtcsEventNotification", "unknown", events[i]);
    send_about (w, users[u], "wrtcsAcceptanceNotification", "unknown",
        "\"answer\":{\"sdp\":\"v=0\"}");
    send_about (w, users[u], "wrtcsOfferNotification", "unknown",
        "\"offer\":{\"sdp\":\"v=0\"}");
    send_about (w, users[u], "wrtcsAnswerNotification", "unknown",
        "\"answer\":{\"sdp\":\"v=0\"}");
  }
  wait_for (w, w->n_notifications == before + 12);
}

static void
test_unknown_sessions (World *w, gconstpointer data)
{
  send_unknown (w);
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (w->alice.calls)), ==, 0);
  make_ring (w);
  send_unknown (w);
  g_assert_cmpstr (w->alice.events->str, ==, "");
  g_assert_cmpstr (w->bob.events->str, ==, "");
  kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
  send_unknown (w);
  g_assert_cmpstr (w->alice.events->str, ==, "");
  g_assert_cmpstr (w->bob.events->str, ==, "");
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
  send_unknown (w);
  make_connect (w);
}

static void
resubscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Party *party = user_data;

  g_assert_true (kandy_services_subscribe_finish (
      KANDY_SERVICES (source), result, &party->error));
  party->n_answers++;
}

static void
subscribe_again (World *w, Party *party)
{
  static const char *const names[] = { "call", NULL };
  KandyServices *services = kandy_client_get_services (party->client);

  party->n_answers = 0;
  kandy_services_subscribe_async (services, g_variant_new_strv (names, -1),
      NULL, NULL, resubscribed, party);
  wait_for (w, party->n_answers == 1);
}

static gboolean
are_lost (World *w)
{
  return !kandy_services_is_subscribed (
             kandy_client_get_services (w->alice.client), "call")
      && !kandy_services_is_subscribed (
          kandy_client_get_services (w->bob.client), "call");
}

/* The platform closes both websockets for good (session 3.4): calls are not
 * touched by it, what needs no notification works, and who subscribes again has
 * calls as before */
static void
test_websocket_lost (World *w, gconstpointer data)
{
  static const KandyCallState states[] = { KANDY_CALL_STATE_INITIATED,
    KANDY_CALL_STATE_RINGING, KANDY_CALL_STATE_CONNECTED,
    KANDY_CALL_STATE_ON_HOLD };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (states); i++) {
    g_clear_object (&w->bob.call);
    policy (w,
        states[i] == KANDY_CALL_STATE_INITIATED ? "\"ringing\": false"
                                                : "\"ringing\": true");
    make (w, "bob");
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_RINGING));
    if (states[i] >= KANDY_CALL_STATE_CONNECTED) {
      kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
      wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_CONNECTED));
      wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
    }
    if (states[i] == KANDY_CALL_STATE_ON_HOLD) {
      w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
      kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
      wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ON_HOLD));
      w->bob.script.change = KANDY_REMOTE_CHANGE_NONE;
    }
    wait_for (w, is_in (&w->alice, states[i]));
    kandy_loopback_close_websockets (w->platform, NULL, 1000);
    wait_for (w, are_lost (w));
    g_assert_true (is_in (&w->alice, states[i]));
    w->alice.n_answers = w->bob.n_answers = 0;
    kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
    wait_for (w, w->alice.n_answers == 1);
    g_assert_no_error (w->alice.error);
    g_assert_true (is_in (&w->alice, KANDY_CALL_STATE_ENDED));
    kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
    subscribe_again (w, &w->alice);
    subscribe_again (w, &w->bob);
  }
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
  make_connect (w);
}

static void
presence_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Party *party = user_data;

  g_assert_true (kandy_presence_fetch_finish (
      KANDY_PRESENCE (source), result, &party->error));
  party->n_answers++;
}

/* What Bob sees of Alice */
static void
expect_presence (World *w, const char *expected)
{
  static const char *const users[] = { "alice@loopback.example", NULL };
  KandyPresence *presence = kandy_client_get_presence (w->bob.client);
  const char *activity = NULL;
  guint tries;

  for (tries = 0; tries < 200 && g_strcmp0 (activity, expected) != 0; tries++) {
    guint n_answers = w->bob.n_answers;

    kandy_presence_fetch_async (
        presence, users, NULL, presence_fetched, &w->bob);
    wait_for (w, w->bob.n_answers > n_answers);
    activity = kandy_presence_status_get_activity (
        kandy_presence_get (presence, users[0]));
  }
  g_assert_cmpstr (activity, ==, expected);
}

static void
call_and_end (World *w, const char *during, const char *after)
{
  make_connect (w);
  expect_presence (w, during);
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  expect_presence (w, after);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
}

/* Who is in a call is seen on the phone: the client sees to it if it is asked
 * to, or the platform does */
static void
test_on_the_phone (World *w, gconstpointer data)
{
  KandyPresence *presence = kandy_client_get_presence (w->alice.client);

  policy (w, "\"onThePhone\": false");
  kandy_presence_update_async (presence, KANDY_PRESENCE_OPEN,
      KANDY_PRESENCE_ACTIVITIES_OTHER, "Reading", NULL, NULL, NULL);
  expect_presence (w, "ActivitiesOther");
  call_and_end (w, "ActivitiesOther", "ActivitiesOther");

  g_object_set (kandy_client_get_config (w->alice.client),
      "presence-on-the-phone", TRUE, NULL);
  call_and_end (w, "OnThePhone", "ActivitiesOther");
  g_assert_cmpstr (
      kandy_presence_status_get_note (kandy_presence_get_self (presence)), ==,
      "Reading");

  /* what is said during a call is what is seen after it */
  make_connect (w);
  expect_presence (w, "OnThePhone");
  kandy_presence_update_async (presence, KANDY_PRESENCE_CLOSED,
      KANDY_PRESENCE_BUSY, NULL, NULL, NULL, NULL);
  expect_presence (w, "Busy");
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  expect_presence (w, "Busy");
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);

  g_object_set (kandy_client_get_config (w->alice.client),
      "presence-on-the-phone", FALSE, NULL);
  policy (w, "\"onThePhone\": true");
  call_and_end (w, "OnThePhone", "Busy");
}

#define add(name, func)                                                        \
  g_test_add ("/calls/loopback/" name, World, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("answered", test_answered);
  add ("rejected", test_rejected);
  add ("ignored", test_ignored);
  add ("cancelled", test_cancelled);
  add ("unavailable", test_unavailable);
  add ("unknown", test_unknown);
  add ("two-devices", test_two_devices);
  add ("hold", test_hold);
  add ("consulted", test_consulted);
  add ("transferred", test_transferred);
  add ("forwarded", test_forwarded);
  add ("glare", test_glare);
  add ("restart", test_restart);
  add ("lost", test_lost);
  add ("websocket-closed", test_websocket_closed);
  add ("unruly-notifications", test_unruly_notifications);
  add ("unknown-sessions", test_unknown_sessions);
  add ("websocket-lost", test_websocket_lost);
  add ("on-the-phone", test_on_the_phone);

  return g_test_run ();
}
