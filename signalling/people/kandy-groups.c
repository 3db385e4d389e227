/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-groups-private.h"

#include "kandy-events.h"
#include "kandy-json.h"

/**
 * KandyGroups:
 *
 * Makes and manages groups of users, who can then chat with one another (API
 * document: namespace `groups`). As a #GListModel it has the groups that the
 * user is in; nothing is known before kandy_groups_fetch_async().
 *
 * Whoever makes a group administers it, and cannot leave it, only delete it.
 * Others are invited, and are in the group when they have accepted.
 *
 * What other users do is told if the service `chat` is subscribed to.
 */

G_DEFINE_FINAL_TYPE (KandyGroups, kandy_groups, KANDY_TYPE_COLLECTION)

static const char *
get_group_id (gpointer group)
{
  return kandy_group_get_id (group);
}

static gpointer
resolve_group (gpointer source, const char *id)
{
  return kandy_groups_get (source, id);
}

static void
looked_up (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  g_autoptr (KandyGroup) group = reply;
  const char *id = kandy_group_get_id (group);
  gboolean is_new = GPOINTER_TO_INT (g_task_get_task_data (task)) != 0;
  gboolean is_known = kandy_groups_get (self, id) != NULL;

  kandy_groups_take (self, group);
  /* the reply to its own creation may have been faster */
  if (!is_new || !is_known)
    kandy_groups_emit_id (self, is_new ? "group:new" : "group:change", id);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
kandy_groups_forget (KandyCollection *collection)
{
  kandy_item_list_clear (KANDY_GROUPS (collection)->invitations, NULL);
}

static void
kandy_groups_constructed (GObject *object)
{
  G_OBJECT_CLASS (kandy_groups_parent_class)->constructed (object);

  kandy_groups_listen (KANDY_GROUPS (object));
}

static void
kandy_groups_finalize (GObject *object)
{
  g_object_unref (KANDY_GROUPS (object)->invitations);
  g_ptr_array_unref (KANDY_GROUPS (object)->operations);

  G_OBJECT_CLASS (kandy_groups_parent_class)->finalize (object);
}

static void
kandy_groups_class_init (KandyGroupsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  KandyCollectionClass *collection_class = KANDY_COLLECTION_CLASS (klass);

  object_class->constructed = kandy_groups_constructed;
  object_class->finalize = kandy_groups_finalize;
  collection_class->error_event = "group:error";
  collection_class->forget = kandy_groups_forget;

  /**
   * KandyGroups::group-new:
   * @self: the groups
   * @group: (type KandyGroup): the group
   *
   * There is another group: it was made here, or on another device of the user
   * (API document: `group:new`).
   */
  /**
   * KandyGroups::group-changed:
   * @self: the groups
   * @group: (type KandyGroup) (nullable): the group; %NULL if the user is no
   *   longer in it, or not yet
   * @id: its id
   *
   * A group has changed, or the user has joined or left it (API document:
   * `group:change`).
   */
  /**
   * KandyGroups::group-deleted:
   * @self: the groups
   * @group: (nullable): the group as it was last known, as
   *   kandy_group_to_variant() writes it
   *
   * A group is no more, or the user is no longer in it because somebody else
   * wants it so (API document: `group:delete`).
   */
  /**
   * KandyGroups::refreshed:
   * @self: the groups
   *
   * The list of groups was fetched (API document: `group:refresh`).
   */
  /**
   * KandyGroups::invitation-received:
   * @self: the groups
   * @invitation: the invitation, as kandy_group_to_variant() writes it
   *
   * Somebody invites to a group (API document: `group:invitation_received`).
   * The invitation is in kandy_groups_get_invitations().
   */
  /**
   * KandyGroups::error:
   * @self: the groups
   * @error: what went wrong
   *
   * An operation failed (API document: `group:error`). Its answer has the same
   * error.
   */
  kandy_events_install (object_class);
  kandy_events_set_resolver (object_class, resolve_group);
}

static void
kandy_groups_init (KandyGroups *self)
{
  kandy_collection_set_items (
      KANDY_COLLECTION (self), kandy_groups_new_list ());
  self->invitations = kandy_groups_new_list ();
  self->operations = g_ptr_array_new ();
}

KandyItemList *
kandy_groups_new_list (void)
{
  return kandy_item_list_new (KANDY_TYPE_GROUP, get_group_id);
}

gpointer
kandy_groups_decode (JsonNode *reply, GError **error)
{
  JsonObject *json = kandy_json_get_object (
      json_node_get_object (reply), "groupChatSessionInformation");
  KandyGroup *group = json ? kandy_group_new_from_json (json, NULL) : NULL;

  if (!group)
    g_propagate_error (
        error, kandy_missing_error ("groupChatSessionInformation.resourceURL"));
  return group;
}

KandyGroup *
kandy_groups_take (KandyGroups *self, KandyGroup *group)
{
  const char *id = kandy_group_get_id (group);
  KandyGroup *known = kandy_groups_get (self, id);
  g_autoptr (KandyGroup) invitation =
      kandy_item_list_remove (self->invitations, id);

  if (known) {
    kandy_group_update (known, group);
    return known;
  }
  kandy_item_list_put (
      kandy_collection_get_items (KANDY_COLLECTION (self)), group);
  return group;
}

KandyGroup *
kandy_groups_drop (
    KandyGroups *self, const char *group_id, gboolean *was_invitation)
{
  g_autoptr (KandyGroup) invitation =
      kandy_item_list_remove (self->invitations, group_id);

  if (was_invitation)
    *was_invitation = invitation != NULL;
  return kandy_item_list_remove (
      kandy_collection_get_items (KANDY_COLLECTION (self)), group_id);
}

void
kandy_groups_look_up (KandyGroups *self, const char *group_id, gboolean is_new)
{
  GTask *task = kandy_collection_begin (
      KANDY_COLLECTION (self), kandy_groups_look_up, NULL, NULL, NULL);
  g_autofree char *id = kandy_escape_segment (group_id);
  g_autofree char *tail = g_strconcat ("group/", id, NULL);

  g_task_set_task_data (task, GINT_TO_POINTER (is_new), NULL);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "GET",
          .service = "chat",
          .tail = tail,
          .label = "Fetch group",
          .decode = kandy_groups_decode,
          .destroy = g_object_unref,
          .unasked = TRUE },
      looked_up);
}

/* (nullable): one that is under way */
static KandyGroupOperation *
find_operation (KandyGroups *self, const char *group_id, guint *start)
{
  for (; *start < self->operations->len; ++*start) {
    KandyGroupOperation *operation = self->operations->pdata[*start];

    if (g_str_equal (operation->id, group_id))
      return operation;
  }
  return NULL;
}

void
kandy_groups_mark_told (
    KandyGroups *self, const char *group_id, const char *address)
{
  KandyGroupOperation *operation;
  guint i = 0;

  for (; (operation = find_operation (self, group_id, &i)); i++)
    if (!address
        || (operation->address
            && g_ascii_strcasecmp (operation->address, address) == 0))
      operation->told = TRUE;
}

gboolean
kandy_groups_is_busy (KandyGroups *self, const char *group_id)
{
  guint start = 0;

  return find_operation (self, group_id, &start) != NULL;
}

void
kandy_groups_emit_id (
    KandyGroups *self, const char *event, const char *group_id)
{
  GVariantDict payload;

  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert (&payload, "id", "s", group_id);
  kandy_collection_emit (
      KANDY_COLLECTION (self), event, g_variant_dict_end (&payload));
}

void
kandy_groups_emit_deleted (KandyGroups *self, KandyGroup *group)
{
  g_autoptr (GVariant) variant = group ? kandy_group_to_variant (group) : NULL;
  GVariantDict payload;

  g_variant_dict_init (&payload, NULL);
  if (variant)
    g_variant_dict_insert_value (&payload, "group", variant);
  kandy_collection_emit (
      KANDY_COLLECTION (self), "group:delete", g_variant_dict_end (&payload));
}

/**
 * kandy_groups_get_all:
 * @self: the groups
 *
 * API document: `groups.getAll`.
 *
 * Returns: (transfer container) (element-type KandyGroup): the groups that are
 *   known
 */
GPtrArray *
kandy_groups_get_all (KandyGroups *self)
{
  g_return_val_if_fail (KANDY_IS_GROUPS (self), NULL);

  return kandy_item_list_get_all (
      kandy_collection_get_items (KANDY_COLLECTION (self)));
}

/**
 * kandy_groups_get:
 * @self: the groups
 * @group_id: a group's #KandyGroup:id
 *
 * API document: `groups.get`.
 *
 * Returns: (transfer none) (nullable): the group, if it is known
 */
KandyGroup *
kandy_groups_get (KandyGroups *self, const char *group_id)
{
  g_return_val_if_fail (KANDY_IS_GROUPS (self), NULL);
  g_return_val_if_fail (group_id != NULL, NULL);

  return kandy_item_list_lookup (
      kandy_collection_get_items (KANDY_COLLECTION (self)), group_id);
}

/**
 * kandy_groups_get_participants:
 * @self: the groups
 * @group_id: a group's #KandyGroup:id
 *
 * API document: `groups.getParticipants`.
 *
 * Returns: (transfer none) (nullable): #KandyGroup:participants of the group,
 *   if it is known
 */
GListModel *
kandy_groups_get_participants (KandyGroups *self, const char *group_id)
{
  KandyGroup *group;

  g_return_val_if_fail (KANDY_IS_GROUPS (self), NULL);
  g_return_val_if_fail (group_id != NULL, NULL);

  group = kandy_groups_get (self, group_id);
  return group ? kandy_group_get_participants (group) : NULL;
}

/**
 * kandy_groups_get_invitations:
 * @self: the groups
 *
 * Gets the invitations that wait for an answer (API document:
 * `groups.getInvitations`).
 *
 * Returns: (transfer none): a list of #KandyGroup
 */
GListModel *
kandy_groups_get_invitations (KandyGroups *self)
{
  g_return_val_if_fail (KANDY_IS_GROUPS (self), NULL);

  return G_LIST_MODEL (self->invitations);
}

/**
 * kandy_groups_get_invitation:
 * @self: the groups
 * @group_id: a group's #KandyGroup:id
 *
 * Finds the invitation to one group.
 *
 * Returns: (transfer none) (nullable): the invitation, if there is one
 */
KandyGroup *
kandy_groups_get_invitation (KandyGroups *self, const char *group_id)
{
  g_return_val_if_fail (KANDY_IS_GROUPS (self), NULL);
  g_return_val_if_fail (group_id != NULL, NULL);

  return kandy_item_list_lookup (self->invitations, group_id);
}
