/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-rest.h"

G_BEGIN_DECLS

/* Private: the requests that subscribe to one service (protocol session 4.5) */

/* Names of the services that there are, in the document's order */
const char *const *kandy_subscription_get_services (void);

/* @params: (nullable): of the service's descriptor, a{sv} */
void kandy_subscription_create_async (KandyClient *client, const char *service,
    GVariant *params, const char *notify_url, GAsyncReadyCallback callback,
    gpointer user_data);
/* (transfer full): path of the subscription on the platform */
char *kandy_subscription_create_finish (GAsyncResult *result, GError **error);

G_END_DECLS
