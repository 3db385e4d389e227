/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <gst/app/app.h>

#include <string.h>

#include "fixture.h"

/* SECTION: conversations and services by the action signal "request", and the
 * chat of a group by kandychatsink and kandychatsrc */

static GstElement *
start (const char *name, const char *services, GstElement **signaller)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline = fixture_launch (
      "kandysignaller name=sig services=%s %s", services, account);

  *signaller = gst_bin_get_by_name (GST_BIN (pipeline), "sig");
  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

static void
stop (GstElement *pipeline, GstElement *signaller)
{
  gst_object_unref (signaller);
  fixture_stop (pipeline);
}

/* A method that says nothing but that it went well */
static void tell (GstElement *signaller, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

static void
tell (GstElement *signaller, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  gst_structure_free (fixture_ask_well (signaller, text));
}

/* (transfer full): of the newest message that alice has sent to bob */
static char *
get_newest_id (GstElement *bob)
{
  g_autoptr (GstStructure) all = fixture_ask_well (
      bob, "conversation.Conversation.getMessages, destination=alice");
  guint n = fixture_get_length (all, "messages");

  fail_unless (n > 0);
  return g_strdup (gst_structure_get_string (
      fixture_get_item (all, "messages", n - 1), "messageId"));
}

GST_START_TEST (test_conversations)
{
  GstElement *alice, *bob;
  GstElement *alices = start ("alice", "chat", &alice);
  GstElement *bobs = start ("bob", "chat", &bob);
  g_autoptr (GstStructure) none = fixture_ask_well (
      alice, "conversation.get, destination=bob, type=\"chat-oneToOne\"");
  g_autoptr (GstStructure) created =
      fixture_ask_well (alice, "conversation.create, destination=bob");
  g_autoptr (GstStructure) conversation =
      fixture_get_member (created, "conversation");
  g_autoptr (GstStructure) one = NULL;
  g_autoptr (GstStructure) sms = NULL;
  g_autoptr (GstStructure) texted = NULL;
  g_autoptr (GstStructure) sent = NULL;
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) page = NULL;
  g_autoptr (GstStructure) rest = NULL;
  g_autoptr (GstStructure) left = NULL;
  g_autoptr (GstStructure) refused = NULL;
  g_autofree char *next = NULL;
  g_autofree char *more = NULL;
  g_autofree char *id = NULL;
  guint i;

  fail_if (gst_structure_has_field (none, "conversation"));
  fixture_wait_event (alices, "conversations:new");
  fail_unless_equals_string (
      gst_structure_get_string (conversation, "destination"),
      "bob@loopback.example");
  fail_unless_equals_string (
      gst_structure_get_string (conversation, "type"), "chat-oneToOne");
  one = fixture_ask_well (alice, "conversation.get, destination=bob");
  fail_unless (gst_structure_has_field (one, "conversation"));
  /* as the document writes it */
  sms = fixture_ask_well (alice,
      "conversation.create, recipient=(string)\"+15550000002\", "
      "options=[options, type=sms]");
  texted = fixture_get_member (sms, "conversation");
  fail_unless_equals_string (
      gst_structure_get_string (texted, "destination"), "+15550000002");
  fail_unless_equals_string (gst_structure_get_string (texted, "type"), "sms");

  for (i = 0; i < 3; i++)
    tell (alice,
        "conversation.Message.send, destination=bob, "
        "parts=[part, type=text, text=\"number %u\"]",
        i);
  fixture_wait_event (alices, "messages:change");
  fixture_wait_event (bobs, "conversations:change");
  sent = fixture_ask_well (
      alice, "conversation.Conversation.getMessages, destination=bob");
  fail_unless_equals_int (fixture_get_length (sent, "messages"), 3);
  tell (bob, "conversation.fetch, options=[options, type=\"chat-oneToOne\"]");
  all = fixture_ask_well (bob, "conversation.getAll");
  fail_unless_equals_string (
      gst_structure_get_string (
          fixture_get_item (all, "conversations", 0), "lastMessage"),
      "number 2");

  /* Page by page, from an empty list */
  tell (bob, "conversation.Conversation.clearMessages, destination=alice");
  fixture_wait_event (bobs, "messages:change");
  page = fixture_ask_well (bob,
      "conversation.Conversation.fetchMessages, "
      "destination=alice, amount=(int)2");
  fail_unless_equals_int (fixture_get_length (page, "messages"), 2);
  next = g_strdup (gst_structure_get_string (page, "next"));
  fail_unless (next != NULL);
  more = g_strdup_printf ("conversation.Conversation.fetchMessages, "
                          "destination=alice, amount=(int)2, next=\"%s\"",
      next);
  rest = fixture_ask_well (bob, more);
  fail_unless_equals_int (fixture_get_length (rest, "messages"), 3);
  fail_if (gst_structure_has_field (rest, "next"));
  fixture_assert_refused (bob,
      "conversation.Conversation.fetchMessages, destination=alice, "
      "amount=(int)-3",
      "messaging:6");

  refused = fixture_ask (alice,
      "conversation.Message.send, destination=nobody, "
      "parts=[part, type=text, text=x]");
  fail_unless (gst_structure_has_field (refused, "error"));
  fixture_wait_event (alices, "messages:error");

  tell (alice,
      "conversation.Conversation.setIsTyping, destination=bob, "
      "isTyping=true");
  fixture_wait_event (bobs, "isTypingList:change");

  id = get_newest_id (bob);
  tell (bob,
      "conversation.Conversation.deleteMessages, destination=alice, "
      "messageIds=\"%s\"",
      id);
  left = fixture_ask_well (
      bob, "conversation.Conversation.getMessages, destination=alice");
  fail_unless_equals_int (fixture_get_length (left, "messages"), 2);
  tell (bob, "conversation.Conversation.delete, destination=alice");
  fixture_wait_event (bobs, "conversations:change");

  stop (alices, alice);
  stop (bobs, bob);
}
GST_END_TEST;

/* Text and JSON in one message, a file in another; and back to a file */
GST_START_TEST (test_parts)
{
  GstElement *alice, *bob;
  GstElement *alices = start ("alice", "chat", &alice);
  GstElement *bobs = start ("bob", "chat", &bob);
  g_autofree char *directory = g_dir_make_tmp ("kandy-parts-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "note.txt", NULL);
  g_autofree char *get = NULL;
  g_autofree char *links = NULL;
  g_autofree char *id = NULL;
  g_autofree char *file = NULL;
  g_autofree char *content = NULL;
  g_autoptr (GstStructure) got = NULL;
  g_autoptr (GstStructure) message = NULL;
  g_autoptr (GstStructure) linked = NULL;
  g_autoptr (GstStructure) with_links = NULL;
  const GstStructure *part;

  fail_unless (g_file_set_contents (path, "buy bread", -1, NULL));
  tell (alice,
      "conversation.Message.send, destination=bob, parts=(structure)<"
      "[part, type=text, text=\"see\"], [part, type=file, file=\"%s\"]>",
      path);
  fixture_wait_event (bobs, "conversations:change");
  id = get_newest_id (bob);
  get = g_strdup_printf ("conversation.Conversation.getMessage, "
                         "destination=alice, messageId=\"%s\"",
      id);
  got = fixture_ask_well (bob, get);
  message = fixture_get_member (got, "message");
  fail_unless_equals_int (fixture_get_length (message, "parts"), 2);
  part = fixture_get_item (message, "parts", 1);
  fail_unless_equals_string (gst_structure_get_string (part, "type"), "file");
  fail_unless_equals_string (
      gst_structure_get_string (part, "name"), "note.txt");
  fail_if (gst_structure_has_field (part, "url"));

  links = g_strdup_printf ("conversation.Message.createImageLinks, "
                           "destination=alice, messageId=\"%s\"",
      id);
  linked = fixture_ask_well (bob, links);
  with_links = fixture_get_member (linked, "message");
  part = fixture_get_item (with_links, "parts", 1);
  file =
      g_filename_from_uri (gst_structure_get_string (part, "url"), NULL, NULL);
  fail_unless (file != NULL);
  fail_unless (g_file_get_contents (file, &content, NULL, NULL));
  fail_unless_equals_string (content, "buy bread");

  tell (alice,
      "conversation.Message.send, destination=bob, "
      "parts=[part, type=json, json=\"\\{\\\"a\\\":7\\}\"]");
  fixture_wait_event (bobs, "messages:change");

  fixture_assert_refused (alice,
      "conversation.Message.send, destination=bob, "
      "parts=[part, type=json, json=\"\\{nonsense\"]",
      "NO_CODE");
  fixture_assert_refused (alice,
      "conversation.Message.send, destination=bob, "
      "parts=[part, type=picture, picture=x]",
      "BAD_INPUT");
  fixture_assert_refused (
      alice, "conversation.Message.send, destination=bob", "NO_CODE");
  fixture_assert_refused (alice,
      "conversation.Message.createImageLinks, destination=bob, messageId=x",
      "BAD_INPUT");
  fixture_assert_refused (
      alice, "conversation.create, destination=bob, type=pigeon", "BAD_INPUT");
  fixture_assert_refused (alice, "conversation.create", "messaging:9");

  g_remove (path);
  g_rmdir (directory);
  stop (alices, alice);
  stop (bobs, bob);
}
GST_END_TEST;

GST_START_TEST (test_services)
{
  GstElement *alice;
  GstElement *alices = start ("alice", "chat", &alice);
  g_autoptr (GstStructure) before =
      fixture_ask_well (alice, "services.getSubscriptions");
  g_autoptr (GstStructure) both = NULL;
  g_autoptr (GstStructure) after = NULL;
  gboolean pending = TRUE;

  fail_unless_equals_int (fixture_get_length (before, "subscribed"), 1);
  fail_unless_equals_int (fixture_get_length (before, "available"), 4);
  fail_unless (
      gst_structure_get_boolean (before, "isPending", &pending) && !pending);
  tell (alice,
      "services.subscribe, services=<presence, [service, "
      "service=smsinbound, params=[params, "
      "destinationAddress=(string)\"+15550000001\"]]>, "
      "options=[options, type=websocket]");
  fixture_wait_event (alices, "subscription:change");
  both = fixture_ask_well (alice, "services.getSubscriptions");
  fail_unless_equals_int (fixture_get_length (both, "subscribed"), 3);
  tell (alice, "services.unsubscribe, services=<presence, smsinbound>");
  after = fixture_ask_well (alice, "services.getSubscriptions");
  fail_unless_equals_int (fixture_get_length (after, "subscribed"), 1);
  fixture_assert_refused (
      alice, "services.unsubscribe, services=presence", "BAD_INPUT");
  fixture_assert_refused (
      alice, "services.subscribe, services=pigeon", "BAD_INPUT");
  fixture_assert_refused (
      alice, "services.subscribe, services=(int)7", "BAD_INPUT");
  fixture_wait_event (alices, "subscription:error");
  stop (alices, alice);
}
GST_END_TEST;

static void
assert_reads (GstElement *pipeline, const char *expected)
{
  g_autoptr (GstElement) page =
      gst_bin_get_by_name (GST_BIN (pipeline), "page");
  g_autoptr (GstSample) sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (page), 10 * GST_SECOND);
  gsize length = strlen (expected);

  fail_unless (sample != NULL, "\"%s\" did not come", expected);
  fail_unless_equals_int (
      gst_buffer_get_size (gst_sample_get_buffer (sample)), length);
  fail_unless_equals_int (
      gst_buffer_memcmp (gst_sample_get_buffer (sample), 0, expected, length),
      0);
}

/* What is said in a group reaches who has joined it, on each of their devices
 */
GST_START_TEST (test_group)
{
  g_autofree char *account = fixture_account ("alice");
  g_autofree char *bobs_account = fixture_account ("bob");
  g_autoptr (GstStructure) created = NULL;
  g_autoptr (GstStructure) group = NULL;
  g_autoptr (GstElement) pen = NULL;
  GstElement *alice, *bob, *writer, *readers[2];
  GstElement *alices = start ("alice", "chat", &alice);
  GstElement *bobs = start ("bob", "chat", &bob);
  g_autofree char *id = NULL;
  guint i;

  created = fixture_ask_well (
      alice, "groups.create, name=Roof, participants=\"bob@loopback.example\"");
  group = fixture_get_member (created, "group");
  id = g_strdup (gst_structure_get_string (group, "id"));
  fixture_wait_event (bobs, "group:invitation_received");
  tell (bob, "groups.acceptInvitation, groupId=\"%s\"", id);
  fixture_wait_event (alices, "group:change");

  for (i = 0; i < 2; i++) {
    readers[i] = fixture_launch ("kandychatsrc %s conversation-type=chat-group "
                                 "destination=%s show-sender=true ! "
                                 "appsink name=page sync=false",
        bobs_account, id);
    fixture_play (readers[i]);
    fixture_wait_progress (readers[i], GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  }
  writer = fixture_launch (
      "appsrc name=pen caps=text/x-raw,format=utf8 format=time ! "
      "kandychatsink %s conversation-type=chat-group destination=%s",
      account, id);
  fixture_play (writer);
  pen = gst_bin_get_by_name (GST_BIN (writer), "pen");
  fail_unless_equals_int (
      gst_app_src_push_buffer (GST_APP_SRC (pen),
          gst_buffer_new_wrapped (g_strdup ("to all of you\n"), 14)),
      GST_FLOW_OK);
  for (i = 0; i < 2; i++) {
    assert_reads (readers[i], "alice@loopback.example: to all of you\n");
    fixture_stop (readers[i]);
  }
  fixture_stop (writer);
  stop (alices, alice);
  stop (bobs, bob);
}
GST_END_TEST;

static Suite *
messages_suite (void)
{
  Suite *suite = suite_create ("messages");
  TCase *tc = tcase_create ("messages");

  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_conversations);
  tcase_add_test (tc, test_parts);
  tcase_add_test (tc, test_services);
  tcase_add_test (tc, test_group);
  suite_add_tcase (suite, tc);
  return suite;
}

GST_CHECK_MAIN (messages);
