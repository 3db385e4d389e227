/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-collection-private.h"
#include "kandy-contact.h"
#include "kandy-person.h"
#include "kandy-user.h"

G_BEGIN_DECLS

/* Attributes beyond this many are left out */
#define KANDY_PERSON_MAX_ATTRIBUTES 64

/* All of these may be called in any thread, before the person is shown */

/* @value: (nullable): NULL removes the attribute. FALSE if there are too many */
gboolean kandy_person_set_attribute (KandyPerson *self, const char *name,
    const char *value);
/* @attributes: (nullable): an array of {name, value}, or a single one */
void kandy_person_read (KandyPerson *self, JsonNode *attributes);
/* Calls @func for each */
void kandy_person_foreach (KandyPerson *self,
    void (*func) (const char *name, const char *value, gpointer user_data),
    gpointer user_data);

/* NULL without an id. @json: (nullable): the object `contact` */
KandyContact *kandy_contact_new_from_json (JsonObject *json);
/* The request's body. @update: whether the immutable name is left out */
JsonNode *kandy_contact_to_json (KandyContact *self, gboolean update);
/* NULL without a User ID. @json: (nullable): a directoryItem */
KandyUser *kandy_user_new_from_json (JsonObject *json);

G_END_DECLS
