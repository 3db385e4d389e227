/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <kandy-conversations.h>
#include <kandy-services.h>

#include "gstkandylineask.h"

/* SECTION: conversations, messages and subscriptions of a line, as rows of
 * gstkandylineask.c
 *
 * A conversation is named by `destination` and `type`, one of the document's
 * conversation.chatTypes; a message by its `messageId` beside these.
 */

static const char *const part_types[] = {
  [KANDY_PART_TYPE_TEXT] = "text",
  [KANDY_PART_TYPE_JSON] = "json",
  [KANDY_PART_TYPE_FILE] = "file",
};

static void
insert_text (GVariantDict *dict, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_dict_insert (dict, name, "s", text);
}

/* (transfer floating) */
static GVariant *
part_to_variant (KandyMessagePart *part)
{
  GVariantDict dict;
  gint64 size = kandy_message_part_get_size (part);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (
      &dict, "type", "s", part_types[kandy_message_part_get_part_type (part)]);
  insert_text (&dict, "text", kandy_message_part_get_text (part));
  insert_text (&dict, "json", kandy_message_part_get_json (part));
  insert_text (&dict, "name", kandy_message_part_get_name (part));
  insert_text (
      &dict, "contentType", kandy_message_part_get_content_type (part));
  if (size >= 0)
    g_variant_dict_insert (&dict, "size", "x", size);
  insert_text (&dict, "rawURL", kandy_message_part_get_raw_url (part));
  insert_text (&dict, "url", kandy_message_part_get_url (part));
  insert_text (
      &dict, "thumbnailUrl", kandy_message_part_get_thumbnail_url (part));
  return g_variant_dict_end (&dict);
}

static GVariant *
message_to_variant (gpointer item)
{
  KandyMessage *message = item;
  const char *type =
      kandy_chat_type_to_string (kandy_message_get_chat_type (message));
  GVariantBuilder parts;
  GVariantDict dict;
  guint i;

  g_variant_builder_init (&parts, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < kandy_message_get_n_parts (message); i++)
    g_variant_builder_add_value (
        &parts, part_to_variant (kandy_message_get_part (message, i)));
  g_variant_dict_init (&dict, NULL);
  insert_text (&dict, "messageId", kandy_message_get_message_id (message));
  insert_text (&dict, "sender", kandy_message_get_sender (message));
  insert_text (&dict, "destination", kandy_message_get_destination (message));
  g_variant_dict_insert (&dict, "type", "s", type);
  g_variant_dict_insert (
      &dict, "timestamp", "x", kandy_message_get_timestamp (message));
  g_variant_dict_insert (&dict, "own", "b", kandy_message_is_own (message));
  g_variant_dict_insert (
      &dict, "isFetchingLinks", "b", kandy_message_is_fetching_links (message));
  insert_text (
      &dict, "deliveryStatus", kandy_message_get_delivery_status (message));
  g_variant_dict_insert_value (&dict, "parts", g_variant_builder_end (&parts));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static GVariant *
conversation_to_variant (gpointer item)
{
  KandyConversation *conversation = item;
  const char *type = kandy_chat_type_to_string (
      kandy_conversation_get_chat_type (conversation));
  g_auto (GStrv) typists = kandy_conversation_dup_typing_list (conversation);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  insert_text (
      &dict, "destination", kandy_conversation_get_destination (conversation));
  g_variant_dict_insert (&dict, "type", "s", type);
  insert_text (&dict, "address", kandy_conversation_get_address (conversation));
  insert_text (
      &dict, "lastMessage", kandy_conversation_get_last_message (conversation));
  g_variant_dict_insert (&dict, "lastReceived", "x",
      kandy_conversation_get_last_received (conversation));
  g_variant_dict_insert (&dict, "isTypingList", "^as", typists);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* The field `type`, also of `options`: as the document writes it, or the
 * enumeration's */
static gboolean
get_type (const GstStructure *request, KandyChatType *type, GError **error)
{
  const GValue *value = gst_kandy_ask_get_field (request, "type");
  guint i;

  *type = KANDY_CHAT_TYPE_ONE_TO_ONE;
  if (value == NULL)
    return TRUE;
  if (G_VALUE_HOLDS (value, KANDY_TYPE_CHAT_TYPE)) {
    *type = g_value_get_enum (value);
    return TRUE;
  }
  for (i = KANDY_CHAT_TYPE_ONE_TO_ONE; i <= KANDY_CHAT_TYPE_SMS; i++) {
    if (G_VALUE_HOLDS_STRING (value)
        && g_strcmp0 (g_value_get_string (value), kandy_chat_type_to_string (i))
            == 0) {
      *type = i;
      return TRUE;
    }
  }
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
          "A conversation's type is chat-oneToOne, chat-group or sms"));
  return FALSE;
}

/* Of conversations */

/* The document has "recipient" where there may be no conversation yet */
static const char *
get_destination (const GstStructure *request)
{
  return gst_kandy_ask_get_text (request,
      gst_structure_has_field (request, "destination") ? "destination"
                                                       : "recipient");
}

static void
begin_fetch (KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  KandyChatType type;
  GError *error = NULL;

  if (get_type (request, &type, &error))
    kandy_conversations_fetch_async (kandy_client_get_conversations (client),
        type, ask->line->cancellable, gst_kandy_ask_done, ask);
  else
    gst_kandy_ask_fail (ask, error);
}

GST_KANDY_ASK_FINISH (conversations_fetch, KANDY_CONVERSATIONS)

static void
get_all (KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "conversations",
      G_LIST_MODEL (kandy_client_get_conversations (client)),
      conversation_to_variant);
}

/* Unlike create it makes none */
static void
begin_get (KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  g_auto (GstKandyReply) reply = GST_KANDY_REPLY_INIT;
  g_autofree char *destination = NULL;
  KandyConversation *conversation;
  KandyChatType type;
  GError *error = NULL;

  if (!get_type (request, &type, &error)) {
    gst_kandy_ask_fail (ask, error);
    return;
  }
  destination = gst_kandy_line_dup_destination (
      ask->line, get_destination (request), type);
  conversation = kandy_conversations_get (
      kandy_client_get_conversations (client), destination, type);
  if (conversation != NULL)
    gst_kandy_ask_insert (
        &reply, "conversation", conversation_to_variant (conversation));
  gst_kandy_ask_answer (ask, &reply);
}

/* Of one conversation */

static void
get_conversation (KandyConversation *conversation, const GstStructure *request,
    GstKandyReply *reply)
{
  gst_kandy_ask_insert (
      reply, "conversation", conversation_to_variant (conversation));
}

static void
get_messages (KandyConversation *conversation, const GstStructure *request,
    GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (
      reply, "messages", G_LIST_MODEL (conversation), message_to_variant);
}

/* (transfer none) (nullable) */
static KandyMessage *
find_message (KandyConversation *conversation, const GstStructure *request)
{
  return kandy_conversation_get_message (
      conversation, gst_kandy_ask_get_text (request, "messageId"));
}

static void
get_message (KandyConversation *conversation, const GstStructure *request,
    GstKandyReply *reply)
{
  KandyMessage *message = find_message (conversation, request);

  if (message != NULL)
    gst_kandy_ask_insert (reply, "message", message_to_variant (message));
}

static void
clear_messages (KandyConversation *conversation, const GstStructure *request,
    GstKandyReply *reply)
{
  kandy_conversation_clear_messages (conversation);
}

static gint64
get_number (const GstStructure *request, const char *field)
{
  const GValue *value = gst_structure_get_value (request, field);
  GValue number = G_VALUE_INIT;
  gint64 result = 0;

  g_value_init (&number, G_TYPE_INT64);
  if (value != NULL
      && g_value_type_transformable (G_VALUE_TYPE (value), G_TYPE_INT64)
      && g_value_transform (value, &number))
    result = g_value_get_int64 (&number);
  g_value_unset (&number);
  return result;
}

static void
begin_fetch_messages (KandyConversation *conversation,
    const GstStructure *request, GstKandyAsk *ask)
{
  gint64 amount = get_number (request, "amount");

  if (gst_structure_has_field (request, "amount") && amount <= 0) {
    gst_kandy_ask_fail (ask,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "messaging:6", 0,
            "The amount of messages to fetch must be a number above 0"));
    return;
  }
  kandy_conversation_fetch_messages_async (conversation,
      (guint) CLAMP (amount, 0, G_MAXUINT),
      gst_structure_get_string (request, "next"),
      get_number (request, "untilTime"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

static gboolean
finish_fetch_messages (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  g_autofree char *next = NULL;

  if (!kandy_conversation_fetch_messages_finish (
          KANDY_CONVERSATION (source), result, &next, error))
    return FALSE;
  insert_text (&reply->fields, "next", next);
  gst_kandy_ask_insert_list (
      reply, "messages", G_LIST_MODEL (source), message_to_variant);
  return TRUE;
}

static void
begin_delete_messages (KandyConversation *conversation,
    const GstStructure *request, GstKandyAsk *ask)
{
  g_auto (GStrv) ids = gst_kandy_ask_dup_texts (request, "messageIds");

  kandy_conversation_delete_messages_async (conversation,
      (const char *const *) ids, ask->line->cancellable, gst_kandy_ask_done,
      ask);
}

GST_KANDY_ASK_FINISH (conversation_delete_messages, KANDY_CONVERSATION)

static void
begin_delete (KandyConversation *conversation, const GstStructure *request,
    GstKandyAsk *ask)
{
  kandy_conversation_delete_async (
      conversation, ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (conversation_delete, KANDY_CONVERSATION)

static void
begin_set_is_typing (KandyConversation *conversation,
    const GstStructure *request, GstKandyAsk *ask)
{
  gboolean typing = FALSE;

  gst_structure_get_boolean (request, "isTyping", &typing);
  kandy_conversation_set_is_typing_async (
      conversation, typing, ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (conversation_set_is_typing, KANDY_CONVERSATION)

/* Of a message */

/* (transfer full): a structure with `type` and `text`, `json` or `file` */
static KandyMessagePart *
part_from_value (const GValue *value, GError **error)
{
  const GstStructure *part = GST_VALUE_HOLDS_STRUCTURE (value)
      ? gst_value_get_structure (value)
      : NULL;
  const char *type = part ? gst_structure_get_string (part, "type") : NULL;
  const char *content = type ? gst_structure_get_string (part, type) : NULL;

  if (content != NULL && g_str_equal (type, "text"))
    return kandy_message_part_new_text (content);
  if (content != NULL && g_str_equal (type, "json"))
    return kandy_message_part_new_json (content, error);
  if (content != NULL && g_str_equal (type, "file")) {
    g_autoptr (GFile) file = g_file_new_for_commandline_arg (content);

    return kandy_message_part_new_file (file);
  }
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
          "A part is a structure with the field type, which is text, json or "
          "file, and a field of that name"));
  return NULL;
}

static gboolean
add_part (KandyMessage *message, const GValue *value, GError **error)
{
  g_autoptr (KandyMessagePart) part = part_from_value (value, error);

  return part != NULL && kandy_message_add_part (message, part, error);
}

/* The field `parts`: an array of them, or one */
static gboolean
add_parts (KandyMessage *message, const GValue *value, GError **error)
{
  guint i;

  if (value == NULL || !GST_VALUE_HOLDS_ARRAY (value))
    return value == NULL || add_part (message, value, error);
  for (i = 0; i < gst_value_array_get_size (value); i++)
    if (!add_part (message, gst_value_array_get_value (value, i), error))
      return FALSE;
  return TRUE;
}

static void
begin_send (KandyConversation *conversation, const GstStructure *request,
    GstKandyAsk *ask)
{
  g_autoptr (KandyMessage) message =
      kandy_conversation_create_message (conversation, NULL);
  GError *error = NULL;

  if (add_parts (message, gst_structure_get_value (request, "parts"), &error))
    kandy_message_send_async (
        message, ask->line->cancellable, gst_kandy_ask_done, ask);
  else
    gst_kandy_ask_fail (ask, error);
}

static gboolean
finish_send (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  if (!kandy_message_send_finish (KANDY_MESSAGE (source), result, error))
    return FALSE;
  gst_kandy_ask_insert (reply, "message", message_to_variant (source));
  return TRUE;
}

static void
begin_create_image_links (KandyConversation *conversation,
    const GstStructure *request, GstKandyAsk *ask)
{
  KandyMessage *message = find_message (conversation, request);

  if (message != NULL)
    kandy_message_create_image_links_async (
        message, ask->line->cancellable, gst_kandy_ask_done, ask);
  else
    gst_kandy_ask_fail (ask,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
            "The conversation has no such message: fetch its messages first"));
}

static gboolean
finish_create_image_links (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  if (!kandy_message_create_image_links_finish (
          KANDY_MESSAGE (source), result, error))
    return FALSE;
  gst_kandy_ask_insert (reply, "message", message_to_variant (source));
  return TRUE;
}

/* Of subscriptions */

/* (transfer floating): a name, or the document's ServiceDescriptor */
static GVariant *
service_to_variant (const GValue *value)
{
  const GstStructure *descriptor, *given = NULL;
  const char *address;
  GVariantDict dict, params;

  if (G_VALUE_HOLDS_STRING (value))
    return g_variant_new_string (
        g_value_get_string (value) != NULL ? g_value_get_string (value) : "");
  descriptor = GST_VALUE_HOLDS_STRUCTURE (value)
      ? gst_value_get_structure (value)
      : NULL;
  g_variant_dict_init (&dict, NULL);
  if (descriptor != NULL) {
    const GValue *inner = gst_structure_get_value (descriptor, "params");

    if (inner != NULL && GST_VALUE_HOLDS_STRUCTURE (inner))
      given = gst_value_get_structure (inner);
    address = gst_structure_get_string (
        given != NULL ? given : descriptor, "destinationAddress");
    insert_text (
        &dict, "service", gst_structure_get_string (descriptor, "service"));
    if (address != NULL) {
      g_variant_dict_init (&params, NULL);
      insert_text (&params, "destinationAddress", address);
      g_variant_dict_insert_value (
          &dict, "params", g_variant_dict_end (&params));
    }
  }
  return g_variant_dict_end (&dict);
}

/* (nullable) */
static const char *
get_channel (const GstStructure *request)
{
  const GValue *value = gst_kandy_ask_get_field (request, "type");

  return value != NULL && G_VALUE_HOLDS_STRING (value)
      ? g_value_get_string (value)
      : NULL;
}

static void
begin_subscribe (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  const GValue *value = gst_structure_get_value (request, "services");
  GVariantBuilder services;
  guint i;

  g_variant_builder_init (&services, G_VARIANT_TYPE ("av"));
  if (value != NULL && GST_VALUE_HOLDS_ARRAY (value)) {
    for (i = 0; i < gst_value_array_get_size (value); i++)
      g_variant_builder_add (&services, "v",
          service_to_variant (gst_value_array_get_value (value, i)));
  } else if (value != NULL) {
    g_variant_builder_add (&services, "v", service_to_variant (value));
  }
  kandy_services_subscribe_async (kandy_client_get_services (client),
      g_variant_builder_end (&services), get_channel (request),
      ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (services_subscribe, KANDY_SERVICES)

static void
begin_unsubscribe (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  g_auto (GStrv) services = gst_kandy_ask_dup_texts (request, "services");

  kandy_services_unsubscribe_async (kandy_client_get_services (client),
      (const char *const *) services, get_channel (request),
      ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (services_unsubscribe, KANDY_SERVICES)

static void
get_subscriptions (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  g_autoptr (GVariant) subscriptions =
      kandy_services_get_subscriptions (kandy_client_get_services (client));
  GVariantIter iter;
  GVariant *value;
  const char *name;

  g_variant_iter_init (&iter, subscriptions);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_variant_dict_insert_value (&reply->fields, name, value);
}

#define IN "conversation.Conversation."
#define MESSAGE "conversation.Message."

const GstKandyAskMethod gst_kandy_line_conversation_methods[] = {
  { "conversation.fetch", begin_fetch, finish_conversations_fetch },
  { "conversation.get", begin_get },
  { "conversation.create", .get_in = get_conversation },
  { "conversation.getAll", .get = get_all },
  { IN "clearMessages", .get_in = clear_messages },
  { IN "getMessages", .get_in = get_messages },
  { IN "getMessage", .get_in = get_message },
  { IN "fetchMessages", .begin_in = begin_fetch_messages,
      .finish = finish_fetch_messages },
  { IN "deleteMessages", .begin_in = begin_delete_messages,
      .finish = finish_conversation_delete_messages },
  { IN "delete", .begin_in = begin_delete,
      .finish = finish_conversation_delete },
  { IN "setIsTyping", .begin_in = begin_set_is_typing,
      .finish = finish_conversation_set_is_typing },
  { MESSAGE "send", .begin_in = begin_send, .finish = finish_send },
  { MESSAGE "createImageLinks", .begin_in = begin_create_image_links,
      .finish = finish_create_image_links },
  { "services.subscribe", begin_subscribe, finish_services_subscribe },
  { "services.unsubscribe", begin_unsubscribe, finish_services_unsubscribe },
  { "services.getSubscriptions", .get = get_subscriptions },
  { NULL },
};

KandyConversation *
gst_kandy_line_find_conversation (
    GstKandyLine *line, const GstStructure *request, GError **error)
{
  KandyChatType type;

  if (!get_type (request, &type, error))
    return NULL;
  return gst_kandy_line_ensure_conversation (
      line, get_destination (request), type, error);
}
