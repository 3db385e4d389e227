/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycodec.h"
#include "gstkandystats-private.h"

/* The upper half of a report: RTP streams, codecs and sources, and the report
 * as a whole. Names, units and what refers to what are those of W3C's
 * "Identifiers for WebRTC's Statistics API"; what is not known is left out. */

/* The IP and UDP headers that rtpsession counts along with what is received */
#define LOWER_HEADER_SIZE 28
#define RTP_HEADER_SIZE 12
/* Seconds from 1900, where NTP begins, to 1970 */
#define NTP_EPOCH G_GUINT64_CONSTANT (2208988800)

typedef struct {
  GstKandyStatsReport *report;
  GstKandyCall *call;
  GstKandyRtpStats rtp;
} Writer;

/* One RTP stream, in either direction */
typedef struct {
  gboolean sent;
  KandyTrack *track;
  GstCaps *caps;
  guint ssrc;
  guint clock_rate;
  char *mid;
  guint rtx_ssrc;
  char *transport_id; /* (nullable) */
  char *codec_id;     /* (nullable) */
  char *id;
  char *remote_id;
} Stream;

static void
stream_clear (Stream *stream)
{
  gst_clear_caps (&stream->caps);
  g_free (stream->mid);
  g_free (stream->transport_id);
  g_free (stream->codec_id);
  g_free (stream->id);
  g_free (stream->remote_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)

/* --- the report as such --- */

void
gst_kandy_stats_report_init (GstKandyStatsReport *self)
{
  g_variant_builder_init (&self->entries, G_VARIANT_TYPE_VARDICT);
  self->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->timestamp = g_get_real_time () / 1000.0;
}

gboolean
gst_kandy_stats_report_has (GstKandyStatsReport *self, const char *id)
{
  return g_hash_table_contains (self->ids, id);
}

GVariant *
gst_kandy_stats_report_end (GstKandyStatsReport *self)
{
  g_clear_pointer (&self->ids, g_hash_table_unref);
  return g_variant_ref_sink (g_variant_builder_end (&self->entries));
}

void
gst_kandy_stats_entry_begin (GstKandyStatsEntry *self,
    GstKandyStatsReport *report, const char *type, const char *id)
{
  self->id = id;
  g_variant_builder_init (&self->members, G_VARIANT_TYPE_VARDICT);
  gst_kandy_stats_entry_add_string (self, "id", id);
  gst_kandy_stats_entry_add_string (self, "type", type);
  gst_kandy_stats_entry_add (
      self, "timestamp", g_variant_new_double (report->timestamp));
}

void
gst_kandy_stats_entry_add (
    GstKandyStatsEntry *self, const char *name, GVariant *value)
{
  g_variant_builder_add (&self->members, "{sv}", name, value);
}

void
gst_kandy_stats_entry_add_string (
    GstKandyStatsEntry *self, const char *name, const char *value)
{
  if (value)
    gst_kandy_stats_entry_add (self, name, g_variant_new_string (value));
}

void
gst_kandy_stats_entry_add_time (
    GstKandyStatsEntry *self, const char *name, gint64 time)
{
  if (time)
    gst_kandy_stats_entry_add (
        self, name, g_variant_new_double (time / 1000.0));
}

void
gst_kandy_stats_entry_end (
    GstKandyStatsEntry *self, GstKandyStatsReport *report)
{
  g_hash_table_add (report->ids, g_strdup (self->id));
  g_variant_builder_add (&report->entries, "{sv}", self->id,
      g_variant_builder_end (&self->members));
}

static void
add_double (GstKandyStatsEntry *entry, const char *name, double value)
{
  gst_kandy_stats_entry_add (entry, name, g_variant_new_double (value));
}

static void
add_uint (GstKandyStatsEntry *entry, const char *name, guint value)
{
  gst_kandy_stats_entry_add (entry, name, g_variant_new_uint32 (value));
}

static void
add_uint64 (GstKandyStatsEntry *entry, const char *name, guint64 value)
{
  gst_kandy_stats_entry_add (entry, name, g_variant_new_uint64 (value));
}

/* --- what is common to RTP streams --- */

static guint64
get_count (const GstStructure *source, const char *name)
{
  guint64 value = 0;
  guint small;

  if (!source)
    return 0;
  if (gst_structure_get_uint (source, name, &small))
    return small;
  gst_structure_get_uint64 (source, name, &value);
  return value;
}

static const char *
get_kind (const Stream *stream)
{
  return kandy_track_get_kind (stream->track) == KANDY_MEDIA_KIND_VIDEO
      ? "video"
      : "audio";
}

/* What is left of the caps when everything else has a member of its own */
static gboolean
add_fmtp (GQuark field, const GValue *value, gpointer user_data)
{
  static const char *const other[] = { "media", "payload", "clock-rate",
    "encoding-name", "encoding-params", "ssrc", "rtcp-fb-", "a-", "extmap-",
    "rtx-", "max", "mid", "framerate", "x-" };
  const char *name = g_quark_to_string (field);
  GString *text = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    if (g_str_has_prefix (name, other[i])
        && strcmp (name, "maxaveragebitrate") != 0)
      return TRUE;
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value))
    g_string_append_printf (text, "%s%s=%s", text->len ? ";" : "", name,
        g_value_get_string (value));
  return TRUE;
}

static void
write_codec (Writer *writer, Stream *stream)
{
  const GstStructure *s = gst_caps_get_structure (stream->caps, 0);
  const GstKandyCodec *codec = gst_kandy_codec_from_caps (stream->caps);
  const char *params = gst_structure_get_string (s, "encoding-params");
  g_autoptr (GString) fmtp = g_string_new (NULL);
  g_autofree char *mime_type = NULL;
  GstKandyStatsEntry entry;
  int payload = -1;

  if (!codec || !gst_structure_get_int (s, "payload", &payload))
    return;
  stream->codec_id = g_strdup_printf ("codec-%s-%s-%d",
      stream->transport_id ? stream->transport_id : "none",
      stream->sent ? "send" : "receive", payload);
  if (gst_kandy_stats_report_has (writer->report, stream->codec_id))
    return;

  mime_type = gst_kandy_codec_get_mime_type (codec);
  gst_structure_foreach (s, add_fmtp, fmtp);
  gst_kandy_stats_entry_begin (
      &entry, writer->report, "codec", stream->codec_id);
  add_uint (&entry, "payloadType", payload);
  gst_kandy_stats_entry_add_string (&entry, "mimeType", mime_type);
  add_uint (&entry, "clockRate", stream->clock_rate);
  if (kandy_track_get_kind (stream->track) == KANDY_MEDIA_KIND_AUDIO)
    add_uint (&entry, "channels",
        params ? (guint) g_ascii_strtoull (params, NULL, 10) : 1);
  if (fmtp->len)
    gst_kandy_stats_entry_add_string (&entry, "sdpFmtpLine", fmtp->str);
  gst_kandy_stats_entry_add_string (
      &entry, "transportId", stream->transport_id);
  gst_kandy_stats_entry_end (&entry, writer->report);
}

/* Finds the m-line of a track: @facade_id of a local one, else the remote one's
 * name */
static void
find_mline (Writer *writer, Stream *stream, guint facade_id)
{
  GstKandySdpFacade *facade = writer->call->facade;
  guint n = gst_kandy_sdp_facade_get_n_mlines (facade);

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    guint ice_stream;

    if (!gst_kandy_sdp_facade_get_mline (facade, i, &mline))
      continue;
    if (stream->sent ? mline.track != facade_id
                     : g_strcmp0 (mline.remote_track_id,
                           kandy_track_get_id (stream->track))
                != 0)
      continue;
    stream->mid = g_strdup (mline.mid);
    if (stream->sent)
      stream->rtx_ssrc = mline.rtx_ssrc;
    if (mline.webrtcbin_index < 0)
      return;
    ice_stream = gst_kandy_transport_find_stream (
        writer->call->transport, mline.webrtcbin_index);
    if (ice_stream)
      stream->transport_id = gst_kandy_stats_write_transport (
          writer->report, writer->call->transport, ice_stream);
    return;
  }
}

/* FALSE if there is no RTP stream (yet). @caps: (transfer full) (nullable) */
static gboolean
stream_init (Stream *stream, Writer *writer, KandyTrack *track, GstCaps *caps,
    guint facade_id, gboolean sent)
{
  const GstStructure *s;
  int rate = 0;

  stream->sent = sent;
  stream->track = track;
  stream->caps = caps;
  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return FALSE;
  s = gst_caps_get_structure (caps, 0);
  if (!gst_structure_get_uint (s, "ssrc", &stream->ssrc))
    return FALSE;
  gst_structure_get_int (s, "clock-rate", &rate);
  stream->clock_rate = (guint) MAX (rate, 0);
  stream->id = g_strdup_printf (
      sent ? "outbound-rtp-%u" : "inbound-rtp-%u", stream->ssrc);
  stream->remote_id = g_strdup_printf (
      sent ? "remote-inbound-rtp-%u" : "remote-outbound-rtp-%u", stream->ssrc);
  find_mline (writer, stream, facade_id);
  write_codec (writer, stream);
  return TRUE;
}

static void
begin_stream (Writer *writer, const Stream *stream, GstKandyStatsEntry *entry,
    const char *type, const char *id)
{
  gst_kandy_stats_entry_begin (entry, writer->report, type, id);
  add_uint (entry, "ssrc", stream->ssrc);
  gst_kandy_stats_entry_add_string (entry, "kind", get_kind (stream));
  gst_kandy_stats_entry_add_string (entry, "transportId", stream->transport_id);
  gst_kandy_stats_entry_add_string (entry, "codecId", stream->codec_id);
}

static void
add_pictures (GstKandyStatsEntry *entry, const Stream *stream,
    const GstKandyFrameCounter *pictures)
{
  if (kandy_track_get_kind (stream->track) != KANDY_MEDIA_KIND_VIDEO)
    return;
  add_uint64 (
      entry, stream->sent ? "framesSent" : "framesReceived", pictures->frames);
  /* Whoever encodes does it in front of us, and decodes behind us */
  if (stream->sent) {
    add_uint64 (entry, "framesEncoded", pictures->frames);
    add_uint64 (entry, "keyFramesEncoded", pictures->key_frames);
  } else {
    add_uint64 (entry, "keyFramesReceived", pictures->key_frames);
  }
  if (pictures->width && pictures->height) {
    add_uint (entry, "frameWidth", pictures->width);
    add_uint (entry, "frameHeight", pictures->height);
  }
}

/* --- what is sent --- */

static char *
write_media_source (
    Writer *writer, const Stream *stream, const GstKandyTrackCounters *counters)
{
  char *id =
      g_strconcat ("media-source-", kandy_track_get_id (stream->track), NULL);
  GstKandyStatsEntry entry;

  gst_kandy_stats_entry_begin (&entry, writer->report, "media-source", id);
  gst_kandy_stats_entry_add_string (
      &entry, "trackIdentifier", kandy_track_get_id (stream->track));
  gst_kandy_stats_entry_add_string (&entry, "kind", get_kind (stream));
  if (counters->pictures.width && counters->pictures.height) {
    add_uint (&entry, "width", counters->pictures.width);
    add_uint (&entry, "height", counters->pictures.height);
  }
  gst_kandy_stats_entry_end (&entry, writer->report);
  return id;
}

static void
write_remote_inbound (
    Writer *writer, const Stream *stream, const GstKandyRtcpReport *report)
{
  GstKandyStatsEntry entry;

  begin_stream (
      writer, stream, &entry, "remote-inbound-rtp", stream->remote_id);
  gst_kandy_stats_entry_add_string (&entry, "localId", stream->id);
  gst_kandy_stats_entry_add (
      &entry, "packetsLost", g_variant_new_int64 (report->lost));
  add_double (&entry, "fractionLost", report->fraction_lost);
  if (stream->clock_rate)
    add_double (&entry, "jitter", report->jitter / (double) stream->clock_rate);
  if (report->round_trip >= 0) {
    add_double (&entry, "roundTripTime", report->round_trip);
    add_double (&entry, "totalRoundTripTime", report->total_round_trip);
    add_uint (&entry, "roundTripTimeMeasurements", report->n_round_trips);
  }
  gst_kandy_stats_entry_end (&entry, writer->report);
}

static void
write_outbound (Writer *writer, GstKandyLocalTrack *local)
{
  g_auto (Stream) stream = { 0 };
  GstKandyRtcpReport report = { .round_trip = -1 };
  GstKandyTrackCounters counters;
  const GstStructure *source, *rtx;
  g_autofree char *media_source_id = NULL;
  GstKandyStatsEntry entry;
  guint64 packets;
  guint bitrate;

  if (!stream_init (&stream, writer,
          gst_kandy_send_track_get_track (local->track),
          gst_kandy_send_track_get_negotiated_caps (local->track),
          local->facade_id, TRUE))
    return;
  gst_kandy_send_track_get_counters (local->track, &counters);
  gst_kandy_rtcp_reports_get (
      gst_kandy_transport_get_reports (writer->call->transport), stream.ssrc,
      &report);
  source = gst_kandy_rtp_stats_find_source (&writer->rtp, stream.ssrc);
  rtx = stream.rtx_ssrc
      ? gst_kandy_rtp_stats_find_source (&writer->rtp, stream.rtx_ssrc)
      : NULL;
  packets =
      get_count (source, "packets-sent") + get_count (rtx, "packets-sent");

  media_source_id = write_media_source (writer, &stream, &counters);
  begin_stream (writer, &stream, &entry, "outbound-rtp", stream.id);
  gst_kandy_stats_entry_add_string (&entry, "mid", stream.mid);
  gst_kandy_stats_entry_add_string (&entry, "mediaSourceId", media_source_id);
  if (report.reported)
    gst_kandy_stats_entry_add_string (&entry, "remoteId", stream.remote_id);
  add_uint64 (&entry, "packetsSent", packets);
  add_uint64 (&entry, "bytesSent",
      get_count (source, "octets-sent") + get_count (rtx, "octets-sent"));
  add_uint64 (&entry, "headerBytesSent", packets * RTP_HEADER_SIZE);
  if (stream.rtx_ssrc) {
    add_uint (&entry, "rtxSsrc", stream.rtx_ssrc);
    add_uint64 (
        &entry, "retransmittedPacketsSent", get_count (rtx, "packets-sent"));
    add_uint64 (
        &entry, "retransmittedBytesSent", get_count (rtx, "octets-sent"));
  }
  bitrate = gst_kandy_call_get_target_bitrate (local);
  if (bitrate)
    add_double (&entry, "targetBitrate", bitrate);
  add_uint (&entry, "nackCount", report.nack_count);
  if (kandy_track_get_kind (stream.track) == KANDY_MEDIA_KIND_VIDEO) {
    add_uint (&entry, "pliCount", report.pli_count);
    add_uint (&entry, "firCount", report.fir_count);
  }
  add_pictures (&entry, &stream, &counters.pictures);
  gst_kandy_stats_entry_add (&entry, "active",
      g_variant_new_boolean (gst_kandy_send_track_is_open (local->track)));
  gst_kandy_stats_entry_end (&entry, writer->report);

  if (report.reported)
    write_remote_inbound (writer, &stream, &report);
}

/* --- what is received --- */

static void
write_remote_outbound (
    Writer *writer, const Stream *stream, const GstKandySenderReport *report)
{
  GstKandyStatsEntry entry;

  begin_stream (
      writer, stream, &entry, "remote-outbound-rtp", stream->remote_id);
  gst_kandy_stats_entry_add_string (&entry, "localId", stream->id);
  add_uint64 (&entry, "packetsSent", report->packets);
  add_uint64 (&entry, "bytesSent", report->bytes);
  add_uint64 (&entry, "reportsSent", report->reports_sent);
  /* RFC 3550 4: 32 bits of seconds and as many of their fraction */
  if (report->ntp_time >> 32 > NTP_EPOCH)
    add_double (&entry, "remoteTimestamp",
        ((report->ntp_time >> 32) - NTP_EPOCH) * 1000.0
            + (report->ntp_time & G_MAXUINT32) * 1000.0 / 4294967296.0);
  gst_kandy_stats_entry_end (&entry, writer->report);
}

static void
add_received (GstKandyStatsEntry *entry, const Stream *stream,
    const GstStructure *source, const GstStructure *buffer)
{
  guint64 packets = get_count (source, "packets-received");
  guint64 octets = get_count (source, "octets-received");
  guint64 bytes = get_count (source, "bytes-received");
  int lost = 0;

  add_uint64 (entry, "packetsReceived", packets);
  add_uint64 (entry, "bytesReceived", octets);
  if (bytes >= octets + packets * LOWER_HEADER_SIZE)
    add_uint64 (entry, "headerBytesReceived",
        bytes - octets - packets * LOWER_HEADER_SIZE);
  if (source)
    gst_structure_get_int (source, "packets-lost", &lost);
  gst_kandy_stats_entry_add (entry, "packetsLost", g_variant_new_int64 (lost));
  if (stream->clock_rate)
    add_double (entry, "jitter",
        get_count (source, "jitter") / (double) stream->clock_rate);
  add_uint64 (entry, "nackCount", get_count (source, "sent-nack-count"));
  if (kandy_track_get_kind (stream->track) == KANDY_MEDIA_KIND_VIDEO) {
    add_uint64 (entry, "pliCount", get_count (source, "sent-pli-count"));
    add_uint64 (entry, "firCount", get_count (source, "sent-fir-count"));
  }
  if (buffer) {
    add_uint64 (entry, "packetsDiscarded", get_count (buffer, "num-late"));
    add_uint64 (entry, "retransmittedPacketsReceived",
        get_count (buffer, "rtx-success-count"));
  }
}

static void
write_inbound (Writer *writer, GstKandyRemoteTrack *remote)
{
  g_auto (Stream) stream = { 0 };
  GstKandySenderReport report;
  GstKandyTrackCounters counters;
  GstKandyStatsEntry entry;
  gboolean reported;

  if (!stream_init (&stream, writer,
          gst_kandy_receive_track_get_track (remote->track),
          gst_kandy_receive_track_get_current_caps (remote->track), 0, FALSE))
    return;
  gst_kandy_receive_track_get_counters (remote->track, &counters);
  reported = gst_kandy_rtcp_reports_get_sender (
      gst_kandy_transport_get_reports (writer->call->transport), stream.ssrc,
      &report);

  begin_stream (writer, &stream, &entry, "inbound-rtp", stream.id);
  gst_kandy_stats_entry_add_string (&entry, "mid", stream.mid);
  gst_kandy_stats_entry_add_string (
      &entry, "trackIdentifier", kandy_track_get_id (stream.track));
  if (reported)
    gst_kandy_stats_entry_add_string (&entry, "remoteId", stream.remote_id);
  add_received (&entry, &stream,
      gst_kandy_rtp_stats_find_source (&writer->rtp, stream.ssrc),
      gst_kandy_rtp_stats_find_buffer (&writer->rtp, stream.ssrc));
  add_pictures (&entry, &stream, &counters.pictures);
  gst_kandy_stats_entry_add_time (
      &entry, "lastPacketReceivedTimestamp", counters.last_time);
  /* Not of W3C */
  if (remote->mos > 0)
    add_double (&entry, "kandyMos", remote->mos);
  gst_kandy_stats_entry_end (&entry, writer->report);

  if (reported)
    write_remote_outbound (writer, &stream, &report);
}

/* --- the call --- */

static void
add_elapsed (
    GstKandyStatsEntry *entry, const char *name, gint64 from, gint64 to)
{
  if (from && to)
    add_double (entry, name, MAX (to - from, 0) / 1000.0);
}

/* Not of W3C: what the set-up of the media has taken, in ms, and from the far
 * end's description on */
static void
write_timings (Writer *writer)
{
  const GstKandyTimings *t = &writer->call->timings;
  GstKandyStatsEntry entry;

  gst_kandy_stats_entry_begin (
      &entry, writer->report, "kandy_media_timings", "kandy-media-timings");
  add_elapsed (&entry, "gathering", t->gather_start, t->gathered);
  add_elapsed (&entry, "iceConnected", t->remote, t->ice_connected);
  add_elapsed (&entry, "secured", t->remote, t->secured);
  add_elapsed (&entry, "firstPacket", t->remote,
      gst_kandy_router_get_first_packet_time (writer->call->router));
  gst_kandy_stats_entry_end (&entry, writer->report);
}

static void
write_connection (Writer *writer)
{
  GstKandyStatsEntry entry;

  gst_kandy_stats_entry_begin (
      &entry, writer->report, "peer-connection", "peer-connection");
  add_uint (&entry, "dataChannelsOpened", 0);
  add_uint (&entry, "dataChannelsClosed", 0);
  gst_kandy_stats_entry_end (&entry, writer->report);
}

static gboolean
is_wanted (KandyTrack *track, const char *track_id, gboolean *found)
{
  if (track_id && strcmp (kandy_track_get_id (track), track_id) != 0)
    return FALSE;
  *found = TRUE;
  return TRUE;
}

GVariant *
gst_kandy_stats_write_call (
    GstKandyCall *call, const char *track_id, GError **error)
{
  GstKandyStatsReport report;
  Writer writer = { &report, call, { NULL, NULL } };
  gboolean found = track_id == NULL, live = call->transport && !call->closed;
  g_autoptr (GVariant) result = NULL;

  gst_kandy_stats_report_init (&report);
  if (live)
    gst_kandy_stats_meter_read (
        gst_kandy_transport_get_meter (call->transport), &writer.rtp);
  if (!track_id) {
    write_connection (&writer);
    write_timings (&writer);
  }
  for (guint i = 0; i < call->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (call->sends, i);

    if (is_wanted (
            gst_kandy_send_track_get_track (local->track), track_id, &found)
        && live)
      write_outbound (&writer, local);
  }
  for (guint i = 0; i < call->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (call->receives, i);

    if (is_wanted (
            gst_kandy_receive_track_get_track (remote->track), track_id, &found)
        && live)
      write_inbound (&writer, remote);
  }
  gst_kandy_rtp_stats_clear (&writer.rtp);
  result = gst_kandy_stats_report_end (&report);

  if (!found) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:2", 0,
            "The call has no track \"%s\"", track_id));
    return NULL;
  }
  return g_steal_pointer (&result);
}
