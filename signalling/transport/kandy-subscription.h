/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-rest.h"

G_BEGIN_DECLS

/* Private: the requests that subscribe to one service (protocol session 4.5),
 * and again before the platform forgets it */

typedef struct {
  char *resource; /* path on the platform */
  char *list_id;  /* (nullable): presence: of the list of watched users */
  guint duration; /* seconds, 0 if it has no end */
} KandySubscription;

void kandy_subscription_free (KandySubscription *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandySubscription, kandy_subscription_free)

/* Names of the services that there are, in the document's order */
const char *const *kandy_subscription_get_services (void);

/* @params: (nullable): of the service's descriptor, a{sv} */
void kandy_subscription_create_async (KandyClient *client, const char *service,
    GVariant *params, const char *notify_url, GAsyncReadyCallback callback,
    gpointer user_data);
/* (transfer full) */
KandySubscription *kandy_subscription_create_finish (GAsyncResult *result,
    GError **error);

/* Keeps a subscription that has an end */
typedef struct _KandyRenewal KandyRenewal;

/* @subscription: (transfer full): the one that stands for the service now; NULL
 * when the former one has come to its end without another, with @error saying
 * why. The renewal is over then */
typedef void (*KandyRenewalFunc) (KandySubscription *subscription,
    const char *service, const GError *error, gpointer user_data);

/* Subscribes again at half of the duration, and then more and more often.
 * @user_data has to live until kandy_renewal_stop() */
KandyRenewal *kandy_renewal_start (KandyClient *client, const char *service,
    const char *notify_url, guint duration, KandyRenewalFunc func,
    gpointer user_data);
void kandy_renewal_stop (KandyRenewal *self);

G_END_DECLS
