/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

#include "gstkandycall.h"
#include "gstkandyreceivetrack.h"
#include "gstkandysendtrack.h"

/* One end of a call with its own sources and meters, and what a test does with
 * two of them: hands their descriptions over and waits. Everything runs on the
 * default main context. */

typedef struct {
  char *name;
  GstKandyCall *call;
  GstKandySendTrack *audio;
  GstKandySendTrack *video;
  GPtrArray *pipelines;
  GPtrArray *received;          /* Meter */
  KandyMediaConnectionState state;
  GError *failure;
  guint tracks_added;
  guint tracks_removed;
  GString *digits;
} Endpoint;

typedef gboolean (*Predicate) (gpointer data);

void wait_for (Predicate predicate, gpointer data, guint seconds,
    const char *what);
#define WAIT_FOR(predicate, data) wait_for (predicate, data, 10, #predicate)

/* Before the tests are forked: one certificate for all of them */
void endpoints_warm_up (void);

Endpoint *endpoint_new (const char *name, KandyMediaOptions *options);
Endpoint *endpoint_new_full (const char *name, KandyConfig *config,
    KandyMediaOptions *options);
Endpoint *endpoint_new_with_servers (const char *name, KandyConfig *config,
    GPtrArray *ice_servers);
void endpoint_free (Endpoint *self);
/* A tone of @frequency Hz, or a picture of @color (0xRRGGBB) */
void endpoint_add_audio (Endpoint *self, guint frequency);
void endpoint_add_video (Endpoint *self, guint32 color);

/* The same tracks, with other sources */
void endpoint_swap_audio (Endpoint *self, guint frequency);
void endpoint_swap_video (Endpoint *self, guint32 color);
/* Past the RTP border: the audio track cannot be used afterwards */
void endpoint_send_digit (Endpoint *self, guint number);

/* The verbs, waited for; fail the test on error unless @error is given */
char *endpoint_create_offer (Endpoint *self, KandyOfferPurpose purpose,
    gboolean local_hold, GError **error);
gboolean endpoint_accept_answer (Endpoint *self, const char *sdp,
    KandyRemoteChange *change, gboolean *flowing, GError **error);
gboolean endpoint_take_offer (Endpoint *self, const char *sdp,
    gboolean local_hold, KandyRemoteChange *change, gboolean *flowing,
    GError **error);
char *endpoint_create_answer (Endpoint *self, gboolean local_hold,
    GError **error);
/* Offer by @caller for @purpose, answered by @callee */
void negotiate (Endpoint *caller, Endpoint *callee, KandyOfferPurpose purpose,
    gboolean local_hold, gboolean callee_hold);

gboolean endpoint_is_connected (gpointer self);
/* Whether something of this kind came in since the last call of meters_reset */
gboolean endpoint_hears (Endpoint *self, guint frequency);
gboolean endpoint_sees (Endpoint *self, guint32 color);
guint endpoint_packets (Endpoint *self, KandyMediaKind kind);
void endpoint_reset_meters (Endpoint *self);
void wait_until_heard (Endpoint *self, guint frequency);
void wait_until_seen (Endpoint *self, guint32 color);
/* Lets @ms of media go by */
void let_pass (guint ms);
GstStructure *endpoint_get_stats (Endpoint *self);
