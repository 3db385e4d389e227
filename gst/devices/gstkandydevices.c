/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydevices.h"

/**
 * SECTION:gstkandydevices
 * @title: GstKandyDevices
 * @short_description: cameras, microphones and speakers
 *
 * Devices of all of GStreamer's providers, as the API document wants to have
 * them. Asking the providers can take long, a sound server may be slow or
 * hang, so that a thread does it, which also waits for devices that come and
 * go.
 */

GST_DEBUG_CATEGORY_STATIC (kandy_devices_debug);
#define GST_CAT_DEFAULT kandy_devices_debug

/* One headset is several devices */
#define BURST_MS 50
#define INITIALIZE_WAIT_MS 9000

static const struct {
  const char *classes;
  const char *list; /* (nullable): in the DevicesObject */
  const char *kind;
} kinds[] = {
  [GST_KANDY_DEVICE_MICROPHONE] = { "Audio/Source", "microphone",
      "audioinput" },
  [GST_KANDY_DEVICE_CAMERA] = { "Video/Source", "camera", "videoinput" },
  [GST_KANDY_DEVICE_SPEAKER] = { "Audio/Sink", "speaker", "audiooutput" },
  [GST_KANDY_DEVICE_SCREEN] = { "Source/Monitor", NULL, NULL },
};

/* What the thread has, which may outlive the object while a provider hangs */
typedef struct {
  gatomicrefcount refs;
  GWeakRef owner;
  GMainContext *context;
  GMainLoop *loop;
  GstDeviceMonitor *monitor; /* of the thread */
  GSource *burst;            /* of the thread */

  GMutex lock;
  GCond cond;
  gboolean started;
  gboolean known;
  GPtrArray *devices; /* GstDevice */
} Watch;

struct _GstKandyDevices {
  GObject parent_instance;

  Watch *watch;
};

static void gst_kandy_devices_source_init (KandyDeviceSourceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstKandyDevices, gst_kandy_devices,
    G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (
        KANDY_TYPE_DEVICE_SOURCE, gst_kandy_devices_source_init)
        GST_DEBUG_CATEGORY_INIT (kandy_devices_debug, "kandydevices", 0,
            "cameras, microphones and speakers"))

/* Threads that have been told to end and have not */
static GMutex threads_lock;
static GCond threads_cond;
static guint n_threads;

static GMutex default_lock;
static GWeakRef default_devices;

static Watch *
watch_ref (Watch *watch)
{
  g_atomic_ref_count_inc (&watch->refs);
  return watch;
}

static void
watch_unref (Watch *watch)
{
  if (!g_atomic_ref_count_dec (&watch->refs))
    return;
  g_weak_ref_clear (&watch->owner);
  g_main_loop_unref (watch->loop);
  g_main_context_unref (watch->context);
  g_ptr_array_unref (watch->devices);
  g_cond_clear (&watch->cond);
  g_mutex_clear (&watch->lock);
  g_free (watch);
}

/* A source of sound that is what a speaker plays is no microphone */
static gboolean
is_monitor (GstDevice *device)
{
  g_autoptr (GstStructure) s = gst_device_get_properties (device);

  return s != NULL
      && g_strcmp0 (gst_structure_get_string (s, "device.class"), "monitor")
      == 0;
}

static gboolean
is_kind (GstDevice *device, GstKandyDeviceKind kind)
{
  return gst_device_has_classes (device, kinds[kind].classes)
      && (kind != GST_KANDY_DEVICE_MICROPHONE || !is_monitor (device));
}

/* On the thread */
static void
take_devices (Watch *watch)
{
  GList *all = gst_device_monitor_get_devices (watch->monitor), *l;
  g_autoptr (GstKandyDevices) owner = NULL;

  g_mutex_lock (&watch->lock);
  g_ptr_array_set_size (watch->devices, 0);
  for (l = all; l != NULL; l = l->next)
    g_ptr_array_add (watch->devices, l->data);
  watch->known = TRUE;
  GST_INFO ("%u devices", watch->devices->len);
  g_cond_broadcast (&watch->cond);
  g_mutex_unlock (&watch->lock);
  g_list_free (all);

  owner = g_weak_ref_get (&watch->owner);
  if (owner != NULL)
    kandy_device_source_emit_changed (KANDY_DEVICE_SOURCE (owner));
}

static gboolean
on_burst_over (gpointer user_data)
{
  Watch *watch = user_data;

  g_clear_pointer (&watch->burst, g_source_unref);
  take_devices (watch);
  return G_SOURCE_REMOVE;
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Watch *watch = user_data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_DEVICE_ADDED:
    case GST_MESSAGE_DEVICE_REMOVED:
    case GST_MESSAGE_DEVICE_CHANGED:
      if (watch->burst == NULL) {
        watch->burst = g_timeout_source_new (BURST_MS);
        g_source_set_callback (watch->burst, on_burst_over, watch, NULL);
        g_source_attach (watch->burst, watch->context);
      }
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gpointer
watch_main (gpointer data)
{
  Watch *watch = data;
  GstBus *bus;
  guint i;

  g_main_context_push_thread_default (watch->context);
  watch->monitor = gst_device_monitor_new ();
  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    gst_device_monitor_add_filter (watch->monitor, kinds[i].classes, NULL);
  bus = gst_device_monitor_get_bus (watch->monitor);
  gst_bus_add_watch (bus, on_message, watch);
  if (!gst_device_monitor_start (watch->monitor))
    GST_INFO ("there is no device provider");
  take_devices (watch);

  g_main_loop_run (watch->loop);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  if (watch->burst != NULL)
    g_source_destroy (watch->burst);
  g_clear_pointer (&watch->burst, g_source_unref);
  gst_device_monitor_stop (watch->monitor);
  gst_clear_object (&watch->monitor);
  g_main_context_pop_thread_default (watch->context);
  watch_unref (watch);

  g_mutex_lock (&threads_lock);
  n_threads--;
  g_cond_broadcast (&threads_cond);
  g_mutex_unlock (&threads_lock);
  return NULL;
}

static void
ensure_started (GstKandyDevices *self)
{
  Watch *watch = self->watch;
  gboolean start;

  g_mutex_lock (&watch->lock);
  start = !watch->started;
  watch->started = TRUE;
  g_mutex_unlock (&watch->lock);
  if (!start)
    return;

  g_thread_unref (
      g_thread_new ("kandy-devices", watch_main, watch_ref (watch)));
}

static gboolean
quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/* As KandyDeviceSource */

/* Devices with the same are parts of one thing */
static char *
get_group (GstDevice *device)
{
  static const char *const names[] = { "device.bus_path", "device.bus-path",
    "sysfs.path", "alsa.card", "api.alsa.card", "device.serial",
    "device.product.name" };
  g_autoptr (GstStructure) s = gst_device_get_properties (device);
  guint i;

  for (i = 0; s != NULL && i < G_N_ELEMENTS (names); i++) {
    const GValue *value = gst_structure_get_value (s, names[i]);

    if (value != NULL && G_VALUE_HOLDS_STRING (value))
      return g_value_dup_string (value);
    if (value != NULL)
      return gst_value_serialize (value);
  }
  return gst_kandy_device_get_id (device);
}

static GVariant *
describe (GstDevice *device, GstKandyDeviceKind kind)
{
  g_autofree char *id = gst_kandy_device_get_id (device);
  g_autofree char *group = get_group (device);
  g_autofree char *label = gst_device_get_display_name (device);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "deviceId", "s", id);
  g_variant_dict_insert (&dict, "groupId", "s", group != NULL ? group : id);
  g_variant_dict_insert (&dict, "kind", "s", kinds[kind].kind);
  g_variant_dict_insert (&dict, "label", "s", label != NULL ? label : "");
  return g_variant_dict_end (&dict);
}

static GVariant *
gst_kandy_devices_get_devices (KandyDeviceSource *source)
{
  GVariantDict dict;
  guint kind, i;

  g_variant_dict_init (&dict, NULL);
  for (kind = 0; kind < G_N_ELEMENTS (kinds); kind++) {
    g_autoptr (GPtrArray) devices = NULL;
    GVariantBuilder list;

    if (kinds[kind].list == NULL)
      continue;
    devices = gst_kandy_devices_list (GST_KANDY_DEVICES (source), kind);
    g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
    for (i = 0; i < devices->len; i++)
      g_variant_builder_add_value (
          &list, describe (g_ptr_array_index (devices, i), kind));
    g_variant_dict_insert_value (
        &dict, kinds[kind].list, g_variant_builder_end (&list));
  }
  return g_variant_dict_end (&dict);
}

/* READY is where sources open what they are the source of */
static GError *
try_device (GstKandyDevices *self, GstKandyDeviceKind kind)
{
  g_autoptr (GPtrArray) devices = gst_kandy_devices_list (self, kind);
  g_autofree char *label = NULL;
  GstElement *element = NULL;
  gboolean opened;

  if (devices->len == 0)
    return gst_kandy_device_error (KANDY_ERROR_MEDIA, "NotFoundError",
        "There is no %s.", kinds[kind].list);

  element = gst_device_create_element (g_ptr_array_index (devices, 0), NULL);
  opened = element != NULL
      && gst_element_set_state (element, GST_STATE_READY)
          != GST_STATE_CHANGE_FAILURE;
  if (element != NULL) {
    gst_element_set_state (element, GST_STATE_NULL);
    gst_object_unref (gst_object_ref_sink (element));
  }
  if (opened)
    return NULL;
  label = gst_device_get_display_name (g_ptr_array_index (devices, 0));
  return gst_kandy_device_error (KANDY_ERROR_MEDIA, "NotReadableError",
      "The %s \"%s\" cannot be opened.", kinds[kind].list, label);
}

enum { NEEDS_AUDIO = 1 << 0, NEEDS_VIDEO = 1 << 1 };

static void
initialize (GTask *task, gpointer source_object, gpointer task_data,
    GCancellable *cancellable)
{
  GstKandyDevices *self = source_object;
  guint needs = GPOINTER_TO_UINT (task_data);
  GError *error = NULL;

  if (!gst_kandy_devices_wait (self, INITIALIZE_WAIT_MS))
    error = gst_kandy_device_error (KANDY_ERROR_TIMEOUT, "AbortError",
        "The devices are not known in time.");
  if (error == NULL && (needs & NEEDS_AUDIO) != 0)
    error = try_device (self, GST_KANDY_DEVICE_MICROPHONE);
  if (error == NULL && (needs & NEEDS_VIDEO) != 0)
    error = try_device (self, GST_KANDY_DEVICE_CAMERA);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* The task has let go of the devices; its thread may have been the last to */
static void
initialize_over (gpointer needs)
{
  g_mutex_lock (&threads_lock);
  n_threads--;
  g_cond_broadcast (&threads_cond);
  g_mutex_unlock (&threads_lock);
}

static void
gst_kandy_devices_initialize_async (KandyDeviceSource *source, gboolean audio,
    gboolean video, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (source, cancellable, callback, user_data);
  guint needs = (audio ? NEEDS_AUDIO : 0) | (video ? NEEDS_VIDEO : 0);

  g_task_set_source_tag (task, gst_kandy_devices_initialize_async);
  g_task_set_task_data (task, GUINT_TO_POINTER (needs), initialize_over);
  g_mutex_lock (&threads_lock);
  n_threads++;
  g_mutex_unlock (&threads_lock);
  /* whoever waits need not wait for a driver that hangs */
  g_task_set_return_on_cancel (task, TRUE);
  g_task_run_in_thread (task, initialize);
}

static gboolean
gst_kandy_devices_initialize_finish (
    KandyDeviceSource *source, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
gst_kandy_devices_source_init (KandyDeviceSourceInterface *iface)
{
  iface->get_devices = gst_kandy_devices_get_devices;
  iface->initialize_async = gst_kandy_devices_initialize_async;
  iface->initialize_finish = gst_kandy_devices_initialize_finish;
}

static void
gst_kandy_devices_finalize (GObject *object)
{
  Watch *watch = GST_KANDY_DEVICES (object)->watch;

  /* A loop that nobody runs would be kept by what is to end it */
  if (watch->started) {
    GSource *source = g_idle_source_new ();

    g_mutex_lock (&threads_lock);
    n_threads++;
    g_mutex_unlock (&threads_lock);
    /* by a source, so that it counts also before the loop runs */
    g_source_set_callback (source, quit, g_main_loop_ref (watch->loop),
        (GDestroyNotify) g_main_loop_unref);
    g_source_attach (source, watch->context);
    g_source_unref (source);
  }
  watch_unref (watch);

  G_OBJECT_CLASS (gst_kandy_devices_parent_class)->finalize (object);
}

static void
gst_kandy_devices_class_init (GstKandyDevicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_kandy_devices_finalize;
}

static void
gst_kandy_devices_init (GstKandyDevices *self)
{
  Watch *watch = g_new0 (Watch, 1);

  g_atomic_ref_count_init (&watch->refs);
  g_weak_ref_init (&watch->owner, self);
  watch->context = g_main_context_new ();
  watch->loop = g_main_loop_new (watch->context, FALSE);
  watch->devices = g_ptr_array_new_with_free_func (gst_object_unref);
  g_mutex_init (&watch->lock);
  g_cond_init (&watch->cond);
  self->watch = watch;
}

/**
 * gst_kandy_devices_get_default:
 *
 * Returns: (transfer full): the devices of this machine, one object for all who
 *   hold it
 */
GstKandyDevices *
gst_kandy_devices_get_default (void)
{
  GstKandyDevices *devices;

  g_mutex_lock (&default_lock);
  devices = g_weak_ref_get (&default_devices);
  if (devices == NULL) {
    devices = g_object_new (GST_KANDY_TYPE_DEVICES, NULL);
    g_weak_ref_set (&default_devices, devices);
  }
  g_mutex_unlock (&default_lock);
  return devices;
}

/**
 * gst_kandy_devices_wait:
 * @self: the devices
 * @timeout_ms: how long to wait at the most
 *
 * Waits until the devices are known. Not for the kandy thread.
 *
 * Returns: %FALSE if they are not in time
 */
gboolean
gst_kandy_devices_wait (GstKandyDevices *self, guint timeout_ms)
{
  gint64 end =
      g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
  gboolean known;

  g_return_val_if_fail (GST_KANDY_IS_DEVICES (self), FALSE);

  ensure_started (self);
  g_mutex_lock (&self->watch->lock);
  while (!self->watch->known
      && g_cond_wait_until (&self->watch->cond, &self->watch->lock, end))
    continue;
  known = self->watch->known;
  g_mutex_unlock (&self->watch->lock);
  return known;
}

/**
 * gst_kandy_devices_list:
 * @self: the devices
 * @kind: what they are for
 *
 * Returns: (transfer container) (element-type GstDevice): the devices of that
 *   kind, empty while they are not known
 */
GPtrArray *
gst_kandy_devices_list (GstKandyDevices *self, GstKandyDeviceKind kind)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i;

  g_return_val_if_fail (GST_KANDY_IS_DEVICES (self), found);
  g_return_val_if_fail ((guint) kind < G_N_ELEMENTS (kinds), found);

  ensure_started (self);
  g_mutex_lock (&self->watch->lock);
  for (i = 0; i < self->watch->devices->len; i++) {
    GstDevice *device = g_ptr_array_index (self->watch->devices, i);

    if (is_kind (device, kind))
      g_ptr_array_add (found, gst_object_ref (device));
  }
  g_mutex_unlock (&self->watch->lock);
  return found;
}

/**
 * gst_kandy_device_get_id:
 * @device: a device
 *
 * Its name for programs, which stays the same as far as the provider knows
 * such a name; else its name for people. API document: `DeviceInfo.deviceId`.
 *
 * Returns: (transfer full): the name
 */
char *
gst_kandy_device_get_id (GstDevice *device)
{
  static const char *const names[] = { "node.name", "device.path",
    "object.path", "api.v4l2.path", "api.alsa.path" };
  g_autoptr (GstStructure) s = NULL;
  char *id = NULL;
  guint i;

  g_return_val_if_fail (GST_IS_DEVICE (device), NULL);

  s = gst_device_get_properties (device);
  for (i = 0; s != NULL && i < G_N_ELEMENTS (names); i++) {
    const char *text = gst_structure_get_string (s, names[i]);

    if (text != NULL && *text != '\0')
      return g_strdup (text);
  }
  if (g_object_class_find_property (
          G_OBJECT_GET_CLASS (device), "internal-name"))
    g_object_get (device, "internal-name", &id, NULL);
  return id != NULL ? id : gst_device_get_display_name (device);
}

/**
 * gst_kandy_devices_wait_closed:
 * @timeout_ms: how long to wait at the most
 *
 * Waits until no thread of devices that are not held any more runs: a process
 * should not exit while a provider is at work.
 *
 * Returns: %FALSE if one still does
 */
gboolean
gst_kandy_devices_wait_closed (guint timeout_ms)
{
  gint64 end =
      g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
  gboolean closed;

  g_mutex_lock (&threads_lock);
  while (n_threads > 0 && g_cond_wait_until (&threads_cond, &threads_lock, end))
    continue;
  closed = n_threads == 0;
  g_mutex_unlock (&threads_lock);
  return closed;
}

GError *
gst_kandy_device_error (
    KandyError code, const char *name, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  return kandy_error_new (code, "call:4", 0,
      "Failed to get media => Name: %s; Error Message :%s", name, message);
}
