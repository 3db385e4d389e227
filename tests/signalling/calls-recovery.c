/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-world.h"

#include "kandy-call-private.h"
#include "kandy-calls-private.h"
#include "kandy-connection.h"
#include "kandy-error.h"

/* Calls that have lost their media path and restart it by themselves. Bob's
 * answer is active in DTLS, so that he goes first, and Alice is passive. */

#define RESTART                                                                \
  "op MEDIA_RESTART START; op MEDIA_RESTART UPDATE {MEDIA_RESTART/ONGOING}; "  \
  "op MEDIA_RESTART FINISH {MEDIA_RESTART/PENDING}; mediaRestart"
/* A minute is 1.2 s */
#define SHORT 0.02

static FakeEngine *
engine_of (Party *party)
{
  return party->engines->pdata[party->engines->len - 1];
}

static void
set_media (Party *party, KandyMediaConnectionState state)
{
  fake_engine_set_state (engine_of (party), state);
}

static void
connect (World *w)
{
  make_connect (w);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  g_string_truncate (w->alice.events, 0);
  g_string_truncate (w->bob.events, 0);
  w->bob.n_answers = 0;
}

static guint
count (Party *party, const char *what)
{
  guint n = 0;

  for (const char *at = party->events->str; (at = strstr (at, what)); n++)
    at += strlen (what);
  return n;
}

static gboolean
failed (Party *party)
{
  return kandy_call_get_media_connection_state (party->call)
      == KANDY_MEDIA_CONNECTION_STATE_FAILED;
}

/* Nothing is left to be done */
static void
expect_quiet (World *w, Party *party)
{
  wait_for (w, party->call->local_op.type == KANDY_OPERATION_NONE);
  g_assert_false (party->call->recovering);
  g_assert_null (party->call->recovery_timer);
  g_assert_null (party->call->recovery_limit);
  g_assert_null (party->call->recovery_connection);
}

static void
refuse_websockets (World *w, Party *party)
{
  g_autoptr (GError) error = NULL;

  kandy_config_set_value (kandy_client_get_config (party->client),
      "connectivity.reconnectLimit", g_variant_new_double (0));
  kandy_loopback_set_fault (
      w->platform, "{\"on\": \"upgrade\", \"status\": 503}", &error);
  g_assert_no_error (error);
  kandy_loopback_close_websockets (w->platform, NULL, 0);
  wait_for (w,
      !kandy_connection_is_connected (
          kandy_client_get_connection (party->client)));
}

/* The active end sees it first, and the passive one is content */
static void
test_active (World *w, gconstpointer data)
{
  connect (w);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  expect (w, &w->bob, "media from connected; " RESTART);
  wait_for (w, count (&w->alice, "sc Connected->Connected") == 1);
  g_assert_nonnull (
      strstr (fake_engine_get_log (engine_of (&w->bob))->str, "RESTART"));

  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CHECKING);
  g_assert_true (w->bob.call->recovering);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->alice);
  expect_quiet (w, &w->bob);
  g_assert_cmpuint (count (&w->alice, "MEDIA_RESTART"), ==, 0);
}

/* Who hangs up takes the media path along: nothing is to be restored */
static void
test_good_bye (World *w, gconstpointer data)
{
  connect (w);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  g_assert_true (w->bob.call->recovering);
  kandy_call_end_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  g_assert_cmpuint (count (&w->bob, "MEDIA_RESTART"), ==, 0);
}

/* Who is passive waits for the configuration's time, by itself a second at
 * most, and goes then: the other end may have lost nothing */
static void
test_passive (World *w, gconstpointer data)
{
  guint delay = GPOINTER_TO_UINT (data);
  gint64 start;

  connect (w);
  kandy_config_set_value (kandy_client_get_config (w->alice.client),
      "call.mediaConnectionRetryDelay", g_variant_new_double (delay));
  start = g_get_monotonic_time ();
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_FAILED);
  expect (w, &w->alice, "media from connected; " RESTART);
  g_assert_cmpint (
      g_get_monotonic_time () - start, >=, MIN (delay, 1000) * 1000);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_COMPLETED);
  expect_quiet (w, &w->alice);
}

/* Nobody else knows of a path that ended here */
static void
test_path_lost (World *w, gconstpointer data)
{
  connect (w);
  kandy_config_set_value (kandy_client_get_config (w->alice.client),
      "call.mediaConnectionRetryDelay", g_variant_new_double (3600000));
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  g_assert_cmpuint (count (&w->alice, "MEDIA_RESTART"), ==, 0);
  fake_engine_lose_path (engine_of (&w->alice));
  expect (w, &w->alice, "media from connected; " RESTART);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->alice);
}

/* Both at once: one is refused, and answers the other */
static void
test_glare (World *w, gconstpointer data)
{
  connect (w);
  policy (w, "\"relayDelay\": 200");
  fake_engine_lose_path (engine_of (&w->alice));
  fake_engine_lose_path (engine_of (&w->bob));
  wait_for (
      w, count (&w->alice, "!SVC0491") + count (&w->bob, "!SVC0491") >= 2);
  wait_for (w,
      count (&w->alice, RESTART) + count (&w->bob, RESTART) == 1
          && count (&w->alice, "sc Connected->Connected")
                  + count (&w->bob, "sc Connected->Connected")
              == 1);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_CHECKING);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CHECKING);
  set_media (&w->alice, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->alice);
  expect_quiet (w, &w->bob);
}

/* A refused restart is tried again */
static void
test_refused (World *w, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  connect (w);
  kandy_calls_shorten_times (w->bob.calls, SHORT);
  kandy_loopback_set_fault (w->platform,
      "{\"on\": \"request\", \"path\": \"/update\", \"status\": 503, "
      "\"count\": 2}",
      &error);
  g_assert_no_error (error);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, count (&w->bob, RESTART) == 1);
  g_assert_cmpuint (count (&w->bob, "mediaRestart !503"), ==, 2);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

/* Restarts that are answered, but no path: it ends with an error, once */
static void
test_no_path (World *w, gconstpointer data)
{
  connect (w);
  kandy_calls_shorten_times (w->bob.calls, SHORT);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, count (&w->bob, "mediaRestart !call:2") == 1);
  g_assert_true (failed (&w->bob));
  g_assert_cmpuint (count (&w->bob, RESTART), >=, 2);
  g_assert_false (w->bob.call->recovering);
  g_assert_null (w->bob.call->recovery_timer);
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));

  /* The application may still ask, and another loss is another chance */
  kandy_calls_shorten_times (w->bob.calls, 1);
  g_string_truncate (w->bob.events, 0);
  kandy_call_restart_media_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, w->bob.n_answers == 1);
  g_assert_no_error (w->bob.error);
  expect (w, &w->bob, RESTART);
  fake_engine_lose_path (engine_of (&w->bob));
  wait_for (w, count (&w->bob, RESTART) == 1);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

/* Away for longer than is waited: an error, and another try when it is back */
static void
test_websocket_away (World *w, gconstpointer data)
{
  connect (w);
  kandy_calls_shorten_times (w->bob.calls, SHORT);
  refuse_websockets (w, &w->bob);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, failed (&w->bob) && !w->bob.call->recovering);
  expect (w, &w->bob,
      "media from connected; media from disconnected; "
      "mediaRestart !subscription:1");
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));

  /* A loaded machine may not answer in a fiftieth of the time */
  kandy_calls_shorten_times (w->bob.calls, 1);
  kandy_loopback_clear_faults (w->platform);
  wait_for (w, count (&w->bob, RESTART) == 1);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

/* Back in time: it waits, and holds meanwhile nobody up */
static void
test_websocket_back (World *w, gconstpointer data)
{
  connect (w);
  refuse_websockets (w, &w->bob);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  g_assert_true (w->bob.call->recovering);
  wait_for (w, !w->bob.call->recovery_timer);
  g_assert_cmpint (w->bob.call->local_op.type, ==, KANDY_OPERATION_NONE);
  kandy_loopback_clear_faults (w->platform);
  expect (w, &w->bob, "media from connected; " RESTART);

  /* While a path is being looked for, the call may be held */
  w->alice.script.change = KANDY_REMOTE_CHANGE_HOLD;
  kandy_call_hold_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, w->bob.n_answers == 1);
  g_assert_no_error (w->bob.error);
  g_assert_true (kandy_call_get_local_hold (w->bob.call));
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

/* It waits for other operations of the call */
static void
test_busy (World *w, gconstpointer data)
{
  connect (w);
  w->alice.script.change = KANDY_REMOTE_CHANGE_HOLD;
  policy (w, "\"relayDelay\": 300");
  kandy_call_hold_async (w->bob.call, NULL, answered, &w->bob);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, count (&w->bob, RESTART) == 1);
  g_assert_cmpuint (w->bob.n_answers, ==, 1);
  g_assert_no_error (w->bob.error);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

/* Who asks for what happens already waits for that */
static void
test_joined (World *w, gconstpointer data)
{
  connect (w);
  policy (w, "\"relayDelay\": 200");
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, count (&w->bob, "UPDATE") == 1);
  kandy_call_restart_media_async (w->bob.call, NULL, answered, &w->bob);
  kandy_call_restart_media_async (w->bob.call, NULL, answered, &w->alice);
  /* but one is enough */
  wait_for (w, w->alice.error != NULL);
  g_assert_cmpstr (
      kandy_error_get_platform_code (w->alice.error), ==, "call:6");
  wait_for (w, w->bob.n_answers == 1);
  g_assert_no_error (w->bob.error);
  g_assert_cmpuint (count (&w->bob, "op MEDIA_RESTART START"), ==, 1);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  expect_quiet (w, &w->bob);
}

static void
test_ends (World *w, gconstpointer data)
{
  connect (w);
  policy (w, "\"relayDelay\": 500");
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  wait_for (w, count (&w->bob, "UPDATE") == 1);
  kandy_call_end_async (w->bob.call, NULL, answered, &w->bob);
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  expect_quiet (w, &w->bob);
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  g_assert_cmpuint (count (&w->bob, "mediaRestart"), ==, 0);
}

static void
test_switched_off (World *w, gconstpointer data)
{
  g_object_set (
      kandy_client_get_config (w->bob.client), "media-recovery", FALSE, NULL);
  connect (w);
  set_media (&w->bob, KANDY_MEDIA_CONNECTION_STATE_FAILED);
  fake_engine_lose_path (engine_of (&w->bob));
  expect_quiet (w, &w->bob);
  expect (w, &w->bob, "media from connected");
}

#define add(name, func)                                                        \
  g_test_add ("/calls/recovery/" name, World, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("active", test_active);
  add ("good-bye", test_good_bye);
  g_test_add ("/calls/recovery/passive", World, GUINT_TO_POINTER (400), set_up,
      test_passive, tear_down);
  g_test_add ("/calls/recovery/passive-patient", World,
      GUINT_TO_POINTER (3600000), set_up, test_passive, tear_down);
  add ("path-lost", test_path_lost);
  add ("glare", test_glare);
  add ("refused", test_refused);
  add ("no-path", test_no_path);
  add ("websocket-away", test_websocket_away);
  add ("websocket-back", test_websocket_back);
  add ("busy", test_busy);
  add ("joined", test_joined);
  add ("ends", test_ends);
  add ("switched-off", test_switched_off);

  return g_test_run ();
}
