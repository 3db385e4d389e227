/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

/* Whether there is a way to the far end: what ICE says, the silence that
 * webrtcbin does not hear, and addresses that this machine no longer has. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

/* How good a call is, is asked every so many looks */
#define QUALITY_LOOKS (1000 / GST_KANDY_LIVENESS_LOOK_MS)

static gboolean watch_peer (gpointer user_data);

void
gst_kandy_call_set_watchdog (GstKandyCall *self, gboolean on)
{
  if (on == (self->watchdog != NULL))
    return;
  if (on) {
    gst_kandy_liveness_reset (&self->liveness);
    self->watchdog = g_timeout_source_new (GST_KANDY_LIVENESS_LOOK_MS);
    g_source_set_callback (self->watchdog, watch_peer, self, NULL);
    g_source_attach (self->watchdog, self->context);
  } else {
    g_source_destroy (self->watchdog);
    g_clear_pointer (&self->watchdog, g_source_unref);
  }
}

void
gst_kandy_call_set_patience (
    GstKandyCall *self, guint silence_ms, guint loss_ms)
{
  g_return_if_fail (!self->watchdog);

  self->silence_ms = silence_ms;
  self->loss_ms = loss_ms;
}

void
gst_kandy_call_set_connection_state (
    GstKandyCall *self, KandyMediaConnectionState state)
{
  if (self->state == state || self->closed)
    return;

  self->state = state;
  if (state == KANDY_MEDIA_CONNECTION_STATE_CONNECTED)
    gst_kandy_call_set_watchdog (self, TRUE);
  g_object_ref (self);
  g_object_notify (G_OBJECT (self), "connection-state");
  kandy_media_engine_emit_connection_state (KANDY_MEDIA_ENGINE (self), state);
  g_object_unref (self);
}

/* A held call may be silent for as long as it likes */
static gboolean
is_silent (GstKandyCall *self, gint64 idle)
{
  if (self->hold.local || self->hold.remote) {
    gst_kandy_liveness_reset (&self->liveness);
    return FALSE;
  }
  return gst_kandy_liveness_look (
      &self->liveness, g_get_monotonic_time () / 1000, idle, self->silence_ms);
}

/* ICE is one half of it: media flow when the far end is known to be the one */
void
gst_kandy_call_update_connection_state (GstKandyCall *self)
{
  KandyMediaConnectionState state = self->ice_state;

  if (state == KANDY_MEDIA_CONNECTION_STATE_CONNECTED) {
    gint64 idle = gst_kandy_transport_get_idle_time (self->transport);
    gboolean silent = is_silent (self, idle);

    if (!gst_kandy_transport_is_trusted (self->transport) && !self->was_trusted)
      state = KANDY_MEDIA_CONNECTION_STATE_CHECKING;
    else if (self->peer_closed || self->address_lost || silent)
      state = !self->peer_closed && idle > self->loss_ms
          ? KANDY_MEDIA_CONNECTION_STATE_FAILED
          : KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED;
  } else if (state == KANDY_MEDIA_CONNECTION_STATE_CHECKING
      && self->was_trusted) {
    /* An ICE restart: the former path carries media until the new one does */
    state = KANDY_MEDIA_CONNECTION_STATE_CONNECTED;
  }
  /* Without it there is only the hope for another one */
  if ((state == KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED
          || state == KANDY_MEDIA_CONNECTION_STATE_FAILED)
      && self->transport && !self->peer_closed
      && gst_kandy_transport_is_checking (self->transport))
    state = KANDY_MEDIA_CONNECTION_STATE_CHECKING;
  gst_kandy_call_set_connection_state (self, state);
}

/* Nobody tells that an address has moved; asking costs some 10 µs */
static void
look_for_address (GstKandyCall *self)
{
  gboolean usable;

  self->address_lost =
      self->transport && !gst_kandy_transport_has_address (self->transport);
  usable = self->address_lost && gst_kandy_has_usable_interface ();
  if (!usable)
    self->path_lost_told = FALSE;
}

static void
tell_path_lost (GstKandyCall *self)
{
  if (!self->address_lost || self->path_lost_told || self->closed
      || !gst_kandy_has_usable_interface ())
    return;
  GST_INFO_OBJECT (self->pipeline, "this machine has another address");
  self->path_lost_told = TRUE;
  kandy_media_engine_emit_path_lost (KANDY_MEDIA_ENGINE (self));
}

/* webrtcbin 1.22 stays connected for ever to a far end that is gone */
static gboolean
watch_peer (gpointer user_data)
{
  GstKandyCall *self = g_object_ref (user_data);

  look_for_address (self);
  gst_kandy_call_update_connection_state (self);
  tell_path_lost (self);
  for (guint i = 0; i < self->sends->len && !self->closed; i++)
    gst_kandy_send_track_look_at_source (
        ((GstKandyLocalTrack *) g_ptr_array_index (self->sends, i))->track);
  if (++self->n_looks % QUALITY_LOOKS == 0)
    gst_kandy_call_look (self);
  g_object_unref (self);
  return G_SOURCE_CONTINUE;
}

void
gst_kandy_call_transport_state (GstKandyTransport *transport,
    KandyMediaConnectionState state, GstKandyCall *self)
{
  if (transport != self->transport) {
    return;
  }
  self->ice_state = state;
  self->address_lost = !gst_kandy_transport_has_address (transport);
  if (state == KANDY_MEDIA_CONNECTION_STATE_CONNECTED
      && !self->timings.ice_connected)
    self->timings.ice_connected = g_get_monotonic_time ();
  gst_kandy_call_update_connection_state (self);
}

void
gst_kandy_call_peer_closed (GstKandyTransport *transport, GstKandyCall *self)
{
  if (transport != self->transport)
    return;
  GST_INFO_OBJECT (self->pipeline, "far end closed its DTLS association");
  self->peer_closed = TRUE;
  gst_kandy_call_update_connection_state (self);
}
