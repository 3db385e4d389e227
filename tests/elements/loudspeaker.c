/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loudspeaker.h"

/* Of 32768 */
#define LOUD 2000
/* A thread that wakes up late does not make a card slow */
#define OWN_BUFFER_US 20000

struct _Loudspeaker {
  GstAudioSink parent_instance;

  int rate, bpf;
  gint64 begin;  /* when the first frame was played, monotonic */
  guint64 taken; /* frames */

  GMutex lock;
  gint64 first, last; /* lock */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("audio/x-raw, format=" GST_AUDIO_NE (
            S16) ", layout=interleaved, rate=[ 8000, 48000 ], channels=1"));

G_DEFINE_FINAL_TYPE (Loudspeaker, loudspeaker, GST_TYPE_AUDIO_SINK)

static gboolean
succeed (GstAudioSink *sink)
{
  return TRUE;
}

static gboolean
loudspeaker_prepare (GstAudioSink *sink, GstAudioRingBufferSpec *spec)
{
  Loudspeaker *self = LOUD_SPEAKER (sink);

  self->rate = GST_AUDIO_INFO_RATE (&spec->info);
  self->bpf = GST_AUDIO_INFO_BPF (&spec->info);
  self->begin = 0;
  self->taken = 0;
  return TRUE;
}

static gint64
time_of (Loudspeaker *self, guint64 frame)
{
  return self->begin
      + (gint64) gst_util_uint64_scale_int (frame, G_USEC_PER_SEC, self->rate);
}

/* Takes as long as playing does */
static int
loudspeaker_write (GstAudioSink *sink, gpointer data, guint length)
{
  Loudspeaker *self = LOUD_SPEAKER (sink);
  const gint16 *samples = data;
  guint n = length / self->bpf;
  gint64 now = g_get_monotonic_time ();

  /* a card whose own buffer has run dry goes on from now */
  if (self->begin == 0 || time_of (self, self->taken) + OWN_BUFFER_US < now) {
    self->begin = now;
    self->taken = 0;
  }
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < n; i++) {
    if (ABS (samples[i]) < LOUD)
      continue;
    self->last = time_of (self, self->taken + i);
    if (self->first == 0)
      self->first = self->last;
  }
  g_mutex_unlock (&self->lock);
  self->taken += n;
  now = g_get_monotonic_time ();
  if (time_of (self, self->taken) > now)
    g_usleep ((gulong) (time_of (self, self->taken) - now));
  return (int) length;
}

static guint
loudspeaker_delay (GstAudioSink *sink)
{
  return 0;
}

static void
loudspeaker_reset_device (GstAudioSink *sink)
{
}

static void
loudspeaker_finalize (GObject *object)
{
  g_mutex_clear (&LOUD_SPEAKER (object)->lock);
  G_OBJECT_CLASS (loudspeaker_parent_class)->finalize (object);
}

static void
loudspeaker_class_init (LoudspeakerClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAudioSinkClass *sink_class = GST_AUDIO_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = loudspeaker_finalize;
  sink_class->open = succeed;
  sink_class->prepare = loudspeaker_prepare;
  sink_class->unprepare = succeed;
  sink_class->close = succeed;
  sink_class->write = loudspeaker_write;
  sink_class->delay = loudspeaker_delay;
  sink_class->reset = loudspeaker_reset_device;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Loudspeaker",
      "Sink/Audio", "A sound card that is not there", "gst-kandy");
}

static void
loudspeaker_init (Loudspeaker *self)
{
  g_mutex_init (&self->lock);
}

void
loudspeaker_register (void)
{
  gst_element_register (NULL, "loudspeaker", GST_RANK_NONE, LOUDSPEAKER_TYPE);
}

gint64
loudspeaker_get_first (Loudspeaker *self)
{
  gint64 first;

  g_mutex_lock (&self->lock);
  first = self->first;
  g_mutex_unlock (&self->lock);
  return first;
}

gint64
loudspeaker_get_last (Loudspeaker *self)
{
  gint64 last;

  g_mutex_lock (&self->lock);
  last = self->last;
  g_mutex_unlock (&self->lock);
  return last;
}

void
loudspeaker_reset (Loudspeaker *self)
{
  g_mutex_lock (&self->lock);
  self->first = 0;
  g_mutex_unlock (&self->lock);
}
