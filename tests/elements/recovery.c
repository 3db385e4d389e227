/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

/* SECTION: calls that have lost the platform
 *
 * The websocket is away for longer than it is waited for. (Networks that change
 * are the matter of tests/network.)
 */

/* Two attempts, with two seconds at the most */
#define IMPATIENT " client::reconnect-limit=2 client::reconnect-delay=100 "
#define CALLER                                                                 \
  "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! sink."

static void
set_fault (const char *fault)
{
  GError *error = NULL;

  kandy_loopback_set_fault (fixture_platform, fault, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

static void
take_websockets_away (void)
{
  set_fault ("{\"on\": \"upgrade\", \"status\": 503}");
  fail_unless (kandy_loopback_close_websockets (fixture_platform, NULL, 0) > 0);
}

/* The call goes on, and hears of the far end again when it can */
GST_START_TEST (test_call_goes_on)
{
  GstElement *bob = fixture_callee (IMPATIENT "! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (IMPATIENT CALLER);

  fixture_assert_tone (bob, 600);
  take_websockets_away ();
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_START, "subscribe");
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_START, "subscribe");
  /* in vain, once */
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_CONTINUE, "subscribe");
  fixture_assert_tone (bob, 600);

  kandy_loopback_clear_faults (fixture_platform);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_assert_tone (bob, 600);
  /* of which nobody would tell without the subscription */
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* Who waits for calls only cannot go on */
GST_START_TEST (test_no_call)
{
  GstElement *bob = fixture_callee (IMPATIENT "! " FIXTURE_SOUND);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  take_websockets_away ();
  message = fixture_wait (bob, GST_MESSAGE_ERROR, 15);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "lost") != NULL, "%s", error->message);
  kandy_loopback_clear_faults (fixture_platform);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
recovery_suite (void)
{
  Suite *suite = suite_create ("element-recovery");
  TCase *tcase = tcase_create ("recovery");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 20);
  tcase_add_test (tcase, test_call_goes_on);
  tcase_add_test (tcase, test_no_call);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (recovery);
