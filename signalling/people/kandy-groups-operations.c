/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-groups-private.h"

#include "kandy-error.h"
#include "kandy-json.h"

/*
 * What can be done with groups (protocol messaging 3.2 to 3.7). Each operation
 * changes what is known here when the platform has agreed, emits its event and
 * then has its answer.
 */

/* The document's codes; the others of this family are of no use */
#define CODE_MISSING "groups:3"

static void
operation_free (KandyGroupOperation *operation)
{
  g_ptr_array_remove_fast (operation->operations, operation);
  g_ptr_array_unref (operation->operations);
  g_free (operation->id);
  g_free (operation->address);
  g_free (operation);
}

static gboolean
is_text (const char *text)
{
  return text && *text && g_utf8_validate (text, -1, NULL);
}

/* The task of an operation on one group, or NULL if it has been refused.
 * @with_participant: whether @address has to be there */
static GTask *
begin (KandyGroups *self, gpointer tag, const char *id, const char *address,
    gboolean with_participant, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = kandy_collection_begin (
      KANDY_COLLECTION (self), tag, cancellable, callback, user_data);
  KandyGroupOperation *operation;

  if (!is_text (id) || (with_participant && !is_text (address))) {
    kandy_collection_refuse (KANDY_COLLECTION (self), task, CODE_MISSING, "%s",
        is_text (id) ? "A User ID of the participant is needed"
                     : "The id of a group is needed");
    return NULL;
  }
  operation = g_new0 (KandyGroupOperation, 1);
  operation->id = g_strdup (id);
  operation->address = g_strdup (address);
  operation->operations = g_ptr_array_ref (self->operations);
  g_ptr_array_add (self->operations, operation);
  g_task_set_task_data (task, operation, (GDestroyNotify) operation_free);
  return task;
}

/* (nullable): without tokens; then the request says so */
static const char *
get_identity (KandyGroups *self)
{
  KandyClient *client = kandy_collection_get_client (KANDY_COLLECTION (self));

  return client ? kandy_client_get_identity (client) : NULL;
}

/* "group/ID[/participants[/ADDRESS[/TAIL]]]" */
static char *
make_tail (const char *id, gboolean participants, const char *address,
    const char *tail)
{
  g_autofree char *group = kandy_escape_segment (id);
  g_autofree char *participant =
      address ? kandy_escape_segment (address) : NULL;

  return g_strconcat ("group/", group, participants ? "/participants" : "",
      participant ? "/" : "", participant ? participant : "", tail, NULL);
}

static gpointer
decode_groups (JsonNode *reply, GError **error)
{
  JsonObject *json = kandy_json_get_object (
      json_node_get_object (reply), "groupChatSessionInformationList");
  JsonArray *array = kandy_json_get_array (json, "groupChatSessionInformation");
  JsonObject *single =
      kandy_json_get_object (json, "groupChatSessionInformation");
  guint n = array ? json_array_get_length (array) : 1, i;
  KandyItemList *groups;

  if (!json) {
    g_propagate_error (
        error, kandy_missing_error ("groupChatSessionInformationList"));
    return NULL;
  }
  groups = kandy_groups_new_list ();
  for (i = 0; i < n; i++) {
    JsonNode *node = array ? json_array_get_element (array, i) : NULL;
    JsonObject *object = single;
    g_autoptr (KandyGroup) group = NULL;

    if (node)
      object =
          JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    group = object ? kandy_group_new_from_json (object, NULL) : NULL;
    if (group)
      kandy_item_list_put (groups, group);
  }
  return groups;
}

static void
group_created (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  g_autoptr (KandyGroup) group = reply;
  gboolean is_new = !kandy_groups_get (self, kandy_group_get_id (group));
  KandyGroup *taken = g_object_ref (kandy_groups_take (self, group));

  /* its own notification may have been faster */
  if (is_new)
    kandy_groups_emit_id (self, "group:new", kandy_group_get_id (taken));
  g_task_return_pointer (task, taken, g_object_unref);
  g_object_unref (task);
}

/* Those that are known stay the objects that they are */
static void
take_fetched (KandyCollection *collection, gpointer item)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroup *group = item;
  KandyGroup *known = kandy_groups_get (self, kandy_group_get_id (group));
  g_autoptr (KandyGroup) dropped =
      kandy_item_list_remove (self->invitations, kandy_group_get_id (group));

  if (known)
    kandy_group_update (known, group);
}

static void
groups_taken (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  g_autoptr (KandyItemList) fetched = reply;
  g_autoptr (KandyItemList) groups = kandy_groups_new_list ();
  guint i;

  for (i = 0; i < kandy_item_list_get_length (fetched); i++) {
    KandyGroup *group = kandy_item_list_get (fetched, i);
    KandyGroup *known = kandy_groups_get (self, kandy_group_get_id (group));

    kandy_item_list_put (groups, known ? known : group);
  }
  kandy_item_list_take_from (kandy_collection_get_items (collection), groups,
      kandy_collection_get_context (collection));
  kandy_item_list_clear (fetched, kandy_collection_get_context (collection));
  kandy_collection_emit (collection, "group:refresh", NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
groups_fetched (KandyCollection *collection, GTask *task, gpointer reply)
{
  kandy_collection_walk (collection, task, kandy_item_list_get_all (reply),
      take_fetched, groups_taken, reply, g_object_unref);
}

/* The second half of an acceptance */
static void
accepted_group_read (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroupOperation *operation = g_task_get_task_data (task);
  g_autoptr (KandyGroup) group = reply;

  kandy_groups_take (self, group);
  if (!operation->told)
    kandy_groups_emit_id (self, "group:change", operation->id);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
invitation_accepted (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroupOperation *operation = g_task_get_task_data (task);
  g_autofree char *tail = make_tail (operation->id, FALSE, NULL, NULL);

  json_node_unref (reply);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = "GET",
          .service = "chat",
          .tail = tail,
          .label = "Fetch group",
          .decode = kandy_groups_decode,
          .destroy = g_object_unref },
      accepted_group_read);
}

static void
group_left (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroupOperation *operation = g_task_get_task_data (task);
  g_autoptr (KandyGroup) group = NULL;

  json_node_unref (reply);
  group = kandy_groups_drop (self, operation->id, NULL);
  if (!operation->told)
    kandy_groups_emit_id (self, "group:change", operation->id);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
group_deleted (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroupOperation *operation = g_task_get_task_data (task);
  g_autoptr (KandyGroup) group = NULL;

  json_node_unref (reply);
  group = kandy_groups_drop (self, operation->id, NULL);
  if (!operation->told)
    kandy_groups_emit_deleted (self, group);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gpointer
decode_participant (JsonNode *reply, GError **error)
{
  KandyGroupParticipant *participant =
      kandy_group_participant_new_from_json (kandy_json_get_object (
          json_node_get_object (reply), "participantInformation"));

  if (!participant)
    g_propagate_error (
        error, kandy_missing_error ("participantInformation.address"));
  return participant;
}

static void
participant_added (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroupOperation *operation = g_task_get_task_data (task);
  g_autoptr (KandyGroupParticipant) participant = reply;
  KandyGroup *group = kandy_groups_get (self, operation->id);

  if (group)
    kandy_group_put_participant (group, participant);
  if (!operation->told)
    kandy_groups_emit_id (self, "group:change", operation->id);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
participant_removed (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyGroups *self = KANDY_GROUPS (collection);
  KandyGroupOperation *operation = g_task_get_task_data (task);
  KandyGroup *group = kandy_groups_get (self, operation->id);

  json_node_unref (reply);
  if (group)
    kandy_group_remove_participant (group, operation->address);
  if (!operation->told)
    kandy_groups_emit_id (self, "group:change", operation->id);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
add_participant (JsonBuilder *builder, const char *address, gboolean is_admin)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "address");
  json_builder_add_string_value (builder, address);
  json_builder_set_member_name (builder, "x-isAdmin");
  json_builder_add_boolean_value (builder, is_admin);
  json_builder_end_object (builder);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (!value)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/* Protocol messaging 3.2: the owner comes first */
static JsonNode *
make_group (const char *identity, const char *name,
    const char *const *participants, const char *subject, const char *image)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  guint i;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "groupChatSessionInformation");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "participant");
  json_builder_begin_array (builder);
  if (identity)
    add_participant (builder, identity, TRUE);
  for (i = 0; participants && participants[i]; i++)
    add_participant (builder, participants[i], FALSE);
  json_builder_end_array (builder);
  add_string (builder, "subject", subject);
  add_string (builder, "x-image", image);
  add_string (builder, "x-name", name);
  add_string (builder, "x-type", "closed");
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

/**
 * kandy_groups_create_async:
 * @self: the groups
 * @name: the group's name
 * @participants: (array zero-terminated=1) (nullable): User IDs of those to
 *   invite
 * @subject: (nullable): what it is about
 * @image: (nullable): URL of a picture of it
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Makes a group (API document: `groups.create`). Its type is `closed`, the only
 * one that there is: others come in by invitation. The events are `group:new`
 * or `group:error`.
 */
void
kandy_groups_create_async (KandyGroups *self, const char *name,
    const char *const *participants, const char *subject, const char *image,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  KandyCollection *collection = KANDY_COLLECTION (self);
  g_autoptr (JsonNode) body = NULL;
  gboolean valid;
  GTask *task;
  guint i;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = kandy_collection_begin (
      collection, kandy_groups_create_async, cancellable, callback, user_data);
  if (!is_text (name)) {
    kandy_collection_refuse (
        collection, task, CODE_MISSING, "A group needs a name");
    return;
  }
  valid = (!subject || g_utf8_validate (subject, -1, NULL))
      && (!image || g_utf8_validate (image, -1, NULL));
  for (i = 0; valid && participants && participants[i]; i++)
    valid = is_text (participants[i]);
  if (!valid) {
    kandy_collection_refuse (collection, task, CODE_MISSING,
        "Participants, subject and image of a group have to be UTF-8 text, and "
        "no participant may be empty");
    return;
  }
  body = make_group (get_identity (self), name, participants, subject, image);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = "POST",
          .service = "chat",
          .tail = "group",
          .body = body,
          .label = "Create group",
          .decode = kandy_groups_decode,
          .destroy = g_object_unref },
      group_created);
}

/**
 * kandy_groups_create_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a name, else the
 *   platform's own
 *
 * Ends kandy_groups_create_async().
 *
 * Returns: (transfer full): the group, which is in the list
 */
KandyGroup *
kandy_groups_create_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kandy_groups_fetch_async:
 * @self: the groups
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets all groups that the user is in (API document: `groups.fetch`). Groups
 * that are known stay the objects that they are. The events are `group:refresh`
 * or `group:error`. Invitations that have been received before cannot be
 * fetched.
 */
void
kandy_groups_fetch_async (KandyGroups *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = kandy_collection_begin (KANDY_COLLECTION (self),
      kandy_groups_fetch_async, cancellable, callback, user_data);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "GET",
          .service = "chat",
          .tail = "group",
          .label = "Fetch groups",
          .decode = decode_groups,
          .destroy = g_object_unref },
      groups_fetched);
}

/**
 * kandy_groups_fetch_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: the platform's own code
 *
 * Ends kandy_groups_fetch_async().
 *
 * Returns: %TRUE if the list is that of the platform
 */
gboolean
kandy_groups_fetch_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_groups_accept_invitation_async:
 * @self: the groups
 * @group_id: the group
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Joins a group (API document: `groups.acceptInvitation`). The events are
 * `group:change` or `group:error`.
 */
void
kandy_groups_accept_invitation_async (KandyGroups *self, const char *group_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  const char *identity;
  g_autofree char *tail = NULL;
  g_autoptr (JsonNode) body = NULL;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = begin (self, kandy_groups_accept_invitation_async, group_id, NULL,
      FALSE, cancellable, callback, user_data);
  if (!task)
    return;
  identity = get_identity (self);
  tail = make_tail (group_id, TRUE, identity ? identity : "", "/status");
  body = json_from_string (
      "{\"participantSessionStatus\":{\"status\":\"Connected\"}}", NULL);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "PUT",
          .service = "chat",
          .tail = tail,
          .body = body,
          .label = "Accept invitation" },
      invitation_accepted);
}

/**
 * kandy_groups_accept_invitation_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group, else the
 *   platform's own
 *
 * Ends kandy_groups_accept_invitation_async().
 *
 * Returns: %TRUE if the user is in the group now
 */
gboolean
kandy_groups_accept_invitation_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* To leave and to reject are the same to the platform */
static void
leave (KandyGroups *self, gpointer tag, const char *label, const char *group_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = begin (
      self, tag, group_id, NULL, FALSE, cancellable, callback, user_data);
  const char *identity;
  g_autofree char *tail = NULL;

  if (!task)
    return;
  identity = get_identity (self);
  tail = make_tail (group_id, TRUE, identity ? identity : "", NULL);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "DELETE",
          .service = "chat",
          .tail = tail,
          .flags = KANDY_REST_NO_REPLY_BODY,
          .label = label },
      group_left);
}

/**
 * kandy_groups_reject_invitation_async:
 * @self: the groups
 * @group_id: the group
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Declines to join a group (API document: `groups.rejectInvitation`). The
 * events are `group:change` or `group:error`.
 */
void
kandy_groups_reject_invitation_async (KandyGroups *self, const char *group_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_GROUPS (self));

  leave (self, kandy_groups_reject_invitation_async, "Reject invitation",
      group_id, cancellable, callback, user_data);
}

/**
 * kandy_groups_reject_invitation_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group, else the
 *   platform's own
 *
 * Ends kandy_groups_reject_invitation_async().
 *
 * Returns: %TRUE if the invitation is no more
 */
gboolean
kandy_groups_reject_invitation_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_groups_leave_async:
 * @self: the groups
 * @group_id: the group
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Leaves a group (API document: `groups.leave`). Its administrator cannot. The
 * events are `group:change`, when the group is gone already, or `group:error`.
 */
void
kandy_groups_leave_async (KandyGroups *self, const char *group_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_GROUPS (self));

  leave (self, kandy_groups_leave_async, "Leave group", group_id, cancellable,
      callback, user_data);
}

/**
 * kandy_groups_leave_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group, else the
 *   platform's own
 *
 * Ends kandy_groups_leave_async().
 *
 * Returns: %TRUE if the user is no longer in the group
 */
gboolean
kandy_groups_leave_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_groups_delete_async:
 * @self: the groups
 * @group_id: the group
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Ends a group for all of its participants (API document: `groups.delete`). The
 * events are `group:delete` or `group:error`.
 */
void
kandy_groups_delete_async (KandyGroups *self, const char *group_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  g_autofree char *tail = NULL;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = begin (self, kandy_groups_delete_async, group_id, NULL, FALSE,
      cancellable, callback, user_data);
  if (!task)
    return;
  tail = make_tail (group_id, FALSE, NULL, NULL);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "DELETE",
          .service = "chat",
          .tail = tail,
          .flags = KANDY_REST_NO_REPLY_BODY,
          .label = "Delete group" },
      group_deleted);
}

/**
 * kandy_groups_delete_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group, else the
 *   platform's own
 *
 * Ends kandy_groups_delete_async().
 *
 * Returns: %TRUE if the group is no more
 */
gboolean
kandy_groups_delete_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_groups_add_participant_async:
 * @self: the groups
 * @group_id: the group
 * @participant: User ID of whom to invite
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Invites somebody to a group (API document: `groups.addParticipant`), which
 * its administrator may do. The events are `group:change` or `group:error`.
 */
void
kandy_groups_add_participant_async (KandyGroups *self, const char *group_id,
    const char *participant, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  g_autofree char *tail = NULL;
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) body = NULL;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = begin (self, kandy_groups_add_participant_async, group_id, participant,
      TRUE, cancellable, callback, user_data);
  if (!task)
    return;
  tail = make_tail (group_id, TRUE, NULL, NULL);
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "participantInformation");
  add_participant (builder, participant, FALSE);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "POST",
          .service = "chat",
          .tail = tail,
          .body = body,
          .label = "Add participant",
          .decode = decode_participant,
          .destroy = g_object_unref },
      participant_added);
}

/**
 * kandy_groups_add_participant_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group or a
 *   participant, else the platform's own
 *
 * Ends kandy_groups_add_participant_async().
 *
 * Returns: %TRUE if the participant is invited
 */
gboolean
kandy_groups_add_participant_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_groups_remove_participant_async:
 * @self: the groups
 * @group_id: the group
 * @participant: User ID of whom to remove
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Removes somebody from a group (API document: `groups.removeParticipant`),
 * which its administrator may do. The events are `group:change` or
 * `group:error`.
 */
void
kandy_groups_remove_participant_async (KandyGroups *self, const char *group_id,
    const char *participant, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  g_autofree char *tail = NULL;

  g_return_if_fail (KANDY_IS_GROUPS (self));

  task = begin (self, kandy_groups_remove_participant_async, group_id,
      participant, TRUE, cancellable, callback, user_data);
  if (!task)
    return;
  tail = make_tail (group_id, TRUE, participant, NULL);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "DELETE",
          .service = "chat",
          .tail = tail,
          .flags = KANDY_REST_NO_REPLY_BODY,
          .label = "Remove participant" },
      participant_removed);
}

/**
 * kandy_groups_remove_participant_finish:
 * @self: the groups
 * @result: what the callback was given
 * @error: return location: platform code `groups:3` without a group or a
 *   participant, else the platform's own
 *
 * Ends kandy_groups_remove_participant_async().
 *
 * Returns: %TRUE if the participant is not in the group
 */
gboolean
kandy_groups_remove_participant_finish (
    KandyGroups *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
