/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers the calls of those who are named on the command line with a ticking
 * clock, and rejects all others:
 *
 *   KANDY_SERVER=http://127.0.0.1:8080 KANDY_USERNAME=bob@loopback.example \
 *   KANDY_PASSWORD=bob kandy-answer alice@loopback.example
 *
 * Shows the signals and actions of the elements, and a pipeline that outlives
 * its calls.
 */
#include <glib-unix.h>
#include <gst/gst.h>

static char **welcome;

/* @from is an address or sip:address */
static gboolean
is_welcome (const char *from)
{
  const char *address = g_str_has_prefix (from, "sip:") ? from + 4 : from;

  return g_strv_contains ((const char *const *) welcome, address);
}

/* On the thread of the call: it must not wait for anything here */
static void
on_incoming_call (GstElement *element, const char *call_id, const char *from,
    const char *name, gpointer user_data)
{
  gboolean take = is_welcome (from);

  g_print ("%s calls: %s\n", from, take ? "answered" : "rejected");
  g_signal_emit_by_name (element, take ? "answer" : "reject", NULL);
}

static void
on_call_ended (GstElement *element, gboolean failed, gpointer user_data)
{
  g_print ("the call %s\n", failed ? "failed" : "is over");
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GMainLoop *loop = user_data;
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_main_loop_quit (loop);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_PROGRESS) {
    g_autofree char *text = NULL;

    gst_message_parse_progress (message, NULL, NULL, &text);
    g_print ("%s\n", text);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  welcome = argv + 1;

  pipeline = gst_parse_launch ("audiotestsrc is-live=true wave=ticks ! "
                               "kandysink name=sink eos-on-end=false",
      &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "incoming-call", G_CALLBACK (on_incoming_call), NULL);
  g_signal_connect (sink, "call-ended", G_CALLBACK (on_call_ended), NULL);

  loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, loop);
  g_unix_signal_add (SIGINT, on_interrupt, loop);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  return 0;
}
