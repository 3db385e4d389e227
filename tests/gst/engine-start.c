/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"

#include <gst/app/gstappsrc.h>
#include <gst/rtp/gstrtpbuffer.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

/* The first moments of a call's media */

static void
push_packet (Endpoint *self, guint number)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_payload_type (&map, 111);
  gst_rtp_buffer_set_seq (&map, number);
  gst_rtp_buffer_set_timestamp (&map, number * 960);
  gst_rtp_buffer_unmap (&map);
  gst_kandy_send_track_push (self->audio, rtp, NULL, GST_CLOCK_TIME_NONE);
}

static gboolean
has_packet (gpointer self)
{
  return endpoint_packets (self, KANDY_MEDIA_KIND_AUDIO) > 0;
}

static void
add_silent_track (Endpoint *self)
{
  g_autoptr (GstCaps) codecs = gst_caps_from_string (
      "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
      "payload=111,encoding-params=(string)2");

  self->audio = gst_kandy_call_add_send_track (
      self->call, KANDY_MEDIA_KIND_AUDIO, NULL, codecs);
}

/* Who has both keys. The end that finishes the handshake can send before the
 * other one has read that it is finished: what comes then is lost. */
static gboolean
has_keys (gpointer endpoint)
{
  g_autoptr (GstElement) webrtcbin = NULL;
  GstWebRTCPeerConnectionState state;

  g_object_get (((Endpoint *) endpoint)->call, "webrtcbin", &webrtcbin, NULL);
  g_object_get (webrtcbin, "connection-state", &state, NULL);
  return state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED;
}

/* Nothing waits for a second packet: neither the session's trust in a source,
 * nor the jitter buffer */
GST_START_TEST (test_first_packet)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);

  add_silent_track (alice);
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);
  WAIT_FOR (has_keys, bob);

  push_packet (alice, 1);
  WAIT_FOR (has_packet, bob);
  fail_unless_equals_int (endpoint_packets (bob, KANDY_MEDIA_KIND_AUDIO), 1);
  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static GstPadProbeReturn
count_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_OK;
}

static void
count_what_leaves (Endpoint *self, gint *count)
{
  g_autoptr (GstElement) webrtcbin = NULL;

  g_object_get (self->call, "webrtcbin", &webrtcbin, NULL);
  GST_OBJECT_LOCK (webrtcbin);
  for (GList *l = webrtcbin->sinkpads; l; l = l->next)
    gst_pad_add_probe (
        l->data, GST_PAD_PROBE_TYPE_BUFFER, count_packet, count, NULL);
  GST_OBJECT_UNLOCK (webrtcbin);
}

static gboolean
is_counted (gpointer count)
{
  return g_atomic_int_get ((gint *) count) > 0;
}

/* What was said while the far end's certificate was awaited leaves as soon as
 * it is known, but no more of it than one packet */
GST_START_TEST (test_packet_before_path)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  gint left = 0;
  guint n = 0;

  add_silent_track (alice);
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  count_what_leaves (alice, &left);
  while (!endpoint_is_connected (alice)) {
    push_packet (alice, ++n);
    let_pass (1);
  }
  fail_unless (n > 1);

  WAIT_FOR (is_counted, &left);
  let_pass (100);
  fail_unless (g_atomic_int_get (&left) <= 2);
  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* Past the gates, as a far end sends that trusts us already */
static void
push_past_gate (GstElement *source, guint32 ssrc, guint number)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_ssrc (&map, ssrc);
  gst_rtp_buffer_set_payload_type (&map, 111);
  gst_rtp_buffer_set_seq (&map, number);
  gst_rtp_buffer_set_timestamp (&map, number * 960);
  gst_rtp_buffer_unmap (&map);
  gst_app_src_push_buffer (GST_APP_SRC (source), rtp);
}

#define ENOUGH 20

static gboolean
has_enough (gpointer endpoint)
{
  return endpoint_packets (endpoint, KANDY_MEDIA_KIND_AUDIO) >= ENOUGH;
}

static GstPadProbeReturn
on_arrived (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
  return GST_PAD_PROBE_OK;
}

static void
on_pad (GstElement *webrtcbin, GstPad *pad, gpointer user_data)
{
  if (GST_PAD_IS_SRC (pad))
    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, on_arrived, user_data, NULL);
}

/* F16: what comes before anybody has looked at the certificate is played when
 * that turns out to be right. Nobody looks while the main context stands
 * still. */
GST_START_TEST (test_packets_before_trust)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autoptr (GstElement) webrtcbin = NULL;
  g_autoptr (GstElement) bobs = NULL;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstCaps) caps = NULL;
  guint ssrc = 0, n;
  int arrived = 0;

  add_silent_track (alice);
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  g_object_get (bob->call, "webrtcbin", &bobs, NULL);
  g_signal_connect (bobs, "pad-added", G_CALLBACK (on_pad), &arrived);
  g_object_get (alice->call, "webrtcbin", &webrtcbin, NULL);
  pad = gst_pad_get_peer (webrtcbin->sinkpads->data);
  source = gst_pad_get_parent_element (pad);
  caps = gst_kandy_send_track_get_negotiated_caps (alice->audio);
  gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc);

  for (n = 0; n < 1000 && g_atomic_int_get (&arrived) < ENOUGH; n++) {
    push_past_gate (source, ssrc, n);
    g_usleep (10 * 1000);
  }
  fail_unless (g_atomic_int_get (&arrived) >= ENOUGH);
  fail_unless_equals_int (endpoint_packets (bob, KANDY_MEDIA_KIND_AUDIO), 0);
  WAIT_FOR (endpoint_is_connected, bob);
  push_past_gate (source, ssrc, n);
  WAIT_FOR (has_enough, bob);
  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static Suite *
engine_start_suite (void)
{
  Suite *suite = suite_create ("engine-start");
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 20);
  tcase_add_test (calls, test_first_packet);
  tcase_add_test (calls, test_packet_before_path);
  tcase_add_test (calls, test_packets_before_trust);
  suite_add_tcase (suite, calls);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_start_suite (), "engine-start", __FILE__);
}
