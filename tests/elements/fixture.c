/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include <gst/app/app.h>
#include <math.h>
#include <string.h>

#include "gstkandycall.h"
#include "../patience.h"

/* SECTION: what the tests of the elements share */

KandyLoopback *fixture_platform;
char *fixture_uri;

void
fixture_setup (void)
{
  const char *const names[] = { "alice", "bob", "carol" };
  GError *error = NULL;
  guint i;

  fixture_platform = kandy_loopback_new ();
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *address =
        g_strconcat (names[i], "@loopback.example", NULL);
    /* unlike anything else that could be in a log */
    g_autofree char *password = g_strconcat ("Pw-", names[i], "-9f1c", NULL);

    fail_unless (kandy_loopback_add_account (
        fixture_platform, address, password, &error));
  }
  fail_unless (kandy_loopback_start (fixture_platform, "127.0.0.1", 0, &error));
  fixture_uri = kandy_loopback_get_uri (fixture_platform);
}

void
fixture_teardown (void)
{
  kandy_loopback_stop (fixture_platform);
  g_clear_object (&fixture_platform);
  g_clear_pointer (&fixture_uri, g_free);
  /* this process is about to exit; on a slow machine that is sooner than the
   * elements wait for */
  gst_kandy_call_warm_up_wait ();
  gst_kandy_call_wait_closed (5000);
}

char *
fixture_account (const char *name)
{
  return g_strdup_printf (
      "server=%s username=%s@loopback.example password=Pw-%s-9f1c", fixture_uri,
      name, name);
}

GstElement *
fixture_launch (const char *format, ...)
{
  g_autofree char *line = NULL;
  GError *error = NULL;
  GstElement *pipeline;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  pipeline =
      gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  fail_unless (pipeline != NULL && error == NULL, "%s: %s", line,
      error != NULL ? error->message : "no pipeline");
  if (!GST_IS_PIPELINE (pipeline)) {
    GstElement *outer = gst_pipeline_new (NULL);

    gst_bin_add (GST_BIN (outer), pipeline);
    pipeline = outer;
  }
  return gst_object_ref_sink (pipeline);
}

void
fixture_play (GstElement *pipeline)
{
  fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE);
}

void
fixture_stop (GstElement *pipeline)
{
  gint64 begin = g_get_monotonic_time ();

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (g_get_monotonic_time () - begin < 2 * G_USEC_PER_SEC);
  gst_object_unref (pipeline);
}

GstElement *
fixture_callee (const char *rest)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch (
      "kandysrc name=src %s auto-answer=true %s", account, rest);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

GstElement *
fixture_caller (const char *rest)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *pipeline = fixture_launch (
      "kandysink name=sink %s destination=bob %s", account, rest);

  fixture_play (pipeline);
  return pipeline;
}

void
fixture_assert_tone (GstElement *pipeline, double frequency)
{
  double heard = 0;

  /* a machine that is busy makes gaps, and what was heard before may be on its
   * way still */
  for (guint i = 0; i < 5; i++) {
    heard = fixture_hear (pipeline, "ear", 1);
    if (fabs (heard - frequency) < frequency / 50)
      return;
  }
  fail ("heard %f Hz instead of %f", heard, frequency);
}

GstMessage *
fixture_wait (GstElement *pipeline, GstMessageType types, guint seconds)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus,
      (patience_end (seconds) - g_get_monotonic_time ()) * GST_USECOND,
      types | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "no message came");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
      && (types & GST_MESSAGE_ERROR) == 0) {
    GError *error = NULL;

    gst_message_parse_error (message, &error, NULL);
    fail ("error: %s", error->message);
  }
  return message;
}

void
fixture_wait_eos (GstElement *pipeline)
{
  gst_message_unref (fixture_wait (pipeline, GST_MESSAGE_EOS, 15));
}

char *
fixture_wait_error (
    GstElement *pipeline, GQuark domain, int code, GstStructure **details)
{
  g_autoptr (GstMessage) message =
      fixture_wait (pipeline, GST_MESSAGE_ERROR, 15);
  const GstStructure *found = NULL;
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s: %s %d",
      error->message, g_quark_to_string (error->domain), error->code);
  gst_message_parse_error_details (message, &found);
  if (details != NULL)
    *details = found != NULL ? gst_structure_copy (found) : NULL;
  return g_strdup (error->message);
}

void
fixture_wait_progress (
    GstElement *pipeline, GstProgressType type, const char *code)
{
  gint64 end = patience_end (15);

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_PROGRESS, 15);
    g_autofree char *its_code = NULL;
    GstProgressType its_type;

    gst_message_parse_progress (message, &its_type, &its_code, NULL);
    if (its_type == type && g_str_equal (its_code, code))
      return;
  }
  fail ("no progress %s", code);
}

void
fixture_until (FixtureTest test, gpointer user_data, const char *what)
{
  gint64 end = patience_end (15);

  while (!test (user_data)) {
    fail_unless (g_get_monotonic_time () < end, "waited in vain: %s", what);
    g_usleep (5000);
  }
}

typedef struct {
  const char *method;
  const char *path;
  guint n;
} Requests;

static gboolean
enough_requests (gpointer user_data)
{
  Requests *requests = user_data;

  return kandy_loopback_count_requests (
             fixture_platform, requests->method, requests->path)
      >= requests->n;
}

void
fixture_until_requests (const char *method, const char *path, guint n)
{
  Requests requests = { method, path, n };

  fixture_until (enough_requests, &requests, path);
}

static GstSample *
pull (GstElement *pipeline, const char *name)
{
  g_autoptr (GstElement) appsink =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  gint64 end = patience_end (15);
  GstSample *sample;

  fail_unless (appsink != NULL);
  /* one that was added just now may not have been started yet, and says at
   * once that it has nothing */
  while ((sample = gst_app_sink_try_pull_sample (
              GST_APP_SINK (appsink), GST_SECOND))
      == NULL) {
    fail_unless (g_get_monotonic_time () < end, "nothing comes at %s", name);
    g_usleep (5000);
  }
  return sample;
}

/* By zero crossings: the tests' sound is one sine */
double
fixture_hear (GstElement *pipeline, const char *name, guint seconds)
{
  guint64 crossings = 0, samples = 0;
  double energy = 0;
  int rate = 48000, channels = 1;
  gint16 last = 0;

  while (samples < (guint64) seconds * rate) {
    g_autoptr (GstSample) sample = pull (pipeline, name);
    GstStructure *s = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
    GstMapInfo map;
    gsize i;

    fail_unless_equals_string (gst_structure_get_string (s, "format"),
        G_BYTE_ORDER == G_LITTLE_ENDIAN ? "S16LE" : "S16BE");
    gst_structure_get_int (s, "rate", &rate);
    gst_structure_get_int (s, "channels", &channels);
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    for (i = 0; i < map.size / 2; i += channels) {
      gint16 value = ((gint16 *) map.data)[i];

      /* not before the tone has begun */
      if (samples == 0 && ABS (value) < 500)
        continue;
      if ((last < 0) != (value < 0))
        crossings++;
      last = value;
      energy += (double) value * value;
      samples++;
    }
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  }
  if (sqrt (energy / samples) < 500)
    return 0;
  return crossings / 2.0 * rate / samples;
}

void
fixture_see (GstElement *pipeline, const char *name, guint frames, guint rgb[3])
{
  guint64 sum[3] = { 0, 0, 0 };
  GstMapInfo map;
  gsize i;

  while (TRUE) {
    g_autoptr (GstSample) sample = pull (pipeline, name);

    if (--frames > 0)
      continue;
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    for (i = 0; i + 3 <= map.size; i += 3) {
      sum[0] += map.data[i];
      sum[1] += map.data[i + 1];
      sum[2] += map.data[i + 2];
    }
    for (i = 0; i < 3; i++)
      rgb[i] = sum[i] / (map.size / 3);
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    return;
  }
}

GstStructure *
fixture_ask (GstElement *signaller, const char *text)
{
  g_autoptr (GstStructure) request = gst_structure_from_string (text, NULL);
  GstPromise *promise = gst_promise_new ();
  GstStructure *reply;

  fail_unless (request != NULL, "%s", text);
  g_signal_emit_by_name (signaller, "request", request, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_structure_copy (gst_promise_get_reply (promise));
  gst_promise_unref (promise);
  return reply;
}

GstStructure *
fixture_ask_well (GstElement *signaller, const char *text)
{
  GstStructure *reply = fixture_ask (signaller, text);

  fail_if (gst_structure_has_field (reply, "error"), "%s: %" GST_PTR_FORMAT,
      text, reply);
  return reply;
}

void
fixture_assert_refused (
    GstElement *signaller, const char *text, const char *code)
{
  g_autoptr (GstStructure) reply = fixture_ask (signaller, text);

  fail_unless (gst_structure_has_field (reply, "error"), "%s", text);
  fail_unless_equals_string (gst_structure_get_string (reply, "code"), code);
}

GstStructure *
fixture_get_member (const GstStructure *reply, const char *field)
{
  GstStructure *member = NULL;

  fail_unless (
      gst_structure_get (reply, field, GST_TYPE_STRUCTURE, &member, NULL),
      "no %s in %" GST_PTR_FORMAT, field, reply);
  return member;
}

guint
fixture_get_length (const GstStructure *reply, const char *field)
{
  const GValue *value = gst_structure_get_value (reply, field);

  fail_unless (value != NULL && GST_VALUE_HOLDS_ARRAY (value));
  return gst_value_array_get_size (value);
}

const GstStructure *
fixture_get_item (const GstStructure *reply, const char *field, guint index)
{
  fail_unless (
      index < fixture_get_length (reply, field), "%s: %u", field, index);
  return gst_value_get_structure (gst_value_array_get_value (
      gst_structure_get_value (reply, field), index));
}

void
fixture_wait_event (GstElement *pipeline, const char *name)
{
  gboolean found = FALSE;

  while (!found) {
    GstMessage *message = fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 10);
    const GstStructure *structure = gst_message_get_structure (message);

    found = gst_structure_has_name (structure, "kandy-event")
        && g_strcmp0 (gst_structure_get_string (structure, "name"), name) == 0;
    gst_message_unref (message);
  }
}
