/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Statistics and codecs as an application of the elements gets them */

#include "fixture.h"

typedef struct {
  GstElement *element;
  GstStructure *reply;
} Asker;

static void
on_reply (GstPromise *promise, gpointer user_data)
{
  Asker *self = user_data;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  g_atomic_pointer_set (
      &self->reply, gst_structure_copy (gst_promise_get_reply (promise)));
}

static gboolean
has_reply (gpointer user_data)
{
  return g_atomic_pointer_get (&((Asker *) user_data)->reply) != NULL;
}

/* (transfer none): until the next question */
static const GstStructure *
ask (Asker *self, const char *action, const char *argument)
{
  GstPromise *promise = gst_promise_new_with_change_func (on_reply, self, NULL);

  g_clear_pointer (&self->reply, gst_structure_free);
  if (argument)
    g_signal_emit_by_name (self->element, action, argument, promise);
  else
    g_signal_emit_by_name (self->element, action, promise);
  fixture_until (has_reply, self, action);
  gst_promise_unref (promise);
  return self->reply;
}

static void
on_event (GstElement *element, const char *name, const GstStructure *payload,
    gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
}

static const GstStructure *
find_entry (const GstStructure *stats, const char *type)
{
  const GValue *report = gst_structure_get_value (stats, "report");

  for (guint i = 0; i < gst_value_list_get_size (report); i++) {
    const GstStructure *entry =
        gst_value_get_structure (gst_value_list_get_value (report, i));

    if (g_strcmp0 (gst_structure_get_string (entry, "type"), type) == 0)
      return entry;
  }
  return NULL;
}

static gboolean
property_has_report (gpointer user_data)
{
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (user_data, "stats", &stats, NULL);
  return stats && gst_structure_has_field (stats, "report")
      && find_entry (stats, "outbound-rtp");
}

GST_START_TEST (test_stats)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (
      "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! sink.");
  Asker asker = { .element = gst_bin_get_by_name (GST_BIN (alice), "sink") };
  const GstStructure *reply, *entry;
  g_autofree char *track_id = NULL;
  guint64 sent;
  int n_events = 0;

  g_signal_connect (asker.element, "event::call:statsReceived",
      G_CALLBACK (on_event), &n_events);
  fixture_play (alice);
  fixture_assert_tone (bob, 600);

  reply = ask (&asker, "get-stats", NULL);
  fail_unless (gst_structure_has_field (reply, "tracks"));
  fail_unless (gst_structure_has_field (reply, "timings"));
  entry = find_entry (reply, "outbound-rtp");
  fail_unless (entry != NULL);
  fail_unless (gst_structure_get_uint64 (entry, "packetsSent", &sent));
  fail_unless (sent > 0);
  entry = find_entry (reply, "media-source");
  track_id = g_strdup (gst_structure_get_string (entry, "trackIdentifier"));
  fail_unless_equals_int (g_atomic_int_get (&n_events), 1);

  reply = ask (&asker, "get-track-stats", track_id);
  fail_unless (find_entry (reply, "outbound-rtp") != NULL);
  fail_unless (find_entry (reply, "inbound-rtp") == NULL);
  fail_unless (find_entry (reply, "kandy_sdk_info") != NULL);

  reply = ask (&asker, "get-track-stats", "nobody");
  fail_unless_equals_string (
      gst_structure_get_string (reply, "code"), "call:2");
  fixture_until (property_has_report, asker.element, "stats");

  gst_object_unref (asker.element);
  g_clear_pointer (&asker.reply, gst_structure_free);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

typedef struct {
  Asker *asker;
  guint64 packets;
  guint64 bytes;
} Sent;

static gboolean
has_sent (gpointer user_data)
{
  Sent *self = user_data;
  const GstStructure *entry =
      find_entry (ask (self->asker, "get-stats", NULL), "outbound-rtp");

  gst_structure_get (entry, "packetsSent", G_TYPE_UINT64, &self->packets,
      "bytesSent", G_TYPE_UINT64, &self->bytes, NULL);
  return self->packets > 100;
}

/* Bob says how much he wants, and no more comes: Opus would make 120 bytes of
 * 20 ms of noise */
GST_START_TEST (test_bandwidth)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch (
      "kandysrc name=src %s auto-answer=true bandwidth-audio=16 ! fakesink",
      account);
  GstElement *alice =
      fixture_caller ("audiotestsrc is-live=true wave=white-noise ! "
                      "audio/x-raw,rate=48000,channels=1 ! sink.");
  Asker asker = { .element = gst_bin_get_by_name (GST_BIN (alice), "sink") };
  Sent sent = { &asker, 0, 0 };
  double target = 0;

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "call");
  fixture_until (property_has_report, asker.element, "stats");
  fixture_until (has_sent, &sent, "packets");
  gst_structure_get_double (
      find_entry (asker.reply, "outbound-rtp"), "targetBitrate", &target);
  fail_unless (target == 16000, "%f", target);
  fail_unless (sent.bytes / sent.packets < 60, "%" G_GUINT64_FORMAT " bytes",
      sent.bytes / sent.packets);

  gst_object_unref (asker.element);
  g_clear_pointer (&asker.reply, gst_structure_free);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static gboolean
has_round_trip (gpointer user_data)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *tracks;

  g_object_get (user_data, "stats", &stats, NULL);
  tracks = stats ? gst_structure_get_value (stats, "tracks") : NULL;
  for (guint i = 0; tracks && i < gst_value_list_get_size (tracks); i++)
    if (gst_structure_has_field (
            gst_value_get_structure (gst_value_list_get_value (tracks, i)),
            "round-trip-ms"))
      return TRUE;
  return FALSE;
}

/* (transfer full): what the pipeline tells when a call is over */
static GstStructure *
wait_last_stats (GstElement *pipeline)
{
  while (TRUE) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);
    GstStructure *stats = NULL;

    if (!gst_structure_has_name (s, "kandy-stats"))
      continue;
    fail_unless (
        gst_structure_get (s, "stats", GST_TYPE_STRUCTURE, &stats, NULL));
    return stats;
  }
}

/* Whichever side hangs up, and though each of its faces does so when its
 * pipeline gets EOS: the last statistics are of the call, not of its remains */
GST_START_TEST (test_last_stats)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch (
      "kandysink name=sink %s auto-answer=true "
      "audiotestsrc is-live=true ! audio/x-raw,rate=48000 ! sink. "
      "kandysrc ! fakesink",
      account);
  GstElement *alice =
      fixture_caller ("audiotestsrc is-live=true ! audio/x-raw,rate=48000 ! "
                      "sink. kandysrc ! fakesink");
  GstElement *sides[] = { alice, bob };

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstElement) sink =
        gst_bin_get_by_name (GST_BIN (sides[i]), "sink");

    fixture_until (has_round_trip, sink, "a round trip");
  }
  fail_unless (gst_element_send_event (sides[__i__], gst_event_new_eos ()));
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstStructure) stats = wait_last_stats (sides[i]);
    const GValue *tracks = gst_structure_get_value (stats, "tracks");

    fail_unless_equals_int (gst_value_list_get_size (tracks), 2);
    for (guint j = 0; j < 2; j++) {
      const GstStructure *track =
          gst_value_get_structure (gst_value_list_get_value (tracks, j));

      fail_unless (
          gst_structure_has_field (track, "lost"), "%" GST_PTR_FORMAT, track);
      fail_unless (gst_structure_has_field (track, "jitter-ms"));
      if (g_strcmp0 (gst_structure_get_string (track, "direction"), "send")
          == 0)
        fail_unless (gst_structure_has_field (track, "round-trip-ms"));
    }
  }
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* No call is needed */
GST_START_TEST (test_codecs)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  Asker asker = { .element = gst_bin_get_by_name (GST_BIN (bob), "src") };
  const GstStructure *reply;
  const GValue *codecs;
  gboolean opus = FALSE;

  reply = ask (&asker, "get-available-codecs", "audio");
  codecs = gst_structure_get_value (reply, "codecs");
  for (guint i = 0; i < gst_value_array_get_size (codecs); i++) {
    const GstStructure *codec =
        gst_value_get_structure (gst_value_array_get_value (codecs, i));
    int rate = 0;

    fail_unless (gst_structure_get_int (codec, "clockRate", &rate));
    opus |= rate == 48000
        && g_strcmp0 (
               gst_structure_get_string (codec, "mimeType"), "audio/opus")
            == 0;
  }
  fail_unless (opus);

  reply = ask (&asker, "get-available-codecs", "smell");
  fail_unless_equals_string (
      gst_structure_get_string (reply, "code"), "call:7");

  gst_object_unref (asker.element);
  g_clear_pointer (&asker.reply, gst_structure_free);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
stats_suite (void)
{
  Suite *suite = suite_create ("element-stats");
  TCase *chain = tcase_create ("stats");

  tcase_set_timeout (chain, 30);
  tcase_add_checked_fixture (chain, fixture_setup, fixture_teardown);
  tcase_add_test (chain, test_stats);
  tcase_add_test (chain, test_codecs);
  tcase_add_test (chain, test_bandwidth);
  tcase_add_loop_test (chain, test_last_stats, 0, 2);
  suite_add_tcase (suite, chain);
  return suite;
}

GST_CHECK_MAIN (stats);
