/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycodec.h"

G_BEGIN_DECLS

/* The elements between two ghost pads of a bin, which can be replaced by others
 * from the streaming thread that feeds them, and from no other. */
typedef struct {
  GstBin *bin;
  GstPad *sink; /* ghost pads of the bin */
  GstPad *src;
  GPtrArray *elements; /* GstElement, in the order of the flow */
  gboolean broken;     /* one of them could not be made */
} GstKandyCodecChain;

/* Appends @element (transfer floating) (nullable: then the chain is broken) */
GstElement *gst_kandy_codec_chain_add (GstKandyCodecChain *self, GstElement *element);
GstElement *gst_kandy_codec_chain_add_named (GstKandyCodecChain *self, const char *factory);
GstElement *gst_kandy_codec_chain_add_filter (GstKandyCodecChain *self, GstCaps *caps);
/* Links and starts what was added. FALSE: it could not be, and is gone */
gboolean gst_kandy_codec_chain_run (GstKandyCodecChain *self);
void gst_kandy_codec_chain_clear (GstKandyCodecChain *self);
gboolean gst_kandy_codec_chain_is_empty (GstKandyCodecChain *self);

/* Makes the ghost pads of such a bin: any media of @kind on one side (the sink if
 * it is @sending), RTP on the other. Without a chain, events pass from one to the
 * other. */
void gst_kandy_codec_chain_make_pads (GstKandyCodecChain *self, GstBin *bin,
    KandyMediaKind kind, gboolean sending);
/* Sends @event (transfer full) of the sink pad straight out of the src pad, if
 * it concerns the stream and not its format */
gboolean gst_kandy_codec_chain_forward (GstKandyCodecChain *self, GstEvent *event);
/* Tells the new elements what came before them: the sink pad's sticky events, with
 * @caps for those of the format */
void gst_kandy_codec_chain_replay (GstKandyCodecChain *self, GstCaps *caps);
/* Asks for a key frame at the pad's peer */
void gst_kandy_codec_chain_request_key_unit (GstPad *sink);
/* Answers a CAPS or ACCEPT_CAPS query of the pad by its template */
gboolean gst_kandy_codec_chain_query_caps (GstPad *pad, GstQuery *query);

G_END_DECLS
