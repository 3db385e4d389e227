/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall.h"
#include "gstkandysendtrack.h"

G_BEGIN_DECLS

/* The custom event "dtmf-event", as GStreamer's DTMF sources know it */
gboolean gst_kandy_is_tone_event (GstEvent *event);
/* (transfer full) (nullable): the request for the session, see
 * gstkandylinerequests.c; NULL if @event makes no sense. @track: (nullable):
 * where the tone goes */
GstStructure *gst_kandy_tone_event_to_request (GstEvent *event,
    GstKandySendTrack *track);

G_END_DECLS
