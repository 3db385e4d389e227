/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The end of a wait for what should have come within @seconds, on the monotonic
 * clock. Instrumented programs are several times slower; they are told by the
 * variable that the check library has for this. */
static inline gint64
patience_end (double seconds)
{
  const char *factor = g_getenv ("CK_TIMEOUT_MULTIPLIER");

  if (factor != NULL)
    seconds *= MAX (g_ascii_strtod (factor, NULL), 1);
  return g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
}
