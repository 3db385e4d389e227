/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"

/*
 * The requests that a call makes (protocol calls 1.2).
 */

typedef struct {
  KandyCall *self;
  KandyCallReply reply;
} Request;

static void
answer_request (Request *request, JsonObject *reply, const GError *error)
{
  KandyCall *self = request->self;

  if (request->reply)
    request->reply (self, reply, error);
  kandy_call_flush (self);
  g_object_unref (self);
  g_free (request);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);

  answer_request (
      user_data, reply ? json_node_get_object (reply) : NULL, error);
}

static gboolean
on_not_sent (gpointer user_data)
{
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_AUTHENTICATION,
      "call:2", 0, "The request was not sent: nobody is signed on.");

  answer_request (user_data, NULL, error);
  return G_SOURCE_REMOVE;
}

/* {"@name": {"clientCorrelator": …, */
static JsonBuilder *
begin_body (KandyCall *self, const char *name)
{
  JsonBuilder *builder = json_builder_new ();
  KandyClient *client = kandy_call_get_client (self);
  const char *correlator = client ? kandy_client_get_correlator (client) : NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  if (correlator) {
    json_builder_set_member_name (builder, "clientCorrelator");
    json_builder_add_string_value (builder, correlator);
  }
  return builder;
}

static void
add_member (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static JsonNode *
end_body (JsonBuilder *builder)
{
  JsonNode *body;

  json_builder_end_object (builder);
  json_builder_end_object (builder);
  body = json_builder_get_root (builder);
  g_object_unref (builder);
  return body;
}

/* @tail: after "sessions"; @body: (transfer full) (nullable) */
static void
send_request (KandyCall *self, const char *method, const char *tail,
    JsonNode *body, KandyRestFlags flags, guint timeout_ms,
    const char *operation, KandyCallReply reply)
{
  KandyClient *client = kandy_call_get_client (self);
  Request *request = g_new0 (Request, 1);
  g_autofree char *full_tail = NULL, *path = NULL;
  GSource *source;

  request->self = g_object_ref (self);
  request->reply = reply;
  if (client) {
    full_tail = g_strconcat ("sessions", tail, NULL);
    path = kandy_client_user_path (client, "webrtcsignaling", full_tail);
  }
  if (path) {
    kandy_rest_send_async (kandy_client_get_rest (client), method, path, body,
        flags, timeout_ms, operation, NULL, on_reply, request);
  } else {
    source = g_idle_source_new ();
    g_source_set_callback (source, on_not_sent, request, NULL);
    g_source_attach (source, g_main_context_get_thread_default ());
    g_source_unref (source);
  }
  g_clear_pointer (&body, json_node_unref);
}

static void
add_custom_parameters (JsonBuilder *builder, GVariant *parameters)
{
  GVariantIter iter;
  const char *name, *value;

  json_builder_set_member_name (builder, "customParameters");
  json_builder_begin_array (builder);
  g_variant_iter_init (&iter, parameters);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value)) {
    json_builder_begin_object (builder);
    add_member (builder, "name", name);
    add_member (builder, "value", value);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

void
kandy_call_request_create (
    KandyCall *self, const char *sdp, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsSession");
  g_autofree char *display_name = NULL;
  g_autoptr (GVariant) parameters = NULL;

  if (self->options)
    g_object_get (self->options, "display-name", &display_name,
        "custom-parameters", &parameters, NULL);

  add_member (builder, "tParticipantAddress", self->to);
  if (display_name && *display_name)
    add_member (builder, "tParticipantName", display_name);
  if (parameters && g_variant_n_children (parameters) > 0)
    add_custom_parameters (builder, parameters);
  json_builder_set_member_name (builder, "offer");
  json_builder_begin_object (builder);
  add_member (builder, "sdp", sdp);
  json_builder_end_object (builder);
  send_request (self, "POST", "", end_body (builder), KANDY_REST_DEFAULT, 0,
      "Create session", reply);
}

void
kandy_call_request_answer (
    KandyCall *self, const char *sdp, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsAnswer");
  g_autofree char *tail = g_strdup_printf ("/%s/answer", self->session_id);

  add_member (builder, "sdp", sdp);
  send_request (self, "PUT", tail, end_body (builder), KANDY_REST_DEFAULT, 0,
      "Answer session", reply);
}

void
kandy_call_request_update (
    KandyCall *self, const char *sdp, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsOffer");
  g_autofree char *tail = g_strdup_printf ("/%s/update", self->session_id);

  add_member (builder, "sdp", sdp);
  send_request (self, "PUT", tail, end_body (builder), KANDY_REST_DEFAULT, 0,
      "Update session", reply);
}

void
kandy_call_request_status (
    KandyCall *self, const char *status, guint timeout_ms, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsSessionStatus");
  g_autofree char *tail = g_strdup_printf ("/%s/status", self->session_id);

  add_member (builder, "status", status);
  send_request (self, "PUT", tail, end_body (builder), KANDY_REST_DEFAULT,
      timeout_ms, "Session Status Update", reply);
}

void
kandy_call_request_forward (
    KandyCall *self, const char *address, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsForward");
  g_autofree char *tail = g_strdup_printf ("/%s/forward", self->session_id);

  add_member (builder, "address", address);
  send_request (self, "PUT", tail, end_body (builder), KANDY_REST_NO_REPLY_BODY,
      0, "Forward session", reply);
}

void
kandy_call_request_transfer (KandyCall *self, const char *address,
    const char *session_id, KandyCallReply reply)
{
  JsonBuilder *builder = begin_body (self, "wrtcsTransfer");
  g_autofree char *tail = g_strdup_printf ("/%s/transfer", self->session_id);

  add_member (builder, "address", address);
  if (session_id)
    add_member (builder, "sessionId", session_id);
  send_request (self, "PUT", tail, end_body (builder), KANDY_REST_NO_REPLY_BODY,
      0,
      session_id ? "Consultative transfer session" : "Direct transfer session",
      reply);
}

void
kandy_call_request_delete (KandyCall *self, KandyCallReply reply)
{
  g_autofree char *tail = g_strdup_printf ("/%s", self->session_id);

  send_request (self, "DELETE", tail, NULL, KANDY_REST_NO_REPLY_BODY, 0,
      "End session", reply);
}
