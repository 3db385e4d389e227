/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private. How much an encoder may make, by what the far end allows and by what
 * is lost on the way. No I/O, no clock, no lock. */

typedef struct {
  guint current;                /* bit/s, 0 = nothing was lost yet */
} GstKandyRateControl;

/* A report has come. @ceiling: bit/s, what could be sent at most; @loss: 0 to 1,
 * since the report before */
void gst_kandy_rate_control_report (GstKandyRateControl *self, guint ceiling,
    double loss);
/* bit/s, at most @ceiling */
guint gst_kandy_rate_control_get (const GstKandyRateControl *self,
    guint ceiling);

G_END_DECLS
