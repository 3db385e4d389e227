/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a far end may say in the course of a call, to the SDP facade. The input
 * is a byte of what we send and receive, and then descriptions, each behind a
 * byte 1 and one of what it is: an offer or the answer to one of ours, while we
 * hold or not, committed or dropped. Whatever it says, webrtcbin must not be
 * told anything that would make it abort, and what we send must be well
 * formed. */

#include "sdppeer.h"

#include <stdint.h>
#include <string.h>

#define MAX_DESCRIPTIONS 12

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
int LLVMFuzzerInitialize (int *argc, char ***argv);
int __lsan_is_turned_off (void);

/* GLib drops its first table of quarks when GStreamer's are more than it holds,
 * which cannot be told from a leak of ours without unwinding every allocation,
 * a hundred times slower. The tests look for leaks, with bad input too. */
int
__lsan_is_turned_off (void)
{
  return 1;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (argc, argv);
  return 0;
}

static guint
count_mlines (const char *text)
{
  g_autoptr (GstSDPMessage) message = NULL;

  g_assert_cmpint (
      gst_sdp_message_new_from_text (text, &message), ==, GST_SDP_OK);
  return gst_sdp_message_medias_len (message);
}

static void
check_error (GError **error)
{
  g_assert_nonnull (*error);
  g_assert_true ((*error)->domain == KANDY_ERROR);
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  g_clear_error (error);
}

static void
read_state (SdpPeer *peer)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (peer->facade);
  guint i;

  for (i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    if (!gst_kandy_sdp_facade_get_mline (peer->facade, i, &mline))
      continue;
    g_assert_true (mline.alive || (!mline.send && !mline.receive));
    g_assert_true (!mline.send || mline.track != 0);
    g_assert_true (!mline.alive || gst_caps_is_fixed (mline.send_caps));
  }
}

/* Everything of the staged negotiation that goes out; then its end */
static void
finish (SdpPeer *peer, gboolean drop, guint expected)
{
  GError *error = NULL;
  g_autofree char *wire = NULL;

  sdp_peer_steps (peer);
  read_state (peer);
  wire = gst_kandy_sdp_facade_get_wire (peer->facade, &error);
  g_assert_nonnull (wire);
  g_assert_cmpint (count_mlines (wire), ==, expected);
  if (drop)
    sdp_peer_drop (peer);
  else
    sdp_peer_commit (peer);
  read_state (peer);
}

static gboolean
take_offer (SdpPeer *peer, const char *text, gboolean hold, gboolean drop)
{
  GError *error = NULL;
  KandyRemoteChange change;
  gboolean flowing;

  if (!gst_kandy_sdp_facade_take_offer (
          peer->facade, text, hold, &change, &flowing, &error)) {
    check_error (&error);
    return TRUE;
  }
  finish (peer, drop, count_mlines (text));
  return TRUE;
}

static gboolean
take_answer (SdpPeer *peer, KandyOfferPurpose purpose, const char *text,
    gboolean hold, gboolean drop)
{
  GError *error = NULL;
  KandyRemoteChange change;
  gboolean flowing;
  g_autofree char *wire = NULL;

  if (!gst_kandy_sdp_facade_begin_offer (peer->facade, purpose, hold, &error)) {
    check_error (&error);
    return TRUE;
  }
  sdp_peer_steps (peer);
  wire = gst_kandy_sdp_facade_get_wire (peer->facade, &error);
  g_assert_nonnull (wire);
  if (!gst_kandy_sdp_facade_take_answer (
          peer->facade, text, &change, &flowing, &error)) {
    check_error (&error);
    /* The call would be over */
    return FALSE;
  }
  finish (peer, drop, count_mlines (text));
  return TRUE;
}

static gboolean
take_record (SdpPeer *peer, const char *record)
{
  guint control = record[0];
  gboolean hold = (control & 2) != 0, drop = (control & 4) != 0;

  if (!control)
    return TRUE;
  if (control & 1)
    return take_answer (peer, (control >> 3) & 3, record + 1, hold, drop);
  return take_offer (peer, record + 1, hold, drop);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) records = g_strsplit (text, "\001", MAX_DESCRIPTIONS);
  SdpPeer peer;
  guint wants, i;

  if (!records[0])
    return 0;
  wants = records[0][0];
  sdp_peer_init (&peer, "alice", (wants & 16) != 0);
  sdp_peer_receive (&peer, AUDIO_CAPS, wants & 4 ? NULL : VIDEO_CAPS);
  gst_kandy_sdp_facade_set_remove_h264 (peer.facade, (wants & 8) == 0);
  if (wants & 1)
    sdp_peer_send (&peer, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  if (wants & 2)
    sdp_peer_send (&peer, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  for (i = 1; records[i] && take_record (&peer, records[i]); i++)
    ;
  sdp_peer_clear (&peer);
  return 0;
}
