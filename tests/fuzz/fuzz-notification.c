/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kandy-client-private.h"
#include "kandy-notifications-private.h"
#include "kandy.h"

/* Whatever a websocket may bring: a line each a frame, from the parser to the
 * calls that it is about. The client has no server, so that requests fail at
 * once; it is made anew now and then, since calls stay in its list. */

#define FRAMES_A_CLIENT 200

static KandyClient *client;
static guint n_frames;

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
ignore_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  g_assert_nonnull (kandy_log_entry_get_message (entry));
}

/* A frame must not bring about a warning. The default handler's own lines, of
 * lower level, are about the missing server */
static GLogWriterOutput
stop_at_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if (level
      & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) {
    g_log_writer_standard_streams (level, fields, n_fields, user_data);
    g_abort ();
  }
  return G_LOG_WRITER_HANDLED;
}

static void
drain (void)
{
  guint i;

  for (i = 0; i < 100 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

static void
check_payload (
    KandyClient *self, const char *name, GVariant *payload, gpointer user_data)
{
  g_assert_true (g_variant_is_of_type (payload, G_VARIANT_TYPE_VARDICT));
  g_assert_true (g_variant_is_normal_form (payload));
}

static void
renew_client (void)
{
  /* {"preferred_username":"a","services-identity":"a@b"} */
  static const char id_token[] =
      "e30.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiJhIiwic2VydmljZXMtaWRlbnRpdHkiOiJhQGIi"
      "fQ.x";
  static guint n_renewals;
  g_autoptr (KandyConfig) config = kandy_config_new ();
  KandyLogger *logger;

  /* Inputs repeat each other's ids: what is a duplicate goes no farther */
  if (n_renewals++ % 4 > 0)
    g_object_set (config, "id-cache-length", 0, NULL);
  if (client) {
    kandy_client_destroy (client);
    drain ();
    g_object_unref (client);
    drain ();
  }
  client = kandy_client_new (config);
  logger = kandy_client_get_logger (client);
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_TRACE, NULL);
  kandy_logger_set_handler (logger, ignore_log, NULL, NULL, NULL);
  kandy_notifications_set_websocket_enabled (
      kandy_client_get_notifications (client), TRUE);
  if (!kandy_client_set_tokens (client, "token", id_token, NULL))
    g_error ("the id token is no good");
  g_signal_connect (client, "event", G_CALLBACK (check_payload), NULL);
  n_frames = 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_log_set_writer_func (stop_at_warnings, NULL, NULL);
  renew_client ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *p = (const char *) data, *end = p + size;

  while (p < end) {
    const char *line = memchr (p, '\n', end - p);
    gsize length = line ? (gsize) (line - p) : (gsize) (end - p);

    kandy_client_process_notification (
        client, p, (gssize) length, "websocket", NULL);
    n_frames++;
    p += length + 1;
  }
  drain ();
  if (n_frames >= FRAMES_A_CLIENT)
    renew_client ();
  return 0;
}
