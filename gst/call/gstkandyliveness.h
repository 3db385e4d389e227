/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Private. When the silence of a far end means that the path to it is gone. No
 * clock, no lock: somebody looks every GST_KANDY_LIVENESS_LOOK_MS or so, and
 * says when the last packet came. */

/* Between looks */
#define GST_KANDY_LIVENESS_LOOK_MS 250
/* Without a packet, in ms: after packets came all the time, and otherwise. A
 * far end sends RTCP at least every 5 s times 1.5 (RFC 3550 6.3.1) */
#define GST_KANDY_LIVENESS_FLOW_LOST_MS 1250
#define GST_KANDY_LIVENESS_SILENCE_MS 8000

typedef struct {
  gint64 looked;       /* 0: not yet */
  gint64 idle;         /* then */
  gint64 silence;      /* what of it was spent waiting */
  gint64 steady_since; /* -1: packets do not come all the time */
  gboolean alarmed;
  guint n_alarms;
} GstKandyLiveness;

/* What came before tells nothing of what comes, but how often it was believed
 * in vain may. A new one is all zeros. */
void gst_kandy_liveness_reset (GstKandyLiveness *self);
/* At @now, where the last packet came @idle ago, both in ms. @patience: without
 * a steady flow. Returns whether the path is to be believed lost */
gboolean gst_kandy_liveness_look (
    GstKandyLiveness *self, gint64 now, gint64 idle, gint64 patience);

G_END_DECLS
