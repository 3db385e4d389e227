/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-client-private.h"
#include "kandy-json.h"
#include "kandy-notifications-private.h"

#include <string.h>

#define ROOT "/cpaas/webrtcsignaling/v1/"

typedef struct {
  char *method;
  char *part;
  guint status;
  char *body;
  guint count;
} Fault;

static void
fault_free (Fault *fault)
{
  g_free (fault->method);
  g_free (fault->part);
  g_free (fault->body);
  g_free (fault);
}

static void
reply (SoupServerMessage *msg, guint status, const char *body)
{
  soup_server_message_set_status (msg, status, NULL);
  if (body)
    soup_server_message_set_response (msg,
        *body == '<' ? "text/html" : "application/json", SOUP_MEMORY_COPY, body,
        strlen (body));
}

/* As the platform does when nothing is wrong */
static void
reply_properly (SoupServerMessage *msg, const char *tail, JsonNode *body)
{
  const char *method = soup_server_message_get_method (msg);
  g_autofree char *text = NULL;

  if (g_str_equal (method, "POST") && g_str_equal (tail, "sessions"))
    reply (msg, 201,
        "{\"wrtcsSession\": {\"resourceURL\": \"" ROOT
        "u-alice/sessions/s1\"}}");
  else if (g_str_has_suffix (tail, "/status")) {
    text = g_strdup_printf ("{\"wrtcsSessionStatus\": {\"status\": \"%s\"}}",
        kandy_json_get_string_at (body, "wrtcsSessionStatus.status"));
    reply (msg, 200, text);
  } else if (g_str_equal (tail, "turn")) {
    reply (msg, 200,
        "{\"wrtcsTurnCredentials\": "
        "{\"username\": \"1:alice\", \"password\": \"s3cret\"}}");
  } else {
    reply (msg, 204, NULL);
  }
}

static const char *
find_sdp (JsonNode *body)
{
  static const char *const paths[] = { "wrtcsSession.offer.sdp",
    "wrtcsAnswer.sdp", "wrtcsOffer.sdp" };
  const char *sdp = NULL;
  guint i;

  for (i = 0; body && !sdp && i < G_N_ELEMENTS (paths); i++)
    sdp = kandy_json_get_string_at (body, paths[i]);
  return sdp;
}

static void
on_request (SoupServer *server, SoupServerMessage *msg, const char *path,
    GHashTable *query, gpointer user_data)
{
  Harness *h = user_data;
  SoupMessageBody *body = soup_server_message_get_request_body (msg);
  const char *tail = strchr (path + strlen (ROOT), '/');
  const char *method = soup_server_message_get_method (msg);
  g_autoptr (JsonNode) node = NULL;
  const char *status = NULL;
  GList *l;

  g_assert_true (g_str_has_prefix (path, ROOT));
  g_assert_nonnull (tail);
  tail++;
  soup_message_body_set_accumulate (body, TRUE);
  if (body->length > 0) {
    g_autoptr (GBytes) bytes = soup_message_body_flatten (body);

    node = kandy_json_parse (g_bytes_get_data (bytes, NULL),
        (gssize) g_bytes_get_size (bytes), NULL);
    g_assert_nonnull (node);
    status = kandy_json_get_string_at (node, "wrtcsSessionStatus.status");
    if (find_sdp (node)) {
      g_free (h->last_sdp);
      h->last_sdp = g_strdup (find_sdp (node));
    }
    g_clear_pointer (&h->last_body, json_node_unref);
    h->last_body = json_node_ref (node);
  }
  /* Audits come when they are due, which is no matter of most tests */
  if (g_strcmp0 (status, "Connected") == 0) {
    h->n_audits++;
  } else {
    if (h->requests->len)
      g_string_append (h->requests, ", ");
    g_string_append_printf (h->requests, "%s %s%s%s", method,
        g_str_has_prefix (tail, "sessions/") ? tail + 9 : tail,
        status ? " " : "", status ? status : "");
  }

  for (l = h->faults.head; l; l = l->next) {
    Fault *fault = l->data;

    if (!g_str_equal (fault->method, method) || !strstr (tail, fault->part))
      continue;
    if (fault->status == 0) {
      soup_server_message_pause (msg);
      g_queue_push_tail (&h->held, g_object_ref (msg));
      reply_properly (msg, tail, node);
    } else {
      reply (msg, fault->status, fault->body);
    }
    if (--fault->count == 0) {
      g_queue_delete_link (&h->faults, l);
      fault_free (fault);
    }
    return;
  }
  reply_properly (msg, tail, node);
}

static const char *
lookup (GVariant *payload, const char *member)
{
  const char *text = NULL;

  return g_variant_lookup (payload, member, "&s", &text) ? text : NULL;
}

static void
append_error (GString *line, GVariant *payload)
{
  g_autoptr (GVariant) error = g_variant_lookup_value (payload, "error", NULL);

  if (error)
    g_string_append_printf (line, " !%s", lookup (error, "code"));
}

KandyCall *
harness_describe (
    KandyCalls *calls, const char *name, GVariant *payload, GString *events)
{
  g_autoptr (GVariant) previous =
      g_variant_lookup_value (payload, "previous", NULL);
  g_autoptr (GVariant) transition =
      g_variant_lookup_value (payload, "transition", G_VARIANT_TYPE_VARDICT);
  const char *id = lookup (payload, "callId");
  KandyCall *call = id ? kandy_calls_get_by_id (calls, id) : NULL;
  gboolean local = FALSE;
  int status;

  if (!g_str_has_prefix (name, "call:"))
    return NULL;
  g_assert_true (call || g_str_equal (name, "call:availableCodecs"));
  g_variant_lookup (payload, "isLocal", "b", &local);
  g_variant_lookup (payload, "local", "b", &local);

  if (events->len)
    g_string_append (events, "; ");
  if (g_str_equal (name, "call:operation")) {
    g_string_append_printf (events, "op %s %s%s", lookup (payload, "operation"),
        lookup (payload, "transition"), local ? "" : " remote");
    if (previous)
      g_string_append_printf (events, " {%s/%s}",
          lookup (previous, "operation"), lookup (previous, "status"));
  } else if (g_str_equal (name, "call:stateChange")) {
    g_string_append_printf (events, "sc %s->%s", lookup (previous, "state"),
        kandy_call_state_to_string (kandy_call_get_state (call)));
    if (transition && g_variant_lookup (transition, "statusCode", "i", &status))
      g_string_append_printf (events, " (%d)", status);
  } else if (g_str_equal (name, "call:mediaConnectionChange")) {
    g_string_append_printf (
        events, "media from %s", lookup (previous, "state"));
  } else if (g_str_equal (name, "call:newMedia")
      || g_str_equal (name, "call:removedMedia")) {
    g_autoptr (GVariant) tracks =
        g_variant_lookup_value (payload, "tracks", G_VARIANT_TYPE_STRING_ARRAY);
    g_autofree const char **ids = g_variant_get_strv (tracks, NULL);
    g_autofree char *text = g_strjoinv (",", (char **) ids);

    g_string_append_printf (events, "%s [%s]", name + strlen ("call:"), text);
  } else if (g_str_equal (name, "call:trackReplaced")) {
    g_autoptr (GVariant) old =
        g_variant_lookup_value (payload, "oldTrack", G_VARIANT_TYPE_VARDICT);

    g_string_append (events, "trackReplaced");
    if (old)
      g_string_append_printf (events, " %s(%s)->%s", lookup (old, "id"),
          lookup (old, "state"), lookup (payload, "newTrackId"));
  } else if (g_str_equal (name, "call:dtmfReceived")) {
    gboolean in_band = FALSE;

    g_variant_lookup (payload, "inBand", "b", &in_band);
    g_string_append_printf (events, "dtmfReceived %s %s",
        lookup (payload, "tone"), in_band ? "in" : "out");
  } else {
    g_string_append (events, name + strlen ("call:"));
    if (g_str_has_prefix (name, "call:newTrack")
        || g_str_has_prefix (name, "call:trackEnded"))
      g_string_append (events, local ? " local" : " remote");
  }
  append_error (events, payload);
  return call;
}

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  Harness *h = user_data;
  KandyCall *call = harness_describe (h->calls, name, payload, h->events);

  if (call)
    g_set_object (&h->call, call);
}

static KandyMediaEngine *
make_engine (KandyCalls *calls, KandyCall *call, KandyMediaOptions *options,
    gpointer user_data)
{
  Harness *h = user_data;

  g_set_object (&h->factory_options, options);
  if (h->no_engine)
    return NULL;
  g_clear_object (&h->engine);
  h->engine = fake_engine_new (&h->script);
  h->n_engines++;
  return g_object_ref (KANDY_MEDIA_ENGINE (h->engine));
}

static char *
make_token (void)
{
  static const char claims[] = "{\"preferred_username\": \"u-alice\", "
                               "\"services-identity\": \"alice@ex.org\"}";
  g_autofree char *head = g_base64_encode ((const guchar *) "{}", 2);
  g_autofree char *body =
      g_base64_encode ((const guchar *) claims, strlen (claims));

  return g_strdup_printf ("%s.%s.x", head, body);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

GSource *
harness_tick (Harness *h)
{
  GSource *tick = g_timeout_source_new (20);

  g_source_set_callback (tick, on_tick, NULL, NULL);
  g_source_attach (tick, h->context);
  g_source_unref (tick);
  return tick;
}

static gboolean
on_quiet (gpointer user_data)
{
  guint *ticks = user_data;

  (*ticks)++;
  return G_SOURCE_CONTINUE;
}

/* Client and platform share this thread, and the tick comes after whatever else
 * is ready: a few ticks in which nothing new was seen mean that nothing is
 * under way, however slow the machine is */
void
harness_settle (Harness *h)
{
  GSource *tick = g_timeout_source_new (15);
  guint ticks = 0;
  gsize seen = 0, now;

  g_source_set_callback (tick, on_quiet, &ticks, NULL);
  g_source_set_priority (tick, G_PRIORITY_LOW);
  g_source_attach (tick, h->context);
  while (ticks < 4) {
    g_main_context_iteration (h->context, TRUE);
    now = h->events->len + h->requests->len;
    if (now != seen) {
      seen = now;
      ticks = 0;
    }
  }
  g_source_destroy (tick);
  g_source_unref (tick);
}

/* Whatever is logged is logged about a type that can be asked for */
static void
check_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  g_auto (GStrv) types = kandy_logger_get_types (logger);

  g_assert_true (g_strv_contains (
      (const char *const *) types, kandy_log_entry_get_target_type (entry)));
}

void
harness_set_up (Harness *h, gconstpointer data)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *token = make_token ();
  GSList *uris;

  h->context = g_main_context_new ();
  g_main_context_push_thread_default (h->context);
  g_queue_init (&h->faults);
  g_queue_init (&h->held);
  h->requests = g_string_new (NULL);
  h->events = g_string_new (NULL);
  fake_script_init (&h->script);

  h->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (h->server, NULL, on_request, h, NULL);
  soup_server_listen_local (h->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (h->server);

  kandy_config_set_value (
      config, "authentication.server.protocol", g_variant_new_string ("http"));
  kandy_config_set_value (
      config, "authentication.server.base", g_variant_new_string ("127.0.0.1"));
  kandy_config_set_value (config, "authentication.server.port",
      g_variant_new_double (g_uri_get_port (uris->data)));
  kandy_config_set_value (
      config, "authentication.clientCorrelator", g_variant_new_string ("cc-1"));
  kandy_config_set_value (
      config, "logs.logLevel", g_variant_new_string ("silent"));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  h->client = kandy_client_new (config);
  kandy_logger_set_level (
      kandy_client_get_logger (h->client), KANDY_LOG_LEVEL_TRACE, NULL);
  kandy_logger_set_handler (
      kandy_client_get_logger (h->client), check_log, NULL, NULL, NULL);
  kandy_client_set_tokens (h->client, "token", token, &error);
  g_assert_no_error (error);
  kandy_notifications_set_websocket_enabled (
      kandy_client_get_notifications (h->client), TRUE);
  h->calls = g_object_ref (kandy_client_get_calls (h->client));
  kandy_calls_set_engine_factory (h->calls, make_engine, h, NULL);
  g_signal_connect (h->client, "event", G_CALLBACK (on_event), h);
}

void
harness_tear_down (Harness *h, gconstpointer data)
{
  KandyClient *client = h->client;

  g_clear_object (&h->call);
  if (h->client) {
    kandy_client_destroy (h->client);
    g_signal_handlers_disconnect_by_data (h->client, h);
    g_object_add_weak_pointer (G_OBJECT (h->client), (gpointer *) &client);
    g_clear_object (&h->client);
  }
  g_clear_object (&h->calls);
  harness_release (h);
  harness_wait (h, client == NULL);
  g_queue_clear_full (&h->faults, (GDestroyNotify) fault_free);
  soup_server_disconnect (h->server);
  g_clear_object (&h->server);
  while (g_main_context_iteration (h->context, FALSE))
    continue;

  if (h->engine) {
    g_assert_true (fake_engine_is_closed (h->engine));
    g_assert_finalize_object (g_steal_pointer (&h->engine));
  }
  g_clear_object (&h->factory_options);
  g_clear_pointer (&h->last_body, json_node_unref);
  g_clear_error (&h->error);
  g_free (h->last_sdp);
  g_string_free (h->requests, TRUE);
  g_string_free (h->events, TRUE);
  fake_script_clear (&h->script);
  g_main_context_pop_thread_default (h->context);
  g_main_context_unref (h->context);
}

void
harness_fault (Harness *h, const char *method, const char *part, guint status,
    const char *body, guint count)
{
  Fault *fault = g_new0 (Fault, 1);

  fault->method = g_strdup (method);
  fault->part = g_strdup (part);
  fault->status = status;
  fault->body = g_strdup (body);
  fault->count = count;
  g_queue_push_tail (&h->faults, fault);
}

void
harness_release (Harness *h)
{
  SoupServerMessage *msg;

  while ((msg = g_queue_pop_head (&h->held))) {
    soup_server_message_unpause (msg);
    g_object_unref (msg);
  }
}

void
harness_frame (Harness *h, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = kandy_json_parse (text, -1, &error);

  g_assert_no_error (error);
  kandy_notifications_process (kandy_client_get_notifications (h->client),
      KANDY_NOTIFICATION_CHANNEL_WEBSOCKET, root);
}

void
harness_notify (
    Harness *h, const char *type, const char *session, const char *members)
{
  g_autofree char *text = g_strdup_printf (
      "{\"%s\": {\"id\": \"n-%u\", \"link\": [{\"rel\": \"x\", \"href\": "
      "\"" ROOT "u-alice/sessions/%s\"}]%s%s}}",
      type, ++h->n_notifications, session, members ? ", " : "",
      members ? members : "");

  harness_frame (h, text);
}

void
harness_event (Harness *h, const char *session, const char *event)
{
  g_autofree char *members = g_strdup_printf ("\"eventType\": \"%s\"", event);

  harness_notify (h, "wrtcsEventNotification", session, members);
}

void
harness_sdp (Harness *h, const char *type, const char *session, const char *sdp)
{
  g_autofree char *members = g_strdup_printf ("\"%s\": {\"sdp\": \"%s\"}",
      strstr (type, "Invitation") || strstr (type, "Offer") ? "offer"
                                                            : "answer",
      sdp);

  harness_notify (h, type, session, members);
}

void
harness_forget (Harness *h)
{
  g_string_truncate (h->events, 0);
  g_string_truncate (h->requests, 0);
  if (h->engine)
    fake_engine_clear_log (h->engine);
}

static gboolean
is_in (Harness *h, KandyCallState state)
{
  return h->call && kandy_call_get_state (h->call) == state;
}

void
harness_make (Harness *h, KandyCallState state)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, FALSE);
  g_autoptr (GError) error = NULL;

  g_set_object (&h->call, kandy_calls_make (h->calls, "bob", options, &error));
  g_assert_no_error (error);
  if (state == KANDY_CALL_STATE_INITIATING)
    return;
  harness_wait (h, is_in (h, KANDY_CALL_STATE_INITIATED));
  if (state == KANDY_CALL_STATE_RINGING) {
    harness_event (h, "s1", "Ringing");
  } else if (state == KANDY_CALL_STATE_CONNECTED) {
    harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
    harness_wait (h, is_in (h, KANDY_CALL_STATE_CONNECTED));
  } else {
    g_assert_cmpint (state, ==, KANDY_CALL_STATE_INITIATED);
  }
  harness_settle (h);
  g_assert_cmpint (kandy_call_get_state (h->call), ==, state);
  harness_forget (h);
}

void
harness_receive (Harness *h, KandyCallState state)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, FALSE);

  if (state == KANDY_CALL_STATE_INITIATED)
    kandy_config_set_value (kandy_client_get_config (h->client),
        "call.ringingFeedbackMode", g_variant_new_string ("manual"));
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s1", HARNESS_SDP);
  g_assert_nonnull (h->call);
  if (state == KANDY_CALL_STATE_INITIATING)
    return;
  if (state == KANDY_CALL_STATE_INITIATED) {
    harness_wait (h, is_in (h, KANDY_CALL_STATE_INITIATED));
  } else {
    harness_wait (h, is_in (h, KANDY_CALL_STATE_RINGING));
    if (state == KANDY_CALL_STATE_CONNECTED) {
      kandy_call_answer_async (h->call, options, NULL, NULL, NULL);
      harness_wait (h, is_in (h, KANDY_CALL_STATE_CONNECTED));
    }
  }
  harness_settle (h);
  g_assert_cmpint (kandy_call_get_state (h->call), ==, state);
  harness_forget (h);
}

void
harness_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Harness *h = user_data;
  gboolean done;

  g_clear_error (&h->error);
  done = kandy_call_operation_finish (KANDY_CALL (source), result, &h->error);
  g_assert_true (done == (h->error == NULL));
  h->n_answers++;
}

/* As long as what was seen could become @text */
static void
wait_for_length (Harness *h, GString *seen, const char *text)
{
  gint64 deadline = g_get_monotonic_time () + 8 * G_USEC_PER_SEC;
  GSource *tick = harness_tick (h);

  while (seen->len < strlen (text) && g_get_monotonic_time () < deadline)
    g_main_context_iteration (h->context, TRUE);
  g_source_destroy (tick);
}

void
harness_expect (Harness *h, GString *seen, const char *text, int line)
{
  wait_for_length (h, seen, text);
  harness_settle (h);
  if (!g_str_equal (seen->str, text))
    g_error ("line %d\nexpected: %s\ngot:      %s", line, text, seen->str);
  g_string_truncate (seen, 0);
}

void
harness_expect_log (Harness *h, const char *text, int line)
{
  g_autofree char *log = NULL;

  wait_for_length (h, fake_engine_get_log (h->engine), text);
  harness_settle (h);
  log = g_strdup (fake_engine_get_log (h->engine)->str);
  if (!g_str_equal (log, text))
    g_error ("line %d\nexpected: %s\ngot:      %s", line, text, log);
  fake_engine_clear_log (h->engine);
}

void
harness_expect_answer (Harness *h, const char *code)
{
  harness_wait (h, h->n_answers > 0);
  g_assert_cmpuint (h->n_answers, ==, 1);
  h->n_answers = 0;
  if (code) {
    g_assert_nonnull (h->error);
    g_assert_cmpstr (kandy_error_get_platform_code (h->error), ==, code);
  } else {
    g_assert_no_error (h->error);
  }
}
