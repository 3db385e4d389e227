/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-messaging-private.h"

G_BEGIN_DECLS

/* Private: an operation on a message, from its call to its answer */

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
} KandyMessageWork;

/* (transfer full): a task that has one as its data */
GTask *kandy_message_work_new (KandyMessage *self, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* (nullable): gone */
KandyClient *kandy_message_work_get_client (KandyMessageWork *work);
/* messages:error, unless the operation was cancelled */
void kandy_message_work_emit_error (KandyMessageWork *work,
    const GError *error);
/* @part: the attachment that is under way */
void kandy_message_work_progress (gint64 transferred, gpointer part);

G_END_DECLS
