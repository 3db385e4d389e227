/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-enum-types.h"
#include "kandy-error-private.h"
#include "kandy-events.h"
#include "kandy-item-list.h"
#include "kandy-json.h"
#include "kandy-logger.h"

/**
 * KandyConversations:
 *
 * The conversations of a client (API document: namespace `conversation`): chat
 * between two users, in groups, and short messages. As a #GListModel it has all
 * that are known, in the order in which they became known.
 *
 * It needs the client's tokens and, for messages to come, a subscription to the
 * services `chat` and `smsinbound`. When another user signs on, or the user
 * signs off, all that is here is forgotten.
 */

/* Conversations that strangers can make this client keep */
#define MAX_CONVERSATIONS 100000
/* Conversations of a reply that are taken in one iteration */
#define SLICE 64
/* Notifications that are on their way when a message is deleted */
#define MAX_DELETED 256
/* Conversations that are freed in one, each with its messages */
#define FORGET_SLICE 8

struct _KandyConversations {
  GObject parent_instance;

  KandyClient *client; /* weak: it owns this object */
  KandyNotifications *notifications;
  GArray *consumers;
  GPtrArray *conversations;
  GHashTable *by_key; /* TYPE:DESTINATION: KandyConversation, unowned */
  GQueue deleted;     /* ids of messages, the latest ones, see MAX_DELETED */
  guint user;         /* counts the changes of user */
  GSource *freeing;   /* (nullable): those of the user before */
};

enum { PROP_0, PROP_CLIENT, N_PROPS };

enum { SIGNAL_MESSAGE_RECEIVED, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void kandy_conversations_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KandyConversations, kandy_conversations,
    G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_LIST_MODEL, kandy_conversations_list_model_init))

static char *
make_key (const char *destination, KandyChatType type)
{
  return g_strdup_printf ("%d:%s", (int) type, destination);
}

/* Files that were fetched go with their messages, also if the program ends now
 */
static void
end_freeing (KandyConversations *self)
{
  if (self->freeing)
    g_source_destroy (self->freeing);
  g_clear_pointer (&self->freeing, g_source_unref);
}

static void
on_user_changed (KandyConversations *self)
{
  GPtrArray *old = g_steal_pointer (&self->conversations);
  guint i, n = old->len;

  self->user++;
  self->conversations = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_remove_all (self->by_key);
  g_queue_clear_full (&self->deleted, g_free);
  for (i = 0; i < n; i++)
    kandy_conversation_detach (old->pdata[i]);
  if (n)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  end_freeing (self);
  self->freeing = kandy_free_in_slices_full (old, FORGET_SLICE,
      self->client ? kandy_client_get_context (self->client) : NULL);
}

static void
kandy_conversations_shutdown (KandyConversations *self)
{
  guint i;

  if (self->notifications)
    for (i = 0; i < self->consumers->len; i++)
      kandy_notifications_remove_consumer (
          self->notifications, g_array_index (self->consumers, guint, i));
  g_array_set_size (self->consumers, 0);
  end_freeing (self);
  g_clear_object (&self->notifications);
  for (i = 0; i < self->conversations->len; i++)
    kandy_conversation_detach (self->conversations->pdata[i]);
  g_clear_weak_pointer (&self->client);
}

static GType
kandy_conversations_get_item_type (GListModel *list)
{
  return KANDY_TYPE_CONVERSATION;
}

static guint
kandy_conversations_get_n_items (GListModel *list)
{
  return KANDY_CONVERSATIONS (list)->conversations->len;
}

static gpointer
kandy_conversations_get_item (GListModel *list, guint position)
{
  KandyConversations *self = KANDY_CONVERSATIONS (list);

  return position < self->conversations->len
      ? g_object_ref (self->conversations->pdata[position])
      : NULL;
}

static void
kandy_conversations_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_conversations_get_item_type;
  iface->get_n_items = kandy_conversations_get_n_items;
  iface->get_item = kandy_conversations_get_item;
}

static void
kandy_conversations_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KandyConversations *self = KANDY_CONVERSATIONS (object);

  switch (prop_id) {
    case PROP_CLIENT:
      g_set_weak_pointer (&self->client, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_conversations_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyConversations *self = KANDY_CONVERSATIONS (object);

  switch (prop_id) {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_conversations_constructed (GObject *object)
{
  KandyConversations *self = KANDY_CONVERSATIONS (object);
  guint i, id;

  G_OBJECT_CLASS (kandy_conversations_parent_class)->constructed (object);

  g_return_if_fail (self->client != NULL);

  self->notifications =
      g_object_ref (kandy_client_get_notifications (self->client));
  for (i = 0; kandy_messaging_notification_types[i]; i++) {
    id = kandy_notifications_add_consumer (self->notifications,
        kandy_messaging_notification_types[i], kandy_conversations_receive,
        self);
    g_array_append_val (self->consumers, id);
  }
  g_signal_connect_object (kandy_client_get_auth (self->client), "user-changed",
      G_CALLBACK (on_user_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->client, "destroyed",
      G_CALLBACK (kandy_conversations_shutdown), self, G_CONNECT_SWAPPED);
}

static void
kandy_conversations_dispose (GObject *object)
{
  kandy_conversations_shutdown (KANDY_CONVERSATIONS (object));

  G_OBJECT_CLASS (kandy_conversations_parent_class)->dispose (object);
}

static void
kandy_conversations_finalize (GObject *object)
{
  KandyConversations *self = KANDY_CONVERSATIONS (object);

  g_hash_table_unref (self->by_key);
  g_queue_clear_full (&self->deleted, g_free);
  g_ptr_array_unref (self->conversations);
  g_array_unref (self->consumers);

  G_OBJECT_CLASS (kandy_conversations_parent_class)->finalize (object);
}

static void
kandy_conversations_class_init (KandyConversationsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = kandy_conversations_set_property;
  object_class->get_property = kandy_conversations_get_property;
  object_class->constructed = kandy_conversations_constructed;
  object_class->dispose = kandy_conversations_dispose;
  object_class->finalize = kandy_conversations_finalize;

  /**
   * KandyConversations:client:
   *
   * The client that the conversations belong to; %NULL once it is gone.
   */
  props[PROP_CLIENT] = g_param_spec_object ("client", "Client",
      "The client that the conversations belong to", KANDY_TYPE_CLIENT,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyConversations::message-received:
   * @self: the conversations
   * @conversation: the conversation that it came in
   * @message: the message
   *
   * A message came from somebody else. It follows the API document's event for
   * it, which is #KandyConversations::changed for the first message of a
   * conversation and #KandyConversation::messages-changed for the others.
   */
  signals[SIGNAL_MESSAGE_RECEIVED] = g_signal_new ("message-received",
      KANDY_TYPE_CONVERSATIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 2, KANDY_TYPE_CONVERSATION, KANDY_TYPE_MESSAGE);

  /**
   * KandyConversations::created:
   * @self: the conversations
   * @params: an `aa{sv}` of one dictionary, with `destination` and `type`
   *
   * kandy_conversations_create() made a conversation (API document:
   * `conversations:new`).
   */
  /**
   * KandyConversations::changed:
   * @self: the conversations
   * @params: an `aa{sv}` of dictionaries with `destination` and `type`
   *
   * Conversations were fetched, one began because a message came (then with
   * `messageId`), or one was deleted (then those that remain) (API document:
   * `conversations:change`).
   */
  /**
   * KandyConversations::error:
   * @self: the conversations
   * @error: what happened
   *
   * Something failed (API document: `messages:error`).
   */
  kandy_events_install (object_class);
}

static void
kandy_conversations_init (KandyConversations *self)
{
  self->conversations = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->consumers = g_array_new (FALSE, FALSE, sizeof (guint));
}

KandyClient *
kandy_conversations_peek_client (KandyConversations *self)
{
  return self->client;
}

GError *
kandy_conversations_destroyed_error (void)
{
  return kandy_error_new (
      KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed.");
}

void
kandy_conversations_log (
    KandyConversations *self, KandyLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (!self->client)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  kandy_logger_log (kandy_client_get_logger (self->client), level, "MESSAGING",
      NULL, "%s", message);
}

char *
kandy_normalize_recipient (const char *recipient, KandyChatType type)
{
  g_autofree char *stripped = NULL;
  const char *start;

  if (!recipient || !g_utf8_validate (recipient, -1, NULL))
    return NULL;
  stripped = g_strstrip (g_strdup (recipient));
  start = stripped;
  if (type == KANDY_CHAT_TYPE_SMS
      && (g_ascii_strncasecmp (start, "tel:", 4) == 0
          || g_ascii_strncasecmp (start, "sip:", 4) == 0))
    start += 4;
  /* As a part of a path they would mean another one */
  if (!*start || g_str_equal (start, ".") || g_str_equal (start, ".."))
    return NULL;
  return g_utf8_strdown (start, -1);
}

KandyConversation *
kandy_conversations_ensure (KandyConversations *self, const char *destination,
    KandyChatType type, gboolean *is_new)
{
  g_autofree char *key = make_key (destination, type);
  KandyConversation *conversation = g_hash_table_lookup (self->by_key, key);

  if (is_new)
    *is_new = !conversation;
  if (conversation)
    return conversation;
  if (self->conversations->len >= MAX_CONVERSATIONS)
    kandy_conversations_remove (self, self->conversations->pdata[0]);
  conversation = kandy_conversation_new (self, destination, type);
  g_hash_table_insert (self->by_key, g_steal_pointer (&key), conversation);
  g_ptr_array_add (self->conversations, conversation);
  g_list_model_items_changed (
      G_LIST_MODEL (self), self->conversations->len - 1, 0, 1);
  return conversation;
}

void
kandy_conversations_remove (
    KandyConversations *self, KandyConversation *conversation)
{
  g_autofree char *key =
      make_key (kandy_conversation_get_destination (conversation),
          kandy_conversation_get_chat_type (conversation));
  guint index;

  if (!g_ptr_array_find (self->conversations, conversation, &index))
    return;
  g_hash_table_remove (self->by_key, key);
  kandy_conversation_detach (conversation);
  g_ptr_array_remove_index (self->conversations, index);
  g_list_model_items_changed (G_LIST_MODEL (self), index, 1, 0);
}

void
kandy_conversations_note_deleted (KandyConversations *self, const char *id)
{
  g_queue_push_tail (&self->deleted, g_strdup (id));
  if (g_queue_get_length (&self->deleted) > MAX_DELETED)
    g_free (g_queue_pop_head (&self->deleted));
}

gboolean
kandy_conversations_was_deleted (KandyConversations *self, const char *id)
{
  return g_queue_find_custom (&self->deleted, id, (GCompareFunc) strcmp)
      != NULL;
}

/* @list: (nullable): NULL for all */
void
kandy_conversations_emit_change (
    KandyConversations *self, GPtrArray *list, const char *message_id)
{
  GVariantBuilder builder;
  GVariantDict payload;
  guint i;

  /* It may be long */
  if (!self->client
      || !kandy_client_has_listener (
          self->client, self, "conversations:change"))
    return;
  if (!list)
    list = self->conversations;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < list->len; i++)
    g_variant_builder_add_value (
        &builder, kandy_conversation_to_variant (list->pdata[i], message_id));
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "params", g_variant_builder_end (&builder));
  kandy_client_emit (self->client, self, "conversations:change",
      g_variant_dict_end (&payload));
}

void
kandy_conversations_emit_error (KandyConversations *self, const GError *error)
{
  GVariantDict payload;

  if (!self->client)
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "error", kandy_error_to_variant (error));
  kandy_client_emit (
      self->client, self, "messages:error", g_variant_dict_end (&payload));
}

void
kandy_conversations_emit_received (KandyConversations *self,
    KandyConversation *conversation, KandyMessage *message)
{
  if (self->client && !kandy_client_is_destroyed (self->client))
    g_signal_emit (
        self, signals[SIGNAL_MESSAGE_RECEIVED], 0, conversation, message);
}

/* Fetching */

static void
take_session (KandyConversations *self, JsonObject *session, KandyChatType type,
    GPtrArray *fetched)
{
  gboolean is_sms = type == KANDY_CHAT_TYPE_SMS;
  JsonObject *details_object = kandy_json_get_object (
      session, is_sms ? "threadDetails" : "sessionDetails");
  const char *remote = kandy_json_get_string (session, "remoteAddress");
  const char *local = kandy_json_get_string (session, "localAddress");
  g_autofree char *destination = kandy_normalize_recipient (remote, type);
  g_autofree char *thread_id = NULL;
  KandyConversationDetails details = { 0 };
  KandyConversation *conversation;

  if (!destination) {
    kandy_conversations_log (self, KANDY_LOG_LEVEL_WARN,
        "A conversation without a remoteAddress is ignored");
    return;
  }
  conversation = kandy_conversations_ensure (self, destination, type, NULL);
  if (is_sms && local)
    thread_id = g_strconcat (local, "--", remote, NULL);
  details.id =
      is_sms ? thread_id : kandy_json_get_string (session, "sessionId");
  details.address = local;
  details.last_message = kandy_json_get_string (details_object, "lastText");
  if (kandy_messaging_parse_number (details_object, "lastMessageTime") > 0)
    details.last_received =
        kandy_messaging_parse_time (details_object, "lastMessageTime");
  kandy_conversation_set_details (conversation, &details);
  g_ptr_array_add (fetched, g_object_ref (conversation));
}

static void
fetch_failed (GTask *task, GError *error)
{
  KandyConversations *self = g_task_get_source_object (task);

  if (error->domain == KANDY_ERROR
      && !g_error_matches (error, KANDY_ERROR, KANDY_ERROR_DESTROYED)) {
    GError *coded =
        kandy_error_restate (error, "messaging:8", "%s", error->message);

    g_error_free (error);
    error = coded;
  }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kandy_conversations_emit_error (self, error);
  g_task_return_error (task, error);
  g_object_unref (task);
}

typedef struct {
  KandyChatType type;
  JsonArray *list;
  guint next;
  GPtrArray *fetched;
  guint user; /* whose they are */
} Taking;

static void
taking_free (gpointer data)
{
  Taking *taking = data;

  g_clear_pointer (&taking->list, json_array_unref);
  g_ptr_array_unref (taking->fetched);
  g_free (taking);
}

static GError *
user_changed_error (void)
{
  return g_error_new_literal (
      G_IO_ERROR, G_IO_ERROR_CANCELLED, "The user has changed meanwhile");
}

/* A thousand conversations at one go would hold up the main context. Whatever
 * happens between the slices ends the task, which is freed with the source. */
static gboolean
take_slice (gpointer user_data)
{
  GTask *task = user_data;
  KandyConversations *self = g_task_get_source_object (task);
  Taking *taking = g_task_get_task_data (task);
  guint n = json_array_get_length (taking->list);
  guint end = MIN (taking->next + SLICE, n);

  /* It emits signals, whose handlers may do anything */
  while (self->client && taking->user == self->user && taking->next < end) {
    JsonNode *node = json_array_get_element (taking->list, taking->next++);

    if (JSON_NODE_HOLDS_OBJECT (node))
      take_session (
          self, json_node_get_object (node), taking->type, taking->fetched);
  }
  if (!self->client) {
    g_task_return_error (task, kandy_conversations_destroyed_error ());
  } else if (taking->user != self->user) {
    g_task_return_error (task, user_changed_error ());
  } else if (g_task_return_error_if_cancelled (task)) {
    return G_SOURCE_REMOVE;
  } else if (end < n) {
    return G_SOURCE_CONTINUE;
  } else {
    kandy_conversations_emit_change (self, taking->fetched, NULL);
    g_task_return_boolean (task, TRUE);
  }
  return G_SOURCE_REMOVE;
}

static void
fetch_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  KandyConversations *self = g_task_get_source_object (task);
  Taking *taking = g_task_get_task_data (task);
  gboolean is_sms = taking->type == KANDY_CHAT_TYPE_SMS;
  const char *list_name = is_sms ? "smsThreadList" : "chatSessionList";
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (GSource) slices = NULL;
  JsonObject *root;
  GError *error = NULL;

  reply = kandy_rest_send_finish (KANDY_REST (source), result, &error);
  if (reply && !self->client)
    error = kandy_conversations_destroyed_error ();
  else if (reply && taking->user != self->user)
    error = user_changed_error ();
  if (error) {
    fetch_failed (task, error);
    return;
  }
  root = kandy_json_get_object (json_node_get_object (reply), list_name);
  if (!root) {
    fetch_failed (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, NULL, 0,
            "Fetch conversations failed: the reply has no %s", list_name));
    return;
  }
  taking->list =
      kandy_messaging_dup_list (root, is_sms ? "smsThread" : "chatSession");
  if (take_slice (task) == G_SOURCE_REMOVE) {
    g_object_unref (task);
    return;
  }
  slices = g_idle_source_new ();
  g_source_set_priority (slices, G_PRIORITY_DEFAULT);
  g_source_set_callback (slices, take_slice, task, g_object_unref);
  g_source_attach (slices, kandy_client_get_context (self->client));
}

/**
 * kandy_conversations_fetch_async:
 * @self: the conversations
 * @type: which kind of them
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Fetches from the platform which conversations there are (API document:
 * `conversation.fetch`). #KandyConversations::changed tells of them; those that
 * were known keep their messages.
 */
void
kandy_conversations_fetch_async (KandyConversations *self, KandyChatType type,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *path = NULL;
  GTask *task;
  Taking *taking;

  g_return_if_fail (KANDY_IS_CONVERSATIONS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_conversations_fetch_async);
  g_task_set_check_cancellable (task, FALSE);
  taking = g_new0 (Taking, 1);
  taking->type = type;
  taking->fetched = g_ptr_array_new_with_free_func (g_object_unref);
  taking->user = self->user;
  g_task_set_task_data (task, taking, taking_free);
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    fetch_failed (task, kandy_conversations_destroyed_error ());
    return;
  }
  if (type == KANDY_CHAT_TYPE_SMS)
    path = kandy_client_user_path (
        self->client, "smsmessaging", "remoteAddresses");
  else
    path = kandy_client_user_path (self->client, "chat",
        type == KANDY_CHAT_TYPE_GROUP ? "group/sessions" : "oneToOne/sessions");
  if (!path) {
    fetch_failed (task,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, NULL, 0,
            "Conversations need a user: no tokens are set"));
    return;
  }
  kandy_rest_send_async (kandy_client_get_rest (self->client), "GET", path,
      NULL, KANDY_REST_DEFAULT, 0, "Fetch conversations", cancellable,
      fetch_done, task);
}

/**
 * kandy_conversations_fetch_finish:
 * @self: the conversations
 * @result: what the callback was given
 * @error: return location: platform code `messaging:8`,
 *     %G_IO_ERROR_CANCELLED, %KANDY_ERROR_DESTROYED
 *
 * Returns: whether they have come
 */
gboolean
kandy_conversations_fetch_finish (
    KandyConversations *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_conversations_get:
 * @self: the conversations
 * @recipient: a user's address, a group's id or a telephone number
 * @type: the kind of conversation
 *
 * API document: `conversation.get`. Takes the same time however many there are.
 *
 * Returns: (transfer none) (nullable): the conversation
 */
KandyConversation *
kandy_conversations_get (
    KandyConversations *self, const char *recipient, KandyChatType type)
{
  g_autofree char *destination = NULL;
  g_autofree char *key = NULL;

  g_return_val_if_fail (KANDY_IS_CONVERSATIONS (self), NULL);
  g_return_val_if_fail (recipient != NULL, NULL);

  destination = kandy_normalize_recipient (recipient, type);
  if (!destination)
    return NULL;
  key = make_key (destination, type);
  return g_hash_table_lookup (self->by_key, key);
}

/**
 * kandy_conversations_create:
 * @self: the conversations
 * @recipient: a user's address, a group's id or a telephone number; it is
 *     written in lower case
 * @type: the kind of conversation
 * @error: return location: %KANDY_ERROR_INVALID_PARAM (`messaging:9`) for a
 *     @recipient that is none, %KANDY_ERROR_DESTROYED
 *
 * Begins a conversation (API document: `conversation.create`). Nothing goes to
 * the platform. If there is one it is returned; otherwise
 * #KandyConversations::created tells of the new one.
 *
 * Returns: (transfer none): the conversation, or %NULL with @error set
 */
KandyConversation *
kandy_conversations_create (KandyConversations *self, const char *recipient,
    KandyChatType type, GError **error)
{
  g_autofree char *destination = NULL;
  KandyConversation *conversation;
  gboolean is_new;

  g_return_val_if_fail (KANDY_IS_CONVERSATIONS (self), NULL);
  g_return_val_if_fail (recipient != NULL, NULL);

  if (!self->client || kandy_client_is_destroyed (self->client)) {
    g_propagate_error (error, kandy_conversations_destroyed_error ());
    return NULL;
  }
  destination = kandy_normalize_recipient (recipient, type);
  if (!destination) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "messaging:9", 0,
            "A conversation needs the address of somebody."));
    return NULL;
  }
  conversation = kandy_conversations_ensure (self, destination, type, &is_new);
  if (is_new) {
    GVariantBuilder builder;
    GVariantDict payload;

    g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
    g_variant_builder_add_value (
        &builder, kandy_conversation_to_variant (conversation, NULL));
    g_variant_dict_init (&payload, NULL);
    g_variant_dict_insert_value (
        &payload, "params", g_variant_builder_end (&builder));
    kandy_client_emit (
        self->client, self, "conversations:new", g_variant_dict_end (&payload));
  }
  return conversation;
}

/**
 * kandy_conversations_get_all:
 * @self: the conversations
 *
 * API document: `conversation.getAll`.
 *
 * Returns: (transfer container) (element-type KandyConversation): all that are
 *     known
 */
GPtrArray *
kandy_conversations_get_all (KandyConversations *self)
{
  GPtrArray *all;
  guint i;

  g_return_val_if_fail (KANDY_IS_CONVERSATIONS (self), NULL);

  all = g_ptr_array_new_full (self->conversations->len, g_object_unref);
  for (i = 0; i < self->conversations->len; i++)
    g_ptr_array_add (all, g_object_ref (self->conversations->pdata[i]));
  return all;
}

/**
 * kandy_conversations_get_client:
 * @self: the conversations
 *
 * Returns: (transfer none) (nullable): the client that they belong to; %NULL
 *     once it is gone
 */
KandyClient *
kandy_conversations_get_client (KandyConversations *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATIONS (self), NULL);

  return self->client;
}

/**
 * kandy_chat_type_to_string:
 * @type: a kind of conversation
 *
 * Returns: the API document's string for it
 */
const char *
kandy_chat_type_to_string (KandyChatType type)
{
  switch (type) {
    case KANDY_CHAT_TYPE_GROUP:
      return "chat-group";
    case KANDY_CHAT_TYPE_SMS:
      return "sms";
    case KANDY_CHAT_TYPE_ONE_TO_ONE:
    default:
      return "chat-oneToOne";
  }
}
