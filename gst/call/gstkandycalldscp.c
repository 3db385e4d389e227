/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

/* Network priorities of what is sent. webrtcbin 1.22 leaves the sockets as they
 * are whatever the priority of a sender, so the agent is told itself. */

/* RFC 8837 5, as browsers do it. In the order in which a network prefers them:
 * bundled media share their sockets, and get the best of what was asked for */
static const struct {
  const char *priority;
  guint8 audio;
  guint8 video;
} code_points[] = {
  { "high", 46, 36 },
  { "medium", 46, 38 },
  { "low", 0, 0 },
  { "very-low", 8, 8 },
};

static guint
get_rank (const char *priority)
{
  for (guint i = 0; i < G_N_ELEMENTS (code_points); i++)
    if (g_strcmp0 (priority, code_points[i].priority) == 0)
      return i;
  /* API document: `low` by default */
  return 2;
}

static char *
get_priority (KandyMediaOptions *options, KandyTrack *track)
{
  char *priority = NULL;

  g_object_get (options,
      kandy_track_is_screen (track) ? "screen-network-priority"
          : kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO
          ? "video-network-priority"
          : "audio-network-priority",
      &priority, NULL);
  return priority;
}

/* (transfer full) (nullable) */
static char *
get_local_priority (GstKandyCall *self, const GstKandyLocalTrack *local)
{
  if (local->priority)
    return g_strdup (local->priority);
  return self->options ? get_priority (
             self->options, gst_kandy_send_track_get_track (local->track))
                       : NULL;
}

typedef struct {
  guint rank;
  gboolean audio;
} Best;

static GstKandyLocalTrack *
find_local (GstKandyCall *self, guint facade_id)
{
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (local->facade_id == facade_id)
      return local;
  }
  return NULL;
}

/* ICE stream -> Best; what nothing is sent through any more is as at first */
static GHashTable *
collect (GstKandyCall *self)
{
  GHashTable *streams = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    g_autofree char *priority = NULL;
    GstKandyLocalTrack *local;
    gboolean audio;
    guint stream = 0, rank;
    Best *best;

    if (gst_kandy_sdp_facade_get_mline (self->facade, i, &mline) && mline.alive
        && mline.webrtcbin_index >= 0)
      stream = gst_kandy_transport_find_stream (
          self->transport, mline.webrtcbin_index);
    if (!stream)
      continue;
    best = g_hash_table_lookup (streams, GUINT_TO_POINTER (stream));
    if (!best) {
      best = g_new0 (Best, 1);
      best->rank = G_MAXUINT;
      g_hash_table_insert (streams, GUINT_TO_POINTER (stream), best);
    }
    local = mline.track ? find_local (self, mline.track) : NULL;
    if (!local)
      continue;
    priority = get_local_priority (self, local);
    rank = get_rank (priority);
    audio = mline.kind == KANDY_MEDIA_KIND_AUDIO;
    if (rank < best->rank || (rank == best->rank && audio))
      *best = (Best){ rank, audio };
  }
  return streams;
}

void
gst_kandy_call_set_priority (
    GstKandyLocalTrack *local, KandyMediaOptions *media)
{
  g_free (local->priority);
  local->priority =
      get_priority (media, gst_kandy_send_track_get_track (local->track));
}

void
gst_kandy_call_apply_priorities (GstKandyCall *self)
{
  g_autoptr (GHashTable) streams = NULL;
  GHashTableIter iter;
  gpointer key, value;

  if (!self->transport)
    return;
  streams = collect (self);
  g_hash_table_iter_init (&iter, streams);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const Best *best = value;
    guint code_point = 0;

    if (best->rank < G_N_ELEMENTS (code_points))
      code_point = best->audio ? code_points[best->rank].audio
                               : code_points[best->rank].video;
    gst_kandy_transport_set_dscp (
        self->transport, GPOINTER_TO_UINT (key), code_point);
  }
}
