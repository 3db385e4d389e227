/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fakedevices.h"

#include <string.h>

/* What buffers meet */
typedef enum { FLOWS, STALLS, FAILS, ENDS } Manner;

typedef struct {
  GstDevice parent;

  char *id;
  guint value;
  gboolean broken;
  int n_open;   /* atomic */
  int manner;   /* atomic */
  int restless; /* atomic */
  int n_given;  /* atomic */
} FakeDevice;

typedef struct {
  GstDeviceClass parent_class;
} FakeDeviceClass;

typedef struct {
  GstDeviceProvider parent;
} FakeProvider;

typedef struct {
  GstDeviceProviderClass parent_class;
} FakeProviderClass;

typedef struct {
  GstElement parent;
} FakeBroken;

typedef struct {
  GstElementClass parent_class;
} FakeBrokenClass;

typedef struct {
  GstBin parent;

  FakeDevice *device;
} FakeSource;

typedef struct {
  GstBinClass parent_class;
} FakeSourceClass;

static GType fake_broken_get_type (void);
static GType fake_source_get_type (void);
static GType fake_device_get_type (void);
static GType fake_provider_get_type (void);

G_DEFINE_TYPE (FakeSource, fake_source, GST_TYPE_BIN)
G_DEFINE_TYPE (FakeBroken, fake_broken, GST_TYPE_ELEMENT)
G_DEFINE_TYPE (FakeDevice, fake_device, GST_TYPE_DEVICE)
G_DEFINE_TYPE (FakeProvider, fake_provider, GST_TYPE_DEVICE_PROVIDER)

#define FAKE_DEVICE(o)                                                         \
  (G_TYPE_CHECK_INSTANCE_CAST ((o), fake_device_get_type (), FakeDevice))

static GPtrArray *devices; /* FakeDevice */
static GMutex lock;

static GstDeviceProvider *
get_provider (void)
{
  return gst_device_provider_factory_get_by_name ("fakedeviceprovider");
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  FakeSource *self = user_data;

  g_atomic_int_inc (&self->device->n_given);
  switch ((Manner) g_atomic_int_get (&self->device->manner)) {
    case FLOWS:
      return GST_PAD_PROBE_OK;
    case STALLS:
      return GST_PAD_PROBE_DROP;
    case FAILS:
      GST_ELEMENT_ERROR (
          self, RESOURCE, READ, ("The device has been unplugged."), (NULL));
      GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_ERROR;
      break;
    case ENDS:
      GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_EOS;
      break;
  }
  gst_mini_object_unref (GST_PAD_PROBE_INFO_DATA (info));
  return GST_PAD_PROBE_HANDLED;
}

/* A device that begins now has the time of now; test sources would begin with
 * that of the pipeline's beginning, and catch up */
static GstStateChangeReturn
fake_source_change_state (GstElement *element, GstStateChange transition)
{
  FakeSource *self = (FakeSource *) element;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY)
    g_atomic_int_inc (&self->device->n_open);
  else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    g_atomic_int_add (&self->device->n_open, -1);
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED
      && g_atomic_int_get (&self->device->restless)) {
    GstElement *inner = gst_bin_get_by_name (GST_BIN (element), "inner");

    gst_element_set_locked_state (inner, TRUE);
    gst_object_unref (inner);
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    GstElement *inner = gst_bin_get_by_name (GST_BIN (element), "inner");

    gst_element_set_locked_state (inner, FALSE);
    gst_object_unref (inner);
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    GstClock *clock = gst_element_get_clock (element);
    GstElement *inner = gst_bin_get_by_name (GST_BIN (element), "inner");

    if (clock)
      g_object_set (inner, "timestamp-offset",
          (gint64) (gst_clock_get_time (clock)
              - gst_element_get_base_time (element)),
          NULL);
    gst_clear_object (&clock);
    gst_object_unref (inner);
  }
  return GST_ELEMENT_CLASS (fake_source_parent_class)
      ->change_state (element, transition);
}

static void
fake_source_finalize (GObject *object)
{
  gst_object_unref (((FakeSource *) object)->device);
  G_OBJECT_CLASS (fake_source_parent_class)->finalize (object);
}

static void
fake_source_class_init (FakeSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_source_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = fake_source_change_state;
}

static void
fake_source_init (FakeSource *self)
{
}

static GstElement *
wrap (FakeDevice *device, GstElement *inner)
{
  GstElement *bin = g_object_new (fake_source_get_type (), NULL);
  GstPad *pad = gst_element_get_static_pad (inner, "src");

  ((FakeSource *) bin)->device = gst_object_ref (device);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, bin, NULL);
  gst_bin_add (GST_BIN (bin), inner);
  gst_element_add_pad (bin, gst_ghost_pad_new ("src", pad));
  gst_object_unref (pad);
  return bin;
}

static GstStateChangeReturn
fake_broken_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ, (NULL), ("broken"));
    return GST_STATE_CHANGE_FAILURE;
  }
  return GST_ELEMENT_CLASS (fake_broken_parent_class)
      ->change_state (element, transition);
}

static void
fake_broken_class_init (FakeBrokenClass *klass)
{
  GST_ELEMENT_CLASS (klass)->change_state = fake_broken_change_state;
}

static void
fake_broken_init (FakeBroken *self)
{
  gst_element_add_pad (GST_ELEMENT (self), gst_pad_new ("src", GST_PAD_SRC));
}

static GstElement *
fake_device_create_element (GstDevice *device, const char *name)
{
  FakeDevice *self = FAKE_DEVICE (device);
  GstElement *element;

  if (self->broken)
    return g_object_new (fake_broken_get_type (), NULL);
  if (gst_device_has_classes (device, "Audio/Source")) {
    element = gst_element_factory_make ("audiotestsrc", "inner");
    g_object_set (element, "is-live", TRUE, "freq", (double) self->value,
        "samplesperbuffer", 480, NULL);
    element = wrap (self, element);
  } else if (gst_device_has_classes (device, "Audio/Sink")) {
    element = gst_element_factory_make ("appsink", name);
    g_object_set (element, "async", FALSE, "sync", FALSE, "max-buffers", 500,
        "drop", TRUE, NULL);
  } else {
    element = gst_element_factory_make ("videotestsrc", "inner");
    g_object_set (
        element, "is-live", TRUE, "foreground-color", self->value, NULL);
    gst_util_set_object_arg (G_OBJECT (element), "pattern", "solid-color");
    element = wrap (self, element);
  }
  return element;
}

static gboolean
fake_device_reconfigure_element (GstDevice *device, GstElement *element)
{
  return FALSE;
}

static void
fake_device_finalize (GObject *object)
{
  g_free (FAKE_DEVICE (object)->id);
  G_OBJECT_CLASS (fake_device_parent_class)->finalize (object);
}

static void
fake_device_class_init (FakeDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_device_finalize;
  GST_DEVICE_CLASS (klass)->create_element = fake_device_create_element;
  GST_DEVICE_CLASS (klass)->reconfigure_element =
      fake_device_reconfigure_element;
}

static void
fake_device_init (FakeDevice *self)
{
}

static GList *
fake_provider_probe (GstDeviceProvider *provider)
{
  GList *list = NULL;
  guint i;

  g_mutex_lock (&lock);
  for (i = 0; i < devices->len; i++)
    list = g_list_append (list, gst_object_ref (devices->pdata[i]));
  g_mutex_unlock (&lock);
  return list;
}

static gboolean
fake_provider_start (GstDeviceProvider *provider)
{
  GList *list = fake_provider_probe (provider), *l;

  for (l = list; l; l = l->next)
    gst_device_provider_device_add (provider, l->data);
  g_list_free_full (list, gst_object_unref);
  return TRUE;
}

static void
fake_provider_stop (GstDeviceProvider *provider)
{
}

static void
fake_provider_class_init (FakeProviderClass *klass)
{
  GstDeviceProviderClass *provider_class = GST_DEVICE_PROVIDER_CLASS (klass);

  provider_class->probe = fake_provider_probe;
  provider_class->start = fake_provider_start;
  provider_class->stop = fake_provider_stop;
  gst_device_provider_class_set_static_metadata (provider_class, "Fake devices",
      "Audio/Source/Sink/Video", "Devices for tests", "tests");
}

static void
fake_provider_init (FakeProvider *self)
{
}

void
fake_devices_register (void)
{
  GList *others = gst_registry_get_feature_list (
      gst_registry_get (), GST_TYPE_DEVICE_PROVIDER_FACTORY);
  GList *l;

  /* the machine's own devices are of no interest */
  for (l = others; l; l = l->next)
    gst_plugin_feature_set_rank (l->data, GST_RANK_NONE);
  gst_plugin_feature_list_free (others);

  devices = g_ptr_array_new_with_free_func (gst_object_unref);
  if (!gst_device_provider_register (NULL, "fakedeviceprovider",
          GST_RANK_PRIMARY, fake_provider_get_type ()))
    g_error ("cannot register a device provider");
}

void
fake_devices_add (const char *classes, const char *id, const char *label,
    const char *group, const char *caps, guint value)
{
  GstCaps *offered = gst_caps_from_string (caps);
  GstStructure *properties =
      gst_structure_new ("properties", "node.name", G_TYPE_STRING, id, NULL);
  GstDeviceProvider *provider = get_provider ();
  FakeDevice *device;
  gboolean started;

  if (group)
    gst_structure_set (
        properties, "device.bus_path", G_TYPE_STRING, group, NULL);
  device = g_object_new (fake_device_get_type (), "display-name", label,
      "device-class", classes, "caps", offered, "properties", properties, NULL);
  device->id = g_strdup (id);
  device->value = value;
  gst_object_ref_sink (device);
  g_mutex_lock (&lock);
  g_ptr_array_add (devices, gst_object_ref (device));
  g_mutex_unlock (&lock);

  started = gst_device_provider_is_started (provider);
  if (started)
    gst_device_provider_device_add (provider, GST_DEVICE (device));
  gst_object_unref (device);
  gst_object_unref (provider);
  gst_structure_free (properties);
  gst_caps_unref (offered);
}

static FakeDevice *
find (const char *id, gboolean take)
{
  FakeDevice *found = NULL;
  guint i;

  g_mutex_lock (&lock);
  for (i = 0; i < devices->len && !found; i++)
    if (g_str_equal (FAKE_DEVICE (devices->pdata[i])->id, id)) {
      found = gst_object_ref (devices->pdata[i]);
      if (take)
        g_ptr_array_remove_index (devices, i);
    }
  g_mutex_unlock (&lock);
  g_assert_nonnull (found);
  return found;
}

void
fake_devices_add_usual (void)
{
  fake_devices_add (
      "Audio/Source", "mic-1", "Microphone 1", NULL, FAKE_SOUND_CAPS, 440);
  fake_devices_add (
      "Audio/Source", "mic-2", "Microphone 2", NULL, FAKE_SOUND_CAPS, 880);
  fake_devices_add (
      "Video/Source", "cam-1", "Camera 1", NULL, FAKE_PICTURE_CAPS, 0xffff0000);
  fake_devices_add (
      "Video/Source", "cam-2", "Camera 2", NULL, FAKE_PICTURE_CAPS, 0xff0000ff);
  fake_devices_add ("Source/Monitor", "screen", "Screen", NULL,
      FAKE_PICTURE_CAPS, 0xff00ff00);
}

void
fake_devices_remove (const char *id)
{
  GstDeviceProvider *provider = get_provider ();
  FakeDevice *device = find (id, TRUE);

  gst_device_provider_device_remove (provider, GST_DEVICE (device));
  gst_object_unref (device);
  gst_object_unref (provider);
}

void
fake_devices_break (const char *id)
{
  FakeDevice *device = find (id, FALSE);

  device->broken = TRUE;
  gst_object_unref (device);
}

static void
set_manner (const char *id, Manner manner)
{
  FakeDevice *device = find (id, FALSE);

  g_atomic_int_set (&device->manner, manner);
  gst_object_unref (device);
}

void
fake_devices_fail (const char *id)
{
  set_manner (id, FAILS);
}

void
fake_devices_end (const char *id)
{
  set_manner (id, ENDS);
}

void
fake_devices_stall (const char *id, gboolean stall)
{
  set_manner (id, stall ? STALLS : FLOWS);
}

void
fake_devices_keep_running (const char *id)
{
  FakeDevice *device = find (id, FALSE);

  g_atomic_int_set (&device->restless, TRUE);
  gst_object_unref (device);
}

void
fake_devices_clear (void)
{
  g_mutex_lock (&lock);
  g_ptr_array_set_size (devices, 0);
  g_mutex_unlock (&lock);
}

guint
fake_devices_count_open (const char *id)
{
  FakeDevice *device = find (id, FALSE);
  guint n = g_atomic_int_get (&device->n_open);

  gst_object_unref (device);
  return n;
}

guint
fake_devices_count_given (const char *id)
{
  FakeDevice *device = find (id, FALSE);
  guint n = g_atomic_int_get (&device->n_given);

  gst_object_unref (device);
  return n;
}
