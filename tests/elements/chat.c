/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>

#include <string.h>

#include <kandy.h>

#include "fixture.h"

/* SECTION: messages by kandychatsink, kandychatsrc and kandysignaller */

/* Somebody who reads: what comes is at the appsink "page" */
static GstElement *
reader (const char *name, const char *properties)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline = fixture_launch (
      "kandychatsrc %s %s ! appsink name=page sync=false", account, properties);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

/* Somebody who writes: what it says is pushed into the appsrc "pen" */
static GstElement *
writer (const char *name, const char *properties)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline = fixture_launch (
      "appsrc name=pen caps=text/x-raw,format=utf8 format=time ! "
      "kandychatsink %s %s",
      account, properties);

  fixture_play (pipeline);
  return pipeline;
}

static void
push (GstElement *pipeline, const char *text, gsize length)
{
  g_autoptr (GstElement) pen = gst_bin_get_by_name (GST_BIN (pipeline), "pen");

  fail_unless_equals_int (
      gst_app_src_push_buffer (GST_APP_SRC (pen),
          gst_buffer_new_wrapped (g_memdup2 (text, length), length)),
      GST_FLOW_OK);
}

static void
say (GstElement *pipeline, const char *text)
{
  push (pipeline, text, strlen (text));
}

static void
end (GstElement *pipeline)
{
  g_autoptr (GstElement) pen = gst_bin_get_by_name (GST_BIN (pipeline), "pen");

  gst_app_src_end_of_stream (GST_APP_SRC (pen));
}

static void
assert_reads (GstElement *pipeline, const char *expected)
{
  g_autoptr (GstElement) page =
      gst_bin_get_by_name (GST_BIN (pipeline), "page");
  g_autoptr (GstSample) sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (page), 10 * GST_SECOND);
  GstBuffer *buffer;
  GstMapInfo map;
  g_autofree char *text = NULL;

  fail_unless (sample != NULL, "\"%s\" did not come", expected);
  buffer = gst_sample_get_buffer (sample);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  text = g_strndup ((char *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  fail_unless_equals_string (text, expected);
  fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
}

static void
assert_reads_nothing (GstElement *pipeline)
{
  g_autoptr (GstElement) page =
      gst_bin_get_by_name (GST_BIN (pipeline), "page");

  fail_unless (
      gst_app_sink_try_pull_sample (GST_APP_SINK (page), 300 * GST_MSECOND)
      == NULL);
}

GST_START_TEST (test_one_to_one)
{
  GstElement *bob = reader ("bob", "");
  GstElement *from_carol = reader ("bob", "destination=carol session=other");
  GstElement *alice = writer ("alice", "destination=bob");
  guint i;

  /* At once, before it has signed on; and many of them, in order */
  say (alice, "Lunch at noon? \xf0\x9f\x8d\x9c\n");
  say (alice, "\n");
  for (i = 0; i < 40; i++) {
    g_autofree char *text = g_strdup_printf ("number %u", i);

    say (alice, text);
  }
  /* When the stream is over all of them have gone */
  end (alice);
  fixture_wait_eos (alice);
  fixture_stop (alice);

  assert_reads (bob, "Lunch at noon? \xf0\x9f\x8d\x9c\n");
  for (i = 0; i < 40; i++) {
    g_autofree char *text = g_strdup_printf ("number %u\n", i);

    assert_reads (bob, text);
  }
  assert_reads_nothing (from_carol);
  fixture_stop (from_carol);
  fixture_stop (bob);
}
GST_END_TEST;

/* Two faces of one account in one pipeline, nobody can call it */
GST_START_TEST (test_both_ways)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *bob = reader ("bob", "line-feeds=false show-sender=true");
  GstElement *bobs_pen = writer ("bob", "destination=alice");
  GstElement *alice = fixture_launch (
      "appsrc name=pen caps=text/x-raw,format=utf8 format=time ! "
      "kandychatsink %s destination=bob "
      "kandychatsrc destination=bob ! appsink name=page sync=false",
      account);

  fixture_play (alice);
  fixture_wait_progress (alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  say (alice, "hello");
  assert_reads (bob, "alice@loopback.example: hello");
  say (bobs_pen, "hello yourself");
  assert_reads (alice, "hello yourself\n");
  fail_unless_equals_int (kandy_loopback_count_requests (
                              fixture_platform, "POST", "/webrtcsignaling/"),
      0);
  fail_unless_equals_int (kandy_loopback_count_subscriptions (
                              fixture_platform, "alice@loopback.example"),
      1);
  fixture_stop (alice);
  /* It has said good-bye */
  fail_unless_equals_int (kandy_loopback_count_subscriptions (
                              fixture_platform, "alice@loopback.example"),
      0);
  fixture_stop (bobs_pen);
  fixture_stop (bob);
}
GST_END_TEST;

GST_START_TEST (test_sms)
{
  /* Numbers are given in the order of the accounts: alice, bob, carol */
  GstElement *bob = reader ("bob", "conversation-type=sms");
  GstElement *alice =
      writer ("alice", "conversation-type=sms destination=+15550000002");

  say (alice, "On my way\r\n");
  assert_reads (bob, "On my way\n");
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

static void
wait_warning (GstElement *pipeline, GQuark domain, int code)
{
  g_autoptr (GstMessage) message =
      fixture_wait (pipeline, GST_MESSAGE_WARNING, 10);
  g_autoptr (GError) error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
}

/* What cannot be sent is said, and holds up nothing */
GST_START_TEST (test_warnings)
{
  GstElement *bob = reader ("bob", "");
  GstElement *alice = writer ("alice", "destination=nobody");
  g_autofree char *text = NULL;

  say (alice, "to nobody");
  wait_warning (alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  push (alice, "\xff\xfe", 2);
  wait_warning (alice, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  push (alice, "a\0b", 3);
  wait_warning (alice, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  /* and who only looks at the end learns of it, too */
  end (alice);
  text = fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, NULL);
  fail_unless (g_str_has_prefix (text, "3 messages were not sent"), "%s", text);
  fixture_stop (alice);

  alice = writer ("alice", "destination=bob");
  say (alice, "to bob");
  assert_reads (bob, "to bob\n");
  end (alice);
  fixture_wait_eos (alice);
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* What reads a file does not look where a character ends. __i__: how many bytes
 * of it the first buffer has */
GST_START_TEST (test_split_character)
{
  GstElement *bob = reader ("bob", "");
  GstElement *alice = writer ("alice", "destination=bob");
  static const char noodles[] = "\xf0\x9f\x8d\x9c";

  push (alice, "noodles: \xf0\x9f\x8d\x9c", 9 + __i__);
  push (alice, noodles + __i__, 4 - __i__);
  assert_reads (bob, "noodles: \n");
  assert_reads (bob, "\xf0\x9f\x8d\x9c\n");
  push (alice, noodles, __i__);
  end (alice);
  g_free (fixture_wait_error (
      alice, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, NULL));
  fixture_stop (alice);
  assert_reads_nothing (bob);
  fixture_stop (bob);
}
GST_END_TEST;

/* A beginning that nothing goes on with takes nothing else with it. The last
 * ones are those of characters that there are no more. */
GST_START_TEST (test_broken_character)
{
  static const struct {
    const char *text;
    gsize length;
  } beginnings[] = {
    { "\xf0\x9f", 2 },
    { "\xf0\x9f\x8d", 3 },
    { "\xf8\x88", 2 },
    { "\xfc\x84\x80\x80\x80", 5 },
  };
  GstElement *bob = reader ("bob", "");
  GstElement *alice = writer ("alice", "destination=bob");

  push (alice, beginnings[__i__].text, beginnings[__i__].length);
  say (alice, "whole");
  wait_warning (alice, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  assert_reads (bob, "whole\n");
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

/* Stopped with messages waiting, and started again */
GST_START_TEST (test_stop)
{
  GstElement *alice, *bob;
  guint i, round;

  fail_unless (kandy_loopback_set_fault (fixture_platform,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/messages\","
      "\"hang\":true}",
      NULL));
  alice = writer ("alice", "destination=bob");
  for (round = 0; round < 2; round++) {
    for (i = 0; i < 30; i++)
      say (alice, "never");
    fixture_until_requests ("POST", "/adhoc/messages", round + 1);
    gst_element_set_state (alice, GST_STATE_READY);
    if (round == 1)
      kandy_loopback_clear_faults (fixture_platform);
    fixture_play (alice);
  }
  /* Nothing of what waited comes later */
  bob = reader ("bob", "");
  say (alice, "now");
  assert_reads (bob, "now\n");
  fixture_stop (alice);
  fixture_stop (bob);
}
GST_END_TEST;

static GstStructure *
act (GstPromise *promise)
{
  GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_structure_copy (gst_promise_get_reply (promise));
  gst_promise_unref (promise);
  return reply;
}

GST_START_TEST (test_signaller)
{
  g_autofree char *alices = fixture_account ("alice");
  g_autofree char *bobs = fixture_account ("bob");
  GstElement *alice =
      fixture_launch ("kandysignaller name=s %s services=chat", alices);
  GstElement *bob =
      fixture_launch ("kandysignaller name=s %s services=call+chat", bobs);
  g_autoptr (GstElement) a = gst_bin_get_by_name (GST_BIN (alice), "s");
  g_autoptr (GstElement) b = gst_bin_get_by_name (GST_BIN (bob), "s");
  const char *ids[] = { NULL, NULL };
  g_autofree char *id = NULL;
  GstPromise *promise;
  GstStructure *reply;
  const GValue *array;

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fixture_play (alice);
  promise = gst_promise_new ();
  g_signal_emit_by_name (a, "send-message", "bob", KANDY_CHAT_TYPE_ONE_TO_ONE,
      "hello", NULL, promise);
  reply = act (promise);
  fail_unless (gst_structure_has_field (reply, "message-id"));
  gst_structure_free (reply);
  fixture_wait_event (bob, "conversations:change");

  promise = gst_promise_new ();
  g_signal_emit_by_name (
      a, "set-is-typing", "bob", KANDY_CHAT_TYPE_ONE_TO_ONE, TRUE, promise);
  reply = act (promise);
  fail_if (gst_structure_has_field (reply, "error"));
  gst_structure_free (reply);
  fixture_wait_event (bob, "isTypingList:change");

  promise = gst_promise_new ();
  g_signal_emit_by_name (
      b, "fetch-conversations", KANDY_CHAT_TYPE_ONE_TO_ONE, promise);
  reply = act (promise);
  array = gst_structure_get_value (reply, "conversations");
  fail_unless_equals_int (gst_value_array_get_size (array), 1);
  gst_structure_free (reply);

  promise = gst_promise_new ();
  g_signal_emit_by_name (
      b, "fetch-messages", "alice", KANDY_CHAT_TYPE_ONE_TO_ONE, 10, promise);
  reply = act (promise);
  array = gst_structure_get_value (reply, "messages");
  fail_unless_equals_int (gst_value_array_get_size (array), 1);
  {
    const GstStructure *message =
        gst_value_get_structure (gst_value_array_get_value (array, 0));

    fail_unless_equals_string (
        gst_structure_get_string (message, "text"), "hello");
    id = g_strdup (gst_structure_get_string (message, "message-id"));
  }
  gst_structure_free (reply);

  ids[0] = id;
  promise = gst_promise_new ();
  g_signal_emit_by_name (
      b, "delete-messages", "alice", KANDY_CHAT_TYPE_ONE_TO_ONE, ids, promise);
  reply = act (promise);
  fail_if (gst_structure_has_field (reply, "error"));
  gst_structure_free (reply);

  promise = gst_promise_new ();
  g_signal_emit_by_name (
      b, "delete-conversation", "alice", KANDY_CHAT_TYPE_ONE_TO_ONE, promise);
  reply = act (promise);
  fail_if (gst_structure_has_field (reply, "error"));
  gst_structure_free (reply);

  promise = gst_promise_new ();
  g_signal_emit_by_name (
      a, "send-message", "..", KANDY_CHAT_TYPE_GROUP, "x", NULL, promise);
  reply = act (promise);
  fail_unless_equals_string (
      gst_structure_get_string (reply, "code"), "messaging:9");
  gst_structure_free (reply);

  fixture_stop (alice);
  promise = gst_promise_new ();
  g_signal_emit_by_name (b, "send-message", "alice", KANDY_CHAT_TYPE_ONE_TO_ONE,
      "look", "/does/not/exist", promise);
  reply = act (promise);
  fail_unless_equals_string (
      gst_structure_get_string (reply, "code"), "messaging:7");
  gst_structure_free (reply);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
chat_suite (void)
{
  Suite *suite = suite_create ("chat");
  TCase *tcase = tcase_create ("chat");

  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_test (tcase, test_one_to_one);
  tcase_add_test (tcase, test_both_ways);
  tcase_add_test (tcase, test_sms);
  tcase_add_test (tcase, test_warnings);
  tcase_add_loop_test (tcase, test_split_character, 1, 4);
  tcase_add_loop_test (tcase, test_broken_character, 0, 4);
  tcase_add_test (tcase, test_stop);
  tcase_add_test (tcase, test_signaller);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (chat);
