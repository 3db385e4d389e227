/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Private. A body that is still there when @msg has to be sent again, on another
 * connection */
void kandy_exchange_set_body (SoupMessage *msg, const char *content_type,
    GBytes *body);

/* Sends @msg, on a connection of its own, until its reply begins. The one place
 * where a request goes out (a websocket's upgrade aside) */
void kandy_exchange_open_async (SoupSession *session, SoupMessage *msg,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
GInputStream *kandy_exchange_open_finish (SoupSession *session,
    GAsyncResult *result, GError **error);

/* Sends @msg and reads all of the reply, whatever its status. Ends with
 * G_IO_ERROR_TIMED_OUT after @timeout_ms, with G_IO_ERROR_MESSAGE_TOO_LARGE if
 * the reply has more than @limit bytes. @context: where the deadline runs. */
void kandy_exchange_async (SoupSession *session, SoupMessage *msg,
    GMainContext *context, guint timeout_ms, gsize limit,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
GBytes *kandy_exchange_finish (SoupSession *session, GAsyncResult *result,
    GError **error);

G_END_DECLS
