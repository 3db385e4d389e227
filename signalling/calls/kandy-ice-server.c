/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-ice-server.h"

/*
 * KandyIceServer: one entry of the configuration's `iceServers`. Immutable, so
 * that a snapshot of the list can be handed to a media engine on any thread.
 */

struct _KandyIceServer {
  gatomicrefcount ref_count;
  char **urls;
  char *username;
  char *credential;
};

G_DEFINE_BOXED_TYPE (KandyIceServer, kandy_ice_server, kandy_ice_server_ref,
    kandy_ice_server_unref)

/* A credential that has been freed should not be found in a core dump */
static void
free_secret (char *secret)
{
  volatile char *p = secret;

  while (p && *p)
    *p++ = '\0';
  g_free (secret);
}

/**
 * kandy_ice_server_new: (constructor)
 * @urls: (array zero-terminated=1): `stun:`, `stuns:`, `turn:` or `turns:` URLs
 *     (RFC 7064, RFC 7065)
 * @username: (nullable): user name that a TURN server asks for
 * @credential: (nullable): password that a TURN server asks for
 *
 * API document: `call.IceServer`.
 *
 * Returns: (transfer full): a new ICE server
 */
KandyIceServer *
kandy_ice_server_new (
    const char *const *urls, const char *username, const char *credential)
{
  KandyIceServer *self = g_new0 (KandyIceServer, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->urls = urls ? g_strdupv ((char **) urls) : g_new0 (char *, 1);
  self->username = g_strdup (username);
  self->credential = g_strdup (credential);
  return self;
}

/**
 * kandy_ice_server_ref:
 * @self: an ICE server
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): @self
 */
KandyIceServer *
kandy_ice_server_ref (KandyIceServer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kandy_ice_server_unref:
 * @self: (transfer full): an ICE server
 *
 * Gives a reference back; the last one frees @self. May be called from any
 * thread.
 */
void
kandy_ice_server_unref (KandyIceServer *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_strfreev (self->urls);
  g_free (self->username);
  free_secret (self->credential);
  g_free (self);
}

/**
 * kandy_ice_server_get_urls:
 * @self: an ICE server
 *
 * Returns: (transfer none) (array zero-terminated=1): the URLs, maybe none
 */
const char *const *
kandy_ice_server_get_urls (KandyIceServer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->urls;
}

/**
 * kandy_ice_server_get_username:
 * @self: an ICE server
 *
 * Returns: (nullable): the user name
 */
const char *
kandy_ice_server_get_username (KandyIceServer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->username;
}

/**
 * kandy_ice_server_get_credential:
 * @self: an ICE server
 *
 * A secret: not for logs, messages or URIs that are shown.
 *
 * Returns: (nullable): the password
 */
const char *
kandy_ice_server_get_credential (KandyIceServer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->credential;
}
