/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-client-private.h"

#include <string.h>

#include "kandy-calls-private.h"
#include "kandy-config-private.h"
#include "kandy-contacts.h"
#include "kandy-connection-private.h"
#include "kandy-conversations.h"
#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-groups.h"
#include "kandy-json.h"
#include "kandy-logger.h"
#include "kandy-media-private.h"
#include "kandy-notifications-private.h"
#include "kandy-presence.h"
#include "kandy-rest-private.h"
#include "kandy-users.h"
#include "kandy-services-private.h"

/**
 * KandyClient:
 *
 * One user on the platform (API document: `api`). It owns the configuration and
 * one object for each of the document's namespaces, and it is where all events
 * come by.
 *
 * A client lives on the main context that is thread-default where it is made:
 * it must be used from that thread only, and the context has to run for
 * anything to happen. Signals are emitted there with no lock held; a listener
 * may call anything, also kandy_client_destroy(). Connections live in another
 * thread, `kandy-network`, which all clients of the process share: it calls
 * nothing of the application, but takes from the context what TLS and long
 * replies cost. It stays when the last client has gone, idle. A process that
 * was forked does not have it: only what it executes can have clients.
 *
 * ## Sign-on
 *
 * Tokens come either from the application (kandy_client_set_tokens()) or from
 * the platform (kandy_client_sign_on_password_async(),
 * kandy_client_sign_on_client_async()); in the second case the client also
 * renews them, at half of their life.
 */

#define AGENT "cpaas-c-sdk/" VERSION

enum {
  PROP_0,
  PROP_CONFIG,
  N_PROPS,
};

enum {
  SIGNAL_EVENT,
  SIGNAL_DESTROYED,
  N_SIGNALS,
};

struct _KandyClient {
  GObject parent_instance;

  GMainContext *context;
  KandyConfig *config;
  KandyLogger *logger;
  KandyRest *rest;
  KandyAuth *auth;
  KandyNotifications *notifications;
  KandyConnection *connection;
  KandyServices *services;
  KandyMedia *media;
  KandyCalls *calls;
  KandyConversations *conversations;
  KandyGroups *groups;
  KandyPresence *presence;
  KandyContacts *contacts;
  KandyUsers *users;
  char *sms_number; /* (nullable): what the platform subscribed us to */

  char *correlator; /* what get_correlator returned last */
  char *made_correlator;
  gboolean destroyed;
};

G_DEFINE_FINAL_TYPE (KandyClient, kandy_client, G_TYPE_OBJECT)

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
kandy_client_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  KandyClient *self = KANDY_CLIENT (object);

  switch (id) {
    case PROP_CONFIG:
      g_value_set_object (value, self->config);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
kandy_client_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  KandyClient *self = KANDY_CLIENT (object);

  switch (id) {
    case PROP_CONFIG:
      self->config = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
kandy_client_constructed (GObject *object)
{
  KandyClient *self = KANDY_CLIENT (object);
  g_autofree char *base = NULL;
  g_autofree char *correlator = NULL;

  G_OBJECT_CLASS (kandy_client_parent_class)->constructed (object);

  if (!self->config)
    self->config = kandy_config_new ();
  kandy_logger_set_level (self->logger,
      kandy_config_get_log_level (self->config, "logs.logLevel"), NULL);
  kandy_config_set_logger (self->config, self->logger);

  base = kandy_config_get_string (self->config, "authentication.server.base");
  if (!base || !*base)
    kandy_logger_log (self->logger, KANDY_LOG_LEVEL_ERROR, "AUTH", NULL,
        "authentication.server.base is not set: no platform can be reached");
  correlator =
      kandy_config_get_string (self->config, "authentication.clientCorrelator");
  if (!correlator || !*correlator)
    kandy_logger_log (self->logger, KANDY_LOG_LEVEL_WARN, "AUTH", NULL,
        "authentication.clientCorrelator is not set: a random one is used");

  self->rest = kandy_rest_new (self);
  self->auth = kandy_auth_new (self);
  self->notifications = kandy_notifications_new (self);
  self->connection = kandy_connection_new (self);
  self->services = kandy_services_new (self, self->connection);
  self->media = kandy_media_new (self);
  self->calls = g_object_new (KANDY_TYPE_CALLS, "client", self, NULL);
  kandy_calls_watch_services (self->calls, self->services);
  self->conversations =
      g_object_new (KANDY_TYPE_CONVERSATIONS, "client", self, NULL);
  self->groups = g_object_new (KANDY_TYPE_GROUPS, "client", self, NULL);
  self->presence = g_object_new (KANDY_TYPE_PRESENCE, "client", self, NULL);
  self->contacts = g_object_new (KANDY_TYPE_CONTACTS, "client", self, NULL);
  self->users = g_object_new (KANDY_TYPE_USERS, "client", self, NULL);
}

static void
kandy_client_dispose (GObject *object)
{
  KandyClient *self = KANDY_CLIENT (object);

  kandy_client_destroy (self);
  kandy_config_set_logger (self->config, NULL);

  G_OBJECT_CLASS (kandy_client_parent_class)->dispose (object);
}

static void
kandy_client_finalize (GObject *object)
{
  KandyClient *self = KANDY_CLIENT (object);

  g_clear_object (&self->users);
  g_clear_object (&self->contacts);
  g_clear_object (&self->presence);
  g_clear_object (&self->groups);
  g_clear_object (&self->conversations);
  g_clear_object (&self->calls);
  g_clear_object (&self->media);
  g_clear_object (&self->services);
  g_clear_object (&self->connection);
  g_clear_object (&self->notifications);
  g_clear_object (&self->auth);
  g_clear_object (&self->rest);
  g_clear_object (&self->config);
  g_clear_object (&self->logger);
  g_free (self->correlator);
  g_free (self->made_correlator);
  g_free (self->sms_number);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (kandy_client_parent_class)->finalize (object);
}

static void
kandy_client_class_init (KandyClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_client_get_property;
  object_class->set_property = kandy_client_set_property;
  object_class->constructed = kandy_client_constructed;
  object_class->dispose = kandy_client_dispose;
  object_class->finalize = kandy_client_finalize;

  /**
   * KandyClient:config:
   *
   * The configuration. It can be changed while the client is in use: see
   * kandy_client_update_config() for when a change takes effect.
   */
  props[PROP_CONFIG] =
      g_param_spec_object ("config", NULL, NULL, KANDY_TYPE_CONFIG,
          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyClient::event:
   * @self: the client
   * @name: name of the event in the API document, such as `call:stateChange`
   * @payload: an `a{sv}` with the event's parameters, named as there
   *
   * Everything that happens (API document: `api.on`, `api.subscribe`). The
   * event's name is the signal's detail: connect to `event::call:stateChange`
   * for one event, to `event` for all. The object that an event concerns has
   * already changed, and has emitted its own signal.
   */
  signals[SIGNAL_EVENT] = g_signal_new ("event", KANDY_TYPE_CLIENT,
      G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL, G_TYPE_NONE,
      2, G_TYPE_STRING, G_TYPE_VARIANT);

  /**
   * KandyClient::destroyed:
   * @self: the client
   *
   * The client was destroyed. It is the last signal: no event follows.
   */
  signals[SIGNAL_DESTROYED] = g_signal_new ("destroyed", KANDY_TYPE_CLIENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * KandyClient::request-error:
   * @self: the client
   * @error: what the platform does not accept
   *
   * The platform refused a request for want of authorization: the tokens are
   * not valid, or no longer (API document: `request:error`). The operation that
   * made the request fails too, afterwards.
   */
  /**
   * KandyClient::notification-received:
   * @self: the client
   * @payload: the notification
   *
   * The platform sent a notification that had not come before. Those who handle
   * it have done so. For what this library does not know.
   */
  kandy_events_install (object_class);
}

static void
kandy_client_init (KandyClient *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->logger = kandy_logger_new ();
}

GMainContext *
kandy_client_get_context (KandyClient *self)
{
  return self->context;
}

gboolean
kandy_client_is_destroyed (KandyClient *self)
{
  return self->destroyed;
}

KandyRest *
kandy_client_get_rest (KandyClient *self)
{
  return self->rest;
}

KandyNotifications *
kandy_client_get_notifications (KandyClient *self)
{
  return self->notifications;
}

KandyAuth *
kandy_client_get_auth (KandyClient *self)
{
  return self->auth;
}

const char *
kandy_client_get_username (KandyClient *self)
{
  return kandy_auth_get_username (self->auth);
}

const char *
kandy_client_get_identity (KandyClient *self)
{
  return kandy_auth_get_identity (self->auth);
}

const char *
kandy_client_get_domain (KandyClient *self)
{
  return kandy_auth_get_domain (self->auth);
}

void
kandy_client_set_sms_number (KandyClient *self, const char *number)
{
  g_free (self->sms_number);
  self->sms_number = g_strdup (number);
}

const char *
kandy_client_get_sms_number (KandyClient *self)
{
  return self->sms_number;
}

const char *
kandy_client_get_correlator (KandyClient *self)
{
  g_free (self->correlator);
  self->correlator =
      kandy_config_get_string (self->config, "authentication.clientCorrelator");
  if (!self->correlator || !*self->correlator) {
    if (!self->made_correlator)
      self->made_correlator = g_uuid_string_random ();
    return self->made_correlator;
  }
  return self->correlator;
}

char *
kandy_client_dup_agent (KandyClient *self)
{
  g_autofree char *suffix = NULL;
  g_autofree char *agent = NULL;
  char *p;

  if (!kandy_config_get_boolean (
          self->config, "requests.injectAgentVersionHeader"))
    return NULL;
  suffix = kandy_config_get_string (
      self->config, "requests.customAgentVersionHeaderSuffix");
  if (!suffix || !*suffix)
    return g_strdup (AGENT);
  agent = g_strconcat (AGENT " ", suffix, NULL);
  /* a line end would begin another header */
  for (p = agent; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return g_steal_pointer (&agent);
}

char *
kandy_client_user_path (
    KandyClient *self, const char *service, const char *tail)
{
  const char *username = kandy_client_get_username (self);
  g_autofree char *version = NULL;
  g_autofree char *user = NULL;

  if (!username)
    return NULL;
  version =
      kandy_config_get_string (self->config, "authentication.server.version");
  user = g_uri_escape_string (username, "@+:!$&'()*,;=", FALSE);
  return g_strdup_printf ("/cpaas/%s/%s/%s/%s", service, version, user, tail);
}

void
kandy_client_emit (
    KandyClient *self, gpointer source, const char *name, GVariant *payload)
{
  const KandyEvent *event = kandy_events_find (name);

  g_return_if_fail (event != NULL);

  if (payload)
    g_variant_ref_sink (payload);
  else
    payload = g_variant_ref_sink (
        g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));
  g_object_ref (self);
  if (source)
    g_object_ref (source);

  if (!self->destroyed)
    kandy_logger_log (
        self->logger, KANDY_LOG_LEVEL_DEBUG, "EVENTS", NULL, "%s", name);
  if (!self->destroyed && source)
    kandy_events_emit_typed (source, event, payload);
  if (!self->destroyed)
    g_signal_emit (
        self, signals[SIGNAL_EVENT], g_quark_from_string (name), name, payload);

  g_clear_object (&source);
  g_object_unref (self);
  g_variant_unref (payload);
}

gboolean
kandy_client_has_listener (KandyClient *self, gpointer source, const char *name)
{
  const KandyEvent *event = kandy_events_find (name);
  guint typed = g_signal_lookup (event->signal, G_OBJECT_TYPE (source));

  /* A handler without the detail is not found with it */
  return g_signal_has_handler_pending (self, signals[SIGNAL_EVENT], 0, TRUE)
      || g_signal_has_handler_pending (
          self, signals[SIGNAL_EVENT], g_quark_from_string (name), TRUE)
      || g_signal_has_handler_pending (source, typed, 0, TRUE);
}

void
kandy_client_return_destroyed (KandyClient *self, GAsyncReadyCallback callback,
    gpointer user_data, gpointer tag)
{
  g_task_report_error (self, callback, user_data, tag,
      kandy_error_new (
          KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
}

/**
 * kandy_client_new:
 * @config: (nullable): the configuration, which the client then shares; %NULL
 *   for one with defaults
 *
 * Makes a client (API document: `create`). Nothing goes to the network yet.
 *
 * Returns: (transfer full): the client
 */
KandyClient *
kandy_client_new (KandyConfig *config)
{
  return g_object_new (KANDY_TYPE_CLIENT, "config", config, NULL);
}

/**
 * kandy_client_get_version:
 *
 * Gets the version of the library (API document: `api.getVersion`).
 *
 * Returns: (transfer none): the version
 */
const char *
kandy_client_get_version (void)
{
  return VERSION;
}

/**
 * kandy_client_destroy:
 * @self: a client
 *
 * Ends everything (API document: `api.destroy`): no event, timer or request
 * follows, tokens are forgotten, the websocket is closed, and what is under way
 * ends with %KANDY_ERROR_DESTROYED, as soon as the main context runs. Nothing
 * is unsubscribed: an application that is about to leave for long does that
 * first.
 *
 * It may be called from a listener, and more than once.
 */
void
kandy_client_destroy (KandyClient *self)
{
  g_return_if_fail (KANDY_IS_CLIENT (self));

  if (self->destroyed)
    return;
  self->destroyed = TRUE;
  g_object_ref (self);
  kandy_services_shutdown (self->services);
  kandy_connection_shutdown (self->connection);
  kandy_auth_shutdown (self->auth);
  kandy_rest_shutdown (self->rest);
  g_signal_emit (self, signals[SIGNAL_DESTROYED], 0);
  g_object_unref (self);
}

/**
 * kandy_client_get_config:
 * @self: a client
 *
 * Gets the configuration (API document: `api.getConfig`; use
 * kandy_config_to_variant() for a detached copy).
 *
 * Returns: (transfer none): the configuration
 */
KandyConfig *
kandy_client_get_config (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->config;
}

/**
 * kandy_client_update_config:
 * @self: a client
 * @partial: an `a{sv}` of sections
 *
 * Changes the configuration (API document: `api.updateConfig`), see
 * kandy_config_update(). The server, the correlator and the agent take effect
 * at the next request, the length of the id cache at the next notification,
 * subscriptions at the next operation, reconnection at the next one, the ping
 * interval at the next ping. The log's level and handler do not change: the
 * logger has functions for that.
 */
void
kandy_client_update_config (KandyClient *self, GVariant *partial)
{
  g_return_if_fail (KANDY_IS_CLIENT (self));

  kandy_config_update (self->config, partial);
}

/**
 * kandy_client_get_logger:
 * @self: a client
 *
 * Gets the client's logger (API document: `logger`).
 *
 * Returns: (transfer none): the logger
 */
KandyLogger *
kandy_client_get_logger (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->logger;
}

/**
 * kandy_client_get_services:
 * @self: a client
 *
 * Gets the API document's namespace `services`.
 *
 * Returns: (transfer none): the services
 */
KandyServices *
kandy_client_get_services (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->services;
}

/**
 * kandy_client_get_connection:
 * @self: a client
 *
 * Gets the API document's namespace `connection`.
 *
 * Returns: (transfer none): the connection
 */
KandyConnection *
kandy_client_get_connection (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->connection;
}

/**
 * kandy_client_get_calls:
 * @self: a client
 *
 * Gets the API document's namespace `call`.
 *
 * Returns: (transfer none): what makes, receives and lists calls
 */
KandyCalls *
kandy_client_get_calls (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->calls;
}

/**
 * kandy_client_get_media:
 * @self: a client
 *
 * API document: namespace `media`.
 *
 * Returns: (transfer none): the media of the calls
 */
KandyMedia *
kandy_client_get_media (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->media;
}

/**
 * kandy_client_get_conversations:
 * @self: a client
 *
 * Gets the API document's namespace `conversation`.
 *
 * Returns: (transfer none): the conversations
 */
KandyConversations *
kandy_client_get_conversations (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->conversations;
}

/**
 * kandy_client_get_groups:
 * @self: a client
 *
 * Gets the API document's namespace `groups`.
 *
 * Returns: (transfer none): what makes, manages and lists groups
 */
KandyGroups *
kandy_client_get_groups (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->groups;
}

/**
 * kandy_client_get_presence:
 * @self: a client
 *
 * Gets the API document's namespace `presence`.
 *
 * Returns: (transfer none): what tells and watches presence
 */
KandyPresence *
kandy_client_get_presence (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->presence;
}

/**
 * kandy_client_get_contacts:
 * @self: a client
 *
 * Gets the API document's namespace `contacts`.
 *
 * Returns: (transfer none): the address book
 */
KandyContacts *
kandy_client_get_contacts (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->contacts;
}

/**
 * kandy_client_get_users:
 * @self: a client
 *
 * Gets the API document's namespace `user`.
 *
 * Returns: (transfer none): the users of the domain
 */
KandyUsers *
kandy_client_get_users (KandyClient *self)
{
  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  return self->users;
}

/**
 * kandy_client_process_notification:
 * @self: a client
 * @json: a notification
 * @length: bytes of @json, -1 if it ends with a NUL
 * @channel: (nullable): how it came: `PUSH`, which is the default, or
 *   `WEBSOCKET`, in any case
 * @error: return location
 *
 * Handles a notification that the application received some other way, as if it
 * had come by the websocket. One that came before is ignored.
 *
 * Returns: %FALSE if @json is no JSON object (%KANDY_ERROR_PROTOCOL) or
 *   @channel is not known (%KANDY_ERROR_INVALID_PARAM)
 */
gboolean
kandy_client_process_notification (KandyClient *self, const char *json,
    gssize length, const char *channel, GError **error)
{
  KandyNotificationChannel kind = KANDY_NOTIFICATION_CHANNEL_PUSH;
  g_autoptr (JsonNode) root = NULL;

  g_return_val_if_fail (KANDY_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  if (self->destroyed) {
    g_propagate_error (error,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
    return FALSE;
  }
  if (channel && g_ascii_strcasecmp (channel, "WEBSOCKET") == 0) {
    kind = KANDY_NOTIFICATION_CHANNEL_WEBSOCKET;
  } else if (channel && g_ascii_strcasecmp (channel, "PUSH") != 0) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
            "There is no notification channel \"%s\"", channel));
    return FALSE;
  }
  root = kandy_json_parse (json, length, error);
  if (!root)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "The notification is not a JSON object"));
    return FALSE;
  }
  kandy_notifications_process (self->notifications, kind, root);
  return TRUE;
}
