/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-collection.h"
#include "kandy-user.h"

G_BEGIN_DECLS

#define KANDY_TYPE_USERS (kandy_users_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyUsers, kandy_users, KANDY, USERS, KandyCollection)

KANDY_API KandyUser *kandy_users_get (KandyUsers *self, const char *user_id);
KANDY_API GPtrArray *kandy_users_get_all (KandyUsers *self);

KANDY_API void kandy_users_fetch_async (KandyUsers *self, const char *user_id,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_users_fetch_finish (KandyUsers *self,
    GAsyncResult *result, KandyUser **user, GError **error);
KANDY_API void kandy_users_fetch_self_info_async (KandyUsers *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_users_fetch_self_info_finish (KandyUsers *self,
    GAsyncResult *result, KandyUser **user, GError **error);
KANDY_API void kandy_users_search_async (KandyUsers *self, GVariant *filters,
    GVariant *options, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API GPtrArray *kandy_users_search_finish (KandyUsers *self,
    GAsyncResult *result, char **next, GError **error);

G_END_DECLS
