/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* Private to the library and the plugin. Calls @callback as g_signal_connect()
 * does, with @object last, until @object is gone. The two may end at the same
 * moment on different threads, and @object is alive while @callback runs. */
GST_KANDY_API gulong gst_kandy_connect (gpointer instance,
    const char *detailed_signal, GCallback callback, gpointer object);

G_END_DECLS
