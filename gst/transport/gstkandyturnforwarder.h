/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define GST_KANDY_TYPE_TURN_FORWARDER (gst_kandy_turn_forwarder_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandyTurnForwarder, gst_kandy_turn_forwarder, GST_KANDY, TURN_FORWARDER, GObject)

/* @ca_file: (nullable): the certificates to trust in place of the system's */
GST_KANDY_API GstKandyTurnForwarder *gst_kandy_turn_forwarder_new (
    const char *host, guint port, gboolean verify, const char *ca_file,
    GError **error);
/* Where it listens, on 127.0.0.1 */
GST_KANDY_API guint gst_kandy_turn_forwarder_get_port (
    GstKandyTurnForwarder *self);

G_END_DECLS
