/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "gstkandysessionaccount.h"

/* SECTION: GstKandySessionAccount
 *
 * Who signs on where, as it is told to an element: by properties, by a
 * credentials file, by the environment, in this order. What is found first
 * counts: a password hides a client's secret of a later source. Secrets in the
 * environment are only for the server in the environment, if there is one: the
 * server may come from an URI that somebody else wrote. The secrets in it are
 * wiped when it is freed.
 */

#define CREDENTIALS_FILE_MAX (64 * 1024)

struct _GstKandySessionAccount {
  char *fields[GST_KANDY_ACCOUNT_N_FIELDS];
  gboolean tls_verify;
};

static const struct {
  const char *key;
  const char *variable;
} field_info[GST_KANDY_ACCOUNT_N_FIELDS] = {
  [GST_KANDY_ACCOUNT_SERVER] = { "server", "KANDY_SERVER" },
  [GST_KANDY_ACCOUNT_USERNAME] = { "username", "KANDY_USERNAME" },
  [GST_KANDY_ACCOUNT_PASSWORD] = { "password", "KANDY_PASSWORD" },
  [GST_KANDY_ACCOUNT_CLIENT_ID] = { "client-id", "KANDY_CLIENT_ID" },
  [GST_KANDY_ACCOUNT_CLIENT_SECRET] = { "client-secret",
      "KANDY_CLIENT_SECRET" },
  [GST_KANDY_ACCOUNT_ACCESS_TOKEN] = { "access-token", NULL },
  [GST_KANDY_ACCOUNT_ID_TOKEN] = { "id-token", NULL },
  [GST_KANDY_ACCOUNT_CREDENTIALS_FILE] = { NULL, NULL },
  [GST_KANDY_ACCOUNT_CLIENT_CORRELATOR] = { "client-correlator", NULL },
  [GST_KANDY_ACCOUNT_CA_FILE] = { "ca-file", NULL },
  [GST_KANDY_ACCOUNT_ICE_SERVERS] = { "ice-servers", NULL },
};

static void
wipe (char *text)
{
  if (text != NULL) {
    /* a plain memset() of memory about to be freed is optimised away */
    volatile char *p = text;

    while (*p != '\0')
      *p++ = '\0';
  }
  g_free (text);
}

static gboolean
is_loopback_host (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static GUri *
parse_server (const char *server, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *text = NULL;
  const char *scheme, *path;

  text = strstr (server, "://") != NULL
      ? g_strdup (server)
      : g_strconcat ("https://", server, NULL);
  uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL
      || *g_uri_get_host (uri) == '\0') {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"server\" is not of the form https://HOST[:PORT]");
    return NULL;
  }
  scheme = g_uri_get_scheme (uri);
  path = g_uri_get_path (uri);
  if (strcmp (scheme, "https") != 0 && strcmp (scheme, "http") != 0) {
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"server\" has the scheme \"%s\"; it must be https, "
        "or http for a test platform",
        scheme);
    return NULL;
  }
  if (g_uri_get_userinfo (uri) != NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"server\" must not contain a user name or password");
    return NULL;
  }
  if ((*path != '\0' && strcmp (path, "/") != 0)
      || g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"server\" must be a scheme, a host and a port only");
    return NULL;
  }
  return g_steal_pointer (&uri);
}

static void
fill (
    GstKandySessionAccount *self, GstKandyAccountField field, const char *value)
{
  if (self->fields[field] == NULL && value != NULL && *value != '\0')
    self->fields[field] = g_strdup (value);
}

static gboolean
fill_from_json (GstKandySessionAccount *self, const char *data, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object;
  guint i;

  if (!json_parser_load_from_data (parser, data, length, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return FALSE;

  object = json_node_get_object (json_parser_get_root (parser));
  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    g_autofree char *underscored = NULL;
    JsonNode *node;

    if (field_info[i].key == NULL)
      continue;
    underscored = g_strdelimit (g_strdup (field_info[i].key), "-", '_');
    node = json_object_get_member (object, field_info[i].key);
    if (node == NULL)
      node = json_object_get_member (object, underscored);
    if (node != NULL && json_node_get_value_type (node) == G_TYPE_STRING)
      fill (self, i, json_node_get_string (node));
  }
  return TRUE;
}

static gboolean
fill_from_key_file (
    GstKandySessionAccount *self, const char *data, gsize length)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autofree char *group = NULL;
  guint i;

  if (!g_key_file_load_from_data (
          key_file, data, length, G_KEY_FILE_NONE, NULL))
    return FALSE;
  group = g_key_file_has_group (key_file, "kandy")
      ? g_strdup ("kandy")
      : g_key_file_get_start_group (key_file);
  if (group == NULL)
    return FALSE;

  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    g_autofree char *underscored = NULL;
    char *value;

    if (field_info[i].key == NULL)
      continue;
    underscored = g_strdelimit (g_strdup (field_info[i].key), "-", '_');
    value = g_key_file_get_string (key_file, group, field_info[i].key, NULL);
    if (value == NULL)
      value = g_key_file_get_string (key_file, group, underscored, NULL);
    fill (self, i, value);
    wipe (value);
  }
  return TRUE;
}

static gboolean
fill_from_file (GstKandySessionAccount *self, const char *path, GError **error)
{
  GStatBuf status;
  char *data = NULL;
  gsize length = 0;
  gboolean ok;

  if (g_stat (path, &status) != 0) {
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The credentials file \"%s\" cannot be read: %s", path,
        g_strerror (errno));
    return FALSE;
  }
  if (!S_ISREG (status.st_mode) || status.st_size > CREDENTIALS_FILE_MAX) {
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The credentials file \"%s\" is not a file of at most %d KiB", path,
        CREDENTIALS_FILE_MAX / 1024);
    return FALSE;
  }
#ifdef G_OS_UNIX
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The credentials file \"%s\" is open to other users; take their "
        "rights away with: chmod 600",
        path);
    return FALSE;
  }
#endif
  if (!g_file_get_contents (path, &data, &length, error)) {
    g_prefix_error (error, "The credentials file cannot be read: ");
    return FALSE;
  }

  /* JSON starts with a brace, a key file never does */
  ok = *g_strchug (data) == '{'
      ? fill_from_json (self, data, strlen (data))
      : fill_from_key_file (self, data, strlen (data));
  wipe (data);
  if (!ok) {
    /* the parser's own message might quote a line with a secret in it */
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The credentials file \"%s\" is neither a JSON object nor a key file "
        "with a group [kandy]",
        path);
  }
  return ok;
}

static int
port_of (GUri *server)
{
  if (g_uri_get_port (server) != -1)
    return g_uri_get_port (server);
  return strcmp (g_uri_get_scheme (server), "http") == 0 ? 80 : 443;
}

static gboolean
is_same_server (const char *a, const char *b)
{
  g_autoptr (GUri) one = parse_server (a, NULL);
  g_autoptr (GUri) other = parse_server (b, NULL);

  return one != NULL && other != NULL
      && strcmp (g_uri_get_scheme (one), g_uri_get_scheme (other)) == 0
      && g_ascii_strcasecmp (g_uri_get_host (one), g_uri_get_host (other)) == 0
      && port_of (one) == port_of (other);
}

/* FALSE if there are secrets for another server, which were left there */
static gboolean
fill_from_environment (GstKandySessionAccount *self)
{
  const char *server = g_getenv (field_info[GST_KANDY_ACCOUNT_SERVER].variable);
  gboolean ours = TRUE;
  guint i;

  fill (self, GST_KANDY_ACCOUNT_SERVER, server);
  if (server != NULL && *server != '\0')
    ours = is_same_server (self->fields[GST_KANDY_ACCOUNT_SERVER], server);
  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    gboolean secret =
        i == GST_KANDY_ACCOUNT_PASSWORD || i == GST_KANDY_ACCOUNT_CLIENT_SECRET;

    if (field_info[i].variable != NULL && (ours || !secret))
      fill (self, i, g_getenv (field_info[i].variable));
  }
  return ours;
}

typedef struct {
  gboolean user;
  gboolean client;
} Known;

static Known
get_known (const GstKandySessionAccount *self)
{
  return (Known){
    .user = self->fields[GST_KANDY_ACCOUNT_USERNAME] != NULL
        || self->fields[GST_KANDY_ACCOUNT_PASSWORD] != NULL,
    .client = self->fields[GST_KANDY_ACCOUNT_CLIENT_SECRET] != NULL,
  };
}

/* Who named a user in @before, and has a password by now, did not mean to sign
 * on as the client whose secret was found since */
static void
keep_user (GstKandySessionAccount *self, Known before)
{
  if (before.user && !before.client
      && self->fields[GST_KANDY_ACCOUNT_PASSWORD] != NULL)
    gst_kandy_session_account_set (self, GST_KANDY_ACCOUNT_CLIENT_SECRET, NULL);
}

static gboolean
is_ice_url (const char *url)
{
  static const char *const schemes[] = { "stun:", "turn:", "turns:" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (url, schemes[i], strlen (schemes[i])) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_ice_servers (const char *text, GError **error)
{
  g_auto (GStrv) urls = NULL;
  guint i;

  /* before anything of it is quoted */
  if (strchr (text, '@') != NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"ice-servers\" must not contain a user name or "
        "password: the platform gives the credentials for TURN servers");
    return FALSE;
  }
  urls = g_strsplit_set (text, " \t\n", -1);
  for (i = 0; urls[i] != NULL; i++) {
    if (*urls[i] == '\0' || is_ice_url (urls[i]))
      continue;
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"ice-servers\" has the value \"%s\" in it, which is "
        "not of the form stun:HOST[:PORT], "
        "turn:HOST[:PORT][?transport=udp|tcp] or turns:HOST[:PORT]",
        urls[i]);
    return FALSE;
  }
  return TRUE;
}

static void
apply_ice_servers (const char *text, KandyConfig *config)
{
  g_autoptr (GPtrArray) servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);
  g_auto (GStrv) urls = g_strsplit_set (text, " \t\n", -1);
  guint i;

  for (i = 0; urls[i] != NULL; i++) {
    const char *const one[] = { urls[i], NULL };

    if (*urls[i] != '\0')
      g_ptr_array_add (servers, kandy_ice_server_new (one, NULL, NULL));
  }
  kandy_config_set_ice_servers (config, servers);
}

GstKandySessionAccount *
gst_kandy_session_account_new (void)
{
  GstKandySessionAccount *self = g_new0 (GstKandySessionAccount, 1);

  self->tls_verify = TRUE;
  return self;
}

GstKandySessionAccount *
gst_kandy_session_account_copy (const GstKandySessionAccount *self)
{
  GstKandySessionAccount *copy = gst_kandy_session_account_new ();
  guint i;

  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++)
    copy->fields[i] = g_strdup (self->fields[i]);
  copy->tls_verify = self->tls_verify;
  return copy;
}

void
gst_kandy_session_account_free (GstKandySessionAccount *self)
{
  guint i;

  if (self == NULL)
    return;
  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++)
    wipe (self->fields[i]);
  g_free (self);
}

/* An empty text is the same as none, so that a launch line can say password=""
 */
void
gst_kandy_session_account_set (
    GstKandySessionAccount *self, GstKandyAccountField field, const char *value)
{
  g_return_if_fail (field < GST_KANDY_ACCOUNT_N_FIELDS);

  wipe (self->fields[field]);
  self->fields[field] =
      value != NULL && *value != '\0' ? g_strdup (value) : NULL;
}

const char *
gst_kandy_session_account_get (
    const GstKandySessionAccount *self, GstKandyAccountField field)
{
  g_return_val_if_fail (field < GST_KANDY_ACCOUNT_N_FIELDS, NULL);

  return self->fields[field];
}

void
gst_kandy_session_account_set_tls_verify (
    GstKandySessionAccount *self, gboolean verify)
{
  self->tls_verify = verify;
}

gboolean
gst_kandy_session_account_get_tls_verify (const GstKandySessionAccount *self)
{
  return self->tls_verify;
}

gboolean
gst_kandy_session_account_is_set (const GstKandySessionAccount *self)
{
  guint i;

  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    if (self->fields[i] != NULL)
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_kandy_session_account_equal (
    const GstKandySessionAccount *a, const GstKandySessionAccount *b)
{
  guint i;

  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    if (g_strcmp0 (a->fields[i], b->fields[i]) != 0)
      return FALSE;
  }
  return a->tls_verify == b->tls_verify;
}

char *
gst_kandy_session_account_describe (const GstKandySessionAccount *self)
{
  const char *who = self->fields[GST_KANDY_ACCOUNT_USERNAME];
  const char *server = self->fields[GST_KANDY_ACCOUNT_SERVER];
  g_autoptr (GUri) uri = NULL;
  g_autofree char *where = NULL;

  if (who == NULL)
    who = self->fields[GST_KANDY_ACCOUNT_CLIENT_ID];
  if (server != NULL)
    uri = parse_server (server, NULL);
  /* never quotes a server text that might hide a password */
  where = uri != NULL ? g_uri_to_string_partial (uri, G_URI_HIDE_PASSWORD)
                      : g_strdup ("an unknown server");
  return g_strdup_printf ("%s on %s", who != NULL ? who : "somebody", where);
}

gboolean
gst_kandy_session_account_complete (
    GstKandySessionAccount *self, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  const char *file = self->fields[GST_KANDY_ACCOUNT_CREDENTIALS_FILE];
  const char *const *fields = (const char *const *) self->fields;
  Known known = get_known (self);
  gboolean environment_is_ours;
  guint i;

  if (file != NULL && !fill_from_file (self, file, error))
    return FALSE;
  keep_user (self, known);
  known = get_known (self);
  environment_is_ours = fill_from_environment (self);
  keep_user (self, known);

  for (i = 0; i < GST_KANDY_ACCOUNT_N_FIELDS; i++) {
    /* the name of a file may be in any encoding */
    if (fields[i] == NULL || field_info[i].key == NULL
        || g_utf8_validate (fields[i], -1, NULL))
      continue;
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The property \"%s\" is not UTF-8", field_info[i].key);
    return FALSE;
  }
  if (fields[GST_KANDY_ACCOUNT_ICE_SERVERS] != NULL
      && !check_ice_servers (fields[GST_KANDY_ACCOUNT_ICE_SERVERS], error))
    return FALSE;
  if (fields[GST_KANDY_ACCOUNT_SERVER] == NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "No server is known: set the property \"server\" or the environment "
        "variable KANDY_SERVER to https://HOST[:PORT]");
    return FALSE;
  }
  uri = parse_server (fields[GST_KANDY_ACCOUNT_SERVER], error);
  if (uri == NULL)
    return FALSE;

  if ((fields[GST_KANDY_ACCOUNT_ACCESS_TOKEN] == NULL)
      != (fields[GST_KANDY_ACCOUNT_ID_TOKEN] == NULL)) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The properties \"access-token\" and \"id-token\" go together: set "
        "both or none");
    return FALSE;
  }
  if (fields[GST_KANDY_ACCOUNT_ACCESS_TOKEN] != NULL)
    return TRUE;

  if (fields[GST_KANDY_ACCOUNT_CLIENT_ID] == NULL
      && is_loopback_host (g_uri_get_host (uri)))
    fill (self, GST_KANDY_ACCOUNT_CLIENT_ID, "loopback");
  if (fields[GST_KANDY_ACCOUNT_CLIENT_ID] == NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "No client id is known: set the property \"client-id\" or the "
        "environment variable KANDY_CLIENT_ID to the key that the platform "
        "gave to the account or project");
    return FALSE;
  }
  if (fields[GST_KANDY_ACCOUNT_CLIENT_SECRET] != NULL)
    return TRUE;

  if (fields[GST_KANDY_ACCOUNT_USERNAME] == NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "No user is known: set the property \"username\" or the environment "
        "variable KANDY_USERNAME");
    return FALSE;
  }
  if (fields[GST_KANDY_ACCOUNT_PASSWORD] == NULL) {
    g_set_error_literal (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        environment_is_ours
            ? "No password is known: set the property \"password\", the "
              "environment variable KANDY_PASSWORD or the property "
              "\"credentials-file\""
            : "No password is known: the secrets in the environment are for "
              "another server, KANDY_SERVER");
    return FALSE;
  }
  return TRUE;
}

/* A secret of the client wins over a password (protocol session 1.1) */
GstKandyGrant
gst_kandy_session_account_get_grant (const GstKandySessionAccount *self)
{
  if (self->fields[GST_KANDY_ACCOUNT_ACCESS_TOKEN] != NULL)
    return GST_KANDY_GRANT_TOKENS;
  if (self->fields[GST_KANDY_ACCOUNT_CLIENT_SECRET] != NULL)
    return GST_KANDY_GRANT_CLIENT;
  return GST_KANDY_GRANT_PASSWORD;
}

void
gst_kandy_session_account_apply (
    const GstKandySessionAccount *self, KandyConfig *config)
{
  g_autoptr (GUri) uri = NULL;
  const char *correlator = self->fields[GST_KANDY_ACCOUNT_CLIENT_CORRELATOR];
  g_autofree char *made_up = NULL;

  uri = parse_server (self->fields[GST_KANDY_ACCOUNT_SERVER], NULL);
  g_return_if_fail (uri != NULL);

  kandy_config_set_value (config, "authentication.server.base",
      g_variant_new_string (g_uri_get_host (uri)));
  kandy_config_set_value (config, "authentication.server.protocol",
      g_variant_new_string (g_uri_get_scheme (uri)));
  kandy_config_set_value (config, "authentication.server.port",
      g_variant_new_double (port_of (uri)));
  if (correlator == NULL)
    correlator = made_up = g_uuid_string_random ();
  kandy_config_set_value (config, "authentication.clientCorrelator",
      g_variant_new_string (correlator));
  g_object_set (config, "tls-verify", self->tls_verify, NULL);
  if (self->fields[GST_KANDY_ACCOUNT_CA_FILE] != NULL)
    g_object_set (
        config, "ca-file", self->fields[GST_KANDY_ACCOUNT_CA_FILE], NULL);
  if (self->fields[GST_KANDY_ACCOUNT_ICE_SERVERS] != NULL)
    apply_ice_servers (self->fields[GST_KANDY_ACCOUNT_ICE_SERVERS], config);
}
