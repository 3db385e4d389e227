/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: attachments to and from the platform (protocol messaging 2.4.2, 2.9),
 * a piece at a time. A transfer that makes no headway for a while ends with
 * KANDY_ERROR_TIMEOUT. */

typedef void (*KandyTransferProgress) (gint64 transferred, gpointer user_data);

/* @size: -1 if it is not known. The progress function is not called any more
 * after the end. */
void kandy_transfer_upload_async (KandyClient *client, GInputStream *stream,
    gint64 size, const char *name, const char *content_type,
    KandyTransferProgress progress, gpointer progress_data,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* (transfer full): the platform's attributes of it, by name */
GHashTable *kandy_transfer_upload_finish (GAsyncResult *result,
    GError **error);

/* @size: what is expected, -1 if it is not known; @max: where it ends with an
 * error. @stream is not closed. */
void kandy_transfer_download_async (KandyClient *client, const char *link,
    gint64 size, gint64 max, GOutputStream *stream,
    KandyTransferProgress progress, gpointer progress_data,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
gboolean kandy_transfer_download_finish (GAsyncResult *result, GError **error);

G_END_DECLS
