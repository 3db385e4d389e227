/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-media-private.h"

#include "kandy-error.h"

/* The devices of a client's media: what its KandyDeviceSource knows of them,
 * and the events of the API document */

/* A driver may hang */
#define INITIALIZE_SECONDS 10

/* Signals of a device source come on any thread and may outlive the media */
typedef struct {
  GWeakRef media;
  GMainContext *context;
} Hop;

typedef struct {
  GTask *task;
  GCancellable *cancellable; /* of the attempt */
  GSource *timeout;
  gulong cancelled_handler; /* at the caller's */
} Attempt;

static void
hop_free (gpointer data)
{
  Hop *hop = data;

  g_weak_ref_clear (&hop->media);
  g_main_context_unref (hop->context);
  g_free (hop);
}

static Hop *
hop_new (KandyMedia *media, GMainContext *context)
{
  Hop *hop = g_new0 (Hop, 1);

  g_weak_ref_init (&hop->media, media);
  hop->context = g_main_context_ref (context);
  return hop;
}

static gboolean
tell_changed (gpointer user_data)
{
  Hop *hop = user_data;
  g_autoptr (KandyMedia) media = g_weak_ref_get (&hop->media);

  if (media)
    kandy_media_emit (media, "devices:change", NULL);
  return G_SOURCE_REMOVE;
}

static void
on_changed (KandyDeviceSource *source, Hop *hop)
{
  g_autoptr (KandyMedia) media = g_weak_ref_get (&hop->media);
  g_autoptr (GSource) idle = NULL;

  if (!media)
    return;
  idle = g_idle_source_new ();
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (
      idle, tell_changed, hop_new (media, hop->context), hop_free);
  g_source_attach (idle, hop->context);
}

static void
hop_closed (gpointer data, GClosure *closure)
{
  hop_free (data);
}

static void
attempt_free (Attempt *attempt)
{
  g_source_destroy (attempt->timeout);
  g_source_unref (attempt->timeout);
  g_cancellable_disconnect (
      g_task_get_cancellable (attempt->task), attempt->cancelled_handler);
  g_object_unref (attempt->cancellable);
  g_object_unref (attempt->task);
  g_free (attempt);
}

static gboolean
on_timeout (gpointer user_data)
{
  Attempt *attempt = user_data;

  g_cancellable_cancel (attempt->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
on_initialized (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Attempt *attempt = user_data;
  GTask *task = attempt->task;
  KandyMedia *media = g_task_get_source_object (task);
  GCancellable *callers = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!kandy_device_source_initialize_finish (
          KANDY_DEVICE_SOURCE (object), result, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && !(callers && g_cancellable_is_cancelled (callers))) {
    g_clear_error (&error);
    error = kandy_error_new (KANDY_ERROR_TIMEOUT, "call:4", 0,
        "Failed to get media => Name: AbortError; Error Message :The device "
        "did not answer within %d seconds.",
        INITIALIZE_SECONDS);
  }
  if (error) {
    kandy_media_report_device_error (media, error);
    g_task_return_error (task, error);
  } else {
    kandy_media_emit (media, "devices:change", NULL);
    g_task_return_boolean (task, TRUE);
  }
  attempt_free (attempt);
}

gulong
kandy_media_watch_device_source (KandyMedia *self, KandyDeviceSource *source)
{
  return g_signal_connect_data (source, "changed", G_CALLBACK (on_changed),
      hop_new (self, kandy_media_get_context (self)), hop_closed, 0);
}

/**
 * kandy_media_get_devices:
 * @self: the media of a client
 *
 * API document: `media.getDevices`. The members are `camera`, `microphone` and
 * `speaker`, each an array of devices with the members `deviceId`, `groupId`,
 * `kind` (`videoinput`, `audioinput` or `audiooutput`) and `label`. The first
 * time the lists are empty: looking for devices begins, and ends with
 * #KandyMedia::devices-changed.
 *
 * Returns: (transfer floating): an `a{sv}`; with empty lists as well if there
 *   is no device source
 */
GVariant *
kandy_media_get_devices (KandyMedia *self)
{
  static const char *const lists[] = { "camera", "microphone", "speaker" };
  KandyDeviceSource *source;
  GVariantDict dict;
  guint i;

  g_return_val_if_fail (KANDY_IS_MEDIA (self), NULL);

  source = kandy_media_peek_device_source (self);
  if (source)
    return kandy_device_source_get_devices (source);
  g_variant_dict_init (&dict, NULL);
  for (i = 0; i < G_N_ELEMENTS (lists); i++)
    g_variant_dict_insert_value (
        &dict, lists[i], g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0));
  return g_variant_dict_end (&dict);
}

/**
 * kandy_media_initialize_devices_async:
 * @self: the media of a client
 * @audio: whether a microphone is needed
 * @video: whether a camera is needed
 * @cancellable: (nullable): ends the wait
 * @callback: called on the client's main context
 * @user_data: for @callback
 *
 * Looks for devices, and opens and closes those that are needed, so that a call
 * does not find out. Emits `devices:change` or `devices:error`. Takes ten
 * seconds at the most. API document: `media.initializeDevices`.
 */
void
kandy_media_initialize_devices_async (KandyMedia *self, gboolean audio,
    gboolean video, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  KandyDeviceSource *source;
  GTask *task;
  Attempt *attempt;

  g_return_if_fail (KANDY_IS_MEDIA (self));

  source = kandy_media_peek_device_source (self);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_media_initialize_devices_async);
  if (!source) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
            "Nothing is known of this machine's devices."));
    g_object_unref (task);
    return;
  }
  attempt = g_new0 (Attempt, 1);
  attempt->task = task;
  attempt->cancellable = g_cancellable_new ();
  attempt->timeout = g_timeout_source_new_seconds (INITIALIZE_SECONDS);
  g_source_set_callback (attempt->timeout, on_timeout, attempt, NULL);
  g_source_attach (attempt->timeout, g_task_get_context (task));
  if (cancellable)
    attempt->cancelled_handler =
        g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
            g_object_ref (attempt->cancellable), g_object_unref);
  kandy_device_source_initialize_async (
      source, audio, video, attempt->cancellable, on_initialized, attempt);
}

/**
 * kandy_media_initialize_devices_finish:
 * @self: the media of a client
 * @result: given to the callback
 * @error: return location for an error
 *
 * Returns: %FALSE with `call:4` if there is no such device or it cannot be
 *   opened, with `call:5` if there is no device source
 */
gboolean
kandy_media_initialize_devices_finish (
    KandyMedia *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_media_report_device_error:
 * @self: the media of a client
 * @error: what is wrong with a device
 *
 * For whoever opens devices: tells that one cannot be had, or fails while it is
 * used. Emits #KandyMedia::devices-error (API document: `devices:error`).
 */
void
kandy_media_report_device_error (KandyMedia *self, const GError *error)
{
  GVariantDict dict;

  g_return_if_fail (KANDY_IS_MEDIA (self));
  g_return_if_fail (error != NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "error", kandy_error_to_variant (error));
  kandy_media_emit (self, "devices:error", g_variant_dict_end (&dict));
}
