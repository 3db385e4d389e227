/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

/* SECTION: what comes late
 *
 * Elements and media that are not there yet when a call comes.
 */

#define SPEAKER                                                                \
  "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! sink."
/* before it gives up waiting for caps: two seconds */
#define SURELY_WAITING (1500 * G_TIME_SPAN_MILLISECOND)

static void
on_incoming (GstElement *element, const char *call_id, const char *from,
    const char *name, int *calls)
{
  fail_unless (strstr (from, "alice") != NULL, "%s", from);
  g_atomic_int_inc (calls);
}

static gboolean
is_one (gpointer user_data)
{
  return g_atomic_int_get ((int *) user_data) == 1;
}

static void
on_answered (GstPromise *promise, gpointer user_data)
{
  const GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  fail_if (gst_structure_has_field (reply, "error"), "%" GST_PTR_FORMAT, reply);
  g_atomic_int_inc ((int *) user_data);
}

static GstPromise *
answer (GstElement *element, int *answered)
{
  GstPromise *promise =
      gst_promise_new_with_change_func (on_answered, answered, NULL);

  g_signal_emit_by_name (element, "answer", promise);
  return promise;
}

/* A call that rings is told to who joins the session, who can answer it */
GST_START_TEST (test_late_face)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch ("kandysignaller name=account %s", account);
  GstElement *signaller = gst_bin_get_by_name (GST_BIN (bob), "account");
  GstElement *alice, *face, *src;
  int rung = 0, told = 0, answered = 0;
  GstPromise *promise;

  g_signal_connect (
      signaller, "incoming-call", G_CALLBACK (on_incoming), &rung);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_caller (SPEAKER);
  fixture_until (is_one, &rung, "the call");

  face = gst_parse_bin_from_description (
      "kandysrc name=src ! " FIXTURE_SOUND, FALSE, NULL);
  src = gst_bin_get_by_name (GST_BIN (face), "src");
  g_signal_connect (src, "incoming-call", G_CALLBACK (on_incoming), &told);
  fail_unless (gst_bin_add (GST_BIN (bob), face));
  fail_unless (gst_element_sync_state_with_parent (face));
  fixture_until (is_one, &told, "the late face is told of the call");
  fail_unless_equals_int (g_atomic_int_get (&rung), 1);

  promise = answer (src, &answered);
  fixture_until (is_one, &answered, "answer");
  gst_promise_unref (promise);
  fixture_assert_tone (bob, 600);

  gst_object_unref (src);
  gst_object_unref (signaller);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* A call is answered when it is known what shall be sent */
GST_START_TEST (test_late_caps)
{
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob = fixture_launch (
      "kandysrc name=src %s ! fakesink "
      "audiotestsrc is-live=true freq=900 ! audio/x-raw,rate=48000 ! "
      "valve name=mouth drop=true ! kandysink",
      bobs);
  GstElement *alice =
      fixture_launch ("kandysink name=sink %s destination=bob " SPEAKER
                      " kandysrc ! " FIXTURE_SOUND,
          alices);
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  GstElement *mouth = gst_bin_get_by_name (GST_BIN (bob), "mouth");
  int rung = 0, answered = 0;
  GstPromise *promise;
  gint64 begin;
  guint sent;

  g_signal_connect (src, "incoming-call", G_CALLBACK (on_incoming), &rung);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  fixture_until (is_one, &rung, "the call");

  begin = g_get_monotonic_time ();
  promise = answer (src, &answered);
  /* longer than an answer takes */
  g_usleep (500000);
  sent = kandy_loopback_count_requests (fixture_platform, "*", "/answer");
  if (g_get_monotonic_time () - begin < SURELY_WAITING)
    fail_unless_equals_int (sent, 0);
  g_object_set (mouth, "drop", FALSE, NULL);
  fixture_until (is_one, &answered, "answer");
  gst_promise_unref (promise);
  fixture_assert_tone (alice, 900);

  gst_object_unref (src);
  gst_object_unref (mouth);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
element_late_suite (void)
{
  Suite *suite = suite_create ("element-late");
  TCase *tcase = tcase_create ("late");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_late_face);
  tcase_add_test (tcase, test_late_caps);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (element_late);
