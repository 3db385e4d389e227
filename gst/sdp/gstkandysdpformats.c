/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Payload types: what we offer of our codecs, what of an offer we can do, and
 * the caps that elements want for it. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpprivate.h"

#include <string.h>

static void
format_clear (gpointer data)
{
  GstKandySdpFormat *format = data;

  g_free (format->name);
  g_free (format->fmtp);
}

GstKandySdpFormat *
gst_kandy_sdp_format_new (
    int pt, const char *name, guint clock_rate, guint channels)
{
  GstKandySdpFormat *format = g_rc_box_new0 (GstKandySdpFormat);

  format->pt = pt;
  format->name = g_ascii_strup (name, -1);
  format->clock_rate = clock_rate;
  format->channels = channels;
  format->apt = -1;
  return format;
}

GstKandySdpFormat *
gst_kandy_sdp_format_ref (GstKandySdpFormat *format)
{
  return g_rc_box_acquire (format);
}

void
gst_kandy_sdp_format_unref (GstKandySdpFormat *format)
{
  g_rc_box_release_full (format, format_clear);
}

GPtrArray *
gst_kandy_sdp_formats_new (void)
{
  return g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_kandy_sdp_format_unref);
}

static void
formats_add (GPtrArray *formats, GstKandySdpFormat *format)
{
  g_ptr_array_add (formats, gst_kandy_sdp_format_ref (format));
}

void
gst_kandy_sdp_formats_append (GPtrArray *formats, GPtrArray *more)
{
  guint i;

  for (i = 0; i < more->len; i++)
    formats_add (formats, g_ptr_array_index (more, i));
}

GstKandySdpFormat *
gst_kandy_sdp_formats_find (GPtrArray *formats, int pt)
{
  guint i;

  for (i = 0; formats && i < formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);

    if (format->pt == pt)
      return format;
  }
  return NULL;
}

GstKandySdpFormat *
gst_kandy_sdp_formats_find_rtx (GPtrArray *formats, int apt)
{
  guint i;

  for (i = 0; formats && i < formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);

    if (format->apt == apt && strcmp (format->name, "RTX") == 0)
      return format;
  }
  return NULL;
}

static gboolean
is_dtmf (const GstKandySdpFormat *format)
{
  return strcmp (format->name, "TELEPHONE-EVENT") == 0;
}

GstKandySdpFormat *
gst_kandy_sdp_formats_find_dtmf (GPtrArray *formats, guint clock_rate)
{
  guint i;

  for (i = 0; formats && i < formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);

    if (is_dtmf (format) && format->clock_rate == clock_rate)
      return format;
  }
  return NULL;
}

/* What carries media itself: not its protection, repetition or comfort noise */
gboolean
gst_kandy_sdp_format_is_codec (const GstKandySdpFormat *format)
{
  static const char *const others[] = { "RTX", "RED", "ULPFEC", "FLEXFEC-03",
    "FLEXFEC", "CN", "TELEPHONE-EVENT", NULL };

  return !g_strv_contains (others, format->name);
}

char *
gst_kandy_sdp_fmtp_get (const char *fmtp, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (fmtp ? fmtp : "", ";", 64);
  gsize length = strlen (name);
  guint i;

  for (i = 0; parts[i]; i++) {
    const char *part = g_strstrip (parts[i]);

    if (g_ascii_strncasecmp (part, name, length) == 0 && part[length] == '=')
      return g_strdup (part + length + 1);
  }
  return NULL;
}

static gboolean
fmtp_equal (const char *a, const char *b, const char *name, const char *missing)
{
  g_autofree char *x = gst_kandy_sdp_fmtp_get (a, name);
  g_autofree char *y = gst_kandy_sdp_fmtp_get (b, name);

  return g_ascii_strcasecmp (x ? x : missing, y ? y : missing) == 0;
}

/* RFC 6184 section 8.1. The first byte is the profile; constraint_set1 makes
 * baseline constrained. */
static gboolean
h264_profile (const char *fmtp, guint *idc, guint *iop)
{
  g_autofree char *text = gst_kandy_sdp_fmtp_get (fmtp, "profile-level-id");
  guint64 value = 0x42000a;

  if (text
      && (strlen (text) != 6
          || !g_ascii_string_to_unsigned (text, 16, 0, 0xffffff, &value, NULL)))
    return FALSE;
  *idc = value >> 16;
  *iop = (value >> 8) & 0xff;
  return TRUE;
}

gboolean
gst_kandy_sdp_format_same_codec (
    const GstKandySdpFormat *a, const GstKandySdpFormat *b)
{
  if (strcmp (a->name, b->name) != 0 || a->clock_rate != b->clock_rate)
    return FALSE;

  if (strcmp (a->name, "H264") == 0) {
    guint idc[2], iop[2];

    return fmtp_equal (a->fmtp, b->fmtp, "packetization-mode", "0")
        && h264_profile (a->fmtp, &idc[0], &iop[0])
        && h264_profile (b->fmtp, &idc[1], &iop[1]) && idc[0] == idc[1];
  }
  if (strcmp (a->name, "VP9") == 0)
    return fmtp_equal (a->fmtp, b->fmtp, "profile-id", "0");
  if (strcmp (a->name, "AV1") == 0)
    return fmtp_equal (a->fmtp, b->fmtp, "profile", "0");
  /* RFC 7587 section 7: always 2 */
  if (strcmp (a->name, "OPUS") == 0)
    return a->channels == 2 && b->channels == 2;
  if (strcmp (a->name, "RTX") == 0)
    return FALSE;
  return MAX (a->channels, 1) == MAX (b->channels, 1);
}

/* A yes/no parameter that caps may carry as a string or as a number */
static gboolean
caps_flag (const GstStructure *s, const char *name, gboolean missing)
{
  const char *text = gst_structure_get_string (s, name);
  int number;

  if (text)
    return strcmp (text, "1") == 0 || strcmp (text, "true") == 0;
  if (gst_structure_get_int (s, name, &number))
    return number != 0;
  return missing;
}

static char *
caps_to_fmtp (const char *name, const GstStructure *s)
{
  const char *text;

  if (strcmp (name, "OPUS") == 0)
    return g_strconcat ("minptime=10;useinbandfec=",
        caps_flag (s, "useinbandfec", TRUE) ? "1" : "0",
        caps_flag (s, "stereo", FALSE) ? ";stereo=1" : "",
        caps_flag (s, "sprop-stereo", FALSE) ? ";sprop-stereo=1" : "", NULL);
  if (strcmp (name, "H264") == 0) {
    text = gst_structure_get_string (s, "profile-level-id");
    return g_strconcat ("level-asymmetry-allowed=1;packetization-mode=",
        caps_flag (s, "packetization-mode", TRUE) ? "1" : "0",
        ";profile-level-id=", text && strlen (text) == 6 ? text : "42e01f",
        NULL);
  }
  if (strcmp (name, "VP9") == 0) {
    text = gst_structure_get_string (s, "profile-id");
    return g_strconcat (
        "profile-id=", text && strlen (text) == 1 ? text : "0", NULL);
  }
  if (strcmp (name, "AV1") == 0)
    return g_strdup ("level-idx=5;profile=0;tier=0");
  return NULL;
}

/* (nullable): one of our codecs, its payload type -1 if caps have none */
static GstKandySdpFormat *
format_from_structure (const GstStructure *s)
{
  const char *name = gst_structure_get_string (s, "encoding-name");
  const char *parameters = gst_structure_get_string (s, "encoding-params");
  GstKandySdpFormat *format;
  int clock_rate = 0, pt = -1, channels = 0;

  if (!name || !gst_structure_get_int (s, "clock-rate", &clock_rate)
      || clock_rate <= 0)
    return NULL;
  gst_structure_get_int (s, "payload", &pt);
  if (parameters)
    channels = g_ascii_strtoull (parameters, NULL, 10);
  else
    gst_structure_get_int (s, "channels", &channels);

  format = gst_kandy_sdp_format_new (pt, name, clock_rate, MAX (channels, 0));
  if (strcmp (format->name, "OPUS") == 0)
    format->channels = 2;
  else if (format->channels == 1)
    format->channels = 0;
  format->fmtp = caps_to_fmtp (format->name, s);
  return format;
}

static gboolean
pt_is_free (GPtrArray *taken, int pt)
{
  return gst_kandy_sdp_formats_find (taken, pt) == NULL;
}

/* RFC 3551 section 3 and RFC 5761 section 4: 96 to 127, and when they are used
 * up, 35 to 63 */
static int
allocate_pt (GPtrArray *taken)
{
  int pt;

  for (pt = 96; pt <= 127; pt++) {
    if (pt_is_free (taken, pt))
      return pt;
  }
  for (pt = 35; pt <= 63; pt++) {
    if (pt_is_free (taken, pt))
      return pt;
  }
  return -1;
}

/* Adds @format to both lists, under the payload type that it already has in
 * @taken, else the one it wishes, else any. */
static GstKandySdpFormat *
offer_format (GPtrArray *formats, GPtrArray *taken, GstKandySdpFormat *format)
{
  guint i;

  for (i = 0; i < taken->len; i++) {
    GstKandySdpFormat *other = g_ptr_array_index (taken, i);

    if ((format->apt >= 0 ? other->apt == format->apt
                          : gst_kandy_sdp_format_same_codec (format, other))
        && g_strcmp0 (format->fmtp, other->fmtp) == 0
        && !gst_kandy_sdp_formats_find (formats, other->pt)) {
      format->pt = other->pt;
      g_ptr_array_add (formats, format);
      return format;
    }
  }

  /* 64 to 95 would be taken for RTCP */
  if (format->pt < 0 || format->pt > 127 || (format->pt > 63 && format->pt < 96)
      || !pt_is_free (taken, format->pt))
    format->pt = allocate_pt (taken);
  if (format->pt < 0) {
    gst_kandy_sdp_format_unref (format);
    return NULL;
  }
  g_ptr_array_add (formats, format);
  formats_add (taken, format);
  return format;
}

GPtrArray *
gst_kandy_sdp_formats_offer (
    KandyMediaKind kind, GstCaps *codecs, GPtrArray *taken)
{
  GPtrArray *formats = gst_kandy_sdp_formats_new ();
  gboolean wide = FALSE, narrow = FALSE;
  guint i, n;

  for (i = 0; codecs && i < gst_caps_get_size (codecs); i++) {
    GstKandySdpFormat *format =
        format_from_structure (gst_caps_get_structure (codecs, i));

    if (!format)
      continue;
    if (kind == KANDY_MEDIA_KIND_VIDEO)
      format->nack = format->pli = format->fir = TRUE;
    wide |= format->clock_rate == 48000;
    narrow |= format->clock_rate == 8000;
    offer_format (formats, taken, format);
  }

  n = formats->len;
  if (kind == KANDY_MEDIA_KIND_VIDEO) {
    for (i = 0; i < n; i++) {
      GstKandySdpFormat *of = g_ptr_array_index (formats, i);
      GstKandySdpFormat *rtx =
          gst_kandy_sdp_format_new (of->pt + 1, "RTX", of->clock_rate, 0);

      rtx->apt = of->pt;
      rtx->fmtp = g_strdup_printf ("apt=%d", of->pt);
      offer_format (formats, taken, rtx);
    }
  } else if (n > 0) {
    /* RFC 4733 section 2.1: at the clock rate of the audio; many can only do
     * 8000, whatever the audio is */
    const guint rates[] = { wide ? 48000 : 0, wide || narrow ? 8000 : 0 };
    const int pts[] = { 110, 126 };

    for (i = 0; i < G_N_ELEMENTS (rates); i++) {
      GstKandySdpFormat *dtmf;

      if (!rates[i])
        continue;
      dtmf = gst_kandy_sdp_format_new (pts[i], "TELEPHONE-EVENT", rates[i], 0);
      dtmf->fmtp = g_strdup ("0-15");
      offer_format (formats, taken, dtmf);
    }
  }
  return formats;
}

GPtrArray *
gst_kandy_sdp_formats_match (GstCaps *codecs, GPtrArray *offered)
{
  GPtrArray *formats = gst_kandy_sdp_formats_new ();
  guint i, j;
  int exact;

  for (i = 0; codecs && i < gst_caps_get_size (codecs); i++) {
    const GstStructure *s = gst_caps_get_structure (codecs, i);
    GstKandySdpFormat *ours = format_from_structure (s);

    if (!ours)
      continue;
    /* First those with the very same profile: H.264 comes in several that
     * fit */
    for (exact = 1; exact >= 0; exact--) {
      for (j = 0; j < offered->len; j++) {
        GstKandySdpFormat *theirs = g_ptr_array_index (offered, j);
        GstKandySdpFormat *format;

        if (!gst_kandy_sdp_format_is_codec (theirs)
            || !gst_kandy_sdp_format_same_codec (ours, theirs)
            || gst_kandy_sdp_formats_find (formats, theirs->pt))
          continue;
        if (exact && strcmp (ours->name, "H264") == 0) {
          guint idc, iop[2];

          h264_profile (ours->fmtp, &idc, &iop[0]);
          h264_profile (theirs->fmtp, &idc, &iop[1]);
          if ((iop[0] & 0x40) != (iop[1] & 0x40))
            continue;
        }
        format = gst_kandy_sdp_format_new (
            theirs->pt, ours->name, ours->clock_rate, theirs->channels);
        format->fmtp = g_strdup (
            strcmp (ours->name, "H264") == 0 && theirs->fmtp ? theirs->fmtp
                                                             : ours->fmtp);
        format->nack = theirs->nack;
        format->pli = theirs->pli;
        format->fir = theirs->fir;
        g_ptr_array_add (formats, format);
      }
    }
    gst_kandy_sdp_format_unref (ours);
  }
  return formats;
}

GPtrArray *
gst_kandy_sdp_formats_answer (
    KandyMediaKind kind, GstKandySdpFormat *codec, GPtrArray *offered)
{
  GPtrArray *formats = gst_kandy_sdp_formats_new ();
  GstKandySdpFormat *rtx;
  guint i;

  formats_add (formats, codec);
  if (kind == KANDY_MEDIA_KIND_VIDEO) {
    rtx = gst_kandy_sdp_formats_find_rtx (offered, codec->pt);
    if (rtx) {
      GstKandySdpFormat *ours =
          gst_kandy_sdp_format_new (rtx->pt, rtx->name, rtx->clock_rate, 0);

      ours->apt = codec->pt;
      ours->fmtp = g_strdup_printf ("apt=%d", codec->pt);
      g_ptr_array_add (formats, ours);
    }
    return formats;
  }
  for (i = 0; i < offered->len; i++) {
    GstKandySdpFormat *theirs = g_ptr_array_index (offered, i);
    GstKandySdpFormat *ours;

    if (!is_dtmf (theirs)
        || (theirs->clock_rate != codec->clock_rate
            && theirs->clock_rate != 8000)
        || gst_kandy_sdp_formats_find_dtmf (formats, theirs->clock_rate))
      continue;
    ours = gst_kandy_sdp_format_new (
        theirs->pt, theirs->name, theirs->clock_rate, 0);
    ours->fmtp = g_strdup ("0-15");
    g_ptr_array_add (formats, ours);
  }
  return formats;
}

GstCaps *
gst_kandy_sdp_format_to_caps (
    KandyMediaKind kind, const GstKandySdpFormat *format)
{
  GstCaps *caps = gst_caps_new_simple ("application/x-rtp", "media",
      G_TYPE_STRING, kind == KANDY_MEDIA_KIND_AUDIO ? "audio" : "video",
      "encoding-name", G_TYPE_STRING, format->name, "clock-rate", G_TYPE_INT,
      (int) format->clock_rate, "payload", G_TYPE_INT, format->pt, NULL);

  /* webrtcbin writes "OPUS/48000" without it, which browsers refuse */
  if (strcmp (format->name, "OPUS") == 0)
    gst_caps_set_simple (caps, "encoding-params", G_TYPE_STRING, "2", NULL);
  /* profile-level-id would have to be the same at both ends for webrtcbin */
  if (strcmp (format->name, "H264") == 0) {
    g_autofree char *mode =
        gst_kandy_sdp_fmtp_get (format->fmtp, "packetization-mode");

    gst_caps_set_simple (caps, "packetization-mode", G_TYPE_STRING,
        mode && strlen (mode) == 1 ? mode : "0", NULL);
  }
  return caps;
}

GstCaps *
gst_kandy_sdp_formats_to_caps (KandyMediaKind kind, GPtrArray *formats)
{
  GstCaps *caps = gst_caps_new_empty ();
  guint i;

  for (i = 0; i < formats->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);

    if (gst_kandy_sdp_format_is_codec (format))
      gst_caps_append (caps, gst_kandy_sdp_format_to_caps (kind, format));
  }
  return caps;
}

static gboolean
codecs_have (GstCaps *codecs, GstKandySdpFormat *format)
{
  gboolean found = FALSE;
  guint i;

  for (i = 0; !found && i < gst_caps_get_size (codecs); i++) {
    GstKandySdpFormat *other =
        format_from_structure (gst_caps_get_structure (codecs, i));

    if (other) {
      found = gst_kandy_sdp_format_same_codec (format, other);
      gst_kandy_sdp_format_unref (other);
    }
  }
  return found;
}

GstCaps *
gst_kandy_sdp_codecs_intersect (GstCaps *a, GstCaps *b)
{
  GstCaps *caps = gst_caps_new_empty ();
  guint i;

  for (i = 0; i < gst_caps_get_size (a); i++) {
    const GstStructure *s = gst_caps_get_structure (a, i);
    GstKandySdpFormat *format = format_from_structure (s);

    if (!format)
      continue;
    if (codecs_have (b, format))
      gst_caps_append_structure (caps, gst_structure_copy (s));
    gst_kandy_sdp_format_unref (format);
  }
  return caps;
}

GstCaps *
gst_kandy_sdp_codecs_remove (GstCaps *codecs, const char *name)
{
  GstCaps *caps = gst_caps_new_empty ();
  guint i;

  for (i = 0; i < gst_caps_get_size (codecs); i++) {
    const GstStructure *s = gst_caps_get_structure (codecs, i);
    const char *other = gst_structure_get_string (s, "encoding-name");

    if (!other || g_ascii_strcasecmp (other, name) != 0)
      gst_caps_append_structure (caps, gst_structure_copy (s));
  }
  return caps;
}
