/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandydevices.h"

G_BEGIN_DECLS

/* The document's MediaConstraints, as a structure of any name whose fields are
 * "device-id", "width", "height" and "frame-rate" (or the document's names).
 * A value is a text or a number, or a structure with the fields "exact" and
 * "ideal". */

/* FALSE: @constraints (nullable) has something that is none */
GST_KANDY_API gboolean gst_kandy_constraints_check (
    const GstStructure *constraints, GError **error);
/* Of @devices (element-type GstDevice), those of one kind, the one that comes
 * closest to @constraints (nullable), and in @caps (out) (transfer full) what to
 * demand of it. (transfer full) (nullable): NULL if nothing fits */
GST_KANDY_API GstDevice *gst_kandy_constraints_choose (
    const GstStructure *constraints, KandyMediaKind kind, GPtrArray *devices,
    GstCaps **caps, GError **error);
/* (transfer full): video/x-raw with the wishes of @constraints (nullable) that are
 * sizes, for a source that takes any; at @rate if it does not say */
GST_KANDY_API GstCaps *gst_kandy_constraints_to_caps (
    const GstStructure *constraints, guint rate);

G_END_DECLS
