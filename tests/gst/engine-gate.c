/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandyrtpborder.h"
#include "gstkandytrack-private.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>
#include <gst/rtp/gstrtpbuffer.h>

/* What leaves a track when its way opens */

#define PERIOD (20 * GST_MSECOND)

typedef struct {
  GstElement *pipeline;
  GstClock *clock;
  GstKandySendTrack *track;
  GAsyncQueue *left; /* GstBuffer */
  guint16 seq;
} Sender;

static GstPadProbeReturn
note_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_async_queue_push (
      user_data, gst_buffer_ref (GST_PAD_PROBE_INFO_BUFFER (info)));
  return GST_PAD_PROBE_OK;
}

static void
sender_init (Sender *self, KandyMediaKind kind)
{
  g_autoptr (KandyTrack) track =
      kandy_track_new ("id", "stream", kind, TRUE, NULL);
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
      "payload=111,ssrc=(uint)4711");
  g_autoptr (GstPad) pad = NULL;
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  self->left = g_async_queue_new_full ((GDestroyNotify) gst_buffer_unref);
  self->clock = gst_test_clock_new ();
  self->pipeline = gst_pipeline_new (NULL);
  self->seq = 0;
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, note_packet, self->left, NULL);
  self->track = gst_kandy_send_track_new (track, caps, self->clock, 0);
  fail_unless (gst_kandy_send_track_attach (
      self->track, self->pipeline, pad, caps, border));
  gst_kandy_rtp_border_unref (border);
}

static void
sender_clear (Sender *self)
{
  gst_kandy_send_track_release (self->track);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  gst_object_unref (self->track);
  gst_object_unref (self->clock);
  g_async_queue_unref (self->left);
}

static void
push (Sender *self)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_test_clock_advance_time (GST_TEST_CLOCK (self->clock), PERIOD);
  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_seq (&map, self->seq);
  gst_rtp_buffer_set_timestamp (&map, self->seq * 960u);
  gst_rtp_buffer_unmap (&map);
  GST_BUFFER_PTS (rtp) = ++self->seq * PERIOD;
  gst_kandy_send_track_push (self->track, rtp, self->clock, 0);
}

/* Running time and sequence number of what leaves next */
static GstClockTime
pop (Sender *self, guint16 *seq)
{
  g_autoptr (GstBuffer) rtp =
      g_async_queue_timeout_pop (self->left, 5 * G_USEC_PER_SEC);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  fail_unless (rtp != NULL, "nothing leaves");
  gst_rtp_buffer_map (rtp, GST_MAP_READ, &map);
  *seq = gst_rtp_buffer_get_seq (&map);
  gst_rtp_buffer_unmap (&map);
  return GST_BUFFER_PTS (rtp);
}

/* The next that leaves is the one pushed after this */
static void
check_nothing_left (Sender *self)
{
  GstClockTime next = (self->seq + 1) * PERIOD;
  guint16 seq;

  push (self);
  fail_unless_equals_uint64 (pop (self, &seq), next);
}

GST_START_TEST (test_latest_leaves)
{
  Sender self;
  guint16 earlier, later;

  sender_init (&self, KANDY_MEDIA_KIND_AUDIO);
  push (&self);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_AJAR);
  push (&self);
  push (&self);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_OPEN);
  push (&self);
  fail_unless_equals_uint64 (pop (&self, &earlier), 3 * PERIOD);
  fail_unless_equals_uint64 (pop (&self, &later), 4 * PERIOD);
  fail_unless_equals_int ((guint16) (later - earlier), 1);
  sender_clear (&self);
}
GST_END_TEST;

/* The path is lost and comes back: the far end must not miss what was never
 * sent */
GST_START_TEST (test_no_gap)
{
  Sender self;
  guint16 before, after;

  sender_init (&self, KANDY_MEDIA_KIND_AUDIO);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_OPEN);
  push (&self);
  pop (&self, &before);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_AJAR);
  for (guint i = 0; i < 10; i++)
    push (&self);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_OPEN);
  fail_unless_equals_uint64 (pop (&self, &after), 11 * PERIOD);
  fail_unless_equals_int ((guint16) (after - before), 1);
  sender_clear (&self);
}
GST_END_TEST;

typedef enum { HOLD, MUTE, LATE, VIDEO, N_REASONS } Reason;

GST_START_TEST (test_none_leaves)
{
  Reason reason = __i__;
  Sender self;

  sender_init (
      &self, reason == VIDEO ? KANDY_MEDIA_KIND_VIDEO : KANDY_MEDIA_KIND_AUDIO);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_AJAR);
  push (&self);
  switch (reason) {
    case HOLD:
      gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_CLOSED);
      break;
    case MUTE:
      gst_kandy_send_track_set_gated (self.track, TRUE);
      push (&self);
      gst_kandy_send_track_set_gated (self.track, FALSE);
      break;
    case LATE:
      gst_test_clock_advance_time (
          GST_TEST_CLOCK (self.clock), 200 * GST_MSECOND);
      self.seq += 10;
      break;
    default:
      break;
  }
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_OPEN);
  check_nothing_left (&self);
  sender_clear (&self);
}
GST_END_TEST;

static Suite *
engine_gate_suite (void)
{
  Suite *suite = suite_create ("engine-gate");
  TCase *tcase = tcase_create ("gate");

  tcase_add_test (tcase, test_latest_leaves);
  tcase_add_test (tcase, test_no_gap);
  tcase_add_loop_test (tcase, test_none_leaves, 0, N_REASONS);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (engine_gate);
