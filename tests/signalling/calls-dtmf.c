/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* sendDTMF and what comes in: protocol calls 3.5, 5. In which states it is
 * refused is in calls-validation.c. */

static void
send (Harness *h, const char *tones, guint duration, guint gap)
{
  kandy_call_send_dtmf_async (
      h->call, tones, duration, gap, NULL, harness_answered, h);
}

static void
test_send (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  send (h, "1,A#", 0, 0);
  harness_expect_answer (h, NULL);
  harness_expect_engine (h, "send_dtmf 1,A# 100 70");
  harness_expect_events (
      h, "op SEND_DTMF START; op SEND_DTMF FINISH {SEND_DTMF/ONGOING}");
  harness_expect_requests (h, "");
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);
}

static void
test_limits (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  send (h, "1", 39, 29);
  send (h, "2", 6001, 6001);
  send (h, "3", 40, 30);
  send (h, "4", G_MAXUINT, G_MAXUINT);
  harness_settle (h);
  harness_expect_engine (h,
      "send_dtmf 1 40 30, send_dtmf 2 6000 6000, send_dtmf 3 40 30, "
      "send_dtmf 4 6000 6000");
}

static void
test_bad_tones (Harness *h, gconstpointer data)
{
  static const char *const bad[] = { NULL, "", "1 2", "E", "12x", "+1", "1;",
    "\xc3\xa9", "1\xff" };
  guint i;

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    send (h, bad[i], 0, 0);
    harness_expect_answer (h, "call:7");
    harness_expect_events (
        h, "op SEND_DTMF START; op SEND_DTMF FINISH !call:7");
    harness_forget (h);
  }
  harness_expect_engine (h, "");

  send (h, "12x", 0, 0);
  harness_expect_answer (h, "call:7");
  g_assert_nonnull (strstr (h->error->message, "\"x\" at position 3"));
}

static void
test_engine_failure (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_fail (&h->script, "send_dtmf",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no sound"));
  send (h, "1", 0, 0);
  harness_expect_answer (h, "call:2");
  g_assert_nonnull (strstr (h->error->message, "no sound"));
  harness_expect_events (
      h, "op SEND_DTMF START; op SEND_DTMF FINISH {SEND_DTMF/ONGOING} !call:2");
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);
}

/* Several at a time, and beside another operation */
static void
test_at_a_time (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "send_dtmf");
  send (h, "1", 0, 0);
  send (h, "2", 0, 0);
  harness_expect_events (h, "op SEND_DTMF START; op SEND_DTMF START");
  harness_forget (h);
  kandy_call_hold_async (h->call, NULL, NULL, NULL);
  harness_expect_events (h, "op HOLD START; op HOLD UPDATE {HOLD/ONGOING}");
  harness_forget (h);

  fake_engine_play_dtmf (h->engine, NULL);
  harness_expect_answer (h, NULL);
  harness_expect_events (h, "op SEND_DTMF FINISH {HOLD/PENDING}");
  harness_forget (h);
  harness_sdp (h, "wrtcsAnswerNotification", "s1", HARNESS_SDP);
  harness_expect_events (
      h, "op HOLD FINISH {HOLD/PENDING}; sc Connected->On Hold");
  harness_forget (h);

  fake_engine_play_dtmf (h->engine, NULL);
  harness_expect_answer (h, NULL);
  harness_expect_events (h, "op SEND_DTMF FINISH {SEND_DTMF/ONGOING}");
}

/* Each operation is answered once, also if the engine answers late */
static void
test_end (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "send_dtmf");
  send (h, "123", 0, 0);
  harness_settle (h);
  harness_event (h, "s1", "SessionEnded");
  harness_expect_answer (h, "call:6");
  harness_settle (h);
  g_assert_cmpuint (h->n_answers, ==, 0);
}

static void
test_destroy (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "send_dtmf");
  send (h, "123", 0, 0);
  harness_settle (h);
  kandy_client_destroy (h->client);
  harness_wait (h, h->n_answers == 1);
  g_assert_error (h->error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  harness_settle (h);
  g_assert_cmpuint (h->n_answers, ==, 1);
}

static void
test_received (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_media_engine_emit_dtmf_received (
      KANDY_MEDIA_ENGINE (h->engine), 11, FALSE);
  kandy_media_engine_emit_dtmf_received (
      KANDY_MEDIA_ENGINE (h->engine), 12, TRUE);
  harness_expect_events (h, "dtmfReceived # out; dtmfReceived A in");
}

#define add(name, func)                                                        \
  g_test_add ("/calls/dtmf/" name, Harness, NULL, harness_set_up, func,        \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("send", test_send);
  add ("limits", test_limits);
  add ("bad-tones", test_bad_tones);
  add ("engine-failure", test_engine_failure);
  add ("at-a-time", test_at_a_time);
  add ("end", test_end);
  add ("destroy", test_destroy);
  add ("received", test_received);

  return g_test_run ();
}
