/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-person-private.h"

#include "kandy-json.h"

/**
 * KandyPerson:
 *
 * What the platform knows of somebody, as attributes that have a name and text:
 * what a #KandyContact and a #KandyUser have in common. Names are the API
 * document's; others of the platform's are passed on.
 *
 * Once it is in a list it does not change: when the person does, another object
 * takes its place there. It may be read in any thread.
 */

typedef struct {
  char *name; /* shared by all that have it: a GRefString */
  char *value;
} Attribute;

typedef struct {
  GArray *attributes;
} KandyPersonPrivate;

enum {
  PROP_0,
  PROP_FIRST_NAME,
  PROP_LAST_NAME,
  PROP_EMAIL_ADDRESS,
  PROP_PHOTO_URL,
  PROP_BUDDY,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (KandyPerson, kandy_person, G_TYPE_OBJECT)

static GArray *
get_attributes (KandyPerson *self)
{
  KandyPersonPrivate *priv = kandy_person_get_instance_private (self);

  return priv->attributes;
}

static void
attribute_clear (gpointer data)
{
  Attribute *attribute = data;

  g_ref_string_release (attribute->name);
  g_free (attribute->value);
}

static void
kandy_person_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyPerson *self = KANDY_PERSON (object);

  switch (prop_id) {
    case PROP_FIRST_NAME:
      g_value_set_string (value, kandy_person_get_first_name (self));
      break;
    case PROP_LAST_NAME:
      g_value_set_string (value, kandy_person_get_last_name (self));
      break;
    case PROP_EMAIL_ADDRESS:
      g_value_set_string (value, kandy_person_get_email_address (self));
      break;
    case PROP_PHOTO_URL:
      g_value_set_string (value, kandy_person_get_photo_url (self));
      break;
    case PROP_BUDDY:
      g_value_set_boolean (value, kandy_person_is_buddy (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_person_finalize (GObject *object)
{
  g_array_unref (get_attributes (KANDY_PERSON (object)));

  G_OBJECT_CLASS (kandy_person_parent_class)->finalize (object);
}

static void
kandy_person_class_init (KandyPersonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = kandy_person_get_property;
  object_class->finalize = kandy_person_finalize;

  /**
   * KandyPerson:first-name:
   *
   * The attribute `firstName`.
   */
  props[PROP_FIRST_NAME] = g_param_spec_string (
      "first-name", "First name", "First name", NULL, flags);
  /**
   * KandyPerson:last-name:
   *
   * The attribute `lastName`.
   */
  props[PROP_LAST_NAME] =
      g_param_spec_string ("last-name", "Last name", "Last name", NULL, flags);
  /**
   * KandyPerson:email-address:
   *
   * The attribute `emailAddress`, or `email` as contacts have it.
   */
  props[PROP_EMAIL_ADDRESS] = g_param_spec_string (
      "email-address", "E-mail address", "E-mail address", NULL, flags);
  /**
   * KandyPerson:photo-url:
   *
   * The attribute `photoURL`, or `photoUrl` as contacts have it.
   */
  props[PROP_PHOTO_URL] =
      g_param_spec_string ("photo-url", "Photo", "URL of a photo", NULL, flags);
  /**
   * KandyPerson:buddy:
   *
   * Whether the attribute `buddy` is `true`: whether it is a friend.
   */
  props[PROP_BUDDY] = g_param_spec_boolean (
      "buddy", "Buddy", "Whether it is a friend", FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_person_init (KandyPerson *self)
{
  KandyPersonPrivate *priv = kandy_person_get_instance_private (self);

  priv->attributes = g_array_new (FALSE, FALSE, sizeof (Attribute));
  g_array_set_clear_func (priv->attributes, attribute_clear);
}

static Attribute *
find (KandyPerson *self, const char *name, guint *index)
{
  GArray *attributes = get_attributes (self);
  guint i;

  for (i = 0; i < attributes->len; i++) {
    Attribute *attribute = &g_array_index (attributes, Attribute, i);

    if (g_str_equal (attribute->name, name)) {
      if (index)
        *index = i;
      return attribute;
    }
  }
  return NULL;
}

gboolean
kandy_person_set_attribute (
    KandyPerson *self, const char *name, const char *value)
{
  GArray *attributes = get_attributes (self);
  guint index;
  Attribute *old = find (self, name, &index);
  Attribute attribute;

  if (!value) {
    if (old)
      g_array_remove_index (attributes, index);
  } else if (old) {
    g_free (old->value);
    old->value = g_strdup (value);
  } else if (attributes->len >= KANDY_PERSON_MAX_ATTRIBUTES) {
    return FALSE;
  } else {
    attribute.name = g_ref_string_new_intern (name);
    attribute.value = g_strdup (value);
    g_array_append_val (attributes, attribute);
  }
  return TRUE;
}

static void
read_attribute (KandyPerson *self, JsonNode *node)
{
  JsonObject *json =
      JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name = kandy_json_get_string (json, "name");
  const char *text = kandy_json_get_string (json, "value");
  JsonNode *value = json ? json_object_get_member (json, "value") : NULL;
  g_autofree char *printed = NULL;

  /* a number or a boolean is text here, too */
  if (!text && value && JSON_NODE_HOLDS_VALUE (value))
    text = printed = kandy_json_to_string (value);
  if (name && *name && text)
    kandy_person_set_attribute (self, name, text);
}

void
kandy_person_read (KandyPerson *self, JsonNode *attributes)
{
  JsonArray *array;
  guint i;

  if (attributes && JSON_NODE_HOLDS_ARRAY (attributes)) {
    array = json_node_get_array (attributes);
    for (i = 0; i < json_array_get_length (array); i++)
      read_attribute (self, json_array_get_element (array, i));
  } else if (attributes) {
    read_attribute (self, attributes);
  }
}

void
kandy_person_foreach (KandyPerson *self,
    void (*func) (const char *name, const char *value, gpointer user_data),
    gpointer user_data)
{
  GArray *attributes = get_attributes (self);
  guint i;

  for (i = 0; i < attributes->len; i++) {
    Attribute *attribute = &g_array_index (attributes, Attribute, i);

    func (attribute->name, attribute->value, user_data);
  }
}

/**
 * kandy_person_get_attribute:
 * @self: a person
 * @name: name of an attribute, such as `businessPhoneNumber`
 *
 * Gets one attribute.
 *
 * Returns: (transfer none) (nullable): its text, %NULL if there is none
 */
const char *
kandy_person_get_attribute (KandyPerson *self, const char *name)
{
  Attribute *attribute;

  g_return_val_if_fail (KANDY_IS_PERSON (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  attribute = find (self, name, NULL);
  return attribute ? attribute->value : NULL;
}

/**
 * kandy_person_list_attributes:
 * @self: a person
 *
 * Gets the names of all attributes.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names
 */
char **
kandy_person_list_attributes (KandyPerson *self)
{
  GArray *attributes;
  char **names;
  guint i;

  g_return_val_if_fail (KANDY_IS_PERSON (self), NULL);

  attributes = get_attributes (self);
  names = g_new0 (char *, attributes->len + 1);
  for (i = 0; i < attributes->len; i++)
    names[i] = g_strdup (g_array_index (attributes, Attribute, i).name);
  return names;
}

/**
 * kandy_person_get_first_name:
 * @self: a person
 *
 * Returns: (transfer none) (nullable): see #KandyPerson:first-name
 */
const char *
kandy_person_get_first_name (KandyPerson *self)
{
  return kandy_person_get_attribute (self, "firstName");
}

/**
 * kandy_person_get_last_name:
 * @self: a person
 *
 * Returns: (transfer none) (nullable): see #KandyPerson:last-name
 */
const char *
kandy_person_get_last_name (KandyPerson *self)
{
  return kandy_person_get_attribute (self, "lastName");
}

/**
 * kandy_person_get_email_address:
 * @self: a person
 *
 * Returns: (transfer none) (nullable): see #KandyPerson:email-address
 */
const char *
kandy_person_get_email_address (KandyPerson *self)
{
  const char *address = kandy_person_get_attribute (self, "emailAddress");

  return address ? address : kandy_person_get_attribute (self, "email");
}

/**
 * kandy_person_get_photo_url:
 * @self: a person
 *
 * Returns: (transfer none) (nullable): see #KandyPerson:photo-url
 */
const char *
kandy_person_get_photo_url (KandyPerson *self)
{
  const char *url = kandy_person_get_attribute (self, "photoURL");

  return url ? url : kandy_person_get_attribute (self, "photoUrl");
}

/**
 * kandy_person_is_buddy:
 * @self: a person
 *
 * Returns: see #KandyPerson:buddy
 */
gboolean
kandy_person_is_buddy (KandyPerson *self)
{
  return g_strcmp0 (kandy_person_get_attribute (self, "buddy"), "true") == 0;
}
