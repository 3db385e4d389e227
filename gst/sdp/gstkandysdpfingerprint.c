/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a certificate is the one that a description names (RFC 8122). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpprivate.h"

#include <string.h>

/* The strongest that is named counts, weaker ones beside it do not */
static const struct {
  const char *name;
  GChecksumType type;
} checksums[] = {
  { "sha-512", G_CHECKSUM_SHA512 },
  { "sha-384", G_CHECKSUM_SHA384 },
  { "sha-256", G_CHECKSUM_SHA256 },
  { "sha-1", G_CHECKSUM_SHA1 },
};

static char *
compute_fingerprint (GBytes *der, const char *name, GChecksumType type)
{
  g_autofree char *hex = g_compute_checksum_for_bytes (type, der);
  GString *s = g_string_new (name);
  guint i;

  for (i = 0; hex[i] && hex[i + 1]; i += 2)
    g_string_append_printf (s, "%c%c%c", i ? ':' : ' ',
        g_ascii_toupper (hex[i]), g_ascii_toupper (hex[i + 1]));
  return g_string_free (s, FALSE);
}

gboolean
gst_kandy_sdp_transport_has_certificate (
    GstKandySdpTransport *transport, GBytes *der)
{
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (checksums); i++) {
    g_autofree char *computed =
        compute_fingerprint (der, checksums[i].name, checksums[i].type);
    gboolean named = FALSE;

    for (j = 0; j < transport->fingerprints->len; j++) {
      const char *text = g_ptr_array_index (transport->fingerprints, j);

      if (strcmp (text, computed) == 0)
        return TRUE;
      named |= strncmp (text, computed, strlen (checksums[i].name) + 1) == 0;
    }
    if (named)
      return FALSE;
  }
  return FALSE;
}
