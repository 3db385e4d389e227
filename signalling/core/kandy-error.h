/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/**
 * KANDY_ERROR:
 *
 * Error domain of this library. An error of this domain also carries the
 * platform's code, see kandy_error_get_platform_code(), and where a server
 * replied, its HTTP status, see kandy_error_get_http_status(). Together with
 * the message they are the API document's `BasicError`.
 */
#define KANDY_ERROR (kandy_error_quark ())

/**
 * KandyError:
 * @KANDY_ERROR_FAILED: anything else
 * @KANDY_ERROR_NETWORK: the server could not be reached, or hung up
 * @KANDY_ERROR_REFUSED: the server replied with an error status
 * @KANDY_ERROR_PROTOCOL: the server's reply or notification makes no sense
 * @KANDY_ERROR_AUTHENTICATION: credentials or token refused, or none set
 * @KANDY_ERROR_TIMEOUT: no reply within the time that the operation has
 * @KANDY_ERROR_INVALID_STATE: not possible in this state (`call:6`)
 * @KANDY_ERROR_INVALID_PARAM: an argument is not acceptable (`call:7`)
 * @KANDY_ERROR_NOT_SUPPORTED: not offered here (`call:5`)
 * @KANDY_ERROR_MEDIA: media could not be set up (`call:3`, `call:4`, `call:9`)
 * @KANDY_ERROR_DESTROYED: the client was destroyed
 *
 * Codes of %KANDY_ERROR: coarse, for `switch`; the exact reason is in
 * kandy_error_get_platform_code().
 */
typedef enum {
  KANDY_ERROR_FAILED,
  KANDY_ERROR_NETWORK,
  KANDY_ERROR_REFUSED,
  KANDY_ERROR_PROTOCOL,
  KANDY_ERROR_AUTHENTICATION,
  KANDY_ERROR_TIMEOUT,
  KANDY_ERROR_INVALID_STATE,
  KANDY_ERROR_INVALID_PARAM,
  KANDY_ERROR_NOT_SUPPORTED,
  KANDY_ERROR_MEDIA,
  KANDY_ERROR_DESTROYED,
} KandyError;

KANDY_API GQuark kandy_error_quark (void);

KANDY_API GError *kandy_error_new (KandyError code, const char *platform_code,
    guint http_status, const char *format, ...) G_GNUC_PRINTF (4, 5);
KANDY_API const char *kandy_error_get_platform_code (const GError *error);
KANDY_API guint kandy_error_get_http_status (const GError *error);
KANDY_API guint64 kandy_error_get_retry_after (const GError *error);
KANDY_API GVariant *kandy_error_to_variant (const GError *error);
KANDY_API GError *kandy_error_from_variant (GVariant *variant);

G_END_DECLS
