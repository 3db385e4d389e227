/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/app/gstappsrc.h>

#include "gstkandyrender.h"
#include "gstkandysink-private.h"
#include "gstkandysinkpad-private.h"

/* SECTION: tracks that are sent, played here
 *
 * Who links a pad can have a tee before it. What comes from a device that the
 * element has opened cannot be had otherwise.
 */

static void
give (GstElement *tap, GstBuffer *buffer, GstCaps *caps)
{
  /* the appsrc gives it another time */
  g_autoptr (GstBuffer) own = gst_buffer_copy (buffer);
  g_autoptr (GstSample) sample = gst_sample_new (own, caps, NULL, NULL);

  gst_app_src_push_sample (GST_APP_SRC (tap), sample);
}

/* Where the stand-in of a source passes, too */
static GstPadProbeReturn
on_input (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySinkPad *self = user_data;
  g_autoptr (GstElement) tap = NULL;
  g_autoptr (GstCaps) caps = NULL;
  gboolean muted;
  GstBufferList *list;
  guint i;

  GST_OBJECT_LOCK (self);
  g_set_object (&tap, self->tap);
  GST_OBJECT_UNLOCK (self);
  caps = gst_pad_get_current_caps (pad);
  g_object_get (self->send_bin, "muted", &muted, NULL);
  if (tap == NULL || caps == NULL || muted)
    return GST_PAD_PROBE_OK;
  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
    give (tap, gst_pad_probe_info_get_buffer (info), caps);
    return GST_PAD_PROBE_OK;
  }
  list = gst_pad_probe_info_get_buffer_list (info);
  for (i = 0; i < gst_buffer_list_length (list); i++)
    give (tap, gst_buffer_list_get (list, i), caps);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_raw (GstPad *pad)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  return caps == NULL
      || g_str_has_suffix (
          gst_structure_get_name (gst_caps_get_structure (caps, 0)), "/x-raw");
}

gboolean
gst_kandy_sink_pad_set_tap (GstKandySinkPad *self, GstElement *tap)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->clocksync, "sink");
  gulong probe;

  if (tap != NULL && !is_raw (pad))
    return FALSE;
  GST_OBJECT_LOCK (self);
  g_set_object (&self->tap, tap);
  probe = self->tap_probe;
  self->tap_probe = 0;
  GST_OBJECT_UNLOCK (self);
  if (probe != 0)
    gst_pad_remove_probe (pad, probe);
  if (tap == NULL)
    return TRUE;
  probe = gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_input,
      self, NULL);
  GST_OBJECT_LOCK (self);
  self->tap_probe = probe;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* (transfer full) (nullable) */
static GstKandySinkPad *
find_pad (GstKandySink *self, const char *track_id)
{
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; track_id != NULL && i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);
    g_autofree char *id = gst_kandy_sink_pad_dup_track_id (pad);

    if (g_strcmp0 (id, track_id) == 0)
      return gst_object_ref (pad);
  }
  return NULL;
}

static void
render_track (GstKandySink *self, const char *track_id, GstElement *sink,
    const char *device, GstPromise *promise)
{
  g_autoptr (GstKandySinkPad) pad = find_pad (self, track_id);
  const char *text = sink != NULL ? gst_kandy_render_check_sink (sink) : NULL;

  if (pad == NULL)
    text = "There is no track of this id that is sent";
  else if (text == NULL && gst_kandy_render_is_on (GST_PAD (pad)))
    text = "The track is played already";
  if (text != NULL)
    gst_kandy_render_answer (promise, text);
  else
    gst_kandy_render_track (GST_ELEMENT (self), GST_PAD (pad),
        gst_kandy_sink_pad_get_kind (pad), sink, device,
        promise != NULL ? gst_promise_ref (promise) : NULL);
}

static void
remove_track (GstKandySink *self, const char *track_id, GstPromise *promise)
{
  g_autoptr (GstKandySinkPad) pad = find_pad (self, track_id);

  gst_kandy_render_answer (promise,
      pad != NULL && gst_kandy_render_stop (GST_PAD (pad))
          ? NULL
          : "There is no such track that is rendered");
}

void
gst_kandy_sink_install_render (GType type)
{
  /**
   * GstKandySink::render-track:
   * @self: the element
   * @track_id: a track that is sent, see #GstKandySinkPad:track-id
   * @sink: (nullable): an element or bin with a pad `sink` that is in no bin
   * @device: (nullable): without @sink, the speaker to play sound with, by its
   *   `deviceId` or label; %NULL for the usual one
   * @promise: (nullable): to be told how it went
   *
   * Shows here what the far end sees, in the pipeline that the element is in;
   * what comes from a device that the element has opened, for example. Nothing
   * is given out while the track is muted. It is over when the track goes, or
   * by #GstKandySink::remove-track. `code` of the reply is `call:7` for a track
   * or a sink that is none, or a track that is played already or comes encoded,
   * `call:4` if the sink cannot be had. API document: `media.renderTracks`.
   */
  g_signal_new_class_handler ("render-track", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (render_track), NULL,
      NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING, GST_TYPE_ELEMENT,
      G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandySink::remove-track:
   * @self: the element
   * @track_id: a track that is rendered
   * @promise: (nullable): to be told how it went
   *
   * Takes #GstKandySink::render-track back; the call goes on. Not to be emitted
   * on a streaming thread of the sink. `code` of the reply is `call:7` if the
   * track is not rendered. API document: `media.removeTracks`.
   */
  g_signal_new_class_handler ("remove-track", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (remove_track), NULL,
      NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_PROMISE);
}
