/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-fixture.h"

#include <libsoup/soup.h>
#include <string.h>

#include "kandy-client-private.h"
#include "kandy-exchange.h"
#include "kandy-json.h"
#include "kandy-rest-private.h"

/* Requests against a server that replies whatever the test wants: protocol
 * session 1.4 to 1.6, 2, check 9 of its section 10 */

typedef struct {
  SoupServer *server;
  Session *session;
  guint port;
  /* the reply */
  guint status;
  const char *phrase; /* NULL for that of the status */
  const char *type;
  const char *body;
  const char *header, *header_value;
  gboolean hang;
  GPtrArray *hanging;
  /* the request */
  char *method, *path, *query, *sent;
  SoupMessageHeaders *headers;
  guint n_requests;
} Rest;

static void
on_request (SoupServer *server, SoupServerMessage *msg, const char *path,
    GHashTable *query, gpointer user_data)
{
  Rest *self = user_data;
  GUri *uri = soup_server_message_get_uri (msg);
  SoupMessageBody *body = soup_server_message_get_request_body (msg);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  self->n_requests++;
  g_free (self->method);
  self->method = g_strdup (soup_server_message_get_method (msg));
  g_free (self->path);
  self->path = g_strdup (g_uri_get_path (uri));
  g_free (self->query);
  self->query = g_strdup (g_uri_get_query (uri));
  g_free (self->sent);
  self->sent = g_strndup (body->data, body->length);
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  self->headers =
      soup_message_headers_ref (soup_server_message_get_request_headers (msg));

  if (self->hang) {
    soup_server_message_pause (msg);
    g_ptr_array_add (self->hanging, g_object_ref (msg));
    return;
  }
  soup_server_message_set_status (msg, self->status, self->phrase);
  if (self->header)
    soup_message_headers_replace (headers, self->header, self->header_value);
  if (self->body)
    soup_server_message_set_response (msg,
        self->type ? self->type : "application/json", SOUP_MEMORY_COPY,
        self->body, strlen (self->body));
}

static Rest *
rest_new (const char *config)
{
  Rest *self = g_new0 (Rest, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *id_token = make_id_token ("ann/1 x", "ann@acme.example");
  GSList *uris;

  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  self->hanging = g_ptr_array_new_with_free_func (g_object_unref);
  self->status = 200;
  self->body = "{}";
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  soup_server_listen_local (
      self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->port = (guint) g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  self->session = session_new_for_port (self->port, config);
  g_assert_true (
      kandy_client_set_tokens (self->session->client, "t0ken", id_token, NULL));
  return self;
}

static void
rest_free (Rest *self)
{
  session_free (self->session);
  soup_server_disconnect (self->server);
  g_ptr_array_unref (self->hanging);
  g_clear_object (&self->server);
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  g_free (self->method);
  g_free (self->path);
  g_free (self->query);
  g_free (self->sent);
  g_free (self);
}

static JsonNode *
send_request (Rest *self, const char *method, const char *path, JsonNode *body,
    KandyRestFlags flags, guint timeout_ms, GError **error)
{
  KandyRest *rest = kandy_client_get_rest (self->session->client);
  g_autoptr (GAsyncResult) result = NULL;

  kandy_rest_send_async (rest, method, path, body, flags, timeout_ms, "Test",
      NULL, store_result, &result);
  return kandy_rest_send_finish (rest, wait_result (&result), error);
}

static void
test_request (void)
{
  Rest *self = rest_new (
      "{\"request\":{\"customAgentVersionHeaderSuffix\":\"suffix/1\"}}");
  g_autofree char *path = kandy_client_user_path (
      self->session->client, "chat", "subscriptions/+1 2");
  g_autoptr (JsonNode) body = json_from_string ("{\"a\":1}", NULL);
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (path, ==, "/cpaas/chat/v1/ann%2F1%20x/subscriptions/+1 2");
  self->body = "{\"b\":2}";
  reply = send_request (self, "PUT", path, body, KANDY_REST_DEFAULT, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (
      kandy_json_get_int (json_node_get_object (reply), "b", 0), ==, 2);
  g_assert_cmpstr (self->method, ==, "PUT");
  g_assert_cmpstr (
      self->path, ==, "/cpaas/chat/v1/ann%2F1%20x/subscriptions/+1%202");
  g_assert_cmpstr (self->sent, ==, "{\"a\":1}");
#define HEADER(name) soup_message_headers_get_one (self->headers, name)
  g_assert_cmpstr (HEADER ("Authorization"), ==, "Bearer t0ken");
  g_assert_cmpstr (HEADER ("Accept"), ==, "application/json");
  g_assert_cmpstr (HEADER ("Content-Type"), ==, "application/json");
  g_assert_true (g_str_has_prefix (HEADER ("X-Cpaas-Agent"), "cpaas-c-sdk/"));
  g_assert_true (g_str_has_suffix (HEADER ("X-Cpaas-Agent"), " suffix/1"));

  g_clear_pointer (&reply, json_node_unref);
  g_object_set (
      self->session->config, "inject-agent-version-header", FALSE, NULL);
  reply = send_request (self, "GET", "/x", NULL, KANDY_REST_DEFAULT, 0, NULL);
  g_assert_null (HEADER ("X-Cpaas-Agent"));
  g_assert_cmpstr (HEADER ("Content-Type"), ==, "application/json");
  g_assert_cmpstr (self->sent, ==, "");
  rest_free (self);
}

static void
test_success (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (JsonNode) reply = NULL;

  self->status = 204;
  self->body = NULL;
  reply = send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, NULL);
  g_assert_nonnull (reply);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (reply));
  g_clear_pointer (&reply, json_node_unref);

  self->status = 200;
  self->body = "<html>";
  reply = send_request (
      self, "DELETE", "/x", NULL, KANDY_REST_NO_REPLY_BODY, 0, NULL);
  g_assert_nonnull (reply);
  rest_free (self);
}

typedef struct {
  const char *name;
  guint status;
  const char *body;
  const char *type;
  KandyError kind;
  const char *code;
  const char *message;
} Mapping;

#define EXCEPTION(kind, rest) "{\"requestError\":{\"" kind "\":{" rest "}}}"

static const Mapping mappings[] = {
  { "two-variables", 400,
      EXCEPTION ("serviceException",
          "\"messageId\":\"SVC0003\",\"text\":\"%2 is not %1, %3 %%\","
          "\"variables\":[\"good\",\"%1\"]"),
      NULL, KANDY_ERROR_REFUSED, "SVC0003", "%1 is not good, %3 %%" },
  { "policy", 403,
      EXCEPTION ("policyException",
          "\"messageId\":\"POL0002\",\"text\":\"no\",\"variables\":[]"),
      NULL, KANDY_ERROR_REFUSED, "POL0002", "no" },
  { "no-variables", 404,
      EXCEPTION (
          "serviceException", "\"messageId\":\"SVC0004\",\"text\":\"%1 gone\""),
      NULL, KANDY_ERROR_REFUSED, "SVC0004", "%1 gone" },
  { "odd-variables", 404,
      EXCEPTION ("serviceException",
          "\"messageId\":\"SVC0004\",\"text\":\"%1 %2\","
          "\"variables\":[7,{\"a\":1}]"),
      NULL, KANDY_ERROR_REFUSED, "SVC0004", "7 {\"a\":1}" },
  { "no-text", 400, EXCEPTION ("serviceException", "\"messageId\":\"SVC0001\""),
      NULL, KANDY_ERROR_REFUSED, "SVC0001",
      "Test request failed: Bad Request" },
  { "no-id", 400, EXCEPTION ("serviceException", "\"text\":\"oh\""), NULL,
      KANDY_ERROR_REFUSED, "400", "oh" },
  { "empty-error", 500, "{\"requestError\":{}}", NULL, KANDY_ERROR_REFUSED,
      "500", "Test request failed: Internal Server Error" },
  { "wrong-types", 500, "{\"requestError\":[{\"serviceException\":7}]}", NULL,
      KANDY_ERROR_REFUSED, "500",
      "Test request failed: Internal Server Error" },
  { "not-json", 500, "oops", "text/plain", KANDY_ERROR_REFUSED, "500",
      "Test request failed: Internal Server Error" },
  { "empty", 502, "", NULL, KANDY_ERROR_REFUSED, "502",
      "Test request failed: Bad Gateway" },
  { "html-403", 403, "<html>" EXCEPTION ("serviceException", ""), "text/html",
      KANDY_ERROR_REFUSED, "403", "Test request failed: Forbidden" },
  { "unauthorized", 401, "{}", NULL, KANDY_ERROR_AUTHENTICATION, "401",
      "Test request failed: Unauthorized" },
  { "ok-but-html", 200, "<html>", "text/html", KANDY_ERROR_PROTOCOL, "REQUEST",
      NULL },
  { "ok-but-empty", 200, "", NULL, KANDY_ERROR_PROTOCOL, "REQUEST", NULL },
  { "ok-but-half", 201, "{\"a\":", NULL, KANDY_ERROR_PROTOCOL, "REQUEST",
      NULL },
  { "ok-but-array", 200, "[1]", NULL, KANDY_ERROR_PROTOCOL, "REQUEST", NULL },
};

static void
test_mapping (gconstpointer data)
{
  const Mapping *mapping = data;
  Rest *self = rest_new (NULL);
  g_autoptr (GError) error = NULL;

  self->status = mapping->status;
  self->body = mapping->body;
  self->type = mapping->type;
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, (int) mapping->kind);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, mapping->code);
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, mapping->status);
  if (mapping->message)
    g_assert_cmpstr (error->message, ==, mapping->message);
  g_assert_cmpuint (self->n_requests, ==, 1);
  session_assert_events (self->session,
      mapping->status == 401 ? "request:error(authentication:1)" : "");
  rest_free (self);
}

static void
test_retry_after (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) soon = g_date_time_add_seconds (now, 100);
  g_autofree char *date = soup_date_time_to_string (soon, SOUP_DATE_HTTP);
  struct {
    const char *header;
    const char *body;
    guint64 least, most;
  } cases[] = { { "7", "oops", 7000, 7000 }, { date, "{}", 50000, 100000 },
    { NULL, "{\"subscribeResponse\":{\"retryAfter\":1234}}", 1234, 1234 },
    { "later", "{}", 0, 0 }, { "-5", "{}", 0, 0 },
    { "99999999999999999999", "{}", 0, 0 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", "{}", 0, 0 } };
  guint i;

  self->status = 503;
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    self->header = cases[i].header ? "Retry-After" : NULL;
    self->header_value = cases[i].header;
    self->body = cases[i].body;
    g_assert_null (
        send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
    g_assert_cmpuint (kandy_error_get_http_status (error), ==, 503);
    g_assert_cmpuint (kandy_error_get_retry_after (error), >=, cases[i].least);
    g_assert_cmpuint (kandy_error_get_retry_after (error), <=, cases[i].most);
  }
  rest_free (self);
}

static void
test_no_server (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (GError) error = NULL;

  soup_server_disconnect (self->server);
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "FETCH");
  g_clear_error (&error);

  g_object_set (self->session->config, "server-base", NULL, NULL);
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);
  g_clear_error (&error);

  g_object_set (self->session->config, "server-base", "a/b@c", NULL);
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);
  g_clear_error (&error);
  g_object_set (self->session->config, "server-base", "127.0.0.1", NULL);

  kandy_client_sign_off (self->session->client);
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_assert_cmpuint (self->n_requests, ==, 0);
  rest_free (self);
}

static void
test_silent_server (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  self->hang = TRUE;
  g_assert_null (
      send_request (self, "POST", "/x", NULL, KANDY_REST_DEFAULT, 200, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "FETCH");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 190 * 1000);
  rest_free (self);
}

static void
test_cancel (gconstpointer data)
{
  gboolean destroy = GPOINTER_TO_INT (data);
  Rest *self = rest_new (NULL);
  KandyRest *rest = kandy_client_get_rest (self->session->client);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->hang = TRUE;
  kandy_rest_send_async (rest, "POST", "/x", NULL, KANDY_REST_DEFAULT, 0,
      "Test", cancellable, store_result, &result);
  WAIT (self->n_requests > 0);
  if (destroy)
    kandy_client_destroy (self->session->client);
  else
    g_cancellable_cancel (cancellable);
  g_assert_null (kandy_rest_send_finish (rest, wait_result (&result), &error));
  if (destroy)
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  session_assert_events (self->session, "");
  g_clear_object (&result);
  rest_free (self);
}

static void
test_too_large (void)
{
  Rest *self = rest_new (NULL);
  g_autofree char *body = g_strnfill (KANDY_REST_MAX_REPLY + 1, ' ');
  g_autoptr (GError) error = NULL;

  self->body = body;
  g_assert_null (
      send_request (self, "GET", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  rest_free (self);
}

/* logs.logActions: what goes over the wire, without what opens something */
static void
test_action_log (void)
{
  Rest *self = rest_new ("{\"logs\":{\"logActions\":{\"level\":\"warn\"}}}");
  g_autoptr (JsonNode) body = json_from_string (
      "{\"a\":[{\"password\":\"s3cret\"}],\"b\":\"shown\"}", NULL);
  g_autoptr (JsonNode) reply = NULL;

  self->body = "{\"x\":{\"credential\":\"s3cret\",\"sdp\":\"ice-pwd:s3cret\"}}";
  reply = send_request (
      self, "POST", "/p?q=s3cret", body, KANDY_REST_DEFAULT, 0, NULL);
  g_assert_nonnull (strstr (self->session->log->str,
      "ACTION POST /p {\"a\":[{\"password\":\"...\"}],\"b\":\"shown\"}"));
  g_assert_nonnull (strstr (self->session->log->str, "ACTION POST /p: 200 "));
  g_assert_null (strstr (self->session->log->str, "s3cret"));

  g_string_truncate (self->session->log, 0);
  g_clear_pointer (&reply, json_node_unref);
  g_object_set (
      self->session->config, "log-actions-expose-payloads", FALSE, NULL);
  reply = send_request (self, "POST", "/p", body, KANDY_REST_DEFAULT, 0, NULL);
  g_assert_null (strstr (self->session->log->str, "shown"));
  rest_free (self);
}

/* The token does not follow where a reply points */
static void
test_redirection (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (GError) error = NULL;

  self->status = 302;
  self->header = "Location";
  self->header_value = "/elsewhere";
  g_assert_null (
      send_request (self, "GET", "/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "302");
  g_assert_cmpuint (self->n_requests, ==, 1);
  g_clear_error (&error);

  g_assert_null (send_request (
      self, "GET", "http://192.0.2.1/x", NULL, KANDY_REST_DEFAULT, 0, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  rest_free (self);
}

/* A resource that is named with our own server in front is fine */
static void
test_absolute (void)
{
  Rest *self = rest_new (NULL);
  g_autofree char *url =
      g_strdup_printf ("http://127.0.0.1:%u/a/b@c", self->port);
  g_autoptr (JsonNode) reply = NULL;

  reply = send_request (self, "GET", url, NULL, KANDY_REST_DEFAULT, 0, NULL);
  g_assert_nonnull (reply);
  g_assert_cmpstr (self->path, ==, "/a/b@c");
  rest_free (self);
}

static void
test_fetch (void)
{
  Rest *self = rest_new (NULL);
  KandyClient *client = self->session->client;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = g_bytes_new_static ("x=1", 3);
  g_autoptr (GBytes) reply = NULL;
  SoupMessageHeaders *headers =
      soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  SoupMessageHeaders *reply_headers = NULL;
  guint status;

  self->status = 418;
  self->body = "short and stout";
  self->type = "text/plain";
  self->header = "X-Tea";
  self->header_value = "yes";
  soup_message_headers_append (headers, "X-Mine", "1");
  soup_message_headers_append (headers, "Authorization", "mine");
  kandy_client_fetch_async (client, "PATCH", "a/b?z=1",
      g_variant_new_parsed ("{'q': <'a b&!'>, 'b': <@mv nothing>, "
                            "'a': <['1', '2']>, 'n': <7>, 'f': <1.5>}"),
      headers, body, NULL, store_result, &result);
  reply = kandy_client_fetch_finish (
      client, wait_result (&result), &status, &reply_headers, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 418);
  g_assert_cmpuint (g_bytes_get_size (reply), ==, 15);
  g_assert_cmpstr (
      soup_message_headers_get_one (reply_headers, "X-Tea"), ==, "yes");
  g_assert_cmpstr (self->method, ==, "PATCH");
  g_assert_cmpstr (self->path, ==, "/a/b");
  g_assert_cmpstr (self->query, ==, "z=1&a=1&a=2&b&f=1.5&n=7&q=a%20b%26%21");
  g_assert_cmpstr (self->sent, ==, "x=1");
  g_assert_cmpstr (HEADER ("X-Mine"), ==, "1");
  g_assert_cmpstr (HEADER ("Authorization"), ==, "Bearer t0ken");
  soup_message_headers_unref (reply_headers);
  soup_message_headers_unref (headers);

  g_clear_object (&result);
  soup_server_disconnect (self->server);
  kandy_client_fetch_async (
      client, NULL, "/a", NULL, NULL, NULL, NULL, store_result, &result);
  g_assert_null (kandy_client_fetch_finish (
      client, wait_result (&result), &status, &reply_headers, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
  g_assert_null (reply_headers);
  g_clear_object (&result);
  rest_free (self);
}

static void
count (const char *type, JsonObject *content, gpointer user_data)
{
  guint *n = user_data;

  g_assert_cmpstr (type, ==, "a");
  (*n)++;
}

static void
process (Session *session, const char *id)
{
  g_autofree char *frame = g_strdup_printf ("{\"a\":{\"id\":\"%s\"}}", id);
  g_autoptr (GError) error = NULL;

  kandy_client_process_notification (
      session->client, frame, -1, "push", &error);
  g_assert_no_error (error);
}

/* Check 14 of protocol session 10 */
static void
test_duplicates (void)
{
  Session *session =
      session_new_for_port (1, "{\"notifications\":{\"idCacheLength\":1}}");
  KandyNotifications *notifications =
      kandy_client_get_notifications (session->client);
  guint n = 0, id;
  g_autoptr (GError) error = NULL;

  id = kandy_notifications_add_consumer (notifications, "a", count, &n);
  process (session, "a");
  process (session, "b");
  process (session, "a");
  g_assert_cmpuint (n, ==, 3);
  process (session, "a");
  g_assert_cmpuint (n, ==, 3);
  /* the length is read for each notification */
  g_object_set (session->config, "id-cache-length", 2, NULL);
  process (session, "b");
  process (session, "a");
  g_assert_cmpuint (n, ==, 4);
  g_object_set (session->config, "id-cache-length", 0, NULL);
  process (session, "a");
  process (session, "a");
  g_assert_cmpuint (n, ==, 6);
  kandy_notifications_remove_consumer (notifications, id);
  process (session, "c");
  g_assert_cmpuint (n, ==, 6);

  /* the websocket is not open */
  kandy_client_process_notification (
      session->client, "{\"a\":{\"id\":\"w\"}}", -1, "websocket", &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (session->log->str, "the websocket is off"));
  g_assert_false (kandy_client_process_notification (
      session->client, "{}", -1, "pigeon", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_false (kandy_client_process_notification (
      session->client, "[]", -1, NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  session_free (session);
}

typedef struct {
  Session *session;
  GString *seen;
} Nested;

static void
nested_consumer (const char *type, JsonObject *content, gpointer user_data)
{
  Nested *nested = user_data;
  const char *id = kandy_json_get_string (content, "id");

  g_string_append_printf (nested->seen, "<%s", id);
  if (g_str_equal (id, "1"))
    process (nested->session, "2");
  g_string_append (nested->seen, ">");
}

/* One after the other, also if one brings another */
static void
test_nested (void)
{
  Session *session = session_new_for_port (1, NULL);
  Nested nested = { session, g_string_new (NULL) };
  KandyNotifications *notifications =
      kandy_client_get_notifications (session->client);

  kandy_notifications_add_consumer (
      notifications, "a", nested_consumer, &nested);
  process (session, "1");
  g_assert_cmpstr (nested.seen->str, ==, "<1><2>");
  g_string_free (nested.seen, TRUE);
  session_free (session);
}

/* HTTP does not say what a reason phrase is written in (RFC 9112 section 4) */
static void
test_reason_phrase (void)
{
  Rest *self = rest_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) variant = NULL;

  self->status = 503;
  self->phrase = "Arr\xeat";
  self->body = NULL;
  g_assert_null (send_request (self, "GET", "/x", NULL, 0, 0, &error));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_true (g_str_has_prefix (error->message, "Test request failed: Arr"));
  variant = g_variant_ref_sink (kandy_error_to_variant (error));
  rest_free (self);
}

/* A request that is sent once more, for the server had closed the connection,
 * has its body and says what that is */
static void
test_restarted (void)
{
  g_autoptr (SoupMessage) msg =
      soup_message_new ("PUT", "http://127.0.0.1:1/x");
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  guint i;

  kandy_exchange_set_body (msg, "application/json", body);
  for (i = 0; i < 3; i++) {
    g_signal_emit_by_name (msg, "restarted");
    g_assert_cmpstr (soup_message_headers_get_content_type (
                         soup_message_get_request_headers (msg), NULL),
        ==, "application/json");
    g_assert_cmpint (soup_message_headers_get_content_length (
                         soup_message_get_request_headers (msg)),
        ==, 2);
  }
}

int
main (int argc, char **argv)
{
  guint i;

  /* which must not stand between us and an address of this machine */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/session/rest/" name, func)
  ADD ("request", test_request);
  ADD ("success", test_success);
  ADD ("retry-after", test_retry_after);
  ADD ("no-server", test_no_server);
  ADD ("silent-server", test_silent_server);
  ADD ("too-large", test_too_large);
  ADD ("redirection", test_redirection);
  ADD ("absolute", test_absolute);
  ADD ("fetch", test_fetch);
  ADD ("action-log", test_action_log);
  ADD ("duplicates", test_duplicates);
  ADD ("nested", test_nested);
  ADD ("reason-phrase", test_reason_phrase);
  ADD ("restarted", test_restarted);
  g_test_add_data_func (
      "/session/rest/cancel", GINT_TO_POINTER (FALSE), test_cancel);
  g_test_add_data_func (
      "/session/rest/destroy", GINT_TO_POINTER (TRUE), test_cancel);
  for (i = 0; i < G_N_ELEMENTS (mappings); i++) {
    g_autofree char *path =
        g_strconcat ("/session/rest/mapping/", mappings[i].name, NULL);

    g_test_add_data_func (path, &mappings[i], test_mapping);
  }
  return g_test_run ();
}
