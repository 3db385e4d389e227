/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* Statistics and codecs as the call's API has them: protocol calls 6.1, 6.2 */

typedef struct {
  guint n_answers;
  GVariant *value;
  GError *error;
  GVariant *payload; /* of the event */
} Seen;

static void
seen_clear (Seen *seen)
{
  g_clear_pointer (&seen->value, g_variant_unref);
  g_clear_pointer (&seen->payload, g_variant_unref);
  g_clear_error (&seen->error);
  seen->n_answers = 0;
}

static void
on_payload (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  Seen *seen = user_data;

  g_clear_pointer (&seen->payload, g_variant_unref);
  seen->payload = g_variant_ref (payload);
}

static void
on_stats (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Seen *seen = user_data;

  seen->n_answers++;
  seen->value =
      kandy_call_get_stats_finish (KANDY_CALL (object), result, &seen->error);
  g_assert_true ((seen->value != NULL) != (seen->error != NULL));
}

static void
ask (Harness *h, const char *track_id, Seen *seen)
{
  seen_clear (seen);
  kandy_call_get_stats_async (h->call, track_id, NULL, on_stats, seen);
  harness_wait (h, seen->n_answers == 1);
  harness_settle (h);
  g_assert_cmpuint (seen->n_answers, ==, 1);
}

static void
expect_code (Seen *seen, const char *code)
{
  g_assert_null (seen->value);
  g_assert_cmpstr (kandy_error_get_platform_code (seen->error), ==, code);
}

#define EVENTS "op GET_STATS START; op GET_STATS FINISH; statsReceived"

static void
test_report (Harness *h, gconstpointer data)
{
  Seen seen = { 0 };
  g_autofree char *json = NULL;
  g_autofree char *first_id = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) entry = NULL;
  const char *text;
  double timestamp;

  g_signal_connect (
      h->client, "event::call:statsReceived", G_CALLBACK (on_payload), &seen);
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_forget (h);
  ask (h, NULL, &seen);
  harness_expect_events (h, EVENTS);

  /* What reports comes first, with the time of what it reports */
  entry = g_variant_get_child_value (seen.value, 0);
  g_variant_get (entry, "{sv}", &first_id, &info);
  g_assert_true (g_str_has_prefix (first_id, "kandy-sdk-info_"));
  g_assert_true (g_variant_lookup (info, "id", "&s", &text));
  g_assert_cmpstr (text, ==, first_id);
  g_assert_true (g_variant_lookup (info, "type", "&s", &text));
  g_assert_cmpstr (text, ==, "kandy_sdk_info");
  g_assert_true (g_variant_lookup (info, "callId", "&s", &text));
  g_assert_cmpstr (text, ==, kandy_call_get_id (h->call));
  g_assert_true (g_variant_lookup (info, "platform", "&s", &text));
  g_assert_cmpstr (text, ==, "fake/1");
  g_assert_true (g_variant_lookup (info, "timestamp", "d", &timestamp));
  g_assert_cmpfloat (timestamp, ==, 1234.5);

  g_assert_true (g_variant_lookup (seen.payload, "callId", "&s", &text));
  g_assert_cmpstr (text, ==, kandy_call_get_id (h->call));
  g_assert_false (g_variant_lookup (seen.payload, "trackId", "&s", &text));
  result =
      g_variant_lookup_value (seen.payload, "result", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_equal (result, seen.value));

  json = kandy_stats_to_json (seen.value);
  g_assert_nonnull (strstr (json, "\"inbound-1\":{"));
  g_assert_nonnull (strstr (json, "\"type\":\"inbound-rtp\""));
  g_assert_nonnull (strstr (json, "\"bytesReceived\":8589934592"));

  harness_forget (h);
  ask (h, "remote-1", &seen);
  harness_expect_events (h, EVENTS);
  g_assert_true (g_variant_lookup (seen.payload, "trackId", "&s", &text));
  g_assert_cmpstr (text, ==, "remote-1");
  seen_clear (&seen);
}

static void
test_errors (Harness *h, gconstpointer data)
{
  Seen seen = { 0 };
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_signal_connect (
      h->client, "event::call:statsReceived", G_CALLBACK (on_payload), &seen);
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  harness_forget (h);

  fake_script_fail (&h->script, "get_stats",
      kandy_error_new (
          KANDY_ERROR_INVALID_PARAM, "call:2", 0, "There is no such track"));
  ask (h, "nobody", &seen);
  expect_code (&seen, "call:2");
  harness_expect_events (h,
      "op GET_STATS START; op GET_STATS FINISH !call:2; statsReceived !call:2");
  result = g_variant_lookup_value (seen.payload, "result", NULL);
  error = g_variant_lookup_value (seen.payload, "error", NULL);
  g_assert_null (result);
  g_assert_nonnull (error);

  g_cancellable_cancel (cancellable);
  seen_clear (&seen);
  kandy_call_get_stats_async (h->call, NULL, cancellable, on_stats, &seen);
  harness_wait (h, seen.n_answers == 1);
  g_assert_error (seen.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* Nothing of it has touched the call */
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CONNECTED);

  harness_event (h, "s1", "SessionEnded");
  harness_settle (h);
  harness_forget (h);
  ask (h, NULL, &seen);
  expect_code (&seen, "call:2");
  harness_expect_events (h,
      "op GET_STATS START; op GET_STATS FINISH !call:2; statsReceived !call:2");
  seen_clear (&seen);
}

/* Whatever else is under way, it is neither refused nor does it refuse */
static void
test_meanwhile (Harness *h, gconstpointer data)
{
  Seen seen = { 0 };

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  fake_script_pause (&h->script, "create_offer");
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_wait (h, fake_engine_is_waiting (h->engine));
  harness_forget (h);
  ask (h, NULL, &seen);
  g_assert_nonnull (seen.value);
  harness_expect_events (h,
      "op GET_STATS START {HOLD/ONGOING}; "
      "op GET_STATS FINISH {HOLD/ONGOING}; statsReceived");
  fake_engine_resume (h->engine);
  harness_wait (h, strstr (h->events->str, "op HOLD UPDATE"));
  seen_clear (&seen);
}

static GVariant *
list_codecs (KandyCalls *calls, KandyMediaKind kind, gpointer user_data)
{
  return g_variant_new_parsed ("[{'mimeType': <%s>, 'clockRate': <48000>}]",
      kind == KANDY_MEDIA_KIND_AUDIO ? "audio/opus" : "video/VP8");
}

static void
on_codecs (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Seen *seen = user_data;

  seen->n_answers++;
  seen->value = kandy_calls_get_available_codecs_finish (
      KANDY_CALLS (object), result, &seen->error);
}

static void
ask_codecs (Harness *h, const char *kind, Seen *seen)
{
  seen_clear (seen);
  harness_forget (h);
  kandy_calls_get_available_codecs_async (
      h->calls, kind, NULL, on_codecs, seen);
  harness_wait (h, seen->n_answers == 1);
}

static void
test_codecs (Harness *h, gconstpointer data)
{
  Seen seen = { 0 };
  g_autoptr (GVariant) codecs = NULL;
  g_autoptr (GVariant) codec = NULL;
  const char *text;

  g_signal_connect (
      h->client, "event::call:availableCodecs", G_CALLBACK (on_payload), &seen);
  ask_codecs (h, "audio", &seen);
  expect_code (&seen, "call:5");

  kandy_calls_set_codec_lister (h->calls, list_codecs, NULL, NULL);
  ask_codecs (h, "video", &seen);
  g_assert_no_error (seen.error);
  harness_expect_events (h, "availableCodecs");
  codec = g_variant_get_child_value (seen.value, 0);
  g_assert_true (g_variant_lookup (codec, "mimeType", "&s", &text));
  g_assert_cmpstr (text, ==, "video/VP8");
  g_assert_true (g_variant_lookup (seen.payload, "kind", "&s", &text));
  g_assert_cmpstr (text, ==, "video");
  codecs = g_variant_lookup_value (seen.payload, "codecs", NULL);
  g_assert_true (g_variant_equal (codecs, seen.value));

  ask_codecs (h, "screen", &seen);
  expect_code (&seen, "call:7");
  ask_codecs (h, NULL, &seen);
  expect_code (&seen, "call:7");
  harness_expect_events (h, "");
  seen_clear (&seen);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/calls/stats/report", Harness, NULL, harness_set_up, test_report,
      harness_tear_down);
  g_test_add ("/calls/stats/errors", Harness, NULL, harness_set_up, test_errors,
      harness_tear_down);
  g_test_add ("/calls/stats/meanwhile", Harness, NULL, harness_set_up,
      test_meanwhile, harness_tear_down);
  g_test_add ("/calls/stats/codecs", Harness, NULL, harness_set_up, test_codecs,
      harness_tear_down);

  return g_test_run ();
}
