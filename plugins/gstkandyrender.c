/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin.h"
#include "gstkandydevices.h"
#include "gstkandyrender.h"
#include "gstkandysinkpad.h"

#include <gst/app/gstappsrc.h>

GST_DEBUG_CATEGORY_STATIC (gst_kandy_render_debug);
#define GST_CAT_DEFAULT gst_kandy_render_debug

#define DEVICES_WAIT_MS 5000

typedef struct {
  GstPad *pad;
  KandyMediaKind kind;
  GstElement *sink; /* (nullable) */
  char *device;     /* (nullable) */
  GstPromise *promise;
} Attempt;

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  gst_object_unref (self->pad);
  gst_clear_object (&self->sink);
  g_free (self->device);
  g_clear_pointer (&self->promise, gst_promise_unref);
  g_free (self);
}

static GQuark
renderer_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-renderer");
}

/* (transfer floating) (nullable) */
static GstElement *
make_sink (Attempt *attempt, GError **error)
{
  g_autoptr (GstKandyDevices) all = NULL;
  g_autoptr (GPtrArray) devices = NULL;
  GstElement *sink = NULL;
  guint i;

  if (attempt->sink != NULL)
    return attempt->sink;
  if (attempt->kind == KANDY_MEDIA_KIND_VIDEO)
    sink = gst_element_factory_make ("autovideosink", NULL);
  else if (attempt->device == NULL)
    sink = gst_element_factory_make ("autoaudiosink", NULL);
  else
    all = gst_kandy_devices_get_default ();
  if (all != NULL && gst_kandy_devices_wait (all, DEVICES_WAIT_MS)) {
    devices = gst_kandy_devices_list (all, GST_KANDY_DEVICE_SPEAKER);
    for (i = 0; i < devices->len && sink == NULL; i++) {
      GstDevice *device = g_ptr_array_index (devices, i);
      g_autofree char *id = gst_kandy_device_get_id (device);
      g_autofree char *label = gst_device_get_display_name (device);

      if (g_strcmp0 (id, attempt->device) == 0
          || g_strcmp0 (label, attempt->device) == 0)
        sink = gst_device_create_element (device, NULL);
    }
  }
  if (sink == NULL)
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
            "There is no sink \"%s\" for the track",
            attempt->device != NULL ? attempt->device : "default"));
  return sink;
}

/* (transfer floating): live, and never more than a few buffers behind */
static GstElement *
make_tap (void)
{
  GstElement *tap = gst_element_factory_make ("appsrc", "tap");

  if (tap != NULL)
    g_object_set (tap, "format", GST_FORMAT_TIME, "is-live", TRUE,
        "do-timestamp", TRUE, "max-buffers", (guint64) 5, "leaky-type",
        GST_APP_LEAKY_TYPE_DOWNSTREAM, NULL);
  return tap;
}

/* (transfer floating) (nullable): a bin around @sink (transfer floating) */
static GstElement *
make_renderer (const Attempt *attempt, GstElement *sink)
{
  static const char *const sound[] = { "queue", "audioconvert",
    "audioresample" };
  static const char *const pictures[] = { "queue", "videoconvert",
    "videoscale" };
  const char *const *names =
      attempt->kind == KANDY_MEDIA_KIND_AUDIO ? sound : pictures;
  GstElement *bin = gst_bin_new (NULL), *previous = NULL;
  gboolean good = gst_bin_add (GST_BIN (bin), sink);
  guint i;

  /* A sink that waits for its first buffer is no reason for the pipeline to
   * wait, and the next one that comes meanwhile would be left behind */
  g_object_set (bin, "async-handling", TRUE, NULL);
  if (GST_PAD_IS_SINK (attempt->pad)) {
    previous = make_tap ();
    good = good && previous != NULL && gst_bin_add (GST_BIN (bin), previous);
  }
  for (i = 0; i < G_N_ELEMENTS (sound) && good; i++) {
    GstElement *element = gst_element_factory_make (names[i], NULL);
    g_autoptr (GstPad) pad = NULL;

    good = element != NULL && gst_bin_add (GST_BIN (bin), element);
    if (good && previous == NULL) {
      pad = gst_element_get_static_pad (element, "sink");
      gst_element_add_pad (bin, gst_ghost_pad_new ("sink", pad));
    } else if (good) {
      good = gst_element_link (previous, element);
    }
    previous = element;
  }
  if (good && gst_element_link (previous, sink)
      && gst_element_set_state (bin, GST_STATE_READY)
          != GST_STATE_CHANGE_FAILURE)
    return bin;
  gst_element_set_state (bin, GST_STATE_NULL);
  gst_object_unref (gst_object_ref_sink (bin));
  return NULL;
}

/* @container: (nullable): none */
static void
tell_container (GstElement *element, GstPad *pad, const char *container)
{
  const char *containers[] = { container, NULL };
  g_autofree char *id = NULL;

  g_object_get (pad, "track-id", &id, NULL);
  if (id != NULL)
    gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (element),
        gst_structure_new ("describe-track", "id", G_TYPE_STRING, id,
            "containers", G_TYPE_STRV, containers, NULL),
        NULL);
}

static gboolean
connect (GstPad *pad, GstElement *renderer)
{
  g_autoptr (GstPad) sink_pad = NULL;
  g_autoptr (GstElement) tap = NULL;

  if (GST_PAD_IS_SRC (pad)) {
    sink_pad = gst_element_get_static_pad (renderer, "sink");
    return GST_PAD_LINK_SUCCESSFUL (gst_pad_link (pad, sink_pad));
  }
  tap = gst_bin_get_by_name (GST_BIN (renderer), "tap");
  return gst_kandy_sink_pad_set_tap (GST_KANDY_SINK_PAD (pad), tap);
}

/* On a thread of its own: a device may take its time */
static void
render (GstElement *element, gpointer user_data)
{
  Attempt *attempt = user_data;
  GstObject *key = GST_OBJECT (attempt->pad);
  g_autoptr (GstObject) bin = gst_object_get_parent (GST_OBJECT (element));
  g_autoptr (GError) error = NULL;
  GstElement *sink, *renderer = NULL;

  sink = make_sink (attempt, &error);
  if (sink != NULL) {
    renderer = make_renderer (attempt, sink);
    if (renderer == NULL)
      error = kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
          "The track cannot be played by this sink");
  }
  if (renderer != NULL) {
    gst_object_ref_sink (renderer);
    if (bin == NULL || !GST_IS_BIN (bin)
        || !gst_bin_add (GST_BIN (bin), renderer)) {
      error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
          "The element is in no pipeline");
      gst_element_set_state (renderer, GST_STATE_NULL);
    } else if (!connect (attempt->pad, renderer)) {
      error = kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
          "The track is played by something else already");
      gst_element_set_state (renderer, GST_STATE_NULL);
      gst_bin_remove (GST_BIN (bin), renderer);
    } else {
      g_object_set_qdata_full (G_OBJECT (key), renderer_quark (),
          gst_object_ref (renderer), gst_object_unref);
      gst_element_sync_state_with_parent (renderer);
      tell_container (element, attempt->pad, GST_OBJECT_NAME (sink));
      GST_INFO_OBJECT (element, "%s is played", GST_OBJECT_NAME (key));
      /* its track may have ended meanwhile, which found nothing to stop */
      if (GST_PAD_IS_SINK (attempt->pad)
          && !gst_kandy_sink_pad_is_prepared (
              GST_KANDY_SINK_PAD (attempt->pad)))
        gst_kandy_render_stop (attempt->pad);
    }
    gst_object_unref (renderer);
  }
  gst_kandy_promise_reply (attempt->promise, NULL, error);
}

const char *
gst_kandy_render_check_sink (GstElement *sink)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

  if (pad == NULL)
    return "The sink has no pad \"sink\"";
  return GST_OBJECT_PARENT (sink) != NULL ? "The sink is part of something else"
                                          : NULL;
}

void
gst_kandy_render_track (GstElement *element, GstPad *pad, KandyMediaKind kind,
    GstElement *sink, const char *device, GstPromise *promise)
{
  static gsize once = 0;
  Attempt *attempt = g_new0 (Attempt, 1);

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (
        gst_kandy_render_debug, "kandyrender", 0, "tracks that are played");
    g_once_init_leave (&once, 1);
  }
  attempt->pad = gst_object_ref (pad);
  attempt->kind = kind;
  attempt->sink = sink != NULL ? gst_object_ref (sink) : NULL;
  attempt->device = g_strdup (device);
  attempt->promise = promise;
  gst_element_call_async (element, render, attempt, attempt_free);
}

gboolean
gst_kandy_render_is_on (GstPad *pad)
{
  return g_object_get_qdata (G_OBJECT (pad), renderer_quark ()) != NULL;
}

/* (transfer full) (nullable): what plays @pad no more */
static GstElement *
disconnect (GstPad *pad)
{
  GstElement *renderer =
      g_object_steal_qdata (G_OBJECT (pad), renderer_quark ());
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  g_autoptr (GstPad) sink_pad = NULL;

  if (renderer == NULL)
    return NULL;
  if (element != NULL)
    tell_container (element, pad, NULL);
  gst_element_set_locked_state (renderer, TRUE);
  if (GST_PAD_IS_SRC (pad)) {
    sink_pad = gst_element_get_static_pad (renderer, "sink");
    gst_pad_unlink (pad, sink_pad);
  } else {
    gst_kandy_sink_pad_set_tap (GST_KANDY_SINK_PAD (pad), NULL);
  }
  return renderer;
}

static void
discard (GstElement *bin, gpointer renderer)
{
  gst_element_set_state (renderer, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (bin), renderer);
}

gboolean
gst_kandy_render_stop (GstPad *pad)
{
  g_autoptr (GstElement) renderer = disconnect (pad);
  g_autoptr (GstObject) bin = NULL;

  if (renderer == NULL)
    return FALSE;
  bin = gst_object_get_parent (GST_OBJECT (renderer));
  if (bin != NULL)
    discard (GST_ELEMENT (bin), renderer);
  else
    gst_element_set_state (renderer, GST_STATE_NULL);
  return TRUE;
}

void
gst_kandy_render_stop_later (GstPad *pad)
{
  g_autoptr (GstElement) renderer = disconnect (pad);
  g_autoptr (GstObject) bin = NULL;

  if (renderer != NULL)
    bin = gst_object_get_parent (GST_OBJECT (renderer));
  if (bin != NULL)
    gst_element_call_async (GST_ELEMENT (bin), discard,
        g_steal_pointer (&renderer), gst_object_unref);
}

void
gst_kandy_render_answer (GstPromise *promise, const char *text)
{
  g_autoptr (GError) error = text != NULL
      ? kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0, "%s", text)
      : NULL;

  gst_kandy_promise_reply (promise, NULL, error);
}
