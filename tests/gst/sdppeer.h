/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#ifdef SDP_PEER_WITHOUT_CHECK
/* In a fuzz target nobody catches failed checks */
#include <gst/gst.h>
#define fail_unless(expression, ...) g_assert_true (expression)
#define fail_if(expression, ...) g_assert_false (expression)
#define fail_unless_equals_int(a, b) g_assert_cmpint (a, ==, b)
#define fail_unless_equals_string(a, b) g_assert_cmpstr (a, ==, b)
#else
#include <gst/check/gstcheck.h>
#endif
#include <gst/sdp/sdp.h>

#include "gstkandysdpfacade.h"

/* A facade with something behind it that writes descriptions as webrtcbin
 * 1.22 does: enough to negotiate, and strict about what would make the real one
 * abort, loop or fail. With SDP_PEER_WEBRTCBIN in the environment, the real one
 * is asked as well. */

#define AUDIO_CAPS \
  "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000," \
  "encoding-params=(string)2,payload=111;" \
  "application/x-rtp,media=audio,encoding-name=G722,clock-rate=8000,payload=9;" \
  "application/x-rtp,media=audio,encoding-name=PCMU,clock-rate=8000,payload=0;" \
  "application/x-rtp,media=audio,encoding-name=PCMA,clock-rate=8000,payload=8"
#define VIDEO_CAPS \
  "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96;" \
  "application/x-rtp,media=video,encoding-name=VP9,clock-rate=90000,payload=98;" \
  "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000," \
  "packetization-mode=(string)1,payload=102"

typedef struct {
  GstKandySdpFacade *facade;
  const char *name;
  guint lines; /* that webrtcbin has */
  guint generation; /* of its credentials */
  guint peers;
  gboolean bundled;
  GPtrArray *mids;
  GstKandySdpSteps done;
  GstElement *pipeline; /* of the real one; nullable */
  GstElement *webrtcbin;
  GstElement *former_pipeline;
  GPtrArray *former; /* mids of the webrtcbin that a new one would replace */
} SdpPeer;

void sdp_peer_init (SdpPeer *peer, const char *name, gboolean is_caller);
void sdp_peer_clear (SdpPeer *peer);
gboolean sdp_peer_is_real (void);
/* Drops the negotiation, and the webrtcbin that was made for it */
void sdp_peer_drop (SdpPeer *peer);
void sdp_peer_commit (SdpPeer *peer);
/* Takes the steps that the facade asks for */
void sdp_peer_steps (SdpPeer *peer);
void sdp_peer_receive (SdpPeer *peer, const char *audio, const char *video);
guint sdp_peer_send (SdpPeer *peer, KandyMediaKind kind, const char *caps);
char *sdp_peer_offer (SdpPeer *peer, KandyOfferPurpose purpose, gboolean hold);
/* a whole answer to @offer, committed */
char *sdp_peer_answer (SdpPeer *peer, const char *offer, gboolean hold,
    KandyRemoteChange *change);
void sdp_peer_accept (SdpPeer *peer, const char *answer, KandyRemoteChange *change);
/* both of the above: @a offers, @b answers */
void sdp_peer_negotiate (SdpPeer *a, SdpPeer *b, KandyOfferPurpose purpose,
    gboolean hold_a, gboolean hold_b, KandyRemoteChange *change);
/* what @peer sees of an m-line, "sendrecv opus 111" */
char *sdp_peer_describe (SdpPeer *peer, guint i);
void sdp_peer_expect (SdpPeer *peer, guint i, const char *description);
void sdp_peer_expect_steps (SdpPeer *peer, GstKandySdpSteps steps);
/* Alice, who calls, and Bob, who take audio and video */
void sdp_pair_init (SdpPeer *a, SdpPeer *b);
/* and send both */
void sdp_pair_connect (SdpPeer *a, SdpPeer *b);
void sdp_pair_clear (SdpPeer *a, SdpPeer *b);
char *sdp_load (const char *name);
char *sdp_replace (const char *text, const char *what, const char *by);

#define SDP_STEPS_FIRST_OFFER                                                            \
  (GST_KANDY_SDP_STEP_TRANSCEIVERS | GST_KANDY_SDP_STEP_CREATE_OFFER           \
      | GST_KANDY_SDP_STEP_GATHER | GST_KANDY_SDP_STEP_SET_REMOTE)
#define SDP_STEPS_FIRST_ANSWER                                                           \
  (GST_KANDY_SDP_STEP_TRANSCEIVERS | GST_KANDY_SDP_STEP_SET_REMOTE             \
      | GST_KANDY_SDP_STEP_CREATE_ANSWER | GST_KANDY_SDP_STEP_GATHER)
#define SDP_STEPS_ADDED_BY_US                                                            \
  (GST_KANDY_SDP_STEP_TRANSCEIVERS | GST_KANDY_SDP_STEP_CREATE_OFFER           \
      | GST_KANDY_SDP_STEP_SET_REMOTE)
#define SDP_STEPS_ADDED_BY_THEM                                                          \
  (GST_KANDY_SDP_STEP_TRANSCEIVERS | GST_KANDY_SDP_STEP_SET_REMOTE             \
      | GST_KANDY_SDP_STEP_CREATE_ANSWER)
