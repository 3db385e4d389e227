/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes descriptions: those that travel, and those of the far end that
 * webrtcbin is told. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpprivate.h"

#include <gio/gio.h>
#include <string.h>

const char *
gst_kandy_sdp_direction (gboolean send, gboolean recv)
{
  if (send)
    return recv ? "sendrecv" : "sendonly";
  return recv ? "recvonly" : "inactive";
}

static const char *
setup_to_string (GstKandySdpSetup setup)
{
  switch (setup) {
    case GST_KANDY_SDP_SETUP_ACTIVE:
      return "active";
    case GST_KANDY_SDP_SETUP_PASSIVE:
      return "passive";
    default:
      return "actpass";
  }
}

typedef struct {
  const char *address;
  guint port;
  const char *type;
} CandidateParts;

/* RFC 8839 section 5.1: candidate:foundation component transport priority
 * address port typ type ... */
static gboolean
candidate_split (char **words, CandidateParts *parts)
{
  static const char *const types[] = { "host", "srflx", "prflx", "relay",
    NULL };
  guint64 value;
  const char *p;

  if (g_strv_length (words) < 8)
    return FALSE;
  for (p = words[0]; *p; p++) {
    if (!g_ascii_isgraph (*p) || p - words[0] > 64)
      return FALSE;
  }
  /* RTCP is multiplexed: there is no second component */
  if (strcmp (words[1], "1") != 0)
    return FALSE;
  if (g_ascii_strcasecmp (words[2], "udp") != 0
      && g_ascii_strcasecmp (words[2], "tcp") != 0)
    return FALSE;
  if (!g_ascii_string_to_unsigned (words[3], 10, 0, G_MAXUINT32, &value, NULL)
      || !g_ascii_string_to_unsigned (words[5], 10, 0, 65535, &value, NULL))
    return FALSE;
  parts->port = value;
  if (strcmp (words[6], "typ") != 0 || !g_strv_contains (types, words[7]))
    return FALSE;
  parts->type = words[7];

  /* No name is looked up on behalf of the far end but those of RFC 8828 */
  parts->address = words[4];
  if (!g_hostname_is_ip_address (words[4])) {
    if (!g_str_has_suffix (words[4], ".local") || strlen (words[4]) > 255)
      return FALSE;
    for (p = words[4]; *p; p++) {
      if (!g_ascii_isalnum (*p) && *p != '-' && *p != '.')
        return FALSE;
    }
  }
  return TRUE;
}

char *
gst_kandy_sdp_candidate_clean (const char *text)
{
  g_auto (GStrv) words = NULL;
  CandidateParts parts;
  const char *p;

  if (g_str_has_prefix (text, "a="))
    text += 2;
  if (!g_str_has_prefix (text, "candidate:") || strlen (text) > 512)
    return NULL;
  text += strlen ("candidate:");
  for (p = text; *p; p++) {
    if (!g_ascii_isprint (*p))
      return NULL;
  }
  words = g_strsplit (text, " ", -1);
  if (!candidate_split (words, &parts))
    return NULL;
  return g_strconcat ("candidate:", text, NULL);
}

gboolean
gst_kandy_sdp_transport_get_default (
    GstKandySdpTransport *transport, char **address, guint *port)
{
  static const char *const order[] = { "relay", "srflx", "host" };
  guint best = G_MAXUINT;
  guint i, j;

  for (i = 0; i < transport->candidates->len; i++) {
    const char *text = g_ptr_array_index (transport->candidates, i);
    g_auto (GStrv) words = g_strsplit (text + strlen ("candidate:"), " ", -1);
    CandidateParts parts;
    guint rank;

    if (!candidate_split (words, &parts)
        || g_ascii_strcasecmp (words[2], "udp") != 0 || parts.port == 0
        || !g_hostname_is_ip_address (parts.address))
      continue;
    for (j = 0; j < G_N_ELEMENTS (order) - 1; j++) {
      if (strcmp (order[j], parts.type) == 0)
        break;
    }
    /* of one type, IPv4: more can use it who use the default at all */
    rank = 2 * j + (strchr (parts.address, ':') != NULL);
    if (rank < best) {
      best = rank;
      g_free (*address);
      *address = g_strdup (parts.address);
      *port = parts.port;
    }
  }
  return best != G_MAXUINT;
}

static void
write_bandwidth (GString *s, guint bandwidth)
{
  if (bandwidth)
    g_string_append_printf (s, "b=AS:%u\r\nb=TIAS:%" G_GUINT64_FORMAT "\r\n",
        bandwidth, (guint64) bandwidth * 1000);
}

static void
write_format (GString *s, GstKandySdpFormat *format)
{
  /* Names are not case-sensitive; these are as everybody writes them */
  static const struct {
    const char *name, *usual;
  } names[] = {
    { "OPUS", "opus" },
    { "RTX", "rtx" },
    { "TELEPHONE-EVENT", "telephone-event" },
  };
  const char *name = format->name;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (name, names[i].name) == 0)
      name = names[i].usual;
  }
  g_string_append_printf (
      s, "a=rtpmap:%d %s/%u", format->pt, name, format->clock_rate);
  if (format->channels > 1)
    g_string_append_printf (s, "/%u", format->channels);
  g_string_append (s, "\r\n");
  if (format->nack)
    g_string_append_printf (s, "a=rtcp-fb:%d nack\r\n", format->pt);
  if (format->pli)
    g_string_append_printf (s, "a=rtcp-fb:%d nack pli\r\n", format->pt);
  if (format->fir)
    g_string_append_printf (s, "a=rtcp-fb:%d ccm fir\r\n", format->pt);
  if (format->fmtp)
    g_string_append_printf (s, "a=fmtp:%d %s\r\n", format->pt, format->fmtp);
}

static void
write_source (GString *s, const GstKandySdpWriterLine *line, guint32 ssrc)
{
  g_string_append_printf (
      s, "a=ssrc:%u cname:%s\r\n", ssrc, line->cname ? line->cname : "-");
  if (line->stream_id)
    g_string_append_printf (s, "a=ssrc:%u msid:%s%s%s\r\n", ssrc,
        line->stream_id, line->track_id ? " " : "",
        line->track_id ? line->track_id : "");
}

static void
write_dead_line (GString *s, const GstKandySdpWriterLine *line)
{
  g_string_append_printf (s, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n",
      line->media, line->proto, line->refused_format);
  if (line->mid)
    g_string_append_printf (s, "a=mid:%s\r\n", line->mid);
  g_string_append (s, "a=inactive\r\n");
}

static void
write_line (GString *s, const GstKandySdpWriterLine *line)
{
  GstKandySdpTransport *transport = line->transport;
  g_autofree char *address = NULL;
  guint port = 9;
  guint i;

  if (line->real_address
      && !gst_kandy_sdp_transport_get_default (transport, &address, &port))
    port = 9;

  g_string_append_printf (s, "m=%s %u %s", line->media, port, line->proto);
  for (i = 0; i < line->formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (line->formats, i);

    g_string_append_printf (s, " %d", format->pt);
  }
  g_string_append_printf (s, "\r\nc=IN %s %s\r\n",
      address && strchr (address, ':') ? "IP6" : "IP4",
      address ? address : "0.0.0.0");
  write_bandwidth (s, line->bandwidth);

  for (i = 0; i < transport->candidates->len; i++)
    g_string_append_printf (s, "a=%s\r\n",
        (const char *) g_ptr_array_index (transport->candidates, i));
  g_string_append_printf (s, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
      transport->ufrag, transport->pwd);
  for (i = 0; i < transport->fingerprints->len; i++)
    g_string_append_printf (s, "a=fingerprint:%s\r\n",
        (const char *) g_ptr_array_index (transport->fingerprints, i));
  g_string_append_printf (s, "a=setup:%s\r\n", setup_to_string (line->setup));
  if (line->mid)
    g_string_append_printf (s, "a=mid:%s\r\n", line->mid);
  g_string_append_printf (
      s, "a=%s\r\n", gst_kandy_sdp_direction (line->send, line->recv));
  if (line->stream_id)
    g_string_append_printf (s, "a=msid:%s%s%s\r\n", line->stream_id,
        line->track_id ? " " : "", line->track_id ? line->track_id : "");
  g_string_append (s, "a=rtcp-mux\r\na=rtcp-rsize\r\n");
  for (i = 0; i < line->formats->len; i++)
    write_format (s, g_ptr_array_index (line->formats, i));

  if (line->ssrc) {
    if (line->rtx_ssrc)
      g_string_append_printf (
          s, "a=ssrc-group:FID %u %u\r\n", line->ssrc, line->rtx_ssrc);
    write_source (s, line, line->ssrc);
    if (line->rtx_ssrc)
      write_source (s, line, line->rtx_ssrc);
  }
  for (i = 0; line->ssrcs && i < line->ssrcs->len; i++)
    write_source (s, line, g_array_index (line->ssrcs, guint32, i));
}

char *
gst_kandy_sdp_write (
    const char *session_id, guint version, guint bandwidth, GArray *lines)
{
  GString *s = g_string_sized_new (4096);
  g_autoptr (GHashTable) streams = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean group = FALSE;
  guint i;

  g_string_append_printf (
      s, "v=0\r\no=- %s %u IN IP4 127.0.0.1\r\ns=-\r\n", session_id, version);
  write_bandwidth (s, bandwidth);
  g_string_append (s, "t=0 0\r\n");

  for (i = 0; i < lines->len; i++) {
    GstKandySdpWriterLine *line =
        &g_array_index (lines, GstKandySdpWriterLine, i);

    if (!line->alive || !line->bundled || !line->mid)
      continue;
    g_string_append_printf (s, group ? " %s" : "a=group:BUNDLE %s", line->mid);
    group = TRUE;
  }
  if (group)
    g_string_append (s, "\r\n");

  g_string_append (s, "a=msid-semantic: WMS");
  for (i = 0; i < lines->len; i++) {
    GstKandySdpWriterLine *line =
        &g_array_index (lines, GstKandySdpWriterLine, i);

    if (line->alive && line->stream_id && strcmp (line->stream_id, "-") != 0
        && g_hash_table_add (streams, (gpointer) line->stream_id))
      g_string_append_printf (s, " %s", line->stream_id);
  }
  g_string_append (s, "\r\n");

  for (i = 0; i < lines->len; i++) {
    GstKandySdpWriterLine *line =
        &g_array_index (lines, GstKandySdpWriterLine, i);

    if (line->alive)
      write_line (s, line);
    else
      write_dead_line (s, line);
  }
  return g_string_free (s, FALSE);
}

static void
media_remove_attributes (GstSDPMedia *media, const char *key)
{
  guint i;

  for (i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    if (g_strcmp0 (gst_sdp_media_get_attribute (media, i - 1)->key, key) == 0)
      gst_sdp_media_remove_attribute (media, i - 1);
  }
}

void
gst_kandy_sdp_media_replace_attribute (
    GstSDPMedia *media, const char *key, const char *value)
{
  media_remove_attributes (media, key);
  gst_sdp_media_add_attribute (media, key, value);
}

void
gst_kandy_sdp_media_set_formats (GstSDPMedia *media, GPtrArray *formats)
{
  guint i;

  media_remove_attributes (media, "rtpmap");
  media_remove_attributes (media, "fmtp");
  media_remove_attributes (media, "rtcp-fb");
  while (gst_sdp_media_formats_len (media) > 0)
    gst_sdp_media_remove_format (media, 0);

  for (i = 0; i < formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);
    g_autoptr (GString) s = g_string_new (NULL);
    g_auto (GStrv) lines = NULL;
    g_autofree char *pt = g_strdup_printf ("%d", format->pt);
    guint j;

    gst_sdp_media_add_format (media, pt);
    write_format (s, format);
    lines = g_strsplit (s->str, "\r\n", -1);
    for (j = 0; lines[j] && lines[j][0]; j++) {
      char *value = strchr (lines[j], ':');

      *value++ = '\0';
      gst_sdp_media_add_attribute (media, lines[j] + strlen ("a="), value);
    }
  }
}
