/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-config-private.h"

#include <string.h>

#include "kandy-config-schema.h"
#include "kandy-error.h"
#include "kandy-ice-server.h"
#include "kandy-json.h"

/**
 * KandyConfig:
 *
 * The configuration of a client (API document: `config`). Every key of the
 * document can be reached by its path there (`connectivity.pingInterval`) and
 * as a property with the key's name hyphenated (`ping-interval`), in the
 * document's units and with its defaults.
 *
 * A value that is not acceptable is reported as a warning of the log, about the
 * target `VALIDATION`, and leaves the former value in force. Keys that the
 * document does not know are kept if their section is known.
 *
 * All functions may be called from any thread; notifications are emitted in the
 * thread that changes a value.
 */

struct _KandyConfig {
  GObject parent_instance;

  GMutex lock;
  GVariant **values; /* a key each, in the schema's order; NULL if unset */
  GVariant *extras;  /* a{sv}, nested: keys that the schema does not know */
  KandyLogger *logger;
};

G_DEFINE_FINAL_TYPE (KandyConfig, kandy_config, G_TYPE_OBJECT)

static GParamSpec **pspecs; /* a key each */

static KandyLogger *
get_logger (KandyConfig *self)
{
  static KandyLogger *before_client;
  KandyLogger *logger;

  g_mutex_lock (&self->lock);
  logger = self->logger ? g_object_ref (self->logger) : NULL;
  g_mutex_unlock (&self->lock);
  if (logger)
    return logger;

  if (g_once_init_enter (&before_client)) {
    KandyLogger *made = kandy_logger_new ();

    g_once_init_leave (&before_client, made);
  }
  return g_object_ref (before_client);
}

/* Credentials of ICE servers do not go into a log */
static char *
print_value (const KandyConfigKey *key, GVariant *value)
{
  if (key->type == KANDY_CONFIG_ICE_SERVERS)
    return g_strdup ("[...]");
  return g_variant_print (value, FALSE);
}

static GVariant *
dup_key_value (KandyConfig *self, guint index)
{
  GVariant *value;

  g_mutex_lock (&self->lock);
  value = self->values[index] ? g_variant_ref (self->values[index]) : NULL;
  g_mutex_unlock (&self->lock);
  return value;
}

/* GVariant's strings are UTF-8 by contract; those of properties need not be */
static void
refuse_encoding (KandyConfig *self, const char *path)
{
  g_autoptr (KandyLogger) logger = get_logger (self);

  kandy_logger_log (logger, KANDY_LOG_LEVEL_WARN, "VALIDATION", NULL,
      "%s has a value that is not UTF-8; it is left as it was.", path);
}

static gboolean
is_valid (const char *text)
{
  return !text || g_utf8_validate (text, -1, NULL);
}

/* @value: (nullable): NULL for the default */
static void
set_key_value (KandyConfig *self, guint index, GVariant *value)
{
  guint n_keys;
  const KandyConfigKey *key = &kandy_config_schema_get_keys (&n_keys)[index];
  g_autofree char *rule = NULL;
  GVariant *new_value, *old_value;
  gboolean changed;

  if (value && !kandy_variant_is_null (value)) {
    new_value = kandy_config_key_normalise (key, value, &rule);
    if (!new_value) {
      g_autoptr (KandyLogger) logger = get_logger (self);
      g_autofree char *text = print_value (key, value);

      kandy_logger_log (logger, KANDY_LOG_LEVEL_WARN, "VALIDATION", NULL,
          "%s has the value %s, but it should be %s; it is left as it was.",
          key->path, text, rule);
      return;
    }
  } else {
    new_value = kandy_config_key_get_default (key);
  }

  g_mutex_lock (&self->lock);
  old_value = self->values[index];
  self->values[index] = new_value;
  changed = (old_value == NULL) != (new_value == NULL)
      || (old_value && !g_variant_equal (old_value, new_value));
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&old_value, g_variant_unref);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), pspecs[index]);
}

/* @tree with @value at the path @names. Takes nothing, returns a full ref */
static GVariant *
tree_set (GVariant *tree, char **names, GVariant *value)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, tree);
  if (names[1]) {
    g_autoptr (GVariant) branch =
        g_variant_dict_lookup_value (&dict, names[0], G_VARIANT_TYPE_VARDICT);
    GVariant *subtree = tree_set (branch, names + 1, value);

    g_variant_dict_insert_value (&dict, names[0], subtree);
    g_variant_unref (subtree);
  } else {
    g_variant_dict_insert_value (&dict, names[0], value);
  }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* (nullable) (transfer full) */
static GVariant *
tree_get (GVariant *tree, char **names)
{
  GVariant *node = g_variant_ref (tree);
  guint i;

  for (i = 0; names[i] && node; i++) {
    GVariant *branch = node;

    node = g_variant_is_of_type (branch, G_VARIANT_TYPE_VARDICT)
        ? g_variant_lookup_value (branch, names[i], NULL)
        : NULL;
    g_variant_unref (branch);
  }
  return node;
}

static GVariant *
tree_merge (GVariant *base, GVariant *update)
{
  GVariantDict dict;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_dict_init (&dict, base);
  g_variant_iter_init (&iter, update);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value)) {
    g_autoptr (GVariant) former =
        g_variant_dict_lookup_value (&dict, name, G_VARIANT_TYPE_VARDICT);

    if (former && g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT)) {
      GVariant *merged = tree_merge (former, value);

      g_variant_dict_insert_value (&dict, name, merged);
      g_variant_unref (merged);
    } else {
      g_variant_dict_insert_value (&dict, name, value);
    }
    g_variant_unref (value);
  }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
set_extra (KandyConfig *self, const char *path, GVariant *value)
{
  g_auto (GStrv) names = g_strsplit (path, ".", -1);
  g_autoptr (GVariant) addition = tree_set (NULL, names, value);
  GVariant *merged;

  g_mutex_lock (&self->lock);
  merged = tree_merge (self->extras, addition);
  g_variant_unref (self->extras);
  self->extras = merged;
  g_mutex_unlock (&self->lock);
}

static void update_branch (
    KandyConfig *self, const char *prefix, GVariant *partial);

static void
update_path (KandyConfig *self, const char *path, GVariant *boxed)
{
  g_autoptr (GVariant) value = kandy_variant_unbox (boxed);
  gboolean is_dict = g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT);
  int index = kandy_config_schema_find (path);

  if (g_str_equal (path, "connectivity.method")
      && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)) {
    update_path (self, "connectivity.method.type", value);
    return;
  }
  if (g_str_equal (path, "logs.logActions") && is_dict) {
    g_autoptr (GVariant) on = g_variant_ref_sink (g_variant_new_boolean (TRUE));

    set_key_value (self, (guint) index, on);
    update_branch (self, path, value);
    return;
  }
  if (index >= 0)
    set_key_value (self, (guint) index, value);
  else if (kandy_config_schema_is_branch (path) && is_dict)
    update_branch (self, path, value);
  else if (kandy_config_schema_is_branch (path)) {
    g_autoptr (KandyLogger) logger = get_logger (self);

    kandy_logger_log (logger, KANDY_LOG_LEVEL_WARN, "VALIDATION", NULL,
        "%s should be an object; it is left as it was.", path);
  } else {
    set_extra (self, path, value);
  }
}

static void
update_branch (KandyConfig *self, const char *prefix, GVariant *partial)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, partial);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value)) {
    g_autofree char *path = NULL;

    /* the document's name for the section that is stored as `requests` */
    if (!prefix && g_str_equal (name, "request"))
      name = "requests";
    path = prefix ? g_strconcat (prefix, ".", name, NULL) : g_strdup (name);
    if (prefix || kandy_config_schema_is_branch (name))
      update_path (self, path, value);
    g_variant_unref (value);
  }
}

/* `request` is `requests` */
static char *
canonical_path (const char *path)
{
  if (g_str_equal (path, "request") || g_str_has_prefix (path, "request."))
    return g_strconcat ("requests", path + strlen ("request"), NULL);
  return g_strdup (path);
}

static GVariant *
without_credentials (GVariant *servers)
{
  GVariantBuilder builder;
  gsize i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; servers && i < g_variant_n_children (servers); i++) {
    g_autoptr (GVariant) server = g_variant_get_child_value (servers, i);
    GVariantDict dict;

    g_variant_dict_init (&dict, server);
    g_variant_dict_remove (&dict, "credential");
    g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
kandy_config_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  KandyConfig *self = KANDY_CONFIG (object);
  g_autoptr (GVariant) variant = dup_key_value (self, id - 1);

  if (G_IS_PARAM_SPEC_VARIANT (pspec))
    g_value_take_variant (value, without_credentials (variant));
  else if (!variant)
    g_param_value_set_default (pspec, value);
  else if (G_IS_PARAM_SPEC_STRING (pspec))
    g_value_set_string (value, g_variant_get_string (variant, NULL));
  else if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_value_set_boolean (value, g_variant_get_boolean (variant));
  else if (G_IS_PARAM_SPEC_UINT (pspec))
    g_value_set_uint (value, (guint) g_variant_get_int64 (variant));
  else
    g_value_set_double (value, g_variant_get_double (variant));
}

static void
kandy_config_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  KandyConfig *self = KANDY_CONFIG (object);
  GVariant *variant = NULL;

  if (G_IS_PARAM_SPEC_STRING (pspec)
      && !is_valid (g_value_get_string (value))) {
    refuse_encoding (self, g_param_spec_get_nick (pspec));
    return;
  }
  if (G_IS_PARAM_SPEC_VARIANT (pspec))
    variant = g_value_get_variant (value);
  else if (G_IS_PARAM_SPEC_STRING (pspec))
    variant = g_value_get_string (value)
        ? g_variant_new_string (g_value_get_string (value))
        : NULL;
  else if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    variant = g_variant_new_boolean (g_value_get_boolean (value));
  else if (G_IS_PARAM_SPEC_UINT (pspec))
    variant = g_variant_new_int64 (g_value_get_uint (value));
  else
    variant = g_variant_new_double (g_value_get_double (value));

  if (variant)
    g_variant_ref_sink (variant);
  set_key_value (self, id - 1, variant);
  g_clear_pointer (&variant, g_variant_unref);
}

static void
kandy_config_finalize (GObject *object)
{
  KandyConfig *self = KANDY_CONFIG (object);
  guint n_keys, i;

  kandy_config_schema_get_keys (&n_keys);
  for (i = 0; i < n_keys; i++)
    g_clear_pointer (&self->values[i], g_variant_unref);
  g_free (self->values);
  g_variant_unref (self->extras);
  g_clear_object (&self->logger);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (kandy_config_parent_class)->finalize (object);
}

static void
kandy_config_class_init (KandyConfigClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const KandyConfigKey *keys;
  guint n_keys, i;

  object_class->get_property = kandy_config_get_property;
  object_class->set_property = kandy_config_set_property;
  object_class->finalize = kandy_config_finalize;

  keys = kandy_config_schema_get_keys (&n_keys);
  pspecs = g_new0 (GParamSpec *, n_keys);
  for (i = 0; i < n_keys; i++) {
    pspecs[i] = kandy_config_key_make_pspec (&keys[i]);
    g_object_class_install_property (object_class, i + 1, pspecs[i]);
  }
}

static void
kandy_config_init (KandyConfig *self)
{
  const KandyConfigKey *keys;
  guint n_keys, i;

  g_mutex_init (&self->lock);
  keys = kandy_config_schema_get_keys (&n_keys);
  self->values = g_new0 (GVariant *, n_keys);
  for (i = 0; i < n_keys; i++)
    self->values[i] = kandy_config_key_get_default (&keys[i]);
  self->extras = g_variant_ref_sink (
      g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));
}

void
kandy_config_set_logger (KandyConfig *self, KandyLogger *logger)
{
  KandyLogger *former;

  g_mutex_lock (&self->lock);
  former = self->logger;
  self->logger = logger ? g_object_ref (logger) : NULL;
  g_mutex_unlock (&self->lock);
  g_clear_object (&former);
}

KandyLogLevel
kandy_config_get_log_level (KandyConfig *self, const char *path)
{
  static const char *const names[] = { "TRACE", "DEBUG", "INFO", "WARN",
    "ERROR", "SILENT" };
  g_autofree char *name = kandy_config_get_string (self, path);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (names[i], name) == 0)
      return (KandyLogLevel) i;
  return KANDY_LOG_LEVEL_DEBUG;
}

/**
 * kandy_config_new:
 *
 * Makes a configuration that has the API document's defaults. A client needs at
 * least #KandyConfig:server-base.
 *
 * Returns: (transfer full): the configuration
 */
KandyConfig *
kandy_config_new (void)
{
  return g_object_new (KANDY_TYPE_CONFIG, NULL);
}

/**
 * kandy_config_copy:
 * @self: a configuration
 *
 * Copies a configuration, credentials of ICE servers included.
 *
 * Returns: (transfer full): the copy
 */
KandyConfig *
kandy_config_copy (KandyConfig *self)
{
  KandyConfig *copy;
  guint n_keys, i;

  g_return_val_if_fail (KANDY_IS_CONFIG (self), NULL);

  copy = kandy_config_new ();
  kandy_config_schema_get_keys (&n_keys);
  g_mutex_lock (&self->lock);
  for (i = 0; i < n_keys; i++) {
    g_clear_pointer (&copy->values[i], g_variant_unref);
    if (self->values[i])
      copy->values[i] = g_variant_ref (self->values[i]);
  }
  g_variant_unref (copy->extras);
  copy->extras = g_variant_ref (self->extras);
  g_set_object (&copy->logger, self->logger);
  g_mutex_unlock (&self->lock);
  return copy;
}

/**
 * kandy_config_to_variant:
 * @self: a configuration
 *
 * Gets everything, by sections, with the document's names (API document:
 * `api.getConfig`). The credentials of ICE servers are in it: it is not for
 * printing.
 *
 * Returns: (transfer full): an `a{sv}` that later changes do not touch
 */
GVariant *
kandy_config_to_variant (KandyConfig *self)
{
  const KandyConfigKey *keys;
  GVariant *tree;
  guint n_keys, i;

  g_return_val_if_fail (KANDY_IS_CONFIG (self), NULL);

  keys = kandy_config_schema_get_keys (&n_keys);
  g_mutex_lock (&self->lock);
  tree = g_variant_ref (self->extras);
  for (i = 0; i < n_keys; i++) {
    g_auto (GStrv) names = NULL;
    GVariant *former = tree;

    /* the document has `false` or an object there, and `true` is not it */
    if (!self->values[i]
        || (g_str_has_prefix (keys[i].path, "logs.logActions")
            && g_variant_get_boolean (
                   self->values[kandy_config_schema_find ("logs.logActions")])
                == g_str_equal (keys[i].path, "logs.logActions")))
      continue;
    names = g_strsplit (keys[i].path, ".", -1);
    tree = tree_set (former, names, self->values[i]);
    g_variant_unref (former);
  }
  g_mutex_unlock (&self->lock);
  return tree;
}

/**
 * kandy_config_update:
 * @self: a configuration
 * @partial: an `a{sv}` of sections
 *
 * Changes the keys that @partial has (API document: `api.updateConfig`):
 * objects are merged, arrays and everything else replaced, `null` (nothing, of
 * any type) restores a default. Sections that are not known are ignored.
 */
void
kandy_config_update (KandyConfig *self, GVariant *partial)
{
  g_return_if_fail (KANDY_IS_CONFIG (self));
  g_return_if_fail (g_variant_is_of_type (partial, G_VARIANT_TYPE_VARDICT));

  g_variant_ref_sink (partial);
  g_object_freeze_notify (G_OBJECT (self));
  update_branch (self, NULL, partial);
  g_object_thaw_notify (G_OBJECT (self));
  g_variant_unref (partial);
}

/**
 * kandy_config_load_json:
 * @self: a configuration
 * @json: the API document's configuration object as JSON
 * @length: bytes of @json, -1 if it ends with a NUL
 * @error: return location
 *
 * Like kandy_config_update(), from text.
 *
 * Returns: %FALSE, with %KANDY_ERROR_INVALID_PARAM set, if @json is no JSON
 *   object; nothing has changed then
 */
gboolean
kandy_config_load_json (
    KandyConfig *self, const char *json, gssize length, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) partial = NULL;

  g_return_val_if_fail (KANDY_IS_CONFIG (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  root = kandy_json_parse (json, length, &local);
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    partial = g_variant_ref_sink (kandy_json_to_variant (root));
  if (!partial) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
            "The configuration is not a JSON object%s%s", local ? ": " : "",
            local ? local->message : ""));
    return FALSE;
  }
  kandy_config_update (self, partial);
  return TRUE;
}

/**
 * kandy_config_get_value:
 * @self: a configuration
 * @path: path of a key or of a section, such as `connectivity.pingInterval`
 *
 * Gets a value, or an `a{sv}` of all that is in a section.
 *
 * Returns: (transfer full) (nullable): the value, %NULL if it is not set
 */
GVariant *
kandy_config_get_value (KandyConfig *self, const char *path)
{
  g_autofree char *canonical = NULL;
  g_autoptr (GVariant) tree = NULL;
  g_auto (GStrv) names = NULL;
  int index;

  g_return_val_if_fail (KANDY_IS_CONFIG (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  canonical = canonical_path (path);
  index = kandy_config_schema_find (canonical);
  if (index >= 0)
    return dup_key_value (self, (guint) index);
  tree = kandy_config_to_variant (self);
  names = g_strsplit (canonical, ".", -1);
  return tree_get (tree, names);
}

/**
 * kandy_config_set_value:
 * @self: a configuration
 * @path: path of a key, such as `connectivity.pingInterval`
 * @value: (nullable): the value, %NULL for the default; sunk if floating
 *
 * Sets a value. Numbers may be of any numeric type, or text.
 */
void
kandy_config_set_value (KandyConfig *self, const char *path, GVariant *value)
{
  g_autofree char *canonical = NULL;
  int index;

  g_return_if_fail (KANDY_IS_CONFIG (self));
  g_return_if_fail (path != NULL && *path != '\0');

  canonical = canonical_path (path);
  if (value)
    g_variant_ref_sink (value);
  index = kandy_config_schema_find (canonical);
  if (value)
    update_path (self, canonical, value);
  else if (index >= 0)
    set_key_value (self, (guint) index, NULL);
  g_clear_pointer (&value, g_variant_unref);
}

/**
 * kandy_config_get_string:
 * @self: a configuration
 * @path: path of a key
 *
 * Gets a string.
 *
 * Returns: (transfer full) (nullable): the string, %NULL if it is not set or is
 *   no string
 */
char *
kandy_config_get_string (KandyConfig *self, const char *path)
{
  g_autoptr (GVariant) value = kandy_config_get_value (self, path);

  if (!value || !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return NULL;
  return g_variant_dup_string (value, NULL);
}

/**
 * kandy_config_get_boolean:
 * @self: a configuration
 * @path: path of a key
 *
 * Gets a boolean.
 *
 * Returns: the value, %FALSE if it is not set or is no boolean
 */
gboolean
kandy_config_get_boolean (KandyConfig *self, const char *path)
{
  g_autoptr (GVariant) value = kandy_config_get_value (self, path);

  return value && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
      && g_variant_get_boolean (value);
}

/**
 * kandy_config_get_number:
 * @self: a configuration
 * @path: path of a key
 *
 * Gets a number.
 *
 * Returns: the value, 0 if it is not set or is no number
 */
double
kandy_config_get_number (KandyConfig *self, const char *path)
{
  g_autoptr (GVariant) value = kandy_config_get_value (self, path);

  if (!value)
    return 0;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    return (double) g_variant_get_int64 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return g_variant_get_double (value);
  return 0;
}

/**
 * kandy_config_get_ice_servers:
 * @self: a configuration
 *
 * Gets `call.iceServers`.
 *
 * Returns: (transfer full) (element-type KandyIceServer): the servers, with
 *   their credentials
 */
GPtrArray *
kandy_config_get_ice_servers (KandyConfig *self)
{
  g_autoptr (GVariant) value = kandy_config_get_value (self, "call.iceServers");
  GPtrArray *servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  gsize i;

  for (i = 0; value && i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) server = g_variant_get_child_value (value, i);
    g_autofree const char **urls = NULL;
    const char *username = NULL, *credential = NULL;

    g_variant_lookup (server, "urls", "^a&s", &urls);
    g_variant_lookup (server, "username", "&s", &username);
    g_variant_lookup (server, "credential", "&s", &credential);
    g_ptr_array_add (
        servers, kandy_ice_server_new (urls, username, credential));
  }
  return servers;
}

/**
 * kandy_config_set_ice_servers:
 * @self: a configuration
 * @servers: (nullable) (element-type KandyIceServer): servers, %NULL for none
 *
 * Sets `call.iceServers`.
 */
void
kandy_config_set_ice_servers (KandyConfig *self, GPtrArray *servers)
{
  GVariantBuilder builder;
  guint i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; servers && i < servers->len; i++) {
    KandyIceServer *server = g_ptr_array_index (servers, i);
    const char *username = kandy_ice_server_get_username (server);
    const char *credential = kandy_ice_server_get_credential (server);
    const char *const *urls = kandy_ice_server_get_urls (server);
    GVariantDict dict;

    while (*urls && is_valid (*urls))
      urls++;
    if (*urls || !is_valid (username) || !is_valid (credential)) {
      g_variant_builder_clear (&builder);
      refuse_encoding (self, "call.iceServers");
      return;
    }
    g_variant_dict_init (&dict, NULL);
    g_variant_dict_insert (
        &dict, "urls", "^as", kandy_ice_server_get_urls (server));
    if (username)
      g_variant_dict_insert (&dict, "username", "s", username);
    if (credential)
      g_variant_dict_insert (&dict, "credential", "s", credential);
    g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
  }
  kandy_config_set_value (
      self, "call.iceServers", g_variant_builder_end (&builder));
}
