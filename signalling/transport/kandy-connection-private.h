/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-connection.h"

G_BEGIN_DECLS

/* For KandyServices, who owns the channel that the connection is to.
 *
 * Signal "lost" (char *reason): the connection is gone for good: LOST_CONNECTION,
 * GONE or WS_OVERRIDDEN. Not emitted for what connect_async reports.
 */
KandyConnection *kandy_connection_new (KandyClient *client);
void kandy_connection_shutdown (KandyConnection *self);

/* Opens the websocket, with retries (protocol session 5.2). Ends with
 * KANDY_ERROR `subscription:1`, or G_IO_ERROR_CANCELLED after disconnect */
void kandy_connection_connect_async (KandyConnection *self,
    const char *channel_url, GAsyncReadyCallback callback, gpointer user_data);
gboolean kandy_connection_connect_finish (KandyConnection *self,
    GAsyncResult *result, GError **error);
/* The machine's addresses may be others than before. If that of the websocket is
 * gone, it is opened again, and so are the connections for requests: nobody
 * would notice otherwise before many seconds, or minutes, have passed */
void kandy_connection_check_address (KandyConnection *self);
/* Closes it, or ends the attempts to open it */
void kandy_connection_disconnect (KandyConnection *self);
/* The same, and waits until the platform has noticed; not for long */
void kandy_connection_disconnect_async (KandyConnection *self,
    GAsyncReadyCallback callback, gpointer user_data);
void kandy_connection_disconnect_finish (KandyConnection *self,
    GAsyncResult *result);

G_END_DECLS
