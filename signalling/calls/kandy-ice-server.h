/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_ICE_SERVER (kandy_ice_server_get_type ())
KANDY_API GType kandy_ice_server_get_type (void) G_GNUC_CONST;

/* Ref-counted and immutable; the credential never comes out in a log */
KANDY_API KandyIceServer *kandy_ice_server_new (const char *const *urls,
    const char *username, const char *credential);
KANDY_API KandyIceServer *kandy_ice_server_ref (KandyIceServer *self);
KANDY_API void kandy_ice_server_unref (KandyIceServer *self);
KANDY_API const char *const *kandy_ice_server_get_urls (KandyIceServer *self);
KANDY_API const char *kandy_ice_server_get_username (KandyIceServer *self);
KANDY_API const char *kandy_ice_server_get_credential (KandyIceServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyIceServer, kandy_ice_server_unref)

G_END_DECLS
