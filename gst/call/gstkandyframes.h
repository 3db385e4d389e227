/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Counts the pictures in a stream of RTP packets, without a decoder. The
 * caller locks. */

typedef enum {
  GST_KANDY_FRAMING_NONE,       /* sound */
  GST_KANDY_FRAMING_VP8,
  GST_KANDY_FRAMING_VP9,
  GST_KANDY_FRAMING_H264,
  GST_KANDY_FRAMING_AV1,
} GstKandyFraming;

typedef struct {
  guint64 frames;               /* that are complete */
  guint64 key_frames;
  guint width;                  /* of the last key frame, 0 = not known */
  guint height;

  GstKandyFraming framing;
  gboolean key;                 /* so is the one that comes in */
} GstKandyFrameCounter;

/* @rtp_caps: application/x-rtp */
void gst_kandy_frame_counter_set_caps (GstKandyFrameCounter *self,
    const GstCaps *rtp_caps);
/* Does nothing for sound, nor for what is no RTP packet */
void gst_kandy_frame_counter_add (GstKandyFrameCounter *self,
    GstBuffer *rtp);

G_END_DECLS
