/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices that come and go, and which of them is chosen */

#include <gst/check/gstcheck.h>

#include "fakedevices.h"
#include "gstkandyconstraints.h"
#include "gstkandydevices.h"
#include "../patience.h"

#define CAMERA_CAPS                                                            \
  "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1};"        \
  "video/x-raw,format=YUY2,width=1280,height=720,framerate=10/1;"              \
  "image/jpeg,width=1280,height=720,framerate=30/1"
#define RANGE_CAPS                                                             \
  "video/x-raw,width=[16,1920],height=[16,1080],framerate=[1/1,60/1]"
#define SOUND_CAPS "audio/x-raw,rate=[8000,48000],channels=[1,2]"

static void
set_up (void)
{
  fake_devices_register ();
  fake_devices_add (
      "Audio/Source", "mic", "Microphone", "headset", SOUND_CAPS, 440);
  fake_devices_add (
      "Audio/Sink", "ear", "Headphones", "headset", SOUND_CAPS, 0);
  fake_devices_add (
      "Video/Source", "cam", "Camera", NULL, CAMERA_CAPS, 0xffff0000);
  fake_devices_add (
      "Video/Source", "any", "Other Camera", NULL, RANGE_CAPS, 0xff0000ff);
}

static void
tear_down (void)
{
  fail_unless (gst_kandy_devices_wait_closed (10000));
  fake_devices_clear ();
}

static void
count (gpointer source, int *n)
{
  g_atomic_int_inc (n);
}

static void
wait_for (int *n, int wanted)
{
  gint64 end = patience_end (10);

  while (g_atomic_int_get (n) < wanted) {
    fail_unless (g_get_monotonic_time () < end);
    g_main_context_iteration (NULL, FALSE);
    g_usleep (1000);
  }
}

static void
wait_until_gone (GstKandyDevices *devices, GstKandyDeviceKind kind)
{
  gint64 end = patience_end (10);
  guint n;

  do {
    g_autoptr (GPtrArray) left = gst_kandy_devices_list (devices, kind);

    n = left->len;
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (1000);
  } while (n > 0);
}

static void
expect_device (GVariant *devices, const char *list, guint i, const char *id,
    const char *group, const char *kind, const char *label)
{
  const char *its_id, *its_group, *its_kind, *its_label;
  g_autoptr (GVariant) all =
      g_variant_lookup_value (devices, list, G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) device = NULL;

  fail_unless (all != NULL && g_variant_n_children (all) > i);
  device = g_variant_get_child_value (all, i);
  fail_unless (g_variant_lookup (device, "deviceId", "&s", &its_id));
  fail_unless (g_variant_lookup (device, "groupId", "&s", &its_group));
  fail_unless (g_variant_lookup (device, "kind", "&s", &its_kind));
  fail_unless (g_variant_lookup (device, "label", "&s", &its_label));
  fail_unless_equals_string (its_id, id);
  fail_unless_equals_string (its_group, group);
  fail_unless_equals_string (its_kind, kind);
  fail_unless_equals_string (its_label, label);
}

GST_START_TEST (test_list)
{
  g_autoptr (GstKandyDevices) devices = gst_kandy_devices_get_default ();
  g_autoptr (GstKandyDevices) same = gst_kandy_devices_get_default ();
  KandyDeviceSource *source = KANDY_DEVICE_SOURCE (devices);
  g_autoptr (GVariant) known = NULL;
  g_autoptr (GVariant) speakers = NULL;
  int changes = 0, before;

  fail_unless (devices == same);
  g_signal_connect (devices, "changed", G_CALLBACK (count), &changes);
  fail_unless (gst_kandy_devices_wait (devices, 10000));
  wait_for (&changes, 1);
  known = g_variant_ref_sink (kandy_device_source_get_devices (source));
  expect_device (
      known, "microphone", 0, "mic", "headset", "audioinput", "Microphone");
  expect_device (
      known, "speaker", 0, "ear", "headset", "audiooutput", "Headphones");
  expect_device (known, "camera", 0, "cam", "cam", "videoinput", "Camera");
  expect_device (
      known, "camera", 1, "any", "any", "videoinput", "Other Camera");

  before = g_atomic_int_get (&changes);
  fake_devices_remove ("ear");
  wait_until_gone (devices, GST_KANDY_DEVICE_SPEAKER);
  wait_for (&changes, before + 1);
  g_clear_pointer (&known, g_variant_unref);
  known = g_variant_ref_sink (kandy_device_source_get_devices (source));
  speakers =
      g_variant_lookup_value (known, "speaker", G_VARIANT_TYPE ("aa{sv}"));
  fail_unless_equals_int (g_variant_n_children (speakers), 0);

  /* one that comes with its friends is told of once */
  before = g_atomic_int_get (&changes);
  fake_devices_add ("Audio/Sink", "a", "A", "box", SOUND_CAPS, 0);
  fake_devices_add ("Audio/Source", "b", "B", "box", SOUND_CAPS, 0);
  fake_devices_add ("Video/Source", "c", "C", "box", RANGE_CAPS, 0);
  wait_for (&changes, before + 1);
  fail_unless_equals_int (g_atomic_int_get (&changes), before + 1);
}
GST_END_TEST;

static void
on_initialized (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  if (kandy_device_source_initialize_finish (
          KANDY_DEVICE_SOURCE (source), result, error))
    *error = g_error_new_literal (G_IO_ERROR, 0, "well");
}

static char *
initialize (gboolean audio, gboolean video)
{
  g_autoptr (GstKandyDevices) devices = gst_kandy_devices_get_default ();
  g_autoptr (GError) error = NULL;

  kandy_device_source_initialize_async (KANDY_DEVICE_SOURCE (devices), audio,
      video, NULL, on_initialized, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  if (error->domain != KANDY_ERROR)
    return NULL;
  fail_unless_equals_string (kandy_error_get_platform_code (error), "call:4");
  return g_strdup (error->message);
}

GST_START_TEST (test_initialize)
{
  g_autoptr (GstKandyDevices) devices = gst_kandy_devices_get_default ();
  g_autofree char *broken = NULL;
  g_autofree char *missing = NULL;

  fail_unless (initialize (TRUE, TRUE) == NULL);
  fail_unless_equals_int (fake_devices_count_open ("mic"), 0);
  fake_devices_break ("mic");
  fail_unless (initialize (FALSE, TRUE) == NULL);
  broken = initialize (TRUE, TRUE);
  fail_unless (g_strrstr (broken, "NotReadableError") != NULL, "%s", broken);
  fake_devices_remove ("cam");
  fake_devices_remove ("any");
  wait_until_gone (devices, GST_KANDY_DEVICE_CAMERA);
  missing = initialize (FALSE, TRUE);
  fail_unless (g_strrstr (missing, "NotFoundError") != NULL, "%s", missing);
}
GST_END_TEST;

static const struct {
  const char *constraints;
  const char *id;   /* or the code of the error */
  const char *caps; /* or a part of its text */
} choices[] = {
  { NULL, "any", "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c", "any", "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c,device-id=cam", "cam",
      "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c,deviceId=\"Other Camera\"", "any",
      "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c,device-id=nobody", "call:4", "constraint: deviceId" },
  { "c,device-id=[d,ideal=nobody]", "any",
      "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c,device-id=[d,ideal=cam]", "cam",
      "video/x-raw,width=640,height=480,framerate=30/1" },
  { "c,width=800,height=600", "any",
      "video/x-raw,width=800,height=600,framerate=30/1" },
  /* a larger picture with a good rate, even if it comes as JPEG */
  { "c,device-id=cam,width=1280,height=720,frame-rate=30", "cam",
      "image/jpeg,width=1280,height=720,framerate=30/1" },
  { "c,device-id=cam,width=1280,height=720,frameRate=10", "cam",
      "video/x-raw,width=1280,height=720,framerate=10/1" },
  { "c,device-id=cam,width=1000", "cam",
      "image/jpeg,width=1280,height=720,framerate=30/1" },
  { "c,width=(string)1280,frame-rate=(string)30000/1001", "any",
      "video/x-raw,width=1280,height=480,framerate=30000/1001" },
  { "c,width=[w,exact=320,ideal=640]", "any",
      "video/x-raw,width=320,height=480,framerate=30/1" },
  { "c,device-id=cam,width=[w,exact=320]", "call:4", "constraint: width" },
  { "c,device-id=cam,width=[w,exact=1280],frame-rate=[f,exact=15]", "call:4",
      "constraint: frameRate" },
  { "c,height=[h,exact=4000]", "call:4", "constraint: height" },
  { "c,frame-rate=[f,exact=120/1]", "call:4", "constraint: frameRate" },
  { "c,frame-rate=[f,ideal=120/1]", "any",
      "video/x-raw,width=640,height=480,framerate=60/1" },
  { "c,colour=red", "call:7", "colour" },
  { "c,width=-1", "call:7", "width" },
  { "c,width=wide", "call:7", "width" },
  { "c,width=[w,about=3]", "call:7", "width" },
  { "c,frame-rate=0/1", "call:7", "frame-rate" },
  { "c,frame-rate=(string)1/0", "call:7", "frame-rate" },
  { "c,width=(double)inf", "call:7", "width" },
  { "c,device-id=3", "call:7", "device-id" },
};

GST_START_TEST (test_choose)
{
  g_autoptr (GstKandyDevices) devices = gst_kandy_devices_get_default ();
  g_autoptr (GPtrArray) cameras = NULL;
  g_autoptr (GstStructure) constraints = NULL;
  g_autoptr (GstDevice) device = NULL;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstCaps) expected = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *text = NULL;

  if (choices[__i__].constraints != NULL) {
    constraints = gst_structure_from_string (choices[__i__].constraints, NULL);
    fail_unless (constraints != NULL, "%s", choices[__i__].constraints);
  }
  fail_unless (gst_kandy_devices_wait (devices, 10000));
  cameras = gst_kandy_devices_list (devices, GST_KANDY_DEVICE_CAMERA);
  /* the flexible one first, so that of equals it is the one */
  g_ptr_array_insert (cameras, 0, g_ptr_array_steal_index (cameras, 1));
  device = gst_kandy_constraints_choose (
      constraints, KANDY_MEDIA_KIND_VIDEO, cameras, &caps, &error);

  if (g_str_has_prefix (choices[__i__].id, "call:")) {
    fail_unless (device == NULL && caps == NULL && error != NULL);
    fail_unless_equals_string (
        kandy_error_get_platform_code (error), choices[__i__].id);
    fail_unless (g_strrstr (error->message, choices[__i__].caps) != NULL, "%s",
        error->message);
    return;
  }
  fail_unless (
      device != NULL, "%s", error != NULL ? error->message : "no error");
  id = gst_kandy_device_get_id (device);
  text = gst_caps_to_string (caps);
  expected = gst_caps_from_string (choices[__i__].caps);
  fail_unless_equals_string (id, choices[__i__].id);
  fail_unless (gst_caps_is_subset (caps, expected), "%s", text);
}
GST_END_TEST;

GST_START_TEST (test_choose_sound)
{
  g_autoptr (GstKandyDevices) devices = gst_kandy_devices_get_default ();
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GstStructure) constraints =
      gst_structure_new ("c", "device-id", G_TYPE_STRING, "mic", NULL);
  g_autoptr (GstDevice) device = NULL;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (gst_kandy_devices_wait (devices, 10000));
  all = gst_kandy_devices_list (devices, GST_KANDY_DEVICE_MICROPHONE);
  device = gst_kandy_constraints_choose (
      constraints, KANDY_MEDIA_KIND_AUDIO, all, &caps, NULL);
  fail_unless (device != NULL && caps != NULL);
  gst_clear_caps (&caps);
  fail_unless (gst_kandy_constraints_choose (
                   NULL, KANDY_MEDIA_KIND_AUDIO, none, &caps, &error)
      == NULL);
  fail_unless (g_strrstr (error->message, "NotFoundError") != NULL);
}
GST_END_TEST;

static Suite *
devices_suite (void)
{
  Suite *suite = suite_create ("devices");
  TCase *tcase = tcase_create ("devices");

  tcase_add_checked_fixture (tcase, set_up, tear_down);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_list);
  tcase_add_test (tcase, test_initialize);
  tcase_add_loop_test (tcase, test_choose, 0, G_N_ELEMENTS (choices));
  tcase_add_test (tcase, test_choose_sound);
  return suite;
}

GST_CHECK_MAIN (devices);
