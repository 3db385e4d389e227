/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-message-work.h"

#include "kandy-error.h"

/* What sending a message and getting its files have in common */

static void
work_free (KandyMessageWork *work)
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

GTask *
kandy_message_work_new (KandyMessage *self, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  KandyConversation *conversation = kandy_message_get_conversation (self);
  KandyMessageWork *work = g_new0 (KandyMessageWork, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  /* The outcome has been told by events: it stays what it was */
  g_task_set_check_cancellable (task, FALSE);
  work->message = g_object_ref (self);
  work->conversation = conversation ? g_object_ref (conversation) : NULL;
  return task;
}

KandyClient *
kandy_message_work_get_client (KandyMessageWork *work)
{
  KandyConversations *conversations = work->conversation
      ? kandy_conversation_get_conversations (work->conversation)
      : NULL;
  KandyClient *client =
      conversations ? kandy_conversations_peek_client (conversations) : NULL;

  return client && !kandy_client_is_destroyed (client) ? client : NULL;
}

void
kandy_message_work_emit_error (KandyMessageWork *work, const GError *error)
{
  KandyConversations *conversations = work->conversation
      ? kandy_conversation_get_conversations (work->conversation)
      : NULL;

  if (conversations
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kandy_conversations_emit_error (conversations, error);
}

void
kandy_message_work_progress (gint64 transferred, gpointer part)
{
  kandy_message_part_set_transferred (part, transferred);
}
