/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-rest-private.h"

#include "kandy-error.h"
#include "kandy-exchange.h"

/*
 * Requests of the application's own (API document: `api.fetch`, protocol
 * session 2.4): any status is a result, and a 401 raises no event.
 */

typedef struct {
  SoupMessage *msg;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_clear_object (&fetch->msg);
  g_free (fetch);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static char *
value_to_string (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE)) {
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    return g_strdup (
        g_ascii_dtostr (buffer, sizeof buffer, g_variant_get_double (value)));
  }
  return g_variant_print (value, FALSE);
}

/* @value: NULL for a bare key */
static void
append_pair (GString *query, const char *key, GVariant *value)
{
  g_autofree char *escaped_key = g_uri_escape_string (key, NULL, FALSE);

  if (query->len)
    g_string_append_c (query, '&');
  g_string_append (query, escaped_key);
  if (value) {
    g_autofree char *text = value_to_string (value);
    g_autofree char *escaped = g_uri_escape_string (text, NULL, FALSE);

    g_string_append_printf (query, "=%s", escaped);
  }
}

static void
append_param (GString *query, const char *key, GVariant *boxed)
{
  gsize i;

  if (g_variant_is_of_type (boxed, G_VARIANT_TYPE_VARIANT)) {
    g_autoptr (GVariant) inner = g_variant_get_variant (boxed);

    append_param (query, key, inner);
  } else if (g_variant_is_of_type (boxed, G_VARIANT_TYPE_MAYBE)) {
    g_autoptr (GVariant) inner = g_variant_get_maybe (boxed);

    if (inner)
      append_param (query, key, inner);
    else
      append_pair (query, key, NULL);
  } else if (g_variant_is_of_type (boxed, G_VARIANT_TYPE_ARRAY)) {
    for (i = 0; i < g_variant_n_children (boxed); i++) {
      g_autoptr (GVariant) child = g_variant_get_child_value (boxed, i);

      append_param (query, key, child);
    }
  } else {
    append_pair (query, key, boxed);
  }
}

static void
copy_header (const char *name, const char *value, gpointer user_data)
{
  soup_message_headers_append (user_data, name, value);
}

static void
fetch_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GBytes *body =
      kandy_rest_exchange_finish (KANDY_REST (source), result, &error);

  if (body)
    g_task_return_pointer (task, body, (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, error);
}

char *
kandy_rest_encode_query (GVariant *params)
{
  GString *query = g_string_new (NULL);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gsize n = params ? g_variant_n_children (params) : 0, i;

  for (i = 0; i < n; i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (params, i);
    char *key;

    g_variant_get_child (entry, 0, "s", &key);
    g_ptr_array_add (keys, key);
  }
  g_ptr_array_sort (keys, compare_keys);
  for (i = 0; i < keys->len; i++) {
    const char *key = g_ptr_array_index (keys, i);
    g_autoptr (GVariant) value = g_variant_lookup_value (params, key, NULL);

    append_param (query, key, value);
  }
  return g_string_free (query, FALSE);
}

void
kandy_rest_fetch_async (KandyRest *self, const char *method,
    const char *resource, GVariant *query_params, SoupMessageHeaders *headers,
    GBytes *body, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autofree char *query = kandy_rest_encode_query (query_params);
  g_autoptr (GUri) uri = NULL;
  g_autoptr (SoupMessage) msg = NULL;
  SoupMessageHeaders *own;
  GError *error = NULL;
  Fetch *fetch;

  g_task_set_source_tag (task, kandy_rest_fetch_async);
  uri = kandy_rest_make_uri (self, NULL, resource, query, &error);
  if (!uri) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  msg = soup_message_new_from_uri (method ? method : "GET", uri);
  own = soup_message_get_request_headers (msg);
  if (headers)
    soup_message_headers_foreach (headers, copy_header, own);
  if (body)
    kandy_exchange_set_body (msg, "application/json", body);
  /* the library's headers override the caller's (protocol session 1.4) */
  if (!kandy_rest_authorize (self, own, &error)) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  fetch = g_new0 (Fetch, 1);
  fetch->msg = g_object_ref (msg);
  g_task_set_task_data (task, fetch, (GDestroyNotify) fetch_free);
  kandy_rest_exchange_async (
      self, msg, 0, "Fetch", cancellable, fetch_done, task);
}

GBytes *
kandy_rest_fetch_finish (KandyRest *self, GAsyncResult *result, guint *status,
    SoupMessageHeaders **headers, GError **error)
{
  GTask *task = G_TASK (result);
  Fetch *fetch = g_task_get_task_data (task);
  GBytes *body = g_task_propagate_pointer (task, error);

  if (status)
    *status = body ? soup_message_get_status (fetch->msg) : 0;
  if (headers) {
    *headers = NULL;
    if (body)
      *headers = soup_message_headers_ref (
          soup_message_get_response_headers (fetch->msg));
  }
  return body;
}
