/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysdpstate.h"

G_BEGIN_DECLS

struct _GstKandySdpFacade {
  gboolean is_caller;
  gboolean remove_bundling;
  gboolean parted; /* the far end does not bundle */
  gboolean remove_h264;
  GstCaps *receive[2]; /* by KandyMediaKind; nullable */
  gboolean ask[2];
  guint bandwidth_call;
  guint bandwidth[2];

  GPtrArray *tracks; /* GstKandySdpTrack */
  guint last_track;

  char *cname;
  char *stream_id;
  guint version;
  GstKandySdpState *current;
  GstKandySdpState *staged; /* nullable */
  gboolean stale; /* webrtcbin has seen what was not agreed */
  gboolean used;  /* webrtcbin has seen anything */
};

GstKandySdpTrack *gst_kandy_sdp_facade_get_track (GstKandySdpFacade *self, guint id);
/* a track of @kind that no line of @state has; (nullable) */
GstKandySdpTrack *gst_kandy_sdp_facade_get_idle_track (GstKandySdpFacade *self,
    GstKandySdpState *state, KandyMediaKind kind, guint after);
/* (transfer full) what @track (nullable) and this end can do on one m-line;
 * @receives: (out): whether all of it can be received */
GstCaps *gst_kandy_sdp_facade_get_codecs (GstKandySdpFacade *self, KandyMediaKind kind,
    GstKandySdpTrack *track, gboolean *receives);
gboolean gst_kandy_sdp_facade_receives (GstKandySdpFacade *self, KandyMediaKind kind);

GstKandySdpState *gst_kandy_sdp_plan_offer (GstKandySdpFacade *self,
    KandyOfferPurpose purpose, gboolean hold, GError **error);
gboolean gst_kandy_sdp_plan_accept (GstKandySdpFacade *self, GstKandySdpState *state,
    GstKandySdpDescription *answer, GError **error);
GstKandySdpState *gst_kandy_sdp_plan_answer (GstKandySdpFacade *self,
    GstKandySdpDescription *offer, gboolean hold, GError **error);

G_END_DECLS
