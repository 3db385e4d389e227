/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kandy.h"

/* What a signed-on client costs: many of them in one process, each with a user
 * of its own, subscribed and reached by a message, beside a kandy-loopback in
 * another process. With --check it is a test of a few. */

#define N_CLIENTS 1000
#define N_CHECKED 12
/* Those that sign on at a time */
#define AT_ONCE 16
#define GOAL_KIB 200
/* Servers close connections that they have no use for */
#define SETTLE_MS 8000
#define SETTLE_CHECKED_MS 1000
#define PASSWORD "bench"

typedef struct {
  GSubprocess *platform;
  KandyConfig *config;
  guint n;
  guint settle_ms;
  guint n_begun, n_ready, n_failed, n_received;
  gboolean too_much;
  GPtrArray *clients;
} Bench;

static guint
get_threads (void)
{
  g_autofree char *text = NULL;
  const char *found;

  g_file_get_contents ("/proc/self/status", &text, NULL, NULL);
  found = text ? strstr (text, "Threads:") : NULL;
  return found ? (guint) strtoul (found + strlen ("Threads:"), NULL, 10) : 0;
}

static double
get_resident_kib (void)
{
  g_autofree char *text = NULL;
  const char *found;

  malloc_trim (0);
  g_file_get_contents ("/proc/self/status", &text, NULL, NULL);
  found = text ? strstr (text, "VmRSS:") : NULL;
  return found ? g_ascii_strtod (found + strlen ("VmRSS:"), NULL) : 0;
}

static double
get_allocated_kib (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return (double) (info.uordblks + info.hblkhd) / 1024;
}

static char *
make_address (guint number)
{
  return g_strdup_printf ("user%u@loopback.example", number);
}

/* (transfer full): the name of a file that has all accounts */
static char *
write_accounts (guint n, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"accounts\":[");
  g_autofree char *path = NULL;
  guint i;
  int fd = g_file_open_tmp ("kandy-bench-XXXXXX.json", &path, error);

  if (fd < 0)
    return NULL;
  close (fd);
  for (i = 0; i < n; i++) {
    g_autofree char *address = make_address (i);

    g_string_append_printf (text,
        "%s{\"address\":\"%s\",\"password\":\"" PASSWORD "\"}", i ? "," : "",
        address);
  }
  g_string_append (text, "]}");
  if (!g_file_set_contents (path, text->str, -1, error))
    return NULL;
  return g_steal_pointer (&path);
}

static gboolean
start_platform (Bench *self, const char *program, gboolean tls, GError **error)
{
  g_autofree char *accounts = write_accounts (self->n, error);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  const char *colon;

  if (!accounts)
    return FALSE;
  self->platform = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, error,
      program, "--port", "0", "--config", accounts, tls ? "--tls" : NULL, NULL);
  if (!self->platform)
    return FALSE;
  output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->platform));
  line = g_data_input_stream_read_line (output, NULL, NULL, error);
  g_unlink (accounts);
  colon = line ? strrchr (line, ':') : NULL;
  if (!colon) {
    if (error && !*error)
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
          "kandy-loopback does not say where it listens");
    return FALSE;
  }
  g_object_set (self->config, "server-base", "127.0.0.1", "server-port",
      (guint) strtoul (colon + 1, NULL, 10), "server-protocol",
      tls ? "https" : "http", "tls-verify", !tls, "client-correlator", "bench",
      NULL);
  return TRUE;
}

static void begin (Bench *self);

static void
end_one (Bench *self, const GError *error)
{
  if (error && self->n_failed++ == 0)
    g_printerr ("bench-clients: %s\n", error->message);
  self->n_ready++;
  begin (self);
}

static void
on_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_services_subscribe_finish (KANDY_SERVICES (source), result, &error);
  end_one (user_data, error);
}

static void
on_signed_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const char *const services[] = { "call", "chat", NULL };
  KandyClient *client = KANDY_CLIENT (source);
  g_autoptr (GError) error = NULL;

  if (kandy_client_sign_on_finish (client, result, &error))
    kandy_services_subscribe_async (kandy_client_get_services (client),
        g_variant_new_strv (services, -1), NULL, NULL, on_subscribed,
        user_data);
  else
    end_one (user_data, error);
}

static void
on_received (KandyConversations *conversations, KandyConversation *conversation,
    KandyMessage *message, gpointer user_data)
{
  ((Bench *) user_data)->n_received++;
}

static void
begin (Bench *self)
{
  g_autofree char *address = NULL;
  KandyClient *client;

  if (self->n_begun == self->n)
    return;
  address = make_address (self->n_begun++);
  client = kandy_client_new (self->config);
  kandy_logger_set_level (
      kandy_client_get_logger (client), KANDY_LOG_LEVEL_SILENT, NULL);
  g_signal_connect (kandy_client_get_conversations (client), "message-received",
      G_CALLBACK (on_received), self);
  g_ptr_array_add (self->clients, client);
  kandy_client_sign_on_password_async (
      client, "loopback", address, PASSWORD, NULL, on_signed_on, self);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!kandy_message_send_finish (KANDY_MESSAGE (source), result, &error))
    g_printerr ("bench-clients: %s\n", error->message);
}

/* Each writes to the next one: what a message needs is there, too */
static void
write_round (Bench *self)
{
  guint i;

  for (i = 0; i < self->n; i++) {
    g_autofree char *address = make_address ((i + 1) % self->n);
    KandyConversation *conversation = kandy_conversations_create (
        kandy_client_get_conversations (self->clients->pdata[i]), address,
        KANDY_CHAT_TYPE_ONE_TO_ONE, NULL);
    g_autoptr (KandyMessage) message =
        kandy_conversation_create_text_message (conversation, "hello");

    kandy_message_send_async (message, NULL, on_sent, NULL);
    while (self->n_received + AT_ONCE < i)
      g_main_context_iteration (NULL, TRUE);
  }
  while (self->n_received < self->n)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Connections that requests have left open are closed after a while: what
 * stays is what a client costs that waits */
static void
settle (Bench *self)
{
  gboolean over = FALSE;

  g_timeout_add (self->settle_ms, on_timeout, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static void
report (Bench *self, const char *what, double resident, double allocated,
    guint threads)
{
  double each = (get_resident_kib () - resident) / self->n;
  double own = (get_allocated_kib () - allocated) / self->n;

  printf ("%s: %.0f KiB resident a client (goal: under %u), %.0f KiB "
          "allocated, %+d threads in all\n",
      what, each, GOAL_KIB, own, (int) get_threads () - (int) threads);
  /* Of few clients, what the heap keeps for later is the larger part */
  self->too_much = own > GOAL_KIB;
}

/* One client beforehand brings what all share */
static void
run (Bench *self)
{
  gint64 start;
  double resident, allocated;
  guint threads, i, n = self->n;

  self->n = 1;
  begin (self);
  while (self->n_ready < 1)
    g_main_context_iteration (NULL, TRUE);
  self->n = n;
  settle (self);

  resident = get_resident_kib ();
  allocated = get_allocated_kib ();
  threads = get_threads ();
  start = g_get_monotonic_time ();
  for (i = 0; i < AT_ONCE; i++)
    begin (self);
  while (self->n_ready < self->n)
    g_main_context_iteration (NULL, TRUE);
  printf ("%u clients signed on and subscribed in %.1f s, %u failed\n", self->n,
      (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC,
      self->n_failed);
  report (self, "at once", resident, allocated, threads);
  settle (self);
  report (self, "at rest", resident, allocated, threads);
  if (self->n_failed > 0)
    return;
  write_round (self);
  settle (self);
  report (
      self, "after a message from and to each", resident, allocated, threads);
}

int
main (int argc, char **argv)
{
  Bench self = { .n = N_CLIENTS, .settle_ms = SETTLE_MS };
  gboolean tls = FALSE, check = FALSE;
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  guint i;

  for (i = 2; i < (guint) argc; i++) {
    tls = tls || g_str_equal (argv[i], "--tls");
    check = check || g_str_equal (argv[i], "--check");
  }
  if (argc < 2) {
    g_printerr ("Usage: bench-clients KANDY-LOOPBACK [--tls] [--check]\n");
    return 2;
  }
  if (check) {
    self.n = N_CHECKED;
    self.settle_ms = SETTLE_CHECKED_MS;
  }
  setvbuf (stdout, NULL, _IOLBF, 0);
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  self.config = kandy_config_new ();
  self.clients = g_ptr_array_new_with_free_func (g_object_unref);
  if (!start_platform (&self, argv[1], tls, &error)) {
    g_printerr ("bench-clients: %s\n", error->message);
    return 1;
  }
  run (&self);
  for (i = 0; i < self.clients->len; i++)
    kandy_client_destroy (self.clients->pdata[i]);
  g_ptr_array_unref (self.clients);
  g_subprocess_send_signal (self.platform, SIGTERM);
  g_subprocess_wait (self.platform, NULL, NULL);
  g_object_unref (self.platform);
  g_object_unref (self.config);
  return self.n_failed > 0 || (check && self.too_much) ? 1 : 0;
}
