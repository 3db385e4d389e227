/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A pipeline at one end of a call, driven by lines of JSON on its standard
 * input, reporting lines of JSON on its standard output. It knows the elements
 * by their properties, signals and messages only.
 *
 * Commands; each is answered by { "reply": ID, ... } or { "reply": ID,
 * "error": TEXT }:
 *
 *   { "id": 1, "do": "play", "pipeline": TEXT }   as of gst-launch-1.0. Pads of
 *                             the element named "in" are measured as they come.
 *                             With "without": TEXT lines of descriptions (SDP)
 *                             that have it in them are taken out
 *   { "id": 2, "do": "set", "element": NAME, "property": NAME, "value": TEXT }
 *                             with "pad": NAME of that pad of the element
 *   { "id": 3, "do": "get", "element": NAME, "property": NAME }
 *   { "id": 4, "do": "emit", "element": NAME, "signal": NAME, "args": [TEXT] }
 *                             an action signal; promises are passed as NULL
 *   { "id": 5, "do": "measure" }   what is heard and seen now, in "pictures"
 *                             at each pad by its name; with "gap": true
 *                             also, since the last time that it was asked for
 *                             and in ms, the longest silence ("gap"), how much
 *                             was heard ("audible"), how many "ticks" that
 *                             was (sound after silence), for how long pictures
 *                             stood still ("frozen"); and how many were "shown"
 *   { "id": 6, "do": "write", "element": NAME, "text": TEXT }   a buffer from
 *                             an appsrc
 *   { "id": 7, "do": "describe", "element": NAME, "sdp": TEXT }   an offer of a
 *                             webrtcbin, or, with "sdp", the answer to that.
 *                             The pipeline gives its media no latency: it would
 *                             be that of what is received
 *   { "id": 8, "do": "accept", "element": NAME, "sdp": TEXT }   the answer
 *   { "id": 9, "do": "replace", "element": NAME, "pad": NAME, "source": TEXT }
 *                             what the track of that pad sends
 *   { "id": 10, "do": "device", "name": NAME, "class": TEXT, "colour": TEXT }
 *                             a camera or screen that shows one colour, beside
 *                             which there are no others. With "fails": true the
 *                             one of this name is unplugged
 *   { "id": 11, "do": "quit" }     to NULL, then exit
 *
 * Events: { "event": "message", "type": ..., "name": ..., "fields": {...} } for
 * messages on the bus, { "event": "pad", "name": ..., "caps": ...,
 * "stream": ... }, { "event": "gone", "name": ... }, { "event": "replaced",
 * "error": TEXT or null }, { "event": "sound" } for the first sound,
 * { "event": "picture" } for the first frame, { "event": "text", "name": ...,
 * "text": ... } for each buffer of text that comes to an appsink,
 * { "event": "description", "sdp": ... } of a webrtcbin. "time" is wall-clock
 * ms.
 *
 * End of input is a "quit".
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../gst/fakedevices.h"
#include "output.h"
#include "plain.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/fft/gstfftf32.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>

#define RATE 48000
#define FFT_LENGTH 4096
/* Below, it is a codec's noise and not a sound */
#define SILENCE_DB -60.0
#define PICTURE_SIZE 16
/* Samples of a tone below it are its passages through zero */
#define QUIET 1e-4f
/* A tick is sound after so many samples with less. What a codec makes up for a
 * lost packet, or spreads around a tick, is none */
#define TICK 0.1f
#define SILENT 0.03f
#define SILENT_SAMPLES (RATE / 100)
/* Pictures that stay for longer stand still */
#define FROZEN_US (200 * G_TIME_SPAN_MILLISECOND)
/* What was measured longer ago is not what is heard or seen now */
#define FRESH_US (300 * G_TIME_SPAN_MILLISECOND)

typedef struct _Endpoint Endpoint;

/* What comes of one pad */
typedef struct {
  Endpoint *endpoint;
  guint8 colour[3];
  gint64 seen_at;
} Picture;

struct _Endpoint {
  GMainLoop *loop;
  GstElement *pipeline;
  int status;

  /* Of the streaming threads */
  GMutex lock;
  GstFFTF32 *fft;
  float samples[FFT_LENGTH];
  guint n_samples;
  double hz;
  double db;
  gint64 heard_at;
  Picture *latest;      /* nullable */
  GHashTable *pictures; /* name of its pad to Picture */
  gint64 audible_at;
  gint64 gap;      /* µs */
  guint64 audible; /* samples */
  guint silent;    /* samples in a row */
  guint onsets;
  gint64 frozen; /* µs */
  gint64 measured_at;
  guint shown;
  gint64 seen_at;
  guint frames;
  gboolean sound_told;
  gboolean picture_told;
};

/* --- measurement --- */

/* From a streaming thread; the line is printed by the main one */
static void
tell_first (gboolean *told, const char *name)
{
  JsonBuilder *builder;

  if (*told)
    return;
  *told = TRUE;
  builder = output_new_event (name);
  output_tell (builder);
}

/* The strongest frequency; a parabola through the peak and its neighbours
 * finds it finer than a bin */
static void
measure_tone (Endpoint *self)
{
  g_autofree GstFFTF32Complex *bins =
      g_new (GstFFTF32Complex, FFT_LENGTH / 2 + 1);
  double power[FFT_LENGTH / 2 + 1];
  guint peak = 1;

  gst_fft_f32_window (self->fft, self->samples, GST_FFT_WINDOW_HANN);
  gst_fft_f32_fft (self->fft, self->samples, bins);
  for (guint i = 0; i <= FFT_LENGTH / 2; i++) {
    double magnitude = hypot (bins[i].r, bins[i].i) * 4 / FFT_LENGTH;

    power[i] = 20 * log10 (MAX (magnitude, 1e-9));
    if (i > 1 && i < FFT_LENGTH / 2 && power[i] > power[peak])
      peak = i;
  }
  self->db = power[peak];
  self->hz = 0;
  if (self->db > SILENCE_DB) {
    double a = power[peak - 1], b = power[peak], c = power[peak + 1];
    double curve = a - 2 * b + c;
    double offset = curve < 0 ? (a - c) / (2 * curve) : 0;

    self->hz = (peak + offset) * RATE / FFT_LENGTH;
    self->heard_at = g_get_monotonic_time ();
  }
}

static GstFlowReturn
on_sound (GstAppSink *sink, gpointer data)
{
  Endpoint *self = data;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;
  gboolean audible = FALSE;
  GstMapInfo map;

  if (!buffer || !gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_clear_pointer (&sample, gst_sample_unref);
    return GST_FLOW_OK;
  }
  g_mutex_lock (&self->lock);
  if (!GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    const float *in = (const float *) map.data;

    for (gsize i = 0; i < map.size / sizeof (float); i++) {
      if (fabsf (in[i]) > 0.01f) {
        tell_first (&self->sound_told, "sound");
        audible = TRUE;
      }
      self->audible += fabsf (in[i]) > QUIET;
      self->onsets += fabsf (in[i]) > TICK && self->silent >= SILENT_SAMPLES;
      if (fabsf (in[i]) > TICK)
        self->silent = 0;
      else if (fabsf (in[i]) < SILENT)
        self->silent++;
      self->samples[self->n_samples++] = in[i];
      if (self->n_samples == FFT_LENGTH) {
        self->n_samples = 0;
        measure_tone (self);
      }
    }
  }
  if (audible) {
    gint64 now = g_get_monotonic_time ();

    if (self->audible_at)
      self->gap = MAX (self->gap, now - self->audible_at);
    self->audible_at = now;
  }
  g_mutex_unlock (&self->lock);
  gst_buffer_unmap (buffer, &map);
  gst_sample_unref (sample);
  return GST_FLOW_OK;
}

/* Of a pause what lies after the last time that it was asked for */
static void
add_pause (Endpoint *self, gint64 now)
{
  if (self->seen_at && now - self->seen_at > FROZEN_US)
    self->frozen += now - MAX (self->seen_at, self->measured_at);
}

static GstFlowReturn
on_picture (GstAppSink *sink, gpointer data)
{
  Picture *picture = data;
  Endpoint *self = picture->endpoint;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;
  GstMapInfo map;

  if (!buffer || !gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_clear_pointer (&sample, gst_sample_unref);
    return GST_FLOW_OK;
  }
  /* The middle of an RGB picture whose lines are a multiple of 4 bytes */
  if (map.size >= PICTURE_SIZE * PICTURE_SIZE * 3) {
    guint sum[3] = {
      0,
    };
    guint n = 0;
    gint64 now = g_get_monotonic_time ();

    for (guint y = PICTURE_SIZE / 4; y < PICTURE_SIZE * 3 / 4; y++)
      for (guint x = PICTURE_SIZE / 4; x < PICTURE_SIZE * 3 / 4; x++, n++)
        for (guint c = 0; c < 3; c++)
          sum[c] += map.data[(y * PICTURE_SIZE + x) * 3 + c];

    g_mutex_lock (&self->lock);
    for (guint c = 0; c < 3; c++)
      picture->colour[c] = sum[c] / n;
    self->latest = picture;
    self->shown++;
    add_pause (self, now);
    self->seen_at = picture->seen_at = now;
    self->frames++;
    tell_first (&self->picture_told, "picture");
    g_mutex_unlock (&self->lock);
  }
  gst_buffer_unmap (buffer, &map);
  gst_sample_unref (sample);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_text (GstAppSink *sink, gpointer data)
{
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;
  GstMapInfo map;

  if (buffer && gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_autofree char *text = g_strndup ((const char *) map.data, map.size);
    JsonBuilder *builder = output_new_event ("text");

    output_add_string (builder, "name", GST_OBJECT_NAME (sink));
    output_add_string (builder, "text", text);
    output_tell (builder);
    gst_buffer_unmap (buffer, &map);
  }
  g_clear_pointer (&sample, gst_sample_unref);
  return GST_FLOW_OK;
}

static void
read_text (const GValue *item, gpointer data)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_text };

  if (GST_IS_APP_SINK (g_value_get_object (item)))
    gst_app_sink_set_callbacks (
        GST_APP_SINK (g_value_get_object (item)), &callbacks, data, NULL);
}

/* Those of a name are one */
static Picture *
get_picture (Endpoint *self, const char *name)
{
  Picture *picture;

  g_mutex_lock (&self->lock);
  picture = g_hash_table_lookup (self->pictures, name);
  if (!picture) {
    picture = g_new0 (Picture, 1);
    picture->endpoint = self;
    g_hash_table_insert (self->pictures, g_strdup (name), picture);
  }
  g_mutex_unlock (&self->lock);
  return picture;
}

static char *
dup_stream (GstPad *pad)
{
  char *id = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (pad), "stream-id"))
    g_object_get (pad, "stream-id", &id, NULL);
  return id;
}

static void
on_pad_added (GstElement *element, GstPad *pad, gpointer data)
{
  Endpoint *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);
  g_autofree char *caps_text = gst_caps_to_string (caps);
  const char *decoder = plain_get_decoder (pad);
  gboolean is_video = decoder ? strstr (decoder, "vp8dec") != NULL
                              : g_str_has_prefix (GST_PAD_NAME (pad), "video");
  g_autofree char *text = NULL;
  g_autofree char *stream = dup_stream (pad);
  JsonBuilder *builder;
  GstElement *meter;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) target = NULL;
  GstAppSinkCallbacks callbacks = {
    0,
  };

  if (GST_PAD_IS_SINK (pad))
    return;
  text = g_strconcat (decoder ? decoder : "", decoder ? " ! " : "",
      is_video ? "queue ! videoconvert ! videoscale add-borders=false "
                 "! video/x-raw,format=RGB,width=16,height=16 "
                 "! appsink name=meter sync=false async=false"
               : "queue ! audioconvert ! audioresample "
                 "! audio/x-raw,format=F32LE,channels=1,rate=48000 "
                 "! appsink name=meter sync=false async=false",
      NULL);
  meter = gst_parse_bin_from_description (text, TRUE, &error);
  if (!meter) {
    g_printerr ("Cannot measure a pad: %s\n", error->message);
    return;
  }
  sink = gst_bin_get_by_name (GST_BIN (meter), "meter");
  callbacks.new_sample = is_video ? on_picture : on_sound;
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks,
      is_video ? (gpointer) get_picture (self, GST_PAD_NAME (pad)) : self,
      NULL);
  gst_bin_add (GST_BIN (self->pipeline), meter);
  target = gst_element_get_static_pad (meter, "sink");
  gst_element_sync_state_with_parent (meter);
  if (gst_pad_link (pad, target) != GST_PAD_LINK_OK)
    g_printerr ("Pad %s cannot be linked\n", GST_PAD_NAME (pad));
  g_object_set_data (G_OBJECT (pad), "meter", meter);

  builder = output_new_event ("pad");
  output_add_string (builder, "name", GST_PAD_NAME (pad));
  output_add_string (builder, "caps", caps_text);
  output_add_string (builder, "stream", stream);
  output_tell (builder);
}

static void
on_pad_removed (GstElement *element, GstPad *pad, gpointer data)
{
  Endpoint *self = data;
  GstElement *meter = g_object_get_data (G_OBJECT (pad), "meter");
  JsonBuilder *builder = output_new_event ("gone");

  output_add_string (builder, "name", GST_PAD_NAME (pad));
  output_tell (builder);
  if (meter && self->pipeline) {
    gst_element_set_locked_state (meter, TRUE);
    gst_element_set_state (meter, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self->pipeline), meter);
  }
}

/* --- bus --- */

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  JsonBuilder *builder;
  const GstStructure *structure = gst_message_get_structure (message);
  GstMessageType type = GST_MESSAGE_TYPE (message);

  if (type != GST_MESSAGE_ELEMENT && type != GST_MESSAGE_PROGRESS
      && type != GST_MESSAGE_ERROR && type != GST_MESSAGE_WARNING
      && type != GST_MESSAGE_EOS)
    return G_SOURCE_CONTINUE;

  builder = output_new_event ("message");
  output_add_string (builder, "type", GST_MESSAGE_TYPE_NAME (message));
  output_add_string (builder, "source", GST_MESSAGE_SRC_NAME (message));
  output_add_string (
      builder, "name", structure ? gst_structure_get_name (structure) : NULL);
  if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING) {
    g_autoptr (GError) error = NULL;
    g_autofree char *debug = NULL;

    if (type == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &debug);
    else
      gst_message_parse_warning (message, &error, &debug);
    output_add_string (builder, "text", error->message);
    output_add_string (builder, "debug", debug);
  } else if (structure) {
    json_builder_set_member_name (builder, "fields");
    output_add_structure (builder, structure);
  }
  output_tell (builder);
  return G_SOURCE_CONTINUE;
}

/* --- commands --- */

static const char *
string_member (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "");
}

static GstElement *
find_element (Endpoint *self, JsonObject *command, GError **error)
{
  const char *name = string_member (command, "element");
  GstElement *element = self->pipeline
      ? gst_bin_get_by_name (GST_BIN (self->pipeline), name)
      : NULL;

  if (!element)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "there is no element “%s”", name);
  return element;
}

/* (transfer full): without the lines that have @data in them */
static char *
leave_out (GstElement *element, const char *sdp, GstStructure *info,
    const char *original, gpointer data)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\r\n", -1);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++)
    if (*lines[i] && !strstr (lines[i], data))
      g_string_append_printf (text, "%s\r\n", lines[i]);
  return g_strdup (text->str);
}

static void
free_closure_data (gpointer data, GClosure *closure)
{
  g_free (data);
}

static gboolean
do_play (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) in = NULL;
  g_autoptr (GstBus) bus = NULL;
  GstIterator *sinks;
  GstElement *pipeline;

  if (self->pipeline) {
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_EXISTS, "there is a pipeline already");
    return FALSE;
  }
  pipeline = gst_parse_launch_full (string_member (command, "pipeline"), NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (!pipeline)
    return FALSE;
  if (!GST_IS_PIPELINE (pipeline)) {
    self->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (self->pipeline), pipeline);
  } else {
    self->pipeline = pipeline;
  }

  in = gst_bin_get_by_name (GST_BIN (self->pipeline), "in");
  if (in) {
    g_signal_connect (in, "pad-added", G_CALLBACK (on_pad_added), self);
    g_signal_connect (in, "pad-removed", G_CALLBACK (on_pad_removed), self);
  }
  /* Those inside our elements are theirs */
  sinks = gst_bin_iterate_elements (GST_BIN (self->pipeline));
  gst_iterator_foreach (sinks, read_text, self);
  gst_iterator_free (sinks);
  if (*string_member (command, "without")) {
    g_autoptr (GstElement) out =
        gst_bin_get_by_name (GST_BIN (self->pipeline), "out");

    g_signal_connect_data (out, "modify-sdp", G_CALLBACK (leave_out),
        g_strdup (string_member (command, "without")), free_closure_data, 0);
  }
  bus = gst_pipeline_get_bus (GST_PIPELINE (self->pipeline));
  gst_bus_add_watch (bus, on_message, self);
  /* An element that failed has said why on the bus */
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  return TRUE;
}

static gboolean
do_set (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *property = string_member (command, "property");
  g_autoptr (GstPad) pad = NULL;
  GObject *object = (GObject *) element;

  if (!element)
    return FALSE;
  if (json_object_has_member (command, "pad")) {
    pad = gst_element_get_static_pad (element, string_member (command, "pad"));
    object = (GObject *) pad;
  }
  if (!object
      || !g_object_class_find_property (
          G_OBJECT_GET_CLASS (object), property)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "there is no property “%s”", property);
    return FALSE;
  }
  gst_util_set_object_arg (object, property, string_member (command, "value"));
  return TRUE;
}

static gboolean
do_get (Endpoint *self, JsonObject *command, JsonBuilder *reply, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *property = string_member (command, "property");
  GParamSpec *pspec;
  GValue value = G_VALUE_INIT;

  if (!element)
    return FALSE;
  pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), property);
  if (!pspec) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "there is no property “%s”", property);
    return FALSE;
  }
  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (element), property, &value);
  json_builder_set_member_name (reply, "value");
  output_add_value (reply, &value);
  g_value_unset (&value);
  return TRUE;
}

static gboolean
do_emit (
    Endpoint *self, JsonObject *command, JsonBuilder *reply, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *signal = string_member (command, "signal");
  JsonArray *args = json_object_has_member (command, "args")
      ? json_object_get_array_member (command, "args")
      : NULL;
  GSignalQuery query;
  GValue result = G_VALUE_INIT;
  GValue *values;
  guint id;

  if (!element)
    return FALSE;
  id = g_signal_lookup (signal, G_OBJECT_TYPE (element));
  if (!id) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "there is no signal “%s”", signal);
    return FALSE;
  }
  g_signal_query (id, &query);
  values = g_new0 (GValue, query.n_params + 1);
  g_value_init (&values[0], G_OBJECT_TYPE (element));
  g_value_set_object (&values[0], element);
  for (guint i = 0; i < query.n_params; i++) {
    GType type = query.param_types[i] & ~G_SIGNAL_TYPE_STATIC_SCOPE;
    const char *text = args && i < json_array_get_length (args)
        ? json_array_get_string_element (args, i)
        : NULL;

    g_value_init (&values[i + 1], type);
    if (text && type == G_TYPE_STRING)
      g_value_set_string (&values[i + 1], text);
    else if (text)
      gst_value_deserialize (&values[i + 1], text);
  }
  if (query.return_type != G_TYPE_NONE)
    g_value_init (&result, query.return_type & ~G_SIGNAL_TYPE_STATIC_SCOPE);
  g_signal_emitv (
      values, id, 0, query.return_type != G_TYPE_NONE ? &result : NULL);
  if (G_IS_VALUE (&result)) {
    json_builder_set_member_name (reply, "value");
    output_add_value (reply, &result);
    g_value_unset (&result);
  }
  for (guint i = 0; i <= query.n_params; i++)
    g_value_unset (&values[i]);
  g_free (values);
  return TRUE;
}

static gboolean
do_device (Endpoint *self, JsonObject *command, GError **error)
{
  static gboolean registered;
  const char *name = string_member (command, "name");

  if (json_object_get_boolean_member_with_default (command, "fails", FALSE)) {
    fake_devices_fail (name);
    return TRUE;
  }
  if (!registered)
    fake_devices_register ();
  registered = TRUE;
  fake_devices_add (string_member (command, "class"), name, name, NULL,
      "video/x-raw,format=I420,width=[16,1920],height=[16,1080],"
      "framerate=[1/1,60/1]",
      (guint) g_ascii_strtoull (string_member (command, "colour"), NULL, 0));
  return TRUE;
}

/* Another source for a pad of the sending element, which is requested */
static gboolean
do_plug (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *name = string_member (command, "pad");
  GstElement *source;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) sink = NULL;

  if (!element)
    return FALSE;
  source = gst_parse_bin_from_description (
      string_member (command, "source"), TRUE, error);
  if (!source)
    return FALSE;
  gst_object_set_name (GST_OBJECT (source), name);
  gst_bin_add (GST_BIN (self->pipeline), source);
  src = gst_element_get_static_pad (source, "src");
  sink = gst_element_request_pad_simple (element, name);
  if (!src || !sink || GST_PAD_LINK_FAILED (gst_pad_link (src, sink))) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "the source cannot be linked to “%s”", name);
    return FALSE;
  }
  gst_element_sync_state_with_parent (source);
  return TRUE;
}

static gboolean
do_unplug (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *name = string_member (command, "pad");
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstPad) pad = NULL;

  if (!element)
    return FALSE;
  source = gst_bin_get_by_name (GST_BIN (self->pipeline), name);
  pad = gst_element_get_static_pad (element, name);
  if (!source || !pad) {
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no “%s”", name);
    return FALSE;
  }
  gst_element_release_request_pad (element, pad);
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->pipeline), source);
  return TRUE;
}

static void
on_replaced (GstPromise *promise, gpointer data)
{
  const GstStructure *reply =
      gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED
      ? gst_promise_get_reply (promise)
      : NULL;
  g_autoptr (GError) error = NULL;
  JsonBuilder *builder = output_new_event ("replaced");

  if (reply)
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
  output_add_string (builder, "error", error ? error->message : NULL);
  output_tell (builder);
  gst_promise_unref (promise);
}

static gboolean
do_replace (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstStructure) media = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autofree char *track = NULL;

  if (!element)
    return FALSE;
  source = gst_parse_bin_from_description (
      string_member (command, "source"), TRUE, error);
  if (!source)
    return FALSE;
  gst_object_ref_sink (source);
  pad = gst_element_get_static_pad (element, string_member (command, "pad"));
  if (pad)
    g_object_get (pad, "track-id", &track, NULL);
  media = gst_structure_new (
      "replacement", "source", GST_TYPE_ELEMENT, source, NULL);
  g_signal_emit_by_name (element, "replace-track", track, media,
      gst_promise_new_with_change_func (on_replaced, NULL, NULL));
  return TRUE;
}

static gboolean
do_write (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);
  const char *text = string_member (command, "text");

  if (!element)
    return FALSE;
  if (GST_IS_APP_SRC (element)
      && gst_app_src_push_buffer (GST_APP_SRC (element),
             gst_buffer_new_wrapped (g_strdup (text), strlen (text)))
          == GST_FLOW_OK)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "“%s” does not take the text", string_member (command, "element"));
  return FALSE;
}

static void
on_described (const char *sdp, gpointer data)
{
  JsonBuilder *builder = output_new_event ("description");

  output_add_string (builder, "sdp", sdp);
  output_tell (builder);
}

static gboolean
do_describe (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);

  if (!element)
    return FALSE;
  gst_pipeline_set_latency (GST_PIPELINE (self->pipeline), 0);
  plain_describe (element,
      json_object_get_string_member_with_default (command, "sdp", NULL),
      on_described, self);
  return TRUE;
}

static gboolean
do_accept (Endpoint *self, JsonObject *command, GError **error)
{
  g_autoptr (GstElement) element = find_element (self, command, error);

  if (element)
    plain_accept (element, string_member (command, "sdp"));
  return element != NULL;
}

static void
add_colour (JsonBuilder *reply, const Picture *picture)
{
  json_builder_begin_object (reply);
  output_add_double (reply, "r", picture->colour[0]);
  output_add_double (reply, "g", picture->colour[1]);
  output_add_double (reply, "b", picture->colour[2]);
  json_builder_end_object (reply);
}

static void
add_pictures (Endpoint *self, JsonBuilder *reply, gint64 now)
{
  GHashTableIter iter;
  gpointer name, picture;

  json_builder_set_member_name (reply, "pictures");
  json_builder_begin_object (reply);
  g_hash_table_iter_init (&iter, self->pictures);
  while (g_hash_table_iter_next (&iter, &name, &picture)) {
    if (now - ((Picture *) picture)->seen_at >= FRESH_US * 3)
      continue;
    json_builder_set_member_name (reply, name);
    add_colour (reply, picture);
  }
  json_builder_end_object (reply);
}

static void
do_measure (Endpoint *self, JsonObject *command, JsonBuilder *reply)
{
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  output_add_double (reply, "hz",
      self->heard_at && now - self->heard_at < FRESH_US ? self->hz : 0);
  output_add_double (reply, "db", self->db);
  output_add_double (reply, "frames", self->frames);
  if (json_object_get_boolean_member_with_default (command, "gap", FALSE)) {
    output_add_double (reply, "gap",
        MAX (self->gap, self->audible_at ? now - self->audible_at : 0)
            / 1000.0);
    output_add_double (reply, "audible", self->audible * 1000.0 / RATE);
    output_add_double (reply, "ticks", self->onsets);
    add_pause (self, now);
    self->measured_at = now;
    output_add_double (reply, "frozen", self->frozen / 1000.0);
    output_add_double (reply, "shown", self->shown);
    self->gap = self->frozen = 0;
    self->audible = self->shown = self->onsets = 0;
    if (self->audible_at)
      self->audible_at = now;
  }
  json_builder_set_member_name (reply, "colour");
  if (self->latest && now - self->seen_at < FRESH_US * 3)
    add_colour (reply, self->latest);
  else
    json_builder_add_null_value (reply);
  add_pictures (self, reply, now);
  g_mutex_unlock (&self->lock);
}

static gboolean
stop (gpointer data)
{
  Endpoint *self = data;

  if (self->pipeline) {
    gst_element_set_state (self->pipeline, GST_STATE_NULL);
    g_clear_pointer (&self->pipeline, gst_object_unref);
  }
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
obey (Endpoint *self, JsonObject *command)
{
  g_autoptr (JsonBuilder) reply = json_builder_new ();
  g_autoptr (GError) error = NULL;
  const char *verb = string_member (command, "do");

  json_builder_begin_object (reply);
  json_builder_set_member_name (reply, "reply");
  json_builder_add_int_value (
      reply, json_object_get_int_member_with_default (command, "id", 0));
  if (g_str_equal (verb, "play"))
    do_play (self, command, &error);
  else if (g_str_equal (verb, "set"))
    do_set (self, command, &error);
  else if (g_str_equal (verb, "get"))
    do_get (self, command, reply, &error);
  else if (g_str_equal (verb, "emit"))
    do_emit (self, command, reply, &error);
  else if (g_str_equal (verb, "device"))
    do_device (self, command, &error);
  else if (g_str_equal (verb, "plug"))
    do_plug (self, command, &error);
  else if (g_str_equal (verb, "unplug"))
    do_unplug (self, command, &error);
  else if (g_str_equal (verb, "replace"))
    do_replace (self, command, &error);
  else if (g_str_equal (verb, "write"))
    do_write (self, command, &error);
  else if (g_str_equal (verb, "describe"))
    do_describe (self, command, &error);
  else if (g_str_equal (verb, "accept"))
    do_accept (self, command, &error);
  else if (g_str_equal (verb, "measure"))
    do_measure (self, command, reply);
  else if (g_str_equal (verb, "quit"))
    g_idle_add (stop, self);
  else
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "there is no command “%s”", verb);
  if (error)
    output_add_string (reply, "error", error->message);
  output_print (reply);
}

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Endpoint *self = data;
  g_autofree char *line = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL)
      != G_IO_STATUS_NORMAL) {
    g_idle_add (stop, self);
    return G_SOURCE_REMOVE;
  }
  node = json_from_string (line, &error);
  if (node && JSON_NODE_HOLDS_OBJECT (node))
    obey (self, json_node_get_object (node));
  else
    g_printerr ("Not a command: %s", line);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Endpoint self = {
    0,
  };
  GIOChannel *input;

  gst_init (&argc, &argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  g_mutex_init (&self.lock);
  self.fft = gst_fft_f32_new (FFT_LENGTH, FALSE);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.db = -G_MAXDOUBLE;
  self.pictures =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  input = g_io_channel_unix_new (0);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, &self);
  g_main_loop_run (self.loop);

  g_io_channel_unref (input);
  g_main_loop_unref (self.loop);
  gst_fft_f32_free (self.fft);
  g_hash_table_unref (self.pictures);
  g_mutex_clear (&self.lock);
  return self.status;
}
