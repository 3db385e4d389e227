/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/sdp/sdp.h>

#include "gstkandytypes.h"

G_BEGIN_DECLS

/* The SDP of a call, between the platform and webrtcbin. Pure code: no thread,
 * no I/O, no webrtcbin; not thread-safe, the owner calls it from one thread.
 *
 * It keeps two texts of one call. On the wire the session is what it is: held,
 * with m-lines added, refused, dead and used again. webrtcbin is told of a
 * session in which all m-lines are sendrecv for ever, none ever goes away, mids
 * and roles never change. Wire m-lines that webrtcbin must not see have no
 * webrtcbin m-line; a wire m-line that changed its kind or codec gets a new one.
 *
 * A negotiation is staged: the verbs below work on a copy, which
 * gst_kandy_sdp_facade_commit() makes current and gst_kandy_sdp_facade_drop()
 * forgets. A verb that fails has dropped.
 *
 * After each verb gst_kandy_sdp_facade_get_steps() says what the owner has to do
 * with webrtcbin now, in the order of the flags. Most renegotiations have none:
 * webrtcbin is told only of new m-lines and of new credentials.
 *
 * Engine's create_offer (all purposes):
 *   1. gst_kandy_sdp_facade_begin_offer (purpose, local_hold)
 *   2. the steps (initial offer: TRANSCEIVERS, CREATE_OFFER, GATHER; a re-offer:
 *      none; RESTART: RESTART, GATHER; REBUILD: REBUILD and those of the
 *      initial offer)
 *   3. gst_kandy_sdp_facade_get_wire() is the offer to send
 * commit_offer: nothing. drop_offer: gst_kandy_sdp_facade_drop().
 * accept_answer:
 *   1. gst_kandy_sdp_facade_take_answer (text)
 *   2. the steps (initial: SET_REMOTE; re-offer with a new m-line: TRANSCEIVERS,
 *      CREATE_OFFER, SET_REMOTE; after a restart: REMOTE_ICE; else none)
 *   3. gst_kandy_sdp_facade_commit(); then the m-lines say what is negotiated
 * take_offer (and create_answer):
 *   1. gst_kandy_sdp_facade_take_offer (text, local_hold)
 *   2. the steps (first offer: TRANSCEIVERS, SET_REMOTE, CREATE_ANSWER, GATHER; a
 *      re-offer: none, or those for a new m-line without GATHER; ICE restart:
 *      RESTART, REMOTE_ICE, GATHER; new peer: REBUILD and those of the first).
 *      They may be taken at once, so that candidates are gathered while the
 *      call rings.
 *   3. if local tracks, what is received or local_hold changed since, at
 *      create_answer: gst_kandy_sdp_facade_plan_answer(), which may ask for
 *      steps again: REBUILD if webrtcbin was told of another codec
 *   4. gst_kandy_sdp_facade_get_wire() is the answer to send
 * commit_answer: gst_kandy_sdp_facade_commit(). drop_answer: _drop().
 *
 * A webrtcbin that was made for REBUILD is dropped together with its negotiation;
 * the former one goes on. Where a dropped negotiation has left something in
 * webrtcbin that it cannot forget, the next one asks for REBUILD.
 */

/**
 * GstKandySdpSteps:
 * @GST_KANDY_SDP_STEP_NONE: webrtcbin is not concerned
 * @GST_KANDY_SDP_STEP_REBUILD: make a new webrtcbin, which takes over from the
 *   former one (new ICE credentials, new DTLS association)
 * @GST_KANDY_SDP_STEP_RESTART: nice_agent_restart_stream() for each ICE stream
 *   that has an m-line with restarts set; then
 *   gst_kandy_sdp_facade_set_local_credentials() for each of these, and
 *   @GST_KANDY_SDP_STEP_GATHER again
 * @GST_KANDY_SDP_STEP_TRANSCEIVERS: for each m-line with is_new set, in the order
 *   of webrtcbin_index: add-transceiver (SENDRECV, transceiver_caps), do-nack on
 *   it for video. Sink pads: the one that webrtcbin made for the
 *   transceiver's mlineindex, else request `sink_N`
 * @GST_KANDY_SDP_STEP_CREATE_OFFER: create-offer, its result to
 *   gst_kandy_sdp_facade_local_created(), what that returns to
 *   set-local-description
 * @GST_KANDY_SDP_STEP_SET_REMOTE: gst_kandy_sdp_facade_get_webrtcbin_remote() to
 *   set-remote-description, with the type that this step has (offer if
 *   @GST_KANDY_SDP_STEP_CREATE_ANSWER is also set, else answer)
 * @GST_KANDY_SDP_STEP_CREATE_ANSWER: create-answer, its result to
 *   gst_kandy_sdp_facade_local_created(), what that returns to
 *   set-local-description
 * @GST_KANDY_SDP_STEP_REMOTE_ICE: give the agent what
 *   gst_kandy_sdp_facade_get_remote_ice() returns, for each ICE stream
 * @GST_KANDY_SDP_STEP_GATHER: wait until candidates are gathered, or gathered
 *   enough, and hand them over by gst_kandy_sdp_facade_add_candidate() or
 *   gst_kandy_sdp_facade_take_candidates(), before the text for the wire is read
 *
 * What the owner of a facade has to do with webrtcbin, in this order.
 */
typedef enum {
  GST_KANDY_SDP_STEP_NONE = 0,
  GST_KANDY_SDP_STEP_REBUILD = 1 << 0,
  GST_KANDY_SDP_STEP_RESTART = 1 << 1,
  GST_KANDY_SDP_STEP_TRANSCEIVERS = 1 << 2,
  GST_KANDY_SDP_STEP_CREATE_OFFER = 1 << 3,
  GST_KANDY_SDP_STEP_SET_REMOTE = 1 << 4,
  GST_KANDY_SDP_STEP_CREATE_ANSWER = 1 << 5,
  GST_KANDY_SDP_STEP_REMOTE_ICE = 1 << 6,
  GST_KANDY_SDP_STEP_GATHER = 1 << 7,
} GstKandySdpSteps;

/**
 * GstKandySdpMline:
 * @index: on the wire
 * @webrtcbin_index: in webrtcbin's descriptions (`mlineindex` of its
 *   transceiver); -1 if webrtcbin does not know of it (refused, dead from the
 *   start, not audio or video; added by us and not answered yet)
 * @kind: audio or video
 * @alive: not dead, not refused
 * @is_new: webrtcbin needs a transceiver for it (see
 *   %GST_KANDY_SDP_STEP_TRANSCEIVERS)
 * @restarts: whether its ICE stream restarts with this negotiation
 * @mid: (nullable): on the wire
 * @track: id of the local track that it sends, 0 if none
 * @send: media may be sent (negotiated; both ends' holds are in it already)
 * @receive: media is to be expected
 * @transceiver_caps: (nullable): application/x-rtp, for add-transceiver; one
 *   structure for each codec
 * @send_caps: (nullable): fixed application/x-rtp caps of what is sent, with
 *   media, encoding-name, clock-rate, payload, ssrc and fmtp fields. While our
 *   offer is not answered: the codec that we like best. %NULL if nothing can
 *   be sent here
 * @receive_caps: (nullable): fixed application/x-rtp caps of what is expected
 *   first
 * @dtmf_payload: payload type of telephone-event at the clock rate of the
 *   negotiated codec, else at 8000; -1 if the far end takes none
 * @dtmf_clock_rate: its clock rate
 * @rtx_payload: payload type of retransmissions of send_caps, -1 if none
 * @ssrc: SSRC that is announced for what we send; also in send_caps
 * @rtx_ssrc: SSRC that is announced for retransmissions, 0 if none. webrtcbin
 *   does not choose it itself if its offer came of a transceiver alone: set the
 *   `ssrc-map` of its rtprtxsend
 * @max_bitrate: what the far end takes (its b= lines), bit/s; 0 if it does not say
 * @remote_track_id: (nullable): of what the far end sends here; from its msid,
 *   else made of the mid; stays while the m-line has the same track
 * @remote_stream_id: (nullable)
 * @remote_ssrcs: (nullable) (element-type guint32): what the far end announces
 *   to send here; a pad of webrtcbin with one of these belongs to this m-line,
 *   whatever its transceiver says
 *
 * One audio or video m-line of the call as it is negotiated, or while a
 * negotiation is staged, as it is planned. Strings and arrays are valid until
 * the next call of the facade; caps are the caller's,
 * gst_kandy_sdp_mline_clear() frees them.
 */
typedef struct {
  guint index;
  int webrtcbin_index;
  KandyMediaKind kind;
  gboolean alive;
  gboolean is_new;
  gboolean restarts;
  const char *mid;
  guint track;
  gboolean send;
  gboolean receive;
  GstCaps *transceiver_caps;
  GstCaps *send_caps;
  GstCaps *receive_caps;
  int dtmf_payload;
  guint dtmf_clock_rate;
  int rtx_payload;
  guint32 ssrc;
  guint32 rtx_ssrc;
  guint max_bitrate;
  const char *remote_track_id;
  const char *remote_stream_id;
  const GArray *remote_ssrcs;
} GstKandySdpMline;

GST_KANDY_API void gst_kandy_sdp_mline_clear (GstKandySdpMline *mline);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstKandySdpMline, gst_kandy_sdp_mline_clear)

typedef struct _GstKandySdpFacade GstKandySdpFacade;

/* @is_caller: whether we placed the call (decides the DTLS role when an answer
 * leaves it open, protocol calls 4.3) */
GST_KANDY_API GstKandySdpFacade *gst_kandy_sdp_facade_new (gboolean is_caller);
GST_KANDY_API void gst_kandy_sdp_facade_free (GstKandySdpFacade *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySdpFacade, gst_kandy_sdp_facade_free)

/* --- settings; they take effect with the next negotiation --- */

GST_KANDY_API void gst_kandy_sdp_facade_set_is_caller (GstKandySdpFacade *self, gboolean is_caller);
/* removeBundling: no a=group in what we offer. webrtcbin's bundle-policy must be
 * "none" then, and "max-compat" otherwise. Before the first negotiation. */
GST_KANDY_API void gst_kandy_sdp_facade_set_remove_bundling (GstKandySdpFacade *self, gboolean remove);
/* removeH264Codecs: H.264 is taken out of both ends' descriptions. Default TRUE */
GST_KANDY_API void gst_kandy_sdp_facade_set_remove_h264 (GstKandySdpFacade *self, gboolean remove);
/* What can be received of @kind (application/x-rtp structures, best first, see
 * gstkandycodec.h); NULL or empty: nothing of this kind is received. Default: NULL */
GST_KANDY_API void gst_kandy_sdp_facade_set_receive (GstKandySdpFacade *self, KandyMediaKind kind,
    GstCaps *codecs);
/* Offer an m-line for @kind even if there is no local track of it (default
 * FALSE). What is offered to us is received in any case. */
GST_KANDY_API void gst_kandy_sdp_facade_set_ask (GstKandySdpFacade *self, KandyMediaKind kind,
    gboolean ask);
/* kbit/s, 0 = no limit. Written as b=AS and b=TIAS */
GST_KANDY_API void gst_kandy_sdp_facade_set_bandwidth (GstKandySdpFacade *self, guint call,
    guint audio, guint video);

/* A local track; it goes into the next negotiation. @codecs: application/x-rtp
 * structures, best first, with payload if it matters. Returns its id, never 0.
 * An offered m-line without a codec in common with the track is answered
 * without sending. */
GST_KANDY_API guint gst_kandy_sdp_facade_add_track (GstKandySdpFacade *self, KandyMediaKind kind,
    const char *track_id, const char *stream_id, GstCaps *codecs);
GST_KANDY_API void gst_kandy_sdp_facade_remove_track (GstKandySdpFacade *self, guint track);

/* --- negotiation --- */

GST_KANDY_API gboolean gst_kandy_sdp_facade_begin_offer (GstKandySdpFacade *self,
    KandyOfferPurpose purpose, gboolean local_hold, GError **error);
/* @change: (out) (optional), @flowing: (out) (optional): the far end's media
 * compared with its former description (protocol calls 4.6). The pure comparison:
 * what it means for a call on hold (protocol calls 4.5 step 3) is the caller's
 * part, except that sections are compared by index if they cannot be otherwise. */
GST_KANDY_API gboolean gst_kandy_sdp_facade_take_answer (GstKandySdpFacade *self, const char *sdp,
    KandyRemoteChange *change, gboolean *flowing, GError **error);
GST_KANDY_API gboolean gst_kandy_sdp_facade_take_offer (GstKandySdpFacade *self, const char *sdp,
    gboolean local_hold, KandyRemoteChange *change, gboolean *flowing,
    GError **error);
GST_KANDY_API gboolean gst_kandy_sdp_facade_plan_answer (GstKandySdpFacade *self, gboolean local_hold,
    GError **error);

GST_KANDY_API GstKandySdpSteps gst_kandy_sdp_facade_get_steps (GstKandySdpFacade *self);

/* What create-offer or create-answer gave; returns (transfer full) what
 * set-local-description gets: more codecs, telephone-event, the credentials
 * that the agent has by now. Learns transports and mids. */
GST_KANDY_API GstSDPMessage *gst_kandy_sdp_facade_local_created (GstKandySdpFacade *self,
    const GstSDPMessage *description, GError **error);
/* (transfer full): for set-remote-description */
GST_KANDY_API GstSDPMessage *gst_kandy_sdp_facade_get_webrtcbin_remote (GstKandySdpFacade *self,
    GError **error);
/* @webrtcbin_index and @candidate ("candidate:..." or "a=candidate:...") as in
 * on-ice-candidate; the empty candidate is accepted. FALSE: it was not one, or
 * is known already. Candidates are kept for all descriptions of this ICE
 * generation. */
GST_KANDY_API gboolean gst_kandy_sdp_facade_add_candidate (GstKandySdpFacade *self,
    guint webrtcbin_index, const char *candidate);
/* All a=candidate lines of webrtcbin's local-description. Returns how many
 * are known now. */
GST_KANDY_API guint gst_kandy_sdp_facade_take_candidates (GstKandySdpFacade *self,
    const GstSDPMessage *local_description);
/* After nice_agent_restart_stream(): what the agent has by now. Forgets the candidates
 * of the former generation. Not undone by drop. @webrtcbin_index: any m-line of
 * the ICE stream */
GST_KANDY_API void gst_kandy_sdp_facade_set_local_credentials (GstKandySdpFacade *self,
    guint webrtcbin_index, const char *ufrag, const char *pwd);
/* (transfer full): the description to send */
GST_KANDY_API char *gst_kandy_sdp_facade_get_wire (GstKandySdpFacade *self, GError **error);

GST_KANDY_API void gst_kandy_sdp_facade_commit (GstKandySdpFacade *self);
GST_KANDY_API void gst_kandy_sdp_facade_drop (GstKandySdpFacade *self);

/* --- the far end's latest description --- */

/* Whether it sends, or wants to receive, anything, whatever we answer or have
 * offered. @withdrew: it sends less than before, and only for want of a track:
 * what it sent no longer has an msid. (out) (optional) */
GST_KANDY_API void gst_kandy_sdp_facade_get_remote_media (GstKandySdpFacade *self,
    gboolean *sends, gboolean *receives, gboolean *withdrew);

/* --- what is negotiated (staged, while a negotiation is) --- */

/* wire m-lines, dead ones and those of other kinds included */
GST_KANDY_API guint gst_kandy_sdp_facade_get_n_mlines (GstKandySdpFacade *self);
/* FALSE if there is no such m-line or it is not audio or video */
GST_KANDY_API gboolean gst_kandy_sdp_facade_get_mline (GstKandySdpFacade *self, guint index,
    GstKandySdpMline *mline);
/* whether all m-lines share one transport */
GST_KANDY_API gboolean gst_kandy_sdp_facade_is_bundled (GstKandySdpFacade *self);
/* Whether our offers bundle: not if told not to, nor if the far end has answered
 * a bundle with m-lines that are apart. webrtcbin's bundle-policy follows. */
GST_KANDY_API gboolean gst_kandy_sdp_facade_may_bundle (GstKandySdpFacade *self);
/* What is agreed leaves m-lines without a transport, until another offer */
GST_KANDY_API gboolean gst_kandy_sdp_facade_needs_offer (GstKandySdpFacade *self);
/* Far end's ICE credentials and candidates ("candidate:..." strings, without
 * those that cannot be used) for the transport of this webrtcbin m-line. FALSE if there is none.
 * @ufrag, @pwd: (out) (transfer none), @candidates: (out) (transfer none)
 * (element-type utf8): valid until the next call of the facade */
GST_KANDY_API gboolean gst_kandy_sdp_facade_get_remote_ice (GstKandySdpFacade *self,
    guint webrtcbin_index, const char **ufrag, const char **pwd,
    const GPtrArray **candidates);
/* Whether the far end's certificate (DER) is one that its description names for
 * the transport of this webrtcbin m-line, by the strongest of the hashes that it
 * gives (RFC 8122 section 5). An error (call:2) if not. */
GST_KANDY_API gboolean gst_kandy_sdp_facade_check_certificate (GstKandySdpFacade *self,
    guint webrtcbin_index, GBytes *der, GError **error);

G_END_DECLS
