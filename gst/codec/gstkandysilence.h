/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* @size bytes of silence, or one black picture whatever @size is, in the raw
 * format of @caps; (transfer full) (nullable): NULL if they are not raw */
GST_KANDY_API GstBuffer *gst_kandy_silence_new (const GstCaps *caps,
    gsize size);

G_END_DECLS
