/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycodecchain.h"
#include "gstkandydtmftone.h"
#include "gstkandysendbin.h"

G_BEGIN_DECLS

/* Black, in place of encoded pictures */
#define BLACK_INTERVAL (200 * GST_MSECOND)

typedef enum {
  GST_KANDY_SEND_INPUT_NONE,
  GST_KANDY_SEND_INPUT_RAW,
  GST_KANDY_SEND_INPUT_ENCODED,
  GST_KANDY_SEND_INPUT_RTP,
} GstKandySendInput;

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
  GstKandySendInput type;
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

/* gstkandysendbinchain.c; all but the first two on the streaming thread */
GstKandySendInput gst_kandy_send_bin_get_input_type (const GstCaps *caps);
/* With the object lock */
guint gst_kandy_send_bin_get_bitrate (GstKandySendBin *self);
/* TRUE: what is inside makes what is negotiated now as well, and the encoder
 * goes on without a break */
gboolean gst_kandy_send_bin_refit (GstKandySendBin *self);
/* Makes the inside fit to the caps at both ends */
void gst_kandy_send_bin_rebuild (GstKandySendBin *self);
/* (transfer full): with the negotiated payload type and SSRC */
GstBuffer *gst_kandy_send_bin_stamp (GstKandySendBin *self, GstBuffer *buffer);

G_END_DECLS
