/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Tokens and sign-on: protocol session 1, check 1 of its section 10 */

static void
test_tokens (void)
{
  Session *session = session_new (NULL);
  g_autofree char *good = make_id_token ("ann-id", "ann@acme.example");
  g_autofree char *no_identity =
      g_strdup ("x.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiJib2IifQ.y");
  static const char *const garbage[] = { "", "garbage", "a.b", "a.b.c", "..",
    "x.bnVsbA.y", "x.W10.y", "x.e30.y",
    "x.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOjd9.y" };
  g_autoptr (GVariant) empty = NULL;
  g_autofree char *token = NULL;
  g_autofree char *also_token = NULL;
  g_autofree char *username = NULL;
  g_autofree char *identity = NULL;
  guint i;

  empty = kandy_client_get_user_info (session->client);
  g_assert_cmpuint (g_variant_n_children (empty), ==, 0);
  for (i = 0; i < G_N_ELEMENTS (garbage); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) info = NULL;

    g_assert_false (
        kandy_client_set_tokens (session->client, "token", garbage[i], &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
    info = kandy_client_get_user_info (session->client);
    g_assert_cmpuint (g_variant_n_children (info), ==, 0);
  }
  g_assert_false (kandy_client_set_tokens (session->client, "t", NULL, NULL));
  g_assert_false (kandy_client_set_tokens (session->client, NULL, good, NULL));
  /* it would be the end of a header */
  g_assert_false (
      kandy_client_set_tokens (session->client, "a\r\nX: y", good, NULL));

  g_assert_true (
      kandy_client_set_tokens (session->client, "first", good, NULL));
  token = session_get_user_info (session, "token");
  also_token = session_get_user_info (session, "accessToken");
  username = session_get_user_info (session, "username");
  identity = session_get_user_info (session, "identity");
  g_assert_cmpstr (token, ==, "first");
  g_assert_cmpstr (also_token, ==, "first");
  g_assert_cmpstr (username, ==, "ann-id");
  g_assert_cmpstr (identity, ==, "ann@acme.example");

  /* no identity: the user name; and setCredentials is the same */
  g_assert_true (kandy_client_set_credentials (
      session->client, "second", no_identity, NULL));
  g_free (identity);
  identity = session_get_user_info (session, "identity");
  g_assert_cmpstr (identity, ==, "bob");
  session_assert_events (session, "");
  session_free (session);
}

static void
test_wrong_password (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "guess", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "invalid_grant");
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 401);
  g_clear_error (&error);
  g_assert_false (
      session_try_sign_on (session, "nobody", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  token = session_get_user_info (session, "token");
  g_assert_null (token);
  g_assert_true (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", NULL));
  session_free (session);
}

static void
test_client_credentials (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *log = NULL;

  g_assert_true (kandy_loopback_add_client (
      session->loopback, "PRIV-x", "wonderland-s3cret", &error));
  kandy_client_sign_on_client_async (session->client, "PRIV-x",
      "wonderland-s3cret", NULL, store_result, &result);
  kandy_client_sign_on_finish (session->client, wait_result (&result), &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  kandy_client_sign_on_client_async (
      session->client, "PRIV-x", "no", NULL, store_result, &result);
  g_assert_false (kandy_client_sign_on_finish (
      session->client, wait_result (&result), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_clear_object (&result);
  session_free (session);
}

static void
test_bad_reply (gconstpointer data)
{
  Session *session = session_new (NULL);
  g_autofree char *escaped = g_strescape (data, NULL);
  g_autofree char *fault = g_strdup_printf (
      "{\"on\":\"request\",\"path\":\"/token\",\"body\":\"%s\",\"count\":1}",
      escaped);
  g_autoptr (GError) error = NULL;

  session_fault (session, fault);
  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  g_assert_true (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", NULL));
  session_free (session);
}

static void
test_html_refusal (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  session_fault (session,
      "{\"on\":\"request\",\"path\":\"/token\",\"status\":502,"
      "\"body\":\"<html>\",\"contentType\":\"text/html\"}");
  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_REFUSED);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "502");
  session_free (session);
}

static void
test_cancel (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  session_fault (
      session, "{\"on\":\"request\",\"path\":\"/token\",\"hang\":true}");
  kandy_client_sign_on_password_async (session->client, "loopback", ALICE,
      "wonderland", cancellable, store_result, &result);
  SETTLE_MS (50);
  g_cancellable_cancel (cancellable);
  g_assert_false (kandy_client_sign_on_finish (
      session->client, wait_result (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  kandy_loopback_clear_faults (session->loopback);
  session_free (session);
}

static void
test_sign_off_while_signing_on (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  kandy_client_sign_on_password_async (session->client, "loopback", ALICE,
      "wonderland", NULL, store_result, &result);
  kandy_client_sign_off (session->client);
  g_assert_false (kandy_client_sign_on_finish (
      session->client, wait_result (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  token = session_get_user_info (session, "token");
  g_assert_null (token);
  g_clear_object (&result);
  session_free (session);
}

static void
test_destroy_while_signing_on (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  session_fault (
      session, "{\"on\":\"request\",\"path\":\"/token\",\"hang\":true}");
  kandy_client_sign_on_password_async (session->client, "loopback", ALICE,
      "wonderland", NULL, store_result, &result);
  SETTLE_MS (50);
  kandy_client_destroy (session->client);
  g_assert_false (kandy_client_sign_on_finish (
      session->client, wait_result (&result), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  g_clear_object (&result);
  g_clear_error (&error);
  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  kandy_loopback_clear_faults (session->loopback);
  session_free (session);
}

/* TLS: an authority that nobody knows is refused, unless it is named or the
 * user does not mind */
static void
test_tls (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = NULL;
  g_autofree char *file = NULL;
  int fd;

  g_assert_true (kandy_loopback_use_self_signed (session->loopback, &error));
  pem = kandy_loopback_get_certificate_pem (session->loopback);
  fd = g_file_open_tmp ("kandy-XXXXXX.pem", &file, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (file, pem, -1, &error));
  g_object_set (session->config, "server-protocol", "https", NULL);

  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "certificate"));
  g_clear_error (&error);

  g_object_set (session->config, "ca-file", "/nonexistent/ca.pem", NULL);
  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_assert_nonnull (strstr (error->message, "/nonexistent/ca.pem"));
  g_clear_error (&error);

  g_object_set (session->config, "ca-file", file, NULL);
  g_assert_true (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_true (session_subscribe (session, "call", &error));
  g_assert_no_error (error);
  g_assert_true (session_unsubscribe (session, "call", NULL));

  g_object_set (session->config, "ca-file", NULL, "tls-verify", FALSE, NULL);
  g_assert_true (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_true (session_subscribe (session, "call", &error));
  g_assert_true (session_unsubscribe (session, "call", NULL));

  /* and a connection that was accepted then does not count now */
  g_object_set (session->config, "tls-verify", TRUE, NULL);
  g_assert_false (
      session_try_sign_on (session, "loopback", ALICE, "wonderland", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  g_unlink (file);
  session_free (session);
}

int
main (int argc, char **argv)
{
  static const char *const replies[] = { "", "<html>", "{", "[]", "null", "{}",
    "{\"access_token\":7,\"id_token\":{}}",
    "{\"access_token\":\"a\",\"id_token\":\"b\"}",
    "{\"access_token\":\"a b\",\"id_token\":\"b\"}" };
  guint i;

  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/session/auth/" name, func)
  ADD ("tokens", test_tokens);
  ADD ("wrong-password", test_wrong_password);
  ADD ("client-credentials", test_client_credentials);
  ADD ("html-refusal", test_html_refusal);
  ADD ("cancel", test_cancel);
  ADD ("sign-off-meanwhile", test_sign_off_while_signing_on);
  ADD ("destroy", test_destroy_while_signing_on);
  ADD ("tls", test_tls);
  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    g_autofree char *path = g_strdup_printf ("/session/auth/bad-reply/%u", i);

    g_test_add_data_func (path, replies[i], test_bad_reply);
  }
  return g_test_run ();
}
