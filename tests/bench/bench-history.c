/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libsoup/soup.h>

#include "kandy.h"

/* How long a client with 1,000 conversations and 100,000 messages holds up its
 * main context: what is fetched comes from a server in another thread, as a
 * platform would send it, and each iteration of the context is measured. */

#define N_CONVERSATIONS 1000
#define N_EACH 100
#define GOAL_MS 5.0
/* One long history, whose pages are as long as a platform makes them */
#define LONG_PAGE 1000
#define TEXT "Lunch at noon? There is a new place round the corner."
#define FIRST_TIME G_GINT64_CONSTANT (1718000000000)

typedef struct {
  GMainContext *context;
  GMainLoop *loop;
  SoupServer *server;
  GThread *thread;
  guint port;
} Platform;

typedef struct {
  const char *what;
  gint64 longest; /* us of CPU in one iteration */
  guint n;
} Measure;

static gint64
thread_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static char *
make_address (guint number)
{
  return g_strdup_printf ("user%u@lab.example", number);
}

/* --- the platform --- */

static char *
make_sessions (void)
{
  GString *text = g_string_new ("{\"chatSessionList\":{\"chatSession\":[");
  guint i;

  for (i = 0; i < N_CONVERSATIONS; i++)
    g_string_append_printf (text,
        "%s{\"sessionId\":\"2e9b1e7c-0000-4000-8000-%012u\","
        "\"sessionType\":\"OneToOne\",\"localAddress\":\"me@lab.example\","
        "\"remoteAddress\":\"user%u@lab.example\",\"sessionDetails\":{"
        "\"lastText\":\"" TEXT "\",\"lastMessageTime\":%" G_GINT64_FORMAT "}}",
        i ? "," : "", i, i, FIRST_TIME + i);
  g_string_append (text, "]}}");
  return g_string_free (text, FALSE);
}

static char *
make_page (const char *peer, guint n, guint skip)
{
  GString *text = g_string_new ("{\"chatMessageList\":{\"chatMessage\":[");
  guint i;

  for (i = 0; i < n; i++)
    g_string_append_printf (text,
        "%s{\"text\":\"" TEXT "\",\"dateTime\":%" G_GINT64_FORMAT
        ",\"senderAddress\":\"%s\",\"x-destinationAddress\":\"me@lab.example\","
        "\"x-type\":\"inbound\",\"status\":\"Delivered\",\"resourceURL\":"
        "\"/cpaas/chat/v1/me/oneToOne/%s/adhoc/messages/%s-%u\"}",
        i ? "," : "", FIRST_TIME - (gint64) (skip + i) * 1000, peer, peer, peer,
        skip + i);
  g_string_append_printf (
      text, "],\"next\":\"%u\"}}", skip + n); /* there is always more */
  return g_string_free (text, FALSE);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autofree char *text = NULL;

  if (g_str_equal (soup_server_message_get_method (message), "DELETE")) {
    soup_server_message_set_status (message, 204, NULL);
    return;
  }
  if (g_str_has_suffix (path, "/sessions")) {
    text = make_sessions ();
  } else if (query && g_strv_length (parts) > 6) {
    const char *max = g_hash_table_lookup (query, "max");
    const char *next = g_hash_table_lookup (query, "next");

    text = make_page (parts[6],
        max ? (guint) g_ascii_strtoull (max, NULL, 10) : LONG_PAGE,
        next ? (guint) g_ascii_strtoull (next, NULL, 10) : 0);
  }
  if (!text) {
    soup_server_message_set_status (message, 404, NULL);
    return;
  }
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (
      message, "application/json", SOUP_MEMORY_COPY, text, strlen (text));
}

static gpointer
serve (gpointer data)
{
  Platform *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static gboolean
platform_start (Platform *self, GError **error)
{
  GSList *uris;
  gboolean done;

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, NULL, NULL);
  done = soup_server_listen_local (
      self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, error);
  g_main_context_pop_thread_default (self->context);
  if (!done)
    return FALSE;
  uris = soup_server_get_uris (self->server);
  self->port = (guint) g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  self->thread = g_thread_new ("platform", serve, self);
  return TRUE;
}

static void
platform_stop (Platform *self)
{
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_object_unref (self->server);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
}

/* --- measurement --- */

static void
store_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Runs the context until the result is there */
static GAsyncResult *
wait_result (Measure *self, GAsyncResult **result)
{
  while (!*result) {
    gint64 before = thread_us ();

    g_main_context_iteration (NULL, TRUE);
    self->longest = MAX (self->longest, thread_us () - before);
  }
  self->n++;
  return *result;
}

static void
called (Measure *self, gint64 before)
{
  self->longest = MAX (self->longest, thread_us () - before);
}

static void
report (const Measure *self)
{
  printf ("%s: main context held up for %.2f ms at most (goal: %.0f), "
          "%u times\n",
      self->what, (double) self->longest / 1000, GOAL_MS, self->n);
}

static void
check (const GError *error)
{
  if (error)
    g_error ("bench-history: %s", error->message);
}

static void
fetch_list (KandyConversations *conversations)
{
  Measure measure = { "list of 1,000 conversations" };
  guint i;

  /* The second time all of them are there */
  for (i = 0; i < 2; i++) {
    GAsyncResult *result = NULL;
    GError *error = NULL;
    gint64 before = thread_us ();

    kandy_conversations_fetch_async (
        conversations, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL, store_result, &result);
    called (&measure, before);
    kandy_conversations_fetch_finish (
        conversations, wait_result (&measure, &result), &error);
    check (error);
    g_object_unref (result);
  }
  report (&measure);
}

static void
fetch_page (Measure *measure, KandyConversation *conversation, guint amount,
    char **next)
{
  GAsyncResult *result = NULL;
  g_autofree char *from = *next;
  GError *error = NULL;
  gint64 before = thread_us ();

  *next = NULL;
  kandy_conversation_fetch_messages_async (
      conversation, amount, from, 0, NULL, store_result, &result);
  called (measure, before);
  kandy_conversation_fetch_messages_finish (
      conversation, wait_result (measure, &result), next, &error);
  check (error);
  g_object_unref (result);
}

static void
fetch_histories (KandyConversations *conversations)
{
  Measure measure = { "history of 100 messages of each conversation" };
  Measure longer = { "a history by pages of 1,000, up to 20,000" };
  KandyConversation *conversation = NULL;
  g_autofree char *next = NULL;
  guint i;

  for (i = 0; i < N_CONVERSATIONS; i++) {
    g_autofree char *address = make_address (i);
    g_autofree char *unused = NULL;

    conversation = kandy_conversations_get (
        conversations, address, KANDY_CHAT_TYPE_ONE_TO_ONE);
    fetch_page (&measure, conversation, N_EACH, &unused);
  }
  report (&measure);
  for (i = 0; i < 20; i++)
    fetch_page (&longer, conversation, LONG_PAGE, &next);
  report (&longer);
  printf ("messages of that one: %u\n",
      g_list_model_get_n_items (G_LIST_MODEL (conversation)));
}

/* What a program does without the platform */
static void
use_list (KandyConversations *conversations)
{
  Measure measure = { "looking at each conversation and clearing a long one" };
  KandyConversation *conversation = NULL;
  gint64 before;
  guint i;

  for (i = 0; i < N_CONVERSATIONS; i++) {
    g_autofree char *address = make_address (i);
    g_autofree char *id = g_strdup_printf ("%s-%u", address, N_EACH / 2);

    before = thread_us ();
    conversation = kandy_conversations_get (
        conversations, address, KANDY_CHAT_TYPE_ONE_TO_ONE);
    if (!kandy_conversation_get_message (conversation, id))
      g_error ("bench-history: %s is lost", id);
    called (&measure, before);
    measure.n++;
  }
  before = thread_us ();
  kandy_conversation_clear_messages (conversation);
  called (&measure, before);
  report (&measure);
}

static void
delete_one (KandyConversations *conversations)
{
  Measure measure = { "deleting a conversation" };
  g_autofree char *address = make_address (N_CONVERSATIONS / 2);
  KandyConversation *conversation = kandy_conversations_get (
      conversations, address, KANDY_CHAT_TYPE_ONE_TO_ONE);
  GAsyncResult *result = NULL;
  GError *error = NULL;
  gint64 before = thread_us ();

  g_object_ref (conversation);
  kandy_conversation_delete_async (conversation, NULL, store_result, &result);
  called (&measure, before);
  kandy_conversation_delete_finish (
      conversation, wait_result (&measure, &result), &error);
  check (error);
  before = thread_us ();
  g_object_unref (conversation);
  called (&measure, before);
  g_object_unref (result);
  report (&measure);
}

int
main (int argc, char **argv)
{
  static const char claims[] = "{\"preferred_username\":\"me\","
                               "\"services-identity\":\"me@lab.example\"}";
  g_autofree char *payload =
      g_base64_encode ((const guchar *) claims, strlen (claims));
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autoptr (KandyClient) client = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  KandyConversations *conversations;
  Platform platform;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (!platform_start (&platform, &error)) {
    g_printerr ("bench-history: %s\n", error->message);
    return 1;
  }
  g_object_set (config, "server-base", "127.0.0.1", "server-port",
      platform.port, "server-protocol", "http", "client-correlator", "bench",
      NULL);
  client = kandy_client_new (config);
  kandy_logger_set_level (
      kandy_client_get_logger (client), KANDY_LOG_LEVEL_SILENT, NULL);
  payload[strcspn (payload, "=")] = '\0';
  token = g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.c2ln", payload);
  kandy_client_set_tokens (client, token, token, &error);
  check (error);

  conversations = kandy_client_get_conversations (client);
  fetch_list (conversations);
  fetch_histories (conversations);
  fetch_list (conversations);
  use_list (conversations);
  delete_one (conversations);
  kandy_client_destroy (client);
  platform_stop (&platform);
  return 0;
}
