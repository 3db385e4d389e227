/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-contacts.h"

#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-json.h"
#include "kandy-person-private.h"

/**
 * KandyContacts:
 *
 * The user's address book on the platform (API document: namespace `contacts`).
 * As a #GListModel it has the contacts that are known; nothing is known before
 * kandy_contacts_refresh_async().
 *
 * The platform does not tell what other devices of the user change: that is
 * seen when the list is refreshed.
 */

#define CONTACTS "default/contacts"
/* The document's codes */
#define CODE_NO_BODY "users:1"
#define CODE_PARAMETER "users:4"

struct _KandyContacts {
  KandyCollection parent_instance;
};

G_DEFINE_FINAL_TYPE (KandyContacts, kandy_contacts, KANDY_TYPE_COLLECTION)

static const char *
get_contact_id (gpointer contact)
{
  return kandy_contact_get_id (contact);
}

static gpointer
decode_contact (JsonNode *reply, GError **error)
{
  KandyContact *contact = kandy_contact_new_from_json (
      kandy_json_get_object (json_node_get_object (reply), "contact"));

  if (!contact)
    g_propagate_error (error, kandy_missing_error ("contact.contactId"));
  return contact;
}

static gpointer
decode_contacts (JsonNode *reply, GError **error)
{
  JsonObject *collection =
      kandy_json_get_object (json_node_get_object (reply), "contactCollection");
  JsonArray *array = kandy_json_get_array (collection, "contact");
  JsonObject *single = kandy_json_get_object (collection, "contact");
  guint n = array ? json_array_get_length (array) : 1, i;
  KandyItemList *contacts;

  if (!collection) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_PROTOCOL, CODE_NO_BODY, 0,
            "The platform's reply has no contactCollection"));
    return NULL;
  }
  contacts = kandy_item_list_new (KANDY_TYPE_CONTACT, get_contact_id);
  for (i = 0; i < n; i++) {
    JsonNode *node = array ? json_array_get_element (array, i) : NULL;
    JsonObject *json = single;
    g_autoptr (KandyContact) contact = NULL;

    if (node)
      json = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    contact = kandy_contact_new_from_json (json);
    if (contact)
      kandy_item_list_put (contacts, contact);
  }
  return contacts;
}

/* @contact: (transfer full) */
static void
take_contact (KandyCollection *collection, GTask *task, KandyContact *contact)
{
  kandy_item_list_put (kandy_collection_get_items (collection), contact);
  kandy_collection_emit (collection, "contacts:change", NULL);
  g_task_return_pointer (task, contact, g_object_unref);
  g_object_unref (task);
}

static void
contact_added (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autoptr (GVariant) variant = kandy_contact_to_variant (reply);
  GVariantDict payload;

  kandy_item_list_put (kandy_collection_get_items (collection), reply);
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (&payload, "contact", variant);
  kandy_collection_emit (
      collection, "contacts:new", g_variant_dict_end (&payload));
  kandy_collection_emit (collection, "contacts:change", NULL);
  g_task_return_pointer (task, reply, g_object_unref);
  g_object_unref (task);
}

static void
contact_read (KandyCollection *collection, GTask *task, gpointer reply)
{
  take_contact (collection, task, reply);
}

static void
contact_removed (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autoptr (KandyContact) removed = kandy_item_list_remove (
      kandy_collection_get_items (collection), g_task_get_task_data (task));

  json_node_unref (reply);
  kandy_collection_emit (collection, "contacts:change", NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
refreshed (KandyCollection *collection, GTask *task, gpointer reply)
{
  g_autoptr (KandyItemList) contacts = reply;

  kandy_item_list_take_from (kandy_collection_get_items (collection), contacts,
      kandy_collection_get_context (collection));
  kandy_collection_emit (collection, "contacts:change", NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
kandy_contacts_class_init (KandyContactsClass *klass)
{
  KANDY_COLLECTION_CLASS (klass)->error_event = "contacts:error";

  /**
   * KandyContacts::added:
   * @self: the contacts
   * @contact: the contact, as kandy_contact_to_variant() writes it
   *
   * There is another contact (API document: `contacts:new`).
   */
  /**
   * KandyContacts::changed:
   * @self: the contacts
   *
   * The list has changed (API document: `contacts:change`).
   */
  /**
   * KandyContacts::error:
   * @self: the contacts
   * @error: what went wrong
   *
   * An operation failed (API document: `contacts:error`). Its answer has the
   * same error.
   */
  kandy_events_install (G_OBJECT_CLASS (klass));
}

static void
kandy_contacts_init (KandyContacts *self)
{
  kandy_collection_set_items (KANDY_COLLECTION (self),
      kandy_item_list_new (KANDY_TYPE_CONTACT, get_contact_id));
}

/**
 * kandy_contacts_get:
 * @self: the contacts
 * @contact_id: a contact's #KandyContact:id
 *
 * API document: `contacts.get`.
 *
 * Returns: (transfer none) (nullable): the contact, if it is known
 */
KandyContact *
kandy_contacts_get (KandyContacts *self, const char *contact_id)
{
  g_return_val_if_fail (KANDY_IS_CONTACTS (self), NULL);
  g_return_val_if_fail (contact_id != NULL, NULL);

  return kandy_item_list_lookup (
      kandy_collection_get_items (KANDY_COLLECTION (self)), contact_id);
}

/**
 * kandy_contacts_get_all:
 * @self: the contacts
 *
 * API document: `contacts.getAll`.
 *
 * Returns: (transfer container) (element-type KandyContact): all contacts that
 *   are known
 */
GPtrArray *
kandy_contacts_get_all (KandyContacts *self)
{
  g_return_val_if_fail (KANDY_IS_CONTACTS (self), NULL);

  return kandy_item_list_get_all (
      kandy_collection_get_items (KANDY_COLLECTION (self)));
}

/* (transfer full): "default/contacts/ID" */
static char *
make_tail (const char *contact_id)
{
  g_autofree char *segment = kandy_escape_segment (contact_id);

  return g_strconcat (CONTACTS "/", segment, NULL);
}

/* The task of an operation on one contact, or NULL if it has been refused */
static GTask *
begin (KandyContacts *self, gpointer tag, const char *contact_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = kandy_collection_begin (
      KANDY_COLLECTION (self), tag, cancellable, callback, user_data);

  if (contact_id && *contact_id && g_utf8_validate (contact_id, -1, NULL)) {
    g_task_set_task_data (task, g_strdup (contact_id), g_free);
    return task;
  }
  kandy_collection_refuse (KANDY_COLLECTION (self), task, CODE_PARAMETER,
      "The id of a contact is needed");
  return NULL;
}

static gboolean
is_empty (KandyContact *contact)
{
  g_auto (GStrv) names = kandy_person_list_attributes (KANDY_PERSON (contact));

  return !names[0];
}

/**
 * kandy_contacts_add_async:
 * @self: the contacts
 * @contact: what to add
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Adds a contact to the address book (API document: `contacts.add`). The events
 * are `contacts:new` and `contacts:change`, or `contacts:error`.
 */
void
kandy_contacts_add_async (KandyContacts *self, KandyContact *contact,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  KandyCollection *collection = KANDY_COLLECTION (self);
  g_autoptr (JsonNode) body = NULL;
  const char *id;
  GTask *task;

  g_return_if_fail (KANDY_IS_CONTACTS (self));
  g_return_if_fail (KANDY_IS_CONTACT (contact));

  task = kandy_collection_begin (
      collection, kandy_contacts_add_async, cancellable, callback, user_data);
  id = kandy_contact_get_id (contact);
  if (is_empty (contact) || (id && !g_utf8_validate (id, -1, NULL))) {
    kandy_collection_refuse (collection, task, CODE_PARAMETER,
        "A contact needs an attribute, and an id that is UTF-8 text");
    return;
  }
  body = kandy_contact_to_json (contact, FALSE);
  kandy_collection_send (collection, task,
      &(KandyCollectionRequest){ .method = "POST",
          .service = "addressbook",
          .tail = CONTACTS,
          .body = body,
          .label = "Add contact",
          .decode = decode_contact,
          .destroy = g_object_unref },
      contact_added);
}

/**
 * kandy_contacts_add_finish:
 * @self: the contacts
 * @result: what the callback was given
 * @error: return location: platform code `users:4` for a contact without
 *   attributes, else the platform's own
 *
 * Ends kandy_contacts_add_async().
 *
 * Returns: (transfer full): the contact as the platform has it
 */
KandyContact *
kandy_contacts_add_finish (
    KandyContacts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kandy_contacts_update_async:
 * @self: the contacts
 * @contact: the contact as it is to be, with its id
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Changes a contact of the address book (API document: `contacts.update`). The
 * events are `contacts:change` or `contacts:error`.
 */
void
kandy_contacts_update_async (KandyContacts *self, KandyContact *contact,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (JsonNode) body = NULL;
  g_autofree char *tail = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CONTACTS (self));
  g_return_if_fail (KANDY_IS_CONTACT (contact));

  task = begin (self, kandy_contacts_update_async,
      kandy_contact_get_id (contact), cancellable, callback, user_data);
  if (!task)
    return;
  tail = make_tail (kandy_contact_get_id (contact));
  body = kandy_contact_to_json (contact, TRUE);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "PUT",
          .service = "addressbook",
          .tail = tail,
          .body = body,
          .label = "Update contact",
          .decode = decode_contact,
          .destroy = g_object_unref },
      contact_read);
}

/**
 * kandy_contacts_update_finish:
 * @self: the contacts
 * @result: what the callback was given
 * @error: return location: platform code `users:4` for a contact without an id,
 *   else the platform's own
 *
 * Ends kandy_contacts_update_async().
 *
 * Returns: (transfer full): the contact as the platform has it
 */
KandyContact *
kandy_contacts_update_finish (
    KandyContacts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kandy_contacts_remove_async:
 * @self: the contacts
 * @contact_id: a contact's #KandyContact:id
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Removes a contact from the address book (API document: `contacts.remove`).
 * The events are `contacts:change` or `contacts:error`.
 */
void
kandy_contacts_remove_async (KandyContacts *self, const char *contact_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *tail = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CONTACTS (self));

  task = begin (self, kandy_contacts_remove_async, contact_id, cancellable,
      callback, user_data);
  if (!task)
    return;
  tail = make_tail (contact_id);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "DELETE",
          .service = "addressbook",
          .tail = tail,
          .flags = KANDY_REST_NO_REPLY_BODY,
          .label = "Delete contact" },
      contact_removed);
}

/**
 * kandy_contacts_remove_finish:
 * @self: the contacts
 * @result: what the callback was given
 * @error: return location: platform code `users:4` without an id, else the
 *   platform's own
 *
 * Ends kandy_contacts_remove_async().
 *
 * Returns: %TRUE if the contact is no more
 */
gboolean
kandy_contacts_remove_finish (
    KandyContacts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_contacts_fetch_async:
 * @self: the contacts
 * @contact_id: a contact's #KandyContact:id
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets one contact (API document: `contacts.fetch`). The events are
 * `contacts:change` or `contacts:error`.
 */
void
kandy_contacts_fetch_async (KandyContacts *self, const char *contact_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *tail = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CONTACTS (self));

  task = begin (self, kandy_contacts_fetch_async, contact_id, cancellable,
      callback, user_data);
  if (!task)
    return;
  tail = make_tail (contact_id);
  kandy_collection_send (KANDY_COLLECTION (self), task,
      &(KandyCollectionRequest){ .method = "GET",
          .service = "addressbook",
          .tail = tail,
          .label = "Fetch contact",
          .decode = decode_contact,
          .destroy = g_object_unref },
      contact_read);
}

/**
 * kandy_contacts_fetch_finish:
 * @self: the contacts
 * @result: what the callback was given
 * @error: return location: platform code `users:4` without an id, else the
 *   platform's own
 *
 * Ends kandy_contacts_fetch_async().
 *
 * Returns: (transfer full): the contact
 */
KandyContact *
kandy_contacts_fetch_finish (
    KandyContacts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kandy_contacts_refresh_async:
 * @self: the contacts
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Gets all contacts (API document: `contacts.refresh`). They take the place of
 * those that are known at once, with one #GListModel::items-changed; a large
 * address book is read in a thread. The events are `contacts:change` or
 * `contacts:error`.
 */
void
kandy_contacts_refresh_async (KandyContacts *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_CONTACTS (self));

  kandy_collection_send (KANDY_COLLECTION (self),
      kandy_collection_begin (KANDY_COLLECTION (self),
          kandy_contacts_refresh_async, cancellable, callback, user_data),
      &(KandyCollectionRequest){ .method = "GET",
          .service = "addressbook",
          .tail = CONTACTS,
          .label = "Refresh contacts",
          .decode = decode_contacts,
          .destroy = g_object_unref },
      refreshed);
}

/**
 * kandy_contacts_refresh_finish:
 * @self: the contacts
 * @result: what the callback was given
 * @error: return location: platform code `users:1` for a reply without
 *   contacts, else the platform's own
 *
 * Ends kandy_contacts_refresh_async().
 *
 * Returns: %TRUE if the list is that of the platform
 */
gboolean
kandy_contacts_refresh_finish (
    KandyContacts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
