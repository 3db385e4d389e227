/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plainengine.h"

G_BEGIN_DECLS

/* Somebody with a PlainEngine, who calls and answers over the platform of
 * fixture.h. */
typedef struct _FarEnd FarEnd;

/* Signs on as @name, and answers whatever comes */
FarEnd *far_end_new (const char *name, const PlainTraits *traits);
void far_end_free (FarEnd *self);
/* Until the call is up; as the other end calls, with @destination NULL */
void far_end_call (FarEnd *self, const char *destination);
/* (transfer full) */
PlainEngine *far_end_get_engine (FarEnd *self);
/* Until its webrtcbin gives out what the appsink "ear" or "eye" takes; that of
 * the moment; (transfer full) */
GstElement *far_end_get_pipeline (FarEnd *self, const char *appsink);
/* A new offer with payload type @to in place of @from, until it was answered */
void far_end_move_payload (FarEnd *self, const char *kind, guint from,
    guint to);

G_END_DECLS
