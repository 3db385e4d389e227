/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyquality.h"

/* A warning is raised when RAISE_BAD of the last WINDOW samples are beyond one
 * threshold, and cleared after so many samples in a row on the right side of
 * another: a value that swings around a threshold does not make it flap. */

#define WINDOW 5
#define RAISE_BAD 3

typedef struct {
  const char *name;
  gsize offset; /* of the value in a sample */
  gboolean low; /* too low is what is bad, not too high */
  double raise;
  double clear;
  guint clear_after;
} Rule;

#define VALUE(member) G_STRUCT_OFFSET (GstKandyQualitySample, member)

static const Rule rules[GST_KANDY_N_WARNINGS] = {
  /* Concealment is heard from some 3 % on, and pictures stand still */
  [GST_KANDY_WARNING_HIGH_LOSS] = { "high-loss", VALUE (loss), FALSE, 0.03,
      0.01, WINDOW },
  /* Half of the default jitter buffer */
  [GST_KANDY_WARNING_HIGH_JITTER] = { "high-jitter", VALUE (jitter), FALSE,
      0.030, 0.020, WINDOW },
  /* ITU-T G.114: 400 ms one way is the limit; here it is both, since the
   * jitter buffers and codecs of both ends come on top */
  [GST_KANDY_WARNING_HIGH_ROUND_TRIP] = { "high-round-trip", VALUE (round_trip),
      FALSE, 0.400, 0.300, WINDOW },
  /* ITU-T G.107 Annex B: below 3.6 many users are dissatisfied */
  [GST_KANDY_WARNING_LOW_MOS] = { "low-mos", VALUE (mos), TRUE, 3.5, 3.7,
      WINDOW },
  [GST_KANDY_WARNING_NO_AUDIO] = { "no-audio", VALUE (packets), TRUE, 1, 1, 2 },
};

static void
add_value (GstKandyQualityMonitor *self, GstKandyWarning warning, double value,
    GstKandyQualityFunc func, gpointer user_data)
{
  const Rule *rule = &rules[warning];
  gboolean bad = rule->low ? value < rule->raise : value > rule->raise;
  gboolean good = rule->low ? value >= rule->clear : value <= rule->clear;
  guint n_bad = 0;

  self->bad[warning] =
      (guint8) ((self->bad[warning] << 1 | bad) & ((1 << WINDOW) - 1));
  self->good[warning] = good ? MIN (self->good[warning] + 1, WINDOW) : 0;
  for (guint i = 0; i < WINDOW; i++)
    n_bad += self->bad[warning] >> i & 1;

  if (!self->raised[warning] && n_bad >= RAISE_BAD) {
    self->raised[warning] = TRUE;
    func (warning, TRUE, value, rule->raise, user_data);
  } else if (self->raised[warning]
      && self->good[warning] >= rule->clear_after) {
    self->raised[warning] = FALSE;
    self->bad[warning] = 0;
    func (warning, FALSE, value, rule->clear, user_data);
  }
}

void
gst_kandy_quality_monitor_add (GstKandyQualityMonitor *self,
    const GstKandyQualitySample *sample, GstKandyQualityFunc func,
    gpointer user_data)
{
  for (guint i = 0; i < GST_KANDY_N_WARNINGS; i++) {
    double value = G_STRUCT_MEMBER (double, sample, rules[i].offset);

    if (value >= 0)
      add_value (self, i, value, func, user_data);
  }
}

void
gst_kandy_quality_monitor_reset (
    GstKandyQualityMonitor *self, GstKandyQualityFunc func, gpointer user_data)
{
  GstKandyQualityMonitor former = *self;

  *self = (GstKandyQualityMonitor){ { 0 }, { 0 }, { 0 } };
  for (guint i = 0; i < GST_KANDY_N_WARNINGS; i++)
    if (former.raised[i])
      func (i, FALSE, -1, rules[i].clear, user_data);
}

const char *
gst_kandy_warning_get_name (GstKandyWarning warning)
{
  return rules[warning].name;
}

/* ITU-T G.107, with its default values for everything that is not measured
 * here: then R0 - Is is 93.2. The delay impairment is the usual linear
 * approximation (Cole and Rosenbluth 2001). What is lost at random counts as it
 * does for G.711 with concealment (ITU-T G.113 Appendix I: Ie 0, Bpl 25.1); of
 * our codecs none does worse, for Opus has error correction as well and G.722
 * conceals. */
double
gst_kandy_quality_estimate_mos (double loss, double delay)
{
  const double ie = 0, bpl = 25.1;
  double ms = MAX (delay, 0) * 1000, percent = CLAMP (loss, 0, 1) * 100;
  double id = 0.024 * ms + (ms > 177.3 ? 0.11 * (ms - 177.3) : 0);
  double ie_eff = ie + (95 - ie) * percent / (percent + bpl);
  double r = 93.2 - id - ie_eff;

  /* Annex B */
  if (r <= 0)
    return 1;
  if (r >= 100)
    return 4.5;
  return MAX (1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1);
}
