/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: config.logs.logActions. Here actions are what goes over the wire:
 * requests with their replies, and frames. Nothing happens unless it is on. */

/* @what: "POST /path", "Frame received"; @outcome: (nullable): the status;
 * @payload: (nullable): logged without its secrets */
void kandy_action_log (KandyClient *client, const char *what,
    const char *outcome, JsonNode *payload);

/* (transfer full): @node as text, secrets replaced */
char *kandy_action_log_print (JsonNode *node);

G_END_DECLS
