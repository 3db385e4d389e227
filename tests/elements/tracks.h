/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A far end whose tracks come and go, heard and seen each for itself */

typedef enum { TRACKS_RED, TRACKS_GREEN, TRACKS_BLUE } TracksColor;

/* Puts an appsink "at_NAME" behind each pad NAME of the kandysrc "src", as long
 * as the pad is there */
void tracks_watch (GstElement *pipeline);
/* Whether an element is there, "at_video_0" for example */
gboolean tracks_has (GstElement *pipeline, const char *name);
void tracks_until (GstElement *pipeline, const char *name, gboolean there);
/* What is heard, and seen, by now */
void tracks_assert_hears (GstElement *pipeline, const char *name,
    guint frequency);
void tracks_assert_sees (GstElement *pipeline, const char *name,
    TracksColor color);

/* What an element says of a track of its call; (transfer full) */
GstStructure *tracks_describe (GstElement *element, const char *id);

/* The entry of this type and kind in what an element says of its call; (transfer
 * full) (nullable) */
GstStructure *tracks_find_stats (GstElement *element, const char *type,
    const char *kind);

G_END_DECLS
