/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmfevent.h"
#include "gstkandyrouter.h"
#include "gstkandytrack-private.h"

#include <gst/app/gstappsink.h>
#include <gst/rtp/gstrtpbuffer.h>

GST_DEBUG_CATEGORY_STATIC (gst_kandy_router_debug);
#define GST_CAT_DEFAULT gst_kandy_router_debug

typedef struct {
  guint mline;
  KandyMediaKind kind;
  int payload;
  GstKandyReceiveTrack *track;
} Route;

struct _GstKandyRouter {
  GWeakRef owner;
  GMainContext *context;
  GstKandyRouterDtmf dtmf;

  GMutex lock;
  GArray *routes;
  guint n_streams;
  gint64 first_packet;
  gint generation; /* atomic: of the routes */
};

/* A second of pictures, or two of sound */
#define MAX_HELD 100

/* One source pad of webrtcbin: one SSRC with one payload type. What follows is
 * only touched by its streaming thread. */
typedef struct {
  GstKandyRouter *router;
  GstKandyTransport *transport;
  GstPad *pad; /* of webrtcbin */
  guint serial;

  GstCaps *seen;
  GstCaps *caps;
  gboolean telephone_event;
  gint generation;
  GstKandyReceiveTrack *track;
  GstKandyDtmfReader events;

  /* GstSample, what came before somebody has looked at the certificate (F16):
   * it is played when that is right, and never otherwise. A certificate belongs
   * to its transport for good. */
  GQueue held;
} Stream;

GstKandyRouter *
gst_kandy_router_ref (GstKandyRouter *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
router_clear (gpointer data)
{
  GstKandyRouter *self = data;

  g_weak_ref_clear (&self->owner);
  g_main_context_unref (self->context);
  g_array_unref (self->routes);
  g_mutex_clear (&self->lock);
}

void
gst_kandy_router_unref (GstKandyRouter *self)
{
  g_atomic_rc_box_release_full (self, router_clear);
}

static void
route_clear (gpointer data)
{
  gst_object_unref (((Route *) data)->track);
}

GstKandyRouter *
gst_kandy_router_new (
    GObject *owner, GMainContext *context, GstKandyRouterDtmf dtmf)
{
  GstKandyRouter *self = g_atomic_rc_box_new0 (GstKandyRouter);

  GST_DEBUG_CATEGORY_INIT (gst_kandy_router_debug, "kandyrouter", 0,
      "Incoming streams of a Kandy call");

  g_weak_ref_init (&self->owner, owner);
  self->context = g_main_context_ref (context);
  self->dtmf = dtmf;
  g_mutex_init (&self->lock);
  self->routes = g_array_new (FALSE, FALSE, sizeof (Route));
  g_array_set_clear_func (self->routes, route_clear);
  return self;
}

void
gst_kandy_router_begin (GstKandyRouter *self)
{
  g_mutex_lock (&self->lock);
  g_array_set_size (self->routes, 0);
}

void
gst_kandy_router_add (GstKandyRouter *self, guint mline, KandyMediaKind kind,
    int payload, GstKandyReceiveTrack *track)
{
  Route route = { mline, kind, payload, gst_object_ref (track) };

  g_array_append_val (self->routes, route);
}

void
gst_kandy_router_end (GstKandyRouter *self)
{
  g_atomic_int_inc (&self->generation);
  g_mutex_unlock (&self->lock);
}

gint64
gst_kandy_router_get_first_packet_time (GstKandyRouter *self)
{
  gint64 time;

  g_mutex_lock (&self->lock);
  time = self->first_packet;
  g_mutex_unlock (&self->lock);
  return time;
}

/* webrtcbin cannot know to which m-line a stream belongs that no a=ssrc line
 * announces, and says the first: its word only counts if the kind agrees.
 * (transfer full) (nullable) */
static GstKandyReceiveTrack *
find_track (GstKandyRouter *self, int mline, KandyMediaKind kind, int payload)
{
  GstKandyReceiveTrack *by_payload = NULL, *by_kind = NULL, *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->routes->len && !found; i++) {
    Route *route = &g_array_index (self->routes, Route, i);

    if (route->kind != kind)
      continue;
    if ((int) route->mline == mline)
      found = route->track;
    if (!by_payload && route->payload == payload)
      by_payload = route->track;
    if (!by_kind)
      by_kind = route->track;
  }
  if (!found)
    found = by_payload ? by_payload : by_kind;
  if (found)
    gst_object_ref (found);
  g_mutex_unlock (&self->lock);
  return found;
}

/* --- streams --- */

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_queue_clear_full (&stream->held, (GDestroyNotify) gst_sample_unref);
  gst_clear_caps (&stream->seen);
  gst_clear_caps (&stream->caps);
  gst_clear_object (&stream->track);
  gst_object_unref (stream->pad);
  g_object_unref (stream->transport);
  gst_kandy_router_unref (stream->router);
  g_free (stream);
}

/* webrtcbin leaves whole SDP lines in the caps */
static gboolean
keep_field (GQuark field, const GValue *value, gpointer user_data)
{
  static const char *const unwanted[] = { "a-", "ssrc-", "rtcp-", "extmap-",
    "rtx-", "x-gst-", "ice-", "srtp-", "srtcp-", "mid", "rid", "npt-",
    "clock-base", "seqnum-base", "seqnum-offset", "timestamp-offset",
    "play-speed", "play-scale", "candidate", "onvif-" };
  const char *name = g_quark_to_string (field);

  for (guint i = 0; i < G_N_ELEMENTS (unwanted); i++)
    if (g_str_has_prefix (name, unwanted[i]))
      return FALSE;
  return TRUE;
}

static void
stream_set_caps (Stream *stream, GstCaps *caps)
{
  GstStructure *s;

  gst_caps_replace (&stream->seen, caps);
  gst_clear_caps (&stream->caps);
  stream->caps = gst_caps_copy (caps);
  s = gst_caps_get_structure (stream->caps, 0);
  gst_structure_filter_and_map_in_place (
      s, (GstStructureFilterMapFunc) keep_field, NULL);
  stream->telephone_event =
      g_strcmp0 (
          gst_structure_get_string (s, "encoding-name"), "TELEPHONE-EVENT")
      == 0;
  stream->generation = -1;
  GST_DEBUG ("stream %u: %" GST_PTR_FORMAT, stream->serial, stream->caps);
}

static void
stream_find_track (Stream *stream)
{
  gint generation = g_atomic_int_get (&stream->router->generation);
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  const GstStructure *s = gst_caps_get_structure (stream->caps, 0);
  const char *media = gst_structure_get_string (s, "media");
  int payload = -1;
  guint mline = G_MAXUINT;

  if (generation == stream->generation)
    return;
  stream->generation = generation;

  gst_structure_get_int (s, "payload", &payload);
  g_object_get (stream->pad, "transceiver", &transceiver, NULL);
  if (transceiver)
    g_object_get (transceiver, "mlineindex", &mline, NULL);
  gst_clear_object (&stream->track);
  stream->track = find_track (stream->router, (int) mline,
      g_strcmp0 (media, "video") == 0 ? KANDY_MEDIA_KIND_VIDEO
                                      : KANDY_MEDIA_KIND_AUDIO,
      payload);
}

typedef struct {
  GstKandyRouter *router;
  guint number;
  guint volume;
} Digit;

static void
digit_free (gpointer data)
{
  Digit *digit = data;

  gst_kandy_router_unref (digit->router);
  g_free (digit);
}

static gboolean
report_digit (gpointer data)
{
  Digit *digit = data;
  g_autoptr (GObject) owner = g_weak_ref_get (&digit->router->owner);

  if (owner)
    digit->router->dtmf (owner, digit->number, digit->volume);
  return G_SOURCE_REMOVE;
}

static void
stream_take_event (Stream *stream, GstBuffer *rtp)
{
  GstKandyDtmfEvent event;
  Digit *digit;

  if (!gst_kandy_dtmf_reader_take (&stream->events, rtp, &event))
    return;
  digit = g_new (Digit, 1);
  digit->router = gst_kandy_router_ref (stream->router);
  digit->number = event.number;
  digit->volume = event.volume;
  gst_kandy_post (stream->router->context, report_digit, digit, digit_free);
}

/* Takes @sample */
static void
stream_take (Stream *stream, GstElement *sink, GstSample *sample)
{
  GstCaps *caps = gst_sample_get_caps (sample);
  GstBuffer *buffer = gst_sample_get_buffer (sample);

  if (caps != stream->seen)
    stream_set_caps (stream, caps);
  if (stream->telephone_event) {
    stream_take_event (stream, buffer);
    gst_sample_unref (sample);
    return;
  }

  stream_find_track (stream);
  gst_buffer_ref (buffer);
  gst_sample_unref (sample);
  if (!stream->track) {
    gst_buffer_unref (buffer);
    return;
  }
  if (!stream->router->first_packet) {
    g_mutex_lock (&stream->router->lock);
    if (!stream->router->first_packet)
      stream->router->first_packet = g_get_monotonic_time ();
    g_mutex_unlock (&stream->router->lock);
  }
  gst_kandy_receive_track_deliver (stream->track, stream->serial,
      GST_BASE_SINK_PAD (sink), buffer, stream->caps);
}

static GstFlowReturn
stream_new_sample (GstAppSink *sink, gpointer user_data)
{
  Stream *stream = user_data;
  GstSample *sample = gst_app_sink_pull_sample (sink);

  if (!sample)
    return GST_FLOW_EOS;
  if (!gst_sample_get_buffer (sample) || !gst_sample_get_caps (sample)) {
    gst_sample_unref (sample);
    return GST_FLOW_OK;
  }

  g_queue_push_tail (&stream->held, sample);
  if (!gst_kandy_transport_is_trusted (stream->transport)) {
    if (g_queue_get_length (&stream->held) > MAX_HELD)
      gst_sample_unref (g_queue_pop_head (&stream->held));
    return GST_FLOW_OK;
  }
  while ((sample = g_queue_pop_head (&stream->held)))
    stream_take (stream, GST_ELEMENT (sink), sample);
  return GST_FLOW_OK;
}

void
gst_kandy_router_add_pad (GstKandyRouter *self, GstKandyTransport *transport,
    GstElement *pipeline, GstPad *pad)
{
  GstAppSinkCallbacks callbacks = { .new_sample = stream_new_sample };
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  Stream *stream;

  if (!sink) {
    GST_ERROR ("element appsink is missing");
    return;
  }

  stream = g_new0 (Stream, 1);
  stream->router = gst_kandy_router_ref (self);
  stream->transport = g_object_ref (transport);
  stream->pad = gst_object_ref (pad);
  stream->generation = -1;
  g_queue_init (&stream->held);
  g_mutex_lock (&self->lock);
  stream->serial = ++self->n_streams;
  g_mutex_unlock (&self->lock);

  g_object_set (sink, "sync", FALSE, "async", FALSE, "enable-last-sample",
      FALSE, "wait-on-eos", FALSE, NULL);
  gst_app_sink_set_callbacks (
      GST_APP_SINK (sink), &callbacks, stream, stream_free);

  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  if (GST_PAD_LINK_FAILED (gst_pad_link (pad, GST_BASE_SINK_PAD (sink))))
    GST_WARNING ("cannot link %" GST_PTR_FORMAT, pad);
}
