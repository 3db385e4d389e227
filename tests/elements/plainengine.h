/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "kandy.h"

G_BEGIN_DECLS

/* ms of what plain_engine_send_event() sends */
#define PLAIN_EVENT_MS 200

typedef struct {
  const char *audio; /* "opus", "g722", "pcmu"; NULL: none */
  const char *video; /* "vp8", "vp9", "h264"; NULL: none */
  guint frequency;   /* of the tone, Hz */
  guint32 color;     /* of the picture, 0xRRGGBB */
  gboolean without_bundle;
  gboolean without_mid;  /* hence without bundle, too */
  gboolean data_channel; /* offers one */
  /* answers an m-line that comes later outside of the bundle */
  gboolean parts_later;
  const char *bandwidth_type; /* of its b= line about pictures; NULL: none */
  guint bandwidth;
  guint event_rates[2]; /* at which it takes telephone events; 0: none */
} PlainTraits;

/* Telephone events that came (RFC 4733) */
typedef struct {
  guint packets;
  guint rate; /* of the payload type of the latest one; then, what it says */
  guint number;
  guint duration;
  gboolean end;
} PlainEvents;

/* A media engine that is nothing but webrtcbin: what it says goes to the wire,
 * except for what #PlainTraits take out. Each description of the far end after
 * the first one gets a new webrtcbin, as there is no other way to change what is
 * negotiated. Blocks in its verbs, for it has a thread to itself. */
#define PLAIN_TYPE_ENGINE (plain_engine_get_type ())
G_DECLARE_FINAL_TYPE (PlainEngine, plain_engine, PLAIN, ENGINE, GObject)

PlainEngine *plain_engine_new (const PlainTraits *traits);

/* All of these from any thread, (transfer full), (nullable) */
GstElement *plain_engine_dup_pipeline (PlainEngine *self);
char *plain_engine_dup_local_sdp (PlainEngine *self);
char *plain_engine_dup_remote_sdp (PlainEngine *self);
/* Descriptions that it was given */
guint plain_engine_count_remote (PlainEngine *self);

void plain_engine_get_events (PlainEngine *self, PlainEvents *events);
/* Sends one, at the rate that both ends know, in place of some sound */
void plain_engine_send_event (PlainEngine *self, guint number);

/* From the next offer on, payload type @to stands for @from on the wire. Packets
 * follow when it was answered. On the engine's thread */
void plain_engine_move_payload (PlainEngine *self, const char *payloader,
    guint from, guint to);

G_END_DECLS
