/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "farend.h"
#include "fixture.h"

/* SECTION: telephone events as they are on the wire
 *
 * The far end is webrtcbin wired by hand, which reads and writes the packets
 * itself. RFC 4733: at the clock rate of the sound, and as sound if the far end
 * takes no events. Opus and events at 8 kHz alone is what many a far end has.
 */

#define TONE_MS 200
#define TONE 700

static const struct {
  const char *codec;
  guint rates[2]; /* of the far end */
  guint rate;     /* that is to be used; 0: none */
} cases[] = {
  { "opus", { 48000, 8000 }, 48000 },
  { "opus", { 8000, 48000 }, 48000 },
  { "opus", { 8000 }, 8000 },
  { "g722", { 8000, 48000 }, 8000 },
  { "pcmu", { 48000, 8000 }, 8000 },
  { "pcmu", { 48000 }, 0 },
  { "opus", { 0 }, 0 },
};

static void
send_tone (GstElement *pipeline, const char *tone)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, "send-dtmf", tone, TONE_MS, 40, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_if (gst_structure_has_field (gst_promise_get_reply (promise), "error"),
      "%" GST_PTR_FORMAT, gst_promise_get_reply (promise));
}

static gboolean
has_ended (gpointer engine)
{
  PlainEvents events;

  plain_engine_get_events (engine, &events);
  return events.end;
}

/* The next one on the bus */
static void
expect_event (GstElement *pipeline, int number)
{
  for (;;) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);
    int found = -1, method = -1;

    if (!gst_structure_has_name (s, "dtmf-event"))
      continue;
    gst_structure_get (
        s, "number", G_TYPE_INT, &found, "method", G_TYPE_INT, &method, NULL);
    fail_unless_equals_int (found, number);
    fail_unless_equals_int (method, 1);
    return;
  }
}

static void
check_events (guint i, gboolean near_calls)
{
  PlainTraits traits = { cases[i].codec, NULL, TONE };
  g_autofree char *account = fixture_account ("alice");
  g_autoptr (PlainEngine) engine = NULL;
  GstElement *near;
  PlainEvents events;
  FarEnd *far;

  traits.event_rates[0] = cases[i].rates[0];
  traits.event_rates[1] = cases[i].rates[1];
  far = far_end_new ("bob", &traits);
  near = fixture_launch (
      "kandysink name=sink %s %s audiotestsrc is-live=true freq=440 ! "
      "audio/x-raw,rate=48000,channels=1 ! sink.audio_0 "
      "kandysrc name=src ! " FIXTURE_SOUND,
      account, near_calls ? "destination=bob" : "auto-answer=true");
  fixture_play (near);
  fixture_wait_progress (near, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  far_end_call (far, near_calls ? NULL : "alice@loopback.example");

  send_tone (near, "5");
  engine = far_end_get_engine (far);
  if (cases[i].rate != 0)
    fixture_until (has_ended, engine, "an event");
  plain_engine_get_events (engine, &events);
  if (cases[i].rate != 0) {
    fail_unless_equals_int (events.number, 5);
    fail_unless_equals_int (events.rate, cases[i].rate);
    fail_unless_equals_int (events.duration, TONE_MS * cases[i].rate / 1000);
    /* of the three that say the end, one may be there */
    fail_unless (events.packets >= TONE_MS / 20 / 2, "%u", events.packets);
  } else {
    fail_unless_equals_int (events.packets, 0);
  }

  if (cases[i].rate != 0) {
    plain_engine_send_event (engine, 7);
    expect_event (near, 7);
    plain_engine_send_event (engine, 11);
    expect_event (near, 11);
  }
  fixture_assert_tone (near, TONE);
  fixture_stop (near);
  far_end_free (far);
}

GST_START_TEST (test_far_answers) { check_events (__i__, TRUE); }
GST_END_TEST;

GST_START_TEST (test_far_offers) { check_events (__i__, FALSE); }
GST_END_TEST;

/* The first ones, and the others: none takes long */
static void
add_cases (Suite *suite, const char *name, int first, int end)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 20);
  if (g_str_has_prefix (name, "far-end-answers"))
    tcase_add_loop_test (tcase, test_far_answers, first, end);
  else
    tcase_add_loop_test (tcase, test_far_offers, first, end);
  suite_add_tcase (suite, tcase);
}

static Suite *
element_events_suite (void)
{
  Suite *suite = suite_create ("element-events");
  int half = G_N_ELEMENTS (cases) / 2, all = G_N_ELEMENTS (cases);

  add_cases (suite, "far-end-answers-events", 0, half);
  add_cases (suite, "far-end-answers-events-2", half, all);
  add_cases (suite, "far-end-offers-events", 0, half);
  add_cases (suite, "far-end-offers-events-2", half, all);
  return suite;
}

GST_CHECK_MAIN (element_events);
