/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Where media of a call enters the application's pipeline: a bounded queue that
 * never blocks who fills it, and the thread of one source pad. */

#define GST_TYPE_KANDY_MEDIA_SRC (gst_kandy_media_src_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyMediaSrc, gst_kandy_media_src, GST, KANDY_MEDIA_SRC, GstElement)

/* @caps: (nullable): expected */
GstKandyMediaSrc *gst_kandy_media_src_new (const char *stream_id,
    guint group_id, GstClockTime latency, GstCaps *caps);
/* Nothing comes out before; what comes in before is dropped */
void gst_kandy_media_src_open (GstKandyMediaSrc *self);
gboolean gst_kandy_media_src_is_open (GstKandyMediaSrc *self);
/* Takes @buffer, whose PTS is running time; any thread; drops the oldest when
 * full */
void gst_kandy_media_src_push (GstKandyMediaSrc *self, GstBuffer *buffer,
    GstCaps *caps);
/* After what is queued */
void gst_kandy_media_src_push_eos (GstKandyMediaSrc *self);
/* @pad: gets a GAP event when nothing has come for a while, on the streaming
 * thread. (transfer none), it must outlive the element */
void gst_kandy_media_src_set_gap_pad (GstKandyMediaSrc *self, GstPad *pad);

G_END_DECLS
