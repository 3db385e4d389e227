/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <glib-unix.h>

#include "kandy-loopback.h"

/* The command line: kandy-loopback serves until it is told to stop. Exit code
 * 0 after SIGTERM or SIGINT, 1 for failures, 2 for wrong usage. */

enum {
  EXIT_USAGE = 2,
};

static char *address;
static int port;
static gboolean tls;
static char *tls_cert;
static char *tls_key;
static char **accounts;
static char **groups;
static char *config;
static char *store;
static gboolean verbose;
static gboolean version;

static const GOptionEntry entries[] = {
  { "address", 0, 0, G_OPTION_ARG_STRING, &address,
      "IP address to listen on (default: 127.0.0.1)", "A" },
  { "port", 0, 0, G_OPTION_ARG_INT, &port,
      "Port to listen on, 0 picks a free one (default: 0)", "N" },
  { "tls", 0, 0, G_OPTION_ARG_NONE, &tls,
      "Serve TLS too, with a certificate made for this run", NULL },
  { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &tls_cert,
      "Serve TLS too, with the certificate in this PEM file", "F" },
  { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &tls_key,
      "PEM file with the certificate's private key", "F" },
  { "account", 0, 0, G_OPTION_ARG_STRING_ARRAY, &accounts,
      "Add an account; may be given again (default: see below)",
      "NAME@DOMAIN:PASSWORD" },
  { "group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &groups,
      "Add a group with these accounts in it; may be given again",
      "ID:NAME[,NAME...]" },
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
      "Read accounts, client ids, policies and faults from a JSON file", "F" },
  { "store", 0, 0, G_OPTION_ARG_FILENAME, &store,
      "Keep messages in this file, and attachments beside it (default: in "
      "memory)",
      "F" },
  { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose,
      "Print one line for every exchange", NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
  { NULL },
};

static const char *const default_accounts[] = { "alice@loopback.example:alice",
  "bob@loopback.example:bob", "carol@loopback.example:carol", NULL };

static const char description[] =
    "If no account is given there are alice, bob and carol "
    "@loopback.example, each\n"
    "with the name as password. The client id is \"loopback\". A web phone is "
    "at /. TLS and\n"
    "plain connections share the "
    "port.\n"
    "\n"
    "Faults are ordered with POST /loopback/faults, from this machine "
    "only:\n"
    "  {\"on\":\"request\", \"method\":\"POST\", \"path\":\"/sessions\", "
    "\"count\":1, \"status\":503}\n"
    "  {\"on\":\"notification\", \"type\":\"wrtcsEventNotification\", "
    "\"drop\":true}\n"
    "  {\"on\":\"upgrade\", \"status\":401}\n"
    "  {\"set\":{\"muteAcks\":true}}\n"
    "GET /loopback/faults lists the policies that \"set\" knows, DELETE "
    "/loopback/faults\n"
    "resets them. POST /loopback/close-websockets, send, expire-tokens, "
    "expire-channels,\n"
    "cancel-subscriptions and end-sessions act at once. GET /loopback/log "
    "and /loopback/state\n"
    "tell what has happened.\n"
    "\n"
    "Exit status: 0 after SIGTERM or SIGINT, 1 if it cannot run, 2 for "
    "wrong usage.";

static int
usage_error (const char *message)
{
  g_printerr ("kandy-loopback: %s\nTry kandy-loopback --help.\n", message);
  return EXIT_USAGE;
}

static int
failure (const GError *error)
{
  g_printerr ("kandy-loopback: %s\n", error->message);
  return EXIT_FAILURE;
}

static gboolean
add_accounts (KandyLoopback *loopback, const char *const *list, GError **error)
{
  guint i;

  for (i = 0; list && list[i]; i++) {
    const char *colon = strchr (list[i], ':');
    g_autofree char *name = NULL;

    if (!colon) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "--account wants NAME@DOMAIN:PASSWORD, not \"%s\"", list[i]);
      return FALSE;
    }
    name = g_strndup (list[i], colon - list[i]);
    if (!kandy_loopback_add_account (loopback, name, colon + 1, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_groups (KandyLoopback *loopback, GError **error)
{
  guint i;

  for (i = 0; groups && groups[i]; i++) {
    const char *colon = strchr (groups[i], ':');
    g_autofree char *id = NULL;
    g_auto (GStrv) members = NULL;

    if (!colon) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "--group wants ID:NAME[,NAME...], not \"%s\"", groups[i]);
      return FALSE;
    }
    id = g_strndup (groups[i], colon - groups[i]);
    members = g_strsplit (colon + 1, ",", -1);
    if (!kandy_loopback_add_group (
            loopback, id, (const char *const *) members, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_up_tls (KandyLoopback *loopback, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (tls)
    return kandy_loopback_use_self_signed (loopback, error);
  if (!tls_cert)
    return TRUE;
  certificate = g_tls_certificate_new_from_files (tls_cert, tls_key, error);
  if (!certificate) {
    g_prefix_error (error, "%s, %s: ", tls_cert, tls_key);
    return FALSE;
  }
  kandy_loopback_set_certificate (loopback, certificate);
  return TRUE;
}

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

/* Each client has a websocket and some connections for its requests */
static void
allow_many_connections (void)
{
  struct rlimit files;

  if (getrlimit (RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit (RLIMIT_NOFILE, &files);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (KandyLoopback) loopback = NULL;
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  guint sources[2];

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  allow_many_connections ();

  context = g_option_context_new ("- a calling platform on one machine");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return usage_error (error->message);
  if (argc > 1)
    return usage_error ("there are no arguments but options");
  if (version) {
    g_print ("kandy-loopback %s\n", VERSION);
    return EXIT_SUCCESS;
  }
  if (port < 0 || port > G_MAXUINT16)
    return usage_error ("--port must be from 0 to 65535");
  if (!tls_cert != !tls_key)
    return usage_error ("--tls-cert and --tls-key go together");
  if (tls && tls_cert)
    return usage_error ("--tls makes a certificate, --tls-cert brings one");

  loopback = kandy_loopback_new ();
  kandy_loopback_set_verbose (loopback, verbose);
  if (!add_accounts (loopback, (const char *const *) accounts, &error))
    return usage_error (error->message);
  if ((store && !kandy_loopback_set_store (loopback, store, &error))
      || (config && !kandy_loopback_load_config (loopback, config, &error))
      || !set_up_tls (loopback, &error))
    return failure (error);
  if (kandy_loopback_count_accounts (loopback) == 0)
    add_accounts (loopback, default_accounts, NULL);
  if (!add_groups (loopback, &error))
    return usage_error (error->message);

  loop = g_main_loop_new (NULL, FALSE);
  sources[0] = g_unix_signal_add (SIGTERM, on_signal, loop);
  sources[1] = g_unix_signal_add (SIGINT, on_signal, loop);
  if (!kandy_loopback_start (
          loopback, address ? address : "127.0.0.1", port, &error))
    return failure (error);

  uri = kandy_loopback_get_uri (loopback);
  g_print ("listening on %s\n", uri);
  fflush (stdout);
  g_main_loop_run (loop);

  kandy_loopback_stop (loopback);
  g_source_remove (sources[0]);
  g_source_remove (sources[1]);
  return EXIT_SUCCESS;
}
