/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"
#include "gstkandycodec.h"

/* The tracks of a call, as its descriptions have them: which there are, where
 * they are linked, and whether media may pass. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

void
gst_kandy_remote_track_free (gpointer data)
{
  GstKandyRemoteTrack *remote = data;

  gst_object_unref (remote->track);
  g_free (remote->id);
  g_free (remote);
}

/* @options: (nullable): of the answer */
void
gst_kandy_call_apply_settings (GstKandyCall *self, KandyMediaOptions *options)
{
  gboolean remove_h264 = TRUE, remove_bundling = FALSE;
  gboolean audio = TRUE, video = TRUE;
  guint call = 0, audio_rate = 0, video_rate = 0;

  if (options)
    g_set_object (&self->options, options);
  if (self->config) {
    remove_h264 =
        kandy_config_get_boolean (self->config, "call.removeH264Codecs");
    remove_bundling =
        kandy_config_get_boolean (self->config, "call.removeBundling");
  }
  if (self->options)
    g_object_get (self->options, "receive-audio", &audio, "receive-video",
        &video, "bandwidth-call", &call, "bandwidth-audio", &audio_rate,
        "bandwidth-video", &video_rate, NULL);

  if (!self->negotiated && !self->staging)
    gst_kandy_sdp_facade_set_remove_bundling (self->facade, remove_bundling);
  gst_kandy_sdp_facade_set_remove_h264 (self->facade, remove_h264);
  gst_kandy_sdp_facade_set_bandwidth (
      self->facade, call, audio_rate, video_rate);
  for (guint kind = 0; kind < 2; kind++) {
    gboolean wanted = kind == KANDY_MEDIA_KIND_AUDIO ? audio : video;
    g_autoptr (GstCaps) codecs = NULL;

    if (wanted && self->receive_codecs[kind])
      codecs = gst_caps_ref (self->receive_codecs[kind]);
    else if (wanted)
      codecs = gst_kandy_codecs_get_available (kind, remove_h264);
    gst_kandy_sdp_facade_set_receive (self->facade, kind, codecs);
    gst_kandy_sdp_facade_set_ask (self->facade, kind,
        wanted && (self->ask[kind] || self->sends->len == 0));
  }
}

static GstKandyRemoteTrack *
find_remote (GstKandyCall *self, const char *id)
{
  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    if (g_str_equal (remote->id, id))
      return remote;
  }
  return NULL;
}

static void
add_remote (GstKandyCall *self, const GstKandySdpMline *mline)
{
  GstKandyRemoteTrack *remote = g_new0 (GstKandyRemoteTrack, 1);
  g_autoptr (KandyTrack) track = kandy_track_new (mline->remote_track_id,
      mline->remote_stream_id, mline->kind, FALSE, NULL);

  kandy_track_set_source_muted (track, TRUE);
  remote->id = g_strdup (mline->remote_track_id);
  remote->mline = mline->index;
  remote->track = gst_kandy_receive_track_new (
      track, mline->receive_caps, self->latency, self->clock, self->base_time);
  remote->present = remote->described = TRUE;
  g_ptr_array_add (self->receives, remote);
}

/* (nullable): whose track has gone while its m-line goes on */
static GstKandyRemoteTrack *
find_orphan (GstKandyCall *self, const GstKandySdpMline *mline)
{
  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    if (!remote->present && remote->mline == mline->index
        && gst_kandy_receive_track_get_kind (remote->track) == mline->kind)
      return remote;
  }
  return NULL;
}

/* Another track comes where one went: the far end sends something else, or
 * another far end has taken over. Who plays it goes on with it. */
static void
replace_remote (GstKandyCall *self, GstKandyRemoteTrack *remote,
    const GstKandySdpMline *mline)
{
  g_autoptr (KandyTrack) former =
      g_object_ref (gst_kandy_receive_track_get_track (remote->track));
  g_autoptr (KandyTrack) track = kandy_track_new (mline->remote_track_id,
      mline->remote_stream_id, mline->kind, FALSE, NULL);
  gboolean was_shown = remote->shown;

  kandy_track_set_source_muted (track, TRUE);
  kandy_track_set_containers (track, kandy_track_get_containers (former));
  g_free (remote->id);
  remote->id = g_strdup (mline->remote_track_id);
  remote->present = remote->described = TRUE;
  remote->shown = FALSE;
  gst_kandy_receive_track_set_track (remote->track, track);
  gst_kandy_receive_track_set_caps (remote->track, mline->receive_caps);
  kandy_track_set_live (former, FALSE);
  if (was_shown)
    kandy_media_engine_emit_track_removed (KANDY_MEDIA_ENGINE (self), former);
}

/* For the owner of the engine, a track is there as long as the description says
 * that it is sent; a hold takes it away (protocol calls 4.7) */
static void
show_remote_tracks (GstKandyCall *self)
{
  g_autoptr (GPtrArray) come = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    if (remote->shown == remote->described)
      continue;
    remote->shown = remote->described;
    g_ptr_array_add (
        remote->shown ? come : gone, gst_object_ref (remote->track));
  }
  for (guint i = 0; i < gone->len && !self->closed; i++) {
    GstKandyReceiveTrack *track = g_ptr_array_index (gone, i);

    kandy_track_set_source_muted (
        gst_kandy_receive_track_get_track (track), TRUE);
    kandy_media_engine_emit_track_removed (
        KANDY_MEDIA_ENGINE (self), gst_kandy_receive_track_get_track (track));
  }
  for (guint i = 0; i < come->len && !self->closed; i++) {
    GstKandyReceiveTrack *track = g_ptr_array_index (come, i);

    kandy_media_engine_emit_track_added (
        KANDY_MEDIA_ENGINE (self), gst_kandy_receive_track_get_track (track));
    gst_kandy_receive_track_tell_flowing (track);
  }
}

/* Tracks are what the descriptions say, packets or not. A hold does not take
 * them away from who plays them, it only makes them silent. */
void
gst_kandy_call_sync_remote_tracks (GstKandyCall *self)
{
  gboolean held = self->hold.local || self->hold.remote
      || (self->staging
          && (self->staged_hold.local || self->staged_hold.remote));
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);
  g_autoptr (GPtrArray) gone =
      g_ptr_array_new_with_free_func (gst_kandy_remote_track_free);
  g_autoptr (GPtrArray) come = g_ptr_array_new ();
  guint old = self->receives->len;

  if (self->closed || !self->pipeline)
    return;

  for (guint i = 0; i < old; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    remote->present = remote->described = FALSE;
  }

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    GstKandyRemoteTrack *remote;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || !mline.alive || !mline.remote_track_id)
      continue;
    remote = find_remote (self, mline.remote_track_id);
    if (remote) {
      remote->present = mline.receive || held;
      remote->described = mline.receive;
      if (mline.receive_caps)
        gst_kandy_receive_track_set_caps (remote->track, mline.receive_caps);
    }
  }
  g_object_ref (self);
  for (guint i = 0; i < n && !self->closed; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    GstKandyRemoteTrack *orphan;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || !mline.alive || !mline.remote_track_id || !mline.receive
        || find_remote (self, mline.remote_track_id))
      continue;
    orphan = find_orphan (self, &mline);
    if (orphan)
      replace_remote (self, orphan, &mline);
    else
      add_remote (self, &mline);
  }
  if (self->closed) {
    g_object_unref (self);
    return;
  }

  for (guint i = old; i < self->receives->len; i++)
    g_ptr_array_add (come,
        ((GstKandyRemoteTrack *) g_ptr_array_index (self->receives, i))->track);
  for (guint i = old; i-- > 0;)
    if (!((GstKandyRemoteTrack *) g_ptr_array_index (self->receives, i))
             ->present)
      g_ptr_array_add (gone, g_ptr_array_steal_index (self->receives, i));
  gst_kandy_call_update_gates (self);

  for (guint i = 0; i < come->len; i++)
    g_object_ref (g_ptr_array_index (come, i));
  for (guint i = 0; i < gone->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (gone, i);
    KandyTrack *track = gst_kandy_receive_track_get_track (remote->track);

    gst_kandy_receive_track_set_active (remote->track, FALSE);
    kandy_track_set_live (track, FALSE);
    g_signal_emit_by_name (self, "receive-track-removed", remote->track);
    if (remote->shown)
      kandy_media_engine_emit_track_removed (KANDY_MEDIA_ENGINE (self), track);
  }
  for (guint i = 0; i < come->len; i++) {
    GstKandyReceiveTrack *track = g_ptr_array_index (come, i);

    if (!self->closed)
      g_signal_emit_by_name (self, "receive-track-added", track);
    g_object_unref (track);
  }
  show_remote_tracks (self);
  g_object_unref (self);
}

static GstKandyLocalTrack *
find_local (GstKandyCall *self, guint facade_id)
{
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (local->facade_id == facade_id)
      return local;
  }
  return NULL;
}

static void
close_gates (GstKandyCall *self)
{
  for (guint i = 0; i < self->sends->len; i++)
    gst_kandy_send_track_set_gate (
        ((GstKandyLocalTrack *) g_ptr_array_index (self->sends, i))->track,
        GST_KANDY_GATE_CLOSED);
  for (guint i = 0; i < self->receives->len; i++)
    gst_kandy_receive_track_set_active (
        ((GstKandyRemoteTrack *) g_ptr_array_index (self->receives, i))->track,
        FALSE);
}

/* Opens and closes the ways of media, as trust, holds and descriptions have it.
 * While a negotiation is staged the m-lines are those of tomorrow: a hold
 * already counts, everything else waits for the commit. */
static void
update_gates (GstKandyCall *self)
{
  gboolean trusted =
      self->transport && gst_kandy_transport_is_trusted (self->transport);
  gboolean held =
      self->hold.local || (self->staging && self->staged_hold.local);
  guint n;

  if (!self->pipeline)
    return;

  if (self->failed || self->closed) {
    close_gates (self);
    return;
  }
  if (self->staging && self->negotiated) {
    if (held)
      close_gates (self);
    return;
  }

  for (guint i = 0; i < self->sends->len; i++)
    ((GstKandyLocalTrack *) g_ptr_array_index (self->sends, i))->gate =
        GST_KANDY_GATE_CLOSED;
  for (guint i = 0; i < self->receives->len; i++)
    ((GstKandyRemoteTrack *) g_ptr_array_index (self->receives, i))->wanted =
        FALSE;

  n = gst_kandy_sdp_facade_get_n_mlines (self->facade);
  gst_kandy_router_begin (self->router);
  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    GstKandyLocalTrack *local;
    GstKandyRemoteTrack *remote = NULL;
    int payload = -1;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || !mline.alive)
      continue;
    local = mline.track ? find_local (self, mline.track) : NULL;
    if (local && mline.send && !held && self->negotiated)
      local->gate = trusted ? GST_KANDY_GATE_OPEN : GST_KANDY_GATE_AJAR;
    if (mline.remote_track_id)
      remote = find_remote (self, mline.remote_track_id);
    if (!remote)
      continue;
    remote->wanted = mline.receive && !held;
    if (mline.receive_caps)
      gst_structure_get_int (
          gst_caps_get_structure (mline.receive_caps, 0), "payload", &payload);
    if (mline.webrtcbin_index >= 0)
      gst_kandy_router_add (self->router, mline.webrtcbin_index, mline.kind,
          payload, remote->track);
  }
  gst_kandy_router_end (self->router);

  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    gst_kandy_send_track_set_gate (local->track, local->gate);
  }
  for (guint i = 0; i < self->receives->len; i++) {
    GstKandyRemoteTrack *remote = g_ptr_array_index (self->receives, i);

    gst_kandy_receive_track_set_active (remote->track, remote->wanted);
  }
}

void
gst_kandy_call_update_gates (GstKandyCall *self)
{
  update_gates (self);
  gst_kandy_dtmf_sender_poke (self->dtmf);
}

void
gst_kandy_call_drop_staged (GstKandyCall *self)
{
  if (!self->staged)
    return;
  gst_kandy_transport_close (self->staged, NULL);
  g_clear_object (&self->staged);
}

static GstKandyRtpBorder *
get_border (GstKandyCall *self, guint32 ssrc)
{
  GstKandyRtpBorder *border =
      g_hash_table_lookup (self->borders, GUINT_TO_POINTER (ssrc));

  if (!border) {
    border = gst_kandy_rtp_border_new ();
    g_hash_table_insert (self->borders, GUINT_TO_POINTER (ssrc), border);
  }
  return border;
}

static void
attach_tracks (GstKandyCall *self)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    GstKandyLocalTrack *local;
    g_autoptr (GstPad) pad = NULL;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || !mline.alive || !mline.track || mline.webrtcbin_index < 0
        || !mline.send_caps || !(local = find_local (self, mline.track)))
      continue;
    pad = gst_kandy_transport_get_sink_pad (
        self->transport, mline.webrtcbin_index);
    if (!pad) {
      GST_WARNING_OBJECT (
          self->pipeline, "webrtcbin has no sink pad for m-line %u", i);
      continue;
    }
    if (mline.rtx_ssrc)
      gst_kandy_transport_set_rtx_ssrc (
          self->transport, mline.ssrc, mline.rtx_ssrc);
    gst_kandy_send_track_attach (local->track, self->pipeline, pad,
        mline.send_caps, get_border (self, mline.ssrc));
    gst_kandy_send_track_set_event_format (
        local->track, mline.dtmf_payload, mline.dtmf_clock_rate);
    local->sdp_limit = mline.max_bitrate;
    gst_kandy_call_apply_bitrate (self, local);
  }
  gst_kandy_call_apply_priorities (self);
}

/* The staged negotiation is the current one now */
void
gst_kandy_call_after_commit (GstKandyCall *self)
{
  GstKandyTransport *former = NULL;

  g_object_ref (self);
  if (self->staged) {
    former = self->transport;
    self->transport = g_steal_pointer (&self->staged);
    self->was_trusted = FALSE;
    self->peer_closed = FALSE;
    self->ice_state =
        gst_kandy_transport_get_connection_state (self->transport);
    for (guint i = 0; i < self->receives->len; i++)
      gst_kandy_receive_track_forget_source (
          ((GstKandyRemoteTrack *) g_ptr_array_index (self->receives, i))
              ->track);
    /* Nothing for a far end of which nobody has seen the certificate yet */
    gst_kandy_call_update_gates (self);
  }

  attach_tracks (self);
  if (former) {
    gst_kandy_transport_close (former, NULL);
    g_object_unref (former);
  }
  gst_kandy_call_sync_remote_tracks (self);
  if (!self->closed)
    gst_kandy_call_check_certificates (self, self->transport);
  if (!self->closed)
    gst_kandy_call_update_connection_state (self);
  g_object_unref (self);
}
