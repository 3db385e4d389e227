/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-presence-private.h"

#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-json.h"

/**
 * KandyPresence:
 *
 * Tells others whether the user can be reached, and watches whether they can
 * (API document: namespace `presence`). As a #GListModel it has the presence of
 * all users that is known.
 *
 * To watch others the service `presence` has to be subscribed to. Whom a user
 * watches is kept by the platform: those of former sessions are heard of again.
 *
 * If the configuration's hidden option `presence.onThePhone` is set, others see
 * %KANDY_PRESENCE_ON_THE_PHONE while the user is in a call, and what was there
 * before when the last call is over.
 */

G_DEFINE_FINAL_TYPE (KandyPresence, kandy_presence, KANDY_TYPE_COLLECTION)

static const char *
get_user_id (gpointer status)
{
  return kandy_presence_status_get_user_id (status);
}

/* Protocol messaging 4.1: the words of the wire, and their former names */
typedef struct {
  const char *word;
  const char *aliases[3];
} Word;

static const Word statuses[] = {
  { KANDY_PRESENCE_OPEN, { NULL } },
  { KANDY_PRESENCE_CLOSED, { NULL } },
};

static const Word activities[] = {
  { KANDY_PRESENCE_AVAILABLE, { "active" } },
  { KANDY_PRESENCE_BUSY, { "idle", "away" } },
  { KANDY_PRESENCE_LUNCH, { NULL } },
  { KANDY_PRESENCE_VACATION, { NULL } },
  { KANDY_PRESENCE_ON_THE_PHONE, { "on-the-phone" } },
  { KANDY_PRESENCE_ACTIVITIES_UNKNOWN, { "unknown" } },
  { KANDY_PRESENCE_ACTIVITIES_OTHER, { "other" } },
};

/* (nullable): the word of the wire for what the application says */
static const char *
find_word (const Word *words, guint n_words, const char *text)
{
  guint i, j;

  for (i = 0; text && i < n_words; i++) {
    if (g_ascii_strcasecmp (words[i].word, text) == 0)
      return words[i].word;
    for (j = 0; words[i].aliases[j]; j++)
      if (g_ascii_strcasecmp (words[i].aliases[j], text) == 0)
        return words[i].word;
  }
  return NULL;
}

static void
update_done (KandyCollection *collection, GTask *task, gpointer reply)
{
  KandyPresence *self = KANDY_PRESENCE (collection);
  g_autoptr (JsonNode) node = reply;
  JsonObject *source =
      kandy_json_get_object (json_node_get_object (node), "presenceSource");
  JsonObject *presence = kandy_json_get_object (source, "presence");

  if (!kandy_presence_status_read (self->own, presence)) {
    kandy_presence_status_set_loading (self->own, FALSE);
    kandy_collection_fail (collection, task,
        kandy_missing_error ("presenceSource.presence.person"));
    return;
  }
  kandy_collection_emit (collection, "presence:selfChange", NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Also a failure ends the loading, which is told before the application's
 * answer */
static void
update_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KandyPresence *self = KANDY_PRESENCE (source);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  kandy_presence_status_set_loading (self->own, FALSE);
  g_task_return_error (task, error);
}

static void
kandy_presence_forget (KandyCollection *collection)
{
  KandyPresence *self = KANDY_PRESENCE (collection);

  kandy_presence_forget_calls (self);
  kandy_presence_status_set_user_id (self->own, NULL);
  kandy_presence_status_set (self->own, NULL, NULL, NULL);
}

static void
kandy_presence_constructed (GObject *object)
{
  KandyPresence *self = KANDY_PRESENCE (object);

  G_OBJECT_CLASS (kandy_presence_parent_class)->constructed (object);

  kandy_presence_listen (self);
  kandy_presence_watch_calls (self);
}

static void
kandy_presence_finalize (GObject *object)
{
  KandyPresence *self = KANDY_PRESENCE (object);

  kandy_presence_forget_calls (self);
  g_hash_table_unref (self->calls);
  g_object_unref (self->own);

  G_OBJECT_CLASS (kandy_presence_parent_class)->finalize (object);
}

static void
kandy_presence_class_init (KandyPresenceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  KandyCollectionClass *collection_class = KANDY_COLLECTION_CLASS (klass);

  object_class->constructed = kandy_presence_constructed;
  object_class->finalize = kandy_presence_finalize;
  collection_class->error_event = "presence:error";
  collection_class->forget = kandy_presence_forget;

  /**
   * KandyPresence::changed:
   * @self: the presence
   * @user_id: whose presence
   * @status: (nullable): see #KandyPresenceStatus:status
   * @activity: (nullable): see #KandyPresenceStatus:activity
   * @note: (nullable): see #KandyPresenceStatus:note
   *
   * The platform has told a user's presence, asked for or not (API document:
   * `presence:change`).
   */
  /**
   * KandyPresence::self-changed:
   * @self: the presence
   *
   * What others see of the user has changed (API document:
   * `presence:selfChange`).
   */
  /**
   * KandyPresence::subscribed:
   * @self: the presence
   * @user_ids: an `as` of those who are watched now
   *
   * Users are watched (API document: `presence:subscribe`).
   */
  /**
   * KandyPresence::unsubscribed:
   * @self: the presence
   * @user_ids: an `as` of those who are no longer watched
   *
   * Users are no longer watched (API document: `presence:unsubscribe`).
   */
  /**
   * KandyPresence::error:
   * @self: the presence
   * @error: what went wrong
   *
   * An operation failed, or that for one user of several (API document:
   * `presence:error`).
   */
  kandy_events_install (object_class);
}

static void
kandy_presence_init (KandyPresence *self)
{
  kandy_collection_set_items (KANDY_COLLECTION (self),
      kandy_item_list_new (KANDY_TYPE_PRESENCE_STATUS, get_user_id));
  self->own = kandy_presence_status_new (NULL);
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
add_member (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static JsonNode *
make_source (const char *correlator, const char *status, const char *activity,
    const char *note)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "presenceSource");
  json_builder_begin_object (builder);
  add_member (builder, "clientCorrelator", correlator);
  json_builder_set_member_name (builder, "presence");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "person");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "overriding-willingness");
  json_builder_begin_object (builder);
  add_member (builder, "overridingWillingnessValue", status);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "activities");
  json_builder_begin_object (builder);
  add_member (builder, "activityValue", activity);
  if (note && *note && g_str_equal (activity, KANDY_PRESENCE_ACTIVITIES_OTHER))
    add_member (builder, "other", note);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

void
kandy_presence_publish (KandyPresence *self, const char *status,
    const char *activity, const char *note, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyCollection *collection = KANDY_COLLECTION (self);
  KandyClient *client = kandy_collection_get_client (collection);
  GTask *outer = kandy_collection_begin (collection,
      kandy_presence_update_async, cancellable, callback, user_data);
  GTask *task = kandy_collection_begin (
      collection, kandy_presence_publish, cancellable, update_ended, outer);
  g_autoptr (JsonNode) body = NULL;

  if (!find_word (statuses, G_N_ELEMENTS (statuses), status)) {
    kandy_collection_refuse (collection, task, "presence:1",
        "\"%s\" is not a status: it is %s or %s", status ? status : "",
        KANDY_PRESENCE_OPEN, KANDY_PRESENCE_CLOSED);
    return;
  }
  if (!find_word (activities, G_N_ELEMENTS (activities), activity)) {
    kandy_collection_refuse (collection, task, "presence:2",
        "\"%s\" is not an activity", activity ? activity : "");
    return;
  }
  if (note && !g_utf8_validate (note, -1, NULL)) {
    kandy_collection_refuse (
        collection, task, "presence:4", "The note has to be UTF-8 text");
    return;
  }
  if (client) {
    kandy_presence_status_set_user_id (
        self->own, kandy_client_get_identity (client));
    kandy_presence_status_set_loading (self->own, TRUE);
  }
  body = make_source (client ? kandy_client_get_correlator (client) : "",
      find_word (statuses, G_N_ELEMENTS (statuses), status),
      find_word (activities, G_N_ELEMENTS (activities), activity), note);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = "POST",
          .service = "presence",
          .tail = "presenceSources",
          .body = body,
          .label = "Presence publish" },
      update_done);
}

/**
 * kandy_presence_update_async:
 * @self: the presence
 * @status: %KANDY_PRESENCE_OPEN or %KANDY_PRESENCE_CLOSED
 * @activity: one of the activities, such as %KANDY_PRESENCE_BUSY
 * @note: (nullable): more about it, for %KANDY_PRESENCE_ACTIVITIES_OTHER only;
 *   with another activity it is left out
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Says what others shall see of the user (API document: `presence.update`).
 * Status and activity may be in any case, and may have the names of former
 * versions (`active`, `away`, `on-the-phone`, ...). The events are
 * `presence:selfChange` or `presence:error`.
 */
void
kandy_presence_update_async (KandyPresence *self, const char *status,
    const char *activity, const char *note, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_PRESENCE (self));

  /* what the user says now is also what is to be seen after a call */
  kandy_presence_forget_calls (self);
  kandy_presence_publish (
      self, status, activity, note, cancellable, callback, user_data);
}

/**
 * kandy_presence_update_finish:
 * @self: the presence
 * @result: what the callback was given
 * @error: return location: platform code `presence:1` for a status and
 *   `presence:2` for an activity that there is not, else the platform's own
 *
 * Ends kandy_presence_update_async().
 *
 * Returns: %TRUE if others see it so
 */
gboolean
kandy_presence_update_finish (
    KandyPresence *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_presence_get_self:
 * @self: the presence
 *
 * Gets what others see of the user (API document: `presence.getSelf`), which is
 * known when the user has said something in this session.
 *
 * Returns: (transfer none): the user's own presence, the same object always
 */
KandyPresenceStatus *
kandy_presence_get_self (KandyPresence *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE (self), NULL);

  return self->own;
}

/**
 * kandy_presence_get:
 * @self: the presence
 * @user_id: a User ID, in any case
 *
 * API document: `presence.get`.
 *
 * Returns: (transfer none) (nullable): the user's presence, if it is known
 */
KandyPresenceStatus *
kandy_presence_get (KandyPresence *self, const char *user_id)
{
  g_autofree char *folded = NULL;

  g_return_val_if_fail (KANDY_IS_PRESENCE (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);

  folded = kandy_fold_address (user_id);
  return kandy_item_list_lookup (
      kandy_collection_get_items (KANDY_COLLECTION (self)), folded);
}

/**
 * kandy_presence_get_all:
 * @self: the presence
 *
 * API document: `presence.getAll`.
 *
 * Returns: (transfer container) (element-type KandyPresenceStatus): the
 *   presence of all users of whom it is known
 */
GPtrArray *
kandy_presence_get_all (KandyPresence *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE (self), NULL);

  return kandy_item_list_get_all (
      kandy_collection_get_items (KANDY_COLLECTION (self)));
}
