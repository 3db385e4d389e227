/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyframes.h"

#include <gst/rtp/gstrtpbuffer.h>

/* Parameter sets may come before the slice in one packet */
#define MAX_HEAD 256

typedef struct {
  const guint8 *data;
  guint size;
} Payload;

static gboolean
skip (Payload *payload, guint n)
{
  if (payload->size < n)
    return FALSE;
  payload->data += n;
  payload->size -= n;
  return TRUE;
}

/* RFC 7741 4.2, 4.3: whether a key frame starts here; then the size of the
 * picture is in its first ten bytes (RFC 6386 9.1) */
static gboolean
starts_vp8_key (GstKandyFrameCounter *self, Payload payload)
{
  guint8 first, extension;

  if (payload.size < 1)
    return FALSE;
  first = payload.data[0];
  /* The start of the first partition */
  if ((first & 0x10) == 0 || (first & 0x07) != 0)
    return FALSE;
  skip (&payload, 1);
  if (first & 0x80) {
    if (payload.size < 1)
      return FALSE;
    extension = payload.data[0];
    skip (&payload, 1);
    if (extension & 0x80) {
      guint n = payload.size > 0 && payload.data[0] & 0x80 ? 2 : 1;

      if (!skip (&payload, n))
        return FALSE;
    }
    if ((extension & 0x40) && !skip (&payload, 1))
      return FALSE;
    if ((extension & 0x30) && !skip (&payload, 1))
      return FALSE;
  }
  if (payload.size < 1 || payload.data[0] & 0x01)
    return FALSE;
  if (payload.size >= 10 && payload.data[3] == 0x9d && payload.data[4] == 0x01
      && payload.data[5] == 0x2a) {
    self->width = (payload.data[6] | payload.data[7] << 8) & 0x3fff;
    self->height = (payload.data[8] | payload.data[9] << 8) & 0x3fff;
  }
  return TRUE;
}

/* RFC 9628 4.2: the start of a frame that is not inter-picture predicted */
static gboolean
starts_vp9_key (Payload payload)
{
  return payload.size >= 1 && (payload.data[0] & 0x48) == 0x08;
}

/* RFC 6184 5.2 to 5.8: an IDR slice, alone, aggregated or fragmented */
static gboolean
starts_h264_key (Payload payload)
{
  guint8 type;

  if (payload.size < 2)
    return FALSE;
  type = payload.data[0] & 0x1f;
  if (type == 28)
    return (payload.data[1] & 0x9f) == (0x80 | 5);
  if (type != 24)
    return type == 5;
  skip (&payload, 1);
  while (payload.size > 2) {
    guint size = payload.data[0] << 8 | payload.data[1];

    if ((payload.data[2] & 0x1f) == 5)
      return TRUE;
    if (!skip (&payload, 2 + size))
      break;
  }
  return FALSE;
}

/* AV1's RTP payload format 4.4: N, a new coded video sequence */
static gboolean
starts_av1_key (Payload payload)
{
  return payload.size >= 1 && (payload.data[0] & 0x88) == 0x08;
}

void
gst_kandy_frame_counter_set_caps (
    GstKandyFrameCounter *self, const GstCaps *rtp_caps)
{
  static const struct {
    const char *name;
    GstKandyFraming framing;
  } framings[] = {
    { "VP8", GST_KANDY_FRAMING_VP8 },
    { "VP9", GST_KANDY_FRAMING_VP9 },
    { "H264", GST_KANDY_FRAMING_H264 },
    { "AV1", GST_KANDY_FRAMING_AV1 },
  };
  const char *name = NULL;

  self->framing = GST_KANDY_FRAMING_NONE;
  self->key = FALSE;
  if (rtp_caps && !gst_caps_is_any (rtp_caps) && !gst_caps_is_empty (rtp_caps))
    name = gst_structure_get_string (
        gst_caps_get_structure (rtp_caps, 0), "encoding-name");
  for (guint i = 0; name && i < G_N_ELEMENTS (framings); i++)
    if (g_ascii_strcasecmp (name, framings[i].name) == 0)
      self->framing = framings[i].framing;
}

void
gst_kandy_frame_counter_add (GstKandyFrameCounter *self, GstBuffer *rtp)
{
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  guint8 head[MAX_HEAD];
  Payload payload = { head, 0 };
  gboolean marker;

  if (self->framing == GST_KANDY_FRAMING_NONE
      || !gst_rtp_buffer_map (rtp, GST_MAP_READ, &map))
    return;

  /* Mapping the payload could mean to copy all of it */
  payload.size = (guint) gst_buffer_extract (
      rtp, gst_rtp_buffer_get_header_len (&map), head, sizeof (head));
  marker = gst_rtp_buffer_get_marker (&map);
  gst_rtp_buffer_unmap (&map);
  switch (self->framing) {
    case GST_KANDY_FRAMING_VP8:
      self->key |= starts_vp8_key (self, payload);
      break;
    case GST_KANDY_FRAMING_VP9:
      self->key |= starts_vp9_key (payload);
      break;
    case GST_KANDY_FRAMING_H264:
      self->key |= starts_h264_key (payload);
      break;
    case GST_KANDY_FRAMING_AV1:
      self->key |= starts_av1_key (payload);
      break;
    case GST_KANDY_FRAMING_NONE:
      break;
  }
  /* The last packet of a picture, in all of these formats */
  if (marker) {
    self->frames++;
    if (self->key)
      self->key_frames++;
    self->key = FALSE;
  }
}
