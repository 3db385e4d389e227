/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Whether something in the pipeline of @element waits for media of @caps that
 * nothing gives it, and the pipeline's state change waits with it */
gboolean gst_kandy_is_waited_for (GstElement *element, GstCaps *caps);

G_END_DECLS
