/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_PERSON (kandy_person_get_type ())
KANDY_API G_DECLARE_DERIVABLE_TYPE (KandyPerson, kandy_person, KANDY, PERSON, GObject)

/**
 * KandyPersonClass:
 * @parent_class: the parent class
 *
 * The classes of this library are the only ones that derive from it.
 */
struct _KandyPersonClass {
  GObjectClass parent_class;

  /*< private >*/
  gpointer padding[8];
};

KANDY_API const char *kandy_person_get_attribute (KandyPerson *self,
    const char *name);
KANDY_API char **kandy_person_list_attributes (KandyPerson *self);
KANDY_API const char *kandy_person_get_first_name (KandyPerson *self);
KANDY_API const char *kandy_person_get_last_name (KandyPerson *self);
KANDY_API const char *kandy_person_get_email_address (KandyPerson *self);
KANDY_API const char *kandy_person_get_photo_url (KandyPerson *self);
KANDY_API gboolean kandy_person_is_buddy (KandyPerson *self);

G_END_DECLS
