/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-group-private.h"
#include "kandy-groups.h"

G_BEGIN_DECLS

/* What the files of KandyGroups have for one another */

struct _KandyGroups {
  KandyCollection parent_instance;

  KandyItemList *invitations;
  GPtrArray *operations; /* KandyGroupOperation that are under way */
};

/* An operation on one group. The platform also notifies of it, maybe before it
 * replies: there is one event, whichever is first */
typedef struct {
  char *id;
  char *address; /* (nullable): of the participant that it is about */
  gboolean told; /* whether the event has been emitted */
  GPtrArray *operations;
} KandyGroupOperation;

/* A list of groups */
KandyItemList *kandy_groups_new_list (void);
/* A reply that describes one group: a KandyGroup */
gpointer kandy_groups_decode (JsonNode *reply, GError **error);

/* Puts @group (transfer none) in the list, or updates the one that is there,
 * and drops the invitation to it. (transfer none): the one in the list */
KandyGroup *kandy_groups_take (KandyGroups *self, KandyGroup *group);
/* Drops the group and the invitation. (transfer full) (nullable): the group */
KandyGroup *kandy_groups_drop (KandyGroups *self, const char *group_id,
    gboolean *was_invitation);
/* Asks for one group. Then there is group:change, or group:new if @is_new */
void kandy_groups_look_up (KandyGroups *self, const char *group_id,
    gboolean is_new);

void kandy_groups_emit_id (KandyGroups *self, const char *event,
    const char *group_id);
/* @group: (nullable) */
void kandy_groups_emit_deleted (KandyGroups *self, KandyGroup *group);
/* A notification has been faster than the reply to what is under way here.
 * @address: (nullable): only operations on this participant */
void kandy_groups_mark_told (KandyGroups *self, const char *group_id,
    const char *address);
gboolean kandy_groups_is_busy (KandyGroups *self, const char *group_id);

/* kandy-groups-notifications.c */
void kandy_groups_listen (KandyGroups *self);

G_END_DECLS
