/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_DEVICE_SOURCE (kandy_device_source_get_type ())
KANDY_API G_DECLARE_INTERFACE (KandyDeviceSource, kandy_device_source, KANDY, DEVICE_SOURCE, GObject)

/* The machine's devices, as KandyMedia sees them. No verb blocks.
 *
 * Signal "changed": the devices are others than before, the first time when
 * they are known at all. On any thread, with no lock held. */
struct _KandyDeviceSourceInterface {
  GTypeInterface parent_iface;

  /* The document's DevicesObject; floating. Empty lists as long as the devices
   * are not known, which "changed" ends. */
  GVariant *(*get_devices) (KandyDeviceSource *self);
  /* Looks for devices, then opens and closes those of the kinds that are asked
   * for, to know that they can be used */
  void (*initialize_async) (KandyDeviceSource *self, gboolean audio,
      gboolean video, GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  gboolean (*initialize_finish) (KandyDeviceSource *self, GAsyncResult *result,
      GError **error);
};

KANDY_API GVariant *kandy_device_source_get_devices (KandyDeviceSource *self);
KANDY_API void kandy_device_source_initialize_async (KandyDeviceSource *self,
    gboolean audio, gboolean video, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_device_source_initialize_finish (
    KandyDeviceSource *self, GAsyncResult *result, GError **error);

/* For implementations */
KANDY_API void kandy_device_source_emit_changed (KandyDeviceSource *self);

G_END_DECLS
