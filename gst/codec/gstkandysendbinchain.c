/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is inside a send bin: encoder and payloader, made for the caps at both
 * ends. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysendbin-private.h"

#include <gst/audio/audio.h>
#include <gst/rtp/rtp.h>

GST_DEBUG_CATEGORY_EXTERN (kandy_send_bin_debug);
#define GST_CAT_DEFAULT kandy_send_bin_debug

/* Their share of what the far end allows for pictures: one part in so many */
#define HEADERS 20
#define BLACK_WIDTH 320
#define BLACK_HEIGHT 240

GstKandySendInput
gst_kandy_send_bin_get_input_type (const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);

  if (gst_structure_has_name (s, "audio/x-raw")
      || gst_structure_has_name (s, "video/x-raw"))
    return GST_KANDY_SEND_INPUT_RAW;
  if (gst_structure_has_name (s, "application/x-rtp"))
    return GST_KANDY_SEND_INPUT_RTP;
  return GST_KANDY_SEND_INPUT_ENCODED;
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
guint
gst_kandy_send_bin_get_bitrate (GstKandySendBin *self)
{
  guint bitrate = self->kind == KANDY_MEDIA_KIND_VIDEO
      ? self->max_bitrate - self->max_bitrate / HEADERS
      : self->max_bitrate;
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

  if (!caps && self->kind == KANDY_MEDIA_KIND_AUDIO
      && self->type == GST_KANDY_SEND_INPUT_RAW)
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
gboolean
gst_kandy_send_bin_refit (GstKandySendBin *self)
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
  bitrate = gst_kandy_send_bin_get_bitrate (self);
  GST_OBJECT_UNLOCK (self);

  if (self->kind != KANDY_MEDIA_KIND_AUDIO
      || self->type != GST_KANDY_SEND_INPUT_RAW || !target || !encoder || !codec
      || gst_kandy_codec_from_caps (target) != codec)
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
  g_object_notify (G_OBJECT (self), "codec-name");
  return TRUE;
}

/* Makes the inside fit to the caps at both ends */
void
gst_kandy_send_bin_rebuild (GstKandySendBin *self)
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
  bitrate = gst_kandy_send_bin_get_bitrate (self);
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
  self->type = gst_kandy_send_bin_get_input_type (self->input);
  of_input = self->type == GST_KANDY_SEND_INPUT_RAW
      ? codec
      : gst_kandy_codec_from_caps (self->input);
  if (!codec || codec != of_input) {
    warn_once (self, target);
    return;
  }

  self->substituting = muted && self->type != GST_KANDY_SEND_INPUT_RAW;
  if (self->substituting) {
    self->substitute = make_substitute (self);
    self->last_picture = GST_CLOCK_TIME_NONE;
    self->wants_key_unit = FALSE;
  }
  if (self->type == GST_KANDY_SEND_INPUT_RTP && !self->substituting) {
    self->passthrough = TRUE;
    gst_kandy_codec_chain_replay (&self->chain, target);
  } else {
    GstElement *parser = NULL;
    GstElement *payloader;
    g_autoptr (GstPad) pad = NULL;

    if (self->type == GST_KANDY_SEND_INPUT_RAW || self->substituting) {
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
  g_object_notify (G_OBJECT (self), "codec-name");
  if (self->kind == KANDY_MEDIA_KIND_VIDEO
      && self->type != GST_KANDY_SEND_INPUT_RAW && !self->substituting)
    gst_kandy_codec_chain_request_key_unit (self->sink);
}

/* (transfer full): with the negotiated payload type and SSRC */
GstBuffer *
gst_kandy_send_bin_stamp (GstKandySendBin *self, GstBuffer *buffer)
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
  *buffer = gst_kandy_send_bin_stamp (user_data, *buffer);
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
    info->data = gst_kandy_send_bin_stamp (self, info->data);
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
