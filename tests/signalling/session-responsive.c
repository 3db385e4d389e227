/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "main-time.h"
#include "session-fixture.h"

#include <string.h>
#include <unistd.h>

#include "kandy-client-private.h"
#include "kandy-notifications-private.h"

/* The main context has other work than a client: what connections over TLS and
 * long frames take of its time, and what happens while it does not run */

#define N_REQUESTS 20
#define MIB (1024 * 1024)

#define RUN_UNTIL(condition)                                                   \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 deadline_ = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;          \
    guint tick_ = g_timeout_add (5, (GSourceFunc) g_true_, NULL);              \
    while (!(condition) && g_get_monotonic_time () < deadline_)                \
      main_time_iterate (TRUE);                                                \
    g_source_remove (tick_);                                                   \
    g_assert_true (condition);                                                 \
  }                                                                            \
  G_STMT_END

static void
count_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *n = user_data;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  guint status;

  body = kandy_client_fetch_finish (
      KANDY_CLIENT (source), result, &status, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, !=, 0);
  ++*n;
}

static Session *
start (const char *directory)
{
  Session *session =
      session_new ("{\"connectivity\":{\"reconnectDelay\":100}}");
  g_autofree char *file = g_build_filename (directory, "ca.pem", NULL);
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;

  if (directory) {
    kandy_loopback_use_self_signed (session->loopback, &error);
    g_assert_no_error (error);
    pem = kandy_loopback_get_certificate_pem (session->loopback);
    g_file_set_contents (file, pem, -1, &error);
    g_assert_no_error (error);
    g_object_set (
        session->config, "server-protocol", "https", "ca-file", file, NULL);
  }
  kandy_logger_set_level (
      kandy_client_get_logger (session->client), KANDY_LOG_LEVEL_WARN, NULL);
  main_time_forget ();
  return session;
}

static void
sign_on (Session *session)
{
  static const char *const services[] = { "call", "chat", "presence", NULL };
  KandyServices *object = kandy_client_get_services (session->client);
  g_autoptr (GAsyncResult) signed_on = NULL;
  g_autoptr (GAsyncResult) subscribed = NULL;
  g_autoptr (GError) error = NULL;
  gint64 before = main_time_get_cpu ();

  kandy_client_sign_on_password_async (session->client, "loopback", ALICE,
      "wonderland", NULL, store_result, &signed_on);
  main_time_measure (before);
  RUN_UNTIL (signed_on);
  kandy_client_sign_on_finish (session->client, signed_on, &error);
  g_assert_no_error (error);
  main_time_note ("sign on");

  before = main_time_get_cpu ();
  kandy_services_subscribe_async (object, g_variant_new_strv (services, -1),
      NULL, NULL, store_result, &subscribed);
  main_time_measure (before);
  RUN_UNTIL (subscribed);
  kandy_services_subscribe_finish (object, subscribed, &error);
  g_assert_no_error (error);
  main_time_note ("subscribe");
}

static void
test_tls (void)
{
  g_autofree char *directory = g_dir_make_tmp ("kandy-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (directory, "ca.pem", NULL);
  Session *session = start (directory);
  gint64 before;
  guint i, n = 0;

  sign_on (session);
  before = main_time_get_cpu ();
  for (i = 0; i < N_REQUESTS; i++)
    kandy_client_fetch_async (session->client, "GET", "/cpaas/x", NULL, NULL,
        NULL, NULL, count_reply, &n);
  main_time_measure (before);
  RUN_UNTIL (n == N_REQUESTS);
  main_time_note ("requests at once");

  session_clear_events (session);
  kandy_loopback_close_websockets (session->loopback, ALICE, 0);
  RUN_UNTIL (strstr (session->events->str, "ws:change+"));
  main_time_note ("another websocket");
  session_free (session);
  unlink (file);
  rmdir (directory);
}

/* About as many bytes: a long text, or many short things */
static char *
make_frame (guint id, gsize size, gboolean one_text)
{
  g_autoptr (GString) frame = g_string_new (NULL);

  g_string_append_printf (frame, "{\"a\":{\"id\":\"%u\",\"list\":[\"", id);
  while (frame->len < size)
    g_string_append (frame, one_text ? "long text, " : "a\",\"");
  g_string_append (frame, "\"]}}");
  return g_string_free (g_steal_pointer (&frame), FALSE);
}

static void
test_frames (void)
{
  Session *session = start (NULL);
  g_autofree char *text = make_frame (1, 2 * MIB, TRUE);
  g_autofree char *list = make_frame (2, MIB, FALSE);

  sign_on (session);
  kandy_loopback_send_raw (session->loopback, ALICE, text);
  RUN_UNTIL (session->n_notifications == 1);
  main_time_note ("a long text");

  /* is not measured, but it must come to an end */
  kandy_loopback_send_raw (session->loopback, ALICE, list);
  RUN_UNTIL (session->n_notifications == 2);
  main_time_forget ();
  session_free (session);
}

/* The context does not run until the client has had enough */
static void
wait_until_given_up (Session *session)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (kandy_loopback_count_websockets (session->loopback, ALICE) > 0
      && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_cmpuint (
      kandy_loopback_count_websockets (session->loopback, ALICE), ==, 0);
  session_assert_events (session, "");

  WAIT (strstr (session->events->str, "ws:change+"));
  session_assert_events (session, "ws:change- ws:change+");
  g_assert_nonnull (strstr (session->log->str, "more of its frames wait"));
}

/* Frames are read while the main context does not run, but not without end.
 * What has come is not lost. */
static void
test_standstill (void)
{
  Session *session = start (NULL);
  guint i;

  sign_on (session);
  session_clear_events (session);
  for (i = 0; i < 6; i++) {
    g_autofree char *frame = make_frame (i, 3 * MIB, TRUE);

    kandy_loopback_send_raw (session->loopback, ALICE, frame);
  }
  wait_until_given_up (session);
  g_assert_cmpuint (session->n_notifications, ==, 6);
  session_free (session);
}

/* Short frames take more than their text: these have 9 MB of it. The platform
 * itself has enough of a client that leaves 8192 unanswered */
static void
test_short_frames (void)
{
  Session *session = start (NULL);
  g_autofree char *padding = g_strnfill (1100, ' ');
  guint i;

  sign_on (session);
  session_clear_events (session);
  for (i = 0; i < 8100; i++)
    kandy_loopback_send_raw (session->loopback, ALICE, padding);
  wait_until_given_up (session);
  session_free (session);
}

static void
count_notification (const char *type, JsonObject *content, gpointer user_data)
{
  ++*(guint *) user_data;
}

/* One client's long frames do not hold up another's requests, though they share
 * a thread */
static void
test_neighbour (void)
{
  Session *session = start (NULL);
  Session *other =
      session_new_for_port (kandy_loopback_get_port (session->loopback), NULL);
  KandyNotifications *notifications =
      kandy_client_get_notifications (session->client);
  gint64 began, total, longest = 0;
  guint i, n = 0, consumer;

  sign_on (session);
  session_sign_on (other);
  /* who listens to notifications would take the context's time */
  g_signal_handlers_disconnect_by_data (session->client, session);
  consumer = kandy_notifications_add_consumer (
      notifications, "a", count_notification, &n);
  for (i = 0; i < 5; i++) {
    g_autofree char *frame = make_frame (i, 3 * MIB, FALSE);

    kandy_loopback_send_raw (session->loopback, ALICE, frame);
  }
  began = g_get_monotonic_time ();
  while (n < 5) {
    gint64 sent = g_get_monotonic_time ();
    guint n_replies = 0;

    kandy_client_fetch_async (other->client, "GET", "/cpaas/x", NULL, NULL,
        NULL, NULL, count_reply, &n_replies);
    WAIT (n_replies == 1);
    longest = MAX (longest, g_get_monotonic_time () - sent);
  }
  total = g_get_monotonic_time () - began;
  g_test_message ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " ms",
      longest / 1000, total / 1000);
  g_assert_cmpint (longest * 3, <, total);
  kandy_notifications_remove_consumer (notifications, consumer);
  session_free (other);
  session_free (session);
}

static void
run_another_loop (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  Session *session = user_data;

  if (!kandy_connection_is_connected (kandy_client_get_connection (client)))
    return;
  g_signal_handlers_disconnect_by_func (client, run_another_loop, user_data);
  kandy_loopback_send_raw (
      session->loopback, ALICE, "{\"a\":{\"id\":\"nested\"}}");
  WAIT (session->n_notifications == 1);
}

/* Who shows a dialogue when the websocket is open is told what comes meanwhile
 */
static void
test_nested (void)
{
  Session *session = start (NULL);

  g_signal_connect (session->client, "event::ws:change",
      G_CALLBACK (run_another_loop), session);
  sign_on (session);
  g_assert_cmpuint (session->n_notifications, ==, 1);
  session_free (session);
}

static void
count_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *n = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_null (kandy_client_fetch_finish (
      KANDY_CLIENT (source), result, NULL, NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  ++*n;
}

/* What a client has under way when it is destroyed ends before its context has
 * nothing more to do: it need not be kept running for an unknown time */
static void
test_destroy (void)
{
  Session *session = start (NULL);
  guint i, n = 0;

  sign_on (session);
  session_fault (
      session, "{\"on\":\"request\",\"path\":\"/hangs\",\"hang\":true}");
  for (i = 0; i < N_REQUESTS; i++)
    kandy_client_fetch_async (session->client, "GET", "/hangs", NULL, NULL,
        NULL, NULL, count_destroyed, &n);
  WAIT (kandy_loopback_count_requests (session->loopback, "GET", "/hangs") > 0);
  kandy_client_destroy (session->client);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (n, ==, N_REQUESTS);
  session_free (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/session/responsive/tls", (gconstpointer) test_tls, main_time_run);
  g_test_add_data_func (
      "/session/responsive/frames", (gconstpointer) test_frames, main_time_run);
  g_test_add_func ("/session/responsive/standstill", test_standstill);
  g_test_add_func ("/session/responsive/short-frames", test_short_frames);
  g_test_add_func ("/session/responsive/neighbour", test_neighbour);
  g_test_add_func ("/session/responsive/nested", test_nested);
  g_test_add_func ("/session/responsive/destroy", test_destroy);
  return g_test_run ();
}
