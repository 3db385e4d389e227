/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandystats-private.h"
#include "gstkandyvariant.h"

/* Statistics as applications of GStreamer read them at a glance; the report of
 * W3C is in gstkandystatsreport.c */

typedef struct {
  GstKandyRtpStats rtp;
  GstKandyRtcpReports *reports; /* (nullable) */
} Sources;

static GstStructure *
new_track (KandyTrack *track, const char *direction, const GstCaps *caps)
{
  GstStructure *s = gst_structure_new ("track", "track-id", G_TYPE_STRING,
      kandy_track_get_id (track), "direction", G_TYPE_STRING, direction, "kind",
      G_TYPE_STRING,
      kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO ? "video"
                                                             : "audio",
      NULL);

  if (caps && gst_caps_get_size (caps) > 0) {
    const GstStructure *c = gst_caps_get_structure (caps, 0);
    const char *codec = gst_structure_get_string (c, "encoding-name");
    int rate = 0;

    gst_structure_get_int (c, "clock-rate", &rate);
    gst_structure_set (s, "codec", G_TYPE_STRING, codec ? codec : "",
        "clock-rate", G_TYPE_INT, rate, NULL);
  }
  return s;
}

static double
ticks_to_ms (guint ticks, const GstCaps *caps)
{
  int rate = 0;

  if (caps && gst_caps_get_size (caps) > 0)
    gst_structure_get_int (
        gst_caps_get_structure (caps, 0), "clock-rate", &rate);
  return rate > 0 ? ticks * 1000.0 / rate : 0;
}

static GstStructure *
describe_sent (GstKandyLocalTrack *local, Sources *sources)
{
  g_autoptr (GstCaps) caps =
      gst_kandy_send_track_get_negotiated_caps (local->track);
  GstStructure *s =
      new_track (gst_kandy_send_track_get_track (local->track), "send", caps);
  GstKandyTrackCounters counters;
  const GstStructure *source = NULL;
  guint ssrc = 0;

  gst_kandy_send_track_get_counters (local->track, &counters);
  gst_structure_set (s, "packets", G_TYPE_UINT64, counters.packets, "bytes",
      G_TYPE_UINT64, counters.bytes, "dropped", G_TYPE_UINT64, counters.dropped,
      NULL);

  if (caps
      && gst_structure_get_uint (
          gst_caps_get_structure (caps, 0), "ssrc", &ssrc))
    source = gst_kandy_rtp_stats_find_source (&sources->rtp, ssrc);
  if (source) {
    GstKandyRtcpReport report = { .round_trip = -1 };
    guint value;

    gst_structure_set (s, "ssrc", G_TYPE_UINT, ssrc, NULL);
    if (gst_structure_get_uint (source, "recv-nack-count", &value))
      gst_structure_set (s, "nack-count", G_TYPE_UINT, value, NULL);
    if (sources->reports)
      gst_kandy_rtcp_reports_get (sources->reports, ssrc, &report);
    gst_structure_set (
        s, "pli-count", G_TYPE_UINT, report.pli_count + report.fir_count, NULL);
    /* Can be -1 while the far end has counted little */
    if (report.reported)
      gst_structure_set (s, "lost", G_TYPE_INT64, (gint64) MAX (report.lost, 0),
          "jitter-ms", G_TYPE_DOUBLE, ticks_to_ms (report.jitter, caps), NULL);
    if (report.round_trip >= 0)
      gst_structure_set (
          s, "round-trip-ms", G_TYPE_DOUBLE, report.round_trip * 1000, NULL);
  }
  return s;
}

static GstStructure *
describe_received (GstKandyRemoteTrack *remote, Sources *sources)
{
  g_autoptr (GstCaps) caps =
      gst_kandy_receive_track_get_current_caps (remote->track);
  GstStructure *s = NULL;
  GstKandyTrackCounters counters;
  const GstStructure *source = NULL, *buffer = NULL;
  guint ssrc = 0;

  if (!caps)
    caps = gst_kandy_receive_track_get_caps (remote->track);
  if (gst_caps_is_any (caps))
    gst_clear_caps (&caps);
  s = new_track (
      gst_kandy_receive_track_get_track (remote->track), "receive", caps);

  gst_kandy_receive_track_get_counters (remote->track, &counters);
  gst_structure_set (s, "packets", G_TYPE_UINT64, counters.packets, "bytes",
      G_TYPE_UINT64, counters.bytes, "dropped", G_TYPE_UINT64, counters.dropped,
      NULL);

  if (caps
      && gst_structure_get_uint (
          gst_caps_get_structure (caps, 0), "ssrc", &ssrc)) {
    source = gst_kandy_rtp_stats_find_source (&sources->rtp, ssrc);
    buffer = gst_kandy_rtp_stats_find_buffer (&sources->rtp, ssrc);
    gst_structure_set (s, "ssrc", G_TYPE_UINT, ssrc, NULL);
  }
  if (source) {
    guint jitter = 0, value;
    int lost = 0;

    gst_structure_get (source, "jitter", G_TYPE_UINT, &jitter, "packets-lost",
        G_TYPE_INT, &lost, NULL);
    /* -1 until the first packets are counted */
    gst_structure_set (s, "lost", G_TYPE_INT64, (gint64) MAX (lost, 0),
        "jitter-ms", G_TYPE_DOUBLE, ticks_to_ms (jitter, caps), NULL);
    if (gst_structure_get_uint (source, "sent-pli-count", &value))
      gst_structure_set (s, "pli-count", G_TYPE_UINT, value, NULL);
    if (gst_structure_get_uint (source, "sent-nack-count", &value))
      gst_structure_set (s, "nack-count", G_TYPE_UINT, value, NULL);
  }
  if (remote->mos > 0)
    gst_structure_set (s, "mos", G_TYPE_DOUBLE, remote->mos, NULL);
  if (buffer) {
    guint64 late = 0, lost = 0;

    gst_structure_get (buffer, "num-late", G_TYPE_UINT64, &late, "num-lost",
        G_TYPE_UINT64, &lost, NULL);
    gst_structure_set (
        s, "late", G_TYPE_UINT64, late, "missed", G_TYPE_UINT64, lost, NULL);
  }
  return s;
}

static void
append (GValue *list, GstStructure *s)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, s);
  gst_value_list_append_and_take_value (list, &value);
}

static void
add_time (GstStructure *s, const char *name, gint64 from, gint64 to)
{
  if (from && to)
    gst_structure_set (
        s, name, G_TYPE_DOUBLE, MAX (to - from, 0) / 1000.0, NULL);
}

static void
add_timings (GstKandyCall *self, GstStructure *s)
{
  const GstKandyTimings *t = &self->timings;

  add_time (s, "gathering-ms", t->gather_start, t->gathered);
  add_time (s, "ice-ms", t->remote, t->ice_connected);
  add_time (s, "secured-ms", t->remote, t->secured);
  add_time (s, "first-packet-ms", t->remote,
      gst_kandy_router_get_first_packet_time (self->router));
}

/**
 * gst_kandy_call_get_stats:
 * @self: a #GstKandyCall
 * @promise: (transfer full): is answered
 *
 * Answers @promise with a structure `application/x-kandy-stats`:
 *
 * - `connection-state`, `ice-state`, `transport-state` (string),
 * `dtls-verified` (boolean), `local-candidate-type`, `remote-candidate-type`
 * (string)
 * - `gathering-ms`; from the far end's description on: `ice-ms`, `secured-ms`,
 *   `first-packet-ms` (double)
 * - `tracks`, a list of structures `track` with `track-id`, `direction`
 * (`send`, `receive`), `kind`, `codec` (string), `clock-rate` (int), `ssrc`
 * (uint), `packets`, `bytes`, `dropped` (uint64), `lost` (int64), `jitter-ms`
 * (double), `pli-count`, `nack-count` (uint); sent ones: `round-trip-ms`
 * (double) and loss and jitter as the far end reports them; received ones:
 * `late`, `missed` (uint64) of the jitter buffer and, sound, `mos` (double),
 * what people would say of it by ITU-T G.107, 1 to 4.5
 *
 * - `report`, a structure with the entries of W3C's `RTCStatsReport`, each a
 *   structure under its id, with W3C's names: what
 *   kandy_call_get_stats_async() reports
 *
 * What is not known is left out. On the kandy thread. API document:
 * `call.getStats`.
 */
void
gst_kandy_call_get_stats (GstKandyCall *self, GstPromise *promise)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (promise != NULL);

  gst_promise_reply (promise, gst_kandy_call_make_stats (self));
  gst_promise_unref (promise);
}

GstStructure *
gst_kandy_call_make_stats (GstKandyCall *self)
{
  GstStructure *s;
  Sources sources = { { NULL, NULL }, NULL };
  g_autoptr (GVariant) report = NULL;
  GValue content = G_VALUE_INIT;
  GValue tracks = G_VALUE_INIT;
  g_autoptr (GEnumClass) states = NULL;

  states = g_type_class_ref (KANDY_TYPE_MEDIA_CONNECTION_STATE);
  s = gst_structure_new ("application/x-kandy-stats", "connection-state",
      G_TYPE_STRING, g_enum_get_value (states, self->state)->value_nick, NULL);
  if (self->transport && !self->closed) {
    sources.reports = gst_kandy_transport_get_reports (self->transport);
    gst_kandy_transport_add_stats (self->transport, s);
    gst_kandy_stats_meter_read (
        gst_kandy_transport_get_meter (self->transport), &sources.rtp);
  }
  add_timings (self, s);

  g_value_init (&tracks, GST_TYPE_LIST);
  for (guint i = 0; i < self->sends->len; i++)
    append (
        &tracks, describe_sent (g_ptr_array_index (self->sends, i), &sources));
  for (guint i = 0; i < self->receives->len; i++)
    append (&tracks,
        describe_received (g_ptr_array_index (self->receives, i), &sources));
  gst_structure_take_value (s, "tracks", &tracks);
  report = gst_kandy_stats_write_call (self, NULL, NULL);
  gst_kandy_list_from_variant (&content, "report", report);
  gst_structure_take_value (s, "report", &content);

  gst_kandy_rtp_stats_clear (&sources.rtp);
  return s;
}

void
gst_kandy_call_get_report_async (KandyMediaEngine *engine, const char *track_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (engine, cancellable, callback, user_data);
  GError *error = NULL;
  GVariant *report =
      gst_kandy_stats_write_call (GST_KANDY_CALL (engine), track_id, &error);

  g_task_set_source_tag (task, gst_kandy_call_get_report_async);
  if (report)
    g_task_return_pointer (task, report, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

GVariant *
gst_kandy_call_get_report_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

const char *
gst_kandy_call_get_platform (KandyMediaEngine *engine)
{
  static gsize platform = 0;

  if (g_once_init_enter (&platform)) {
    guint major, minor, micro, nano;

    gst_version (&major, &minor, &micro, &nano);
    g_once_init_leave (&platform,
        (gsize) g_strdup_printf ("gstreamer/%u.%u.%u", major, minor, micro));
  }
  return (const char *) platform;
}
