/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-websocket-link.h"

#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-network.h"

/*
 * The network thread serves others, too: all that it does with a frame is to
 * put it into a queue. The context takes it from there and parses it, unless it
 * is so long that this would hold it up; then one of a few workers does so, and
 * what came later waits, as the order is kept.
 *
 * The context is not kept from its other work for longer than BUDGET_US at a
 * time, and not all of each PERIOD_MS, for to draw has a lower priority.
 */
#define BUDGET_US 2000
#define PERIOD_MS 4

/* json-glib reads about 20 MiB a second */
#define LONG_FRAME (32 * 1024)
#define N_WORKERS 2

/* Bytes of what may wait. A context that does not run, or slower than the
 * platform sends, would fill the memory */
#define MAX_WAITING (4 * (gsize) KANDY_WEBSOCKET_MAX_FRAME)

/* What an event takes beside its frame's bytes: a frame may be two bytes long
 */
#define EVENT_SIZE 1024

/* References: who opened it, the network thread until it is closed, what has
 * been posted, and a worker */
struct _KandyWebsocketLink {
  KandyHttpSession *http;

  /* The context's */
  KandyWebsocketHandler handler; /* NULL when nobody listens */
  gpointer user_data;

  GMutex lock;
  GMainContext *context; /* NULL when nobody listens */
  GQueue events;         /* KandyWebsocketEvent */
  gsize waiting;         /* bytes of them */
  GSource *source;       /* the context is about to take them */
  gboolean parsing;      /* a worker has one that comes before them */

  /* All below is the network thread's */
  SoupMessage *msg;
  GCancellable *cancellable; /* of the attempt */
  guint window_ms;
  GSource *window;
  gboolean timed_out;
  gboolean closing;
  SoupWebsocketConnection *socket;
};

/* An order to the network thread */
typedef struct {
  KandyWebsocketLink *link;
  char *text; /* (nullable) */
  guint code;
} Order;

/* For a worker */
typedef struct {
  KandyWebsocketLink *link;
  KandyWebsocketEvent *event;
} Reading;

static void
event_free (KandyWebsocketEvent *event)
{
  g_clear_object (&event->address);
  g_clear_error (&event->error);
  g_clear_pointer (&event->text, g_bytes_unref);
  g_clear_pointer (&event->frame, json_node_unref);
  g_free (event->problem);
  g_free (event);
}

static void
link_clear (gpointer data)
{
  KandyWebsocketLink *self = data;

  /* what a worker has given back when nobody listened any more */
  g_queue_clear_full (&self->events, (GDestroyNotify) event_free);
  g_mutex_clear (&self->lock);
  g_object_unref (self->cancellable);
  kandy_http_session_unref (self->http);
}

static void
link_unref (KandyWebsocketLink *self)
{
  g_atomic_rc_box_release_full (self, link_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyWebsocketLink, link_unref)

/* Its text becomes what it means, or what is wrong with it */
static void
read_frame (KandyWebsocketEvent *event)
{
  g_autoptr (GBytes) text = g_steal_pointer (&event->text);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;

  root = kandy_json_parse (
      g_bytes_get_data (text, NULL), (gssize) g_bytes_get_size (text), &error);
  if (root && JSON_NODE_HOLDS_OBJECT (root)) {
    event->frame = g_steal_pointer (&root);
    return;
  }
  event->type = KANDY_WEBSOCKET_PROBLEM;
  event->problem = g_strconcat ("Dropped a frame: ",
      error ? error->message : "it is not a JSON object", NULL);
}

static gboolean deliver (gpointer user_data);

/* With the lock. Nothing is delivered before what a worker has */
static void
post (KandyWebsocketLink *self)
{
  if (self->source || self->parsing || !self->context
      || g_queue_is_empty (&self->events))
    return;
  self->source = g_timeout_source_new (PERIOD_MS);
  g_source_set_ready_time (self->source, 0);
  g_source_set_static_name (self->source, "kandy-websocket");
  g_source_set_callback (self->source, deliver, g_atomic_rc_box_acquire (self),
      (GDestroyNotify) link_unref);
  g_source_attach (self->source, self->context);
}

static void
read_in_worker (gpointer data, gpointer unused)
{
  Reading *reading = data;
  KandyWebsocketLink *self = reading->link;

  read_frame (reading->event);
  g_mutex_lock (&self->lock);
  self->parsing = FALSE;
  self->waiting += reading->event->size;
  g_queue_push_head (&self->events, reading->event);
  post (self);
  g_mutex_unlock (&self->lock);
  link_unref (self);
  g_free (reading);
}

/* @event: (transfer full) */
static void
hand_to_worker (KandyWebsocketLink *self, KandyWebsocketEvent *event)
{
  static gsize workers = 0;
  Reading *reading = g_new (Reading, 1);

  if (g_once_init_enter (&workers))
    g_once_init_leave (&workers,
        (gsize) g_thread_pool_new (
            read_in_worker, NULL, N_WORKERS, FALSE, NULL));
  reading->link = g_atomic_rc_box_acquire (self);
  reading->event = event;
  g_thread_pool_push ((GThreadPool *) workers, reading, NULL);
}

/* The next event, or NULL if there is none for now: this source is over then.
 * (transfer full) */
static KandyWebsocketEvent *
take (KandyWebsocketLink *self)
{
  KandyWebsocketEvent *event;

  g_mutex_lock (&self->lock);
  event = g_queue_pop_head (&self->events);
  if (event) {
    self->waiting -= event->size;
    self->parsing = event->text && g_bytes_get_size (event->text) > LONG_FRAME;
  }
  /* Who waits for it shall hear of it before the first frame, and may run the
   * context then: what follows is another source's */
  if (!event || self->parsing || event->type == KANDY_WEBSOCKET_OPENED)
    g_clear_pointer (&self->source, g_source_unref);
  post (self);
  g_mutex_unlock (&self->lock);
  if (!event || !event->text)
    return event;
  if (self->parsing) {
    hand_to_worker (self, event);
    return NULL;
  }
  read_frame (event);
  return event;
}

static gboolean
deliver (gpointer user_data)
{
  KandyWebsocketLink *self = user_data;
  gint64 until = g_get_monotonic_time () + BUDGET_US;
  gboolean opened;

  do {
    KandyWebsocketEvent *event = take (self);

    if (!event)
      return G_SOURCE_REMOVE;
    opened = event->type == KANDY_WEBSOCKET_OPENED;
    if (self->handler)
      self->handler (event, self->user_data);
    event_free (event);
  } while (!opened && g_get_monotonic_time () < until);
  return opened ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static KandyWebsocketEvent *
event_new (KandyWebsocketEventType type)
{
  KandyWebsocketEvent *event = g_new0 (KandyWebsocketEvent, 1);

  event->type = type;
  event->size = EVENT_SIZE;
  return event;
}

/* @event: (transfer full). FALSE: more wait than may */
static gboolean
push (KandyWebsocketLink *self, KandyWebsocketEvent *event)
{
  gboolean fits = TRUE;

  g_mutex_lock (&self->lock);
  if (self->context) {
    g_queue_push_tail (&self->events, event);
    self->waiting += event->size;
    fits = self->waiting <= MAX_WAITING;
    post (self);
  } else {
    event_free (event);
  }
  g_mutex_unlock (&self->lock);
  return fits;
}

static void
push_problem (KandyWebsocketLink *self, const char *what, const char *detail)
{
  KandyWebsocketEvent *event = event_new (KANDY_WEBSOCKET_PROBLEM);

  event->problem = g_strconcat (what, detail, NULL);
  push (self, event);
}

/* It is over for the network thread */
static void
end (KandyWebsocketLink *self, KandyWebsocketEvent *event)
{
  if (self->window) {
    g_source_destroy (self->window);
    g_clear_pointer (&self->window, g_source_unref);
  }
  if (self->socket)
    g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  g_clear_object (&self->msg);
  push (self, event);
  link_unref (self);
}

static void
end_closed (KandyWebsocketLink *self, guint code)
{
  KandyWebsocketEvent *event = event_new (KANDY_WEBSOCKET_CLOSED);

  event->code = code;
  end (self, event);
}

/* @error: (transfer full) */
static void
end_failed (KandyWebsocketLink *self, GError *error)
{
  KandyWebsocketEvent *event = event_new (KANDY_WEBSOCKET_FAILED);

  event->error = error;
  end (self, event);
}

/* It lives until the good-bye is over; libsoup bounds that */
static void
say_good_bye (SoupWebsocketConnection *socket, gushort code)
{
  g_signal_connect (
      g_object_ref (socket), "closed", G_CALLBACK (g_object_unref), NULL);
  soup_websocket_connection_close (socket, code, NULL);
}

/* Nobody takes what comes */
static void
give_up (KandyWebsocketLink *self)
{
  g_autoptr (SoupWebsocketConnection) socket = g_object_ref (self->socket);

  push_problem (self,
      "The websocket is closed: more of its frames wait than may, as the main "
      "context is too slow",
      NULL);
  end_closed (self, SOUP_WEBSOCKET_CLOSE_ABNORMAL);
  if (soup_websocket_connection_get_state (socket) == SOUP_WEBSOCKET_STATE_OPEN)
    say_good_bye (socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY);
}

static void
on_message (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *message, gpointer user_data)
{
  KandyWebsocketLink *self = user_data;
  KandyWebsocketEvent *event;

  if (self->closing)
    return;
  if (type == SOUP_WEBSOCKET_DATA_TEXT) {
    event = event_new (KANDY_WEBSOCKET_FRAME);
    event->text = g_bytes_ref (message);
    event->size += g_bytes_get_size (message);
  } else {
    event = event_new (KANDY_WEBSOCKET_PROBLEM);
    event->problem = g_strdup ("Dropped a binary frame");
  }
  if (!push (self, event))
    give_up (self);
}

static void
on_error (SoupWebsocketConnection *socket, GError *error, gpointer user_data)
{
  push_problem (user_data, "The websocket broke: ", error->message);
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  gushort code = soup_websocket_connection_get_close_code (socket);

  /* 0: no close frame came */
  end_closed (user_data, code ? code : SOUP_WEBSOCKET_CLOSE_ABNORMAL);
}

static gboolean
window_over (gpointer user_data)
{
  KandyWebsocketLink *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* Limits of the message as a whole came to libsoup with 3.6 */
static void
limit_messages (SoupWebsocketConnection *socket)
{
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, KANDY_WEBSOCKET_MAX_FRAME);
  if (g_object_class_find_property (
          G_OBJECT_GET_CLASS (socket), "max-total-message-size"))
    g_object_set (socket, "max-total-message-size",
        (guint64) KANDY_WEBSOCKET_MAX_FRAME, NULL);
}

/* @error: (nullable) */
static GError *
explain_failure (KandyWebsocketLink *self, const GError *error)
{
  guint status = soup_message_get_status (self->msg);
  const char *reason = soup_message_get_reason_phrase (self->msg);
  g_autofree char *code = g_strdup_printf ("%u", status);

  if (self->timed_out)
    return kandy_error_new (
        KANDY_ERROR_TIMEOUT, "FETCH", 0, "The websocket did not open in time");
  if (!error)
    return g_error_new_literal (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "The websocket was closed");
  if (error->domain == SOUP_WEBSOCKET_ERROR && status != 0
      && status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return kandy_error_new (status == SOUP_STATUS_UNAUTHORIZED
            ? KANDY_ERROR_AUTHENTICATION
            : KANDY_ERROR_REFUSED,
        code, status, "The platform refused the websocket: %s",
        reason && *reason ? reason : soup_status_get_phrase (status));
  return kandy_error_from_network (error, "Websocket");
}

/* Below what libsoup has put around it: TLS, and below that the connection to
 * the server. (nullable) (transfer none) */
static gpointer
find_stream (SoupWebsocketConnection *socket, GType type)
{
  static const char *const inner[] = { "base-iostream", "base-io-stream" };
  GIOStream *stream = soup_websocket_connection_get_io_stream (socket);
  gboolean found = TRUE;

  while (stream && found && !g_type_is_a (G_OBJECT_TYPE (stream), type)) {
    found = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (inner) && !found; i++) {
      g_autoptr (GIOStream) below = NULL;

      if (!g_object_class_find_property (G_OBJECT_GET_CLASS (stream), inner[i]))
        continue;
      g_object_get (stream, inner[i], &below, NULL);
      stream = below;
      found = TRUE;
    }
  }
  return found ? stream : NULL;
}

/* Each connection of glib-networking 2.74 has its own copy of all authorities,
 * 3.7 MiB. The server has been verified, and a websocket stays for hours. */
static void
release_authorities (SoupWebsocketConnection *socket)
{
  GTlsConnection *tls = find_stream (socket, G_TYPE_TLS_CONNECTION);

  if (tls)
    g_tls_connection_set_database (tls, NULL);
}

static void
connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KandyWebsocketLink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket =
      soup_session_websocket_connect_finish (
          SOUP_SESSION (source), result, &error);
  GSocketConnection *connection;
  KandyWebsocketEvent *event;

  if (!socket || self->closing || self->timed_out) {
    if (socket)
      say_good_bye (socket, SOUP_WEBSOCKET_CLOSE_NORMAL);
    end_failed (self, explain_failure (self, error));
    return;
  }

  g_source_destroy (self->window);
  g_clear_pointer (&self->window, g_source_unref);
  g_clear_object (&self->msg);
  limit_messages (socket);
  release_authorities (socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "error", G_CALLBACK (on_error), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  event = event_new (KANDY_WEBSOCKET_OPENED);
  connection = find_stream (socket, G_TYPE_SOCKET_CONNECTION);
  if (connection)
    event->address = g_socket_connection_get_local_address (connection, NULL);
  self->socket = g_steal_pointer (&socket);
  push (self, event);
}

static void
open_in_network (gpointer data)
{
  KandyWebsocketLink *self = data;
  GError *error = NULL;
  SoupSession *session = kandy_http_session_ensure (self->http, &error);

  if (!session) {
    end_failed (self, error);
    return;
  }
  self->window = g_timeout_source_new (self->window_ms);
  g_source_set_callback (self->window, window_over, self, NULL);
  g_source_attach (self->window, g_main_context_get_thread_default ());
  soup_session_websocket_connect_async (session, self->msg, NULL, NULL,
      G_PRIORITY_DEFAULT, self->cancellable, connected, self);
}

static void
order_free (Order *order)
{
  link_unref (order->link);
  g_free (order->text);
  g_free (order);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Order, order_free)

static void
post_order (KandyWebsocketLink *self, GSourceOnceFunc func, const char *text,
    guint code)
{
  Order *order = g_new0 (Order, 1);

  order->link = g_atomic_rc_box_acquire (self);
  order->text = g_strdup (text);
  order->code = code;
  kandy_network_post (func, order);
}

static gboolean
is_open (KandyWebsocketLink *self)
{
  return self->socket
      && soup_websocket_connection_get_state (self->socket)
      == SOUP_WEBSOCKET_STATE_OPEN;
}

static void
send_in_network (gpointer data)
{
  g_autoptr (Order) order = data;

  if (is_open (order->link))
    soup_websocket_connection_send_text (order->link->socket, order->text);
}

static void
close_in_network (gpointer data)
{
  g_autoptr (Order) order = data;
  KandyWebsocketLink *self = order->link;

  self->closing = TRUE;
  g_cancellable_cancel (self->cancellable);
  if (is_open (self))
    soup_websocket_connection_close (self->socket, (gushort) order->code, NULL);
}

KandyWebsocketLink *
kandy_websocket_link_open (KandyHttpSession *http, SoupMessage *msg,
    guint window_ms, GMainContext *context, KandyWebsocketHandler handler,
    gpointer user_data)
{
  KandyWebsocketLink *self = g_atomic_rc_box_new0 (KandyWebsocketLink);

  self->http = kandy_http_session_ref (http);
  self->context = g_main_context_ref (context);
  self->handler = handler;
  self->user_data = user_data;
  g_mutex_init (&self->lock);
  g_queue_init (&self->events);
  self->msg = g_object_ref (msg);
  self->window_ms = window_ms;
  self->cancellable = g_cancellable_new ();
  kandy_network_post (open_in_network, g_atomic_rc_box_acquire (self));
  return self;
}

void
kandy_websocket_link_send (KandyWebsocketLink *self, const char *text)
{
  post_order (self, send_in_network, text, 0);
}

void
kandy_websocket_link_close (KandyWebsocketLink *self, guint code)
{
  post_order (self, close_in_network, NULL, code);
}

void
kandy_websocket_link_free (KandyWebsocketLink *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  self->handler = NULL;
  g_mutex_lock (&self->lock);
  context = g_steal_pointer (&self->context);
  source = g_steal_pointer (&self->source);
  g_queue_clear_full (&self->events, (GDestroyNotify) event_free);
  g_mutex_unlock (&self->lock);
  if (source)
    g_source_destroy (source);
  link_unref (self);
}
