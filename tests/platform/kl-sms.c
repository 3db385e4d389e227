/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-messages.h"

/* Short messages (protocol messaging 2.10): a user has one number, and may send
 * to any. What goes to a user's number arrives, all else is as good as sent. */

#define MAX_TEXT 1600

/* A number with a plus, without scheme and punctuation. (nullable): none.
 * (transfer full) */
static char *
normalize (const char *address)
{
  GString *number = g_string_new ("+");
  const char *p = address;

  if (g_ascii_strncasecmp (p, "tel:", 4) == 0
      || g_ascii_strncasecmp (p, "sip:", 4) == 0)
    p += 4;
  if (*p == '+')
    p++;
  for (; *p && *p != '@' && *p != ';'; p++) {
    if (g_ascii_isdigit (*p))
      g_string_append_c (number, *p);
    else if (!strchr (" -.()", *p))
      break;
  }
  /* E.164 has 15 digits at most */
  if (number->len < 2 || number->len > 16 || (*p && *p != '@' && *p != ';')) {
    g_string_free (number, TRUE);
    return NULL;
  }
  return g_string_free (number, FALSE);
}

static char *
own_number (KlAccount *account)
{
  return account->phone ? normalize (account->phone) : NULL;
}

static char *
thread_path (KlAccount *account, const KlThread *thread)
{
  return g_strdup_printf (
      "/cpaas/smsmessaging/v1/%s/remoteAddresses/%s/localAddresses/%s",
      account->id, thread->peer, thread->local);
}

static JsonObject *
message_to_notification (const char *id, const KlMessage *message)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "dateTime", message->time);
  json_object_set_string_member (
      object, "destinationAddress", message->destination);
  json_object_set_string_member (object, "senderAddress", message->sender);
  json_object_set_string_member (object, "message", message->text);
  json_object_set_string_member (object, "messageId", id);
  return object;
}

/* type: inbound or outbound */
static void
notify (KlRequest *request, KlAccount *account, const char *type,
    const char *id, const KlMessage *message)
{
  g_autofree char *member = g_strconcat (type, "SMSMessage", NULL);
  g_autofree char *name = g_strconcat (member, "Notification", NULL);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "dateTime", message->time);
  json_object_set_object_member (
      object, member, message_to_notification (id, message));
  kl_request_notify (request, account, "smsinbound", NULL, name, object);
}

static void
notify_receipt (KlRequest *request, const char *id, const char *address)
{
  JsonObject *info = json_object_new ();
  JsonObject *object = json_object_new ();

  json_object_set_string_member (info, "address", address);
  json_object_set_string_member (info, "deliveryStatus", "DeliveredToTerminal");
  json_object_set_string_member (info, "messageId", id);
  json_object_set_object_member (object, "deliveryInfo", info);
  kl_request_notify (request, request->account, "smsinbound", NULL,
      "deliveryInfoNotification", object);
}

/* The far end has the message, if it is a user's number. Returns whether. */
static gboolean
deliver (KlRequest *request, const KlMessage *sent)
{
  KlAccount *account = kl_accounts_resolve (request->self, sent->destination);
  KlThread thread = { NULL, KL_KIND_SMS, sent->sender, sent->destination };
  KlMessage message = *sent;
  g_autofree char *id = NULL;

  if (!account)
    return FALSE;
  thread.owner = account->address;
  message.outbound = FALSE;
  id = kl_messages_store (request->self, &thread, &message);
  notify (request, account, "inbound", id, &message);
  return TRUE;
}

static JsonObject *
send_to_reply (KlRequest *request, JsonObject *asked, const KlThread *thread,
    const char *id, const KlMessage *message)
{
  g_autofree char *url = g_strdup_printf (
      "/cpaas/smsmessaging/v1/%s/remoteAddresses/%s/messages/%s",
      request->account->id, thread->peer, id);
  g_autofree char *infos_url = g_strconcat (url, "/deliveryInfos", NULL);
  JsonObject *reply = json_object_new ();
  JsonObject *list = json_object_new ();
  JsonObject *info = json_object_new ();
  JsonArray *infos = json_array_new ();

  kl_json_copy_member (reply, asked, "address");
  kl_json_copy_member (reply, asked, "clientCorrelator");
  json_object_set_string_member (reply, "senderAddress", message->sender);
  kl_json_copy_member (reply, asked, "outboundSMSTextMessage");
  json_object_set_string_member (info, "address", message->destination);
  json_object_set_string_member (info, "deliveryStatus", "DeliveredToNetwork");
  json_array_add_object_element (infos, info);
  json_object_set_array_member (list, "deliveryInfo", infos);
  json_object_set_string_member (list, "resourceURL", infos_url);
  json_object_set_object_member (reply, "deliveryInfoList", list);
  json_object_set_string_member (reply, "resourceURL", url);
  return kl_json_wrap ("outboundSMSMessageRequest", reply);
}

static void
send_message (KlRequest *request, const char *from)
{
  JsonObject *asked =
      kl_json_get_object (request->body, "outboundSMSMessageRequest");
  JsonNode *addresses =
      asked ? json_object_get_member (asked, "address") : NULL;
  const char *text = kl_json_get_string (
      kl_json_get_object (asked, "outboundSMSTextMessage"), "message");
  KlThread thread = { request->account->address, KL_KIND_SMS, NULL, NULL };
  g_autofree char *own = own_number (request->account);
  g_autofree char *asked_number = normalize (from);
  g_autofree char *to = NULL;
  g_autofree char *id = NULL;
  KlMessage message = { TRUE };

  if (!own
      || (!g_str_equal (from, "default")
          && g_strcmp0 (asked_number, own) != 0)) {
    kl_request_reply_error (
        request, 403, "POL1002", "User is not allowed to use number %1", from);
    return;
  }
  if (addresses && JSON_NODE_HOLDS_ARRAY (addresses)
      && json_array_get_length (json_node_get_array (addresses)) == 1) {
    JsonNode *first =
        json_array_get_element (json_node_get_array (addresses), 0);

    if (JSON_NODE_HOLDS_VALUE (first)
        && json_node_get_value_type (first) == G_TYPE_STRING)
      to = normalize (json_node_get_string (first));
  }
  if (!to) {
    kl_request_reply_bad_value (request, "address");
    return;
  }
  if (!text || g_utf8_strlen (text, -1) > MAX_TEXT) {
    kl_request_reply_bad_value (request, "message");
    return;
  }

  thread.peer = to;
  thread.local = own;
  message.sender = own;
  message.destination = to;
  message.text = text;
  message.time = g_get_real_time () / 1000;
  kl_store_begin (request->self->store);
  id = kl_messages_store (request->self, &thread, &message);
  notify (request, request->account, "outbound", id, &message);
  if (deliver (request, &message) && request->self->policies.sms_receipts)
    notify_receipt (request, id, to);
  kl_store_commit (request->self->store);
  kl_request_reply (
      request, 201, send_to_reply (request, asked, &thread, id, &message));
}

static void
handle_threads (KlRequest *request)
{
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT t.peer, t.local, t.pulled, l.text, l.time, min(m.time), count(*)"
      " FROM threads t"
      " JOIN messages m ON m.owner = t.owner AND m.kind = t.kind"
      "  AND m.peer = t.peer AND m.local = t.local"
      " JOIN messages l ON l.number ="
      " (SELECT max(number) FROM messages WHERE owner = t.owner"
      "  AND kind = t.kind AND peer = t.peer AND local = t.local)"
      " WHERE t.owner = ? AND t.kind = 'sms'"
      " GROUP BY t.peer, t.local ORDER BY l.number DESC",
      "s", request->account->address);

  while (kl_rows_next (rows)) {
    KlThread thread = { NULL, KL_KIND_SMS, kl_rows_get_text (rows, 0),
      kl_rows_get_text (rows, 1) };
    g_autofree char *url = thread_path (request->account, &thread);
    JsonObject *object = json_object_new ();
    JsonObject *details = json_object_new ();

    json_object_set_string_member (object, "remoteAddress", thread.peer);
    json_object_set_string_member (object, "localAddress", thread.local);
    json_object_set_string_member (object, "resourceURL", url);
    json_object_set_string_member (
        details, "lastText", kl_rows_get_text (rows, 3));
    json_object_set_int_member (
        details, "firstMessageTime", kl_rows_get_int (rows, 5));
    json_object_set_int_member (
        details, "lastMessageTime", kl_rows_get_int (rows, 4));
    if (kl_rows_get_int (rows, 2))
      json_object_set_int_member (
          details, "lastPullTime", kl_rows_get_int (rows, 2));
    json_object_set_int_member (details, "length", kl_rows_get_int (rows, 6));
    json_object_set_object_member (object, "threadDetails", details);
    json_array_add_object_element (array, object);
  }
  json_object_set_array_member (list, "smsThread", array);
  kl_request_reply (request, 200, kl_json_wrap ("smsThreadList", list));
}

static void
add_to_history (KlRequest *request, const KlThread *thread, const char *id,
    const KlMessage *message, JsonArray *array)
{
  g_autofree char *path = thread_path (request->account, thread);
  g_autofree char *url = g_strconcat (path, "/messages/", id, NULL);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "message", message->text);
  json_object_set_string_member (
      object, "type", message->outbound ? "outbound" : "inbound");
  json_object_set_string_member (
      object, "status", message->outbound ? "Sent" : "Received");
  json_object_set_int_member (object, "dateTime", message->time);
  json_object_set_string_member (object, "resourceURL", url);
  json_array_add_object_element (array, object);
}

/* The other devices learn of it (protocol messaging 2.10.5) */
static void
notify_deleted (KlRequest *request, const KlThread *thread, const char *id)
{
  g_autofree char *path = thread_path (request->account, thread);
  g_autofree char *href = g_strconcat (path, "/messages/", id, NULL);
  JsonObject *object = json_object_new ();
  JsonObject *link = json_object_new ();
  JsonArray *links = json_array_new ();

  json_object_set_string_member (link, "rel", "smsMessage");
  json_object_set_string_member (link, "href", href);
  json_array_add_object_element (links, link);
  json_object_set_string_member (object, "eventType", "MessageDeleted");
  json_object_set_int_member (object, "dateTime", g_get_real_time () / 1000);
  json_object_set_array_member (object, "link", links);
  kl_request_notify (request, request->account, "smsinbound", NULL,
      "smsEventNotification", object);
}

static void
handle_thread (KlRequest *request, const KlThread *thread, char **rest)
{
  gboolean messages = g_strcmp0 (rest[0], "messages") == 0;
  const char *id = messages ? rest[1] : NULL;

  if ((rest[0] && !messages) || (id && rest[2])) {
    kl_request_reply_not_found (request, "path");
  } else if (messages && !id) {
    if (kl_request_is (request, "GET"))
      kl_messages_list (
          request, thread, add_to_history, "smsMessageList", "smsMessage");
    else
      kl_request_reply_bad_method (request, "GET");
  } else if (!kl_request_is (request, "DELETE")) {
    kl_request_reply_bad_method (request, "DELETE");
  } else if (kl_messages_delete (request, thread, id)) {
    if (id)
      notify_deleted (request, thread, id);
    kl_request_reply (request, 204, NULL);
  } else {
    kl_request_reply_not_found (request, id ? "messageId" : "remoteAddress");
  }
}

/* rest: what follows the user in a path of the service smsmessaging */
void
kl_sms_handle (KlRequest *request, char **rest)
{
  KlThread thread = { request->account->address, KL_KIND_SMS, NULL, NULL };
  g_autofree char *remote = NULL;
  g_autofree char *local = NULL;

  if (g_str_equal (rest[0], "outbound") && rest[1]
      && g_strcmp0 (rest[2], "requests") == 0 && !rest[3]) {
    if (kl_request_is (request, "POST"))
      send_message (request, rest[1]);
    else
      kl_request_reply_bad_method (request, "POST");
    return;
  }
  if (!g_str_equal (rest[0], "remoteAddresses")) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  if (!rest[1]) {
    if (kl_request_is (request, "GET"))
      handle_threads (request);
    else
      kl_request_reply_bad_method (request, "GET");
    return;
  }
  remote = normalize (rest[1]);
  if (g_strcmp0 (rest[2], "localAddresses") == 0 && rest[3])
    local = g_str_equal (rest[3], "default") ? own_number (request->account)
                                             : normalize (rest[3]);
  if (!remote || !local) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  thread.peer = remote;
  thread.local = local;
  handle_thread (request, &thread, rest + 4);
}
