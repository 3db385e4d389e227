/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Not installed. (transfer full): an a{sv} as a structure of that name; @variant: (nullable) */
GST_KANDY_API GstStructure *gst_kandy_structure_from_variant (const char *name,
    GVariant *variant);

G_END_DECLS
