/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyrtcpreports.h"

#include <gst/rtp/gstrtcpbuffer.h>

/* A far end can make up as many SSRCs as it likes; honest ones have a new one
 * for each track that they add */
#define MAX_SSRCS 512
/* A report of the far end is about one of the last of ours */
#define N_SENT 4

typedef struct {
  GstKandyRtcpReport report;
  guint32 sent_ntp[N_SENT]; /* the middle 32 bits, as in LSR */
  gint64 sent_time[N_SENT];
  guint next_sent;
} Stream;

struct _GstKandyRtcpReports {
  GMutex lock;
  GHashTable *streams; /* ssrc -> Stream, of ours */
  GHashTable *senders; /* ssrc -> GstKandySenderReport */
};

static void
reports_clear (gpointer data)
{
  GstKandyRtcpReports *self = data;

  g_hash_table_unref (self->streams);
  g_hash_table_unref (self->senders);
  g_mutex_clear (&self->lock);
}

/* With the lock. (nullable) */
static Stream *
get_stream (GstKandyRtcpReports *self, guint32 ssrc)
{
  Stream *stream = g_hash_table_lookup (self->streams, GUINT_TO_POINTER (ssrc));

  if (!stream && g_hash_table_size (self->streams) < MAX_SSRCS) {
    stream = g_new0 (Stream, 1);
    stream->report.round_trip = -1;
    g_hash_table_insert (self->streams, GUINT_TO_POINTER (ssrc), stream);
  }
  return stream;
}

/* RFC 3550 6.4.1: the time from our report to the far end's, less the delay
 * there */
static double
get_round_trip (const Stream *stream, guint32 lsr, guint32 dlsr, gint64 now)
{
  for (guint i = 0; lsr && i < N_SENT; i++)
    if (stream->sent_time[i] && stream->sent_ntp[i] == lsr) {
      double delay = (double) (now - stream->sent_time[i]) / G_USEC_PER_SEC
          - dlsr / 65536.0;

      /* The far end's clock may run faster */
      return MAX (delay, 0);
    }
  return -1;
}

static void
take_report_block (GstKandyRtcpReports *self, GstRTCPPacket *packet, guint n)
{
  guint32 ssrc, highest, jitter, lsr, dlsr;
  guint8 fraction;
  gint32 lost;
  double round_trip;
  Stream *stream;

  gst_rtcp_packet_get_rb (
      packet, n, &ssrc, &fraction, &lost, &highest, &jitter, &lsr, &dlsr);
  stream = get_stream (self, ssrc);
  if (!stream)
    return;
  stream->report.reported = TRUE;
  stream->report.reported_time = g_get_real_time ();
  stream->report.lost = lost;
  stream->report.fraction_lost = fraction / 256.0;
  stream->report.jitter = jitter;
  round_trip = get_round_trip (stream, lsr, dlsr, g_get_monotonic_time ());
  if (round_trip >= 0) {
    stream->report.round_trip = round_trip;
    stream->report.total_round_trip += round_trip;
    stream->report.n_round_trips++;
  }
}

static void
take_sender_info (GstKandyRtcpReports *self, GstRTCPPacket *packet)
{
  GstKandySenderReport *report;
  guint64 ntp;
  guint32 ssrc, packets, bytes;

  gst_rtcp_packet_sr_get_sender_info (
      packet, &ssrc, &ntp, NULL, &packets, &bytes);
  report = g_hash_table_lookup (self->senders, GUINT_TO_POINTER (ssrc));
  if (!report) {
    if (g_hash_table_size (self->senders) >= MAX_SSRCS)
      return;
    report = g_new0 (GstKandySenderReport, 1);
    g_hash_table_insert (self->senders, GUINT_TO_POINTER (ssrc), report);
  }
  report->reports_sent++;
  report->received_time = g_get_real_time ();
  report->ntp_time = ntp;
  report->packets = packets;
  report->bytes = bytes;
}

static guint
to_bitrate (guint64 mantissa, guint exponent)
{
  guint64 bitrate;

  if (mantissa == 0)
    return 1;
  bitrate = exponent > 28 ? G_MAXUINT : mantissa << exponent;
  return (guint) MIN (bitrate, G_MAXUINT);
}

/* draft-alvestrand-rmcat-remb 2.2: one limit for all the streams that are
 * listed. It is shared out evenly, since nothing says how. */
static void
take_remb (GstKandyRtcpReports *self, const guint8 *fci, gsize size)
{
  guint n, bitrate;

  if (size < 8 || memcmp (fci, "REMB", 4) != 0)
    return;
  n = fci[4];
  if (n == 0 || size < 8 + 4 * (gsize) n)
    return;
  bitrate = to_bitrate (
      (guint64) (fci[5] & 3) << 16 | fci[6] << 8 | fci[7], fci[5] >> 2);
  for (guint i = 0; i < n; i++) {
    Stream *stream = g_hash_table_lookup (
        self->streams, GUINT_TO_POINTER (GST_READ_UINT32_BE (fci + 8 + 4 * i)));

    if (stream)
      stream->report.max_bitrate = MAX (bitrate / n, 1);
  }
}

/* RFC 5104 4.2.1.1 */
static void
take_tmmbr (GstKandyRtcpReports *self, const guint8 *fci, gsize size)
{
  for (; size >= 8; fci += 8, size -= 8) {
    guint32 word = GST_READ_UINT32_BE (fci + 4);
    Stream *stream = g_hash_table_lookup (
        self->streams, GUINT_TO_POINTER (GST_READ_UINT32_BE (fci)));

    if (stream)
      stream->report.max_bitrate =
          to_bitrate ((word >> 9) & 0x1ffff, word >> 26);
  }
}

/* RFC 4585 6.2.1, RFC 5104 4.2.1 */
static void
take_transport_feedback (GstKandyRtcpReports *self, GstRTCPPacket *packet)
{
  gsize size = (gsize) gst_rtcp_packet_fb_get_fci_length (packet) * 4;
  Stream *stream;

  switch (gst_rtcp_packet_fb_get_type (packet)) {
    case GST_RTCP_RTPFB_TYPE_NACK:
      stream = get_stream (self, gst_rtcp_packet_fb_get_media_ssrc (packet));
      if (stream)
        stream->report.nack_count++;
      break;
    case GST_RTCP_RTPFB_TYPE_TMMBR:
      take_tmmbr (self, gst_rtcp_packet_fb_get_fci (packet), size);
      break;
    default:
      break;
  }
}

/* RFC 4585 6.3.1, RFC 5104 4.3.1 */
static void
take_payload_feedback (GstKandyRtcpReports *self, GstRTCPPacket *packet)
{
  const guint8 *fci = gst_rtcp_packet_fb_get_fci (packet);
  gsize size = (gsize) gst_rtcp_packet_fb_get_fci_length (packet) * 4;
  Stream *stream;

  switch (gst_rtcp_packet_fb_get_type (packet)) {
    case GST_RTCP_PSFB_TYPE_PLI:
      stream = get_stream (self, gst_rtcp_packet_fb_get_media_ssrc (packet));
      if (stream)
        stream->report.pli_count++;
      break;
    case GST_RTCP_PSFB_TYPE_FIR:
      stream = size >= 4 ? get_stream (self, GST_READ_UINT32_BE (fci)) : NULL;
      if (stream)
        stream->report.fir_count++;
      break;
    case GST_RTCP_PSFB_TYPE_AFB:
      take_remb (self, fci, size);
      break;
    default:
      break;
  }
}

static void
receiving (GObject *session, GstBuffer *buffer, gpointer user_data)
{
  gst_kandy_rtcp_reports_take (user_data, buffer);
}

static gboolean
sending (
    GObject *session, GstBuffer *buffer, gboolean early, gpointer user_data)
{
  GstKandyRtcpReports *self = user_data;
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  gboolean more;

  if (!gst_rtcp_buffer_map (buffer, GST_MAP_READ, &rtcp))
    return FALSE;
  g_mutex_lock (&self->lock);
  for (more = gst_rtcp_buffer_get_first_packet (&rtcp, &packet); more;
       more = gst_rtcp_packet_move_to_next (&packet)) {
    guint64 ntp;
    guint32 ssrc;
    Stream *stream;

    if (gst_rtcp_packet_get_type (&packet) != GST_RTCP_TYPE_SR)
      continue;
    gst_rtcp_packet_sr_get_sender_info (&packet, &ssrc, &ntp, NULL, NULL, NULL);
    stream = get_stream (self, ssrc);
    if (!stream)
      continue;
    stream->sent_ntp[stream->next_sent] = (guint32) (ntp >> 16);
    stream->sent_time[stream->next_sent] = g_get_monotonic_time ();
    stream->next_sent = (stream->next_sent + 1) % N_SENT;
  }
  g_mutex_unlock (&self->lock);
  gst_rtcp_buffer_unmap (&rtcp);
  /* Nothing was added */
  return FALSE;
}

GstKandyRtcpReports *
gst_kandy_rtcp_reports_new (void)
{
  GstKandyRtcpReports *self = g_atomic_rc_box_new0 (GstKandyRtcpReports);

  g_mutex_init (&self->lock);
  self->streams = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->senders = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
gst_kandy_rtcp_reports_unref (GstKandyRtcpReports *self)
{
  g_atomic_rc_box_release_full (self, reports_clear);
}

static void
release (gpointer data, GClosure *closure)
{
  gst_kandy_rtcp_reports_unref (data);
}

void
gst_kandy_rtcp_reports_watch (GstKandyRtcpReports *self, GstElement *rtpsession)
{
  g_autoptr (GObject) session = NULL;

  g_object_get (rtpsession, "internal-session", &session, NULL);
  g_signal_connect_data (session, "on-receiving-rtcp", G_CALLBACK (receiving),
      g_atomic_rc_box_acquire (self), release, 0);
  g_signal_connect_data (session, "on-sending-rtcp", G_CALLBACK (sending),
      g_atomic_rc_box_acquire (self), release, 0);
}

void
gst_kandy_rtcp_reports_take (GstKandyRtcpReports *self, GstBuffer *buffer)
{
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  gboolean more;

  if (!gst_rtcp_buffer_validate_reduced (buffer)
      || !gst_rtcp_buffer_map (buffer, GST_MAP_READ, &rtcp))
    return;
  g_mutex_lock (&self->lock);
  for (more = gst_rtcp_buffer_get_first_packet (&rtcp, &packet); more;
       more = gst_rtcp_packet_move_to_next (&packet)) {
    switch (gst_rtcp_packet_get_type (&packet)) {
      case GST_RTCP_TYPE_SR:
        take_sender_info (self, &packet);
        G_GNUC_FALLTHROUGH;
      case GST_RTCP_TYPE_RR:
        for (guint i = 0; i < gst_rtcp_packet_get_rb_count (&packet); i++)
          take_report_block (self, &packet, i);
        break;
      case GST_RTCP_TYPE_RTPFB:
        take_transport_feedback (self, &packet);
        break;
      case GST_RTCP_TYPE_PSFB:
        take_payload_feedback (self, &packet);
        break;
      default:
        break;
    }
  }
  g_mutex_unlock (&self->lock);
  gst_rtcp_buffer_unmap (&rtcp);
}

gboolean
gst_kandy_rtcp_reports_get (
    GstKandyRtcpReports *self, guint32 ssrc, GstKandyRtcpReport *report)
{
  Stream *stream;

  g_mutex_lock (&self->lock);
  stream = g_hash_table_lookup (self->streams, GUINT_TO_POINTER (ssrc));
  if (stream)
    *report = stream->report;
  g_mutex_unlock (&self->lock);
  return stream != NULL;
}

gboolean
gst_kandy_rtcp_reports_get_sender (
    GstKandyRtcpReports *self, guint32 ssrc, GstKandySenderReport *report)
{
  const GstKandySenderReport *found;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->senders, GUINT_TO_POINTER (ssrc));
  if (found)
    *report = *found;
  g_mutex_unlock (&self->lock);
  return found != NULL;
}
