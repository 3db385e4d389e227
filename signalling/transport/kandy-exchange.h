/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-http-session.h"

G_BEGIN_DECLS

/* Private. A body that is still there when @msg has to be sent again, on
 * another connection */
void kandy_exchange_set_body (
    SoupMessage *msg, const char *content_type, GBytes *body);

/* Sends @msg, on a connection of its own, and reads all of the reply, whatever
 * its status. The one place where a request goes out (a websocket's upgrade
 * aside). Ends with G_IO_ERROR_TIMED_OUT after @timeout_ms, with
 * G_IO_ERROR_MESSAGE_TOO_LARGE if the reply has more than @limit bytes. @msg
 * must not be touched until then. */
void kandy_exchange_async (KandyHttpSession *http, SoupMessage *msg,
    guint timeout_ms, gsize limit, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
GBytes *kandy_exchange_finish (GAsyncResult *result, GError **error);

/* The same in steps, for a reply that does not fit into memory. One step at a
 * time; there is no limit and no deadline. */
typedef struct _KandyExchange KandyExchange;

KandyExchange *kandy_exchange_new (
    KandyHttpSession *http, SoupMessage *msg, GCancellable *cancellable);
/* No step may be waited for */
void kandy_exchange_free (KandyExchange *self);
/* Sends the request, until the reply begins */
void kandy_exchange_open_async (
    KandyExchange *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean kandy_exchange_open_finish (GAsyncResult *result, GError **error);
/* What comes next of the reply, @count bytes at most; none at its end */
void kandy_exchange_read_async (KandyExchange *self, gsize count,
    GAsyncReadyCallback callback, gpointer user_data);
GBytes *kandy_exchange_read_finish (GAsyncResult *result, GError **error);

G_END_DECLS
