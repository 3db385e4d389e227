/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyturnforwarder.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* SECTION: GstKandyTurnForwarder
 *
 * TURN over TLS (`turns:`, RFC 7065). The ICE agent speaks TURN over TCP only,
 * also to a port for TLS, and without a word about it; so it is given a port
 * of 127.0.0.1 instead, and what it sends there is carried to the server over
 * TLS, with the server's certificate verified.
 *
 * The work is done on a thread of its own, since what a relay carries are
 * media. It ends with the object; connections that are open then are closed.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_turn_forwarder_debug);
#define GST_CAT_DEFAULT gst_kandy_turn_forwarder_debug

/* To connect, the handshake included */
#define CONNECT_TIMEOUT_MS 10000
/* The agent has one for each of its streams, of a restart's old and new ones
 * too; nobody else has any business here */
#define MAX_CONNECTIONS 64

/* What the thread owns. It outlives the object until the thread has seen that
 * it is over. */
typedef struct {
  char *host;
  guint port;
  gboolean verify;
  char *ca_file; /* (nullable) */

  GMainContext *context;
  GMainLoop *loop;
  GSocketService *service;
  GCancellable *over;
  GTlsDatabase *database; /* (nullable): the system's */
  guint n_connections;
} Carrier;

typedef struct {
  Carrier *carrier;
  GSocketConnection *local;
  GCancellable *cancellable;
  gulong over_id;
  GSource *timeout; /* (nullable) */
} Connection;

struct _GstKandyTurnForwarder {
  GObject parent_instance;

  Carrier *carrier;
  guint port;
};

G_DEFINE_TYPE_WITH_CODE (GstKandyTurnForwarder, gst_kandy_turn_forwarder,
    G_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (
        gst_kandy_turn_forwarder_debug, "kandyturn", 0, "TURN over TLS"))

static void
carrier_free (Carrier *carrier)
{
  g_clear_object (&carrier->service);
  g_clear_object (&carrier->database);
  g_clear_object (&carrier->over);
  g_clear_pointer (&carrier->loop, g_main_loop_unref);
  g_clear_pointer (&carrier->context, g_main_context_unref);
  g_free (carrier->host);
  g_free (carrier->ca_file);
  g_free (carrier);
}

static void
stop_timeout (Connection *connection)
{
  if (connection->timeout != NULL) {
    g_source_destroy (connection->timeout);
    g_clear_pointer (&connection->timeout, g_source_unref);
  }
}

static void
connection_free (Connection *connection)
{
  Carrier *carrier = connection->carrier;

  stop_timeout (connection);
  g_cancellable_disconnect (carrier->over, connection->over_id);
  g_object_unref (connection->cancellable);
  g_io_stream_close (G_IO_STREAM (connection->local), NULL, NULL);
  g_object_unref (connection->local);
  g_free (connection);

  carrier->n_connections--;
  if (carrier->n_connections == 0 && g_cancellable_is_cancelled (carrier->over))
    g_main_loop_quit (carrier->loop);
}

static void
connection_failed (
    Connection *connection, const char *what, const GError *error)
{
  Carrier *carrier = connection->carrier;

  if (!g_cancellable_is_cancelled (carrier->over))
    GST_WARNING ("TURN server %s:%u: %s: %s", carrier->host, carrier->port,
        what,
        g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
            ? "no answer in time"
            : error->message);
  connection_free (connection);
}

/* Relayed media must not wait for more of them */
static void
set_no_delay (GSocketConnection *connection)
{
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP,
      TCP_NODELAY, 1, NULL);
}

static void
on_carried (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_io_stream_splice_finish (result, &error))
    GST_DEBUG ("TURN server %s:%u: %s", connection->carrier->host,
        connection->carrier->port, error->message);
  connection_free (connection);
}

static void
on_handshake (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTlsConnection *tls = G_TLS_CONNECTION (object);
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (tls, result, &error)) {
    connection_failed (connection, "TLS", error);
    return;
  }
  stop_timeout (connection);
  GST_DEBUG ("TURN server %s:%u: connected over TLS", connection->carrier->host,
      connection->carrier->port);
  g_io_stream_splice_async (G_IO_STREAM (connection->local), G_IO_STREAM (tls),
      G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2,
      G_PRIORITY_DEFAULT, connection->cancellable, on_carried, connection);
}

static gboolean
on_accept_certificate (GTlsConnection *tls, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer user_data)
{
  Carrier *carrier = user_data;

  if (!carrier->verify)
    return TRUE;
  GST_WARNING ("TURN server %s:%u: its certificate is not valid (flags 0x%x)",
      carrier->host, carrier->port, errors);
  return FALSE;
}

static void
on_connected (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  Carrier *carrier = connection->carrier;
  g_autoptr (GSocketConnectable) identity = NULL;
  g_autoptr (GSocketConnection) remote = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) error = NULL;

  remote = g_socket_client_connect_to_host_finish (
      G_SOCKET_CLIENT (object), result, &error);
  if (remote == NULL) {
    connection_failed (connection, "TCP", error);
    return;
  }
  set_no_delay (remote);
  identity = g_network_address_new (carrier->host, carrier->port);
  tls = g_tls_client_connection_new (G_IO_STREAM (remote), identity, &error);
  if (tls == NULL) {
    connection_failed (connection, "TLS", error);
    return;
  }
  if (carrier->database != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (tls), carrier->database);
  /* a server may close without the alert; TURN has lengths of its own */
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_signal_connect (
      tls, "accept-certificate", G_CALLBACK (on_accept_certificate), carrier);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT,
      connection->cancellable, on_handshake, connection);
}

static gboolean
on_timeout (gpointer data)
{
  Connection *connection = data;

  g_cancellable_cancel (connection->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_over (GCancellable *over, gpointer data)
{
  g_cancellable_cancel (data);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *local, GObject *source,
    gpointer user_data)
{
  Carrier *carrier = user_data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  Connection *connection;

  if (carrier->n_connections == MAX_CONNECTIONS) {
    GST_WARNING ("TURN server %s:%u: more than %u connections", carrier->host,
        carrier->port, MAX_CONNECTIONS);
    return TRUE;
  }
  carrier->n_connections++;
  connection = g_new0 (Connection, 1);
  connection->carrier = carrier;
  connection->local = g_object_ref (local);
  connection->cancellable = g_cancellable_new ();
  connection->over_id =
      g_cancellable_connect (carrier->over, G_CALLBACK (on_over),
          g_object_ref (connection->cancellable), g_object_unref);
  connection->timeout = g_timeout_source_new (CONNECT_TIMEOUT_MS);
  g_source_set_callback (connection->timeout, on_timeout, connection, NULL);
  g_source_attach (connection->timeout, carrier->context);
  set_no_delay (local);

  /* the agent's own TURN over TCP knows no proxy either */
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client, carrier->host, carrier->port,
      connection->cancellable, on_connected, connection);
  return TRUE;
}

/* Here rather than in the constructor, since it reads a file */
static gboolean
load_database (Carrier *carrier)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (carrier->ca_file == NULL || *carrier->ca_file == '\0')
    return TRUE;
  path = g_canonicalize_filename (carrier->ca_file, NULL);
  carrier->database = g_tls_file_database_new (path, &error);
  if (carrier->database != NULL)
    return TRUE;
  GST_WARNING ("TURN server %s:%u: ca-file \"%s\" cannot be used: %s",
      carrier->host, carrier->port, carrier->ca_file, error->message);
  return FALSE;
}

static gpointer
carrier_run (gpointer data)
{
  Carrier *carrier = data;

  g_main_context_push_thread_default (carrier->context);
  if (load_database (carrier)) {
    g_signal_connect (
        carrier->service, "incoming", G_CALLBACK (on_incoming), carrier);
    g_socket_service_start (carrier->service);
  } else {
    g_socket_listener_close (G_SOCKET_LISTENER (carrier->service));
  }
  g_main_loop_run (carrier->loop);
  g_socket_service_stop (carrier->service);
  g_socket_listener_close (G_SOCKET_LISTENER (carrier->service));
  /* what was cancelled reports back */
  while (g_main_context_iteration (carrier->context, FALSE)) {
  }
  g_main_context_pop_thread_default (carrier->context);
  carrier_free (carrier);
  return NULL;
}

static gboolean
carrier_stop (gpointer data)
{
  Carrier *carrier = data;

  g_socket_service_stop (carrier->service);
  g_cancellable_cancel (carrier->over);
  if (carrier->n_connections == 0)
    g_main_loop_quit (carrier->loop);
  return G_SOURCE_REMOVE;
}

static void
gst_kandy_turn_forwarder_finalize (GObject *object)
{
  GstKandyTurnForwarder *self = GST_KANDY_TURN_FORWARDER (object);

  if (self->carrier != NULL) {
    g_autoptr (GSource) source = g_idle_source_new ();

    g_source_set_priority (source, G_PRIORITY_HIGH);
    g_source_set_callback (source, carrier_stop, self->carrier, NULL);
    g_source_attach (source, self->carrier->context);
  }
  G_OBJECT_CLASS (gst_kandy_turn_forwarder_parent_class)->finalize (object);
}

static void
gst_kandy_turn_forwarder_class_init (GstKandyTurnForwarderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_kandy_turn_forwarder_finalize;
}

static void
gst_kandy_turn_forwarder_init (GstKandyTurnForwarder *self)
{
}

/**
 * gst_kandy_turn_forwarder_new: (skip)
 * @host: the TURN server, which its certificate must be for
 * @port: its port for TLS
 * @verify: whether the certificate must be valid
 * @ca_file: (nullable): the certificates to trust, PEM, in place of the
 *   system's
 * @error: return location for an error
 *
 * Begins to listen. Nothing is sent to the server before somebody connects.
 *
 * Returns: (transfer full) (nullable): a new forwarder, %NULL if no port or
 *   thread could be had
 */
GstKandyTurnForwarder *
gst_kandy_turn_forwarder_new (const char *host, guint port, gboolean verify,
    const char *ca_file, GError **error)
{
  g_autoptr (GstKandyTurnForwarder) self =
      g_object_new (GST_KANDY_TYPE_TURN_FORWARDER, NULL);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  Carrier *carrier = g_new0 (Carrier, 1);
  GThread *thread;

  carrier->host = g_strdup (host);
  carrier->port = port;
  carrier->verify = verify;
  carrier->ca_file = g_strdup (ca_file);
  carrier->context = g_main_context_new ();
  carrier->loop = g_main_loop_new (carrier->context, FALSE);
  carrier->over = g_cancellable_new ();

  /* it listens in the context that is the thread's default when it is made */
  g_main_context_push_thread_default (carrier->context);
  carrier->service = g_socket_service_new ();
  g_socket_service_stop (carrier->service);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (carrier->service),
          address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound,
          error)) {
    g_main_context_pop_thread_default (carrier->context);
    carrier_free (carrier);
    return NULL;
  }
  g_main_context_pop_thread_default (carrier->context);

  thread = g_thread_try_new ("kandy-turn", carrier_run, carrier, error);
  if (thread == NULL) {
    carrier_free (carrier);
    return NULL;
  }
  g_thread_unref (thread);
  self->carrier = carrier;
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return g_steal_pointer (&self);
}

/**
 * gst_kandy_turn_forwarder_get_port: (skip)
 * @self: a forwarder
 *
 * Returns: the TCP port of 127.0.0.1 that leads to the server
 */
guint
gst_kandy_turn_forwarder_get_port (GstKandyTurnForwarder *self)
{
  return self->port;
}
