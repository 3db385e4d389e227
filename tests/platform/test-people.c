/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST_ADD ("/people/groups/life", test_group_life);
  TEST_ADD ("/people/groups/access", test_group_access);
  TEST_ADD ("/people/groups/bad-input", test_group_bad_input);
  return g_test_run ();
}
