/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyclockmap.h"
#include "gstkandyrtpborder.h"
#include "gstkandytrack-private.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video-event.h>

/**
 * SECTION:gstkandysendtrack
 * @title: GstKandySendTrack
 * @short_description: a local track of a call
 *
 * RTP goes in from the application's pipeline, at any time and from any
 * streaming thread, and leaves through webrtcbin. Between the two are a queue
 * that never blocks, the RTP border and the mapping from the application's
 * clock to that of the call. The application may change the source, the encoder
 * and the payloader as it likes, pause, seek and come back: the far end sees
 * one stream with one SSRC.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_send_track_debug);
#define GST_CAT_DEFAULT gst_kandy_send_track_debug

/* About a second of speech in packets of 20 ms, a few pictures */
#define MAX_AUDIO_PACKETS 50
#define MAX_VIDEO_PACKETS 500
/* Speech that is older is not news when a call begins */
#define MAX_HELD_AGE (100 * GST_MSECOND)

/* With a source that gives nothing */
#define PATIENCE_MS 2000

/* Between two key frames that the far end asks for, µs */
#define KEY_UNIT_INTERVAL (G_USEC_PER_SEC / 2)

struct _GstKandySendTrack {
  GstObject parent;

  KandyTrack *track; /* atomic */
  GPtrArray *former; /* (nullable): what was, which somebody may still use */
  GstCaps *codecs;
  GstClock *clock; /* of the private pipeline */
  GstClockTime base_time;

  /* under the object lock */
  GstCaps *negotiated;
  GstElement *source;
  gboolean gated;
  GstKandyGate gate;
  guint max_bitrate;
  GstKandyTrackCounters counters;
  gint64 key_unit_time; /* of the last wish that was passed on, monotonic */
  gboolean key_unit_due;
  gboolean key_unit_headers;
  gint64
      source_time; /* of the last packet from the source, monotonic; 0: none */
  guint patience_ms; /* with the source; 0: for ever */

  /* under push_lock: packets keep the order in which they were numbered */
  GMutex push_lock;
  GstKandyRtpBorder *border;
  GstClock *app_clock; /* what clock_map is about */
  GstKandyClockMap clock_map;
  GstBuffer *held;   /* (nullable): the latest, PTS is time of the call */
  guint clock_rate;  /* of the border */
  int event_payload; /* what the far end takes DTMF as, -1: nothing */
  guint event_clock_rate;
  GstClockTime event_time; /* when the event began */
};

enum { PROP_0, PROP_GATED, N_PROPS };

enum {
  SIGNAL_NEGOTIATED,
  SIGNAL_FORCE_KEY_UNIT,
  SIGNAL_MAX_BITRATE,
  SIGNAL_PLAY_TONE,
  SIGNAL_STOP_TONES,
  SIGNAL_RENEWED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GstKandySendTrack, gst_kandy_send_track, GST_TYPE_OBJECT)

/* --- helpers --- */

/* With the push lock */
static GstClockTime
map_time (GstKandySendTrack *self, GstClockTime running_time, GstClock *clock,
    GstClockTime base_time)
{
  GstClockTime mapped;

  if (clock && GST_CLOCK_TIME_IS_VALID (running_time)
      && GST_CLOCK_TIME_IS_VALID (base_time)) {
    if (clock != self->app_clock) {
      gst_object_replace (
          (GstObject **) &self->app_clock, GST_OBJECT_CAST (clock));
      gst_kandy_clock_map_reset (&self->clock_map);
    }
    mapped = gst_kandy_clock_map_convert (
        &self->clock_map, clock, self->clock, running_time + base_time);
    if (!GST_CLOCK_TIME_IS_VALID (mapped))
      mapped = 0;
  } else {
    mapped = gst_clock_get_time (self->clock);
  }
  return mapped > self->base_time ? mapped - self->base_time : 0;
}

/* With the push lock */
static void
drop_held (GstKandySendTrack *self)
{
  if (!self->held)
    return;
  gst_clear_buffer (&self->held);
  if (self->border)
    gst_kandy_rtp_border_skip (self->border);
  GST_OBJECT_LOCK (self);
  self->counters.dropped++;
  GST_OBJECT_UNLOCK (self);
}

/* With the push lock. Takes @rtp, which is writable; its PTS is time of the
 * call */
static void
send (GstKandySendTrack *self, GstElement *source, GstBuffer *rtp)
{
  gboolean sent =
      gst_kandy_rtp_border_rewrite (self->border, rtp, GST_BUFFER_PTS (rtp));

  GST_OBJECT_LOCK (self);
  if (sent) {
    self->counters.packets++;
    self->counters.bytes += gst_buffer_get_size (rtp);
    self->counters.last_time = g_get_real_time ();
    gst_kandy_frame_counter_add (&self->counters.pictures, rtp);
  } else {
    self->counters.dropped++;
  }
  GST_OBJECT_UNLOCK (self);

  if (sent) {
    gst_app_src_push_buffer (GST_APP_SRC (source), rtp);
  } else {
    GST_LOG_OBJECT (self,
        "not RTP, sent before, or in the place of an event: %" GST_PTR_FORMAT,
        rtp);
    gst_buffer_unref (rtp);
  }
}

/* A lossy path makes the far end ask again and again, and each key frame is as
 * large as many pictures: more of them only lose more. What is wished too soon
 * after another one waits, see catch_up_key_unit(). */
static void
want_key_unit (GstKandySendTrack *self, gboolean all_headers, gboolean at_once)
{
  gint64 now = g_get_monotonic_time ();
  gboolean wait;

  GST_OBJECT_LOCK (self);
  wait = !at_once && self->key_unit_time
      && now - self->key_unit_time < KEY_UNIT_INTERVAL;
  self->key_unit_due = wait;
  self->key_unit_headers = all_headers || (wait && self->key_unit_headers);
  if (!wait)
    self->key_unit_time = now;
  GST_OBJECT_UNLOCK (self);

  if (!wait)
    g_signal_emit (self, signals[SIGNAL_FORCE_KEY_UNIT], 0, all_headers);
}

static void
catch_up_key_unit (GstKandySendTrack *self)
{
  gboolean due = FALSE, all_headers = FALSE;
  gint64 now;

  GST_OBJECT_LOCK (self);
  if (self->key_unit_due) {
    now = g_get_monotonic_time ();
    due = now - self->key_unit_time >= KEY_UNIT_INTERVAL;
    all_headers = self->key_unit_headers;
    if (due) {
      self->key_unit_due = FALSE;
      self->key_unit_time = now;
    }
  }
  GST_OBJECT_UNLOCK (self);

  if (due)
    g_signal_emit (self, signals[SIGNAL_FORCE_KEY_UNIT], 0, all_headers);
}

static GstPadProbeReturn
upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySendTrack *self = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  gboolean all_headers = FALSE;

  if (!gst_video_event_is_force_key_unit (event))
    return GST_PAD_PROBE_OK;

  gst_video_event_parse_upstream_force_key_unit (
      event, NULL, &all_headers, NULL);
  GST_DEBUG_OBJECT (self, "far end asks for a key frame");
  want_key_unit (self, all_headers, FALSE);
  return GST_PAD_PROBE_DROP;
}

/* (transfer full) (nullable) */
static GstElement *
create_source (GstKandySendTrack *self, GstElement *pipeline, GstCaps *caps)
{
  gboolean audio = kandy_track_get_kind (self->track) == KANDY_MEDIA_KIND_AUDIO;
  g_autoptr (GstPad) pad = NULL;
  GstElement *source = gst_element_factory_make ("appsrc", NULL);

  if (!source)
    return NULL;
  g_object_set (source, "format", GST_FORMAT_TIME, "is-live", TRUE, "max-bytes",
      (guint64) 0, "max-buffers",
      (guint64) (audio ? MAX_AUDIO_PACKETS : MAX_VIDEO_PACKETS), "leaky-type",
      GST_APP_LEAKY_TYPE_DOWNSTREAM, "caps", caps, NULL);
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, upstream_event,
      gst_object_ref (self), gst_object_unref);

  gst_bin_add (GST_BIN (pipeline), source);
  return gst_object_ref (source);
}

static void
remove_source (GstElement *source, gpointer user_data)
{
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (user_data), source);
}

/* An m-line keeps its pad for ever; the track that sent there before does not
 */
static void
dismiss_former (GstElement *pipeline, GstPad *pad)
{
  g_autoptr (GstPad) former = gst_pad_get_peer (pad);
  g_autoptr (GstElement) source = NULL;

  if (!former)
    return;
  source = gst_pad_get_parent_element (former);
  gst_pad_unlink (former, pad);
  if (source)
    gst_element_call_async (
        source, remove_source, gst_object_ref (pipeline), gst_object_unref);
}

/* @source: (nullable) */
static gboolean
feeds (GstElement *source, GstPad *pad)
{
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) peer = NULL;

  if (!source)
    return FALSE;
  src = gst_element_get_static_pad (source, "src");
  peer = gst_pad_get_peer (src);
  return peer == pad;
}

static gboolean
link_source (GstKandySendTrack *self, GstElement *pipeline, GstElement *source,
    GstPad *pad)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (source, "src");

  dismiss_former (pipeline, pad);
  if (GST_PAD_LINK_SUCCESSFUL (gst_pad_link (src, pad)))
    return TRUE;
  GST_WARNING_OBJECT (self, "cannot link to %" GST_PTR_FORMAT, pad);
  return FALSE;
}

/* --- GObject --- */

static void
gst_kandy_send_track_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKandySendTrack *self = GST_KANDY_SEND_TRACK (object);

  switch (prop_id) {
    case PROP_GATED:
      GST_OBJECT_LOCK (self);
      g_value_set_boolean (value, self->gated);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
gst_kandy_send_track_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch (prop_id) {
    case PROP_GATED:
      gst_kandy_send_track_set_gated (
          GST_KANDY_SEND_TRACK (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
gst_kandy_send_track_finalize (GObject *object)
{
  GstKandySendTrack *self = GST_KANDY_SEND_TRACK (object);

  g_clear_object (&self->track);
  g_clear_pointer (&self->former, g_ptr_array_unref);
  gst_clear_caps (&self->codecs);
  gst_clear_caps (&self->negotiated);
  gst_clear_object (&self->source);
  gst_clear_object (&self->clock);
  gst_clear_object (&self->app_clock);
  gst_clear_buffer (&self->held);
  g_clear_pointer (&self->border, gst_kandy_rtp_border_unref);
  gst_kandy_clock_map_clear (&self->clock_map);
  g_mutex_clear (&self->push_lock);

  G_OBJECT_CLASS (gst_kandy_send_track_parent_class)->finalize (object);
}

static void
gst_kandy_send_track_class_init (GstKandySendTrackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = gst_kandy_send_track_get_property;
  object_class->set_property = gst_kandy_send_track_set_property;
  object_class->finalize = gst_kandy_send_track_finalize;

  /**
   * GstKandySendTrack:gated:
   *
   * Whether what is pushed is dropped, see gst_kandy_send_track_set_gated().
   */
  props[PROP_GATED] =
      g_param_spec_boolean ("gated", "Gated", "Drop what is pushed", FALSE,
          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * GstKandySendTrack::negotiated:
   * @self: a #GstKandySendTrack
   *
   * gst_kandy_send_track_get_negotiated_caps() has changed. On the kandy
   * thread.
   */
  signals[SIGNAL_NEGOTIATED] = g_signal_new ("negotiated", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstKandySendTrack::force-key-unit:
   * @self: a #GstKandySendTrack
   * @all_headers: whether parameter sets are wanted as well
   *
   * The far end needs a key frame (RTCP PLI or FIR, RFC 4585 and RFC 5104). At
   * most twice a second: what it asks for meanwhile comes later, once. On any
   * thread.
   */
  signals[SIGNAL_FORCE_KEY_UNIT] = g_signal_new ("force-key-unit", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  /**
   * GstKandySendTrack::max-bitrate:
   * @self: a #GstKandySendTrack
   * @bitrate: bit/s, 0 = no limit
   *
   * What the far end is willing to receive has changed. On the kandy thread.
   */
  signals[SIGNAL_MAX_BITRATE] = g_signal_new ("max-bitrate", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  /**
   * GstKandySendTrack::play-tone:
   * @self: a #GstKandySendTrack
   * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for `A` to `D`
   * @volume: in dB below full scale
   * @duration: how long it sounds, ms
   * @gap: how long there is silence after it, ms
   *
   * A DTMF tone is to be put into the sound before that is encoded, behind
   * those that are not over yet, since the far end does not take it as an
   * event. On the kandy thread.
   *
   * Returns: %TRUE if it will be heard
   */
  signals[SIGNAL_PLAY_TONE] = g_signal_new ("play-tone", type,
      G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
      G_TYPE_BOOLEAN, 4, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_UINT);
  /**
   * GstKandySendTrack::stop-tones:
   * @self: a #GstKandySendTrack
   *
   * Tones of #GstKandySendTrack::play-tone are to stop at once. On the kandy
   * thread.
   */
  signals[SIGNAL_STOP_TONES] = g_signal_new ("stop-tones", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstKandySendTrack::renewed:
   * @self: a #GstKandySendTrack
   * @former: the #KandyTrack that it was
   *
   * It sends another source, and is another track. On the kandy thread. API
   * document: `call.replaceTrack`.
   */
  signals[SIGNAL_RENEWED] = g_signal_new ("renewed", type, G_SIGNAL_RUN_LAST, 0,
      NULL, NULL, NULL, G_TYPE_NONE, 1, KANDY_TYPE_TRACK);

  GST_DEBUG_CATEGORY_INIT (gst_kandy_send_track_debug, "kandysendtrack", 0,
      "Local track of a Kandy call");
}

static void
gst_kandy_send_track_init (GstKandySendTrack *self)
{
  g_mutex_init (&self->push_lock);
  gst_kandy_clock_map_init (&self->clock_map);
  self->event_payload = -1;
  self->patience_ms = PATIENCE_MS;
}

/* --- for the call --- */

GstKandySendTrack *
gst_kandy_send_track_new (
    KandyTrack *track, GstCaps *codecs, GstClock *clock, GstClockTime base_time)
{
  GstKandySendTrack *self = g_object_new (GST_KANDY_TYPE_SEND_TRACK, NULL);

  self->track = g_object_ref (track);
  self->codecs = gst_caps_ref (codecs);
  self->clock = gst_object_ref (clock);
  self->base_time = base_time;
  return gst_object_ref_sink (self);
}

gboolean
gst_kandy_send_track_attach (GstKandySendTrack *self, GstElement *pipeline,
    GstPad *pad, GstCaps *caps, GstKandyRtpBorder *border)
{
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstElement) former = NULL;
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  guint ssrc = 0;
  int payload = 0, clock_rate = 0;
  gboolean changed;

  gst_structure_get (s, "ssrc", G_TYPE_UINT, &ssrc, "payload", G_TYPE_INT,
      &payload, "clock-rate", G_TYPE_INT, &clock_rate, NULL);
  if (clock_rate <= 0)
    return FALSE;

  /* Another pad gets a source of its own: what streams must not be relinked.
   * Its thread would stop for good, not linked for a moment or flushed by a
   * transport that ends, and could count events as sent that only the former
   * pad has got. The former source ends with its transport. */
  if (!feeds (self->source, pad)) {
    source = create_source (self, pipeline, caps);
    if (!source)
      return FALSE;
    if (!link_source (self, pipeline, source, pad)) {
      gst_bin_remove (GST_BIN (pipeline), source);
      return FALSE;
    }
  }

  GST_OBJECT_LOCK (self);
  changed = !self->negotiated || !gst_caps_is_equal (self->negotiated, caps);
  GST_OBJECT_UNLOCK (self);

  if (changed || source || border != self->border) {
    g_mutex_lock (&self->push_lock);
    if (border != self->border) {
      g_clear_pointer (&self->border, gst_kandy_rtp_border_unref);
      self->border = gst_kandy_rtp_border_ref (border);
    }
    self->clock_rate = (guint) clock_rate;
    gst_kandy_rtp_border_set_output (
        self->border, ssrc, (guint8) payload, self->clock_rate);
    if (source)
      gst_element_sync_state_with_parent (source);
    else
      gst_app_src_set_caps (GST_APP_SRC (self->source), caps);
    drop_held (self);
    GST_OBJECT_LOCK (self);
    gst_caps_replace (&self->negotiated, caps);
    gst_kandy_frame_counter_set_caps (&self->counters.pictures, caps);
    if (source) {
      former = self->source;
      self->source = g_steal_pointer (&source);
    }
    GST_OBJECT_UNLOCK (self);
    g_mutex_unlock (&self->push_lock);
  }

  if (changed)
    g_signal_emit (self, signals[SIGNAL_NEGOTIATED], 0);
  return TRUE;
}

KandyTrack *
gst_kandy_send_track_renew (GstKandySendTrack *self, gboolean screen)
{
  KandyTrack *old = self->track;
  KandyTrack *track = g_object_new (KANDY_TYPE_TRACK, "stream-id",
      kandy_track_get_stream_id (old), "kind", kandy_track_get_kind (old),
      "is-local", TRUE, "screen", screen, NULL);

  if (!self->former)
    self->former = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->former, old);
  g_atomic_pointer_set (&self->track, g_object_ref (track));
  g_signal_emit (self, signals[SIGNAL_RENEWED], 0, old);
  return track;
}

void
gst_kandy_send_track_release (GstKandySendTrack *self)
{
  GstElement *source;

  GST_OBJECT_LOCK (self);
  source = g_steal_pointer (&self->source);
  self->gate = GST_KANDY_GATE_CLOSED;
  GST_OBJECT_UNLOCK (self);
  gst_clear_object (&source);
}

void
gst_kandy_send_track_set_gate (GstKandySendTrack *self, GstKandyGate gate)
{
  g_autoptr (GstElement) source = NULL;
  gboolean opened, gated;

  g_mutex_lock (&self->push_lock);
  GST_OBJECT_LOCK (self);
  opened = gate == GST_KANDY_GATE_OPEN && self->gate != gate;
  self->gate = gate;
  gated = self->gated;
  if (self->source)
    source = gst_object_ref (self->source);
  GST_OBJECT_UNLOCK (self);

  /* The far end hears us one packet earlier */
  if (opened && self->held && source && !gated
      && gst_clock_get_time (self->clock)
          < self->base_time + GST_BUFFER_PTS (self->held) + MAX_HELD_AGE)
    send (self, source, g_steal_pointer (&self->held));
  else if (gate != GST_KANDY_GATE_AJAR)
    drop_held (self);
  g_mutex_unlock (&self->push_lock);

  /* What the encoder made so far is lost to the far end; do not wait until it
   * complains */
  if (opened && kandy_track_get_kind (self->track) == KANDY_MEDIA_KIND_VIDEO)
    want_key_unit (self, TRUE, TRUE);
}

void
gst_kandy_send_track_set_max_bitrate (GstKandySendTrack *self, guint bitrate)
{
  if (self->max_bitrate == bitrate)
    return;
  self->max_bitrate = bitrate;
  g_signal_emit (self, signals[SIGNAL_MAX_BITRATE], 0, bitrate);
}

void
gst_kandy_send_track_get_counters (
    GstKandySendTrack *self, GstKandyTrackCounters *counters)
{
  GST_OBJECT_LOCK (self);
  *counters = self->counters;
  GST_OBJECT_UNLOCK (self);
}

void
gst_kandy_send_track_look_at_source (GstKandySendTrack *self)
{
  gint64 now = g_get_monotonic_time ();
  gboolean silent;

  GST_OBJECT_LOCK (self);
  if (!self->source_time)
    self->source_time = now;
  silent = self->patience_ms
      && now - self->source_time > self->patience_ms * G_TIME_SPAN_MILLISECOND;
  GST_OBJECT_UNLOCK (self);
  kandy_track_set_source_muted (self->track, silent);
}

/* --- DTMF --- */

gboolean
gst_kandy_send_track_is_open (GstKandySendTrack *self)
{
  gboolean open;

  GST_OBJECT_LOCK (self);
  open = self->gate == GST_KANDY_GATE_OPEN && self->source;
  GST_OBJECT_UNLOCK (self);
  return open;
}

void
gst_kandy_send_track_set_event_format (
    GstKandySendTrack *self, int payload, guint clock_rate)
{
  g_mutex_lock (&self->push_lock);
  self->event_payload = clock_rate > 0 ? payload : -1;
  self->event_clock_rate = clock_rate;
  g_mutex_unlock (&self->push_lock);
}

guint
gst_kandy_send_track_get_event_clock_rate (GstKandySendTrack *self)
{
  guint clock_rate;

  g_mutex_lock (&self->push_lock);
  clock_rate = self->event_payload >= 0 ? self->event_clock_rate : 0;
  g_mutex_unlock (&self->push_lock);
  return clock_rate;
}

void
gst_kandy_send_track_begin_event (GstKandySendTrack *self)
{
  g_mutex_lock (&self->push_lock);
  self->event_time = gst_clock_get_time (self->clock) - self->base_time;
  if (self->border)
    gst_kandy_rtp_border_begin_event (self->border);
  g_mutex_unlock (&self->push_lock);
}

void
gst_kandy_send_track_push_event (GstKandySendTrack *self,
    const GstKandyDtmfEvent *event, gboolean marker, guint segment)
{
  g_autoptr (GstElement) source = NULL;
  guint8 payload[GST_KANDY_DTMF_EVENT_SIZE];
  GstBuffer *rtp;
  guint32 offset;
  gsize size;

  GST_OBJECT_LOCK (self);
  if (self->gate == GST_KANDY_GATE_OPEN && self->source)
    source = gst_object_ref (self->source);
  GST_OBJECT_UNLOCK (self);
  if (!source)
    return;

  g_mutex_lock (&self->push_lock);
  if (!self->border || self->event_payload < 0) {
    g_mutex_unlock (&self->push_lock);
    return;
  }
  gst_kandy_dtmf_event_write (event, payload);
  offset = (guint32) gst_util_uint64_scale (
      (guint64) segment * GST_KANDY_DTMF_MAX_SEGMENT, self->clock_rate,
      self->event_clock_rate);
  rtp = gst_kandy_rtp_border_make_event (self->border,
      (guint8) self->event_payload, marker, offset, payload, sizeof (payload));
  /* The same for all, as their timestamp is: sender reports extrapolate from
   * both */
  GST_BUFFER_PTS (rtp) = self->event_time;
  size = gst_buffer_get_size (rtp);
  gst_app_src_push_buffer (GST_APP_SRC (source), rtp);
  g_mutex_unlock (&self->push_lock);

  GST_OBJECT_LOCK (self);
  self->counters.packets++;
  self->counters.bytes += size;
  GST_OBJECT_UNLOCK (self);
}

void
gst_kandy_send_track_end_event (GstKandySendTrack *self, guint duration_ms)
{
  g_mutex_lock (&self->push_lock);
  if (self->border)
    gst_kandy_rtp_border_end_event (self->border,
        (guint32) gst_util_uint64_scale (duration_ms, self->clock_rate, 1000),
        gst_clock_get_time (self->clock) - self->base_time);
  g_mutex_unlock (&self->push_lock);
}

gboolean
gst_kandy_send_track_play_tone (GstKandySendTrack *self, guint number,
    guint volume, guint duration_ms, guint gap_ms)
{
  gboolean heard = FALSE;

  g_signal_emit (self, signals[SIGNAL_PLAY_TONE], 0, number, volume,
      duration_ms, gap_ms, &heard);
  return heard;
}

void
gst_kandy_send_track_stop_tones (GstKandySendTrack *self)
{
  g_signal_emit (self, signals[SIGNAL_STOP_TONES], 0);
}

/* --- public --- */

/**
 * gst_kandy_send_track_get_track:
 * @self: a #GstKandySendTrack
 *
 * Returns: (transfer none): what the call shows for it
 */
KandyTrack *
gst_kandy_send_track_get_track (GstKandySendTrack *self)
{
  g_return_val_if_fail (GST_KANDY_IS_SEND_TRACK (self), NULL);

  return g_atomic_pointer_get (&self->track);
}

/**
 * gst_kandy_send_track_get_kind:
 * @self: a #GstKandySendTrack
 *
 * Returns: its kind
 */
KandyMediaKind
gst_kandy_send_track_get_kind (GstKandySendTrack *self)
{
  g_return_val_if_fail (GST_KANDY_IS_SEND_TRACK (self), KANDY_MEDIA_KIND_AUDIO);

  return kandy_track_get_kind (self->track);
}

/**
 * gst_kandy_send_track_get_codecs:
 * @self: a #GstKandySendTrack
 *
 * Returns: (transfer full): what it can be sent as: application/x-rtp
 *   structures, best first
 */
GstCaps *
gst_kandy_send_track_get_codecs (GstKandySendTrack *self)
{
  g_return_val_if_fail (GST_KANDY_IS_SEND_TRACK (self), NULL);

  return gst_caps_ref (self->codecs);
}

/**
 * gst_kandy_send_track_get_negotiated_caps:
 * @self: a #GstKandySendTrack
 *
 * What both ends agreed upon: fixed application/x-rtp caps with media,
 * encoding-name, clock-rate, payload, ssrc and fmtp fields. Any thread.
 *
 * Returns: (transfer full) (nullable): the caps, or %NULL before there are any
 */
GstCaps *
gst_kandy_send_track_get_negotiated_caps (GstKandySendTrack *self)
{
  GstCaps *caps;

  g_return_val_if_fail (GST_KANDY_IS_SEND_TRACK (self), NULL);

  GST_OBJECT_LOCK (self);
  caps = self->negotiated ? gst_caps_ref (self->negotiated) : NULL;
  GST_OBJECT_UNLOCK (self);
  return caps;
}

/**
 * gst_kandy_send_track_set_patience:
 * @self: a #GstKandySendTrack
 * @patience_ms: 0 for a source that may be silent for any time
 *
 * For how long nothing may be pushed before #KandyTrack:source-muted tells that
 * nothing comes from the source. By default 2 seconds. From any thread.
 */
void
gst_kandy_send_track_set_patience (GstKandySendTrack *self, guint patience_ms)
{
  g_return_if_fail (GST_KANDY_IS_SEND_TRACK (self));

  GST_OBJECT_LOCK (self);
  self->patience_ms = patience_ms;
  GST_OBJECT_UNLOCK (self);
}

/**
 * gst_kandy_send_track_push:
 * @self: a #GstKandySendTrack
 * @rtp: (transfer full): one RTP packet of the negotiated codec. Its PTS is
 *   running time of the application's pipeline; without PTS it is sent as of
 * now
 * @clock: (nullable): clock of the application's pipeline
 * @base_time: its base time
 *
 * Sends a packet. SSRC, payload type, sequence number and timestamp are
 * rewritten. Never blocks: if more is pushed than leaves, the oldest is
 * dropped; what is pushed before there is a transport, while held or gated, is
 * dropped as well, but for the latest packet of sound before there is a
 * transport. From any thread.
 *
 * Returns: %GST_FLOW_OK
 */
GstFlowReturn
gst_kandy_send_track_push (GstKandySendTrack *self, GstBuffer *rtp,
    GstClock *clock, GstClockTime base_time)
{
  g_autoptr (GstElement) source = NULL;
  GstKandyGate gate;
  GstClockTime time;

  g_return_val_if_fail (GST_KANDY_IS_SEND_TRACK (self), GST_FLOW_ERROR);
  g_return_val_if_fail (GST_IS_BUFFER (rtp), GST_FLOW_ERROR);

  catch_up_key_unit (self);
  g_mutex_lock (&self->push_lock);
  GST_OBJECT_LOCK (self);
  self->source_time = g_get_monotonic_time ();
  gate = self->gated ? GST_KANDY_GATE_CLOSED : self->gate;
  if (self->source)
    source = gst_object_ref (self->source);
  GST_OBJECT_UNLOCK (self);

  /* What is in front of a picture is of no use without its beginning */
  if (gate == GST_KANDY_GATE_AJAR
      && kandy_track_get_kind (self->track) == KANDY_MEDIA_KIND_VIDEO)
    gate = GST_KANDY_GATE_CLOSED;
  drop_held (self);
  if (gate == GST_KANDY_GATE_OPEN && !source)
    gate = GST_KANDY_GATE_CLOSED;
  if (gate == GST_KANDY_GATE_CLOSED) {
    if (self->border)
      gst_kandy_rtp_border_skip (self->border);
    GST_OBJECT_LOCK (self);
    self->counters.dropped++;
    GST_OBJECT_UNLOCK (self);
    g_mutex_unlock (&self->push_lock);
    gst_buffer_unref (rtp);
    return GST_FLOW_OK;
  }

  time = map_time (self, GST_BUFFER_PTS (rtp), clock, base_time);
  rtp = gst_buffer_make_writable (rtp);
  GST_BUFFER_PTS (rtp) = time;
  GST_BUFFER_DTS (rtp) = GST_CLOCK_TIME_NONE;
  if (gate == GST_KANDY_GATE_OPEN)
    send (self, source, rtp);
  else
    self->held = rtp;
  g_mutex_unlock (&self->push_lock);
  return GST_FLOW_OK;
}

/**
 * gst_kandy_send_track_set_gated:
 * @self: a #GstKandySendTrack
 * @gated: whether to drop what is pushed
 *
 * Stops the track without telling the far end. Any thread.
 */
void
gst_kandy_send_track_set_gated (GstKandySendTrack *self, gboolean gated)
{
  gboolean changed;

  g_return_if_fail (GST_KANDY_IS_SEND_TRACK (self));

  g_mutex_lock (&self->push_lock);
  GST_OBJECT_LOCK (self);
  changed = self->gated != gated;
  self->gated = gated;
  GST_OBJECT_UNLOCK (self);
  if (gated)
    drop_held (self);
  g_mutex_unlock (&self->push_lock);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_GATED]);
}
