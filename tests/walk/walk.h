/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-loopback.h"
#include "kandy.h"

G_BEGIN_DECLS

/* A random walk: two users of the loopback platform do whatever a call allows,
 * and what it does not allow, while requests and notifications go wrong. At
 * check points the faults stop, and then both ends must agree about the call.
 *
 * One seed decides what is done. Client, platform and network have their own
 * pace, so a seed that fails may need several runs to fail again. */

typedef struct _Walk Walk;

typedef struct {
  Walk *walk;
  const char *name;
  KandyClient *client;
  KandyCalls *calls;
  gboolean ready;
  guint asked; /* operations, and */
  guint answered;
  GPtrArray *engines; /* GWeakRef */
} WalkParty;

/* What carries the calls' media */
typedef struct {
  const char *name;
  KandyMediaEngine *(*new_engine) (WalkParty *party,
      KandyMediaOptions *options);
  /* (transfer full) (nullable): what two ends of a call differ in. @whole: no
   * end holds, and the latest negotiation has told everything */
  char *(*compare) (KandyMediaEngine *a, KandyMediaEngine *b, gboolean whole);
  /* (nullable): all calls are over, and their clients gone */
  void (*finish) (void);
} WalkMedia;

/* A media engine that negotiates as the real one does, with the SDP facade, and
 * has no media: behind the facade there is something that writes descriptions
 * like webrtcbin's and fails the test where the real one would abort. It takes
 * its time, and sometimes fails, as the walk's seed has it. */
extern const WalkMedia walk_media_descriptions;
/* The real one, with sound and pictures that are measured */
extern const WalkMedia walk_media_calls;

struct _Walk {
  const WalkMedia *media;
  guint32 seed;
  GRand *rand;
  /* Whether what was sent may be lost. Without that the ends agree without a
   * further negotiation. */
  gboolean lossy;
  guint step;
  gboolean calm; /* nothing is done but by the check point */
  guint depth;   /* of operations within events */
  guint n_events;
  guint n_checks;
  KandyLoopback *platform;
  WalkParty parties[2];
};

void walk_run (const WalkMedia *media, guint32 seed, guint steps);

/* Of the environment */
guint walk_get_number (const char *name, guint fallback);

/* For the trace, which a failure prints */
void walk_note (Walk *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void walk_fail (Walk *self, const char *format, ...) G_GNUC_PRINTF (2, 3)
    G_GNUC_NORETURN;
/* One in @n */
gboolean walk_chance (Walk *self, guint n);
guint walk_pick (Walk *self, guint n);

/* The platform does not wait long for answers that are lost */
void walk_forget_offers (Walk *self);

/* walk-steps.c */
void walk_take_step (Walk *self);
void walk_act (WalkParty *party);
void walk_answered (GObject *source, GAsyncResult *result, gpointer user_data);

/* walk-check.c */
KandyCall *walk_party_get_call (WalkParty *party);
/* Until nothing is under way */
void walk_settle (Walk *self);
/* Lets @ms of time pass */
void walk_let_pass (Walk *self, guint ms);
void walk_check (Walk *self);
void walk_end_all (Walk *self);

G_END_DECLS
