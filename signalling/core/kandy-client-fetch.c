/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-client-private.h"

#include "kandy-rest-private.h"

/* KandyClient: requests of the application's own */

typedef struct {
  guint status;
  SoupMessageHeaders *headers;
} FetchReply;

static void
fetch_reply_free (FetchReply *reply)
{
  g_clear_pointer (&reply->headers, soup_message_headers_unref);
  g_free (reply);
}

static void
fetch_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  FetchReply *reply = g_new0 (FetchReply, 1);
  GError *error = NULL;
  GBytes *body = kandy_rest_fetch_finish (
      KANDY_REST (source), result, &reply->status, &reply->headers, &error);

  g_task_set_task_data (task, reply, (GDestroyNotify) fetch_reply_free);
  if (body)
    g_task_return_pointer (task, body, (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, error);
}

/**
 * kandy_client_fetch_async:
 * @self: a client
 * @method: (nullable): HTTP method, %NULL for `GET`
 * @resource: path on the platform, with a query if it has one
 * @query_params: (nullable): a dictionary with string keys, added to the query
 *   sorted by key; arrays repeat their key, nothing of any type gives a key
 *   alone; sunk if floating
 * @headers: (nullable): further headers; those that the platform needs
 *   (`Authorization`, `Accept`, `Content-Type`) override them
 * @body: (nullable): the request's body
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Sends a request of the application's own to the platform, with the
 * configured server and the access token (API document: `api.fetch`).
 */
void
kandy_client_fetch_async (KandyClient *self, const char *method,
    const char *resource, GVariant *query_params, SoupMessageHeaders *headers,
    GBytes *body, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CLIENT (self));
  g_return_if_fail (resource != NULL);

  if (query_params)
    g_variant_ref_sink (query_params);
  if (kandy_client_is_destroyed (self)) {
    kandy_client_return_destroyed (
        self, callback, user_data, kandy_client_fetch_async);
  } else {
    task = g_task_new (self, NULL, callback, user_data);
    g_task_set_source_tag (task, kandy_client_fetch_async);
    kandy_rest_fetch_async (kandy_client_get_rest (self), method, resource,
        query_params, headers, body, cancellable, fetch_done, task);
  }
  g_clear_pointer (&query_params, g_variant_unref);
}

/**
 * kandy_client_fetch_finish:
 * @self: a client
 * @result: what the callback was given
 * @status: (out) (optional): HTTP status of the reply
 * @headers: (out) (optional) (transfer full) (nullable): headers of the reply
 * @error: return location: %KANDY_ERROR_NETWORK, %KANDY_ERROR_TIMEOUT,
 *   %KANDY_ERROR_AUTHENTICATION if there is no token
 *
 * Ends a request. Any reply is a success, whatever its status.
 *
 * Returns: (transfer full): the reply's body, %NULL if there was no reply
 */
GBytes *
kandy_client_fetch_finish (KandyClient *self, GAsyncResult *result,
    guint *status, SoupMessageHeaders **headers, GError **error)
{
  GTask *task = G_TASK (result);
  FetchReply *reply;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  reply = g_task_get_task_data (task);
  if (status)
    *status = reply ? reply->status : 0;
  if (headers)
    *headers = reply && reply->headers
        ? soup_message_headers_ref (reply->headers)
        : NULL;
  return g_task_propagate_pointer (task, error);
}
