/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Reads what the elements inside a webrtcbin count, and counts what
 * they do not. Ref-counted and thread-safe; holds no reference to elements. */

typedef struct _GstKandyStatsMeter GstKandyStatsMeter;

/* What went through the sockets of an ICE stream: SRTP, SRTCP and DTLS */
typedef struct {
  guint64 packets_received;
  guint64 bytes_received;
  guint64 packets_sent;
  guint64 bytes_sent;
  gint64 last_received;         /* µs since the epoch, 0 = never */
  gint64 last_sent;
} GstKandyTraffic;

/* A moment's counters of all RTP streams, by SSRC */
typedef struct {
  GHashTable *sources;          /* GUINT -> GstStructure, of rtpsession */
  GHashTable *buffers;          /* GUINT -> GstStructure, of rtpjitterbuffer */
} GstKandyRtpStats;

GstKandyStatsMeter *gst_kandy_stats_meter_new (void);
GstKandyStatsMeter *gst_kandy_stats_meter_ref (GstKandyStatsMeter *self);
void gst_kandy_stats_meter_unref (GstKandyStatsMeter *self);

/* An element has come into webrtcbin. On any thread, while it has not begun to
 * work */
void gst_kandy_stats_meter_watch (GstKandyStatsMeter *self,
    GstElement *element, const char *factory_name);

void gst_kandy_stats_meter_read (GstKandyStatsMeter *self,
    GstKandyRtpStats *stats);
void gst_kandy_stats_meter_get_traffic (GstKandyStatsMeter *self,
    guint stream, GstKandyTraffic *traffic);
/* (transfer full) (nullable): the DTLS decoder of an ICE stream */
GstElement *gst_kandy_stats_meter_dup_decoder (GstKandyStatsMeter *self,
    guint stream);

/* (transfer none) (nullable) */
const GstStructure *gst_kandy_rtp_stats_find_source (
    const GstKandyRtpStats *stats, guint ssrc);
const GstStructure *gst_kandy_rtp_stats_find_buffer (
    const GstKandyRtpStats *stats, guint ssrc);
void gst_kandy_rtp_stats_clear (GstKandyRtpStats *stats);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstKandyRtpStats, gst_kandy_rtp_stats_clear)

G_END_DECLS
