/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-media-private.h"
#include "kandy-track.h"

/*
 * What carries a call's media, as the call sees it: the engine is made when the
 * call needs it, and tells of its path and of tracks that come and go.
 */

/* How long a media path may be disconnected before it counts as lost (protocol
 * calls 4.11) */
#define DISCONNECTED_LIMIT_SECONDS 10

void
kandy_call_set_media_state (
    KandyCall *self, KandyMediaConnectionState state, gboolean tell)
{
  KandyMediaConnectionState previous = self->media_state;
  GVariantDict dict, before;
  const char *nick;

  kandy_clear_source (&self->disconnected_timer);
  if (state == previous)
    return;
  self->media_state = state;
  kandy_call_queue_notify (self, "media-connection-state");
  if (!tell)
    return;

  nick = kandy_enum_nick (KANDY_TYPE_MEDIA_CONNECTION_STATE, state);
  if (state == KANDY_MEDIA_CONNECTION_STATE_CONNECTED)
    kandy_call_add_timing (self, "media-connected");
  kandy_call_debug (self, "media connection is %s", nick);

  g_variant_dict_init (&before, NULL);
  g_variant_dict_insert (&before, "state", "s",
      kandy_enum_nick (KANDY_TYPE_MEDIA_CONNECTION_STATE, previous));
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert_value (&dict, "previous", g_variant_dict_end (&before));
  kandy_call_queue_event (
      self, self, "call:mediaConnectionChange", g_variant_dict_end (&dict));
}

static gboolean
on_disconnected_too_long (gpointer user_data)
{
  KandyCall *self = user_data;

  kandy_call_set_media_state (self, KANDY_MEDIA_CONNECTION_STATE_FAILED, TRUE);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

static void
on_connection_state (
    KandyMediaEngine *engine, KandyMediaConnectionState state, KandyCall *self)
{
  if (state == self->media_state)
    return;
  kandy_call_set_media_state (self, state, TRUE);
  if (state == KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED)
    self->disconnected_timer = kandy_calls_add_timeout (self->calls,
        DISCONNECTED_LIMIT_SECONDS * 1000, on_disconnected_too_long, self);
  kandy_call_recover (self);
  kandy_call_flush (self);
}

static void
on_path_lost (KandyMediaEngine *engine, KandyCall *self)
{
  kandy_call_path_lost (self);
  kandy_call_flush (self);
}

static void
on_offer_needed (KandyMediaEngine *engine, KandyCall *self)
{
  kandy_call_offer_needed (self);
}

/* (nullable) */
static KandyMedia *
get_media (KandyCall *self)
{
  KandyClient *client = kandy_call_get_client (self);

  return client ? kandy_client_get_media (client) : NULL;
}

static void
unlist_tracks (KandyCall *self, GPtrArray *tracks)
{
  KandyMedia *media = get_media (self);
  guint i;

  for (i = 0; media && i < tracks->len; i++)
    kandy_media_remove_track (media, self, tracks->pdata[i]);
  g_ptr_array_set_size (tracks, 0);
}

static void
on_track_added (KandyMediaEngine *engine, KandyTrack *track, KandyCall *self)
{
  GPtrArray *tracks =
      kandy_track_is_local (track) ? self->local_tracks : self->remote_tracks;
  KandyMedia *media = get_media (self);

  if (g_ptr_array_find (tracks, track, NULL))
    return;
  g_ptr_array_add (tracks, g_object_ref (track));
  if (media)
    kandy_media_add_track (media, self, track);
  kandy_call_queue_track (self, "call:newTrack", track);
  kandy_call_flush (self);
}

static void
on_track_removed (KandyMediaEngine *engine, KandyTrack *track, KandyCall *self)
{
  GPtrArray *tracks =
      kandy_track_is_local (track) ? self->local_tracks : self->remote_tracks;
  g_autoptr (KandyTrack) kept = g_object_ref (track);
  KandyMedia *media = get_media (self);

  if (!g_ptr_array_remove (tracks, kept))
    return;
  if (media)
    kandy_media_remove_track (media, self, kept);
  kandy_call_queue_track (self, "call:trackEnded", kept);
  kandy_call_flush (self);
}

static void
on_dtmf_received (
    KandyMediaEngine *engine, guint number, gboolean in_band, KandyCall *self)
{
  kandy_call_dtmf_received (self, number, in_band);
  kandy_call_flush (self);
}

static void
on_engine_failed (
    KandyMediaEngine *engine, const GError *error, KandyCall *self)
{
  kandy_call_fail (self, TRUE, error);
  kandy_call_flush (self);
}

gboolean
kandy_call_ensure_engine (
    KandyCall *self, KandyMediaOptions *options, GError **error)
{
  if (self->engine)
    return TRUE;

  self->engine = self->calls
      ? kandy_calls_create_engine (self->calls, self, options)
      : NULL;
  if (!self->engine) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:3", 0,
            "There is nothing that could carry this call's media."));
    return FALSE;
  }
  g_signal_connect (
      self->engine, "connection-state", G_CALLBACK (on_connection_state), self);
  g_signal_connect (
      self->engine, "track-added", G_CALLBACK (on_track_added), self);
  g_signal_connect (
      self->engine, "track-removed", G_CALLBACK (on_track_removed), self);
  g_signal_connect (
      self->engine, "dtmf-received", G_CALLBACK (on_dtmf_received), self);
  g_signal_connect (self->engine, "path-lost", G_CALLBACK (on_path_lost), self);
  g_signal_connect (
      self->engine, "offer-needed", G_CALLBACK (on_offer_needed), self);
  g_signal_connect (
      self->engine, "failed", G_CALLBACK (on_engine_failed), self);
  kandy_call_queue_notify (self, "engine");
  return TRUE;
}

void
kandy_call_close_media (KandyCall *self)
{
  guint i;

  kandy_clear_source (&self->disconnected_timer);
  if (self->engine) {
    g_signal_handlers_disconnect_by_data (self->engine, self);
    kandy_media_engine_close (self->engine);
  }
  for (i = 0; i < self->local_tracks->len; i++) {
    kandy_track_set_live (self->local_tracks->pdata[i], FALSE);
    kandy_call_queue_track (
        self, "call:trackEnded", self->local_tracks->pdata[i]);
  }
  for (i = 0; i < self->remote_tracks->len; i++)
    kandy_track_set_live (self->remote_tracks->pdata[i], FALSE);
  unlist_tracks (self, self->local_tracks);
  unlist_tracks (self, self->remote_tracks);
}

void
kandy_call_swap_track (
    KandyCall *self, KandyTrack *old, KandyTrack *replacement)
{
  g_autoptr (KandyTrack) kept = g_object_ref (old);
  KandyMedia *media = get_media (self);
  guint i;

  if (!g_ptr_array_find (self->local_tracks, old, &i))
    return;
  g_object_unref (self->local_tracks->pdata[i]);
  self->local_tracks->pdata[i] = g_object_ref (replacement);
  if (media) {
    kandy_media_remove_track (media, self, kept);
    kandy_media_add_track (media, self, replacement);
  }
}
