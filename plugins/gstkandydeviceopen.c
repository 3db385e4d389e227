/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyconstraints.h"
#include "gstkandydeviceopen.h"
#include "gstkandydevicesrc.h"

/* SECTION: opening a device
 *
 * Which takes its time, and is done in threads that may wait.
 */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_sink_devices_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_devices_debug

#define DEVICES_WAIT_MS 5000
#define SCREEN_RATE 15

static const struct {
  GstKandyDeviceKind kind;
  KandyMediaKind media;
  const char *name;
} kinds[] = {
  [GST_KANDY_SINK_AUDIO] = { GST_KANDY_DEVICE_MICROPHONE,
      KANDY_MEDIA_KIND_AUDIO, "microphone" },
  [GST_KANDY_SINK_VIDEO] = { GST_KANDY_DEVICE_CAMERA, KANDY_MEDIA_KIND_VIDEO,
      "camera" },
  [GST_KANDY_SINK_SCREEN] = { GST_KANDY_DEVICE_SCREEN, KANDY_MEDIA_KIND_VIDEO,
      "screen" },
};

/* (transfer floating): @source, and what makes @caps of it */
static GstElement *
make_branch (GstElement *source, GstCaps *caps)
{
  GstElement *branch = gst_bin_new (NULL);
  GstElement *filter = gst_element_factory_make ("capsfilter", NULL);
  GstElement *last = filter;
  g_autoptr (GstPad) pad = NULL;

  g_object_set (filter, "caps", caps, NULL);
  gst_bin_add_many (GST_BIN (branch), source, filter, NULL);
  gst_element_link (source, filter);
  if (caps != NULL && !gst_caps_is_any (caps)
      && gst_structure_has_name (
          gst_caps_get_structure (caps, 0), "image/jpeg")) {
    last = gst_element_factory_make ("jpegdec", NULL);
    if (last == NULL) {
      gst_object_unref (gst_object_ref_sink (branch));
      return NULL;
    }
    gst_bin_add (GST_BIN (branch), last);
    gst_element_link (filter, last);
  }
  pad = gst_element_get_static_pad (last, "src");
  gst_element_add_pad (branch, gst_ghost_pad_new ("src", pad));
  return branch;
}

/* (transfer floating) (nullable): the X display, if no provider has screens */
static GstElement *
make_display (const GstStructure *options, GError **error)
{
  GstElement *source = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstElement *branch, *scale, *filter;
  g_autoptr (GstPad) pad = NULL;

  if (!gst_kandy_constraints_check (options, error))
    return NULL;
  if (g_getenv ("DISPLAY") != NULL)
    source = gst_element_factory_make ("ximagesrc", NULL);
  if (source == NULL) {
    g_propagate_error (error,
        gst_kandy_device_error (
            KANDY_ERROR_MEDIA, "NotFoundError", "There is no screen."));
    return NULL;
  }
  g_object_set (source, "use-damage", FALSE, NULL);
  branch = gst_bin_new (NULL);
  scale = gst_element_factory_make ("videoscale", NULL);
  filter = gst_element_factory_make ("capsfilter", NULL);
  caps = gst_kandy_constraints_to_caps (options, SCREEN_RATE);
  g_object_set (filter, "caps", caps, NULL);
  gst_bin_add_many (GST_BIN (branch), source, scale, filter, NULL);
  gst_element_link_many (source, scale, filter, NULL);
  pad = gst_element_get_static_pad (filter, "src");
  gst_element_add_pad (branch, gst_ghost_pad_new ("src", pad));
  return branch;
}

GstElement *
gst_kandy_device_open (GstKandySinkDevice which, const char *id,
    const GstStructure *options, GError **error)
{
  g_autoptr (GstKandyDevices) all = gst_kandy_devices_get_default ();
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GstStructure) constraints = options != NULL
      ? gst_structure_copy (options)
      : gst_structure_new_empty ("constraints");
  g_autoptr (GstDevice) device = NULL;
  g_autoptr (GstCaps) caps = NULL;
  g_autofree char *label = NULL;
  GstElement *source, *branch = NULL;

  if (!gst_kandy_devices_wait (all, DEVICES_WAIT_MS)) {
    g_propagate_error (error,
        gst_kandy_device_error (KANDY_ERROR_TIMEOUT, "AbortError",
            "The devices are not known in time."));
    return NULL;
  }
  if (!g_str_equal (id, GST_KANDY_DEVICE_ANY))
    gst_structure_set (constraints, "device-id", G_TYPE_STRING, id, NULL);
  devices = gst_kandy_devices_list (all, kinds[which].kind);
  if (which == GST_KANDY_SINK_SCREEN && devices->len == 0) {
    branch = make_display (constraints, error);
    label = g_strdup ("screen");
    if (branch == NULL)
      return NULL;
  } else {
    device = gst_kandy_constraints_choose (
        constraints, kinds[which].media, devices, &caps, error);
    if (device == NULL)
      return NULL;
    label = gst_device_get_display_name (device);
    source = gst_device_create_element (device, NULL);
    if (source != NULL)
      branch = make_branch (source, caps);
  }
  if (branch != NULL
      && gst_element_set_state (branch, GST_STATE_READY)
          != GST_STATE_CHANGE_FAILURE) {
    GST_INFO ("%s \"%s\" is open", kinds[which].name, label);
    gst_kandy_device_src_set_label (branch, label);
    return branch;
  }
  if (branch != NULL) {
    gst_kandy_device_src_discard (branch);
  }
  g_propagate_error (error,
      gst_kandy_device_error (KANDY_ERROR_MEDIA, "NotReadableError",
          "The %s \"%s\" cannot be opened.", kinds[which].name, label));
  return NULL;
}

const char *
gst_kandy_device_get_noun (GstKandySinkDevice which)
{
  return kinds[which].name;
}
