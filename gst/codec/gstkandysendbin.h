/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Whatever an application sends, as the RTP that was negotiated.
 *
 * Pads: always "sink" (raw, encoded or application/x-rtp, by "kind"), always
 * "src" (application/x-rtp). Input caps may change at any time, and so may
 * "negotiated-caps": the inside is built anew, behind the same pads. While
 * there are no negotiated caps, or they do not fit to the input, buffers are
 * dropped with GST_FLOW_OK; the latter is also an element WARNING with details.
 *
 * Upstream GstForceKeyUnit events at "src" reach the encoder, or leave by
 * "sink" if media comes encoded. EOS goes through. */

#define GST_KANDY_TYPE_SEND_BIN (gst_kandy_send_bin_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandySendBin, gst_kandy_send_bin, GST_KANDY, SEND_BIN, GstBin)

GST_KANDY_API GstElement *gst_kandy_send_bin_new (KandyMediaKind kind);

/* DTMF in place of the sound, also if that comes encoded, on any thread. FALSE:
 * it would not be heard, since none comes by or the codec cannot be made */
GST_KANDY_API gboolean gst_kandy_send_bin_play_tone (GstKandySendBin *self,
    guint number, guint volume, guint duration, guint gap);
GST_KANDY_API void gst_kandy_send_bin_stop_tones (GstKandySendBin *self);

/* Properties: "kind" (KandyMediaKind, construct-only), "negotiated-caps" (GstCaps,
 * fixed application/x-rtp with payload and ssrc, from
 * gst_kandy_send_track_get_negotiated_caps(), nullable; from any thread),
 * "expected-caps" (the same, before anything is negotiated: raw sound is encoded
 * in advance, and not given out),
 * "max-bitrate" (uint bit/s, 0 = the codec's default; from any thread, at once),
 * "mtu" (uint bytes, default 1200), "muted" (boolean: silence or black instead
 * of media), "volume" (double: factor for raw sound),
 * "codec-name" (string, read, nullable) */

G_END_DECLS
