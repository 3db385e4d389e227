/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall.h"
#include "gstkandytrack-private.h"

G_BEGIN_DECLS

/* Private. Plays DTMF tones on a track one after the other, each as events (RFC
 * 4733) if the far end takes them, else in the sound. All on the thread of its
 * context. */
typedef struct _GstKandyDtmfSender GstKandyDtmfSender;

/* Where tones go now: @wanted, or if that is NULL the first one of sound.
 * (transfer full): NULL with @error set if they cannot go anywhere, without it
 * if not yet */
typedef GstKandySendTrack *(*GstKandyDtmfTarget) (gpointer owner,
    GstKandySendTrack *wanted, GError **error);

GstKandyDtmfSender *gst_kandy_dtmf_sender_new (GMainContext *context,
    GstKandyDtmfTarget target, gpointer owner);
/* Nothing may be under way, see gst_kandy_dtmf_sender_fail() */
void gst_kandy_dtmf_sender_free (GstKandyDtmfSender *self);

/* @tones: of "0123456789*#ABCDabcd,", else it fails; @duration, @gap: ms.
 * @task: (transfer full): returns a boolean when all was played; its
 * cancellable stops the rest */
void gst_kandy_dtmf_sender_send (GstKandyDtmfSender *self, const char *tones,
    guint duration, guint gap, GTask *task);
/* One tone that lasts until it is stopped, or six seconds. @track: (nullable) */
void gst_kandy_dtmf_sender_start_tone (GstKandyDtmfSender *self,
    GstKandySendTrack *track, guint number, guint volume,
    GstKandyDtmfMethod method);
void gst_kandy_dtmf_sender_stop_tone (GstKandyDtmfSender *self);
/* What is under way, and what waits, fails with @error */
void gst_kandy_dtmf_sender_fail (GstKandyDtmfSender *self,
    const GError *error);
/* Where tones go may be another, or none */
void gst_kandy_dtmf_sender_poke (GstKandyDtmfSender *self);

G_END_DECLS
