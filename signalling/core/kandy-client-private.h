/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-client.h"
#include "kandy-auth.h"
#include "kandy-config.h"
#include "kandy-rest.h"
#include "kandy-logger.h"
#include "kandy-notifications.h"

G_BEGIN_DECLS

/* What the namespace objects of one client share. All of it lives on the
 * main context that was thread-default when the client was made. */
GMainContext *kandy_client_get_context (KandyClient *self);
gboolean kandy_client_is_destroyed (KandyClient *self);
/* Answers an operation that is asked of a client that was destroyed */
void kandy_client_return_destroyed (KandyClient *self,
    GAsyncReadyCallback callback, gpointer user_data, gpointer tag);
KandyRest *kandy_client_get_rest (KandyClient *self);
KandyNotifications *kandy_client_get_notifications (KandyClient *self);
KandyAuth *kandy_client_get_auth (KandyClient *self);

/* (nullable): claim `preferred_username`; NULL before the tokens are set */
const char *kandy_client_get_username (KandyClient *self);
/* (nullable): claim `services-identity`, else the user name */
const char *kandy_client_get_identity (KandyClient *self);
/* (nullable): the part of the identity after '@' */
const char *kandy_client_get_domain (KandyClient *self);
const char *kandy_client_get_correlator (KandyClient *self);
/* (nullable): the number that short messages to it are notified of */
void kandy_client_set_sms_number (KandyClient *self, const char *number);
const char *kandy_client_get_sms_number (KandyClient *self);
/* (nullable): value of X-Cpaas-Agent; NULL if it is not to be sent */
char *kandy_client_dup_agent (KandyClient *self);

/* "/cpaas/SERVICE/VERSION/USER/TAIL", escaped as protocol session 2.1 says;
 * (nullable) without tokens */
char *kandy_client_user_path (KandyClient *self, const char *service,
    const char *tail);

/* Whether anybody would hear of an event that @source emits; for what it
 * costs to make */
gboolean kandy_client_has_listener (KandyClient *self, gpointer source,
    const char *event);
/* Emits an event of the API document: the typed signal of @source that the
 * event table (kandy-events.h) names, then KandyClient::event with the event's
 * name as detail. @source (nullable): there is no object that it is about.
 * @payload (nullable) is an a{sv}; a floating one is sunk.
 * Never emits after destroy. */
void kandy_client_emit (KandyClient *self, gpointer source, const char *event,
    GVariant *payload);

G_END_DECLS
