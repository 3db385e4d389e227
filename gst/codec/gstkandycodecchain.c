/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the bins that send and receive have in common: elements that are
 * replaced while the pads around them stay. As it is the streaming thread that
 * replaces them, nothing has to be blocked, and no buffer is in them meanwhile.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycodecchain.h"

#include <gst/video/video.h>

gboolean
gst_kandy_codec_chain_is_empty (GstKandyCodecChain *self)
{
  return self->elements->len == 0;
}

GstElement *
gst_kandy_codec_chain_add (GstKandyCodecChain *self, GstElement *element)
{
  if (!element || !gst_bin_add (self->bin, element)) {
    self->broken = TRUE;
    return NULL;
  }
  g_ptr_array_add (self->elements, element);
  return element;
}

GstElement *
gst_kandy_codec_chain_add_named (GstKandyCodecChain *self, const char *factory)
{
  return gst_kandy_codec_chain_add (
      self, gst_element_factory_make (factory, NULL));
}

GstElement *
gst_kandy_codec_chain_add_filter (GstKandyCodecChain *self, GstCaps *caps)
{
  GstElement *filter = gst_kandy_codec_chain_add_named (self, "capsfilter");

  if (filter)
    g_object_set (filter, "caps", caps, NULL);
  return filter;
}

gboolean
gst_kandy_codec_chain_run (GstKandyCodecChain *self)
{
  g_autoptr (GstPad) first = NULL;
  g_autoptr (GstPad) last = NULL;
  guint i;

  for (i = 1; !self->broken && i < self->elements->len; i++) {
    if (!gst_element_link (g_ptr_array_index (self->elements, i - 1),
            g_ptr_array_index (self->elements, i)))
      self->broken = TRUE;
  }
  if (self->broken || self->elements->len == 0) {
    gst_kandy_codec_chain_clear (self);
    return FALSE;
  }

  first = gst_element_get_static_pad (
      g_ptr_array_index (self->elements, 0), "sink");
  last = gst_element_get_static_pad (
      g_ptr_array_index (self->elements, self->elements->len - 1), "src");
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->src), last);
  for (i = self->elements->len; i > 0; i--)
    gst_element_sync_state_with_parent (
        g_ptr_array_index (self->elements, i - 1));
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->sink), first);
  return TRUE;
}

void
gst_kandy_codec_chain_clear (GstKandyCodecChain *self)
{
  guint i;

  self->broken = FALSE;
  if (self->elements->len == 0)
    return;
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->sink), NULL);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->src), NULL);
  for (i = 0; i < self->elements->len; i++) {
    GstElement *element = g_ptr_array_index (self->elements, i);

    gst_element_set_locked_state (element, TRUE);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_bin_remove (self->bin, element);
  }
  g_ptr_array_set_size (self->elements, 0);
}

static GstPad *
make_pad (
    GstBin *bin, const char *name, GstPadDirection direction, GstCaps *caps)
{
  g_autoptr (GstPadTemplate) pad_template = gst_object_ref_sink (
      gst_pad_template_new (name, direction, GST_PAD_ALWAYS, caps));
  GstPad *pad = gst_ghost_pad_new_no_target_from_template (name, pad_template);

  gst_element_add_pad (GST_ELEMENT (bin), pad);
  return pad;
}

void
gst_kandy_codec_chain_make_pads (GstKandyCodecChain *self, GstBin *bin,
    KandyMediaKind kind, gboolean sending)
{
  g_autoptr (GstCaps) media = gst_kandy_codecs_get_pad_caps (kind);
  g_autoptr (GstCaps) rtp = gst_caps_new_simple ("application/x-rtp", "media",
      G_TYPE_STRING, kind == KANDY_MEDIA_KIND_AUDIO ? "audio" : "video", NULL);

  self->bin = bin;
  self->sink = make_pad (bin, "sink", GST_PAD_SINK, sending ? media : rtp);
  self->src = make_pad (bin, "src", GST_PAD_SRC, sending ? rtp : media);
  self->elements = g_ptr_array_new ();
  self->broken = FALSE;
}

gboolean
gst_kandy_codec_chain_forward (GstKandyCodecChain *self, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_EOS:
      return gst_pad_push_event (self->src, event);
    default:
      gst_event_unref (event);
      return TRUE;
  }
}

typedef struct {
  GstPad *pad;
  GstCaps *caps;
} Replay;

static gboolean
replay_event (GstPad *pad, GstEvent **event, gpointer user_data)
{
  Replay *replay = user_data;

  switch (GST_EVENT_TYPE (*event)) {
    case GST_EVENT_EOS:
      break;
    case GST_EVENT_CAPS:
      gst_pad_push_event (replay->pad, gst_event_new_caps (replay->caps));
      gst_clear_caps (&replay->caps);
      break;
    default:
      if (GST_EVENT_TYPE (*event) > GST_EVENT_CAPS && replay->caps) {
        gst_pad_push_event (replay->pad, gst_event_new_caps (replay->caps));
        gst_clear_caps (&replay->caps);
      }
      gst_pad_push_event (replay->pad, gst_event_ref (*event));
  }
  return TRUE;
}

void
gst_kandy_codec_chain_replay (GstKandyCodecChain *self, GstCaps *caps)
{
  g_autoptr (GstPad) internal = NULL;
  Replay replay = { self->src, gst_caps_ref (caps) };

  if (!gst_kandy_codec_chain_is_empty (self)) {
    internal =
        GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (self->sink)));
    replay.pad = internal;
  }
  gst_pad_sticky_events_foreach (self->sink, replay_event, &replay);
  if (replay.caps) {
    gst_pad_push_event (replay.pad, gst_event_new_caps (replay.caps));
    gst_clear_caps (&replay.caps);
  }
}

void
gst_kandy_codec_chain_request_key_unit (GstPad *sink)
{
  gst_pad_push_event (sink,
      gst_video_event_new_upstream_force_key_unit (
          GST_CLOCK_TIME_NONE, TRUE, 0));
}

gboolean
gst_kandy_codec_chain_query_caps (GstPad *pad, GstQuery *query)
{
  g_autoptr (GstCaps) caps = gst_pad_get_pad_template_caps (pad);

  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS) {
    GstCaps *filter;

    gst_query_parse_caps (query, &filter);
    if (filter) {
      g_autoptr (GstCaps) some =
          gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

      gst_query_set_caps_result (query, some);
    } else {
      gst_query_set_caps_result (query, caps);
    }
  } else {
    GstCaps *asked;

    gst_query_parse_accept_caps (query, &asked);
    gst_query_set_accept_caps_result (
        query, gst_caps_can_intersect (asked, caps));
  }
  return TRUE;
}
