/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-exchange.h"

#include <string.h>

/*
 * One HTTP request and its reply, bounded in time and size. libsoup's own
 * time-out is for a single read or write: a server that sends a byte now and
 * then would never meet it, hence the deadline.
 *
 * A server may close a connection at any time, also while a request is on its
 * way (RFC 9112 section 9.5). A request that may be carried out twice is sent
 * again then; another one if it surely was not carried out (RFC 9110 section
 * 9.2.2). That is so as long as its end has not been written: nobody acts upon
 * a message that is incomplete (RFC 9112 section 8). There is one such attempt.
 *
 * Every request has a connection of its own. libsoup would send GET, PUT and
 * DELETE again by itself if a connection that has served a request before is
 * closed before the reply's first byte, and cannot be told not to. That spoils
 * its queue: the end of the first attempt is dispatched on its own and may find
 * the second one under way (3.2 loses a task, 3.6 uses a freed one). A
 * connection that has not served any request is exempt. One could be opened
 * ahead (soup_session_preconnect_async()), but whatever is sent until it stands
 * takes it over together with its cancellable, and would outlive its deadline.
 * And when this machine gets another address a kept connection swallows
 * requests until their deadline, just when a call has to be repaired; a new one
 * does not. The price over TLS is two more round trips and a handshake for each
 * request: 312 ms instead of 92 where a round trip takes 80, 43 instead of 3
 * where it takes none (medians of one run on a busy machine of two cores). Some
 * 6 ms of that are processor time on the main context: glib-networking 2.74
 * reads all authorities of the system again for each connection.
 */

/* A long reply is kept in pieces of this size: one buffer that grows would be
 * copied, and its new pages be filled by the kernel, megabytes at a time on the
 * main context */
#define CHUNK 65536

/* Data of a message whose body can be written again */
#define BODY "kandy-exchange-body"

typedef struct {
  SoupMessage *msg;
  GInputStream *stream;
  GPtrArray *pieces; /* GByteArray, all full but the last one */
  gsize size;        /* of all of them */
  gsize limit;
  GCancellable *cancellable; /* the exchange's own */
  GCancellable *callers;
  gulong callers_id;
  GSource *deadline;
  gboolean timed_out;
} Exchange;

/* Until a reply begins */
typedef struct {
  SoupMessage *msg;
  gulong starting_id, wrote_body_id;
  gboolean started;  /* there is a connection, to which it is written */
  gboolean complete; /* it has been written to its end */
  gboolean again;    /* this is the second attempt */
} Opening;

static void
opening_free (Opening *opening)
{
  g_clear_signal_handler (&opening->starting_id, opening->msg);
  g_clear_signal_handler (&opening->wrote_body_id, opening->msg);
  g_object_unref (opening->msg);
  g_free (opening);
}

static void
exchange_free (Exchange *exchange)
{
  if (exchange->deadline) {
    g_source_destroy (exchange->deadline);
    g_source_unref (exchange->deadline);
  }
  g_cancellable_disconnect (exchange->callers, exchange->callers_id);
  g_clear_object (&exchange->callers);
  g_clear_object (&exchange->cancellable);
  g_clear_object (&exchange->stream);
  g_clear_object (&exchange->msg);
  g_clear_pointer (&exchange->pieces, g_ptr_array_unref);
  g_free (exchange);
}

static void
callers_cancelled (GCancellable *callers, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static gboolean
deadline_reached (gpointer user_data)
{
  Exchange *exchange = user_data;

  exchange->timed_out = TRUE;
  g_cancellable_cancel (exchange->cancellable);
  return G_SOURCE_REMOVE;
}

static void
return_error (GTask *task, GError *error)
{
  Exchange *exchange = g_task_get_task_data (task);

  if (exchange->timed_out
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_error (&error);
    error = g_error_new_literal (
        G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no reply in time");
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
append (Exchange *exchange, const guint8 *data, gsize size)
{
  while (size > 0) {
    guint n_pieces = exchange->pieces->len;
    GByteArray *last =
        n_pieces > 0 ? exchange->pieces->pdata[n_pieces - 1] : NULL;
    guint n;

    if (!last || last->len == CHUNK) {
      last = g_byte_array_new ();
      g_ptr_array_add (exchange->pieces, last);
    }
    n = (guint) MIN (size, CHUNK - last->len);
    g_byte_array_append (last, data, n);
    data += n;
    size -= n;
    exchange->size += n;
  }
}

static void
join_in_worker (
    GTask *work, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *pieces = task_data;
  guint8 *body = g_malloc ((gsize) pieces->len * CHUNK);
  gsize size = 0;
  guint i;

  for (i = 0; i < pieces->len; i++) {
    GByteArray *piece = pieces->pdata[i];

    memcpy (body + size, piece->data, piece->len);
    size += piece->len;
  }
  g_ptr_array_set_size (pieces, 0);
  g_task_return_pointer (
      work, g_bytes_new_take (body, size), (GDestroyNotify) g_bytes_unref);
}

static void
joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  GBytes *body = g_task_propagate_pointer (G_TASK (result), NULL);
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (exchange->cancellable, &error)) {
    g_bytes_unref (body);
    return_error (task, error);
    return;
  }
  g_task_return_pointer (task, body, (GDestroyNotify) g_bytes_unref);
  g_object_unref (task);
}

/* The reply has ended. @task: (transfer full) */
static void
return_body (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);
  g_autoptr (GPtrArray) pieces = g_steal_pointer (&exchange->pieces);

  if (pieces->len > 1) {
    g_autoptr (GTask) work =
        g_task_new (g_task_get_source_object (task), NULL, joined, task);

    g_task_set_source_tag (work, return_body);
    g_task_set_task_data (
        work, g_steal_pointer (&pieces), (GDestroyNotify) g_ptr_array_unref);
    g_task_run_in_thread (work, join_in_worker);
    return;
  }
  g_task_return_pointer (task,
      pieces->len > 0
          ? g_byte_array_free_to_bytes (g_byte_array_ref (pieces->pdata[0]))
          : g_bytes_new_static ("", 0),
      (GDestroyNotify) g_bytes_unref);
  g_object_unref (task);
}

static void
read_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  g_autoptr (GBytes) chunk = NULL;
  GError *error = NULL;

  chunk = g_input_stream_read_bytes_finish (
      G_INPUT_STREAM (source), result, &error);
  if (!chunk) {
    return_error (task, error);
    return;
  }
  if (g_bytes_get_size (chunk) == 0) {
    return_body (task);
    return;
  }
  if (exchange->size + g_bytes_get_size (chunk) > exchange->limit) {
    return_error (task,
        g_error_new (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
            "the reply has more than %" G_GSIZE_FORMAT " bytes",
            exchange->limit));
    return;
  }
  append (exchange, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk));
  g_input_stream_read_bytes_async (exchange->stream, CHUNK, G_PRIORITY_DEFAULT,
      exchange->cancellable, read_done, task);
}

static void
on_starting (SoupMessage *msg, Opening *opening)
{
  opening->started = TRUE;
}

static void
on_wrote_body (SoupMessage *msg, Opening *opening)
{
  opening->complete = TRUE;
}

/* libsoup has consumed the body when it sends a request again, and would go on
 * without one */
static void
set_body_again (SoupMessage *msg)
{
  GBytes *body = g_object_get_data (G_OBJECT (msg), BODY);
  /* The header is replaced by what it is set to */
  g_autofree char *content_type = g_strdup (soup_message_headers_get_one (
      soup_message_get_request_headers (msg), "Content-Type"));

  if (body)
    soup_message_set_request_body_from_bytes (msg, content_type, body);
}

/* RFC 9110 section 9.2.2 */
static gboolean
is_idempotent (SoupMessage *msg)
{
  static const char *const methods[] = { "GET", "HEAD", "OPTIONS", "TRACE",
    "PUT", "DELETE", NULL };

  return g_strv_contains (methods, soup_message_get_method (msg));
}

static gboolean
may_send_again (GTask *task, const GError *error)
{
  Opening *opening = g_task_get_task_data (task);
  SoupMessageHeaders *headers = soup_message_get_request_headers (opening->msg);

  if (opening->again || !opening->started
      || g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    return FALSE;
  if (opening->complete && !is_idempotent (opening->msg))
    return FALSE;
  /* a body that was a stream has gone */
  if (!g_object_get_data (G_OBJECT (opening->msg), BODY)
      && soup_message_headers_get_encoding (headers) != SOUP_ENCODING_NONE)
    return FALSE;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF);
}

static void
send_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Opening *opening = g_task_get_task_data (task);
  GError *error = NULL;
  GInputStream *stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (stream) {
    g_task_return_pointer (task, stream, g_object_unref);
    return;
  }
  if (!may_send_again (task, error)) {
    g_task_return_error (task, error);
    return;
  }
  g_clear_error (&error);
  opening->again = TRUE;
  set_body_again (opening->msg);
  soup_session_send_async (SOUP_SESSION (source), opening->msg,
      G_PRIORITY_DEFAULT, g_task_get_cancellable (task), send_done,
      g_object_ref (task));
}

static void
opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;

  exchange->stream =
      kandy_exchange_open_finish (SOUP_SESSION (source), result, &error);
  if (!exchange->stream) {
    return_error (task, error);
    return;
  }
  g_input_stream_read_bytes_async (exchange->stream, CHUNK, G_PRIORITY_DEFAULT,
      exchange->cancellable, read_done, task);
}

void
kandy_exchange_set_body (
    SoupMessage *msg, const char *content_type, GBytes *body)
{
  soup_message_set_request_body_from_bytes (msg, content_type, body);
  g_object_set_data_full (
      G_OBJECT (msg), BODY, g_bytes_ref (body), (GDestroyNotify) g_bytes_unref);
  /* it still does so for a proxy that wants a password */
  g_signal_connect (msg, "restarted", G_CALLBACK (set_body_again), NULL);
}

void
kandy_exchange_open_async (SoupSession *session, SoupMessage *msg,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (session, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);

  g_task_set_source_tag (task, kandy_exchange_open_async);
  g_task_set_task_data (task, opening, (GDestroyNotify) opening_free);
  opening->msg = g_object_ref (msg);
  opening->starting_id =
      g_signal_connect (msg, "starting", G_CALLBACK (on_starting), opening);
  opening->wrote_body_id =
      g_signal_connect (msg, "wrote-body", G_CALLBACK (on_wrote_body), opening);
  /* A new one, which is not kept (RFC 9112 section 9.6) */
  soup_message_add_flags (msg, SOUP_MESSAGE_NEW_CONNECTION);
  soup_message_headers_replace (
      soup_message_get_request_headers (msg), "Connection", "close");
  soup_session_send_async (
      session, msg, G_PRIORITY_DEFAULT, cancellable, send_done, task);
}

GInputStream *
kandy_exchange_open_finish (
    SoupSession *session, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kandy_exchange_async (SoupSession *session, SoupMessage *msg,
    GMainContext *context, guint timeout_ms, gsize limit,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (session, NULL, callback, user_data);
  Exchange *exchange = g_new0 (Exchange, 1);

  g_task_set_task_data (task, exchange, (GDestroyNotify) exchange_free);
  g_task_set_source_tag (task, kandy_exchange_async);

  exchange->msg = g_object_ref (msg);
  exchange->pieces =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  exchange->limit = limit;
  exchange->cancellable = g_cancellable_new ();
  if (cancellable) {
    exchange->callers = g_object_ref (cancellable);
    exchange->callers_id =
        g_cancellable_connect (cancellable, G_CALLBACK (callers_cancelled),
            g_object_ref (exchange->cancellable), g_object_unref);
  }
  exchange->deadline = g_timeout_source_new (timeout_ms);
  g_source_set_callback (exchange->deadline, deadline_reached, exchange, NULL);
  g_source_attach (exchange->deadline, context);

  kandy_exchange_open_async (session, msg, exchange->cancellable, opened, task);
}

GBytes *
kandy_exchange_finish (
    SoupSession *session, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
