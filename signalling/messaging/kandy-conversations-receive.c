/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-error.h"
#include "kandy-json.h"

/*
 * Notifications of messages, typing and delivery (protocol messaging 2.5, 2.6,
 * 2.10.5). What makes no sense is reported and dropped.
 */

const char *const kandy_messaging_notification_types[] = {
  "chatMessageNotification", "inboundSMSMessageNotification",
  "outboundSMSMessageNotification", "deliveryInfoNotification",
  "smsEventNotification", NULL
};

/* The kind of conversation that a link is about, and its far end. FALSE: none
 */
static gboolean
parse_link (const char *href, KandyChatType *type, char **peer)
{
  static const char group[] = "/group/";
  static const char one_to_one[] = "/oneToOne/";
  const char *start;
  g_autofree char *segment = NULL;

  if (!href)
    return FALSE;
  if ((start = strstr (href, group))) {
    *type = KANDY_CHAT_TYPE_GROUP;
    start += strlen (group);
  } else if ((start = strstr (href, one_to_one))) {
    *type = KANDY_CHAT_TYPE_ONE_TO_ONE;
    start += strlen (one_to_one);
  } else {
    return FALSE;
  }
  segment = g_strndup (start, strcspn (start, "/?#"));
  *peer = g_uri_unescape_string (segment, NULL);
  return *peer && **peer && g_utf8_validate (*peer, -1, NULL);
}

/* After the state is as it should be: what the document has for a message that
 * came (protocol messaging 2.5) */
static void
announce (KandyConversations *self, KandyConversation *conversation,
    gboolean is_new, KandyMessage *message)
{
  const char *id = kandy_message_get_message_id (message);

  if (is_new) {
    g_autoptr (GPtrArray) list = g_ptr_array_new ();

    g_ptr_array_add (list, conversation);
    kandy_conversations_emit_change (self, list, id);
  } else {
    kandy_conversation_emit_change (conversation, id, NULL);
  }
  if (!kandy_message_is_own (message))
    kandy_conversations_emit_received (self, conversation, message);
}

static void
take (KandyConversations *self, const char *destination, KandyChatType type,
    const char *thread_id, const KandyMessageContent *content)
{
  g_autofree char *normal = kandy_normalize_recipient (destination, type);
  g_autoptr (KandyConversation) conversation = NULL;
  g_autoptr (KandyMessage) message = NULL;
  gboolean is_new;

  if (!normal) {
    kandy_conversations_log (
        self, KANDY_LOG_LEVEL_WARN, "A message with a bad address is ignored");
    return;
  }
  if (kandy_conversations_was_deleted (self, content->id))
    return;
  conversation = kandy_conversations_ensure (self, normal, type, &is_new);
  g_object_ref (conversation);
  if (kandy_conversation_get_message (conversation, content->id))
    return;
  if (thread_id) {
    KandyConversationDetails details = { .id = thread_id };

    kandy_conversation_set_details (conversation, &details);
  }
  message =
      kandy_message_new (kandy_conversation_get_link (conversation), content);
  if (content->own && kandy_conversation_keep_echo (conversation, message))
    return;
  kandy_conversation_received (conversation, message);
  announce (self, conversation, is_new, message);
  /* Who has sent has ended to type */
  if (content->sender)
    kandy_conversation_set_typing (conversation, content->sender, FALSE, 0);
}

static gboolean
is_outbound (JsonObject *object)
{
  return g_strcmp0 (kandy_json_get_string (object, "x-type"), "outbound") == 0;
}

static gboolean
is_inbound (JsonObject *object)
{
  return g_strcmp0 (kandy_json_get_string (object, "x-type"), "inbound") == 0;
}

static void
receive_chat (
    KandyConversations *self, JsonObject *content, JsonObject *message)
{
  const char *link = kandy_messaging_find_link (content, "chatMessage");
  g_autoptr (GPtrArray) parts = NULL;
  g_autofree char *peer = NULL;
  g_autofree char *id = NULL;
  KandyMessageContent values = { 0 };
  KandyChatType type;
  const char *from, *to;

  if (!is_inbound (message) && !is_outbound (message))
    return;
  if (!link)
    link = kandy_messaging_find_link (content, NULL);
  id = kandy_messaging_parse_id (link);
  from = kandy_json_get_string (message, "senderAddress");
  to = kandy_json_get_string (message, "x-destinationAddress");
  if (!parse_link (link, &type, &peer) || !id || !strstr (link, "/messages/")) {
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "A chatMessageNotification without a chatMessage link is ignored");
    return;
  }
  parts = kandy_messaging_parse_parts (message, "text");
  values.id = id;
  values.own = is_outbound (message);
  values.sender = from;
  values.destination = to;
  values.status = kandy_json_get_string (message, "status");
  values.time = kandy_messaging_parse_time (message, "dateTime");
  values.parts = parts;
  /* A one-to-one thread is the other's; a group's is the group's */
  if (type == KANDY_CHAT_TYPE_GROUP)
    take (self, to ? to : peer, type, NULL, &values);
  else
    take (self, values.own ? (to ? to : peer) : (from ? from : peer), type,
        NULL, &values);
}

/* A stranger who types is no reason for a conversation, but is told of */
static void
emit_typing (KandyConversations *self, const char *destination,
    KandyChatType type, const char *sender, const char *state)
{
  const char *destinations[] = { destination, NULL };
  KandyClient *client = kandy_conversations_peek_client (self);
  GVariantDict payload;

  if (!client)
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert (&payload, "destination", "^as", destinations);
  g_variant_dict_insert (
      &payload, "type", "s", kandy_chat_type_to_string (type));
  g_variant_dict_insert (&payload, "sender", "s", sender);
  g_variant_dict_insert (&payload, "state", "s", state);
  kandy_client_emit (
      client, NULL, "isTypingList:change", g_variant_dict_end (&payload));
}

static void
receive_composing (
    KandyConversations *self, JsonObject *content, JsonObject *composing)
{
  const char *link = kandy_messaging_find_link (content, "chatSession");
  const char *from = kandy_json_get_string (composing, "senderAddress");
  const char *to = kandy_json_get_string (composing, "x-destinationAddress");
  const char *state = kandy_json_get_string (composing, "state");
  gint64 refresh = kandy_messaging_parse_number (composing, "refresh");
  g_autofree char *peer = NULL;
  g_autofree char *destination = NULL;
  KandyConversation *conversation;
  KandyChatType type;
  gboolean active = g_strcmp0 (state, "active") == 0;

  if (!is_inbound (composing))
    return;
  if (!link)
    link = kandy_messaging_find_link (content, NULL);
  if (!from || !parse_link (link, &type, &peer)
      || (!active && g_strcmp0 (state, "idle") != 0)) {
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "An isComposing notification that makes no sense is ignored");
    return;
  }
  destination = kandy_normalize_recipient (
      type == KANDY_CHAT_TYPE_GROUP ? (to ? to : peer) : from, type);
  if (!destination)
    return;
  conversation = kandy_conversations_get (self, destination, type);
  if (conversation)
    kandy_conversation_set_typing (
        conversation, from, active, (guint) CLAMP (refresh, 1, 600));
  else
    emit_typing (self, destination, type, from, state);
}

static void
receive_sms (KandyConversations *self, JsonObject *content, gboolean own)
{
  JsonObject *message = kandy_json_get_object (
      content, own ? "outboundSMSMessage" : "inboundSMSMessage");
  const char *from = kandy_json_get_string (message, "senderAddress");
  const char *to = kandy_json_get_string (message, "destinationAddress");
  const char *id = kandy_json_get_string (message, "messageId");
  g_autoptr (GPtrArray) parts = NULL;
  g_autofree char *thread_id = NULL;
  KandyMessageContent values = { 0 };

  /* So an old platform writes it (protocol messaging 2.10.5) */
  if (!from)
    from = kandy_json_get_string (message, "senderAdress");
  if (!from || !to || !id || !*id) {
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "An SMS notification without addresses or id is ignored");
    return;
  }
  parts = kandy_messaging_parse_parts (message, "message");
  values.id = id;
  values.own = own;
  values.sender = from;
  values.destination = to;
  values.time = kandy_messaging_parse_time (content, "dateTime");
  values.parts = parts;
  thread_id = own ? g_strconcat (from, "--", to, NULL)
                  : g_strconcat (to, "--", from, NULL);
  take (self, own ? to : from, KANDY_CHAT_TYPE_SMS, thread_id, &values);
}

static void
receive_delivery (KandyConversations *self, JsonObject *content)
{
  JsonObject *info = kandy_json_get_object (content, "deliveryInfo");
  const char *address = kandy_json_get_string (info, "address");
  const char *id = kandy_json_get_string (info, "messageId");
  const char *status = kandy_json_get_string (info, "deliveryStatus");
  KandyConversation *conversation;

  if (!address || !id || !status) {
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "A deliveryInfoNotification without address, id or status is ignored");
    return;
  }
  conversation = kandy_conversations_get (self, address, KANDY_CHAT_TYPE_SMS);
  status = kandy_messaging_map_status (status);
  if (conversation)
    kandy_conversation_delivered (
        conversation, id, status ? status : "Unknown");
}

/* Another device of the user has deleted a message */
static void
receive_sms_event (KandyConversations *self, JsonObject *content)
{
  const char *link = kandy_messaging_find_link (content, "smsMessage");
  static const char marker[] = "/remoteAddresses/";
  const char *start = link ? strstr (link, marker) : NULL;
  g_autofree char *segment = NULL;
  g_autofree char *remote = NULL;
  g_autofree char *id = kandy_messaging_parse_id (link);
  KandyConversation *conversation;
  KandyMessage *message;

  if (!start || !id
      || g_strcmp0 (
             kandy_json_get_string (content, "eventType"), "MessageDeleted")
          != 0)
    return;
  start += strlen (marker);
  segment = g_strndup (start, strcspn (start, "/"));
  remote = g_uri_unescape_string (segment, NULL);
  conversation = remote && g_utf8_validate (remote, -1, NULL)
      ? kandy_conversations_get (self, remote, KANDY_CHAT_TYPE_SMS)
      : NULL;
  message =
      conversation ? kandy_conversation_get_message (conversation, id) : NULL;
  if (!message)
    return;
  g_object_ref (conversation);
  kandy_conversations_note_deleted (self, id);
  kandy_message_list_remove (
      kandy_conversation_get_list (conversation), message);
  kandy_conversation_emit_change (conversation, id, NULL);
  g_object_unref (conversation);
}

void
kandy_conversations_receive (
    const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyConversations) self = g_object_ref (user_data);
  JsonObject *message = kandy_json_get_object (content, "chatMessage");
  JsonObject *composing = kandy_json_get_object (content, "isComposing");

  if (g_str_equal (type, "inboundSMSMessageNotification"))
    receive_sms (self, content, FALSE);
  else if (g_str_equal (type, "outboundSMSMessageNotification"))
    receive_sms (self, content, TRUE);
  else if (g_str_equal (type, "deliveryInfoNotification"))
    receive_delivery (self, content);
  else if (g_str_equal (type, "smsEventNotification"))
    receive_sms_event (self, content);
  else if (message)
    receive_chat (self, content, message);
  else if (composing)
    receive_composing (self, content, composing);
  else
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "A chatMessageNotification without a message is ignored");
}
