/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bad-cases.h"

/* Every request about conversations, messages and their attachments, with every
 * kind of reply that is none: each has the error that the protocol names
 * (messaging 9.1), and the next one works. */

#define NUMBER "+16135550199"

static KandyConversation *
conversation_with (BadWorld *w, const char *destination, KandyChatType type)
{
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation = kandy_conversations_create (
      kandy_client_get_conversations (w->alice->client), destination, type,
      &error);

  g_assert_no_error (error);
  return conversation;
}

static KandyConversation *
chat_of (BadWorld *w)
{
  return conversation_with (w, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE);
}

static KandyConversation *
sms_of (BadWorld *w)
{
  return conversation_with (w, NUMBER, KANDY_CHAT_TYPE_SMS);
}

static KandyConversation *
group_of (BadWorld *w)
{
  if (!w->id) {
    KandyGroups *groups = kandy_client_get_groups (w->alice->client);
    g_autoptr (GError) error = NULL;
    g_autoptr (KandyGroup) group = PEOPLE_RUN (
        groups, kandy_groups_create, &error, "Roof", NULL, NULL, NULL);

    g_assert_no_error (error);
    w->id = g_strdup (kandy_group_get_id (group));
  }
  return conversation_with (w, w->id, KANDY_CHAT_TYPE_GROUP);
}

static gboolean
fetch (BadWorld *w, KandyChatType type, GError **error)
{
  return PEOPLE_RUN (kandy_client_get_conversations (w->alice->client),
      kandy_conversations_fetch, error, type);
}

static gboolean
fetch_chats (BadWorld *w, GError **error)
{
  return fetch (w, KANDY_CHAT_TYPE_ONE_TO_ONE, error);
}

static gboolean
fetch_groups (BadWorld *w, GError **error)
{
  return fetch (w, KANDY_CHAT_TYPE_GROUP, error);
}

static gboolean
fetch_sms (BadWorld *w, GError **error)
{
  return fetch (w, KANDY_CHAT_TYPE_SMS, error);
}

static gboolean
fetch_messages (KandyConversation *conversation, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_conversation_fetch_messages_async (
      conversation, 0, NULL, 0, NULL, store_result, &result);
  wait_result (&result);
  g_assert_false (kandy_conversation_is_pending (conversation));
  return kandy_conversation_fetch_messages_finish (
      conversation, result, NULL, error);
}

static gboolean
fetch_chat_messages (BadWorld *w, GError **error)
{
  return fetch_messages (chat_of (w), error);
}

static gboolean
fetch_group_messages (BadWorld *w, GError **error)
{
  return fetch_messages (group_of (w), error);
}

static gboolean
fetch_sms_messages (BadWorld *w, GError **error)
{
  return fetch_messages (sms_of (w), error);
}

/* @part: (transfer full) (nullable) */
static gboolean
send_in (BadWorld *w, KandyConversation *conversation, KandyMessagePart *part,
    GError **error)
{
  g_autoptr (KandyMessagePart) file = part;
  KandyMessage *message =
      kandy_conversation_create_text_message (conversation, "look");
  gboolean ok;

  if (file)
    g_assert_true (kandy_message_add_part (message, file, NULL));
  ok = PEOPLE_RUN (message, kandy_message_send, error);
  g_assert_false (kandy_message_is_pending (message));
  g_assert_cmpint (kandy_message_get_error (message) == NULL, ==, ok);
  g_clear_object (&w->message);
  w->message = message;
  return ok;
}

static gboolean
send_chat (BadWorld *w, GError **error)
{
  return send_in (w, chat_of (w), NULL, error);
}

static gboolean
send_group (BadWorld *w, GError **error)
{
  return send_in (w, group_of (w), NULL, error);
}

static gboolean
send_sms (BadWorld *w, GError **error)
{
  return send_in (w, sms_of (w), NULL, error);
}

static gboolean
upload (BadWorld *w, GError **error)
{
  return send_in (
      w, chat_of (w), kandy_message_part_new_json ("[7]", NULL), error);
}

static void
have_attachment (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  if (!w->message)
    upload (w, &error);
  g_assert_no_error (error);
}

static gboolean
fetch_json (BadWorld *w, GError **error)
{
  return PEOPLE_RUN (w->message, kandy_message_fetch_json, error,
      kandy_message_get_part (w->message, 1));
}

static gboolean
create_links (BadWorld *w, GError **error)
{
  gboolean ok =
      PEOPLE_RUN (w->message, kandy_message_create_image_links, error);

  g_assert_false (kandy_message_is_fetching_links (w->message));
  return ok;
}

static gboolean
set_typing (KandyConversation *conversation, GError **error)
{
  return PEOPLE_RUN (
      conversation, kandy_conversation_set_is_typing, error, TRUE);
}

static gboolean
set_typing_in_chat (BadWorld *w, GError **error)
{
  return set_typing (chat_of (w), error);
}

static gboolean
set_typing_in_group (BadWorld *w, GError **error)
{
  return set_typing (group_of (w), error);
}

static void
have_chat (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  send_chat (w, &error);
  g_assert_no_error (error);
}

static void
have_group (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  send_group (w, &error);
  g_assert_no_error (error);
}

static void
have_sms (BadWorld *w)
{
  g_autoptr (GError) error = NULL;

  send_sms (w, &error);
  g_assert_no_error (error);
}

static gboolean
delete_message (BadWorld *w, GError **error)
{
  const char *ids[] = { kandy_message_get_message_id (w->message), NULL };

  return PEOPLE_RUN (kandy_message_get_conversation (w->message),
      kandy_conversation_delete_messages, error, ids);
}

static gboolean
delete_conversation (BadWorld *w, GError **error)
{
  g_autoptr (KandyConversation) conversation =
      g_object_ref (kandy_message_get_conversation (w->message));
  KandyConversations *all = kandy_client_get_conversations (w->alice->client);
  gboolean ok = PEOPLE_RUN (conversation, kandy_conversation_delete, error);

  /* it is gone from here if, and only if, it is there */
  g_assert_cmpint (kandy_conversations_get (all,
                       kandy_conversation_get_destination (conversation),
                       kandy_conversation_get_chat_type (conversation))
          == NULL,
      ==, ok);
  return ok;
}

#define ERROR "messages:error"

static const BadCase cases[] = {
  { { "fetch", "GET", "/oneToOne/sessions", MEMBERS, "messaging:8" }, ERROR,
      fetch_chats },
  { { "fetch groups", "GET", "/group/sessions", MEMBERS, "messaging:8" }, ERROR,
      fetch_groups },
  { { "fetch sms", "GET", "/remoteAddresses", MEMBERS, "messaging:8" }, ERROR,
      fetch_sms },
  { { "history", "GET", "/messages", MEMBERS, "messaging:6" }, ERROR,
      fetch_chat_messages },
  { { "history of group", "GET", "/messages", MEMBERS, "messaging:6" }, ERROR,
      fetch_group_messages },
  { { "history of sms", "GET", "/messages", MEMBERS, "messaging:6" }, ERROR,
      fetch_sms_messages },
  { { "send", "POST", "/messages", MEMBERS, NULL, "NO_CODE" }, ERROR,
      send_chat },
  { { "send to group", "POST", "/messages", MEMBERS, NULL, "NO_CODE" }, ERROR,
      send_group },
  { { "send sms", "POST", "/outbound/", MEMBERS, "messaging:5" }, ERROR,
      send_sms },
  { { "upload", "POST", "/objects", MEMBERS, "messaging:7" }, ERROR, upload },
  { { "download", "GET", "/payload", BYTES, NULL, "NO_CODE" }, NULL, fetch_json,
      have_attachment },
  { { "image links", "GET", "/payload", BYTES, NULL, "NO_CODE" }, ERROR,
      create_links, have_attachment },
  { { "typing", "POST", "/messages", MEMBERS, "messaging:11" }, ERROR,
      set_typing_in_chat },
  { { "typing in group", "POST", "/messages", MEMBERS, "messaging:11" }, ERROR,
      set_typing_in_group },
  { { "delete message", "DELETE", "/messages/", NOTHING }, ERROR,
      delete_message, have_chat },
  { { "delete message of group", "DELETE", "/messages/", NOTHING }, ERROR,
      delete_message, have_group },
  { { "delete sms", "DELETE", "/messages/", NOTHING }, ERROR, delete_message,
      have_sms },
  { { "delete conversation", "DELETE", "/messages", NOTHING }, ERROR,
      delete_conversation, have_chat, TRUE },
  { { "delete conversation of group", "DELETE", "/messages", NOTHING }, ERROR,
      delete_conversation, have_group, TRUE },
  { { "delete conversation of sms", "DELETE", "/remoteAddresses", NOTHING },
      ERROR, delete_conversation, have_sms, TRUE },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bad_cases_add (
      "/messaging/replies", "chat,smsinbound", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
