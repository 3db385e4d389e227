/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandydevicesrc.h"
#include "gstkandysinkpad.h"

G_BEGIN_DECLS

/* Behind the pad:  clocksync ! sendbin ! appsink
 *
 * Not live media waits in a blocking probe at the pad, which costs nothing
 * and is undone by a flush or a state change as any other blocked pad. The
 * clocksync element only works for such media: a live pipeline's latency must
 * not be added to what is sent. */

struct _GstKandySinkPad {
  GstGhostPad parent_instance;

  KandyMediaKind kind;
  gboolean screen;
  GstElement *clocksync;
  GstElement *send_bin;
  GstElement *appsink;
  GMutex input_lock; /* held while what is sent changes place */
  gboolean released; /* under it */
  GCond left;        /* with the object lock: a stand-in has been taken away */

  /* all of it guarded by the object lock */
  GstKandySendTrack *track; /* (nullable) */
  GstKandyCall *media;      /* (nullable) */
  GWeakRef parked_track;    /* those of a call that the element has left */
  GWeakRef parked_media;
  gboolean liveness_known;
  gboolean live;
  gboolean open;
  gboolean ended;
  guint n_late; /* buffers since the end, and the first one's time */
  GstClockTime late;
  gboolean on_demand;          /* no call has it by itself */
  gboolean removed;            /* the call has it no more, or cannot have it */
  gint64 unlinked;             /* monotonic, us, 0 while linked */
  GstClockTime waiting;        /* running time of the buffer that waits */
  GstClockTime offset;         /* added to running times of what is not live */
  gulong wait_probe;           /* 0: none, or somebody removes it */
  gboolean adding_probe;       /* it is on its way into wait_probe */
  GstKandyDeviceSrc *stand_in; /* (nullable): is sent instead of the peer */
  guint n_leaving;             /* former ones that are being taken away */
  gulong aside_probe;          /* at the inner pad: keeps the peer out */
  GstElement *tap;             /* (nullable): an appsrc for what arrives */
  gulong tap_probe;            /* at the clocksync, for it */
  guint max_bitrate;           /* the user's, 0 for none */
  guint far_bitrate;           /* the far end's, 0 for none */
};

/* gstkandysinkpadinput.c */
void gst_kandy_sink_pad_watch_end (GstKandySinkPad *self);
void gst_kandy_sink_pad_wait (GstKandySinkPad *self);
void gst_kandy_sink_pad_remove_stand_in (GstKandySinkPad *self);

/* gstkandysinkpad.c */
void gst_kandy_sink_pad_drop_track (GstKandySinkPad *self);

G_END_DECLS
