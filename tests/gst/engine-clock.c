/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandyrtpborder.h"
#include "gstkandytrack-private.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>
#include <gst/rtp/gstrtpbuffer.h>

/* A track of an application whose clock is not the call's */

#define PERIOD (20 * GST_MSECOND)
#define APP_BASE_TIME (7 * GST_SECOND)
#define CALL_BASE_TIME (100 * GST_SECOND)

typedef struct {
  GstElement *pipeline;
  GstClock *app_clock;
  GstClock *call_clock;
  GstKandySendTrack *track;
  GAsyncQueue *times; /* GstClockTime *, of what left */
  guint16 seq;
} Sender;

static GstPadProbeReturn
note_time (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstClockTime *time = g_new (GstClockTime, 1);

  *time = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));
  g_async_queue_push (user_data, time);
  return GST_PAD_PROBE_OK;
}

static void
sender_init (Sender *self)
{
  g_autoptr (KandyTrack) track =
      kandy_track_new ("id", "stream", KANDY_MEDIA_KIND_AUDIO, TRUE, NULL);
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
      "payload=111,ssrc=(uint)4711");
  g_autoptr (GstPad) pad = NULL;
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  self->times = g_async_queue_new_full (g_free);
  self->app_clock = gst_test_clock_new ();
  self->call_clock = gst_test_clock_new ();
  self->pipeline = gst_pipeline_new (NULL);
  self->seq = 0;
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, note_time, self->times, NULL);
  self->track =
      gst_kandy_send_track_new (track, caps, self->call_clock, CALL_BASE_TIME);
  fail_unless (gst_kandy_send_track_attach (
      self->track, self->pipeline, pad, caps, border));
  gst_kandy_send_track_set_gate (self->track, GST_KANDY_GATE_OPEN);
  gst_kandy_rtp_border_unref (border);
}

static void
sender_clear (Sender *self)
{
  gst_kandy_send_track_release (self->track);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  gst_object_unref (self->track);
  gst_object_unref (self->app_clock);
  gst_object_unref (self->call_clock);
  g_async_queue_unref (self->times);
}

/* Returns the running time of the call at which it leaves */
static GstClockTime
send_at (Sender *self, GstClockTime app_time, GstClockTime call_time,
    GstClockTime pts)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  g_autofree GstClockTime *left = NULL;

  gst_test_clock_set_time (GST_TEST_CLOCK (self->app_clock), app_time);
  gst_test_clock_set_time (GST_TEST_CLOCK (self->call_clock), call_time);
  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_seq (&map, self->seq);
  gst_rtp_buffer_set_timestamp (&map, self->seq * 960u);
  gst_rtp_buffer_unmap (&map);
  self->seq++;
  GST_BUFFER_PTS (rtp) = pts;
  gst_kandy_send_track_push (self->track, rtp, self->app_clock, APP_BASE_TIME);
  left = g_async_queue_timeout_pop (self->times, 5 * G_USEC_PER_SEC);
  fail_unless (left != NULL, "packet %u does not leave", self->seq - 1);
  return *left;
}

/* A sound card that runs 200 ppm slow and whose clock is read with 4 ms of
 * jitter: the call's time is met, and goes on evenly */
GST_START_TEST (test_skew)
{
  Sender self;
  GRand *rand = g_rand_new_with_seed (1);
  GstClockTime last = 0;

  sender_init (&self);
  for (guint i = 0; i < 60 * 50; i++) {
    GstClockTime running = i * PERIOD;
    GstClockTime app = APP_BASE_TIME + running;
    GstClockTime call =
        CALL_BASE_TIME + 2 * GST_SECOND + running + running / 5000;
    GstClockTime jitter = g_rand_int_range (rand, 0, 4 * GST_MSECOND);
    GstClockTime left = send_at (&self, app, call + jitter, running);
    gint64 off = GST_CLOCK_DIFF (call - CALL_BASE_TIME + 2 * GST_MSECOND, left);

    fail_unless (ABS (off) < 3 * (gint64) GST_MSECOND,
        "packet %u: %" G_GINT64_FORMAT " ns", i, off);
    fail_unless (i == 0
            || ABS (GST_CLOCK_DIFF (last + PERIOD, left))
                < (gint64) GST_MSECOND,
        "packet %u", i);
    last = left;
  }
  sender_clear (&self);
  g_rand_free (rand);
}
GST_END_TEST;

/* Another clock is followed at once, however far away; what would have been
 * before the call began is sent at its begin; no time is now */
GST_START_TEST (test_another_clock)
{
  Sender self;

  sender_init (&self);
  fail_unless_equals_uint64 (send_at (&self, APP_BASE_TIME + GST_SECOND,
                                 CALL_BASE_TIME + 5 * GST_SECOND, GST_SECOND),
      5 * GST_SECOND);
  gst_object_unref (self.app_clock);
  self.app_clock = gst_test_clock_new ();
  fail_unless_equals_uint64 (
      send_at (&self, APP_BASE_TIME + 50 * GST_SECOND,
          CALL_BASE_TIME + 6 * GST_SECOND, 50 * GST_SECOND),
      6 * GST_SECOND);
  fail_unless_equals_uint64 (send_at (&self, APP_BASE_TIME + 51 * GST_SECOND,
                                 CALL_BASE_TIME + 7 * GST_SECOND, GST_SECOND),
      0);
  fail_unless_equals_uint64 (
      send_at (&self, APP_BASE_TIME + 52 * GST_SECOND,
          CALL_BASE_TIME + 8 * GST_SECOND, GST_CLOCK_TIME_NONE),
      8 * GST_SECOND);
  sender_clear (&self);
}
GST_END_TEST;

static Suite *
engine_clock_suite (void)
{
  Suite *suite = suite_create ("engine-clock");
  TCase *tcase = tcase_create ("clock");

  tcase_add_test (tcase, test_skew);
  tcase_add_test (tcase, test_another_clock);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (engine_clock);
