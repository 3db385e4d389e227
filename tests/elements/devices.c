/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>
#include <string.h>

#include "../gst/fakedevices.h"
#include "fixture.h"
#include "gstkandydevices.h"
#include "../patience.h"

/* SECTION: devices that kandysink opens itself
 *
 * Microphones of different pitch and cameras of different colour tell by what
 * the far end hears and sees which of them is sent.
 */

/* What a machine under test needs in addition to what the product may */
#define SLACK_MS 500
#define GLITCH_MS 100

static void
set_up (void)
{
  fixture_setup ();
  fake_devices_register ();
  fake_devices_add_usual ();
  fake_devices_add (
      "Audio/Sink", "ear", "Headphones", NULL, FAKE_SOUND_CAPS, 0);
}

static void
tear_down (void)
{
  fixture_teardown ();
  fail_unless (gst_kandy_devices_wait_closed (10000));
  fake_devices_clear ();
}

static void
expect_colour (GstElement *pipeline, guint red, guint green, guint blue)
{
  gint64 end = patience_end (15);
  guint rgb[3];

  do {
    fixture_see (pipeline, "eye", 1, rgb);
    fail_unless (g_get_monotonic_time () < end, "seen: %u %u %u", rgb[0],
        rgb[1], rgb[2]);
  } while (ABS ((int) (rgb[0] - red)) > 60 || ABS ((int) (rgb[1] - green)) > 60
      || ABS ((int) (rgb[2] - blue)) > 60);
}

static void
expect_tone (GstElement *pipeline, double frequency)
{
  gint64 end = patience_end (15);
  double heard;

  do {
    heard = fixture_hear (pipeline, "ear", 1);
    fail_unless (g_get_monotonic_time () < end, "heard %f Hz", heard);
  } while (ABS (heard - frequency) > frequency / 50);
}

static void
expect_closed (void)
{
  const char *const ids[] = { "mic-1", "mic-2", "cam-1", "cam-2", "screen" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (ids); i++)
    fail_unless_equals_int (fake_devices_count_open (ids[i]), 0);
}

static const struct {
  const char *properties;
  double frequency; /* 0: no sound */
  guint rgb[3];     /* all 1: no picture */
} choices[] = {
  { "audio-device=default", 440, { 1, 1, 1 } },
  { "audio-device=mic-2", 880, { 1, 1, 1 } },
  { "audio-device=\"Microphone 2\" video-device=cam-2", 880, { 0, 0, 255 } },
  { "video-device=default video-options=o,width=320,height=240,frame-rate=15",
      0, { 255, 0, 0 } },
  { "screen=true screen-options=o,width=320,height=240", 0, { 0, 255, 0 } },
};

GST_START_TEST (test_open)
{
  const guint *rgb = choices[__i__].rgb;
  gboolean pictures = rgb[0] + rgb[1] + rgb[2] != 3;
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob =
      fixture_callee (choices[__i__].frequency == 0 ? "! " FIXTURE_PICTURE
              : pictures ? "src.audio_0 ! queue ! " FIXTURE_SOUND
                           " src.video_0 ! queue ! " FIXTURE_PICTURE
                         : "! " FIXTURE_SOUND);
  GstElement *alice =
      fixture_launch ("kandysink name=sink %s destination=bob %s", account,
          choices[__i__].properties);

  fixture_play (alice);
  if (choices[__i__].frequency != 0)
    expect_tone (bob, choices[__i__].frequency);
  if (pictures)
    expect_colour (bob, rgb[0], rgb[1], rgb[2]);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  expect_closed ();
}
GST_END_TEST;

static const struct {
  const char *properties;
  const char *text;
} failures[] = {
  { "audio-device=nobody", "constraint: deviceId" },
  { "video-device=default video-options=o,width=[w,exact=5000]",
      "constraint: width" },
  { "audio-device=broken", "NotReadableError" },
};

GST_START_TEST (test_fail)
{
  g_autofree char *account = fixture_account ("alice");
  g_autoptr (GstStructure) details = NULL;
  g_autofree char *text = NULL;
  GstElement *alice;

  fake_devices_add (
      "Audio/Source", "broken", "Broken", NULL, FAKE_SOUND_CAPS, 220);
  fake_devices_break ("broken");
  alice = fixture_launch (
      "kandysink name=sink %s %s", account, failures[__i__].properties);
  fixture_play (alice);
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, &details);
  fail_unless (strstr (text, failures[__i__].text) != NULL, "%s", text);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "call:4");
  fixture_wait_event (alice, "devices:error");
  fixture_stop (alice);
  expect_closed ();
}
GST_END_TEST;

/* The longest time that nothing was heard; µs */
typedef struct {
  GMutex lock;
  gint64 last;
  gint64 longest;
} Ear;

static GstPadProbeReturn
on_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = gst_pad_probe_info_get_buffer (info);
  gint64 now = GST_BUFFER_PTS (buffer) / 1000;
  guint loud = 0;
  Ear *ear = user_data;
  GstMapInfo map;
  gsize i;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (i = 0; i < map.size / 2; i++)
    loud += ABS (((gint16 *) map.data)[i]) > 2000;
  gst_buffer_unmap (buffer, &map);
  if (loud * 4 < map.size / 2)
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&ear->lock);
  if (ear->last != 0)
    ear->longest = MAX (ear->longest, now - ear->last);
  ear->last = now;
  g_mutex_unlock (&ear->lock);
  return GST_PAD_PROBE_OK;
}

/* The code of the error, or NULL */
static char *
change (GstElement *pipeline, const char *audio, const char *video)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, "change-input-devices", audio, video, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  return g_strdup (
      gst_structure_get_string (gst_promise_get_reply (promise), "code"));
}

GST_START_TEST (test_change_sound)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audio-device=mic-1", account);
  g_autoptr (GstElement) appsink = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autofree char *code = NULL;
  Ear ear = { .last = 0 };

  g_mutex_init (&ear.lock);
  fixture_play (alice);
  expect_tone (bob, 440);
  appsink = gst_bin_get_by_name (GST_BIN (bob), "ear");
  pad = gst_element_get_static_pad (appsink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_sound, &ear, NULL);

  fail_unless (change (alice, "mic-2", NULL) == NULL);
  expect_tone (bob, 880);
  g_mutex_lock (&ear.lock);
  g_print ("# not heard for %" G_GINT64_FORMAT " ms while the device changed\n",
      ear.longest / 1000);
  fail_unless (ear.longest / 1000 < GLITCH_MS + SLACK_MS);
  g_mutex_unlock (&ear.lock);

  /* what cannot be had leaves what there is */
  code = change (alice, "nobody", NULL);
  fail_unless_equals_string (code, "call:4");
  expect_tone (bob, 880);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  expect_closed ();
  g_mutex_clear (&ear.lock);
}
GST_END_TEST;

GST_START_TEST (test_change_picture)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee ("! " FIXTURE_PICTURE);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob video-device=cam-1 "
      "video-options=o,width=320,height=240",
      account);

  fixture_play (alice);
  expect_colour (bob, 255, 0, 0);
  fail_unless (change (alice, NULL, "cam-2") == NULL);
  expect_colour (bob, 0, 0, 255);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  expect_closed ();
}
GST_END_TEST;

/* The code of the error, or NULL. @media: (nullable): of gst-launch's kind */
static char *
replace (GstElement *pipeline, const char *pad_name, const char *media)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, pad_name);
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autoptr (GstStructure) structure =
      media != NULL ? gst_structure_from_string (media, NULL) : NULL;
  g_autofree char *id = NULL;

  g_object_get (pad, "track-id", &id, NULL);
  g_signal_emit_by_name (sink, "replace-track", id, structure, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  return g_strdup (
      gst_structure_get_string (gst_promise_get_reply (promise), "code"));
}

/* By constraints: a device in the place of another one, and of what a pipeline
 * gives */
GST_START_TEST (test_replace_track)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                                    " src.video_0 ! queue ! " FIXTURE_PICTURE);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob video-device=cam-1 "
      "video-options=o,width=320,height=240 "
      "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! "
      "sink.audio_0",
      account);
  g_autofree char *too_wide = NULL;
  g_autofree char *nobody = NULL;

  fixture_play (alice);
  expect_tone (bob, 600);
  expect_colour (bob, 255, 0, 0);
  fail_unless (replace (alice, "video_0",
                   "m,video-options=(structure)[o,device-id=cam-2]")
      == NULL);
  expect_colour (bob, 0, 0, 255);
  fail_unless (replace (alice, "audio_0",
                   "m,audio-options=(structure)[o,device-id=mic-2]")
      == NULL);
  expect_tone (bob, 880);

  too_wide = replace (alice, "video_0",
      "m,video-options=(structure)[o,width=(structure)[w,exact=5000]]");
  fail_unless_equals_string (too_wide, "call:4");
  nobody = replace (
      alice, "audio_0", "m,audio-options=(structure)[o,device-id=nobody]");
  fail_unless_equals_string (nobody, "call:4");
  expect_tone (bob, 880);
  expect_colour (bob, 0, 0, 255);

  fail_unless (replace (alice, "audio_0", NULL) == NULL);
  expect_tone (bob, 600);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  expect_closed ();
}
GST_END_TEST;

/* What is opened while a call lasts becomes part of it, and may leave it */
GST_START_TEST (test_add)
{
  g_autofree char *account = fixture_account ("alice");
  /* a sink that waits for its first picture would stop the others */
  GstElement *bob =
      fixture_callee ("src.audio_0 ! queue ! " FIXTURE_SOUND
                      " src.video_0 ! queue ! " FIXTURE_PICTURE " async=false");
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audio-device=mic-1 "
      "video-options=o,width=320,height=240",
      account);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");

  fixture_play (alice);
  expect_tone (bob, 440);
  g_object_set (sink, "video-device", "cam-1", NULL);
  expect_colour (bob, 255, 0, 0);
  fixture_until_requests ("PUT", "/update", 1);
  g_object_set (sink, "video-device", NULL, NULL);
  fixture_until_requests ("PUT", "/update", 2);
  expect_tone (bob, 440);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
  g_clear_object (&sink);
  expect_closed ();
}
GST_END_TEST;

static GstStructure *
ask_devices (GstElement *pipeline)
{
  g_autoptr (GstElement) face =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();
  GstStructure *devices = NULL;

  g_signal_emit_by_name (face, "get-devices", promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_unless (gst_structure_get (gst_promise_get_reply (promise), "devices",
      GST_TYPE_STRUCTURE, &devices, NULL));
  return devices;
}

static guint
count (const GstStructure *devices, const char *list)
{
  return gst_value_array_get_size (gst_structure_get_value (devices, list));
}

static void
wait_event (GstElement *pipeline, const char *name)
{
  while (TRUE) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);

    if (gst_structure_has_name (s, "kandy-event")
        && g_strcmp0 (gst_structure_get_string (s, "name"), name) == 0)
      return;
  }
}

/* No call is needed to know the devices */
GST_START_TEST (test_list)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch ("kandysink name=sink %s", account);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autoptr (GstStructure) devices = NULL;
  g_autoptr (GstStructure) after = NULL;

  fixture_play (alice);
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  devices = ask_devices (alice);
  wait_event (alice, "devices:change");
  fail_unless_equals_int (count (devices, "microphone"), 2);
  fail_unless_equals_int (count (devices, "camera"), 2);
  fail_unless_equals_int (count (devices, "speaker"), 1);

  g_signal_emit_by_name (sink, "initialize-devices", TRUE, TRUE, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_if (gst_structure_has_field (gst_promise_get_reply (promise), "error"));
  fake_devices_remove ("cam-1");
  do {
    wait_event (alice, "devices:change");
    g_clear_pointer (&after, gst_structure_free);
    after = ask_devices (alice);
  } while (count (after, "camera") != 1);
  fake_devices_break ("cam-2");
  gst_promise_unref (promise);
  promise = gst_promise_new ();
  g_signal_emit_by_name (sink, "initialize-devices", FALSE, TRUE, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_unless_equals_string (
      gst_structure_get_string (gst_promise_get_reply (promise), "code"),
      "call:4");
  wait_event (alice, "devices:error");
  fixture_stop (alice);
}
GST_END_TEST;

/* At any moment, and however often */
GST_START_TEST (test_states)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s audio-device=mic-1 screen=true", account);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  guint i;

  for (i = 0; i < 6; i++) {
    fixture_play (alice);
    g_object_set (sink, "audio-device", i % 2 ? "mic-1" : "mic-2", "screen",
        i % 2, "video-device", i % 3 ? "cam-1" : NULL, NULL);
    g_usleep (i * 20000);
    fail_unless_equals_int (gst_element_set_state (alice, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  fixture_stop (alice);
  g_clear_object (&sink);
}
GST_END_TEST;

static Suite *
element_devices_suite (void)
{
  Suite *suite = suite_create ("element-devices");
  TCase *tcase = tcase_create ("devices");

  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_open, 0, G_N_ELEMENTS (choices));
  tcase_add_loop_test (tcase, test_fail, 0, G_N_ELEMENTS (failures));
  tcase_add_test (tcase, test_change_sound);
  tcase_add_test (tcase, test_change_picture);
  tcase_add_test (tcase, test_replace_track);
  tcase_add_test (tcase, test_add);
  tcase_add_test (tcase, test_list);
  tcase_add_test (tcase, test_states);
  return suite;
}

GST_CHECK_MAIN (element_devices);
