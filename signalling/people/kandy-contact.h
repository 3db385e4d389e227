/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-person.h"

G_BEGIN_DECLS

#define KANDY_TYPE_CONTACT (kandy_contact_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyContact, kandy_contact, KANDY, CONTACT, KandyPerson)

KANDY_API KandyContact *kandy_contact_new (const char *id);
KANDY_API KandyContact *kandy_contact_copy (KandyContact *self);
KANDY_API gboolean kandy_contact_set (KandyContact *self, const char *name,
    const char *value);
KANDY_API const char *kandy_contact_get_id (KandyContact *self);
KANDY_API const char *kandy_contact_get_primary_contact (KandyContact *self);
KANDY_API GVariant *kandy_contact_to_variant (KandyContact *self);

G_END_DECLS
