/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include "bench-pair.h"

/* Two webrtcbin in one process that exchange complete descriptions directly:
 * the least that a call with the same media can cost. Each has a pipeline of
 * its own, as each end of a call has. */

/* As the elements set theirs: another tuning is other work */
#define ENCODER                                                                \
  "opusenc audio-type=voice complexity=5 inband-fec=true "                     \
  "packet-loss-percentage=5 frame-size=20 bitrate-type=constrained-vbr "       \
  "bitrate=48000"
#define DECODER "opusdec plc=true use-inband-fec=true"

typedef struct {
  BenchHandWired *pair;
  GstElement *pipeline;
  GstElement *webrtc;
  BenchEar ear;
  BenchMarks *marks;
  gboolean described;
} End;

struct _BenchHandWired {
  BenchMedia media;
  End ends[2];
  guint offer_source;
  gint64 answered_us;
};

static void
add_chain (End *end, GstPad *pad, const char *chain)
{
  GstElement *bin = gst_parse_bin_from_description (chain, TRUE, NULL);
  GstElement *sink;
  GstPad *sinkpad;

  gst_bin_add (GST_BIN (end->pipeline), bin);
  sinkpad = gst_element_get_static_pad (bin, "sink");
  sink = gst_bin_get_by_name (GST_BIN (bin), "ear");
  if (sink) {
    GstPad *ear = gst_element_get_static_pad (sink, "sink");

    bench_ear_attach (&end->ear, ear);
    gst_object_unref (ear);
    gst_object_unref (sink);
  }
  gst_element_sync_state_with_parent (bin);
  gst_pad_link (pad, sinkpad);
  gst_object_unref (sinkpad);
}

static void
on_pad_added (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  End *end = user_data;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  if (end->marks)
    bench_marks_listen (end->marks, pad);
  add_chain (end, pad,
      end->pair->media == BENCH_MEDIA_TONE
          ? "rtpopusdepay ! " DECODER " ! audioconvert ! audioresample ! "
            "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
            "fakesink name=ear sync=false async=false"
          : "fakesink sync=false async=false");
}

static void
on_answer_created (GstPromise *promise, gpointer user_data)
{
  End *end = user_data;
  GstWebRTCSessionDescription *answer = NULL;

  gst_structure_get (gst_promise_get_reply (promise), "answer",
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &answer, NULL);
  gst_promise_unref (promise);
  g_signal_emit_by_name (end->webrtc, "set-local-description", answer, NULL);
  gst_webrtc_session_description_free (answer);
}

static void
on_offer_set (GstPromise *promise, gpointer user_data)
{
  End *end = user_data;

  gst_promise_unref (promise);
  g_signal_emit_by_name (end->webrtc, "create-answer", NULL,
      gst_promise_new_with_change_func (on_answer_created, end, NULL));
}

static void
on_gathered (GstElement *webrtc, GParamSpec *pspec, gpointer user_data)
{
  End *end = user_data;
  End *other = &end->pair->ends[end == &end->pair->ends[0]];
  GstWebRTCICEGatheringState state;
  GstWebRTCSessionDescription *description = NULL;

  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  if (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE || end->described)
    return;
  end->described = TRUE;
  g_object_get (webrtc, "local-description", &description, NULL);
  if (description->type == GST_WEBRTC_SDP_TYPE_OFFER) {
    g_signal_emit_by_name (other->webrtc, "set-remote-description", description,
        gst_promise_new_with_change_func (on_offer_set, other, NULL));
  } else {
    end->pair->answered_us = g_get_monotonic_time ();
    g_signal_emit_by_name (
        other->webrtc, "set-remote-description", description, NULL);
  }
  gst_webrtc_session_description_free (description);
}

static void
on_offer_created (GstPromise *promise, gpointer user_data)
{
  End *end = user_data;
  GstWebRTCSessionDescription *offer = NULL;

  gst_structure_get (gst_promise_get_reply (promise), "offer",
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer, NULL);
  gst_promise_unref (promise);
  g_signal_emit_by_name (end->webrtc, "set-local-description", offer, NULL);
  gst_webrtc_session_description_free (offer);
}

static GstPad *
get_webrtc_sink (End *end)
{
  GstIterator *it = gst_element_iterate_sink_pads (end->webrtc);
  GValue item = G_VALUE_INIT;
  GstPad *pad = NULL;

  if (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    pad = g_value_dup_object (&item);
    g_value_unset (&item);
  }
  gst_iterator_free (it);
  return pad;
}

/* Offer and answer need the caps of the sink pads to be there */
static gboolean
create_offer (gpointer user_data)
{
  BenchHandWired *self = user_data;
  gboolean ready = TRUE;
  guint i;

  for (i = 0; i < 2; i++) {
    GstPad *pad = get_webrtc_sink (&self->ends[i]);

    ready = ready && gst_pad_has_current_caps (pad);
    gst_object_unref (pad);
  }
  if (!ready)
    return G_SOURCE_CONTINUE;
  self->offer_source = 0;
  g_signal_emit_by_name (self->ends[0].webrtc, "create-offer", NULL,
      gst_promise_new_with_change_func (
          on_offer_created, &self->ends[0], NULL));
  return G_SOURCE_REMOVE;
}

static GstPadProbeReturn
on_first_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstElement *jitterbuffer = gst_pad_get_parent_element (pad);

  g_object_set (jitterbuffer, "latency", 60, NULL);
  gst_object_unref (jitterbuffer);
  return GST_PAD_PROBE_REMOVE;
}

/* It otherwise holds the first packet for its whole latency */
static void
on_new_jitterbuffer (GstElement *rtpbin, GstElement *jitterbuffer,
    guint session, guint ssrc, gpointer user_data)
{
  GstPad *pad = gst_element_get_static_pad (jitterbuffer, "src");

  g_object_set (jitterbuffer, "latency", 0, "faststart-min-packets", 1, NULL);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_first_packet, NULL, NULL);
  gst_object_unref (pad);
}

/* One packet is enough to be believed */
static void
on_deep_element_added (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (factory && g_str_equal (GST_OBJECT_NAME (factory), "rtpsession"))
    g_object_set (element, "probation", 0, NULL);
}

static void
tune (GstElement *webrtc)
{
  GObject *ice = NULL, *agent = NULL;
  GstElement *rtpbin = gst_bin_get_by_name (GST_BIN (webrtc), "rtpbin");

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  g_object_set (ice, "ice-tcp", FALSE, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, "stun-pacing-timer", 5, NULL);
  g_object_unref (agent);
  g_object_unref (ice);
  g_signal_connect (
      rtpbin, "new-jitterbuffer", G_CALLBACK (on_new_jitterbuffer), NULL);
  gst_object_unref (rtpbin);
}

BenchHandWired *
bench_hand_wired_new (BenchMedia media)
{
  BenchHandWired *self = g_new0 (BenchHandWired, 1);
  guint i;

  self->media = media;
  for (i = 0; i < 2; i++) {
    End *end = &self->ends[i];
    g_autofree char *line = NULL;

    end->pair = self;
    bench_ear_init (&end->ear, i == 0 ? BENCH_TONE_B : BENCH_TONE_A);
    if (media == BENCH_MEDIA_TONE)
      line = g_strdup_printf (
          "webrtcbin name=w latency=60 bundle-policy=max-compat "
          "audiotestsrc is-live=true wave=sine freq=%d samplesperbuffer=480 ! "
          "audio/x-raw,format=S16LE,rate=48000,channels=1 ! " ENCODER
          " ! rtpopuspay pt=111 ! "
          "application/x-rtp,encoding-params=(string)2 ! w.",
          (int) (i == 0 ? BENCH_TONE_A : BENCH_TONE_B));
    else
      line = g_strdup (
          "webrtcbin name=w latency=60 bundle-policy=max-compat "
          "appsrc name=marks is-live=true do-timestamp=true format=time "
          "caps=audio/x-mulaw,rate=8000,channels=1 ! rtppcmupay ! w.");
    end->pipeline = gst_parse_launch (line, NULL);
    end->webrtc = gst_bin_get_by_name (GST_BIN (end->pipeline), "w");
    tune (end->webrtc);
    g_signal_connect (end->webrtc, "deep-element-added",
        G_CALLBACK (on_deep_element_added), end);
    g_signal_connect (end->webrtc, "pad-added", G_CALLBACK (on_pad_added), end);
    g_signal_connect (end->webrtc, "notify::ice-gathering-state",
        G_CALLBACK (on_gathered), end);
  }
  return self;
}

void
bench_hand_wired_call (BenchHandWired *self)
{
  gst_element_set_state (self->ends[1].pipeline, GST_STATE_PLAYING);
  gst_element_set_state (self->ends[0].pipeline, GST_STATE_PLAYING);
  self->offer_source = g_timeout_add (1, create_offer, self);
}

BenchEar *
bench_hand_wired_get_ear (BenchHandWired *self, guint end)
{
  return &self->ends[end].ear;
}

gint64
bench_hand_wired_get_answered_us (BenchHandWired *self)
{
  return self->answered_us;
}

GstElement *
bench_hand_wired_get_marks_source (BenchHandWired *self, guint end)
{
  return gst_bin_get_by_name (GST_BIN (self->ends[end].pipeline), "marks");
}

void
bench_hand_wired_listen_marks (
    BenchHandWired *self, guint end, BenchMarks *marks)
{
  self->ends[end].marks = marks;
}

void
bench_hand_wired_free (BenchHandWired *self)
{
  guint i;

  g_clear_handle_id (&self->offer_source, g_source_remove);
  for (i = 0; i < 2; i++)
    g_signal_handlers_disconnect_by_data (self->ends[i].webrtc, &self->ends[i]);
  for (i = 0; i < 2; i++) {
    gst_element_set_state (self->ends[i].pipeline, GST_STATE_NULL);
    gst_object_unref (self->ends[i].webrtc);
    gst_object_unref (self->ends[i].pipeline);
  }
  g_free (self);
}

gboolean
bench_hand_wired_heard (gpointer user_data)
{
  BenchHandWired *self = user_data;

  return self->ends[0].ear.heard_us != 0 && self->ends[1].ear.heard_us != 0;
}
