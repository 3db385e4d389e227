/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-rest-private.h"

#include <string.h>

#include "kandy-action-log.h"
#include "kandy-auth.h"
#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-exchange.h"
#include "kandy-json.h"
#include "kandy-logger.h"

/*
 * The REST layer: URLs, headers, TLS and proxy rules, and what an error reply
 * means (protocol session 1.4 to 1.6 and 2). Requests go out at once and in
 * parallel. What the platform has answered is not asked again; for connections
 * that break see kandy-exchange.c.
 */

/* A reply beyond this takes longer to read than the main context may be held
 * up: json-glib reads about 20 MiB a second */
#define LARGE_REPLY (32 * 1024)

struct _KandyRest {
  GObject parent_instance;

  KandyClient *client; /* weak */
  KandyHttpSession *http;
  char *http_key;          /* the rules that it was made with */
  GCancellable *shut_down; /* cancelled by shutdown, ends everything */
  guint next_id;           /* of requests, for the log */
};

G_DEFINE_FINAL_TYPE (KandyRest, kandy_rest, G_TYPE_OBJECT)

typedef struct {
  char *operation;
  char *log_id;
  SoupMessage *msg;
  GCancellable *cancellable; /* follows the caller's and shut_down */
  GCancellable *callers;
  gulong callers_id, shut_down_id;
  KandyRest *rest;
} Request;

typedef struct {
  KandyRestFlags flags;
  char *operation;
  SoupMessage *msg;
  KandyRestDecode decode; /* (nullable): the reply itself is wanted */
  GDestroyNotify destroy;
} Call;

/* What a worker needs to read a reply; no object of the main context */
typedef struct {
  GBytes *body; /* the worker's alone: to free it takes time, too */
  char *operation;
  guint status;
  KandyRestDecode decode;
  GDestroyNotify destroy;
} Reading;

static void
request_free (Request *request)
{
  g_cancellable_disconnect (request->callers, request->callers_id);
  g_cancellable_disconnect (request->rest->shut_down, request->shut_down_id);
  g_clear_object (&request->callers);
  g_clear_object (&request->cancellable);
  g_clear_object (&request->msg);
  g_clear_object (&request->rest);
  g_free (request->operation);
  g_free (request->log_id);
  g_free (request);
}

static void
call_free (Call *call)
{
  g_clear_object (&call->msg);
  g_free (call->operation);
  g_free (call);
}

static void
reading_free (Reading *reading)
{
  g_clear_pointer (&reading->body, g_bytes_unref);
  g_free (reading->operation);
  g_free (reading);
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (address)
    return g_inet_address_get_is_loopback (address);
  return g_ascii_strcasecmp (host, "localhost") == 0
      || g_str_has_suffix (host, ".localhost");
}

static char *
get_host (KandyRest *self, GError **error)
{
  g_autofree char *host = NULL;
  gsize length;

  if (self->client)
    host = kandy_config_get_string (
        kandy_client_get_config (self->client), "authentication.server.base");
  if (!host || !*host) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "REQUEST_URL", 0,
            "No platform is configured (authentication.server.base)"));
    return NULL;
  }
  length = strlen (host);
  if (host[0] == '[' && host[length - 1] == ']')
    return g_strndup (host + 1, length - 2);
  return g_steal_pointer (&host);
}

/* Keeps what RFC 3986 allows in a path and a query, existing escapes too */
static char *
escape_path (const char *path)
{
  static const char allowed[] = "-._~!$&'()*+,;=:@/?";
  GString *escaped = g_string_new (NULL);
  const char *p;

  for (p = path; *p; p++) {
    if (g_ascii_isalnum (*p) || strchr (allowed, *p)
        || (*p == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2])))
      g_string_append_c (escaped, *p);
    else
      g_string_append_printf (escaped, "%%%02X", (guint8) *p);
  }
  return g_string_free (escaped, FALSE);
}

/* %1 is variables[0]; a variable's own text is not looked at again */
static char *
format_text (const char *text, JsonArray *variables)
{
  GString *message = g_string_new (NULL);
  const char *p = text;

  while (*p) {
    guint64 index = 0;
    char *end = NULL;

    if (*p == '%' && g_ascii_isdigit (p[1]))
      index = g_ascii_strtoull (p + 1, &end, 10);
    if (index > 0 && variables && index <= json_array_get_length (variables)) {
      JsonNode *node = json_array_get_element (variables, (guint) index - 1);

      if (JSON_NODE_HOLDS_VALUE (node)
          && json_node_get_value_type (node) == G_TYPE_STRING) {
        g_string_append (message, json_node_get_string (node));
      } else {
        g_autofree char *printed = kandy_json_to_string (node);

        g_string_append (message, printed);
      }
      p = end;
    } else {
      g_string_append_c (message, *p++);
    }
  }
  return g_string_free (message, FALSE);
}

/* Milliseconds. 0 if there is none, or none that makes sense */
static guint64
get_retry_after (SoupMessage *msg, JsonObject *body)
{
  const char *header = soup_message_headers_get_one (
      soup_message_get_response_headers (msg), "Retry-After");
  gint64 in_body = kandy_json_get_int (
      kandy_json_get_object (body, "subscribeResponse"), "retryAfter", 0);
  guint64 seconds;

  if (in_body > 0)
    return (guint64) in_body;
  if (!header)
    return 0;
  if (g_ascii_string_to_unsigned (header, 10, 0, G_MAXINT32, &seconds, NULL)) {
    return seconds * 1000;
  } else {
    g_autoptr (GDateTime) date = soup_date_time_new_from_http_string (header);
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    GTimeSpan span = date ? g_date_time_difference (date, now) : 0;

    return span > 0 ? (guint64) span / 1000 : 0;
  }
}

static gboolean
accept_any_certificate (SoupMessage *msg, GTlsCertificate *certificate,
    GTlsCertificateFlags flags, gpointer user_data)
{
  return TRUE;
}

static void
follow_cancelled (GCancellable *followed, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
exchange_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyRest *self = g_task_get_source_object (task);
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GBytes *body;

  body = kandy_exchange_finish (result, &error);
  if (g_cancellable_is_cancelled (self->shut_down)) {
    g_clear_pointer (&body, g_bytes_unref);
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
            "%s request ended: the client was destroyed", request->operation));
    return;
  }
  if (error) {
    GError *mapped = kandy_error_from_network (error, request->operation);

    if (self->client)
      kandy_logger_log (kandy_client_get_logger (self->client),
          KANDY_LOG_LEVEL_DEBUG, "REQUEST", request->log_id, "%s",
          mapped->message);
    g_task_return_error (task, mapped);
    return;
  }
  if (self->client)
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_DEBUG, "REQUEST", request->log_id,
        "Reply %u to %s request", soup_message_get_status (request->msg),
        request->operation);
  g_task_return_pointer (task, body, (GDestroyNotify) g_bytes_unref);
}

void
kandy_rest_note_unauthorized (KandyRest *self, const char *operation)
{
  g_autoptr (GError) error = NULL;
  GVariantDict payload;

  if (!self->client)
    return;
  error = kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 401,
      "The platform does not accept the access token (%s request); sign on "
      "again",
      operation);
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "error", kandy_error_to_variant (error));
  kandy_client_emit (self->client, self->client, "request:error",
      g_variant_dict_end (&payload));
  if (self->client)
    kandy_auth_token_refused (kandy_client_get_auth (self->client));
}

/* @outcome: (nullable): NULL for the request */
static void
log_action (
    KandyRest *self, SoupMessage *msg, const char *outcome, JsonNode *payload)
{
  g_autofree char *what = NULL;

  if (!self->client)
    return;
  what = g_strdup_printf ("%s %s", soup_message_get_method (msg),
      g_uri_get_path (soup_message_get_uri (msg)));
  kandy_action_log (self->client, what, outcome, payload);
}

/* The reply as an object, or NULL and an error */
static JsonNode *
read_reply (GBytes *body, guint status, const char *operation, GError **error)
{
  g_autoptr (GError) parse_error = NULL;
  JsonNode *reply = kandy_json_parse (g_bytes_get_data (body, NULL),
      (gssize) g_bytes_get_size (body), &parse_error);

  if (reply && !JSON_NODE_HOLDS_OBJECT (reply))
    g_clear_pointer (&reply, json_node_unref);
  if (!reply)
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", status,
            "%s request failed: the reply is not a JSON object%s%s", operation,
            parse_error ? ": " : "", parse_error ? parse_error->message : ""));
  return reply;
}

/* @reply: (transfer full) */
static gpointer
decode_reply (KandyRestDecode decode, JsonNode *reply, GError **error)
{
  gpointer decoded;

  if (!decode)
    return reply;
  decoded = decode (reply, error);
  json_node_unref (reply);
  return decoded;
}

static void
return_reply (GTask *task, JsonNode *reply)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer decoded = decode_reply (call->decode, reply, &error);

  if (decoded)
    g_task_return_pointer (task, decoded, call->destroy);
  else
    g_task_return_error (task, error);
}

static void
read_in_worker (
    GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Reading *reading = task_data;
  GError *error = NULL;
  gpointer decoded = NULL;
  JsonNode *reply =
      read_reply (reading->body, reading->status, reading->operation, &error);

  g_clear_pointer (&reading->body, g_bytes_unref);
  if (reply)
    decoded = decode_reply (reading->decode, reply, &error);
  if (decoded)
    g_task_return_pointer (task, decoded, reading->destroy);
  else
    g_task_return_error (task, error);
}

static void
worker_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer decoded = g_task_propagate_pointer (G_TASK (result), &error);

  if (decoded) {
    g_task_return_pointer (task, decoded, call->destroy);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_error_free (error);
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
            "%s request ended: the client was destroyed", call->operation));
  } else {
    g_task_return_error (task, error);
  }
}

/* @task, @body: (transfer full) */
static void
read_in_thread (GTask *task, GBytes *body, guint status)
{
  KandyRest *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  Reading *reading = g_new0 (Reading, 1);
  /* It may end in the worker's thread, and has no object of this one */
  g_autoptr (GTask) work =
      g_task_new (NULL, self->shut_down, worker_done, task);

  reading->body = body;
  reading->operation = g_strdup (call->operation);
  reading->status = status;
  reading->decode = call->decode;
  reading->destroy = call->destroy;
  g_task_set_source_tag (work, read_in_thread);
  g_task_set_return_on_cancel (work, TRUE);
  g_task_set_task_data (work, reading, (GDestroyNotify) reading_free);
  g_task_run_in_thread (work, read_in_worker);
}

static void
call_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KandyRest *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GBytes) body = NULL;
  g_autofree char *outcome = NULL;
  GError *error = NULL;
  JsonNode *reply = NULL;
  guint status;

  body = kandy_rest_exchange_finish (self, result, &error);
  if (!body) {
    g_task_return_error (task, error);
    return;
  }

  status = soup_message_get_status (call->msg);
  outcome = g_strdup_printf ("%u", status);
  if (!SOUP_STATUS_IS_SUCCESSFUL (status)) {
    log_action (self, call->msg, outcome, NULL);
    error = kandy_rest_error_from_reply (call->msg, body, call->operation);
    if (status == SOUP_STATUS_UNAUTHORIZED)
      kandy_rest_note_unauthorized (self, call->operation);
    g_task_return_error (task, error);
    return;
  }

  if (status == SOUP_STATUS_NO_CONTENT
      || (call->flags & KANDY_REST_NO_REPLY_BODY)) {
    reply = json_node_init_object (json_node_alloc (), json_object_new ());
    json_object_unref (json_node_get_object (reply));
    log_action (self, call->msg, outcome, reply);
    return_reply (task, reply);
    return;
  }
  if (g_bytes_get_size (body) > LARGE_REPLY) {
    log_action (self, call->msg, outcome, NULL);
    read_in_thread (g_steal_pointer (&task), g_steal_pointer (&body), status);
    return;
  }
  reply = read_reply (body, status, call->operation, &error);
  log_action (self, call->msg, outcome, reply);
  if (reply)
    return_reply (task, reply);
  else
    g_task_return_error (task, error);
}

static void
kandy_rest_finalize (GObject *object)
{
  KandyRest *self = KANDY_REST (object);

  g_clear_weak_pointer (&self->client);
  g_clear_pointer (&self->http, kandy_http_session_unref);
  g_clear_object (&self->shut_down);
  g_free (self->http_key);

  G_OBJECT_CLASS (kandy_rest_parent_class)->finalize (object);
}

static void
kandy_rest_class_init (KandyRestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_rest_finalize;
}

static void
kandy_rest_init (KandyRest *self)
{
  self->shut_down = g_cancellable_new ();
}

KandyRest *
kandy_rest_new (KandyClient *client)
{
  KandyRest *self = g_object_new (KANDY_TYPE_REST, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_rest_shutdown (KandyRest *self)
{
  g_cancellable_cancel (self->shut_down);
}

GUri *
kandy_rest_make_uri (KandyRest *self, const char *scheme, const char *path,
    const char *query, GError **error)
{
  g_autofree char *host = get_host (self, error);
  g_autofree char *protocol = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  gboolean is_ip6;
  KandyConfig *config;
  GUri *uri;

  if (!host)
    return NULL;
  config = kandy_client_get_config (self->client);
  protocol = kandy_config_get_string (config, "authentication.server.protocol");
  escaped = escape_path (path);
  is_ip6 = strchr (host, ':') != NULL;
  text = g_strdup_printf ("%s://%s%s%s:%u%s%s%s%s", scheme ? scheme : protocol,
      is_ip6 ? "[" : "", host, is_ip6 ? "]" : "",
      (guint) kandy_config_get_number (config, "authentication.server.port"),
      *escaped == '/' ? "" : "/", escaped,
      query && *query ? (strchr (escaped, '?') ? "&" : "?") : "",
      query ? query : "");
  uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, &local);
  /* a host such as "a/b" or "user@a" would move the end of the host name */
  if (!uri || g_strcmp0 (g_uri_get_host (uri), host) != 0
      || g_uri_get_userinfo (uri)) {
    g_clear_pointer (&uri, g_uri_unref);
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "REQUEST_URL", 0,
            "authentication.server.base is not a host name: \"%s\"%s%s", host,
            local ? ": " : "", local ? local->message : ""));
  }
  return uri;
}

char *
kandy_rest_localize_resource (
    KandyRest *self, const char *resource, GError **error)
{
  g_autoptr (GUri) own = NULL;
  g_autoptr (GUri) uri = NULL;

  if (resource && resource[0] == '/')
    return g_strdup (resource);

  own = kandy_rest_make_uri (self, NULL, "/", NULL, error);
  if (!own)
    return NULL;
  uri = resource ? g_uri_parse (resource, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  if (uri && g_strcmp0 (g_uri_get_host (uri), g_uri_get_host (own)) == 0
      && g_uri_get_port (uri) == g_uri_get_port (own))
    return g_strdup (g_uri_get_path (uri));
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST_URL", 0,
          "The platform names a resource that is not its own"));
  return NULL;
}

KandyHttpSession *
kandy_rest_ensure_http (KandyRest *self, GError **error)
{
  g_autofree char *host = get_host (self, error);
  g_autofree char *ca_file = NULL;
  g_autofree char *key = NULL;
  gboolean verify, direct;
  KandyConfig *config;

  if (!host)
    return NULL;
  config = kandy_client_get_config (self->client);
  verify = kandy_config_get_boolean (config, "authentication.server.tlsVerify");
  ca_file = kandy_config_get_string (config, "authentication.server.caFile");
  direct = is_loopback (host);

  /* A connection that was accepted under other rules must not be used again */
  key = g_strdup_printf ("%d %d %s", verify, direct, ca_file ? ca_file : "");
  if (self->http && g_str_equal (self->http_key, key))
    return self->http;

  g_clear_pointer (&self->http, kandy_http_session_unref);
  self->http =
      kandy_http_session_new (ca_file && *ca_file ? ca_file : NULL, direct);
  g_free (self->http_key);
  self->http_key = g_steal_pointer (&key);
  return self->http;
}

void
kandy_rest_drop_connections (KandyRest *self)
{
  if (self->http)
    kandy_http_session_abort (self->http);
}

void
kandy_rest_prepare_message (KandyRest *self, SoupMessage *msg)
{
  /* A redirection would carry the token to a place that a reply chose */
  soup_message_add_flags (
      msg, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  if (self->client
      && !kandy_config_get_boolean (kandy_client_get_config (self->client),
          "authentication.server.tlsVerify"))
    g_signal_connect (
        msg, "accept-certificate", G_CALLBACK (accept_any_certificate), NULL);
}

gboolean
kandy_rest_authorize (
    KandyRest *self, SoupMessageHeaders *headers, GError **error)
{
  const char *token = NULL;
  g_autofree char *value = NULL;

  if (self->client)
    token = kandy_auth_get_access_token (kandy_client_get_auth (self->client));
  if (!token) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
            "There is no access token: sign on or set tokens first"));
    return FALSE;
  }
  value = g_strconcat ("Bearer ", token, NULL);
  soup_message_headers_replace (headers, "Authorization", value);
  soup_message_headers_replace (headers, "Accept", "application/json");
  soup_message_headers_replace (headers, "Content-Type", "application/json");
  return TRUE;
}

GError *
kandy_rest_error_from_reply (
    SoupMessage *msg, GBytes *body, const char *operation)
{
  g_autoptr (JsonNode) root = kandy_json_parse (
      g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), NULL);
  guint status = soup_message_get_status (msg);
  const char *reason = soup_message_get_reason_phrase (msg);
  JsonObject *object = NULL, *exception = NULL;
  const char *message_id = NULL, *text = NULL;
  g_autofree char *message = NULL;
  g_autofree char *code = NULL;
  KandyError kind;
  GError *error;

  if (root && JSON_NODE_HOLDS_OBJECT (root)) {
    JsonObject *request_error;

    object = json_node_get_object (root);
    request_error = kandy_json_get_object (object, "requestError");
    exception = kandy_json_get_object (request_error, "serviceException");
    if (!exception)
      exception = kandy_json_get_object (request_error, "policyException");
    message_id = kandy_json_get_string (exception, "messageId");
    text = kandy_json_get_string (exception, "text");
  }
  if (text && *text)
    message = format_text (text, kandy_json_get_array (exception, "variables"));
  else
    message = g_strdup_printf ("%s request failed: %s", operation,
        reason && *reason ? reason : soup_status_get_phrase (status));
  code = message_id && *message_id ? g_strdup (message_id)
                                   : g_strdup_printf ("%u", status);

  kind = status == SOUP_STATUS_UNAUTHORIZED ? KANDY_ERROR_AUTHENTICATION
                                            : KANDY_ERROR_REFUSED;
  error = kandy_error_new (kind, code, status, "%s", message);
  kandy_error_set_retry_after (error, get_retry_after (msg, object));
  return error;
}

void
kandy_rest_exchange_async (KandyRest *self, SoupMessage *msg, guint timeout_ms,
    const char *operation, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Request *request = g_new0 (Request, 1);
  KandyHttpSession *http;
  GError *error = NULL;

  g_task_set_source_tag (task, kandy_rest_exchange_async);
  g_task_set_task_data (task, request, (GDestroyNotify) request_free);
  request->rest = g_object_ref (self);
  request->msg = g_object_ref (msg);
  request->operation = g_strdup (operation);
  request->log_id = g_strdup_printf ("%u", self->next_id++);
  request->cancellable = g_cancellable_new ();

  if (!self->client || kandy_client_is_destroyed (self->client))
    error = kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
        "%s request refused: the client was destroyed", operation);
  http = error ? NULL : kandy_rest_ensure_http (self, &error);
  if (!http) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  request->shut_down_id =
      g_cancellable_connect (self->shut_down, G_CALLBACK (follow_cancelled),
          g_object_ref (request->cancellable), g_object_unref);
  if (cancellable) {
    request->callers = g_object_ref (cancellable);
    request->callers_id =
        g_cancellable_connect (cancellable, G_CALLBACK (follow_cancelled),
            g_object_ref (request->cancellable), g_object_unref);
  }
  kandy_rest_prepare_message (self, msg);
  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_DEBUG, "REQUEST", request->log_id, "%s %s",
      soup_message_get_method (msg),
      g_uri_get_path (soup_message_get_uri (msg)));
  kandy_exchange_async (http, msg,
      timeout_ms ? timeout_ms : KANDY_REST_DEFAULT_TIMEOUT_MS,
      KANDY_REST_MAX_REPLY, request->cancellable, exchange_done, task);
}

GBytes *
kandy_rest_exchange_finish (
    KandyRest *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kandy_rest_send_async (KandyRest *self, const char *method, const char *path,
    JsonNode *body, KandyRestFlags flags, guint timeout_ms,
    const char *operation, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  kandy_rest_send_decoded_async (self, method, path, body, flags, timeout_ms,
      operation, NULL, (GDestroyNotify) json_node_unref, cancellable, callback,
      user_data);
}

JsonNode *
kandy_rest_send_finish (KandyRest *self, GAsyncResult *result, GError **error)
{
  return kandy_rest_send_decoded_finish (self, result, error);
}

void
kandy_rest_send_decoded_async (KandyRest *self, const char *method,
    const char *path, JsonNode *body, KandyRestFlags flags, guint timeout_ms,
    const char *operation, KandyRestDecode decode, GDestroyNotify destroy,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GUri) uri = NULL;
  g_autoptr (SoupMessage) msg = NULL;
  g_autofree char *agent = NULL;
  g_autofree char *resource = NULL;
  GError *error = NULL;
  Call *call;

  g_task_set_source_tag (task, kandy_rest_send_decoded_async);
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
            "%s request refused: the client was destroyed", operation));
    g_object_unref (task);
    return;
  }
  resource = kandy_rest_localize_resource (self, path, &error);
  if (resource)
    uri = kandy_rest_make_uri (self, NULL, resource, NULL, &error);
  if (uri) {
    msg = soup_message_new_from_uri (method, uri);
    if (!kandy_rest_authorize (
            self, soup_message_get_request_headers (msg), &error))
      g_clear_object (&msg);
  }
  if (!msg) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  agent = kandy_client_dup_agent (self->client);
  if (agent)
    soup_message_headers_replace (
        soup_message_get_request_headers (msg), "X-Cpaas-Agent", agent);
  if (body) {
    char *text = kandy_json_to_string (body);
    g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

    kandy_exchange_set_body (msg, "application/json", bytes);
  }

  log_action (self, msg, NULL, body);
  call = g_new0 (Call, 1);
  call->flags = flags;
  call->operation = g_strdup (operation);
  call->msg = g_object_ref (msg);
  call->decode = decode;
  call->destroy = destroy;
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  kandy_rest_exchange_async (
      self, msg, timeout_ms, operation, cancellable, call_done, task);
}

gpointer
kandy_rest_send_decoded_finish (
    KandyRest *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
