/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gstkandyuri.h"

/* SECTION: kandy:// URIs
 *
 * |[<!-- language="plain" -->
 * kandy://[USER@]HOST[:PORT][/DESTINATION][?KEY=VALUE[&KEY=VALUE...]]
 * ]|
 *
 * USER and DESTINATION are percent-encoded where they have an '@' or a '/' in
 * them. A DESTINATION is called; without one the next incoming call is
 * answered. The keys are names of properties of the element, and `protocol`,
 * which is `https` unless it says `http`. An URI ends up in logs, histories and
 * lists of processes, so that one with a secret in it is refused; the
 * environment and `credentials-file` are there for them. Nor can it say which
 * files to read or whom to trust: it may be from somebody else.
 */

const char *const gst_kandy_uri_protocols[] = { "kandy", NULL };

static gboolean G_GNUC_PRINTF (2, 3)
    bad_uri (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, text);
  return FALSE;
}

static gboolean
is_for_us_alone (const char *key)
{
  static const char *const keys[] = { "uri", "server", "name", "parent",
    "credentials-file", "ca-file", "tls-verify", NULL };

  return g_strv_contains (keys, key);
}

static gboolean
check_key (const char *key, const char *text, GObject *object, GError **error)
{
  GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (object), key);
  GValue value = G_VALUE_INIT;
  gboolean ok;

  if (pspec == NULL)
    return bad_uri (error,
        "The URI has the key \"%s\", which is not a "
        "property of %s",
        key, G_OBJECT_TYPE_NAME (object));
  if ((pspec->flags & G_PARAM_READABLE) == 0)
    return bad_uri (error,
        "The URI must not have the secret \"%s\" in it; "
        "use the property, the environment or a credentials file",
        key);
  if ((pspec->flags & G_PARAM_WRITABLE) == 0
      || (pspec->flags & G_PARAM_CONSTRUCT_ONLY) != 0
      || is_for_us_alone (pspec->name))
    return bad_uri (error, "The URI cannot set the property \"%s\"", key);

  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (pspec));
  ok = text != NULL && gst_value_deserialize_with_pspec (&value, text, pspec);
  if (ok)
    ok = !g_param_value_validate (pspec, &value);
  g_value_unset (&value);
  return ok
      || bad_uri (error,
          "The URI has a value for the property \"%s\" "
          "that is out of its range",
          key);
}

static gboolean
parse (const char *text, GUri **uri, GHashTable **query, const char **protocol,
    GObject *object, GError **error)
{
  g_autoptr (GUri) parsed = NULL;
  g_autoptr (GHashTable) keys = NULL;
  GHashTableIter iter;
  gpointer key, value;

  /* parse errors are not passed on: they quote what may be a password */
  parsed = g_uri_parse (text,
      G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH
          | G_URI_FLAGS_ENCODED_QUERY,
      NULL);
  if (parsed == NULL || strcmp (g_uri_get_scheme (parsed), "kandy") != 0
      || g_uri_get_host (parsed) == NULL || *g_uri_get_host (parsed) == '\0')
    return bad_uri (error,
        "The URI is not of the form kandy://[USER@]HOST[:PORT][/DESTINATION]");
  if (g_uri_get_password (parsed) != NULL)
    return bad_uri (error,
        "The URI must not have a password in it; use the "
        "property, the environment or a credentials file");
  if (g_uri_get_fragment (parsed) != NULL)
    return bad_uri (error, "The URI must not have a fragment");

  keys = g_uri_get_query (parsed) != NULL
      ? g_uri_parse_params (
          g_uri_get_query (parsed), -1, "&", G_URI_PARAMS_NONE, NULL)
      : g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (keys == NULL)
    return bad_uri (error, "The URI's query is not of the form KEY=VALUE&...");

  *protocol = "https";
  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (!g_str_equal (key, "protocol")) {
      if (!check_key (key, value, object, error))
        return FALSE;
    } else if (g_str_equal (value, "http")) {
      *protocol = "http";
    } else if (!g_str_equal (value, "https")) {
      return bad_uri (error,
          "The URI's key \"protocol\" must be http or "
          "https");
    }
  }
  *uri = g_steal_pointer (&parsed);
  *query = g_steal_pointer (&keys);
  return TRUE;
}

/* Nothing is set unless all of it is good */
gboolean
gst_kandy_uri_apply (const char *text, GObject *object, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autoptr (GHashTable) query = NULL;
  g_autofree char *server = NULL, *destination = NULL;
  const char *protocol = NULL, *path, *host;
  GHashTableIter iter;
  gpointer key, value;

  if (!parse (text, &uri, &query, &protocol, object, error))
    return FALSE;

  path = g_uri_get_path (uri);
  if (*path == '/')
    path++;
  destination = g_uri_unescape_string (path, NULL);
  if (destination == NULL)
    return bad_uri (error, "The URI's destination is not well encoded");

  host = g_uri_get_host (uri);
  server = g_uri_join (G_URI_FLAGS_NONE, protocol, NULL, host,
      g_uri_get_port (uri), "", NULL, NULL);
  g_object_set (object, "server", server, NULL);
  if (g_uri_get_user (uri) != NULL)
    g_object_set (object, "username", g_uri_get_user (uri), NULL);
  g_object_set (object, "destination",
      *destination != '\0' ? destination : NULL, "auto-answer",
      *destination == '\0', NULL);
  g_hash_table_iter_init (&iter, query);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (!g_str_equal (key, "protocol"))
      gst_util_set_object_arg (object, key, value);
  }
  return TRUE;
}

char *
gst_kandy_uri_build (
    const char *server, const char *username, const char *destination)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *path = NULL, *escaped = NULL;

  if (server == NULL)
    return NULL;
  if (strstr (server, "://") != NULL) {
    uri = g_uri_parse (server, G_URI_FLAGS_NONE, NULL);
  } else {
    g_autofree char *whole = g_strconcat ("https://", server, NULL);

    uri = g_uri_parse (whole, G_URI_FLAGS_NONE, NULL);
  }
  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return NULL;

  escaped = destination != NULL ? g_uri_escape_string (destination, NULL, TRUE)
                                : g_strdup ("");
  path = g_strconcat ("/", escaped, NULL);
  return g_uri_join_with_user (G_URI_FLAGS_ENCODED_PATH, "kandy", username,
      NULL, NULL, g_uri_get_host (uri), g_uri_get_port (uri),
      *escaped != '\0' ? path : "",
      strcmp (g_uri_get_scheme (uri), "http") == 0 ? "protocol=http" : NULL,
      NULL);
}
