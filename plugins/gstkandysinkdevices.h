/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandydeviceopen.h"
#include "gstkandysinkpad.h"

G_BEGIN_DECLS

/* The devices that a kandysink opens itself, each behind a pad of its own */

typedef struct _GstKandySinkDevices GstKandySinkDevices;

/* In class_init: audio-device, video-device, screen, audio-options,
 * video-options and screen-options, in this order from id @first on */
void gst_kandy_sink_devices_install (GObjectClass *object_class, guint first);
/* @sink: unowned, owns the result */
GstKandySinkDevices *gst_kandy_sink_devices_new (GstElement *sink);
void gst_kandy_sink_devices_free (GstKandySinkDevices *self);

/* @id: (nullable): none; "default": what fits best. While the element is in
 * PAUSED or above the device is opened, exchanged or closed. @promise:
 * (nullable) (transfer full) */
void gst_kandy_sink_devices_set (GstKandySinkDevices *self,
    GstKandySinkDevice which, const char *id, GstPromise *promise);
/* (transfer full) (nullable) */
char *gst_kandy_sink_devices_dup (GstKandySinkDevices *self,
    GstKandySinkDevice which);
/* Constraints for what is opened from now on; @options: (nullable) */
void gst_kandy_sink_devices_set_options (GstKandySinkDevices *self,
    GstKandySinkDevice which, const GstStructure *options);
/* (transfer full) (nullable) */
GstStructure *gst_kandy_sink_devices_dup_options (GstKandySinkDevices *self,
    GstKandySinkDevice which);

/* Sends something else as the track of @pad, one of the element's: @source
 * (nullable) has an element as field "source", or constraints; without it what is
 * linked to the pad is sent again. FALSE: there is nothing to send, and @promise
 * is not replied to */
gboolean gst_kandy_sink_devices_replace (GstKandySinkDevices *self,
    GstKandySinkPad *pad, GstKandySinkDevice which, const GstStructure *source,
    GstPromise *promise);

/* Opens devices for all that @wanted is about, whose constraints or else those of
 * the properties say which, or for none. @promise is replied to; always TRUE */
gboolean gst_kandy_sink_devices_acquire (GstKandySinkDevices *self,
    KandyMediaOptions *wanted, GstPromise *promise);
/* (transfer full): pads of what was acquired and has no track yet */
GPtrArray *gst_kandy_sink_devices_dup_acquired (GstKandySinkDevices *self,
    GstKandySinkDevice which);
/* Closes what was acquired and has no track; what @pad had a track for; all that
 * was acquired */
void gst_kandy_sink_devices_release (GstKandySinkDevices *self);
void gst_kandy_sink_devices_track_ended (GstKandySinkDevices *self,
    GstKandySinkPad *pad);
void gst_kandy_sink_devices_call_ended (GstKandySinkDevices *self);

/* A warning, and the event devices:error: what a device sent in a call is over */
void gst_kandy_sink_devices_report (GstKandySinkDevices *self,
    const GError *error);
/* READY to PAUSED: opens in the background. PAUSED to READY: closes */
void gst_kandy_sink_devices_start (GstKandySinkDevices *self);
void gst_kandy_sink_devices_stop (GstKandySinkDevices *self);
/* Whether one that a property asks for will be there soon */
gboolean gst_kandy_sink_devices_is_opening (GstKandySinkDevices *self,
    GstKandySinkDevice which);
void gst_kandy_sink_devices_get_wishes (GstKandySinkDevices *self,
    GstKandySessionWishes *wishes);

G_END_DECLS
