/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SDP facade: negotiations of two of them, and of one with descriptions
 * that browsers wrote. */

#include "sdppeer.h"

#include <string.h>

/* Both ends, either direction, all orders of preference */
GST_START_TEST (test_first)
{
  static const char opus[] = "application/x-rtp,media=audio,encoding-name=OPUS,"
                             "clock-rate=48000,encoding-params=(string)2";
  static const char mulaw[] = "application/x-rtp,media=audio,"
                              "encoding-name=PCMU,clock-rate=8000,payload=0";
  static const struct {
    const char *a_sends, *a_receives, *b_sends, *b_receives;
    const char *a, *b;
  } cases[] = {
    { AUDIO_CAPS, AUDIO_CAPS, AUDIO_CAPS, AUDIO_CAPS, "sendrecv OPUS 111",
        "sendrecv OPUS 111" },
    { AUDIO_CAPS, AUDIO_CAPS, NULL, AUDIO_CAPS, "send OPUS 111",
        "recv OPUS 111" },
    { NULL, AUDIO_CAPS, AUDIO_CAPS, AUDIO_CAPS, "recv OPUS 111",
        "send OPUS 111" },
    { AUDIO_CAPS, NULL, AUDIO_CAPS, AUDIO_CAPS, "send OPUS 111",
        "recv OPUS 111" },
    { AUDIO_CAPS, AUDIO_CAPS, mulaw, AUDIO_CAPS, "sendrecv PCMU 0",
        "sendrecv PCMU 0" },
    { AUDIO_CAPS, mulaw, AUDIO_CAPS, AUDIO_CAPS, "sendrecv PCMU 0",
        "sendrecv PCMU 0" },
    { mulaw, AUDIO_CAPS, AUDIO_CAPS, AUDIO_CAPS, "sendrecv PCMU 0",
        "sendrecv PCMU 0" },
    /* what b sends nobody wants: it can still listen */
    { mulaw, mulaw, opus, AUDIO_CAPS, "send PCMU 0", "recv PCMU 0" },
    { AUDIO_CAPS, opus, mulaw, AUDIO_CAPS, "send OPUS 111", "recv OPUS 111" },
    { AUDIO_CAPS, NULL, NULL, mulaw, "send PCMU 0", "recv PCMU 0" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    SdpPeer a, b;

    sdp_peer_init (&a, "alice", TRUE);
    sdp_peer_init (&b, "bob", FALSE);
    sdp_peer_receive (&a, cases[i].a_receives, NULL);
    sdp_peer_receive (&b, cases[i].b_receives, NULL);
    gst_kandy_sdp_facade_set_ask (a.facade, KANDY_MEDIA_KIND_AUDIO, TRUE);
    if (cases[i].a_sends)
      sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, cases[i].a_sends);
    if (cases[i].b_sends)
      sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, cases[i].b_sends);
    sdp_peer_negotiate (
        &a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);
    GST_INFO ("case %u", i);
    sdp_peer_expect (&a, 0, cases[i].a);
    sdp_peer_expect (&b, 0, cases[i].b);
    sdp_peer_expect_steps (&a, SDP_STEPS_FIRST_OFFER);
    sdp_peer_expect_steps (&b, SDP_STEPS_FIRST_ANSWER);
    sdp_pair_clear (&a, &b);
  }
}

GST_END_TEST;

GST_START_TEST (test_offer_text)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL;
  static const char *const lines[] = {
    "a=group:BUNDLE 0 1\r\n",
    "m=audio 40000 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126\r\n",
    "c=IN IP4 127.0.0.1\r\nb=AS:40\r\nb=TIAS:40000\r\n",
    "a=rtpmap:111 opus/48000/2\r\n",
    "a=fmtp:111 minptime=10;useinbandfec=1\r\n",
    "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n",
    "a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n",
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n",
    "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 ccm fir\r\n",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;"
    "profile-level-id=42e01f\r\n",
    "a=setup:actpass\r\n",
    "a=ssrc-group:FID ",
    "s=-\r\nb=AS:600\r\nb=TIAS:600000\r\nt=0 0\r\n",
  };
  guint i;

  sdp_pair_init (&a, &b);
  gst_kandy_sdp_facade_set_bandwidth (a.facade, 600, 40, 0);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  for (i = 0; i < G_N_ELEMENTS (lines); i++)
    fail_unless (
        strstr (offer, lines[i]) != NULL, "no %s in %s", lines[i], offer);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

GST_START_TEST (test_remove_h264)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  int side;

  for (side = 0; side < 2; side++) {
    g_clear_pointer (&offer, g_free);
    g_clear_pointer (&answer, g_free);
    sdp_pair_init (&a, &b);
    gst_kandy_sdp_facade_set_remove_h264 (side ? a.facade : b.facade, TRUE);
    sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO,
        "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,"
        "packetization-mode=(string)1;" VIDEO_CAPS);
    offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
    fail_unless ((strstr (offer, "H264") == NULL) == (side == 1));
    answer = sdp_peer_answer (&b, offer, FALSE, NULL);
    fail_unless (strstr (answer, "H264") == NULL);
    fail_unless (strstr (answer, "VP8") != NULL);
    sdp_peer_accept (&a, answer, NULL);
    sdp_pair_clear (&a, &b);
  }
}

GST_END_TEST;

/* Whoever has an encoder for nothing else is told why there is no call */
GST_START_TEST (test_nothing_but_h264)
{
  SdpPeer a;
  g_autoptr (GError) error = NULL;

  sdp_peer_init (&a, "alice", TRUE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO,
      "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,"
      "packetization-mode=(string)1");
  gst_kandy_sdp_facade_set_remove_h264 (a.facade, TRUE);
  fail_if (gst_kandy_sdp_facade_begin_offer (
      a.facade, KANDY_OFFER_PURPOSE_INITIAL, FALSE, &error));
  fail_unless (
      strstr (error->message, "client::remove-h264-codecs=false") != NULL, "%s",
      error->message);
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* Descriptions of a browser */
GST_START_TEST (test_browser)
{
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *answer = sdp_load ("video-answer.sdp");
  g_autofree char *text = NULL;
  g_auto (GstKandySdpMline) mline = { 0 };
  const char *ufrag, *pwd;
  const GPtrArray *candidates;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  text = sdp_peer_answer (&a, offer, FALSE, NULL);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  fail_unless (
      strstr (text, "m=audio 40000 UDP/TLS/RTP/SAVPF 111 110 126\r\n"));
  fail_unless (strstr (text, "m=video 40000 UDP/TLS/RTP/SAVPF 96 97\r\n"));
  fail_unless (strstr (text, "a=setup:active\r\n"));
  gst_kandy_sdp_facade_get_mline (a.facade, 1, &mline);
  fail_unless_equals_string (
      mline.remote_track_id, "6128bc4b-79c1-498e-aa2f-c5b6bac53616");
  fail_unless_equals_string (
      mline.remote_stream_id, "10996816-2733-4a3c-a31f-347b38ae031b");
  fail_unless_equals_int (mline.rtx_payload, 97);
  fail_unless_equals_int (mline.remote_ssrcs->len, 2);
  fail_unless (gst_kandy_sdp_facade_get_remote_ice (
      a.facade, 0, &ufrag, &pwd, &candidates));
  fail_unless_equals_string (ufrag, "kqMI");
  fail_unless_equals_int (candidates->len, 8);
  sdp_peer_clear (&a);
  g_clear_pointer (&text, g_free);

  sdp_peer_init (&a, "alice", TRUE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  text = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  sdp_peer_accept (&a, answer, NULL);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  sdp_peer_clear (&a);
}

GST_END_TEST;

static void
take (SdpPeer *peer, const char *name, gboolean hold, KandyRemoteChange change,
    const char *direction, const char *state)
{
  g_autofree char *text = sdp_load (name);
  g_autofree char *line = g_strdup_printf ("a=%s\r\n", direction);
  g_autofree char *answer = NULL;
  KandyRemoteChange found;

  answer = sdp_peer_answer (peer, text, hold, &found);
  fail_unless_equals_int (found, change);
  fail_unless (
      strstr (answer, line) != NULL, "%s: no %s in %s", name, line, answer);
  sdp_peer_expect (peer, 0, state);
}

static void
give (SdpPeer *peer, KandyOfferPurpose purpose, gboolean hold,
    const char *answer_name, const char *direction, const char *state)
{
  g_autofree char *line = g_strdup_printf ("a=%s\r\n", direction);
  g_autofree char *offer = sdp_peer_offer (peer, purpose, hold);
  g_autofree char *answer = sdp_load (answer_name);

  fail_unless (strstr (offer, line) != NULL);
  fail_unless (strstr (offer, "a=setup:actpass\r\n") != NULL);
  sdp_peer_accept (peer, answer, NULL);
  sdp_peer_expect (peer, 0, state);
}

/* A recorded call with holds by both ends, once from either end */
GST_START_TEST (test_recorded_hold)
{
  const char *active = "sendrecv OPUS 111", *held = " OPUS 111";
  SdpPeer b;

  sdp_peer_init (&b, "bob", FALSE);
  sdp_peer_receive (&b, AUDIO_CAPS, NULL);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  take (&b, "hold-1-offer.sdp", FALSE, KANDY_REMOTE_CHANGE_NONE, "sendrecv",
      active);
  take (&b, "hold-2-offer.sdp", FALSE, KANDY_REMOTE_CHANGE_HOLD, "inactive",
      held);
  sdp_peer_expect_steps (&b, 0);
  take (&b, "hold-3-offer.sdp", FALSE, KANDY_REMOTE_CHANGE_UNHOLD, "sendrecv",
      active);
  give (&b, KANDY_OFFER_PURPOSE_HOLD, TRUE, "hold-4-answer.sdp", "inactive",
      held);
  sdp_peer_expect_steps (&b, 0);
  take (
      &b, "hold-5-offer.sdp", TRUE, KANDY_REMOTE_CHANGE_NONE, "inactive", held);
  give (&b, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, "hold-6-answer.sdp", "sendrecv",
      held);
  take (&b, "hold-7-offer.sdp", FALSE, KANDY_REMOTE_CHANGE_UNHOLD, "sendrecv",
      active);
  sdp_peer_clear (&b);

  sdp_peer_init (&b, "alice", TRUE);
  sdp_peer_receive (&b, AUDIO_CAPS, NULL);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  give (&b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, "hold-1-answer.sdp", "sendrecv",
      active);
  give (&b, KANDY_OFFER_PURPOSE_HOLD, TRUE, "hold-2-answer.sdp", "inactive",
      held);
  give (&b, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, "hold-3-answer.sdp", "sendrecv",
      active);
  take (&b, "hold-4-offer.sdp", FALSE, KANDY_REMOTE_CHANGE_HOLD, "inactive",
      held);
  give (&b, KANDY_OFFER_PURPOSE_HOLD, TRUE, "hold-5-answer.sdp", "inactive",
      held);
  take (&b, "hold-6-offer.sdp", TRUE, KANDY_REMOTE_CHANGE_UNHOLD, "inactive",
      held);
  give (&b, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, "hold-7-answer.sdp", "sendrecv",
      active);
  sdp_peer_clear (&b);
}

GST_END_TEST;

/* webrtcbin hears of nothing, whoever holds */
GST_START_TEST (test_hold)
{
  KandyRemoteChange change;
  SdpPeer peers[2];
  int i;

  sdp_pair_connect (&peers[0], &peers[1]);
  for (i = 0; i < 4; i++) {
    SdpPeer *a = &peers[i & 1], *b = &peers[!(i & 1)];

    sdp_peer_negotiate (a, b, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE, &change);
    fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_HOLD);
    sdp_peer_expect (a, 0, " OPUS 111");
    sdp_peer_expect (b, 1, " VP8 96");
    sdp_peer_expect_steps (a, 0);
    sdp_peer_expect_steps (b, 0);
    /* the other one too, and back */
    sdp_peer_negotiate (b, a, KANDY_OFFER_PURPOSE_HOLD, TRUE, TRUE, &change);
    fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_NONE);
    sdp_peer_negotiate (a, b, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, TRUE, NULL);
    sdp_peer_expect (b, 0, " OPUS 111");
    sdp_peer_negotiate (
        b, a, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, FALSE, &change);
    fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_UNHOLD);
    sdp_peer_expect (a, 0, "sendrecv OPUS 111");
    sdp_peer_expect (b, 1, "sendrecv VP8 96");
  }
  sdp_pair_clear (&peers[0], &peers[1]);
}

GST_END_TEST;

/* A refused or crossed offer leaves nothing behind */
GST_START_TEST (test_drop)
{
  SdpPeer a, b;
  g_autofree char *offer = NULL;

  sdp_pair_connect (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  fail_unless_equals_int (gst_kandy_sdp_facade_get_n_mlines (a.facade), 3);
  sdp_peer_drop (&a);
  fail_unless_equals_int (gst_kandy_sdp_facade_get_n_mlines (a.facade), 2);

  /* glare: the other one's offer has an audio line where ours had video */
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 2, "recv OPUS 111");
  sdp_peer_expect_steps (&a, SDP_STEPS_ADDED_BY_THEM);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 3, "send VP8 96");
  sdp_peer_expect_steps (&a, SDP_STEPS_ADDED_BY_US);
  sdp_peer_expect_steps (&b, SDP_STEPS_ADDED_BY_THEM);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

GST_START_TEST (test_add_and_remove)
{
  KandyRemoteChange change;
  SdpPeer a, b;
  guint id, other;

  sdp_pair_init (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);

  id = sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (
      &a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, &change);
  fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_ADD_MEDIA);
  sdp_peer_expect (&a, 1, "send VP8 96");
  sdp_peer_expect (&b, 1, "recv VP8 96");

  /* the other end's goes into the same line */
  other = sdp_peer_send (&b, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (
      &b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, &change);
  fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_ADD_MEDIA);
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  sdp_peer_expect_steps (&a, 0);
  sdp_peer_expect_steps (&b, 0);

  gst_kandy_sdp_facade_remove_track (a.facade, id);
  sdp_peer_negotiate (
      &a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, &change);
  fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_REMOVE_MEDIA);
  sdp_peer_expect (&a, 1, "recv VP8 96");
  sdp_peer_expect (&b, 1, "send VP8 96");
  gst_kandy_sdp_facade_remove_track (b.facade, other);
  sdp_peer_negotiate (
      &b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, &change);
  sdp_peer_expect (&a, 1, " VP8 96");

  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 1, "send VP8 96");
  fail_unless_equals_int (gst_kandy_sdp_facade_get_n_mlines (a.facade), 2);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* (transfer full) (nullable): the SSRCs of the picture, in an offer of @a that
 * @b answers */
static char *
offer_sources (SdpPeer *a, SdpPeer *b)
{
  g_autofree char *offer =
      sdp_peer_offer (a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  g_autofree char *answer = sdp_peer_answer (b, offer, FALSE, NULL);
  const char *video = strstr (offer, "m=video ");
  const char *sources;

  sdp_peer_accept (a, answer, NULL);
  fail_unless (video != NULL);
  sources = strstr (video, "a=ssrc-group:FID ");
  return sources ? g_strndup (sources, strcspn (sources, "\r")) : NULL;
}

/* A browser takes apart what received a track that is removed, and does not
 * connect it again to the same SSRC */
GST_START_TEST (test_sources)
{
  g_autofree char *added = NULL;
  g_autofree char *stayed = NULL;
  g_autofree char *removed = NULL;
  g_autofree char *back = NULL;
  SdpPeer a, b;
  guint id;

  sdp_pair_init (&a, &b);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);

  id = sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  added = offer_sources (&a, &b);
  fail_unless (added != NULL);
  stayed = offer_sources (&a, &b);
  fail_unless_equals_string (stayed, added);

  gst_kandy_sdp_facade_remove_track (a.facade, id);
  removed = offer_sources (&a, &b);
  fail_unless (removed == NULL, "%s", removed);

  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  back = offer_sources (&a, &b);
  fail_unless (back != NULL && strcmp (back, added) != 0);
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

/* m-lines of the far end that die, come back, change their mid or their kind:
 * sdppeer.c sees to it that webrtcbin's stay */
GST_START_TEST (test_mlines)
{
  g_autofree char *audio = sdp_load ("audio-offer.sdp");
  g_autofree char *both = sdp_load ("video-offer.sdp");
  g_autofree char *dead = NULL, *renamed = NULL, *reused = NULL;
  g_autofree char *swapped = NULL, *text = NULL;
  char *t;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  g_free (sdp_peer_answer (&a, both, FALSE, NULL));

  /* video stopped */
  t = sdp_replace (both, "m=video 57502", "m=video 0");
  dead = sdp_replace (t, "BUNDLE 0 1", "BUNDLE 0");
  g_free (t);
  text = sdp_peer_answer (&a, dead, FALSE, NULL);
  sdp_peer_expect (&a, 1, "dead");
  sdp_peer_expect_steps (&a, 0);
  fail_unless (strstr (text, "m=video 0 "));
  fail_unless (strstr (text, "a=group:BUNDLE 0\r\n"));

  /* used again, under another name */
  t = sdp_replace (both, "a=mid:1", "a=mid:x7");
  reused = sdp_replace (t, "BUNDLE 0 1", "BUNDLE 0 x7");
  g_free (t);
  g_free (sdp_peer_answer (&a, reused, FALSE, NULL));
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");
  sdp_peer_expect_steps (&a, 0);

  /* a live one changes its name */
  t = sdp_replace (reused, "a=mid:0", "a=mid:zero");
  renamed = sdp_replace (t, "BUNDLE 0 x7", "BUNDLE zero x7");
  g_free (t);
  g_free (text);
  text = sdp_peer_answer (&a, renamed, FALSE, NULL);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect_steps (&a, 0);
  fail_unless (strstr (text, "a=group:BUNDLE zero x7\r\n"));

  /* the second one dies and becomes audio */
  g_free (sdp_peer_answer (&a, dead, FALSE, NULL));
  {
    const char *line = strstr (audio, "m=audio");
    g_autofree char *section = sdp_replace (line, "a=mid:0", "a=mid:1");
    const char *video = strstr (both, "m=video");

    swapped = g_strdup_printf ("%.*s%s", (int) (video - both), both, section);
    t = sdp_replace (swapped, "DJ4t", "kqMI");
    g_free (swapped);
    swapped = t;
    t = sdp_replace (swapped, "4B:F0:45:36", "EE:D4:3E:D4");
    g_free (swapped);
    swapped = t;
  }
  g_free (sdp_peer_answer (&a, swapped, FALSE, NULL));
  sdp_peer_expect (&a, 1, "recv OPUS 111");

  /* fewer lines than before */
  g_free (text);
  text = g_strndup (both, strstr (both, "m=video") - both);
  t = sdp_replace (text, "BUNDLE 0 1", "BUNDLE 0");
  g_free (sdp_peer_answer (&a, t, FALSE, NULL));
  g_free (t);
  fail_unless_equals_int (gst_kandy_sdp_facade_get_n_mlines (a.facade), 1);
  g_free (sdp_peer_answer (&a, both, FALSE, NULL));
  sdp_peer_expect (&a, 1, "sendrecv VP8 96");

  /* and our own offers keep what is there */
  g_free (text);
  text = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_UPDATE, FALSE);
  sdp_peer_drop (&a);
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* The far end's payload types change under way */
GST_START_TEST (test_payload_types)
{
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *moved = NULL, *stolen = NULL, *other = NULL, *t = NULL;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  g_free (sdp_peer_answer (&a, offer, FALSE, NULL));

  /* Opus moves to a free one */
  t = sdp_replace (offer, "SAVPF 111 63", "SAVPF 112 63");
  moved = sdp_replace (t, ":111 ", ":112 ");
  g_free (sdp_peer_answer (&a, moved, FALSE, NULL));
  sdp_peer_expect (&a, 0, "sendrecv OPUS 112");
  sdp_peer_expect_steps (&a, SDP_STEPS_ADDED_BY_THEM);

  /* G.711 takes the place of Opus, which the transport knows as such */
  g_free (t);
  t = sdp_replace (
      moved, "a=rtpmap:112 opus/48000/2", "a=rtpmap:112 PCMA/8000");
  stolen = sdp_replace (t, " 9 0 8 13 110 126", " 13 110 126");
  g_free (sdp_peer_answer (&a, stolen, FALSE, NULL));
  sdp_peer_expect (&a, 0, "dead");

  /* another codec is all that is left */
  g_free (t);
  t = sdp_replace (offer, "SAVPF 111 63 9 0 8 13", "SAVPF 8 13");
  other = sdp_replace (t, "SAVPF 96 97 45 46 98", "SAVPF 98");
  g_free (sdp_peer_answer (&a, other, FALSE, NULL));
  sdp_peer_expect (&a, 0, "sendrecv PCMA 8");
  sdp_peer_expect (&a, 1, "recv VP9 98");
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* A line that is refused is port 0, and what is left goes on */
GST_START_TEST (test_refused_lines)
{
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *answer = sdp_load ("video-answer.sdp");
  g_autofree char *text = NULL, *data = NULL, *refusing = NULL;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, NULL);
  text = sdp_peer_answer (&a, offer, FALSE, NULL);
  sdp_peer_expect (&a, 0, "recv OPUS 111");
  sdp_peer_expect (&a, 1, "dead");
  fail_unless (strstr (text, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n") != NULL);
  fail_unless (strstr (text, "a=group:BUNDLE 0\r\n") != NULL);
  sdp_peer_clear (&a);

  data = g_strconcat (offer,
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n", NULL);
  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  g_free (text);
  text = sdp_peer_answer (&a, data, FALSE, NULL);
  fail_unless (strstr (text,
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
      "c=IN IP4 0.0.0.0\r\na=mid:2\r\n"));
  sdp_peer_expect (&a, 2, "other");
  sdp_peer_clear (&a);

  sdp_peer_init (&a, "alice", TRUE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
  g_free (sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE));
  refusing = sdp_replace (answer, "m=video 9", "m=video 0");
  sdp_peer_accept (&a, refusing, NULL);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, "dead");
  g_free (text);
  text = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_HOLD, TRUE);
  fail_unless (strstr (text, "m=video 0 "));
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* What a minimal peer leaves out */
GST_START_TEST (test_minimal)
{
  static const char offer[] =
      "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
      "a=ice-ufrag:aB3d\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
      "a=fingerprint:SHA-256 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:"
      "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
      "a=setup:actpass\r\na=recvonly\r\n"
      "m=audio 9 RTP/SAVPF 0 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\n";
  g_auto (GstKandySdpMline) mline = { 0 };
  g_autofree char *text = NULL;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  text = sdp_peer_answer (&a, offer, FALSE, NULL);
  sdp_peer_expect (&a, 0, "send PCMU 0");
  fail_if (strstr (text, "a=mid"));
  fail_if (strstr (text, "a=group"));
  fail_unless (strstr (text, "m=audio 40000 RTP/SAVPF 0\r\n"));
  fail_unless (strstr (text, "a=sendonly\r\n"));
  fail_unless (gst_kandy_sdp_facade_get_mline (a.facade, 0, &mline));
  fail_unless (mline.remote_track_id == NULL);
  fail_unless_equals_int (mline.dtmf_payload, -1);
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* Tracks that come between the offer and the answer */
GST_START_TEST (test_plan_again)
{
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *text = NULL;
  GError *error = NULL;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  fail_unless (gst_kandy_sdp_facade_take_offer (
      a.facade, offer, FALSE, NULL, NULL, &error));
  sdp_peer_steps (&a);

  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  fail_unless (gst_kandy_sdp_facade_plan_answer (a.facade, FALSE, &error));
  fail_unless_equals_int (gst_kandy_sdp_facade_get_steps (a.facade), 0);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");

  /* one that can only be sent otherwise than webrtcbin has agreed */
  sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO,
      "application/x-rtp,media=video,encoding-name=VP9,clock-rate=90000");
  fail_unless (gst_kandy_sdp_facade_plan_answer (a.facade, FALSE, &error));
  fail_unless_equals_int (gst_kandy_sdp_facade_get_steps (a.facade),
      SDP_STEPS_FIRST_ANSWER | GST_KANDY_SDP_STEP_REBUILD);
  sdp_peer_steps (&a);
  text = gst_kandy_sdp_facade_get_wire (a.facade, &error);
  fail_unless (text != NULL);
  sdp_peer_commit (&a);
  sdp_peer_expect (&a, 0, "sendrecv OPUS 111");
  sdp_peer_expect (&a, 1, "sendrecv VP9 98");
  sdp_peer_clear (&a);
}

GST_END_TEST;

GST_START_TEST (test_remote_ids)
{
  g_autofree char *offer = sdp_load ("audio-offer.sdp");
  g_autofree char *bare = NULL, *t = NULL, *held = NULL;
  g_auto (GstKandySdpMline) mline = { 0 };
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, NULL);
  g_free (sdp_peer_answer (&a, offer, FALSE, NULL));
  held = sdp_replace (offer, "a=sendrecv", "a=inactive");
  g_free (sdp_peer_answer (&a, held, FALSE, NULL));
  gst_kandy_sdp_facade_get_mline (a.facade, 0, &mline);
  fail_unless_equals_string (
      mline.remote_track_id, "2bf75ed9-dc3b-4f99-851a-bfd2a7e4d8d0");
  fail_if (mline.receive);
  gst_kandy_sdp_mline_clear (&mline);
  sdp_peer_clear (&a);

  t = sdp_replace (offer,
      "a=msid:edb41aca-b94d-488f-a062-a36df75a3932 "
      "2bf75ed9-dc3b-4f99-851a-bfd2a7e4d8d0\r\n",
      "");
  bare = sdp_replace (t,
      "a=ssrc:1661454710 msid:edb41aca-b94d-488f-a062-a36df75a3932 "
      "2bf75ed9-dc3b-4f99-851a-bfd2a7e4d8d0\r\n",
      "");
  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, NULL);
  g_free (sdp_peer_answer (&a, bare, FALSE, NULL));
  gst_kandy_sdp_facade_get_mline (a.facade, 0, &mline);
  fail_unless_equals_string (mline.remote_track_id, "track-0");
  fail_unless_equals_string (mline.remote_stream_id, "track-0");
  sdp_peer_clear (&a);
}

GST_END_TEST;

GST_START_TEST (test_states)
{
  SdpPeer a, b;
  GError *error = NULL;
  GstKandySdpMline mline;

  sdp_pair_init (&a, &b);
  fail_if (gst_kandy_sdp_facade_take_answer (
      a.facade, "v=0\r\n", NULL, NULL, &error));
  fail_unless_equals_string (kandy_error_get_platform_code (error), "call:6");
  g_clear_error (&error);
  fail_unless (gst_kandy_sdp_facade_get_wire (a.facade, &error) == NULL);
  g_clear_error (&error);
  fail_unless (
      gst_kandy_sdp_facade_get_webrtcbin_remote (a.facade, &error) == NULL);
  g_clear_error (&error);
  fail_if (gst_kandy_sdp_facade_plan_answer (a.facade, FALSE, &error));
  g_clear_error (&error);
  fail_if (gst_kandy_sdp_facade_get_mline (a.facade, 0, &mline));

  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  fail_unless (gst_kandy_sdp_facade_begin_offer (
      a.facade, KANDY_OFFER_PURPOSE_INITIAL, FALSE, &error));
  fail_if (gst_kandy_sdp_facade_begin_offer (
      a.facade, KANDY_OFFER_PURPOSE_HOLD, FALSE, &error));
  g_clear_error (&error);
  fail_unless (gst_kandy_sdp_facade_get_wire (a.facade, &error) == NULL);
  g_clear_error (&error);
  sdp_peer_drop (&a);
  sdp_peer_drop (&a);

  /* a call without media */
  sdp_pair_clear (&a, &b);
  sdp_pair_init (&a, &b);
  sdp_peer_negotiate (&a, &b, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE, NULL);
  sdp_peer_expect_steps (&a, 0);
  sdp_peer_send (&b, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  sdp_peer_negotiate (&b, &a, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE, NULL);
  sdp_peer_expect (&a, 0, "recv OPUS 111");
  sdp_pair_clear (&a, &b);
}

GST_END_TEST;

static Suite *
sdp_suite (void)
{
  Suite *s = suite_create ("sdp");
  TCase *tc = tcase_create ("negotiation");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_first);
  tcase_add_test (tc, test_offer_text);
  tcase_add_test (tc, test_remove_h264);
  tcase_add_test (tc, test_nothing_but_h264);
  tcase_add_test (tc, test_browser);
  tcase_add_test (tc, test_recorded_hold);
  tcase_add_test (tc, test_hold);
  tcase_add_test (tc, test_drop);
  tcase_add_test (tc, test_add_and_remove);
  tcase_add_test (tc, test_sources);
  tcase_add_test (tc, test_mlines);
  tcase_add_test (tc, test_payload_types);
  tcase_add_test (tc, test_refused_lines);
  tcase_add_test (tc, test_minimal);
  tcase_add_test (tc, test_plan_again);
  tcase_add_test (tc, test_remote_ids);
  tcase_add_test (tc, test_states);
  return s;
}

GST_CHECK_MAIN (sdp);
