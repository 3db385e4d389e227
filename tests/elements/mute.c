/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>
#include <gst/audio/streamvolume.h>

#include "fixture.h"
#include "../patience.h"

/* SECTION: muted tracks
 *
 * Silence is heard and black is seen by the far end, at once and in packets
 * that go on, whatever the media comes as; and everything comes back.
 */

/* What a machine under test needs in addition to what the product may */
#define SLACK_MS 500
/* The jitter buffer, and what a codec looks ahead */
#define WAY_MS 150

#define TONE                                                                   \
  "audiotestsrc is-live=true freq=600 samplesperbuffer=480 ! "                 \
  "audio/x-raw,rate=48000,channels=1 "
#define RED                                                                    \
  "videotestsrc is-live=true pattern=red ! "                                   \
  "video/x-raw,width=320,height=240,framerate=30/1 "

static GstPad *
get_pad (GstElement *pipeline, const char *element, const char *name)
{
  g_autoptr (GstElement) face =
      gst_bin_get_by_name (GST_BIN (pipeline), element);
  GstPad *pad = gst_element_get_static_pad (face, name);

  fail_unless (pad != NULL);
  return pad;
}

static void
set_mute (
    GstElement *pipeline, const char *element, const char *name, gboolean mute)
{
  g_autoptr (GstPad) pad = get_pad (pipeline, element, name);

  g_object_set (pad, "mute", mute, NULL);
}

/* Of the next fifth of a second */
static guint
hear_peak (GstElement *pipeline)
{
  g_autoptr (GstElement) ear = gst_bin_get_by_name (GST_BIN (pipeline), "ear");
  guint peak = 0, samples = 0;

  while (samples < 48000 / 5) {
    g_autoptr (GstSample) sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (ear), 15 * GST_SECOND);
    GstMapInfo map;
    gsize i;

    fail_unless (sample != NULL, "nothing comes, not even silence");
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    for (i = 0; i < map.size / 2; i++)
      peak = MAX (peak, (guint) ABS ((int) ((gint16 *) map.data)[i]));
    samples += map.size / 2;
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  }
  return peak;
}

static void
until_quiet (GstElement *pipeline)
{
  gint64 end = patience_end (15);

  while (hear_peak (pipeline) > 100)
    fail_unless (g_get_monotonic_time () < end, "it is still heard");
  /* and stays so */
  fail_unless (hear_peak (pipeline) <= 100);
}

static gint64 last_loud; /* under the lock of the test */

static GstPadProbeReturn
on_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = gst_pad_probe_info_get_buffer (info);
  gboolean loud = FALSE;
  GstMapInfo map;
  gsize i;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (i = 0; i < map.size / 2 && !loud; i++)
    loud = ABS (((gint16 *) map.data)[i]) > 2000;
  gst_buffer_unmap (buffer, &map);
  if (loud) {
    g_mutex_lock (user_data);
    last_loud = g_get_monotonic_time ();
    g_mutex_unlock (user_data);
  }
  return GST_PAD_PROBE_OK;
}

static const char *const sounds[] = {
  TONE " ! sink.audio_0",
  TONE " ! opusenc ! sink.audio_0",
  TONE " ! opusenc ! rtpopuspay ! sink.audio_0",
  TONE " ! audioresample ! audio/x-raw,rate=8000 ! mulawenc ! sink.audio_0",
};

GST_START_TEST (test_sound)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (sounds[__i__]);
  g_autoptr (GstPad) ear = get_pad (bob, "ear", "sink");
  gint64 muted, heard;
  GMutex lock;

  g_mutex_init (&lock);
  fixture_assert_tone (bob, 600);
  gst_pad_add_probe (ear, GST_PAD_PROBE_TYPE_BUFFER, on_sound, &lock, NULL);

  muted = g_get_monotonic_time ();
  set_mute (alice, "sink", "audio_0", TRUE);
  until_quiet (bob);
  g_mutex_lock (&lock);
  heard = (last_loud - muted) / 1000;
  g_mutex_unlock (&lock);
  GST_INFO ("heard for %" G_GINT64_FORMAT " ms after it was muted", heard);
  g_print ("# form %d: heard for %" G_GINT64_FORMAT " ms after it was muted\n",
      __i__, heard);
  fail_unless (heard < WAY_MS + SLACK_MS);

  set_mute (alice, "sink", "audio_0", FALSE);
  fixture_assert_tone (bob, 600);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  g_mutex_clear (&lock);
}
GST_END_TEST;

static void
until_seen (GstElement *pipeline, guint red)
{
  gint64 end = patience_end (15);
  guint rgb[3];

  do {
    fixture_see (pipeline, "eye", 1, rgb);
    fail_unless (g_get_monotonic_time () < end, "seen: %u %u %u", rgb[0],
        rgb[1], rgb[2]);
  } while (ABS ((int) (rgb[0] - red)) > 50 || rgb[1] > 60 || rgb[2] > 60);
}

static const char *const pictures[] = {
  RED " ! sink.video_0",
  RED " ! vp8enc deadline=1 ! sink.video_0",
  RED " ! vp8enc deadline=1 ! rtpvp8pay ! sink.video_0",
};

GST_START_TEST (test_picture)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_PICTURE);
  GstElement *alice = fixture_caller (pictures[__i__]);

  until_seen (bob, 255);
  set_mute (alice, "sink", "video_0", TRUE);
  until_seen (bob, 0);
  set_mute (alice, "sink", "video_0", FALSE);
  until_seen (bob, 255);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* Muted before there is a call: nothing is heard of it at all */
GST_START_TEST (test_from_the_beginning)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob " TONE " ! sink.audio_0",
      account);
  guint i;

  set_mute (alice, "sink", "audio_0", TRUE);
  fixture_play (alice);
  for (i = 0; i < 3; i++)
    fail_unless (hear_peak (bob) <= 100);
  set_mute (alice, "sink", "audio_0", FALSE);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* (transfer full): payload of the next event of that name */
static GstStructure *
wait_event (GstElement *pipeline, const char *name)
{
  while (TRUE) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);
    GstStructure *payload = NULL;

    if (!gst_structure_has_name (s, "kandy-event")
        || g_strcmp0 (gst_structure_get_string (s, "name"), name) != 0)
      continue;
    gst_structure_get (s, "payload", GST_TYPE_STRUCTURE, &payload, NULL);
    return payload;
  }
}

static void
expect_event (GstElement *pipeline, const char *name, const char *id)
{
  g_autoptr (GstStructure) payload = wait_event (pipeline, name);
  const GValue *ids = gst_structure_get_value (payload, "trackIds");

  fail_unless_equals_int (gst_value_array_get_size (ids), 1);
  fail_unless_equals_string (
      g_value_get_string (gst_value_array_get_value (ids, 0)), id);
}

/* (transfer full): the reply to an action with one argument */
static GstStructure *
ask (GstElement *pipeline, const char *action, gconstpointer argument)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, action, argument, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  return gst_structure_copy (gst_promise_get_reply (promise));
}

static void
expect_code (GstStructure *reply, const char *code)
{
  fail_unless_equals_string (gst_structure_get_string (reply, "code"), code);
  gst_structure_free (reply);
}

static void
expect_muted (GstElement *pipeline, const char *id, gboolean muted)
{
  g_autoptr (GstStructure) reply = ask (pipeline, "get-track", id);
  g_autoptr (GstStructure) track = NULL;
  gboolean is_muted, is_local;

  fail_unless (
      gst_structure_get (reply, "track", GST_TYPE_STRUCTURE, &track, NULL));
  fail_unless_equals_string (gst_structure_get_string (track, "id"), id);
  fail_unless (gst_structure_get_boolean (track, "muted", &is_muted));
  fail_unless (gst_structure_get_boolean (track, "isLocal", &is_local));
  fail_unless_equals_int (is_muted, muted);
  fail_unless (is_local);
}

/* By actions, by the pad, and told by events */
GST_START_TEST (test_actions)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (TONE " ! sink.audio_0");
  g_autoptr (GstPad) pad = get_pad (alice, "sink", "audio_0");
  g_autoptr (GstStructure) reply = NULL;
  g_autoptr (GstStructure) media = NULL;
  g_autofree char *id = NULL;
  g_autofree char *media_id = NULL;
  const char *ids[] = { "nobody's", NULL, NULL };
  gboolean mute;

  fixture_assert_tone (bob, 600);
  g_object_get (pad, "track-id", &id, "stream-id", &media_id, NULL);
  fail_unless (id != NULL && media_id != NULL);
  expect_muted (alice, id, FALSE);

  expect_code (ask (alice, "mute-tracks", ids), "call:7");
  expect_code (ask (alice, "mute-tracks", NULL), "call:7");
  expect_code (ask (alice, "get-track", "nobody's"), "call:7");
  expect_code (ask (alice, "get-media", NULL), "call:7");
  g_object_get (pad, "mute", &mute, NULL);
  fail_if (mute);

  ids[1] = id;
  expect_code (ask (alice, "mute-tracks", ids), NULL);
  g_object_get (pad, "mute", &mute, NULL);
  fail_unless (mute);
  expect_event (alice, "media:muted", id);
  expect_muted (alice, id, TRUE);
  until_quiet (bob);

  expect_code (ask (alice, "unmute-tracks", ids), NULL);
  expect_event (alice, "media:unmuted", id);
  fixture_assert_tone (bob, 600);

  g_object_set (pad, "mute", TRUE, NULL);
  expect_event (alice, "media:muted", id);
  expect_muted (alice, id, TRUE);
  until_quiet (bob);

  reply = ask (alice, "get-media", media_id);
  fail_unless (
      gst_structure_get (reply, "media", GST_TYPE_STRUCTURE, &media, NULL));
  fail_unless_equals_string (gst_structure_get_string (media, "id"), media_id);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* The far end's track: silent here, and nobody there hears of it */
GST_START_TEST (test_remote)
{
  GstElement *bob = fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                                    " src.video_0 ! queue ! " FIXTURE_PICTURE);
  GstElement *alice =
      fixture_caller (TONE " ! sink.audio_0 " RED " ! sink.video_0");
  g_autoptr (GstPad) pad = NULL;
  g_autofree char *id = NULL;

  fixture_assert_tone (bob, 600);
  until_seen (bob, 255);
  pad = get_pad (bob, "src", "audio_0");
  g_object_get (pad, "track-id", &id, NULL);
  set_mute (bob, "src", "audio_0", TRUE);
  set_mute (bob, "src", "video_0", TRUE);
  expect_event (bob, "media:muted", id);
  until_quiet (bob);
  until_seen (bob, 0);
  set_mute (bob, "src", "audio_0", FALSE);
  set_mute (bob, "src", "video_0", FALSE);
  fixture_assert_tone (bob, 600);
  until_seen (bob, 255);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static void
operate (GstElement *sink, const char *action)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, action, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
}

/* What the far end does to its source is told, and is no muting of ours */
GST_START_TEST (test_source)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (TONE " ! sink.audio_0");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  g_autoptr (GstPad) pad = NULL;
  g_autofree char *id = NULL;

  fixture_assert_tone (bob, 600);
  pad = get_pad (bob, "src", "audio_0");
  g_object_get (pad, "track-id", &id, NULL);
  expect_event (bob, "media:sourceUnmuted", id);
  operate (sink, "hold");
  expect_event (bob, "media:sourceMuted", id);
  operate (sink, "unhold");
  expect_event (bob, "media:sourceUnmuted", id);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_volume)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (TONE " ! sink.audio_0");
  g_autoptr (GstPad) pad = get_pad (alice, "sink", "audio_0");
  gint64 end = patience_end (15);
  guint loud, soft;

  fixture_assert_tone (bob, 600);
  loud = hear_peak (bob);
  fail_unless (GST_IS_STREAM_VOLUME (pad));
  gst_stream_volume_set_volume (
      GST_STREAM_VOLUME (pad), GST_STREAM_VOLUME_FORMAT_LINEAR, 0.25);
  do {
    soft = hear_peak (bob);
    fail_unless (g_get_monotonic_time () < end, "%u of %u", soft, loud);
  } while (ABS ((int) (4 * soft) - (int) loud) > (int) loud / 4);
  gst_stream_volume_set_mute (GST_STREAM_VOLUME (pad), TRUE);
  until_quiet (bob);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
element_mute_suite (void)
{
  Suite *suite = suite_create ("element-mute");
  TCase *tcase = tcase_create ("mute");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_sound, 0, G_N_ELEMENTS (sounds));
  tcase_add_loop_test (tcase, test_picture, 0, G_N_ELEMENTS (pictures));
  tcase_add_test (tcase, test_from_the_beginning);
  tcase_add_test (tcase, test_actions);
  tcase_add_test (tcase, test_remote);
  tcase_add_test (tcase, test_source);
  tcase_add_test (tcase, test_volume);
  return suite;
}

GST_CHECK_MAIN (element_mute);
