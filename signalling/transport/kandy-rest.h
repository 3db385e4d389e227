/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: REST requests with the platform's headers and error mapping
 * (protocol session 1.4-1.7, 2). */

#define KANDY_TYPE_REST (kandy_rest_get_type ())
G_DECLARE_FINAL_TYPE (KandyRest, kandy_rest, KANDY, REST, GObject)

typedef enum {
  KANDY_REST_DEFAULT = 0,
  /* the reply's body is not read (DELETE) */
  KANDY_REST_NO_REPLY_BODY = 1 << 0,
} KandyRestFlags;

/* @path: host-relative and already escaped, from kandy_client_user_path() or a
 * resourceURL. @body: (nullable) (transfer none). @timeout_ms: 0 for the
 * default of 30 s. @operation: short label for messages ("Create session").
 * A 401 also emits request:error. Errors: KANDY_ERROR with the platform's
 * messageId (else the HTTP status as a string) as platform code; network
 * failure KANDY_ERROR_NETWORK; G_IO_ERROR_CANCELLED when cancelled. */
void kandy_rest_send_async (KandyRest *self, const char *method,
    const char *path, JsonNode *body, KandyRestFlags flags, guint timeout_ms,
    const char *operation, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
/* Returns: (transfer full): the reply, always an object node ("{}" for 204) */
JsonNode *kandy_rest_send_finish (KandyRest *self, GAsyncResult *result,
    GError **error);

/* Makes something of a reply, (transfer full), or fails. A large reply is read
 * in a worker thread, so that the main context is not held up: only what it is
 * given may be touched. */
typedef gpointer (*KandyRestDecode) (JsonNode *reply, GError **error);

/* As kandy_rest_send_async(), and then has the reply read by @decode; @destroy
 * frees what came of it if nobody takes it. */
void kandy_rest_send_decoded_async (KandyRest *self, const char *method,
    const char *path, JsonNode *body, KandyRestFlags flags, guint timeout_ms,
    const char *operation, KandyRestDecode decode, GDestroyNotify destroy,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* (transfer full): what @decode made */
gpointer kandy_rest_send_decoded_finish (KandyRest *self, GAsyncResult *result,
    GError **error);

G_END_DECLS
