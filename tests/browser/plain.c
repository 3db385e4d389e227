/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plain.h"

#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#define CAPS_INTERVAL_MS 5

typedef struct {
  GstElement *webrtcbin;
  char *offer; /* (nullable) */
  PlainFunc func;
  gpointer user_data;
} Plain;

static void
plain_free (gpointer data)
{
  Plain *self = data;

  g_free (self->offer);
  g_free (self);
}

/* --- steps, in their order --- */

static void
on_gathering_changed (GstElement *webrtcbin, GParamSpec *pspec, gpointer data)
{
  Plain *self = data;
  GstWebRTCSessionDescription *description = NULL;
  GstWebRTCICEGatheringState state;
  g_autofree char *text = NULL;

  g_object_get (webrtcbin, "ice-gathering-state", &state, NULL);
  if (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
    return;
  g_object_get (webrtcbin, "local-description", &description, NULL);
  text = gst_sdp_message_as_text (description->sdp);
  self->func (text, self->user_data);
  gst_webrtc_session_description_free (description);
}

static void
on_created (GstPromise *promise, gpointer data)
{
  Plain *self = data;
  GstWebRTCSessionDescription *description = NULL;

  gst_structure_get (gst_promise_get_reply (promise),
      self->offer ? "answer" : "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
      &description, NULL);
  gst_promise_unref (promise);
  if (!description) {
    g_printerr ("webrtcbin makes no description\n");
    return;
  }
  g_signal_emit_by_name (
      self->webrtcbin, "set-local-description", description, NULL);
  gst_webrtc_session_description_free (description);
}

static void
create (Plain *self)
{
  g_signal_emit_by_name (self->webrtcbin,
      self->offer ? "create-answer" : "create-offer", NULL,
      gst_promise_new_with_change_func (on_created, self, NULL));
}

static void
on_offer_set (GstPromise *promise, gpointer data)
{
  gst_promise_unref (promise);
  create (data);
}

static void
set_remote (GstElement *webrtcbin, GstWebRTCSDPType type, const char *text,
    GstPromise *promise)
{
  GstWebRTCSessionDescription *description;
  GstSDPMessage *sdp;

  gst_sdp_message_new_from_text (text, &sdp);
  description = gst_webrtc_session_description_new (type, sdp);
  g_signal_emit_by_name (
      webrtcbin, "set-remote-description", description, promise);
  gst_webrtc_session_description_free (description);
}

static void
prepare (const GValue *item, gpointer user_data)
{
  GstPad *pad = g_value_get_object (item);
  gboolean *ready = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;

  if (!caps) {
    *ready = FALSE;
    return;
  }
  g_object_get (pad, "transceiver", &transceiver, NULL);
  if (g_strcmp0 (
          gst_structure_get_string (gst_caps_get_structure (caps, 0), "media"),
          "video")
      == 0)
    g_object_set (transceiver, "do-nack", TRUE, NULL);
}

/* A description has no media whose caps have not come yet */
static gboolean
begin (gpointer data)
{
  Plain *self = data;
  GstIterator *pads = gst_element_iterate_sink_pads (self->webrtcbin);
  gboolean ready = TRUE;

  gst_iterator_foreach (pads, prepare, &ready);
  gst_iterator_free (pads);
  if (!ready)
    return G_SOURCE_CONTINUE;
  if (self->offer)
    set_remote (self->webrtcbin, GST_WEBRTC_SDP_TYPE_OFFER, self->offer,
        gst_promise_new_with_change_func (on_offer_set, self, NULL));
  else
    create (self);
  return G_SOURCE_REMOVE;
}

/* --- public --- */

void
plain_describe (GstElement *webrtcbin, const char *offer, PlainFunc func,
    gpointer user_data)
{
  Plain *self = g_new0 (Plain, 1);

  self->webrtcbin = webrtcbin;
  self->offer = g_strdup (offer);
  self->func = func;
  self->user_data = user_data;
  g_object_set_data_full (G_OBJECT (webrtcbin), "plain", self, plain_free);
  g_signal_connect (webrtcbin, "notify::ice-gathering-state",
      G_CALLBACK (on_gathering_changed), self);
  g_timeout_add (CAPS_INTERVAL_MS, begin, self);
}

void
plain_accept (GstElement *webrtcbin, const char *answer)
{
  set_remote (webrtcbin, GST_WEBRTC_SDP_TYPE_ANSWER, answer, NULL);
}

/* Set as the elements set theirs */
const char *
plain_get_decoder (GstPad *pad)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const char *name = caps ? gst_structure_get_string (
                         gst_caps_get_structure (caps, 0), "encoding-name")
                          : NULL;

  if (g_strcmp0 (name, "OPUS") == 0)
    return "rtpopusdepay ! opusdec plc=true use-inband-fec=true";
  if (g_strcmp0 (name, "VP8") == 0)
    return "rtpvp8depay request-keyframe=true wait-for-keyframe=true ! "
           "vp8dec automatic-request-sync-points=true "
           "discard-corrupted-frames=true";
  return NULL;
}
