/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GstKandyReceiveOutput:
 * @GST_KANDY_RECEIVE_OUTPUT_RAW: decoded
 * @GST_KANDY_RECEIVE_OUTPUT_ENCODED: as the depayloader gives it
 * @GST_KANDY_RECEIVE_OUTPUT_RTP: as it comes
 *
 * What a #GstKandyReceiveBin gives out.
 */
typedef enum {
  GST_KANDY_RECEIVE_OUTPUT_RAW, /*< nick=raw >*/
  GST_KANDY_RECEIVE_OUTPUT_ENCODED, /*< nick=encoded >*/
  GST_KANDY_RECEIVE_OUTPUT_RTP, /*< nick=rtp >*/
} GstKandyReceiveOutput;

#define GST_KANDY_TYPE_RECEIVE_OUTPUT (gst_kandy_receive_output_get_type ())
GST_KANDY_API GType gst_kandy_receive_output_get_type (void) G_GNUC_CONST;

/* RTP of one track as an application wants it.
 *
 * Pads: always "sink" (application/x-rtp), always "src" (by "output"). New caps at
 * "sink" (another codec or payload type) change the inside, behind the same
 * pads. Lost packets are concealed (Opus: PLC and in-band FEC); video that
 * lost its reference asks upstream for a key frame (GstForceKeyUnit leaves by
 * "sink") and, encoded or decoded, begins with one. */

#define GST_KANDY_TYPE_RECEIVE_BIN (gst_kandy_receive_bin_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandyReceiveBin, gst_kandy_receive_bin, GST_KANDY, RECEIVE_BIN, GstBin)

GST_KANDY_API GstElement *gst_kandy_receive_bin_new (KandyMediaKind kind);
/* Chooses "output" by what @downstream (caps of the peer, may be ANY) takes: raw if it can, else
 * encoded as @rtp is, else RTP; raw if it takes none of them */
GST_KANDY_API GstKandyReceiveOutput gst_kandy_receive_output_for_caps (KandyMediaKind kind,
    const GstCaps *rtp, const GstCaps *downstream);

/* Properties: "kind" (KandyMediaKind, construct-only), "output"
 * (GstKandyReceiveOutput, default raw; before the first buffer), "muted"
 * (boolean), "detect-dtmf" (boolean, default FALSE; from any thread).
 * Signal: "dtmf-tone" (guint number), on some thread */

G_END_DECLS
