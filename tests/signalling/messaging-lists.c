/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "people-fixture.h"

/* Conversations and their messages as a list view sees them: what it is told of
 * changes is all that it knows, and has to be exact. And what a conversation
 * tells who listens to it only. */

/* A copy of a model, kept as GTK keeps one */
typedef struct {
  GListModel *model;
  GPtrArray *items;
  GString *changes; /* "position-removed+added " */
} Mirror;

static void
assert_same (Mirror *self)
{
  guint i;

  g_assert_cmpuint (
      g_list_model_get_n_items (self->model), ==, self->items->len);
  for (i = 0; i < self->items->len; i++) {
    g_autoptr (GObject) item = g_list_model_get_item (self->model, i);

    g_assert_true (item == self->items->pdata[i]);
    g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (
        item, g_list_model_get_item_type (self->model)));
  }
  g_assert_null (g_list_model_get_item (self->model, self->items->len));
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added,
    gpointer user_data)
{
  Mirror *self = user_data;
  guint i;

  g_assert_cmpuint (position + removed, <=, self->items->len);
  g_assert_cmpuint (removed + added, >, 0);
  if (removed)
    g_ptr_array_remove_range (self->items, position, removed);
  for (i = 0; i < added; i++)
    g_ptr_array_insert (self->items, (int) (position + i),
        g_list_model_get_item (model, position + i));
  g_string_append_printf (self->changes, "%u-%u+%u ", position, removed, added);
  /* also while it is told, as a sorted view reads the model then */
  assert_same (self);
}

static Mirror *
mirror_new (gpointer model)
{
  Mirror *self = g_new0 (Mirror, 1);
  guint i;

  self->model = g_object_ref (G_LIST_MODEL (model));
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->changes = g_string_new (NULL);
  for (i = 0; i < g_list_model_get_n_items (self->model); i++)
    g_ptr_array_add (self->items, g_list_model_get_item (self->model, i));
  g_signal_connect (
      self->model, "items-changed", G_CALLBACK (on_items_changed), self);
  return self;
}

static void
mirror_free (Mirror *self)
{
  g_signal_handlers_disconnect_by_data (self->model, self);
  g_object_unref (self->model);
  g_ptr_array_unref (self->items);
  g_string_free (self->changes, TRUE);
  g_free (self);
}

#define assert_changes(mirror, expected)                                       \
  G_STMT_START                                                                 \
  {                                                                            \
    g_assert_cmpstr ((mirror)->changes->str, ==, expected);                    \
    g_string_truncate ((mirror)->changes, 0);                                  \
    assert_same (mirror);                                                      \
  }                                                                            \
  G_STMT_END

static KandyConversation *
with (Session *session, const char *destination)
{
  g_autoptr (GError) error = NULL;
  KandyConversation *conversation = kandy_conversations_create (
      kandy_client_get_conversations (session->client), destination,
      KANDY_CHAT_TYPE_ONE_TO_ONE, &error);

  g_assert_no_error (error);
  return conversation;
}

static void
send (KandyConversation *conversation, const char *text)
{
  g_autoptr (KandyMessage) message =
      kandy_conversation_create_text_message (conversation, text);
  g_autoptr (GError) error = NULL;

  PEOPLE_RUN (message, kandy_message_send, &error);
  g_assert_no_error (error);
}

static void
fetch (KandyConversation *conversation)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kandy_conversation_fetch_messages_async (
      conversation, 0, NULL, 0, NULL, store_result, &result);
  kandy_conversation_fetch_messages_finish (
      conversation, wait_result (&result), NULL, &error);
  g_assert_no_error (error);
}

static void
test_conversations (void)
{
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  KandyConversations *all = kandy_client_get_conversations (alice->client);
  Mirror *mirror = mirror_new (all);
  g_autoptr (GError) error = NULL;
  KandyConversation *first;

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (all))
      == KANDY_TYPE_CONVERSATION);
  first = with (alice, CAROL);
  assert_changes (mirror, "0-0+1 ");
  with (alice, CAROL);
  assert_changes (mirror, "");
  /* one that another has begun */
  send (with (bob, ALICE), "hello");
  WAIT (mirror->items->len == 2);
  assert_changes (mirror, "1-0+1 ");
  send (first, "hello");
  assert_changes (mirror, "");

  PEOPLE_RUN (
      all, kandy_conversations_fetch, &error, KANDY_CHAT_TYPE_ONE_TO_ONE);
  g_assert_no_error (error);
  assert_changes (mirror, "");

  PEOPLE_RUN (first, kandy_conversation_delete, &error);
  g_assert_no_error (error);
  assert_changes (mirror, "0-1+0 ");
  mirror_free (mirror);
  session_free (bob);
  session_free (alice);
}

static void
test_messages (void)
{
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  Session *late = NULL;
  KandyConversation *conversation = with (alice, BOB), *again;
  Mirror *mirror = mirror_new (conversation), *history;
  g_autoptr (GError) error = NULL;
  const char *ids[] = { NULL, NULL };
  guint i;

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (conversation))
      == KANDY_TYPE_MESSAGE);
  send (conversation, "one");
  g_assert_cmpuint (mirror->items->len, ==, 1);
  /* it may have been moved to the time that the platform gave it */
  g_string_truncate (mirror->changes, 0);
  send (with (bob, ALICE), "two");
  WAIT (mirror->items->len == 2);
  assert_changes (mirror, "1-0+1 ");
  send (conversation, "three");
  g_assert_cmpuint (mirror->items->len, ==, 3);
  g_string_truncate (mirror->changes, 0);
  /* what is known does not come again */
  fetch (conversation);
  assert_changes (mirror, "");

  /* another device of the same user: a message that comes before those that are
   * older */
  late = people_join (alice, ALICE, "chat");
  again = with (late, BOB);
  history = mirror_new (again);
  send (with (bob, ALICE), "four");
  WAIT (history->items->len > 0);
  WAIT (mirror->items->len == 4);
  fetch (again);
  g_assert_cmpuint (history->items->len, ==, 4);
  for (i = 0; i < 4; i++)
    g_assert_cmpstr (kandy_message_get_message_id (history->items->pdata[i]),
        ==, kandy_message_get_message_id (mirror->items->pdata[i]));
  mirror_free (history);
  session_free (late);

  g_string_truncate (mirror->changes, 0);
  ids[0] = kandy_message_get_message_id (mirror->items->pdata[1]);
  PEOPLE_RUN (conversation, kandy_conversation_delete_messages, &error, ids);
  g_assert_no_error (error);
  assert_changes (mirror, "1-1+0 ");
  kandy_conversation_clear_messages (conversation);
  assert_changes (mirror, "0-3+0 ");
  mirror_free (mirror);
  session_free (bob);
  session_free (alice);
}

static void
on_messages_changed (KandyConversation *conversation, const char *message_id,
    const char *sender, GVariant *message_ids, const char *next,
    gpointer user_data)
{
  g_string_append (user_data, message_id ? "id " : "- ");
  if (message_id)
    g_assert_nonnull (
        kandy_conversation_get_message (conversation, message_id));
}

/* API document: Conversation.subscribe: one conversation is listened to, and
 * what happens in another one is not heard */
static void
test_subscribe (void)
{
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  Session *carol = people_join (alice, CAROL, "chat");
  KandyConversation *conversation = with (alice, BOB);
  KandyConversation *other = with (alice, CAROL);
  g_autoptr (GString) heard = g_string_new (NULL);
  gulong id = g_signal_connect (conversation, "messages-changed",
      G_CALLBACK (on_messages_changed), heard);

  send (with (bob, ALICE), "to be heard");
  WAIT (heard->len > 0);
  g_assert_cmpstr (heard->str, ==, "id ");
  send (with (carol, ALICE), "not to be heard");
  WAIT (g_list_model_get_n_items (G_LIST_MODEL (other)) == 1);
  send (other, "neither");
  g_assert_cmpstr (heard->str, ==, "id ");
  /* the own ones are changes of the list, too */
  g_string_truncate (heard, 0);
  send (conversation, "own");
  g_assert_true (g_str_has_suffix (heard->str, "id "));
  g_string_truncate (heard, 0);
  kandy_conversation_clear_messages (conversation);
  g_assert_cmpstr (heard->str, ==, "- ");

  /* what the document's function that it returns does */
  g_signal_handler_disconnect (conversation, id);
  g_string_truncate (heard, 0);
  send (with (bob, ALICE), "unheard");
  /* the copy of the own one may come back, too */
  WAIT (g_list_model_get_n_items (G_LIST_MODEL (conversation)) > 0);
  send (conversation, "own");
  g_assert_cmpstr (heard->str, ==, "");
  session_free (carol);
  session_free (bob);
  session_free (alice);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", pspec->name);
}

/* A row of a list is bound to what it shows */
static void
test_properties (void)
{
  Session *alice = people_start ("chat");
  Session *bob = people_join (alice, BOB, "chat");
  KandyConversation *conversation = with (alice, BOB);
  g_autoptr (GString) notified = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  gint64 received;

  g_signal_connect (
      conversation, "notify::last-message", G_CALLBACK (on_notify), notified);
  g_signal_connect (
      conversation, "notify::last-received", G_CALLBACK (on_notify), notified);
  g_signal_connect (
      conversation, "notify::typing-list", G_CALLBACK (on_notify), notified);
  send (with (bob, ALICE), "look");
  WAIT (g_list_model_get_n_items (G_LIST_MODEL (conversation)) == 1);
  g_assert_cmpstr (notified->str, ==, "last-message last-received ");
  g_object_get (
      conversation, "last-message", &shown, "last-received", &received, NULL);
  g_assert_cmpstr (shown, ==, "look");
  g_assert_cmpint (received, >, 0);
  g_string_truncate (notified, 0);
  PEOPLE_RUN (
      with (bob, ALICE), kandy_conversation_set_is_typing, &error, TRUE);
  g_assert_no_error (error);
  WAIT (notified->len > 0);
  g_assert_cmpstr (notified->str, ==, "typing-list ");
  session_free (bob);
  session_free (alice);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messaging/lists/conversations", test_conversations);
  g_test_add_func ("/messaging/lists/messages", test_messages);
  g_test_add_func ("/messaging/lists/subscribe", test_subscribe);
  g_test_add_func ("/messaging/lists/properties", test_properties);
  return g_test_run ();
}
