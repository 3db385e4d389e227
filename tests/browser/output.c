/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <stdio.h>

void
output_print (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  /* UTF-8, whatever the locale */
  fputs (text, stdout);
  fputc ('\n', stdout);
}

JsonBuilder *
output_new_event (const char *name)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, name);
  json_builder_set_member_name (builder, "time");
  json_builder_add_double_value (builder, g_get_real_time () / 1000.0);
  return builder;
}

void
output_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
output_add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
output_add_value (JsonBuilder *builder, const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value)) {
    json_builder_add_string_value (builder, g_value_get_string (value));
  } else if (G_VALUE_HOLDS_BOOLEAN (value)) {
    json_builder_add_boolean_value (builder, g_value_get_boolean (value));
  } else if (GST_VALUE_HOLDS_STRUCTURE (value)
      && gst_value_get_structure (value)) {
    output_add_structure (builder, gst_value_get_structure (value));
  } else if (G_VALUE_HOLDS_VARIANT (value) && g_value_get_variant (value)) {
    json_builder_add_value (
        builder, json_gvariant_serialize (g_value_get_variant (value)));
  } else if (g_value_type_transformable (G_VALUE_TYPE (value), G_TYPE_DOUBLE)
      && !G_VALUE_HOLDS_ENUM (value)) {
    GValue number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_transform (value, &number);
    json_builder_add_double_value (builder, g_value_get_double (&number));
  } else if (GST_VALUE_HOLDS_LIST (value) || GST_VALUE_HOLDS_ARRAY (value)) {
    gboolean is_list = GST_VALUE_HOLDS_LIST (value);
    guint n = is_list ? gst_value_list_get_size (value)
                      : gst_value_array_get_size (value);

    json_builder_begin_array (builder);
    for (guint i = 0; i < n; i++)
      output_add_value (builder,
          is_list ? gst_value_list_get_value (value, i)
                  : gst_value_array_get_value (value, i));
    json_builder_end_array (builder);
  } else {
    g_autofree char *text = gst_value_serialize (value);

    if (text)
      json_builder_add_string_value (builder, text);
    else
      json_builder_add_null_value (builder);
  }
}

static gboolean
add_field (GQuark field, const GValue *value, gpointer data)
{
  JsonBuilder *builder = data;

  json_builder_set_member_name (builder, g_quark_to_string (field));
  output_add_value (builder, value);
  return TRUE;
}

void
output_add_structure (JsonBuilder *builder, const GstStructure *structure)
{
  json_builder_begin_object (builder);
  gst_structure_foreach (structure, add_field, builder);
  json_builder_end_object (builder);
}

static gboolean
on_tell (gpointer data)
{
  g_autoptr (JsonBuilder) builder = data;

  output_print (builder);
  return G_SOURCE_REMOVE;
}

void
output_tell (JsonBuilder *builder)
{
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, on_tell, builder, NULL);
}
