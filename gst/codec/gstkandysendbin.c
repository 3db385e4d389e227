/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever an application sends, as the RTP that was negotiated: raw media is
 * converted, encoded and payloaded, encoded media payloaded, RTP passed
 * through. What is inside follows the caps at both ends and is changed in the
 * application's streaming thread; there is no queue. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysendbin-private.h"

#include "gstkandycodecchain.h"
#include "gstkandydtmftone.h"
#include "gstkandysilence.h"

#include <gst/audio/audio.h>

#include <gst/rtp/rtp.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY (kandy_send_bin_debug);
#define GST_CAT_DEFAULT kandy_send_bin_debug

#define DEFAULT_MTU 1200
#define DEFAULT_VOLUME 1.0
/* Of a packet of sound that does not say how long it is */
#define USUAL_DURATION (20 * GST_MSECOND)
/* Sound that has not come by for longer does not flow */
#define MAX_SILENCE_US G_USEC_PER_SEC

enum {
  PROP_0,
  PROP_KIND,
  PROP_NEGOTIATED_CAPS,
  PROP_EXPECTED_CAPS,
  PROP_MAX_BITRATE,
  PROP_MTU,
  PROP_MUTED,
  PROP_VOLUME,
  PROP_CODEC_NAME,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_TYPE (GstKandySendBin, gst_kandy_send_bin, GST_TYPE_BIN)

/* (transfer full): silence or black of the same time; NULL if there is none */
static GstBuffer *
mute_buffer (GstKandySendBin *self, GstBuffer *buffer)
{
  GstBuffer *muted =
      gst_kandy_silence_new (self->input, gst_buffer_get_size (buffer));

  /* a picture of ours has its own layout */
  if (muted)
    gst_buffer_copy_into (muted, buffer,
        self->kind == KANDY_MEDIA_KIND_AUDIO
            ? GST_BUFFER_COPY_METADATA
            : GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS,
        0, -1);
  return muted;
}

/* (transfer full) (nullable): raw silence or black for the time of encoded
 * media; NULL if none is due */
static GstBuffer *
substitute_buffer (GstKandySendBin *self, GstBuffer *buffer)
{
  GstClockTime time = GST_BUFFER_PTS (buffer);
  GstClockTime duration = USUAL_DURATION;
  GstBuffer *raw;
  gsize size = 0;

  if (self->kind == KANDY_MEDIA_KIND_AUDIO) {
    if (self->type == GST_KANDY_SEND_INPUT_ENCODED
        && GST_BUFFER_DURATION_IS_VALID (buffer)
        && GST_BUFFER_DURATION (buffer) <= GST_SECOND)
      duration = GST_BUFFER_DURATION (buffer);
    size = 2 * gst_util_uint64_scale_int (duration, 48000, GST_SECOND);
  } else {
    if (GST_CLOCK_TIME_IS_VALID (time)
        && GST_CLOCK_TIME_IS_VALID (self->last_picture)
        && time >= self->last_picture
        && time - self->last_picture < BLACK_INTERVAL)
      return NULL;
    self->last_picture = time;
    duration = BLACK_INTERVAL;
  }
  raw = gst_kandy_silence_new (self->substitute, size);
  if (raw) {
    GST_BUFFER_PTS (raw) = time;
    GST_BUFFER_DURATION (raw) = duration;
  }
  return raw;
}

/* Whether media takes the place of its substitute, or the other way round, with
 * this buffer. Pictures begin with a key frame, where that can be told. */
static gboolean
turns (GstKandySendBin *self, GstBuffer *buffer, gboolean muted)
{
  if (self->type == GST_KANDY_SEND_INPUT_RAW
      || self->type == GST_KANDY_SEND_INPUT_NONE || muted == self->substituting)
    return FALSE;
  if (muted || self->kind == KANDY_MEDIA_KIND_AUDIO
      || self->type != GST_KANDY_SEND_INPUT_ENCODED
      || !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    return TRUE;
  if (!self->wants_key_unit) {
    self->wants_key_unit = TRUE;
    gst_kandy_codec_chain_request_key_unit (self->sink);
  }
  return FALSE;
}

/* DTMF goes over whatever sounds, or does not; encoded sound gives way to its
 * substitute meanwhile */
static GstBuffer *
apply_tones (GstKandySendBin *self, GstBuffer *buffer)
{
  GstAudioInfo info;

  if (!gst_kandy_dtmf_tones_is_active (&self->tones)
      || (self->type != GST_KANDY_SEND_INPUT_RAW && !self->substituting)
      || !gst_audio_info_from_caps (
          &info, self->substituting ? self->substitute : self->input))
    return buffer;
  return gst_kandy_dtmf_tones_apply (&self->tones, buffer, &info);
}

static GstFlowReturn
gst_kandy_send_bin_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (parent);
  gboolean dirty, muted;

  GST_OBJECT_LOCK (self);
  dirty = self->dirty;
  muted = self->muted;
  self->agreed = self->negotiated != NULL;
  self->came_by = g_get_monotonic_time ();
  GST_OBJECT_UNLOCK (self);
  if (self->type != GST_KANDY_SEND_INPUT_RAW)
    muted |= gst_kandy_dtmf_tones_is_active (&self->tones);
  if ((dirty && !gst_kandy_send_bin_refit (self))
      || turns (self, buffer, muted))
    gst_kandy_send_bin_rebuild (self);

  if (!self->passthrough && gst_kandy_codec_chain_is_empty (&self->chain)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  if (muted || self->substituting) {
    GstBuffer *nothing = self->substituting ? substitute_buffer (self, buffer)
                                            : mute_buffer (self, buffer);

    gst_buffer_unref (buffer);
    if (!nothing)
      return GST_FLOW_OK;
    buffer = nothing;
  }
  if (self->passthrough) {
    buffer = gst_kandy_send_bin_stamp (self, buffer);
    return buffer ? gst_pad_push (self->src, buffer) : GST_FLOW_OK;
  }
  buffer = apply_tones (self, buffer);
  return gst_proxy_pad_chain_default (pad, parent, buffer);
}

static GstFlowReturn
gst_kandy_send_bin_chain_list (
    GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstFlowReturn ret = GST_FLOW_OK;
  guint i, n = gst_buffer_list_length (list);

  for (i = 0; i < n && ret == GST_FLOW_OK; i++)
    ret = gst_kandy_send_bin_chain (
        pad, parent, gst_buffer_ref (gst_buffer_list_get (list, i)));
  gst_buffer_list_unref (list);
  return ret;
}

static gboolean
gst_kandy_send_bin_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    const GstKandyCodec *before, *now;
    GstCaps *caps;
    gboolean same;

    gst_event_parse_caps (event, &caps);
    /* Payloaders say them again upon the RECONFIGURE of a rebuild */
    if (self->substituting && gst_caps_is_equal (self->input, caps)) {
      gst_event_unref (event);
      return TRUE;
    }
    before = self->input ? gst_kandy_codec_from_caps (self->input) : NULL;
    now = gst_kandy_codec_from_caps (caps);
    same = self->input && before == now
        && gst_kandy_send_bin_get_input_type (self->input)
            == gst_kandy_send_bin_get_input_type (caps)
        && !self->substituting
        && !gst_kandy_codec_chain_is_empty (&self->chain);
    gst_caps_replace (&self->input, caps);
    self->type = gst_kandy_send_bin_get_input_type (caps);
    if (!same) {
      self->warned = FALSE;
      gst_kandy_send_bin_rebuild (self);
    }
    if (self->substituting) {
      gst_event_unref (event);
      return TRUE;
    }
  }

  if (gst_kandy_codec_chain_is_empty (&self->chain)) {
    if (self->passthrough && GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
      return gst_pad_push_event (self->src, event);
    return gst_kandy_codec_chain_forward (&self->chain, event);
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_kandy_send_bin_sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
      return gst_kandy_codec_chain_query_caps (pad, query);
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* Without a chain the far end's wish for a key frame goes past us */
static gboolean
gst_kandy_send_bin_src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (parent);
  g_autoptr (GstPad) target =
      gst_ghost_pad_get_target (GST_GHOST_PAD (self->src));

  if (!target && gst_video_event_is_force_key_unit (event))
    return gst_pad_push_event (self->sink, event);
  return gst_pad_event_default (pad, parent, event);
}

static GstStateChangeReturn
gst_kandy_send_bin_change_state (GstElement *element, GstStateChange transition)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (element);
  GstStateChangeReturn ret = GST_ELEMENT_CLASS (gst_kandy_send_bin_parent_class)
                                 ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_kandy_codec_chain_clear (&self->chain);
    gst_caps_replace (&self->input, NULL);
    gst_clear_caps (&self->substitute);
    self->substituting = FALSE;
    self->passthrough = FALSE;
    self->warned = FALSE;
    GST_OBJECT_LOCK (self);
    gst_clear_object (&self->encoder);
    gst_clear_object (&self->amplifier);
    self->codec = NULL;
    GST_OBJECT_UNLOCK (self);
  }
  return ret;
}

static void
set_target_caps (GstKandySendBin *self, GstCaps **field, const GstCaps *caps)
{
  GST_OBJECT_LOCK (self);
  if (!(caps && *field && gst_caps_is_equal (caps, *field))
      && (caps || *field)) {
    gst_caps_replace (field, (GstCaps *) caps);
    self->dirty = TRUE;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
set_max_bitrate (GstKandySendBin *self, guint bitrate)
{
  GstElement *encoder = NULL;
  const GstKandyCodec *codec;

  GST_OBJECT_LOCK (self);
  self->max_bitrate = bitrate;
  bitrate = gst_kandy_send_bin_get_bitrate (self);
  codec = self->codec;
  if (self->encoder)
    encoder = gst_object_ref (self->encoder);
  GST_OBJECT_UNLOCK (self);
  if (encoder && codec)
    gst_kandy_codec_set_bitrate (codec, encoder, bitrate);
  gst_clear_object (&encoder);
}

static void
set_volume (GstKandySendBin *self, double volume)
{
  GstElement *amplifier = NULL;

  GST_OBJECT_LOCK (self);
  self->volume = volume;
  if (self->amplifier)
    amplifier = gst_object_ref (self->amplifier);
  GST_OBJECT_UNLOCK (self);
  if (amplifier)
    g_object_set (amplifier, "volume", volume, NULL);
  gst_clear_object (&amplifier);
}

static void
gst_kandy_send_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (object);

  switch (id) {
    case PROP_KIND:
      self->kind = g_value_get_enum (value);
      break;
    case PROP_NEGOTIATED_CAPS:
      set_target_caps (self, &self->negotiated, gst_value_get_caps (value));
      break;
    case PROP_EXPECTED_CAPS:
      set_target_caps (self, &self->expected, gst_value_get_caps (value));
      break;
    case PROP_MAX_BITRATE:
      set_max_bitrate (self, g_value_get_uint (value));
      break;
    case PROP_MTU:
      GST_OBJECT_LOCK (self);
      self->mtu = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_MUTED:
      GST_OBJECT_LOCK (self);
      self->muted = g_value_get_boolean (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_VOLUME:
      set_volume (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_kandy_send_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_KIND:
      g_value_set_enum (value, self->kind);
      break;
    case PROP_NEGOTIATED_CAPS:
      gst_value_set_caps (value, self->negotiated);
      break;
    case PROP_EXPECTED_CAPS:
      gst_value_set_caps (value, self->expected);
      break;
    case PROP_MAX_BITRATE:
      g_value_set_uint (value, self->max_bitrate);
      break;
    case PROP_MTU:
      g_value_set_uint (value, self->mtu);
      break;
    case PROP_MUTED:
      g_value_set_boolean (value, self->muted);
      break;
    case PROP_VOLUME:
      g_value_set_double (value, self->volume);
      break;
    case PROP_CODEC_NAME:
      g_value_set_string (value,
          self->codec && self->negotiated
              ? gst_kandy_codec_get_name (self->codec)
              : NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_send_bin_constructed (GObject *object)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (object);

  G_OBJECT_CLASS (gst_kandy_send_bin_parent_class)->constructed (object);

  gst_kandy_codec_chain_make_pads (
      &self->chain, GST_BIN (self), self->kind, TRUE);
  self->sink = self->chain.sink;
  self->src = self->chain.src;
  gst_pad_set_chain_function (self->sink, gst_kandy_send_bin_chain);
  gst_pad_set_chain_list_function (self->sink, gst_kandy_send_bin_chain_list);
  gst_pad_set_event_function (self->sink, gst_kandy_send_bin_sink_event);
  gst_pad_set_query_function (self->sink, gst_kandy_send_bin_sink_query);
  gst_pad_set_event_function (self->src, gst_kandy_send_bin_src_event);
}

static void
gst_kandy_send_bin_finalize (GObject *object)
{
  GstKandySendBin *self = GST_KANDY_SEND_BIN (object);

  g_ptr_array_unref (self->chain.elements);
  gst_clear_caps (&self->negotiated);
  gst_clear_caps (&self->expected);
  gst_clear_caps (&self->input);
  gst_clear_caps (&self->raw);
  gst_clear_caps (&self->substitute);
  gst_clear_object (&self->encoder);
  gst_clear_object (&self->amplifier);
  gst_kandy_dtmf_tones_clear (&self->tones);
  G_OBJECT_CLASS (gst_kandy_send_bin_parent_class)->finalize (object);
}

static void
gst_kandy_send_bin_class_init (GstKandySendBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  GST_DEBUG_CATEGORY_INIT (
      kandy_send_bin_debug, "kandysendbin", 0, "what goes into a call");

  object_class->constructed = gst_kandy_send_bin_constructed;
  object_class->finalize = gst_kandy_send_bin_finalize;
  object_class->set_property = gst_kandy_send_bin_set_property;
  object_class->get_property = gst_kandy_send_bin_get_property;
  element_class->change_state = gst_kandy_send_bin_change_state;

  /**
   * GstKandySendBin:kind:
   *
   * Audio or video.
   */
  properties[PROP_KIND] = g_param_spec_enum ("kind", "Kind",
      "Kind of the media sent", KANDY_TYPE_MEDIA_KIND, KANDY_MEDIA_KIND_AUDIO,
      flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * GstKandySendBin:negotiated-caps:
   *
   * Fixed application/x-rtp caps of what leaves, with payload, ssrc and what
   * the far end says of a codec. %NULL: buffers are dropped.
   */
  properties[PROP_NEGOTIATED_CAPS] =
      g_param_spec_boxed ("negotiated-caps", "Negotiated caps",
          "RTP caps to send", GST_TYPE_CAPS, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySendBin:expected-caps:
   *
   * Fixed application/x-rtp caps that will probably be negotiated. Raw sound is
   * encoded for them in advance, so that the first packet does not come late;
   * %NULL: nothing is done before something is negotiated.
   */
  properties[PROP_EXPECTED_CAPS] = g_param_spec_boxed ("expected-caps",
      "Expected caps", "RTP caps that will probably be negotiated",
      GST_TYPE_CAPS, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySendBin:max-bitrate:
   *
   * Bit rate of the encoder in bit/s; 0 is the codec's default.
   */
  properties[PROP_MAX_BITRATE] =
      g_param_spec_uint ("max-bitrate", "Maximum bit rate",
          "Bit rate to encode with, in bit/s (0 = default of the codec)", 0,
          G_MAXUINT, 0, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySendBin:mtu:
   *
   * Largest packet in bytes; RTP that comes in is not repacketised.
   */
  properties[PROP_MTU] =
      g_param_spec_uint ("mtu", "MTU", "Largest RTP packet made, in bytes", 256,
          65000, DEFAULT_MTU, flags | GST_PARAM_MUTABLE_READY);
  /**
   * GstKandySendBin:muted:
   *
   * Sends silence or black instead of the media. What comes encoded or as RTP
   * is replaced by silence or black of the same codec; without an encoder for
   * it nothing is sent. Encoded pictures come back with their next key frame.
   */
  properties[PROP_MUTED] = g_param_spec_boolean ("muted", "Muted",
      "Send silence or black", FALSE, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySendBin:volume:
   *
   * Factor for the samples of raw sound, 1.0 leaves them as they are.
   */
  properties[PROP_VOLUME] = g_param_spec_double ("volume", "Volume",
      "Factor for the samples of raw sound", 0.0, 10.0, DEFAULT_VOLUME,
      flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySendBin:codec-name:
   *
   * Encoding name of what leaves; %NULL while nothing can.
   */
  properties[PROP_CODEC_NAME] = g_param_spec_string ("codec-name", "Codec name",
      "Encoding name of what is sent", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gst_element_class_set_static_metadata (element_class, "Kandy send bin",
      "Codec/Encoder/Payloader/Network/RTP",
      "Makes the RTP of a call of raw media, encoded media or RTP",
      "gst-kandy");
}

static void
gst_kandy_send_bin_init (GstKandySendBin *self)
{
  self->mtu = DEFAULT_MTU;
  self->volume = DEFAULT_VOLUME;
  gst_kandy_dtmf_tones_init (&self->tones);
}

/**
 * gst_kandy_send_bin_new:
 * @kind: audio or video
 *
 * Returns: (transfer floating): a bin with the pads `sink` and `src`
 */
GstElement *
gst_kandy_send_bin_new (KandyMediaKind kind)
{
  return g_object_new (GST_KANDY_TYPE_SEND_BIN, "kind", kind, NULL);
}

gboolean
gst_kandy_send_bin_play_tone (GstKandySendBin *self, guint number, guint volume,
    guint duration, guint gap)
{
  gboolean heard;

  GST_OBJECT_LOCK (self);
  heard = self->kind == KANDY_MEDIA_KIND_AUDIO && self->negotiated
      && self->codec && gst_kandy_codec_can_encode (self->codec)
      && self->came_by
      && g_get_monotonic_time () - self->came_by < MAX_SILENCE_US;
  GST_OBJECT_UNLOCK (self);
  if (heard)
    gst_kandy_dtmf_tones_add (&self->tones, number, volume, duration, gap);
  return heard;
}

void
gst_kandy_send_bin_stop_tones (GstKandySendBin *self)
{
  gst_kandy_dtmf_tones_stop (&self->tones);
}
