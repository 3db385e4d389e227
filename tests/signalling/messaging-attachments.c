/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "session-fixture.h"

/* Files and JSON values in messages */

typedef struct {
  Session *alice;
  Session *bob;
  KandyConversation *conversation; /* alice's, with bob */
  KandyMessage *received;          /* what came to bob last */
} Fixture;

static void
on_received (KandyConversations *conversations, KandyConversation *conversation,
    KandyMessage *message, gpointer user_data)
{
  Fixture *f = user_data;

  g_set_object (&f->received, message);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->alice = session_new (NULL);
  f->bob =
      session_new_for_port (kandy_loopback_get_port (f->alice->loopback), NULL);
  g_object_set (f->bob->config, "client-correlator", "bobs-device", NULL);
  session_sign_on (f->alice);
  g_assert_true (
      session_try_sign_on (f->bob, "loopback", BOB, "wonderland", &error));
  session_subscribe (f->bob, "chat", &error);
  g_assert_no_error (error);
  g_signal_connect (kandy_client_get_conversations (f->bob->client),
      "message-received", G_CALLBACK (on_received), f);
  f->conversation = kandy_conversations_create (
      kandy_client_get_conversations (f->alice->client), BOB,
      KANDY_CHAT_TYPE_ONE_TO_ONE, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (
      kandy_client_get_conversations (f->bob->client), f);
  g_clear_object (&f->received);
  session_free (f->bob);
  session_free (f->alice);
}

static gboolean
send (KandyMessage *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kandy_message_send_async (message, cancellable, store_result, &result);
  return kandy_message_send_finish (message, wait_result (&result), error);
}

/* A message with a text and @part */
static KandyMessage *
make (Fixture *f, KandyMessagePart *part)
{
  KandyMessage *message =
      kandy_conversation_create_text_message (f->conversation, "look");
  g_autoptr (GError) error = NULL;

  kandy_message_add_part (message, part, &error);
  g_assert_no_error (error);
  return message;
}

static KandyMessagePart *
deliver (Fixture *f, KandyMessagePart *part)
{
  g_autoptr (KandyMessage) message = make (f, part);
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->received);
  send (message, NULL, &error);
  g_assert_no_error (error);
  WAIT (f->received);
  g_assert_cmpuint (kandy_message_get_n_parts (f->received), ==, 2);
  return kandy_message_get_part (f->received, 1);
}

static GBytes *
make_content (gsize length)
{
  guint8 *data = g_malloc (length);
  gsize i;

  for (i = 0; i < length; i++)
    data[i] = (guint8) (i * 31 + (i >> 9));
  return g_bytes_new_take (data, length);
}

static GBytes *
download (KandyMessage *message, KandyMessagePart *part, GError **error)
{
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
  g_autoptr (GAsyncResult) result = NULL;

  kandy_message_download_async (
      message, part, stream, NULL, store_result, &result);
  if (!kandy_message_download_finish (message, wait_result (&result), error))
    return NULL;
  g_output_stream_close (stream, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (
      G_MEMORY_OUTPUT_STREAM (stream));
}

static void
count_steps (KandyMessagePart *part, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Three megabytes of a stream arrive as they were, with headway to be seen */
static void
test_stream (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = make_content (3 * 1024 * 1024 + 5);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (content);
  g_autoptr (KandyMessagePart) part = kandy_message_part_new_stream (
      stream, (gint64) g_bytes_get_size (content), "a \"b\".png", "image/png");
  g_autoptr (GBytes) came = NULL;
  g_autoptr (GError) error = NULL;
  KandyMessagePart *received;
  guint up = 0, down = 0;

  g_signal_connect (part, "notify::transferred", G_CALLBACK (count_steps), &up);
  received = deliver (f, part);
  g_assert_cmpuint (up, >, 5);
  g_assert_cmpint (kandy_message_part_get_transferred (part), ==,
      g_bytes_get_size (content));
  g_assert_nonnull (kandy_message_part_get_raw_url (part));
  g_assert_cmpint (
      kandy_message_part_get_size (received), ==, g_bytes_get_size (content));
  g_assert_cmpstr (
      kandy_message_part_get_content_type (received), ==, "image/png");

  g_signal_connect (
      received, "notify::transferred", G_CALLBACK (count_steps), &down);
  came = download (f->received, received, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (came, content));
  g_assert_cmpuint (down, >, 5);
}

/* Nobody says how long it is */
static void
test_unknown_size (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = make_content (200000);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (content);
  g_autoptr (KandyMessagePart) part =
      kandy_message_part_new_stream (stream, -1, "x", NULL);
  g_autoptr (GBytes) came = NULL;
  g_autoptr (GError) error = NULL;
  KandyMessagePart *received;

  received = deliver (f, part);
  came = download (f->received, received, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (came, content));
}

static void
test_file (Fixture *f, gconstpointer data)
{
  g_autofree char *directory = g_dir_make_tmp ("kandy-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "roof.png", NULL);
  g_autofree char *copy = g_build_filename (directory, "copy", NULL);
  g_autoptr (GBytes) content = make_content (100001);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) target = g_file_new_for_path (copy);
  g_autoptr (KandyMessagePart) part = NULL;
  g_autoptr (KandyMessagePart) missing = NULL;
  g_autoptr (KandyMessage) message = NULL;
  g_autoptr (GAsyncResult) saved = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  KandyMessagePart *received;
  gsize length;

  g_file_set_contents (path, g_bytes_get_data (content, NULL),
      (gssize) g_bytes_get_size (content), &error);
  g_assert_no_error (error);
  part = kandy_message_part_new_file (file);
  received = deliver (f, part);
  g_assert_cmpstr (kandy_message_part_get_name (received), ==, "roof.png");
  g_assert_cmpstr (
      kandy_message_part_get_content_type (received), ==, "image/png");

  kandy_message_save_async (
      f->received, received, target, NULL, store_result, &saved);
  g_assert_true (
      kandy_message_save_finish (f->received, wait_result (&saved), &error));
  g_file_get_contents (copy, &text, &length, &error);
  g_assert_cmpmem (text, length, g_bytes_get_data (content, NULL),
      g_bytes_get_size (content));

  /* What is there stays, if it cannot be replaced by all of the new one */
  session_fault (f->alice,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/payload\","
      "\"count\":1,\"body\":\"short\"}");
  kandy_message_save_async (
      f->received, received, target, NULL, store_result, &again);
  g_assert_false (
      kandy_message_save_finish (f->received, wait_result (&again), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_clear_pointer (&text, g_free);
  g_file_get_contents (copy, &text, &length, NULL);
  g_assert_cmpuint (length, ==, g_bytes_get_size (content));

  g_unlink (path);
  missing = kandy_message_part_new_file (file);
  message = make (f, missing);
  g_assert_false (send (message, NULL, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:7");
  g_unlink (copy);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

static void
test_links (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = make_content (5000);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (content);
  g_autoptr (KandyMessagePart) part =
      kandy_message_part_new_stream (stream, 5000, "x.png", "image/png");
  KandyMessagePart *received = deliver (f, part);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) failed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *thumbnail = NULL;
  g_autofree char *text = NULL;
  gsize length;

  session_clear_events (f->bob);
  kandy_message_create_image_links_async (
      f->received, NULL, store_result, &result);
  g_assert_true (kandy_message_is_fetching_links (f->received));
  g_assert_true (kandy_message_create_image_links_finish (
      f->received, wait_result (&result), &error));
  g_assert_false (kandy_message_is_fetching_links (f->received));
  session_assert_events (f->bob, "messages:change");
  path =
      g_filename_from_uri (kandy_message_part_get_url (received), NULL, NULL);
  thumbnail = g_filename_from_uri (
      kandy_message_part_get_thumbnail_url (received), NULL, NULL);
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_cmpmem (text, length, g_bytes_get_data (content, NULL), 5000);
  g_assert_true (g_file_test (thumbnail, G_FILE_TEST_EXISTS));

  session_clear_events (f->bob);
  session_fault (f->alice,
      "{\"on\":\"request\",\"method\":\"GET\",\"path\":\"/payload\","
      "\"count\":1,\"status\":404}");
  kandy_message_create_image_links_async (
      f->received, NULL, store_result, &failed);
  g_assert_false (kandy_message_create_image_links_finish (
      f->received, wait_result (&failed), &error));
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 404);
  session_assert_events (f->bob, "messages:error(404)");
  g_assert_false (kandy_message_is_fetching_links (f->received));

  /* The files go with the message */
  kandy_conversation_clear_messages (
      kandy_message_get_conversation (f->received));
  g_clear_object (&f->received);
  g_clear_object (&result);
  g_clear_object (&failed);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (thumbnail, G_FILE_TEST_EXISTS));
}

/* Path of what came to bob, fetched. (transfer full) */
static char *
fetch_links (Fixture *f)
{
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_data (g_strdup ("abc"), 3, g_free);
  g_autoptr (KandyMessagePart) part =
      kandy_message_part_new_stream (stream, 3, "x.txt", "text/plain");
  KandyMessagePart *received = deliver (f, part);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *path;

  kandy_message_create_image_links_async (
      f->received, NULL, store_result, &result);
  g_assert_true (kandy_message_create_image_links_finish (
      f->received, wait_result (&result), &error));
  path =
      g_filename_from_uri (kandy_message_part_get_url (received), NULL, NULL);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_object (&f->received);
  return path;
}

/* What is freed later, among much else, leaves no file behind although the
 * program may end before */
static void
test_links_at_the_end (Fixture *f, gconstpointer data)
{
  KandyConversations *bobs = kandy_client_get_conversations (f->bob->client);
  g_autofree char *first = fetch_links (f);
  g_autofree char *second = NULL;
  guint i;

  for (i = 0; i < 300; i++) {
    g_autofree char *json = g_strdup_printf (
        "{\"chatMessageNotification\":{\"id\":\"n%u\",\"chatMessage\":{"
        "\"text\":\"x\",\"x-type\":\"inbound\",\"senderAddress\":\"" ALICE
        "\"},\"link\":[{\"rel\":\"chatMessage\",\"href\":"
        "\"/cpaas/chat/v1/u/oneToOne/" ALICE "/adhoc/messages/m%u\"}]}}",
        i, i);

    kandy_client_process_notification (f->bob->client, json, -1, NULL, NULL);
  }
  g_clear_object (&f->received);
  kandy_conversation_clear_messages (
      kandy_conversations_get (bobs, ALICE, KANDY_CHAT_TYPE_ONE_TO_ONE));
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS));

  second = fetch_links (f);
  for (i = 0; i < 20; i++) {
    g_autofree char *address = g_strdup_printf ("user%u@x.example", i);

    kandy_conversations_create (
        bobs, address, KANDY_CHAT_TYPE_ONE_TO_ONE, NULL);
  }
  kandy_client_sign_off (f->bob->client);
  kandy_client_destroy (f->bob->client);
  g_assert_false (g_file_test (second, G_FILE_TEST_EXISTS));
}

static void
cancel (KandyMessagePart *part, GParamSpec *pspec, gpointer user_data)
{
  if (kandy_message_part_get_transferred (part) > 0)
    g_cancellable_cancel (user_data);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = make_content (8 * 1024 * 1024);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GInputStream) small =
      g_memory_input_stream_new_from_data (g_strdup ("abc"), 3, g_free);
  g_autoptr (KandyMessagePart) part = kandy_message_part_new_stream (
      stream, (gint64) g_bytes_get_size (content), "x", NULL);
  g_autoptr (KandyMessagePart) other =
      kandy_message_part_new_stream (small, 3, "y", NULL);
  g_autoptr (KandyMessage) message = make (f, part);
  g_autoptr (GCancellable) up = g_cancellable_new ();
  g_autoptr (GCancellable) down = g_cancellable_new ();
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  KandyMessagePart *received;

  session_clear_events (f->alice);
  g_signal_connect (part, "notify::transferred", G_CALLBACK (cancel), up);
  g_assert_false (send (message, up, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (kandy_message_is_pending (message));
  /* Who has cancelled knows, and is told of no error */
  session_assert_events (f->alice, "messages:change");

  received = deliver (f, other);
  session_fault (f->alice,
      "{\"on\":\"request\",\"path\":\"/payload\",\"count\":1,\"hang\":true}");
  kandy_message_download_async (
      f->received, received, output, down, store_result, &result);
  SETTLE_MS (30);
  g_assert_null (result);
  g_cancellable_cancel (down);
  g_assert_false (kandy_message_download_finish (
      f->received, wait_result (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Destroyed while a file is on its way */
static void
test_destroy (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = make_content (4 * 1024 * 1024);
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_bytes (content);
  g_autoptr (KandyMessagePart) part = kandy_message_part_new_stream (
      stream, (gint64) g_bytes_get_size (content), "x", NULL);
  g_autoptr (KandyMessage) message = make (f, part);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kandy_message_send_async (message, NULL, store_result, &result);
  WAIT (kandy_message_part_get_transferred (part) > 0);
  kandy_client_destroy (f->alice->client);
  g_assert_false (
      kandy_message_send_finish (message, wait_result (&result), &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_DESTROYED);
}

static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autoptr (GInputStream) stream =
      g_memory_input_stream_new_from_data (g_strdup ("abcdef"), 6, g_free);
  g_autoptr (KandyMessagePart) part =
      kandy_message_part_new_stream (stream, 6, "x", NULL);
  g_autoptr (KandyMessagePart) json = kandy_message_part_new_json ("[]", NULL);
  g_autoptr (KandyMessage) message = make (f, part);
  g_autoptr (KandyMessage) both = make (f, json);
  g_autoptr (GError) error = NULL;

  session_fault (f->alice, "{\"set\":{\"attachmentMax\":5}}");
  session_clear_events (f->alice);
  g_assert_false (send (message, NULL, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:7");
  g_assert_cmpuint (kandy_error_get_http_status (error), ==, 413);
  session_assert_events (
      f->alice, "messages:change messages:error(messaging:7)");
  g_clear_error (&error);

  g_assert_true (kandy_message_add_part (both, part, &error));
  g_assert_false (send (both, NULL, &error));
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:10");
}

/* JSON goes as a file and comes as a value */
static void
test_json (Fixture *f, gconstpointer data)
{
  static const char json[] = "{\"latitude\":45.3,\"name\":\"\\u00e9\"}";
  g_autoptr (GError) error = NULL;
  g_autoptr (KandyMessagePart) part =
      kandy_message_part_new_json (json, &error);
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  KandyMessagePart *received;
  guint i;

  received = deliver (f, part);
  g_assert_null (kandy_message_part_get_json (received));
  g_assert_cmpstr (
      kandy_message_part_get_content_type (received), ==, "application/json");
  kandy_message_fetch_json_async (
      f->received, received, NULL, store_result, &result);
  g_assert_true (kandy_message_fetch_json_finish (
      f->received, wait_result (&result), &error));
  g_assert_cmpstr (kandy_message_part_get_json (received), ==, json);

  g_assert_null (kandy_message_part_new_json ("{nonsense}", &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  for (i = 0; i < 5000; i++)
    g_string_append_c (deep, '[');
  g_assert_null (kandy_message_part_new_json (deep->str, NULL));
}

/* A stranger's file that calls itself JSON */
static void
test_hostile_json (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) large = g_string_new ("\"");
  const char *texts[] = { "", "{", "{'a':1}", "\xff\xfe", NULL, NULL };
  guint i;

  for (i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  for (i = 0; i < 1024 * 1024; i++)
    g_string_append_c (large, 'x');
  g_string_append_c (large, '"');
  texts[4] = deep->str;
  texts[5] = large->str;
  for (i = 0; i < G_N_ELEMENTS (texts); i++) {
    gsize length = strlen (texts[i]);
    g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (
        g_strdup (texts[i]), (gssize) length, g_free);
    g_autoptr (KandyMessagePart) part = kandy_message_part_new_stream (
        stream, (gint64) length, "part.json", "application/json");
    KandyMessagePart *received = deliver (f, part);
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;

    kandy_message_fetch_json_async (
        f->received, received, NULL, store_result, &result);
    g_assert_false (kandy_message_fetch_json_finish (
        f->received, wait_result (&result), &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_assert_null (kandy_message_part_get_json (received));
  }
}

/* A link to another place gets no token, and a name leads nowhere */
static void
test_hostile_attachment (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  KandyMessagePart *part;

  g_assert_cmpuint (
      kandy_loopback_send_raw (f->alice->loopback, BOB,
          "{\"chatMessageNotification\":{\"id\":\"h1\",\"chatMessage\":{"
          "\"text\":\"x\",\"x-type\":\"inbound\",\"senderAddress\":\"" ALICE
          "\",\"attachment\":[{\"name\":\"../../.bashrc\",\"size\":\"7\","
          "\"contentType\":7,\"link\":\"http://127.0.0.1:9/steal\"},3,null]},"
          "\"link\":[{\"rel\":\"chatMessage\",\"href\":\"/cpaas/chat/v1/u/"
          "oneToOne/" ALICE "/adhoc/messages/m1\"}]}}"),
      ==, 1);
  WAIT (f->received);
  g_assert_cmpuint (kandy_message_get_n_parts (f->received), ==, 2);
  part = kandy_message_get_part (f->received, 1);
  g_assert_cmpstr (kandy_message_part_get_name (part), ==, "bashrc");
  g_assert_cmpint (kandy_message_part_get_size (part), ==, 7);
  g_assert_null (download (f->received, part, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
}

/* Every reply to an upload that makes no sense */
static void
test_bad_replies (Fixture *f, gconstpointer data)
{
  static const char *const bodies[] = { "\"\"", "\"[]\"", "{}",
    "{\"object\":7}", "{\"object\":{}}", "{\"object\":{\"attributes\":[]}}",
    "{\"object\":{\"attributes\":{\"attribute\":7}}}",
    "{\"object\":{\"attributes\":{\"attribute\":[7,null,{}]}}}",
    "{\"object\":{\"attributes\":{\"attribute\":"
    "[{\"name\":\"x-id\",\"value\":[]}]}}}",
    "{\"object\":{\"attributes\":{\"attribute\":"
    "[{\"name\":\"x-id\",\"value\":{}}]}}}" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (KandyMessagePart) part =
        kandy_message_part_new_json ("[]", NULL);
    g_autoptr (KandyMessage) message = make (f, part);
    g_autofree char *fault = g_strdup_printf (
        "{\"on\":\"request\",\"path\":\"/objects\",\"count\":1,\"body\":%s}",
        bodies[i]);
    g_autoptr (GError) error = NULL;

    session_fault (f->alice, fault);
    g_assert_false (send (message, NULL, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_PROTOCOL);
    g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "messaging:7");
  }
}

static void
test_unauthorized (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyMessagePart) part = kandy_message_part_new_json ("[]", NULL);
  g_autoptr (KandyMessage) message = make (f, part);
  g_autoptr (GError) error = NULL;

  session_clear_events (f->alice);
  session_fault (f->alice,
      "{\"on\":\"request\",\"path\":\"/objects\",\"count\":1,\"status\":401}");
  g_assert_false (send (message, NULL, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  session_assert_events (f->alice,
      "request:error(authentication:1) messages:change "
      "messages:error(messaging:7)");
}

/* A connection that is closed before the reply: once is not noticed */
static void
test_interrupted (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyMessagePart) part = kandy_message_part_new_json ("[7]", NULL);
  KandyMessagePart *received = deliver (f, part);
  g_autoptr (GBytes) came = NULL;
  g_autoptr (GError) error = NULL;
  guint count;

  for (count = 1; count <= 2; count++) {
    g_autofree char *fault =
        g_strdup_printf ("{\"on\":\"request\",\"method\":\"GET\","
                         "\"path\":\"/payload\",\"count\":%u,\"drop\":true}",
            count);

    session_fault (f->alice, fault);
    came = download (f->received, received, &error);
    if (count == 1) {
      g_assert_no_error (error);
      g_assert_cmpmem (
          g_bytes_get_data (came, NULL), g_bytes_get_size (came), "[7]", 3);
      g_clear_pointer (&came, g_bytes_unref);
    }
  }
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_NETWORK);
}

#define ADD(name, function)                                                    \
  g_test_add ("/messaging/attachments/" name, Fixture, NULL, set_up, function, \
      tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("stream", test_stream);
  ADD ("unknown-size", test_unknown_size);
  ADD ("file", test_file);
  ADD ("links", test_links);
  ADD ("links-at-the-end", test_links_at_the_end);
  ADD ("cancel", test_cancel);
  ADD ("destroy", test_destroy);
  ADD ("too-large", test_too_large);
  ADD ("json", test_json);
  ADD ("hostile-json", test_hostile_json);
  ADD ("hostile-attachment", test_hostile_attachment);
  ADD ("bad-replies", test_bad_replies);
  ADD ("unauthorized", test_unauthorized);
  ADD ("interrupted", test_interrupted);
  return g_test_run ();
}
