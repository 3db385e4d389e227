/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-client-private.h"
#include "kandy-media.h"

G_BEGIN_DECLS

/* kandy-media.c */
KandyMedia *kandy_media_new (KandyClient *client);
/* What a call has from now on, and no longer. @owner: the call, whose tracks may
 * have the names that another one's have */
void kandy_media_add_track (KandyMedia *self, gpointer owner, KandyTrack *track);
void kandy_media_remove_track (KandyMedia *self, gpointer owner,
    KandyTrack *track);
/* @payload: (nullable) may be floating, and is sunk. Nothing is emitted when the
 * client is gone */
void kandy_media_emit (KandyMedia *self, const char *event, GVariant *payload);
/* (transfer none) (nullable) */
KandyDeviceSource *kandy_media_peek_device_source (KandyMedia *self);
GMainContext *kandy_media_get_context (KandyMedia *self);

/* kandy-media-devices.c */
gulong kandy_media_watch_device_source (KandyMedia *self,
    KandyDeviceSource *source);

/* kandy-media-stream.c */
KandyMediaStream *kandy_media_stream_new (const char *id, gboolean is_local);
void kandy_media_stream_add (KandyMediaStream *self, KandyTrack *track);
/* FALSE: it was not there */
gboolean kandy_media_stream_remove (KandyMediaStream *self, KandyTrack *track);

G_END_DECLS
