/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_GROUP_PARTICIPANT (kandy_group_participant_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyGroupParticipant, kandy_group_participant, KANDY, GROUP_PARTICIPANT, GObject)

KANDY_API const char *kandy_group_participant_get_address (KandyGroupParticipant *self);
KANDY_API const char *kandy_group_participant_get_status (KandyGroupParticipant *self);
KANDY_API gboolean kandy_group_participant_is_admin (KandyGroupParticipant *self);

G_END_DECLS
