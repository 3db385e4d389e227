/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysink-private.h"
#include "gstkandysinkpad-private.h"

/* What comes into a pad of kandysink: it waits for the call if it is not live,
 * and gives way to what stands in for it. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_sink_pad_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_pad_debug

/* What comes to a sink pad, or out of a source pad */
static gboolean
is_live (GstPad *pad)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = TRUE;

  if (GST_PAD_IS_SINK (pad) ? gst_pad_peer_query (pad, query)
                            : gst_pad_query (pad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return live;
}

/* GST_CLOCK_TIME_NONE if it has none */
static GstClockTime
get_running_time (GstPad *pad, GstPadProbeInfo *info)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  GstBuffer *buffer = (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0
      ? gst_pad_probe_info_get_buffer (info)
      : gst_buffer_list_get (gst_pad_probe_info_get_buffer_list (info), 0);
  const GstSegment *segment;

  if (event == NULL || buffer == NULL || !GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_CLOCK_TIME_NONE;
  gst_event_parse_segment (event, &segment);
  return segment->format == GST_FORMAT_TIME ? gst_segment_to_running_time (
             segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer))
                                            : GST_CLOCK_TIME_NONE;
}

/* Lets what is not live go by the clock from now on */
static GstClockTime
start_pacing (GstKandySinkPad *self)
{
  GstClockTime base_time =
      gst_element_get_base_time (GST_ELEMENT (self->appsink));
  g_autoptr (GstClock) clock = gst_element_get_clock (self->appsink);
  GstClockTime now = clock != NULL ? gst_clock_get_time (clock) - base_time : 0;
  GstClockTime offset;

  GST_OBJECT_LOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (self->offset))
    self->offset =
        GST_CLOCK_TIME_IS_VALID (self->waiting) && self->waiting < now
        ? now - self->waiting
        : 0;
  offset = self->offset;
  GST_OBJECT_UNLOCK (self);

  GST_DEBUG_OBJECT (
      self, "starts at %" GST_TIME_FORMAT, GST_TIME_ARGS (offset));
  g_object_set (
      self->clocksync, "ts-offset", (gint64) offset, "sync", TRUE, NULL);
  return offset;
}

/* What a queue holds by default */
#define LATE_BUFFERS 200
#define LATE_TIME GST_SECOND

/* Whether @time is that of a buffer that no queue held at the end. Called with
 * the object lock. */
static gboolean
is_long_late (GstKandySinkPad *self, GstClockTime time)
{
  if (self->n_late++ == 0)
    self->late = time;
  if (GST_CLOCK_TIME_IS_VALID (time) && GST_CLOCK_TIME_IS_VALID (self->late))
    return time > self->late + LATE_TIME;
  return self->n_late > LATE_BUFFERS;
}

/* Who goes on after the end is told so, or a source that is not live would run
 * as fast as it can for nobody. But a queue that is told so drops all that it
 * holds, also an ALLOCATION query without answering it (seen with 1.22), and
 * its source waits for the answer for ever, as does who wants to stop it. With
 * each change of what is encoded there is such a query behind what the queue
 * holds, so that this is let through first. */
static GstPadProbeReturn
on_late (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (pad);
  GstClockTime time;
  gboolean told;

  GST_OBJECT_LOCK (self);
  if (!self->ended) {
    GST_OBJECT_UNLOCK (self);
    return GST_PAD_PROBE_OK;
  }
  GST_OBJECT_UNLOCK (self);
  time = get_running_time (pad, info);

  GST_OBJECT_LOCK (self);
  told = is_long_late (self, time);
  GST_OBJECT_UNLOCK (self);
  if (told)
    GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_EOS;
  gst_mini_object_unref (GST_PAD_PROBE_INFO_DATA (info));
  return GST_PAD_PROBE_HANDLED;
}

void
gst_kandy_sink_pad_watch_end (GstKandySinkPad *self)
{
  gst_pad_add_probe (GST_PAD (self),
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_late, NULL,
      NULL);
}

/* Whoever takes the id out of wait_probe removes the probe, and nobody else:
 * the probe itself may want to, and who lets go what waits. */
static gulong
claim_probe (GstKandySinkPad *self)
{
  gulong probe = self->wait_probe;

  self->wait_probe = 0;
  return probe;
}

static gboolean
need_not_wait (GstKandySinkPad *self)
{
  return self->live || self->open || self->ended;
}

static GstPadProbeReturn
on_wait (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySinkPad *self = GST_KANDY_SINK_PAD (pad);
  GstClockTime time;
  gboolean live, ask;
  GstPadProbeReturn ret = GST_PAD_PROBE_OK;
  gboolean pace = FALSE;

  GST_OBJECT_LOCK (self);
  ask = !self->liveness_known;
  GST_OBJECT_UNLOCK (self);
  live = ask && is_live (pad);
  time = get_running_time (pad, info);

  GST_OBJECT_LOCK (self);
  if (ask) {
    self->liveness_known = TRUE;
    self->live = live;
  }
  if (need_not_wait (self)) {
    ret = GST_PAD_PROBE_PASS;
    if (self->wait_probe == info->id) {
      claim_probe (self);
      ret = GST_PAD_PROBE_REMOVE;
    }
    pace = self->open && !self->live;
  }
  if (!self->live && !GST_CLOCK_TIME_IS_VALID (self->waiting))
    self->waiting = time;
  GST_OBJECT_UNLOCK (self);

  if (ask)
    GST_DEBUG_OBJECT (self, "media is %slive", live ? "" : "not ");
  if (pace)
    start_pacing (self);
  return ret;
}

void
gst_kandy_sink_pad_wait (GstKandySinkPad *self)
{
  gboolean there, pace;
  gulong probe;

  GST_OBJECT_LOCK (self);
  there = self->wait_probe != 0 || self->adding_probe;
  if (!there)
    self->adding_probe = TRUE;
  self->liveness_known = FALSE;
  self->waiting = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);
  if (there)
    return;

  probe = gst_pad_add_probe (GST_PAD (self),
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER
          | GST_PAD_PROBE_TYPE_BUFFER_LIST,
      on_wait, NULL, NULL);

  GST_OBJECT_LOCK (self);
  self->wait_probe = probe;
  self->adding_probe = FALSE;
  /* Something may wait already that should have been let go meanwhile */
  probe = self->liveness_known && need_not_wait (self) ? claim_probe (self) : 0;
  pace = self->open && !self->live;
  GST_OBJECT_UNLOCK (self);
  if (probe != 0 && pace)
    start_pacing (self);
  if (probe != 0)
    gst_pad_remove_probe (GST_PAD (self), probe);
}

/* What stands in for the peer */

static GstPadProbeReturn
on_aside (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

static GstPadProbeReturn
on_aside_wait (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* Of the stand-in, on its streaming thread */
static GstPadProbeReturn
on_stand_in_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySinkPad *self = user_data;
  gboolean live = is_live (pad);
  GstClockTime time = get_running_time (pad, info);

  GST_OBJECT_LOCK (self);
  self->liveness_known = TRUE;
  self->live = live;
  self->waiting = time;
  self->offset = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);
  if (!live)
    start_pacing (self);
  return GST_PAD_PROBE_REMOVE;
}

/* It has something to send: the peer makes room. What is live is lost
 * meanwhile, what is not waits. */
static void
on_stand_in_begun (gpointer user_data)
{
  GstKandySinkPad *self = user_data;
  GstPad *inner = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (self)));
  g_autoptr (GstKandyDeviceSrc) stand_in = NULL;
  g_autoptr (GstPad) target = NULL;
  g_autoptr (GstPad) pad = NULL;
  gboolean wait;
  gulong probe;

  /* The former one makes room first */
  GST_OBJECT_LOCK (self);
  while (self->n_leaving > 0)
    g_cond_wait (&self->left, GST_OBJECT_GET_LOCK (self));
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->input_lock);
  GST_OBJECT_LOCK (self);
  wait = self->liveness_known && !self->live;
  g_set_object (&stand_in, self->stand_in);
  GST_OBJECT_UNLOCK (self);
  if (stand_in != NULL) {
    pad = gst_element_get_static_pad (GST_ELEMENT (stand_in), "src");
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        on_stand_in_buffer, gst_object_ref (self), gst_object_unref);
    g_object_set (
        self->clocksync, "sync", FALSE, "ts-offset", (gint64) 0, NULL);
  }
  /* else another one stands in already, whose time is looked at anew */
  if (stand_in != NULL && self->aside_probe == 0) {
    probe = gst_pad_add_probe (inner,
        (wait ? GST_PAD_PROBE_TYPE_BLOCK : 0) | GST_PAD_PROBE_TYPE_BUFFER
            | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        wait ? on_aside_wait : on_aside, NULL, NULL);
    GST_OBJECT_LOCK (self);
    self->aside_probe = probe;
    GST_OBJECT_UNLOCK (self);
    gst_ghost_pad_set_target (GST_GHOST_PAD (self), NULL);
    /* What the peer is pushing goes first. What waits keeps the lock, and is
     * not let through before it is its turn again */
    if (!wait) {
      GST_PAD_STREAM_LOCK (self);
      GST_PAD_STREAM_UNLOCK (self);
    }
    target = gst_element_get_static_pad (self->clocksync, "sink");
    if (gst_pad_link_full (pad, target, GST_PAD_LINK_CHECK_NOTHING)
        != GST_PAD_LINK_OK)
      GST_WARNING_OBJECT (self, "the source cannot be linked");
  }
  g_mutex_unlock (&self->input_lock);
  gst_object_unref (inner);
}

/* On its streaming thread */
static void
on_stand_in_failed (
    GstKandyDeviceSrc *stand_in, const GError *error, gpointer user_data)
{
  GstKandySinkPad *self = user_data;
  g_autoptr (GstElement) bin = gst_pad_get_parent_element (GST_PAD (self));

  if (bin != NULL)
    gst_kandy_sink_lose_track (GST_KANDY_SINK (bin), self, error);
}

typedef struct {
  GstKandySinkPad *pad;
  GstKandyDeviceSrc *stand_in;
} Farewell;

static void
farewell_free (gpointer data)
{
  Farewell *self = data;

  gst_object_unref (self->pad);
  gst_object_unref (self->stand_in);
  g_free (self);
}

/* On a thread of its own: what the stand-in is pushing, be it its caps, has to
 * be through before the peer follows, whose caps would be taken for known */
static void
take_stand_in_away (GstElement *bin, gpointer user_data)
{
  Farewell *farewell = user_data;
  GstKandySinkPad *self = farewell->pad;
  GstElement *stand_in = GST_ELEMENT (farewell->stand_in);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (stand_in, "src");
  GstPad *entry = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (pad)));
  g_autoptr (GstPad) target = NULL;
  gulong probe = 0;
  GstPad *inner;

  g_mutex_lock (&self->input_lock);
  GST_PAD_STREAM_LOCK (entry);
  target = gst_pad_get_peer (pad);
  if (target != NULL)
    gst_pad_unlink (pad, target);
  GST_PAD_STREAM_UNLOCK (entry);
  if (target != NULL && !self->released) {
    g_object_set (
        self->clocksync, "sync", FALSE, "ts-offset", (gint64) 0, NULL);
    GST_OBJECT_LOCK (self);
    self->offset = GST_CLOCK_TIME_NONE;
    probe = self->aside_probe;
    self->aside_probe = 0;
    GST_OBJECT_UNLOCK (self);
    gst_kandy_sink_pad_wait (self);
    gst_ghost_pad_set_target (GST_GHOST_PAD (self), target);
    inner = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (self)));
    gst_pad_remove_probe (inner, probe);
    gst_object_unref (inner);
  }
  g_mutex_unlock (&self->input_lock);
  gst_object_unref (entry);
  GST_OBJECT_LOCK (self);
  self->n_leaving--;
  g_cond_broadcast (&self->left);
  GST_OBJECT_UNLOCK (self);

  gst_element_set_locked_state (stand_in, TRUE);
  gst_element_set_state (stand_in, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (bin), stand_in);
}

/* The peer is sent again, as soon as that can be */
void
gst_kandy_sink_pad_remove_stand_in (GstKandySinkPad *self)
{
  g_autoptr (GstKandyDeviceSrc) stand_in = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstObject) bin = NULL;
  Farewell *farewell;

  GST_OBJECT_LOCK (self);
  stand_in = g_steal_pointer (&self->stand_in);
  GST_OBJECT_UNLOCK (self);
  if (stand_in == NULL)
    return;
  pad = gst_element_get_static_pad (GST_ELEMENT (stand_in), "src");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      on_aside, NULL, NULL);
  gst_kandy_device_src_stop (stand_in);
  bin = gst_object_get_parent (GST_OBJECT (stand_in));
  if (bin == NULL)
    return;
  GST_OBJECT_LOCK (self);
  self->n_leaving++;
  GST_OBJECT_UNLOCK (self);
  farewell = g_new0 (Farewell, 1);
  farewell->pad = gst_object_ref (self);
  farewell->stand_in = g_steal_pointer (&stand_in);
  gst_element_call_async (
      GST_ELEMENT (bin), take_stand_in_away, farewell, farewell_free);
}

void
gst_kandy_sink_pad_replace (
    GstKandySinkPad *self, GstElement *branch, GstPromise *promise)
{
  g_autoptr (GstElement) bin = gst_pad_get_parent_element (GST_PAD (self));
  g_autoptr (GstKandyDeviceSrc) stand_in = NULL;
  gboolean added = FALSE;

  GST_OBJECT_LOCK (self);
  if (self->stand_in == NULL && self->track != NULL && bin != NULL) {
    self->stand_in = gst_object_ref_sink (gst_kandy_device_src_new ());
    gst_kandy_device_src_set_begun (self->stand_in, on_stand_in_begun, self);
    gst_kandy_device_src_set_failed (self->stand_in, on_stand_in_failed, self);
    added = TRUE;
  }
  g_set_object (&stand_in, self->stand_in);
  GST_OBJECT_UNLOCK (self);
  if (stand_in == NULL) {
    g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_INVALID_STATE,
        "call:6", 0, "The track is not sent any more");

    gst_kandy_device_src_discard (branch);
    gst_kandy_promise_reply (promise, NULL, error);
    g_clear_pointer (&promise, gst_promise_unref);
    return;
  }
  if (added) {
    gst_bin_add (GST_BIN (bin), GST_ELEMENT (stand_in));
    gst_element_sync_state_with_parent (GST_ELEMENT (stand_in));
  }
  gst_kandy_device_src_take (stand_in, branch, promise);
}

gboolean
gst_kandy_sink_pad_restore (GstKandySinkPad *self)
{
  gboolean replaced;

  GST_OBJECT_LOCK (self);
  replaced = self->stand_in != NULL;
  GST_OBJECT_UNLOCK (self);
  gst_kandy_sink_pad_remove_stand_in (self);
  return replaced;
}

void
gst_kandy_sink_pad_set_linked (GstKandySinkPad *self, gboolean linked)
{
  GST_OBJECT_LOCK (self);
  self->unlinked = linked ? 0 : g_get_monotonic_time ();
  if (linked) {
    self->removed = FALSE;
    self->offset = GST_CLOCK_TIME_NONE;
  }
  GST_OBJECT_UNLOCK (self);
  if (!linked)
    return;
  /* what is new may be live or not, and has another time */
  g_object_set (self->clocksync, "sync", FALSE, "ts-offset", (gint64) 0, NULL);
  gst_kandy_sink_pad_wait (self);
}

GstClockTime
gst_kandy_sink_pad_open (GstKandySinkPad *self, GstClockTime offset)
{
  gboolean known, live;
  gulong probe = 0;

  GST_OBJECT_LOCK (self);
  if (self->open) {
    GST_OBJECT_UNLOCK (self);
    return offset;
  }
  self->open = TRUE;
  self->offset = offset;
  known = self->liveness_known;
  live = self->live;
  /* else the probe finds out with the first buffer */
  if (known)
    probe = claim_probe (self);
  GST_OBJECT_UNLOCK (self);

  if (known && !live)
    offset = start_pacing (self);
  if (probe != 0)
    gst_pad_remove_probe (GST_PAD (self), probe);
  return offset;
}

void
gst_kandy_sink_pad_close (GstKandySinkPad *self, gboolean eos)
{
  gulong probe = 0;

  gst_kandy_sink_pad_remove_stand_in (self);
  gst_kandy_sink_pad_drop_track (self);
  GST_OBJECT_LOCK (self);
  self->open = FALSE;
  self->offset = GST_CLOCK_TIME_NONE;
  self->ended = eos;
  self->n_late = 0;
  if (eos)
    probe = claim_probe (self);
  GST_OBJECT_UNLOCK (self);

  g_object_set (self->clocksync, "sync", FALSE, "ts-offset", (gint64) 0, NULL);
  if (probe != 0)
    gst_pad_remove_probe (GST_PAD (self), probe);
  if (!eos)
    gst_kandy_sink_pad_wait (self);
}
