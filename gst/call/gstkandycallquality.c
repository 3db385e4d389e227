/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"
#include "gstkandycodec.h"

/* What is looked at every second of a connected call: how good it is, and how
 * much may be sent. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

/* One packet of sound: it has to be complete before it can be sent */
#define PACKET_TIME 0.020

typedef struct {
  GstKandyWarning warning;
  gboolean raised;
  KandyTrack *track; /* (nullable): of the call as a whole */
  double value;
  double threshold;
} Change;

/* Who is told of a change may change the tracks that are being looked at, so
 * changes are told of at the end */
typedef struct {
  GArray *changes;
  KandyTrack *track; /* (nullable) */
} Subject;

static void
change_clear (gpointer data)
{
  g_clear_object (&((Change *) data)->track);
}

static void
note (GstKandyWarning warning, gboolean raised, double value, double threshold,
    gpointer user_data)
{
  Subject *subject = user_data;
  Change change = { warning, raised,
    subject->track ? g_object_ref (subject->track) : NULL, value, threshold };

  g_array_append_val (subject->changes, change);
}

static void
tell (GstKandyCall *self, const Change *change)
{
  const char *name = gst_kandy_warning_get_name (change->warning);

  GST_INFO_OBJECT (self->pipeline, "%s %s: %f against %f%s%s", name,
      change->raised ? "raised" : "cleared", change->value, change->threshold,
      change->track ? ", track " : "",
      change->track ? kandy_track_get_id (change->track) : "");
  g_signal_emit_by_name (self, "quality-warning", name, change->raised,
      change->track, change->value, change->threshold);
}

/* The best that is known: it is the same path for all */
static double
get_round_trip (GstKandyCall *self)
{
  double round_trip = -1;

  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (local->report.round_trip >= 0
        && (round_trip < 0 || local->report.round_trip < round_trip))
      round_trip = local->report.round_trip;
  }
  return round_trip;
}

/* bit/s: what the far end's description says, and its RTCP; 0 = no limit */
static guint
get_limit (const GstKandyLocalTrack *local)
{
  guint limit = local->sdp_limit;

  if (local->report.max_bitrate
      && (!limit || local->report.max_bitrate < limit))
    limit = local->report.max_bitrate;
  return limit;
}

void
gst_kandy_call_apply_bitrate (GstKandyCall *self, GstKandyLocalTrack *local)
{
  guint limit = get_limit (local), rate = limit;

  if (local->rate.current)
    rate = gst_kandy_rate_control_get (&local->rate, limit ? limit : G_MAXUINT);
  gst_kandy_send_track_set_max_bitrate (local->track, rate);
}

static guint
get_usual_bitrate (const GstCaps *caps)
{
  const GstKandyCodec *codec = gst_kandy_codec_from_caps (caps);

  return codec ? gst_kandy_codec_get_bitrate (codec) : 0;
}

guint
gst_kandy_call_get_target_bitrate (const GstKandyLocalTrack *local)
{
  g_autoptr (GstCaps) caps =
      gst_kandy_send_track_get_negotiated_caps (local->track);
  guint limit = get_limit (local);
  guint usual = caps ? get_usual_bitrate (caps) : 0;

  if (!usual)
    return 0;
  return gst_kandy_rate_control_get (
      &local->rate, limit && limit < usual ? limit : usual);
}

/* Sound is worth what it takes, and it takes little */
static void
control_rate (GstKandyCall *self, GstKandyLocalTrack *local, GstCaps *caps,
    gboolean reported)
{
  guint usual = get_usual_bitrate (caps);
  guint limit = get_limit (local);
  guint ceiling = limit && (limit < usual || !usual) ? limit : usual;

  if (reported && ceiling
      && gst_kandy_send_track_get_kind (local->track) == KANDY_MEDIA_KIND_VIDEO)
    gst_kandy_rate_control_report (
        &local->rate, ceiling, local->report.fraction_lost);
  gst_kandy_call_apply_bitrate (self, local);
}

static void
look_at_sent (GstKandyCall *self, GstKandyLocalTrack *local, GArray *changes)
{
  GstKandyQualitySample sample = GST_KANDY_QUALITY_SAMPLE_UNKNOWN;
  Subject subject = { changes, gst_kandy_send_track_get_track (local->track) };
  g_autoptr (GstCaps) caps =
      gst_kandy_send_track_get_negotiated_caps (local->track);
  GstKandyRtcpReport report = { .round_trip = -1 };
  guint ssrc = 0;
  gboolean reported;

  if (caps)
    gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc);
  gst_kandy_rtcp_reports_get (
      gst_kandy_transport_get_reports (self->transport), ssrc, &report);
  reported = report.reported_time != local->report.reported_time;
  local->report = report;
  if (caps)
    control_rate (self, local, caps, reported);

  if (!gst_kandy_send_track_is_open (local->track)) {
    gst_kandy_quality_monitor_reset (&local->quality, note, &subject);
    return;
  }
  if (reported)
    sample.loss = report.fraction_lost;
  gst_kandy_quality_monitor_add (&local->quality, &sample, note, &subject);
}

static guint64
get_count (const GstStructure *s, const char *name)
{
  guint64 value = 0;

  if (s)
    gst_structure_get_uint64 (s, name, &value);
  return value;
}

/* Fills in what the elements have counted since the last look. FALSE if that
 * cannot be said */
static gboolean
take_counts (GstKandyRemoteTrack *remote, const GstKandyRtpStats *stats,
    GstKandyQualitySample *sample)
{
  g_autoptr (GstCaps) caps =
      gst_kandy_receive_track_get_current_caps (remote->track);
  const GstStructure *source, *buffer;
  guint64 packets, late;
  guint ssrc = 0, jitter = 0;
  int lost = 0, rate = 0;
  gboolean known;
  double expected;

  if (caps)
    gst_structure_get (gst_caps_get_structure (caps, 0), "ssrc", G_TYPE_UINT,
        &ssrc, "clock-rate", G_TYPE_INT, &rate, NULL);
  source = gst_kandy_rtp_stats_find_source (stats, ssrc);
  buffer = gst_kandy_rtp_stats_find_buffer (stats, ssrc);
  if (!source)
    return FALSE;

  packets = get_count (source, "packets-received");
  late = get_count (buffer, "num-late");
  gst_structure_get_int (source, "packets-lost", &lost);
  gst_structure_get_uint (source, "jitter", &jitter);
  known = remote->ssrc == ssrc && packets >= remote->packets
      && late >= remote->late;
  if (known) {
    /* One that comes after all makes a loss smaller */
    double gone = MAX (lost - remote->lost, 0);

    sample->packets = packets - remote->packets;
    expected = sample->packets + gone;
    if (expected > 0)
      sample->loss = MIN ((gone + late - remote->late) / expected, 1);
    if (rate > 0 && sample->packets > 0)
      sample->jitter = jitter / (double) rate;
  }
  remote->ssrc = ssrc;
  remote->packets = packets;
  remote->late = late;
  remote->lost = lost;
  return known;
}

static void
look_at_received (GstKandyCall *self, GstKandyRemoteTrack *remote,
    const GstKandyRtpStats *stats, double round_trip, GArray *changes)
{
  GstKandyQualitySample sample = GST_KANDY_QUALITY_SAMPLE_UNKNOWN;
  Subject subject = { changes,
    gst_kandy_receive_track_get_track (remote->track) };
  gboolean active = FALSE, known;

  g_object_get (remote->track, "active", &active, NULL);
  known = take_counts (remote, stats, &sample);
  if (!active) {
    remote->mos = 0;
    gst_kandy_quality_monitor_reset (&remote->quality, note, &subject);
    return;
  }

  if (gst_kandy_receive_track_get_kind (remote->track)
      != KANDY_MEDIA_KIND_AUDIO) {
    sample.packets = -1;
  } else if (!known) {
    /* It is due, and was never there */
    sample.packets = remote->ssrc ? -1 : 0;
  } else if (sample.loss >= 0) {
    sample.mos = remote->mos = gst_kandy_quality_estimate_mos (sample.loss,
        MAX (round_trip, 0) / 2 + self->latency / 1000.0 + PACKET_TIME);
  }
  gst_kandy_quality_monitor_add (&remote->quality, &sample, note, &subject);
}

void
gst_kandy_call_look (GstKandyCall *self)
{
  GstKandyQualitySample sample = GST_KANDY_QUALITY_SAMPLE_UNKNOWN;
  g_auto (GstKandyRtpStats) stats = { NULL, NULL };
  g_autoptr (GArray) changes = NULL;
  Subject subject = { NULL, NULL };

  if (!self->transport || self->closed || self->failed)
    return;

  changes = g_array_new (FALSE, FALSE, sizeof (Change));
  g_array_set_clear_func (changes, change_clear);
  gst_kandy_stats_meter_read (
      gst_kandy_transport_get_meter (self->transport), &stats);
  for (guint i = 0; i < self->sends->len; i++)
    look_at_sent (self, g_ptr_array_index (self->sends, i), changes);
  sample.round_trip = get_round_trip (self);
  subject.changes = changes;
  gst_kandy_quality_monitor_add (&self->quality, &sample, note, &subject);
  for (guint i = 0; i < self->receives->len; i++)
    look_at_received (self, g_ptr_array_index (self->receives, i), &stats,
        sample.round_trip, changes);

  g_object_ref (self);
  for (guint i = 0; i < changes->len && !self->closed; i++)
    tell (self, &g_array_index (changes, Change, i));
  g_object_unref (self);
}
