/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-error.h"

G_BEGIN_DECLS

/* Milliseconds that the server asks to wait before the next try, 0 for none */
void kandy_error_set_retry_after (GError *error, guint64 milliseconds);

/* An error of this domain as it is, one of another domain as KANDY_ERROR
 * NETWORK or TIMEOUT with platform code "FETCH"; cancellation stays as it is, a
 * reply that is too large is a PROTOCOL error */
GError *kandy_error_from_network (const GError *error, const char *operation);

/* The same failure under the code and in the words of what failed with it: kind,
 * status and the time to wait are those of @cause */
GError *kandy_error_restate (const GError *cause, const char *platform_code,
    const char *format, ...) G_GNUC_PRINTF (3, 4);

/* As UTF-8, with U+FFFD for what is none. @text: (transfer full) */
char *kandy_make_valid (char *text);

G_END_DECLS
