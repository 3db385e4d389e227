/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* The requests about calls (protocol calls 9.2; the P numbers are its). */

static JsonObject *
session_to_json (KlLeg *leg)
{
  KlCall *call = leg->call;
  g_autofree char *url = kl_leg_dup_url (leg);
  g_autofree char *from =
      g_strconcat ("sip:", call->caller->account->address, NULL);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "originatorAddress", from);
  json_object_set_string_member (object, "tParticipantAddress", call->dialled);
  json_object_set_string_member (
      object, "status", kl_call_get_state_name (call));
  json_object_set_string_member (object, "resourceURL", url);
  return object;
}

static void
reply_no_address (KlRequest *request, const char *member)
{
  kl_request_reply_error (request, 404, "SVC0004",
      "No valid addresses provided in message part %1", member);
}

static void
reply_refused (KlRequest *request, const char *why)
{
  kl_request_reply_error (request, 403, "POL0001", "Request refused: %1", why);
}

static void
reply_pending (KlRequest *request, KlLeg *leg)
{
  kl_request_reply_error (
      request, 409, "SVC0491", "Request pending for session %1", leg->sid);
}

static void
reply_echo (KlRequest *request, const char *wrapper, JsonObject *asked)
{
  JsonObject *reply = json_object_new ();

  kl_json_copy_member (reply, asked, "sdp");
  kl_json_copy_member (reply, asked, "clientCorrelator");
  kl_request_reply (request, 200, kl_json_wrap (wrapper, reply));
}

gboolean
kl_sessions_is_in_call (KandyLoopback *self, KlAccount *account)
{
  GHashTableIter iter;
  gpointer leg;

  g_hash_table_iter_init (&iter, self->legs);
  while (g_hash_table_iter_next (&iter, NULL, &leg)) {
    if (((KlLeg *) leg)->account == account && !((KlLeg *) leg)->over
        && ((KlLeg *) leg)->call->state == KL_CALL_CONNECTED)
      return TRUE;
  }
  return FALSE;
}

/* The caller's device is the one whose channel has the request's correlator,
 * if that is unambiguous. Else all of the caller's devices will be told. */
static char *
guess_channel (KlRequest *request, JsonObject *asked)
{
  const char *correlator = kl_json_get_string (asked, "clientCorrelator");
  g_autoptr (GPtrArray) channels =
      kl_channels_of (request->self, request->account, "call");
  const char *found = NULL;
  guint i;

  for (i = 0; correlator && i < channels->len; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);

    if (g_strcmp0 (channel->correlator, correlator) != 0)
      continue;
    if (found)
      return NULL;
    found = channel->id;
  }
  return g_strdup (found);
}

/* protocol calls 1.2: pairs of texts, if there are any */
static gboolean
are_custom_parameters (JsonObject *asked)
{
  JsonNode *node = json_object_get_member (asked, "customParameters");
  JsonArray *array;
  guint i;

  if (!node)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *item = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_OBJECT (item)
        || !kl_json_get_string (json_node_get_object (item), "name")
        || !kl_json_get_string (json_node_get_object (item), "value"))
      return FALSE;
  }
  return TRUE;
}

/* P1 to P4 */
static void
create_session (KlRequest *request)
{
  KandyLoopback *self = request->self;
  JsonObject *asked = kl_json_get_object (request->body, "wrtcsSession");
  JsonObject *offer = kl_json_get_object (asked, "offer");
  const char *to = kl_json_get_string (asked, "tParticipantAddress");
  KlAccount *callee = to ? kl_accounts_resolve (self, to) : NULL;
  g_autoptr (KlCall) call = NULL;
  JsonObject *reply;

  if (!asked) {
    kl_request_reply_bad_value (request, "wrtcsSession");
    return;
  }
  if (!offer
      || (json_object_has_member (offer, "sdp")
          && !kl_json_get_string (offer, "sdp"))) {
    kl_request_reply_bad_value (request, "offer");
    return;
  }
  if (!callee) {
    reply_no_address (request, "tParticipantAddress");
    return;
  }
  if (!are_custom_parameters (asked)) {
    kl_request_reply_bad_value (request, "customParameters");
    return;
  }
  if (g_hash_table_size (self->calls) >= KL_MAX_CALLS) {
    reply_refused (request, "too many sessions");
    return;
  }

  call = kl_call_new (self, request->account, to, offer);
  call->caller->channel = guess_channel (request, asked);
  call->display_name =
      g_strdup (kl_json_get_string (asked, "tParticipantName"));
  if (json_object_has_member (asked, "customParameters"))
    call->custom_parameters =
        json_node_copy (json_object_get_member (asked, "customParameters"));
  kl_call_set_offer (call, call->caller,
      self->policies.slow_start || !json_object_has_member (offer, "sdp"));
  reply = session_to_json (call->caller);
  kl_json_copy_member (reply, asked, "clientCorrelator");
  kl_json_copy_member (reply, asked, "offer");

  if (self->policies.busy && kl_sessions_is_in_call (self, callee))
    kl_call_end (call, request, NULL, 486, "Busy");
  else if (!kl_call_invite (call, request, callee, to, !call->offer_is_empty))
    kl_call_end (call, request, NULL, 480, "Not available");
  kl_request_reply (request, 201, kl_json_wrap ("wrtcsSession", reply));
}

/* P5 and P6 */
static void
update_status (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;
  JsonObject *asked = kl_json_get_object (request->body, "wrtcsSessionStatus");
  const char *status = kl_json_get_string (asked, "status");
  JsonObject *reply;

  if (g_strcmp0 (status, "Ringing") != 0
      && g_strcmp0 (status, "Connected") != 0) {
    kl_request_reply_bad_value (
        request, asked ? "status" : "wrtcsSessionStatus");
    return;
  }
  leg->last_audit = g_get_monotonic_time ();
  /* Connected is an audit and never an answer (protocol calls 1.3) */
  if (g_str_equal (status, "Ringing") && leg->ringing
      && call->state == KL_CALL_INITIATED) {
    call->state = KL_CALL_RINGING;
    if (call->self->policies.ringing)
      kl_leg_tell_event (call->caller, request, "Ringing", 0, NULL);
  }
  reply = json_object_new ();
  json_object_set_string_member (reply, "status", status);
  kl_json_copy_member (reply, asked, "clientCorrelator");
  kl_request_reply (request, 200, kl_json_wrap ("wrtcsSessionStatus", reply));
}

/* A device takes the call, with an answer or, in a slow start, an offer */
static void
take_call (KlRequest *request, KlLeg *leg, const char *sdp)
{
  KlCall *call = leg->call;

  leg->ringing = FALSE;
  kl_call_stop_ringing (call, request, leg, 9904, "Answered on another device");
  if (call->transfer == KL_TRANSFER_RINGING) {
    call->transfer = KL_TRANSFER_JOINING;
    call->target = leg;
  } else {
    call->callee = leg;
  }
  if (call->offer_is_empty || call->transfer == KL_TRANSFER_JOINING) {
    kl_call_set_offer (call, leg, FALSE);
    kl_leg_tell_sdp (
        kl_leg_get_far (leg), request, "wrtcsOfferNotification", "offer", sdp);
  } else {
    kl_call_connected (call);
    kl_call_set_offer (call, NULL, FALSE);
    kl_leg_tell_sdp (
        call->caller, request, "wrtcsAcceptanceNotification", "answer", sdp);
  }
}

/* P8, P9, P10, P12. wrapper: of the request, and of its reply. */
static void
answer (KlRequest *request, KlLeg *leg, const char *wrapper)
{
  KlCall *call = leg->call;
  JsonObject *asked = kl_json_get_object (request->body, wrapper);
  const char *sdp = kl_json_get_string (asked, "sdp");
  KlLeg *owner = call->offer_owner;

  if (!sdp) {
    kl_request_reply_bad_value (request, asked ? "sdp" : wrapper);
    return;
  }
  if (leg->ringing) {
    take_call (request, leg, sdp);
  } else if (call->transfer == KL_TRANSFER_ASKING && leg == call->target) {
    call->transfer = KL_TRANSFER_JOINING;
    kl_call_set_offer (call, leg, FALSE);
    kl_leg_tell_sdp (
        kl_leg_get_far (leg), request, "wrtcsOfferNotification", "offer", sdp);
  } else if (leg->over || leg != kl_call_get_answerer (call)) {
    reply_refused (request,
        leg->over ? "answered on another device" : "no offer to answer");
    return;
  } else if (call->offer_is_empty) {
    kl_call_set_offer (call, leg, FALSE);
    kl_leg_tell_sdp (owner, request, "wrtcsOfferNotification", "offer", sdp);
  } else {
    kl_call_connected (call);
    kl_call_set_offer (call, NULL, FALSE);
    kl_leg_tell_sdp (owner, request, "wrtcsAnswerNotification", "answer", sdp);
    if (call->transfer == KL_TRANSFER_JOINING)
      kl_call_complete_transfer (call, request);
  }
  reply_echo (request, wrapper, asked);
}

/* P11 and P13. Without sdp it asks the far end for an offer. */
static void
offer (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;
  JsonObject *asked = kl_json_get_object (request->body, "wrtcsOffer");
  const char *sdp = kl_json_get_string (asked, "sdp");

  if (!asked || (!sdp && json_object_has_member (asked, "sdp"))) {
    kl_request_reply_bad_value (request, asked ? "sdp" : "wrtcsOffer");
    return;
  }
  if (call->state != KL_CALL_CONNECTED || call->offer_owner
      || call->transfer != KL_TRANSFER_NONE) {
    reply_pending (request, leg);
    return;
  }
  kl_call_set_offer (call, leg, sdp == NULL);
  kl_leg_tell_sdp (
      kl_leg_get_far (leg), request, "wrtcsOfferNotification", "offer", sdp);
  reply_echo (request, "wrtcsOffer", asked);
}

/* Candidates are handed on as they come; no answer to what they mean */
static void
relay_candidates (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;
  JsonObject *asked = kl_json_get_object (request->body, "wrtcsIceCandidates");
  KlLeg *far = kl_leg_get_far (leg);
  guint i;

  if (!asked) {
    kl_request_reply_bad_value (request, "wrtcsIceCandidates");
    return;
  }
  for (i = 0; i < call->legs->len; i++) {
    KlLeg *other = g_ptr_array_index (call->legs, i);
    JsonObject *object;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    /* Before the answer every device of the callee is the far end */
    if (other != far && (far || !other->ringing))
      continue;
    object = json_object_new ();
    json_object_iter_init (&iter, asked);
    while (json_object_iter_next (&iter, &name, &node)) {
      if (!g_str_equal (name, "clientCorrelator"))
        json_object_set_member (object, name, json_node_copy (node));
    }
    kl_leg_tell (other, request, "wrtcsIceNotification", object);
  }
  kl_request_reply (request, 204, NULL);
}

static KlAccount *
read_address (KlRequest *request, const char *wrapper, const char **address)
{
  JsonObject *asked = kl_json_get_object (request->body, wrapper);
  KlAccount *account;

  *address = kl_json_get_string (asked, "address");
  if (!*address) {
    kl_request_reply_bad_value (request, asked ? "address" : wrapper);
    return NULL;
  }
  account = kl_accounts_resolve (request->self, *address);
  if (!account)
    reply_no_address (request, "address");
  return account;
}

/* P19 */
static void
forward (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;
  const char *address;
  KlAccount *account = read_address (request, "wrtcsForward", &address);

  if (!account)
    return;
  if (!leg->ringing || call->transfer != KL_TRANSFER_NONE) {
    reply_refused (request, "only a call that rings can be forwarded");
    return;
  }
  leg->ringing = FALSE;
  leg->over = TRUE;
  kl_call_stop_ringing (call, request, NULL, 9908, "Call forwarded");
  if (!kl_call_invite (call, request, account, address, !call->offer_is_empty))
    kl_call_end (call, request, NULL, 480, "Not available");
  kl_request_reply (request, 204, NULL);
}

/* P20, with somebody who has been called before */
static void
consult (KlRequest *request, KlLeg *leg, KlAccount *account, const char *sid)
{
  KlLeg *other = g_hash_table_lookup (request->self->legs, sid);

  if (!other || other->account != request->account || other->over) {
    reply_no_address (request, "sessionId");
  } else if (other->call == leg->call || other->call->state != KL_CALL_CONNECTED
      || kl_leg_get_far (other)->account != account) {
    reply_refused (request, "not a call with that address");
  } else if (other->call->offer_owner
      || other->call->transfer != KL_TRANSFER_NONE) {
    reply_pending (request, other);
  } else {
    kl_call_consult (leg->call, request, leg, other);
    kl_request_reply (request, 204, NULL);
  }
}

/* P20 */
static void
transfer (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;
  JsonObject *asked = kl_json_get_object (request->body, "wrtcsTransfer");
  const char *address;
  KlAccount *account = read_address (request, "wrtcsTransfer", &address);

  if (!account)
    return;
  if (call->state != KL_CALL_CONNECTED || call->offer_owner
      || call->transfer != KL_TRANSFER_NONE) {
    reply_pending (request, leg);
    return;
  }
  if (json_object_has_member (asked, "sessionId")) {
    const char *sid = kl_json_get_string (asked, "sessionId");

    if (sid)
      consult (request, leg, account, sid);
    else
      kl_request_reply_bad_value (request, "sessionId");
    return;
  }
  call->transfer = KL_TRANSFER_RINGING;
  call->transferor = leg;
  if (!kl_call_invite (call, request, account, address, FALSE))
    kl_call_fail_transfer (call, request, 480, "Not available");
  kl_request_reply (request, 204, NULL);
}

/* P14 to P16 */
static void
delete_session (KlRequest *request, KlLeg *leg)
{
  KlCall *call = leg->call;

  if (call->lender && leg == call->target) {
    KlCall *lender = call->lender;

    kl_call_fail_transfer (call, request, 603, "Declined");
    kl_call_end (lender, request, leg, 9905, "Session ended");
  } else if (call->transfer != KL_TRANSFER_NONE
      && (leg->ringing || leg == call->target)) {
    leg->ringing = FALSE;
    leg->over = TRUE;
    kl_call_fail_transfer (call, request, 603, "Declined");
  } else if (leg->ringing) {
    leg->ringing = FALSE;
    kl_call_end (call, request, leg, 603, "Declined");
  } else if (call->state != KL_CALL_CONNECTED && leg == call->caller) {
    kl_call_end (call, request, leg, 487, "Cancelled by the caller");
  } else {
    kl_call_end (call, request, leg, 9905, "Session ended");
  }
  kl_request_reply (request, 204, NULL);
}

static void
get_status (KlRequest *request, KlLeg *leg)
{
  JsonObject *reply = json_object_new ();

  json_object_set_string_member (
      reply, "status", kl_call_get_state_name (leg->call));
  kl_request_reply (request, 200, kl_json_wrap ("wrtcsSessionStatus", reply));
}

static void
list_sessions (KlRequest *request)
{
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, request->self->legs);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    KlLeg *leg = value;

    if (leg->account == request->account && !leg->over)
      json_array_add_object_element (array, session_to_json (leg));
  }
  json_object_set_array_member (list, "wrtcsSession", array);
  json_object_set_string_member (list, "resourceURL", request->path);
  kl_request_reply (request, 200, kl_json_wrap ("wrtcsSessionList", list));
}

static void
handle_session (KlRequest *request, KlLeg *leg)
{
  if (kl_request_is (request, "GET"))
    kl_request_reply (
        request, 200, kl_json_wrap ("wrtcsSession", session_to_json (leg)));
  else if (kl_request_is (request, "DELETE"))
    delete_session (request, leg);
  else
    kl_request_reply_bad_method (request, "GET, DELETE");
}

static void
handle_part (KlRequest *request, KlLeg *leg, const char *part)
{
  KlCall *call = leg->call;
  gboolean is_status = g_str_equal (part, "status");

  if (is_status && kl_request_is (request, "GET")) {
    get_status (request, leg);
    return;
  }
  if (!kl_request_is (request, "PUT")) {
    kl_request_reply_bad_method (request, is_status ? "GET, PUT" : "PUT");
    return;
  }
  if (is_status)
    update_status (request, leg);
  else if (g_str_equal (part, "answer"))
    answer (request, leg, "wrtcsAnswer");
  else if (g_str_equal (part, "offer")
      && (leg->ringing || leg == kl_call_get_answerer (call))
      && (call->offer_is_empty || call->transfer == KL_TRANSFER_RINGING))
    answer (request, leg, "wrtcsOffer");
  else if (g_str_equal (part, "offer") || g_str_equal (part, "update"))
    offer (request, leg);
  else if (g_str_equal (part, "ice"))
    relay_candidates (request, leg);
  else if (g_str_equal (part, "forward"))
    forward (request, leg);
  else if (g_str_equal (part, "transfer"))
    transfer (request, leg);
  else
    kl_request_reply_not_found (request, "path");
}

/* rest: what follows sessions/ in the path */
void
kl_sessions_handle (KlRequest *request, char **rest)
{
  KandyLoopback *self = request->self;
  g_autoptr (KlCall) call = NULL;
  gboolean is_answer;
  KlLeg *leg;

  if (!rest[0]) {
    if (kl_request_is (request, "POST"))
      create_session (request);
    else if (kl_request_is (request, "GET"))
      list_sessions (request);
    else
      kl_request_reply_bad_method (request, "GET, POST");
    return;
  }
  if (rest[1] && rest[2]) {
    kl_request_reply_not_found (request, "path");
    return;
  }

  leg = g_hash_table_lookup (self->legs, rest[0]);
  is_answer = g_strcmp0 (rest[1], "answer") == 0;
  /* P7, P17. To answer a call that another device has is another matter. */
  if (!leg || leg->account != request->account || (leg->over && !is_answer)
      || (self->policies.audit_gone && kl_request_is (request, "PUT")
          && g_strcmp0 (rest[1], "status") == 0)) {
    kl_request_reply_not_found (request, "sessionId");
    return;
  }
  call = kl_call_ref (leg->call);
  if (rest[1])
    handle_part (request, leg, rest[1]);
  else
    handle_session (request, leg);
}
