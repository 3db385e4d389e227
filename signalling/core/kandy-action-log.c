/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-action-log.h"

#include "kandy-client-private.h"
#include "kandy-config-private.h"
#include "kandy-json.h"

/* Members whose values open something. Session descriptions have the ICE
 * password in them, and TURN replies the relay's */
static const char *const secret_members[] = { "password", "credential",
  "access_token", "id_token", "refresh_token", "client_secret", "accessToken",
  "idToken", "sdp", NULL };

static JsonNode *without_secrets (JsonNode *node);

static JsonNode *
object_without_secrets (JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonNode *result = json_node_alloc ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member)) {
    if (g_strv_contains (secret_members, name))
      json_object_set_string_member (copy, name, "...");
    else
      json_object_set_member (copy, name, without_secrets (member));
  }
  json_node_init_object (result, copy);
  json_object_unref (copy);
  return result;
}

static JsonNode *
array_without_secrets (JsonArray *array)
{
  JsonArray *copy = json_array_new ();
  JsonNode *result = json_node_alloc ();
  guint i;

  for (i = 0; i < json_array_get_length (array); i++)
    json_array_add_element (
        copy, without_secrets (json_array_get_element (array, i)));
  json_node_init_array (result, copy);
  json_array_unref (copy);
  return result;
}

/* The depth is bounded by kandy_json_parse() */
static JsonNode *
without_secrets (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return object_without_secrets (json_node_get_object (node));
  if (JSON_NODE_HOLDS_ARRAY (node))
    return array_without_secrets (json_node_get_array (node));
  return json_node_copy (node);
}

char *
kandy_action_log_print (JsonNode *node)
{
  g_autoptr (JsonNode) copy = without_secrets (node);

  return kandy_json_to_string (copy);
}

void
kandy_action_log (KandyClient *client, const char *what, const char *outcome,
    JsonNode *payload)
{
  KandyConfig *config = kandy_client_get_config (client);
  g_autofree char *text = NULL;
  KandyLogLevel level;

  if (!kandy_config_get_boolean (config, "logs.logActions"))
    return;
  level = kandy_config_get_log_level (config, "logs.logActions.level");
  if (!kandy_logger_is_enabled (
          kandy_client_get_logger (client), level, "ACTION"))
    return;
  if (kandy_config_get_boolean (config, "logs.logActions.actionOnly"))
    outcome = NULL;
  if (payload
      && kandy_config_get_boolean (config, "logs.logActions.exposePayloads"))
    text = kandy_action_log_print (payload);
  kandy_logger_log (kandy_client_get_logger (client), level, "ACTION", NULL,
      "%s%s%s%s%s", what, outcome ? ": " : "", outcome ? outcome : "",
      text ? " " : "", text ? text : "");
}
