/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_PRESENCE_STATUS (kandy_presence_status_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyPresenceStatus, kandy_presence_status, KANDY, PRESENCE_STATUS, GObject)

KANDY_API const char *kandy_presence_status_get_user_id (KandyPresenceStatus *self);
KANDY_API const char *kandy_presence_status_get_status (KandyPresenceStatus *self);
KANDY_API const char *kandy_presence_status_get_activity (KandyPresenceStatus *self);
KANDY_API const char *kandy_presence_status_get_note (KandyPresenceStatus *self);
KANDY_API gboolean kandy_presence_status_is_loading (KandyPresenceStatus *self);
KANDY_API GVariant *kandy_presence_status_to_variant (KandyPresenceStatus *self);

G_END_DECLS
