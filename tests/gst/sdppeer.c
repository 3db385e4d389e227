/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sdppeer.h"

#ifndef SDP_PEER_WITHOUT_CHECK
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#endif
#include <string.h>

#define FINGERPRINT                                                            \
  "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:" \
  "66:77:88:99:AA:BB:CC:DD:EE"

char *
sdp_load (const char *name)
{
  g_autofree char *path = g_build_filename (SDP_DIR, name, NULL);
  char *text = NULL;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

char *
sdp_replace (const char *text, const char *what, const char *by)
{
  GString *s = g_string_new (text);

  fail_unless (
      g_string_replace (s, what, by, 0) > 0, "no %s in\n%s", what, text);
  return g_string_free (s, FALSE);
}

void
sdp_peer_init (SdpPeer *peer, const char *name, gboolean is_caller)
{
  memset (peer, 0, sizeof (*peer));
  peer->name = name;
  peer->facade = gst_kandy_sdp_facade_new (is_caller);
  peer->mids = g_ptr_array_new_with_free_func (g_free);
  gst_kandy_sdp_facade_set_remove_h264 (peer->facade, FALSE);
}

void
sdp_peer_receive (SdpPeer *peer, const char *audio, const char *video)
{
  g_autoptr (GstCaps) a = audio ? gst_caps_from_string (audio) : NULL;
  g_autoptr (GstCaps) v = video ? gst_caps_from_string (video) : NULL;

  gst_kandy_sdp_facade_set_receive (peer->facade, KANDY_MEDIA_KIND_AUDIO, a);
  gst_kandy_sdp_facade_set_receive (peer->facade, KANDY_MEDIA_KIND_VIDEO, v);
}

guint
sdp_peer_send (SdpPeer *peer, KandyMediaKind kind, const char *text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  return gst_kandy_sdp_facade_add_track (peer->facade, kind, NULL, NULL, caps);
}

static void
append_transport (SdpPeer *peer, GString *s, guint i)
{
  guint stream = peer->bundled ? 0 : i;

  g_string_append_printf (s,
      "a=ice-ufrag:%s%u%u%u\r\na=ice-pwd:%s0123456789012345678901\r\n"
      "a=fingerprint:" FINGERPRINT ":%02X\r\na=rtcp-mux\r\n",
      peer->name, peer->peers, stream, 0u, peer->name,
      peer->peers * 16 + (guint8) peer->name[0] % 16);
}

#ifdef SDP_PEER_WITHOUT_CHECK

gboolean
sdp_peer_is_real (void)
{
  return FALSE;
}

#else

gboolean
sdp_peer_is_real (void)
{
  return g_getenv ("SDP_PEER_WEBRTCBIN") != NULL;
}

static void
real_stop (GstElement **pipeline)
{
  if (*pipeline)
    gst_element_set_state (*pipeline, GST_STATE_NULL);
  gst_clear_object (pipeline);
}

static void
real_start (SdpPeer *peer)
{
  GstObject *ice = NULL;
  GObject *agent = NULL;

  if (peer->pipeline)
    peer->former_pipeline = peer->pipeline;
  peer->pipeline = gst_pipeline_new (NULL);
  peer->webrtcbin = gst_element_factory_make ("webrtcbin", NULL);
  gst_util_set_object_arg (G_OBJECT (peer->webrtcbin), "bundle-policy",
      peer->bundled ? "max-compat" : "none");
  gst_bin_add (GST_BIN (peer->pipeline), peer->webrtcbin);
  g_object_set_data (G_OBJECT (peer->pipeline), "webrtcbin", peer->webrtcbin);
  g_object_get (peer->webrtcbin, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, NULL);
  g_object_set (ice, "ice-tcp", FALSE, NULL);
  g_object_unref (agent);
  gst_object_unref (ice);
  gst_element_set_state (peer->pipeline, GST_STATE_PLAYING);
}

static void
real_add_transceiver (SdpPeer *peer, GstCaps *caps)
{
  GstWebRTCRTPTransceiver *transceiver = NULL;

  g_signal_emit_by_name (peer->webrtcbin, "add-transceiver",
      GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDRECV, caps, &transceiver);
  fail_unless (transceiver != NULL);
  gst_object_unref (transceiver);
}

static const GstStructure *
real_wait (GstPromise *promise)
{
  const GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_has_field (reply, "error")) {
    GError *error = NULL;

    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
    fail ("webrtcbin: %s", error->message);
  }
  return reply;
}

static GstSDPMessage *
real_create (SdpPeer *peer, const char *what)
{
  g_autofree char *action = g_strconcat ("create-", what, NULL);
  GstPromise *promise = gst_promise_new ();
  GstWebRTCSessionDescription *description = NULL;
  GstSDPMessage *message = NULL;

  g_signal_emit_by_name (peer->webrtcbin, action, NULL, promise);
  gst_structure_get (real_wait (promise), what,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  gst_sdp_message_copy (description->sdp, &message);
  gst_webrtc_session_description_free (description);
  gst_promise_unref (promise);
  return message;
}

static void
real_set (SdpPeer *peer, const char *which, gboolean offer,
    const GstSDPMessage *message)
{
  g_autofree char *action = g_strdup_printf ("set-%s-description", which);
  GstPromise *promise = gst_promise_new ();
  GstWebRTCSessionDescription *description;
  GstSDPMessage *copy = NULL;

  gst_sdp_message_copy (message, &copy);
  description = gst_webrtc_session_description_new (
      offer ? GST_WEBRTC_SDP_TYPE_OFFER : GST_WEBRTC_SDP_TYPE_ANSWER, copy);
  g_signal_emit_by_name (peer->webrtcbin, action, description, promise);
  real_wait (promise);
  gst_promise_unref (promise);
  gst_webrtc_session_description_free (description);
}

#endif

void
sdp_peer_clear (SdpPeer *peer)
{
#ifndef SDP_PEER_WITHOUT_CHECK
  real_stop (&peer->pipeline);
  real_stop (&peer->former_pipeline);
#endif
  g_clear_pointer (&peer->facade, gst_kandy_sdp_facade_free);
  g_clear_pointer (&peer->mids, g_ptr_array_unref);
  g_clear_pointer (&peer->former, g_ptr_array_unref);
}

/* As create-offer: every line sendrecv, actpass */
static GstSDPMessage *
create_offer (SdpPeer *peer)
{
  GString *s = g_string_new ("v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\n"
                             "t=0 0\r\na=ice-options:trickle\r\n");
  GstSDPMessage *message = NULL;
  guint i, n = gst_kandy_sdp_facade_get_n_mlines (peer->facade);

#ifndef SDP_PEER_WITHOUT_CHECK
  if (peer->webrtcbin) {
    g_string_free (s, TRUE);
    message = real_create (peer, "offer");
    for (i = peer->mids->len; i < gst_sdp_message_medias_len (message); i++)
      g_ptr_array_add (peer->mids,
          g_strdup (gst_sdp_media_get_attribute_val (
              gst_sdp_message_get_media (message, i), "mid")));
    return message;
  }
#endif
  while (peer->mids->len < peer->lines)
    g_ptr_array_add (peer->mids, g_strdup_printf ("audio%u", peer->mids->len));
  if (peer->bundled) {
    g_string_append (s, "a=group:BUNDLE");
    for (i = 0; i < peer->lines; i++)
      g_string_append_printf (
          s, " %s", (char *) g_ptr_array_index (peer->mids, i));
    g_string_append (s, "\r\n");
  }
  for (i = 0; i < peer->lines; i++) {
    GstKandySdpMline mline = { 0 };
    gboolean found = FALSE;
    guint j;

    for (j = 0; j < n && !found; j++) {
      found = gst_kandy_sdp_facade_get_mline (peer->facade, j, &mline)
          && mline.webrtcbin_index == (int) i;
      gst_kandy_sdp_mline_clear (&mline);
    }
    g_string_append_printf (s,
        "m=%s 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\n"
        "a=mid:%s\r\na=sendrecv\r\na=rtpmap:96 X/1\r\n",
        found && mline.kind == KANDY_MEDIA_KIND_VIDEO ? "video" : "audio",
        (char *) g_ptr_array_index (peer->mids, i));
    append_transport (peer, s, i);
  }
  fail_unless_equals_int (
      gst_sdp_message_new_from_text (s->str, &message), GST_SDP_OK);
  g_string_free (s, TRUE);
  return message;
}

/* As create-answer, with the checks of set-remote-description before */
static void
set_remote (SdpPeer *peer, const GstSDPMessage *remote)
{
  guint i;

  fail_unless_equals_int (gst_sdp_message_medias_len (remote), peer->lines);
  for (i = 0; i < peer->lines; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (remote, i);
    const char *mid = gst_sdp_media_get_attribute_val (media, "mid");

    fail_unless (mid && mid[0]);
    if (i < peer->mids->len) {
      fail_unless_equals_string (mid, g_ptr_array_index (peer->mids, i));
    } else {
      g_ptr_array_add (peer->mids, g_strdup (mid));
    }
    fail_unless (gst_sdp_media_get_port (media) != 0);
    fail_unless (gst_sdp_media_get_attribute_val (media, "sendrecv") != NULL);
    fail_unless (gst_sdp_media_get_attribute_val (media, "ice-ufrag"));
    fail_unless (gst_sdp_media_get_attribute_val (media, "ice-pwd"));
    fail_unless (gst_sdp_media_get_attribute_val (media, "fingerprint"));
    fail_unless (gst_sdp_media_get_attribute_val (media, "setup"));
    fail_unless (gst_sdp_media_get_attribute_val (media, "rtcp-mux"));
    fail_unless (gst_sdp_media_formats_len (media) > 0);
  }
}

static GstSDPMessage *
create_answer (SdpPeer *peer, const GstSDPMessage *remote)
{
  GstSDPMessage *message = NULL;
  GString *s =
      g_string_new ("v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
  guint i;

#ifndef SDP_PEER_WITHOUT_CHECK
  if (peer->webrtcbin) {
    g_string_free (s, TRUE);
    return real_create (peer, "answer");
  }
#endif
  for (i = 0; i < peer->lines; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (remote, i);

    g_string_append_printf (s,
        "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\n"
        "a=setup:active\r\na=mid:%s\r\na=sendrecv\r\n",
        gst_sdp_media_get_media (media), gst_sdp_media_get_format (media, 0),
        gst_sdp_media_get_attribute_val (media, "mid"));
    append_transport (peer, s, i);
  }
  fail_unless_equals_int (
      gst_sdp_message_new_from_text (s->str, &message), GST_SDP_OK);
  g_string_free (s, TRUE);
  return message;
}

static void
local_created (SdpPeer *peer, GstSDPMessage *created, gboolean offer)
{
  GError *error = NULL;
  GstSDPMessage *local =
      gst_kandy_sdp_facade_local_created (peer->facade, created, &error);

  if (!local)
    g_printerr ("%s\n", error->message);
  fail_unless (local != NULL, "%s", error ? error->message : "");
#ifndef SDP_PEER_WITHOUT_CHECK
  if (peer->webrtcbin)
    real_set (peer, "local", offer, local);
#endif
  gst_sdp_message_free (created);
  gst_sdp_message_free (local);
}

void
sdp_peer_drop (SdpPeer *peer)
{
  gst_kandy_sdp_facade_drop (peer->facade);
  if (peer->former) {
    g_ptr_array_unref (peer->mids);
    peer->mids = g_steal_pointer (&peer->former);
    peer->lines = peer->mids->len;
    peer->bundled = gst_kandy_sdp_facade_is_bundled (peer->facade);
#ifndef SDP_PEER_WITHOUT_CHECK
    real_stop (&peer->pipeline);
    peer->pipeline = g_steal_pointer (&peer->former_pipeline);
    peer->webrtcbin = peer->pipeline
        ? g_object_get_data (G_OBJECT (peer->pipeline), "webrtcbin")
        : NULL;
#endif
  }
}

void
sdp_peer_commit (SdpPeer *peer)
{
#ifndef SDP_PEER_WITHOUT_CHECK
  real_stop (&peer->former_pipeline);
#endif
  gst_kandy_sdp_facade_commit (peer->facade);
  g_clear_pointer (&peer->former, g_ptr_array_unref);
}

void
sdp_peer_steps (SdpPeer *peer)
{
  GstKandySdpSteps steps = gst_kandy_sdp_facade_get_steps (peer->facade);
  guint i, n = gst_kandy_sdp_facade_get_n_mlines (peer->facade);
  GstSDPMessage *remote = NULL;
  gboolean anew = FALSE;

  peer->done |= steps;
  if (steps & GST_KANDY_SDP_STEP_REBUILD
      || (steps & GST_KANDY_SDP_STEP_TRANSCEIVERS && peer->lines == 0)) {
    if (!peer->former)
      peer->former = peer->mids;
    else
      g_ptr_array_unref (peer->mids);
    peer->mids = g_ptr_array_new_with_free_func (g_free);
    peer->lines = 0;
    peer->peers++;
    anew = TRUE;
  }
  peer->bundled = gst_kandy_sdp_facade_is_bundled (peer->facade);
#ifdef SDP_PEER_WITHOUT_CHECK
  (void) anew;
#else
  if (anew && sdp_peer_is_real ()) {
    real_stop (&peer->former_pipeline);
    real_start (peer);
  }
#endif
  if (steps & GST_KANDY_SDP_STEP_RESTART) {
    peer->generation++;
    for (i = 0; i < n; i++) {
      g_auto (GstKandySdpMline) mline = { 0 };
      g_autofree char *ufrag = NULL;
      g_autofree char *pwd = NULL;

      if (!gst_kandy_sdp_facade_get_mline (peer->facade, i, &mline)
          || !mline.restarts)
        continue;
      ufrag = g_strdup_printf ("%s%u%u%u", peer->name, peer->peers,
          peer->bundled ? 0 : (guint) mline.webrtcbin_index, peer->generation);
      pwd = g_strdup_printf (
          "%sabcdefghijklmnopqrstu%u", peer->name, peer->generation);
      gst_kandy_sdp_facade_set_local_credentials (
          peer->facade, mline.webrtcbin_index, ufrag, pwd);
      if (peer->bundled)
        break;
    }
  }
  if (steps & GST_KANDY_SDP_STEP_TRANSCEIVERS) {
    for (i = 0; i < n; i++) {
      g_auto (GstKandySdpMline) mline = { 0 };

      if (!gst_kandy_sdp_facade_get_mline (peer->facade, i, &mline)
          || !mline.is_new)
        continue;
      fail_unless (gst_caps_get_size (mline.transceiver_caps) > 0);
#ifndef SDP_PEER_WITHOUT_CHECK
      if (peer->webrtcbin)
        real_add_transceiver (peer, mline.transceiver_caps);
#endif
      peer->lines++;
    }
  }
  if (steps & GST_KANDY_SDP_STEP_CREATE_OFFER)
    local_created (peer, create_offer (peer), TRUE);
  if (steps & GST_KANDY_SDP_STEP_SET_REMOTE) {
    GError *error = NULL;

    remote = gst_kandy_sdp_facade_get_webrtcbin_remote (peer->facade, &error);
    fail_unless (remote != NULL, "%s", error ? error->message : "");
    set_remote (peer, remote);
#ifndef SDP_PEER_WITHOUT_CHECK
    if (peer->webrtcbin)
      real_set (peer, "remote", (steps & GST_KANDY_SDP_STEP_CREATE_ANSWER) != 0,
          remote);
#endif
  }
  if (steps & GST_KANDY_SDP_STEP_CREATE_ANSWER)
    local_created (peer, create_answer (peer, remote), FALSE);
  if (steps & GST_KANDY_SDP_STEP_GATHER) {
    for (i = 0; i < (peer->bundled ? 1 : peer->lines); i++) {
      g_autofree char *candidate =
          g_strdup_printf ("candidate:1 1 UDP 2015363327 127.0.0.1 %u typ host",
              40000 + i + peer->generation * 10);

      gst_kandy_sdp_facade_add_candidate (peer->facade, i, candidate);
    }
  }
  if (remote)
    gst_sdp_message_free (remote);
}

static void
check_wire (const char *text)
{
  GstSDPMessage *message = NULL;
  guint i;

  fail_unless_equals_int (
      gst_sdp_message_new_from_text (text, &message), GST_SDP_OK);
  for (i = 0; i < gst_sdp_message_medias_len (message); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (message, i);

    /* Browsers' clients lose later offers otherwise */
    fail_unless (gst_sdp_media_get_attribute_val (media, "ssrc") == NULL
        || gst_sdp_media_get_attribute_val (media, "msid") != NULL);
  }
  fail_if (strstr (text, "trickle"));
  gst_sdp_message_free (message);
}

char *
sdp_peer_offer (SdpPeer *peer, KandyOfferPurpose purpose, gboolean hold)
{
  GError *error = NULL;
  char *text;

  peer->done = 0;
  fail_unless (
      gst_kandy_sdp_facade_begin_offer (peer->facade, purpose, hold, &error),
      "%s", error ? error->message : "");
  sdp_peer_steps (peer);
  text = gst_kandy_sdp_facade_get_wire (peer->facade, &error);
  fail_unless (text != NULL, "%s", error ? error->message : "");
  check_wire (text);
  return text;
}

char *
sdp_peer_answer (
    SdpPeer *peer, const char *offer, gboolean hold, KandyRemoteChange *change)
{
  GError *error = NULL;
  gboolean flowing;
  char *text;

  peer->done = 0;
  fail_unless (gst_kandy_sdp_facade_take_offer (
                   peer->facade, offer, hold, change, &flowing, &error),
      "%s", error ? error->message : "");
  sdp_peer_steps (peer);
  text = gst_kandy_sdp_facade_get_wire (peer->facade, &error);
  fail_unless (text != NULL, "%s", error ? error->message : "");
  check_wire (text);
  sdp_peer_commit (peer);
  return text;
}

void
sdp_peer_accept (SdpPeer *peer, const char *answer, KandyRemoteChange *change)
{
  GError *error = NULL;
  gboolean flowing;

  fail_unless (gst_kandy_sdp_facade_take_answer (
                   peer->facade, answer, change, &flowing, &error),
      "%s", error ? error->message : "");
  sdp_peer_steps (peer);
  sdp_peer_commit (peer);
}

void
sdp_peer_negotiate (SdpPeer *a, SdpPeer *b, KandyOfferPurpose purpose,
    gboolean hold_a, gboolean hold_b, KandyRemoteChange *change)
{
  g_autofree char *offer = sdp_peer_offer (a, purpose, hold_a);
  g_autofree char *answer = sdp_peer_answer (b, offer, hold_b, change);

  GST_DEBUG ("%s offers:\n%s", a->name, offer);
  GST_DEBUG ("%s answers:\n%s", b->name, answer);
  sdp_peer_accept (a, answer, NULL);
}

char *
sdp_peer_describe (SdpPeer *peer, guint i)
{
  g_auto (GstKandySdpMline) mline = { 0 };
  const GstStructure *s;
  int pt = -1;

  if (!gst_kandy_sdp_facade_get_mline (peer->facade, i, &mline))
    return g_strdup ("other");
  if (!mline.alive)
    return g_strdup ("dead");
  s = gst_caps_get_structure (mline.send_caps, 0);
  gst_structure_get_int (s, "payload", &pt);
  return g_strdup_printf ("%s%s %s %d", mline.send ? "send" : "",
      mline.receive ? "recv" : "",
      gst_structure_get_string (s, "encoding-name"), pt);
}

void
sdp_pair_init (SdpPeer *a, SdpPeer *b)
{
  sdp_peer_init (a, "alice", TRUE);
  sdp_peer_init (b, "bob", FALSE);
  sdp_peer_receive (a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_receive (b, AUDIO_CAPS, VIDEO_CAPS);
}

void
sdp_peer_expect (SdpPeer *peer, guint i, const char *description)
{
  g_autofree char *text = sdp_peer_describe (peer, i);

  fail_unless_equals_string (text, description);
}

void
sdp_pair_clear (SdpPeer *a, SdpPeer *b)
{
  sdp_peer_clear (a);
  sdp_peer_clear (b);
}

/* Audio and video in both directions */
void
sdp_pair_connect (SdpPeer *a, SdpPeer *b)
{
  sdp_pair_init (a, b);
  sdp_peer_send (a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_send (b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (b, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (a, b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);
}

void
sdp_peer_expect_steps (SdpPeer *peer, GstKandySdpSteps steps)
{
  fail_unless_equals_int (peer->done, steps);
}
