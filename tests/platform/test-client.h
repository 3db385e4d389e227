/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client for tests of the platform: bare requests and frames, nothing of
 * the library that the platform is made for. */

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "kandy-loopback.h"

G_BEGIN_DECLS

typedef struct
{
  char *base;
  char *ca_file; /* read at each handshake */
  SoupSession *session;
  char *address;
  char *id;
  char *token;
  char *refresh_token;
  char *channel_path;
  char *callback;
  SoupWebsocketConnection *socket;
  GQueue frames; /* of JsonObject: all but connAck */
  guint acks;
  guint bad_frames;
  gboolean closed;
} TestClient;

typedef struct
{
  guint status;
  char *text;
  JsonObject *body; /* NULL: no JSON object */
  SoupMessage *message;
} TestReply;

TestClient *test_client_new (KandyLoopback *loopback, const char *address);
void test_client_free (TestClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestClient, test_client_free)

void test_reply_free (TestReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestReply, test_reply_free)

/* path: with %u for the user's identifier. body: JSON with ' for ". */
TestReply *test_client_send (TestClient *client, const char *method,
    const char *path, const char *body);
TestReply *test_client_post_form (TestClient *client, const char *form);
guint test_client_get_status (TestClient *client, const char *method,
    const char *path, const char *body);
char *test_json (const char *quoted);

void test_client_sign_on (TestClient *client, const char *password);
void test_client_open_channel (TestClient *client, const char *role);
guint test_client_connect (TestClient *client);
void test_client_subscribe (TestClient *client);
/* All of the above: ready to be called */
TestClient *test_client_online (KandyLoopback *loopback,
    const char *address);

/* A platform with alice, bob and carol @loopback.example */
typedef struct
{
  KandyLoopback *loopback;
} TestFixture;

void test_fixture_set_up (TestFixture *fixture, gconstpointer data);
void test_fixture_tear_down (TestFixture *fixture, gconstpointer data);
void test_set_fault (TestFixture *fixture, const char *quoted);
/* serviceException or policyException, with this messageId */
void test_assert_error (TestReply *reply, guint status, const char *kind,
    const char *message_id);

#define TEST_ADD(path, function)                                             \
  g_test_add (path, TestFixture, NULL, test_fixture_set_up, function,        \
      test_fixture_tear_down)

/* Waits until a condition holds, 5 s at most */
#define test_wait_until(condition)                                           \
  G_STMT_START                                                               \
  {                                                                          \
    gint64 deadline_ = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;     \
    while (!(condition)) {                                                   \
      if (g_get_monotonic_time () > deadline_)                               \
        g_error ("%s:%d: in vain: %s", __FILE__, __LINE__, #condition);      \
      test_iterate ();                                                       \
    }                                                                        \
  }                                                                          \
  G_STMT_END

void test_iterate (void);
void test_iterate_for (guint milliseconds);
/* The next frame must be of this type. Returns its object. */
JsonObject *test_client_next (TestClient *client, const char *type);
/* The session that a notification is about */
char *test_get_session (JsonObject *notification);
const char *test_get_string (JsonObject *object, const char *path);

G_END_DECLS
