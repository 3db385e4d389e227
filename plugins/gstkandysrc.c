/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandysrc
 * @title: kandysrc
 * @see_also: kandysink, kandysignaller
 *
 * What we receive in a call on the Kandy CPaaS platform. First it signs on with
 * the account that its properties, a credentials file or the environment tell.
 * Next it answers who calls if #GstKandyBaseBin:auto-answer is set, or calls
 * #GstKandyBaseBin:destination. Finally it shows a pad for each track of the
 * far end, as soon as the far end says that it has one.
 *
 * Alone it only receives. Together with a `kandysink` in the same pipeline it
 * is the other half of the same call; the account is then set on one of the
 * two.
 *
 * A pad gives out what is linked to it: decoded media, encoded media
 * (`audio/x-opus`, `video/x-vp8`, ...) or `application/x-rtp`. Its name stays
 * the same for the whole call. While the far end is silent, or the call is
 * held, GAP events keep what is downstream going, or made-up media, see
 * #GstKandySrc:comfort. When the far end takes a track away its pad gets EOS
 * and goes; when it adds one there is a new pad. When the call ends there is
 * EOS at all pads; they go away when the next call begins or the element stops.
 * Who waits for a kind of media that the call never had gets a pad with no more
 * than EOS then. If the pipeline itself waits with it, since there is a sink
 * that has had nothing yet behind a pad that is not linked, as launch lines
 * have them, that pad comes when the call begins, and gives out GAP events. It
 * becomes that of the far end's track if one is added later.
 *
 * The element is live, and #GstKandySrc:latency is the time that it gives
 * packets to arrive. Pausing the pipeline does not end the call, what arrives
 * meanwhile is lost. Going to READY ends the call, unless another element of
 * the session, maybe in another pipeline, stays in PAUSED or PLAYING. The
 * hang-up is sent in the background, and going on to NULL waits for it, 1.5
 * seconds at the most. An EOS event sent to the element, as `gst-launch-1.0 -e`
 * does, also ends the call.
 *
 * A call that was made here and that the far end does not take is an error. One
 * that was taken and is over, whoever hung up, is none.
 *
 * ## Example launch lines
 *
 * All of them work beside `kandy-loopback --port 8080`. A password on a command
 * line can be seen by other users of the machine; on a real platform set the
 * environment variable KANDY_PASSWORD, or use a credentials file.
 *
 * A callee who answers and lets the call be heard:
 * |[
 * gst-launch-1.0 kandysrc server=http://127.0.0.1:8080 \
 *     username=bob@loopback.example password=bob auto-answer=true \
 *   ! queue ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 *
 * What the far end types is on the bus, which `-m` prints:
 * |[
 * gst-launch-1.0 -m kandysrc server=http://127.0.0.1:8080 detect-dtmf=true \
 *     username=bob@loopback.example password=bob auto-answer=true \
 *   ! queue ! audioconvert ! audioresample ! autoaudiosink | grep dtmf-event
 * ]|
 *
 * A callee who records the sound as it comes, without decoding it, and finishes
 * the file when the far end hangs up or upon Ctrl-C:
 * |[
 * gst-launch-1.0 -e kandysrc server=http://127.0.0.1:8080 media=audio \
 *     username=bob@loopback.example password=bob auto-answer=true \
 *   ! audio/x-opus ! oggmux ! filesink location=call.ogg
 * ]|
 *
 * The same with sound and pictures:
 * |[
 * gst-launch-1.0 -e kandysrc name=call server=http://127.0.0.1:8080 \
 *     username=bob@loopback.example password=bob auto-answer=true \
 *     media=audio+video matroskamux name=mux ! filesink location=call.mkv \
 *   call.audio_0 ! audio/x-opus ! queue ! mux.audio_0 \
 *   call.video_0 ! video/x-vp8 ! queue ! mux.video_0
 * ]|
 *
 * A kandy:// URI, where the password comes from the environment:
 * |[
 * KANDY_PASSWORD=bob gst-launch-1.0 playbin \
 *     uri="kandy://bob%40loopback.example@127.0.0.1:8080/?protocol=http"
 * ]|
 *
 * ## URIs
 *
 * `kandy://[USER@]HOST[:PORT][/DESTINATION][?KEY=VALUE[&KEY=VALUE...]]`; USER
 * and DESTINATION percent-encoded. A destination is called, without one the
 * next incoming call is answered. The keys are properties of the element, and
 * `protocol`, which is https unless it says http. A URI with a secret in it is
 * refused.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gstkandyrender.h"
#include "gstkandysrc.h"
#include "gstkandysrcpad.h"
#include "gstkandyuri.h"
#include "gstkandywaiting.h"

GST_DEBUG_CATEGORY_STATIC (gst_kandy_src_debug);
#define GST_CAT_DEFAULT gst_kandy_src_debug

#define DEFAULT_MEDIA GST_KANDY_MEDIA_AUTO
/* kbit/s: more does not fit into bit/s */
#define MAX_BANDWIDTH (G_MAXUINT / 1000)
#define DEFAULT_LATENCY 60
#define DEFAULT_COMFORT GST_KANDY_COMFORT_GAPS
#define MAX_LATENCY 10000

enum {
  PROP_MEDIA = GST_KANDY_BASE_BIN_N_PROPERTIES,
  PROP_LATENCY,
  PROP_COMFORT,
  PROP_DETECT_DTMF,
  PROP_BANDWIDTH_CALL,
  PROP_BANDWIDTH_AUDIO,
  PROP_BANDWIDTH_VIDEO,
};

struct _GstKandySrc {
  GstKandyBaseBin parent_instance;

  GstKandyClockMap clock_map;

  /* all of it guarded by the object lock */
  GPtrArray *pads; /* of GstKandySrcPad, a reference each */
  guint n_pads[2]; /* by kind: number for the next one */
  guint group_id;
  gboolean stopped;   /* no pads any more */
  gboolean connected; /* the call has been taken */
  gboolean finished;  /* all kinds have got their EOS */
  GstKandyMediaFlags media;
  guint latency; /* ms */
  GstKandyComfort comfort;
  guint bandwidth[3]; /* of the call, sound, pictures */
  gboolean detect_dtmf;
};

static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE ("audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
        GST_STATIC_CAPS ("audio/x-raw; audio/x-opus; audio/G722; "
                         "audio/x-mulaw; audio/x-alaw; "
                         "application/x-rtp, media = (string) audio"));

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE ("video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
        GST_STATIC_CAPS ("video/x-raw; video/x-vp8; video/x-vp9; "
                         "video/x-h264; video/x-av1; "
                         "application/x-rtp, media = (string) video"));

static void gst_kandy_src_member_init (GstKandySessionMemberInterface *iface);
static void gst_kandy_src_uri_handler_init (gpointer iface, gpointer data);

static GstKandySessionMemberInterface *parent_member;

G_DEFINE_TYPE_WITH_CODE (GstKandySrc, gst_kandy_src, GST_TYPE_KANDY_BASE_BIN,
    G_IMPLEMENT_INTERFACE (GST_KANDY_TYPE_SESSION_MEMBER,
        gst_kandy_src_member_init) G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_kandy_src_uri_handler_init)
        GST_DEBUG_CATEGORY_INIT (
            gst_kandy_src_debug, "kandysrc", 0, "receiving face of a call"))

/* It owns its URI scheme, so it is the one that playbin should find */
GST_ELEMENT_REGISTER_DEFINE (
    kandysrc, "kandysrc", GST_RANK_PRIMARY, GST_TYPE_KANDY_SRC);

static GPtrArray *
dup_pads (GstKandySrc *self)
{
  GPtrArray *pads = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->pads->len; i++)
    g_ptr_array_add (pads, gst_object_ref (g_ptr_array_index (self->pads, i)));
  GST_OBJECT_UNLOCK (self);
  return pads;
}

/* The pad is in the element, but not or no longer in the list */
static void
discard_pad (GstKandySrc *self, GstKandySrcPad *pad)
{
  gst_child_proxy_child_removed (
      GST_CHILD_PROXY (self), G_OBJECT (pad), GST_PAD_NAME (pad));
  gst_pad_set_active (GST_PAD (pad), FALSE);
  gst_kandy_src_pad_release (pad, GST_BIN (self));
  gst_kandy_render_stop (GST_PAD (pad));
  gst_element_remove_pad (GST_ELEMENT (self), GST_PAD (pad));
}

/* Shows the pad. Another thread may stop the element meanwhile; only a pad that
 * is in the list is its to remove. */
static gboolean
show_pad (GstKandySrc *self, GstKandySrcPad *pad)
{
  gboolean stopped;

  gst_pad_set_active (GST_PAD (pad), TRUE);
  gst_element_add_pad (GST_ELEMENT (self), GST_PAD (pad));
  gst_child_proxy_child_added (
      GST_CHILD_PROXY (self), G_OBJECT (pad), GST_PAD_NAME (pad));

  GST_OBJECT_LOCK (self);
  stopped = self->stopped;
  if (!stopped)
    g_ptr_array_add (self->pads, gst_object_ref (pad));
  GST_OBJECT_UNLOCK (self);
  if (stopped)
    discard_pad (self, pad);
  return !stopped;
}

static void
remove_pad (GstKandySrc *self, GstKandySrcPad *pad)
{
  gboolean found;

  GST_OBJECT_LOCK (self);
  found = g_ptr_array_find (self->pads, pad, NULL);
  if (found) {
    gst_object_ref (pad);
    g_ptr_array_remove (self->pads, pad);
  }
  GST_OBJECT_UNLOCK (self);
  if (!found)
    return;

  discard_pad (self, pad);
  gst_object_unref (pad);
}

static void
remove_pads (GstKandySrc *self, gboolean only_finished)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySrcPad *pad = g_ptr_array_index (pads, i);

    if (!only_finished || gst_kandy_src_pad_is_finished (pad))
      remove_pad (self, pad);
  }
  GST_OBJECT_LOCK (self);
  if (self->pads->len == 0)
    self->n_pads[0] = self->n_pads[1] = 0;
  GST_OBJECT_UNLOCK (self);
}

/* EOS at all pads */
static void
finish_pads (GstKandySrc *self)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++)
    gst_kandy_src_pad_finish (g_ptr_array_index (pads, i));
}

static gboolean
has_pad (GstKandySrc *self, KandyMediaKind kind)
{
  const char *prefix = kind == KANDY_MEDIA_KIND_AUDIO ? "audio_" : "video_";
  gboolean found = FALSE;
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->pads->len && !found; i++)
    found = g_str_has_prefix (
        GST_PAD_NAME (g_ptr_array_index (self->pads, i)), prefix);
  GST_OBJECT_UNLOCK (self);
  return found;
}

static void
end_empty_audio (GstElement *element, gpointer pad)
{
  gst_kandy_src_pad_end_empty (pad, KANDY_MEDIA_KIND_AUDIO);
}

static void
end_empty_video (GstElement *element, gpointer pad)
{
  gst_kandy_src_pad_end_empty (pad, KANDY_MEDIA_KIND_VIDEO);
}

/* Comes and goes on the kandy thread as the other pads do, so that it cannot be
 * in the way of the next call's; but what is downstream may not hold up that
 * thread. */
static void
add_empty_pad (GstKandySrc *self, KandyMediaKind kind)
{
  gboolean audio = kind == KANDY_MEDIA_KIND_AUDIO;
  g_autoptr (GstPadTemplate) pad_template =
      gst_static_pad_template_get (audio ? &audio_template : &video_template);
  g_autoptr (GstKandySrcPad) pad = NULL;
  g_autofree char *name = NULL;

  if (has_pad (self, kind))
    return;
  /* one that has left a moment ago may still have the name of the first */
  GST_OBJECT_LOCK (self);
  name =
      g_strdup_printf (audio ? "audio_%u" : "video_%u", self->n_pads[kind]++);
  GST_OBJECT_UNLOCK (self);
  pad = gst_object_ref_sink (gst_kandy_src_pad_new_empty (pad_template, name));
  if (show_pad (self, pad))
    gst_element_call_async (GST_ELEMENT (self),
        audio ? end_empty_audio : end_empty_video, gst_object_ref (pad),
        gst_object_unref);
}

/* Once a call: what has a pad gets its EOS, and what has none a pad with it */
static void
finish (GstKandySrc *self)
{
  gboolean finished;

  GST_OBJECT_LOCK (self);
  finished = self->finished;
  self->finished = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (finished)
    return;

  finish_pads (self);
  add_empty_pad (self, KANDY_MEDIA_KIND_AUDIO);
  add_empty_pad (self, KANDY_MEDIA_KIND_VIDEO);
  gst_element_no_more_pads (GST_ELEMENT (self));
}

/* As member of the session */

static void
gst_kandy_src_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandySrc *self = GST_KANDY_SRC (member);

  parent_member->get_wishes (member, wishes);
  GST_OBJECT_LOCK (self);
  wishes->receives = TRUE;
  wishes->receive = self->media;
  wishes->latency = MAX (wishes->latency, self->latency);
  wishes->latency_set = TRUE;
  memcpy (wishes->bandwidth, self->bandwidth, sizeof (self->bandwidth));
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_src_media_prepared (
    GstKandySessionMember *member, GstKandyCall *media)
{
  GstKandySrc *self = GST_KANDY_SRC (member);

  /* those of the call before */
  remove_pads (self, TRUE);
  gst_kandy_clock_map_reset (&self->clock_map);
  GST_OBJECT_LOCK (self);
  self->group_id = gst_util_group_id_next ();
  self->connected = self->finished = FALSE;
  GST_OBJECT_UNLOCK (self);
}

/* @track: (nullable): without one the pad keeps those going that wait for it */
static void
add_pad (GstKandySrc *self, KandyMediaKind kind, GstKandyReceiveTrack *track)
{
  GstStaticPadTemplate *templ =
      kind == KANDY_MEDIA_KIND_AUDIO ? &audio_template : &video_template;
  g_autoptr (GstPadTemplate) pad_template = gst_static_pad_template_get (templ);
  g_autofree char *name = NULL;
  g_autoptr (GstKandySrcPad) pad = NULL;
  gboolean stopped, detect_dtmf;
  GstKandyComfort comfort;
  guint group_id;

  GST_OBJECT_LOCK (self);
  stopped = self->stopped;
  group_id = self->group_id;
  comfort = self->comfort;
  detect_dtmf = self->detect_dtmf;
  if (!stopped)
    name = g_strdup_printf (
        kind == KANDY_MEDIA_KIND_AUDIO ? "audio_%u" : "video_%u",
        self->n_pads[kind]++);
  GST_OBJECT_UNLOCK (self);
  if (stopped)
    return;

  pad = gst_object_ref_sink (gst_kandy_src_pad_new (GST_BIN (self),
      pad_template, name, kind, track, &self->clock_map, group_id));
  gst_kandy_src_pad_set_comfort (pad, comfort);
  gst_kandy_src_pad_set_detect_dtmf (pad, detect_dtmf);
  GST_INFO_OBJECT (self, "new pad %s", name);
  if (!show_pad (self, pad))
    return;
  gst_kandy_src_pad_start (pad);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* (transfer full) (nullable): one that was shown without a track */
static GstKandySrcPad *
dup_waiting_pad (GstKandySrc *self, KandyMediaKind kind)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySrcPad *pad = g_ptr_array_index (pads, i);

    if (gst_kandy_src_pad_get_track (pad) == NULL
        && gst_kandy_src_pad_get_kind (pad) == kind
        && !gst_kandy_src_pad_is_finished (pad))
      return gst_object_ref (pad);
  }
  return NULL;
}

static gboolean
has_track (GstKandySrc *self, GstKandyReceiveTrack *track)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++)
    if (gst_kandy_src_pad_get_track (g_ptr_array_index (pads, i)) == track)
      return TRUE;
  return FALSE;
}

static void
gst_kandy_src_track_added (
    GstKandySessionMember *member, GstKandyReceiveTrack *track)
{
  GstKandySrc *self = GST_KANDY_SRC (member);
  KandyMediaKind kind = gst_kandy_receive_track_get_kind (track);
  g_autoptr (GstKandySrcPad) waiting = NULL;

  if (has_track (self, track))
    return;
  waiting = dup_waiting_pad (self, kind);
  if (waiting == NULL) {
    add_pad (self, kind, track);
    return;
  }
  GST_INFO_OBJECT (self, "%s has got its track", GST_PAD_NAME (waiting));
  gst_kandy_src_pad_take_track (waiting, track);
  gst_kandy_src_pad_start (waiting);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static void
remove_left_pad (GstElement *element, gpointer pad)
{
  remove_pad (GST_KANDY_SRC (element), pad);
}

static void
gst_kandy_src_track_removed (
    GstKandySessionMember *member, GstKandyReceiveTrack *track)
{
  g_autoptr (GPtrArray) pads = dup_pads (GST_KANDY_SRC (member));
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySrcPad *pad = g_ptr_array_index (pads, i);

    if (gst_kandy_src_pad_get_track (pad) == track)
      gst_kandy_src_pad_leave (pad, remove_left_pad);
  }
}

static void
gst_kandy_src_no_more_tracks (GstKandySessionMember *member)
{
  GstKandySrc *self = GST_KANDY_SRC (member);
  KandyMediaKind kind;

  for (kind = KANDY_MEDIA_KIND_AUDIO; kind <= KANDY_MEDIA_KIND_VIDEO; kind++) {
    g_autoptr (GstCaps) caps = gst_static_pad_template_get_caps (
        kind == KANDY_MEDIA_KIND_AUDIO ? &audio_template : &video_template);

    if (!has_pad (self, kind)
        && gst_kandy_is_waited_for (GST_ELEMENT (self), caps))
      add_pad (self, kind, NULL);
  }
  gst_element_no_more_pads (GST_ELEMENT (member));
}

static void
gst_kandy_src_call_connected (GstKandySessionMember *member)
{
  GST_OBJECT_LOCK (member);
  GST_KANDY_SRC (member)->connected = TRUE;
  GST_OBJECT_UNLOCK (member);
}

static void
gst_kandy_src_call_ended (
    GstKandySessionMember *member, gboolean failed, gboolean ours)
{
  GstKandySrc *self = GST_KANDY_SRC (member);
  gboolean taken;

  GST_OBJECT_LOCK (self);
  taken = self->connected || self->pads->len > 0;
  GST_OBJECT_UNLOCK (self);
  if (taken)
    finish (self);
  parent_member->call_ended (member, failed, ours);
}

static void
gst_kandy_src_member_init (GstKandySessionMemberInterface *iface)
{
  parent_member = g_type_interface_peek_parent (iface);
  iface->get_wishes = gst_kandy_src_get_wishes;
  iface->media_prepared = gst_kandy_src_media_prepared;
  iface->media_joined = gst_kandy_src_media_prepared;
  iface->track_added = gst_kandy_src_track_added;
  iface->track_removed = gst_kandy_src_track_removed;
  iface->no_more_tracks = gst_kandy_src_no_more_tracks;
  iface->call_connected = gst_kandy_src_call_connected;
  iface->call_ended = gst_kandy_src_call_ended;
}

static void
on_end_answered (GstPromise *promise, gpointer user_data)
{
  finish (user_data);
}

static gboolean
gst_kandy_src_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_autoptr (GstPromise) promise = gst_promise_new_with_change_func (
        on_end_answered, gst_object_ref (element), gst_object_unref);

    gst_event_unref (event);
    gst_kandy_base_bin_request (
        GST_KANDY_BASE_BIN (element), gst_structure_new_empty ("end"), promise);
    return TRUE;
  }
  return GST_ELEMENT_CLASS (gst_kandy_src_parent_class)
      ->send_event (element, event);
}

static void
set_stopped (GstKandySrc *self, gboolean stopped)
{
  GST_OBJECT_LOCK (self);
  self->stopped = stopped;
  self->connected = self->finished = FALSE;
  GST_OBJECT_UNLOCK (self);
}

static GstStateChangeReturn
gst_kandy_src_change_state (GstElement *element, GstStateChange transition)
{
  GstKandySrc *self = GST_KANDY_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    set_stopped (self, FALSE);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_stopped (self, TRUE);

  ret = GST_ELEMENT_CLASS (gst_kandy_src_parent_class)
            ->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      /* live, also before there is a pad */
      if (ret != GST_STATE_CHANGE_FAILURE)
        ret = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      remove_pads (self, FALSE);
      break;
    default:
      break;
  }
  return ret;
}

/* URIs */

static GstURIType
gst_kandy_src_uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static const char *const *
gst_kandy_src_uri_get_protocols (GType type)
{
  return gst_kandy_uri_protocols;
}

static char *
gst_kandy_src_uri_get_uri (GstURIHandler *handler)
{
  return gst_kandy_base_bin_dup_uri (GST_KANDY_BASE_BIN (handler));
}

static gboolean
gst_kandy_src_uri_set_uri (
    GstURIHandler *handler, const char *uri, GError **error)
{
  return gst_kandy_base_bin_set_uri (GST_KANDY_BASE_BIN (handler), uri, error);
}

static void
gst_kandy_src_uri_handler_init (gpointer iface_pointer, gpointer data)
{
  GstURIHandlerInterface *iface = iface_pointer;

  iface->get_type = gst_kandy_src_uri_get_type;
  iface->get_protocols = gst_kandy_src_uri_get_protocols;
  iface->get_uri = gst_kandy_src_uri_get_uri;
  iface->set_uri = gst_kandy_src_uri_set_uri;
}

static void
set_comfort (GstKandySrc *self, GstKandyComfort comfort)
{
  g_autoptr (GPtrArray) pads = NULL;
  guint i;

  GST_OBJECT_LOCK (self);
  self->comfort = comfort;
  GST_OBJECT_UNLOCK (self);
  pads = dup_pads (self);
  for (i = 0; i < pads->len; i++)
    gst_kandy_src_pad_set_comfort (g_ptr_array_index (pads, i), comfort);
}

static void
set_detect_dtmf (GstKandySrc *self, gboolean detect)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  GST_OBJECT_LOCK (self);
  self->detect_dtmf = detect;
  GST_OBJECT_UNLOCK (self);
  for (i = 0; i < pads->len; i++)
    gst_kandy_src_pad_set_detect_dtmf (g_ptr_array_index (pads, i), detect);
}

static void
gst_kandy_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandySrc *self = GST_KANDY_SRC (object);

  switch (id) {
    case PROP_MEDIA:
      GST_OBJECT_LOCK (self);
      self->media = g_value_get_flags (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_LATENCY:
      GST_OBJECT_LOCK (self);
      self->latency = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_COMFORT:
      set_comfort (self, g_value_get_enum (value));
      break;
    case PROP_DETECT_DTMF:
      set_detect_dtmf (self, g_value_get_boolean (value));
      break;
    case PROP_BANDWIDTH_CALL:
    case PROP_BANDWIDTH_AUDIO:
    case PROP_BANDWIDTH_VIDEO:
      GST_OBJECT_LOCK (self);
      self->bandwidth[id - PROP_BANDWIDTH_CALL] = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandySrc *self = GST_KANDY_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MEDIA:
      g_value_set_flags (value, self->media);
      break;
    case PROP_LATENCY:
      g_value_set_uint (value, self->latency);
      break;
    case PROP_COMFORT:
      g_value_set_enum (value, self->comfort);
      break;
    case PROP_DETECT_DTMF:
      g_value_set_boolean (value, self->detect_dtmf);
      break;
    case PROP_BANDWIDTH_CALL:
    case PROP_BANDWIDTH_AUDIO:
    case PROP_BANDWIDTH_VIDEO:
      g_value_set_uint (value, self->bandwidth[id - PROP_BANDWIDTH_CALL]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* (transfer full) (nullable) */
static GstKandySrcPad *
find_pad (GstKandySrc *self, const char *track_id)
{
  g_autoptr (GPtrArray) pads = dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySrcPad *pad = g_ptr_array_index (pads, i);
    g_autofree char *id = NULL;

    g_object_get (pad, "track-id", &id, NULL);
    if (id != NULL && g_str_equal (id, track_id))
      return gst_object_ref (pad);
  }
  return NULL;
}

static void
gst_kandy_src_render_track (GstKandySrc *self, const char *track_id,
    GstElement *sink, const char *device, GstPromise *promise)
{
  g_autoptr (GstKandySrcPad) pad =
      track_id != NULL ? find_pad (self, track_id) : NULL;
  const char *text = sink != NULL ? gst_kandy_render_check_sink (sink) : NULL;

  if (pad == NULL)
    text = "There is no track of this id that is received";
  else if (text == NULL && gst_pad_is_linked (GST_PAD (pad)))
    text = "The track is played by something else already";
  if (text != NULL)
    gst_kandy_render_answer (promise, text);
  else
    gst_kandy_render_track (GST_ELEMENT (self), GST_PAD (pad),
        gst_kandy_src_pad_get_kind (pad), sink, device,
        promise != NULL ? gst_promise_ref (promise) : NULL);
}

static void
gst_kandy_src_remove_track (
    GstKandySrc *self, const char *track_id, GstPromise *promise)
{
  g_autoptr (GstKandySrcPad) pad =
      track_id != NULL ? find_pad (self, track_id) : NULL;

  if (pad != NULL && gst_kandy_render_stop (GST_PAD (pad)))
    gst_kandy_render_answer (promise, NULL);
  else
    gst_kandy_render_answer (
        promise, "There is no such track that is rendered");
}

static void
gst_kandy_src_finalize (GObject *object)
{
  GstKandySrc *self = GST_KANDY_SRC (object);

  g_ptr_array_unref (self->pads);
  gst_kandy_clock_map_clear (&self->clock_map);

  G_OBJECT_CLASS (gst_kandy_src_parent_class)->finalize (object);
}

static void
gst_kandy_src_class_init (GstKandySrcClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_kandy_src_set_property;
  object_class->get_property = gst_kandy_src_get_property;
  object_class->finalize = gst_kandy_src_finalize;

  /**
   * GstKandySrc:media:
   *
   * What is to be received, whether or not `kandysink` sends it too. Looked at
   * when a call is made or answered.
   */
  g_object_class_install_property (object_class, PROP_MEDIA,
      g_param_spec_flags ("media", "Media",
          "What is to be received; auto: what kandysink sends or the far end "
          "offers",
          GST_KANDY_TYPE_MEDIA_FLAGS, DEFAULT_MEDIA, flags));
  /**
   * GstKandySrc:latency:
   *
   * How long a packet may take longer than others, in milliseconds: the size of
   * the jitter buffer, and what the element reports as its latency. Of Opus it
   * reports a packet more, mostly 20 ms: for the decoder, which waits for what
   * the next packet says again of one that is lost. Looked at when a call is
   * made or received.
   *
   * A packet that is lost is asked for again as long as this lasts, which takes
   * a round trip each time: on a line that loses one packet in ten, five round
   * trips keep twice as many pictures as two do.
   */
  g_object_class_install_property (object_class, PROP_LATENCY,
      g_param_spec_uint ("latency", "Latency", "Size of the jitter buffer, ms",
          0, MAX_LATENCY, DEFAULT_LATENCY, flags));
  /**
   * GstKandySrc:comfort:
   *
   * What comes out of a pad while nothing arrives for it, because the call is
   * held or the far end is silent. GAP events serve muxers, mixers and sinks;
   * who looks at buffers only, and wants them at all times, may have silence
   * and black pictures, or the last picture. They can be made up of decoded
   * media only.
   */
  g_object_class_install_property (object_class, PROP_COMFORT,
      g_param_spec_enum ("comfort", "Comfort",
          "What comes out of decoding pads while nothing arrives",
          GST_KANDY_TYPE_COMFORT, DEFAULT_COMFORT, flags));
  /**
   * GstKandySrc:detect-dtmf:
   *
   * Whether DTMF tones are looked for in sound that is decoded, for far ends
   * that send them as nothing but sound. Those that come as events (RFC 4733)
   * are told of in any case, and only once. Needs the element `dtmfdetect`.
   */
  g_object_class_install_property (object_class, PROP_DETECT_DTMF,
      g_param_spec_boolean ("detect-dtmf", "Detect DTMF",
          "Look for DTMF tones in decoded sound", FALSE,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySrc:bandwidth-call:
   *
   * How much the far end may send in all, in kbit/s; 0 is no limit. It is told
   * so when a call is made or answered (`b=AS` and `b=TIAS`, RFC 8866 and RFC
   * 3890). API document: `BandwidthControls.call`.
   */
  g_object_class_install_property (object_class, PROP_BANDWIDTH_CALL,
      g_param_spec_uint ("bandwidth-call", "Bandwidth of the call",
          "Limit for all that is received, in kbit/s (0 = none)", 0,
          MAX_BANDWIDTH, 0, flags));
  /**
   * GstKandySrc:bandwidth-audio:
   *
   * As #GstKandySrc:bandwidth-call, for sound. API document:
   * `BandwidthControls.audio`.
   */
  g_object_class_install_property (object_class, PROP_BANDWIDTH_AUDIO,
      g_param_spec_uint ("bandwidth-audio", "Bandwidth of sound",
          "Limit for received sound, in kbit/s (0 = none)", 0, MAX_BANDWIDTH, 0,
          flags));
  /**
   * GstKandySrc:bandwidth-video:
   *
   * As #GstKandySrc:bandwidth-call, for pictures. API document:
   * `BandwidthControls.video`.
   */
  g_object_class_install_property (object_class, PROP_BANDWIDTH_VIDEO,
      g_param_spec_uint ("bandwidth-video", "Bandwidth of pictures",
          "Limit for received pictures, in kbit/s (0 = none)", 0, MAX_BANDWIDTH,
          0, flags));

  /**
   * GstKandySrc::render-track:
   * @self: the element
   * @track_id: a track of the far end, see #GstKandySrcPad:track-id
   * @sink: (nullable): an element or bin with a pad `sink` that is in no bin
   * @device: (nullable): without @sink, the speaker to play sound with, by its
   *   `deviceId` or label; %NULL for the usual one
   * @promise: (nullable): to be told how it went
   *
   * Plays a track whose pad is not linked, in the pipeline that the element is
   * in, for programs that do without pads. Without @sink pictures are shown in
   * a window. It is over when the track goes, or by #GstKandySrc::remove-track.
   * Meanwhile the sink's name is among the `containers` of the track, see
   * #GstKandyBaseBin::get-track.
   * `code` of the reply is `call:7` for a track or a sink that is none, or a
   * track that is played already, `call:4` if the sink cannot be had. API
   * document: `media.renderTracks`.
   */
  g_signal_new_class_handler ("render-track", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_src_render_track), NULL, NULL, NULL, G_TYPE_NONE, 4,
      G_TYPE_STRING, GST_TYPE_ELEMENT, G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandySrc::remove-track:
   * @self: the element
   * @track_id: a track that is rendered
   * @promise: (nullable): to be told how it went
   *
   * Takes #GstKandySrc::render-track back; the call goes on. Not to be emitted
   * on a streaming thread of the sink. `code` of the reply is `call:7` if the
   * track is not rendered. API document: `media.removeTracks`.
   */
  g_signal_new_class_handler ("remove-track", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_src_remove_track), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, GST_TYPE_PROMISE);

  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kandy_src_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_kandy_src_send_event);

  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &audio_template, GST_TYPE_KANDY_SRC_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &video_template, GST_TYPE_KANDY_SRC_PAD);
  gst_element_class_set_static_metadata (element_class, "Kandy call source",
      "Source/Network/WebRTC",
      "Receives sound and pictures of a WebRTC call on the Kandy CPaaS "
      "platform. Settings of the client are its child \"client\", for example "
      "client::ping-interval=20000",
      "The gst-kandy authors");

  gst_type_mark_as_plugin_api (GST_TYPE_KANDY_SRC_PAD, 0);
  gst_type_mark_as_plugin_api (GST_KANDY_TYPE_MEDIA_FLAGS, 0);
  gst_type_mark_as_plugin_api (GST_KANDY_TYPE_COMFORT, 0);
}

static void
gst_kandy_src_init (GstKandySrc *self)
{
  gst_kandy_clock_map_init (&self->clock_map);
  self->pads = g_ptr_array_new_with_free_func (gst_object_unref);
  self->media = DEFAULT_MEDIA;
  self->latency = DEFAULT_LATENCY;
  self->comfort = DEFAULT_COMFORT;
  self->stopped = TRUE;
  self->group_id = gst_util_group_id_next ();
  /* a source also before it has a pad */
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
}
