/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"
#include "../patience.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/rtp/gstrtpbuffer.h>
#include <math.h>

#define RATE 48000
/* Samples that one measurement takes: 100 ms */
#define WINDOW 4800

typedef struct {
  Endpoint *owner;
  GstKandyReceiveTrack *track;
  KandyMediaKind kind;
  GstElement *pipeline;
  GstElement *source;
  GMutex lock;
  guint packets;
  gint16 samples[WINDOW];
  guint n_samples;
  guint frequency; /* of the last full window, 0 = silence */
  guint32 color;
  gboolean have_picture;
} Meter;

/* --- waiting --- */

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
wait_for (Predicate predicate, gpointer data, guint seconds, const char *what)
{
  gint64 deadline = patience_end (seconds);
  guint ticker = g_timeout_add (5, wake, NULL);

  while (!predicate (data)) {
    if (g_get_monotonic_time () > deadline) {
      g_source_remove (ticker);
      ck_abort_msg ("%s did not happen within %u s", what, seconds);
    }
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (ticker);
}

static gboolean
time_is_over (gpointer data)
{
  return g_get_monotonic_time () >= *(gint64 *) data;
}

void
let_pass (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  wait_for (time_is_over, &end, 10, "time");
}

/* --- meters --- */

static double
power_at (const gint16 *samples, guint n, double frequency)
{
  double k = 2 * cos (2 * G_PI * frequency / RATE), a = 0, b = 0;

  for (guint i = 0; i < n; i++) {
    double c = samples[i] + k * a - b;

    b = a;
    a = c;
  }
  return (a * a + b * b - k * a * b) / ((double) n * n);
}

static guint
measure (const gint16 *samples, guint n)
{
  static const guint frequencies[] = { 300, 440, 700, 1000, 1500, 2000 };
  double best = 0, total = 0;
  guint found = 0;

  for (guint i = 0; i < n; i++)
    total += (double) samples[i] * samples[i] / n;
  if (total < 10000)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (frequencies); i++) {
    double power = power_at (samples, n, frequencies[i]);

    if (power > best) {
      best = power;
      found = frequencies[i];
    }
  }
  /* A pure tone has a quarter of its mean square twice, at plus and minus */
  return best > total / 2 * 0.5 ? found : 1;
}

static GstFlowReturn
new_samples (GstAppSink *sink, gpointer data)
{
  Meter *meter = data;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstMapInfo map;

  if (!sample)
    return GST_FLOW_EOS;
  gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
  g_mutex_lock (&meter->lock);
  for (gsize i = 0; i < map.size / 2; i++) {
    meter->samples[meter->n_samples++] = ((gint16 *) map.data)[i];
    if (meter->n_samples == WINDOW) {
      meter->frequency = measure (meter->samples, WINDOW);
      meter->n_samples = 0;
    }
  }
  g_mutex_unlock (&meter->lock);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  gst_sample_unref (sample);
  return GST_FLOW_OK;
}

static GstFlowReturn
new_picture (GstAppSink *sink, gpointer data)
{
  Meter *meter = data;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstMapInfo map;
  gsize middle;

  if (!sample)
    return GST_FLOW_EOS;
  gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
  middle = map.size / 2 / 4 * 4;
  g_mutex_lock (&meter->lock);
  meter->color =
      map.data[middle] << 16 | map.data[middle + 1] << 8 | map.data[middle + 2];
  meter->have_picture = TRUE;
  g_mutex_unlock (&meter->lock);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  gst_sample_unref (sample);
  return GST_FLOW_OK;
}

static void
take_packet (GstKandyReceiveTrack *track, GstBuffer *rtp, GstCaps *caps,
    GstClock *clock, GstClockTime base_time, gpointer data)
{
  Meter *meter = data;
  GstSample *sample = gst_sample_new (rtp, caps, NULL, NULL);

  g_mutex_lock (&meter->lock);
  meter->packets++;
  g_mutex_unlock (&meter->lock);
  gst_app_src_push_sample (GST_APP_SRC (meter->source), sample);
  gst_sample_unref (sample);
  gst_buffer_unref (rtp);
}

static void
meter_free (gpointer data)
{
  Meter *meter = data;

  gst_kandy_receive_track_set_consumer (meter->track, NULL, NULL, NULL);
  gst_element_set_state (meter->pipeline, GST_STATE_NULL);
  gst_object_unref (meter->source);
  gst_object_unref (meter->pipeline);
  gst_object_unref (meter->track);
  g_mutex_clear (&meter->lock);
  g_free (meter);
}

static GstPadProbeReturn
forward_key_unit (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  const GstStructure *s =
      gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info));

  if (s && gst_structure_has_name (s, "GstForceKeyUnit"))
    gst_kandy_receive_track_request_key_unit (data);
  return GST_PAD_PROBE_OK;
}

static void
receive_track_added (
    GstKandyCall *call, GstKandyReceiveTrack *track, Endpoint *self)
{
  Meter *meter = g_new0 (Meter, 1);
  GstAppSinkCallbacks callbacks = { NULL };
  GstElement *sink;
  g_autoptr (GstPad) pad = NULL;

  meter->owner = self;
  meter->track = gst_object_ref (track);
  meter->kind = gst_kandy_receive_track_get_kind (track);
  g_mutex_init (&meter->lock);
  meter->pipeline = gst_parse_launch (meter->kind == KANDY_MEDIA_KIND_AUDIO
          ? "appsrc name=in is-live=true format=time ! rtpopusdepay ! opusdec "
            "! "
            "audioconvert ! audioresample ! "
            "audio/x-raw,format=S16LE,channels=1,rate=48000,layout=interleaved "
            "! appsink name=out sync=false async=false"
          : "appsrc name=in is-live=true format=time ! rtpvp8depay "
            "wait-for-keyframe=true request-keyframe=true ! vp8dec ! "
            "videoconvert ! "
            "video/x-raw,format=RGBx ! appsink name=out sync=false async=false",
      NULL);
  meter->source = gst_bin_get_by_name (GST_BIN (meter->pipeline), "in");
  sink = gst_bin_get_by_name (GST_BIN (meter->pipeline), "out");
  callbacks.new_sample =
      meter->kind == KANDY_MEDIA_KIND_AUDIO ? new_samples : new_picture;
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, meter, NULL);
  gst_object_unref (sink);
  pad = gst_element_get_static_pad (meter->source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, forward_key_unit,
      gst_object_ref (track), gst_object_unref);
  gst_element_set_state (meter->pipeline, GST_STATE_PLAYING);
  gst_kandy_receive_track_set_consumer (track, take_packet, meter, NULL);
  g_ptr_array_add (self->received, meter);
}

static void
receive_track_removed (
    GstKandyCall *call, GstKandyReceiveTrack *track, Endpoint *self)
{
  for (guint i = 0; i < self->received->len; i++)
    if (((Meter *) g_ptr_array_index (self->received, i))->track == track) {
      g_ptr_array_remove_index (self->received, i);
      return;
    }
}

gboolean
endpoint_hears (Endpoint *self, guint frequency)
{
  gboolean heard = FALSE;

  for (guint i = 0; i < self->received->len; i++) {
    Meter *meter = g_ptr_array_index (self->received, i);

    g_mutex_lock (&meter->lock);
    heard = heard
        || (meter->kind == KANDY_MEDIA_KIND_AUDIO
            && meter->frequency == frequency);
    g_mutex_unlock (&meter->lock);
  }
  return heard;
}

static gboolean
near (guint32 a, guint32 b)
{
  for (guint shift = 0; shift < 24; shift += 8)
    if (ABS ((int) (a >> shift & 0xff) - (int) (b >> shift & 0xff)) > 40)
      return FALSE;
  return TRUE;
}

gboolean
endpoint_sees (Endpoint *self, guint32 color)
{
  gboolean seen = FALSE;

  for (guint i = 0; i < self->received->len; i++) {
    Meter *meter = g_ptr_array_index (self->received, i);

    g_mutex_lock (&meter->lock);
    seen = seen
        || (meter->kind == KANDY_MEDIA_KIND_VIDEO && meter->have_picture
            && near (meter->color, color));
    g_mutex_unlock (&meter->lock);
  }
  return seen;
}

guint
endpoint_packets (Endpoint *self, KandyMediaKind kind)
{
  guint packets = 0;

  for (guint i = 0; i < self->received->len; i++) {
    Meter *meter = g_ptr_array_index (self->received, i);

    g_mutex_lock (&meter->lock);
    if (meter->kind == kind)
      packets += meter->packets;
    g_mutex_unlock (&meter->lock);
  }
  return packets;
}

void
endpoint_reset_meters (Endpoint *self)
{
  for (guint i = 0; i < self->received->len; i++) {
    Meter *meter = g_ptr_array_index (self->received, i);

    g_mutex_lock (&meter->lock);
    meter->packets = 0;
    meter->frequency = 0;
    meter->n_samples = 0;
    meter->have_picture = FALSE;
    g_mutex_unlock (&meter->lock);
  }
}

typedef struct {
  Endpoint *self;
  guint32 wanted;
} Wanted;

static gboolean
is_heard (gpointer data)
{
  return endpoint_hears (((Wanted *) data)->self, ((Wanted *) data)->wanted);
}

static gboolean
is_seen (gpointer data)
{
  return endpoint_sees (((Wanted *) data)->self, ((Wanted *) data)->wanted);
}

void
wait_until_heard (Endpoint *self, guint frequency)
{
  Wanted wanted = { self, frequency };
  g_autofree char *what =
      g_strdup_printf ("%s hearing %u Hz", self->name, frequency);

  wait_for (is_heard, &wanted, 10, what);
}

void
wait_until_seen (Endpoint *self, guint32 color)
{
  Wanted wanted = { self, color };
  g_autofree char *what =
      g_strdup_printf ("%s seeing #%06x", self->name, color);

  wait_for (is_seen, &wanted, 10, what);
}

/* --- sources --- */

static GstFlowReturn
send_packet (GstAppSink *sink, gpointer data)
{
  GstKandySendTrack *track = data;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer;
  g_autoptr (GstClock) clock = NULL;

  if (!sample)
    return GST_FLOW_EOS;
  buffer = gst_buffer_ref (gst_sample_get_buffer (sample));
  clock = gst_element_get_clock (GST_ELEMENT (sink));
  gst_sample_unref (sample);
  return gst_kandy_send_track_push (
      track, buffer, clock, gst_element_get_base_time (GST_ELEMENT (sink)));
}

static void
force_key_unit (
    GstKandySendTrack *track, gboolean all_headers, GstElement *sink)
{
  gst_pad_push_event (GST_BASE_SINK_PAD (sink),
      gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
          gst_structure_new ("GstForceKeyUnit", "all-headers", G_TYPE_BOOLEAN,
              all_headers, NULL)));
}

#define OPUS_CAPS                                                              \
  "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"         \
  "payload=111,encoding-params=(string)2"
#define VP8_CAPS                                                               \
  "application/"                                                               \
  "x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96"

static void
add_source (Endpoint *self, GstKandySendTrack *track, const char *launch)
{
  GstAppSinkCallbacks callbacks = { .new_sample = send_packet };
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (launch, &error);
  GstElement *sink;

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks,
      gst_object_ref (track), gst_object_unref);
  g_signal_connect_object (
      track, "force-key-unit", G_CALLBACK (force_key_unit), sink, 0);
  gst_object_unref (sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_ptr_array_add (self->pipelines, pipeline);
}

static void
add_tone (Endpoint *self, guint frequency, guint payload)
{
  g_autofree char *launch = g_strdup_printf (
      "audiotestsrc is-live=true samplesperbuffer=960 freq=%u volume=0.5 ! "
      "audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay pt=%u ! "
      "appsink name=out sync=false async=false",
      frequency, payload);

  add_source (self, self->audio, launch);
}

static void
add_picture (Endpoint *self, guint32 color, guint payload)
{
  g_autofree char *launch = g_strdup_printf (
      "videotestsrc is-live=true pattern=solid-color foreground-color=0xff%06x "
      "! video/x-raw,width=160,height=120,framerate=15/1 ! vp8enc deadline=1 "
      "keyframe-max-dist=1000 ! rtpvp8pay pt=%u ! "
      "appsink name=out sync=false async=false",
      color, payload);

  add_source (self, self->video, launch);
}

void
endpoint_add_audio (Endpoint *self, guint frequency)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (OPUS_CAPS);

  self->audio = gst_kandy_call_add_send_track (
      self->call, KANDY_MEDIA_KIND_AUDIO, self->name, caps);
  add_tone (self, frequency, 101);
}

void
endpoint_add_video (Endpoint *self, guint32 color)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (VP8_CAPS);

  self->video = gst_kandy_call_add_send_track (
      self->call, KANDY_MEDIA_KIND_VIDEO, self->name, caps);
  add_picture (self, color, 99);
}

/* The source that was added last but @back */
static void
stop_source (Endpoint *self, guint back)
{
  gst_element_set_state (
      g_ptr_array_index (self->pipelines, self->pipelines->len - 1 - back),
      GST_STATE_NULL);
}

void
endpoint_swap_audio (Endpoint *self, guint frequency)
{
  stop_source (self, 1);
  add_tone (self, frequency, 120);
}

void
endpoint_swap_video (Endpoint *self, guint32 color)
{
  stop_source (self, 1);
  add_picture (self, color, 121);
}

static GstPadProbeReturn
note_number (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_rtp_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ, &map);
  g_atomic_int_set ((int *) data, gst_rtp_buffer_get_seq (&map));
  gst_rtp_buffer_unmap (&map);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_noted (gpointer data)
{
  return g_atomic_int_get ((int *) data) >= 0;
}

void
endpoint_send_digit (Endpoint *self, guint number)
{
  g_autoptr (GstElement) webrtcbin = NULL;
  g_autoptr (GstPad) source_pad = NULL;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstCaps) caps =
      gst_kandy_send_track_get_negotiated_caps (self->audio);
  guint ssrc;
  int last = -1;
  gulong probe;

  g_object_get (self->call, "webrtcbin", &webrtcbin, NULL);
  source_pad = gst_pad_get_peer (webrtcbin->sinkpads->data);
  source = gst_pad_get_parent_element (source_pad);
  gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc);
  probe = gst_pad_add_probe (
      source_pad, GST_PAD_PROBE_TYPE_BUFFER, note_number, &last, NULL);
  WAIT_FOR (is_noted, &last);
  gst_kandy_send_track_set_gated (self->audio, TRUE);
  let_pass (50);
  gst_pad_remove_probe (source_pad, probe);

  for (guint i = 0; i < 6; i++) {
    /* number, end bit and volume, duration */
    guint8 payload[4] = { number, (i > 3 ? 0x80 : 0) | 10, 0, 0 };
    GstRTPBuffer map = GST_RTP_BUFFER_INIT;
    GstBuffer *rtp = gst_rtp_buffer_new_allocate (sizeof (payload), 0, 0);

    GST_WRITE_UINT16_BE (payload + 2, 960 * (i + 1));
    gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
    gst_rtp_buffer_set_ssrc (&map, ssrc);
    gst_rtp_buffer_set_payload_type (&map, 110);
    gst_rtp_buffer_set_seq (&map, (guint16) (last + 1 + i));
    gst_rtp_buffer_set_timestamp (&map, 4711);
    gst_rtp_buffer_set_marker (&map, i == 0);
    memcpy (gst_rtp_buffer_get_payload (&map), payload, sizeof (payload));
    gst_rtp_buffer_unmap (&map);
    gst_app_src_push_buffer (GST_APP_SRC (source), rtp);
  }
}

/* --- engine --- */

static void
connection_state (
    KandyMediaEngine *engine, KandyMediaConnectionState state, Endpoint *self)
{
  self->state = state;
}

static void
failed (KandyMediaEngine *engine, GError *error, Endpoint *self)
{
  fail_unless (self->failure == NULL, "failed twice");
  self->failure = g_error_copy (error);
}

static void
track_added (KandyMediaEngine *engine, KandyTrack *track, Endpoint *self)
{
  self->tracks_added++;
}

static void
track_removed (KandyMediaEngine *engine, KandyTrack *track, Endpoint *self)
{
  self->tracks_removed++;
}

static void
dtmf_event (GstKandyCall *call, guint number, guint volume, gboolean in_band,
    Endpoint *self)
{
  g_string_append_c (self->digits, "0123456789*#ABCD"[number]);
}

void
endpoints_warm_up (void)
{
  gst_kandy_call_warm_up ();
  gst_kandy_call_warm_up_wait ();
}

static Endpoint *
new_endpoint (const char *name, KandyConfig *config, GPtrArray *ice_servers,
    KandyMediaOptions *options)
{
  Endpoint *self = g_new0 (Endpoint, 1);
  g_autoptr (GstCaps) audio = gst_caps_from_string (OPUS_CAPS);
  g_autoptr (GstCaps) video = gst_caps_from_string (VP8_CAPS);

  self->name = g_strdup (name);
  self->pipelines = g_ptr_array_new_with_free_func (gst_object_unref);
  self->received = g_ptr_array_new_with_free_func (meter_free);
  self->digits = g_string_new (NULL);
  self->call = gst_kandy_call_new (config, ice_servers, options);
  gst_kandy_call_set_receive_codecs (self->call, KANDY_MEDIA_KIND_AUDIO, audio);
  gst_kandy_call_set_receive_codecs (self->call, KANDY_MEDIA_KIND_VIDEO, video);
  g_signal_connect (
      self->call, "connection-state", G_CALLBACK (connection_state), self);
  g_signal_connect (self->call, "failed", G_CALLBACK (failed), self);
  g_signal_connect (self->call, "track-added", G_CALLBACK (track_added), self);
  g_signal_connect (
      self->call, "track-removed", G_CALLBACK (track_removed), self);
  g_signal_connect (self->call, "receive-track-added",
      G_CALLBACK (receive_track_added), self);
  g_signal_connect (self->call, "receive-track-removed",
      G_CALLBACK (receive_track_removed), self);
  g_signal_connect (self->call, "dtmf-event", G_CALLBACK (dtmf_event), self);
  return self;
}

Endpoint *
endpoint_new_full (
    const char *name, KandyConfig *config, KandyMediaOptions *options)
{
  return new_endpoint (name, config, NULL, options);
}

Endpoint *
endpoint_new_with_servers (
    const char *name, KandyConfig *config, GPtrArray *ice_servers)
{
  return new_endpoint (name, config, ice_servers, NULL);
}

Endpoint *
endpoint_new (const char *name, KandyMediaOptions *options)
{
  return endpoint_new_full (name, NULL, options);
}

static gboolean
is_freed (gpointer ref)
{
  g_autoptr (GObject) object = g_weak_ref_get (ref);

  return object == NULL;
}

void
endpoint_free (Endpoint *self)
{
  if (self->call)
    kandy_media_engine_close (KANDY_MEDIA_ENGINE (self->call));
  for (guint i = 0; i < self->pipelines->len; i++)
    gst_element_set_state (
        g_ptr_array_index (self->pipelines, i), GST_STATE_NULL);
  g_ptr_array_unref (self->pipelines);
  g_ptr_array_unref (self->received);
  gst_clear_object (&self->audio);
  gst_clear_object (&self->video);
  if (self->call) {
    GWeakRef call;

    g_signal_handlers_disconnect_by_data (self->call, self);
    /* what another thread has begun to tell may hold it for a moment */
    g_weak_ref_init (&call, self->call);
    g_object_unref (self->call);
    WAIT_FOR (is_freed, &call);
    g_weak_ref_clear (&call);
  }
  fail_unless (gst_kandy_call_wait_closed (15000));
  /* what is still to be told on this thread keeps what it is about */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_error (&self->failure);
  g_string_free (self->digits, TRUE);
  g_free (self->name);
  g_free (self);
}

gboolean
endpoint_is_connected (gpointer data)
{
  return ((Endpoint *) data)->state == KANDY_MEDIA_CONNECTION_STATE_CONNECTED;
}

/* --- verbs --- */

static void
store_result (GObject *object, GAsyncResult *result, gpointer data)
{
  fail_unless (*(GAsyncResult **) data == NULL, "answered twice");
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
has_result (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

static void
check_error (Endpoint *self, GError *found, GError **error)
{
  if (!error && found)
    ck_abort_msg ("%s: %s", self->name, found->message);
  if (found)
    g_propagate_error (error, found);
}

char *
endpoint_create_offer (Endpoint *self, KandyOfferPurpose purpose,
    gboolean local_hold, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *found = NULL;
  char *sdp;

  kandy_media_engine_create_offer_async (KANDY_MEDIA_ENGINE (self->call),
      purpose, local_hold, NULL, store_result, &result);
  WAIT_FOR (has_result, &result);
  sdp = kandy_media_engine_create_offer_finish (
      KANDY_MEDIA_ENGINE (self->call), result, &found);
  fail_unless ((sdp != NULL) != (found != NULL));
  check_error (self, found, error);
  return sdp;
}

gboolean
endpoint_accept_answer (Endpoint *self, const char *sdp,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *found = NULL;
  gboolean ok;

  kandy_media_engine_accept_answer_async (
      KANDY_MEDIA_ENGINE (self->call), sdp, NULL, store_result, &result);
  WAIT_FOR (has_result, &result);
  ok = kandy_media_engine_accept_answer_finish (
      KANDY_MEDIA_ENGINE (self->call), result, change, flowing, &found);
  fail_unless (ok != (found != NULL));
  check_error (self, found, error);
  return ok;
}

gboolean
endpoint_take_offer (Endpoint *self, const char *sdp, gboolean local_hold,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *found = NULL;
  gboolean ok;

  kandy_media_engine_take_offer_async (KANDY_MEDIA_ENGINE (self->call), sdp,
      local_hold, NULL, store_result, &result);
  WAIT_FOR (has_result, &result);
  ok = kandy_media_engine_take_offer_finish (
      KANDY_MEDIA_ENGINE (self->call), result, change, flowing, &found);
  fail_unless (ok != (found != NULL));
  check_error (self, found, error);
  return ok;
}

char *
endpoint_create_answer (Endpoint *self, gboolean local_hold, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *found = NULL;
  char *sdp;

  kandy_media_engine_create_answer_async (KANDY_MEDIA_ENGINE (self->call), NULL,
      local_hold, NULL, store_result, &result);
  WAIT_FOR (has_result, &result);
  sdp = kandy_media_engine_create_answer_finish (
      KANDY_MEDIA_ENGINE (self->call), result, &found);
  fail_unless ((sdp != NULL) != (found != NULL));
  check_error (self, found, error);
  return sdp;
}

void
negotiate (Endpoint *caller, Endpoint *callee, KandyOfferPurpose purpose,
    gboolean local_hold, gboolean callee_hold)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  offer = endpoint_create_offer (caller, purpose, local_hold, NULL);
  kandy_media_engine_commit_offer (KANDY_MEDIA_ENGINE (caller->call));
  GST_DEBUG ("offer of %s:\n%s", caller->name, offer);
  endpoint_take_offer (callee, offer, callee_hold, NULL, NULL, NULL);
  answer = endpoint_create_answer (callee, callee_hold, NULL);
  GST_DEBUG ("answer of %s:\n%s", callee->name, answer);
  kandy_media_engine_commit_answer (KANDY_MEDIA_ENGINE (callee->call));
  endpoint_accept_answer (caller, answer, NULL, NULL, NULL);
}

static void
stats_replied (GstPromise *promise, gpointer data)
{
  *(GstStructure **) data =
      gst_structure_copy (gst_promise_get_reply (promise));
}

GstStructure *
endpoint_get_stats (Endpoint *self)
{
  GstStructure *stats = NULL;

  gst_kandy_call_get_stats (self->call,
      gst_promise_new_with_change_func (stats_replied, &stats, NULL));
  fail_unless (stats != NULL);
  return stats;
}
