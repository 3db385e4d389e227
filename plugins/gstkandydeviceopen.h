/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysession.h"

G_BEGIN_DECLS

/* What a kandysink opens by itself */
typedef enum {
  GST_KANDY_SINK_AUDIO,
  GST_KANDY_SINK_VIDEO,
  GST_KANDY_SINK_SCREEN,
  GST_KANDY_SINK_N_DEVICES
} GstKandySinkDevice;

/* The id of what fits best */
#define GST_KANDY_DEVICE_ANY "default"

/* A branch for gst_kandy_device_src_take(), in READY, that is with the device
 * opened; (transfer floating) (nullable). @options: (nullable): constraints.
 * May take long */
GstElement *gst_kandy_device_open (GstKandySinkDevice which, const char *id,
    const GstStructure *options, GError **error);
/* "camera" and the like */
const char *gst_kandy_device_get_noun (GstKandySinkDevice which);

G_END_DECLS
