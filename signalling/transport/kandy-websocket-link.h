/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-http-session.h"

G_BEGIN_DECLS

/* Private: a websocket in the network thread, and what it tells a context. Frames
 * come in their order; to replies of requests there is none. */

#define KANDY_WEBSOCKET_MAX_FRAME (4 * 1024 * 1024)

typedef enum {
  KANDY_WEBSOCKET_OPENED,
  KANDY_WEBSOCKET_FAILED,  /* it has not opened. Nothing comes after it */
  KANDY_WEBSOCKET_FRAME,   /* a text frame came */
  KANDY_WEBSOCKET_PROBLEM, /* a frame was dropped, or the connection broke */
  KANDY_WEBSOCKET_CLOSED,  /* Nothing comes after it */
} KandyWebsocketEventType;

typedef struct {
  KandyWebsocketEventType type;
  GSocketAddress *address; /* (nullable): of this machine, if OPENED */
  GError *error;           /* if FAILED */
  GBytes *text;            /* of a FRAME that is not parsed yet */
  JsonNode *frame;         /* an object, if FRAME */
  char *problem;           /* if PROBLEM */
  guint code; /* if CLOSED: the peer's, 1006 if the connection broke */
  gsize size; /* in memory, roughly */
} KandyWebsocketEvent;

typedef struct _KandyWebsocketLink KandyWebsocketLink;
typedef void (*KandyWebsocketHandler) (
    const KandyWebsocketEvent *event, gpointer user_data);

/* Opens one. @msg: the upgrade's, not to be touched any more. @handler is
 * called in @context */
KandyWebsocketLink *kandy_websocket_link_open (KandyHttpSession *http,
    SoupMessage *msg, guint window_ms, GMainContext *context,
    KandyWebsocketHandler handler, gpointer user_data);

/* All of these from @context's thread */
void kandy_websocket_link_send (KandyWebsocketLink *self, const char *text);
/* Also ends an attempt. CLOSED, or FAILED, comes yet */
void kandy_websocket_link_close (KandyWebsocketLink *self, guint code);
/* The handler is not called any more. What is open stays so until it is closed
 */
void kandy_websocket_link_free (KandyWebsocketLink *self);

G_END_DECLS
