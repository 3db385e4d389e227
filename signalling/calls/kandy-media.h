/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-device-source.h"
#include "kandy-media-stream.h"

G_BEGIN_DECLS

/* Namespace `media` of the API document: the tracks of all calls, and the
 * machine's devices. */

#define KANDY_TYPE_MEDIA (kandy_media_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyMedia, kandy_media, KANDY, MEDIA, GObject)

KANDY_API KandyMediaStream *kandy_media_get_by_id (KandyMedia *self,
    const char *media_id);
KANDY_API KandyTrack *kandy_media_get_track_by_id (KandyMedia *self,
    const char *track_id);
/* Unknown ids are skipped; FALSE: none of them is known */
KANDY_API gboolean kandy_media_mute_tracks (KandyMedia *self,
    const char *const *track_ids, GError **error);
KANDY_API gboolean kandy_media_unmute_tracks (KandyMedia *self,
    const char *const *track_ids, GError **error);

/* (nullable) */
KANDY_API void kandy_media_set_device_source (KandyMedia *self,
    KandyDeviceSource *source);
KANDY_API GVariant *kandy_media_get_devices (KandyMedia *self);
KANDY_API void kandy_media_initialize_devices_async (KandyMedia *self,
    gboolean audio, gboolean video, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_media_initialize_devices_finish (KandyMedia *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_media_report_device_error (KandyMedia *self,
    const GError *error);

G_END_DECLS
