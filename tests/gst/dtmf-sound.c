/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gstkandycodec.h"
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

static Suite *
dtmf_sound_suite (void)
{
  Suite *suite = suite_create ("dtmf-sound");
  TCase *sound = tcase_create ("sound");

  tcase_set_timeout (sound, 20);
  suite_add_tcase (suite, sound);
  if (!gst_registry_check_feature_version (
          gst_registry_get (), "dtmfdetect", 1, 0, 0))
    return suite;
  tcase_add_loop_test (sound, test_keys, 0, G_N_ELEMENTS (sources));
  tcase_add_test (sound, test_muted);
  tcase_add_test (sound, test_stop);
  tcase_add_test (sound, test_refused);
  tcase_add_test (sound, test_not_found);
  return suite;
}

GST_CHECK_MAIN (dtmf_sound);
