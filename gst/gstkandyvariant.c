/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gio/gio.h>

#include "gstkandyvariant.h"

/* SECTION: payloads of events on the bus
 *
 * The signalling library speaks GVariant, a message on the bus is a
 * GstStructure. A dictionary becomes a structure, an array a GST_TYPE_ARRAY,
 * and a dictionary of objects by their ids, as W3C's reports are, a
 * GST_TYPE_LIST of structures.
 *
 * GLib keeps the name of a field for good, so names must not be as many as
 * calls, nor as many as a server cares to send.
 */

/* More than the API document and all that a platform has ever sent know */
#define MAX_NEW_NAMES 4096

/* (nullable): no more room for names */
static const char *
intern_name (const char *name)
{
  static int n_new;

  if (g_quark_try_string (name) == 0
      && g_atomic_int_add (&n_new, 1) >= MAX_NEW_NAMES) {
    g_atomic_int_set (&n_new, MAX_NEW_NAMES);
    return NULL;
  }
  return g_intern_string (name);
}

static gboolean
is_map_by_id (GVariant *variant)
{
  GVariantIter iter;
  GVariant *entry;
  gboolean is = g_variant_n_children (variant) > 0;

  g_variant_iter_init (&iter, variant);
  while (is && (entry = g_variant_iter_next_value (&iter)) != NULL) {
    g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
    g_autoptr (GVariant) content = g_variant_get_child_value (entry, 1);
    const char *id = NULL;

    if (g_variant_is_of_type (content, G_VARIANT_TYPE_VARIANT)) {
      GVariant *inner = g_variant_get_variant (content);

      g_variant_unref (content);
      content = inner;
    }
    is = g_variant_is_of_type (content, G_VARIANT_TYPE_VARDICT)
        && g_variant_lookup (content, "id", "&s", &id)
        && g_str_equal (id, g_variant_get_string (key, NULL));
    g_variant_unref (entry);
  }
  return is;
}

static gboolean
value_from_variant (GValue *value, const char *name, GVariant *variant)
{
  GVariantIter iter;
  GVariant *item;

  switch (g_variant_classify (variant)) {
    case G_VARIANT_CLASS_VARIANT: {
      g_autoptr (GVariant) inner = g_variant_get_variant (variant);

      return value_from_variant (value, name, inner);
    }
    case G_VARIANT_CLASS_MAYBE: {
      g_autoptr (GVariant) inner = g_variant_get_maybe (variant);

      return inner != NULL && value_from_variant (value, name, inner);
    }
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_DOUBLE:
      g_dbus_gvariant_to_gvalue (variant, value);
      return TRUE;
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (variant, G_VARIANT_TYPE ("a{s*}"))
          && is_map_by_id (variant)) {
        gst_kandy_list_from_variant (value, name, variant);
        return TRUE;
      }
      if (g_variant_is_of_type (variant, G_VARIANT_TYPE ("a{s*}"))) {
        GstStructure *inner = gst_kandy_structure_from_variant (name, variant);

        g_value_init (value, GST_TYPE_STRUCTURE);
        g_value_take_boxed (value, inner);
        return TRUE;
      }
      g_value_init (value, GST_TYPE_ARRAY);
      g_variant_iter_init (&iter, variant);
      while ((item = g_variant_iter_next_value (&iter)) != NULL) {
        GValue inner = G_VALUE_INIT;

        if (value_from_variant (&inner, name, item))
          gst_value_array_append_and_take_value (value, &inner);
        g_variant_unref (item);
      }
      return TRUE;
    default:
      return FALSE;
  }
}

/* Structure and field names that came from a server are forced into what
 * GstStructure takes */
static char *
safe_name (const char *name)
{
  g_autofree char *safe = g_strdup (name);

  g_strcanon (safe, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:/+", '-');
  return g_ascii_isalpha (*safe) ? g_steal_pointer (&safe)
                                 : g_strconcat ("x-", safe, NULL);
}

GstStructure *
gst_kandy_structure_from_variant (const char *name, GVariant *variant)
{
  g_autofree char *safe = safe_name (name);
  GstStructure *structure = gst_structure_new_empty (safe);
  GVariantIter iter;
  GVariant *entry;

  if (variant == NULL
      || !g_variant_is_of_type (variant, G_VARIANT_TYPE ("a{s*}")))
    return structure;

  g_variant_iter_init (&iter, variant);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL) {
    g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
    g_autoptr (GVariant) content = g_variant_get_child_value (entry, 1);
    g_autofree char *safe_field = safe_name (g_variant_get_string (key, NULL));
    const char *field = intern_name (safe_field);
    GValue value = G_VALUE_INIT;

    if (field != NULL && value_from_variant (&value, field, content))
      gst_structure_take_value (structure, field, &value);
    g_variant_unref (entry);
  }
  return structure;
}

void
gst_kandy_list_from_variant (GValue *list, const char *name, GVariant *variant)
{
  GVariantIter iter;
  GVariant *entry;

  g_value_init (list, GST_TYPE_LIST);
  g_variant_iter_init (&iter, variant);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL) {
    g_autoptr (GVariant) content = g_variant_get_child_value (entry, 1);
    GValue value = G_VALUE_INIT;

    if (value_from_variant (&value, name, content))
      gst_value_list_append_and_take_value (list, &value);
    g_variant_unref (entry);
  }
}

static GVariant *
value_to_variant (const GValue *value)
{
  g_auto (GValue) text = G_VALUE_INIT;

  if (GST_VALUE_HOLDS_STRUCTURE (value) && g_value_get_boxed (value) != NULL)
    return gst_kandy_structure_to_variant (gst_value_get_structure (value));
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) != NULL)
    return g_variant_new_string (g_value_get_string (value));
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_variant_new_boolean (g_value_get_boolean (value));
  if (G_VALUE_HOLDS_INT (value))
    return g_variant_new_int32 (g_value_get_int (value));
  if (G_VALUE_HOLDS_UINT (value))
    return g_variant_new_uint32 (g_value_get_uint (value));
  if (G_VALUE_HOLDS_DOUBLE (value))
    return g_variant_new_double (g_value_get_double (value));
  /* a fraction, for example */
  g_value_init (&text, G_TYPE_STRING);
  if (g_value_transform (value, &text) && g_value_get_string (&text) != NULL)
    return g_variant_new_string (g_value_get_string (&text));
  return NULL;
}

static gboolean
add_field (GQuark field, const GValue *value, gpointer user_data)
{
  GVariant *variant = value_to_variant (value);

  if (variant != NULL)
    g_variant_dict_insert_value (user_data, g_quark_to_string (field), variant);
  return TRUE;
}

GVariant *
gst_kandy_structure_to_variant (const GstStructure *structure)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  gst_structure_foreach (structure, add_field, &dict);
  return g_variant_dict_end (&dict);
}
