/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-notifications.h"

G_BEGIN_DECLS

KandyNotifications *kandy_notifications_new (KandyClient *client);

/* Channel gate of protocol session 6.2: notifications of the websocket pass
 * only while it is meant to be open */
void kandy_notifications_set_websocket_enabled (KandyNotifications *self,
    gboolean enabled);

typedef enum {
  KANDY_NOTIFICATION_CHANNEL_WEBSOCKET,
  KANDY_NOTIFICATION_CHANNEL_PUSH,
} KandyNotificationChannel;

/* @root: (transfer none): a frame. Reports and drops what is no notification */
void kandy_notifications_process (KandyNotifications *self,
    KandyNotificationChannel channel, JsonNode *root);

G_END_DECLS
