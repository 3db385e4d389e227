/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* The directory (protocol messaging 6 and 7): the accounts of the asker's own
 * domain, by their names, addresses and numbers. */

#define MAX_PAGE 100

typedef struct {
  KlAccount *account;
  char *first_name;
  char *last_name;
} Item;

static void
item_free (gpointer data)
{
  Item *item = data;

  g_free (item->first_name);
  g_free (item->last_name);
  g_free (item);
}

static Item *
item_new (KlAccount *account)
{
  Item *item = g_new0 (Item, 1);
  const char *space = strchr (account->name, ' ');

  item->account = account;
  item->first_name = space ? g_strndup (account->name, space - account->name)
                           : g_strdup (account->name);
  item->last_name = g_strdup (space ? space + 1 : "");
  return item;
}

/* Without regard to case, as people type */
static gboolean
contains (const char *text, const char *part)
{
  g_autofree char *folded_text = g_utf8_casefold (text ? text : "", -1);
  g_autofree char *folded_part = g_utf8_casefold (part, -1);

  return strstr (folded_text, folded_part) != NULL;
}

static gboolean
is_named (const Item *item, const char *user_name)
{
  gsize length = strcspn (item->account->address, "@");

  return g_ascii_strcasecmp (item->account->address, user_name) == 0
      || (strlen (user_name) == length
          && g_ascii_strncasecmp (item->account->address, user_name, length)
              == 0);
}

/* What all filters of the query match. @n_filters: how many there are */
static gboolean
matches (const Item *item, GHashTable *query, guint *n_filters)
{
  static const char *const filters[] = { "name", "firstName", "lastName",
    "userName", "phoneNumber" };
  gboolean result = TRUE;
  guint i;

  *n_filters = 0;
  for (i = 0; i < G_N_ELEMENTS (filters); i++) {
    const char *value = query ? g_hash_table_lookup (query, filters[i]) : NULL;

    if (!value || !*value)
      continue;
    ++*n_filters;
    if (i == 0)
      result &= contains (item->first_name, value)
          || contains (item->last_name, value);
    else if (i == 1)
      result &= contains (item->first_name, value);
    else if (i == 2)
      result &= contains (item->last_name, value);
    else if (i == 3)
      result &= is_named (item, value);
    else
      result &=
          contains (item->account->phone, value[0] == '+' ? value + 1 : value);
  }
  return result;
}

static const char *
get_key (const Item *item, const char *sort_by)
{
  if (g_strcmp0 (sort_by, "lastName") == 0)
    return item->last_name;
  if (g_strcmp0 (sort_by, "userName") == 0
      || g_strcmp0 (sort_by, "userId") == 0)
    return item->account->address;
  if (g_strcmp0 (sort_by, "phoneNumber") == 0)
    return item->account->phone ? item->account->phone : "";
  return item->first_name;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  const Item *first = *(Item *const *) a, *second = *(Item *const *) b;
  int order = g_utf8_collate (get_key (first, data), get_key (second, data));

  return order ? order
               : strcmp (first->account->address, second->account->address);
}

static void
add_attribute (JsonArray *array, const char *name, const char *value)
{
  JsonObject *attribute;

  if (!value || !*value)
    return;
  attribute = json_object_new ();
  json_object_set_string_member (attribute, "name", name);
  json_object_set_string_member (attribute, "value", value);
  json_array_add_object_element (array, attribute);
}

static JsonObject *
item_to_json (const Item *item)
{
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  add_attribute (array, "primaryContact", item->account->address);
  add_attribute (array, "firstName", item->first_name);
  add_attribute (array, "lastName", item->last_name);
  add_attribute (array, "emailAddress", item->account->address);
  add_attribute (array, "businessPhoneNumber", item->account->phone);
  add_attribute (array, "buddy", "false");
  json_object_set_array_member (object, "attribute", array);
  return object;
}

/* (transfer full) (nullable): NULL if it has answered the request */
static GPtrArray *
find_items (KlRequest *request, const char *sort_by, gboolean descending)
{
  KandyLoopback *self = request->self;
  const char *domain = strchr (request->account->address, '@');
  GPtrArray *items = g_ptr_array_new_with_free_func (item_free);
  guint n_filters = 0, i;

  for (i = 0; i < self->accounts->len; i++) {
    KlAccount *account = self->accounts->pdata[i];
    Item *item;

    if (!g_str_has_suffix (account->address, domain))
      continue;
    item = item_new (account);
    if (matches (item, request->query, &n_filters))
      g_ptr_array_add (items, item);
    else
      item_free (item);
  }
  if (n_filters == 0) {
    g_ptr_array_unref (items);
    kl_request_reply_bad_value (request, "filter");
    return NULL;
  }
  g_ptr_array_sort_with_data (items, compare, (gpointer) sort_by);
  for (i = 0; descending && i < items->len / 2; i++) {
    gpointer other = items->pdata[items->len - 1 - i];

    items->pdata[items->len - 1 - i] = items->pdata[i];
    items->pdata[i] = other;
  }
  return items;
}

static const char *
get_param (KlRequest *request, const char *name)
{
  return request->query ? g_hash_table_lookup (request->query, name) : NULL;
}

static gboolean
get_number (KlRequest *request, const char *name, guint64 min, guint64 *value)
{
  const char *text = get_param (request, name);

  return !text
      || g_ascii_string_to_unsigned (text, 10, min, G_MAXINT32, value, NULL);
}

/* rest: what follows the user in the path */
void
kl_directory_handle (KlRequest *request, char **rest)
{
  const char *order = get_param (request, "order");
  g_autoptr (GPtrArray) items = NULL;
  guint64 max = MAX_PAGE, next = 0, i;
  JsonObject *list;
  JsonArray *array;

  if (!g_str_equal (rest[0], "default") || !rest[1]
      || !g_str_equal (rest[1], "search") || rest[2]) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  if (!kl_request_is (request, "GET")) {
    kl_request_reply_bad_method (request, "GET");
    return;
  }
  if (!get_number (request, "max", 1, &max)
      || !get_number (request, "next", 0, &next)
      || (order && !g_str_equal (order, "asc")
          && !g_str_equal (order, "desc"))) {
    kl_request_reply_bad_value (request, "max, next or order");
    return;
  }
  items = find_items (
      request, get_param (request, "sortBy"), g_strcmp0 (order, "desc") == 0);
  if (!items)
    return;

  max = MIN (max, MAX_PAGE);
  array = json_array_new ();
  for (i = next; i < items->len && i < next + max; i++)
    json_array_add_object_element (array, item_to_json (items->pdata[i]));
  list = json_object_new ();
  json_object_set_array_member (list, "directoryItem", array);
  if (i < items->len) {
    g_autofree char *token = g_strdup_printf ("%" G_GUINT64_FORMAT, i);

    json_object_set_string_member (list, "next", token);
  }
  kl_request_reply (request, 200, kl_json_wrap ("directoryItemList", list));
}
