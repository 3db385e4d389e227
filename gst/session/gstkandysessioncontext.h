/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GST_KANDY_SESSION_CONTEXT_TYPE:
 *
 * Type of the #GstContext by which the elements of one account find each
 * other, in one pipeline or in several.
 */
#define GST_KANDY_SESSION_CONTEXT_TYPE "gst.kandy.session"

GST_KANDY_API GstContext *gst_kandy_session_context_new (void);

G_END_DECLS
