/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GstKandyDeviceKind:
 * @GST_KANDY_DEVICE_MICROPHONE: a source of sound
 * @GST_KANDY_DEVICE_CAMERA: a source of pictures
 * @GST_KANDY_DEVICE_SPEAKER: a sink of sound
 * @GST_KANDY_DEVICE_SCREEN: a source of what a screen shows
 *
 * What a device is for.
 */
typedef enum {
  GST_KANDY_DEVICE_MICROPHONE, /*< nick=microphone >*/
  GST_KANDY_DEVICE_CAMERA, /*< nick=camera >*/
  GST_KANDY_DEVICE_SPEAKER, /*< nick=speaker >*/
  GST_KANDY_DEVICE_SCREEN, /*< nick=screen >*/
} GstKandyDeviceKind;

/* The machine's devices as GStreamer's providers tell of them: a
 * KandyDeviceSource. It looks for them in a thread of its own, from the first
 * time on that somebody asks. All functions may be called from any thread, and
 * only gst_kandy_devices_wait() blocks. */

#define GST_KANDY_TYPE_DEVICES (gst_kandy_devices_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandyDevices, gst_kandy_devices, GST_KANDY, DEVICES, GObject)

/* (transfer full): the same for all of the process */
GST_KANDY_API GstKandyDevices *gst_kandy_devices_get_default (void);
/* Waits until the devices are known. FALSE: not within @timeout_ms */
GST_KANDY_API gboolean gst_kandy_devices_wait (GstKandyDevices *self, guint timeout_ms);
/* (transfer container) (element-type GstDevice): empty while they are not known */
GST_KANDY_API GPtrArray *gst_kandy_devices_list (GstKandyDevices *self,
    GstKandyDeviceKind kind);
/* (transfer full): what the document calls deviceId */
GST_KANDY_API char *gst_kandy_device_get_id (GstDevice *device);

/* Waits until the threads of all that have been freed are gone */
GST_KANDY_API gboolean gst_kandy_devices_wait_closed (guint timeout_ms);

/* (transfer full): what the document says of media that cannot be had (protocol
 * calls 3.6). @name: of a failure of getUserMedia */
GST_KANDY_API GError *gst_kandy_device_error (KandyError code, const char *name,
    const char *format, ...) G_GNUC_PRINTF (3, 4);

G_END_DECLS
