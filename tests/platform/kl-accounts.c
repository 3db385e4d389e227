/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* Accounts, OAuth clients and tokens (protocol session 1.1 and 1.2).
 *
 * Tokens are JWTs signed with a key of this process and are not kept: what
 * they say is believed if the signature holds. Each account has a generation;
 * raising it makes every earlier token an expired one. */

struct _KlClient {
  char *id;
  char *secret;       /* NULL: a public client */
  KlAccount *account; /* whom client_credentials act for */
};

void
kl_account_free (KlAccount *account)
{
  g_free (account->id);
  g_free (account->address);
  g_free (account->password);
  g_free (account->name);
  g_free (account->phone);
  g_free (account);
}

void
kl_client_free (KlClient *client)
{
  g_free (client->id);
  g_free (client->secret);
  g_free (client);
}

/* The same for the same address in every run, and nothing like an address:
 * clients shall take it as opaque */
static char *
make_user_id (const char *address)
{
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, address, -1);

  return g_strdup_printf (
      "%.8s-%.4s-%.4s-%.4s-%.12s", sum, sum + 8, sum + 12, sum + 16, sum + 20);
}

static gboolean
is_address (const char *address)
{
  const char *at = strchr (address, '@');
  const char *c;

  if (!at || at == address || !at[1] || strchr (at + 1, '@')
      || strlen (address) > 254)
    return FALSE;
  for (c = address; *c; c++) {
    if (*c != '@' && !g_ascii_isalnum (*c) && !strchr (".-_+~!'*", *c))
      return FALSE;
  }
  return TRUE;
}

KlAccount *
kl_accounts_add (KandyLoopback *self, const char *address, const char *password,
    GError **error)
{
  KlAccount *account;

  if (!is_address (address)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" is not an address of the form NAME@DOMAIN", address);
    return NULL;
  }
  if (kl_accounts_find (self, address)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "There is an account \"%s\" already", address);
    return NULL;
  }

  account = g_new0 (KlAccount, 1);
  account->address = g_ascii_strdown (address, -1);
  account->id = make_user_id (account->address);
  account->password = g_strdup (password);
  account->name = g_strndup (account->address, strcspn (account->address, "@"));
  account->name[0] = g_ascii_toupper (account->name[0]);
  account->phone = g_strdup_printf ("1555%07u", self->accounts->len + 1);
  g_ptr_array_add (self->accounts, account);
  return account;
}

/* user: an address or an id */
KlAccount *
kl_accounts_find (KandyLoopback *self, const char *user)
{
  guint i;

  for (i = 0; user && i < self->accounts->len; i++) {
    KlAccount *account = g_ptr_array_index (self->accounts, i);

    if (g_str_equal (account->id, user)
        || g_ascii_strcasecmp (account->address, user) == 0)
      return account;
  }
  return NULL;
}

/* address: as in tParticipantAddress (protocol calls 6.9) */
KlAccount *
kl_accounts_resolve (KandyLoopback *self, const char *address)
{
  g_autofree char *bare = NULL;
  KlAccount *account;
  guint i;

  if (g_ascii_strncasecmp (address, "sip:", 4) == 0
      || g_ascii_strncasecmp (address, "tel:", 4) == 0)
    address += 4;
  else if (g_ascii_strncasecmp (address, "sips:", 5) == 0)
    address += 5;
  bare = g_strndup (address, strcspn (address, ";?"));

  account = kl_accounts_find (self, bare);
  if (account)
    return account;
  /* A number may come with a domain, with or without the plus */
  bare[strcspn (bare, "@")] = '\0';
  for (i = 0; i < self->accounts->len; i++) {
    account = g_ptr_array_index (self->accounts, i);
    if (account->phone
        && g_str_equal (account->phone, bare[0] == '+' ? bare + 1 : bare))
      return account;
  }
  return NULL;
}

static KlClient *
find_client (KandyLoopback *self, const char *id)
{
  guint i;

  for (i = 0; id && i < self->clients->len; i++) {
    KlClient *client = g_ptr_array_index (self->clients, i);

    if (g_str_equal (client->id, id))
      return client;
  }
  return NULL;
}

/* A client with a secret may act for an account of its own (anonymous calls):
 * address, or CLIENT_ID@loopback.example */
KlClient *
kl_clients_add (KandyLoopback *self, const char *id, const char *secret,
    const char *address, GError **error)
{
  g_autofree char *own = NULL;
  KlAccount *account = NULL;
  KlClient *client;

  if (!*id || find_client (self, id)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "The client id \"%s\" is empty or taken", id);
    return NULL;
  }
  if (secret) {
    if (!address)
      address = own = g_strdup_printf ("%s@loopback.example", id);
    account = kl_accounts_find (self, address);
    if (!account)
      account = kl_accounts_add (self, address, NULL, error);
    if (!account)
      return NULL;
  }

  client = g_new0 (KlClient, 1);
  client->id = g_strdup (id);
  client->secret = g_strdup (secret);
  client->account = account;
  g_ptr_array_add (self->clients, client);
  return client;
}

static char *
base64url (const guint8 *data, gsize length)
{
  char *text = g_base64_encode (data, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

static char *
sign (KandyLoopback *self, const char *text, gssize length)
{
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA256, self->key, sizeof self->key);
  guint8 digest[32];
  gsize size = sizeof digest;

  g_hmac_update (hmac, (const guchar *) text, length);
  g_hmac_get_digest (hmac, digest, &size);
  return base64url (digest, size);
}

static char *
mint (KandyLoopback *self, KlAccount *account, const char *client_id,
    const char *session, const char *type, gint64 lifetime)
{
  static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
  g_autoptr (JsonObject) claims = json_object_new ();
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *text = NULL;
  g_autofree char *head = NULL;
  g_autofree char *payload = NULL;
  g_autofree char *signature = NULL;
  g_autofree char *body = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean is_id = g_str_equal (type, "ID");

  json_object_set_string_member (claims, "jti", id);
  json_object_set_string_member (claims, "iss", "kandy-loopback");
  json_object_set_string_member (claims, "sub", account->id);
  json_object_set_string_member (claims, "aud", client_id);
  json_object_set_string_member (claims, "azp", client_id);
  json_object_set_string_member (claims, "typ", type);
  json_object_set_int_member (claims, "iat", now);
  json_object_set_int_member (claims, "exp", now + lifetime);
  json_object_set_string_member (claims, "session_state", session);
  json_object_set_string_member (claims, "preferred_username", account->id);
  if (is_id) {
    json_object_set_string_member (
        claims, "services-identity", account->address);
    json_object_set_string_member (claims, "email", account->address);
    json_object_set_string_member (claims, "name", account->name);
  } else {
    json_object_set_int_member (claims, "generation",
        g_str_equal (type, "Refresh") ? account->refresh_generation
                                      : account->access_generation);
  }

  text = kl_json_to_string (claims);
  head = base64url ((const guint8 *) header, strlen (header));
  payload = base64url ((const guint8 *) text, strlen (text));
  body = g_strdup_printf ("%s.%s", head, payload);
  signature = sign (self, body, -1);
  return g_strdup_printf ("%s.%s", body, signature);
}

static KlAccount *
check (KandyLoopback *self, const char *token, const char *type,
    const char **reason)
{
  const char *first = strchr (token, '.');
  const char *second = first ? strchr (first + 1, '.') : NULL;
  g_autofree char *signature = NULL;
  g_autofree char *payload = NULL;
  g_autofree guchar *text = NULL;
  g_autoptr (JsonObject) claims = NULL;
  KlAccount *account;
  gint64 expires, generation;
  gsize length;

  *reason = "access token invalid";
  if (!second || strlen (token) > 4096)
    return NULL;
  signature = sign (self, token, second - token);
  if (!g_str_equal (signature, second + 1))
    return NULL;

  /* From here on it is one of ours */
  payload = g_strdup_printf ("%.*s===", (int) (second - first - 1), first + 1);
  payload[(second - first - 1 + 3) / 4 * 4] = '\0';
  g_strdelimit (payload, "-", '+');
  g_strdelimit (payload, "_", '/');
  text = g_base64_decode (payload, &length);
  claims = kl_json_parse ((char *) text, length, NULL);
  if (g_strcmp0 (kl_json_get_string (claims, "typ"), type) != 0)
    return NULL;
  account = kl_accounts_find (self, kl_json_get_string (claims, "sub"));
  if (!account || !kl_json_get_int (claims, "exp", &expires)
      || !kl_json_get_int (claims, "generation", &generation))
    return NULL;

  if (expires <= g_get_real_time () / G_USEC_PER_SEC
      || generation
          != (g_str_equal (type, "Refresh") ? account->refresh_generation
                                            : account->access_generation)) {
    *reason = "access token expired";
    return NULL;
  }
  return account;
}

KlAccount *
kl_accounts_check_token (
    KandyLoopback *self, const char *token, const char **reason)
{
  return check (self, token, "Bearer", reason);
}

/* account: NULL for all */
void
kl_accounts_expire_tokens (
    KandyLoopback *self, KlAccount *account, gboolean refresh_too)
{
  guint i;

  for (i = 0; i < self->accounts->len; i++) {
    KlAccount *other = g_ptr_array_index (self->accounts, i);

    if (account && other != account)
      continue;
    other->access_generation++;
    if (refresh_too)
      other->refresh_generation++;
  }
}

/* The token endpoint is the one whose errors are not requestErrors */
static void
reply_oauth_error (
    KlRequest *request, guint status, const char *code, const char *description)
{
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "error", code);
  json_object_set_string_member (body, "error_description", description);
  kl_request_reply (request, status, body);
}

static void
reply_tokens (KlRequest *request, KlAccount *account, const char *client_id,
    const char *scope)
{
  KandyLoopback *self = request->self;
  g_autofree char *session = g_uuid_string_random ();
  g_autofree char *access = mint (self, account, client_id, session, "Bearer",
      self->policies.token_lifetime);
  g_autofree char *refresh = mint (self, account, client_id, session, "Refresh",
      self->policies.refresh_lifetime);
  g_autofree char *id = mint (
      self, account, client_id, session, "ID", self->policies.token_lifetime);
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "access_token", access);
  json_object_set_int_member (
      body, "expires_in", self->policies.token_lifetime);
  json_object_set_string_member (body, "refresh_token", refresh);
  json_object_set_int_member (
      body, "refresh_expires_in", self->policies.refresh_lifetime);
  json_object_set_string_member (body, "token_type", "bearer");
  json_object_set_string_member (body, "id_token", id);
  json_object_set_string_member (body, "session_state", session);
  json_object_set_string_member (body, "scope", scope ? scope : "openid");
  /* RFC 6749 section 5.1 */
  soup_message_headers_replace (
      soup_server_message_get_response_headers (request->message),
      "Cache-Control", "no-store");
  kl_request_reply (request, 200, body);
}

static GHashTable *
decode_form (KlRequest *request)
{
  if (!request->text || memchr (request->text->str, 0, request->text->len))
    return g_hash_table_new (g_str_hash, g_str_equal);
  return soup_form_decode (request->text->str);
}

/* For faults and the log: who asks for a token */
KlAccount *
kl_accounts_peek_token_user (KlRequest *request)
{
  g_autoptr (GHashTable) form = decode_form (request);

  return kl_accounts_find (
      request->self, g_hash_table_lookup (form, "username"));
}

void
kl_accounts_handle_token (KlRequest *request)
{
  KandyLoopback *self = request->self;
  g_autoptr (GHashTable) form = decode_form (request);
  const char *grant = g_hash_table_lookup (form, "grant_type");
  const char *client_id = g_hash_table_lookup (form, "client_id");
  const char *secret = g_hash_table_lookup (form, "client_secret");
  const char *scope = g_hash_table_lookup (form, "scope");
  const char *reason;
  KlAccount *account;
  KlClient *client;

  if (!kl_request_is (request, "POST")) {
    kl_request_reply_bad_method (request, "POST");
    return;
  }
  if (!grant) {
    reply_oauth_error (
        request, 400, "invalid_request", "Missing form parameter: grant_type");
    return;
  }
  client = find_client (self, client_id);
  if (!client || (client->secret && g_strcmp0 (client->secret, secret) != 0)) {
    reply_oauth_error (request, 401, "invalid_client",
        "Invalid client or invalid client credentials");
    return;
  }

  if (g_str_equal (grant, "password")) {
    const char *username = g_hash_table_lookup (form, "username");
    const char *password = g_hash_table_lookup (form, "password");

    if (!username || !password) {
      reply_oauth_error (request, 400, "invalid_request",
          username ? "Missing form parameter: password"
                   : "Missing form parameter: username");
      return;
    }
    account = kl_accounts_find (self, username);
    if (!account || g_strcmp0 (account->password, password) != 0) {
      reply_oauth_error (
          request, 401, "invalid_grant", "Invalid user credentials");
      return;
    }
  } else if (g_str_equal (grant, "client_credentials")) {
    account = client->account;
    if (!account) {
      reply_oauth_error (request, 401, "unauthorized_client",
          "A public client has no credentials");
      return;
    }
  } else if (g_str_equal (grant, "refresh_token")) {
    const char *token = g_hash_table_lookup (form, "refresh_token");

    account = token ? check (self, token, "Refresh", &reason) : NULL;
    if (!account) {
      reply_oauth_error (request, token ? 401 : 400,
          token ? "invalid_grant" : "invalid_request",
          token ? "Refresh token is invalid or expired"
                : "Missing form parameter: refresh_token");
      return;
    }
  } else {
    reply_oauth_error (
        request, 400, "unsupported_grant_type", "Unsupported grant_type");
    return;
  }
  reply_tokens (request, account, client_id, scope);
}
