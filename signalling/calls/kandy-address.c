/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-calls.h"

#include <string.h>

/*
 * Destinations as people write them, and as the platform wants them (protocol
 * calls 6.9).
 */

static gboolean
only_contains (const char *text, const char *accepted)
{
  return text[strspn (text, accepted)] == '\0';
}

static char *
without_separators (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text; text++) {
    if (!strchr (" -.()+", *text))
      g_string_append_c (out, *text);
  }
  return g_string_free (out, FALSE);
}

/**
 * kandy_normalize_destination:
 * @destination: a user (`bob`, `bob@example.org`) or a telephone number with or
 *     without visual separators, with or without a scheme
 * @own_domain: (nullable): domain for a destination that has none
 *
 * Writes a destination as the platform wants it, as in
 * `sip:+16135551234@example.org`. It accepts anything; whether there is such a
 * user is the platform's to say.
 *
 * Returns: (transfer full): the destination as a SIP URI
 */
char *
kandy_normalize_destination (const char *destination, const char *own_domain)
{
  g_autofree char *text = NULL, *digits = NULL;
  const char *domain = own_domain, *user, *colon;
  char *at;
  size_t lead;

  g_return_val_if_fail (destination != NULL, NULL);

  text = g_strstrip (g_strdup (destination));
  at = strrchr (text, '@');
  if (at && at != text && at[1]) {
    *at = '\0';
    domain = at + 1;
  }
  colon = strrchr (text, ':');
  user = colon ? colon + 1 : text;

  lead = strspn (user, "#+*");
  if (lead
      && !(strchr ("0123456789|(", user[lead]) && user[lead]
          && only_contains (user + lead + 1, "0123456789 -.()+")))
    lead = 0;

  digits = without_separators (user + lead);
  return g_strdup_printf ("sip:%.*s%s%s%s", (int) lead, user,
      only_contains (digits, "0123456789") && *digits ? digits : user + lead,
      domain && *domain && *domain != '@' ? "@" : "", domain ? domain : "");
}
