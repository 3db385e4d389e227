/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Where RTP of the application becomes RTP of the call: one SSRC, one
 * payload type, sequence numbers that never repeat (SRTP refuses those) and
 * timestamps that go on, whatever is swapped in front. There is one for each
 * SSRC that we send, tracks come and go. Ref-counted, any thread. */
typedef struct _GstKandyRtpBorder GstKandyRtpBorder;

GstKandyRtpBorder *gst_kandy_rtp_border_new (void);
GstKandyRtpBorder *gst_kandy_rtp_border_ref (GstKandyRtpBorder *self);
void gst_kandy_rtp_border_unref (GstKandyRtpBorder *self);

void gst_kandy_rtp_border_set_output (GstKandyRtpBorder *self, guint32 ssrc,
    guint8 payload, guint clock_rate);
/* Packets were left out on purpose: the next one follows the last, without a
 * gap in sequence numbers */
void gst_kandy_rtp_border_skip (GstKandyRtpBorder *self);
/* Rewrites the header of @rtp, which must be writable and was taken at
 * @running_time. FALSE: not RTP, or a repetition; do not send it */
gboolean gst_kandy_rtp_border_rewrite (GstKandyRtpBorder *self, GstBuffer *rtp,
    GstClockTime running_time);

/* Events (RFC 4733) take the place of the sound for their time, with its SSRC,
 * its sequence numbers and its time line: the packets in between are refused by
 * gst_kandy_rtp_border_rewrite(), and those that are older than the end of the
 * event. One event at a time. */
void gst_kandy_rtp_border_begin_event (GstKandyRtpBorder *self);
/* The next packet, with the timestamp of the event's beginning and @offset
 * ticks. (transfer full) */
GstBuffer *gst_kandy_rtp_border_make_event (GstKandyRtpBorder *self,
    guint8 payload_type, gboolean marker, guint32 offset,
    const guint8 *payload, guint size);
/* @ticks: how long it was; @running_time: now */
void gst_kandy_rtp_border_end_event (GstKandyRtpBorder *self, guint32 ticks,
    GstClockTime running_time);

G_END_DECLS
