/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <kandy-conversations.h>
#include <kandy-services.h>

#include "gstkandylineask.h"

/* SECTION: the conversations of a line
 *
 * Requests about conversations, which wait until the line has signed on, and
 * the messages that come, which every member is told of.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

/* What a request is about, and whom to answer */
typedef struct {
  GstKandyLine *line;
  GstStructure *request;
  GstPromise *promise; /* (nullable) */
} Chat;

static Chat *
chat_new (GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  Chat *chat = g_new0 (Chat, 1);

  chat->line = g_object_ref (self);
  chat->request = gst_structure_copy (request);
  chat->promise = promise;
  return chat;
}

/* @reply: (nullable) (transfer full): more fields of the answer */
static void
chat_answer (Chat *chat, const GError *error, GstStructure *reply)
{
  if (error != NULL)
    GST_INFO_OBJECT (chat->line, "%s: %s",
        gst_structure_get_name (chat->request), error->message);
  if (chat->promise != NULL && error != NULL) {
    gst_kandy_promise_reply (chat->promise, NULL, error);
    g_clear_pointer (&reply, gst_structure_free);
  } else if (chat->promise != NULL) {
    gst_promise_reply (chat->promise,
        reply != NULL ? reply
                      : gst_structure_new_empty ("application/x-kandy-reply"));
  } else {
    g_clear_pointer (&reply, gst_structure_free);
  }
  g_clear_pointer (&chat->promise, gst_promise_unref);
  gst_structure_free (chat->request);
  g_object_unref (chat->line);
  g_free (chat);
}

static KandyChatType
get_chat_type (const GstStructure *request)
{
  int type = KANDY_CHAT_TYPE_ONE_TO_ONE;

  gst_structure_get_enum (
      request, "conversation-type", KANDY_TYPE_CHAT_TYPE, &type);
  return type;
}

/* A bare name is one of the own domain, as in calls */
char *
gst_kandy_line_complete_destination (
    const char *destination, const char *identity, KandyChatType type)
{
  const char *domain = identity != NULL ? strchr (identity, '@') : NULL;

  if (type != KANDY_CHAT_TYPE_ONE_TO_ONE || domain == NULL
      || *destination == '\0' || strchr (destination, '@') != NULL)
    return g_strdup (destination);
  return g_strconcat (destination, domain, NULL);
}

char *
gst_kandy_line_dup_destination (
    GstKandyLine *self, const char *destination, KandyChatType type)
{
  g_autoptr (GVariant) info = kandy_client_get_user_info (self->client);
  const char *identity = NULL;

  if (info != NULL)
    g_variant_lookup (info, "identity", "&s", &identity);
  return gst_kandy_line_complete_destination (destination, identity, type);
}

KandyConversation *
gst_kandy_line_ensure_conversation (GstKandyLine *self, const char *destination,
    KandyChatType type, GError **error)
{
  g_autofree char *complete =
      gst_kandy_line_dup_destination (self, destination, type);

  return kandy_conversations_create (
      kandy_client_get_conversations (self->client), complete, type, error);
}

/* (transfer none): NULL after it has answered */
static KandyConversation *
find_conversation (Chat *chat)
{
  const char *destination =
      gst_structure_get_string (chat->request, "destination");
  KandyConversation *conversation;
  GError *error = NULL;

  conversation = gst_kandy_line_ensure_conversation (chat->line,
      destination != NULL ? destination : "", get_chat_type (chat->request),
      &error);
  if (conversation == NULL) {
    chat_answer (chat, error, NULL);
    g_error_free (error);
  }
  return conversation;
}

static GstStructure *
message_to_structure (gpointer item)
{
  KandyMessage *message = item;
  g_autofree char *text = kandy_message_dup_text (message);

  return gst_structure_new ("message", "message-id", G_TYPE_STRING,
      kandy_message_get_message_id (message), "sender", G_TYPE_STRING,
      kandy_message_get_sender (message), "timestamp", G_TYPE_INT64,
      kandy_message_get_timestamp_ms (message), "text", G_TYPE_STRING, text,
      "own", G_TYPE_BOOLEAN, kandy_message_is_own (message), "delivery-status",
      G_TYPE_STRING, kandy_message_get_delivery_status (message), "parts",
      G_TYPE_UINT, kandy_message_get_n_parts (message), NULL);
}

static GstStructure *
conversation_to_structure (gpointer item)
{
  KandyConversation *one = item;

  return gst_structure_new ("conversation", "destination", G_TYPE_STRING,
      kandy_conversation_get_destination (one), "conversation-type",
      KANDY_TYPE_CHAT_TYPE, kandy_conversation_get_chat_type (one),
      "last-message", G_TYPE_STRING, kandy_conversation_get_last_message (one),
      "last-received", G_TYPE_INT64, kandy_conversation_get_last_received (one),
      NULL);
}

/* @items: (transfer full) */
static void
chat_answer_list (Chat *chat, const char *field, GPtrArray *items,
    GstStructure *(*to_structure) (gpointer item))
{
  gst_kandy_line_answer_list (g_steal_pointer (&chat->promise),
      gst_structure_new_empty ("application/x-kandy-reply"), field, items, NULL,
      to_structure);
  chat_answer (chat, NULL, NULL);
}

static void
on_sent (GObject *object, GAsyncResult *result, gpointer user_data)
{
  KandyMessage *message = KANDY_MESSAGE (object);
  g_autoptr (GError) error = NULL;

  kandy_message_send_finish (message, result, &error);
  chat_answer (user_data, error,
      error == NULL
          ? gst_structure_new ("application/x-kandy-reply", "message-id",
              G_TYPE_STRING, kandy_message_get_message_id (message), NULL)
          : NULL);
}

static void
send_message (Chat *chat)
{
  KandyConversation *conversation = find_conversation (chat);
  g_autoptr (KandyMessage) message = NULL;
  const char *text, *path;

  if (conversation == NULL)
    return;
  text = gst_structure_get_string (chat->request, "text");
  path = gst_structure_get_string (chat->request, "file");
  message = kandy_conversation_create_message (conversation, NULL);
  if (text != NULL) {
    g_autoptr (KandyMessagePart) part = kandy_message_part_new_text (text);

    kandy_message_add_part (message, part, NULL);
  }
  if (path != NULL && *path != '\0') {
    g_autoptr (GFile) file = g_file_new_for_commandline_arg (path);
    g_autoptr (KandyMessagePart) part = kandy_message_part_new_file (file);

    kandy_message_add_part (message, part, NULL);
  }
  kandy_message_send_async (message, chat->line->cancellable, on_sent, chat);
}

static void
on_typing_set (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_conversation_set_is_typing_finish (
      KANDY_CONVERSATION (object), result, &error);
  chat_answer (user_data, error, NULL);
}

static void
set_is_typing (Chat *chat)
{
  KandyConversation *conversation = find_conversation (chat);
  gboolean typing = FALSE;

  if (conversation == NULL)
    return;
  gst_structure_get_boolean (chat->request, "typing", &typing);
  kandy_conversation_set_is_typing_async (
      conversation, typing, chat->line->cancellable, on_typing_set, chat);
}

static void
on_fetched (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Chat *chat = user_data;
  KandyConversations *conversations = KANDY_CONVERSATIONS (object);
  KandyChatType type = get_chat_type (chat->request);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = NULL;
  GPtrArray *some;
  guint i;

  if (!kandy_conversations_fetch_finish (conversations, result, &error)) {
    chat_answer (chat, error, NULL);
    return;
  }
  all = kandy_conversations_get_all (conversations);
  some = g_ptr_array_new_with_free_func (g_object_unref);
  for (i = 0; i < all->len; i++)
    if (kandy_conversation_get_chat_type (all->pdata[i]) == type)
      g_ptr_array_add (some, g_object_ref (all->pdata[i]));
  chat_answer_list (chat, "conversations", some, conversation_to_structure);
}

static void
fetch_conversations (Chat *chat)
{
  kandy_conversations_fetch_async (
      kandy_client_get_conversations (chat->line->client),
      get_chat_type (chat->request), chat->line->cancellable, on_fetched, chat);
}

static void
on_messages (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Chat *chat = user_data;
  KandyConversation *conversation = KANDY_CONVERSATION (object);
  g_autoptr (GError) error = NULL;

  if (kandy_conversation_fetch_messages_finish (
          conversation, result, NULL, &error))
    chat_answer_list (chat, "messages",
        kandy_conversation_get_messages (conversation), message_to_structure);
  else
    chat_answer (chat, error, NULL);
}

static void
fetch_messages (Chat *chat)
{
  KandyConversation *conversation = find_conversation (chat);
  guint amount = 0;

  if (conversation == NULL)
    return;
  gst_structure_get_uint (chat->request, "amount", &amount);
  kandy_conversation_fetch_messages_async (conversation, amount, NULL, 0,
      chat->line->cancellable, on_messages, chat);
}

static void
on_messages_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_conversation_delete_messages_finish (
      KANDY_CONVERSATION (object), result, &error);
  chat_answer (user_data, error, NULL);
}

static void
delete_messages (Chat *chat)
{
  KandyConversation *conversation = find_conversation (chat);
  g_auto (GStrv) ids = NULL;

  if (conversation == NULL)
    return;
  gst_structure_get (chat->request, "message-ids", G_TYPE_STRV, &ids, NULL);
  kandy_conversation_delete_messages_async (conversation,
      ids != NULL ? (const char *const *) ids : (const char *const[]){ NULL },
      chat->line->cancellable, on_messages_deleted, chat);
}

static void
on_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_conversation_delete_finish (
      KANDY_CONVERSATION (object), result, &error);
  chat_answer (user_data, error, NULL);
}

static void
delete_conversation (Chat *chat)
{
  KandyConversation *conversation = find_conversation (chat);

  if (conversation != NULL)
    kandy_conversation_delete_async (
        conversation, chat->line->cancellable, on_deleted, chat);
}

static const struct {
  const char *name;
  /* @chat: (transfer full) */
  void (*run) (Chat *chat);
} chat_requests[] = {
  { "send-message", send_message },
  { "set-is-typing", set_is_typing },
  { "fetch-conversations", fetch_conversations },
  { "fetch-messages", fetch_messages },
  { "delete-messages", delete_messages },
  { "delete-conversation", delete_conversation },
};

static void
run (Chat *chat)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (chat_requests); i++) {
    if (gst_structure_has_name (chat->request, chat_requests[i].name)) {
      chat_requests[i].run (chat);
      return;
    }
  }
  g_assert_not_reached ();
}

/* Before the end of the sign-on it waits */
void
gst_kandy_line_chat_request (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  Chat *chat = chat_new (self, request, promise);

  if (self->phase == LINE_SIGNING_ON || self->phase == LINE_SUBSCRIBING) {
    g_queue_push_tail (&self->chats, chat);
  } else if (self->phase == LINE_READY) {
    run (chat);
  } else {
    g_autoptr (GError) error = kandy_error_new (
        KANDY_ERROR_INVALID_STATE, NULL, 0, "The element is not signed on");

    chat_answer (chat, error, NULL);
  }
}

static void
on_message (KandyConversations *conversations, KandyConversation *conversation,
    KandyMessage *message, GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);
    GstKandySessionMemberInterface *iface =
        GST_KANDY_SESSION_MEMBER_GET_IFACE (member);

    if (iface->message_received != NULL)
      iface->message_received (member, conversation, message);
  }
}

void
gst_kandy_line_chat_start (GstKandyLine *self)
{
  g_signal_connect (kandy_client_get_conversations (self->client),
      "message-received", G_CALLBACK (on_message), self);
}

/* What has waited goes on, or is refused */
void
gst_kandy_line_chat_act (GstKandyLine *self)
{
  Chat *chat;

  while (self->phase != LINE_SIGNING_ON && self->phase != LINE_SUBSCRIBING
      && (chat = g_queue_pop_head (&self->chats)) != NULL) {
    if (self->phase == LINE_READY) {
      run (chat);
    } else {
      g_autoptr (GError) error = kandy_error_new (
          KANDY_ERROR_INVALID_STATE, NULL, 0, "The element is not signed on");

      chat_answer (chat, error, NULL);
    }
  }
}

void
gst_kandy_line_chat_clear (GstKandyLine *self)
{
  g_autoptr (GError) error = kandy_error_new (
      KANDY_ERROR_DESTROYED, NULL, 0, "The element has been stopped");
  Chat *chat;

  while ((chat = g_queue_pop_head (&self->chats)) != NULL)
    chat_answer (chat, error, NULL);
  g_signal_handlers_disconnect_by_func (
      kandy_client_get_conversations (self->client), on_message, self);
}
