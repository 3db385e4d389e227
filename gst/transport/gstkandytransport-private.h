/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandylipsync.h"
#include "gstkandytransport.h"

#include <nice/agent.h>

G_BEGIN_DECLS

/* What the parts of a transport share */

typedef struct _GstKandyPath GstKandyPath;

struct _GstKandyTransport {
  GObject parent_instance;

  GMainContext *context;
  GstElement *pipeline;
  GstElement *webrtcbin;
  NiceAgent *agent;
  GPtrArray *relays;      /* servers of TURN, set by setup_agent */
  gboolean closed;
  GQueue ops;

  GMutex lock;
  GPtrArray *encoders;    /* dtlsenc, under lock */
  GHashTable *rtx_ssrcs;  /* ssrc -> rtx ssrc, under lock */
  GHashTable *certificates; /* ICE stream -> GBytes (DER), under lock */
  GPtrArray *rtx_senders; /* rtprtxsend, under lock */

  GstKandyRtcpReports *reports;
  GstKandyStatsMeter *meter;
  GstKandyLipSync *lip_sync;

  gint trusted;      /* atomic */
  gint *last_packet; /* atomic rc box, ms of the monotonic clock */

  KandyMediaConnectionState state;

  GPtrArray *candidates;
  gint64 gather_start;
  guint gather_max;
  guint gather_delay;
  GSource *gather_timer;
  GstKandyTransportEnough gather_enough;
  GstKandyTransportDone gather_done;
  gpointer gather_data;

  GArray *stream_of_mline; /* guint, 0 = not known; webrtcbin's */

  GPtrArray *paths; /* GstKandyPath, of streams that were restarted or marked */
  guint n_restarts;
  GHashTable *addresses; /* utf8 set: what the agent was told */
};

/* gstkandytransport.c */
void gst_kandy_transport_drop_ops (GstKandyTransport *self);
void gst_kandy_set_if_there (gpointer object, const char *name, int value);
/* (transfer full) */
char *gst_kandy_nick_of (GType type, int value);

/* (transfer full) */
GBytes *gst_kandy_pem_to_der (const char *pem);
/* 0 if not known */
guint gst_kandy_ice_stream_of_decoder (GstElement *decoder);

/* The path has changed; @new_one: media come another way from now on */
void gst_kandy_transport_path_changed (GstKandyTransport *self,
    gboolean new_one);

/* gstkandytransportpath.c */
/* The stream of webrtcbin's that a nicesrc or nicesink stands for */
guint gst_kandy_ice_stream_of (GstElement *nice);
void gst_kandy_path_free (gpointer path);
void gst_kandy_transport_watch_agent (GstKandyTransport *self);
/* By webrtcbin's stream: what carries media, and what descriptions are about */
guint gst_kandy_transport_get_carrier (GstKandyTransport *self, guint stream);
guint gst_kandy_transport_get_described (GstKandyTransport *self,
    guint stream);
GPtrArray *gst_kandy_transport_get_restart_candidates (
    GstKandyTransport *self);
void gst_kandy_transport_tell_addresses (GstKandyTransport *self);
gboolean gst_kandy_transport_restarts_gathered (GstKandyTransport *self);
gboolean gst_kandy_transport_get_path_state (GstKandyTransport *self,
    KandyMediaConnectionState *state);

/* gstkandytransportice.c */
void gst_kandy_ice_add_candidates (NiceAgent *agent, guint stream,
    GPtrArray *lines);
void gst_kandy_transport_setup_agent (GstKandyTransport *self,
    const GstKandyTransportParams *params);
void gst_kandy_relay_free (gpointer data);
void gst_kandy_transport_add_relays (GstKandyTransport *self,
    GstElement *nicesrc);
void gst_kandy_transport_begin_gathering (GstKandyTransport *self);
void gst_kandy_transport_end_gathering (NiceAgent *agent);
void gst_kandy_transport_check_gathering (GstKandyTransport *self);

/* gstkandystatsice.c: W3C's name of its type */
const char *gst_kandy_candidate_type (const NiceCandidate *candidate);

G_END_DECLS
