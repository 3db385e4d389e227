/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-calls-private.h"

#include "kandy-call-private.h"
#include "kandy-config.h"
#include "kandy-ice-server.h"
#include "kandy-json.h"

/*
 * The ICE servers of calls (protocol calls 1.5): the configured ones, with the
 * credentials that the platform gives out once the service `call` is
 * subscribed. If it gives none, they are used as they were configured.
 */

/* A call that is made or received right after the subscription waits for the
 * credentials, but not longer than this */
#define FETCH_PATIENCE_MS 2000

typedef struct {
  KandyCalls *self;
  guint fetch;
  GPtrArray *configured;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_object_unref (fetch->self);
  g_ptr_array_unref (fetch->configured);
  g_free (fetch);
}

static void
servers_known (KandyCalls *self)
{
  g_autoptr (GPtrArray) calls = kandy_calls_get_all (self);
  guint i;

  self->fetching = FALSE;
  kandy_clear_source (&self->fetch_timer);
  for (i = 0; i < calls->len; i++)
    kandy_call_servers_known (calls->pdata[i]);
}

static gboolean
on_fetch_takes_long (gpointer user_data)
{
  KandyCalls *self = user_data;

  kandy_calls_log (self, KANDY_LOG_LEVEL_WARN, NULL,
      "No TURN credentials within %d ms, calls go on without",
      FETCH_PATIENCE_MS);
  servers_known (self);
  return G_SOURCE_REMOVE;
}

static GPtrArray *
with_credentials (
    GPtrArray *configured, const char *username, const char *password)
{
  GPtrArray *servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  guint i;

  for (i = 0; i < configured->len; i++)
    g_ptr_array_add (servers,
        kandy_ice_server_new (kandy_ice_server_get_urls (configured->pdata[i]),
            username, password));
  return servers;
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  KandyCalls *self = fetch->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) reply = NULL;
  const char *username = NULL, *password = NULL;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (!self->client || fetch->fetch != self->fetch) {
    fetch_free (fetch);
    return;
  }
  if (reply) {
    username =
        kandy_json_get_string_at (reply, "wrtcsTurnCredentials.username");
    password =
        kandy_json_get_string_at (reply, "wrtcsTurnCredentials.password");
  }

  g_clear_pointer (&self->servers, g_ptr_array_unref);
  if (username && password) {
    self->servers = with_credentials (fetch->configured, username, password);
  } else {
    kandy_calls_log (self, KANDY_LOG_LEVEL_WARN, NULL,
        "No TURN credentials: %s",
        error ? error->message : "the platform's reply has none");
    self->servers = g_ptr_array_ref (fetch->configured);
  }
  servers_known (self);
  fetch_free (fetch);
}

static void
fetch_credentials (KandyCalls *self, GPtrArray *configured)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) body = NULL;
  g_autofree char *path = NULL;
  Fetch *fetch;

  path = kandy_client_user_path (self->client, "webrtcsignaling", "turn");
  if (!path)
    return;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "wrtcsTurnCredentials");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "clientCorrelator");
  json_builder_add_string_value (
      builder, kandy_client_get_correlator (self->client));
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);

  fetch = g_new0 (Fetch, 1);
  fetch->self = g_object_ref (self);
  fetch->fetch = ++self->fetch;
  fetch->configured = g_ptr_array_ref (configured);

  self->fetching = TRUE;
  kandy_clear_source (&self->fetch_timer);
  self->fetch_timer = kandy_calls_add_timeout (
      self, FETCH_PATIENCE_MS, on_fetch_takes_long, self);
  kandy_rest_send_async (kandy_client_get_rest (self->client), "POST", path,
      body, KANDY_REST_DEFAULT, 0, "Fetch credentials", NULL, on_fetched,
      fetch);
}

static void
on_service_subscribed (
    KandyServices *services, const char *service, KandyCalls *self)
{
  KandyConfig *config;
  GPtrArray *configured;

  if (!self->client || g_strcmp0 (service, "call") != 0)
    return;
  config = kandy_client_get_config (self->client);
  configured = kandy_config_get_ice_servers (config);

  g_clear_pointer (&self->servers, g_ptr_array_unref);
  self->servers = g_ptr_array_ref (configured);
  if (configured->len > 0
      && kandy_config_get_boolean (config, "call.serverTurnCredentials"))
    fetch_credentials (self, configured);
  g_ptr_array_unref (configured);
}

void
kandy_calls_watch_services (KandyCalls *self, KandyServices *services)
{
  g_signal_connect_object (services, "service-subscribed",
      G_CALLBACK (on_service_subscribed), self, 0);
}

gboolean
kandy_calls_know_servers (KandyCalls *self)
{
  return !self->fetching;
}

void
kandy_calls_clear_servers (KandyCalls *self)
{
  self->fetching = FALSE;
  self->fetch++;
  kandy_clear_source (&self->fetch_timer);
}

/**
 * kandy_calls_get_ice_servers:
 * @self: the calls
 *
 * What a media engine should use for a call that starts now. The list is made
 * when the service `call` is subscribed: a later change of the configuration
 * takes effect with the next subscription.
 *
 * Returns: (transfer container) (element-type KandyIceServer): the configured
 *     servers, with the platform's TURN credentials if it gave some
 */
GPtrArray *
kandy_calls_get_ice_servers (KandyCalls *self)
{
  GPtrArray *copy;
  guint i;

  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);

  if (!self->servers && self->client)
    return kandy_config_get_ice_servers (
        kandy_client_get_config (self->client));

  copy =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  for (i = 0; self->servers && i < self->servers->len; i++)
    g_ptr_array_add (copy, kandy_ice_server_ref (self->servers->pdata[i]));
  return copy;
}
