/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-message-list.h"
#include "kandy-typing-list.h"

/**
 * KandyConversation:
 *
 * A conversation with a user, in a group, or by short messages with a telephone
 * (API document: `conversation.Conversation`). As a #GListModel it has the
 * messages that are known, oldest first;
 * kandy_conversation_fetch_messages_async() makes more of them known.
 *
 * What the document calls `Conversation.subscribe` is a connection to
 * #KandyConversation::messages-changed.
 */

/* What is kept of what came too early */
#define MAX_ECHOES 64

typedef struct {
  char *id;
  char *status;
} Receipt;

struct _KandyConversation {
  GObject parent_instance;

  KandyConversations *conversations; /* weak, by detach */
  GMainContext *context;
  KandyConversationLink *link;
  char *destination;
  char *id; /* (nullable): the platform's name */
  char *address;
  char *last_message;
  gint64 last_received;
  int pending; /* requests for history under way */

  KandyMessageList *messages;
  KandyTypingList *typing;

  gboolean sending; /* one message at a time, so that they arrive in order */
  gboolean draining;
  GQueue outbox; /* of GTask */
  GQueue echoes;
  GQueue receipts;
};

enum {
  PROP_0,
  PROP_CHAT_TYPE,
  PROP_DESTINATION,
  PROP_ADDRESS,
  PROP_LAST_RECEIVED,
  PROP_LAST_MESSAGE,
  PROP_TYPING_LIST,
  PROP_IS_PENDING,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static void kandy_conversation_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KandyConversation, kandy_conversation,
    G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_LIST_MODEL, kandy_conversation_list_model_init))

KandyConversationLink *
kandy_conversation_link_ref (KandyConversationLink *link)
{
  g_ref_count_inc (&link->refs);
  return link;
}

void
kandy_conversation_link_unref (KandyConversationLink *link)
{
  if (g_ref_count_dec (&link->refs))
    g_free (link);
}

static KandyClient *
get_client (KandyConversation *self)
{
  return self->conversations
      ? kandy_conversations_peek_client (self->conversations)
      : NULL;
}

static void
receipt_free (gpointer data)
{
  Receipt *receipt = data;

  g_free (receipt->id);
  g_free (receipt->status);
  g_free (receipt);
}

static void
stop_typing (const char *address, gpointer self)
{
  kandy_conversation_set_typing (self, address, FALSE, 0);
}

static GType
kandy_conversation_get_item_type (GListModel *list)
{
  return KANDY_TYPE_MESSAGE;
}

static guint
kandy_conversation_get_n_items (GListModel *list)
{
  return kandy_message_list_get_length (KANDY_CONVERSATION (list)->messages);
}

static gpointer
kandy_conversation_get_item (GListModel *list, guint position)
{
  KandyMessage *message =
      kandy_message_list_get (KANDY_CONVERSATION (list)->messages, position);

  return message ? g_object_ref (message) : NULL;
}

static void
kandy_conversation_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_conversation_get_item_type;
  iface->get_n_items = kandy_conversation_get_n_items;
  iface->get_item = kandy_conversation_get_item;
}

static void
kandy_conversation_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyConversation *self = KANDY_CONVERSATION (object);

  switch (prop_id) {
    case PROP_CHAT_TYPE:
      g_value_set_enum (value, self->link->type);
      break;
    case PROP_DESTINATION:
      g_value_set_string (value, self->destination);
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, kandy_conversation_get_address (self));
      break;
    case PROP_LAST_RECEIVED:
      g_value_set_int64 (value, self->last_received);
      break;
    case PROP_LAST_MESSAGE:
      g_value_set_string (value, self->last_message);
      break;
    case PROP_TYPING_LIST:
      g_value_take_boxed (value, kandy_conversation_dup_typing_list (self));
      break;
    case PROP_IS_PENDING:
      g_value_set_boolean (value, self->pending > 0);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_conversation_dispose (GObject *object)
{
  KandyConversation *self = KANDY_CONVERSATION (object);

  kandy_typing_list_stop (self->typing);
  if (self->link)
    self->link->conversation = NULL;

  G_OBJECT_CLASS (kandy_conversation_parent_class)->dispose (object);
}

static void
kandy_conversation_finalize (GObject *object)
{
  KandyConversation *self = KANDY_CONVERSATION (object);

  kandy_message_list_free (self->messages, self->context);
  kandy_typing_list_free (self->typing);
  g_queue_clear_full (&self->echoes, g_object_unref);
  g_queue_clear_full (&self->receipts, receipt_free);
  g_clear_pointer (&self->link, kandy_conversation_link_unref);
  g_free (self->destination);
  g_free (self->id);
  g_free (self->address);
  g_free (self->last_message);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (kandy_conversation_parent_class)->finalize (object);
}

static void
kandy_conversation_class_init (KandyConversationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = kandy_conversation_get_property;
  object_class->dispose = kandy_conversation_dispose;
  object_class->finalize = kandy_conversation_finalize;

  /**
   * KandyConversation:chat-type:
   *
   * What kind of conversation it is (API document: `type`).
   */
  props[PROP_CHAT_TYPE] = g_param_spec_enum ("chat-type", NULL, NULL,
      KANDY_TYPE_CHAT_TYPE, KANDY_CHAT_TYPE_ONE_TO_ONE, flags);
  /**
   * KandyConversation:destination:
   *
   * The user's address, the group's id or the number at the other end (API
   * document: `destination`), in lower case.
   */
  props[PROP_DESTINATION] =
      g_param_spec_string ("destination", NULL, NULL, NULL, flags);
  /**
   * KandyConversation:address:
   *
   * The own address (API document: `address`).
   */
  props[PROP_ADDRESS] =
      g_param_spec_string ("address", NULL, NULL, NULL, flags);
  /**
   * KandyConversation:last-received:
   *
   * When a message came last, in milliseconds since the epoch (API document:
   * `lastReceived`); 0 if that is not known.
   */
  props[PROP_LAST_RECEIVED] =
      g_param_spec_int64 ("last-received", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KandyConversation:last-message:
   *
   * The text of the last message (API document: `lastMessage`).
   */
  props[PROP_LAST_MESSAGE] =
      g_param_spec_string ("last-message", NULL, NULL, NULL, flags);
  /**
   * KandyConversation:typing-list:
   *
   * Addresses of those who are typing (API document: `isTypingList`), the
   * client's user among them.
   */
  props[PROP_TYPING_LIST] =
      g_param_spec_boxed ("typing-list", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KandyConversation:is-pending:
   *
   * Whether messages are being fetched.
   */
  props[PROP_IS_PENDING] =
      g_param_spec_boolean ("is-pending", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyConversation::messages-changed:
   * @self: the conversation
   * @message_id: (nullable): the message that changed; %NULL if that is not one
   * @sender: (nullable): who sent it, if it was just sent
   * @message_ids: (nullable): an `as` with the messages that were fetched
   * @next: (nullable): after a fetch, where earlier messages begin
   *
   * Messages came, went or changed (API document: `messages:change`).
   */
  /**
   * KandyConversation::typing-changed:
   * @self: the conversation
   * @sender: the address of who began or ended to type
   * @state: `active` or `idle`
   *
   * Somebody began or ended to type (API document: `isTypingList:change`). Of
   * somebody with whom there is no conversation yet only
   * #KandyClient::event tells.
   */
  kandy_events_install (object_class);
}

static void
kandy_conversation_init (KandyConversation *self)
{
  self->messages = kandy_message_list_new (G_LIST_MODEL (self));
  self->typing = kandy_typing_list_new (stop_typing, G_OBJECT (self));
  g_queue_init (&self->outbox);
  g_queue_init (&self->echoes);
  g_queue_init (&self->receipts);
}

KandyConversation *
kandy_conversation_new (KandyConversations *conversations,
    const char *destination, KandyChatType type)
{
  KandyConversation *self = g_object_new (KANDY_TYPE_CONVERSATION, NULL);

  self->conversations = conversations;
  self->context = g_main_context_ref (kandy_client_get_context (
      kandy_conversations_peek_client (conversations)));
  self->destination = g_strdup (destination);
  self->link = g_new0 (KandyConversationLink, 1);
  g_ref_count_init (&self->link->refs);
  self->link->conversation = self;
  self->link->type = type;
  return self;
}

KandyConversations *
kandy_conversation_get_conversations (KandyConversation *self)
{
  return self->conversations;
}

KandyConversationLink *
kandy_conversation_get_link (KandyConversation *self)
{
  return self->link;
}

KandyMessageList *
kandy_conversation_get_list (KandyConversation *self)
{
  return self->messages;
}

void
kandy_conversation_detach (KandyConversation *self)
{
  self->conversations = NULL;
  kandy_typing_list_stop (self->typing);
}

static void
set_last (KandyConversation *self, const char *text, gint64 received)
{
  if (text && g_strcmp0 (text, self->last_message) != 0) {
    g_free (self->last_message);
    self->last_message = g_strdup (text);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_MESSAGE]);
  }
  if (received > self->last_received) {
    self->last_received = received;
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_RECEIVED]);
  }
}

void
kandy_conversation_received (KandyConversation *self, KandyMessage *message)
{
  g_autofree char *text = kandy_message_dup_text (message);
  GPtrArray list = { (gpointer *) &message, 1 };

  kandy_message_list_merge (self->messages, &list, FALSE);
  if (!kandy_message_is_own (message))
    set_last (self, text, kandy_message_get_timestamp_ms (message));
}

void
kandy_conversation_set_details (
    KandyConversation *self, const KandyConversationDetails *details)
{
  if (details->id) {
    g_free (self->id);
    self->id = g_strdup (details->id);
  }
  if (details->address && g_strcmp0 (details->address, self->address) != 0) {
    g_free (self->address);
    self->address = g_strdup (details->address);
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ADDRESS]);
  }
  set_last (self, details->last_message, details->last_received);
}

/* State first, then the event; none if nothing changes but a deadline */
void
kandy_conversation_set_typing (KandyConversation *self, const char *address,
    gboolean active, guint refresh)
{
  GVariantDict *dict;

  if (!kandy_typing_list_set (self->typing, address, active, refresh,
          get_client (self) ? self->context : NULL))
    return;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TYPING_LIST]);
  dict = kandy_conversation_event_dict (self);
  g_variant_dict_insert (dict, "sender", "s", address);
  g_variant_dict_insert (dict, "state", "s", active ? "active" : "idle");
  kandy_conversation_emit_dict (self, "isTypingList:change", dict);
}

void
kandy_conversation_set_pending (KandyConversation *self, int delta)
{
  gboolean was = self->pending > 0;

  self->pending += delta;
  if (was != (self->pending > 0))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_IS_PENDING]);
}

/* With destination and type, for kandy_conversation_emit_dict() */
GVariantDict *
kandy_conversation_event_dict (KandyConversation *self)
{
  const char *destinations[] = { self->destination, NULL };
  GVariantDict *dict = g_variant_dict_new (NULL);

  g_variant_dict_insert (dict, "destination", "^as", destinations);
  g_variant_dict_insert (
      dict, "type", "s", kandy_chat_type_to_string (self->link->type));
  return dict;
}

/* @dict: (transfer full) */
void
kandy_conversation_emit_dict (
    KandyConversation *self, const char *event, GVariantDict *dict)
{
  KandyClient *client = get_client (self);

  if (client)
    kandy_client_emit (client, self, event, g_variant_dict_end (dict));
  g_variant_dict_unref (dict);
}

void
kandy_conversation_emit_change (
    KandyConversation *self, const char *message_id, const char *sender)
{
  GVariantDict *dict = kandy_conversation_event_dict (self);

  if (message_id)
    g_variant_dict_insert (dict, "messageId", "s", message_id);
  if (sender)
    g_variant_dict_insert (dict, "sender", "s", sender);
  kandy_conversation_emit_dict (self, "messages:change", dict);
}

GVariant *
kandy_conversation_to_variant (KandyConversation *self, const char *message_id)
{
  GVariantDict *dict = kandy_conversation_event_dict (self);
  GVariant *variant;

  if (message_id)
    g_variant_dict_insert (dict, "messageId", "s", message_id);
  variant = g_variant_dict_end (dict);
  g_variant_dict_unref (dict);
  return variant;
}

/* What is not known now was sent by another device */
static void
take_echoes (KandyConversation *self)
{
  KandyMessage *echo;

  while (!self->sending && (echo = g_queue_pop_head (&self->echoes))) {
    const char *id = kandy_message_get_message_id (echo);

    if (!kandy_message_list_lookup (self->messages, id)
        && !(self->conversations
            && kandy_conversations_was_deleted (self->conversations, id))) {
      kandy_conversation_received (self, echo);
      kandy_conversation_emit_change (self, id, NULL);
    }
    g_object_unref (echo);
  }
}

/* Those of messages that have their id now */
static void
take_receipts (KandyConversation *self)
{
  GQueue waiting = self->receipts;
  Receipt *receipt;

  g_queue_init (&self->receipts);
  while ((receipt = g_queue_pop_head (&waiting))) {
    kandy_conversation_delivered (self, receipt->id, receipt->status);
    receipt_free (receipt);
  }
}

/* A message may fail at once, and all that wait behind it */
static void
drain (KandyConversation *self)
{
  if (self->draining)
    return;
  g_object_ref (self);
  self->draining = TRUE;
  while (!self->sending && !g_queue_is_empty (&self->outbox)) {
    self->sending = TRUE;
    kandy_message_send_start (g_queue_pop_head (&self->outbox));
  }
  self->draining = FALSE;
  take_receipts (self);
  take_echoes (self);
  g_object_unref (self);
}

/* @task: (transfer full): of kandy_message_send_async() */
void
kandy_conversation_begin_send (KandyConversation *self, GTask *task)
{
  g_queue_push_tail (&self->outbox, task);
  drain (self);
}

void
kandy_conversation_end_send (KandyConversation *self)
{
  self->sending = FALSE;
  drain (self);
}

gboolean
kandy_conversation_keep_echo (KandyConversation *self, KandyMessage *message)
{
  if (!self->sending)
    return FALSE;
  g_queue_push_tail (&self->echoes, g_object_ref (message));
  if (g_queue_get_length (&self->echoes) > MAX_ECHOES)
    g_object_unref (g_queue_pop_head (&self->echoes));
  return TRUE;
}

void
kandy_conversation_delivered (
    KandyConversation *self, const char *id, const char *status)
{
  KandyMessage *message = kandy_conversation_get_message (self, id);
  Receipt *receipt;

  if (message) {
    kandy_message_set_delivery_status (message, status);
    kandy_conversation_emit_change (self, id, NULL);
  } else if (self->sending) {
    receipt = g_new (Receipt, 1);
    receipt->id = g_strdup (id);
    receipt->status = g_strdup (status);
    g_queue_push_tail (&self->receipts, receipt);
    if (g_queue_get_length (&self->receipts) > MAX_ECHOES)
      receipt_free (g_queue_pop_head (&self->receipts));
  }
}

/* The id of a thread of short messages is LOCAL--REMOTE */
char *
kandy_conversation_dup_local_number (KandyConversation *self)
{
  KandyClient *client = get_client (self);
  const char *separator = self->id ? strstr (self->id, "--") : NULL;
  const char *number;

  if (separator && separator > self->id)
    return g_strndup (self->id, (gsize) (separator - self->id));
  number = client ? kandy_client_get_sms_number (client) : NULL;
  /* The platform takes the user's number (protocol messaging 2.10.1) */
  return g_strdup (number ? number : "default");
}

char *
kandy_conversation_dup_thread_path (KandyConversation *self)
{
  KandyClient *client = get_client (self);
  g_autofree char *peer = NULL;
  g_autofree char *tail = NULL;

  if (!client)
    return NULL;
  peer = g_uri_escape_string (self->destination, "@+:!$&'()*,;=", FALSE);
  if (self->link->type == KANDY_CHAT_TYPE_SMS) {
    g_autofree char *number = kandy_conversation_dup_local_number (self);
    g_autofree char *local = g_uri_escape_string (number, "+", FALSE);

    tail =
        g_strdup_printf ("remoteAddresses/%s/localAddresses/%s", peer, local);
    return kandy_client_user_path (client, "smsmessaging", tail);
  }
  if (self->link->type == KANDY_CHAT_TYPE_GROUP)
    tail = g_strdup_printf ("group/%s", peer);
  else
    tail = g_strdup_printf ("oneToOne/%s/adhoc", peer);
  return kandy_client_user_path (client, "chat", tail);
}

char *
kandy_conversation_dup_messages_path (KandyConversation *self)
{
  g_autofree char *path = kandy_conversation_dup_thread_path (self);

  return path ? g_strconcat (path, "/messages", NULL) : NULL;
}

/**
 * kandy_conversation_create_message:
 * @self: a conversation
 * @part: (nullable): its first part
 *
 * Makes a message (API document: `Conversation.createMessage`). It is not in
 * the list before it is sent.
 *
 * Returns: (transfer full): the message
 */
KandyMessage *
kandy_conversation_create_message (
    KandyConversation *self, KandyMessagePart *part)
{
  g_autoptr (GPtrArray) parts = NULL;
  KandyMessageContent content = { 0 };

  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);
  g_return_val_if_fail (part == NULL || KANDY_IS_MESSAGE_PART (part), NULL);

  parts = g_ptr_array_new_with_free_func (g_object_unref);
  if (part)
    g_ptr_array_add (parts, g_object_ref (part));
  content.sender = kandy_conversation_get_address (self);
  content.destination = self->destination;
  content.time = g_get_real_time () / 1000;
  content.own = TRUE;
  content.parts = parts;
  return kandy_message_new (self->link, &content);
}

/**
 * kandy_conversation_create_text_message:
 * @self: a conversation
 * @text: the text
 *
 * Makes a message with one part, a text.
 *
 * Returns: (transfer full): the message
 */
KandyMessage *
kandy_conversation_create_text_message (
    KandyConversation *self, const char *text)
{
  g_autoptr (KandyMessagePart) part = NULL;

  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);
  g_return_val_if_fail (text != NULL, NULL);

  part = kandy_message_part_new_text (text);
  return kandy_conversation_create_message (self, part);
}

/**
 * kandy_conversation_clear_messages:
 * @self: a conversation
 *
 * Forgets the messages that are known here (API document:
 * `Conversation.clearMessages`); the platform keeps them.
 */
void
kandy_conversation_clear_messages (KandyConversation *self)
{
  g_return_if_fail (KANDY_IS_CONVERSATION (self));

  kandy_message_list_clear (self->messages, self->context);
  kandy_conversation_emit_change (self, NULL, NULL);
}

/**
 * kandy_conversation_get_messages:
 * @self: a conversation
 *
 * API document: `Conversation.getMessages`.
 *
 * Returns: (transfer container) (element-type KandyMessage): the messages that
 *     are known here, oldest first
 */
GPtrArray *
kandy_conversation_get_messages (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);

  return kandy_message_list_get_all (self->messages);
}

/**
 * kandy_conversation_get_message:
 * @self: a conversation
 * @message_id: a message's #KandyMessage:message-id
 *
 * API document: `Conversation.getMessage`. Takes the same time however many
 * there are.
 *
 * Returns: (transfer none) (nullable): the message
 */
KandyMessage *
kandy_conversation_get_message (KandyConversation *self, const char *message_id)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);
  g_return_val_if_fail (message_id != NULL, NULL);

  return kandy_message_list_lookup (self->messages, message_id);
}

/**
 * kandy_conversation_get_chat_type:
 * @self: a conversation
 *
 * Returns: what kind of conversation it is
 */
KandyChatType
kandy_conversation_get_chat_type (KandyConversation *self)
{
  g_return_val_if_fail (
      KANDY_IS_CONVERSATION (self), KANDY_CHAT_TYPE_ONE_TO_ONE);

  return self->link->type;
}

/**
 * kandy_conversation_get_destination:
 * @self: a conversation
 *
 * Returns: #KandyConversation:destination
 */
const char *
kandy_conversation_get_destination (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);

  return self->destination;
}

/**
 * kandy_conversation_get_address:
 * @self: a conversation
 *
 * Returns: (nullable): the own address
 */
const char *
kandy_conversation_get_address (KandyConversation *self)
{
  KandyClient *client;

  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);

  if (self->address)
    return self->address;
  client = get_client (self);
  if (!client)
    return NULL;
  return self->link->type == KANDY_CHAT_TYPE_SMS
      ? kandy_client_get_sms_number (client)
      : kandy_client_get_identity (client);
}

/**
 * kandy_conversation_get_last_received:
 * @self: a conversation
 *
 * Returns: when a message came last, in milliseconds since the epoch; 0 if that
 *     is not known
 */
gint64
kandy_conversation_get_last_received (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), 0);

  return self->last_received;
}

/**
 * kandy_conversation_get_last_message:
 * @self: a conversation
 *
 * Returns: (nullable): the text of the last message
 */
const char *
kandy_conversation_get_last_message (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);

  return self->last_message;
}

/**
 * kandy_conversation_dup_typing_list:
 * @self: a conversation
 *
 * Returns: (transfer full): #KandyConversation:typing-list
 */
char **
kandy_conversation_dup_typing_list (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), NULL);

  return kandy_typing_list_dup_addresses (self->typing);
}

/**
 * kandy_conversation_is_pending:
 * @self: a conversation
 *
 * Returns: whether messages are being fetched
 */
gboolean
kandy_conversation_is_pending (KandyConversation *self)
{
  g_return_val_if_fail (KANDY_IS_CONVERSATION (self), FALSE);

  return self->pending > 0;
}
