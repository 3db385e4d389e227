/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-error-private.h"
#include "kandy-json.h"

/*
 * What a conversation asks of the platform: history, deletions, typing
 * (protocol messaging 2.6, 2.8, 2.11).
 */

#define DEFAULT_AMOUNT 50
/* A reply is read at one go; more than this would be felt */
#define PAGE 50
#define MAX_DELETES 8
#define MAX_LATEST 64
#define TYPING_REFRESH "60"
#define TYPING_REFRESH_S 60

typedef struct {
  guint left;        /* messages that are still wanted */
  char *next;        /* (nullable): where the next page begins */
  gint64 until;      /* seconds, 0 for all */
  GPtrArray *ids;    /* of what has come */
  guint next_delete; /* index into ids */
  guint running;
  GError *error;
  gboolean is_typing;
} Work;

static void
work_free (Work *work)
{
  g_ptr_array_unref (work->ids);
  g_clear_error (&work->error);
  g_free (work->next);
  g_free (work);
}

static GTask *
task_new (KandyConversation *self, gpointer tag, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  work->ids = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  return task;
}

/* (nullable): gone */
static KandyClient *
get_client (KandyConversation *self)
{
  KandyConversations *conversations =
      kandy_conversation_get_conversations (self);
  KandyClient *client =
      conversations ? kandy_conversations_peek_client (conversations) : NULL;

  return client && !kandy_client_is_destroyed (client) ? client : NULL;
}

static void
emit_error (KandyConversation *self, const GError *error)
{
  if (get_client (self)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kandy_conversations_emit_error (
        kandy_conversation_get_conversations (self), error);
}

/* @code: (nullable): the one code for all that goes wrong. @error: (transfer
 * full) */
static void
fail (GTask *task, GError *error, const char *code)
{
  if (code && error->domain == KANDY_ERROR
      && !g_error_matches (error, KANDY_ERROR, KANDY_ERROR_DESTROYED)) {
    GError *coded = kandy_error_restate (error, code, "%s", error->message);

    g_error_free (error);
    error = coded;
  }
  emit_error (g_task_get_source_object (task), error);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static GError *
no_path_error (KandyConversation *self)
{
  if (!get_client (self))
    return kandy_conversations_destroyed_error ();
  return kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
      "Conversations need a user: no tokens are set");
}

/* History */

static KandyMessage *
parse_chat (KandyConversation *self, JsonObject *object)
{
  g_autoptr (GPtrArray) parts = kandy_messaging_parse_parts (object, "text");
  const char *url = kandy_json_get_string (object, "resourceURL");
  g_autofree char *id = kandy_messaging_parse_id (url);
  const char *sender = kandy_json_get_string (object, "senderAddress");
  const char *identity = kandy_client_get_identity (get_client (self));
  KandyMessageContent content = {
    .id = id,
    .sender = sender,
    .destination = kandy_json_get_string (object, "x-destinationAddress"),
    .status = kandy_json_get_string (object, "status"),
    .time = kandy_messaging_parse_time (object, "dateTime"),
    .parts = parts,
  };

  if (!id)
    return NULL;
  content.own = sender && identity && !g_ascii_strcasecmp (sender, identity);
  return kandy_message_new (kandy_conversation_get_link (self), &content);
}

static KandyMessage *
parse_sms (KandyConversation *self, JsonObject *object)
{
  g_autoptr (GPtrArray) parts = kandy_messaging_parse_parts (object, "message");
  const char *url = kandy_json_get_string (object, "resourceURL");
  g_autofree char *id = kandy_messaging_parse_id (url);
  g_autofree char *local = kandy_conversation_dup_local_number (self);
  const char *remote = kandy_conversation_get_destination (self);
  KandyMessageContent content = {
    .id = id,
    .status = kandy_json_get_string (object, "status"),
    .time = kandy_messaging_parse_time (object, "dateTime"),
    .parts = parts,
  };

  if (!id)
    return NULL;
  content.own =
      g_strcmp0 (kandy_json_get_string (object, "type"), "outbound") == 0;
  content.sender = content.own ? local : remote;
  content.destination = content.own ? remote : local;
  return kandy_message_new (kandy_conversation_get_link (self), &content);
}

static void fetch_page (GTask *task);

static void
fetch_ended (GTask *task)
{
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  GVariantDict *dict = kandy_conversation_event_dict (self);

  g_variant_dict_insert_value (dict, "messageIds",
      g_variant_new_strv (
          (const char *const *) work->ids->pdata, (gssize) work->ids->len));
  if (work->next)
    g_variant_dict_insert (dict, "next", "s", work->next);
  kandy_conversation_set_pending (self, -1);
  kandy_conversation_emit_dict (self, "messages:change", dict);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
fetch_failed (GTask *task, GError *error)
{
  kandy_conversation_set_pending (g_task_get_source_object (task), -1);
  fail (task, error, "messaging:6");
}

static void
page_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  gboolean is_sms =
      kandy_conversation_get_chat_type (self) == KANDY_CHAT_TYPE_SMS;
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (JsonArray) list = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autofree char *old = NULL;
  JsonObject *root;
  GError *error = NULL;
  gint64 number;
  guint i, n;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (reply && !get_client (self))
    error = kandy_conversations_destroyed_error ();
  if (error) {
    fetch_failed (task, error);
    return;
  }
  root = kandy_json_get_object (json_node_get_object (reply),
      is_sms ? "smsMessageList" : "chatMessageList");
  if (!root) {
    fetch_failed (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "Fetch messages failed: the reply has no %s",
            is_sms ? "smsMessageList" : "chatMessageList"));
    return;
  }
  list = kandy_messaging_dup_list (root, is_sms ? "smsMessage" : "chatMessage");
  n = json_array_get_length (list);
  messages = g_ptr_array_new_full (n, g_object_unref);
  /* The latest comes first */
  for (i = n; i > 0; i--) {
    JsonNode *node = json_array_get_element (list, i - 1);
    KandyMessage *message = NULL;

    if (JSON_NODE_HOLDS_OBJECT (node))
      message = is_sms ? parse_sms (self, json_node_get_object (node))
                       : parse_chat (self, json_node_get_object (node));
    if (!message)
      continue;
    g_ptr_array_add (messages, message);
    g_ptr_array_add (
        work->ids, g_strdup (kandy_message_get_message_id (message)));
  }
  kandy_message_list_merge (kandy_conversation_get_list (self), messages, TRUE);

  old = g_steal_pointer (&work->next);
  work->next = g_strdup (kandy_json_get_string (root, "next"));
  number = kandy_json_get_int (root, "next", -1);
  if (!work->next && number >= 0)
    work->next = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  if (work->next && !*work->next)
    g_clear_pointer (&work->next, g_free);
  work->left -= MIN (work->left, n);
  /* A page that leads to itself, or to nothing, would never end */
  if (work->left && work->next && n && g_strcmp0 (old, work->next) != 0)
    fetch_page (task);
  else
    fetch_ended (task);
}

static void
fetch_page (GTask *task)
{
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  g_autofree char *path = kandy_conversation_dup_messages_path (self);
  g_autoptr (GString) query = NULL;

  if (!path) {
    fetch_failed (task, no_path_error (self));
    return;
  }
  query = g_string_new (path);
  g_string_append_c (query, '?');
  if (work->until)
    g_string_append_printf (
        query, "lastMessageTime=%" G_GINT64_FORMAT "&", work->until);
  if (work->next) {
    g_autofree char *next = g_uri_escape_string (work->next, NULL, FALSE);

    g_string_append_printf (query, "next=%s&", next);
  }
  g_string_append_printf (query, "max=%u", MIN (work->left, PAGE));
  kandy_rest_send_async (kandy_client_get_rest (get_client (self)), "GET",
      query->str, NULL, KANDY_REST_DEFAULT, 0, "Fetch messages",
      g_task_get_cancellable (task), page_done, task);
}

/**
 * kandy_conversation_fetch_messages_async:
 * @self: a conversation
 * @amount: how many, 0 for 50
 * @next: (nullable): where to begin, from
 *     kandy_conversation_fetch_messages_finish(); %NULL for the latest
 * @until_time: nothing that is older than this, in seconds since the epoch, 10
 *     digits; 0 for no limit
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches messages from the platform, the latest first (API document:
 * `Conversation.fetchMessages`). They join the list as they come, fifty at
 * a time; #KandyConversation::messages-changed comes at the end.
 */
void
kandy_conversation_fetch_messages_async (KandyConversation *self, guint amount,
    const char *next, gint64 until_time, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_CONVERSATION (self));

  task = task_new (self, kandy_conversation_fetch_messages_async, cancellable,
      callback, user_data);
  work = g_task_get_task_data (task);
  work->left = amount ? amount : DEFAULT_AMOUNT;
  work->next = g_strdup (next);
  work->until = until_time;
  kandy_conversation_set_pending (self, 1);
  if (until_time != 0
      && (until_time < G_GINT64_CONSTANT (1000000000)
          || until_time > G_GINT64_CONSTANT (9999999999)))
    fetch_failed (task,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
            "The time until which messages are fetched must be in seconds, "
            "of 10 digits, not %" G_GINT64_FORMAT,
            until_time));
  else
    fetch_page (task);
}

/**
 * kandy_conversation_fetch_messages_finish:
 * @self: a conversation
 * @result: what the callback was given
 * @next: (out) (optional) (nullable) (transfer full): where earlier messages
 *     begin, %NULL if there are none
 * @error: return location: platform code `messaging:6`,
 *     %G_IO_ERROR_CANCELLED, %KANDY_ERROR_DESTROYED
 *
 * Returns: whether they have come
 */
gboolean
kandy_conversation_fetch_messages_finish (
    KandyConversation *self, GAsyncResult *result, char **next, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  ok = g_task_propagate_boolean (G_TASK (result), error);
  if (next) {
    Work *work = g_task_get_task_data (G_TASK (result));

    *next = ok ? g_strdup (work->next) : NULL;
  }
  return ok;
}

/* Deletions */

typedef struct {
  GTask *task;
  char *id;
} Delete;

static void delete_more (GTask *task);

static void
message_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Delete *deletion = user_data;
  GTask *task = deletion->task;
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  g_autofree char *id = g_steal_pointer (&deletion->id);
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (GError) error = NULL;
  KandyConversations *conversations =
      kandy_conversation_get_conversations (self);
  KandyMessage *message;

  g_free (deletion);
  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  work->running--;
  if (reply) {
    if (conversations)
      kandy_conversations_note_deleted (conversations, id);
    message = kandy_conversation_get_message (self, id);
    if (message)
      kandy_message_list_remove (kandy_conversation_get_list (self), message);
    kandy_conversation_emit_change (self, id, NULL);
  } else {
    emit_error (self, error);
    if (!work->error)
      work->error = g_steal_pointer (&error);
  }
  delete_more (task);
}

static void
delete_more (GTask *task)
{
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  gboolean stopped = g_cancellable_is_cancelled (g_task_get_cancellable (task));

  while (!stopped && work->running < MAX_DELETES
      && work->next_delete < work->ids->len) {
    g_autofree char *messages = kandy_conversation_dup_messages_path (self);
    const char *id = work->ids->pdata[work->next_delete];
    g_autofree char *escaped = NULL;
    g_autofree char *path = NULL;
    Delete *deletion;

    if (!messages) {
      if (!work->error)
        work->error = no_path_error (self);
      break;
    }
    work->next_delete++;
    work->running++;
    escaped = g_uri_escape_string (id, "@+:", FALSE);
    path = g_strconcat (messages, "/", escaped, NULL);
    deletion = g_new0 (Delete, 1);
    deletion->task = task;
    deletion->id = g_strdup (id);
    kandy_rest_send_async (kandy_client_get_rest (get_client (self)), "DELETE",
        path, NULL, KANDY_REST_NO_REPLY_BODY, 0, "Delete message",
        g_task_get_cancellable (task), message_deleted, deletion);
  }
  if (work->running)
    return;
  if (!work->error && work->next_delete < work->ids->len)
    work->error = g_error_new_literal (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  if (work->error)
    g_task_return_error (task, g_steal_pointer (&work->error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/**
 * kandy_conversation_delete_messages_async:
 * @self: a conversation
 * @message_ids: (array zero-terminated=1): ids of messages
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Deletes messages, the own copies of them (API document:
 * `Conversation.deleteMessages`). #KandyConversation::messages-changed comes
 * for each one that is gone, #KandyConversations::error for each that is not.
 */
void
kandy_conversation_delete_messages_async (KandyConversation *self,
    const char *const *message_ids, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Work *work;
  guint i;

  g_return_if_fail (KANDY_IS_CONVERSATION (self));
  g_return_if_fail (message_ids != NULL);

  task = task_new (self, kandy_conversation_delete_messages_async, cancellable,
      callback, user_data);
  work = g_task_get_task_data (task);
  for (i = 0; message_ids[i]; i++)
    g_ptr_array_add (work->ids, g_strdup (message_ids[i]));
  delete_more (task);
}

/**
 * kandy_conversation_delete_messages_finish:
 * @self: a conversation
 * @result: what the callback was given
 * @error: return location: why the first one of those that failed did
 *
 * Returns: whether all are gone
 */
gboolean
kandy_conversation_delete_messages_finish (
    KandyConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Its latest messages: of others nothing is on its way any more */
static void
note_deleted (KandyConversation *self, KandyConversations *conversations)
{
  KandyMessageList *list = kandy_conversation_get_list (self);
  guint n = kandy_message_list_get_length (list);

  for (guint i = n - MIN (n, MAX_LATEST); i < n; i++) {
    KandyMessage *message = kandy_message_list_get (list, i);
    const char *id = kandy_message_get_message_id (message);

    if (id)
      kandy_conversations_note_deleted (conversations, id);
  }
}

static void
thread_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  KandyConversation *self = g_task_get_source_object (task);
  KandyConversations *conversations;
  g_autoptr (JsonNode) reply = NULL;
  GError *error = NULL;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  /* The platform has no thread while there is no message */
  if (error && kandy_error_get_http_status (error) != 404) {
    fail (task, error, NULL);
    return;
  }
  g_clear_error (&error);
  conversations = kandy_conversation_get_conversations (self);
  if (conversations) {
    g_object_ref (conversations);
    note_deleted (self, conversations);
    kandy_conversations_remove (conversations, self);
    kandy_conversations_emit_change (conversations, NULL, NULL);
    g_object_unref (conversations);
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/**
 * kandy_conversation_delete_async:
 * @self: a conversation
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Deletes the conversation with the own copies of its messages (API document:
 * `Conversation.delete`). A group itself stays, and so do the others' copies.
 */
void
kandy_conversation_delete_async (KandyConversation *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *path = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CONVERSATION (self));

  task = task_new (
      self, kandy_conversation_delete_async, cancellable, callback, user_data);
  /* DELETE of a group's path would end the group (protocol messaging 2.11) */
  if (kandy_conversation_get_chat_type (self) == KANDY_CHAT_TYPE_SMS)
    path = kandy_conversation_dup_thread_path (self);
  else
    path = kandy_conversation_dup_messages_path (self);
  if (!path || !get_client (self)) {
    fail (task, no_path_error (self), NULL);
    return;
  }
  kandy_rest_send_async (kandy_client_get_rest (get_client (self)), "DELETE",
      path, NULL, KANDY_REST_NO_REPLY_BODY, 0, "Delete conversation",
      cancellable, thread_deleted, task);
}

/**
 * kandy_conversation_delete_finish:
 * @self: a conversation
 * @result: what the callback was given
 * @error: return location: the platform's code
 *
 * Returns: whether it is gone
 */
gboolean
kandy_conversation_delete_finish (
    KandyConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Typing */

static void
typing_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  KandyConversation *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  g_autoptr (JsonNode) reply = NULL;
  JsonObject *composing;
  GError *error = NULL;
  const char *sender;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (!reply) {
    fail (task, error, "messaging:11");
    return;
  }
  composing =
      kandy_json_get_object (json_node_get_object (reply), "isComposing");
  if (!composing) {
    fail (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "Set typing failed: the reply has no isComposing"),
        "messaging:11");
    return;
  }
  sender = kandy_json_get_string (composing, "senderAddress");
  if (!sender)
    sender = kandy_conversation_get_address (self);
  if (sender && get_client (self))
    kandy_conversation_set_typing (
        self, sender, work->is_typing, TYPING_REFRESH_S);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/**
 * kandy_conversation_set_is_typing_async:
 * @self: a conversation between users or in a group
 * @is_typing: whether the user is typing
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Tells the others that the user is typing, or has stopped (API document:
 * `Conversation.setIsTyping`). It holds for a minute; somebody who types for
 * longer says so again before that.
 */
void
kandy_conversation_set_is_typing_async (KandyConversation *self,
    gboolean is_typing, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) body = NULL;
  g_autofree char *path = NULL;
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_CONVERSATION (self));

  task = task_new (self, kandy_conversation_set_is_typing_async, cancellable,
      callback, user_data);
  work = g_task_get_task_data (task);
  work->is_typing = is_typing;
  if (kandy_conversation_get_chat_type (self) == KANDY_CHAT_TYPE_SMS) {
    fail (task,
        kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "messaging:11", 0,
            "Nobody can be told of typing by short messages"),
        NULL);
    return;
  }
  path = kandy_conversation_dup_messages_path (self);
  if (!path || !get_client (self)) {
    fail (task, no_path_error (self), "messaging:11");
    return;
  }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "isComposing");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "contenttype");
  json_builder_add_string_value (builder, "text/plain");
  json_builder_set_member_name (builder, "refresh");
  json_builder_add_string_value (builder, TYPING_REFRESH);
  json_builder_set_member_name (builder, "state");
  json_builder_add_string_value (builder, is_typing ? "active" : "idle");
  json_builder_set_member_name (builder, "lastactive");
  json_builder_add_int_value (builder, g_get_real_time () / 1000);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);
  kandy_rest_send_async (kandy_client_get_rest (get_client (self)), "POST",
      path, body, KANDY_REST_DEFAULT, 0, "Set typing", cancellable, typing_done,
      task);
}

/**
 * kandy_conversation_set_is_typing_finish:
 * @self: a conversation
 * @result: what the callback was given
 * @error: return location: platform code `messaging:11`
 *
 * Returns: whether the others have been told
 */
gboolean
kandy_conversation_set_is_typing_finish (
    KandyConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
