/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-error-private.h"

#include "kandy-enum-types.h"

/*
 * Errors of the library (API document: `api.BasicError`). One GError carries
 * what a `switch` wants (the code), what the platform said (its own code, kept
 * as text since it may be a messageId, an HTTP status or a code of the
 * document) and the HTTP status.
 */

typedef struct {
  char *platform_code;
  guint http_status;
  guint64 retry_after;
} KandyErrorPrivate;

static void
kandy_error_private_init (KandyErrorPrivate *priv)
{
}

static void
kandy_error_private_copy (const KandyErrorPrivate *src, KandyErrorPrivate *dest)
{
  dest->platform_code = g_strdup (src->platform_code);
  dest->http_status = src->http_status;
  dest->retry_after = src->retry_after;
}

static void
kandy_error_private_clear (KandyErrorPrivate *priv)
{
  g_free (priv->platform_code);
}

G_DEFINE_EXTENDED_ERROR (KandyError, kandy_error)

/* What a server or a file system wrote need not be UTF-8, but what goes into a
 * variant must be */
char *
kandy_make_valid (char *text)
{
  char *valid;

  if (g_utf8_validate (text, -1, NULL))
    return text;
  valid = g_utf8_make_valid (text, -1);
  g_free (text);
  return valid;
}

static const char *
kind_nick (int code)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (KANDY_TYPE_ERROR);
  GEnumValue *value = g_enum_get_value (klass, code);

  return value ? value->value_nick : "failed";
}

void
kandy_error_set_retry_after (GError *error, guint64 milliseconds)
{
  KandyErrorPrivate *priv = kandy_error_get_private (error);

  if (priv)
    priv->retry_after = milliseconds;
}

GError *
kandy_error_from_network (const GError *error, const char *operation)
{
  const char *hint = "";
  gboolean timeout;

  if (error->domain == KANDY_ERROR
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_error_copy (error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
        "%s request failed: %s", operation, error->message);
  timeout = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    hint = " (see ca-file and tls-verify)";
  return kandy_error_new (timeout ? KANDY_ERROR_TIMEOUT : KANDY_ERROR_NETWORK,
      "FETCH", 0, "%s request failed: %s%s", operation, error->message, hint);
}

GError *
kandy_error_restate (
    const GError *cause, const char *platform_code, const char *format, ...)
{
  g_autofree char *message = NULL;
  GError *error;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  error =
      kandy_error_new (cause->domain == KANDY_ERROR ? (KandyError) cause->code
                                                    : KANDY_ERROR_NETWORK,
          platform_code, kandy_error_get_http_status (cause), "%s", message);
  kandy_error_set_retry_after (error, kandy_error_get_retry_after (cause));
  return error;
}

/**
 * kandy_error_new:
 * @code: the coarse reason
 * @platform_code: (nullable): the exact reason: the platform's `messageId`, an
 *   HTTP status as text, or a code of the API document such as `call:7`
 * @http_status: the status of the server's reply, 0 if there was none
 * @format: printf format of the message
 * @...: arguments of @format
 *
 * Makes an error of the domain %KANDY_ERROR. What is not UTF-8 in its message
 * is replaced by U+FFFD.
 *
 * Returns: (transfer full): the error
 */
GError *
kandy_error_new (KandyError code, const char *platform_code, guint http_status,
    const char *format, ...)
{
  KandyErrorPrivate *priv;
  GError *error;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (KANDY_ERROR, code, format, args);
  va_end (args);
  error->message = kandy_make_valid (error->message);

  priv = kandy_error_get_private (error);
  if (platform_code)
    priv->platform_code = kandy_make_valid (g_strdup (platform_code));
  priv->http_status = http_status;
  return error;
}

/**
 * kandy_error_get_platform_code:
 * @error: an error of any domain
 *
 * Gets the member `code` of the API document's `BasicError`.
 *
 * Returns: (transfer none): the code, `NO_CODE` if none is known
 */
const char *
kandy_error_get_platform_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, "NO_CODE");

  if (error->domain == KANDY_ERROR) {
    KandyErrorPrivate *priv = kandy_error_get_private (error);

    if (priv->platform_code)
      return priv->platform_code;
  }
  return "NO_CODE";
}

/**
 * kandy_error_get_http_status:
 * @error: an error of any domain
 *
 * Gets the status of the server's reply.
 *
 * Returns: an HTTP status, 0 if no server replied
 */
guint
kandy_error_get_http_status (const GError *error)
{
  g_return_val_if_fail (error != NULL, 0);

  if (error->domain != KANDY_ERROR)
    return 0;
  return kandy_error_get_private (error)->http_status;
}

/**
 * kandy_error_get_retry_after:
 * @error: an error of any domain
 *
 * Gets how long the server asks to wait before trying again, from the reply's
 * header `Retry-After` or its body.
 *
 * Returns: milliseconds, 0 if the server did not say
 */
guint64
kandy_error_get_retry_after (const GError *error)
{
  g_return_val_if_fail (error != NULL, 0);

  if (error->domain != KANDY_ERROR)
    return 0;
  return kandy_error_get_private (error)->retry_after;
}

/**
 * kandy_error_to_variant:
 * @error: an error of any domain
 *
 * Gets @error as the API document's `BasicError`: an `a{sv}` with the strings
 * `name` (always `BasicError`), `code` and `message`. Beyond the document it
 * has `kind`, the nick of the #KandyError, and, if a server replied, the
 * unsigned number `httpStatus`.
 *
 * Returns: (transfer none): a floating variant
 */
GVariant *
kandy_error_to_variant (const GError *error)
{
  g_autofree char *message = NULL;
  GVariantDict dict;
  guint status;

  g_return_val_if_fail (error != NULL, NULL);

  message = kandy_make_valid (
      g_strdup (error->message && *error->message ? error->message
                                                  : "An error occurred"));
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", "BasicError");
  g_variant_dict_insert (
      &dict, "code", "s", kandy_error_get_platform_code (error));
  g_variant_dict_insert (&dict, "message", "s", message);
  g_variant_dict_insert (&dict, "kind", "s",
      kind_nick (
          error->domain == KANDY_ERROR ? error->code : KANDY_ERROR_FAILED));
  status = kandy_error_get_http_status (error);
  if (status)
    g_variant_dict_insert (&dict, "httpStatus", "u", status);
  return g_variant_dict_end (&dict);
}

/**
 * kandy_error_from_variant:
 * @variant: a `BasicError` as kandy_error_to_variant() makes it
 *
 * Turns the member `error` of an event's payload into an error again.
 *
 * Returns: (transfer full): the error
 */
GError *
kandy_error_from_variant (GVariant *variant)
{
  const char *code = NULL, *message = NULL, *kind = NULL;
  guint status = 0;
  GEnumValue *value = NULL;

  g_return_val_if_fail (
      g_variant_is_of_type (variant, G_VARIANT_TYPE_VARDICT), NULL);

  g_variant_lookup (variant, "code", "&s", &code);
  g_variant_lookup (variant, "message", "&s", &message);
  g_variant_lookup (variant, "httpStatus", "u", &status);
  if (g_variant_lookup (variant, "kind", "&s", &kind)) {
    g_autoptr (GEnumClass) klass = g_type_class_ref (KANDY_TYPE_ERROR);

    value = g_enum_get_value_by_nick (klass, kind);
  }
  return kandy_error_new (
      value ? (KandyError) value->value : KANDY_ERROR_FAILED, code, status,
      "%s", message ? message : "An error occurred");
}
