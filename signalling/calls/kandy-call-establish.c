/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-config.h"
#include "kandy-error.h"
#include "kandy-json.h"
#include "kandy-media-options.h"

#include <string.h>

/*
 * How calls come about (protocol calls 4.1, 4.2, 4.10): make, invitation,
 * ringing, answer.
 */

#define STATUS_RINGING "Ringing"

/* A call can be answered without the caller having been told that it rings, so
 * a platform that does not reply is not waited for any longer than this */
#define RINGING_TIMEOUT_MS 4000

static void
wait_for_servers (KandyCall *self, KandyCallFunc then)
{
  if (kandy_calls_know_servers (self->calls))
    then (self);
  else
    self->when_servers_known = then;
}

void
kandy_call_servers_known (KandyCall *self)
{
  KandyCallFunc then = self->when_servers_known;

  if (!then)
    return;
  self->when_servers_known = NULL;
  then (self);
  kandy_call_flush (self);
}

/* The error of an engine that does not speak our language */
GError *
kandy_call_media_error (
    const GError *error, const char *platform_code, const char *what)
{
  if (error->domain == KANDY_ERROR)
    return g_error_copy (error);
  return kandy_error_new (
      KANDY_ERROR_MEDIA, platform_code, 0, "%s: %s", what, error->message);
}

/* Connected for the first time; @previous is for the caller's events */
static void
connect_call (KandyCall *self, KandyCallSnapshot *previous)
{
  *previous = kandy_call_snapshot (self);
  kandy_call_set_state (self, KANDY_CALL_STATE_CONNECTED);
  kandy_call_set_start_time (self);
  kandy_call_add_timing (self, "connected");
  kandy_call_start_audit (self, TRUE);
}

/* The answer to our first offer has been taken */
void
kandy_call_connect (KandyCall *self)
{
  KandyCallSnapshot previous;

  connect_call (self, &previous);
  if (self->local_op.type == KANDY_OPERATION_MAKE)
    kandy_call_finish (self, &previous, NULL);
  else
    kandy_call_queue_state_change (self, &previous, NULL, NULL);
}

/* --- make ---------------------------------------------------------------- */

static void
fail_make (KandyCall *self, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;

  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, FALSE, error);
  kandy_call_queue_operation (
      self, KANDY_OPERATION_MAKE, KANDY_TRANSITION_FINISH, TRUE, &info, error);
  kandy_call_queue_state_change (self, &previous, NULL, error);
}

static void
on_created (KandyCall *self, JsonObject *reply, const GError *error)
{
  g_autofree char *session_id = NULL;
  g_autoptr (GError) lost = NULL;
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  JsonObject *session;

  self->create_in_flight = FALSE;
  if (!self->calls)
    return;
  if (reply) {
    session = kandy_json_get_object (reply, "wrtcsSession");
    session_id = kandy_call_session_id_from_uri (
        session ? kandy_json_get_string (session, "resourceURL") : NULL);
    if (!session_id)
      error = lost = kandy_error_new (KANDY_ERROR_PROTOCOL, "call:2", 0,
          "Create session: the platform's reply names no session.");
  }
  if (self->over) {
    kandy_calls_create_done (self->calls, self, NULL);
    if (self->delete_when_created && session_id) {
      kandy_call_set_session_id (self, session_id);
      kandy_call_request_delete (self, NULL);
    }
    return;
  }
  if (error) {
    kandy_calls_create_done (self->calls, self, NULL);
    fail_make (self, error);
    return;
  }

  kandy_call_set_session_id (self, session_id);
  kandy_media_engine_commit_offer (self->engine);
  self->awaiting_answer = TRUE;
  kandy_call_add_timing (self, "session-created");
  kandy_call_set_state (self, KANDY_CALL_STATE_INITIATED);
  kandy_call_mark_pending (self);
  kandy_call_queue_state_change (self, &previous, NULL, NULL);
  kandy_call_start_audit (self, FALSE);
  /* What came early comes after these events, if they leave a call */
  kandy_call_flush (self);
  if (self->calls)
    kandy_calls_create_done (self->calls, self, self->over ? NULL : session_id);
}

static void
on_first_offer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  g_autofree char *sdp = kandy_media_engine_create_offer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  sdp = kandy_call_filter_local (self, sdp, "offer");
  if (self->over)
    return;
  if (!sdp) {
    media_error =
        kandy_call_media_error (error, "call:4", "No offer could be made");
    fail_make (self, media_error);
  } else {
    kandy_call_add_timing (self, "offer-created");
    self->create_in_flight = TRUE;
    kandy_calls_create_started (self->calls);
    kandy_call_request_create (self, sdp, on_created);
  }
  kandy_call_flush (self);
}

static void
make_offer (KandyCall *self)
{
  g_autoptr (GError) error = NULL;

  if (!kandy_call_ensure_engine (self, self->options, &error)) {
    fail_make (self, error);
    return;
  }
  kandy_media_engine_create_offer_async (self->engine,
      KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL, on_first_offer,
      g_object_ref (self));
}

void
kandy_call_announce (KandyCall *self)
{
  kandy_clear_source (&self->start_source);
  kandy_call_begin (self, KANDY_OPERATION_MAKE, NULL, NULL);
  kandy_call_queue_event (self, self->calls, "call:start",
      g_variant_new_parsed ("{'callId': <%s>}", self->id));
}

static gboolean
on_start (gpointer user_data)
{
  g_autoptr (KandyCall) self = g_object_ref (user_data);

  kandy_call_announce (self);
  /* A listener may end the call now, before anything was done for it */
  kandy_call_flush (self);
  if (!self->over)
    wait_for_servers (self, make_offer);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

/* The events of make() come when it has returned, so that the application can
 * connect to the call's signals first */
void
kandy_call_start (KandyCall *self)
{
  self->start_source = kandy_calls_add_timeout (self->calls, 0, on_start, self);
}

/* --- invitation ---------------------------------------------------------- */

static void
invitation_processed (KandyCall *self, KandyCallState state)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);

  kandy_call_set_state (self, state);
  if (state == KANDY_CALL_STATE_RINGING)
    kandy_call_add_timing (self, "ringing");
  kandy_call_queue_state_change (self, &previous, NULL, NULL);
  kandy_call_start_audit (self, FALSE);
  kandy_call_step_done (self);
}

static void
on_rung (KandyCall *self, JsonObject *reply, const GError *error)
{
  if (self->over)
    return;
  if (error)
    kandy_call_warn (self, "no ringing feedback: %s", error->message);
  invitation_processed (
      self, error ? KANDY_CALL_STATE_INITIATED : KANDY_CALL_STATE_RINGING);
}

static gboolean
rings_by_itself (KandyCall *self)
{
  g_autofree char *mode = kandy_config_get_string (
      kandy_client_get_config (kandy_call_get_client (self)),
      "call.ringingFeedbackMode");

  return g_strcmp0 (mode, "manual") != 0;
}

static void
ring (KandyCall *self)
{
  if (rings_by_itself (self))
    kandy_call_request_status (
        self, STATUS_RINGING, RINGING_TIMEOUT_MS, on_rung);
  else
    invitation_processed (self, KANDY_CALL_STATE_INITIATED);
}

static void
on_invitation_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  gboolean taken = kandy_media_engine_take_offer_finish (
      KANDY_MEDIA_ENGINE (source), result, NULL, NULL, &error);

  if (self->over)
    return;
  if (taken) {
    ring (self);
  } else {
    /* Nothing could answer it. The caller should know, so the session is
     * ended at the platform too. */
    media_error = kandy_call_media_error (
        error, "call:9", "The invitation's offer cannot be used");
    kandy_call_fail (self, TRUE, media_error);
  }
  kandy_call_flush (self);
}

static void
take_first_offer (KandyCall *self)
{
  g_autoptr (GError) error = NULL;

  if (!kandy_call_ensure_engine (self, NULL, &error)) {
    kandy_call_fail (self, TRUE, error);
    return;
  }
  kandy_call_filter_remote (self, &self->current->sdp, "offer");
  if (self->over)
    return;
  kandy_media_engine_take_offer_async (self->engine, self->current->sdp, FALSE,
      NULL, on_invitation_taken, g_object_ref (self));
}

void
kandy_call_take_invitation (KandyCall *self, KandyCallNotification *invitation)
{
  if (invitation->sdp_error)
    kandy_call_fail (self, TRUE, invitation->sdp_error);
  else if (invitation->sdp)
    wait_for_servers (self, take_first_offer);
  else
    ring (self);
}

/* Which kinds of media the offer has, whatever their direction (protocol calls
 * 6.10); the registered ones, as this text comes from a stranger */
static GVariant *
media_offered (const char *sdp)
{
  static const char *const kinds[] = { "audio", "video", "application", "image",
    "message", "text" };
  gboolean offered[G_N_ELEMENTS (kinds)] = { FALSE };
  GVariantDict dict;
  GVariant *found;
  const char *line;
  gsize i, length;

  for (line = sdp; line; line = strpbrk (line, "\r\n")) {
    line += strspn (line, "\r\n");
    for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
      length = strlen (kinds[i]);
      if (g_str_has_prefix (line, "m=")
          && strncmp (line + 2, kinds[i], length) == 0
          && line[2 + length] == ' ')
        offered[i] = TRUE;
    }
  }

  g_variant_dict_init (&dict, NULL);
  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (offered[i] || i < 2)
      g_variant_dict_insert (&dict, kinds[i], "b", offered[i]);
  found = g_variant_ref_sink (g_variant_dict_end (&dict));
  /* It is kept with the call for as long as the client lives: in one piece, not
   * as a tree of small ones */
  g_variant_get_data (found);
  return found;
}

/* @invitation: (transfer full) */
void
kandy_call_receive (KandyCall *self, KandyCallNotification *invitation)
{
  GVariantDict dict;

  /* Whoever watches the list may have destroyed the client */
  if (self->over) {
    kandy_call_notification_free (invitation);
    return;
  }
  kandy_call_set_session_id (self, invitation->session_id);
  kandy_call_set_remote (
      self, invitation->originator_name, invitation->originator_address);
  if (invitation->custom_parameters)
    self->custom_parameters = g_variant_ref (invitation->custom_parameters);
  self->slow_start = !invitation->sdp && !invitation->sdp_error;
  if (invitation->sdp)
    self->media_offered = media_offered (invitation->sdp);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  if (self->media_offered)
    g_variant_dict_insert_value (&dict, "mediaOffered", self->media_offered);
  if (self->custom_parameters)
    g_variant_dict_insert_value (
        &dict, "customParameters", self->custom_parameters);
  kandy_call_queue_event (
      self, self->calls, "call:receive", g_variant_dict_end (&dict));
  kandy_call_flush (self);
  kandy_call_notify (self, invitation);
}

/* --- answer -------------------------------------------------------------- */

static void
fail_answer (KandyCall *self, const GError *error)
{
  kandy_call_finish_in_vain (self, error);
  kandy_call_step_done (self);
}

static void
on_answered (KandyCall *self, JsonObject *reply, const GError *error)
{
  KandyCallSnapshot previous;

  if (self->over)
    return;
  if (error) {
    fail_answer (self, error);
    return;
  }
  if (self->slow_start) {
    /* What was sent is an offer, and the call is not connected before its
     * answer (protocol calls 4.10) */
    kandy_media_engine_commit_offer (self->engine);
    self->awaiting_answer = TRUE;
    kandy_call_set_state (self, KANDY_CALL_STATE_RINGING);
    kandy_call_finish (self, NULL, NULL);
    kandy_call_start_audit (self, TRUE);
  } else {
    kandy_media_engine_commit_answer (self->engine);
    self->dtls_passive = kandy_call_sdp_has_setup (self->answer_sdp, "passive");
    connect_call (self, &previous);
    kandy_call_finish (self, &previous, NULL);
  }
  g_clear_pointer (&self->answer_sdp, g_free);
  kandy_call_step_done (self);
}

static void
take_own_answer (KandyCall *self, char *sdp, const GError *error)
{
  g_autoptr (GError) media_error = NULL;

  if (self->over) {
    g_free (sdp);
  } else if (!sdp) {
    media_error =
        kandy_call_media_error (error, "call:4", "No answer could be made");
    fail_answer (self, media_error);
  } else {
    kandy_call_add_timing (self, "answer-created");
    self->answer_sdp = sdp;
    kandy_call_request_answer (self, sdp, on_answered);
  }
  kandy_call_flush (self);
}

static void
on_answer_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL;
  char *sdp = kandy_media_engine_create_answer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  take_own_answer (self, kandy_call_filter_local (self, sdp, "answer"), error);
}

static void
on_slow_start_offer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL;
  char *sdp = kandy_media_engine_create_offer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  take_own_answer (self, kandy_call_filter_local (self, sdp, "offer"), error);
}

static void
make_slow_start_offer (KandyCall *self)
{
  g_autoptr (GError) error = NULL;

  if (!kandy_call_ensure_engine (self, self->options, &error)) {
    fail_answer (self, error);
    return;
  }
  kandy_media_engine_create_offer_async (self->engine,
      KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL, on_slow_start_offer,
      g_object_ref (self));
}

static void
answer_step (KandyCall *self)
{
  /* A second try, after the platform refused the first one: the engine has
   * described itself and cannot do it again */
  if (self->answer_sdp)
    kandy_call_request_answer (self, self->answer_sdp, on_answered);
  else if (self->slow_start)
    wait_for_servers (self, make_slow_start_offer);
  else
    kandy_media_engine_create_answer_async (self->engine, self->options, FALSE,
        NULL, on_answer_created, g_object_ref (self));
}

/**
 * kandy_call_answer_async:
 * @self: a call
 * @options: (nullable): what is sent and received; %NULL sends nothing
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call is connected, or is not
 * @user_data: data for @callback
 *
 * Answers an incoming call that is Initiated or Ringing (API document:
 * `call.answer`; operation ANSWER). The call becomes Connected; if the
 * invitation brought no offer (slow start), it does so later, when the far end
 * has answered ours. If the platform refuses, the call stays as it is and may
 * be answered once more.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_answer_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (!options || KANDY_IS_MEDIA_OPTIONS (options));

  task = kandy_call_task_new (
      self, kandy_call_answer_async, cancellable, callback, user_data);
  if (kandy_call_begin (self, KANDY_OPERATION_ANSWER, task,
          kandy_call_check_state (self, "answer"))) {
    kandy_call_set_options (self, options);
    kandy_call_add_timing (self, "answer");
    kandy_call_push_step (self, answer_step);
  }
  kandy_call_flush (self);
}

/* --- ringing feedback ---------------------------------------------------- */

static void
on_feedback_sent (KandyCall *self, JsonObject *reply, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);

  if (self->over)
    return;
  if (error) {
    kandy_call_finish_in_vain (self, error);
    return;
  }
  kandy_call_set_state (self, KANDY_CALL_STATE_RINGING);
  kandy_call_add_timing (self, "ringing");
  kandy_call_finish (self, &previous, NULL);
}

static GError *
check_feedback (KandyCall *self)
{
  if (self->calls && rings_by_itself (self))
    return kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
        "Ringing feedback is sent by itself unless the configuration's "
        "call.ringingFeedbackMode is 'manual'.");
  if (self->state != KANDY_CALL_STATE_INITIATED)
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot send ringing feedback for a call that is %s; it must be "
        "Initiated.",
        kandy_call_state_to_string (self->state));
  if (self->direction != KANDY_CALL_DIRECTION_INCOMING)
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot send ringing feedback for a call that was made here; it must "
        "be incoming.");
  return NULL;
}

/**
 * kandy_call_send_ringing_feedback_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the caller has been told, or has not
 * @user_data: data for @callback
 *
 * Tells the caller that the called party is being alerted (API document:
 * `call.sendRingingFeedback`; operation SEND_RINGING_FEEDBACK). Only with
 * `call.ringingFeedbackMode` set to `manual`, else `call:5`, and for an
 * incoming call that is Initiated; it becomes Ringing.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_send_ringing_feedback_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (self, kandy_call_send_ringing_feedback_async,
      cancellable, callback, user_data);
  if (kandy_call_begin (self, KANDY_OPERATION_SEND_RINGING_FEEDBACK, task,
          check_feedback (self)))
    kandy_call_request_status (
        self, STATUS_RINGING, RINGING_TIMEOUT_MS, on_feedback_sent);
  kandy_call_flush (self);
}
