/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include "kandy-call-private.h"

/* What must be true when the faults have stopped */

#define PATIENCE_SECONDS 30
/* In which nothing happens that would happen by itself */
#define QUIET_MS 80
/* How often the ends may try to agree, when each may be refused once */
#define ROUNDS 8

void
walk_let_pass (Walk *self, guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
is_over (KandyCall *call)
{
  return call->state == KANDY_CALL_STATE_ENDED
      || call->state == KANDY_CALL_STATE_CANCELLED;
}

/* (transfer none) (nullable): the oldest that lives */
KandyCall *
walk_party_get_call (WalkParty *party)
{
  g_autoptr (GPtrArray) all = kandy_calls_get_all (party->calls);
  guint i;

  for (i = 0; i < all->len; i++)
    if (!is_over (g_ptr_array_index (all, i)))
      return g_ptr_array_index (all, i);
  return NULL;
}

static gboolean
is_set_up (KandyCall *call)
{
  return call->state == KANDY_CALL_STATE_CONNECTED
      || call->state == KANDY_CALL_STATE_ON_HOLD;
}

static gboolean
is_waiting (KandyCall *call)
{
  return call->direction == KANDY_CALL_DIRECTION_OUTGOING
      && (call->state == KANDY_CALL_STATE_INITIATED
          || call->state == KANDY_CALL_STATE_RINGING);
}

/* (nullable): what the call is still at */
static const char *
get_business (KandyCall *call)
{
  if (call->ending != KANDY_OPERATION_NONE)
    return "it is ending";
  if (is_over (call))
    return call->task || call->end_task || call->dtmf->len > 0
        ? "it is over and has tasks"
        : NULL;
  if (call->busy || call->steps.length > 0)
    return "a step is under way";
  if (call->held_offer)
    return "an offer is held back";
  if (!is_set_up (call))
    return call->state == KANDY_CALL_STATE_INITIATING
            || (call->task && call->local_op.type != KANDY_OPERATION_MAKE)
        ? "it is not established"
        : NULL;
  if (call->awaiting_answer)
    return "an offer is not answered";
  if (call->local_op.type != KANDY_OPERATION_NONE
      || call->remote_op.type != KANDY_OPERATION_NONE || call->task)
    return "an operation is pending";
  return NULL;
}

static const char *
get_business_of (WalkParty *party)
{
  g_autoptr (GPtrArray) all = kandy_calls_get_all (party->calls);
  const char *business = NULL;
  guint i;

  for (i = 0; i < all->len && !business; i++)
    business = get_business (g_ptr_array_index (all, i));
  if (!business && party->asked != party->answered)
    business = "an operation is not answered";
  return business;
}

static void
ring (GSource *timer)
{
  if (timer)
    g_source_set_ready_time (timer, 0);
}

/* The time for whatever is waited for in vain is over. Without losses nothing
 * is: all of it comes. */
static void
pass_deadlines (Walk *self)
{
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (self->parties); i++) {
    g_autoptr (GPtrArray) all = kandy_calls_get_all (self->parties[i].calls);

    for (j = 0; j < all->len; j++) {
      KandyCall *call = g_ptr_array_index (all, j);

      ring (call->answer_timer);
      ring (call->held_timer);
      ring (call->patience_timer);
      ring (call->audit_timer);
    }
  }
}

static const char *
get_busy (Walk *self, WalkParty **who)
{
  const char *business = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (self->parties) && !business; i++) {
    business = get_business_of (&self->parties[i]);
    *who = &self->parties[i];
  }
  return business;
}

void
walk_settle (Walk *self)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;
  WalkParty *who;
  const char *business;

  for (;;) {
    guint seen = self->n_events;

    walk_let_pass (self, QUIET_MS);
    business = get_busy (self, &who);
    if (seen != self->n_events && g_get_monotonic_time () < deadline)
      continue;
    if (!business)
      return;
    if (g_get_monotonic_time () >= deadline)
      walk_fail (
          self, "%s's call does not come to rest: %s", who->name, business);
    if (self->lossy)
      pass_deadlines (self);
  }
}

/* --- agreement --------------------------------------------------------------
 */

/* (transfer full) (nullable) */
static char *
compare_calls (Walk *self, KandyCall *a, KandyCall *b, gboolean whole)
{
  if (!a && !b)
    return NULL;
  /* Who ignores a call leaves the caller to wait */
  if ((!a && is_waiting (b)) || (!b && is_waiting (a)))
    return NULL;
  if (!a || !b)
    return g_strdup_printf ("%s has a call that is %s and %s has none",
        self->parties[a == NULL].name,
        kandy_call_state_to_string ((a ? a : b)->state),
        self->parties[a != NULL].name);
  if (is_set_up (a) != is_set_up (b))
    return g_strdup_printf ("%s's call is %s and %s's is %s",
        self->parties[0].name, kandy_call_state_to_string (a->state),
        self->parties[1].name, kandy_call_state_to_string (b->state));
  if (!is_set_up (a))
    return NULL;
  /* A hold of a call without media does not show */
  if (a->local_tracks->len + b->local_tracks->len == 0)
    return NULL;
  if (a->local_hold != b->remote_hold || a->remote_hold != b->local_hold)
    return g_strdup_printf ("%s: local hold %d, remote %d; %s: %d and %d",
        self->parties[0].name, a->local_hold, a->remote_hold,
        self->parties[1].name, b->local_hold, b->remote_hold);
  if (a->state != b->state)
    return g_strdup_printf ("%s's call is %s and %s's is %s",
        self->parties[0].name, kandy_call_state_to_string (a->state),
        self->parties[1].name, kandy_call_state_to_string (b->state));
  if (whole && !a->local_hold && !a->remote_hold
      && (a->local_tracks->len != b->remote_tracks->len
          || a->remote_tracks->len != b->local_tracks->len))
    return g_strdup_printf ("%s has %u tracks of its own and %u others, %s %u "
                            "and %u",
        self->parties[0].name, a->local_tracks->len, a->remote_tracks->len,
        self->parties[1].name, b->local_tracks->len, b->remote_tracks->len);
  return self->media->compare (a->engine, b->engine, whole);
}

static char *
get_disagreement (Walk *self, gboolean whole)
{
  return compare_calls (self, walk_party_get_call (&self->parties[0]),
      walk_party_get_call (&self->parties[1]), whole);
}

static void
on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((WalkParty *) user_data)->answered++;
  kandy_call_operation_finish (KANDY_CALL (source), result, NULL);
}

/* All but the oldest, or all */
static void
end_calls (WalkParty *party, gboolean all_of_them)
{
  g_autoptr (GPtrArray) all = kandy_calls_get_all (party->calls);
  KandyCall *kept = all_of_them ? NULL : walk_party_get_call (party);
  guint i;

  for (i = 0; i < all->len; i++) {
    KandyCall *call = g_ptr_array_index (all, i);

    if (call == kept || is_over (call))
      continue;
    walk_note (party->walk, "%s: ends a call that is %s", party->name,
        kandy_call_state_to_string (call->state));
    party->asked++;
    kandy_call_end_async (call, NULL, on_end, party);
  }
}

static void
negotiate (WalkParty *party, KandyCall *call)
{
  Walk *walk = party->walk;

  walk_note (walk, "%s: negotiates in %s", party->name,
      kandy_call_state_to_string (call->state));
  party->asked++;
  if (call->local_hold)
    kandy_call_unhold_async (call, NULL, on_end, party);
  else if (call->state == KANDY_CALL_STATE_CONNECTED)
    kandy_call_renegotiate_async (call, NULL, on_end, party);
  else
    kandy_call_hold_async (call, NULL, on_end, party);
  walk_settle (walk);
}

/* One more try of the ends to agree */
static void
reconcile (Walk *self)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (self->parties); i++) {
    KandyCall *a = walk_party_get_call (&self->parties[i]);
    KandyCall *b = walk_party_get_call (&self->parties[1 - i]);

    if (!a)
      continue;
    if (!b || !is_set_up (a) || !is_set_up (b)) {
      end_calls (&self->parties[i], TRUE);
      walk_settle (self);
    } else {
      negotiate (&self->parties[i], a);
    }
  }
}

static gboolean
holds (WalkParty *party)
{
  KandyCall *call = walk_party_get_call (party);

  return call && (call->local_hold || call->remote_hold);
}

void
walk_check (Walk *self)
{
  g_autofree char *disagreement = NULL;
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;
  guint round;

  self->calm = TRUE;
  self->n_checks++;
  walk_note (self, "--- check");
  kandy_loopback_clear_faults (self->platform);
  walk_forget_offers (self);
  walk_settle (self);
  if (walk_pick (self, 3) == 0)
    end_calls (&self->parties[0], FALSE);
  end_calls (&self->parties[1], FALSE);
  walk_settle (self);
  while (!self->lossy && (disagreement = get_disagreement (self, FALSE))) {
    if (g_get_monotonic_time () >= deadline)
      walk_fail (self, "%s", disagreement);
    g_clear_pointer (&disagreement, g_free);
    walk_settle (self);
  }

  for (round = 0; round < ROUNDS; round++) {
    reconcile (self);
    g_clear_pointer (&disagreement, g_free);
    disagreement = get_disagreement (self, TRUE);
    if (!disagreement && !holds (&self->parties[0])
        && !holds (&self->parties[1]))
      break;
  }
  if (disagreement)
    walk_fail (self, "the ends do not agree: %s", disagreement);
  if (round == ROUNDS)
    walk_fail (self, "a hold does not go away");
  walk_note (self, "--- checked");
  self->calm = FALSE;
}

void
walk_end_all (Walk *self)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;
  guint i;

  self->calm = TRUE;
  for (i = 0; i < G_N_ELEMENTS (self->parties); i++) {
    end_calls (&self->parties[i], TRUE);
    walk_settle (self);
  }
  /* A DELETE, or the reply to a call's creation, may have been lost */
  if (self->lossy)
    kandy_loopback_end_sessions (self->platform, NULL, 9909, NULL);
  while (kandy_loopback_count_sessions (self->platform, NULL) > 0) {
    if (g_get_monotonic_time () >= deadline)
      walk_fail (self, "the platform keeps %u sessions",
          kandy_loopback_count_sessions (self->platform, NULL));
    walk_let_pass (self, 20);
  }
}
