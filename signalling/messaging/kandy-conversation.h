/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-message.h"

G_BEGIN_DECLS

/* API document: `conversation.Conversation` */

#define KANDY_TYPE_CONVERSATION (kandy_conversation_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyConversation, kandy_conversation, KANDY, CONVERSATION, GObject)

KANDY_API KandyMessage *kandy_conversation_create_message (
    KandyConversation *self, KandyMessagePart *part);
KANDY_API KandyMessage *kandy_conversation_create_text_message (
    KandyConversation *self, const char *text);
KANDY_API void kandy_conversation_clear_messages (KandyConversation *self);
/* (transfer container) (element-type KandyMessage): GListModel too */
KANDY_API GPtrArray *kandy_conversation_get_messages (KandyConversation *self);
KANDY_API KandyMessage *kandy_conversation_get_message (
    KandyConversation *self, const char *message_id);

KANDY_API void kandy_conversation_fetch_messages_async (
    KandyConversation *self, guint amount, const char *next,
    gint64 until_time, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_conversation_fetch_messages_finish (
    KandyConversation *self, GAsyncResult *result, char **next,
    GError **error);
KANDY_API void kandy_conversation_delete_messages_async (
    KandyConversation *self, const char *const *message_ids,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_conversation_delete_messages_finish (
    KandyConversation *self, GAsyncResult *result, GError **error);
KANDY_API void kandy_conversation_delete_async (KandyConversation *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_conversation_delete_finish (KandyConversation *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_conversation_set_is_typing_async (
    KandyConversation *self, gboolean is_typing, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_conversation_set_is_typing_finish (
    KandyConversation *self, GAsyncResult *result, GError **error);

KANDY_API KandyChatType kandy_conversation_get_chat_type (KandyConversation *self);
KANDY_API const char *kandy_conversation_get_destination (KandyConversation *self);
KANDY_API const char *kandy_conversation_get_address (KandyConversation *self);
KANDY_API gint64 kandy_conversation_get_last_received (KandyConversation *self);
KANDY_API const char *kandy_conversation_get_last_message (KandyConversation *self);
KANDY_API char **kandy_conversation_dup_typing_list (KandyConversation *self);
KANDY_API gboolean kandy_conversation_is_pending (KandyConversation *self);

G_END_DECLS
