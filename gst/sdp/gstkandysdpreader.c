/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads what a far end says about itself. Nothing of its text is handed on:
 * what is understood becomes a GstKandySdpDescription, made of checked values
 * only, and all descriptions for webrtcbin are written anew from that. What is
 * not understood is left out, and what cannot be done without is an error that
 * names the m-line. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpprivate.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
  const GstSDPMessage *message;
  gboolean is_offer;
  gboolean remove_h264;
  GPtrArray *bundle; /* mids */
} Reader;

static void
section_clear (gpointer data)
{
  GstKandySdpSection *section = data;

  g_free (section->media);
  g_free (section->proto);
  g_free (section->format);
  g_free (section->mid);
  g_free (section->stream_id);
  g_free (section->track_id);
  g_free (section->cname);
  g_clear_pointer (&section->transport, gst_kandy_sdp_transport_unref);
  g_clear_pointer (&section->formats, g_ptr_array_unref);
  g_clear_pointer (&section->ssrcs, g_array_unref);
}

static GstKandySdpSection *
section_new (void)
{
  GstKandySdpSection *section = g_rc_box_new0 (GstKandySdpSection);

  section->kind = -1;
  section->formats = gst_kandy_sdp_formats_new ();
  section->transport = gst_kandy_sdp_transport_new ();
  section->ssrcs = g_array_new (FALSE, FALSE, sizeof (guint32));
  return section;
}

GstKandySdpSection *
gst_kandy_sdp_section_ref (GstKandySdpSection *section)
{
  return g_rc_box_acquire (section);
}

void
gst_kandy_sdp_section_unref (GstKandySdpSection *section)
{
  g_rc_box_release_full (section, section_clear);
}

static void
description_clear (gpointer data)
{
  GstKandySdpDescription *description = data;

  g_free (description->session_id);
  g_clear_pointer (&description->sections, g_ptr_array_unref);
}

GstKandySdpDescription *
gst_kandy_sdp_description_ref (GstKandySdpDescription *description)
{
  return g_rc_box_acquire (description);
}

void
gst_kandy_sdp_description_unref (GstKandySdpDescription *description)
{
  g_rc_box_release_full (description, description_clear);
}

static void
transport_clear (gpointer data)
{
  GstKandySdpTransport *transport = data;

  g_free (transport->ufrag);
  g_free (transport->pwd);
  g_free (transport->first_ufrag);
  g_ptr_array_unref (transport->fingerprints);
  g_ptr_array_unref (transport->candidates);
}

GstKandySdpTransport *
gst_kandy_sdp_transport_new (void)
{
  GstKandySdpTransport *transport = g_rc_box_new0 (GstKandySdpTransport);

  transport->fingerprints = g_ptr_array_new_with_free_func (g_free);
  transport->candidates = g_ptr_array_new_with_free_func (g_free);
  return transport;
}

GstKandySdpTransport *
gst_kandy_sdp_transport_ref (GstKandySdpTransport *transport)
{
  return g_rc_box_acquire (transport);
}

void
gst_kandy_sdp_transport_unref (GstKandySdpTransport *transport)
{
  g_rc_box_release_full (transport, transport_clear);
}

gboolean
gst_kandy_sdp_transport_same_identity (
    GstKandySdpTransport *a, GstKandySdpTransport *b)
{
  guint i;

  for (i = 0; i < a->fingerprints->len; i++) {
    if (g_ptr_array_find_with_equal_func (b->fingerprints,
            g_ptr_array_index (a->fingerprints, i), g_str_equal, NULL))
      return TRUE;
  }
  return FALSE;
}

/* RFC 8866 section 9, token */
static gboolean
is_token (const char *s)
{
  gsize n = 0;

  for (; s[n]; n++) {
    if (n >= GST_KANDY_SDP_MAX_TOKEN)
      return FALSE;
    if (!g_ascii_isalnum (s[n]) && !strchr ("!#$%&'*+-.^_`{|}~", s[n]))
      return FALSE;
  }
  return n > 0;
}

/* As a token, and what else is met in ids: base64, braces, colons */
static gboolean
is_id (const char *s)
{
  gsize n = 0;

  for (; s[n]; n++) {
    if (n >= GST_KANDY_SDP_MAX_TOKEN)
      return FALSE;
    if (!g_ascii_isgraph (s[n]))
      return FALSE;
  }
  return n > 0;
}

/* RFC 8839 section 5.4, ice-char */
static gboolean
is_ice_string (const char *s, gsize min)
{
  gsize n = 0;

  for (; s[n]; n++) {
    if (n >= 256 || (!g_ascii_isalnum (s[n]) && s[n] != '+' && s[n] != '/'))
      return FALSE;
  }
  return n >= min;
}

static G_GNUC_PRINTF (3, 4) gboolean
    reader_fail (Reader *reader, GError **error, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_PROTOCOL,
          reader->is_offer ? "call:9" : "call:2", 0,
          "The far end's %s is not acceptable: %s",
          reader->is_offer ? "offer" : "answer", text));
  return FALSE;
}

/* Media level, else session level (RFC 8866 section 6) */
static const char *
reader_get_attribute (Reader *reader, const GstSDPMedia *media, const char *key)
{
  const char *value = gst_sdp_media_get_attribute_val (media, key);

  if (!value)
    value = gst_sdp_message_get_attribute_val (reader->message, key);
  return value;
}

static gboolean
reader_has_attribute (Reader *reader, const GstSDPMedia *media, const char *key)
{
  guint i;

  for (i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    if (g_strcmp0 (gst_sdp_media_get_attribute (media, i)->key, key) == 0)
      return TRUE;
  }
  for (i = 0; i < gst_sdp_message_attributes_len (reader->message); i++) {
    if (g_strcmp0 (gst_sdp_message_get_attribute (reader->message, i)->key, key)
        == 0)
      return TRUE;
  }
  return FALSE;
}

/* "name/clock[/channels]" */
static GstKandySdpFormat *
parse_rtpmap (int pt, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, "/", 4);
  guint64 clock_rate = 0, channels = 0;

  if (!parts[0] || !parts[1] || !is_token (parts[0]))
    return NULL;
  if (!g_ascii_string_to_unsigned (
          g_strstrip (parts[1]), 10, 1, 10000000, &clock_rate, NULL))
    return NULL;
  if (parts[2]
      && !g_ascii_string_to_unsigned (
          g_strstrip (parts[2]), 10, 1, 64, &channels, NULL))
    channels = 0;
  return gst_kandy_sdp_format_new (pt, parts[0], clock_rate, channels);
}

static const struct {
  int pt;
  const char *name;
} static_payloads[] = { { 0, "PCMU" }, { 8, "PCMA" }, { 9, "G722" } };

/* The value of "key:PT value"; @i goes on from where the last one was found */
static const char *
next_format_attribute (
    const GstSDPMedia *media, const char *key, int pt, guint *i)
{
  for (; *i < gst_sdp_media_attributes_len (media); (*i)++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, *i);
    const char *rest;
    char *end;

    if (g_strcmp0 (attribute->key, key) != 0 || !attribute->value)
      continue;
    if (attribute->value[0] == '*' && attribute->value[1] == ' ')
      rest = attribute->value + 2;
    else if (g_ascii_isdigit (attribute->value[0])
        && g_ascii_strtoull (attribute->value, &end, 10) == (guint64) pt
        && *end == ' ')
      rest = end + 1;
    else
      continue;
    (*i)++;
    while (*rest == ' ')
      rest++;
    return rest;
  }
  return NULL;
}

static gboolean
is_printable (const char *s)
{
  for (; *s; s++) {
    if (!g_ascii_isprint (*s))
      return FALSE;
  }
  return TRUE;
}

static gboolean
reader_read_formats (Reader *reader, const GstSDPMedia *media, guint index,
    GstKandySdpSection *section, GError **error)
{
  guint i, j;

  for (i = 0; i < gst_sdp_media_formats_len (media); i++) {
    const char *text = gst_sdp_media_get_format (media, i);
    g_autoptr (GstKandySdpFormat) format = NULL;
    const char *value;
    guint64 pt;

    if (!g_ascii_string_to_unsigned (text, 10, 0, 127, &pt, NULL))
      return reader_fail (reader, error,
          "m-line %u (%s) has a payload type that is none", index,
          section->media);
    if (gst_kandy_sdp_formats_find (section->formats, pt))
      continue;

    j = 0;
    value = next_format_attribute (media, "rtpmap", pt, &j);
    if (value) {
      format = parse_rtpmap (pt, value);
    } else {
      for (j = 0; j < G_N_ELEMENTS (static_payloads); j++) {
        if (static_payloads[j].pt == (int) pt)
          format =
              gst_kandy_sdp_format_new (pt, static_payloads[j].name, 8000, 0);
      }
    }
    if (!format)
      continue;

    j = 0;
    value = next_format_attribute (media, "fmtp", pt, &j);
    if (value && is_printable (value) && strlen (value) < 1024)
      format->fmtp = g_strdup (value);
    if (strcmp (format->name, "RTX") == 0) {
      g_autofree char *apt = gst_kandy_sdp_fmtp_get (format->fmtp, "apt");
      guint64 n;

      if (!apt || !g_ascii_string_to_unsigned (apt, 10, 0, 127, &n, NULL))
        continue;
      format->apt = n;
    }

    j = 0;
    while ((value = next_format_attribute (media, "rtcp-fb", pt, &j))) {
      if (strcmp (value, "nack") == 0)
        format->nack = TRUE;
      else if (strcmp (value, "nack pli") == 0)
        format->pli = TRUE;
      else if (strcmp (value, "ccm fir") == 0)
        format->fir = TRUE;
    }
    g_ptr_array_add (section->formats, g_steal_pointer (&format));
  }

  for (i = 0; reader->remove_h264 && i < section->formats->len;) {
    GstKandySdpFormat *format = g_ptr_array_index (section->formats, i);
    GstKandySdpFormat *of =
        gst_kandy_sdp_formats_find (section->formats, format->apt);

    if (of && strcmp (of->name, "H264") == 0)
      g_ptr_array_remove_index (section->formats, i);
    else
      i++;
  }
  for (i = 0; reader->remove_h264 && i < section->formats->len;) {
    GstKandySdpFormat *format = g_ptr_array_index (section->formats, i);

    if (strcmp (format->name, "H264") == 0)
      g_ptr_array_remove_index (section->formats, i);
    else
      i++;
  }
  return TRUE;
}

static const struct {
  const char *name;
  guint bytes;
} hashes[] = {
  { "sha-1", 20 },
  { "sha-256", 32 },
  { "sha-384", 48 },
  { "sha-512", 64 },
};

/* (nullable) (transfer full): "sha-256 AA:BB", normalised */
static char *
clean_fingerprint (const char *text)
{
  const char *space = strchr (text, ' ');
  guint i, n;

  if (!space)
    return NULL;
  for (i = 0; i < G_N_ELEMENTS (hashes); i++) {
    const char *p = space + 1;
    GString *s;

    if (strlen (hashes[i].name) != (gsize) (space - text)
        || g_ascii_strncasecmp (text, hashes[i].name, space - text) != 0)
      continue;
    s = g_string_new (hashes[i].name);
    for (n = 0; n < hashes[i].bytes; n++) {
      if (!g_ascii_isxdigit (p[0]) || !g_ascii_isxdigit (p[1]))
        break;
      g_string_append_printf (s, "%c%c%c", n ? ':' : ' ',
          g_ascii_toupper (p[0]), g_ascii_toupper (p[1]));
      p += 2;
      if (*p == ':')
        p++;
      else
        break;
    }
    g_strchomp (s->str);
    if (n + 1 >= hashes[i].bytes && *p == '\0' && p[-1] != ':')
      return g_string_free (s, FALSE);
    g_string_free (s, TRUE);
  }
  return NULL;
}

static void
add_fingerprint (GstKandySdpTransport *transport, const char *value)
{
  g_autofree char *clean = value ? clean_fingerprint (value) : NULL;

  if (clean && transport->fingerprints->len < 8
      && !g_ptr_array_find_with_equal_func (
          transport->fingerprints, clean, g_str_equal, NULL))
    g_ptr_array_add (transport->fingerprints, g_steal_pointer (&clean));
}

static gboolean
reader_read_transport (Reader *reader, const GstSDPMedia *media, guint index,
    GstKandySdpSection *section, GError **error)
{
  GstKandySdpTransport *transport = section->transport;
  const char *value;
  guint i;

  value = reader_get_attribute (reader, media, "ice-ufrag");
  if (value && !is_ice_string (value, 4))
    return reader_fail (reader, error,
        "m-line %u (%s) has a malformed a=ice-ufrag", index, section->media);
  transport->ufrag = g_strdup (value);

  value = reader_get_attribute (reader, media, "ice-pwd");
  if (value && !is_ice_string (value, 22))
    return reader_fail (reader, error,
        "m-line %u (%s) has a malformed a=ice-pwd", index, section->media);
  transport->pwd = g_strdup (value);

  for (i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);

    if (g_strcmp0 (attribute->key, "fingerprint") == 0)
      add_fingerprint (transport, attribute->value);
    else if (g_strcmp0 (attribute->key, "candidate") == 0 && attribute->value
        && transport->candidates->len < GST_KANDY_SDP_MAX_CANDIDATES) {
      g_autofree char *line =
          g_strconcat ("candidate:", attribute->value, NULL);
      char *clean = gst_kandy_sdp_candidate_clean (line);

      if (clean)
        g_ptr_array_add (transport->candidates, clean);
    }
  }
  for (i = 0; transport->fingerprints->len == 0
       && i < gst_sdp_message_attributes_len (reader->message);
       i++) {
    const GstSDPAttribute *attribute =
        gst_sdp_message_get_attribute (reader->message, i);

    if (g_strcmp0 (attribute->key, "fingerprint") == 0)
      add_fingerprint (transport, attribute->value);
  }

  value = reader_get_attribute (reader, media, "setup");
  if (g_strcmp0 (value, "actpass") == 0)
    section->setup = GST_KANDY_SDP_SETUP_ACTPASS;
  else if (g_strcmp0 (value, "active") == 0)
    section->setup = GST_KANDY_SDP_SETUP_ACTIVE;
  else if (g_strcmp0 (value, "passive") == 0)
    section->setup = GST_KANDY_SDP_SETUP_PASSIVE;
  else if (value && section->alive)
    return reader_fail (reader, error,
        "m-line %u (%s) has an a=setup that is not possible", index,
        section->media);

  section->rtcp_mux = reader_has_attribute (reader, media, "rtcp-mux")
      || reader_has_attribute (reader, media, "rtcp-mux-only");
  return TRUE;
}

static void
set_msid (GstKandySdpSection *section, const char *value)
{
  g_auto (GStrv) ids = g_strsplit (value, " ", 3);

  if (section->stream_id || !ids[0] || !is_id (ids[0]))
    return;
  section->stream_id = g_strdup (ids[0]);
  if (ids[1] && is_id (ids[1]))
    section->track_id = g_strdup (ids[1]);
}

static void
reader_read_sources (const GstSDPMedia *media, GstKandySdpSection *section)
{
  const char *value;
  guint i;

  value = gst_sdp_media_get_attribute_val (media, "msid");
  if (value)
    set_msid (section, value);

  for (i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
    gboolean known = FALSE;
    guint64 ssrc;
    char *rest;
    guint j;

    if (!attribute->value)
      continue;
    if (g_strcmp0 (attribute->key, "ssrc-group") == 0
        && g_str_has_prefix (attribute->value, "FID ")) {
      guint64 a = g_ascii_strtoull (attribute->value + 4, &rest, 10);
      guint64 b = g_ascii_strtoull (rest, NULL, 10);

      if (!section->fid[0] && a && b && a != b && a <= G_MAXUINT32
          && b <= G_MAXUINT32) {
        section->fid[0] = a;
        section->fid[1] = b;
      }
      continue;
    }
    if (g_strcmp0 (attribute->key, "ssrc") != 0
        || !g_ascii_isdigit (attribute->value[0]))
      continue;
    ssrc = g_ascii_strtoull (attribute->value, &rest, 10);
    if (ssrc == 0 || ssrc > G_MAXUINT32 || *rest != ' ')
      continue;
    for (j = 0; j < section->ssrcs->len; j++)
      known |= g_array_index (section->ssrcs, guint32, j) == ssrc;
    if (!known && section->ssrcs->len < GST_KANDY_SDP_MAX_SSRCS) {
      guint32 n = ssrc;

      g_array_append_val (section->ssrcs, n);
    }
    rest++;
    if (!section->cname && g_str_has_prefix (rest, "cname:")
        && is_id (rest + strlen ("cname:")))
      section->cname = g_strdup (rest + strlen ("cname:"));
    else if (g_str_has_prefix (rest, "msid:"))
      set_msid (section, rest + strlen ("msid:"));
  }
}

static void
reader_read_direction (
    Reader *reader, const GstSDPMedia *media, GstKandySdpSection *section)
{
  static const struct {
    const char *name;
    gboolean send, recv;
  } directions[] = {
    { "sendrecv", TRUE, TRUE },
    { "sendonly", TRUE, FALSE },
    { "recvonly", FALSE, TRUE },
    { "inactive", FALSE, FALSE },
  };
  guint i;

  section->send = section->recv = TRUE;
  for (i = 0; i < G_N_ELEMENTS (directions); i++) {
    if (gst_sdp_message_get_attribute_val (
            reader->message, directions[i].name)) {
      section->send = directions[i].send;
      section->recv = directions[i].recv;
    }
  }
  for (i = 0; i < G_N_ELEMENTS (directions); i++) {
    if (gst_sdp_media_get_attribute_val (media, directions[i].name)) {
      section->send = directions[i].send;
      section->recv = directions[i].recv;
    }
  }
}

static void
limit_bitrate (
    guint *max_bitrate, const GstSDPBandwidth *bandwidth, gboolean *tias)
{
  guint64 value = bandwidth->bandwidth;

  /* RFC 3890: TIAS says it more exactly */
  if (g_strcmp0 (bandwidth->bwtype, "TIAS") == 0)
    *tias = TRUE;
  else if (g_strcmp0 (bandwidth->bwtype, "AS") == 0 && !*tias)
    value *= 1000;
  else
    return;
  *max_bitrate = MIN (value, G_MAXINT32);
}

static gboolean
is_webrtc_proto (const char *proto)
{
  /* RFC 8829 section 5.1.2 */
  return strstr (proto, "RTP/SAVP") != NULL;
}

static GstKandySdpSection *
reader_read_section (Reader *reader, guint index, GError **error)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (reader->message, index);
  GstKandySdpSection *section = section_new ();
  gboolean tias = FALSE;
  const char *value;
  guint i;

  value = gst_sdp_media_get_media (media);
  if (!value || !is_token (value)) {
    reader_fail (reader, error, "m-line %u has no kind", index);
    goto fail;
  }
  section->media = g_strdup (value);

  value = gst_sdp_media_get_proto (media);
  for (i = 0; value && value[i]; i++) {
    if (!g_ascii_isalnum (value[i]) && !strchr ("/-.", value[i]))
      break;
  }
  if (!value || !value[0] || value[i] || strlen (value) > 64) {
    reader_fail (
        reader, error, "m-line %u (%s) has no protocol", index, section->media);
    goto fail;
  }
  section->proto = g_strdup (value);

  /* RFC 3264 section 6: it is the offer's, and that is secured */
  if (!reader->is_offer && gst_sdp_media_get_port (media) != 0
      && !is_webrtc_proto (section->proto)) {
    reader_fail (reader, error,
        "m-line %u (%s) has the protocol %s, which was not offered", index,
        section->media, section->proto);
    goto fail;
  }

  value = gst_sdp_media_formats_len (media) > 0
      ? gst_sdp_media_get_format (media, 0)
      : NULL;
  section->format = g_strdup (value && is_token (value) ? value : "0");

  if (is_webrtc_proto (section->proto)) {
    if (strcmp (section->media, "audio") == 0)
      section->kind = KANDY_MEDIA_KIND_AUDIO;
    else if (strcmp (section->media, "video") == 0)
      section->kind = KANDY_MEDIA_KIND_VIDEO;
  }

  value = gst_sdp_media_get_attribute_val (media, "mid");
  if (value && !is_token (value)) {
    reader_fail (reader, error, "m-line %u (%s) has a malformed a=mid", index,
        section->media);
    goto fail;
  }
  section->mid = g_strdup (value);
  section->bundled = value
      && g_ptr_array_find_with_equal_func (
          reader->bundle, value, g_str_equal, NULL);

  /* RFC 8843 section 6: port 0 with bundle-only is alive */
  section->alive = section->kind >= 0
      && (gst_sdp_media_get_port (media) != 0
          || (section->bundled
              && gst_sdp_media_get_attribute_val (media, "bundle-only")));

  reader_read_direction (reader, media, section);
  if (!section->alive)
    section->send = section->recv = FALSE;

  if (section->kind >= 0
      && (!reader_read_formats (reader, media, index, section, error)
          || !reader_read_transport (reader, media, index, section, error)))
    goto fail;
  reader_read_sources (media, section);

  for (i = 0; i < gst_sdp_message_bandwidths_len (reader->message); i++)
    limit_bitrate (&section->max_bitrate,
        gst_sdp_message_get_bandwidth (reader->message, i), &tias);
  for (i = 0, tias = FALSE; i < gst_sdp_media_bandwidths_len (media); i++)
    limit_bitrate (
        &section->max_bitrate, gst_sdp_media_get_bandwidth (media, i), &tias);

  return section;

fail:
  gst_kandy_sdp_section_unref (section);
  return NULL;
}

/* RFC 8843 section 7.1.3: what belongs to the transport may be left out of all
 * sections of a bundle but one */
static void
inherit_from_bundle (GPtrArray *sections)
{
  GstKandySdpSection *first = NULL;
  guint i, j;

  for (i = 0; i < sections->len && !first; i++) {
    GstKandySdpSection *section = g_ptr_array_index (sections, i);

    if (section->alive && section->bundled && section->transport->ufrag)
      first = section;
  }
  for (i = 0; i < sections->len && first; i++) {
    GstKandySdpSection *section = g_ptr_array_index (sections, i);

    gboolean own = section->transport->fingerprints->len > 0;

    if (section == first || !section->alive || !section->bundled)
      continue;
    if (!section->transport->ufrag && !section->transport->pwd) {
      section->transport->ufrag = g_strdup (first->transport->ufrag);
      section->transport->pwd = g_strdup (first->transport->pwd);
    }
    for (j = 0; !own && j < first->transport->fingerprints->len; j++)
      add_fingerprint (section->transport,
          g_ptr_array_index (first->transport->fingerprints, j));
    if (section->setup == GST_KANDY_SDP_SETUP_NONE)
      section->setup = first->setup;
    section->rtcp_mux |= first->rtcp_mux;
  }
}

static gboolean
reader_check_sections (Reader *reader, GPtrArray *sections, GError **error)
{
  g_autoptr (GHashTable) mids = g_hash_table_new (g_str_hash, g_str_equal);
  guint i;

  for (i = 0; i < sections->len; i++) {
    GstKandySdpSection *section = g_ptr_array_index (sections, i);
    const char *missing = NULL;

    if (section->mid && !g_hash_table_add (mids, section->mid))
      return reader_fail (reader, error,
          "m-line %u (%s) has the a=mid of another", i, section->media);
    if (!section->alive)
      continue;
    if (!section->transport->ufrag)
      missing = "a=ice-ufrag";
    else if (!section->transport->pwd)
      missing = "a=ice-pwd";
    else if (section->transport->fingerprints->len == 0)
      missing = "a usable a=fingerprint";
    else if (!section->rtcp_mux)
      missing = "a=rtcp-mux";
    if (missing)
      return reader_fail (reader, error, "m-line %u (%s) is without %s", i,
          section->media, missing);
  }
  return TRUE;
}

static void
reader_read_bundle (Reader *reader)
{
  guint i, j;

  for (i = 0; i < gst_sdp_message_attributes_len (reader->message); i++) {
    const GstSDPAttribute *attribute =
        gst_sdp_message_get_attribute (reader->message, i);
    g_auto (GStrv) mids = NULL;

    if (g_strcmp0 (attribute->key, "group") != 0 || !attribute->value
        || !g_str_has_prefix (attribute->value, "BUNDLE "))
      continue;
    /* Only the first group: what is in others gets transports of its own */
    mids = g_strsplit (attribute->value, " ", GST_KANDY_SDP_MAX_MLINES + 2);
    for (j = 1; mids[j]; j++) {
      if (is_token (mids[j]))
        g_ptr_array_add (reader->bundle, g_strdup (mids[j]));
    }
    return;
  }
}

/* What GstSDPMessage takes too easily */
static gboolean
reader_check_text (Reader *reader, const char *text, GError **error)
{
  gsize length = strnlen (text, GST_KANDY_SDP_MAX_TEXT + 1);
  guint lines = 0, mlines = 0;
  const char *p = text;

  if (length == 0)
    return reader_fail (reader, error, "it is empty");
  if (length > GST_KANDY_SDP_MAX_TEXT)
    return reader_fail (reader, error, "it is longer than %u KiB",
        GST_KANDY_SDP_MAX_TEXT / 1024);
  if (!g_utf8_validate (text, length, NULL))
    return reader_fail (reader, error, "it is not UTF-8");
  if (!g_str_has_prefix (text, "v=0\n") && !g_str_has_prefix (text, "v=0\r\n"))
    return reader_fail (reader, error, "it does not begin with v=0");

  while (*p) {
    gsize n = strcspn (p, "\n");

    if (++lines > GST_KANDY_SDP_MAX_LINES)
      return reader_fail (
          reader, error, "it has more than %u lines", GST_KANDY_SDP_MAX_LINES);
    if (n > GST_KANDY_SDP_MAX_LINE_LENGTH)
      return reader_fail (reader, error, "line %u is longer than %u bytes",
          lines, GST_KANDY_SDP_MAX_LINE_LENGTH);
    if (p[0] == 'm' && p[1] == '=' && ++mlines > GST_KANDY_SDP_MAX_MLINES)
      return reader_fail (reader, error, "it has more than %u m-lines",
          GST_KANDY_SDP_MAX_MLINES);
    if (n > 0 && !(n == 1 && p[0] == '\r')
        && (!g_ascii_islower (p[0]) || p[1] != '='))
      return reader_fail (
          reader, error, "line %u is not of the form x=...", lines);
    p += n;
    if (*p)
      p++;
  }
  return TRUE;
}

GstKandySdpDescription *
gst_kandy_sdp_description_parse (
    const char *text, gboolean is_offer, gboolean remove_h264, GError **error)
{
  g_autoptr (GstSDPMessage) message = NULL;
  g_autoptr (GPtrArray) bundle = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sections = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_kandy_sdp_section_unref);
  Reader reader = { NULL, is_offer, remove_h264, bundle };
  GstKandySdpDescription *description;
  const GstSDPOrigin *origin;
  guint i;

  if (!reader_check_text (&reader, text, error))
    return NULL;
  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    reader_fail (&reader, error, "it cannot be parsed");
    return NULL;
  }
  reader.message = message;

  origin = gst_sdp_message_get_origin (message);
  if (!origin->sess_id || !is_id (origin->sess_id)) {
    reader_fail (&reader, error, "it has no session id in its o= line");
    return NULL;
  }

  reader_read_bundle (&reader);
  for (i = 0; i < gst_sdp_message_medias_len (message); i++) {
    GstKandySdpSection *section = reader_read_section (&reader, i, error);

    if (!section)
      return NULL;
    g_ptr_array_add (sections, section);
  }
  inherit_from_bundle (sections);
  if (!reader_check_sections (&reader, sections, error))
    return NULL;

  description = g_rc_box_new0 (GstKandySdpDescription);
  description->session_id = g_strdup (origin->sess_id);
  description->sections = g_steal_pointer (&sections);
  return description;
}
