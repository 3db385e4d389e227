/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyrtpborder.h"

#include <gst/rtp/gstrtpbuffer.h>

/* A larger step of sequence numbers is another numbering, not loss */
#define MAX_SEQ_STEP 100
/* How far timestamps and running time may drift apart before the timestamps are
 * taken for another numbering */
#define MAX_TIME_STEP (500 * GST_MSECOND)

struct _GstKandyRtpBorder {
  GMutex lock;

  guint32 ssrc;
  guint8 payload;
  guint clock_rate;

  gboolean started;  /* anything was sent */
  gboolean anchored; /* the input's numbers are known */
  guint16 seq;       /* last that was sent */
  guint32 timestamp;
  GstClockTime time;

  guint32 in_ssrc;
  guint8 in_payload;
  guint16 in_seq;
  guint32 in_timestamp;
};

GstKandyRtpBorder *
gst_kandy_rtp_border_new (void)
{
  GstKandyRtpBorder *self = g_atomic_rc_box_new0 (GstKandyRtpBorder);

  g_mutex_init (&self->lock);
  /* RFC 3550 5.1: both start at random */
  self->seq = (guint16) g_random_int ();
  self->timestamp = g_random_int ();
  self->time = GST_CLOCK_TIME_NONE;
  return self;
}

GstKandyRtpBorder *
gst_kandy_rtp_border_ref (GstKandyRtpBorder *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
border_clear (gpointer data)
{
  g_mutex_clear (&((GstKandyRtpBorder *) data)->lock);
}

void
gst_kandy_rtp_border_unref (GstKandyRtpBorder *self)
{
  g_atomic_rc_box_release_full (self, border_clear);
}

void
gst_kandy_rtp_border_set_output (
    GstKandyRtpBorder *self, guint32 ssrc, guint8 payload, guint clock_rate)
{
  g_mutex_lock (&self->lock);
  self->anchored = FALSE;
  self->ssrc = ssrc;
  self->payload = payload;
  self->clock_rate = clock_rate;
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_rtp_border_skip (GstKandyRtpBorder *self)
{
  g_mutex_lock (&self->lock);
  self->anchored = FALSE;
  g_mutex_unlock (&self->lock);
}

static guint32
elapsed_ticks (GstKandyRtpBorder *self, GstClockTime running_time)
{
  if (!self->started || !GST_CLOCK_TIME_IS_VALID (self->time)
      || running_time <= self->time)
    return self->started ? 1 : 0;
  return (guint32) gst_util_uint64_scale (
      running_time - self->time, self->clock_rate, GST_SECOND);
}

/* The input's own ticks are exact, running time is rounded and jitters: it only
 * decides whether the input still counts as it did. */
static gboolean
same_timeline (
    GstKandyRtpBorder *self, guint32 timestamp, GstClockTime running_time)
{
  gint64 by_ticks, by_time;

  by_ticks = gst_util_uint64_scale (
      ABS ((gint64) (gint32) (timestamp - self->in_timestamp)), GST_SECOND,
      self->clock_rate);
  if ((gint32) (timestamp - self->in_timestamp) < 0)
    by_ticks = -by_ticks;
  by_time = GST_CLOCK_DIFF (self->time, running_time);
  return ABS (by_ticks - by_time) < (gint64) MAX_TIME_STEP;
}

gboolean
gst_kandy_rtp_border_rewrite (
    GstKandyRtpBorder *self, GstBuffer *rtp, GstClockTime running_time)
{
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  guint32 ssrc, timestamp;
  guint16 seq;
  guint8 payload;
  gint16 step = 1;

  if (!gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map))
    return FALSE;

  ssrc = gst_rtp_buffer_get_ssrc (&map);
  payload = gst_rtp_buffer_get_payload_type (&map);
  seq = gst_rtp_buffer_get_seq (&map);
  timestamp = gst_rtp_buffer_get_timestamp (&map);

  g_mutex_lock (&self->lock);
  if (self->anchored
      && (ssrc != self->in_ssrc || payload != self->in_payload
          || !same_timeline (self, timestamp, running_time)))
    self->anchored = FALSE;

  if (self->anchored) {
    step = (gint16) (seq - self->in_seq);
    if (step <= 0 && step > -MAX_SEQ_STEP) {
      g_mutex_unlock (&self->lock);
      gst_rtp_buffer_unmap (&map);
      return FALSE;
    }
    /* A gap is loss in front of us: the far end shall know */
    if (step < 0 || step > MAX_SEQ_STEP)
      step = 1;
    self->timestamp += timestamp - self->in_timestamp;
  } else {
    self->timestamp += elapsed_ticks (self, running_time);
  }

  self->seq += (guint16) step;
  self->time = running_time;
  self->in_ssrc = ssrc;
  self->in_payload = payload;
  self->in_seq = seq;
  self->in_timestamp = timestamp;
  self->anchored = self->started = TRUE;

  /* Identifiers of header extensions are the application's, the far end would
   * read them as what was negotiated under the same number */
  if (gst_rtp_buffer_get_extension (&map))
    gst_rtp_buffer_remove_extension_data (&map);
  gst_rtp_buffer_set_ssrc (&map, self->ssrc);
  gst_rtp_buffer_set_payload_type (&map, self->payload);
  gst_rtp_buffer_set_seq (&map, self->seq);
  gst_rtp_buffer_set_timestamp (&map, self->timestamp);
  g_mutex_unlock (&self->lock);
  gst_rtp_buffer_unmap (&map);
  return TRUE;
}
