/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-message-part.h"

G_BEGIN_DECLS

/* API document: `conversation.Message` */

#define KANDY_TYPE_MESSAGE (kandy_message_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyMessage, kandy_message, KANDY, MESSAGE, GObject)

KANDY_API gboolean kandy_message_add_part (KandyMessage *self,
    KandyMessagePart *part, GError **error);
KANDY_API void kandy_message_send_async (KandyMessage *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_message_send_finish (KandyMessage *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_message_create_image_links_async (KandyMessage *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_message_create_image_links_finish (
    KandyMessage *self, GAsyncResult *result, GError **error);

KANDY_API void kandy_message_download_async (KandyMessage *self,
    KandyMessagePart *part, GOutputStream *stream, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_message_download_finish (KandyMessage *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_message_save_async (KandyMessage *self,
    KandyMessagePart *part, GFile *file, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_message_save_finish (KandyMessage *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_message_fetch_json_async (KandyMessage *self,
    KandyMessagePart *part, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_message_fetch_json_finish (KandyMessage *self,
    GAsyncResult *result, GError **error);

KANDY_API KandyConversation *kandy_message_get_conversation (KandyMessage *self);
KANDY_API const char *kandy_message_get_message_id (KandyMessage *self);
KANDY_API KandyChatType kandy_message_get_chat_type (KandyMessage *self);
KANDY_API gint64 kandy_message_get_timestamp (KandyMessage *self);
KANDY_API gint64 kandy_message_get_timestamp_ms (KandyMessage *self);
KANDY_API const char *kandy_message_get_sender (KandyMessage *self);
KANDY_API const char *kandy_message_get_destination (KandyMessage *self);
KANDY_API guint kandy_message_get_n_parts (KandyMessage *self);
KANDY_API KandyMessagePart *kandy_message_get_part (KandyMessage *self,
    guint index);
KANDY_API char *kandy_message_dup_text (KandyMessage *self);
KANDY_API const char *kandy_message_get_delivery_status (KandyMessage *self);
KANDY_API gboolean kandy_message_is_own (KandyMessage *self);
KANDY_API gboolean kandy_message_is_pending (KandyMessage *self);
KANDY_API gboolean kandy_message_is_fetching_links (KandyMessage *self);
KANDY_API const GError *kandy_message_get_error (KandyMessage *self);

G_END_DECLS
