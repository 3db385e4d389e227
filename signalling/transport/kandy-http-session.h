/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Private: a SoupSession in the network thread. Its references may be taken and
 * dropped in any thread. */
typedef struct _KandyHttpSession KandyHttpSession;

/* @ca_file: (nullable): instead of the system's authorities. @direct: without a
 * proxy, whatever the system says */
KandyHttpSession *kandy_http_session_new (const char *ca_file, gboolean direct);
KandyHttpSession *kandy_http_session_ref (KandyHttpSession *self);
void kandy_http_session_unref (KandyHttpSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyHttpSession, kandy_http_session_unref)

/* Requests that are under way fail, and no connection is used again */
void kandy_http_session_abort (KandyHttpSession *self);

/* For the network thread. (transfer none) */
SoupSession *kandy_http_session_ensure (KandyHttpSession *self, GError **error);

G_END_DECLS
