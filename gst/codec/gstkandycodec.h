/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* The codecs that a call can have, and the elements that make them. */

typedef struct _GstKandyCodec GstKandyCodec;

/* @name: encoding name as in caps ("OPUS", "G722", "PCMU", "PCMA", "VP8", "VP9",
 * "H264", "AV1"), case does not matter. (nullable) (transfer none): static */
GST_KANDY_API const GstKandyCodec *gst_kandy_codec_find (const char *name);
/* The codec of application/x-rtp caps or of encoded caps (audio/x-opus, ...).
 * (nullable) (transfer none): static */
GST_KANDY_API const GstKandyCodec *gst_kandy_codec_from_caps (const GstCaps *caps);
GST_KANDY_API const char *gst_kandy_codec_get_name (const GstKandyCodec *codec);
/* (transfer full): "audio/opus" */
GST_KANDY_API char *gst_kandy_codec_get_mime_type (const GstKandyCodec *codec);
GST_KANDY_API KandyMediaKind gst_kandy_codec_get_kind (const GstKandyCodec *codec);
/* (transfer full): application/x-rtp caps with the default payload type */
GST_KANDY_API GstCaps *gst_kandy_codec_get_rtp_caps (const GstKandyCodec *codec);
/* (transfer full): caps of the encoded stream as the depayloader gives it out */
GST_KANDY_API GstCaps *gst_kandy_codec_get_encoded_caps (const GstKandyCodec *codec);
/* bit/s of its encoder if nothing is demanded; 0 = it has but one */
GST_KANDY_API guint gst_kandy_codec_get_bitrate (const GstKandyCodec *codec);
GST_KANDY_API gboolean gst_kandy_codec_can_encode (const GstKandyCodec *codec);
GST_KANDY_API gboolean gst_kandy_codec_can_decode (const GstKandyCodec *codec);

/* New elements, set up for a call; (transfer floating) (nullable): NULL if none is
 * installed. @bitrate: bit/s, 0 = the codec's default */
GST_KANDY_API GstElement *gst_kandy_codec_make_encoder (const GstKandyCodec *codec, guint bitrate);
GST_KANDY_API GstElement *gst_kandy_codec_make_decoder (const GstKandyCodec *codec);
GST_KANDY_API GstElement *gst_kandy_codec_make_payloader (const GstKandyCodec *codec);
GST_KANDY_API GstElement *gst_kandy_codec_make_depayloader (const GstKandyCodec *codec);
/* (nullable): NULL if it needs none */
GST_KANDY_API GstElement *gst_kandy_codec_make_parser (const GstKandyCodec *codec);
/* (transfer full) (nullable): what has to be demanded of the encoder */
GST_KANDY_API GstCaps *gst_kandy_codec_get_encoder_caps (const GstKandyCodec *codec);
GST_KANDY_API void gst_kandy_codec_set_bitrate (const GstKandyCodec *codec,
    GstElement *encoder, guint bitrate);

/* (transfer full): application/x-rtp structures, best first; what can be both
 * encoded and decoded with the elements that are installed */
GST_KANDY_API GstCaps *gst_kandy_codecs_get_available (KandyMediaKind kind, gboolean remove_h264);
/* (transfer full): as above, what can be received as @output: decoding does not matter
 * if the consumer takes encoded media or RTP */
GST_KANDY_API GstCaps *gst_kandy_codecs_get_receivable (KandyMediaKind kind, gboolean remove_h264,
    gboolean decode);
/* (transfer full): what @input (raw, encoded or application/x-rtp caps, fixed)
 * can be sent as, best first; empty if it cannot. Raw: all that can be encoded;
 * encoded and RTP: itself */
GST_KANDY_API GstCaps *gst_kandy_codecs_for_input (KandyMediaKind kind, const GstCaps *input,
    gboolean remove_h264);
/* (transfer full): @codecs with those named in @preference first, in its order;
 * @only: and no others. @preference: encoding names, commas between them */
GST_KANDY_API GstCaps *gst_kandy_codecs_prefer (GstCaps *codecs, const char *preference, gboolean only);
/* (transfer floating): aa{sv} of {mimeType, clockRate, channels?, sdpFmtpLine?};
 * API document: `call.getAvailableCodecs` */
GST_KANDY_API GVariant *gst_kandy_codecs_list (KandyMediaKind kind, gboolean remove_h264);
/* (transfer full): what a pad for @kind takes: raw, encoded and application/x-rtp */
GST_KANDY_API GstCaps *gst_kandy_codecs_get_pad_caps (KandyMediaKind kind);

G_END_DECLS
