/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytransport-private.h"
#include "gstkandyconnect.h"
#include "gstkandysendcaps.h"

/* GstKandyTransport
 *
 * webrtcbin with everything around it that does not depend on what is
 * negotiated: the agent's settings, promises that come back within a bounded
 * time and on the right thread, the gathering of candidates, the far end's
 * certificate, signs of life, and the good-bye.
 */

GST_DEBUG_CATEGORY (gst_kandy_transport_debug);
#define GST_CAT_DEFAULT gst_kandy_transport_debug

/* webrtcbin can lose a promise or run in circles. The first offer of a process
 * waits for the certificate: a key of RSA with 2048 bits, which takes a small
 * or busy machine many seconds. */
#define PROMISE_TIMEOUT_MS 30000
/* RFC 4585 3.4 leaves the minimum to us; after RFC 3550's five seconds nothing
 * would be known of a short call */
#define RTCP_MIN_INTERVAL GST_SECOND

typedef struct {
  GstKandyTransport *self; /* NULL when answered */
  GstPromise *promise;
  GSource *timeout;
  const char *what;
  const char *field;
  GstKandyTransportDone done;
  gpointer user_data;
} Op;

enum {
  SIGNAL_PAD_ADDED,
  SIGNAL_CONNECTION_STATE,
  SIGNAL_CERTIFICATE,
  SIGNAL_PEER_CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GstKandyTransport, gst_kandy_transport, G_TYPE_OBJECT)

void
gst_kandy_post (GMainContext *context, GSourceFunc func, gpointer data,
    GDestroyNotify notify)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, notify);
  g_source_attach (source, context);
  g_source_unref (source);
}

static gint
now_ms (void)
{
  return (gint) ((g_get_monotonic_time () / 1000) & G_MAXINT);
}

/* --- promises --- */

static void
op_unref (Op *op)
{
  g_atomic_rc_box_release (op);
}

static void
op_settle (Op *op)
{
  g_queue_remove (&op->self->ops, op);
  if (op->timeout) {
    g_source_destroy (op->timeout);
    g_clear_pointer (&op->timeout, g_source_unref);
  }
  /* webrtcbin forgets what it had to do when it stops, and a promise that
   * nobody answered may not be freed */
  gst_promise_interrupt (op->promise);
  g_clear_pointer (&op->promise, gst_promise_unref);
  op->self = NULL;
  op_unref (op);
}

static void
op_finish (Op *op, const GstSDPMessage *sdp, const GError *error)
{
  GstKandyTransport *self = g_object_ref (op->self);
  GstKandyTransportDone done = op->done;
  gpointer user_data = op->user_data;

  if (error)
    GST_WARNING_OBJECT (self->webrtcbin, "%s: %s", op->what, error->message);
  op_settle (op);
  if (done)
    done (self, sdp, error, user_data);
  g_object_unref (self);
}

static gboolean
op_replied (gpointer data)
{
  Op *op = data;
  const GstStructure *reply;
  GstWebRTCSessionDescription *description = NULL;
  g_autoptr (GError) cause = NULL;
  g_autoptr (GError) error = NULL;

  if (!op->self)
    return G_SOURCE_REMOVE;

  reply = gst_promise_get_reply (op->promise);
  if (reply)
    gst_structure_get (reply, "error", G_TYPE_ERROR, &cause, NULL);
  if (reply && !cause && op->field)
    gst_structure_get (reply, op->field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
        &description, NULL);

  if (cause)
    error = kandy_error_new (
        KANDY_ERROR_MEDIA, "call:10", 0, "%s: %s", op->what, cause->message);
  else if (op->field && !description)
    error = kandy_error_new (KANDY_ERROR_MEDIA, "call:10", 0,
        "%s: webrtcbin gave no description", op->what);

  op_finish (op, description ? description->sdp : NULL, error);
  if (description)
    gst_webrtc_session_description_free (description);
  return G_SOURCE_REMOVE;
}

static gboolean
op_timed_out (gpointer data)
{
  Op *op = data;
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_TIMEOUT, "call:10", 0,
      "%s: webrtcbin does not reply", op->what);

  op_finish (op, NULL, error);
  return G_SOURCE_REMOVE;
}

/* On a thread of webrtcbin */
static void
promise_changed (GstPromise *promise, gpointer user_data)
{
  gpointer *pair = user_data;

  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED)
    gst_kandy_post (pair[1], op_replied, g_atomic_rc_box_acquire (pair[0]),
        (GDestroyNotify) op_unref);
}

static void
pair_free (gpointer data)
{
  gpointer *pair = data;

  op_unref (pair[0]);
  g_main_context_unref (pair[1]);
  g_free (pair);
}

static GstPromise *
op_start (GstKandyTransport *self, const char *what, const char *field,
    GstKandyTransportDone done, gpointer user_data)
{
  Op *op = g_atomic_rc_box_new0 (Op);
  gpointer *pair = g_new (gpointer, 2);

  op->self = self;
  op->what = what;
  op->field = field;
  op->done = done;
  op->user_data = user_data;
  pair[0] = g_atomic_rc_box_acquire (op);
  pair[1] = g_main_context_ref (self->context);
  op->promise =
      gst_promise_new_with_change_func (promise_changed, pair, pair_free);
  op->timeout = g_timeout_source_new (PROMISE_TIMEOUT_MS);
  g_source_set_callback (op->timeout, op_timed_out, op, NULL);
  g_source_attach (op->timeout, self->context);
  g_queue_push_tail (&self->ops, op);

  return op->promise;
}

void
gst_kandy_transport_drop_ops (GstKandyTransport *self)
{
  Op *op;

  while ((op = g_queue_peek_head (&self->ops)))
    op_settle (op);
}

/* --- events of webrtcbin, on any thread --- */

static void
set_state (GstKandyTransport *self, KandyMediaConnectionState state)
{
  if (state == self->state)
    return;
  self->state = state;
  g_atomic_int_set (self->last_packet, now_ms ());
  g_signal_emit (self, signals[SIGNAL_CONNECTION_STATE], 0, state);
}

static gboolean
read_connection_state (gpointer data)
{
  GstKandyTransport *self = data;
  GstWebRTCICEConnectionState ice;
  KandyMediaConnectionState state = self->state;

  if (self->closed)
    return G_SOURCE_REMOVE;

  if (gst_kandy_transport_get_path_state (self, &state)) {
    set_state (self, state);
    return G_SOURCE_REMOVE;
  }
  state = self->state;
  g_object_get (self->webrtcbin, "ice-connection-state", &ice, NULL);
  switch (ice) {
    case GST_WEBRTC_ICE_CONNECTION_STATE_CHECKING:
      state = KANDY_MEDIA_CONNECTION_STATE_CHECKING;
      break;
    case GST_WEBRTC_ICE_CONNECTION_STATE_CONNECTED:
    case GST_WEBRTC_ICE_CONNECTION_STATE_COMPLETED:
      state = KANDY_MEDIA_CONNECTION_STATE_CONNECTED;
      break;
    case GST_WEBRTC_ICE_CONNECTION_STATE_DISCONNECTED:
      state = KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED;
      break;
    case GST_WEBRTC_ICE_CONNECTION_STATE_FAILED:
      state = KANDY_MEDIA_CONNECTION_STATE_FAILED;
      break;
    default:
      break;
  }

  set_state (self, state);
  return G_SOURCE_REMOVE;
}

void
gst_kandy_transport_path_changed (GstKandyTransport *self, gboolean new_one)
{
  KandyMediaConnectionState before = self->state;

  read_connection_state (self);
  if (!new_one || self->closed || self->state != before)
    return;
  /* The silence of the former one says nothing any more */
  g_atomic_int_set (self->last_packet, now_ms ());
  g_signal_emit (self, signals[SIGNAL_CONNECTION_STATE], 0, self->state);
}

static void
ice_connection_state_changed (
    GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GstKandyTransport *self = user_data;

  gst_kandy_post (self->context, read_connection_state, g_object_ref (self),
      g_object_unref);
}

static gboolean
read_gathering_state (gpointer data)
{
  GstKandyTransport *self = data;

  if (!self->closed)
    gst_kandy_transport_check_gathering (self);
  return G_SOURCE_REMOVE;
}

static void
ice_gathering_state_changed (
    GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GstKandyTransport *self = user_data;

  gst_kandy_post (
      self->context, read_gathering_state, g_object_ref (self), g_object_unref);
}

typedef struct {
  GstKandyTransport *self;
  char *line;
} NewCandidate;

static void
new_candidate_free (gpointer data)
{
  NewCandidate *candidate = data;

  g_object_unref (candidate->self);
  g_free (candidate->line);
  g_free (candidate);
}

static gboolean
take_candidate (gpointer data)
{
  NewCandidate *candidate = data;

  if (!candidate->self->closed)
    g_ptr_array_add (
        candidate->self->candidates, g_steal_pointer (&candidate->line));
  return G_SOURCE_REMOVE;
}

static void
ice_candidate (
    GstElement *webrtcbin, guint mline, const char *line, gpointer user_data)
{
  GstKandyTransport *self = user_data;
  NewCandidate *candidate;

  /* The empty one is webrtcbin 1.26's end of candidates */
  if (!line || !*line)
    return;
  candidate = g_new0 (NewCandidate, 1);
  candidate->self = g_object_ref (self);
  candidate->line = g_strdup (line);
  gst_kandy_post (self->context, take_candidate, candidate, new_candidate_free);
}

static void
webrtcbin_pad_added (GstElement *webrtcbin, GstPad *pad, gpointer user_data)
{
  GstKandyTransport *self = user_data;

  if (GST_PAD_IS_SRC (pad))
    g_signal_emit (self, signals[SIGNAL_PAD_ADDED], 0, pad);
}

/* Holds no reference to the transport, which holds webrtcbin */
static GstPadProbeReturn
packet_arrived (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_set ((gint *) user_data, now_ms ());
  return GST_PAD_PROBE_OK;
}

static gboolean
report_certificate (gpointer data)
{
  GstKandyTransport *self = data;

  if (!self->closed)
    g_signal_emit (self, signals[SIGNAL_CERTIFICATE], 0);
  return G_SOURCE_REMOVE;
}

/* RFC 7468. Not GTlsCertificate: its backend is a module that may be missing */
GBytes *
gst_kandy_pem_to_der (const char *pem)
{
  const char *begin = strstr (pem, "-----BEGIN CERTIFICATE-----");
  const char *end = begin ? strstr (begin, "-----END") : NULL;
  g_autofree char *base64 = NULL;
  guchar *der;
  gsize length;

  if (!end)
    return g_bytes_new_static ("", 0);
  begin += strlen ("-----BEGIN CERTIFICATE-----");
  base64 = g_strndup (begin, end - begin);
  der = g_base64_decode (base64, &length);
  return g_bytes_new_take (der, length);
}

/* Decoder and nicesrc of one transport are in the same bin of webrtcbin */
guint
gst_kandy_ice_stream_of_decoder (GstElement *decoder)
{
  g_autoptr (GstObject) srtp = gst_object_get_parent (GST_OBJECT (decoder));
  g_autoptr (GstObject) bin = srtp ? gst_object_get_parent (srtp) : NULL;
  GstIterator *sources;
  GValue item = G_VALUE_INIT;
  guint stream = 0;

  if (!GST_IS_BIN (bin))
    return 0;
  sources =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (bin), "nicesrc");
  if (gst_iterator_next (sources, &item) == GST_ITERATOR_OK) {
    stream = gst_kandy_ice_stream_of (g_value_get_object (&item));
    g_value_unset (&item);
  }
  gst_iterator_free (sources);
  return stream;
}

/* Comes within the handshake, before there are keys: nothing can be decrypted
 * until somebody has looked at the certificate. Comes several times for one;
 * the property may only be read here, for dtlsdec does not lock it. */
static void
peer_pem_changed (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GstKandyTransport *self = user_data;
  guint stream = gst_kandy_ice_stream_of_decoder (GST_ELEMENT (object));
  g_autofree char *pem = NULL;
  g_autoptr (GBytes) der = NULL;
  GBytes *former;

  g_object_get (object, "peer-pem", &pem, NULL);
  der = gst_kandy_pem_to_der (pem ? pem : "");

  g_mutex_lock (&self->lock);
  former = g_hash_table_lookup (self->certificates, GUINT_TO_POINTER (stream));
  if (former && g_bytes_equal (former, der)) {
    g_mutex_unlock (&self->lock);
    return;
  }
  /* Nobody has two: what nobody has matches no fingerprint */
  g_hash_table_insert (self->certificates, GUINT_TO_POINTER (stream),
      former ? g_bytes_new_static ("", 0) : g_steal_pointer (&der));
  g_mutex_unlock (&self->lock);

  g_atomic_int_set (&self->trusted, FALSE);
  gst_kandy_post (
      self->context, report_certificate, g_object_ref (self), g_object_unref);
}

static gboolean
report_peer_closed (gpointer data)
{
  GstKandyTransport *self = data;

  if (!self->closed)
    g_signal_emit (self, signals[SIGNAL_PEER_CLOSED], 0);
  return G_SOURCE_REMOVE;
}

static void
dtls_state_changed (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GstKandyTransport *self = user_data;
  g_autoptr (GEnumClass) enum_class = NULL;
  GEnumValue *value;
  int state;

  g_object_get (object, pspec->name, &state, NULL);
  enum_class = g_type_class_ref (pspec->value_type);
  value = g_enum_get_value (enum_class, state);
  GST_DEBUG_OBJECT (object, "DTLS %s", value ? value->value_nick : "?");
  if (value && g_str_equal (value->value_nick, "closed")
      && g_atomic_int_get (&self->trusted))
    gst_kandy_post (
        self->context, report_peer_closed, g_object_ref (self), g_object_unref);
}

void
gst_kandy_set_if_there (gpointer object, const char *name, int value)
{
  GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);

  if (!pspec)
    return;
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_object_set (object, name, (gboolean) value, NULL);
  else
    g_object_set (object, name, (guint) value, NULL);
}

static void
set_rtx_map (GstKandyTransport *self, GstElement *sender)
{
  GstStructure *map = gst_structure_new_empty ("application/x-rtp-ssrc-map");
  GHashTableIter iter;
  gpointer ssrc, rtx_ssrc;

  g_hash_table_iter_init (&iter, self->rtx_ssrcs);
  while (g_hash_table_iter_next (&iter, &ssrc, &rtx_ssrc)) {
    char name[16];

    g_snprintf (name, sizeof (name), "%u", GPOINTER_TO_UINT (ssrc));
    gst_structure_set (
        map, name, G_TYPE_UINT, GPOINTER_TO_UINT (rtx_ssrc), NULL);
  }
  g_object_set (sender, "ssrc-map", map, NULL);
  gst_structure_free (map);
}

static GstPadProbeReturn
first_packet_left (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstElement) jitterbuffer = gst_pad_get_parent_element (pad);

  if (jitterbuffer)
    g_object_set (jitterbuffer, "latency", GPOINTER_TO_UINT (user_data), NULL);
  return GST_PAD_PROBE_REMOVE;
}

/* It would hold the first packet of a call for the whole latency, or until a
 * second one follows. Time stamps are not affected: who plays in time does so
 * with that latency. */
static void
new_jitterbuffer (GstElement *rtpbin, GstElement *jitterbuffer, guint session,
    guint ssrc, gpointer user_data)
{
  GstKandyTransport *self = user_data;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (jitterbuffer, "src");
  guint latency;

  g_object_get (jitterbuffer, "latency", &latency, NULL);
  g_object_set (jitterbuffer, "latency", 0, "faststart-min-packets", 1, NULL);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
      first_packet_left, GUINT_TO_POINTER (latency), NULL);
  gst_kandy_lip_sync_watch (self->lip_sync, jitterbuffer);
}

static void
watch_rtpbin (GstKandyTransport *self)
{
  GstIterator *bins = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (self->webrtcbin), "rtpbin");
  GValue item = G_VALUE_INIT;

  while (gst_iterator_next (bins, &item) == GST_ITERATOR_OK) {
    GstElement *rtpbin = g_value_get_object (&item);

    /* Sender reports tell when something was captured. The time of sending
     * would depend on the pipeline's latency, which what is received changes.
     */
    g_object_set (rtpbin, "rtcp-sync-send-time", FALSE, NULL);
    gst_kandy_lip_sync_replace (rtpbin);
    gst_kandy_connect (
        rtpbin, "new-jitterbuffer", G_CALLBACK (new_jitterbuffer), self);
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (bins);
}

static void
deep_element_added (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstKandyTransport *self = user_data;
  GstElementFactory *factory = gst_element_get_factory (element);
  const char *name = factory ? GST_OBJECT_NAME (factory) : "";

  gst_kandy_stats_meter_watch (self->meter, element, name);
  if (g_str_equal (name, "dtlsdec")) {
    gst_kandy_connect (
        element, "notify::peer-pem", G_CALLBACK (peer_pem_changed), self);
    if (g_object_class_find_property (
            G_OBJECT_GET_CLASS (element), "connection-state"))
      gst_kandy_connect (element, "notify::connection-state",
          G_CALLBACK (dtls_state_changed), self);
  } else if (g_str_equal (name, "dtlsenc")) {
    g_mutex_lock (&self->lock);
    g_ptr_array_add (self->encoders, gst_object_ref (element));
    g_mutex_unlock (&self->lock);
  } else if (g_str_equal (name, "nicesrc")) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");

    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        packet_arrived, g_atomic_rc_box_acquire (self->last_packet),
        (GDestroyNotify) g_atomic_rc_box_release);
    gst_kandy_transport_add_relays (self, element);
  } else if (g_str_equal (name, "rtpsession")) {
    g_object_set (
        element, "rtcp-min-interval", (guint64) RTCP_MIN_INTERVAL, NULL);
    /* RFC 3550 6.2.1 lets a source prove itself by a second packet, for
     * whatever may come in on a port. SRTP lets only one through. */
    gst_kandy_set_if_there (element, "probation", 0);
    gst_kandy_rtcp_reports_watch (self->reports, element);
    gst_kandy_send_caps_watch (element);
  } else if (g_str_equal (name, "rtpjitterbuffer")) {
    /* It would declare the packet after a pause (hold, silence) lost before it
     * is even sent, and drop it when it comes: always the start of a key frame
     */
    gst_kandy_set_if_there (element, "rtx-next-seqnum", FALSE);
  } else if (g_str_equal (name, "rtprtxsend")) {
    g_mutex_lock (&self->lock);
    g_ptr_array_add (self->rtx_senders, gst_object_ref (element));
    set_rtx_map (self, element);
    g_mutex_unlock (&self->lock);
  }
}

/* --- GObject --- */

static void
gst_kandy_transport_dispose (GObject *object)
{
  gst_kandy_transport_close (GST_KANDY_TRANSPORT (object), NULL);

  G_OBJECT_CLASS (gst_kandy_transport_parent_class)->dispose (object);
}

static void
gst_kandy_transport_finalize (GObject *object)
{
  GstKandyTransport *self = GST_KANDY_TRANSPORT (object);

  g_clear_pointer (&self->relays, g_ptr_array_unref);
  g_clear_pointer (&self->reports, gst_kandy_rtcp_reports_unref);
  g_clear_pointer (&self->meter, gst_kandy_stats_meter_unref);
  g_clear_pointer (&self->lip_sync, gst_kandy_lip_sync_unref);
  g_clear_pointer (&self->encoders, g_ptr_array_unref);
  g_clear_pointer (&self->rtx_senders, g_ptr_array_unref);
  g_clear_pointer (&self->rtx_ssrcs, g_hash_table_unref);
  g_clear_pointer (&self->certificates, g_hash_table_unref);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->stream_of_mline, g_array_unref);
  g_clear_pointer (&self->paths, g_ptr_array_unref);
  g_clear_pointer (&self->addresses, g_hash_table_unref);
  g_clear_object (&self->agent);
  gst_clear_object (&self->webrtcbin);
  gst_clear_object (&self->pipeline);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->last_packet, g_atomic_rc_box_release);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gst_kandy_transport_parent_class)->finalize (object);
}

static void
gst_kandy_transport_class_init (GstKandyTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->dispose = gst_kandy_transport_dispose;
  object_class->finalize = gst_kandy_transport_finalize;

  signals[SIGNAL_PAD_ADDED] = g_signal_new ("pad-added", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, GST_TYPE_PAD);
  signals[SIGNAL_CONNECTION_STATE] =
      g_signal_new ("connection-state", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, KANDY_TYPE_MEDIA_CONNECTION_STATE);
  signals[SIGNAL_CERTIFICATE] = g_signal_new ("certificate", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PEER_CLOSED] = g_signal_new ("peer-closed", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  GST_DEBUG_CATEGORY_INIT (gst_kandy_transport_debug, "kandytransport", 0,
      "webrtcbin of a Kandy call");
}

static void
gst_kandy_transport_init (GstKandyTransport *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->ops);
  self->relays = g_ptr_array_new_with_free_func (gst_kandy_relay_free);
  self->reports = gst_kandy_rtcp_reports_new ();
  self->meter = gst_kandy_stats_meter_new ();
  self->lip_sync = gst_kandy_lip_sync_new ();
  self->encoders = g_ptr_array_new_with_free_func (gst_object_unref);
  self->rtx_senders = g_ptr_array_new_with_free_func (gst_object_unref);
  self->rtx_ssrcs = g_hash_table_new (NULL, NULL);
  self->certificates =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_bytes_unref);
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->stream_of_mline = g_array_new (FALSE, TRUE, sizeof (guint));
  self->addresses =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->paths = g_ptr_array_new_with_free_func (gst_kandy_path_free);
  self->last_packet = g_atomic_rc_box_new0 (gint);
  self->state = KANDY_MEDIA_CONNECTION_STATE_NEW;
}

GstKandyTransport *
gst_kandy_transport_new (GstElement *pipeline, GMainContext *context,
    const GstKandyTransportParams *params, GError **error)
{
  GstKandyTransport *self;
  GstElement *webrtcbin = gst_element_factory_make ("webrtcbin", NULL);

  if (!webrtcbin) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:3", 0,
            "GStreamer element \"webrtcbin\" is missing "
            "(package gstreamer1.0-plugins-bad)"));
    return NULL;
  }

  self = g_object_new (GST_KANDY_TYPE_TRANSPORT, NULL);
  self->context = g_main_context_ref (context);
  self->pipeline = gst_object_ref (pipeline);
  self->webrtcbin = gst_object_ref_sink (webrtcbin);

  g_object_set (webrtcbin, "latency", params->latency, "bundle-policy",
      params->bundle ? GST_WEBRTC_BUNDLE_POLICY_MAX_COMPAT
                     : GST_WEBRTC_BUNDLE_POLICY_NONE,
      NULL);
  if (params->relay_only)
    g_object_set (webrtcbin, "ice-transport-policy",
        GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY, NULL);
  gst_kandy_set_if_there (webrtcbin, "reuse-source-pads", TRUE);
  gst_kandy_transport_setup_agent (self, params);

  gst_kandy_connect (
      webrtcbin, "pad-added", G_CALLBACK (webrtcbin_pad_added), self);
  gst_kandy_connect (
      webrtcbin, "on-ice-candidate", G_CALLBACK (ice_candidate), self);
  gst_kandy_connect (webrtcbin, "notify::ice-connection-state",
      G_CALLBACK (ice_connection_state_changed), self);
  gst_kandy_connect (webrtcbin, "notify::ice-gathering-state",
      G_CALLBACK (ice_gathering_state_changed), self);
  gst_kandy_connect (
      webrtcbin, "deep-element-added", G_CALLBACK (deep_element_added), self);
  watch_rtpbin (self);

  gst_bin_add (GST_BIN (pipeline), webrtcbin);
  if (!gst_element_sync_state_with_parent (webrtcbin)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:3", 0,
            "webrtcbin cannot start: are the elements nicesrc, dtlsdec and "
            "srtpdec installed?"));
    gst_kandy_transport_close (self, NULL);
    g_object_unref (self);
    return NULL;
  }
  return self;
}

GstElement *
gst_kandy_transport_get_webrtcbin (GstKandyTransport *self)
{
  return self->webrtcbin;
}

void
gst_kandy_transport_add_media (
    GstKandyTransport *self, GstCaps *caps, gboolean nack)
{
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;

  g_signal_emit_by_name (self->webrtcbin, "add-transceiver",
      GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDRECV, caps, &transceiver);
  if (transceiver && nack)
    g_object_set (transceiver, "do-nack", TRUE, NULL);
}

void
gst_kandy_transport_create (GstKandyTransport *self, GstWebRTCSDPType type,
    GstKandyTransportDone done, gpointer user_data)
{
  gboolean offer = type == GST_WEBRTC_SDP_TYPE_OFFER;

  g_signal_emit_by_name (self->webrtcbin,
      offer ? "create-offer" : "create-answer", NULL,
      op_start (self, offer ? "create-offer" : "create-answer",
          offer ? "offer" : "answer", done, user_data));
}

void
gst_kandy_transport_apply (GstKandyTransport *self, gboolean local,
    GstWebRTCSDPType type, GstSDPMessage *sdp, GstKandyTransportDone done,
    gpointer user_data)
{
  const char *verb = local ? "set-local-description" : "set-remote-description";
  GstWebRTCSessionDescription *description =
      gst_webrtc_session_description_new (type, sdp);

  g_signal_emit_by_name (self->webrtcbin, verb, description,
      op_start (self, verb, NULL, done, user_data));
  gst_webrtc_session_description_free (description);
}

static GstPad *
find_sink_pad (GstKandyTransport *self, guint mline)
{
  GstPad *found = NULL;

  GST_OBJECT_LOCK (self->webrtcbin);
  for (GList *l = self->webrtcbin->sinkpads; l && !found; l = l->next) {
    g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
    guint index;

    g_object_get (l->data, "transceiver", &transceiver, NULL);
    if (!transceiver)
      continue;
    g_object_get (transceiver, "mlineindex", &index, NULL);
    if (index == mline)
      found = gst_object_ref (l->data);
  }
  GST_OBJECT_UNLOCK (self->webrtcbin);

  return found;
}

GstPad *
gst_kandy_transport_get_sink_pad (GstKandyTransport *self, guint mline)
{
  GstPad *pad = find_sink_pad (self, mline);
  g_autofree char *name = NULL;

  if (pad)
    return pad;
  /* webrtcbin 1.26 makes none for a transceiver of its own offer */
  name = g_strdup_printf ("sink_%u", mline);
  return gst_element_request_pad_simple (self->webrtcbin, name);
}

void
gst_kandy_transport_set_rtx_ssrc (
    GstKandyTransport *self, guint32 ssrc, guint32 rtx_ssrc)
{
  g_mutex_lock (&self->lock);
  g_hash_table_insert (
      self->rtx_ssrcs, GUINT_TO_POINTER (ssrc), GUINT_TO_POINTER (rtx_ssrc));
  for (guint i = 0; i < self->rtx_senders->len; i++)
    set_rtx_map (self, g_ptr_array_index (self->rtx_senders, i));
  g_mutex_unlock (&self->lock);
}

GBytes *
gst_kandy_transport_get_certificate (GstKandyTransport *self, guint mline)
{
  guint stream = gst_kandy_transport_find_stream (self, mline);
  GBytes *der;

  g_mutex_lock (&self->lock);
  der = g_hash_table_lookup (self->certificates, GUINT_TO_POINTER (stream));
  if (der)
    g_bytes_ref (der);
  g_mutex_unlock (&self->lock);
  return der;
}

void
gst_kandy_transport_set_trusted (GstKandyTransport *self, gboolean trusted)
{
  g_atomic_int_set (&self->trusted, trusted);
}

gboolean
gst_kandy_transport_is_trusted (GstKandyTransport *self)
{
  return g_atomic_int_get (&self->trusted);
}

KandyMediaConnectionState
gst_kandy_transport_get_connection_state (GstKandyTransport *self)
{
  return self->state;
}

GstKandyRtcpReports *
gst_kandy_transport_get_reports (GstKandyTransport *self)
{
  return self->reports;
}

GstKandyStatsMeter *
gst_kandy_transport_get_meter (GstKandyTransport *self)
{
  return self->meter;
}

/* ms since the last packet */
gint64
gst_kandy_transport_get_idle_time (GstKandyTransport *self)
{
  return (now_ms () - g_atomic_int_get (self->last_packet)) & G_MAXINT;
}

char *
gst_kandy_nick_of (GType type, int value)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (enum_class, value);

  return g_strdup (found ? found->value_nick : "unknown");
}
