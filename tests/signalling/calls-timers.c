/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

/* Time-outs that no configuration shortens */

/* A platform that does not take the ringing feedback does not keep the called
 * party from answering */
static void
test_ringing_timeout (Harness *h, gconstpointer data)
{
  harness_fault (h, "PUT", "status", 0, NULL, 1);
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s1", HARNESS_SDP);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_INITIATED);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
}

static void
test_disconnected (Harness *h, gconstpointer data)
{
  GSource *tick;
  gint64 start;

  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_CHECKING);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_CHECKING);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_CONNECTED);
  fake_engine_set_state (h->engine, KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED);
  harness_expect_events (h,
      "media from new; media from checking; media from connected; "
      "media from disconnected; media from connected");
  start = g_get_monotonic_time ();
  tick = harness_tick (h);
  while (kandy_call_get_media_connection_state (h->call)
          == KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED
      && g_get_monotonic_time () < start + 15 * G_USEC_PER_SEC)
    g_main_context_iteration (h->context, TRUE);
  g_source_destroy (tick);
  g_assert_cmpint (kandy_call_get_media_connection_state (h->call), ==,
      KANDY_MEDIA_CONNECTION_STATE_FAILED);
  g_assert_cmpint (g_get_monotonic_time () - start, >, 9 * G_USEC_PER_SEC);
  harness_expect_events (h, "media from disconnected");
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);
}

#define add(name, func)                                                        \
  g_test_add ("/calls/timers/" name, Harness, NULL, harness_set_up, func,      \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("ringing-timeout", test_ringing_timeout);
  add ("disconnected", test_disconnected);

  return g_test_run ();
}
