/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytrack-private.h"

#include <gst/video/video-event.h>

/**
 * SECTION:gstkandyreceivetrack
 * @title: GstKandyReceiveTrack
 * @short_description: a remote track of a call
 *
 * Exists as soon as a description announces it, whether packets come or not,
 * and until a description takes it away. A consumer gets the packets on the
 * streaming thread on which they come out of the jitter buffer.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_receive_track_debug);
#define GST_CAT_DEFAULT gst_kandy_receive_track_debug

/* An older stream is believed again when the newest has been silent for so
 * long */
#define SOURCE_SILENCE (500 * GST_MSECOND)

struct _GstKandyReceiveTrack {
  GstObject parent;

  KandyTrack *track; /* under the object lock */
  GPtrArray *former; /* of KandyTrack, so that nobody is left with none */
  GstClock *clock;   /* of the private pipeline */
  GstClockTime base_time;
  guint latency;
  GMainContext *context; /* of the kandy thread */

  /* under the object lock */
  GstCaps *expected;
  GstCaps *current;
  GstPad *pad;
  gboolean active;
  gboolean flowing; /* something has come since it is active */
  GstKandyTrackCounters counters;

  /* Held while the consumer runs, so that taking it away can wait; recursive,
   * so that it can take itself away */
  GRecMutex delivery;
  GstKandyReceiveFunc func;
  gpointer user_data;
  GDestroyNotify notify;
  guint source;
  GstClockTime last_delivery;
  gboolean discont;
};

enum { PROP_0, PROP_ACTIVE, PROP_LATENCY, PROP_TRACK, N_PROPS };

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (
    GstKandyReceiveTrack, gst_kandy_receive_track, GST_TYPE_OBJECT)

/* --- GObject --- */

static void
gst_kandy_receive_track_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKandyReceiveTrack *self = GST_KANDY_RECEIVE_TRACK (object);

  switch (prop_id) {
    case PROP_ACTIVE:
      GST_OBJECT_LOCK (self);
      g_value_set_boolean (value, self->active);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_LATENCY:
      g_value_set_uint (value, self->latency);
      break;
    case PROP_TRACK:
      g_value_set_object (value, gst_kandy_receive_track_get_track (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
gst_kandy_receive_track_finalize (GObject *object)
{
  GstKandyReceiveTrack *self = GST_KANDY_RECEIVE_TRACK (object);

  if (self->notify)
    self->notify (self->user_data);
  g_clear_object (&self->track);
  g_ptr_array_unref (self->former);
  gst_clear_object (&self->clock);
  gst_clear_object (&self->pad);
  g_main_context_unref (self->context);
  gst_clear_caps (&self->expected);
  gst_clear_caps (&self->current);
  g_rec_mutex_clear (&self->delivery);

  G_OBJECT_CLASS (gst_kandy_receive_track_parent_class)->finalize (object);
}

static void
gst_kandy_receive_track_class_init (GstKandyReceiveTrackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gst_kandy_receive_track_get_property;
  object_class->finalize = gst_kandy_receive_track_finalize;

  /**
   * GstKandyReceiveTrack:active:
   *
   * Whether media is to be expected: %FALSE while either end holds, and when
   * the far end does not send. Notified on the kandy thread.
   */
  props[PROP_ACTIVE] = g_param_spec_boolean ("active", "Active",
      "Media is to be expected", FALSE,
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyReceiveTrack:latency:
   *
   * How long packets may wait in the jitter buffer, ms: the latency to report
   * downstream.
   */
  props[PROP_LATENCY] =
      g_param_spec_uint ("latency", "Latency", "Delay of the jitter buffer, ms",
          0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyReceiveTrack:track:
   *
   * What the call shows for it. Notified of on the kandy thread.
   */
  props[PROP_TRACK] = g_param_spec_object ("track", "Track",
      "What the call shows for it", KANDY_TYPE_TRACK,
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  GST_DEBUG_CATEGORY_INIT (gst_kandy_receive_track_debug, "kandyreceivetrack",
      0, "Remote track of a Kandy call");
}

static void
gst_kandy_receive_track_init (GstKandyReceiveTrack *self)
{
  self->former = g_ptr_array_new_with_free_func (g_object_unref);
  g_rec_mutex_init (&self->delivery);
  self->context = g_main_context_ref_thread_default ();
  self->last_delivery = GST_CLOCK_TIME_NONE;
  self->discont = TRUE;
}

/* --- for the call --- */

GstKandyReceiveTrack *
gst_kandy_receive_track_new (KandyTrack *track, GstCaps *caps, guint latency,
    GstClock *clock, GstClockTime base_time)
{
  GstKandyReceiveTrack *self =
      g_object_new (GST_KANDY_TYPE_RECEIVE_TRACK, NULL);

  self->track = g_object_ref (track);
  self->expected = caps ? gst_caps_ref (caps) : NULL;
  self->latency = latency;
  self->clock = gst_object_ref (clock);
  self->base_time = base_time;
  return gst_object_ref_sink (self);
}

/* RFC 3550 lets an SSRC change at any time: the stream that began last is the
 * one that the far end means, unless it has fallen silent. */
static gboolean
choose_source (GstKandyReceiveTrack *self, guint source)
{
  GstClockTime now;

  if (source == self->source)
    return TRUE;
  now = gst_clock_get_time (self->clock);
  if (source > self->source || !GST_CLOCK_TIME_IS_VALID (self->last_delivery)
      || now - self->last_delivery > SOURCE_SILENCE) {
    self->source = source;
    self->discont = TRUE;
    return TRUE;
  }
  return FALSE;
}

void
gst_kandy_receive_track_tell_flowing (GstKandyReceiveTrack *self)
{
  gboolean flowing;

  GST_OBJECT_LOCK (self);
  flowing = self->flowing;
  GST_OBJECT_UNLOCK (self);
  if (flowing)
    kandy_track_set_source_muted (self->track, FALSE);
}

static gboolean
tell_flowing (gpointer user_data)
{
  gst_kandy_receive_track_tell_flowing (user_data);
  return G_SOURCE_REMOVE;
}

/* Protocol calls 7.3: the first packet says that the source is heard again */
static void
post_flowing (GstKandyReceiveTrack *self)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (
      source, tell_flowing, gst_object_ref (self), gst_object_unref);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

void
gst_kandy_receive_track_deliver (GstKandyReceiveTrack *self, guint source,
    GstPad *pad, GstBuffer *rtp, GstCaps *caps)
{
  gboolean active, switched, first;

  g_rec_mutex_lock (&self->delivery);

  GST_LOG_OBJECT (self, "stream %u: %" GST_PTR_FORMAT, source, rtp);
  GST_OBJECT_LOCK (self);
  active = self->active;
  first = active && !self->flowing;
  self->flowing |= first;
  if (active) {
    self->counters.packets++;
    self->counters.bytes += gst_buffer_get_size (rtp);
    self->counters.last_time = g_get_real_time ();
    if (self->current != caps)
      gst_kandy_frame_counter_set_caps (&self->counters.pictures, caps);
    gst_kandy_frame_counter_add (&self->counters.pictures, rtp);
  } else {
    self->counters.dropped++;
  }
  GST_OBJECT_UNLOCK (self);

  if (first)
    post_flowing (self);
  if (!active || !choose_source (self, source)) {
    self->discont = TRUE;
    g_rec_mutex_unlock (&self->delivery);
    gst_buffer_unref (rtp);
    return;
  }

  GST_OBJECT_LOCK (self);
  switched = self->pad != pad;
  if (switched)
    gst_object_replace ((GstObject **) &self->pad, GST_OBJECT_CAST (pad));
  if (self->current != caps)
    gst_caps_replace (&self->current, caps);
  GST_OBJECT_UNLOCK (self);

  if (switched)
    GST_DEBUG_OBJECT (self, "stream %u, %" GST_PTR_FORMAT, source, caps);
  self->last_delivery = gst_clock_get_time (self->clock);
  if (self->discont) {
    rtp = gst_buffer_make_writable (rtp);
    GST_BUFFER_FLAG_SET (rtp, GST_BUFFER_FLAG_DISCONT);
    self->discont = FALSE;
  }

  if (self->func)
    self->func (self, rtp, caps, self->clock, self->base_time, self->user_data);
  else
    gst_buffer_unref (rtp);
  g_rec_mutex_unlock (&self->delivery);
}

void
gst_kandy_receive_track_set_active (GstKandyReceiveTrack *self, gboolean active)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->active != active;
  self->active = active;
  if (!active)
    self->flowing = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (!active)
    kandy_track_set_source_muted (self->track, TRUE);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

void
gst_kandy_receive_track_set_track (
    GstKandyReceiveTrack *self, KandyTrack *track)
{
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->former, self->track);
  self->track = g_object_ref (track);
  self->flowing = FALSE;
  GST_OBJECT_UNLOCK (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TRACK]);
}

void
gst_kandy_receive_track_set_caps (GstKandyReceiveTrack *self, GstCaps *caps)
{
  GST_OBJECT_LOCK (self);
  gst_caps_replace (&self->expected, caps);
  GST_OBJECT_UNLOCK (self);
}

/* Streams of a former transport must not hold on to their pads */
void
gst_kandy_receive_track_forget_source (GstKandyReceiveTrack *self)
{
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  pad = g_steal_pointer (&self->pad);
  GST_OBJECT_UNLOCK (self);
  gst_clear_object (&pad);
}

void
gst_kandy_receive_track_get_counters (
    GstKandyReceiveTrack *self, GstKandyTrackCounters *counters)
{
  GST_OBJECT_LOCK (self);
  *counters = self->counters;
  GST_OBJECT_UNLOCK (self);
}

GstCaps *
gst_kandy_receive_track_get_current_caps (GstKandyReceiveTrack *self)
{
  GstCaps *caps;

  GST_OBJECT_LOCK (self);
  caps = self->current ? gst_caps_ref (self->current) : NULL;
  GST_OBJECT_UNLOCK (self);
  return caps;
}

/* --- public --- */

/**
 * gst_kandy_receive_track_get_track:
 * @self: a #GstKandyReceiveTrack
 *
 * Returns: (transfer none): what the call shows for it. It is another one after
 *     the far end, or whoever has taken its place, has put another track in its
 *     place; the former one lives on with @self.
 */
KandyTrack *
gst_kandy_receive_track_get_track (GstKandyReceiveTrack *self)
{
  KandyTrack *track;

  g_return_val_if_fail (GST_KANDY_IS_RECEIVE_TRACK (self), NULL);

  GST_OBJECT_LOCK (self);
  track = self->track;
  GST_OBJECT_UNLOCK (self);
  return track;
}

/**
 * gst_kandy_receive_track_get_kind:
 * @self: a #GstKandyReceiveTrack
 *
 * Returns: its kind
 */
KandyMediaKind
gst_kandy_receive_track_get_kind (GstKandyReceiveTrack *self)
{
  g_return_val_if_fail (
      GST_KANDY_IS_RECEIVE_TRACK (self), KANDY_MEDIA_KIND_AUDIO);

  return kandy_track_get_kind (self->track);
}

/**
 * gst_kandy_receive_track_get_caps:
 * @self: a #GstKandyReceiveTrack
 *
 * Returns: (transfer full): fixed application/x-rtp caps that are expected
 * first, from the descriptions; ANY if these do not say. Any thread
 */
GstCaps *
gst_kandy_receive_track_get_caps (GstKandyReceiveTrack *self)
{
  GstCaps *caps;

  g_return_val_if_fail (GST_KANDY_IS_RECEIVE_TRACK (self), NULL);

  GST_OBJECT_LOCK (self);
  caps = self->expected ? gst_caps_ref (self->expected) : gst_caps_new_any ();
  GST_OBJECT_UNLOCK (self);
  return caps;
}

/**
 * gst_kandy_receive_track_set_consumer:
 * @self: a #GstKandyReceiveTrack
 * @func: (nullable) (scope notified) (closure user_data): gets the packets
 * @user_data: for @func
 * @notify: (nullable): frees @user_data
 *
 * Replaces the consumer. When this returns the former one does not run and is
 * not called again, so do not call it with a lock held that @func takes; @func
 * itself may call it. Without a consumer media is discarded. Any thread.
 */
void
gst_kandy_receive_track_set_consumer (GstKandyReceiveTrack *self,
    GstKandyReceiveFunc func, gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_return_if_fail (GST_KANDY_IS_RECEIVE_TRACK (self));

  g_rec_mutex_lock (&self->delivery);
  old_notify = self->notify;
  old_data = self->user_data;
  self->func = func;
  self->user_data = user_data;
  self->notify = notify;
  self->discont = TRUE;
  g_rec_mutex_unlock (&self->delivery);

  if (old_notify)
    old_notify (old_data);
}

/**
 * gst_kandy_receive_track_request_key_unit:
 * @self: a #GstKandyReceiveTrack
 *
 * Asks the far end for a key frame (RTCP PLI or FIR). Does nothing while no
 * packet has come. Any thread.
 */
void
gst_kandy_receive_track_request_key_unit (GstKandyReceiveTrack *self)
{
  g_autoptr (GstPad) pad = NULL;

  g_return_if_fail (GST_KANDY_IS_RECEIVE_TRACK (self));

  GST_OBJECT_LOCK (self);
  if (self->pad)
    pad = gst_object_ref (self->pad);
  GST_OBJECT_UNLOCK (self);
  if (pad)
    gst_pad_push_event (pad,
        gst_video_event_new_upstream_force_key_unit (
            GST_CLOCK_TIME_NONE, TRUE, 0));
}
