/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "session-fixture.h"

/* Replies and notifications that make no sense: each has an error of its own or
 * is ignored, nothing is lost and nothing waits for ever */

static KandyConversation *
begin (Session *session, const char *destination, KandyChatType type)
{
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation = kandy_conversations_create (
      kandy_client_get_conversations (session->client), destination, type,
      &error);

  g_assert_no_error (error);
  return conversation;
}

static Session *
start (void)
{
  Session *session = session_new (NULL);
  g_autoptr (GError) error = NULL;

  session_sign_on (session);
  session_subscribe (session, "chat,smsinbound", &error);
  g_assert_no_error (error);
  return session;
}

typedef enum {
  FETCH,
  FETCH_SMS,
  SEND,
  SEND_SMS,
  HISTORY,
  HISTORY_SMS,
  TYPING,
} Operation;

static gboolean
run (Session *session, Operation operation, GError **error)
{
  KandyConversations *all = kandy_client_get_conversations (session->client);
  KandyConversation *chat = begin (session, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE);
  KandyConversation *sms = begin (session, "+16135550199", KANDY_CHAT_TYPE_SMS);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (KandyMessage) message = NULL;

  switch (operation) {
    case FETCH:
    case FETCH_SMS:
      kandy_conversations_fetch_async (all,
          operation == FETCH ? KANDY_CHAT_TYPE_ONE_TO_ONE : KANDY_CHAT_TYPE_SMS,
          NULL, store_result, &result);
      return kandy_conversations_fetch_finish (
          all, wait_result (&result), error);
    case SEND:
    case SEND_SMS:
      message = kandy_conversation_create_text_message (
          operation == SEND ? chat : sms, "x");
      kandy_message_send_async (message, NULL, store_result, &result);
      if (kandy_message_send_finish (message, wait_result (&result), error))
        return TRUE;
      g_assert_false (kandy_message_is_pending (message));
      g_assert_nonnull (kandy_message_get_error (message));
      return FALSE;
    case HISTORY:
    case HISTORY_SMS:
      if (operation == HISTORY_SMS)
        chat = sms;
      kandy_conversation_fetch_messages_async (
          chat, 0, NULL, 0, NULL, store_result, &result);
      wait_result (&result);
      g_assert_false (kandy_conversation_is_pending (chat));
      return kandy_conversation_fetch_messages_finish (
          chat, result, NULL, error);
    case TYPING:
    default:
      kandy_conversation_set_is_typing_async (
          chat, TRUE, NULL, store_result, &result);
      return kandy_conversation_set_is_typing_finish (
          chat, wait_result (&result), error);
  }
}

typedef struct {
  const char *path;
  const char *body;
  gboolean ok; /* whether it can be made sense of */
} Reply;

static void
check_replies (
    Operation operation, const char *code, const Reply *replies, guint n)
{
  Session *session = start ();
  guint i;

  for (i = 0; i < n; i++) {
    g_autofree char *body = g_strdelimit (g_strdup (replies[i].body), "'", '"');
    g_autofree char *fault = g_strdup_printf (
        "{\"on\":\"request\",\"path\":\"%s\",\"count\":1,\"body\":%s}",
        replies[i].path, body);
    g_autoptr (GError) error = NULL;
    gboolean ok;

    session_clear_events (session);
    session_fault (session, fault);
    ok = run (session, operation, &error);
    if (ok != replies[i].ok)
      g_error ("%s: %s", replies[i].body, error ? error->message : "accepted");
    if (replies[i].ok)
      continue;
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    if (code)
      g_assert_cmpstr (kandy_error_get_platform_code (error), ==, code);
    g_assert_nonnull (strstr (session->events->str, "messages:error("));
  }
  /* It goes on */
  {
    g_autoptr (GError) error = NULL;

    g_assert_true (run (session, operation, &error));
    g_assert_no_error (error);
  }
  session_free (session);
}

#define CHECK(operation, code, replies)                                        \
  check_replies (operation, code, replies, G_N_ELEMENTS (replies))

static void
test_fetch (void)
{
  static const Reply chat[] = { { "/sessions", "''" }, { "/sessions", "'[]'" },
    { "/sessions", "{}" }, { "/sessions", "{'chatSessionList':[]}" },
    { "/sessions", "{'chatSessionList':null}" },
    { "/sessions", "{'chatSessionList':{}}", TRUE },
    { "/sessions", "{'chatSessionList':{'chatSession':null}}", TRUE },
    { "/sessions", "{'chatSessionList':{'chatSession':7}}", TRUE },
    { "/sessions", "{'chatSessionList':{'chatSession':[7,null,{},[]]}}", TRUE },
    { "/sessions",
        "{'chatSessionList':{'chatSession':{'remoteAddress':'x@y'}}}", TRUE },
    { "/sessions",
        "{'chatSessionList':{'chatSession':[{'remoteAddress':'..',"
        "'sessionDetails':{'lastMessageTime':'never','lastText':7}}]}}",
        TRUE } };
  static const Reply sms[] = { { "/remoteAddresses", "{}" },
    { "/remoteAddresses", "{'smsThreadList':7}" },
    { "/remoteAddresses",
        "{'smsThreadList':{'smsThread':[{'localAddress':7,"
        "'remoteAddress':'+1','threadDetails':[]}]}}",
        TRUE } };

  CHECK (FETCH, "messaging:8", chat);
  CHECK (FETCH_SMS, "messaging:8", sms);
}

static void
test_send (void)
{
  static const Reply chat[] = { { "/messages", "''" }, { "/messages", "{}" },
    { "/messages", "{'chatMessage':[]}" },
    { "/messages", "{'chatMessage':{}}" },
    { "/messages", "{'chatMessage':{'resourceURL':7}}" },
    { "/messages", "{'chatMessage':{'resourceURL':''}}" },
    { "/messages", "{'chatMessage':{'resourceURL':'/messages/'}}", TRUE },
    { "/messages", "{'chatMessage':{'resourceURL':'/a/messages/%ff'}}" },
    { "/messages", "{'chatMessage':{'resourceURL':'/a/messages/m1/?x=1'}}",
        TRUE },
    /* The same id twice */
    { "/messages",
        "{'chatMessage':{'resourceURL':'/a/messages/m1','dateTime':'x',"
        "'senderAddress':[],'status':{}}}",
        TRUE },
    { "/messages",
        "{'chatMessage':{'resourceURL':'/a/messages/m2',"
        "'dateTime':-9223372036854775808}}",
        TRUE },
    { "/messages",
        "{'chatMessage':{'resourceURL':'/a/messages/m3','dateTime':1e300}}",
        TRUE } };
  static const Reply sms[] = { { "/requests", "''" }, { "/requests", "{}" },
    { "/requests", "{'outboundSMSMessageRequest':{}}" },
    { "/requests",
        "{'outboundSMSMessageRequest':{'resourceURL':'/a/messages/s1',"
        "'deliveryInfoList':[]}}",
        TRUE },
    { "/requests",
        "{'outboundSMSMessageRequest':{'resourceURL':'/a/messages/s2',"
        "'deliveryInfoList':{'deliveryInfo':[7]}}}",
        TRUE },
    { "/requests",
        "{'outboundSMSMessageRequest':{'resourceURL':'/a/messages/s3',"
        "'deliveryInfoList':{'deliveryInfo':{'deliveryStatus':'Odd'}}}}",
        TRUE } };

  CHECK (SEND, NULL, chat);
  CHECK (SEND_SMS, "messaging:5", sms);
}

static void
test_history (void)
{
  static const Reply chat[] = { { "/messages", "''" }, { "/messages", "{}" },
    { "/messages", "{'chatMessageList':7}" },
    { "/messages", "{'chatMessageList':{}}", TRUE },
    { "/messages", "{'chatMessageList':{'chatMessage':[7,null,{},[]]}}", TRUE },
    /* A page that leads nowhere, and one that has no more */
    { "/messages", "{'chatMessageList':{'next':'n','chatMessage':[]}}", TRUE },
    { "/messages", "{'chatMessageList':{'next':7,'chatMessage':null}}", TRUE },
    { "/messages",
        "{'chatMessageList':{'chatMessage':{'resourceURL':'/messages/h1',"
        "'text':[],'dateTime':'1718000000','attachment':{'name':null,"
        "'size':-7,'link':7}}}}",
        TRUE } };
  static const Reply sms[] = { { "/messages", "{}" },
    { "/messages", "{'smsMessageList':{'smsMessage':[{'type':7}]}}", TRUE },
    { "/messages",
        "{'smsMessageList':{'smsMessage':[{'resourceURL':'/messages/q',"
        "'type':'outbound','message':{}}]}}",
        TRUE } };

  CHECK (HISTORY, "messaging:6", chat);
  CHECK (HISTORY_SMS, "messaging:6", sms);
}

static void
test_typing (void)
{
  static const Reply replies[] = { { "/messages", "''" }, { "/messages", "{}" },
    { "/messages", "{'isComposing':7}" },
    { "/messages", "{'isComposing':{}}", TRUE },
    { "/messages", "{'isComposing':{'senderAddress':[]}}", TRUE } };

  CHECK (TYPING, "messaging:11", replies);
}

/* A list that a server makes without end */
static void
test_endless_history (void)
{
  Session *session = start ();
  g_autoptr (GError) error = NULL;

  session_fault (session,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/messages\","
      "\"status\":200,\"body\":{\"chatMessageList\":{\"next\":\"same\","
      "\"chatMessage\":["
      "{\"resourceURL\":\"/messages/one\",\"text\":\"x\"}]}}}");
  run (session, HISTORY, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kandy_loopback_count_requests (
                        session->loopback, "GET", "/adhoc/messages"),
      ==, 2);
  session_free (session);
}

#define LINK                                                                   \
  "'link':[{'rel':'chatMessage','href':'/cpaas/chat/v1/u/oneToOne/" BOB        \
  "/adhoc/messages/m9'}]"

static void
test_notifications (void)
{
  static const char *const frames[] = {
    "{'chatMessageNotification':{'id':'1'}}",
    "{'chatMessageNotification':{'id':'2','chatMessage':7,'isComposing':[]}}",
    "{'chatMessageNotification':{'id':'3','chatMessage':{}}}",
    "{'chatMessageNotification':{'id':'4','chatMessage':{'x-type':'inbound'}}}",
    "{'chatMessageNotification':{'id':'5','chatMessage':{'x-type':'inbound'},"
    "'link':7}}",
    "{'chatMessageNotification':{'id':'6','chatMessage':{'x-type':'inbound'},"
    "'link':[7,null,{}]}}",
    "{'chatMessageNotification':{'id':'7','chatMessage':{'x-type':'inbound'},"
    "'link':[{'rel':'chatMessage','href':'/group/'}]}}",
    "{'chatMessageNotification':{'id':'8','chatMessage':{'x-type':'inbound'},"
    "'link':[{'rel':'chatMessage','href':'/x/group/..'}]}}",
    "{'chatMessageNotification':{'id':'9','chatMessage':{'x-type':'inbound',"
    "'senderAddress':'..'}," LINK "}}",
    "{'chatMessageNotification':{'id':'10','chatMessage':{'x-type':'inbound'},"
    "'link':[{'rel':'chatMessage','href':'/oneToOne/%ff/messages/1'}]}}",
    "{'chatMessageNotification':{'id':'11','isComposing':{'x-type':'inbound',"
    "'state':'odd','senderAddress':'" BOB "'}," LINK "}}",
    "{'chatMessageNotification':{'id':'12','isComposing':{'x-type':'inbound',"
    "'state':'active','refresh':{},'senderAddress':'" BOB "'}," LINK "}}",
    "{'chatMessageNotification':{'id':'13','isComposing':{'x-type':'inbound',"
    "'state':'active'}," LINK "}}",
    "{'inboundSMSMessageNotification':{'id':'14'}}",
    "{'inboundSMSMessageNotification':{'id':'15','inboundSMSMessage':[]}}",
    "{'inboundSMSMessageNotification':{'id':'16','inboundSMSMessage':{"
    "'senderAddress':'','destinationAddress':'','messageId':'x'}}}",
    "{'outboundSMSMessageNotification':{'id':'17','outboundSMSMessage':7}}",
    "{'deliveryInfoNotification':{'id':'18'}}",
    "{'deliveryInfoNotification':{'id':'19','deliveryInfo':{'address':'+1',"
    "'messageId':'none','deliveryStatus':'DeliveredToTerminal'}}}",
    "{'smsEventNotification':{'id':'20'}}",
    "{'smsEventNotification':{'id':'21','eventType':'MessageDeleted',"
    "'link':[{'rel':'smsMessage','href':'/remoteAddresses/%ff/messages/1'}]}}",
    "{'chatEventNotification':{'id':'22','link':{}}}",
  };
  Session *session = start ();
  GListModel *list =
      G_LIST_MODEL (kandy_client_get_conversations (session->client));
  guint i, before = session->n_notifications;

  session_clear_events (session);
  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    g_autofree char *frame = g_strdelimit (g_strdup (frames[i]), "'", '"');

    g_assert_cmpuint (
        kandy_loopback_send_raw (session->loopback, ALICE, frame), ==, 1);
  }
  WAIT (session->n_notifications == before + G_N_ELEMENTS (frames));
  /* of the one that only does not know for how long */
  session_assert_events (session, "isTypingList:change");
  session_clear_events (session);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);

  /* A good one twice is one message; another id of it, too */
  for (i = 0; i < 3; i++) {
    g_autofree char *frame = g_strdup_printf (
        "{'chatMessageNotification':{'id':'good%u','chatMessage':{'text':'x',"
        "'x-type':'inbound','senderAddress':'" BOB
        "','dateTime':'1718000000'}," LINK "}}",
        i / 2);

    g_strdelimit (frame, "'", '"');
    kandy_loopback_send_raw (session->loopback, ALICE, frame);
  }
  WAIT (g_list_model_get_n_items (list) == 1);
  SETTLE_MS (50);
  {
    g_autoptr (KandyConversation) conversation =
        g_list_model_get_item (list, 0);
    g_autoptr (KandyMessage) message =
        g_list_model_get_item (G_LIST_MODEL (conversation), 0);

    g_assert_cmpuint (
        g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 1);
    g_assert_cmpint (kandy_message_get_timestamp (message), ==, 1718000000);
  }
  session_assert_events (session, "conversations:change");
  session_free (session);
}

/* Somebody else signs on: what is here is not theirs, and neither is what has
 * been asked for before */
static void
test_user_switch (void)
{
  Session *session = start ();
  KandyConversations *all = kandy_client_get_conversations (session->client);
  g_autoptr (KandyConversation) old =
      g_object_ref (begin (session, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE));
  g_autofree char *token = make_id_token ("u-carol", "carol@loopback.example");
  g_autoptr (GAsyncResult) fetched = NULL;
  g_autoptr (GAsyncResult) history = NULL;
  g_autoptr (GError) error = NULL;

  session_fault (session,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/sessions\","
      "\"delay\":200,\"body\":{\"chatSessionList\":{\"chatSession\":["
      "{\"remoteAddress\":\"bob@loopback.example\"}]}}}");
  session_fault (session,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/messages\","
      "\"delay\":200,\"body\":{\"chatMessageList\":{\"chatMessage\":["
      "{\"text\":\"x\",\"resourceURL\":\"/a/messages/m1\"}]}}}");
  kandy_conversations_fetch_async (
      all, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL, store_result, &fetched);
  kandy_conversation_fetch_messages_async (
      old, 0, NULL, 0, NULL, store_result, &history);
  WAIT (kandy_loopback_count_requests (session->loopback, "GET", "/sessions")
      && kandy_loopback_count_requests (session->loopback, "GET", "/messages"));
  kandy_client_set_tokens (session->client, token, token, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (all)), ==, 0);
  g_assert_null (
      kandy_conversations_get (all, BOB, KANDY_CHAT_TYPE_ONE_TO_ONE));

  session_clear_events (session);
  g_assert_false (
      kandy_conversations_fetch_finish (all, wait_result (&fetched), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (kandy_conversation_fetch_messages_finish (
      old, wait_result (&history), NULL, &error));
  g_clear_error (&error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (all)), ==, 0);
  g_assert_null (strstr (session->events->str, "messages:change"));
  g_assert_null (strstr (session->events->str, "conversations:change"));

  begin (session, "dave@loopback.example", KANDY_CHAT_TYPE_ONE_TO_ONE);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (all)), ==, 1);
  kandy_client_sign_off (session->client);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (all)), ==, 0);
  session_free (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messaging/faults/fetch", test_fetch);
  g_test_add_func ("/messaging/faults/send", test_send);
  g_test_add_func ("/messaging/faults/history", test_history);
  g_test_add_func ("/messaging/faults/typing", test_typing);
  g_test_add_func ("/messaging/faults/endless-history", test_endless_history);
  g_test_add_func ("/messaging/faults/notifications", test_notifications);
  g_test_add_func ("/messaging/faults/user-switch", test_user_switch);
  return g_test_run ();
}
