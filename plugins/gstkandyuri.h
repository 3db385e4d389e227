/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

extern const char *const gst_kandy_uri_protocols[];

/* Sets the properties of @object from kandy://[USER@]HOST[:PORT][/DESTINATION]
 * [?KEY=VALUE...] */
gboolean gst_kandy_uri_apply (const char *uri, GObject *object,
    GError **error);
/* (nullable): without a server there is none */
char *gst_kandy_uri_build (const char *server, const char *username,
    const char *destination);

G_END_DECLS
