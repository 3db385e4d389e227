/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* The document's TrackObject. Properties: "id" (string), "stream-id" (string),
 * "kind" (KandyMediaKind), "is-local", "screen" (boolean), "label" (string), "muted",
 * "source-muted" (boolean), "live" (boolean; document: state live|ended),
 * "containers" (strv) */

#define KANDY_TYPE_TRACK (kandy_track_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyTrack, kandy_track, KANDY, TRACK, GObject)

KANDY_API KandyTrack *kandy_track_new (const char *id, const char *stream_id,
    KandyMediaKind kind, gboolean is_local, const char *label);
KANDY_API const char *kandy_track_get_id (KandyTrack *self);
KANDY_API const char *kandy_track_get_stream_id (KandyTrack *self);
KANDY_API KandyMediaKind kandy_track_get_kind (KandyTrack *self);
KANDY_API gboolean kandy_track_is_local (KandyTrack *self);
KANDY_API gboolean kandy_track_is_screen (KandyTrack *self);
KANDY_API gboolean kandy_track_is_live (KandyTrack *self);
KANDY_API void kandy_track_set_live (KandyTrack *self, gboolean live);
KANDY_API gboolean kandy_track_get_muted (KandyTrack *self);
KANDY_API void kandy_track_set_muted (KandyTrack *self, gboolean muted);
KANDY_API const char *kandy_track_get_label (KandyTrack *self);
KANDY_API void kandy_track_set_label (KandyTrack *self, const char *label);
KANDY_API gboolean kandy_track_get_source_muted (KandyTrack *self);
KANDY_API void kandy_track_set_source_muted (KandyTrack *self, gboolean muted);
KANDY_API const char *const *kandy_track_get_containers (KandyTrack *self);
KANDY_API void kandy_track_set_containers (KandyTrack *self, const char *const *containers);
KANDY_API GVariant *kandy_track_to_variant (KandyTrack *self);

G_END_DECLS
