/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyratecontrol.h"

/* The loss-based controller of draft-ietf-rmcat-gcc-02, section 6: much loss
 * means that the path is full, little that there is room. Its other half, which
 * sees queues grow by delays, needs transport-wide feedback. */

#define LOSS_HIGH 0.10
#define LOSS_LOW 0.02
#define GROWTH 1.05
/* Below this pictures are no use */
#define FLOOR 50000

void
gst_kandy_rate_control_report (
    GstKandyRateControl *self, guint ceiling, double loss)
{
  double rate = gst_kandy_rate_control_get (self, ceiling);

  if (loss > LOSS_HIGH)
    rate = MAX (rate * (1 - 0.5 * loss), MIN (FLOOR, ceiling));
  else if (loss < LOSS_LOW)
    rate *= GROWTH;
  self->current = rate >= ceiling ? 0 : (guint) rate;
}

guint
gst_kandy_rate_control_get (const GstKandyRateControl *self, guint ceiling)
{
  return self->current ? MIN (self->current, ceiling) : ceiling;
}
