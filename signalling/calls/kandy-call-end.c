/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-error.h"

/*
 * How calls go: end, reject, ignore, by the far end, or lost.
 */

/* Status codes of a call:stateChange's transition (protocol calls 2.7) */
#define STATUS_AUDIT_FAILED 9909

GVariant *
kandy_call_transition (const KandyCallSnapshot *previous, gboolean has_status,
    int status, const char *reason)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (
      &dict, "prevState", "s", kandy_call_state_to_string (previous->state));
  if (has_status)
    g_variant_dict_insert (&dict, "statusCode", "i", status);
  if (reason)
    g_variant_dict_insert (&dict, "reasonText", "s", reason);
  return g_variant_dict_end (&dict);
}

/* The platform hears of it as soon as there is something to tell it about */
static void
delete_session (KandyCall *self)
{
  if (self->session_id)
    kandy_call_request_delete (self, NULL);
  else
    self->delete_when_created = self->create_in_flight;
}

void
kandy_call_end_remotely (KandyCall *self, KandyCallNotification *notification)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->remote_op;

  if (self->over)
    return;
  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, TRUE, NULL);
  kandy_call_queue_operation (
      self, KANDY_OPERATION_END, KANDY_TRANSITION_FINISH, FALSE, &info, NULL);
  kandy_call_queue_state_change (self, &previous,
      kandy_call_transition (&previous, notification->has_status_code,
          notification->status_code, notification->reason_text),
      NULL);
}

void
kandy_call_cancel_remotely (
    KandyCall *self, KandyCallNotification *notification)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);

  if (self->over)
    return;
  /* Another of the user's devices lost the race for this call; we did not
   * (protocol calls 11, row 12) */
  if (self->state == KANDY_CALL_STATE_CONNECTED
      || self->state == KANDY_CALL_STATE_ON_HOLD)
    return;
  kandy_call_terminate (self, KANDY_CALL_STATE_CANCELLED, FALSE, NULL);
  kandy_call_queue_state_change (self, &previous,
      kandy_call_transition (&previous, notification->has_status_code,
          notification->status_code, notification->reason_text),
      NULL);
}

void
kandy_call_lost (KandyCall *self)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_FAILED, "call:8", 0,
      "The platform does not know the call any longer.");

  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, TRUE, error);
  kandy_call_queue_operation (
      self, KANDY_OPERATION_END, KANDY_TRANSITION_FINISH, TRUE, &info, NULL);
  kandy_call_queue_state_change (self, &previous,
      kandy_call_transition (
          &previous, TRUE, STATUS_AUDIT_FAILED, "The call's audit failed."),
      NULL);
}

void
kandy_call_fail (KandyCall *self, gboolean as_operation, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;
  gboolean making = info.type == KANDY_OPERATION_MAKE && !info.pending;

  if (self->over)
    return;
  kandy_call_warn (self, "the call ends: %s", error->message);
  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, !making, error);
  delete_session (self);
  if (as_operation)
    kandy_call_queue_operation (self,
        making ? KANDY_OPERATION_MAKE : KANDY_OPERATION_END,
        KANDY_TRANSITION_FINISH, TRUE, &info, error);
  kandy_call_queue_state_change (self, &previous, NULL, error);
}

/* The last act of end, reject and ignore */
static void
finish_ending (KandyCall *self, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;
  KandyOperation operation = self->ending;
  GTask *task = g_steal_pointer (&self->end_task);

  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, TRUE, NULL);
  kandy_call_queue_operation (
      self, operation, KANDY_TRANSITION_FINISH, TRUE, &info, error);
  kandy_call_queue_state_change (self, &previous, NULL, error);
  kandy_call_queue_answer (self, task, error ? g_error_copy (error) : NULL);
}

static void
on_deleted (KandyCall *self, JsonObject *reply, const GError *error)
{
  /* The client may be gone meanwhile */
  if (self->ending != KANDY_OPERATION_NONE)
    finish_ending (self, error);
}

/* reject and ignore, which are refused like any operation */
static gboolean
begin_refusal (
    KandyCall *self, KandyOperation operation, GTask *task, const char *verb)
{
  if (!kandy_call_begin (
          self, operation, task, kandy_call_check_state (self, verb)))
    return FALSE;
  self->ending = operation;
  self->end_task = g_steal_pointer (&self->task);
  kandy_call_stop (self);
  return TRUE;
}

/**
 * kandy_call_reject_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call is over
 * @user_data: data for @callback
 *
 * Rejects an incoming call that is Initiated or Ringing (API document:
 * `call.reject`; operation REJECT). The caller is told. The call ends even if
 * the platform refuses; the operation then has its error.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_reject_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_reject_async, cancellable, callback, user_data);
  if (begin_refusal (self, KANDY_OPERATION_REJECT, task, "reject"))
    kandy_call_request_delete (self, on_deleted);
  kandy_call_flush (self);
}

/**
 * kandy_call_ignore_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call is over
 * @user_data: data for @callback
 *
 * Ends an incoming call that is Initiated or Ringing here only (API document:
 * `call.ignore`; operation IGNORE). Nobody is told: for the caller, and for the
 * user's other devices, it goes on ringing.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_ignore_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_ignore_async, cancellable, callback, user_data);
  if (begin_refusal (self, KANDY_OPERATION_IGNORE, task, "ignore"))
    finish_ending (self, NULL);
  kandy_call_flush (self);
}

/**
 * kandy_call_end_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call is over
 * @user_data: data for @callback
 *
 * Ends a call, whatever else is going on with it (API document: `call.end`;
 * operation END). A call that was not answered yet is withdrawn, an incoming
 * one rejected. The media stop at once; the call is Ended when the platform has
 * replied, or at once if it did not know the call yet. It ends even if the
 * platform refuses; the operation then has its error.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_end_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  GError *invalid;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_end_async, cancellable, callback, user_data);
  if (kandy_call_is_over (self) || self->ending != KANDY_OPERATION_NONE) {
    invalid = kandy_call_is_over (self)
        ? kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "Cannot end a call that is %s.",
            kandy_call_state_to_string (self->state))
        : NULL;
    kandy_call_begin (self, KANDY_OPERATION_END, task, invalid);
    kandy_call_flush (self);
    return;
  }

  if (self->start_source)
    kandy_call_announce (self);
  kandy_call_queue_operation (self, KANDY_OPERATION_END, KANDY_TRANSITION_START,
      TRUE, &self->local_op, NULL);
  self->ending = KANDY_OPERATION_END;
  self->end_task = task;
  kandy_call_stop (self);
  if (self->local_op.type == KANDY_OPERATION_NONE)
    self->local_op.type = KANDY_OPERATION_END;

  if (self->session_id) {
    kandy_call_request_delete (self, on_deleted);
  } else {
    delete_session (self);
    finish_ending (self, NULL);
  }
  kandy_call_flush (self);
}
