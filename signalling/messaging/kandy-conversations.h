/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-conversation.h"

G_BEGIN_DECLS

/* Namespace `conversation` of the API document */

#define KANDY_TYPE_CONVERSATIONS (kandy_conversations_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyConversations, kandy_conversations, KANDY, CONVERSATIONS, GObject)

KANDY_API void kandy_conversations_fetch_async (KandyConversations *self,
    KandyChatType type, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_conversations_fetch_finish (KandyConversations *self,
    GAsyncResult *result, GError **error);
/* (transfer none) (nullable) */
KANDY_API KandyConversation *kandy_conversations_get (KandyConversations *self,
    const char *recipient, KandyChatType type);
/* (transfer none): the one that is there, or a new one */
KANDY_API KandyConversation *kandy_conversations_create (
    KandyConversations *self, const char *recipient, KandyChatType type,
    GError **error);
/* (transfer container) (element-type KandyConversation): GListModel too */
KANDY_API GPtrArray *kandy_conversations_get_all (KandyConversations *self);
KANDY_API KandyClient *kandy_conversations_get_client (KandyConversations *self);

KANDY_API const char *kandy_chat_type_to_string (KandyChatType type);

G_END_DECLS
