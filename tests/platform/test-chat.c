/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "kl-private.h"
#include "test-client.h"

/* Messages, short messages, attachments (protocol messaging 7) */

#define ALICE "alice@loopback.example"
#define BOB "bob@loopback.example"
#define CAROL "carol@loopback.example"

#define TO_BOB "/cpaas/chat/v1/%u/oneToOne/" BOB "/adhoc/messages"
#define TO_ALICE "/cpaas/chat/v1/%u/oneToOne/" ALICE "/adhoc/messages"

static void
subscribe (TestClient *client, const char *path, const char *wrapper)
{
  g_autofree char *body = g_strdup_printf (
      "{'%s':{'callbackReference':{'notifyURL':'%s'},'clientCorrelator':'c'}}",
      wrapper, client->callback);

  g_assert_cmpuint (
      test_client_get_status (client, "POST", path, body), ==, 201);
}

static TestClient *
online (TestFixture *fixture, const char *address)
{
  TestClient *client = test_client_online (fixture->loopback, address);

  subscribe (client, "/cpaas/chat/v1/%u/subscriptions",
      "chatNotificationSubscription");
  subscribe (client, "/cpaas/smsmessaging/v1/%u/inbound/subscriptions",
      "subscription");
  return client;
}

static JsonObject *
next_message (TestClient *client, const char *x_type, const char *text)
{
  g_autoptr (JsonObject) notification =
      test_client_next (client, "chatMessageNotification");
  JsonObject *message =
      json_object_get_object_member (notification, "chatMessage");

  g_assert_nonnull (message);
  g_assert_cmpstr (test_get_string (message, "x-type"), ==, x_type);
  g_assert_cmpstr (test_get_string (message, "text"), ==, text);
  return json_object_ref (message);
}

static char *
send_text (TestClient *client, const char *path, const char *text)
{
  g_autofree char *body =
      g_strdup_printf ("{'chatMessage':{'text':'%s'}}", text);
  g_autoptr (TestReply) reply = test_client_send (client, "POST", path, body);

  g_assert_cmpuint (reply->status, ==, 201);
  return g_strdup (test_get_string (reply->body, "chatMessage.resourceURL"));
}

/* Every device of both hears of it; each has its own id of it */
static void
test_send (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) other = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) bobs = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  TestClient *const all[] = { alice, other, bob, bobs };
  g_autofree char *url = send_text (alice, TO_BOB, "Lunch at noon?");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (JsonObject) message =
        next_message (all[i], i < 2 ? "outbound" : "inbound", "Lunch at noon?");

    g_assert_cmpstr (test_get_string (message, "senderAddress"), ==, ALICE);
    g_assert_cmpstr (
        test_get_string (message, "x-destinationAddress"), ==, BOB);
    if (i < 2)
      g_assert_cmpstr (test_get_string (message, "resourceURL"), ==, url);
    else
      g_assert_cmpstr (test_get_string (message, "resourceURL"), !=, url);
  }
  test_iterate_for (50);
  g_assert_cmpuint (carol->frames.length, ==, 0);
}

static void
test_refusals (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (GString) large = g_string_new ("{'chatMessage':{'text':'");
  static const char *const bodies[] = {
    "{}",
    "[]",
    "{'chatMessage':[]}",
    "{'chatMessage':{'text':7}}",
    "{'chatMessage':{'text':null}}",
    "{'chatMessage':{'text':'x','attachment':7}}",
    "{'chatMessage':{'text':'x','attachment':[7]}}",
    "{'chatMessage':{'text':'x','attachment':[{}]}}",
    "{'chatMessage':{'text':'x','attachment':[{'x-id':'../../etc/passwd'}]}}",
    "{'chatMessage':{'text':'x','attachment':[{'x-id':'a'},{'x-id':'b'}]}}",
    "{'isComposing':{'state':'dancing'}}",
    "{'isComposing':{}}",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (TestReply) reply =
        test_client_send (alice, "POST", TO_BOB, bodies[i]);

    test_assert_error (reply, 400, "serviceException", "SVC0002");
  }
  for (i = 0; i < 70000; i++)
    g_string_append_c (large, 'x');
  g_string_append (large, "'}}");
  g_assert_cmpuint (
      test_client_get_status (alice, "POST", TO_BOB, large->str), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (alice, "POST",
          "/cpaas/chat/v1/%u/oneToOne/nobody@loopback.example/adhoc/messages",
          "{'chatMessage':{'text':'x'}}"),
      ==, 404);
  g_assert_cmpuint (test_client_get_status (alice, "POST",
                        "/cpaas/chat/v1/%u/group/none/messages",
                        "{'chatMessage':{'text':'x'}}"),
      ==, 403);
  g_assert_cmpuint (
      test_client_get_status (alice, "PUT", TO_BOB, "{}"), ==, 405);
  g_assert_cmpuint (test_client_get_status (
                        alice, "GET", "/cpaas/chat/v1/%u/oneToOne/x", NULL),
      ==, 404);
  g_assert_cmpuint (
      test_client_get_status (alice, "GET", "/cpaas/chat/v1/%u/oneToOne", NULL),
      ==, 404);
  test_iterate_for (30);
  g_assert_cmpuint (alice->frames.length, ==, 0);
}

static void
test_typing (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestReply) reply = test_client_send (alice, "POST", TO_BOB,
      "{'isComposing':{'contenttype':'text/plain','refresh':'60',"
      "'state':'active','lastactive':1718000003000}}");
  g_autoptr (JsonObject) notification = NULL;

  g_assert_cmpuint (reply->status, ==, 201);
  g_assert_cmpstr (
      test_get_string (reply->body, "isComposing.senderAddress"), ==, ALICE);
  notification = test_client_next (bob, "chatMessageNotification");
  g_assert_cmpstr (
      test_get_string (notification, "isComposing.state"), ==, "active");
  g_assert_cmpstr (
      test_get_string (notification, "isComposing.x-type"), ==, "inbound");
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", TO_ALICE, NULL), ==, 404);
}

static JsonArray *
get_page (
    TestClient *client, const char *path, const char *list, const char *member)
{
  g_autoptr (TestReply) reply = test_client_send (client, "GET", path, NULL);

  g_assert_cmpuint (reply->status, ==, 200);
  return json_array_ref (json_object_get_array_member (
      json_object_get_object_member (reply->body, list), member));
}

/* Protocol messaging 7.3, trace 6 */
static void
test_history (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autofree char *next = NULL;
  guint i, page, number = 119;
  static const guint sizes[] = { 50, 50, 20 };

  for (i = 0; i < 120; i++) {
    g_autofree char *text = g_strdup_printf ("number %u", i);

    g_free (send_text (i % 2 ? alice : bob, i % 2 ? TO_BOB : TO_ALICE, text));
  }
  for (page = 0; page < G_N_ELEMENTS (sizes); page++) {
    g_autofree char *path =
        g_strconcat (TO_ALICE "?max=50", next ? "&next=" : "", next, NULL);
    g_autoptr (TestReply) reply = NULL;
    JsonObject *list;
    JsonArray *array;

    reply = test_client_send (bob, "GET", path, NULL);
    g_assert_cmpuint (reply->status, ==, 200);
    list = json_object_get_object_member (reply->body, "chatMessageList");
    array = json_object_get_array_member (list, "chatMessage");
    g_assert_cmpuint (json_array_get_length (array), ==, sizes[page]);
    for (i = 0; i < sizes[page]; i++) {
      g_autofree char *text = g_strdup_printf ("number %u", number);

      g_assert_cmpstr (
          test_get_string (json_array_get_object_element (array, i), "text"),
          ==, text);
      number--;
    }
    g_free (next);
    next = g_strdup (test_get_string (list, "next"));
    g_assert_true (!next == (page == 2));
  }

  g_assert_cmpuint (
      test_client_get_status (bob, "GET", TO_ALICE "?max=many", NULL), ==, 400);
  g_assert_cmpuint (
      test_client_get_status (bob, "GET", TO_ALICE "?next=m-zz", NULL), ==,
      400);
  {
    g_autoptr (JsonArray) future =
        get_page (bob, TO_ALICE "?lastMessageTime=9999999999",
            "chatMessageList", "chatMessage");
    g_autoptr (JsonArray) past =
        get_page (bob, TO_ALICE "?lastMessageTime=1000000000",
            "chatMessageList", "chatMessage");
    g_autoptr (JsonArray) sessions =
        get_page (bob, "/cpaas/chat/v1/%u/oneToOne/sessions", "chatSessionList",
            "chatSession");
    JsonObject *session = json_array_get_object_element (sessions, 0);

    g_assert_cmpuint (json_array_get_length (future), ==, 0);
    g_assert_cmpuint (json_array_get_length (past), ==, 120);
    g_assert_cmpuint (json_array_get_length (sessions), ==, 1);
    g_assert_cmpstr (test_get_string (session, "remoteAddress"), ==, ALICE);
    g_assert_cmpstr (
        test_get_string (session, "sessionDetails.lastText"), ==, "number 119");
  }
}

/* Each user deletes only what is its own */
static void
test_delete (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autofree char *first = send_text (alice, TO_BOB, "one");
  g_autofree char *second = send_text (alice, TO_BOB, "two");
  g_autofree char *as_bobs =
      g_strconcat ("/cpaas/chat/v1/%u/oneToOne/" ALICE "/adhoc/messages/",
          strrchr (first, '/') + 1, NULL);
  g_autoptr (JsonArray) left = NULL;
  g_autoptr (JsonArray) bobs = NULL;

  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", as_bobs, NULL), ==, 404);
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", first, NULL), ==, 403);
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", first, NULL), ==, 204);
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", first, NULL), ==, 404);
  left = get_page (alice, TO_BOB, "chatMessageList", "chatMessage");
  g_assert_cmpuint (json_array_get_length (left), ==, 1);
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", TO_BOB, NULL), ==, 204);
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", TO_BOB, NULL), ==, 404);
  bobs = get_page (bob, TO_ALICE, "chatMessageList", "chatMessage");
  g_assert_cmpuint (json_array_get_length (bobs), ==, 2);
}

typedef struct {
  const char *group;
  const char *address;
  const char *status;
} Participation;

static void
participate (KandyLoopback *self, gpointer data)
{
  Participation *p = data;

  kl_store_run (self->store,
      "INSERT INTO participants (group_id, address, status) VALUES (?, ?, ?)",
      "sss", p->group, p->address, p->status);
}

#define TO_GROUP "/cpaas/chat/v1/%u/group/g-1/messages"

static void
test_group (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  Participation participations[] = { { "g-1", ALICE, "Connected" },
    { "g-1", BOB, "Connected" }, { "g-1", CAROL, "Invited" } };
  g_autoptr (JsonObject) message = NULL;
  g_autoptr (JsonArray) sessions = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (participations); i++)
    kl_run (fixture->loopback, participate, &participations[i]);

  g_free (send_text (alice, TO_GROUP, "to all"));
  message = next_message (bob, "inbound", "to all");
  g_assert_cmpstr (
      test_get_string (message, "x-destinationAddress"), ==, "g-1");
  g_assert_nonnull (strstr (
      test_get_string (message, "resourceURL"), "/group/g-1/messages/"));
  sessions = get_page (bob, "/cpaas/chat/v1/%u/group/sessions",
      "chatSessionList", "chatSession");
  g_assert_cmpuint (json_array_get_length (sessions), ==, 1);

  g_assert_cmpuint (test_client_get_status (carol, "POST", TO_GROUP,
                        "{'chatMessage':{'text':'let me in'}}"),
      ==, 403);
  g_assert_cmpuint (
      test_client_get_status (carol, "DELETE", TO_GROUP, NULL), ==, 404);
  test_iterate_for (50);
  g_assert_cmpuint (carol->frames.length, ==, 0);
}

/* Numbers are given in the order of the accounts */
#define ALICES "+15550000001"
#define BOBS "+15550000002"

static TestReply *
send_sms (
    TestClient *client, const char *from, const char *to, const char *text)
{
  g_autofree char *path =
      g_strdup_printf ("/cpaas/smsmessaging/v1/%%u/outbound/%s/requests", from);
  g_autofree char *body = g_strdup_printf (
      "{'outboundSMSMessageRequest':{'address':['%s'],'clientCorrelator':'c',"
      "'outboundSMSTextMessage':{'message':'%s'}}}",
      to, text);

  return test_client_send (client, "POST", path, body);
}

static void
test_sms (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestReply) reply = send_sms (alice, "default", BOBS, "On my way");
  g_autoptr (TestReply) stolen = send_sms (alice, BOBS, BOBS, "x");
  g_autoptr (TestReply) nowhere = send_sms (alice, "default", "no-number", "x");
  g_autoptr (TestReply) outside =
      send_sms (alice, "default", "tel:+1 (613) 555-0199", "hi");
  g_autoptr (JsonObject) inbound = NULL;
  g_autoptr (JsonObject) outbound = NULL;
  g_autoptr (JsonObject) receipt = NULL;
  g_autoptr (JsonArray) threads = NULL;
  g_autoptr (JsonArray) history = NULL;
  g_autofree char *path = NULL;

  g_assert_cmpuint (reply->status, ==, 201);
  g_assert_cmpstr (
      test_get_string (reply->body, "outboundSMSMessageRequest.senderAddress"),
      ==, ALICES);
  g_assert_cmpuint (stolen->status, ==, 403);
  g_assert_cmpuint (nowhere->status, ==, 400);
  g_assert_cmpuint (outside->status, ==, 201);

  inbound = test_client_next (bob, "inboundSMSMessageNotification");
  g_assert_cmpstr (
      test_get_string (inbound, "inboundSMSMessage.message"), ==, "On my way");
  outbound = test_client_next (alice, "outboundSMSMessageNotification");
  receipt = test_client_next (alice, "deliveryInfoNotification");
  g_assert_cmpstr (test_get_string (receipt, "deliveryInfo.messageId"), ==,
      test_get_string (outbound, "outboundSMSMessage.messageId"));

  threads = get_page (alice, "/cpaas/smsmessaging/v1/%u/remoteAddresses",
      "smsThreadList", "smsThread");
  g_assert_cmpuint (json_array_get_length (threads), ==, 2);
  history = get_page (bob,
      "/cpaas/smsmessaging/v1/%u/remoteAddresses/" ALICES
      "/localAddresses/" BOBS "/messages",
      "smsMessageList", "smsMessage");
  g_assert_cmpuint (json_array_get_length (history), ==, 1);
  path = g_strdup (test_get_string (
      json_array_get_object_element (history, 0), "resourceURL"));
  g_assert_cmpuint (
      test_client_get_status (alice, "DELETE", path, NULL), ==, 403);
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", path, NULL), ==, 204);
  g_assert_cmpuint (
      test_client_get_status (bob, "DELETE", path, NULL), ==, 404);
  {
    g_autoptr (JsonObject) event =
        test_client_next (bob, "smsEventNotification");

    g_assert_cmpstr (
        test_get_string (event, "eventType"), ==, "MessageDeleted");
  }
}

/* disposition: with name and file name. (transfer full) */
static GBytes *
make_multipart (const char *disposition, const char *type, GBytes *content)
{
  GByteArray *array = g_byte_array_new ();
  g_autofree char *head = g_strdup_printf (
      "--edge\r\nContent-Disposition: form-data; name=\"root-fields\"\r\n\r\n"
      "{}\r\n--edge\r\nContent-Disposition: form-data; %s\r\n"
      "Content-Type: %s\r\n\r\n",
      disposition, type);

  g_byte_array_append (array, (const guint8 *) head, strlen (head));
  g_byte_array_append (
      array, g_bytes_get_data (content, NULL), g_bytes_get_size (content));
  g_byte_array_append (array, (const guint8 *) "\r\n--edge--\r\n", 12);
  return g_byte_array_free_to_bytes (array);
}

static JsonNode *
post_bytes (TestClient *client, GBytes *body, guint *status)
{
  g_autofree char *uri = g_strdup_printf (
      "%s/cpaas/nms/v1/chat/%s/objects", client->base, client->id);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", uri);
  g_autofree char *authorization = g_strconcat ("Bearer ", client->token, NULL);
  g_autoptr (GBytes) reply = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  soup_message_headers_append (soup_message_get_request_headers (message),
      "Authorization", authorization);
  soup_message_set_request_body_from_bytes (
      message, "multipart/form-data; boundary=edge", body);
  reply = soup_session_send_and_read (client->session, message, NULL, &error);
  g_assert_no_error (error);
  *status = soup_message_get_status (message);
  text = g_strndup (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));
  return json_from_string (text, NULL);
}

/* Returns the attribute of an upload's reply */
static char *
get_attribute (JsonNode *reply, const char *name)
{
  JsonObject *object =
      json_object_get_object_member (json_node_get_object (reply), "object");
  JsonArray *array = json_object_get_array_member (
      json_object_get_object_member (object, "attributes"), "attribute");
  guint i;

  for (i = 0; i < json_array_get_length (array); i++) {
    JsonObject *attribute = json_array_get_object_element (array, i);

    if (g_str_equal (test_get_string (attribute, "name"), name))
      return g_strdup (test_get_string (attribute, "value"));
  }
  return NULL;
}

static guint
get_bytes (TestClient *client, const char *link, GBytes **bytes)
{
  g_autoptr (SoupMessage) message = soup_message_new ("GET", link);
  g_autofree char *authorization = g_strconcat ("Bearer ", client->token, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) reply = NULL;

  soup_message_headers_append (soup_message_get_request_headers (message),
      "Authorization", authorization);
  reply = soup_session_send_and_read (client->session, message, NULL, &error);
  g_assert_no_error (error);
  if (bytes)
    *bytes = g_steal_pointer (&reply);
  return soup_message_get_status (message);
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

/* Two megabytes come back as they went; nobody else gets at them */
static void
test_attachment (TestFixture *fixture, gconstpointer data)
{
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (TestClient) bob = online (fixture, BOB);
  g_autoptr (TestClient) carol = online (fixture, CAROL);
  g_autoptr (GBytes) content = make_content (2 * 1024 * 1024 + 7);
  g_autoptr (GBytes) body = make_multipart (
      "name=\"raw\"; filename=\"roof.png\"", "image/png", content);
  g_autoptr (GBytes) received = NULL;
  g_autoptr (JsonNode) reply = NULL;
  g_autoptr (JsonObject) message = NULL;
  g_autofree char *id = NULL;
  g_autofree char *link = NULL;
  g_autofree char *carols = NULL;
  g_autofree char *stolen = NULL;
  g_autoptr (TestReply) sent = NULL;
  JsonObject *attachment;
  guint status;

  reply = post_bytes (alice, body, &status);
  g_assert_cmpuint (status, ==, 201);
  id = get_attribute (reply, "x-id");
  link = get_attribute (reply, "link");
  carols = g_strdup_printf (
      "%s/cpaas/nms/v1/chat/%s/objects/%s/payload", carol->base, carol->id, id);
  g_assert_cmpuint (get_bytes (carol, carols, NULL), ==, 404);
  g_assert_cmpuint (get_bytes (carol, link, NULL), ==, 403);
  stolen = g_strdup_printf (
      "{'chatMessage':{'text':'x','attachment':[{'x-id':'%s'}]}}", id);
  g_assert_cmpuint (
      test_client_get_status (carol, "POST", TO_BOB, stolen), ==, 400);

  sent = test_client_send (alice, "POST", TO_BOB, stolen);
  g_assert_cmpuint (sent->status, ==, 201);
  message = next_message (bob, "inbound", "x");
  attachment = json_array_get_object_element (
      json_object_get_array_member (message, "attachment"), 0);
  g_assert_cmpstr (test_get_string (attachment, "name"), ==, "roof.png");
  g_assert_cmpstr (
      test_get_string (attachment, "contentType"), ==, "image/png");
  g_assert_cmpint (json_object_get_int_member (attachment, "size"), ==,
      g_bytes_get_size (content));
  g_assert_cmpuint (
      get_bytes (bob, test_get_string (attachment, "link"), &received), ==,
      200);
  g_assert_true (g_bytes_equal (content, received));
  g_assert_cmpuint (get_bytes (carol, carols, NULL), ==, 404);
}

static void
test_attachment_names (TestFixture *fixture, gconstpointer data)
{
  static const struct {
    const char *given;
    const char *kept;
  } names[] = {
    { "../../../etc/passwd", "passwd" },
    { "C:\\Windows\\win.ini", "win.ini" },
    { "..", "file" },
    { "", "file" },
    { "a\x1b[31mb.txt", "a[31mb.txt" },
    { "\xff\xfe.bin", "\xef\xbf\xbd\xef\xbf\xbd.bin" },
    { "evil\xe2\x80\xaegpj.exe", "evilgpj.exe" },
  };
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (GBytes) content = g_bytes_new_static ("abc", 3);
  guint i, status;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *disposition =
        g_strdup_printf ("name=\"raw\"; filename=\"%s\"", names[i].given);
    g_autoptr (GBytes) body = NULL;
    g_autoptr (JsonNode) reply = NULL;
    g_autofree char *name = NULL;

    /* A backslash escapes within quotes */
    if (strchr (names[i].given, '\\')) {
      g_free (disposition);
      disposition =
          g_strdup ("name=\"raw\"; filename=\"C:\\\\Windows\\\\win.ini\"");
    }
    body = make_multipart (disposition, "text/html; charset=x", content);
    reply = post_bytes (alice, body, &status);
    g_assert_cmpuint (status, ==, 201);
    name = get_attribute (reply, "name");
    g_assert_cmpstr (name, ==, names[i].kept);
  }
}

static void
test_attachment_refusals (TestFixture *fixture, gconstpointer data)
{
  static const char *const bodies[] = { "", "--edge--\r\n", "--edge\r\n",
    "--edge\r\n\r\n--edge--", "no boundary at all",
    "--edge\r\nContent-Disposition: form-data; name=\"raw\"\r\n\r\n" };
  g_autoptr (TestClient) alice = online (fixture, ALICE);
  g_autoptr (GBytes) content = make_content (3000);
  g_autoptr (GBytes) large = NULL;
  g_autoptr (GBytes) fits = NULL;
  g_autoptr (JsonNode) none = NULL;
  g_autoptr (JsonNode) taken = NULL;
  guint i, status;

  for (i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (GBytes) body =
        g_bytes_new_static (bodies[i], strlen (bodies[i]));
    g_autoptr (JsonNode) reply = post_bytes (alice, body, &status);

    g_assert_cmpuint (status, ==, 400);
  }
  test_set_fault (fixture, "{'set':{'attachmentMax':2999}}");
  large = make_multipart ("name=\"raw\"; filename=\"l\"", "a/b", content);
  none = post_bytes (alice, large, &status);
  g_assert_cmpuint (status, ==, 413);
  test_set_fault (fixture, "{'set':{'attachmentMax':3000}}");
  taken = post_bytes (alice, large, &status);
  g_assert_cmpuint (status, ==, 201);
}

/* What is in a file is there after a start anew */
static void
test_store (void)
{
  g_autofree char *directory = g_dir_make_tmp ("kandy-store-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "store", NULL);
  g_autofree char *link = NULL;
  g_autoptr (GBytes) content = make_content (100000);
  g_autoptr (GError) error = NULL;
  guint run, status;

  for (run = 0; run < 2; run++) {
    g_autoptr (KandyLoopback) loopback = kandy_loopback_new ();
    TestFixture fixture = { loopback };
    TestClient *alice;

    g_assert_true (kandy_loopback_set_store (loopback, path, &error));
    kandy_loopback_add_account (loopback, ALICE, "alice", &error);
    kandy_loopback_add_account (loopback, BOB, "bob", &error);
    g_assert_true (kandy_loopback_start (loopback, "127.0.0.1", 0, &error));
    alice = online (&fixture, ALICE);
    if (run == 0) {
      g_autoptr (GBytes) body =
          make_multipart ("name=\"raw\"; filename=\"kept\"", "a/b", content);
      g_autoptr (JsonNode) reply = post_bytes (alice, body, &status);

      g_assert_cmpuint (status, ==, 201);
      link = get_attribute (reply, "link");
      g_free (send_text (alice, TO_BOB, "kept"));
    } else {
      g_autoptr (JsonArray) history =
          get_page (alice, TO_BOB, "chatMessageList", "chatMessage");
      g_autofree char *again =
          g_strconcat (alice->base, strstr (link, "/cpaas"), NULL);
      g_autoptr (GBytes) received = NULL;

      g_assert_cmpuint (json_array_get_length (history), ==, 1);
      g_assert_cmpuint (get_bytes (alice, again, &received), ==, 200);
      g_assert_true (g_bytes_equal (content, received));
    }
    test_client_free (alice);
    kandy_loopback_stop (loopback);
  }
  {
    g_autoptr (KandyLoopback) loopback = kandy_loopback_new ();

    g_assert_false (kandy_loopback_set_store (loopback, directory, &error));
    g_assert_nonnull (error);
  }
  {
    g_autofree char *command = g_strdup_printf ("rm -r %s", directory);

    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST_ADD ("/loopback/chat/send", test_send);
  TEST_ADD ("/loopback/chat/refusals", test_refusals);
  TEST_ADD ("/loopback/chat/typing", test_typing);
  TEST_ADD ("/loopback/chat/history", test_history);
  TEST_ADD ("/loopback/chat/delete", test_delete);
  TEST_ADD ("/loopback/chat/group", test_group);
  TEST_ADD ("/loopback/chat/sms", test_sms);
  TEST_ADD ("/loopback/chat/attachment", test_attachment);
  TEST_ADD ("/loopback/chat/attachment-names", test_attachment_names);
  TEST_ADD ("/loopback/chat/attachment-refusals", test_attachment_refusals);
  g_test_add_func ("/loopback/chat/store", test_store);
  return g_test_run ();
}
