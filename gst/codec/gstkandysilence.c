/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysilence.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

static void
fill_black (GstVideoFrame *frame)
{
  const GstVideoFormatInfo *info = frame->info.finfo;
  const GstVideoFormatInfo *unpacked =
      gst_video_format_get_info (info->unpack_format);
  int width = GST_VIDEO_FRAME_WIDTH (frame);
  gboolean deep = GST_VIDEO_FORMAT_INFO_DEPTH (unpacked, 0) > 8;
  g_autofree guint16 *line = g_new0 (guint16, 4 * (width + 1));
  int i, y;

  for (i = 0; i < width; i++) {
    if (deep) {
      guint16 *p = line + 4 * i;

      p[0] = 0xffff;
      if (GST_VIDEO_FORMAT_INFO_IS_YUV (unpacked)) {
        p[1] = 0x1000;
        p[2] = p[3] = 0x8000;
      }
    } else {
      guint8 *p = (guint8 *) line + 4 * i;

      p[0] = 0xff;
      if (GST_VIDEO_FORMAT_INFO_IS_YUV (unpacked)) {
        p[1] = 0x10;
        p[2] = p[3] = 0x80;
      }
    }
  }
  for (y = 0; y < GST_VIDEO_FRAME_HEIGHT (frame); y += info->pack_lines)
    info->pack_func (info, GST_VIDEO_PACK_FLAG_NONE, line, 0, frame->data,
        frame->info.stride, frame->info.chroma_site, y, width);
}

static GstBuffer *
new_black (GstVideoInfo *info)
{
  GstBuffer *buffer = gst_buffer_new_and_alloc (info->size);
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_WRITE)) {
    gst_buffer_unref (buffer);
    return NULL;
  }
  fill_black (&frame);
  gst_video_frame_unmap (&frame);
  return buffer;
}

static GstBuffer *
new_silence (const GstAudioInfo *info, gsize size)
{
  GstBuffer *buffer = gst_buffer_new_and_alloc (size);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  gst_audio_format_info_fill_silence (info->finfo, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

GstBuffer *
gst_kandy_silence_new (const GstCaps *caps, gsize size)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  GstAudioInfo audio;
  GstVideoInfo video;

  if (gst_structure_has_name (s, "audio/x-raw")
      && gst_audio_info_from_caps (&audio, caps))
    return new_silence (&audio, size);
  if (gst_structure_has_name (s, "video/x-raw")
      && gst_video_info_from_caps (&video, caps))
    return new_black (&video);
  return NULL;
}
