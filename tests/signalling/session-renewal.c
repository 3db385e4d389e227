/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <string.h>

/* Tokens that the client got itself stay fresh: protocol session 1.1 */

/* At half of its life the token is another one; the platform is asked with the
 * refresh token, and with the password when it does not take that */
static void
test_renewal (gconstpointer data)
{
  gboolean refresh_refused = GPOINTER_TO_INT (data);
  Session *session = session_new (NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  guint n;

  session_fault (session,
      refresh_refused ? "{\"set\":{\"tokenLifetime\":3,"
                        "\"refreshLifetime\":1}}"
                      : "{\"set\":{\"tokenLifetime\":3}}");
  session_sign_on (session);
  first = session_get_user_info (session, "token");
  n = kandy_loopback_count_requests (session->loopback, "POST", "/token");
  g_assert_cmpuint (n, ==, 1);
  WAIT ((g_free (second), second = session_get_user_info (session, "token"),
      g_strcmp0 (first, second) != 0));
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/token"), ==,
      refresh_refused ? 3 : 2);
  /* and it is a good one */
  g_assert_true (session_subscribe (session, "call", NULL));
  g_assert_null (strstr (session->events->str, "request:error"));
  session_free (session);
}

/* A token that the platform no longer takes, as after a long sleep, is replaced
 * at once; the request that met it has failed all the same */
static void
test_renewal_when_refused (void)
{
  Session *session = session_new (NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  session_sign_on (session);
  first = session_get_user_info (session, "token");
  /* young tokens are not replaced: the trouble would be another one */
  SETTLE_MS (5100);
  kandy_loopback_expire_tokens (session->loopback, ALICE);
  g_assert_false (session_subscribe (session, "call", NULL));
  WAIT ((g_free (second), second = session_get_user_info (session, "token"),
      g_strcmp0 (first, second) != 0));
  g_assert_true (session_subscribe (session, "call", NULL));
  session_free (session);
}

static void
test_renewal_retried (gconstpointer fault)
{
  Session *session = session_new (NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  session_fault (session, "{\"set\":{\"tokenLifetime\":4}}");
  session_sign_on (session);
  first = session_get_user_info (session, "token");
  session_fault (session, fault);
  WAIT ((g_free (second), second = session_get_user_info (session, "token"),
      g_strcmp0 (first, second) != 0));
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/token"), >=,
      3);
  g_assert_null (strstr (session->events->str, "request:error"));
  session_free (session);
}

static void
test_renewal_refused (void)
{
  Session *session = session_new (NULL);
  guint n;

  session_fault (session, "{\"set\":{\"tokenLifetime\":2}}");
  session_sign_on (session);
  session_fault (session,
      "{\"on\":\"request\",\"path\":\"/token\",\"status\":401,"
      "\"body\":\"{\\\"error\\\":\\\"invalid_grant\\\"}\"}");
  WAIT (session->events->len > 0);
  session_assert_events (session, "request:error(invalid_grant)");
  n = kandy_loopback_count_requests (session->loopback, "POST", "/token");
  SETTLE_MS (1500);
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/token"), ==,
      n);
  session_free (session);
}

static void
test_sign_off (void)
{
  Session *session = session_new (NULL);
  g_autofree char *token = NULL;

  session_fault (session, "{\"set\":{\"tokenLifetime\":2}}");
  session_sign_on (session);
  kandy_client_sign_off (session->client);
  token = session_get_user_info (session, "token");
  g_assert_null (token);
  SETTLE_MS (1300);
  g_assert_cmpuint (
      kandy_loopback_count_requests (session->loopback, "POST", "/token"), ==,
      1);
  session_free (session);
}

/* The application's tokens are the application's business */
static void
test_no_renewal_of_others (void)
{
  Session *session = session_new (NULL);
  g_autofree char *id_token = make_id_token ("ann", "ann@x");
  g_autofree char *token = NULL;

  session_fault (session, "{\"set\":{\"tokenLifetime\":2}}");
  session_sign_on (session);
  g_assert_true (
      kandy_client_set_tokens (session->client, "mine", id_token, NULL));
  SETTLE_MS (1300);
  token = session_get_user_info (session, "token");
  g_assert_cmpstr (token, ==, "mine");
  session_free (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/session/renewal/" name, func)
  ADD ("renewal-when-refused", test_renewal_when_refused);
  g_test_add_data_func ("/session/renewal/renewal-retried",
      "{\"on\":\"request\",\"path\":\"/token\",\"status\":503,\"count\":1}",
      test_renewal_retried);
  /* too many requests are no verdict on the credentials */
  g_test_add_data_func ("/session/renewal/renewal-retried-later",
      "{\"on\":\"request\",\"path\":\"/token\",\"status\":429,\"count\":1,"
      "\"body\":\"{\\\"error\\\":\\\"too_many_requests\\\"}\"}",
      test_renewal_retried);
  ADD ("renewal-refused", test_renewal_refused);
  ADD ("sign-off", test_sign_off);
  ADD ("no-renewal-of-others", test_no_renewal_of_others);
  g_test_add_data_func ("/session/renewal/by-refresh-token",
      GINT_TO_POINTER (FALSE), test_renewal);
  g_test_add_data_func (
      "/session/renewal/by-password", GINT_TO_POINTER (TRUE), test_renewal);
  return g_test_run ();
}
