/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plainengine.h"

#include <gst/check/gstcheck.h>
#include <gst/rtp/gstrtpbuffer.h>
#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#include <nice/interfaces.h>

#include "fixture.h"
#include "gstkandysendcaps.h"

struct _PlainEngine {
  GObject parent_instance;

  PlainTraits traits;
  GMutex lock; /* of the next four */
  GstElement *pipeline;
  char *local_sdp;
  char *remote_sdp;
  guint n_remote;
  GstElement *webrtcbin;
  GstSDPMessage *offer; /* of the far end, to be answered */
  gboolean moved;
  const char *payloader;
  guint from, to;
  int version;                    /* of what was not said by webrtcbin */
  int incoming_from, incoming_to; /* atomic; 0 = as they come */
  int event_payloads[2];          /* atomic; of the traits' rates */
  PlainEvents events;             /* lock */
  /* the event that is sent, on the streaming thread of the sound */
  int event_wanted; /* atomic; number, -1: none */
  int event_number; /* -1: none */
  guint event_packets;
  guint32 event_timestamp;
};

static void plain_engine_iface_init (KandyMediaEngineInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PlainEngine, plain_engine, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (KANDY_TYPE_MEDIA_ENGINE, plain_engine_iface_init))

/* --- descriptions --- */

static void
remove_attribute (GArray *attributes, const char *key)
{
  for (guint i = attributes->len; i > 0; i--) {
    GstSDPAttribute *attribute =
        &g_array_index (attributes, GstSDPAttribute, i - 1);

    if (g_str_equal (attribute->key, key)) {
      gst_sdp_attribute_clear (attribute);
      g_array_remove_index (attributes, i - 1);
    }
  }
}

/* "96 VP8/90000" of another payload type */
static void
move_payload (GstSDPMedia *media, guint from, guint to)
{
  g_autofree char *old = g_strdup_printf ("%u", from);
  g_autofree char *new = g_strdup_printf ("%u", to);
  g_autofree char *prefix = g_strconcat (old, " ", NULL);

  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++)
    if (g_str_equal (gst_sdp_media_get_format (media, i), old))
      gst_sdp_media_replace_format (media, i, new);
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    GstSDPAttribute *attribute =
        &g_array_index (media->attributes, GstSDPAttribute, i);

    if (attribute->value && g_str_has_prefix (attribute->value, prefix)) {
      char *value =
          g_strdup_printf ("%s %s", new, attribute->value + strlen (prefix));

      g_free (attribute->value);
      attribute->value = value;
    }
  }
}

/* (nullable): @text: what the far end has said */
static int
find_event_payload (const char *text, guint rate)
{
  g_autofree char *pattern =
      g_strdup_printf ("a=rtpmap:(\\d+) telephone-event/%u\\b", rate);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *payload = NULL;

  if (!text || !g_regex_match (regex, text, 0, &match))
    return 0;
  payload = g_match_info_fetch (match, 1);
  return atoi (payload);
}

/* webrtcbin knows nothing of them, and does not have to */
static void
add_events (PlainEngine *self, GstSDPMedia *media)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->traits.event_rates); i++) {
    guint rate = self->traits.event_rates[i];
    int payload = find_event_payload (self->remote_sdp, rate);
    g_autofree char *format = NULL;
    g_autofree char *map = NULL;

    /* in an offer; in an answer it is as offered */
    if (!payload && !self->remote_sdp)
      payload = 120 + (int) i;
    if (!rate || !payload)
      continue;
    format = g_strdup_printf ("%d", payload);
    map = g_strdup_printf ("%d telephone-event/%u", payload, rate);
    gst_sdp_media_add_format (media, format);
    gst_sdp_media_add_attribute (media, "rtpmap", map);
    g_atomic_int_set (&self->event_payloads[i], payload);
  }
}

/* As a browser offers one. webrtcbin could, but does not take an answer that
 * refuses it. */
static void
add_data_channel (GstSDPMessage *sdp)
{
  static const char *const media_only[] = { "rtpmap", "rtcp-fb", "fmtp", "ssrc",
    "msid", "rtcp-mux", "rtcp-rsize", "sendrecv", "mid" };
  guint n = gst_sdp_message_medias_len (sdp);
  GstSDPMedia *channel;

  gst_sdp_media_copy (gst_sdp_message_get_media (sdp, 0), &channel);
  gst_sdp_media_set_media (channel, "application");
  gst_sdp_media_set_proto (channel, "UDP/DTLS/SCTP");
  while (gst_sdp_media_formats_len (channel) > 0)
    gst_sdp_media_remove_format (channel, 0);
  gst_sdp_media_add_format (channel, "webrtc-datachannel");
  for (guint i = 0; i < G_N_ELEMENTS (media_only); i++)
    remove_attribute (channel->attributes, media_only[i]);
  gst_sdp_media_add_attribute (channel, "mid", "data");
  gst_sdp_media_add_attribute (channel, "sctp-port", "5000");
  gst_sdp_message_add_media (sdp, channel);
  gst_sdp_media_free (channel);
  for (guint i = 0; n > 0 && i < gst_sdp_message_attributes_len (sdp); i++) {
    GstSDPAttribute *attribute =
        &g_array_index (sdp->attributes, GstSDPAttribute, i);

    if (g_str_equal (attribute->key, "group")) {
      char *group = g_strconcat (attribute->value, " data", NULL);

      g_free (attribute->value);
      attribute->value = group;
    }
  }
}

static char *
say (PlainEngine *self, GstSDPMessage *sdp)
{
  char *text;

  if (self->traits.data_channel)
    add_data_channel (sdp);

  if (self->traits.without_bundle || self->traits.without_mid)
    remove_attribute (sdp->attributes, "group");
  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    GstSDPMedia *media = &g_array_index (sdp->medias, GstSDPMedia, i);

    if (self->traits.without_mid)
      remove_attribute (media->attributes, "mid");
    if (self->moved)
      move_payload (media, self->from, self->to);
    if (self->traits.bandwidth_type
        && g_str_equal (gst_sdp_media_get_media (media), "video"))
      gst_sdp_media_add_bandwidth (
          media, self->traits.bandwidth_type, self->traits.bandwidth);
    if (g_str_equal (gst_sdp_media_get_media (media), "audio"))
      add_events (self, media);
  }
  text = gst_sdp_message_as_text (sdp);
  g_mutex_lock (&self->lock);
  g_free (self->local_sdp);
  self->local_sdp = g_strdup (text);
  g_mutex_unlock (&self->lock);
  return text;
}

/* webrtcbin does not take an m-line that is refused: it hears of one over which
 * nothing goes */
static void
revive (GstSDPMedia *media, const GstSDPMedia *own, const GstSDPMedia *alive)
{
  static const char *const of_transport[] = { "ice-ufrag", "ice-pwd",
    "fingerprint", "setup" };
  GstSDPMedia *copy;

  gst_sdp_media_copy (own, &copy);
  remove_attribute (copy->attributes, "candidate");
  remove_attribute (copy->attributes, "sendrecv");
  for (guint i = 0; i < G_N_ELEMENTS (of_transport); i++) {
    remove_attribute (copy->attributes, of_transport[i]);
    gst_sdp_media_add_attribute (copy, of_transport[i],
        gst_sdp_media_get_attribute_val (alive, of_transport[i]));
  }
  gst_sdp_media_add_attribute (copy, "inactive", "");
  gst_sdp_media_uninit (media);
  *media = *copy;
  g_free (copy);
}

/* webrtcbin does without no mid. @own: (nullable): what is answered */
static GstSDPMessage *
hear (PlainEngine *self, const char *text, const GstSDPMessage *own)
{
  GstSDPMessage *sdp;

  g_mutex_lock (&self->lock);
  g_free (self->remote_sdp);
  self->remote_sdp = g_strdup (text);
  self->n_remote++;
  g_mutex_unlock (&self->lock);
  fail_unless (gst_sdp_message_new_from_text (text, &sdp) == GST_SDP_OK);
  /* the array does not free what is in it */
  while (self->traits.data_channel
      && sdp->medias->len > (own ? own->medias->len : 0)) {
    gst_sdp_media_uninit (
        &g_array_index (sdp->medias, GstSDPMedia, sdp->medias->len - 1));
    g_array_set_size (sdp->medias, sdp->medias->len - 1);
  }
  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    GstSDPMedia *media = &g_array_index (sdp->medias, GstSDPMedia, i);
    g_autofree char *mid = NULL;

    if (own && gst_sdp_media_get_port (media) == 0)
      revive (media, gst_sdp_message_get_media (own, i),
          gst_sdp_message_get_media (sdp, 0));
    if (gst_sdp_media_get_attribute_val (media, "mid"))
      continue;
    mid = own ? g_strdup (gst_sdp_media_get_attribute_val (
              gst_sdp_message_get_media (own, i), "mid"))
              : g_strdup_printf ("%u", i);
    gst_sdp_media_add_attribute (media, "mid", mid);
  }
  return sdp;
}

static guint
find_payload (const GstSDPMessage *offer, const char *codec, guint otherwise)
{
  guint found = otherwise;

  for (guint i = 0; offer && i < gst_sdp_message_medias_len (offer); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (offer, i);

    for (guint j = 0; j < gst_sdp_media_attributes_len (media); j++) {
      const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, j);
      g_auto (GStrv) words = NULL;

      if (!g_str_equal (attribute->key, "rtpmap"))
        continue;
      words = g_strsplit_set (attribute->value, " /", 3);
      if (words[0] && words[1] && g_ascii_strcasecmp (words[1], codec) == 0)
        return atoi (words[0]);
    }
  }
  return found;
}

static gboolean
has_kind (const GstSDPMessage *sdp, const char *kind)
{
  gboolean found = FALSE;

  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++)
    found |= g_str_equal (
        gst_sdp_media_get_media (gst_sdp_message_get_media (sdp, i)), kind);
  return found;
}

/* What was said of the former m-lines, and of a new one that it has a transport
 * of its own, by which nothing ever comes; (nullable) (transfer full) */
static char *
answer_outside (PlainEngine *self, const GstSDPMessage *offer)
{
  static const char *const of_offerer[] = { "ssrc", "ssrc-group", "msid",
    "candidate", "ice-ufrag", "ice-pwd", "setup", "bundle-only" };
  g_autofree char *version = g_strdup_printf ("%d", 10 + ++self->version);
  GstSDPMessage *sdp;
  GstSDPMedia *media;
  guint n;
  char *text;

  if (!self->traits.parts_later || !self->local_sdp
      || !gst_sdp_message_get_attribute_val (offer, "group"))
    return NULL;
  fail_unless (
      gst_sdp_message_new_from_text (self->local_sdp, &sdp) == GST_SDP_OK);
  n = gst_sdp_message_medias_len (sdp);
  if (gst_sdp_message_medias_len (offer) == n) {
    gst_sdp_message_free (sdp);
    return NULL;
  }
  g_free (sdp->origin.sess_version);
  sdp->origin.sess_version = g_steal_pointer (&version);
  gst_sdp_media_copy (gst_sdp_message_get_media (offer, n), &media);
  for (guint i = 0; i < G_N_ELEMENTS (of_offerer); i++)
    remove_attribute (media->attributes, of_offerer[i]);
  gst_sdp_media_add_attribute (media, "ice-ufrag", "apart");
  gst_sdp_media_add_attribute (media, "ice-pwd", "nobodyiseverheardthere");
  gst_sdp_media_add_attribute (media, "setup", "active");
  gst_sdp_message_add_media (sdp, media);
  gst_sdp_media_free (media);
  text = say (self, sdp);
  gst_sdp_message_free (sdp);
  return text;
}

/* --- webrtcbin --- */

/* Runs @signal and waits for its promise; (nullable) (transfer full) */
static GstWebRTCSessionDescription *
create (PlainEngine *self, const char *type)
{
  g_autofree char *signal = g_strconcat ("create-", type, NULL);
  GstPromise *promise = gst_promise_new ();
  GstWebRTCSessionDescription *description = NULL;

  g_signal_emit_by_name (self->webrtcbin, signal, NULL, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  gst_structure_get (gst_promise_get_reply (promise), type,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  gst_promise_unref (promise);
  fail_unless (description != NULL, "webrtcbin creates no %s", type);
  return description;
}

static void
set_description (PlainEngine *self, const char *signal,
    GstWebRTCSessionDescription *description)
{
  GstPromise *promise = gst_promise_new ();
  const GstStructure *reply;

  g_signal_emit_by_name (self->webrtcbin, signal, description, promise);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_has_field (reply, "error")) {
    g_autofree char *text = gst_structure_to_string (reply);

    fail ("%s: %s", signal, text);
  }
  gst_promise_unref (promise);
}

static void
set_remote (PlainEngine *self, GstWebRTCSDPType type, GstSDPMessage *sdp)
{
  GstWebRTCSessionDescription *description =
      gst_webrtc_session_description_new (type, sdp);

  set_description (self, "set-remote-description", description);
  gst_webrtc_session_description_free (description);
}

static gboolean
is_gathered (gpointer data)
{
  GstWebRTCICEGatheringState state;

  g_object_get (data, "ice-gathering-state", &state, NULL);
  return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;
}

/* The text with its candidates */
static char *
say_created (PlainEngine *self, const char *type)
{
  GstWebRTCSessionDescription *description = create (self, type);
  char *text;

  set_description (self, "set-local-description", description);
  gst_webrtc_session_description_free (description);
  fixture_until (is_gathered, self->webrtcbin, "candidates");
  g_object_get (self->webrtcbin, "local-description", &description, NULL);
  text = say (self, description->sdp);
  gst_webrtc_session_description_free (description);
  return text;
}

/* TRUE: it was one */
static gboolean
take_event (PlainEngine *self, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  guint rate = 0;
  const guint8 *event;

  if (!gst_rtp_buffer_map (buffer, GST_MAP_READ, &rtp))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (self->event_payloads); i++)
    if (gst_rtp_buffer_get_payload_type (&rtp)
        == g_atomic_int_get (&self->event_payloads[i]))
      rate = self->traits.event_rates[i];
  event = gst_rtp_buffer_get_payload (&rtp);
  if (rate != 0) {
    fail_unless_equals_int (gst_rtp_buffer_get_payload_len (&rtp), 4);
    g_mutex_lock (&self->lock);
    self->events.packets++;
    self->events.rate = rate;
    self->events.number = event[0];
    self->events.end = (event[1] & 0x80) != 0;
    self->events.duration = event[2] << 8 | event[3];
    g_mutex_unlock (&self->lock);
  }
  gst_rtp_buffer_unmap (&rtp);
  return rate != 0;
}

/* Which of the two rates its sound has; of one alone, that */
static guint
choose_event_rate (PlainEngine *self)
{
  gboolean opus = g_str_equal (self->traits.audio, "opus");

  return self->traits.event_rates[1] == (opus ? 48000 : 8000);
}

#define EVENT_PACKET_MS 20
#define N_EVENT_PACKETS (PLAIN_EVENT_MS / EVENT_PACKET_MS)

/* Some packets of sound become those of an event: its length so far, and at
 * last three times that it is over */
static GstPadProbeReturn
on_sound_sent (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  PlainEngine *self = data;
  guint which = choose_event_rate (self);
  guint rate = self->traits.event_rates[which];
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT, sound = GST_RTP_BUFFER_INIT;
  GstBuffer *buffer;
  guint8 *event;
  guint duration;

  if (self->event_number < 0) {
    self->event_number = g_atomic_int_get (&self->event_wanted);
    g_atomic_int_set (&self->event_wanted, -1);
    self->event_packets = 0;
  }
  if (self->event_number < 0)
    return GST_PAD_PROBE_OK;

  buffer = gst_rtp_buffer_new_allocate (4, 0, 0);
  gst_rtp_buffer_map (info->data, GST_MAP_READ, &sound);
  gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp);
  if (self->event_packets == 0)
    self->event_timestamp = gst_rtp_buffer_get_timestamp (&sound);
  gst_rtp_buffer_set_marker (&rtp, self->event_packets == 0);
  self->event_packets++;
  duration = MIN (self->event_packets, N_EVENT_PACKETS) * EVENT_PACKET_MS * rate
      / 1000;
  gst_rtp_buffer_set_payload_type (
      &rtp, (guint8) g_atomic_int_get (&self->event_payloads[which]));
  gst_rtp_buffer_set_ssrc (&rtp, gst_rtp_buffer_get_ssrc (&sound));
  gst_rtp_buffer_set_seq (&rtp, gst_rtp_buffer_get_seq (&sound));
  gst_rtp_buffer_set_timestamp (&rtp, self->event_timestamp);
  event = gst_rtp_buffer_get_payload (&rtp);
  event[0] = (guint8) self->event_number;
  event[1] = (self->event_packets >= N_EVENT_PACKETS ? 0x80 : 0) | 10;
  event[2] = (guint8) (duration >> 8);
  event[3] = (guint8) duration;
  gst_rtp_buffer_unmap (&rtp);
  gst_rtp_buffer_unmap (&sound);
  gst_buffer_copy_into (buffer, info->data, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  gst_buffer_unref (info->data);
  info->data = buffer;
  if (self->event_packets == N_EVENT_PACKETS + 2)
    self->event_number = -1;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  PlainEngine *self = data;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  GstBuffer *buffer;
  int from = g_atomic_int_get (&self->incoming_from);

  if (take_event (self, GST_PAD_PROBE_INFO_BUFFER (info)))
    return GST_PAD_PROBE_DROP;
  if (from == 0)
    return GST_PAD_PROBE_OK;
  buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp)) {
    if (gst_rtp_buffer_get_payload_type (&rtp) == from)
      gst_rtp_buffer_set_payload_type (
          &rtp, g_atomic_int_get (&self->incoming_to));
    gst_rtp_buffer_unmap (&rtp);
  }
  return GST_PAD_PROBE_OK;
}

/* Ours does, and the failure that it prevents is one of the process */
static void
on_rtpbin_element (GstBin *rtpbin, GstElement *element, gpointer user_data)
{
  if (g_str_has_prefix (GST_OBJECT_NAME (element), "rtpsession"))
    gst_kandy_send_caps_watch (element);
}

static void
on_rtpbin_pad (GstElement *rtpbin, GstPad *pad, PlainEngine *self)
{
  if (g_str_has_prefix (GST_PAD_NAME (pad), "recv_rtp_sink"))
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, self, NULL);
}

static void
on_pad_added (GstElement *webrtcbin, GstPad *pad, PlainEngine *self)
{
  static const struct {
    const char *codec, *decoder;
  } decoders[] = {
    { "OPUS", "rtpopusdepay ! opusdec ! " FIXTURE_SOUND },
    { "PCMU", "rtppcmudepay ! mulawdec ! " FIXTURE_SOUND },
    { "G722", "rtpg722depay ! avdec_g722 ! " FIXTURE_SOUND },
    { "VP8", "rtpvp8depay ! vp8dec ! " FIXTURE_PICTURE },
    { "VP9", "rtpvp9depay ! vp9dec ! " FIXTURE_PICTURE },
    { "H264", "rtph264depay ! avdec_h264 ! " FIXTURE_PICTURE },
  };
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  const char *codec;

  if (GST_PAD_IS_SINK (pad))
    return;
  pipeline = GST_ELEMENT (gst_element_get_parent (webrtcbin));
  caps = gst_pad_get_current_caps (pad);
  codec = caps ? gst_structure_get_string (
              gst_caps_get_structure (caps, 0), "encoding-name")
               : NULL;
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    if (g_strcmp0 (decoders[i].codec, codec) == 0) {
      GstElement *bin =
          gst_parse_bin_from_description (decoders[i].decoder, TRUE, NULL);

      gst_bin_add (GST_BIN (pipeline), bin);
      fail_unless (
          gst_element_link_pads (webrtcbin, GST_PAD_NAME (pad), bin, "sink"));
      gst_element_sync_state_with_parent (bin);
      return;
    }
  }
  fail ("nobody asked for %s", codec);
}

static gboolean
has_caps (gpointer data)
{
  GList *item;
  gboolean all = TRUE;

  GST_OBJECT_LOCK (data);
  for (item = GST_ELEMENT (data)->sinkpads; item; item = item->next)
    all = all && gst_pad_has_current_caps (item->data);
  GST_OBJECT_UNLOCK (data);
  return all;
}

static void
stop (PlainEngine *self)
{
  GstElement *pipeline;

  g_mutex_lock (&self->lock);
  pipeline = g_steal_pointer (&self->pipeline);
  g_mutex_unlock (&self->lock);
  gst_clear_object (&self->webrtcbin);
  if (!pipeline)
    return;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
add_audio (PlainEngine *self, GString *line, const GstSDPMessage *offer)
{
  gboolean opus = g_strcmp0 (self->traits.audio, "opus") == 0;
  gboolean g722 = g_strcmp0 (self->traits.audio, "g722") == 0;

  if (!self->traits.audio)
    return;
  g_string_append_printf (line,
      "audiotestsrc is-live=true freq=%u volume=0.5 ! audio/x-raw,rate=%u,"
      "channels=1 ! %s name=audio pt=%u ! application/x-rtp%s ! w. ",
      self->traits.frequency,
      opus       ? 48000
          : g722 ? 16000
                 : 8000,
      opus       ? "opusenc ! rtpopuspay"
          : g722 ? "avenc_g722 ! rtpg722pay"
                 : "mulawenc ! rtppcmupay",
      opus       ? find_payload (offer, "opus", 111)
          : g722 ? 9
                 : 0,
      opus ? ",encoding-params=(string)2" : "");
}

static gboolean
is_installed (const char *factory)
{
  g_autoptr (GstElementFactory) found = gst_element_factory_find (factory);

  return found != NULL;
}

static void
add_video (PlainEngine *self, GString *line, const GstSDPMessage *offer)
{
  const char *codec = self->traits.video;
  gboolean h264 = g_strcmp0 (codec, "h264") == 0;
  guint payload;

  if (!codec || (offer && !has_kind (offer, "video")))
    return;
  payload = find_payload (offer, codec, h264 ? 102 : 96);
  g_string_append_printf (line,
      "videotestsrc is-live=true pattern=solid-color foreground-color=0xff%06x "
      "! video/x-raw,format=I420,width=160,height=120,framerate=15/1 ! ",
      self->traits.color);
  if (!h264)
    g_string_append_printf (line,
        "%senc deadline=1 cpu-used=8 keyframe-max-dist=15 ! "
        "rtp%spay name=video pt=%u ! application/x-rtp ! w. ",
        codec, codec, payload);
  else /* no profile that the other end would have to match */
    g_string_append_printf (line,
        "%s ! video/x-h264,profile=constrained-baseline ! "
        "rtph264pay name=video aggregate-mode=zero-latency config-interval=-1 "
        "pt=%u ! capssetter "
        "replace=true caps=\"application/x-rtp,media=video,encoding-name=H264,"
        "clock-rate=90000,packetization-mode=(string)1,payload=%u\" ! w. ",
        is_installed ("x264enc") ? "x264enc tune=zerolatency key-int-max=15"
                                 : "openh264enc gop-size=15",
        payload, payload);
}

static void
start (PlainEngine *self, const GstSDPMessage *offer)
{
  gboolean apart = self->traits.without_bundle || self->traits.without_mid
      || (offer && !gst_sdp_message_get_attribute_val (offer, "group"));
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) rtpbin = NULL;
  g_autoptr (GstElement) payloader = NULL;
  GObject *agent;
  GstElement *pipeline;
  GObject *ice;
  GList *addresses;

  stop (self);
  g_string_printf (line, "webrtcbin name=w latency=60 bundle-policy=%s ",
      apart ? "none" : "max-compat");
  add_audio (self, line, offer);
  add_video (self, line, offer);
  pipeline = gst_parse_launch (line->str, &error);
  fail_unless (error == NULL, "%s: %s", line->str, error ? error->message : "");
  self->webrtcbin = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  g_object_get (self->webrtcbin, "ice-agent", &ice, NULL);
  addresses = nice_interfaces_get_local_ips (FALSE);
  if (!addresses) {
    gboolean added;

    g_signal_emit_by_name (ice, "add-local-ip-address", "127.0.0.1", &added);
  }
  g_list_free_full (addresses, g_free);
  /* no looking for a router in a test */
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, NULL);
  g_object_unref (agent);
  g_object_unref (ice);
  rtpbin = gst_bin_get_by_name (GST_BIN (self->webrtcbin), "rtpbin");
  g_signal_connect (rtpbin, "pad-added", G_CALLBACK (on_rtpbin_pad), self);
  g_signal_connect (
      rtpbin, "element-added", G_CALLBACK (on_rtpbin_element), NULL);
  g_signal_connect (
      self->webrtcbin, "pad-added", G_CALLBACK (on_pad_added), self);
  payloader = gst_bin_get_by_name (GST_BIN (pipeline), "audio");
  if (payloader) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (payloader, "src");

    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, on_sound_sent, self, NULL);
  }
  g_mutex_lock (&self->lock);
  self->pipeline = pipeline;
  g_mutex_unlock (&self->lock);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fixture_until (has_caps, self->webrtcbin, "caps at webrtcbin");
}

/* --- verbs --- */

static void
answer_task (PlainEngine *self, char *sdp, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_return_pointer (task, sdp, g_free);
  g_object_unref (task);
}

static void
create_offer_async (KandyMediaEngine *engine, KandyOfferPurpose purpose,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  PlainEngine *self = PLAIN_ENGINE (engine);
  char *text;

  if (self->moved) {
    /* webrtcbin is not told: it cannot change a codec */
    g_autofree char *version = g_strdup_printf ("%d", 10 + ++self->version);
    GstSDPMessage *sdp;

    gst_sdp_message_new_from_text (self->local_sdp, &sdp);
    g_free (sdp->origin.sess_version);
    sdp->origin.sess_version = g_steal_pointer (&version);
    for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
      GstSDPMedia *media = &g_array_index (sdp->medias, GstSDPMedia, i);

      remove_attribute (media->attributes, "setup");
      gst_sdp_media_add_attribute (media, "setup", "actpass");
    }
    text = say (self, sdp);
    gst_sdp_message_free (sdp);
  } else {
    start (self, NULL);
    text = say_created (self, "offer");
  }
  answer_task (self, text, callback, user_data);
}

static char *
pointer_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* (transfer full): as from the wire. webrtcbin makes attributes with no value,
 * which it does not take */
static GstSDPMessage *
dup_local (PlainEngine *self)
{
  GstWebRTCSessionDescription *local = NULL;
  g_autofree char *text = NULL;
  GstSDPMessage *sdp;

  g_object_get (self->webrtcbin, "local-description", &local, NULL);
  text = gst_sdp_message_as_text (local->sdp);
  gst_webrtc_session_description_free (local);
  fail_unless (gst_sdp_message_new_from_text (text, &sdp) == GST_SDP_OK);
  return sdp;
}

static void
accept_answer_async (KandyMediaEngine *engine, const char *text,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  PlainEngine *self = PLAIN_ENGINE (engine);
  GstSDPMessage *own = dup_local (self);
  GstSDPMessage *answer = hear (self, text, own);

  if (self->moved) {
    g_autoptr (GstElement) payloader =
        gst_bin_get_by_name (GST_BIN (self->pipeline), self->payloader);

    gst_sdp_message_free (answer);
    g_object_set (payloader, "pt", self->to, NULL);
    g_atomic_int_set (&self->incoming_to, self->from);
    g_atomic_int_set (&self->incoming_from, self->to);
  } else {
    set_remote (self, GST_WEBRTC_SDP_TYPE_ANSWER, answer);
  }
  gst_sdp_message_free (own);
  answer_task (self, NULL, callback, user_data);
}

static gboolean
description_finish (KandyMediaEngine *engine, GAsyncResult *result,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  if (change)
    *change = KANDY_REMOTE_CHANGE_NONE;
  if (flowing)
    *flowing = TRUE;
  g_task_propagate_pointer (G_TASK (result), error);
  return TRUE;
}

static void
take_offer_async (KandyMediaEngine *engine, const char *text,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  PlainEngine *self = PLAIN_ENGINE (engine);

  g_clear_pointer (&self->offer, gst_sdp_message_free);
  self->offer = hear (self, text, NULL);
  answer_task (self, NULL, callback, user_data);
}

static void
create_answer_async (KandyMediaEngine *engine, KandyMediaOptions *options,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  PlainEngine *self = PLAIN_ENGINE (engine);

  char *text = answer_outside (self, self->offer);

  if (text) {
    answer_task (self, text, callback, user_data);
    return;
  }
  start (self, self->offer);
  set_remote (self, GST_WEBRTC_SDP_TYPE_OFFER, g_steal_pointer (&self->offer));
  answer_task (self, say_created (self, "answer"), callback, user_data);
}

static void
nothing (KandyMediaEngine *engine)
{
}

static void
close_engine (KandyMediaEngine *engine)
{
  stop (PLAIN_ENGINE (engine));
}

static void
plain_engine_iface_init (KandyMediaEngineInterface *iface)
{
  iface->create_offer_async = create_offer_async;
  iface->create_offer_finish = pointer_finish;
  iface->commit_offer = nothing;
  iface->drop_offer = nothing;
  iface->accept_answer_async = accept_answer_async;
  iface->accept_answer_finish = description_finish;
  iface->take_offer_async = take_offer_async;
  iface->take_offer_finish = description_finish;
  iface->create_answer_async = create_answer_async;
  iface->create_answer_finish = pointer_finish;
  iface->commit_answer = nothing;
  iface->drop_answer = nothing;
  iface->close = close_engine;
}

static void
plain_engine_finalize (GObject *object)
{
  PlainEngine *self = PLAIN_ENGINE (object);

  stop (self);
  g_clear_pointer (&self->offer, gst_sdp_message_free);
  g_free (self->local_sdp);
  g_free (self->remote_sdp);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (plain_engine_parent_class)->finalize (object);
}

static void
plain_engine_class_init (PlainEngineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plain_engine_finalize;
}

static void
plain_engine_init (PlainEngine *self)
{
  self->event_wanted = self->event_number = -1;
  g_mutex_init (&self->lock);
}

PlainEngine *
plain_engine_new (const PlainTraits *traits)
{
  PlainEngine *self = g_object_new (PLAIN_TYPE_ENGINE, NULL);

  self->traits = *traits;
  return self;
}

GstElement *
plain_engine_dup_pipeline (PlainEngine *self)
{
  GstElement *pipeline;

  g_mutex_lock (&self->lock);
  pipeline = self->pipeline ? gst_object_ref (self->pipeline) : NULL;
  g_mutex_unlock (&self->lock);
  return pipeline;
}

char *
plain_engine_dup_local_sdp (PlainEngine *self)
{
  char *text;

  g_mutex_lock (&self->lock);
  text = g_strdup (self->local_sdp);
  g_mutex_unlock (&self->lock);
  return text;
}

char *
plain_engine_dup_remote_sdp (PlainEngine *self)
{
  char *text;

  g_mutex_lock (&self->lock);
  text = g_strdup (self->remote_sdp);
  g_mutex_unlock (&self->lock);
  return text;
}

guint
plain_engine_count_remote (PlainEngine *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_remote;
  g_mutex_unlock (&self->lock);
  return n;
}

void
plain_engine_get_events (PlainEngine *self, PlainEvents *events)
{
  g_mutex_lock (&self->lock);
  *events = self->events;
  g_mutex_unlock (&self->lock);
}

void
plain_engine_send_event (PlainEngine *self, guint number)
{
  g_atomic_int_set (&self->event_wanted, (int) number);
}

void
plain_engine_move_payload (
    PlainEngine *self, const char *payloader, guint from, guint to)
{
  self->moved = TRUE;
  self->payloader = payloader;
  self->from = from;
  self->to = to;
}
