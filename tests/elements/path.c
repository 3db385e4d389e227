/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

/* SECTION: a call without a media path
 *
 * As behind a firewall: the call is made, and no packet gets through.
 */

#define SPEAKER                                                                \
  "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! sink."

/* Candidates at the discard port, where nobody is */
static char *
block (GstElement *element, const char *sdp, const GstStructure *info,
    const char *original, gpointer user_data)
{
  g_autoptr (GRegex) port = g_regex_new (
      "^(a=candidate:(?:\\S+ ){5})\\d+", G_REGEX_MULTILINE, 0, NULL);

  return g_regex_replace (port, sdp, -1, 0, "\\g<1>9", 0, NULL);
}

static GstElement *
get_element (GstElement *pipeline, const char *name)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);

  g_signal_connect (element, "modify-sdp", G_CALLBACK (block), NULL);
  return element;
}

/* (transfer full): the first warning of either; who has it is put first */
static GstMessage *
wait_warning (GstElement *ends[2])
{
  gint64 deadline = g_get_monotonic_time () + 18 * G_TIME_SPAN_SECOND;
  guint i;

  do {
    for (i = 0; i < 2; i++) {
      g_autoptr (GstBus) bus = gst_element_get_bus (ends[i]);
      GstMessage *message = gst_bus_timed_pop_filtered (
          bus, 20 * GST_MSECOND, GST_MESSAGE_WARNING);
      GstElement *other = ends[1 - i];

      if (message == NULL)
        continue;
      ends[0] = ends[i];
      ends[1] = other;
      return message;
    }
  } while (g_get_monotonic_time () < deadline);
  fail ("no warning came");
  return NULL;
}

/* The warning says what is missing and to whom. Who finds it first, the caller
 * or who answers by a property, has an error and ends the call for both; the
 * next one is as good as ever. */
GST_START_TEST (test_no_path)
{
  g_autofree char *bobs = fixture_account ("bob");
  g_autofree char *alices = fixture_account ("alice");
  GstElement *bob = fixture_launch (
      "kandysrc name=src %s auto-answer=true ! " FIXTURE_SOUND, bobs);
  GstElement *alice = fixture_launch (
      "kandysink name=sink %s destination=bob " SPEAKER, alices);
  GstElement *ends[] = { alice, bob };
  g_autoptr (GstElement) src = get_element (bob, "src");
  g_autoptr (GstElement) sink = get_element (alice, "sink");
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *hint = NULL, *peer = NULL;

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  warning = wait_warning (ends);
  gst_message_parse_warning (warning, &error, &hint);
  fail_unless (
      g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ));
  peer = g_strdup_printf ("No media path to sip:%s@loopback.example",
      ends[0] == alice ? "bob" : "alice");
  fail_unless (strstr (error->message, peer) != NULL, "%s", error->message);
  fail_unless (strstr (hint, "TURN") != NULL, "%s", hint);
  text = fixture_wait_error (
      ends[0], GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE, NULL);
  fail_unless (strstr (text, "no media path") != NULL, "%s", text);
  fixture_stop (alice);
  fixture_stop (bob);

  bob = fixture_callee ("! " FIXTURE_SOUND);
  alice = fixture_caller (SPEAKER);
  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
element_path_suite (void)
{
  Suite *suite = suite_create ("element-path");
  TCase *tcase = tcase_create ("path");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_no_path);
  return suite;
}

GST_CHECK_MAIN (element_path);
