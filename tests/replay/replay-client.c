/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "kandy.h"

/* Plays the platform as the vendor's client has met it: our clients are asked
 * for what that one was asked for, and have to send the same requests. They get
 * the recorded replies and notifications, word by word, and have to know in the
 * end what these say. */

#define ALICE "alice@oracle.test"
#define BOB "bob@oracle.test"

typedef struct {
  const char *address;
  const char *correlator;
  KandyClient *client;
  SoupWebsocketConnection *socket; /* (nullable) */
  char *id;                        /* of all its paths */
  char *token;
  GString *events;
  guint n_notifications;
} User;

typedef struct {
  const char *file;
  SoupServer *server;
  GPtrArray *entries; /* JsonObject */
  GHashTable *seen;   /* numbers of requests */
  User users[2];
} Player;

#define fail(player, entry, ...)                                               \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree char *what_ = g_strdup_printf (__VA_ARGS__);                    \
    g_error ("%s:%" G_GINT64_FORMAT ": %s", (player)->file,                    \
        (entry) ? json_object_get_int_member (entry, "n") : 0, what_);         \
  }                                                                            \
  G_STMT_END

/* Runs the main context until @condition, which must come within 10 s */
#define WAIT(condition)                                                        \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 deadline_ = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;          \
    guint tick_ = g_timeout_add (5, tick, NULL);                               \
    while (!(condition) && g_get_monotonic_time () < deadline_)                \
      g_main_context_iteration (NULL, TRUE);                                   \
    g_source_remove (tick_);                                                   \
    if (!(condition))                                                          \
      g_error ("%s:%d: waited for " #condition, __FILE__, __LINE__);           \
  }                                                                            \
  G_STMT_END

static gboolean
tick (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static const char *
get_string (JsonObject *object, const char *member)
{
  return json_object_get_string_member_with_default (object, member, NULL);
}

static gboolean
is_request (JsonObject *entry)
{
  return g_strcmp0 (get_string (entry, "kind"), "req") == 0
      && g_strcmp0 (get_string (entry, "method"), "OPTIONS") != 0;
}

static gboolean
is_seen (Player *player, JsonObject *entry)
{
  return g_hash_table_contains (
      player->seen, GINT_TO_POINTER (json_object_get_int_member (entry, "n")));
}

static User *
find_user (Player *player, const char *address)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (player->users); i++)
    if (g_str_has_prefix (player->users[i].address, address))
      return &player->users[i];
  return NULL;
}

/* Whose request it is: a form has the name, a path the id that the user has
 * got */
static User *
find_sender (Player *player, const char *path, const char *form)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (player->users); i++) {
    User *user = &player->users[i];
    g_autofree char *name = g_uri_escape_string (user->address, NULL, FALSE);

    if ((form && strstr (form, name)) || (user->id && strstr (path, user->id)))
      return user;
  }
  return NULL;
}

/* The server's half */

static void match (Player *player, JsonObject *entry, const char *name,
    JsonNode *recorded, JsonNode *sent);

static void
match_object (
    Player *player, JsonObject *entry, JsonObject *recorded, JsonObject *sent)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, recorded);
  while (json_object_iter_next (&iter, &name, &node)) {
    if (!json_object_has_member (sent, name))
      fail (player, entry, "\"%s\" is not sent", name);
    match (player, entry, name, node, json_object_get_member (sent, name));
  }
  json_object_iter_init (&iter, sent);
  while (json_object_iter_next (&iter, &name, &node))
    if (!json_object_has_member (recorded, name))
      fail (player, entry, "\"%s\" is sent", name);
}

static void
match (Player *player, JsonObject *entry, const char *name, JsonNode *recorded,
    JsonNode *sent)
{
  /* The vendor's client put the whole list there, where one name belongs */
  if (g_str_equal (name, "presentityUserId") && JSON_NODE_HOLDS_VALUE (sent)
      && JSON_NODE_HOLDS_ARRAY (recorded))
    recorded = json_array_get_element (json_node_get_array (recorded), 0);
  if (g_str_equal (name, "lastactive")) {
    g_assert_cmpint (json_node_get_int (sent), >, 1000000000000);
  } else if (JSON_NODE_HOLDS_OBJECT (recorded)
      && JSON_NODE_HOLDS_OBJECT (sent)) {
    match_object (player, entry, json_node_get_object (recorded),
        json_node_get_object (sent));
  } else if (JSON_NODE_HOLDS_ARRAY (recorded) && JSON_NODE_HOLDS_ARRAY (sent)
      && json_array_get_length (json_node_get_array (recorded))
          == json_array_get_length (json_node_get_array (sent))) {
    guint i;

    for (i = 0; i < json_array_get_length (json_node_get_array (sent)); i++)
      match (player, entry, name,
          json_array_get_element (json_node_get_array (recorded), i),
          json_array_get_element (json_node_get_array (sent), i));
  } else if (!json_node_equal (recorded, sent)) {
    g_autofree char *old = json_to_string (recorded, FALSE);
    g_autofree char *new = json_to_string (sent, FALSE);

    fail (player, entry, "\"%s\" is %s, recorded as %s", name, new, old);
  }
}

static void
match_form (Player *player, JsonObject *entry, const char *text)
{
  g_autoptr (GHashTable) recorded =
      soup_form_decode (get_string (entry, "body"));
  g_autoptr (GHashTable) sent = soup_form_decode (text);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, recorded);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (g_strcmp0 (g_hash_table_lookup (sent, name), value) != 0)
      fail (
          player, entry, "%s is not sent as %s", (char *) name, (char *) value);
}

static void
match_headers (
    Player *player, JsonObject *entry, User *user, SoupServerMessage *message)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  JsonObject *recorded = json_object_get_object_member (entry, "headers");
  static const char *const names[] = { "accept", "content-type" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (soup_message_headers_get_one (headers, names[i]),
            get_string (recorded, names[i]))
        != 0)
      fail (player, entry, "the header %s is %s", names[i],
          soup_message_headers_get_one (headers, names[i]));
  if (json_object_has_member (recorded, "authorization")) {
    g_autofree char *expected = g_strconcat ("Bearer ", user->token, NULL);

    g_assert_cmpstr (
        soup_message_headers_get_one (headers, "Authorization"), ==, expected);
  }
}

/* A user's next request that has not come yet */
static JsonObject *
next_request (Player *player, User *user)
{
  guint i;

  for (i = 0; i < player->entries->len; i++) {
    JsonObject *entry = player->entries->pdata[i];
    JsonNode *body = json_object_get_member (entry, "body");

    if (is_request (entry) && !is_seen (player, entry)
        && find_sender (player, get_string (entry, "path"),
               body && JSON_NODE_HOLDS_VALUE (body)
                   ? json_node_get_string (body)
                   : NULL)
            == user)
      return entry;
  }
  return NULL;
}

static JsonObject *
find_reply (Player *player, JsonObject *request)
{
  gint64 number = json_object_get_int_member (request, "n");
  guint i;

  for (i = 0; i < player->entries->len; i++) {
    JsonObject *entry = player->entries->pdata[i];

    if (json_object_get_int_member_with_default (entry, "re", 0) == number)
      return entry;
  }
  fail (player, request, "there is no reply");
  return NULL;
}

/* The id token says what the user is called in all paths */
static void
note_tokens (User *user, JsonObject *body)
{
  g_auto (GStrv) parts = g_strsplit (get_string (body, "id_token"), ".", -1);
  g_autofree char *padded = g_strconcat (parts[1], "===", NULL);
  g_autofree guchar *data = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) claims = NULL;
  gsize length;

  padded[(strlen (parts[1]) + 3) / 4 * 4] = '\0';
  g_strdelimit (g_strdelimit (padded, "-", '+'), "_", '/');
  data = g_base64_decode (padded, &length);
  text = g_strndup ((char *) data, length);
  claims = json_from_string (text, NULL);
  g_assert_nonnull (claims);
  user->id = g_strdup (
      get_string (json_node_get_object (claims), "preferred_username"));
  user->token = g_strdup (get_string (body, "access_token"));
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  Player *player = user_data;
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  g_autofree char *text =
      g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  const char *method = soup_server_message_get_method (message);
  User *user = find_sender (player, path, text);
  JsonObject *entry, *reply;
  g_autofree char *recorded = NULL;
  JsonNode *node;

  if (!user)
    fail (player, (JsonObject *) NULL, "%s %s is nobody's", method, path);
  entry = next_request (player, user);
  if (!entry)
    fail (player, (JsonObject *) NULL, "%s %s is one too many", method, path);
  recorded = g_uri_unescape_string (get_string (entry, "path"), NULL);
  if (!g_str_equal (method, get_string (entry, "method"))
      || !g_str_equal (path, recorded))
    fail (player, entry, "%s %s, recorded as %s %s", method, path,
        get_string (entry, "method"), recorded);
  match_headers (player, entry, user, message);
  node = json_object_get_member (entry, "body");
  if (node && JSON_NODE_HOLDS_OBJECT (node)) {
    g_autoptr (JsonNode) sent = json_from_string (text, NULL);

    if (!sent)
      fail (player, entry, "no JSON is sent: %s", text);
    match (player, entry, "body", node, sent);
  } else if (node) {
    match_form (player, entry, text);
  } else if (*text) {
    fail (player, entry, "a body is sent: %s", text);
  }

  g_hash_table_add (
      player->seen, GINT_TO_POINTER (json_object_get_int_member (entry, "n")));
  reply = find_reply (player, entry);
  soup_server_message_set_status (
      message, (guint) json_object_get_int_member (reply, "status"), NULL);
  node = json_object_get_member (reply, "body");
  if (node && JSON_NODE_HOLDS_OBJECT (node)) {
    g_autofree char *content = json_to_string (node, FALSE);

    if (json_object_has_member (json_node_get_object (node), "id_token"))
      note_tokens (user, json_node_get_object (node));
    soup_server_message_set_response (message, "application/json",
        SOUP_MEMORY_COPY, content, strlen (content));
  }
}

static void
on_frame (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *bytes, gpointer unused)
{
  g_autofree char *text =
      g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_assert_nonnull (strstr (text, "connCheck"));
  soup_websocket_connection_send_text (socket, "{\"connAck\":{}}");
}

static void
on_websocket (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer user_data)
{
  User *user = find_sender (user_data, path, NULL);

  g_assert_nonnull (user);
  g_signal_connect (socket, "message", G_CALLBACK (on_frame), NULL);
  g_set_object (&user->socket, socket);
}

/* The client's half */

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  User *user = user_data;

  if (g_str_equal (name, "notification:received"))
    user->n_notifications++;
  else
    g_string_append_printf (user->events, "%s ", name);
}

static void
store_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Runs start_async and takes its end; @... are its own arguments */
#define RUN(object, name, ...)                                                 \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autoptr (GAsyncResult) result_ = NULL;                                   \
    g_autoptr (GError) error_ = NULL;                                          \
    name##_async (object, ##__VA_ARGS__, NULL, store_result, &result_);        \
    WAIT (result_);                                                            \
    name##_finish (object, result_, &error_);                                  \
    g_assert_no_error (error_);                                                \
  }                                                                            \
  G_STMT_END

/* The same of one that gives an object */
#define GET(object, name, ...)                                                 \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autoptr (GAsyncResult) result_ = NULL;                                   \
    g_autoptr (GError) error_ = NULL;                                          \
    g_autoptr (GObject) got_ = NULL;                                           \
    name##_async (object, ##__VA_ARGS__, NULL, store_result, &result_);        \
    WAIT (result_);                                                            \
    got_ = G_OBJECT (name##_finish (object, result_, &error_));                \
    g_assert_no_error (error_);                                                \
  }                                                                            \
  G_STMT_END

static void
subscribe (User *user, const char *service)
{
  const char *const services[] = { service, NULL };

  RUN (kandy_client_get_services (user->client), kandy_services_subscribe,
      g_variant_new_strv (services, -1), NULL);
}

static void
write_message (User *user, const char *path, JsonObject *body)
{
  const char *peer =
      strstr (path, user->address) || user->address[0] == 'b' ? ALICE : BOB;
  KandyConversation *conversation =
      kandy_conversations_create (kandy_client_get_conversations (user->client),
          peer, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL);

  if (json_object_has_member (body, "chatMessage")) {
    g_autoptr (KandyMessage) message =
        kandy_conversation_create_text_message (conversation,
            get_string (
                json_object_get_object_member (body, "chatMessage"), "text"));

    RUN (message, kandy_message_send);
  } else {
    const char *state = get_string (
        json_object_get_object_member (body, "isComposing"), "state");

    RUN (conversation, kandy_conversation_set_is_typing,
        g_str_equal (state, "active"));
  }
}

static void
update_presence (User *user, JsonObject *body)
{
  JsonObject *person = json_object_get_object_member (
      json_object_get_object_member (
          json_object_get_object_member (body, "presenceSource"), "presence"),
      "person");
  JsonObject *activities = json_object_get_object_member (person, "activities");

  RUN (kandy_client_get_presence (user->client), kandy_presence_update,
      get_string (
          json_object_get_object_member (person, "overriding-willingness"),
          "overridingWillingnessValue"),
      get_string (activities, "activityValue"),
      get_string (activities, "other"));
}

static void
add_attribute (JsonArray *array, guint index, JsonNode *node, gpointer contact)
{
  JsonObject *attribute = json_node_get_object (node);

  g_assert_true (kandy_contact_set (contact, get_string (attribute, "name"),
      get_string (attribute, "value")));
}

static KandyContact *
make_contact (JsonObject *body)
{
  JsonObject *recorded = json_object_get_object_member (body, "contact");
  KandyContact *contact =
      kandy_contact_new (get_string (recorded, "contactId"));

  json_array_foreach_element (
      json_object_get_array_member (
          json_object_get_object_member (recorded, "attributeList"),
          "attribute"),
      add_attribute, contact);
  return contact;
}

/* Lets the client do what makes the recorded request, and maybe more of them */
static void
act (Player *player, User *user, JsonObject *entry)
{
  static const char *const bob_only[] = { BOB, NULL };
  const char *method = get_string (entry, "method");
  const char *path = get_string (entry, "path");
  JsonNode *node = json_object_get_member (entry, "body");
  JsonObject *body = node && JSON_NODE_HOLDS_OBJECT (node)
      ? json_node_get_object (node)
      : NULL;
  KandyPresence *presence = kandy_client_get_presence (user->client);
  KandyContacts *contacts = kandy_client_get_contacts (user->client);
  const char *last = strrchr (path, '/') + 1;

  if (g_str_has_suffix (path, "/token")) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;

    kandy_client_sign_on_password_async (user->client, "oracle-client",
        user->address, "pw", NULL, store_result, &result);
    WAIT (result);
    kandy_client_sign_on_finish (user->client, result, &error);
    g_assert_no_error (error);
  } else if (g_str_has_suffix (path, "/channels")) {
    subscribe (user, strstr (player->file, "presence") ? "presence" : "chat");
  } else if (g_str_has_suffix (path, "/adhoc/messages")) {
    write_message (user, path, body);
  } else if (g_str_has_suffix (path, "/presenceSources")) {
    update_presence (user, body);
  } else if (g_str_has_suffix (path, "/adhocPresenceList")) {
    RUN (presence, kandy_presence_fetch, bob_only);
  } else if (strstr (path, "/presenceContacts/")) {
    if (g_str_equal (method, "PUT"))
      RUN (presence, kandy_presence_subscribe, bob_only);
    else
      RUN (presence, kandy_presence_unsubscribe, bob_only);
  } else if (g_str_equal (last, "contacts") && body) {
    g_autoptr (KandyContact) contact = make_contact (body);

    GET (contacts, kandy_contacts_add, contact);
  } else if (g_str_equal (last, "contacts")) {
    RUN (contacts, kandy_contacts_refresh);
  } else if (g_str_equal (method, "PUT")) {
    g_autoptr (KandyContact) contact = make_contact (body);

    GET (contacts, kandy_contacts_update, contact);
  } else if (g_str_equal (method, "DELETE")) {
    RUN (contacts, kandy_contacts_remove, last);
  } else {
    GET (contacts, kandy_contacts_fetch, last);
  }
  if (!is_seen (player, entry))
    fail (player, entry, "%s %s is not sent", method, path);
}

static void
notify (Player *player, JsonObject *entry)
{
  g_autofree char *text =
      json_to_string (json_object_get_member (entry, "data"), FALSE);
  User *user = find_user (player, get_string (entry, "user"));
  guint before = user->n_notifications;

  if (strstr (text, "connAck"))
    return;
  WAIT (user->socket);
  soup_websocket_connection_send_text (user->socket, text);
  WAIT (user->n_notifications > before);
}

/* What is known in the end */

static guint
count_events (User *user, const char *name)
{
  const char *found = user->events->str;
  guint n = 0;

  for (; (found = strstr (found, name)); found++)
    n++;
  return n;
}

/* "text|text|..." */
static char *
describe_messages (User *user, const char *peer)
{
  KandyConversation *conversation =
      kandy_conversations_get (kandy_client_get_conversations (user->client),
          peer, KANDY_CHAT_TYPE_ONE_TO_ONE);
  GString *text = g_string_new (NULL);
  guint i;

  g_assert_nonnull (conversation);
  for (i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (conversation)); i++) {
    g_autoptr (KandyMessage) message =
        g_list_model_get_item (G_LIST_MODEL (conversation), i);
    g_autofree char *own = kandy_message_dup_text (message);

    g_assert_nonnull (kandy_message_get_message_id (message));
    g_string_append_printf (text, "%s%s", i ? "|" : "", own);
  }
  return g_string_free (text, FALSE);
}

static void
check_chat (Player *player)
{
  static const char expected[] =
      "hello B \303\251\344\275\240 \"q\" \\ <x>|hello A|burst 0|burst 1|burst "
      "2"
      "|burst 3|burst 4|burst 5|burst 6|burst 7|burst 8|burst 9";
  g_autofree char *alices = describe_messages (&player->users[0], BOB);
  g_autofree char *bobs = describe_messages (&player->users[1], ALICE);

  g_assert_cmpstr (alices, ==, expected);
  g_assert_cmpstr (bobs, ==, expected);
  g_assert_nonnull (
      strstr (player->users[1].events->str, "conversations:change"));
}

static void
check_typing (Player *player)
{
  /* to each of them, once when it began and once when it ended */
  g_assert_cmpuint (
      count_events (&player->users[0], "isTypingList:change"), ==, 2);
  g_assert_cmpuint (
      count_events (&player->users[1], "isTypingList:change"), ==, 2);
}

static void
check_presence (Player *player)
{
  KandyPresence *alices = kandy_client_get_presence (player->users[0].client);
  KandyPresenceStatus *bobs = kandy_presence_get_self (
      kandy_client_get_presence (player->users[1].client));

  /* six that came, and one that was asked for */
  g_assert_cmpuint (count_events (&player->users[0], "presence:change"), ==, 7);
  g_assert_cmpuint (
      count_events (&player->users[0], "presence:unsubscribe"), ==, 1);
  g_assert_null (kandy_presence_get (alices, BOB));
  g_assert_cmpstr (kandy_presence_status_get_activity (bobs), ==, "Available");
  g_assert_null (kandy_presence_status_get_note (bobs));
}

static void
check_contacts (Player *player)
{
  g_assert_cmpstr (player->users[0].events->str, ==,
      "contacts:new contacts:change contacts:change contacts:change "
      "contacts:change contacts:change ");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (
                        kandy_client_get_contacts (player->users[0].client))),
      ==, 0);
}

typedef struct {
  const char *file;
  void (*check) (Player *player);
} Replay;

static const Replay replays[] = {
  { "chat.jsonl", check_chat },
  { "typing.jsonl", check_typing },
  { "presence.jsonl", check_presence },
  { "contacts.jsonl", check_contacts },
};

static void
read_entries (Player *player)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "fixtures", player->file, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GError *error = NULL;
  guint i;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (i = 0; lines[i]; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], &error);

    g_assert_no_error (error);
    g_ptr_array_add (player->entries, json_node_dup_object (node));
  }
}

static void
add_user (Player *player, User *user, const char *address,
    const char *correlator, guint port)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();

  g_object_set (config, "server-base", "127.0.0.1", "server-protocol", "http",
      "server-port", port, "client-correlator", correlator, "log-level", "WARN",
      NULL);
  user->address = address;
  user->events = g_string_new (NULL);
  user->client = kandy_client_new (config);
  g_signal_connect (user->client, "event", G_CALLBACK (on_event), user);
}

static void
user_clear (User *user)
{
  kandy_client_destroy (user->client);
  g_signal_handlers_disconnect_by_data (user->client, user);
  g_object_unref (user->client);
  g_clear_object (&user->socket);
  g_string_free (user->events, TRUE);
  g_free (user->id);
  g_free (user->token);
}

static void
test_replay (gconstpointer data)
{
  const Replay *replay = data;
  Player player = { .file = replay->file };
  g_autoptr (GError) error = NULL;
  GSList *uris;
  guint port, i;

  player.entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  player.seen = g_hash_table_new (NULL, NULL);
  read_entries (&player);
  player.server = soup_server_new (NULL, NULL);
  soup_server_add_handler (player.server, NULL, on_request, &player, NULL);
  for (i = 0; i < player.entries->len; i++)
    if (g_strcmp0 (get_string (player.entries->pdata[i], "kind"), "ws-open")
        == 0)
      soup_server_add_websocket_handler (player.server,
          get_string (player.entries->pdata[i], "path"), NULL, NULL,
          on_websocket, &player, NULL);
  soup_server_listen_local (
      player.server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (player.server);
  port = (guint) g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  add_user (&player, &player.users[0], ALICE, "oracle-A", port);
  add_user (&player, &player.users[1], BOB, "oracle-B", port);

  for (i = 0; i < player.entries->len; i++) {
    JsonObject *entry = player.entries->pdata[i];

    if (g_strcmp0 (get_string (entry, "kind"), "ws<") == 0) {
      notify (&player, entry);
    } else if (is_request (entry) && !is_seen (&player, entry)) {
      JsonNode *body = json_object_get_member (entry, "body");

      act (&player,
          find_sender (&player, get_string (entry, "path"),
              body && JSON_NODE_HOLDS_VALUE (body) ? json_node_get_string (body)
                                                   : NULL),
          entry);
    }
  }
  replay->check (&player);

  user_clear (&player.users[0]);
  user_clear (&player.users[1]);
  soup_server_disconnect (player.server);
  g_object_unref (player.server);
  g_hash_table_unref (player.seen);
  g_ptr_array_unref (player.entries);
}

int
main (int argc, char **argv)
{
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (replays); i++) {
    g_autofree char *path =
        g_strdup_printf ("/replay-client/%s", replays[i].file);

    g_test_add_data_func (path, &replays[i], test_replay);
  }
  return g_test_run ();
}
