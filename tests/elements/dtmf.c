/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include <kandy.h>

#include "fixture.h"
#include "../patience.h"

/* SECTION: DTMF from element to element */

#define TONE                                                                   \
  "audiotestsrc name=source is-live=true freq=600 samplesperbuffer=480 ! "     \
  "audio/x-raw,rate=48000,channels=1 "

/* The next tone that the bus tells of */
static void
expect_tone (GstElement *pipeline, int number, int method)
{
  for (;;) {
    g_autoptr (GstMessage) message =
        fixture_wait (pipeline, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);
    int found = -1, how = -1, type = -1;

    if (!gst_structure_has_name (s, "dtmf-event"))
      continue;
    fail_unless (gst_structure_get (s, "number", G_TYPE_INT, &found, "method",
        G_TYPE_INT, &how, "type", G_TYPE_INT, &type, NULL));
    fail_unless (gst_structure_has_field_typed (s, "volume", G_TYPE_INT));
    fail_unless_equals_int (found, number);
    fail_unless_equals_int (how, method);
    fail_unless_equals_int (type, 1);
    return;
  }
}

static char *
send_tones (GstElement *pipeline, const char *element, const char *tones)
{
  g_autoptr (GstElement) face =
      gst_bin_get_by_name (GST_BIN (pipeline), element);
  g_autoptr (GstPromise) promise = gst_promise_new ();
  const GstStructure *reply;

  g_signal_emit_by_name (face, "send-dtmf", tones, 60, 40, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  fail_unless (gst_structure_has_name (reply, "application/x-kandy-reply"));
  return g_strdup (gst_structure_get_string (reply, "code"));
}

static GstEvent *
tone_event (int number, int method, gboolean start)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
      gst_structure_new ("dtmf-event", "type", G_TYPE_INT, 1, "number",
          G_TYPE_INT, number, "volume", G_TYPE_INT, 15, "method", G_TYPE_INT,
          method, "start", G_TYPE_BOOLEAN, start, NULL));
}

static void
on_tone (GstElement *element, const char *tone, gboolean in_band, GString *seen)
{
  g_string_append_printf (seen, "%s%s", tone, in_band ? "~" : "");
}

/* By the caller and by the callee, from either element; signal, message and
 * event */
GST_START_TEST (test_action)
{
  GstElement *bob =
      fixture_callee ("! " FIXTURE_SOUND " " TONE "! kandysink name=back");
  GstElement *alice = fixture_caller (TONE " ! sink.audio_0 kandysrc name=ear "
                                           "! fakesink");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *code = NULL;

  g_signal_connect (src, "dtmf-received", G_CALLBACK (on_tone), seen);
  fixture_assert_tone (bob, 600);
  code = send_tones (alice, "sink", "1#");
  fail_unless_equals_string (code, NULL);
  expect_tone (bob, 1, 1);
  expect_tone (bob, 11, 1);
  fail_unless_equals_string (seen->str, "1#");
  code = send_tones (bob, "src", "D");
  fail_unless_equals_string (code, NULL);
  expect_tone (alice, 15, 1);
  fixture_assert_tone (bob, 600);

  code = send_tones (alice, "sink", "1x");
  fail_unless_equals_string (code, "call:7");
  g_clear_pointer (&code, g_free);
  code = send_tones (alice, "sink", NULL);
  fail_unless_equals_string (code, "call:7");
  g_clear_pointer (&code, g_free);

  fixture_stop (alice);
  fixture_wait_eos (bob);
  code = send_tones (bob, "src", "1");
  fail_unless_equals_string (code, "call:6");
  fixture_stop (bob);
}
GST_END_TEST;

static void
wait_ms (guint ms)
{
  g_usleep (ms * 1000);
}

/* The events of GStreamer's DTMF sources: to the pipeline, to the element, and
 * with the sound; as event and as sound */
GST_START_TEST (test_events)
{
  GstElement *bob = fixture_callee ("detect-dtmf=true ! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (TONE " ! sink.audio_0");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (alice), "sink");
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (alice), "source");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");

  fixture_assert_tone (bob, 600);
  fail_unless (gst_element_send_event (alice, tone_event (5, 1, TRUE)));
  wait_ms (100);
  fail_unless (gst_element_send_event (alice, tone_event (5, 1, FALSE)));
  expect_tone (bob, 5, 1);

  fail_unless (gst_element_send_event (sink, tone_event (6, 2, TRUE)));
  wait_ms (200);
  fail_unless (gst_element_send_event (sink, tone_event (6, 2, FALSE)));
  expect_tone (bob, 6, 2);

  gst_pad_push_event (pad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
          gst_structure_new ("dtmf-event", "number", G_TYPE_INT, 7, "start",
              G_TYPE_BOOLEAN, TRUE, NULL)));
  expect_tone (bob, 7, 1);

  /* what makes no sense is not taken */
  fail_if (gst_element_send_event (sink, tone_event (16, 1, TRUE)));
  fail_if (gst_element_send_event (sink, tone_event (-1, 1, TRUE)));
  fail_if (gst_element_send_event (sink, tone_event (1, 3, TRUE)));
  fail_if (gst_element_send_event (sink,
      gst_event_new_custom (
          GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new_empty ("dtmf-event"))));

  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* Behind what was kept of the tones */
static void
until_heard (GstElement *pipeline, double frequency)
{
  gint64 end = patience_end (10);

  while (ABS (fixture_hear (pipeline, "ear", 1) - frequency) > 10)
    fail_unless (g_get_monotonic_time () < end);
}

/* As a far end that has never heard of telephone events says it */
static char *
take_events_out (GstElement *element, const char *sdp, const GstStructure *info,
    const char *original, gpointer user_data)
{
  g_autoptr (KandySdpHandler) remover =
      kandy_sdp_handler_new_codec_remover_by_names (user_data);
  const KandySdpHandlerInfo about = { (char *) "id", (char *) "offer",
    (char *) "set", (char *) "local" };

  fail_unless (gst_structure_has_field_typed (info, "call-id", G_TYPE_STRING));
  fail_unless (gst_structure_has_field_typed (info, "step", G_TYPE_STRING));
  return kandy_sdp_handler_run (remover, sdp, &about, original, NULL);
}

/* Without events, tones go as sound, also in place of sound that comes encoded
 */
static const char *const sounds[] = {
  TONE " ! sink.audio_0",
  TONE " ! opusenc ! sink.audio_0",
};

GST_START_TEST (test_sound)
{
  static const char *const names[] = { "telephone-event", NULL };
  GstElement *bob = fixture_callee ("detect-dtmf=true ! " FIXTURE_SOUND);
  GstElement *alice;
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autofree char *code = NULL;

  g_signal_connect (
      src, "modify-sdp", G_CALLBACK (take_events_out), (gpointer) names);
  alice = fixture_caller (sounds[__i__]);
  fixture_assert_tone (bob, 600);
  code = send_tones (alice, "sink", "9,*");
  fail_unless_equals_string (code, NULL);
  expect_tone (bob, 9, 2);
  expect_tone (bob, 10, 2);
  until_heard (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static char *
break_sdp (GstElement *element, const char *sdp, const GstStructure *info,
    const char *original, gpointer user_data)
{
  return g_strdup ("nonsense");
}

/* What is no description is told of, and the call comes about without it */
GST_START_TEST (test_broken_sdp)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice;
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autoptr (GstMessage) message = NULL;
  g_autofree char *details = NULL;

  g_signal_connect (src, "modify-sdp", G_CALLBACK (break_sdp), NULL);
  alice = fixture_caller (sounds[0]);
  message = fixture_wait (bob, GST_MESSAGE_WARNING, 15);
  gst_message_parse_warning (message, NULL, &details);
  fail_unless (strstr (details, "remote offer") != NULL, "%s", details);
  fail_unless (strstr (details, "v=0") != NULL, "%s", details);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
element_dtmf_suite (void)
{
  Suite *suite = suite_create ("element-dtmf");
  TCase *tones = tcase_create ("tones");

  tcase_add_checked_fixture (tones, fixture_setup, fixture_teardown);
  tcase_set_timeout (tones, 20);
  tcase_add_test (tones, test_action);
  tcase_add_test (tones, test_events);
  tcase_add_loop_test (tones, test_sound, 0, G_N_ELEMENTS (sounds));
  tcase_add_test (tones, test_broken_sdp);
  suite_add_tcase (suite, tones);
  return suite;
}

GST_CHECK_MAIN (element_dtmf);
