/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-group-private.h"

#include "kandy-json.h"

/**
 * KandyGroupParticipant:
 *
 * One participant of a group, as the platform last described it. It does not
 * change: when the participant does, another object takes its place in
 * #KandyGroup:participants.
 */

struct _KandyGroupParticipant {
  GObject parent_instance;

  char *address;
  char *status;
  gboolean is_admin;
};

enum {
  PROP_0,
  PROP_ADDRESS,
  PROP_STATUS,
  PROP_IS_ADMIN,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (
    KandyGroupParticipant, kandy_group_participant, G_TYPE_OBJECT)

static void
kandy_group_participant_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyGroupParticipant *self = KANDY_GROUP_PARTICIPANT (object);

  switch (prop_id) {
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_IS_ADMIN:
      g_value_set_boolean (value, self->is_admin);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_group_participant_finalize (GObject *object)
{
  KandyGroupParticipant *self = KANDY_GROUP_PARTICIPANT (object);

  g_free (self->address);
  g_free (self->status);

  G_OBJECT_CLASS (kandy_group_participant_parent_class)->finalize (object);
}

static void
kandy_group_participant_class_init (KandyGroupParticipantClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_group_participant_get_property;
  object_class->finalize = kandy_group_participant_finalize;

  /**
   * KandyGroupParticipant:address:
   *
   * The participant's User ID, in lower case.
   */
  props[PROP_ADDRESS] = g_param_spec_string ("address", "Address", "User ID",
      NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroupParticipant:status:
   *
   * `Invited`, `Connected` or `Disconnected`; other words of the platform's are
   * passed on. %NULL if the platform does not say.
   */
  props[PROP_STATUS] = g_param_spec_string ("status", "Status",
      "Invited, Connected or "
      "Disconnected",
      NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroupParticipant:is-admin:
   *
   * Whether the participant administers the group.
   */
  props[PROP_IS_ADMIN] = g_param_spec_boolean ("is-admin", "Administrator",
      "Whether the participant administers the group", FALSE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_group_participant_init (KandyGroupParticipant *self)
{
}

KandyGroupParticipant *
kandy_group_participant_new_from_json (JsonObject *json)
{
  const char *address = kandy_json_get_string (json, "address");
  KandyGroupParticipant *self;

  if (!address || !*address)
    return NULL;
  self = g_object_new (KANDY_TYPE_GROUP_PARTICIPANT, NULL);
  self->address = kandy_fold_address (address);
  self->status = g_strdup (kandy_json_get_string (json, "status"));
  self->is_admin = kandy_json_get_bool (json, "x-isAdmin", FALSE);
  return self;
}

gboolean
kandy_group_participant_equal (
    KandyGroupParticipant *a, KandyGroupParticipant *b)
{
  return g_str_equal (a->address, b->address)
      && g_strcmp0 (a->status, b->status) == 0 && a->is_admin == b->is_admin;
}

GVariant *
kandy_group_participant_to_variant (KandyGroupParticipant *self)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "address", "s", self->address);
  kandy_variant_dict_insert_string (&dict, "status", self->status);
  g_variant_dict_insert (&dict, "isAdmin", "b", self->is_admin);
  return g_variant_dict_end (&dict);
}

/**
 * kandy_group_participant_get_address:
 * @self: a participant
 *
 * Returns: (transfer none): its User ID, see #KandyGroupParticipant:address
 */
const char *
kandy_group_participant_get_address (KandyGroupParticipant *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP_PARTICIPANT (self), NULL);

  return self->address;
}

/**
 * kandy_group_participant_get_status:
 * @self: a participant
 *
 * Returns: (transfer none) (nullable): see #KandyGroupParticipant:status
 */
const char *
kandy_group_participant_get_status (KandyGroupParticipant *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP_PARTICIPANT (self), NULL);

  return self->status;
}

/**
 * kandy_group_participant_is_admin:
 * @self: a participant
 *
 * Returns: whether it administers the group
 */
gboolean
kandy_group_participant_is_admin (KandyGroupParticipant *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP_PARTICIPANT (self), FALSE);

  return self->is_admin;
}
