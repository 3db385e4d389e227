/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_CONNECTION (kandy_connection_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyConnection, kandy_connection, KANDY, CONNECTION, GObject)

KANDY_API gboolean kandy_connection_is_connected (KandyConnection *self);
KANDY_API GVariant *kandy_connection_get_socket_state (KandyConnection *self,
    const char *platform);
KANDY_API void kandy_connection_reset_connection (KandyConnection *self);
KANDY_API void kandy_connection_enable_connectivity_checking (
    KandyConnection *self, gboolean enable);

G_END_DECLS
