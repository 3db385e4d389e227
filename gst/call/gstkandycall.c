/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"
#include "gstkandyconnect.h"

/**
 * SECTION:gstkandycall
 * @title: GstKandyCall
 * @short_description: the media half of a call
 *
 * A #KandyMediaEngine over webrtcbin, which lives in a pipeline of its own with
 * the system's clock: whatever happens to the application's pipelines, the call
 * does not notice. Media go in and out through tracks.
 *
 * The verbs are called, and the signals come, on the main context that was the
 * thread-default one when the call was made. Tracks may be used from any
 * thread.
 *
 * The far end's certificate is compared with the fingerprint in its description
 * (RFC 8827 6.5) before anything is played or sent; if it is another one, the
 * engine fails.
 */

GST_DEBUG_CATEGORY (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

#define DEFAULT_LATENCY_MS 60

#define LOSS_MS 28000

enum {
  PROP_0,
  PROP_LATENCY,
  PROP_RELAY_ONLY,
  PROP_LOCAL_HOLD,
  PROP_REMOTE_HOLD,
  PROP_CONNECTION_STATE,
  PROP_WEBRTCBIN,
  N_PROPS
};

enum {
  SIGNAL_RECEIVE_TRACK_ADDED,
  SIGNAL_RECEIVE_TRACK_REMOVED,
  SIGNAL_ACQUIRE_MEDIA,
  SIGNAL_RELEASE_MEDIA,
  SIGNAL_MEDIA_WANTED,
  SIGNAL_SOURCE_WANTED,
  SIGNAL_DTMF_EVENT,
  SIGNAL_QUALITY_WARNING,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void engine_iface_init (gpointer iface, gpointer data);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstKandyCall, gst_kandy_call, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (KANDY_TYPE_MEDIA_ENGINE, engine_iface_init))

static void
engine_iface_init (gpointer iface, gpointer data)
{
  gst_kandy_call_init_engine (iface);
  gst_kandy_call_init_media (iface);
}

static void
local_track_free (gpointer data)
{
  GstKandyLocalTrack *local = data;

  gst_object_unref (local->track);
  g_free (local->priority);
  g_free (local);
}

/* --- who is there --- */

void
gst_kandy_call_check_certificates (
    GstKandyCall *self, GstKandyTransport *transport)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);
  guint verified = 0, pending = 0;

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    g_autoptr (GBytes) der = NULL;
    g_autoptr (GError) error = NULL;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || mline.webrtcbin_index < 0)
      continue;
    der =
        gst_kandy_transport_get_certificate (transport, mline.webrtcbin_index);
    if (!der) {
      if (mline.alive)
        pending++;
      continue;
    }
    if (!gst_kandy_sdp_facade_check_certificate (
            self->facade, mline.webrtcbin_index, der, &error)) {
      g_autoptr (GError) failure = kandy_error_new (KANDY_ERROR_MEDIA, "call:2",
          0,
          "The far end's DTLS certificate is not the one whose fingerprint is "
          "in its description%s%s",
          error ? ": " : "", error ? error->message : "");

      gst_kandy_call_fail (self, failure);
      return;
    }
    verified++;
  }

  GST_DEBUG_OBJECT (self->pipeline, "certificates: %u verified, %u to come",
      verified, pending);
  if (verified > 0 && pending == 0) {
    gst_kandy_transport_set_trusted (transport, TRUE);
    if (transport == self->transport) {
      self->was_trusted = TRUE;
      if (!self->timings.secured)
        self->timings.secured = g_get_monotonic_time ();
      gst_kandy_call_update_gates (self);
      gst_kandy_call_update_connection_state (self);
    }
  }
}

static void
transport_certificate (GstKandyTransport *transport, GstKandyCall *self)
{
  if (!self->failed
      && (transport == self->transport || transport == self->staged))
    gst_kandy_call_check_certificates (self, transport);
}

void
gst_kandy_call_fail (GstKandyCall *self, const GError *error)
{
  if (self->closed || self->failed)
    return;

  GST_WARNING_OBJECT (self->pipeline, "%s", error->message);
  g_object_ref (self);
  self->failed = TRUE;
  if (self->transport)
    gst_kandy_transport_set_trusted (self->transport, FALSE);
  gst_kandy_call_update_gates (self);
  gst_kandy_call_abandon_negotiation (self);
  /* the reason first: a state says nothing about it */
  kandy_media_engine_emit_failed (KANDY_MEDIA_ENGINE (self), error);
  if (!self->closed)
    gst_kandy_call_set_connection_state (
        self, KANDY_MEDIA_CONNECTION_STATE_FAILED);
  g_object_unref (self);
}

/* --- pipeline --- */

typedef struct {
  GWeakRef call;
  GWeakRef pipeline;
  GMainContext *context;
} Watch;

typedef struct {
  GstKandyCall *call;
  GstObject *source;
  GError *error;
} Failure;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  g_weak_ref_clear (&watch->call);
  g_weak_ref_clear (&watch->pipeline);
  g_main_context_unref (watch->context);
  g_free (watch);
}

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  g_object_unref (failure->call);
  gst_object_unref (failure->source);
  g_error_free (failure->error);
  g_free (failure);
}

static gboolean
report_failure (gpointer data)
{
  Failure *failure = data;
  GstKandyTransport *transport = failure->call->transport;

  /* A webrtcbin that was replaced, and sources whose track is gone, may
   * complain while they stop */
  if (transport
      && gst_object_has_as_ancestor (failure->source,
          GST_OBJECT_CAST (gst_kandy_transport_get_webrtcbin (transport))))
    gst_kandy_call_fail (failure->call, failure->error);
  return G_SOURCE_REMOVE;
}

static void
recalculate_latency (GstElement *pipeline, gpointer user_data)
{
  gst_bin_recalculate_latency (GST_BIN (pipeline));
}

/* On any thread */
static GstBusSyncReply
bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Watch *watch = user_data;
  g_autoptr (GError) cause = NULL;
  g_autofree char *details = NULL;
  GstKandyCall *call;
  Failure *failure;

  /* Without it sender reports do not say what RTP time it is (RFC 3550 6.4.1),
   * and the far end has no lip sync */
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY) {
    g_autoptr (GstElement) pipeline = g_weak_ref_get (&watch->pipeline);

    if (pipeline)
      gst_element_call_async (pipeline, recalculate_latency, NULL, NULL);
    gst_message_unref (message);
    return GST_BUS_DROP;
  }
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR) {
    gst_message_unref (message);
    return GST_BUS_DROP;
  }

  gst_message_parse_error (message, &cause, &details);
  GST_WARNING_OBJECT (GST_MESSAGE_SRC (message), "%s (%s)", cause->message,
      details ? details : "");
  call = g_weak_ref_get (&watch->call);
  if (call) {
    failure = g_new (Failure, 1);
    failure->call = call;
    failure->source = gst_object_ref (GST_MESSAGE_SRC (message));
    failure->error = kandy_error_new (KANDY_ERROR_MEDIA, "call:10", 0,
        "The media transport failed in %s: %s", GST_MESSAGE_SRC_NAME (message),
        cause->message);
    gst_kandy_post (watch->context, report_failure, failure, failure_free);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
create_pipeline (GstKandyCall *self)
{
  g_autoptr (GstBus) bus = NULL;
  Watch *watch = g_new0 (Watch, 1);

  self->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  self->clock = gst_system_clock_obtain ();
  self->base_time = gst_clock_get_time (self->clock);
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), self->clock);
  gst_element_set_start_time (self->pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (self->pipeline, self->base_time);

  g_weak_ref_init (&watch->call, self);
  g_weak_ref_init (&watch->pipeline, self->pipeline);
  watch->context = g_main_context_ref (self->context);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, bus_message, watch, watch_free);

  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static void
transport_pad_added (
    GstKandyTransport *transport, GstPad *pad, gpointer user_data)
{
  GstKandyRouter *router = user_data;
  g_autoptr (GstObject) webrtcbin = gst_pad_get_parent (pad);
  g_autoptr (GstObject) pipeline =
      webrtcbin ? gst_object_get_parent (webrtcbin) : NULL;

  if (pipeline)
    gst_kandy_router_add_pad (router, transport, GST_ELEMENT (pipeline), pad);
}

static void
release_router (gpointer data, GClosure *closure)
{
  gst_kandy_router_unref (data);
}

GstKandyTransport *
gst_kandy_call_new_transport (GstKandyCall *self, GError **error)
{
  g_autofree char *ca_file = self->config
      ? kandy_config_get_string (self->config, "authentication.server.caFile")
      : NULL;
  GstKandyTransportParams params = {
    .latency = self->latency,
    .bundle = gst_kandy_sdp_facade_may_bundle (self->facade),
    .relay_only = self->relay_only,
    .ice_servers = self->ice_servers,
    .tls_verify = !self->config
        || kandy_config_get_boolean (
            self->config, "authentication.server.tlsVerify"),
    .ca_file = ca_file,
  };
  GstKandyTransport *transport =
      gst_kandy_transport_new (self->pipeline, self->context, &params, error);

  if (!transport)
    return NULL;
  gst_kandy_connect (transport, "connection-state",
      G_CALLBACK (gst_kandy_call_transport_state), self);
  gst_kandy_connect (
      transport, "certificate", G_CALLBACK (transport_certificate), self);
  gst_kandy_connect (
      transport, "peer-closed", G_CALLBACK (gst_kandy_call_peer_closed), self);
  g_signal_connect_data (transport, "pad-added",
      G_CALLBACK (transport_pad_added), gst_kandy_router_ref (self->router),
      release_router, 0);
  return transport;
}

gboolean
gst_kandy_call_ensure_transport (GstKandyCall *self, GError **error)
{
  if (!self->pipeline)
    create_pipeline (self);
  if (!self->transport)
    self->transport = gst_kandy_call_new_transport (self, error);
  return self->transport != NULL;
}

void
gst_kandy_call_close (GstKandyCall *self)
{
  g_autoptr (GError) over = NULL;

  if (self->closed)
    return;

  self->closed = TRUE;
  self->state = KANDY_MEDIA_CONNECTION_STATE_CLOSED;
  gst_kandy_call_set_watchdog (self, FALSE);

  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    gst_kandy_send_track_release (local->track);
  }
  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    gst_kandy_receive_track_set_active (remote->track, FALSE);
    gst_kandy_receive_track_forget_source (remote->track);
  }
  gst_kandy_router_begin (self->router);
  gst_kandy_router_end (self->router);

  gst_kandy_call_drop_staged (self);
  if (self->transport)
    gst_kandy_transport_close (self->transport, self->pipeline);
  else if (self->pipeline)
    gst_element_set_state (self->pipeline, GST_STATE_NULL);

  gst_kandy_call_abandon_negotiation (self);
  over = g_error_new_literal (
      G_IO_ERROR, G_IO_ERROR_CANCELLED, "The call is over");
  gst_kandy_dtmf_sender_fail (self->dtmf, over);
}

gboolean
gst_kandy_call_is_closed (GstKandyCall *self)
{
  return self->closed;
}

/* --- GObject --- */

static void
gst_kandy_call_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKandyCall *self = GST_KANDY_CALL (object);

  switch (prop_id) {
    case PROP_LATENCY:
      g_value_set_uint (value, self->latency);
      break;
    case PROP_RELAY_ONLY:
      g_value_set_boolean (value, self->relay_only);
      break;
    case PROP_LOCAL_HOLD:
      g_value_set_boolean (value, self->hold.local);
      break;
    case PROP_REMOTE_HOLD:
      g_value_set_boolean (value, self->hold.remote);
      break;
    case PROP_CONNECTION_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_WEBRTCBIN:
      g_value_set_object (value,
          self->transport ? gst_kandy_transport_get_webrtcbin (self->transport)
                          : NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
gst_kandy_call_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKandyCall *self = GST_KANDY_CALL (object);

  switch (prop_id) {
    case PROP_LATENCY:
      self->latency = g_value_get_uint (value);
      break;
    case PROP_RELAY_ONLY:
      self->relay_only = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
gst_kandy_call_dispose (GObject *object)
{
  GstKandyCall *self = GST_KANDY_CALL (object);

  gst_kandy_call_close (self);
  gst_kandy_call_set_ice_collection_check (self, NULL, NULL, NULL);

  G_OBJECT_CLASS (gst_kandy_call_parent_class)->dispose (object);
}

static void
gst_kandy_call_finalize (GObject *object)
{
  GstKandyCall *self = GST_KANDY_CALL (object);

  g_clear_object (&self->transport);
  gst_clear_object (&self->pipeline);
  gst_clear_object (&self->clock);
  g_clear_object (&self->config);
  g_clear_object (&self->options);
  g_clear_pointer (&self->ice_servers, g_ptr_array_unref);
  g_clear_pointer (&self->sends, g_ptr_array_unref);
  g_clear_pointer (&self->receives, g_ptr_array_unref);
  g_clear_pointer (&self->borders, g_hash_table_unref);
  g_clear_pointer (&self->facade, gst_kandy_sdp_facade_free);
  g_clear_pointer (&self->router, gst_kandy_router_unref);
  g_clear_pointer (&self->dtmf, gst_kandy_dtmf_sender_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->receive_codecs); i++)
    gst_clear_caps (&self->receive_codecs[i]);
  g_free (self->stream_id);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (gst_kandy_call_parent_class)->finalize (object);
}

static void
gst_kandy_call_class_init (GstKandyCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = gst_kandy_call_get_property;
  object_class->set_property = gst_kandy_call_set_property;
  object_class->dispose = gst_kandy_call_dispose;
  object_class->finalize = gst_kandy_call_finalize;

  /**
   * GstKandyCall:latency:
   *
   * Delay of the jitter buffers, ms. Before the first negotiation.
   */
  props[PROP_LATENCY] = g_param_spec_uint ("latency", "Latency",
      "Delay of the jitter buffers, ms", 0, 10000, DEFAULT_LATENCY_MS,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyCall:relay-only:
   *
   * Use no other candidates than those of TURN servers, so that the far end
   * does not learn our addresses. Before the first negotiation.
   */
  props[PROP_RELAY_ONLY] =
      g_param_spec_boolean ("relay-only", "Relay only", "Use TURN relays only",
          FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyCall:local-hold:
   *
   * Whether we hold the far end. API document: `call.localHold`.
   */
  props[PROP_LOCAL_HOLD] = g_param_spec_boolean ("local-hold", "Local hold",
      "We hold the far end", FALSE,
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyCall:remote-hold:
   *
   * Whether the far end holds us. API document: `call.remoteHold`.
   */
  props[PROP_REMOTE_HOLD] = g_param_spec_boolean ("remote-hold", "Remote hold",
      "The far end holds us", FALSE,
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyCall:connection-state:
   *
   * State of the media path. It is connected when there is a path and the far
   * end's certificate has been verified.
   */
  props[PROP_CONNECTION_STATE] = g_param_spec_enum ("connection-state",
      "Connection state", "State of the media path",
      KANDY_TYPE_MEDIA_CONNECTION_STATE, KANDY_MEDIA_CONNECTION_STATE_NEW,
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * GstKandyCall:webrtcbin:
   *
   * The webrtcbin that carries the call now, for a look from the outside.
   */
  props[PROP_WEBRTCBIN] = g_param_spec_object ("webrtcbin", "webrtcbin",
      "The webrtcbin of the call", GST_TYPE_ELEMENT,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * GstKandyCall::receive-track-added:
   * @self: a #GstKandyCall
   * @track: the #GstKandyReceiveTrack
   *
   * A description has announced a remote track.
   */
  signals[SIGNAL_RECEIVE_TRACK_ADDED] =
      g_signal_new ("receive-track-added", type, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, GST_KANDY_TYPE_RECEIVE_TRACK);
  /**
   * GstKandyCall::receive-track-removed:
   * @self: a #GstKandyCall
   * @track: the #GstKandyReceiveTrack
   *
   * A description has taken a remote track away. A hold does not.
   */
  signals[SIGNAL_RECEIVE_TRACK_REMOVED] =
      g_signal_new ("receive-track-removed", type, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, GST_KANDY_TYPE_RECEIVE_TRACK);
  /**
   * GstKandyCall::acquire-media:
   * @self: a #GstKandyCall
   * @media: #KandyMediaOptions, whose `audio`, `video` and `screen` say what
   * @promise: who returns %TRUE replies to it, with an empty structure once the
   *   media can be added, or one with a field `error` (#GError) if they cannot
   *
   * More is about to be sent in a call that runs: whoever opens devices opens
   * those that are needed. #GstKandyCall::media-wanted follows for the same
   * @media, or #GstKandyCall::release-media. On the kandy thread; @promise may
   * be replied to on any.
   *
   * Returns: whether something is opened
   */
  signals[SIGNAL_ACQUIRE_MEDIA] = g_signal_new ("acquire-media", type,
      G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
      G_TYPE_BOOLEAN, 2, KANDY_TYPE_MEDIA_OPTIONS, GST_TYPE_PROMISE);
  /**
   * GstKandyCall::release-media:
   * @self: a #GstKandyCall
   * @media: #KandyMediaOptions
   *
   * What was opened by #GstKandyCall::acquire-media is not wanted after all.
   */
  signals[SIGNAL_RELEASE_MEDIA] =
      g_signal_new ("release-media", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, KANDY_TYPE_MEDIA_OPTIONS);
  /**
   * GstKandyCall::media-wanted:
   * @self: a #GstKandyCall
   * @media: #KandyMediaOptions, whose `audio`, `video` and `screen` say what
   *
   * More is to be sent in a call that runs: whoever has such media adds tracks
   * with gst_kandy_call_add_send_track() now. API document: `call.addMedia`.
   */
  signals[SIGNAL_MEDIA_WANTED] =
      g_signal_new ("media-wanted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, KANDY_TYPE_MEDIA_OPTIONS);
  /**
   * GstKandyCall::source-wanted:
   * @self: a #GstKandyCall
   * @track: the #GstKandySendTrack
   * @media: #KandyMediaOptions, which say what is to be sent
   * @promise: who returns %TRUE replies to it, with an empty structure once the
   *   source is sent, or one with a field `error` (#GError) if it cannot be
   *
   * @track is to send another source from now on. On the kandy thread; @promise
   * may be replied to on any, at once or later. API document:
   * `call.replaceTrack`.
   *
   * Returns: whether there is such a source
   */
  signals[SIGNAL_SOURCE_WANTED] = g_signal_new ("source-wanted", type,
      G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
      G_TYPE_BOOLEAN, 3, GST_KANDY_TYPE_SEND_TRACK, KANDY_TYPE_MEDIA_OPTIONS,
      GST_TYPE_PROMISE);
  /**
   * GstKandyCall::dtmf-event:
   * @self: a #GstKandyCall
   * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for A to D
   * @volume: level in dB below full scale, 0 to 63
   * @in_band: whether it was found in the sound, else it came as an event (RFC
   *   4733)
   *
   * The far end has begun to send a DTMF tone.
   */
  signals[SIGNAL_DTMF_EVENT] =
      g_signal_new ("dtmf-event", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
          G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_BOOLEAN);
  /**
   * GstKandyCall::quality-warning:
   * @self: a #GstKandyCall
   * @name: `high-loss`, `high-jitter`, `high-round-trip`, `low-mos` or
   * `no-audio`
   * @raised: whether it is raised, or cleared
   * @track: (nullable): the track that it is about, %NULL for the whole call
   * @value: what was measured: a fraction of 1, seconds, a MOS, packets; -1 if
   * it is cleared because nothing is to be expected any more
   * @threshold: what it was compared with
   *
   * The quality of the call has become bad, or good again. Of the samples of
   * the last five seconds three have to be bad for a warning; when five in a
   * row are good again (for `no-audio` two) it is cleared. The thresholds:
   *
   * - `high-loss`: raised above 3 % of the packets, cleared at 1 %; for what is
   *   received with the packets that came too late, for what is sent as the far
   *   end reports it
   * - `high-jitter`: 30 ms, 20 ms; of what is received
   * - `high-round-trip`: 400 ms, 300 ms; of the whole call
   * - `low-mos`: 3.5, 3.7; of sound that is received, see
   *   gst_kandy_call_get_stats()
   * - `no-audio`: sound is to be expected and no packet comes
   */
  signals[SIGNAL_QUALITY_WARNING] = g_signal_new ("quality-warning", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 5, G_TYPE_STRING,
      G_TYPE_BOOLEAN, KANDY_TYPE_TRACK, G_TYPE_DOUBLE, G_TYPE_DOUBLE);

  GST_DEBUG_CATEGORY_INIT (
      gst_kandy_call_debug, "kandycall", 0, "Media of a Kandy call");
  gst_kandy_keep_openssl ();
}

static void
gst_kandy_call_init (GstKandyCall *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->latency = DEFAULT_LATENCY_MS;
  self->silence_ms = GST_KANDY_LIVENESS_SILENCE_MS;
  self->loss_ms = LOSS_MS;
  self->state = KANDY_MEDIA_CONNECTION_STATE_NEW;
  self->ice_state = KANDY_MEDIA_CONNECTION_STATE_NEW;
  self->sends = g_ptr_array_new_with_free_func (local_track_free);
  self->receives = g_ptr_array_new_with_free_func (gst_kandy_remote_track_free);
  self->borders = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) gst_kandy_rtp_border_unref);
  self->facade = gst_kandy_sdp_facade_new (TRUE);
  self->router = gst_kandy_router_new (
      G_OBJECT (self), self->context, gst_kandy_call_hear_event);
  gst_kandy_call_init_dtmf (self);
  self->timings.created = g_get_monotonic_time ();
}

/* --- public --- */

/**
 * gst_kandy_call_new:
 * @config: (nullable): its section `call` counts
 * @ice_servers: (nullable) (element-type KandyIceServer): STUN and TURN servers
 * @options: (nullable): what is received without being sent, and bandwidth
 *
 * Makes the media half of a call. Nothing happens before the first verb. The
 * thread-default main context is where the verbs are to be called.
 *
 * Returns: (transfer full): a new call
 */
GstKandyCall *
gst_kandy_call_new (
    KandyConfig *config, GPtrArray *ice_servers, KandyMediaOptions *options)
{
  GstKandyCall *self = g_object_new (GST_KANDY_TYPE_CALL, NULL);

  self->config = config ? g_object_ref (config) : NULL;
  self->ice_servers = ice_servers ? g_ptr_array_ref (ice_servers) : NULL;
  self->options = options ? g_object_ref (options) : NULL;
  return self;
}

static GstKandySendTrack *
add_send_track (GstKandyCall *self, KandyMediaKind kind, gboolean screen,
    const char *label, GstCaps *codecs)
{
  GstKandyLocalTrack *local;
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (KandyTrack) track = NULL;

  if (!self->stream_id)
    self->stream_id = g_uuid_string_random ();
  if (!self->clock)
    create_pipeline (self);

  track = g_object_new (KANDY_TYPE_TRACK, "id", id, "stream-id",
      self->stream_id, "kind", kind, "is-local", TRUE, "screen", screen,
      "label", label, NULL);
  local = g_new0 (GstKandyLocalTrack, 1);
  local->track =
      gst_kandy_send_track_new (track, codecs, self->clock, self->base_time);
  local->facade_id = gst_kandy_sdp_facade_add_track (
      self->facade, kind, id, self->stream_id, codecs);
  g_ptr_array_add (self->sends, local);
  self->dirty = self->staging;
  return gst_object_ref (local->track);
}

/**
 * gst_kandy_call_add_send_track:
 * @self: a #GstKandyCall
 * @kind: its kind
 * @label: (nullable): for people
 * @codecs: application/x-rtp structures, best first, see
 *   gst_kandy_codecs_for_input()
 *
 * Adds a local track. It goes into the next negotiation: before the first offer
 * or answer, or between negotiations.
 *
 * Returns: (transfer full): the track
 */
GstKandySendTrack *
gst_kandy_call_add_send_track (
    GstKandyCall *self, KandyMediaKind kind, const char *label, GstCaps *codecs)
{
  g_return_val_if_fail (GST_KANDY_IS_CALL (self), NULL);
  g_return_val_if_fail (GST_IS_CAPS (codecs), NULL);

  return add_send_track (self, kind, FALSE, label, codecs);
}

/**
 * gst_kandy_call_add_screen_track:
 * @self: a #GstKandyCall
 * @label: (nullable): for people
 * @codecs: as for gst_kandy_call_add_send_track()
 *
 * Adds a local track with the pictures of a screen.
 *
 * Returns: (transfer full): the track
 */
GstKandySendTrack *
gst_kandy_call_add_screen_track (
    GstKandyCall *self, const char *label, GstCaps *codecs)
{
  g_return_val_if_fail (GST_KANDY_IS_CALL (self), NULL);
  g_return_val_if_fail (GST_IS_CAPS (codecs), NULL);

  return add_send_track (self, KANDY_MEDIA_KIND_VIDEO, TRUE, label, codecs);
}

/**
 * gst_kandy_call_remove_send_track:
 * @self: a #GstKandyCall
 * @track: one of its tracks
 *
 * Takes a local track away. It is silent at once; the far end hears of it with
 * the next negotiation.
 */
void
gst_kandy_call_remove_send_track (GstKandyCall *self, GstKandySendTrack *track)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (GST_KANDY_IS_SEND_TRACK (track));

  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);
    KandyTrack *shown;

    if (local->track != track)
      continue;
    shown = g_object_ref (gst_kandy_send_track_get_track (track));
    gst_kandy_send_track_set_gate (track, GST_KANDY_GATE_CLOSED);
    gst_kandy_send_track_release (track);
    gst_kandy_sdp_facade_remove_track (self->facade, local->facade_id);
    self->dirty = self->staging;
    kandy_track_set_live (shown, FALSE);
    if (local->announced && !self->closed)
      kandy_media_engine_emit_track_removed (KANDY_MEDIA_ENGINE (self), shown);
    g_ptr_array_remove_index (self->sends, i);
    g_object_unref (shown);
    return;
  }
}

/**
 * gst_kandy_call_get_receive_tracks:
 * @self: a #GstKandyCall
 *
 * Returns: (transfer container) (element-type GstKandyReceiveTrack): the remote
 *   tracks that the descriptions announce
 */
GPtrArray *
gst_kandy_call_get_receive_tracks (GstKandyCall *self)
{
  GPtrArray *tracks = g_ptr_array_new_with_free_func (gst_object_unref);

  g_return_val_if_fail (GST_KANDY_IS_CALL (self), tracks);

  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    g_ptr_array_add (tracks, gst_object_ref (remote->track));
  }
  return tracks;
}

/**
 * gst_kandy_call_set_receive_codecs:
 * @self: a #GstKandyCall
 * @kind: of media
 * @codecs: (nullable): application/x-rtp structures, best first; %NULL: all
 * that can be decoded here
 *
 * What can be received. Takes effect with the next negotiation.
 */
void
gst_kandy_call_set_receive_codecs (
    GstKandyCall *self, KandyMediaKind kind, GstCaps *codecs)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (kind < G_N_ELEMENTS (self->receive_codecs));

  gst_caps_replace (&self->receive_codecs[kind], codecs);
}

/**
 * gst_kandy_call_set_ask:
 * @self: a #GstKandyCall
 * @kind: of media
 * @ask: whether to ask for it
 *
 * Whether offers have an m-line for @kind even if nothing of it is sent. A call
 * that sends nothing at all asks for what its options let it receive. Takes
 * effect with the next negotiation; default %FALSE.
 */
void
gst_kandy_call_set_ask (GstKandyCall *self, KandyMediaKind kind, gboolean ask)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (kind < G_N_ELEMENTS (self->ask));

  self->ask[kind] = ask;
}

/**
 * gst_kandy_call_set_ice_collection_check:
 * @self: a #GstKandyCall
 * @check: (nullable) (scope notified) (closure user_data): decides
 * @user_data: for @check
 * @notify: (nullable): frees @user_data
 *
 * Replaces the rule by which a description is sent before all candidates are
 * gathered; by default one relay candidate suffices. Asked every
 * `iceCollectionDelay`, and no more after `maxIceTimeout`. API document:
 * `call.iceCollectionCheck`.
 */
void
gst_kandy_call_set_ice_collection_check (GstKandyCall *self,
    GstKandyIceCollectionCheck check, gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_return_if_fail (GST_KANDY_IS_CALL (self));

  old_notify = self->check_notify;
  old_data = self->check_data;
  self->check = check;
  self->check_data = user_data;
  self->check_notify = notify;
  if (old_notify)
    old_notify (old_data);
}

/**
 * gst_kandy_call_wait_closed:
 * @timeout_ms: for how long at most
 *
 * Closing does not block: the far end is told, and threads are stopped, in the
 * background, which takes some 20 ms. A process that is about to exit waits for
 * it. Any thread but a streaming thread.
 *
 * Returns: %FALSE if calls were still being stopped when @timeout_ms had passed
 */
gboolean
gst_kandy_call_wait_closed (guint timeout_ms)
{
  return gst_kandy_transport_wait_closed (timeout_ms);
}
