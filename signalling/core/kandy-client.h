/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>
#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_CLIENT (kandy_client_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyClient, kandy_client, KANDY, CLIENT, GObject)

KANDY_API KandyClient *kandy_client_new (KandyConfig *config);
KANDY_API const char *kandy_client_get_version (void);
KANDY_API void kandy_client_destroy (KandyClient *self);

KANDY_API KandyConfig *kandy_client_get_config (KandyClient *self);
KANDY_API void kandy_client_update_config (KandyClient *self, GVariant *partial);

KANDY_API KandyLogger *kandy_client_get_logger (KandyClient *self);
KANDY_API KandyServices *kandy_client_get_services (KandyClient *self);
KANDY_API KandyConnection *kandy_client_get_connection (KandyClient *self);
KANDY_API KandyCalls *kandy_client_get_calls (KandyClient *self);
KANDY_API KandyMedia *kandy_client_get_media (KandyClient *self);
KANDY_API KandyConversations *kandy_client_get_conversations (
    KandyClient *self);
KANDY_API KandyGroups *kandy_client_get_groups (KandyClient *self);
KANDY_API KandyPresence *kandy_client_get_presence (KandyClient *self);
KANDY_API KandyContacts *kandy_client_get_contacts (KandyClient *self);
KANDY_API KandyUsers *kandy_client_get_users (KandyClient *self);

KANDY_API gboolean kandy_client_set_tokens (KandyClient *self,
    const char *access_token, const char *id_token, GError **error);
KANDY_API gboolean kandy_client_set_credentials (KandyClient *self,
    const char *bearer_access_token, const char *id_token, GError **error);
KANDY_API GVariant *kandy_client_get_user_info (KandyClient *self);

KANDY_API void kandy_client_sign_on_password_async (KandyClient *self,
    const char *client_id, const char *username, const char *password,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_client_sign_on_client_async (KandyClient *self,
    const char *client_id, const char *client_secret,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_client_sign_on_finish (KandyClient *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_client_sign_off (KandyClient *self);

KANDY_API gboolean kandy_client_process_notification (KandyClient *self,
    const char *json, gssize length, const char *channel, GError **error);

KANDY_API void kandy_client_fetch_async (KandyClient *self, const char *method,
    const char *resource, GVariant *query_params, SoupMessageHeaders *headers,
    GBytes *body, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API GBytes *kandy_client_fetch_finish (KandyClient *self,
    GAsyncResult *result, guint *status, SoupMessageHeaders **headers,
    GError **error);

G_END_DECLS
