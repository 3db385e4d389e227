/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

/* SECTION: groups, presence, contacts and users of kandysignaller
 *
 * By the action signal "request", with the answers in promises, and the events
 * on the bus.
 */

/* (transfer full): the reply to a request, given as text */
static GstStructure *
ask (GstElement *signaller, const char *text)
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

static GstStructure *
ask_well (GstElement *signaller, const char *text)
{
  GstStructure *reply = ask (signaller, text);

  fail_if (gst_structure_has_field (reply, "error"), "%s: %" GST_PTR_FORMAT,
      text, reply);
  return reply;
}

static void
assert_refused (GstElement *signaller, const char *text, const char *code)
{
  g_autoptr (GstStructure) reply = ask (signaller, text);

  fail_unless (gst_structure_has_field (reply, "error"), "%s", text);
  fail_unless_equals_string (gst_structure_get_string (reply, "code"), code);
}

/* (transfer full): a member that is a structure */
static GstStructure *
get_member (const GstStructure *reply, const char *field)
{
  GstStructure *member = NULL;

  fail_unless (
      gst_structure_get (reply, field, GST_TYPE_STRUCTURE, &member, NULL),
      "no %s in %" GST_PTR_FORMAT, field, reply);
  return member;
}

static guint
get_length (const GstStructure *reply, const char *field)
{
  const GValue *value = gst_structure_get_value (reply, field);

  fail_unless (value != NULL && GST_VALUE_HOLDS_ARRAY (value));
  return gst_value_array_get_size (value);
}

/* The next event of this name on the bus */
static void
wait_event (GstElement *pipeline, const char *name)
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

static GstElement *
start (GstElement **signaller)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *pipeline = fixture_launch (
      "kandysignaller name=sig services=chat+presence %s", account);

  *signaller = gst_bin_get_by_name (GST_BIN (pipeline), "sig");
  fixture_play (pipeline);
  return pipeline;
}

GST_START_TEST (test_groups)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  /* at once: it waits until the element has signed on */
  g_autoptr (GstStructure) created = ask_well (signaller,
      "groups.create, name=Roof, participants=(string)<"
      "\"bob@loopback.example\", \"carol@loopback.example\">");
  g_autoptr (GstStructure) group = get_member (created, "group");
  const char *id = gst_structure_get_string (group, "id");
  g_autofree char *get = g_strdup_printf ("groups.get, groupId=\"%s\"", id);
  g_autofree char *participants =
      g_strdup_printf ("groups.getParticipants, groupId=\"%s\"", id);
  g_autofree char *remove =
      g_strdup_printf ("groups.removeParticipant, groupId=\"%s\", "
                       "participant=\"carol@loopback.example\"",
          id);
  g_autofree char *delete =
      g_strdup_printf ("groups.delete, groupId=\"%s\"", id);
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) one = NULL;
  g_autoptr (GstStructure) three = NULL;
  g_autoptr (GstStructure) removed = NULL;
  g_autoptr (GstStructure) deleted = NULL;

  wait_event (pipeline, "group:new");
  fail_unless_equals_string (gst_structure_get_string (group, "name"), "Roof");
  fail_unless_equals_int (get_length (group, "participants"), 3);
  all = ask_well (signaller, "groups.getAll");
  fail_unless_equals_int (get_length (all, "groups"), 1);
  one = ask_well (signaller, get);
  fail_unless (gst_structure_has_field (one, "group"));
  three = ask_well (signaller, participants);
  fail_unless_equals_int (get_length (three, "participants"), 3);
  removed = ask_well (signaller, remove);
  wait_event (pipeline, "group:change");
  assert_refused (signaller, "groups.leave", "groups:3");
  wait_event (pipeline, "group:error");
  deleted = ask_well (signaller, delete);
  wait_event (pipeline, "group:delete");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_presence)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) updated =
      ask_well (signaller, "presence.update, status=Open, activity=Lunch");
  g_autoptr (GstStructure) own = NULL;
  g_autoptr (GstStructure) fetched = NULL;
  g_autoptr (GstStructure) presence = NULL;
  g_autoptr (GstStructure) got = NULL;
  g_autoptr (GstStructure) subscribed = NULL;
  g_autoptr (GstStructure) unsubscribed = NULL;

  wait_event (pipeline, "presence:selfChange");
  own = ask_well (signaller, "presence.getSelf");
  presence = get_member (own, "presence");
  fail_unless_equals_string (
      gst_structure_get_string (presence, "activity"), "Lunch");
  fetched =
      ask_well (signaller, "presence.fetch, user=\"alice@loopback.example\"");
  wait_event (pipeline, "presence:change");
  got = ask_well (signaller,
      "presence.get, user=(string)<\"alice@loopback.example\", \"x@y\">");
  fail_unless_equals_int (get_length (got, "presence"), 1);
  subscribed = ask_well (
      signaller, "presence.subscribe, users=\"bob@loopback.example\"");
  wait_event (pipeline, "presence:subscribe");
  unsubscribed = ask_well (
      signaller, "presence.unsubscribe, users=\"bob@loopback.example\"");
  wait_event (pipeline, "presence:unsubscribe");
  assert_refused (signaller, "presence.update, status=Ajar", "presence:1");
  assert_refused (signaller, "presence.fetch, user=(int)7", "presence:4");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_contacts)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) added = ask_well (signaller,
      "contacts.add, contact=[contact, contactId=c1, firstName=Zoe]");
  g_autoptr (GstStructure) updated = NULL;
  g_autoptr (GstStructure) refreshed = NULL;
  g_autoptr (GstStructure) got = NULL;
  g_autoptr (GstStructure) contact = NULL;
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) removed = NULL;

  wait_event (pipeline, "contacts:new");
  updated = ask_well (signaller,
      "contacts.update, contact=[contact, contactId=c1, firstName=Zora]");
  refreshed = ask_well (signaller, "contacts.refresh");
  got = ask_well (signaller, "contacts.get, contactId=c1");
  contact = get_member (got, "contact");
  fail_unless_equals_string (
      gst_structure_get_string (contact, "firstName"), "Zora");
  removed = ask_well (signaller, "contacts.remove, id=c1");
  all = ask_well (signaller, "contacts.getAll");
  fail_unless_equals_int (get_length (all, "contacts"), 0);
  assert_refused (signaller, "contacts.add", "users:4");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_users)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) fetched =
      ask_well (signaller, "user.fetch, userId=\"bob@loopback.example\"");
  g_autoptr (GstStructure) user = get_member (fetched, "user");
  g_autoptr (GstStructure) own = NULL;
  g_autoptr (GstStructure) found = NULL;

  wait_event (pipeline, "users:change");
  fail_unless_equals_string (
      gst_structure_get_string (user, "userId"), "bob@loopback.example");
  own = ask_well (signaller, "user.fetchSelfInfo");
  fail_unless (gst_structure_has_field (own, "user"));
  found = ask_well (signaller,
      "user.search, filters=[filters, phoneNumber=(string)1555], "
      "options=[options, max=(int)2]");
  fail_unless_equals_int (get_length (found, "results"), 2);
  fail_unless (gst_structure_get_string (found, "next") != NULL);
  assert_refused (signaller, "user.search", "users:3");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_bad_requests)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) stopped = NULL;

  assert_refused (signaller, "nonsense", "BAD_INPUT");
  assert_refused (signaller, "groups.nonsense", "BAD_INPUT");
  assert_refused (signaller, "call, destination=bob", "BAD_INPUT");
  assert_refused (signaller, "groups.create, name=(int)7", "groups:3");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  stopped = ask (signaller, "groups.getAll");
  fail_unless (gst_structure_has_field (stopped, "error"));

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

/* The platform does not take the password: what waits is answered, too */
GST_START_TEST (test_no_sign_on)
{
  GstElement *pipeline = fixture_launch (
      "kandysignaller name=sig server=%s username=alice@loopback.example "
      "password=wrong",
      fixture_uri);
  GstElement *signaller = gst_bin_get_by_name (GST_BIN (pipeline), "sig");
  g_autoptr (GstStructure) reply = NULL;
  g_autofree char *text = NULL;

  fixture_play (pipeline);
  reply = ask (signaller, "groups.fetch");
  fail_unless (gst_structure_has_field (reply, "error"));
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED, NULL);
  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

static Suite *
people_suite (void)
{
  Suite *suite = suite_create ("people");
  TCase *tc = tcase_create ("people");

  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_groups);
  tcase_add_test (tc, test_presence);
  tcase_add_test (tc, test_contacts);
  tcase_add_test (tc, test_users);
  tcase_add_test (tc, test_bad_requests);
  tcase_add_test (tc, test_no_sign_on);
  suite_add_tcase (suite, tc);
  return suite;
}

GST_CHECK_MAIN (people);
