/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SDP facade: what becomes of transports. ICE restarts, peers that are made
 * anew, bundles and their ends, DTLS roles. */

#include "sdppeer.h"

#include <string.h>

GST_START_TEST (test_restart)
{
  KandyRemoteChange change;
  SdpPeer peers[2];
  const char *ufrag, *pwd;
  const GPtrArray *candidates;
  int i;

  sdp_pair_connect (&peers[0], &peers[1]);
  for (i = 0; i < 4; i++) {
    SdpPeer *a = &peers[i & 1], *b = &peers[!(i & 1)];
    g_autofree char *offer = NULL, *answer = NULL;

    offer = sdp_peer_offer (a, KANDY_OFFER_PURPOSE_RESTART, FALSE);
    answer = sdp_peer_answer (b, offer, FALSE, &change);
    fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_NONE);
    sdp_peer_accept (a, answer, NULL);
    sdp_peer_expect_steps (a,
        GST_KANDY_SDP_STEP_RESTART | GST_KANDY_SDP_STEP_GATHER
            | GST_KANDY_SDP_STEP_REMOTE_ICE);
    sdp_peer_expect_steps (b,
        GST_KANDY_SDP_STEP_RESTART | GST_KANDY_SDP_STEP_GATHER
            | GST_KANDY_SDP_STEP_REMOTE_ICE);
    fail_unless (gst_kandy_sdp_facade_get_remote_ice (
        a->facade, 1, &ufrag, &pwd, &candidates));
    fail_unless (strstr (answer, ufrag) != NULL);
    fail_unless_equals_int (candidates->len, 1);
  }
  /* webrtcbin's own texts have the old credentials; what it is told must not */
  sdp_peer_send (&peers[0], KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (
      &peers[0], &peers[1], KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  fail_unless (gst_kandy_sdp_facade_get_remote_ice (
      peers[1].facade, 2, &ufrag, &pwd, &candidates));
  fail_unless (sdp_peer_is_real () || strcmp (ufrag, "alice104") == 0);
  sdp_pair_clear (&peers[0], &peers[1]);
}

GST_END_TEST;

/* The far end is another one than before */
GST_START_TEST (test_rebuild)
{
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *moved = sdp_replace (offer, "5031995379924256020", "77");
  g_autofree char *identity = sdp_replace (moved, "EE:D4:3E", "00:D4:3E");
  g_autofree char *first = NULL, *second = NULL;
  SdpPeer a, b;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  g_free (sdp_peer_answer (&a, offer, FALSE, NULL));
  g_free (sdp_peer_answer (&a, moved, FALSE, NULL));
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_ANSWER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  g_free (sdp_peer_answer (&a, identity, FALSE, NULL));
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_ANSWER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_clear (&a);

  sdp_pair_connect (&a, &b);
  first = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  sdp_peer_drop (&a);
  second = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_REBUILD, FALSE);
  fail_if (strncmp (first, second, 20) == 0);
  sdp_peer_drop (&a);
  sdp_peer_negotiate (&b, &a, KANDY_OFFER_PURPOSE_REBUILD, FALSE, FALSE, NULL);
  sdp_peer_expect_steps (
      &b, SDP_STEPS_FIRST_OFFER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_ANSWER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  sdp_peer_expect (&b, 1, "sendrecv VP8 96");
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

GST_START_TEST (test_unbundled)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL, *answer = NULL;
  const char *ufrag, *pwd;
  const GPtrArray *candidates;

  sdp_pair_init (&a, &b);
  gst_kandy_sdp_facade_set_remove_bundling (a.facade, TRUE);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  fail_if (strstr (offer, "a=group"));
  answer = sdp_peer_answer (&b, offer, FALSE, NULL);
  fail_if (strstr (answer, "a=group"));
  sdp_peer_accept (&a, answer, NULL);
  fail_if (gst_kandy_sdp_facade_is_bundled (a.facade));
  fail_if (gst_kandy_sdp_facade_is_bundled (b.facade));
  gst_kandy_sdp_facade_get_remote_ice (b.facade, 1, &ufrag, &pwd, &candidates);
  fail_unless (sdp_peer_is_real () || strcmp (ufrag, "alice110") == 0);

  /* a third line has to gather at once */
  sdp_peer_send (&b, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (&b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  sdp_peer_expect (&a, 2, "recv VP8 96");
  sdp_peer_expect_steps (&b, SDP_STEPS_FIRST_OFFER);
  sdp_peer_expect_steps (&a, SDP_STEPS_FIRST_ANSWER);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE, NULL);
  sdp_peer_expect_steps (&a, 0);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* Each stream of an unbundled call restarts by itself: as Chromium does when an
 * offer of its own to bundle is taken out */
GST_START_TEST (test_unbundled_restart)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL, *answer = NULL;
  g_autofree char *again = NULL, *answered = NULL;
  g_auto (GstKandySdpMline) audio = { 0 };
  g_auto (GstKandySdpMline) video = { 0 };
  char *ufrag;

  if (sdp_peer_is_real ())
    return;
  sdp_pair_init (&a, &b);
  gst_kandy_sdp_facade_set_remove_bundling (a.facade, TRUE);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  answer = sdp_peer_answer (&b, offer, FALSE, NULL);
  sdp_peer_accept (&a, answer, NULL);
  fail_unless (strstr (answer, "a=ice-ufrag:bob100\r\n") != NULL, "%s", answer);
  fail_unless (strstr (answer, "a=ice-ufrag:bob110\r\n") != NULL, "%s", answer);

  again = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  ufrag = strstr (again, "a=ice-ufrag:alice110");
  fail_unless (ufrag != NULL, "%s", again);
  memcpy (ufrag, "a=ice-ufrag:other110", strlen ("a=ice-ufrag:other110"));
  answered = sdp_peer_answer (&b, again, FALSE, NULL);
  fail_unless (
      gst_kandy_sdp_facade_get_mline (b.facade, 0, &audio) && !audio.restarts);
  fail_unless (
      gst_kandy_sdp_facade_get_mline (b.facade, 1, &video) && video.restarts);
  fail_unless (
      strstr (answered, "a=ice-ufrag:bob100\r\n") != NULL, "%s", answered);
  fail_unless (
      strstr (answered, "a=ice-ufrag:bob111\r\n") != NULL, "%s", answered);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* DTLS roles: fixed by the first answer, and by who called if that leaves it
 * open */
GST_START_TEST (test_roles)
{
  static const struct {
    gboolean caller;
    const char *answer;
    const char *ours;
  } cases[] = {
    { TRUE, "a=setup:active", "a=setup:passive" },
    { TRUE, "a=setup:passive", "a=setup:active" },
    { TRUE, "a=setup:actpass", "a=setup:active" },
    { FALSE, "a=setup:actpass", "a=setup:passive" },
    { FALSE, "a=setup:passive", "a=setup:active" },
  };
  g_autofree char *answer = sdp_load ("audio-answer.sdp");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *said =
        sdp_replace (answer, "a=setup:active", cases[i].answer);
    g_autofree char *offered =
        sdp_replace (answer, "a=setup:active", "a=setup:actpass");
    g_autofree char *text = NULL;
    SdpPeer a;

    sdp_peer_init (&a, "alice", cases[i].caller);
    sdp_peer_receive (&a, AUDIO_CAPS, NULL);
    sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
    g_free (sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE));
    sdp_peer_accept (&a, said, NULL);
    text = sdp_peer_answer (&a, offered, FALSE, NULL);
    fail_unless (strstr (text, cases[i].ours) != NULL, "case %u: %s", i, text);
    sdp_peer_clear (&a);
  }
}

GST_END_TEST;

/* The answer takes the bundle apart: nothing goes before all is offered apart
 */
GST_START_TEST (test_parted)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL, *apart = NULL, *answer = NULL;

  sdp_pair_init (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  apart = sdp_replace (offer, "a=group:BUNDLE", "a=not-for-us:");
  answer = sdp_peer_answer (&b, apart, FALSE, NULL);
  fail_if (strstr (answer, "a=group"));
  sdp_peer_accept (&a, answer, NULL);
  /* webrtcbin has not heard of the answer */
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_OFFER & ~GST_KANDY_SDP_STEP_SET_REMOTE);
  sdp_peer_expect (&a, 0, " OPUS 111");
  sdp_peer_expect (&a, 1, " VP8 96");
  fail_unless (gst_kandy_sdp_facade_needs_offer (a.facade));

  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_OFFER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect (&a, 0, "send OPUS 111");
  sdp_peer_expect (&a, 1, "send VP8 96");
  fail_if (gst_kandy_sdp_facade_needs_offer (a.facade));
  fail_if (gst_kandy_sdp_facade_is_bundled (a.facade));
  fail_if (gst_kandy_sdp_facade_is_bundled (b.facade));
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* An m-line that comes to a bundle is answered outside of it: what runs goes
 * on, and all is offered apart */
GST_START_TEST (test_parted_later)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL, *answer = NULL, *parted = NULL;

  sdp_pair_init (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");

  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  answer = sdp_peer_answer (&b, offer, FALSE, NULL);
  parted = sdp_replace (answer, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
  sdp_peer_accept (&a, parted, NULL);
  sdp_peer_expect_steps (&a, 0);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, " VP8 96");
  fail_unless (gst_kandy_sdp_facade_is_bundled (a.facade));
  fail_unless (gst_kandy_sdp_facade_needs_offer (a.facade));

  /* refused: nothing changes, and it is needed still */
  g_free (sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE));
  sdp_peer_drop (&a);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  fail_unless (gst_kandy_sdp_facade_needs_offer (a.facade));

  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect_steps (
      &a, SDP_STEPS_FIRST_OFFER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, "send VP8 96");
  fail_if (gst_kandy_sdp_facade_needs_offer (a.facade));
  fail_if (gst_kandy_sdp_facade_is_bundled (a.facade));
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* In place of our offer comes one of the far end, in the bundle */
GST_START_TEST (test_parted_then_offered)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL, *answer = NULL, *parted = NULL;

  sdp_pair_init (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  answer = sdp_peer_answer (&b, offer, FALSE, NULL);
  parted = sdp_replace (answer, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
  sdp_peer_accept (&a, parted, NULL);

  sdp_peer_negotiate (&b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect_steps (&a, SDP_STEPS_ADDED_BY_THEM);
  sdp_peer_expect (&a, 0, "send OPUS 111");
  sdp_peer_expect (&a, 1, "send VP8 96");
  fail_if (gst_kandy_sdp_facade_needs_offer (a.facade));
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

static Suite *
sdp_transport_suite (void)
{
  Suite *s = suite_create ("sdp-transport");
  TCase *tc = tcase_create ("transport");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_rebuild);
  tcase_add_test (tc, test_unbundled);
  tcase_add_test (tc, test_unbundled_restart);
  tcase_add_test (tc, test_parted);
  tcase_add_test (tc, test_parted_later);
  tcase_add_test (tc, test_parted_then_offered);
  tcase_add_test (tc, test_roles);
  return s;
}

GST_CHECK_MAIN (sdp_transport);
