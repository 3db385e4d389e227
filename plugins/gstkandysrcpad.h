/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandyclockmap.h"
#include "gstkandycomfort.h"
#include "gstkandyreceivetrack.h"

G_BEGIN_DECLS

/* A pad of kandysrc, and all that is behind it: the border to the call's thread,
 * the way from RTP to what is linked. */

#define GST_TYPE_KANDY_SRC_PAD (gst_kandy_src_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySrcPad, gst_kandy_src_pad, GST, KANDY_SRC_PAD, GstGhostPad)

/* Puts the elements into @bin; (transfer floating). @track: (nullable): without
 * one only comfort comes out */
GstKandySrcPad *gst_kandy_src_pad_new (GstBin *bin, GstPadTemplate *templ,
    const char *name, KandyMediaKind kind, GstKandyReceiveTrack *track,
    GstKandyClockMap *clock_map, guint group_id);
/* For one that was made without; to be started then */
void gst_kandy_src_pad_take_track (GstKandySrcPad *self,
    GstKandyReceiveTrack *track);
KandyMediaKind gst_kandy_src_pad_get_kind (GstKandySrcPad *self);
/* One that has nothing behind it but gives out EOS; (transfer floating) */
GstKandySrcPad *gst_kandy_src_pad_new_empty (
    GstPadTemplate *templ, const char *name);
void gst_kandy_src_pad_end_empty (GstKandySrcPad *self, KandyMediaKind kind);
/* Any thread, any time */
void gst_kandy_src_pad_set_comfort (GstKandySrcPad *self,
    GstKandyComfort comfort);
/* The same */
void gst_kandy_src_pad_set_detect_dtmf (GstKandySrcPad *self,
    gboolean detect);
/* After it has been added to the element and linked, or not */
void gst_kandy_src_pad_start (GstKandySrcPad *self);
/* The track has gone: EOS after what is queued */
void gst_kandy_src_pad_finish (GstKandySrcPad *self);
/* The same, in the midst of a call: @gone is called in a thread of its own when
 * EOS has come out, with the element and the pad */
void gst_kandy_src_pad_leave (GstKandySrcPad *self,
    GstElementCallAsyncFunc gone);
gboolean gst_kandy_src_pad_is_finished (GstKandySrcPad *self);
/* Takes the elements out again */
void gst_kandy_src_pad_release (GstKandySrcPad *self, GstBin *bin);
/* (transfer none) (nullable) */
GstKandyReceiveTrack *gst_kandy_src_pad_get_track (GstKandySrcPad *self);

G_END_DECLS
