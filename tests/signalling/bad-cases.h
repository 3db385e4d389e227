/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bad-replies.h"
#include "people-fixture.h"

G_BEGIN_DECLS

/* A test that makes the request of a row succeed or fail */

typedef struct {
  Session *alice;
  Session *bob; /* NULL until a row wants one */
  char *id;             /* of what is asked for */
  KandyMessage *message;
} BadWorld;

typedef struct {
  BadRow base;
  const char *event; /* which tells of the error; NULL: only who has asked */
  gboolean (*act) (BadWorld *w, GError **error);
  void (*prepare) (BadWorld *w); /* (nullable): before each request */
  gboolean gone; /* that there is none (404) is what was wanted */
  /* a notification may have it made once more, which is told, too */
  gboolean repeated;
} BadCase;

/* Adds PREFIX/NAME for @n cases. @services: what Alice is subscribed to */
void bad_cases_add (const char *prefix, const char *services,
    const BadCase *cases, guint n);

G_END_DECLS
