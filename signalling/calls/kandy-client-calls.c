/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-client-private.h"

#include "kandy-calls.h"

/**
 * kandy_client_get_calls:
 * @self: a client
 *
 * API document: namespace `call`.
 *
 * Returns: (transfer none): what makes, receives and lists the client's calls
 */
KandyCalls *
kandy_client_get_calls (KandyClient *self)
{
  static GQuark quark;
  KandyCalls *calls;

  g_return_val_if_fail (KANDY_IS_CLIENT (self), NULL);

  if (!quark)
    quark = g_quark_from_static_string ("kandy-client-calls");
  calls = g_object_get_qdata (G_OBJECT (self), quark);
  if (!calls) {
    calls = g_object_new (KANDY_TYPE_CALLS, "client", self, NULL);
    g_object_set_qdata_full (G_OBJECT (self), quark, calls, g_object_unref);
  }
  return calls;
}
