/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include <kandy-loopback.h>

#include "bench-pair.h"

/* Two endpoints of a call made of the elements, each with a pipeline, an
 * account and a session of its own */

typedef struct {
  GstElement *pipeline;
  GstElement *sink;
  GstElement *src;
  BenchEar ear;
  BenchMarks *marks;
  gboolean ready;     /* subscribed */
  gint over;          /* atomic, the last call has ended */
  gint64 answered_us; /* the platform took this end's answer */
} End;

struct _BenchElements {
  End ends[2];
};

static void
on_pad_added (GstElement *src, GstPad *pad, gpointer user_data)
{
  End *end = user_data;
  const char *line = "audioconvert ! audioresample ! "
                     "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
                     "fakesink name=ear sync=false async=false";
  GstElement *bin, *sink;
  GstPad *sinkpad;

  if (end->marks)
    line = "capsfilter caps=audio/x-mulaw ! "
           "fakesink name=ear sync=false async=false";
  bin = gst_parse_bin_from_description (line, TRUE, NULL);
  gst_bin_add (GST_BIN (end->pipeline), bin);
  sink = gst_bin_get_by_name (GST_BIN (bin), "ear");
  sinkpad = gst_element_get_static_pad (sink, "sink");
  if (end->marks)
    bench_marks_listen (end->marks, sinkpad);
  else
    bench_ear_attach (&end->ear, sinkpad);
  gst_object_unref (sinkpad);
  gst_object_unref (sink);
  gst_element_sync_state_with_parent (bin);
  sinkpad = gst_element_get_static_pad (bin, "sink");
  gst_pad_link (pad, sinkpad);
  gst_object_unref (sinkpad);
}

static void
on_pad_removed (GstElement *src, GstPad *pad, gpointer user_data)
{
  End *end = user_data;
  GstIterator *it;
  GValue item = G_VALUE_INIT;
  GList *gone = NULL, *l;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  /* the bins that on_pad_added made are those whose sink is not linked now */
  it = gst_bin_iterate_elements (GST_BIN (end->pipeline));
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    GstElement *element = g_value_get_object (&item);

    if (GST_IS_BIN (element) && element != end->sink && element != end->src) {
      GstPad *sinkpad = gst_element_get_static_pad (element, "sink");

      if (sinkpad && !gst_pad_is_linked (sinkpad))
        gone = g_list_prepend (gone, gst_object_ref (element));
      g_clear_object (&sinkpad);
    }
    g_value_unset (&item);
  }
  gst_iterator_free (it);
  for (l = gone; l; l = l->next) {
    gst_element_set_state (l->data, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (end->pipeline), l->data);
  }
  g_list_free_full (gone, gst_object_unref);
}

static void
on_operation (GstElement *sink, const char *name, const GstStructure *payload,
    gpointer user_data)
{
  End *end = user_data;

  if (g_strcmp0 (gst_structure_get_string (payload, "operation"), "ANSWER") == 0
      && g_strcmp0 (gst_structure_get_string (payload, "transition"), "FINISH")
          == 0)
    end->answered_us = g_get_monotonic_time ();
}

static void
on_call_ended (GstElement *src, gboolean failed, gpointer user_data)
{
  End *end = user_data;

  g_atomic_int_set (&end->over, TRUE);
  g_main_context_wakeup (NULL);
}

static gboolean
on_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  End *end = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_PROGRESS) {
    GstProgressType type;
    g_autofree char *code = NULL;

    gst_message_parse_progress (message, &type, &code, NULL);
    if (type == GST_PROGRESS_TYPE_COMPLETE && g_str_equal (code, "subscribe"))
      end->ready = TRUE;
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree char *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    g_printerr (
        "%s: %s\n%s\n", GST_MESSAGE_SRC_NAME (message), error->message, debug);
    exit (1);
  }
  return G_SOURCE_CONTINUE;
}

static void
end_start (
    End *end, const char *uri, guint number, gboolean callee, BenchMarks *marks)
{
  /* one account a pair and end, so that calls of several pairs do not meet */
  g_autofree char *user =
      g_strdup_printf ("bench%u%c", number, callee ? 'b' : 'a');
  g_autofree char *source = marks
      ? g_strdup ("appsrc name=marks is-live=true do-timestamp=true "
                  "format=time caps=audio/x-mulaw,rate=8000,channels=1")
      : g_strdup_printf (
          "audiotestsrc is-live=true wave=sine freq=%d samplesperbuffer=480 "
          "! audio/x-raw,format=S16LE,rate=48000,channels=1",
          (int) (callee ? BENCH_TONE_B : BENCH_TONE_A));
  g_autofree char *line = g_strdup_printf (
      "%s ! kandysink name=sink session=s server=%s "
      "username=%s@loopback.example password=bench client-id=loopback "
      "eos-on-end=false "
      "kandysrc name=src session=s latency=60 %s",
      source, uri, user, callee ? "auto-answer=true" : "");
  g_autoptr (GError) error = NULL;
  GstBus *bus;

  end->marks = marks;
  bench_ear_init (&end->ear, callee ? BENCH_TONE_A : BENCH_TONE_B);
  end->pipeline = gst_parse_launch (line, &error);
  if (error)
    g_error ("%s", error->message);
  end->sink = gst_bin_get_by_name (GST_BIN (end->pipeline), "sink");
  end->src = gst_bin_get_by_name (GST_BIN (end->pipeline), "src");
  g_signal_connect (end->src, "pad-added", G_CALLBACK (on_pad_added), end);
  g_signal_connect (
      end->sink, "event::call:operation", G_CALLBACK (on_operation), end);
  g_signal_connect (end->src, "call-ended", G_CALLBACK (on_call_ended), end);
  g_signal_connect (end->src, "pad-removed", G_CALLBACK (on_pad_removed), end);
  bus = gst_element_get_bus (end->pipeline);
  gst_bus_add_watch (bus, on_bus, end);
  gst_object_unref (bus);
  gst_element_set_state (end->pipeline, GST_STATE_PLAYING);
}

static void
end_stop (End *end)
{
  GstBus *bus = gst_element_get_bus (end->pipeline);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  gst_element_set_state (end->pipeline, GST_STATE_NULL);
  gst_object_unref (end->sink);
  gst_object_unref (end->src);
  gst_object_unref (end->pipeline);
}

static gboolean
are_ready (gpointer user_data)
{
  BenchElements *self = user_data;

  return self->ends[0].ready && self->ends[1].ready;
}

void
bench_add_accounts (KandyLoopback *loopback, guint number)
{
  guint i;

  for (i = 0; i < 2; i++) {
    g_autofree char *account =
        g_strdup_printf ("bench%u%c@loopback.example", number, 'a' + i);

    kandy_loopback_add_account (loopback, account, "bench", NULL);
  }
}

BenchElements *
bench_elements_new (const char *uri, guint number, BenchMarks *marks_at_a,
    BenchMarks *marks_at_b)
{
  BenchElements *self = g_new0 (BenchElements, 1);

  end_start (&self->ends[0], uri, number, FALSE, marks_at_a);
  end_start (&self->ends[1], uri, number, TRUE, marks_at_b);
  if (!bench_wait (are_ready, self, BENCH_CALL_TIMEOUT))
    g_error ("no subscription within the time");
  return self;
}

void
bench_elements_free (BenchElements *self)
{
  end_stop (&self->ends[0]);
  end_stop (&self->ends[1]);
  g_free (self);
}

gint64
bench_elements_call (BenchElements *self, guint number)
{
  g_autofree char *callee = g_strdup_printf ("bench%ub", number);
  gint64 now;

  bench_ear_reset (&self->ends[0].ear);
  bench_ear_reset (&self->ends[1].ear);
  self->ends[0].over = self->ends[1].over = FALSE;
  now = g_get_monotonic_time ();
  g_signal_emit_by_name (self->ends[0].sink, "call", callee, NULL);
  return now;
}

gboolean
bench_elements_heard (gpointer user_data)
{
  BenchElements *self = user_data;

  return self->ends[0].ear.heard_us != 0 && self->ends[1].ear.heard_us != 0;
}

void
bench_elements_print (BenchElements *self)
{
  guint i;

  for (i = 0; i < 2; i++) {
    static const char *const names[] = { "state", "media-connection-state",
      "stats" };
    guint j;

    g_printerr ("the %s has heard %s\n", i ? "called end" : "caller",
        self->ends[i].ear.heard_us ? "the other end" : "nothing");
    for (j = 0; j < G_N_ELEMENTS (names); j++) {
      GValue value = G_VALUE_INIT;
      g_autofree char *text = NULL;

      g_object_get_property (G_OBJECT (self->ends[i].src), names[j], &value);
      text = g_strdup_value_contents (&value);
      g_printerr ("  %s: %s\n", names[j], text);
      g_value_unset (&value);
    }
  }
}

static gboolean
are_idle (gpointer user_data)
{
  BenchElements *self = user_data;

  return g_atomic_int_get (&self->ends[0].over)
      && g_atomic_int_get (&self->ends[1].over);
}

void
bench_elements_hang_up (BenchElements *self)
{
  g_signal_emit_by_name (self->ends[0].sink, "end", NULL);
  if (!bench_wait (are_idle, self, BENCH_CALL_TIMEOUT))
    g_error ("the call has not ended within the time");
}

BenchEar *
bench_elements_get_ear (BenchElements *self, guint end)
{
  return &self->ends[end].ear;
}

gint64
bench_elements_get_answered_us (BenchElements *self)
{
  return self->ends[1].answered_us;
}

GstElement *
bench_elements_get_marks_source (BenchElements *self, guint end)
{
  return gst_bin_get_by_name (GST_BIN (self->ends[end].pipeline), "marks");
}
