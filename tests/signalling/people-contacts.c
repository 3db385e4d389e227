/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "main-time.h"
#include "people-fixture.h"

#include <string.h>

/* The address book: protocol messaging 5 */

static KandyContacts *
contacts_of (Session *session)
{
  return kandy_client_get_contacts (session->client);
}

static KandyContact *
add (Session *session, const char *id, const char *first_name)
{
  g_autoptr (KandyContact) contact = kandy_contact_new (id);
  g_autoptr (GError) error = NULL;
  KandyContact *added;

  g_assert_true (kandy_contact_set (contact, "firstName", first_name));
  g_assert_true (kandy_contact_set (contact, "primaryContact", "zoe"));
  g_assert_true (kandy_contact_set (contact, "buddy", "true"));
  added =
      PEOPLE_RUN (contacts_of (session), kandy_contacts_add, &error, contact);
  g_assert_no_error (error);
  return added;
}

static void
test_life (void)
{
  Session *alice = people_start (NULL);
  Session *other = people_join (alice, ALICE, NULL);
  Session *bob = people_join (alice, BOB, NULL);
  KandyContacts *contacts = contacts_of (alice);
  g_autoptr (KandyContact) named = NULL;
  g_autoptr (KandyContact) changed = NULL;
  g_autoptr (KandyContact) updated = NULL;
  g_autoptr (KandyContact) fetched = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;

  named = add (alice, "zoe-home", "Zoe");
  people_expect (alice, "contacts:new contacts:change");
  g_assert_true (kandy_contacts_get (contacts, "zoe-home") == named);
  /* the platform completes the User ID */
  g_assert_cmpstr (
      kandy_contact_get_primary_contact (named), ==, "zoe@loopback.example");
  g_assert_cmpstr (
      kandy_person_get_first_name (KANDY_PERSON (named)), ==, "Zoe");
  g_assert_true (kandy_person_is_buddy (KANDY_PERSON (named)));
  variant = kandy_contact_to_variant (named);
  g_assert_true (g_variant_lookup (variant, "contactId", "&s", &text));
  g_assert_cmpstr (text, ==, "zoe-home");
  g_assert_true (g_variant_lookup (variant, "buddy", "&s", &text));

  changed = kandy_contact_copy (named);
  g_assert_true (kandy_contact_set (changed, "lastName", "Zulu"));
  updated = PEOPLE_RUN (contacts, kandy_contacts_update, &error, changed);
  g_assert_no_error (error);
  people_expect (alice, "contacts:change");
  g_assert_cmpstr (kandy_person_get_last_name (KANDY_PERSON (
                       kandy_contacts_get (contacts, "zoe-home"))),
      ==, "Zulu");
  g_assert_null (kandy_person_get_last_name (KANDY_PERSON (named)));

  /* another device learns of it when it asks; another user never does */
  g_assert_true (
      PEOPLE_RUN (contacts_of (other), kandy_contacts_refresh, &error));
  people_expect (other, "contacts:change");
  all = kandy_contacts_get_all (contacts_of (other));
  g_assert_cmpuint (all->len, ==, 1);
  fetched = PEOPLE_RUN (
      contacts_of (other), kandy_contacts_fetch, &error, "zoe-home");
  people_expect (other, "contacts:change");
  g_assert_cmpstr (
      kandy_person_get_last_name (KANDY_PERSON (fetched)), ==, "Zulu");
  g_assert_true (
      PEOPLE_RUN (contacts_of (bob), kandy_contacts_refresh, &error));
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (contacts_of (bob))), ==, 0);
  g_assert_null (
      PEOPLE_RUN (contacts_of (bob), kandy_contacts_fetch, &error, "zoe-home"));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 404);
  g_clear_error (&error);

  g_assert_true (
      PEOPLE_RUN (contacts, kandy_contacts_remove, &error, "zoe-home"));
  people_expect (alice, "contacts:change");
  g_assert_null (kandy_contacts_get (contacts, "zoe-home"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (contacts)), ==, 0);

  session_free (bob);
  session_free (other);
  session_free (alice);
}

static void
assert_refused (Session *session, GError **error, const char *code)
{
  g_autofree char *expected = g_strdup_printf ("contacts:error(%s)", code);

  g_assert_nonnull (*error);
  g_assert_cmpstr (kandy_error_get_platform_code (*error), ==, code);
  people_expect (session, expected);
  g_clear_error (error);
}

static void
test_errors (void)
{
  Session *alice = people_start (NULL);
  KandyContacts *contacts = contacts_of (alice);
  g_autoptr (KandyContact) empty = kandy_contact_new ("x");
  g_autoptr (KandyContact) nameless = kandy_contact_new (NULL);
  g_autoptr (KandyContact) bad = kandy_contact_new ("\xff");
  g_autoptr (KandyContact) twice = NULL;
  g_autoptr (GError) error = NULL;
  char name[16];
  guint i;

  kandy_loopback_reset_counts (alice->loopback);
  g_assert_null (PEOPLE_RUN (contacts, kandy_contacts_add, &error, empty));
  assert_refused (alice, &error, "users:4");
  g_assert_true (kandy_contact_set (nameless, "firstName", "X"));
  g_assert_null (
      PEOPLE_RUN (contacts, kandy_contacts_update, &error, nameless));
  assert_refused (alice, &error, "users:4");
  g_assert_true (kandy_contact_set (bad, "firstName", "X"));
  g_assert_null (PEOPLE_RUN (contacts, kandy_contacts_add, &error, bad));
  assert_refused (alice, &error, "users:4");
  g_assert_false (PEOPLE_RUN (contacts, kandy_contacts_remove, &error, ""));
  assert_refused (alice, &error, "users:4");
  g_assert_null (PEOPLE_RUN (contacts, kandy_contacts_fetch, &error, NULL));
  assert_refused (alice, &error, "users:4");
  g_assert_cmpuint (
      kandy_loopback_count_requests (alice->loopback, "*", "/"), ==, 0);

  g_assert_false (kandy_contact_set (nameless, "", "x"));
  g_assert_false (kandy_contact_set (nameless, "a", "\xff"));
  for (i = 1; i < 64; i++) {
    g_snprintf (name, sizeof name, "a%u", i);
    g_assert_true (kandy_contact_set (nameless, name, "x"));
  }
  g_assert_false (kandy_contact_set (nameless, "one-more", "x"));
  g_assert_true (kandy_contact_set (nameless, "a1", NULL));
  g_assert_true (kandy_contact_set (nameless, "one-more", "x"));

  /* the platform's: one that is there already, and one that is not */
  twice = add (alice, "c1", "Zoe");
  session_clear_events (alice);
  g_assert_null (PEOPLE_RUN (contacts, kandy_contacts_add, &error, twice));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 409);
  assert_refused (alice, &error, "SVC0005");
  g_assert_false (PEOPLE_RUN (contacts, kandy_contacts_remove, &error, "c2"));
  assert_refused (alice, &error, "SVC0002");
  session_free (alice);
}

static void
test_bad_replies (void)
{
  static const char *const replies[] = { "", "[]", "{}", "{'contact':7}",
    "{'contact':{}}", "{'contact':{'contactId':7}}",
    "{'contact':{'contactId':''}}" };
  static const char *const odd[] = { "{'contactCollection':{}}",
    "{'contactCollection':{'contact':7}}",
    "{'contactCollection':{'contact':[7,null,[],{},{'contactId':7}]}}" };
  Session *alice = people_start (NULL);
  KandyContacts *contacts = contacts_of (alice);
  g_autoptr (KandyContact) contact = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (replies); i++) {
    people_spoil (alice, "GET", "/contacts", replies[i]);
    g_assert_null (PEOPLE_RUN (contacts, kandy_contacts_fetch, &error, "c"));
    g_assert_nonnull (error);
    g_clear_error (&error);
    people_spoil (alice, "GET", "/contacts", replies[i]);
    g_assert_false (PEOPLE_RUN (contacts, kandy_contacts_refresh, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_clear_error (&error);
  }
  session_clear_events (alice);
  people_spoil (alice, "GET", "/contacts", "{}");
  g_assert_false (PEOPLE_RUN (contacts, kandy_contacts_refresh, &error));
  assert_refused (alice, &error, "users:1");
  for (i = 0; i < G_N_ELEMENTS (odd); i++) {
    people_spoil (alice, "GET", "/contacts", odd[i]);
    g_assert_true (PEOPLE_RUN (contacts, kandy_contacts_refresh, &error));
    g_assert_cmpuint (
        g_list_model_get_n_items (G_LIST_MODEL (contacts)), ==, 0);
  }

  /* what makes no sense is left out, what is no text becomes some; the same id
   * twice is one contact */
  people_spoil (alice, "GET", "/contacts",
      "{'contactCollection':{'contact':[{'contactId':'a'},{'contactId':'a',"
      "'attributeList':{'attribute':[7,{},{'name':7,'value':'x'},"
      "{'name':'','value':'x'},{'name':'n','value':[]},{'name':'m','value':7},"
      "{'name':'m','value':true},{'name':'firstName','value':'A'}]}}]}}");
  g_assert_true (PEOPLE_RUN (contacts, kandy_contacts_refresh, &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (contacts)), ==, 1);
  contact = g_object_ref (kandy_contacts_get (contacts, "a"));
  names = kandy_person_list_attributes (KANDY_PERSON (contact));
  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_cmpstr (
      kandy_person_get_attribute (KANDY_PERSON (contact), "m"), ==, "true");
  session_free (alice);
}

static void
count_changes (GListModel *model, guint position, guint removed, guint added,
    gpointer user_data)
{
  ++*(guint *) user_data;
}

/* Instrumented code is several times slower, and is not measured */
#ifdef __SANITIZE_ADDRESS__
#define N 1000
#else
#define N 10000
#endif

/* 10,000 contacts come and go, and nothing holds the main context up */
static void
test_many (void)
{
  Session *alice = people_start (NULL);
  KandyContacts *contacts = contacts_of (alice);
  g_autoptr (GString) body = g_string_new ("{'contactCollection':{'contact':[");
  gint64 longest = 0;
  guint n_changes = 0, round, i;

  for (i = 0; i < N; i++)
    g_string_append_printf (body,
        "%s{'contactId':'c%u','attributeList':{'attribute':["
        "{'name':'firstName','value':'First%u'},"
        "{'name':'lastName','value':'Last%u'},"
        "{'name':'primaryContact','value':'user%u@loopback.example'},"
        "{'name':'businessPhoneNumber','value':'+1555%07u'},"
        "{'name':'buddy','value':'false'}]}}",
        i ? "," : "", i, i, i, i, i);
  g_string_append (body, "]}}");
  kandy_logger_set_level (
      kandy_client_get_logger (alice->client), KANDY_LOG_LEVEL_WARN, NULL);
  g_signal_connect (
      contacts, "items-changed", G_CALLBACK (count_changes), &n_changes);
  for (round = 1; round <= 2; round++) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (KandyContact) contact = NULL;
    gint64 deadline = g_get_monotonic_time () + 15 * G_USEC_PER_SEC;

    people_spoil (alice, "GET", "/contacts", body->str);
    kandy_contacts_refresh_async (contacts, NULL, store_result, &result);
    /* also for a while after the end: what was there is freed then */
    for (i = 0; (!result || i < 200) && g_get_monotonic_time () < deadline;) {
      gint64 before = main_time_get_cpu ();
      gboolean done = result != NULL;

      g_main_context_iteration (NULL, !done);
      i += done;
      longest = MAX (longest, main_time_get_cpu () - before);
    }
    g_assert_nonnull (result);
    kandy_contacts_refresh_finish (contacts, result, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (n_changes, ==, round);
    g_assert_cmpuint (
        g_list_model_get_n_items (G_LIST_MODEL (contacts)), ==, N);
    g_set_object (&contact, kandy_contacts_get (contacts, "c999"));
    g_assert_cmpstr (
        kandy_person_get_last_name (KANDY_PERSON (contact)), ==, "Last999");
  }
  g_test_message ("longest iteration: %" G_GINT64_FORMAT " us", longest);
  /* All of it takes 50 ms and more, and may not come at once */
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpint (longest, <, 5000);
#endif
  session_free (alice);
}

/* Of another user nothing is seen */
static void
test_other_user (void)
{
  Session *alice = people_start (NULL);
  g_autoptr (KandyContact) contact = add (alice, "c1", "Zoe");
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (contacts_of (alice))), ==, 1);
  g_assert_true (
      session_try_sign_on (alice, "loopback", BOB, "wonderland", &error));
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (contacts_of (alice))), ==, 0);
  session_free (alice);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/people/contacts/life", test_life);
  g_test_add_func ("/people/contacts/errors", test_errors);
  g_test_add_func ("/people/contacts/bad-replies", test_bad_replies);
  g_test_add_func ("/people/contacts/many", test_many);
  g_test_add_func ("/people/contacts/other-user", test_other_user);
  return g_test_run ();
}
