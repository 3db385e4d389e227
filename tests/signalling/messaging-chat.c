/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "session-fixture.h"

/* Conversations between two clients beside one platform */

typedef struct {
  Session *alice;
  Session *bob;
  KandyConversations *alices;
  KandyConversations *bobs;
  GString *received; /* texts that came to bob, with '|' between them */
} Fixture;

static void
on_received (KandyConversations *conversations, KandyConversation *conversation,
    KandyMessage *message, gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *text = kandy_message_dup_text (message);

  if (f->received->len)
    g_string_append_c (f->received, '|');
  g_string_append (f->received, text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->received = g_string_new (NULL);
  f->alice = session_new (NULL);
  f->bob =
      session_new_for_port (kandy_loopback_get_port (f->alice->loopback), NULL);
  g_object_set (f->bob->config, "client-correlator", "bobs-device", NULL);
  session_sign_on (f->alice);
  g_assert_true (
      session_try_sign_on (f->bob, "loopback", BOB, "wonderland", &error));
  session_subscribe (f->alice, "chat,smsinbound", &error);
  g_assert_no_error (error);
  session_subscribe (f->bob, "chat,smsinbound", &error);
  g_assert_no_error (error);
  f->alices = kandy_client_get_conversations (f->alice->client);
  f->bobs = kandy_client_get_conversations (f->bob->client);
  g_signal_connect (f->bobs, "message-received", G_CALLBACK (on_received), f);
  session_clear_events (f->alice);
  session_clear_events (f->bob);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->bobs, f);
  session_free (f->bob);
  session_free (f->alice);
  g_string_free (f->received, TRUE);
}

static KandyConversation *
to_bob (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation = kandy_conversations_create (
      f->alices, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE, &error);

  g_assert_no_error (error);
  return conversation;
}

static KandyConversation *
to_alice (Fixture *f)
{
  return kandy_conversations_get (f->bobs, ALICE, KANDY_CHAT_TYPE_ONE_TO_ONE);
}

static gboolean
send (KandyMessage *message, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_message_send_async (message, NULL, store_result, &result);
  return kandy_message_send_finish (message, wait_result (&result), error);
}

static KandyMessage *
send_text (KandyConversation *conversation, const char *text)
{
  KandyMessage *message =
      kandy_conversation_create_text_message (conversation, text);
  g_autoptr (GError) error = NULL;

  send (message, &error);
  g_assert_no_error (error);
  return message;
}

static guint
count (gpointer list)
{
  return g_list_model_get_n_items (G_LIST_MODEL (list));
}

/* Protocol messaging 7.3, trace 1 */
static void
test_send (Fixture *f, gconstpointer data)
{
  KandyConversation *conversation = to_bob (f);
  g_autoptr (KandyMessage) message = NULL;
  g_autoptr (KandyMessage) answer = NULL;
  g_autoptr (KandyMessage) item = NULL;

  g_assert_true (kandy_conversations_create (f->alices, "Bob@Loopback.example",
                     KANDY_CHAT_TYPE_ONE_TO_ONE, NULL)
      == conversation);
  session_assert_events (f->alice, "conversations:new");
  message = send_text (conversation, "Lunch at noon?");
  g_assert_nonnull (kandy_message_get_message_id (message));
  g_assert_cmpstr (kandy_message_get_sender (message), ==, ALICE);
  g_assert_cmpstr (kandy_message_get_delivery_status (message), ==, "Sent");
  g_assert_false (kandy_message_is_pending (message));
  g_assert_true (kandy_conversation_get_message (
                     conversation, kandy_message_get_message_id (message))
      == message);
  session_assert_events (f->alice, "conversations:new messages:change");

  WAIT (f->received->len);
  g_assert_cmpstr (f->received->str, ==, "Lunch at noon?");
  session_assert_events (f->bob, "conversations:change");
  item = g_list_model_get_item (G_LIST_MODEL (to_alice (f)), 0);
  g_assert_cmpstr (kandy_message_get_sender (item), ==, ALICE);
  g_assert_cmpstr (kandy_message_get_message_id (item), !=,
      kandy_message_get_message_id (message));
  g_assert_cmpstr (
      kandy_conversation_get_last_message (to_alice (f)), ==, "Lunch at noon?");
  g_assert_cmpint (kandy_message_get_timestamp_ms (item), ==,
      kandy_conversation_get_last_received (to_alice (f)));

  answer = send_text (to_alice (f), "Yes \xf0\x9f\x8d\x9c\nat \"the\" place");
  WAIT (count (conversation) == 2);
  g_assert_cmpstr (kandy_conversation_get_last_message (conversation), ==,
      "Yes \xf0\x9f\x8d\x9c\nat \"the\" place");
  session_assert_events (
      f->alice, "conversations:new messages:change messages:change");

  /* The platform's copy of the own message changes nothing */
  SETTLE_MS (60);
  g_assert_cmpuint (count (conversation), ==, 2);
  g_assert_cmpuint (count (to_alice (f)), ==, 2);
}

/* Many at a time: each gets its own id, and all come in order */
static void
test_burst (Fixture *f, gconstpointer data)
{
  KandyConversation *conversation = to_bob (f);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) messages =
      g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) listed = NULL;
  guint i;

  for (i = 0; i < 30; i++) {
    g_autofree char *text = g_strdup_printf ("%u", i);
    KandyMessage *message =
        kandy_conversation_create_text_message (conversation, text);

    kandy_message_send_async (message, NULL, NULL, NULL);
    g_ptr_array_add (messages, message);
  }
  g_assert_cmpuint (count (conversation), ==, 30);
  for (i = 0; i < 30; i++) {
    KandyMessage *message = messages->pdata[i];

    WAIT (!kandy_message_is_pending (message));
    g_assert_no_error (kandy_message_get_error (message));
    g_assert_true (g_hash_table_add (
        ids, (gpointer) kandy_message_get_message_id (message)));
  }
  WAIT (to_alice (f) && count (to_alice (f)) == 30);
  SETTLE_MS (60);
  g_assert_cmpuint (count (conversation), ==, 30);
  listed = kandy_conversation_get_messages (conversation);
  for (i = 0; i < 30; i++) {
    g_autofree char *text = g_strdup_printf ("%u", i);
    g_autoptr (KandyMessage) far =
        g_list_model_get_item (G_LIST_MODEL (to_alice (f)), i);
    g_autofree char *came = kandy_message_dup_text (far);

    g_assert_cmpstr (came, ==, text);
  }
  for (i = 1; i < 30; i++)
    g_assert_cmpint (kandy_message_get_timestamp_ms (listed->pdata[i - 1]), <=,
        kandy_message_get_timestamp_ms (listed->pdata[i]));
}

/* What another device of the user sends is seen here, too */
static void
test_other_device (Fixture *f, gconstpointer data)
{
  Session *other =
      session_new_for_port (kandy_loopback_get_port (f->alice->loopback), NULL);
  g_autoptr (KandyMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation, *mirrored;

  g_object_set (other->config, "client-correlator", "other-device", NULL);
  session_sign_on (other);
  session_subscribe (other, "chat", &error);
  g_assert_no_error (error);
  conversation = kandy_conversations_create (
      kandy_client_get_conversations (other->client), BOB,
      KANDY_CHAT_TYPE_ONE_TO_ONE, &error);
  message = send_text (conversation, "from my other one");
  WAIT (mirrored = kandy_conversations_get (
            f->alices, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE));
  g_assert_cmpuint (count (mirrored), ==, 1);
  g_assert_true (kandy_message_is_own (kandy_conversation_get_message (
      mirrored, kandy_message_get_message_id (message))));
  session_free (other);
}

static void
test_failures (Fixture *f, gconstpointer data)
{
  KandyConversation *conversation = to_bob (f);
  g_autoptr (KandyMessage) empty =
      kandy_conversation_create_message (conversation, NULL);
  g_autoptr (KandyMessage) message =
      kandy_conversation_create_text_message (conversation, "x");
  g_autoptr (GError) error = NULL;

  g_assert_null (kandy_conversations_create (
      f->alices, " ", KANDY_CHAT_TYPE_ONE_TO_ONE, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_null (kandy_conversations_create (
      f->alices, "..", KANDY_CHAT_TYPE_ONE_TO_ONE, NULL));
  g_assert_null (kandy_conversations_create (
      f->alices, "\xff", KANDY_CHAT_TYPE_GROUP, NULL));

  g_assert_false (send (empty, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_cmpuint (count (conversation), ==, 0);

  session_clear_events (f->alice);
  session_fault (f->alice,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/messages\","
      "\"count\":1,\"status\":403,\"body\":{\"requestError\":{"
      "\"policyException\":{\"messageId\":\"POL1002\",\"text\":\"No %1\","
      "\"variables\":[\"chat\"]}}}}");
  g_assert_false (send (message, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_REFUSED);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "POL1002");
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 403);
  g_assert_cmpstr (error->message, ==, "No chat");
  g_clear_error (&error);
  session_assert_events (f->alice, "messages:change messages:error(POL1002)");
  g_assert_nonnull (kandy_message_get_error (message));
  g_assert_cmpuint (count (conversation), ==, 1);

  /* It can be sent again, and is there once only */
  g_assert_true (send (message, &error));
  g_assert_null (kandy_message_get_error (message));
  g_assert_cmpuint (count (conversation), ==, 1);
  g_assert_false (send (message, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);
}

/* Protocol messaging 7.3, trace 6 */
static void
test_history (Fixture *f, gconstpointer data)
{
  static const guint sizes[] = { 50, 100, 120 };
  KandyConversation *conversation = to_bob (f);
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GAsyncResult) refused = NULL;
  g_autoptr (GError) error = NULL;
  guint i, page;

  for (i = 0; i < 120; i++) {
    g_autofree char *text = g_strdup_printf ("number %u", i);

    g_object_unref (send_text (conversation, text));
  }
  WAIT (to_alice (f) && count (to_alice (f)) == 120);
  kandy_conversation_clear_messages (to_alice (f));
  g_assert_cmpuint (count (to_alice (f)), ==, 0);
  for (page = 0; page < G_N_ELEMENTS (sizes); page++) {
    g_autoptr (GAsyncResult) result = NULL;
    char *after = NULL;

    kandy_conversation_fetch_messages_async (
        to_alice (f), 0, next, 0, NULL, store_result, &result);
    g_assert_true (kandy_conversation_is_pending (to_alice (f)));
    kandy_conversation_fetch_messages_finish (
        to_alice (f), wait_result (&result), &after, &error);
    g_assert_no_error (error);
    g_free (next);
    next = after;
    g_assert_cmpuint (count (to_alice (f)), ==, sizes[page]);
    g_assert_true (!next == (page == 2));
  }
  g_assert_false (kandy_conversation_is_pending (to_alice (f)));
  messages = kandy_conversation_get_messages (to_alice (f));
  for (i = 0; i < 120; i++) {
    g_autofree char *text = g_strdup_printf ("number %u", i);
    g_autofree char *found = kandy_message_dup_text (messages->pdata[i]);

    g_assert_cmpstr (found, ==, text);
  }
  /* All at one go takes two pages */
  kandy_conversation_clear_messages (to_alice (f));
  kandy_loopback_reset_counts (f->alice->loopback);
  {
    g_autoptr (GAsyncResult) result = NULL;

    kandy_conversation_fetch_messages_async (
        to_alice (f), 1000, NULL, 0, NULL, store_result, &result);
    g_assert_true (kandy_conversation_fetch_messages_finish (
        to_alice (f), wait_result (&result), NULL, &error));
    g_assert_cmpuint (count (to_alice (f)), ==, 120);
  }
  kandy_conversation_fetch_messages_async (
      to_alice (f), 0, NULL, 12, NULL, store_result, &refused);
  g_assert_false (kandy_conversation_fetch_messages_finish (
      to_alice (f), wait_result (&refused), NULL, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:6");
  g_assert_false (kandy_conversation_is_pending (to_alice (f)));
}

static void
test_fetch_and_delete (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyConversation) conversation = g_object_ref (to_bob (f));
  g_autoptr (KandyMessage) first = send_text (conversation, "one");
  g_autoptr (KandyMessage) second = send_text (conversation, "two");
  g_autofree char *first_id = g_strdup (kandy_message_get_message_id (first));
  const char *ids[] = { first_id, "unknown", NULL };
  g_autoptr (GAsyncResult) fetched = NULL;
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) gone = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (GError) error = NULL;

  WAIT (to_alice (f) && count (to_alice (f)) == 2);
  session_clear_events (f->alice);
  kandy_conversation_delete_messages_async (
      conversation, ids, NULL, store_result, &deleted);
  g_assert_false (kandy_conversation_delete_messages_finish (
      conversation, wait_result (&deleted), &error));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 404);
  g_clear_error (&error);
  g_assert_cmpuint (count (conversation), ==, 1);
  g_assert_null (kandy_conversation_get_message (conversation, first_id));
  g_assert_nonnull (strstr (f->alice->events->str, "messages:change"));
  g_assert_nonnull (strstr (f->alice->events->str, "messages:error(SVC0002)"));
  g_assert_cmpuint (count (to_alice (f)), ==, 2);

  session_clear_events (f->alice);
  kandy_conversations_fetch_async (
      f->alices, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL, store_result, &fetched);
  g_assert_true (kandy_conversations_fetch_finish (
      f->alices, wait_result (&fetched), &error));
  /* what the platform tells of the messages themselves may come meanwhile */
  g_assert_nonnull (strstr (f->alice->events->str, "conversations:change"));
  g_assert_cmpuint (count (conversation), ==, 1);
  g_assert_cmpstr (kandy_conversation_get_address (conversation), ==, ALICE);

  kandy_conversation_delete_async (conversation, NULL, store_result, &gone);
  g_assert_true (kandy_conversation_delete_finish (
      conversation, wait_result (&gone), &error));
  g_assert_cmpuint (count (f->alices), ==, 0);
  g_assert_null (
      kandy_conversations_get (f->alices, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE));

  /* Nothing is there: that is a success, too */
  g_set_object (&conversation, to_bob (f));
  kandy_conversation_delete_async (conversation, NULL, store_result, &again);
  g_assert_true (kandy_conversation_delete_finish (
      conversation, wait_result (&again), &error));
  g_assert_cmpuint (count (to_alice (f)), ==, 2);
}

static void
assert_only (KandyConversation *conversation, const char *text)
{
  g_autoptr (GPtrArray) all = kandy_conversation_get_messages (conversation);
  g_autofree char *found = NULL;

  g_assert_cmpuint (all->len, ==, 1);
  found = kandy_message_dup_text (all->pdata[0]);
  g_assert_cmpstr (found, ==, text);
}

/* What the platform tells of a message may be on its way when it is deleted */
static void
test_late_echo (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyConversation) conversation = g_object_ref (to_bob (f));
  g_autoptr (KandyMessage) first = NULL;
  g_autoptr (KandyMessage) second = NULL;
  g_autoptr (KandyMessage) hello = NULL;
  g_autoptr (KandyMessage) bye = NULL;
  g_autoptr (GAsyncResult) deleted = NULL;
  g_autoptr (GAsyncResult) gone = NULL;
  g_autoptr (GError) error = NULL;
  const char *ids[] = { NULL, NULL };

  /* All that alice hears of comes late, and in order */
  session_fault (f->alice,
      "{\"on\":\"notification\",\"type\":\"chatMessageNotification\","
      "\"user\":\"" ALICE "\",\"delay\":300}");
  first = send_text (conversation, "one");
  ids[0] = kandy_message_get_message_id (first);
  kandy_conversation_delete_messages_async (
      conversation, ids, NULL, store_result, &deleted);
  g_assert_true (kandy_conversation_delete_messages_finish (
      conversation, wait_result (&deleted), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count (conversation), ==, 0);
  WAIT (to_alice (f) && count (to_alice (f)) > 0);
  hello = send_text (to_alice (f), "hello");
  WAIT (count (conversation) > 0);
  assert_only (conversation, "hello");

  second = send_text (conversation, "two");
  kandy_conversation_delete_async (conversation, NULL, store_result, &gone);
  g_assert_true (kandy_conversation_delete_finish (
      conversation, wait_result (&gone), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count (f->alices), ==, 0);
  WAIT (to_alice (f) && count (to_alice (f)) > 0);
  bye = send_text (to_alice (f), "bye");
  WAIT (count (f->alices) > 0);
  assert_only (to_bob (f), "bye");
}

static gboolean
set_typing (KandyConversation *conversation, gboolean typing, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_conversation_set_is_typing_async (
      conversation, typing, NULL, store_result, &result);
  return kandy_conversation_set_is_typing_finish (
      conversation, wait_result (&result), error);
}

static gboolean
is_typing (KandyConversation *conversation, const char *address)
{
  g_auto (GStrv) list = kandy_conversation_dup_typing_list (conversation);

  return g_strv_contains ((const char *const *) list, address);
}

static void
test_typing (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyMessage) hello = send_text (to_bob (f), "hello");
  g_autoptr (KandyMessage) done = NULL;
  g_autoptr (GError) error = NULL;
  KandyConversation *sms = kandy_conversations_create (
      f->alices, "+16135550199", KANDY_CHAT_TYPE_SMS, NULL);

  WAIT (to_alice (f));
  session_clear_events (f->alice);
  session_clear_events (f->bob);
  g_assert_true (set_typing (to_bob (f), TRUE, &error));
  g_assert_true (is_typing (to_bob (f), ALICE));
  session_assert_events (f->alice, "isTypingList:change");
  WAIT (is_typing (to_alice (f), ALICE));
  g_assert_true (set_typing (to_bob (f), TRUE, &error));
  g_assert_true (set_typing (to_bob (f), FALSE, &error));
  WAIT (!is_typing (to_alice (f), ALICE));
  session_assert_events (f->bob, "isTypingList:change isTypingList:change");

  /* What was typed has come */
  g_assert_true (set_typing (to_bob (f), TRUE, &error));
  WAIT (is_typing (to_alice (f), ALICE));
  done = send_text (to_bob (f), "done");
  WAIT (!is_typing (to_alice (f), ALICE));

  g_assert_false (set_typing (sms, TRUE, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:11");
}

static void
notify (Session *session, const char *quoted)
{
  g_autofree char *frame = g_strdelimit (g_strdup (quoted), "'", '"');

  g_assert_cmpuint (
      kandy_loopback_send_raw (session->loopback, ALICE, frame), ==, 1);
}

/* Somebody whose client has died does not type for ever */
static void
test_typing_timeout (Fixture *f, gconstpointer data)
{
  KandyConversation *conversation = to_bob (f);
  gint64 start = g_get_monotonic_time ();

  notify (f->alice,
      "{'chatMessageNotification':{'id':'t1','isComposing':{'refresh':'-5',"
      "'state':'active','x-type':'inbound','senderAddress':'" BOB "'},"
      "'link':[{'rel':'chatSession',"
      "'href':'/cpaas/chat/v1/u/oneToOne/" BOB "/adhoc'}]}}");
  WAIT (is_typing (conversation, BOB));
  WAIT_MS (!is_typing (conversation, BOB), 15000);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 5 * G_TIME_SPAN_SECOND);
  session_assert_events (
      f->alice, "conversations:new isTypingList:change isTypingList:change");
}

/* SMS: numbers are given in the order of the accounts */
static void
test_sms (Fixture *f, gconstpointer data)
{
  KandyConversation *sms = kandy_conversations_create (
      f->alices, "tel:+15550000002", KANDY_CHAT_TYPE_SMS, NULL);
  KandyConversation *bobs;
  g_autoptr (KandyMessage) message = NULL;
  g_autoptr (KandyMessage) rich = NULL;
  g_autoptr (KandyMessagePart) json = NULL;
  g_autoptr (KandyMessage) early = NULL;
  g_autoptr (KandyMessage) answer = NULL;
  g_autoptr (GAsyncResult) fetched = NULL;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (
      kandy_conversation_get_destination (sms), ==, "+15550000002");
  message = send_text (sms, "On my way");
  g_assert_cmpstr (kandy_message_get_sender (message), ==, "+15550000001");
  WAIT (g_strcmp0 (kandy_message_get_delivery_status (message), "Delivered")
      == 0);
  WAIT (f->received->len);
  g_assert_cmpstr (f->received->str, ==, "On my way");

  /* It may have arrived before the platform's reply */
  session_fault (f->alice,
      "{\"on\":\"request\",\"method\":\"POST\",\"path\":\"/requests\","
      "\"count\":1,\"delay\":200,\"after\":true}");
  session_clear_events (f->alice);
  early = send_text (sms, "Nearly there");
  WAIT (
      g_strcmp0 (kandy_message_get_delivery_status (early), "Delivered") == 0);
  session_assert_events (f->alice, "messages:change messages:change");
  g_assert_cmpuint (count (sms), ==, 2);
  bobs = kandy_conversations_get (f->bobs, "+15550000001", KANDY_CHAT_TYPE_SMS);
  g_assert_nonnull (bobs);
  answer = send_text (bobs, "ok");
  WAIT (count (sms) == 3);
  SETTLE_MS (60);
  g_assert_cmpuint (count (sms), ==, 3);
  g_assert_cmpuint (count (bobs), ==, 3);

  kandy_conversation_clear_messages (bobs);
  kandy_conversation_fetch_messages_async (
      bobs, 10, NULL, 0, NULL, store_result, &fetched);
  g_assert_true (kandy_conversation_fetch_messages_finish (
      bobs, wait_result (&fetched), NULL, &error));
  g_assert_cmpuint (count (bobs), ==, 3);
  kandy_conversations_fetch_async (
      f->bobs, KANDY_CHAT_TYPE_SMS, NULL, store_result, &listed);
  g_assert_true (kandy_conversations_fetch_finish (
      f->bobs, wait_result (&listed), &error));
  g_assert_cmpuint (count (f->bobs), ==, 1);

  rich = kandy_conversation_create_text_message (sms, "x");
  json = kandy_message_part_new_json ("{}", &error);
  kandy_message_add_part (rich, json, &error);
  g_assert_false (send (rich, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:5");
}

/* What is said in a group comes to those who are in it */
static void
test_group (Fixture *f, gconstpointer data)
{
  static const char *const participants[] = { BOB, NULL };
  KandyGroups *alices = kandy_client_get_groups (f->alice->client);
  KandyGroups *bobs = kandy_client_get_groups (f->bob->client);
  g_autoptr (GAsyncResult) created = NULL;
  g_autoptr (GAsyncResult) accepted = NULL;
  g_autoptr (KandyGroup) group = NULL;
  g_autoptr (KandyMessage) early = NULL;
  g_autoptr (KandyMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation;
  const char *id;

  kandy_groups_create_async (
      alices, "Roof", participants, NULL, NULL, NULL, store_result, &created);
  group = kandy_groups_create_finish (alices, wait_result (&created), &error);
  g_assert_no_error (error);
  id = kandy_group_get_id (group);
  WAIT (kandy_groups_get_invitation (bobs, id));

  conversation =
      kandy_conversations_create (f->alices, id, KANDY_CHAT_TYPE_GROUP, &error);
  early = send_text (conversation, "nobody hears this");
  kandy_groups_accept_invitation_async (
      bobs, id, NULL, store_result, &accepted);
  g_assert_true (kandy_groups_accept_invitation_finish (
      bobs, wait_result (&accepted), &error));

  message = send_text (conversation, "to all");
  WAIT (f->received->len);
  g_assert_cmpstr (f->received->str, ==, "to all");
  conversation = kandy_conversations_get (f->bobs, id, KANDY_CHAT_TYPE_GROUP);
  g_assert_cmpuint (count (conversation), ==, 1);
  g_assert_true (set_typing (conversation, TRUE, &error));
  conversation = kandy_conversations_get (f->alices, id, KANDY_CHAT_TYPE_GROUP);
  WAIT (is_typing (conversation, BOB));
  g_assert_cmpuint (count (conversation), ==, 2);
}

/* Destroyed in the middle: every task is answered */
static void
test_destroy (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyConversation) conversation = g_object_ref (to_bob (f));
  g_autoptr (KandyMessage) message =
      kandy_conversation_create_text_message (conversation, "x");
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) fetched = NULL;
  g_autoptr (GAsyncResult) after = NULL;
  g_autoptr (GError) error = NULL;

  kandy_message_send_async (message, NULL, store_result, &sent);
  kandy_conversation_fetch_messages_async (
      conversation, 0, NULL, 0, NULL, store_result, &fetched);
  kandy_client_destroy (f->alice->client);
  g_assert_false (
      kandy_message_send_finish (message, wait_result (&sent), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  g_clear_error (&error);
  g_assert_false (kandy_conversation_fetch_messages_finish (
      conversation, wait_result (&fetched), NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
  g_clear_error (&error);
  g_assert_false (kandy_message_is_pending (message));
  kandy_message_send_async (message, NULL, store_result, &after);
  g_assert_false (
      kandy_message_send_finish (message, wait_result (&after), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
}

/* A conversation may go before its messages */
static void
test_lifetime (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyConversation) conversation = g_object_ref (to_bob (f));
  g_autoptr (KandyMessage) message = send_text (conversation, "x");
  g_autoptr (GAsyncResult) gone = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (KandyMessage) unsent =
      kandy_conversation_create_text_message (conversation, "y");
  g_autoptr (GError) error = NULL;

  kandy_conversation_delete_async (conversation, NULL, store_result, &gone);
  g_assert_true (kandy_conversation_delete_finish (
      conversation, wait_result (&gone), &error));
  g_clear_object (&gone);
  g_clear_object (&conversation);
  SETTLE_MS (20);
  g_assert_null (kandy_message_get_conversation (message));
  kandy_message_send_async (unsent, NULL, store_result, &result);
  g_assert_false (
      kandy_message_send_finish (unsent, wait_result (&result), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
}

#define ADD(name, function)                                                    \
  g_test_add (                                                                 \
      "/messaging/chat/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("send", test_send);
  ADD ("burst", test_burst);
  ADD ("other-device", test_other_device);
  ADD ("failures", test_failures);
  ADD ("history", test_history);
  ADD ("fetch-and-delete", test_fetch_and_delete);
  ADD ("late-echo", test_late_echo);
  ADD ("typing", test_typing);
  ADD ("typing-timeout", test_typing_timeout);
  ADD ("sms", test_sms);
  ADD ("group", test_group);
  ADD ("destroy", test_destroy);
  ADD ("lifetime", test_lifetime);
  return g_test_run ();
}
