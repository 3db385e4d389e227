/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* Groups (protocol messaging 3 and 7): who takes part in which. A group shows
 * itself only to those who are connected to it: to everybody else, those who
 * are invited included, there is none. */

#define INFORMATION "groupChatSessionInformation"
#define CONNECTED "Connected"
#define INVITED "Invited"
#define DISCONNECTED "Disconnected"

/* Limits on what one user may make the platform keep */
#define MAX_TEXT 1024
#define MAX_PARTICIPANTS 256
#define MAX_GROUPS 1000

/* A group as the request's user is concerned with it */
typedef struct {
  char *id;
  char *name;
  char *subject;
  char *image;
  char *status; /* (nullable): of the user's own participation */
  gboolean is_admin;
} Group;

static void
group_free (Group *group)
{
  g_free (group->id);
  g_free (group->name);
  g_free (group->subject);
  g_free (group->image);
  g_free (group->status);
  g_free (group);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Group, group_free)

gboolean
kl_groups_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS groups ("
      " id TEXT NOT NULL PRIMARY KEY,"
      " name TEXT NOT NULL,"
      " subject TEXT,"
      " image TEXT) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS participants ("
      " group_id TEXT NOT NULL,"
      " address TEXT NOT NULL,"
      " status TEXT NOT NULL," /* Connected, Invited, Disconnected */
      " admin INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (group_id, address)) WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS participations"
      " ON participants (address, status);";

  return kl_store_add_tables (store, tables, error);
}

/* Returns (transfer container) the accounts that take part at this moment */
GPtrArray *
kl_groups_get_connected (KandyLoopback *self, const char *group)
{
  GPtrArray *accounts = g_ptr_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (self->store,
      "SELECT address FROM participants"
      " WHERE group_id = ? AND status = 'Connected' ORDER BY address",
      "s", group);

  while (kl_rows_next (rows)) {
    KlAccount *account = kl_accounts_find (self, kl_rows_get_text (rows, 0));

    if (account)
      g_ptr_array_add (accounts, account);
  }
  return accounts;
}

/* (nullable): NULL if there is none, or the user has nothing to do with it */
static Group *
find_group (KlRequest *request, const char *id)
{
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT name, subject, image, status, admin FROM groups"
      " JOIN participants ON group_id = id WHERE id = ? AND address = ?",
      "ss", id, request->account->address);
  Group *group;

  if (!kl_rows_next (rows))
    return NULL;
  group = g_new0 (Group, 1);
  group->id = g_strdup (id);
  group->name = g_strdup (kl_rows_get_text (rows, 0));
  group->subject = g_strdup (kl_rows_get_text (rows, 1));
  group->image = g_strdup (kl_rows_get_text (rows, 2));
  group->status = g_strdup (kl_rows_get_text (rows, 3));
  group->is_admin = kl_rows_get_int (rows, 4) != 0;
  return group;
}

static gboolean
is_connected (const Group *group)
{
  return g_strcmp0 (group->status, CONNECTED) == 0;
}

/* Where @viewer has the group */
static char *
make_url (KlAccount *viewer, const char *id)
{
  return g_strdup_printf ("/cpaas/chat/v1/%s/group/%s", viewer->id, id);
}

static JsonObject *
make_participant (
    const char *url, const char *address, const char *status, gboolean admin)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "address", address);
  json_object_set_string_member (object, "status", status);
  json_object_set_boolean_member (object, "x-isAdmin", admin);
  if (url) {
    g_autofree char *resource =
        g_strconcat (url, "/participants/", address, NULL);

    json_object_set_string_member (object, "resourceURL", resource);
  }
  return object;
}

/* @url: (nullable): of the group, for the participants' own */
static JsonArray *
list_participants (KandyLoopback *self, const char *id, const char *url)
{
  JsonArray *array = json_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (self->store,
      "SELECT address, status, admin FROM participants WHERE group_id = ?"
      " ORDER BY admin DESC, address",
      "s", id);

  while (kl_rows_next (rows))
    json_array_add_object_element (array,
        make_participant (url, kl_rows_get_text (rows, 0),
            kl_rows_get_text (rows, 1), kl_rows_get_int (rows, 2) != 0));
  return array;
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text)
    json_object_set_string_member (object, name, text);
}

static JsonObject *
group_to_json (KlRequest *request, const Group *group)
{
  g_autofree char *url = make_url (request->account, group->id);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "x-name", group->name);
  json_object_set_string_member (object, "x-type", "closed");
  set_text (object, "subject", group->subject);
  set_text (object, "x-image", group->image);
  json_object_set_string_member (object, "resourceURL", url);
  json_object_set_array_member (
      object, "participant", list_participants (request->self, group->id, url));
  return object;
}

/* Of the members that all notifications about groups have */
static JsonObject *
make_notification (const Group *group, KlAccount *to)
{
  g_autofree char *url = make_url (to, group->id);
  JsonObject *object = json_object_new ();
  JsonObject *link = json_object_new ();
  JsonArray *links = json_array_new ();

  json_object_set_int_member (object, "dateTime", g_get_real_time () / 1000);
  json_object_set_string_member (object, "x-name", group->name);
  json_object_set_string_member (link, "rel", INFORMATION);
  json_object_set_string_member (link, "href", url);
  json_array_add_object_element (links, link);
  json_object_set_array_member (object, "link", links);
  return object;
}

static void
invite (KlRequest *request, const Group *group, const char *address)
{
  KlAccount *account = kl_accounts_find (request->self, address);
  JsonObject *object;

  if (!account)
    return;
  object = make_notification (group, account);
  set_text (object, "subject", group->subject);
  json_object_set_array_member (object, "participant",
      list_participants (request->self, group->id, NULL));
  kl_request_notify (request, account, "chat", NULL,
      "groupChatSessionInvitationNotification", object);
}

static void
notify_status (KlRequest *request, const Group *group, KlAccount *to,
    const char *address, const char *status, gboolean admin)
{
  JsonObject *object = make_notification (group, to);
  JsonArray *array = json_array_new ();

  json_array_add_object_element (
      array, make_participant (NULL, address, status, admin));
  json_object_set_array_member (object, "participant", array);
  kl_request_notify (
      request, to, "chat", NULL, "chatParticipantStatusNotification", object);
}

/* Everybody who is connected hears of it, and all devices of whom it is about
 * if that is the one who did it */
static void
tell_status (KlRequest *request, const Group *group, const char *address,
    const char *status, gboolean admin)
{
  g_autoptr (GPtrArray) connected =
      kl_groups_get_connected (request->self, group->id);
  guint i;

  for (i = 0; i < connected->len; i++)
    notify_status (request, group, connected->pdata[i], address, status, admin);
  if (g_str_equal (address, request->account->address)
      && !g_ptr_array_find (connected, request->account, NULL))
    notify_status (request, group, request->account, address, status, admin);
}

/* The group is no more for this one */
static void
tell_end (KlRequest *request, const Group *group, const char *address,
    gboolean was_connected)
{
  KlAccount *account = kl_accounts_find (request->self, address);
  JsonObject *object;

  if (!account)
    return;
  object = make_notification (group, account);
  json_object_set_string_member (
      object, "eventType", was_connected ? "SessionEnded" : "SessionCancelled");
  json_object_set_string_member (object, "eventDescription",
      was_connected ? "the group is no more" : "the invitation is no more");
  kl_request_notify (
      request, account, "chat", NULL, "chatEventNotification", object);
}

/* (transfer full) (nullable): an address as it is kept: in lower case, with the
 * user's own domain if it has none */
static char *
normalise_address (KlRequest *request, const char *address)
{
  g_autofree char *lower = NULL;

  if (!address || !*address || strlen (address) > 254
      || strpbrk (address, "/?# ") || strchr (address, '@') == address)
    return NULL;
  lower = g_ascii_strdown (address, -1);
  if (strchr (lower, '@'))
    return g_steal_pointer (&lower);
  return g_strconcat (lower, strchr (request->account->address, '@'), NULL);
}

static gboolean
read_admin (JsonObject *object)
{
  return json_object_get_boolean_member_with_default (
      object, "x-isAdmin", FALSE);
}

static void
put_participant (KlRequest *request, const char *id, const char *address,
    const char *status, gboolean admin)
{
  kl_store_run (request->self->store,
      "INSERT OR REPLACE INTO participants (group_id, address, status, admin)"
      " VALUES (?, ?, ?, ?)",
      "sssi", id, address, status, (gint64) admin);
}

/* Checks all that was sent before anything is kept. Returns NULL if it has
 * answered the request, else a set of addresses: whether each administers */
static GHashTable *
read_invited (KlRequest *request, JsonObject *asked)
{
  g_autoptr (GHashTable) invited =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonNode *node = json_object_get_member (asked, "participant");
  JsonArray *array;
  guint i;

  if (!node)
    return g_steal_pointer (&invited);
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    kl_request_reply_bad_value (request, "participant");
    return NULL;
  }
  array = json_node_get_array (node);
  if (json_array_get_length (array) > MAX_PARTICIPANTS) {
    kl_request_reply_error (request, 403, "POL0001", "Request refused: %1",
        "too many participants");
    return NULL;
  }
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    JsonObject *object = JSON_NODE_HOLDS_OBJECT (element)
        ? json_node_get_object (element)
        : NULL;
    char *address =
        normalise_address (request, kl_json_get_string (object, "address"));

    if (!address) {
      kl_request_reply_bad_value (request, "participant.address");
      return NULL;
    }
    if (g_str_equal (address, request->account->address))
      g_free (address);
    else
      g_hash_table_insert (
          invited, address, GINT_TO_POINTER (read_admin (object)));
  }
  return g_steal_pointer (&invited);
}

static gboolean
is_short_text (JsonObject *object, const char *name)
{
  const char *text = kl_json_get_string (object, name);

  return !json_object_has_member (object, name)
      || (text && strlen (text) <= MAX_TEXT);
}

static void
create_group (KlRequest *request)
{
  KlStore *store = request->self->store;
  JsonObject *asked = kl_json_get_object (request->body, INFORMATION);
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (GHashTable) invited = NULL;
  g_autoptr (Group) group = NULL;
  const char *name, *type;
  GHashTableIter iter;
  gpointer address, admin;

  if (!asked) {
    kl_request_reply_bad_value (request, INFORMATION);
    return;
  }
  name = kl_json_get_string (asked, "x-name");
  type = kl_json_get_string (asked, "x-type");
  if (!name || !*name || !is_short_text (asked, "x-name")) {
    kl_request_reply_bad_value (request, "x-name");
    return;
  }
  if (!is_short_text (asked, "subject") || !is_short_text (asked, "x-image")) {
    kl_request_reply_bad_value (request, "subject");
    return;
  }
  if (type && !g_str_equal (type, "closed")) {
    kl_request_reply_bad_value (request, "x-type");
    return;
  }
  invited = read_invited (request, asked);
  if (!invited)
    return;
  if (kl_store_get_int (store, 0,
          "SELECT count(*) FROM participants"
          " WHERE address = ? AND status = 'Connected'",
          "s", request->account->address)
      >= MAX_GROUPS) {
    kl_request_reply_error (
        request, 403, "POL0001", "Request refused: %1", "too many groups");
    return;
  }

  kl_store_begin (store);
  kl_store_run (store,
      "INSERT INTO groups (id, name, subject, image) VALUES (?, ?, ?, ?)",
      "ssss", id, name, kl_json_get_string (asked, "subject"),
      kl_json_get_string (asked, "x-image"));
  put_participant (request, id, request->account->address, CONNECTED, TRUE);
  g_hash_table_iter_init (&iter, invited);
  while (g_hash_table_iter_next (&iter, &address, &admin))
    put_participant (request, id, address, INVITED, GPOINTER_TO_INT (admin));
  kl_store_commit (store);

  group = find_group (request, id);
  if (!group) {
    kl_request_reply_error (request, 500, "SVC0001",
        "A service error occurred: %1", "the store failed");
    return;
  }
  tell_status (request, group, request->account->address, CONNECTED, TRUE);
  g_hash_table_iter_init (&iter, invited);
  while (g_hash_table_iter_next (&iter, &address, NULL))
    invite (request, group, address);
  kl_request_reply (
      request, 201, kl_json_wrap (INFORMATION, group_to_json (request, group)));
}

static void
list_groups (KlRequest *request)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT group_id FROM participants"
      " WHERE address = ? AND status = 'Connected' ORDER BY group_id",
      "s", request->account->address);
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  guint i;

  while (kl_rows_next (rows))
    g_ptr_array_add (ids, g_strdup (kl_rows_get_text (rows, 0)));
  for (i = 0; i < ids->len; i++) {
    g_autoptr (Group) group = find_group (request, ids->pdata[i]);

    if (group)
      json_array_add_object_element (array, group_to_json (request, group));
  }
  json_object_set_array_member (list, INFORMATION, array);
  json_object_set_string_member (list, "resourceURL", request->path);
  kl_request_reply (request, 200, kl_json_wrap (INFORMATION "List", list));
}

static void
refuse_access (KlRequest *request, const char *what)
{
  kl_request_reply_error (
      request, 403, "POL0002", "User may not access %1", what);
}

static void
delete_group (KlRequest *request, const Group *group)
{
  KlStore *store = request->self->store;
  JsonArray *participants;
  guint i;

  if (!group->is_admin) {
    refuse_access (request, group->id);
    return;
  }
  participants = list_participants (request->self, group->id, NULL);
  kl_store_begin (store);
  kl_store_run (
      store, "DELETE FROM participants WHERE group_id = ?", "s", group->id);
  kl_store_run (store, "DELETE FROM groups WHERE id = ?", "s", group->id);
  kl_store_commit (store);

  for (i = 0; i < json_array_get_length (participants); i++) {
    JsonObject *object = json_array_get_object_element (participants, i);
    const char *status = kl_json_get_string (object, "status");

    if (!g_str_equal (status, DISCONNECTED))
      tell_end (request, group, kl_json_get_string (object, "address"),
          g_str_equal (status, CONNECTED));
  }
  json_array_unref (participants);
  kl_request_reply (request, 204, NULL);
}

/* (transfer full) (nullable): how a participant stands */
static char *
get_status (KlRequest *request, const Group *group, const char *address)
{
  return kl_store_get_text (request->self->store,
      "SELECT status FROM participants WHERE group_id = ? AND address = ?",
      "ss", group->id, address);
}

static void
add_participant (KlRequest *request, const Group *group)
{
  JsonObject *asked =
      kl_json_get_object (request->body, "participantInformation");
  g_autofree char *address =
      normalise_address (request, kl_json_get_string (asked, "address"));
  g_autofree char *url = make_url (request->account, group->id);
  g_autofree char *status = NULL;
  gboolean admin;

  if (!group->is_admin) {
    refuse_access (request, group->id);
    return;
  }
  if (!address) {
    kl_request_reply_bad_value (request, "participantInformation.address");
    return;
  }
  if (kl_store_get_int (request->self->store, 0,
          "SELECT count(*) FROM participants WHERE group_id = ?", "s",
          group->id)
      >= MAX_PARTICIPANTS) {
    kl_request_reply_error (request, 403, "POL0001", "Request refused: %1",
        "too many participants");
    return;
  }
  status = get_status (request, group, address);
  admin = read_admin (asked);
  if (!status || g_str_equal (status, DISCONNECTED)) {
    put_participant (request, group->id, address, INVITED, admin);
    tell_status (request, group, address, INVITED, admin);
    invite (request, group, address);
    g_free (status);
    status = g_strdup (INVITED);
  }
  kl_request_reply (request, 201,
      kl_json_wrap ("participantInformation",
          make_participant (url, address, status, admin)));
}

static void
set_status (KlRequest *request, const Group *group, const char *address)
{
  JsonObject *asked =
      kl_json_get_object (request->body, "participantSessionStatus");
  JsonObject *reply;

  if (!g_str_equal (address, request->account->address)) {
    refuse_access (request, address);
    return;
  }
  if (g_strcmp0 (kl_json_get_string (asked, "status"), CONNECTED) != 0) {
    kl_request_reply_bad_value (request, "participantSessionStatus.status");
    return;
  }
  /* who has left has to be invited again */
  if (g_str_equal (group->status, DISCONNECTED)) {
    kl_request_reply_not_found (request, "groupId");
    return;
  }
  if (!is_connected (group)) {
    put_participant (request, group->id, address, CONNECTED, group->is_admin);
    tell_status (request, group, address, CONNECTED, group->is_admin);
  }
  reply = json_object_new ();
  json_object_set_string_member (reply, "status", CONNECTED);
  kl_request_reply (
      request, 200, kl_json_wrap ("participantSessionStatus", reply));
}

static gboolean
is_last_admin (KlRequest *request, const Group *group)
{
  return group->is_admin && is_connected (group)
      && kl_store_get_int (request->self->store, 0,
             "SELECT count(*) FROM participants WHERE group_id = ?"
             " AND admin != 0 AND status = 'Connected'",
             "s", group->id)
      <= 1;
}

/* Protocol messaging 3.5 and 3.6: who leaves or rejects removes himself */
static void
remove_participant (KlRequest *request, const Group *group, const char *address)
{
  gboolean is_own = g_str_equal (address, request->account->address);
  g_autofree char *status = get_status (request, group, address);

  if (is_own ? is_last_admin (request, group)
             : !group->is_admin || !is_connected (group)) {
    refuse_access (request, is_own ? group->id : address);
    return;
  }
  if (!status || g_str_equal (status, DISCONNECTED)) {
    kl_request_reply_error (
        request, 404, "SVC1001", "Participant %1 is unknown", address);
    return;
  }
  put_participant (request, group->id, address, DISCONNECTED, FALSE);
  tell_status (request, group, address, DISCONNECTED, FALSE);
  if (!is_own)
    tell_end (request, group, address, g_str_equal (status, CONNECTED));
  kl_request_reply (request, 204, NULL);
}

/* rest: what follows "participants" */
static void
handle_participants (KlRequest *request, const Group *group, char **rest)
{
  g_autofree char *address =
      rest[0] ? normalise_address (request, rest[0]) : NULL;

  if (!rest[0] && kl_request_is (request, "POST") && is_connected (group)) {
    add_participant (request, group);
  } else if (!rest[0] && kl_request_is (request, "GET")
      && is_connected (group)) {
    g_autofree char *url = make_url (request->account, group->id);
    JsonObject *list = json_object_new ();

    json_object_set_array_member (list, "participantInformation",
        list_participants (request->self, group->id, url));
    kl_request_reply (
        request, 200, kl_json_wrap ("participantInformationList", list));
  } else if (!rest[0] && !is_connected (group)) {
    kl_request_reply_not_found (request, "groupId");
  } else if (!rest[0]) {
    kl_request_reply_bad_method (request, "GET, POST");
  } else if (!address) {
    kl_request_reply_bad_value (request, "participantId");
  } else if (!rest[1]) {
    if (kl_request_is (request, "DELETE"))
      remove_participant (request, group, address);
    else
      kl_request_reply_bad_method (request, "DELETE");
  } else if (g_str_equal (rest[1], "status") && !rest[2]) {
    if (kl_request_is (request, "PUT"))
      set_status (request, group, address);
    else
      kl_request_reply_bad_method (request, "PUT");
  } else {
    kl_request_reply_not_found (request, "path");
  }
}

/* The account of that address, or of that name in any domain */
static KlAccount *
find_member (KandyLoopback *self, const char *name)
{
  gsize length = strlen (name);
  guint i;

  for (i = 0; i < self->accounts->len; i++) {
    KlAccount *account = self->accounts->pdata[i];

    if (g_ascii_strcasecmp (account->address, name) == 0
        || (g_ascii_strncasecmp (account->address, name, length) == 0
            && account->address[length] == '@'))
      return account;
  }
  return NULL;
}

/* A group that is there from the beginning. One that the store has already
 * stays as it is: who has left it is not put in again. */
gboolean
kl_groups_add (KandyLoopback *self, const char *id, const char *const *members,
    GError **error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new ();
  guint i;

  /* "sessions" is the path of something else */
  if (!*id || strlen (id) > 64 || g_str_equal (id, "sessions")
      || strspn (id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen (id)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" is no id of a group: it has small letters, digits and hyphens",
        id);
    return FALSE;
  }
  for (i = 0; members[i]; i++) {
    KlAccount *account = find_member (self, members[i]);

    if (!account) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
          "There is no account \"%s\" for the group \"%s\"", members[i], id);
      return FALSE;
    }
    g_ptr_array_add (accounts, account);
  }
  if (accounts->len == 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "The group \"%s\" has nobody in it", id);
    return FALSE;
  }

  kl_store_begin (self->store);
  if (kl_store_run (self->store,
          "INSERT OR IGNORE INTO groups (id, name) VALUES (?, ?)", "ss", id, id)
      > 0) {
    for (i = 0; i < accounts->len; i++) {
      KlAccount *account = accounts->pdata[i];

      kl_store_run (self->store,
          "INSERT OR IGNORE INTO participants"
          " (group_id, address, status, admin) VALUES (?, ?, 'Connected', ?)",
          "ssi", id, account->address, (gint64) (i == 0));
    }
  }
  kl_store_commit (self->store);
  return TRUE;
}

/* rest: what follows the user in the path, beginning with "group" */
void
kl_groups_handle (KlRequest *request, char **rest)
{
  g_autoptr (Group) group = NULL;

  if (!rest[1]) {
    if (kl_request_is (request, "POST"))
      create_group (request);
    else if (kl_request_is (request, "GET"))
      list_groups (request);
    else
      kl_request_reply_bad_method (request, "GET, POST");
    return;
  }
  group = find_group (request, rest[1]);
  if (!group) {
    kl_request_reply_not_found (request, "groupId");
  } else if (!rest[2]) {
    if (!is_connected (group))
      kl_request_reply_not_found (request, "groupId");
    else if (kl_request_is (request, "GET"))
      kl_request_reply (request, 200,
          kl_json_wrap (INFORMATION, group_to_json (request, group)));
    else if (kl_request_is (request, "DELETE"))
      delete_group (request, group);
    else
      kl_request_reply_bad_method (request, "GET, DELETE");
  } else if (g_str_equal (rest[2], "participants")) {
    handle_participants (request, group, rest + 3);
  } else {
    kl_request_reply_not_found (request, "path");
  }
}
