/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>
#include <gst/pbutils/pbutils.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "gstkandysessioncontext.h"

/* SECTION: calls between pipelines
 *
 * Real calls over the platform in this process, whose sound and pictures are
 * measured at the other end.
 */

#define SOUND                                                                  \
  "audioconvert ! audioresample ! "                                            \
  "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "                          \
  "appsink name=ear sync=false max-buffers=500 drop=true wait-on-eos=false"
#define PICTURE                                                                \
  "videoconvert ! video/x-raw,format=RGB ! "                                   \
  "appsink name=eye sync=false max-buffers=5 drop=true wait-on-eos=false"
#define RED                                                                    \
  "videotestsrc is-live=true pattern=red ! "                                   \
  "video/x-raw,width=320,height=240,framerate=30/1"

static GstElement *
callee (const char *rest)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch (
      "kandysrc name=src %s auto-answer=true %s", account, rest);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

static GstElement *
caller (const char *rest)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *pipeline = fixture_launch (
      "kandysink name=sink %s destination=bob %s", account, rest);

  fixture_play (pipeline);
  return pipeline;
}

static void
assert_tone (GstElement *pipeline, double frequency)
{
  double heard = fixture_hear (pipeline, "ear", 1);

  fail_unless (fabs (heard - frequency) < frequency / 50, "heard %f Hz", heard);
}

GST_START_TEST (test_sound)
{
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! sink.");

  assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_sound_and_picture)
{
  GstElement *bob =
      callee ("src.audio_0 ! queue ! " SOUND " src.video_0 ! queue ! " PICTURE);
  GstElement *alice =
      caller ("audiotestsrc is-live=true freq=500 ! sink.audio_0 " RED
              " ! sink.video_0");
  guint rgb[3];

  assert_tone (bob, 500);
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
  GstElement *bob = callee ("! " SOUND " audiotestsrc is-live=true freq=700 ! "
                            "audio/x-raw,rate=48000 ! kandysink");
  GstElement *alice =
      caller ("audiotestsrc is-live=true freq=900 ! "
              "audio/x-raw,rate=48000 ! sink. kandysrc ! " SOUND);

  assert_tone (bob, 900);
  assert_tone (alice, 700);
  fixture_stop (alice);
  /* both faces end, or the pipeline would not */
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* The two faces of one call in two pipelines; one of them may go */
GST_START_TEST (test_two_pipelines)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = callee ("! " SOUND " audiotestsrc is-live=true freq=700 ! "
                            "audio/x-raw,rate=48000 ! kandysink");
  GstElement *speaking = fixture_launch (
      "kandysink name=sink %s audiotestsrc is-live=true freq=900 ! "
      "audio/x-raw,rate=48000 ! sink.",
      account);
  GstElement *listening = fixture_launch ("kandysrc destination=bob ! " SOUND);
  GstContext *context = gst_kandy_session_context_new ();

  gst_element_set_context (speaking, context);
  gst_element_set_context (listening, context);
  gst_context_unref (context);
  fixture_play (speaking);
  fixture_play (listening);
  assert_tone (bob, 900);
  assert_tone (listening, 700);
  fixture_stop (listening);
  assert_tone (bob, 900);
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
      "kandysrc %s destination=bob media=audio ! " SOUND, alices);
  fixture_play (alice);
  assert_tone (alice, 800);
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
  GstElement *bob = callee (receive);
  GstElement *alice = caller (send);
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

  bob = callee (record);
  begin = g_get_monotonic_time ();
  alice = caller (send);
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

/* What gst-launch -e does upon Ctrl-C */
GST_START_TEST (test_eos_to_pipeline)
{
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! sink.");

  assert_tone (bob, 600);
  fail_unless (gst_element_send_event (bob, gst_event_new_eos ()));
  fixture_wait_eos (bob);
  fixture_wait_eos (alice);
  fail_unless_equals_int (
      kandy_loopback_count_sessions (fixture_platform, NULL), 0);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Also before anybody has called */
GST_START_TEST (test_eos_without_call)
{
  GstElement *bob =
      callee ("src.audio_0 ! queue ! " SOUND " src.video_0 ! queue ! " PICTURE);

  fail_unless (gst_element_send_event (bob, gst_event_new_eos ()));
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_eos_to_sender)
{
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! sink.");

  assert_tone (bob, 600);
  fail_unless (gst_element_send_event (alice, gst_event_new_eos ()));
  fixture_wait_eos (alice);
  fixture_wait_eos (bob);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Nobody of that name; and bob, who turns everybody down */
GST_START_TEST (test_nobody_there)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch (
      "kandysink %s destination=nobody audiotestsrc is-live=true ! "
      "kandysink0.",
      account);
  GstStructure *details = NULL;
  g_autofree char *text = NULL;

  fixture_play (alice);
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, &details);
  gst_structure_free (details);
  fixture_stop (alice);
}
GST_END_TEST;

static void
on_incoming_reject (GstElement *element, const char *id, const char *from,
    const char *name, gpointer user_data)
{
  fail_unless (id != NULL);
  fail_unless (strstr (from, "alice@loopback.example") != NULL, "%s", from);
  g_atomic_int_inc ((int *) user_data);
}

static void
on_state_reject (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  g_autofree char *nick = NULL;
  GEnumValue *value;
  int state;

  g_object_get (element, "state", &state, NULL);
  value = g_enum_get_value (
      g_type_class_peek (G_PARAM_SPEC_VALUE_TYPE (pspec)), state);
  if (g_str_equal (value->value_nick, "Ringing"))
    g_signal_emit_by_name (element, "reject", NULL);
}

GST_START_TEST (test_rejected)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch ("kandysrc name=src %s", account);
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autofree char *text = NULL;
  GstElement *alice;
  int calls = 0;

  g_signal_connect (
      src, "incoming-call", G_CALLBACK (on_incoming_reject), &calls);
  g_signal_connect (src, "notify::state", G_CALLBACK (on_state_reject), NULL);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = caller ("audiotestsrc is-live=true ! sink.");
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fail_unless (strstr (text, "not taken") != NULL, "%s", text);
  fail_unless_equals_int (g_atomic_int_get (&calls), 1);
  fixture_stop (alice);
  /* who turns a call down waits for the next one */
  fail_unless_equals_int (
      kandy_loopback_count_channels (fixture_platform, NULL), 1);
  gst_object_unref (src);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_busy)
{
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! sink.");
  g_autofree char *account = fixture_account ("carol");
  g_autofree char *text = NULL;
  GstElement *carol;

  assert_tone (bob, 600);
  carol = fixture_launch (
      "kandysink %s destination=bob audiotestsrc is-live=true ! kandysink0.",
      account);
  fixture_play (carol);
  text = fixture_wait_error (
      carol, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fixture_stop (carol);
  assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

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

static gboolean
is_one (gpointer user_data)
{
  return g_atomic_int_get ((int *) user_data) == 1;
}

/* By actions instead of properties, and two calls one after the other */
GST_START_TEST (test_actions)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = fixture_launch (
      "kandysink name=sink eos-on-end=false %s audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      account);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  guint round;

  fixture_play (alice);
  for (round = 0; round < 2; round++) {
    int called = 0, measured = 0, ended = 0;
    GstPromise *promise;

    promise = gst_promise_new_with_change_func (on_answered, &called, NULL);
    g_signal_emit_by_name (sink, "call", "bob@loopback.example", promise);
    fixture_until (is_one, &called, "call");
    gst_promise_unref (promise);
    assert_tone (bob, 600);

    promise = gst_promise_new_with_change_func (on_answered, &measured, NULL);
    g_signal_emit_by_name (sink, "get-stats", promise);
    fixture_until (is_one, &measured, "get-stats");
    fail_unless (
        gst_structure_has_field (gst_promise_get_reply (promise), "timings"));
    gst_promise_unref (promise);

    promise = gst_promise_new_with_change_func (on_answered, &ended, NULL);
    g_signal_emit_by_name (sink, "end", promise);
    fixture_until (is_one, &ended, "end");
    gst_promise_unref (promise);
    fixture_wait_eos (bob);
    fixture_stop (bob);
    bob = callee ("! " SOUND);
  }
  gst_object_unref (sink);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Whoever is called back may call back: no lock is held */
static void
call_back (GstElement *element)
{
  g_autofree char *id = NULL;
  g_autofree char *destination = NULL;
  GstStructure *stats = NULL;
  gboolean hold;
  int state;

  g_object_get (element, "call-id", &id, "state", &state, "stats", &stats,
      "local-hold", &hold, "destination", &destination, NULL);
  g_clear_pointer (&stats, gst_structure_free);
  g_object_set (element, "busy-action", 0, NULL);
  g_signal_emit_by_name (element, "get-stats", NULL);
  gst_element_post_message (element,
      gst_message_new_application (
          GST_OBJECT (element), gst_structure_new_empty ("x")));
}

static void
on_any (GstElement *element)
{
  call_back (element);
}

static void
on_any_notify (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  /* what call_back() itself sets */
  if (!g_str_equal (pspec->name, "busy-action"))
    call_back (element);
}

static GstBusSyncReply
on_any_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_APPLICATION
      && GST_OBJECT_NAME (GST_MESSAGE_SRC (message)) != NULL
      && GST_MESSAGE_SRC (message) == user_data)
    call_back (user_data);
  return GST_BUS_PASS;
}

static void
listen_to_all (GstElement *pipeline, const char *name)
{
  const char *const emitted[] = { "incoming-call", "call-ended", "event",
    "pad-added", "pad-removed", "no-more-pads" };
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (emitted); i++)
    g_signal_connect (element, emitted[i], G_CALLBACK (on_any), NULL);
  g_signal_connect (element, "notify", G_CALLBACK (on_any_notify), NULL);
  gst_bus_set_sync_handler (bus, on_any_message, element, gst_object_unref);
}

GST_START_TEST (test_callbacks)
{
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob =
      fixture_launch ("kandysrc name=src %s auto-answer=true ! " SOUND, bobs);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      alices);

  listen_to_all (bob, "src");
  listen_to_all (alice, "sink");
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* The call does not notice that a pipeline pauses, nor that the server is
 * silent when it hangs up */
GST_START_TEST (test_pause)
{
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! sink.");
  guint round;

  for (round = 0; round < 2; round++) {
    assert_tone (bob, 600);
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
  GstElement *bob = callee ("! " SOUND);
  GstElement *alice = caller ("audiotestsrc is-live=true freq=600 ! "
                              "audio/x-raw,rate=48000 ! opusenc ! "
                              "valve name=valve ! sink.");
  GstElement *valve = gst_bin_get_by_name (GST_BIN (alice), "valve");
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  GstPad *pad;
  int gaps = 0;

  assert_tone (bob, 600);
  pad = gst_element_get_static_pad (src, "audio_0");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_gap, &gaps, NULL);
  g_object_set (valve, "drop", TRUE, NULL);
  fixture_until (has_gaps, &gaps, "gap");
  g_object_set (valve, "drop", FALSE, NULL);
  assert_tone (bob, 600);
  gst_object_unref (pad);
  gst_object_unref (src);
  gst_object_unref (valve);
  fixture_stop (bob);
  fixture_wait_eos (alice);
  fixture_stop (alice);
}
GST_END_TEST;

/* NULL at each step of a call, of either end; and the next call works */
static const char *const steps[] = { "/token", "/channels", "/subscriptions",
  "/sessions", "/status", "/answer" };

GST_START_TEST (test_stop_anywhere)
{
  const char *step = steps[__i__ / 2];
  gboolean callee_stops = __i__ % 2 == 1;
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob =
      fixture_launch ("kandysrc name=src %s auto-answer=true ! " SOUND, bobs);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      alices);

  fixture_play (bob);
  if (__i__ >= 6)
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

  bob = callee ("! " SOUND);
  alice = caller ("audiotestsrc is-live=true freq=600 ! "
                  "audio/x-raw,rate=48000 ! sink.");
  assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_stop (bob);
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
  tcase_add_test (tcase, test_file_to_file);
  tcase_add_test (tcase, test_eos_to_pipeline);
  tcase_add_test (tcase, test_eos_without_call);
  tcase_add_test (tcase, test_eos_to_sender);
  tcase_add_test (tcase, test_nobody_there);
  tcase_add_test (tcase, test_rejected);
  tcase_add_test (tcase, test_busy);
  tcase_add_test (tcase, test_actions);
  tcase_add_test (tcase, test_callbacks);
  tcase_add_test (tcase, test_silence);
  tcase_add_test (tcase, test_pause);
  tcase_add_loop_test (tcase, test_stop_anywhere, 0, 2 * G_N_ELEMENTS (steps));
  return suite;
}

GST_CHECK_MAIN (element_calls);
