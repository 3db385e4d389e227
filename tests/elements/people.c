/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fixture.h"

/* SECTION: groups, presence, contacts and users of kandysignaller
 *
 * By the action signal "request", with the answers in promises, and the events
 * on the bus.
 */

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
  g_autoptr (GstStructure) created = fixture_ask_well (signaller,
      "groups.create, name=Roof, participants=(string)<"
      "\"bob@loopback.example\", \"carol@loopback.example\">");
  g_autoptr (GstStructure) group = fixture_get_member (created, "group");
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
  g_autoptr (GstStructure) fetched = NULL;

  /* so the vendor's client takes them */
  g_autoptr (GstStructure) other = fixture_ask_well (signaller,
      "groups.create, name=Shed, participants=(structure)<"
      "[participant, address=(string)\"bob@loopback.example\"]>");
  g_autoptr (GstStructure) shed = fixture_get_member (other, "group");
  g_autofree char *delete_shed = g_strdup_printf (
      "groups.delete, groupId=\"%s\"", gst_structure_get_string (shed, "id"));

  fail_unless_equals_int (fixture_get_length (shed, "participants"), 2);
  gst_structure_free (fixture_ask_well (signaller, delete_shed));
  fixture_wait_event (pipeline, "group:new");
  fail_unless_equals_string (gst_structure_get_string (group, "name"), "Roof");
  fail_unless_equals_int (fixture_get_length (group, "participants"), 3);
  all = fixture_ask_well (signaller, "groups.getAll");
  fail_unless_equals_int (fixture_get_length (all, "groups"), 1);
  one = fixture_ask_well (signaller, get);
  fail_unless (gst_structure_has_field (one, "group"));
  three = fixture_ask_well (signaller, participants);
  fail_unless_equals_int (fixture_get_length (three, "participants"), 3);
  removed = fixture_ask_well (signaller, remove);
  fixture_wait_event (pipeline, "group:change");
  fixture_assert_refused (signaller, "groups.leave", "groups:3");
  fixture_wait_event (pipeline, "group:error");
  deleted = fixture_ask_well (signaller, delete);
  fixture_wait_event (pipeline, "group:delete");
  fetched = fixture_ask_well (signaller, "groups.fetch");
  fixture_wait_event (pipeline, "group:refresh");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_presence)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) updated = fixture_ask_well (
      signaller, "presence.update, status=Open, activity=Lunch");
  g_autoptr (GstStructure) own = NULL;
  g_autoptr (GstStructure) fetched = NULL;
  g_autoptr (GstStructure) presence = NULL;
  g_autoptr (GstStructure) got = NULL;
  g_autoptr (GstStructure) subscribed = NULL;
  g_autoptr (GstStructure) unsubscribed = NULL;

  fixture_wait_event (pipeline, "presence:selfChange");
  own = fixture_ask_well (signaller, "presence.getSelf");
  presence = fixture_get_member (own, "presence");
  fail_unless_equals_string (
      gst_structure_get_string (presence, "activity"), "Lunch");
  fetched = fixture_ask_well (
      signaller, "presence.fetch, user=\"alice@loopback.example\"");
  fixture_wait_event (pipeline, "presence:change");
  got = fixture_ask_well (signaller,
      "presence.get, user=(string)<\"alice@loopback.example\", \"x@y\">");
  fail_unless_equals_int (fixture_get_length (got, "presence"), 1);
  subscribed = fixture_ask_well (
      signaller, "presence.subscribe, users=\"bob@loopback.example\"");
  fixture_wait_event (pipeline, "presence:subscribe");
  unsubscribed = fixture_ask_well (
      signaller, "presence.unsubscribe, users=\"bob@loopback.example\"");
  fixture_wait_event (pipeline, "presence:unsubscribe");
  fixture_assert_refused (
      signaller, "presence.update, status=Ajar", "presence:1");
  fixture_wait_event (pipeline, "presence:error");
  fixture_assert_refused (
      signaller, "presence.fetch, user=(int)7", "presence:4");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_contacts)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) added = fixture_ask_well (signaller,
      "contacts.add, contact=[contact, contactId=c1, firstName=Zoe]");
  g_autoptr (GstStructure) updated = NULL;
  g_autoptr (GstStructure) refreshed = NULL;
  g_autoptr (GstStructure) got = NULL;
  g_autoptr (GstStructure) contact = NULL;
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) removed = NULL;

  fixture_wait_event (pipeline, "contacts:new");
  fixture_wait_event (pipeline, "contacts:change");
  updated = fixture_ask_well (signaller,
      "contacts.update, contact=[contact, contactId=c1, firstName=Zora]");
  refreshed = fixture_ask_well (signaller, "contacts.refresh");
  got = fixture_ask_well (signaller, "contacts.get, contactId=c1");
  contact = fixture_get_member (got, "contact");
  fail_unless_equals_string (
      gst_structure_get_string (contact, "firstName"), "Zora");
  removed = fixture_ask_well (signaller, "contacts.remove, id=c1");
  all = fixture_ask_well (signaller, "contacts.getAll");
  fail_unless_equals_int (fixture_get_length (all, "contacts"), 0);
  fixture_assert_refused (signaller, "contacts.add", "users:4");
  fixture_wait_event (pipeline, "contacts:error");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

#define N_CONTACTS 500

/* The platform's next reply to a request for all contacts */
static void
set_contacts (void)
{
  g_autoptr (GString) fault =
      g_string_new ("{\"on\":\"request\",\"method\":\"GET\","
                    "\"path\":\"/contacts\",\"body\":"
                    "{\"contactCollection\":{\"contact\":[");
  guint i;

  for (i = 0; i < N_CONTACTS; i++)
    g_string_append_printf (fault,
        "%s{\"contactId\":\"c%u\",\"attributeList\":{\"attribute\":["
        "{\"name\":\"firstName\",\"value\":\"First%u\"}]}}",
        i ? "," : "", i, i);
  g_string_append (fault, "]}}}");
  fail_unless (kandy_loopback_set_fault (fixture_platform, fault->str, NULL));
}

typedef struct {
  GstElement *signaller;
  GstPromise *long_one, *short_one;
  int turns, long_turn, short_turn;
} Turns;

/* On the kandy thread, after the other threads' */
static void
note_long (GstPromise *promise, gpointer user_data)
{
  Turns *turns = user_data;

  turns->long_turn = ++turns->turns;
}

static void
note_short (GstPromise *promise, gpointer user_data)
{
  Turns *turns = user_data;

  turns->short_turn = ++turns->turns;
}

static void
ask (GstElement *signaller, const char *text, GstPromise *promise)
{
  g_autoptr (GstStructure) request = gst_structure_new_from_string (text);

  g_signal_emit_by_name (signaller, "request", request, promise);
}

/* On the kandy thread: both are asked before either is looked at */
static void
ask_both (GstPromise *promise, gpointer user_data)
{
  Turns *turns = user_data;

  ask (turns->signaller, "contacts.getAll", turns->long_one);
  ask (turns->signaller, "contacts.get, contactId=c7", turns->short_one);
}

/* What takes long lets through what does not, and is answered also when the
 * element stops meanwhile */
GST_START_TEST (test_many_contacts)
{
  Turns turns = { 0 };
  GstElement *pipeline = start (&turns.signaller);
  GstPromise *refreshed, *stopped;
  guint i;

  for (i = 0; i < 2; i++) {
    set_contacts ();
    turns.turns = 0;
    turns.long_one = gst_promise_new_with_change_func (note_long, &turns, NULL);
    turns.short_one =
        gst_promise_new_with_change_func (note_short, &turns, NULL);
    refreshed = gst_promise_new_with_change_func (ask_both, &turns, NULL);
    ask (turns.signaller, "contacts.refresh", refreshed);
    fail_unless_equals_int (
        gst_promise_wait (turns.long_one), GST_PROMISE_RESULT_REPLIED);
    fail_unless_equals_int (
        gst_promise_wait (turns.short_one), GST_PROMISE_RESULT_REPLIED);
    fail_unless_equals_int (
        fixture_get_length (gst_promise_get_reply (turns.long_one), "contacts"),
        N_CONTACTS);
    fail_unless (gst_structure_has_field (
        gst_promise_get_reply (turns.short_one), "contact"));
    gst_promise_unref (refreshed);

    if (i == 0) {
      stopped = gst_promise_new ();
      ask (turns.signaller, "contacts.getAll", stopped);
      gst_element_set_state (pipeline, GST_STATE_NULL);
      fail_unless_equals_int (
          gst_promise_wait (stopped), GST_PROMISE_RESULT_REPLIED);
      gst_promise_unref (stopped);
    } else {
      gst_element_set_state (pipeline, GST_STATE_NULL);
    }
    /* the kandy thread has ended, and what it has noted is seen here */
    fail_unless (turns.short_turn < turns.long_turn, "%d, %d", turns.short_turn,
        turns.long_turn);
    gst_promise_unref (turns.long_one);
    gst_promise_unref (turns.short_one);
    fixture_play (pipeline);
  }
  gst_object_unref (turns.signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_users)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) fetched = fixture_ask_well (
      signaller, "user.fetch, userId=\"bob@loopback.example\"");
  g_autoptr (GstStructure) user = fixture_get_member (fetched, "user");
  g_autoptr (GstStructure) own = NULL;
  g_autoptr (GstStructure) found = NULL;
  g_autoptr (GstStructure) failed = NULL;

  fixture_wait_event (pipeline, "users:change");
  fail_unless_equals_string (
      gst_structure_get_string (user, "userId"), "bob@loopback.example");
  own = fixture_ask_well (signaller, "user.fetchSelfInfo");
  fail_unless (gst_structure_has_field (own, "user"));
  found = fixture_ask_well (signaller,
      "user.search, filters=[filters, phoneNumber=(string)1555], "
      "options=[options, max=(int)2]");
  fail_unless_equals_int (fixture_get_length (found, "results"), 2);
  fail_unless (gst_structure_get_string (found, "next") != NULL);
  fixture_wait_event (pipeline, "directory:change");
  fixture_assert_refused (signaller, "user.search", "users:3");
  fixture_wait_event (pipeline, "directory:error");
  fail_unless (kandy_loopback_set_fault (fixture_platform,
      "{\"on\":\"request\",\"path\":\"/directory/\",\"status\":500}", NULL));
  failed =
      fixture_ask (signaller, "user.fetch, userId=\"bob@loopback.example\"");
  fail_unless (gst_structure_has_field (failed, "error"));
  fixture_wait_event (pipeline, "users:error");

  gst_object_unref (signaller);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_bad_requests)
{
  GstElement *signaller;
  GstElement *pipeline = start (&signaller);
  g_autoptr (GstStructure) stopped = NULL;

  fixture_assert_refused (signaller, "nonsense", "BAD_INPUT");
  fixture_assert_refused (signaller, "groups.nonsense", "BAD_INPUT");
  fixture_assert_refused (signaller, "call, destination=bob", "BAD_INPUT");
  fixture_assert_refused (signaller, "groups.create, name=(int)7", "groups:3");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  stopped = fixture_ask (signaller, "groups.getAll");
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
  reply = fixture_ask (signaller, "groups.fetch");
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
  tcase_add_test (tc, test_many_contacts);
  tcase_add_test (tc, test_users);
  tcase_add_test (tc, test_bad_requests);
  tcase_add_test (tc, test_no_sign_on);
  suite_add_tcase (suite, tc);
  return suite;
}

GST_CHECK_MAIN (people);
