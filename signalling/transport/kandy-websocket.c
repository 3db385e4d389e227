/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-websocket.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-json.h"

enum {
  SIGNAL_FRAME,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

struct _KandyWebsocket {
  GObject parent_instance;

  KandyClient *client; /* weak */
  SoupWebsocketConnection *socket;
  GCancellable *cancellable; /* of the attempt */
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (KandyWebsocket, kandy_websocket, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

typedef struct {
  SoupMessage *msg;
  GSource *window;
  gboolean timed_out;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  if (attempt->window) {
    g_source_destroy (attempt->window);
    g_source_unref (attempt->window);
  }
  g_clear_object (&attempt->msg);
  g_free (attempt);
}

static void
report (KandyWebsocket *self, const char *problem)
{
  if (self->client)
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_WARN, "CONNECTIVITY", NULL, "%s", problem);
}

static void
on_message (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *message, gpointer user_data)
{
  KandyWebsocket *self = user_data;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;

  if (type != SOUP_WEBSOCKET_DATA_TEXT) {
    report (self, "Dropped a binary frame");
    return;
  }
  root = kandy_json_parse (g_bytes_get_data (message, NULL),
      (gssize) g_bytes_get_size (message), &error);
  if (!root || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_autofree char *problem = g_strdup_printf ("Dropped a frame: %s",
        error ? error->message : "it is not a JSON object");

    report (self, problem);
    return;
  }
  g_signal_emit (self, signals[SIGNAL_FRAME], 0, root);
}

static void
on_error (SoupWebsocketConnection *socket, GError *error, gpointer user_data)
{
  g_autofree char *problem =
      g_strdup_printf ("The websocket broke: %s", error->message);

  report (user_data, problem);
}

static void
let_go (KandyWebsocket *self)
{
  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  KandyWebsocket *self = user_data;
  gushort code = soup_websocket_connection_get_close_code (socket);

  g_object_ref (self);
  let_go (self);
  /* no close frame came */
  if (code == 0)
    code = SOUP_WEBSOCKET_CLOSE_ABNORMAL;
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, (guint) code);
  g_object_unref (self);
}

static gboolean
window_over (gpointer user_data)
{
  GTask *task = user_data;
  KandyWebsocket *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);

  attempt->timed_out = TRUE;
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

static GError *
explain_failure (Attempt *attempt, const GError *error)
{
  guint status = soup_message_get_status (attempt->msg);
  const char *reason = soup_message_get_reason_phrase (attempt->msg);
  g_autofree char *code = g_strdup_printf ("%u", status);

  if (attempt->timed_out)
    return kandy_error_new (
        KANDY_ERROR_TIMEOUT, "FETCH", 0, "The websocket did not open in time");
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
open_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyWebsocket *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket =
      soup_session_websocket_connect_finish (
          SOUP_SESSION (source), result, &error);

  if (!socket) {
    g_task_return_error (task, explain_failure (attempt, error));
    return;
  }
  if (self->closing || attempt->timed_out) {
    soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    g_task_return_new_error (
        task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The websocket was closed");
    return;
  }

  limit_messages (socket);
  release_authorities (socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "error", G_CALLBACK (on_error), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  self->socket = g_steal_pointer (&socket);
  g_task_return_boolean (task, TRUE);
}

/* Absolute URLs are the platform's choice (protocol session 9.1), but not to
 * send the token in the clear */
static GUri *
make_uri (KandyWebsocket *self, const char *channel_url, GError **error)
{
  KandyRest *rest = kandy_client_get_rest (self->client);
  g_autofree char *protocol = kandy_config_get_string (
      kandy_client_get_config (self->client), "authentication.server.protocol");
  gboolean plain = g_strcmp0 (protocol, "http") == 0;
  const char *token =
      kandy_auth_get_access_token (kandy_client_get_auth (self->client));
  g_autofree char *escaped = NULL;
  g_autofree char *query = NULL;
  g_autofree char *text = NULL;
  GUri *uri;

  if (!token) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
            "There is no access token: sign on or set tokens first"));
    return NULL;
  }
  escaped = g_uri_escape_string (token, NULL, FALSE);
  query = g_strconcat ("access_token=", escaped, NULL);
  if (!strstr (channel_url, "://"))
    return kandy_rest_make_uri (
        rest, plain ? "ws" : "wss", channel_url, query, error);

  text = g_strconcat (
      channel_url, strchr (channel_url, '?') ? "&" : "?", query, NULL);
  uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri && g_uri_get_host (uri)
      && (g_str_equal (g_uri_get_scheme (uri), "wss")
          || (plain && g_str_equal (g_uri_get_scheme (uri), "ws"))))
    return uri;
  g_clear_pointer (&uri, g_uri_unref);
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST_URL", 0,
          "The platform's channelURL cannot be used"));
  return NULL;
}

static void
kandy_websocket_dispose (GObject *object)
{
  kandy_websocket_close (KANDY_WEBSOCKET (object), SOUP_WEBSOCKET_CLOSE_NORMAL);

  G_OBJECT_CLASS (kandy_websocket_parent_class)->dispose (object);
}

static void
kandy_websocket_finalize (GObject *object)
{
  KandyWebsocket *self = KANDY_WEBSOCKET (object);

  g_clear_weak_pointer (&self->client);
  g_clear_object (&self->cancellable);

  G_OBJECT_CLASS (kandy_websocket_parent_class)->finalize (object);
}

static void
kandy_websocket_class_init (KandyWebsocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kandy_websocket_dispose;
  object_class->finalize = kandy_websocket_finalize;

  signals[SIGNAL_FRAME] = g_signal_new ("frame", KANDY_TYPE_WEBSOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, JSON_TYPE_NODE);
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", KANDY_TYPE_WEBSOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
kandy_websocket_init (KandyWebsocket *self)
{
  self->cancellable = g_cancellable_new ();
}

KandyWebsocket *
kandy_websocket_new (KandyClient *client)
{
  KandyWebsocket *self = g_object_new (KANDY_TYPE_WEBSOCKET, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_websocket_open_async (KandyWebsocket *self, const char *channel_url,
    guint window_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  KandyRest *rest = kandy_client_get_rest (self->client);
  g_autoptr (GUri) uri = NULL;
  SoupSession *session = NULL;
  GError *error = NULL;
  Attempt *attempt;

  g_task_set_source_tag (task, kandy_websocket_open_async);
  uri = make_uri (self, channel_url, &error);
  if (uri)
    session = kandy_rest_ensure_session (rest, &error);
  if (!session) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  attempt = g_new0 (Attempt, 1);
  attempt->msg = soup_message_new_from_uri ("GET", uri);
  kandy_rest_prepare_message (rest, attempt->msg);
  attempt->window = g_timeout_source_new (window_ms);
  g_source_set_callback (attempt->window, window_over, task, NULL);
  g_source_attach (attempt->window, kandy_client_get_context (self->client));
  g_task_set_task_data (task, attempt, (GDestroyNotify) attempt_free);
  soup_session_websocket_connect_async (session, attempt->msg, NULL, NULL,
      G_PRIORITY_DEFAULT, self->cancellable, open_done, task);
}

gboolean
kandy_websocket_open_finish (
    KandyWebsocket *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
kandy_websocket_is_stranded (KandyWebsocket *self)
{
  GSocketConnection *connection = self->socket
      ? find_stream (self->socket, G_TYPE_SOCKET_CONNECTION)
      : NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocketAddress) any_port = NULL;
  g_autoptr (GSocket) probe = NULL;
  g_autoptr (GError) error = NULL;
  GInetAddress *address;

  if (!connection)
    return FALSE;
  bound = g_socket_connection_get_local_address (connection, NULL);
  if (!bound || !G_IS_INET_SOCKET_ADDRESS (bound))
    return FALSE;
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (bound));
  /* it takes more than an address to bind to a link's one */
  if (g_inet_address_get_is_link_local (address))
    return FALSE;
  any_port = g_inet_socket_address_new (address, 0);
  probe = g_socket_new (g_inet_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  return probe && !g_socket_bind (probe, any_port, FALSE, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

gboolean
kandy_websocket_send (KandyWebsocket *self, const char *text)
{
  if (!self->socket
      || soup_websocket_connection_get_state (self->socket)
          != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  soup_websocket_connection_send_text (self->socket, text);
  return TRUE;
}

void
kandy_websocket_close (KandyWebsocket *self, gushort code)
{
  SoupWebsocketConnection *socket = self->socket;

  self->closing = TRUE;
  g_cancellable_cancel (self->cancellable);
  if (!socket)
    return;
  g_object_ref (socket);
  let_go (self);
  if (soup_websocket_connection_get_state (socket)
      == SOUP_WEBSOCKET_STATE_OPEN) {
    /* it lives until the good-bye is over; libsoup bounds that */
    g_signal_connect (socket, "closed", G_CALLBACK (g_object_unref), NULL);
    soup_websocket_connection_close (socket, code, NULL);
  } else {
    g_object_unref (socket);
  }
}

typedef struct {
  SoupWebsocketConnection *socket;
  KandyClient *client;
  gulong closed_id, destroyed_id;
  GSource *timeout;
} Parting;

static void
parting_free (Parting *parting)
{
  g_clear_signal_handler (&parting->closed_id, parting->socket);
  g_clear_signal_handler (&parting->destroyed_id, parting->client);
  g_object_unref (parting->socket);
  g_object_unref (parting->client);
  g_source_destroy (parting->timeout);
  g_source_unref (parting->timeout);
  g_free (parting);
}

/* Whatever comes first: the data goes, and all else that may come with it */
static void
end_parting (GTask *task)
{
  g_task_set_task_data (task, NULL, NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gboolean
parting_timed_out (gpointer user_data)
{
  end_parting (user_data);
  return G_SOURCE_REMOVE;
}

void
kandy_websocket_part_async (KandyWebsocket *self, gushort code,
    guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Parting *parting;

  g_task_set_source_tag (task, kandy_websocket_part_async);
  if (!self->socket || !self->client
      || soup_websocket_connection_get_state (self->socket)
          != SOUP_WEBSOCKET_STATE_OPEN) {
    kandy_websocket_close (self, code);
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  parting = g_new0 (Parting, 1);
  parting->socket = g_object_ref (self->socket);
  parting->closed_id = g_signal_connect_swapped (
      parting->socket, "closed", G_CALLBACK (end_parting), task);
  parting->client = g_object_ref (self->client);
  parting->destroyed_id = g_signal_connect_swapped (
      parting->client, "destroyed", G_CALLBACK (end_parting), task);
  parting->timeout = g_timeout_source_new (timeout_ms);
  g_source_set_callback (parting->timeout, parting_timed_out, task, NULL);
  g_source_attach (parting->timeout, g_task_get_context (task));
  g_task_set_task_data (task, parting, (GDestroyNotify) parting_free);
  kandy_websocket_close (self, code);
}

void
kandy_websocket_part_finish (KandyWebsocket *self, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}
