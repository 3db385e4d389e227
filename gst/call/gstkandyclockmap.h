/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Private to the library and the plugin. Maps times of one clock to times of
 * another one. Thread-safe. */
typedef struct {
  GMutex lock;
  gboolean known;
  GstClockTime sampled; /* by the first clock */
  gint64 offset;        /* second minus first, ns */
} GstKandyClockMap;

GST_KANDY_API void gst_kandy_clock_map_init (GstKandyClockMap *self);
GST_KANDY_API void gst_kandy_clock_map_clear (GstKandyClockMap *self);
GST_KANDY_API void gst_kandy_clock_map_reset (GstKandyClockMap *self);
/* GST_CLOCK_TIME_NONE if it would be before the second clock's zero */
GST_KANDY_API GstClockTime gst_kandy_clock_map_convert (GstKandyClockMap *self,
    GstClock *from, GstClock *to, GstClockTime time);
/* For tests: as if the clocks had been read now */
GST_KANDY_API GstClockTime gst_kandy_clock_map_convert_at (
    GstKandyClockMap *self, GstClockTime from_now, GstClockTime to_now,
    GstClockTime time);

G_END_DECLS
