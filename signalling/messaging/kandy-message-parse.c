/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-json.h"

/*
 * What replies and notifications say of messages (protocol messaging 2 and 11).
 * Members may be absent or of another type, numbers may be strings, and a list
 * may be a single object.
 */

#define MAX_ATTACHMENTS 64

/* After "/messages/", else the last segment; decoded */
char *
kandy_messaging_parse_id (const char *url)
{
  g_autofree char *path = NULL;
  const char *start, *marker;
  char *id;
  gsize length;

  if (!url)
    return NULL;
  path = g_strndup (url, strcspn (url, "?#"));
  length = strlen (path);
  while (length > 0 && path[length - 1] == '/')
    path[--length] = '\0';
  marker = strstr (path, "/messages/");
  if (marker) {
    start = marker + strlen ("/messages/");
    path[(start - path) + strcspn (start, "/")] = '\0';
  } else {
    start = strrchr (path, '/');
    start = start ? start + 1 : path;
  }
  id = g_uri_unescape_string (start, NULL);
  if (id && (!*id || !g_utf8_validate (id, -1, NULL)))
    g_clear_pointer (&id, g_free);
  return id;
}

/* -1 if it is none, or negative */
gint64
kandy_messaging_parse_number (JsonObject *object, const char *member)
{
  const char *text = kandy_json_get_string (object, member);
  gint64 number = -1;

  if (text)
    g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &number, NULL);
  else
    number = kandy_json_get_int (object, member, -1);
  return MAX (number, -1);
}

/* In milliseconds; now, if there is none that makes sense */
gint64
kandy_messaging_parse_time (JsonObject *object, const char *member)
{
  gint64 time = kandy_messaging_parse_number (object, member);

  if (time <= 0 || time > KANDY_MIN_MS * 1000)
    return g_get_real_time () / 1000;
  return time < KANDY_MIN_MS ? time * 1000 : time;
}

JsonArray *
kandy_messaging_dup_list (JsonObject *object, const char *member)
{
  JsonArray *array = kandy_json_get_array (object, member);
  JsonObject *single = kandy_json_get_object (object, member);

  if (array)
    return json_array_ref (array);
  array = json_array_new ();
  if (single)
    json_array_add_object_element (array, json_object_ref (single));
  return array;
}

GPtrArray *
kandy_messaging_parse_parts (JsonObject *message, const char *text_member)
{
  g_autoptr (JsonArray) attachments =
      kandy_messaging_dup_list (message, "attachment");
  const char *text = kandy_json_get_string (message, text_member);
  guint n = MIN (json_array_get_length (attachments), MAX_ATTACHMENTS);
  GPtrArray *parts = g_ptr_array_new_full (n + 1, g_object_unref);
  guint i;

  if (text && *text)
    g_ptr_array_add (parts, kandy_message_part_new_text (text));
  for (i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (attachments, i);
    JsonObject *object =
        JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (object)
      g_ptr_array_add (parts,
          kandy_message_part_new_attachment (
              kandy_json_get_string (object, "name"),
              kandy_json_get_string (object, "contentType"),
              kandy_messaging_parse_number (object, "size"),
              kandy_json_get_string (object, "x-id"),
              kandy_json_get_string (object, "link"),
              kandy_json_get_string (
                  kandy_json_get_object (object, "thumbnail"), "link")));
  }
  return parts;
}

/* @rel: NULL for the first link. (nullable) */
const char *
kandy_messaging_find_link (JsonObject *object, const char *rel)
{
  g_autoptr (JsonArray) links = kandy_messaging_dup_list (object, "link");
  guint i;

  for (i = 0; i < json_array_get_length (links); i++) {
    JsonNode *node = json_array_get_element (links, i);
    JsonObject *link =
        JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (link
        && (!rel || g_strcmp0 (kandy_json_get_string (link, "rel"), rel) == 0))
      return kandy_json_get_string (link, "href");
  }
  return NULL;
}

/* Protocol messaging 2.10.3 */
const char *
kandy_messaging_map_status (const char *sms_status)
{
  if (g_strcmp0 (sms_status, "DeliveredToNetwork") == 0)
    return "Pending";
  if (g_strcmp0 (sms_status, "DeliveredToTerminal") == 0)
    return "Delivered";
  if (g_strcmp0 (sms_status, "DeliveryImpossible") == 0)
    return "Failed";
  return NULL;
}
