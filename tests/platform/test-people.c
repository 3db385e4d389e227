/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "test-client.h"

/* Groups, presence, address book and directory (protocol messaging 3 to 7) */

#define ALICE "alice@loopback.example"
#define BOB "bob@loopback.example"
#define CAROL "carol@loopback.example"
#define GROUPS "/cpaas/chat/v1/%u/group"

/* A device of a user that hears of @services: paths and wrappers */
static TestClient *
online (TestFixture *fixture, const char *address)
{
  TestClient *client = test_client_online (fixture->loopback, address);
  g_autofree char *body =
      g_strdup_printf ("{'chatNotificationSubscription':{'callbackReference':"
                       "{'notifyURL':'%s'}}}",
          client->callback);

  g_assert_cmpuint (test_client_get_status (client, "POST",
                        "/cpaas/chat/v1/%u/subscriptions", body),
      ==, 201);
  return client;
}

/* Alice's group with Bob and Carol invited; returns its id */
static char *
make_group (TestClient *alice)
{
  g_autoptr (TestReply) reply = test_client_send (alice, "POST", GROUPS,
      "{'groupChatSessionInformation':{'participant':["
      "{'address':'Alice@loopback.example','x-isAdmin':true},"
      "{'address':'BOB@loopback.example','x-isAdmin':false},"
      "{'address':'carol','x-isAdmin':false}],'x-name':'Roof',"
      "'subject':'Repair','x-type':'closed'}}");
  const char *url;

  g_assert_cmpuint (reply->status, ==, 201);
  url =
      test_get_string (reply->body, "groupChatSessionInformation.resourceURL");
  return g_strdup (strrchr (url, '/') + 1);
}

static guint
group_request (TestClient *client, const char *method, const char *id,
    const char *tail, const char *body)
{
  g_autofree char *path = g_strconcat (GROUPS "/", id, tail, NULL);

  return test_client_get_status (client, method, path, body);
}

/* "alice:Connected:admin bob:Invited" */
static char *
describe (TestClient *client, const char *id)
{
  g_autofree char *path = g_strconcat (GROUPS "/", id, NULL);
  g_autoptr (TestReply) reply = test_client_send (client, "GET", path, NULL);
  GString *text = g_string_new (NULL);
  JsonArray *array;
  guint i;

  g_assert_cmpuint (reply->status, ==, 200);
  array =
      json_object_get_array_member (json_object_get_object_member (reply->body,
                                        "groupChatSessionInformation"),
          "participant");
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonObject *object = json_array_get_object_element (array, i);
    const char *address = test_get_string (object, "address");

    g_string_append_printf (text, "%s%.*s:%s%s", i ? " " : "",
        (int) strcspn (address, "@"), address,
        test_get_string (object, "status"),
        json_object_get_boolean_member (object, "x-isAdmin") ? ":admin" : "");
  }
  return g_string_free (text, FALSE);
}

/* The next notification is about a participant: "bob:Connected" */
static void
expect_status (TestClient *client, const char *expected)
{
  g_autoptr (JsonObject) object =
      test_client_next (client, "chatParticipantStatusNotification");
  JsonObject *participant = json_array_get_object_element (
      json_object_get_array_member (object, "participant"), 0);
  const char *address = test_get_string (participant, "address");
  g_autofree char *text =
      g_strdup_printf ("%.*s:%s", (int) strcspn (address, "@"), address,
          test_get_string (participant, "status"));

  g_assert_cmpstr (text, ==, expected);
}

static void
expect_event (TestClient *client, const char *expected, const char *id)
{
  g_autoptr (JsonObject) object =
      test_client_next (client, "chatEventNotification");
  JsonObject *link = json_array_get_object_element (
      json_object_get_array_member (object, "link"), 0);

  g_assert_cmpstr (test_get_string (object, "eventType"), ==, expected);
  g_assert_cmpstr (
      test_get_string (link, "rel"), ==, "groupChatSessionInformation");
  g_assert_true (g_str_has_suffix (test_get_string (link, "href"), id));
}

static void
expect_invitation (TestClient *client)
{
  g_autoptr (JsonObject) object =
      test_client_next (client, "groupChatSessionInvitationNotification");

  g_assert_cmpstr (test_get_string (object, "x-name"), ==, "Roof");
  g_assert_cmpstr (test_get_string (object, "subject"), ==, "Repair");
  g_assert_nonnull (json_object_get_array_member (object, "participant"));
}

static void
expect_nothing (TestClient *client)
{
  test_iterate_for (60);
  g_assert_cmpuint (client->frames.length, ==, 0);
}

static void
test_group_life (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) alice_too = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) bob_too = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  g_autofree char *id = make_group (alice);
  g_autofree char *made = describe (alice, id);
  g_autofree char *joined = NULL;

  g_assert_cmpstr (made, ==, "alice:Connected:admin bob:Invited carol:Invited");
  expect_status (alice, "alice:Connected");
  expect_status (alice_too, "alice:Connected");
  expect_invitation (bob);
  expect_invitation (bob_too);
  expect_invitation (carol);

  /* who is invited does not see the group yet */
  g_assert_cmpuint (group_request (bob, "GET", id, "", NULL), ==, 404);
  g_assert_cmpuint (group_request (bob, "PUT", id,
                        "/participants/bob@loopback.example/status",
                        "{'participantSessionStatus':{'status':'Connected'}}"),
      ==, 200);
  expect_status (alice, "bob:Connected");
  expect_status (alice_too, "bob:Connected");
  expect_status (bob, "bob:Connected");
  expect_status (bob_too, "bob:Connected");
  joined = describe (bob, id);
  g_assert_cmpstr (
      joined, ==, "alice:Connected:admin bob:Connected carol:Invited");

  /* Carol rejects */
  g_assert_cmpuint (group_request (carol, "DELETE", id,
                        "/participants/carol@loopback.example", NULL),
      ==, 204);
  expect_status (alice, "carol:Disconnected");
  expect_status (bob, "carol:Disconnected");
  expect_status (carol, "carol:Disconnected");

  /* and is invited again, and then removed */
  g_assert_cmpuint (
      group_request (alice, "POST", id, "/participants",
          "{'participantInformation':{'address':'carol@loopback.example'}}"),
      ==, 201);
  expect_status (alice, "carol:Invited");
  expect_status (bob, "carol:Invited");
  expect_invitation (carol);
  g_assert_cmpuint (group_request (alice, "DELETE", id,
                        "/participants/carol@loopback.example", NULL),
      ==, 204);
  expect_status (alice, "carol:Disconnected");
  expect_status (bob, "carol:Disconnected");
  expect_event (carol, "SessionCancelled", id);

  /* the administrator cannot leave, only end it */
  g_assert_cmpuint (group_request (alice, "DELETE", id,
                        "/participants/alice@loopback.example", NULL),
      ==, 403);
  g_assert_cmpuint (group_request (alice, "DELETE", id, "", NULL), ==, 204);
  expect_event (alice, "SessionEnded", id);
  expect_event (bob, "SessionEnded", id);
  expect_nothing (carol);
  g_assert_cmpuint (group_request (alice, "GET", id, "", NULL), ==, 404);
}

/* Nobody learns of, or changes, a group that is not theirs */
static void
test_group_access (TestFixture *fixture, gconstpointer data)
{
  static const char add_bob[] =
      "{'participantInformation':{'address':'bob@loopback.example'}}";
  static const char connect[] =
      "{'participantSessionStatus':{'status':'Connected'}}";
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  g_autoptr (TestReply) list = NULL;
  g_autoptr (TestReply) reply = test_client_send (alice, "POST", GROUPS,
      "{'groupChatSessionInformation':{'x-name':'Roof','participant':["
      "{'address':'bob@loopback.example'}]}}");
  const char *url =
      test_get_string (reply->body, "groupChatSessionInformation.resourceURL");
  g_autofree char *id = g_strdup (strrchr (url, '/') + 1);

  /* Carol is a stranger to it */
  g_assert_cmpuint (group_request (carol, "GET", id, "", NULL), ==, 404);
  g_assert_cmpuint (group_request (carol, "DELETE", id, "", NULL), ==, 404);
  g_assert_cmpuint (
      group_request (carol, "GET", id, "/participants", NULL), ==, 404);
  g_assert_cmpuint (
      group_request (carol, "POST", id, "/participants", add_bob), ==, 404);
  g_assert_cmpuint (group_request (carol, "PUT", id,
                        "/participants/carol@loopback.example/status", connect),
      ==, 404);
  list = test_client_send (carol, "GET", GROUPS, NULL);
  g_assert_cmpuint (list->status, ==, 200);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                        json_object_get_object_member (
                            list->body, "groupChatSessionInformationList"),
                        "groupChatSessionInformation")),
      ==, 0);
  expect_nothing (carol);

  /* Bob is invited: that is all */
  g_assert_cmpuint (
      group_request (bob, "POST", id, "/participants", add_bob), ==, 404);
  g_assert_cmpuint (group_request (bob, "DELETE", id, "", NULL), ==, 404);
  g_assert_cmpuint (group_request (bob, "DELETE", id,
                        "/participants/alice@loopback.example", NULL),
      ==, 403);
  g_assert_cmpuint (group_request (bob, "PUT", id,
                        "/participants/alice@loopback.example/status", connect),
      ==, 403);

  /* he joins: still no administrator */
  g_assert_cmpuint (group_request (bob, "PUT", id,
                        "/participants/bob@loopback.example/status", connect),
      ==, 200);
  g_assert_cmpuint (group_request (bob, "DELETE", id, "", NULL), ==, 403);
  g_assert_cmpuint (
      group_request (bob, "POST", id, "/participants", add_bob), ==, 403);
  g_assert_cmpuint (group_request (bob, "DELETE", id,
                        "/participants/alice@loopback.example", NULL),
      ==, 403);

  /* he leaves: it is gone, also for coming back uninvited */
  g_assert_cmpuint (group_request (bob, "DELETE", id,
                        "/participants/bob@loopback.example", NULL),
      ==, 204);
  g_assert_cmpuint (group_request (bob, "GET", id, "", NULL), ==, 404);
  g_assert_cmpuint (group_request (bob, "PUT", id,
                        "/participants/bob@loopback.example/status", connect),
      ==, 404);
}

static void
test_group_bad_input (TestFixture *fixture, gconstpointer data)
{
  static const char *const bodies[] = {
    "{}",
    "[]",
    "{'groupChatSessionInformation':[]}",
    "{'groupChatSessionInformation':{}}",
    "{'groupChatSessionInformation':{'x-name':''}}",
    "{'groupChatSessionInformation':{'x-name':7}}",
    "{'groupChatSessionInformation':{'x-name':'R','subject':[]}}",
    "{'groupChatSessionInformation':{'x-name':'R','x-type':'open'}}",
    "{'groupChatSessionInformation':{'x-name':'R','participant':{}}}",
    "{'groupChatSessionInformation':{'x-name':'R','participant':[7]}}",
    "{'groupChatSessionInformation':{'x-name':'R','participant':[{}]}}",
    "{'groupChatSessionInformation':{'x-name':'R','participant':"
    "[{'address':'a/../b'}]}}",
    "{'groupChatSessionInformation':{'x-name':'R','participant':"
    "[{'address':'@x'}]}}",
  };
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autofree char *id = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bodies); i++)
    g_assert_cmpuint (
        test_client_get_status (alice, "POST", GROUPS, bodies[i]), ==, 400);
  id = make_group (alice);
  g_assert_cmpuint (
      group_request (alice, "POST", id, "/participants", "{}"), ==, 400);
  g_assert_cmpuint (group_request (alice, "PUT", id,
                        "/participants/alice@loopback.example/status",
                        "{'participantSessionStatus':{'status':'Gone'}}"),
      ==, 400);
  g_assert_cmpuint (group_request (alice, "DELETE", id,
                        "/participants/zed@loopback.example", NULL),
      ==, 404);
  g_assert_cmpuint (group_request (alice, "PUT", id, "", "{}"), ==, 405);
  g_assert_cmpuint (
      group_request (alice, "GET", id, "/nonsense", NULL), ==, 404);
  g_assert_cmpuint (
      test_client_get_status (alice, "PUT", GROUPS, "{}"), ==, 405);
}

#define CONTACTS "/cpaas/addressbook/v1/%u/default/contacts"
#define SEARCH "/cpaas/directory/v1/%u/default/search"
#define PRESENCE "/cpaas/presence/v1/%u/"

/* Subscribes to presence; returns the path of the list of watched users */
static char *
watch_list (TestClient *client)
{
  g_autoptr (TestReply) list =
      test_client_send (client, "POST", PRESENCE "presenceLists",
          "{'presenceList':{'x-listName':'myList','presenceContact':[]}}");
  const char *url = test_get_string (list->body, "presenceList.resourceURL");
  g_autofree char *path =
      g_strdup_printf ("/cpaas/presence/v1/%%u/subscriptions/"
                       "presenceListSubscriptions/%s",
          strrchr (url, '/') + 1);
  g_autofree char *body =
      g_strdup_printf ("{'presenceListSubscription':{'callbackReference':"
                       "{'notifyURL':'%s'},'duration':86400}}",
          client->callback);

  g_assert_cmpuint (
      test_client_get_status (client, "POST", path, body), ==, 201);
  return g_strdup (url);
}

static guint
watch (TestClient *client, const char *method, const char *list,
    const char *address)
{
  g_autofree char *path =
      g_strdup_printf ("%s/presenceContacts/%s", list, address);

  return test_client_get_status (client, method, path,
      g_str_equal (method, "PUT") ? "{'presenceContact':{}}" : NULL);
}

static void
publish (TestClient *client, const char *activity)
{
  g_autofree char *body =
      g_strdup_printf ("{'presenceSource':{'presence':{'person':{'activities':"
                       "{'activityValue':'%s'}}}}}",
          activity);

  g_assert_cmpuint (
      test_client_get_status (client, "POST", PRESENCE "presenceSources", body),
      ==, 201);
}

static void
expect_presence (TestClient *client, const char *address, const char *activity)
{
  g_autoptr (JsonObject) object =
      test_client_next (client, "presenceNotification");

  g_assert_cmpstr (test_get_string (object, "presentityUserId"), ==, address);
  g_assert_cmpstr (
      test_get_string (object, "presence.person.activities.activityValue"), ==,
      activity);
}

static void
test_presence (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) alice_too = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  g_autofree char *list = watch_list (alice);
  g_autofree char *same = watch_list (alice_too);
  g_autofree char *carols = watch_list (carol);
  g_autoptr (TestReply) reply = NULL;

  g_assert_cmpstr (list, ==, same);
  publish (bob, "Lunch");
  g_assert_cmpuint (watch (alice, "PUT", list, BOB), ==, 201);
  expect_presence (alice, BOB, "Lunch");
  expect_presence (alice_too, BOB, "Lunch");
  publish (bob, "Busy");
  expect_presence (alice, BOB, "Busy");
  expect_presence (alice_too, BOB, "Busy");

  /* who does not watch does not hear, and cannot watch in another's name */
  expect_nothing (carol);
  g_assert_cmpuint (watch (carol, "PUT", list, BOB), ==, 403);
  {
    g_autofree char *name =
        g_strconcat (PRESENCE "presenceLists/", strrchr (list, '/') + 1, NULL);

    g_assert_cmpuint (watch (carol, "PUT", name, BOB), ==, 404);
    g_assert_cmpuint (
        test_client_get_status (carol, "GET", name, NULL), ==, 404);
  }
  expect_nothing (carol);

  g_assert_cmpuint (watch (alice, "DELETE", list, BOB), ==, 204);
  g_assert_cmpuint (watch (alice, "DELETE", list, BOB), ==, 404);
  publish (bob, "Available");
  expect_nothing (alice);
  expect_nothing (alice_too);

  reply = test_client_send (alice, "POST", PRESENCE "adhocPresenceList",
      "{'adhocPresenceList':{'presentityUserId':"
      "['bob@loopback.example','zed@loopback.example']}}");
  g_assert_cmpuint (reply->status, ==, 200);
  g_assert_nonnull (strstr (reply->text, "Available"));
}

static void
test_presence_bad_input (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autofree char *list = watch_list (alice);
  static const char *const sources[] = { "{}", "{'presenceSource':7}",
    "{'presenceSource':{'presence':{'person':{}}}}",
    "{'presenceSource':{'presence':{'person':{'activities':"
    "{'activityValue':7}}}}}" };
  static const char *const lists[] = { "{}", "{'adhocPresenceList':{}}",
    "{'adhocPresenceList':{'presentityUserId':[]}}",
    "{'adhocPresenceList':{'presentityUserId':[7]}}",
    "{'adhocPresenceList':{'presentityUserId':['a/b']}}" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sources); i++)
    g_assert_cmpuint (test_client_get_status (alice, "POST",
                          PRESENCE "presenceSources", sources[i]),
        ==, 400);
  for (i = 0; i < G_N_ELEMENTS (lists); i++)
    g_assert_cmpuint (test_client_get_status (alice, "POST",
                          PRESENCE "adhocPresenceList", lists[i]),
        ==, 400);
  g_assert_cmpuint (watch (alice, "PUT", list, "a,b"), ==, 400);
  g_assert_cmpuint (watch (alice, "GET", list, BOB), ==, 405);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", PRESENCE "nonsense", NULL), ==,
      404);
}

/* A subscription that is not renewed comes to its end */
static void
test_presence_expiry (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autofree char *list = NULL;

  test_set_fault (fixture, "{'set':{'presenceLifetime':1}}");
  list = watch_list (alice);
  g_assert_cmpuint (
      kandy_loopback_count_subscriptions (fixture->loopback, ALICE), ==, 3);
  /* another subscription of the same device is the same one */
  g_free (list);
  list = watch_list (alice);
  g_assert_cmpuint (
      kandy_loopback_count_subscriptions (fixture->loopback, ALICE), ==, 3);
  test_wait_until (
      kandy_loopback_count_subscriptions (fixture->loopback, ALICE) == 2);
}

static void
test_contacts (TestFixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "{}", "{'contact':{}}",
    "{'contact':{'contactId':'','attributeList':{'attribute':[]}}}",
    "{'contact':{'contactId':7,'attributeList':{'attribute':[]}}}",
    "{'contact':{'contactId':'a/b','attributeList':{'attribute':[]}}}",
    "{'contact':{'attributeList':{'attribute':{}}}}",
    "{'contact':{'attributeList':{'attribute':[7]}}}",
    "{'contact':{'attributeList':{'attribute':[{'name':'a'}]}}}",
    "{'contact':{'attributeList':{'attribute':[{'name':'','value':''}]}}}" };
  static const char one[] =
      "{'contact':{'contactId':'c1','attributeList':"
      "{'attribute':[{'name':'firstName','value':'Z'}]}}}";
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestReply) list = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpuint (
        test_client_get_status (alice, "POST", CONTACTS, bad[i]), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (alice, "POST", CONTACTS, one), ==, 201);
  g_assert_cmpuint (
      test_client_get_status (alice, "POST", CONTACTS, one), ==, 409);
  g_assert_cmpuint (
      test_client_get_status (alice, "PUT", CONTACTS "/c1", "{}"), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (alice, "PUT", CONTACTS "/c2", one), ==, 404);

  /* nothing of it is another user's */
  g_assert_cmpuint (
      test_client_get_status (bob, "GET", CONTACTS "/c1", NULL), ==, 404);
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", CONTACTS "/c1", NULL), ==, 404);
  list = test_client_send (bob, "GET", CONTACTS, NULL);
  g_assert_null (strstr (list->text, "c1"));
  g_assert_cmpuint (
      test_client_get_status (bob, "POST", CONTACTS, one), ==, 201);
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", CONTACTS "/c1", NULL), ==, 204);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", CONTACTS "/c1", NULL), ==, 200);
}

static void
test_directory (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestReply) all = NULL;
  g_autoptr (TestReply) none = NULL;
  GError *error = NULL;

  kandy_loopback_add_account (
      fixture->loopback, "dave@elsewhere.example", "x", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", SEARCH, NULL), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", SEARCH "?name=a&max=0", NULL), ==,
      400);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", SEARCH "?name=a&next=x", NULL), ==,
      400);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", SEARCH "?name=a&order=up", NULL),
      ==, 400);
  all = test_client_send (alice, "GET", SEARCH "?phoneNumber=1555", NULL);
  g_assert_nonnull (strstr (all->text, BOB));
  /* of another domain nothing is seen */
  g_assert_null (strstr (all->text, "elsewhere"));
  none = test_client_send (alice, "GET", SEARCH "?userName=dave", NULL);
  g_assert_cmpuint (none->status, ==, 200);
  g_assert_null (strstr (none->text, "dave"));
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    g_remove (child);
  }
  g_rmdir (path);
}

/* What is kept outlives the platform, if it has a file */
static void
test_store (TestFixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_dir_make_tmp ("kandy-people-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "store", NULL);
  g_autofree char *id = NULL;
  guint round;

  for (round = 0; round < 2; round++) {
    g_autoptr (TestClient) alice = NULL;
    GError *error = NULL;

    kandy_loopback_stop (fixture->loopback);
    kandy_loopback_set_store (fixture->loopback, path, &error);
    g_assert_no_error (error);
    kandy_loopback_start (fixture->loopback, "127.0.0.1", 0, &error);
    g_assert_no_error (error);
    alice = online (fixture, ALICE);
    if (round == 0) {
      id = make_group (alice);
      g_assert_cmpuint (test_client_get_status (alice, "POST", CONTACTS,
                            "{'contact':{'contactId':'c1','attributeList':{'"
                            "attribute':[]}}}"),
          ==, 201);
    } else {
      g_autofree char *text = describe (alice, id);

      g_assert_cmpstr (
          text, ==, "alice:Connected:admin bob:Invited carol:Invited");
      g_assert_cmpuint (
          test_client_get_status (alice, "GET", CONTACTS "/c1", NULL), ==, 200);
    }
  }
  kandy_loopback_stop (fixture->loopback);
  remove_tree (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST_ADD ("/people/groups/life", test_group_life);
  TEST_ADD ("/people/groups/access", test_group_access);
  TEST_ADD ("/people/groups/bad-input", test_group_bad_input);
  TEST_ADD ("/people/presence", test_presence);
  TEST_ADD ("/people/presence/bad-input", test_presence_bad_input);
  TEST_ADD ("/people/presence/expiry", test_presence_expiry);
  TEST_ADD ("/people/contacts", test_contacts);
  TEST_ADD ("/people/directory", test_directory);
  TEST_ADD ("/people/store", test_store);
  return g_test_run ();
}
