/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

/* DTMF of a call, both ways: which track carries it, and what is told of it. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

/* Some senders let a tone be heard beside its event */
#define SAME_TONE_US (2 * G_USEC_PER_SEC)

static gboolean
is_held (GstKandyCall *self)
{
  return self->hold.local || self->hold.remote
      || (self->staging
          && (self->staged_hold.local || self->staged_hold.remote));
}

static GstKandyLocalTrack *
find_sound (GstKandyCall *self, GstKandySendTrack *wanted)
{
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (wanted ? local->track == wanted
               : gst_kandy_send_track_get_kind (local->track)
                == KANDY_MEDIA_KIND_AUDIO)
      return local;
  }
  return NULL;
}

/* Whether the far end has agreed to hear it */
static gboolean
is_agreed_on (GstKandyCall *self, GstKandyLocalTrack *local)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    if (gst_kandy_sdp_facade_get_mline (self->facade, i, &mline) && mline.alive
        && mline.send && mline.track == local->facade_id)
      return TRUE;
  }
  return FALSE;
}

static GstKandySendTrack *
find_target (gpointer owner, GstKandySendTrack *wanted, GError **error)
{
  GstKandyCall *self = owner;
  GstKandyLocalTrack *local = find_sound (self, wanted);

  if (self->failed || self->closed) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The call is over");
  } else if (is_held (self)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "The DTMF tones cannot be sent: the call is on hold."));
  } else if (!local) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
            "The DTMF tones cannot be sent: the call sends no sound that they "
            "could go with."));
  } else if (gst_kandy_send_track_is_open (local->track)) {
    return gst_object_ref (local->track);
  } else if (!self->staging && !is_agreed_on (self, local)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
            "The DTMF tones cannot be sent: the far end has not agreed to hear "
            "sound."));
  }
  return NULL;
}

static void
send_dtmf_async (KandyMediaEngine *engine, const char *tones, guint duration,
    guint gap, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  GstKandySendTrack *track;
  GError *error = NULL;

  g_task_set_source_tag (task, send_dtmf_async);
  track = find_target (self, NULL, &error);
  g_clear_object (&track);
  if (error) {
    g_task_return_error (task, error);
    g_object_unref (task);
  } else {
    gst_kandy_dtmf_sender_send (self->dtmf, tones, duration, gap, task);
  }
}

static gboolean
send_dtmf_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
gst_kandy_call_init_dtmf_engine (KandyMediaEngineInterface *iface)
{
  iface->send_dtmf_async = send_dtmf_async;
  iface->send_dtmf_finish = send_dtmf_finish;
}

void
gst_kandy_call_init_dtmf (GstKandyCall *self)
{
  self->dtmf = gst_kandy_dtmf_sender_new (self->context, find_target, self);
}

static void
report (GstKandyCall *self, guint number, guint volume, gboolean in_band)
{
  if (self->closed || self->failed)
    return;
  GST_DEBUG_OBJECT (
      self->pipeline, "tone %u%s", number, in_band ? " in the sound" : "");
  g_object_ref (self);
  g_signal_emit_by_name (self, "dtmf-event", number, volume, in_band);
  kandy_media_engine_emit_dtmf_received (
      KANDY_MEDIA_ENGINE (self), number, in_band);
  g_object_unref (self);
}

void
gst_kandy_call_hear_event (gpointer call, guint number, guint volume)
{
  GstKandyCall *self = call;

  self->event_number = number;
  self->event_time = g_get_monotonic_time ();
  report (self, number, volume, FALSE);
}

/**
 * gst_kandy_call_start_tone:
 * @self: a #GstKandyCall
 * @track: (nullable): the track that it goes with; %NULL: the first one of
 *   sound
 * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for `A` to `D`
 * @volume: in dB below full scale, 0 to 63
 * @method: how it is sent
 *
 * Sends a DTMF tone until gst_kandy_call_stop_tone(), behind those that are
 * being sent. It lasts at least 40 ms and at most 6 s. The next tone stops it,
 * too. If it cannot be sent, nothing is. On the kandy thread.
 */
void
gst_kandy_call_start_tone (GstKandyCall *self, GstKandySendTrack *track,
    guint number, guint volume, GstKandyDtmfMethod method)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (number < 16);

  if (!self->closed)
    gst_kandy_dtmf_sender_start_tone (
        self->dtmf, track, number, volume, method);
}

/**
 * gst_kandy_call_stop_tone:
 * @self: a #GstKandyCall
 *
 * Ends the tone of gst_kandy_call_start_tone(). On the kandy thread.
 */
void
gst_kandy_call_stop_tone (GstKandyCall *self)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));

  gst_kandy_dtmf_sender_stop_tone (self->dtmf);
}

/**
 * gst_kandy_call_hear_tone:
 * @self: a #GstKandyCall
 * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for `A` to `D`
 * @volume: in dB below full scale, 0 if that is not known
 *
 * A DTMF tone was found in what is received. Tells of it by
 * #GstKandyCall::dtmf-event, unless it came as an event already. On the kandy
 * thread.
 */
void
gst_kandy_call_hear_tone (GstKandyCall *self, guint number, guint volume)
{
  g_return_if_fail (GST_KANDY_IS_CALL (self));
  g_return_if_fail (number < 16);

  if (self->event_time != 0 && self->event_number == number
      && g_get_monotonic_time () - self->event_time < SAME_TONE_US) {
    self->event_time = 0;
    return;
  }
  report (self, number, volume, TRUE);
}
