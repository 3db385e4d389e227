/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. What the far end reports about what we send (RFC 3550 6.4), by SSRC.
 * An RTP session keeps the last block of each far source only, which leaves out
 * the other streams of a bundle. Thread-safe. */

typedef struct _GstKandyRtcpReports GstKandyRtcpReports;

typedef struct {
  gboolean reported;
  gint32 lost;
  guint32 jitter;         /* ticks of the RTP clock */
  double round_trip;      /* s, < 0 if not known */
  guint key_units_wanted; /* PLI and FIR */
} GstKandyRtcpReport;

GstKandyRtcpReports *gst_kandy_rtcp_reports_new (void);
void gst_kandy_rtcp_reports_unref (GstKandyRtcpReports *self);
/* @rtpsession: the element. Holds a reference to @self as long as it lives */
void gst_kandy_rtcp_reports_watch (GstKandyRtcpReports *self,
    GstElement *rtpsession);
/* FALSE if there is nothing about @ssrc */
gboolean gst_kandy_rtcp_reports_get (GstKandyRtcpReports *self, guint32 ssrc,
    GstKandyRtcpReport *report);

G_END_DECLS
