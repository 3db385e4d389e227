/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <glib/gstdio.h>

#include "test-client.h"

/* The server under the platform: TLS, limits, bad input, start and stop */

#define ALICE "alice@loopback.example"
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#define BOB "bob@loopback.example"
#define CHANNELS "/cpaas/notificationchannel/v1/%u/channels"

/* Sends bytes as they are. Returns what comes back until the server closes,
 * or the first piece of it. */
static char *
exchange (KandyLoopback *loopback, const char *data, gssize length,
    gboolean until_closed)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  GString *text = g_string_new (NULL);
  GInputStream *input;
  GError *error = NULL;
  char buffer[4096];
  gssize got;

  g_socket_client_set_timeout (client, 5);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", kandy_loopback_get_port (loopback), NULL, &error);
  g_assert_no_error (error);
  /* The server may close before it has read all */
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), data,
      length < 0 ? strlen (data) : (gsize) length, NULL, NULL, NULL);
  input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  while ((got = g_input_stream_read (input, buffer, sizeof buffer, NULL, NULL))
      > 0) {
    g_string_append_len (text, buffer, got);
    if (!until_closed)
      break;
  }
  return g_string_free (text, FALSE);
}

static void
assert_alive (TestFixture *fixture)
{
  g_autoptr (TestClient) client = test_client_new (fixture->loopback, ALICE);

  test_client_sign_on (client, "alice");
}

static void
test_tls (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = NULL;
  g_autoptr (TestClient) bob = NULL;
  g_autoptr (TestClient) stranger = NULL;
  g_autofree char *plain = NULL;
  GError *error = NULL;

  kandy_loopback_use_self_signed (fixture->loopback, &error);
  g_assert_no_error (error);
  alice = test_client_new (fixture->loopback, ALICE);
  g_assert_true (g_str_has_prefix (alice->base, "https://127.0.0.1:"));
  test_client_free (g_steal_pointer (&alice));

  /* Over TLS, with a websocket */
  alice = test_client_online (fixture->loopback, ALICE);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", CHANNELS, NULL), ==, 200);
  kandy_loopback_send_raw (fixture->loopback, ALICE, "{\"marker\":{}}");
  json_object_unref (test_client_next (alice, "marker"));
  kandy_loopback_close_websockets (fixture->loopback, ALICE, 0);
  test_wait_until (alice->closed);

  /* Without, on the same port */
  bob = test_client_new (fixture->loopback, BOB);
  plain = g_strconcat ("http", bob->base + strlen ("https"), NULL);
  g_free (bob->base);
  bob->base = g_steal_pointer (&plain);
  test_client_sign_on (bob, "bob");
  test_client_open_channel (bob, "client");
  g_assert_cmpuint (test_client_connect (bob), ==, 101);

  /* Who does not know the certificate does not trust it */
  stranger = test_client_new (fixture->loopback, ALICE);
  g_object_unref (stranger->session);
  stranger->session = soup_session_new ();
  g_assert_cmpuint (test_client_get_status (stranger, "GET", "/", NULL), ==, 0);
}

static void
test_tls_garbage (TestFixture *fixture, gconstpointer data)
{
  static const char hello[] = "\x16\x03\x01\x00\x05hello";
  g_autofree char *without =
      exchange (fixture->loopback, hello, sizeof hello - 1, TRUE);
  g_autofree char *with = NULL;

  g_assert_cmpstr (without, ==, "");
  g_assert_true (kandy_loopback_use_self_signed (fixture->loopback, NULL));
  with = exchange (fixture->loopback, hello, sizeof hello - 1, TRUE);
  /* An alert at most */
  g_assert_cmpuint (strlen (with), <, 20);
  assert_alive (fixture);
}

static void
test_limits (TestFixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_malloc (1024 * 1024 + 2);
  g_autofree char *chunked = NULL;
  g_autofree char *announced = NULL;
  g_autofree char *header = NULL;
  g_autofree char *path = NULL;
  GString *text = g_string_new (NULL);
  guint i;

  chunked = exchange (fixture->loopback,
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\n",
      -1, FALSE);
  g_assert_nonnull (strstr (chunked, " 411 "));

  memset (big, 'x', 1024 * 1024 + 1);
  big[1024 * 1024 + 1] = '\0';
  g_string_printf (text,
      "POST /cpaas/auth/v1/token HTTP/1.1\r\nHost: x\r\n"
      "Content-Length: %d\r\n\r\n%s",
      1024 * 1024 + 1, big);
  announced = exchange (fixture->loopback, text->str, text->len, FALSE);
  g_assert_nonnull (strstr (announced, " 413 "));

  g_string_printf (
      text, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", big);
  header = exchange (fixture->loopback, text->str, text->len, TRUE);
  g_assert_null (strstr (header, " 200 "));

  g_string_assign (text, "GET /");
  for (i = 0; i < 2000; i++)
    g_string_append (text, "abc/");
  g_string_append (text, " HTTP/1.1\r\nHost: x\r\n\r\n");
  path = exchange (fixture->loopback, text->str, text->len, FALSE);
  g_assert_nonnull (strstr (path, " 400 "));
  g_string_free (text, TRUE);
  assert_alive (fixture);
}

static void
test_garbage (TestFixture *fixture, gconstpointer data)
{
  static const char *const garbage[] = { "\r\n\r\n", "GET\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n", "\xff\xfe\x01\x02\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999"
    "\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET //// HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /cpaas HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /cpaas/a/v1/b/c?access_token=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /cpaas/notificationchannel/v1/x/channels/y/websocket HTTP/1.1\r\n"
    "Host: x\r\nUpgrade: websocket\r\n\r\n",
    "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (garbage); i++) {
    g_autoptr (GSocketClient) client = g_socket_client_new ();
    g_autoptr (GSocketConnection) connection =
        g_socket_client_connect_to_host (client, "127.0.0.1",
            kandy_loopback_get_port (fixture->loopback), NULL, NULL);

    g_assert_nonnull (connection);
    g_output_stream_write_all (
        g_io_stream_get_output_stream (G_IO_STREAM (connection)), garbage[i],
        strlen (garbage[i]), NULL, NULL, NULL);
    assert_alive (fixture);
  }
}

static void
test_bodies (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_new (fixture->loopback, ALICE);
  GString *deep = g_string_new (NULL);
  guint i;

  test_client_sign_on (client, "alice");
  for (i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, deep->str), ==, 400);
  g_string_assign (deep, "");
  for (i = 0; i < 20000; i++)
    g_string_append (deep, "{'a':");
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, deep->str), ==, 400);
  g_string_free (deep, TRUE);
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, "\xff\xfe"), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (client, "POST", CHANNELS, "{'a':1"), ==, 400);
}

static void
test_cors (TestFixture *fixture, gconstpointer data)
{
  g_autofree char *preflight = exchange (fixture->loopback,
      "OPTIONS /cpaas/auth/v1/token HTTP/1.1\r\nHost: x\r\n"
      "Origin: http://page.example\r\nConnection: close\r\n\r\n",
      -1, TRUE);
  g_autofree char *refused = exchange (fixture->loopback,
      "GET /cpaas/chat/v1/u/subscriptions HTTP/1.1\r\nHost: x\r\n"
      "Origin: http://page.example\r\nConnection: close\r\n\r\n",
      -1, TRUE);
  g_autofree char *rebound = exchange (fixture->loopback,
      "DELETE /loopback/faults HTTP/1.1\r\nHost: page.example\r\n"
      "Connection: close\r\n\r\n",
      -1, TRUE);
  g_autofree char *control = exchange (fixture->loopback,
      "OPTIONS /loopback/faults HTTP/1.1\r\nHost: x\r\n"
      "Origin: http://page.example\r\nConnection: close\r\n\r\n",
      -1, TRUE);

  g_assert_nonnull (strstr (preflight, " 204 "));
  g_assert_nonnull (
      strstr (preflight, "Access-Control-Allow-Origin: http://page.example"));
  g_assert_nonnull (strstr (preflight, "X-Cpaas-Agent"));
  g_assert_nonnull (strstr (preflight, "DELETE"));
  g_assert_nonnull (strstr (refused, " 401 "));
  g_assert_nonnull (
      strstr (refused, "Access-Control-Allow-Origin: http://page.example"));
  g_assert_null (strstr (control, "Access-Control"));
  g_assert_nonnull (strstr (rebound, " 403 "));
}

static char *
write_config (const char *quoted)
{
  g_autofree char *json = test_json (quoted);
  char *path =
      g_build_filename (g_get_tmp_dir (), "kandy-loopback-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, json, -1, NULL));
  return path;
}

static void
test_config (TestFixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "", "[]", "{'accounts':7}",
    "{'accounts':[7]}", "{'accounts':[{'address':'x'}]}",
    "{'accounts':[{'address':'not an address','password':'x'}]}",
    "{'clients':[{}]}", "{'clients':[{'id':'loopback'}]}", "{'policies':7}",
    "{'policies':{'x':1}}", "{'faults':[7]}", "{'acounts':[]}" };
  g_autofree char *path = write_config (
      "{'accounts':[{'address':'Dora@Lab.example','password':'d',"
      "'name':'Dora D','id':'d@lab','phone':'15550100'}],"
      "'clients':[{'id':'PRIV','secret':'s','address':'desk@lab.example'}],"
      "'policies':{'tokenLifetime':60},"
      "'faults':[{'on':'request','path':'/nowhere','status':418}]}");
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "dora@lab.example");
  GError *error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *bad_path = write_config (bad[i]);

    g_assert_false (
        kandy_loopback_load_config (fixture->loopback, bad_path, &error));
    g_assert_nonnull (strstr (error->message, bad_path));
    g_clear_error (&error);
    g_unlink (bad_path);
  }
  g_assert_false (
      kandy_loopback_load_config (fixture->loopback, "/nonexistent", &error));
  g_clear_error (&error);

  kandy_loopback_load_config (fixture->loopback, path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  test_client_sign_on (client, "d");
  g_assert_cmpstr (client->id, ==, "d@lab");
  /* Escaped or not, it is the same path */
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "GET",
          "/%63paas/notificationchannel/v1/d%40lab/channels/", NULL),
      ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", "/nowhere", NULL), ==, 418);
}

static void
test_restart (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_online (fixture->loopback, ALICE);
  guint port = kandy_loopback_get_port (fixture->loopback);
  g_autoptr (KandyLoopback) second = kandy_loopback_new ();
  GError *error = NULL;

  g_assert_false (
      kandy_loopback_start (fixture->loopback, "127.0.0.1", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (kandy_loopback_start (second, "127.0.0.1", port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_clear_error (&error);
  g_assert_false (kandy_loopback_start (second, "monday", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  kandy_loopback_stop (fixture->loopback);
  kandy_loopback_stop (fixture->loopback);
  test_wait_until (client->closed);
  g_assert_null (kandy_loopback_get_uri (fixture->loopback));
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 0);

  kandy_loopback_start (fixture->loopback, "127.0.0.1", port, &error);
  g_assert_no_error (error);
  /* The channel is forgotten, the token is not */
  g_assert_cmpuint (test_client_connect (client), ==, 404);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", CHANNELS, NULL), ==, 200);
}

static gpointer
ask_around (gpointer data)
{
  KandyLoopback *loopback = data;
  guint i;

  for (i = 0; i < 500; i++) {
    g_free (kandy_loopback_dup_log (loopback));
    kandy_loopback_count_channels (loopback, NULL);
    g_free (kandy_loopback_get_uri (loopback));
  }
  return NULL;
}

/* Calls from other threads are answered while it starts and stops */
static void
test_threads (TestFixture *fixture, gconstpointer data)
{
  GThread *threads[3];
  GError *error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("asker", ask_around, fixture->loopback);
  for (i = 0; i < 20; i++) {
    kandy_loopback_stop (fixture->loopback);
    kandy_loopback_start (fixture->loopback, "127.0.0.1", 0, &error);
    g_assert_no_error (error);
  }
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_many_connections (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  guint i;

  /* Some that say nothing do not keep others out */
  for (i = 0; i < 100; i++)
    g_ptr_array_add (open,
        g_socket_client_connect_to_host (client, "127.0.0.1",
            kandy_loopback_get_port (fixture->loopback), NULL, NULL));
  assert_alive (fixture);
}

/* One connection serves for one request after the other, whatever the reply */
static void
test_keep_alive (TestFixture *fixture, gconstpointer data)
{
  static const char *const requests[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "DELETE /loopback/faults HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /cpaas/chat/v1/u/subscriptions HTTP/1.1\r\nHost: x\r\n\r\n",
    "DELETE /loopback/faults HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" };
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1",
          kandy_loopback_get_port (fixture->loopback), NULL, NULL);
  char buffer[65536];
  guint i;

  g_assert_nonnull (connection);
  for (i = 0; i < G_N_ELEMENTS (requests); i++) {
    GError *error = NULL;
    gssize length;

    g_output_stream_write_all (
        g_io_stream_get_output_stream (G_IO_STREAM (connection)), requests[i],
        strlen (requests[i]), NULL, NULL, &error);
    g_assert_no_error (error);
    /* Small replies come in one piece, or in headers and body */
    do {
      length = g_input_stream_read (
          g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
          sizeof buffer - 1, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (length, >, 0);
      buffer[length] = '\0';
    } while (!strstr (buffer, "HTTP/1.1 "));
    test_iterate_for (20);
    g_assert_true (g_socket_connection_is_connected (connection));
  }
}

/* Ends of the server in this process, of the connections from these ports. What
 * else is open, or still being closed, does not count. */
static guint
count_accepted (GArray *ports)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0, i;

  while ((name = g_dir_read_name (dir))) {
    struct sockaddr_in address = { 0 };
    socklen_t length = sizeof address;

    if (getpeername (atoi (name), (struct sockaddr *) &address, &length) == 0
        && address.sin_family == AF_INET)
      for (i = 0; i < ports->len; i++)
        n += ntohs (address.sin_port) == g_array_index (ports, guint16, i);
  }
  return n;
}

static guint16
get_local_port (GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address =
      g_socket_connection_get_local_address (connection, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* Whom a client has left, whether between two requests or while it waited for a
 * reply that never comes, is left, too */
static void
test_departure (TestFixture *fixture, gconstpointer data)
{
  static const char *const requests[] = {
    "GET /none HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n"
  };
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GArray) ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  gint64 deadline = g_get_monotonic_time () + 15 * G_USEC_PER_SEC;
  GError *error = NULL;
  char buffer[4096];
  guint16 port;
  guint i;

  kandy_loopback_set_fault (fixture->loopback,
      "{\"on\":\"request\",\"path\":\"/hangs\",\"hang\":true}", &error);
  g_assert_no_error (error);
  for (i = 0; i < 16; i++) {
    GSocketConnection *connection = g_socket_client_connect_to_host (client,
        "127.0.0.1", kandy_loopback_get_port (fixture->loopback), NULL, &error);
    const char *request = requests[i % 2];

    g_assert_no_error (error);
    g_ptr_array_add (open, connection);
    port = get_local_port (connection);
    g_array_append_val (ports, port);
    g_output_stream_write_all (
        g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
        strlen (request), NULL, NULL, &error);
    g_assert_no_error (error);
    if (i % 2 == 0)
      g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (
                                                G_IO_STREAM (connection)),
                           buffer, sizeof buffer, NULL, NULL),
          >, 0);
  }
  while (kandy_loopback_count_requests (fixture->loopback, "GET", "/hangs") < 8
      && g_get_monotonic_time () < deadline)
    test_iterate_for (20);
  g_assert_cmpuint (count_accepted (ports), ==, 16);
  g_ptr_array_set_size (open, 0);
  while (count_accepted (ports) > 0 && g_get_monotonic_time () < deadline)
    test_iterate_for (20);
  g_assert_cmpuint (count_accepted (ports), ==, 0);
  assert_alive (fixture);
}

#ifndef SANITIZED
static gsize
get_resident (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, "VmRSS:");
  g_assert_nonnull (line);
  return g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10);
}

/* What a request has needed is given back */
static void
test_memory (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client = test_client_new (fixture->loopback, ALICE);
  g_autofree char *padding = g_strnfill (20000, 'x');
  g_autofree char *body = g_strdup_printf ("{'%s':1}", padding);
  gsize before = 0;
  guint i;

  test_client_sign_on (client, "alice");
  for (i = 0; i < 1000; i++) {
    g_assert_cmpuint (
        test_client_get_status (client, "PUT", CHANNELS "/none", body), ==,
        404);
    kandy_loopback_reset_counts (fixture->loopback);
    if (i == 200)
      before = get_resident ();
  }
  /* KiB: 800 requests of 20 KB would be more than 16000 */
  g_assert_cmpuint (get_resident (), <, before + 6000);
}
#endif

#define ADD(name, function) TEST_ADD ("/loopback/server/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("tls/both", test_tls);
  ADD ("tls/garbage", test_tls_garbage);
  ADD ("limits", test_limits);
  ADD ("garbage", test_garbage);
  ADD ("bodies", test_bodies);
  ADD ("cors", test_cors);
  ADD ("config", test_config);
  ADD ("restart", test_restart);
  ADD ("threads", test_threads);
#ifndef SANITIZED
  ADD ("memory", test_memory);
#endif
  ADD ("keep-alive", test_keep_alive);
  ADD ("many-connections", test_many_connections);
  ADD ("departure", test_departure);
  return g_test_run ();
}
