/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <string.h>

/* What must not be in a log. The tokens themselves are added */
static const char *const secrets[] = { "wonderland", "Bearer ",
  "access_token=", "refresh_token" };

gboolean
g_true_ (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

void
store_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  g_assert_null (*place);
  *place = g_object_ref (result);
}

GAsyncResult *
wait_result (GAsyncResult **result)
{
  WAIT (*result != NULL);
  return *result;
}

static void
on_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  Session *self = user_data;
  const char *message = kandy_log_entry_get_message (entry);
  g_auto (GStrv) types = kandy_logger_get_types (logger);
  guint i;

  g_assert_true (g_strv_contains (
      (const char *const *) types, kandy_log_entry_get_target_type (entry)));
  for (i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (strstr (message, secrets[i]))
      g_error ("a secret was logged: %s", message);
  if (self->client) {
    g_autoptr (GVariant) info = kandy_client_get_user_info (self->client);
    const char *token;

    if (g_variant_lookup (info, "token", "&s", &token)
        && strstr (message, token))
      g_error ("the access token was logged: %s", message);
  }
  if (g_str_has_suffix (message, " to open the websocket")) {
    gint64 now = g_get_monotonic_time ();

    g_array_append_val (self->attempts, now);
  }
  g_string_append_printf (
      self->log, "%s %s\n", kandy_log_entry_get_target_type (entry), message);
}

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  Session *self = user_data;
  const char *text = NULL;
  g_autoptr (GVariant) error = NULL;

  if (g_str_equal (name, "notification:received")) {
    self->n_notifications++;
    return;
  }
  if (self->events->len)
    g_string_append_c (self->events, ' ');
  g_string_append (self->events, name);
  if (g_str_equal (name, "ws:change")) {
    gint64 now = g_get_monotonic_time ();

    g_array_append_val (self->socket_times, now);
    g_string_append_c (self->events,
        kandy_connection_is_connected (kandy_client_get_connection (client))
            ? '+'
            : '-');
  }
  if (g_variant_lookup (payload, "reason", "&s", &text))
    g_string_append_printf (self->events, "{%s}", text);
  error = g_variant_lookup_value (payload, "error", G_VARIANT_TYPE_VARDICT);
  if (error && g_variant_lookup (error, "code", "&s", &text))
    g_string_append_printf (self->events, "(%s)", text);
}

Session *
session_new_for_port (guint port, const char *config)
{
  Session *self = g_new0 (Session, 1);
  g_autoptr (GError) error = NULL;

  self->events = g_string_new (NULL);
  self->log = g_string_new (NULL);
  self->attempts = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->socket_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->config = kandy_config_new ();
  g_object_set (self->config, "server-base", "127.0.0.1", "server-port", port,
      "server-protocol", "http", "client-correlator", "test-device", NULL);
  if (config) {
    kandy_config_load_json (self->config, config, -1, &error);
    g_assert_no_error (error);
  }
  self->client = kandy_client_new (self->config);
  kandy_logger_set_level (
      kandy_client_get_logger (self->client), KANDY_LOG_LEVEL_TRACE, NULL);
  kandy_logger_set_handler (
      kandy_client_get_logger (self->client), on_log, self, NULL, NULL);
  g_signal_connect (self->client, "event", G_CALLBACK (on_event), self);
  return self;
}

Session *
session_new (const char *config)
{
  KandyLoopback *loopback = kandy_loopback_new ();
  g_autoptr (GError) error = NULL;
  Session *self;

  g_assert_true (
      kandy_loopback_add_account (loopback, ALICE, "wonderland", &error));
  g_assert_true (
      kandy_loopback_add_account (loopback, BOB, "wonderland", &error));
  g_assert_true (kandy_loopback_start (loopback, "127.0.0.1", 0, &error));
  g_assert_no_error (error);
  self = session_new_for_port (kandy_loopback_get_port (loopback), config);
  self->loopback = loopback;
  return self;
}

void
session_free (Session *self)
{
  KandyClient *client = self->client;

  g_object_add_weak_pointer (G_OBJECT (client), (gpointer *) &client);
  kandy_logger_set_handler (
      kandy_client_get_logger (self->client), NULL, NULL, NULL, NULL);
  kandy_logger_set_level (
      kandy_client_get_logger (self->client), KANDY_LOG_LEVEL_SILENT, NULL);
  g_signal_handlers_disconnect_by_data (client, self);
  kandy_client_destroy (self->client);
  g_clear_object (&self->client);
  WAIT (client == NULL);
  if (self->loopback) {
    /* the good-bye of the websocket */
    WAIT (kandy_loopback_count_websockets (self->loopback, NULL) == 0);
    kandy_loopback_stop (self->loopback);
    g_clear_object (&self->loopback);
  }
  SETTLE_MS (20);
  g_object_unref (self->config);
  g_string_free (self->events, TRUE);
  g_string_free (self->log, TRUE);
  g_array_unref (self->attempts);
  g_array_unref (self->socket_times);
  g_free (self);
}

void
session_sign_on (Session *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kandy_client_sign_on_password_async (self->client, "loopback", ALICE,
      "wonderland", NULL, store_result, &result);
  kandy_client_sign_on_finish (self->client, wait_result (&result), &error);
  g_assert_no_error (error);
}

char *
session_get_user_info (Session *session, const char *member)
{
  g_autoptr (GVariant) info = kandy_client_get_user_info (session->client);
  char *text = NULL;

  g_variant_lookup (info, member, "s", &text);
  return text;
}

gboolean
session_try_sign_on (Session *session, const char *client_id, const char *user,
    const char *password, GError **error)
{
  GAsyncResult *result = NULL;
  gboolean done;

  kandy_client_sign_on_password_async (
      session->client, client_id, user, password, NULL, store_result, &result);
  done = kandy_client_sign_on_finish (
      session->client, wait_result (&result), error);
  g_object_unref (result);
  return done;
}

gboolean
session_subscribe (Session *self, const char *services, GError **error)
{
  g_auto (GStrv) names = g_strsplit (services, ",", -1);
  g_autoptr (GAsyncResult) result = NULL;
  KandyServices *object = kandy_client_get_services (self->client);

  kandy_services_subscribe_async (object,
      g_variant_new_strv ((const char *const *) names, -1), NULL, NULL,
      store_result, &result);
  return kandy_services_subscribe_finish (object, wait_result (&result), error);
}

gboolean
session_unsubscribe (Session *self, const char *services, GError **error)
{
  g_auto (GStrv) names = g_strsplit (services, ",", -1);
  g_autoptr (GAsyncResult) result = NULL;
  KandyServices *object = kandy_client_get_services (self->client);

  kandy_services_unsubscribe_async (
      object, (const char *const *) names, NULL, NULL, store_result, &result);
  return kandy_services_unsubscribe_finish (
      object, wait_result (&result), error);
}

char *
session_get_subscribed (Session *self)
{
  g_autoptr (GVariant) dict = kandy_services_get_subscriptions (
      kandy_client_get_services (self->client));
  g_autofree const char **names = NULL;

  g_assert_true (g_variant_lookup (dict, "subscribed", "^a&s", &names));
  return g_strjoinv (",", (char **) names);
}

gboolean
session_is_pending (Session *self)
{
  g_autoptr (GVariant) dict = kandy_services_get_subscriptions (
      kandy_client_get_services (self->client));
  gboolean pending = FALSE;

  g_assert_true (g_variant_lookup (dict, "isPending", "b", &pending));
  return pending;
}

void
session_fault (Session *self, const char *json)
{
  g_autoptr (GError) error = NULL;

  kandy_loopback_set_fault (self->loopback, json, &error);
  g_assert_no_error (error);
}

void
session_clear_events (Session *self)
{
  g_string_truncate (self->events, 0);
  g_array_set_size (self->socket_times, 0);
  g_array_set_size (self->attempts, 0);
}

char *
make_id_token (const char *username, const char *identity)
{
  g_autofree char *payload =
      g_strdup_printf ("{\"preferred_username\":\"%s\",\"services-identity\":"
                       "\"%s\",\"sub\":\"\\u00e9>?\"}",
          username, identity);
  g_autofree char *base64 =
      g_base64_encode ((const guchar *) payload, strlen (payload));
  char *p;

  /* base64url, without padding */
  for (p = base64; *p; p++) {
    if (*p == '+')
      *p = '-';
    else if (*p == '/')
      *p = '_';
    else if (*p == '=')
      *p = '\0';
  }
  return g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.c2ln", base64);
}
