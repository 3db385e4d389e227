/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <kandy-types.h>

#include "fixture.h"

/* SECTION: calls that go to somebody else
 *
 * Three pipelines, each at its own pitch: who is heard says who talks to whom.
 */

#define TALK                                                                   \
  "audiotestsrc is-live=true freq=%u samplesperbuffer=480 ! "                  \
  "audio/x-raw,rate=48000,channels=1 ! sink.audio_0 "

enum {
  ALICE = 600,
  BOB = 1000,
  CAROL = 1500,
};

static GstElement *
start (const char *name, const char *rest, guint pitch)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline =
      fixture_launch ("kandysink name=sink eos-on-end=false %s %s " TALK
                      "kandysrc name=src ! " FIXTURE_SOUND,
          account, rest, pitch);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

/* The platform's code of its error, NULL if there was none */
static char *
act (GstElement *pipeline, const char *action, const char *destination)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPromise) promise = gst_promise_new ();
  const GstStructure *reply;

  if (destination)
    g_signal_emit_by_name (sink, action, destination, promise);
  else
    g_signal_emit_by_name (sink, action, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  if (!gst_structure_has_field (reply, "error"))
    return NULL;
  return g_strdup (gst_structure_get_string (reply, "code"));
}

static void
act_well (GstElement *pipeline, const char *action, const char *destination)
{
  g_autofree char *code = act (pipeline, action, destination);

  fail_unless (code == NULL, "%s: %s", action, code);
}

static KandyCallState
get_state (GstElement *pipeline)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  KandyCallState state;

  g_object_get (sink, "state", &state, NULL);
  return state;
}

static gboolean
is_over (gpointer data)
{
  return get_state (data) == KANDY_CALL_STATE_ENDED;
}

static gboolean
is_ringing (gpointer data)
{
  return get_state (data) == KANDY_CALL_STATE_RINGING;
}

/* Alice, who is in the middle, connects bob with carol */
GST_START_TEST (test_transfer)
{
  GstElement *bob = start ("bob", "auto-answer=true", BOB);
  GstElement *carol = start ("carol", "auto-answer=true", CAROL);
  GstElement *alice = start ("alice", "destination=bob", ALICE);
  g_autofree char *too_early = NULL;
  g_autofree char *nobody = NULL;

  fixture_assert_tone (alice, BOB);
  fixture_assert_tone (bob, ALICE);
  too_early = act (alice, "transfer", "carol");
  fail_unless_equals_string (too_early, "call:6");
  act_well (alice, "hold", NULL);
  nobody = act (alice, "transfer", "nobody@elsewhere.example");
  fail_unless (nobody != NULL);

  act_well (alice, "transfer", "carol");
  fixture_until (is_over, alice, "the call of alice to end");
  fixture_assert_tone (bob, CAROL);
  fixture_assert_tone (carol, BOB);

  act_well (bob, "end", NULL);
  fixture_until (is_over, carol, "the call of carol to end");
  fixture_stop (alice);
  fixture_stop (carol);
  fixture_stop (bob);
}
GST_END_TEST;

/* Bob does not answer himself */
GST_START_TEST (test_forward)
{
  GstElement *bob = start ("bob", "", BOB);
  GstElement *carol = start ("carol", "auto-answer=true", CAROL);
  GstElement *alice = start ("alice", "destination=bob", ALICE);
  g_autofree char *wrong = NULL;

  fixture_until (is_ringing, bob, "bob's telephone to ring");
  wrong = act (bob, "forward", " ");
  fail_unless_equals_string (wrong, "call:7");
  act_well (bob, "forward", "carol");
  fixture_until (is_over, bob, "the call of bob to end");
  fixture_assert_tone (alice, CAROL);
  fixture_assert_tone (carol, ALICE);

  act_well (alice, "end", NULL);
  fixture_until (is_over, carol, "the call of carol to end");
  fixture_stop (alice);
  fixture_stop (carol);
  fixture_stop (bob);
}
GST_END_TEST;

static void
set_mute (GstElement *pipeline, gboolean mute)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "audio_0");

  g_object_set (pad, "mute", mute, NULL);
}

static void
set_volume (GstElement *pipeline, const char *name, double volume)
{
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (pipeline), name);

  g_object_set (source, "volume", volume, NULL);
}

/* The launch line of kandysink's documentation: alice calls bob and carol, and
 * all three hear each other. One of them at a time is to be heard. */
GST_START_TEST (test_join)
{
  GstElement *bob = start ("bob", "auto-answer=true", BOB);
  GstElement *carol = start ("carol", "auto-answer=true", CAROL);
  g_autofree char *account = fixture_account ("alice");
  GstElement *alice = fixture_launch (
      "kandysink name=to-bob session=bob %s destination=bob eos-on-end=false "
      "kandysink name=to-carol session=carol %s destination=carol "
      "eos-on-end=false "
      "audiotestsrc name=me is-live=true freq=%u ! tee name=own "
      "kandysrc session=bob media=audio ! audioconvert ! audioresample ! "
      "tee name=bob "
      "kandysrc session=carol media=audio ! audioconvert ! audioresample ! "
      "tee name=carol "
      "own. ! queue ! audiomixer name=for-bob ! to-bob.audio_0 "
      "own. ! queue ! audiomixer name=for-carol ! to-carol.audio_0 "
      "carol. ! queue ! for-bob. bob. ! queue ! for-carol. "
      "bob. ! queue ! audiomixer name=for-me ! " FIXTURE_SOUND " "
      "carol. ! queue ! for-me.",
      account, account, ALICE);

  set_volume (alice, "me", 0);
  fixture_play (alice);
  fixture_assert_tone (bob, CAROL);
  fixture_assert_tone (carol, BOB);

  set_mute (bob, TRUE);
  fixture_assert_tone (alice, CAROL);
  set_mute (carol, TRUE);
  set_volume (alice, "me", 0.5);
  fixture_assert_tone (bob, ALICE);
  fixture_assert_tone (carol, ALICE);

  /* One call ends, the other one goes on */
  act_well (bob, "end", NULL);
  set_mute (carol, FALSE);
  fixture_assert_tone (alice, CAROL);
  fixture_assert_tone (carol, ALICE);

  fixture_stop (alice);
  fixture_stop (carol);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
transfer_suite (void)
{
  Suite *suite = suite_create ("transfer");
  TCase *general = tcase_create ("general");

  tcase_add_checked_fixture (general, fixture_setup, fixture_teardown);
  tcase_set_timeout (general, 60);
  tcase_add_test (general, test_transfer);
  tcase_add_test (general, test_forward);
  tcase_add_test (general, test_join);
  suite_add_tcase (suite, general);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (transfer_suite (), "transfer", __FILE__);
}
