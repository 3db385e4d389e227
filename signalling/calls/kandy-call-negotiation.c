/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-config.h"
#include "kandy-error.h"

#include <string.h>

/*
 * Descriptions that come and go in a call: answers to our offers, the far end's
 * offers (protocol calls 4.5, 4.6, 4.10) and our own ones (4.7, 4.11).
 */

/* An offer that nobody answers is given up when the platform has forgotten it
 * too (protocol calls 9.4) */
#define ANSWER_TIMEOUT_MS 30000

/* Whether the first a=setup of @sdp is @role (RFC 4145) */
gboolean
kandy_call_sdp_has_setup (const char *sdp, const char *role)
{
  const char *setup = strstr (sdp, "\na=setup:");

  if (!setup)
    return FALSE;
  setup += strlen ("\na=setup:");
  return g_str_has_prefix (setup, role)
      && strchr (" \r\n", setup[strlen (role)]) != NULL;
}

/* --- our offers ---------------------------------------------------------- */

void
kandy_call_queue_media_restart (KandyCall *self, const GError *error)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (
      self, self, "call:mediaRestart", g_variant_dict_end (&dict));
}

void
kandy_call_fail_reoffer (KandyCall *self, const GError *error)
{
  gboolean restart = self->local_op.type == KANDY_OPERATION_MEDIA_RESTART;

  kandy_call_finish_in_vain (self, error);
  if (restart) {
    kandy_call_queue_media_restart (self, error);
    kandy_call_restarted (self, error);
  }
}

/* @change: what the answer says about the far end's media. Who answers our hold
 * with silence does what it was asked for; else an answer tells whether the far
 * end holds, which matters if an offer or answer of it was lost. */
static void
finish_reoffer (KandyCall *self, KandyRemoteChange change)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  gboolean local = self->local_hold, remote = self->remote_hold;
  gboolean restart = self->local_op.type == KANDY_OPERATION_MEDIA_RESTART;
  gboolean changed;

  if (self->local_op.type == KANDY_OPERATION_HOLD)
    local = TRUE;
  else if (self->local_op.type == KANDY_OPERATION_UNHOLD)
    local = FALSE;
  if (change == KANDY_REMOTE_CHANGE_HOLD && !local)
    remote = TRUE;
  else if (change == KANDY_REMOTE_CHANGE_UNHOLD)
    remote = FALSE;

  changed = local != previous.local_hold || remote != previous.remote_hold;
  if (changed)
    kandy_call_set_hold (self, local, remote);
  kandy_call_finish (self, changed ? &previous : NULL, NULL);
  if (restart) {
    kandy_call_queue_media_restart (self, NULL);
    kandy_call_restarted (self, NULL);
  }
}

static gboolean
on_no_answer (gpointer user_data)
{
  KandyCall *self = user_data;
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_TIMEOUT, "call:2", 0,
      "The far end did not answer the offer.");

  kandy_clear_source (&self->answer_timer);
  kandy_call_give_offer_up (self, error);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

static void
await_answer (KandyCall *self)
{
  self->awaiting_answer = TRUE;
  self->gave_offer_up = FALSE;
  self->answer_timer = kandy_calls_add_timeout (
      self->calls, ANSWER_TIMEOUT_MS, on_no_answer, self);
}

static void
finish_slow_start (
    KandyCall *self, KandyOperation operation, const GError *error)
{
  KandyOperationInfo info = self->remote_op;

  self->remote_op = (KandyOperationInfo){ KANDY_OPERATION_NONE, FALSE };
  kandy_call_queue_operation (
      self, operation, KANDY_TRANSITION_FINISH, FALSE, &info, error);
}

/* The offer of a connected call that waits for its answer is withdrawn */
void
kandy_call_give_offer_up (KandyCall *self, const GError *error)
{
  if (!self->awaiting_answer)
    return;
  self->awaiting_answer = FALSE;
  self->gave_offer_up = TRUE;
  kandy_clear_source (&self->answer_timer);
  kandy_media_engine_drop_offer (self->engine);
  if (self->remote_op.type == KANDY_OPERATION_SLOW_START)
    finish_slow_start (self, KANDY_OPERATION_SLOW_START, error);
  else
    kandy_call_fail_reoffer (self, error);
  kandy_call_go_on (self);
}

static void
on_reoffer_sent (KandyCall *self, JsonObject *reply, const GError *error)
{
  if (self->over)
    return;
  if (error) {
    kandy_media_engine_drop_offer (self->engine);
    kandy_call_fail_reoffer (self, error);
  } else {
    kandy_media_engine_commit_offer (self->engine);
    kandy_call_mark_pending (self);
    await_answer (self);
  }
  kandy_call_step_done (self);
}

static void
on_reoffer_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  g_autofree char *sdp = kandy_media_engine_create_offer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  sdp = kandy_call_filter_local (self, sdp, "offer");
  if (self->over)
    return;
  if (sdp) {
    kandy_call_request_update (self, sdp, on_reoffer_sent);
  } else {
    media_error =
        kandy_call_media_error (error, "call:9", "No offer could be made");
    kandy_call_fail_reoffer (self, media_error);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

/* The ongoing operation's offer, in a step of the queue */
void
kandy_call_create_reoffer (KandyCall *self)
{
  KandyOfferPurpose purpose = KANDY_OFFER_PURPOSE_UPDATE;
  gboolean hold = self->local_hold;

  switch (self->local_op.type) {
    case KANDY_OPERATION_HOLD:
      purpose = KANDY_OFFER_PURPOSE_HOLD;
      hold = TRUE;
      break;
    case KANDY_OPERATION_UNHOLD:
      purpose = KANDY_OFFER_PURPOSE_UNHOLD;
      hold = FALSE;
      break;
    case KANDY_OPERATION_MEDIA_RESTART:
      purpose = KANDY_OFFER_PURPOSE_RESTART;
      break;
    default:
      break;
  }
  kandy_media_engine_create_offer_async (self->engine, purpose, hold, NULL,
      on_reoffer_created, g_object_ref (self));
}

/* The ongoing operation needs a new description */
void
kandy_call_reoffer (KandyCall *self)
{
  kandy_call_push_step (self, kandy_call_create_reoffer);
}

/* --- answers to our offers ------------------------------------------------ */

static KandyOperation
operation_of_change (KandyRemoteChange change)
{
  switch (change) {
    case KANDY_REMOTE_CHANGE_HOLD:
      return KANDY_OPERATION_HOLD;
    case KANDY_REMOTE_CHANGE_UNHOLD:
      return KANDY_OPERATION_UNHOLD;
    case KANDY_REMOTE_CHANGE_ADD_MEDIA:
      return KANDY_OPERATION_ADD_MEDIA;
    case KANDY_REMOTE_CHANGE_REMOVE_MEDIA:
      return KANDY_OPERATION_REMOVE_MEDIA;
    case KANDY_REMOTE_CHANGE_START_MOH:
      return KANDY_OPERATION_START_MOH;
    case KANDY_REMOTE_CHANGE_STOP_MOH:
      return KANDY_OPERATION_STOP_MOH;
    case KANDY_REMOTE_CHANGE_NONE:
    case KANDY_REMOTE_CHANGE_UNKNOWN:
      break;
  }
  return KANDY_OPERATION_NONE;
}

/* The answer to the offer that the far end asked for (protocol calls 4.10). The
 * state is what the holds say: nobody could take back one that nobody has. */
static void
conclude_slow_start (KandyCall *self, KandyRemoteChange change)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperation operation = operation_of_change (change);

  if (operation == KANDY_OPERATION_HOLD)
    kandy_call_set_hold (self, self->local_hold, TRUE);
  else if (operation == KANDY_OPERATION_UNHOLD)
    kandy_call_set_hold (self, self->local_hold, FALSE);
  finish_slow_start (self,
      operation == KANDY_OPERATION_NONE ? KANDY_OPERATION_SLOW_START
                                        : operation,
      NULL);
  kandy_call_queue_state_change (self, &previous, NULL, NULL);
}

static void
on_answer_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  KandyRemoteChange change = KANDY_REMOTE_CHANGE_NONE;
  gboolean accepted = kandy_media_engine_accept_answer_finish (
      KANDY_MEDIA_ENGINE (source), result, &change, NULL, &error);

  if (self->over)
    return;
  if (!accepted) {
    media_error = kandy_call_media_error (
        error, "call:2", "The far end's answer cannot be used");
    kandy_call_fail (self, FALSE, media_error);
  } else {
    self->awaiting_answer = FALSE;
    self->dtls_passive =
        kandy_call_sdp_has_setup (self->current->sdp, "active");
    if (self->remote_op.type == KANDY_OPERATION_SLOW_START)
      conclude_slow_start (self, change);
    else if (self->state == KANDY_CALL_STATE_CONNECTED
        || self->state == KANDY_CALL_STATE_ON_HOLD)
      finish_reoffer (self, change);
    else
      kandy_call_connect (self);
    kandy_call_go_on (self);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

/* An answer comes when its offer has been given up: the far end has taken what
 * is not so here. It hears how it is, unless an operation tells it anyway. */
static void
take_late_answer (KandyCall *self)
{
  gboolean late = self->gave_offer_up;

  self->gave_offer_up = FALSE;
  kandy_call_debug (self, "an answer %s is ignored",
      late ? "that comes too late" : "to no offer");
  if (late
      && (self->state == KANDY_CALL_STATE_CONNECTED
          || self->state == KANDY_CALL_STATE_ON_HOLD)
      && self->local_op.type == KANDY_OPERATION_NONE
      && self->remote_op.type == KANDY_OPERATION_NONE
      && self->ending == KANDY_OPERATION_NONE
      && kandy_call_begin (self, KANDY_OPERATION_RENEGOTIATE, NULL, NULL))
    kandy_call_reoffer (self);
  kandy_call_step_done (self);
}

void
kandy_call_take_answer (KandyCall *self, KandyCallNotification *answer)
{
  if (!self->awaiting_answer) {
    take_late_answer (self);
    return;
  }
  /* Nor is the offer given up for one of the far end while the engine accepts
   */
  kandy_clear_source (&self->answer_timer);
  kandy_clear_source (&self->held_timer);
  if (answer->sdp_error) {
    kandy_call_fail (self, FALSE, answer->sdp_error);
    return;
  }
  kandy_call_filter_remote (self, &answer->sdp, "answer");
  if (self->over)
    return;
  kandy_media_engine_accept_answer_async (
      self->engine, answer->sdp, NULL, on_answer_accepted, g_object_ref (self));
}

/* --- the far end's offers ------------------------------------------------- */

/* What the far end's offer did to the call, or did not with @error */
static void
conclude_offer (KandyCall *self, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyRemoteChange change = self->remote_change;
  KandyOperation operation;

  /* What no rule names may still be the end of a hold; and who is held by us
   * cannot hold us with an offer that differs from its answer (protocol calls
   * 4.5, 3) */
  if (change == KANDY_REMOTE_CHANGE_UNKNOWN && self->remote_hold
      && !self->local_hold && self->remote_flowing)
    change = KANDY_REMOTE_CHANGE_UNHOLD;
  else if (change == KANDY_REMOTE_CHANGE_NONE && self->local_hold
      && !self->remote_hold && !self->remote_flowing)
    change = KANDY_REMOTE_CHANGE_HOLD;

  operation = operation_of_change (change);
  if (!error && operation == KANDY_OPERATION_HOLD)
    kandy_call_set_hold (self, self->local_hold, TRUE);
  else if (!error && operation == KANDY_OPERATION_UNHOLD)
    kandy_call_set_hold (self, self->local_hold, FALSE);

  if (operation != KANDY_OPERATION_NONE)
    kandy_call_queue_operation (self, operation, KANDY_TRANSITION_FINISH, FALSE,
        &self->remote_op, error);
  if (operation == KANDY_OPERATION_NONE || operation == KANDY_OPERATION_HOLD
      || operation == KANDY_OPERATION_UNHOLD)
    kandy_call_queue_state_change (self, &previous, NULL, error);
}

static void
on_reanswer_sent (KandyCall *self, JsonObject *reply, const GError *error)
{
  if (self->over)
    return;
  if (error)
    kandy_media_engine_drop_answer (self->engine);
  else
    kandy_media_engine_commit_answer (self->engine);
  if (!error)
    kandy_call_restarted_remotely (self);
  conclude_offer (self, error);
  kandy_call_step_done (self);
}

static void
on_reanswer_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *sdp = kandy_media_engine_create_answer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  sdp = kandy_call_filter_local (self, sdp, "answer");
  if (self->over)
    return;
  if (sdp) {
    kandy_call_request_answer (self, sdp, on_reanswer_sent);
  } else {
    kandy_call_warn (
        self, "the far end's offer is not answered: %s", error->message);
    kandy_media_engine_drop_answer (self->engine);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

static void
on_offer_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean taken;

  self->remote_change = KANDY_REMOTE_CHANGE_UNKNOWN;
  self->remote_flowing = FALSE;
  taken = kandy_media_engine_take_offer_finish (KANDY_MEDIA_ENGINE (source),
      result, &self->remote_change, &self->remote_flowing, &error);

  if (self->over)
    return;
  if (taken) {
    kandy_media_engine_create_answer_async (self->engine, NULL,
        self->local_hold, NULL, on_reanswer_created, g_object_ref (self));
  } else {
    /* The call goes on as it was (protocol calls 4.5) */
    kandy_call_warn (
        self, "the far end's offer cannot be used: %s", error->message);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

static void
on_slow_reoffer_sent (KandyCall *self, JsonObject *reply, const GError *error)
{
  if (self->over)
    return;
  if (error) {
    kandy_media_engine_drop_offer (self->engine);
    finish_slow_start (self, KANDY_OPERATION_SLOW_START, error);
  } else {
    kandy_media_engine_commit_offer (self->engine);
    self->remote_op.pending = TRUE;
    await_answer (self);
  }
  kandy_call_step_done (self);
}

static void
on_slow_reoffer_created (
    GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  g_autofree char *sdp = kandy_media_engine_create_offer_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  sdp = kandy_call_filter_local (self, sdp, "offer");
  if (self->over)
    return;
  if (sdp) {
    kandy_call_request_answer (self, sdp, on_slow_reoffer_sent);
  } else {
    media_error =
        kandy_call_media_error (error, "call:9", "No offer could be made");
    finish_slow_start (self, KANDY_OPERATION_SLOW_START, media_error);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

/* The far end asks for an offer of ours */
static void
begin_slow_start (KandyCall *self)
{
  gboolean keep = kandy_config_get_boolean (
      kandy_client_get_config (kandy_call_get_client (self)),
      "call.mediaBrokerOnly");

  self->remote_op = (KandyOperationInfo){ KANDY_OPERATION_SLOW_START, FALSE };
  kandy_call_queue_operation (self, KANDY_OPERATION_SLOW_START,
      KANDY_TRANSITION_START, FALSE, NULL, NULL);
  kandy_media_engine_create_offer_async (self->engine,
      keep ? KANDY_OFFER_PURPOSE_UPDATE : KANDY_OFFER_PURPOSE_REBUILD,
      self->local_hold, NULL, on_slow_reoffer_created, g_object_ref (self));
}

void
kandy_call_take_offer (KandyCall *self, KandyCallNotification *offer)
{
  if (offer->sdp_error) {
    kandy_call_warn (self, "%s", offer->sdp_error->message);
    kandy_call_step_done (self);
  } else if (self->awaiting_answer) {
    kandy_call_hold_offer_back (self);
  } else if (self->state != KANDY_CALL_STATE_CONNECTED
      && self->state != KANDY_CALL_STATE_ON_HOLD) {
    kandy_call_warn (self, "an offer for a call that is %s is ignored",
        kandy_call_state_to_string (self->state));
    kandy_call_step_done (self);
  } else if (offer->sdp) {
    kandy_call_filter_remote (self, &offer->sdp, "offer");
    if (!self->over)
      kandy_media_engine_take_offer_async (self->engine, offer->sdp,
          self->local_hold, NULL, on_offer_taken, g_object_ref (self));
  } else {
    begin_slow_start (self);
  }
}

void
kandy_call_clear_negotiation (KandyCall *self)
{
  self->awaiting_answer = FALSE;
  kandy_clear_source (&self->answer_timer);
  kandy_call_clear_restart (self);
  kandy_call_clear_recovery (self);
  kandy_clear_source (&self->offer_timer);
}

/* --- public -------------------------------------------------------------- */

GError *
kandy_call_check_connected (KandyCall *self)
{
  if (self->state == KANDY_CALL_STATE_CONNECTED
      || self->state == KANDY_CALL_STATE_ON_HOLD)
    return NULL;
  return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
      "The call is %s; it must be Connected or On Hold.",
      kandy_call_state_to_string (self->state));
}

static GError *
check_hold (KandyCall *self, gboolean held)
{
  GError *error = kandy_call_check_connected (self);

  if (!error && self->local_hold != held)
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        held ? "The call is not held here." : "The call is held here already.");
  return error;
}

/**
 * kandy_call_hold_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call is held, or is not
 * @user_data: data for @callback
 *
 * Holds a call that is connected and not held here (API document: `call.hold`;
 * operation HOLD): nothing is sent or received any longer. The call becomes On
 * Hold. If the far end makes an offer at the same moment, one of the two is
 * refused by the platform; it may be tried again.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_hold_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_hold_async, cancellable, callback, user_data);
  if (kandy_call_begin (
          self, KANDY_OPERATION_HOLD, task, check_hold (self, FALSE)))
    kandy_call_reoffer (self);
  kandy_call_flush (self);
}

/**
 * kandy_call_unhold_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the hold has been taken back, or not
 * @user_data: data for @callback
 *
 * Takes back the hold of a call that is held here (API document: `call.unhold`;
 * operation UNHOLD). The call becomes Connected, or stays On Hold as long as
 * the far end holds it too.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_unhold_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_unhold_async, cancellable, callback, user_data);
  if (kandy_call_begin (
          self, KANDY_OPERATION_UNHOLD, task, check_hold (self, TRUE)))
    kandy_call_reoffer (self);
  kandy_call_flush (self);
}
