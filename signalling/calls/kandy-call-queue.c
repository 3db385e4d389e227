/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-error.h"

/*
 * What happens to a call happens one after the other: each notification, and
 * each local half of a negotiation, is a step that ends before the next begins.
 * So an answer that overtakes the reply to its offer waits, and so does an
 * offer of the far end while one of ours is refused (protocol calls 4.12).
 */

/* How many notifications may wait; no sane platform comes near */
#define STEPS_MAX 64

/* How long the end of a call waits for the step before it, and an offer of the
 * far end for the answer to ours */
#define PATIENCE_MS 3000

typedef struct {
  KandyCallFunc func;                  /* either this */
  KandyCallNotification *notification; /* or this */
} Step;

static void
step_free (Step *step)
{
  g_clear_pointer (&step->notification, kandy_call_notification_free);
  g_free (step);
}

static Step *
step_new (KandyCallFunc func, KandyCallNotification *notification)
{
  Step *step = g_new0 (Step, 1);

  step->func = func;
  step->notification = notification;
  return step;
}

static gboolean
ends_call (const KandyCallNotification *notification)
{
  return notification->kind == KANDY_CALL_NOTIFICATION_SESSION_ENDED
      || notification->kind == KANDY_CALL_NOTIFICATION_CANCELLED;
}

/* A second end of the kind of @notification says nothing new; one of the other
 * kind may, for a call that is connected is not cancelled */
static gboolean
end_waits (KandyCall *self, const KandyCallNotification *notification)
{
  GList *l;

  for (l = self->steps.head; l; l = l->next) {
    Step *step = l->data;

    if (step->notification && step->notification->kind == notification->kind)
      return TRUE;
  }
  return FALSE;
}

static void
take_ringing (KandyCall *self)
{
  KandyCallSnapshot previous = kandy_call_snapshot (self);

  if (self->direction != KANDY_CALL_DIRECTION_OUTGOING
      || self->state != KANDY_CALL_STATE_INITIATED)
    return;
  kandy_call_set_state (self, KANDY_CALL_STATE_RINGING);
  kandy_call_add_timing (self, "ringing");
  kandy_call_queue_state_change (self, &previous, NULL, NULL);
}

static void
take_notification (KandyCall *self, KandyCallNotification *notification)
{
  switch (notification->kind) {
    case KANDY_CALL_NOTIFICATION_INVITATION:
      kandy_call_take_invitation (self, notification);
      return;
    case KANDY_CALL_NOTIFICATION_ANSWER:
      kandy_call_take_answer (self, notification);
      return;
    case KANDY_CALL_NOTIFICATION_OFFER:
      kandy_call_take_offer (self, notification);
      return;
    case KANDY_CALL_NOTIFICATION_RINGING:
      take_ringing (self);
      break;
    case KANDY_CALL_NOTIFICATION_SESSION_ENDED:
      kandy_call_end_remotely (self, notification);
      break;
    case KANDY_CALL_NOTIFICATION_CANCELLED:
      kandy_call_cancel_remotely (self, notification);
      break;
    case KANDY_CALL_NOTIFICATION_TRANSFER_COMPLETED:
      kandy_call_transfer_completed (self);
      break;
    case KANDY_CALL_NOTIFICATION_TRANSFER_FAILED:
      kandy_call_transfer_failed (self, notification);
      break;
  }
  kandy_call_step_done (self);
}

/* (nullable) (transfer full): while an offer of ours waits for its answer,
 * which is a notification, no other one is made */
static Step *
take_step (KandyCall *self)
{
  GList *l;

  for (l = self->steps.head; l; l = l->next) {
    Step *step = l->data;

    if (step->func && self->awaiting_answer)
      continue;
    g_queue_delete_link (&self->steps, l);
    return step;
  }
  return NULL;
}

static void
run_steps (KandyCall *self)
{
  Step *step;

  if (self->running)
    return;
  self->running = TRUE;
  for (;;) {
    /* A listener should find the call as the event says it is */
    kandy_call_flush (self);
    if (self->busy || !(step = take_step (self)))
      break;
    self->busy = TRUE;
    if (step->func) {
      step->func (self);
    } else {
      self->current = g_steal_pointer (&step->notification);
      take_notification (self, self->current);
    }
    step_free (step);
  }
  self->running = FALSE;
  if (self->over)
    g_clear_pointer (&self->current, kandy_call_notification_free);
}

static gboolean
on_patience_lost (gpointer user_data)
{
  KandyCall *self = user_data;
  g_autoptr (KandyCallNotification) notification = NULL;
  GList *l;

  kandy_clear_source (&self->patience_timer);
  for (l = self->steps.head; l; l = l->next) {
    Step *step = l->data;

    if (step->notification && ends_call (step->notification)) {
      notification = g_steal_pointer (&step->notification);
      g_queue_delete_link (&self->steps, l);
      step_free (step);
      break;
    }
  }
  if (!notification)
    return G_SOURCE_REMOVE;

  kandy_call_debug (self, "the end of the call does not wait any longer");
  if (notification->kind == KANDY_CALL_NOTIFICATION_CANCELLED)
    kandy_call_cancel_remotely (self, notification);
  else
    kandy_call_end_remotely (self, notification);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_held_too_long (gpointer user_data)
{
  KandyCall *self = user_data;
  g_autoptr (GError) error = NULL;

  kandy_clear_source (&self->held_timer);
  if (self->state == KANDY_CALL_STATE_CONNECTED
      || self->state == KANDY_CALL_STATE_ON_HOLD) {
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:8", 0,
        "The far end made an offer instead of an answer.");
    kandy_call_give_offer_up (self, error);
  } else {
    kandy_call_warn (self, "an offer before the first answer is ignored");
    g_clear_pointer (&self->held_offer, kandy_call_notification_free);
  }
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

/* @notification: (transfer full) */
void
kandy_call_notify (KandyCall *self, KandyCallNotification *notification)
{
  if (self->over) {
    kandy_call_notification_free (notification);
    return;
  }
  if (g_queue_get_length (&self->steps) >= STEPS_MAX
      && (!ends_call (notification) || end_waits (self, notification))) {
    kandy_call_warn (self, "too many notifications, one is ignored");
    kandy_call_notification_free (notification);
    return;
  }
  g_object_ref (self);
  g_queue_push_tail (&self->steps, step_new (NULL, notification));
  if (self->busy && ends_call (notification) && !self->patience_timer)
    self->patience_timer = kandy_calls_add_timeout (
        self->calls, PATIENCE_MS, on_patience_lost, self);
  run_steps (self);
  kandy_call_flush (self);
  g_object_unref (self);
}

void
kandy_call_push_step (KandyCall *self, KandyCallFunc step)
{
  g_queue_push_tail (&self->steps, step_new (step, NULL));
  run_steps (self);
}

void
kandy_call_step_done (KandyCall *self)
{
  g_clear_pointer (&self->current, kandy_call_notification_free);
  self->busy = FALSE;
  run_steps (self);
}

/* The current notification, an offer, comes too early */
void
kandy_call_hold_offer_back (KandyCall *self)
{
  g_clear_pointer (&self->held_offer, kandy_call_notification_free);
  self->held_offer = g_steal_pointer (&self->current);
  if (!self->held_timer)
    self->held_timer = kandy_calls_add_timeout (
        self->calls, PATIENCE_MS, on_held_too_long, self);
  kandy_call_step_done (self);
}

/* Our offer has been answered, or given up: what waited for that goes on */
void
kandy_call_go_on (KandyCall *self)
{
  kandy_clear_source (&self->held_timer);
  if (self->held_offer)
    g_queue_push_head (
        &self->steps, step_new (NULL, g_steal_pointer (&self->held_offer)));
  run_steps (self);
}

void
kandy_call_clear_queue (KandyCall *self)
{
  kandy_clear_source (&self->patience_timer);
  kandy_clear_source (&self->held_timer);
  g_clear_pointer (&self->held_offer, kandy_call_notification_free);
  g_queue_clear_full (&self->steps, (GDestroyNotify) step_free);
  /* Whoever runs it may still read it */
  if (!self->running)
    g_clear_pointer (&self->current, kandy_call_notification_free);
}
