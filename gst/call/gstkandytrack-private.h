/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandydtmfevent.h"
#include "gstkandyframes.h"
#include "gstkandyreceivetrack.h"
#include "gstkandyrtpborder.h"
#include "gstkandysendtrack.h"

G_BEGIN_DECLS

/* What the call does with its tracks */

typedef struct {
  guint64 packets;
  guint64 bytes;
  guint64 dropped;
  gint64 last_time;             /* µs since the epoch, 0 = never */
  GstKandyFrameCounter pictures;
} GstKandyTrackCounters;

/* Whether media may leave */
typedef enum {
  GST_KANDY_GATE_CLOSED,
  GST_KANDY_GATE_AJAR, /* as soon as there is a path to a known far end */
  GST_KANDY_GATE_OPEN,
} GstKandyGate;

GstKandySendTrack *gst_kandy_send_track_new (KandyTrack *track,
    GstCaps *codecs, GstClock *clock, GstClockTime base_time);
/* Puts its source into @pipeline and links it to @pad, or to another @pad than
 * before. @caps: negotiated. @border: of their SSRC */
gboolean gst_kandy_send_track_attach (GstKandySendTrack *self,
    GstElement *pipeline, GstPad *pad, GstCaps *caps,
    GstKandyRtpBorder *border);
/* Another KandyTrack stands for what is sent from now on; (transfer full). On
 * the kandy thread */
KandyTrack *gst_kandy_send_track_renew (GstKandySendTrack *self,
    gboolean screen);
/* Nothing leaves any more; the source remains where it is */
void gst_kandy_send_track_release (GstKandySendTrack *self);
void gst_kandy_send_track_set_gate (GstKandySendTrack *self,
    GstKandyGate gate);
void gst_kandy_send_track_set_max_bitrate (GstKandySendTrack *self,
    guint bitrate);
void gst_kandy_send_track_get_counters (GstKandySendTrack *self,
    GstKandyTrackCounters *counters);

/* Every now and then: whether anything comes from the source. On the kandy
 * thread */
void gst_kandy_send_track_look_at_source (GstKandySendTrack *self);

gboolean gst_kandy_send_track_is_open (GstKandySendTrack *self);
/* What the far end takes DTMF as; @payload -1: it does not, as events */
void gst_kandy_send_track_set_event_format (GstKandySendTrack *self,
    int payload, guint clock_rate);
/* 0: none are taken */
guint gst_kandy_send_track_get_event_clock_rate (GstKandySendTrack *self);
/* From the beginning to the end of an event it goes in place of the media.
 * @segment: which one of the event the packet is about */
void gst_kandy_send_track_begin_event (GstKandySendTrack *self);
void gst_kandy_send_track_push_event (GstKandySendTrack *self,
    const GstKandyDtmfEvent *event, gboolean marker, guint segment);
void gst_kandy_send_track_end_event (GstKandySendTrack *self,
    guint duration_ms);
/* In the sound, see GstKandySendTrack::play-tone. FALSE: it cannot be heard */
gboolean gst_kandy_send_track_play_tone (GstKandySendTrack *self, guint number,
    guint volume, guint duration_ms, guint gap_ms);
void gst_kandy_send_track_stop_tones (GstKandySendTrack *self);

GstKandyReceiveTrack *gst_kandy_receive_track_new (KandyTrack *track,
    GstCaps *caps, guint latency, GstClock *clock, GstClockTime base_time);
/* @source: which stream this is of; @pad: where upstream events go. The newest
 * source wins. On a streaming thread. Takes @rtp */
void gst_kandy_receive_track_deliver (GstKandyReceiveTrack *self, guint source,
    GstPad *pad, GstBuffer *rtp, GstCaps *caps);
void gst_kandy_receive_track_set_active (GstKandyReceiveTrack *self,
    gboolean active);
/* The KandyTrack is told if packets come; on the kandy thread */
void gst_kandy_receive_track_tell_flowing (GstKandyReceiveTrack *self);
/* Another track comes on the m-line of this one; who plays it goes on */
void gst_kandy_receive_track_set_track (GstKandyReceiveTrack *self,
    KandyTrack *track);
void gst_kandy_receive_track_set_caps (GstKandyReceiveTrack *self,
    GstCaps *caps);
void gst_kandy_receive_track_forget_source (GstKandyReceiveTrack *self);
void gst_kandy_receive_track_get_counters (GstKandyReceiveTrack *self,
    GstKandyTrackCounters *counters);
/* (transfer full) (nullable): of what was received last */
GstCaps *gst_kandy_receive_track_get_current_caps (GstKandyReceiveTrack *self);

G_END_DECLS
