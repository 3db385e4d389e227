/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandymediasrc.h"

/* SECTION: GstKandyMediaSrc
 *
 * The receiving half of the border between a call and the application's
 * pipeline. It is live, has a latency, and does not care what the pipeline
 * does: when that is paused or stopped, or too slow, media is dropped.
 *
 * appsrc would nearly do. It cannot fill the time when nothing arrives, which a
 * muxer or a mixer downstream needs while the call is held.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_media_src_debug);
#define GST_CAT_DEFAULT gst_kandy_media_src_debug

/* Two seconds of sound in packets of 20 ms; a video frame of 1 Mbit/s has four
 * packets or so, a key frame forty */
#define MAX_ITEMS 400
/* Silence as short as this is a pause between words with DTX */
#define GAP_AFTER (250 * GST_MSECOND)
#define FIRST_US (2 * G_USEC_PER_SEC)
#define GAP_INTERVAL_US (40 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  GstBuffer *buffer; /* NULL: EOS */
  GstCaps *caps;     /* (nullable) */
} Item;

struct _GstKandyMediaSrc {
  GstElement parent_instance;

  GstPad *srcpad;
  GstKandyMediaSrcFill fill;
  gpointer fill_data; /* unowned */
  void (*done) (gpointer user_data);
  gpointer done_data; /* unowned */
  char *stream_id;
  guint group_id;
  GstClockTime latency;

  GMutex lock;
  GCond cond;
  GQueue items;        /* lock */
  gboolean flushing;   /* lock */
  gboolean opened;     /* lock */
  gboolean playing;    /* lock */
  gboolean idle;       /* lock */
  gboolean discont;    /* lock: something was dropped */
  gboolean eos_queued; /* lock */

  /* streaming thread only */
  GstCaps *caps;
  gboolean started;
  gboolean eos;
  GstClockTime position; /* running time up to which there is media */
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-rtp"));

G_DEFINE_TYPE_WITH_CODE (GstKandyMediaSrc, gst_kandy_media_src,
    GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_kandy_media_src_debug, "kandymediasrc", 0,
        "media that comes out of a call"))

static void
item_free (Item *item)
{
  gst_clear_buffer (&item->buffer);
  gst_clear_caps (&item->caps);
  g_free (item);
}

/* With the lock */
static void
drop_all (GstKandyMediaSrc *self)
{
  Item *item;

  while ((item = g_queue_pop_head (&self->items)) != NULL)
    item_free (item);
}

static GstClockTime
running_time_now (GstKandyMediaSrc *self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime base = gst_element_get_base_time (GST_ELEMENT (self));
  GstClockTime now;

  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  now = gst_clock_get_time (clock);
  gst_object_unref (clock);
  return GST_CLOCK_TIME_IS_VALID (base) && now >= base ? now - base
                                                       : GST_CLOCK_TIME_NONE;
}

static void
start (GstKandyMediaSrc *self)
{
  GstSegment segment;
  GstEvent *event;

  if (self->started)
    return;
  self->started = TRUE;

  event = gst_event_new_stream_start (self->stream_id);
  gst_event_set_group_id (event, self->group_id);
  gst_pad_push_event (self->srcpad, event);
  if (self->caps != NULL)
    gst_pad_push_event (self->srcpad, gst_event_new_caps (self->caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (self->srcpad, gst_event_new_segment (&segment));
}

static void
fill (GstKandyMediaSrc *self, gboolean idle)
{
  GstClockTime now = running_time_now (self), position = self->position;
  GstClockTime reached;

  if (!GST_CLOCK_TIME_IS_VALID (now) || self->fill == NULL)
    return;
  if (idle) {
    reached = now;
  } else {
    /* what arrives now is played after the latency, so that nothing is late yet
     * that is not older than GAP_AFTER */
    if (now < position + GAP_AFTER)
      return;
    reached = now - GAP_AFTER / 2;
  }
  if (reached <= position)
    return;
  GST_LOG_OBJECT (self,
      "nothing from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT,
      GST_TIME_ARGS (position), GST_TIME_ARGS (reached));
  self->fill (position, reached, self->fill_data);
  self->position = reached;
}

static gboolean
handle_flow (GstKandyMediaSrc *self, GstFlowReturn ret)
{
  switch (ret) {
    case GST_FLOW_OK:
    /* may be linked again later */
    case GST_FLOW_NOT_LINKED:
      return TRUE;
    case GST_FLOW_FLUSHING:
    case GST_FLOW_EOS:
      GST_DEBUG_OBJECT (self, "stops: %s", gst_flow_get_name (ret));
      return FALSE;
    default:
      GST_ELEMENT_FLOW_ERROR (self, ret);
      gst_pad_push_event (self->srcpad, gst_event_new_eos ());
      return FALSE;
  }
}

/* With the lock. The first packet may take its time, or never come: what is
 * downstream does not wait for it without end. */
static void
wait_first (GstKandyMediaSrc *self)
{
  gint64 end = g_get_monotonic_time () + FIRST_US;

  while (!self->flushing && self->opened && self->playing && !self->idle
      && g_queue_is_empty (&self->items)) {
    if (g_cond_wait_until (&self->cond, &self->lock, end))
      continue;
    if (g_queue_is_empty (&self->items))
      break;
  }
  if (!self->flushing && self->opened && self->playing
      && g_queue_is_empty (&self->items)) {
    self->position = running_time_now (self);
    if (!GST_CLOCK_TIME_IS_VALID (self->position))
      g_cond_wait_until (&self->cond, &self->lock, end);
  }
}

static void
src_loop (gpointer user_data)
{
  GstKandyMediaSrc *self = user_data;
  GstBuffer *buffer;
  gboolean idle;
  Item *item;

  g_mutex_lock (&self->lock);
  while (!self->flushing
      && (!self->opened || !self->playing || g_queue_is_empty (&self->items))) {
    if (!self->opened || !self->playing || self->eos) {
      g_cond_wait (&self->cond, &self->lock);
    } else if (!GST_CLOCK_TIME_IS_VALID (self->position)) {
      wait_first (self);
    } else if (!g_cond_wait_until (&self->cond, &self->lock,
                   g_get_monotonic_time () + GAP_INTERVAL_US)) {
      idle = self->idle;
      g_mutex_unlock (&self->lock);
      fill (self, idle);
      g_mutex_lock (&self->lock);
    }
  }
  if (self->flushing) {
    g_mutex_unlock (&self->lock);
    gst_pad_pause_task (self->srcpad);
    return;
  }
  item = g_queue_pop_head (&self->items);
  g_mutex_unlock (&self->lock);

  if (self->eos) {
    if (item->buffer == NULL && self->done != NULL)
      self->done (self->done_data);
    item_free (item);
    return;
  }
  if (item->caps != NULL
      && (self->caps == NULL || !gst_caps_is_equal (self->caps, item->caps))) {
    gst_caps_replace (&self->caps, item->caps);
    if (self->started)
      gst_pad_push_event (self->srcpad, gst_event_new_caps (self->caps));
  }
  start (self);

  buffer = g_steal_pointer (&item->buffer);
  item_free (item);
  if (buffer == NULL) {
    self->eos = TRUE;
    gst_pad_push_event (self->srcpad, gst_event_new_eos ());
    if (self->done != NULL)
      self->done (self->done_data);
    return;
  }
  if (!GST_CLOCK_TIME_IS_VALID (self->position)
      || GST_BUFFER_PTS (buffer) > self->position)
    self->position = GST_BUFFER_PTS (buffer);
  if (!handle_flow (self, gst_pad_push (self->srcpad, buffer)))
    self->eos = TRUE;
}

static gboolean
src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstKandyMediaSrc *self = GST_KANDY_MEDIA_SRC (parent);
  GstCaps *caps, *filter;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      gst_query_set_latency (query, TRUE, self->latency, GST_CLOCK_TIME_NONE);
      return TRUE;
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling (
          query, GST_SCHEDULING_FLAG_BANDWIDTH_LIMITED, 1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    case GST_QUERY_SEEKING: {
      GstFormat format;

      gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
      gst_query_set_seeking (query, format, FALSE, 0, -1);
      return TRUE;
    }
    case GST_QUERY_CAPS:
      gst_query_parse_caps (query, &filter);
      caps = gst_pad_get_pad_template_caps (pad);
      if (filter != NULL) {
        GstCaps *both = gst_caps_intersect (filter, caps);

        gst_caps_unref (caps);
        caps = both;
      }
      gst_query_set_caps_result (query, caps);
      gst_caps_unref (caps);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static gboolean
src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  gboolean handled;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_LATENCY:
    case GST_EVENT_QOS:
    case GST_EVENT_RECONFIGURE:
      handled = TRUE;
      break;
    default:
      /* nobody seeks in a call; a key frame request is taken by a probe */
      handled = FALSE;
      break;
  }
  gst_event_unref (event);
  return handled;
}

static gboolean
src_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstKandyMediaSrc *self = GST_KANDY_MEDIA_SRC (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;

  g_mutex_lock (&self->lock);
  self->flushing = !active;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  if (active)
    return gst_pad_start_task (pad, src_loop, self, NULL);

  gst_pad_stop_task (pad);
  g_mutex_lock (&self->lock);
  drop_all (self);
  self->eos_queued = FALSE;
  g_mutex_unlock (&self->lock);
  self->started = FALSE;
  self->eos = FALSE;
  self->position = GST_CLOCK_TIME_NONE;
  return TRUE;
}

/* With the lock: what is queued is of no use, but for the end */
static void
drop_media (GstKandyMediaSrc *self)
{
  drop_all (self);
  self->discont = TRUE;
  if (self->eos_queued)
    g_queue_push_tail (&self->items, g_new0 (Item, 1));
}

static void
set_playing (GstKandyMediaSrc *self, gboolean playing)
{
  g_mutex_lock (&self->lock);
  self->playing = playing;
  /* live: what came before the pause is of no use after it */
  if (!playing)
    drop_media (self);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
gst_kandy_media_src_change_state (
    GstElement *element, GstStateChange transition)
{
  GstKandyMediaSrc *self = GST_KANDY_MEDIA_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);

  ret = GST_ELEMENT_CLASS (gst_kandy_media_src_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE)
    return ret;

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      return GST_STATE_CHANGE_NO_PREROLL;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      set_playing (self, TRUE);
      return ret;
    default:
      return ret;
  }
}

static void
gst_kandy_media_src_finalize (GObject *object)
{
  GstKandyMediaSrc *self = GST_KANDY_MEDIA_SRC (object);

  drop_all (self);
  gst_clear_caps (&self->caps);
  g_free (self->stream_id);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gst_kandy_media_src_parent_class)->finalize (object);
}

static void
gst_kandy_media_src_class_init (GstKandyMediaSrcClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_kandy_media_src_finalize;
  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_kandy_media_src_change_state);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Media of a call",
      "Source/Network", "RTP that comes out of a call (inside of kandysrc)",
      "The gst-kandy authors");
}

static void
gst_kandy_media_src_init (GstKandyMediaSrc *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->items);
  self->flushing = TRUE;
  self->position = GST_CLOCK_TIME_NONE;

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->srcpad, src_query);
  gst_pad_set_event_function (self->srcpad, src_event);
  gst_pad_set_activatemode_function (self->srcpad, src_activate_mode);
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}

GstKandyMediaSrc *
gst_kandy_media_src_new (
    const char *stream_id, guint group_id, GstClockTime latency, GstCaps *caps)
{
  GstKandyMediaSrc *self = g_object_new (GST_TYPE_KANDY_MEDIA_SRC, NULL);

  self->stream_id = g_strdup (stream_id);
  self->group_id = group_id;
  self->latency = latency;
  gst_caps_replace (&self->caps, caps);
  return self;
}

void
gst_kandy_media_src_open (GstKandyMediaSrc *self)
{
  g_mutex_lock (&self->lock);
  self->opened = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

gboolean
gst_kandy_media_src_is_open (GstKandyMediaSrc *self)
{
  gboolean opened;

  g_mutex_lock (&self->lock);
  opened = self->opened;
  g_mutex_unlock (&self->lock);
  return opened;
}

void
gst_kandy_media_src_push (
    GstKandyMediaSrc *self, GstBuffer *buffer, GstCaps *caps)
{
  Item *item = NULL, *oldest = NULL;
  gboolean waiting = FALSE;

  g_mutex_lock (&self->lock);
  if (!self->flushing && self->opened && self->playing) {
    waiting = g_queue_is_empty (&self->items);
    item = g_new0 (Item, 1);
    if (self->items.length >= MAX_ITEMS) {
      oldest = g_queue_pop_head (&self->items);
      self->discont = TRUE;
    }
    if (self->discont) {
      buffer = gst_buffer_make_writable (buffer);
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
      self->discont = FALSE;
    }
    item->buffer = buffer;
    item->caps = caps != NULL ? gst_caps_ref (caps) : NULL;
    g_queue_push_tail (&self->items, item);
  } else {
    self->discont = TRUE;
  }
  g_mutex_unlock (&self->lock);

  /* without the lock, for which it would have to sleep again at once */
  if (waiting)
    g_cond_signal (&self->cond);
  if (item == NULL)
    gst_buffer_unref (buffer);
  if (oldest != NULL) {
    GST_DEBUG_OBJECT (self, "too slow downstream, dropped a packet");
    item_free (oldest);
  }
}

void
gst_kandy_media_src_push_eos (GstKandyMediaSrc *self)
{
  g_mutex_lock (&self->lock);
  if (!self->flushing && !self->eos_queued) {
    self->eos_queued = TRUE;
    g_queue_push_tail (&self->items, g_new0 (Item, 1));
    g_cond_signal (&self->cond);
  }
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_media_src_set_idle (GstKandyMediaSrc *self, gboolean idle)
{
  g_mutex_lock (&self->lock);
  if (idle && !self->idle)
    drop_media (self);
  self->idle = idle;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_media_src_set_fill (
    GstKandyMediaSrc *self, GstKandyMediaSrcFill fill, gpointer user_data)
{
  self->fill = fill;
  self->fill_data = user_data;
}

void
gst_kandy_media_src_set_done (
    GstKandyMediaSrc *self, void (*done) (gpointer), gpointer user_data)
{
  self->done = done;
  self->done_data = user_data;
}
