/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-config-schema.h"

#include <math.h>
#include <string.h>

/*
 * What can be configured: one row a key, with the API document's name, unit,
 * default and rule, and the GObject property that stands for it. Functions of
 * the document's config (logs.handler, call.iceCollectionCheck,
 * call.sdpHandlers) are no keys: they are set by functions in C.
 */

#define STRING(path, property, fallback, choices, blurb)                       \
  {                                                                            \
    path, property, KANDY_CONFIG_STRING, fallback, 0, 0, choices, blurb        \
  }
#define BOOLEAN(path, property, fallback, blurb)                               \
  {                                                                            \
    path, property, KANDY_CONFIG_BOOLEAN, fallback, 0, 0, NULL, blurb          \
  }
#define INTEGER(path, property, fallback, min, max, blurb)                     \
  {                                                                            \
    path, property, KANDY_CONFIG_INTEGER, fallback, min, max, NULL, blurb      \
  }
#define NUMBER(path, property, fallback, max, blurb)                           \
  {                                                                            \
    path, property, KANDY_CONFIG_NUMBER, fallback, 0, max, NULL, blurb         \
  }

#define LEVELS "TRACE|DEBUG|INFO|WARN|ERROR|SILENT"
#define ANY G_MAXUINT

static const KandyConfigKey keys[] = {
  STRING ("logs.logLevel", "log-level", "DEBUG", LEVELS,
      "Least level that is logged, when the client is made: trace, debug, "
      "info, "
      "warn, error or silent"),
  BOOLEAN ("logs.enableFcsLogs", "enable-fcs-logs", "true",
      "Kept for the document's sake, without effect"),
  BOOLEAN ("logs.logActions", "log-actions", "false",
      "Whether requests and frames are logged, about the target ACTION"),
  BOOLEAN ("logs.logActions.actionOnly", "log-actions-only", "false",
      "Whether their outcome is left out"),
  BOOLEAN ("logs.logActions.collapsed", "log-actions-collapsed", "false",
      "Kept for the document's sake, without effect"),
  BOOLEAN ("logs.logActions.diff", "log-actions-diff", "false",
      "Kept for the document's sake, without effect"),
  STRING ("logs.logActions.level", "log-actions-level", "DEBUG", LEVELS,
      "Level at which they are logged"),
  BOOLEAN ("logs.logActions.exposePayloads", "log-actions-expose-payloads",
      "true", "Whether their bodies are logged, secrets removed"),

  STRING ("authentication.server.base", "server-base", NULL, NULL,
      "Host name or address of the platform"),
  STRING ("authentication.server.protocol", "server-protocol", "https",
      "https|http", "Protocol of the platform: https or http"),
  INTEGER ("authentication.server.port", "server-port", "443", 0, 65535,
      "Port of the platform"),
  STRING ("authentication.server.version", "server-version", "v1", "v1",
      "Version of the platform's interfaces"),
  BOOLEAN ("authentication.server.tlsVerify", "tls-verify", "true",
      "Whether the platform has to prove who it is"),
  STRING ("authentication.server.caFile", "ca-file", NULL, NULL,
      "File with the certificates (PEM) of the authorities to trust instead of "
      "the system's"),
  STRING ("authentication.clientCorrelator", "client-correlator", NULL, NULL,
      "What tells this application on this device from the user's others"),

  STRING ("call.sdpSemantics", "sdp-semantics", "unified-plan", "unified-plan",
      "Semantics of session descriptions"),
  { "call.iceServers", "ice-servers", KANDY_CONFIG_ICE_SERVERS, "[]", 0, 0,
      NULL,
      "STUN and TURN servers: aa{sv} with urls, username and credential; read "
      "as a property, the credentials are left out" },
  INTEGER ("call.iceCollectionDelay", "ice-collection-delay", "1000", 1, ANY,
      "Time between checks of the collected candidates, in ms"),
  INTEGER ("call.maxIceTimeout", "max-ice-timeout", "3000", 1, ANY,
      "Longest time to collect candidates, in ms"),
  BOOLEAN ("call.serverTurnCredentials", "server-turn-credentials", "true",
      "Whether the platform is asked for TURN credentials"),
  BOOLEAN ("call.removeH264Codecs", "remove-h264-codecs", "true",
      "Whether H.264 is removed from session descriptions, both ways"),
  BOOLEAN ("call.removeBundling", "remove-bundling", "false",
      "Whether each medium has a transport of its own"),
  BOOLEAN ("call.mediaBrokerOnly", "media-broker-only", "false",
      "Whether all calls are anchored on a media broker"),
  STRING ("call.ringingFeedbackMode", "ringing-feedback-mode", "auto",
      "auto|manual",
      "Whether ringing is told to callers at once (auto) or by the application "
      "(manual)"),
  INTEGER ("call.callAuditTimer", "call-audit-timer", "25000", 1, ANY,
      "Time between audits of a call, in ms; at least 10000 is used"),
  INTEGER ("call.mediaConnectionRetryDelay", "media-connection-retry-delay",
      "3000", 1, ANY,
      "How long the passive side waits before it restarts media, in ms; by "
      "itself (media-recovery) it waits a second at most"),
  BOOLEAN ("call.mediaRecovery", "media-recovery", "true",
      "Whether calls restart their media when the path is lost"),
  BOOLEAN ("call.normalizeDestination", "normalize-destination", "true",
      "Whether called addresses are brought into the platform's form"),

  STRING ("connectivity.method.type", "connectivity-method", "pingPong",
      "pingPong|keepAlive",
      "How the websocket is checked: pingPong or keepAlive"),
  STRING ("connectivity.method.responsibleParty", "responsible-party", "client",
      "client|server",
      "Who starts the checks of the websocket: client or server"),
  INTEGER ("connectivity.pingInterval", "ping-interval", "30000", 0, ANY,
      "Time between checks that the client starts, in ms"),
  INTEGER ("connectivity.reconnectLimit", "reconnect-limit", "5", 0, ANY,
      "Failed attempts to connect before giving up, 0 for no limit"),
  INTEGER ("connectivity.reconnectDelay", "reconnect-delay", "5000", 0, ANY,
      "Time between attempts to connect, in ms"),
  NUMBER ("connectivity.reconnectTimeMultiplier", "reconnect-time-multiplier",
      "1", 1e6, "Growth of the time between attempts to connect"),
  INTEGER ("connectivity.reconnectTimeLimit", "reconnect-time-limit", "640000",
      0, ANY, "Longest time between attempts to connect, in ms"),
  BOOLEAN ("connectivity.autoReconnect", "auto-reconnect", "true",
      "Whether a lost websocket is connected again"),
  INTEGER ("connectivity.maxMissedPings", "max-missed-pings", "3", 0, ANY,
      "Unanswered checks after which the websocket counts as lost"),
  BOOLEAN ("connectivity.checkConnectivity", "check-connectivity", "true",
      "Whether the client checks the websocket"),

  INTEGER ("notifications.idCacheLength", "id-cache-length", "100", 0, 1e6,
      "How many notifications are remembered to find duplicates, 0 for none"),

  INTEGER ("subscription.channelLifetime", "channel-lifetime", "3600", 0, ANY,
      "Lifetime of the notification channel that is asked for, in s"),
  NUMBER ("subscription.timeout", "subscription-timeout", "20", 1e6,
      "Longest time for services to answer a subscription, in s"),
  INTEGER ("subscription.expires", "subscription-expires", NULL, 0, ANY,
      "Comes before channel-lifetime if it is set, in s"),

  BOOLEAN ("presence.onThePhone", "presence-on-the-phone", "false",
      "Whether others see the user on the phone while in a call, where the "
      "platform does not see to it"),

  BOOLEAN ("requests.injectAgentVersionHeader", "inject-agent-version-header",
      "true", "Whether requests name this library (X-Cpaas-Agent)"),
  STRING ("requests.customAgentVersionHeaderSuffix",
      "custom-agent-version-header-suffix", "", NULL,
      "Text after this library's name in X-Cpaas-Agent"),
};

static const char *const sections[] = { "logs", "authentication", "call",
  "connectivity", "messaging", "notifications", "subscription", "presence",
  "requests" };

/* Numbers and numeric text: the document's rules go by JavaScript's coercion */
static gboolean
variant_to_number (GVariant *value, double *number)
{
  switch (g_variant_classify (value)) {
    case G_VARIANT_CLASS_BYTE:
      *number = g_variant_get_byte (value);
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      *number = g_variant_get_int16 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      *number = g_variant_get_uint16 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT32:
      *number = g_variant_get_int32 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      *number = g_variant_get_uint32 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT64:
      *number = (double) g_variant_get_int64 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      *number = (double) g_variant_get_uint64 (value);
      return TRUE;
    case G_VARIANT_CLASS_DOUBLE:
      *number = g_variant_get_double (value);
      return isfinite (*number);
    case G_VARIANT_CLASS_STRING: {
      const char *text = g_variant_get_string (value, NULL);
      char *end;

      *number = g_ascii_strtod (text, &end);
      return end != text && *end == '\0' && isfinite (*number);
    }
    default:
      return FALSE;
  }
}

static GVariant *
normalise_string (const KandyConfigKey *key, GVariant *value, char **rule)
{
  g_auto (GStrv) choices = NULL;
  const char *text;
  guint i;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)) {
    *rule = g_strdup ("a string");
    return NULL;
  }
  text = g_variant_get_string (value, NULL);
  if (!key->choices)
    return g_variant_ref (value);

  choices = g_strsplit (key->choices, "|", -1);
  for (i = 0; choices[i]; i++)
    if (g_str_equal (choices[i], text)
        || (g_str_equal (key->choices, LEVELS)
            && g_ascii_strcasecmp (choices[i], text) == 0))
      return g_variant_ref_sink (g_variant_new_string (choices[i]));
  *rule = g_strjoinv (" or ", choices);
  return NULL;
}

static GVariant *
normalise_number (const KandyConfigKey *key, GVariant *value, char **rule)
{
  double number;

  if (!variant_to_number (value, &number) || number < key->min
      || number > key->max) {
    *rule = g_strdup_printf ("a number from %g to %g", key->min, key->max);
    return NULL;
  }
  if (key->type == KANDY_CONFIG_INTEGER)
    return g_variant_ref_sink (g_variant_new_int64 ((gint64) number));
  return g_variant_ref_sink (g_variant_new_double (number));
}

/* The member `urls` is one string or several; `url` is its former name */
static GVariant *
normalise_urls (GVariantDict *server)
{
  g_autoptr (GVariant) raw = g_variant_dict_lookup_value (server, "urls", NULL);
  g_autoptr (GVariant) urls = NULL;
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  gsize i;

  if (!raw)
    raw = g_variant_dict_lookup_value (server, "url", NULL);
  if (!raw)
    return NULL;
  urls = kandy_variant_unbox (raw);

  if (g_variant_is_of_type (urls, G_VARIANT_TYPE_STRING)) {
    g_ptr_array_add (strings, g_variant_dup_string (urls, NULL));
  } else if (g_variant_is_of_type (urls, G_VARIANT_TYPE_ARRAY)) {
    for (i = 0; i < g_variant_n_children (urls); i++) {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (urls, i);
      g_autoptr (GVariant) url = kandy_variant_unbox (boxed);

      if (!g_variant_is_of_type (url, G_VARIANT_TYPE_STRING))
        return NULL;
      g_ptr_array_add (strings, g_variant_dup_string (url, NULL));
    }
  }
  if (strings->len == 0)
    return NULL;
  return g_variant_new_strv (
      (const char *const *) strings->pdata, strings->len);
}

static GVariant *
normalise_ice_servers (GVariant *value, char **rule)
{
  GVariantBuilder builder;
  gsize i;

  *rule = g_strdup ("an array of {urls, username?, credential?}");
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY)
      || g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    return NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) boxed = g_variant_get_child_value (value, i);
    g_autoptr (GVariant) child = kandy_variant_unbox (boxed);
    GVariantDict server;
    GVariant *urls;

    if (!g_variant_is_of_type (child, G_VARIANT_TYPE_VARDICT)) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
    g_variant_dict_init (&server, child);
    urls = normalise_urls (&server);
    if (!urls) {
      g_variant_dict_clear (&server);
      g_variant_builder_clear (&builder);
      return NULL;
    }
    g_variant_dict_remove (&server, "url");
    g_variant_dict_insert_value (&server, "urls", urls);
    g_variant_builder_add_value (&builder, g_variant_dict_end (&server));
  }
  g_clear_pointer (rule, g_free);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

GVariant *
kandy_variant_unbox (GVariant *value)
{
  GVariant *inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT)) {
    GVariant *box = inner;

    inner = g_variant_get_variant (box);
    g_variant_unref (box);
  }
  return inner;
}

gboolean
kandy_variant_is_null (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE)
      && g_variant_n_children (value) == 0;
}

const KandyConfigKey *
kandy_config_schema_get_keys (guint *n_keys)
{
  *n_keys = G_N_ELEMENTS (keys);
  return keys;
}

int
kandy_config_schema_find (const char *path)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].path, path))
      return (int) i;
  return -1;
}

gboolean
kandy_config_schema_is_branch (const char *path)
{
  gsize length = strlen (path);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sections); i++)
    if (g_str_equal (sections[i], path))
      return TRUE;
  for (i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strncmp (keys[i].path, path, length) == 0
        && keys[i].path[length] == '.')
      return TRUE;
  return FALSE;
}

GVariant *
kandy_config_key_get_default (const KandyConfigKey *key)
{
  GVariant *value;

  if (!key->fallback)
    return NULL;
  switch (key->type) {
    case KANDY_CONFIG_STRING:
      value = g_variant_new_string (key->fallback);
      break;
    case KANDY_CONFIG_BOOLEAN:
      value = g_variant_new_boolean (g_str_equal (key->fallback, "true"));
      break;
    case KANDY_CONFIG_INTEGER:
      value = g_variant_new_int64 (g_ascii_strtoll (key->fallback, NULL, 10));
      break;
    case KANDY_CONFIG_NUMBER:
      value = g_variant_new_double (g_ascii_strtod (key->fallback, NULL));
      break;
    case KANDY_CONFIG_ICE_SERVERS:
      value = g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0);
      break;
    default:
      g_return_val_if_reached (NULL);
  }
  return g_variant_ref_sink (value);
}

GVariant *
kandy_config_key_normalise (
    const KandyConfigKey *key, GVariant *value, char **rule)
{
  g_autoptr (GVariant) inner = kandy_variant_unbox (value);

  *rule = NULL;
  switch (key->type) {
    case KANDY_CONFIG_STRING:
      return normalise_string (key, inner, rule);
    case KANDY_CONFIG_BOOLEAN:
      if (g_variant_is_of_type (inner, G_VARIANT_TYPE_BOOLEAN))
        return g_steal_pointer (&inner);
      *rule = g_strdup ("true or false");
      return NULL;
    case KANDY_CONFIG_INTEGER:
    case KANDY_CONFIG_NUMBER:
      return normalise_number (key, inner, rule);
    case KANDY_CONFIG_ICE_SERVERS:
      return normalise_ice_servers (inner, rule);
  }
  g_return_val_if_reached (NULL);
}

GParamSpec *
kandy_config_key_make_pspec (const KandyConfigKey *key)
{
  GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  switch (key->type) {
    case KANDY_CONFIG_STRING:
      return g_param_spec_string (
          key->property, key->path, key->blurb, key->fallback, flags);
    case KANDY_CONFIG_BOOLEAN:
      return g_param_spec_boolean (key->property, key->path, key->blurb,
          g_str_equal (key->fallback, "true"), flags);
    case KANDY_CONFIG_INTEGER:
      return g_param_spec_uint (key->property, key->path, key->blurb,
          (guint) key->min, (guint) key->max,
          key->fallback ? (guint) g_ascii_strtoull (key->fallback, NULL, 10)
                        : 0,
          flags);
    case KANDY_CONFIG_NUMBER:
      return g_param_spec_double (key->property, key->path, key->blurb,
          key->min, key->max, g_ascii_strtod (key->fallback, NULL), flags);
    case KANDY_CONFIG_ICE_SERVERS:
      return g_param_spec_variant (key->property, key->path, key->blurb,
          G_VARIANT_TYPE ("aa{sv}"), NULL, flags);
  }
  g_return_val_if_reached (NULL);
}
