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
/* @done: the end has come out, or nothing does any longer; on the streaming
 * thread. @user_data must outlive the element */
void gst_kandy_media_src_set_done (GstKandyMediaSrc *self,
    void (*done) (gpointer user_data), gpointer user_data);
/* Nothing is to be expected for now: what is queued is dropped, but for EOS, and
 * from now on the time is filled up to this moment */
void gst_kandy_media_src_set_idle (GstKandyMediaSrc *self, gboolean idle);
/* Nothing has come for a while, or is expected: fills the time @from..@to, which
 * are running times; on the streaming thread */
typedef void (*GstKandyMediaSrcFill) (GstClockTime from, GstClockTime to,
    gpointer user_data);
/* @user_data must outlive the element */
void gst_kandy_media_src_set_fill (GstKandyMediaSrc *self,
    GstKandyMediaSrcFill fill, gpointer user_data);

G_END_DECLS
