/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-auth.h"

#include <math.h>
#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-exchange.h"
#include "kandy-json.h"
#include "kandy-logger.h"
#include "kandy-rest-private.h"

/*
 * Tokens (protocol session 1). The document leaves fetching them to the
 * application; a client that signs on itself also renews them, at half of their
 * life. What it signed on with stays in memory for that, until sign_off or
 * set_tokens.
 */

#define TOKEN_PATH "/cpaas/auth/v1/token"
/* A server that hands out tokens without life must not make us hammer it */
#define MIN_RENEW_SECONDS 1.0
#define MAX_RETRY_SECONDS 60.0
/* Between renewals that refused tokens ask for */
#define REFUSED_HOLD_OFF_US (5 * G_USEC_PER_SEC)

enum {
  SIGNAL_USER_CHANGED,
  N_SIGNALS,
};

typedef struct {
  char *username;
  char *identity;
} Claims;

struct _KandyAuth {
  GObject parent_instance;

  KandyClient *client; /* weak */

  char *access_token;
  char *username;
  char *identity;

  /* of our own sign-on; NULL if the application brings the tokens */
  char *client_id;
  char *client_secret;
  char *login;
  char *password;
  char *refresh_token;
  gint64 expires_at; /* monotonic, 0 if not known */
  gint64 renewed_at; /* monotonic */
  guint generation;  /* what was asked for in a former one comes too late */
  GSource *renew_timer;
  GCancellable *renewing; /* set while a renewal is under way */
};

G_DEFINE_FINAL_TYPE (KandyAuth, kandy_auth, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

typedef struct {
  SoupMessage *msg;
  /* taken over by KandyAuth when the sign-on succeeds */
  char *client_id;
  char *client_secret;
  char *login;
  char *password;
  gboolean is_refresh;
  guint generation;
} SignOn;

static void renew (KandyAuth *self, gboolean with_refresh_token);

static void
clear_secret (char **secret)
{
  if (*secret)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

static void
free_secret (gpointer secret)
{
  clear_secret ((char **) &secret);
}

static void
sign_on_free (SignOn *sign_on)
{
  g_clear_object (&sign_on->msg);
  g_free (sign_on->client_id);
  clear_secret (&sign_on->client_secret);
  g_free (sign_on->login);
  clear_secret (&sign_on->password);
  g_free (sign_on);
}

static void
claims_clear (Claims *claims)
{
  g_free (claims->username);
  g_free (claims->identity);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Claims, claims_clear)

/* The payload of a JWT. Its signature is the platform's business: we only learn
 * from it who we are. (transfer full) (nullable) */
static JsonNode *
decode_jwt (const char *token)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", -1);
  g_autoptr (GString) base64 = NULL;
  g_autofree guchar *payload = NULL;
  JsonNode *root;
  gsize length, i;

  if (g_strv_length (parts) < 2)
    return NULL;
  base64 = g_string_new (parts[1]);
  for (i = 0; i < base64->len; i++) {
    if (base64->str[i] == '-')
      base64->str[i] = '+';
    else if (base64->str[i] == '_')
      base64->str[i] = '/';
  }
  while (base64->len % 4)
    g_string_append_c (base64, '=');
  payload = g_base64_decode (base64->str, &length);
  root = kandy_json_parse ((const char *) payload, (gssize) length, NULL);
  if (root && !JSON_NODE_HOLDS_OBJECT (root))
    g_clear_pointer (&root, json_node_unref);
  return root;
}

static gboolean
read_claims (const char *id_token, Claims *claims, GError **error)
{
  g_autoptr (JsonNode) root = id_token ? decode_jwt (id_token) : NULL;
  const char *username = NULL, *identity = NULL;

  if (root) {
    username = kandy_json_get_string (
        json_node_get_object (root), "preferred_username");
    identity = kandy_json_get_string (
        json_node_get_object (root), "services-identity");
  }
  if (!username || !*username) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0, "The id token %s",
            root ? "has no claim preferred_username" : "is not a JWT"));
    return FALSE;
  }
  claims->username = g_strdup (username);
  claims->identity = g_strdup (identity && *identity ? identity : username);
  return TRUE;
}

/* It becomes part of a header and of a URL */
static gboolean
check_access_token (const char *token, GError **error)
{
  const char *p = token;

  while (p && *p && g_ascii_isgraph (*p))
    p++;
  if (!token || !*token || *p) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
            "The access token is empty or has characters that are not "
            "allowed in one"));
    return FALSE;
  }
  return TRUE;
}

static void
take_tokens (KandyAuth *self, const char *access_token, Claims *claims)
{
  gboolean changed = FALSE;

  clear_secret (&self->access_token);
  self->access_token = g_strdup (access_token);
  if (claims->username) {
    changed = self->username
        && (!g_str_equal (self->username, claims->username)
            || !g_str_equal (self->identity, claims->identity));
    g_free (self->username);
    self->username = g_steal_pointer (&claims->username);
    g_free (self->identity);
    self->identity = g_steal_pointer (&claims->identity);
  }
  if (changed)
    g_signal_emit (self, signals[SIGNAL_USER_CHANGED], 0);
}

static void
stop_renewing (KandyAuth *self)
{
  if (self->renew_timer) {
    g_source_destroy (self->renew_timer);
    g_clear_pointer (&self->renew_timer, g_source_unref);
  }
  if (self->renewing) {
    g_cancellable_cancel (self->renewing);
    g_clear_object (&self->renewing);
  }
}

static void
forget_sign_on (KandyAuth *self)
{
  stop_renewing (self);
  g_clear_pointer (&self->client_id, g_free);
  clear_secret (&self->client_secret);
  g_clear_pointer (&self->login, g_free);
  clear_secret (&self->password);
  clear_secret (&self->refresh_token);
  self->expires_at = 0;
}

static gboolean
renew_time (gpointer user_data)
{
  KandyAuth *self = user_data;

  g_clear_pointer (&self->renew_timer, g_source_unref);
  renew (self, TRUE);
  return G_SOURCE_REMOVE;
}

static void
schedule_renewal (KandyAuth *self, double seconds)
{
  stop_renewing (self);
  seconds = CLAMP (seconds, MIN_RENEW_SECONDS, 14 * 86400.0);
  self->renew_timer = g_timeout_source_new ((guint) (seconds * 1000));
  g_source_set_callback (self->renew_timer, renew_time, self, NULL);
  g_source_attach (self->renew_timer, kandy_client_get_context (self->client));
}

/* Seconds that the reply's token lives, 0 if nothing says it */
static double
token_life (JsonObject *reply, const char *access_token)
{
  double life = kandy_json_get_double (reply, "expires_in", 0);
  g_autoptr (JsonNode) root = NULL;

  if (life > 0 && isfinite (life))
    return life;
  root = decode_jwt (access_token);
  if (!root)
    return 0;
  life = kandy_json_get_double (json_node_get_object (root), "exp", 0)
      - kandy_json_get_double (json_node_get_object (root), "iat", 0);
  return life > 0 && isfinite (life) ? life : 0;
}

/* The one endpoint whose errors are OAuth's (protocol session 1.1) */
static GError *
refusal (SoupMessage *msg, GBytes *body)
{
  g_autoptr (JsonNode) root = kandy_json_parse (
      g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), NULL);
  guint status = soup_message_get_status (msg);
  const char *code = NULL, *description = NULL;
  g_autofree char *status_code = g_strdup_printf ("%u", status);
  KandyError kind;

  if (root) {
    code = kandy_json_get_string_at (root, "error");
    description = kandy_json_get_string_at (root, "error_description");
  }
  /* not an OAuth error: the reply of something in between */
  if (!code && !SOUP_STATUS_IS_SUCCESSFUL (status))
    return kandy_rest_error_from_reply (msg, body, "Sign-on");
  /* RFC 6749 section 5.2; any other one is no verdict on the credentials */
  kind = status == SOUP_STATUS_BAD_REQUEST || status == SOUP_STATUS_UNAUTHORIZED
          || status == SOUP_STATUS_FORBIDDEN
      ? KANDY_ERROR_AUTHENTICATION
      : KANDY_ERROR_REFUSED;
  return kandy_error_new (kind, code ? code : status_code, status,
      "The platform refused to sign on: %s",
      description ? description : (code ? code : "no reason given"));
}

static gboolean
take_reply (KandyAuth *self, SignOn *sign_on, GBytes *body, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_auto (Claims) claims = { NULL, NULL };
  JsonObject *reply;
  const char *access_token, *id_token, *refresh_token;
  double life;

  root = kandy_json_parse (
      g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), error);
  if (!root)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
            "Sign-on failed: the reply is not an object"));
    return FALSE;
  }
  reply = json_node_get_object (root);
  access_token = kandy_json_get_string (reply, "access_token");
  id_token = kandy_json_get_string (reply, "id_token");
  if (!check_access_token (access_token, error)
      || (!(sign_on->is_refresh && !id_token)
          && !read_claims (id_token, &claims, error))) {
    if (error && *error)
      (*error)->code = KANDY_ERROR_PROTOCOL;
    g_prefix_error (error, "The platform's reply to the sign-on: ");
    return FALSE;
  }

  take_tokens (self, access_token, &claims);
  stop_renewing (self);
  if (!sign_on->is_refresh) {
    forget_sign_on (self);
    self->client_id = g_steal_pointer (&sign_on->client_id);
    self->client_secret = g_steal_pointer (&sign_on->client_secret);
    self->login = g_steal_pointer (&sign_on->login);
    self->password = g_steal_pointer (&sign_on->password);
  }
  refresh_token = kandy_json_get_string (reply, "refresh_token");
  if (refresh_token) {
    clear_secret (&self->refresh_token);
    self->refresh_token = g_strdup (refresh_token);
  }
  self->renewed_at = g_get_monotonic_time ();
  life = token_life (reply, access_token);
  self->expires_at =
      life > 0 ? self->renewed_at + (gint64) (life * G_USEC_PER_SEC) : 0;
  if (life > 0)
    schedule_renewal (self, life / 2);
  return TRUE;
}

static void
sign_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyAuth *self = g_task_get_source_object (task);
  SignOn *sign_on = g_task_get_task_data (task);
  g_autoptr (GBytes) body = NULL;
  GError *error = NULL;

  body = kandy_rest_exchange_finish (KANDY_REST (source), result, &error);
  if (!body) {
    g_task_return_error (task, error);
    return;
  }
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
            "Sign-on ended: the client was destroyed"));
    return;
  }
  if (sign_on->generation != self->generation) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
        "Signed off, or other tokens set, while signing on");
    return;
  }
  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (sign_on->msg))) {
    g_task_return_error (task, refusal (sign_on->msg, body));
    return;
  }
  /* it has had its answer: not to be cancelled by what it brings about */
  if (self->renewing && self->renewing == g_task_get_cancellable (task))
    g_clear_object (&self->renewing);
  if (take_reply (self, sign_on, body, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* @form: (transfer full): of g_hash_table of static keys and borrowed values */
static void
request_token (KandyAuth *self, GHashTable *form, SignOn *sign_on,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  char *text = soup_form_encode_hash (form);
  g_autoptr (GBytes) body =
      g_bytes_new_with_free_func (text, strlen (text), free_secret, text);
  g_autoptr (GUri) uri = NULL;
  KandyRest *rest;
  GError *error = NULL;

  g_hash_table_unref (form);
  g_task_set_source_tag (task, request_token);
  g_task_set_task_data (task, sign_on, (GDestroyNotify) sign_on_free);
  sign_on->generation = self->generation;
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    error = kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
        "Sign-on refused: the client was destroyed");
  } else {
    rest = kandy_client_get_rest (self->client);
    uri = kandy_rest_make_uri (rest, NULL, TOKEN_PATH, NULL, &error);
  }
  if (!uri) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  sign_on->msg = soup_message_new_from_uri ("POST", uri);
  kandy_exchange_set_body (sign_on->msg, SOUP_FORM_MIME_TYPE_URLENCODED, body);
  soup_message_headers_replace (soup_message_get_request_headers (sign_on->msg),
      "Accept", "application/json");
  kandy_rest_exchange_async (
      rest, sign_on->msg, 0, "Sign-on", cancellable, sign_on_done, task);
}

static GHashTable *
new_form (const char *grant_type, const char *client_id)
{
  GHashTable *form = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (form, (gpointer) "grant_type", (gpointer) grant_type);
  g_hash_table_insert (form, (gpointer) "client_id", (gpointer) client_id);
  g_hash_table_insert (form, (gpointer) "scope", (gpointer) "openid");
  return form;
}

static void
emit_refused (KandyAuth *self, const GError *error)
{
  GVariantDict payload;

  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "error", kandy_error_to_variant (error));
  kandy_client_emit (self->client, self->client, "request:error",
      g_variant_dict_end (&payload));
}

static void
renewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyAuth) self = user_data;
  SignOn *sign_on = g_task_get_task_data (G_TASK (result));
  gboolean was_refresh = sign_on->is_refresh;
  g_autoptr (GError) error = NULL;
  double remaining;

  if (kandy_auth_sign_on_finish (self, result, &error)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || !self->client || kandy_client_is_destroyed (self->client)
      || !self->client_id)
    return;

  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_WARN, "AUTH", NULL, "The token could not be renewed: %s",
      error->message);
  g_clear_object (&self->renewing);
  if (error->code != KANDY_ERROR_AUTHENTICATION) {
    /* the server is away or unwell: again, more often as the end comes near */
    remaining =
        (double) (self->expires_at - g_get_monotonic_time ()) / G_USEC_PER_SEC;
    schedule_renewal (self,
        remaining > 0 ? MIN (remaining / 2, MAX_RETRY_SECONDS)
                      : MAX_RETRY_SECONDS);
  } else if (was_refresh) {
    /* the refresh token has expired too, or was withdrawn */
    clear_secret (&self->refresh_token);
    renew (self, FALSE);
  } else {
    emit_refused (self, error);
  }
}

static void
renew (KandyAuth *self, gboolean with_refresh_token)
{
  SignOn *sign_on;
  GHashTable *form;

  if (!self->client_id || !self->client
      || kandy_client_is_destroyed (self->client))
    return;
  stop_renewing (self);
  self->renewing = g_cancellable_new ();

  sign_on = g_new0 (SignOn, 1);
  if (with_refresh_token && self->refresh_token) {
    sign_on->is_refresh = TRUE;
    form = new_form ("refresh_token", self->client_id);
    g_hash_table_insert (form, (gpointer) "refresh_token", self->refresh_token);
    if (self->client_secret)
      g_hash_table_insert (
          form, (gpointer) "client_secret", self->client_secret);
    request_token (
        self, form, sign_on, self->renewing, renewed, g_object_ref (self));
  } else if (self->password) {
    kandy_auth_sign_on_password_async (self, self->client_id, self->login,
        self->password, self->renewing, renewed, g_object_ref (self));
    g_free (sign_on);
  } else {
    kandy_auth_sign_on_client_async (self, self->client_id, self->client_secret,
        self->renewing, renewed, g_object_ref (self));
    g_free (sign_on);
  }
}

static void
kandy_auth_finalize (GObject *object)
{
  KandyAuth *self = KANDY_AUTH (object);

  forget_sign_on (self);
  clear_secret (&self->access_token);
  g_free (self->username);
  g_free (self->identity);
  g_clear_weak_pointer (&self->client);

  G_OBJECT_CLASS (kandy_auth_parent_class)->finalize (object);
}

static void
kandy_auth_class_init (KandyAuthClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_auth_finalize;

  /* Signals of a private class have no documentation but the header's */
  signals[SIGNAL_USER_CHANGED] = g_signal_new ("user-changed", KANDY_TYPE_AUTH,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
kandy_auth_init (KandyAuth *self)
{
}

KandyAuth *
kandy_auth_new (KandyClient *client)
{
  KandyAuth *self = g_object_new (KANDY_TYPE_AUTH, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_auth_shutdown (KandyAuth *self)
{
  kandy_auth_sign_off (self);
}

gboolean
kandy_auth_set_tokens (KandyAuth *self, const char *access_token,
    const char *id_token, GError **error)
{
  g_auto (Claims) claims = { NULL, NULL };

  if (!check_access_token (access_token, error)
      || !read_claims (id_token, &claims, error))
    return FALSE;
  self->generation++;
  forget_sign_on (self);
  take_tokens (self, access_token, &claims);
  return TRUE;
}

void
kandy_auth_sign_off (KandyAuth *self)
{
  gboolean changed = self->username != NULL;

  self->generation++;
  forget_sign_on (self);
  clear_secret (&self->access_token);
  g_clear_pointer (&self->username, g_free);
  g_clear_pointer (&self->identity, g_free);
  if (changed)
    g_signal_emit (self, signals[SIGNAL_USER_CHANGED], 0);
}

void
kandy_auth_token_refused (KandyAuth *self)
{
  if (self->client_id && !self->renewing
      && g_get_monotonic_time () - self->renewed_at > REFUSED_HOLD_OFF_US)
    renew (self, TRUE);
}

const char *
kandy_auth_get_access_token (KandyAuth *self)
{
  return self->access_token;
}

const char *
kandy_auth_get_username (KandyAuth *self)
{
  return self->username;
}

const char *
kandy_auth_get_identity (KandyAuth *self)
{
  return self->identity;
}

const char *
kandy_auth_get_domain (KandyAuth *self)
{
  const char *at = self->identity ? strrchr (self->identity, '@') : NULL;

  return at && at[1] ? at + 1 : NULL;
}

void
kandy_auth_sign_on_password_async (KandyAuth *self, const char *client_id,
    const char *username, const char *password, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  SignOn *sign_on = g_new0 (SignOn, 1);
  GHashTable *form = new_form ("password", client_id);

  g_hash_table_insert (form, (gpointer) "username", (gpointer) username);
  g_hash_table_insert (form, (gpointer) "password", (gpointer) password);
  sign_on->client_id = g_strdup (client_id);
  sign_on->login = g_strdup (username);
  sign_on->password = g_strdup (password);
  request_token (self, form, sign_on, cancellable, callback, user_data);
}

void
kandy_auth_sign_on_client_async (KandyAuth *self, const char *client_id,
    const char *client_secret, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  SignOn *sign_on = g_new0 (SignOn, 1);
  GHashTable *form = new_form ("client_credentials", client_id);

  /* the scope of the published samples for clients that call */
  g_hash_table_insert (
      form, (gpointer) "scope", (gpointer) "openid regular_call");
  g_hash_table_insert (
      form, (gpointer) "client_secret", (gpointer) client_secret);
  sign_on->client_id = g_strdup (client_id);
  sign_on->client_secret = g_strdup (client_secret);
  request_token (self, form, sign_on, cancellable, callback, user_data);
}

gboolean
kandy_auth_sign_on_finish (
    KandyAuth *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
