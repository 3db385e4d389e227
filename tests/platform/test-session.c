/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "test-client.h"

/* Tokens, channels, websockets, subscriptions (protocol session 8) */

static void
assert_oauth_error (
    TestFixture *fixture, const char *form, guint status, const char *code)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  g_autoptr (TestReply) reply = test_client_post_form (client, form);

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_cmpstr (test_get_string (reply->body, "error"), ==, code);
}

static void
test_token_errors (TestFixture *fixture, gconstpointer data)
{
  assert_oauth_error (fixture,
      "grant_type=password&client_id=loopback&"
      "username=alice%40loopback.example&password=wrong",
      401, "invalid_grant");
  assert_oauth_error (fixture,
      "grant_type=password&client_id=loopback&"
      "username=nobody%40loopback.example&password=alice",
      401, "invalid_grant");
  assert_oauth_error (fixture,
      "grant_type=password&client_id=other&"
      "username=alice%40loopback.example&password=alice",
      401, "invalid_client");
  assert_oauth_error (fixture, "grant_type=password&client_id=loopback", 400,
      "invalid_request");
  assert_oauth_error (fixture, "grant_type=magic&client_id=loopback", 400,
      "unsupported_grant_type");
  assert_oauth_error (fixture, "", 400, "invalid_request");
  assert_oauth_error (fixture, "%%%=%zz&&&=", 400, "invalid_request");
  assert_oauth_error (fixture, "grant_type=refresh_token&client_id=loopback",
      400, "invalid_request");
  assert_oauth_error (fixture,
      "grant_type=refresh_token&client_id=loopback&refresh_token=a.b.c", 401,
      "invalid_grant");
  assert_oauth_error (fixture,
      "grant_type=client_credentials&client_id=loopback", 401,
      "unauthorized_client");
}

static void
test_token_refresh (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  g_autoptr (TestReply) refused = NULL;
  g_autoptr (TestReply) reply = NULL;
  g_autofree char *form = NULL;

  test_client_sign_on (client, "alice");
  g_assert_cmpuint (kandy_loopback_expire_tokens (
                        fixture->loopback, "alice@loopback.example"),
      ==, 1);
  refused = test_client_send (
      client, "GET", "/cpaas/notificationchannel/v1/%u/channels", NULL);
  test_assert_error (refused, 401, "policyException", "POL0001");

  form =
      g_strconcat ("grant_type=refresh_token&client_id=loopback&refresh_token=",
          client->refresh_token, NULL);
  reply = test_client_post_form (client, form);
  g_assert_cmpuint (reply->status, ==, 200);
  g_free (client->token);
  client->token = g_strdup (test_get_string (reply->body, "access_token"));
  g_assert_cmpuint (test_client_get_status (client, "GET",
                        "/cpaas/notificationchannel/v1/%u/channels", NULL),
      ==, 200);
}

static void
test_token_client_credentials (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "desk@loopback.example");
  g_autoptr (TestReply) reply = NULL;
  GError *error = NULL;

  kandy_loopback_add_client (fixture->loopback, "PRIV-desk", "s3cret", &error);
  g_assert_no_error (error);
  assert_oauth_error (fixture,
      "grant_type=client_credentials&client_id=PRIV-desk&client_secret=no", 401,
      "invalid_client");
  reply = test_client_post_form (client,
      "grant_type=client_credentials&client_id=PRIV-desk&"
      "client_secret=s3cret&scope=openid%20regular_call");
  g_assert_cmpuint (reply->status, ==, 200);
  g_assert_cmpstr (
      test_get_string (reply->body, "scope"), ==, "openid regular_call");
  client->token = g_strdup (test_get_string (reply->body, "access_token"));
  client->id = kandy_loopback_dup_user_id (
      fixture->loopback, "priv-desk@loopback.example");
  g_assert_nonnull (client->id);
  test_client_open_channel (client, "client");
}

/* A token of zero seconds is born expired; a forged one never was */
static void
test_token_lifetime (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  const char *path = "/cpaas/notificationchannel/v1/%u/channels";
  gsize length;

  test_set_fault (fixture, "{'set':{'tokenLifetime':0}}");
  test_client_sign_on (client, "alice");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 401);
  kandy_loopback_clear_faults (fixture->loopback);
  test_client_sign_on (client, "alice");
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 200);
  length = strlen (client->token);
  client->token[length - 10] ^= 1;
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 401);
  g_clear_pointer (&client->token, g_free);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 401);
  /* A refresh token is no access token */
  client->token = g_strdup (client->refresh_token);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 401);
}

static void
test_other_user (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autoptr (TestClient) bob =
      test_client_online (fixture->loopback, "bob@loopback.example");
  g_autoptr (TestReply) reply = NULL;

  g_free (alice->token);
  alice->token = g_strdup (bob->token);
  reply = test_client_send (
      alice, "GET", "/cpaas/notificationchannel/v1/%u/channels", NULL);
  test_assert_error (reply, 403, "policyException", "POL0002");
  g_assert_cmpuint (test_client_connect (alice), ==, 403);
  g_free (alice->token);
  alice->token = g_strdup ("not.a.token");
  g_assert_cmpuint (test_client_connect (alice), ==, 401);
}

static void
assert_channel_refused (TestClient *client, const char *body)
{
  g_autoptr (TestReply) reply = test_client_send (
      client, "POST", "/cpaas/notificationchannel/v1/%u/channels", body);

  test_assert_error (reply, 400, "serviceException", "SVC0002");
}

static void
test_channel (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  g_autoptr (TestReply) reply = NULL;
  g_autofree char *lifetime = NULL;
  const char *url;

  test_client_sign_on (client, "alice");
  assert_channel_refused (client, NULL);
  assert_channel_refused (client, "{");
  assert_channel_refused (client, "[]");
  assert_channel_refused (client, "{}");
  assert_channel_refused (client, "{'notificationChannel':7}");
  assert_channel_refused (client, "{'notificationChannel':{}}");
  assert_channel_refused (
      client, "{'notificationChannel':{'channelType':'webhooks'}}");
  assert_channel_refused (client,
      "{'notificationChannel':{'channelType':'Websockets',"
      "'channelLifetime':-1}}");
  assert_channel_refused (client,
      "{'notificationChannel':{'channelType':'Websockets',"
      "'channelLifetime':1e300}}");
  assert_channel_refused (client,
      "{'notificationChannel':{'channelType':'Websockets',"
      "'x-connCheckRole':'both'}}");

  /* Neither lifetime nor role nor correlator is needed */
  reply = test_client_send (client, "POST",
      "/cpaas/notificationchannel/v1/%u/channels",
      "{'notificationChannel':{'channelType':'Websockets'}}");
  g_assert_cmpuint (reply->status, ==, 201);
  g_assert_cmpstr (
      test_get_string (reply->body, "notificationChannel.channelType"), ==,
      "websockets");
  url = test_get_string (reply->body, "notificationChannel.resourceURL");
  g_assert_true (g_str_has_prefix (url, "/cpaas/notificationchannel/v1/"));
  g_assert_nonnull (
      test_get_string (reply->body, "notificationChannel.callbackURL"));
  g_assert_nonnull (test_get_string (
      reply->body, "notificationChannel.channelData.channelURL"));

  lifetime = g_strconcat (url, "/channelLifetime", NULL);
  g_assert_cmpuint (test_client_get_status (client, "PUT", lifetime,
                        "{'notificationChannelLifetime':"
                        "{'channelLifetime':7200}}"),
      ==, 200);
  g_assert_cmpuint (test_client_get_status (client, "PUT", url,
                        "{'notificationChannelLifetime':"
                        "{'channelLifetime':7200}}"),
      ==, 200);
  g_assert_cmpuint (test_client_get_status (client, "PUT", lifetime,
                        "{'notificationChannelLifetime':"
                        "{'channelLifetime':0}}"),
      ==, 400);
  g_assert_cmpuint (test_client_get_status (client, "GET", url, NULL), ==, 200);
  g_assert_cmpuint (
      test_client_get_status (client, "PATCH", url, NULL), ==, 405);
  g_assert_cmpuint (
      test_client_get_status (client, "DELETE", url, NULL), ==, 204);
  g_assert_cmpuint (
      test_client_get_status (client, "DELETE", url, NULL), ==, 404);
  g_assert_cmpuint (test_client_get_status (client, "GET", url, NULL), ==, 404);
}

/* Crashed clients do not fill the platform with channels */
static void
test_channel_limit (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autofree char *first = g_strdup (client->channel_path);
  guint i;

  for (i = 0; i < 100; i++)
    test_client_open_channel (client, "client");
  g_assert_cmpuint (
      kandy_loopback_count_channels (fixture->loopback, NULL), ==, 64);
  /* The one in use is still there */
  g_assert_cmpuint (
      test_client_get_status (client, "GET", first, NULL), ==, 200);
}

static void
test_websocket (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autofree char *path = NULL;

  soup_websocket_connection_send_text (
      client->socket, "{\"connCheck\":{\"interval\":30}}");
  test_wait_until (client->acks == 1);

  /* Nothing of this brings it down, or is answered */
  soup_websocket_connection_send_text (client->socket, "");
  soup_websocket_connection_send_text (client->socket, "{");
  soup_websocket_connection_send_text (client->socket, "null");
  soup_websocket_connection_send_text (
      client->socket, "{\"message_type\":\"ping\"}");
  soup_websocket_connection_send_binary (client->socket, "\0\1\2", 3);
  test_set_fault (fixture, "{'set':{'muteAcks':true}}");
  soup_websocket_connection_send_text (
      client->socket, "{\"connCheck\":{\"interval\":30}}");
  kandy_loopback_send_raw (
      fixture->loopback, "alice@loopback.example", "{\"marker\":{}}");
  g_object_unref (g_object_ref (client->socket));
  json_object_unref (test_client_next (client, "marker"));
  g_assert_cmpuint (client->acks, ==, 1);

  /* Deleting the channel says goodbye properly */
  g_assert_cmpuint (
      test_client_get_status (client, "DELETE", client->channel_path, NULL), ==,
      204);
  test_wait_until (client->closed);
  g_assert_cmpuint (
      soup_websocket_connection_get_close_code (client->socket), ==, 1000);
  g_assert_cmpuint (test_client_connect (client), ==, 404);
  /* A plain GET is no upgrade */
  path = g_strconcat (client->channel_path, "/websocket", NULL);
  g_assert_cmpuint (
      test_client_get_status (client, "GET", path, NULL), ==, 404);
}

static void
test_websocket_replaced (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autoptr (SoupWebsocketConnection) first = g_object_ref (client->socket);

  g_assert_cmpuint (test_client_connect (client), ==, 101);
  test_wait_until (soup_websocket_connection_get_state (first)
      == SOUP_WEBSOCKET_STATE_CLOSED);
  g_assert_cmpuint (soup_websocket_connection_get_close_code (first), ==, 4001);
  g_assert_cmpuint (
      kandy_loopback_count_websockets (fixture->loopback, NULL), ==, 1);
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"marker\":{}}");
  json_object_unref (test_client_next (client, "marker"));
}

static void
test_websocket_closed (TestFixture *fixture, gconstpointer data)
{
  static const guint codes[] = { 1000, 1011, 4000, 0 };
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_assert_cmpuint (kandy_loopback_close_websockets (fixture->loopback,
                          "alice@loopback.example", codes[i]),
        ==, 1);
    g_assert_cmpuint (
        kandy_loopback_count_websockets (fixture->loopback, NULL), ==, 0);
    test_wait_until (client->closed);
    g_assert_cmpuint (soup_websocket_connection_get_close_code (client->socket),
        ==, codes[i]);
    /* What comes meanwhile is kept */
    kandy_loopback_send_raw (fixture->loopback, NULL, "{\"first\":{}}");
    kandy_loopback_send_raw (fixture->loopback, NULL, "{\"second\":{}}");
    g_assert_cmpuint (test_client_connect (client), ==, 101);
    json_object_unref (test_client_next (client, "first"));
    json_object_unref (test_client_next (client, "second"));
  }
}

static void
test_queue_limit (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");

  test_set_fault (fixture, "{'set':{'queueLength':2}}");
  kandy_loopback_close_websockets (fixture->loopback, NULL, 1001);
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"first\":{}}");
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"second\":{}}");
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"third\":{}}");
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  json_object_unref (test_client_next (client, "second"));
  json_object_unref (test_client_next (client, "third"));

  test_set_fault (fixture, "{'set':{'queueWhileAway':false}}");
  kandy_loopback_close_websockets (fixture->loopback, NULL, 1001);
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"lost\":{}}");
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  kandy_loopback_send_raw (fixture->loopback, NULL, "{\"marker\":{}}");
  json_object_unref (test_client_next (client, "marker"));
}

static void
test_server_pings (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  guint i;

  test_set_fault (fixture, "{'set':{'pingInterval':50,'maxMissedPings':3}}");
  test_client_sign_on (client, "alice");
  test_client_open_channel (client, "server");
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  for (i = 0; i < 6; i++) {
    g_autoptr (JsonObject) check = test_client_next (client, "connCheck");

    g_assert_cmpfloat (
        json_object_get_double_member (check, "interval"), ==, 0.05);
    soup_websocket_connection_send_text (client->socket, "{\"connAck\":{}}");
  }
  g_assert_false (client->closed);

  /* Silence is noticed */
  test_wait_until (client->closed);
  g_assert_cmpuint (
      soup_websocket_connection_get_close_code (client->socket), ==, 4003);
}

static void
test_channel_expires (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autofree char *path =
      g_strconcat (client->channel_path, "/channelLifetime", NULL);

  g_assert_cmpuint (
      kandy_loopback_expire_channels (fixture->loopback, NULL), ==, 1);
  test_wait_until (client->closed);
  g_assert_cmpuint (
      soup_websocket_connection_get_close_code (client->socket), ==, 4002);
  g_assert_cmpuint (
      kandy_loopback_count_subscriptions (fixture->loopback, NULL), ==, 0);
  g_assert_cmpuint (test_client_get_status (client, "PUT", path,
                        "{'notificationChannelLifetime':"
                        "{'channelLifetime':7200}}"),
      ==, 404);

  /* By itself, after its lifetime */
  test_client_open_channel (client, "client");
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  g_assert_cmpuint (test_client_get_status (client, "PUT", client->channel_path,
                        "{'notificationChannelLifetime':"
                        "{'channelLifetime':1}}"),
      ==, 200);
  test_wait_until (client->closed);
  g_assert_cmpuint (
      soup_websocket_connection_get_close_code (client->socket), ==, 4002);
}

static void
test_upgrade_faults (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");

  test_client_sign_on (client, "alice");
  test_client_open_channel (client, "client");
  test_set_fault (fixture, "{'on':'upgrade','status':503,'count':2}");
  test_set_fault (fixture, "{'on':'upgrade','delay':20,'count':1}");
  test_set_fault (fixture, "{'on':'upgrade','drop':true,'count':1}");
  g_assert_cmpuint (test_client_connect (client), ==, 503);
  g_assert_cmpuint (test_client_connect (client), ==, 503);
  g_assert_cmpuint (test_client_connect (client), ==, 101);
  g_assert_cmpuint (test_client_connect (client), !=, 101);
  g_assert_cmpuint (test_client_connect (client), ==, 101);
}

typedef struct {
  const char *path;
  const char *wrapper;
} Service;

static void
test_subscriptions (TestFixture *fixture, gconstpointer data)
{
  static const Service services[] = {
    { "/cpaas/webrtcsignaling/v1/%u/subscriptions",
        "wrtcsNotificationSubscription" },
    { "/cpaas/chat/v1/%u/subscriptions", "chatNotificationSubscription" },
    { "/cpaas/smsmessaging/v1/%u/inbound/subscriptions", "subscription" },
  };
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  guint i;

  test_client_sign_on (client, "alice");
  test_client_open_channel (client, "client");
  for (i = 0; i < G_N_ELEMENTS (services); i++) {
    g_autofree char *bad =
        g_strdup_printf ("{'%s':{'callbackReference':{'notifyURL':'ws-none'}}}",
            services[i].wrapper);
    g_autofree char *good =
        g_strdup_printf ("{'%s':{'callbackReference':{'notifyURL':'%s'},"
                         "'clientCorrelator':'x'}}",
            services[i].wrapper, client->callback);
    g_autofree char *member =
        g_strconcat (services[i].wrapper, ".resourceURL", NULL);
    g_autoptr (TestReply) refused =
        test_client_send (client, "POST", services[i].path, bad);
    g_autoptr (TestReply) reply =
        test_client_send (client, "POST", services[i].path, good);
    const char *url = test_get_string (reply->body, member);

    test_assert_error (refused, 400, "serviceException", "SVC0002");
    g_assert_cmpuint (reply->status, ==, 201);
    g_assert_nonnull (url);
    g_assert_cmpuint (
        test_client_get_status (client, "GET", services[i].path, NULL), ==,
        200);
    g_assert_cmpuint (
        test_client_get_status (client, "GET", url, NULL), ==, 200);
    g_assert_cmpuint (
        test_client_get_status (client, "DELETE", url, NULL), ==, 204);
    g_assert_cmpuint (
        test_client_get_status (client, "DELETE", url, NULL), ==, 404);
  }
}

static void
test_presence_subscription (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  g_autoptr (TestReply) list = NULL;
  g_autoptr (TestReply) made = NULL;
  g_autoptr (TestReply) reply = NULL;
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;
  const char *url;

  test_client_sign_on (client, "alice");
  test_client_open_channel (client, "client");
  list = test_client_send (
      client, "GET", "/cpaas/presence/v1/%u/presenceLists", NULL);
  g_assert_cmpuint (list->status, ==, 200);
  g_assert_cmpuint (
      json_array_get_length (json_object_get_array_member (
          json_object_get_object_member (list->body, "presenceListCollection"),
          "presenceList")),
      ==, 0);
  made =
      test_client_send (client, "POST", "/cpaas/presence/v1/%u/presenceLists",
          "{'presenceList':{'x-listName':'myList','presenceContact':[]}}");
  g_assert_cmpuint (made->status, ==, 201);
  url = test_get_string (made->body, "presenceList.resourceURL");
  path = g_strconcat ("/cpaas/presence/v1/%u/subscriptions/"
                      "presenceListSubscriptions",
      strrchr (url, '/'), NULL);
  body = g_strdup_printf (
      "{'presenceListSubscription':{'callbackReference':{'notifyURL':'%s'},"
      "'clientCorrelator':'x','duration':86400}}",
      client->callback);
  reply = test_client_send (client, "POST", path, body);
  g_assert_cmpuint (reply->status, ==, 201);
  g_assert_cmpstr (
      test_get_string (reply->body, "presenceListSubscription.presenceListId"),
      ==, strrchr (url, '/') + 1);
  url = test_get_string (reply->body, "presenceListSubscription.resourceURL");
  g_assert_cmpuint (
      test_client_get_status (client, "DELETE", url, NULL), ==, 204);
  g_assert_cmpuint (test_client_get_status (client, "POST",
                        "/cpaas/presence/v1/%u/subscriptions/"
                        "presenceListSubscriptions/none",
                        body),
      ==, 404);
}

static void
test_sms_number (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  g_autofree char *body = NULL;

  test_client_sign_on (client, "alice");
  test_client_open_channel (client, "client");
  body = g_strdup_printf (
      "{'subscription':{'callbackReference':{'notifyURL':'%s'},"
      "'destinationAddress':'+16135550199'}}",
      client->callback);
  g_assert_cmpuint (
      test_client_get_status (client, "POST",
          "/cpaas/smsmessaging/v1/%u/inbound/subscriptions", body),
      ==, 403);
}

static void
test_cancelled_subscription (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_online (fixture->loopback, "alice@loopback.example");
  g_autoptr (JsonObject) notice = NULL;
  JsonObject *link;

  g_assert_cmpuint (
      kandy_loopback_cancel_subscriptions (fixture->loopback, NULL, "call"), ==,
      1);
  notice = test_client_next (
      client, "wrtcsNotificationSubscriptionCancellationNotification");
  link = json_array_get_object_element (
      json_object_get_array_member (notice, "link"), 0);
  g_assert_cmpstr (test_get_string (link, "rel"), ==, "Subscription");
  g_assert_cmpuint (test_client_get_status (
                        client, "DELETE", test_get_string (link, "href"), NULL),
      ==, 404);
}

static void
test_turn (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) client =
      test_client_new (fixture->loopback, "alice@loopback.example");
  const char *path = "/cpaas/webrtcsignaling/v1/%u/turn";
  const char *body = "{'wrtcsTurnCredentials':{'clientCorrelator':'x'}}";
  g_autoptr (TestReply) shared = NULL;
  g_autoptr (TestReply) fixed = NULL;
  g_autoptr (TestReply) refused = NULL;
  g_autofree char *sum = NULL;
  g_autofree guchar *password = NULL;
  GString *hex = g_string_new (NULL);
  const char *username;
  gsize length, i;

  test_client_sign_on (client, "alice");
  test_set_fault (fixture, "{'set':{'turnSecret':'north','turnLifetime':60}}");
  shared = test_client_send (client, "POST", path, body);
  g_assert_cmpuint (shared->status, ==, 200);
  username = test_get_string (shared->body, "wrtcsTurnCredentials.username");
  g_assert_true (g_str_has_suffix (username, ":alice"));
  g_assert_cmpint (g_ascii_strtoll (username, NULL, 10), >,
      g_get_real_time () / G_USEC_PER_SEC);
  password = g_base64_decode (
      test_get_string (shared->body, "wrtcsTurnCredentials.password"), &length);
  for (i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", password[i]);
  sum = g_compute_hmac_for_string (
      G_CHECKSUM_SHA1, (const guchar *) "north", 5, username, -1);
  g_assert_cmpstr (hex->str, ==, sum);
  g_string_free (hex, TRUE);

  test_set_fault (
      fixture, "{'set':{'turnUsername':'carl','turnPassword':'gauss'}}");
  fixed = test_client_send (client, "POST", path, body);
  g_assert_cmpstr (
      test_get_string (fixed->body, "wrtcsTurnCredentials.password"), ==,
      "gauss");
  test_set_fault (fixture, "{'set':{'turn':false}}");
  refused = test_client_send (client, "POST", path, body);
  test_assert_error (refused, 500, "serviceException", "SVC0001");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST_ADD ("/loopback/session/token/errors", test_token_errors);
  TEST_ADD ("/loopback/session/token/refresh", test_token_refresh);
  TEST_ADD ("/loopback/session/token/client-credentials",
      test_token_client_credentials);
  TEST_ADD ("/loopback/session/token/lifetime", test_token_lifetime);
  TEST_ADD ("/loopback/session/other-user", test_other_user);
  TEST_ADD ("/loopback/session/channel/life", test_channel);
  TEST_ADD ("/loopback/session/channel/limit", test_channel_limit);
  TEST_ADD ("/loopback/session/channel/expires", test_channel_expires);
  TEST_ADD ("/loopback/session/websocket/frames", test_websocket);
  TEST_ADD ("/loopback/session/websocket/replaced", test_websocket_replaced);
  TEST_ADD ("/loopback/session/websocket/closed", test_websocket_closed);
  TEST_ADD ("/loopback/session/websocket/queue-limit", test_queue_limit);
  TEST_ADD ("/loopback/session/websocket/server-pings", test_server_pings);
  TEST_ADD ("/loopback/session/websocket/upgrade-faults", test_upgrade_faults);
  TEST_ADD ("/loopback/session/subscriptions/services", test_subscriptions);
  TEST_ADD (
      "/loopback/session/subscriptions/presence", test_presence_subscription);
  TEST_ADD ("/loopback/session/subscriptions/sms-number", test_sms_number);
  TEST_ADD (
      "/loopback/session/subscriptions/cancelled", test_cancelled_subscription);
  TEST_ADD ("/loopback/session/turn", test_turn);
  return g_test_run ();
}
