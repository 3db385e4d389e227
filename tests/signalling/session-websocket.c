/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <string.h>

/* The websocket: protocol session 5 and the checks 10 to 13 of its section 10
 */

static KandyConnection *
connection (Session *session)
{
  return kandy_client_get_connection (session->client);
}

/* A session that is subscribed to `call`, its events forgotten */
static Session *
connected_session (const char *connectivity)
{
  g_autofree char *config =
      g_strdup_printf ("{\"connectivity\":{%s}}", connectivity);
  Session *session = session_new (config);
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_subscribe (session, "call", &error);
  g_assert_no_error (error);
  session_clear_events (session);
  kandy_loopback_reset_counts (session->loopback);
  return session;
}

static gint64
between (GArray *times, guint a, guint b)
{
  return (g_array_index (times, gint64, b) - g_array_index (times, gint64, a))
      / 1000;
}

/* The bound is wide above, for machines under load, and close below */
static void
assert_about (gint64 ms, gint64 expected)
{
  g_assert_cmpint (ms, >=, expected - 50);
  g_assert_cmpint (ms, <=, expected + 1500);
}

static guint
count_in_log (Session *session, const char *what)
{
  g_autofree char *log = kandy_loopback_dup_log (session->loopback);
  guint n = 0;
  char *p;

  for (p = strstr (log, what); p; p = strstr (p + 1, what))
    n++;
  return n;
}

static void
test_state (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GVariant) state = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autofree char *printed = NULL;
  gboolean flag;
  gint64 number;
  const char *text;

  g_assert_null (
      kandy_connection_get_socket_state (connection (session), NULL));
  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_null (
      kandy_connection_get_socket_state (connection (session), "link"));
  state = kandy_connection_get_socket_state (connection (session), "cpaas");
  g_assert_true (g_variant_lookup (state, "connected", "b", &flag) && flag);
  g_assert_true (g_variant_lookup (state, "pinging", "b", &flag));
  g_assert_true (g_variant_lookup (state, "pingInterval", "x", &number));
  g_assert_cmpint (number, ==, 30000);
  g_assert_true (g_variant_lookup (state, "reconnectLimit", "x", &number));
  g_assert_cmpint (number, ==, 5);
  g_assert_true (g_variant_lookup (state, "lastContact", "x", &number));
  g_assert_cmpint (ABS (number - g_get_real_time () / 1000), <, 60000);
  g_assert_true (g_variant_lookup (state, "platform", "&s", &text));
  g_assert_cmpstr (text, ==, "cpaas");
  info = g_variant_lookup_value (state, "wsInfo", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (info, "protocol", "&s", &text));
  g_assert_cmpstr (text, ==, "ws");
  printed = g_variant_print (state, FALSE);
  g_assert_null (strstr (printed, "eyJ"));

  g_assert_true (session_unsubscribe (session, "call", NULL));
  g_clear_pointer (&state, g_variant_unref);
  state = kandy_connection_get_socket_state (connection (session), NULL);
  g_assert_cmpuint (g_variant_n_children (state), ==, 2);
  g_assert_true (g_variant_lookup (state, "connected", "b", &flag) && !flag);
  session_free (session);
}

static void
test_muted_acks (void)
{
  Session *session = session_new ("{\"connectivity\":{\"pingInterval\":200}}");
  gint64 opened;

  session_sign_on (session);
  session_fault (session, "{\"set\":{\"muteAcks\":true}}");
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_cmpuint (session->socket_times->len, ==, 2);
  opened = g_array_index (session->socket_times, gint64, 1);
  kandy_loopback_reset_counts (session->loopback);
  WAIT (session->socket_times->len >= 3);
  session_fault (session, "{\"set\":{\"muteAcks\":false}}");
  assert_about (
      (g_array_index (session->socket_times, gint64, 2) - opened) / 1000, 600);
  WAIT (kandy_connection_is_connected (connection (session)));
  session_assert_events (session,
      "subscription:change ws:change- ws:change+ subscription:change "
      "ws:change- ws:change- ws:change+");
  /* the same channel, and nothing but its websocket: no request is a REST one
   */
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "*", "/"), ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "GET", "/websocket"),
      ==, 1);
  g_assert_cmpuint (
      kandy_loopback_count_channels (session->loopback, ALICE), ==, 1);
  g_assert_true (kandy_services_is_subscribed (
      kandy_client_get_services (session->client), "call"));
  session_free (session);
}

static void
test_answered_pings (void)
{
  Session *session = connected_session ("\"pingInterval\":50");

  WAIT (count_in_log (session, "connAck") >= 8);
  session_assert_events (session, "");
  g_assert_cmpuint (count_in_log (session, "\"interval\":0.05"), >, 0);
  session_free (session);
}

static void
test_keep_alive (void)
{
  Session *session = connected_session (
      "\"pingInterval\":50,\"method\":{\"type\":\"keepAlive\"}");

  session_fault (session, "{\"set\":{\"muteAcks\":true}}");
  WAIT (count_in_log (session, "message_type") >= 8);
  g_assert_cmpuint (count_in_log (session, "connCheck"), ==, 0);
  session_assert_events (session, "");
  session_free (session);
}

static void
test_checking_off (void)
{
  Session *session =
      connected_session ("\"pingInterval\":50,\"checkConnectivity\":false");
  guint n;

  SETTLE_MS (200);
  g_assert_cmpuint (count_in_log (session, "connCheck"), ==, 0);
  kandy_connection_enable_connectivity_checking (connection (session), TRUE);
  WAIT (count_in_log (session, "connCheck") >= 3);
  kandy_connection_enable_connectivity_checking (connection (session), FALSE);
  SETTLE_MS (120);
  n = count_in_log (session, "connCheck");
  SETTLE_MS (200);
  g_assert_cmpuint (count_in_log (session, "connCheck"), ==, n);
  session_free (session);
}

/* Who no longer looks misses nothing */
static void
test_checking_off_while_pinging (void)
{
  Session *session = connected_session (
      "\"pingInterval\":200,\"maxMissedPings\":1,\"checkConnectivity\":false");

  session_fault (session, "{\"set\":{\"muteAcks\":true}}");
  kandy_connection_enable_connectivity_checking (connection (session), TRUE);
  WAIT (count_in_log (session, "connCheck") >= 1);
  kandy_connection_enable_connectivity_checking (connection (session), FALSE);
  SETTLE_MS (400);
  session_assert_events (session, "");
  session_free (session);
}

static void
test_server_pings (void)
{
  Session *session =
      session_new ("{\"connectivity\":{\"maxMissedPings\":2,"
                   "\"method\":{\"responsibleParty\":\"server\"}}}");
  gint64 muted;

  session_fault (session, "{\"set\":{\"pingInterval\":200}}");
  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_clear_events (session);
  WAIT (count_in_log (session, "connAck") >= 3);
  session_assert_events (session, "");
  session_fault (session, "{\"set\":{\"mutePings\":true}}");
  /* not one is left without an answer */
  WAIT (count_in_log (session, "connAck")
      == count_in_log (session, "\"connCheck\":"));
  muted = g_get_monotonic_time ();
  /* without the interval of the pings it would be four minutes */
  WAIT (session->socket_times->len >= 1);
  g_assert_cmpint (g_get_monotonic_time () - muted, >, 150 * 1000);
  WAIT (g_str_has_prefix (
      session->events->str, "ws:change- ws:change- ws:change+"));
  session_free (session);
}

static void
test_reconnect_schedule (void)
{
  Session *session = connected_session (
      "\"reconnectLimit\":3,\"reconnectDelay\":2000,"
      "\"reconnectTimeMultiplier\":2,\"reconnectTimeLimit\":5000");
  g_autofree char *subscribed = NULL;

  session_fault (session, "{\"on\":\"upgrade\",\"status\":503}");
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  WAIT (strstr (session->events->str, "LOST_CONNECTION"));
  g_assert_cmpuint (session->attempts->len, ==, 3);
  assert_about (between (session->attempts, 0, 1), 2000);
  assert_about (between (session->attempts, 0, 2), 6000);
  session_assert_events (
      session, "ws:change- subscription:change{LOST_CONNECTION}");
  subscribed = session_get_subscribed (session);
  g_assert_cmpstr (subscribed, ==, "");

  /* and from scratch, the old channel having been given back */
  kandy_loopback_clear_faults (session->loopback);
  g_assert_true (session_subscribe (session, "call", NULL));
  WAIT (kandy_loopback_count_channels (session->loopback, ALICE) == 1);
  session_free (session);
}

static void
test_first_connect_fails (void)
{
  Session *session = session_new ("{\"connectivity\":{\"reconnectLimit\":1}}");
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_fault (session, "{\"on\":\"upgrade\",\"status\":403}");
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:1");
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 403);
  session_assert_events (session,
      "subscription:change ws:change- subscription:error(subscription:1)");
  /* the channel is not left behind */
  WAIT (kandy_loopback_count_channels (session->loopback, ALICE) == 0);
  kandy_loopback_clear_faults (session->loopback);
  g_assert_true (session_subscribe (session, "call", NULL));
  session_free (session);
}

static void
test_refused_then_open (void)
{
  Session *session =
      session_new ("{\"connectivity\":{\"reconnectDelay\":100}}");

  session_sign_on (session);
  session_fault (session, "{\"on\":\"upgrade\",\"status\":503,\"count\":1}");
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_cmpuint (session->attempts->len, ==, 2);
  session_free (session);
}

/* A server that takes the connection and says nothing */
static void
test_silent_upgrade (void)
{
  Session *session = session_new (
      "{\"connectivity\":{\"reconnectDelay\":100,\"reconnectLimit\":1}}");
  g_autoptr (GError) error = NULL;
  gint64 start;

  session_sign_on (session);
  session_fault (session, "{\"on\":\"upgrade\",\"hang\":true}");
  start = g_get_monotonic_time ();
  g_assert_false (session_subscribe (session, "call", &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "subscription:1");
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT);
  assert_about ((g_get_monotonic_time () - start) / 1000, 2000);
  kandy_loopback_clear_faults (session->loopback);
  session_free (session);
}

static void
test_close_normal (void)
{
  Session *session = connected_session ("");

  kandy_loopback_close_websockets (session->loopback, ALICE, 1000);
  WAIT (session->events->len && strstr (session->events->str, "LOST"));
  session_assert_events (
      session, "ws:change- subscription:change{LOST_CONNECTION}");
  /* at once, and not after attempts */
  g_assert_cmpuint (session->attempts->len, ==, 0);
  g_assert_false (session_is_pending (session));
  session_free (session);
}

static void
test_close_overridden (void)
{
  Session *session = connected_session ("");

  kandy_loopback_close_websockets (session->loopback, ALICE, 4001);
  WAIT (strstr (session->events->str, "WS_OVERRIDDEN"));
  session_assert_events (
      session, "ws:change- subscription:change{WS_OVERRIDDEN}");
  session_free (session);
}

static void
test_close_reconnects (gconstpointer data)
{
  Session *session = connected_session ("");
  g_autofree char *subscribed = NULL;

  kandy_loopback_close_websockets (
      session->loopback, ALICE, GPOINTER_TO_UINT (data));
  WAIT (strstr (session->events->str, "ws:change+"));
  session_assert_events (session, "ws:change- ws:change+");
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/"), ==, 0);
  subscribed = session_get_subscribed (session);
  g_assert_cmpstr (subscribed, ==, "call");
  session_free (session);
}

static void
test_no_auto_reconnect (void)
{
  Session *session = connected_session ("\"autoReconnect\":false");

  kandy_loopback_close_websockets (session->loopback, ALICE, 1011);
  WAIT (strstr (session->events->str, "LOST_CONNECTION"));
  session_assert_events (
      session, "ws:change- subscription:change{LOST_CONNECTION}");
  g_assert_cmpuint (session->attempts->len, ==, 0);
  session_free (session);
}

static void
test_reset (void)
{
  Session *session = connected_session ("");

  kandy_connection_reset_connection (connection (session));
  WAIT (strstr (session->events->str, "ws:change+"));
  session_assert_events (session, "ws:change- ws:change- ws:change+");
  g_assert_true (session_unsubscribe (session, "call", NULL));
  session_clear_events (session);
  kandy_connection_reset_connection (connection (session));
  SETTLE_MS (50);
  session_assert_events (session, "");
  session_free (session);
}

/* The platform no longer knows the channel */
static void
test_channel_gone (void)
{
  Session *session = connected_session ("");

  session_fault (session, "{\"on\":\"upgrade\",\"status\":404}");
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  WAIT (strstr (session->events->str, "GONE"));
  session_assert_events (session, "ws:change- subscription:change{GONE}");
  session_free (session);
}

/* The token of today, not the one that the session began with */
static void
test_fresh_token (void)
{
  Session *session = connected_session ("\"reconnectDelay\":100");

  session_sign_on (session);
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  WAIT (kandy_connection_is_connected (connection (session)));
  session_free (session);
}

/* Unsubscribing ends the attempts to reconnect */
static void
test_unsubscribe_while_away (void)
{
  Session *session = connected_session ("\"reconnectDelay\":300");

  session_fault (session, "{\"on\":\"upgrade\",\"status\":503}");
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  WAIT (strstr (session->log->str, " failed: "));
  g_assert_true (session_unsubscribe (session, "call", NULL));
  g_array_set_size (session->attempts, 0);
  SETTLE_MS (900);
  g_assert_cmpuint (session->attempts->len, ==, 0);
  session_free (session);
}

static void
test_frames (void)
{
  Session *session = connected_session ("");
  KandyLoopback *loopback = session->loopback;
  g_autofree char *deep = g_strnfill (100000, '[');
  guint i;
  static const char *const garbage[] = { "", "not json", "null", "[]", "7",
    "\"x\"", "{}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"id\":\"\"}}",
    "{\"a\":{\"id\":{}}}", "{\"a\":{\"id\":\"1\"}", "{\"connAck\":7}",
    "{\"connCheck\":[]}", "{\"connCheck\":{\"interval\":\"x\"}}",
    "{\"connCheck\":{\"interval\":-1e308}}", "{\"a\":{\"id\":\"\\u0000\"}}",
    "{\"a\":{\"id\":\"\\udc00\\ud800\"}}", "/*\"*/{\"a\":{\"id\":\"5\"}}",
    "{'a':{'id':'6'}}", "var a = {\"a\":{\"id\":\"7\"}};" };

  for (i = 0; i < G_N_ELEMENTS (garbage); i++)
    kandy_loopback_send_raw (loopback, ALICE, garbage[i]);
  kandy_loopback_send_raw (loopback, ALICE, deep);
  kandy_loopback_send_raw (
      loopback, ALICE, "{\"unknownNotification\":{\"id\":\"n1\"}}");
  WAIT (session->n_notifications > 0);
  g_assert_cmpuint (session->n_notifications, ==, 1);
  session_assert_events (session, "");
  g_assert_nonnull (strstr (session->log->str, "nested too deeply"));

  /* the same again */
  kandy_loopback_send_raw (
      loopback, ALICE, "{\"unknownNotification\":{\"id\":\"n1\"}}");
  kandy_loopback_send_raw (
      loopback, ALICE, "{\"unknownNotification\":{\"id\":\"n2\"}}");
  WAIT (session->n_notifications >= 2);
  g_assert_cmpuint (session->n_notifications, ==, 2);
  session_free (session);
}

/* The ids that are known are the latest ones, each once */
static void
test_repeated_ids (void)
{
  Session *session = session_new ("{\"notifications\":{\"idCacheLength\":3}}");
  const char *p;

  session_sign_on (session);
  g_assert_true (session_subscribe (session, "call", NULL));
  for (p = "aabcdefa"; *p; p++) {
    g_autofree char *frame = g_strdup_printf ("{\"x\":{\"id\":\"%c\"}}", *p);

    kandy_loopback_send_raw (session->loopback, ALICE, frame);
  }
  WAIT (session->n_notifications >= 7);
  SETTLE_MS (50);
  g_assert_cmpuint (session->n_notifications, ==, 7);
  session_free (session);
}

static char *
big_frame (const char *id, gsize size)
{
  g_autofree char *head =
      g_strdup_printf ("{\"a\":{\"id\":\"%s\",\"x\":\"", id);
  gsize n = size - strlen (head) - 3;
  g_autofree char *fill = g_strnfill (n, 'x');

  return g_strconcat (head, fill, "\"}}", NULL);
}

static void
test_frame_size (void)
{
  Session *session = connected_session ("\"reconnectDelay\":100");
  g_autofree char *fits = big_frame ("fits", 4 * 1024 * 1024);
  g_autofree char *too_big = big_frame ("too-big", 4 * 1024 * 1024 + 1);

  kandy_loopback_send_raw (session->loopback, ALICE, fits);
  WAIT (session->n_notifications == 1);
  session_assert_events (session, "");
  kandy_loopback_send_raw (session->loopback, ALICE, too_big);
  WAIT (strstr (session->events->str, "ws:change+"));
  g_assert_cmpuint (session->n_notifications, ==, 1);
  session_free (session);
}

/* What is queued while the websocket is away comes when it is back */
static void
test_queued_notifications (void)
{
  Session *session = connected_session ("");

  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  kandy_loopback_send_raw (
      session->loopback, ALICE, "{\"a\":{\"id\":\"while-away\"}}");
  WAIT (strstr (session->events->str, "ws:change+"));
  kandy_loopback_send_raw (
      session->loopback, ALICE, "{\"a\":{\"id\":\"after\"}}");
  WAIT (session->n_notifications >= 1);
  session_free (session);
}

static void
on_event_disconnect (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  if (!kandy_connection_is_connected (kandy_client_get_connection (client)))
    kandy_client_destroy (client);
}

static void
test_destroy_when_lost (void)
{
  Session *session = connected_session ("");

  g_signal_connect (session->client, "event::ws:change",
      G_CALLBACK (on_event_disconnect), NULL);
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  WAIT (session->events->len > 0);
  SETTLE_MS (200);
  session_assert_events (session, "ws:change-");
  session_free (session);
}

/* The application lets go of everything in the middle of an attempt */
static void
test_unref_while_connecting (void)
{
  Session *session = session_new (NULL);
  KandyServices *services = kandy_client_get_services (session->client);
  const char *names[] = { "call", NULL };

  session_sign_on (session);
  session_fault (session, "{\"on\":\"upgrade\",\"hang\":true}");
  kandy_services_subscribe_async (
      services, g_variant_new_strv (names, -1), NULL, NULL, NULL, NULL);
  WAIT (strstr (session->events->str, "ws:change-"));
  SETTLE_MS (50);
  kandy_loopback_clear_faults (session->loopback);
  session_free (session);
}

int
main (int argc, char **argv)
{
  static const guint codes[] = { 0, 1001, 1011, 4000 };
  guint i;

  /* which must not stand between us and an address of this machine */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/session/websocket/" name, func)
  ADD ("state", test_state);
  ADD ("muted-acks", test_muted_acks);
  ADD ("answered-pings", test_answered_pings);
  ADD ("keep-alive", test_keep_alive);
  ADD ("checking-off", test_checking_off);
  ADD ("checking-off-while-pinging", test_checking_off_while_pinging);
  ADD ("server-pings", test_server_pings);
  ADD ("reconnect-schedule", test_reconnect_schedule);
  ADD ("first-connect-fails", test_first_connect_fails);
  ADD ("refused-then-open", test_refused_then_open);
  ADD ("silent-upgrade", test_silent_upgrade);
  ADD ("close-normal", test_close_normal);
  ADD ("close-overridden", test_close_overridden);
  ADD ("no-auto-reconnect", test_no_auto_reconnect);
  ADD ("reset", test_reset);
  ADD ("channel-gone", test_channel_gone);
  ADD ("fresh-token", test_fresh_token);
  ADD ("unsubscribe-while-away", test_unsubscribe_while_away);
  ADD ("frames", test_frames);
  ADD ("repeated-ids", test_repeated_ids);
  ADD ("frame-size", test_frame_size);
  ADD ("queued-notifications", test_queued_notifications);
  ADD ("destroy-when-lost", test_destroy_when_lost);
  ADD ("unref-while-connecting", test_unref_while_connecting);
  for (i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autofree char *path =
        g_strdup_printf ("/session/websocket/close/%u", codes[i]);

    g_test_add_data_func (
        path, GUINT_TO_POINTER (codes[i]), test_close_reconnects);
  }
  return g_test_run ();
}
