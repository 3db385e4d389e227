/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GstKandyComfort:
 * @GST_KANDY_COMFORT_GAPS: GAP events, which say that there is nothing
 * @GST_KANDY_COMFORT_SILENCE: silence and black pictures
 * @GST_KANDY_COMFORT_LAST_FRAME: silence, and the last picture again and again
 *
 * What comes out of a pad while nothing arrives. Only decoded media can be made
 * up; a pad that gives out encoded media or RTP has GAP events in any case.
 */
typedef enum {
  GST_KANDY_COMFORT_GAPS,
  GST_KANDY_COMFORT_SILENCE,
  GST_KANDY_COMFORT_LAST_FRAME,
} GstKandyComfort;

#define GST_KANDY_TYPE_COMFORT (gst_kandy_comfort_get_type ())
GType gst_kandy_comfort_get_type (void) G_GNUC_CONST;

/* Fills a pad. Everything is called on the pad's streaming thread but
 * set_comfort(). */
typedef struct {
  GMutex lock;
  GstKandyComfort comfort; /* lock */
  GstBuffer *last;         /* (nullable), only if it is to be shown again */
  GstClockTime end;        /* running time up to which there is media */
} GstKandyFiller;

void gst_kandy_filler_init (GstKandyFiller *self);
void gst_kandy_filler_clear (GstKandyFiller *self);
/* Any thread */
void gst_kandy_filler_set_comfort (GstKandyFiller *self,
    GstKandyComfort comfort);
GstKandyComfort gst_kandy_filler_get_comfort (GstKandyFiller *self);
/* A buffer that has come out of @pad by itself */
void gst_kandy_filler_note (GstKandyFiller *self, GstPad *pad,
    GstBuffer *buffer);
/* Fills @pad from where its media ended, or from @from if that is not known, up
 * to @to */
void gst_kandy_filler_fill (GstKandyFiller *self, GstPad *pad,
    GstClockTime from, GstClockTime to);

G_END_DECLS
