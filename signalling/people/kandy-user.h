/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-person.h"

G_BEGIN_DECLS

#define KANDY_TYPE_USER (kandy_user_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyUser, kandy_user, KANDY, USER, KandyPerson)

KANDY_API const char *kandy_user_get_user_id (KandyUser *self);
KANDY_API GVariant *kandy_user_to_variant (KandyUser *self);

G_END_DECLS
