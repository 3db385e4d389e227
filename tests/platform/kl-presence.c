/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* Presence (protocol messaging 4 and 7): what each user has published, and whom
 * each one watches. A user has one list of watched users, which outlives the
 * session. Every publication is told, also one that says what was said before:
 * so did the platform that was watched. */

#define NOTIFICATION "presenceNotification"
#define MAX_TEXT 1024
#define MAX_WATCHED 1000

gboolean
kl_presence_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS presence ("
      " address TEXT NOT NULL PRIMARY KEY,"
      " status TEXT,"
      " activity TEXT,"
      " note TEXT) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS presence_lists ("
      " owner TEXT NOT NULL PRIMARY KEY,"
      " id TEXT NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS watched ("
      " owner TEXT NOT NULL,"
      " address TEXT NOT NULL,"
      " PRIMARY KEY (owner, address)) WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS watchers ON watched (address);";

  return kl_store_add_tables (store, tables, error);
}

char *
kl_presence_dup_list (KandyLoopback *self, KlAccount *account)
{
  return kl_store_get_text (self->store,
      "SELECT id FROM presence_lists WHERE owner = ?", "s", account->address);
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text)
    json_object_set_string_member (object, name, text);
}

static gboolean
is_on_the_phone (KandyLoopback *self, const char *address)
{
  KlAccount *account = kl_accounts_find (self, address);

  return account && account->on_the_phone;
}

/* (transfer full) (nullable): what a user's presence is; NULL: unknown */
static JsonObject *
dup_presence (KandyLoopback *self, const char *address)
{
  g_autoptr (KlRows) rows = kl_store_select (self->store,
      "SELECT status, activity, note FROM presence WHERE address = ?", "s",
      address);
  JsonObject *presence, *person, *willingness, *activities;
  gboolean on_the_phone = is_on_the_phone (self, address);
  gboolean known = kl_rows_next (rows);

  if (!known && !on_the_phone)
    return NULL;
  willingness = json_object_new ();
  set_text (willingness, "overridingWillingnessValue",
      on_the_phone ? "Open" : kl_rows_get_text (rows, 0));
  activities = json_object_new ();
  set_text (activities, "activityValue",
      on_the_phone ? "OnThePhone" : kl_rows_get_text (rows, 1));
  if (!on_the_phone)
    set_text (activities, "other", kl_rows_get_text (rows, 2));
  person = json_object_new ();
  json_object_set_object_member (person, "overriding-willingness", willingness);
  json_object_set_object_member (person, "activities", activities);
  presence = json_object_new ();
  json_object_set_object_member (presence, "person", person);
  return presence;
}

/* (transfer full) (nullable): NULL: nothing to tell */
static JsonObject *
make_notification (KandyLoopback *self, KlAccount *watcher, const char *address)
{
  JsonObject *presence = dup_presence (self, address);
  g_autofree char *list = kl_presence_dup_list (self, watcher);
  JsonObject *object;

  if (!presence)
    return NULL;
  object = json_object_new ();
  json_object_set_string_member (object, "presentityUserId", address);
  set_text (object, "presenceListId", list);
  json_object_set_string_member (object, "resourceStatus", "Active");
  json_object_set_object_member (object, "presence", presence);
  return object;
}

/* (transfer container): accounts that watch a user */
static GPtrArray *
find_watchers (KandyLoopback *self, const char *address)
{
  GPtrArray *watchers = g_ptr_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (self->store,
      "SELECT owner FROM watched WHERE address = ? ORDER BY owner", "s",
      address);

  while (kl_rows_next (rows)) {
    KlAccount *account = kl_accounts_find (self, kl_rows_get_text (rows, 0));

    if (account)
      g_ptr_array_add (watchers, account);
  }
  return watchers;
}

/* request: (nullable): whose reply it has to wait for */
static void
tell_watchers (KandyLoopback *self, KlRequest *request, const char *address)
{
  g_autoptr (GPtrArray) watchers = find_watchers (self, address);
  guint i;

  for (i = 0; i < watchers->len; i++) {
    KlAccount *watcher = watchers->pdata[i];
    JsonObject *object = make_notification (self, watcher, address);

    if (!object)
      continue;
    if (request) {
      kl_request_notify (
          request, watcher, "presence", NULL, NOTIFICATION, object);
    } else {
      kl_notify (self, watcher, "presence", NULL, NOTIFICATION, object,
          self->policies.relay_delay);
      json_object_unref (object);
    }
  }
}

/* What the API document says of calls: others see that the user is on the
 * phone, and then again what there was before */
void
kl_presence_call_changed (KandyLoopback *self, KlAccount *account)
{
  gboolean on_the_phone =
      self->policies.on_the_phone && kl_sessions_is_in_call (self, account);

  if (account->on_the_phone == on_the_phone)
    return;
  account->on_the_phone = on_the_phone;
  tell_watchers (self, NULL, account->address);
}

/* The list has been subscribed to, with this channel: what is known is told. A
 * user who has said nothing yet becomes available */
void
kl_presence_subscribed (KlRequest *request, KlChannel *channel)
{
  KandyLoopback *self = request->self;
  KlAccount *account = request->account;
  g_autoptr (GPtrArray) watched = g_ptr_array_new_with_free_func (g_free);
  guint i;

  if (kl_store_run (self->store,
          "INSERT OR IGNORE INTO presence (address, status, activity)"
          " VALUES (?, 'Open', 'Available')",
          "s", account->address)
      > 0)
    tell_watchers (self, request, account->address);
  {
    g_autoptr (KlRows) rows = kl_store_select (self->store,
        "SELECT address FROM watched WHERE owner = ? ORDER BY address", "s",
        account->address);

    while (kl_rows_next (rows))
      g_ptr_array_add (watched, g_strdup (kl_rows_get_text (rows, 0)));
  }
  for (i = 0; i < watched->len; i++) {
    JsonObject *object = make_notification (self, account, watched->pdata[i]);

    if (object)
      kl_request_notify (
          request, account, "presence", channel->id, NOTIFICATION, object);
  }
}

static JsonObject *
list_to_json (KlRequest *request, const char *id)
{
  g_autofree char *url = g_strdup_printf (
      "/cpaas/presence/v1/%s/presenceLists/%s", request->account->id, id);
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT address FROM watched WHERE owner = ? ORDER BY address", "s",
      request->account->address);
  JsonObject *list = json_object_new ();
  JsonArray *contacts = json_array_new ();

  while (kl_rows_next (rows)) {
    JsonObject *contact = json_object_new ();

    json_object_set_string_member (
        contact, "presentityUserId", kl_rows_get_text (rows, 0));
    json_array_add_object_element (contacts, contact);
  }
  json_object_set_string_member (list, "resourceURL", url);
  json_object_set_string_member (list, "x-listName", "myList");
  json_object_set_array_member (list, "presenceContact", contacts);
  return list;
}

static void
handle_lists (KlRequest *request)
{
  g_autofree char *id = kl_presence_dup_list (request->self, request->account);
  JsonObject *collection;
  JsonArray *array;

  if (kl_request_is (request, "POST")) {
    if (!kl_json_get_object (request->body, "presenceList")) {
      kl_request_reply_bad_value (request, "presenceList");
      return;
    }
    if (!id) {
      id = g_uuid_string_random ();
      kl_store_run (request->self->store,
          "INSERT INTO presence_lists (owner, id) VALUES (?, ?)", "ss",
          request->account->address, id);
    }
    kl_request_reply (request, 201,
        kl_json_wrap ("presenceList", list_to_json (request, id)));
  } else if (kl_request_is (request, "GET")) {
    array = json_array_new ();
    if (id)
      json_array_add_object_element (array, list_to_json (request, id));
    collection = json_object_new ();
    json_object_set_array_member (collection, "presenceList", array);
    json_object_set_string_member (collection, "resourceURL", request->path);
    kl_request_reply (
        request, 200, kl_json_wrap ("presenceListCollection", collection));
  } else {
    kl_request_reply_bad_method (request, "GET, POST");
  }
}

/* (transfer full) (nullable): an address as it is kept */
static char *
normalise (KlRequest *request, const char *address)
{
  g_autofree char *lower = NULL;

  if (!address || !*address || strlen (address) > 254 || address[0] == '@'
      || strpbrk (address, "/?# ,"))
    return NULL;
  lower = g_ascii_strdown (address, -1);
  return strchr (lower, '@')
      ? g_steal_pointer (&lower)
      : g_strconcat (lower, strchr (request->account->address, '@'), NULL);
}

static void
watch (KlRequest *request, const char *list, const char *address)
{
  KandyLoopback *self = request->self;
  JsonObject *contact, *notification;
  g_autofree char *escaped = NULL;
  g_autofree char *url = NULL;

  if (!kl_json_get_object (request->body, "presenceContact")) {
    kl_request_reply_bad_value (request, "presenceContact");
    return;
  }
  if (kl_store_get_int (self->store, 0,
          "SELECT count(*) FROM watched WHERE owner = ?", "s",
          request->account->address)
      >= MAX_WATCHED) {
    kl_request_reply_error (request, 403, "POL0001", "Request refused: %1",
        "too many users are watched");
    return;
  }
  kl_store_run (self->store,
      "INSERT OR IGNORE INTO watched (owner, address) VALUES (?, ?)", "ss",
      request->account->address, address);

  escaped = g_uri_escape_string (address, NULL, FALSE);
  url = g_strdup_printf (
      "/cpaas/presence/v1/%s/presenceLists/%s/presenceContacts/%s",
      request->account->id, list, escaped);
  contact = json_object_new ();
  json_object_set_string_member (contact, "presentityUserId", address);
  json_object_set_string_member (contact, "resourceURL", url);
  notification = make_notification (self, request->account, address);
  if (notification)
    kl_request_notify (request, request->account, "presence", NULL,
        NOTIFICATION, notification);
  kl_request_reply (request, 201, kl_json_wrap ("presenceContact", contact));
}

/* rest: what follows "presenceLists" */
static void
handle_list (KlRequest *request, char **rest)
{
  KandyLoopback *self = request->self;
  g_autofree char *id = kl_presence_dup_list (self, request->account);
  g_autofree char *address = NULL;

  if (g_strcmp0 (id, rest[0]) != 0) {
    kl_request_reply_not_found (request, "presenceListId");
    return;
  }
  if (!rest[1]) {
    if (kl_request_is (request, "GET"))
      kl_request_reply (request, 200,
          kl_json_wrap ("presenceList", list_to_json (request, id)));
    else
      kl_request_reply_bad_method (request, "GET");
    return;
  }
  if (!g_str_equal (rest[1], "presenceContacts") || !rest[2] || rest[3]) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  address = normalise (request, rest[2]);
  if (!address)
    kl_request_reply_bad_value (request, "presentityUserId");
  else if (kl_request_is (request, "PUT"))
    watch (request, id, address);
  else if (!kl_request_is (request, "DELETE"))
    kl_request_reply_bad_method (request, "PUT, DELETE");
  else if (kl_store_run (self->store,
               "DELETE FROM watched WHERE owner = ? AND address = ?", "ss",
               request->account->address, address)
      > 0)
    kl_request_reply (request, 204, NULL);
  else
    kl_request_reply_not_found (request, "presentityUserId");
}

static void
publish (KlRequest *request)
{
  KandyLoopback *self = request->self;
  JsonObject *asked = kl_json_get_object (request->body, "presenceSource");
  JsonObject *person =
      kl_json_get_object (kl_json_get_object (asked, "presence"), "person");
  JsonObject *activities = kl_json_get_object (person, "activities");
  const char *status =
      kl_json_get_string (kl_json_get_object (person, "overriding-willingness"),
          "overridingWillingnessValue");
  const char *activity = kl_json_get_string (activities, "activityValue");
  const char *note = kl_json_get_string (activities, "other");
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *url = NULL;
  JsonObject *reply;

  if (!status && !activity) {
    kl_request_reply_bad_value (request, "presenceSource.presence.person");
    return;
  }
  if ((status && strlen (status) > MAX_TEXT)
      || (activity && strlen (activity) > MAX_TEXT)
      || (note && strlen (note) > MAX_TEXT)) {
    kl_request_reply_bad_value (request, "activities");
    return;
  }
  kl_store_run (self->store,
      "INSERT OR REPLACE INTO presence (address, status, activity, note)"
      " VALUES (?, ?, ?, ?)",
      "ssss", request->account->address, status, activity, note);
  tell_watchers (self, request, request->account->address);

  url = g_strconcat (request->path, "/", id, NULL);
  reply = json_object_new ();
  kl_json_copy_member (reply, asked, "clientCorrelator");
  kl_json_copy_member (reply, asked, "presence");
  json_object_set_int_member (reply, "duration", 86400);
  json_object_set_string_member (reply, "resourceURL", url);
  kl_request_reply (request, 201, kl_json_wrap ("presenceSource", reply));
}

static void
look_up (KlRequest *request)
{
  JsonObject *asked = kl_json_get_object (request->body, "adhocPresenceList");
  JsonNode *node =
      asked ? json_object_get_member (asked, "presentityUserId") : NULL;
  JsonArray *array =
      node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  JsonArray *contacts;
  JsonObject *list;
  guint i;

  if (!array || json_array_get_length (array) == 0
      || json_array_get_length (array) > MAX_WATCHED) {
    kl_request_reply_bad_value (request, "presentityUserId");
    return;
  }
  contacts = json_array_new ();
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    const char *text = JSON_NODE_HOLDS_VALUE (element)
            && json_node_get_value_type (element) == G_TYPE_STRING
        ? json_node_get_string (element)
        : NULL;
    g_autofree char *address = normalise (request, text);
    JsonObject *contact, *presence;

    if (!address) {
      json_array_unref (contacts);
      kl_request_reply_bad_value (request, "presentityUserId");
      return;
    }
    contact = json_object_new ();
    json_object_set_string_member (contact, "presentityUserId", address);
    presence = dup_presence (request->self, address);
    if (presence)
      json_object_set_object_member (contact, "presence", presence);
    json_array_add_object_element (contacts, contact);
  }
  list = json_object_new ();
  json_object_set_array_member (list, "presenceContact", contacts);
  json_object_set_string_member (list, "resourceURL", request->path);
  kl_request_reply (request, 200, kl_json_wrap ("presenceList", list));
}

/* rest: what follows the user in the path */
void
kl_presence_handle (KlRequest *request, char **rest)
{
  gboolean is_post = kl_request_is (request, "POST");

  if (g_str_equal (rest[0], "subscriptions")) {
    kl_subscriptions_handle (request, "presence", rest);
  } else if (g_str_equal (rest[0], "presenceLists") && !rest[1]) {
    handle_lists (request);
  } else if (g_str_equal (rest[0], "presenceLists")) {
    handle_list (request, rest + 1);
  } else if (g_str_equal (rest[0], "presenceSources") && !rest[1]) {
    if (is_post)
      publish (request);
    else
      kl_request_reply_bad_method (request, "POST");
  } else if (g_str_equal (rest[0], "adhocPresenceList") && !rest[1]) {
    if (is_post)
      look_up (request);
    else
      kl_request_reply_bad_method (request, "POST");
  } else {
    kl_request_reply_not_found (request, "path");
  }
}
