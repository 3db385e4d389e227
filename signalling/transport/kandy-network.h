/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Private: the thread in which all connections to platforms live */

/* Runs @func once in the network thread; in the order of the calls, if these
 * come from one thread. From any thread */
void kandy_network_post (GSourceOnceFunc func, gpointer data);
/* The same for any other context, to bring a result back */
void kandy_network_post_to (
    GMainContext *context, GSourceOnceFunc func, gpointer data);

G_END_DECLS
