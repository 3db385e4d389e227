/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandyturnforwarder.h"
#include "kl-certificate.h"
#include "../patience.h"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

/* What goes into the forwarder comes out of a TLS server, and nothing does if
 * that server is not who it must be */

typedef struct {
  GSocketService *service;
  GTlsCertificate *certificate;
  char *file; /* the certificate, PEM */
  guint16 port;
  GString *seen; /* after decryption */
  gboolean handshake_failed;
  gboolean closed;
} Server;

static gboolean
wait_for (gboolean (*done) (gpointer), gpointer data)
{
  gint64 end = patience_end (10);

  while (!done (data) && g_get_monotonic_time () < end) {
    g_main_context_iteration (NULL, FALSE);
    g_usleep (500);
  }
  return done (data);
}

/* Answers each text with itself in capitals */
static void
on_read (GObject *object, GAsyncResult *result, gpointer data)
{
  GIOStream *tls = data;
  Server *server = g_object_get_data (G_OBJECT (tls), "server");
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (size == 0) {
    server->closed = TRUE;
    g_object_unref (tls);
    return;
  }
  g_string_append_len (server->seen, g_bytes_get_data (bytes, NULL), size);
  {
    g_autofree char *text =
        g_ascii_strup (g_bytes_get_data (bytes, NULL), (gssize) size);

    g_output_stream_write_all (
        g_io_stream_get_output_stream (tls), text, size, NULL, NULL, NULL);
  }
  g_input_stream_read_bytes_async (
      G_INPUT_STREAM (object), 4096, G_PRIORITY_DEFAULT, NULL, on_read, tls);
}

static void
on_server_handshake (GObject *object, GAsyncResult *result, gpointer data)
{
  Server *server = data;

  if (!g_tls_connection_handshake_finish (
          G_TLS_CONNECTION (object), result, NULL)) {
    server->handshake_failed = TRUE;
    g_object_unref (object);
    return;
  }
  g_object_set_data (object, "server", server);
  g_input_stream_read_bytes_async (
      g_io_stream_get_input_stream (G_IO_STREAM (object)), 4096,
      G_PRIORITY_DEFAULT, NULL, on_read, object);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection,
    GObject *source, gpointer data)
{
  Server *server = data;
  GIOStream *tls = g_tls_server_connection_new (
      G_IO_STREAM (connection), server->certificate, NULL);

  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT,
      NULL, on_server_handshake, server);
  return TRUE;
}

static void
server_start (Server *server)
{
  g_autofree char *text = NULL;
  GError *error = NULL;
  int fd;

  *server = (Server){ .service = g_socket_service_new (),
    .certificate = kl_certificate_new (NULL, &error),
    .seen = g_string_new (NULL) };
  g_assert_no_error (error);
  g_object_get (server->certificate, "certificate-pem", &text, NULL);
  fd = g_file_open_tmp ("kandy-turn-XXXXXX.pem", &server->file, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (server->file, text, -1, &error);
  g_assert_no_error (error);
  server->port = g_socket_listener_add_any_inet_port (
      G_SOCKET_LISTENER (server->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (
      server->service, "incoming", G_CALLBACK (on_incoming), server);
}

static void
server_stop (Server *server)
{
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  while (g_main_context_iteration (NULL, FALSE)) {
  }
  g_object_unref (server->service);
  g_object_unref (server->certificate);
  g_string_free (server->seen, TRUE);
  g_unlink (server->file);
  g_free (server->file);
}

static GSocketConnection *
connect_to (GstKandyTurnForwarder *forwarder)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GError *error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_host (client,
      "127.0.0.1", gst_kandy_turn_forwarder_get_port (forwarder), NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
say (GSocketConnection *connection, const char *text)
{
  GError *error = NULL;

  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
      strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
}

typedef struct {
  GString *text;
  gboolean closed;
} Heard;

static void
on_heard (GObject *object, GAsyncResult *result, gpointer data)
{
  Heard *heard = data;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);

  if (bytes == NULL || g_bytes_get_size (bytes) == 0) {
    heard->closed = TRUE;
    return;
  }
  g_string_append_len (
      heard->text, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_input_stream_read_bytes_async (
      G_INPUT_STREAM (object), 4096, G_PRIORITY_DEFAULT, NULL, on_heard, heard);
}

static void
listen_to (GSocketConnection *connection, Heard *heard)
{
  *heard = (Heard){ .text = g_string_new (NULL) };
  g_input_stream_read_bytes_async (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)), 4096,
      G_PRIORITY_DEFAULT, NULL, on_heard, heard);
}

static gboolean
is_answered (gpointer data)
{
  return g_str_equal (((Heard *) data)->text->str, "ALLOCATE");
}

static gboolean
is_closed (gpointer data)
{
  return ((Heard *) data)->closed;
}

static gboolean
server_is_closed (gpointer data)
{
  return ((Server *) data)->closed;
}

static gboolean
handshake_has_failed (gpointer data)
{
  return ((Server *) data)->handshake_failed;
}

GST_START_TEST (test_carries)
{
  GstKandyTurnForwarder *forwarder;
  GSocketConnection *connection;
  GError *error = NULL;
  Server server;
  Heard heard;

  server_start (&server);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, TRUE, server.file, &error);
  g_assert_no_error (error);
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  say (connection, "allocate");
  fail_unless (wait_for (is_answered, &heard), "\"%s\"", heard.text->str);
  fail_unless_equals_string (server.seen->str, "allocate");

  /* the forwarder's end is the end of what it carries, both ways */
  g_object_unref (forwarder);
  fail_unless (wait_for (is_closed, &heard));
  fail_unless (wait_for (server_is_closed, &server));
  g_object_unref (connection);
  g_string_free (heard.text, TRUE);
  server_stop (&server);
}
GST_END_TEST;

GST_START_TEST (test_end_of_client)
{
  GstKandyTurnForwarder *forwarder;
  GSocketConnection *connection;
  GError *error = NULL;
  Server server;
  Heard heard;

  server_start (&server);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, TRUE, server.file, &error);
  g_assert_no_error (error);
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  say (connection, "allocate");
  fail_unless (wait_for (is_answered, &heard));

  g_socket_shutdown (
      g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  fail_unless (wait_for (server_is_closed, &server));
  fail_unless (wait_for (is_closed, &heard));
  g_object_unref (connection);
  g_object_unref (forwarder);
  g_string_free (heard.text, TRUE);
  server_stop (&server);
}
GST_END_TEST;

/* Somebody in between has a certificate too, but not one that is trusted */
GST_START_TEST (test_wrong_certificate)
{
  GstKandyTurnForwarder *forwarder;
  GSocketConnection *connection;
  GError *error = NULL;
  Server server, other;
  Heard heard;

  server_start (&server);
  server_start (&other);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, TRUE, other.file, &error);
  g_assert_no_error (error);
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  say (connection, "allocate");
  fail_unless (wait_for (is_closed, &heard));
  fail_unless (wait_for (handshake_has_failed, &server));
  fail_unless_equals_int (server.seen->len, 0);
  g_object_unref (connection);
  g_object_unref (forwarder);
  g_string_free (heard.text, TRUE);

  /* unless the user does not mind */
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, FALSE, other.file, &error);
  g_assert_no_error (error);
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  say (connection, "allocate");
  fail_unless (wait_for (is_answered, &heard));
  g_object_unref (forwarder);
  fail_unless (wait_for (is_closed, &heard));
  fail_unless (wait_for (server_is_closed, &server));
  g_object_unref (connection);
  g_string_free (heard.text, TRUE);
  server_stop (&server);
  server_stop (&other);
}
GST_END_TEST;

/* A file that cannot be read must not mean that anybody is trusted */
GST_START_TEST (test_no_ca_file)
{
  GstKandyTurnForwarder *forwarder;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GSocketConnection *connection;
  GError *error = NULL;
  Server server;
  Heard heard;

  server_start (&server);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, FALSE, "/does/not/exist", &error);
  g_assert_no_error (error);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1",
      gst_kandy_turn_forwarder_get_port (forwarder), NULL, NULL);
  if (connection != NULL) {
    listen_to (connection, &heard);
    fail_unless (wait_for (is_closed, &heard));
    g_object_unref (connection);
    g_string_free (heard.text, TRUE);
  }
  fail_unless_equals_int (server.seen->len, 0);
  g_object_unref (forwarder);
  server_stop (&server);
}
GST_END_TEST;

/* Nobody listens there, or nobody answers: the agent learns it by the close */
GST_START_TEST (test_absent_and_stopped)
{
  GstKandyTurnForwarder *forwarder;
  g_autoptr (GSocketListener) silent = g_socket_listener_new ();
  GSocketConnection *connection;
  GError *error = NULL;
  Server server;
  Heard heard;
  guint16 port;

  server_start (&server);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", server.port, TRUE, server.file, &error);
  g_assert_no_error (error);
  g_socket_service_stop (server.service);
  g_socket_listener_close (G_SOCKET_LISTENER (server.service));
  while (g_main_context_iteration (NULL, FALSE)) {
  }
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  fail_unless (wait_for (is_closed, &heard));
  g_object_unref (connection);
  g_object_unref (forwarder);
  g_string_free (heard.text, TRUE);

  port = g_socket_listener_add_any_inet_port (silent, NULL, &error);
  g_assert_no_error (error);
  forwarder = gst_kandy_turn_forwarder_new (
      "localhost", port, TRUE, server.file, &error);
  g_assert_no_error (error);
  connection = connect_to (forwarder);
  listen_to (connection, &heard);
  say (connection, "allocate");
  g_object_unref (forwarder);
  fail_unless (wait_for (is_closed, &heard));
  g_object_unref (connection);
  g_string_free (heard.text, TRUE);
  server_stop (&server);
}
GST_END_TEST;

static Suite *
turn_forwarder_suite (void)
{
  Suite *suite = suite_create ("turnforwarder");
  TCase *general = tcase_create ("general");

  tcase_set_timeout (general, 20);
  tcase_add_test (general, test_carries);
  tcase_add_test (general, test_end_of_client);
  tcase_add_test (general, test_wrong_certificate);
  tcase_add_test (general, test_no_ca_file);
  tcase_add_test (general, test_absent_and_stopped);
  suite_add_tcase (suite, general);
  return suite;
}

GST_CHECK_MAIN (turn_forwarder);
