/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "people-fixture.h"

#include <string.h>

/* The directory: protocol messaging 6 */

static KandyUsers *
users_of (Session *session)
{
  return kandy_client_get_users (session->client);
}

/* (transfer full) (nullable) */
static KandyUser *
fetch (Session *session, const char *user_id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  KandyUser *user = NULL;

  if (user_id)
    kandy_users_fetch_async (
        users_of (session), user_id, NULL, store_result, &result);
  else
    kandy_users_fetch_self_info_async (
        users_of (session), NULL, store_result, &result);
  wait_result (&result);
  g_assert_true ((user_id ? kandy_users_fetch_finish (
                      users_of (session), result, &user, error)
                          : kandy_users_fetch_self_info_finish (
                              users_of (session), result, &user, error))
      == !*error);
  return user;
}

/* "alice,bob;NEXT" */
static char *
search (
    Session *session, const char *filters, const char *options, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) users = NULL;
  g_autofree char *next = NULL;
  GString *text;
  guint i;

  kandy_users_search_async (users_of (session),
      filters ? g_variant_new_parsed (filters) : NULL,
      options ? g_variant_new_parsed (options) : NULL, NULL, store_result,
      &result);
  users = kandy_users_search_finish (
      users_of (session), wait_result (&result), &next, error);
  if (!users)
    return NULL;
  text = g_string_new (NULL);
  for (i = 0; i < users->len; i++) {
    const char *id = kandy_user_get_user_id (users->pdata[i]);

    g_string_append_printf (
        text, "%s%.*s", i ? "," : "", (int) strcspn (id, "@"), id);
  }
  if (next)
    g_string_append_printf (text, ";%s", next);
  return g_string_free (text, FALSE);
}

static void
test_fetch (void)
{
  Session *alice = people_start (NULL);
  KandyUsers *users = users_of (alice);
  g_autoptr (KandyUser) bob = NULL;
  g_autoptr (KandyUser) own = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GError) error = NULL;
  gboolean buddy = TRUE;

  bob = fetch (alice, BOB, &error);
  g_assert_no_error (error);
  people_expect (alice, "users:change");
  g_assert_cmpstr (kandy_user_get_user_id (bob), ==, BOB);
  g_assert_cmpstr (kandy_person_get_first_name (KANDY_PERSON (bob)), ==, "Bob");
  g_assert_cmpstr (
      kandy_person_get_email_address (KANDY_PERSON (bob)), ==, BOB);
  g_assert_true (kandy_users_get (users, BOB) == bob);
  g_assert_true (kandy_users_get (users, "Bob@Loopback.Example") == bob);
  variant = kandy_user_to_variant (bob);
  g_assert_true (g_variant_lookup (variant, "buddy", "b", &buddy));
  g_assert_false (buddy);
  g_assert_true (g_variant_lookup (variant, "userId", "&s", NULL));

  own = fetch (alice, NULL, &error);
  people_expect (alice, "users:change");
  g_assert_cmpstr (kandy_user_get_user_id (own), ==, ALICE);
  all = kandy_users_get_all (users);
  g_assert_cmpuint (all->len, ==, 2);

  /* nobody: an event all the same */
  g_assert_null (fetch (alice, "zed@loopback.example", &error));
  g_assert_no_error (error);
  people_expect (alice, "users:change");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (users)), ==, 2);
  session_free (alice);
}

static void
test_search (void)
{
  Session *alice = people_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *named = NULL;
  g_autofree char *exact = NULL;
  g_autofree char *log = NULL;

  first = search (alice, "{'phoneNumber': <'1555'>}",
      "{'sortBy': <'userName'>, 'order': <'desc'>, 'max': <2>, 'x': <1>}",
      &error);
  g_assert_no_error (error);
  people_expect (alice, "directory:change");
  g_assert_cmpstr (first, ==, "carol,bob;2");
  second = search (alice, "{'phoneNumber': <'1555'>}",
      "{'sortBy': <'userName'>, 'order': <'desc'>, 'next': <'2'>}", &error);
  g_assert_cmpstr (second, ==, "alice");
  named = search (
      alice, "{'name': <<'AR'>>, 'lastName': <@ms nothing>}", NULL, &error);
  g_assert_cmpstr (named, ==, "carol");
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (users_of (alice))), ==, 3);

  /* userId is sent as userName, unless that is given too */
  exact = search (
      alice, "{'userId': <'carol'>, 'userName': <'bob'>}", NULL, &error);
  g_assert_cmpstr (exact, ==, "bob");
  log = kandy_loopback_dup_log (alice->loopback);
  g_assert_null (strstr (log, "userId="));
  session_free (alice);
}

static void
assert_refused (
    Session *session, GError **error, const char *event, const char *code)
{
  g_autofree char *expected = g_strdup_printf ("%s(%s)", event, code);

  g_assert_nonnull (*error);
  g_assert_cmpstr (kandy_error_get_platform_code (*error), ==, code);
  people_expect (session, expected);
  g_clear_error (error);
}

static void
test_errors (void)
{
  static const char *const bad[] = { "{'name': <true>}", "{'name': <['x']>}",
    "['name']", "'name'" };
  Session *alice = people_start (NULL);
  g_autoptr (GError) error = NULL;
  guint i;

  kandy_loopback_reset_counts (alice->loopback);
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_null (search (alice, bad[i], NULL, &error));
    assert_refused (alice, &error, "directory:error", "users:4");
  }
  g_assert_null (fetch (alice, "", &error));
  assert_refused (alice, &error, "users:error", "users:4");

  /* no filter: the platform refuses, and what it says is kept */
  g_assert_null (search (alice, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "filter"));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 400);
  assert_refused (alice, &error, "directory:error", "users:3");
  session_fault (
      alice, "{\"on\":\"request\",\"path\":\"/directory/\",\"status\":500}");
  g_assert_null (fetch (alice, BOB, &error));
  assert_refused (alice, &error, "users:error", "users:3");
  session_free (alice);
}

static void
test_bad_replies (void)
{
  static const char *const replies[] = { "", "[]", "{}",
    "{'directoryItemList':[]}" };
  static const char *const odd[] = { "{'directoryItemList':{}}",
    "{'directoryItemList':{'directoryItem':7,'next':[]}}",
    "{'directoryItemList':{'directoryItem':[7,null,{},{'attribute':7},"
    "{'attribute':[{'name':'firstName','value':'X'}]}]}}" };
  Session *alice = people_start (NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    people_spoil (alice, "GET", "/search", replies[i]);
    g_assert_null (search (alice, "{'name': <'x'>}", NULL, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    assert_refused (alice, &error, "directory:error", "users:3");
  }
  for (i = 0; i < G_N_ELEMENTS (odd); i++) {
    g_autofree char *none = NULL;

    people_spoil (alice, "GET", "/search", odd[i]);
    none = search (alice, "{'name': <'x'>}", NULL, &error);
    g_assert_cmpstr (none, ==, "");
    people_expect (alice, "directory:change");
  }
  /* a number as the place of the next page, a single item as the list */
  people_spoil (alice, "GET", "/search",
      "{'directoryItemList':{'next':7,'directoryItem':{'attribute':"
      "{'name':'primaryContact','value':'q@x'}}}}");
  found = search (alice, "{'name': <'x'>}", NULL, &error);
  g_assert_cmpstr (found, ==, "q;7");
  session_free (alice);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/people/users/fetch", test_fetch);
  g_test_add_func ("/people/users/search", test_search);
  g_test_add_func ("/people/users/errors", test_errors);
  g_test_add_func ("/people/users/bad-replies", test_bad_replies);
  return g_test_run ();
}
