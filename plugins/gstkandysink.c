/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandysink
 * @title: kandysink
 * @see_also: kandysrc, kandysignaller
 *
 * What we send in a call on the Kandy CPaaS platform. First it signs on with
 * the account that its properties, a credentials file or the environment tell.
 * Next it calls #GstKandyBaseBin:destination, or answers who calls if
 * #GstKandyBaseBin:auto-answer is set. Finally what arrives at its pads goes to
 * the far end, encoded if it is raw, untouched if it is encoded or RTP already.
 *
 * Alone it only sends. Together with a `kandysrc` in the same pipeline it is
 * the other half of the same call; the account is then set on one of the two.
 *
 * A call is made or answered as soon as the linked pads know their caps, or
 * after two seconds with those that do. Live media is lost while there is no
 * call; what is not live, a file for example, waits and is then sent from its
 * beginning. The element never holds up the pipeline's preroll, and pausing the
 * pipeline does not end the call. Going to READY ends the call, unless another
 * element of the session, maybe in another pipeline, stays in PAUSED or
 * PLAYING; then this one may come back and is heard again. The hang-up is sent
 * in the background, and going on to NULL waits for it, 1.5 seconds at the
 * most.
 *
 * Pads may come and go while a call lasts: one that is requested and linked
 * adds its media to the call, as soon as its caps are known; one that is
 * released, or stays unlinked for a second, takes them away. A pad that is
 * linked to another source within that second sends it from then on, and the
 * far end is not asked: nothing is negotiated, and nothing is missing. Have the
 * new source ready, its pad blocked, before the old one is unlinked; or give it
 * to #GstKandyBaseBin::replace-track, which does it without another pad.
 * Several `video_%u` pads are several tracks; a `screen_%u` pad is told apart
 * from cameras, see #KandyTrack:screen. The actions
 * #GstKandyBaseBin::add-media, #GstKandyBaseBin::remove-media and their
 * relatives do the same with pads that stay linked. While a call is held it
 * cannot be changed; what is wished then comes after the hold.
 *
 * When all pads are at their end, the call is ended and EOS is posted, see
 * #GstKandySink:end-on-eos. When the far end hangs up, upstream is told to
 * stop and EOS is posted, see #GstKandySink:eos-on-end.
 *
 * ## DTMF
 *
 * #GstKandyBaseBin::send-dtmf sends a string of tones. A tone that lasts as
 * long as a key is held is sent by the custom events that GStreamer's elements
 * `dtmfsrc` and `rtpdtmfsrc` take: `dtmf-event` with the fields `number` (0 to
 * 15), `volume` (0 to 63 dB below full scale), `type` (1), `method` (1: as
 * event, 2: as sound, absent: as the far end takes it) and `start` (at its
 * beginning %TRUE, then %FALSE). They may be sent to the element or its
 * pipeline, or come along with the sound at an audio pad, which then is the one
 * whose call hears the tone.
 *
 * ## Devices
 *
 * Nothing has to be linked: with #GstKandySink:audio-device,
 * #GstKandySink:video-device or #GstKandySink:screen the element opens a
 * microphone, a camera or the screen itself, in PAUSED, and sends it through a
 * pad that it makes for it. #GstKandyBaseBin::get-devices lists what there is.
 * A device that cannot be had is an error with the code `call:4`; so is one
 * that fails while there is no call. One that fails in a call, because it is
 * unplugged for example, takes its own track away and no more: the bus has a
 * warning with the code `call:4`, and the event `devices:error`. Another device
 * takes the place of the former one while that is still sent, without a gap,
 * see #GstKandySink::change-input-devices.
 *
 * In a call #GstKandyBaseBin::add-media, #GstKandyBaseBin::start-video and
 * #GstKandyBaseBin::start-screenshare open devices for what nothing is linked
 * for, any number of them, and close them when they are no longer sent.
 * #GstKandySink::render-track shows here what they give.
 *
 * ## Muting
 *
 * A pad's properties `mute` and `volume`, which are those of #GstStreamVolume,
 * act at once and are not negotiated. The far end gets packets of silence or
 * black, also if the media comes encoded; see also
 * #GstKandyBaseBin::mute-tracks.
 *
 * ## Networks that change
 *
 * When the media path is lost, because this machine has another address, for
 * example, the call looks for another one by itself (ICE restart). Nothing of
 * the pipeline changes meanwhile. The bus has progress messages with the code
 * `media`, and `subscribe` if the connection to the platform was lost, too;
 * #GstKandyBaseBin:media-connection-state and the `kandy-event`s
 * `call:mediaConnectionChange` and `call:mediaRestart` tell the details.
 *
 * ## Example launch lines
 *
 * All of them work beside `kandy-loopback --port 8080`. A password on a command
 * line can be seen by other users of the machine; on a real platform set the
 * environment variable KANDY_PASSWORD, or use a credentials file.
 *
 * A caller with a test tone and a test picture:
 * |[
 * gst-launch-1.0 -e kandysink name=sink server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice destination=bob \
 *   audiotestsrc is-live=true ! audio/x-raw,rate=48000 ! sink.audio_0 \
 *   videotestsrc is-live=true ! video/x-raw,width=640,height=360 ! sink.video_0
 * ]|
 *
 * A recorded file goes out as it is, without being encoded again, and the call
 * ends with it:
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=500 ! opusenc ! oggmux \
 *   ! filesink location=tone.ogg
 * gst-launch-1.0 filesrc location=tone.ogg ! oggdemux ! opusparse ! kandysink \
 *     server=http://127.0.0.1:8080 username=alice@loopback.example \
 *     password=alice destination=bob
 * ]|
 *
 * So does any file, by its URI:
 * |[
 * gst-launch-1.0 uridecodebin uri=file:///tmp/film.mkv name=file \
 *   file. ! queue ! audioconvert ! audioresample ! sink.audio_0 \
 *   file. ! queue ! videoconvert ! sink.video_0 kandysink name=sink \
 *     server=http://127.0.0.1:8080 username=alice@loopback.example \
 *     password=alice destination=bob
 * ]|
 *
 * A caller with microphone and camera, with pictures as near to 720p as the
 * camera can:
 * |[
 * gst-launch-1.0 -e kandysink server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice destination=bob \
 *     audio-device=default video-device=default \
 *     video-options="options,width=1280,height=720"
 * ]|
 *
 * Both faces in one pipeline: who calls hears a tone and is heard:
 * |[
 * gst-launch-1.0 kandysink name=sink server=http://127.0.0.1:8080 \
 *     username=bob@loopback.example password=bob auto-answer=true \
 *   audiotestsrc is-live=true ! sink.audio_0 \
 *   kandysrc ! queue ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * Two calls that are joined: who calls talks to bob and carol, and those two to
 * each other. The platform has no request for that; each call is a session of
 * its own, and what each of the three hears is mixed here. Either call can end
 * without the other one:
 * |[
 * ACCOUNT="server=http://127.0.0.1:8080 username=alice@loopback.example \
 *   password=alice eos-on-end=false"
 * gst-launch-1.0 \
 *   kandysink name=to-bob session=bob $ACCOUNT destination=bob \
 *   kandysink name=to-carol session=carol $ACCOUNT destination=carol \
 *   autoaudiosrc ! audioconvert ! audioresample ! tee name=own \
 *   kandysrc session=bob media=audio ! audioconvert ! audioresample \
 *     ! tee name=bob \
 *   kandysrc session=carol media=audio ! audioconvert ! audioresample \
 *     ! tee name=carol \
 *   own. ! queue ! audiomixer name=for-bob ! to-bob.audio_0 \
 *   own. ! queue ! audiomixer name=for-carol ! to-carol.audio_0 \
 *   bob. ! queue ! for-carol. carol. ! queue ! for-bob. \
 *   bob. ! queue ! audiomixer name=for-me ! audioconvert ! autoaudiosink \
 *   carol. ! queue ! for-me.
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gstkandycodec.h"
#include "gstkandyconnect.h"
#include "gstkandysink-private.h"
#include "gstkandytoneevent.h"
#include "gstkandyuri.h"

GST_DEBUG_CATEGORY (gst_kandy_sink_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_debug

#define DEFAULT_END_ON_EOS TRUE
#define DEFAULT_EOS_ON_END TRUE

enum {
  PROP_AUDIO_CODECS = GST_KANDY_BASE_BIN_N_PROPERTIES,
  PROP_VIDEO_CODECS,
  PROP_END_ON_EOS,
  PROP_EOS_ON_END,
  PROP_AUDIO_DEVICE,
  PROP_VIDEO_DEVICE,
  PROP_SCREEN,
  PROP_AUDIO_OPTIONS,
  PROP_VIDEO_OPTIONS,
  PROP_SCREEN_OPTIONS,
  PROP_AUDIO_NETWORK_PRIORITY,
  PROP_VIDEO_NETWORK_PRIORITY,
  PROP_SCREEN_NETWORK_PRIORITY,
};

static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE ("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("audio/x-raw; audio/x-opus; audio/G722; "
                         "audio/x-mulaw; audio/x-alaw; "
                         "application/x-rtp, media = (string) audio"));

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE ("video_%u", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("video/x-raw; video/x-vp8; video/x-vp9; "
                         "video/x-h264; video/x-av1; "
                         "application/x-rtp, media = (string) video"));

static GstStaticPadTemplate screen_template =
    GST_STATIC_PAD_TEMPLATE ("screen_%u", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("video/x-raw; video/x-vp8; video/x-vp9; "
                         "video/x-h264; video/x-av1; "
                         "application/x-rtp, media = (string) video"));

static const char *const prefixes[] = { "audio_", "video_", "screen_" };

static void gst_kandy_sink_uri_handler_init (gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstKandySink, gst_kandy_sink, GST_TYPE_KANDY_BASE_BIN,
    G_IMPLEMENT_INTERFACE (GST_KANDY_TYPE_SESSION_MEMBER,
        gst_kandy_sink_member_init) G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_kandy_sink_uri_handler_init)
        GST_DEBUG_CATEGORY_INIT (
            gst_kandy_sink_debug, "kandysink", 0, "sending face of a call"))

GST_ELEMENT_REGISTER_DEFINE (
    kandysink, "kandysink", GST_RANK_NONE, GST_TYPE_KANDY_SINK);

GPtrArray *
gst_kandy_sink_dup_pads (GstKandySink *self)
{
  GPtrArray *pads = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->pads->len; i++)
    g_ptr_array_add (pads, gst_object_ref (g_ptr_array_index (self->pads, i)));
  GST_OBJECT_UNLOCK (self);
  return pads;
}

/* The element ends for its pipeline when it says so, not when an inner sink
 * does */
void
gst_kandy_sink_post_eos (GstKandySink *self)
{
  gboolean ended;

  GST_OBJECT_LOCK (self);
  ended = self->ended;
  self->ended = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (!ended)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_eos (GST_OBJECT (self)));
}

/* A bin hands EOS to its elements one after the other, the newest first, and a
 * source that pushes waits for its own streaming thread before it takes it. If
 * that thread waits at a pad of ours, which has not got EOS yet, neither ever
 * goes on. So ours is the first turn, in all bins that it is in. GstBin has no
 * means to ask for that, and nothing reaches an element before its turn. */
static void
come_first (GstKandySink *self)
{
  g_autoptr (GstObject) child = gst_object_ref (GST_OBJECT (self));
  GstObject *parent;

  while ((parent = gst_object_get_parent (child)) != NULL) {
    if (GST_IS_BIN (parent)) {
      GstBin *bin = GST_BIN (parent);
      GList *link;

      GST_OBJECT_LOCK (bin);
      link = g_list_find (bin->children, child);
      if (link != NULL && link != bin->children) {
        bin->children = g_list_remove_link (bin->children, link);
        bin->children = g_list_concat (link, bin->children);
        bin->children_cookie++;
      }
      GST_OBJECT_UNLOCK (bin);
    }
    gst_object_unref (child);
    child = parent;
  }
}

/* Pads */

/* Maybe on the kandy thread, in the midst of the session's work */
static void
on_end_answered (GstPromise *promise, gpointer user_data)
{
  GstKandySink *self = user_data;

  gst_kandy_sink_post_eos (self);
}

/* Hangs up if all pads are at their end */
static void
check_eos (GstKandySink *self)
{
  g_autoptr (GstPromise) promise = NULL;
  gboolean end;

  GST_OBJECT_LOCK (self);
  end = self->end_on_eos && !self->ended && self->eos->len > 0
      && self->eos->len == self->pads->len;
  GST_OBJECT_UNLOCK (self);
  if (!end)
    return;

  GST_INFO_OBJECT (self, "all pads are at their end, hanging up");
  promise = gst_promise_new_with_change_func (
      on_end_answered, gst_object_ref (self), gst_object_unref);
  gst_kandy_base_bin_request (
      GST_KANDY_BASE_BIN (self), gst_structure_new_empty ("end"), promise);
}

static void
pad_eos (GstKandySink *self, GstObject *source)
{
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (self->pads, i);

    if (gst_kandy_sink_pad_owns (pad, source)
        && !g_ptr_array_find (self->eos, pad, NULL))
      g_ptr_array_add (self->eos, pad);
  }
  GST_OBJECT_UNLOCK (self);
  check_eos (self);
}

/* After a flush there is more to come */
static GstPadProbeReturn
on_flush (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstElement *parent = gst_pad_get_parent_element (pad);
  GstKandySink *self;

  if (parent == NULL)
    return GST_PAD_PROBE_OK;
  self = GST_KANDY_SINK (parent);
  if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info))
      == GST_EVENT_FLUSH_STOP) {
    GST_OBJECT_LOCK (self);
    g_ptr_array_remove (self->eos, pad);
    GST_OBJECT_UNLOCK (self);
  }
  gst_object_unref (self);
  return GST_PAD_PROBE_OK;
}

/* @pad: (nullable): whose sound the tone goes with */
static gboolean
take_tone_event (GstKandySink *self, GstKandySinkPad *pad, GstEvent *event)
{
  g_autoptr (GstKandySendTrack) track =
      pad != NULL ? gst_kandy_sink_pad_dup_track (pad) : NULL;
  GstStructure *request = gst_kandy_tone_event_to_request (event, track);

  if (request == NULL) {
    GST_WARNING_OBJECT (self, "%" GST_PTR_FORMAT " is no DTMF tone", event);
    return FALSE;
  }
  gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (self), request, NULL);
  return TRUE;
}

static GstPadProbeReturn
on_custom_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = gst_pad_probe_info_get_event (info);
  GstElement *parent;

  if (!gst_kandy_is_tone_event (event))
    return GST_PAD_PROBE_OK;
  parent = gst_pad_get_parent_element (pad);
  if (parent != NULL) {
    take_tone_event (GST_KANDY_SINK (parent), GST_KANDY_SINK_PAD (pad), event);
    gst_object_unref (parent);
  }
  return GST_PAD_PROBE_DROP;
}

static void
on_linked (GstPad *pad, GstPad *peer, GstKandySink *self)
{
  gst_kandy_sink_pad_set_linked (GST_KANDY_SINK_PAD (pad), TRUE);
  /* what is linked may be newer than this element */
  come_first (self);
  /* what is linked anew is not at its end */
  GST_OBJECT_LOCK (self);
  g_ptr_array_remove (self->eos, pad);
  GST_OBJECT_UNLOCK (self);
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (self));
}

static void
on_unlinked (GstPad *pad, GstPad *peer, GstKandySink *self)
{
  gst_kandy_sink_pad_set_linked (GST_KANDY_SINK_PAD (pad), FALSE);
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (self));
}

static void
on_caps (GstPad *pad, GParamSpec *pspec, GstKandySink *self)
{
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (self));
}

static char *
pad_name (GstKandySink *self, guint which, const char *wanted)
{
  const char *prefix = prefixes[which];
  guint64 number;
  char *name;

  GST_OBJECT_LOCK (self);
  if (wanted != NULL && g_str_has_prefix (wanted, prefix)
      && g_ascii_string_to_unsigned (
          wanted + strlen (prefix), 10, 0, G_MAXUINT - 1, &number, NULL)) {
    name = g_strdup (wanted);
    self->n_pads[which] = MAX (self->n_pads[which], (guint) number + 1);
  } else {
    name = g_strdup_printf ("%s%u", prefix, self->n_pads[which]++);
  }
  GST_OBJECT_UNLOCK (self);
  return name;
}

static GstPad *
gst_kandy_sink_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const char *wanted, const GstCaps *caps)
{
  GstKandySink *self = GST_KANDY_SINK (element);
  const char *template_name = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  guint which = 0;
  g_autofree char *name = NULL;
  g_autoptr (GstPad) present = NULL;
  GstKandySinkPad *pad;

  while (!g_str_has_prefix (template_name, prefixes[which]))
    which++;
  name = pad_name (self, which, wanted);
  present = gst_element_get_static_pad (element, name);

  if (present != NULL) {
    GST_WARNING_OBJECT (self, "there is a pad %s already", name);
    return NULL;
  }
  pad = gst_kandy_sink_pad_new (GST_BIN (self), templ, name,
      which == 0 ? KANDY_MEDIA_KIND_AUDIO : KANDY_MEDIA_KIND_VIDEO, which == 2);
  if (pad == NULL)
    return NULL;

  gst_kandy_connect (pad, "linked", G_CALLBACK (on_linked), self);
  gst_kandy_connect (pad, "unlinked", G_CALLBACK (on_unlinked), self);
  gst_kandy_connect (pad, "notify::caps", G_CALLBACK (on_caps), self);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->pads, gst_object_ref_sink (pad));
  GST_OBJECT_UNLOCK (self);
  gst_pad_add_probe (
      GST_PAD (pad), GST_PAD_PROBE_TYPE_EVENT_FLUSH, on_flush, NULL, NULL);
  if (which == 0)
    gst_pad_add_probe (GST_PAD (pad), GST_PAD_PROBE_TYPE_EVENT_BOTH,
        on_custom_event, NULL, NULL);
  gst_pad_set_active (GST_PAD (pad), TRUE);
  gst_element_add_pad (element, GST_PAD (pad));
  gst_child_proxy_child_added (GST_CHILD_PROXY (self), G_OBJECT (pad), name);
  return GST_PAD (pad);
}

static void
gst_kandy_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstKandySink *self = GST_KANDY_SINK (element);
  g_autoptr (GstKandySinkPad) ours = gst_object_ref (pad);
  char *track_id = gst_kandy_sink_pad_dup_track_id (ours);
  gboolean found;

  GST_OBJECT_LOCK (self);
  if (track_id != NULL)
    g_ptr_array_add (self->gone, track_id);
  found = g_ptr_array_remove (self->pads, ours);
  g_ptr_array_remove (self->eos, ours);
  GST_OBJECT_UNLOCK (self);
  if (!found)
    return;

  gst_child_proxy_child_removed (
      GST_CHILD_PROXY (self), G_OBJECT (pad), GST_PAD_NAME (pad));
  g_signal_handlers_disconnect_by_data (pad, self);
  gst_kandy_sink_pad_stop (ours);
  gst_pad_set_active (pad, FALSE);
  gst_kandy_sink_pad_release (ours, GST_BIN (self));
  gst_element_remove_pad (element, pad);
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (self));
  check_eos (self);
}

/* Events */

/* EOS for the pipeline, as gst-launch -e sends it upon Ctrl-C. What waits for a
 * call would never come to its end by itself. */
static gboolean
gst_kandy_sink_send_event (GstElement *element, GstEvent *event)
{
  GstKandySink *self = GST_KANDY_SINK (element);
  g_autoptr (GstPromise) promise = NULL;
  g_autoptr (GPtrArray) pads = NULL;
  guint i;

  if (gst_kandy_is_tone_event (event)) {
    gboolean taken = take_tone_event (self, NULL, event);

    gst_event_unref (event);
    return taken;
  }
  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS (gst_kandy_sink_parent_class)
        ->send_event (element, event);

  gst_event_unref (event);
  pads = gst_kandy_sink_dup_pads (self);
  for (i = 0; i < pads->len; i++)
    gst_kandy_sink_pad_close (g_ptr_array_index (pads, i), TRUE);
  promise = gst_promise_new_with_change_func (
      on_end_answered, gst_object_ref (self), gst_object_unref);
  gst_kandy_base_bin_request (
      GST_KANDY_BASE_BIN (self), gst_structure_new_empty ("end"), promise);
  return TRUE;
}

static void
gst_kandy_sink_handle_message (GstBin *bin, GstMessage *message)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
    pad_eos (GST_KANDY_SINK (bin), GST_MESSAGE_SRC (message));
    gst_message_unref (message);
    return;
  }
  GST_BIN_CLASS (gst_kandy_sink_parent_class)->handle_message (bin, message);
}

/* Whether the names are those of codecs; whether these are installed is seen
 * when there is something to send */
static gboolean
check_codecs (GstKandySink *self)
{
  static const char *const known[] = {
    [KANDY_MEDIA_KIND_AUDIO] = "OPUS, G722, PCMU, PCMA",
    [KANDY_MEDIA_KIND_VIDEO] = "VP8, VP9, H264, AV1",
  };
  guint kind, i;

  for (kind = 0; kind < G_N_ELEMENTS (self->codecs); kind++) {
    g_autofree char *text = NULL;
    g_auto (GStrv) names = NULL;

    GST_OBJECT_LOCK (self);
    text = g_strdup (self->codecs[kind]);
    GST_OBJECT_UNLOCK (self);
    if (text == NULL || *text == '\0')
      continue;
    names = g_strsplit (text, ",", -1);
    for (i = 0; names[i] != NULL; i++) {
      const GstKandyCodec *codec = gst_kandy_codec_find (g_strstrip (names[i]));

      if (codec != NULL && gst_kandy_codec_get_kind (codec) == kind)
        continue;
      GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
          ("The property \"%s-codecs\" has \"%s\" in it, which is none of %s",
              kind == KANDY_MEDIA_KIND_AUDIO ? "audio" : "video", names[i],
              known[kind]),
          (NULL));
      return FALSE;
    }
  }
  return TRUE;
}

static GstStateChangeReturn
gst_kandy_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstKandySink *self = GST_KANDY_SINK (element);
  GstStateChangeReturn ret;
  guint i;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    if (!check_codecs (self))
      return GST_STATE_CHANGE_FAILURE;
    come_first (self);
    GST_OBJECT_LOCK (self);
    self->ended = FALSE;
    g_ptr_array_set_size (self->eos, 0);
    GST_OBJECT_UNLOCK (self);
  }

  ret = GST_ELEMENT_CLASS (gst_kandy_sink_parent_class)
            ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      && ret != GST_STATE_CHANGE_FAILURE)
    gst_kandy_sink_devices_start (self->devices);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    g_autoptr (GPtrArray) pads = NULL;

    gst_kandy_sink_devices_stop (self->devices);
    pads = gst_kandy_sink_dup_pads (self);
    for (i = 0; i < pads->len; i++)
      gst_kandy_sink_pad_close (g_ptr_array_index (pads, i), FALSE);
    GST_OBJECT_LOCK (self);
    g_ptr_array_set_size (self->eos, 0);
    GST_OBJECT_UNLOCK (self);
  }
  return ret;
}

/* URIs */

static GstURIType
gst_kandy_sink_uri_get_type (GType type)
{
  return GST_URI_SINK;
}

static const char *const *
gst_kandy_sink_uri_get_protocols (GType type)
{
  return gst_kandy_uri_protocols;
}

static char *
gst_kandy_sink_uri_get_uri (GstURIHandler *handler)
{
  return gst_kandy_base_bin_dup_uri (GST_KANDY_BASE_BIN (handler));
}

static gboolean
gst_kandy_sink_uri_set_uri (
    GstURIHandler *handler, const char *uri, GError **error)
{
  return gst_kandy_base_bin_set_uri (GST_KANDY_BASE_BIN (handler), uri, error);
}

static void
gst_kandy_sink_uri_handler_init (gpointer iface_pointer, gpointer data)
{
  GstURIHandlerInterface *iface = iface_pointer;

  iface->get_type = gst_kandy_sink_uri_get_type;
  iface->get_protocols = gst_kandy_sink_uri_get_protocols;
  iface->get_uri = gst_kandy_sink_uri_get_uri;
  iface->set_uri = gst_kandy_sink_uri_set_uri;
}

static void
gst_kandy_sink_change_input_devices (GstKandySink *self,
    const char *audio_device, const char *video_device, GstPromise *promise)
{
  if (audio_device != NULL)
    gst_kandy_sink_devices_set (self->devices, GST_KANDY_SINK_AUDIO,
        audio_device,
        promise != NULL && video_device == NULL ? gst_promise_ref (promise)
                                                : NULL);
  if (video_device != NULL)
    gst_kandy_sink_devices_set (self->devices, GST_KANDY_SINK_VIDEO,
        video_device, promise != NULL ? gst_promise_ref (promise) : NULL);
  if (audio_device == NULL && video_device == NULL)
    gst_kandy_promise_reply (promise, NULL, NULL);
}

static void
gst_kandy_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandySink *self = GST_KANDY_SINK (object);
  const char *text;
  KandyMediaKind kind;

  switch (id) {
    case PROP_AUDIO_CODECS:
    case PROP_VIDEO_CODECS:
      kind = id == PROP_AUDIO_CODECS ? KANDY_MEDIA_KIND_AUDIO
                                     : KANDY_MEDIA_KIND_VIDEO;
      text = g_value_get_string (value);
      GST_OBJECT_LOCK (self);
      g_free (self->codecs[kind]);
      self->codecs[kind] =
          text != NULL && *text != '\0' ? g_strdup (text) : NULL;
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_END_ON_EOS:
      GST_OBJECT_LOCK (self);
      self->end_on_eos = g_value_get_boolean (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_EOS_ON_END:
      GST_OBJECT_LOCK (self);
      self->eos_on_end = g_value_get_boolean (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_AUDIO_DEVICE:
    case PROP_VIDEO_DEVICE:
      gst_kandy_sink_devices_set (self->devices,
          GST_KANDY_SINK_AUDIO + id - PROP_AUDIO_DEVICE,
          g_value_get_string (value), NULL);
      break;
    case PROP_SCREEN:
      gst_kandy_sink_devices_set (self->devices, GST_KANDY_SINK_SCREEN,
          g_value_get_boolean (value) ? "default" : NULL, NULL);
      break;
    case PROP_AUDIO_OPTIONS:
    case PROP_VIDEO_OPTIONS:
    case PROP_SCREEN_OPTIONS:
      gst_kandy_sink_devices_set_options (self->devices,
          GST_KANDY_SINK_AUDIO + id - PROP_AUDIO_OPTIONS,
          gst_value_get_structure (value));
      break;
    case PROP_AUDIO_NETWORK_PRIORITY:
    case PROP_VIDEO_NETWORK_PRIORITY:
    case PROP_SCREEN_NETWORK_PRIORITY:
      GST_OBJECT_LOCK (self);
      self->priority[id - PROP_AUDIO_NETWORK_PRIORITY] =
          g_value_get_enum (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_CLASS (gst_kandy_sink_parent_class)
          ->set_property (object, id, value, pspec);
      break;
  }
}

static void
gst_kandy_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandySink *self = GST_KANDY_SINK (object);
  g_autofree char *screen = NULL;

  switch (id) {
    case PROP_AUDIO_DEVICE:
    case PROP_VIDEO_DEVICE:
      g_value_take_string (value,
          gst_kandy_sink_devices_dup (
              self->devices, GST_KANDY_SINK_AUDIO + id - PROP_AUDIO_DEVICE));
      return;
    case PROP_SCREEN:
      screen =
          gst_kandy_sink_devices_dup (self->devices, GST_KANDY_SINK_SCREEN);
      g_value_set_boolean (value, screen != NULL);
      return;
    case PROP_AUDIO_OPTIONS:
    case PROP_VIDEO_OPTIONS:
    case PROP_SCREEN_OPTIONS:
      g_value_take_boxed (value,
          gst_kandy_sink_devices_dup_options (
              self->devices, GST_KANDY_SINK_AUDIO + id - PROP_AUDIO_OPTIONS));
      return;
    default:
      break;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_AUDIO_CODECS:
      g_value_set_string (value, self->codecs[KANDY_MEDIA_KIND_AUDIO]);
      break;
    case PROP_VIDEO_CODECS:
      g_value_set_string (value, self->codecs[KANDY_MEDIA_KIND_VIDEO]);
      break;
    case PROP_END_ON_EOS:
      g_value_set_boolean (value, self->end_on_eos);
      break;
    case PROP_EOS_ON_END:
      g_value_set_boolean (value, self->eos_on_end);
      break;
    case PROP_AUDIO_NETWORK_PRIORITY:
    case PROP_VIDEO_NETWORK_PRIORITY:
    case PROP_SCREEN_NETWORK_PRIORITY:
      g_value_set_enum (
          value, self->priority[id - PROP_AUDIO_NETWORK_PRIORITY]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_sink_dispose (GObject *object)
{
  GstKandySink *self = GST_KANDY_SINK (object);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++)
    gst_element_release_request_pad (
        GST_ELEMENT (self), g_ptr_array_index (pads, i));

  G_OBJECT_CLASS (gst_kandy_sink_parent_class)->dispose (object);
}

static void
gst_kandy_sink_finalize (GObject *object)
{
  GstKandySink *self = GST_KANDY_SINK (object);

  gst_kandy_sink_devices_free (self->devices);
  g_ptr_array_unref (self->pads);
  g_ptr_array_unref (self->gone);
  g_ptr_array_unref (self->eos);
  g_free (self->codecs[0]);
  g_free (self->codecs[1]);

  G_OBJECT_CLASS (gst_kandy_sink_parent_class)->finalize (object);
}

static void
gst_kandy_sink_class_init (GstKandySinkClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_kandy_sink_set_property;
  object_class->get_property = gst_kandy_sink_get_property;
  object_class->dispose = gst_kandy_sink_dispose;
  object_class->finalize = gst_kandy_sink_finalize;

  /**
   * GstKandySink:audio-codecs:
   *
   * The codecs that sound may be sent as, best first: encoding names with
   * commas between them, of `OPUS`, `G722`, `PCMU`, `PCMA`. Unset: all that can
   * be made, in this order. Looked at when a call is made or answered.
   */
  g_object_class_install_property (object_class, PROP_AUDIO_CODECS,
      g_param_spec_string ("audio-codecs", "Audio codecs",
          "What sound may be sent as, best first: \"OPUS,G722,PCMU,PCMA\"; "
          "unset = all",
          NULL, flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:video-codecs:
   *
   * The codecs that pictures may be sent as, best first: encoding names with
   * commas between them, of `VP8`, `VP9`, `H264`, `AV1`. Unset: all that can be
   * made. `H264` also needs `client::remove-h264-codecs` to be off.
   */
  g_object_class_install_property (object_class, PROP_VIDEO_CODECS,
      g_param_spec_string ("video-codecs", "Video codecs",
          "What pictures may be sent as, best first: \"VP8,VP9,H264,AV1\"; "
          "unset = all",
          NULL, flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:end-on-eos:
   *
   * Whether the call is ended when all pads have got EOS. If not, EOS is posted
   * when the call ends for another reason.
   */
  g_object_class_install_property (object_class, PROP_END_ON_EOS,
      g_param_spec_boolean ("end-on-eos", "End on EOS",
          "Hang up when all pads have got EOS", DEFAULT_END_ON_EOS,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:eos-on-end:
   *
   * Whether upstream is told to stop, and EOS is posted, when the call ends. If
   * not, the element is ready for another call. So it is in any case when a
   * call ends that came in and was not taken: rejected, ignored, answered
   * elsewhere, or given up by the caller.
   */
  g_object_class_install_property (object_class, PROP_EOS_ON_END,
      g_param_spec_boolean ("eos-on-end", "EOS on end",
          "Stop upstream and post EOS when the call ends", DEFAULT_EOS_ON_END,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:audio-network-priority:
   *
   * How the network is asked to treat the packets of sound, by their DSCP (RFC
   * 8837): very-low 8, low 0, medium and high 46. Looked at when a call is made
   * or answered, and when sound is added to it. Media that are bundled share
   * their sockets, and get the best of what is asked for. API document:
   * `DSCPControls.audioNetworkPriority`.
   */
  g_object_class_install_property (object_class, PROP_AUDIO_NETWORK_PRIORITY,
      g_param_spec_enum ("audio-network-priority", "Network priority of sound",
          "How the network is asked to treat packets of sound",
          GST_TYPE_WEBRTC_PRIORITY_TYPE, GST_WEBRTC_PRIORITY_TYPE_LOW, flags));
  /**
   * GstKandySink:video-network-priority:
   *
   * As #GstKandySink:audio-network-priority, for a camera's pictures: very-low
   * 8, low 0, medium 38, high 36. API document:
   * `DSCPControls.videoNetworkPriority`.
   */
  g_object_class_install_property (object_class, PROP_VIDEO_NETWORK_PRIORITY,
      g_param_spec_enum ("video-network-priority",
          "Network priority of pictures",
          "How the network is asked to treat packets of pictures",
          GST_TYPE_WEBRTC_PRIORITY_TYPE, GST_WEBRTC_PRIORITY_TYPE_LOW, flags));
  /**
   * GstKandySink:screen-network-priority:
   *
   * As #GstKandySink:video-network-priority, for a screen's pictures. API
   * document: `DSCPControls.screenNetworkPriority`.
   */
  g_object_class_install_property (object_class, PROP_SCREEN_NETWORK_PRIORITY,
      g_param_spec_enum ("screen-network-priority",
          "Network priority of a screen",
          "How the network is asked to treat packets of a screen",
          GST_TYPE_WEBRTC_PRIORITY_TYPE, GST_WEBRTC_PRIORITY_TYPE_LOW, flags));

  gst_kandy_sink_devices_install (object_class, PROP_AUDIO_DEVICE);
  /**
   * GstKandySink::change-input-devices:
   * @self: the element
   * @audio_device: (nullable): the microphone, %NULL to leave it as it is
   * @video_device: (nullable): the camera, %NULL to leave it as it is
   * @promise: (nullable): to be told how it went
   *
   * Sets #GstKandySink:audio-device, #GstKandySink:video-device or both. The
   * former device is sent until the new one gives its first samples, and
   * remains if it does not: then the reply is the error `call:4`. With both,
   * the reply is that of the camera. API document: `changeInputDevices`.
   */
  g_signal_new_class_handler ("change-input-devices", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_sink_change_input_devices), NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, GST_TYPE_PROMISE);

  gst_kandy_sink_install_render (G_TYPE_FROM_CLASS (klass));

  element_class->request_new_pad =
      GST_DEBUG_FUNCPTR (gst_kandy_sink_request_new_pad);
  element_class->release_pad = GST_DEBUG_FUNCPTR (gst_kandy_sink_release_pad);
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kandy_sink_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_kandy_sink_send_event);
  GST_BIN_CLASS (klass)->handle_message =
      GST_DEBUG_FUNCPTR (gst_kandy_sink_handle_message);

  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &audio_template, GST_TYPE_KANDY_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &video_template, GST_TYPE_KANDY_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &screen_template, GST_TYPE_KANDY_SINK_PAD);
  gst_element_class_set_static_metadata (element_class, "Kandy call sink",
      "Sink/Network/WebRTC",
      "Sends sound and pictures in a WebRTC call on the Kandy CPaaS platform. "
      "Settings of the client are its child \"client\", for example "
      "client::ping-interval=20000",
      "The gst-kandy authors");

  gst_type_mark_as_plugin_api (GST_TYPE_KANDY_SINK_PAD, 0);
}

static void
gst_kandy_sink_init (GstKandySink *self)
{
  self->devices = gst_kandy_sink_devices_new (GST_ELEMENT (self));
  self->pads = g_ptr_array_new_with_free_func (gst_object_unref);
  self->gone = g_ptr_array_new_with_free_func (g_free);
  self->eos = g_ptr_array_new ();
  self->end_on_eos = DEFAULT_END_ON_EOS;
  self->eos_on_end = DEFAULT_EOS_ON_END;
  /* a sink also before it has a pad; and a source, since a pipeline hands EOS
   * to its sources */
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
  for (guint i = 0; i < G_N_ELEMENTS (self->priority); i++)
    self->priority[i] = GST_WEBRTC_PRIORITY_TYPE_LOW;
}
