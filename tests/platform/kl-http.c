/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"
#include "kl-webphone.h"

/* Requests: limits, CORS, faults, authorization, routing; and replies. A
 * notification that follows from a request waits in the request's outbox
 * until the reply has been written (protocol calls 9.1). */

typedef struct {
  KlAccount *account;
  char *service;
  char *channel;
  char *type;
  JsonObject *object;
} KlOutgoing;

static void
kl_outgoing_free (KlOutgoing *outgoing)
{
  g_free (outgoing->service);
  g_free (outgoing->channel);
  g_free (outgoing->type);
  json_object_unref (outgoing->object);
  g_free (outgoing);
}

static SoupMessageHeaders *
response_headers (KlRequest *request)
{
  return soup_server_message_get_response_headers (request->message);
}

static const char *
request_header (KlRequest *request, const char *name)
{
  return soup_message_headers_get_one (
      soup_server_message_get_request_headers (request->message), name);
}

static KlRequest *
kl_request_new (
    KandyLoopback *self, SoupServerMessage *message, GHashTable *query)
{
  KlRequest *request = g_new0 (KlRequest, 1);

  g_ref_count_init (&request->refs);
  request->self = self;
  request->message = g_object_ref (message);
  request->method = soup_server_message_get_method (message);
  request->query = query ? g_hash_table_ref (query) : NULL;
  request->started = g_get_monotonic_time ();
  g_queue_init (&request->outbox);
  return request;
}

KlRequest *
kl_request_ref (KlRequest *request)
{
  g_ref_count_inc (&request->refs);
  return request;
}

void
kl_request_unref (KlRequest *request)
{
  if (!g_ref_count_dec (&request->refs))
    return;
  g_queue_clear_full (&request->outbox, (GDestroyNotify) kl_outgoing_free);
  g_object_unref (request->message);
  g_free (request->path);
  g_strfreev (request->segments);
  g_clear_pointer (&request->query, g_hash_table_unref);
  g_clear_pointer (&request->body, json_object_unref);
  if (request->text)
    g_string_free (request->text, TRUE);
  g_clear_pointer (&request->fault, kl_fault_unref);
  g_free (request);
}

gboolean
kl_request_is (KlRequest *request, const char *method)
{
  return g_str_equal (request->method, method);
}

static void
flush_outbox (KlRequest *request)
{
  KlOutgoing *outgoing;

  while ((outgoing = g_queue_pop_head (&request->outbox))) {
    guint delay = request->self->policies.relay_delay;

    /* Two connections have no order between them: leave the requester time
     * to read the reply on the one before it reads of it on the other */
    if (outgoing->account == request->account)
      delay = MAX (delay, 20);
    kl_notify (request->self, outgoing->account, outgoing->service,
        outgoing->channel, outgoing->type, outgoing->object, delay);
    kl_outgoing_free (outgoing);
  }
}

/* Takes object. channel: only this one, or NULL. */
void
kl_request_notify (KlRequest *request, KlAccount *account, const char *service,
    const char *channel, const char *type, JsonObject *object)
{
  KlOutgoing *outgoing = g_new0 (KlOutgoing, 1);

  outgoing->account = account;
  outgoing->service = g_strdup (service);
  outgoing->channel = g_strdup (channel);
  outgoing->type = g_strdup (type);
  outgoing->object = object;
  g_queue_push_tail (&request->outbox, outgoing);
}

static void
on_finished (SoupServerMessage *message, gpointer data)
{
  g_autoptr (KlRequest) request = kl_request_ref (data);

  flush_outbox (request);
  /* The two hold each other */
  g_signal_handlers_disconnect_by_data (message, data);
}

static void
log_response (KlRequest *request, guint status, const char *text)
{
  KandyLoopback *self = request->self;
  JsonObject *entry = json_object_new ();
  g_autoptr (JsonObject) body = NULL;
  const char *who = request->account ? request->account->address : "-";

  json_object_set_string_member (entry, "kind", "res");
  json_object_set_int_member (entry, "re", request->log_number);
  if (status)
    json_object_set_int_member (entry, "status", status);
  else
    json_object_set_boolean_member (entry, "dropped", TRUE);
  body = text ? kl_json_parse (text, -1, NULL) : NULL;
  if (body) {
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

    json_node_set_object (node, body);
    json_object_set_member (entry, "body", kl_json_redact (node));
  } else if (text && *text && g_utf8_validate (text, -1, NULL)) {
    g_autofree char *start = g_utf8_substring (
        text, 0, MIN (g_utf8_strlen (text, -1), KL_MAX_LOG_TEXT));

    json_object_set_string_member (entry, "body", start);
  }
  kl_log_add (self->log, entry);

  kl_log_print (self, "%s %s %s %u %s (%.1f ms)", who, request->method,
      request->path, status,
      status ? soup_status_get_phrase (status) : "dropped",
      (g_get_monotonic_time () - request->started) / 1000.0);
}

static void
set_cors_headers (KlRequest *request)
{
  const char *origin = request_header (request, "Origin");
  SoupMessageHeaders *headers = response_headers (request);

  if (!origin)
    return;
  soup_message_headers_replace (headers, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (headers, "Vary", "Origin");
  soup_message_headers_replace (
      headers, "Access-Control-Expose-Headers", "Retry-After");
}

static void
finish (KlRequest *request)
{
  if (request->fault && request->fault->after)
    flush_outbox (request);
  else
    g_signal_connect_data (request->message, "finished",
        G_CALLBACK (on_finished), kl_request_ref (request),
        (GClosureNotify) (GCallback) kl_request_unref, 0);
}

static gboolean
on_drop (gpointer data)
{
  KlRequest *request = data;
  g_autoptr (GIOStream) stream =
      soup_server_message_steal_connection (request->message);

  if (stream)
    g_io_stream_close (stream, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* Not from within the handler: the message is still being read there */
static void
drop_connection (KlRequest *request)
{
  soup_server_message_pause (request->message);
  kl_timeout (request->self, 0, on_drop, kl_request_ref (request),
      (GDestroyNotify) kl_request_unref);
}

static gboolean
on_unpause (gpointer data)
{
  KlRequest *request = data;

  soup_server_message_unpause (request->message);
  return G_SOURCE_REMOVE;
}

/* libsoup takes the length away from a reply that can have no body, and then
 * takes the reply for one that ends with the connection */
static void
on_wrote_headers (SoupServerMessage *message, gpointer data)
{
  soup_message_headers_set_encoding (
      soup_server_message_get_response_headers (message), SOUP_ENCODING_NONE);
}

static void
write_reply (KlRequest *request, guint status, const char *content_type,
    const char *text)
{
  SoupMessageHeaders *headers = response_headers (request);

  if (status == 204) {
    text = NULL;
    g_signal_connect (
        request->message, "wrote-headers", G_CALLBACK (on_wrote_headers), NULL);
  }
  if (g_str_has_prefix (request->path, "/cpaas/"))
    set_cors_headers (request);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_server_message_set_status (request->message, status, NULL);
  if (text)
    soup_server_message_set_response (
        request->message, content_type, SOUP_MEMORY_COPY, text, strlen (text));
  log_response (request, status, text);
}

/* What a fault makes of a reply. Returns FALSE if none shall be sent. */
static gboolean
spoil_reply (KlRequest *request, guint *status, const char **content_type,
    const char **text)
{
  KlFault *fault = request->fault;
  SoupMessageHeaders *headers = response_headers (request);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (fault->status) {
    *status = fault->status;
    *text = fault->body ? fault->body : "";
  } else if (fault->body) {
    *text = fault->body;
  }
  if (fault->content_type)
    *content_type = fault->content_type;
  if (fault->headers) {
    json_object_iter_init (&iter, fault->headers);
    while (json_object_iter_next (&iter, &name, &node)) {
      const char *value = kl_json_get_string (fault->headers, name);

      if (value)
        soup_message_headers_replace (headers, name, value);
    }
  }
  return !fault->drop && !fault->hang;
}

void
kl_request_reply_text (KlRequest *request, guint status,
    const char *content_type, const char *text)
{
  g_return_if_fail (!request->replied);

  request->replied = TRUE;
  if (request->fault && !spoil_reply (request, &status, &content_type, &text)) {
    log_response (request, 0, NULL);
    flush_outbox (request);
    if (request->fault->drop)
      drop_connection (request);
    else
      soup_server_message_pause (request->message);
    return;
  }

  write_reply (request, status, content_type, text);
  if (request->fault && request->fault->after && request->fault->delay) {
    soup_server_message_pause (request->message);
    kl_timeout (request->self, request->fault->delay, on_unpause,
        kl_request_ref (request), (GDestroyNotify) kl_request_unref);
  }
  finish (request);
}

/* Takes body. NULL: none, with status 204. */
void
kl_request_reply (KlRequest *request, guint status, JsonObject *body)
{
  g_autofree char *text = body ? kl_json_to_string (body) : NULL;

  kl_request_reply_text (request, status, "application/json", text);
  if (body)
    json_object_unref (body);
}

/* Protocol session 1.6. text: with %1 for the variable. */
void
kl_request_reply_error (KlRequest *request, guint status,
    const char *message_id, const char *text, const char *variable)
{
  JsonObject *exception = json_object_new ();
  JsonArray *variables = json_array_new ();

  json_object_set_string_member (exception, "messageId", message_id);
  json_object_set_string_member (exception, "text", text);
  if (variable)
    json_array_add_string_element (variables, variable);
  json_object_set_array_member (exception, "variables", variables);
  kl_request_reply (request, status,
      kl_json_wrap ("requestError",
          kl_json_wrap (g_str_has_prefix (message_id, "POL")
                  ? "policyException"
                  : "serviceException",
              exception)));
}

void
kl_request_reply_not_found (KlRequest *request, const char *what)
{
  kl_request_reply_error (
      request, 404, "SVC0002", "Value of %1 is not acceptable", what);
}

void
kl_request_reply_bad_value (KlRequest *request, const char *what)
{
  kl_request_reply_error (
      request, 400, "SVC0002", "Value of %1 is not acceptable", what);
}

void
kl_request_reply_bad_method (KlRequest *request, const char *allow)
{
  soup_message_headers_replace (response_headers (request), "Allow", allow);
  kl_request_reply_error (request, 405, "SVC0001",
      "A service error occurred: %1", "method not allowed");
}

/* A file that somebody else has brought: for saving, not for a page to show */
void
kl_request_reply_file (
    KlRequest *request, const char *content_type, GBytes *bytes)
{
  SoupMessageHeaders *headers = response_headers (request);
  KlFault *fault = request->fault;

  soup_message_headers_replace (headers, "Content-Disposition", "attachment");
  soup_message_headers_replace (headers, "Content-Security-Policy", "sandbox");
  if (fault && (fault->status || fault->body || fault->drop || fault->hang)) {
    kl_request_reply_text (request, 200, content_type, "");
    return;
  }
  request->replied = TRUE;
  soup_message_headers_replace (headers, "Content-Type", content_type);
  if (g_bytes_get_size (bytes) > 0)
    soup_message_body_append_bytes (
        soup_server_message_get_response_body (request->message), bytes);
  write_reply (request, 200, content_type, NULL);
  finish (request);
}

static void
handle_preflight (KlRequest *request)
{
  SoupMessageHeaders *headers = response_headers (request);

  /* Only the platform's own routes are for pages from elsewhere */
  if (g_str_has_prefix (request->path, "/cpaas/")) {
    soup_message_headers_replace (headers, "Access-Control-Allow-Methods",
        "GET, POST, PUT, DELETE, OPTIONS");
    soup_message_headers_replace (headers, "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Accept, X-Cpaas-Agent");
    soup_message_headers_replace (headers, "Access-Control-Max-Age", "600");
    if (request_header (request, "Access-Control-Request-Private-Network"))
      soup_message_headers_replace (
          headers, "Access-Control-Allow-Private-Network", "true");
  }
  kl_request_reply (request, 204, NULL);
}

static gboolean
decode_path (KlRequest *request)
{
  GUri *uri = soup_server_message_get_uri (request->message);
  g_auto (GStrv) raw = NULL;
  g_autoptr (GPtrArray) segments = g_ptr_array_new_with_free_func (g_free);
  guint i;

  if (soup_server_message_is_options_ping (request->message)
      || strlen (g_uri_get_path (uri)) > KL_MAX_PATH)
    return FALSE;
  raw = g_strsplit (g_uri_get_path (uri), "/", -1);
  for (i = 0; raw[0] && raw[i + 1]; i++) {
    char *segment = g_uri_unescape_string (raw[i + 1], NULL);

    if (!segment)
      return FALSE;
    g_ptr_array_add (segments, segment);
    if (!g_utf8_validate (segment, -1, NULL))
      return FALSE;
  }
  /* A slash at the end makes no difference */
  if (segments->len > 0
      && !*(char *) g_ptr_array_index (segments, segments->len - 1))
    g_ptr_array_set_size (segments, segments->len - 1);
  g_ptr_array_add (segments, NULL);
  request->segments = (char **) g_ptr_array_steal (segments, NULL);
  {
    g_autofree char *joined = g_strjoinv ("/", request->segments);

    request->path = g_strconcat ("/", joined, NULL);
  }
  return TRUE;
}

static void
log_request (KlRequest *request)
{
  KandyLoopback *self = request->self;
  static const char *const shown[] = { "accept", "content-type",
    "x-cpaas-agent", "origin", NULL };
  JsonObject *entry = json_object_new ();
  JsonObject *headers = json_object_new ();
  const char *value;
  guint i;

  json_object_set_string_member (entry, "kind", "req");
  json_object_set_string_member (entry, "method", request->method);
  json_object_set_string_member (entry, "path", request->path);
  if (request->account)
    json_object_set_string_member (entry, "user", request->account->address);
  for (i = 0; shown[i]; i++) {
    value = request_header (request, shown[i]);
    if (value && g_utf8_validate (value, -1, NULL))
      json_object_set_string_member (headers, shown[i], value);
  }
  value = request_header (request, "Authorization");
  if (value)
    json_object_set_string_member (headers, "authorization",
        g_str_has_prefix (value, "Bearer ") ? "Bearer ..." : "...");
  json_object_set_object_member (entry, "headers", headers);
  if (request->body) {
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

    json_node_set_object (node, request->body);
    json_object_set_member (entry, "body", kl_json_redact (node));
  }
  request->log_number = kl_log_add (self->log, entry);
  kl_log_count (self->log, request->method, request->path);
}

static void
identify (KlRequest *request)
{
  const char *header = request_header (request, "Authorization");
  const char *token = NULL;

  request->refusal = "access token missing";
  if (header && g_ascii_strncasecmp (header, "Bearer ", 7) == 0)
    token = header + 7;
  else if (request->query)
    token = g_hash_table_lookup (request->query, "access_token");
  if (token)
    request->account =
        kl_accounts_check_token (request->self, token, &request->refusal);
  else if (g_strcmp0 (request->path, "/cpaas/auth/v1/token") == 0)
    request->account = kl_accounts_peek_token_user (request);
}

static gboolean
is_upgrade (KlRequest *request)
{
  const char *upgrade = request_header (request, "Upgrade");

  return kl_request_is (request, "GET") && upgrade
      && g_ascii_strcasecmp (upgrade, "websocket") == 0;
}

static void
route_service (KlRequest *request)
{
  char **segments = request->segments;
  guint length = g_strv_length (segments);
  const char *service = segments[1];
  char **rest;

  if (length == 4 && g_str_equal (service, "auth")) {
    if (g_str_equal (segments[2], "v1") && g_str_equal (segments[3], "token"))
      kl_accounts_handle_token (request);
    else
      kl_request_reply_not_found (request, "path");
    return;
  }
  /* The message store has a store's name before the user */
  rest = segments + 3;
  if (g_str_equal (service, "nms"))
    rest++;
  if (length < 5 || !g_str_equal (segments[2], "v1")
      || (rest > segments + 3
          && (length < 6 || !g_str_equal (segments[3], "chat")))) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  if (!request->account) {
    kl_request_reply_error (
        request, 401, "POL0001", "Request refused: %1", request->refusal);
    return;
  }
  if (!g_str_equal (*rest, request->account->id)) {
    kl_request_reply_error (
        request, 403, "POL0002", "User may not access %1", *rest);
    return;
  }
  rest++;
  if (g_str_equal (service, "nms")) {
    kl_attachments_handle (request, rest);
    return;
  }
  if ((kl_request_is (request, "POST") || kl_request_is (request, "PUT"))
      && !request->body) {
    kl_request_reply_bad_value (request, "body");
    return;
  }

  if (g_str_equal (service, "notificationchannel"))
    kl_channels_handle (request, rest);
  else if (g_str_equal (service, "webrtcsignaling")
      && g_str_equal (rest[0], "subscriptions"))
    kl_subscriptions_handle (request, "call", rest);
  else if (g_str_equal (service, "webrtcsignaling")
      && g_str_equal (rest[0], "sessions"))
    kl_sessions_handle (request, rest + 1);
  else if (g_str_equal (service, "webrtcsignaling")
      && g_str_equal (rest[0], "turn") && !rest[1])
    kl_turn_handle (request);
  else if (g_str_equal (service, "chat")
      && g_str_equal (rest[0], "subscriptions"))
    kl_subscriptions_handle (request, "chat", rest);
  else if (g_str_equal (service, "smsmessaging")
      && g_str_equal (rest[0], "inbound"))
    kl_subscriptions_handle (request, "smsinbound", rest);
  else if (g_str_equal (service, "chat") && kl_messages_owns (rest))
    kl_messages_handle (request, rest);
  else if (g_str_equal (service, "chat") && g_str_equal (rest[0], "group"))
    kl_groups_handle (request, rest);
  else if (g_str_equal (service, "smsmessaging"))
    kl_sms_handle (request, rest);
  else if (g_str_equal (service, "presence"))
    kl_presence_handle (request, rest);
  else if (g_str_equal (service, "addressbook"))
    kl_contacts_handle (request, rest);
  else if (g_str_equal (service, "directory"))
    kl_directory_handle (request, rest);
  else
    kl_request_reply_not_found (request, "path");
}

static void
route (KlRequest *request)
{
  char **segments = request->segments;

  if (kl_request_is (request, "OPTIONS"))
    handle_preflight (request);
  else if (g_strcmp0 (segments[0], "loopback") == 0 && !segments[1])
    kl_control_handle_page (request);
  else if (g_strcmp0 (segments[0], "loopback") == 0)
    kl_control_handle (request, segments + 1);
  else if (g_strcmp0 (segments[0], "cpaas") == 0 && segments[1])
    route_service (request);
  else if (!kl_webphone_handle (request))
    kl_request_reply_not_found (request, "path");
}

static void
route_upgrade (KlRequest *request)
{
  char **segments = request->segments;

  if (g_strv_length (segments) != 7 || !g_str_equal (segments[0], "cpaas")
      || !g_str_equal (segments[1], "notificationchannel")
      || !g_str_equal (segments[2], "v1")
      || !g_str_equal (segments[4], "channels")
      || !g_str_equal (segments[6], "websocket"))
    kl_request_reply_not_found (request, "path");
  else if (!request->account)
    kl_request_reply_error (
        request, 401, "POL0001", "Request refused: %1", request->refusal);
  else if (!g_str_equal (segments[3], request->account->id))
    kl_request_reply_error (
        request, 403, "POL0002", "User may not access %1", segments[3]);
  else
    kl_channels_handle_upgrade (request, segments[5]);
}

static void
proceed (KlRequest *request)
{
  if (is_upgrade (request))
    route_upgrade (request);
  else
    route (request);
}

static gboolean
on_delayed (gpointer data)
{
  KlRequest *request = data;
  KlFault *fault = request->fault;

  if (fault->status || fault->drop || fault->hang)
    kl_request_reply_text (request, 200, "application/json", "");
  else
    proceed (request);
  /* 101 and replies that come later pause by themselves */
  if (!fault->drop && !fault->hang)
    soup_server_message_unpause (request->message);
  return G_SOURCE_REMOVE;
}

static void
apply_fault (KlRequest *request)
{
  KlFault *fault = request->fault;

  if (fault->after) {
    proceed (request);
  } else if (fault->delay) {
    soup_server_message_pause (request->message);
    kl_timeout (request->self, fault->delay, on_delayed,
        kl_request_ref (request), (GDestroyNotify) kl_request_unref);
  } else if (fault->status || fault->drop || fault->hang) {
    kl_request_reply_text (request, 200, "application/json", "");
  } else {
    proceed (request);
  }
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  KandyLoopback *self = data;
  g_autoptr (KlRequest) request = kl_request_new (self, message, query);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  gboolean control;

  if (!decode_path (request)) {
    request->path = g_strdup ("(undecodable)");
    request->segments = g_new0 (char *, 1);
    kl_request_reply_bad_value (request, "path");
    return;
  }
  if (body->length > 0) {
    g_autoptr (GBytes) bytes = soup_message_body_flatten (body);

    request->text = g_string_new_len (
        g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    request->body =
        kl_json_parse (request->text->str, request->text->len, NULL);
  }
  identify (request);
  control = g_strcmp0 (request->segments[0], "loopback") == 0;
  if (!control)
    log_request (request);

  if (!control && !kl_request_is (request, "OPTIONS"))
    request->fault = is_upgrade (request)
        ? kl_faults_match (self, KL_FAULT_UPGRADE, NULL, NULL, request->account)
        : kl_faults_match (self, KL_FAULT_REQUEST, request->method,
            request->path, request->account);
  if (request->fault)
    apply_fault (request);
  else
    proceed (request);
}

/* Bodies are limited before they are read */
static void
on_headers (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  KandyLoopback *self = data;
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  static const char text[] = "The body must have a length, of at most 1 MiB.\n";
  const char *authorization =
      soup_message_headers_get_one (headers, "Authorization");
  const char *refusal;
  guint status = 0;

  /* Only for somebody that it knows, it takes as much as an attachment */
  if (authorization && g_ascii_strncasecmp (authorization, "Bearer ", 7) == 0
      && kl_accounts_check_token (self, authorization + 7, &refusal)
      && soup_message_headers_get_content_length (headers)
          <= self->policies.attachment_max + KL_MAX_BODY
      && kl_attachments_take_body (self, message))
    return;
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED)
    status = 411;
  else if (soup_message_headers_get_content_length (headers) > KL_MAX_BODY)
    status = 413;
  if (!status)
    return;

  soup_message_body_set_accumulate (
      soup_server_message_get_request_body (message), FALSE);
  soup_message_headers_replace (
      soup_server_message_get_response_headers (message), "Connection",
      "close");
  soup_server_message_set_response (
      message, "text/plain", SOUP_MEMORY_STATIC, text, strlen (text));
  soup_server_message_set_status (message, status, NULL);
}

void
kl_http_setup (KandyLoopback *self, SoupServer *server)
{
  soup_server_add_early_handler (server, NULL, on_headers, self, NULL);
  soup_server_add_handler (server, NULL, on_request, self, NULL);
}
