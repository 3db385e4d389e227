/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* One local track: RTP from the application's pipeline goes in here, whatever
 * its SSRC, payload type and numbering; what leaves towards webrtcbin has one
 * SSRC, one payload type and continuous numbers for the whole call. */

#define GST_KANDY_TYPE_SEND_TRACK (gst_kandy_send_track_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandySendTrack, gst_kandy_send_track, GST_KANDY, SEND_TRACK, GstObject)

/* The KandyTrack that the call shows for it: (transfer none) */
GST_KANDY_API KandyTrack *gst_kandy_send_track_get_track (GstKandySendTrack *self);
GST_KANDY_API KandyMediaKind gst_kandy_send_track_get_kind (GstKandySendTrack *self);
/* What the track can be sent as: application/x-rtp structures, best first */
GST_KANDY_API GstCaps *gst_kandy_send_track_get_codecs (GstKandySendTrack *self);
/* (nullable) (transfer full): what was negotiated, fixed application/x-rtp caps
 * with media, encoding-name, clock-rate, payload, ssrc and fmtp fields; NULL
 * before. Signal "negotiated" (no arguments, on the kandy thread) when it changes */
GST_KANDY_API GstCaps *gst_kandy_send_track_get_negotiated_caps (GstKandySendTrack *self);

/* From a streaming thread. Takes @rtp; its PTS is running time of the
 * application's pipeline, @clock and @base_time are that pipeline's. Never
 * blocks: what is too much is dropped, oldest first. GST_FLOW_OK also while
 * there is no transport yet. */
GST_KANDY_API GstFlowReturn gst_kandy_send_track_push (GstKandySendTrack *self,
    GstBuffer *rtp, GstClock *clock, GstClockTime base_time);

/* How long the source may give nothing before the track says so; 0: for ever */
GST_KANDY_API void gst_kandy_send_track_set_patience (GstKandySendTrack *self,
    guint patience_ms);
/* Muted: silence / black is up to the sender's pipeline; this drops buffers */
GST_KANDY_API void gst_kandy_send_track_set_gated (GstKandySendTrack *self, gboolean gated);

/* Signals: "negotiated" (); "force-key-unit" (gboolean all_headers) from any
 * thread, when the far end asks for a key frame; "max-bitrate" (guint bit/s) when
 * the far end limits us; "play-tone" and "stop-tones", see their
 * documentation. */

G_END_DECLS
