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

static void
gst_kandy_base_bin_call (
    GstKandyBaseBin *self, const char *destination, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new (
          "call", "destination", G_TYPE_STRING, destination, NULL),
      promise);
}

static void
gst_kandy_base_bin_answer (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("answer"), promise);
}

static void
gst_kandy_base_bin_reject (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("reject"), promise);
}

static void
gst_kandy_base_bin_ignore (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("ignore"), promise);
}

static void
gst_kandy_base_bin_end (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, gst_structure_new_empty ("end"), promise);
}

static void
gst_kandy_base_bin_send_ringing_feedback (
    GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("send-ringing-feedback"), promise);
}

static void
gst_kandy_base_bin_hold (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, gst_structure_new_empty ("hold"), promise);
}

static void
gst_kandy_base_bin_unhold (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("unhold"), promise);
}

static void
gst_kandy_base_bin_restart_media (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("restart-media"), promise);
}

static GstStructure *
media_request (const char *name, const GstStructure *media)
{
  GstStructure *request = gst_structure_new_empty (name);

  if (media != NULL)
    gst_structure_set (request, "media", GST_TYPE_STRUCTURE, media, NULL);
  return request;
}

static void
gst_kandy_base_bin_add_media (
    GstKandyBaseBin *self, const GstStructure *media, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, media_request ("add-media", media), promise);
}

static void
gst_kandy_base_bin_remove_media (
    GstKandyBaseBin *self, const char *const *track_ids, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new (
          "remove-media", "track-ids", G_TYPE_STRV, track_ids, NULL),
      promise);
}

static void
gst_kandy_base_bin_start_video (
    GstKandyBaseBin *self, const GstStructure *media, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, media_request ("start-video", media), promise);
}

static void
gst_kandy_base_bin_stop_video (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("stop-video"), promise);
}

static void
gst_kandy_base_bin_start_screenshare (
    GstKandyBaseBin *self, const GstStructure *media, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, media_request ("start-screenshare", media), promise);
}

static void
gst_kandy_base_bin_stop_screenshare (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("stop-screenshare"), promise);
}

static void
gst_kandy_base_bin_replace_track (GstKandyBaseBin *self, const char *track_id,
    const GstStructure *media, GstPromise *promise)
{
  GstStructure *request = media_request ("replace-track", media);

  gst_structure_set (request, "track-id", G_TYPE_STRING, track_id, NULL);
  gst_kandy_base_bin_request (self, request, promise);
}

static void
gst_kandy_base_bin_send_dtmf (GstKandyBaseBin *self, const char *tones,
    guint duration, guint gap, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("send-dtmf", "tones", G_TYPE_STRING, tones, "duration",
          G_TYPE_UINT, duration, "gap", G_TYPE_UINT, gap, NULL),
      promise);
}

static void
gst_kandy_base_bin_forward (
    GstKandyBaseBin *self, const char *destination, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new (
          "forward", "destination", G_TYPE_STRING, destination, NULL),
      promise);
}

static void
gst_kandy_base_bin_transfer (
    GstKandyBaseBin *self, const char *destination, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new (
          "transfer", "destination", G_TYPE_STRING, destination, NULL),
      promise);
}

static void
gst_kandy_base_bin_get_stats (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("get-stats"), promise);
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

static void
gst_kandy_base_bin_get_available_codecs (
    GstKandyBaseBin *self, const char *kind, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new (
          "get-available-codecs", "kind", G_TYPE_STRING, kind, NULL),
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

static void
gst_kandy_base_bin_get_track (
    GstKandyBaseBin *self, const char *id, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("get-track", "id", G_TYPE_STRING, id, NULL), promise);
}

static void
gst_kandy_base_bin_get_media (
    GstKandyBaseBin *self, const char *id, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("get-media", "id", G_TYPE_STRING, id, NULL), promise);
}

static void
gst_kandy_base_bin_get_devices (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, gst_structure_new_empty ("get-devices"), promise);
}

static void
gst_kandy_base_bin_initialize_devices (
    GstKandyBaseBin *self, gboolean audio, gboolean video, GstPromise *promise)
{
  gst_kandy_base_bin_request (self,
      gst_structure_new ("initialize-devices", "audio", G_TYPE_BOOLEAN, audio,
          "video", G_TYPE_BOOLEAN, video, NULL),
      promise);
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
  g_signal_new_class_handler ("call", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_call), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::answer:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Answers the incoming call. API document: `call.answer`.
   */
  g_signal_new_class_handler ("answer", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_answer), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::reject:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Turns the incoming call down. API document: `call.reject`.
   */
  g_signal_new_class_handler ("reject", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_reject), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::ignore:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Forgets the incoming call without telling the caller. API document:
   * `call.ignore`.
   */
  g_signal_new_class_handler ("ignore", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_ignore), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::end:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Ends the call, in whatever state it is. API document: `call.end`.
   */
  g_signal_new_class_handler ("end", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_end), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::send-ringing-feedback:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Lets the caller hear ringing, if `client::ringing-feedback-mode` is manual.
   * API document: `call.sendRingingFeedback`.
   */
  g_signal_new_class_handler ("send-ringing-feedback", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_send_ringing_feedback), NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::hold:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Holds the call: from this moment on nothing is sent, and nothing of the far
   * end comes out. @promise is replied to when the far end knows. If it
   * refuses, media flow again. API document: `call.hold`.
   */
  g_signal_new_class_handler ("hold", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_hold), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::unhold:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the hold back. Media flow again unless the far end holds as well. API
   * document: `call.unhold`.
   */
  g_signal_new_class_handler ("unhold", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_unhold), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("restart-media", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_restart_media), NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("send-dtmf", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_send_dtmf), NULL, NULL, NULL, G_TYPE_NONE,
      4, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_UINT, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::add-media:
   * @self: the element
   * @media: a structure of any name with the properties of #KandyMediaOptions
   *   as fields: `audio`, `video` and `screen` (booleans) say what,
   *   `bandwidth-audio` and `bandwidth-video` (kbit/s) may limit what the far
   *   end sends
   * @promise: (nullable): to be told how it went
   *
   * Sends more in a call that is connected: what is linked to `kandysink` and
   * is not sent yet, or was taken away with #GstKandyBaseBin::remove-media. A
   * pad that is requested and linked in a call is added without this action.
   * API document: `call.addMedia`.
   */
  g_signal_new_class_handler ("add-media", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_add_media), NULL, NULL, NULL, G_TYPE_NONE,
      2, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::remove-media:
   * @self: the element
   * @track_ids: (array zero-terminated=1): ids of tracks that are sent, see
   *   #GstKandySinkPad:track-id
   * @promise: (nullable): to be told how it went
   *
   * Sends less. The pads stay, and what arrives at them is dropped. Releasing a
   * pad does the same without this action. API document: `call.removeMedia`.
   */
  g_signal_new_class_handler ("remove-media", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_remove_media), NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRV, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::start-video:
   * @self: the element
   * @media: (nullable): as for #GstKandyBaseBin::add-media
   * @promise: (nullable): to be told how it went
   *
   * As #GstKandyBaseBin::add-media with `video`, for a call that sends no
   * pictures yet. API document: `call.startVideo`.
   */
  g_signal_new_class_handler ("start-video", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_start_video), NULL, NULL, NULL,
      G_TYPE_NONE, 2, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::stop-video:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the pictures away, of which there must be one track. API document:
   * `call.stopVideo`.
   */
  g_signal_new_class_handler ("stop-video", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_stop_video), NULL, NULL, NULL, G_TYPE_NONE,
      1, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::start-screenshare:
   * @self: the element
   * @media: (nullable): as for #GstKandyBaseBin::add-media
   * @promise: (nullable): to be told how it went
   *
   * As #GstKandyBaseBin::add-media with `screen`: what is linked to a pad
   * `screen_%u`. API document: `call.startScreenshare`.
   */
  g_signal_new_class_handler ("start-screenshare", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_start_screenshare), NULL, NULL, NULL,
      G_TYPE_NONE, 2, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::stop-screenshare:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Takes the screen away. API document: `call.stopScreenshare`.
   */
  g_signal_new_class_handler ("stop-screenshare", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_stop_screenshare), NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("replace-track", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_replace_track), NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_STRING, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::forward:
   * @self: the element
   * @destination: who is to take the call
   * @promise: (nullable): to be told how it went
   *
   * Lets somebody else answer the incoming call, which is over here then. See
   * kandy_call_forward_async().
   */
  g_signal_new_class_handler ("forward", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_forward), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("transfer", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_transfer), NULL, NULL, NULL, G_TYPE_NONE,
      2, G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::get-stats:
   * @self: the element
   * @promise: to be replied to with a structure `application/x-kandy-stats`
   *
   * Asks for the statistics of this moment: those of #GstKandyBaseBin:stats,
   * with the event `call:statsReceived`. API document: `call.getStats`.
   */
  g_signal_new_class_handler ("get-stats", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_stats), NULL, NULL, NULL, G_TYPE_NONE,
      1, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("get-track", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_track), NULL, NULL, NULL, G_TYPE_NONE,
      2, G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::get-media:
   * @self: the element
   * @media_id: id of a media, `streamId` of its tracks
   * @promise: to be replied to with a field `media`
   *
   * Asks what is known of a group of tracks, a structure with the names of the
   * API document's `MediaObject`. API document: `media.getById`.
   */
  g_signal_new_class_handler ("get-media", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_media), NULL, NULL, NULL, G_TYPE_NONE,
      2, G_TYPE_STRING, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("get-available-codecs", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_available_codecs), NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("get-devices", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_devices), NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_PROMISE);
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
  g_signal_new_class_handler ("initialize-devices", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_initialize_devices), NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_BOOLEAN, G_TYPE_BOOLEAN, GST_TYPE_PROMISE);
}
