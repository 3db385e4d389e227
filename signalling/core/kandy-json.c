/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-json.h"

#include <string.h>

#include "kandy-error.h"

/*
 * JSON from the network. json-glib's parser accepts more than JSON (comments,
 * single quotes, assignments), recurses without limit, asserts on surrogates
 * that do not pair and leaks what it has read when it meets an error. So the
 * text is checked against RFC 8259, at a bounded depth, before it is parsed.
 */

typedef struct {
  const char *p;
  const char *end;
  guint n_values;
} Scan;

static int
scan_hex4 (Scan *scan)
{
  int value = 0, i;

  if (scan->end - scan->p < 4)
    return -1;
  for (i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value (*scan->p++);

    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* After a backslash. Returns what is wrong, or NULL */
static const char *
scan_escape (Scan *scan)
{
  int unit;

  if (scan->p == scan->end)
    return "it ends within a string";
  if (*scan->p != 'u') {
    if (!strchr ("\"\\/bfnrt", *scan->p))
      return "unknown escape in a string";
    scan->p++;
    return NULL;
  }
  scan->p++;
  unit = scan_hex4 (scan);
  if (unit < 0)
    return "bad \\u escape in a string";
  if (unit == 0)
    return "NUL in a string";
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return "unpaired surrogate in a string";
  if (unit >= 0xd800 && unit <= 0xdbff) {
    if (scan->end - scan->p < 6 || scan->p[0] != '\\' || scan->p[1] != 'u')
      return "unpaired surrogate in a string";
    scan->p += 2;
    unit = scan_hex4 (scan);
    if (unit < 0xdc00 || unit > 0xdfff)
      return "unpaired surrogate in a string";
  }
  return NULL;
}

static const char *
scan_string (Scan *scan)
{
  while (scan->p < scan->end) {
    char c = *scan->p++;
    const char *problem;

    if (c == '"')
      return NULL;
    if ((guchar) c < 0x20)
      return "control character in a string";
    if (c == '\\' && (problem = scan_escape (scan)))
      return problem;
  }
  return "it ends within a string";
}

static gboolean
scan_digits (Scan *scan)
{
  const char *start = scan->p;

  while (scan->p < scan->end && g_ascii_isdigit (*scan->p))
    scan->p++;
  return scan->p > start;
}

static gboolean
scan_one_of (Scan *scan, const char *chars)
{
  if (scan->p == scan->end || !strchr (chars, *scan->p))
    return FALSE;
  scan->p++;
  return TRUE;
}

static const char *
scan_number (Scan *scan)
{
  gboolean valid;

  scan_one_of (scan, "-");
  valid = scan_one_of (scan, "0") || scan_digits (scan);
  if (valid && scan_one_of (scan, "."))
    valid = scan_digits (scan);
  if (valid && scan_one_of (scan, "eE")) {
    scan_one_of (scan, "+-");
    valid = scan_digits (scan);
  }
  return valid ? NULL : "neither a value nor a number";
}

static gboolean
scan_literal (Scan *scan, const char *literal)
{
  gsize length = strlen (literal);

  if ((gsize) (scan->end - scan->p) < length
      || memcmp (scan->p, literal, length) != 0)
    return FALSE;
  scan->p += length;
  return TRUE;
}

static void
scan_space (Scan *scan)
{
  while (scan_one_of (scan, " \t\r\n"))
    ;
}

static const char *scan_value (Scan *scan, guint depth);

/* After the opening bracket of an object or an array */
static const char *
scan_members (Scan *scan, gboolean object, guint depth)
{
  const char *close = object ? "}" : "]";
  const char *problem;

  if (depth > KANDY_JSON_MAX_DEPTH)
    return "it is nested too deeply";
  scan_space (scan);
  if (scan_one_of (scan, close))
    return NULL;
  do {
    scan_space (scan);
    if (object) {
      if (!scan_one_of (scan, "\""))
        return "a member has no name";
      if ((problem = scan_string (scan)))
        return problem;
      scan_space (scan);
      if (!scan_one_of (scan, ":"))
        return "a member has no value";
    }
    if ((problem = scan_value (scan, depth)))
      return problem;
    scan_space (scan);
  } while (scan_one_of (scan, ","));
  return scan_one_of (scan, close) ? NULL : "an object or array does not end";
}

static const char *
scan_value (Scan *scan, guint depth)
{
  if (++scan->n_values > KANDY_JSON_MAX_VALUES)
    return "it has too many values";
  scan_space (scan);
  if (scan_one_of (scan, "{"))
    return scan_members (scan, TRUE, depth + 1);
  if (scan_one_of (scan, "["))
    return scan_members (scan, FALSE, depth + 1);
  if (scan_one_of (scan, "\""))
    return scan_string (scan);
  if (scan_literal (scan, "true") || scan_literal (scan, "false")
      || scan_literal (scan, "null"))
    return NULL;
  return scan_number (scan);
}

/* Returns what is wrong, or NULL. The text is UTF-8 without NUL */
static const char *
scan_text (const char *data, gsize length)
{
  Scan scan = { data, data + length };
  const char *problem = scan_value (&scan, 0);

  if (problem)
    return problem;
  scan_space (&scan);
  return scan.p == scan.end ? NULL : "there is more after its end";
}

static JsonNode *
member (JsonObject *object, const char *name)
{
  return object && name ? json_object_get_member (object, name) : NULL;
}

static gboolean
is_number (JsonNode *node)
{
  GType type;

  if (!node || !JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  type = json_node_get_value_type (node);
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

static const char *
node_string (JsonNode *node)
{
  if (!node || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

static GVariant *
object_to_variant (JsonObject *object)
{
  GVariantBuilder builder;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    g_variant_builder_add (
        &builder, "{sv}", name, kandy_json_to_variant (node));
  return g_variant_builder_end (&builder);
}

static GVariant *
array_to_variant (JsonArray *array)
{
  guint i, length = json_array_get_length (array);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (i = 0; i < length; i++)
    g_variant_builder_add (&builder, "v",
        kandy_json_to_variant (json_array_get_element (array, i)));
  return g_variant_builder_end (&builder);
}

JsonNode *
kandy_json_parse (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) local = NULL;
  const char *problem;
  gsize size = length < 0 ? strlen (data) : (gsize) length;
  JsonNode *root;

  /* json-glib minds a NULL, which is what GLib has for no bytes */
  if (size == 0)
    problem = "it is empty";
  else if (!g_utf8_validate_len (data, size, NULL))
    problem = "it is not UTF-8";
  else
    problem = scan_text (data, size);
  if (problem) {
    g_propagate_error (error,
        kandy_error_new (
            KANDY_ERROR_PROTOCOL, "REQUEST", 0, "Not JSON: %s", problem));
    return NULL;
  }

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, data, size, &local)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0, "Not JSON: %s",
            local->message));
    return NULL;
  }
  root = json_parser_steal_root (parser);
  if (!root)
    g_propagate_error (error,
        kandy_error_new (
            KANDY_ERROR_PROTOCOL, "REQUEST", 0, "Not JSON: it is empty"));
  return root;
}

const char *
kandy_json_get_string (JsonObject *object, const char *name)
{
  return node_string (member (object, name));
}

JsonObject *
kandy_json_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node)
                                               : NULL;
}

JsonArray *
kandy_json_get_array (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                              : NULL;
}

gint64
kandy_json_get_int (JsonObject *object, const char *name, gint64 fallback)
{
  JsonNode *node = member (object, name);

  if (!is_number (node))
    return fallback;
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE) {
    double value = json_node_get_double (node);

    /* outside of this the conversion is undefined */
    if (!(value >= -9007199254740992.0 && value <= 9007199254740992.0))
      return fallback;
    return (gint64) value;
  }
  return json_node_get_int (node);
}

double
kandy_json_get_double (JsonObject *object, const char *name, double fallback)
{
  JsonNode *node = member (object, name);

  return is_number (node) ? json_node_get_double (node) : fallback;
}

gboolean
kandy_json_get_bool (JsonObject *object, const char *name, gboolean fallback)
{
  JsonNode *node = member (object, name);

  if (!node || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fallback;
  return json_node_get_boolean (node);
}

const char *
kandy_json_get_string_at (JsonNode *root, const char *dotted_path)
{
  g_auto (GStrv) names = g_strsplit (dotted_path, ".", -1);
  JsonNode *node = root;
  guint i;

  for (i = 0; names[i] && node; i++)
    node = JSON_NODE_HOLDS_OBJECT (node)
        ? json_object_get_member (json_node_get_object (node), names[i])
        : NULL;
  return node_string (node);
}

char *
kandy_json_to_string (JsonNode *node)
{
  return json_to_string (node, FALSE);
}

GVariant *
kandy_json_to_variant (JsonNode *node)
{
  switch (json_node_get_node_type (node)) {
    case JSON_NODE_OBJECT:
      return object_to_variant (json_node_get_object (node));
    case JSON_NODE_ARRAY:
      return array_to_variant (json_node_get_array (node));
    case JSON_NODE_NULL:
      return g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL);
    case JSON_NODE_VALUE:
      break;
  }
  switch (json_node_get_value_type (node)) {
    case G_TYPE_BOOLEAN:
      return g_variant_new_boolean (json_node_get_boolean (node));
    case G_TYPE_INT64:
      return g_variant_new_int64 (json_node_get_int (node));
    case G_TYPE_DOUBLE:
      return g_variant_new_double (json_node_get_double (node));
    default:
      return g_variant_new_string (json_node_get_string (node));
  }
}
