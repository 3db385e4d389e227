/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandyrtcpreports.h"
#include "gstkandystatsmeter.h"
#include "gstkandytypes.h"

#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#undef GST_USE_UNSTABLE_API

G_BEGIN_DECLS

/* Private. One webrtcbin in the pipeline of a call, with its ICE agent and its
 * DTLS associations. A call replaces it when the far end comes back as a new
 * peer; tracks outlive it.
 *
 * Functions are called on the context that was given to the constructor, and
 * completions and signals come there, unless stated. After
 * gst_kandy_transport_close() none comes.
 *
 * Signals: "pad-added" (GstPad), on a streaming thread; "connection-state"
 * (KandyMediaConnectionState), "certificate" (), when a far end has shown its
 * certificate: is_trusted is FALSE from then until
 * gst_kandy_transport_set_trusted(); "peer-closed" (). */

#define GST_KANDY_TYPE_TRANSPORT (gst_kandy_transport_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyTransport, gst_kandy_transport, GST_KANDY,
    TRANSPORT, GObject)

typedef struct {
  guint latency;                /* jitter buffer, ms */
  gboolean bundle;
  gboolean relay_only;
  GPtrArray *ice_servers;       /* (nullable) (element-type KandyIceServer) */
  gboolean tls_verify;          /* TURN over TLS: the server's certificate */
  const char *ca_file;          /* (nullable): what it is verified with */
} GstKandyTransportParams;

/* @sdp: (nullable): a description that was made. @error: (nullable) */
typedef void (*GstKandyTransportDone) (GstKandyTransport *self,
    const GstSDPMessage *sdp, const GError *error, gpointer user_data);

/* Whether @candidates (element-type utf8) are good enough after @elapsed ms */
typedef gboolean (*GstKandyTransportEnough) (GPtrArray *candidates,
    guint elapsed, gpointer user_data);

GstKandyTransport *gst_kandy_transport_new (GstElement *pipeline,
    GMainContext *context, const GstKandyTransportParams *params,
    GError **error);
GstElement *gst_kandy_transport_get_webrtcbin (GstKandyTransport *self);

void gst_kandy_transport_add_media (GstKandyTransport *self, GstCaps *caps,
    gboolean nack);
void gst_kandy_transport_create (GstKandyTransport *self,
    GstWebRTCSDPType type, GstKandyTransportDone done, gpointer user_data);
void gst_kandy_transport_apply (GstKandyTransport *self, gboolean local,
    GstWebRTCSDPType type, GstSDPMessage *sdp, GstKandyTransportDone done,
    gpointer user_data);
void gst_kandy_transport_gather (GstKandyTransport *self, guint delay,
    guint max_time, GstKandyTransportEnough enough, GstKandyTransportDone done,
    gpointer user_data);
GstPad *gst_kandy_transport_get_sink_pad (GstKandyTransport *self,
    guint mline);
void gst_kandy_transport_set_rtx_ssrc (GstKandyTransport *self, guint32 ssrc,
    guint32 rtx_ssrc);

GBytes *gst_kandy_transport_get_certificate (GstKandyTransport *self,
    guint mline);
void gst_kandy_transport_set_trusted (GstKandyTransport *self,
    gboolean trusted);
gboolean gst_kandy_transport_is_trusted (GstKandyTransport *self);
KandyMediaConnectionState gst_kandy_transport_get_connection_state (
    GstKandyTransport *self);
gint64 gst_kandy_transport_get_idle_time (GstKandyTransport *self);

/* @mlines (element-type guint): of webrtcbin; their ICE streams restart, and no
 * others: a far end takes new credentials that it has not asked for for another
 * end (RFC 8445 section 9) */
gboolean gst_kandy_transport_restart (GstKandyTransport *self,
    const GArray *mlines);
/* Both ends have described it, or it is as if it had never been */
void gst_kandy_transport_commit_restart (GstKandyTransport *self);
void gst_kandy_transport_drop_restart (GstKandyTransport *self);
/* Whether a restart that both ends have described looks for its path */
gboolean gst_kandy_transport_is_checking (GstKandyTransport *self);
/* FALSE: what carries media was bound to an address that this machine no longer
 * has */
gboolean gst_kandy_transport_has_address (GstKandyTransport *self);
gboolean gst_kandy_has_usable_interface (void);
gboolean gst_kandy_transport_get_credentials (GstKandyTransport *self,
    guint mline, char **ufrag, char **pwd);
GPtrArray *gst_kandy_transport_get_candidates (GstKandyTransport *self,
    guint mline);
gboolean gst_kandy_transport_set_remote_ice (GstKandyTransport *self,
    guint mline, const char *ufrag, const char *pwd,
    const GPtrArray *candidates);

/* Marks what is sent through an ICE stream (RFC 2474), from now on */
void gst_kandy_transport_set_dscp (GstKandyTransport *self, guint stream,
    guint code_point);
/* ICE stream of an m-line of webrtcbin, 0 if not known */
guint gst_kandy_transport_find_stream (GstKandyTransport *self, guint mline);

void gst_kandy_transport_close (GstKandyTransport *self, GstElement *pipeline);

/* What the agent knows of the path: "ice-state", "local-candidate-type" ... */
void gst_kandy_transport_add_stats (GstKandyTransport *self, GstStructure *s);

/* (transfer none) */
GstKandyRtcpReports *gst_kandy_transport_get_reports (GstKandyTransport *self);
GstKandyStatsMeter *gst_kandy_transport_get_meter (GstKandyTransport *self);

gboolean gst_kandy_transport_wait_closed (guint timeout_ms);

/* Runs @func from @context, never from the caller's stack */
void gst_kandy_post (GMainContext *context, GSourceFunc func, gpointer data,
    GDestroyNotify notify);
G_END_DECLS
