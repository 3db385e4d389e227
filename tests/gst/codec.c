/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Codecs and the bins around them: real sound and pictures through the elements
 * that are installed, measured at the other end. */

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/rtp/rtp.h>
#include <gst/video/video.h>
#include <math.h>
#include <string.h>

#include "gstkandycodec.h"
#include "gstkandyreceivebin.h"
#include "gstkandysendbin.h"

#define TIMEOUT (10 * GST_SECOND)

typedef struct {
  GstElement *pipeline;
  GstElement *send;
  GstElement *receive;
  GstElement *sink;
  guint packets;
  guint drop_every; /* 0: none */
  guint only;       /* the one packet that is not dropped; 0: none is */
  gsize largest;
  int force_key_units; /* atomic; that reached the source */
  int requests;        /* atomic; that left the receiver */
  guint wrong;         /* packets with another SSRC or payload type */
  guint ssrc;
  int pt;
} Line;

static GstCaps *
negotiated_caps (const char *name, guint ssrc)
{
  GstCaps *caps = gst_kandy_codec_get_rtp_caps (gst_kandy_codec_find (name));

  gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, ssrc, NULL);
  return caps;
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Line *line = user_data;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;

  if (info->type & GST_PAD_PROBE_TYPE_EVENT_UPSTREAM) {
    if (gst_video_event_is_force_key_unit (info->data))
      g_atomic_int_inc (&line->requests);
    return GST_PAD_PROBE_OK;
  }
  line->packets++;
  line->largest = MAX (line->largest, gst_buffer_get_size (info->data));
  fail_unless (gst_rtp_buffer_map (info->data, GST_MAP_READ, &rtp));
  line->wrong += gst_rtp_buffer_get_ssrc (&rtp) != line->ssrc
      || gst_rtp_buffer_get_payload_type (&rtp) != line->pt;
  gst_rtp_buffer_unmap (&rtp);
  if (line->drop_every && line->packets % line->drop_every == 0)
    return GST_PAD_PROBE_DROP;
  if (line->only && line->packets != line->only)
    return GST_PAD_PROBE_DROP;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_source_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Line *line = user_data;

  if (gst_video_event_is_force_key_unit (info->data))
    g_atomic_int_inc (&line->force_key_units);
  return GST_PAD_PROBE_OK;
}

/* video in packets comes in lists */
static GstPadProbeReturn
on_list (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBufferList *list, *kept;
  guint i;

  if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST))
    return on_packet (pad, info, user_data);
  list = info->data;
  kept = gst_buffer_list_new ();
  for (i = 0; i < gst_buffer_list_length (list); i++) {
    GstPadProbeInfo one = { .type = GST_PAD_PROBE_TYPE_BUFFER,
      .data = gst_buffer_list_get (list, i) };

    if (on_packet (pad, &one, user_data) == GST_PAD_PROBE_OK)
      gst_buffer_list_add (kept, gst_buffer_ref (one.data));
  }
  gst_buffer_list_unref (list);
  info->data = kept;
  return GST_PAD_PROBE_OK;
}

static void
line_init (Line *line, KandyMediaKind kind, const char *source,
    GstCaps *negotiated, GstKandyReceiveOutput output)
{
  GstElement *src = gst_parse_bin_from_description (source, TRUE, NULL);
  GstPad *pad;

  memset (line, 0, sizeof (*line));
  line->pipeline = gst_pipeline_new (NULL);
  line->send = gst_kandy_send_bin_new (kind);
  line->receive = gst_kandy_receive_bin_new (kind);
  line->sink = gst_element_factory_make ("appsink", NULL);
  fail_unless (src != NULL);
  g_object_set (line->sink, "sync", FALSE, NULL);
  g_object_set (line->receive, "output", output, NULL);
  g_object_set (line->send, "negotiated-caps", negotiated, NULL);
  if (negotiated) {
    const GstStructure *s = gst_caps_get_structure (negotiated, 0);

    gst_structure_get_uint (s, "ssrc", &line->ssrc);
    gst_structure_get_int (s, "payload", &line->pt);
  }
  gst_bin_add_many (GST_BIN (line->pipeline), src, line->send, line->receive,
      line->sink, NULL);
  fail_unless (
      gst_element_link_many (src, line->send, line->receive, line->sink, NULL));

  pad = gst_element_get_static_pad (line->receive, "sink");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST
          | GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
      on_list, line, NULL);
  gst_object_unref (pad);
  pad = gst_element_get_static_pad (src, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_source_event, line, NULL);
  gst_object_unref (pad);
}

static void
line_clear (Line *line)
{
  gst_element_set_state (line->pipeline, GST_STATE_NULL);
  gst_clear_object (&line->pipeline);
}

static void
line_check_bus (Line *line)
{
  GstBus *bus = gst_element_get_bus (line->pipeline);
  GstMessage *message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);

  if (message) {
    GError *error = NULL;
    char *debug = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &debug);
    else
      gst_message_parse_warning (message, &error, &debug);
    fail ("%s (%s)", error->message, debug);
  }
  gst_object_unref (bus);
}

/* Frames of float mono at 8 kHz or more, collected until there is half a
 * second, after the first @skip */
static double *
pull_audio (Line *line, guint skip, guint *n, int *rate)
{
  double *values = NULL;
  guint length = 0, want = 0;

  while (want == 0 || length < want) {
    GstSample *sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (line->sink), TIMEOUT);
    GstAudioInfo info;
    GstMapInfo map;
    guint i;

    if (!sample)
      line_check_bus (line);
    fail_unless (sample != NULL, "no sound, %u frames of %u", length, want);
    fail_unless (
        gst_audio_info_from_caps (&info, gst_sample_get_caps (sample)));
    fail_unless_equals_int (
        GST_AUDIO_INFO_FORMAT (&info), GST_AUDIO_FORMAT_S16);
    if (skip > 0) {
      skip--;
      gst_sample_unref (sample);
      continue;
    }
    *rate = GST_AUDIO_INFO_RATE (&info);
    want = *rate / 2;
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    values =
        g_realloc_n (values, length + map.size / info.bpf, sizeof (double));
    for (i = 0; i < map.size / info.bpf; i++)
      values[length++] =
          ((gint16 *) map.data)[i * GST_AUDIO_INFO_CHANNELS (&info)] / 32768.0;
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    gst_sample_unref (sample);
  }
  *n = length;
  return values;
}

/* Share of the power that is at @frequency (Goertzel) */
static double
share_of (const double *values, guint n, int rate, double frequency)
{
  double w = 2 * G_PI * frequency / rate;
  double s1 = 0, s2 = 0, total = 0;
  guint i;

  for (i = 0; i < n; i++) {
    double s = values[i] + 2 * cos (w) * s1 - s2;

    s2 = s1;
    s1 = s;
    total += values[i] * values[i];
  }
  if (total <= 0)
    return 0;
  return (s1 * s1 + s2 * s2 - 2 * cos (w) * s1 * s2) / (total * n / 2);
}

static double
power_of (const double *values, guint n)
{
  double total = 0;
  guint i;

  for (i = 0; i < n; i++)
    total += values[i] * values[i];
  return total / n;
}

static void
check_tone (Line *line, guint skip, double frequency)
{
  guint n;
  int rate;
  double *values = pull_audio (line, skip, &n, &rate);
  double share = share_of (values, n, rate, frequency);

  fail_unless (
      share > 0.9, "%.2f of the power is at %.0f Hz", share, frequency);
  fail_unless (share_of (values, n, rate, frequency * 1.7) < 0.05);
  g_free (values);
}

/* Y, U and V in the middle of a picture */
static void
pull_colour (Line *line, guint skip, int *yuv)
{
  GstSample *sample;
  GstVideoInfo info;
  GstVideoFrame frame;
  guint i;

  for (i = 0;; i++) {
    sample = gst_app_sink_try_pull_sample (GST_APP_SINK (line->sink), TIMEOUT);
    if (!sample)
      line_check_bus (line);
    fail_unless (sample != NULL, "no picture");
    if (i == skip)
      break;
    gst_sample_unref (sample);
  }
  fail_unless (gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
  fail_unless (gst_video_frame_map (
      &frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ));
  for (i = 0; i < 3; i++) {
    int x = GST_VIDEO_FRAME_COMP_WIDTH (&frame, i) / 2;
    int y = GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i) / 2;

    yuv[i] = ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (
        &frame, i))[y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, i)
        + x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, i)];
  }
  gst_video_frame_unmap (&frame);
  gst_sample_unref (sample);
}

static void
check_colour (Line *line, guint skip, int y, int u, int v)
{
  int yuv[3];

  pull_colour (line, skip, yuv);
  fail_unless (
      ABS (yuv[0] - y) < 12 && ABS (yuv[1] - u) < 12 && ABS (yuv[2] - v) < 12,
      "colour %d %d %d", yuv[0], yuv[1], yuv[2]);
}

#define TONE                                                                   \
  "audiotestsrc freq=1000 wave=sine samplesperbuffer=480 num-buffers=300 "     \
  "! audio/x-raw,rate=48000,channels=1"
#define PICTURE                                                                \
  "videotestsrc pattern=red num-buffers=30 "                                   \
  "! video/x-raw,width=160,height=120,framerate=30/1"

static const char *const audio_codecs[] = { "OPUS", "G722", "PCMU", "PCMA" };
static const char *const video_codecs[] = { "VP8", "VP9", "H264", "AV1" };

GST_START_TEST (test_audio_codec)
{
  const char *name = audio_codecs[__i__];
  g_autoptr (GstCaps) caps = negotiated_caps (name, 0x12345678);
  g_autofree char *used = NULL;
  Line line;

  if (!gst_kandy_codec_can_encode (gst_kandy_codec_find (name)))
    return;
  line_init (
      &line, KANDY_MEDIA_KIND_AUDIO, TONE, caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_tone (&line, 5, 1000);
  g_object_get (line.send, "codec-name", &used, NULL);
  fail_unless_equals_string (used, name);
  fail_unless (line.packets > 10);
  fail_unless_equals_int (line.wrong, 0);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_video_codec)
{
  const char *name = video_codecs[__i__];
  g_autoptr (GstCaps) caps = negotiated_caps (name, 0x12345678);
  Line line;

  if (!gst_kandy_codec_can_encode (gst_kandy_codec_find (name))
      || !gst_kandy_codec_can_decode (gst_kandy_codec_find (name)))
    return;
  line_init (&line, KANDY_MEDIA_KIND_VIDEO, PICTURE, caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_colour (&line, 5, 81, 90, 240);
  fail_unless_equals_int (line.wrong, 0);
  fail_unless (line.largest <= 1200, "%u", (guint) line.largest);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_encoded_input)
{
  static const char *const lines[] = { TONE " ! opusenc",
    TONE " ! opusenc ! rtpopuspay pt=99" };
  g_autoptr (GstCaps) caps = negotiated_caps ("OPUS", 77);
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO, lines[__i__], caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_tone (&line, 5, 1000);
  fail_unless_equals_int (line.wrong, 0);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

/* ms per packet; redundancy is in the packet after */
static const guint packets[] = { 20, 60 };

GST_START_TEST (test_latency)
{
  g_autofree char *source = g_strdup_printf (
      "audiotestsrc is-live=true freq=1000 samplesperbuffer=480 ! "
      "audio/x-raw,rate=48000,channels=1 ! opusenc frame-size=%u ! identity",
      packets[__i__]);
  g_autoptr (GstCaps) caps = negotiated_caps ("OPUS", 77);
  g_autoptr (GstQuery) before = gst_query_new_latency ();
  g_autoptr (GstQuery) behind = gst_query_new_latency ();
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstPad) src = NULL;
  GstClockTime in, out;
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO, source, caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_tone (&line, 5, 1000);
  sink = gst_element_get_static_pad (line.receive, "sink");
  src = gst_element_get_static_pad (line.receive, "src");
  fail_unless (gst_pad_peer_query (sink, before));
  fail_unless (gst_pad_query (src, behind));
  gst_query_parse_latency (before, NULL, &in, NULL);
  gst_query_parse_latency (behind, NULL, &out, NULL);
  fail_unless_equals_uint64 (out - in, packets[__i__] * GST_MSECOND);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_encoded_output)
{
  static const struct {
    KandyMediaKind kind;
    const char *codec;
    const char *source;
    GstKandyReceiveOutput output;
    const char *expected;
  } cases[] = {
    { KANDY_MEDIA_KIND_AUDIO, "OPUS", TONE, GST_KANDY_RECEIVE_OUTPUT_ENCODED,
        "audio/x-opus" },
    { KANDY_MEDIA_KIND_AUDIO, "PCMU", TONE, GST_KANDY_RECEIVE_OUTPUT_ENCODED,
        "audio/x-mulaw" },
    { KANDY_MEDIA_KIND_AUDIO, "OPUS", TONE, GST_KANDY_RECEIVE_OUTPUT_RTP,
        "application/x-rtp" },
    { KANDY_MEDIA_KIND_VIDEO, "VP8", PICTURE, GST_KANDY_RECEIVE_OUTPUT_ENCODED,
        "video/x-vp8" },
    { KANDY_MEDIA_KIND_VIDEO, "H264", PICTURE, GST_KANDY_RECEIVE_OUTPUT_ENCODED,
        "video/x-h264" },
    { KANDY_MEDIA_KIND_VIDEO, "VP8", PICTURE, GST_KANDY_RECEIVE_OUTPUT_RTP,
        "application/x-rtp" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstCaps) caps = negotiated_caps (cases[i].codec, 5);
    GstSample *sample;
    Line line;
    guint j;

    line_init (&line, cases[i].kind, cases[i].source, caps, cases[i].output);
    gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
    for (j = 0; j < 5; j++) {
      sample = gst_app_sink_try_pull_sample (GST_APP_SINK (line.sink), TIMEOUT);
      fail_unless (sample != NULL);
      fail_unless (gst_structure_has_name (
          gst_caps_get_structure (gst_sample_get_caps (sample), 0),
          cases[i].expected));
      if (j == 0 && cases[i].output == GST_KANDY_RECEIVE_OUTPUT_ENCODED)
        fail_if (GST_BUFFER_FLAG_IS_SET (
            gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT));
      gst_sample_unref (sample);
    }
    line_check_bus (&line);
    line_clear (&line);
  }
}

GST_END_TEST;

/* A call may end before a decoder has had enough */
GST_START_TEST (test_early_end)
{
  static const struct {
    const char *codec;
    GstKandyReceiveOutput output;
    guint only;
  } cases[] = {
    { "OPUS", GST_KANDY_RECEIVE_OUTPUT_RAW, 1 },
    { "OPUS", GST_KANDY_RECEIVE_OUTPUT_ENCODED, 1 },
    { "G722", GST_KANDY_RECEIVE_OUTPUT_RAW, 1 },
    { "VP8", GST_KANDY_RECEIVE_OUTPUT_RAW, 2 },
    { "VP8", GST_KANDY_RECEIVE_OUTPUT_ENCODED, 2 },
    { "H264", GST_KANDY_RECEIVE_OUTPUT_RAW, 4 },
    { "H264", GST_KANDY_RECEIVE_OUTPUT_ENCODED, 1 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstCaps) caps = negotiated_caps (cases[i].codec, 5);
    gboolean audio = i < 3;
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GstBus) bus = NULL;
    Line line;

    if (!gst_kandy_codec_can_encode (gst_kandy_codec_find (cases[i].codec)))
      continue;
    line_init (&line, audio ? KANDY_MEDIA_KIND_AUDIO : KANDY_MEDIA_KIND_VIDEO,
        audio ? TONE : PICTURE, caps, cases[i].output);
    line.only = cases[i].only;
    g_object_set (line.sink, "async", FALSE, "wait-on-eos", FALSE, NULL);
    bus = gst_element_get_bus (line.pipeline);
    gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (bus, TIMEOUT,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS,
        "%s: %s", cases[i].codec,
        message ? GST_MESSAGE_TYPE_NAME (message) : "nothing comes");
    line_clear (&line);
  }
}

GST_END_TEST;

/* Another codec is agreed on, then none, then the first again: pads stay */
GST_START_TEST (test_retarget)
{
  g_autoptr (GstCaps) opus = negotiated_caps ("OPUS", 1);
  g_autoptr (GstCaps) mulaw = negotiated_caps ("PCMU", 1);
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO,
      "audiotestsrc freq=1000 samplesperbuffer=480 ! "
      "audio/x-raw,rate=48000,channels=2",
      opus, GST_KANDY_RECEIVE_OUTPUT_RAW);
  g_object_set (line.sink, "max-buffers", 5, NULL);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_tone (&line, 5, 1000);
  g_object_set (line.send, "negotiated-caps", mulaw, NULL);
  check_tone (&line, 20, 1000);
  g_object_set (line.send, "negotiated-caps", NULL, NULL);
  g_object_set (line.send, "negotiated-caps", opus, NULL);
  check_tone (&line, 20, 1000);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

/* RFC 7587 section 6.1: what is not said to be stereo is mono */
GST_START_TEST (test_channels)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("OPUS", 1);
  GstSample *sample;
  Line line;
  int channels;

  if (__i__)
    gst_caps_set_simple (caps, "stereo", G_TYPE_STRING, "1", "sprop-stereo",
        G_TYPE_STRING, "1", NULL);
  line_init (&line, KANDY_MEDIA_KIND_AUDIO,
      "audiotestsrc ! audio/x-raw,rate=48000,channels=2", caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  g_object_set (line.sink, "max-buffers", 5, NULL);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  sample = gst_app_sink_try_pull_sample (GST_APP_SINK (line.sink), TIMEOUT);
  fail_unless (sample != NULL);
  fail_unless (gst_structure_get_int (
      gst_caps_get_structure (gst_sample_get_caps (sample), 0), "channels",
      &channels));
  fail_unless_equals_int (channels, 1 + __i__);
  gst_sample_unref (sample);
  line_clear (&line);
}

GST_END_TEST;

static void
push_silence (GstHarness *harness, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    GstBuffer *buffer = gst_buffer_new_and_alloc (960);

    gst_buffer_memset (buffer, 0, 0, 960);
    GST_BUFFER_PTS (buffer) = i * 10 * GST_MSECOND;
    GST_BUFFER_DURATION (buffer) = 10 * GST_MSECOND;
    fail_unless_equals_int (gst_harness_push (harness, buffer), GST_FLOW_OK);
  }
}

/* Encoded in advance and not given out; then the encoder goes on in the middle
 * of its frame of 20 ms if the codec is the one that was expected */
GST_START_TEST (test_expected)
{
  const char *name = __i__ ? "PCMU" : "OPUS";
  g_autoptr (GstCaps) expected = negotiated_caps ("OPUS", 0);
  g_autoptr (GstCaps) negotiated = negotiated_caps (name, 4711);
  g_autofree char *used = NULL;
  GstElement *send = gst_kandy_send_bin_new (KANDY_MEDIA_KIND_AUDIO);
  GstHarness *harness;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  GstBuffer *packet;
  GstCaps *caps;

  gst_object_ref_sink (send);
  g_object_set (send, "expected-caps", expected, NULL);
  harness = gst_harness_new_with_element (send, "sink", "src");
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1");
  push_silence (harness, 0, 11);
  fail_unless_equals_int (gst_harness_buffers_received (harness), 0);
  g_object_get (send, "codec-name", &used, NULL);
  fail_unless (used == NULL);

  g_object_set (send, "negotiated-caps", negotiated, NULL);
  push_silence (harness, 11, __i__ ? 31 : 12);
  packet = gst_harness_try_pull (harness);
  fail_unless (packet != NULL);
  fail_unless (gst_rtp_buffer_map (packet, GST_MAP_READ, &rtp));
  fail_unless_equals_int (gst_rtp_buffer_get_ssrc (&rtp), 4711);
  gst_rtp_buffer_unmap (&rtp);
  gst_buffer_unref (packet);
  caps = gst_pad_get_current_caps (harness->sinkpad);
  fail_unless (gst_caps_is_equal (caps, negotiated));
  gst_caps_unref (caps);
  g_object_get (send, "codec-name", &used, NULL);
  fail_unless_equals_string (used, name);

  gst_harness_teardown (harness);
  gst_object_unref (send);
}

GST_END_TEST;

/* The application changes what it feeds */
GST_START_TEST (test_input_change)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("OPUS", 1);
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO,
      "concat name=c ! identity "
      "audiotestsrc freq=1000 num-buffers=50 ! "
      "audio/x-raw,rate=44100,channels=1 ! c. "
      "audiotestsrc freq=1000 num-buffers=50 ! opusenc ! c. "
      "audiotestsrc freq=1000 num-buffers=100 ! opusenc ! rtpopuspay ! c.",
      caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_tone (&line, 5, 1000);
  check_tone (&line, 20, 1000);
  check_tone (&line, 20, 1000);
  check_tone (&line, 20, 1000);
  fail_unless_equals_int (line.wrong, 0);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_mute_audio)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("PCMU", 1);
  double *values;
  guint n;
  int rate;
  Line line;

  line_init (
      &line, KANDY_MEDIA_KIND_AUDIO, TONE, caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  g_object_set (line.send, "muted", TRUE, NULL);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  values = pull_audio (&line, 5, &n, &rate);
  fail_unless (power_of (values, n) < 1e-6);
  g_free (values);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_mute_video)
{
  static const char *const formats[] = { "I420", "NV12", "YUY2", "RGB", "BGRx",
    "GRAY8", "I420_10LE" };
  g_autoptr (GstCaps) caps = negotiated_caps ("VP8", 1);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree char *source = g_strdup_printf (
        "videotestsrc num-buffers=3 ! "
        "video/x-raw,format=%s,width=162,height=122,framerate=30/1",
        formats[i]);
    Line line;

    line_init (&line, KANDY_MEDIA_KIND_VIDEO, source, caps,
        GST_KANDY_RECEIVE_OUTPUT_RAW);
    g_object_set (line.send, "muted", TRUE, NULL);
    gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
    check_colour (&line, 0, 16, 128, 128);
    line_check_bus (&line);
    line_clear (&line);
  }
}

GST_END_TEST;

/* One in twenty packets is lost: nobody hears it, and time goes on */
GST_START_TEST (test_audio_loss)
{
  const char *name = audio_codecs[__i__];
  g_autoptr (GstCaps) caps = negotiated_caps (name, 1);
  GstClockTime last = GST_CLOCK_TIME_NONE;
  GstClockTime lost = 0;
  GstSample *sample;
  Line line;

  line_init (
      &line, KANDY_MEDIA_KIND_AUDIO, TONE, caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  line.drop_every = 20;
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  while ((sample = gst_app_sink_try_pull_sample (
              GST_APP_SINK (line.sink), TIMEOUT))) {
    GstBuffer *buffer = gst_sample_get_buffer (sample);

    if (GST_CLOCK_TIME_IS_VALID (last)
        && GST_BUFFER_PTS (buffer) > last + GST_MSECOND)
      lost += GST_BUFFER_PTS (buffer) - last;
    last = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    gst_sample_unref (sample);
  }
  line_check_bus (&line);
  fail_unless (line.packets > 100, "%u packets", line.packets);
  /* 3 s, of which 150 ms were lost on the way; G.711 and G.722 have no
   * concealment in all decoders */
  if (__i__ == 0)
    fail_unless (lost < 30 * GST_MSECOND, "%u ms are missing",
        (guint) (lost / GST_MSECOND));
  line_clear (&line);
}

GST_END_TEST;

/* Pictures that depend on one that was lost are not shown, and another is asked
 * for */
GST_START_TEST (test_video_loss)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("VP8", 1);
  Line line;
  guint i;

  line_init (&line, KANDY_MEDIA_KIND_VIDEO,
      "videotestsrc pattern=smpte num-buffers=120 ! "
      "video/x-raw,width=160,height=120,framerate=30/1",
      caps, GST_KANDY_RECEIVE_OUTPUT_ENCODED);
  line.drop_every = 13;
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  for (i = 0; i < 20; i++) {
    GstSample *sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (line.sink), TIMEOUT);

    fail_unless (sample != NULL);
    if (i == 0)
      fail_if (GST_BUFFER_FLAG_IS_SET (
          gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT));
    gst_sample_unref (sample);
  }
  fail_unless (g_atomic_int_get (&line.requests) > 1);
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

/* The far end wants a key frame: the encoder makes one, and for media that
 * comes encoded, the application hears of it */
GST_START_TEST (test_force_key_unit)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("VP8", 1);
  GstPad *pad;
  guint keys = 0, i;
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_VIDEO,
      "videotestsrc ! video/x-raw,width=160,height=120,framerate=30/1", caps,
      GST_KANDY_RECEIVE_OUTPUT_ENCODED);
  g_object_set (line.sink, "max-buffers", 2, NULL);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  pad = gst_element_get_static_pad (line.receive, "sink");
  for (i = 0; i < 60; i++) {
    GstSample *sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (line.sink), TIMEOUT);

    fail_unless (sample != NULL);
    if (!GST_BUFFER_FLAG_IS_SET (
            gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT))
      keys++;
    gst_sample_unref (sample);
    if (i == 20)
      gst_pad_push_event (pad,
          gst_video_event_new_upstream_force_key_unit (
              GST_CLOCK_TIME_NONE, TRUE, 0));
  }
  gst_object_unref (pad);
  fail_unless (keys >= 2 && keys <= 4, "%u key frames", keys);
  line_clear (&line);

  line_init (&line, KANDY_MEDIA_KIND_VIDEO,
      "videotestsrc pattern=red ! video/x-raw,width=160,height=120 ! "
      "vp8enc deadline=1 ! identity",
      caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_colour (&line, 0, 81, 90, 240);
  fail_unless (g_atomic_int_get (&line.force_key_units) > 0);
  line_clear (&line);
}

GST_END_TEST;

/* What does not fit is dropped with one warning, and the pipeline lives */
GST_START_TEST (test_mismatch)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("PCMU", 1);
  GstMessage *message;
  GstBus *bus;
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO, TONE " ! opusenc", caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  bus = gst_element_get_bus (line.pipeline);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, TIMEOUT, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING);
  gst_message_unref (message);
  message = gst_bus_timed_pop_filtered (
      bus, TIMEOUT, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_object_unref (bus);
  fail_unless_equals_int (line.packets, 0);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_states)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("OPUS", 1);
  Line line;
  guint i;

  line_init (&line, KANDY_MEDIA_KIND_AUDIO,
      "audiotestsrc freq=1000 samplesperbuffer=480 ! audio/x-raw,rate=48000",
      caps, GST_KANDY_RECEIVE_OUTPUT_RAW);
  g_object_set (line.sink, "max-buffers", 5, NULL);
  for (i = 0; i < 5; i++) {
    gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
    check_tone (&line, 5, 1000);
    gst_element_set_state (
        line.pipeline, i & 1 ? GST_STATE_READY : GST_STATE_NULL);
  }
  line_check_bus (&line);
  line_clear (&line);
}

GST_END_TEST;

GST_START_TEST (test_bitrate)
{
  g_autoptr (GstCaps) caps = negotiated_caps ("VP8", 1);
  GstIterator *it;
  GValue item = G_VALUE_INIT;
  gboolean found = FALSE;
  Line line;

  line_init (&line, KANDY_MEDIA_KIND_VIDEO,
      "videotestsrc pattern=red ! video/x-raw,width=160,height=120", caps,
      GST_KANDY_RECEIVE_OUTPUT_RAW);
  g_object_set (line.send, "max-bitrate", 300000, NULL);
  gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
  check_colour (&line, 1, 81, 90, 240);
  g_object_set (line.send, "max-bitrate", 200000, NULL);
  it = gst_bin_iterate_elements (GST_BIN (line.send));
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    GObject *element = g_value_get_object (&item);
    int bitrate;

    if (g_object_class_find_property (
            G_OBJECT_GET_CLASS (element), "target-bitrate")) {
      g_object_get (element, "target-bitrate", &bitrate, NULL);
      /* and the rest is for the headers */
      fail_unless_equals_int (bitrate, 190000);
      found = TRUE;
    }
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (it);
  fail_unless (found);
  line_clear (&line);
}

GST_END_TEST;

static char *
names_of (GstCaps *caps)
{
  GString *s = g_string_new (NULL);
  guint i;

  for (i = 0; i < gst_caps_get_size (caps); i++)
    g_string_append_printf (s, "%s%s", i ? " " : "",
        gst_structure_get_string (
            gst_caps_get_structure (caps, i), "encoding-name"));
  gst_caps_unref (caps);
  return g_string_free (s, FALSE);
}

static void
check_names (GstCaps *caps, const char *expected)
{
  g_autofree char *names = names_of (caps);

  fail_unless_equals_string (names, expected);
}

static void
check_input (KandyMediaKind kind, const char *text, gboolean remove_h264,
    const char *expected)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  check_names (gst_kandy_codecs_for_input (kind, caps, remove_h264), expected);
}

GST_START_TEST (test_codecs)
{
  g_autoptr (GstCaps) audio =
      gst_kandy_codecs_get_available (KANDY_MEDIA_KIND_AUDIO, TRUE);
  g_autoptr (GVariant) list =
      g_variant_ref_sink (gst_kandy_codecs_list (KANDY_MEDIA_KIND_AUDIO, TRUE));
  g_autoptr (GVariant) first = g_variant_get_child_value (list, 0);
  g_autoptr (GstCaps) raw = NULL;
  g_autoptr (GstCaps) stereo = NULL;
  const char *text;
  int number;

  check_names (gst_caps_ref (audio), "OPUS G722 PCMU PCMA");
  check_names (gst_kandy_codecs_prefer (audio, "pcma, OPUS", FALSE),
      "PCMA OPUS G722 PCMU");
  check_names (
      gst_kandy_codecs_prefer (audio, "pcma, OPUS", TRUE), "PCMA OPUS");
  check_names (gst_kandy_codecs_prefer (audio, "nothing", TRUE), "");
  check_names (
      gst_kandy_codecs_prefer (audio, NULL, TRUE), "OPUS G722 PCMU PCMA");

  check_input (KANDY_MEDIA_KIND_AUDIO,
      "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved", TRUE,
      "OPUS G722 PCMU PCMA");
  check_input (KANDY_MEDIA_KIND_AUDIO, "audio/x-mulaw,rate=8000,channels=1",
      TRUE, "PCMU");
  check_input (KANDY_MEDIA_KIND_AUDIO, "audio/mpeg,mpegversion=4", TRUE, "");
  check_input (KANDY_MEDIA_KIND_AUDIO, "video/x-raw", TRUE, "");
  check_input (KANDY_MEDIA_KIND_AUDIO,
      "application/x-rtp,media=audio,payload=8,clock-rate=8000", TRUE, "PCMA");
  check_input (KANDY_MEDIA_KIND_VIDEO, "video/x-h264", TRUE, "");
  check_input (KANDY_MEDIA_KIND_VIDEO, "video/x-h264", FALSE, "H264");

  raw = gst_caps_from_string ("audio/x-raw,rate=48000,channels=2");
  stereo = gst_kandy_codecs_for_input (KANDY_MEDIA_KIND_AUDIO, raw, TRUE);
  fail_unless_equals_string (
      gst_structure_get_string (
          gst_caps_get_structure (stereo, 0), "sprop-stereo"),
      "1");

  fail_unless (g_variant_lookup (first, "mimeType", "&s", &text));
  fail_unless_equals_string (text, "audio/opus");
  fail_unless (g_variant_lookup (first, "clockRate", "i", &number));
  fail_unless_equals_int (number, 48000);
  fail_unless (g_variant_lookup (first, "sdpFmtpLine", "&s", &text));
}

GST_END_TEST;

static Suite *
codec_suite (void)
{
  Suite *s = suite_create ("codec");
  TCase *tc = tcase_create ("bins");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 20);
  tcase_add_loop_test (tc, test_audio_codec, 0, G_N_ELEMENTS (audio_codecs));
  tcase_add_loop_test (tc, test_video_codec, 0, G_N_ELEMENTS (video_codecs));
  tcase_add_loop_test (tc, test_encoded_input, 0, 2);
  tcase_add_loop_test (tc, test_latency, 0, G_N_ELEMENTS (packets));
  tcase_add_test (tc, test_encoded_output);
  tcase_add_test (tc, test_early_end);
  tcase_add_test (tc, test_retarget);
  tcase_add_loop_test (tc, test_channels, 0, 2);
  tcase_add_loop_test (tc, test_expected, 0, 2);
  tcase_add_test (tc, test_input_change);
  tcase_add_test (tc, test_mute_audio);
  tcase_add_test (tc, test_mute_video);
  tcase_add_loop_test (tc, test_audio_loss, 0, G_N_ELEMENTS (audio_codecs));
  tcase_add_test (tc, test_video_loss);
  tcase_add_test (tc, test_force_key_unit);
  tcase_add_test (tc, test_mismatch);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_bitrate);

  tc = tcase_create ("codecs");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_codecs);
  return s;
}

GST_CHECK_MAIN (codec);
