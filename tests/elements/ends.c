/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>
#include <gst/pbutils/pbutils.h>

#include <glib/gstdio.h>

#include "fixture.h"

/* SECTION: how calls end
 *
 * Whatever ends a call, all pipelines that have part in it come to their end.
 */

static GstClockTime
duration_of (const char *path)
{
  g_autofree char *uri = gst_filename_to_uri (path, NULL);
  GstDiscoverer *discoverer = gst_discoverer_new (10 * GST_SECOND, NULL);
  GError *error = NULL;
  GstDiscovererInfo *info =
      gst_discoverer_discover_uri (discoverer, uri, &error);
  GstClockTime duration;

  fail_unless (error == NULL, "%s", error != NULL ? error->message : "");
  duration = gst_discoverer_info_get_duration (info);
  gst_object_unref (info);
  g_object_unref (discoverer);
  return duration;
}

/* A file is sent as it is, from its beginning although the far end answers
 * late, in its own time; then the call ends by itself and so do both
 * pipelines, and the recording is whole */
GST_START_TEST (test_file_to_file)
{
  g_autofree char *dir = g_dir_make_tmp ("kandy-XXXXXX", NULL);
  g_autofree char *from = g_build_filename (dir, "from.ogg", NULL);
  g_autofree char *to = g_build_filename (dir, "to.ogg", NULL);
  g_autofree char *record =
      g_strdup_printf ("! audio/x-opus ! oggmux ! filesink location=%s", to);
  g_autofree char *send = g_strdup_printf (
      "filesrc location=%s ! oggdemux ! opusparse ! sink.", from);
  GstElement *maker = fixture_launch (
      "audiotestsrc num-buffers=100 samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000 ! opusenc ! oggmux ! filesink location=%s",
      from);
  GstElement *bob, *alice;
  GstClockTime duration;
  gint64 begin;

  fixture_play (maker);
  fixture_wait_eos (maker);
  fixture_stop (maker);

  bob = fixture_callee (record);
  begin = g_get_monotonic_time ();
  alice = fixture_caller (send);
  fixture_wait_eos (alice);
  fail_unless (g_get_monotonic_time () - begin > 19 * G_USEC_PER_SEC / 10);
  fixture_wait_eos (bob);
  fixture_stop (alice);
  fixture_stop (bob);

  duration = duration_of (to);
  fail_unless (duration > 1700 * GST_MSECOND && duration < 2500 * GST_MSECOND,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (duration));
  g_unlink (from);
  g_unlink (to);
  g_rmdir (dir);
}
GST_END_TEST;

/* EOS does not wait for the platform's reply */
static gboolean
no_sessions (gpointer user_data)
{
  return kandy_loopback_count_sessions (fixture_platform, NULL) == 0;
}

/* What gst-launch -e does upon Ctrl-C */
GST_START_TEST (test_eos_to_pipeline)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");

  fixture_assert_tone (bob, 600);
  fail_unless (gst_element_send_event (bob, gst_event_new_eos ()));
  fixture_wait_eos (bob);
  fixture_wait_eos (alice);
  fixture_until (no_sessions, NULL, "the platform's end of the call");
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Who hangs up closes the media path, too. That is no loss, though the platform
 * tells of the end only afterwards */
GST_START_TEST (test_good_bye)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");
  gboolean is_end = FALSE;

  fixture_assert_tone (bob, 600);
  fail_unless (kandy_loopback_set_fault (
      fixture_platform, "{\"set\": {\"relayDelay\": 100}}", NULL));
  fail_unless (gst_element_send_event (alice, gst_event_new_eos ()));
  while (!is_end) {
    g_autoptr (GstMessage) message =
        fixture_wait (bob, GST_MESSAGE_PROGRESS | GST_MESSAGE_EOS, 15);
    g_autofree char *code = NULL;

    is_end = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    if (!is_end)
      gst_message_parse_progress (message, NULL, &code, NULL);
    fail_if (g_strcmp0 (code, "media") == 0, "it took it for a loss");
  }
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Also before anybody has called */
GST_START_TEST (test_eos_without_call)
{
  GstElement *bob = fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                                    " src.video_0 ! queue ! " FIXTURE_PICTURE);

  fail_unless (gst_element_send_event (bob, gst_event_new_eos ()));
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* As a whole, or just its source */
GST_START_TEST (test_eos_to_sender)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice =
      fixture_caller ("audiotestsrc name=tone is-live=true freq=600 ! "
                      "audio/x-raw,rate=48000 ! sink.");
  g_autoptr (GstElement) tone = NULL;

  fixture_assert_tone (bob, 600);
  if (__i__ == 1)
    tone = gst_bin_get_by_name (GST_BIN (alice), "tone");
  fail_unless (gst_element_send_event (
      tone != NULL ? tone : alice, gst_event_new_eos ()));
  fixture_wait_eos (alice);
  fixture_wait_eos (bob);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Who waits for a picture that never came is not left waiting, whoever hangs
 * up. A sink that waits to preroll would hold up the sound. */
GST_START_TEST (test_missing_media)
{
  GstElement *bob =
      fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                      " src.video_0 ! queue ! fakesink async=false");
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");

  fixture_assert_tone (bob, 600);
  if (__i__ == 0)
    fixture_stop (alice);
  else
    fail_unless (gst_element_send_event (bob, gst_event_new_eos ()));
  fixture_wait_eos (bob);
  if (__i__ == 1) {
    fixture_wait_eos (alice);
    fixture_stop (alice);
  }
  fixture_stop (bob);
}
GST_END_TEST;

static gboolean
has_pad_video (gpointer pipeline)
{
  g_autoptr (GstElement) src = gst_bin_get_by_name (pipeline, "src");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "video_0");

  return pad != NULL && gst_pad_is_linked (pad);
}

static guint
count_pads (GstElement *pipeline)
{
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");

  return src->numsrcpads;
}

/* A sink waits for a picture that does not come, and the sound, in sinks that
 * wait as well, does not wait with it. __i__: there are no pictures; there are
 * none yet; the far end says that there are, and sends none */
GST_START_TEST (test_waiting_sink)
{
  GstElement *bob = fixture_callee (
      "src.audio_0 ! queue ! audioconvert ! audioresample ! "
      "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
      "appsink name=ear sync=true max-buffers=500 drop=true wait-on-eos=false "
      "src.video_0 ! queue ! videoconvert ! video/x-raw,format=RGB ! "
      "appsink name=eye sync=true max-buffers=5 drop=true wait-on-eos=false");
  GstElement *alice = fixture_caller (__i__ == 2
          ? "audiotestsrc is-live=true freq=600 ! "
            "audio/x-raw,rate=48000 ! sink.audio_0 "
            "videotestsrc is-live=true ! video/x-raw,width=160,"
            "height=120 ! valve drop=true "
            "drop-mode=forward-sticky-events ! sink.video_0"
          : "audiotestsrc is-live=true freq=600 ! "
            "audio/x-raw,rate=48000 ! sink.audio_0");

  fixture_assert_tone (bob, 600);
  fixture_until (has_pad_video, bob, "a pad for pictures");
  if (__i__ == 1) {
    g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
    GstElement *camera = gst_parse_bin_from_description (
        "videotestsrc is-live=true pattern=red ! "
        "video/x-raw,width=160,height=120,framerate=30/1",
        TRUE, NULL);
    guint rgb[3];

    gst_bin_add (GST_BIN (alice), camera);
    fail_unless (gst_element_link_pads (camera, "src", sink, "video_0"));
    gst_element_sync_state_with_parent (camera);
    fixture_see (bob, "eye", 5, rgb);
    fail_unless (rgb[0] > 150 && rgb[1] < 80, "%u %u", rgb[0], rgb[1]);
  }
  fail_unless_equals_int (count_pads (bob), 2);
  fail_unless_equals_int (
      gst_element_get_state (bob, NULL, NULL, 10 * GST_SECOND),
      GST_STATE_CHANGE_SUCCESS);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* A far end that only listens */
GST_START_TEST (test_nothing_received)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (
      "audiotestsrc is-live=true freq=600 ! "
      "audio/x-raw,rate=48000 ! sink. kandysrc ! " FIXTURE_SOUND);

  fixture_assert_tone (bob, 600);
  fixture_stop (bob);
  fixture_wait_eos (alice);
  fixture_stop (alice);
}
GST_END_TEST;

/* What a pipeline hands EOS to first is its newest element, and a source that
 * pushes waits for its own thread with it: so the sink comes after it, before
 * it, and in a bin of its own. The file that waits does so without a call, or
 * while it rings.
 */
GST_START_TEST (test_eos_to_waiting_file)
{
  g_autofree char *alices = fixture_account ("alice");
  g_autofree char *bobs = fixture_account ("bob");
  GstElement *bob = fixture_launch ("kandysrc %s ! fakesink", bobs);
  const char *destination = __i__ % 2 == 0 ? "" : "destination=bob";
  GstElement *alice;

  switch (__i__ / 2) {
    case 0:
      alice = fixture_launch (
          "audiotestsrc ! audio/x-raw,rate=48000 ! kandysink %s %s", alices,
          destination);
      break;
    case 1:
      alice = fixture_launch ("kandysink name=sink %s %s "
                              "audiotestsrc ! audio/x-raw,rate=48000 ! sink.",
          alices, destination);
      break;
    case 2:
      alice = fixture_launch (
          "kandysink name=sink %s %s audiotestsrc ! "
          "audio/x-raw,rate=48000 ! queue max-size-buffers=3 ! sink.",
          alices, destination);
      break;
    default:
      alice = fixture_launch ("bin.( kandysink name=sink %s %s "
                              "audiotestsrc ! audio/x-raw,rate=48000 ! sink. ) "
                              "fakesrc num-buffers=1 "
                              "! fakesink async=false",
          alices, destination);
      break;
  }

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  if (__i__ % 2 == 0)
    fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  else
    fixture_wait_progress (alice, GST_PROGRESS_TYPE_CONTINUE, "call");
  fail_unless (gst_element_send_event (alice, gst_event_new_eos ()));
  fixture_wait_eos (alice);
  fixture_until (no_sessions, NULL, "the platform's end of the call");
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

typedef struct {
  int queries, buffers, ends; /* atomic */
} Seen;

static GstPadProbeReturn
on_source (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Seen *seen = user_data;

  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
    g_atomic_int_inc (&seen->buffers);
  } else if ((info->type & GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM) != 0) {
    if (GST_QUERY_TYPE (gst_pad_probe_info_get_query (info))
        == GST_QUERY_ALLOCATION)
      g_atomic_int_inc (&seen->queries);
  } else if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info))
      == GST_EVENT_EOS) {
    g_atomic_int_inc (&seen->ends);
  }
  return GST_PAD_PROBE_OK;
}

/* (transfer full): a caller whose source is before a queue and not live */
static GstElement *
ahead_caller (Seen *seen)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch ("kandysink name=sink %s destination=bob "
                                      "audiotestsrc name=tone freq=600 ! "
                                      "audio/x-raw,rate=48000 ! queue ! sink.",
      account);
  g_autoptr (GstElement) tone = gst_bin_get_by_name (GST_BIN (alice), "tone");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (tone, "src");

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
          | GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PUSH,
      on_source, seen, NULL);
  fixture_play (alice);
  return alice;
}

static gboolean
has_asked_again (gpointer user_data)
{
  Seen *seen = user_data;

  return g_atomic_int_get (&seen->queries) > 1;
}

static gboolean
has_ended (gpointer user_data)
{
  Seen *seen = user_data;

  return g_atomic_int_get (&seen->ends) > 0;
}

/* With the call what is encoded changes, and a source asks the next element
 * anew; its question is behind all that waits in the queue. At the end of the
 * call it is not left without an answer. __i__: who hangs up */
GST_START_TEST (test_end_with_full_queue)
{
  Seen seen = { 0 };
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = ahead_caller (&seen);

  fixture_until (has_asked_again, &seen, "the source's question");
  fail_unless (
      gst_element_send_event (__i__ == 0 ? alice : bob, gst_event_new_eos ()));
  fixture_wait_eos (alice);
  fixture_until (has_ended, &seen, "the source's end");
  fixture_wait_eos (bob);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* A source that is not live does not go on at full speed for nobody */
GST_START_TEST (test_end_of_source)
{
  Seen seen = { 0 };
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = ahead_caller (&seen);
  int before;

  fixture_assert_tone (bob, 600);
  before = g_atomic_int_get (&seen.buffers);
  fixture_stop (bob);
  fixture_wait_eos (alice);
  fixture_until (has_ended, &seen, "the source's end");
  /* a second in the queue, another one that is let through, and what goes by
   * until it is seen: 1,024 samples each */
  fail_unless (g_atomic_int_get (&seen.buffers) - before < 200);
  fixture_stop (alice);
}
GST_END_TEST;

static Suite *
element_ends_suite (void)
{
  Suite *suite = suite_create ("element-ends");
  TCase *tcase = tcase_create ("ends");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_file_to_file);
  tcase_add_test (tcase, test_eos_to_pipeline);
  tcase_add_test (tcase, test_good_bye);
  tcase_add_test (tcase, test_eos_without_call);
  tcase_add_loop_test (tcase, test_eos_to_sender, 0, 2);
  tcase_add_loop_test (tcase, test_end_with_full_queue, 0, 2);
  tcase_add_test (tcase, test_end_of_source);
  tcase_add_loop_test (tcase, test_missing_media, 0, 2);
  tcase_add_loop_test (tcase, test_waiting_sink, 0, 3);
  tcase_add_test (tcase, test_nothing_received);
  tcase_add_loop_test (tcase, test_eos_to_waiting_file, 0, 8);
  return suite;
}

GST_CHECK_MAIN (element_ends);
