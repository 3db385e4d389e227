/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-group-participant.h"

G_BEGIN_DECLS

#define KANDY_TYPE_GROUP (kandy_group_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyGroup, kandy_group, KANDY, GROUP, GObject)

KANDY_API const char *kandy_group_get_id (KandyGroup *self);
KANDY_API const char *kandy_group_get_name (KandyGroup *self);
KANDY_API const char *kandy_group_get_subject (KandyGroup *self);
KANDY_API const char *kandy_group_get_image (KandyGroup *self);
KANDY_API GListModel *kandy_group_get_participants (KandyGroup *self);
KANDY_API KandyGroupParticipant *kandy_group_get_participant (KandyGroup *self,
    const char *address);
KANDY_API GVariant *kandy_group_to_variant (KandyGroup *self);

G_END_DECLS
