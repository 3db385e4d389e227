/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

G_BEGIN_DECLS

/* Private. Tones that replace sound, for far ends that do not take them as
 * events: two sines each (ITU-T Q.23). They are asked for on one thread and
 * made in another, by the samples that go by. */
typedef struct {
  GMutex lock;
  GQueue tones;    /* those to come, and the one that sounds */
  gboolean active; /* atomic: there is anything to do */
} GstKandyDtmfTones;

void gst_kandy_dtmf_tones_init (GstKandyDtmfTones *self);
void gst_kandy_dtmf_tones_clear (GstKandyDtmfTones *self);

/* @volume: dB below full scale; @duration, @gap: ms of tone, and of silence
 * behind it. Forgotten if no sound goes by for some seconds */
void gst_kandy_dtmf_tones_add (GstKandyDtmfTones *self, guint number,
    guint volume, guint duration, guint gap);
void gst_kandy_dtmf_tones_stop (GstKandyDtmfTones *self);

gboolean gst_kandy_dtmf_tones_is_active (GstKandyDtmfTones *self);
/* Writes them over the next samples. Takes @buffer. (transfer full) */
GstBuffer *gst_kandy_dtmf_tones_apply (GstKandyDtmfTones *self,
    GstBuffer *buffer, const GstAudioInfo *info);

G_END_DECLS
