/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-presence-private.h"

#include "kandy-error.h"
#include "kandy-json.h"
#include "kandy-services-private.h"

/*
 * The presence of others: asked for once, or watched (protocol messaging 4.3 to
 * 4.6). Users are watched one by one, so that one who cannot be does not keep
 * the others from it, and asked for some at a time. Of ten thousand, all at
 * once would hold up the main context, and the platform.
 */

#define MAX_WATCHING 8
#define MAX_FETCHING 2
#define FETCHED_AT_ONCE 50

/* Many users: what is left to do, and what each step leaves for the end */
typedef struct {
  char **users;
  guint n_users, next;
  guint running;
  const char *method; /* (nullable): NULL to ask */
  char *list;         /* (nullable): id of the list of those who are watched */
  GPtrArray *done;    /* User IDs */
  GError *error;      /* (nullable): the first */
} Batch;

static void
batch_free (Batch *batch)
{
  g_strfreev (batch->users);
  g_free (batch->list);
  g_ptr_array_unref (batch->done);
  g_clear_error (&batch->error);
  g_free (batch);
}

static Batch *
batch_new (const char *const *users, const char *method)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->users = g_strdupv ((char **) users);
  batch->n_users = g_strv_length (batch->users);
  batch->method = method;
  batch->done = g_ptr_array_new_with_free_func (g_free);
  return batch;
}

static void batch_go_on (GTask *task);

/* Puts what is told in the list. Returns: (transfer none): the entry */
static KandyPresenceStatus *
ensure (KandyPresence *self, const char *user_id)
{
  KandyPresenceStatus *status = kandy_presence_get (self, user_id);

  if (!status) {
    g_autoptr (KandyPresenceStatus) made = kandy_presence_status_new (user_id);

    status = made;
    kandy_item_list_put (
        kandy_collection_get_items (KANDY_COLLECTION (self)), made);
  }
  return status;
}

static void
emit_change (KandyPresence *self, KandyPresenceStatus *status)
{
  g_autoptr (GVariant) all = kandy_presence_status_to_variant (status);
  GVariantDict payload;

  g_variant_dict_init (&payload, all);
  g_variant_dict_remove (&payload, "loading");
  kandy_collection_emit (KANDY_COLLECTION (self), "presence:change",
      g_variant_dict_end (&payload));
}

/* The user's own presence, published on another device */
static void
take_own (KandyPresence *self, KandyPresenceStatus *told)
{
  KandyClient *client = kandy_collection_get_client (KANDY_COLLECTION (self));
  const char *identity = client ? kandy_client_get_identity (client) : NULL;
  const char *status = kandy_presence_status_get_status (told);
  const char *activity = kandy_presence_status_get_activity (told);
  const char *note = kandy_presence_status_get_note (told);

  if (!identity
      || g_ascii_strcasecmp (identity, kandy_presence_status_get_user_id (told))
          != 0
      || (g_strcmp0 (kandy_presence_status_get_status (self->own), status) == 0
          && g_strcmp0 (
                 kandy_presence_status_get_activity (self->own), activity)
              == 0
          && g_strcmp0 (kandy_presence_status_get_note (self->own), note) == 0))
    return;
  kandy_presence_status_set_user_id (self->own, identity);
  kandy_presence_status_set (self->own, status, activity, note);
  kandy_collection_emit (KANDY_COLLECTION (self), "presence:selfChange", NULL);
}

static void
on_notification (const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyPresence) self = g_object_ref (user_data);
  const char *user_id = kandy_json_get_string (content, "presentityUserId");
  JsonObject *presence = kandy_json_get_object (content, "presence");
  g_autoptr (KandyPresenceStatus) told = NULL;
  g_autoptr (KandyPresenceStatus) status = NULL;

  if (!user_id || !*user_id) {
    kandy_collection_log (KANDY_COLLECTION (self), KANDY_LOG_LEVEL_WARN,
        "PRESENCE", "A %s without presentityUserId is ignored", type);
    return;
  }
  told = kandy_presence_status_new (user_id);
  if (!kandy_presence_status_read (told, presence))
    return;
  status = g_object_ref (ensure (self, user_id));
  kandy_presence_status_set (status, kandy_presence_status_get_status (told),
      kandy_presence_status_get_activity (told),
      kandy_presence_status_get_note (told));
  emit_change (self, status);
  take_own (self, told);
}

void
kandy_presence_listen (KandyPresence *self)
{
  kandy_collection_listen (
      KANDY_COLLECTION (self), "presenceNotification", on_notification);
}

/* Refuses @task (transfer full) if there is no user, or one with no name */
static gboolean
check_users (KandyPresence *self, GTask *task, const char *const *users)
{
  gboolean valid = users && users[0];
  guint i;

  for (i = 0; valid && users[i]; i++)
    valid = *users[i] && g_utf8_validate (users[i], -1, NULL);
  if (!valid)
    kandy_collection_refuse (KANDY_COLLECTION (self), task, "presence:4",
        "At least one User ID is needed, and none may be empty");
  return valid;
}

/* What was asked for is no longer awaited. Of whom nothing is known, there is
 * no entry if @failed */
static void
end_loading (KandyPresence *self, char **users, gboolean failed)
{
  guint i;

  for (i = 0; users[i]; i++) {
    KandyPresenceStatus *status = kandy_presence_get (self, users[i]);

    if (!status)
      continue;
    kandy_presence_status_set_loading (status, FALSE);
    if (failed && !kandy_presence_status_get_status (status)) {
      g_autofree char *folded = kandy_fold_address (users[i]);
      g_autoptr (KandyPresenceStatus) removed = kandy_item_list_remove (
          kandy_collection_get_items (KANDY_COLLECTION (self)), folded);
    }
  }
}

static void
fetched (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyPresence *self = KANDY_PRESENCE (collection);
  g_autoptr (JsonNode) node = reply;
  JsonObject *list =
      kandy_json_get_object (json_node_get_object (node), "presenceList");
  JsonArray *array = kandy_json_get_array (list, "presenceContact");
  JsonObject *single = kandy_json_get_object (list, "presenceContact");
  guint n = array ? json_array_get_length (array) : 1, i;
  g_autoptr (GPtrArray) changed =
      g_ptr_array_new_with_free_func (g_object_unref);

  if (!list) {
    kandy_collection_fail (
        collection, task, kandy_missing_error ("presenceList"));
    return;
  }
  for (i = 0; i < n; i++) {
    JsonNode *element = array ? json_array_get_element (array, i) : NULL;
    JsonObject *contact = single;
    const char *user_id;

    if (element)
      contact = JSON_NODE_HOLDS_OBJECT (element)
          ? json_node_get_object (element)
          : NULL;
    user_id = kandy_json_get_string (contact, "presentityUserId");
    if (user_id && *user_id) {
      KandyPresenceStatus *status = ensure (self, user_id);

      if (kandy_presence_status_read (
              status, kandy_json_get_object (contact, "presence")))
        g_ptr_array_add (changed, g_object_ref (status));
    }
  }
  end_loading (self, g_task_get_task_data (task), FALSE);
  for (i = 0; i < changed->len; i++)
    emit_change (self, changed->pdata[i]);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Also a failure ends the loading */
static void
fetch_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Batch *batch = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    end_loading (
        KANDY_PRESENCE (source), g_task_get_task_data (G_TASK (result)), TRUE);
    if (!batch->error)
      batch->error = g_steal_pointer (&error);
    g_clear_error (&error);
    /* what is wrong with some is likely to be so with all */
    batch->next = batch->n_users;
  }
  batch->running--;
  batch_go_on (task);
}

/* Asks for the next of the users */
static void
fetch_some (GTask *outer, Batch *batch)
{
  KandyCollection *collection = g_task_get_source_object (outer);
  KandyPresence *self = KANDY_PRESENCE (collection);
  GTask *task = kandy_collection_begin (collection, fetch_some,
      g_task_get_cancellable (outer), fetch_ended, g_object_ref (outer));
  guint n = MIN (batch->n_users - batch->next, FETCHED_AT_ONCE), i;
  char **users = g_new0 (char *, n + 1);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) body = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "adhocPresenceList");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "presentityUserId");
  json_builder_begin_array (builder);
  for (i = 0; i < n; i++) {
    users[i] = g_strdup (batch->users[batch->next++]);
    json_builder_add_string_value (builder, users[i]);
    kandy_presence_status_set_loading (ensure (self, users[i]), TRUE);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);

  g_task_set_task_data (task, users, (GDestroyNotify) g_strfreev);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = "POST",
          .service = "presence",
          .tail = "adhocPresenceList",
          .body = body,
          .label = "Fetch users presence" },
      fetched);
}

/**
 * kandy_presence_fetch_async:
 * @self: the presence
 * @users: (array zero-terminated=1): User IDs
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Asks once for the presence of users (API document: `presence.fetch`), of
 * fifty with each request. There is one `presence:change` for each of whom the
 * platform knows something, and `presence:error` if a request fails, which ends
 * it.
 */
void
kandy_presence_fetch_async (KandyPresence *self, const char *const *users,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_PRESENCE (self));

  task = kandy_collection_begin (KANDY_COLLECTION (self),
      kandy_presence_fetch_async, cancellable, callback, user_data);
  if (!check_users (self, task, users))
    return;
  g_task_set_task_data (
      task, batch_new (users, NULL), (GDestroyNotify) batch_free);
  batch_go_on (task);
}

/**
 * kandy_presence_fetch_finish:
 * @self: the presence
 * @result: what the callback was given
 * @error: return location: platform code `presence:4` without users, else the
 *   platform's own
 *
 * Ends kandy_presence_fetch_async().
 *
 * Returns: %TRUE if what the platform knows is known here
 */
gboolean
kandy_presence_fetch_finish (
    KandyPresence *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
watch_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Batch *batch = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    g_ptr_array_add (
        batch->done, g_strdup (g_task_get_task_data (G_TASK (result))));
  } else {
    /* none of the others can do better */
    if (!error || error->domain != KANDY_ERROR
        || error->code == KANDY_ERROR_DESTROYED)
      batch->next = batch->n_users;
    if (!batch->error)
      batch->error = g_steal_pointer (&error);
    g_clear_error (&error);
  }
  batch->running--;
  batch_go_on (task);
}

static void
watched (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autoptr (JsonNode) node = reply;

  if (kandy_json_get_object (json_node_get_object (node), "presenceContact")) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  } else {
    kandy_collection_fail (
        collection, task, kandy_missing_error ("presenceContact"));
  }
}

static void
unwatched (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autofree char *folded = kandy_fold_address (g_task_get_task_data (task));
  g_autoptr (KandyPresenceStatus) removed =
      kandy_item_list_remove (kandy_collection_get_items (collection), folded);

  json_node_unref (reply);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static JsonNode *
make_contact (const char *user_id)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "presenceContact");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "presentityUserId");
  json_builder_add_string_value (builder, user_id);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

/* Watches the next of the users, or no longer does */
static void
watch_one (GTask *outer, Batch *batch)
{
  KandyCollection *collection = g_task_get_source_object (outer);
  GTask *task = kandy_collection_begin (collection, watch_one,
      g_task_get_cancellable (outer), watch_ended, g_object_ref (outer));
  const char *user = batch->users[batch->next++];
  gboolean watch = g_str_equal (batch->method, "PUT");
  g_autofree char *segment = kandy_escape_segment (user);
  g_autofree char *tail = g_strdup_printf (
      "presenceLists/%s/presenceContacts/%s", batch->list, segment);
  g_autoptr (JsonNode) body = watch ? make_contact (user) : NULL;

  g_task_set_task_data (task, g_strdup (user), g_free);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = batch->method,
          .service = "presence",
          .tail = tail,
          .body = body,
          .flags = watch ? KANDY_REST_DEFAULT : KANDY_REST_NO_REPLY_BODY,
          .label = watch ? "Add presence user" : "Remove presence user" },
      watch ? watched : unwatched);
}

/* The last of the users has been seen to. @task: (transfer full) */
static void
batch_ended (GTask *task, Batch *batch)
{
  GVariantDict payload;

  if (batch->done->len > 0) {
    g_variant_dict_init (&payload, NULL);
    g_variant_dict_insert_value (&payload, "userIds",
        g_variant_new_strv ((const char *const *) batch->done->pdata,
            (gssize) batch->done->len));
    kandy_collection_emit (g_task_get_source_object (task),
        g_str_equal (batch->method, "PUT") ? "presence:subscribe"
                                           : "presence:unsubscribe",
        g_variant_dict_end (&payload));
    g_clear_error (&batch->error);
  }
  if (batch->error)
    g_task_return_error (task, g_steal_pointer (&batch->error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Begins as much as may be under way, or ends. What is begun may end at once,
 * and come here again. */
static void
batch_go_on (GTask *task)
{
  Batch *batch = g_task_get_task_data (task);
  guint max = batch->method ? MAX_WATCHING : MAX_FETCHING;

  while (batch->running < max && batch->next < batch->n_users) {
    batch->running++;
    if (batch->method)
      watch_one (task, batch);
    else
      fetch_some (task, batch);
  }
  if (!batch->running)
    batch_ended (task, batch);
}

/* Watches or no longer watches each of the users. @task: (transfer full) */
static void
change_watched (
    KandyPresence *self, GTask *task, const char *const *users, gboolean watch)
{
  KandyCollection *collection = KANDY_COLLECTION (self);
  KandyClient *client = kandy_collection_get_client (collection);
  char *list;
  Batch *batch;

  if (!check_users (self, task, users))
    return;
  list = client
      ? kandy_services_dup_presence_list (kandy_client_get_services (client))
      : NULL;
  if (client && !list) {
    kandy_collection_fail (collection, task,
        kandy_error_new (KANDY_ERROR_INVALID_STATE,
            watch ? "subscription:5" : "subscription:6", 0,
            "The service presence is not subscribed to"));
    return;
  }
  batch = batch_new (users, watch ? "PUT" : "DELETE");
  batch->list = list ? list : g_strdup ("");
  g_task_set_task_data (task, batch, (GDestroyNotify) batch_free);
  batch_go_on (task);
}

/**
 * kandy_presence_subscribe_async:
 * @self: the presence
 * @users: (array zero-terminated=1): User IDs
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Watches users: from now on there is a `presence:change` whenever the presence
 * of one changes (API document: `presence.subscribe`). The events are one
 * `presence:subscribe` with those who are watched, and a `presence:error` for
 * each who cannot be.
 */
void
kandy_presence_subscribe_async (KandyPresence *self, const char *const *users,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_PRESENCE (self));

  change_watched (self,
      kandy_collection_begin (KANDY_COLLECTION (self),
          kandy_presence_subscribe_async, cancellable, callback, user_data),
      users, TRUE);
}

/**
 * kandy_presence_subscribe_finish:
 * @self: the presence
 * @result: what the callback was given
 * @error: return location: platform code `subscription:5` if the service
 *   `presence` is not subscribed to, `presence:4` without users, else the
 *   platform's own
 *
 * Ends kandy_presence_subscribe_async().
 *
 * Returns: %TRUE if at least one of the users is watched
 */
gboolean
kandy_presence_subscribe_finish (
    KandyPresence *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_presence_unsubscribe_async:
 * @self: the presence
 * @users: (array zero-terminated=1): User IDs
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * No longer watches users, and forgets their presence (API document:
 * `presence.unsubscribe`). The events are one `presence:unsubscribe` with those
 * who are no longer watched, and a `presence:error` for each failure.
 */
void
kandy_presence_unsubscribe_async (KandyPresence *self, const char *const *users,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_PRESENCE (self));

  change_watched (self,
      kandy_collection_begin (KANDY_COLLECTION (self),
          kandy_presence_unsubscribe_async, cancellable, callback, user_data),
      users, FALSE);
}

/**
 * kandy_presence_unsubscribe_finish:
 * @self: the presence
 * @result: what the callback was given
 * @error: return location: platform code `subscription:6` if the service
 *   `presence` is not subscribed to, `presence:4` without users, else the
 *   platform's own
 *
 * Ends kandy_presence_unsubscribe_async().
 *
 * Returns: %TRUE if at least one of the users is no longer watched
 */
gboolean
kandy_presence_unsubscribe_finish (
    KandyPresence *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
