/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmftone.h"

#include <math.h>

/* Of this age it is not what is meant to be heard any more */
#define MAX_LATE_US (3 * G_USEC_PER_SEC)
/* What one turn of the loop makes; its samples are on the stack */
#define CHUNK 256

static const guint rows[] = { 697, 770, 852, 941 };
static const guint columns[] = { 1209, 1336, 1477, 1633 };
/* Of "0123456789*#ABCD": row and column on the keypad */
static const guint8 keys[16] = { 0x31, 0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x20,
  0x21, 0x22, 0x30, 0x32, 0x03, 0x13, 0x23, 0x33 };

typedef struct {
  guint number;
  double amplitude;
  guint duration;
  guint gap;
  gint64 expires;
  guint64 position; /* samples so far */
} Tone;

void
gst_kandy_dtmf_tones_init (GstKandyDtmfTones *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->tones);
  self->active = FALSE;
}

void
gst_kandy_dtmf_tones_clear (GstKandyDtmfTones *self)
{
  gst_kandy_dtmf_tones_stop (self);
  g_mutex_clear (&self->lock);
}

void
gst_kandy_dtmf_tones_add (GstKandyDtmfTones *self, guint number, guint volume,
    guint duration, guint gap)
{
  Tone *tone = g_new0 (Tone, 1);

  tone->number = number & 0xf;
  /* of each of the two */
  tone->amplitude = 0.5 * pow (10, -(double) volume / 20);
  tone->duration = duration;
  tone->gap = gap;
  tone->expires = g_get_monotonic_time () + duration * G_TIME_SPAN_MILLISECOND
      + MAX_LATE_US;
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->tones, tone);
  g_atomic_int_set (&self->active, TRUE);
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_dtmf_tones_stop (GstKandyDtmfTones *self)
{
  g_mutex_lock (&self->lock);
  g_queue_clear_full (&self->tones, g_free);
  g_atomic_int_set (&self->active, FALSE);
  g_mutex_unlock (&self->lock);
}

gboolean
gst_kandy_dtmf_tones_is_active (GstKandyDtmfTones *self)
{
  return g_atomic_int_get (&self->active);
}

/* With the lock. (nullable) */
static Tone *
peek_tone (GstKandyDtmfTones *self, guint rate, guint64 *sounds, guint64 *total)
{
  gint64 now = g_get_monotonic_time ();
  Tone *tone;

  while ((tone = g_queue_peek_head (&self->tones))) {
    *sounds = gst_util_uint64_scale (tone->duration, rate, 1000);
    *total = *sounds + gst_util_uint64_scale (tone->gap, rate, 1000);
    if (tone->position < *total && (tone->position > 0 || now < tone->expires))
      return tone;
    g_free (g_queue_pop_head (&self->tones));
  }
  g_atomic_int_set (&self->active, FALSE);
  return NULL;
}

static double
sample_at (const Tone *tone, guint64 position, guint rate)
{
  double t = 2 * G_PI * (double) position / rate;
  guint8 key = keys[tone->number];

  return tone->amplitude
      * (sin (t * rows[key >> 4]) + sin (t * columns[key & 0xf]));
}

/* @n samples of all channels from @offset on, in any format, by way of the one
 * that it is packed from */
static void
write_samples (
    GstAudioBuffer *map, guint offset, guint n, const double *samples)
{
  const GstAudioFormatInfo *format = map->info.finfo;
  gboolean planar = map->info.layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  guint channels = GST_AUDIO_INFO_CHANNELS (&map->info);
  guint stride = planar ? GST_AUDIO_INFO_BPS (&map->info)
                        : GST_AUDIO_INFO_BPF (&map->info);
  guint plane, i;
  gboolean is_float = format->unpack_format == GST_AUDIO_FORMAT_F64;
  union {
    double floats[CHUNK];
    gint32 integers[CHUNK];
  } unpacked;

  for (i = 0; i < n; i++) {
    if (is_float)
      unpacked.floats[i] = samples[i];
    else
      unpacked.integers[i] = (gint32) (samples[i] * G_MAXINT32);
  }
  for (plane = 0; plane < (guint) map->n_planes; plane++) {
    guint8 *target = (guint8 *) map->planes[plane] + (gsize) offset * stride;

    if (planar || channels == 1) {
      format->pack_func (
          format, GST_AUDIO_PACK_FLAG_NONE, &unpacked, target, (int) n);
      continue;
    }
    for (i = 0; i < n * channels; i++)
      format->pack_func (format, GST_AUDIO_PACK_FLAG_NONE,
          is_float ? (gpointer) &unpacked.floats[i / channels]
                   : (gpointer) &unpacked.integers[i / channels],
          target + i * GST_AUDIO_INFO_BPS (&map->info), 1);
  }
}

GstBuffer *
gst_kandy_dtmf_tones_apply (
    GstKandyDtmfTones *self, GstBuffer *buffer, const GstAudioInfo *info)
{
  guint rate = GST_AUDIO_INFO_RATE (info);
  double samples[CHUNK];
  GstAudioBuffer map;
  GstBuffer *copy;
  guint64 sounds, total;
  guint offset = 0, n, i;
  Tone *tone;

  copy = gst_buffer_copy_deep (buffer);
  if (!copy || !gst_audio_buffer_map (&map, info, copy, GST_MAP_READWRITE)) {
    gst_clear_buffer (&copy);
    return buffer;
  }

  g_mutex_lock (&self->lock);
  while (offset < map.n_samples
      && (tone = peek_tone (self, rate, &sounds, &total))) {
    n = (guint) MIN (
        MIN (map.n_samples - offset, CHUNK), total - tone->position);
    for (i = 0; i < n; i++, tone->position++)
      samples[i] =
          tone->position < sounds ? sample_at (tone, tone->position, rate) : 0;
    write_samples (&map, offset, n, samples);
    offset += n;
  }
  g_mutex_unlock (&self->lock);

  gst_audio_buffer_unmap (&map);
  GST_BUFFER_FLAG_UNSET (copy, GST_BUFFER_FLAG_GAP);
  gst_buffer_unref (buffer);
  return copy;
}
