/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "test-client.h"

/* Plays the vendor's client as it was seen on the wire: sends what it sent,
 * and expects replies and notifications equivalent to those it got.
 *
 * Identifiers differ from run to run. Where the transcript has one in a place
 * where the platform makes one up, the live one is noted, and stands in for it
 * in all that is sent and expected later. */

typedef struct {
  KandyLoopback *loopback;
  SoupSession *session;
  char *base;
  GHashTable *live;     /* recorded string: live string */
  GHashTable *tokens;   /* live user id: live access token */
  GHashTable *replies;  /* number of a request: TestReply */
  GHashTable *channels; /* recorded channel id: Channel */
  const char *file;
  gint64 line;
} Player;

typedef struct {
  SoupWebsocketConnection *socket;
  GQueue frames; /* of JsonNode */
} Channel;

#define fail(player, ...)                                                      \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree char *what_ = g_strdup_printf (__VA_ARGS__);                    \
    g_error (                                                                  \
        "%s:%" G_GINT64_FORMAT ": %s", (player)->file, (player)->line, what_); \
  }                                                                            \
  G_STMT_END

static void
channel_free (Channel *channel)
{
  g_signal_handlers_disconnect_by_data (channel->socket, channel);
  g_object_unref (channel->socket);
  g_queue_clear_full (&channel->frames, (GDestroyNotify) json_node_unref);
  g_free (channel);
}

static int
compare_length (gconstpointer a, gconstpointer b)
{
  gsize first = strlen (a);
  gsize second = strlen (b);

  return first < second ? 1 : first > second ? -1 : strcmp (a, b);
}

/* Replaces all recorded identifiers in a text, the longest first: some are
 * parts of others */
static char *
translate (Player *player, const char *text)
{
  g_autoptr (GList) keys =
      g_list_sort (g_hash_table_get_keys (player->live), compare_length);
  GString *result = g_string_new (text);
  GList *item;

  for (item = keys; item; item = item->next)
    g_string_replace (
        result, item->data, g_hash_table_lookup (player->live, item->data), 0);
  return g_string_free (result, FALSE);
}

static void
learn (Player *player, const char *recorded, const char *live)
{
  g_hash_table_insert (player->live, g_strdup (recorded), g_strdup (live));
}

static gboolean
is_uuid (const char *text)
{
  return g_uuid_string_is_valid (text);
}

static gboolean
is_in (const char *name, const char *const *list)
{
  return name && g_strv_contains (list, name);
}

/* Paths are equal but for the identifiers in them */
static void
match_path (
    Player *player, const char *name, const char *recorded, const char *live)
{
  g_autofree char *decoded = g_uri_unescape_string (recorded, NULL);
  g_auto (GStrv) old = g_strsplit (decoded, "/", -1);
  g_auto (GStrv) new = g_strsplit (live, "/", -1);
  guint i;

  if (g_strv_length (old) != g_strv_length (new))
    fail (player, "\"%s\" is %s, recorded as %s", name, live, recorded);
  for (i = 0; old[i]; i++) {
    g_autofree char *expected = translate (player, old[i]);

    if (g_str_equal (expected, new[i]))
      continue;
    /* Each user's copy of a message has an id of its own */
    if (i > 0 && g_str_equal (old[i - 1], "messages") && *new[i])
      continue;
    if (!is_uuid (old[i]) || g_hash_table_contains (player->live, old[i])
        || !*new[i])
      fail (player, "\"%s\" is %s, recorded as %s", name, live, recorded);
    learn (player, old[i], new[i]);
  }
}

static void
match_string (
    Player *player, const char *name, const char *recorded, const char *live)
{
  /* Made by the platform, and used by the client later */
  static const char *const learnt[] = { "id", "callbackURL", "access_token",
    "refresh_token", "id_token", "presenceListId", NULL };
  static const char *const paths[] = { "resourceURL", "channelURL", "href",
    NULL };
  /* The platform's own choice */
  static const char *const free_text[] = { "session_state", "username",
    "password", "status", "error_description", "messageId", NULL };
  g_autofree char *expected = translate (player, recorded);

  if (g_str_equal (expected, live))
    return;
  if (is_in (name, learnt))
    learn (player, recorded, live);
  else if (is_in (name, paths))
    match_path (player, name, recorded, live);
  else if (!is_in (name, free_text) || !*live)
    fail (player, "\"%s\" is \"%s\", recorded as \"%s\"", name, live, recorded);
}

static void match (
    Player *player, const char *name, JsonNode *recorded, JsonNode *live);

static void
match_value (
    Player *player, const char *name, JsonNode *recorded, JsonNode *live)
{
  static const char *const free_numbers[] = { "expires_in",
    "refresh_expires_in", "ttl", "maxNotifications", "interval", "dateTime",
    NULL };
  GType type = json_node_get_value_type (recorded);

  if (is_in (name, free_numbers) && JSON_NODE_HOLDS_VALUE (live)
      && json_node_get_double (live) > 0)
    return;
  if (!JSON_NODE_HOLDS_VALUE (live) || json_node_get_value_type (live) != type)
    fail (player, "\"%s\" has the wrong type", name);
  if (type == G_TYPE_STRING)
    match_string (player, name, json_node_get_string (recorded),
        json_node_get_string (live));
  else if (!json_node_equal (recorded, live))
    fail (player, "\"%s\" has another value", name);
}

/* Whatever was recorded must be there; more may be */
static void
match (Player *player, const char *name, JsonNode *recorded, JsonNode *live)
{
  static const char *const open_lists[] = { "link", NULL };

  if (JSON_NODE_HOLDS_OBJECT (recorded)) {
    JsonObjectIter iter;
    const char *member;
    JsonNode *node;

    if (!JSON_NODE_HOLDS_OBJECT (live))
      fail (player, "\"%s\" is no object", name);
    json_object_iter_init (&iter, json_node_get_object (recorded));
    while (json_object_iter_next (&iter, &member, &node)) {
      JsonNode *other =
          json_object_get_member (json_node_get_object (live), member);

      if (!other)
        fail (player, "\"%s\" lacks \"%s\"", name, member);
      match (player, member, node, other);
    }
  } else if (JSON_NODE_HOLDS_ARRAY (recorded)) {
    JsonArray *old = json_node_get_array (recorded);
    JsonArray *new;
    guint i;

    if (!JSON_NODE_HOLDS_ARRAY (live))
      fail (player, "\"%s\" is no array", name);
    new = json_node_get_array (live);
    /* Of links there may be more, which a client finds by their names */
    if (is_in (name, open_lists)
            ? json_array_get_length (old) > json_array_get_length (new)
            : json_array_get_length (old) != json_array_get_length (new))
      fail (player, "\"%s\" has %u elements, recorded with %u", name,
          json_array_get_length (new), json_array_get_length (old));
    for (i = 0; i < json_array_get_length (old); i++)
      match (player, name, json_array_get_element (old, i),
          json_array_get_element (new, i));
  } else if (JSON_NODE_HOLDS_VALUE (recorded)) {
    match_value (player, name, recorded, live);
  }
}

static JsonObject *
decode_claims (const char *token)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", -1);
  g_autofree char *padded = NULL;
  g_autofree guchar *data = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  gsize length;

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  padded = g_strconcat (parts[1], "===", NULL);
  padded[(strlen (parts[1]) + 3) / 4 * 4] = '\0';
  g_strdelimit (g_strdelimit (padded, "-", '+'), "_", '/');
  data = g_base64_decode (padded, &length);
  text = g_strndup ((char *) data, length);
  node = json_from_string (text, NULL);
  g_assert_nonnull (node);
  return json_node_dup_object (node);
}

/* The user id in all paths comes from the id token (protocol session 1.2) */
static void
note_tokens (Player *player, JsonObject *recorded, JsonObject *live)
{
  static const char *const claims[] = { "services-identity", "email", "name",
    NULL };
  const char *token = test_get_string (recorded, "id_token");
  g_autoptr (JsonObject) old = NULL;
  g_autoptr (JsonObject) new = NULL;
  guint i;

  if (!token)
    return;
  old = decode_claims (token);
  new = decode_claims (test_get_string (live, "id_token"));
  for (i = 0; claims[i]; i++)
    g_assert_cmpstr (
        test_get_string (new, claims[i]), ==, test_get_string (old, claims[i]));
  learn (player, test_get_string (old, "preferred_username"),
      test_get_string (new, "preferred_username"));
  g_hash_table_insert (player->tokens,
      g_strdup (test_get_string (new, "preferred_username")),
      g_strdup (test_get_string (live, "access_token")));
}

/* The token of the user whom the path is about */
static const char *
find_token (Player *player, const char *path)
{
  GHashTableIter iter;
  gpointer user, token;

  g_hash_table_iter_init (&iter, player->tokens);
  while (g_hash_table_iter_next (&iter, &user, &token)) {
    if (strstr (path, user))
      return token;
  }
  fail (player, "no token for %s", path);
  return NULL;
}

static void
set_headers (
    Player *player, SoupMessage *message, JsonObject *headers, const char *path)
{
  SoupMessageHeaders *list = soup_message_get_request_headers (message);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, headers);
  while (json_object_iter_next (&iter, &name, &node)) {
    if (g_str_equal (name, "authorization")) {
      g_autofree char *value =
          g_strconcat ("Bearer ", find_token (player, path), NULL);

      soup_message_headers_append (list, name, value);
    } else {
      soup_message_headers_replace (list, name, json_node_get_string (node));
    }
  }
}

static char *
body_to_text (JsonNode *body)
{
  return JSON_NODE_HOLDS_OBJECT (body) ? json_to_string (body, FALSE)
                                       : g_strdup (json_node_get_string (body));
}

static void
play_request (Player *player, JsonObject *entry)
{
  const char *method = test_get_string (entry, "method");
  JsonObject *headers = json_object_get_object_member (entry, "headers");
  g_autofree char *path = translate (player, test_get_string (entry, "path"));
  g_autofree char *uri = g_strconcat (player->base, path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) bytes = NULL;
  TestReply *reply = g_new0 (TestReply, 1);
  g_autoptr (JsonNode) node = NULL;
  GError *error = NULL;
  gsize length;

  g_assert_nonnull (message);
  if (json_object_has_member (entry, "body")) {
    g_autofree char *recorded =
        body_to_text (json_object_get_member (entry, "body"));
    char *text = translate (player, recorded);
    g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

    soup_message_set_request_body_from_bytes (message, NULL, body);
  }
  set_headers (player, message, headers, path);
  bytes = soup_session_send_and_read (player->session, message, NULL, &error);
  g_assert_no_error (error);

  reply->message = g_steal_pointer (&message);
  reply->status = soup_message_get_status (reply->message);
  length = g_bytes_get_size (bytes);
  reply->text =
      g_strndup (length > 0 ? g_bytes_get_data (bytes, NULL) : "", length);
  node = length > 0 ? json_from_string (reply->text, NULL) : NULL;
  if (node && JSON_NODE_HOLDS_OBJECT (node))
    reply->body = json_node_dup_object (node);
  g_hash_table_insert (player->replies,
      GINT_TO_POINTER (json_object_get_int_member (entry, "n")), reply);
}

static gboolean
lists (const char *list, const char *item)
{
  g_auto (GStrv) items = g_strsplit (list ? list : "", ",", -1);
  guint i;

  for (i = 0; items[i]; i++) {
    if (g_ascii_strcasecmp (g_strstrip (items[i]), item) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A browser would let the request pass */
static void
check_preflight (Player *player, SoupMessage *message)
{
  SoupMessageHeaders *asked = soup_message_get_request_headers (message);
  SoupMessageHeaders *granted = soup_message_get_response_headers (message);
  g_auto (GStrv) names = g_strsplit (
      soup_message_headers_get_one (asked, "Access-Control-Request-Headers"),
      ",", -1);
  guint i;

  g_assert_cmpstr (
      soup_message_headers_get_one (granted, "Access-Control-Allow-Origin"), ==,
      soup_message_headers_get_one (asked, "Origin"));
  g_assert_true (lists (
      soup_message_headers_get_list (granted, "Access-Control-Allow-Methods"),
      soup_message_headers_get_one (asked, "Access-Control-Request-Method")));
  for (i = 0; names[i]; i++)
    g_assert_true (lists (
        soup_message_headers_get_list (granted, "Access-Control-Allow-Headers"),
        names[i]));
}

static void
play_response (Player *player, JsonObject *entry)
{
  gpointer number = GINT_TO_POINTER (json_object_get_int_member (entry, "re"));
  TestReply *reply = g_hash_table_lookup (player->replies, number);
  guint status = json_object_get_int_member (entry, "status");
  JsonNode *recorded = json_object_get_member (entry, "body");
  g_autoptr (JsonNode) live = NULL;

  if (!reply)
    fail (player, "a reply without a request");
  if (reply->status != status)
    fail (player, "status %u, recorded as %u: %s", reply->status, status,
        reply->text);
  if (soup_message_get_method (reply->message) == SOUP_METHOD_OPTIONS)
    check_preflight (player, reply->message);
  if (!recorded || !JSON_NODE_HOLDS_OBJECT (recorded))
    return;
  if (!reply->body)
    fail (player, "the reply is no JSON: %s", reply->text);
  live = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (live, reply->body);
  match (player, "body", recorded, live);
  note_tokens (player, json_node_get_object (recorded), reply->body);
}

static void
on_message (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *bytes, Channel *channel)
{
  g_autofree char *text =
      g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  JsonNode *node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  g_queue_push_tail (&channel->frames, node);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  SoupWebsocketConnection **socket = data;
  GError *error = NULL;

  *socket = soup_session_websocket_connect_finish (
      SOUP_SESSION (source), result, &error);
  g_assert_no_error (error);
}

static void
play_open (Player *player, JsonObject *entry)
{
  g_autofree char *path = translate (player, test_get_string (entry, "path"));
  g_autofree char *uri = g_strconcat (
      player->base, path, "?access_token=", find_token (player, path), NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);
  Channel *channel = g_new0 (Channel, 1);

  g_queue_init (&channel->frames);
  soup_session_websocket_connect_async (player->session, message,
      test_get_string (entry, "origin"), NULL, G_PRIORITY_DEFAULT, NULL,
      on_connected, &channel->socket);
  test_wait_until (channel->socket);
  soup_websocket_connection_set_max_incoming_payload_size (
      channel->socket, 4 * 1024 * 1024);
  g_signal_connect (
      channel->socket, "message", G_CALLBACK (on_message), channel);
  g_hash_table_insert (
      player->channels, g_strdup (test_get_string (entry, "channel")), channel);
}

static void
play_close (Player *player, JsonObject *entry)
{
  Channel *channel = g_hash_table_lookup (
      player->channels, test_get_string (entry, "channel"));
  guint code = json_object_get_int_member (entry, "code");

  g_assert_nonnull (channel);
  /* Deleting the channel may have closed it */
  if (soup_websocket_connection_get_state (channel->socket)
      == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (channel->socket, code, NULL);
  test_wait_until (soup_websocket_connection_get_state (channel->socket)
      == SOUP_WEBSOCKET_STATE_CLOSED);
}

static void
play_sent (Player *player, JsonObject *entry)
{
  Channel *channel = g_hash_table_lookup (
      player->channels, test_get_string (entry, "channel"));
  g_autofree char *recorded =
      json_to_string (json_object_get_member (entry, "data"), FALSE);
  g_autofree char *text = translate (player, recorded);

  g_assert_nonnull (channel);
  soup_websocket_connection_send_text (channel->socket, text);
}

static void
play_received (Player *player, JsonObject *entry)
{
  Channel *channel = g_hash_table_lookup (
      player->channels, test_get_string (entry, "channel"));
  g_autoptr (JsonNode) live = NULL;

  g_assert_nonnull (channel);
  test_wait_until (channel->frames.length > 0);
  live = g_queue_pop_head (&channel->frames);
  match (player, "frame", json_object_get_member (entry, "data"), live);
}

static void
play_entry (Player *player, JsonObject *entry)
{
  const char *kind = test_get_string (entry, "kind");

  if (g_str_equal (kind, "req")) {
    play_request (player, entry);
  } else if (g_str_equal (kind, "res")) {
    play_response (player, entry);
  } else if (g_str_equal (kind, "ws-open")) {
    play_open (player, entry);
  } else if (g_str_equal (kind, "ws-close")) {
    play_close (player, entry);
  } else if (g_str_equal (kind, "ws>")) {
    play_sent (player, entry);
  } else if (g_str_equal (kind, "ws<")) {
    play_received (player, entry);
  } else {
    fail (player, "unknown kind %s", kind);
  }
}

/* Nothing was said that was not said then, but for pings */
static void
check_rest (Player *player)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, player->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Channel *channel = value;
    GList *item;

    for (item = channel->frames.head; item; item = item->next) {
      if (!json_object_has_member (
              json_node_get_object (item->data), "connCheck")) {
        g_autofree char *text = json_to_string (item->data, FALSE);

        fail (player, "more than was recorded: %s", text);
      }
    }
  }
}

static void
test_replay (gconstpointer data)
{
  g_autofree char *config =
      g_test_build_filename (G_TEST_DIST, "accounts.json", NULL);
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "fixtures", data, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  Player player = { .file = data };
  GError *error = NULL;
  guint i;

  player.loopback = kandy_loopback_new ();
  kandy_loopback_load_config (player.loopback, config, &error);
  g_assert_no_error (error);
  kandy_loopback_start (player.loopback, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  player.base = kandy_loopback_get_uri (player.loopback);
  player.session = soup_session_new ();
  player.live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  player.tokens =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  player.replies = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) test_reply_free);
  player.channels = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) channel_free);

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (i = 0; lines[i]; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], &error);

    g_assert_no_error (error);
    player.line = i + 1;
    play_entry (&player, json_node_get_object (node));
  }
  test_iterate_for (50);
  check_rest (&player);

  g_hash_table_unref (player.channels);
  g_hash_table_unref (player.replies);
  g_hash_table_unref (player.tokens);
  g_hash_table_unref (player.live);
  soup_session_abort (player.session);
  g_assert_finalize_object (player.session);
  g_free (player.base);
  kandy_loopback_stop (player.loopback);
  g_assert_finalize_object (player.loopback);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  guint i;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "fixtures", NULL);
  dir = g_dir_open (path, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir))) {
    if (g_str_has_suffix (name, ".jsonl"))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  for (i = 0; i < names->len; i++) {
    g_autofree char *test_path =
        g_strdup_printf ("/replay/%s", (char *) g_ptr_array_index (names, i));

    g_test_add_data_func (test_path, g_ptr_array_index (names, i), test_replay);
  }
  return g_test_run ();
}
