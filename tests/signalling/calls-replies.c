/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "bad-replies.h"
#include "calls-world.h"

#include "kandy-client-private.h"
#include "kandy-services.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Every kind of request that a call and its session need, with every kind of
 * reply that is none: each has the outcome that the protocol names
 * (session 1.5, 1.6 and 4, calls 1.4), and the next call works. */

typedef struct _Row Row;
struct _Row {
  BadRow base;
  /* @code: NULL if the reply is to do */
  void (*run) (
      World *w, const Row *row, const BadReply *reply, const char *code);
};

#define both_in(w, state)                                                      \
  (is_in (&(w)->alice, state) && is_in (&(w)->bob, state))

static void
ring (World *w)
{
  g_clear_object (&w->bob.call);
  make (w, "bob");
  wait_for (w, both_in (w, KANDY_CALL_STATE_RINGING));
}

static void
answer (World *w)
{
  w->bob.n_answers = 0;
  kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
  wait_for (w, w->bob.n_answers == 1);
}

static void
connect_both (World *w)
{
  ring (w);
  answer (w);
  wait_for (w, both_in (w, KANDY_CALL_STATE_CONNECTED));
}

static void
end (World *w, Party *party)
{
  party->n_answers = 0;
  kandy_call_end_async (party->call, NULL, answered, party);
  wait_for (w, party->n_answers >= 1 && is_in (party, KANDY_CALL_STATE_ENDED));
}

static void
end_both (World *w)
{
  end (w, &w->alice);
  wait_for (w,
      is_in (&w->bob, KANDY_CALL_STATE_ENDED)
          || is_in (&w->bob, KANDY_CALL_STATE_CANCELLED));
}

static void
set_fault (World *w, const Row *row, const BadReply *reply, const char *user)
{
  bad_reply_set (w->platform, &row->base, reply, user);
}

static void
clear_faults (World *w)
{
  bad_reply_clear (w->platform);
}

/* --- the requests of calls --- */

/* An operation of a call: in which state it starts, what it does, and what
 * there is when it has failed and when it has not */
typedef struct {
  const char *name;
  void (*prepare) (World *w);
  const GError *(*act) (World *w);
  void (*failed) (World *w);
  void (*done) (World *w); /* NULL: is not tried with a reply that will do */
} Operation;

/* Answers the latest operation of @party */
#define ACT(party, operation, ...)                                             \
  G_STMT_START                                                                 \
  {                                                                            \
    (party)->n_answers = 0;                                                    \
    operation ((party)->call, ##__VA_ARGS__, NULL, answered, party);           \
    wait_for (w, (party)->n_answers == 1);                                     \
    return (party)->error;                                                     \
  }                                                                            \
  G_STMT_END

static void
forget_bob (World *w)
{
  g_clear_object (&w->bob.call);
}

static void
hold_both (World *w)
{
  connect_both (w);
  w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
  kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, both_in (w, KANDY_CALL_STATE_ON_HOLD));
  w->bob.script.change = KANDY_REMOTE_CHANGE_NONE;
}

static const GError *
do_make (World *w)
{
  make (w, "bob");
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
  return kandy_call_get_error (w->alice.call);
}

static const GError *
do_answer (World *w)
{
  answer (w);
  return w->bob.error;
}

static const GError *
do_hold (World *w)
{
  ACT (&w->alice, kandy_call_hold_async);
}

/* It is over whatever the platform says */
static const GError *
do_end (World *w)
{
  end (w, &w->alice);
  return w->alice.error;
}

static const GError *
do_reject (World *w)
{
  ACT (&w->bob, kandy_call_reject_async);
}

static const GError *
do_forward (World *w)
{
  ACT (&w->bob, kandy_call_forward_async, "carol");
}

static const GError *
do_transfer (World *w)
{
  ACT (&w->alice, kandy_call_transfer_async, "carol");
}

static void
never_was (World *w)
{
  g_assert_cmpint (kandy_call_get_start_time (w->alice.call), ==, 0);
  g_assert_null (w->bob.call);
}

static void
is_connected (World *w)
{
  wait_for (w, both_in (w, KANDY_CALL_STATE_CONNECTED));
  end_both (w);
}

/* Can be tried again */
static void
still_rings (World *w)
{
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_RINGING));
  answer (w);
  g_assert_no_error (w->bob.error);
  is_connected (w);
}

static void
is_not_held (World *w)
{
  g_assert_true (both_in (w, KANDY_CALL_STATE_CONNECTED));
  g_assert_false (kandy_call_get_local_hold (w->alice.call));
  end_both (w);
}

static void
is_held (World *w)
{
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ON_HOLD));
  end_both (w);
}

static void
bob_has_to_end (World *w)
{
  end (w, &w->bob);
}

static void
bob_has_ended (World *w)
{
  wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ENDED));
}

static void
alice_has_to_end (World *w)
{
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  end (w, &w->alice);
}

static void
alice_has_ended (World *w)
{
  g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_ENDED));
  wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
}

static const Operation operations[] = {
  { "make", forget_bob, do_make, never_was },
  { "answer", ring, do_answer, still_rings, is_connected },
  { "hold", connect_both, do_hold, is_not_held, is_held },
  { "end", connect_both, do_end, bob_has_to_end, bob_has_ended },
  { "reject", ring, do_reject, alice_has_to_end, alice_has_ended },
  { "forward", ring, do_forward, still_rings },
  { "transfer", hold_both, do_transfer, is_held },
};

/* The row's name is the operation's */
static void
run_operation (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  const Operation *operation = operations;

  while (!g_str_equal (operation->name, row->base.name))
    operation++;
  if (!code && !operation->done)
    return;
  operation->prepare (w);
  set_fault (w, row, reply, NULL);
  bad_reply_check_error (operation->act (w), reply, code);
  clear_faults (w);
  (code ? operation->failed : operation->done) (w);
}

/* The callee's feedback: without it the call is one that does not ring */
static void
run_ringing (World *w, const Row *row, const BadReply *reply, const char *code)
{
  g_clear_object (&w->bob.call);
  set_fault (w, row, reply, "bob@loopback.example");
  make (w, "bob");
  wait_for (w,
      is_in (&w->bob,
          code ? KANDY_CALL_STATE_INITIATED : KANDY_CALL_STATE_RINGING));
  clear_faults (w);
  g_assert_null (kandy_call_get_error (w->bob.call));
  wait_for (w,
      is_in (&w->alice, KANDY_CALL_STATE_INITIATED)
          || is_in (&w->alice, KANDY_CALL_STATE_RINGING));
  answer (w);
  wait_for (w, both_in (w, KANDY_CALL_STATE_CONNECTED));
  end_both (w);
}

/* Only a call that the platform does not know is over */
static void
run_audit (World *w, const Row *row, const BadReply *reply, const char *code)
{
  guint before;

  ring (w);
  before = kandy_loopback_count_requests (
      w->platform, row->base.method, row->base.path);
  set_fault (w, row, reply, "alice@loopback.example");
  answer (w);
  wait_for (w,
      kandy_loopback_count_requests (
          w->platform, row->base.method, row->base.path)
          > before);
  if (reply->status == 404) {
    wait_for (w, is_in (&w->alice, KANDY_CALL_STATE_ENDED));
    g_assert_nonnull (strstr (w->alice.events->str, "(9909)"));
    clear_faults (w);
    end (w, &w->bob);
    return;
  }
  wait_for (w, both_in (w, KANDY_CALL_STATE_CONNECTED));
  clear_faults (w);
  end_both (w);
}

/* Of somebody who is held: told, and nothing has changed */
static void
run_answer_hold (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  connect_both (w);
  set_fault (w, row, reply, "bob@loopback.example");
  w->bob.script.change = KANDY_REMOTE_CHANGE_HOLD;
  g_string_truncate (w->bob.events, 0);
  kandy_call_hold_async (w->alice.call, NULL, answered, &w->alice);
  wait_for (w, strstr (w->bob.events->str, "op HOLD FINISH remote"));
  if (code) {
    g_autofree char *text = g_strdup_printf ("op HOLD FINISH remote !%s", code);

    g_assert_nonnull (strstr (w->bob.events->str, text));
    g_assert_false (kandy_call_get_remote_hold (w->bob.call));
    g_assert_true (is_in (&w->bob, KANDY_CALL_STATE_CONNECTED));
  } else {
    wait_for (w, is_in (&w->bob, KANDY_CALL_STATE_ON_HOLD));
  }
  w->bob.script.change = KANDY_REMOTE_CHANGE_NONE;
  clear_faults (w);
  end_both (w);
}

/* --- the requests of sessions --- */

static void
stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
change_service (World *w, const char *service, gboolean on, GError **error)
{
  KandyServices *services = kandy_client_get_services (w->alice.client);
  const char *names[] = { service, NULL };
  g_autoptr (GAsyncResult) result = NULL;

  if (on)
    kandy_services_subscribe_async (
        services, g_variant_new_strv (names, -1), NULL, NULL, stored, &result);
  else
    kandy_services_unsubscribe_async (
        services, names, NULL, NULL, stored, &result);
  wait_for (w, result != NULL);
  return on ? kandy_services_subscribe_finish (services, result, error)
            : kandy_services_unsubscribe_finish (services, result, error);
}

static gboolean
has_service (World *w, const char *service)
{
  return kandy_services_is_subscribed (
      kandy_client_get_services (w->alice.client), service);
}

/* The first word of the row's name is the service */
static void
run_subscribe (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  g_autofree char *service =
      g_strndup (row->base.name, strcspn (row->base.name, " "));
  g_autoptr (GError) error = NULL;

  if (has_service (w, service))
    g_assert_true (change_service (w, service, FALSE, NULL));
  set_fault (w, row, reply, NULL);
  change_service (w, service, TRUE, &error);
  bad_reply_check_error (error, reply, code);
  g_assert_cmpint (has_service (w, service), ==, !code);
  clear_faults (w);
  if (code)
    g_assert_true (change_service (w, service, TRUE, NULL));
}

/* A user has a list once it has been made */
static void
run_make_list (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  g_autoptr (GError) error = NULL;

  set_fault (w, row, reply, NULL);
  g_assert_false (change_service (w, "presence", TRUE, &error));
  bad_reply_check_error (error, reply, code);
  clear_faults (w);
  if (reply == &bad_replies[n_bad_replies - 1])
    g_assert_true (change_service (w, "presence", TRUE, NULL));
}

/* The last word of the row's name is the service. It is not the only one */
static void
run_unsubscribe (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  const char *service = strrchr (row->base.name, ' ') + 1;
  const char *other = g_str_equal (service, "chat") ? "smsinbound" : "chat";
  g_autoptr (GError) error = NULL;

  if (!has_service (w, other))
    g_assert_true (change_service (w, other, TRUE, NULL));
  if (!has_service (w, service))
    g_assert_true (change_service (w, service, TRUE, NULL));
  set_fault (w, row, reply, NULL);
  change_service (w, service, FALSE, &error);
  /* one that is gone is what was wanted */
  bad_reply_check_error (error, reply, reply->status == 404 ? NULL : code);
  g_assert_cmpint (has_service (w, service), ==, error != NULL);
  clear_faults (w);
  if (error)
    g_assert_true (change_service (w, service, FALSE, NULL));
  if (g_str_equal (service, "call"))
    g_assert_true (change_service (w, service, TRUE, NULL));
}

/* The channel is forgotten whatever the platform says */
static void
run_delete_channel (
    World *w, const Row *row, const BadReply *reply, const char *code)
{
  set_fault (w, row, reply, NULL);
  g_assert_true (change_service (w, "call", FALSE, NULL));
  clear_faults (w);
  g_assert_true (change_service (w, "call", TRUE, NULL));
}

/* Without credentials from the platform calls go on without */
static void
run_turn (World *w, const Row *row, const BadReply *reply, const char *code)
{
  KandyConfig *config = kandy_client_get_config (w->alice.client);
  guint before;

  kandy_config_set_value (config, "call.iceServers",
      g_variant_new_parsed ("[<{'urls': <'turn:127.0.0.1:9'>}>]"));
  g_assert_true (change_service (w, "call", FALSE, NULL));
  before = kandy_loopback_count_requests (
      w->platform, row->base.method, row->base.path);
  set_fault (w, row, reply, NULL);
  g_assert_true (change_service (w, "call", TRUE, NULL));
  connect_both (w);
  g_assert_cmpuint (kandy_loopback_count_requests (
                        w->platform, row->base.method, row->base.path),
      >, before);
  clear_faults (w);
  end_both (w);
}

/* The old token stays */
static void
run_sign_on (World *w, const Row *row, const BadReply *reply, const char *code)
{
  KandyClient *client = w->alice.client;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  set_fault (w, row, reply, NULL);
  kandy_client_sign_on_password_async (client, "loopback",
      "alice@loopback.example", "alice", NULL, stored, &result);
  wait_for (w, result != NULL);
  kandy_client_sign_on_finish (client, result, &error);
  clear_faults (w);
  g_assert_nonnull (error);
  g_assert_true (error->domain == KANDY_ERROR);
  if (reply->code)
    g_assert_cmpuint (kandy_error_get_http_status (error), ==, reply->status);
  g_assert_true (g_error_matches (error, KANDY_ERROR,
      reply->status == 200       ? KANDY_ERROR_PROTOCOL
          : reply->status == 0   ? KANDY_ERROR_NETWORK
          : reply->status == 401 ? KANDY_ERROR_AUTHENTICATION
                                 : KANDY_ERROR_REFUSED));
}

#define CHANNELS "/cpaas/notificationchannel/v1/"

static const Row rows[] = {
  { { "make", "POST", "/sessions", MEMBERS, NULL, "call:2" }, run_operation },
  { { "ringing", "PUT", "/status", OBJECT }, run_ringing },
  { { "answer", "PUT", "/answer", OBJECT }, run_operation },
  { { "audit", "PUT", "/status", OBJECT }, run_audit },
  { { "hold", "PUT", "/update", OBJECT }, run_operation },
  { { "answer to hold", "PUT", "/answer", OBJECT }, run_answer_hold },
  { { "end", "DELETE", "/sessions/", NOTHING }, run_operation },
  { { "reject", "DELETE", "/sessions/", NOTHING }, run_operation },
  { { "forward", "PUT", "/forward", NOTHING }, run_operation },
  { { "transfer", "PUT", "/transfer", NOTHING }, run_operation },
  { { "turn", "POST", "/turn", MEMBERS }, run_turn },
  { { "token", "POST", "/cpaas/auth/v1/token", MEMBERS }, run_sign_on },
  { { "call channel", "POST", CHANNELS, MEMBERS, "subscription:2",
        "subscription:2" },
      run_subscribe },
  { { "call", "POST", "/subscriptions", MEMBERS, "subscription:5",
        "subscription:5" },
      run_subscribe },
  { { "chat", "POST", "/cpaas/chat/v1/", MEMBERS, "subscription:5",
        "subscription:5" },
      run_subscribe },
  { { "smsinbound", "POST", "/inbound/subscriptions", MEMBERS, "subscription:5",
        "subscription:5" },
      run_subscribe },
  { { "presence lists", "GET", "/presenceLists", MEMBERS, NULL, "REQUEST" },
      run_subscribe },
  { { "make presence list", "POST", "/presenceLists", MEMBERS, NULL,
        "REQUEST" },
      run_make_list },
  { { "presence list", "POST", "/presenceListSubscriptions/", MEMBERS, NULL,
        "REQUEST" },
      run_subscribe },
#define UNSUBSCRIBE(service, path)                                             \
  {                                                                            \
    { "unsubscribe " service, "DELETE", path, NOTHING, "subscription:6" },     \
        run_unsubscribe                                                        \
  }
  UNSUBSCRIBE ("call", "/subscriptions/"),
  UNSUBSCRIBE ("chat", "/cpaas/chat/v1/"),
  UNSUBSCRIBE ("smsinbound", "/inbound/subscriptions/"),
  UNSUBSCRIBE ("presence", "/presenceListSubscriptions/"),
  { { "delete channel", "DELETE", CHANNELS, NOTHING }, run_delete_channel },
};

/* What a row is for, whatever it is called */
static gboolean
is_in_the_table (const char *method, const char *path)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].base.method, method)
        && strstr (path, rows[i].base.path))
      return TRUE;
  /* protocol session 5.1: an upgrade */
  return g_str_equal (method, "GET") && g_str_has_suffix (path, "/websocket");
}

/* No request is without a row */
static void
check_requests (World *w)
{
  g_autofree char *log = kandy_loopback_dup_log (w->platform);
  g_autoptr (JsonNode) root = json_from_string (log, NULL);
  JsonArray *entries = json_node_get_array (root);
  guint i;

  for (i = 0; i < json_array_get_length (entries); i++) {
    JsonObject *entry = json_array_get_object_element (entries, i);
    const char *method, *path;

    if (g_strcmp0 (json_object_get_string_member (entry, "kind"), "req") != 0)
      continue;
    method = json_object_get_string_member (entry, "method");
    path = json_object_get_string_member (entry, "path");
    if (!is_in_the_table (method, path))
      g_error ("no row for %s %s", method, path);
  }
}

static void
test_row (World *w, gconstpointer data)
{
  const Row *row = data;
  guint i;

  for (i = 0; i < n_bad_replies; i++) {
    g_test_message ("%s: %s", row->base.name, bad_replies[i].name);
    row->run (w, row, &bad_replies[i],
        bad_reply_get_code (&row->base, &bad_replies[i]));
    clear_faults (w);
  }
  connect_both (w);
  end_both (w);
  check_requests (w);
}

int
main (int argc, char **argv)
{
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path =
        g_strconcat ("/calls/replies/", rows[i].base.name, NULL);

    g_strdelimit (path, " ", '-');
    g_test_add (path, World, &rows[i], set_up, test_row, tear_down);
  }
  return g_test_run ();
}
