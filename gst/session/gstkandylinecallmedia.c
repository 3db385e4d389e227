/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycodec.h"
#include "gstkandyconnect.h"
#include "gstkandyline-private.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#undef GST_USE_UNSTABLE_API

/* SECTION: the media half of a line's call
 *
 * It is made with what the elements wish, and tells them of its tracks and of
 * the DTMF that it hears.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

void
gst_kandy_line_calls_collect_wishes (
    GstKandyLine *self, GstKandySessionWishes *wishes)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  *wishes = (GstKandySessionWishes){ .media_ready = TRUE,
    .receive = GST_KANDY_MEDIA_AUTO };
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->get_wishes (member, wishes);
  }
}

gboolean
gst_kandy_line_calls_is_outgoing (GstKandyLine *self)
{
  return kandy_call_get_direction (self->call) == KANDY_CALL_DIRECTION_OUTGOING;
}

/* What is sent is of interest once the call is taken */
gboolean
gst_kandy_line_calls_is_taken (GstKandyLine *self)
{
  return self->answering || self->connected
      || gst_kandy_line_calls_is_outgoing (self);
}

/* What is received is, once it is ours: somebody else may be the one whose
 * answer counts, and nothing must be left of such a call */
gboolean
gst_kandy_line_calls_shows_tracks (GstKandyLine *self)
{
  return self->connected || gst_kandy_line_calls_is_outgoing (self);
}

static void
tell_track (GstKandyLine *self, GstKandyReceiveTrack *track)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->track_added (member, track);
  }
}

void
gst_kandy_line_calls_tell_tracks (GstKandyLine *self)
{
  g_autoptr (GPtrArray) tracks = NULL;
  guint i;

  if (self->media == NULL)
    return;
  tracks = gst_kandy_call_get_receive_tracks (self->media);
  for (i = 0; i < tracks->len; i++)
    tell_track (self, g_ptr_array_index (tracks, i));
}

static void
on_media_wanted (
    GstKandyCall *media, KandyMediaOptions *wanted, GstKandyLine *self)
{
  if (media == self->media)
    gst_kandy_line_media_wanted (self, media, wanted);
}

static void
on_track_added (
    GstKandyCall *media, GstKandyReceiveTrack *track, GstKandyLine *self)
{
  if (media == self->media && gst_kandy_line_calls_shows_tracks (self))
    tell_track (self, track);
}

static void
on_track_removed (
    GstKandyCall *media, GstKandyReceiveTrack *track, GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->track_removed (member, track);
  }
}

/* The message is as rtpdtmfdepay and dtmfdetect post it, so that applications
 * know it */
static void
on_dtmf_event (GstKandyCall *media, guint number, guint volume,
    gboolean in_band, GstKandyLine *self)
{
  g_autoptr (GPtrArray) heads = gst_kandy_line_dup_members (self, TRUE);
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  const char tone[] = { "0123456789*#ABCD"[number & 0xf], '\0' };
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->dtmf_received (
        member, tone, in_band);
  }
  for (i = 0; i < heads->len; i++) {
    GstElement *member = g_ptr_array_index (heads, i);

    gst_element_post_message (member,
        gst_message_new_element (GST_OBJECT (member),
            gst_structure_new ("dtmf-event", "number", G_TYPE_INT,
                (gint) number, "volume", G_TYPE_INT, (gint) volume, "type",
                G_TYPE_INT, 1, "method", G_TYPE_INT, in_band ? 2 : 1, NULL)));
  }
}

void
gst_kandy_line_calls_forget_media (GstKandyLine *self)
{
  if (self->media != NULL)
    g_signal_handlers_disconnect_by_data (self->media, self);
  g_clear_object (&self->media);
}

/* Once a call, right before its first offer or answer is made */
void
gst_kandy_line_calls_prepare_media (GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = NULL;
  guint i;

  if (self->media == NULL || self->prepared)
    return;
  self->prepared = TRUE;
  members = gst_kandy_line_dup_members (self, FALSE);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->media_prepared (
        member, self->media);
  }
}

/* Which medium is received at all is said by the options of the call or of the
 * answer; here is what it may come as */
static void
set_receive_codecs (GstKandyLine *self, GstKandyCall *media,
    const GstKandySessionWishes *wishes)
{
  gboolean remove_h264 = kandy_config_get_boolean (
      kandy_client_get_config (self->client), "call.removeH264Codecs");
  gboolean ask[2] = { FALSE, FALSE };
  KandyMediaKind kind;

  if (wishes->receives && (wishes->receive & GST_KANDY_MEDIA_AUTO) == 0) {
    ask[KANDY_MEDIA_KIND_AUDIO] =
        (wishes->receive & GST_KANDY_MEDIA_AUDIO) != 0;
    ask[KANDY_MEDIA_KIND_VIDEO] =
        (wishes->receive & GST_KANDY_MEDIA_VIDEO) != 0;
  }
  for (kind = KANDY_MEDIA_KIND_AUDIO; kind <= KANDY_MEDIA_KIND_VIDEO; kind++) {
    g_autoptr (GstCaps) codecs =
        gst_kandy_codecs_get_receivable (kind, remove_h264, TRUE);

    gst_kandy_call_set_receive_codecs (media, kind, codecs);
    gst_kandy_call_set_ask (media, kind, ask[kind]);
  }
}

KandyMediaEngine *
gst_kandy_line_calls_make_engine (KandyCalls *calls, KandyCall *call,
    KandyMediaOptions *options, gpointer user_data)
{
  GstKandyLine *self = user_data;
  g_autoptr (GPtrArray) servers = kandy_calls_get_ice_servers (calls);
  GstKandySessionWishes wishes;
  GstKandyCall *media;

  media = gst_kandy_call_new (
      kandy_client_get_config (self->client), servers, options);
  gst_kandy_line_calls_collect_wishes (self, &wishes);
  set_receive_codecs (self, media, &wishes);
  if (wishes.latency_set)
    g_object_set (media, "latency", wishes.latency, NULL);
  gst_kandy_session_wishes_clear (&wishes);

  if (!self->call_live)
    gst_kandy_line_calls_adopt (self, call);
  if (self->call == call) {
    gst_kandy_line_calls_forget_media (self);
    self->media = g_object_ref (media);
    self->prepared = FALSE;
    g_signal_connect (
        media, "media-wanted", G_CALLBACK (on_media_wanted), self);
    g_signal_connect (media, "acquire-media",
        G_CALLBACK (gst_kandy_line_media_acquire), self);
    g_signal_connect (media, "release-media",
        G_CALLBACK (gst_kandy_line_media_release), self);
    g_signal_connect (media, "source-wanted",
        G_CALLBACK (gst_kandy_line_media_source_wanted), self);
    g_signal_connect (
        media, "receive-track-added", G_CALLBACK (on_track_added), self);
    g_signal_connect (
        media, "receive-track-removed", G_CALLBACK (on_track_removed), self);
    g_signal_connect (media, "dtmf-event", G_CALLBACK (on_dtmf_event), self);
    g_signal_connect (
        media, "quality-warning", G_CALLBACK (gst_kandy_line_stats_warn), self);
    if (gst_kandy_line_calls_is_taken (self))
      gst_kandy_line_calls_prepare_media (self);
  }
  return KANDY_MEDIA_ENGINE (media);
}

/* Where nothing else has been said */
void
gst_kandy_line_calls_set_priorities (
    KandyMediaOptions *options, const GstKandySessionWishes *wishes)
{
  static const char *const priorities[] = { "audio-network-priority",
    "video-network-priority", "screen-network-priority" };
  g_autoptr (GEnumClass) nicks =
      g_type_class_ref (GST_TYPE_WEBRTC_PRIORITY_TYPE);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (priorities); i++) {
    const GEnumValue *value = g_enum_get_value (nicks, wishes->priority[i]);
    g_autofree char *said = NULL;

    g_object_get (options, priorities[i], &said, NULL);
    if (value != NULL && said == NULL)
      g_object_set (options, priorities[i], value->value_nick, NULL);
  }
}

KandyMediaOptions *
gst_kandy_line_calls_make_options (GstKandyLine *self,
    const GstKandySessionWishes *wishes, gboolean incoming, GError **error)
{
  KandyMediaOptions *options;
  gboolean audio = FALSE, video = FALSE;

  if (wishes->receives) {
    if ((wishes->receive & GST_KANDY_MEDIA_AUTO) == 0) {
      audio = (wishes->receive & GST_KANDY_MEDIA_AUDIO) != 0;
      video = (wishes->receive & GST_KANDY_MEDIA_VIDEO) != 0;
    } else {
      /* also what the far end adds later; what is asked for is another matter,
       * see set_receive_codecs() */
      audio = video = TRUE;
    }
  }
  if (!incoming && !audio && !video && !wishes->send_audio
      && !wishes->send_video && !wishes->send_screen) {
    g_propagate_error (error,
        wishes->unsendable != NULL
            ? kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
                "The call would have no media: no codec is allowed for what is "
                "to be sent (%s) and nothing is to be received",
                wishes->unsendable)
            : kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
                "The call would have no media: no pad of kandysink is linked "
                "and nothing is to be received"));
    return NULL;
  }

  options = kandy_media_options_new (wishes->send_audio, wishes->send_video);
  g_object_set (options, "screen", wishes->send_screen, "receive-audio", audio,
      "receive-video", video, "bandwidth-call", wishes->bandwidth[0],
      "bandwidth-audio", wishes->bandwidth[1], "bandwidth-video",
      wishes->bandwidth[2], "display-name", wishes->display_name,
      "custom-parameters", wishes->parameters, NULL);
  gst_kandy_line_calls_set_priorities (options, wishes);
  return options;
}
