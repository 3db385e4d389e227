/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "people-fixture.h"

#include "kandy-services-private.h"

/* Presence: protocol messaging 4 and trace 4 of its section 7.3 */

static const char *const bob_only[] = { BOB, NULL };

static KandyPresence *
presence_of (Session *session)
{
  return kandy_client_get_presence (session->client);
}

static gboolean
update (Session *session, const char *status, const char *activity,
    const char *note, GError **error)
{
  return PEOPLE_RUN (presence_of (session), kandy_presence_update, error,
      status, activity, note);
}

/* "Open Busy note" */
static char *
describe (KandyPresenceStatus *status)
{
  const char *note = kandy_presence_status_get_note (status);

  return g_strdup_printf ("%s %s%s%s",
      kandy_presence_status_get_status (status),
      kandy_presence_status_get_activity (status), note ? " " : "",
      note ? note : "");
}

#define assert_presence(status, expected)                                      \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree char *text_ = NULL;                                             \
    g_assert_nonnull (status);                                                 \
    text_ = describe (status);                                                 \
    g_assert_cmpstr (text_, ==, expected);                                     \
  }                                                                            \
  G_STMT_END

static void
assert_refused (Session *session, GError **error, const char *code)
{
  g_autofree char *expected = g_strdup_printf ("presence:error(%s)", code);

  g_assert_nonnull (*error);
  g_assert_cmpstr (kandy_error_get_platform_code (*error), ==, code);
  people_expect (session, expected);
  g_clear_error (error);
}

static void
store_change (KandyPresence *presence, const char *user_id, const char *status,
    const char *activity, const char *note, gpointer user_data)
{
  g_string_append_printf (
      user_data, "[%s %s %s %s]", user_id, status, activity, note ? note : "");
}

static void
store_users (KandyPresence *presence, GVariant *users, gpointer user_data)
{
  g_autofree const char **names = g_variant_get_strv (users, NULL);
  g_autofree char *joined = g_strjoinv (",", (char **) names);

  g_string_append (user_data, joined);
}

static void
test_watch (void)
{
  Session *alice = people_start ("presence");
  Session *bob = people_join (alice, BOB, NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GString) users = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  KandyPresence *presence = presence_of (alice);
  GObject *entry;

  g_signal_connect (presence, "changed", G_CALLBACK (store_change), seen);
  g_signal_connect (presence, "subscribed", G_CALLBACK (store_users), users);
  g_assert_true (
      PEOPLE_RUN (presence, kandy_presence_subscribe, &error, bob_only));
  g_assert_no_error (error);
  people_expect (alice, "presence:subscribe");
  g_assert_cmpstr (users->str, ==, BOB);

  g_assert_true (update (bob, "closed", "BUSY", "not told", &error));
  g_assert_no_error (error);
  people_expect (bob, "presence:selfChange");
  people_expect (alice, "presence:change");
  g_assert_cmpstr (seen->str, ==, "[" BOB " Closed Busy ]");
  assert_presence (
      kandy_presence_get (presence, "BOB@loopback.example"), "Closed Busy");
  assert_presence (kandy_presence_get_self (presence_of (bob)), "Closed Busy");
  g_assert_cmpstr (kandy_presence_status_get_user_id (
                       kandy_presence_get_self (presence_of (bob))),
      ==, BOB);

  /* the entry stays the object that it is; only now there is a note */
  entry = G_OBJECT (kandy_presence_get (presence, BOB));
  g_assert_true (update (bob, "Open", "other", "Gardening", &error));
  people_expect (alice, "presence:change");
  g_assert_true (G_OBJECT (kandy_presence_get (presence, BOB)) == entry);
  assert_presence (
      kandy_presence_get (presence, BOB), "Open ActivitiesOther Gardening");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (presence)), ==, 1);

  g_assert_true (
      PEOPLE_RUN (presence, kandy_presence_unsubscribe, &error, bob_only));
  people_expect (alice, "presence:unsubscribe");
  g_assert_null (kandy_presence_get (presence, BOB));
  g_assert_true (update (bob, "Open", "Lunch", NULL, &error));
  SETTLE_MS (80);
  session_assert_events (alice, "");

  session_free (bob);
  session_free (alice);
}

/* Whom one watches is kept, and is told when the service is subscribed to */
static void
test_sessions (void)
{
  Session *alice = people_start ("presence");
  Session *bob = people_join (alice, BOB, NULL);
  Session *later;
  g_autoptr (GError) error = NULL;

  g_assert_true (update (bob, "Open", "Vacation", NULL, &error));
  g_assert_true (PEOPLE_RUN (
      presence_of (alice), kandy_presence_subscribe, &error, bob_only));
  WAIT (kandy_presence_get (presence_of (alice), BOB));
  later = people_join (alice, ALICE, "presence");
  WAIT (kandy_presence_get (presence_of (later), BOB));
  assert_presence (
      kandy_presence_get (presence_of (later), BOB), "Open Vacation");

  /* both devices hear of it */
  session_clear_events (alice);
  session_clear_events (later);
  g_assert_true (update (bob, "Open", "Busy", NULL, &error));
  people_expect (alice, "presence:change");
  people_expect (later, "presence:change");

  session_free (later);
  session_free (bob);
  session_free (alice);
}

static void
test_fetch (void)
{
  static const char *const both[] = { BOB, CAROL, NULL };
  Session *alice = people_start (NULL);
  Session *bob = people_join (alice, BOB, NULL);
  KandyPresence *presence = presence_of (alice);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (update (bob, "Open", "Lunch", NULL, &error));
  kandy_presence_fetch_async (presence, both, NULL, store_result, &result);
  g_assert_true (
      kandy_presence_status_is_loading (kandy_presence_get (presence, BOB)));
  g_assert_true (
      kandy_presence_fetch_finish (presence, wait_result (&result), &error));
  g_assert_no_error (error);
  people_expect (alice, "presence:change");
  assert_presence (kandy_presence_get (presence, BOB), "Open Lunch");
  g_assert_false (
      kandy_presence_status_is_loading (kandy_presence_get (presence, BOB)));
  /* of Carol nothing is known */
  g_assert_null (kandy_presence_status_get_activity (
      kandy_presence_get (presence, CAROL)));

  /* a failure keeps what was known */
  session_fault (alice,
      "{\"on\":\"request\",\"path\":\"adhocPresenceList\",\"status\":503}");
  g_assert_false (PEOPLE_RUN (presence, kandy_presence_fetch, &error, both));
  assert_refused (alice, &error, "503");
  assert_presence (kandy_presence_get (presence, BOB), "Open Lunch");
  g_assert_null (kandy_presence_get (presence, CAROL));

  session_free (bob);
  session_free (alice);
}

static void
test_errors (void)
{
  static const char *const none[] = { NULL };
  static const char *const empty[] = { BOB, "", NULL };
  static const char *const some[] = { BOB, "x,y@z", CAROL, NULL };
  Session *alice = people_start (NULL);
  KandyPresence *presence = presence_of (alice);
  g_autoptr (GString) users = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  kandy_loopback_reset_counts (alice->loopback);
  g_assert_false (update (alice, "Ajar", "Nonsense", NULL, &error));
  assert_refused (alice, &error, "presence:1");
  g_assert_false (update (alice, "Open", "Nonsense", NULL, &error));
  assert_refused (alice, &error, "presence:2");
  g_assert_false (update (alice, NULL, NULL, NULL, &error));
  assert_refused (alice, &error, "presence:1");
  g_assert_false (update (alice, "Open", "other", "\xff", &error));
  assert_refused (alice, &error, "presence:4");
  g_assert_false (PEOPLE_RUN (presence, kandy_presence_fetch, &error, none));
  assert_refused (alice, &error, "presence:4");
  g_assert_false (PEOPLE_RUN (presence, kandy_presence_fetch, &error, empty));
  assert_refused (alice, &error, "presence:4");
  g_assert_false (
      PEOPLE_RUN (presence, kandy_presence_subscribe, &error, bob_only));
  assert_refused (alice, &error, "subscription:5");
  g_assert_false (
      PEOPLE_RUN (presence, kandy_presence_unsubscribe, &error, bob_only));
  assert_refused (alice, &error, "subscription:6");
  g_assert_cmpuint (
      kandy_loopback_count_requests (alice->loopback, "*", "/"), ==, 0);
  g_assert_null (
      kandy_presence_status_get_activity (kandy_presence_get_self (presence)));

  /* one of several: an error of its own, and the others are watched */
  session_subscribe (alice, "presence", &error);
  g_assert_no_error (error);
  session_clear_events (alice);
  g_signal_connect (presence, "subscribed", G_CALLBACK (store_users), users);
  g_assert_true (PEOPLE_RUN (presence, kandy_presence_subscribe, &error, some));
  people_expect (alice, "presence:error(SVC0002) presence:subscribe");
  g_assert_true (g_str_equal (users->str, BOB "," CAROL)
      || g_str_equal (users->str, CAROL "," BOB));
  session_free (alice);
}

static void
test_bad_replies (void)
{
  static const char *const replies[] = { "", "[]", "{}", "{'presenceSource':7}",
    "{'presenceSource':{'presence':[]}}",
    "{'presenceSource':{'presence':{'person':{'activities':7}}}}" };
  static const char *const contacts[] = { "", "[]", "{'presenceList':7}" };
  static const char *const odd[] = { "{'presenceList':{}}",
    "{'presenceList':{'presenceContact':7}}",
    "{'presenceList':{'presenceContact':[7,null,{},{'presentityUserId':7},"
    "{'presentityUserId':'','presence':{}},{'presentityUserId':'x@y',"
    "'presence':7}]}}" };
  Session *alice = people_start ("presence");
  KandyPresence *presence = presence_of (alice);
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    people_spoil (alice, "POST", "presenceSources", replies[i]);
    g_assert_false (update (alice, "Open", "Busy", NULL, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
    g_assert_true (g_str_has_prefix (alice->events->str, "presence:error("));
    session_clear_events (alice);
    g_assert_false (
        kandy_presence_status_is_loading (kandy_presence_get_self (presence)));
  }
  for (i = 0; i < G_N_ELEMENTS (contacts); i++) {
    people_spoil (alice, "POST", "adhocPresenceList", contacts[i]);
    g_assert_false (
        PEOPLE_RUN (presence, kandy_presence_fetch, &error, bob_only));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
    g_assert_null (kandy_presence_get (presence, BOB));
    people_spoil (alice, "PUT", "presenceContacts", contacts[i]);
    g_assert_false (
        PEOPLE_RUN (presence, kandy_presence_subscribe, &error, bob_only));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
  }
  session_clear_events (alice);
  for (i = 0; i < G_N_ELEMENTS (odd); i++) {
    people_spoil (alice, "POST", "adhocPresenceList", odd[i]);
    g_assert_true (
        PEOPLE_RUN (presence, kandy_presence_fetch, &error, bob_only));
    g_assert_false (
        kandy_presence_status_is_loading (kandy_presence_get (presence, BOB)));
  }
  session_assert_events (alice, "");
  session_free (alice);
}

static void
test_notifications (void)
{
  static const char *const bad[] = { "", ",'presentityUserId':7",
    ",'presentityUserId':'','presence':{'person':{'activities':"
    "{'activityValue':'Busy'}}}",
    ",'presentityUserId':'b@x'", ",'presentityUserId':'b@x','presence':7",
    ",'presentityUserId':'b@x','presence':{'person':[]}",
    ",'presentityUserId':'b@x','presence':{'person':{'activities':"
    "{'activityValue':7},'overriding-willingness':7}}" };
  Session *alice = people_start (NULL);
  KandyPresence *presence = presence_of (alice);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *json =
        g_strdup_printf ("{'presenceNotification':{'id':'%u'%s}}", i, bad[i]);

    people_notify (alice, json);
  }
  session_assert_events (alice, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (presence)), ==, 0);

  /* without a status: the one that the activity stands for; a word that is not
   * known is passed on */
  people_notify (alice,
      "{'presenceNotification':{'id':'a','presentityUserId':'B@x','presence':"
      "{'person':{'activities':{'activityValue':'Busy'}}}}}");
  assert_presence (kandy_presence_get (presence, "b@x"), "Closed Busy");
  people_notify (alice,
      "{'presenceNotification':{'id':'b','presentityUserId':'b@x','presence':"
      "{'person':{'activities':{'activityValue':'Away'}}}}}");
  assert_presence (kandy_presence_get (presence, "b@x"), "Open Away");
  people_expect (alice, "presence:change presence:change");

  /* about the user: published on another device */
  people_notify (alice,
      "{'presenceNotification':{'id':'c','presentityUserId':"
      "'alice@loopback.example','presence':{'person':{'activities':"
      "{'activityValue':'Lunch'}}}}}");
  people_expect (alice, "presence:change presence:selfChange");
  assert_presence (kandy_presence_get_self (presence), "Open Lunch");
  session_free (alice);
}

/* The subscription ends after two seconds: it is renewed before */
static void
test_renewed (void)
{
  Session *alice = people_start (NULL);
  Session *bob = people_join (alice, BOB, NULL);
  g_autoptr (GError) error = NULL;
  const char *path = "presenceListSubscriptions";

  session_fault (alice, "{\"set\":{\"presenceLifetime\":2}}");
  session_subscribe (alice, "presence", &error);
  g_assert_no_error (error);
  g_assert_true (PEOPLE_RUN (
      presence_of (alice), kandy_presence_subscribe, &error, bob_only));
  session_clear_events (alice);
  WAIT (kandy_loopback_count_requests (alice->loopback, "POST", path) >= 4);
  g_assert_cmpuint (
      kandy_loopback_count_subscriptions (alice->loopback, ALICE), ==, 1);
  session_assert_events (alice, "");
  g_assert_true (update (bob, "Open", "Busy", NULL, &error));
  people_expect (alice, "presence:change");

  /* a few failures are of no consequence, their end is */
  session_fault (alice,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":"
      "\"presenceListSubscriptions\",\"status\":503}");
  WAIT (alice->events->len > 0);
  session_assert_events (
      alice, "ws:change- subscription:error(503) subscription:change{GONE}");
  g_assert_false (kandy_services_is_subscribed (
      kandy_client_get_services (alice->client), "presence"));

  session_free (bob);
  session_free (alice);
}

/* Of another user nothing is seen */
static void
test_other_user (void)
{
  Session *alice = people_start (NULL);
  KandyPresence *presence = presence_of (alice);
  g_autoptr (GError) error = NULL;

  g_assert_true (update (alice, "Open", "Busy", NULL, &error));
  people_notify (alice,
      "{'presenceNotification':{'id':'a','presentityUserId':'B@x','presence':"
      "{'person':{'activities':{'activityValue':'Busy'}}}}}");
  g_assert_true (
      session_try_sign_on (alice, "loopback", BOB, "wonderland", &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (presence)), ==, 0);
  g_assert_null (
      kandy_presence_status_get_activity (kandy_presence_get_self (presence)));
  g_assert_null (
      kandy_presence_status_get_user_id (kandy_presence_get_self (presence)));
  session_free (alice);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/people/presence/watch", test_watch);
  g_test_add_func ("/people/presence/sessions", test_sessions);
  g_test_add_func ("/people/presence/fetch", test_fetch);
  g_test_add_func ("/people/presence/errors", test_errors);
  g_test_add_func ("/people/presence/bad-replies", test_bad_replies);
  g_test_add_func ("/people/presence/notifications", test_notifications);
  g_test_add_func ("/people/presence/renewed", test_renewed);
  g_test_add_func ("/people/presence/other-user", test_other_user);
  return g_test_run ();
}
