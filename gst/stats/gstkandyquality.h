/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Private. How good a call is, out of one sample a second: an estimate of what
 * people would say of the sound, and warnings that are raised and cleared. No
 * I/O, no clock, no lock. */

typedef enum {
  GST_KANDY_WARNING_HIGH_LOSS,
  GST_KANDY_WARNING_HIGH_JITTER,
  GST_KANDY_WARNING_HIGH_ROUND_TRIP,
  GST_KANDY_WARNING_LOW_MOS,
  GST_KANDY_WARNING_NO_AUDIO,
  GST_KANDY_N_WARNINGS
} GstKandyWarning;

/* What is not known is negative: it neither raises nor clears anything */
typedef struct {
  double loss;                  /* of the packets since the sample before, 0 to 1 */
  double jitter;                /* s */
  double round_trip;            /* s */
  double mos;
  double packets;               /* of sound, since the sample before */
} GstKandyQualitySample;

#define GST_KANDY_QUALITY_SAMPLE_UNKNOWN { -1, -1, -1, -1, -1 }

typedef struct {
  guint8 bad[GST_KANDY_N_WARNINGS];     /* of the last samples, a bit for each */
  guint8 good[GST_KANDY_N_WARNINGS];    /* samples in a row */
  gboolean raised[GST_KANDY_N_WARNINGS];
} GstKandyQualityMonitor;

/* @value: what the sample has; @threshold: what it is compared with */
typedef void (*GstKandyQualityFunc) (GstKandyWarning warning, gboolean raised,
    double value, double threshold, gpointer user_data);

void gst_kandy_quality_monitor_add (GstKandyQualityMonitor *self,
    const GstKandyQualitySample *sample, GstKandyQualityFunc func,
    gpointer user_data);
/* Nothing is to be expected any more: clears what is raised */
void gst_kandy_quality_monitor_reset (GstKandyQualityMonitor *self,
    GstKandyQualityFunc func, gpointer user_data);

/* "high-loss" ... */
const char *gst_kandy_warning_get_name (GstKandyWarning warning);

/* @loss: 0 to 1, with what came too late; @delay: mouth to ear, s.
 * Returns 1 to 4.5 */
double gst_kandy_quality_estimate_mos (double loss, double delay);

G_END_DECLS
