/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysdpfacade.h"

G_BEGIN_DECLS

/* Who holds a call, as its descriptions have it. The rules of protocol calls
 * 4.6 compare two descriptions, and take media for flowing where they go both
 * ways; here is what such a change means for a call that has media in one
 * direction only, or in which a description was lost.
 *
 * @local: we hold. @remote: the far end holds. @one_way: when nobody held last,
 * we sent nothing. @known: there was a negotiation */
typedef struct {
  gboolean local;
  gboolean remote;
  gboolean one_way;
  gboolean known;
} GstKandySdpHold;

/* @facade has taken the far end's offer, which came as @change; @hold becomes
 * what it will be with the commit. Returns what the offer is to the call */
KandyRemoteChange gst_kandy_sdp_hold_take_offer (GstKandySdpHold *hold,
    GstKandySdpFacade *facade, KandyRemoteChange change);
/* The same for an answer. It says nothing about the far end's hold while our
 * own one asks for silence */
KandyRemoteChange gst_kandy_sdp_hold_take_answer (GstKandySdpHold *hold,
    GstKandySdpFacade *facade, KandyRemoteChange change);
/* The negotiation is current */
void gst_kandy_sdp_hold_commit (GstKandySdpHold *hold,
    GstKandySdpFacade *facade);

G_END_DECLS
