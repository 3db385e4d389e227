/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-events.h"

#include "kandy-error.h"

/*
 * The table of the API document's events. A row is all that it takes to have an
 * event: as a typed signal of the object that it concerns, and as the detail of
 * KandyClient::event with the document's payload.
 */

#define S(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_STRING                                                   \
  }
#define B(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_BOOLEAN                                                  \
  }
#define N(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_NUMBER                                                   \
  }
#define V(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_VARIANT                                                  \
  }
#define E(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_ERROR                                                    \
  }
#define O(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_OBJECT                                                   \
  }
#define P(name)                                                                \
  {                                                                            \
    name, KANDY_EVENT_PAYLOAD                                                  \
  }

static const KandyEvent events[] = {
  { "request:error", "KandyClient", "request-error", { E ("error") } },
  { "notification:received", "KandyClient", "notification-received",
      { V ("payload") } },

  { "ws:change", "KandyConnection", "changed", { S ("platform") } },

  { "subscription:change", "KandyServices", "changed",
      { S ("reason"), N ("retryAfter") } },
  { "subscription:error", "KandyServices", "error", { E ("error") } },
  { "subscription:resub", "KandyServices", "resubscribed",
      { N ("attemptNum"), B ("isFailure"), E ("error") } },

  { "call:start", "KandyCalls", "started", { O ("callId"), E ("error") } },
  { "call:receive", "KandyCalls", "received",
      { O ("callId"), V ("mediaOffered"), E ("error") } },
  { "call:operation", "KandyCall", "operation",
      { P ("callId"), S ("operation"), S ("transition"), B ("isLocal"),
          V ("previous"), E ("error") } },
  { "call:stateChange", "KandyCall", "state-changed",
      { P ("callId"), V ("previous"), V ("transition"), E ("error") } },
  { "call:newTrack", "KandyCall", "new-track",
      { P ("callId"), S ("trackId"), B ("local"), S ("mediaId") } },
  { "call:trackEnded", "KandyCall", "track-ended",
      { P ("callId"), S ("trackId"), B ("local"), S ("mediaId") } },
  { "call:newMedia", "KandyCall", "new-media",
      { P ("callId"), B ("local"), V ("tracks"), S ("mediaId"), E ("error") } },
  { "call:removedMedia", "KandyCall", "removed-media",
      { P ("callId"), B ("local"), V ("tracks"), E ("error") } },
  { "call:trackReplaced", "KandyCall", "track-replaced",
      { P ("callId"), S ("newTrackId"), V ("oldTrack"), E ("error") } },
  { "call:mediaConnectionChange", "KandyCall", "media-connection-changed",
      { P ("callId"), V ("previous") } },
  { "call:mediaRestart", "KandyCall", "media-restart",
      { P ("callId"), E ("error") } },
  { "call:statsReceived", "KandyCall", "stats-received",
      { P ("callId"), S ("trackId"), V ("result"), E ("error") } },
  { "call:availableCodecs", "KandyCalls", "available-codecs",
      { S ("kind"), V ("codecs") } },
  { "call:dtmfReceived", "KandyCall", "dtmf-received",
      { P ("callId"), S ("tone"), B ("inBand") } },

  { "devices:change", "KandyMedia", "devices-changed", { { NULL } } },
  { "devices:error", "KandyMedia", "devices-error", { E ("error") } },
  { "media:muted", "KandyMedia", "muted", { V ("tracks"), V ("trackIds") } },
  { "media:unmuted", "KandyMedia", "unmuted",
      { V ("tracks"), V ("trackIds") } },
  { "media:sourceMuted", "KandyMedia", "source-muted",
      { S ("trackId"), V ("trackIds"), S ("id"), B ("isLocal") } },
  { "media:sourceUnmuted", "KandyMedia", "source-unmuted",
      { S ("trackId"), V ("trackIds"), S ("id"), B ("isLocal") } },

  { "conversations:new", "KandyConversations", "created", { V ("params") } },
  { "conversations:change", "KandyConversations", "changed", { V ("params") } },
  { "messages:change", "KandyConversation", "messages-changed",
      { P ("destination"), P ("type"), S ("messageId"), S ("sender"),
          V ("messageIds"), S ("next") } },
  { "messages:error", "KandyConversations", "error", { E ("error") } },
  { "isTypingList:change", "KandyConversation", "typing-changed",
      { P ("destination"), P ("type"), S ("sender"), S ("state") } },

  { "group:new", "KandyGroups", "group-new", { O ("id") } },
  { "group:change", "KandyGroups", "group-changed", { O ("id"), S ("id") } },
  { "group:delete", "KandyGroups", "group-deleted", { V ("group") } },
  { "group:refresh", "KandyGroups", "refreshed", { { NULL } } },
  { "group:invitation_received", "KandyGroups", "invitation-received",
      { V ("invitation") } },
  { "group:error", "KandyGroups", "error", { E ("error") } },

  { "presence:change", "KandyPresence", "changed",
      { S ("userId"), S ("status"), S ("activity"), S ("note") } },
  { "presence:selfChange", "KandyPresence", "self-changed", { { NULL } } },
  { "presence:subscribe", "KandyPresence", "subscribed", { V ("userIds") } },
  { "presence:unsubscribe", "KandyPresence", "unsubscribed",
      { V ("userIds") } },
  { "presence:error", "KandyPresence", "error", { E ("error") } },

  { "contacts:new", "KandyContacts", "added", { V ("contact") } },
  { "contacts:change", "KandyContacts", "changed", { { NULL } } },
  { "contacts:error", "KandyContacts", "error", { E ("error") } },

  { "users:change", "KandyUsers", "changed", { V ("results") } },
  { "users:error", "KandyUsers", "error", { E ("error") } },
  { "directory:change", "KandyUsers", "directory-changed",
      { V ("results"), S ("next") } },
  { "directory:error", "KandyUsers", "directory-error", { E ("error") } },
};

static GQuark
resolver_quark (void)
{
  return g_quark_from_static_string ("kandy-event-resolver");
}

static GType
member_gtype (KandyEventMemberType type)
{
  switch (type) {
    case KANDY_EVENT_STRING:
    case KANDY_EVENT_PAYLOAD:
      return G_TYPE_STRING;
    case KANDY_EVENT_BOOLEAN:
      return G_TYPE_BOOLEAN;
    case KANDY_EVENT_NUMBER:
      return G_TYPE_INT64;
    case KANDY_EVENT_VARIANT:
      return G_TYPE_VARIANT;
    case KANDY_EVENT_ERROR:
      return G_TYPE_ERROR;
    case KANDY_EVENT_OBJECT:
      return G_TYPE_OBJECT;
  }
  g_return_val_if_reached (G_TYPE_NONE);
}

static gint64
variant_to_int64 (GVariant *variant)
{
  switch (g_variant_classify (variant)) {
    case G_VARIANT_CLASS_INT64:
      return g_variant_get_int64 (variant);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (variant);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (variant);
    case G_VARIANT_CLASS_UINT64:
      return (gint64) g_variant_get_uint64 (variant);
    case G_VARIANT_CLASS_DOUBLE:
      return (gint64) g_variant_get_double (variant);
    default:
      return 0;
  }
}

static gpointer
resolve (gpointer source, const char *id)
{
  GType type = G_OBJECT_TYPE (source);
  KandyEventResolver resolver = NULL;

  for (; type && !resolver; type = g_type_parent (type))
    resolver = (KandyEventResolver) g_type_get_qdata (type, resolver_quark ());
  return resolver ? resolver (source, id) : NULL;
}

/* An absent member leaves the argument NULL, FALSE or 0 */
static void
set_argument (GValue *argument, gpointer source, const KandyEventMember *member,
    GVariant *payload)
{
  g_autoptr (GVariant) value = NULL;

  g_value_init (argument, member_gtype (member->type));
  if (payload)
    value = g_variant_lookup_value (payload, member->name, NULL);
  if (!value)
    return;

  switch (member->type) {
    case KANDY_EVENT_STRING:
    case KANDY_EVENT_PAYLOAD:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        g_value_set_string (argument, g_variant_get_string (value, NULL));
      break;
    case KANDY_EVENT_BOOLEAN:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
        g_value_set_boolean (argument, g_variant_get_boolean (value));
      break;
    case KANDY_EVENT_NUMBER:
      g_value_set_int64 (argument, variant_to_int64 (value));
      break;
    case KANDY_EVENT_VARIANT:
      g_value_set_variant (argument, value);
      break;
    case KANDY_EVENT_ERROR:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
        g_value_take_boxed (argument, kandy_error_from_variant (value));
      break;
    case KANDY_EVENT_OBJECT:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        g_value_set_object (
            argument, resolve (source, g_variant_get_string (value, NULL)));
      break;
  }
}

const KandyEvent *
kandy_events_get_table (guint *n_events)
{
  *n_events = G_N_ELEMENTS (events);
  return events;
}

const KandyEvent *
kandy_events_find (const char *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_str_equal (events[i].name, name))
      return &events[i];
  return NULL;
}

void
kandy_events_install (GObjectClass *klass)
{
  guint i, m;

  for (i = 0; i < G_N_ELEMENTS (events); i++) {
    GType types[KANDY_EVENT_MAX_MEMBERS];
    guint n_types = 0;

    if (!g_str_equal (events[i].class_name, G_OBJECT_CLASS_NAME (klass)))
      continue;
    for (m = 0; events[i].members[m].name; m++)
      if (events[i].members[m].type != KANDY_EVENT_PAYLOAD)
        types[n_types++] = member_gtype (events[i].members[m].type);
    g_signal_newv (events[i].signal, G_OBJECT_CLASS_TYPE (klass),
        G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL, G_TYPE_NONE, n_types, types);
  }
}

void
kandy_events_set_resolver (GObjectClass *klass, KandyEventResolver resolver)
{
  g_type_set_qdata (G_OBJECT_CLASS_TYPE (klass), resolver_quark (), resolver);
}

void
kandy_events_emit_typed (
    gpointer source, const KandyEvent *event, GVariant *payload)
{
  GValue values[KANDY_EVENT_MAX_MEMBERS + 1] = { G_VALUE_INIT };
  guint n_values = 0, m;
  guint signal_id = g_signal_lookup (event->signal, G_OBJECT_TYPE (source));

  g_return_if_fail (signal_id != 0);

  g_value_init (&values[n_values], G_OBJECT_TYPE (source));
  g_value_set_object (&values[n_values++], source);
  for (m = 0; event->members[m].name; m++)
    if (event->members[m].type != KANDY_EVENT_PAYLOAD)
      set_argument (&values[n_values++], source, &event->members[m], payload);

  g_signal_emitv (values, signal_id, 0, NULL);
  while (n_values > 0)
    g_value_unset (&values[--n_values]);
}
