/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "main-time.h"
#include "people-fixture.h"

/* What many people cost the time of the main context: those who are found in
 * the directory, asked for and watched, and the groups that one is in. Contacts
 * are in people-contacts.c. */

/* Instrumented code is several times slower, and is not measured */
#ifdef __SANITIZE_ADDRESS__
#define N 200
#define N_WATCHED 50
#else
#define N 10000
#define N_WATCHED 200
#endif
#define N_FETCHED (N / 4)
#define N_REPLY 50
#define N_GROUPS (N / 10)

/* Runs the context until the result is there, and for a while after it: what
 * was there before is freed then */
static void
run_until (GAsyncResult **result)
{
  gint64 deadline = g_get_monotonic_time () + 18 * G_USEC_PER_SEC;
  guint i;

  for (i = 0; (!*result || i < 200) && g_get_monotonic_time () < deadline;) {
    gboolean done = *result != NULL;

    main_time_iterate (!done);
    i += done;
  }
  g_assert_nonnull (*result);
}

static Session *
start (const char *services)
{
  Session *session = people_start (services);

  kandy_logger_set_level (
      kandy_client_get_logger (session->client), KANDY_LOG_LEVEL_WARN, NULL);
  main_time_forget ();
  return session;
}

static char **
make_users (guint n)
{
  char **users = g_new0 (char *, n + 1);
  guint i;

  for (i = 0; i < n; i++)
    users[i] = g_strdup_printf ("user%u@loopback.example", i);
  return users;
}

static void
test_fetch (void)
{
  Session *alice = start (NULL);
  KandyPresence *presence = kandy_client_get_presence (alice->client);
  g_auto (GStrv) users = make_users (N_FETCHED);
  g_autoptr (GString) body = g_string_new (
      "{'on':'request','path':'adhocPresenceList','status':200,'body':"
      "{'presenceList':{'presenceContact':[");
  guint i, round;

  /* A reply to each request, as long as that may be */
  for (i = 0; i < N_REPLY; i++)
    g_string_append_printf (body,
        "%s{'presentityUserId':'%s','presence':{'person':{"
        "'overriding-willingness':{'overridingWillingnessValue':'Open'},"
        "'activities':{'activityValue':'Busy'}}}}",
        i ? "," : "", users[i]);
  g_string_append (body, "]}}}");
  g_strdelimit (body->str, "'", '"');
  session_fault (alice, body->str);
  for (round = 0; round < 2; round++) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;
    gint64 before;

    before = main_time_get_cpu ();
    kandy_presence_fetch_async (
        presence, (const char *const *) users, NULL, store_result, &result);
    main_time_measure (before);
    run_until (&result);
    kandy_presence_fetch_finish (presence, result, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (
        g_list_model_get_n_items (G_LIST_MODEL (presence)), ==, N_FETCHED);
    g_assert_cmpuint (kandy_loopback_count_requests (
                          alice->loopback, "POST", "adhocPresenceList"),
        ==, (round + 1) * N_FETCHED / N_REPLY);
    main_time_note ("fetch");
  }
  session_free (alice);
}

static void
test_watch (void)
{
  Session *alice = start ("presence");
  KandyPresence *presence = kandy_client_get_presence (alice->client);
  g_auto (GStrv) users = make_users (N_WATCHED);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) over = NULL;
  g_autoptr (GError) error = NULL;
  gint64 before = main_time_get_cpu ();

  kandy_presence_subscribe_async (
      presence, (const char *const *) users, NULL, store_result, &result);
  main_time_measure (before);
  run_until (&result);
  kandy_presence_subscribe_finish (presence, result, &error);
  g_assert_no_error (error);
  main_time_note ("subscribe");
  before = main_time_get_cpu ();
  kandy_presence_unsubscribe_async (
      presence, (const char *const *) users, NULL, store_result, &over);
  main_time_measure (before);
  run_until (&over);
  kandy_presence_unsubscribe_finish (presence, over, &error);
  g_assert_no_error (error);
  main_time_note ("unsubscribe");
  session_free (alice);
}

static GString *
make_directory (void)
{
  GString *body = g_string_new ("{'directoryItemList':{'directoryItem':[");
  guint i;

  for (i = 0; i < N; i++)
    g_string_append_printf (body,
        "%s{'attribute':[{'name':'firstName','value':'First%u'},"
        "{'name':'lastName','value':'Last%u'},"
        "{'name':'primaryContact','value':'user%u@loopback.example'},"
        "{'name':'emailAddress','value':'user%u@loopback.example'},"
        "{'name':'buddy','value':'false'}]}",
        i ? "," : "", i, i, i, i);
  g_string_append (body, "]}}");
  return body;
}

static void
test_search (void)
{
  Session *alice = start (NULL);
  KandyUsers *users = kandy_client_get_users (alice->client);
  g_autoptr (GString) body = make_directory ();
  guint round;

  for (round = 0; round < 2; round++) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GPtrArray) found = NULL;
    g_autoptr (GError) error = NULL;
    gint64 before;

    people_spoil (alice, "GET", "/search", body->str);
    before = main_time_get_cpu ();
    kandy_users_search_async (users, g_variant_new_parsed ("{'name': <'x'>}"),
        NULL, NULL, store_result, &result);
    main_time_measure (before);
    run_until (&result);
    before = main_time_get_cpu ();
    found = kandy_users_search_finish (users, result, NULL, &error);
    main_time_measure (before);
    g_assert_no_error (error);
    g_assert_cmpuint (found->len, ==, N);
    g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (users)), ==, N);
    main_time_note ("search");
  }
  session_free (alice);
}

static void
sign_on_as_bob (GListModel *model, guint position, guint removed, guint added,
    gpointer user_data)
{
  Session *session = user_data;
  g_autofree char *token = make_id_token ("u-bob", BOB);

  if (g_list_model_get_n_items (model) != 100)
    return;
  g_assert_true (kandy_client_set_tokens (session->client, token, token, NULL));
}

/* Somebody else signs on while the results are taken, which takes a while: what
 * one user has found is not the other's */
static void
test_switch (void)
{
  Session *alice = start (NULL);
  KandyUsers *users = kandy_client_get_users (alice->client);
  g_autoptr (GString) body = make_directory ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (users, "items-changed", G_CALLBACK (sign_on_as_bob), alice);
  people_spoil (alice, "GET", "/search", body->str);
  kandy_users_search_async (users, g_variant_new_parsed ("{'name': <'x'>}"),
      NULL, NULL, store_result, &result);
  run_until (&result);
  found = kandy_users_search_finish (users, result, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (users)), ==, 0);
  session_assert_events (alice, "");
  session_free (alice);
}

static void
on_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  gboolean *replied = user_data;

  *replied |=
      g_str_has_prefix (kandy_log_entry_get_message (entry), "Reply 200 to ");
}

/* A long reply is being read when the client goes: nobody waits for that */
static void
test_destroy (void)
{
  Session *alice = start (NULL);
  KandyLogger *logger = kandy_client_get_logger (alice->client);
  g_autoptr (GString) body = make_directory ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean replied = FALSE;

  people_spoil (alice, "GET", "/search", body->str);
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_DEBUG, NULL);
  kandy_logger_set_handler (logger, on_log, &replied, NULL, NULL);
  kandy_users_search_async (kandy_client_get_users (alice->client),
      g_variant_new_parsed ("{'name': <'x'>}"), NULL, NULL, store_result,
      &result);
  while (!replied)
    g_main_context_iteration (NULL, TRUE);
  kandy_client_destroy (alice->client);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_nonnull (result);
  g_assert_null (kandy_users_search_finish (
      kandy_client_get_users (alice->client), result, NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  session_free (alice);
}

static void
test_groups (void)
{
  Session *alice = start (NULL);
  KandyGroups *groups = kandy_client_get_groups (alice->client);
  g_autoptr (GString) body = g_string_new (
      "{'groupChatSessionInformationList':{'groupChatSessionInformation':[");
  guint i, j, round;

  for (i = 0; i < N_GROUPS; i++) {
    g_string_append_printf (body,
        "%s{'x-name':'Group %u','subject':'Number %u','resourceURL':"
        "'/cpaas/chat/v1/u/group/g-%u','participant':[",
        i ? "," : "", i, i, i);
    for (j = 0; j < 10; j++)
      g_string_append_printf (body,
          "%s{'address':'user%u@loopback.example','status':'Connected',"
          "'x-isAdmin':false}",
          j ? "," : "", i + j);
    g_string_append (body, "]}");
  }
  g_string_append (body, "]}}");
  for (round = 0; round < 2; round++) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;

    people_spoil (alice, "GET", "/group", body->str);
    kandy_groups_fetch_async (groups, NULL, store_result, &result);
    run_until (&result);
    kandy_groups_fetch_finish (groups, result, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (
        g_list_model_get_n_items (G_LIST_MODEL (groups)), ==, N_GROUPS);
    main_time_note ("groups");
  }
  session_free (alice);
}

#define ADD(name, func)                                                        \
  g_test_add_data_func ("/people/many/" name, func, main_time_run)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("fetch", test_fetch);
  ADD ("watch", test_watch);
  ADD ("search", test_search);
  ADD ("groups", test_groups);
  ADD ("destroy", test_destroy);
  g_test_add_func ("/people/many/switch", test_switch);
  return g_test_run ();
}
