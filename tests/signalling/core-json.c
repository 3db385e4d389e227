/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kandy-error.h"
#include "kandy-json.h"

#include <string.h>

static void
test_refused (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kandy_json_parse (data, -1, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  g_assert_null (kandy_json_parse (data, -1, NULL));
}

static void
test_accepted (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = kandy_json_parse (data, -1, &error);

  g_assert_no_error (error);
  g_assert_nonnull (node);
}

static char *
nested (guint depth)
{
  g_autofree char *open = g_strnfill (depth, '[');
  g_autofree char *close = g_strnfill (depth, ']');

  return g_strconcat (open, close, NULL);
}

static void
test_depth (void)
{
  g_autofree char *deepest = nested (KANDY_JSON_MAX_DEPTH);
  g_autofree char *deeper = nested (KANDY_JSON_MAX_DEPTH + 1);
  g_autofree char *bomb = nested (100000);
  g_autofree char *half = g_strnfill (100000, '[');
  g_autofree char *hidden = NULL;

  test_accepted (deepest);
  test_refused (deeper);
  test_refused (bomb);
  test_refused (half);
  /* brackets in a string do not count, those behind a comment do */
  hidden = g_strconcat ("[\"", half, "\\\"", half, "\"]", NULL);
  test_accepted (hidden);
  g_free (hidden);
  hidden = g_strconcat ("/*\"*/", half, NULL);
  test_refused (hidden);
}

static void
test_length (void)
{
  static const char with_nul[] = "{\"a\":\"b\0c\"}";
  g_autoptr (JsonNode) node = NULL;

  g_assert_null (kandy_json_parse (with_nul, sizeof with_nul - 1, NULL));
  g_assert_null (kandy_json_parse (NULL, 0, NULL));
  /* not read beyond the length */
  node = kandy_json_parse ("{}]", 2, NULL);
  g_assert_nonnull (node);
}

static void
test_accessors (void)
{
  g_autoptr (JsonNode) root = kandy_json_parse (
      "{\"s\":\"text\",\"i\":7,\"d\":1.5,\"b\":true,\"n\":null,\"big\":1e300,"
      "\"o\":{\"o\":{\"s\":\"deep\"}},\"a\":[1]}",
      -1, NULL);
  JsonObject *object = json_node_get_object (root);
  static const char *const names[] = { "s", "i", "d", "b", "n", "big", "o", "a",
    "absent" };
  guint i;

  g_assert_cmpstr (kandy_json_get_string (object, "s"), ==, "text");
  g_assert_cmpint (kandy_json_get_int (object, "i", 0), ==, 7);
  g_assert_cmpint (kandy_json_get_int (object, "d", 0), ==, 1);
  g_assert_cmpint (kandy_json_get_int (object, "big", -5), ==, -5);
  g_assert_cmpfloat (kandy_json_get_double (object, "d", 0), ==, 1.5);
  g_assert_cmpfloat (kandy_json_get_double (object, "i", 0), ==, 7);
  g_assert_true (kandy_json_get_bool (object, "b", FALSE));
  g_assert_cmpstr (kandy_json_get_string_at (root, "o.o.s"), ==, "deep");
  g_assert_null (kandy_json_get_string_at (root, "s.o.s"));
  g_assert_null (kandy_json_get_string_at (root, "a.o"));

  /* no type, no member and no object is ever worth a warning */
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    kandy_json_get_string (object, names[i]);
    kandy_json_get_object (object, names[i]);
    kandy_json_get_array (object, names[i]);
    kandy_json_get_int (object, names[i], 0);
    kandy_json_get_double (object, names[i], 0);
    kandy_json_get_bool (object, names[i], FALSE);
    g_assert_null (kandy_json_get_string (NULL, names[i]));
  }
}

static void
test_unicode (void)
{
  g_autoptr (JsonNode) root =
      kandy_json_parse ("{\"a\":\"\\ud83d\\ude00 \\u00e9 \\n\\/\"}", -1, NULL);

  g_assert_cmpstr (kandy_json_get_string_at (root, "a"), ==,
      "\xf0\x9f\x98\x80 \xc3\xa9 \n/");
}

static void
test_variant (void)
{
  static const char text[] =
      "{\"object\":{\"b\":true,\"a\":[1,-2.5,\"three\",null,[],{}]},"
      "\"none\":null,\"yes\":true,\"big\":9007199254740993,\"text\":\"\"}";
  g_autoptr (JsonNode) node = kandy_json_parse (text, -1, NULL);
  g_autoptr (GVariant) variant =
      g_variant_ref_sink (kandy_json_to_variant (node));
  g_autoptr (GVariant) theirs =
      g_variant_ref_sink (json_gvariant_deserialize (node, NULL, NULL));

  g_assert_true (g_variant_equal (variant, theirs));
}

/* An array that a server makes as long as it may is no reason to stand still */
static void
test_long_array (void)
{
  g_autoptr (GString) text = g_string_new ("[0");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GError) error = NULL;
  guint i;

  /* the array is a value, too */
  for (i = 2; i < KANDY_JSON_MAX_VALUES; i++)
    g_string_append (text, ",0");
  g_string_append_c (text, ']');
  node = kandy_json_parse (text->str, (gssize) text->len, NULL);
  g_assert_nonnull (node);
  variant = g_variant_ref_sink (kandy_json_to_variant (node));
  g_assert_cmpuint (
      g_variant_n_children (variant), ==, KANDY_JSON_MAX_VALUES - 1);

  g_string_truncate (text, text->len - 1);
  g_string_append (text, ",0]");
  g_assert_null (kandy_json_parse (text->str, (gssize) text->len, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
}

int
main (int argc, char **argv)
{
  static const char *const refused[] = { "", " ", "{", "}", "[}", "{\"a\"}",
    "{\"a\":}", "{\"a\":1", "\"", "\"\\", "\"\\u12\"", "\"\\x\"", "\"\\u0000\"",
    "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"",
    "\"\xff\"", "{'a':1}", "// x\n{}", "/* x */{}", "var a = {};", "#",
    "{\"a\":NaN}", "{} {}", "[1,]", "[,1]", "{\"a\":1,}", "{a:1}", "01", "1.",
    ".5", "+1", "1e", "-", "tru", "nul", "\"a\nb\"", "[1 2]", "{\"a\" 1}" };
  static const char *const accepted[] = { "{}", "[]", "7", "-1.5e+3", "0",
    "-0.5", "1E5", "true", "false", "null", "\"\"", " { \"a\" : [ 1 , 2 ] } ",
    "\"\\\"\"" };
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *path = g_strdup_printf ("/core/json/refused/%u", i);

    g_test_add_data_func (path, refused[i], test_refused);
  }
  for (i = 0; i < G_N_ELEMENTS (accepted); i++) {
    g_autofree char *path = g_strdup_printf ("/core/json/accepted/%u", i);

    g_test_add_data_func (path, accepted[i], test_accepted);
  }
  g_test_add_func ("/core/json/depth", test_depth);
  g_test_add_func ("/core/json/length", test_length);
  g_test_add_func ("/core/json/accessors", test_accessors);
  g_test_add_func ("/core/json/unicode", test_unicode);
  g_test_add_func ("/core/json/variant", test_variant);
  g_test_add_func ("/core/json/long-array", test_long_array);
  return g_test_run ();
}
