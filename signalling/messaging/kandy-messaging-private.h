/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-client-private.h"
#include "kandy-conversations.h"
#include "kandy-message-list.h"

G_BEGIN_DECLS

/* What the files of messaging share. All on the client's context. */

/* Milliseconds; what is less is in seconds (protocol messaging 2.2) */
#define KANDY_MIN_MS G_GINT64_CONSTANT (100000000000)

/* What its messages know of a conversation: they do not keep it alive */
typedef struct {
  grefcount refs;
  KandyConversation *conversation; /* (nullable): gone */
  KandyChatType type;
} KandyConversationLink;

KandyConversationLink *kandy_conversation_link_ref (KandyConversationLink *link);
void kandy_conversation_link_unref (KandyConversationLink *link);

/* kandy-message-part.c */
KandyMessagePart *kandy_message_part_new_attachment (const char *name,
    const char *content_type, gint64 size, const char *id, const char *link,
    const char *thumbnail);
/* The attributes that an upload was answered with */
void kandy_message_part_set_stored (KandyMessagePart *self, const char *name,
    const char *id, const char *link);
void kandy_message_part_set_transferred (KandyMessagePart *self,
    gint64 transferred);
/* (transfer full): files that the part takes away with it */
void kandy_message_part_take_files (KandyMessagePart *self, GFile *file,
    GFile *thumbnail);
void kandy_message_part_take_json (KandyMessagePart *self, char *json);
GFile *kandy_message_part_get_file (KandyMessagePart *self);
GInputStream *kandy_message_part_get_stream (KandyMessagePart *self);
const char *kandy_message_part_get_thumbnail_link (KandyMessagePart *self);
const char *kandy_message_part_get_id (KandyMessagePart *self);
/* (transfer full): a name that is no path, of what a stranger calls it */
char *kandy_clean_file_name (const char *name);

/* kandy-message.c */
typedef struct {
  const char *id; /* (nullable) */
  const char *sender;
  const char *destination;
  const char *status; /* (nullable) */
  gint64 time;        /* ms */
  gboolean own;
  GPtrArray *parts; /* of KandyMessagePart */
} KandyMessageContent;

KandyMessage *kandy_message_new (KandyConversationLink *link,
    const KandyMessageContent *content);
KandyConversationLink *kandy_message_get_link (KandyMessage *self);
GPtrArray *kandy_message_get_parts (KandyMessage *self);
/* Whether it has files here that go away with it */
gboolean kandy_message_has_fetched (KandyMessage *self);
void kandy_message_set_delivery_status (KandyMessage *self,
    const char *status);
void kandy_message_set_pending (KandyMessage *self);
void kandy_message_set_fetching_links (KandyMessage *self, gboolean fetching);
/* It has been sent */
void kandy_message_set_sent (KandyMessage *self, const char *id,
    const char *sender, const char *status);
/* It has not */
void kandy_message_set_failed (KandyMessage *self, const GError *error);
/* Time of the platform; only while it is not in the list */
void kandy_message_set_time (KandyMessage *self, gint64 time);

/* kandy-message-parse.c: NULL for what cannot be understood */
char *kandy_messaging_parse_id (const char *url);
gint64 kandy_messaging_parse_number (JsonObject *object, const char *member);
gint64 kandy_messaging_parse_time (JsonObject *object, const char *member);
GPtrArray *kandy_messaging_parse_parts (JsonObject *message,
    const char *text_member);
/* The elements of a list that may be absent or be a single object */
JsonArray *kandy_messaging_dup_list (JsonObject *object, const char *member);
const char *kandy_messaging_find_link (JsonObject *object, const char *rel);
const char *kandy_messaging_map_status (const char *sms_status);

/* kandy-conversation.c */
KandyConversation *kandy_conversation_new (KandyConversations *conversations,
    const char *destination, KandyChatType type);
KandyConversations *kandy_conversation_get_conversations (
    KandyConversation *self); /* (nullable): gone */
KandyConversationLink *kandy_conversation_get_link (KandyConversation *self);
/* Its conversations are gone, or have dropped it */
void kandy_conversation_detach (KandyConversation *self);
/* Its messages */
KandyMessageList *kandy_conversation_get_list (KandyConversation *self);
void kandy_conversation_received (KandyConversation *self,
    KandyMessage *message);
void kandy_conversation_set_typing (KandyConversation *self,
    const char *address, gboolean active, guint refresh);
void kandy_conversation_set_pending (KandyConversation *self, int delta);
typedef struct {
  const char *id;
  const char *address;
  const char *last_message;
  gint64 last_received;
} KandyConversationDetails;
void kandy_conversation_set_details (KandyConversation *self,
    const KandyConversationDetails *details);
/* messages:change; the ids are (nullable) */
void kandy_conversation_emit_change (KandyConversation *self,
    const char *message_id, const char *sender);
GVariantDict *kandy_conversation_event_dict (KandyConversation *self);
void kandy_conversation_emit_dict (KandyConversation *self, const char *event,
    GVariantDict *dict);
/* (transfer full): the element of conversations:new and :change */
GVariant *kandy_conversation_to_variant (KandyConversation *self,
    const char *message_id);
/* (transfer full) (nullable): path of its messages, of the thread itself */
char *kandy_conversation_dup_messages_path (KandyConversation *self);
char *kandy_conversation_dup_thread_path (KandyConversation *self);
/* The own number, of an SMS conversation */
char *kandy_conversation_dup_local_number (KandyConversation *self);

/* Echoes of own messages that came before the reply (rule 6 of protocol
 * messaging 11) */
void kandy_conversation_begin_send (KandyConversation *self, GTask *task);
void kandy_conversation_end_send (KandyConversation *self);
/* kandy-message-send.c: it is the task's turn. @task: (transfer full) */
void kandy_message_send_start (GTask *task);
/* Whether @message was put aside */
gboolean kandy_conversation_keep_echo (KandyConversation *self,
    KandyMessage *message);
/* A receipt; it may come before the reply, too. @status: as it is shown */
void kandy_conversation_delivered (KandyConversation *self, const char *id,
    const char *status);

/* kandy-conversations.c */
KandyClient *kandy_conversations_peek_client (KandyConversations *self);
KandyConversation *kandy_conversations_ensure (KandyConversations *self,
    const char *destination, KandyChatType type, gboolean *is_new);
void kandy_conversations_remove (KandyConversations *self,
    KandyConversation *conversation);
/* A message was deleted on the platform. What the platform tells of it may be on
 * its way still, and does not bring it back. Of the latest ones only */
void kandy_conversations_note_deleted (KandyConversations *self,
    const char *id);
gboolean kandy_conversations_was_deleted (KandyConversations *self,
    const char *id);
void kandy_conversations_emit_change (KandyConversations *self,
    GPtrArray *conversations, const char *message_id);
void kandy_conversations_emit_error (KandyConversations *self,
    const GError *error);
void kandy_conversations_emit_received (KandyConversations *self,
    KandyConversation *conversation, KandyMessage *message);
void kandy_conversations_log (KandyConversations *self, KandyLogLevel level,
    const char *format, ...) G_GNUC_PRINTF (3, 4);
/* (transfer full) (nullable): as it is compared and sent; NULL if it is none */
char *kandy_normalize_recipient (const char *recipient, KandyChatType type);
GError *kandy_conversations_destroyed_error (void);

/* kandy-conversations-receive.c */
extern const char *const kandy_messaging_notification_types[];
void kandy_conversations_receive (const char *type, JsonObject *content,
    gpointer user_data);

G_END_DECLS
