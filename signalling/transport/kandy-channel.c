/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-channel.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-rest-private.h"

#define MIN_REFRESH_S 1.0
#define MIN_RETRY_S 5.0
/* Beyond this a refresh would be no use, and a timer would overflow */
#define MAX_LIFETIME_S (14 * 86400.0)

/* It is not known which form the platform takes (protocol session 3.3): one
 * that answers 404 to the first may not know the form, rather than the channel
 */
typedef enum {
  FORM_LIFETIME, /* PUT resourceURL/channelLifetime */
  FORM_CHANNEL,  /* PUT resourceURL */
  FORM_PROBE,    /* GET resourceURL: is it there at all? */
  FORM_NONE,     /* the platform has no way to refresh */
} Form;

enum {
  SIGNAL_REFRESHED,
  SIGNAL_GONE,
  N_SIGNALS,
};

struct _KandyChannel {
  GObject parent_instance;

  KandyClient *client; /* weak */
  char *resource;      /* path of resourceURL */
  char *callback_url;
  char *channel_url;
  double lifetime; /* s, 0: no refresh */

  GCancellable *cancellable; /* while it is kept alive */
  GSource *timer;
  gint64 expires_at; /* monotonic */
  guint attempt;
  Form form;
};

G_DEFINE_FINAL_TYPE (KandyChannel, kandy_channel, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

static void send_refresh (KandyChannel *self);

static double
requested_lifetime (KandyClient *client)
{
  KandyConfig *config = kandy_client_get_config (client);
  double expires = kandy_config_get_number (config, "subscription.expires");

  return expires > 0
      ? expires
      : kandy_config_get_number (config, "subscription.channelLifetime");
}

static JsonNode *
make_request (KandyClient *client)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *party = kandy_config_get_string (
      kandy_client_get_config (client), "connectivity.method.responsibleParty");
  double lifetime = requested_lifetime (client);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "notificationChannel");
  json_builder_begin_object (builder);
  if (lifetime > 0) {
    json_builder_set_member_name (builder, "channelLifetime");
    json_builder_add_int_value (builder, (gint64) lifetime);
  }
  json_builder_set_member_name (builder, "channelType");
  json_builder_add_string_value (builder, "Websockets");
  json_builder_set_member_name (builder, "clientCorrelator");
  json_builder_add_string_value (builder, kandy_client_get_correlator (client));
  json_builder_set_member_name (builder, "x-connCheckRole");
  json_builder_add_string_value (builder, party);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static JsonNode *
make_lifetime (double lifetime)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "notificationChannelLifetime");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "channelLifetime");
  json_builder_add_int_value (builder, (gint64) lifetime);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static KandyChannel *
take_reply (KandyClient *client, JsonNode *reply, GError **error)
{
  JsonObject *content = kandy_json_get_object (
      json_node_get_object (reply), "notificationChannel");
  const char *resource = kandy_json_get_string (content, "resourceURL");
  const char *callback_url = kandy_json_get_string (content, "callbackURL");
  const char *channel_url = kandy_json_get_string (
      kandy_json_get_object (content, "channelData"), "channelURL");
  const char *missing = NULL;
  g_autofree char *path = NULL;
  double lifetime;
  KandyChannel *self;

  if (!content)
    missing = "notificationChannel";
  else if (!resource || !strstr (resource, "/channels/"))
    missing = "resourceURL";
  else if (!callback_url)
    missing = "callbackURL";
  else if (!channel_url || !*channel_url)
    missing = "channelData.channelURL";
  if (missing) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
            "the reply has no valid %s", missing));
    return NULL;
  }
  path = kandy_rest_localize_resource (
      kandy_client_get_rest (client), resource, error);
  if (!path)
    return NULL;

  self = g_object_new (KANDY_TYPE_CHANNEL, NULL);
  g_set_weak_pointer (&self->client, client);
  self->resource = g_steal_pointer (&path);
  self->callback_url = g_strdup (callback_url);
  self->channel_url = g_strdup (channel_url);
  lifetime = kandy_json_get_double (
      content, "channelLifetime", requested_lifetime (client));
  self->lifetime = CLAMP (lifetime, 0, MAX_LIFETIME_S);
  return self;
}

static void
create_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyClient *client = g_task_get_source_object (task);
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (GError) error = NULL;
  KandyChannel *self = NULL;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (reply)
    self = take_reply (client, reply, &error);
  if (self)
    g_task_return_pointer (task, self, g_object_unref);
  else
    g_task_return_error (task,
        kandy_error_restate (error, "subscription:2",
            "The notification channel could not be made: %s", error->message));
}

static gboolean
life_over (gpointer user_data)
{
  KandyChannel *self = user_data;

  kandy_channel_stop (self);
  g_signal_emit (self, signals[SIGNAL_GONE], 0);
  return G_SOURCE_REMOVE;
}

static gboolean
refresh_time (gpointer user_data)
{
  KandyChannel *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  send_refresh (self);
  return G_SOURCE_REMOVE;
}

static void
set_timer (KandyChannel *self, double seconds, GSourceFunc func)
{
  if (self->timer) {
    g_source_destroy (self->timer);
    g_source_unref (self->timer);
  }
  self->timer = g_timeout_source_new ((guint) (MAX (seconds, 0) * 1000));
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, kandy_client_get_context (self->client));
}

static void
begin_life (KandyChannel *self)
{
  self->attempt = 1;
  self->expires_at =
      g_get_monotonic_time () + (gint64) (self->lifetime * G_USEC_PER_SEC);
  set_timer (self, MAX (self->lifetime / 2, MIN_REFRESH_S), refresh_time);
}

static void
refresh_succeeded (KandyChannel *self)
{
  guint attempt = self->attempt;

  begin_life (self);
  g_signal_emit (self, signals[SIGNAL_REFRESHED], 0, attempt, NULL);
}

/* Another try while there is life, then the end of it */
static void
refresh_failed (KandyChannel *self, const GError *cause)
{
  double remaining =
      (double) (self->expires_at - g_get_monotonic_time ()) / G_USEC_PER_SEC;
  double wait = MAX (MIN_RETRY_S, remaining / 2);
  guint attempt = self->attempt++;
  g_autoptr (GError) error = kandy_error_restate (cause, "subscription:4",
      "The notification channel's life could not be extended: %s",
      cause->message);

  if (self->form == FORM_NONE) {
    /* checks of the websocket keep it alive (protocol session 3.3) */
  } else if (wait < remaining) {
    set_timer (self, wait, refresh_time);
  } else {
    set_timer (self, remaining, life_over);
  }
  g_signal_emit (self, signals[SIGNAL_REFRESHED], 0, attempt, error);
}

static gboolean
is_unknown (const GError *error)
{
  guint status = kandy_error_get_http_status (error);

  return status == SOUP_STATUS_NOT_FOUND
      || status == SOUP_STATUS_METHOD_NOT_ALLOWED
      || status == SOUP_STATUS_NOT_IMPLEMENTED;
}

static void
refresh_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || !self->cancellable || !self->client
      || kandy_client_is_destroyed (self->client))
    return;
  if (self->form == FORM_PROBE) {
    if (error && kandy_error_get_http_status (error) == SOUP_STATUS_NOT_FOUND) {
      life_over (self);
      return;
    }
    self->form = error ? FORM_LIFETIME : FORM_NONE;
    if (!error)
      error = kandy_error_new (
          KANDY_ERROR_NOT_SUPPORTED, NULL, 0, "the platform does not offer it");
    refresh_failed (self, error);
  } else if (!error) {
    refresh_succeeded (self);
  } else if (is_unknown (error)) {
    self->form = (Form) (self->form + 1);
    send_refresh (self);
  } else {
    refresh_failed (self, error);
  }
}

static void
send_refresh (KandyChannel *self)
{
  g_autoptr (JsonNode) body = NULL;
  g_autofree char *path = NULL;
  gboolean probe = self->form == FORM_PROBE;

  if (!probe)
    body = make_lifetime (self->lifetime);
  path = g_strconcat (self->resource,
      self->form == FORM_LIFETIME ? "/channelLifetime" : NULL, NULL);
  kandy_rest_send_async (kandy_client_get_rest (self->client),
      probe ? "GET" : "PUT", path, body, KANDY_REST_NO_REPLY_BODY, 0,
      "Refresh channel", self->cancellable, refresh_done, g_object_ref (self));
}

static void
delete_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyChannel *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);

  if (error && self->client && !kandy_client_is_destroyed (self->client))
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_WARN, "SUBSCRIPTION", NULL,
        "The notification channel could not be deleted (subscription:7): %s",
        error->message);
  g_task_return_boolean (task, TRUE);
}

static void
kandy_channel_dispose (GObject *object)
{
  KandyChannel *self = KANDY_CHANNEL (object);

  kandy_channel_stop (self);
  g_clear_weak_pointer (&self->client);

  G_OBJECT_CLASS (kandy_channel_parent_class)->dispose (object);
}

static void
kandy_channel_finalize (GObject *object)
{
  KandyChannel *self = KANDY_CHANNEL (object);

  g_free (self->resource);
  g_free (self->callback_url);
  g_free (self->channel_url);

  G_OBJECT_CLASS (kandy_channel_parent_class)->finalize (object);
}

static void
kandy_channel_class_init (KandyChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kandy_channel_dispose;
  object_class->finalize = kandy_channel_finalize;

  signals[SIGNAL_REFRESHED] =
      g_signal_new ("refreshed", KANDY_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_ERROR);
  signals[SIGNAL_GONE] = g_signal_new ("gone", KANDY_TYPE_CHANNEL,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
kandy_channel_init (KandyChannel *self)
{
}

void
kandy_channel_create_async (
    KandyClient *client, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (client, NULL, callback, user_data);
  g_autofree char *path =
      kandy_client_user_path (client, "notificationchannel", "channels");
  g_autoptr (JsonNode) body = make_request (client);

  g_task_set_source_tag (task, kandy_channel_create_async);
  if (!path) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "subscription:2", 0,
            "The notification channel could not be made: nobody is signed "
            "on"));
    g_object_unref (task);
    return;
  }
  kandy_rest_send_async (kandy_client_get_rest (client), "POST", path, body,
      KANDY_REST_DEFAULT, 0, "Create channel", NULL, create_done, task);
}

KandyChannel *
kandy_channel_create_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kandy_channel_keep_alive (KandyChannel *self)
{
  if (self->lifetime <= 0 || self->cancellable)
    return;
  self->cancellable = g_cancellable_new ();
  begin_life (self);
}

void
kandy_channel_stop (KandyChannel *self)
{
  if (self->timer) {
    g_source_destroy (self->timer);
    g_clear_pointer (&self->timer, g_source_unref);
  }
  if (self->cancellable) {
    g_cancellable_cancel (self->cancellable);
    g_clear_object (&self->cancellable);
  }
}

void
kandy_channel_delete_async (
    KandyChannel *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, kandy_channel_delete_async);
  kandy_channel_stop (self);
  kandy_rest_send_async (kandy_client_get_rest (self->client), "DELETE",
      self->resource, NULL, KANDY_REST_NO_REPLY_BODY, 0, "Delete channel", NULL,
      delete_done, task);
}

void
kandy_channel_delete_finish (KandyChannel *self, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

const char *
kandy_channel_get_callback_url (KandyChannel *self)
{
  return self->callback_url;
}

const char *
kandy_channel_get_channel_url (KandyChannel *self)
{
  return self->channel_url;
}

/* The element before "/channels/" is the user (protocol session 3.1). The
 * platform may or may not escape it: both sides are decoded. */
gboolean
kandy_channel_is_own (KandyChannel *self)
{
  const char *end = g_strstr_len (self->resource, -1, "/channels/");
  const char *start = end;
  g_autofree char *decoded = NULL;
  const char *username = kandy_client_get_username (self->client);

  while (start > self->resource && start[-1] != '/')
    start--;
  decoded = g_uri_unescape_segment (start, end, NULL);
  return g_strcmp0 (decoded, username) == 0;
}
