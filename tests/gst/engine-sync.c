/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "engine-endpoint.h"
#include "gstkandylipsync.h"

#include <gst/rtp/gstrtpbuffer.h>

/* Lip sync: what was captured together comes out together, whatever the
 * encoders took for it */

#define AUDIO_PERIOD (20 * GST_MSECOND)
#define VIDEO_PERIOD (40 * GST_MSECOND)

/* How much longer the pictures take */
#define VIDEO_DELAY (250 * GST_MSECOND)

typedef struct {
  GstKandySendTrack *track;
  KandyMediaKind kind;
  GstClockTime period;
  guint clock_rate;
  GstClockTime delay; /* of the encoder */
  GThread *thread;
  gint stopped;
} Source;

/* From the capture to the time at which it is to be played, the best since it
 * was looked at: a busy machine only ever adds to it */
typedef struct {
  GMutex lock;
  GstClockTimeDiff best;
  guint n;
} Lag;

typedef struct {
  Endpoint *alice;
  Endpoint *bob;
  Source sources[2];
  Lag lags[2];
} Pair;

static gpointer
produce (gpointer data)
{
  Source *self = data;
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockTime start = gst_clock_get_time (clock);

  for (guint i = 0; !g_atomic_int_get (&self->stopped); i++) {
    GstClockTime captured = start + i * self->period;
    GstClockTime now = gst_clock_get_time (clock);
    /* The descriptor of VP8 if it is a picture (RFC 7741 4.2) */
    guint8 payload[9] = { 0x10 };
    GstRTPBuffer map = GST_RTP_BUFFER_INIT;
    GstBuffer *rtp = gst_rtp_buffer_new_allocate (sizeof (payload), 0, 0);

    if (captured + self->delay > now)
      g_usleep ((captured + self->delay - now) / 1000);
    memcpy (payload + 1, &captured, sizeof (captured));
    gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
    gst_rtp_buffer_set_seq (&map, (guint16) i);
    gst_rtp_buffer_set_timestamp (&map,
        (guint32) gst_util_uint64_scale (
            i * self->period, self->clock_rate, GST_SECOND));
    gst_rtp_buffer_set_marker (&map, self->kind == KANDY_MEDIA_KIND_VIDEO);
    memcpy (gst_rtp_buffer_get_payload (&map), payload, sizeof (payload));
    gst_rtp_buffer_unmap (&map);
    GST_BUFFER_PTS (rtp) = captured;
    gst_kandy_send_track_push (self->track, rtp, clock, 0);
  }
  return NULL;
}

static void
consume (GstKandyReceiveTrack *track, GstBuffer *rtp, GstCaps *caps,
    GstClock *clock, GstClockTime base_time, gpointer data)
{
  Lag *self = data;
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  GstClockTime captured = 0;
  GstClockTimeDiff lag;

  gst_rtp_buffer_map (rtp, GST_MAP_READ, &map);
  if (gst_rtp_buffer_get_payload_len (&map) == 9)
    memcpy (&captured, (guint8 *) gst_rtp_buffer_get_payload (&map) + 1,
        sizeof (captured));
  gst_rtp_buffer_unmap (&map);
  lag = GST_CLOCK_DIFF (captured, GST_BUFFER_PTS (rtp) + base_time);
  g_mutex_lock (&self->lock);
  if (captured) {
    self->best = self->n ? MIN (self->best, lag) : lag;
    self->n++;
  }
  g_mutex_unlock (&self->lock);
  gst_buffer_unref (rtp);
}

static void
receive_track (GstKandyCall *call, GstKandyReceiveTrack *track, Lag *lags)
{
  gst_kandy_receive_track_set_consumer (
      track, consume, &lags[gst_kandy_receive_track_get_kind (track)], NULL);
}

static void
pair_init (Pair *self, gboolean bundle)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();

  memset (self, 0, sizeof (Pair));
  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (!bundle));
  self->alice = endpoint_new_full ("alice", config, NULL);
  self->bob = endpoint_new_full ("bob", config, NULL);
  for (guint kind = 0; kind < 2; kind++)
    g_mutex_init (&self->lags[kind].lock);
  g_signal_connect_after (self->bob->call, "receive-track-added",
      G_CALLBACK (receive_track), self->lags);
}

static void
pair_send (Pair *self, KandyMediaKind kind, GstClockTime delay)
{
  gboolean audio = kind == KANDY_MEDIA_KIND_AUDIO;
  Source *source = &self->sources[kind];
  g_autoptr (GstCaps) caps = gst_caps_from_string (audio
          ? "application/x-rtp,media=audio,encoding-name=OPUS,"
            "clock-rate=48000,payload=111,encoding-params=(string)2"
          : "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,"
            "payload=96");

  source->kind = kind;
  source->period = audio ? AUDIO_PERIOD : VIDEO_PERIOD;
  source->clock_rate = audio ? 48000 : 90000;
  source->delay = delay;
  source->track = gst_kandy_call_add_send_track (
      self->alice->call, kind, self->alice->name, caps);
  source->thread = g_thread_new ("source", produce, source);
}

static void
pair_clear (Pair *self)
{
  for (guint kind = 0; kind < 2; kind++) {
    g_atomic_int_set (&self->sources[kind].stopped, TRUE);
    g_thread_join (self->sources[kind].thread);
  }
  endpoint_free (self->alice);
  endpoint_free (self->bob);
  for (guint kind = 0; kind < 2; kind++) {
    gst_object_unref (self->sources[kind].track);
    g_mutex_clear (&self->lags[kind].lock);
  }
}

static gboolean
has_both (gpointer data)
{
  Pair *self = data;
  gboolean both = TRUE;

  for (guint kind = 0; kind < 2; kind++) {
    g_mutex_lock (&self->lags[kind].lock);
    both &= self->lags[kind].n > 0;
    g_mutex_unlock (&self->lags[kind].lock);
  }
  return both;
}

/* ms by which the pictures are behind the sound, in the last half second */
static int
measure_gap (Pair *self)
{
  GstClockTimeDiff best[2];

  for (guint kind = 0; kind < 2; kind++) {
    g_mutex_lock (&self->lags[kind].lock);
    self->lags[kind].n = 0;
    g_mutex_unlock (&self->lags[kind].lock);
  }
  let_pass (500);
  WAIT_FOR (has_both, self);
  for (guint kind = 0; kind < 2; kind++) {
    g_mutex_lock (&self->lags[kind].lock);
    best[kind] = self->lags[kind].best;
    g_mutex_unlock (&self->lags[kind].lock);
  }
  return (int) ((best[1] - best[0]) / (GstClockTimeDiff) GST_MSECOND);
}

/* Sound and pictures that are apart by the delay of the encoder come together
 * with the far end's reports */
static void
expect_sync (Pair *self)
{
  gint64 deadline = g_get_monotonic_time () + 12 * G_USEC_PER_SEC;
  int gap;

  WAIT_FOR (has_both, self);
  do
    gap = measure_gap (self);
  while (ABS (gap) > 80 && g_get_monotonic_time () < deadline);
  fail_unless (ABS (gap) <= 80, "the pictures are %d ms behind", gap);
}

GST_START_TEST (test_slow_encoder)
{
  Pair pair;

  pair_init (&pair, TRUE);
  pair_send (&pair, KANDY_MEDIA_KIND_AUDIO, AUDIO_PERIOD);
  pair_send (&pair, KANDY_MEDIA_KIND_VIDEO, AUDIO_PERIOD + VIDEO_DELAY);
  negotiate (pair.alice, pair.bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  expect_sync (&pair);
  pair_clear (&pair);
}
GST_END_TEST;

/* An RTP session of its own, which begins when the pipeline has run for long */
GST_START_TEST (test_later_session)
{
  Pair pair;

  pair_init (&pair, FALSE);
  pair_send (&pair, KANDY_MEDIA_KIND_AUDIO, AUDIO_PERIOD);
  negotiate (pair.alice, pair.bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  let_pass (1500);
  pair_send (&pair, KANDY_MEDIA_KIND_VIDEO, AUDIO_PERIOD + VIDEO_DELAY);
  negotiate (pair.alice, pair.bob, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  expect_sync (&pair);
  pair_clear (&pair);
}
GST_END_TEST;

/* --- what reports lead to --- */

enum { SOUND = 1, PICTURE, OTHER };

/* Both report each second for so many seconds */
static void
report (GstKandyLipSync *sync, GstClockTime *now, guint seconds, int sound,
    int picture)
{
  for (guint i = 0; i < seconds; i++, *now += GST_SECOND) {
    gst_kandy_lip_sync_take (sync, GINT_TO_POINTER (SOUND), "far",
        sound * (GstClockTimeDiff) GST_MSECOND, *now);
    gst_kandy_lip_sync_take (sync, GINT_TO_POINTER (PICTURE), "far",
        picture * (GstClockTimeDiff) GST_MSECOND, *now + GST_MSECOND);
  }
}

static void
expect_offsets (GstKandyLipSync *sync, int sound, int picture)
{
  fail_unless_equals_int64 (
      gst_kandy_lip_sync_get_offset (sync, GINT_TO_POINTER (SOUND)),
      sound * (GstClockTimeDiff) GST_MSECOND);
  fail_unless_equals_int64 (
      gst_kandy_lip_sync_get_offset (sync, GINT_TO_POINTER (PICTURE)),
      picture * (GstClockTimeDiff) GST_MSECOND);
}

GST_START_TEST (test_reports)
{
  GstKandyLipSync *sync = gst_kandy_lip_sync_new ();
  GstClockTime now = 100 * GST_SECOND;

  /* The first picture comes late, as encoders start slowly */
  report (sync, &now, 1, -5000, -4000);
  expect_offsets (sync, 0, 0);
  report (sync, &now, 3, -5000, -4850);
  expect_offsets (sync, 150, 0);

  /* Pictures that stand still do not move the sound */
  report (sync, &now, 4, -5000, -3700);
  expect_offsets (sync, 150, 0);
  /* ... a slower way does, nor is a little of it noticed */
  report (sync, &now, 18, -5000, -4600);
  expect_offsets (sync, 400, 0);
  report (sync, &now, 18, -5000, -4570);
  expect_offsets (sync, 400, 0);
  /* ... and a faster one at once */
  report (sync, &now, 3, -5000, -5100);
  expect_offsets (sync, 0, 100);

  /* Others, and clocks that have nothing to do with each other */
  gst_kandy_lip_sync_take (sync, GINT_TO_POINTER (OTHER), "another", 0, now);
  report (sync, &now, 3, -5000, -5100);
  expect_offsets (sync, 0, 100);
  report (sync, &now, 20, -5000, 90000);
  expect_offsets (sync, 0, 100);
  report (sync, &now, 3, -5000, -5200);
  expect_offsets (sync, 0, 200);

  /* The sound has gone: nothing to wait for */
  for (guint i = 0; i < 14; i++, now += GST_SECOND)
    gst_kandy_lip_sync_take (sync, GINT_TO_POINTER (PICTURE), "far",
        -5200 * (GstClockTimeDiff) GST_MSECOND, now);
  fail_unless_equals_int64 (
      gst_kandy_lip_sync_get_offset (sync, GINT_TO_POINTER (PICTURE)), 0);
  gst_kandy_lip_sync_unref (sync);
}
GST_END_TEST;

/* An hour of two clocks that run apart by 100 ppm */
GST_START_TEST (test_hour)
{
  GstKandyLipSync *sync = gst_kandy_lip_sync_new ();
  GstClockTime now = GST_SECOND;

  for (guint i = 0; i < 3600; i++) {
    int drift = (int) i / 10;
    GstClockTimeDiff offset;

    report (sync, &now, 1, 50, 100 + drift);
    offset = gst_kandy_lip_sync_get_offset (sync, GINT_TO_POINTER (SOUND));
    fail_unless (
        i < 5 || ABS (50 + drift - (int) (offset / (gint64) GST_MSECOND)) <= 45,
        "after %u s", i);
  }
  gst_kandy_lip_sync_unref (sync);
}
GST_END_TEST;

static Suite *
engine_sync_suite (void)
{
  Suite *suite = suite_create ("engine-sync");
  TCase *tcase = tcase_create ("sync");
  TCase *reports = tcase_create ("reports");

  endpoints_warm_up ();
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_slow_encoder);
  tcase_add_test (tcase, test_later_session);
  suite_add_tcase (suite, tcase);
  tcase_add_test (reports, test_reports);
  tcase_add_test (reports, test_hour);
  suite_add_tcase (suite, reports);
  return suite;
}

GST_CHECK_MAIN (engine_sync);
