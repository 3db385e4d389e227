/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytransport-private.h"

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_transport_debug);
#define GST_CAT_DEFAULT gst_kandy_transport_debug

/* How a transport ends: the far end is told, then everything stops, on a thread
 * that nobody waits for. */

/* the alert has to leave through the socket's thread before that is stopped */
#define CLOSE_NOTIFY_US 10000
/* a server on the other side of the world */
#define AGENT_CLOSE_MS 500

typedef struct {
  GstElement *webrtcbin;
  GstElement *parent;
  GstElement *pipeline; /* (nullable): goes with it */
  NiceAgent *agent;     /* (nullable): if it has allocations to give back */
  GPtrArray *relays;    /* the way to them, until then */
  GPtrArray *encoders;
} Farewell;

/* dtlsenc does not check whether it has anything to say good-bye to */
static gboolean
has_association (GstElement *encoder)
{
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (encoder), "connection-state");
  g_autofree char *nick = NULL;
  int state;

  if (!pspec || !G_IS_PARAM_SPEC_ENUM (pspec))
    return FALSE;
  g_object_get (encoder, "connection-state", &state, NULL);
  nick = gst_kandy_nick_of (pspec->value_type, state);
  return g_str_equal (nick, "connected");
}

static void
leave (GstElement *parent, GstElement *element)
{
  gst_element_set_locked_state (element, TRUE);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (parent), element);
}

static void
stop_source (const GValue *item, gpointer user_data)
{
  GstElement *element = g_value_get_object (item);
  GstElementFactory *factory = gst_element_get_factory (element);

  if (factory && g_str_equal (GST_OBJECT_NAME (factory), "nicesrc")) {
    gst_element_set_locked_state (element, TRUE);
    gst_element_set_state (element, GST_STATE_NULL);
  }
}

/* A bin stops its elements from the sinks to the sources. A packet that comes
 * in meanwhile, as a browser's answer to our good-bye does, would meet pads
 * whose sticky events are gone: srtpdec of GStreamer 1.22 asserts then. */
static void
stop_incoming (GstElement *webrtcbin)
{
  GstIterator *iterator = gst_bin_iterate_recurse (GST_BIN (webrtcbin));

  while (
      gst_iterator_foreach (iterator, stop_source, NULL) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (iterator);
  gst_iterator_free (iterator);
}

/* GStreamer 1.22 blocks the source pad of the queue in there by something that
 * refers to the bin, and forgets it only on the way from READY to NULL */
static void
unblock (GstElement *receive_bin)
{
  gboolean blocked = FALSE;
  GstIterator *iterator = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (receive_bin), "queue");
  GValue item = G_VALUE_INIT;

  if (gst_iterator_next (iterator, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (g_value_get_object (&item), "src");

    blocked = gst_pad_is_blocked (pad);
    g_value_unset (&item);
  }
  gst_iterator_free (iterator);

  if (blocked) {
    GST_DEBUG_OBJECT (receive_bin, "was blocked after its end");
    gst_element_set_state (receive_bin, GST_STATE_READY);
    gst_element_set_state (receive_bin, GST_STATE_NULL);
  }
}

/* (transfer full): those of @webrtcbin's own children that receive */
static GList *
get_receive_bins (GstElement *webrtcbin)
{
  GList *bins = NULL;

  GST_OBJECT_LOCK (webrtcbin);
  for (GList *l = GST_BIN_CHILDREN (webrtcbin); l; l = l->next)
    if (g_str_equal (G_OBJECT_TYPE_NAME (l->data), "TransportReceiveBin"))
      bins = g_list_prepend (bins, gst_object_ref (l->data));
  GST_OBJECT_UNLOCK (webrtcbin);
  return bins;
}

/* (transfer full) (nullable) */
static GObject *
get_ice_transport (GstWebRTCRTPTransceiver *transceiver)
{
  g_autoptr (GObject) receiver = NULL;
  g_autoptr (GObject) dtls = NULL;
  GObject *ice = NULL;

  g_object_get (transceiver, "receiver", &receiver, NULL);
  if (receiver)
    g_object_get (receiver, "transport", &dtls, NULL);
  if (dtls)
    g_object_get (dtls, "transport", &ice, NULL);
  return ice;
}

/* webrtcbin stops its children while its own thread may still make them, and
 * they listen to the agent, whose thread goes on: a receiving half that is
 * blocked then keeps itself alive. Both have nothing more to say here: its
 * thread has ended, and the agent is disconnected. */
static void
release_receive_bins (GstElement *webrtcbin)
{
  GList *bins = get_receive_bins (webrtcbin);
  g_autoptr (GArray) transceivers = NULL;

  g_signal_emit_by_name (webrtcbin, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers && i < transceivers->len; i++) {
    g_autoptr (GObject) ice = get_ice_transport (
        g_array_index (transceivers, GstWebRTCRTPTransceiver *, i));

    for (GList *l = bins; ice && l; l = l->next)
      g_signal_handlers_disconnect_by_data (ice, l->data);
  }
  for (GList *l = bins; l; l = l->next)
    unblock (l->data);
  g_list_free_full (bins, gst_object_unref);
}

static GList *
add_peer (GList *list, GstPad *pad)
{
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);
  GstElement *element = peer ? gst_pad_get_parent_element (peer) : NULL;

  return element ? g_list_prepend (list, element) : list;
}

/* The sources and sinks of our streams, which refer to the transport; to be
 * asked for before it leaves, which unlinks them. (transfer full) */
static GList *
get_others (Farewell *farewell)
{
  GstElement *webrtcbin = farewell->webrtcbin;
  GList *others = NULL;

  if (farewell->pipeline) {
    GST_OBJECT_LOCK (farewell->pipeline);
    for (GList *l = GST_BIN_CHILDREN (farewell->pipeline); l; l = l->next)
      if (l->data != webrtcbin)
        others = g_list_prepend (others, gst_object_ref (l->data));
    GST_OBJECT_UNLOCK (farewell->pipeline);
  } else {
    GST_OBJECT_LOCK (webrtcbin);
    for (GList *l = webrtcbin->pads; l; l = l->next)
      others = add_peer (others, l->data);
    GST_OBJECT_UNLOCK (webrtcbin);
  }
  return others;
}

static GMutex farewell_lock;
static GCond farewell_cond;
static guint n_farewells;

gboolean
gst_kandy_transport_wait_closed (guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean done;

  g_mutex_lock (&farewell_lock);
  while (n_farewells > 0
      && g_cond_wait_until (&farewell_cond, &farewell_lock, deadline))
    ;
  done = n_farewells == 0;
  g_mutex_unlock (&farewell_lock);
  return done;
}

static void
agent_closed (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static gboolean
give_up (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Gives allocations of TURN servers back, which would last for ten minutes. The
 * agent's own thread still runs. */
static void
close_agent (NiceAgent *agent)
{
  GMainContext *context = g_main_context_new ();
  GSource *timeout = g_timeout_source_new (AGENT_CLOSE_MS);
  gboolean closed = FALSE, late = FALSE;

  g_main_context_push_thread_default (context);
  g_source_set_callback (timeout, give_up, &late, NULL);
  g_source_attach (timeout, context);
  nice_agent_close_async (agent, agent_closed, &closed);
  while (!closed && !late)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);
  g_source_unref (timeout);
  g_main_context_pop_thread_default (context);
  /* nobody iterates it any more, so agent_closed does not come late */
  g_main_context_unref (context);
}

/* End of stream makes dtlsenc send close_notify, without which the far end only
 * learns by silence. Stopping joins streaming threads: never on the caller's.
 */
static gpointer
say_farewell (gpointer data)
{
  Farewell *farewell = data;
  gboolean said = FALSE;
  GList *others;

  for (guint i = 0; i < farewell->encoders->len; i++) {
    GstElement *encoder = g_ptr_array_index (farewell->encoders, i);
    GstPad *pad = NULL;

    if (!has_association (encoder))
      continue;

    GST_OBJECT_LOCK (encoder);
    if (encoder->sinkpads)
      pad = gst_object_ref (encoder->sinkpads->data);
    GST_OBJECT_UNLOCK (encoder);
    if (!pad)
      pad = gst_element_request_pad_simple (encoder, "sink");
    if (pad) {
      gst_pad_send_event (pad, gst_event_new_eos ());
      gst_object_unref (pad);
      said = TRUE;
    }
  }
  if (said)
    g_usleep (CLOSE_NOTIFY_US);

  stop_incoming (farewell->webrtcbin);
  if (farewell->pipeline)
    gst_element_set_state (farewell->pipeline, GST_STATE_NULL);
  others = get_others (farewell);
  leave (farewell->parent, farewell->webrtcbin);
  release_receive_bins (farewell->webrtcbin);
  for (GList *l = others; l; l = l->next)
    leave (farewell->parent, l->data);
  g_list_free_full (others, gst_object_unref);
  if (farewell->agent)
    close_agent (farewell->agent);

  g_ptr_array_unref (farewell->encoders);
  gst_object_unref (farewell->webrtcbin);
  g_clear_object (&farewell->agent);
  g_ptr_array_unref (farewell->relays);
  gst_object_unref (farewell->parent);
  gst_clear_object (&farewell->pipeline);
  g_free (farewell);

  g_mutex_lock (&farewell_lock);
  n_farewells--;
  g_cond_broadcast (&farewell_cond);
  g_mutex_unlock (&farewell_lock);
  return NULL;
}

/* @pipeline: (nullable): is stopped too */
void
gst_kandy_transport_close (GstKandyTransport *self, GstElement *pipeline)
{
  Farewell *farewell;

  if (self->closed || !self->webrtcbin)
    return;
  self->closed = TRUE;
  g_atomic_int_set (&self->trusted, FALSE);

  g_signal_handlers_disconnect_by_data (self->webrtcbin, self);
  if (self->gather_timer) {
    g_source_destroy (self->gather_timer);
    g_clear_pointer (&self->gather_timer, g_source_unref);
  }
  self->gather_done = NULL;
  g_ptr_array_set_size (self->paths, 0);
  gst_kandy_transport_drop_ops (self);

  farewell = g_new0 (Farewell, 1);
  farewell->webrtcbin = gst_object_ref (self->webrtcbin);
  farewell->parent = gst_object_ref (self->pipeline);
  if (self->relays->len > 0 && self->agent)
    farewell->agent = g_object_ref (self->agent);
  farewell->relays = g_ptr_array_ref (self->relays);
  farewell->pipeline = pipeline ? gst_object_ref (pipeline) : NULL;
  g_mutex_lock (&self->lock);
  farewell->encoders = g_steal_pointer (&self->encoders);
  self->encoders = g_ptr_array_new_with_free_func (gst_object_unref);
  g_ptr_array_set_size (self->rtx_senders, 0);
  g_mutex_unlock (&self->lock);
  g_mutex_lock (&farewell_lock);
  n_farewells++;
  g_mutex_unlock (&farewell_lock);
  g_thread_unref (g_thread_new ("kandy-farewell", say_farewell, farewell));
}
