/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-json.h"

#include <malloc.h>
#include <string.h>

/* How calls come about: protocol calls 3.2, 3.7 and the traces of section 10 */

#define INVITATION "wrtcsSessionInvitationNotification"
#define ACCEPTANCE "wrtcsAcceptanceNotification"

static void
test_make (Harness *h, gconstpointer data)
{
  gint64 before = g_get_real_time () / 1000;
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  KandyCall *call;

  g_object_set (options, "display-name", "Alice W", "custom-parameters",
      g_variant_new_parsed ("{'x-a': 'b'}"), NULL);
  call = kandy_calls_make (h->calls, "bob", options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (
      kandy_call_get_state (call), ==, KANDY_CALL_STATE_INITIATING);
  g_assert_cmpint (
      kandy_call_get_direction (call), ==, KANDY_CALL_DIRECTION_OUTGOING);
  g_assert_cmpstr (kandy_call_get_from (call), ==, "u-alice");
  g_assert_cmpstr (kandy_call_get_to (call), ==, "sip:bob@ex.org");
  g_assert_cmpstr (
      kandy_call_get_remote_display_number (call), ==, "sip:bob@ex.org");
  g_assert_null (kandy_call_get_remote_display_name (call));
  g_assert_cmpstr (h->events->str, ==, "");

  harness_expect_events (h,
      "op MAKE START; start; newTrack local; op MAKE UPDATE {MAKE/ONGOING}; "
      "sc Initiating->Initiated");
  harness_expect_requests (h, "POST sessions");
  harness_expect_engine (h, "create_offer INITIAL, commit_offer");
  g_assert_true (h->factory_options == options);
  g_assert_cmpstr (kandy_json_get_string_at (
                       h->last_body, "wrtcsSession.tParticipantAddress"),
      ==, "sip:bob@ex.org");
  g_assert_cmpstr (
      kandy_json_get_string_at (h->last_body, "wrtcsSession.tParticipantName"),
      ==, "Alice W");
  g_assert_cmpstr (
      kandy_json_get_string_at (h->last_body, "wrtcsSession.clientCorrelator"),
      ==, "cc-1");
  g_assert_nonnull (strstr (h->last_sdp, "a=setup:actpass"));

  harness_event (h, "s1", "Ringing");
  harness_expect_events (h, "sc Initiated->Ringing");
  harness_event (h, "s1", "Ringing");
  harness_expect_events (h, "");
  g_assert_cmpint (kandy_call_get_start_time (call), ==, 0);
  g_assert_cmpuint (h->n_audits, ==, 0);

  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_expect_events (h,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; sc Ringing->Connected");
  harness_expect_engine (h, "accept_answer");
  g_assert_cmpuint (h->n_audits, ==, 1);
  g_assert_cmpint (kandy_call_get_start_time (call), >=, before);
  g_assert_cmpint (kandy_call_get_end_time (call), ==, 0);
  tracks = kandy_call_get_remote_tracks (call);
  g_assert_cmpuint (tracks->len, ==, 1);

  kandy_call_end_async (call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op END START; trackEnded local; op END FINISH {END/ONGOING}; "
      "sc Connected->Ended");
  harness_expect_requests (h, "DELETE s1");
  harness_expect_engine (h, "close");
  g_assert_cmpint (
      kandy_call_get_end_time (call), >=, kandy_call_get_start_time (call));
  g_assert_cmpint (kandy_call_get_media_connection_state (call), ==,
      KANDY_MEDIA_CONNECTION_STATE_CLOSED);
  g_assert_null (kandy_call_get_error (call));
}

static void
test_make_without_ringing (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_INITIATED);
  harness_sdp (h, "wrtcsAnswerNotification", "s1", HARNESS_SDP);
  harness_expect_events (h,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; "
      "sc Initiated->Connected");
}

/* Protocol calls 11, row 6 */
static void
test_early_notifications (Harness *h, gconstpointer data)
{
  harness_fault (h, "POST", "sessions", 0, NULL, 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->held.length == 1);
  harness_forget (h);
  harness_event (h, "s1", "Ringing");
  harness_event (h, "s2", "SessionEnded");
  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_expect_events (h, "");
  harness_release (h);
  harness_expect_events (h,
      "op MAKE UPDATE {MAKE/ONGOING}; sc Initiating->Initiated; "
      "sc Initiated->Ringing; newTrack remote; "
      "op MAKE FINISH {MAKE/PENDING}; sc Ringing->Connected");
}

static void
test_make_failures (Harness *h, gconstpointer data)
{
  const struct {
    const char *body;
    guint status;
    const char *code;
  } replies[] = {
    { "{\"requestError\": {\"serviceException\": {\"messageId\": "
      "\"SVC0004\", \"text\": \"No %1\", \"variables\": [\"x\"]}}}",
        404, "SVC0004" },
    { "<html>", 503, "503" },
    { "{}", 201, "call:2" },
    { "{\"wrtcsSession\": {\"resourceURL\": 7}}", 201, "call:2" },
    { "{\"wrtcsSession\": {\"resourceURL\": \"/nothing\"}}", 201, "call:2" },
    { "{\"wrtcsSession\": []}", 201, "call:2" },
    { "{\"wrtcsSession\": {\"resourceURL\": \"/sessions/a b\"}}", 201,
        "call:2" },
    { "", 201, NULL },
    { "{\"wrtcsSession\"", 201, NULL },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    const GError *error;

    harness_fault (
        h, "POST", "sessions", replies[i].status, replies[i].body, 1);
    harness_make (h, KANDY_CALL_STATE_INITIATING);
    harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
    error = kandy_call_get_error (h->call);
    g_assert_nonnull (error);
    if (replies[i].code) {
      g_autofree char *expected = g_strdup_printf (
          "op MAKE START; start; newTrack local; trackEnded local; "
          "op MAKE FINISH {MAKE/ONGOING} !%s; sc Initiating->Ended !%s",
          replies[i].code, replies[i].code);

      g_assert_cmpstr (
          kandy_error_get_platform_code (error), ==, replies[i].code);
      harness_expect_events (h, expected);
    }
    harness_expect_engine (h, "create_offer INITIAL, close");
    g_assert_cmpint (kandy_call_get_start_time (h->call), ==, 0);
    g_assert_cmpint (kandy_call_get_end_time (h->call), ==, 0);
    harness_forget (h);
  }
}

static void
test_make_media_failures (Harness *h, gconstpointer data)
{
  h->no_engine = TRUE;
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_expect_events (h,
      "op MAKE START; start; op MAKE FINISH {MAKE/ONGOING} !call:3; "
      "sc Initiating->Ended !call:3");

  h->no_engine = FALSE;
  fake_script_fail (&h->script, "create_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no microphone"));
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_expect_events (h,
      "op MAKE START; start; op MAKE FINISH {MAKE/ONGOING} !call:4; "
      "sc Initiating->Ended !call:4");
  harness_expect_requests (h, "");
  g_assert_nonnull (
      strstr (kandy_call_get_error (h->call)->message, "no microphone"));

  /* A failure while the request is under way ends the session, too */
  harness_fault (h, "POST", "sessions", 0, NULL, 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->held.length == 1);
  fake_engine_break (h->engine);
  harness_release (h);
  harness_expect_events (h,
      "op MAKE START; start; newTrack local; trackEnded local; "
      "op MAKE FINISH {MAKE/ONGOING} !call:2; sc Initiating->Ended !call:2");
  harness_expect_requests (h, "POST sessions, DELETE s1");
}

static void
test_make_arguments (Harness *h, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autoptr (KandyClient) nobody = NULL;

  g_assert_null (kandy_calls_make (h->calls, "  ", NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "call:7");
  g_clear_error (&error);
  g_assert_null (kandy_calls_make (h->calls, "bob\xff", NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);

  kandy_config_set_value (
      config, "logs.logLevel", g_variant_new_string ("silent"));
  nobody = kandy_client_new (config);
  g_assert_null (
      kandy_calls_make (kandy_client_get_calls (nobody), "bob", NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_clear_error (&error);

  kandy_client_destroy (h->client);
  g_assert_null (kandy_calls_make (h->calls, "bob", NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
}

static void
test_bad_answers (Harness *h, gconstpointer data)
{
  const char *answers[] = {
    "\"answer\": {}",
    "\"answer\": {\"sdp\": 5}",
    "\"answer\": {\"sdp\": \"\"}",
    "\"answer\": []",
    "\"nothing\": 1",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (answers); i++) {
    harness_make (h, KANDY_CALL_STATE_RINGING);
    harness_notify (h, ACCEPTANCE, "s1", answers[i]);
    harness_expect_events (h, "trackEnded local; sc Ringing->Ended !call:2");
    harness_expect_requests (h, "DELETE s1");
    harness_expect_engine (h, "close");
  }

  harness_make (h, KANDY_CALL_STATE_RINGING);
  fake_script_fail (&h->script, "accept_answer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "m-lines"));
  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_expect_events (h, "trackEnded local; sc Ringing->Ended !call:2");
  harness_expect_requests (h, "DELETE s1");
}

static void
test_huge_answer (Harness *h, gconstpointer data)
{
  g_autofree char *huge = g_strnfill (1024 * 1024, 'a');

  harness_make (h, KANDY_CALL_STATE_RINGING);
  harness_sdp (h, ACCEPTANCE, "s1", huge);
  harness_expect_events (h, "trackEnded local; sc Ringing->Ended !call:2");
}

static void
test_receive (Harness *h, gconstpointer data)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, TRUE);
  g_autoptr (GVariant) info = NULL, offered = NULL;
  g_autofree char *parameters = NULL;
  gint64 before = g_get_real_time () / 1000;
  gboolean audio, video;

  harness_notify (h, INVITATION, "s1",
      "\"originatorAddress\": \"sip:bob@ex.org\", \"originatorName\": \"Bob\","
      "\"tParticipantAddress\": \"sip:alice@ex.org\", \"offer\": {\"sdp\": "
      "\"" HARNESS_SDP "\"}, \"customParameters\": [{\"name\": \"x-a\", "
      "\"value\": \"b\"}, {\"name\": \"x-c\"}, {\"name\": 1, \"value\": 2}, "
      "[], 7, null]");
  harness_expect_events (h, "receive; newTrack remote; sc Initiating->Ringing");
  harness_expect_requests (h, "PUT s1/status Ringing");
  harness_expect_engine (h, "take_offer");
  g_assert_null (h->factory_options);
  parameters =
      g_variant_print (kandy_call_get_custom_parameters (h->call), FALSE);
  g_assert_cmpstr (parameters, ==, "{'x-a': 'b'}");
  g_assert_cmpstr (kandy_call_get_from (h->call), ==, "sip:bob@ex.org");
  g_assert_cmpstr (kandy_call_get_to (h->call), ==, "sip:alice@ex.org");
  g_assert_cmpstr (kandy_call_get_remote_display_name (h->call), ==, "Bob");
  info = g_variant_ref_sink (kandy_call_to_variant (h->call));
  offered = g_variant_lookup_value (info, "mediaOffered", NULL);
  g_assert_true (g_variant_lookup (offered, "audio", "b", &audio) && audio);
  g_assert_true (g_variant_lookup (offered, "video", "b", &video) && !video);

  kandy_call_answer_async (h->call, options, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op ANSWER START; newTrack local; op ANSWER FINISH {ANSWER/ONGOING}; "
      "sc Ringing->Connected");
  harness_expect_requests (h, "PUT s1/answer");
  harness_expect_engine (h, "create_answer, commit_answer");
  g_assert_true (fake_engine_get_answer_options (h->engine) == options);
  g_assert_cmpint (kandy_call_get_start_time (h->call), >=, before);

  /* It is ours: another device's loss is no matter of this call */
  harness_event (h, "s1", "Cancelled");
  harness_expect_events (h, "");

  harness_notify (h, "wrtcsEventNotification", "s1",
      "\"eventType\": \"SessionEnded\", \"statusCode\": 9905, "
      "\"reasonText\": \"over\"");
  harness_expect_events (
      h, "trackEnded local; op END FINISH remote; sc Connected->Ended (9905)");
  harness_expect_requests (h, "");
  g_assert_cmpint (kandy_call_get_end_time (h->call), >=, before);
}

static void
test_receive_manual (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_INITIATED);
  kandy_call_send_ringing_feedback_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op SEND_RINGING_FEEDBACK START; "
      "op SEND_RINGING_FEEDBACK FINISH {SEND_RINGING_FEEDBACK/ONGOING}; "
      "sc Initiated->Ringing");
  harness_expect_requests (h, "PUT s1/status Ringing");

  kandy_call_send_ringing_feedback_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
}

static void
test_feedback_refused (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_INITIATED);
  harness_fault (h, "PUT", "status", 500, "{}", 1);
  kandy_call_send_ringing_feedback_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "500");
  harness_expect_events (h,
      "op SEND_RINGING_FEEDBACK START; op SEND_RINGING_FEEDBACK FINISH "
      "{SEND_RINGING_FEEDBACK/ONGOING} !500; sc Initiated->Initiated !500");
}

static void
test_ringing_refused (Harness *h, gconstpointer data)
{
  harness_fault (h, "PUT", "status", 500, "{}", 1);
  harness_sdp (h, INVITATION, "s1", HARNESS_SDP);
  harness_expect_events (
      h, "receive; newTrack remote; sc Initiating->Initiated");
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);
}

static void
test_answer_refused (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "answer", 403, "{}", 1);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "403");
  harness_expect_events (h,
      "op ANSWER START; newTrack local; "
      "op ANSWER FINISH {ANSWER/ONGOING} !403; sc Ringing->Ringing !403");
  harness_expect_engine (h, "create_answer");

  /* And once more, with the same description */
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op ANSWER START; op ANSWER FINISH {ANSWER/ONGOING}; "
      "sc Ringing->Connected");
  harness_expect_engine (h, "commit_answer");
  harness_expect_requests (h, "PUT s1/answer, PUT s1/answer");
}

static void
test_answer_media_failure (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  fake_script_fail (&h->script, "create_answer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no microphone"));
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:4");
  harness_expect_events (h,
      "op ANSWER START; op ANSWER FINISH {ANSWER/ONGOING} !call:4; "
      "sc Ringing->Ringing !call:4");
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
}

static void
test_unusable_invitation (Harness *h, gconstpointer data)
{
  fake_script_fail (&h->script, "take_offer",
      kandy_error_new (KANDY_ERROR_MEDIA, "call:9", 0, "no common codec"));
  harness_sdp (h, INVITATION, "s1", HARNESS_SDP);
  harness_expect_events (
      h, "receive; op END FINISH !call:9; sc Initiating->Ended !call:9");
  harness_expect_requests (h, "DELETE s1");

  h->no_engine = TRUE;
  harness_sdp (h, INVITATION, "s2", HARNESS_SDP);
  harness_expect_events (
      h, "receive; op END FINISH !call:3; sc Initiating->Ended !call:3");
  harness_expect_requests (h, "DELETE s2");

  harness_notify (h, INVITATION, "s3", "\"offer\": {\"sdp\": []}");
  harness_expect_events (
      h, "receive; op END FINISH !call:9; sc Initiating->Ended !call:9");
  harness_expect_requests (h, "DELETE s3");
}

static void
test_malformed_notifications (Harness *h, gconstpointer data)
{
  const char *frames[] = {
    "{\"" INVITATION "\": {\"id\": \"x1\", \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x2\", \"link\": [], \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x3\", \"link\": [7], \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x4\", \"link\": {}, \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x5\", \"link\": [{\"href\": 5}], "
    "\"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x6\", \"link\": [{\"href\": "
    "\"/sessions/\"}], \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x7\", \"link\": [{\"href\": "
    "\"/sessions/a\\nb\"}], \"offer\": {}}}",
    "{\"" INVITATION "\": {\"id\": \"x8\", \"link\": [{\"href\": "
    "\"/sessions/s1\"}]}}",
    "{\"" INVITATION "\": {\"id\": \"x9\", \"link\": [{\"href\": "
    "\"/sessions/s1\"}], \"offer\": \"v=0\"}}",
    "{\"wrtcsEventNotification\": {\"id\": \"x10\"}}",
    "{\"wrtcsEventNotification\": {\"id\": \"x11\", \"eventType\": {}}}",
    "{\"wrtcsEventNotification\": {\"id\": \"x12\", \"eventType\": "
    "\"Ringing\"}}",
    "{\"wrtcsOfferNotification\": {\"id\": \"x13\", \"offer\": {}}}",
    "{\"wrtcsAnswerNotification\": {\"id\": \"x14\", \"link\": [{\"href\": "
    "\"/sessions/s9\"}]}}",
    "{\"wrtcsIceNotification\": {\"id\": \"x15\"}}",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (frames); i++)
    harness_frame (h, frames[i]);
  harness_expect_events (h, "");
  harness_expect_requests (h, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (h->calls)), ==, 0);

  /* A live call minds them no more than the list does */
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  for (i = 0; i < G_N_ELEMENTS (frames); i++)
    harness_frame (h, frames[i]);
  harness_event (h, "s1", "Nonsense");
  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_event (h, "s1", "Ringing");
  harness_sdp (h, INVITATION, "s1", HARNESS_SDP);
  harness_expect_events (h, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (h->calls)), ==, 1);
}

static void
test_slow_start (Harness *h, gconstpointer data)
{
  g_autoptr (GVariant) info = NULL;

  harness_notify (h, INVITATION, "s1", "\"offer\": {}");
  harness_expect_events (h, "receive; sc Initiating->Ringing");
  g_assert_cmpuint (h->n_engines, ==, 0);
  info = g_variant_ref_sink (kandy_call_to_variant (h->call));
  g_assert_null (g_variant_lookup_value (info, "mediaOffered", NULL));

  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op ANSWER START; newTrack local; op ANSWER FINISH {ANSWER/ONGOING}");
  harness_expect_requests (h, "PUT s1/status Ringing, PUT s1/answer");
  harness_expect_engine (h, "create_offer INITIAL, commit_offer");
  g_assert_nonnull (strstr (h->last_sdp, "a=setup:actpass"));
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_RINGING);
  g_assert_cmpint (kandy_call_get_start_time (h->call), ==, 0);

  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  harness_forget (h);

  harness_sdp (h, "wrtcsAnswerNotification", "s1", HARNESS_SDP);
  harness_expect_events (h, "newTrack remote; sc Ringing->Connected");
  harness_expect_engine (h, "accept_answer");
  g_assert_cmpint (kandy_call_get_start_time (h->call), >, 0);
}

static void
test_slow_start_failures (Harness *h, gconstpointer data)
{
  harness_notify (h, INVITATION, "s1", "\"offer\": {}");
  harness_wait (
      h, h->call && kandy_call_get_state (h->call) == KANDY_CALL_STATE_RINGING);
  harness_forget (h);
  h->no_engine = TRUE;
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:3");
  h->no_engine = FALSE;
  fake_script_fail (&h->script, "create_offer",
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no microphone"));
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:4");
  harness_fault (h, "PUT", "answer", 500, "{}", 1);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "500");
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_CONNECTED);
}

static void
test_two_calls (Harness *h, gconstpointer data)
{
  g_autoptr (KandyCall) first = NULL;
  g_autoptr (GPtrArray) all = NULL;

  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  first = g_object_ref (h->call);
  harness_sdp (h, INVITATION, "s2", HARNESS_SDP);
  harness_expect_events (h, "receive; newTrack remote; sc Initiating->Ringing");
  g_assert_true (h->call != first);
  g_assert_cmpint (
      kandy_call_get_state (first), ==, KANDY_CALL_STATE_CONNECTED);
  all = kandy_calls_get_all (h->calls);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_true (all->pdata[0] == first);
  g_assert_true (
      kandy_calls_get_by_id (h->calls, kandy_call_get_id (h->call)) == h->call);
  g_assert_null (kandy_calls_get_by_id (h->calls, "nobody"));

  kandy_call_reject_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op REJECT START; op REJECT FINISH {REJECT/ONGOING}; sc Ringing->Ended");
  harness_expect_requests (h, "PUT s2/status Ringing, DELETE s2");
  harness_event (h, "s1", "SessionEnded");
  harness_wait (h, kandy_call_get_state (first) == KANDY_CALL_STATE_ENDED);
}

static void
test_timings (Harness *h, gconstpointer data)
{
  static const char *const marks[] = { "offer-created", "session-created",
    "connected", "mine" };
  g_autoptr (GVariant) timings = NULL;
  gint64 last = 0, when;
  guint i;

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  kandy_call_add_timing (h->call, "mine");
  kandy_call_add_timing (h->call, "offer-created");
  timings = g_variant_ref_sink (kandy_call_get_timings (h->call));
  for (i = 0; i < G_N_ELEMENTS (marks); i++) {
    g_assert_true (g_variant_lookup (timings, marks[i], "x", &when));
    g_assert_cmpint (when, >=, last);
    last = when;
  }
}

static void
make_and_end (Harness *h)
{
  g_autoptr (GError) error = NULL;

  g_set_object (&h->call, kandy_calls_make (h->calls, "bob", NULL, &error));
  g_assert_no_error (error);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_INITIATED);
  harness_sdp (h, ACCEPTANCE, "s1", HARNESS_SDP);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_CONNECTED);
  kandy_call_end_async (h->call, NULL, NULL, NULL);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  harness_forget (h);
}

/* A call that is over stays in the list, but weighs little */
static void
test_weight (Harness *h, gconstpointer data)
{
  const guint n_calls = 200;
  gsize before, after;
  guint i;

  for (i = 0; i < 50; i++)
    make_and_end (h);
  before = mallinfo2 ().uordblks;
  for (i = 0; i < n_calls; i++)
    make_and_end (h);
  after = mallinfo2 ().uordblks;
  g_test_message (
      "%.1f KiB a call", ((double) after - (double) before) / n_calls / 1024);
  g_assert_cmpuint (after, <, before + n_calls * 4 * 1024);
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (h->calls)), ==, n_calls + 50);
}

#define add(name, func)                                                        \
  g_test_add ("/calls/establish/" name, Harness, NULL, harness_set_up, func,   \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("make", test_make);
  add ("make-without-ringing", test_make_without_ringing);
  add ("early-notifications", test_early_notifications);
  add ("make-failures", test_make_failures);
  add ("make-media-failures", test_make_media_failures);
  add ("make-arguments", test_make_arguments);
  add ("bad-answers", test_bad_answers);
  add ("huge-answer", test_huge_answer);
  add ("receive", test_receive);
  add ("receive-manual", test_receive_manual);
  add ("feedback-refused", test_feedback_refused);
  add ("ringing-refused", test_ringing_refused);
  add ("answer-refused", test_answer_refused);
  add ("answer-media-failure", test_answer_media_failure);
  add ("unusable-invitation", test_unusable_invitation);
  add ("malformed-notifications", test_malformed_notifications);
  add ("slow-start", test_slow_start);
  add ("slow-start-failures", test_slow_start_failures);
  add ("two-calls", test_two_calls);
  add ("timings", test_timings);
  add ("weight", test_weight);

  return g_test_run ();
}
