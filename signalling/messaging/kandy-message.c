/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include "kandy-enum-types.h"
#include "kandy-error.h"

/**
 * KandyMessage:
 *
 * A message of a conversation (API document: `conversation.Message`): one that
 * came, or one that kandy_conversation_create_message() made, to which parts
 * can be added until it is sent. It does not keep its conversation alive.
 */

struct _KandyMessage {
  GObject parent_instance;

  KandyConversationLink *link;
  GPtrArray *parts;
  char *id; /* (nullable): not sent */
  GRefString *sender;
  GRefString *destination;
  GRefString *status; /* (nullable) */
  gint64 time;        /* ms */
  GError *error;      /* (nullable): why it was not sent */
  guint own : 1;
  guint pending : 1;
  guint fetching_links : 1;
};

enum {
  PROP_0,
  PROP_MESSAGE_ID,
  PROP_CHAT_TYPE,
  PROP_TIMESTAMP,
  PROP_TIMESTAMP_MS,
  PROP_SENDER,
  PROP_DESTINATION,
  PROP_TEXT,
  PROP_DELIVERY_STATUS,
  PROP_IS_OWN,
  PROP_IS_PENDING,
  PROP_IS_FETCHING_LINKS,
  PROP_ERROR,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyMessage, kandy_message, G_TYPE_OBJECT)

static void
notify (KandyMessage *self, guint prop)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
set_text (GRefString **where, const char *text)
{
  GRefString *old = *where;

  /* Few senders send many messages */
  *where = text ? g_ref_string_new_intern (text) : NULL;
  g_clear_pointer (&old, g_ref_string_release);
}

static void
kandy_message_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyMessage *self = KANDY_MESSAGE (object);

  switch (prop_id) {
    case PROP_MESSAGE_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_CHAT_TYPE:
      g_value_set_enum (value, kandy_message_get_chat_type (self));
      break;
    case PROP_TIMESTAMP:
      g_value_set_int64 (value, kandy_message_get_timestamp (self));
      break;
    case PROP_TIMESTAMP_MS:
      g_value_set_int64 (value, self->time);
      break;
    case PROP_SENDER:
      g_value_set_string (value, self->sender);
      break;
    case PROP_DESTINATION:
      g_value_set_string (value, self->destination);
      break;
    case PROP_TEXT:
      g_value_take_string (value, kandy_message_dup_text (self));
      break;
    case PROP_DELIVERY_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_IS_OWN:
      g_value_set_boolean (value, self->own);
      break;
    case PROP_IS_PENDING:
      g_value_set_boolean (value, self->pending);
      break;
    case PROP_IS_FETCHING_LINKS:
      g_value_set_boolean (value, self->fetching_links);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_message_finalize (GObject *object)
{
  KandyMessage *self = KANDY_MESSAGE (object);

  g_clear_pointer (&self->link, kandy_conversation_link_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_clear_pointer (&self->sender, g_ref_string_release);
  g_clear_pointer (&self->destination, g_ref_string_release);
  g_clear_pointer (&self->status, g_ref_string_release);
  g_clear_error (&self->error);
  g_free (self->id);

  G_OBJECT_CLASS (kandy_message_parent_class)->finalize (object);
}

static void
kandy_message_class_init (KandyMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = kandy_message_get_property;
  object_class->finalize = kandy_message_finalize;

  /**
   * KandyMessage:message-id:
   *
   * The platform's name of it (API document: `messageId`), %NULL while it has
   * none. The sender's and the recipient's differ.
   */
  props[PROP_MESSAGE_ID] =
      g_param_spec_string ("message-id", NULL, NULL, NULL, flags);
  /**
   * KandyMessage:chat-type:
   *
   * The type of its conversation (API document: `type`).
   */
  props[PROP_CHAT_TYPE] = g_param_spec_enum ("chat-type", NULL, NULL,
      KANDY_TYPE_CHAT_TYPE, KANDY_CHAT_TYPE_ONE_TO_ONE, flags);
  /**
   * KandyMessage:timestamp:
   *
   * When it was made, in seconds since the epoch (API document: `timestamp`).
   */
  props[PROP_TIMESTAMP] =
      g_param_spec_int64 ("timestamp", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KandyMessage:timestamp-ms:
   *
   * The same in milliseconds.
   */
  props[PROP_TIMESTAMP_MS] =
      g_param_spec_int64 ("timestamp-ms", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KandyMessage:sender:
   *
   * Address of who sent it (API document: `sender`).
   */
  props[PROP_SENDER] = g_param_spec_string ("sender", NULL, NULL, NULL, flags);
  /**
   * KandyMessage:destination:
   *
   * Address of the user, id of the group or number that it went to (API
   * document: `destination`).
   */
  props[PROP_DESTINATION] =
      g_param_spec_string ("destination", NULL, NULL, NULL, flags);
  /**
   * KandyMessage:text:
   *
   * The text of all its parts.
   */
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  /**
   * KandyMessage:delivery-status:
   *
   * How far it has come, in the platform's words; for short messages `Pending`,
   * `Delivered`, `Failed` or `Unknown`.
   */
  props[PROP_DELIVERY_STATUS] =
      g_param_spec_string ("delivery-status", NULL, NULL, NULL, flags);
  /**
   * KandyMessage:is-own:
   *
   * Whether the client's user sent it.
   */
  props[PROP_IS_OWN] =
      g_param_spec_boolean ("is-own", NULL, NULL, FALSE, flags);
  /**
   * KandyMessage:is-pending:
   *
   * Whether it is on its way to the platform.
   */
  props[PROP_IS_PENDING] =
      g_param_spec_boolean ("is-pending", NULL, NULL, FALSE, flags);
  /**
   * KandyMessage:is-fetching-links:
   *
   * Whether kandy_message_create_image_links_async() is at work (API document:
   * `isFetchingLinks`).
   */
  props[PROP_IS_FETCHING_LINKS] =
      g_param_spec_boolean ("is-fetching-links", NULL, NULL, FALSE, flags);
  /**
   * KandyMessage:error:
   *
   * Why it could not be sent.
   */
  props[PROP_ERROR] =
      g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_message_init (KandyMessage *self)
{
}

KandyMessage *
kandy_message_new (
    KandyConversationLink *link, const KandyMessageContent *content)
{
  KandyMessage *self = g_object_new (KANDY_TYPE_MESSAGE, NULL);

  self->link = kandy_conversation_link_ref (link);
  self->id = g_strdup (content->id);
  self->time = content->time;
  self->own = content->own;
  self->parts = g_ptr_array_ref (content->parts);
  set_text (&self->sender, content->sender);
  set_text (&self->destination, content->destination);
  set_text (&self->status, content->status);
  return self;
}

KandyConversationLink *
kandy_message_get_link (KandyMessage *self)
{
  return self->link;
}

GPtrArray *
kandy_message_get_parts (KandyMessage *self)
{
  return self->parts;
}

gboolean
kandy_message_has_fetched (KandyMessage *self)
{
  guint i;

  for (i = 0; i < self->parts->len; i++)
    if (kandy_message_part_get_url (self->parts->pdata[i]))
      return TRUE;
  return FALSE;
}

void
kandy_message_set_delivery_status (KandyMessage *self, const char *status)
{
  if (g_strcmp0 (self->status, status) == 0)
    return;
  set_text (&self->status, status);
  notify (self, PROP_DELIVERY_STATUS);
}

void
kandy_message_set_pending (KandyMessage *self)
{
  self->pending = TRUE;
  g_clear_error (&self->error);
  notify (self, PROP_IS_PENDING);
}

void
kandy_message_set_fetching_links (KandyMessage *self, gboolean fetching)
{
  self->fetching_links = fetching;
  notify (self, PROP_IS_FETCHING_LINKS);
}

void
kandy_message_set_sent (
    KandyMessage *self, const char *id, const char *sender, const char *status)
{
  self->pending = FALSE;
  g_free (self->id);
  self->id = g_strdup (id);
  if (sender)
    set_text (&self->sender, sender);
  if (status)
    kandy_message_set_delivery_status (self, status);
  notify (self, PROP_MESSAGE_ID);
  notify (self, PROP_IS_PENDING);
}

void
kandy_message_set_failed (KandyMessage *self, const GError *error)
{
  self->pending = FALSE;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  kandy_message_set_delivery_status (self, "Failed");
  notify (self, PROP_ERROR);
  notify (self, PROP_IS_PENDING);
}

void
kandy_message_set_time (KandyMessage *self, gint64 time)
{
  self->time = time;
  notify (self, PROP_TIMESTAMP);
  notify (self, PROP_TIMESTAMP_MS);
}

/**
 * kandy_message_add_part:
 * @self: a message that has not been sent
 * @part: one more part
 * @error: return location: %KANDY_ERROR_INVALID_STATE if the message is on its
 *     way or sent
 *
 * Adds a part (API document: `Message.addPart`).
 *
 * Returns: whether it was added
 */
gboolean
kandy_message_add_part (
    KandyMessage *self, KandyMessagePart *part, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), FALSE);
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (part), FALSE);

  if (self->pending || self->id) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, NULL, 0,
            "A message that is sent takes no more parts."));
    return FALSE;
  }
  g_ptr_array_add (self->parts, g_object_ref (part));
  notify (self, PROP_TEXT);
  return TRUE;
}

/**
 * kandy_message_get_conversation:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): its conversation; %NULL once it is gone
 */
KandyConversation *
kandy_message_get_conversation (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->link->conversation;
}

/**
 * kandy_message_get_message_id:
 * @self: a message
 *
 * Returns: (nullable): #KandyMessage:message-id
 */
const char *
kandy_message_get_message_id (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->id;
}

/**
 * kandy_message_get_chat_type:
 * @self: a message
 *
 * Returns: the type of its conversation
 */
KandyChatType
kandy_message_get_chat_type (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), KANDY_CHAT_TYPE_ONE_TO_ONE);

  return self->link->type;
}

/**
 * kandy_message_get_timestamp:
 * @self: a message
 *
 * Returns: when it was made, in seconds since the epoch
 */
gint64
kandy_message_get_timestamp (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), 0);

  return self->time / 1000;
}

/**
 * kandy_message_get_timestamp_ms:
 * @self: a message
 *
 * Returns: when it was made, in milliseconds since the epoch
 */
gint64
kandy_message_get_timestamp_ms (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), 0);

  return self->time;
}

/**
 * kandy_message_get_sender:
 * @self: a message
 *
 * Returns: (nullable): #KandyMessage:sender
 */
const char *
kandy_message_get_sender (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->sender;
}

/**
 * kandy_message_get_destination:
 * @self: a message
 *
 * Returns: (nullable): #KandyMessage:destination
 */
const char *
kandy_message_get_destination (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->destination;
}

/**
 * kandy_message_get_n_parts:
 * @self: a message
 *
 * Returns: how many parts it has (API document: `parts`)
 */
guint
kandy_message_get_n_parts (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), 0);

  return self->parts->len;
}

/**
 * kandy_message_get_part:
 * @self: a message
 * @index: from 0
 *
 * Returns: (transfer none) (nullable): the part, %NULL beyond the last
 */
KandyMessagePart *
kandy_message_get_part (KandyMessage *self, guint index)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return index < self->parts->len ? self->parts->pdata[index] : NULL;
}

/**
 * kandy_message_dup_text:
 * @self: a message
 *
 * Returns: (transfer full): the text of all its parts, with line feeds between
 *     them; empty if there is none
 */
char *
kandy_message_dup_text (KandyMessage *self)
{
  GString *text;
  gboolean any = FALSE;
  guint i;

  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  text = g_string_new (NULL);
  for (i = 0; i < self->parts->len; i++) {
    const char *more = kandy_message_part_get_text (self->parts->pdata[i]);

    if (!more)
      continue;
    if (any)
      g_string_append_c (text, '\n');
    g_string_append (text, more);
    any = TRUE;
  }
  return g_string_free (text, FALSE);
}

/**
 * kandy_message_get_delivery_status:
 * @self: a message
 *
 * Returns: (nullable): #KandyMessage:delivery-status
 */
const char *
kandy_message_get_delivery_status (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->status;
}

/**
 * kandy_message_is_own:
 * @self: a message
 *
 * Returns: whether the client's user sent it
 */
gboolean
kandy_message_is_own (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), FALSE);

  return self->own;
}

/**
 * kandy_message_is_pending:
 * @self: a message
 *
 * Returns: whether it is on its way to the platform
 */
gboolean
kandy_message_is_pending (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), FALSE);

  return self->pending;
}

/**
 * kandy_message_is_fetching_links:
 * @self: a message
 *
 * Returns: #KandyMessage:is-fetching-links
 */
gboolean
kandy_message_is_fetching_links (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), FALSE);

  return self->fetching_links;
}

/**
 * kandy_message_get_error:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): why it could not be sent
 */
const GError *
kandy_message_get_error (KandyMessage *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE (self), NULL);

  return self->error;
}
