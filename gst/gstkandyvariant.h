/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Not installed. (transfer full): an a{sv} as a structure of that name; @variant: (nullable) */
GST_KANDY_API GstStructure *gst_kandy_structure_from_variant (const char *name,
    GVariant *variant);
/* Not installed. (transfer floating): @structure as an a{sv}; what has no
 * likeness in D-Bus becomes its text */
GST_KANDY_API GVariant *gst_kandy_structure_to_variant (
    const GstStructure *structure);
/* Not installed. @variant: a dictionary of dictionaries, whose keys are their
 * ids; each becomes a structure @name in the GST_TYPE_LIST @list, which is
 * initialized here */
GST_KANDY_API void gst_kandy_list_from_variant (GValue *list, const char *name,
    GVariant *variant);

G_END_DECLS
