/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysdpprivate.h"

G_BEGIN_DECLS

/* What is negotiated, or would be. */

/* A local track */
typedef struct {
  guint id;
  KandyMediaKind kind;
  char *track_id;
  char *stream_id;
  GstCaps *codecs;
  gboolean removed;
} GstKandySdpTrack;

/* An m-line on the wire */
typedef struct {
  int kind; /* KandyMediaKind, -1 */
  char *media;
  char *proto;
  char *refused_format;
  gboolean alive;
  char *mid; /* nullable */
  int webrtcbin; /* index, -1 */
  gboolean is_new;
  gboolean restarts; /* its ICE stream does, by this negotiation */
  guint track;
  gboolean wire_send; /* what our side of the wire says */
  gboolean wire_recv;
  gboolean send; /* and both sides together */
  gboolean receive;
  GPtrArray *formats; /* the chosen codec first; NULL: to be decided */
  guint32 ssrc;
  guint32 rtx_ssrc;
  guint ssrc_track; /* whose they are; 0: nobody's yet */
  GstKandySdpSection *remote; /* nullable */
  char *remote_track_id;
  char *remote_stream_id;
  gboolean remote_ids_given; /* by an msid */
} GstKandySdpWireLine;

/* An m-line in webrtcbin, for ever sendrecv */
typedef struct {
  char *mid; /* nullable: webrtcbin has not chosen it yet */
  KandyMediaKind kind;
  GPtrArray *formats;
  GstKandySdpSection *remote;  /* the last one that was alive; nullable */
  GstKandySdpTransport *local; /* nullable: not known yet */
} GstKandySdpInnerLine;

typedef struct {
  GPtrArray *wire;  /* GstKandySdpWireLine */
  GPtrArray *inner; /* GstKandySdpInnerLine */
  GPtrArray *views; /* nullable */
  gboolean remote_sends;
  gboolean remote_receives;
  gboolean remote_withdrew;
  char *session_id;
  char *remote_session_id; /* nullable */
  guint version;
  GstKandySdpSetup role; /* ours, when it is fixed */
  gboolean bundled;
  gboolean negotiated;
  GstKandySdpTransport *remote_transport; /* of the bundle; nullable */

  /* of a staged negotiation */
  gboolean offering;
  gboolean answered;
  gboolean first; /* for this webrtcbin */
  gboolean hold;
  gboolean early; /* webrtcbin has a local offer that may never be answered */
  gboolean told_remote;
  gboolean created;
  gboolean offer_active; /* a=setup:active in our offer */
  gboolean parted; /* the answer takes the bundle apart */
  GstKandySdpSteps steps;
  GstKandySdpDescription *offer; /* the far end's */
} GstKandySdpState;

GstKandySdpState *gst_kandy_sdp_state_new (void);
GstKandySdpState *gst_kandy_sdp_state_copy (GstKandySdpState *state);
void gst_kandy_sdp_state_free (GstKandySdpState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySdpState, gst_kandy_sdp_state_free)

GstKandySdpWireLine *gst_kandy_sdp_state_get_wire (GstKandySdpState *state, guint i);
GstKandySdpInnerLine *gst_kandy_sdp_state_get_inner (GstKandySdpState *state, int i);
GstKandySdpWireLine *gst_kandy_sdp_state_add_wire (GstKandySdpState *state, const char *media,
    const char *proto, int kind);
/* lets @line send @track, 0 = nothing. A track is a source of its own: a browser
 * takes apart what received the former one, and shows nothing of another track
 * with its SSRC. */
void gst_kandy_sdp_state_set_track (GstKandySdpState *state, GstKandySdpWireLine *line,
    guint track);
/* gives @line a new m-line in webrtcbin */
GstKandySdpInnerLine *gst_kandy_sdp_state_add_inner (GstKandySdpState *state,
    GstKandySdpWireLine *line);
/* all m-lines get new ICE credentials */
void gst_kandy_sdp_state_mark_restart (GstKandySdpState *state);
guint gst_kandy_sdp_state_count_alive (GstKandySdpState *state);
/* forgets webrtcbin */
void gst_kandy_sdp_state_reset_inner (GstKandySdpState *state);
void gst_kandy_sdp_inner_line_free (GstKandySdpInnerLine *inner);
void gst_kandy_sdp_inner_line_set_formats (GstKandySdpInnerLine *inner, GPtrArray *formats);
void gst_kandy_sdp_wire_line_set_formats (GstKandySdpWireLine *line, GPtrArray *formats);
void gst_kandy_sdp_wire_line_die (GstKandySdpWireLine *line);
/* takes over what the far end says of itself in @section */
void gst_kandy_sdp_state_set_remote (GstKandySdpState *state, guint i,
    GstKandySdpSection *section);
/* (nullable) (transfer none) */
GstKandySdpTransport *gst_kandy_sdp_state_get_local_transport (GstKandySdpState *state,
    GstKandySdpWireLine *line);
GstKandySdpTransport *gst_kandy_sdp_state_get_remote_transport (GstKandySdpState *state,
    int inner);
/* all payload types that are in use, for one transport */
GPtrArray *gst_kandy_sdp_state_get_taken (GstKandySdpState *state);

G_END_DECLS
