/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-notifications-private.h"

#include "kandy-client-private.h"
#include "kandy-json.h"
#include "kandy-logger.h"

/*
 * The platform's notifications (protocol session 6): each is handled once, in
 * the order of arrival, by every consumer of its type. One that arrives while
 * another is being handled waits, so that no consumer is entered twice.
 */

typedef struct {
  guint id;
  char *type;
  KandyNotificationFunc func;
  gpointer user_data;
} Consumer;

struct _KandyNotifications {
  GObject parent_instance;

  KandyClient *client;   /* weak */
  GHashTable *consumers; /* id: Consumer */
  GArray *order;         /* of their ids, in the order of notification */
  guint next_id;
  gboolean websocket_enabled;

  GQueue known; /* ids, oldest first; the strings belong to known_set */
  GHashTable *known_set;

  GQueue waiting; /* JsonNode */
  gboolean dispatching;
};

G_DEFINE_FINAL_TYPE (KandyNotifications, kandy_notifications, G_TYPE_OBJECT)

static void
consumer_free (Consumer *consumer)
{
  g_free (consumer->type);
  g_free (consumer);
}

/* "*Suffix" matches by the end */
static gboolean
matches (const Consumer *consumer, const char *type)
{
  if (consumer->type[0] == '*')
    return g_str_has_suffix (type, consumer->type + 1);
  return g_str_equal (consumer->type, type);
}

static KandyLogger *
get_logger (KandyNotifications *self)
{
  return kandy_client_get_logger (self->client);
}

/* The first member that is an object with an id; protocol session 6.2 step 2.
 * The id may be of any type that is true in JavaScript. */
static char *
find_id (JsonObject *root, const char **type, JsonObject **content)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, root);
  while (json_object_iter_next_ordered (&iter, &name, &node)) {
    JsonNode *id_node;
    char *id = NULL;

    if (!JSON_NODE_HOLDS_OBJECT (node))
      continue;
    id_node = json_object_get_member (json_node_get_object (node), "id");
    if (!id_node || !JSON_NODE_HOLDS_VALUE (id_node))
      continue;
    if (json_node_get_value_type (id_node) == G_TYPE_STRING)
      id = json_node_dup_string (id_node);
    else if (json_node_get_value_type (id_node) == G_TYPE_INT64
        && json_node_get_int (id_node) != 0)
      id = kandy_json_to_string (id_node);
    if (id && *id) {
      *type = name;
      *content = json_node_get_object (node);
      return id;
    }
    g_free (id);
  }
  return NULL;
}

static void
forget_beyond (KandyNotifications *self, guint length)
{
  while (self->known.length > length)
    g_hash_table_remove (self->known_set, g_queue_pop_head (&self->known));
}

/* @id: (transfer full). Returns: whether it is new. The length is read each
 * time: it may change */
static gboolean
remember (KandyNotifications *self, char *id)
{
  guint length = (guint) kandy_config_get_number (
      kandy_client_get_config (self->client), "notifications.idCacheLength");

  if (length == 0) {
    forget_beyond (self, 0);
    g_free (id);
    return TRUE;
  }
  /* g_hash_table_add() would put it in the place of the one that `known` has */
  if (g_hash_table_contains (self->known_set, id)) {
    g_free (id);
    return FALSE;
  }
  g_hash_table_add (self->known_set, id);
  g_queue_push_tail (&self->known, id);
  forget_beyond (self, length);
  return TRUE;
}

static void
log_keys (KandyNotifications *self, JsonObject *root)
{
  g_autoptr (GList) members = json_object_get_members (root);
  g_autoptr (GString) keys = g_string_new (NULL);
  GList *l;

  for (l = members; l && keys->len < 200; l = l->next)
    g_string_append_printf (
        keys, "%s%.64s", keys->len ? ", " : "", (const char *) l->data);
  kandy_logger_log (get_logger (self), KANDY_LOG_LEVEL_ERROR, "NOTIFICATIONS",
      NULL, "Dropped a notification without an id; its members: %s",
      keys->len ? keys->str : "none");
}

static void
dispatch (KandyNotifications *self, JsonNode *root)
{
  JsonObject *content = NULL;
  const char *type = NULL;
  g_autofree guint *ids = NULL;
  GVariantDict payload;
  guint i, n;
  char *id;

  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    kandy_logger_log (get_logger (self), KANDY_LOG_LEVEL_WARN, "NOTIFICATIONS",
        NULL, "Dropped a notification that is not an object");
    return;
  }
  id = find_id (json_node_get_object (root), &type, &content);
  if (!id) {
    log_keys (self, json_node_get_object (root));
    return;
  }
  if (!remember (self, id)) {
    kandy_logger_log (get_logger (self), KANDY_LOG_LEVEL_INFO, "NOTIFICATIONS",
        NULL, "Ignored a %s that had come before", type);
    return;
  }

  kandy_logger_log (get_logger (self), KANDY_LOG_LEVEL_DEBUG, "NOTIFICATIONS",
      NULL, "Received a %s", type);
  /* an earlier one may remove itself or others, or destroy the client */
  n = self->order->len;
  ids = g_memdup2 (self->order->data, n * sizeof (guint));
  for (i = 0; i < n; i++) {
    Consumer *consumer =
        g_hash_table_lookup (self->consumers, GUINT_TO_POINTER (ids[i]));

    if (!self->client || kandy_client_is_destroyed (self->client))
      return;
    if (consumer && matches (consumer, type))
      consumer->func (type, content, consumer->user_data);
  }

  /* It costs as much as all the rest, and few listen */
  if (!self->client
      || !kandy_client_has_listener (
          self->client, self->client, "notification:received"))
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "payload", kandy_json_to_variant (root));
  kandy_client_emit (self->client, self->client, "notification:received",
      g_variant_dict_end (&payload));
}

static void
kandy_notifications_finalize (GObject *object)
{
  KandyNotifications *self = KANDY_NOTIFICATIONS (object);

  g_clear_weak_pointer (&self->client);
  g_hash_table_unref (self->consumers);
  g_array_unref (self->order);
  g_queue_clear (&self->known);
  g_hash_table_unref (self->known_set);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) json_node_unref);

  G_OBJECT_CLASS (kandy_notifications_parent_class)->finalize (object);
}

static void
kandy_notifications_class_init (KandyNotificationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_notifications_finalize;
}

static void
kandy_notifications_init (KandyNotifications *self)
{
  self->consumers =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) consumer_free);
  self->known_set =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->order = g_array_new (FALSE, FALSE, sizeof (guint));
  g_queue_init (&self->known);
  g_queue_init (&self->waiting);
}

KandyNotifications *
kandy_notifications_new (KandyClient *client)
{
  KandyNotifications *self = g_object_new (KANDY_TYPE_NOTIFICATIONS, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_notifications_set_websocket_enabled (
    KandyNotifications *self, gboolean enabled)
{
  self->websocket_enabled = enabled;
}

void
kandy_notifications_process (
    KandyNotifications *self, KandyNotificationChannel channel, JsonNode *root)
{
  JsonNode *next;

  if (!self->client || kandy_client_is_destroyed (self->client))
    return;
  if (channel == KANDY_NOTIFICATION_CHANNEL_WEBSOCKET
      && !self->websocket_enabled) {
    kandy_logger_log (get_logger (self), KANDY_LOG_LEVEL_DEBUG, "NOTIFICATIONS",
        NULL, "Dropped a notification: the websocket is off");
    return;
  }

  g_queue_push_tail (&self->waiting, json_node_ref (root));
  if (self->dispatching)
    return;
  g_object_ref (self);
  self->dispatching = TRUE;
  while ((next = g_queue_pop_head (&self->waiting))) {
    if (self->client && !kandy_client_is_destroyed (self->client))
      dispatch (self, next);
    json_node_unref (next);
  }
  self->dispatching = FALSE;
  g_object_unref (self);
}

guint
kandy_notifications_add_consumer (KandyNotifications *self, const char *type,
    KandyNotificationFunc func, gpointer user_data)
{
  Consumer *consumer = g_new0 (Consumer, 1);

  consumer->id = ++self->next_id;
  consumer->type = g_strdup (type);
  consumer->func = func;
  consumer->user_data = user_data;
  g_hash_table_insert (
      self->consumers, GUINT_TO_POINTER (consumer->id), consumer);
  g_array_append_val (self->order, consumer->id);
  return consumer->id;
}

void
kandy_notifications_remove_consumer (KandyNotifications *self, guint id)
{
  guint i;

  g_hash_table_remove (self->consumers, GUINT_TO_POINTER (id));
  for (i = 0; i < self->order->len; i++) {
    if (g_array_index (self->order, guint, i) == id) {
      g_array_remove_index (self->order, i);
      return;
    }
  }
}
