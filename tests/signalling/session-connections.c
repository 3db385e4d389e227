/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kandy-client-private.h"

/* A server that closes connections: when they are idle, and in the middle of a
 * request. What surely was not carried out is sent again, what may have been is
 * not (RFC 9110 section 9.2.2, RFC 9112 sections 8 and 9) */

typedef enum {
  ANSWER,
  ANSWER_AND_CLOSE,  /* without a word about it */
  CLOSE_UNANSWERED,  /* the whole request has been read */
  RESET_IN_THE_BODY, /* its head has been read */
} Action;

typedef struct {
  GSocketService *service;
  Session *session;
  const Action *script; /* an action for each request; the last one stays */
  guint n_script;
  GMutex lock; /* for what follows: connections have a thread each */
  GString *requests;
  guint n_requests, n_connections;
} Closing;

static Action
next_action (Closing *self)
{
  Action action;

  g_mutex_lock (&self->lock);
  action = self->script[MIN (self->n_requests, self->n_script - 1)];
  self->n_requests++;
  g_mutex_unlock (&self->lock);
  return action;
}

static void
note_request (Closing *self, const char *method, gsize body)
{
  g_mutex_lock (&self->lock);
  g_string_append_printf (
      self->requests, "%s %" G_GSIZE_FORMAT " ", method, body);
  g_mutex_unlock (&self->lock);
}

/* The request's head, or NULL at the end of the connection */
static char *
read_head (GDataInputStream *input)
{
  g_autoptr (GString) head = g_string_new (NULL);

  for (;;) {
    g_autofree char *line =
        g_data_input_stream_read_line (input, NULL, NULL, NULL);

    if (!line)
      return NULL;
    if (!*line)
      return g_string_free (g_steal_pointer (&head), FALSE);
    g_string_append_printf (head, "%s\n", line);
  }
}

/* FALSE when there will be no further request */
static gboolean
serve_request (
    Closing *self, GSocketConnection *connection, GDataInputStream *input)
{
  static const char reply[] =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}";
  static const struct linger at_once = { 1, 0 };
  g_autofree char *head = read_head (input);
  g_autofree char *method = NULL;
  g_autofree char *body = NULL;
  const char *length;
  gsize size = 0, n_read = 0;
  Action action;

  if (!head)
    return FALSE;
  action = next_action (self);
  method = g_strndup (head, strcspn (head, " "));
  if (action == RESET_IN_THE_BODY) {
    note_request (self, method, 0);
    setsockopt (g_socket_get_fd (g_socket_connection_get_socket (connection)),
        SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return FALSE;
  }
  length = strstr (head, "Content-Length: ");
  if (length)
    size = g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
  body = g_malloc (size + 1);
  g_input_stream_read_all (
      G_INPUT_STREAM (input), body, size, &n_read, NULL, NULL);
  note_request (self, method, n_read);
  if (action == CLOSE_UNANSWERED)
    return FALSE;
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), reply,
      strlen (reply), NULL, NULL, NULL);
  return action == ANSWER;
}

/* In a thread of its own */
static gboolean
serve (GThreadedSocketService *service, GSocketConnection *connection,
    GObject *source, gpointer user_data)
{
  Closing *self = user_data;
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)));

  g_data_input_stream_set_newline_type (
      input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  g_mutex_lock (&self->lock);
  self->n_connections++;
  g_mutex_unlock (&self->lock);
  while (serve_request (self, connection, input))
    continue;
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  return TRUE;
}

static Closing *
closing_new (const Action *script, guint n_script)
{
  Closing *self = g_new0 (Closing, 1);
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *id_token = make_id_token ("ann", "ann@acme.example");
  g_autoptr (GError) error = NULL;

  g_mutex_init (&self->lock);
  self->requests = g_string_new (NULL);
  self->script = script;
  self->n_script = n_script;
  self->service = g_threaded_socket_service_new (-1);
  g_signal_connect (self->service, "run", G_CALLBACK (serve), self);
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  self->session = session_new_for_port (
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), NULL);
  g_assert_true (
      kandy_client_set_tokens (self->session->client, "t0ken", id_token, NULL));
  return self;
}

static void
closing_free (Closing *self)
{
  /* which also closes what its threads read from */
  session_free (self->session);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_string_free (self->requests, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
fetch (Closing *self, const char *method, gsize body_size, GError **error)
{
  g_autofree char *text = g_strnfill (body_size, 'x');
  g_autoptr (GBytes) body = g_bytes_new (text, body_size);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) reply = NULL;
  guint status = 0;

  kandy_client_fetch_async (self->session->client, method, "/x", NULL, NULL,
      body_size ? body : NULL, NULL, store_result, &result);
  reply = kandy_client_fetch_finish (
      self->session->client, wait_result (&result), &status, NULL, error);
  if (reply)
    g_assert_cmpuint (status, ==, 200);
  return reply != NULL;
}

static void
assert_requests (Closing *self, const char *expected)
{
  g_mutex_lock (&self->lock);
  g_assert_cmpstr (self->requests->str, ==, expected);
  g_mutex_unlock (&self->lock);
}

/* Each request meets a connection that has just been closed, or is about to be
 */
static void
test_idle (void)
{
  static const Action script[] = { ANSWER_AND_CLOSE };
  static const char *const methods[] = { "GET", "POST", "PUT", "POST", "DELETE",
    "POST", "POST", "PUT", "GET" };
  Closing *self = closing_new (script, G_N_ELEMENTS (script));
  g_autoptr (GString) expected = g_string_new (NULL);
  guint round, i;

  for (round = 0; round < 20; round++) {
    for (i = 0; i < G_N_ELEMENTS (methods); i++) {
      gsize size = methods[i][0] == 'P' ? 7 : 0;
      g_autoptr (GError) error = NULL;

      fetch (self, methods[i], size, &error);
      g_assert_no_error (error);
      g_string_append_printf (
          expected, "%s %" G_GSIZE_FORMAT " ", methods[i], size);
    }
  }
  assert_requests (self, expected->str);
  closing_free (self);
}

/* A connection that was good a moment ago: what may be carried out twice is
 * sent again, with its body */
static void
test_used (void)
{
  static const Action script[] = { ANSWER, CLOSE_UNANSWERED, ANSWER };
  Closing *self = closing_new (script, G_N_ELEMENTS (script));
  g_autoptr (GError) error = NULL;

  g_assert_true (fetch (self, "GET", 0, NULL));
  fetch (self, "PUT", 7, &error);
  g_assert_no_error (error);
  assert_requests (self, "GET 0 PUT 7 PUT 7 ");
  closing_free (self);
}

/* A request that the server has as a whole may have been carried out */
static void
test_unanswered (gconstpointer method)
{
  static const Action script[] = { ANSWER, CLOSE_UNANSWERED, ANSWER };
  Closing *self = closing_new (script, G_N_ELEMENTS (script));
  g_autofree char *expected = g_strdup_printf ("GET 0 %s 7 ", (char *) method);
  g_autoptr (GError) error = NULL;

  g_assert_true (fetch (self, "GET", 0, NULL));
  g_assert_false (fetch (self, method, 7, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "FETCH");
  assert_requests (self, expected);
  /* and the next one is as good as ever */
  g_assert_true (fetch (self, "POST", 8, NULL));
  closing_free (self);
}

/* More than any buffers on the way take */
#define LARGE (24 * 1024 * 1024)

static void
test_incomplete (void)
{
  static const Action script[] = { RESET_IN_THE_BODY, ANSWER };
  Closing *self = closing_new (script, G_N_ELEMENTS (script));
  g_autofree char *expected = g_strdup_printf ("POST 0 POST %d ", LARGE);
  g_autoptr (GError) error = NULL;

  fetch (self, "POST", LARGE, &error);
  g_assert_no_error (error);
  assert_requests (self, expected);
  g_assert_cmpuint (self->n_connections, ==, 2);
  closing_free (self);
}

/* But not for ever */
static void
test_always_incomplete (void)
{
  static const Action script[] = { RESET_IN_THE_BODY };
  Closing *self = closing_new (script, G_N_ELEMENTS (script));
  g_autoptr (GError) error = NULL;

  g_assert_false (fetch (self, "POST", LARGE, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  assert_requests (self, "POST 0 POST 0 ");
  closing_free (self);
}

/* This process' connections to a port of its own */
static guint
count_connections (guint port)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir))) {
    struct sockaddr_in address = { 0 };
    socklen_t length = sizeof address;

    n += getpeername (atoi (name), (struct sockaddr *) &address, &length) == 0
        && address.sin_family == AF_INET && ntohs (address.sin_port) == port;
  }
  return n;
}

/* Who cancels is answered at once; the connection must go, too */
static void
test_cancel (void)
{
  Session *session = session_new (NULL);
  guint port = kandy_loopback_get_port (session->loopback);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_fault (
      session, "{\"on\":\"request\",\"path\":\"/hangs\",\"hang\":true}");
  kandy_client_fetch_async (session->client, "GET", "/hangs", NULL, NULL, NULL,
      cancellable, store_result, &result);
  WAIT (kandy_loopback_count_requests (session->loopback, "GET", "/hangs") > 0);
  WAIT (count_connections (port) == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (kandy_client_fetch_finish (
      session->client, wait_result (&result), NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  WAIT (count_connections (port) == 0);
  g_clear_object (&result);
  session_free (session);
}

int
main (int argc, char **argv)
{
  /* which must not stand between us and an address of this machine */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/session/connections/" name, func)
  ADD ("idle", test_idle);
  ADD ("used", test_used);
  g_test_add_data_func (
      "/session/connections/unanswered/post", "POST", test_unanswered);
  g_test_add_data_func (
      "/session/connections/unanswered/patch", "PATCH", test_unanswered);
  ADD ("incomplete", test_incomplete);
  ADD ("always-incomplete", test_always_incomplete);
  ADD ("cancel", test_cancel);
  return g_test_run ();
}
