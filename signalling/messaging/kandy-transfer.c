/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-transfer.h"

#include <libsoup/soup.h>
#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-exchange.h"
#include "kandy-json.h"
#include "kandy-messaging-private.h"
#include "kandy-multipart-stream.h"
#include "kandy-network.h"
#include "kandy-rest-private.h"

/*
 * Transfers. A request as a whole has no deadline here, as a large file takes
 * its time; but a piece of it has.
 */

#define CHUNK 65536
#define STALL_S 30

typedef struct _Transfer Transfer;

/* How much of a body has been written, told by the network thread */
typedef struct {
  GMainContext *context;
  Transfer *transfer; /* the context's; NULL once that has ended */
  GMutex lock;
  gint64 written;
  gboolean posted; /* the context is about to look */
} Meter;

struct _Transfer {
  KandyClient *client; /* weak */
  char *operation;
  SoupMessage *msg;
  GCancellable *cancellable; /* the transfer's own */
  GCancellable *callers;
  gulong callers_id, destroyed_id;
  GSource *stall;
  gboolean stalled;
  KandyTransferProgress progress;
  gpointer progress_data;
  gint64 done, size;

  /* upload */
  gint64 head;
  Meter *meter;

  /* download */
  KandyExchange *exchange;
  GOutputStream *output;
  gint64 max;
  GBytes *chunk;
};

static void
meter_clear (gpointer data)
{
  Meter *meter = data;

  g_main_context_unref (meter->context);
  g_mutex_clear (&meter->lock);
}

static void
meter_unref (gpointer meter)
{
  g_atomic_rc_box_release_full (meter, meter_clear);
}

static void
transfer_free (Transfer *transfer)
{
  if (transfer->stall)
    g_source_destroy (transfer->stall);
  g_clear_pointer (&transfer->stall, g_source_unref);
  if (transfer->client)
    g_clear_signal_handler (&transfer->destroyed_id, transfer->client);
  g_clear_weak_pointer (&transfer->client);
  g_cancellable_disconnect (transfer->callers, transfer->callers_id);
  g_clear_object (&transfer->callers);
  g_clear_object (&transfer->cancellable);
  if (transfer->meter)
    transfer->meter->transfer = NULL;
  g_clear_pointer (&transfer->meter, meter_unref);
  g_clear_object (&transfer->msg);
  g_clear_pointer (&transfer->exchange, kandy_exchange_free);
  g_clear_object (&transfer->output);
  g_clear_pointer (&transfer->chunk, g_bytes_unref);
  g_free (transfer->operation);
  g_free (transfer);
}

static gboolean
stall_reached (gpointer user_data)
{
  Transfer *transfer = user_data;

  transfer->stalled = TRUE;
  g_cancellable_cancel (transfer->cancellable);
  return G_SOURCE_REMOVE;
}

static void
callers_cancelled (GCancellable *callers, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
advance (Transfer *transfer, gint64 done)
{
  transfer->done = done;
  g_source_set_ready_time (
      transfer->stall, g_get_monotonic_time () + STALL_S * G_USEC_PER_SEC);
  if (transfer->progress)
    transfer->progress (done, transfer->progress_data);
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  Transfer *transfer = g_task_get_task_data (task);

  transfer->progress = NULL;
  if (!transfer->client || kandy_client_is_destroyed (transfer->client)) {
    g_clear_error (&error);
    error = kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
        "%s ended: the client was destroyed", transfer->operation);
  } else if (transfer->stalled) {
    g_clear_error (&error);
    error = kandy_error_new (KANDY_ERROR_TIMEOUT, "FETCH", 0,
        "%s failed: nothing has moved for %d seconds", transfer->operation,
        STALL_S);
  } else if (error->domain != KANDY_ERROR
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    GError *mapped = kandy_error_from_network (error, transfer->operation);

    g_clear_error (&error);
    error = mapped;
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static GTask *
transfer_new (KandyClient *client, const char *operation, gint64 size,
    KandyTransferProgress progress, gpointer progress_data,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Transfer *transfer = g_new0 (Transfer, 1);

  g_task_set_task_data (task, transfer, (GDestroyNotify) transfer_free);
  g_set_weak_pointer (&transfer->client, client);
  transfer->operation = g_strdup (operation);
  transfer->size = size;
  transfer->progress = progress;
  transfer->progress_data = progress_data;
  transfer->cancellable = g_cancellable_new ();
  if (cancellable) {
    transfer->callers = g_object_ref (cancellable);
    transfer->callers_id =
        g_cancellable_connect (cancellable, G_CALLBACK (callers_cancelled),
            g_object_ref (transfer->cancellable), g_object_unref);
  }
  transfer->destroyed_id = g_signal_connect_swapped (client, "destroyed",
      G_CALLBACK (g_cancellable_cancel), transfer->cancellable);
  transfer->stall = g_timeout_source_new_seconds (STALL_S);
  g_source_set_callback (transfer->stall, stall_reached, transfer, NULL);
  g_source_attach (transfer->stall, kandy_client_get_context (client));
  return task;
}

/* NULL after it has answered the task */
static KandyHttpSession *
prepare (GTask *task, const char *method, const char *resource)
{
  Transfer *transfer = g_task_get_task_data (task);
  KandyRest *rest = kandy_client_get_rest (transfer->client);
  g_autoptr (GUri) uri = NULL;
  g_autofree char *path = NULL;
  KandyHttpSession *http = NULL;
  GError *error = NULL;

  if (kandy_client_is_destroyed (transfer->client))
    error = kandy_conversations_destroyed_error ();
  else
    path = kandy_rest_localize_resource (rest, resource, &error);
  if (path)
    uri = kandy_rest_make_uri (rest, NULL, path, NULL, &error);
  if (uri)
    http = kandy_rest_ensure_http (rest, &error);
  if (http) {
    transfer->msg = soup_message_new_from_uri (method, uri);
    if (!kandy_rest_authorize (
            rest, soup_message_get_request_headers (transfer->msg), &error))
      http = NULL;
  }
  if (!http) {
    fail (task, error);
    return NULL;
  }
  soup_message_headers_remove (
      soup_message_get_request_headers (transfer->msg), "Content-Type");
  kandy_rest_prepare_message (rest, transfer->msg);
  return http;
}

/* The platform's reply is an error */
static void
refuse (GTask *task, GBytes *body)
{
  Transfer *transfer = g_task_get_task_data (task);
  GError *error =
      kandy_rest_error_from_reply (transfer->msg, body, transfer->operation);

  if (transfer->client
      && soup_message_get_status (transfer->msg) == SOUP_STATUS_UNAUTHORIZED)
    kandy_rest_note_unauthorized (
        kandy_client_get_rest (transfer->client), transfer->operation);
  fail (task, error);
}

/* Text in quotes of a header: RFC 7578 section 4.2 as browsers do it */
static char *
quote (const char *name)
{
  GString *quoted = g_string_new (NULL);
  const char *p;

  for (p = name; *p; p++) {
    if (*p == '"')
      g_string_append (quoted, "%22");
    else if (*p == '\\')
      g_string_append (quoted, "\\\\");
    else if (!g_ascii_iscntrl (*p))
      g_string_append_c (quoted, *p);
  }
  return g_string_free (quoted, FALSE);
}

static void
read_meter (gpointer data)
{
  Meter *meter = data;
  Transfer *transfer = meter->transfer;
  gint64 done;

  g_mutex_lock (&meter->lock);
  meter->posted = FALSE;
  done = meter->written;
  g_mutex_unlock (&meter->lock);
  if (transfer) {
    /* The head and the tail are not the file's */
    done = MAX (done - transfer->head, 0);
    if (transfer->size >= 0)
      done = MIN (done, transfer->size);
    advance (transfer, done);
  }
  meter_unref (meter);
}

/* In the network thread */
static void
on_wrote_body_data (SoupMessage *msg, guint chunk_size, gpointer user_data)
{
  Meter *meter = user_data;
  gboolean posted;

  g_mutex_lock (&meter->lock);
  meter->written += chunk_size;
  posted = meter->posted;
  meter->posted = TRUE;
  g_mutex_unlock (&meter->lock);
  if (!posted)
    kandy_network_post_to (
        meter->context, read_meter, g_atomic_rc_box_acquire (meter));
}

static void
closure_meter_unref (gpointer meter, GClosure *closure)
{
  meter_unref (meter);
}

/* @task's context is the one that it tells */
static void
attach_meter (GTask *task)
{
  Transfer *transfer = g_task_get_task_data (task);
  Meter *meter = g_atomic_rc_box_new0 (Meter);

  g_mutex_init (&meter->lock);
  meter->context = g_main_context_ref (g_task_get_context (task));
  meter->transfer = transfer;
  transfer->meter = g_atomic_rc_box_acquire (meter);
  g_signal_connect_data (transfer->msg, "wrote-body-data",
      G_CALLBACK (on_wrote_body_data), meter, closure_meter_unref, 0);
}

static GHashTable *
parse_attributes (JsonNode *root)
{
  JsonObject *object =
      kandy_json_get_object (json_node_get_object (root), "object");
  JsonObject *attributes = kandy_json_get_object (object, "attributes");
  g_autoptr (JsonArray) list =
      kandy_messaging_dup_list (attributes, "attribute");
  GHashTable *table =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint i;

  for (i = 0; i < json_array_get_length (list); i++) {
    JsonNode *node = json_array_get_element (list, i);
    JsonObject *attribute =
        JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    const char *name = kandy_json_get_string (attribute, "name");
    const char *value = kandy_json_get_string (attribute, "value");
    JsonArray *values = kandy_json_get_array (attribute, "value");

    /* OMA NMS has arrays */
    if (!value && values && json_array_get_length (values) > 0) {
      JsonNode *first = json_array_get_element (values, 0);

      if (JSON_NODE_HOLDS_VALUE (first)
          && json_node_get_value_type (first) == G_TYPE_STRING)
        value = json_node_get_string (first);
    }
    if (name && value)
      g_hash_table_insert (table, g_strdup (name), g_strdup (value));
  }
  return table;
}

static void
upload_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GHashTable) attributes = NULL;
  GError *error = NULL;

  body = kandy_rest_exchange_finish (KANDY_REST (source), result, &error);
  if (!body) {
    fail (task, error);
    return;
  }
  transfer->progress = NULL;
  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (transfer->msg))) {
    refuse (task, body);
    return;
  }
  root = kandy_json_parse (
      g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), &error);
  if (!root) {
    fail (task, error);
    return;
  }
  if (JSON_NODE_HOLDS_OBJECT (root))
    attributes = parse_attributes (root);
  if (!attributes || !g_hash_table_contains (attributes, "x-id")) {
    fail (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL,
            soup_message_get_status (transfer->msg),
            "%s failed: the reply names no x-id", transfer->operation));
    return;
  }
  g_task_return_pointer (
      task, g_steal_pointer (&attributes), (GDestroyNotify) g_hash_table_unref);
  g_object_unref (task);
}

void
kandy_transfer_upload_async (KandyClient *client, GInputStream *stream,
    gint64 size, const char *name, const char *content_type,
    KandyTransferProgress progress, gpointer progress_data,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = transfer_new (client, "Upload of an attachment", size, progress,
      progress_data, cancellable, callback, user_data);
  Transfer *transfer = g_task_get_task_data (task);
  const char *username = kandy_client_get_username (client);
  g_autofree char *user = NULL;
  g_autofree char *path = NULL;
  g_autofree char *boundary = NULL;
  g_autofree char *head = NULL;
  g_autofree char *tail = NULL;
  g_autofree char *quoted = quote (name);
  g_autofree char *type = NULL;
  g_autoptr (GInputStream) body = NULL;

  user = g_uri_escape_string (username ? username : "", "@+", FALSE);
  path = g_strdup_printf ("/cpaas/nms/v1/chat/%s/objects", user);
  if (!prepare (task, "POST", path))
    return;

  boundary = g_uuid_string_random ();
  head = g_strdup_printf (
      "--%s\r\nContent-Disposition: form-data; name=\"root-fields\"\r\n\r\n"
      "{\"object\":{\"attributes\":{\"attribute\":[]},"
      "\"flags\":{\"flag\":[]}}}\r\n"
      "--%s\r\nContent-Disposition: form-data; name=\"raw\"; "
      "filename=\"%s\"\r\nContent-Type: %s\r\n\r\n",
      boundary, boundary, quoted,
      content_type && !strpbrk (content_type, "\r\n")
          ? content_type
          : "application/octet-stream");
  tail = g_strdup_printf ("\r\n--%s--\r\n", boundary);
  type = g_strdup_printf ("multipart/form-data; boundary=%s", boundary);
  body = kandy_multipart_stream_new (head, stream, tail);
  transfer->head = (gint64) strlen (head);
  soup_message_set_request_body (transfer->msg, type, body,
      size < 0 ? -1 : size + (gint64) (strlen (head) + strlen (tail)));
  attach_meter (task);
  /* A stalled upload is noticed here */
  kandy_rest_exchange_async (kandy_client_get_rest (client), transfer->msg,
      G_MAXUINT, transfer->operation, transfer->cancellable, upload_done, task);
}

GHashTable *
kandy_transfer_upload_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void read_chunk (GTask *task);

static void
write_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (
          G_OUTPUT_STREAM (source), result, NULL, &error)) {
    /* Trouble with a disk is none of the network's */
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  advance (
      transfer, transfer->done + (gint64) g_bytes_get_size (transfer->chunk));
  read_chunk (task);
}

static void
read_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  GError *error = NULL;
  gint64 total;

  g_clear_pointer (&transfer->chunk, g_bytes_unref);
  transfer->chunk = kandy_exchange_read_finish (result, &error);
  if (!transfer->chunk) {
    fail (task, error);
    return;
  }
  total = transfer->done + (gint64) g_bytes_get_size (transfer->chunk);
  if (g_bytes_get_size (transfer->chunk) == 0) {
    if (transfer->size >= 0 && total != transfer->size) {
      fail (task,
          kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
              "%s failed: it ends after %" G_GINT64_FORMAT
              " of %" G_GINT64_FORMAT " bytes",
              transfer->operation, total, transfer->size));
      return;
    }
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  if ((transfer->size >= 0 && total > transfer->size)
      || total > transfer->max) {
    fail (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "%s failed: it has more than %" G_GINT64_FORMAT " bytes",
            transfer->operation,
            transfer->size >= 0 ? MIN (transfer->size, transfer->max)
                                : transfer->max));
    return;
  }
  g_output_stream_write_all_async (transfer->output,
      g_bytes_get_data (transfer->chunk, NULL),
      g_bytes_get_size (transfer->chunk), G_PRIORITY_DEFAULT,
      transfer->cancellable, write_done, task);
}

static void
read_chunk (GTask *task)
{
  Transfer *transfer = g_task_get_task_data (task);

  kandy_exchange_read_async (transfer->exchange, CHUNK, read_done, task);
}

static void
refusal_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  GBytes *body = kandy_exchange_read_finish (result, &error);

  if (!body) {
    fail (task, error);
    return;
  }
  refuse (task, body);
  g_bytes_unref (body);
}

static void
download_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  GError *error = NULL;
  guint status;

  if (!kandy_exchange_open_finish (result, &error)) {
    fail (task, error);
    return;
  }
  status = soup_message_get_status (transfer->msg);
  if (!SOUP_STATUS_IS_SUCCESSFUL (status)) {
    kandy_exchange_read_async (transfer->exchange, CHUNK, refusal_done, task);
    return;
  }
  read_chunk (task);
}

void
kandy_transfer_download_async (KandyClient *client, const char *link,
    gint64 size, gint64 max, GOutputStream *stream,
    KandyTransferProgress progress, gpointer progress_data,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = transfer_new (client, "Download of an attachment", size,
      progress, progress_data, cancellable, callback, user_data);
  Transfer *transfer = g_task_get_task_data (task);
  KandyHttpSession *http;

  transfer->output = g_object_ref (stream);
  transfer->max = max;
  http = prepare (task, "GET", link);
  if (!http)
    return;
  transfer->exchange =
      kandy_exchange_new (http, transfer->msg, transfer->cancellable);
  kandy_exchange_open_async (transfer->exchange, download_started, task);
}

gboolean
kandy_transfer_download_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
