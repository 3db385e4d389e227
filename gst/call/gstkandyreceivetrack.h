/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* One remote track. RTP with the running time of the private pipeline comes
 * out; a change of SSRC or payload type only shows as a change of caps. */

#define GST_KANDY_TYPE_RECEIVE_TRACK (gst_kandy_receive_track_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandyReceiveTrack, gst_kandy_receive_track, GST_KANDY, RECEIVE_TRACK, GstObject)

GST_KANDY_API KandyTrack *gst_kandy_receive_track_get_track (GstKandyReceiveTrack *self);
GST_KANDY_API KandyMediaKind gst_kandy_receive_track_get_kind (GstKandyReceiveTrack *self);
/* (transfer full): fixed application/x-rtp caps expected first, from the SDP */
GST_KANDY_API GstCaps *gst_kandy_receive_track_get_caps (GstKandyReceiveTrack *self);

/* Called on a streaming thread of the private pipeline; must not block. @rtp is
 * taken; its PTS is running time of the private pipeline, whose clock and base
 * time are given (the system's monotonic clock). @caps: of this buffer. */
typedef void (*GstKandyReceiveFunc) (GstKandyReceiveTrack *track, GstBuffer *rtp,
    GstCaps *caps, GstClock *clock, GstClockTime base_time, gpointer user_data);

/* One consumer at most; NULL takes it away, and no call of the former one runs
 * or comes when this returns. Without a consumer media is discarded. */
GST_KANDY_API void gst_kandy_receive_track_set_consumer (GstKandyReceiveTrack *self,
    GstKandyReceiveFunc func, gpointer user_data, GDestroyNotify notify);
GST_KANDY_API void gst_kandy_receive_track_request_key_unit (GstKandyReceiveTrack *self);

/* Property "active" (boolean): FALSE while held by either end or not sent.
 * Property "latency" (uint, ms): jitter buffer delay to report downstream. */

G_END_DECLS
