/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kandy-config-private.h"
#include "kandy-config-schema.h"
#include "kandy.h"

#include <string.h>

typedef struct {
  KandyConfig *config;
  GString *warnings;
} Fixture;

static void
on_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpint (kandy_log_entry_get_level (entry), ==, KANDY_LOG_LEVEL_WARN);
  g_assert_cmpstr (kandy_log_entry_get_target_type (entry), ==, "VALIDATION");
  g_string_append_printf (
      fixture->warnings, "%s\n", kandy_log_entry_get_message (entry));
}

static void
setup (Fixture *fixture, gconstpointer data)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();

  fixture->config = kandy_config_new ();
  fixture->warnings = g_string_new (NULL);
  kandy_logger_set_handler (logger, on_log, fixture, NULL, NULL);
  kandy_config_set_logger (fixture->config, logger);
}

static void
teardown (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->config);
  g_string_free (fixture->warnings, TRUE);
}

static void
update (Fixture *fixture, const char *json)
{
  g_autoptr (GError) error = NULL;

  kandy_config_load_json (fixture->config, json, -1, &error);
  g_assert_no_error (error);
}

/* The document's defaults */
static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *path;
    const char *value;
  } defaults[] = {
    { "logs.logLevel", "'DEBUG'" },
    { "logs.enableFcsLogs", "true" },
    { "logs.logActions", "false" },
    { "authentication.server.protocol", "'https'" },
    { "authentication.server.port", "443" },
    { "authentication.server.version", "'v1'" },
    { "authentication.server.tlsVerify", "true" },
    { "call.sdpSemantics", "'unified-plan'" },
    { "call.iceCollectionDelay", "1000" },
    { "call.maxIceTimeout", "3000" },
    { "call.serverTurnCredentials", "true" },
    { "call.removeH264Codecs", "true" },
    { "call.removeBundling", "false" },
    { "call.mediaBrokerOnly", "false" },
    { "call.ringingFeedbackMode", "'auto'" },
    { "call.callAuditTimer", "25000" },
    { "call.mediaConnectionRetryDelay", "3000" },
    { "connectivity.method.type", "'pingPong'" },
    { "connectivity.method.responsibleParty", "'client'" },
    { "connectivity.pingInterval", "30000" },
    { "connectivity.reconnectLimit", "5" },
    { "connectivity.reconnectDelay", "5000" },
    { "connectivity.reconnectTimeMultiplier", "1.0" },
    { "connectivity.reconnectTimeLimit", "640000" },
    { "connectivity.autoReconnect", "true" },
    { "connectivity.maxMissedPings", "3" },
    { "connectivity.checkConnectivity", "true" },
    { "notifications.idCacheLength", "100" },
    { "subscription.channelLifetime", "3600" },
    { "subscription.timeout", "20.0" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (defaults); i++) {
    g_autoptr (GVariant) value =
        kandy_config_get_value (fixture->config, defaults[i].path);
    g_autofree char *text = g_variant_print (value, FALSE);

    g_assert_cmpstr (text, ==, defaults[i].value);
  }
  g_assert_null (
      kandy_config_get_string (fixture->config, "authentication.server.base"));
}

/* Every key is a property, and reads back what was set there */
static void
test_properties (Fixture *fixture, gconstpointer data)
{
  const KandyConfigKey *keys;
  guint n_keys, i;

  keys = kandy_config_schema_get_keys (&n_keys);
  for (i = 0; i < n_keys; i++) {
    GParamSpec *pspec = g_object_class_find_property (
        G_OBJECT_GET_CLASS (fixture->config), keys[i].property);
    g_auto (GValue) initial = G_VALUE_INIT;
    g_auto (GValue) value = G_VALUE_INIT;

    g_assert_nonnull (pspec);
    g_value_init (&initial, pspec->value_type);
    g_value_init (&value, pspec->value_type);
    g_object_get_property (
        G_OBJECT (fixture->config), keys[i].property, &initial);
    if (!G_IS_PARAM_SPEC_VARIANT (pspec))
      g_assert_true (g_param_value_defaults (pspec, &initial));
    g_object_set_property (
        G_OBJECT (fixture->config), keys[i].property, &initial);
    if (G_IS_PARAM_SPEC_BOOLEAN (pspec)) {
      gboolean flag;

      g_object_set (fixture->config, keys[i].property,
          !g_value_get_boolean (&initial), NULL);
      g_object_get (fixture->config, keys[i].property, &flag, NULL);
      g_assert_cmpint (flag, ==, !g_value_get_boolean (&initial));
      g_assert_cmpint (
          kandy_config_get_boolean (fixture->config, keys[i].path), ==, flag);
    } else if (G_IS_PARAM_SPEC_UINT (pspec)) {
      guint number;

      g_object_set (fixture->config, keys[i].property, 77, NULL);
      g_object_get (fixture->config, keys[i].property, &number, NULL);
      g_assert_cmpuint (number, ==, 77);
      g_assert_cmpfloat (
          kandy_config_get_number (fixture->config, keys[i].path), ==, 77);
    }
  }
  g_assert_cmpstr (fixture->warnings->str, ==, "");
}

static void
test_validation (Fixture *fixture, gconstpointer data)
{
  KandyConfig *config = fixture->config;
  static const char *const bad[] = {
    "{\"connectivity\":{\"pingInterval\":-1}}",
    "{\"connectivity\":{\"pingInterval\":\"soon\"}}",
    "{\"connectivity\":{\"pingInterval\":true}}",
    "{\"connectivity\":{\"autoReconnect\":\"yes\"}}",
    "{\"connectivity\":{\"autoReconnect\":1}}",
    "{\"connectivity\":{\"method\":{\"type\":\"shout\"}}}",
    "{\"connectivity\":{\"method\":7}}",
    "{\"connectivity\":7}",
    "{\"logs\":{\"logLevel\":\"loud\"}}",
    "{\"authentication\":{\"server\":{\"protocol\":\"ftp\"}}}",
    "{\"authentication\":{\"server\":{\"port\":70000}}}",
    "{\"authentication\":{\"server\":{\"base\":7}}}",
    "{\"call\":{\"iceServers\":{\"urls\":\"stun:a\"}}}",
    "{\"call\":{\"iceServers\":[{\"username\":\"u\"}]}}",
    "{\"call\":{\"iceServers\":[{\"urls\":[7],\"credential\":\"s3cret\"}]}}",
    "{\"call\":{\"iceServers\":[7]}}",
    "{\"call\":{\"maxIceTimeout\":0}}",
    "{\"call\":{\"ringingFeedbackMode\":\"never\"}}",
    "{\"subscription\":{\"timeout\":-0.1}}",
  };
  g_autoptr (GVariant) before = kandy_config_to_variant (config);
  g_autoptr (GVariant) after = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_string_truncate (fixture->warnings, 0);
    update (fixture, bad[i]);
    if (!*fixture->warnings->str)
      g_error ("accepted: %s", bad[i]);
    g_assert_null (strstr (fixture->warnings->str, "s3cret"));
  }
  after = kandy_config_to_variant (config);
  g_assert_true (g_variant_equal (before, after));

  /* JavaScript's coercion, and levels in any case */
  g_string_truncate (fixture->warnings, 0);
  update (fixture,
      "{\"connectivity\":{\"pingInterval\":\"250\",\"method\":\"keepAlive\"},"
      "\"logs\":{\"logLevel\":\"wArN\"},\"authentication\":{\"server\":"
      "{\"port\":\"8443\"}}}");
  g_assert_cmpstr (fixture->warnings->str, ==, "");
  g_assert_cmpfloat (
      kandy_config_get_number (config, "connectivity.pingInterval"), ==, 250);
  g_assert_cmpfloat (
      kandy_config_get_number (config, "authentication.server.port"), ==, 8443);
  g_assert_cmpint (kandy_config_get_log_level (config, "logs.logLevel"), ==,
      KANDY_LOG_LEVEL_WARN);
}

/* Check 15 of protocol session 10 */
static void
test_merge (Fixture *fixture, gconstpointer data)
{
  KandyConfig *config = fixture->config;
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) second = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GPtrArray) servers = NULL;
  g_autofree char *text = NULL;

  update (fixture,
      "{\"call\":{\"iceServers\":[{\"urls\":\"stun:one\"},{\"urls\":"
      "[\"turn:two\",\"turns:two\"],\"username\":\"u\",\"credential\":\"c\"}],"
      "\"other\":{\"a\":1,\"b\":[1,2]}},\"nonsense\":{\"a\":1}}");
  first = kandy_config_to_variant (config);
  servers = kandy_config_get_ice_servers (config);
  g_assert_cmpuint (servers->len, ==, 2);
  g_assert_cmpstr (
      kandy_ice_server_get_urls (g_ptr_array_index (servers, 1))[1], ==,
      "turns:two");
  g_assert_cmpstr (
      kandy_ice_server_get_credential (g_ptr_array_index (servers, 1)), ==,
      "c");

  update (fixture,
      "{\"call\":{\"iceServers\":[{\"url\":\"stun:three\"}],"
      "\"maxIceTimeout\":500,\"other\":{\"b\":[3],\"c\":null}}}");
  g_clear_pointer (&servers, g_ptr_array_unref);
  servers = kandy_config_get_ice_servers (config);
  g_assert_cmpuint (servers->len, ==, 1);
  value = kandy_config_get_value (config, "call.other");
  text = g_variant_print (value, FALSE);
  g_assert_nonnull (strstr (text, "'a': <int64 1>"));
  g_assert_nonnull (strstr (text, "[<int64 3>]"));
  g_assert_null (strstr (text, "int64 2"));
  /* what was not given is as it was */
  g_assert_cmpfloat (
      kandy_config_get_number (config, "call.iceCollectionDelay"), ==, 1000);
  g_assert_null (kandy_config_get_value (config, "nonsense.a"));

  /* null restores a default, and what was read before is detached */
  update (fixture, "{\"call\":{\"maxIceTimeout\":null}}");
  g_assert_cmpfloat (
      kandy_config_get_number (config, "call.maxIceTimeout"), ==, 3000);
  g_clear_pointer (&value, g_variant_unref);
  value = g_variant_lookup_value (first, "call", NULL);
  second = g_variant_lookup_value (value, "iceServers", NULL);
  g_assert_cmpuint (g_variant_n_children (second), ==, 2);
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  g_autoptr (KandyConfig) copy = NULL;
  g_autoptr (KandyConfig) other = kandy_config_new ();
  g_autoptr (GVariant) mine = NULL;
  g_autoptr (GVariant) copied = NULL;
  g_autoptr (GVariant) updated = NULL;

  update (fixture,
      "{\"logs\":{\"logActions\":{\"level\":\"info\",\"actionOnly\":true}},"
      "\"request\":{\"customAgentVersionHeaderSuffix\":\"x/1\"},"
      "\"authentication\":{\"server\":{\"base\":\"example.com\"},"
      "\"clientCorrelator\":\"c\"},\"messaging\":{\"smsFrom\":\"+1\"},"
      "\"subscription\":{\"expires\":60}}");
  mine = kandy_config_to_variant (fixture->config);
  copy = kandy_config_copy (fixture->config);
  copied = kandy_config_to_variant (copy);
  g_assert_true (g_variant_equal (mine, copied));
  kandy_config_update (other, mine);
  updated = kandy_config_to_variant (other);
  {
    g_autoptr (GVariant) a = g_variant_get_normal_form (mine);
    g_autofree char *b = kandy_config_get_string (other, "messaging.smsFrom");
    g_autofree char *c = kandy_config_get_string (
        other, "request.customAgentVersionHeaderSuffix");

    g_assert_cmpstr (b, ==, "+1");
    g_assert_cmpstr (c, ==, "x/1");
    g_assert_true (
        kandy_config_get_boolean (other, "logs.logActions.actionOnly"));
  }
  g_assert_cmpstr (fixture->warnings->str, ==, "");
}

static void
on_notify (KandyConfig *config, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", pspec->name);
}

static void
test_notify (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) notified = g_string_new (NULL);

  g_signal_connect (
      fixture->config, "notify", G_CALLBACK (on_notify), notified);
  update (fixture, "{\"connectivity\":{\"pingInterval\":30000}}");
  g_assert_cmpstr (notified->str, ==, "");
  update (fixture, "{\"connectivity\":{\"pingInterval\":31000}}");
  g_assert_cmpstr (notified->str, ==, "ping-interval ");
}

/* Credentials go in by the property, but do not come out of it */
static void
test_credentials (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) read = NULL;
  g_autoptr (GPtrArray) servers = NULL;
  g_autofree char *text = NULL;

  g_object_set (fixture->config, "ice-servers",
      g_variant_new_parsed ("[{'urls': <'turn:a'>, 'username': <'u'>, "
                            "'credential': <'s3cret'>}]"),
      NULL);
  g_object_get (fixture->config, "ice-servers", &read, NULL);
  text = g_variant_print (read, FALSE);
  g_assert_null (strstr (text, "s3cret"));
  g_assert_nonnull (strstr (text, "turn:a"));
  servers = kandy_config_get_ice_servers (fixture->config);
  g_assert_cmpstr (
      kandy_ice_server_get_credential (g_ptr_array_index (servers, 0)), ==,
      "s3cret");
  kandy_config_set_ice_servers (fixture->config, servers);
  g_clear_pointer (&servers, g_ptr_array_unref);
  servers = kandy_config_get_ice_servers (fixture->config);
  g_assert_cmpuint (servers->len, ==, 1);
}

/* Properties and servers with text in another encoding stay as they were */
static void
test_encoding (Fixture *fixture, gconstpointer data)
{
  static const char *const good[] = { "stun:a", NULL };
  static const char *const bad[] = { "stun:a", "stun:\xe9", NULL };
  g_autoptr (GPtrArray) servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  g_autofree char *base = NULL;

  g_object_set (fixture->config, "server-base", "host", NULL);
  g_object_set (fixture->config, "server-base", "h\xf4te", NULL);
  g_object_get (fixture->config, "server-base", &base, NULL);
  g_assert_cmpstr (base, ==, "host");
  g_assert_nonnull (
      strstr (fixture->warnings->str, "authentication.server.base"));

  g_ptr_array_add (servers, kandy_ice_server_new (good, NULL, NULL));
  kandy_config_set_ice_servers (fixture->config, servers);
  g_ptr_array_add (servers, kandy_ice_server_new (bad, NULL, NULL));
  kandy_config_set_ice_servers (fixture->config, servers);
  g_ptr_array_set_size (servers, 0);
  g_ptr_array_add (servers, kandy_ice_server_new (good, "u", "\xe9t\xe9"));
  kandy_config_set_ice_servers (fixture->config, servers);
  g_clear_pointer (&servers, g_ptr_array_unref);
  servers = kandy_config_get_ice_servers (fixture->config);
  g_assert_cmpuint (servers->len, ==, 1);
  g_assert_null (
      kandy_ice_server_get_username (g_ptr_array_index (servers, 0)));
  g_assert_nonnull (strstr (fixture->warnings->str, "call.iceServers"));
}

/* A section has both of its names, also as a whole */
static void
test_request_section (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) section = NULL;

  kandy_config_set_value (
      fixture->config, "request", g_variant_new_parsed ("{'x': <7>}"));
  section = kandy_config_get_value (fixture->config, "request");
  g_assert_nonnull (section);
  g_clear_pointer (&section, g_variant_unref);
  section = kandy_config_get_value (fixture->config, "requests.x");
  g_assert_nonnull (section);
}

static void
test_json_errors (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "", "[]", "7", "{\"call\":", "null" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (
        kandy_config_load_json (fixture->config, bad[i], -1, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                        \
  g_test_add ("/core/config/" name, Fixture, NULL, setup, func, teardown)
  ADD ("defaults", test_defaults);
  ADD ("properties", test_properties);
  ADD ("validation", test_validation);
  ADD ("merge", test_merge);
  ADD ("round-trip", test_round_trip);
  ADD ("notify", test_notify);
  ADD ("credentials", test_credentials);
  ADD ("encoding", test_encoding);
  ADD ("request-section", test_request_section);
  ADD ("json-errors", test_json_errors);
  return g_test_run ();
}
