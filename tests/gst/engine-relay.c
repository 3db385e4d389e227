/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"
#include "kl-certificate.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

/* Calls through a TURN server with the credentials of the REST scheme, whose
 * characters have to be escaped. Runs if coturn is installed. */

#define SECRET "not-much-of-a-secret"

/* What is logged while secrets are looked for. The agent speaks TCP in two of
 * the cases: of TLS only the forwarder knows. And an instrumented agent would
 * not get anywhere if all of GStreamer told what it does. */
#define OURS "*:5,kandy*:9"
#ifdef __SANITIZE_ADDRESS__
#define EVERYTHING OURS
#else
#define EVERYTHING "*:9"
#endif

typedef enum { WAY_UDP, WAY_TCP, WAY_TLS, WAY_SLOW, N_WAYS } Way;

typedef struct {
  GSubprocess *process;
  char *directory;
  char *address;
  char *certificate;
  char *key;
  guint16 port;
  Way way;
} Relay;

/* The agent's sockets are bound to the interfaces' addresses and cannot reach a
 * server on the loopback interface by UDP */
static char *
find_address (void)
{
  struct ifaddrs *all = NULL;
  char *found = NULL;

  getifaddrs (&all);
  for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
    char text[INET_ADDRSTRLEN];

    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET
        || i->ifa_flags & IFF_LOOPBACK || !(i->ifa_flags & IFF_UP))
      continue;
    inet_ntop (AF_INET, &((struct sockaddr_in *) i->ifa_addr)->sin_addr, text,
        sizeof (text));
    found = g_strdup (text);
  }
  freeifaddrs (all);
  return found ? found : g_strdup ("127.0.0.1");
}

static guint16
find_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) found = NULL;

  g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL, &found, NULL);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (found));
}

/* Whether a socket of this machine is bound to @relay's port, by the kernel's
 * table @name */
static gboolean
has_socket (Relay *relay, const char *name)
{
  g_autofree char *path = g_build_filename ("/proc/net", name, NULL);
  g_autofree char *port = g_strdup_printf (":%04X 00000000:0000", relay->port);
  g_autofree char *table = NULL;

  return g_file_get_contents (path, &table, NULL, NULL)
      && strstr (table, port) != NULL;
}

/* It is looked up, so that no connection is made but those of the test */
static gboolean
is_listening (gpointer data)
{
  Relay *relay = data;

  return has_socket (relay, "tcp")
      && (relay->way == WAY_TLS || has_socket (relay, "udp"));
}

/* Its own authority */
static void
make_certificate (Relay *relay)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate =
      kl_certificate_new (relay->address, &error);
  g_autofree char *text = NULL;
  g_autofree char *key = NULL;

  g_assert_no_error (error);
  g_object_get (
      certificate, "certificate-pem", &text, "private-key-pem", &key, NULL);
  relay->certificate = g_build_filename (relay->directory, "cert.pem", NULL);
  relay->key = g_build_filename (relay->directory, "key.pem", NULL);
  g_file_set_contents (relay->certificate, text, -1, &error);
  g_assert_no_error (error);
  g_file_set_contents (relay->key, key, -1, &error);
  g_assert_no_error (error);
}

static void
relay_start (Relay *relay, const char *program, Way way)
{
  g_autofree char *port = NULL;
  g_autofree char *listening = NULL;
  g_autofree char *relaying = NULL;
  g_autofree char *database = NULL;
  g_autofree char *pid_file = NULL;
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GError) error = NULL;

  relay->way = way;
  relay->port = find_port ();
  relay->address = find_address ();
  listening = g_strdup_printf ("--listening-ip=%s", relay->address);
  relaying = g_strdup_printf ("--relay-ip=%s", relay->address);
  relay->directory = g_dir_make_tmp ("kandy-relay-XXXXXX", NULL);
  make_certificate (relay);
  port = g_strdup_printf (
      way == WAY_TLS ? "--tls-listening-port=%u" : "--listening-port=%u",
      relay->port);
  database = g_strdup_printf ("--userdb=%s/turndb", relay->directory);
  pid_file = g_strdup_printf ("--pidfile=%s/pid", relay->directory);
  certificate = g_strdup_printf ("--cert=%s", relay->certificate);
  key = g_strdup_printf ("--pkey=%s", relay->key);
  g_strv_builder_add_many (builder, program, "-n", listening, relaying, port,
      database, pid_file, certificate, key, "--use-auth-secret",
      "--static-auth-secret=" SECRET, "--realm=loopback.example", "--no-dtls",
      "--no-cli", "--allow-loopback-peers", "--log-file=stdout", NULL);
  if (way == WAY_TLS)
    g_strv_builder_add_many (builder, "--no-udp", "--no-tcp", NULL);
  else
    g_strv_builder_add (builder, "--no-tls");
  arguments = g_strv_builder_end (builder);
  launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  /* With epoll, and a list of changes, its event loop misses what comes to a
   * descriptor that was closed and opened again in one round: a request in some
   * ten is never answered */
  g_subprocess_launcher_setenv (launcher, "EVENT_NOEPOLL", "1", TRUE);
  relay->process = g_subprocess_launcher_spawnv (
      launcher, (const char *const *) arguments, &error);
  g_assert_no_error (error);
  WAIT_FOR (is_listening, relay);
}

static void
relay_stop (Relay *relay)
{
  GDir *dir;
  const char *name;

  g_subprocess_force_exit (relay->process);
  g_subprocess_wait (relay->process, NULL, NULL);
  g_object_unref (relay->process);
  dir = g_dir_open (relay->directory, 0, NULL);
  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (relay->directory, name, NULL);

    g_unlink (path);
  }
  g_dir_close (dir);
  g_rmdir (relay->directory);
  g_free (relay->certificate);
  g_free (relay->key);
  g_free (relay->directory);
  g_free (relay->address);
}

/* A password with a character that a URI does not take as it is */
static void
make_credentials (char **user, char **password)
{
  for (guint i = 0;; i++) {
    g_autoptr (GHmac) hmac =
        g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) SECRET, strlen (SECRET));
    guint8 digest[20];
    gsize length = sizeof (digest);

    *user = g_strdup_printf ("%" G_GINT64_FORMAT ":alice+%u@loopback.example",
        g_get_real_time () / G_USEC_PER_SEC + 3600, i);
    g_hmac_update (hmac, (const guchar *) *user, strlen (*user));
    g_hmac_get_digest (hmac, digest, &length);
    *password = g_base64_encode (digest, length);
    if (strpbrk (*password, "+/"))
      return;
    g_free (*user);
    g_free (*password);
  }
}

/* A server that is far away, or busy: what connects to @service gets through to
 * the relay after a while, longer than the agent would wait by itself */
#define SLOW_MS 2500

typedef struct {
  Relay *relay;
  GSocketService *service;
  guint16 port;
  guint n_passing;
} Detour;

typedef struct {
  Detour *detour;
  GSocketConnection *local;
} Passage;

static void
on_passed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Detour *detour = user_data;

  g_io_stream_splice_finish (result, NULL);
  detour->n_passing--;
}

static gboolean
pass_on (gpointer user_data)
{
  g_autofree Passage *passage = user_data;
  Relay *relay = passage->detour->relay;
  g_autoptr (GSocketConnection) local = passage->local;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) remote = g_socket_client_connect_to_host (
      client, relay->address, relay->port, NULL, NULL);

  fail_unless (remote != NULL);
  g_io_stream_splice_async (G_IO_STREAM (local), G_IO_STREAM (remote),
      G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2,
      G_PRIORITY_DEFAULT, NULL, on_passed, passage->detour);
  return G_SOURCE_REMOVE;
}

static gboolean
on_detour (GSocketService *service, GSocketConnection *local, GObject *source,
    gpointer user_data)
{
  Passage *passage = g_new0 (Passage, 1);

  passage->detour = user_data;
  passage->local = g_object_ref (local);
  passage->detour->n_passing++;
  g_timeout_add (SLOW_MS, pass_on, passage);
  return TRUE;
}

static void
detour_start (Detour *detour, Relay *relay)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (relay->address, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  detour->relay = relay;
  detour->n_passing = 0;
  detour->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (detour->service), address,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL);
  fail_unless (bound != NULL);
  detour->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (
      detour->service, "incoming", G_CALLBACK (on_detour), detour);
}

static gboolean
has_passed (gpointer data)
{
  return ((Detour *) data)->n_passing == 0;
}

static void
detour_stop (Detour *detour)
{
  WAIT_FOR (has_passed, detour);
  g_socket_service_stop (detour->service);
  g_object_unref (detour->service);
}

static Endpoint *
relayed_endpoint (const char *name, GPtrArray *servers, const char *ca_file)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();
  Endpoint *self;

  /* a busy machine, with all the log there is, needs more than three seconds,
   * and an instrumented one more than ten */
  kandy_config_set_value (
      config, "call.maxIceTimeout", g_variant_new_int32 (15000));
  g_object_set (config, "ca-file", ca_file, NULL);
  self = endpoint_new_with_servers (name, config, servers);
  g_object_set (self->call, "relay-only", TRUE, NULL);
  return self;
}

/* Nothing that is logged, at any level, has user name or password in it */

static GPtrArray *secrets;
static GMutex log_lock;
static guint n_logged;
static char *leak;

static void
add_secret (const char *text)
{
  g_ptr_array_add (secrets, g_strdup (text));
  g_ptr_array_add (secrets, g_uri_escape_string (text, NULL, FALSE));
}

static void
look_for_secrets (const char *text)
{
  g_mutex_lock (&log_lock);
  n_logged++;
  for (guint i = 0; i < secrets->len && !leak; i++)
    if (strstr (text, g_ptr_array_index (secrets, i)))
      leak = g_strdup (text);
  g_mutex_unlock (&log_lock);
}

static void
gst_logged (GstDebugCategory *category, GstDebugLevel level, const char *file,
    const char *function, int line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  look_for_secrets (gst_debug_message_get (message));
}

static void
glib_logged (const char *domain, GLogLevelFlags level, const char *message,
    gpointer user_data)
{
  look_for_secrets (message);
}

static void
watch_logs (const char *user, const char *password, const char *threshold)
{
  secrets = g_ptr_array_new_with_free_func (g_free);
  add_secret (user);
  add_secret (password);
  g_log_set_default_handler (glib_logged, NULL);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (gst_logged, NULL, NULL);
  gst_debug_set_threshold_from_string (threshold, TRUE);
}

static void
check_logs (void)
{
  const char *levels = g_getenv ("GST_DEBUG");

  gst_debug_set_threshold_from_string (levels ? levels : "*:0", TRUE);
  gst_debug_remove_log_function (gst_logged);
  gst_debug_add_log_function (gst_debug_log_default, NULL, NULL);
  g_log_set_default_handler (g_log_default_handler, NULL);
  fail_unless (n_logged > 1000, "%u messages were logged", n_logged);
  fail_unless (leak == NULL, "logged: %s", leak);
  g_ptr_array_unref (secrets);
}

GST_START_TEST (test_relay)
{
  g_autofree char *program = g_find_program_in_path ("turnserver");
  g_autofree char *user = NULL;
  g_autofree char *password = NULL;
  g_autofree char *url = NULL;
  const char *urls[2] = { NULL, NULL };
  Way way = __i__;
  Relay relay;
  Detour detour;
  g_autoptr (GPtrArray) servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  Endpoint *alice, *bob;
  GstStructure *stats;

  if (!program) {
    g_print ("turnserver is not installed, not tested\n");
    return;
  }
  relay_start (&relay, program, way);
  detour_start (&detour, &relay);
  make_credentials (&user, &password);
  url = g_strdup_printf ("%s:%s:%u?transport=%s",
      way == WAY_TLS ? "turns" : "turn", relay.address,
      way == WAY_SLOW ? detour.port : relay.port,
      way == WAY_UDP ? "udp" : "tcp");
  urls[0] = url;
  g_ptr_array_add (servers, kandy_ice_server_new (urls, user, password));
  watch_logs (user, password, way == WAY_TLS ? OURS : EVERYTHING);

  alice = relayed_endpoint ("alice", servers, relay.certificate);
  bob = relayed_endpoint ("bob", servers, relay.certificate);
  endpoint_add_audio (alice, 440);
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  wait_until_heard (alice, 1000);
  wait_until_heard (bob, 440);
  stats = endpoint_get_stats (alice);
  fail_unless_equals_string (
      gst_structure_get_string (stats, "local-candidate-type"), "relay");
  gst_structure_free (stats);

  endpoint_free (alice);
  endpoint_free (bob);
  check_logs ();
  detour_stop (&detour);
  relay_stop (&relay);
}
GST_END_TEST;

static Suite *
engine_relay_suite (void)
{
  Suite *suite = suite_create ("engine-relay");
  TCase *relay = tcase_create ("relay");

  tcase_set_timeout (relay, 40);
  tcase_add_loop_test (relay, test_relay, 0, N_WAYS);
  suite_add_tcase (suite, relay);
  return suite;
}

int
main (int argc, char **argv)
{
  /* Read by libnice once */
  g_setenv ("NICE_DEBUG", "all", TRUE);
  g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_relay_suite (), "engine_relay", __FILE__);
}
