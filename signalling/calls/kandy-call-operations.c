/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"

/*
 * Local operations: one at a time, each with its events START, maybe UPDATE,
 * FINISH (protocol calls 3.3) and one answer to its task.
 *
 * An operation cannot be taken back, so cancelling only ends the wait for it:
 * the task is answered, the operation goes on and its events come.
 */

typedef struct {
  KandyCall *self; /* not owned: the task owns it */
  GTask *task;     /* not owned: it owns this */
  GSource *source;
} Wait;

static void
wait_free (Wait *wait)
{
  g_source_destroy (wait->source);
  g_source_unref (wait->source);
  g_free (wait);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Wait *wait = user_data;
  KandyCall *self = g_object_ref (wait->self);
  GTask *task = wait->task;

  if (self->task == task)
    self->task = NULL;
  else if (self->end_task == task)
    self->end_task = NULL;
  kandy_call_queue_answer (self, task,
      g_error_new_literal (
          G_IO_ERROR, G_IO_ERROR_CANCELLED, "The wait was cancelled"));
  kandy_call_flush (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

GTask *
kandy_call_task_new (KandyCall *self, gpointer tag, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Wait *wait;

  g_task_set_source_tag (task, tag);
  if (cancellable) {
    wait = g_new0 (Wait, 1);
    wait->self = self;
    wait->task = task;
    wait->source = g_cancellable_source_new (cancellable);
    g_source_set_callback (
        wait->source, G_SOURCE_FUNC (on_cancelled), wait, NULL);
    g_source_attach (wait->source, g_task_get_context (task));
    g_task_set_task_data (task, wait, (GDestroyNotify) wait_free);
  }
  return task;
}

/* For answer, reject and ignore (protocol calls 3.5) */
GError *
kandy_call_check_state (KandyCall *self, const char *verb)
{
  if (self->state != KANDY_CALL_STATE_INITIATED
      && self->state != KANDY_CALL_STATE_RINGING)
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot %s a call that is %s; it must be Initiated or Ringing.", verb,
        kandy_call_state_to_string (self->state));
  if (self->direction != KANDY_CALL_DIRECTION_INCOMING)
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot %s a call that was made here; it must be incoming.", verb);
  if (self->over || self->awaiting_answer)
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot %s a call that has been answered.", verb);
  return NULL;
}

/* Whether the end of an operation is also a call:stateChange */
static gboolean
changes_state (KandyOperation operation)
{
  switch (operation) {
    case KANDY_OPERATION_MEDIA_RESTART:
    case KANDY_OPERATION_ADD_MEDIA:
    case KANDY_OPERATION_ADD_BASIC_MEDIA:
    case KANDY_OPERATION_REMOVE_MEDIA:
    case KANDY_OPERATION_REMOVE_BASIC_MEDIA:
    case KANDY_OPERATION_RENEGOTIATE:
      return FALSE;
    default:
      return TRUE;
  }
}

/* The document's events call the end of a basic operation by the name of the
 * general one (protocol calls 3.3) */
static KandyOperation
name_of_end (KandyOperation operation)
{
  if (operation == KANDY_OPERATION_ADD_BASIC_MEDIA)
    return KANDY_OPERATION_ADD_MEDIA;
  if (operation == KANDY_OPERATION_REMOVE_BASIC_MEDIA)
    return KANDY_OPERATION_REMOVE_MEDIA;
  return operation;
}

/* @task: (transfer full) (nullable); @invalid: (transfer full) (nullable) */
gboolean
kandy_call_begin (
    KandyCall *self, KandyOperation operation, GTask *task, GError *invalid)
{
  KandyOperationInfo ongoing = self->local_op;
  KandyCallSnapshot snapshot = kandy_call_snapshot (self);
  g_autoptr (GError) busy = NULL;

  if (!invalid && ongoing.type == KANDY_OPERATION_NONE)
    ongoing = self->remote_op;
  if (!invalid
      && (ongoing.type != KANDY_OPERATION_NONE
          || self->ending != KANDY_OPERATION_NONE)) {
    busy = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The call has an ongoing operation: %s.",
        kandy_operation_to_string (self->ending != KANDY_OPERATION_NONE
                ? self->ending
                : ongoing.type));
    kandy_call_queue_operation (self, name_of_end (operation),
        KANDY_TRANSITION_FINISH, TRUE, &self->local_op, busy);
    kandy_call_queue_answer (self, task, g_steal_pointer (&busy));
    return FALSE;
  }

  kandy_call_queue_operation (
      self, operation, KANDY_TRANSITION_START, TRUE, &self->local_op, NULL);
  if (invalid) {
    kandy_call_queue_operation (self, name_of_end (operation),
        KANDY_TRANSITION_FINISH, TRUE, &self->local_op, invalid);
    if (changes_state (operation))
      kandy_call_queue_state_change (self, &snapshot, NULL, invalid);
    kandy_call_queue_answer (self, task, invalid);
    return FALSE;
  }

  self->local_op = (KandyOperationInfo){ operation, FALSE };
  self->task = task;
  return TRUE;
}

/* The platform has taken the operation's request; the far end's answer is due
 */
void
kandy_call_mark_pending (KandyCall *self)
{
  KandyOperationInfo previous = self->local_op;

  self->local_op.pending = TRUE;
  kandy_call_queue_operation (
      self, previous.type, KANDY_TRANSITION_UPDATE, TRUE, &previous, NULL);
}

/* @previous: (nullable): the call before the operation took effect, if its end
 * is also a call:stateChange; @error: (nullable) */
void
kandy_call_finish (
    KandyCall *self, const KandyCallSnapshot *previous, const GError *error)
{
  KandyOperationInfo info;

  /* A listener may end the call now */
  if (error)
    kandy_call_undo_media (self);
  if (self->over)
    return;
  info = self->local_op;
  self->local_op = (KandyOperationInfo){ KANDY_OPERATION_NONE, FALSE };
  kandy_call_queue_operation (self, name_of_end (info.type),
      KANDY_TRANSITION_FINISH, TRUE, &info, error);
  kandy_call_conclude_media (self, info.type, error);
  if (previous)
    kandy_call_queue_state_change (self, previous, NULL, error);
  kandy_call_queue_answer (
      self, g_steal_pointer (&self->task), error ? g_error_copy (error) : NULL);
}

/* For an operation that has left the call as it was */
void
kandy_call_finish_in_vain (KandyCall *self, const GError *error)
{
  KandyCallSnapshot snapshot = kandy_call_snapshot (self);

  kandy_call_finish (
      self, changes_state (self->local_op.type) ? &snapshot : NULL, error);
}
