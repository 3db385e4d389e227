/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "gstkandybasebin.h"
#include "gstkandyconnect.h"
#include "gstkandycomfort.h"
#include "gstkandymediasrc.h"
#include "gstkandyreceivebin.h"
#include "gstkandysrcpad.h"

/**
 * SECTION:gstkandysrcpad
 * @title: GstKandySrcPad
 * @short_description: a pad of kandysrc
 *
 * One track of the far end. What it gives out is chosen by what is linked to it
 * first: decoded media if that is taken, else the encoded media, else RTP.
 */

/* Behind the pad:  mediasrc ! receivebin */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_src_pad_debug);
#define GST_CAT_DEFAULT gst_kandy_src_pad_debug

enum { PROP_0, PROP_TRACK_ID, PROP_STREAM_ID, PROP_MUTE, N_PROPERTIES };

struct _GstKandySrcPad {
  GstGhostPad parent_instance;

  KandyMediaKind kind;
  GstKandyReceiveTrack *track; /* (nullable): it may come later, but stays */
  GstKandyMediaSrc *media_src;
  GstElement *receive_bin;
  GstKandyClockMap *clock_map; /* the element's */
  GstKandyFiller filler;

  gboolean output_chosen;

  /* guarded by the object lock */
  gboolean finished;            /* EOS is on its way */
  GstElementCallAsyncFunc gone; /* (nullable) */
  gboolean released;
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstKandySrcPad, gst_kandy_src_pad, GST_TYPE_GHOST_PAD,
    GST_DEBUG_CATEGORY_INIT (gst_kandy_src_pad_debug, "kandysrcpad", 0,
        "media that comes out of a call"))

/* On a streaming thread of the call */
static void
on_rtp (GstKandyReceiveTrack *track, GstBuffer *rtp, GstCaps *caps,
    GstClock *clock, GstClockTime base_time, gpointer user_data)
{
  GstKandySrcPad *self = user_data;
  GstElement *element = GST_ELEMENT (self->media_src);
  g_autoptr (GstClock) our_clock = gst_element_get_clock (element);
  GstClockTime our_base_time = gst_element_get_base_time (element);
  GstClockTime time = GST_BUFFER_PTS (rtp);

  if (our_clock == NULL || !GST_CLOCK_TIME_IS_VALID (our_base_time)) {
    gst_buffer_unref (rtp);
    return;
  }
  if (!GST_CLOCK_TIME_IS_VALID (time)) {
    GstClockTime now = gst_clock_get_time (clock);

    time = now > base_time ? now - base_time : 0;
  }
  time = gst_kandy_clock_map_convert (
      self->clock_map, clock, our_clock, time + base_time);
  /* what came before the pipeline played is not for it */
  if (!GST_CLOCK_TIME_IS_VALID (time) || time < our_base_time) {
    gst_buffer_unref (rtp);
    return;
  }
  rtp = gst_buffer_make_writable (rtp);
  GST_BUFFER_PTS (rtp) = time - our_base_time;
  GST_BUFFER_DTS (rtp) = GST_CLOCK_TIME_NONE;
  gst_kandy_media_src_push (self->media_src, rtp, caps);
}

static GstPadProbeReturn
on_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySrcPad *self = user_data;

  if (self->track != NULL
      && gst_video_event_is_force_key_unit (
          gst_pad_probe_info_get_event (info)))
    gst_kandy_receive_track_request_key_unit (self->track);
  return GST_PAD_PROBE_OK;
}

/* A typefinder or a muxer takes EOS of a stream of which it knows nothing for
 * an error. A pad that nothing has come out of says what would have. */
static void
announce (GstPad *pad, KandyMediaKind kind, gboolean at_end)
{
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstEvent) start =
      gst_pad_get_sticky_event (pad, GST_EVENT_STREAM_START, 0);
  g_autoptr (GstEvent) segment_event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  GstSegment segment;

  if (current != NULL)
    return;
  if (start == NULL) {
    g_autofree char *id = g_strdup_printf ("kandy/%s", GST_PAD_NAME (pad));

    gst_pad_push_event (pad, gst_event_new_stream_start (id));
  }
  if (kind == KANDY_MEDIA_KIND_AUDIO)
    caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING,
        GST_AUDIO_NE (S16), "layout", G_TYPE_STRING, "interleaved", "rate",
        G_TYPE_INT, 48000, "channels", G_TYPE_INT, 1, NULL);
  else
    caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "I420",
        "width", G_TYPE_INT, 320, "height", G_TYPE_INT, 240, "framerate",
        GST_TYPE_FRACTION, 30, 1, NULL);
  /* encoded media, whose caps are not known yet: no segment may come before */
  if (gst_pad_peer_query_accept_caps (pad, caps))
    gst_pad_push_event (pad, gst_event_new_caps (caps));
  else if (!at_end)
    return;
  if (segment_event == NULL) {
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (pad, gst_event_new_segment (&segment));
  }
}

static GstPadProbeReturn
on_output (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySrcPad *self = GST_KANDY_SRC_PAD (pad);
  GstBufferList *list;
  guint n;

  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
    gst_kandy_filler_note (
        &self->filler, pad, gst_pad_probe_info_get_buffer (info));
  } else {
    list = gst_pad_probe_info_get_buffer_list (info);
    n = gst_buffer_list_length (list);
    if (n > 0)
      gst_kandy_filler_note (
          &self->filler, pad, gst_buffer_list_get (list, n - 1));
  }
  return GST_PAD_PROBE_OK;
}

static void
fill (GstClockTime from, GstClockTime to, gpointer user_data)
{
  GstKandySrcPad *self = user_data;

  /* nothing has come out yet; sinks of sound want to know of what it is a gap
   */
  announce (GST_PAD (self), self->kind, FALSE);
  gst_kandy_filler_fill (&self->filler, GST_PAD (self), from, to);
}

/* On the kandy thread: a hold begins or ends */
static void
on_active (GstKandyReceiveTrack *track, GParamSpec *pspec, GstKandySrcPad *self)
{
  gboolean active;

  g_object_get (track, "active", &active, NULL);
  gst_kandy_media_src_set_idle (self->media_src, !active);
}

static GstPadProbeReturn
on_downstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySrcPad *self = GST_KANDY_SRC_PAD (pad);

  if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info)) == GST_EVENT_EOS)
    announce (pad, self->kind, TRUE);
  return GST_PAD_PROBE_OK;
}

/* On some thread */
static void
on_dtmf_tone (GstElement *receive_bin, guint number, GstKandySrcPad *self)
{
  GstElement *element = gst_pad_get_parent_element (GST_PAD (self));

  if (element == NULL)
    return;
  gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (element),
      gst_structure_new ("hear-tone", "number", G_TYPE_UINT, number, NULL),
      NULL);
  gst_object_unref (element);
}

static void on_done (gpointer user_data);

static void
choose_output (GstKandySrcPad *self)
{
  g_autoptr (GstCaps) rtp = NULL;
  g_autoptr (GstCaps) downstream = NULL;
  GstKandyReceiveOutput output;

  if (self->output_chosen || !gst_pad_is_linked (GST_PAD (self)))
    return;
  if (self->track == NULL) {
    gst_kandy_media_src_open (self->media_src);
    return;
  }
  self->output_chosen = TRUE;
  rtp = gst_kandy_receive_track_get_caps (self->track);
  downstream = gst_pad_peer_query_caps (GST_PAD (self), NULL);
  output = gst_kandy_receive_output_for_caps (self->kind, rtp, downstream);
  GST_INFO_OBJECT (self, "output %d for %" GST_PTR_FORMAT, output, downstream);
  g_object_set (self->receive_bin, "output", output, NULL);
  gst_kandy_media_src_open (self->media_src);
}

/* On the kandy thread */
static void
on_muted (KandyTrack *track, GParamSpec *pspec, GstKandySrcPad *self)
{
  gboolean wanted = kandy_track_get_muted (track), muted;

  if (self->receive_bin == NULL)
    return;
  g_object_get (self->receive_bin, "muted", &muted, NULL);
  if (muted == wanted)
    return;
  g_object_set (self->receive_bin, "muted", wanted, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MUTE]);
}

/* On the kandy thread: another track comes, the pad goes on */
static void
on_track (GstKandyReceiveTrack *receive_track, GParamSpec *pspec,
    GstKandySrcPad *self)
{
  KandyTrack *track = gst_kandy_receive_track_get_track (receive_track);

  gst_kandy_connect (track, "notify::muted", G_CALLBACK (on_muted), self);
  on_muted (track, NULL, self);
  if (pspec == NULL)
    return;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TRACK_ID]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STREAM_ID]);
}

static void
set_mute (GstKandySrcPad *self, gboolean mute)
{
  g_autoptr (GstElement) parent = gst_pad_get_parent_element (GST_PAD (self));
  const char *ids[2] = { NULL };

  if (self->track == NULL)
    return;
  g_object_set (self->receive_bin, "muted", mute, NULL);
  ids[0] = kandy_track_get_id (gst_kandy_receive_track_get_track (self->track));
  if (parent != NULL)
    gst_kandy_base_bin_set_tracks_muted (
        GST_KANDY_BASE_BIN (parent), ids, mute, NULL);
}

static void
on_linked (GstPad *pad, GstPad *peer, gpointer user_data)
{
  choose_output (GST_KANDY_SRC_PAD (pad));
}

static void
gst_kandy_src_pad_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_MUTE:
      set_mute (GST_KANDY_SRC_PAD (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_src_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandySrcPad *self = GST_KANDY_SRC_PAD (object);
  KandyTrack *track;

  if (self->track == NULL)
    return;
  track = gst_kandy_receive_track_get_track (self->track);
  switch (id) {
    case PROP_TRACK_ID:
      g_value_set_string (value, kandy_track_get_id (track));
      break;
    case PROP_STREAM_ID:
      g_value_set_string (value, kandy_track_get_stream_id (track));
      break;
    case PROP_MUTE:
      g_object_get_property (G_OBJECT (self->receive_bin), "muted", value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_src_pad_dispose (GObject *object)
{
  GstKandySrcPad *self = GST_KANDY_SRC_PAD (object);

  gst_clear_object (&self->track);
  gst_clear_object (&self->media_src);
  gst_clear_object (&self->receive_bin);

  G_OBJECT_CLASS (gst_kandy_src_pad_parent_class)->dispose (object);
}

static void
gst_kandy_src_pad_finalize (GObject *object)
{
  gst_kandy_filler_clear (&GST_KANDY_SRC_PAD (object)->filler);

  G_OBJECT_CLASS (gst_kandy_src_pad_parent_class)->finalize (object);
}

static void
gst_kandy_src_pad_class_init (GstKandySrcPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = gst_kandy_src_pad_set_property;
  object_class->get_property = gst_kandy_src_pad_get_property;
  object_class->dispose = gst_kandy_src_pad_dispose;
  object_class->finalize = gst_kandy_src_pad_finalize;

  /**
   * GstKandySrcPad:track-id:
   *
   * Id of the track. API document: `TrackObject.id`.
   */
  properties[PROP_TRACK_ID] =
      g_param_spec_string ("track-id", "Track ID", "Id of the far end's track",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandySrcPad:stream-id:
   *
   * Id of the media stream that the track belongs to; sound and picture of one
   * person have the same. API document: `TrackObject.streamId`.
   */
  properties[PROP_STREAM_ID] = g_param_spec_string ("stream-id", "Stream ID",
      "Id of the far end's media stream", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandySrcPad:mute:
   *
   * Silence or black instead of the far end's media, gaps if it is given out
   * encoded. The far end does not hear of it. API document: `media.muteTracks`.
   */
  properties[PROP_MUTE] = g_param_spec_boolean ("mute", "Mute",
      "Silence or black in place of the far end's media", FALSE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_kandy_src_pad_init (GstKandySrcPad *self)
{
  gst_kandy_filler_init (&self->filler);
}

void
gst_kandy_src_pad_take_track (GstKandySrcPad *self, GstKandyReceiveTrack *track)
{
  g_return_if_fail (self->track == NULL);

  self->track = gst_object_ref (track);
  on_track (track, NULL, self);
  gst_kandy_connect (track, "notify::track", G_CALLBACK (on_track), self);
  gst_kandy_connect (track, "notify::active", G_CALLBACK (on_active), self);
}

GstKandySrcPad *
gst_kandy_src_pad_new (GstBin *bin, GstPadTemplate *templ, const char *name,
    KandyMediaKind kind, GstKandyReceiveTrack *track,
    GstKandyClockMap *clock_map, guint group_id)
{
  GstKandySrcPad *self = g_object_new (GST_TYPE_KANDY_SRC_PAD, "name", name,
      "direction", GST_PAD_SRC, "template", templ, NULL);
  g_autoptr (GstCaps) caps =
      track != NULL ? gst_kandy_receive_track_get_caps (track) : NULL;
  g_autofree char *stream_id = NULL;
  g_autoptr (GstPad) inner = NULL;
  g_autoptr (GstPad) target = NULL;
  guint latency = 0;

  if (track != NULL)
    g_object_get (track, "latency", &latency, NULL);
  stream_id = g_strdup_printf ("kandy/%s/%s",
      track != NULL
          ? kandy_track_get_id (gst_kandy_receive_track_get_track (track))
          : "none",
      name);
  self->kind = kind;
  self->clock_map = clock_map;
  self->media_src = gst_kandy_media_src_new (
      stream_id, group_id, latency * GST_MSECOND, caps);
  self->receive_bin = gst_kandy_receive_bin_new (kind);
  gst_object_ref_sink (self->media_src);
  gst_object_ref_sink (self->receive_bin);
  if (track != NULL)
    gst_kandy_src_pad_take_track (self, track);
  gst_kandy_connect (
      self->receive_bin, "dtmf-tone", G_CALLBACK (on_dtmf_tone), self);
  gst_kandy_media_src_set_fill (self->media_src, fill, self);
  gst_kandy_media_src_set_done (self->media_src, on_done, self);

  gst_bin_add_many (
      bin, GST_ELEMENT (self->media_src), self->receive_bin, NULL);
  gst_element_link (GST_ELEMENT (self->media_src), self->receive_bin);
  inner = gst_element_get_static_pad (GST_ELEMENT (self->media_src), "src");
  gst_pad_add_probe (
      inner, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream_event, self, NULL);
  target = gst_element_get_static_pad (self->receive_bin, "src");
  gst_ghost_pad_set_target (GST_GHOST_PAD (self), target);
  gst_pad_add_probe (GST_PAD (self), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      on_downstream_event, NULL, NULL);
  gst_pad_add_probe (GST_PAD (self),
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_output,
      NULL, NULL);
  g_signal_connect (self, "linked", G_CALLBACK (on_linked), NULL);

  gst_element_sync_state_with_parent (self->receive_bin);
  gst_element_sync_state_with_parent (GST_ELEMENT (self->media_src));
  return self;
}

GstKandySrcPad *
gst_kandy_src_pad_new_empty (GstPadTemplate *templ, const char *name)
{
  GstKandySrcPad *self = g_object_new (GST_TYPE_KANDY_SRC_PAD, "name", name,
      "direction", GST_PAD_SRC, "template", templ, NULL);

  self->finished = TRUE;
  return self;
}

void
gst_kandy_src_pad_end_empty (GstKandySrcPad *self, KandyMediaKind kind)
{
  announce (GST_PAD (self), kind, TRUE);
  gst_pad_push_event (GST_PAD (self), gst_event_new_eos ());
}

void
gst_kandy_src_pad_set_detect_dtmf (GstKandySrcPad *self, gboolean detect)
{
  if (self->receive_bin != NULL)
    g_object_set (self->receive_bin, "detect-dtmf", detect, NULL);
}

void
gst_kandy_src_pad_set_comfort (GstKandySrcPad *self, GstKandyComfort comfort)
{
  gst_kandy_filler_set_comfort (&self->filler, comfort);
}

void
gst_kandy_src_pad_start (GstKandySrcPad *self)
{
  gboolean over;

  choose_output (self);
  if (self->track == NULL) {
    gst_kandy_media_src_set_idle (self->media_src, TRUE);
    return;
  }
  on_active (self->track, NULL, self);
  gst_kandy_receive_track_set_consumer (
      self->track, on_rtp, gst_object_ref (self), gst_object_unref);
  /* the application may have stopped the element meanwhile */
  GST_OBJECT_LOCK (self);
  over = self->released || self->finished;
  GST_OBJECT_UNLOCK (self);
  if (over)
    gst_kandy_receive_track_set_consumer (self->track, NULL, NULL, NULL);
}

void
gst_kandy_src_pad_finish (GstKandySrcPad *self)
{
  gboolean finished;

  GST_OBJECT_LOCK (self);
  finished = self->finished;
  self->finished = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (finished)
    return;
  if (self->track != NULL)
    gst_kandy_receive_track_set_consumer (self->track, NULL, NULL, NULL);
  gst_kandy_media_src_push_eos (self->media_src);
}

static void
on_done (gpointer user_data)
{
  GstKandySrcPad *self = user_data;
  g_autoptr (GstElement) parent = gst_pad_get_parent_element (GST_PAD (self));
  GstElementCallAsyncFunc gone;

  GST_OBJECT_LOCK (self);
  gone = self->gone;
  self->gone = NULL;
  GST_OBJECT_UNLOCK (self);
  if (gone != NULL && parent != NULL)
    gst_element_call_async (
        parent, gone, gst_object_ref (self), gst_object_unref);
}

void
gst_kandy_src_pad_leave (GstKandySrcPad *self, GstElementCallAsyncFunc gone)
{
  GST_OBJECT_LOCK (self);
  self->gone = self->finished ? NULL : gone;
  GST_OBJECT_UNLOCK (self);
  gst_kandy_src_pad_finish (self);
  /* who does not listen does not hear the end */
  if (!gst_kandy_media_src_is_open (self->media_src))
    on_done (self);
}

gboolean
gst_kandy_src_pad_is_finished (GstKandySrcPad *self)
{
  gboolean finished;

  GST_OBJECT_LOCK (self);
  finished = self->finished;
  GST_OBJECT_UNLOCK (self);
  return finished;
}

void
gst_kandy_src_pad_release (GstKandySrcPad *self, GstBin *bin)
{
  GstElement *elements[] = { GST_ELEMENT (self->media_src), self->receive_bin };
  guint i;

  if (self->media_src == NULL)
    return;
  GST_OBJECT_LOCK (self);
  self->released = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (self->track != NULL)
    gst_kandy_receive_track_set_consumer (self->track, NULL, NULL, NULL);
  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    gst_element_set_locked_state (elements[i], TRUE);
    gst_element_set_state (elements[i], GST_STATE_NULL);
  }
  gst_ghost_pad_set_target (GST_GHOST_PAD (self), NULL);
  for (i = 0; i < G_N_ELEMENTS (elements); i++)
    gst_bin_remove (bin, elements[i]);
}

KandyMediaKind
gst_kandy_src_pad_get_kind (GstKandySrcPad *self)
{
  return self->kind;
}

GstKandyReceiveTrack *
gst_kandy_src_pad_get_track (GstKandySrcPad *self)
{
  return self->track;
}
