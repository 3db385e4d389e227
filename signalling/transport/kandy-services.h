/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_SERVICES (kandy_services_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyServices, kandy_services, KANDY, SERVICES, GObject)

KANDY_API void kandy_services_subscribe_async (KandyServices *self,
    GVariant *services, const char *type, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_services_subscribe_finish (KandyServices *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_services_unsubscribe_async (KandyServices *self,
    const char *const *services, const char *type, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_services_unsubscribe_finish (KandyServices *self,
    GAsyncResult *result, GError **error);

KANDY_API GVariant *kandy_services_get_subscriptions (KandyServices *self);
KANDY_API gboolean kandy_services_is_subscribed (KandyServices *self,
    const char *service);

G_END_DECLS
