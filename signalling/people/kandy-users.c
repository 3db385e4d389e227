/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-users.h"

#include <string.h>

#include "kandy-config-schema.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-json.h"
#include "kandy-person-private.h"
#include "kandy-rest-private.h"

/**
 * KandyUsers:
 *
 * The users of the domain, as its directory has them (API document: namespace
 * `user`). As a #GListModel it has all users that were fetched or found.
 */

/* The document's codes */
#define CODE_DIRECTORY "users:3"
#define CODE_PARAMETER "users:4"

struct _KandyUsers {
  KandyCollection parent_instance;
};

/* What the directory replied */
typedef struct {
  GPtrArray *users;
  GVariant *results; /* the same, for the event */
  char *next;        /* (nullable) */
} Page;

G_DEFINE_FINAL_TYPE (KandyUsers, kandy_users, KANDY_TYPE_COLLECTION)

static const char *
get_user_id (gpointer user)
{
  return kandy_user_get_user_id (user);
}

static void
page_free (gpointer data)
{
  Page *page = data;

  g_ptr_array_unref (page->users);
  g_variant_unref (page->results);
  g_free (page->next);
  g_free (page);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Page, page_free)

/* (transfer full): the first @max of @users */
static GVariant *
make_results (GPtrArray *users, guint max)
{
  GVariantBuilder results;
  guint i;

  g_variant_builder_init (&results, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < MIN (users->len, max); i++) {
    g_autoptr (GVariant) user = kandy_user_to_variant (users->pdata[i]);

    g_variant_builder_add_value (&results, user);
  }
  return g_variant_ref_sink (g_variant_builder_end (&results));
}

/* In a thread, if the reply is long */
static gpointer
decode_page (JsonNode *reply, GError **error)
{
  JsonObject *list =
      kandy_json_get_object (json_node_get_object (reply), "directoryItemList");
  JsonArray *array = kandy_json_get_array (list, "directoryItem");
  JsonObject *single = kandy_json_get_object (list, "directoryItem");
  guint n = array ? json_array_get_length (array) : 1, i;
  gint64 number = kandy_json_get_int (list, "next", -1);
  Page *page;

  if (!list) {
    g_propagate_error (error, kandy_missing_error ("directoryItemList"));
    return NULL;
  }
  page = g_new0 (Page, 1);
  page->users = g_ptr_array_new_with_free_func (g_object_unref);
  page->next = g_strdup (kandy_json_get_string (list, "next"));
  if (number >= 0)
    page->next = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  for (i = 0; i < n; i++) {
    JsonNode *node = array ? json_array_get_element (array, i) : NULL;
    JsonObject *json = single;
    KandyUser *user;

    if (node)
      json = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    user = json ? kandy_user_new_from_json (json) : NULL;
    if (user)
      g_ptr_array_add (page->users, user);
  }
  page->results = make_results (page->users, G_MAXUINT);
  /* In one piece it is freed at once, and not bit by bit */
  g_variant_get_data (page->results);
  return page;
}

static void
emit_results (KandyCollection *collection, const char *event, GVariant *results,
    const char *next)
{
  GVariantDict payload;

  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (&payload, "results", results);
  kandy_variant_dict_insert_string (&payload, "next", next);
  kandy_collection_emit (collection, event, g_variant_dict_end (&payload));
}

/* Only the first is who was asked for (protocol messaging 6.4) */
static void
user_fetched (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autoptr (Page) page = reply;
  KandyUser *user = page->users->len > 0 ? page->users->pdata[0] : NULL;
  g_autoptr (GVariant) result = make_results (page->users, 1);

  if (user)
    kandy_item_list_put (kandy_collection_get_items (collection), user);
  emit_results (collection, "users:change", result, NULL);
  g_task_set_task_data (
      task, user ? g_object_ref (user) : NULL, user ? g_object_unref : NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gpointer
copy_reference (gconstpointer user, gpointer unused)
{
  return g_object_ref ((gpointer) user);
}

static void
put_user (KandyCollection *collection, gpointer user)
{
  kandy_item_list_put (kandy_collection_get_items (collection), user);
}

static void
search_taken (KandyCollection *collection, GTask *task, gpointer reply)
{
  Page *page = reply;

  emit_results (collection, "directory:change", page->results, page->next);
  g_task_return_pointer (task, page, page_free);
  g_object_unref (task);
}

static void
searched (KandyCollection *collection, GTask *task, gpointer reply)
{
  Page *page = reply;

  kandy_collection_walk (collection, task,
      g_ptr_array_copy (page->users, copy_reference, NULL), put_user,
      search_taken, page, page_free);
}

static void
kandy_users_class_init (KandyUsersClass *klass)
{
  KANDY_COLLECTION_CLASS (klass)->error_event = "users:error";

  /**
   * KandyUsers::changed:
   * @self: the users
   * @results: an `aa{sv}` of at most one user, as kandy_user_to_variant()
   *   writes it
   *
   * A user was fetched (API document: `users:change`); an empty list says that
   * there is no such user.
   */
  /**
   * KandyUsers::error:
   * @self: the users
   * @error: what went wrong
   *
   * A user could not be fetched (API document: `users:error`).
   */
  /**
   * KandyUsers::directory-changed:
   * @self: the users
   * @results: an `aa{sv}` of users, as kandy_user_to_variant() writes them
   * @next: (nullable): where the next page begins, for the option `next` of a
   *   search; %NULL if there is none
   *
   * A search has its results (API document: `directory:change`).
   */
  /**
   * KandyUsers::directory-error:
   * @self: the users
   * @error: what went wrong
   *
   * A search failed (API document: `directory:error`).
   */
  kandy_events_install (G_OBJECT_CLASS (klass));
}

static void
kandy_users_init (KandyUsers *self)
{
  kandy_collection_set_items (KANDY_COLLECTION (self),
      kandy_item_list_new (KANDY_TYPE_USER, get_user_id));
}

/**
 * kandy_users_get:
 * @self: the users
 * @user_id: a user's #KandyUser:user-id; one that the directory writes in lower
 *   case may be in any
 *
 * API document: `user.get`.
 *
 * Returns: (transfer none) (nullable): the user, if it is known
 */
KandyUser *
kandy_users_get (KandyUsers *self, const char *user_id)
{
  KandyItemList *items;
  KandyUser *user;
  g_autofree char *folded = NULL;

  g_return_val_if_fail (KANDY_IS_USERS (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);

  items = kandy_collection_get_items (KANDY_COLLECTION (self));
  user = kandy_item_list_lookup (items, user_id);
  if (user)
    return user;
  folded = kandy_fold_address (user_id);
  return kandy_item_list_lookup (items, folded);
}

/**
 * kandy_users_get_all:
 * @self: the users
 *
 * API document: `user.getAll`.
 *
 * Returns: (transfer container) (element-type KandyUser): all users that are
 *   known
 */
GPtrArray *
kandy_users_get_all (KandyUsers *self)
{
  g_return_val_if_fail (KANDY_IS_USERS (self), NULL);

  return kandy_item_list_get_all (
      kandy_collection_get_items (KANDY_COLLECTION (self)));
}

/* @query: (transfer floating): the keys and texts of a search */
static void
send_search (KandyUsers *self, GTask *task, GVariant *query,
    const char *error_event, KandyCollectionDone done)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (query);
  g_autofree char *encoded = kandy_rest_encode_query (sunk);

  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "GET",
          .service = "directory",
          .tail = "default/search",
          .query = encoded,
          .label = "User",
          .error_code = CODE_DIRECTORY,
          .error_event = error_event,
          .decode = decode_page,
          .destroy = page_free },
      done);
}

/* @task: (transfer full) */
static void
fetch (KandyUsers *self, GTask *task, const char *user_name)
{
  GVariantDict query;

  if (!user_name || !*user_name || !g_utf8_validate (user_name, -1, NULL)) {
    kandy_collection_refuse (
        KANDY_COLLECTION (self), task, CODE_PARAMETER, "A User ID is needed");
    return;
  }
  g_variant_dict_init (&query, NULL);
  g_variant_dict_insert (&query, "userName", "s", user_name);
  g_variant_dict_insert (&query, "order", "s", "asc");
  g_variant_dict_insert (&query, "sortBy", "s", "name");
  send_search (self, task, g_variant_dict_end (&query), NULL, user_fetched);
}

static gboolean
fetch_finish (
    KandyUsers *self, GAsyncResult *result, KandyUser **user, GError **error)
{
  KandyUser *found;

  if (user)
    *user = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  found = g_task_get_task_data (G_TASK (result));
  if (user && found)
    *user = g_object_ref (found);
  return TRUE;
}

/**
 * kandy_users_fetch_async:
 * @self: the users
 * @user_id: a User ID
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets what the directory has of a user (API document: `user.fetch`). The
 * events are `users:change` or `users:error`.
 */
void
kandy_users_fetch_async (KandyUsers *self, const char *user_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_USERS (self));

  fetch (self,
      kandy_collection_begin (KANDY_COLLECTION (self), kandy_users_fetch_async,
          cancellable, callback, user_data),
      user_id);
}

/**
 * kandy_users_fetch_finish:
 * @self: the users
 * @result: what the callback was given
 * @user: (out) (optional) (nullable) (transfer full): the user, %NULL if the
 *   directory has no such user
 * @error: return location: platform code `users:4` without a User ID, else
 *   `users:3`
 *
 * Ends kandy_users_fetch_async().
 *
 * Returns: %TRUE if the directory has answered
 */
gboolean
kandy_users_fetch_finish (
    KandyUsers *self, GAsyncResult *result, KandyUser **user, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return fetch_finish (self, result, user, error);
}

/**
 * kandy_users_fetch_self_info_async:
 * @self: the users
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets what the directory has of the user who is signed on (API document:
 * `user.fetchSelfInfo`). The events are `users:change` or `users:error`.
 */
void
kandy_users_fetch_self_info_async (KandyUsers *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyClient *client;
  const char *identity;
  g_autofree char *local = NULL;

  g_return_if_fail (KANDY_IS_USERS (self));

  client = kandy_collection_get_client (KANDY_COLLECTION (self));
  identity = client ? kandy_client_get_identity (client) : NULL;
  /* without tokens the request itself is refused */
  local =
      identity ? g_strndup (identity, strcspn (identity, "@")) : g_strdup ("-");
  fetch (self,
      kandy_collection_begin (KANDY_COLLECTION (self),
          kandy_users_fetch_self_info_async, cancellable, callback, user_data),
      local);
}

/**
 * kandy_users_fetch_self_info_finish:
 * @self: the users
 * @result: what the callback was given
 * @user: (out) (optional) (nullable) (transfer full): the user, %NULL if the
 *   directory has no such user
 * @error: return location: platform code `users:3`
 *
 * Ends kandy_users_fetch_self_info_async().
 *
 * Returns: %TRUE if the directory has answered
 */
gboolean
kandy_users_fetch_self_info_finish (
    KandyUsers *self, GAsyncResult *result, KandyUser **user, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return fetch_finish (self, result, user, error);
}

/* Takes those of @keys that are in @given. FALSE if one makes no sense */
static gboolean
copy_texts (GVariantDict *query, GVariant *given, const char *const *keys,
    const char **culprit)
{
  guint i;

  if (!given)
    return TRUE;
  for (i = 0; keys[i]; i++) {
    g_autoptr (GVariant) boxed = g_variant_lookup_value (given, keys[i], NULL);
    g_autoptr (GVariant) value = boxed ? kandy_variant_unbox (boxed) : NULL;
    g_autofree char *text = NULL;

    if (!value || kandy_variant_is_null (value))
      continue;
    *culprit = keys[i];
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
      text = g_variant_dup_string (value, NULL);
    else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BASIC)
        && !g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
      text = g_variant_print (value, FALSE);
    else
      return FALSE;
    /* protocol messaging 6.1: a userName that is given as such wins */
    if (g_str_equal (keys[i], "userId")) {
      if (!g_variant_lookup (given, "userName", "s", NULL))
        g_variant_dict_insert (query, "userName", "s", text);
    } else {
      g_variant_dict_insert (query, keys[i], "s", text);
    }
  }
  return TRUE;
}

/**
 * kandy_users_search_async:
 * @self: the users
 * @filters: (nullable): what to look for, an `a{sv}` with some of the strings
 *   `userId`, `name`, `firstName`, `lastName`, `userName`, `phoneNumber`; sunk
 *   if floating
 * @options: (nullable): an `a{sv}` with some of `sortBy`, the name of a filter,
 *   `order`, which is `asc` or `desc`, the number `max` of results, and `next`,
 *   where a former search ended; sunk if floating
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Searches the directory (API document: `user.search`). What all of the filters
 * match is found; without a filter the platform refuses. Other members are left
 * out. The events are `directory:change` or `directory:error`.
 */
void
kandy_users_search_async (KandyUsers *self, GVariant *filters,
    GVariant *options, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  static const char *const filter_keys[] = { "name", "firstName", "lastName",
    "userId", "userName", "phoneNumber", NULL };
  static const char *const option_keys[] = { "order", "sortBy", "max", "next",
    NULL };
  g_autoptr (GVariant) own_filters = NULL;
  g_autoptr (GVariant) own_options = NULL;
  const char *culprit = "filters";
  GVariantDict query;
  GTask *task;

  g_return_if_fail (KANDY_IS_USERS (self));

  own_filters = filters ? g_variant_ref_sink (filters) : NULL;
  own_options = options ? g_variant_ref_sink (options) : NULL;
  task = kandy_collection_begin (KANDY_COLLECTION (self),
      kandy_users_search_async, cancellable, callback, user_data);
  g_variant_dict_init (&query, NULL);
  if ((filters && !g_variant_is_of_type (filters, G_VARIANT_TYPE_VARDICT))
      || (options && !g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT))
      || !copy_texts (&query, filters, filter_keys, &culprit)
      || !copy_texts (&query, options, option_keys, &culprit)) {
    g_variant_dict_clear (&query);
    kandy_collection_fail_with (KANDY_COLLECTION (self), task,
        "directory:error",
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, CODE_PARAMETER, 0,
            "The member %s of a search makes no sense", culprit));
    return;
  }
  send_search (
      self, task, g_variant_dict_end (&query), "directory:error", searched);
}

/**
 * kandy_users_search_finish:
 * @self: the users
 * @result: what the callback was given
 * @next: (out) (optional) (nullable) (transfer full): where the next page
 *   begins, %NULL if there is none
 * @error: return location: platform code `users:4` for a filter or option that
 *   makes no sense, else `users:3`
 *
 * Ends kandy_users_search_async().
 *
 * Returns: (transfer container) (element-type KandyUser): who was found
 */
GPtrArray *
kandy_users_search_finish (
    KandyUsers *self, GAsyncResult *result, char **next, GError **error)
{
  Page *page;
  GPtrArray *users;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  if (next)
    *next = NULL;
  page = g_task_propagate_pointer (G_TASK (result), error);
  if (!page)
    return NULL;
  users = g_ptr_array_ref (page->users);
  if (next)
    *next = g_steal_pointer (&page->next);
  page_free (page);
  return users;
}
