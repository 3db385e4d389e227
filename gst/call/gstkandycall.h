/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GstKandyDtmfMethod:
 * @GST_KANDY_DTMF_METHOD_ANY: as event if the far end takes that, else as sound
 * @GST_KANDY_DTMF_METHOD_EVENT: as event only (RFC 4733)
 * @GST_KANDY_DTMF_METHOD_SOUND: as sound only
 *
 * How a DTMF tone is sent.
 */
typedef enum {
  GST_KANDY_DTMF_METHOD_ANY,
  GST_KANDY_DTMF_METHOD_EVENT,
  GST_KANDY_DTMF_METHOD_SOUND,
} GstKandyDtmfMethod;

/* The media half of one call: a KandyMediaEngine over webrtcbin in a private
 * pipeline. Made on the kandy thread (its thread-default context is where the
 * verbs run and the signals come); tracks may be used from any thread. */

#define GST_KANDY_TYPE_CALL (gst_kandy_call_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandyCall, gst_kandy_call, GST_KANDY, CALL, GObject)

/* @config: section call (iceCollectionDelay, maxIceTimeout, removeH264Codecs,
 * removeBundling, ...). @ice_servers: (element-type KandyIceServer) (nullable).
 * @options: (nullable): what is received without being sent, bandwidth */
GST_KANDY_API GstKandyCall *gst_kandy_call_new (KandyConfig *config,
    GPtrArray *ice_servers, KandyMediaOptions *options);

/* Before the first offer or answer, or between negotiations (takes effect with
 * the next). @codecs: application/x-rtp caps, best first (gstkandycodec.h).
 * (transfer full) */
GST_KANDY_API GstKandySendTrack *gst_kandy_call_add_send_track (GstKandyCall *self,
    KandyMediaKind kind, const char *label, GstCaps *codecs);
GST_KANDY_API GstKandySendTrack *gst_kandy_call_add_screen_track (GstKandyCall *self,
    const char *label, GstCaps *codecs);
GST_KANDY_API void gst_kandy_call_remove_send_track (GstKandyCall *self,
    GstKandySendTrack *track);
/* (transfer container) (element-type GstKandyReceiveTrack) */
GST_KANDY_API GPtrArray *gst_kandy_call_get_receive_tracks (GstKandyCall *self);

/* Answers @promise, which it takes, with a structure application/x-kandy-stats */
GST_KANDY_API void gst_kandy_call_get_stats (GstKandyCall *self, GstPromise *promise);

/* What can be received of @kind: application/x-rtp structures, best first; NULL:
 * all that can be decoded here. Takes effect with the next negotiation */
GST_KANDY_API void gst_kandy_call_set_receive_codecs (GstKandyCall *self,
    KandyMediaKind kind, GstCaps *codecs);

/* Asks for @kind in offers even if nothing of it is sent (default FALSE; a call
 * that sends nothing at all asks for what the options let it receive) */
GST_KANDY_API void gst_kandy_call_set_ask (GstKandyCall *self,
    KandyMediaKind kind, gboolean ask);

/* API document: `call.iceCollectionCheck`. @candidates (element-type utf8):
 * "candidate:..." lines so far. Returns whether they are enough */
typedef gboolean (*GstKandyIceCollectionCheck) (GstKandyCall *self,
    GPtrArray *candidates, guint elapsed_ms, gpointer user_data);
GST_KANDY_API void gst_kandy_call_set_ice_collection_check (GstKandyCall *self,
    GstKandyIceCollectionCheck check, gpointer user_data,
    GDestroyNotify notify);

/* DTMF tones by hand, beside the engine's verb for whole strings. @track:
 * (nullable): the first one of sound */
GST_KANDY_API void gst_kandy_call_start_tone (GstKandyCall *self,
    GstKandySendTrack *track, guint number, guint volume,
    GstKandyDtmfMethod method);
GST_KANDY_API void gst_kandy_call_stop_tone (GstKandyCall *self);
/* A tone was found in the sound that is received; an event tells of it */
GST_KANDY_API void gst_kandy_call_hear_tone (GstKandyCall *self, guint number,
    guint volume);

/* Makes the process-wide DTLS certificate in a thread, so that the first call
 * does not wait for it */
GST_KANDY_API void gst_kandy_call_warm_up (void);
GST_KANDY_API void gst_kandy_call_warm_up_wait (void);

/* Waits until all closed calls of this process have said good-bye and are
 * stopped. FALSE: not within @timeout_ms */
GST_KANDY_API gboolean gst_kandy_call_wait_closed (guint timeout_ms);

/* Properties: "latency" (uint ms, default 60, jitter buffer), "relay-only"
 * (boolean), "local-hold",
 * "remote-hold" (boolean, read), "connection-state" (KandyMediaConnectionState,
 * read), "webrtcbin" (GstElement, read). Signals: "receive-track-added",
 * "receive-track-removed" (GstKandyReceiveTrack), "dtmf-event" (uint number, uint
 * volume, gboolean in_band), on the kandy thread. */

G_END_DECLS
