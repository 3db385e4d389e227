/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* What make() and answer() are asked for: the document's `media` and `options`. */

#define KANDY_TYPE_MEDIA_OPTIONS (kandy_media_options_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyMediaOptions, kandy_media_options, KANDY, MEDIA_OPTIONS, GObject)

/* Properties: "audio", "video", "screen" (boolean, what we send; default
 * FALSE), "receive-audio", "receive-video" (boolean, what is asked for even if
 * not sent; default TRUE), "bandwidth-call", "bandwidth-audio",
 * "bandwidth-video" (uint, kbit/s, 0 = no limit), "audio-network-priority",
 * "video-network-priority", "screen-network-priority" (string, nullable),
 * "display-name" (string, nullable), "custom-parameters" (GVariant a{ss}, nullable) */
KANDY_API KandyMediaOptions *kandy_media_options_new (gboolean audio, gboolean video);
KANDY_API KandyMediaOptions *kandy_media_options_copy (KandyMediaOptions *self);
/* "bandwidth-audio" and "bandwidth-video" of @other, where they are not 0 */
KANDY_API void kandy_media_options_merge_bandwidth (KandyMediaOptions *self,
    KandyMediaOptions *other);

G_END_DECLS
