/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Encoders as a call sets them up, each that is installed: what they make of
 * pictures that are hard to encode, before and after the far end allows less.
 * In the time of the pictures: how busy the machine is does not count. */

#include <gst/app/gstappsink.h>
#include <gst/check/gstcheck.h>

#include "gstkandycodec.h"

/* bit/s; pictures a second */
#define LIMIT 150000
#define RATE 15

/* Seconds of pictures: until the limit comes, and until it is kept to */
#define LIMITED 3
#define SETTLED 6
#define END 14

#define DETAIL "zone-plate kx2=20 ky2=20 kt=3"
#define NOISE "snow"

static const struct {
  const char *codec;
  const char *encoder;
  /* of one that begins anew when its rate is changed for the first time */
  guint more_key_frames;
} encoders[] = {
  { "VP8", "vp8enc" },
  { "VP9", "vp9enc" },
  { "H264", "x264enc" },
  { "H264", "openh264enc", 1 },
  { "AV1", "av1enc" },
};

typedef struct {
  const GstKandyCodec *codec;
  GstElement *encoder;
} Limited;

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Limited *limited = user_data;

  if (GST_BUFFER_PTS (info->data) < LIMITED * GST_SECOND)
    return GST_PAD_PROBE_OK;
  gst_kandy_codec_set_bitrate (limited->codec, limited->encoder, LIMIT);
  return GST_PAD_PROBE_REMOVE;
}

/* FALSE: there is none */
static gboolean
choose (const char *codec, const char *encoder)
{
  GstRegistry *registry = gst_registry_get ();
  GstPluginFeature *wanted = gst_registry_lookup_feature (registry, encoder);

  if (!wanted) {
    g_print ("%s is not installed: nothing to test\n", encoder);
    return FALSE;
  }
  gst_object_unref (wanted);
  for (guint i = 0; i < G_N_ELEMENTS (encoders); i++) {
    GstPluginFeature *other = NULL;

    if (g_str_equal (encoders[i].codec, codec)
        && !g_str_equal (encoders[i].encoder, encoder))
      other = gst_registry_lookup_feature (registry, encoders[i].encoder);
    if (other)
      gst_registry_remove_feature (registry, other);
    gst_clear_object (&other);
  }
  return TRUE;
}

static void
check_limit (guint i, const char *pattern, gboolean all)
{
  const GstKandyCodec *codec = gst_kandy_codec_find (encoders[i].codec);
  g_autofree char *line = g_strdup_printf (
      "videotestsrc name=source pattern=%s num-buffers=%u ! capsfilter "
      "caps=video/x-raw,format=I420,width=320,height=240,framerate=%u/1",
      pattern, END * RATE, RATE);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *bin, *sink;
  Limited limited = { codec };
  GstSample *sample;
  GstClockTime first = GST_CLOCK_TIME_NONE, last = 0;
  guint64 bytes = 0;
  guint key_frames = 0, pictures = 0;
  double rate;

  bin = gst_parse_bin_from_description (line, TRUE, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  source = gst_bin_get_by_name (GST_BIN (bin), "source");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, &limited, NULL);
  pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  sink = gst_element_factory_make ("appsink", NULL);
  g_object_set (sink, "sync", FALSE, "max-buffers", 2, NULL);
  limited.encoder = gst_kandy_codec_make_encoder (codec, 0);
  fail_unless (limited.encoder != NULL);
  fail_unless_equals_string (
      GST_OBJECT_NAME (gst_element_get_factory (limited.encoder)),
      encoders[i].encoder);
  gst_bin_add_many (GST_BIN (pipeline), bin, limited.encoder, sink, NULL);
  fail_unless (gst_element_link_many (bin, limited.encoder, sink, NULL));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);

  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (sink)))) {
    GstBuffer *buffer = gst_sample_get_buffer (sample);
    GstClockTime time =
        gst_segment_to_running_time (gst_sample_get_segment (sample),
            GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));

    if (!GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
      key_frames++;
    if (time >= SETTLED * GST_SECOND) {
      if (GST_CLOCK_TIME_IS_VALID (first)) {
        bytes += gst_buffer_get_size (buffer);
        last = time;
        pictures++;
      } else {
        first = time;
      }
    }
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);

  fail_unless (pictures > 1, "no pictures");
  rate = bytes * 8.0 * GST_SECOND / (last - first);
  fail_unless (rate <= LIMIT * 1.1 && rate >= LIMIT / 2.5, "%s, %s: %.0f bit/s",
      encoders[i].encoder, pattern, rate);
  fail_unless (key_frames <= 1 + encoders[i].more_key_frames,
      "%s, %s: %u key frames", encoders[i].encoder, pattern, key_frames);
  fail_unless (!all || pictures > (END - SETTLED) * RATE * 9 / 10,
      "%s, %s: %u pictures", encoders[i].encoder, pattern, pictures);
}

/* An encoder keeps to this by itself, and no picture is left out */
GST_START_TEST (test_detail)
{
  if (choose (encoders[__i__].codec, encoders[__i__].encoder))
    check_limit (__i__, DETAIL, TRUE);
}
GST_END_TEST;

/* No encoder keeps to it without that */
GST_START_TEST (test_noise)
{
  if (choose (encoders[__i__].codec, encoders[__i__].encoder))
    check_limit (__i__, NOISE, FALSE);
}
GST_END_TEST;

static Suite *
encoders_suite (void)
{
  Suite *suite = suite_create ("encoders");
  TCase *tcase = tcase_create ("encoders");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 20);
  tcase_add_loop_test (tcase, test_detail, 0, G_N_ELEMENTS (encoders));
  tcase_add_loop_test (tcase, test_noise, 0, G_N_ELEMENTS (encoders));
  return suite;
}

GST_CHECK_MAIN (encoders);
