/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* (transfer full): for localhost, 127.0.0.1, ::1 and @address, (nullable) */
GTlsCertificate *kl_certificate_new (const char *address, GError **error);

G_END_DECLS
