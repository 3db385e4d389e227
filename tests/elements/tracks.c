/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tracks.h"

#include <math.h>

#include "fixture.h"
#include "../patience.h"

static void
on_pad_added (GstElement *src, GstPad *pad, GstElement *pipeline)
{
  gboolean audio = g_str_has_prefix (GST_PAD_NAME (pad), "audio");
  g_autofree char *line = g_strdup_printf (
      "queue ! %s ! appsink name=at_%s sync=false max-buffers=%d drop=true "
      "wait-on-eos=false",
      audio ? "audioconvert ! audioresample ! "
              "audio/x-raw,format=S16LE,rate=48000,channels=1"
            : "videoconvert ! video/x-raw,format=RGB",
      GST_PAD_NAME (pad), audio ? 500 : 5);
  GstElement *bin = gst_parse_bin_from_description (line, TRUE, NULL);
  g_autofree char *name = g_strconcat ("bin_", GST_PAD_NAME (pad), NULL);
  g_autoptr (GstPad) sink = NULL;

  gst_object_set_name (GST_OBJECT (bin), name);
  gst_bin_add (GST_BIN (pipeline), bin);
  gst_element_sync_state_with_parent (bin);
  sink = gst_element_get_static_pad (bin, "sink");
  fail_unless_equals_int (gst_pad_link (pad, sink), GST_PAD_LINK_OK);
}

static void
on_pad_removed (GstElement *src, GstPad *pad, GstElement *pipeline)
{
  g_autofree char *name = g_strconcat ("bin_", GST_PAD_NAME (pad), NULL);
  g_autoptr (GstElement) bin = gst_bin_get_by_name (GST_BIN (pipeline), name);

  if (bin == NULL)
    return;
  gst_element_set_locked_state (bin, TRUE);
  gst_element_set_state (bin, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (pipeline), bin);
}

void
tracks_watch (GstElement *pipeline)
{
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");

  g_signal_connect (src, "pad-added", G_CALLBACK (on_pad_added), pipeline);
  g_signal_connect (src, "pad-removed", G_CALLBACK (on_pad_removed), pipeline);
}

gboolean
tracks_has (GstElement *pipeline, const char *name)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), name);

  return element != NULL;
}

typedef struct {
  GstElement *pipeline;
  const char *name;
  gboolean there;
} Presence;

static gboolean
is_so (gpointer user_data)
{
  const Presence *presence = user_data;

  return tracks_has (presence->pipeline, presence->name) == presence->there;
}

void
tracks_until (GstElement *pipeline, const char *name, gboolean there)
{
  Presence presence = { pipeline, name, there };

  fixture_until (is_so, &presence, name);
}

void
tracks_assert_hears (GstElement *pipeline, const char *name, guint frequency)
{
  gint64 end = patience_end (10);
  double heard;

  tracks_until (pipeline, name, TRUE);
  do
    heard = fixture_hear (pipeline, name, 1);
  while (fabs (heard - frequency) > frequency / 50.0
      && g_get_monotonic_time () < end);
  fail_unless (
      fabs (heard - frequency) <= frequency / 50.0, "heard %f Hz", heard);
}

void
tracks_assert_sees (GstElement *pipeline, const char *name, TracksColor color)
{
  gint64 end = patience_end (10);
  guint rgb[3], i;
  gboolean seen;

  do {
    fixture_see (pipeline, name, 5, rgb);
    seen = rgb[color] > 150;
    for (i = 0; i < 3; i++)
      seen &= i == color || rgb[i] < 100;
  } while (!seen && g_get_monotonic_time () < end);
  fail_unless (seen, "%u %u %u", rgb[0], rgb[1], rgb[2]);
}

GstStructure *
tracks_describe (GstElement *element, const char *id)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  GstStructure *track = NULL;

  g_signal_emit_by_name (element, "get-track", id, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_unless (gst_structure_get (gst_promise_get_reply (promise), "track",
                   GST_TYPE_STRUCTURE, &track, NULL),
      "no track %s", id);
  return track;
}

GstStructure *
tracks_find_stats (GstElement *element, const char *type, const char *kind)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  const GValue *report;
  guint i;

  g_signal_emit_by_name (element, "get-stats", promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  report = gst_structure_get_value (gst_promise_get_reply (promise), "report");
  for (i = 0; report != NULL && i < gst_value_list_get_size (report); i++) {
    const GstStructure *entry =
        gst_value_get_structure (gst_value_list_get_value (report, i));

    if (g_strcmp0 (gst_structure_get_string (entry, "type"), type) == 0
        && g_strcmp0 (gst_structure_get_string (entry, "kind"), kind) == 0)
      return gst_structure_copy (entry);
  }
  return NULL;
}
