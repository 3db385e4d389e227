/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-engine.h"
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One client against a platform of which every reply is scripted and every
 * notification is put in by hand, all on one thread: the order of things is the
 * test's. */

typedef struct {
  GMainContext *context;
  SoupServer *server;
  GQueue faults;    /* Fault */
  GQueue held;      /* SoupServerMessage whose reply is held back */
  GString *requests; /* "POST sessions, PUT s1/status Ringing" */
  guint n_audits;
  char *last_sdp;
  JsonNode *last_body;

  KandyClient *client;
  KandyCalls *calls;
  FakeScript script;
  FakeEngine *engine; /* the latest one */
  guint n_engines;
  gboolean no_engine;
  KandyMediaOptions *factory_options;

  KandyCall *call; /* the latest one */
  GString *events; /* "op MAKE START; start" */
  guint n_notifications;

  guint n_answers; /* of operations */
  GError *error;   /* of the latest operation */
} Harness;

void harness_set_up (Harness *h, gconstpointer data);
void harness_tear_down (Harness *h, gconstpointer data);

/* Runs the context until @condition, or fails the test */
#define harness_wait(h, condition)                                             \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 deadline_ = g_get_monotonic_time () + 8 * G_USEC_PER_SEC;           \
    GSource *tick_ = harness_tick (h);                                         \
                                                                               \
    while (!(condition) && g_get_monotonic_time () < deadline_)                \
      g_main_context_iteration ((h)->context, TRUE);                           \
    g_source_destroy (tick_);                                                  \
    if (!(condition))                                                          \
      g_error ("%s: not true in time; events: %s", #condition,                 \
          (h)->events->str);                                                   \
  }                                                                            \
  G_STMT_END
GSource *harness_tick (Harness *h);
/* Until nothing happens any longer */
void harness_settle (Harness *h);

/* The next @count requests that match fail. @status 0: the reply is held back
 * until harness_release(). */
void harness_fault (Harness *h, const char *method, const char *part,
    guint status, const char *body, guint count);
void harness_release (Harness *h);

/* A notification with a fresh id and the link of @session; @members: JSON
 * members, as in "\"eventType\": \"Ringing\"" */
void harness_notify (Harness *h, const char *type, const char *session,
    const char *members);
void harness_event (Harness *h, const char *session, const char *event);
void harness_sdp (Harness *h, const char *type, const char *session,
    const char *sdp);
void harness_frame (Harness *h, const char *text);

/* A call in the state that the test starts from; what led there is forgotten */
void harness_make (Harness *h, KandyCallState state);
void harness_receive (Harness *h, KandyCallState state);
void harness_forget (Harness *h);

/* For operations; counts and keeps the error */
void harness_answered (GObject *source, GAsyncResult *result,
    gpointer user_data);

#define harness_expect_events(h, text)                                         \
  harness_expect (h, (h)->events, text, __LINE__)
#define harness_expect_requests(h, text)                                       \
  harness_expect (h, (h)->requests, text, __LINE__)
#define harness_expect_engine(h, text)                                         \
  harness_expect_log (h, text, __LINE__)
void harness_expect (Harness *h, GString *seen, const char *text, int line);
void harness_expect_log (Harness *h, const char *text, int line);
/* Adds an event to @events in the tests' notation, "op MAKE START" or
 * "sc Initiating->Initiated". Returns the call that it is about, or NULL if it
 * is about none */
KandyCall *harness_describe (KandyCalls *calls, const char *name,
    GVariant *payload, GString *events);
/* The latest operation failed with the platform code @code; NULL: it did not */
void harness_expect_answer (Harness *h, const char *code);

#define HARNESS_SDP                                                            \
  "v=0\\r\\no=- 9 1 IN IP4 127.0.0.1\\r\\n"                                    \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\na=setup:active\\r\\n"

G_END_DECLS
