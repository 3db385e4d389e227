/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-http-session.h"
#include "kandy-rest.h"

G_BEGIN_DECLS

/* What the layers next to KandyRest need of it: sign-on, fetch, websocket. */

/* Replies beyond this are refused */
#define KANDY_REST_MAX_REPLY (8 * 1024 * 1024)
#define KANDY_REST_DEFAULT_TIMEOUT_MS 30000

KandyRest *kandy_rest_new (KandyClient *client);
/* Cancels what is under way: it ends with KANDY_ERROR_DESTROYED */
void kandy_rest_shutdown (KandyRest *self);

/* @path is appended to the configured server, characters that are not allowed
 * are escaped. @scheme: (nullable): instead of the configured one.
 * @query: (nullable): already encoded, without '?' */
GUri *kandy_rest_make_uri (KandyRest *self, const char *scheme,
    const char *path, const char *query, GError **error);
/* A resource as a server names it: host-relative as it is, absolute if it is on
 * the configured server. NULL and error otherwise: a token must not go to a
 * place that a reply chose. (transfer full) */
char *kandy_rest_localize_resource (KandyRest *self, const char *resource,
    GError **error);

/* The session, with the configured rules for TLS and proxies. (transfer none) */
KandyHttpSession *kandy_rest_ensure_http (KandyRest *self, GError **error);
/* To be called for every message that is sent through the session */
void kandy_rest_prepare_message (KandyRest *self, SoupMessage *msg);
/* Requests that are under way fail, and no connection is used again */
void kandy_rest_drop_connections (KandyRest *self);

/* Sends @msg as it is and reads the reply, whatever its status. Ends with
 * KANDY_ERROR (network, timeout, destroyed) or G_IO_ERROR_CANCELLED. @timeout_ms
 * covers all of it, 0 for the default. */
void kandy_rest_exchange_async (KandyRest *self, SoupMessage *msg,
    guint timeout_ms, const char *operation, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
GBytes *kandy_rest_exchange_finish (KandyRest *self, GAsyncResult *result,
    GError **error);

/* The headers of requests with a token; FALSE and error without one */
gboolean kandy_rest_authorize (KandyRest *self, SoupMessageHeaders *headers,
    GError **error);
/* What a reply's error status means (protocol session 1.6) */
GError *kandy_rest_error_from_reply (SoupMessage *msg, GBytes *body,
    const char *operation);

/* The platform does not accept the token: request:error, before the operation's
 * own error (protocol session 1.5), and another token if there can be one */
void kandy_rest_note_unauthorized (KandyRest *self, const char *operation);

/* Implementation of kandy_client_fetch_async() */
void kandy_rest_fetch_async (KandyRest *self, const char *method,
    const char *resource, GVariant *query_params, SoupMessageHeaders *headers,
    GBytes *body, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
GBytes *kandy_rest_fetch_finish (KandyRest *self, GAsyncResult *result,
    guint *status, SoupMessageHeaders **headers, GError **error);
/* (transfer full): sorted by key, RFC 3986 */
char *kandy_rest_encode_query (GVariant *params);

G_END_DECLS
