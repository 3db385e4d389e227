/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: reading JSON from the network, which is untrusted: nesting is capped
 * before parsing (json-glib 1.6 recurses without limit) and no accessor warns
 * about a member that is absent or of another type. */

#define KANDY_JSON_MAX_DEPTH 64
/* Each takes some hundred bytes, however short its text is */
#define KANDY_JSON_MAX_VALUES 1000000

/* (transfer full), or NULL with KANDY_ERROR_PROTOCOL */
JsonNode *kandy_json_parse (const char *data, gssize length, GError **error);
/* NULL / @fallback if the member is absent or of another type. Strings with an
 * embedded NUL or invalid UTF-8 never come out of kandy_json_parse(). */
const char *kandy_json_get_string (JsonObject *object, const char *member);
JsonObject *kandy_json_get_object (JsonObject *object, const char *member);
JsonArray *kandy_json_get_array (JsonObject *object, const char *member);
gint64 kandy_json_get_int (JsonObject *object, const char *member, gint64 fallback);
double kandy_json_get_double (JsonObject *object, const char *member, double fallback);
gboolean kandy_json_get_bool (JsonObject *object, const char *member, gboolean fallback);
/* "a.b.c" descends through objects */
const char *kandy_json_get_string_at (JsonNode *root, const char *dotted_path);
/* (transfer floating): a{sv}, av, s, x, d, b, and an mv of nothing for null; as
 * json_gvariant_deserialize(), whose time grows with the square of an array's
 * length: what a server sends could take hours */
GVariant *kandy_json_to_variant (JsonNode *node);
char *kandy_json_to_string (JsonNode *node);

G_END_DECLS
