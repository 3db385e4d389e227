/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-connection-private.h"

#include <math.h>

#include "kandy-action-log.h"
#include "kandy-client-private.h"
#include "kandy-connectivity.h"
#include "kandy-error-private.h"
#include "kandy-events.h"
#include "kandy-notifications-private.h"
#include "kandy-websocket.h"

/**
 * KandyConnection:
 *
 * The websocket by which the platform's notifications come (API document:
 * `connection`). It is opened by the first subscription of #KandyServices and
 * closed when the last one ends; in between it is checked and, when lost,
 * opened again, as the section `connectivity` of the configuration says.
 * Subscriptions and calls survive that.
 */

/* The first attempt has at least this long (protocol session 5.2) */
#define MIN_FIRST_WINDOW_MS 2000.0
/* Attempts are at least this far apart, so that a configured delay of 0 does
 * not hammer the platform */
#define MIN_WINDOW_MS 100.0

/* For the peer's close frame; a platform that does not answer must not hold up
 * who leaves */
#define CLOSE_TIMEOUT_MS 500

#define PLATFORM "cpaas"

enum {
  PROP_0,
  PROP_CONNECTED,
  N_PROPS,
};

enum {
  SIGNAL_LOST,
  N_SIGNALS,
};

struct _KandyConnection {
  GObject parent_instance;

  KandyClient *client; /* weak */
  KandyConnectivity *connectivity;
  KandyWebsocket *websocket; /* the one that is open or being opened */
  char *channel_url; /* NULL while there is nothing to be connected to */
  GTask *connecting; /* of connect_async */

  /* the attempts that are under way */
  GSource *retry_timer;
  guint n_failed;
  guint limit;
  double delay, multiplier, time_limit, window; /* ms */
  gint64 attempt_at;                            /* monotonic */

  /* what getSocketState tells */
  gboolean connected;
  gboolean auto_reconnect;
  GVariant *record; /* a{sv}: the configuration when it was opened */
  gint64 last_contact;
  gboolean ever; /* a connection was asked for */
};

G_DEFINE_FINAL_TYPE (KandyConnection, kandy_connection, G_TYPE_OBJECT)

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void start_attempt (KandyConnection *self);

static KandyConfig *
get_config (KandyConnection *self)
{
  return kandy_client_get_config (self->client);
}

static void
set_connected (KandyConnection *self, gboolean connected)
{
  if (self->connected == connected)
    return;
  self->connected = connected;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONNECTED]);
}

static void
emit_change (KandyConnection *self)
{
  GVariantDict payload;

  if (!self->client)
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert (&payload, "platform", "s", PLATFORM);
  kandy_client_emit (
      self->client, self, "ws:change", g_variant_dict_end (&payload));
}

static void
drop_websocket (KandyConnection *self, gushort code)
{
  g_autoptr (KandyWebsocket) websocket = g_steal_pointer (&self->websocket);

  kandy_connectivity_stop (self->connectivity);
  if (websocket) {
    g_signal_handlers_disconnect_by_data (websocket, self);
    kandy_websocket_close (websocket, code);
  }
  if (self->retry_timer) {
    g_source_destroy (self->retry_timer);
    g_clear_pointer (&self->retry_timer, g_source_unref);
  }
}

/* Nothing to be connected to any more; what was recorded is forgotten */
static void
forget (KandyConnection *self)
{
  drop_websocket (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
  g_clear_pointer (&self->channel_url, g_free);
  g_clear_pointer (&self->record, g_variant_unref);
  kandy_connectivity_forget_enabled (self->connectivity);
}

static void
end_connecting (KandyConnection *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->connecting);

  if (!task)
    g_clear_error (&error);
  else if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
lose (KandyConnection *self, const char *reason)
{
  gboolean was_connected = self->connected;

  forget (self);
  set_connected (self, FALSE);
  if (was_connected)
    emit_change (self);
  g_signal_emit (self, signals[SIGNAL_LOST], 0, reason);
}

static void
read_config (KandyConnection *self)
{
  KandyConfig *config = get_config (self);

  self->limit =
      (guint) kandy_config_get_number (config, "connectivity.reconnectLimit");
  self->delay = kandy_config_get_number (config, "connectivity.reconnectDelay");
  self->multiplier =
      kandy_config_get_number (config, "connectivity.reconnectTimeMultiplier");
  self->time_limit =
      kandy_config_get_number (config, "connectivity.reconnectTimeLimit");
  self->window = MAX (self->delay, MIN_FIRST_WINDOW_MS);
  self->n_failed = 0;
}

/* First row of the table of protocol session 5.3 */
static void
start_procedure (KandyConnection *self)
{
  g_autofree char *channel_url = g_strdup (self->channel_url);

  read_config (self);
  set_connected (self, FALSE);
  emit_change (self);
  /* a listener may have ended it, or reset it */
  if (self->client && !kandy_client_is_destroyed (self->client)
      && g_strcmp0 (self->channel_url, channel_url) == 0 && !self->websocket
      && !self->retry_timer)
    start_attempt (self);
}

/* The websocket is no good; open another one, or give up */
static void
recover (KandyConnection *self)
{
  if (self->auto_reconnect)
    start_procedure (self);
  else
    lose (self, "LOST_CONNECTION");
}

/* Third row of the table */
static void
connection_lost (KandyConnection *self)
{
  g_autoptr (KandyConnection) alive = g_object_ref (self);

  drop_websocket (self, SOUP_WEBSOCKET_CLOSE_NO_STATUS);
  set_connected (self, FALSE);
  emit_change (self);
  if (self->channel_url && !self->websocket && !self->retry_timer
      && self->client && !kandy_client_is_destroyed (self->client))
    recover (self);
}

static void
on_frame (KandyWebsocket *websocket, JsonNode *root, gpointer user_data)
{
  KandyConnection *self = user_data;

  if (!self->client)
    return;
  self->last_contact = g_get_real_time () / 1000;
  kandy_action_log (self->client, "Frame received", NULL, root);
  if (!kandy_connectivity_take_frame (
          self->connectivity, json_node_get_object (root)))
    kandy_notifications_process (kandy_client_get_notifications (self->client),
        KANDY_NOTIFICATION_CHANNEL_WEBSOCKET, root);
}

static void
on_closed (KandyWebsocket *websocket, guint code, gpointer user_data)
{
  g_autoptr (KandyConnection) self = g_object_ref (user_data);

  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_INFO, "CONNECTIVITY", NULL,
      "The platform closed the websocket (%u)", code);
  drop_websocket (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
  if (code == SOUP_WEBSOCKET_CLOSE_NORMAL)
    lose (self, "LOST_CONNECTION");
  else if (code == KANDY_WEBSOCKET_CLOSE_OVERRIDDEN)
    lose (self, "WS_OVERRIDDEN");
  else
    recover (self);
}

static GVariant *
make_record (KandyConnection *self)
{
  static const char *const keys[] = { "method", "pingInterval",
    "reconnectLimit", "reconnectDelay", "reconnectTimeMultiplier",
    "reconnectTimeLimit", "autoReconnect", "maxMissedPings" };
  KandyConfig *config = get_config (self);
  g_autofree char *protocol =
      kandy_config_get_string (config, "authentication.server.protocol");
  g_autofree char *server =
      kandy_config_get_string (config, "authentication.server.base");
  GVariantDict dict, info;
  guint i;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "platform", "s", PLATFORM);
  for (i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *path = g_strconcat ("connectivity.", keys[i], NULL);
    g_autoptr (GVariant) value = kandy_config_get_value (config, path);

    if (value)
      g_variant_dict_insert_value (&dict, keys[i], value);
  }

  /* `params` would be the access token, which is nobody's business */
  g_variant_dict_init (&info, NULL);
  g_variant_dict_insert (
      &info, "protocol", "s", g_strcmp0 (protocol, "http") == 0 ? "ws" : "wss");
  g_variant_dict_insert (&info, "server", "s", server ? server : "");
  g_variant_dict_insert (&info, "port", "x",
      (gint64) kandy_config_get_number (config, "authentication.server.port"));
  g_variant_dict_insert (&info, "url", "s", self->channel_url);
  g_variant_dict_insert_value (&dict, "wsInfo", g_variant_dict_end (&info));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
opened (KandyConnection *self)
{
  KandyWebsocket *websocket = self->websocket;

  g_clear_pointer (&self->record, g_variant_unref);
  self->record = make_record (self);
  self->last_contact = g_get_real_time () / 1000;
  self->auto_reconnect = kandy_config_get_boolean (
      get_config (self), "connectivity.autoReconnect");
  g_signal_connect (self->websocket, "frame", G_CALLBACK (on_frame), self);
  g_signal_connect (self->websocket, "closed", G_CALLBACK (on_closed), self);
  kandy_notifications_set_websocket_enabled (
      kandy_client_get_notifications (self->client), TRUE);
  kandy_connectivity_start (self->connectivity, websocket);
  if (self->websocket != websocket) {
    /* Already the first ping could not be sent. With another attempt under way
     * its end is the answer */
    if (!self->channel_url)
      end_connecting (self,
          kandy_error_new (KANDY_ERROR_NETWORK, "subscription:1", 0,
              "The websocket was lost as soon as it was open"));
    return;
  }
  set_connected (self, TRUE);
  emit_change (self);
  end_connecting (self, NULL);
}

static void
give_up (KandyConnection *self, const GError *cause)
{
  if (self->connecting) {
    GError *error = kandy_error_restate (cause, "subscription:1",
        "The websocket could not be opened: %s", cause->message);

    forget (self);
    end_connecting (self, error);
  } else {
    /* the platform no longer knows the channel */
    lose (self,
        kandy_error_get_http_status (cause) == SOUP_STATUS_NOT_FOUND
            ? "GONE"
            : "LOST_CONNECTION");
  }
}

static gboolean
retry (gpointer user_data)
{
  KandyConnection *self = user_data;

  g_clear_pointer (&self->retry_timer, g_source_unref);
  start_attempt (self);
  return G_SOURCE_REMOVE;
}

static void
attempt_failed (KandyConnection *self, const GError *error)
{
  double since_start, former = self->window;

  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_WARN, "CONNECTIVITY", NULL, "Attempt %u failed: %s",
      self->n_failed + 1, error->message);
  self->n_failed++;
  if (kandy_error_get_http_status (error) == SOUP_STATUS_UNAUTHORIZED)
    kandy_auth_token_refused (kandy_client_get_auth (self->client));
  if ((self->limit != 0 && self->n_failed >= self->limit)
      || (!self->connecting
          && kandy_error_get_http_status (error) == SOUP_STATUS_NOT_FOUND)) {
    give_up (self, error);
    return;
  }

  if (former != self->time_limit)
    self->window = MIN (
        self->delay * pow (self->multiplier, self->n_failed), self->time_limit);
  self->window = MAX (self->window, MIN_WINDOW_MS);
  since_start = (double) (g_get_monotonic_time () - self->attempt_at) / 1000;
  self->retry_timer =
      g_timeout_source_new ((guint) CLAMP (former - since_start, 0, G_MAXINT));
  g_source_set_callback (self->retry_timer, retry, self, NULL);
  g_source_attach (self->retry_timer, kandy_client_get_context (self->client));
}

static void
attempt_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyConnection) self = user_data;
  KandyWebsocket *websocket = KANDY_WEBSOCKET (source);
  g_autoptr (GError) error = NULL;
  gboolean open = kandy_websocket_open_finish (websocket, result, &error);

  /* it was replaced or dropped meanwhile */
  if (self->websocket != websocket)
    return;
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    drop_websocket (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
  } else if (open) {
    opened (self);
  } else {
    g_clear_object (&self->websocket);
    attempt_failed (self, error);
  }
}

static void
start_attempt (KandyConnection *self)
{
  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_INFO, "CONNECTIVITY", NULL,
      "Attempt %u to open the websocket", self->n_failed + 1);
  self->attempt_at = g_get_monotonic_time ();
  self->websocket = kandy_websocket_new (self->client);
  kandy_websocket_open_async (self->websocket, self->channel_url,
      (guint) MIN (self->window, G_MAXINT), attempt_done, g_object_ref (self));
}

static void
on_connectivity_lost (KandyConnectivity *connectivity, gpointer user_data)
{
  connection_lost (user_data);
}

static void
kandy_connection_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  KandyConnection *self = KANDY_CONNECTION (object);

  switch (id) {
    case PROP_CONNECTED:
      g_value_set_boolean (value, self->connected);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
kandy_connection_dispose (GObject *object)
{
  KandyConnection *self = KANDY_CONNECTION (object);

  if (self->connectivity)
    kandy_connection_shutdown (self);
  g_clear_object (&self->connectivity);
  g_clear_weak_pointer (&self->client);

  G_OBJECT_CLASS (kandy_connection_parent_class)->dispose (object);
}

static void
kandy_connection_class_init (KandyConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_connection_get_property;
  object_class->dispose = kandy_connection_dispose;

  /**
   * KandyConnection:connected:
   *
   * Whether the websocket is open.
   */
  props[PROP_CONNECTED] = g_param_spec_boolean ("connected", NULL, NULL, FALSE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyConnection::changed:
   * @self: the connection
   * @platform: always `cpaas`
   *
   * The websocket begins to be opened, is open, is lost, or was closed (API
   * document: `ws:change`).
   */
  kandy_events_install (object_class);

  /**
   * KandyConnection::lost:
   * @self: the connection
   * @reason: `LOST_CONNECTION`, `GONE` or `WS_OVERRIDDEN`
   *
   * The websocket is lost for good. The services follow: wait for
   * #KandyServices::changed, which has the same reason.
   */
  signals[SIGNAL_LOST] = g_signal_new ("lost", KANDY_TYPE_CONNECTION,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
kandy_connection_init (KandyConnection *self)
{
}

KandyConnection *
kandy_connection_new (KandyClient *client)
{
  KandyConnection *self = g_object_new (KANDY_TYPE_CONNECTION, NULL);

  g_set_weak_pointer (&self->client, client);
  self->connectivity = kandy_connectivity_new (client);
  g_signal_connect (
      self->connectivity, "lost", G_CALLBACK (on_connectivity_lost), self);
  return self;
}

void
kandy_connection_shutdown (KandyConnection *self)
{
  forget (self);
  self->connected = FALSE;
  end_connecting (self,
      kandy_error_new (
          KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
}

void
kandy_connection_connect_async (KandyConnection *self, const char *channel_url,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (!self->channel_url);

  self->connecting = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->connecting, kandy_connection_connect_async);
  self->channel_url = g_strdup (channel_url);
  self->ever = TRUE;
  start_procedure (self);
}

gboolean
kandy_connection_connect_finish (
    KandyConnection *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
kandy_connection_disconnect (KandyConnection *self)
{
  gboolean was_wanted = self->channel_url != NULL;

  forget (self);
  kandy_notifications_set_websocket_enabled (
      kandy_client_get_notifications (self->client), FALSE);
  set_connected (self, FALSE);
  end_connecting (self,
      g_error_new_literal (
          G_IO_ERROR, G_IO_ERROR_CANCELLED, "The connection was closed"));
  if (was_wanted)
    emit_change (self);
}

static void
parted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  kandy_websocket_part_finish (KANDY_WEBSOCKET (source), result);
  g_task_return_boolean (task, TRUE);
}

void
kandy_connection_disconnect_async (
    KandyConnection *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (KandyWebsocket) websocket =
      self->websocket ? g_object_ref (self->websocket) : NULL;

  g_task_set_source_tag (task, kandy_connection_disconnect_async);
  if (websocket) {
    kandy_websocket_part_async (
        websocket, SOUP_WEBSOCKET_CLOSE_NORMAL, CLOSE_TIMEOUT_MS, parted, task);
  } else {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  }
  kandy_connection_disconnect (self);
}

void
kandy_connection_disconnect_finish (KandyConnection *self, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

void
kandy_connection_check_address (KandyConnection *self)
{
  g_autoptr (KandyConnection) alive = g_object_ref (self);

  if (!self->client || kandy_client_is_destroyed (self->client)
      || !self->websocket || !kandy_websocket_is_stranded (self->websocket))
    return;
  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_INFO, "CONNECTIVITY", NULL,
      "The websocket's address is no longer one of this machine");
  kandy_rest_drop_connections (kandy_client_get_rest (self->client));
  /* a request that failed may have ended everything */
  if (self->connected && self->client
      && !kandy_client_is_destroyed (self->client))
    connection_lost (self);
}

/**
 * kandy_connection_is_connected:
 * @self: a connection
 *
 * Tells whether the websocket is open.
 *
 * Returns: %TRUE if it is
 */
gboolean
kandy_connection_is_connected (KandyConnection *self)
{
  g_return_val_if_fail (KANDY_IS_CONNECTION (self), FALSE);

  return self->connected;
}

/**
 * kandy_connection_get_socket_state:
 * @self: a connection
 * @platform: (nullable): `cpaas`, which is also the default
 *
 * Gets the state of the websocket (API document: `connection.getSocketState`):
 * an `a{sv}` that is the document's `WSConnectionObject`. It has `connected`
 * and `pinging`; while there is a connection or one is to be had again, also
 * the configuration that it was opened with, `wsInfo` (without the access
 * token) and `lastContact`, in milliseconds since the epoch.
 *
 * Returns: (transfer full) (nullable): the state, %NULL if a connection was
 *   never asked for, or if @platform is another one
 */
GVariant *
kandy_connection_get_socket_state (KandyConnection *self, const char *platform)
{
  GVariantDict dict;

  g_return_val_if_fail (KANDY_IS_CONNECTION (self), NULL);

  if (!self->ever || (platform && g_strcmp0 (platform, PLATFORM) != 0))
    return NULL;
  g_variant_dict_init (&dict, self->record);
  g_variant_dict_insert (&dict, "connected", "b", self->connected);
  g_variant_dict_insert (&dict, "pinging", "b",
      self->connectivity && kandy_connectivity_is_pinging (self->connectivity));
  if (self->record)
    g_variant_dict_insert (&dict, "lastContact", "x", self->last_contact);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/**
 * kandy_connection_reset_connection:
 * @self: a connection
 *
 * Treats an open websocket as lost (API document:
 * `connection.resetConnection`), for when the application knows of trouble that
 * the checks have not noticed yet. Without an open websocket it does nothing.
 */
void
kandy_connection_reset_connection (KandyConnection *self)
{
  g_return_if_fail (KANDY_IS_CONNECTION (self));

  if (!self->client || kandy_client_is_destroyed (self->client))
    return;
  if (self->connected)
    connection_lost (self);
  else
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_DEBUG, "CONNECTIVITY", NULL,
        "There is no websocket to be reset");
}

/**
 * kandy_connection_enable_connectivity_checking:
 * @self: a connection
 * @enable: whether to check
 *
 * Starts or stops the client's checks of the websocket (API document:
 * `connection.enableConnectivityChecking`), whatever
 * #KandyConfig:check-connectivity says, until the websocket is closed. It does
 * nothing to checks that the platform starts.
 */
void
kandy_connection_enable_connectivity_checking (
    KandyConnection *self, gboolean enable)
{
  g_return_if_fail (KANDY_IS_CONNECTION (self));

  if (self->connectivity && self->client
      && !kandy_client_is_destroyed (self->client))
    kandy_connectivity_set_enabled (self->connectivity, enable);
}
