/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: de-duplication and dispatch of notifications (protocol session 6). */

#define KANDY_TYPE_NOTIFICATIONS (kandy_notifications_get_type ())
G_DECLARE_FINAL_TYPE (KandyNotifications, kandy_notifications, KANDY, NOTIFICATIONS, GObject)

/* @type: the top-level member; @content: its object, (transfer none) */
typedef void (*KandyNotificationFunc) (const char *type, JsonObject *content,
    gpointer user_data);

/* Calls @func for every notification whose top-level member is @type ("*Suffix"
 * matches all that end so), in order of arrival, on the client's context. Returns an id for remove. */
guint kandy_notifications_add_consumer (KandyNotifications *self,
    const char *type, KandyNotificationFunc func, gpointer user_data);
void kandy_notifications_remove_consumer (KandyNotifications *self, guint id);

G_END_DECLS
