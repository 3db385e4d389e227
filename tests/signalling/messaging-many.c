/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <malloc.h>
#include <string.h>

#include "kandy-messaging-private.h"
#include "kandy.h"
#include "main-time.h"

/* What many conversations and messages cost: memory, and the time of the main
 * context. What goes over the network is measured by the benchmarks. */

#define PAGE 50
#define TEXT "Lunch at noon? There is a new place round the corner."
#define FIRST_TIME G_GINT64_CONSTANT (1718000000000)
#define N_LOOKUPS 20000

/* Instrumented code is several times slower, and its memory is another's */
#ifdef __SANITIZE_ADDRESS__
#define N_CONVERSATIONS 100
#else
#define N_CONVERSATIONS 1000
#define IS_MEASURED
#endif
#define N_EACH 100
#define N_LONG (N_CONVERSATIONS * 20)

typedef struct {
  KandyClient *client;
  KandyConversations *conversations;
  gint64 longest; /* µs of CPU of one operation */
} Fixture;

static void
sign_on (KandyClient *client, const char *user)
{
  g_autofree char *claims =
      g_strdup_printf ("{\"preferred_username\":\"%s\","
                       "\"services-identity\":\"%s@lab.example\"}",
          user, user);
  g_autofree char *payload =
      g_base64_encode ((const guchar *) claims, strlen (claims));
  g_autofree char *token = NULL;
  GError *error = NULL;

  payload[strcspn (payload, "=")] = '\0';
  token = g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.c2ln", payload);
  kandy_client_set_tokens (client, token, token, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();

  g_object_set (
      config, "server-base", "127.0.0.1", "client-correlator", "many", NULL);
  fixture->client = kandy_client_new (config);
  sign_on (fixture->client, "me");
  fixture->conversations = kandy_client_get_conversations (fixture->client);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  kandy_client_destroy (fixture->client);
  g_object_unref (fixture->client);
}

static char *
make_id (guint conversation, guint number)
{
  return g_strdup_printf (
      "2e9b1e7c-%04u-4000-8000-%012u", conversation, number);
}

static KandyConversation *
make_conversation (Fixture *fixture, guint number)
{
  g_autofree char *address = g_strdup_printf ("user%u@lab.example", number);

  return kandy_conversations_create (
      fixture->conversations, address, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL);
}

/* A page of history, older than what is there */
static void
add_page (
    Fixture *fixture, KandyConversation *conversation, guint number, guint skip)
{
  g_autoptr (GPtrArray) page = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 before;
  guint i;

  for (i = 0; i < PAGE; i++) {
    g_autofree char *id = make_id (number, skip + i);
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func (g_object_unref);
    KandyMessageContent content = { .id = id,
      .sender = kandy_conversation_get_destination (conversation),
      .destination = "me@lab.example",
      .time = FIRST_TIME - (gint64) (skip + i) * 1000,
      .parts = parts };

    g_ptr_array_add (parts, kandy_message_part_new_text (TEXT));
    g_ptr_array_add (page,
        kandy_message_new (
            kandy_conversation_get_link (conversation), &content));
  }
  before = main_time_get_cpu ();
  kandy_message_list_merge (
      kandy_conversation_get_list (conversation), page, TRUE);
  fixture->longest = MAX (fixture->longest, main_time_get_cpu () - before);
}

#ifdef IS_MEASURED
static gsize
get_used_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}
#endif

static void
count (GListModel *model, guint position, guint removed, guint added,
    gpointer user_data)
{
  *(guint *) user_data += added - removed;
}

static void
measure (Fixture *fixture, gint64 since)
{
  fixture->longest = MAX (fixture->longest, main_time_get_cpu () - since);
}

/* What is freed later counts too */
static void
run_context (Fixture *fixture)
{
  guint i;

  for (i = 0; i < 500; i++) {
    gint64 start = main_time_get_cpu ();

    g_main_context_iteration (NULL, FALSE);
    measure (fixture, start);
  }
}

/* 1,000 conversations with 100 messages each, and one with 20,000, which is
 * cleared, filled again and deleted; then somebody else signs on */
static void
fill_and_clear (Fixture *fixture)
{
  KandyConversation *conversation = NULL;
  guint i, skip, n = 0;
  gint64 start;
#ifdef IS_MEASURED
  gsize before = get_used_bytes (), each;
#endif

  for (i = 0; i < N_CONVERSATIONS; i++) {
    conversation = make_conversation (fixture, i);
    for (skip = 0; skip < N_EACH; skip += PAGE)
      add_page (fixture, conversation, i, skip);
  }
#ifdef IS_MEASURED
  /* With the conversations themselves */
  each = (get_used_bytes () - before) / (N_CONVERSATIONS * N_EACH);
  g_test_message ("%" G_GSIZE_FORMAT " bytes a message", each);
  g_assert_cmpuint (each, <, strlen (TEXT) + 1024);
#endif
  g_signal_connect (conversation, "items-changed", G_CALLBACK (count), &n);
  for (; skip < N_LONG; skip += PAGE)
    add_page (fixture, conversation, i - 1, skip);
  g_assert_cmpuint (n, ==, N_LONG - N_EACH);
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, N_LONG);

  start = main_time_get_cpu ();
  kandy_conversation_clear_messages (conversation);
  measure (fixture, start);
  run_context (fixture);
  g_assert_cmpuint (n, ==, (guint) -N_EACH);

  for (skip = 0; skip < N_LONG; skip += PAGE)
    add_page (fixture, conversation, i - 1, skip);
  start = main_time_get_cpu ();
  kandy_conversations_remove (fixture->conversations, conversation);
  measure (fixture, start);
  run_context (fixture);
  start = main_time_get_cpu ();
  sign_on (fixture->client, "you");
  measure (fixture, start);
  g_assert_cmpuint (
      g_list_model_get_n_items (G_LIST_MODEL (fixture->conversations)), ==, 0);
  run_context (fixture);
}

/* On a machine that others use, even CPU time has outliers; what really takes
 * long does so each time */
static void
test_memory_and_time (Fixture *fixture, gconstpointer data)
{
  guint round;

  for (round = 0; round < 3; round++) {
    fixture->longest = 0;
    fill_and_clear (fixture);
    g_test_message (
        "longest operation: %" G_GINT64_FORMAT " us", fixture->longest);
    if (fixture->longest < 5000)
      break;
    tear_down (fixture, data);
    set_up (fixture, data);
  }
#ifdef IS_MEASURED
  g_assert_cmpint (fixture->longest, <, 5000);
#endif
}

/* µs for many look-ups of the last messages of @n */
static gint64
time_messages (KandyConversation *conversation, guint number, guint n)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  gint64 start;
  guint i;

  for (i = 0; i < PAGE; i++)
    g_ptr_array_add (ids, make_id (number, n - 1 - i));
  start = main_time_get_cpu ();
  for (i = 0; i < N_LOOKUPS; i++)
    g_assert_nonnull (
        kandy_conversation_get_message (conversation, ids->pdata[i % PAGE]));
  return main_time_get_cpu () - start;
}

static gint64
time_conversations (Fixture *fixture, guint n)
{
  g_autofree char *address = g_strdup_printf ("user%u@lab.example", n - 1);
  gint64 start = main_time_get_cpu ();
  guint i;

  for (i = 0; i < N_LOOKUPS; i++)
    g_assert_nonnull (kandy_conversations_get (
        fixture->conversations, address, KANDY_CHAT_TYPE_ONE_TO_ONE));
  return main_time_get_cpu () - start;
}

/* Of two hundred times as many, the last one is found as fast: a search would
 * take two hundred times as long */
static void
test_lookup (Fixture *fixture, gconstpointer data)
{
  KandyConversation *few = make_conversation (fixture, 0);
  KandyConversation *many = make_conversation (fixture, 1);
  gint64 fast, slow;
  guint i, skip;

  for (skip = 0; skip < N_LONG; skip += PAGE) {
    if (skip < N_EACH)
      add_page (fixture, few, 0, skip);
    add_page (fixture, many, 1, skip);
  }
  fast = time_messages (few, 0, N_EACH);
  slow = time_messages (many, 1, N_LONG);
  g_test_message (
      "messages: %" G_GINT64_FORMAT " us, %" G_GINT64_FORMAT " us", fast, slow);
  g_assert_cmpint (slow, <, MAX (fast, 500) * 20);

  fast = time_conversations (fixture, 2);
  for (i = 2; i < N_CONVERSATIONS; i++)
    make_conversation (fixture, i);
  slow = time_conversations (fixture, N_CONVERSATIONS);
  g_test_message ("conversations: %" G_GINT64_FORMAT " us, %" G_GINT64_FORMAT
                  " us",
      fast, slow);
  g_assert_cmpint (slow, <, MAX (fast, 500) * 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/messaging/many/memory-and-time", Fixture, NULL, set_up,
      test_memory_and_time, tear_down);
  g_test_add (
      "/messaging/many/lookup", Fixture, NULL, set_up, test_lookup, tear_down);
  return g_test_run ();
}
