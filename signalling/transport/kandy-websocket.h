/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-rest-private.h"

G_BEGIN_DECLS

/* Private: one websocket, from the attempt to open it until it is closed
 * (protocol session 5.1). Used once.
 *
 * Signals:
 *  "frame" (JsonNode, an object): a text frame came
 *  "closed" (uint): the peer closed it, with this code, or the connection broke
 *      (1006). Not emitted after kandy_websocket_close().
 */
#define KANDY_TYPE_WEBSOCKET (kandy_websocket_get_type ())
G_DECLARE_FINAL_TYPE (KandyWebsocket, kandy_websocket, KANDY, WEBSOCKET, GObject)

/* Close code of a platform that has taken a newer socket of the same channel */
#define KANDY_WEBSOCKET_CLOSE_OVERRIDDEN 4001

KandyWebsocket *kandy_websocket_new (KandyClient *client);

/* @channel_url: as the platform gave it. @window_ms: time to get it open */
void kandy_websocket_open_async (KandyWebsocket *self, const char *channel_url,
    guint window_ms, GAsyncReadyCallback callback, gpointer user_data);
/* KANDY_ERROR with the HTTP status of the refusal, if there was one */
gboolean kandy_websocket_open_finish (KandyWebsocket *self,
    GAsyncResult *result, GError **error);

/* Whether it is open, but from an address that this machine no longer has */
gboolean kandy_websocket_is_stranded (KandyWebsocket *self);

/* FALSE: it is not open */
gboolean kandy_websocket_send (KandyWebsocket *self, const char *text);
/* Also ends an attempt. Idempotent */
void kandy_websocket_close (KandyWebsocket *self, gushort code);
/* The same, and waits for the peer's close frame, @timeout_ms at most */
void kandy_websocket_part_async (KandyWebsocket *self, gushort code,
    guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data);
void kandy_websocket_part_finish (KandyWebsocket *self, GAsyncResult *result);

G_END_DECLS
