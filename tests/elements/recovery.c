/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

/* SECTION: calls that have lost the platform
 *
 * The websocket is away, for longer than it is waited for or for less.
 * (Networks that change are the matter of tests/network.)
 */

/* Two attempts, with two seconds at the most */
#define IMPATIENT " client::reconnect-limit=2 client::reconnect-delay=100 "
#define CALLER                                                                 \
  "audiotestsrc is-live=true freq=600 ! audio/x-raw,rate=48000 ! sink."

static void
set_fault (const char *fault)
{
  GError *error = NULL;

  kandy_loopback_set_fault (fixture_platform, fault, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

static void
take_websockets_away (void)
{
  set_fault ("{\"on\": \"upgrade\", \"status\": 503}");
  fail_unless (kandy_loopback_close_websockets (fixture_platform, NULL, 0) > 0);
}

/* The call goes on, and hears of the far end again when it can */
GST_START_TEST (test_call_goes_on)
{
  GstElement *bob = fixture_callee (IMPATIENT "! " FIXTURE_SOUND);
  GstElement *alice = fixture_caller (IMPATIENT CALLER);

  fixture_assert_tone (bob, 600);
  take_websockets_away ();
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_START, "subscribe");
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_START, "subscribe");
  /* in vain, once */
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_CONTINUE, "subscribe");
  fixture_assert_tone (bob, 600);

  kandy_loopback_clear_faults (fixture_platform);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_assert_tone (bob, 600);
  /* of which nobody would tell without the subscription */
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* The longest time between two buffers with sound, in ms */
typedef struct {
  GMutex lock;
  gint64 heard_at; /* µs, 0: not yet */
  gint64 gap;
} Ear;

static GstPadProbeReturn
listen (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Ear *ear = user_data;
  gint64 now = g_get_monotonic_time ();
  GstMapInfo map;
  int peak = 0;

  gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size / 2; i++)
    peak = MAX (peak, ABS (((gint16 *) map.data)[i]));
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  if (peak < 1000)
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&ear->lock);
  if (ear->heard_at)
    ear->gap = MAX (ear->gap, now - ear->heard_at);
  ear->heard_at = now;
  g_mutex_unlock (&ear->lock);
  return GST_PAD_PROBE_OK;
}

static void
ear_open (Ear *self, GstElement *pipeline)
{
  g_autoptr (GstElement) appsink =
      gst_bin_get_by_name (GST_BIN (pipeline), "ear");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (appsink, "sink");

  g_mutex_init (&self->lock);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, listen, self, NULL);
}

/* ms, what is going on included */
static guint
ear_get_gap (Ear *self)
{
  gint64 gap;

  g_mutex_lock (&self->lock);
  gap = MAX (self->gap, g_get_monotonic_time () - self->heard_at);
  g_mutex_unlock (&self->lock);
  return (guint) (gap / 1000);
}

static GstElement *
launch_end (const char *name, const char *role, guint frequency)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline =
      fixture_launch ("kandysink name=sink %s %s client::reconnect-limit=0 "
                      "client::reconnect-delay=100 audiotestsrc is-live=true "
                      "freq=%u ! audio/x-raw,rate=48000 ! sink.audio_0 "
                      "kandysrc name=src src.audio_0 ! queue ! " FIXTURE_SOUND,
          account, role, frequency);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

/* Of an action without arguments; (transfer full) */
static GstPromise *
begin (GstElement *pipeline, const char *action)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPromise *promise = gst_promise_new ();

  g_signal_emit_by_name (sink, action, promise);
  return promise;
}

static void
finish (GstPromise *promise)
{
  const GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  fail_if (reply && gst_structure_has_field (reply, "error"), "%s",
      gst_structure_get_string (reply, "code"));
  gst_promise_unref (promise);
}

static gboolean
is_held (gpointer pipeline)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gboolean held;

  g_object_get (sink, "remote-hold", &held, NULL);
  return held;
}

static gboolean
is_not_held (gpointer pipeline)
{
  return !is_held (pipeline);
}

/* Nothing of this user's reaches the platform */
static void
cut_off (const char *user)
{
  static const char *const on[] = { "upgrade", "request" };

  for (guint i = 0; i < G_N_ELEMENTS (on); i++) {
    g_autofree char *fault = g_strdup_printf (
        "{\"on\": \"%s\", \"status\": 503, \"user\": \"%s\"}", on[i], user);

    set_fault (fault);
  }
  kandy_loopback_close_websockets (fixture_platform, user, 0);
}

/* Neither websocket nor requests for some seconds, nor a pause in what is
 * heard. What one does who is back, the other learns as soon as he is back,
 * too. */
GST_START_TEST (test_platform_away)
{
  static Ear near, far;
  GstElement *bob = launch_end ("bob", "auto-answer=true", 600);
  GstElement *alice = launch_end ("alice", "destination=bob", 900);
  GstPromise *hold;
  gint64 end;
  guint gaps[2];

  fixture_assert_tone (bob, 900);
  fixture_assert_tone (alice, 600);
  ear_open (&near, alice);
  ear_open (&far, bob);

  cut_off ("alice@loopback.example");
  cut_off ("bob@loopback.example");
  kandy_loopback_reset_counts (fixture_platform);
  for (end = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
       g_get_monotonic_time () < end;) {
    fixture_assert_tone (bob, 900);
    fixture_assert_tone (alice, 600);
  }
  /* both have tried to come back, in vain */
  fixture_until_requests ("GET", "/websocket", 10);
  gaps[0] = ear_get_gap (&near);
  gaps[1] = ear_get_gap (&far);
  GST_INFO ("gaps of %u and %u ms", gaps[0], gaps[1]);
  fail_unless (MAX (gaps[0], gaps[1]) < 1000, "%u, %u", gaps[0], gaps[1]);

  kandy_loopback_clear_faults (fixture_platform);
  cut_off ("bob@loopback.example");
  kandy_loopback_reset_counts (fixture_platform);
  hold = begin (alice, "hold");
  fixture_until_requests (NULL, "/update", 1);
  fail_if (is_held (bob));
  kandy_loopback_clear_faults (fixture_platform);
  fixture_until (is_held, bob, "bob learns that he is held");
  finish (hold);
  finish (begin (alice, "unhold"));
  fixture_until (is_not_held, bob, "bob learns that he is not held");
  fixture_assert_tone (bob, 900);
  fixture_assert_tone (alice, 600);

  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* Who waits for calls only cannot go on */
GST_START_TEST (test_no_call)
{
  GstElement *bob = fixture_callee (IMPATIENT "! " FIXTURE_SOUND);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  take_websockets_away ();
  message = fixture_wait (bob, GST_MESSAGE_ERROR, 15);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "lost") != NULL, "%s", error->message);
  kandy_loopback_clear_faults (fixture_platform);
  fixture_stop (bob);
}
GST_END_TEST;

static TCase *
add_case (Suite *suite, const char *name)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 30);
  suite_add_tcase (suite, tcase);
  return tcase;
}

static Suite *
recovery_suite (void)
{
  Suite *suite = suite_create ("element-recovery");
  TCase *recovery = add_case (suite, "recovery");

  tcase_add_test (recovery, test_call_goes_on);
  tcase_add_test (recovery, test_no_call);
  tcase_add_test (add_case (suite, "platform-away"), test_platform_away);
  return suite;
}

GST_CHECK_MAIN (recovery);
