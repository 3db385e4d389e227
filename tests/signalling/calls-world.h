/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls-harness.h"
#include "kandy-loopback.h"

#include <string.h>

G_BEGIN_DECLS

/* Two and three clients that call each other over the loopback platform */

typedef struct {
  struct _World *world;
  KandyClient *client;
  KandyCalls *calls;
  FakeScript script;
  GPtrArray *engines;
  GString *events;
  KandyCall *call; /* the latest one */
  guint n_answers;
  GError *error;
  gboolean ready;
} Party;

typedef struct _World {
  GMainContext *context;
  KandyLoopback *platform;
  Party alice;
  Party bob;
  Party bob2; /* Bob's other device; not signed on unless a test does it */
  guint n_notifications; /* of both, whether anybody knew them */
} World;

GSource *world_tick (World *w);

#define wait_for(w, condition)                                                 \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 deadline_ = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;          \
    GSource *tick_ = world_tick (w);                                           \
                                                                               \
    while (!(condition) && g_get_monotonic_time () < deadline_)                \
      g_main_context_iteration ((w)->context, TRUE);                           \
    g_source_destroy (tick_);                                                  \
    g_source_unref (tick_);                                                    \
    if (!(condition))                                                          \
      g_error ("line %d: %s: not true in time\nalice: %s\nbob: %s\nthird: %s", \
          __LINE__, #condition, (w)->alice.events->str, (w)->bob.events->str,  \
          (w)->bob2.events ? (w)->bob2.events->str : "");                      \
  }                                                                            \
  G_STMT_END

#define expect(w, party, text)                                                 \
  G_STMT_START                                                                 \
  {                                                                            \
    wait_for (w, strlen ((party)->events->str) >= strlen (text));              \
    g_assert_cmpstr ((party)->events->str, ==, text);                          \
    g_string_truncate ((party)->events, 0);                                    \
  }                                                                            \
  G_STMT_END

void set_up (World *w, gconstpointer data);
void tear_down (World *w, gconstpointer data);
void party_join (World *w, Party *party, const char *address,
    const char *password);
void party_leave (World *w, Party *party);
/* Members of the platform's policy, as in "\"relayDelay\": 200" */
void policy (World *w, const char *text);
/* For operations; counts and keeps the error */
void answered (GObject *source, GAsyncResult *result, gpointer user_data);
gboolean is_in (Party *party, KandyCallState state);

#define MAKE                                                                   \
  "op MAKE START; start; newTrack local; op MAKE UPDATE {MAKE/ONGOING}; "      \
  "sc Initiating->Initiated"
#define RECEIVE "receive; newTrack remote; sc Initiating->Ringing"

/* Alice calls */
void make (World *w, const char *destination);
/* Both ends Ringing, or Connected; the events so far are checked and forgotten
 */
void make_ring (World *w);
void make_connect (World *w);

G_END_DECLS
