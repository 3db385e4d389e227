/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "test-client.h"

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Returns after something has happened, or a while */
void
test_iterate (void)
{
  guint id = g_timeout_add (10, on_tick, NULL);

  g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
}

/* Only to see that something does not happen */
void
test_iterate_for (guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;

  while (g_get_monotonic_time () < end)
    test_iterate ();
}

TestClient *
test_client_new (KandyLoopback *loopback, const char *address)
{
  TestClient *client = g_new0 (TestClient, 1);
  g_autofree char *pem = kandy_loopback_get_certificate_pem (loopback);

  client->base = kandy_loopback_get_uri (loopback);
  client->address = g_strdup (address);
  client->session = soup_session_new_with_options (
      "max-conns-per-host", 20, "timeout", 10, NULL);
  if (pem) {
    g_autoptr (GTlsDatabase) database = NULL;
    int fd;

    client->ca_file =
        g_build_filename (g_get_tmp_dir (), "kandy-ca-XXXXXX", NULL);
    fd = g_mkstemp (client->ca_file);
    g_assert_cmpint (fd, >=, 0);
    g_close (fd, NULL);
    g_assert_true (g_file_set_contents (client->ca_file, pem, -1, NULL));
    database = g_tls_file_database_new (client->ca_file, NULL);
    g_assert_nonnull (database);
    soup_session_set_tls_database (client->session, database);
  }
  g_queue_init (&client->frames);
  return client;
}

static void
forget_socket (TestClient *client)
{
  if (!client->socket)
    return;
  g_signal_handlers_disconnect_by_data (client->socket, client);
  g_clear_object (&client->socket);
}

void
test_client_free (TestClient *client)
{
  forget_socket (client);
  soup_session_abort (client->session);
  g_object_unref (client->session);
  g_queue_clear_full (&client->frames, (GDestroyNotify) json_object_unref);
  if (client->ca_file)
    g_unlink (client->ca_file);
  g_free (client->ca_file);
  g_free (client->base);
  g_free (client->address);
  g_free (client->id);
  g_free (client->token);
  g_free (client->refresh_token);
  g_free (client->channel_path);
  g_free (client->callback);
  g_free (client);
}

void
test_reply_free (TestReply *reply)
{
  g_free (reply->text);
  g_clear_pointer (&reply->body, json_object_unref);
  g_object_unref (reply->message);
  g_free (reply);
}

static JsonObject *
parse (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_dup_object (node)
                                               : NULL;
}

static char *
get_text (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return length > 0 ? g_strndup (data, length) : g_strdup ("");
}

static TestReply *
send_message (TestClient *client, SoupMessage *message)
{
  TestReply *reply = g_new0 (TestReply, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      soup_session_send_and_read (client->session, message, NULL, &error);

  reply->message = g_object_ref (message);
  if (bytes) {
    reply->status = soup_message_get_status (message);
    reply->text = get_text (bytes);
    reply->body = parse (reply->text);
  } else {
    reply->text = g_strdup (error->message);
  }
  return reply;
}

char *
test_json (const char *quoted)
{
  return g_strdelimit (g_strdup (quoted), "'", '"');
}

static void
set_body (SoupMessage *message, const char *type, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  soup_message_set_request_body_from_bytes (message, type, bytes);
}

static SoupMessage *
new_message (TestClient *client, const char *method, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "%u", -1);
  g_autofree char *full = g_strjoinv (client->id ? client->id : "", parts);
  g_autofree char *uri = g_strconcat (client->base, full, NULL);
  SoupMessage *message = soup_message_new (method, uri);

  g_assert_nonnull (message);
  soup_message_headers_append (
      soup_message_get_request_headers (message), "Accept", "application/json");
  if (client->token) {
    g_autofree char *value = g_strconcat ("Bearer ", client->token, NULL);

    soup_message_headers_append (
        soup_message_get_request_headers (message), "Authorization", value);
  }
  return message;
}

TestReply *
test_client_send (
    TestClient *client, const char *method, const char *path, const char *body)
{
  g_autoptr (SoupMessage) message = new_message (client, method, path);

  if (body) {
    g_autofree char *json = test_json (body);

    set_body (message, "application/json", json);
  }
  return send_message (client, message);
}

TestReply *
test_client_post_form (TestClient *client, const char *form)
{
  g_autoptr (SoupMessage) message =
      new_message (client, "POST", "/cpaas/auth/v1/token");

  set_body (message, "application/x-www-form-urlencoded", form);
  return send_message (client, message);
}

guint
test_client_get_status (
    TestClient *client, const char *method, const char *path, const char *body)
{
  g_autoptr (TestReply) reply = test_client_send (client, method, path, body);

  return reply->status;
}

/* path: names with dots between them. Returns (nullable) a string. */
const char *
test_get_string (JsonObject *object, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, ".", -1);
  JsonNode *node = NULL;
  guint i;

  for (i = 0; names[i]; i++) {
    node = object ? json_object_get_member (object, names[i]) : NULL;
    object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node)
                                                   : NULL;
  }
  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node)
                                              : NULL;
}

static char *
decode_user_id (const char *id_token)
{
  g_auto (GStrv) parts = g_strsplit (id_token, ".", -1);
  g_autofree char *padded = NULL;
  g_autofree guchar *text = NULL;
  g_autofree char *json = NULL;
  g_autoptr (JsonObject) claims = NULL;
  gsize length;

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  padded = g_strconcat (parts[1], "===", NULL);
  padded[(strlen (parts[1]) + 3) / 4 * 4] = '\0';
  g_strdelimit (g_strdelimit (padded, "-", '+'), "_", '/');
  text = g_base64_decode (padded, &length);
  json = g_strndup ((char *) text, length);
  claims = parse (json);
  g_assert_nonnull (claims);
  return g_strdup (test_get_string (claims, "preferred_username"));
}

void
test_client_sign_on (TestClient *client, const char *password)
{
  g_autofree char *user = g_uri_escape_string (client->address, NULL, FALSE);
  g_autofree char *form =
      g_strdup_printf ("grant_type=password&client_id=loopback&"
                       "scope=openid&username=%s&password=%s",
          user, password);
  g_autoptr (TestReply) reply = test_client_post_form (client, form);

  g_assert_cmpuint (reply->status, ==, 200);
  g_free (client->token);
  client->token = g_strdup (test_get_string (reply->body, "access_token"));
  g_free (client->refresh_token);
  client->refresh_token =
      g_strdup (test_get_string (reply->body, "refresh_token"));
  g_free (client->id);
  client->id = decode_user_id (test_get_string (reply->body, "id_token"));
}

void
test_client_open_channel (TestClient *client, const char *role)
{
  g_autofree char *body =
      g_strdup_printf ("{'notificationChannel':{'channelLifetime':3600,"
                       "'channelType':'Websockets','clientCorrelator':'%p',"
                       "'x-connCheckRole':'%s'}}",
          (void *) client, role);
  g_autoptr (TestReply) reply = test_client_send (
      client, "POST", "/cpaas/notificationchannel/v1/%u/channels", body);

  g_assert_cmpuint (reply->status, ==, 201);
  g_free (client->channel_path);
  client->channel_path = g_strdup (
      test_get_string (reply->body, "notificationChannel.resourceURL"));
  g_free (client->callback);
  client->callback = g_strdup (
      test_get_string (reply->body, "notificationChannel.callbackURL"));
}

static void
on_message (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *bytes, TestClient *client)
{
  g_autofree char *text = get_text (bytes);
  JsonObject *frame = parse (text);

  if (!frame) {
    client->bad_frames++;
  } else if (json_object_has_member (frame, "connAck")) {
    client->acks++;
    json_object_unref (frame);
  } else {
    g_queue_push_tail (&client->frames, frame);
  }
}

static void
on_closed (SoupWebsocketConnection *socket, TestClient *client)
{
  client->closed = TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  gpointer *finished = data;
  g_autoptr (GError) error = NULL;

  finished[0] = soup_session_websocket_connect_finish (
      SOUP_SESSION (source), result, &error);
  finished[1] = GINT_TO_POINTER (TRUE);
}

/* Returns the status of the upgrade: 101 if it succeeded */
guint
test_client_connect (TestClient *client)
{
  g_autofree char *path = g_strdup_printf (
      "%s/websocket?access_token=%s", client->channel_path, client->token);
  g_autoptr (SoupMessage) message = new_message (client, "GET", path);
  gpointer finished[2] = { NULL, NULL };

  soup_message_headers_remove (
      soup_message_get_request_headers (message), "Authorization");
  soup_session_websocket_connect_async (client->session, message, NULL, NULL,
      G_PRIORITY_DEFAULT, NULL, on_connected, finished);
  test_wait_until (finished[1]);
  if (!finished[0])
    return soup_message_get_status (message);

  forget_socket (client);
  client->socket = finished[0];
  client->closed = FALSE;
  soup_websocket_connection_set_max_incoming_payload_size (
      client->socket, 4 * 1024 * 1024);
  g_signal_connect (client->socket, "message", G_CALLBACK (on_message), client);
  g_signal_connect (client->socket, "closed", G_CALLBACK (on_closed), client);
  return 101;
}

void
test_client_subscribe (TestClient *client)
{
  g_autofree char *body =
      g_strdup_printf ("{'wrtcsNotificationSubscription':{'callbackReference':"
                       "{'notifyURL':'%s'},'clientCorrelator':'%p'}}",
          client->callback, (void *) client);

  g_assert_cmpuint (test_client_get_status (client, "POST",
                        "/cpaas/webrtcsignaling/v1/%u/subscriptions", body),
      ==, 201);
}

TestClient *
test_client_online (KandyLoopback *loopback, const char *address)
{
  TestClient *client = test_client_new (loopback, address);
  g_autofree char *password = g_strndup (address, strcspn (address, "@"));

  test_client_sign_on (client, password);
  test_client_open_channel (client, "client");
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  test_client_subscribe (client);
  return client;
}

JsonObject *
test_client_next (TestClient *client, const char *type)
{
  g_autoptr (JsonObject) frame = NULL;
  g_autoptr (GList) names = NULL;

  test_wait_until (client->frames.length > 0);
  frame = g_queue_pop_head (&client->frames);
  names = json_object_get_members (frame);
  g_assert_nonnull (names);
  g_assert_cmpstr (names->data, ==, type);
  return json_object_ref (json_object_get_object_member (frame, type));
}

char *
test_get_session (JsonObject *notification)
{
  JsonArray *links = json_object_get_array_member (notification, "link");
  JsonObject *link;

  g_assert_nonnull (links);
  link = json_array_get_object_element (links, 0);
  g_assert_cmpstr (test_get_string (link, "rel"), ==, "WrtcsSession");
  return g_strdup (test_get_string (link, "href"));
}

void
test_fixture_set_up (TestFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "alice", "bob", "carol" };
  GError *error = NULL;
  guint i;

  fixture->loopback = kandy_loopback_new ();
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *address =
        g_strconcat (names[i], "@loopback.example", NULL);

    kandy_loopback_add_account (fixture->loopback, address, names[i], &error);
    g_assert_no_error (error);
  }
  kandy_loopback_start (fixture->loopback, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
}

void
test_fixture_tear_down (TestFixture *fixture, gconstpointer data)
{
  kandy_loopback_stop (fixture->loopback);
  g_assert_finalize_object (fixture->loopback);
}

void
test_set_fault (TestFixture *fixture, const char *quoted)
{
  g_autofree char *json = test_json (quoted);
  GError *error = NULL;

  kandy_loopback_set_fault (fixture->loopback, json, &error);
  g_assert_no_error (error);
}

void
test_assert_error (
    TestReply *reply, guint status, const char *kind, const char *message_id)
{
  g_autofree char *path = g_strdup_printf ("requestError.%s.messageId", kind);

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_cmpstr (test_get_string (reply->body, path), ==, message_id);
  g_assert_cmpstr (
      soup_message_headers_get_content_type (
          soup_message_get_response_headers (reply->message), NULL),
      ==, "application/json");
}
