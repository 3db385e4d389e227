/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <kandy-contacts.h>
#include <kandy-groups.h>
#include <kandy-presence.h>
#include <kandy-users.h>

#include "gstkandylineask.h"

/* SECTION: groups, presence, contacts and users of a line, as rows of
 * gstkandylineask.c */

static GVariant *
group_to_variant (gpointer group)
{
  return kandy_group_to_variant (group);
}

static void
begin_groups_create (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  g_auto (GStrv) participants =
      gst_kandy_ask_dup_texts (request, "participants");

  kandy_groups_create_async (kandy_client_get_groups (client),
      gst_kandy_ask_get_text (request, "name"),
      (const char *const *) participants,
      gst_structure_get_string (request, "subject"),
      gst_structure_get_string (request, "image"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

static gboolean
finish_groups_create (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  g_autoptr (KandyGroup) group =
      kandy_groups_create_finish (KANDY_GROUPS (source), result, error);

  if (group == NULL)
    return FALSE;
  gst_kandy_ask_insert (reply, "group", kandy_group_to_variant (group));
  return TRUE;
}

static void
begin_groups_fetch (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_groups_fetch_async (kandy_client_get_groups (client),
      ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (groups_fetch, KANDY_GROUPS)

/* Of the operations on one group */
#define GROUP_METHOD(name)                                                     \
  static void begin_groups_##name (                                            \
      KandyClient *client, const GstStructure *request, GstKandyAsk *ask)      \
  {                                                                            \
    kandy_groups_##name##_async (kandy_client_get_groups (client),             \
        gst_kandy_ask_get_text (request, "groupId"), ask->line->cancellable,   \
        gst_kandy_ask_done, ask);                                              \
  }                                                                            \
                                                                               \
  GST_KANDY_ASK_FINISH (groups_##name, KANDY_GROUPS)

GROUP_METHOD (accept_invitation)
GROUP_METHOD (reject_invitation)
GROUP_METHOD (leave)
GROUP_METHOD (delete)

#define PARTICIPANT_METHOD(name)                                               \
  static void begin_groups_##name (                                            \
      KandyClient *client, const GstStructure *request, GstKandyAsk *ask)      \
  {                                                                            \
    kandy_groups_##name##_async (kandy_client_get_groups (client),             \
        gst_kandy_ask_get_text (request, "groupId"),                           \
        gst_kandy_ask_get_text (request, "participant"),                       \
        ask->line->cancellable, gst_kandy_ask_done, ask);                      \
  }                                                                            \
                                                                               \
  GST_KANDY_ASK_FINISH (groups_##name, KANDY_GROUPS)

PARTICIPANT_METHOD (add_participant)
PARTICIPANT_METHOD (remove_participant)

static void
get_groups (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "groups",
      G_LIST_MODEL (kandy_client_get_groups (client)), group_to_variant);
}

static void
get_group (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  KandyGroup *group = kandy_groups_get (kandy_client_get_groups (client),
      gst_kandy_ask_get_text (request, "groupId"));

  if (group != NULL)
    gst_kandy_ask_insert (reply, "group", kandy_group_to_variant (group));
}

static void
get_participants (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  KandyGroup *group = kandy_groups_get (kandy_client_get_groups (client),
      gst_kandy_ask_get_text (request, "groupId"));
  g_autoptr (GVariant) variant =
      group != NULL ? kandy_group_to_variant (group) : NULL;

  if (variant != NULL)
    gst_kandy_ask_insert (reply, "participants",
        g_variant_lookup_value (variant, "participants", NULL));
}

static void
get_invitations (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "invitations",
      kandy_groups_get_invitations (kandy_client_get_groups (client)),
      group_to_variant);
}

static GVariant *
presence_to_variant (gpointer presence)
{
  return kandy_presence_status_to_variant (presence);
}

static void
begin_presence_update (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_presence_update_async (kandy_client_get_presence (client),
      gst_kandy_ask_get_text (request, "status"),
      gst_kandy_ask_get_text (request, "activity"),
      gst_structure_get_string (request, "note"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (presence_update, KANDY_PRESENCE)

#define PRESENCE_METHOD(name, field)                                           \
  static void begin_presence_##name (                                          \
      KandyClient *client, const GstStructure *request, GstKandyAsk *ask)      \
  {                                                                            \
    g_auto (GStrv) users = gst_kandy_ask_dup_texts (request, field);           \
                                                                               \
    kandy_presence_##name##_async (kandy_client_get_presence (client),         \
        (const char *const *) users, ask->line->cancellable,                   \
        gst_kandy_ask_done, ask);                                              \
  }                                                                            \
                                                                               \
  GST_KANDY_ASK_FINISH (presence_##name, KANDY_PRESENCE)

PRESENCE_METHOD (fetch, "user")
PRESENCE_METHOD (subscribe, "users")
PRESENCE_METHOD (unsubscribe, "users")

static void
get_presence (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  g_auto (GStrv) users = gst_kandy_ask_dup_texts (request, "user");
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  for (i = 0; users[i] != NULL; i++) {
    KandyPresenceStatus *status =
        kandy_presence_get (kandy_client_get_presence (client), users[i]);

    if (status != NULL)
      g_ptr_array_add (items, g_object_ref (status));
  }
  gst_kandy_ask_insert_items (reply, "presence", items, presence_to_variant);
}

static void
get_all_presence (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "presence",
      G_LIST_MODEL (kandy_client_get_presence (client)), presence_to_variant);
}

static void
get_own_presence (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert (reply, "presence",
      kandy_presence_status_to_variant (
          kandy_presence_get_self (kandy_client_get_presence (client))));
}

static GVariant *
contact_to_variant (gpointer contact)
{
  return kandy_contact_to_variant (contact);
}

/* (transfer full): out of the field `contact`, a structure */
static KandyContact *
read_contact (const GstStructure *request)
{
  g_autoptr (GVariant) members = gst_kandy_ask_get_members (request, "contact");
  const char *id = NULL, *name;
  KandyContact *contact;
  GVariantIter iter;
  GVariant *value;

  if (members != NULL) {
    g_variant_ref_sink (members);
    g_variant_lookup (members, "contactId", "&s", &id);
  }
  contact = kandy_contact_new (id);
  if (members == NULL)
    return contact;
  g_variant_iter_init (&iter, members);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    if (!g_str_equal (name, "contactId"))
      kandy_contact_set (contact, name, g_variant_get_string (value, NULL));
  return contact;
}

/* Of the operations that take or give a contact */
#define FINISH_CONTACT(name)                                                   \
  static gboolean finish_contacts_##name (GObject *source,                     \
      GAsyncResult *result, GstKandyReply *reply, GError **error)              \
  {                                                                            \
    g_autoptr (KandyContact) contact = kandy_contacts_##name##_finish (        \
        KANDY_CONTACTS (source), result, error);                               \
                                                                               \
    if (contact == NULL)                                                       \
      return FALSE;                                                            \
    gst_kandy_ask_insert (                                                     \
        reply, "contact", kandy_contact_to_variant (contact));                 \
    return TRUE;                                                               \
  }

#define CONTACT_METHOD(name)                                                   \
  static void begin_contacts_##name (                                          \
      KandyClient *client, const GstStructure *request, GstKandyAsk *ask)      \
  {                                                                            \
    g_autoptr (KandyContact) contact = read_contact (request);                 \
                                                                               \
    kandy_contacts_##name##_async (kandy_client_get_contacts (client),         \
        contact, ask->line->cancellable, gst_kandy_ask_done, ask);             \
  }                                                                            \
                                                                               \
  FINISH_CONTACT (name)

CONTACT_METHOD (add)
CONTACT_METHOD (update)

static void
begin_contacts_remove (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_contacts_remove_async (kandy_client_get_contacts (client),
      gst_kandy_ask_get_text (request, "id"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (contacts_remove, KANDY_CONTACTS)

static void
begin_contacts_fetch (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_contacts_fetch_async (kandy_client_get_contacts (client),
      gst_kandy_ask_get_text (request, "contactId"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

FINISH_CONTACT (fetch)

static void
begin_contacts_refresh (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_contacts_refresh_async (kandy_client_get_contacts (client),
      ask->line->cancellable, gst_kandy_ask_done, ask);
}

GST_KANDY_ASK_FINISH (contacts_refresh, KANDY_CONTACTS)

static void
get_contact (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  KandyContact *contact =
      kandy_contacts_get (kandy_client_get_contacts (client),
          gst_kandy_ask_get_text (request, "contactId"));

  if (contact != NULL)
    gst_kandy_ask_insert (reply, "contact", kandy_contact_to_variant (contact));
}

static void
get_contacts (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "contacts",
      G_LIST_MODEL (kandy_client_get_contacts (client)), contact_to_variant);
}

static GVariant *
user_to_variant (gpointer user)
{
  return kandy_user_to_variant (user);
}

static void
begin_user_fetch (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_users_fetch_async (kandy_client_get_users (client),
      gst_kandy_ask_get_text (request, "userId"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

static gboolean
finish_user_fetch (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  g_autoptr (KandyUser) user = NULL;

  if (!kandy_users_fetch_finish (KANDY_USERS (source), result, &user, error))
    return FALSE;
  if (user != NULL)
    gst_kandy_ask_insert (reply, "user", kandy_user_to_variant (user));
  return TRUE;
}

static void
begin_user_fetch_self (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_users_fetch_self_info_async (kandy_client_get_users (client),
      ask->line->cancellable, gst_kandy_ask_done, ask);
}

static gboolean
finish_user_fetch_self (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  g_autoptr (KandyUser) user = NULL;

  if (!kandy_users_fetch_self_info_finish (
          KANDY_USERS (source), result, &user, error))
    return FALSE;
  if (user != NULL)
    gst_kandy_ask_insert (reply, "user", kandy_user_to_variant (user));
  return TRUE;
}

static void
begin_user_search (
    KandyClient *client, const GstStructure *request, GstKandyAsk *ask)
{
  kandy_users_search_async (kandy_client_get_users (client),
      gst_kandy_ask_get_members (request, "filters"),
      gst_kandy_ask_get_members (request, "options"), ask->line->cancellable,
      gst_kandy_ask_done, ask);
}

static gboolean
finish_user_search (
    GObject *source, GAsyncResult *result, GstKandyReply *reply, GError **error)
{
  g_autofree char *next = NULL;
  GPtrArray *users =
      kandy_users_search_finish (KANDY_USERS (source), result, &next, error);

  if (users == NULL)
    return FALSE;
  gst_kandy_ask_insert_items (reply, "results", users, user_to_variant);
  if (next != NULL)
    g_variant_dict_insert (&reply->fields, "next", "s", next);
  return TRUE;
}

static void
get_user (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  KandyUser *user = kandy_users_get (kandy_client_get_users (client),
      gst_kandy_ask_get_text (request, "userId"));

  if (user != NULL)
    gst_kandy_ask_insert (reply, "user", kandy_user_to_variant (user));
}

static void
get_users (
    KandyClient *client, const GstStructure *request, GstKandyReply *reply)
{
  gst_kandy_ask_insert_list (reply, "users",
      G_LIST_MODEL (kandy_client_get_users (client)), user_to_variant);
}

const GstKandyAskMethod gst_kandy_line_people_methods[] = {
  { "groups.create", begin_groups_create, finish_groups_create },
  { "groups.fetch", begin_groups_fetch, finish_groups_fetch },
  { "groups.getAll", .get = get_groups },
  { "groups.get", .get = get_group },
  { "groups.getParticipants", .get = get_participants },
  { "groups.getInvitations", .get = get_invitations },
  { "groups.leave", begin_groups_leave, finish_groups_leave },
  { "groups.acceptInvitation", begin_groups_accept_invitation,
      finish_groups_accept_invitation },
  { "groups.rejectInvitation", begin_groups_reject_invitation,
      finish_groups_reject_invitation },
  { "groups.addParticipant", begin_groups_add_participant,
      finish_groups_add_participant },
  { "groups.removeParticipant", begin_groups_remove_participant,
      finish_groups_remove_participant },
  { "groups.delete", begin_groups_delete, finish_groups_delete },
  { "presence.update", begin_presence_update, finish_presence_update },
  { "presence.get", .get = get_presence },
  { "presence.getAll", .get = get_all_presence },
  { "presence.getSelf", .get = get_own_presence },
  { "presence.fetch", begin_presence_fetch, finish_presence_fetch },
  { "presence.subscribe", begin_presence_subscribe, finish_presence_subscribe },
  { "presence.unsubscribe", begin_presence_unsubscribe,
      finish_presence_unsubscribe },
  { "contacts.add", begin_contacts_add, finish_contacts_add },
  { "contacts.get", .get = get_contact },
  { "contacts.getAll", .get = get_contacts },
  { "contacts.refresh", begin_contacts_refresh, finish_contacts_refresh },
  { "contacts.remove", begin_contacts_remove, finish_contacts_remove },
  { "contacts.update", begin_contacts_update, finish_contacts_update },
  { "contacts.fetch", begin_contacts_fetch, finish_contacts_fetch },
  { "user.fetch", begin_user_fetch, finish_user_fetch },
  { "user.fetchSelfInfo", begin_user_fetch_self, finish_user_fetch_self },
  { "user.get", .get = get_user },
  { "user.getAll", .get = get_users },
  { "user.search", begin_user_search, finish_user_search },
  { NULL },
};
