/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmfdetector.h"

#include <gst/app/gstappsrc.h>

/* A second of sound, if the machine is busy */
#define MAX_BUFFERS 50

struct _GstKandyDtmfDetector {
  GstElement *pipeline;
  GstElement *source;
  GstCaps *caps;
  GstKandyDtmfHeard heard;
  gpointer user_data;
};

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GstKandyDtmfDetector *self = user_data;
  const GstStructure *s = gst_message_get_structure (message);
  int number;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_structure_has_name (s, "dtmf-event")
      && gst_structure_get_int (s, "number", &number) && number >= 0
      && number <= 15)
    self->heard ((guint) number, self->user_data);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

GstKandyDtmfDetector *
gst_kandy_dtmf_detector_new (
    GstKandyDtmfHeard heard, gpointer user_data, const char **missing)
{
  static const char *const names[] = { "appsrc", "audioconvert",
    "audioresample", "dtmfdetect", "fakesink" };
  GstElement *elements[G_N_ELEMENTS (names)];
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBus) bus = NULL;
  GstKandyDtmfDetector *self;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    elements[i] = gst_element_factory_make (names[i], NULL);
    if (!elements[i]) {
      *missing = names[i];
      return NULL;
    }
    gst_bin_add (GST_BIN (pipeline), elements[i]);
    if (i > 0)
      gst_element_link (elements[i - 1], elements[i]);
  }
  g_object_set (elements[0], "format", GST_FORMAT_TIME, "is-live", TRUE,
      "max-buffers", (guint64) MAX_BUFFERS, "max-bytes", (guint64) 0,
      "leaky-type", GST_APP_LEAKY_TYPE_DOWNSTREAM, NULL);
  g_object_set (elements[G_N_ELEMENTS (names) - 1], "sync", FALSE, "async",
      FALSE, "enable-last-sample", FALSE, NULL);

  self = g_new0 (GstKandyDtmfDetector, 1);
  self->heard = heard;
  self->user_data = user_data;
  self->source = gst_object_ref (elements[0]);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, self, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  self->pipeline = g_steal_pointer (&pipeline);
  return self;
}

void
gst_kandy_dtmf_detector_free (GstKandyDtmfDetector *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (self->source);
  gst_object_unref (self->pipeline);
  gst_clear_caps (&self->caps);
  g_free (self);
}

void
gst_kandy_dtmf_detector_push (
    GstKandyDtmfDetector *self, GstBuffer *buffer, GstCaps *caps)
{
  if (!self->caps || !gst_caps_is_equal (self->caps, caps)) {
    gst_caps_replace (&self->caps, caps);
    gst_app_src_set_caps (GST_APP_SRC (self->source), caps);
  }
  gst_app_src_push_buffer (GST_APP_SRC (self->source), gst_buffer_ref (buffer));
}
