/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <stdlib.h>
#include <string.h>

/* Subscriptions: protocol session 3, 4 and the checks 2 to 8 of its section 10
 */

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* @expected: sorted; the order is that of the platform's answers */
static void
check_subscribed (Session *session, const char *expected)
{
  g_autofree char *subscribed = session_get_subscribed (session);
  g_auto (GStrv) names = g_strsplit (subscribed, ",", -1);
  g_autofree char *sorted = NULL;

  qsort (names, g_strv_length (names), sizeof (char *), compare_names);
  sorted = g_strjoinv (",", names);
  g_assert_cmpstr (sorted, ==, expected);
}

static void
test_without_tokens (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_assert_false (session_is_pending (session));
  session_assert_events (session, "");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "*", "/"), ==, 0);
  session_free (session);
}

static void
test_four_services (void)
{
  Session *session = session_new (NULL);
  g_autofree char *log = NULL;
  g_autofree char *subscribed = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  char *callback = NULL;
  guint i, n = 0;

  session_sign_on (session);
  session_fault (session,
      "[{\"on\":\"request\",\"method\":\"POST\",\"path\":"
      "\"webrtcsignaling\",\"delay\":900},"
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":"
      "\"/chat/\",\"delay\":600},"
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":"
      "\"presenceListSubscriptions\",\"delay\":300}]");
  g_assert_true (
      session_subscribe (session, "call,chat,smsinbound,presence", &error));
  g_assert_no_error (error);
  session_assert_events (
      session, "subscription:change ws:change- ws:change+ subscription:change");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/channels"),
      ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_websockets (session->loopback, ALICE), ==, 1);
  g_assert_cmpuint (session->attempts->len, ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_subscriptions (session->loopback, ALICE), ==, 4);

  /* in the order of the answers, not in that of the names */
  subscribed = session_get_subscribed (session);
  g_assert_cmpstr (subscribed, ==, "smsinbound,presence,chat,call");

  log = kandy_loopback_dup_log (session->loopback);
  parts = g_strsplit (log, "\"notifyURL\":\"", -1);
  for (i = 1; parts[i]; i++) {
    *strchr (parts[i], '"') = '\0';
    if (callback)
      g_assert_cmpstr (parts[i], ==, callback);
    callback = parts[i];
    n++;
  }
  g_assert_cmpuint (n, >=, 4);
  /* which is the one that the platform gave to the channel */
  callback = g_strdup_printf ("\"callbackURL\":\"%s\"", callback);
  g_assert_nonnull (strstr (log, callback));
  g_free (callback);
  session_free (session);
}

static void
test_second_subscribe (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_clear_events (session);
  g_assert_true (session_subscribe (session, "chat", NULL));
  session_assert_events (session, "subscription:change subscription:change");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/channels"),
      ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_websockets (session->loopback, ALICE), ==, 1);
  g_assert_cmpuint (session->attempts->len, ==, 0);

  session_clear_events (session);
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "BAD_INPUT");
  session_assert_events (
      session, "subscription:change subscription:error(BAD_INPUT)");
  g_clear_error (&error);

  /* of a mixed list only what is valid is asked for */
  kandy_loopback_reset_counts (session->loopback);
  g_assert_true (
      session_subscribe (session, "call,nonsense,smsinbound", &error));
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "*", "/"), ==, 1);
  check_subscribed (session, "call,chat,smsinbound");

  g_assert_false (session_subscribe (session, "nonsense", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "BAD_INPUT");
  g_clear_error (&error);
  session_free (session);
}

static void
test_bad_input (void)
{
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;

  session_sign_on (session);
  kandy_services_subscribe_async (services, g_variant_new_string ("call"), NULL,
      NULL, store_result, &first);
  kandy_services_subscribe_async (services,
      g_variant_new_parsed ("[<{'service': <'call'>}>, <7>]"), NULL, NULL,
      store_result, &second);
  kandy_services_subscribe_async (services, g_variant_new_parsed ("['call']"),
      "push", NULL, store_result, &third);
  g_assert_false (
      kandy_services_subscribe_finish (services, wait_result (&first), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_false (kandy_services_subscribe_finish (
      services, wait_result (&second), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_false (
      kandy_services_subscribe_finish (services, wait_result (&third), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  g_assert_false (session_unsubscribe (session, "chat", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "BAD_INPUT");
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 0);
  session_free (session);
}

static void
test_descriptor (void)
{
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *log = NULL;

  session_sign_on (session);
  kandy_services_subscribe_async (services,
      g_variant_new_parsed (
          "[<'chat'>, <{'service': <'smsinbound'>, "
          "'params': <{'destinationAddress': <'+16135550100'>}>}>]"),
      NULL, NULL, store_result, &result);
  kandy_services_subscribe_finish (services, wait_result (&result), NULL);
  log = kandy_loopback_dup_log (session->loopback);
  g_assert_nonnull (strstr (log, "\"destinationAddress\":\"+16135550100\""));
  session_free (session);
}

static void
test_one_refused (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GVariant) dict = NULL;
  g_autofree const char **available = NULL;

  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/chat/\","
      "\"status\":500,\"body\":\"oops\"}");
  g_assert_true (session_subscribe (session, "call,chat", NULL));
  check_subscribed (session, "call");
  session_assert_events (session,
      "subscription:change ws:change- ws:change+ "
      "subscription:error(subscription:5) subscription:change");
  dict = kandy_services_get_subscriptions (
      kandy_client_get_services (session->client));
  g_assert_true (g_variant_lookup (dict, "available", "^a&s", &available));
  g_assert_true (g_strv_contains (available, "chat"));
  session_free (session);
}

static void
test_all_refused (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/subscriptions\","
      "\"status\":403}");
  g_assert_false (session_subscribe (session, "call,chat", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:5");
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 403);
  /* nothing is left behind */
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 0);
  g_assert_false (kandy_connection_is_connected (
      kandy_client_get_connection (session->client)));
  session_free (session);
}

static void
test_late_answer (void)
{
  Session *session = session_new ("{\"subscription\":{\"timeout\":0.3}}");

  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/chat/\","
      "\"delay\":900}");
  g_assert_true (session_subscribe (session, "call,chat", NULL));
  check_subscribed (session, "call");
  g_assert_nonnull (strstr (session->events->str,
      "ws:change+ subscription:error(subscription:5) "
      "subscription:change"));
  WAIT (kandy_services_is_subscribed (
      kandy_client_get_services (session->client), "chat"));
  check_subscribed (session, "call,chat");
  session_free (session);
}

/* Alone, too: the channel stays for as long as an answer may come */
static void
test_late_answer_alone (void)
{
  Session *session = session_new ("{\"subscription\":{\"timeout\":0.3}}");
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/chat/\","
      "\"delay\":900}");
  g_assert_false (session_subscribe (session, "chat", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT);
  WAIT (kandy_services_is_subscribed (
      kandy_client_get_services (session->client), "chat"));
  g_assert_true (session_unsubscribe (session, "chat", NULL));
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 0);
  session_free (session);
}

/* Asked for again meanwhile: of the two subscriptions one is kept */
static void
test_late_answer_after_repeat (void)
{
  Session *session = session_new ("{\"subscription\":{\"timeout\":0.3}}");

  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":"
      "\"/subscriptions\",\"delay\":1000,\"count\":1}");
  g_assert_false (session_subscribe (session, "chat", NULL));
  g_assert_true (session_subscribe (session, "chat", NULL));
  WAIT (kandy_loopback_count_requests (
            session->loopback, "DELETE", "/subscriptions")
      == 1);
  check_subscribed (session, "chat");
  WAIT (kandy_loopback_count_subscriptions (session->loopback, ALICE) == 1);
  g_assert_true (session_unsubscribe (session, "chat", NULL));
  check_subscribed (session, "");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "DELETE", "/channels"),
      ==, 1);
  session_free (session);
}

#define DELETE_CHANNEL                                                         \
  "\"method\":\"DELETE\",\"path\":\"/cpaas/notificationchannel/"

static void
test_unsubscribe (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *log = NULL;

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call,chat,presence", NULL));
  session_clear_events (session);
  g_assert_true (session_unsubscribe (session, "chat", NULL));
  session_assert_events (session, "subscription:change subscription:change");
  g_assert_cmpuint (
      kandy_loopback_count_websockets (session->loopback, ALICE), ==, 1);

  session_clear_events (session);
  kandy_loopback_reset_counts (session->loopback);
  g_assert_true (session_unsubscribe (session, "call,presence", &error));
  session_assert_events (
      session, "subscription:change ws:change- subscription:change");
  /* first the socket, then the channel */
  log = kandy_loopback_dup_log (session->loopback);
  g_assert_nonnull (strstr (log, "\"kind\":\"ws-close\""));
  g_assert_nonnull (strstr (log, DELETE_CHANNEL));
  g_assert_true (
      strstr (log, "\"kind\":\"ws-close\"") < strstr (log, DELETE_CHANNEL));
  check_subscribed (session, "");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "DELETE", "/channels"),
      ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 0);

  /* and from scratch */
  session_clear_events (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_assert_events (
      session, "subscription:change ws:change- ws:change+ subscription:change");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/channels"),
      ==, 1);
  session_free (session);
}

static void
test_unsubscribe_failures (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call,chat", NULL));
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"DELETE\",\"path\":\"/chat/\","
      "\"status\":500,\"count\":1}");
  g_assert_false (session_unsubscribe (session, "chat", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:6");
  check_subscribed (session, "call,chat");

  /* one that the platform does not know is as good as gone */
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"DELETE\",\"path\":\"/chat/\","
      "\"status\":404,\"count\":1}");
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"DELETE\",\"path\":\"/channels/\","
      "\"status\":500,\"count\":1}");
  g_assert_true (session_unsubscribe (session, "call,chat", NULL));
  check_subscribed (session, "");
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/channels"),
      ==, 2);
  session_free (session);
}

static void
test_queue (void)
{
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  const char *call[] = { "call", NULL }, *chat[] = { "chat", NULL };
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;

  session_sign_on (session);
  kandy_services_subscribe_async (services, g_variant_new_strv (call, -1), NULL,
      NULL, store_result, &first);
  kandy_services_subscribe_async (services, g_variant_new_strv (chat, -1), NULL,
      NULL, store_result, &second);
  kandy_services_unsubscribe_async (
      services, call, NULL, NULL, store_result, &third);
  g_assert_true (session_is_pending (session));
  WAIT (first != NULL);
  g_assert_true (session_is_pending (session));
  WAIT (third != NULL);
  g_assert_nonnull (second);
  g_assert_false (session_is_pending (session));
  check_subscribed (session, "chat");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/channels"),
      ==, 1);
  session_free (session);
}

static void
test_expired_token (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  guint status;

  session_sign_on (session);
  kandy_loopback_expire_tokens (session->loopback, ALICE);
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:2");
  session_assert_events (session,
      "subscription:change request:error(authentication:1) "
      "subscription:error(subscription:2)");

  /* each refusal tells of it, and comes before what it leads to */
  session_sign_on (session);
  g_assert_true (session_subscribe (session, "presence", NULL));
  session_clear_events (session);
  kandy_loopback_expire_tokens (session->loopback, ALICE);
  g_clear_error (&error);
  g_assert_false (session_subscribe (session, "call,chat", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:5");
  session_assert_events (session,
      "subscription:change request:error(authentication:1) "
      "request:error(authentication:1) subscription:error(subscription:5) "
      "subscription:error(subscription:5) subscription:change");
  check_subscribed (session, "presence");

  session_clear_events (session);
  kandy_client_fetch_async (session->client, NULL,
      "cpaas/notificationchannel/v1/x/channels", NULL, NULL, NULL, NULL,
      store_result, &result);
  body = kandy_client_fetch_finish (
      session->client, wait_result (&result), &status, NULL, NULL);
  g_assert_nonnull (body);
  g_assert_cmpuint (status, ==, 401);
  session_assert_events (session, "");
  g_clear_object (&result);
  session_free (session);
}

static void
test_other_user (void)
{
  Session *session = session_new (NULL);
  g_autofree char *id_token = make_id_token ("somebody", "some@body");
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_true (
      kandy_client_set_tokens (session->client, "token", id_token, NULL));
  g_assert_false (session_subscribe (session, "chat", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:5");
  session_free (session);
}

static void
test_channel_reply (gconstpointer body)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *escaped = g_strescape (body, NULL);
  g_autofree char *fault = g_strdup_printf (
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/channels\","
      "\"body\":\"%s\",\"count\":1}",
      escaped);

  session_sign_on (session);
  session_fault (session, fault);
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:2");
  session_assert_events (
      session, "subscription:change subscription:error(subscription:2)");
  /* the next one works */
  g_assert_true (session_subscribe (session, "call", NULL));
  session_free (session);
}

static void
test_subscription_reply (gconstpointer body)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *escaped = g_strescape (body, NULL);
  g_autofree char *fault = g_strdup_printf (
      "{\"on\":\"request\",\"path\":\"presence\",\"body\":\"%s\"}", escaped);
  g_autofree char *call_fault = g_strdup_printf (
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"webrtcsignaling\","
      "\"body\":\"%s\"}",
      escaped);

  session_sign_on (session);
  session_fault (session, fault);
  session_fault (session, call_fault);
  g_assert_true (session_subscribe (session, "call,presence,chat", &error));
  check_subscribed (session, "chat");
  g_assert_nonnull (strstr (session->events->str, "subscription:error"));
  session_free (session);
}

static void
test_cancelled_by_platform (void)
{
  Session *session = session_new (NULL);

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call,smsinbound", NULL));
  session_clear_events (session);
  kandy_loopback_cancel_subscriptions (session->loopback, ALICE, "smsinbound");
  WAIT (!kandy_services_is_subscribed (
      kandy_client_get_services (session->client), "smsinbound"));
  session_assert_events (session, "subscription:change{GONE}");
  check_subscribed (session, "call");
  session_free (session);
}

static void
test_lifetime (void)
{
  Session *session = session_new ("{\"subscription\":{\"channelLifetime\":2}}");

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_clear_events (session);
  WAIT (strstr (session->events->str, "subscription:resub subscription:resub"));
  g_assert_cmpuint (kandy_loopback_count_requests (
                        session->loopback, "PUT", "/channelLifetime"),
      >=, 2);
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 1);
  session_free (session);
}

static void
test_lifetime_other_form (void)
{
  Session *session = session_new ("{\"subscription\":{\"channelLifetime\":2}}");

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"PUT\",\"path\":\"/channelLifetime\","
      "\"status\":404}");
  session_clear_events (session);
  WAIT (strstr (session->events->str, "subscription:resub subscription:resub"));
  g_assert_null (strstr (session->events->str, "subscription:4"));
  session_free (session);
}

static void
test_lifetime_not_offered (void)
{
  Session *session = session_new ("{\"subscription\":{\"channelLifetime\":3}}");

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"PUT\",\"path\":\"/channels/\","
      "\"status\":404}");
  session_clear_events (session);
  WAIT (session->events->len);
  session_assert_events (session, "subscription:resub(subscription:4)");
  check_subscribed (session, "call");
  session_free (session);
}

static void
test_lifetime_over (void)
{
  Session *session = session_new ("{\"subscription\":{\"channelLifetime\":2}}");

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"PUT\",\"path\":\"/channelLifetime\","
      "\"status\":500}");
  session_clear_events (session);
  WAIT (strstr (session->events->str, "GONE"));
  /* As often as it has tried to connect in the meantime */
  while (g_string_replace (
      session->events, "ws:change- ws:change-", "ws:change-", 1))
    ;
  session_assert_events (session,
      "subscription:resub(subscription:4) ws:change- "
      "subscription:change{GONE}");
  check_subscribed (session, "");
  kandy_loopback_clear_faults (session->loopback);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_free (session);
}

static void
on_event_destroy (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  guint *countdown = user_data;

  g_assert_cmpuint (*countdown, >, 0);
  if (--*countdown == 0)
    kandy_client_destroy (client);
}

/* The n-th event of a session destroys the client */
static void
test_destroy_in_listener (gconstpointer data)
{
  guint countdown = GPOINTER_TO_UINT (data);
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const char *names[] = { "call", "chat", NULL };
  guint n_requests;

  session_sign_on (session);
  g_signal_connect (
      session->client, "event", G_CALLBACK (on_event_destroy), &countdown);
  kandy_services_subscribe_async (services, g_variant_new_strv (names, -1),
      NULL, NULL, store_result, &result);
  wait_result (&result);
  if (countdown == 0) {
    /* at the last event the operation was as good as done */
    if (!kandy_services_subscribe_finish (services, result, &error))
      g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  }
  g_assert_cmpuint (countdown, ==, 0);
  WAIT (kandy_loopback_count_websockets (session->loopback, NULL) == 0);
  SETTLE_MS (50);
  n_requests = kandy_loopback_count_requests (session->loopback, "*", "/");
  SETTLE_MS (150);
  g_assert_cmpuint (kandy_loopback_count_requests (session->loopback, "*", "/"),
      ==, n_requests);

  /* whatever comes now is refused */
  g_clear_error (&error);
  g_clear_object (&result);
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  session_free (session);
}

/* Likewise when the last service goes: the last event but one comes while the
 * websocket is being closed */
static void
test_destroy_while_leaving (gconstpointer data)
{
  guint countdown = GPOINTER_TO_UINT (data);
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const char *names[] = { "call", NULL };

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  g_signal_connect (
      session->client, "event", G_CALLBACK (on_event_destroy), &countdown);
  kandy_services_unsubscribe_async (
      services, names, NULL, NULL, store_result, &result);
  wait_result (&result);
  g_assert_cmpuint (countdown, ==, 0);
  if (!kandy_services_unsubscribe_finish (services, result, &error))
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  WAIT (kandy_loopback_count_websockets (session->loopback, NULL) == 0);
  session_free (session);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    const char *body;
  } channel_replies[] = {
    { "empty", "" },
    { "html", "<html><body>it works</body></html>" },
    { "half", "{\"notificationChannel\":{\"resourceURL\":\"/cpaas" },
    { "array", "[]" },
    { "null", "null" },
    { "nothing", "{}" },
    { "wrong-types", "{\"notificationChannel\":[7]}" },
    { "no-channel-url",
        "{\"notificationChannel\":{\"resourceURL\":\"/x/channels/1\","
        "\"callbackURL\":\"ws-1\",\"channelData\":\"\"}}" },
    { "no-callback",
        "{\"notificationChannel\":{\"resourceURL\":\"/x/channels/1\","
        "\"callbackURL\":7,\"channelData\":{\"channelURL\":\"/x\"}}}" },
    { "foreign-resource",
        "{\"notificationChannel\":{\"resourceURL\":"
        "\"http://192.0.2.1/x/channels/1\","
        "\"callbackURL\":\"w\",\"channelData\":{\"channelURL\":\"/x\"}}}" },
  };
  guint i;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/services/without-tokens", test_without_tokens);
  g_test_add_func ("/session/services/four", test_four_services);
  g_test_add_func ("/session/services/second", test_second_subscribe);
  g_test_add_func ("/session/services/bad-input", test_bad_input);
  g_test_add_func ("/session/services/descriptor", test_descriptor);
  g_test_add_func ("/session/services/one-refused", test_one_refused);
  g_test_add_func ("/session/services/all-refused", test_all_refused);
  g_test_add_func ("/session/services/late-answer", test_late_answer);
  g_test_add_func (
      "/session/services/late-answer-alone", test_late_answer_alone);
  g_test_add_func ("/session/services/late-answer-after-repeat",
      test_late_answer_after_repeat);
  g_test_add_func ("/session/services/unsubscribe", test_unsubscribe);
  g_test_add_func (
      "/session/services/unsubscribe-failures", test_unsubscribe_failures);
  g_test_add_func ("/session/services/queue", test_queue);
  g_test_add_func ("/session/services/expired-token", test_expired_token);
  g_test_add_func ("/session/services/other-user", test_other_user);
  g_test_add_func ("/session/services/cancelled", test_cancelled_by_platform);
  g_test_add_func ("/session/services/lifetime", test_lifetime);
  g_test_add_func (
      "/session/services/lifetime-other-form", test_lifetime_other_form);
  g_test_add_func (
      "/session/services/lifetime-not-offered", test_lifetime_not_offered);
  g_test_add_func ("/session/services/lifetime-over", test_lifetime_over);
  for (i = 0; i < G_N_ELEMENTS (channel_replies); i++) {
    g_autofree char *channel = g_strconcat (
        "/session/services/channel-reply/", channel_replies[i].name, NULL);
    g_autofree char *subscription = g_strconcat (
        "/session/services/subscription-reply/", channel_replies[i].name, NULL);

    g_test_add_data_func (channel, channel_replies[i].body, test_channel_reply);
    g_test_add_data_func (
        subscription, channel_replies[i].body, test_subscription_reply);
  }
  for (i = 1; i <= 4; i++) {
    g_autofree char *path =
        g_strdup_printf ("/session/services/destroy-in-listener/%u", i);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_destroy_in_listener);
  }
  for (i = 1; i <= 3; i++) {
    g_autofree char *path =
        g_strdup_printf ("/session/services/destroy-while-leaving/%u", i);

    g_test_add_data_func (
        path, GUINT_TO_POINTER (i), test_destroy_while_leaving);
  }
  return g_test_run ();
}
