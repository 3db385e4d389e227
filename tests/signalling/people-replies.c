/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bad-cases.h"

/* Every request about groups, presence, contacts and the directory, with every
 * kind of reply that is none: each has the error that the protocol names
 * (messaging 9.2 and 9.3), and the next one works. */

static const char *const bob_only[] = { BOB, NULL };

static KandyGroups *
groups_of (BadWorld *w)
{
  return kandy_client_get_groups (w->alice->client);
}

static gboolean
create_group (BadWorld *w, GError **error)
{
  g_autoptr (KandyGroup) group = PEOPLE_RUN (
      groups_of (w), kandy_groups_create, error, "Roof", bob_only, NULL, NULL);

  if (!group)
    return FALSE;
  g_free (w->id);
  w->id = g_strdup (kandy_group_get_id (group));
  return TRUE;
}

static void
have_group (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  create_group (w, &error);
  g_assert_no_error (error);
}

/* Somebody else's, too: the last administrator of one cannot leave it */
static void
have_invitation (BadWorld *w)
{
  static const char *const alice_only[] = { ALICE, NULL };
  g_autoptr (KandyGroup) group = NULL;
  g_autoptr (GError) error = NULL;
  KandyGroups *groups;

  if (!w->bob)
    w->bob = people_join (w->alice, BOB, "chat");
  groups = kandy_client_get_groups (w->bob->client);
  group = PEOPLE_RUN (
      groups, kandy_groups_create, &error, "Tiles", alice_only, NULL, NULL);
  g_assert_no_error (error);
  g_free (w->id);
  w->id = g_strdup (kandy_group_get_id (group));
  WAIT (kandy_groups_get_invitation (groups_of (w), w->id));
}

static gboolean
accept (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (
      groups_of (w), kandy_groups_accept_invitation, error, w->id);
}

static void
be_in_group (BadWorld *w)
{
  g_autoptr (GError) error = NULL;
  guint before;

  have_invitation (w);
  before = w->alice->n_notifications;
  accept (w, &error);
  g_assert_no_error (error);
  /* what is told of it is not to come after what follows */
  WAIT (w->alice->n_notifications > before);
}

static gboolean
reject (BadWorld *w, GError **error)
{
  gboolean ok =
      PEOPLE_RUN (groups_of (w), kandy_groups_reject_invitation, error, w->id);

  g_assert_cmpint (
      kandy_groups_get_invitation (groups_of (w), w->id) == NULL, ==, ok);
  return ok;
}

static gboolean
leave (BadWorld *w, GError **error)
{
  gboolean ok = PEOPLE_RUN (groups_of (w), kandy_groups_leave, error, w->id);

  g_assert_cmpint (kandy_groups_get (groups_of (w), w->id) == NULL, ==, ok);
  return ok;
}

static gboolean
delete_group (BadWorld *w, GError **error)
{
  gboolean ok = PEOPLE_RUN (groups_of (w), kandy_groups_delete, error, w->id);

  g_assert_cmpint (kandy_groups_get (groups_of (w), w->id) == NULL, ==, ok);
  return ok;
}

static gboolean
fetch_groups (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (groups_of (w), kandy_groups_fetch, error);
}

static gboolean
add_participant (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (
      groups_of (w), kandy_groups_add_participant, error, w->id, CAROL);
}

static gboolean
remove_participant (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (
      groups_of (w), kandy_groups_remove_participant, error, w->id, BOB);
}

static KandyPresence *
presence_of (BadWorld *w)
{
  return kandy_client_get_presence (w->alice->client);
}

static gboolean
update_presence (BadWorld *w, GError **error)
{
  gboolean ok = PEOPLE_RUN (
      presence_of (w), kandy_presence_update, error, "Open", "Busy", NULL);

  g_assert_false (kandy_presence_status_is_loading (
      kandy_presence_get_self (presence_of (w))));
  return ok;
}

static gboolean
fetch_presence (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (presence_of (w), kandy_presence_fetch, error, bob_only);
}

static gboolean
watch (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (
      presence_of (w), kandy_presence_subscribe, error, bob_only);
}

static void
be_watching (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  watch (w, &error);
  g_assert_no_error (error);
}

static gboolean
unwatch (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (
      presence_of (w), kandy_presence_unsubscribe, error, bob_only);
}

static KandyContacts *
contacts_of (BadWorld *w)
{
  return kandy_client_get_contacts (w->alice->client);
}

static gboolean
add_contact (BadWorld *w, GError **error)
{
  g_autoptr (KandyContact) contact = kandy_contact_new (NULL);
  g_autoptr (KandyContact) added = NULL;

  kandy_contact_set (contact, "firstName", "Zoe");
  added = PEOPLE_RUN (contacts_of (w), kandy_contacts_add, error, contact);
  if (!added)
    return FALSE;
  g_free (w->id);
  w->id = g_strdup (kandy_contact_get_id (added));
  return TRUE;
}

static void
have_contact (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  if (!w->id || !kandy_contacts_get (contacts_of (w), w->id))
    add_contact (w, &error);
  g_assert_no_error (error);
}

static gboolean
update_contact (BadWorld *w, GError **error)
{
  g_autoptr (KandyContact) contact = kandy_contact_new (w->id);
  g_autoptr (KandyContact) updated = NULL;

  kandy_contact_set (contact, "firstName", "Zoey");
  updated = PEOPLE_RUN (contacts_of (w), kandy_contacts_update, error, contact);
  return updated != NULL;
}

static gboolean
fetch_contact (BadWorld *w, GError **error)
{
  g_autoptr (KandyContact) contact =
      PEOPLE_RUN (contacts_of (w), kandy_contacts_fetch, error, w->id);

  return contact != NULL;
}

static gboolean
remove_contact (BadWorld *w, GError **error)
{
  gboolean ok =
      PEOPLE_RUN (contacts_of (w), kandy_contacts_remove, error, w->id);

  g_assert_cmpint (kandy_contacts_get (contacts_of (w), w->id) == NULL, ==, ok);
  return ok;
}

static gboolean
refresh_contacts (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (contacts_of (w), kandy_contacts_refresh, error);
}

static KandyUsers *
users_of (BadWorld *w)
{
  return kandy_client_get_users (w->alice->client);
}

static gboolean
fetch_user (BadWorld *w, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_users_fetch_async (users_of (w), BOB, NULL, store_result, &result);
  return kandy_users_fetch_finish (
      users_of (w), wait_result (&result), NULL, error);
}

static gboolean
fetch_self (BadWorld *w, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_users_fetch_self_info_async (users_of (w), NULL, store_result, &result);
  return kandy_users_fetch_self_info_finish (
      users_of (w), wait_result (&result), NULL, error);
}

static gboolean
search (BadWorld *w, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) users = NULL;

  kandy_users_search_async (users_of (w),
      g_variant_new_parsed ("{'name': <'b'>}"), NULL, NULL, store_result,
      &result);
  users = kandy_users_search_finish (
      users_of (w), wait_result (&result), NULL, error);
  return users != NULL;
}

#define GROUP "group:error"
#define PRESENCE "presence:error"
#define CONTACTS "contacts:error"

static const BadCase groups[] = {
  { { "create", "POST", "/group", MEMBERS, NULL, "NO_CODE" }, GROUP,
      create_group },
  { { "fetch", "GET", "/group", MEMBERS, NULL, "NO_CODE" }, GROUP,
      fetch_groups },
  { { "accept", "PUT", "/status", OBJECT }, GROUP, accept, have_invitation },
  { { "read the accepted", "GET", "/group/", MEMBERS, NULL, "NO_CODE" }, GROUP,
      accept, have_invitation, .repeated = TRUE },
  { { "reject", "DELETE", "/participants/", NOTHING }, GROUP, reject,
      have_invitation },
  { { "leave", "DELETE", "/participants/", NOTHING }, GROUP, leave,
      be_in_group },
  { { "delete", "DELETE", "/group/", NOTHING }, GROUP, delete_group,
      have_group },
  { { "add participant", "POST", "/participants", MEMBERS, NULL, "NO_CODE" },
      GROUP, add_participant, have_group },
  { { "remove participant", "DELETE", "/participants/", NOTHING }, GROUP,
      remove_participant, have_group },
};

static const BadCase presence[] = {
  { { "update", "POST", "/presenceSources", MEMBERS, NULL, "NO_CODE" },
      PRESENCE, update_presence },
  { { "fetch", "POST", "/adhocPresenceList", MEMBERS, NULL, "NO_CODE" },
      PRESENCE, fetch_presence },
  { { "subscribe", "PUT", "/presenceContacts/", MEMBERS, NULL, "NO_CODE" },
      PRESENCE, watch },
  { { "unsubscribe", "DELETE", "/presenceContacts/", NOTHING }, PRESENCE,
      unwatch, be_watching },
};

static const BadCase contacts[] = {
  { { "add", "POST", "/contacts", MEMBERS, NULL, "NO_CODE" }, CONTACTS,
      add_contact },
  { { "update", "PUT", "/contacts/", MEMBERS, NULL, "NO_CODE" }, CONTACTS,
      update_contact, have_contact },
  { { "remove", "DELETE", "/contacts/", NOTHING }, CONTACTS, remove_contact,
      have_contact },
  { { "fetch", "GET", "/contacts/", MEMBERS, NULL, "NO_CODE" }, CONTACTS,
      fetch_contact, have_contact },
  { { "refresh", "GET", "/contacts", MEMBERS, NULL, "users:1" }, CONTACTS,
      refresh_contacts },
};

static const BadCase users[] = {
  { { "fetch", "GET", "/search", MEMBERS, "users:3" }, "users:error",
      fetch_user },
  { { "fetch self", "GET", "/search", MEMBERS, "users:3" }, "users:error",
      fetch_self },
  { { "search", "GET", "/search", MEMBERS, "users:3" }, "directory:error",
      search },
};

#define ADD(name, services)                                                    \
  bad_cases_add ("/people/replies/" #name, services, name, G_N_ELEMENTS (name))

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (groups, "chat");
  ADD (presence, "presence");
  ADD (contacts, NULL);
  ADD (users, NULL);
  return g_test_run ();
}
