/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-message.h"

G_BEGIN_DECLS

/* Private: the messages of a conversation, by time and by id. It tells its
 * owner's listeners what changes. On one main context. */
typedef struct _KandyMessageList KandyMessageList;

/* @owner: whose GListModel::items-changed is emitted; not kept alive */
KandyMessageList *kandy_message_list_new (GListModel *owner);
/* The messages bit by bit in @context */
void kandy_message_list_free (KandyMessageList *self, GMainContext *context);

guint kandy_message_list_get_length (KandyMessageList *self);
/* (transfer none) (nullable): beyond the end */
KandyMessage *kandy_message_list_get (KandyMessageList *self, guint index);
/* (transfer none) (nullable): in constant time */
KandyMessage *kandy_message_list_lookup (KandyMessageList *self,
    const char *id);
/* (transfer container) */
GPtrArray *kandy_message_list_get_all (KandyMessageList *self);
/* Adds what is not there yet, in order of time; @messages: of KandyMessage.
 * Those that are there get the status of the new ones. @older: of those of the
 * same millisecond, the new ones go first */
void kandy_message_list_merge (KandyMessageList *self, GPtrArray *messages,
    gboolean older);
void kandy_message_list_remove (KandyMessageList *self, KandyMessage *message);
/* A message that was sent got its id, and maybe another time */
void kandy_message_list_set_sent (KandyMessageList *self,
    KandyMessage *message, const char *id, const char *sender,
    const char *status, gint64 time);
/* @context: (nullable): where the messages are freed, a slice at a time */
void kandy_message_list_clear (KandyMessageList *self, GMainContext *context);

G_END_DECLS
