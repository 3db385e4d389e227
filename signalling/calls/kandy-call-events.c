/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"
#include "kandy-track.h"

/*
 * What leaves a call: notifications of properties, events of the API document
 * and answers to tasks. They wait in the outbox until the call is consistent
 * again, and leave in the order in which they were put in (protocol calls 3.4),
 * also when a listener calls back into the call.
 */

typedef struct {
  GParamSpec *property; /* one of these three */
  const char *event;
  GTask *task;

  gpointer source;
  GVariant *payload;
  GVariant *value; /* of the task, else it is TRUE */
  GError *error;
} Letter;

static const char *const operation_names[] = {
  [KANDY_OPERATION_NONE] = "",
  [KANDY_OPERATION_MAKE] = "MAKE",
  [KANDY_OPERATION_ANSWER] = "ANSWER",
  [KANDY_OPERATION_REJECT] = "REJECT",
  [KANDY_OPERATION_IGNORE] = "IGNORE",
  [KANDY_OPERATION_END] = "END",
  [KANDY_OPERATION_SEND_RINGING_FEEDBACK] = "SEND_RINGING_FEEDBACK",
  [KANDY_OPERATION_HOLD] = "HOLD",
  [KANDY_OPERATION_UNHOLD] = "UNHOLD",
  [KANDY_OPERATION_MEDIA_RESTART] = "MEDIA_RESTART",
  [KANDY_OPERATION_ADD_MEDIA] = "ADD_MEDIA",
  [KANDY_OPERATION_ADD_BASIC_MEDIA] = "ADD_BASIC_MEDIA",
  [KANDY_OPERATION_REMOVE_MEDIA] = "REMOVE_MEDIA",
  [KANDY_OPERATION_REMOVE_BASIC_MEDIA] = "REMOVE_BASIC_MEDIA",
  [KANDY_OPERATION_RENEGOTIATE] = "RENEGOTIATE",
  [KANDY_OPERATION_REPLACE_TRACK] = "REPLACE_TRACK",
  [KANDY_OPERATION_START_MOH] = "START_MOH",
  [KANDY_OPERATION_STOP_MOH] = "STOP_MOH",
  [KANDY_OPERATION_SLOW_START] = "SLOW_START",
  [KANDY_OPERATION_GET_STATS] = "GET_STATS",
  [KANDY_OPERATION_SEND_DTMF] = "SEND_DTMF",
  [KANDY_OPERATION_FORWARD_CALL] = "FORWARD_CALL",
  [KANDY_OPERATION_DIRECT_TRANSFER] = "DIRECT_TRANSFER",
  [KANDY_OPERATION_CONSULTATIVE_TRANSFER] = "CONSULTATIVE_TRANSFER",
};

static const char *const transition_names[] = {
  [KANDY_TRANSITION_START] = "START",
  [KANDY_TRANSITION_UPDATE] = "UPDATE",
  [KANDY_TRANSITION_FINISH] = "FINISH",
};

static void
letter_free (Letter *letter)
{
  g_clear_object (&letter->task);
  g_clear_object (&letter->source);
  g_clear_pointer (&letter->payload, g_variant_unref);
  g_clear_pointer (&letter->value, g_variant_unref);
  g_clear_error (&letter->error);
  g_free (letter);
}

static void
letter_send (KandyCall *self, Letter *letter)
{
  KandyClient *client;

  if (letter->property) {
    g_object_notify_by_pspec (G_OBJECT (self), letter->property);
  } else if (letter->task) {
    if (letter->error)
      g_task_return_error (letter->task, g_steal_pointer (&letter->error));
    else if (letter->value)
      g_task_return_pointer (letter->task, g_steal_pointer (&letter->value),
          (GDestroyNotify) g_variant_unref);
    else
      g_task_return_boolean (letter->task, TRUE);
  } else {
    client = kandy_call_get_client (self);
    if (client && !kandy_client_is_destroyed (client))
      kandy_client_emit (
          client, letter->source, letter->event, letter->payload);
  }
}

const char *
kandy_operation_to_string (KandyOperation operation)
{
  return operation_names[operation];
}

GVariant *
kandy_operation_info_to_variant (const KandyOperationInfo *info)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (
      &dict, "operation", "s", kandy_operation_to_string (info->type));
  g_variant_dict_insert (
      &dict, "status", "s", info->pending ? "PENDING" : "ONGOING");
  return g_variant_dict_end (&dict);
}

KandyCallSnapshot
kandy_call_snapshot (KandyCall *self)
{
  return (
      KandyCallSnapshot){ self->state, self->local_hold, self->remote_hold };
}

void
kandy_call_queue_notify (KandyCall *self, const char *property)
{
  Letter *letter = g_new0 (Letter, 1);

  letter->property =
      g_object_class_find_property (G_OBJECT_GET_CLASS (self), property);
  g_queue_push_tail (&self->outbox, letter);
}

/* @payload may be floating, and is sunk */
void
kandy_call_queue_event (
    KandyCall *self, gpointer source, const char *event, GVariant *payload)
{
  Letter *letter = g_new0 (Letter, 1);

  letter->event = event;
  letter->source = g_object_ref (source);
  letter->payload = g_variant_ref_sink (payload);
  g_queue_push_tail (&self->outbox, letter);
}

void
kandy_call_queue_operation (KandyCall *self, KandyOperation operation,
    KandyTransition transition, gboolean is_local,
    const KandyOperationInfo *previous, const GError *error)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert (
      &dict, "operation", "s", kandy_operation_to_string (operation));
  g_variant_dict_insert (
      &dict, "transition", "s", transition_names[transition]);
  g_variant_dict_insert (&dict, "isLocal", "b", is_local);
  if (previous && previous->type != KANDY_OPERATION_NONE)
    g_variant_dict_insert_value (
        &dict, "previous", kandy_operation_info_to_variant (previous));
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (
      self, self, "call:operation", g_variant_dict_end (&dict));
}

void
kandy_call_queue_state_change (KandyCall *self,
    const KandyCallSnapshot *previous, GVariant *transition,
    const GError *error)
{
  GVariantDict dict, before;

  g_variant_dict_init (&before, NULL);
  g_variant_dict_insert (
      &before, "state", "s", kandy_call_state_to_string (previous->state));
  g_variant_dict_insert (&before, "localHold", "b", previous->local_hold);
  g_variant_dict_insert (&before, "remoteHold", "b", previous->remote_hold);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert_value (&dict, "previous", g_variant_dict_end (&before));
  if (transition)
    g_variant_dict_insert_value (&dict, "transition", transition);
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (
      self, self, "call:stateChange", g_variant_dict_end (&dict));
}

/* @event is call:newTrack or call:trackEnded */
void
kandy_call_queue_track (KandyCall *self, const char *event, KandyTrack *track)
{
  GVariantDict dict;
  const char *stream_id = kandy_track_get_stream_id (track);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert (&dict, "trackId", "s", kandy_track_get_id (track));
  g_variant_dict_insert (&dict, "local", "b", kandy_track_is_local (track));
  g_variant_dict_insert (&dict, "mediaId", "s", stream_id ? stream_id : "");
  kandy_call_queue_event (self, self, event, g_variant_dict_end (&dict));
}

void
kandy_call_queue_answer (KandyCall *self, GTask *task, GError *error)
{
  Letter *letter;

  if (!task) {
    g_clear_error (&error);
    return;
  }
  /* From now on cancelling comes too late */
  g_task_set_task_data (task, NULL, NULL);

  letter = g_new0 (Letter, 1);
  letter->task = task;
  letter->error = error;
  g_queue_push_tail (&self->outbox, letter);
}

void
kandy_call_queue_value (KandyCall *self, GTask *task, GVariant *value)
{
  Letter *letter = g_new0 (Letter, 1);

  letter->task = task;
  letter->value = g_variant_ref_sink (value);
  g_queue_push_tail (&self->outbox, letter);
}

void
kandy_call_flush (KandyCall *self)
{
  Letter *letter;

  if (self->flushing)
    return;

  g_object_ref (self);
  self->flushing = TRUE;
  while ((letter = g_queue_pop_head (&self->outbox))) {
    letter_send (self, letter);
    letter_free (letter);
  }
  self->flushing = FALSE;
  g_object_unref (self);
}
