/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>
#include <gst/audio/audio.h>
#include <math.h>
#include <string.h>

#include "gstkandycodec.h"
#include "gstkandydtmfdetector.h"
#include "gstkandyreceivebin.h"
#include "gstkandysendbin.h"
#include "../patience.h"

/* DTMF in the sound, through encoder and decoder: what is put in is found */

#define KEYS "1234567890*#ABCD"

typedef struct {
  GstElement *pipeline;
  GstElement *send;
  GstElement *receive;
  GMutex lock;
  GString *heard;
} Line;

static void
on_tone (GstElement *bin, guint number, gpointer user_data)
{
  Line *self = user_data;

  g_mutex_lock (&self->lock);
  g_string_append_c (self->heard, "0123456789*#ABCD"[number]);
  g_mutex_unlock (&self->lock);
}

static void
line_init (Line *self, const char *source, const char *codec)
{
  GstElement *src = gst_parse_bin_from_description (source, TRUE, NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstCaps) caps =
      gst_kandy_codec_get_rtp_caps (gst_kandy_codec_find (codec));

  fail_unless (src != NULL);
  gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, 4711, NULL);
  g_mutex_init (&self->lock);
  self->heard = g_string_new (NULL);
  self->pipeline = gst_pipeline_new (NULL);
  self->send = gst_kandy_send_bin_new (KANDY_MEDIA_KIND_AUDIO);
  self->receive = gst_kandy_receive_bin_new (KANDY_MEDIA_KIND_AUDIO);
  g_object_set (self->send, "negotiated-caps", caps, NULL);
  g_object_set (self->receive, "output", GST_KANDY_RECEIVE_OUTPUT_RAW,
      "detect-dtmf", TRUE, NULL);
  g_object_set (sink, "sync", FALSE, NULL);
  g_signal_connect (self->receive, "dtmf-tone", G_CALLBACK (on_tone), self);
  gst_bin_add_many (
      GST_BIN (self->pipeline), src, self->send, self->receive, sink, NULL);
  fail_unless (
      gst_element_link_many (src, self->send, self->receive, sink, NULL));
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static void
line_clear (Line *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  g_string_free (self->heard, TRUE);
  g_mutex_clear (&self->lock);
}

static gboolean
play (Line *self, guint number, guint duration, guint gap)
{
  return gst_kandy_send_bin_play_tone (
      GST_KANDY_SEND_BIN (self->send), number, 10, duration, gap);
}

static void
wait_until_playable (Line *self)
{
  gint64 deadline = patience_end (10);

  while (!play (self, 1, 70, 70)) {
    fail_unless (g_get_monotonic_time () < deadline);
    g_usleep (5000);
  }
}

static void
wait_until_heard (Line *self, const char *keys)
{
  gint64 deadline = patience_end (15);
  gboolean heard = FALSE;

  while (!heard && g_get_monotonic_time () < deadline) {
    g_usleep (5000);
    g_mutex_lock (&self->lock);
    heard = strcmp (self->heard->str, keys) == 0;
    g_mutex_unlock (&self->lock);
  }
  fail_unless_equals_string (self->heard->str, keys);
}

/* Any form of raw sound, and encoded sound, which gives way for the time */
static const struct {
  const char *source;
  const char *codec;
} sources[] = {
  { "audiotestsrc is-live=true freq=300 samplesperbuffer=960 ! "
    "audio/x-raw,format=S16LE,rate=48000,channels=1",
      "OPUS" },
  { "audiotestsrc is-live=true freq=300 samplesperbuffer=441 ! "
    "audio/x-raw,format=F32LE,rate=44100,channels=2,layout=interleaved",
      "PCMU" },
  { "audiotestsrc is-live=true freq=300 samplesperbuffer=320 ! "
    "audio/x-raw,format=S24BE,rate=16000,channels=2,layout=non-interleaved",
      "G722" },
  { "audiotestsrc is-live=true freq=300 samplesperbuffer=160 ! "
    "audio/x-raw,rate=8000,channels=1 ! alawenc",
      "PCMA" },
  { "audiotestsrc is-live=true freq=300 samplesperbuffer=960 ! "
    "audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay pt=120",
      "OPUS" },
};

GST_START_TEST (test_keys)
{
  static const guint numbers[] = { 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 11, 12, 13,
    14, 15 };
  Line self;

  line_init (&self, sources[__i__].source, sources[__i__].codec);
  wait_until_playable (&self);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    fail_unless (play (&self, numbers[i], 70, 70));
  wait_until_heard (&self, KEYS);
  line_clear (&self);
}
GST_END_TEST;

GST_START_TEST (test_muted)
{
  Line self;

  line_init (&self, sources[0].source, sources[0].codec);
  g_object_set (self.send, "muted", TRUE, NULL);
  wait_until_playable (&self);
  wait_until_heard (&self, "1");
  line_clear (&self);
}
GST_END_TEST;

/* The one that sounds is cut off, and nothing is left of those behind it */
GST_START_TEST (test_stop)
{
  Line self;

  line_init (&self, sources[0].source, sources[0].codec);
  wait_until_playable (&self);
  play (&self, 2, 5000, 70);
  play (&self, 3, 70, 70);
  wait_until_heard (&self, "12");
  gst_kandy_send_bin_stop_tones (GST_KANDY_SEND_BIN (self.send));
  play (&self, 4, 70, 70);
  wait_until_heard (&self, "124");
  line_clear (&self);
}
GST_END_TEST;

/* Where nothing flows, and where there are no tones in pictures */
GST_START_TEST (test_refused)
{
  GstElement *video =
      gst_object_ref_sink (gst_kandy_send_bin_new (KANDY_MEDIA_KIND_VIDEO));
  Line self;

  line_init (&self,
      "audiotestsrc is-live=true num-buffers=0 ! "
      "audio/x-raw,rate=48000,channels=1",
      "OPUS");
  fail_if (play (&self, 1, 70, 70));
  fail_if (
      gst_kandy_send_bin_play_tone (GST_KANDY_SEND_BIN (video), 1, 10, 70, 70));
  line_clear (&self);
  gst_object_unref (video);
}
GST_END_TEST;

/* Music and silence are no tones; off by default */
GST_START_TEST (test_not_found)
{
  GstElement *bin =
      gst_object_ref_sink (gst_kandy_receive_bin_new (KANDY_MEDIA_KIND_AUDIO));
  gboolean detects = TRUE;
  Line self;

  g_object_get (bin, "detect-dtmf", &detects, NULL);
  fail_if (detects);
  gst_object_unref (bin);

  line_init (&self, sources[0].source, sources[0].codec);
  g_object_set (self.receive, "detect-dtmf", FALSE, NULL);
  wait_until_playable (&self);
  g_usleep (G_USEC_PER_SEC);
  g_object_set (self.receive, "detect-dtmf", TRUE, NULL);
  g_usleep (G_USEC_PER_SEC / 2);
  fail_unless_equals_string (self.heard->str, "");
  line_clear (&self);
}
GST_END_TEST;

typedef struct {
  GString *heard;
  GMutex lock;
} Ear;

static void
hear (guint number, gpointer user_data)
{
  Ear *self = user_data;

  g_mutex_lock (&self->lock);
  g_string_append_c (self->heard, "0123456789*#ABCD"[number]);
  g_mutex_unlock (&self->lock);
}

/* Sound in buffers of 20 ms: + a tone of 1, # one of #, . silence, ~ silence
 * that is marked as a gap, _ nothing comes, | a discontinuity begins here */
static const struct {
  const char *sound;
  const char *heard;
} broken[] = {
  { "..+++++....+++++....#####......", "11#" },
  /* a hole in the sound, in the middle of a tone */
  { "..++++++++++___++++++++++......", "1" },
  { "..++++++++++_++++++++++........", "1" },
  { "..+++++|+++++|+++++.....#####..", "1#" },
  /* it comes too late, and its time is not what was expected */
  { "..++++_|++++__|++++.....#####..", "1#" },
  /* no pause: where it was made, it broke */
  { "..++..+++......#####...........", "1#" },
  /* pauses are pauses, whatever they are marked as */
  { "..+++++~~~~+++++~~~~#####~~~~..", "11#" },
  { "..++++_..._++++.....#####......", "11#" },
  /* so long that a pause is in it, most likely */
  { "..++++++++++________+++++++....", "11" },
};

static GstBuffer *
make_piece (char what, guint n)
{
  const guint samples = 960;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, samples * 2, NULL);
  double low = what == '#' ? 941 : 697, high = what == '#' ? 1477 : 1209;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (guint i = 0; i < samples; i++) {
    double t = (n * samples + i) / 48000.0;
    double value = what == '+' || what == '#'
        ? sin (2 * G_PI * low * t) + sin (2 * G_PI * high * t)
        : 0;

    ((gint16 *) map.data)[i] = (gint16) (value * 6000);
  }
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = n * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  if (what == '~')
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  return buffer;
}

/* A tone counts once, whatever became of it on the way. The digit at the end
 * is found behind all others. */
GST_START_TEST (test_broken)
{
  g_autofree char *sound =
      g_strconcat (broken[__i__].sound, "#####.....", NULL);
  g_autofree char *expected = g_strconcat (broken[__i__].heard, "#", NULL);
  g_autoptr (GstCaps) caps =
      gst_caps_from_string ("audio/x-raw,format=" GST_AUDIO_NE (
          S16) ",rate=48000,channels=1,layout=interleaved");
  Ear ear = { g_string_new (NULL) };
  const char *missing = NULL;
  GstKandyDtmfDetector *detector;
  gint64 deadline = patience_end (10);
  gboolean discont = FALSE, done = FALSE;
  guint n = 0;

  g_mutex_init (&ear.lock);
  detector = gst_kandy_dtmf_detector_new (hear, &ear, &missing);
  fail_unless (detector != NULL, "no %s", missing);
  for (const char *p = sound; *p; p++) {
    g_autoptr (GstBuffer) buffer = NULL;

    if (*p == '|') {
      discont = TRUE;
      continue;
    }
    buffer = make_piece (*p, n++);
    if (discont)
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    discont = FALSE;
    if (*p != '_')
      gst_kandy_dtmf_detector_push (detector, buffer, caps);
  }
  while (!done && g_get_monotonic_time () < deadline) {
    g_usleep (2000);
    g_mutex_lock (&ear.lock);
    done = ear.heard->len >= strlen (expected);
    g_mutex_unlock (&ear.lock);
  }
  gst_kandy_dtmf_detector_free (detector);
  fail_unless_equals_string (ear.heard->str, expected);
  g_string_free (ear.heard, TRUE);
  g_mutex_clear (&ear.lock);
}
GST_END_TEST;

static GstPadProbeReturn
lose_some (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  guint *n = user_data;

  return (*n)++ % 12 < 3 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* 60 ms of each 240 are lost on the way, and made up for by the decoder or not:
 * a long tone is one tone */
GST_START_TEST (test_lossy)
{
  g_autoptr (GstPad) pad = NULL;
  Line self;
  guint n = 0;

  line_init (&self, sources[__i__].source, sources[__i__].codec);
  wait_until_playable (&self);
  wait_until_heard (&self, "1");
  pad = gst_element_get_static_pad (self.receive, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose_some, &n, NULL);
  fail_unless (play (&self, 2, 600, 100));
  /* whole for long enough, wherever the holes are */
  fail_unless (play (&self, 3, 400, 70));
  wait_until_heard (&self, "123");
  line_clear (&self);
}
GST_END_TEST;

static Suite *
dtmf_sound_suite (void)
{
  Suite *suite = suite_create ("dtmf-sound");
  TCase *sound = tcase_create ("sound");
  TCase *holes = tcase_create ("holes");

  tcase_set_timeout (sound, 20);
  suite_add_tcase (suite, sound);
  tcase_set_timeout (holes, 20);
  suite_add_tcase (suite, holes);
  if (!gst_registry_check_feature_version (
          gst_registry_get (), "dtmfdetect", 1, 0, 0))
    return suite;
  tcase_add_loop_test (sound, test_keys, 0, G_N_ELEMENTS (sources));
  tcase_add_test (sound, test_muted);
  tcase_add_test (sound, test_stop);
  tcase_add_test (sound, test_refused);
  tcase_add_loop_test (holes, test_broken, 0, G_N_ELEMENTS (broken));
  tcase_add_loop_test (holes, test_lossy, 0, 3);
  tcase_add_test (sound, test_not_found);
  return suite;
}

GST_CHECK_MAIN (dtmf_sound);
