/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* The document's MediaObject: tracks that belong together. Properties: "id"
 * (string), "is-local" (boolean). A GListModel of its KandyTracks. */

#define KANDY_TYPE_MEDIA_STREAM (kandy_media_stream_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyMediaStream, kandy_media_stream, KANDY, MEDIA_STREAM, GObject)

KANDY_API const char *kandy_media_stream_get_id (KandyMediaStream *self);
KANDY_API gboolean kandy_media_stream_is_local (KandyMediaStream *self);
/* (transfer container) (element-type KandyTrack) */
KANDY_API GPtrArray *kandy_media_stream_get_tracks (KandyMediaStream *self);
KANDY_API GVariant *kandy_media_stream_to_variant (KandyMediaStream *self);

G_END_DECLS
