/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandydtmfsender.h"
#include "gstkandyrtpborder.h"

#include <gst/check/gstcheck.h>
#include <gst/rtp/gstrtpbuffer.h>

/* Telephone events: their packets on the way out, and which of those that come
 * in are one event (RFC 4733) */

#define SOUND_MS 20

/* --- what comes in --- */

static gboolean
take (GstKandyDtmfReader *reader, guint number, guint32 timestamp,
    gboolean marker, gboolean end, guint16 duration)
{
  GstKandyDtmfEvent event = { number, 10, end, duration }, taken;
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (4, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  gboolean is_new;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_timestamp (&map, timestamp);
  gst_rtp_buffer_set_marker (&map, marker);
  gst_kandy_dtmf_event_write (&event, gst_rtp_buffer_get_payload (&map));
  gst_rtp_buffer_unmap (&map);
  is_new = gst_kandy_dtmf_reader_take (reader, rtp, &taken);
  if (is_new) {
    fail_unless_equals_int (taken.number, number);
    fail_unless_equals_int (taken.volume, 10);
  }
  gst_buffer_unref (rtp);
  return is_new;
}

GST_START_TEST (test_one_event)
{
  GstKandyDtmfReader reader = { 0 };
  /* over the edge of the counter */
  guint32 timestamp = 0xffffff00;

  fail_unless (take (&reader, 5, timestamp, TRUE, FALSE, 160));
  fail_if (take (&reader, 5, timestamp, FALSE, FALSE, 320));
  fail_if (take (&reader, 5, timestamp, TRUE, FALSE, 160));
  fail_if (take (&reader, 5, timestamp, FALSE, TRUE, 800));
  fail_if (take (&reader, 5, timestamp, FALSE, TRUE, 800));

  /* the same key again; what was lost at its beginning does not matter */
  fail_unless (take (&reader, 5, timestamp + 1400, FALSE, FALSE, 480));
  /* late: of the former event */
  fail_if (take (&reader, 5, timestamp, FALSE, TRUE, 800));
  fail_if (take (&reader, 5, timestamp + 1400, FALSE, TRUE, 800));

  /* of another one only an end arrives, and nothing of the last one's end */
  fail_unless (take (&reader, 11, timestamp + 2800, FALSE, TRUE, 800));
  fail_unless (take (&reader, 11, timestamp + 4200, TRUE, FALSE, 160));
  fail_unless (take (&reader, 11, timestamp + 5600, TRUE, FALSE, 160));
}
GST_END_TEST;

GST_START_TEST (test_long_event)
{
  GstKandyDtmfReader reader = { 0 };

  fail_unless (take (&reader, 1, 1000, TRUE, FALSE, 65280));
  fail_if (take (&reader, 1, 1000, FALSE, FALSE, 0xffff));
  fail_if (take (&reader, 1, 1000 + 0xffff, FALSE, FALSE, 705));
  /* a sender that counts from its own packet */
  fail_if (take (&reader, 1, 1000 + 2 * 0xffff + 960, FALSE, FALSE, 960));
  fail_if (take (&reader, 1, 1000 + 2 * 0xffff + 960, FALSE, TRUE, 1920));

  fail_unless (take (&reader, 1, 1000 + 3 * 0xffff, FALSE, FALSE, 960));
  /* not the same key: not the same event */
  fail_unless (take (&reader, 2, 1000 + 4 * 0xffff, FALSE, FALSE, 960));
}
GST_END_TEST;

/* A far end that counts anew is heard again */
GST_START_TEST (test_other_numbering)
{
  GstKandyDtmfReader reader = { 0 };

  fail_unless (take (&reader, 1, 0x40000000, TRUE, FALSE, 160));
  fail_unless (take (&reader, 2, 0x30000000, TRUE, FALSE, 160));
  fail_unless (take (&reader, 3, 0x30000000 + 1600, TRUE, FALSE, 160));
}
GST_END_TEST;

GST_START_TEST (test_garbage)
{
  static const guint8 other_event[] = { 16, 10, 0, 160 };
  GstKandyDtmfReader reader = { 0 };
  GstKandyDtmfEvent event;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 8, NULL);

  fail_if (gst_kandy_dtmf_event_read (&event, other_event, 4));
  fail_if (gst_kandy_dtmf_event_read (&event, other_event, 3));
  fail_if (gst_kandy_dtmf_event_read (&event, NULL, 0));
  gst_buffer_memset (buffer, 0, 0, 8);
  fail_if (gst_kandy_dtmf_reader_take (&reader, buffer, &event));
  gst_buffer_unref (buffer);
  buffer = gst_rtp_buffer_new_allocate (3, 0, 0);
  fail_if (gst_kandy_dtmf_reader_take (&reader, buffer, &event));
  gst_buffer_unref (buffer);
}
GST_END_TEST;

/* --- what goes out --- */

typedef struct {
  guint pt;
  guint16 seq;
  guint32 timestamp;
  gboolean marker;
  GstKandyDtmfEvent event;
} Packet;

typedef struct {
  GstElement *pipeline;
  GstClock *clock;
  GstKandySendTrack *track;
  GstKandyDtmfSender *sender;
  guint clock_rate;
  GMutex lock;
  GArray *packets; /* Packet */
  guint sound;     /* source of sound */
  guint n_sounds;
  gboolean closed;
  guint n_done;
  GError *error; /* of the latest that is done */
  GString *played;
} Line;

#define EVENT_PAYLOAD 101
#define SOUND_PAYLOAD 96

static GstPadProbeReturn
note_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Line *self = user_data;
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  Packet packet = { 0 };

  fail_unless (gst_rtp_buffer_map (
      GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ, &map));
  packet.pt = gst_rtp_buffer_get_payload_type (&map);
  packet.seq = gst_rtp_buffer_get_seq (&map);
  packet.timestamp = gst_rtp_buffer_get_timestamp (&map);
  packet.marker = gst_rtp_buffer_get_marker (&map);
  fail_unless_equals_int (gst_rtp_buffer_get_ssrc (&map), 4711);
  if (packet.pt == EVENT_PAYLOAD) {
    fail_unless_equals_int (gst_rtp_buffer_get_payload_len (&map), 4);
    fail_unless (gst_kandy_dtmf_event_read (
        &packet.event, gst_rtp_buffer_get_payload (&map), 4));
  }
  gst_rtp_buffer_unmap (&map);
  g_mutex_lock (&self->lock);
  g_array_append_val (self->packets, packet);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

static gboolean
send_sound (gpointer user_data)
{
  Line *self = user_data;
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_seq (&map, (guint16) self->n_sounds);
  gst_rtp_buffer_set_timestamp (
      &map, self->n_sounds * (self->clock_rate / 1000 * SOUND_MS));
  gst_rtp_buffer_unmap (&map);
  GST_BUFFER_PTS (rtp) = self->n_sounds * SOUND_MS * GST_MSECOND;
  self->n_sounds++;
  gst_kandy_send_track_push (
      self->track, rtp, self->clock, gst_clock_get_time (self->clock));
  return G_SOURCE_CONTINUE;
}

static GstKandySendTrack *
target (gpointer owner, GstKandySendTrack *wanted, GError **error)
{
  Line *self = g_object_get_data (owner, "line");

  if (self->closed) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "held");
    return NULL;
  }
  return gst_kandy_send_track_is_open (self->track)
      ? gst_object_ref (self->track)
      : NULL;
}

/* @event_rate: 0: events are not taken */
static void
line_init (Line *self, guint clock_rate, guint event_rate, gboolean sound)
{
  g_autoptr (KandyTrack) track =
      kandy_track_new ("id", "stream", KANDY_MEDIA_KIND_AUDIO, TRUE, NULL);
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("application/x-rtp", "media",
      G_TYPE_STRING, "audio", "encoding-name", G_TYPE_STRING, "X-SOUND",
      "clock-rate", G_TYPE_INT, clock_rate, "payload", G_TYPE_INT,
      SOUND_PAYLOAD, "ssrc", G_TYPE_UINT, 4711, NULL);
  g_autoptr (GstPad) pad = NULL;
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  memset (self, 0, sizeof (*self));
  g_mutex_init (&self->lock);
  self->packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  self->played = g_string_new (NULL);
  self->clock_rate = clock_rate;
  self->clock = gst_system_clock_obtain ();
  self->pipeline = gst_pipeline_new (NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, note_packet, self, NULL);
  self->track = gst_kandy_send_track_new (
      track, caps, self->clock, gst_clock_get_time (self->clock));
  fail_unless (gst_kandy_send_track_attach (
      self->track, self->pipeline, pad, caps, border));
  gst_kandy_rtp_border_unref (border);
  gst_kandy_send_track_set_event_format (
      self->track, event_rate ? EVENT_PAYLOAD : -1, event_rate);
  gst_kandy_send_track_set_gate (self->track, GST_KANDY_GATE_OPEN);
  g_object_set_data (G_OBJECT (self->track), "line", self);
  self->sender = gst_kandy_dtmf_sender_new (NULL, target, self->track);
  if (sound)
    self->sound = g_timeout_add (SOUND_MS, send_sound, self);
}

static void
line_clear (Line *self)
{
  if (self->sound)
    g_source_remove (self->sound);
  gst_kandy_dtmf_sender_free (self->sender);
  gst_kandy_send_track_release (self->track);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  gst_object_unref (self->track);
  gst_object_unref (self->clock);
  g_array_unref (self->packets);
  g_string_free (self->played, TRUE);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
}

static gboolean
wake (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

#define wait_until(condition)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 deadline_ = g_get_monotonic_time () + 15 * G_USEC_PER_SEC;          \
    guint ticker_ = g_timeout_add (2, wake, NULL);                             \
                                                                               \
    while (!(condition) && g_get_monotonic_time () < deadline_)                \
      g_main_context_iteration (NULL, TRUE);                                   \
    g_source_remove (ticker_);                                                 \
    fail_unless (condition);                                                   \
  }                                                                            \
  G_STMT_END

static void
on_done (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Line *self = user_data;

  self->n_done++;
  g_clear_error (&self->error);
  g_task_propagate_boolean (G_TASK (result), &self->error);
}

static void
send_tones (Line *self, const char *tones, guint duration, guint gap,
    GCancellable *cancellable)
{
  gst_kandy_dtmf_sender_send (self->sender, tones, duration, gap,
      g_task_new (self->track, cancellable, on_done, self));
}

static guint
count_packets (Line *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->packets->len;
  g_mutex_unlock (&self->lock);
  return n;
}

/* What a far end makes of it */
static char *
read_digits (Line *self)
{
  GString *digits = g_string_new (NULL);
  GstKandyDtmfReader reader = { 0 };

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->packets->len; i++) {
    const Packet *packet = &g_array_index (self->packets, Packet, i);

    if (packet->pt == EVENT_PAYLOAD
        && take (&reader, packet->event.number, packet->timestamp,
            packet->marker, packet->event.end, packet->event.duration))
      g_string_append_c (digits, "0123456789*#ABCD"[packet->event.number]);
  }
  g_mutex_unlock (&self->lock);
  return g_string_free (digits, FALSE);
}

/* One stream: numbers without gaps, and time that never goes back */
static void
check_stream (Line *self)
{
  for (guint i = 1; i < self->packets->len; i++) {
    const Packet *a = &g_array_index (self->packets, Packet, i - 1);
    const Packet *b = &g_array_index (self->packets, Packet, i);

    fail_unless_equals_int ((guint16) (b->seq - a->seq), 1);
    fail_unless ((gint32) (b->timestamp - a->timestamp) >= 0,
        "packet %u is %d ticks back", i, (int) (a->timestamp - b->timestamp));
  }
}

/* The packets of the event that begins at @i, of @ms. Returns the index behind
 * it */
static guint
check_event (Line *self, guint i, guint number, guint ms, guint rate)
{
  const Packet *start = &g_array_index (self->packets, Packet, i);
  guint n = (ms + 19) / 20 + 2;

  fail_unless (i + n <= self->packets->len);
  for (guint k = 0; k < n; k++, i++) {
    const Packet *packet = &g_array_index (self->packets, Packet, i);

    fail_unless_equals_int (packet->pt, EVENT_PAYLOAD);
    fail_unless_equals_int (packet->timestamp, start->timestamp);
    fail_unless_equals_int (packet->marker, k == 0);
    fail_unless_equals_int (packet->event.number, number);
    fail_unless_equals_int (packet->event.volume, 10);
    fail_unless_equals_int (
        packet->event.duration, MIN ((k + 1) * 20, ms) * rate / 1000);
    fail_unless_equals_int (packet->event.end, k + 3 >= n);
  }
  return i;
}

static guint
find_event (Line *self, guint i)
{
  while (i < self->packets->len
      && g_array_index (self->packets, Packet, i).pt != EVENT_PAYLOAD)
    i++;
  fail_unless (i < self->packets->len);
  return i;
}

static const struct {
  guint clock_rate, event_rate;
} rates[] = { { 48000, 48000 }, { 8000, 8000 }, { 48000, 8000 } };

GST_START_TEST (test_packets)
{
  guint rate = rates[__i__].clock_rate, event_rate = rates[__i__].event_rate;
  guint frame = rate / 1000 * SOUND_MS, i;
  const Packet *before, *after, *event;
  Line self;

  line_init (&self, rate, event_rate, TRUE);
  wait_until (count_packets (&self) >= 5);
  send_tones (&self, "9A", 100, 70, NULL);
  send_tones (&self, "#", 50, 30, NULL);
  wait_until (self.n_done == 2);
  fail_unless (self.error == NULL);
  i = count_packets (&self);
  wait_until (count_packets (&self) >= i + 5);
  g_source_remove (self.sound);
  self.sound = 0;

  check_stream (&self);
  i = find_event (&self, 0);
  event = &g_array_index (self.packets, Packet, i);
  before = event - 1;
  i = check_event (&self, i, 9, 100, event_rate);
  after = &g_array_index (self.packets, Packet, i);
  /* sound goes on where it would have been, behind the event */
  fail_unless_equals_int (after->pt, SOUND_PAYLOAD);
  fail_unless (after->timestamp - event->timestamp >= rate / 10);
  fail_unless_equals_int ((after->timestamp - before->timestamp) % frame, 0);
  i = check_event (&self, find_event (&self, i), 12, 100, event_rate);
  i = check_event (&self, find_event (&self, i), 11, 50, event_rate);
  fail_unless (i < self.packets->len);
  while (i < self.packets->len)
    fail_unless_equals_int (
        g_array_index (self.packets, Packet, i++).pt, SOUND_PAYLOAD);
  line_clear (&self);
}
GST_END_TEST;

/* Without any sound, before it and after it */
GST_START_TEST (test_no_sound)
{
  Line self;
  guint i;

  line_init (&self, 48000, 48000, FALSE);
  send_tones (&self, "12", 40, 30, NULL);
  wait_until (self.n_done == 1);
  wait_until (count_packets (&self) == 8);
  i = check_event (&self, 0, 1, 40, 48000);
  check_event (&self, i, 2, 40, 48000);
  self.sound = g_timeout_add (SOUND_MS, send_sound, &self);
  wait_until (count_packets (&self) >= 12);
  check_stream (&self);
  line_clear (&self);
}
GST_END_TEST;

/* Longer than 65535 ticks */
GST_START_TEST (test_segments)
{
  Line self;
  g_autofree char *digits = NULL;
  guint markers = 0, full = 0;
  guint32 start;
  const Packet *last;

  line_init (&self, 48000, 48000, TRUE);
  send_tones (&self, "5", 1500, 70, NULL);
  wait_until (self.n_done == 1);
  g_source_remove (self.sound);
  self.sound = 0;
  digits = read_digits (&self);
  fail_unless_equals_string (digits, "5");
  check_stream (&self);
  last = NULL;
  start = g_array_index (self.packets, Packet, find_event (&self, 0)).timestamp;
  for (guint i = 0; i < self.packets->len; i++) {
    const Packet *packet = &g_array_index (self.packets, Packet, i);

    if (packet->pt != EVENT_PAYLOAD)
      continue;
    markers += packet->marker;
    if (packet->timestamp == start && packet->event.duration == 0xffff) {
      fail_if (packet->event.end);
      full++;
    }
    last = packet;
  }
  fail_unless_equals_int (markers, 1);
  fail_unless_equals_int (full, 1);
  fail_unless (last->event.end);
  fail_unless_equals_int (last->timestamp - start, 0xffff);
  fail_unless_equals_int (last->event.duration, 1500 * 48 - 0xffff);
  line_clear (&self);
}
GST_END_TEST;

static void
cancel_when_second (Line *self, GCancellable *cancellable)
{
  g_autofree char *digits = NULL;

  do {
    g_clear_pointer (&digits, g_free);
    g_main_context_iteration (NULL, TRUE);
    digits = read_digits (self);
  } while (strlen (digits) < 2);
  g_cancellable_cancel (cancellable);
}

/* The tone under way is ended as it should be, the next string is played */
GST_START_TEST (test_cancel)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) queued = g_cancellable_new ();
  g_autofree char *digits = NULL;
  guint ends = 0;
  Line self;

  line_init (&self, 8000, 8000, TRUE);
  send_tones (&self, "1234", 200, 70, cancellable);
  send_tones (&self, "7", 40, 30, queued);
  send_tones (&self, "9", 40, 30, NULL);
  g_cancellable_cancel (queued);
  wait_until (self.n_done == 1);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  cancel_when_second (&self, cancellable);
  wait_until (self.n_done == 2);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_until (self.n_done == 3);
  g_assert_no_error (self.error);
  digits = read_digits (&self);
  fail_unless_equals_string (digits, "129");
  for (guint i = 0; i < self.packets->len; i++)
    ends += g_array_index (self.packets, Packet, i).event.end;
  fail_unless_equals_int (ends, 9);
  line_clear (&self);
}
GST_END_TEST;

/* A hold in the midst of it, which a pause does not hide */
GST_START_TEST (test_fail)
{
  Line self;

  line_init (&self, 8000, 8000, TRUE);
  send_tones (&self, "1,,,,,2", 40, 30, NULL);
  send_tones (&self, "3", 40, 30, NULL);
  wait_until (count_packets (&self) > 5);
  self.closed = TRUE;
  gst_kandy_dtmf_sender_poke (self.sender);
  wait_until (self.n_done == 2);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CLOSED);

  self.closed = FALSE;
  send_tones (&self, "4", 40, 30, NULL);
  wait_until (self.n_done == 3);
  g_assert_no_error (self.error);
  line_clear (&self);
}
GST_END_TEST;

/* A media path that is not there yet */
GST_START_TEST (test_late_path)
{
  g_autofree char *digits = NULL;
  gint64 until = g_get_monotonic_time () + 200000;
  Line self;

  line_init (&self, 8000, 8000, TRUE);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_CLOSED);
  send_tones (&self, "4", 40, 30, NULL);
  wait_until (g_get_monotonic_time () > until);
  fail_unless_equals_int (self.n_done, 0);
  gst_kandy_send_track_set_gate (self.track, GST_KANDY_GATE_OPEN);
  wait_until (self.n_done == 1);
  g_assert_no_error (self.error);
  digits = read_digits (&self);
  fail_unless_equals_string (digits, "4");
  line_clear (&self);
}
GST_END_TEST;

GST_START_TEST (test_bad_tones)
{
  static const char *const bad[] = { "", "x", "1 2", "E" };
  Line self;

  line_init (&self, 8000, 8000, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    send_tones (&self, bad[i], 40, 30, NULL);
    wait_until (self.n_done == i + 1);
    g_assert_error (self.error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  }
  line_clear (&self);
}
GST_END_TEST;

GST_START_TEST (test_by_hand)
{
  g_autofree char *digits = NULL;
  const Packet *last;
  guint n;
  Line self;

  line_init (&self, 8000, 8000, TRUE);
  gst_kandy_dtmf_sender_start_tone (
      self.sender, NULL, 5, 20, GST_KANDY_DTMF_METHOD_EVENT);
  wait_until (count_packets (&self) >= 10);
  gst_kandy_dtmf_sender_stop_tone (self.sender);
  gst_kandy_dtmf_sender_stop_tone (self.sender);
  /* this one is stopped before its turn comes, and by the next one */
  gst_kandy_dtmf_sender_start_tone (
      self.sender, NULL, 6, 20, GST_KANDY_DTMF_METHOD_ANY);
  gst_kandy_dtmf_sender_start_tone (
      self.sender, NULL, 7, 20, GST_KANDY_DTMF_METHOD_ANY);
  gst_kandy_dtmf_sender_stop_tone (self.sender);
  send_tones (&self, "8", 40, 30, NULL);
  wait_until (self.n_done == 1);
  digits = read_digits (&self);
  fail_unless_equals_string (digits, "5678");
  n = find_event (&self, 0);
  last = &g_array_index (self.packets, Packet, n);
  while (last->event.number == 5) {
    fail_unless_equals_int (last->event.volume, 20);
    n = find_event (&self, n + 1);
    if (g_array_index (self.packets, Packet, n).event.number != 5)
      break;
    last = &g_array_index (self.packets, Packet, n);
  }
  fail_unless (last->event.end);
  fail_unless (last->event.duration >= 9 * 160, "%u", last->event.duration);
  line_clear (&self);
}
GST_END_TEST;

static gboolean
play_tone (GstKandySendTrack *track, guint number, guint volume, guint duration,
    guint gap, Line *self)
{
  g_string_append_printf (
      self->played, "%u@%u %u/%u ", number, volume, duration, gap);
  return TRUE;
}

static void
stop_tones (GstKandySendTrack *track, Line *self)
{
  g_string_append (self->played, "stop ");
}

/* Where events are not taken, or not wanted */
GST_START_TEST (test_sound)
{
  Line self;

  line_init (&self, 48000, 0, TRUE);
  send_tones (&self, "1", 40, 30, NULL);
  wait_until (self.n_done == 1);
  fail_unless_equals_string (
      kandy_error_get_platform_code (self.error), "call:2");

  g_signal_connect (self.track, "play-tone", G_CALLBACK (play_tone), &self);
  g_signal_connect (self.track, "stop-tones", G_CALLBACK (stop_tones), &self);
  send_tones (&self, "1d", 40, 30, NULL);
  wait_until (self.n_done == 2);
  g_assert_no_error (self.error);
  fail_unless_equals_string (self.played->str, "1@10 40/30 15@10 40/30 ");

  g_string_truncate (self.played, 0);
  gst_kandy_send_track_set_event_format (self.track, EVENT_PAYLOAD, 48000);
  gst_kandy_dtmf_sender_start_tone (
      self.sender, NULL, 3, 5, GST_KANDY_DTMF_METHOD_SOUND);
  wait_until (self.played->len > 0);
  gst_kandy_dtmf_sender_stop_tone (self.sender);
  fail_unless_equals_string (self.played->str, "3@5 6000/70 stop ");
  send_tones (&self, "4", 40, 30, NULL);
  wait_until (self.n_done == 3);
  line_clear (&self);
}
GST_END_TEST;

static Suite *
dtmf_suite (void)
{
  Suite *suite = suite_create ("dtmf");
  TCase *events = tcase_create ("events");

  tcase_set_timeout (events, 20);
  tcase_add_test (events, test_one_event);
  tcase_add_test (events, test_long_event);
  tcase_add_test (events, test_other_numbering);
  tcase_add_test (events, test_garbage);
  tcase_add_loop_test (events, test_packets, 0, G_N_ELEMENTS (rates));
  tcase_add_test (events, test_no_sound);
  tcase_add_test (events, test_segments);
  tcase_add_test (events, test_cancel);
  tcase_add_test (events, test_fail);
  tcase_add_test (events, test_late_path);
  tcase_add_test (events, test_bad_tones);
  tcase_add_test (events, test_by_hand);
  tcase_add_test (events, test_sound);
  suite_add_tcase (suite, events);
  return suite;
}

GST_CHECK_MAIN (dtmf);
