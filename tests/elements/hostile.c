/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

/* SECTION: far ends whose descriptions are no good
 *
 * Truncated, without what is needed, with nothing in common, or a lie: the call
 * fails for both, who was deceived is told why, and the next call works.
 */

/* With one codec, so that there is little to have in common */
#define SPEAKER                                                                \
  "audio-codecs=OPUS audiotestsrc is-live=true freq=600 ! "                    \
  "audio/x-raw,rate=48000 ! sink."

#define HEAD "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

typedef enum {
  NONE,
  TURNED_DOWN, /* who is called does not ring */
  ENDED,       /* by the caller, at the answer */
} Harm;

typedef struct {
  const char *name;
  /* on the way: the whole text instead of the description */
  const char *text;
  /* by who sends it: all that matches, and what stands there instead */
  const char *pattern, *by;
  /* what is said of such an answer; NULL: nothing is wrong with it, for what it
   * lacks is learned otherwise (RFC 8445 section 7.3.1.3) or not needed */
  const char *answer;
  Harm offer; /* what becomes of a call with such an offer */
} Lie;

static const Lie lies[] = {
  { "empty", "", NULL, NULL, "sdp", TURNED_DOWN },
  { "garbage", "hello, world", NULL, NULL, "v=0", TURNED_DOWN },
  { "truncated",
      HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtpma",
      NULL, NULL, "m-line 0", TURNED_DOWN },
  /* a call without media is one, but not what the caller asked for */
  { "no lines", HEAD, NULL, NULL, "0 m-lines", ENDED },
  { "dead line",
      HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
           "a=inactive\r\n",
      NULL, NULL, "refuses all m-lines", TURNED_DOWN },
  { "no keys",
      HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP4 127.0.0.1\r\n"
           "a=sendrecv\r\n",
      NULL, NULL, "RTP/AVP", TURNED_DOWN },
  { "no codec", NULL, "opus/48000", "speex/48000", "no codec in common",
      TURNED_DOWN },
  { "no fingerprint", NULL, "a=fingerprint:[^\r]*\r\n", "", "a=fingerprint",
      TURNED_DOWN },
  { "no password", NULL, "a=ice-pwd:[^\r]*\r\n", "", "a=ice-pwd", TURNED_DOWN },
  { "other mid", NULL, "a=mid:[^\r]*\r\n", "a=mid:other\r\n", NULL, NONE },
  { "no candidates", NULL, "a=candidate:[^\r]*\r\n", "", NULL, NONE },
};

/* Of somebody else: known only when both ends have connected */
static const Lie certificate = { "certificate", NULL,
  "(a=fingerprint:sha-256 )..", "\\g<1>FF" };

static char *
tell_lie (GstElement *element, const char *sdp, const GstStructure *info,
    const char *original, gpointer user_data)
{
  const Lie *lie = user_data;
  g_autoptr (GRegex) regex = NULL;

  if (g_strcmp0 (gst_structure_get_string (info, "step"), "send") != 0)
    return NULL;
  regex = g_regex_new (lie->pattern, 0, 0, NULL);
  return g_regex_replace (regex, sdp, -1, 0, lie->by, 0, NULL);
}

static void
set_lie (GstElement *liar, const char *name, const Lie *lie,
    const char *notification)
{
  if (lie->text != NULL) {
    g_autofree char *escaped = g_strescape (lie->text, NULL);
    g_autofree char *fault =
        g_strdup_printf ("{\"on\":\"notification\",\"type\":\"%s\","
                         "\"sdp\":\"%s\"}",
            notification, escaped);
    g_autoptr (GError) error = NULL;

    kandy_loopback_set_fault (fixture_platform, fault, &error);
    fail_unless (error == NULL, "%s", error != NULL ? error->message : "");
  } else {
    g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (liar), name);

    g_signal_connect (
        element, "modify-sdp", G_CALLBACK (tell_lie), (gpointer) lie);
  }
}

static void
on_event (GstElement *element, const char *name, const GstStructure *payload,
    GString *events)
{
  g_autofree char *text = gst_structure_to_string (payload);

  g_string_append_printf (events, "%s %s\n", name, text);
}

static void
check_next_call (GstElement *bob)
{
  GstElement *alice = fixture_caller (SPEAKER);

  fixture_assert_tone (bob, 600);
  fixture_stop (alice);
  fixture_wait_eos (bob);
}

/* (transfer full): not yet playing */
static GstElement *
make_caller (void)
{
  g_autofree char *account = fixture_account ("alice");

  return fixture_launch (
      "kandysink name=sink %s destination=bob " SPEAKER, account);
}

/* Of whose call it is, and why; gst-launch-1.0 prints it */
static void
assert_warned (GstElement *bob)
{
  GstMessage *message = fixture_wait (bob, GST_MESSAGE_WARNING, 10);
  const GstStructure *details = NULL;
  g_autoptr (GError) error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  gst_message_parse_warning_details (message, &details);
  fail_unless (strstr (error->message, "A call from ") != NULL
          && strstr (error->message, "alice@loopback.example cannot be taken: ")
              != NULL,
      "%s", error->message);
  fail_unless (details != NULL);
  fail_unless (gst_structure_get_string (details, "code") != NULL);
  gst_message_unref (message);
}

/* Who is called with such an offer does not ring, and waits for the next call
 */
GST_START_TEST (test_offer)
{
  const Lie *lie = &lies[__i__];
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = make_caller ();
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autoptr (GString) events = g_string_new (NULL);
  g_autofree char *text = NULL;
  gulong id = g_signal_connect (src, "event", G_CALLBACK (on_event), events);

  set_lie (alice, "sink", lie, "wrtcsSessionInvitationNotification");
  fixture_play (alice);
  if (lie->offer == NONE) {
    fixture_assert_tone (bob, 600);
    fixture_stop (alice);
    fixture_wait_eos (bob);
    fixture_stop (bob);
    return;
  }
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fail_unless (strstr (text,
                   lie->offer == ENDED ? lie->answer : "has not taken the call")
          != NULL,
      "%s", text);
  fixture_stop (alice);
  kandy_loopback_clear_faults (fixture_platform);
  if (lie->offer == ENDED) {
    fixture_wait_eos (bob);
    fixture_stop (bob);
    bob = fixture_callee ("! " FIXTURE_SOUND);
    check_next_call (bob);
    fixture_stop (bob);
    return;
  }
  g_signal_handler_disconnect (src, id);
  assert_warned (bob);
  fail_unless (strstr (events->str, "call:operation") != NULL, "%s: %s",
      lie->name, events->str);
  fail_unless (
      strstr (events->str, "error=") != NULL, "%s: %s", lie->name, events->str);
  check_next_call (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* Who gets such an answer is told what is wrong with it */
GST_START_TEST (test_answer)
{
  const Lie *lie = &lies[__i__];
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = make_caller ();
  g_autofree char *text = NULL;

  set_lie (bob, "src", lie, "wrtcsAcceptanceNotification");
  fixture_play (alice);
  if (lie->answer == NULL) {
    fixture_assert_tone (bob, 600);
    fixture_stop (alice);
    fixture_wait_eos (bob);
    fixture_stop (bob);
    return;
  }
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, NULL);
  fail_unless (strstr (text, "cannot be called") != NULL, "%s", text);
  fail_unless (strstr (text, lie->answer) != NULL, "%s", text);
  fixture_wait_eos (bob);
  fixture_stop (alice);
  fixture_stop (bob);

  kandy_loopback_clear_faults (fixture_platform);
  bob = fixture_callee ("! " FIXTURE_SOUND);
  check_next_call (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* __i__: of the caller, of the callee. Before a sample is played: see the tests
 * of the engine */
GST_START_TEST (test_certificate)
{
  GstElement *bob = fixture_callee ("! " FIXTURE_SOUND);
  GstElement *alice = make_caller ();
  g_autofree char *text = NULL;

  set_lie (__i__ == 0 ? alice : bob, __i__ == 0 ? "sink" : "src", &certificate,
      NULL);
  fixture_play (alice);
  text = fixture_wait_error (__i__ == 0 ? bob : alice, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_FAILED, NULL);
  fail_unless (strstr (text, "fingerprint") != NULL, "%s", text);
  fixture_wait_eos (__i__ == 0 ? alice : bob);
  fixture_stop (alice);
  fixture_stop (bob);

  bob = fixture_callee ("! " FIXTURE_SOUND);
  check_next_call (bob);
  fixture_stop (bob);
}
GST_END_TEST;

#define HALF (G_N_ELEMENTS (lies) / 2)

static TCase *
add_case (Suite *suite, const char *name)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  return tcase;
}

/* Each case is a program of its own (meson.build) */
static Suite *
element_hostile_suite (void)
{
  Suite *suite = suite_create ("element-hostile");

  tcase_add_loop_test (add_case (suite, "hostile-offers"), test_offer, 0, HALF);
  tcase_add_loop_test (add_case (suite, "hostile-offers-2"), test_offer, HALF,
      G_N_ELEMENTS (lies));
  tcase_add_loop_test (
      add_case (suite, "hostile-answers"), test_answer, 0, HALF);
  tcase_add_loop_test (add_case (suite, "hostile-answers-2"), test_answer, HALF,
      G_N_ELEMENTS (lies));
  tcase_add_loop_test (
      add_case (suite, "hostile-certificates"), test_certificate, 0, 2);
  return suite;
}

GST_CHECK_MAIN (element_hostile);
