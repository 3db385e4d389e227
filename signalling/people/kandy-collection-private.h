/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-client-private.h"
#include "kandy-collection.h"
#include "kandy-item-list.h"

G_BEGIN_DECLS

/* What KandyCollection does for the namespaces that derive from it */

/* Once, in init: the list that the collection shows as a GListModel. @items:
 * (transfer full) */
void kandy_collection_set_items (KandyCollection *self, KandyItemList *items);
KandyItemList *kandy_collection_get_items (KandyCollection *self);
/* (nullable): NULL without a client */
GMainContext *kandy_collection_get_context (KandyCollection *self);

/* In constructed: @func gets the notifications of @type with @self as data */
void kandy_collection_listen (KandyCollection *self, const char *type,
    KandyNotificationFunc func);
/* @payload: (nullable): an a{sv}; a floating one is sunk */
void kandy_collection_emit (KandyCollection *self, const char *event,
    GVariant *payload);
void kandy_collection_log (KandyCollection *self, KandyLogLevel level,
    const char *target, const char *format, ...) G_GNUC_PRINTF (4, 5);

/* A task that belongs to the user who is signed on now. @tag: the function that
 * the application called */
GTask *kandy_collection_begin (KandyCollection *self, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* Ends @task (transfer full) with @error (transfer full): the collection's
 * error event, then the answer. One that was cancelled, or whose client is
 * gone, has no event */
void kandy_collection_fail (KandyCollection *self, GTask *task, GError *error);
/* The same with another event; NULL for the collection's */
void kandy_collection_fail_with (KandyCollection *self, GTask *task,
    const char *event, GError *error);
/* The same for an argument that is not acceptable, with the code @code */
void kandy_collection_refuse (KandyCollection *self, GTask *task,
    const char *code, const char *format, ...) G_GNUC_PRINTF (4, 5);

typedef struct {
  const char *method;
  const char *service; /* the path's part before the version */
  const char *tail;    /* the path's part after the user, escaped */
  const char *query;   /* (nullable): encoded, without '?' */
  JsonNode *body;      /* (nullable) */
  KandyRestFlags flags;
  const char *label;      /* of the operation, for messages */
  const char *error_code; /* (nullable): stands for the platform's own code */
  const char *error_event; /* (nullable): static; else the collection's */
  KandyRestDecode decode; /* (nullable): the reply is a JsonNode */
  GDestroyNotify destroy;
  /* nobody has asked for it but a notification, which may be late: that there is
   * none any more (404) is no error that is told */
  gboolean unasked;
} KandyCollectionRequest;

/* What a request brought, (transfer full), and the task that it was for,
 * (transfer full): to be answered, or to go on with another request */
typedef void (*KandyCollectionDone) (KandyCollection *self, GTask *task,
    gpointer reply);

/* Sends a request for @task (transfer full). Calls @done when it succeeded; if
 * it fails, so does the task */
void kandy_collection_send (KandyCollection *self, GTask *task,
    const KandyCollectionRequest *request, KandyCollectionDone done);

/* Calls @step with each of @items (transfer full), and @done with @reply
 * (transfer full) after the last. Of many items some are left for later
 * iterations of the main context; if the user changes meanwhile, the task fails
 * and @destroy frees @reply */
typedef void (*KandyCollectionStep) (KandyCollection *self, gpointer item);
void kandy_collection_walk (KandyCollection *self, GTask *task,
    GPtrArray *items, KandyCollectionStep step, KandyCollectionDone done,
    gpointer reply, GDestroyNotify destroy);

/* (transfer full): KANDY_ERROR_PROTOCOL: a reply lacks @member */
GError *kandy_missing_error (const char *member);
/* As one segment of a path. (transfer full) */
char *kandy_escape_segment (const char *segment);
/* (transfer full) (nullable): the last segment of a resource's path, unescaped,
 * whatever follows '?' left out */
char *kandy_last_segment (const char *path);
/* Addresses are compared without regard to case; (transfer full) */
char *kandy_fold_address (const char *address);
/* Members that are absent are NULL and left out */
void kandy_variant_dict_insert_string (GVariantDict *dict, const char *name,
    const char *value);

G_END_DECLS
