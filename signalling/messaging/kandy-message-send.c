/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-message-work.h"
#include "kandy-transfer.h"

/* Sending a message (protocol messaging 2.4, 2.10.2); its files first */

/* @error: (transfer full) */
static void
send_failed (GTask *task, GError *error)
{
  KandyMessageWork *work = g_task_get_task_data (task);

  kandy_message_set_failed (work->message, error);
  if (kandy_message_work_get_client (work)) {
    kandy_conversation_emit_change (work->conversation, NULL, NULL);
    kandy_message_work_emit_error (work, error);
  }
  kandy_conversation_end_send (work->conversation);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
send_succeeded (GTask *task, const char *id, const char *sender,
    const char *status, gint64 time)
{
  KandyMessageWork *work = g_task_get_task_data (task);

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
  KandyMessageWork *work = g_task_get_task_data (task);
  KandyClient *client = kandy_message_work_get_client (work);
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
  KandyMessageWork *work = g_task_get_task_data (task);
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
  KandyMessageWork *work = g_task_get_task_data (task);
  KandyClient *client = kandy_message_work_get_client (work);
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
upload_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  KandyMessageWork *work = g_task_get_task_data (task);
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
  KandyMessageWork *work = g_task_get_task_data (task);
  KandyClient *client = kandy_message_work_get_client (work);

  if (!client) {
    send_failed (task, kandy_conversations_destroyed_error ());
    return;
  }
  kandy_transfer_upload_async (client, stream, size,
      kandy_message_part_get_name (work->part),
      kandy_message_part_get_content_type (work->part),
      kandy_message_work_progress, work->part, g_task_get_cancellable (task),
      upload_done, task);
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
  KandyMessageWork *work = g_task_get_task_data (task);
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
check_parts (KandyMessageWork *work)
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
  KandyMessageWork *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!kandy_message_work_get_client (work))
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
  KandyMessageWork *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));

  task = kandy_message_work_new (
      self, kandy_message_send_async, cancellable, callback, user_data);
  work = g_task_get_task_data (task);
  if (!kandy_message_work_get_client (work))
    error = kandy_conversations_destroyed_error ();
  else if (kandy_message_is_pending (self)
      || kandy_message_get_message_id (self))
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, NULL, 0,
        "The message is on its way or sent already");
  else
    error = check_parts (work);
  if (error) {
    if (kandy_message_work_get_client (work))
      kandy_message_work_emit_error (work, error);
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
