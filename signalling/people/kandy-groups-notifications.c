/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-groups-private.h"

#include "kandy-json.h"

/*
 * What the platform tells about groups (protocol messaging 3.8 to 3.10): an
 * invitation, the status of participants, changes and the end of a group. It
 * comes to each device of the user, so also about what was done here; what has
 * changed nothing has no event.
 */

#define GROUP_LINK "groupChatSessionInformation"

/* (nullable): where the notification's group is */
static const char *
find_group_link (JsonObject *content)
{
  JsonArray *links = kandy_json_get_array (content, "link");
  guint n = links ? json_array_get_length (links) : 0, i;

  for (i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (links, i);
    JsonObject *link =
        JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (g_strcmp0 (kandy_json_get_string (link, "rel"), GROUP_LINK) == 0)
      return kandy_json_get_string (link, "href");
  }
  return NULL;
}

static void
warn_malformed (KandyGroups *self, const char *type)
{
  kandy_collection_log (KANDY_COLLECTION (self), KANDY_LOG_LEVEL_WARN, "GROUPS",
      "A %s without a link to its group is ignored", type);
}

static gboolean
is_self (KandyGroups *self, KandyGroupParticipant *participant)
{
  KandyClient *client = kandy_collection_get_client (KANDY_COLLECTION (self));
  const char *identity = client ? kandy_client_get_identity (client) : NULL;

  return identity
      && g_ascii_strcasecmp (
             kandy_group_participant_get_address (participant), identity)
      == 0;
}

static void
on_invitation (const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyGroups) self = g_object_ref (user_data);
  const char *href = find_group_link (content);
  g_autoptr (KandyGroup) invitation = NULL;
  GVariantDict payload;

  if (href)
    invitation = kandy_group_new_from_json (content, href);
  if (!invitation) {
    warn_malformed (self, type);
    return;
  }
  kandy_item_list_put (self->invitations, invitation);
  g_variant_dict_init (&payload, NULL);
  {
    g_autoptr (GVariant) variant = kandy_group_to_variant (invitation);

    g_variant_dict_insert_value (&payload, "invitation", variant);
  }
  kandy_collection_emit (KANDY_COLLECTION (self), "group:invitation_received",
      g_variant_dict_end (&payload));
}

/* We have joined on another device, or have left there */
static gboolean
apply_own_status (
    KandyGroups *self, const char *id, KandyGroupParticipant *participant)
{
  const char *status = kandy_group_participant_get_status (participant);

  if (g_strcmp0 (status, "Disconnected") == 0) {
    gboolean invited;
    g_autoptr (KandyGroup) group = kandy_groups_drop (self, id, &invited);

    if (group || invited) {
      kandy_groups_mark_told (self, id, NULL);
      kandy_groups_emit_id (self, "group:change", id);
    }
    return TRUE;
  }
  if (g_strcmp0 (status, "Connected") == 0 && !kandy_groups_get (self, id)) {
    /* what joins it here also looks it up */
    if (!kandy_groups_is_busy (self, id))
      kandy_groups_look_up (
          self, id, kandy_groups_get_invitation (self, id) == NULL);
    return TRUE;
  }
  return FALSE;
}

static void
on_participant_status (
    const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyGroups) self = g_object_ref (user_data);
  const char *href = find_group_link (content);
  g_autoptr (KandyGroup) told = NULL;
  g_autoptr (GPtrArray) participants = NULL;
  const char *id;
  KandyGroup *known;
  gboolean changed = FALSE;
  guint i;

  if (href)
    told = kandy_group_new_from_json (content, href);
  if (!told) {
    warn_malformed (self, type);
    return;
  }
  id = kandy_group_get_id (told);
  participants = kandy_item_list_get_all (
      KANDY_ITEM_LIST (kandy_group_get_participants (told)));
  for (i = 0; i < participants->len; i++)
    if (is_self (self, participants->pdata[i])
        && apply_own_status (self, id, participants->pdata[i]))
      return;

  known = kandy_groups_get (self, id);
  if (!known)
    known = kandy_groups_get_invitation (self, id);
  for (i = 0; known && i < participants->len; i++) {
    KandyGroupParticipant *participant = participants->pdata[i];

    const char *address = kandy_group_participant_get_address (participant);
    const char *status = kandy_group_participant_get_status (participant);

    /* whom we have just removed ourselves is not to come back */
    if (g_strcmp0 (status, "Disconnected") == 0
        && !kandy_group_get_participant (known, address))
      continue;
    if (kandy_group_put_participant (known, participant)) {
      kandy_groups_mark_told (self, id, address);
      changed = TRUE;
    }
  }
  if (changed)
    kandy_groups_emit_id (self, "group:change", id);
}

static void
on_chat_event (const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyGroups) self = g_object_ref (user_data);
  const char *event = kandy_json_get_string (content, "eventType");
  const char *href = find_group_link (content);
  g_autofree char *id = href ? kandy_last_segment (href) : NULL;
  gboolean ended = g_strcmp0 (event, "SessionEnded") == 0;

  /* without such a link it is about messages */
  if (!id)
    return;
  if (ended || g_strcmp0 (event, "SessionCancelled") == 0) {
    gboolean invited;
    g_autoptr (KandyGroup) group = kandy_groups_drop (self, id, &invited);

    if (group || invited)
      kandy_groups_mark_told (self, id, NULL);
    if (group)
      kandy_groups_emit_deleted (self, group);
    else if (invited)
      kandy_groups_emit_id (self, "group:change", id);
  } else if (g_strcmp0 (event, "SessionUpdated") == 0
      && kandy_groups_get (self, id)) {
    kandy_groups_look_up (self, id, FALSE);
  }
}

void
kandy_groups_listen (KandyGroups *self)
{
  KandyCollection *collection = KANDY_COLLECTION (self);

  kandy_collection_listen (
      collection, "groupChatSessionInvitationNotification", on_invitation);
  kandy_collection_listen (
      collection, "chatParticipantStatusNotification", on_participant_status);
  kandy_collection_listen (collection, "chatEventNotification", on_chat_event);
}
