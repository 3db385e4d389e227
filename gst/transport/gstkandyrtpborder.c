/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyrtpborder.h"

#include <gst/rtp/gstrtpbuffer.h>
#include <string.h>

/* A larger step of sequence numbers is another numbering, not loss */
#define MAX_SEQ_STEP 100
/* Sound that is further behind the end of an event has lost its way in time */
#define MAX_BEHIND_MS 500
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

  gint64 passed; /* when the packet with @timestamp came by, monotonic */

  gboolean in_event;
  gboolean after_event; /* sound has to reach @resume before it goes on */
  guint32 event_timestamp;
  guint32 resume;

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

/* Whether sound is to be left out. With the lock, when self->timestamp is that
 * of the packet. */
static gboolean
gives_way (GstKandyRtpBorder *self)
{
  guint32 behind;

  if (self->in_event)
    return TRUE;
  if (!self->after_event)
    return FALSE;
  behind = self->resume - self->timestamp;
  if ((gint32) behind > 0 && behind < self->clock_rate / 1000 * MAX_BEHIND_MS)
    return TRUE;
  if ((gint32) behind > 0)
    self->timestamp = self->resume;
  self->after_event = FALSE;
  return FALSE;
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
  gboolean left_out;

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

  left_out = gives_way (self);
  if (!left_out)
    self->seq += (guint16) step;
  self->time = running_time;
  self->passed = g_get_monotonic_time ();
  self->in_ssrc = ssrc;
  self->in_payload = payload;
  self->in_seq = seq;
  self->in_timestamp = timestamp;
  self->anchored = self->started = TRUE;
  if (left_out) {
    g_mutex_unlock (&self->lock);
    gst_rtp_buffer_unmap (&map);
    return FALSE;
  }

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

void
gst_kandy_rtp_border_begin_event (GstKandyRtpBorder *self)
{
  g_mutex_lock (&self->lock);
  self->in_event = TRUE;
  self->event_timestamp = self->timestamp;
  if (self->started)
    self->event_timestamp += (guint32) gst_util_uint64_scale (
        MAX (g_get_monotonic_time () - self->passed, 0), self->clock_rate,
        G_USEC_PER_SEC);
  if (self->after_event && (gint32) (self->event_timestamp - self->resume) < 0)
    self->event_timestamp = self->resume;
  g_mutex_unlock (&self->lock);
}

GstBuffer *
gst_kandy_rtp_border_make_event (GstKandyRtpBorder *self, guint8 payload_type,
    gboolean marker, guint32 offset, const guint8 *payload, guint size)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (size, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  memcpy (gst_rtp_buffer_get_payload (&map), payload, size);
  g_mutex_lock (&self->lock);
  gst_rtp_buffer_set_ssrc (&map, self->ssrc);
  gst_rtp_buffer_set_payload_type (&map, payload_type);
  gst_rtp_buffer_set_marker (&map, marker);
  gst_rtp_buffer_set_seq (&map, ++self->seq);
  gst_rtp_buffer_set_timestamp (&map, self->event_timestamp + offset);
  g_mutex_unlock (&self->lock);
  gst_rtp_buffer_unmap (&map);
  return rtp;
}

void
gst_kandy_rtp_border_end_event (
    GstKandyRtpBorder *self, guint32 ticks, GstClockTime running_time)
{
  g_mutex_lock (&self->lock);
  self->in_event = FALSE;
  self->after_event = TRUE;
  self->resume = self->event_timestamp + ticks;
  /* Sound that begins anew counts from here */
  if (!self->anchored) {
    self->started = TRUE;
    self->timestamp = self->resume;
    self->time = running_time;
    self->passed = g_get_monotonic_time ();
  }
  g_mutex_unlock (&self->lock);
}
