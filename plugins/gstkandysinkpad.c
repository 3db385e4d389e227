/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/app/app.h>
#include <gst/audio/streamvolume.h>
#include <gst/pbutils/pbutils.h>
#include <gst/video/video.h>

#include "gstkandybasebin.h"
#include "gstkandyconnect.h"
#include "gstkandydevicesrc.h"
#include "gstkandyrender.h"
#include "gstkandysendbin.h"
#include "gstkandysink-private.h"
#include "gstkandysinkpad-private.h"

/**
 * SECTION:gstkandysinkpad
 * @title: GstKandySinkPad
 * @short_description: a pad of kandysink
 *
 * Media that is live is sent as it comes, and lost while there is no call. What
 * is not live, a file for example, waits until the call is there and is then
 * sent by the clock from its beginning.
 */

GST_DEBUG_CATEGORY (gst_kandy_sink_pad_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_pad_debug

enum {
  PROP_0,
  PROP_MUTE,
  PROP_VOLUME,
  PROP_MAX_BITRATE,
  PROP_CODEC_NAME,
  PROP_TRACK_ID,
  PROP_STREAM_ID,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstKandySinkPad, gst_kandy_sink_pad,
    GST_TYPE_GHOST_PAD,
    G_IMPLEMENT_INTERFACE (GST_TYPE_STREAM_VOLUME, NULL)
        GST_DEBUG_CATEGORY_INIT (gst_kandy_sink_pad_debug, "kandysinkpad", 0,
            "media that goes into a call"))

static GstKandySendTrack *
dup_track (GstKandySinkPad *self)
{
  GstKandySendTrack *track = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&track, self->track);
  GST_OBJECT_UNLOCK (self);
  return track;
}

static void
update_bitrate (GstKandySinkPad *self)
{
  g_autoptr (GstElement) send_bin = NULL;
  guint bitrate;

  GST_OBJECT_LOCK (self);
  g_set_object (&send_bin, self->send_bin);
  bitrate = self->max_bitrate;
  if (self->far_bitrate != 0 && (bitrate == 0 || self->far_bitrate < bitrate))
    bitrate = self->far_bitrate;
  GST_OBJECT_UNLOCK (self);

  if (send_bin != NULL)
    g_object_set (send_bin, "max-bitrate", bitrate, NULL);
}

/* The track */

static void
on_negotiated (GstKandySendTrack *track, GstKandySinkPad *self)
{
  g_autoptr (GstCaps) caps = gst_kandy_send_track_get_negotiated_caps (track);
  g_autoptr (GstElement) send_bin = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&send_bin, self->send_bin);
  GST_OBJECT_UNLOCK (self);

  GST_DEBUG_OBJECT (self, "is sent as %" GST_PTR_FORMAT, caps);
  if (send_bin != NULL)
    g_object_set (send_bin, "negotiated-caps", caps, NULL);
}

static void
on_force_key_unit (
    GstKandySendTrack *track, gboolean all_headers, GstKandySinkPad *self)
{
  g_autoptr (GstElement) appsink = NULL;
  g_autoptr (GstPad) pad = NULL;

  /* on any thread, maybe while the pad is being disposed of */
  GST_OBJECT_LOCK (self);
  g_set_object (&appsink, self->appsink);
  GST_OBJECT_UNLOCK (self);
  if (appsink == NULL)
    return;
  pad = gst_element_get_static_pad (appsink, "sink");
  gst_pad_push_event (pad,
      gst_video_event_new_upstream_force_key_unit (
          GST_CLOCK_TIME_NONE, all_headers, 0));
}

static void
on_max_bitrate (GstKandySendTrack *track, guint bitrate, GstKandySinkPad *self)
{
  GST_OBJECT_LOCK (self);
  self->far_bitrate = bitrate;
  GST_OBJECT_UNLOCK (self);
  update_bitrate (self);
}

/* On the kandy thread */
static void
on_muted (KandyTrack *track, GParamSpec *pspec, GstKandySinkPad *self)
{
  gboolean wanted = kandy_track_get_muted (track);
  g_autoptr (GstElement) send_bin = NULL;
  gboolean muted;

  GST_OBJECT_LOCK (self);
  g_set_object (&send_bin, self->send_bin);
  GST_OBJECT_UNLOCK (self);
  if (send_bin == NULL)
    return;
  g_object_get (send_bin, "muted", &muted, NULL);
  if (muted == wanted)
    return;
  g_object_set (send_bin, "muted", wanted, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MUTE]);
}

/* At once here; the track, and by that everybody else, hears of it later */
static void
set_mute (GstKandySinkPad *self, gboolean mute)
{
  g_autoptr (GstKandySendTrack) track = dup_track (self);
  g_autoptr (GstElement) parent = gst_pad_get_parent_element (GST_PAD (self));

  g_object_set (self->send_bin, "muted", mute, NULL);
  if (track != NULL && parent != NULL) {
    const char *ids[] = {
      kandy_track_get_id (gst_kandy_send_track_get_track (track)), NULL
    };

    gst_kandy_base_bin_set_tracks_muted (
        GST_KANDY_BASE_BIN (parent), ids, mute, NULL);
  }
}

static gboolean
on_play_tone (GstKandySendTrack *track, guint number, guint volume,
    guint duration, guint gap, GstKandySinkPad *self)
{
  g_autoptr (GstElement) send_bin = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&send_bin, self->send_bin);
  GST_OBJECT_UNLOCK (self);
  return send_bin != NULL
      && gst_kandy_send_bin_play_tone (
          GST_KANDY_SEND_BIN (send_bin), number, volume, duration, gap);
}

static void
on_stop_tones (GstKandySendTrack *track, GstKandySinkPad *self)
{
  g_autoptr (GstElement) send_bin = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&send_bin, self->send_bin);
  GST_OBJECT_UNLOCK (self);
  if (send_bin != NULL)
    gst_kandy_send_bin_stop_tones (GST_KANDY_SEND_BIN (send_bin));
}

/* What has been negotiated stays, and serves the element again if it comes back
 * to the same call */
void
gst_kandy_sink_pad_drop_track (GstKandySinkPad *self)
{
  g_autoptr (GstKandySendTrack) track = NULL;
  g_autoptr (GstKandyCall) media = NULL;

  GST_OBJECT_LOCK (self);
  track = g_steal_pointer (&self->track);
  media = g_steal_pointer (&self->media);
  self->far_bitrate = 0;
  GST_OBJECT_UNLOCK (self);

  gst_kandy_render_stop_later (GST_PAD (self));
  if (track != NULL) {
    g_weak_ref_set (&self->parked_track, track);
    g_weak_ref_set (&self->parked_media, media);
    g_signal_handlers_disconnect_by_data (track, self);
    g_signal_handlers_disconnect_by_data (
        gst_kandy_send_track_get_track (track), self);
    g_object_set (
        self->send_bin, "negotiated-caps", NULL, "expected-caps", NULL, NULL);
  }
}

/* On the kandy thread: the call sends it no more */
static void
on_live (KandyTrack *track, GParamSpec *pspec, GstKandySinkPad *self)
{
  if (kandy_track_is_live (track))
    return;
  /* first, or it would be wanting for a moment */
  gst_kandy_sink_pad_set_removed (self, TRUE);
  gst_kandy_sink_pad_remove_stand_in (self);
  gst_kandy_sink_pad_drop_track (self);
  g_weak_ref_set (&self->parked_track, NULL);
  if (gst_kandy_sink_pad_is_on_demand (self)) {
    g_autoptr (GstElement) parent = gst_pad_get_parent_element (GST_PAD (self));

    if (parent != NULL)
      gst_kandy_sink_track_ended (GST_KANDY_SINK (parent), self);
  }
}

/* As long as browsers wait for a camera's next picture, but for slow ones */
#define PATIENCE_PICTURES 25
#define PATIENCE_MS 2000

static void
set_patience (GstKandySinkPad *self, GstKandySendTrack *track)
{
  g_autoptr (GstPad) inner =
      gst_element_get_static_pad (self->clocksync, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (inner);
  guint64 patience = PATIENCE_MS;
  int numerator = 1, denominator = 0;

  if (caps != NULL
      && gst_structure_get_fraction (gst_caps_get_structure (caps, 0),
          "framerate", &numerator, &denominator))
    patience = MAX (patience,
        gst_util_uint64_scale_int (
            PATIENCE_PICTURES * 1000, denominator, MAX (numerator, 1)));
  /* a screen that does not change, for example */
  if (numerator == 0)
    patience = 0;
  gst_kandy_send_track_set_patience (track, (guint) MIN (patience, G_MAXINT));
}

/* On a streaming thread */
static void
on_input_caps (GstPad *pad, GParamSpec *pspec, GstKandySinkPad *self)
{
  g_autoptr (GstKandySendTrack) track = dup_track (self);

  if (track != NULL)
    set_patience (self, track);
}

/* Streaming threads */

static void
push_rtp (GstKandySinkPad *self, GstKandySendTrack *track, GstBuffer *buffer,
    const GstSegment *segment, GstClock *clock, GstClockTime base_time,
    GstClockTime offset)
{
  GstClockTime time = GST_CLOCK_TIME_NONE;

  if (segment->format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID (buffer))
    time = gst_segment_to_running_time (
        segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (GST_CLOCK_TIME_IS_VALID (time)) {
    time += GST_CLOCK_TIME_IS_VALID (offset) ? offset : 0;
  } else {
    GstClockTime now = gst_clock_get_time (clock);

    time = now > base_time ? now - base_time : 0;
  }
  buffer = gst_buffer_make_writable (buffer);
  GST_BUFFER_PTS (buffer) = time;
  gst_kandy_send_track_push (track, buffer, clock, base_time);
}

static GstFlowReturn
on_new_sample (GstAppSink *appsink, gpointer user_data)
{
  GstKandySinkPad *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (appsink);
  g_autoptr (GstKandySendTrack) track = NULL;
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base_time, offset;
  const GstSegment *segment;
  GstBufferList *list;
  guint i;

  if (sample == NULL)
    return GST_FLOW_OK;

  GST_OBJECT_LOCK (self);
  offset = self->live ? 0 : self->offset;
  g_set_object (&track, self->track);
  GST_OBJECT_UNLOCK (self);
  clock = gst_element_get_clock (GST_ELEMENT (appsink));
  if (track == NULL || clock == NULL)
    return GST_FLOW_OK;

  base_time = gst_element_get_base_time (GST_ELEMENT (appsink));
  segment = gst_sample_get_segment (sample);
  list = gst_sample_get_buffer_list (sample);
  if (list != NULL) {
    for (i = 0; i < gst_buffer_list_length (list); i++)
      push_rtp (self, track, gst_buffer_ref (gst_buffer_list_get (list, i)),
          segment, clock, base_time, offset);
  } else if (gst_sample_get_buffer (sample) != NULL) {
    push_rtp (self, track, gst_buffer_ref (gst_sample_get_buffer (sample)),
        segment, clock, base_time, offset);
  }
  return GST_FLOW_OK;
}

static void
gst_kandy_sink_pad_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (object);

  switch (id) {
    case PROP_MUTE:
      set_mute (self, g_value_get_boolean (value));
      break;
    case PROP_VOLUME:
      g_object_set_property (G_OBJECT (self->send_bin), "volume", value);
      break;
    case PROP_MAX_BITRATE:
      GST_OBJECT_LOCK (self);
      self->max_bitrate = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      update_bitrate (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_sink_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (object);
  g_autoptr (GstKandySendTrack) track = NULL;

  switch (id) {
    case PROP_MUTE:
      g_object_get_property (G_OBJECT (self->send_bin), "muted", value);
      break;
    case PROP_VOLUME:
      g_object_get_property (G_OBJECT (self->send_bin), "volume", value);
      break;
    case PROP_TRACK_ID:
      track = dup_track (self);
      if (track != NULL)
        g_value_set_string (
            value, kandy_track_get_id (gst_kandy_send_track_get_track (track)));
      break;
    case PROP_STREAM_ID:
      track = dup_track (self);
      if (track != NULL)
        g_value_set_string (value,
            kandy_track_get_stream_id (gst_kandy_send_track_get_track (track)));
      break;
    case PROP_MAX_BITRATE:
      GST_OBJECT_LOCK (self);
      g_value_set_uint (value, self->max_bitrate);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_CODEC_NAME:
      g_object_get_property (G_OBJECT (self->send_bin), "codec-name", value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_sink_pad_dispose (GObject *object)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (object);
  g_autoptr (GstElement) clocksync = NULL;
  g_autoptr (GstElement) send_bin = NULL;
  g_autoptr (GstElement) appsink = NULL;

  if (self->send_bin != NULL)
    gst_kandy_sink_pad_drop_track (self);
  GST_OBJECT_LOCK (self);
  clocksync = g_steal_pointer (&self->clocksync);
  send_bin = g_steal_pointer (&self->send_bin);
  appsink = g_steal_pointer (&self->appsink);
  GST_OBJECT_UNLOCK (self);

  G_OBJECT_CLASS (gst_kandy_sink_pad_parent_class)->dispose (object);
}

static void
gst_kandy_sink_pad_finalize (GObject *object)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (object);

  g_weak_ref_clear (&self->parked_track);
  g_weak_ref_clear (&self->parked_media);
  g_mutex_clear (&self->input_lock);
  g_cond_clear (&self->left);

  G_OBJECT_CLASS (gst_kandy_sink_pad_parent_class)->finalize (object);
}

static void
gst_kandy_sink_pad_class_init (GstKandySinkPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = gst_kandy_sink_pad_set_property;
  object_class->get_property = gst_kandy_sink_pad_get_property;
  object_class->dispose = gst_kandy_sink_pad_dispose;
  object_class->finalize = gst_kandy_sink_pad_finalize;

  /**
   * GstKandySinkPad:mute:
   *
   * Silence or black instead of the media, at once and without a negotiation.
   * Media that comes encoded is replaced by encoded silence or black; pictures
   * come back with their next key frame. API document: `media.muteTracks`.
   */
  properties[PROP_MUTE] = g_param_spec_boolean ("mute", "Mute",
      "Silence or black in place of the media", FALSE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySinkPad:volume:
   *
   * Factor for the samples of raw sound; 1.0 leaves them as they are. Other
   * media is not changed. See #GstStreamVolume.
   */
  properties[PROP_VOLUME] = g_param_spec_double ("volume", "Volume",
      "Factor for the samples of raw sound, 1.0=100%", 0.0, 10.0, 1.0,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySinkPad:max-bitrate:
   *
   * Upper limit for the encoder in bit/s, 0 for the codec's default. A lower
   * limit of the far end goes first. Media that comes encoded is not changed.
   */
  properties[PROP_MAX_BITRATE] = g_param_spec_uint ("max-bitrate",
      "Maximum bit rate",
      "Upper limit for the encoder in bit/s, 0 = the codec's default", 0,
      G_MAXUINT, 0,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandySinkPad:codec-name:
   *
   * What the media is sent as (`OPUS`, `VP8`, ...), once that is negotiated.
   */
  properties[PROP_CODEC_NAME] = g_param_spec_string ("codec-name", "Codec name",
      "What the media is sent as, once negotiated", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandySinkPad:track-id:
   *
   * Id of the track that the pad has in the call; unset without one. API
   * document: `TrackObject.id`.
   */
  properties[PROP_TRACK_ID] = g_param_spec_string ("track-id", "Track ID",
      "Id of the track in the call", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandySinkPad:stream-id:
   *
   * Id of the media that the track belongs to. API document:
   * `TrackObject.streamId`.
   */
  properties[PROP_STREAM_ID] = g_param_spec_string ("stream-id", "Stream ID",
      "Id of the media that the track belongs to", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_kandy_sink_pad_init (GstKandySinkPad *self)
{
  self->waiting = GST_CLOCK_TIME_NONE;
  self->offset = GST_CLOCK_TIME_NONE;
  g_weak_ref_init (&self->parked_track, NULL);
  g_weak_ref_init (&self->parked_media, NULL);
  g_mutex_init (&self->input_lock);
  g_cond_init (&self->left);
}

GstKandySinkPad *
gst_kandy_sink_pad_new (GstBin *bin, GstPadTemplate *templ, const char *name,
    KandyMediaKind kind, gboolean screen)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_new_sample };
  g_autoptr (GstPad) target = NULL;
  GstKandySinkPad *self;

  self = g_object_new (GST_TYPE_KANDY_SINK_PAD, "name", name, "direction",
      GST_PAD_SINK, "template", templ, NULL);
  self->kind = kind;
  self->screen = screen;
  self->clocksync = gst_element_factory_make ("clocksync", NULL);
  self->appsink = gst_element_factory_make ("appsink", NULL);
  self->send_bin = gst_kandy_send_bin_new (kind);
  if (self->clocksync == NULL || self->appsink == NULL) {
    gst_element_post_message (GST_ELEMENT (bin),
        gst_missing_element_message_new (GST_ELEMENT (bin),
            self->clocksync == NULL ? "clocksync" : "appsink"));
    gst_clear_object (&self->clocksync);
    gst_clear_object (&self->appsink);
    gst_clear_object (&self->send_bin);
    gst_object_unref (self);
    return NULL;
  }
  gst_object_ref_sink (self->clocksync);
  gst_object_ref_sink (self->appsink);
  gst_object_ref_sink (self->send_bin);

  g_object_set (self->clocksync, "sync", FALSE, NULL);
  /* in no way may the call hold up the pipeline's preroll or its clock */
  g_object_set (self->appsink, "sync", FALSE, "async", FALSE,
      "enable-last-sample", FALSE, "buffer-list", TRUE, "wait-on-eos", FALSE,
      NULL);
  gst_app_sink_set_callbacks (
      GST_APP_SINK (self->appsink), &callbacks, self, NULL);

  gst_bin_add_many (bin, self->clocksync, self->send_bin, self->appsink, NULL);
  gst_element_link_many (self->clocksync, self->send_bin, self->appsink, NULL);
  target = gst_element_get_static_pad (self->clocksync, "sink");
  gst_ghost_pad_set_target (GST_GHOST_PAD (self), target);
  gst_kandy_connect (target, "notify::caps", G_CALLBACK (on_input_caps), self);
  gst_element_sync_state_with_parent (self->appsink);
  gst_element_sync_state_with_parent (self->send_bin);
  gst_element_sync_state_with_parent (self->clocksync);
  gst_kandy_sink_pad_watch_end (self);
  gst_kandy_sink_pad_wait (self);
  return self;
}

void
gst_kandy_sink_pad_stop (GstKandySinkPad *self)
{
  GstElement *elements[] = { self->appsink, self->send_bin, self->clocksync };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    gst_element_set_locked_state (elements[i], TRUE);
    gst_element_set_state (elements[i], GST_STATE_NULL);
  }
}

void
gst_kandy_sink_pad_release (GstKandySinkPad *self, GstBin *bin)
{
  GstElement *elements[] = { self->clocksync, self->send_bin, self->appsink };
  guint i;

  gst_kandy_sink_pad_close (self, FALSE);
  g_mutex_lock (&self->input_lock);
  self->released = TRUE;
  gst_ghost_pad_set_target (GST_GHOST_PAD (self), NULL);
  g_mutex_unlock (&self->input_lock);
  gst_kandy_sink_pad_stop (self);
  for (i = 0; i < G_N_ELEMENTS (elements); i++)
    gst_bin_remove (bin, elements[i]);
}

KandyMediaKind
gst_kandy_sink_pad_get_kind (GstKandySinkPad *self)
{
  return self->kind;
}

gboolean
gst_kandy_sink_pad_is_screen (GstKandySinkPad *self)
{
  return self->screen;
}

GstCaps *
gst_kandy_sink_pad_dup_caps (GstKandySinkPad *self)
{
  return gst_pad_get_current_caps (GST_PAD (self));
}

gboolean
gst_kandy_sink_pad_owns (GstKandySinkPad *self, GstObject *element)
{
  return GST_OBJECT (self->appsink) == element;
}

/* On the kandy thread: the former track goes, what it is sent by goes on */
static void
on_renewed (GstKandySendTrack *track, KandyTrack *former, GstKandySinkPad *self)
{
  KandyTrack *shown = gst_kandy_send_track_get_track (track);
  g_autofree char *label = gst_kandy_sink_pad_dup_label (self);

  kandy_track_set_label (shown, label);
  g_signal_handlers_disconnect_by_data (former, self);
  gst_kandy_connect (shown, "notify::muted", G_CALLBACK (on_muted), self);
  gst_kandy_connect (shown, "notify::live", G_CALLBACK (on_live), self);
  on_muted (shown, NULL, self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TRACK_ID]);
}

char *
gst_kandy_sink_pad_dup_label (GstKandySinkPad *self)
{
  g_autoptr (GstPad) peer = gst_pad_get_peer (GST_PAD (self));
  g_autoptr (GstElement) source =
      peer != NULL ? gst_pad_get_parent_element (peer) : NULL;
  g_autoptr (GstKandyDeviceSrc) stand_in = NULL;
  char *label = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&stand_in, self->stand_in);
  GST_OBJECT_UNLOCK (self);
  if (stand_in != NULL)
    label = gst_kandy_device_src_dup_label (stand_in);
  else if (source != NULL && GST_IS_KANDY_DEVICE_SRC (source))
    label = gst_kandy_device_src_dup_label (GST_KANDY_DEVICE_SRC (source));
  return label != NULL ? label : gst_pad_get_name (GST_PAD (self));
}

void
gst_kandy_sink_pad_relabel (GstKandySinkPad *self)
{
  g_autoptr (GstElement) parent = gst_pad_get_parent_element (GST_PAD (self));
  g_autofree char *track_id = gst_kandy_sink_pad_dup_track_id (self);
  g_autofree char *label = gst_kandy_sink_pad_dup_label (self);

  if (parent != NULL && track_id != NULL)
    gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (parent),
        gst_structure_new ("describe-track", "id", G_TYPE_STRING, track_id,
            "label", G_TYPE_STRING, label, NULL),
        NULL);
}

static void
take_track (
    GstKandySinkPad *self, GstKandyCall *media, GstKandySendTrack *track)
{
  KandyTrack *shown = gst_kandy_send_track_get_track (track);
  g_autoptr (GstCaps) likely = NULL;
  gboolean muted;

  gst_kandy_connect (track, "negotiated", G_CALLBACK (on_negotiated), self);
  gst_kandy_connect (
      track, "force-key-unit", G_CALLBACK (on_force_key_unit), self);
  gst_kandy_connect (track, "max-bitrate", G_CALLBACK (on_max_bitrate), self);
  g_object_get (self->send_bin, "muted", &muted, NULL);
  kandy_track_set_muted (shown, muted);
  gst_kandy_connect (shown, "notify::muted", G_CALLBACK (on_muted), self);
  gst_kandy_connect (shown, "notify::live", G_CALLBACK (on_live), self);
  gst_kandy_connect (track, "renewed", G_CALLBACK (on_renewed), self);
  gst_kandy_connect (track, "play-tone", G_CALLBACK (on_play_tone), self);
  gst_kandy_connect (track, "stop-tones", G_CALLBACK (on_stop_tones), self);
  GST_OBJECT_LOCK (self);
  self->track = gst_object_ref (track);
  self->media = g_object_ref (media);
  self->ended = FALSE;
  self->removed = FALSE;
  GST_OBJECT_UNLOCK (self);
  likely = gst_kandy_send_track_get_codecs (track);
  likely = gst_caps_truncate (likely);
  g_object_set (self->send_bin, "expected-caps", likely, NULL);
  set_patience (self, track);
  on_negotiated (track, self);
}

static gboolean
has_track_of (GstKandySinkPad *self, GstKandyCall *media)
{
  gboolean has;

  GST_OBJECT_LOCK (self);
  has = self->track != NULL && self->media == media;
  GST_OBJECT_UNLOCK (self);
  return has;
}

gboolean
gst_kandy_sink_pad_resume (GstKandySinkPad *self, GstKandyCall *media)
{
  g_autoptr (GstKandyCall) parked_media = NULL;
  g_autoptr (GstKandySendTrack) track = NULL;

  if (has_track_of (self, media))
    return TRUE;
  gst_kandy_sink_pad_drop_track (self);
  parked_media = g_weak_ref_get (&self->parked_media);
  if (parked_media == media)
    track = g_weak_ref_get (&self->parked_track);
  if (track == NULL
      || !kandy_track_is_live (gst_kandy_send_track_get_track (track)))
    return FALSE;
  take_track (self, media, track);
  return TRUE;
}

void
gst_kandy_sink_pad_prepare (
    GstKandySinkPad *self, GstKandyCall *media, GstCaps *codecs)
{
  g_autoptr (GstKandySendTrack) track = NULL;
  g_autofree char *label = NULL;

  if (gst_kandy_sink_pad_resume (self, media))
    return;
  label = gst_kandy_sink_pad_dup_label (self);
  if (self->screen)
    track = gst_kandy_call_add_screen_track (media, label, codecs);
  else
    track = gst_kandy_call_add_send_track (media, self->kind, label, codecs);
  if (track != NULL)
    take_track (self, media, track);
}

char *
gst_kandy_sink_pad_dup_track_id (GstKandySinkPad *self)
{
  g_autoptr (GstKandySendTrack) track = dup_track (self);

  return track != NULL
      ? g_strdup (kandy_track_get_id (gst_kandy_send_track_get_track (track)))
      : NULL;
}

void
gst_kandy_sink_pad_set_removed (GstKandySinkPad *self, gboolean removed)
{
  GST_OBJECT_LOCK (self);
  self->removed = removed;
  GST_OBJECT_UNLOCK (self);
}

gboolean
gst_kandy_sink_pad_is_wanting (GstKandySinkPad *self)
{
  gboolean wanting = gst_pad_is_linked (GST_PAD (self));

  GST_OBJECT_LOCK (self);
  wanting &= self->track == NULL && !self->removed && !self->on_demand;
  GST_OBJECT_UNLOCK (self);
  return wanting;
}

void
gst_kandy_sink_pad_set_on_demand (GstKandySinkPad *self, gboolean on_demand)
{
  GST_OBJECT_LOCK (self);
  self->on_demand = on_demand;
  GST_OBJECT_UNLOCK (self);
}

gboolean
gst_kandy_sink_pad_is_on_demand (GstKandySinkPad *self)
{
  gboolean on_demand;

  GST_OBJECT_LOCK (self);
  on_demand = self->on_demand;
  GST_OBJECT_UNLOCK (self);
  return on_demand;
}

gint64
gst_kandy_sink_pad_get_unlinked (GstKandySinkPad *self)
{
  gint64 unlinked;

  GST_OBJECT_LOCK (self);
  unlinked = self->track != NULL ? self->unlinked : 0;
  GST_OBJECT_UNLOCK (self);
  return unlinked;
}

gboolean
gst_kandy_sink_pad_is_prepared (GstKandySinkPad *self)
{
  g_autoptr (GstKandySendTrack) track = dup_track (self);

  return track != NULL;
}

GstKandySendTrack *
gst_kandy_sink_pad_dup_track (GstKandySinkPad *self)
{
  return dup_track (self);
}
