/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

/* SECTION: state changes in the midst of a call
 *
 * Pipelines pause and stop at any time.
 */

/* The call does not notice that a pipeline pauses, nor that the server is
 * silent when it hangs up */
GST_START_TEST (test_pause)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");
  guint round;

  for (round = 0; round < 2; round++) {
    fixture_assert_tone (bob, 600);
    fail_unless_equals_int (gst_element_set_state (bob, GST_STATE_PAUSED),
        GST_STATE_CHANGE_NO_PREROLL);
    fail_if (gst_element_set_state (alice, GST_STATE_PAUSED)
        == GST_STATE_CHANGE_FAILURE);
    fixture_play (alice);
    fixture_play (bob);
  }
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/sessions"), 1);
  fail_unless (kandy_loopback_set_fault (fixture_platform,
      "{\"on\": \"request\", \"method\": \"DELETE\", \"hang\": true}", NULL));
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* NULL at each step of a call, of either end; and the next call works */
static const char *const steps[] = { "/token", "/channels", "/subscriptions",
  "/sessions", "/status", "/answer" };

GST_START_TEST (test_stop_anywhere)
{
  const char *step = steps[__i__ % G_N_ELEMENTS (steps)];
  gboolean callee_stops = __i__ >= (int) G_N_ELEMENTS (steps);
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob = fixture_launch (
      "kandysrc name=src %s auto-answer=true ! " FIXTURE_SOUND, bobs);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      alices);

  fixture_play (bob);
  if (__i__ % G_N_ELEMENTS (steps) >= 3)
    fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  fixture_until_requests ("*", step, 1);
  if (callee_stops) {
    fixture_stop (bob);
    fixture_stop (alice);
  } else {
    fixture_stop (alice);
    fixture_stop (bob);
  }

  bob = fixture_callee ("! " FIXTURE_SOUND);
  alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                          "audio/x-raw,rate=48000 ! sink.");
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

static void
add_case (Suite *suite, const char *name, int first)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  if (first < 0)
    tcase_add_test (tcase, test_pause);
  else
    tcase_add_loop_test (
        tcase, test_stop_anywhere, first, first + G_N_ELEMENTS (steps));
}

static Suite *
element_stops_suite (void)
{
  Suite *suite = suite_create ("element-stops");

  add_case (suite, "pause", -1);
  add_case (suite, "caller-stops", 0);
  add_case (suite, "callee-stops", G_N_ELEMENTS (steps));
  return suite;
}

GST_CHECK_MAIN (element_stops);
