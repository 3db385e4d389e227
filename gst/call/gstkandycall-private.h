/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall.h"
#include "gstkandydtmfsender.h"
#include "gstkandyliveness.h"
#include "gstkandyquality.h"
#include "gstkandyratecontrol.h"
#include "gstkandyrouter.h"
#include "gstkandysdphold.h"
#include "gstkandytrack-private.h"
#include "gstkandytransport.h"

G_BEGIN_DECLS

typedef struct {
  GstKandySendTrack *track;
  guint facade_id;
  gboolean announced;
  char *priority;               /* (nullable): else as the call's options say */
  GstKandyGate gate;            /* to be set */

  /* gstkandycallquality.c */
  guint sdp_limit;              /* bit/s, of the far end's description; 0 = none */
  GstKandyRtcpReport report;    /* the latest that was looked at */
  GstKandyRateControl rate;
  GstKandyQualityMonitor quality;
} GstKandyLocalTrack;

typedef struct {
  char *id;
  guint mline;
  GstKandyReceiveTrack *track;
  gboolean present;
  gboolean shown;               /* announced to the engine's owner */
  gboolean described;           /* the description says that it is sent */
  gboolean wanted;

  /* gstkandycallquality.c: what was counted at the last look */
  guint ssrc;
  guint64 packets;
  guint64 late;
  int lost;
  double mos;                   /* of sound, 0 = not known */
  GstKandyQualityMonitor quality;
} GstKandyRemoteTrack;

typedef enum {
  GST_KANDY_VERB_NONE,
  GST_KANDY_VERB_CREATE_OFFER,
  GST_KANDY_VERB_ACCEPT_ANSWER,
  GST_KANDY_VERB_TAKE_OFFER,
  GST_KANDY_VERB_CREATE_ANSWER,
} GstKandyVerb;

/* When what happened, µs of the monotonic clock, 0 = not yet */
typedef struct {
  gint64 created;
  gint64 gather_start;
  gint64 gathered;
  gint64 remote;
  gint64 ice_connected;
  gint64 secured;
} GstKandyTimings;

struct _GstKandyCall {
  GObject parent_instance;

  GMainContext *context;
  KandyConfig *config;
  GPtrArray *ice_servers;
  KandyMediaOptions *options;
  guint latency;
  gboolean relay_only;

  GstElement *pipeline;
  GstClock *clock;
  GstClockTime base_time;
  GstKandyTransport *transport;
  GstKandyTransport *staged;    /* takes over with the next commit */
  GstKandyRouter *router;
  GstKandySdpFacade *facade;

  char *stream_id;
  GstCaps *receive_codecs[2];     /* by KandyMediaKind */
  gboolean ask[2];
  GPtrArray *sends;             /* GstKandyLocalTrack */
  GHashTable *borders;          /* SSRC -> GstKandyRtpBorder */
  GPtrArray *receives;          /* GstKandyRemoteTrack */

  KandyMediaConnectionState state;
  KandyMediaConnectionState ice_state;
  gboolean was_trusted;         /* by the current transport's far end */
  gboolean closed;
  gboolean failed;
  gboolean peer_closed;
  gboolean address_lost;        /* that of the media path */
  gboolean path_lost_told;
  GstKandySdpHold hold;
  GSource *watchdog;
  guint n_looks;
  GstKandyLiveness liveness;
  guint silence_ms;             /* without a packet: disconnected */
  guint loss_ms;                /* failed */
  GstKandyTimings timings;
  GstKandyQualityMonitor quality;       /* of what all tracks share */

  /* Negotiation. @verb is what the caller waits for, @steps what remains to be
   * done with webrtcbin; either can go on without the other. */
  gboolean negotiated;          /* something was committed */
  gboolean staging;             /* the facade has a copy */
  GstKandyVerb verb;
  GTask *task;
  GSource *cancel;
  gboolean running;
  GstKandySdpSteps steps;
  gboolean remote_is_offer;
  gboolean restarted;
  GError *run_error;
  gboolean dirty;               /* tracks changed since the offer was taken */
  gboolean replan;
  GstKandySdpHold staged_hold;
  KandyRemoteChange change;
  gboolean flowing;

  GstKandyDtmfSender *dtmf;
  guint event_number;           /* the latest one that came as an event */
  gint64 event_time;            /* and when, monotonic; 0: none */

  GstKandyIceCollectionCheck check;
  gpointer check_data;
  GDestroyNotify check_notify;
};

/* For tests: after how many ms without a packet a call is disconnected, and
 * failed. Before it is connected */
GST_KANDY_API void gst_kandy_call_set_patience (GstKandyCall *self,
    guint silence_ms, guint loss_ms);

void gst_kandy_call_init_engine (KandyMediaEngineInterface *iface);
void gst_kandy_call_init_media (KandyMediaEngineInterface *iface);
void gst_kandy_call_announce_local_tracks (GstKandyCall *self);
gboolean gst_kandy_call_ensure_transport (GstKandyCall *self, GError **error);
GstKandyTransport *gst_kandy_call_new_transport (GstKandyCall *self,
    GError **error);
void gst_kandy_call_apply_settings (GstKandyCall *self,
    KandyMediaOptions *options);
void gst_kandy_call_sync_remote_tracks (GstKandyCall *self);
void gst_kandy_call_after_commit (GstKandyCall *self);
void gst_kandy_call_update_gates (GstKandyCall *self);
void gst_kandy_call_drop_staged (GstKandyCall *self);
void gst_kandy_call_check_certificates (GstKandyCall *self,
    GstKandyTransport *transport);

/* gstkandycallconnection.c */
void gst_kandy_call_update_connection_state (GstKandyCall *self);
void gst_kandy_call_set_connection_state (GstKandyCall *self,
    KandyMediaConnectionState state);
void gst_kandy_call_set_watchdog (GstKandyCall *self, gboolean on);
/* Handlers of the transport's signals */
void gst_kandy_call_transport_state (GstKandyTransport *transport,
    KandyMediaConnectionState state, GstKandyCall *self);
void gst_kandy_call_peer_closed (GstKandyTransport *transport,
    GstKandyCall *self);

void gst_kandy_call_init_dtmf (GstKandyCall *self);
void gst_kandy_call_init_dtmf_engine (KandyMediaEngineInterface *iface);
/* A digit came as event, see GstKandyRouterDtmf */
void gst_kandy_call_hear_event (gpointer call, guint number, guint volume);
void gst_kandy_remote_track_free (gpointer data);
void gst_kandy_call_fail (GstKandyCall *self, const GError *error);
void gst_kandy_call_close (GstKandyCall *self);
gboolean gst_kandy_call_is_closed (GstKandyCall *self);
void gst_kandy_call_abandon_negotiation (GstKandyCall *self);

/* gstkandywarmup.c: before OpenSSL is used */
void gst_kandy_keep_openssl (void);
/* gstkandycalldscp.c: @media, which have added @local, may have something to say;
 * marks the sockets as the options have it */
void gst_kandy_call_set_priority (GstKandyLocalTrack *local,
    KandyMediaOptions *media);
void gst_kandy_call_apply_priorities (GstKandyCall *self);

/* gstkandystats.c: what gst_kandy_call_get_stats() answers, (transfer full) */
GstStructure *gst_kandy_call_make_stats (GstKandyCall *self);

/* gstkandycallquality.c. Every second */
void gst_kandy_call_look (GstKandyCall *self);
/* bit/s that an encoder is to make; 0 = that is not ours to say */
guint gst_kandy_call_get_target_bitrate (const GstKandyLocalTrack *local);
void gst_kandy_call_apply_bitrate (GstKandyCall *self,
    GstKandyLocalTrack *local);

/* gstkandystats.c: verbs of the engine */
void gst_kandy_call_get_report_async (KandyMediaEngine *engine,
    const char *track_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
GVariant *gst_kandy_call_get_report_finish (KandyMediaEngine *engine,
    GAsyncResult *result, GError **error);
const char *gst_kandy_call_get_platform (KandyMediaEngine *engine);

G_END_DECLS
