/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SDP facade: negotiations of two of them, and of one with descriptions
 * that browsers wrote. */

#include "sdppeer.h"

#include <string.h>

static void
init_pair (SdpPeer *a, SdpPeer *b)
{
  sdp_peer_init (a, "alice", TRUE);
  sdp_peer_init (b, "bob", FALSE);
  sdp_peer_receive (a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_receive (b, AUDIO_CAPS, VIDEO_CAPS);
}

static void
expect (SdpPeer *peer, guint i, const char *description)
{
  g_autofree char *text = sdp_peer_describe (peer, i);

  fail_unless_equals_string (text, description);
}

GST_START_TEST (test_first_offer)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  init_pair (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  answer = sdp_peer_answer (&b, offer, FALSE, NULL);
  sdp_peer_accept (&a, answer, NULL);
  expect (&a, 0, "sendrecv OPUS 111");
  expect (&a, 1, "send VP8 96");
  expect (&b, 0, "sendrecv OPUS 111");
  expect (&b, 1, "recv VP8 96");

  sdp_peer_clear (&a);
  sdp_peer_clear (&b);
}

GST_END_TEST;

static Suite *
sdp_suite (void)
{
  Suite *s = suite_create ("sdp");
  TCase *tc = tcase_create ("negotiation");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_first_offer);
  return s;
}

GST_CHECK_MAIN (sdp);
