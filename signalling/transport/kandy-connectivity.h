/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-websocket.h"

G_BEGIN_DECLS

/* Private: the checks whether a websocket still lives, in both roles and by both
 * methods (protocol session 5.4).
 *
 * Signal "lost" (): the checks have failed
 */
#define KANDY_TYPE_CONNECTIVITY (kandy_connectivity_get_type ())
G_DECLARE_FINAL_TYPE (KandyConnectivity, kandy_connectivity, KANDY, CONNECTIVITY, GObject)

KandyConnectivity *kandy_connectivity_new (KandyClient *client);

/* @websocket has just been opened: the first ping goes out at once */
void kandy_connectivity_start (KandyConnectivity *self,
    KandyWebsocket *websocket);
void kandy_connectivity_stop (KandyConnectivity *self);
/* Whether @frame belonged to the checks */
gboolean kandy_connectivity_take_frame (KandyConnectivity *self,
    JsonObject *frame);

/* Comes before connectivity.checkConnectivity until it is forgotten */
void kandy_connectivity_set_enabled (KandyConnectivity *self, gboolean enabled);
void kandy_connectivity_forget_enabled (KandyConnectivity *self);
/* A ping is under way that is not answered yet */
gboolean kandy_connectivity_is_pinging (KandyConnectivity *self);

G_END_DECLS
