/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyliveness.h"

/* A NAT that forgets its bindings, a route that is gone: nobody tells, packets
 * only stop. How much silence proves it depends on what came before. Who had a
 * packet every 20 ms and has none for more than a second has lost the path,
 * however lossy it was. But silence after a trickle of RTCP, or of the updates
 * of comfort noise (every 400 ms where Opus sends them), proves little: a far
 * end may have nothing to say, and a few packets may be lost one after the
 * other. Then it takes as long as RTCP allows.
 *
 * A far end that stops to send without a word (RFC 3264 lets it; G.711 with
 * silence suppression does it whenever nobody speaks) is taken for lost if its
 * RTCP is slower than that, too. Ours reports every second. The price is one
 * ICE restart of a path that works, which is not heard; no other one follows it
 * before packets have come all the time again, and each alarm makes the next
 * one wait twice as long. */

/* Longer ones between packets are no steady flow */
#define GAP_MS 350
/* For how long there has to be one */
#define STEADY_MS 1000
/* Of the time between two looks not more is held against the far end: this
 * process, or the whole machine, may have slept */
#define LATE_MS (2 * GST_KANDY_LIVENESS_LOOK_MS)
/* Then it is longer than what is believed without a steady flow */
#define MAX_DOUBLED 3

void
gst_kandy_liveness_reset (GstKandyLiveness *self)
{
  *self = (GstKandyLiveness){ .steady_since = -1, .n_alarms = self->n_alarms };
}

gboolean
gst_kandy_liveness_look (
    GstKandyLiveness *self, gint64 now, gint64 idle, gint64 patience)
{
  gint64 elapsed = self->looked ? now - self->looked : 0;
  gboolean steady;

  if (!self->looked || idle < elapsed) {
    /* Something came: after how long at most? */
    if (!self->looked || self->alarmed
        || self->idle + elapsed - idle > MAX (GAP_MS, elapsed))
      self->steady_since = -1;
    if (self->steady_since < 0)
      self->steady_since = now - idle;
    self->silence = MIN (idle, LATE_MS);
    self->alarmed = FALSE;
  } else {
    self->silence += MIN (elapsed, LATE_MS);
  }
  self->looked = now;
  self->idle = idle;

  steady = now - idle - self->steady_since >= STEADY_MS;
  if (steady)
    patience = MIN (patience,
        GST_KANDY_LIVENESS_FLOW_LOST_MS << MIN (self->n_alarms, MAX_DOUBLED));
  if (!self->alarmed && MIN (idle, self->silence) > patience) {
    self->alarmed = TRUE;
    self->n_alarms++;
  }
  return self->alarmed;
}
