/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-call-private.h"
#include "kandy-connection.h"

#include <string.h>

/* Descriptions that come and go in a call: protocol calls 4.5 to 4.12, 10.10 to
 * 10.14 */

#define OFFER "wrtcsOfferNotification"
#define ANSWER "wrtcsAnswerNotification"

static void
hold (Harness *h)
{
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
}

static void
unhold (Harness *h)
{
  kandy_call_unhold_async (h->call, NULL, harness_answered, h);
}

static void
expect_hold (Harness *h, gboolean local, gboolean remote)
{
  g_assert_cmpint (kandy_call_get_local_hold (h->call), ==, local);
  g_assert_cmpint (kandy_call_get_remote_hold (h->call), ==, remote);
  g_assert_cmpint (kandy_call_get_state (h->call), ==,
      local || remote ? KANDY_CALL_STATE_ON_HOLD : KANDY_CALL_STATE_CONNECTED);
}

static void
remote_offer (Harness *h, KandyRemoteChange change, gboolean flowing)
{
  h->script.change = change;
  h->script.flowing = flowing;
  harness_sdp (h, OFFER, "s1", HARNESS_SDP);
}

static void
test_hold (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_expect_events (h, "op HOLD START; op HOLD UPDATE {HOLD/ONGOING}");
  harness_expect_engine (h, "create_offer HOLD hold, commit_offer");
  harness_expect_requests (h, "PUT s1/update");
  expect_hold (h, FALSE, FALSE);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op HOLD FINISH {HOLD/PENDING}; sc Connected->On Hold");
  expect_hold (h, TRUE, FALSE);

  hold (h);
  harness_expect_answer (h, "call:6");
  harness_expect_events (
      h, "op HOLD START; op HOLD FINISH !call:6; sc On Hold->On Hold !call:6");
  harness_forget (h);

  unhold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op UNHOLD START; op UNHOLD UPDATE {UNHOLD/ONGOING}; "
      "op UNHOLD FINISH {UNHOLD/PENDING}; sc On Hold->Connected");
  harness_expect_engine (h, "create_offer UNHOLD, commit_offer, accept_answer");
  expect_hold (h, FALSE, FALSE);
  unhold (h);
  harness_expect_answer (h, "call:6");
}

/* The answer may overtake the reply to its offer */
static void
test_early_answer (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_fault (h, "PUT", "update", 0, NULL, 1);
  hold (h);
  harness_wait (h, h->held.length == 1);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_settle (h);
  harness_release (h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op HOLD START; op HOLD UPDATE {HOLD/ONGOING}; "
      "op HOLD FINISH {HOLD/PENDING}; sc Connected->On Hold");
}

static void
test_hold_failures (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_fail (&h->script, "create_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no"));
  hold (h);
  harness_expect_answer (h, "call:9");
  harness_expect_events (h,
      "op HOLD START; op HOLD FINISH {HOLD/ONGOING} !call:9; "
      "sc Connected->Connected !call:9");
  harness_expect_requests (h, "");
  harness_forget (h);

  harness_fault (h, "PUT", "update", 500, "<html>", 1);
  hold (h);
  harness_expect_answer (h, "500");
  harness_expect_events (h,
      "op HOLD START; op HOLD FINISH {HOLD/ONGOING} !500; "
      "sc Connected->Connected !500");
  harness_expect_engine (h, "create_offer HOLD hold, drop_offer");
  expect_hold (h, FALSE, FALSE);

  /* A bad answer leaves the ends with different ideas of the call */
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  harness_notify (h, ANSWER, "s1", "\"answer\": {}");
  harness_expect_answer (h, "call:6");
  harness_expect_events (h, "trackEnded local; sc Connected->Ended !call:2");
  harness_expect_requests (h, "DELETE s1");
}

static void
test_one_operation (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  hold (h);
  harness_expect_answer (h, "call:6");
  harness_expect_events (h,
      "op HOLD START; op HOLD FINISH {HOLD/ONGOING} !call:6; "
      "op HOLD UPDATE {HOLD/ONGOING}");
  kandy_call_restart_media_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
}

static void
test_remote_hold (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_expect_events (h, "op HOLD FINISH remote; sc Connected->On Hold");
  harness_expect_engine (h, "take_offer, create_answer, commit_answer");
  harness_expect_requests (h, "PUT s1/answer");
  expect_hold (h, FALSE, TRUE);

  remote_offer (h, KANDY_REMOTE_CHANGE_START_MOH, FALSE);
  harness_expect_events (h, "op START_MOH FINISH remote");
  remote_offer (h, KANDY_REMOTE_CHANGE_STOP_MOH, FALSE);
  harness_expect_events (h, "op STOP_MOH FINISH remote");
  expect_hold (h, FALSE, TRUE);

  remote_offer (h, KANDY_REMOTE_CHANGE_UNHOLD, TRUE);
  harness_expect_events (h, "op UNHOLD FINISH remote; sc On Hold->Connected");
  expect_hold (h, FALSE, FALSE);
}

static void
test_remote_changes (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  remote_offer (h, KANDY_REMOTE_CHANGE_ADD_MEDIA, TRUE);
  harness_expect_events (h, "op ADD_MEDIA FINISH remote");
  remote_offer (h, KANDY_REMOTE_CHANGE_REMOVE_MEDIA, TRUE);
  harness_expect_events (h, "op REMOVE_MEDIA FINISH remote");
  remote_offer (h, KANDY_REMOTE_CHANGE_NONE, TRUE);
  harness_expect_events (h, "sc Connected->Connected");
  remote_offer (h, KANDY_REMOTE_CHANGE_UNKNOWN, TRUE);
  harness_expect_events (h, "sc Connected->Connected");

  /* Protocol calls 4.5, 3: a hold may end in a way that no rule names */
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_settle (h);
  harness_forget (h);
  remote_offer (h, KANDY_REMOTE_CHANGE_UNKNOWN, TRUE);
  harness_expect_events (h, "op UNHOLD FINISH remote; sc On Hold->Connected");
}

/* Protocol calls 4.7: the table of dual holds, seen from A */
static void
test_dual_hold (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_forget (h);

  /* B's offer looks like its last answer: nothing flows in either */
  remote_offer (h, KANDY_REMOTE_CHANGE_NONE, FALSE);
  harness_expect_events (h, "op HOLD FINISH remote; sc On Hold->On Hold");
  harness_expect_engine (
      h, "take_offer hold, create_answer hold, commit_answer");
  expect_hold (h, TRUE, TRUE);

  unhold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_hold (h, FALSE, TRUE);
  harness_forget (h);

  remote_offer (h, KANDY_REMOTE_CHANGE_UNHOLD, TRUE);
  harness_expect_events (h, "op UNHOLD FINISH remote; sc On Hold->Connected");
  expect_hold (h, FALSE, FALSE);
}

static void
test_unhold_while_remote (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_settle (h);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_hold (h, TRUE, TRUE);
  remote_offer (h, KANDY_REMOTE_CHANGE_UNHOLD, TRUE);
  harness_settle (h);
  expect_hold (h, TRUE, FALSE);
}

static void
test_remote_failures (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);

  /* Refused by the platform */
  harness_fault (h, "PUT", "answer", 500, "{}", 1);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_expect_events (
      h, "op HOLD FINISH remote !500; sc Connected->Connected !500");
  harness_expect_engine (h, "take_offer, create_answer, drop_answer");
  expect_hold (h, FALSE, FALSE);

  /* Not understood, or not answerable: no answer, and the call goes on */
  fake_script_fail (&h->script, "take_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "m-lines"));
  remote_offer (h, KANDY_REMOTE_CHANGE_NONE, TRUE);
  harness_settle (h);
  fake_script_fail (&h->script, "create_answer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no"));
  remote_offer (h, KANDY_REMOTE_CHANGE_NONE, TRUE);
  harness_settle (h);
  harness_notify (h, OFFER, "s1", "\"offer\": {\"sdp\": 5}");
  harness_notify (h, OFFER, "s1", "\"offer\": 5");
  harness_notify (h, OFFER, "s1", NULL);
  harness_expect_events (h, "");
  harness_expect_engine (h,
      "take_offer, take_offer, create_answer, "
      "drop_answer");
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_expect_events (h, "op HOLD FINISH remote; sc Connected->On Hold");
}

/* Two offers at once are taken one after the other */
static void
test_two_offers (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "take_offer");
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_sdp (h, OFFER, "s1", HARNESS_SDP);
  harness_settle (h);
  hold (h);
  harness_expect_engine (h, "take_offer");
  fake_engine_resume (h->engine);
  harness_expect_engine (h,
      "create_answer, commit_answer, take_offer, create_answer, "
      "commit_answer, create_offer HOLD hold, commit_offer");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
}

/* 10.13: ours is refused, theirs came before we knew */
static void
test_glare_lost (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_fault (h, "PUT", "update", 0, NULL, 1);
  hold (h);
  harness_wait (h, h->held.length == 1);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_settle (h);
  soup_server_message_set_status (g_queue_peek_head (&h->held), 409, NULL);
  soup_server_message_set_response (g_queue_peek_head (&h->held),
      "application/json", SOUP_MEMORY_STATIC,
      "{\"requestError\": {\"serviceException\": {\"messageId\": "
      "\"SVC0491\", \"text\": \"Request pending\"}}}",
      strlen ("{\"requestError\": {\"serviceException\": {\"messageId\": "
              "\"SVC0491\", \"text\": \"Request pending\"}}}"));
  harness_release (h);
  harness_expect_answer (h, "SVC0491");
  harness_expect_events (h,
      "op HOLD START; op HOLD FINISH {HOLD/ONGOING} !SVC0491; "
      "sc Connected->Connected !SVC0491; op HOLD FINISH remote; "
      "sc Connected->On Hold");
  harness_expect_engine (h,
      "create_offer HOLD hold, drop_offer, take_offer, create_answer, "
      "commit_answer");
  expect_hold (h, FALSE, TRUE);
}

/* Both offers were let through: theirs waits for the answer to ours */
static void
test_glare_crossed (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_expect_events (h, "");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op HOLD FINISH {HOLD/PENDING}; sc Connected->On Hold; "
      "op HOLD FINISH remote; sc On Hold->On Hold");
  expect_hold (h, TRUE, TRUE);
}

/* The answer takes the engine a while: the time for it is over all the same */
static void
test_glare_slow_engine (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_settle (h);
  g_assert_nonnull (h->call->held_timer);
  fake_script_pause (&h->script, "accept_answer");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_wait (h, fake_engine_is_waiting (h->engine));
  g_assert_null (h->call->held_timer);
  fake_engine_resume (h->engine);
  harness_expect_answer (h, NULL);
  harness_expect_engine (
      h, "accept_answer, take_offer hold, create_answer hold, commit_answer");
  expect_hold (h, TRUE, TRUE);
}

/* And if no answer comes, ours gives way */
static void
test_glare_given_up (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_expect_answer (h, "call:8");
  harness_expect_events (h,
      "op HOLD FINISH {HOLD/PENDING} !call:8; "
      "sc Connected->Connected !call:8; op HOLD FINISH remote; "
      "sc Connected->On Hold");
  harness_expect_engine (
      h, "drop_offer, take_offer, create_answer, commit_answer");

  /* Its late answer shows that ours was taken all the same: the far end hears
   * how it is, once */
  harness_forget (h);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (
      h, "op RENEGOTIATE START; op RENEGOTIATE UPDATE {RENEGOTIATE/ONGOING}");
  harness_expect_engine (h, "create_offer UPDATE, commit_offer");
  h->script.change = KANDY_REMOTE_CHANGE_UNKNOWN;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (h, "op RENEGOTIATE FINISH {RENEGOTIATE/PENDING}");
  expect_hold (h, FALSE, TRUE);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (h, "");
}

/* Nobody answers; and what comes after that */
static void
test_unanswered (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  g_assert_nonnull (h->call->answer_timer);
  g_source_set_ready_time (h->call->answer_timer, 0);
  harness_expect_answer (h, "call:2");
  harness_expect_events (h,
      "op HOLD FINISH {HOLD/PENDING} !call:2; sc Connected->Connected !call:2");
  harness_expect_engine (h, "drop_offer");
  expect_hold (h, FALSE, FALSE);

  /* An operation that is under way tells how it is */
  unhold (h);
  harness_expect_answer (h, "call:6");
  kandy_call_renegotiate_async (h->call, NULL, harness_answered, h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (h, "op RENEGOTIATE FINISH {RENEGOTIATE/PENDING}");
  harness_expect_requests (h, "");

  /* The call ends meanwhile */
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  g_source_set_ready_time (h->call->answer_timer, 0);
  harness_expect_answer (h, "call:2");
  harness_event (h, "s1", "SessionEnded");
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  harness_forget (h);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (h, "");
}

/* A re-offer that is answered with what is no description, or by none that fits
 */
static void
test_malformed_answers (Harness *h, gconstpointer data)
{
  static const char *const answers[] = { "\"answer\": {}",
    "\"answer\": {\"sdp\": \"\"}", "\"answer\": {\"sdp\": 5}",
    "\"answer\": \"v=0\"", "\"answer\": null", "\"sdp\": \"v=0\"" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (answers); i++) {
    harness_make (h, KANDY_CALL_STATE_CONNECTED);
    hold (h);
    harness_wait (h, strstr (h->events->str, "UPDATE"));
    harness_forget (h);
    harness_notify (h, ANSWER, "s1", answers[i]);
    harness_expect_answer (h, "call:6");
    harness_expect_events (h, "trackEnded local; sc Connected->Ended !call:2");
    harness_expect_requests (h, "DELETE s1");
  }
}

/* Nothing is answered before the call is: an offer to a called party, with SDP
 * and without, is none of its business yet */
static void
test_offer_while_ringing (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_expect_events (h, "");
  harness_expect_engine (h, "");
  harness_expect_requests (h, "");
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  expect_hold (h, FALSE, FALSE);
}

/* Each way in which a platform may say that the far end was first (protocol
 * calls 1.2, 9.4): the operation fails with its code, the call is as it was */
static void
test_glare_codes (Harness *h, gconstpointer data)
{
  static const struct {
    guint status;
    const char *message_id;
    const char *code;
  } refusals[] = { { 409, "SVC0491", "SVC0491" }, { 409, NULL, "409" },
    { 491, NULL, "491" }, { 403, "49", "49" }, { 403, "491", "491" } };
  guint i;

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  for (i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree char *body = refusals[i].message_id
        ? g_strdup_printf (
            "{\"requestError\": {\"serviceException\": {\"messageId\": \"%s\", "
            "\"text\": \"Request pending\"}}}",
            refusals[i].message_id)
        : NULL;
    g_autofree char *events =
        g_strdup_printf ("op HOLD START; op HOLD FINISH {HOLD/ONGOING} !%s; "
                         "sc Connected->Connected !%s",
            refusals[i].code, refusals[i].code);

    harness_fault (h, "PUT", "update", refusals[i].status, body, 1);
    hold (h);
    harness_expect_answer (h, refusals[i].code);
    harness_expect_events (h, events);
    harness_expect_engine (h, "create_offer HOLD hold, drop_offer");
    expect_hold (h, FALSE, FALSE);
  }
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_hold (h, TRUE, FALSE);
}

/* An offer before the answer to make() waits for it, but not for long */
static void
test_offer_before_answer (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_expect_events (h,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; "
      "sc Ringing->Connected; op HOLD FINISH remote; "
      "sc Connected->On Hold");

  harness_make (h, KANDY_CALL_STATE_RINGING);
  remote_offer (h, KANDY_REMOTE_CHANGE_HOLD, FALSE);
  g_assert_nonnull (h->call->held_offer);
  harness_wait (h, h->call->held_offer == NULL);
  h->script.flowing = TRUE;
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_expect_events (h,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; "
      "sc Ringing->Connected");
}

static void
test_slow_start (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_expect_events (h, "op SLOW_START START remote");
  harness_expect_engine (h, "create_offer REBUILD, commit_offer");
  harness_expect_requests (h, "PUT s1/answer");
  hold (h);
  harness_expect_answer (h, "call:6");
  harness_forget (h);

  /* Less flows now, but nobody holds */
  h->script.change = KANDY_REMOTE_CHANGE_NONE;
  h->script.flowing = FALSE;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (h,
      "op SLOW_START FINISH remote {SLOW_START/PENDING}; "
      "sc Connected->Connected");

  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_wait (h, strstr (h->events->str, "START"));
  harness_settle (h);
  harness_forget (h);
  h->script.change = KANDY_REMOTE_CHANGE_HOLD;
  h->script.flowing = FALSE;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_events (
      h, "op HOLD FINISH remote {SLOW_START/PENDING}; sc Connected->On Hold");
  expect_hold (h, FALSE, TRUE);

  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.mediaBrokerOnly", g_variant_new_boolean (TRUE));
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_expect_engine (h, "accept_answer, create_offer UPDATE, commit_offer");
  h->script.change = KANDY_REMOTE_CHANGE_UNHOLD;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_settle (h);
  expect_hold (h, FALSE, FALSE);
}

/* An operation that has begun waits for the answer that was asked of us */
static void
test_slow_start_first (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "create_offer");
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_wait (h, fake_engine_is_waiting (h->engine));
  h->call->remote_op.type = KANDY_OPERATION_NONE;
  hold (h);
  h->call->remote_op.type = KANDY_OPERATION_SLOW_START;
  fake_engine_resume (h->engine);
  harness_expect_engine (h, "create_offer REBUILD, commit_offer");
  harness_forget (h);
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_engine (
      h, "accept_answer, create_offer HOLD hold, commit_offer");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_hold (h, TRUE, FALSE);
}

/* What is agreed needs another offer: made when nothing else goes on, and again
 * when it was refused */
static void
test_offer_needed (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  kandy_media_engine_emit_offer_needed (KANDY_MEDIA_ENGINE (h->engine));
  kandy_media_engine_emit_offer_needed (KANDY_MEDIA_ENGINE (h->engine));
  g_assert_nonnull (h->call->offer_timer);
  h->script.change = KANDY_REMOTE_CHANGE_UNKNOWN;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_wait (h, strstr (h->events->str, "RENEGOTIATE UPDATE"));
  harness_expect_engine (
      h, "accept_answer, create_offer UPDATE hold, commit_offer");
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_wait (h, strstr (h->events->str, "RENEGOTIATE FINISH"));

  /* as if it had been refused */
  kandy_media_engine_emit_offer_needed (KANDY_MEDIA_ENGINE (h->engine));
  g_assert_nonnull (h->call->offer_timer);
  g_source_set_ready_time (h->call->offer_timer, 0);
  harness_forget (h);
  harness_wait (h, strstr (h->events->str, "RENEGOTIATE UPDATE"));

  /* and not for ever */
  h->call->offer_attempts = 10;
  kandy_media_engine_emit_offer_needed (KANDY_MEDIA_ENGINE (h->engine));
  g_assert_null (h->call->offer_timer);
}

/* What an answer says of the far end's hold, though it is no matter of ours */
static void
test_hold_by_answer (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_renegotiate_async (h->call, NULL, harness_answered, h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  h->script.change = KANDY_REMOTE_CHANGE_HOLD;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op RENEGOTIATE FINISH {RENEGOTIATE/PENDING}; sc Connected->On Hold");
  expect_hold (h, FALSE, TRUE);

  /* Who holds too cannot tell */
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  h->script.change = KANDY_REMOTE_CHANGE_UNKNOWN;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_hold (h, TRUE, TRUE);
  harness_forget (h);

  unhold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  h->script.change = KANDY_REMOTE_CHANGE_UNHOLD;
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op UNHOLD FINISH {UNHOLD/PENDING}; sc On Hold->Connected");
  expect_hold (h, FALSE, FALSE);
}

static void
test_slow_start_failures (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_fail (&h->script, "create_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no"));
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_expect_events (h,
      "op SLOW_START START remote; "
      "op SLOW_START FINISH remote {SLOW_START/ONGOING} !call:9");

  harness_forget (h);
  harness_fault (h, "PUT", "answer", 500, "{}", 1);
  harness_notify (h, OFFER, "s1", "\"offer\": {}");
  harness_expect_events (h,
      "op SLOW_START START remote; "
      "op SLOW_START FINISH remote {SLOW_START/ONGOING} !500");
  harness_expect_engine (h, "create_offer REBUILD, drop_offer");
  hold (h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
}

static void
test_restart (Harness *h, gconstpointer data)
{
  KandyConnection *connection = kandy_client_get_connection (h->client);
  gint64 start;

  /* We made the call and the far end's answer was active: we are passive, and
   * wait for it to go first */
  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.mediaConnectionRetryDelay", g_variant_new_double (400));
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  start = g_get_monotonic_time ();
  kandy_call_restart_media_async (h->call, NULL, harness_answered, h);
  harness_expect_events (h, "op MEDIA_RESTART START");
  harness_wait (h, h->call->connection != NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 400 * 1000);

  /* There is no websocket in this test, and now there will be none */
  g_signal_emit_by_name (connection, "lost", "LOST_CONNECTION");
  harness_expect_answer (h, "subscription:1");
  harness_expect_events (h,
      "op MEDIA_RESTART FINISH {MEDIA_RESTART/ONGOING} !subscription:1; "
      "mediaRestart !subscription:1");
  harness_expect_requests (h, "");

  /* A call that ends does not wait any longer */
  kandy_call_restart_media_async (h->call, NULL, harness_answered, h);
  harness_event (h, "s1", "SessionEnded");
  harness_expect_answer (h, "call:6");
  g_signal_emit_by_name (connection, "lost", "LOST_CONNECTION");
  kandy_call_restart_media_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
}

static void
test_flood (Harness *h, gconstpointer data)
{
  guint i;

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "take_offer");
  remote_offer (h, KANDY_REMOTE_CHANGE_NONE, TRUE);
  for (i = 0; i < 2000; i++)
    harness_event (h, "s1", "Ringing");
  for (i = 0; i < 2000; i++)
    harness_event (h, "s1", i % 2 ? "SessionEnded" : "Cancelled");
  g_assert_cmpuint (g_queue_get_length (&h->call->steps), ==, 66);
  fake_engine_resume (h->engine);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
}

#define add(name, func)                                                        \
  g_test_add ("/calls/negotiation/" name, Harness, NULL, harness_set_up, func, \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("hold", test_hold);
  add ("early-answer", test_early_answer);
  add ("hold-failures", test_hold_failures);
  add ("one-operation", test_one_operation);
  add ("remote-hold", test_remote_hold);
  add ("remote-changes", test_remote_changes);
  add ("dual-hold", test_dual_hold);
  add ("unhold-while-remote", test_unhold_while_remote);
  add ("remote-failures", test_remote_failures);
  add ("two-offers", test_two_offers);
  add ("glare-lost", test_glare_lost);
  add ("glare-crossed", test_glare_crossed);
  add ("glare-slow-engine", test_glare_slow_engine);
  add ("glare-given-up", test_glare_given_up);
  add ("glare-codes", test_glare_codes);
  add ("unanswered", test_unanswered);
  add ("malformed-answers", test_malformed_answers);
  add ("offer-while-ringing", test_offer_while_ringing);
  add ("offer-before-answer", test_offer_before_answer);
  add ("slow-start", test_slow_start);
  add ("slow-start-first", test_slow_start_first);
  add ("hold-by-answer", test_hold_by_answer);
  add ("offer-needed", test_offer_needed);
  add ("slow-start-failures", test_slow_start_failures);
  add ("restart", test_restart);
  add ("flood", test_flood);

  return g_test_run ();
}
