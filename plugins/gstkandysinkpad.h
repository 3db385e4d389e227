/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall.h"
#include "gstkandysendtrack.h"

G_BEGIN_DECLS

/* A pad of kandysink, and all that is behind it: pacing of what is not live, the
 * way from any media to RTP, the hand-over to the call's track. */

#define GST_TYPE_KANDY_SINK_PAD (gst_kandy_sink_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySinkPad, gst_kandy_sink_pad, GST, KANDY_SINK_PAD, GstGhostPad)

/* Puts the elements into @bin; (transfer floating) (nullable) */
GstKandySinkPad *gst_kandy_sink_pad_new (GstBin *bin, GstPadTemplate *templ,
    const char *name, KandyMediaKind kind, gboolean screen);
/* What arrives goes to @tap (nullable), an appsrc, too. FALSE: it is encoded */
gboolean gst_kandy_sink_pad_set_tap (GstKandySinkPad *self, GstElement *tap);
/* Nothing passes any more, and nobody waits in it: before what is linked is
 * stopped. In PAUSED that would wait for what is passing, for ever */
void gst_kandy_sink_pad_stop (GstKandySinkPad *self);
/* Takes the elements out again; the pad has been removed */
void gst_kandy_sink_pad_release (GstKandySinkPad *self, GstBin *bin);

KandyMediaKind gst_kandy_sink_pad_get_kind (GstKandySinkPad *self);
gboolean gst_kandy_sink_pad_is_screen (GstKandySinkPad *self);
/* (transfer full) (nullable): NULL while unknown */
GstCaps *gst_kandy_sink_pad_dup_caps (GstKandySinkPad *self);
/* Whether @element is this pad's innermost one, which posts its EOS */
gboolean gst_kandy_sink_pad_owns (GstKandySinkPad *self, GstObject *element);

/* Gives the pad a track of @media that can be sent as @codecs */
void gst_kandy_sink_pad_prepare (GstKandySinkPad *self, GstKandyCall *media,
    GstCaps *codecs);
/* Gives it the one that it had in this call before; FALSE if it had none */
gboolean gst_kandy_sink_pad_resume (GstKandySinkPad *self, GstKandyCall *media);
/* (nullable) (transfer full) */
char *gst_kandy_sink_pad_dup_track_id (GstKandySinkPad *self);
/* (transfer full): what its track is called: the device, or else the pad */
char *gst_kandy_sink_pad_dup_label (GstKandySinkPad *self);
/* Another device is sent at it: so is its track called. On any thread */
void gst_kandy_sink_pad_relabel (GstKandySinkPad *self);
/* Whether it is linked and should have a track that it does not have */
gboolean gst_kandy_sink_pad_is_wanting (GstKandySinkPad *self);
/* Whether the pad does without a track in the call, until it is linked anew */
void gst_kandy_sink_pad_set_removed (GstKandySinkPad *self, gboolean removed);
/* Whether it is in a call only if it is given a track by name, and never wants
 * one; what it sends is over with its track. Before it is linked */
void gst_kandy_sink_pad_set_on_demand (GstKandySinkPad *self,
    gboolean on_demand);
gboolean gst_kandy_sink_pad_is_on_demand (GstKandySinkPad *self);
/* Since when (monotonic, us) it has a track but is not linked; 0 if it is */
gint64 gst_kandy_sink_pad_get_unlinked (GstKandySinkPad *self);
void gst_kandy_sink_pad_set_linked (GstKandySinkPad *self, gboolean linked);
gboolean gst_kandy_sink_pad_is_prepared (GstKandySinkPad *self);
/* (transfer full) (nullable): what it has in the call */
GstKandySendTrack *gst_kandy_sink_pad_dup_track (GstKandySinkPad *self);
/* What is not live begins to flow: from now on its running time is later by
 * @offset. If @offset is GST_CLOCK_TIME_NONE it is chosen and returned. */
GstClockTime gst_kandy_sink_pad_open (GstKandySinkPad *self,
    GstClockTime offset);
/* What @branch (transfer floating), which has a pad "src", gives out is sent
 * instead of what is linked to the pad, from its first buffer on until the call
 * is over for the pad. @promise: (nullable) (transfer full): replied to then, or
 * when that cannot be */
void gst_kandy_sink_pad_replace (GstKandySinkPad *self, GstElement *branch,
    GstPromise *promise);
/* What is linked is sent again; FALSE if it was anyway */
gboolean gst_kandy_sink_pad_restore (GstKandySinkPad *self);
/* The call is over, or goes on without the element. @eos: upstream is told to
 * stop */
void gst_kandy_sink_pad_close (GstKandySinkPad *self, gboolean eos);

G_END_DECLS
