/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the SDP facade takes from descriptions, good and bad ones */

#include "sdppeer.h"

#include <string.h>

static void
refuse_offer (const char *text, const char *says)
{
  GError *error = NULL;
  SdpPeer a;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
  fail_if (gst_kandy_sdp_facade_take_offer (
               a.facade, text, FALSE, NULL, NULL, &error),
      "accepted, and should say %s", says);
  fail_unless (error != NULL && error->domain == KANDY_ERROR);
  fail_unless (
      strstr (error->message, says) != NULL, "%s: no %s", error->message, says);
  fail_unless (kandy_error_get_platform_code (error) != NULL);
  g_clear_error (&error);
  fail_unless_equals_int (gst_kandy_sdp_facade_get_steps (a.facade), 0);
  sdp_peer_clear (&a);
}

GST_START_TEST (test_bad_offers)
{
  static const struct {
    const char *what, *by, *says;
  } cases[] = {
    { "v=0", "v=1", "v=0" },
    { "a=rtcp-mux\r\n", "", "m-line 0 (audio) is without a=rtcp-mux" },
    { "a=ice-ufrag:kqMI\r\n", "", "m-line 0 (audio) is without a=ice-ufrag" },
    { "a=ice-ufrag:kqMI\r\n", "a=ice-ufrag:k q\r\n", "malformed a=ice-ufrag" },
    { "a=ice-pwd:DLPh3M5o1VneVzeH3w736jWD\r\n", "", "a=ice-pwd" },
    { "a=ice-pwd:DLPh3M5o1VneVzeH3w736jWD\r\n", "a=ice-pwd:short\r\n",
        "malformed a=ice-pwd" },
    { "sha-256 EE", "sha-256 QQ", "a=fingerprint" },
    { "sha-256 EE", "md5 EE", "a=fingerprint" },
    { "a=mid:1", "a=mid:0", "m-line 1 (video) has the a=mid of another" },
    { "a=mid:1", "a=mid:a b", "malformed a=mid" },
    { "SAVPF 111 ", "SAVPF 128 ", "payload type" },
    { "SAVPF 111 ", "SAVPF x ", "payload type" },
    { "a=setup:actpass", "a=setup:nonsense", "a=setup" },
    { "UDP/TLS/RTP/SAVPF", "RTP/AVP", "nothing that can be accepted" },
  };
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  g_autofree char *none = NULL;
  GString *s;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *bad = sdp_replace (offer, cases[i].what, cases[i].by);

    refuse_offer (bad, cases[i].says);
  }
  refuse_offer ("", "empty");
  refuse_offer ("v=0\r\nhello\r\n", "line 2");
  refuse_offer ("v=0\r\ns=\xff\xfe\r\n", "UTF-8");
  refuse_offer ("v=0\r\n", "session id");

  s = g_string_new (offer);
  for (i = 0; i < 31; i++)
    g_string_append (s, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
  refuse_offer (s->str, "more than 32 m-lines");
  g_string_assign (s, offer);
  while (s->len <= 256 * 1024)
    g_string_append (s, "a=x\r\n");
  refuse_offer (s->str, "256 KiB");
  g_string_assign (s, offer);
  for (i = 0; i < 9000; i++)
    g_string_append (s, "a=x\r\n");
  refuse_offer (s->str, "lines");
  g_string_assign (s, offer);
  g_string_append (s, "a=");
  for (i = 0; i < 5000; i++)
    g_string_append_c (s, 'x');
  refuse_offer (s->str, "longer than");
  g_string_free (s, TRUE);

  none = sdp_replace (offer, "a=rtpmap:111 opus", "a=rtpmap:111 speex");
  {
    g_autofree char *t = sdp_replace (none, " 9 0 8 13 110 126", " 13");
    g_autofree char *u = sdp_replace (t, "VP8", "VP6");
    g_autofree char *v = sdp_replace (u, "VP9", "VP7");

    refuse_offer (
        v, "no codec in common in m-line 0 (audio), m-line 1 (video)");
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_answers)
{
  static const struct {
    const char *what, *by, *code, *says;
  } cases[] = {
    { "m=video", "m=audio", "call:10", "m-line 1 is of kind audio" },
    { "a=mid:0", "a=mid:1", NULL, "mid" },
    { "SAVPF 111 63 9 0 8 13 110 126", "SAVPF 13", "call:2",
        "m-line 0 (audio) has no codec in common" },
    { "SAVPF 111 63 9 0 8 13 110 126", "SAVPF 110 126", "call:2",
        "m-line 0 (audio) has no codec in common" },
    { "a=rtcp-mux\r\n", "", "call:2", "a=rtcp-mux" },
    { " UDP/TLS/RTP/SAVPF", " RTP/AVP", "call:2",
        "m-line 0 (audio) has the protocol RTP/AVP, which was not offered" },
    { "m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9 RTP/AVPF", "call:2",
        "m-line 1 (video) has the protocol RTP/AVPF, which was not offered" },
  };
  g_autofree char *answer = sdp_load ("video-answer.sdp");
  g_autofree char *audio = sdp_load ("audio-answer.sdp");
  guint i;

  for (i = 0; i <= G_N_ELEMENTS (cases); i++) {
    g_autofree char *bad = i < G_N_ELEMENTS (cases)
        ? sdp_replace (answer, cases[i].what, cases[i].by)
        : g_strdup (audio);
    const char *code = i < G_N_ELEMENTS (cases) ? cases[i].code : "call:10";
    const char *says =
        i < G_N_ELEMENTS (cases) ? cases[i].says : "1 m-lines, and 2";
    g_autoptr (GError) error = NULL;
    SdpPeer a;

    sdp_peer_init (&a, "alice", TRUE);
    sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
    sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
    sdp_peer_send (&a, KANDY_MEDIA_KIND_VIDEO, VIDEO_CAPS);
    g_free (sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE));
    fail_if (
        gst_kandy_sdp_facade_take_answer (a.facade, bad, NULL, NULL, &error));
    fail_unless (strstr (error->message, says) != NULL, "%s", error->message);
    if (code)
      fail_unless_equals_string (kandy_error_get_platform_code (error), code);
    sdp_peer_clear (&a);
  }
}

GST_END_TEST;

GST_START_TEST (test_certificate)
{
  g_autofree char *offer = sdp_load ("audio-offer.sdp");
  g_autoptr (GBytes) der = g_bytes_new_static ("certificate", 11);
  g_autoptr (GBytes) other = g_bytes_new_static ("another", 7);
  static const struct {
    const char *name;
    GChecksumType type;
  } hashes[] = {
    { "sha-1", G_CHECKSUM_SHA1 },
    { "sha-256", G_CHECKSUM_SHA256 },
    { "SHA-384", G_CHECKSUM_SHA384 },
    { "sha-512", G_CHECKSUM_SHA512 },
  };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (hashes); i++) {
    g_autofree char *hex = g_compute_checksum_for_bytes (hashes[i].type, der);
    g_autofree char *text = NULL, *before = NULL;
    GString *s = g_string_new ("a=fingerprint:");
    const char *line = strstr (offer, "a=fingerprint:");
    GError *error = NULL;
    SdpPeer a;

    g_string_append_printf (s, "%s ", hashes[i].name);
    for (j = 0; hex[j]; j += 2)
      g_string_append_printf (s, "%s%.2s", j ? ":" : "", hex + j);
    before = g_strndup (line, strcspn (line, "\r"));
    text = sdp_replace (offer, before, s->str);
    g_string_free (s, TRUE);

    sdp_peer_init (&a, "alice", FALSE);
    sdp_peer_receive (&a, AUDIO_CAPS, NULL);
    g_free (sdp_peer_answer (&a, text, FALSE, NULL));
    fail_unless (
        gst_kandy_sdp_facade_check_certificate (a.facade, 0, der, &error));
    fail_if (
        gst_kandy_sdp_facade_check_certificate (a.facade, 0, other, &error));
    fail_unless_equals_string (kandy_error_get_platform_code (error), "call:2");
    g_clear_error (&error);
    fail_if (gst_kandy_sdp_facade_check_certificate (a.facade, 1, der, &error));
    g_clear_error (&error);
    sdp_peer_clear (&a);
  }
}

GST_END_TEST;

/* A weaker hash that fits does not help where a stronger one is named. __i__:
 * which stands first */
GST_START_TEST (test_weaker_fingerprint)
{
  g_autofree char *offer = sdp_load ("audio-offer.sdp");
  g_autoptr (GBytes) der = g_bytes_new_static ("certificate", 11);
  static const struct {
    const char *name;
    GChecksumType type;
    const char *certificate;
  } hashes[] = {
    { "sha-1", G_CHECKSUM_SHA1, "certificate" },
    { "sha-256", G_CHECKSUM_SHA256, "another" },
  };
  const char *line = strstr (offer, "a=fingerprint:");
  g_autofree char *before = g_strndup (line, strcspn (line, "\r"));
  g_autofree char *text = NULL;
  g_autoptr (GString) s = g_string_new (NULL);
  GError *error = NULL;
  SdpPeer a;
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (hashes); i++) {
    guint which = (i + __i__) % G_N_ELEMENTS (hashes);
    g_autofree char *hex = g_compute_checksum_for_string (
        hashes[which].type, hashes[which].certificate, -1);

    g_string_append_printf (
        s, "%sa=fingerprint:%s ", i ? "\r\n" : "", hashes[which].name);
    for (j = 0; hex[j]; j += 2)
      g_string_append_printf (s, "%s%.2s", j ? ":" : "", hex + j);
  }
  text = sdp_replace (offer, before, s->str);

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, NULL);
  g_free (sdp_peer_answer (&a, text, FALSE, NULL));
  fail_if (gst_kandy_sdp_facade_check_certificate (a.facade, 0, der, &error));
  fail_unless_equals_string (kandy_error_get_platform_code (error), "call:2");
  g_clear_error (&error);
  sdp_peer_clear (&a);
}

GST_END_TEST;

GST_START_TEST (test_candidates)
{
  static const struct {
    const char *text;
    gboolean good;
  } cases[] = {
    { "candidate:2 1 udp 2130706431 192.0.2.1 40000 typ host", TRUE },
    { "a=candidate:3 1 UDP 1 2001:db8::1 40000 typ srflx raddr 0.0.0.0 rport 0",
        TRUE },
    { "candidate:4 1 TCP 1 192.0.2.1 9 typ host tcptype active", TRUE },
    { "candidate:4 1 udp 1 0b1c.local 9 typ host", TRUE },
    { "", FALSE },
    { "candidate:2 1 udp 2130706431 192.0.2.1 40000 typ host", FALSE },
    { "candidate:5 2 udp 2130706431 192.0.2.1 40000 typ host", FALSE },
    { "candidate:5 1 udp 2130706431 evil.example 40000 typ host", FALSE },
    { "candidate:5 1 udp 2130706431 192.0.2.1 70000 typ host", FALSE },
    { "candidate:5 1 udp 2130706431 192.0.2.1 40000 typ nonsense", FALSE },
    { "candidate:5 1 sctp 2130706431 192.0.2.1 40000 typ host", FALSE },
    { "candidate:5 1 udp 2130706431 192.0.2.1 40000\r\na=x typ host", FALSE },
    { "nonsense", FALSE },
  };
  SdpPeer a;
  g_autofree char *offer = NULL;
  guint i;

  sdp_peer_init (&a, "alice", FALSE);
  sdp_peer_receive (&a, AUDIO_CAPS, NULL);
  sdp_peer_send (&a, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  offer = sdp_peer_offer (&a, KANDY_OFFER_PURPOSE_INITIAL, FALSE);
  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless (gst_kandy_sdp_facade_add_candidate (a.facade, 0, cases[i].text)
            == cases[i].good,
        "%s", cases[i].text);
  fail_if (gst_kandy_sdp_facade_add_candidate (a.facade, 7, cases[0].text));
  g_free (offer);
  /* the default destination is one that the world can reach */
  offer = gst_kandy_sdp_facade_get_wire (a.facade, NULL);
  fail_unless (strstr (offer, "c=IN IP6 2001:db8::1\r\n") != NULL);
  sdp_peer_clear (&a);
}

GST_END_TEST;

/* Protocol calls 4.6, by the directions of an audio and a video section before
 * and after; "-": there is none */
GST_START_TEST (test_changes)
{
  static const struct {
    const char *before, *now;
    KandyRemoteChange change;
    gboolean flowing;
  } cases[] = {
    { "sendrecv -", "sendrecv -", KANDY_REMOTE_CHANGE_NONE, TRUE },
    { "sendrecv sendrecv", "sendrecv sendrecv", KANDY_REMOTE_CHANGE_NONE,
        TRUE },
    { "sendrecv -", "inactive -", KANDY_REMOTE_CHANGE_HOLD, FALSE },
    { "sendrecv -", "sendonly -", KANDY_REMOTE_CHANGE_HOLD, FALSE },
    { "sendrecv sendrecv", "inactive inactive", KANDY_REMOTE_CHANGE_HOLD,
        FALSE },
    { "sendrecv sendrecv", "sendonly sendonly", KANDY_REMOTE_CHANGE_HOLD,
        TRUE },
    { "sendrecv recvonly", "inactive inactive", KANDY_REMOTE_CHANGE_HOLD,
        FALSE },
    { "inactive -", "sendrecv -", KANDY_REMOTE_CHANGE_UNHOLD, TRUE },
    { "sendonly -", "sendrecv -", KANDY_REMOTE_CHANGE_UNHOLD, TRUE },
    { "inactive inactive", "sendrecv recvonly", KANDY_REMOTE_CHANGE_UNHOLD,
        TRUE },
    { "sendrecv -", "sendrecv sendrecv", KANDY_REMOTE_CHANGE_ADD_MEDIA, TRUE },
    { "sendrecv -", "sendrecv sendonly", KANDY_REMOTE_CHANGE_ADD_MEDIA, TRUE },
    { "sendrecv recvonly", "sendrecv sendrecv", KANDY_REMOTE_CHANGE_ADD_MEDIA,
        TRUE },
    { "sendrecv sendrecv", "sendrecv recvonly",
        KANDY_REMOTE_CHANGE_REMOVE_MEDIA, TRUE },
    { "sendrecv -", "recvonly -", KANDY_REMOTE_CHANGE_REMOVE_MEDIA, TRUE },
    { "inactive -", "sendonly -", KANDY_REMOTE_CHANGE_START_MOH, FALSE },
    { "sendonly -", "inactive -", KANDY_REMOTE_CHANGE_STOP_MOH, FALSE },
    { "inactive inactive", "sendonly inactive", KANDY_REMOTE_CHANGE_START_MOH,
        FALSE },
    { "sendrecv -", "sendrecv recvonly", KANDY_REMOTE_CHANGE_UNKNOWN, TRUE },
  };
  g_autofree char *offer = sdp_load ("video-offer.sdp");
  const char *audio = strstr (offer, "m=audio");
  const char *video = strstr (offer, "m=video");
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    SdpPeer a;

    sdp_peer_init (&a, "alice", FALSE);
    sdp_peer_receive (&a, AUDIO_CAPS, VIDEO_CAPS);
    for (j = 0; j < 2; j++) {
      g_auto (GStrv) directions =
          g_strsplit (j ? cases[i].now : cases[i].before, " ", 2);
      g_autofree char *d0 = g_strconcat ("a=", directions[0], NULL);
      g_autofree char *d1 = g_strconcat ("a=", directions[1], NULL);
      g_autofree char *session = g_strndup (offer, audio - offer);
      g_autofree char *s0 = g_strndup (audio, video - audio);
      g_autofree char *s1 = sdp_replace (video, "a=sendrecv", d1);
      g_autofree char *s2 = sdp_replace (s0, "a=sendrecv", d0);
      g_autofree char *text = g_strconcat (
          session, s2, strcmp (directions[1], "-") == 0 ? "" : s1, NULL);
      KandyRemoteChange change = KANDY_REMOTE_CHANGE_UNKNOWN;
      gboolean flowing = FALSE;
      GError *error = NULL;

      fail_unless (gst_kandy_sdp_facade_take_offer (
          a.facade, text, FALSE, &change, &flowing, &error));
      sdp_peer_steps (&a);
      sdp_peer_commit (&a);
      if (j == 1) {
        fail_unless (change == cases[i].change, "%s to %s is %d",
            cases[i].before, cases[i].now, change);
        fail_unless (flowing == cases[i].flowing, "%s to %s: flowing %d",
            cases[i].before, cases[i].now, flowing);
      }
    }
    sdp_peer_clear (&a);
  }
}

GST_END_TEST;

static Suite *
sdp_reading_suite (void)
{
  Suite *s = suite_create ("sdp-reading");
  TCase *tc = tcase_create ("reading");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_bad_offers);
  tcase_add_test (tc, test_bad_answers);
  tcase_add_test (tc, test_certificate);
  tcase_add_loop_test (tc, test_weaker_fingerprint, 0, 2);
  tcase_add_test (tc, test_candidates);
  tcase_add_test (tc, test_changes);
  return s;
}

GST_CHECK_MAIN (sdp_reading);
