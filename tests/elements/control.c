/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>

#include <string.h>

#include "fixture.h"

/* SECTION: calls that are made, taken and turned down
 *
 * By properties and by actions, also from within callbacks.
 */

/* Nobody of that name; and bob, who turns everybody down */
GST_START_TEST (test_nobody_there)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch (
      "kandysink %s destination=nobody audiotestsrc is-live=true ! "
      "kandysink0.",
      account);
  GstStructure *details = NULL;
  g_autofree char *text = NULL;

  fixture_play (alice);
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, &details);
  /* whatever the platform says, it is said of whom */
  fail_unless (strstr (text, "nobody") != NULL, "%s", text);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "SVC0004");
  gst_structure_free (details);
  fixture_stop (alice);
}
GST_END_TEST;

/* What cannot be sent is no media of a call */
GST_START_TEST (test_no_codec)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch (
      "kandysink %s destination=bob audio-codecs=PCMU,PCMA "
      "audiotestsrc is-live=true ! opusenc ! kandysink0.audio_0",
      account);
  g_autofree char *text = NULL;

  fixture_play (alice);
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, "audio/x-opus at audio_0") != NULL, "%s", text);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/sessions"), 0);
  fixture_stop (alice);
}
GST_END_TEST;

static void
on_incoming_reject (GstElement *element, const char *id, const char *from,
    const char *name, gpointer user_data)
{
  fail_unless (id != NULL);
  fail_unless (strstr (from, "alice@loopback.example") != NULL, "%s", from);
  g_atomic_int_inc ((int *) user_data);
}

static void
on_state_reject (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  g_autofree char *nick = NULL;
  GEnumValue *value;
  int state;

  g_object_get (element, "state", &state, NULL);
  value = g_enum_get_value (
      g_type_class_peek (G_PARAM_SPEC_VALUE_TYPE (pspec)), state);
  if (g_str_equal (value->value_nick, "Ringing"))
    g_signal_emit_by_name (element, "reject", NULL);
}

GST_START_TEST (test_rejected)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob = fixture_launch ("kandysrc name=src %s", account);
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autofree char *text = NULL;
  GstElement *alice;
  int calls = 0;

  g_signal_connect (
      src, "incoming-call", G_CALLBACK (on_incoming_reject), &calls);
  g_signal_connect (src, "notify::state", G_CALLBACK (on_state_reject), NULL);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_caller ("audiotestsrc is-live=true ! sink.");
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fail_unless (strstr (text, "not taken") != NULL, "%s", text);
  fail_unless_equals_int (g_atomic_int_get (&calls), 1);
  fixture_stop (alice);
  /* who turns a call down waits for the next one */
  fail_unless_equals_int (
      kandy_loopback_count_channels (fixture_platform, NULL), 1);
  gst_object_unref (src);
  fixture_stop (bob);
}
GST_END_TEST;

static void
on_named_caller (GstElement *element, const char *id, const char *from,
    const char *name, gpointer user_data)
{
  g_atomic_pointer_set ((char **) user_data, g_strdup (name));
}

/* What goes with a call arrives with it */
GST_START_TEST (test_sent_along)
{
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob = fixture_launch ("kandysrc name=src %s", bobs);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autofree char *name = NULL;
  GstElement *alice;
  gboolean found = FALSE;

  g_signal_connect (src, "incoming-call", G_CALLBACK (on_named_caller), &name);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_launch (
      "kandysink %s destination=bob display-name=\"Alice W\" "
      "custom-parameters=\"p,x-order=(string)\\\"42 b\\\",x-line=7;\" "
      "audiotestsrc is-live=true ! kandysink0.",
      alices);
  fixture_play (alice);
  while (!found) {
    g_autoptr (GstMessage) message =
        fixture_wait (bob, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *event = gst_message_get_structure (message);
    g_autoptr (GstStructure) payload = NULL;
    g_autoptr (GstStructure) parameters = NULL;

    if (!gst_structure_has_name (event, "kandy-event")
        || g_strcmp0 (gst_structure_get_string (event, "name"), "call:receive")
            != 0)
      continue;
    found = TRUE;
    fail_unless (gst_structure_get (
        event, "payload", GST_TYPE_STRUCTURE, &payload, NULL));
    fail_unless (gst_structure_get (payload, "customParameters",
                     GST_TYPE_STRUCTURE, &parameters, NULL),
        "%" GST_PTR_FORMAT, payload);
    fail_unless_equals_int (gst_structure_n_fields (parameters), 2);
    fail_unless_equals_string (
        gst_structure_get_string (parameters, "x-order"), "42 b");
    fail_unless_equals_string (
        gst_structure_get_string (parameters, "x-line"), "7");
  }
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_CONTINUE, "call");
  fixture_stop (alice);
  fail_unless_equals_string (g_atomic_pointer_get (&name), "Alice W");
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_busy)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");
  g_autofree char *account = fixture_account ("carol");
  g_autofree char *text = NULL;
  GstElement *carol;

  fixture_assert_tone (bob, 600);
  carol = fixture_launch (
      "kandysink %s destination=bob audiotestsrc is-live=true ! kandysink0.",
      account);
  fixture_play (carol);
  text = fixture_wait_error (
      carol, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fixture_stop (carol);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static void
on_answered (GstPromise *promise, gpointer user_data)
{
  const GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  fail_if (gst_structure_has_field (reply, "error"), "%" GST_PTR_FORMAT, reply);
  g_atomic_int_inc ((int *) user_data);
}

static gboolean
is_one (gpointer user_data)
{
  return g_atomic_int_get ((int *) user_data) == 1;
}

/* By actions instead of properties, and two calls one after the other */
GST_START_TEST (test_actions)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = fixture_launch (
      "kandysink name=sink eos-on-end=false %s audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      account);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  guint round;

  fixture_play (alice);
  for (round = 0; round < 2; round++) {
    int called = 0, measured = 0, ended = 0;
    GstPromise *promise;

    promise = gst_promise_new_with_change_func (on_answered, &called, NULL);
    g_signal_emit_by_name (sink, "call", "bob@loopback.example", promise);
    fixture_until (is_one, &called, "call");
    gst_promise_unref (promise);
    fixture_assert_tone (bob, 600);

    promise = gst_promise_new_with_change_func (on_answered, &measured, NULL);
    g_signal_emit_by_name (sink, "get-stats", promise);
    fixture_until (is_one, &measured, "get-stats");
    fail_unless (
        gst_structure_has_field (gst_promise_get_reply (promise), "timings"));
    gst_promise_unref (promise);

    promise = gst_promise_new_with_change_func (on_answered, &ended, NULL);
    g_signal_emit_by_name (sink, "end", promise);
    fixture_until (is_one, &ended, "end");
    gst_promise_unref (promise);
    fixture_wait_eos (bob);
    fixture_stop (bob);
    bob = fixture_callee ("! " FIXTURE_SOUND);
  }
  gst_object_unref (sink);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Whoever is called back may call back: no lock is held */
static void
call_back (GstElement *element)
{
  static int n_questions = 0;
  g_autofree char *id = NULL;
  g_autofree char *destination = NULL;
  GstStructure *stats = NULL;
  gboolean hold;
  int state;

  g_object_get (element, "call-id", &id, "state", &state, "stats", &stats,
      "local-hold", &hold, "destination", &destination, NULL);
  g_clear_pointer (&stats, gst_structure_free);
  g_object_set (element, "busy-action", 0, NULL);
  /* That has events of its own */
  if (g_atomic_int_add (&n_questions, 1) < 20)
    g_signal_emit_by_name (element, "get-stats", NULL);
  gst_element_post_message (element,
      gst_message_new_application (
          GST_OBJECT (element), gst_structure_new_empty ("x")));
}

static void
on_any (GstElement *element)
{
  call_back (element);
}

static void
on_any_notify (GstElement *element, GParamSpec *pspec, gpointer user_data)
{
  /* what call_back() itself sets */
  if (!g_str_equal (pspec->name, "busy-action"))
    call_back (element);
}

static GstBusSyncReply
on_any_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_APPLICATION
      && GST_OBJECT_NAME (GST_MESSAGE_SRC (message)) != NULL
      && GST_MESSAGE_SRC (message) == user_data)
    call_back (user_data);
  return GST_BUS_PASS;
}

static void
listen_to_all (GstElement *pipeline, const char *name)
{
  const char *const emitted[] = { "incoming-call", "call-ended", "event",
    "pad-added", "pad-removed", "no-more-pads" };
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (emitted); i++)
    g_signal_connect (element, emitted[i], G_CALLBACK (on_any), NULL);
  g_signal_connect (element, "notify", G_CALLBACK (on_any_notify), NULL);
  gst_bus_set_sync_handler (bus, on_any_message, element, gst_object_unref);
}

GST_START_TEST (test_callbacks)
{
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob = fixture_launch (
      "kandysrc name=src %s auto-answer=true ! " FIXTURE_SOUND, bobs);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob audiotestsrc is-live=true "
      "freq=600 ! audio/x-raw,rate=48000 ! sink.",
      alices);

  listen_to_all (bob, "src");
  listen_to_all (alice, "sink");
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static void
assert_no_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message == NULL, "%" GST_PTR_FORMAT, message);
}

static void
on_count (GstElement *element, gboolean failed, gpointer user_data)
{
  fail_if (failed);
  g_atomic_int_inc ((int *) user_data);
}

/* The caller gives up: who has not answered waits for the next call */
GST_START_TEST (test_given_up)
{
  g_autofree char *bobs = fixture_account ("bob");
  GstElement *bob = fixture_launch (
      "kandysink name=sink %s audiotestsrc is-live=true freq=700 ! "
      "audio/x-raw,rate=48000 ! sink. kandysrc name=src ! " FIXTURE_SOUND,
      bobs);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (bob), "sink");
  GstElement *src = gst_bin_get_by_name (GST_BIN (bob), "src");
  GstElement *alice;
  int ended = 0;

  g_signal_connect (sink, "call-ended", G_CALLBACK (on_count), &ended);
  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                          "audio/x-raw,rate=48000 ! sink.");
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_CONTINUE, "call");
  fixture_stop (alice);
  fixture_until (is_one, &ended, "the end");
  assert_no_end (bob);
  fail_unless_equals_int (src->numpads, 0);

  g_object_set (sink, "auto-answer", TRUE, NULL);
  alice = fixture_caller (
      "audiotestsrc is-live=true freq=600 ! "
      "audio/x-raw,rate=48000 ! sink. kandysrc ! " FIXTURE_SOUND);
  fixture_assert_tone (bob, 600);
  fixture_assert_tone (alice, 700);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  gst_object_unref (sink);
  gst_object_unref (src);
  fixture_stop (bob);
}
GST_END_TEST;

static gboolean
hears (GstElement *pipeline)
{
  g_autoptr (GstElement) ear = gst_bin_get_by_name (GST_BIN (pipeline), "ear");
  g_autoptr (GstSample) sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (ear), 20 * GST_MSECOND);

  return sample != NULL;
}

typedef struct {
  GstElement *bobs[2];
  guint winner;
} Race;

static gboolean
one_hears (gpointer user_data)
{
  Race *race = user_data;

  for (race->winner = 0; race->winner < 2; race->winner++)
    if (hears (race->bobs[race->winner]))
      return TRUE;
  return FALSE;
}

/* Two devices of one user answer at once. Who comes too late has lost nothing:
 * it is no error, and it takes the next call. */
GST_START_TEST (test_answered_elsewhere)
{
  Race race = { .bobs = { fixture_callee ("! " FIXTURE_SOUND),
                    fixture_callee ("! " FIXTURE_SOUND) } };
  GstElement **bobs = race.bobs;
  GstElement *alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                                      "audio/x-raw,rate=48000 ! sink.");
  g_autoptr (GstElement) src = NULL;
  guint winner;

  fixture_until (one_hears, &race, "sound");
  winner = race.winner;
  fixture_assert_tone (bobs[winner], 600);
  fixture_stop (alice);
  fixture_wait_eos (bobs[winner]);
  fixture_stop (bobs[winner]);

  assert_no_end (bobs[1 - winner]);
  src = gst_bin_get_by_name (GST_BIN (bobs[1 - winner]), "src");
  fail_unless_equals_int (src->numpads, 0);
  alice = fixture_caller ("audiotestsrc is-live=true freq=800 ! "
                          "audio/x-raw,rate=48000 ! sink.");
  fixture_assert_tone (bobs[1 - winner], 800);
  fixture_stop (alice);
  fixture_wait_eos (bobs[1 - winner]);
  fixture_stop (bobs[1 - winner]);
}
GST_END_TEST;

static Suite *
element_control_suite (void)
{
  Suite *suite = suite_create ("element-control");
  TCase *tcase = tcase_create ("control");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_nobody_there);
  tcase_add_test (tcase, test_no_codec);
  tcase_add_test (tcase, test_rejected);
  tcase_add_test (tcase, test_sent_along);
  tcase_add_test (tcase, test_busy);
  tcase_add_test (tcase, test_actions);
  tcase_add_test (tcase, test_callbacks);
  tcase_add_test (tcase, test_given_up);
  tcase_add_test (tcase, test_answered_elsewhere);
  return suite;
}

GST_CHECK_MAIN (element_control);
