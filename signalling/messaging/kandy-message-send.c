/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-transfer.h"

/*
 * Sending a message (protocol messaging 2.4, 2.10.2), and getting its files
 * (protocol messaging 2.9).
 */

/* Files that nobody asked to save */
#define MAX_LINKED (256 * 1024 * 1024)
#define MAX_JSON (1024 * 1024)

/* Where the parts of a message are at; the task's data */
typedef struct {
  KandyMessage *message;
  KandyConversation *conversation; /* a reference: its events come last */
  KandyMessagePart *part;          /* (nullable): the attachment */
  guint index;                     /* of the part that is being fetched */
  GFile *file, *thumbnail;
  GOutputStream *stream;
  GCancellable *stop;
  GError *error;
} Work;

static void
work_free (Work *work)
{
  g_clear_object (&work->message);
  g_clear_object (&work->conversation);
  g_clear_object (&work->part);
  g_clear_object (&work->file);
  g_clear_object (&work->thumbnail);
  g_clear_object (&work->stream);
  g_clear_object (&work->stop);
  g_clear_error (&work->error);
  g_free (work);
}

static GTask *
work_new (KandyMessage *self, gpointer tag, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  KandyConversation *conversation = kandy_message_get_conversation (self);
  Work *work = g_new0 (Work, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  /* The outcome has been told by events: it stays what it was */
  g_task_set_check_cancellable (task, FALSE);
  work->message = g_object_ref (self);
  work->conversation = conversation ? g_object_ref (conversation) : NULL;
  return task;
}

/* (nullable): gone */
static KandyClient *
get_client (Work *work)
{
  KandyConversations *conversations = work->conversation
      ? kandy_conversation_get_conversations (work->conversation)
      : NULL;
  KandyClient *client =
      conversations ? kandy_conversations_peek_client (conversations) : NULL;

  return client && !kandy_client_is_destroyed (client) ? client : NULL;
}

static void
emit_error (Work *work, const GError *error)
{
  KandyConversations *conversations = work->conversation
      ? kandy_conversation_get_conversations (work->conversation)
      : NULL;

  if (conversations
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kandy_conversations_emit_error (conversations, error);
}

/* @error: (transfer full) */
static void
send_failed (GTask *task, GError *error)
{
  Work *work = g_task_get_task_data (task);

  kandy_message_set_failed (work->message, error);
  if (get_client (work)) {
    kandy_conversation_emit_change (work->conversation, NULL, NULL);
    emit_error (work, error);
  }
  kandy_conversation_end_send (work->conversation);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
send_succeeded (GTask *task, const char *id, const char *sender,
    const char *status, gint64 time)
{
  Work *work = g_task_get_task_data (task);

  kandy_message_list_set_sent (kandy_conversation_get_list (work->conversation),
      work->message, id, sender, status, time);
  kandy_conversation_emit_change (work->conversation, id, sender);
  kandy_conversation_end_send (work->conversation);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
post_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (JsonNode) reply = NULL;
  g_autofree char *id = NULL;
  GError *error = NULL;
  JsonObject *root, *message;
  const char *status;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (!reply) {
    send_failed (task, error);
    return;
  }
  root = json_node_get_object (reply);
  message = kandy_json_get_object (root, "chatMessage");
  id =
      kandy_messaging_parse_id (kandy_json_get_string (message, "resourceURL"));
  if (!id) {
    send_failed (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "Send chat message failed: the reply has no "
            "chatMessage.resourceURL"));
    return;
  }
  status = kandy_json_get_string (message, "status");
  send_succeeded (task, id, kandy_json_get_string (message, "senderAddress"),
      status, kandy_messaging_parse_time (message, "dateTime"));
}

static void
post_chat (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  KandyClient *client = get_client (work);
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) body = NULL;

  path =
      client ? kandy_conversation_dup_messages_path (work->conversation) : NULL;
  if (!path) {
    send_failed (task,
        client ? kandy_error_new (KANDY_ERROR_AUTHENTICATION,
            "authentication:1", 0, "A message needs a user: no tokens are set")
               : kandy_conversations_destroyed_error ());
    return;
  }
  text = kandy_message_dup_text (work->message);
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "chatMessage");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "text");
  json_builder_add_string_value (builder, text);
  if (work->part) {
    json_builder_set_member_name (builder, "attachment");
    json_builder_begin_array (builder);
    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "name");
    json_builder_add_string_value (
        builder, kandy_message_part_get_name (work->part));
    json_builder_set_member_name (builder, "x-id");
    json_builder_add_string_value (
        builder, kandy_message_part_get_id (work->part));
    json_builder_end_object (builder);
    json_builder_end_array (builder);
  }
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);
  kandy_rest_send_async (kandy_client_get_rest (client), "POST", path, body,
      KANDY_REST_DEFAULT, 0,
      kandy_message_get_chat_type (work->message) == KANDY_CHAT_TYPE_GROUP
          ? "Send group chat message"
          : "Send chat message",
      g_task_get_cancellable (task), post_done, task);
}

/* Protocol messaging 1.4: one code for whatever goes wrong with an operation */
static GError *
with_code (GError *error, const char *code)
{
  GError *coded;

  if (error->domain != KANDY_ERROR
      || g_error_matches (error, KANDY_ERROR, KANDY_ERROR_DESTROYED))
    return error;
  coded = kandy_error_restate (error, code, "%s", error->message);
  g_error_free (error);
  return coded;
}

static void
sms_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (JsonArray) infos = NULL;
  g_autofree char *id = NULL;
  GError *error = NULL;
  JsonObject *message;
  JsonNode *first;
  const char *status = NULL;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (!reply) {
    send_failed (task, with_code (error, "messaging:5"));
    return;
  }
  message = kandy_json_get_object (
      json_node_get_object (reply), "outboundSMSMessageRequest");
  id =
      kandy_messaging_parse_id (kandy_json_get_string (message, "resourceURL"));
  if (!id) {
    send_failed (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "messaging:5", 0,
            "Send SMS message failed: the reply has no "
            "outboundSMSMessageRequest.resourceURL"));
    return;
  }
  infos = kandy_messaging_dup_list (
      kandy_json_get_object (message, "deliveryInfoList"), "deliveryInfo");
  first = json_array_get_length (infos) > 0 ? json_array_get_element (infos, 0)
                                            : NULL;
  if (first && JSON_NODE_HOLDS_OBJECT (first))
    status = kandy_messaging_map_status (
        kandy_json_get_string (json_node_get_object (first), "deliveryStatus"));
  send_succeeded (task, id, kandy_json_get_string (message, "senderAddress"),
      status, kandy_message_get_timestamp_ms (work->message));
}

static void
post_sms (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  KandyClient *client = get_client (work);
  g_autofree char *local = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *tail = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autofree char *correlator = g_uuid_string_random ();
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) body = NULL;

  local = kandy_conversation_dup_local_number (work->conversation);
  escaped = g_uri_escape_string (local, "+", FALSE);
  tail = g_strdup_printf ("outbound/%s/requests", escaped);
  path = kandy_client_user_path (client, "smsmessaging", tail);
  if (!path) {
    send_failed (task,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "messaging:5", 0,
            "A message needs a user: no tokens are set"));
    return;
  }
  text = kandy_message_dup_text (work->message);
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "outboundSMSMessageRequest");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "address");
  json_builder_begin_array (builder);
  json_builder_add_string_value (
      builder, kandy_conversation_get_destination (work->conversation));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "clientCorrelator");
  json_builder_add_string_value (builder, correlator);
  json_builder_set_member_name (builder, "outboundSMSTextMessage");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "message");
  json_builder_add_string_value (builder, text);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);
  kandy_rest_send_async (kandy_client_get_rest (client), "POST", path, body,
      KANDY_REST_DEFAULT, 0, "Send SMS message", g_task_get_cancellable (task),
      sms_done, task);
}

static void
on_progress (gint64 transferred, gpointer user_data)
{
  kandy_message_part_set_transferred (user_data, transferred);
}

static void
upload_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = NULL;
  GError *error = NULL;

  attributes = kandy_transfer_upload_finish (result, &error);
  if (!attributes) {
    send_failed (task, with_code (error, "messaging:7"));
    return;
  }
  kandy_message_part_set_stored (work->part,
      g_hash_table_lookup (attributes, "name"),
      g_hash_table_lookup (attributes, "x-id"),
      g_hash_table_lookup (attributes, "link"));
  post_chat (task);
}

static void
upload (GTask *task, GInputStream *stream, gint64 size)
{
  Work *work = g_task_get_task_data (task);
  KandyClient *client = get_client (work);

  if (!client) {
    send_failed (task, kandy_conversations_destroyed_error ());
    return;
  }
  kandy_transfer_upload_async (client, stream, size,
      kandy_message_part_get_name (work->part),
      kandy_message_part_get_content_type (work->part), on_progress, work->part,
      g_task_get_cancellable (task), upload_done, task);
}

static void
info_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GFileInfo) info = NULL;
  GError *error = NULL;
  gint64 size;

  info = g_file_input_stream_query_info_finish (
      G_FILE_INPUT_STREAM (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    send_failed (task, error);
    return;
  }
  size =
      info && g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_STANDARD_SIZE)
      ? g_file_info_get_size (info)
      : -1;
  g_clear_error (&error);
  upload (task, G_INPUT_STREAM (source), size);
}

static void
open_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GFileInputStream) stream = NULL;
  GError *error = NULL;

  stream = g_file_read_finish (G_FILE (source), result, &error);
  if (!stream) {
    GError *coded = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
        ? g_error_copy (error)
        : kandy_error_new (KANDY_ERROR_INVALID_PARAM, "messaging:7", 0,
            "The attachment cannot be read: %s", error->message);

    g_error_free (error);
    send_failed (task, coded);
    return;
  }
  g_file_input_stream_query_info_async (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE,
      G_PRIORITY_DEFAULT, g_task_get_cancellable (task), info_done, task);
}

static void
upload_part (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GFile *file = kandy_message_part_get_file (work->part);
  const char *json = kandy_message_part_get_json (work->part);
  GInputStream *stream = kandy_message_part_get_stream (work->part);

  kandy_message_part_set_transferred (work->part, 0);
  if (file) {
    g_file_read_async (file, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
        open_done, task);
  } else if (json) {
    g_autoptr (GInputStream) text =
        g_memory_input_stream_new_from_data (g_strdup (json), -1, g_free);

    upload (task, text, (gint64) strlen (json));
  } else if (stream) {
    upload (task, stream, kandy_message_part_get_size (work->part));
  } else {
    send_failed (task,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "messaging:7", 0,
            "The attachment has been read already"));
  }
}

static GError *
check_parts (Work *work)
{
  KandyMessage *message = work->message;
  gboolean is_sms =
      kandy_message_get_chat_type (message) == KANDY_CHAT_TYPE_SMS;
  const char *code = is_sms ? "messaging:5" : NULL;
  guint i, n = kandy_message_get_n_parts (message), n_texts = 0;

  for (i = 0; i < n; i++) {
    KandyMessagePart *part = kandy_message_get_part (message, i);
    const char *text = kandy_message_part_get_text (part);

    n_texts += text != NULL;
    if (text && !g_utf8_validate (text, -1, NULL))
      return kandy_error_new (KANDY_ERROR_INVALID_PARAM, code, 0,
          "The text of a message must be UTF-8");
    if (text)
      continue;
    if (work->part)
      return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "messaging:10", 0,
          "A message can have one attachment only");
    work->part = g_object_ref (part);
  }
  if (n == 0)
    return kandy_error_new (
        KANDY_ERROR_INVALID_PARAM, code, 0, "The message has no part");
  if (is_sms && (work->part || n_texts == 0))
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "messaging:5", 0,
        "A short message is text only");
  return NULL;
}

void
kandy_message_send_start (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!get_client (work))
    send_failed (task, kandy_conversations_destroyed_error ());
  else if (g_cancellable_set_error_if_cancelled (
               g_task_get_cancellable (task), &error))
    send_failed (task, error);
  else if (kandy_message_get_chat_type (work->message) == KANDY_CHAT_TYPE_SMS)
    post_sms (task);
  else if (work->part && !kandy_message_part_get_id (work->part))
    upload_part (task);
  else
    post_chat (task);
}

/**
 * kandy_message_send_async:
 * @self: a message that was made here
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Sends the message (API document: `Message.send`). It is in its conversation's
 * list at once, pending, and goes when those before it have gone or failed. An
 * attachment goes first, piece by piece; watch #KandyMessagePart:transferred.
 * When the message has arrived it gets its id, and
 * #KandyConversation::messages-changed tells. If it fails it stays in the list
 * with its #KandyMessage:error, and can be sent again;
 * #KandyConversations::error tells too.
 */
void
kandy_message_send_async (KandyMessage *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GPtrArray) list = NULL;
  GError *error = NULL;
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));

  task = work_new (
      self, kandy_message_send_async, cancellable, callback, user_data);
  work = g_task_get_task_data (task);
  if (!get_client (work))
    error = kandy_conversations_destroyed_error ();
  else if (kandy_message_is_pending (self)
      || kandy_message_get_message_id (self))
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, NULL, 0,
        "The message is on its way or sent already");
  else
    error = check_parts (work);
  if (error) {
    if (get_client (work))
      emit_error (work, error);
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  kandy_message_set_pending (self);
  list = g_ptr_array_new ();
  g_ptr_array_add (list, self);
  kandy_message_list_merge (
      kandy_conversation_get_list (work->conversation), list, FALSE);
  kandy_conversation_begin_send (work->conversation, task);
}

/**
 * kandy_message_send_finish:
 * @self: a message
 * @result: what the callback was given
 * @error: return location: `messaging:5` for a short message, `messaging:7` for
 *     an attachment, `messaging:10` for too many of them, else the platform's
 *     code; %G_IO_ERROR_CANCELLED; %KANDY_ERROR_DESTROYED
 *
 * Returns: whether the platform has taken the message
 */
gboolean
kandy_message_send_finish (
    KandyMessage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Files of a message that came */

static void
download_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (kandy_transfer_download_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

/* FALSE after it has answered the task */
static gboolean
check_download (GTask *task, KandyMessagePart *part)
{
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!get_client (work))
    error = kandy_conversations_destroyed_error ();
  else if (!kandy_message_part_get_raw_url (part))
    error = kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
        "The part is no file that the platform has");
  if (!error)
    return TRUE;
  g_task_return_error (task, error);
  g_object_unref (task);
  return FALSE;
}

/**
 * kandy_message_download_async:
 * @self: a message
 * @part: one of its parts, a file
 * @stream: where the file's content is written; it is not closed
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches a file, piece by piece; watch #KandyMessagePart:transferred. Nothing
 * has to be in memory at a time but a piece.
 */
void
kandy_message_download_async (KandyMessage *self, KandyMessagePart *part,
    GOutputStream *stream, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));
  g_return_if_fail (G_IS_OUTPUT_STREAM (stream));

  task = work_new (
      self, kandy_message_download_async, cancellable, callback, user_data);
  if (!check_download (task, part))
    return;
  work = g_task_get_task_data (task);
  work->part = g_object_ref (part);
  kandy_message_part_set_transferred (part, 0);
  kandy_transfer_download_async (get_client (work),
      kandy_message_part_get_raw_url (part), kandy_message_part_get_size (part),
      G_MAXINT64, stream, on_progress, part, cancellable, download_done, task);
}

/**
 * kandy_message_download_finish:
 * @self: a message
 * @result: what the callback was given
 * @error: return location: %KANDY_ERROR_PROTOCOL if it is not of the size that
 *     was announced, %KANDY_ERROR_TIMEOUT if nothing has moved for 30 seconds,
 *     the platform's code, or the error of the stream
 *
 * Returns: whether all of the file has been written
 */
gboolean
kandy_message_download_finish (
    KandyMessage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
save_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean closed =
      g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error);

  if (work->error) {
    g_clear_error (&error);
    g_task_return_error (task, g_steal_pointer (&work->error));
  } else if (closed) {
    g_task_return_boolean (task, TRUE);
  } else {
    g_task_return_error (task, error);
  }
  g_object_unref (task);
}

static void
save_downloaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);

  /* Closing replaces the old file with what has been written, unless it is
   * cancelled */
  work->stop = g_cancellable_new ();
  if (!kandy_transfer_download_finish (result, &work->error))
    g_cancellable_cancel (work->stop);
  g_output_stream_close_async (
      work->stream, G_PRIORITY_DEFAULT, work->stop, save_closed, task);
}

static void
save_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GFileOutputStream *stream;
  GError *error = NULL;
  KandyClient *client;

  stream = g_file_replace_finish (G_FILE (source), result, &error);
  if (!stream) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  work->stream = G_OUTPUT_STREAM (stream);
  client = get_client (work);
  if (!client) {
    work->stop = g_cancellable_new ();
    g_cancellable_cancel (work->stop);
    work->error = kandy_conversations_destroyed_error ();
    g_output_stream_close_async (
        work->stream, G_PRIORITY_DEFAULT, work->stop, save_closed, task);
    return;
  }
  kandy_transfer_download_async (client,
      kandy_message_part_get_raw_url (work->part),
      kandy_message_part_get_size (work->part), G_MAXINT64, work->stream,
      on_progress, work->part, g_task_get_cancellable (task), save_downloaded,
      task);
}

/**
 * kandy_message_save_async:
 * @self: a message
 * @part: one of its parts, a file
 * @file: where it goes; a file that is there is replaced, when all has come
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches a file into a file, as kandy_message_download_async() does.
 */
void
kandy_message_save_async (KandyMessage *self, KandyMessagePart *part,
    GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));
  g_return_if_fail (G_IS_FILE (file));

  task = work_new (
      self, kandy_message_save_async, cancellable, callback, user_data);
  if (!check_download (task, part))
    return;
  work = g_task_get_task_data (task);
  work->part = g_object_ref (part);
  kandy_message_part_set_transferred (part, 0);
  g_file_replace_async (file, NULL, FALSE, G_FILE_CREATE_NONE,
      G_PRIORITY_DEFAULT, cancellable, save_opened, task);
}

/**
 * kandy_message_save_finish:
 * @self: a message
 * @result: what the callback was given
 * @error: return location: as kandy_message_download_finish()
 *
 * Returns: whether all of the file has been written
 */
gboolean
kandy_message_save_finish (
    KandyMessage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
json_downloaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GMemoryOutputStream *stream = G_MEMORY_OUTPUT_STREAM (work->stream);
  g_autoptr (JsonNode) node = NULL;
  GError *error = NULL;
  gsize size = g_memory_output_stream_get_data_size (stream);
  const char *data = g_memory_output_stream_get_data (stream);

  if (kandy_transfer_download_finish (result, &error))
    node = kandy_json_parse (data, (gssize) size, &error);
  if (!node) {
    g_task_return_error (task, error);
  } else {
    kandy_message_part_take_json (work->part, g_strndup (data, size));
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

/**
 * kandy_message_fetch_json_async:
 * @self: a message
 * @part: one of its parts, a file
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches a file that is a JSON value, of 1 MiB at most, for
 * kandy_message_part_get_json(): what the sender put into a JSON part.
 */
void
kandy_message_fetch_json_async (KandyMessage *self, KandyMessagePart *part,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));

  task = work_new (
      self, kandy_message_fetch_json_async, cancellable, callback, user_data);
  if (!check_download (task, part))
    return;
  work = g_task_get_task_data (task);
  work->part = g_object_ref (part);
  work->stream = g_memory_output_stream_new_resizable ();
  kandy_transfer_download_async (get_client (work),
      kandy_message_part_get_raw_url (part), kandy_message_part_get_size (part),
      MAX_JSON, work->stream, on_progress, part, cancellable, json_downloaded,
      task);
}

/**
 * kandy_message_fetch_json_finish:
 * @self: a message
 * @result: what the callback was given
 * @error: return location: %KANDY_ERROR_PROTOCOL if it is no JSON, nested
 * deeper than 64 levels or too large; else as kandy_message_download_finish()
 *
 * Returns: whether the part has its value
 */
gboolean
kandy_message_fetch_json_finish (
    KandyMessage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void fetch_next_link (GTask *task);

static void
links_ended (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  kandy_message_set_fetching_links (work->message, FALSE);
  if (work->error) {
    if (get_client (work))
      emit_error (work, work->error);
    g_task_return_error (task, g_steal_pointer (&work->error));
  } else {
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

/* The part has all that could be had of it */
static void
link_ended (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  KandyMessagePart *part = kandy_message_get_part (work->message, work->index);

  kandy_message_part_take_files (
      part, g_steal_pointer (&work->file), g_steal_pointer (&work->thumbnail));
  if (get_client (work))
    kandy_conversation_emit_change (work->conversation, NULL, NULL);
  work->index++;
  fetch_next_link (task);
}

static void
drop_file (GFile **file)
{
  g_file_delete (*file, NULL, NULL);
  g_clear_object (file);
}

static void
thumbnail_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);

  g_output_stream_close (work->stream, NULL, NULL);
  g_clear_object (&work->stream);
  /* One does without it */
  if (!kandy_transfer_download_finish (result, NULL))
    drop_file (&work->thumbnail);
  link_ended (task);
}

static GOutputStream *
make_temporary (GFile **file, GError **error)
{
  g_autoptr (GFileIOStream) io = NULL;
  GFileOutputStream *stream;

  *file = g_file_new_tmp ("kandy-XXXXXX", &io, error);
  if (!*file)
    return NULL;
  /* The two-way stream would have to be kept with its one half */
  stream = g_file_append_to (*file, G_FILE_CREATE_PRIVATE, NULL, error);
  if (!stream)
    drop_file (file);
  return stream ? G_OUTPUT_STREAM (stream) : NULL;
}

static void
link_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  KandyMessagePart *part = kandy_message_get_part (work->message, work->index);
  const char *link = kandy_message_part_get_thumbnail_link (part);
  KandyClient *client;

  g_output_stream_close (work->stream, NULL, NULL);
  g_clear_object (&work->stream);
  if (!kandy_transfer_download_finish (result, &work->error)) {
    drop_file (&work->file);
    links_ended (task);
    return;
  }
  client = get_client (work);
  if (link && client)
    work->stream = make_temporary (&work->thumbnail, NULL);
  if (work->stream)
    kandy_transfer_download_async (client, link, -1, MAX_LINKED, work->stream,
        NULL, NULL, g_task_get_cancellable (task), thumbnail_done, task);
  else
    link_ended (task);
}

static void
fetch_next_link (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  KandyMessagePart *part;
  KandyClient *client = get_client (work);

  if (!client)
    work->error = kandy_conversations_destroyed_error ();
  while (!work->error
      && (part = kandy_message_get_part (work->message, work->index))) {
    if (!kandy_message_part_get_raw_url (part)) {
      work->index++;
      continue;
    }
    work->stream = make_temporary (&work->file, &work->error);
    if (!work->stream)
      break;
    kandy_message_part_set_transferred (part, 0);
    kandy_transfer_download_async (client,
        kandy_message_part_get_raw_url (part),
        kandy_message_part_get_size (part), MAX_LINKED, work->stream,
        on_progress, part, g_task_get_cancellable (task), link_done, task);
    return;
  }
  links_ended (task);
}

/**
 * kandy_message_create_image_links_async:
 * @self: a message
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches the files of the message and gives each part a
 * #KandyMessagePart:url that can be shown, and a thumbnail if the platform has
 * one (API document: `Message.createImageLinks`). For files that are to stay
 * use kandy_message_save_async().
 */
void
kandy_message_create_image_links_async (KandyMessage *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Work *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));

  task = work_new (self, kandy_message_create_image_links_async, cancellable,
      callback, user_data);
  work = g_task_get_task_data (task);
  if (kandy_message_is_fetching_links (self)) {
    g_clear_object (&work->conversation);
    g_task_return_new_error (task, KANDY_ERROR, KANDY_ERROR_INVALID_STATE,
        "The message's files are being fetched already");
    g_object_unref (task);
    return;
  }
  kandy_message_set_fetching_links (self, TRUE);
  fetch_next_link (task);
}

/**
 * kandy_message_create_image_links_finish:
 * @self: a message
 * @result: what the callback was given
 * @error: return location: as kandy_message_download_finish()
 *
 * Returns: whether all files have come
 */
gboolean
kandy_message_create_image_links_finish (
    KandyMessage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
