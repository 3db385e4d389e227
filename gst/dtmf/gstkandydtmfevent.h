/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Telephone events in RTP (RFC 4733 section 2). */

/* The payload of one packet */
typedef struct {
  guint number;     /* 0 to 9, 10 for *, 11 for #, 12 to 15 for A to D */
  guint volume;     /* dB below full scale, 0 to 63 */
  gboolean end;
  guint16 duration; /* so far, of this segment, in ticks of the event's clock */
} GstKandyDtmfEvent;

#define GST_KANDY_DTMF_EVENT_SIZE 4
/* A longer event goes on in another segment (RFC 4733 section 2.5.1.3) */
#define GST_KANDY_DTMF_MAX_SEGMENT 0xffff

void gst_kandy_dtmf_event_write (const GstKandyDtmfEvent *event,
    guint8 *payload);
/* FALSE if it is not one, or not of a key of a telephone */
gboolean gst_kandy_dtmf_event_read (GstKandyDtmfEvent *event,
    const guint8 *payload, guint size);

/* Which events are new: packets of one event come many times, and those of its
 * end once more, maybe late. Zero-initialised. */
typedef struct {
  gboolean active; /* the fields below are known */
  guint number;
  gboolean ended;
  guint32 timestamp; /* of the newest event's newest segment */
} GstKandyDtmfReader;

/* TRUE: @event has begun with the packet @rtp, or was not heard of before */
gboolean gst_kandy_dtmf_reader_take (GstKandyDtmfReader *self, GstBuffer *rtp,
    GstKandyDtmfEvent *event);

G_END_DECLS
