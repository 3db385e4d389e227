/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* JSON as it comes from strangers: the parser of json-glib recurses, so a
 * text is looked through for its depth before it is parsed, and no getter
 * trusts a member to be of the type that it should be. */

static gboolean
is_too_deep (const char *text, gsize length)
{
  guint depth = 0;
  gboolean in_string = FALSE;
  gsize i;

  for (i = 0; i < length; i++) {
    if (in_string) {
      if (text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = FALSE;
    } else if (text[i] == '"') {
      in_string = TRUE;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > KL_MAX_JSON_DEPTH)
        return TRUE;
    } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
      depth--;
    }
  }
  return FALSE;
}

/* The root is wrapped if it is an array, so that one type serves all:
 * { "": [...] } */
JsonObject *
kl_json_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonNode *root;
  JsonObject *object;

  if (length < 0)
    length = strlen (text);
  if (!g_utf8_validate_len (text, length, NULL)) {
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not UTF-8 text");
    return NULL;
  }
  if (is_too_deep (text, length)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "JSON nested deeper than %d levels", KL_MAX_JSON_DEPTH);
    return NULL;
  }

  parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text, length, error))
    return NULL;
  root = json_parser_get_root (parser);
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return json_node_dup_object (root);
  if (root && JSON_NODE_HOLDS_ARRAY (root)) {
    object = json_object_new ();
    json_object_set_array_member (object, "", json_node_dup_array (root));
    return object;
  }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "neither a JSON object nor an array");
  return NULL;
}

char *
kl_json_to_string (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_alloc ();

  json_node_init_object (node, object);
  return json_to_string (node, FALSE);
}

static gboolean
is_secret (const char *name)
{
  static const char *const names[] = { "access_token", "id_token",
    "refresh_token", "password", "client_secret", "turnPassword", "turnSecret",
    "secret", NULL };

  return g_strv_contains (names, name);
}

/* A deep copy without secrets, fit for the log */
JsonNode *
kl_json_redact (JsonNode *node)
{
  JsonNode *copy;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_object_new ();
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;

    json_object_iter_init (&iter, json_node_get_object (node));
    while (json_object_iter_next (&iter, &name, &member)) {
      if (is_secret (name) && JSON_NODE_HOLDS_VALUE (member)) {
        g_autofree char *shown =
            json_node_get_value_type (member) == G_TYPE_STRING
            ? kl_log_shorten (json_node_get_string (member))
            : g_strdup ("...");

        json_object_set_string_member (object, name, shown);
      } else {
        json_object_set_member (object, name, kl_json_redact (member));
      }
    }
    copy = json_node_new (JSON_NODE_OBJECT);
    json_node_take_object (copy, object);
    return copy;
  }
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *from = json_node_get_array (node);
    JsonArray *array = json_array_new ();
    guint i;

    for (i = 0; i < json_array_get_length (from); i++)
      json_array_add_element (
          array, kl_json_redact (json_array_get_element (from, i)));
    copy = json_node_new (JSON_NODE_ARRAY);
    json_node_take_array (copy, array);
    return copy;
  }
  return json_node_copy (node);
}

const char *
kl_json_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  if (!node || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

JsonObject *
kl_json_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  return json_node_get_object (node);
}

gboolean
kl_json_get_int (JsonObject *object, const char *name, gint64 *value)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  if (!node || !JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  if (json_node_get_value_type (node) == G_TYPE_INT64) {
    *value = json_node_get_int (node);
    return TRUE;
  }
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE) {
    double number = json_node_get_double (node);

    /* The conversion of what does not fit is undefined */
    if (!(number > -1e15 && number < 1e15))
      return FALSE;
    *value = (gint64) number;
    return TRUE;
  }
  return FALSE;
}

/* Takes object */
JsonObject *
kl_json_wrap (const char *name, JsonObject *object)
{
  JsonObject *root = json_object_new ();

  json_object_set_object_member (root, name, object);
  return root;
}

void
kl_json_copy_member (JsonObject *to, JsonObject *from, const char *name)
{
  if (from && json_object_has_member (from, name))
    json_object_set_member (to, name, json_object_dup_member (from, name));
}
