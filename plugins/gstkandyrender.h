/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysrcpad.h"

G_BEGIN_DECLS

/* What plays a track of the far end without the application's having linked its
 * pad: a bin beside kandysrc, in the bin that it is in. */

/* Any thread. @sink: (nullable): an element with a pad "sink" that is in no bin;
 * @device: (nullable): else the speaker's id or label, NULL: the usual one;
 * @promise: (nullable) (transfer full) */
void gst_kandy_render_track (GstElement *element, GstKandySrcPad *pad,
    GstElement *sink, const char *device, GstPromise *promise);
/* FALSE: @pad is not rendered */
gboolean gst_kandy_render_stop (GstKandySrcPad *pad);

G_END_DECLS
