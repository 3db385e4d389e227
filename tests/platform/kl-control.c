/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* What tests and people may ask of the platform itself: the routes under
 * /loopback/, the page at / and the configuration file.
 *
 * The control routes are for this machine only, and for JSON only: a page
 * from elsewhere in a browser cannot send that without a preflight, which is
 * not granted. */

/* The name that the peer has for this machine tells pages apart whose own
 * name was made to lead here */
static gboolean
is_local (KlRequest *request)
{
  GSocketAddress *remote =
      soup_server_message_get_remote_address (request->message);
  const char *host =
      g_uri_get_host (soup_server_message_get_uri (request->message));

  return G_IS_INET_SOCKET_ADDRESS (remote)
      && g_inet_address_get_is_loopback (
          g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)))
      && (g_hostname_is_ip_address (host)
          || g_ascii_strcasecmp (host, "localhost") == 0);
}

static void
reply_count (KlRequest *request, guint count)
{
  JsonObject *reply = json_object_new ();

  json_object_set_int_member (reply, "count", count);
  kl_request_reply (request, 200, reply);
}

static void
reply_failed (KlRequest *request, const GError *error)
{
  kl_request_reply_error (
      request, 400, "SVC0001", "A service error occurred: %1", error->message);
}

static void
handle_faults (KlRequest *request)
{
  g_autoptr (GError) error = NULL;
  JsonNode *array;
  gboolean ok;

  if (kl_request_is (request, "GET")) {
    JsonObject *reply = json_object_new ();

    json_object_set_int_member (reply, "faults", request->self->faults->len);
    json_object_set_object_member (
        reply, "policies", kl_policies_to_json (&request->self->policies));
    kl_request_reply (request, 200, reply);
  } else if (kl_request_is (request, "DELETE")) {
    kl_faults_clear (request->self);
    kl_request_reply (request, 204, NULL);
  } else {
    /* The parser puts an array under the empty name */
    array = json_object_get_member (request->body, "");
    if (array) {
      ok = kl_faults_set (request->self, array, &error);
    } else {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

      json_node_set_object (node, request->body);
      ok = kl_faults_set (request->self, node, &error);
    }
    if (ok)
      kl_request_reply (request, 204, NULL);
    else
      reply_failed (request, error);
  }
}

static void
handle_requests (KlRequest *request)
{
  GHashTable *query = request->query;

  if (kl_request_is (request, "DELETE")) {
    kandy_loopback_reset_counts (request->self);
    kl_request_reply (request, 204, NULL);
  } else {
    reply_count (request,
        kandy_loopback_count_requests (request->self,
            query ? g_hash_table_lookup (query, "method") : NULL,
            query ? g_hash_table_lookup (query, "path") : NULL));
  }
}

static void
handle_state (KlRequest *request)
{
  KandyLoopback *self = request->self;
  JsonArray *array = json_array_new ();
  JsonObject *reply = json_object_new ();
  guint i;

  for (i = 0; i < self->accounts->len; i++) {
    KlAccount *account = g_ptr_array_index (self->accounts, i);
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "address", account->address);
    json_object_set_string_member (object, "id", account->id);
    json_object_set_int_member (
        object, "channels", kandy_loopback_count_channels (self, account->id));
    json_object_set_int_member (object, "websockets",
        kandy_loopback_count_websockets (self, account->id));
    json_object_set_int_member (object, "subscriptions",
        kandy_loopback_count_subscriptions (self, account->id));
    json_object_set_int_member (
        object, "sessions", kandy_loopback_count_sessions (self, account->id));
    json_array_add_object_element (array, object);
  }
  json_object_set_array_member (reply, "accounts", array);
  kl_request_reply (request, 200, reply);
}

static void
handle_action (KlRequest *request, const char *action)
{
  KandyLoopback *self = request->self;
  JsonObject *body = request->body;
  const char *user = kl_json_get_string (body, "user");
  const char *text;
  gint64 code = 0;

  if (user && !kl_accounts_find (self, user)) {
    kl_request_reply_bad_value (request, "user");
  } else if (g_str_equal (action, "close-websockets")) {
    if (kl_json_get_int (body, "code", &code) && code != 0
        && (code < 1000 || code > 4999 || (code >= 1004 && code <= 1006)
            || code == 1010 || code == 1015)) {
      kl_request_reply_bad_value (request, "code");
      return;
    }
    reply_count (request, kandy_loopback_close_websockets (self, user, code));
  } else if (g_str_equal (action, "send")) {
    text = kl_json_get_string (body, "frame");
    if (text)
      reply_count (request, kandy_loopback_send_raw (self, user, text));
    else
      kl_request_reply_bad_value (request, "frame");
  } else if (g_str_equal (action, "expire-tokens")) {
    reply_count (request, kandy_loopback_expire_tokens (self, user));
  } else if (g_str_equal (action, "expire-channels")) {
    reply_count (request, kandy_loopback_expire_channels (self, user));
  } else if (g_str_equal (action, "cancel-subscriptions")) {
    reply_count (request,
        kandy_loopback_cancel_subscriptions (
            self, user, kl_json_get_string (body, "service")));
  } else if (g_str_equal (action, "end-sessions")) {
    kl_json_get_int (body, "statusCode", &code);
    text = kl_json_get_string (body, "reasonText");
    reply_count (request,
        kandy_loopback_end_sessions (self, user, CLAMP (code, 0, 99999), text));
  } else {
    kl_request_reply_not_found (request, "path");
  }
}

/* rest: what follows loopback/ in the path */
void
kl_control_handle (KlRequest *request, char **rest)
{
  const char *what = rest[0];
  const char *type = soup_message_headers_get_content_type (
      soup_server_message_get_request_headers (request->message), NULL);
  g_autofree char *log = NULL;
  gboolean get = kl_request_is (request, "GET");
  gboolean delete = kl_request_is (request, "DELETE");

  if (!is_local (request)) {
    kl_request_reply_error (
        request, 403, "POL0002", "User may not access %1", request->path);
    return;
  }
  if (!get
      && !delete &&(!kl_request_is (request, "POST")
          || g_strcmp0 (type, "application/json") != 0)) {
    kl_request_reply_error (request, 415, "SVC0001",
        "A service error occurred: %1", "POST wants application/json");
    return;
  }
  if (!get && !delete &&!request->body) {
    kl_request_reply_bad_value (request, "body");
    return;
  }

  if (!what || rest[1]) {
    kl_request_reply_not_found (request, "path");
  } else if (g_str_equal (what, "faults")) {
    handle_faults (request);
  } else if (g_str_equal (what, "requests") && (get || delete)) {
    handle_requests (request);
  } else if (g_str_equal (what, "log") && get) {
    log = kandy_loopback_dup_log (request->self);
    kl_request_reply_text (request, 200, "application/json", log);
  } else if (g_str_equal (what, "state") && get) {
    handle_state (request);
  } else if (!get && !delete) {
    handle_action (request, what);
  } else {
    kl_request_reply_not_found (request, "path");
  }
}

void
kl_control_handle_page (KlRequest *request)
{
  KandyLoopback *self = request->self;
  g_autoptr (GString) page = NULL;
  guint i;

  if (!kl_request_is (request, "GET")) {
    kl_request_reply_bad_method (request, "GET");
    return;
  }
  page = g_string_new (
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<title>kandy-loopback</title></head>\n<body>\n"
      "<h1>kandy-loopback</h1>\n"
      "<p>A platform for calls on one machine, for tests and trials. It "
      "serves tokens, notification channels, subscriptions and calls under "
      "<code>/cpaas/</code>.</p>\n<p>Accounts:</p>\n<ul>\n");
  for (i = 0; i < self->accounts->len; i++) {
    KlAccount *account = g_ptr_array_index (self->accounts, i);
    g_autofree char *name = g_markup_escape_text (account->name, -1);
    g_autofree char *address = g_markup_escape_text (account->address, -1);

    g_string_append_printf (
        page, "<li><code>%s</code> (%s)</li>\n", address, name);
  }
  g_string_append (page, "</ul>\n</body>\n</html>\n");
  kl_request_reply_text (request, 200, "text/html; charset=utf-8", page->str);
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s", what);
  return FALSE;
}

static void
replace_string (char **value, JsonObject *object, const char *name)
{
  const char *text = kl_json_get_string (object, name);

  if (!text)
    return;
  g_free (*value);
  *value = g_strdup (text);
}

static gboolean
load_account (KandyLoopback *self, JsonObject *object, GError **error)
{
  const char *address = kl_json_get_string (object, "address");
  const char *password = kl_json_get_string (object, "password");
  const char *id = kl_json_get_string (object, "id");
  KlAccount *account;

  if (!address || !password)
    return fail (error, "an account needs \"address\" and \"password\"");
  if (id && (!*id || strchr (id, '/') || kl_accounts_find (self, id)))
    return fail (error, "an account's \"id\" is taken or has a slash");
  account = kl_accounts_add (self, address, password, error);
  if (!account)
    return FALSE;
  replace_string (&account->id, object, "id");
  replace_string (&account->name, object, "name");
  replace_string (&account->phone, object, "phone");
  return TRUE;
}

static gboolean
load_client (KandyLoopback *self, JsonObject *object, GError **error)
{
  const char *id = kl_json_get_string (object, "id");

  if (!id)
    return fail (error, "a client needs an \"id\"");
  return kl_clients_add (self, id, kl_json_get_string (object, "secret"),
             kl_json_get_string (object, "address"), error)
      != NULL;
}

static gboolean
load_list (KandyLoopback *self, JsonObject *config, const char *name,
    gboolean (*load) (KandyLoopback *, JsonObject *, GError **), GError **error)
{
  JsonNode *node = json_object_get_member (config, name);
  JsonArray *array;
  guint i;

  if (!node)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "\"%s\" must be an array", name);
    return FALSE;
  }
  array = json_node_get_array (node);
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_OBJECT (element)) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "\"%s\" must hold objects", name);
      return FALSE;
    }
    if (!load (self, json_node_get_object (element), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
load (KandyLoopback *self, JsonObject *config, GError **error)
{
  static const char *const known[] = { "accounts", "clients", "policies",
    "faults", NULL };
  JsonObject *policies = kl_json_get_object (config, "policies");
  g_autoptr (GList) names = json_object_get_members (config);
  GList *item;

  for (item = names; item; item = item->next) {
    if (!g_strv_contains (known, item->data)) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "unknown member \"%s\"", (const char *) item->data);
      return FALSE;
    }
  }
  if (json_object_has_member (config, "policies") && !policies)
    return fail (error, "\"policies\" must be an object");
  if (!load_list (self, config, "accounts", load_account, error)
      || !load_list (self, config, "clients", load_client, error))
    return FALSE;
  if (policies) {
    if (!kl_policies_set (&self->configured, policies, error))
      return FALSE;
    kl_policies_copy (&self->policies, &self->configured);
  }
  return !json_object_has_member (config, "faults")
      || kl_faults_set (self, json_object_get_member (config, "faults"), error);
}

gboolean
kl_config_load (KandyLoopback *self, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) config = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  config = kl_json_parse (text, length, error);
  if (!config || !load (self, config, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  return TRUE;
}
