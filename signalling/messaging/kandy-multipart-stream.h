/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Private: reads @head, then all of another stream, then @tail. */

#define KANDY_TYPE_MULTIPART_STREAM (kandy_multipart_stream_get_type ())
G_DECLARE_FINAL_TYPE (KandyMultipartStream, kandy_multipart_stream, KANDY, MULTIPART_STREAM, GInputStream)

GInputStream *kandy_multipart_stream_new (const char *head,
    GInputStream *content, const char *tail);

G_END_DECLS
