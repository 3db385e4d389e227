/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>

#include "fixture.h"
#include "gstkandysessioncontext.h"

/* SECTION: calls between pipelines
 *
 * Real calls over the platform in this process, whose sound and pictures are
 * measured at the other end.
 */

#define RED                                                                    \
  "videotestsrc is-live=true pattern=red ! "                                   \
  "video/x-raw,width=320,height=240,framerate=30/1"

GST_START_TEST (test_sound)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");

  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_sound_and_picture)
{
  GstElement *bob = fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                                    " src.video_0 ! queue ! " FIXTURE_PICTURE);
  GstElement *alice =
      fixture_caller ("audiotestsrc is-live=true freq=500 ! sink.audio_0 " RED
                      " ! sink.video_0");
  guint rgb[3];

  fixture_assert_tone (bob, 500);
  fixture_see (bob, "eye", 5, rgb);
  fail_unless (rgb[0] > 200 && rgb[1] < 60 && rgb[2] < 60, "%u %u %u", rgb[0],
      rgb[1], rgb[2]);
  fixture_stop (bob);
  fixture_wait_eos (alice);
  fixture_stop (alice);
}
GST_END_TEST;

GST_START_TEST (test_both_ways)
{
  GstElement *bob = fixture_callee (
      "! " FIXTURE_SOUND " audiotestsrc is-live=true freq=700 ! "
      "audio/x-raw,rate=48000 ! kandysink");
  GstElement *alice = fixture_caller (
      "audiotestsrc is-live=true freq=900 ! "
      "audio/x-raw,rate=48000 ! sink. kandysrc ! " FIXTURE_SOUND);

  fixture_assert_tone (bob, 900);
  fixture_assert_tone (alice, 700);
  fixture_stop (alice);
  /* both faces end, or the pipeline would not */
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static void
until_silent (GstElement *pipeline)
{
  g_autoptr (GstElement) ear = gst_bin_get_by_name (GST_BIN (pipeline), "ear");
  GstSample *sample;

  while ((sample = gst_app_sink_try_pull_sample (
              GST_APP_SINK (ear), 300 * GST_MSECOND))
      != NULL)
    gst_sample_unref (sample);
}

/* The two faces of one call in two pipelines; one of them may go */
GST_START_TEST (test_two_pipelines)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee (
      "! " FIXTURE_SOUND " audiotestsrc is-live=true freq=700 ! "
      "audio/x-raw,rate=48000 ! kandysink");
  GstElement *speaking = fixture_launch (
      "kandysink name=sink %s audiotestsrc name=tone is-live=true freq=900 ! "
      "audio/x-raw,rate=48000 ! sink.",
      account);
  GstElement *listening =
      fixture_launch ("kandysrc destination=bob ! " FIXTURE_SOUND);
  GstContext *context = gst_kandy_session_context_new ();

  gst_element_set_context (speaking, context);
  gst_element_set_context (listening, context);
  gst_context_unref (context);
  fixture_play (speaking);
  fixture_play (listening);
  fixture_assert_tone (bob, 900);
  fixture_assert_tone (listening, 700);

  /* who speaks goes and comes back, as the call goes on without it */
  fail_unless_equals_int (gst_element_set_state (speaking, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
  until_silent (bob);
  gst_child_proxy_set (GST_CHILD_PROXY (speaking), "tone::freq", 500.0, NULL);
  fixture_play (speaking);
  fixture_assert_tone (bob, 500);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/sessions"), 1);

  fixture_stop (listening);
  fixture_assert_tone (bob, 500);
  fixture_stop (speaking);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* A caller who only listens */
GST_START_TEST (test_receive_only)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch (
      "kandysink %s auto-answer=true audiotestsrc is-live=true freq=800 ! "
      "audio/x-raw,rate=48000 ! kandysink0.",
      account);
  g_autofree char *alices = fixture_account ("alice");
  GstElement *alice;

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_launch (
      "kandysrc %s destination=bob media=audio ! " FIXTURE_SOUND, alices);
  fixture_play (alice);
  fixture_assert_tone (alice, 800);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static const struct {
  const char *send;
  const char *receive;
  const char *caps;
} forms[] = {
  { "opusenc ! sink.", "audio/x-opus", "audio/x-opus" },
  { "opusenc ! rtpopuspay ! sink.", "application/x-rtp",
      "application/x-rtp, media=audio, encoding-name=OPUS" },
  { "audioconvert ! audioresample ! audio/x-raw,rate=8000,channels=1 ! "
    "mulawenc ! sink.",
      "audio/x-mulaw", "audio/x-mulaw" },
};

GST_START_TEST (test_encoded)
{
  g_autofree char *receive =
      g_strdup_printf ("! %s ! appsink name=ear sync=false max-buffers=5 "
                       "drop=true wait-on-eos=false",
          forms[__i__].receive);
  g_autofree char *send = g_strdup_printf (
      "audiotestsrc is-live=true freq=500 ! %s", forms[__i__].send);
  GstElement *bob = fixture_callee (receive);
  GstElement *alice = fixture_caller (send);
  GstElement *ear = gst_bin_get_by_name (GST_BIN (bob), "ear");
  g_autoptr (GstSample) sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (ear), 15 * GST_SECOND);
  g_autoptr (GstCaps) expected = gst_caps_from_string (forms[__i__].caps);

  fail_unless (sample != NULL);
  fail_unless (gst_caps_can_intersect (gst_sample_get_caps (sample), expected));
  gst_object_unref (ear);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static GstPadProbeReturn
on_gap (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info)) == GST_EVENT_GAP)
    g_atomic_int_inc ((int *) user_data);
  return GST_PAD_PROBE_OK;
}

static gboolean
has_gaps (gpointer user_data)
{
  return g_atomic_int_get ((int *) user_data) >= 3;
}

/* A far end that falls silent does not hold up a muxer or a mixer, and is heard
 * again afterwards */
GST_START_TEST (test_silence)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! opusenc ! "
                                      "valve name=valve ! sink.");
  GstElement *valve = gst_bin_get_by_name (GST_BIN (alice), "valve");
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  GstPad *pad;
  int gaps = 0;

  fixture_assert_tone (bob, 600);
  pad = gst_element_get_static_pad (src, "audio_0");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_gap, &gaps, NULL);
  g_object_set (valve, "drop", TRUE, NULL);
  fixture_until (has_gaps, &gaps, "gap");
  g_object_set (valve, "drop", FALSE, NULL);
  fixture_assert_tone (bob, 600);
  gst_object_unref (pad);
  gst_object_unref (src);
  gst_object_unref (valve);
  fixture_stop (bob);
  fixture_wait_eos (alice);
  fixture_stop (alice);
}
GST_END_TEST;

static Suite *
element_calls_suite (void)
{
  Suite *suite = suite_create ("element-calls");
  TCase *tcase = tcase_create ("calls");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_sound);
  tcase_add_test (tcase, test_sound_and_picture);
  tcase_add_test (tcase, test_both_ways);
  tcase_add_test (tcase, test_two_pipelines);
  tcase_add_test (tcase, test_receive_only);
  tcase_add_loop_test (tcase, test_encoded, 0, G_N_ELEMENTS (forms));
  tcase_add_test (tcase, test_silence);
  return suite;
}

GST_CHECK_MAIN (element_calls);
