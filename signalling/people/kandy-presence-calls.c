/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-presence-private.h"

#include "kandy-call.h"
#include "kandy-calls.h"

/*
 * On the phone: what others see while the user is in a call, if that is wished
 * (API document: `presence.PresenceStatus`). A platform may do it by itself, so
 * it is off by default.
 */

static gboolean
is_wanted (KandyPresence *self)
{
  KandyClient *client = kandy_collection_get_client (KANDY_COLLECTION (self));

  return client
      && kandy_config_get_boolean (
          kandy_client_get_config (client), "presence.onThePhone");
}

static void
publish (KandyPresence *self, const char *status, const char *activity,
    const char *note)
{
  kandy_presence_publish (self, status, activity, note, NULL, NULL, NULL);
}

static void
calls_began (KandyPresence *self)
{
  KandyPresenceStatus *own = self->own;

  if (!is_wanted (self))
    return;
  self->on_the_phone = TRUE;
  self->before_status = g_strdup (kandy_presence_status_get_status (own));
  self->before_activity = g_strdup (kandy_presence_status_get_activity (own));
  self->before_note = g_strdup (kandy_presence_status_get_note (own));
  publish (self, KANDY_PRESENCE_OPEN, KANDY_PRESENCE_ON_THE_PHONE, NULL);
}

static void
calls_ended (KandyPresence *self)
{
  g_autofree char *status = g_steal_pointer (&self->before_status);
  g_autofree char *activity = g_steal_pointer (&self->before_activity);
  g_autofree char *note = g_steal_pointer (&self->before_note);

  if (!self->on_the_phone)
    return;
  kandy_presence_forget_calls (self);
  if (activity)
    publish (self, status ? status : KANDY_PRESENCE_OPEN, activity, note);
  else
    publish (self, KANDY_PRESENCE_OPEN, KANDY_PRESENCE_AVAILABLE, NULL);
}

/* A call that rings is none yet */
static gboolean
is_in_call (KandyCall *call)
{
  KandyCallState state = KANDY_CALL_STATE_ENDED;

  if (call)
    g_object_get (call, "state", &state, NULL);
  return state == KANDY_CALL_STATE_CONNECTED
      || state == KANDY_CALL_STATE_ON_HOLD;
}

static void
on_call_state (KandyClient *client, const char *event, GVariant *payload,
    gpointer user_data)
{
  KandyPresence *self = user_data;
  guint n_before = g_hash_table_size (self->calls);
  const char *id;

  if (!g_variant_lookup (payload, "callId", "&s", &id))
    return;
  if (is_in_call (kandy_calls_get_by_id (kandy_client_get_calls (client), id)))
    g_hash_table_add (self->calls, g_strdup (id));
  else
    g_hash_table_remove (self->calls, id);
  if (n_before == 0 && g_hash_table_size (self->calls) > 0)
    calls_began (self);
  else if (n_before > 0 && g_hash_table_size (self->calls) == 0)
    calls_ended (self);
}

void
kandy_presence_watch_calls (KandyPresence *self)
{
  g_signal_connect_object (
      kandy_collection_get_client (KANDY_COLLECTION (self)),
      "event::call:stateChange", G_CALLBACK (on_call_state), self, 0);
}

void
kandy_presence_forget_calls (KandyPresence *self)
{
  self->on_the_phone = FALSE;
  g_clear_pointer (&self->before_status, g_free);
  g_clear_pointer (&self->before_activity, g_free);
  g_clear_pointer (&self->before_note, g_free);
}
