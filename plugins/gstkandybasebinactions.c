/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin-private.h"

/* SECTION: action signals of the three elements
 *
 * Each becomes a request to the session, a structure named after the action.
 * They can be emitted on any thread and do not wait.
 */

#define MAX_ARGUMENTS 3

/* The class closure of an action, with the names of the request's fields as its
 * data. The arguments become these fields, but for a structure that is NULL;
 * the last argument is the promise. */
static void
run_action (GClosure *closure, GValue *result, guint n_params,
    const GValue *params, gpointer hint, gpointer marshal_data)
{
  const char *const *fields = closure->data;
  const GSignalInvocationHint *signal = hint;
  GstStructure *request =
      gst_structure_new_empty (g_signal_name (signal->signal_id));
  guint i;

  for (i = 0; fields[i] != NULL; i++)
    if (!G_VALUE_HOLDS (&params[i + 1], GST_TYPE_STRUCTURE)
        || g_value_get_boxed (&params[i + 1]) != NULL)
      gst_structure_set_value (request, fields[i], &params[i + 1]);
  gst_kandy_base_bin_request (g_value_get_object (&params[0]), request,
      g_value_get_boxed (&params[n_params - 1]));
}

/* Installs an action that requests what it is called. Pairs of a field's name
 * and a GType say what its arguments are, before the promise that all have. */
static G_GNUC_NULL_TERMINATED void
add_action (GType type, const char *name, ...)
{
  GType types[MAX_ARGUMENTS + 1];
  const char **fields = g_new0 (const char *, MAX_ARGUMENTS + 1);
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), fields);
  guint n = 0;
  va_list args;

  va_start (args, name);
  while ((fields[n] = va_arg (args, const char *)) != NULL) {
    g_assert (n < MAX_ARGUMENTS);
    types[n++] = va_arg (args, GType);
  }
  va_end (args);
  types[n++] = GST_TYPE_PROMISE;
  g_closure_set_marshal (closure, run_action);
  g_signal_newv (name, type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, closure, NULL,
      NULL, NULL, G_TYPE_NONE, n, types);
}

static void
gst_kandy_base_bin_get_track_stats (
    GstKandyBaseBin *self, const char *track_id, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("get-stats", "track-id", G_TYPE_STRING,
          track_id != NULL ? track_id : "", NULL),
      promise);
}

void
gst_kandy_base_bin_set_tracks_muted (GstKandyBaseBin *self,
    const char *const *ids, gboolean muted, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("mute-tracks", "track-ids", G_TYPE_STRV, ids, "muted",
          G_TYPE_BOOLEAN, muted, NULL),
      promise);
}

static void
gst_kandy_base_bin_mute_tracks (
    GstKandyBaseBin *self, const char *const *ids, GstPromise *promise)
{
  gst_kandy_base_bin_set_tracks_muted (self, ids, TRUE, promise);
}

static void
gst_kandy_base_bin_unmute_tracks (
    GstKandyBaseBin *self, const char *const *ids, GstPromise *promise)
{
  gst_kandy_base_bin_set_tracks_muted (self, ids, FALSE, promise);
}

void
gst_kandy_base_bin_install_actions (GType type)
{
  /**
   * GstKandyBaseBin::call:
   * @self: the element
   * @destination: whom to call
   * @promise: (nullable): to be told how it went
   *
   * Makes a call, as soon as the element is signed on and the linked pads know
   * their caps. @promise is replied to, as by all actions, with a structure
   * `application/x-kandy-reply`: a field `call-id`, and in case of failure the
   * fields `error` (a #GError), `code` (the platform's) and `http-status`. API
   * document: `call.make`.
   */
  add_action (type, "call", "destination", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::answer:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Answers the incoming call. API document: `call.answer`.
   */
  add_action (type, "answer", NULL);
  /**
   * GstKandyBaseBin::reject:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Turns the incoming call down. API document: `call.reject`.
   */
  add_action (type, "reject", NULL);
  /**
   * GstKandyBaseBin::ignore:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Forgets the incoming call without telling the caller. API document:
   * `call.ignore`.
   */
  add_action (type, "ignore", NULL);
  /**
   * GstKandyBaseBin::end:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Ends the call, in whatever state it is. API document: `call.end`.
   */
  add_action (type, "end", NULL);
  /**
   * GstKandyBaseBin::send-ringing-feedback:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Lets the caller hear ringing, if `client::ringing-feedback-mode` is manual.
   * API document: `call.sendRingingFeedback`.
   */
  add_action (type, "send-ringing-feedback", NULL);
  /**
   * GstKandyBaseBin::hold:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Holds the call: from this moment on nothing is sent, and nothing of the far
   * end comes out. @promise is replied to when the far end knows. If it
   * refuses, media flow again. API document: `call.hold`.
   */
  add_action (type, "hold", NULL);
  /**
   * GstKandyBaseBin::unhold:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the hold back. Media flow again unless the far end holds as well. API
   * document: `call.unhold`.
   */
  add_action (type, "unhold", NULL);
  /**
   * GstKandyBaseBin::restart-media:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Looks for a new path for the media. A call whose path is lost does so by
   * itself, see #KandyConfig:media-recovery (`client::media-recovery`), until
   * #GstKandyBaseBin:media-connection-state is connected again or a minute has
   * passed; then this is the way to have another try. What flows is not
   * interrupted. API document: `call.restartMedia`.
   */
  add_action (type, "restart-media", NULL);
  /**
   * GstKandyBaseBin::send-dtmf:
   * @self: the element
   * @tones: what to send, of `0` to `9`, `*`, `#`, `A` to `D` and `,`, which is
   *   a pause of two seconds
   * @duration: of each tone, ms, 40 to 6000; 0: 100
   * @gap: between two tones, ms, 30 to 6000; 0: 70
   * @promise: (nullable): to be told when all have been sent, or why not
   *
   * Sends DTMF tones, behind those that are being sent. They go as events (RFC
   * 4733) if the far end takes that, else in place of the sound, also of sound
   * that comes encoded. `code` of the reply is `call:6` if the call is in
   * another state than Connected or Ringing, or is held or ends meanwhile,
   * `call:7` for @tones that are none, `call:2` without sound that tones could
   * go with. API document: `call.sendDTMF`.
   */
  add_action (type, "send-dtmf", "tones", G_TYPE_STRING, "duration",
      G_TYPE_UINT, "gap", G_TYPE_UINT, NULL);
  /**
   * GstKandyBaseBin::add-media:
   * @self: the element
   * @media: a structure of any name with the properties of #KandyMediaOptions
   *   as fields: `audio`, `video` and `screen` (booleans) say what,
   *   `audio-options`, `video-options` and `screen-options` (structures) which
   *   device is to be opened for it, see #GstKandySink:video-options,
   *   `bandwidth-call`, `bandwidth-audio` and `bandwidth-video` (kbit/s) may
   *   limit what the far end sends, `audio-network-priority` and its like say
   *   how the network is to treat it, if not as the properties of `kandysink`
   *   of that name
   * @promise: (nullable): to be told how it went
   *
   * Sends more in a call that is connected. Without options that is what is
   * linked to `kandysink` and is not sent yet, or was taken away with
   * #GstKandyBaseBin::remove-media; if nothing is, `kandysink` opens the device
   * that suits the options which its properties have. With options it opens a
   * device in any case, so that any number of cameras can be added one after
   * the other. Each gets a pad of its own, which goes with its track, and by
   * that the device is closed. A pad that is requested and linked in a call is
   * added without this action.
   *
   * All of @media is added or nothing is. `code` of the reply is `call:4` if a
   * device cannot be had, with the event `devices:error`, `call:7` if @media
   * make no sense, `call:6` if the call is in another state. Then nothing is
   * open that was not before. API document: `call.addMedia`.
   */
  add_action (type, "add-media", "media", GST_TYPE_STRUCTURE, NULL);
  /**
   * GstKandyBaseBin::remove-media:
   * @self: the element
   * @track_ids: (array zero-terminated=1): ids of tracks that are sent, see
   *   #GstKandySinkPad:track-id
   * @options: (nullable): a structure of any name with `bandwidth-call`,
   *   `bandwidth-audio` and `bandwidth-video` (kbit/s), which limit what the
   * far end sends from now on
   * @promise: (nullable): to be told how it went
   *
   * Sends less. Pads that are linked stay, and what arrives at them is dropped;
   * a device that #GstKandyBaseBin::add-media has opened is closed. Releasing a
   * pad does the same without this action. API document: `call.removeMedia`.
   */
  add_action (type, "remove-media", "track-ids", G_TYPE_STRV, "media",
      GST_TYPE_STRUCTURE, NULL);
  /**
   * GstKandyBaseBin::start-video:
   * @self: the element
   * @media: (nullable): as for #GstKandyBaseBin::add-media
   * @promise: (nullable): to be told how it went
   *
   * As #GstKandyBaseBin::add-media with `video`, for a call that sends no
   * pictures yet. API document: `call.startVideo`.
   */
  add_action (type, "start-video", "media", GST_TYPE_STRUCTURE, NULL);
  /**
   * GstKandyBaseBin::stop-video:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the pictures away, of which there must be one track. API document:
   * `call.stopVideo`.
   */
  add_action (type, "stop-video", NULL);
  /**
   * GstKandyBaseBin::start-screenshare:
   * @self: the element
   * @media: (nullable): as for #GstKandyBaseBin::add-media
   * @promise: (nullable): to be told how it went
   *
   * As #GstKandyBaseBin::add-media with `screen`: what is linked to a pad
   * `screen_%u`, else the screen. API document: `call.startScreenshare`.
   */
  add_action (type, "start-screenshare", "media", GST_TYPE_STRUCTURE, NULL);
  /**
   * GstKandyBaseBin::stop-screenshare:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the screen away. API document: `call.stopScreenshare`.
   */
  add_action (type, "stop-screenshare", NULL);
  /**
   * GstKandyBaseBin::replace-track:
   * @self: the element
   * @track_id: a track that is sent, see #GstKandySinkPad:track-id
   * @media: (nullable): a structure of any name. It may have one of the fields
   *   `audio`, `video` and `screen` (boolean), else it is about what the track
   *   is. And it says what is to be sent: `source` (#GstElement), an element
   *   or bin with a pad `src` that is in no other bin; or `audio-options`,
   *   `video-options` or `screen-options`, constraints of which device, see
   *   #GstKandySink:video-options
   * @promise: (nullable): to be told when it is sent, or why it is not
   *
   * Sends another source as the track, without a negotiation. The former one is
   * sent until the new one gives its first samples, and remains if there are
   * none in five seconds. Without a source it is the device that suits best at
   * a pad of a device, and at others what is linked: that which a former
   * replacement has pushed aside, where it was lost meanwhile if it is live,
   * and waited if it is not. When the call ends so does the replacement.
   *
   * The track has a new id then, and is not muted. `code` of the reply is
   * `call:7` for an id or a source that is none, `call:4` if the source cannot
   * be had. API document: `call.replaceTrack`.
   */
  add_action (type, "replace-track", "track-id", G_TYPE_STRING, "media",
      GST_TYPE_STRUCTURE, NULL);
  /**
   * GstKandyBaseBin::forward:
   * @self: the element
   * @destination: who is to take the call
   * @promise: (nullable): to be told how it went
   *
   * Lets somebody else answer the incoming call, which is over here then. See
   * kandy_call_forward_async().
   */
  add_action (type, "forward", "destination", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::transfer:
   * @self: the element
   * @destination: who is to talk to the far end from now on
   * @promise: (nullable): to be told how it went
   *
   * Connects the far end of a call that is held with somebody else. When they
   * talk to each other the call is over here; else it remains held. See
   * kandy_call_transfer_async().
   */
  add_action (type, "transfer", "destination", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::get-stats:
   * @self: the element
   * @promise: to be replied to with a structure `application/x-kandy-stats`
   *
   * Asks for the statistics of this moment: those of #GstKandyBaseBin:stats,
   * with the event `call:statsReceived`. API document: `call.getStats`.
   */
  add_action (type, "get-stats", NULL);
  /**
   * GstKandyBaseBin::mute-tracks:
   * @self: the element
   * @track_ids: (array zero-terminated=1): ids of tracks, sent or received
   * @promise: (nullable): to be told how it went
   *
   * Sends silence or black in place of tracks of this end, and gives out
   * silence or black in place of those of the far end. Nothing is negotiated.
   * Unknown ids are skipped; if all are, the reply is the error `call:7`. A
   * pad's property `mute` does the same, and shows it. API document:
   * `media.muteTracks`.
   */
  g_signal_new_class_handler ("mute-tracks", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_mute_tracks), NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRV, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::unmute-tracks:
   * @self: the element
   * @track_ids: (array zero-terminated=1): ids of tracks, sent or received
   * @promise: (nullable): to be told how it went
   *
   * Takes #GstKandyBaseBin::mute-tracks back. API document:
   * `media.unmuteTracks`.
   */
  g_signal_new_class_handler ("unmute-tracks", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_unmute_tracks), NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRV, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::get-track:
   * @self: the element
   * @track_id: id of a track
   * @promise: to be replied to with a field `track`
   *
   * Asks what is known of a track, a structure with the names of the API
   * document's `TrackObject`. API document: `media.getTrackById`.
   */
  add_action (type, "get-track", "id", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::get-media:
   * @self: the element
   * @media_id: id of a media, `streamId` of its tracks
   * @promise: to be replied to with a field `media`
   *
   * Asks what is known of a group of tracks, a structure with the names of the
   * API document's `MediaObject`. API document: `media.getById`.
   */
  add_action (type, "get-media", "id", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::get-track-stats:
   * @self: the element
   * @track_id: the id of a track of the call, local or remote
   * @promise: to be replied to with a structure `application/x-kandy-stats`,
   *   which has the fields `call-id`, `track-id` and `report`
   *
   * Asks for W3C's report of this moment about one track and what it goes
   * through. If there is no such track the reply is an
   * `application/x-kandy-reply` with an error, `call:2`. API document:
   * `call.getStats`.
   */
  g_signal_new_class_handler ("get-track-stats", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_track_stats), NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::get-available-codecs:
   * @self: the element
   * @kind: `audio` or `video`
   * @promise: to be replied to with a structure `application/x-kandy-codecs`
   *   whose field `codecs` is an array of structures with `mimeType` (string),
   *   `clockRate` (int), `channels` (int, audio only) and `sdpFmtpLine`
   * (string, if there is one)
   *
   * Asks what can be sent with the elements that are installed, best first;
   * with the event `call:availableCodecs`. Another kind is answered by an
   * `application/x-kandy-reply` with an error, `call:7`. API document:
   * `call.getAvailableCodecs`.
   */
  add_action (type, "get-available-codecs", "kind", G_TYPE_STRING, NULL);
  /**
   * GstKandyBaseBin::get-devices:
   * @self: the element
   * @promise: to be replied to with a field `devices`
   *
   * Asks for cameras, microphones and speakers, a structure with the names of
   * the API document's `DevicesObject`. A `deviceId` is what
   * #GstKandySink:audio-device and its like take. When devices come or go there
   * is the event `devices:change`. API document: `media.getDevices`.
   */
  add_action (type, "get-devices", NULL);
  /**
   * GstKandyBaseBin::initialize-devices:
   * @self: the element
   * @audio: whether a microphone is needed
   * @video: whether a camera is needed
   * @promise: (nullable): to be told how it went
   *
   * Opens and closes a microphone and a camera, so that a call does not find
   * out that it cannot. The reply is that of #GstKandyBaseBin::get-devices, or
   * the error `call:4`; there are the events `devices:change` and
   * `devices:error` as well. API document: `media.initializeDevices`.
   */
  add_action (type, "initialize-devices", "audio", G_TYPE_BOOLEAN, "video",
      G_TYPE_BOOLEAN, NULL);
}
