/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: the tokens, where they come from and that they stay fresh (protocol
 * session 1.1 to 1.3).
 *
 * Signals:
 *  "user-changed" (): another user has signed on, or nobody is signed on any
 *      longer; what is known of the former one is to be forgotten
 */

#define KANDY_TYPE_AUTH (kandy_auth_get_type ())
G_DECLARE_FINAL_TYPE (KandyAuth, kandy_auth, KANDY, AUTH, GObject)

KandyAuth *kandy_auth_new (KandyClient *client);
void kandy_auth_shutdown (KandyAuth *self);

/* The application's own tokens: ours are forgotten, nothing is renewed */
gboolean kandy_auth_set_tokens (KandyAuth *self, const char *access_token,
    const char *id_token, GError **error);
void kandy_auth_sign_off (KandyAuth *self);
/* The platform refused the access token: if we can get another, we do */
void kandy_auth_token_refused (KandyAuth *self);

/* (nullable): NULL before there are tokens */
const char *kandy_auth_get_access_token (KandyAuth *self);
const char *kandy_auth_get_username (KandyAuth *self);
const char *kandy_auth_get_identity (KandyAuth *self);
const char *kandy_auth_get_domain (KandyAuth *self);

void kandy_auth_sign_on_password_async (KandyAuth *self, const char *client_id,
    const char *username, const char *password, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
void kandy_auth_sign_on_client_async (KandyAuth *self, const char *client_id,
    const char *client_secret, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
gboolean kandy_auth_sign_on_finish (KandyAuth *self, GAsyncResult *result,
    GError **error);

G_END_DECLS
