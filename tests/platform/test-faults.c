/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "test-client.h"

/* Faults, as KandyLoopback's documentation describes them */

#define ALICE "alice@loopback.example"
#define BOB "bob@loopback.example"
#define CHANNELS "/cpaas/notificationchannel/v1/%u/channels"

static TestClient *
sign_on (TestFixture *fixture)
{
  TestClient *client = test_client_new (fixture->loopback, ALICE);

  test_client_sign_on (client, "alice");
  return client;
}

static void
test_replies (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = sign_on (fixture);
  g_autoptr (TestReply) html = NULL;
  g_autoptr (TestReply) json = NULL;
  g_autoptr (TestReply) empty = NULL;

  test_set_fault (fixture,
      "{'on':'request','method':'GET','path':'/channels','count':1,"
      "'status':503,'body':'<html>','contentType':'text/html',"
      "'headers':{'Retry-After':'2'}}");
  html = test_client_send (client, "GET", CHANNELS, NULL);
  g_assert_cmpuint (html->status, ==, 503);
  g_assert_cmpstr (html->text, ==, "<html>");
  g_assert_cmpstr (soup_message_headers_get_content_type (
                       soup_message_get_response_headers (html->message), NULL),
      ==, "text/html");
  g_assert_cmpstr (
      soup_message_headers_get_one (
          soup_message_get_response_headers (html->message), "Retry-After"),
      ==, "2");

  /* A body that is an object; a reply that is empty, with the request done */
  test_set_fault (fixture,
      "[{'on':'request','count':1,'status':400,'body':{'a':[1]}},"
      "{'on':'request','count':1,'body':''}]");
  json = test_client_send (client, "GET", CHANNELS, NULL);
  g_assert_cmpstr (json->text, ==, "{\"a\":[1]}");
  empty = test_client_send (client, "POST", CHANNELS,
      "{'notificationChannel':{'channelType':'Websockets'}}");
  g_assert_cmpuint (empty->status, ==, 201);
  g_assert_cmpstr (empty->text, ==, "");
  g_assert_cmpuint (
      kandy_loopback_count_channels (fixture->loopback, ALICE), ==, 1);

  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
}

static void
test_matching (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = sign_on (fixture);

  test_set_fault (fixture,
      "{'on':'request','path':'/channels','user':'" BOB "',"
      "'status':500}");
  test_set_fault (fixture, "{'on':'request','method':'PUT','status':500}");
  test_set_fault (fixture,
      "{'on':'request','path':'/channels','user':'" ALICE "',"
      "'skip':1,'count':2,'status':500}");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 500);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 500);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
  test_set_fault (fixture, "{'on':'request','status':500}");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 500);
  kandy_loopback_clear_faults (fixture->loopback);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);

  /* The one who asks for a token is known by name */
  test_set_fault (fixture, "{'on':'request','user':'" ALICE "','status':500}");
  g_assert_cmpuint (
      test_client_get_status (client, "POST", "/cpaas/auth/v1/token", NULL), !=,
      200);
}

static void
test_delay_and_drop (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = sign_on (fixture);
  const char *body = "{'notificationChannel':{'channelType':'Websockets'}}";
  gint64 start = g_get_monotonic_time ();

  test_set_fault (fixture, "{'on':'request','count':1,'delay':100}");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 100000);
  test_set_fault (
      fixture, "{'on':'request','count':1,'delay':20,'status':418}");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 418);

  /* The request is lost, or only the reply is */
  test_set_fault (
      fixture, "{'on':'request','count':1,'method':'POST','drop':true}");
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, body), ==, 0);
  g_assert_cmpuint (
      kandy_loopback_count_channels (fixture->loopback, NULL), ==, 0);
  test_set_fault (fixture,
      "{'on':'request','count':1,'method':'POST',"
      "'drop':true,'after':true}");
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, body), ==, 0);
  g_assert_cmpuint (
      kandy_loopback_count_channels (fixture->loopback, NULL), ==, 1);
}

static void
test_hang (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_new (fixture->loopback, ALICE);

  test_client_sign_on (client, "alice");
  g_object_unref (client->session);
  client->session = soup_session_new_with_options ("timeout", 1, NULL);
  test_set_fault (fixture,
      "{'on':'request','count':1,'method':'POST','hang':true,"
      "'after':true}");
  g_assert_cmpuint (test_client_get_status (client, "POST", CHANNELS,
                        "{'notificationChannel':{'channelType':'Websockets'}}"),
      ==, 0);
  g_assert_cmpuint (
      kandy_loopback_count_channels (fixture->loopback, NULL), ==, 1);
}

static void
ring (TestClient *alice, char **session)
{
  g_autoptr (TestReply) reply =
      test_client_send (alice, "POST", "/cpaas/webrtcsignaling/v1/%u/sessions",
          "{'wrtcsSession':{'tParticipantAddress':'sip:" BOB "',"
          "'offer':{'sdp':'offer'}}}");

  g_assert_cmpuint (reply->status, ==, 201);
  if (session)
    *session =
        g_strdup (test_get_string (reply->body, "wrtcsSession.resourceURL"));
}

static void
test_notifications (TestFixture *fixture, gconstpointer data)
{
  const char *type = "wrtcsSessionInvitationNotification";
  g_autoptr (TestClient) alice = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestClient) bob = test_client_online (fixture->loopback, BOB);
  g_autoptr (JsonObject) first = NULL;
  g_autoptr (JsonObject) second = NULL;
  g_autoptr (JsonObject) mutant = NULL;
  gint64 start;

  test_set_fault (fixture,
      "[{'on':'notification','count':1,'drop':true},"
      "{'on':'notification','count':1,'duplicate':1},"
      "{'on':'notification','count':1,'sdp':'other','remove':['link'],"
      "'set':{'id':7}},"
      "{'on':'notification','count':1,'frame':'{'},"
      "{'on':'notification','count':1,'user':'" BOB "','type':"
      "'wrtcsSessionInvitationNotification','delay':100}]");
  ring (alice, NULL);
  ring (alice, NULL);
  first = test_client_next (bob, type);
  second = test_client_next (bob, type);
  g_assert_cmpstr (
      test_get_string (first, "id"), ==, test_get_string (second, "id"));
  ring (alice, NULL);
  mutant = test_client_next (bob, type);
  g_assert_cmpstr (test_get_string (mutant, "offer.sdp"), ==, "other");
  g_assert_false (json_object_has_member (mutant, "link"));
  g_assert_cmpint (json_object_get_int_member (mutant, "id"), ==, 7);
  ring (alice, NULL);
  test_wait_until (bob->bad_frames == 1);
  start = g_get_monotonic_time ();
  ring (alice, NULL);
  json_object_unref (test_client_next (bob, type));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 100000);
}

static void
test_reorder (TestFixture *fixture, gconstpointer data)
{
  const char *type = "wrtcsSessionInvitationNotification";
  g_autoptr (TestClient) alice = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestClient) bob = test_client_online (fixture->loopback, BOB);
  g_autofree char *session = NULL;

  test_set_fault (fixture,
      "{'on':'notification','user':'" BOB "','count':1,'reorder':true}");
  ring (alice, &session);
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", session, NULL), ==, 204);
  json_object_unref (test_client_next (bob, "wrtcsEventNotification"));
  json_object_unref (test_client_next (bob, type));
}

/* Only that event of that type */
static void
test_event (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestClient) bob = test_client_online (fixture->loopback, BOB);
  g_autofree char *session = NULL;

  test_set_fault (fixture,
      "{'on':'notification','type':'wrtcsEventNotification',"
      "'event':'Cancelled','drop':true}");
  ring (alice, &session);
  json_object_unref (
      test_client_next (bob, "wrtcsSessionInvitationNotification"));
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", session, NULL), ==, 204);
  kandy_loopback_send_raw (fixture->loopback, BOB, "{\"marker\":{}}");
  json_object_unref (test_client_next (bob, "marker"));
}

/* The notification overtakes the reply */
static void
test_overtaking (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestClient) bob = test_client_online (fixture->loopback, BOB);
  gint64 start = g_get_monotonic_time ();

  test_set_fault (fixture,
      "{'on':'request','path':'/sessions','count':1,'delay':200,"
      "'after':true}");
  ring (alice, NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 200000);
  json_object_unref (
      test_client_next (bob, "wrtcsSessionInvitationNotification"));
}

static void
test_relay_delay (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestClient) bob = test_client_online (fixture->loopback, BOB);
  gint64 start = g_get_monotonic_time ();

  test_set_fault (fixture, "{'set':{'relayDelay':100}}");
  ring (alice, NULL);
  json_object_unref (
      test_client_next (bob, "wrtcsSessionInvitationNotification"));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 100000);
}

static void
test_malformed (TestFixture *fixture, gconstpointer data)
{
  static const char *const faults[] = { "", "{", "7", "null", "{}", "[7]",
    "{'on':'monday'}", "{'on':7}", "{'set':7}", "{'set':{'muteAcks':'yes'}}",
    "{'set':{'noSuchThing':true}}", "{'set':{'noAnswer':-1}}",
    "{'set':{'turnSecret':7}}", "{'set':{},'count':1}",
    "{'on':'request','status':99}", "{'on':'request','status':'500'}",
    "{'on':'request','count':-1}", "{'on':'request','body':7}",
    "{'on':'request','headers':'x'}", "{'on':'request','type':'x'}",
    "{'on':'request','drop':1}", "{'on':'notification','path':'x'}",
    "{'on':'notification','remove':'id'}", "{'on':'notification','remove':[7]}",
    "{'on':'notification','set':[]}", "{'on':'notification','duplicate':1e9}",
    "{'on':'upgrade','method':'GET'}" };
  g_autoptr (TestClient) client = sign_on (fixture);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *json = test_json (faults[i]);
    g_autoptr (GError) error = NULL;

    g_assert_false (kandy_loopback_set_fault (fixture->loopback, json, &error));
    g_assert_nonnull (error);
    g_assert_cmpuint (
        test_client_get_status (client, "POST", "/loopback/faults", faults[i]),
        ==, 400);
  }
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
}

/* The same over HTTP */
static void
test_control (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_online (fixture->loopback, ALICE);
  g_autoptr (TestReply) count = NULL;
  g_autoptr (TestReply) state = NULL;
  g_autoptr (TestReply) log = NULL;

  g_assert_cmpuint (test_client_get_status (client, "POST", "/loopback/faults",
                        "{'on':'request','status':418}"),
      ==, 204);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 418);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", "/loopback/faults", NULL), ==,
      200);
  g_assert_cmpuint (
      test_client_get_status (client, "DELETE", "/loopback/faults", NULL), ==,
      204);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);

  count = test_client_send (
      client, "GET", "/loopback/requests?method=GET&path=/channels", NULL);
  /* The upgrade, and two others */
  g_assert_cmpint (json_object_get_int_member (count->body, "count"), ==, 3);
  state = test_client_send (client, "GET", "/loopback/state", NULL);
  g_assert_cmpuint (state->status, ==, 200);
  log = test_client_send (client, "GET", "/loopback/log", NULL);
  g_assert_cmpuint (log->status, ==, 200);
  g_assert_true (g_str_has_prefix (log->text, "["));

  g_assert_cmpuint (test_client_get_status (client, "POST", "/loopback/send",
                        "{'user':'" ALICE "','frame':'{\\'marker\\':{}}'}"),
      ==, 200);
  json_object_unref (test_client_next (client, "marker"));
  g_assert_cmpuint (
      test_client_get_status (client, "POST", "/loopback/close-websockets",
          "{'user':'" ALICE "','code':4321}"),
      ==, 200);
  test_wait_until (client->closed);
  g_assert_cmpuint (
      soup_websocket_connection_get_close_code (client->socket), ==, 4321);
  g_assert_cmpuint (test_client_get_status (client, "POST",
                        "/loopback/close-websockets", "{'code':1005}"),
      ==, 400);
  g_assert_cmpuint (test_client_get_status (client, "POST",
                        "/loopback/expire-tokens", "{'user':'nobody'}"),
      ==, 400);
  g_assert_cmpuint (
      test_client_get_status (client, "POST", "/loopback/expire-tokens", "{}"),
      ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 401);
  g_assert_cmpuint (test_client_get_status (
                        client, "POST", "/loopback/expire-channels", "{}"),
      ==, 200);
  g_assert_cmpuint (test_client_get_status (
                        client, "POST", "/loopback/cancel-subscriptions", "{}"),
      ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "POST", "/loopback/end-sessions", "{}"),
      ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "POST", "/loopback/dance", "{}"), ==,
      404);
  g_assert_cmpuint (
      test_client_get_status (client, "PUT", "/loopback/faults", "{}"), ==,
      415);
}

/* Nothing that opens a door is in the log */
static void
test_log_has_no_secrets (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_online (fixture->loopback, ALICE);
  g_autofree char *log = NULL;
  g_autoptr (TestReply) turn = NULL;

  test_set_fault (
      fixture, "{'set':{'turnUsername':'u','turnPassword':'gauss'}}");
  turn = test_client_send (client, "POST", "/cpaas/webrtcsignaling/v1/%u/turn",
      "{'wrtcsTurnCredentials':{}}");
  g_assert_cmpuint (turn->status, ==, 200);
  log = kandy_loopback_dup_log (fixture->loopback);
  g_assert_null (strstr (log, client->token));
  g_assert_null (strstr (log, client->refresh_token));
  g_assert_null (strstr (log, strrchr (client->token, '.')));
  g_assert_null (strstr (log, "gauss"));
  g_assert_null (strstr (log, "password="));
  g_assert_nonnull (strstr (log, "wrtcsTurnCredentials"));

  kandy_loopback_reset_counts (fixture->loopback);
  g_assert_cmpuint (
      kandy_loopback_count_requests (fixture->loopback, "*", NULL), ==, 0);
}

#define ADD(name, function) TEST_ADD ("/loopback/faults/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("replies", test_replies);
  ADD ("matching", test_matching);
  ADD ("delay-and-drop", test_delay_and_drop);
  ADD ("hang", test_hang);
  ADD ("notifications", test_notifications);
  ADD ("reorder", test_reorder);
  ADD ("event", test_event);
  ADD ("overtaking", test_overtaking);
  ADD ("relay-delay", test_relay_delay);
  ADD ("malformed", test_malformed);
  ADD ("control", test_control);
  ADD ("log-has-no-secrets", test_log_has_no_secrets);
  return g_test_run ();
}
