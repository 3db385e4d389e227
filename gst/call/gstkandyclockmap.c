/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyclockmap.h"

/* SECTION: two clocks
 *
 * A call's media is timed by the system's clock, the application's pipeline
 * maybe by a sound card, and media go both ways. The distance of the two
 * changes by some 100 ppm, and a reading of the sound card's clock has a jitter
 * of milliseconds. The distance is therefore sampled now and then and smoothed:
 * with a weight of 1/32 each 100 ms, a drift of 100 ppm lags behind by a third
 * of a millisecond, and 10 ms of jitter shrink to about one.
 */

#define SAMPLE_INTERVAL (100 * GST_MSECOND)
#define WEIGHT 32
/* More is no jitter but another time: the clock was changed or has jumped */
#define JUMP (500 * GST_MSECOND)

void
gst_kandy_clock_map_init (GstKandyClockMap *self)
{
  g_mutex_init (&self->lock);
  self->known = FALSE;
}

void
gst_kandy_clock_map_clear (GstKandyClockMap *self)
{
  g_mutex_clear (&self->lock);
}

void
gst_kandy_clock_map_reset (GstKandyClockMap *self)
{
  g_mutex_lock (&self->lock);
  self->known = FALSE;
  g_mutex_unlock (&self->lock);
}

GstClockTime
gst_kandy_clock_map_convert_at (GstKandyClockMap *self, GstClockTime from_now,
    GstClockTime to_now, GstClockTime time)
{
  gint64 sample, result;

  g_mutex_lock (&self->lock);
  if (!self->known || from_now >= self->sampled + SAMPLE_INTERVAL) {
    sample = GST_CLOCK_DIFF (from_now, to_now);
    if (!self->known || ABS (sample - self->offset) > (gint64) JUMP)
      self->offset = sample;
    else
      self->offset += (sample - self->offset) / WEIGHT;
    self->known = TRUE;
    self->sampled = from_now;
  }
  result = (gint64) time + self->offset;
  g_mutex_unlock (&self->lock);

  return result >= 0 ? (GstClockTime) result : GST_CLOCK_TIME_NONE;
}

GstClockTime
gst_kandy_clock_map_convert (
    GstKandyClockMap *self, GstClock *from, GstClock *to, GstClockTime time)
{
  if (from == to)
    return time;
  return gst_kandy_clock_map_convert_at (
      self, gst_clock_get_time (from), gst_clock_get_time (to), time);
}
