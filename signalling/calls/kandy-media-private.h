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

/* kandy-media-stream.c */
KandyMediaStream *kandy_media_stream_new (const char *id, gboolean is_local);
void kandy_media_stream_add (KandyMediaStream *self, KandyTrack *track);
/* FALSE: it was not there */
gboolean kandy_media_stream_remove (KandyMediaStream *self, KandyTrack *track);

G_END_DECLS
