/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-call-private.h"

#include <string.h>

/* Local media that come and go: protocol calls 3.5, 4.8, 10.12 */

#define ANSWER "wrtcsAnswerNotification"

static void
add (Harness *h, gboolean audio, gboolean video, gboolean screen)
{
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (audio, video);

  g_object_set (media, "screen", screen, NULL);
  kandy_call_add_media_async (h->call, media, NULL, harness_answered, h);
}

static void
drop (Harness *h, const char *id, const char *other)
{
  const char *const ids[] = { id, other, NULL };

  kandy_call_remove_media_async (h->call, ids, NULL, NULL, harness_answered, h);
}

static void
replace (Harness *h, const char *id, gboolean audio, gboolean video)
{
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (audio, video);

  kandy_call_replace_track_async (
      h->call, id, media, NULL, harness_answered, h);
}

/* The far end agrees to what has been offered */
static void
agree (Harness *h)
{
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
}

static void
expect_tracks (Harness *h, const char *text)
{
  g_autoptr (GPtrArray) tracks = kandy_call_get_local_tracks (h->call);
  g_autoptr (GString) ids = g_string_new (NULL);
  guint i;

  for (i = 0; i < tracks->len; i++)
    g_string_append_printf (
        ids, "%s%s", i > 0 ? "," : "", kandy_track_get_id (tracks->pdata[i]));
  g_assert_cmpstr (ids->str, ==, text);
}

static void
test_add_and_remove (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  add (h, FALSE, TRUE, FALSE);
  agree (h);
  harness_expect_events (h,
      "op ADD_MEDIA START; newTrack local; op ADD_MEDIA UPDATE "
      "{ADD_MEDIA/ONGOING}; op ADD_MEDIA FINISH {ADD_MEDIA/PENDING}; "
      "newMedia [added-1]");
  harness_expect_engine (
      h, "add_media video, create_offer UPDATE, commit_offer, accept_answer");
  harness_expect_requests (h, "PUT s1/update");
  expect_tracks (h, "local-1,added-1");

  drop (h, "added-1", NULL);
  agree (h);
  harness_expect_events (h,
      "op REMOVE_MEDIA START; trackEnded local; op REMOVE_MEDIA UPDATE "
      "{REMOVE_MEDIA/ONGOING}; op REMOVE_MEDIA FINISH "
      "{REMOVE_MEDIA/PENDING}; removedMedia [added-1]");
  harness_expect_engine (h,
      "remove_tracks added-1, create_offer UPDATE, commit_offer, "
      "accept_answer");
  expect_tracks (h, "local-1");
}

static void
test_basic (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_stop_video_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_expect_events (h,
      "op REMOVE_BASIC_MEDIA START; op REMOVE_MEDIA FINISH !call:7; "
      "removedMedia [] !call:7");

  kandy_call_start_video_async (h->call, NULL, NULL, harness_answered, h);
  agree (h);
  harness_expect_events (h,
      "op ADD_BASIC_MEDIA START; newTrack local; op ADD_BASIC_MEDIA UPDATE "
      "{ADD_BASIC_MEDIA/ONGOING}; op ADD_MEDIA FINISH "
      "{ADD_BASIC_MEDIA/PENDING}; newMedia [added-1]");
  kandy_call_start_video_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_expect_events (h,
      "op ADD_BASIC_MEDIA START; op ADD_MEDIA FINISH !call:7; newMedia [] "
      "!call:7");

  kandy_call_stop_video_async (h->call, NULL, harness_answered, h);
  agree (h);
  harness_expect_events (h,
      "op REMOVE_BASIC_MEDIA START; trackEnded local; "
      "op REMOVE_BASIC_MEDIA UPDATE {REMOVE_BASIC_MEDIA/ONGOING}; "
      "op REMOVE_MEDIA FINISH {REMOVE_BASIC_MEDIA/PENDING}; "
      "removedMedia [added-1]");
  expect_tracks (h, "local-1");
}

/* Camera and screen at once, and the right one of them goes */
static void
test_screen (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_stop_screenshare_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_forget (h);
  kandy_call_start_screenshare_async (h->call, NULL, NULL, harness_answered, h);
  agree (h);
  harness_expect_engine (
      h, "add_media screen, create_offer UPDATE, commit_offer, accept_answer");
  harness_forget (h);
  add (h, FALSE, TRUE, FALSE);
  agree (h);
  expect_tracks (h, "local-1,added-1,added-2");
  kandy_call_stop_video_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_forget (h);
  kandy_call_stop_screenshare_async (h->call, NULL, harness_answered, h);
  agree (h);
  expect_tracks (h, "local-1,added-2");
}

static void
test_add_failures (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  add (h, FALSE, FALSE, FALSE);
  harness_expect_answer (h, "call:7");
  harness_expect_events (h,
      "op ADD_MEDIA START; op ADD_MEDIA FINISH !call:7; newMedia [] !call:7");

  /* No camera */
  fake_script_fail (&h->script, "add_media",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no camera"));
  add (h, FALSE, TRUE, FALSE);
  harness_expect_answer (h, "call:4");
  harness_expect_events (h,
      "op ADD_MEDIA START; op ADD_MEDIA FINISH {ADD_MEDIA/ONGOING} !call:4; "
      "newMedia [] !call:4");
  harness_expect_requests (h, "");
  fake_engine_clear_log (h->engine);

  /* No offer */
  fake_script_fail (&h->script, "create_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no"));
  add (h, FALSE, TRUE, FALSE);
  harness_expect_answer (h, "call:9");
  harness_expect_events (h,
      "op ADD_MEDIA START; newTrack local; trackEnded local; op ADD_MEDIA "
      "FINISH {ADD_MEDIA/ONGOING} !call:9; newMedia [added-1] !call:9");
  expect_tracks (h, "local-1");
  fake_engine_clear_log (h->engine);

  /* Refused by the platform */
  harness_fault (h, "PUT", "update", 409, "{}", 1);
  add (h, FALSE, TRUE, FALSE);
  harness_expect_answer (h, "409");
  harness_expect_events (h,
      "op ADD_MEDIA START; newTrack local; trackEnded local; op ADD_MEDIA "
      "FINISH {ADD_MEDIA/ONGOING} !409; newMedia [added-2] !409");
  harness_expect_engine (h,
      "add_media video, create_offer UPDATE, drop_offer, "
      "remove_tracks added-2");
  expect_tracks (h, "local-1");

  /* The far end makes an offer of its own instead of an answer */
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_expect_answer (h, "call:8");
  harness_expect_engine (h,
      "drop_offer, remove_tracks added-3, take_offer, create_answer, "
      "commit_answer");
  expect_tracks (h, "local-1");
  harness_forget (h);

  add (h, FALSE, TRUE, FALSE);
  agree (h);
  expect_tracks (h, "local-1,added-4");
}

static void
test_remove_failures (Harness *h, gconstpointer data)
{
  static const char *const none[] = { NULL };

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_remove_media_async (
      h->call, none, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_expect_events (h,
      "op REMOVE_MEDIA START; op REMOVE_MEDIA FINISH !call:7; "
      "removedMedia [] !call:7");
  kandy_call_remove_media_async (
      h->call, NULL, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");

  drop (h, "local-1", "remote-1");
  harness_expect_answer (h, "call:7");
  g_assert_nonnull (strstr (h->error->message, "provided: remote-1"));
  expect_tracks (h, "local-1");
  drop (h, "a", "b");
  harness_expect_answer (h, "call:7");
  g_assert_nonnull (strstr (h->error->message, "provided: a, b"));
  harness_expect_requests (h, "");
  harness_forget (h);

  /* It ends at once, whether or not the far end can be told */
  harness_fault (h, "PUT", "update", 500, "{}", 1);
  drop (h, "local-1", "local-1");
  harness_expect_answer (h, "500");
  harness_expect_events (h,
      "op REMOVE_MEDIA START; trackEnded local; op REMOVE_MEDIA FINISH "
      "{REMOVE_MEDIA/ONGOING} !500; removedMedia [local-1] !500");
  harness_expect_engine (
      h, "remove_tracks local-1, create_offer UPDATE, drop_offer");
  expect_tracks (h, "");
}

/* What could not be told is told later */
static void
test_renegotiate (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_renegotiate_async (h->call, NULL, harness_answered, h);
  agree (h);
  harness_expect_events (h,
      "op RENEGOTIATE START; op RENEGOTIATE UPDATE {RENEGOTIATE/ONGOING}; "
      "op RENEGOTIATE FINISH {RENEGOTIATE/PENDING}");
  harness_expect_engine (h, "create_offer UPDATE, commit_offer, accept_answer");
  harness_fault (h, "PUT", "update", 500, "{}", 1);
  kandy_call_renegotiate_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "500");
  harness_expect_events (h,
      "op RENEGOTIATE START; op RENEGOTIATE FINISH {RENEGOTIATE/ONGOING} "
      "!500");
}

/* One at a time; and what began before waits for the far end's offer */
static void
test_one_operation (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  add (h, FALSE, TRUE, FALSE);
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  drop (h, "local-1", NULL);
  harness_expect_answer (h, "call:6");
  expect_tracks (h, "local-1,added-1");
  agree (h);
  harness_forget (h);

  fake_script_pause (&h->script, "take_offer");
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_settle (h);
  drop (h, "added-1", NULL);
  harness_expect_engine (h, "take_offer");
  fake_engine_resume (h->engine);
  harness_expect_engine (h,
      "create_answer, commit_answer, remove_tracks added-1, "
      "create_offer UPDATE, commit_offer");
  agree (h);
}

/* What waited for an offer of the far end by which it holds the call is not
 * done
 */
static void
test_held_meanwhile (Harness *h, gconstpointer data)
{
  guint i;

  for (i = 0; i < 2; i++) {
    harness_make (h, KANDY_CALL_STATE_CONNECTED);
    fake_script_pause (&h->script, "take_offer");
    h->script.change = KANDY_REMOTE_CHANGE_HOLD;
    harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
    harness_wait (h, fake_engine_is_waiting (h->engine));
    if (i == 0)
      add (h, FALSE, TRUE, FALSE);
    else
      drop (h, "local-1", NULL);
    fake_engine_resume (h->engine);
    harness_expect_answer (h, "call:6");
    harness_expect_engine (h,
        i == 0 ? "take_offer, create_answer, commit_answer, release_media"
               : "take_offer, create_answer, commit_answer");
    g_assert_true (kandy_call_get_remote_hold (h->call));
    expect_tracks (h, "local-1");

    h->script.change = KANDY_REMOTE_CHANGE_UNHOLD;
    harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
    harness_wait (
        h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_CONNECTED);
    harness_forget (h);
    h->script.change = KANDY_REMOTE_CHANGE_NONE;
    add (h, FALSE, TRUE, FALSE);
    agree (h);
    expect_tracks (h, "local-1,added-1");
  }
}

static void
on_device_error (KandyMedia *media, const GError *error, GString *codes)
{
  g_string_append (codes, kandy_error_get_platform_code (error));
}

/* The far end does not wait for a device that takes its time */
static void
test_acquire (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "acquire_media");
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, fake_engine_is_acquiring (h->engine));
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_expect_engine (h, "take_offer, create_answer, commit_answer");
  harness_forget (h);
  fake_engine_acquire (h->engine, NULL);
  agree (h);
  harness_expect_engine (
      h, "add_media video, create_offer UPDATE, commit_offer, accept_answer");
  expect_tracks (h, "local-1,added-1");
}

/* It holds the call meanwhile, and the device is not wanted */
static void
test_acquire_in_vain (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "acquire_media");
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, fake_engine_is_acquiring (h->engine));
  h->script.change = KANDY_REMOTE_CHANGE_HOLD;
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_remote_hold (h->call));
  fake_engine_clear_log (h->engine);
  fake_engine_acquire (h->engine, NULL);
  harness_expect_answer (h, "call:6");
  harness_expect_engine (h, "release_media");
  expect_tracks (h, "local-1");
}

/* A device that cannot be had leaves the call as it is */
static void
test_acquire_failures (Harness *h, gconstpointer data)
{
  KandyMedia *media = kandy_client_get_media (h->client);
  g_autoptr (GString) codes = g_string_new (NULL);
  g_autoptr (GError) error =
      kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0, "There is no camera");
  gulong handler;

  handler = g_signal_connect (
      media, "devices-error", G_CALLBACK (on_device_error), codes);
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "acquire_media");
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, fake_engine_is_acquiring (h->engine));
  fake_engine_acquire (h->engine, error);
  harness_expect_answer (h, "call:4");
  harness_expect_events (h,
      "op ADD_MEDIA START; op ADD_MEDIA FINISH {ADD_MEDIA/ONGOING} !call:4; "
      "newMedia [] !call:4");
  harness_expect_engine (h, "");
  harness_expect_requests (h, "");
  g_assert_cmpstr (codes->str, ==, "call:4");
  expect_tracks (h, "local-1");

  fake_script_pause (&h->script, "acquire_media");
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, fake_engine_is_acquiring (h->engine));
  kandy_call_end_async (h->call, NULL, NULL, NULL);
  harness_expect_answer (h, "call:6");
  fake_engine_acquire (h->engine, error);
  harness_settle (h);
  g_assert_cmpstr (codes->str, ==, "call:4");
  g_signal_handler_disconnect (media, handler);
}

/* Whoever is told may do what he likes */
static void
end_call (KandyCall *call, const char *id, gboolean local, const char *media,
    gpointer user_data)
{
  kandy_call_end_async (call, NULL, NULL, NULL);
}

static void
test_ended_meanwhile (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "add_media");
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, fake_engine_is_waiting (h->engine));
  harness_event (h, "s1", "SessionEnded");
  harness_expect_answer (h, "call:6");

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  g_signal_connect (h->call, "track-ended", G_CALLBACK (end_call), NULL);
  drop (h, "local-1", NULL);
  harness_expect_answer (h, "call:6");
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  harness_expect_engine (h, "remove_tracks local-1, close");

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  g_signal_connect (h->call, "track-ended", G_CALLBACK (end_call), NULL);
  harness_fault (h, "PUT", "update", 500, "{}", 1);
  add (h, FALSE, TRUE, FALSE);
  harness_expect_answer (h, "call:6");
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "replace_track");
  replace (h, "local-1", TRUE, FALSE);
  harness_wait (h, fake_engine_is_waiting (h->engine));
  harness_event (h, "s1", "SessionEnded");
  harness_expect_answer (h, "call:6");
}

static void
test_replace (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  replace (h, "local-1", TRUE, FALSE);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op REPLACE_TRACK START; op REPLACE_TRACK FINISH "
      "{REPLACE_TRACK/ONGOING}; trackReplaced local-1(ended)->added-1");
  harness_expect_engine (h, "replace_track local-1");
  harness_expect_requests (h, "");
  expect_tracks (h, "added-1");

  replace (h, "local-1", TRUE, FALSE);
  harness_expect_answer (h, "call:7");
  harness_expect_events (h,
      "op REPLACE_TRACK START; op REPLACE_TRACK FINISH !call:7; trackReplaced "
      "!call:7");
  replace (h, "added-1", FALSE, FALSE);
  harness_expect_answer (h, "call:7");
  replace (h, "added-1", TRUE, TRUE);
  harness_expect_answer (h, "call:7");
  replace (h, "added-1", FALSE, TRUE);
  harness_expect_answer (h, "call:7");
  g_assert_nonnull (strstr (h->error->message, "kind: audio"));
  replace (h, NULL, TRUE, FALSE);
  harness_expect_answer (h, "call:7");
  harness_forget (h);

  fake_script_fail (&h->script, "replace_track",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no microphone"));
  replace (h, "added-1", TRUE, FALSE);
  harness_expect_answer (h, "call:4");
  harness_expect_events (h,
      "op REPLACE_TRACK START; op REPLACE_TRACK FINISH "
      "{REPLACE_TRACK/ONGOING} !call:4; trackReplaced !call:4");
  expect_tracks (h, "added-1");
}

/* Nothing is negotiated, so it does not matter what else is */
static void
test_replace_beside (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  add (h, FALSE, TRUE, FALSE);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  replace (h, "local-1", TRUE, FALSE);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op REPLACE_TRACK START {ADD_MEDIA/PENDING}; op REPLACE_TRACK FINISH "
      "{REPLACE_TRACK/ONGOING}; trackReplaced local-1(ended)->added-2");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_tracks (h, "added-2,added-1");
}

/* Limits are merged into the call's own, not into what the application has */
static void
test_bandwidth (Harness *h, gconstpointer data)
{
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (FALSE, TRUE);
  KandyMediaOptions *before;
  guint audio, video;

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  before = kandy_call_get_media_options (h->call);
  g_object_set (before, "bandwidth-audio", 40, NULL);
  g_object_set (media, "bandwidth-video", 500, NULL);
  kandy_call_add_media_async (h->call, media, NULL, harness_answered, h);
  agree (h);
  g_object_get (kandy_call_get_media_options (h->call), "bandwidth-audio",
      &audio, "bandwidth-video", &video, NULL);
  g_assert_cmpuint (audio, ==, 40);
  g_assert_cmpuint (video, ==, 500);
  g_assert_true (kandy_call_get_media_options (h->call) != media);
}

#define add_test(name, func)                                                   \
  g_test_add ("/calls/tracks/" name, Harness, NULL, harness_set_up, func,      \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_test ("add-and-remove", test_add_and_remove);
  add_test ("basic", test_basic);
  add_test ("screen", test_screen);
  add_test ("add-failures", test_add_failures);
  add_test ("remove-failures", test_remove_failures);
  add_test ("renegotiate", test_renegotiate);
  add_test ("one-operation", test_one_operation);
  add_test ("held-meanwhile", test_held_meanwhile);
  add_test ("acquire", test_acquire);
  add_test ("acquire-in-vain", test_acquire_in_vain);
  add_test ("acquire-failures", test_acquire_failures);
  add_test ("ended-meanwhile", test_ended_meanwhile);
  add_test ("replace", test_replace);
  add_test ("replace-beside", test_replace_beside);
  add_test ("bandwidth", test_bandwidth);

  return g_test_run ();
}
