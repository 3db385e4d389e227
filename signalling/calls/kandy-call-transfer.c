/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-error.h"

/*
 * Calls that go to somebody else: forwarded before they are answered, or
 * transferred while they are held (protocol calls 1.2, rows R9 to R11, and
 * 2.6).
 *
 * A consultative transfer puts two calls together. Both have the operation, so
 * that neither is held, unheld or transferred meanwhile; the one that it was
 * asked of does the work, the other one is its partner.
 */

/* The target rings for a minute at the platform, then the outcome is told */
#define TRANSFER_TIMEOUT_MS 90000

/* Protocol calls 2.7 */
#define STATUS_TRANSFERRED 9905
#define STATUS_FORWARDED 9908

/* --- forward ------------------------------------------------------------- */

static void
on_forwarded (KandyCall *self, JsonObject *reply, const GError *error)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;
  GTask *task;

  if (self->over || info.type != KANDY_OPERATION_FORWARD_CALL)
    return;
  if (error) {
    kandy_call_finish_in_vain (self, error);
    return;
  }
  task = g_steal_pointer (&self->task);
  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, FALSE, NULL);
  kandy_call_queue_operation (
      self, info.type, KANDY_TRANSITION_FINISH, TRUE, &info, NULL);
  kandy_call_queue_state_change (self, &previous,
      kandy_call_transition (
          &previous, TRUE, STATUS_FORWARDED, "The call was forwarded."),
      NULL);
  kandy_call_queue_answer (self, task, NULL);
}

/* --- transfer ------------------------------------------------------------ */

static void
part (KandyCall *self)
{
  KandyCall *partner = self->partner;

  kandy_clear_source (&self->transfer_timer);
  if (!partner)
    return;
  self->partner = NULL;
  g_clear_object (&partner->partner);
  g_object_unref (partner);
}

/* (transfer full) (nullable): no longer tied to @self */
static KandyCall *
steal_partner (KandyCall *self)
{
  KandyCall *partner = self->partner ? g_object_ref (self->partner) : NULL;

  part (self);
  return partner;
}

static gboolean
transfers (KandyCall *self)
{
  return self->local_op.type == KANDY_OPERATION_DIRECT_TRANSFER
      || self->local_op.type == KANDY_OPERATION_CONSULTATIVE_TRANSFER;
}

/* The call stays held */
static void
fail_transfer (KandyCall *self, const GError *error)
{
  g_autoptr (KandyCall) partner = steal_partner (self);

  kandy_call_finish_in_vain (self, error);
  if (partner && !partner->over && transfers (partner)) {
    kandy_call_finish_in_vain (partner, error);
    kandy_call_flush (partner);
  }
}

static void
end_transferred (KandyCall *self)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);
  KandyOperationInfo info = self->local_op;
  GTask *task = g_steal_pointer (&self->task);

  /* the platform may have seen to it; then this is refused, and no matter */
  if (self->session_id)
    kandy_call_request_delete (self, NULL);
  kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, TRUE, NULL);
  kandy_call_queue_operation (
      self, info.type, KANDY_TRANSITION_FINISH, TRUE, &info, NULL);
  kandy_call_queue_state_change (self, &previous,
      kandy_call_transition (
          &previous, TRUE, STATUS_TRANSFERRED, "The call was transferred."),
      NULL);
  if (task)
    kandy_call_queue_answer (self, task, NULL);
}

static gboolean
on_no_outcome (gpointer user_data)
{
  g_autoptr (KandyCall) self = g_object_ref (user_data);
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_TIMEOUT, "call:2", 0,
      "The platform did not say what became of the transfer.");

  kandy_clear_source (&self->transfer_timer);
  fail_transfer (self, error);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

static void
on_transfer_taken (KandyCall *self, JsonObject *reply, const GError *error)
{
  /* the outcome may have overtaken the reply */
  if (self->over || !transfers (self))
    return;
  if (error) {
    fail_transfer (self, error);
    return;
  }
  kandy_call_mark_pending (self);
  self->transfer_timer = kandy_calls_add_timeout (
      self->calls, TRANSFER_TIMEOUT_MS, on_no_outcome, self);
}

static GError *
check_held (KandyCall *self)
{
  if (self->state == KANDY_CALL_STATE_ON_HOLD && !self->over)
    return NULL;
  return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
      "Cannot transfer a call that is %s; it must be On Hold.",
      kandy_call_state_to_string (self->state));
}

static GError *
check_partner (KandyCall *self, KandyCall *other)
{
  GError *error = check_held (self);

  if (!error && other == self)
    error = kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "A call cannot be transferred to itself.");
  if (!error && other->calls != self->calls)
    error = kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "Both calls must be of the same client.");
  if (!error)
    error = check_held (other);
  if (!error
      && (other->local_op.type != KANDY_OPERATION_NONE
          || other->remote_op.type != KANDY_OPERATION_NONE
          || other->ending != KANDY_OPERATION_NONE))
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The other call has an ongoing operation.");
  return error;
}

void
kandy_call_transfer_completed (KandyCall *self)
{
  g_autoptr (KandyCall) partner = NULL;

  if (self->over || !transfers (self))
    return;
  partner = steal_partner (self);
  end_transferred (self);
  if (partner && !partner->over) {
    end_transferred (partner);
    kandy_call_flush (partner);
  }
}

void
kandy_call_transfer_failed (
    KandyCall *self, KandyCallNotification *notification)
{
  g_autoptr (GError) error = NULL;

  if (self->over || !transfers (self))
    return;
  error = kandy_error_new (KANDY_ERROR_REFUSED, "call:2", 0,
      "The transfer failed%s%s.", notification->reason_text ? ": " : "",
      notification->reason_text ? notification->reason_text : "");
  fail_transfer (self, error);
}

static gboolean
on_partner_gone (gpointer user_data)
{
  g_autoptr (KandyCall) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  kandy_clear_source (&self->transfer_timer);
  if (!self->over && transfers (self)) {
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The other call of the transfer ended.");
    kandy_call_finish_in_vain (self, error);
    kandy_call_flush (self);
  }
  return G_SOURCE_REMOVE;
}

/* The call goes its last way; its partner hears of it once that has been told
 */
void
kandy_call_clear_transfer (KandyCall *self)
{
  g_autoptr (KandyCall) partner = steal_partner (self);

  if (partner && !partner->over && partner->calls) {
    kandy_clear_source (&partner->transfer_timer);
    partner->transfer_timer =
        kandy_calls_add_timeout (partner->calls, 0, on_partner_gone, partner);
  }
}

/**
 * kandy_call_forward_async:
 * @self: a call
 * @destination: who is to take the call, as for kandy_calls_make()
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the call has been forwarded, or not
 * @user_data: data for @callback
 *
 * Lets somebody else answer an incoming call that is Initiated or Ringing
 * (operation FORWARD_CALL, which the API document does not show). The caller
 * notices nothing but that it goes on ringing; here the call is Ended. If the
 * platform refuses, the call is as it was.
 *
 * Finish with kandy_call_operation_finish(): %KANDY_ERROR_INVALID_PARAM
 * (`call:7`) for a @destination that nobody can have,
 * %KANDY_ERROR_INVALID_STATE (`call:6`).
 */
void
kandy_call_forward_async (KandyCall *self, const char *destination,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *address = NULL;
  GError *invalid;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (destination != NULL);

  task = kandy_call_task_new (
      self, kandy_call_forward_async, cancellable, callback, user_data);
  invalid = kandy_call_check_state (self, "forward");
  if (!invalid)
    address = kandy_calls_normalize (self->calls, destination, &invalid);
  if (kandy_call_begin (self, KANDY_OPERATION_FORWARD_CALL, task, invalid))
    kandy_call_request_forward (self, address, on_forwarded);
  kandy_call_flush (self);
}

/**
 * kandy_call_transfer_async:
 * @self: a call
 * @destination: who is to take this end's place, as for kandy_calls_make()
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the far ends talk, or do not
 * @user_data: data for @callback
 *
 * Connects the far end of a call that is On Hold with somebody else, who has
 * not been asked (operation DIRECT_TRANSFER, which the API document does not
 * show). The call is Ended once they are connected, and On Hold as before if
 * @destination does not answer.
 *
 * Finish with kandy_call_operation_finish(): %KANDY_ERROR_INVALID_PARAM
 * (`call:7`) for a @destination that nobody can have,
 * %KANDY_ERROR_INVALID_STATE (`call:6`), %KANDY_ERROR_REFUSED (`call:2`) if
 * nobody took the call.
 */
void
kandy_call_transfer_async (KandyCall *self, const char *destination,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *address = NULL;
  GError *invalid;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (destination != NULL);

  task = kandy_call_task_new (
      self, kandy_call_transfer_async, cancellable, callback, user_data);
  invalid = check_held (self);
  if (!invalid)
    address = kandy_calls_normalize (self->calls, destination, &invalid);
  if (kandy_call_begin (self, KANDY_OPERATION_DIRECT_TRANSFER, task, invalid))
    kandy_call_request_transfer (self, address, NULL, on_transfer_taken);
  kandy_call_flush (self);
}

/**
 * kandy_call_consultative_transfer_async:
 * @self: a call
 * @other: another call of the same client
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the far ends talk, or do not
 * @user_data: data for @callback
 *
 * Connects the far ends of two calls that are On Hold with each other
 * (operation CONSULTATIVE_TRANSFER of both, which the API document does not
 * show): @other is the one in which the transfer was announced. Both are Ended
 * once the far ends are connected, and On Hold as before if that fails.
 *
 * Finish with kandy_call_operation_finish(): %KANDY_ERROR_INVALID_PARAM
 * (`call:7`) for calls that do not fit, %KANDY_ERROR_INVALID_STATE (`call:6`),
 * %KANDY_ERROR_REFUSED (`call:2`).
 */
void
kandy_call_consultative_transfer_async (KandyCall *self, KandyCall *other,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (KANDY_IS_CALL (other));

  task = kandy_call_task_new (self, kandy_call_consultative_transfer_async,
      cancellable, callback, user_data);
  if (kandy_call_begin (self, KANDY_OPERATION_CONSULTATIVE_TRANSFER, task,
          check_partner (self, other))) {
    kandy_call_begin (other, KANDY_OPERATION_CONSULTATIVE_TRANSFER, NULL, NULL);
    self->partner = g_object_ref (other);
    other->partner = g_object_ref (self);
    kandy_call_request_transfer (self,
        other->direction == KANDY_CALL_DIRECTION_OUTGOING ? other->to
                                                          : other->from,
        other->session_id, on_transfer_taken);
    kandy_call_flush (other);
  }
  kandy_call_flush (self);
}
