/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* How calls go, at every step of a call: protocol calls 3.2, 3.9, 10.2 to 10.5,
 * 11 */

static void
end (Harness *h)
{
  kandy_call_end_async (h->call, NULL, harness_answered, h);
}

static void
test_end_at_once (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  end (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op MAKE START; start; op END START {MAKE/ONGOING}; "
      "op END FINISH {MAKE/ONGOING}; sc Initiating->Ended");
  harness_expect_requests (h, "");
  g_assert_cmpuint (h->n_engines, ==, 0);
}

/* Protocol calls 11, row 5 */
static void
test_end_while_creating (Harness *h, gconstpointer data)
{
  harness_fault (h, "POST", "sessions", 0, NULL, 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->held.length == 1);
  harness_forget (h);
  end (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op END START {MAKE/ONGOING}; trackEnded local; "
      "op END FINISH {MAKE/ONGOING}; sc Initiating->Ended");
  harness_expect_requests (h, "");
  harness_release (h);
  harness_wait (h, h->requests->len > 0);
  harness_expect_requests (h, "DELETE s1");
  harness_expect_events (h, "");

  /* And if the session never came to be there is nothing to end */
  harness_fault (h, "POST", "sessions", 500, "{}", 1);
  fake_script_pause (&h->script, "create_offer");
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->n_engines == 2 && fake_engine_is_waiting (h->engine));
  end (h);
  harness_expect_answer (h, NULL);
  harness_expect_requests (h, "");
}

static void
test_cancel (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  end (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op END START {MAKE/PENDING}; trackEnded local; "
      "op END FINISH {MAKE/PENDING}; sc Ringing->Ended");
  harness_expect_requests (h, "DELETE s1");
  g_assert_cmpint (kandy_call_get_start_time (h->call), >, 0);
  g_assert_cmpint (kandy_call_get_start_time (h->call), ==,
      kandy_call_get_end_time (h->call));
}

static void
test_end_unanswered (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_INITIATED);
  end (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op END START; op END FINISH {END/ONGOING}; sc Initiated->Ended");
  harness_expect_requests (h, "DELETE s1");
}

static void
test_end_refused (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  harness_fault (h, "DELETE", "s1", 404, "{}", 1);
  end (h);
  harness_expect_answer (h, "404");
  harness_expect_events (h,
      "op END START; trackEnded local; op END FINISH {END/ONGOING} !404; "
      "sc Connected->Ended !404");
  harness_expect_engine (h, "close");

  /* Protocol calls 11, row 17 */
  end (h);
  harness_expect_answer (h, "call:6");
  harness_expect_events (
      h, "op END START; op END FINISH !call:6; sc Ended->Ended !call:6");
  harness_expect_requests (h, "DELETE s1");
}

static void
test_end_twice (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  harness_fault (h, "DELETE", "s1", 0, NULL, 1);
  end (h);
  harness_wait (h, h->held.length == 1);
  g_assert_true (fake_engine_is_closed (h->engine));
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);
  harness_forget (h);
  end (h);
  harness_expect_answer (h, "call:6");
  harness_expect_events (h, "op END FINISH {END/ONGOING} !call:6");
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  harness_forget (h);

  /* The far end's good-bye crosses ours */
  harness_event (h, "s1", "SessionEnded");
  harness_expect_events (h, "");
  harness_release (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h, "op END FINISH {END/ONGOING}; sc Connected->Ended");
}

static void
test_end_interrupts (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  fake_script_pause (&h->script, "create_answer");
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_wait (h, fake_engine_is_waiting (h->engine));
  kandy_call_end_async (h->call, NULL, NULL, NULL);
  harness_expect_answer (h, "call:6");
  harness_expect_events (h,
      "op ANSWER START; op END START {ANSWER/ONGOING}; "
      "op END FINISH {ANSWER/ONGOING}; sc Ringing->Ended");
  harness_expect_requests (h, "DELETE s1");

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_fault (h, "PUT", "update", 0, NULL, 1);
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", "SessionEnded");
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  harness_expect_answer (h, "call:6");
}

static void
test_reject (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  kandy_call_reject_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op REJECT START; op REJECT FINISH {REJECT/ONGOING}; sc Ringing->Ended");
  harness_expect_requests (h, "DELETE s1");
  harness_expect_engine (h, "close");
  g_assert_cmpint (kandy_call_get_start_time (h->call), ==,
      kandy_call_get_end_time (h->call));

  /* Protocol calls 11, row 14 */
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s2", HARNESS_SDP);
  harness_settle (h);
  harness_forget (h);
  harness_fault (h, "DELETE", "s2", 500, "<html>", 1);
  kandy_call_reject_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "500");
  harness_expect_events (h,
      "op REJECT START; op REJECT FINISH {REJECT/ONGOING} !500; "
      "sc Ringing->Ended !500");
}

static void
test_ignore (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  kandy_call_ignore_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op IGNORE START; op IGNORE FINISH {IGNORE/ONGOING}; sc Ringing->Ended");
  harness_expect_requests (h, "");
  harness_event (h, "s1", "Cancelled");
  harness_expect_events (h, "");
}

static void
test_rejected (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  harness_event (h, "s1", "SessionEnded");
  harness_expect_events (
      h, "trackEnded local; op END FINISH remote; sc Ringing->Ended");
  harness_expect_requests (h, "");
  harness_event (h, "s1", "SessionEnded");
  harness_expect_events (h, "");

  /* Busy */
  harness_make (h, KANDY_CALL_STATE_INITIATED);
  harness_notify (h, "wrtcsEventNotification", "s1",
      "\"eventType\": \"SessionEnded\", \"statusCode\": 486");
  harness_expect_events (
      h, "trackEnded local; op END FINISH remote; sc Initiated->Ended (486)");
}

static void
test_cancelled (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_event (h, "s1", "Cancelled");
  harness_expect_events (h, "sc Ringing->Cancelled");
  harness_expect_engine (h, "close");
  g_assert_cmpint (kandy_call_get_start_time (h->call), ==, 0);
  g_assert_cmpint (kandy_call_get_end_time (h->call), ==, 0);
  harness_event (h, "s1", "Cancelled");
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_expect_events (h, "");
  end (h);
  harness_expect_answer (h, "call:6");
}

/* Another device was faster; our answer is refused */
static void
test_answered_elsewhere (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "answer", 0, NULL, 1);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", "Cancelled");
  harness_settle (h);
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_RINGING);
  soup_server_message_set_status (g_queue_peek_head (&h->held), 403, NULL);
  soup_server_message_set_response (g_queue_peek_head (&h->held),
      "application/json", SOUP_MEMORY_STATIC, "{}", 2);
  harness_release (h);
  harness_expect_answer (h, "403");
  harness_expect_events (h,
      "op ANSWER START; newTrack local; op ANSWER FINISH {ANSWER/ONGOING} "
      "!403; sc Ringing->Ringing !403; trackEnded local; "
      "sc Ringing->Cancelled");
}

/* The end of a call does not wait for ever for what is before it */
static void
test_impatient_end (Harness *h, gconstpointer data)
{
  harness_fault (h, "PUT", "status", 0, NULL, 1);
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s1", HARNESS_SDP);
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", "Cancelled");
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_CANCELLED);
  harness_release (h);
  harness_expect_events (
      h, "receive; newTrack remote; sc Initiating->Cancelled");
}

static void
test_engine_fails (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  fake_engine_break (h->engine);
  harness_expect_events (h,
      "trackEnded local; op END FINISH !call:2; sc Connected->Ended !call:2");
  harness_expect_requests (h, "DELETE s1");
  g_assert_error (
      kandy_call_get_error (h->call), KANDY_ERROR, KANDY_ERROR_MEDIA);
}

static void
test_audit_gone (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "status", 404, "{}", 1);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op ANSWER START; newTrack local; op ANSWER FINISH {ANSWER/ONGOING}; "
      "sc Ringing->Connected; trackEnded local; op END FINISH; "
      "sc Connected->Ended (9909)");
  harness_expect_requests (h, "PUT s1/answer");

  harness_fault (h, "PUT", "status", 200,
      "{\"wrtcsSessionStatus\": {\"status\": \"Closed\"}}", 1);
  harness_make (h, KANDY_CALL_STATE_INITIATED);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
}

static void
test_audit_fails (Harness *h, gconstpointer data)
{
  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.callAuditTimer", g_variant_new_double (100));
  harness_fault (h, "PUT", "status", 500, "{}", 3);
  harness_fault (h, "PUT", "status", 404, "{}", 1);
  harness_make (h, KANDY_CALL_STATE_INITIATED);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  g_assert_nonnull (strstr (h->events->str, "(9909)"));
}

/* What a listener does in the middle of a transition comes after it, also for
 * those who are told after that listener */
static void
end_in_listener (KandyCall *call, const char *operation, const char *transition,
    gboolean is_local, GVariant *previous, const GError *error, Harness *h)
{
  if (g_str_equal (operation, "MAKE") && g_str_equal (transition, "FINISH"))
    end (h);
}

static void
test_reentrant (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  g_signal_connect (h->call, "operation", G_CALLBACK (end_in_listener), h);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; "
      "sc Ringing->Connected; op END START; trackEnded local; "
      "op END FINISH {END/ONGOING}; sc Connected->Ended");
}

static void
test_cancel_wait (Harness *h, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "answer", 0, NULL, 1);
  kandy_call_answer_async (h->call, NULL, cancellable, harness_answered, h);
  harness_wait (h, h->held.length == 1);
  g_cancellable_cancel (cancellable);
  harness_wait (h, h->n_answers == 1);
  g_assert_error (h->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  harness_release (h);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_CONNECTED);
  g_assert_cmpuint (h->n_answers, ==, 1);
}

/* Destruction at every step: each task is answered, no event comes */
static void
test_destroy (Harness *h, gconstpointer data)
{
  const char *step = data;
  gboolean answers = FALSE;

  if (g_str_equal (step, "made")) {
    harness_make (h, KANDY_CALL_STATE_INITIATING);
  } else if (g_str_equal (step, "offering")) {
    fake_script_pause (&h->script, "create_offer");
    harness_make (h, KANDY_CALL_STATE_INITIATING);
    harness_wait (h, h->engine && fake_engine_is_waiting (h->engine));
  } else if (g_str_equal (step, "creating")) {
    harness_fault (h, "POST", "sessions", 0, NULL, 1);
    harness_make (h, KANDY_CALL_STATE_INITIATING);
    harness_wait (h, h->held.length == 1);
  } else if (g_str_equal (step, "invited")) {
    fake_script_pause (&h->script, "take_offer");
    harness_receive (h, KANDY_CALL_STATE_INITIATING);
    harness_wait (h, fake_engine_is_waiting (h->engine));
  } else if (g_str_equal (step, "answering")) {
    harness_receive (h, KANDY_CALL_STATE_RINGING);
    harness_fault (h, "PUT", "answer", 0, NULL, 1);
    kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
    harness_wait (h, h->held.length == 1);
    answers = TRUE;
  } else if (g_str_equal (step, "accepting")) {
    harness_make (h, KANDY_CALL_STATE_RINGING);
    fake_script_pause (&h->script, "accept_answer");
    harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
    harness_wait (h, fake_engine_is_waiting (h->engine));
    harness_event (h, "s1", "SessionEnded");
  } else if (g_str_equal (step, "holding")) {
    harness_make (h, KANDY_CALL_STATE_CONNECTED);
    kandy_call_hold_async (h->call, NULL, harness_answered, h);
    harness_wait (h, strstr (h->events->str, "HOLD UPDATE"));
    answers = TRUE;
  } else if (g_str_equal (step, "ending")) {
    harness_make (h, KANDY_CALL_STATE_CONNECTED);
    harness_fault (h, "DELETE", "s1", 0, NULL, 1);
    end (h);
    harness_wait (h, h->held.length == 1);
    answers = TRUE;
  } else {
    harness_make (h, KANDY_CALL_STATE_CONNECTED);
  }

  harness_forget (h);
  kandy_client_destroy (h->client);
  harness_settle (h);
  g_assert_cmpint (kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_ENDED);
  g_assert_cmpuint (h->n_answers, ==, answers ? 1 : 0);
  if (answers)
    g_assert_error (h->error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  harness_expect_events (h, "");

  /* A call without a client refuses everything, politely */
  h->n_answers = 0;
  end (h);
  harness_expect_answer (h, "call:6");
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  kandy_call_restart_media_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  kandy_call_send_ringing_feedback_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
}

static void
test_destroy_in_listener (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  g_signal_connect_swapped (
      h->call, "notify::state", G_CALLBACK (kandy_client_destroy), h->client);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  g_signal_handlers_disconnect_by_data (h->call, h->client);
}

static void
test_destroy_in_list (Harness *h, gconstpointer data)
{
  g_signal_connect_swapped (
      h->calls, "items-changed", G_CALLBACK (kandy_client_destroy), h->client);
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s1", HARNESS_SDP);
  harness_expect_events (h, "");
  harness_expect_requests (h, "");
  g_signal_handlers_disconnect_by_data (h->calls, h->client);
}

static void
destroy_when_ringing (KandyCall *call, GParamSpec *pspec, gpointer user_data)
{
  if (kandy_call_get_state (call) == KANDY_CALL_STATE_RINGING)
    kandy_client_destroy (user_data);
}

/* Notifications wait for the reply that says whose they are */
static void
test_destroy_in_replay (Harness *h, gconstpointer data)
{
  harness_fault (h, "POST", "sessions", 0, NULL, 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", "Ringing");
  harness_event (h, "s1", "Ringing");
  harness_event (h, "s1", "SessionEnded");
  harness_forget (h);
  g_signal_connect (
      h->call, "notify::state", G_CALLBACK (destroy_when_ringing), h->client);
  harness_release (h);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  g_signal_handlers_disconnect_by_data (h->call, h->client);
}

#define add(name, func)                                                        \
  g_test_add ("/calls/end/" name, Harness, NULL, harness_set_up, func,         \
      harness_tear_down)

int
main (int argc, char **argv)
{
  static const char *const steps[] = { "made", "offering", "creating",
    "invited", "answering", "accepting", "holding", "ending", "connected" };
  guint i;

  g_test_init (&argc, &argv, NULL);

  add ("at-once", test_end_at_once);
  add ("while-creating", test_end_while_creating);
  add ("cancel", test_cancel);
  add ("unanswered", test_end_unanswered);
  add ("refused", test_end_refused);
  add ("twice", test_end_twice);
  add ("interrupts", test_end_interrupts);
  add ("reject", test_reject);
  add ("ignore", test_ignore);
  add ("rejected", test_rejected);
  add ("cancelled", test_cancelled);
  add ("answered-elsewhere", test_answered_elsewhere);
  add ("impatient", test_impatient_end);
  add ("engine-fails", test_engine_fails);
  add ("audit-gone", test_audit_gone);
  add ("audit-fails", test_audit_fails);
  add ("reentrant", test_reentrant);
  add ("cancel-wait", test_cancel_wait);
  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autofree char *path = g_strdup_printf ("/calls/end/destroy/%s", steps[i]);

    g_test_add (path, Harness, steps[i], harness_set_up, test_destroy,
        harness_tear_down);
  }
  add ("destroy/in-listener", test_destroy_in_listener);
  add ("destroy/in-list", test_destroy_in_list);
  add ("destroy/in-replay", test_destroy_in_replay);

  return g_test_run ();
}
