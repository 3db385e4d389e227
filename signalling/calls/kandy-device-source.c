/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-device-source.h"

/**
 * KandyDeviceSource:
 *
 * What knows the machine's cameras, microphones and speakers. The client cannot
 * do without help: it is given one with kandy_media_set_device_source().
 */

G_DEFINE_INTERFACE (KandyDeviceSource, kandy_device_source, G_TYPE_OBJECT)

static guint changed_signal;

static void
kandy_device_source_default_init (KandyDeviceSourceInterface *iface)
{
  /**
   * KandyDeviceSource::changed:
   * @self: what knows the devices
   *
   * kandy_device_source_get_devices() returns something else now. On any
   * thread.
   */
  changed_signal = g_signal_new ("changed", KANDY_TYPE_DEVICE_SOURCE,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/**
 * kandy_device_source_get_devices:
 * @self: what knows the devices
 *
 * See kandy_media_get_devices(). From any thread.
 *
 * Returns: (transfer floating): an `a{sv}`
 */
GVariant *
kandy_device_source_get_devices (KandyDeviceSource *self)
{
  g_return_val_if_fail (KANDY_IS_DEVICE_SOURCE (self), NULL);

  return KANDY_DEVICE_SOURCE_GET_IFACE (self)->get_devices (self);
}

/**
 * kandy_device_source_initialize_async:
 * @self: what knows the devices
 * @audio: whether a microphone is needed
 * @video: whether a camera is needed
 * @cancellable: (nullable): ends the wait
 * @callback: called on the thread-default main context
 * @user_data: for @callback
 *
 * Looks for devices, and makes sure that those that are needed can be opened.
 */
void
kandy_device_source_initialize_async (KandyDeviceSource *self, gboolean audio,
    gboolean video, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_return_if_fail (KANDY_IS_DEVICE_SOURCE (self));

  KANDY_DEVICE_SOURCE_GET_IFACE (self)->initialize_async (
      self, audio, video, cancellable, callback, user_data);
}

/**
 * kandy_device_source_initialize_finish:
 * @self: what knows the devices
 * @result: given to the callback
 * @error: return location for an error
 *
 * Returns: %FALSE with `call:4` if there is no such device, or it cannot be
 *   opened
 */
gboolean
kandy_device_source_initialize_finish (
    KandyDeviceSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_DEVICE_SOURCE (self), FALSE);

  return KANDY_DEVICE_SOURCE_GET_IFACE (self)->initialize_finish (
      self, result, error);
}

/**
 * kandy_device_source_emit_changed:
 * @self: what knows the devices
 *
 * For implementations: emits #KandyDeviceSource::changed.
 */
void
kandy_device_source_emit_changed (KandyDeviceSource *self)
{
  g_return_if_fail (KANDY_IS_DEVICE_SOURCE (self));

  g_signal_emit (self, changed_signal, 0);
}
