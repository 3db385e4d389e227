/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-person-private.h"

/**
 * KandyUser:
 *
 * A user of the platform, as the directory has it (API document: `user.User`).
 */

/* The directory's name of the User ID (protocol messaging 6.3) */
#define USER_ID "primaryContact"

struct _KandyUser {
  KandyPerson parent_instance;
};

enum {
  PROP_0,
  PROP_USER_ID,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyUser, kandy_user, KANDY_TYPE_PERSON)

static void
kandy_user_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id) {
    case PROP_USER_ID:
      g_value_set_string (value, kandy_user_get_user_id (KANDY_USER (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_user_class_init (KandyUserClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_user_get_property;

  /**
   * KandyUser:user-id:
   *
   * The User ID (API document: `user.UserID`), `name@domain`.
   */
  props[PROP_USER_ID] = g_param_spec_string ("user-id", "User ID", "User ID",
      NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_user_init (KandyUser *self)
{
}

KandyUser *
kandy_user_new_from_json (JsonObject *json)
{
  g_autoptr (KandyUser) self = g_object_new (KANDY_TYPE_USER, NULL);
  const char *user_id;

  if (json)
    kandy_person_read (
        KANDY_PERSON (self), json_object_get_member (json, "attribute"));
  user_id = kandy_user_get_user_id (self);
  return user_id && *user_id ? g_steal_pointer (&self) : NULL;
}

/**
 * kandy_user_get_user_id:
 * @self: a user
 *
 * Returns: (transfer none): see #KandyUser:user-id
 */
const char *
kandy_user_get_user_id (KandyUser *self)
{
  return kandy_person_get_attribute (KANDY_PERSON (self), USER_ID);
}

static void
insert_attribute (const char *name, const char *value, gpointer user_data)
{
  if (g_str_equal (name, USER_ID))
    g_variant_dict_insert (user_data, "userId", "s", value);
  else if (g_str_equal (name, "buddy"))
    g_variant_dict_insert (user_data, name, "b", g_str_equal (value, "true"));
  else
    g_variant_dict_insert (user_data, name, "s", value);
}

/**
 * kandy_user_to_variant:
 * @self: a user
 *
 * Gets it as the API document's `user.User`: an `a{sv}` with the strings
 * `userId`, `firstName`, `lastName`, `emailAddress`, `photoURL` and whatever
 * else the directory has, and the boolean `buddy`.
 *
 * Returns: (transfer full): the user
 */
GVariant *
kandy_user_to_variant (KandyUser *self)
{
  GVariantDict dict;

  g_return_val_if_fail (KANDY_IS_USER (self), NULL);

  g_variant_dict_init (&dict, NULL);
  kandy_person_foreach (KANDY_PERSON (self), insert_attribute, &dict);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
