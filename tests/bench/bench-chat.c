/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kandy-client-private.h"
#include "kandy-json.h"
#include "kandy-messaging-private.h"
#include "kandy-notifications-private.h"
#include "kandy.h"

/* What messages cost: notifications a second, memory a message, and how long a
 * page of history holds up a main context that has many already. */

#define N_MESSAGES 100000
#define N_CONVERSATIONS 1000
#define PAGE 50
#define TEXT "Lunch at noon? There is a new place round the corner."

static guint received;

static void
on_received (KandyConversations *conversations, KandyConversation *conversation,
    KandyMessage *message, gpointer user_data)
{
  received++;
}

static double
cpu_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* What the main context is held up for, but for what else the machine does */
static gint64
thread_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gsize
used_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static char *
make_frame (guint number)
{
  return g_strdup_printf (
      "{\"chatMessageNotification\":{\"id\":\"n-%08u\","
      "\"dateTime\":%" G_GINT64_FORMAT ",\"chatMessage\":{\"text\":\"" TEXT
      "\",\"dateTime\":%" G_GINT64_FORMAT
      ",\"senderAddress\":\"user%u@lab.example\","
      "\"x-destinationAddress\":\"me@lab.example\",\"x-type\":\"inbound\","
      "\"status\":\"Delivered\"},\"link\":[{\"rel\":\"chatMessage\",\"href\":"
      "\"/cpaas/chat/v1/me/oneToOne/user%u@lab.example/adhoc/messages/"
      "2e9b1e7c-0000-4000-8000-%012u\"},{\"rel\":\"chatSession\",\"href\":"
      "\"/cpaas/chat/v1/me/oneToOne/user%u@lab.example/adhoc\"}]}}",
      number, G_GINT64_CONSTANT (1718000000000) + number,
      G_GINT64_CONSTANT (1718000000000) + number, number % N_CONVERSATIONS,
      number % N_CONVERSATIONS, number, number % N_CONVERSATIONS);
}

static double
run (KandyClient *client, guint n)
{
  KandyNotifications *notifications = kandy_client_get_notifications (client);
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func (g_free);
  double start;
  guint i;

  for (i = 0; i < n; i++)
    g_ptr_array_add (frames, make_frame (i));
  received = 0;
  start = cpu_seconds ();
  for (i = 0; i < n; i++) {
    JsonNode *node = kandy_json_parse (frames->pdata[i], -1, NULL);

    kandy_notifications_process (
        notifications, KANDY_NOTIFICATION_CHANNEL_PUSH, node);
    json_node_unref (node);
  }
  return (double) n / (cpu_seconds () - start);
}

static GPtrArray *
make_page (KandyConversation *conversation, gint64 time)
{
  GPtrArray *page = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  for (i = 0; i < PAGE; i++) {
    g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT "-%u", time, i);
    g_autoptr (GPtrArray) parts =
        g_ptr_array_new_with_free_func (g_object_unref);
    KandyMessageContent content = { .id = id,
      .sender = "bob@lab.example",
      .destination = "me@lab.example",
      .time = time + i,
      .parts = parts };

    g_ptr_array_add (parts, kandy_message_part_new_text (TEXT));
    g_ptr_array_add (page,
        kandy_message_new (
            kandy_conversation_get_link (conversation), &content));
  }
  return page;
}

static void
measure_history (KandyClient *client)
{
  KandyConversation *conversation =
      kandy_conversations_create (kandy_client_get_conversations (client),
          "bob@lab.example", KANDY_CHAT_TYPE_ONE_TO_ONE, NULL);
  gint64 longest = 0, start, lookups;
  gsize before = used_bytes (), bytes;
  guint i;

  /* Older and older pages, as history comes */
  for (i = N_MESSAGES / PAGE; i > 0; i--) {
    g_autoptr (GPtrArray) page = make_page (
        conversation, G_GINT64_CONSTANT (1718000000000) + (gint64) i * PAGE);

    start = thread_us ();
    kandy_message_list_merge (
        kandy_conversation_get_list (conversation), page, TRUE);
    longest = MAX (longest, thread_us () - start);
  }
  bytes = (used_bytes () - before) / N_MESSAGES;
  start = thread_us ();
  for (i = 0; i < N_MESSAGES; i++)
    g_assert_nonnull (kandy_conversation_get_message (conversation,
        kandy_message_get_message_id (
            kandy_conversation_get_message (conversation, "1718000000050-0"))));
  lookups = thread_us () - start;
  printf ("history of %u messages: longest page of %u %.2f ms, "
          "%.0f ns a look-up\n",
      N_MESSAGES, PAGE, (double) longest / 1000,
      (double) lookups * 1000 / N_MESSAGES / 2);
  printf ("memory: %" G_GSIZE_FORMAT " bytes a message beside its text of "
          "%" G_GSIZE_FORMAT "\n",
      bytes - strlen (TEXT), strlen (TEXT));
}

/* The largest reply that comes at one go: all conversations */
static void
measure_sessions (void)
{
  g_autoptr (GString) text =
      g_string_new ("{\"chatSessionList\":{\"chatSession\":[");
  gint64 best = G_MAXINT64;
  guint i;

  for (i = 0; i < N_CONVERSATIONS; i++)
    g_string_append_printf (text,
        "%s{\"sessionId\":\"2e9b1e7c-0000-4000-8000-%012u\","
        "\"sessionType\":\"OneToOne\",\"localAddress\":\"me@lab.example\","
        "\"remoteAddress\":\"user%u@lab.example\",\"sessionDetails\":{"
        "\"lastText\":\"" TEXT "\",\"lastMessageTime\":1718000000123,"
        "\"lastPullTime\":1718000000123}}",
        i ? "," : "", i, i);
  g_string_append (text, "]}}");
  for (i = 0; i < 20; i++) {
    gint64 start = thread_us ();
    JsonNode *node = kandy_json_parse (text->str, (gssize) text->len, NULL);

    best = MIN (best, thread_us () - start);
    json_node_unref (node);
  }
  printf ("a list of %u conversations: %" G_GSIZE_FORMAT
          " bytes, read in %.2f ms at best\n",
      N_CONVERSATIONS, text->len, (double) best / 1000);
}

static void
ignore_event (
    KandyClient *client, const char *name, GVariant *payload, gpointer data)
{
}

int
main (int argc, char **argv)
{
  static const char claims[] = "{\"preferred_username\":\"me\","
                               "\"services-identity\":\"me@lab.example\"}";
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autoptr (KandyClient) client = NULL;
  g_autofree char *payload =
      g_base64_encode ((const guchar *) claims, strlen (claims));
  g_autofree char *token = NULL;
  g_autoptr (GError) error = NULL;
  gulong id;
  double rate, observed;

  payload[strcspn (payload, "=")] = '\0';
  token = g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.c2ln", payload);
  g_object_set (config, "server-base", "127.0.0.1", NULL);
  client = kandy_client_new (config);
  kandy_logger_set_level (
      kandy_client_get_logger (client), KANDY_LOG_LEVEL_SILENT, NULL);
  if (!kandy_client_set_tokens (client, token, token, &error)) {
    g_printerr ("bench-chat: %s\n", error->message);
    return 1;
  }
  g_signal_connect (kandy_client_get_conversations (client), "message-received",
      G_CALLBACK (on_received), NULL);

  rate = run (client, N_MESSAGES);
  if (received != N_MESSAGES) {
    g_printerr ("bench-chat: %u of %u messages came\n", received, N_MESSAGES);
    return 1;
  }
  /* The same ones again, with somebody who wants all events */
  id = g_signal_connect (client, "event", G_CALLBACK (ignore_event), NULL);
  observed = run (client, N_MESSAGES / 4);
  g_signal_handler_disconnect (client, id);
  printf ("notifications: %.0f a second on one core; %.0f of those that have "
          "come before, with a listener to all events\n",
      rate, observed);
  measure_history (client);
  measure_sessions ();
  return 0;
}
