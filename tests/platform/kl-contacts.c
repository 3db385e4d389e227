/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* The users' address books (protocol messaging 5 and 7): each contact's
 * attributes as they were given, as JSON text. What an update does not name
 * stays: so did the platform that was watched. */

#define MAX_CONTACTS 20000
#define MAX_ATTRIBUTES 64
#define MAX_TEXT 1024

gboolean
kl_contacts_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS contacts ("
      " owner TEXT NOT NULL,"
      " id TEXT NOT NULL,"
      " attributes TEXT NOT NULL," /* {"name": "value"}, in order */
      " PRIMARY KEY (owner, id)) WITHOUT ROWID;";

  return kl_store_add_tables (store, tables, error);
}

static JsonObject *
contact_to_json (KlRequest *request, const char *id, JsonObject *attributes)
{
  g_autofree char *url = g_strdup_printf (
      "/cpaas/addressbook/v1/%s/default/contacts/%s", request->account->id, id);
  JsonObject *contact = json_object_new ();
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, attributes);
  while (json_object_iter_next_ordered (&iter, &name, &node)) {
    JsonObject *attribute = json_object_new ();

    json_object_set_string_member (attribute, "name", name);
    json_object_set_member (attribute, "value", json_node_copy (node));
    json_array_add_object_element (array, attribute);
  }
  json_object_set_array_member (list, "attribute", array);
  json_object_set_object_member (contact, "attributeList", list);
  json_object_set_string_member (contact, "contactId", id);
  json_object_set_string_member (contact, "resourceURL", url);
  return contact;
}

/* (transfer full) (nullable) */
static JsonObject *
find_attributes (KlRequest *request, const char *id)
{
  g_autofree char *text = kl_store_get_text (request->self->store,
      "SELECT attributes FROM contacts WHERE owner = ? AND id = ?", "ss",
      request->account->address, id);

  return text ? kl_json_parse (text, -1, NULL) : NULL;
}

/* Puts those that were sent into @attributes. Returns FALSE if it has answered
 * the request */
static gboolean
read_attributes (KlRequest *request, JsonObject *asked, JsonObject *attributes)
{
  JsonObject *list = kl_json_get_object (asked, "attributeList");
  JsonNode *node = list ? json_object_get_member (list, "attribute") : NULL;
  JsonArray *array =
      node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint i;

  if (!array) {
    kl_request_reply_bad_value (request, "contact.attributeList.attribute");
    return FALSE;
  }
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    JsonObject *attribute = JSON_NODE_HOLDS_OBJECT (element)
        ? json_node_get_object (element)
        : NULL;
    const char *name = kl_json_get_string (attribute, "name");
    const char *value = kl_json_get_string (attribute, "value");
    g_autofree char *full = NULL;

    if (!name || !*name || !value || strlen (name) > MAX_TEXT
        || strlen (value) > MAX_TEXT) {
      kl_request_reply_bad_value (request, "attribute");
      return FALSE;
    }
    if (g_str_equal (name, "primaryContact") && *value && !strchr (value, '@'))
      value = full =
          g_strconcat (value, strchr (request->account->address, '@'), NULL);
    json_object_set_string_member (attributes, name, value);
  }
  if (json_object_get_size (attributes) > MAX_ATTRIBUTES) {
    kl_request_reply_error (
        request, 403, "POL0001", "Request refused: %1", "too many attributes");
    return FALSE;
  }
  return TRUE;
}

static void
keep (KlRequest *request, const char *id, JsonObject *attributes)
{
  g_autofree char *text = kl_json_to_string (attributes);

  kl_store_run (request->self->store,
      "INSERT OR REPLACE INTO contacts (owner, id, attributes)"
      " VALUES (?, ?, ?)",
      "sss", request->account->address, id, text);
}

static void
add_contact (KlRequest *request)
{
  JsonObject *asked = kl_json_get_object (request->body, "contact");
  const char *given = kl_json_get_string (asked, "contactId");
  g_autofree char *id = given ? g_strdup (given) : g_uuid_string_random ();
  g_autoptr (JsonObject) attributes = json_object_new ();
  g_autoptr (JsonObject) known = NULL;

  if (!asked
      || (json_object_has_member (asked, "contactId")
          && (!given || !*given || strlen (given) > MAX_TEXT
              || strchr (given, '/')))) {
    kl_request_reply_bad_value (request, asked ? "contactId" : "contact");
    return;
  }
  if (!read_attributes (request, asked, attributes))
    return;
  known = find_attributes (request, id);
  if (known) {
    kl_request_reply_error (
        request, 409, "SVC0005", "Correlator %1 is a duplicate", id);
    return;
  }
  if (kl_store_get_int (request->self->store, 0,
          "SELECT count(*) FROM contacts WHERE owner = ?", "s",
          request->account->address)
      >= MAX_CONTACTS) {
    kl_request_reply_error (
        request, 403, "POL0001", "Request refused: %1", "too many contacts");
    return;
  }
  keep (request, id, attributes);
  kl_request_reply (request, 201,
      kl_json_wrap ("contact", contact_to_json (request, id, attributes)));
}

static void
list_contacts (KlRequest *request)
{
  JsonObject *collection = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT id, attributes FROM contacts WHERE owner = ? ORDER BY id", "s",
      request->account->address);

  while (kl_rows_next (rows)) {
    g_autoptr (JsonObject) attributes =
        kl_json_parse (kl_rows_get_text (rows, 1), -1, NULL);

    if (attributes)
      json_array_add_object_element (array,
          contact_to_json (request, kl_rows_get_text (rows, 0), attributes));
  }
  json_object_set_array_member (collection, "contact", array);
  kl_request_reply (
      request, 200, kl_json_wrap ("contactCollection", collection));
}

static void
handle_one (KlRequest *request, const char *id)
{
  g_autoptr (JsonObject) attributes = find_attributes (request, id);
  JsonObject *asked;

  if (!attributes) {
    kl_request_reply_not_found (request, "contactId");
  } else if (kl_request_is (request, "GET")) {
    kl_request_reply (request, 200,
        kl_json_wrap ("contact", contact_to_json (request, id, attributes)));
  } else if (kl_request_is (request, "DELETE")) {
    kl_store_run (request->self->store,
        "DELETE FROM contacts WHERE owner = ? AND id = ?", "ss",
        request->account->address, id);
    kl_request_reply (request, 204, NULL);
  } else if (kl_request_is (request, "PUT")) {
    asked = kl_json_get_object (request->body, "contact");
    if (!asked) {
      kl_request_reply_bad_value (request, "contact");
    } else if (read_attributes (request, asked, attributes)) {
      keep (request, id, attributes);
      kl_request_reply (request, 200,
          kl_json_wrap ("contact", contact_to_json (request, id, attributes)));
    }
  } else {
    kl_request_reply_bad_method (request, "GET, PUT, DELETE");
  }
}

/* rest: what follows the user in the path */
void
kl_contacts_handle (KlRequest *request, char **rest)
{
  if (!g_str_equal (rest[0], "default") || !rest[1]
      || !g_str_equal (rest[1], "contacts") || (rest[2] && rest[3]))
    kl_request_reply_not_found (request, "path");
  else if (rest[2])
    handle_one (request, rest[2]);
  else if (kl_request_is (request, "POST"))
    add_contact (request);
  else if (kl_request_is (request, "GET"))
    list_contacts (request);
  else
    kl_request_reply_bad_method (request, "GET, POST");
}
