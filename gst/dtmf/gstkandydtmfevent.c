/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmfevent.h"

#include <gst/rtp/gstrtpbuffer.h>

/* A continued segment begins where the former one ends; some senders are a
 * packet off */
#define SEGMENT_SLACK 0x2000
/* What is older than this, 10 s at 48 kHz, is not late but of another numbering
 */
#define MAX_LATE 480000

void
gst_kandy_dtmf_event_write (const GstKandyDtmfEvent *event, guint8 *payload)
{
  payload[0] = (guint8) event->number;
  payload[1] = (guint8) ((event->end ? 0x80 : 0) | (event->volume & 0x3f));
  payload[2] = (guint8) (event->duration >> 8);
  payload[3] = (guint8) event->duration;
}

gboolean
gst_kandy_dtmf_event_read (
    GstKandyDtmfEvent *event, const guint8 *payload, guint size)
{
  if (!payload || size < GST_KANDY_DTMF_EVENT_SIZE || payload[0] > 15)
    return FALSE;
  event->number = payload[0];
  event->end = (payload[1] & 0x80) != 0;
  event->volume = payload[1] & 0x3f;
  event->duration = (guint16) (payload[2] << 8 | payload[3]);
  return TRUE;
}

/* All packets of one event have its first timestamp (RFC 4733 section 2.5.1),
 * but for one that is longer than its duration field can say: that goes on as
 * another segment, which has no marker. */
static gboolean
is_continued (const GstKandyDtmfReader *self, const GstKandyDtmfEvent *event,
    gint32 step, gboolean marker)
{
  return !marker && !self->ended && event->number == self->number
      && step >= GST_KANDY_DTMF_MAX_SEGMENT - SEGMENT_SLACK
      && step <= GST_KANDY_DTMF_MAX_SEGMENT + SEGMENT_SLACK;
}

gboolean
gst_kandy_dtmf_reader_take (
    GstKandyDtmfReader *self, GstBuffer *rtp, GstKandyDtmfEvent *event)
{
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  guint32 timestamp;
  gint32 step;
  gboolean marker, valid, is_new;

  if (!gst_rtp_buffer_map (rtp, GST_MAP_READ, &map))
    return FALSE;
  timestamp = gst_rtp_buffer_get_timestamp (&map);
  marker = gst_rtp_buffer_get_marker (&map);
  valid = gst_kandy_dtmf_event_read (event, gst_rtp_buffer_get_payload (&map),
      gst_rtp_buffer_get_payload_len (&map));
  gst_rtp_buffer_unmap (&map);
  if (!valid)
    return FALSE;

  step = (gint32) (timestamp - self->timestamp);
  if (self->active && step == 0) {
    self->ended |= event->end;
    return FALSE;
  }
  if (self->active && step < 0 && step > -MAX_LATE)
    return FALSE;

  is_new = !self->active || !is_continued (self, event, step, marker);
  self->active = TRUE;
  self->number = event->number;
  self->timestamp = timestamp;
  self->ended = event->end;
  return is_new;
}
