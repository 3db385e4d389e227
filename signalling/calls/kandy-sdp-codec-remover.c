/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-sdp-handler.h"

#include <string.h>

/*
 * The API document's createCodecRemover (protocol calls 4.3): an SDP handler
 * that takes codecs out of descriptions. An m-line of which nothing is left is
 * disabled instead, since it cannot be without any format (RFC 8866 section
 * 5.14).
 */

struct _KandyCodecSelector {
  char *name;
  char **fmtp_params;
};

G_DEFINE_BOXED_TYPE (KandyCodecSelector, kandy_codec_selector,
    kandy_codec_selector_copy, kandy_codec_selector_free)

/* An m-line with the lines below it */
typedef struct {
  char **lines;
  guint n;
} Section;

/* The rest of the attribute @name of the payload type @pt: behind
 * "a=rtpmap:96 ". (nullable) */
static const char *
get_attribute (const Section *section, const char *name, const char *pt)
{
  g_autofree char *prefix = g_strdup_printf ("a=%s:%s ", name, pt);
  guint i;

  for (i = 1; i < section->n; i++)
    if (g_str_has_prefix (section->lines[i], prefix))
      return section->lines[i] + strlen (prefix);
  return NULL;
}

static gboolean
is_selected (
    const Section *section, const char *pt, const KandyCodecSelector *selector)
{
  const char *rtpmap = get_attribute (section, "rtpmap", pt);
  const char *fmtp = get_attribute (section, "fmtp", pt);
  gsize length = strlen (selector->name);
  guint i;

  if (!rtpmap || strncmp (rtpmap, selector->name, length) != 0
      || rtpmap[length] != '/')
    return FALSE;
  for (i = 0; selector->fmtp_params && selector->fmtp_params[i]; i++)
    if (!fmtp || !strstr (fmtp, selector->fmtp_params[i]))
      return FALSE;
  return TRUE;
}

/* The payload type that @pt repeats or protects, as of RTX. (transfer full)
 * (nullable) */
static char *
get_associated (const Section *section, const char *pt)
{
  const char *fmtp = get_attribute (section, "fmtp", pt);
  const char *apt = fmtp ? strstr (fmtp, "apt=") : NULL;

  return apt ? g_strndup (apt + 4, strspn (apt + 4, "0123456789")) : NULL;
}

static void
find_removed (const Section *section, char **pts, GPtrArray *selectors,
    GHashTable *removed)
{
  guint i, s;

  for (i = 0; pts[i]; i++)
    for (s = 0; s < selectors->len; s++)
      if (is_selected (section, pts[i], selectors->pdata[s]))
        g_hash_table_add (removed, g_strdup (pts[i]));
  for (i = 0; pts[i]; i++) {
    g_autofree char *of = get_associated (section, pts[i]);

    if (of && g_hash_table_contains (removed, of))
      g_hash_table_add (removed, g_strdup (pts[i]));
  }
}

/* Whether a line is about a payload type that is removed */
static gboolean
is_of_removed (const char *line, GHashTable *removed)
{
  static const char *const names[] = { "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_has_prefix (line, names[i])) {
      const char *pt = line + strlen (names[i]);
      g_autofree char *number = g_strndup (pt, strcspn (pt, " "));

      return g_hash_table_contains (removed, number);
    }
  return FALSE;
}

/* @fields: of the m-line: kind, port, protocol, then the payload types. Adds
 * what is left to @out. FALSE: nothing is, and it is disabled */
static gboolean
write_section (
    const Section *section, char **fields, GHashTable *removed, GString *out)
{
  GString *formats = g_string_new (NULL);
  gboolean left;
  guint i;

  for (i = 3; fields[i]; i++)
    if (!g_hash_table_contains (removed, fields[i]))
      g_string_append_printf (formats, " %s", fields[i]);
  left = formats->len > 0;
  if (left) {
    g_string_append_printf (
        out, "%s %s %s%s\r\n", fields[0], fields[1], fields[2], formats->str);
  } else {
    g_string_append_printf (out, "%s 0 %s", fields[0], fields[2]);
    for (i = 3; fields[i]; i++)
      g_string_append_printf (out, " %s", fields[i]);
    g_string_append (out, "\r\n");
  }
  for (i = 1; i < section->n; i++)
    if (!left || !is_of_removed (section->lines[i], removed))
      g_string_append_printf (out, "%s\r\n", section->lines[i]);
  g_string_free (formats, TRUE);
  return left;
}

static const char *
get_mid (const Section *section)
{
  guint i;

  for (i = 1; i < section->n; i++)
    if (g_str_has_prefix (section->lines[i], "a=mid:"))
      return section->lines[i] + strlen ("a=mid:");
  return NULL;
}

/* A disabled m-line is in no group (RFC 8843 section 7.2.2) */
static void
write_head (char **lines, guint n, GHashTable *disabled, GString *out)
{
  guint i, m;

  for (i = 0; i < n; i++) {
    g_auto (GStrv) group = NULL;

    if (!g_str_has_prefix (lines[i], "a=group:BUNDLE")) {
      g_string_append_printf (out, "%s\r\n", lines[i]);
      continue;
    }
    group = g_strsplit (lines[i], " ", -1);
    g_string_append (out, group[0]);
    for (m = 1; group[m]; m++)
      if (!g_hash_table_contains (disabled, group[m]))
        g_string_append_printf (out, " %s", group[m]);
    g_string_append (out, "\r\n");
  }
}

static char *
remove_codecs (const char *sdp, const KandySdpHandlerInfo *info,
    const char *original_sdp, gpointer user_data)
{
  GPtrArray *selectors = user_data;
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  g_autoptr (GHashTable) disabled = g_hash_table_new (g_str_hash, g_str_equal);
  GString *head = g_string_new (NULL), *body = g_string_new (NULL);
  guint n = g_strv_length (lines), n_head, i;

  for (i = 0; i < n; i++)
    g_strchomp (lines[i]);
  while (n > 0 && !*lines[n - 1])
    n--;
  for (n_head = 0; n_head < n && !g_str_has_prefix (lines[n_head], "m=");)
    n_head++;

  for (i = n_head; i < n;) {
    Section section = { lines + i, 1 };
    g_auto (GStrv) fields = g_strsplit (lines[i], " ", -1);
    g_autoptr (GHashTable) removed =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    while (
        i + section.n < n && !g_str_has_prefix (section.lines[section.n], "m="))
      section.n++;
    i += section.n;
    if (g_strv_length (fields) > 3) {
      find_removed (&section, fields + 3, selectors, removed);
      if (!write_section (&section, fields, removed, body)
          && get_mid (&section))
        g_hash_table_add (disabled, (gpointer) get_mid (&section));
    } else {
      guint k;

      for (k = 0; k < section.n; k++)
        g_string_append_printf (body, "%s\r\n", section.lines[k]);
    }
  }
  write_head (lines, n_head, disabled, head);
  g_string_append (head, body->str);
  g_string_free (body, TRUE);
  return g_string_free (head, FALSE);
}

/**
 * kandy_codec_selector_new: (constructor)
 * @name: name of the codec, exactly as in its `a=rtpmap` line
 * @fmtp_params: (nullable) (array zero-terminated=1): what its `a=fmtp` line
 *   must have, all of them; %NULL: it does not matter
 *
 * API document: `sdpHandlers.CodecSelector`.
 *
 * Returns: (transfer full): a new selector
 */
KandyCodecSelector *
kandy_codec_selector_new (const char *name, const char *const *fmtp_params)
{
  KandyCodecSelector *self = g_new0 (KandyCodecSelector, 1);

  self->name = g_strdup (name ? name : "");
  self->fmtp_params = g_strdupv ((char **) fmtp_params);
  return self;
}

/**
 * kandy_codec_selector_copy:
 * @self: a selector
 *
 * Returns: (transfer full): a copy
 */
KandyCodecSelector *
kandy_codec_selector_copy (const KandyCodecSelector *self)
{
  return kandy_codec_selector_new (
      self->name, (const char *const *) self->fmtp_params);
}

/**
 * kandy_codec_selector_free:
 * @self: a selector
 *
 * Frees it.
 */
void
kandy_codec_selector_free (KandyCodecSelector *self)
{
  g_free (self->name);
  g_strfreev (self->fmtp_params);
  g_free (self);
}

/**
 * kandy_sdp_handler_new_codec_remover:
 * @selectors: (element-type KandyCodecSelector): what to remove
 *
 * Makes a handler that takes codecs out of all descriptions, with their
 * retransmissions (API document: `sdpHandlers.createCodecRemover`). If nothing
 * is left of an m-line, it is disabled: its port is 0, and it is in no bundle.
 *
 * Returns: (transfer full): a new handler
 */
KandySdpHandler *
kandy_sdp_handler_new_codec_remover (GPtrArray *selectors)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (
      (GDestroyNotify) kandy_codec_selector_free);
  guint i;

  g_return_val_if_fail (selectors != NULL, NULL);

  for (i = 0; i < selectors->len; i++)
    g_ptr_array_add (copy, kandy_codec_selector_copy (selectors->pdata[i]));
  return kandy_sdp_handler_new (
      remove_codecs, copy, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * kandy_sdp_handler_new_codec_remover_by_names:
 * @names: (array zero-terminated=1): names of codecs, as `VP8`
 *
 * The same for all codecs of these names, whatever their parameters.
 *
 * Returns: (transfer full): a new handler
 */
KandySdpHandler *
kandy_sdp_handler_new_codec_remover_by_names (const char *const *names)
{
  g_autoptr (GPtrArray) selectors = g_ptr_array_new_with_free_func (
      (GDestroyNotify) kandy_codec_selector_free);

  g_return_val_if_fail (names != NULL, NULL);

  for (; *names; names++)
    g_ptr_array_add (selectors, kandy_codec_selector_new (*names, NULL));
  return kandy_sdp_handler_new_codec_remover (selectors);
}
