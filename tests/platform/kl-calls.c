/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* Calls (protocol calls 9.1). A call has one leg for the caller and, like a
 * forked SIP call, one for each device of the callee, each with a session id
 * of its own: so it is always known which device has answered.
 *
 * There is at most one offer without an answer. Whoever made it owns it; an
 * empty one asks the far end for an offer (slow start).
 *
 * A transfer invites the target's devices without an offer, hands the offer
 * that one of them makes to the party that stays, and its answer back. The
 * target of a consultative one is in a call already, which lends it. */

static KlLeg *
add_leg (KlCall *call, KlAccount *account, const char *channel)
{
  KlLeg *leg = g_new0 (KlLeg, 1);

  leg->sid = g_uuid_string_random ();
  leg->call = call;
  leg->account = account;
  leg->channel = g_strdup (channel);
  leg->last_audit = g_get_monotonic_time ();
  g_ptr_array_add (call->legs, leg);
  g_hash_table_insert (call->self->legs, leg->sid, leg);
  return leg;
}

static void
leg_free (gpointer data)
{
  KlLeg *leg = data;

  g_free (leg->sid);
  g_free (leg->channel);
  g_free (leg);
}

KlCall *
kl_call_ref (KlCall *call)
{
  g_ref_count_inc (&call->refs);
  return call;
}

void
kl_call_unref (KlCall *call)
{
  if (!g_ref_count_dec (&call->refs))
    return;
  g_ptr_array_unref (call->legs);
  g_free (call->display_name);
  g_clear_pointer (&call->custom_parameters, json_node_unref);
  json_object_unref (call->offer);
  g_free (call->dialled);
  g_free (call);
}

/* The set of calls holds one reference until the call ends, the caller gets
 * another one */
KlCall *
kl_call_new (KandyLoopback *self, KlAccount *caller, const char *dialled,
    JsonObject *offer)
{
  KlCall *call = g_new0 (KlCall, 1);

  g_ref_count_init (&call->refs);
  call->self = self;
  call->legs = g_ptr_array_new_with_free_func (leg_free);
  call->dialled = g_strdup (dialled);
  call->offer = json_object_ref (offer);
  call->caller = add_leg (call, caller, NULL);
  g_hash_table_add (self->calls, kl_call_ref (call));
  return call;
}

const char *
kl_call_get_state_name (KlCall *call)
{
  switch (call->state) {
    case KL_CALL_INITIATED:
      return "Initiated";
    case KL_CALL_RINGING:
      return "Ringing";
    case KL_CALL_CONNECTED:
      return "Connected";
    case KL_CALL_ENDED:
    default:
      return "Closed";
  }
}

char *
kl_leg_dup_url (KlLeg *leg)
{
  return g_strdup_printf (
      "/cpaas/webrtcsignaling/v1/%s/sessions/%s", leg->account->id, leg->sid);
}

/* Returns (nullable) the other party */
KlLeg *
kl_leg_get_far (KlLeg *leg)
{
  KlCall *call = leg->call;

  if (leg == call->caller)
    return call->callee;
  if (leg == call->target)
    return kl_leg_get_far (call->transferor);
  return call->caller;
}

/* Returns (nullable) who has to answer the offer that is open */
KlLeg *
kl_call_get_answerer (KlCall *call)
{
  return call->offer_owner ? kl_leg_get_far (call->offer_owner) : NULL;
}

/* owner: NULL for none */
void
kl_call_set_offer (KlCall *call, KlLeg *owner, gboolean is_empty)
{
  call->offer_owner = owner;
  call->offer_is_empty = is_empty;
  call->offer_time = g_get_monotonic_time ();
  kl_call_schedule (call);
}

/* Takes object. After the reply to request, or at once without a request. */
void
kl_leg_tell (
    KlLeg *leg, KlRequest *request, const char *type, JsonObject *object)
{
  KandyLoopback *self = leg->call->self;
  g_autofree char *url = kl_leg_dup_url (leg);
  JsonArray *links = json_array_new ();
  JsonObject *link = json_object_new ();

  json_object_set_string_member (link, "rel", "WrtcsSession");
  json_object_set_string_member (link, "href", url);
  json_array_add_object_element (links, link);
  json_object_set_array_member (object, "link", links);
  if (request) {
    kl_request_notify (
        request, leg->account, "call", leg->channel, type, object);
  } else {
    kl_notify (self, leg->account, "call", leg->channel, type, object,
        self->policies.relay_delay);
    json_object_unref (object);
  }
}

/* status_code and reason are extra; the vendor's client reads neither */
void
kl_leg_tell_event (KlLeg *leg, KlRequest *request, const char *event,
    guint status_code, const char *reason)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "eventType", event);
  if (status_code)
    json_object_set_int_member (object, "statusCode", status_code);
  if (reason)
    json_object_set_string_member (object, "reasonText", reason);
  kl_leg_tell (leg, request, "wrtcsEventNotification", object);
}

/* member: offer or answer. sdp: NULL for an empty one. */
void
kl_leg_tell_sdp (KlLeg *leg, KlRequest *request, const char *type,
    const char *member, const char *sdp)
{
  JsonObject *object = json_object_new ();
  JsonObject *holder = json_object_new ();

  if (sdp)
    json_object_set_string_member (holder, "sdp", sdp);
  json_object_set_object_member (object, member, holder);
  kl_leg_tell (leg, request, type, object);
}

/* Invites every device of the account. Returns how many there are. */
guint
kl_call_invite (KlCall *call, KlRequest *request, KlAccount *account,
    const char *dialled, gboolean with_offer)
{
  g_autoptr (GPtrArray) channels = kl_channels_of (call->self, account, "call");
  KlLeg *originator =
      call->transferor ? kl_leg_get_far (call->transferor) : call->caller;
  g_autofree char *from =
      g_strconcat ("sip:", originator->account->address, NULL);
  const char *name = originator->account->name;
  guint i;

  if (originator == call->caller && call->display_name)
    name = call->display_name;
  for (i = 0; i < channels->len && call->legs->len < KL_MAX_LEGS; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);
    KlLeg *leg = add_leg (call, account, channel->id);
    JsonObject *object = json_object_new ();
    JsonObject *offer = json_object_new ();

    leg->ringing = TRUE;
    if (with_offer)
      kl_json_copy_member (offer, call->offer, "sdp");
    json_object_set_string_member (object, "originatorAddress", from);
    json_object_set_string_member (object, "originatorName", name);
    json_object_set_string_member (object, "tParticipantAddress", dialled);
    json_object_set_string_member (object, "tParticipantName", account->name);
    json_object_set_object_member (object, "offer", offer);
    if (originator == call->caller && call->custom_parameters)
      json_object_set_member (
          object, "customParameters", json_node_copy (call->custom_parameters));
    kl_leg_tell (leg, request, "wrtcsSessionInvitationNotification", object);
  }
  call->invited = g_get_monotonic_time ();
  kl_call_schedule (call);
  return i;
}

/* Cancels every device that rings, but for one */
void
kl_call_stop_ringing (KlCall *call, KlRequest *request, KlLeg *except,
    guint status_code, const char *reason)
{
  guint i;

  for (i = 0; i < call->legs->len; i++) {
    KlLeg *leg = g_ptr_array_index (call->legs, i);

    if (!leg->ringing || leg == except)
      continue;
    leg->ringing = FALSE;
    leg->over = TRUE;
    kl_leg_tell_event (leg, request, "Cancelled", status_code, reason);
  }
}

/* Whoever watches the parties sees that they are, or are not, on the phone */
static void
tell_presence (KlCall *call)
{
  guint i;

  for (i = 0; i < call->legs->len; i++)
    kl_presence_call_changed (
        call->self, ((KlLeg *) g_ptr_array_index (call->legs, i))->account);
}

void
kl_call_connected (KlCall *call)
{
  call->state = KL_CALL_CONNECTED;
  tell_presence (call);
}

/* by: who wants it and need not be told, NULL: the platform */
void
kl_call_end (KlCall *call, KlRequest *request, KlLeg *by, guint status_code,
    const char *reason)
{
  KlLeg *parties[] = { call->caller, call->callee, call->target };
  guint i;

  if (call->state == KL_CALL_ENDED)
    return;
  if (call->borrower)
    kl_call_fail_transfer (call->borrower, request, status_code, reason);
  else if (call->lender)
    kl_call_fail_transfer (call, request, status_code, reason);
  call->state = KL_CALL_ENDED;
  kl_clear_source (&call->timer);
  kl_call_stop_ringing (call, request, by, status_code, reason);
  /* SessionEnded and never Cancelled for who has answered: it would take the
   * call for one that was never answered (protocol calls 2.6) */
  for (i = 0; i < G_N_ELEMENTS (parties); i++) {
    if (parties[i] && parties[i] != by)
      kl_leg_tell_event (
          parties[i], request, "SessionEnded", status_code, reason);
  }
  for (i = 0; i < call->legs->len; i++)
    g_hash_table_remove (
        call->self->legs, ((KlLeg *) g_ptr_array_index (call->legs, i))->sid);
  tell_presence (call);
  g_hash_table_remove (call->self->calls, call);
}

static void
move_leg (KlLeg *leg, KlCall *to)
{
  guint i;

  if (!g_ptr_array_find (leg->call->legs, leg, &i))
    g_return_if_reached ();
  g_ptr_array_steal_index (leg->call->legs, i);
  leg->call = to;
  g_ptr_array_add (to->legs, leg);
}

/* (transfer full): who has lent the target to @call */
static KlCall *
steal_lender (KlCall *call)
{
  KlCall *lender = g_steal_pointer (&call->lender);

  lender->borrower = NULL;
  lender->transfer = KL_TRANSFER_NONE;
  return lender;
}

/* The far end of @other, another call of the same account, takes the place of
 * @leg. It is asked for an offer, so that both see a call that goes on. */
void
kl_call_consult (KlCall *call, KlRequest *request, KlLeg *leg, KlLeg *other)
{
  KlLeg *target = kl_leg_get_far (other);

  call->lender = kl_call_ref (other->call);
  other->call->borrower = call;
  other->call->transfer = KL_TRANSFER_LENDING;
  call->transfer = KL_TRANSFER_ASKING;
  call->transferor = leg;
  call->target = target;
  call->invited = g_get_monotonic_time ();
  move_leg (target, call);
  kl_leg_tell_sdp (target, request, "wrtcsOfferNotification", "offer", NULL);
  kl_call_schedule (call);
}

/* The call goes on as it was */
void
kl_call_fail_transfer (
    KlCall *call, KlRequest *request, guint status_code, const char *reason)
{
  KlLeg *transferor = call->transferor;

  kl_call_stop_ringing (call, request, NULL, status_code, reason);
  if (call->offer_owner == call->target)
    kl_call_set_offer (call, NULL, FALSE);
  if (call->lender) {
    g_autoptr (KlCall) lender = steal_lender (call);

    move_leg (call->target, lender);
  } else if (call->target) {
    call->target->over = TRUE;
  }
  call->transfer = KL_TRANSFER_NONE;
  call->transferor = NULL;
  call->target = NULL;
  kl_leg_tell_event (
      transferor, request, "TransferFailed", status_code, reason);
}

/* The target takes the place of who has transferred */
void
kl_call_complete_transfer (KlCall *call, KlRequest *request)
{
  g_autoptr (KlCall) lender = call->lender ? steal_lender (call) : NULL;
  KlLeg *transferor = call->transferor;

  if (lender) {
    if (lender->caller == call->target)
      lender->caller = lender->callee;
    lender->callee = NULL;
  }
  if (transferor == call->caller)
    call->caller = call->target;
  else
    call->callee = call->target;
  transferor->over = TRUE;
  call->transfer = KL_TRANSFER_NONE;
  call->transferor = NULL;
  call->target = NULL;
  kl_leg_tell_event (
      transferor, request, "TransferCompleted", 9905, "Transfer successful");
  kl_leg_tell_event (
      transferor, request, "SessionEnded", 9905, "Transfer successful");
  tell_presence (call);
  if (lender)
    kl_call_end (lender, request, NULL, 9905, "Transfer successful");
}

static gboolean
has_socket (KlLeg *leg)
{
  KandyLoopback *self = leg->call->self;
  KlChannel *channel = kl_channels_find (self, leg->channel);
  g_autoptr (GPtrArray) channels = NULL;
  guint i;

  if (channel)
    return channel->socket != NULL;
  channels = kl_channels_of (self, leg->account, "call");
  for (i = 0; i < channels->len; i++) {
    channel = g_ptr_array_index (channels, i);
    if (channel->socket)
      return TRUE;
  }
  return FALSE;
}

/* Returns (nullable) a party whose client has died (protocol calls 9.3) */
static KlLeg *
find_dead_leg (KlCall *call, gint64 now)
{
  gint64 patience = call->self->policies.reaper * 1000;
  KlLeg *legs[] = { call->caller, call->callee };
  guint i;

  for (i = 0; patience > 0 && i < G_N_ELEMENTS (legs); i++) {
    if (legs[i] && legs[i]->last_audit + patience <= now
        && !has_socket (legs[i]))
      return legs[i];
  }
  return NULL;
}

static gboolean
is_no_answer_due (KlCall *call, gint64 *deadline)
{
  gint64 patience = call->self->policies.no_answer * 1000;

  *deadline = call->invited + patience;
  return patience > 0
      && (!call->callee || call->transfer == KL_TRANSFER_RINGING
          || call->transfer == KL_TRANSFER_ASKING);
}

static gboolean
is_offer_timeout_due (KlCall *call, gint64 *deadline)
{
  gint64 patience = call->self->policies.offer_timeout * 1000;

  *deadline = call->offer_time + patience;
  return patience > 0 && call->state == KL_CALL_CONNECTED && call->offer_owner;
}

static gboolean
on_timer (gpointer data)
{
  KlCall *call = data;
  gint64 now = g_get_monotonic_time ();
  KlLeg *dead = find_dead_leg (call, now);
  gint64 deadline;

  if (dead) {
    kl_call_end (call, NULL, dead, 9909, "The far end is gone");
    return G_SOURCE_REMOVE;
  }
  if (is_no_answer_due (call, &deadline) && deadline <= now) {
    if (!call->callee) {
      kl_call_end (call, NULL, NULL, 408, "No answer");
      return G_SOURCE_REMOVE;
    }
    kl_call_fail_transfer (call, NULL, 408, "No answer");
  }
  if (is_offer_timeout_due (call, &deadline) && deadline <= now) {
    if (call->transfer == KL_TRANSFER_JOINING)
      kl_call_fail_transfer (call, NULL, 408, "No answer");
    kl_call_set_offer (call, NULL, FALSE);
  }
  kl_call_schedule (call);
  return G_SOURCE_REMOVE;
}

void
kl_call_schedule (KlCall *call)
{
  gint64 now = g_get_monotonic_time ();
  gint64 reaper = call->self->policies.reaper * 1000;
  gint64 next = G_MAXINT64;
  gint64 deadline;

  kl_clear_source (&call->timer);
  if (call->state == KL_CALL_ENDED)
    return;
  if (is_no_answer_due (call, &deadline))
    next = deadline;
  if (is_offer_timeout_due (call, &deadline))
    next = MIN (next, deadline);
  if (reaper > 0)
    next = MIN (next, now + reaper / 4);
  if (next == G_MAXINT64)
    return;
  call->timer =
      g_source_ref (kl_timeout (call->self, MAX (0, next - now + 999) / 1000,
          on_timer, kl_call_ref (call), (GDestroyNotify) kl_call_unref));
}

void
kl_sessions_reschedule (KandyLoopback *self)
{
  g_autoptr (GList) calls = g_hash_table_get_keys (self->calls);
  GList *item;

  for (item = calls; item; item = item->next)
    kl_call_schedule (item->data);
}

static gboolean
has_party (KlCall *call, KlAccount *account)
{
  guint i;

  for (i = 0; i < call->legs->len; i++) {
    KlLeg *leg = g_ptr_array_index (call->legs, i);

    if (!leg->over && leg->account == account)
      return TRUE;
  }
  return FALSE;
}

guint
kl_sessions_count (KandyLoopback *self, KlAccount *account)
{
  GHashTableIter iter;
  gpointer call;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    count += !account || has_party (call, account);
  return count;
}

/* Returns how many calls have been ended */
guint
kl_sessions_end (KandyLoopback *self, KlAccount *account, guint status_code,
    const char *reason)
{
  g_autoptr (GList) calls = g_hash_table_get_keys (self->calls);
  GList *item;
  guint count = 0;

  for (item = calls; item; item = item->next) {
    if (account && !has_party (item->data, account))
      continue;
    kl_call_end (item->data, NULL, NULL, status_code, reason);
    count++;
  }
  return count;
}
