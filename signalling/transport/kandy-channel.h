/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-rest.h"

G_BEGIN_DECLS

/* Private: a notification channel on the platform: made, kept alive, deleted
 * (protocol session 3).
 *
 * Signals:
 *  "refreshed" (uint attempt, GError *error or NULL): its lifetime was extended,
 *      or not
 *  "gone" (): the platform no longer has it, or its life is over
 */
#define KANDY_TYPE_CHANNEL (kandy_channel_get_type ())
G_DECLARE_FINAL_TYPE (KandyChannel, kandy_channel, KANDY, CHANNEL, GObject)

/* KANDY_ERROR `subscription:2` */
void kandy_channel_create_async (KandyClient *client,
    GAsyncReadyCallback callback, gpointer user_data);
KandyChannel *kandy_channel_create_finish (GAsyncResult *result,
    GError **error);

/* From when it is in use: extends its life at half of it */
void kandy_channel_keep_alive (KandyChannel *self);
void kandy_channel_stop (KandyChannel *self);

/* Also stops it. Failure is only logged: there is nothing to do about it */
void kandy_channel_delete_async (KandyChannel *self,
    GAsyncReadyCallback callback, gpointer user_data);
void kandy_channel_delete_finish (KandyChannel *self, GAsyncResult *result);

const char *kandy_channel_get_callback_url (KandyChannel *self);
const char *kandy_channel_get_channel_url (KandyChannel *self);
/* Whether it is the channel of the user that is signed on now */
gboolean kandy_channel_is_own (KandyChannel *self);

G_END_DECLS
