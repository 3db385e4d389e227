/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_CONFIG (kandy_config_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyConfig, kandy_config, KANDY, CONFIG, GObject)

/* Every key of the API document's config sections is reachable twice: by its
 * path there ("connectivity.pingInterval") and as a GObject property with the
 * hyphenated name ("ping-interval"). */

KANDY_API KandyConfig *kandy_config_new (void);
KANDY_API KandyConfig *kandy_config_copy (KandyConfig *self);

KANDY_API GVariant *kandy_config_to_variant (KandyConfig *self);
KANDY_API void kandy_config_update (KandyConfig *self, GVariant *partial);
KANDY_API gboolean kandy_config_load_json (KandyConfig *self, const char *json,
    gssize length, GError **error);

KANDY_API GVariant *kandy_config_get_value (KandyConfig *self, const char *path);
KANDY_API void kandy_config_set_value (KandyConfig *self, const char *path,
    GVariant *value);

KANDY_API char *kandy_config_get_string (KandyConfig *self, const char *path);
KANDY_API gboolean kandy_config_get_boolean (KandyConfig *self, const char *path);
KANDY_API double kandy_config_get_number (KandyConfig *self, const char *path);

/* call.iceServers as boxed objects: (transfer container) (element-type KandyIceServer) */
KANDY_API GPtrArray *kandy_config_get_ice_servers (KandyConfig *self);
KANDY_API void kandy_config_set_ice_servers (KandyConfig *self, GPtrArray *servers);

G_END_DECLS
