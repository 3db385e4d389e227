/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* What a test orders of the platform and asks it: faults, counts, the log,
 * connections that break, tokens and channels that expire. */

static void
set_fault (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (JsonObject) object =
      kl_json_parse (args->text[0], -1, args->error);
  g_autoptr (JsonNode) node = NULL;

  if (!object)
    return;
  if (json_object_has_member (object, "")) {
    node = json_object_dup_member (object, "");
  } else {
    node = json_node_new (JSON_NODE_OBJECT);
    json_node_set_object (node, object);
  }
  args->ok = kl_faults_set (self, node, args->error);
}

/**
 * kandy_loopback_set_fault:
 * @self: a platform
 * @json: a fault, or an array of faults, as described at #KandyLoopback
 * @error: return location for a #GError
 *
 * Orders faults. They add up until kandy_loopback_clear_faults().
 *
 * Returns: %FALSE if one of them is malformed; those before it are in force
 */
gboolean
kandy_loopback_set_fault (KandyLoopback *self, const char *json, GError **error)
{
  KlArgs args = { { json }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  kl_run (self, set_fault, &args);
  return args.ok;
}

static void
clear_faults (KandyLoopback *self, gpointer data)
{
  kl_faults_clear (self);
}

/**
 * kandy_loopback_clear_faults:
 * @self: a platform
 *
 * Withdraws all faults and resets the policies. What hangs goes on hanging.
 */
void
kandy_loopback_clear_faults (KandyLoopback *self)
{
  g_return_if_fail (KANDY_IS_LOOPBACK (self));

  kl_run (self, clear_faults, NULL);
}

static void
count_requests (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;

  args->count = kl_log_get_count (self->log, args->text[0], args->text[1]);
}

/**
 * kandy_loopback_count_requests:
 * @self: a platform
 * @method: (nullable): an HTTP method, `*` or %NULL for any
 * @path: (nullable): a part of the decoded path
 *
 * Returns: how many such requests have come
 */
guint
kandy_loopback_count_requests (
    KandyLoopback *self, const char *method, const char *path)
{
  KlArgs args = { { method, path } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_requests, &args);
  return args.count;
}

static void
reset_counts (KandyLoopback *self, gpointer data)
{
  kl_log_reset (self->log);
}

/**
 * kandy_loopback_reset_counts:
 * @self: a platform
 *
 * Sets the counts to 0 and empties the log.
 */
void
kandy_loopback_reset_counts (KandyLoopback *self)
{
  g_return_if_fail (KANDY_IS_LOOPBACK (self));

  kl_run (self, reset_counts, NULL);
}

static void
dup_log (KandyLoopback *self, gpointer data)
{
  ((KlArgs *) data)->result = kl_log_to_string (self->log);
}

/**
 * kandy_loopback_dup_log:
 * @self: a platform
 *
 * The exchanges so far, oldest first, as a JSON array. Each has a number `n`,
 * a time `t` in milliseconds and a `kind`: `req` (with `method`, `path`,
 * `user`, `headers`, `body`), `res` (`re`: the number of the request,
 * `status`, `body`), `ws-open`, `ws-close` (`code`), `ws>` from a client and
 * `ws<` to a client (`user`, `channel`, `data`). It holds the last 10000 of
 * them, and no secrets.
 *
 * Returns: (transfer full): JSON text
 */
char *
kandy_loopback_dup_log (KandyLoopback *self)
{
  KlArgs args = { 0 };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), NULL);

  kl_run (self, dup_log, &args);
  return args.result;
}

/* What an action works on. A user that is unknown has no channels. */
static GPtrArray *
channels_of_user (KandyLoopback *self, const char *user, const char *service)
{
  KlAccount *account = kl_accounts_find (self, user);

  if (user && !account)
    return g_ptr_array_new ();
  return kl_channels_of (self, account, service);
}

static void
count_accounts (KandyLoopback *self, gpointer data)
{
  ((KlArgs *) data)->count = self->accounts->len;
}

/**
 * kandy_loopback_count_accounts:
 * @self: a platform
 *
 * Returns: how many accounts there are
 */
guint
kandy_loopback_count_accounts (KandyLoopback *self)
{
  KlArgs args = { 0 };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_accounts, &args);
  return args.count;
}

static void
count_websockets (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);
  guint i;

  for (i = 0; i < channels->len; i++)
    args->count +=
        ((KlChannel *) g_ptr_array_index (channels, i))->socket != NULL;
}

/**
 * kandy_loopback_count_websockets:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Returns: how many websockets are open
 */
guint
kandy_loopback_count_websockets (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_websockets, &args);
  return args.count;
}

static void
count_channels (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);

  args->count = channels->len;
}

/**
 * kandy_loopback_count_channels:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Returns: how many notification channels there are
 */
guint
kandy_loopback_count_channels (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_channels, &args);
  return args.count;
}

static void
count_subscriptions (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);
  guint i;

  for (i = 0; i < channels->len; i++)
    args->count +=
        ((KlChannel *) g_ptr_array_index (channels, i))->subscriptions->len;
}

/**
 * kandy_loopback_count_subscriptions:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Returns: how many service subscriptions there are
 */
guint
kandy_loopback_count_subscriptions (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_subscriptions, &args);
  return args.count;
}

static void
count_sessions (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  KlAccount *account = kl_accounts_find (self, args->text[0]);

  if (!args->text[0] || account)
    args->count = kl_sessions_count (self, account);
}

/**
 * kandy_loopback_count_sessions:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Returns: how many calls there are that have not ended
 */
guint
kandy_loopback_count_sessions (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_sessions, &args);
  return args.count;
}

static void
close_websockets (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);
  guint i;

  for (i = 0; i < channels->len; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);

    args->count += channel->socket != NULL;
    kl_channel_close_socket (channel, args->number, NULL);
  }
}

/**
 * kandy_loopback_close_websockets:
 * @self: a platform
 * @user: (nullable): a user
 * @code: a close code (RFC 6455 section 7.4), 0 to break the connection
 *
 * Closes websockets; the channels live on.
 *
 * Returns: how many were closed
 */
guint
kandy_loopback_close_websockets (
    KandyLoopback *self, const char *user, guint code)
{
  KlArgs args = { { user }, .number = code };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);
  g_return_val_if_fail (code == 0 || (code >= 1000 && code <= 4999), 0);

  kl_run (self, close_websockets, &args);
  return args.count;
}

static void
send_raw (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);
  guint i;

  for (i = 0; i < channels->len; i++)
    kl_channel_send (g_ptr_array_index (channels, i), args->text[1]);
  args->count = channels->len;
}

/**
 * kandy_loopback_send_raw:
 * @self: a platform
 * @user: (nullable): a user
 * @frame: any text
 *
 * Sends a text frame as it is. A channel without a websocket queues it.
 *
 * Returns: how many channels got it
 */
guint
kandy_loopback_send_raw (
    KandyLoopback *self, const char *user, const char *frame)
{
  KlArgs args = { { user, frame } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);
  g_return_val_if_fail (frame != NULL, 0);

  kl_run (self, send_raw, &args);
  return args.count;
}

static void
expire_tokens (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  KlAccount *account = kl_accounts_find (self, args->text[0]);

  if (args->text[0] && !account)
    return;
  kl_accounts_expire_tokens (self, account, FALSE);
  args->count = account ? 1 : self->accounts->len;
}

/**
 * kandy_loopback_expire_tokens:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Lets every access token minted so far be an expired one. Refresh tokens
 * still serve.
 *
 * Returns: how many users this meets
 */
guint
kandy_loopback_expire_tokens (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, expire_tokens, &args);
  return args.count;
}

static void
expire_channels (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels = channels_of_user (self, args->text[0], NULL);
  guint i;

  for (i = 0; i < channels->len; i++)
    kl_channel_remove (
        g_ptr_array_index (channels, i), KL_CLOSE_EXPIRED, "Channel expired");
  args->count = channels->len;
}

/**
 * kandy_loopback_expire_channels:
 * @self: a platform
 * @user: (nullable): a user
 *
 * Ends the lifetime of channels: their websockets are closed with 4002, their
 * URLs are 404 from now on.
 *
 * Returns: how many channels this meets
 */
guint
kandy_loopback_expire_channels (KandyLoopback *self, const char *user)
{
  KlArgs args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, expire_channels, &args);
  return args.count;
}

static void
cancel_subscriptions (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  g_autoptr (GPtrArray) channels =
      channels_of_user (self, args->text[0], args->text[1]);
  guint i;

  for (i = 0; i < channels->len; i++)
    args->count += kl_subscriptions_cancel (
        g_ptr_array_index (channels, i), args->text[1]);
}

/**
 * kandy_loopback_cancel_subscriptions:
 * @self: a platform
 * @user: (nullable): a user
 * @service: (nullable): `call`, `chat`, `smsinbound` or `presence`
 *
 * Takes subscriptions away, and says so with a
 * *SubscriptionCancellationNotification.
 *
 * Returns: how many subscriptions this meets
 */
guint
kandy_loopback_cancel_subscriptions (
    KandyLoopback *self, const char *user, const char *service)
{
  KlArgs args = { { user, service } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, cancel_subscriptions, &args);
  return args.count;
}

static void
end_sessions (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;
  KlAccount *account = kl_accounts_find (self, args->text[0]);

  if (!args->text[0] || account)
    args->count = kl_sessions_end (self, account, args->number, args->text[1]);
}

/**
 * kandy_loopback_end_sessions:
 * @self: a platform
 * @user: (nullable): a user
 * @status_code: what SessionEnded tells as `statusCode`, 0 for none
 * @reason: (nullable): what it tells as `reasonText`
 *
 * Ends calls from the platform's side: everybody in them gets SessionEnded,
 * devices that still ring get Cancelled.
 *
 * Returns: how many calls this meets
 */
guint
kandy_loopback_end_sessions (KandyLoopback *self, const char *user,
    guint status_code, const char *reason)
{
  KlArgs args = { { user, reason }, .number = status_code };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, end_sessions, &args);
  return args.count;
}
