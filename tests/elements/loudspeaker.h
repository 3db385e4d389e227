/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/gstaudiosink.h>

G_BEGIN_DECLS

/* A sound card that is not there: plays in real time what a GstAudioBaseSink
 * gives it, in time with its clock, and knows when it was loud. Takes S16. */
#define LOUDSPEAKER_TYPE (loudspeaker_get_type ())
G_DECLARE_FINAL_TYPE (Loudspeaker, loudspeaker, LOUD, SPEAKER, GstAudioSink)

/* Makes an element `loudspeaker` of it, in this process */
void loudspeaker_register (void);

/* Any thread. Monotonic time of the first loud sample since the reset, and of
 * the latest; 0: none */
gint64 loudspeaker_get_first (Loudspeaker *self);
gint64 loudspeaker_get_last (Loudspeaker *self);
void loudspeaker_reset (Loudspeaker *self);

G_END_DECLS
