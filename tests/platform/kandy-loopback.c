/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* The object, what it is made of, its start and its end. What a test orders and
 * asks while it runs is in kandy-loopback-control.c. Each public function hands
 * its work over to the server's thread with kl_run(). */

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

static void
add_account (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;

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
  KlArgs args = { { address, password }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (address != NULL && password != NULL, FALSE);

  kl_run (self, add_account, &args);
  return args.ok;
}

static void
add_client (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;

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
  KlArgs args = { { client_id, client_secret }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (client_id != NULL, FALSE);

  kl_run (self, add_client, &args);
  return args.ok;
}

typedef struct {
  const char *id;
  const char *const *members;
  GError **error;
  gboolean ok;
} AddGroup;

static void
add_group (KandyLoopback *self, gpointer data)
{
  AddGroup *args = data;

  args->ok = kl_groups_add (self, args->id, args->members, args->error);
}

/**
 * kandy_loopback_add_group:
 * @self: a platform
 * @id: the group's id, which is its name, too
 * @members: (array zero-terminated=1): accounts, by address or by the name
 *     before the domain; the first one is the administrator
 * @error: return location for a #GError
 *
 * Adds a group in which all of them take part, without an invitation. A group
 * that the store has already stays as it is.
 *
 * Returns: %FALSE if the id is malformed or there is no such account
 */
gboolean
kandy_loopback_add_group (KandyLoopback *self, const char *id,
    const char *const *members, GError **error)
{
  AddGroup args = { id, members, error, FALSE };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (id != NULL && members != NULL, FALSE);

  kl_run (self, add_group, &args);
  return args.ok;
}

static void
load_config (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;

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
  KlArgs args = { { path }, .error = error };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  kl_run (self, load_config, &args);
  return args.ok;
}

static void
set_store (KandyLoopback *self, gpointer data)
{
  KlArgs *args = data;

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
  KlArgs args = { { path }, .error = error };

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
  KlArgs *args = data;

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
  KlArgs args = { 0 };

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
    /* GLib registers a type with one lock, and adds its interfaces with
     * another, which g_type_class_ref() holds while libsoup asks for this very
     * type: two threads that are the first to need it can wait for each other
     * for ever */
    g_type_ensure (G_TYPE_TASK);
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
  KlArgs *args = data;
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
  KlArgs args = { { address } };

  g_return_val_if_fail (KANDY_IS_LOOPBACK (self), NULL);

  kl_run (self, find_user_id, &args);
  return args.result;
}
