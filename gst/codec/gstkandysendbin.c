/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever an application sends, as the RTP that was negotiated: raw media is
 * converted, encoded and payloaded, encoded media payloaded, RTP passed
 * through. What is inside follows the caps at both ends and is changed in the
 * application's streaming thread; there is no queue. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysendbin.h"

#include "gstkandycodecchain.h"
#include "gstkandydtmftone.h"
#include "gstkandysilence.h"

#include <gst/audio/audio.h>

#include <gst/rtp/rtp.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_STATIC (kandy_send_bin_debug);
#define GST_CAT_DEFAULT kandy_send_bin_debug

#define DEFAULT_MTU 1200
#define DEFAULT_VOLUME 1.0
/* Black, in place of encoded pictures */
#define BLACK_INTERVAL (200 * GST_MSECOND)
#define BLACK_WIDTH 320
#define BLACK_HEIGHT 240
/* Of a packet of sound that does not say how long it is */
#define USUAL_DURATION (20 * GST_MSECOND)
/* Sound that has not come by for longer does not flow */
#define MAX_SILENCE_US G_USEC_PER_SEC

typedef enum {
  INPUT_NONE,
  INPUT_RAW,
  INPUT_ENCODED,
  INPUT_RTP,
} InputType;

struct _GstKandySendBin {
  GstBin parent;

  KandyMediaKind kind;
  GstPad *sink;
  GstPad *src;

  /* under the object lock */
  GstCaps *negotiated;
  GstCaps *expected;
  guint max_bitrate;
  guint mtu;
  gboolean muted;
  double volume;
  GstElement *amplifier;
  gboolean dirty;
  const GstKandyCodec *codec;
  GstElement *encoder;
  gint64 came_by; /* when the latest buffer did, monotonic; 0: none */

  GstKandyDtmfTones tones;

  /* of the streaming thread */
  GstKandyCodecChain chain;
  GstCaps *input;
  GstCaps *raw; /* (nullable): what the encoder gets */
  InputType type;
  gboolean agreed; /* what is made is negotiated, not only expected */
  gboolean passthrough;
  gboolean warned;
  /* While muted, what comes encoded is replaced by encoded silence or black */
  GstCaps *substitute; /* (nullable): raw */
  gboolean substituting;
  gboolean wants_key_unit;
  GstClockTime last_picture;
  guint8 pt;
  guint32 ssrc;
};

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

static InputType
get_input_type (const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);

  if (gst_structure_has_name (s, "audio/x-raw")
      || gst_structure_has_name (s, "video/x-raw"))
    return INPUT_RAW;
  if (gst_structure_has_name (s, "application/x-rtp"))
    return INPUT_RTP;
  return INPUT_ENCODED;
}

static gboolean
get_flag (const GstCaps *caps, const char *name)
{
  return g_strcmp0 (
             gst_structure_get_string (gst_caps_get_structure (caps, 0), name),
             "1")
      == 0;
}

static guint
get_number (const GstCaps *caps, const char *name)
{
  const char *text =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), name);
  guint64 value;

  if (!text
      || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &value, NULL))
    return 0;
  return value;
}

/* What an encoder gets. Two channels only for those who ask for them (RFC 7587
 * section 7.1) */
static GstCaps *
get_raw_caps (GstKandySendBin *self, const GstKandyCodec *codec,
    const GstCaps *negotiated)
{
  g_autoptr (GstCaps) encoded = gst_kandy_codec_get_encoded_caps (codec);
  const GstStructure *s = gst_caps_get_structure (encoded, 0);
  int channels = 1, rate = 48000;

  if (self->kind == KANDY_MEDIA_KIND_VIDEO)
    return NULL;
  gst_structure_get_int (s, "rate", &rate);
  if (!gst_structure_get_int (s, "channels", &channels)
      && get_flag (negotiated, "stereo")) {
    gst_structure_get_int (
        gst_caps_get_structure (self->input, 0), "channels", &channels);
    channels = MIN (channels, 2);
  }
  return gst_caps_new_simple ("audio/x-raw", "rate", G_TYPE_INT, rate,
      "channels", G_TYPE_INT, channels, NULL);
}

/* With the object lock */
static guint
get_bitrate (GstKandySendBin *self)
{
  guint bitrate = self->max_bitrate;
  guint limit =
      self->negotiated ? get_number (self->negotiated, "maxaveragebitrate") : 0;

  if (limit && (!bitrate || limit < bitrate))
    bitrate = limit;
  return bitrate;
}

/* With the object lock. (transfer full) (nullable): what is to be made. Sound
 * is encoded before anything is negotiated: an encoder needs some time until
 * its first packet. */
static GstCaps *
get_target (GstKandySendBin *self)
{
  GstCaps *caps = self->negotiated;

  if (!caps && self->kind == KANDY_MEDIA_KIND_AUDIO && self->type == INPUT_RAW)
    caps = self->expected;
  return caps ? gst_caps_ref (caps) : NULL;
}

static void
add_encoder (GstKandySendBin *self, const GstKandyCodec *codec,
    const GstCaps *negotiated, guint bitrate)
{
  GstKandyCodecChain *chain = &self->chain;
  g_autoptr (GstCaps) raw = get_raw_caps (self, codec, negotiated);
  g_autoptr (GstCaps) demanded = gst_kandy_codec_get_encoder_caps (codec);
  GstElement *encoder;
  GstElement *amplifier = NULL;
  double volume;

  if (self->kind == KANDY_MEDIA_KIND_AUDIO) {
    gst_kandy_codec_chain_add_named (chain, "audioconvert");
    gst_kandy_codec_chain_add_named (chain, "audioresample");
    amplifier = gst_kandy_codec_chain_add_named (chain, "volume");
  } else {
    gst_kandy_codec_chain_add_named (chain, "videoconvert");
  }
  if (raw)
    gst_kandy_codec_chain_add_filter (chain, raw);
  gst_caps_replace (&self->raw, raw);
  encoder = gst_kandy_codec_chain_add (
      chain, gst_kandy_codec_make_encoder (codec, bitrate));
  if (demanded)
    gst_kandy_codec_chain_add_filter (chain, demanded);

  GST_OBJECT_LOCK (self);
  gst_object_replace ((GstObject **) &self->encoder, (GstObject *) encoder);
  gst_object_replace ((GstObject **) &self->amplifier, (GstObject *) amplifier);
  volume = self->volume;
  GST_OBJECT_UNLOCK (self);
  if (amplifier)
    g_object_set (amplifier, "volume", volume, NULL);
}

/* (transfer full): the raw form of what comes encoded */
static GstCaps *
make_substitute (GstKandySendBin *self)
{
  const GstStructure *s = gst_caps_get_structure (self->input, 0);
  int width = BLACK_WIDTH, height = BLACK_HEIGHT;

  if (self->kind == KANDY_MEDIA_KIND_AUDIO)
    return gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING,
        GST_AUDIO_NE (S16), "layout", G_TYPE_STRING, "interleaved", "rate",
        G_TYPE_INT, 48000, "channels", G_TYPE_INT, 1, NULL);
  gst_structure_get (
      s, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, NULL);
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "I420",
      "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, "framerate",
      GST_TYPE_FRACTION, (int) (GST_SECOND / BLACK_INTERVAL), 1, NULL);
}

static GstElement *
add_payloader (GstKandySendBin *self, const GstKandyCodec *codec, guint mtu)
{
  GstElement *payloader = gst_kandy_codec_chain_add (
      &self->chain, gst_kandy_codec_make_payloader (codec));
  g_autoptr (GstCaps) usual = gst_kandy_codec_get_rtp_caps (codec);
  int pt;

  if (!payloader)
    return NULL;
  gst_structure_get_int (gst_caps_get_structure (usual, 0), "payload", &pt);
  /* Payloaders take no other: it is written into the packets behind them */
  if (pt >= 96 || pt < 64)
    g_object_set (payloader, "pt", pt < 64 && pt > 34 ? 96 : pt, NULL);
  g_object_set (payloader, "mtu", mtu, "ssrc", self->ssrc, NULL);
  return payloader;
}

static GstPadProbeReturn on_payloaded (
    GstPad *pad, GstPadProbeInfo *info, gpointer user_data);

static void
warn_once (GstKandySendBin *self, const GstCaps *negotiated)
{
  gboolean agreed;

  GST_OBJECT_LOCK (self);
  agreed = self->negotiated != NULL;
  GST_OBJECT_UNLOCK (self);
  if (self->warned || !agreed)
    return;
  self->warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("This media cannot be sent as what was agreed on with the far end."),
      ("input %" GST_PTR_FORMAT ", negotiated %" GST_PTR_FORMAT, self->input,
          negotiated));
}

static void
take_identity (GstKandySendBin *self, const GstCaps *target)
{
  const GstStructure *s = gst_caps_get_structure (target, 0);
  int pt = 96;
  guint ssrc = 0;

  gst_structure_get_int (s, "payload", &pt);
  gst_structure_get_uint (s, "ssrc", &ssrc);
  self->pt = pt;
  self->ssrc = ssrc;
}

/* TRUE: what is inside makes what is negotiated now as well, and the encoder
 * goes on without a break */
static gboolean
refit (GstKandySendBin *self)
{
  g_autoptr (GstCaps) target = NULL;
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstCaps) raw = NULL;
  g_autoptr (GstPad) pad = NULL;
  const GstKandyCodec *codec;
  guint bitrate;

  GST_OBJECT_LOCK (self);
  target = get_target (self);
  codec = self->codec;
  g_set_object (&encoder, self->encoder);
  bitrate = get_bitrate (self);
  GST_OBJECT_UNLOCK (self);

  if (self->kind != KANDY_MEDIA_KIND_AUDIO || self->type != INPUT_RAW || !target
      || !encoder || !codec || gst_kandy_codec_from_caps (target) != codec)
    return FALSE;
  raw = get_raw_caps (self, codec, target);
  if (!gst_caps_is_equal (raw, self->raw))
    return FALSE;

  GST_OBJECT_LOCK (self);
  self->dirty = FALSE;
  GST_OBJECT_UNLOCK (self);
  take_identity (self, target);
  gst_kandy_codec_set_bitrate (codec, encoder, bitrate);
  pad = gst_element_get_static_pad (
      g_ptr_array_index (self->chain.elements, self->chain.elements->len - 1),
      "src");
  gst_pad_push_event (pad, gst_event_new_caps (target));
  GST_INFO_OBJECT (self, "goes on as %s, payload type %d",
      gst_kandy_codec_get_name (codec), self->pt);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CODEC_NAME]);
  return TRUE;
}

/* Makes the inside fit to the caps at both ends */
static void
rebuild (GstKandySendBin *self)
{
  g_autoptr (GstCaps) target = NULL;
  const GstKandyCodec *codec;
  const GstKandyCodec *of_input;
  guint bitrate, mtu;
  gboolean muted;

  GST_OBJECT_LOCK (self);
  self->dirty = FALSE;
  muted = self->muted || gst_kandy_dtmf_tones_is_active (&self->tones);
  target = get_target (self);
  bitrate = get_bitrate (self);
  mtu = self->mtu;
  self->codec = NULL;
  gst_clear_object (&self->encoder);
  gst_clear_object (&self->amplifier);
  GST_OBJECT_UNLOCK (self);

  gst_kandy_codec_chain_clear (&self->chain);
  gst_clear_caps (&self->substitute);
  self->substituting = FALSE;
  self->passthrough = FALSE;
  if (!target || !self->input)
    return;

  codec = gst_kandy_codec_from_caps (target);
  take_identity (self, target);
  self->type = get_input_type (self->input);
  of_input =
      self->type == INPUT_RAW ? codec : gst_kandy_codec_from_caps (self->input);
  if (!codec || codec != of_input) {
    warn_once (self, target);
    return;
  }

  self->substituting = muted && self->type != INPUT_RAW;
  if (self->substituting) {
    self->substitute = make_substitute (self);
    self->last_picture = GST_CLOCK_TIME_NONE;
    self->wants_key_unit = FALSE;
  }
  if (self->type == INPUT_RTP && !self->substituting) {
    self->passthrough = TRUE;
    gst_kandy_codec_chain_replay (&self->chain, target);
  } else {
    GstElement *parser = NULL;
    GstElement *payloader;
    g_autoptr (GstPad) pad = NULL;

    if (self->type == INPUT_RAW || self->substituting) {
      add_encoder (self, codec, target, bitrate);
    } else {
      parser = gst_kandy_codec_make_parser (codec);
      if (parser)
        gst_kandy_codec_chain_add (&self->chain, parser);
    }
    payloader = add_payloader (self, codec, mtu);
    if (!gst_kandy_codec_chain_run (&self->chain)) {
      GST_OBJECT_LOCK (self);
      gst_clear_object (&self->encoder);
      GST_OBJECT_UNLOCK (self);
      warn_once (self, target);
      return;
    }
    pad = gst_element_get_static_pad (payloader, "src");
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST
            | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
            | GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PUSH,
        on_payloaded, self, NULL);
    gst_kandy_codec_chain_replay (
        &self->chain, self->substituting ? self->substitute : self->input);
  }

  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT " goes as %s, payload type %d",
      self->input, gst_kandy_codec_get_name (codec), self->pt);
  GST_OBJECT_LOCK (self);
  self->codec = codec;
  GST_OBJECT_UNLOCK (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CODEC_NAME]);
  if (self->kind == KANDY_MEDIA_KIND_VIDEO && self->type != INPUT_RAW
      && !self->substituting)
    gst_kandy_codec_chain_request_key_unit (self->sink);
}

/* (transfer full): with the negotiated payload type and SSRC */
static GstBuffer *
stamp (GstKandySendBin *self, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;

  buffer = gst_buffer_make_writable (buffer);
  if (!gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp)) {
    GST_WARNING_OBJECT (self, "dropping what is no RTP packet");
    gst_buffer_unref (buffer);
    return NULL;
  }
  gst_rtp_buffer_set_payload_type (&rtp, self->pt);
  gst_rtp_buffer_set_ssrc (&rtp, self->ssrc);
  gst_rtp_buffer_unmap (&rtp);
  return buffer;
}

static gboolean
stamp_in_list (GstBuffer **buffer, guint i, gpointer user_data)
{
  *buffer = stamp (user_data, *buffer);
  return TRUE;
}

/* Payloaders write what they can; what was agreed on is written here */
static GstPadProbeReturn
on_payloaded (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySendBin *self = user_data;

  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST
          || info->type & GST_PAD_PROBE_TYPE_BUFFER)
      && !self->agreed)
    return GST_PAD_PROBE_DROP;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    info->data = gst_buffer_list_make_writable (info->data);
    gst_buffer_list_foreach (info->data, stamp_in_list, self);
    return GST_PAD_PROBE_OK;
  }
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    info->data = stamp (self, info->data);
    return info->data ? GST_PAD_PROBE_OK : GST_PAD_PROBE_HANDLED;
  }
  if (info->type & GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM) {
    if (GST_QUERY_TYPE (info->data) == GST_QUERY_CAPS) {
      gst_kandy_codec_chain_query_caps (pad, info->data);
      return GST_PAD_PROBE_HANDLED;
    }
    if (GST_QUERY_TYPE (info->data) == GST_QUERY_ACCEPT_CAPS) {
      gst_query_set_accept_caps_result (info->data, TRUE);
      return GST_PAD_PROBE_HANDLED;
    }
    return GST_PAD_PROBE_OK;
  }
  if (GST_EVENT_TYPE (info->data) == GST_EVENT_CAPS) {
    g_autoptr (GstCaps) negotiated = NULL;
    GstCaps *caps;

    GST_OBJECT_LOCK (self);
    negotiated = get_target (self);
    GST_OBJECT_UNLOCK (self);
    gst_event_parse_caps (info->data, &caps);
    if (negotiated && !gst_caps_is_equal (caps, negotiated)) {
      gst_event_unref (info->data);
      info->data = gst_event_new_caps (negotiated);
    }
  }
  return GST_PAD_PROBE_OK;
}

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
    if (self->type == INPUT_ENCODED && GST_BUFFER_DURATION_IS_VALID (buffer)
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
  if (self->type == INPUT_RAW || self->type == INPUT_NONE
      || muted == self->substituting)
    return FALSE;
  if (muted || self->kind == KANDY_MEDIA_KIND_AUDIO
      || self->type != INPUT_ENCODED
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
      || (self->type != INPUT_RAW && !self->substituting)
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
  if (self->type != INPUT_RAW)
    muted |= gst_kandy_dtmf_tones_is_active (&self->tones);
  if ((dirty && !refit (self)) || turns (self, buffer, muted))
    rebuild (self);

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
    buffer = stamp (self, buffer);
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
        && get_input_type (self->input) == get_input_type (caps)
        && !self->substituting
        && !gst_kandy_codec_chain_is_empty (&self->chain);
    gst_caps_replace (&self->input, caps);
    self->type = get_input_type (caps);
    if (!same) {
      self->warned = FALSE;
      rebuild (self);
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
  bitrate = get_bitrate (self);
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
  g_autoptr (GstCaps) input = gst_kandy_codecs_get_pad_caps (self->kind);
  g_autoptr (GstCaps) rtp =
      gst_caps_new_simple ("application/x-rtp", "media", G_TYPE_STRING,
          self->kind == KANDY_MEDIA_KIND_AUDIO ? "audio" : "video", NULL);
  g_autoptr (GstPadTemplate) sink = gst_object_ref_sink (
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, input));
  g_autoptr (GstPadTemplate) src = gst_object_ref_sink (
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, rtp));

  G_OBJECT_CLASS (gst_kandy_send_bin_parent_class)->constructed (object);

  self->sink = gst_kandy_codec_chain_make_pad (
      GST_BIN (self), "sink", GST_PAD_SINK, sink);
  self->src =
      gst_kandy_codec_chain_make_pad (GST_BIN (self), "src", GST_PAD_SRC, src);
  gst_pad_set_chain_function (self->sink, gst_kandy_send_bin_chain);
  gst_pad_set_chain_list_function (self->sink, gst_kandy_send_bin_chain_list);
  gst_pad_set_event_function (self->sink, gst_kandy_send_bin_sink_event);
  gst_pad_set_query_function (self->sink, gst_kandy_send_bin_sink_query);
  gst_pad_set_event_function (self->src, gst_kandy_send_bin_src_event);
  gst_kandy_codec_chain_init (
      &self->chain, GST_BIN (self), self->sink, self->src);
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
