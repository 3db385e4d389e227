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
  gint64 reported_time;         /* µs since the epoch */
  gint32 lost;
  double fraction_lost;         /* since the report before, 0 to 1 */
  guint32 jitter;               /* ticks of the RTP clock */
  double round_trip;            /* s, < 0 if not known */
  double total_round_trip;      /* s, the sum of all */
  guint n_round_trips;
  guint pli_count;
  guint fir_count;
  guint nack_count;
  guint max_bitrate;            /* bit/s, REMB or TMMBR; 0 = no limit */
} GstKandyRtcpReport;

/* What the far end says about a stream of its own */
typedef struct {
  guint64 reports_sent;
  gint64 received_time;         /* µs since the epoch, of the last one */
  guint64 ntp_time;             /* its clock's, then */
  guint32 packets;
  guint32 bytes;                /* of payload */
} GstKandySenderReport;

GstKandyRtcpReports *gst_kandy_rtcp_reports_new (void);
void gst_kandy_rtcp_reports_unref (GstKandyRtcpReports *self);
/* @rtpsession: the element. Holds a reference to @self as long as it lives */
void gst_kandy_rtcp_reports_watch (GstKandyRtcpReports *self,
    GstElement *rtpsession);
/* An RTCP packet of the far end; what is no such packet does nothing */
void gst_kandy_rtcp_reports_take (GstKandyRtcpReports *self,
    GstBuffer *buffer);
/* FALSE if there is nothing about @ssrc */
gboolean gst_kandy_rtcp_reports_get (GstKandyRtcpReports *self, guint32 ssrc,
    GstKandyRtcpReport *report);
/* FALSE if there was none of @ssrc */
gboolean gst_kandy_rtcp_reports_get_sender (GstKandyRtcpReports *self,
    guint32 ssrc, GstKandySenderReport *report);

G_END_DECLS
