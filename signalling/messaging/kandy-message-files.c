/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-message-work.h"

#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-transfer.h"

/* Getting the files of a message that came (protocol messaging 2.9) */

/* Files that nobody asked to save */
#define MAX_LINKED (256 * 1024 * 1024)
#define MAX_JSON (1024 * 1024)

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
  KandyMessageWork *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!kandy_message_work_get_client (work))
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
  KandyMessageWork *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));
  g_return_if_fail (G_IS_OUTPUT_STREAM (stream));

  task = kandy_message_work_new (
      self, kandy_message_download_async, cancellable, callback, user_data);
  if (!check_download (task, part))
    return;
  work = g_task_get_task_data (task);
  work->part = g_object_ref (part);
  kandy_message_part_set_transferred (part, 0);
  kandy_transfer_download_async (kandy_message_work_get_client (work),
      kandy_message_part_get_raw_url (part), kandy_message_part_get_size (part),
      G_MAXINT64, stream, kandy_message_work_progress, part, cancellable,
      download_done, task);
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
  KandyMessageWork *work = g_task_get_task_data (task);
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
  KandyMessageWork *work = g_task_get_task_data (task);

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
  KandyMessageWork *work = g_task_get_task_data (task);
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
  client = kandy_message_work_get_client (work);
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
      kandy_message_work_progress, work->part, g_task_get_cancellable (task),
      save_downloaded, task);
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
  KandyMessageWork *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));
  g_return_if_fail (G_IS_FILE (file));

  task = kandy_message_work_new (
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
  KandyMessageWork *work = g_task_get_task_data (task);
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
  KandyMessageWork *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));
  g_return_if_fail (KANDY_IS_MESSAGE_PART (part));

  task = kandy_message_work_new (
      self, kandy_message_fetch_json_async, cancellable, callback, user_data);
  if (!check_download (task, part))
    return;
  work = g_task_get_task_data (task);
  work->part = g_object_ref (part);
  work->stream = g_memory_output_stream_new_resizable ();
  kandy_transfer_download_async (kandy_message_work_get_client (work),
      kandy_message_part_get_raw_url (part), kandy_message_part_get_size (part),
      MAX_JSON, work->stream, kandy_message_work_progress, part, cancellable,
      json_downloaded, task);
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
  KandyMessageWork *work = g_task_get_task_data (task);

  kandy_message_set_fetching_links (work->message, FALSE);
  if (work->error) {
    if (kandy_message_work_get_client (work))
      kandy_message_work_emit_error (work, work->error);
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
  KandyMessageWork *work = g_task_get_task_data (task);
  KandyMessagePart *part = kandy_message_get_part (work->message, work->index);

  kandy_message_part_take_files (
      part, g_steal_pointer (&work->file), g_steal_pointer (&work->thumbnail));
  if (kandy_message_work_get_client (work))
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
  KandyMessageWork *work = g_task_get_task_data (task);

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
  KandyMessageWork *work = g_task_get_task_data (task);
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
  client = kandy_message_work_get_client (work);
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
  KandyMessageWork *work = g_task_get_task_data (task);
  KandyMessagePart *part;
  KandyClient *client = kandy_message_work_get_client (work);

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
        kandy_message_work_progress, part, g_task_get_cancellable (task),
        link_done, task);
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
  KandyMessageWork *work;

  g_return_if_fail (KANDY_IS_MESSAGE (self));

  task = kandy_message_work_new (self, kandy_message_create_image_links_async,
      cancellable, callback, user_data);
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
