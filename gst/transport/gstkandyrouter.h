/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandyreceivetrack.h"
#include "gstkandytransport.h"

G_BEGIN_DECLS

/* Private. Brings what comes out of webrtcbin to the receive tracks. Ref-counted,
 * because streaming threads may outlive the call by some milliseconds. */

typedef struct _GstKandyRouter GstKandyRouter;

/* One digit as it begins (RFC 4733); @volume: dB below full scale. On the
 * context */
typedef void (*GstKandyRouterDtmf) (gpointer owner, guint number,
    guint volume);

GstKandyRouter *gst_kandy_router_new (GObject *owner, GMainContext *context,
    GstKandyRouterDtmf dtmf);
GstKandyRouter *gst_kandy_router_ref (GstKandyRouter *self);
void gst_kandy_router_unref (GstKandyRouter *self);

/* Routes are replaced as a whole: begin, add each, end */
void gst_kandy_router_begin (GstKandyRouter *self);
void gst_kandy_router_add (GstKandyRouter *self, guint mline,
    KandyMediaKind kind, int payload, GstKandyReceiveTrack *track);
void gst_kandy_router_end (GstKandyRouter *self);

/* A source pad of @transport's webrtcbin has appeared. On its thread */
void gst_kandy_router_add_pad (GstKandyRouter *self,
    GstKandyTransport *transport, GstElement *pipeline, GstPad *pad);

/* 0 if no packet came yet; µs of the monotonic clock */
gint64 gst_kandy_router_get_first_packet_time (GstKandyRouter *self);

G_END_DECLS
