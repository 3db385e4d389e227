/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/audio/audio.h>

#include "gstkandycomfort.h"
#include "gstkandysilence.h"

/* SECTION: what comes out of a pad of kandysrc while nothing arrives
 *
 * Whatever it is, it comes at the pace of the clock, so that what is downstream
 * goes on: a muxer or mixer has something of each of its inputs, a sink has
 * something to wait for.
 */

GType
gst_kandy_comfort_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GST_KANDY_COMFORT_GAPS, "GAP events", "gaps" },
    { GST_KANDY_COMFORT_SILENCE, "Silence and black", "silence" },
    { GST_KANDY_COMFORT_LAST_FRAME, "Silence and the last picture",
        "last-frame" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstKandyComfort", values));
  return type;
}

void
gst_kandy_filler_init (GstKandyFiller *self)
{
  g_mutex_init (&self->lock);
  self->end = GST_CLOCK_TIME_NONE;
}

void
gst_kandy_filler_clear (GstKandyFiller *self)
{
  gst_clear_buffer (&self->last);
  g_mutex_clear (&self->lock);
}

void
gst_kandy_filler_set_comfort (GstKandyFiller *self, GstKandyComfort comfort)
{
  g_mutex_lock (&self->lock);
  self->comfort = comfort;
  g_mutex_unlock (&self->lock);
}

GstKandyComfort
gst_kandy_filler_get_comfort (GstKandyFiller *self)
{
  GstKandyComfort comfort;

  g_mutex_lock (&self->lock);
  comfort = self->comfort;
  g_mutex_unlock (&self->lock);
  return comfort;
}

void
gst_kandy_filler_note (GstKandyFiller *self, GstPad *pad, GstBuffer *buffer)
{
  gboolean keep =
      gst_kandy_filler_get_comfort (self) == GST_KANDY_COMFORT_LAST_FRAME;

  gst_buffer_replace (&self->last, keep ? buffer : NULL);
  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return;
  self->end = GST_BUFFER_PTS (buffer);
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    self->end += GST_BUFFER_DURATION (buffer);
}

/* (transfer full) (nullable) */
static GstBuffer *
make_sound (GstPad *pad, GstCaps *caps, GstClockTime from, GstClockTime to)
{
  GstAudioInfo info;
  GstBuffer *buffer;
  guint64 n;

  if (!gst_audio_info_from_caps (&info, caps)
      || GST_AUDIO_INFO_LAYOUT (&info) != GST_AUDIO_LAYOUT_INTERLEAVED)
    return NULL;
  n = gst_util_uint64_scale (
      to - from, GST_AUDIO_INFO_RATE (&info), GST_SECOND);
  if (n == 0)
    return NULL;
  buffer = gst_kandy_silence_new (caps, n * GST_AUDIO_INFO_BPF (&info));
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  GST_BUFFER_PTS (buffer) = from;
  GST_BUFFER_DURATION (buffer) =
      gst_util_uint64_scale (n, GST_SECOND, GST_AUDIO_INFO_RATE (&info));
  return buffer;
}

/* (transfer full) (nullable) */
static GstBuffer *
make_picture (GstKandyFiller *self, GstCaps *caps, GstKandyComfort comfort,
    GstClockTime from, GstClockTime to)
{
  GstBuffer *buffer =
      comfort == GST_KANDY_COMFORT_LAST_FRAME && self->last != NULL
      ? gst_buffer_copy (self->last)
      : gst_kandy_silence_new (caps, 0);

  if (buffer == NULL)
    return NULL;
  /* live: it is of now, however long there was none */
  GST_BUFFER_PTS (buffer) = to;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = GST_CLOCK_TIME_NONE;
  return buffer;
}

void
gst_kandy_filler_fill (
    GstKandyFiller *self, GstPad *pad, GstClockTime from, GstClockTime to)
{
  GstKandyComfort comfort = gst_kandy_filler_get_comfort (self);
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const char *name;
  GstBuffer *buffer = NULL;

  /* a decoder may not have got its first picture yet */
  if (caps == NULL)
    return;
  if (GST_CLOCK_TIME_IS_VALID (self->end))
    from = self->end;
  if (from >= to)
    return;

  name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (comfort != GST_KANDY_COMFORT_GAPS && g_str_equal (name, "audio/x-raw"))
    buffer = make_sound (pad, caps, from, to);
  else if (comfort != GST_KANDY_COMFORT_GAPS
      && g_str_equal (name, "video/x-raw"))
    buffer = make_picture (self, caps, comfort, from, to);

  if (buffer == NULL) {
    self->end = to;
    gst_pad_push_event (pad, gst_event_new_gap (from, to - from));
    return;
  }
  /* the pad's own probe notes it, and the picture that it may be a copy of */
  gst_pad_push (pad, buffer);
  self->end = to;
}
