/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: one subscribe() or unsubscribe() of KandyServices, from the call to
 * its end. Ref-counted: replies that come late still have it. */

typedef enum {
  KANDY_OPERATION_SUBSCRIBE,
  KANDY_OPERATION_UNSUBSCRIBE,
} KandyOperationKind;

typedef struct {
  KandyOperationKind kind;
  GPtrArray *names; /* of services, in the order asked for */
  GPtrArray *params; /* GVariant or NULL for each */
  char *type;
  GTask *task; /* NULL when it has been answered */

  GHashTable *pending; /* set of services whose answer is still to come */
  guint n_done;     /* that succeeded */
  GPtrArray *errors; /* GError: what went wrong with some service */
  GSource *timer;
} KandyOperation;

/* @services: as, or an array of names and descriptors {service, params?}. NULL
 * and error if it is anything else */
KandyOperation *kandy_operation_new (KandyOperationKind kind,
    GVariant *services, const char *type, GError **error);
KandyOperation *kandy_operation_ref (KandyOperation *self);
void kandy_operation_unref (KandyOperation *self);

void kandy_operation_clear_timer (KandyOperation *self);
/* Answers the task. @error: (transfer full) (nullable) */
void kandy_operation_answer (KandyOperation *self, GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyOperation, kandy_operation_unref)

G_END_DECLS
