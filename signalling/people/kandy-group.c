/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-group-private.h"

#include "kandy-json.h"

/**
 * KandyGroup:
 *
 * A group of users who chat with one another (API document: `groups`, `Group`),
 * or an invitation to one (`Invitations`). It changes as the platform tells of
 * changes, with notifications of its properties.
 */

struct _KandyGroup {
  GObject parent_instance;

  char *id;
  char *name;
  char *subject;
  char *image;
  KandyItemList *participants;
};

enum {
  PROP_0,
  PROP_ID,
  PROP_NAME,
  PROP_SUBJECT,
  PROP_IMAGE,
  PROP_PARTICIPANTS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyGroup, kandy_group, G_TYPE_OBJECT)

static const char *
get_address (gpointer participant)
{
  return kandy_group_participant_get_address (participant);
}

static void
take_string (KandyGroup *self, char **place, char **newer, guint prop)
{
  if (g_strcmp0 (*place, *newer) == 0)
    return;
  g_free (*place);
  *place = g_steal_pointer (newer);
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static gboolean
same_participants (KandyItemList *a, KandyItemList *b)
{
  guint n = kandy_item_list_get_length (a), i;

  if (n != kandy_item_list_get_length (b))
    return FALSE;
  for (i = 0; i < n; i++)
    if (!kandy_group_participant_equal (
            kandy_item_list_get (a, i), kandy_item_list_get (b, i)))
      return FALSE;
  return TRUE;
}

static void
kandy_group_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyGroup *self = KANDY_GROUP (object);

  switch (prop_id) {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_SUBJECT:
      g_value_set_string (value, self->subject);
      break;
    case PROP_IMAGE:
      g_value_set_string (value, self->image);
      break;
    case PROP_PARTICIPANTS:
      g_value_set_object (value, self->participants);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_group_finalize (GObject *object)
{
  KandyGroup *self = KANDY_GROUP (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->subject);
  g_free (self->image);
  g_object_unref (self->participants);

  G_OBJECT_CLASS (kandy_group_parent_class)->finalize (object);
}

static void
kandy_group_class_init (KandyGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_group_get_property;
  object_class->finalize = kandy_group_finalize;

  /**
   * KandyGroup:id:
   *
   * What the platform calls it. It is also the destination of its conversation.
   */
  props[PROP_ID] =
      g_param_spec_string ("id", "Id", "What the platform calls the group",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroup:name:
   *
   * Its name for people.
   */
  props[PROP_NAME] = g_param_spec_string ("name", "Name", "Name for people",
      NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroup:subject:
   *
   * What it is about, %NULL if that is not said.
   */
  props[PROP_SUBJECT] =
      g_param_spec_string ("subject", "Subject", "What the group is about",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroup:image:
   *
   * URL of a picture of it, %NULL if there is none. Whoever made the group has
   * chosen it.
   */
  props[PROP_IMAGE] =
      g_param_spec_string ("image", "Image", "URL of a picture of the group",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyGroup:participants:
   *
   * The participants as a list of #KandyGroupParticipant: those who were
   * invited and those who have left, too.
   */
  props[PROP_PARTICIPANTS] = g_param_spec_object ("participants",
      "Participants", "The group's participants", G_TYPE_LIST_MODEL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_group_init (KandyGroup *self)
{
  self->participants =
      kandy_item_list_new (KANDY_TYPE_GROUP_PARTICIPANT, get_address);
}

/* The list may be a single object (protocol messaging 11, row 1) */
static void
read_participants (KandyGroup *self, JsonObject *json)
{
  JsonArray *array = kandy_json_get_array (json, "participant");
  guint n = array ? json_array_get_length (array) : 1, i;

  for (i = 0; i < n; i++) {
    JsonNode *node = array ? json_array_get_element (array, i) : NULL;
    g_autoptr (KandyGroupParticipant) participant = NULL;

    participant = kandy_group_participant_new_from_json (!array
            ? kandy_json_get_object (json, "participant")
            : (JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node)
                                             : NULL));
    if (participant)
      kandy_item_list_put (self->participants, participant);
  }
}

KandyGroup *
kandy_group_new_from_json (JsonObject *json, const char *resource)
{
  g_autofree char *id = NULL;
  KandyGroup *self;

  if (!resource)
    resource = kandy_json_get_string (json, "resourceURL");
  id = resource ? kandy_last_segment (resource) : NULL;
  if (!id || !*id)
    return NULL;

  self = g_object_new (KANDY_TYPE_GROUP, NULL);
  self->id = g_steal_pointer (&id);
  self->name = g_strdup (kandy_json_get_string (json, "x-name"));
  self->subject = g_strdup (kandy_json_get_string (json, "subject"));
  self->image = g_strdup (kandy_json_get_string (json, "x-image"));
  read_participants (self, json);
  return self;
}

void
kandy_group_update (KandyGroup *self, KandyGroup *newer)
{
  if (self == newer)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  take_string (self, &self->name, &newer->name, PROP_NAME);
  take_string (self, &self->subject, &newer->subject, PROP_SUBJECT);
  take_string (self, &self->image, &newer->image, PROP_IMAGE);
  if (!same_participants (self->participants, newer->participants))
    kandy_item_list_take_from (self->participants, newer->participants, NULL);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
kandy_group_put_participant (
    KandyGroup *self, KandyGroupParticipant *participant)
{
  KandyGroupParticipant *old = kandy_item_list_lookup (
      self->participants, kandy_group_participant_get_address (participant));

  if (old && kandy_group_participant_equal (old, participant))
    return FALSE;
  kandy_item_list_put (self->participants, participant);
  return TRUE;
}

gboolean
kandy_group_remove_participant (KandyGroup *self, const char *address)
{
  g_autofree char *folded = kandy_fold_address (address);
  g_autoptr (KandyGroupParticipant) removed =
      kandy_item_list_remove (self->participants, folded);

  return removed != NULL;
}

/**
 * kandy_group_get_id:
 * @self: a group
 *
 * Returns: (transfer none): see #KandyGroup:id
 */
const char *
kandy_group_get_id (KandyGroup *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  return self->id;
}

/**
 * kandy_group_get_name:
 * @self: a group
 *
 * Returns: (transfer none) (nullable): see #KandyGroup:name
 */
const char *
kandy_group_get_name (KandyGroup *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  return self->name;
}

/**
 * kandy_group_get_subject:
 * @self: a group
 *
 * Returns: (transfer none) (nullable): see #KandyGroup:subject
 */
const char *
kandy_group_get_subject (KandyGroup *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  return self->subject;
}

/**
 * kandy_group_get_image:
 * @self: a group
 *
 * Returns: (transfer none) (nullable): see #KandyGroup:image
 */
const char *
kandy_group_get_image (KandyGroup *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  return self->image;
}

/**
 * kandy_group_get_participants:
 * @self: a group
 *
 * Returns: (transfer none): see #KandyGroup:participants
 */
GListModel *
kandy_group_get_participants (KandyGroup *self)
{
  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  return G_LIST_MODEL (self->participants);
}

/**
 * kandy_group_get_participant:
 * @self: a group
 * @address: a User ID, in any case
 *
 * Finds one participant.
 *
 * Returns: (transfer none) (nullable): the participant
 */
KandyGroupParticipant *
kandy_group_get_participant (KandyGroup *self, const char *address)
{
  g_autofree char *folded = NULL;

  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);
  g_return_val_if_fail (address != NULL, NULL);

  folded = kandy_fold_address (address);
  return kandy_item_list_lookup (self->participants, folded);
}

/**
 * kandy_group_to_variant:
 * @self: a group
 *
 * Gets the group as the API document's `Group`: an `a{sv}` with the strings
 * `id`, `name`, `subject` and `image`, as far as they are known, and the array
 * `participants` of `a{sv}` with the strings `address` and `status` and the
 * boolean `isAdmin`.
 *
 * Returns: (transfer full): the group
 */
GVariant *
kandy_group_to_variant (KandyGroup *self)
{
  GVariantBuilder participants;
  GVariantDict dict;
  guint i;

  g_return_val_if_fail (KANDY_IS_GROUP (self), NULL);

  g_variant_builder_init (&participants, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < kandy_item_list_get_length (self->participants); i++)
    g_variant_builder_add_value (&participants,
        kandy_group_participant_to_variant (
            kandy_item_list_get (self->participants, i)));

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", self->id);
  kandy_variant_dict_insert_string (&dict, "name", self->name);
  kandy_variant_dict_insert_string (&dict, "subject", self->subject);
  kandy_variant_dict_insert_string (&dict, "image", self->image);
  g_variant_dict_insert_value (
      &dict, "participants", g_variant_builder_end (&participants));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
