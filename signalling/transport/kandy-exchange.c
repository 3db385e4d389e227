/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-exchange.h"

#include "kandy-network.h"

/*
 * One HTTP request and its reply, bounded in time and size. libsoup's own
 * time-out is for a single read or write: a server that sends a byte now and
 * then would never meet it, hence the deadline.
 *
 * All of libsoup's work is done in the network thread. Who asks has an exchange
 * that takes one step at a time there and brings the outcome back to the
 * context of the step's task. The message belongs to the network thread as long
 * as a step is under way. Who cancels is answered at once, without waiting for
 * that thread: then nothing of a client that was destroyed is left when its
 * context has nothing more to do.
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
 * where it takes none (medians of one run on a busy machine of two cores).
 */

#define CHUNK 65536

/* Data of a message whose body can be written again */
#define BODY "kandy-exchange-body"

/* References: who has made it, a step, the handler of the caller's cancellable,
 * and what has been posted */
struct _KandyExchange {
  KandyHttpSession *http;
  SoupMessage *msg;
  GCancellable *callers; /* (nullable) */
  gulong callers_id;

  GMutex lock; /* for what follows: a step's task, and what came of it */
  GTask *task; /* NULL when it has been answered */
  GMainContext *context; /* the task's */
  GBytes *bytes;
  GError *error;

  /* All below is the network thread's */
  GCancellable *cancellable; /* follows the caller's */
  GInputStream *stream;
  gsize count; /* how much a step may read */

  /* Until the reply begins */
  gulong starting_id, wrote_body_id;
  gboolean started;  /* there is a connection, to which it is written */
  gboolean complete; /* it has been written to its end */
  gboolean again;    /* this is the second attempt */

  /* Only if it is all one step */
  gboolean is_whole;
  guint timeout_ms;
  gsize limit;
  GSource *deadline;
  gboolean timed_out;
  GByteArray *body;
};

static void
drop_object (gpointer data)
{
  g_object_unref (data);
}

/* In any thread. libsoup's objects end in its own */
static void
exchange_clear (gpointer data)
{
  KandyExchange *self = data;

  if (self->stream)
    kandy_network_post (drop_object, self->stream);
  kandy_network_post (drop_object, self->msg);
  g_object_unref (self->cancellable);
  g_clear_object (&self->callers);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  kandy_http_session_unref (self->http);
}

static void
exchange_unref (KandyExchange *self)
{
  g_atomic_rc_box_release_full (self, exchange_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyExchange, exchange_unref)

static void
cancel_in_network (gpointer data)
{
  g_autoptr (KandyExchange) self = data;

  g_cancellable_cancel (self->cancellable);
}

/* In the context of the step's task: it is over, or was cancelled. What comes
 * second finds nothing to do */
static void
answer (gpointer data)
{
  g_autoptr (KandyExchange) self = data;
  g_autoptr (GTask) task = NULL;
  GBytes *bytes = NULL;
  GError *error = NULL;

  g_mutex_lock (&self->lock);
  task = g_steal_pointer (&self->task);
  if (task) {
    bytes = g_steal_pointer (&self->bytes);
    error = g_steal_pointer (&self->error);
  }
  g_mutex_unlock (&self->lock);
  if (!task)
    return;
  /* Nobody who has cancelled is told of success because it was on its way */
  if (!error && (!bytes || g_cancellable_is_cancelled (self->callers))) {
    g_clear_pointer (&bytes, g_bytes_unref);
    error = g_error_new_literal (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  }
  /* It has taken its only step, and nobody else has it */
  if (self->is_whole)
    kandy_exchange_free (self);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, bytes, (GDestroyNotify) g_bytes_unref);
}

/* In any thread */
static void
callers_cancelled (GCancellable *callers, gpointer user_data)
{
  KandyExchange *self = user_data;

  kandy_network_post (cancel_in_network, g_atomic_rc_box_acquire (self));
  g_mutex_lock (&self->lock);
  if (self->task)
    kandy_network_post_to (
        self->context, answer, g_atomic_rc_box_acquire (self));
  g_mutex_unlock (&self->lock);
}

static gboolean
deadline_reached (gpointer user_data)
{
  KandyExchange *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* The step is over. @bytes: (transfer full) (nullable) @error: (transfer full)
 * (nullable): one of them is there */
static void
end_step (KandyExchange *self, GBytes *bytes, GError *error)
{
  if (self->timed_out
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_error (&error);
    error = g_error_new_literal (
        G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no reply in time");
  }
  g_clear_signal_handler (&self->starting_id, self->msg);
  g_clear_signal_handler (&self->wrote_body_id, self->msg);
  if (self->deadline) {
    g_source_destroy (self->deadline);
    g_clear_pointer (&self->deadline, g_source_unref);
  }
  /* a connection is not kept longer than its reply is wanted */
  if (self->is_whole)
    g_clear_object (&self->stream);

  g_mutex_lock (&self->lock);
  if (self->task) {
    self->bytes = bytes;
    self->error = error;
    kandy_network_post_to (
        self->context, answer, g_atomic_rc_box_acquire (self));
  } else {
    g_clear_pointer (&bytes, g_bytes_unref);
    g_clear_error (&error);
  }
  g_mutex_unlock (&self->lock);
  exchange_unref (self);
}

static GBytes *
no_bytes (void)
{
  return g_bytes_new_static ("", 0);
}

static void read_more (KandyExchange *self);

/* The reply goes on. @chunk: (transfer full) */
static void
collect (KandyExchange *self, GBytes *chunk)
{
  gsize size = g_bytes_get_size (chunk);

  if (self->body->len + size > self->limit) {
    end_step (self, NULL,
        g_error_new (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
            "the reply has more than %" G_GSIZE_FORMAT " bytes", self->limit));
  } else if (size > 0) {
    g_byte_array_append (
        self->body, g_bytes_get_data (chunk, NULL), (guint) size);
    read_more (self);
  } else if (self->body->len > 0) {
    end_step (
        self, g_byte_array_free_to_bytes (g_steal_pointer (&self->body)), NULL);
  } else {
    end_step (self, no_bytes (), NULL);
  }
  g_bytes_unref (chunk);
}

static void
read_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KandyExchange *self = user_data;
  GError *error = NULL;
  GBytes *chunk = g_input_stream_read_bytes_finish (
      G_INPUT_STREAM (source), result, &error);

  if (!chunk)
    end_step (self, NULL, error);
  else if (self->is_whole)
    collect (self, chunk);
  else
    end_step (self, chunk, NULL);
}

static void
read_more (KandyExchange *self)
{
  g_input_stream_read_bytes_async (self->stream, self->count,
      G_PRIORITY_DEFAULT, self->cancellable, read_done, self);
}

static void
read_in_network (gpointer data)
{
  read_more (data);
}

static void
on_starting (SoupMessage *msg, KandyExchange *self)
{
  self->started = TRUE;
}

static void
on_wrote_body (SoupMessage *msg, KandyExchange *self)
{
  self->complete = TRUE;
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
may_send_again (KandyExchange *self, const GError *error)
{
  SoupMessageHeaders *headers = soup_message_get_request_headers (self->msg);

  if (self->again || !self->started
      || g_cancellable_is_cancelled (self->cancellable))
    return FALSE;
  if (self->complete && !is_idempotent (self->msg))
    return FALSE;
  /* a body that was a stream has gone */
  if (!g_object_get_data (G_OBJECT (self->msg), BODY)
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
  KandyExchange *self = user_data;
  GError *error = NULL;

  self->stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (self->stream && self->is_whole) {
    read_more (self);
  } else if (self->stream) {
    end_step (self, no_bytes (), NULL);
  } else if (may_send_again (self, error)) {
    g_clear_error (&error);
    self->again = TRUE;
    set_body_again (self->msg);
    soup_session_send_async (SOUP_SESSION (source), self->msg,
        G_PRIORITY_DEFAULT, self->cancellable, send_done, self);
  } else {
    end_step (self, NULL, error);
  }
}

static void
open_in_network (gpointer data)
{
  KandyExchange *self = data;
  GError *error = NULL;
  SoupSession *session = kandy_http_session_ensure (self->http, &error);

  if (!session) {
    end_step (self, NULL, error);
    return;
  }
  if (self->is_whole) {
    self->deadline = g_timeout_source_new (self->timeout_ms);
    g_source_set_callback (self->deadline, deadline_reached, self, NULL);
    g_source_attach (self->deadline, g_main_context_get_thread_default ());
  }
  self->starting_id =
      g_signal_connect (self->msg, "starting", G_CALLBACK (on_starting), self);
  self->wrote_body_id = g_signal_connect (
      self->msg, "wrote-body", G_CALLBACK (on_wrote_body), self);
  /* A new one, which is not kept (RFC 9112 section 9.6) */
  soup_message_add_flags (self->msg, SOUP_MESSAGE_NEW_CONNECTION);
  soup_message_headers_replace (
      soup_message_get_request_headers (self->msg), "Connection", "close");
  soup_session_send_async (session, self->msg, G_PRIORITY_DEFAULT,
      self->cancellable, send_done, self);
}

static void
begin_step (KandyExchange *self, GSourceOnceFunc step, gpointer source_tag,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, source_tag);
  g_mutex_lock (&self->lock);
  g_assert (!self->task);
  self->task = task;
  if (!self->context)
    self->context = g_main_context_ref (g_task_get_context (task));
  g_mutex_unlock (&self->lock);
  kandy_network_post (step, g_atomic_rc_box_acquire (self));
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

KandyExchange *
kandy_exchange_new (
    KandyHttpSession *http, SoupMessage *msg, GCancellable *cancellable)
{
  KandyExchange *self = g_atomic_rc_box_new0 (KandyExchange);

  self->http = kandy_http_session_ref (http);
  self->msg = g_object_ref (msg);
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  if (cancellable) {
    self->callers = g_object_ref (cancellable);
    self->callers_id =
        g_cancellable_connect (cancellable, G_CALLBACK (callers_cancelled),
            g_atomic_rc_box_acquire (self), (GDestroyNotify) exchange_unref);
  }
  return self;
}

void
kandy_exchange_free (KandyExchange *self)
{
  g_cancellable_disconnect (self->callers, self->callers_id);
  exchange_unref (self);
}

void
kandy_exchange_open_async (
    KandyExchange *self, GAsyncReadyCallback callback, gpointer user_data)
{
  begin_step (
      self, open_in_network, kandy_exchange_open_async, callback, user_data);
}

gboolean
kandy_exchange_open_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (GBytes) bytes = g_task_propagate_pointer (G_TASK (result), error);

  return bytes != NULL;
}

void
kandy_exchange_read_async (KandyExchange *self, gsize count,
    GAsyncReadyCallback callback, gpointer user_data)
{
  self->count = count;
  begin_step (
      self, read_in_network, kandy_exchange_read_async, callback, user_data);
}

GBytes *
kandy_exchange_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kandy_exchange_async (KandyHttpSession *http, SoupMessage *msg,
    guint timeout_ms, gsize limit, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyExchange *self = kandy_exchange_new (http, msg, cancellable);

  self->is_whole = TRUE;
  self->timeout_ms = timeout_ms;
  self->limit = limit;
  self->count = CHUNK;
  self->body = g_byte_array_new ();
  begin_step (self, open_in_network, kandy_exchange_async, callback, user_data);
}

GBytes *
kandy_exchange_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
