/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls argv[1], sends a tone, plays what comes back until the call is over.
 * The account comes from the environment: KANDY_SERVER, KANDY_USERNAME, ... */
#include <gst/gst.h>

int
main (int argc, char *argv[])
{
  GstElement *pipeline, *sink;
  GstBus *bus;
  GstMessage *message;
  GError *error = NULL;

  gst_init (&argc, &argv);
  pipeline = gst_parse_launch ("kandysink name=sink "
                               "audiotestsrc is-live=true ! sink.audio_0 "
                               "kandysrc media=audio ! audioconvert "
                               "! audioresample ! autoaudiosink",
      NULL);
  g_return_val_if_fail (pipeline != NULL && argc == 2, 2);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_object_set (sink, "destination", argv[1], NULL);
  gst_object_unref (sink);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (pipeline);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);

  gst_message_unref (message);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return error != NULL;
}
