/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The codecs of calls: one table, in the order in which we like them, of how
 * each is called in SDP, in RTP caps and in caps of encoded media, and of the
 * elements that make it, with the settings that a conversation wants: no
 * look-ahead, no reordering, constant rate. What is not installed is left out.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycodec.h"

#include "gstkandybitbudget.h"

#include <string.h>

/**
 * SECTION:gstkandycodec
 * @title: Codecs
 * @short_description: what a call can be made of
 */

#define MAX_SETTINGS 16

typedef struct {
  const char *factory;
  const char *bitrate; /* property; nullable */
  guint unit;          /* of that property, in bit/s */
  const char *settings[2 * MAX_SETTINGS];
  /* the property of its time base. Where it has none yet, it counts in frames,
   * rounds wrong and takes a rate for half of what it is */
  const char *time_base;
} ElementInfo;

struct _GstKandyCodec {
  const char *name;
  KandyMediaKind kind;
  const char *sdp_name;
  const char *fmtp;
  const char *rtp_caps;
  const char *encoded_caps;
  guint bitrate;
  ElementInfo encoders[4];
  const char *encoder_caps; /* behind the encoder; nullable */
  ElementInfo decoders[3];
  ElementInfo payloader;
  ElementInfo depayloader;
  const char *parser; /* nullable */
};

/* 20 ms packets: payloaders of plain audio send what they are given otherwise
 */
#define AUDIO_PACKETS "min-ptime", "20000000", "max-ptime", "20000000"
/* Without frames that are left out, pictures that are full of detail take many
 * times what the far end allows: the coarsest quantizer is as low as they get
 */
#define VPX_REALTIME                                                           \
  "deadline", "1", "cpu-used", "8", "error-resilient", "1",                    \
      "keyframe-max-dist", "3000", "end-usage", "cbr", "lag-in-frames", "0",   \
      "threads", "2", "buffer-initial-size", "300", "buffer-optimal-size",     \
      "400", "buffer-size", "600", "undershoot", "95", "min-quantizer", "4",   \
      "max-quantizer", "63", "dropframe-threshold", "30"
/* The element's default is a quantizer of 0 to 0, with which libaom ends the
 * process when the bit rate changes */
#define AV1_QUANTIZERS "min-quantizer", "4", "max-quantizer", "63"
#define RECOVER "request-keyframe", "true", "wait-for-keyframe", "true"

static const GstKandyCodec codecs[] = {
  {
      .name = "OPUS",
      .kind = KANDY_MEDIA_KIND_AUDIO,
      .sdp_name = "opus",
      .fmtp = "minptime=10;useinbandfec=1",
      .rtp_caps = "application/x-rtp, media=audio, encoding-name=OPUS, "
                  "clock-rate=48000, encoding-params=(string)2, payload=111",
      .encoded_caps = "audio/x-opus, channel-mapping-family=(int)0",
      .bitrate = 48000,
      /* FEC is only written for an expected loss */
      .encoders = { { "opusenc", "bitrate", 1,
          { "audio-type", "voice", "complexity", "5", "inband-fec", "true",
              "packet-loss-percentage", "5", "frame-size", "20", "bitrate-type",
              "constrained-vbr" } } },
      .decoders = { { "opusdec", NULL, 0,
                        { "plc", "true", "use-inband-fec", "true" } },
          { "avdec_opus" } },
      .payloader = { "rtpopuspay" },
      .depayloader = { "rtpopusdepay" },
      .parser = "opusparse",
  },
  {
      .name = "G722",
      .kind = KANDY_MEDIA_KIND_AUDIO,
      .sdp_name = "G722",
      .rtp_caps = "application/x-rtp, media=audio, encoding-name=G722, "
                  "clock-rate=8000, payload=9",
      .encoded_caps = "audio/G722, rate=16000, channels=1",
      .encoders = { { "avenc_g722" } },
      .decoders = { { "avdec_g722", NULL, 0, { "plc", "true" } } },
      .payloader = { "rtpg722pay", NULL, 0, { AUDIO_PACKETS } },
      .depayloader = { "rtpg722depay" },
  },
  {
      .name = "PCMU",
      .kind = KANDY_MEDIA_KIND_AUDIO,
      .sdp_name = "PCMU",
      .rtp_caps = "application/x-rtp, media=audio, encoding-name=PCMU, "
                  "clock-rate=8000, payload=0",
      .encoded_caps = "audio/x-mulaw, rate=8000, channels=1",
      .encoders = { { "mulawenc" } },
      .decoders = { { "mulawdec", NULL, 0, { "plc", "true" } } },
      .payloader = { "rtppcmupay", NULL, 0, { AUDIO_PACKETS } },
      .depayloader = { "rtppcmudepay" },
  },
  {
      .name = "PCMA",
      .kind = KANDY_MEDIA_KIND_AUDIO,
      .sdp_name = "PCMA",
      .rtp_caps = "application/x-rtp, media=audio, encoding-name=PCMA, "
                  "clock-rate=8000, payload=8",
      .encoded_caps = "audio/x-alaw, rate=8000, channels=1",
      .encoders = { { "alawenc" } },
      .decoders = { { "alawdec", NULL, 0, { "plc", "true" } } },
      .payloader = { "rtppcmapay", NULL, 0, { AUDIO_PACKETS } },
      .depayloader = { "rtppcmadepay" },
  },
  {
      .name = "VP8",
      .kind = KANDY_MEDIA_KIND_VIDEO,
      .sdp_name = "VP8",
      .rtp_caps = "application/x-rtp, media=video, encoding-name=VP8, "
                  "clock-rate=90000, payload=96",
      .encoded_caps = "video/x-vp8",
      .bitrate = 1000000,
      .encoders = { { "vp8enc", "target-bitrate", 1, { VPX_REALTIME } } },
      .decoders = { { "vp8dec", NULL, 0,
                        { "automatic-request-sync-points", "true",
                            "discard-corrupted-frames", "true" } },
          { "avdec_vp8", NULL, 0, { "max-threads", "1" } } },
      .payloader = { "rtpvp8pay", NULL, 0, { "picture-id-mode", "2" } },
      .depayloader = { "rtpvp8depay", NULL, 0, { RECOVER } },
  },
  {
      .name = "VP9",
      .kind = KANDY_MEDIA_KIND_VIDEO,
      .sdp_name = "VP9",
      .fmtp = "profile-id=0",
      .rtp_caps = "application/x-rtp, media=video, encoding-name=VP9, "
                  "clock-rate=90000, payload=98",
      .encoded_caps = "video/x-vp9",
      .bitrate = 800000,
      .encoders = { { "vp9enc", "target-bitrate", 1,
          { VPX_REALTIME, "row-mt", "true" } } },
      .decoders = { { "vp9dec", NULL, 0,
                        { "automatic-request-sync-points", "true",
                            "discard-corrupted-frames", "true" } },
          { "avdec_vp9", NULL, 0, { "max-threads", "1" } } },
      .payloader = { "rtpvp9pay", NULL, 0, { "picture-id-mode", "2" } },
      .depayloader = { "rtpvp9depay", NULL, 0, { RECOVER } },
      .parser = "vp9parse",
  },
  {
      .name = "H264",
      .kind = KANDY_MEDIA_KIND_VIDEO,
      .sdp_name = "H264",
      .fmtp = "level-asymmetry-allowed=1;packetization-mode=1;"
              "profile-level-id=42e01f",
      .rtp_caps = "application/x-rtp, media=video, encoding-name=H264, "
                  "clock-rate=90000, packetization-mode=(string)1, "
                  "profile-level-id=(string)42e01f, payload=102",
      .encoded_caps = "video/x-h264",
      .bitrate = 1000000,
      .encoders = { { "x264enc", "bitrate", 1000,
                        { "tune", "zerolatency", "speed-preset", "superfast",
                            "key-int-max", "3000", "byte-stream", "true",
                            "vbv-buf-capacity", "500", "threads", "2",
                            "bframes", "0", "option-string", "scenecut=0" } },
          { "openh264enc", "bitrate", 1,
              { "rate-control", "bitrate", "complexity", "low", "gop-size",
                  "3000", "usage-type", "camera", "scene-change-detection",
                  "false" } } },
      .encoder_caps = "video/x-h264, profile=constrained-baseline, "
                      "stream-format=byte-stream, alignment=au",
      .decoders = { { "avdec_h264", NULL, 0,
                        { "max-threads", "1", "output-corrupt", "false",
                            "automatic-request-sync-points", "true",
                            "discard-corrupted-frames", "true" } },
          { "openh264dec", NULL, 0,
              { "automatic-request-sync-points", "true" } } },
      .payloader = { "rtph264pay", NULL, 0,
          { "config-interval", "-1", "aggregate-mode", "zero-latency" } },
      .depayloader = { "rtph264depay", NULL, 0, { RECOVER } },
      .parser = "h264parse",
  },
  {
      .name = "AV1",
      .kind = KANDY_MEDIA_KIND_VIDEO,
      .sdp_name = "AV1",
      .fmtp = "level-idx=5;profile=0;tier=0",
      .rtp_caps = "application/x-rtp, media=video, encoding-name=AV1, "
                  "clock-rate=90000, payload=45",
      .encoded_caps = "video/x-av1",
      .bitrate = 800000,
      /* svtav1enc looks ahead and takes no other bit rate while it runs */
      .encoders = { { "av1enc", "target-bitrate", 1000,
          { "usage-profile", "realtime", "cpu-used", "10", "lag-in-frames", "0",
              "end-usage", "cbr", "row-mt", "true", "keyframe-max-dist", "3000",
              "threads", "2", AV1_QUANTIZERS },
          .time_base = "timebase" } },
      .decoders = { { "dav1ddec" }, { "av1dec" } },
      .payloader = { "rtpav1pay" },
      .depayloader = { "rtpav1depay" },
      .parser = "av1parse",
  },
};

static gboolean
factory_exists (const char *name)
{
  GstElementFactory *factory = name ? gst_element_factory_find (name) : NULL;

  if (!factory)
    return FALSE;
  gst_object_unref (factory);
  return TRUE;
}

static const ElementInfo *
find_installed (const ElementInfo *infos, guint n)
{
  guint i;

  for (i = 0; i < n && infos[i].factory; i++) {
    if (factory_exists (infos[i].factory))
      return &infos[i];
  }
  return NULL;
}

/* Settings that this version of the element does not have are not missed */
static GstElement *
make_element (const ElementInfo *info)
{
  GstElement *element;
  guint i;

  if (!info || !info->factory)
    return NULL;
  element = gst_element_factory_make (info->factory, NULL);
  for (i = 0; element && info->settings[i]; i += 2) {
    if (g_object_class_find_property (
            G_OBJECT_GET_CLASS (element), info->settings[i]))
      gst_util_set_object_arg (
          G_OBJECT (element), info->settings[i], info->settings[i + 1]);
  }
  return element;
}

static const ElementInfo *
get_encoder (const GstKandyCodec *codec)
{
  return find_installed (codec->encoders, G_N_ELEMENTS (codec->encoders));
}

static const ElementInfo *
get_decoder (const GstKandyCodec *codec)
{
  return find_installed (codec->decoders, G_N_ELEMENTS (codec->decoders));
}

/**
 * gst_kandy_codec_find:
 * @name: encoding name as in caps, such as `OPUS` or `VP8`; case does not
 *   matter
 *
 * Returns: (transfer none) (nullable): the codec, static
 */
const GstKandyCodec *
gst_kandy_codec_find (const char *name)
{
  guint i;

  for (i = 0; name && i < G_N_ELEMENTS (codecs); i++) {
    if (g_ascii_strcasecmp (codecs[i].name, name) == 0)
      return &codecs[i];
  }
  return NULL;
}

/**
 * gst_kandy_codec_from_caps:
 * @caps: application/x-rtp caps, or those of an encoded stream
 *
 * Returns: (transfer none) (nullable): their codec, static
 */
const GstKandyCodec *
gst_kandy_codec_from_caps (const GstCaps *caps)
{
  const GstStructure *s;
  guint i;

  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return NULL;
  s = gst_caps_get_structure (caps, 0);
  if (gst_structure_has_name (s, "application/x-rtp")) {
    const char *name = gst_structure_get_string (s, "encoding-name");
    int payload;

    if (name)
      return gst_kandy_codec_find (name);
    /* RFC 3551 */
    if (!gst_structure_get_int (s, "payload", &payload))
      return NULL;
    return payload == 0 ? gst_kandy_codec_find ("PCMU")
        : payload == 8  ? gst_kandy_codec_find ("PCMA")
        : payload == 9  ? gst_kandy_codec_find ("G722")
                        : NULL;
  }
  for (i = 0; i < G_N_ELEMENTS (codecs); i++) {
    const char *end = strchr (codecs[i].encoded_caps, ',');
    gsize length = end ? (gsize) (end - codecs[i].encoded_caps)
                       : strlen (codecs[i].encoded_caps);

    if (strlen (gst_structure_get_name (s)) == length
        && strncmp (gst_structure_get_name (s), codecs[i].encoded_caps, length)
            == 0)
      return &codecs[i];
  }
  return NULL;
}

/**
 * gst_kandy_codec_get_name:
 * @codec: a codec
 *
 * Returns: its encoding name, in capitals
 */
const char *
gst_kandy_codec_get_name (const GstKandyCodec *codec)
{
  return codec->name;
}

/**
 * gst_kandy_codec_get_mime_type:
 * @codec: a codec
 *
 * Returns: (transfer full): its media type as in RTP's registry: `audio/opus`
 */
char *
gst_kandy_codec_get_mime_type (const GstKandyCodec *codec)
{
  return g_strconcat (
      codec->kind == KANDY_MEDIA_KIND_AUDIO ? "audio/" : "video/",
      codec->sdp_name, NULL);
}

/**
 * gst_kandy_codec_get_bitrate:
 * @codec: a codec
 *
 * Returns: bit/s of its encoder if nothing is demanded of it; 0 if it has but
 *   one bit rate
 */
guint
gst_kandy_codec_get_bitrate (const GstKandyCodec *codec)
{
  return codec->bitrate;
}

/**
 * gst_kandy_codec_get_kind:
 * @codec: a codec
 *
 * Returns: its kind
 */
KandyMediaKind
gst_kandy_codec_get_kind (const GstKandyCodec *codec)
{
  return codec->kind;
}

/**
 * gst_kandy_codec_get_rtp_caps:
 * @codec: a codec
 *
 * Returns: (transfer full): application/x-rtp caps with the default payload
 * type
 */
GstCaps *
gst_kandy_codec_get_rtp_caps (const GstKandyCodec *codec)
{
  return gst_caps_from_string (codec->rtp_caps);
}

/**
 * gst_kandy_codec_get_encoded_caps:
 * @codec: a codec
 *
 * Returns: (transfer full): caps of the encoded stream as the depayloader gives
 * it out
 */
GstCaps *
gst_kandy_codec_get_encoded_caps (const GstKandyCodec *codec)
{
  return gst_caps_from_string (codec->encoded_caps);
}

/**
 * gst_kandy_codec_can_encode:
 * @codec: a codec
 *
 * Returns: whether an encoder and what belongs to it are installed
 */
gboolean
gst_kandy_codec_can_encode (const GstKandyCodec *codec)
{
  return get_encoder (codec) && factory_exists (codec->payloader.factory);
}

/**
 * gst_kandy_codec_can_decode:
 * @codec: a codec
 *
 * Returns: whether a decoder and what belongs to it are installed
 */
gboolean
gst_kandy_codec_can_decode (const GstKandyCodec *codec)
{
  return get_decoder (codec) && factory_exists (codec->depayloader.factory);
}

/**
 * gst_kandy_codec_set_bitrate:
 * @codec: a codec
 * @encoder: an encoder of it
 * @bitrate: bit/s
 *
 * Changes the bit rate of an encoder, at any time.
 */
void
gst_kandy_codec_set_bitrate (
    const GstKandyCodec *codec, GstElement *encoder, guint bitrate)
{
  GstElementFactory *factory = gst_element_get_factory (encoder);
  const char *name = factory ? GST_OBJECT_NAME (factory) : NULL;
  guint i;

  if (bitrate == 0)
    bitrate = codec->bitrate;
  for (i = 0; i < G_N_ELEMENTS (codec->encoders); i++) {
    const ElementInfo *info = &codec->encoders[i];
    g_autofree char *text = NULL;

    if (!info->bitrate || g_strcmp0 (info->factory, name) != 0)
      continue;
    /* Opus does nothing under 4 kbit/s and over 650 */
    if (codec->kind == KANDY_MEDIA_KIND_AUDIO)
      bitrate = CLAMP (bitrate, 6000, 510000);
    else
      bitrate = MAX (bitrate, 30000);
    text = g_strdup_printf ("%u", bitrate / info->unit);
    gst_util_set_object_arg (G_OBJECT (encoder), info->bitrate, text);
    gst_kandy_bit_budget_set_rate (encoder, bitrate);
  }
}

static GstPadProbeReturn
hide_frame_rate (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  caps = gst_caps_copy (caps);
  gst_caps_set_simple (caps, "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
  GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_caps (caps);
  gst_event_unref (event);
  gst_caps_unref (caps);
  return GST_PAD_PROBE_OK;
}

/* RTP's clock of video, RFC 3551 */
static void
set_time_base (GstElement *encoder, const char *property)
{
  GstPad *pad;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (encoder), property)) {
    gst_util_set_object_arg (G_OBJECT (encoder), property, "1/90000");
    return;
  }
  pad = gst_element_get_static_pad (encoder, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, hide_frame_rate, NULL, NULL);
  gst_object_unref (pad);
}

/**
 * gst_kandy_codec_make_encoder:
 * @codec: a codec
 * @bitrate: bit/s, 0 for the codec's default
 *
 * Makes an encoder that is set up for a call. One of pictures leaves some out
 * when it cannot make them small enough for its bit rate.
 *
 * Returns: (transfer floating) (nullable): the encoder, %NULL if none is
 * installed
 */
GstElement *
gst_kandy_codec_make_encoder (const GstKandyCodec *codec, guint bitrate)
{
  const ElementInfo *info = get_encoder (codec);
  GstElement *encoder = make_element (info);

  if (!encoder)
    return NULL;
  if (info->time_base)
    set_time_base (encoder, info->time_base);
  if (codec->kind == KANDY_MEDIA_KIND_VIDEO)
    gst_kandy_bit_budget_attach (encoder);
  gst_kandy_codec_set_bitrate (codec, encoder, bitrate);
  return encoder;
}

/**
 * gst_kandy_codec_make_decoder:
 * @codec: a codec
 *
 * Returns: (transfer floating) (nullable): a decoder, %NULL if none is
 * installed
 */
GstElement *
gst_kandy_codec_make_decoder (const GstKandyCodec *codec)
{
  return make_element (get_decoder (codec));
}

/**
 * gst_kandy_codec_make_payloader:
 * @codec: a codec
 *
 * Returns: (transfer floating) (nullable): a payloader, %NULL if none is
 * installed
 */
GstElement *
gst_kandy_codec_make_payloader (const GstKandyCodec *codec)
{
  return make_element (&codec->payloader);
}

/**
 * gst_kandy_codec_make_depayloader:
 * @codec: a codec
 *
 * Returns: (transfer floating) (nullable): a depayloader, %NULL if none is
 * installed
 */
GstElement *
gst_kandy_codec_make_depayloader (const GstKandyCodec *codec)
{
  return make_element (&codec->depayloader);
}

/**
 * gst_kandy_codec_make_parser:
 * @codec: a codec
 *
 * Returns: (transfer floating) (nullable): a parser, %NULL if the codec needs
 * none
 */
GstElement *
gst_kandy_codec_make_parser (const GstKandyCodec *codec)
{
  return codec->parser ? gst_element_factory_make (codec->parser, NULL) : NULL;
}

/**
 * gst_kandy_codec_get_encoder_caps:
 * @codec: a codec
 *
 * Returns: (transfer full) (nullable): what has to be demanded of the encoder
 */
GstCaps *
gst_kandy_codec_get_encoder_caps (const GstKandyCodec *codec)
{
  return codec->encoder_caps ? gst_caps_from_string (codec->encoder_caps)
                             : NULL;
}

static gboolean
is_h264 (const GstKandyCodec *codec)
{
  return strcmp (codec->name, "H264") == 0;
}

static GstCaps *
select_codecs (
    KandyMediaKind kind, gboolean remove_h264, gboolean encode, gboolean decode)
{
  GstCaps *caps = gst_caps_new_empty ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (codecs); i++) {
    const GstKandyCodec *codec = &codecs[i];

    if (codec->kind != kind || (remove_h264 && is_h264 (codec))
        || (encode && !gst_kandy_codec_can_encode (codec))
        || (decode && !gst_kandy_codec_can_decode (codec)))
      continue;
    gst_caps_append (caps, gst_kandy_codec_get_rtp_caps (codec));
  }
  return caps;
}

/**
 * gst_kandy_codecs_get_available:
 * @kind: audio or video
 * @remove_h264: whether H.264 is left out (configuration
 *   `call.removeH264Codecs`)
 *
 * What can be both encoded and decoded with the elements that are installed.
 * From any thread.
 *
 * Returns: (transfer full): application/x-rtp structures, best first; may be
 *   empty
 */
GstCaps *
gst_kandy_codecs_get_available (KandyMediaKind kind, gboolean remove_h264)
{
  return select_codecs (kind, remove_h264, TRUE, TRUE);
}

/**
 * gst_kandy_codecs_get_receivable:
 * @kind: audio or video
 * @remove_h264: whether H.264 is left out
 * @decode: whether it has to be decoded; %FALSE for a consumer that takes
 *   encoded media or RTP
 *
 * What can be received. From any thread.
 *
 * Returns: (transfer full): application/x-rtp structures, best first; may be
 *   empty
 */
GstCaps *
gst_kandy_codecs_get_receivable (
    KandyMediaKind kind, gboolean remove_h264, gboolean decode)
{
  return select_codecs (kind, remove_h264, FALSE, decode);
}

static void
copy_fields (GstCaps *caps, const GstStructure *from)
{
  static const char *const fields[] = { "packetization-mode",
    "profile-level-id", "profile-id", "stereo", "sprop-stereo" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    const GValue *value = gst_structure_get_value (from, fields[i]);

    if (value && gst_value_is_fixed (value))
      gst_caps_set_value (caps, fields[i], value);
  }
}

/* RFC 6184 section 8.1, from the words of caps. Level 3.1 if not given */
static void
set_h264_profile (GstCaps *caps, const GstStructure *s)
{
  static const struct {
    const char *profile;
    const char *id;
  } profiles[] = {
    { "constrained-baseline", "42e0" },
    { "baseline", "4200" },
    { "main", "4d00" },
    { "high", "6400" },
    { "constrained-high", "640c" },
  };
  const char *profile = gst_structure_get_string (s, "profile");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (profiles); i++) {
    g_autofree char *id = NULL;

    if (g_strcmp0 (profile, profiles[i].profile) != 0)
      continue;
    id = g_strconcat (profiles[i].id, "1f", NULL);
    gst_caps_set_simple (caps, "profile-level-id", G_TYPE_STRING, id, NULL);
  }
}

static gboolean
structure_is (const GstStructure *s, const char *name)
{
  const char *other = gst_structure_get_string (s, "encoding-name");

  return other && g_ascii_strcasecmp (other, name) == 0;
}

static void
set_stereo (GstStructure *codec, const GstStructure *s)
{
  int channels;

  if (gst_structure_get_int (s, "channels", &channels) && channels == 2)
    gst_structure_set (codec, "stereo", G_TYPE_STRING, "1", "sprop-stereo",
        G_TYPE_STRING, "1", NULL);
}

/**
 * gst_kandy_codecs_for_input:
 * @kind: audio or video
 * @input: (nullable): fixed raw, encoded or application/x-rtp caps
 * @remove_h264: whether H.264 is left out
 *
 * What media with the caps @input can be sent as: raw media as all that can be
 * encoded, encoded media and RTP as what it is. From any thread.
 *
 * Returns: (transfer full): application/x-rtp structures, best first; empty if
 *   it cannot be sent
 */
GstCaps *
gst_kandy_codecs_for_input (
    KandyMediaKind kind, const GstCaps *input, gboolean remove_h264)
{
  const GstKandyCodec *codec;
  const GstStructure *s;
  GstCaps *caps;
  guint i;

  if (!input || gst_caps_is_any (input) || gst_caps_is_empty (input))
    return gst_caps_new_empty ();
  s = gst_caps_get_structure (input, 0);

  if (gst_structure_has_name (
          s, kind == KANDY_MEDIA_KIND_AUDIO ? "audio/x-raw" : "video/x-raw")) {
    caps = select_codecs (kind, remove_h264, TRUE, FALSE);
    for (i = 0; i < gst_caps_get_size (caps); i++) {
      GstStructure *one = gst_caps_get_structure (caps, i);

      if (structure_is (one, "OPUS"))
        set_stereo (one, s);
    }
    return caps;
  }

  codec = gst_kandy_codec_from_caps (input);
  if (!codec || codec->kind != kind || (remove_h264 && is_h264 (codec))
      || !factory_exists (codec->payloader.factory))
    return gst_caps_new_empty ();
  caps = gst_kandy_codec_get_rtp_caps (codec);
  if (gst_structure_has_name (s, "application/x-rtp"))
    copy_fields (caps, s);
  else if (is_h264 (codec))
    set_h264_profile (caps, s);
  else if (strcmp (codec->name, "OPUS") == 0)
    set_stereo (gst_caps_get_structure (caps, 0), s);
  return caps;
}

/**
 * gst_kandy_codecs_prefer:
 * @codecs: application/x-rtp structures
 * @preference: (nullable): encoding names with commas between them, case does
 *   not matter; %NULL or empty changes nothing
 * @only: whether those that are not named are left out
 *
 * Brings the codecs that @preference names to the front, in its order.
 *
 * Returns: (transfer full): the same structures in another order
 */
GstCaps *
gst_kandy_codecs_prefer (GstCaps *codecs, const char *preference, gboolean only)
{
  g_auto (GStrv) names = NULL;
  GstCaps *result;
  guint i, j, n = gst_caps_get_size (codecs);

  if (!preference || !preference[0])
    return gst_caps_ref (codecs);
  names = g_strsplit (preference, ",", -1);
  result = gst_caps_new_empty ();
  for (i = 0; names[i]; i++) {
    g_strstrip (names[i]);
    for (j = 0; j < n; j++) {
      const GstStructure *s = gst_caps_get_structure (codecs, j);

      if (structure_is (s, names[i]))
        gst_caps_append_structure (result, gst_structure_copy (s));
    }
  }
  for (j = 0; j < n && !only; j++) {
    const GstStructure *s = gst_caps_get_structure (codecs, j);
    gboolean named = FALSE;

    for (i = 0; names[i]; i++)
      named |= structure_is (s, names[i]);
    if (!named)
      gst_caps_append_structure (result, gst_structure_copy (s));
  }
  return result;
}

static void
list_codec (GVariantBuilder *list, KandyMediaKind kind, const char *name,
    int clock_rate, int channels, const char *fmtp)
{
  g_autofree char *type = g_strconcat (
      kind == KANDY_MEDIA_KIND_AUDIO ? "audio/" : "video/", name, NULL);

  g_variant_builder_open (list, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (list, "{sv}", "mimeType", g_variant_new_string (type));
  g_variant_builder_add (
      list, "{sv}", "clockRate", g_variant_new_int32 (clock_rate));
  if (channels)
    g_variant_builder_add (
        list, "{sv}", "channels", g_variant_new_int32 (channels));
  if (fmtp)
    g_variant_builder_add (
        list, "{sv}", "sdpFmtpLine", g_variant_new_string (fmtp));
  g_variant_builder_close (list);
}

/**
 * gst_kandy_codecs_list:
 * @kind: audio or video
 * @remove_h264: whether H.264 is left out
 *
 * What a call can have, as the API document lists it. From any thread.
 *
 * API document: `call.getAvailableCodecs`.
 *
 * Returns: (transfer floating): `aa{sv}` with mimeType (`s`), clockRate (`i`,
 *   Hz), channels (`i`, audio only) and sdpFmtpLine (`s`, if there is one)
 */
GVariant *
gst_kandy_codecs_list (KandyMediaKind kind, gboolean remove_h264)
{
  g_autoptr (GstCaps) caps = gst_kandy_codecs_get_available (kind, remove_h264);
  GVariantBuilder list;
  guint i;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *s = gst_caps_get_structure (caps, i);
    const GstKandyCodec *codec =
        gst_kandy_codec_find (gst_structure_get_string (s, "encoding-name"));
    int clock_rate = 0;
    int channels = 0;

    gst_structure_get_int (s, "clock-rate", &clock_rate);
    if (kind == KANDY_MEDIA_KIND_AUDIO)
      channels = strcmp (codec->name, "OPUS") == 0 ? 2 : 1;
    list_codec (
        &list, kind, codec->sdp_name, clock_rate, channels, codec->fmtp);
  }
  /* What is offered along with them */
  if (!gst_caps_is_empty (caps)) {
    if (kind == KANDY_MEDIA_KIND_VIDEO) {
      list_codec (&list, kind, "rtx", 90000, 0, NULL);
    } else {
      list_codec (&list, kind, "telephone-event", 48000, 1, "0-15");
      list_codec (&list, kind, "telephone-event", 8000, 1, "0-15");
    }
  }
  return g_variant_builder_end (&list);
}

GstCaps *
gst_kandy_codecs_get_pad_caps (KandyMediaKind kind)
{
  GstCaps *caps = gst_caps_from_string (
      kind == KANDY_MEDIA_KIND_AUDIO ? "audio/x-raw" : "video/x-raw");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (codecs[i].kind == kind)
      gst_caps_append (caps, gst_kandy_codec_get_encoded_caps (&codecs[i]));
  }
  gst_caps_append (caps,
      gst_caps_from_string (kind == KANDY_MEDIA_KIND_AUDIO
              ? "application/x-rtp, media=audio"
              : "application/x-rtp, media=video"));
  return caps;
}
