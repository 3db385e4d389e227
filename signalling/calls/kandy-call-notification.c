/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-notification.h"

#include "kandy-error.h"
#include "kandy-json.h"

#include <string.h>

/*
 * Reads the notifications that concern calls (protocol calls 2.2). Members that
 * a call can do without may be absent or of any type; what it cannot do without
 * gives an error that names it.
 */

/* A session identifier goes into paths as it is, so it is bounded */
#define MAX_SESSION_ID 512

const char *const kandy_call_notification_types[] = {
  "wrtcsSessionInvitationNotification",
  "wrtcsAcceptanceNotification",
  "wrtcsAnswerNotification",
  "wrtcsOfferNotification",
  "wrtcsEventNotification",
  NULL,
};

static const struct {
  const char *type;
  KandyCallNotificationKind kind;
  const char *description; /* the member that carries the SDP */
} kinds[] = {
  { "wrtcsSessionInvitationNotification", KANDY_CALL_NOTIFICATION_INVITATION,
      "offer" },
  { "wrtcsAcceptanceNotification", KANDY_CALL_NOTIFICATION_ANSWER, "answer" },
  { "wrtcsAnswerNotification", KANDY_CALL_NOTIFICATION_ANSWER, "answer" },
  { "wrtcsOfferNotification", KANDY_CALL_NOTIFICATION_OFFER, "offer" },
};

static const struct {
  const char *event;
  KandyCallNotificationKind kind;
} events[] = {
  { "Ringing", KANDY_CALL_NOTIFICATION_RINGING },
  { "SessionEnded", KANDY_CALL_NOTIFICATION_SESSION_ENDED },
  { "Cancelled", KANDY_CALL_NOTIFICATION_CANCELLED },
  { "TransferCompleted", KANDY_CALL_NOTIFICATION_TRANSFER_COMPLETED },
  { "TransferFailed", KANDY_CALL_NOTIFICATION_TRANSFER_FAILED },
};

static GError *
protocol_error (const char *type, const char *what)
{
  return kandy_error_new (
      KANDY_ERROR_PROTOCOL, "call:2", 0, "Notification %s: %s.", type, what);
}

/* protocol calls 1.2. (nullable): without those that are no pairs of texts */
static GVariant *
parse_custom_parameters (JsonObject *content)
{
  JsonArray *array = kandy_json_get_array (content, "customParameters");
  guint n = array ? json_array_get_length (array) : 0;
  GVariantBuilder builder;
  guint taken = 0;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);
    const char *name, *value;

    if (!JSON_NODE_HOLDS_OBJECT (node))
      continue;
    name = kandy_json_get_string (json_node_get_object (node), "name");
    value = kandy_json_get_string (json_node_get_object (node), "value");
    if (!name || !value)
      continue;
    g_variant_builder_add (&builder, "{ss}", name, value);
    taken++;
  }
  if (taken == 0) {
    g_variant_builder_clear (&builder);
    return NULL;
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static char *
session_id_of (JsonObject *content)
{
  JsonArray *links = kandy_json_get_array (content, "link");
  JsonNode *first;

  if (!links || json_array_get_length (links) == 0)
    return NULL;
  first = json_array_get_element (links, 0);
  if (!JSON_NODE_HOLDS_OBJECT (first))
    return NULL;
  return kandy_call_session_id_from_uri (
      kandy_json_get_string (json_node_get_object (first), "href"));
}

/* No member `sdp` is a slow start; one that is there must be usable */
static void
read_sdp (KandyCallNotification *self, const char *type, JsonObject *holder)
{
  const char *code =
      self->kind == KANDY_CALL_NOTIFICATION_ANSWER ? "call:2" : "call:9";
  JsonNode *member = json_object_get_member (holder, "sdp");
  const char *sdp;

  if (!member || JSON_NODE_HOLDS_NULL (member))
    return;
  sdp = kandy_json_get_string (holder, "sdp");
  if (!sdp || !*sdp) {
    self->sdp_error = kandy_error_new (KANDY_ERROR_PROTOCOL, code, 0,
        "Notification %s: the member sdp is no text.", type);
  } else if (strlen (sdp) > KANDY_CALL_MAX_SDP) {
    self->sdp_error = kandy_error_new (KANDY_ERROR_PROTOCOL, code, 0,
        "Notification %s: the SDP has %" G_GSIZE_FORMAT " bytes, more than %d.",
        type, strlen (sdp), KANDY_CALL_MAX_SDP);
  } else {
    self->sdp = g_strdup (sdp);
  }
}

static gboolean
read_event (KandyCallNotification *self, JsonObject *content)
{
  const char *event = kandy_json_get_string (content, "eventType");
  gint64 status;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_strcmp0 (event, events[i].event) == 0)
      break;
  if (i == G_N_ELEMENTS (events))
    return FALSE;

  self->kind = events[i].kind;
  self->reason_text = g_strdup (kandy_json_get_string (content, "reasonText"));
  status = kandy_json_get_int (content, "statusCode", G_MAXINT64);
  self->has_status_code = status >= G_MININT32 && status <= G_MAXINT32;
  if (self->has_status_code)
    self->status_code = (int) status;
  return TRUE;
}

char *
kandy_call_session_id_from_uri (const char *uri)
{
  const char *id = uri ? strstr (uri, "sessions/") : NULL, *p;

  if (!id)
    return NULL;
  id += strlen ("sessions/");
  for (p = id; *p; p++)
    if (!g_ascii_isgraph (*p) || strchr ("?#\\\"<>", *p))
      return NULL;
  if (p == id || p - id > MAX_SESSION_ID)
    return NULL;
  return g_strdup (id);
}

KandyCallNotification *
kandy_call_notification_parse (
    const char *type, JsonObject *content, GError **error)
{
  g_autoptr (KandyCallNotification) self = g_new0 (KandyCallNotification, 1);
  JsonObject *holder = NULL;
  guint i;

  if (g_str_equal (type, "wrtcsEventNotification")) {
    if (!read_event (self, content))
      return NULL;
  } else {
    for (i = 0; i < G_N_ELEMENTS (kinds); i++)
      if (g_str_equal (type, kinds[i].type))
        break;
    if (i == G_N_ELEMENTS (kinds))
      return NULL;

    self->kind = kinds[i].kind;
    holder = kandy_json_get_object (content, kinds[i].description);
    if (holder) {
      read_sdp (self, type, holder);
    } else if (self->kind == KANDY_CALL_NOTIFICATION_ANSWER) {
      self->sdp_error = protocol_error (type, "there is no object `answer`");
    } else {
      g_propagate_error (
          error, protocol_error (type, "there is no object `offer`"));
      return NULL;
    }
    if (self->kind == KANDY_CALL_NOTIFICATION_ANSWER && !self->sdp
        && !self->sdp_error)
      self->sdp_error = protocol_error (type, "the answer has no SDP");
  }

  self->session_id = session_id_of (content);
  if (!self->session_id) {
    g_propagate_error (
        error, protocol_error (type, "link[0].href names no session"));
    return NULL;
  }

  if (self->kind == KANDY_CALL_NOTIFICATION_INVITATION) {
    self->originator_address =
        g_strdup (kandy_json_get_string (content, "originatorAddress"));
    self->originator_name =
        g_strdup (kandy_json_get_string (content, "originatorName"));
    self->participant_address =
        g_strdup (kandy_json_get_string (content, "tParticipantAddress"));
    self->custom_parameters = parse_custom_parameters (content);
  }
  return g_steal_pointer (&self);
}

void
kandy_call_notification_free (KandyCallNotification *self)
{
  g_free (self->session_id);
  g_free (self->sdp);
  g_clear_error (&self->sdp_error);
  g_free (self->originator_address);
  g_free (self->originator_name);
  g_free (self->participant_address);
  g_clear_pointer (&self->custom_parameters, g_variant_unref);
  g_free (self->reason_text);
  g_free (self);
}
