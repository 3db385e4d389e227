/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "kl-certificate.h"

/* A certificate for tests, for GLib can use certificates but not make them.
 * It is its own authority: a client trusts it by having it as ca-file. */

#define LIFETIME_DAYS 30

static gboolean
is_ok (int result, GError **error)
{
  if (result >= 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "Could not make a certificate: %s", gnutls_strerror (result));
  return FALSE;
}

static gboolean
add_names (gnutls_x509_crt_t crt, const char *address, GError **error)
{
  static const char *const always[] = { "127.0.0.1", "::1" };
  const char *addresses[] = { always[0], always[1], address };
  guint i;

  if (!is_ok (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_DNSNAME,
                  "localhost", strlen ("localhost"), GNUTLS_FSAN_SET),
          error))
    return FALSE;
  for (i = 0; i < G_N_ELEMENTS (addresses); i++) {
    g_autoptr (GInetAddress) parsed =
        addresses[i] ? g_inet_address_new_from_string (addresses[i]) : NULL;

    if (!parsed || (i == 2 && g_inet_address_get_is_any (parsed))
        || (i == 2
            && g_strv_contains (
                (const char *const[]){ always[0], always[1], NULL }, address)))
      continue;
    if (!is_ok (
            gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_IPADDRESS,
                g_inet_address_to_bytes (parsed),
                g_inet_address_get_native_size (parsed), GNUTLS_FSAN_APPEND),
            error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
fill_in (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *address,
    GError **error)
{
  time_t now = g_get_real_time () / G_USEC_PER_SEC;
  guint8 id[20];
  size_t id_size = sizeof id;
  guint8 serial[16];
  guint i;

  for (i = 0; i < sizeof serial; i++)
    serial[i] = g_random_int_range (0, 256);
  serial[0] &= 0x7f;
  return is_ok (gnutls_x509_crt_set_version (crt, 3), error)
      && is_ok (gnutls_x509_crt_set_serial (crt, serial, sizeof serial), error)
      && is_ok (
          gnutls_x509_crt_set_activation_time (crt, now - 24 * 3600), error)
      && is_ok (gnutls_x509_crt_set_expiration_time (
                    crt, now + LIFETIME_DAYS * 24 * 3600),
          error)
      && is_ok (gnutls_x509_crt_set_dn (
                    crt, "CN=kandy-loopback,O=kandy-loopback", NULL),
          error)
      && is_ok (gnutls_x509_crt_set_key (crt, key), error)
      && is_ok (gnutls_x509_crt_set_basic_constraints (crt, 1, -1), error)
      && is_ok (gnutls_x509_crt_set_key_usage (crt,
                    GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN),
          error)
      && is_ok (gnutls_x509_crt_set_key_purpose_oid (
                    crt, GNUTLS_KP_TLS_WWW_SERVER, 0),
          error)
      && is_ok (gnutls_x509_crt_get_key_id (crt, 0, id, &id_size), error)
      && is_ok (gnutls_x509_crt_set_subject_key_id (crt, id, id_size), error)
      && add_names (crt, address, error)
      && is_ok (
          gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0), error);
}

/* address: one more that the server listens on (nullable) */
GTlsCertificate *
kl_certificate_new (const char *address, GError **error)
{
  gnutls_x509_crt_t crt = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t crt_pem = { NULL, 0 };
  gnutls_datum_t key_pem = { NULL, 0 };
  GTlsCertificate *certificate = NULL;

  if (is_ok (gnutls_x509_crt_init (&crt), error)
      && is_ok (gnutls_x509_privkey_init (&key), error)
      && is_ok (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
          error)
      && fill_in (crt, key, address, error)
      && is_ok (
          gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &crt_pem), error)
      && is_ok (gnutls_x509_privkey_export2_pkcs8 (
                    key, GNUTLS_X509_FMT_PEM, NULL, 0, &key_pem),
          error)) {
    g_autofree char *pem = g_strdup_printf ("%.*s\n%.*s\n", (int) crt_pem.size,
        (char *) crt_pem.data, (int) key_pem.size, (char *) key_pem.data);

    certificate = g_tls_certificate_new_from_pem (pem, -1, error);
  }

  gnutls_free (crt_pem.data);
  gnutls_free (key_pem.data);
  if (key)
    gnutls_x509_privkey_deinit (key);
  if (crt)
    gnutls_x509_crt_deinit (crt);
  return certificate;
}
