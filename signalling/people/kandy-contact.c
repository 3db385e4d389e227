/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-person-private.h"

#include "kandy-json.h"

/**
 * KandyContact:
 *
 * An entry of the user's address book (API document: the contact object of
 * `contacts.add`).
 *
 * One that is to be added or updated is made with kandy_contact_new() or
 * kandy_contact_copy() and kandy_contact_set(); those in the list do not
 * change.
 */

struct _KandyContact {
  KandyPerson parent_instance;

  char *id;
};

enum {
  PROP_0,
  PROP_ID,
  PROP_PRIMARY_CONTACT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyContact, kandy_contact, KANDY_TYPE_PERSON)

static void
kandy_contact_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyContact *self = KANDY_CONTACT (object);

  switch (prop_id) {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_PRIMARY_CONTACT:
      g_value_set_string (value, kandy_contact_get_primary_contact (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_contact_finalize (GObject *object)
{
  g_free (KANDY_CONTACT (object)->id);

  G_OBJECT_CLASS (kandy_contact_parent_class)->finalize (object);
}

static void
kandy_contact_class_init (KandyContactClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_contact_get_property;
  object_class->finalize = kandy_contact_finalize;

  /**
   * KandyContact:id:
   *
   * What it is called in the address book (`contactId`). %NULL if the platform
   * is to make one up.
   */
  props[PROP_ID] =
      g_param_spec_string ("id", "Id", "What it is called in the address book",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyContact:primary-contact:
   *
   * The attribute `primaryContact`: a User ID.
   */
  props[PROP_PRIMARY_CONTACT] =
      g_param_spec_string ("primary-contact", "Primary contact", "User ID",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_contact_init (KandyContact *self)
{
}

KandyContact *
kandy_contact_new_from_json (JsonObject *json)
{
  const char *id = kandy_json_get_string (json, "contactId");
  JsonObject *list = kandy_json_get_object (json, "attributeList");
  KandyContact *self;

  if (!id || !*id)
    return NULL;
  self = kandy_contact_new (id);
  if (list)
    kandy_person_read (
        KANDY_PERSON (self), json_object_get_member (list, "attribute"));
  return self;
}

typedef struct {
  JsonBuilder *builder;
  gboolean without_name;
} Writing;

static void
write_attribute (const char *name, const char *value, gpointer user_data)
{
  Writing *writing = user_data;

  if (writing->without_name && g_str_equal (name, "name"))
    return;
  json_builder_begin_object (writing->builder);
  json_builder_set_member_name (writing->builder, "name");
  json_builder_add_string_value (writing->builder, name);
  json_builder_set_member_name (writing->builder, "value");
  json_builder_add_string_value (writing->builder, value);
  json_builder_end_object (writing->builder);
}

JsonNode *
kandy_contact_to_json (KandyContact *self, gboolean update)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  Writing writing = { builder, update };

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "contact");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "attributeList");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "attribute");
  json_builder_begin_array (builder);
  kandy_person_foreach (KANDY_PERSON (self), write_attribute, &writing);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (self->id) {
    json_builder_set_member_name (builder, "contactId");
    json_builder_add_string_value (builder, self->id);
  }
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

/**
 * kandy_contact_new:
 * @id: (nullable): what it is to be called in the address book; %NULL leaves
 *   that to the platform
 *
 * Makes a contact, for kandy_contacts_add_async() or
 * kandy_contacts_update_async().
 *
 * Returns: (transfer full): the contact, without attributes
 */
KandyContact *
kandy_contact_new (const char *id)
{
  KandyContact *self = g_object_new (KANDY_TYPE_CONTACT, NULL);

  self->id = g_strdup (id);
  return self;
}

static void
copy_attribute (const char *name, const char *value, gpointer user_data)
{
  kandy_person_set_attribute (user_data, name, value);
}

/**
 * kandy_contact_copy:
 * @self: a contact
 *
 * Copies a contact, to change it.
 *
 * Returns: (transfer full): one with the same id and attributes
 */
KandyContact *
kandy_contact_copy (KandyContact *self)
{
  KandyContact *copy;

  g_return_val_if_fail (KANDY_IS_CONTACT (self), NULL);

  copy = kandy_contact_new (self->id);
  kandy_person_foreach (KANDY_PERSON (self), copy_attribute, copy);
  return copy;
}

/**
 * kandy_contact_set:
 * @self: a contact that is not in a list
 * @name: name of an attribute, such as `firstName`
 * @value: (nullable): its text, %NULL to remove it
 *
 * Sets one attribute.
 *
 * Returns: %FALSE if it has 64 attributes already, or @name or @value are no
 *   UTF-8 text
 */
gboolean
kandy_contact_set (KandyContact *self, const char *name, const char *value)
{
  g_return_val_if_fail (KANDY_IS_CONTACT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (!*name || !g_utf8_validate (name, -1, NULL)
      || (value && !g_utf8_validate (value, -1, NULL)))
    return FALSE;
  return kandy_person_set_attribute (KANDY_PERSON (self), name, value);
}

/**
 * kandy_contact_get_id:
 * @self: a contact
 *
 * Returns: (transfer none) (nullable): see #KandyContact:id
 */
const char *
kandy_contact_get_id (KandyContact *self)
{
  g_return_val_if_fail (KANDY_IS_CONTACT (self), NULL);

  return self->id;
}

/**
 * kandy_contact_get_primary_contact:
 * @self: a contact
 *
 * Returns: (transfer none) (nullable): see #KandyContact:primary-contact
 */
const char *
kandy_contact_get_primary_contact (KandyContact *self)
{
  return kandy_person_get_attribute (KANDY_PERSON (self), "primaryContact");
}

static void
insert_attribute (const char *name, const char *value, gpointer user_data)
{
  g_variant_dict_insert (user_data, name, "s", value);
}

/**
 * kandy_contact_to_variant:
 * @self: a contact
 *
 * Gets it as the API document's contact object: an `a{sv}` with the string
 * `contactId` and a string for each attribute.
 *
 * Returns: (transfer full): the contact
 */
GVariant *
kandy_contact_to_variant (KandyContact *self)
{
  GVariantDict dict;

  g_return_val_if_fail (KANDY_IS_CONTACT (self), NULL);

  g_variant_dict_init (&dict, NULL);
  kandy_person_foreach (KANDY_PERSON (self), insert_attribute, &dict);
  kandy_variant_dict_insert_string (&dict, "contactId", self->id);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
