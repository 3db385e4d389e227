/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* POLLRDHUP */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <poll.h>
#include <sys/socket.h>

#include <glib-unix.h>

#include "kl-private.h"

/* One port for TLS and plain connections: the first byte tells which it is,
 * for a TLS client always begins with a handshake record (RFC 8446 section
 * 5.1). SoupServer cannot, so it is given connections that are set up. */

#define TLS_HANDSHAKE 0x16
#define SETUP_TIMEOUT 10000
/* How long the rest of what a client sent may take, ms */
#define DEPARTURE_GRACE 500

struct _KlListener {
  KandyLoopback *self;
  GSocketListener *listener;
  SoupServer *server;
  GSocket *silent; /* the far end of what SoupServer listens on */
  GCancellable *cancellable;
  guint port;
  GHashTable *connections; /* GSocketConnection, weakly held: GSource */
  GHashTable *setups;      /* set of Setup */
};

/* A connection whose first byte, or TLS handshake, is awaited */
typedef struct {
  KlListener *listener; /* NULL: it is gone */
  GSocketConnection *connection;
  GCancellable *cancellable;
  GSource *source; /* NULL: the handshake is under way */
  GSource *timeout;
} Setup;

static void
setup_free (Setup *setup)
{
  if (setup->listener)
    g_hash_table_remove (setup->listener->setups, setup);
  kl_clear_source (&setup->source);
  kl_clear_source (&setup->timeout);
  g_object_unref (setup->connection);
  g_object_unref (setup->cancellable);
  g_free (setup);
}

static void
hand_over (
    KlListener *listener, GSocketConnection *connection, GIOStream *stream)
{
  g_autoptr (GSocketAddress) local =
      g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (connection, NULL);
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autoptr (GError) error = NULL;

  /* Small frames follow each other, each when it is due */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (remote)
    g_object_set_data_full (
        G_OBJECT (remote), KL_TRANSPORT, g_object_ref (socket), g_object_unref);
  if (!local || !remote
      || !soup_server_accept_iostream (
          listener->server, stream, local, remote, &error))
    g_io_stream_close (stream, NULL, NULL);
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer data)
{
  Setup *setup = data;
  g_autoptr (GError) error = NULL;
  gboolean ok = g_tls_connection_handshake_finish (
      G_TLS_CONNECTION (source), result, &error);

  if (ok && setup->listener)
    hand_over (setup->listener, setup->connection, G_IO_STREAM (source));
  else if (setup->listener)
    kl_log_print (
        setup->listener->self, "TLS handshake failed: %s", error->message);
  setup_free (setup);
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Setup *setup = data;
  KlListener *listener = setup->listener;
  guint8 first = 0;
  GInputVector vector = { &first, 1 };
  int flags = G_SOCKET_MSG_PEEK;
  g_autoptr (GIOStream) tls = NULL;
  gssize length = g_socket_receive_message (
      socket, NULL, &vector, 1, NULL, NULL, &flags, NULL, NULL);

  if (length != 1) {
    setup_free (setup);
    return G_SOURCE_REMOVE;
  }
  if (first != TLS_HANDSHAKE) {
    hand_over (listener, setup->connection, G_IO_STREAM (setup->connection));
    setup_free (setup);
    return G_SOURCE_REMOVE;
  }
  if (listener->self->certificate)
    tls = g_tls_server_connection_new (
        G_IO_STREAM (setup->connection), listener->self->certificate, NULL);
  if (!tls) {
    kl_log_print (listener->self, "TLS asked for, but there is no certificate");
    setup_free (setup);
    return G_SOURCE_REMOVE;
  }
  kl_clear_source (&setup->source);
  /* No client has a certificate to verify; glib-networking 2.74 copies all
   * authorities for each connection, 3.7 MiB */
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), NULL);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT,
      setup->cancellable, on_handshake, setup);
  return G_SOURCE_REMOVE;
}

static gboolean
on_setup_timeout (gpointer data)
{
  Setup *setup = data;

  /* Whatever is under way fails, and frees the set-up */
  g_socket_shutdown (
      g_socket_connection_get_socket (setup->connection), TRUE, TRUE, NULL);
  g_cancellable_cancel (setup->cancellable);
  return G_SOURCE_REMOVE;
}

/* A client that has closed its side of a connection. libsoup does not notice
 * while it does not read, as when a reply is held back; before 3.4 nor does it
 * between two requests. */
typedef struct {
  KandyLoopback *self;
  GSocket *socket;
  gboolean shut;
} Departure;

static void
departure_free (gpointer data)
{
  Departure *departure = data;

  g_object_unref (departure->socket);
  g_free (departure);
}

static gboolean on_grace_over (gpointer data);

static void
await_departure (KandyLoopback *self, GSocket *socket, gboolean shut)
{
  Departure *departure = g_new0 (Departure, 1);

  departure->self = self;
  departure->socket = g_object_ref (socket);
  departure->shut = shut;
  kl_timeout (self, DEPARTURE_GRACE, on_grace_over, departure, departure_free);
}

/* First libsoup is given the chance to find out, then the socket is closed */
static gboolean
on_grace_over (gpointer data)
{
  Departure *departure = data;

  if (g_socket_is_closed (departure->socket))
    return G_SOURCE_REMOVE;
  if (departure->shut) {
    g_socket_close (departure->socket, NULL);
  } else {
    g_socket_shutdown (departure->socket, TRUE, TRUE, NULL);
    await_departure (departure->self, departure->socket, TRUE);
  }
  return G_SOURCE_REMOVE;
}

static gboolean
on_departure (int fd, GIOCondition condition, gpointer data)
{
  Departure *departure = data;

  if (!g_socket_is_closed (departure->socket))
    await_departure (departure->self, departure->socket, FALSE);
  return G_SOURCE_REMOVE;
}

/* (transfer full): attached. It holds the socket, which the connection closes
 * when it goes */
static GSource *
watch_departure (KandyLoopback *self, GSocket *socket)
{
  GSource *source =
      g_unix_fd_source_new (g_socket_get_fd (socket), (GIOCondition) POLLRDHUP);
  Departure *departure = g_new0 (Departure, 1);

  departure->self = self;
  departure->socket = g_object_ref (socket);
  g_source_set_callback (source, (GSourceFunc) (GCallback) on_departure,
      departure, departure_free);
  g_source_attach (source, self->context);
  return source;
}

static void
unwatch (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
on_connection_gone (gpointer data, GObject *connection)
{
  g_hash_table_remove (data, connection);
  g_hash_table_unref (data);
}

/* libsoup may keep a connection's object for longer than the connection */
static gboolean
is_closed (gpointer connection, gpointer value, gpointer data)
{
  return g_socket_is_closed (g_socket_connection_get_socket (connection));
}

static void
accept_connection (KlListener *listener, GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  Setup *setup;

  if (g_hash_table_size (listener->connections) >= KL_MAX_CONNECTIONS)
    g_hash_table_foreach_remove (listener->connections, is_closed, NULL);
  if (g_hash_table_size (listener->connections) >= KL_MAX_CONNECTIONS)
    return;
  g_hash_table_insert (listener->connections, connection,
      watch_departure (listener->self, socket));
  g_object_weak_ref (G_OBJECT (connection), on_connection_gone,
      g_hash_table_ref (listener->connections));

  setup = g_new0 (Setup, 1);
  setup->listener = listener;
  setup->connection = g_object_ref (connection);
  setup->cancellable = g_cancellable_new ();
  setup->source =
      g_socket_create_source (socket, G_IO_IN | G_IO_HUP, setup->cancellable);
  g_source_set_callback (
      setup->source, (GSourceFunc) (GCallback) on_readable, setup, NULL);
  g_source_attach (setup->source, listener->self->context);
  setup->timeout = g_source_ref (kl_timeout (
      listener->self, SETUP_TIMEOUT, on_setup_timeout, setup, NULL));
  g_hash_table_add (listener->setups, setup);
}

static void accept_next (KlListener *listener);

static void
on_accepted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = g_socket_listener_accept_finish (
      G_SOCKET_LISTENER (source), result, NULL, &error);
  KlListener *listener = data;

  /* Once cancelled the listener may be gone */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;
  if (connection)
    accept_connection (listener, connection);
  accept_next (listener);
}

static void
accept_next (KlListener *listener)
{
  g_socket_listener_accept_async (
      listener->listener, listener->cancellable, on_accepted, listener);
}

/* Binds in the caller's thread, so that the caller gets the error */
KlListener *
kl_listener_new (
    KandyLoopback *self, const char *address, guint port, GError **error)
{
  g_autoptr (GSocketAddress) wanted =
      g_inet_socket_address_new_from_string (address, port);
  g_autoptr (GSocketListener) socket = g_socket_listener_new ();
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) reason = NULL;
  KlListener *listener;

  if (!wanted) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" is not an IP address", address);
    return NULL;
  }
  if (!g_socket_listener_add_address (socket, wanted, G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, NULL, &effective, &reason)) {
    g_set_error (error, reason->domain, reason->code,
        "Could not listen on %s port %u: %s", address, port, reason->message);
    return NULL;
  }

  listener = g_new0 (KlListener, 1);
  listener->self = self;
  listener->listener = g_steal_pointer (&socket);
  listener->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  listener->cancellable = g_cancellable_new ();
  listener->connections = g_hash_table_new_full (NULL, NULL, NULL, unwatch);
  listener->setups = g_hash_table_new (NULL, NULL);
  return listener;
}

guint
kl_listener_get_port (KlListener *listener)
{
  return listener->port;
}

/* SoupServer keeps connections alive only as long as it listens itself. It is
 * given one end of a pair of sockets, on which nothing will ever come. */
static void
listen_to_silence (KlListener *listener)
{
  g_autoptr (GSocket) heard = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return;
  heard = g_socket_new_from_fd (fds[0], NULL);
  listener->silent = g_socket_new_from_fd (fds[1], NULL);
  if (heard && listener->silent
      && soup_server_listen_socket (listener->server, heard, 0, &error))
    return;
  kl_log_print (listener->self, "No connection will be kept alive");
}

/* In the server's thread, like all that follows */
void
kl_listener_start (KlListener *listener)
{
  listener->server = soup_server_new (
      "server-header", "kandy-loopback ", "raw-paths", TRUE, NULL);
  listen_to_silence (listener);
  kl_http_setup (listener->self, listener->server);
  accept_next (listener);
}

void
kl_listener_free (KlListener *listener)
{
  g_autoptr (GList) setups = g_hash_table_get_keys (listener->setups);
  GList *item;

  for (item = setups; item; item = item->next) {
    Setup *setup = item->data;

    if (setup->source) {
      setup_free (setup);
    } else {
      setup->listener = NULL;
      g_cancellable_cancel (setup->cancellable);
    }
  }
  g_cancellable_cancel (listener->cancellable);
  g_socket_listener_close (listener->listener);
  if (listener->server)
    soup_server_disconnect (listener->server);
  g_clear_object (&listener->server);
  g_clear_object (&listener->silent);
  g_object_unref (listener->listener);
  g_object_unref (listener->cancellable);
  /* Connections hold the table for when they go, which may be later */
  g_hash_table_remove_all (listener->connections);
  g_hash_table_unref (listener->connections);
  g_hash_table_unref (listener->setups);
  g_free (listener);
}
