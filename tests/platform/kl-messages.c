/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-messages.h"

/* Chat between users and in groups (protocol messaging 2.4 to 2.8, 2.11). Each
 * user has a copy of each message, with an id of its own, and nobody but that
 * user gets at it. */

#define MAX_TEXT (64 * 1024)
/* Protocol messaging 2.8 */
#define DEFAULT_PAGE 1000

gboolean
kl_messages_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS threads ("
      " id TEXT NOT NULL,"
      " owner TEXT NOT NULL, kind TEXT NOT NULL,"
      " peer TEXT NOT NULL, local TEXT NOT NULL,"
      " pulled INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (owner, kind, peer, local)) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS messages ("
      " number INTEGER PRIMARY KEY AUTOINCREMENT,"
      " id TEXT NOT NULL UNIQUE,"
      " owner TEXT NOT NULL, kind TEXT NOT NULL,"
      " peer TEXT NOT NULL, local TEXT NOT NULL,"
      " outbound INTEGER NOT NULL,"
      " sender TEXT NOT NULL, destination TEXT NOT NULL,"
      " text TEXT NOT NULL, object TEXT, time INTEGER NOT NULL);"
      "CREATE INDEX IF NOT EXISTS messages_of_threads"
      " ON messages (owner, kind, peer, local, number);";

  return kl_store_add_tables (store, tables, error);
}

char *
kl_messages_store (
    KandyLoopback *self, const KlThread *thread, const KlMessage *message)
{
  char *id = g_uuid_string_random ();
  g_autofree char *thread_id = g_uuid_string_random ();

  kl_store_run (self->store,
      "INSERT OR IGNORE INTO threads (id, owner, kind, peer, local)"
      " VALUES (?, ?, ?, ?, ?)",
      "sssss", thread_id, thread->owner, thread->kind, thread->peer,
      thread->local);
  kl_store_run (self->store,
      "INSERT INTO messages (id, owner, kind, peer, local, outbound, sender,"
      " destination, text, object, time)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      "sssssissssi", id, thread->owner, thread->kind, thread->peer,
      thread->local, (gint64) message->outbound, message->sender,
      message->destination, message->text, message->object, message->time);
  return id;
}

static gboolean
get_query_number (KlRequest *request, const char *name, gint64 maximum,
    gint64 fallback, gint64 *value)
{
  const char *text =
      request->query ? g_hash_table_lookup (request->query, name) : NULL;

  *value = fallback;
  if (!text || g_ascii_string_to_signed (text, 10, 0, maximum, value, NULL))
    return TRUE;
  kl_request_reply_bad_value (request, name);
  return FALSE;
}

void
kl_messages_list (KlRequest *request, const KlThread *thread,
    KlMessageFunc func, const char *list_name, const char *array_name)
{
  KandyLoopback *self = request->self;
  const char *token =
      request->query ? g_hash_table_lookup (request->query, "next") : NULL;
  JsonObject *list;
  JsonArray *array;
  g_autoptr (KlRows) rows = NULL;
  gint64 max, since, before = G_MAXINT64, last = 0;
  gboolean more = FALSE;

  if (!get_query_number (request, "max", DEFAULT_PAGE, DEFAULT_PAGE, &max)
      || !get_query_number (request, "lastMessageTime", 9999999999, 0, &since))
    return;
  /* Only good together with the thread, so there is nothing to forge */
  if (token
      && (!g_str_has_prefix (token, "m-")
          || !g_ascii_string_to_signed (
              token + 2, 16, 0, G_MAXINT64, &before, NULL))) {
    kl_request_reply_bad_value (request, "next");
    return;
  }

  list = json_object_new ();
  array = json_array_new ();
  rows = kl_store_select (self->store,
      "SELECT number, id, outbound, sender, destination, text, object, time"
      " FROM messages WHERE owner = ? AND kind = ? AND peer = ? AND local = ?"
      " AND number < ? AND time >= ? ORDER BY number DESC LIMIT ?",
      "ssssiii", thread->owner, thread->kind, thread->peer, thread->local,
      before, since * 1000, max + 1);
  while (kl_rows_next (rows)) {
    KlMessage message = {
      .outbound = kl_rows_get_int (rows, 2) != 0,
      .sender = kl_rows_get_text (rows, 3),
      .destination = kl_rows_get_text (rows, 4),
      .text = kl_rows_get_text (rows, 5),
      .object = kl_rows_get_text (rows, 6),
      .time = kl_rows_get_int (rows, 7),
    };

    if (json_array_get_length (array) == max) {
      more = TRUE;
      break;
    }
    last = kl_rows_get_int (rows, 0);
    func (request, thread, kl_rows_get_text (rows, 1), &message, array);
  }
  if (more && max > 0) {
    g_autofree char *next = g_strdup_printf ("m-%" G_GINT64_MODIFIER "x", last);

    json_object_set_string_member (list, "next", next);
  }
  json_object_set_array_member (list, array_name, array);
  kl_store_run (self->store,
      "UPDATE threads SET pulled = ?"
      " WHERE owner = ? AND kind = ? AND peer = ? AND local = ?",
      "issss", g_get_real_time () / 1000, thread->owner, thread->kind,
      thread->peer, thread->local);
  kl_request_reply (request, 200, kl_json_wrap (list_name, list));
}

gboolean
kl_messages_delete (KlRequest *request, const KlThread *thread, const char *id)
{
  KlStore *store = request->self->store;
  int count;

  if (id)
    return kl_store_run (store,
               "DELETE FROM messages WHERE id = ? AND owner = ? AND kind = ?"
               " AND peer = ? AND local = ?",
               "sssss", id, thread->owner, thread->kind, thread->peer,
               thread->local)
        > 0;
  count = kl_store_run (store,
      "DELETE FROM messages WHERE owner = ? AND kind = ? AND peer = ?"
      " AND local = ?",
      "ssss", thread->owner, thread->kind, thread->peer, thread->local);
  kl_store_run (store,
      "DELETE FROM threads WHERE owner = ? AND kind = ? AND peer = ?"
      " AND local = ?",
      "ssss", thread->owner, thread->kind, thread->peer, thread->local);
  return count > 0;
}

/* "/cpaas/chat/v1/USER/oneToOne/PEER/adhoc", "/cpaas/chat/v1/USER/group/ID" */
static char *
thread_path (KlAccount *account, const KlThread *thread)
{
  gboolean is_group = g_str_equal (thread->kind, KL_KIND_GROUP);

  return g_strdup_printf ("/cpaas/chat/v1/%s/%s/%s%s", account->id,
      thread->kind, thread->peer, is_group ? "" : "/adhoc");
}

static JsonObject *
message_to_json (KlRequest *request, KlAccount *reader, const KlThread *thread,
    const char *id, const KlMessage *message)
{
  g_autofree char *path = thread_path (reader, thread);
  g_autofree char *url = g_strconcat (path, "/messages/", id, NULL);
  JsonObject *object = json_object_new ();
  JsonObject *attachment = message->object
      ? kl_attachment_to_json (request, reader, message->object)
      : NULL;

  json_object_set_string_member (object, "text", message->text);
  json_object_set_int_member (object, "dateTime", message->time);
  json_object_set_string_member (object, "senderAddress", message->sender);
  json_object_set_string_member (
      object, "x-destinationAddress", message->destination);
  json_object_set_string_member (
      object, "x-type", message->outbound ? "outbound" : "inbound");
  json_object_set_string_member (
      object, "status", message->outbound ? "Sent" : "Delivered");
  json_object_set_string_member (object, "resourceURL", url);
  if (attachment) {
    JsonArray *array = json_array_new ();

    json_array_add_object_element (array, attachment);
    json_object_set_array_member (object, "attachment", array);
  }
  return object;
}

static void
add_to_history (KlRequest *request, const KlThread *thread, const char *id,
    const KlMessage *message, JsonArray *array)
{
  json_array_add_object_element (
      array, message_to_json (request, request->account, thread, id, message));
}

static void
add_link (JsonArray *links, const char *rel, const char *href)
{
  JsonObject *link = json_object_new ();

  json_object_set_string_member (link, "rel", rel);
  json_object_set_string_member (link, "href", href);
  json_array_add_object_element (links, link);
}

/* Takes content. id: NULL for what is not stored. */
static void
notify (KlRequest *request, KlAccount *account, const KlThread *thread,
    const char *id, const char *member, JsonObject *content)
{
  g_autofree char *path = thread_path (account, thread);
  JsonObject *object = json_object_new ();
  JsonArray *links = json_array_new ();

  /* The first link tells the id (protocol messaging 2.5) */
  if (id) {
    g_autofree char *href = g_strconcat (path, "/messages/", id, NULL);

    add_link (links, "chatMessage", href);
    json_object_set_string_member (object, "messageId", id);
  }
  add_link (links, "chatSession", path);
  json_object_set_int_member (object, "dateTime", g_get_real_time () / 1000);
  json_object_set_object_member (object, member, content);
  json_object_set_array_member (object, "link", links);
  kl_request_notify (
      request, account, "chat", NULL, "chatMessageNotification", object);
}

/* The accounts that hear of what is said in the requester's thread, without
 * the requester. Returns (transfer container) (nullable): answered already */
static GPtrArray *
get_audience (KlRequest *request, const KlThread *thread)
{
  KlAccount *peer;
  GPtrArray *audience;

  if (g_str_equal (thread->kind, KL_KIND_GROUP)) {
    audience = kl_groups_get_connected (request->self, thread->peer);
    if (g_ptr_array_remove (audience, request->account))
      return audience;
    g_ptr_array_unref (audience);
    kl_request_reply_error (request, 403, "POL1001",
        "User is not a participant of %1", thread->peer);
    return NULL;
  }
  peer = kl_accounts_resolve (request->self, thread->peer);
  if (!peer) {
    kl_request_reply_error (
        request, 404, "SVC1001", "Participant %1 is unknown", thread->peer);
    return NULL;
  }
  audience = g_ptr_array_new ();
  g_ptr_array_add (audience, peer);
  return audience;
}

/* The same thread as somebody else has it */
static KlThread
far_thread (KlRequest *request, KlAccount *account, const KlThread *thread)
{
  KlThread far = *thread;

  far.owner = account->address;
  if (g_str_equal (thread->kind, KL_KIND_ONE_TO_ONE))
    far.peer = request->account->address;
  return far;
}

/* Returns FALSE if it has answered the request */
static gboolean
read_attachment (KlRequest *request, JsonObject *asked, const char **object)
{
  JsonNode *node = json_object_get_member (asked, "attachment");
  JsonArray *array;
  JsonNode *first;

  *object = NULL;
  if (!node)
    return TRUE;
  array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array && json_array_get_length (array) == 0)
    return TRUE;
  first = array && json_array_get_length (array) == 1
      ? json_array_get_element (array, 0)
      : NULL;
  if (first && JSON_NODE_HOLDS_OBJECT (first))
    *object = kl_json_get_string (json_node_get_object (first), "x-id");
  /* Somebody else's attachment looks like one that is not there */
  if (*object
      && kl_attachment_is_readable (request->self, *object, request->account))
    return TRUE;
  kl_request_reply_bad_value (request, "attachment");
  return FALSE;
}

static void
send_message (KlRequest *request, const KlThread *thread, JsonObject *asked)
{
  KandyLoopback *self = request->self;
  const char *text = kl_json_get_string (asked, "text");
  KlMessage message = {
    .outbound = TRUE,
    .sender = request->account->address,
    .destination = thread->peer,
    .text = text,
    .time = g_get_real_time () / 1000,
  };
  g_autoptr (GPtrArray) audience = NULL;
  g_autofree char *own_id = NULL;
  JsonObject *reply;
  guint i;

  if (!text || strlen (text) > MAX_TEXT) {
    kl_request_reply_bad_value (request, "text");
    return;
  }
  if (!read_attachment (request, asked, &message.object))
    return;
  audience = get_audience (request, thread);
  if (!audience)
    return;

  kl_store_begin (self->store);
  own_id = kl_messages_store (self, thread, &message);
  for (i = 0; i < audience->len; i++) {
    KlAccount *account = g_ptr_array_index (audience, i);
    KlThread far = far_thread (request, account, thread);
    KlMessage copy = message;
    g_autofree char *id = NULL;

    copy.outbound = FALSE;
    if (message.object)
      kl_attachment_share (self, message.object, account);
    id = kl_messages_store (self, &far, &copy);
    notify (request, account, &far, id, "chatMessage",
        message_to_json (request, account, &far, id, &copy));
  }
  kl_store_commit (self->store);

  reply = message_to_json (request, request->account, thread, own_id, &message);
  /* The platform cannot know which device has sent it: each hears of it */
  notify (request, request->account, thread, own_id, "chatMessage",
      json_object_ref (reply));
  kl_request_reply (request, 201, kl_json_wrap ("chatMessage", reply));
}

static JsonObject *
composing_to_json (
    KlRequest *request, const KlThread *thread, JsonObject *asked, gboolean out)
{
  static const char *const members[] = { "contenttype", "refresh", "state",
    "lastactive" };
  JsonObject *object = json_object_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (members); i++)
    kl_json_copy_member (object, asked, members[i]);
  json_object_set_string_member (
      object, "senderAddress", request->account->address);
  json_object_set_string_member (object, "x-destinationAddress", thread->peer);
  json_object_set_string_member (
      object, "x-type", out ? "outbound" : "inbound");
  return object;
}

static void
send_composing (KlRequest *request, const KlThread *thread, JsonObject *asked)
{
  const char *state = kl_json_get_string (asked, "state");
  g_autoptr (GPtrArray) audience = NULL;
  guint i;

  if (g_strcmp0 (state, "active") != 0 && g_strcmp0 (state, "idle") != 0) {
    kl_request_reply_bad_value (request, "state");
    return;
  }
  audience = get_audience (request, thread);
  if (!audience)
    return;
  for (i = 0; i < audience->len; i++) {
    KlAccount *account = g_ptr_array_index (audience, i);
    KlThread far = far_thread (request, account, thread);

    notify (request, account, &far, NULL, "isComposing",
        composing_to_json (request, thread, asked, FALSE));
  }
  kl_request_reply (request, 201,
      kl_json_wrap (
          "isComposing", composing_to_json (request, thread, asked, TRUE)));
}

static void
post (KlRequest *request, const KlThread *thread)
{
  JsonObject *message = kl_json_get_object (request->body, "chatMessage");
  JsonObject *composing = kl_json_get_object (request->body, "isComposing");

  if (message)
    send_message (request, thread, message);
  else if (composing)
    send_composing (request, thread, composing);
  else
    kl_request_reply_bad_value (request, "chatMessage");
}

static void
handle_sessions (KlRequest *request, const char *kind)
{
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (KlRows) rows = NULL;

  rows = kl_store_select (request->self->store,
      "SELECT t.id, t.peer, t.pulled, m.text, m.time FROM threads t"
      " JOIN messages m ON m.number ="
      " (SELECT max(number) FROM messages WHERE owner = t.owner"
      "  AND kind = t.kind AND peer = t.peer AND local = t.local)"
      " WHERE t.owner = ? AND t.kind = ? ORDER BY m.number DESC",
      "ss", request->account->address, kind);
  while (kl_rows_next (rows)) {
    JsonObject *session = json_object_new ();
    JsonObject *details = json_object_new ();

    json_object_set_string_member (
        session, "sessionId", kl_rows_get_text (rows, 0));
    json_object_set_string_member (session, "sessionType",
        g_str_equal (kind, KL_KIND_GROUP) ? "Group" : "OneToOne");
    json_object_set_string_member (
        session, "localAddress", request->account->address);
    json_object_set_string_member (
        session, "remoteAddress", kl_rows_get_text (rows, 1));
    json_object_set_string_member (
        details, "lastText", kl_rows_get_text (rows, 3));
    json_object_set_int_member (
        details, "lastMessageTime", kl_rows_get_int (rows, 4));
    if (kl_rows_get_int (rows, 2))
      json_object_set_int_member (
          details, "lastPullTime", kl_rows_get_int (rows, 2));
    json_object_set_object_member (session, "sessionDetails", details);
    json_array_add_object_element (array, session);
  }
  json_object_set_array_member (list, "chatSession", array);
  kl_request_reply (request, 200, kl_json_wrap ("chatSessionList", list));
}

static void
handle_messages (KlRequest *request, const KlThread *thread, const char *id)
{
  if (kl_request_is (request, "DELETE")) {
    if (kl_messages_delete (request, thread, id))
      kl_request_reply (request, 204, NULL);
    else
      kl_request_reply_not_found (request, id ? "messageId" : "peer");
  } else if (id) {
    kl_request_reply_bad_method (request, "DELETE");
  } else if (kl_request_is (request, "POST")) {
    post (request, thread);
  } else if (kl_request_is (request, "GET")) {
    kl_messages_list (
        request, thread, add_to_history, "chatMessageList", "chatMessage");
  } else {
    kl_request_reply_bad_method (request, "GET, POST, DELETE");
  }
}

/* rest: what follows the user in a path of the service chat */
gboolean
kl_messages_owns (char **rest)
{
  gboolean is_group = g_str_equal (rest[0], KL_KIND_GROUP);

  if (!is_group)
    return g_str_equal (rest[0], KL_KIND_ONE_TO_ONE);
  return rest[1]
      && ((g_str_equal (rest[1], "sessions") && !rest[2])
          || g_strcmp0 (rest[2], "messages") == 0);
}

void
kl_messages_handle (KlRequest *request, char **rest)
{
  gboolean is_group = g_str_equal (rest[0], KL_KIND_GROUP);
  KlThread thread = {
    .owner = request->account->address,
    .kind = is_group ? KL_KIND_GROUP : KL_KIND_ONE_TO_ONE,
    .local = "",
  };
  g_autofree char *peer = rest[1] ? g_ascii_strdown (rest[1], -1) : NULL;
  char **tail;

  if (g_strcmp0 (rest[1], "sessions") == 0 && !rest[2]) {
    if (kl_request_is (request, "GET"))
      handle_sessions (request, thread.kind);
    else
      kl_request_reply_bad_method (request, "GET");
    return;
  }
  thread.peer = peer;
  tail = rest + (rest[1] ? 2 : 1);
  if (!is_group && tail[0] && g_str_equal (tail[0], "adhoc"))
    tail++;
  else if (!is_group)
    tail = NULL;
  if (!peer || !*peer || !tail || !tail[0] || !g_str_equal (tail[0], "messages")
      || (tail[1] && tail[2]))
    kl_request_reply_not_found (request, "path");
  else
    handle_messages (request, &thread, tail[1]);
}
