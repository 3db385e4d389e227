/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysession.h"

G_BEGIN_DECLS

/* What plays a track without the application's having linked anything: a bin
 * beside the element, in the bin that it is in. */

/* Emitted as action signals: whether @sink, an element that a track is to be
 * played by, is one that can be; the text of an error, or NULL */
const char *gst_kandy_render_check_sink (GstElement *sink);
/* Any thread. @pad: of kandysrc, which is linked, or of kandysink, where what
 * arrives is looked at, see gst_kandy_sink_pad_set_tap(). @sink: (nullable): an
 * element with a pad "sink" that is in no bin; @device: (nullable): else the
 * speaker's id or label, NULL: the usual one; @promise: (nullable) (transfer
 * full) */
void gst_kandy_render_track (GstElement *element, GstPad *pad,
    KandyMediaKind kind, GstElement *sink, const char *device,
    GstPromise *promise);
gboolean gst_kandy_render_is_on (GstPad *pad);
/* FALSE: @pad is not rendered */
gboolean gst_kandy_render_stop (GstPad *pad);
/* The same in a thread of its own */
void gst_kandy_render_stop_later (GstPad *pad);
/* Answers an action that is about rendering; @text: (nullable): of the error */
void gst_kandy_render_answer (GstPromise *promise, const char *text);

G_END_DECLS
