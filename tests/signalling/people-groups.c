/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "people-fixture.h"

/* Groups: protocol messaging 3 and trace 3 of its section 7.3 */

static KandyGroups *
groups_of (Session *session)
{
  return kandy_client_get_groups (session->client);
}

static KandyGroup *
make_group (Session *session, const char *const *participants)
{
  g_autoptr (GError) error = NULL;
  KandyGroup *group = PEOPLE_RUN (groups_of (session), kandy_groups_create,
      &error, "Roof", participants, "Repair", "https://img.example/roof.png");

  g_assert_no_error (error);
  g_assert_nonnull (group);
  people_expect (session, "group:new");
  return group;
}

/* "alice:Connected:admin bob:Invited" */
static char *
describe (Session *session, const char *id)
{
  GListModel *list = kandy_groups_get_participants (groups_of (session), id);
  GString *text = g_string_new (NULL);
  guint i;

  g_assert_nonnull (list);
  for (i = 0; i < g_list_model_get_n_items (list); i++) {
    g_autoptr (KandyGroupParticipant) participant =
        g_list_model_get_item (list, i);
    const char *address = kandy_group_participant_get_address (participant);

    g_string_append_printf (text, "%s%.*s:%s%s", i ? " " : "",
        (int) strcspn (address, "@"), address,
        kandy_group_participant_get_status (participant),
        kandy_group_participant_is_admin (participant) ? ":admin" : "");
  }
  return g_string_free (text, FALSE);
}

#define assert_participants(session, id, expected)                             \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree char *text_ = describe (session, id);                           \
    g_assert_cmpstr (text_, ==, expected);                                     \
  }                                                                            \
  G_STMT_END

static void
test_life (void)
{
  static const char *const both[] = { BOB, CAROL, NULL };
  Session *alice = people_start ("chat");
  Session *alice_too = people_join (alice, ALICE, "chat");
  Session *bob = people_join (alice, BOB, "chat");
  Session *carol = people_join (alice, CAROL, "chat");
  g_autoptr (KandyGroup) group = make_group (alice, both);
  const char *id = kandy_group_get_id (group);
  g_autoptr (GError) error = NULL;
  KandyGroup *invitation;

  g_assert_true (kandy_groups_get (groups_of (alice), id) == group);
  g_assert_cmpstr (kandy_group_get_name (group), ==, "Roof");
  g_assert_cmpstr (kandy_group_get_subject (group), ==, "Repair");
  g_assert_cmpstr (
      kandy_group_get_image (group), ==, "https://img.example/roof.png");
  assert_participants (
      alice, id, "alice:Connected:admin bob:Invited carol:Invited");
  people_expect (alice_too, "group:new");
  people_expect (bob, "group:invitation_received");
  people_expect (carol, "group:invitation_received");

  invitation = kandy_groups_get_invitation (groups_of (bob), id);
  g_assert_nonnull (invitation);
  g_assert_cmpstr (kandy_group_get_name (invitation), ==, "Roof");
  g_assert_null (kandy_groups_get (groups_of (bob), id));
  g_assert_cmpuint (
      g_list_model_get_n_items (kandy_groups_get_invitations (groups_of (bob))),
      ==, 1);

  g_assert_true (
      PEOPLE_RUN (groups_of (bob), kandy_groups_accept_invitation, &error, id));
  g_assert_no_error (error);
  people_expect (bob, "group:change");
  people_expect (alice, "group:change");
  people_expect (alice_too, "group:change");
  assert_participants (
      alice, id, "alice:Connected:admin bob:Connected carol:Invited");
  assert_participants (
      bob, id, "alice:Connected:admin bob:Connected carol:Invited");
  g_assert_cmpuint (
      g_list_model_get_n_items (kandy_groups_get_invitations (groups_of (bob))),
      ==, 0);

  g_assert_true (PEOPLE_RUN (
      groups_of (carol), kandy_groups_reject_invitation, &error, id));
  g_assert_no_error (error);
  people_expect (carol, "group:change");
  people_expect (alice, "group:change");
  people_expect (bob, "group:change");
  g_assert_null (kandy_groups_get_invitation (groups_of (carol), id));

  g_assert_true (PEOPLE_RUN (
      groups_of (alice), kandy_groups_add_participant, &error, id, CAROL));
  g_assert_no_error (error);
  people_expect (carol, "group:invitation_received");
  people_expect (bob, "group:change");
  /* what is told of it is not to come after what follows */
  WAIT (alice->n_notifications == 4);
  people_expect (alice, "group:change");
  g_assert_true (PEOPLE_RUN (
      groups_of (alice), kandy_groups_remove_participant, &error, id, CAROL));
  g_assert_no_error (error);
  people_expect (carol, "group:change");
  people_expect (bob, "group:change");
  WAIT (alice->n_notifications == 5);
  people_expect (alice, "group:change");
  people_expect (alice_too, "group:change group:change group:change");
  g_assert_true (
      PEOPLE_RUN (groups_of (alice), kandy_groups_delete, &error, id));
  g_assert_no_error (error);
  people_expect (alice, "group:delete");
  people_expect (alice_too, "group:delete");
  people_expect (bob, "group:delete");
  g_assert_null (kandy_groups_get (groups_of (bob), id));
  SETTLE_MS (60);
  session_assert_events (carol, "");
  session_assert_events (alice, "");

  session_free (carol);
  session_free (bob);
  session_free (alice_too);
  session_free (alice);
}

/* What one device does, the user's other one knows */
static void
test_devices (void)
{
  static const char *const invited[] = { BOB, NULL };
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  Session *bob_too = people_join (alice, BOB, "chat");
  g_autoptr (KandyGroup) group = make_group (alice, invited);
  const char *id = kandy_group_get_id (group);
  g_autoptr (GError) error = NULL;

  people_expect (bob, "group:invitation_received");
  people_expect (bob_too, "group:invitation_received");
  PEOPLE_RUN (groups_of (bob), kandy_groups_accept_invitation, &error, id);
  g_assert_no_error (error);
  people_expect (bob_too, "group:change");
  g_assert_nonnull (kandy_groups_get (groups_of (bob_too), id));
  g_assert_null (kandy_groups_get_invitation (groups_of (bob_too), id));
  people_expect (bob, "group:change");

  g_assert_true (
      PEOPLE_RUN (groups_of (bob_too), kandy_groups_leave, &error, id));
  people_expect (bob_too, "group:change");
  people_expect (bob, "group:change");
  g_assert_null (kandy_groups_get (groups_of (bob), id));
  g_assert_null (kandy_groups_get (groups_of (bob_too), id));

  session_free (bob_too);
  session_free (bob);
  session_free (alice);
}

static void
count_change (GListModel *model, guint position, guint removed, guint added,
    gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_fetch (void)
{
  Session *alice = people_start (NULL);
  Session *other = people_join (alice, ALICE, NULL);
  g_autoptr (KandyGroup) group = make_group (alice, NULL);
  g_autoptr (KandyGroup) second = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;
  guint n_changes = 0;

  g_signal_connect (groups_of (other), "items-changed",
      G_CALLBACK (count_change), &n_changes);
  g_assert_true (PEOPLE_RUN (groups_of (other), kandy_groups_fetch, &error));
  people_expect (other, "group:refresh");
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (groups_of (other))), ==, 1);

  /* what is known stays the object that it is */
  second = make_group (alice, NULL);
  g_set_object (
      &group, kandy_groups_get (groups_of (other), kandy_group_get_id (group)));
  PEOPLE_RUN (groups_of (other), kandy_groups_fetch, &error);
  all = kandy_groups_get_all (groups_of (other));
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_true (
      kandy_groups_get (groups_of (other), kandy_group_get_id (group))
      == group);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (groups_of (other)))
      == KANDY_TYPE_GROUP);

  session_free (other);
  session_free (alice);
}

static void
assert_refused (Session *session, GError **error, const char *code)
{
  g_autofree char *expected = g_strdup_printf ("group:error(%s)", code);

  g_assert_nonnull (*error);
  g_assert_cmpstr (kandy_error_get_platform_code (*error), ==, code);
  people_expect (session, expected);
  g_clear_error (error);
}

/* One group:error for each failure, and no other event */
static void
test_errors (void)
{
  static const char *const empty[] = { "", NULL };
  Session *alice = people_start (NULL);
  Session *nobody =
      session_new_for_port (kandy_loopback_get_port (alice->loopback), NULL);
  KandyGroups *groups = groups_of (alice);
  g_autoptr (GError) error = NULL;

  kandy_loopback_reset_counts (alice->loopback);
  g_assert_null (
      PEOPLE_RUN (groups, kandy_groups_create, &error, "", NULL, NULL, NULL));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  assert_refused (alice, &error, "groups:3");
  g_assert_null (
      PEOPLE_RUN (groups, kandy_groups_create, &error, "x", empty, NULL, NULL));
  assert_refused (alice, &error, "groups:3");
  g_assert_null (PEOPLE_RUN (
      groups, kandy_groups_create, &error, "x", NULL, "\xff", NULL));
  assert_refused (alice, &error, "groups:3");
  g_assert_false (PEOPLE_RUN (groups, kandy_groups_leave, &error, ""));
  assert_refused (alice, &error, "groups:3");
  g_assert_false (
      PEOPLE_RUN (groups, kandy_groups_add_participant, &error, "g", NULL));
  assert_refused (alice, &error, "groups:3");
  g_assert_false (
      PEOPLE_RUN (groups, kandy_groups_remove_participant, &error, "g", ""));
  assert_refused (alice, &error, "groups:3");
  g_assert_cmpuint (
      kandy_loopback_count_requests (alice->loopback, "*", "/"), ==, 0);

  /* the platform's own */
  g_assert_false (
      PEOPLE_RUN (groups, kandy_groups_accept_invitation, &error, "g-1"));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 404);
  assert_refused (alice, &error, "SVC0002");
  g_assert_false (PEOPLE_RUN (groups, kandy_groups_delete, &error, "../x"));
  assert_refused (alice, &error, "SVC0002");
  g_assert_false (PEOPLE_RUN (groups, kandy_groups_delete, &error, ".."));
  g_clear_error (&error);
  session_clear_events (alice);
  g_assert_null (kandy_groups_get (groups, "g-1"));

  g_assert_false (PEOPLE_RUN (groups_of (nobody), kandy_groups_fetch, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  assert_refused (nobody, &error, "authentication:1");

  session_free (nobody);
  session_free (alice);
}

/* The second request of an acceptance fails: nothing has changed here */
static void
test_half_accepted (void)
{
  static const char *const invited[] = { BOB, NULL };
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  g_autoptr (KandyGroup) group = make_group (alice, invited);
  const char *id = kandy_group_get_id (group);
  g_autoptr (GError) error = NULL;

  people_expect (bob, "group:invitation_received");
  session_fault (alice,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/group/\","
      "\"status\":500}");
  session_fault (alice,
      "{\"on\":\"notification\",\"user\":\"bob@loopback.example\","
      "\"drop\":true}");
  g_assert_false (
      PEOPLE_RUN (groups_of (bob), kandy_groups_accept_invitation, &error, id));
  assert_refused (bob, &error, "500");
  g_assert_nonnull (kandy_groups_get_invitation (groups_of (bob), id));
  g_assert_null (kandy_groups_get (groups_of (bob), id));

  kandy_loopback_clear_faults (alice->loopback);
  g_assert_true (
      PEOPLE_RUN (groups_of (bob), kandy_groups_accept_invitation, &error, id));
  people_expect (bob, "group:change");

  session_free (bob);
  session_free (alice);
}

static void
test_bad_replies (void)
{
  static const char *const replies[] = { "", "[]", "{}", "null", "<html>",
    "{'groupChatSessionInformation':7}", "{'groupChatSessionInformation':{}}",
    "{'groupChatSessionInformation':{'resourceURL':7}}",
    "{'groupChatSessionInformation':{'resourceURL':''}}",
    "{'groupChatSessionInformation':{'resourceURL':'/'}}",
    "{'groupChatSessionInformation':{'resourceURL':'/x/%ff'}}",
    "{'groupChatSessionInformation':{'resourceURL':'/x/%2F'}}" };
  static const char *const lists[] = { "{}", "[]",
    "{'groupChatSessionInformationList':[]}" };
  static const char *const odd_lists[] = {
    "{'groupChatSessionInformationList':{}}",
    "{'groupChatSessionInformationList':{'groupChatSessionInformation':null}}",
    "{'groupChatSessionInformationList':{'groupChatSessionInformation':"
    "[7,null,{},{'resourceURL':7}]}}",
  };
  Session *alice = people_start (NULL);
  KandyGroups *groups = groups_of (alice);
  g_autoptr (GError) error = NULL;
  g_autoptr (KandyGroup) group = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    people_spoil (alice, "POST", "/group", replies[i]);
    g_assert_null (PEOPLE_RUN (
        groups, kandy_groups_create, &error, "x", NULL, NULL, NULL));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
    g_assert_true (g_str_has_prefix (alice->events->str, "group:error("));
    session_clear_events (alice);
  }
  for (i = 0; i < G_N_ELEMENTS (lists); i++) {
    people_spoil (alice, "GET", "/group", lists[i]);
    g_assert_false (PEOPLE_RUN (groups, kandy_groups_fetch, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
    session_clear_events (alice);
  }
  for (i = 0; i < G_N_ELEMENTS (odd_lists); i++) {
    people_spoil (alice, "GET", "/group", odd_lists[i]);
    g_assert_true (PEOPLE_RUN (groups, kandy_groups_fetch, &error));
    g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (groups)), ==, 0);
    people_expect (alice, "group:refresh");
  }
  /* a single object where a list should be; odd participants are left out */
  people_spoil (alice, "POST", "/group",
      "{'groupChatSessionInformation':{'resourceURL':'/g/a%20b/?x=1',"
      "'participant':[7,{},{'address':''},{'address':'A@b','status':3,"
      "'x-isAdmin':'no'}]}}");
  group =
      PEOPLE_RUN (groups, kandy_groups_create, &error, "x", NULL, NULL, NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (kandy_group_get_id (group), ==, "a b");
  g_assert_null (kandy_group_get_name (group));
  assert_participants (alice, "a b", "a:(null)");

  session_free (alice);
}

static void
test_bad_notifications (void)
{
  static const char *const types[] = { "groupChatSessionInvitationNotification",
    "chatParticipantStatusNotification", "chatEventNotification" };
  static const char *const contents[] = {
    "",
    ",'link':7",
    ",'link':[]",
    ",'link':[7,null,[]]",
    ",'link':[{'rel':'other','href':'/g/1'}]",
    ",'link':[{'rel':'groupChatSessionInformation'}]",
    ",'link':[{'rel':'groupChatSessionInformation','href':7}]",
    ",'link':[{'rel':'groupChatSessionInformation','href':''}]",
    ",'link':[{'rel':'groupChatSessionInformation','href':'/'}]",
    ",'eventType':'SessionEnded','participant':[{'address':'x@y',"
    "'status':'Connected'}],'link':[{'rel':'groupChatSessionInformation',"
    "'href':'/g/%'}]",
  };
  static const char *const unknown[] = {
    "{'chatEventNotification':{'id':'u1','eventType':'SessionEnded','link':"
    "[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}",
    "{'chatEventNotification':{'id':'u2','eventType':'SessionUpdated','link':"
    "[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}",
    "{'chatEventNotification':{'id':'u3','eventType':7,'link':"
    "[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}",
    "{'chatParticipantStatusNotification':{'id':'u4','participant':[{'address':"
    "'bob@loopback.example','status':'Connected'}],'link':"
    "[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}",
    "{'chatParticipantStatusNotification':{'id':'u5','participant':{'address':"
    "'alice@loopback.example','status':'Disconnected'},'link':"
    "[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}",
  };
  Session *alice = people_start (NULL);
  KandyGroups *groups = groups_of (alice);
  guint i, j, n = 0;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    for (j = 0; j < G_N_ELEMENTS (contents); j++) {
      g_autofree char *json =
          g_strdup_printf ("{'%s':{'id':'n%u'%s}}", types[i], n++, contents[j]);

      people_notify (alice, json);
    }
  }
  for (i = 0; i < G_N_ELEMENTS (unknown); i++)
    people_notify (alice, unknown[i]);
  SETTLE_MS (30);
  session_assert_events (alice, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (groups)), ==, 0);
  g_assert_cmpuint (
      g_list_model_get_n_items (kandy_groups_get_invitations (groups)), ==, 0);

  /* one that is good, twice, with another id; and its end */
  people_notify (alice,
      "{'groupChatSessionInvitationNotification':{'id':'i1','x-name':'A',"
      "'link':[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}");
  people_notify (alice,
      "{'groupChatSessionInvitationNotification':{'id':'i2','x-name':'B',"
      "'link':[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}");
  g_assert_cmpuint (
      g_list_model_get_n_items (kandy_groups_get_invitations (groups)), ==, 1);
  g_assert_cmpstr (
      kandy_group_get_name (kandy_groups_get_invitation (groups, "u")), ==,
      "B");
  people_notify (alice,
      "{'chatEventNotification':{'id':'i3','eventType':'SessionCancelled',"
      "'link':[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}");
  session_assert_events (alice,
      "group:invitation_received group:invitation_received group:change");
  session_free (alice);
}

/* The properties of a group have changed on the platform */
static void
test_updated (void)
{
  Session *alice = people_start (NULL);
  g_autoptr (KandyGroup) group = make_group (alice, NULL);
  const char *id = kandy_group_get_id (group);
  g_autofree char *json = g_strdup_printf (
      "{'chatEventNotification':{'id':'e1','eventType':'SessionUpdated',"
      "'link':[{'rel':'groupChatSessionInformation','href':'/g/%s'}]}}",
      id);
  g_autofree char *reply =
      g_strdup_printf ("{'groupChatSessionInformation':{'resourceURL':'/g/"
                       "%s','x-name':'Attic'}}",
          id);

  people_spoil (alice, "GET", "/group/", reply);
  people_notify (alice, json);
  people_expect (alice, "group:change");
  g_assert_cmpstr (kandy_group_get_name (group), ==, "Attic");
  g_assert_null (kandy_group_get_subject (group));
  session_free (alice);
}

/* Of another user nothing is seen, also not what was asked for before */
static void
test_other_user (void)
{
  Session *alice = people_start (NULL);
  g_autoptr (KandyGroup) group = make_group (alice, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  KandyGroups *groups = groups_of (alice);

  people_notify (alice,
      "{'groupChatSessionInvitationNotification':{'id':'i1','x-name':'A',"
      "'link':[{'rel':'groupChatSessionInformation','href':'/g/u'}]}}");
  session_fault (alice,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/group\","
      "\"delay\":300,\"count\":1}");
  kandy_groups_fetch_async (groups, NULL, store_result, &result);
  session_clear_events (alice);
  g_assert_true (
      session_try_sign_on (alice, "loopback", BOB, "wonderland", &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (groups)), ==, 0);
  g_assert_cmpuint (
      g_list_model_get_n_items (kandy_groups_get_invitations (groups)), ==, 0);
  g_assert_false (
      kandy_groups_fetch_finish (groups, wait_result (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (groups)), ==, 0);
  session_assert_events (alice, "");
  session_free (alice);
}

static void
test_cancelled_and_destroyed (void)
{
  Session *alice = people_start (NULL);
  KandyGroups *groups = g_object_ref (groups_of (alice));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GAsyncResult) third = NULL;
  g_autoptr (GError) error = NULL;

  session_fault (
      alice, "{\"on\":\"request\",\"path\":\"/group\",\"hang\":true}");
  kandy_groups_fetch_async (groups, cancellable, store_result, &first);
  kandy_groups_fetch_async (groups, NULL, store_result, &second);
  WAIT (kandy_loopback_count_requests (alice->loopback, "GET", "/group") == 2);
  g_cancellable_cancel (cancellable);
  g_assert_false (
      kandy_groups_fetch_finish (groups, wait_result (&first), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  kandy_client_destroy (alice->client);
  g_assert_false (
      kandy_groups_fetch_finish (groups, wait_result (&second), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  g_clear_error (&error);
  session_assert_events (alice, "");

  session_free (alice);
  g_assert_null (kandy_collection_get_client (KANDY_COLLECTION (groups)));
  kandy_groups_fetch_async (groups, NULL, store_result, &third);
  g_assert_false (
      kandy_groups_fetch_finish (groups, wait_result (&third), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  g_object_unref (groups);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/people/groups/life", test_life);
  g_test_add_func ("/people/groups/devices", test_devices);
  g_test_add_func ("/people/groups/fetch", test_fetch);
  g_test_add_func ("/people/groups/errors", test_errors);
  g_test_add_func ("/people/groups/half-accepted", test_half_accepted);
  g_test_add_func ("/people/groups/bad-replies", test_bad_replies);
  g_test_add_func ("/people/groups/bad-notifications", test_bad_notifications);
  g_test_add_func ("/people/groups/updated", test_updated);
  g_test_add_func ("/people/groups/other-user", test_other_user);
  g_test_add_func (
      "/people/groups/cancelled-and-destroyed", test_cancelled_and_destroyed);
  return g_test_run ();
}
