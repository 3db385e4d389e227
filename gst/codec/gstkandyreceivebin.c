/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The RTP of one track, as an application wants it: decoded, encoded, or as it
 * came. What is inside follows the caps of the packets and is changed in their
 * streaming thread; there is no queue. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyreceivebin.h"

#include "gstkandycodecchain.h"
#include "gstkandydtmfdetector.h"
#include "gstkandysilence.h"

#include <gst/pbutils/pbutils.h>
#include <gst/rtp/rtp.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_STATIC (kandy_receive_bin_debug);
#define GST_CAT_DEFAULT kandy_receive_bin_debug

/* A larger gap is a sender that began anew */
#define MAX_LOST 100
/* As long as this, what a decoder makes up for a loss goes on as it was */
#define GOOD_CONCEALMENT (20 * GST_MSECOND)
/* Of most senders, and the longest that there is (RFC 6716 section 2.1.4) */
#define USUAL_PACKET_MS 20
#define LONGEST_PACKET_MS 120
/* Between two wishes for a key frame while none comes */
#define KEY_UNIT_INTERVAL (500 * GST_MSECOND)

struct _GstKandyReceiveBin {
  GstBin parent;

  KandyMediaKind kind;
  GstPad *sink;
  GstPad *src;
  GstKandyReceiveOutput output; /* under the object lock */
  gulong mute_probe;            /* under the object lock, 0 while heard */

  /* of the streaming thread */
  GstKandyCodecChain chain;
  GstCaps *input;
  const GstKandyCodec *codec;
  gboolean passthrough;
  gboolean warned;
  gboolean have_seqnum;
  guint16 next_seqnum;
  guint32 last_timestamp;
  GstClockTime last_pts;
  /* what was lost last */
  GstClockTime lost_from;
  GstClockTime lost_until;
  int clock_rate;
  int packet_ms; /* atomic; the longest one that came */

  int detects_dtmf; /* atomic */
  GstKandyDtmfDetector *detector;

  int has_output;    /* atomic */
  int key_unit_seen; /* atomic */
  GstClockTime last_request;
};

enum { PROP_0, PROP_KIND, PROP_OUTPUT, PROP_MUTED, PROP_DETECT_DTMF, N_PROPS };

enum { SIGNAL_DTMF_TONE, N_SIGNALS };

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_TYPE (GstKandyReceiveBin, gst_kandy_receive_bin, GST_TYPE_BIN)

GType
gst_kandy_receive_output_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GST_KANDY_RECEIVE_OUTPUT_RAW, "Decoded media", "raw" },
    { GST_KANDY_RECEIVE_OUTPUT_ENCODED, "Encoded media", "encoded" },
    { GST_KANDY_RECEIVE_OUTPUT_RTP, "RTP packets", "rtp" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstKandyReceiveOutput", values));
  return type;
}

static GstPadProbeReturn
on_output (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyReceiveBin *self = user_data;

  g_atomic_int_set (&self->has_output, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

/* With video nothing can be made of what comes before a key frame */
static GstPadProbeReturn
on_decoded (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyReceiveBin *self = user_data;

  g_atomic_int_set (&self->key_unit_seen, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

static GstPadProbeReturn
on_depayloaded (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyReceiveBin *self = user_data;

  if (GST_BUFFER_FLAG_IS_SET (info->data, GST_BUFFER_FLAG_DELTA_UNIT))
    return GST_PAD_PROBE_DROP;
  g_atomic_int_set (&self->key_unit_seen, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

/* (transfer full): what is decoded. RFC 7587 section 6.1: mono, unless the far
 * end says that it sends stereo; a depayloader assumes stereo. */
static GstCaps *
get_inner_caps (GstKandyReceiveBin *self)
{
  const GstStructure *s = gst_caps_get_structure (self->input, 0);
  GstCaps *caps;

  if (self->passthrough || !self->codec
      || !g_str_equal (gst_kandy_codec_get_name (self->codec), "OPUS")
      || gst_structure_has_field (s, "sprop-stereo"))
    return gst_caps_ref (self->input);
  caps = gst_caps_copy (self->input);
  gst_caps_set_simple (caps, "sprop-stereo", G_TYPE_STRING, "0", NULL);
  return caps;
}

static void
heard_tone (guint number, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_DTMF_TONE], 0, number);
}

/* What a decoder makes up for longer losses fades, which would break a tone in
 * two pieces */
static gboolean
is_concealed (GstKandyReceiveBin *self, GstBuffer *buffer)
{
  GstClockTime middle = GST_BUFFER_PTS (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (middle)
      || !GST_CLOCK_TIME_IS_VALID (self->lost_from))
    return FALSE;
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    middle += GST_BUFFER_DURATION (buffer) / 2;
  return middle >= self->lost_from + GOOD_CONCEALMENT
      && middle < self->lost_until;
}

static GstPadProbeReturn
on_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyReceiveBin *self = user_data;
  g_autoptr (GstCaps) caps = NULL;
  const char *missing = NULL;

  if (!g_atomic_int_get (&self->detects_dtmf))
    return GST_PAD_PROBE_OK;
  if (!self->detector)
    self->detector = gst_kandy_dtmf_detector_new (heard_tone, self, &missing);
  if (!self->detector) {
    gst_element_post_message (GST_ELEMENT (self),
        gst_missing_element_message_new (GST_ELEMENT (self), missing));
    GST_ELEMENT_WARNING (self, CORE, MISSING_PLUGIN,
        ("DTMF tones in the sound are not found."),
        ("there is no element %s", missing));
    g_atomic_int_set (&self->detects_dtmf, FALSE);
    return GST_PAD_PROBE_OK;
  }
  caps = gst_pad_get_current_caps (pad);
  if (caps && !is_concealed (self, info->data))
    gst_kandy_dtmf_detector_push (self->detector, info->data, caps);
  return GST_PAD_PROBE_OK;
}

/* What comes out of the last element */
static void
watch (GstKandyReceiveBin *self, GstPadProbeCallback on_buffer)
{
  GstElement *last =
      g_ptr_array_index (self->chain.elements, self->chain.elements->len - 1);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (last, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, NULL);
}

/* A decoder that uses redundancy waits for the next packet. opusdec says that
 * this takes as long as the longest packet that there could be, by which every
 * sink of the pipeline would be late. */
static GstPadProbeReturn
on_decoder_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyReceiveBin *self = user_data;
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);
  GstClockTime min, max, delay;
  g_autoptr (GstElement) decoder = NULL;
  g_autoptr (GstPad) sink = NULL;
  gboolean live;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  decoder = gst_pad_get_parent_element (pad);
  sink = decoder ? gst_element_get_static_pad (decoder, "sink") : NULL;
  if (!sink || !gst_pad_peer_query (sink, query))
    return GST_PAD_PROBE_DROP;
  gst_query_parse_latency (query, &live, &min, &max);
  delay = (GstClockTime) g_atomic_int_get (&self->packet_ms) * GST_MSECOND;
  gst_query_set_latency (query, live, min + delay,
      GST_CLOCK_TIME_IS_VALID (max) ? max + delay : max);
  return GST_PAD_PROBE_HANDLED;
}

static void
measure_packet (GstKandyReceiveBin *self, guint32 ticks)
{
  guint64 ms = self->clock_rate > 0
      ? gst_util_uint64_scale_int_ceil (ticks, 1000, self->clock_rate)
      : 0;

  /* more is a pause */
  if (ms > LONGEST_PACKET_MS || (int) ms <= g_atomic_int_get (&self->packet_ms))
    return;
  g_atomic_int_set (&self->packet_ms, (int) ms);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static void
add_decoder (GstKandyReceiveBin *self, const GstKandyCodec *codec)
{
  GstElement *decoder = gst_kandy_codec_chain_add (
      &self->chain, gst_kandy_codec_make_decoder (codec));
  g_autoptr (GstPad) pad = NULL;

  if (!decoder
      || !g_object_class_find_property (
          G_OBJECT_GET_CLASS (decoder), "use-inband-fec"))
    return;
  pad = gst_element_get_static_pad (decoder, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_decoder_query, self, NULL);
}

static void
rebuild (GstKandyReceiveBin *self)
{
  g_autoptr (GstCaps) inner = NULL;
  GstKandyReceiveOutput output;
  const GstKandyCodec *codec = gst_kandy_codec_from_caps (self->input);

  GST_OBJECT_LOCK (self);
  output = self->output;
  GST_OBJECT_UNLOCK (self);

  gst_kandy_codec_chain_clear (&self->chain);
  self->codec = codec;
  self->have_seqnum = FALSE;
  self->last_request = GST_CLOCK_TIME_NONE;
  g_atomic_int_set (&self->key_unit_seen,
      self->kind != KANDY_MEDIA_KIND_VIDEO
          || output == GST_KANDY_RECEIVE_OUTPUT_RTP);
  self->passthrough = output == GST_KANDY_RECEIVE_OUTPUT_RTP;
  if (self->passthrough) {
    gst_kandy_codec_chain_replay (&self->chain, self->input);
    if (self->kind == KANDY_MEDIA_KIND_VIDEO)
      gst_kandy_codec_chain_request_key_unit (self->sink);
    return;
  }

  if (codec) {
    gst_kandy_codec_chain_add (
        &self->chain, gst_kandy_codec_make_depayloader (codec));
    if (output == GST_KANDY_RECEIVE_OUTPUT_RAW) {
      add_decoder (self, codec);
    } else {
      GstElement *parser = gst_kandy_codec_make_parser (codec);

      if (parser)
        gst_kandy_codec_chain_add (&self->chain, parser);
    }
  }
  if (!gst_kandy_codec_chain_run (&self->chain)) {
    if (!self->warned)
      GST_ELEMENT_WARNING (self, STREAM, CODEC_NOT_FOUND,
          ("What the far end sends cannot be made use of."),
          ("caps %" GST_PTR_FORMAT, self->input));
    self->warned = TRUE;
    return;
  }
  g_atomic_int_set (&self->has_output, FALSE);
  if (self->kind == KANDY_MEDIA_KIND_VIDEO)
    watch (self,
        output == GST_KANDY_RECEIVE_OUTPUT_RAW ? on_decoded : on_depayloaded);
  else if (output == GST_KANDY_RECEIVE_OUTPUT_RAW)
    watch (self, on_sound);
  watch (self, on_output);
  GST_INFO_OBJECT (self, "receiving %s", gst_kandy_codec_get_name (codec));
  inner = get_inner_caps (self);
  gst_kandy_codec_chain_replay (&self->chain, inner);
}

/* Tells the depayloader, and by that the decoder, what is not coming: a jitter
 * buffer would, but it is on the other side of a border between pipelines. */
static void
announce_lost (GstKandyReceiveBin *self, guint16 first, guint n,
    GstRTPBuffer *next, GstClockTime pts)
{
  guint32 ticks = gst_rtp_buffer_get_timestamp (next) - self->last_timestamp;
  GstClockTime duration, timestamp;
  GstStructure *s;
  g_autoptr (GstPad) internal =
      GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (self->sink)));

  if (!GST_CLOCK_TIME_IS_VALID (pts)
      || !GST_CLOCK_TIME_IS_VALID (self->last_pts) || self->clock_rate <= 0
      || ticks > (guint32) self->clock_rate * 5)
    return;
  duration =
      gst_util_uint64_scale_int (ticks, GST_SECOND, self->clock_rate) / (n + 1);
  timestamp = self->last_pts + duration;
  if (duration == 0 || timestamp + n * duration > pts + duration)
    return;

  self->lost_from = timestamp;
  self->lost_until = timestamp + n * duration;
  s = gst_structure_new ("GstRTPPacketLost", "seqnum", G_TYPE_UINT,
      (guint) first, "timestamp", G_TYPE_UINT64, timestamp, "duration",
      G_TYPE_UINT64, n * duration, "retry", G_TYPE_UINT, 0, NULL);
  gst_pad_push_event (
      internal, gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, s));
}

static void
look_at_packet (GstKandyReceiveBin *self, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  guint16 seqnum;
  int gap;

  if (!gst_rtp_buffer_map (buffer, GST_MAP_READ, &rtp))
    return;
  seqnum = gst_rtp_buffer_get_seq (&rtp);
  gap = self->have_seqnum
      ? gst_rtp_buffer_compare_seqnum (self->next_seqnum, seqnum)
      : 0;
  if (gap > 0 && gap <= MAX_LOST && self->kind == KANDY_MEDIA_KIND_AUDIO
      && !gst_kandy_codec_chain_is_empty (&self->chain))
    announce_lost (self, self->next_seqnum, gap, &rtp, GST_BUFFER_PTS (buffer));
  if (gap == 0 && self->have_seqnum && self->kind == KANDY_MEDIA_KIND_AUDIO)
    measure_packet (
        self, gst_rtp_buffer_get_timestamp (&rtp) - self->last_timestamp);
  if (gap >= 0 || gap < -MAX_LOST) {
    self->have_seqnum = TRUE;
    self->next_seqnum = seqnum + 1;
    self->last_timestamp = gst_rtp_buffer_get_timestamp (&rtp);
    self->last_pts = GST_BUFFER_PTS (buffer);
  }
  gst_rtp_buffer_unmap (&rtp);
}

static void
request_first_key_unit (GstKandyReceiveBin *self, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (g_atomic_int_get (&self->key_unit_seen))
    return;
  if (GST_CLOCK_TIME_IS_VALID (self->last_request)
      && (!GST_CLOCK_TIME_IS_VALID (pts)
          || (pts >= self->last_request
              && pts - self->last_request < KEY_UNIT_INTERVAL)))
    return;
  self->last_request = GST_CLOCK_TIME_IS_VALID (pts) ? pts : 0;
  gst_kandy_codec_chain_request_key_unit (self->sink);
}

static GstFlowReturn
gst_kandy_receive_bin_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (parent);

  if (self->passthrough)
    return gst_pad_push (self->src, buffer);
  if (gst_kandy_codec_chain_is_empty (&self->chain)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  look_at_packet (self, buffer);
  request_first_key_unit (self, buffer);
  return gst_proxy_pad_chain_default (pad, parent, buffer);
}

static GstFlowReturn
gst_kandy_receive_bin_chain_list (
    GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstFlowReturn ret = GST_FLOW_OK;
  guint i, n = gst_buffer_list_length (list);

  for (i = 0; i < n && ret == GST_FLOW_OK; i++)
    ret = gst_kandy_receive_bin_chain (
        pad, parent, gst_buffer_ref (gst_buffer_list_get (list, i)));
  gst_buffer_list_unref (list);
  return ret;
}

static gboolean
gst_kandy_receive_bin_sink_event (
    GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    const GstKandyCodec *codec;
    GstCaps *caps;

    gst_event_parse_caps (event, &caps);
    codec = gst_kandy_codec_from_caps (caps);
    gst_caps_replace (&self->input, caps);
    if (!gst_structure_get_int (
            gst_caps_get_structure (caps, 0), "clock-rate", &self->clock_rate))
      self->clock_rate = 0;
    if (codec != self->codec || self->passthrough
        || gst_kandy_codec_chain_is_empty (&self->chain)) {
      self->warned &= codec == self->codec;
      rebuild (self);
    }
    /* Another SSRC, perhaps: its numbers are its own */
    self->have_seqnum = FALSE;
  }

  if (self->passthrough) {
    /* stream-start, caps and segment, in any case */
    if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      gst_event_unref (event);
      return TRUE;
    }
    return gst_pad_push_event (self->src, event);
  }
  if (gst_kandy_codec_chain_is_empty (&self->chain))
    return gst_kandy_codec_chain_forward (&self->chain, event);
  /* A call may end before its first key frame, or while a decoder still waits
   * for the next packet. Decoders and parsers take an end to which nothing came
   * out of them for a broken stream. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS
      && !g_atomic_int_get (&self->has_output))
    return gst_kandy_codec_chain_forward (&self->chain, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    g_autoptr (GstCaps) inner = get_inner_caps (self);

    gst_event_unref (event);
    event = gst_event_new_caps (inner);
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_kandy_receive_bin_sink_query (
    GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
      return gst_kandy_codec_chain_query_caps (pad, query);
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static gboolean
gst_kandy_receive_bin_src_event (
    GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (parent);
  g_autoptr (GstPad) target =
      gst_ghost_pad_get_target (GST_GHOST_PAD (self->src));

  if (!target)
    return gst_pad_push_event (self->sink, event);
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_kandy_receive_bin_src_query (
    GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (parent);
  g_autoptr (GstPad) target =
      gst_ghost_pad_get_target (GST_GHOST_PAD (self->src));

  if (!target && GST_QUERY_TYPE (query) != GST_QUERY_CAPS
      && GST_QUERY_TYPE (query) != GST_QUERY_ACCEPT_CAPS)
    return gst_pad_peer_query (self->sink, query);
  return gst_pad_query_default (pad, parent, query);
}

static GstStateChangeReturn
gst_kandy_receive_bin_change_state (
    GstElement *element, GstStateChange transition)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (element);
  GstStateChangeReturn ret =
      GST_ELEMENT_CLASS (gst_kandy_receive_bin_parent_class)
          ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_kandy_codec_chain_clear (&self->chain);
    g_clear_pointer (&self->detector, gst_kandy_dtmf_detector_free);
    gst_caps_replace (&self->input, NULL);
    self->codec = NULL;
    self->passthrough = FALSE;
    self->warned = FALSE;
    self->have_seqnum = FALSE;
    self->lost_from = GST_CLOCK_TIME_NONE;
    g_atomic_int_set (&self->packet_ms, USUAL_PACKET_MS);
  }
  return ret;
}

/* Silence or black of the same time; of what is not raw, a gap */
static GstPadProbeReturn
on_muted_output (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstKandyReceiveBin *self = user_data;
  GstBuffer *buffer, *muted = NULL;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    buffer = gst_buffer_list_get (info->data, 0);
  } else {
    buffer = info->data;
    if (caps)
      muted = gst_kandy_silence_new (caps, gst_buffer_get_size (buffer));
  }
  if (!muted) {
    if (GST_BUFFER_PTS_IS_VALID (buffer))
      gst_pad_push_event (pad,
          gst_event_new_gap (
              GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer)));
    return GST_PAD_PROBE_DROP;
  }
  /* a picture of ours has its own layout */
  gst_buffer_copy_into (muted, buffer,
      self->kind == KANDY_MEDIA_KIND_AUDIO
          ? GST_BUFFER_COPY_METADATA
          : GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS,
      0, -1);
  gst_buffer_unref (buffer);
  info->data = muted;
  return GST_PAD_PROBE_OK;
}

static void
set_muted (GstKandyReceiveBin *self, gboolean muted)
{
  gulong probe = 0;

  GST_OBJECT_LOCK (self);
  if (!muted) {
    probe = self->mute_probe;
    self->mute_probe = 0;
  } else if (self->mute_probe == 0) {
    self->mute_probe = gst_pad_add_probe (self->src,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        on_muted_output, self, NULL);
  }
  GST_OBJECT_UNLOCK (self);
  if (probe != 0)
    gst_pad_remove_probe (self->src, probe);
}

static void
gst_kandy_receive_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (object);

  switch (id) {
    case PROP_KIND:
      self->kind = g_value_get_enum (value);
      break;
    case PROP_OUTPUT:
      GST_OBJECT_LOCK (self);
      self->output = g_value_get_enum (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_DETECT_DTMF:
      g_atomic_int_set (&self->detects_dtmf, g_value_get_boolean (value));
      break;
    case PROP_MUTED:
      set_muted (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_kandy_receive_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (object);

  switch (id) {
    case PROP_KIND:
      g_value_set_enum (value, self->kind);
      break;
    case PROP_OUTPUT:
      GST_OBJECT_LOCK (self);
      g_value_set_enum (value, self->output);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_DETECT_DTMF:
      g_value_set_boolean (value, g_atomic_int_get (&self->detects_dtmf));
      break;
    case PROP_MUTED:
      GST_OBJECT_LOCK (self);
      g_value_set_boolean (value, self->mute_probe != 0);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_kandy_receive_bin_constructed (GObject *object)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (object);

  G_OBJECT_CLASS (gst_kandy_receive_bin_parent_class)->constructed (object);

  gst_kandy_codec_chain_make_pads (
      &self->chain, GST_BIN (self), self->kind, FALSE);
  self->sink = self->chain.sink;
  self->src = self->chain.src;
  gst_pad_set_chain_function (self->sink, gst_kandy_receive_bin_chain);
  gst_pad_set_chain_list_function (
      self->sink, gst_kandy_receive_bin_chain_list);
  gst_pad_set_event_function (self->sink, gst_kandy_receive_bin_sink_event);
  gst_pad_set_query_function (self->sink, gst_kandy_receive_bin_sink_query);
  gst_pad_set_event_function (self->src, gst_kandy_receive_bin_src_event);
  gst_pad_set_query_function (self->src, gst_kandy_receive_bin_src_query);
}

static void
gst_kandy_receive_bin_finalize (GObject *object)
{
  GstKandyReceiveBin *self = GST_KANDY_RECEIVE_BIN (object);

  g_ptr_array_unref (self->chain.elements);
  gst_clear_caps (&self->input);
  g_clear_pointer (&self->detector, gst_kandy_dtmf_detector_free);
  G_OBJECT_CLASS (gst_kandy_receive_bin_parent_class)->finalize (object);
}

static void
gst_kandy_receive_bin_class_init (GstKandyReceiveBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  GST_DEBUG_CATEGORY_INIT (kandy_receive_bin_debug, "kandyreceivebin", 0,
      "what comes out of a call");

  object_class->constructed = gst_kandy_receive_bin_constructed;
  object_class->finalize = gst_kandy_receive_bin_finalize;
  object_class->set_property = gst_kandy_receive_bin_set_property;
  object_class->get_property = gst_kandy_receive_bin_get_property;
  element_class->change_state = gst_kandy_receive_bin_change_state;

  /**
   * GstKandyReceiveBin:kind:
   *
   * Audio or video.
   */
  properties[PROP_KIND] = g_param_spec_enum ("kind", "Kind",
      "Kind of the media received", KANDY_TYPE_MEDIA_KIND,
      KANDY_MEDIA_KIND_AUDIO, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * GstKandyReceiveBin:output:
   *
   * What is given out. Takes effect with the next caps of what comes in, so it
   * is to be set before the first packet.
   */
  properties[PROP_OUTPUT] = g_param_spec_enum ("output", "Output",
      "What is given out", GST_KANDY_TYPE_RECEIVE_OUTPUT,
      GST_KANDY_RECEIVE_OUTPUT_RAW, flags | GST_PARAM_MUTABLE_READY);
  /**
   * GstKandyReceiveBin:muted:
   *
   * Gives out silence or black instead of raw media, gaps instead of other.
   */
  properties[PROP_MUTED] = g_param_spec_boolean ("muted", "Muted",
      "Give out silence or black", FALSE, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandyReceiveBin:detect-dtmf:
   *
   * Whether DTMF tones are looked for in sound that is decoded here.
   */
  properties[PROP_DETECT_DTMF] = g_param_spec_boolean ("detect-dtmf",
      "Detect DTMF", "Look for DTMF tones in the decoded sound", FALSE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GstKandyReceiveBin::dtmf-tone:
   * @self: the bin
   * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for `A` to `D`
   *
   * A tone was found. On some thread.
   */
  signals[SIGNAL_DTMF_TONE] =
      g_signal_new ("dtmf-tone", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);

  gst_element_class_set_static_metadata (element_class, "Kandy receive bin",
      "Codec/Decoder/Depayloader/Network/RTP",
      "Makes raw or encoded media of the RTP of a call", "gst-kandy");
}

static void
gst_kandy_receive_bin_init (GstKandyReceiveBin *self)
{
  self->packet_ms = USUAL_PACKET_MS;
  self->last_pts = GST_CLOCK_TIME_NONE;
  self->lost_from = GST_CLOCK_TIME_NONE;
  self->last_request = GST_CLOCK_TIME_NONE;
}

/**
 * gst_kandy_receive_bin_new:
 * @kind: audio or video
 *
 * Returns: (transfer floating): a bin with the pads `sink` and `src`
 */
GstElement *
gst_kandy_receive_bin_new (KandyMediaKind kind)
{
  return g_object_new (GST_KANDY_TYPE_RECEIVE_BIN, "kind", kind, NULL);
}

/**
 * gst_kandy_receive_output_for_caps:
 * @kind: audio or video
 * @rtp: (nullable): what comes in
 * @downstream: (nullable): what the peer of the `src` pad takes, may be ANY
 *
 * Returns: raw if @downstream takes it, else encoded as in @rtp, else RTP; raw
 * if it takes none of them
 */
GstKandyReceiveOutput
gst_kandy_receive_output_for_caps (
    KandyMediaKind kind, const GstCaps *rtp, const GstCaps *downstream)
{
  const GstKandyCodec *codec = rtp ? gst_kandy_codec_from_caps (rtp) : NULL;
  g_autoptr (GstCaps) raw = gst_caps_new_empty_simple (
      kind == KANDY_MEDIA_KIND_AUDIO ? "audio/x-raw" : "video/x-raw");
  g_autoptr (GstCaps) encoded =
      codec ? gst_kandy_codec_get_encoded_caps (codec) : NULL;

  if (!downstream || gst_caps_can_intersect (downstream, raw))
    return GST_KANDY_RECEIVE_OUTPUT_RAW;
  if (encoded && gst_caps_can_intersect (downstream, encoded))
    return GST_KANDY_RECEIVE_OUTPUT_ENCODED;
  if (rtp && gst_caps_can_intersect (downstream, rtp))
    return GST_KANDY_RECEIVE_OUTPUT_RTP;
  return GST_KANDY_RECEIVE_OUTPUT_RAW;
}
