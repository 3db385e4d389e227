/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-media-private.h"

#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-track.h"

/**
 * KandyMedia:
 *
 * The media of all calls of a client (API document: namespace `media`). Tracks
 * and media cannot be made here: they come and go with calls, and are found
 * here by their ids as long as they last. When the event `call:trackEnded`
 * tells that a track has ended, it is gone.
 *
 * It lives on its client's main context. Its signals, and those of
 * #KandyClient::event, are emitted with no lock held.
 */

/* Data of a track that was taken away, but not ended */
#define HELD "kandy-media-held"

typedef struct {
  gpointer owner; /* compared only */
  KandyTrack *track;
  KandyMediaStream *stream; /* (nullable): a track may be in none */
  KandyMedia *media;
  gboolean source_muted; /* what has been told */
  gulong muted_handler;
  gulong source_muted_handler;
} Entry;

struct _KandyMedia {
  GObject parent_instance;

  KandyClient *client; /* weak: it owns this object */
  GPtrArray *entries;  /* Entry, newest last */
  GMainContext *context;
  KandyDeviceSource *devices; /* (nullable) */
  gulong devices_handler;
  gboolean in_bulk; /* tracks are muted together and told of together */

  /* Sources of tracks fall silent while an engine is at work, where nobody may
   * be called */
  GQueue pending; /* Pending */
  GSource *pending_source;
};

typedef struct {
  gboolean muted;
  GVariant *payload;
} Pending;

G_DEFINE_FINAL_TYPE (KandyMedia, kandy_media, G_TYPE_OBJECT)

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  g_variant_unref (pending->payload);
  g_free (pending);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_signal_handler_disconnect (entry->track, entry->muted_handler);
  g_signal_handler_disconnect (entry->track, entry->source_muted_handler);
  g_object_unref (entry->track);
  g_clear_object (&entry->stream);
  g_free (entry);
}

/* The document names the member `tracks`, the reference sends both */
static void
emit_muted (KandyMedia *self, gboolean muted, const char *const *ids)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "tracks", g_variant_new_strv (ids, -1));
  g_variant_dict_insert_value (&dict, "trackIds", g_variant_new_strv (ids, -1));
  kandy_media_emit (self, muted ? "media:muted" : "media:unmuted",
      g_variant_dict_end (&dict));
}

static void
on_muted (KandyTrack *track, GParamSpec *pspec, KandyMedia *self)
{
  const char *ids[] = { kandy_track_get_id (track), NULL };

  if (!self->in_bulk)
    emit_muted (self, kandy_track_get_muted (track), ids);
}

static gboolean
send_pending (gpointer user_data)
{
  g_autoptr (KandyMedia) self = g_object_ref (user_data);
  Pending *pending;

  g_clear_pointer (&self->pending_source, g_source_unref);
  while ((pending = g_queue_pop_head (&self->pending)) != NULL) {
    kandy_media_emit (self,
        pending->muted ? "media:sourceMuted" : "media:sourceUnmuted",
        pending->payload);
    pending_free (pending);
  }
  return G_SOURCE_REMOVE;
}

/* Protocol calls 7.3 */
static void
tell_source_muted (Entry *entry, gboolean muted)
{
  KandyMedia *self = entry->media;
  KandyTrack *track = entry->track;
  const char *id = kandy_track_get_id (track);
  const char *stream_id = kandy_track_get_stream_id (track);
  Pending *pending;
  GVariantDict dict;

  if (!self->client || entry->source_muted == muted)
    return;
  entry->source_muted = muted;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "trackId", "s", id);
  g_variant_dict_insert_value (&dict, "trackIds", g_variant_new_strv (&id, 1));
  g_variant_dict_insert (&dict, "id", "s", stream_id ? stream_id : "");
  g_variant_dict_insert (&dict, "isLocal", "b", kandy_track_is_local (track));

  pending = g_new0 (Pending, 1);
  pending->muted = muted;
  pending->payload = g_variant_ref_sink (g_variant_dict_end (&dict));
  g_queue_push_tail (&self->pending, pending);
  if (!self->pending_source) {
    self->pending_source = g_idle_source_new ();
    g_source_set_priority (self->pending_source, G_PRIORITY_DEFAULT);
    g_source_set_callback (self->pending_source, send_pending, self, NULL);
    g_source_attach (self->pending_source, self->context);
  }
}

static void
on_source_muted (KandyTrack *track, GParamSpec *pspec, Entry *entry)
{
  tell_source_muted (entry, kandy_track_get_source_muted (track));
}

/* The far end chooses the ids of its tracks and could choose those of ours,
 * which therefore go first; of others the newest one is meant */
static Entry *
find_track (KandyMedia *self, const char *id)
{
  Entry *found = NULL;
  guint i;

  for (i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (!g_str_equal (kandy_track_get_id (entry->track), id))
      continue;
    if (!found || kandy_track_is_local (entry->track)
        || !kandy_track_is_local (found->track))
      found = entry;
  }
  return found;
}

static KandyMediaStream *
find_stream (
    KandyMedia *self, gpointer owner, gboolean is_local, const char *id)
{
  guint i;

  for (i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (entry->owner == owner && entry->stream
        && kandy_media_stream_is_local (entry->stream) == is_local
        && g_str_equal (kandy_media_stream_get_id (entry->stream), id))
      return entry->stream;
  }
  return NULL;
}

static gboolean
set_muted (
    KandyMedia *self, const char *const *ids, gboolean muted, GError **error)
{
  g_autoptr (GPtrArray) tracks =
      g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  guint i;

  for (i = 0; ids[i]; i++) {
    Entry *entry = find_track (self, ids[i]);

    if (entry && !g_ptr_array_find (tracks, entry->track, NULL))
      g_ptr_array_add (tracks, g_object_ref (entry->track));
  }
  if (tracks->len == 0) {
    g_autofree char *names = g_strjoinv (", ", (char **) ids);

    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
            "There is no track of the id %s.", names));
    return FALSE;
  }

  self->in_bulk = TRUE;
  for (i = 0; i < tracks->len; i++) {
    KandyTrack *track = tracks->pdata[i];

    if (kandy_track_get_muted (track) != muted) {
      kandy_track_set_muted (track, muted);
      g_ptr_array_add (changed, (gpointer) kandy_track_get_id (track));
    }
  }
  self->in_bulk = FALSE;

  if (changed->len > 0) {
    g_ptr_array_add (changed, NULL);
    emit_muted (self, muted, (const char *const *) changed->pdata);
  }
  return TRUE;
}

static void
kandy_media_dispose (GObject *object)
{
  KandyMedia *self = KANDY_MEDIA (object);

  g_clear_weak_pointer (&self->client);
  if (self->pending_source) {
    g_source_destroy (self->pending_source);
    g_clear_pointer (&self->pending_source, g_source_unref);
  }
  g_queue_clear_full (&self->pending, pending_free);
  g_ptr_array_set_size (self->entries, 0);
  kandy_media_set_device_source (self, NULL);

  G_OBJECT_CLASS (kandy_media_parent_class)->dispose (object);
}

static void
kandy_media_finalize (GObject *object)
{
  KandyMedia *self = KANDY_MEDIA (object);

  g_ptr_array_unref (self->entries);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (kandy_media_parent_class)->finalize (object);
}

static void
kandy_media_class_init (KandyMediaClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kandy_media_dispose;
  object_class->finalize = kandy_media_finalize;

  /**
   * KandyMedia::devices-changed:
   * @self: the media
   *
   * There are other devices than before (API document: `devices:change`). See
   * kandy_media_get_devices().
   */
  /**
   * KandyMedia::devices-error:
   * @self: the media
   * @error: what went wrong
   *
   * The devices could not be listed or opened (API document: `devices:error`).
   */
  /**
   * KandyMedia::muted:
   * @self: the media
   * @tracks: an `as` of ids of tracks
   * @track_ids: the same
   *
   * Tracks were muted here (API document: `media:muted`).
   */
  /**
   * KandyMedia::unmuted:
   * @self: the media
   * @tracks: an `as` of ids of tracks
   * @track_ids: the same
   *
   * Tracks are no longer muted here (API document: `media:unmuted`).
   */
  /**
   * KandyMedia::source-muted:
   * @self: the media
   * @track_id: id of the track
   * @track_ids: an `as` with that id
   * @id: id of its stream
   * @is_local: whether it is a track of ours
   *
   * Nothing comes from a track's source for now (API document:
   * `media:sourceMuted`).
   */
  /**
   * KandyMedia::source-unmuted:
   * @self: the media
   * @track_id: id of the track
   * @track_ids: an `as` with that id
   * @id: id of its stream
   * @is_local: whether it is a track of ours
   *
   * Something comes again from a track's source (API document:
   * `media:sourceUnmuted`).
   */
  kandy_events_install (object_class);
}

static void
kandy_media_init (KandyMedia *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  g_queue_init (&self->pending);
}

KandyMedia *
kandy_media_new (KandyClient *client)
{
  KandyMedia *self = g_object_new (KANDY_TYPE_MEDIA, NULL);

  g_set_weak_pointer (&self->client, client);
  self->context = g_main_context_ref (kandy_client_get_context (client));
  return self;
}

void
kandy_media_emit (KandyMedia *self, const char *event, GVariant *payload)
{
  g_autoptr (GVariant) held = payload ? g_variant_ref_sink (payload) : NULL;

  if (self->client && !kandy_client_is_destroyed (self->client))
    kandy_client_emit (self->client, self, event, held);
}

KandyDeviceSource *
kandy_media_peek_device_source (KandyMedia *self)
{
  return self->devices;
}

GMainContext *
kandy_media_get_context (KandyMedia *self)
{
  return self->context;
}

void
kandy_media_add_track (KandyMedia *self, gpointer owner, KandyTrack *track)
{
  const char *id = kandy_track_get_stream_id (track);
  gboolean source_muted = kandy_track_get_source_muted (track);
  Entry *entry = g_new0 (Entry, 1);

  entry->owner = owner;
  entry->track = g_object_ref (track);
  if (id) {
    gboolean is_local = kandy_track_is_local (track);
    KandyMediaStream *stream = find_stream (self, owner, is_local, id);

    entry->stream =
        stream ? g_object_ref (stream) : kandy_media_stream_new (id, is_local);
  }
  entry->muted_handler =
      g_signal_connect (track, "notify::muted", G_CALLBACK (on_muted), self);
  entry->source_muted_handler = g_signal_connect (
      track, "notify::source-muted", G_CALLBACK (on_source_muted), entry);
  g_ptr_array_add (self->entries, entry);
  entry->media = self;
  entry->source_muted = source_muted;
  if (g_object_steal_data (G_OBJECT (track), HELD)) {
    entry->source_muted = TRUE;
    tell_source_muted (entry, source_muted);
  }
  if (entry->stream)
    kandy_media_stream_add (entry->stream, track);
}

void
kandy_media_remove_track (KandyMedia *self, gpointer owner, KandyTrack *track)
{
  guint i;

  for (i = 0; i < self->entries->len; i++) {
    Entry *entry = self->entries->pdata[i];

    if (entry->owner != owner || entry->track != track)
      continue;
    g_ptr_array_steal_index (self->entries, i);
    if (entry->stream)
      kandy_media_stream_remove (entry->stream, track);
    /* A hold takes a track away and gives it back, before or after its source
     * falls silent and is heard again; an end needs no more words */
    if (kandy_track_is_live (track) && !kandy_track_is_local (track)) {
      tell_source_muted (entry, TRUE);
      g_object_set_data (G_OBJECT (track), HELD, GUINT_TO_POINTER (TRUE));
    }
    entry_free (entry);
    return;
  }
}

/**
 * kandy_media_get_by_id:
 * @self: the media of a client
 * @media_id: id of a media, #KandyTrack:stream-id of its tracks
 *
 * API document: `media.getById`.
 *
 * Returns: (transfer none) (nullable): the media; %NULL if there is none
 */
KandyMediaStream *
kandy_media_get_by_id (KandyMedia *self, const char *media_id)
{
  KandyMediaStream *found = NULL;
  guint i;

  g_return_val_if_fail (KANDY_IS_MEDIA (self), NULL);
  g_return_val_if_fail (media_id != NULL, NULL);

  for (i = 0; i < self->entries->len; i++) {
    KandyMediaStream *stream = ((Entry *) self->entries->pdata[i])->stream;

    if (!stream || !g_str_equal (kandy_media_stream_get_id (stream), media_id))
      continue;
    if (!found || kandy_media_stream_is_local (stream)
        || !kandy_media_stream_is_local (found))
      found = stream;
  }
  return found;
}

/**
 * kandy_media_get_track_by_id:
 * @self: the media of a client
 * @track_id: id of a track
 *
 * API document: `media.getTrackById`.
 *
 * Returns: (transfer none) (nullable): the track; %NULL if there is none
 */
KandyTrack *
kandy_media_get_track_by_id (KandyMedia *self, const char *track_id)
{
  Entry *entry;

  g_return_val_if_fail (KANDY_IS_MEDIA (self), NULL);
  g_return_val_if_fail (track_id != NULL, NULL);

  entry = find_track (self, track_id);
  return entry ? entry->track : NULL;
}

/**
 * kandy_media_mute_tracks:
 * @self: the media of a client
 * @track_ids: (array zero-terminated=1): ids of tracks
 * @error: return location for an error
 *
 * Silences tracks at their source: sound becomes silence and pictures become
 * black, of a local track for the far end, of a remote one for this end.
 * Nothing is negotiated. Ids that nobody has are skipped. Emits
 * #KandyMedia::muted, event `media:muted`, if a track was not muted before. API
 * document: `media.muteTracks`.
 *
 * Returns: %FALSE with `call:7` if there is none of these tracks, or no id
 */
gboolean
kandy_media_mute_tracks (
    KandyMedia *self, const char *const *track_ids, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA (self), FALSE);
  g_return_val_if_fail (track_ids != NULL, FALSE);

  return set_muted (self, track_ids, TRUE, error);
}

/**
 * kandy_media_unmute_tracks:
 * @self: the media of a client
 * @track_ids: (array zero-terminated=1): ids of tracks
 * @error: return location for an error
 *
 * Takes kandy_media_mute_tracks() back. Emits #KandyMedia::unmuted, event
 * `media:unmuted`. API document: `media.unmuteTracks`.
 *
 * Returns: %FALSE with `call:7` if there is none of these tracks, or no id
 */
gboolean
kandy_media_unmute_tracks (
    KandyMedia *self, const char *const *track_ids, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA (self), FALSE);
  g_return_val_if_fail (track_ids != NULL, FALSE);

  return set_muted (self, track_ids, FALSE, error);
}

/**
 * kandy_media_set_device_source:
 * @self: the media of a client
 * @source: (nullable): what knows the machine's devices
 *
 * Without a source there are no devices: this library knows nothing of media.
 */
void
kandy_media_set_device_source (KandyMedia *self, KandyDeviceSource *source)
{
  g_return_if_fail (KANDY_IS_MEDIA (self));
  g_return_if_fail (source == NULL || KANDY_IS_DEVICE_SOURCE (source));

  if (self->devices == source)
    return;
  if (self->devices)
    g_clear_signal_handler (&self->devices_handler, self->devices);
  g_set_object (&self->devices, source);
  if (source)
    self->devices_handler = kandy_media_watch_device_source (self, source);
}
