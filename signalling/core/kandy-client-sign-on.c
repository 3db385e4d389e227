/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-client-private.h"

#include "kandy-error.h"

/* KandyClient: who the user is. What keeps and renews the tokens is KandyAuth.
 */

static void
sign_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (kandy_auth_sign_on_finish (KANDY_AUTH (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * kandy_client_set_tokens:
 * @self: a client
 * @access_token: what the platform is asked with; it is not looked into
 * @id_token: a JWT that says who the user is, by the claims
 *   `preferred_username` and `services-identity`; its signature is not checked
 * @error: return location
 *
 * Sets tokens that the application has got from the platform (API document:
 * `api.setTokens`). They are used from the next request on, an open websocket
 * stays; no event is emitted. The client does not renew them, and forgets what
 * it had signed on with itself.
 *
 * Unsubscribe before another user's tokens are set.
 *
 * Returns: %FALSE, with %KANDY_ERROR_INVALID_PARAM set, if a token is not
 *   acceptable; nothing has changed then
 */
gboolean
kandy_client_set_tokens (KandyClient *self, const char *access_token,
    const char *id_token, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (KANDY_IS_CLIENT (self), FALSE);

  if (kandy_client_is_destroyed (self)) {
    g_propagate_error (error,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
    return FALSE;
  }
  if (kandy_auth_set_tokens (
          kandy_client_get_auth (self), access_token, id_token, &local))
    return TRUE;
  kandy_logger_log (kandy_client_get_logger (self), KANDY_LOG_LEVEL_ERROR,
      "AUTH", NULL, "The tokens were not set: %s", local->message);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * kandy_client_set_credentials:
 * @self: a client
 * @bearer_access_token: an access token
 * @id_token: an id token
 * @error: return location
 *
 * The same as kandy_client_set_tokens() (API document: `api.setCredentials`).
 *
 * Returns: %FALSE, with %KANDY_ERROR_INVALID_PARAM set, if a token is not
 *   acceptable
 */
gboolean
kandy_client_set_credentials (KandyClient *self,
    const char *bearer_access_token, const char *id_token, GError **error)
{
  return kandy_client_set_tokens (self, bearer_access_token, id_token, error);
}

/**
 * kandy_client_get_user_info:
 * @self: a client
 *
 * Gets who the user is (API document: `api.getUserInfo`): an `a{sv}` with the
 * strings `username`, `identity`, `token` and `accessToken`, the last two being
 * the same; empty before tokens are set. It is not for printing.
 *
 * Returns: (transfer full): the user
 */
GVariant *
kandy_client_get_user_info (KandyClient *self)
{
  GVariantDict dict;
  const char *token;
  KandyAuth *auth;

  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  g_variant_dict_init (&dict, NULL);
  auth = kandy_client_get_auth (self);
  token = kandy_auth_get_access_token (auth);
  if (token) {
    g_variant_dict_insert (&dict, "token", "s", token);
    g_variant_dict_insert (&dict, "accessToken", "s", token);
    g_variant_dict_insert (
        &dict, "username", "s", kandy_auth_get_username (auth));
    g_variant_dict_insert (
        &dict, "identity", "s", kandy_auth_get_identity (auth));
  }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/**
 * kandy_client_sign_on_password_async:
 * @self: a client
 * @client_id: the account's client id, or a project's public key
 * @username: the user's e-mail address or name
 * @password: the user's password
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets tokens for a user with a password. @password is kept in memory until
 * kandy_client_sign_off(), to sign on again when the tokens can no longer be
 * refreshed.
 */
void
kandy_client_sign_on_password_async (KandyClient *self, const char *client_id,
    const char *username, const char *password, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CLIENT (self));
  g_return_if_fail (client_id && username && password);

  if (kandy_client_is_destroyed (self)) {
    kandy_client_return_destroyed (
        self, callback, user_data, kandy_client_sign_on_password_async);
    return;
  }
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, kandy_client_sign_on_password_async);
  kandy_auth_sign_on_password_async (kandy_client_get_auth (self), client_id,
      username, password, cancellable, sign_on_done, task);
}

/**
 * kandy_client_sign_on_client_async:
 * @self: a client
 * @client_id: a project's private key
 * @client_secret: the project's secret
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets tokens for a project. @client_secret is kept in memory until
 * kandy_client_sign_off().
 */
void
kandy_client_sign_on_client_async (KandyClient *self, const char *client_id,
    const char *client_secret, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CLIENT (self));
  g_return_if_fail (client_id && client_secret);

  if (kandy_client_is_destroyed (self)) {
    kandy_client_return_destroyed (
        self, callback, user_data, kandy_client_sign_on_client_async);
    return;
  }
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, kandy_client_sign_on_client_async);
  kandy_auth_sign_on_client_async (kandy_client_get_auth (self), client_id,
      client_secret, cancellable, sign_on_done, task);
}

/**
 * kandy_client_sign_on_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location: %KANDY_ERROR_AUTHENTICATION if the platform refuses,
 *   with OAuth's error (such as `invalid_grant`) as platform code;
 *   %KANDY_ERROR_NETWORK, %KANDY_ERROR_TIMEOUT or %KANDY_ERROR_PROTOCOL;
 *   %G_IO_ERROR_CANCELLED also if kandy_client_sign_off() or
 *   kandy_client_set_tokens() came in between
 *
 * Ends a sign-on of either kind.
 *
 * Returns: %TRUE if the client has tokens now
 */
gboolean
kandy_client_sign_on_finish (
    KandyClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_client_sign_off:
 * @self: a client
 *
 * Forgets tokens, passwords and who the user is, and stops renewing. The
 * platform is not told: unsubscribe first.
 */
void
kandy_client_sign_off (KandyClient *self)
{
  g_return_if_fail (KANDY_IS_CLIENT (self));

  kandy_auth_sign_off (kandy_client_get_auth (self));
}
