/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-collection-private.h"
#include "kandy-group.h"

G_BEGIN_DECLS

/* Out of a list of participants; NULL if @json has no address */
KandyGroupParticipant *kandy_group_participant_new_from_json (JsonObject *json);
gboolean kandy_group_participant_equal (KandyGroupParticipant *a,
    KandyGroupParticipant *b);
/* floating */
GVariant *kandy_group_participant_to_variant (KandyGroupParticipant *self);

/* @json: a groupChatSessionInformation, or a notification that is like one.
 * @resource: (nullable): where the id is taken from; NULL for the member
 * resourceURL. NULL if that makes no id. May be called in any thread. */
KandyGroup *kandy_group_new_from_json (JsonObject *json, const char *resource);
/* Takes all that @newer has */
void kandy_group_update (KandyGroup *self, KandyGroup *newer);
/* Both return whether something has changed */
gboolean kandy_group_put_participant (KandyGroup *self,
    KandyGroupParticipant *participant);
gboolean kandy_group_remove_participant (KandyGroup *self,
    const char *address);

G_END_DECLS
