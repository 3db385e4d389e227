/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy.h"
#include "kandy-loopback.h"

G_BEGIN_DECLS

/* Replies that are none, for tables of every request with each of them
 * (protocol session 1.5 and 1.6, messaging 1.3 and 1.4) */

typedef struct {
  const char *name;
  const char *fault; /* members of the platform's fault */
  guint status;      /* of the reply; 0: there is none */
  const char *code;  /* of the error; NULL: a good status */
  gboolean object;   /* whether the body is a JSON object */
} BadReply;

extern const BadReply bad_replies[];
extern const guint n_bad_replies;

/* What there must be in a good reply */
typedef enum {
  NOTHING,
  OBJECT,
  MEMBERS,
  BYTES, /* as many as were announced */
} BadNeeds;

/* A request */
typedef struct {
  const char *name;
  const char *method;
  const char *path; /* a part of it */
  BadNeeds needs;
  /* of the error instead of the reply's own; and where only members are missing
   */
  const char *code, *missing;
} BadRow;

/* Each such request has @reply until bad_reply_clear(). @user: (nullable): whose
 * only. One that will do is carried out, too */
void bad_reply_set (KandyLoopback *platform, const BadRow *row,
    const BadReply *reply, const char *user);
void bad_reply_clear (KandyLoopback *platform);
/* NULL: the reply will do */
const char *bad_reply_get_code (const BadRow *row, const BadReply *reply);
/* @error: (nullable) */
void bad_reply_check_error (const GError *error, const BadReply *reply,
    const char *code);

G_END_DECLS
