/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandydevicesrc.h"
#include "gstkandysinkdevices.h"

G_BEGIN_DECLS

/* gstkandysinkdevices.c has the devices that properties ask for, one of a kind;
 * gstkandysinkadded.c those that actions add to a call, any number. */

typedef struct {
  char *id;               /* (nullable) */
  GstStructure *options;  /* (nullable) */
  guint opening;          /* threads that are at it */
  guint serial;           /* of the wish: the latest one counts */
  GstKandyDeviceSrc *src; /* (nullable) */
  GstPad *pad;            /* (nullable) */
} GstKandySinkSlot;

typedef struct {
  GstKandySinkDevice which;
  guint serial; /* of the acquisition that it belongs to */
  GstKandyDeviceSrc *src;
  GstPad *pad;
  gboolean flowing; /* has given a buffer */
  gboolean over;    /* has failed, or ended, before it was acquired */
  GError *error;    /* (nullable): then */
  gboolean acquired;
} GstKandySinkAdded;

struct _GstKandySinkDevices {
  GstElement *sink;
  GMutex link_lock; /* held while what is behind pads changes */

  GMutex lock; /* guards the rest */
  GCond cond;  /* something of it has changed */
  gboolean started;
  GstKandySinkSlot slots[GST_KANDY_SINK_N_DEVICES];
  GPtrArray *added; /* GstKandySinkAdded */
  guint serial;     /* acquisitions with another one are void */
  guint closing;    /* threads that are at it */
};

/* gstkandysinkdevices.c */
/* With the link lock. FALSE: there is no such pad. @on_demand: see
 * gst_kandy_sink_pad_set_on_demand(). @src, @pad: (out) (transfer full) */
gboolean gst_kandy_sink_devices_link (GstKandySinkDevices *self,
    GstKandySinkDevice which, gboolean on_demand, GstKandyDeviceSrc **src,
    GstPad **pad);
/* With the link lock. @src, @pad: (transfer full) */
void gst_kandy_sink_devices_unlink (GstKandySinkDevices *self,
    GstKandyDeviceSrc *src, GstPad *pad);
/* With the lock: the same in a thread, which counts as closing */
void gst_kandy_sink_devices_unlink_later (GstKandySinkDevices *self,
    GstKandyDeviceSrc *src, GstPad *pad);

/* gstkandysinkadded.c */
void gst_kandy_sink_added_free (gpointer data);
/* With the lock: (transfer full) (nullable): the one behind @src, which is no
 * longer on the list; if it is being acquired, it is told of @error instead */
GstKandySinkAdded *gst_kandy_sink_added_take_lost (GstKandySinkDevices *self,
    GstKandyDeviceSrc *src, const GError *error);
/* With the lock: none of them is wanted any more */
void gst_kandy_sink_added_close_all (GstKandySinkDevices *self);

G_END_DECLS
