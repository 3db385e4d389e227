/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* The object, and its public functions: each hands its work over to the
 * server's thread with kl_run(). */

G_DEFINE_TYPE (KandyLoopback, kandy_loopback, G_TYPE_OBJECT)

static void
kandy_loopback_finalize (GObject *object)
{
  KandyLoopback *self = KANDY_LOOPBACK (object);

  kandy_loopback_stop (self);
  g_hash_table_unref (self->channels);
  g_hash_table_unref (self->legs);
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->sockets);
  kl_stop_timers (self);
  g_hash_table_unref (self->timers);
  g_ptr_array_unref (self->faults);
  g_ptr_array_unref (self->clients);
  g_ptr_array_unref (self->accounts);
  kl_policies_clear (&self->policies);
  kl_policies_clear (&self->configured);
  kl_log_free (self->log);
  kl_store_free (self->store);
  g_clear_object (&self->certificate);
  g_free (self->address);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_rec_mutex_clear (&self->idle);
  G_OBJECT_CLASS (kandy_loopback_parent_class)->finalize (object);
}

static void
kandy_loopback_class_init (KandyLoopbackClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_loopback_finalize;
}

/* What the parts of the platform keep, they keep in tables of their own */
static gboolean
open_store (KandyLoopback *self, const char *path, GError **error)
{
  g_autoptr (KlStore) store = kl_store_new (path, error);

  if (!store || !kl_messages_add_tables (store, error)
      || !kl_attachments_add_tables (store, error)
      || !kl_groups_add_tables (store, error)
      || !kl_presence_add_tables (store, error)
      || !kl_contacts_add_tables (store, error))
    return FALSE;
  g_clear_pointer (&self->store, kl_store_free);
  self->store = g_steal_pointer (&store);
  return TRUE;
}

static void
kandy_loopback_init (KandyLoopback *self)
{
  g_autoptr (GError) error = NULL;
  guint i;

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_rec_mutex_init (&self->idle);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kl_account_free);
  self->clients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kl_client_free);
  self->faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kl_fault_unref);
  self->channels = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) kl_channel_unref);
  self->legs = g_hash_table_new (g_str_hash, g_str_equal);
  self->calls =
      g_hash_table_new_full (NULL, NULL, (GDestroyNotify) kl_call_unref, NULL);
  self->sockets = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->timers = g_hash_table_new (NULL, NULL);
  self->log = kl_log_new ();
  if (!open_store (self, NULL, &error))
    g_error ("%s", error->message);
  kl_policies_init (&self->policies);
  kl_policies_init (&self->configured);
  for (i = 0; i < sizeof self->key; i++)
    self->key[i] = g_random_int_range (0, 256);
  kl_clients_add (self, "loopback", NULL, NULL, NULL);
}

/**
 * kandy_loopback_new:
 *
 * A platform without accounts that knows the client id `loopback`. It serves
 * nobody before kandy_loopback_start().
 *
 * Returns: (transfer full): the platform
 */
KandyLoopback *
kandy_loopback_new (void)
{
  return g_object_new (KANDY_TYPE_LOOPBACK, NULL);
}

/* Arguments and result of whatever is handed over */
typedef struct {
  const char *text[3];
  guint number;
  gpointer result;
  gboolean ok;
  guint count;
  GError **error;
} Args;

static void
add_account (KandyLoopback *self, gpointer data)
{
  Args *args = data;

  args->ok =
      kl_accounts_add (self, args->text[0], args->text[1], args->error) != NULL;
}

/**
 * kandy_loopback_add_account:
 * @self: a platform
 * @address: NAME@DOMAIN
 * @password: its password
 * @error: return location for a #GError
 *
 * Adds an account. Its user identifier in paths is made from the address and
 * looks nothing like it.
 *
 * Returns: %FALSE if the address is malformed or taken
 */
gboolean
kandy_loopback_add_account (KandyLoopback *self, const char *address,
    const char *password, GError **error)
{
  Args args = { { address, password }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (address != NULL && password != NULL, FALSE);

  kl_run (self, add_account, &args);
  return args.ok;
}

static void
add_client (KandyLoopback *self, gpointer data)
{
  Args *args = data;

  args->ok =
      kl_clients_add (self, args->text[0], args->text[1], NULL, args->error)
      != NULL;
}

/**
 * kandy_loopback_add_client:
 * @self: a platform
 * @client_id: an OAuth client id
 * @client_secret: (nullable): its secret, %NULL for a public client
 * @error: return location for a #GError
 *
 * Adds a client id. One with a secret may get tokens by client credentials:
 * they are those of the account CLIENT_ID\@loopback.example, which is made if
 * there is none.
 *
 * Returns: %FALSE if the client id is taken
 */
gboolean
kandy_loopback_add_client (KandyLoopback *self, const char *client_id,
    const char *client_secret, GError **error)
{
  Args args = { { client_id, client_secret }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (client_id != NULL, FALSE);

  kl_run (self, add_client, &args);
  return args.ok;
}

static void
load_config (KandyLoopback *self, gpointer data)
{
  Args *args = data;

  args->ok = kl_config_load (self, args->text[0], args->error);
}

/**
 * kandy_loopback_load_config:
 * @self: a platform
 * @path: the name of a JSON file
 * @error: return location for a #GError
 *
 * Reads accounts, client ids, policies and faults from a file:
 *
 * |[<!-- language="plain" -->
 * { "accounts": [ { "address": "alice@lab.example", "password": "...",
 *                   "name": "Alice Adams", "phone": "15550100",
 *                   "id": "u-1" } ],
 *   "clients": [ { "id": "PUB-lab" },
 *                { "id": "PRIV-lab", "secret": "...",
 *                  "address": "desk@lab.example" } ],
 *   "policies": { "tokenLifetime": 3600, "turnSecret": "..." },
 *   "faults": [ ] }
 * ]|
 *
 * Policies from here are what kandy_loopback_clear_faults() goes back to.
 *
 * Returns: %FALSE if the file is unreadable or says what cannot be
 */
gboolean
kandy_loopback_load_config (
    KandyLoopback *self, const char *path, GError **error)
{
  Args args = { { path }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  kl_run (self, load_config, &args);
  return args.ok;
}

static void
set_store (KandyLoopback *self, gpointer data)
{
  Args *args = data;

  args->ok = open_store (self, args->text[0], args->error);
}

/**
 * kandy_loopback_set_store:
 * @self: a platform that does not run
 * @path: the name of a file, which is made if there is none
 * @error: return location for a #GError
 *
 * Keeps messages and whatever else outlives a channel in a file (an SQLite
 * database), and attachments in a directory beside it, named @path with `.d` at
 * the end. Without it they are kept in memory, attachments in a temporary
 * directory, and are gone with the platform.
 *
 * Returns: %FALSE if the file cannot be used
 */
gboolean
kandy_loopback_set_store (KandyLoopback *self, const char *path, GError **error)
{
  Args args = { { path }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  kl_run (self, set_store, &args);
  return args.ok;
}

static void
set_certificate (KandyLoopback *self, gpointer data)
{
  g_set_object (&self->certificate, data);
  g_mutex_lock (&self->lock);
  self->tls = data != NULL;
  g_mutex_unlock (&self->lock);
}

/**
 * kandy_loopback_use_self_signed:
 * @self: a platform
 * @error: return location for a #GError
 *
 * Makes a certificate for `localhost`, 127.0.0.1 and ::1 that signs itself,
 * and serves TLS with it beside plain connections. See
 * kandy_loopback_get_certificate_pem().
 *
 * Returns: %FALSE if none could be made
 */
gboolean
kandy_loopback_use_self_signed (KandyLoopback *self, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);

  certificate = kl_certificate_new (NULL, error);
  if (!certificate)
    return FALSE;
  kandy_loopback_set_certificate (self, certificate);
  return TRUE;
}

/**
 * kandy_loopback_set_certificate:
 * @self: a platform
 * @certificate: (nullable): a certificate with its private key, %NULL to
 *   serve plain connections only
 *
 * Serves TLS on the same port as plain connections.
 */
void
kandy_loopback_set_certificate (
    KandyLoopback *self, GTlsCertificate *certificate)
{
  g_return_if_fail (KANDY_IS_LOOPBACK (self));

  kl_run (self, set_certificate, certificate);
}

static void
get_certificate (KandyLoopback *self, gpointer data)
{
  Args *args = data;

  if (self->certificate)
    g_object_get (self->certificate, "certificate-pem", &args->result, NULL);
}

/**
 * kandy_loopback_get_certificate_pem:
 * @self: a platform
 *
 * The certificate without its key, fit for a client's list of authorities.
 *
 * Returns: (transfer full) (nullable): PEM text, %NULL without TLS
 */
char *
kandy_loopback_get_certificate_pem (KandyLoopback *self)
{
  Args args = { 0 };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), NULL);

  kl_run (self, get_certificate, &args);
  return args.result;
}

static void
set_verbose (KandyLoopback *self, gpointer data)
{
  self->verbose = GPOINTER_TO_INT (data);
}

/**
 * kandy_loopback_set_verbose:
 * @self: a platform
 * @verbose: whether to print
 *
 * Whether every exchange is printed to the standard output, as one line
 * without secrets. Default: no.
 */
void
kandy_loopback_set_verbose (KandyLoopback *self, gboolean verbose)
{
  g_return_if_fail (KANDY_IS_LOOPBACK (self));

  kl_run (self, set_verbose, GINT_TO_POINTER (verbose));
}

/**
 * kandy_loopback_start:
 * @self: a platform that does not run
 * @address: the IP address to listen on
 * @port: the port, 0 for a free one
 * @error: return location for a #GError
 *
 * Starts to serve. A platform that was stopped can be started again; it keeps
 * its accounts and forgets channels and calls.
 *
 * Returns: %FALSE if it cannot listen there
 */
gboolean
kandy_loopback_start (
    KandyLoopback *self, const char *address, guint port, GError **error)
{
  KlListener *listener;

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (address != NULL && port <= G_MAXUINT16, FALSE);

  g_rec_mutex_lock (&self->idle);
  g_mutex_lock (&self->lock);
  if (self->thread) {
    g_mutex_unlock (&self->lock);
    g_rec_mutex_unlock (&self->idle);
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_EXISTS, "The platform runs already");
    return FALSE;
  }
  listener = kl_listener_new (self, address, port, error);
  if (listener) {
    self->listener = listener;
    self->port = kl_listener_get_port (listener);
    g_free (self->address);
    self->address = g_strdup (address);
    self->running = TRUE;
    self->thread = g_thread_new ("kandy-loopback", kl_serve, self);
  }
  g_mutex_unlock (&self->lock);
  g_rec_mutex_unlock (&self->idle);
  return listener != NULL;
}

static gboolean
on_quit (gpointer data)
{
  KandyLoopback *self = data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/**
 * kandy_loopback_stop:
 * @self: a platform
 *
 * Breaks every connection and waits for the server's thread to end. Does
 * nothing if the platform does not run. Not from the server's own thread.
 */
void
kandy_loopback_stop (KandyLoopback *self)
{
  g_autoptr (GSource) source = NULL;
  GThread *thread;

  g_return_if_fail (KANDY_IS_LOOPBACK (self));

  g_mutex_lock (&self->lock);
  thread = self->running ? self->thread : NULL;
  if (thread) {
    /* The loop may not run yet: a source, not a call */
    self->running = FALSE;
    source = g_idle_source_new ();
    g_source_set_priority (source, G_PRIORITY_HIGH);
    g_source_set_callback (source, on_quit, self, NULL);
    g_source_attach (source, self->context);
    g_mutex_unlock (&self->lock);
    g_thread_join (thread);
    g_mutex_lock (&self->lock);
    self->thread = NULL;
    self->port = 0;
    g_cond_broadcast (&self->changed);
  }
  /* Another thread may be at it */
  while (self->thread && !self->running)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

/**
 * kandy_loopback_get_port:
 * @self: a platform
 *
 * Returns: the port that it listens on, 0 if it does not run
 */
guint
kandy_loopback_get_port (KandyLoopback *self)
{
  guint port;

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  g_mutex_lock (&self->lock);
  port = self->port;
  g_mutex_unlock (&self->lock);
  return port;
}

/**
 * kandy_loopback_get_uri:
 * @self: a platform
 *
 * Returns: (transfer full) (nullable): `http://ADDRESS:PORT`, or `https` with
 *   a certificate; %NULL if it does not run
 */
char *
kandy_loopback_get_uri (KandyLoopback *self)
{
  char *uri = NULL;

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), NULL);

  g_mutex_lock (&self->lock);
  if (self->port != 0)
    uri = g_strdup_printf (
        strchr (self->address, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
        self->tls ? "https" : "http", self->address, self->port);
  g_mutex_unlock (&self->lock);
  return uri;
}

static void
find_user_id (KandyLoopback *self, gpointer data)
{
  Args *args = data;
  KlAccount *account = kl_accounts_find (self, args->text[0]);

  args->result = account ? g_strdup (account->id) : NULL;
}

/**
 * kandy_loopback_dup_user_id:
 * @self: a platform
 * @address: an account's address
 *
 * Returns: (transfer full) (nullable): the user identifier in paths, %NULL if
 *   there is no such account
 */
char *
kandy_loopback_dup_user_id (KandyLoopback *self, const char *address)
{
  Args args = { { address } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), NULL);

  kl_run (self, find_user_id, &args);
  return args.result;
}

static void
set_fault (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { json }, .error = error };

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
  Args *args = data;

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
  Args args = { { method, path } };

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
  ((Args *) data)->result = kl_log_to_string (self->log);
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
  Args args = { 0 };

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
  ((Args *) data)->count = self->accounts->len;
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
  Args args = { 0 };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_accounts, &args);
  return args.count;
}

static void
count_websockets (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_websockets, &args);
  return args.count;
}

static void
count_channels (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_channels, &args);
  return args.count;
}

static void
count_subscriptions (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_subscriptions, &args);
  return args.count;
}

static void
count_sessions (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, count_sessions, &args);
  return args.count;
}

static void
close_websockets (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user }, .number = code };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);
  g_return_val_if_fail (code == 0 || (code >= 1000 && code <= 4999), 0);

  kl_run (self, close_websockets, &args);
  return args.count;
}

static void
send_raw (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user, frame } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);
  g_return_val_if_fail (frame != NULL, 0);

  kl_run (self, send_raw, &args);
  return args.count;
}

static void
expire_tokens (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, expire_tokens, &args);
  return args.count;
}

static void
expire_channels (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, expire_channels, &args);
  return args.count;
}

static void
cancel_subscriptions (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user, service } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, cancel_subscriptions, &args);
  return args.count;
}

static void
end_sessions (KandyLoopback *self, gpointer data)
{
  Args *args = data;
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
  Args args = { { user, reason }, .number = status_code };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), 0);

  kl_run (self, end_sessions, &args);
  return args.count;
}
