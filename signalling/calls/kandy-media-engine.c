/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-media-engine.h"

#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-media-options.h"
#include "kandy-track.h"

/**
 * KandyMediaEngine:
 *
 * The media half of one call, as the state machine of #KandyCall sees it: SDP
 * text in, SDP text out. This library has no implementation; one over
 * GStreamer's `webrtcbin` comes with `libgstkandy-1.0`.
 *
 * All verbs are called on the client's main context, and one negotiation at a
 * time:
 *
 * |[
 * outgoing:  create_offer → request accepted → commit_offer → accept_answer
 *                         → request refused  → drop_offer
 * incoming:  take_offer → create_answer → accepted → commit_answer
 *                                       → refused  → drop_answer
 *            take_offer → never answered           → drop_answer
 * ]|
 *
 * kandy_media_engine_drop_offer() may also come after
 * kandy_media_engine_commit_offer(), as long as no answer was given to
 * kandy_media_engine_accept_answer_async(): when none comes in time, or when
 * the far end's offer goes first.
 *
 * drop_offer and drop_answer leave the engine as if there had been no
 * negotiation. The first negotiation of a call cannot be dropped, only closed.
 *
 * Sources of media are opened at any time, with
 * kandy_media_engine_acquire_media_async(), which may take long.
 *
 * Local media change between negotiations: with
 * kandy_media_engine_add_media_async(), kandy_media_engine_remove_tracks() and
 * kandy_media_engine_replace_track_async(). The far end hears of the first two
 * with the next offer, and of the last one not at all.
 *
 * Every asynchronous verb completes exactly once, on the client's context, also
 * after kandy_media_engine_close().
 */

G_DEFINE_INTERFACE (KandyMediaEngine, kandy_media_engine, G_TYPE_OBJECT)

enum {
  SIGNAL_CONNECTION_STATE,
  SIGNAL_TRACK_ADDED,
  SIGNAL_TRACK_REMOVED,
  SIGNAL_DTMF_RECEIVED,
  SIGNAL_PATH_LOST,
  SIGNAL_OFFER_NEEDED,
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
kandy_media_engine_default_init (KandyMediaEngineInterface *iface)
{
  /**
   * KandyMediaEngine::connection-state:
   * @self: a media engine
   * @state: the new state
   *
   * The media path has changed its state. Emitted on the client's main context
   * with no lock held.
   */
  signals[SIGNAL_CONNECTION_STATE] = g_signal_new ("connection-state",
      KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 1, KANDY_TYPE_MEDIA_CONNECTION_STATE);
  /**
   * KandyMediaEngine::track-added:
   * @self: a media engine
   * @track: the track
   *
   * A local or remote description brings @track, new or once more (after a
   * hold). Emitted on the client's main context with no lock held.
   */
  signals[SIGNAL_TRACK_ADDED] =
      g_signal_new ("track-added", KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 1, KANDY_TYPE_TRACK);
  /**
   * KandyMediaEngine::track-removed:
   * @self: a media engine
   * @track: the track
   *
   * A local or remote description no longer has @track. Emitted on the client's
   * main context with no lock held.
   */
  signals[SIGNAL_TRACK_REMOVED] =
      g_signal_new ("track-removed", KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 1, KANDY_TYPE_TRACK);
  /**
   * KandyMediaEngine::dtmf-received:
   * @self: a media engine
   * @number: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for `A` to `D`
   * @in_band: whether it was found in the sound
   *
   * The far end has sent a DTMF tone. Emitted on the client's main context with
   * no lock held.
   */
  signals[SIGNAL_DTMF_RECEIVED] =
      g_signal_new ("dtmf-received", KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_BOOLEAN);
  /**
   * KandyMediaEngine::path-lost:
   * @self: a media engine
   *
   * The media path has ended at this end, and another may be looked for at
   * once: this machine has another address, for example. What the far end
   * notices, too, is told by #KandyMediaEngine::connection-state only. Emitted
   * on the client's main context with no lock held.
   */
  signals[SIGNAL_PATH_LOST] =
      g_signal_new ("path-lost", KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * KandyMediaEngine::offer-needed:
   * @self: a media engine
   *
   * What both ends have agreed on cannot be carried out whole, and another
   * offer of this end mends that: the far end has taken a bundle apart, for
   * example. Emitted again when that offer is dropped, on the client's main
   * context with no lock held.
   */
  signals[SIGNAL_OFFER_NEEDED] =
      g_signal_new ("offer-needed", KANDY_TYPE_MEDIA_ENGINE, G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * KandyMediaEngine::failed:
   * @self: a media engine
   * @error: the reason
   *
   * The engine cannot go on, and its call must end. Emitted on the client's
   * main context with no lock held.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", KANDY_TYPE_MEDIA_ENGINE,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

/**
 * kandy_media_engine_create_offer_async:
 * @self: a media engine
 * @purpose: what the offer is for
 * @local_hold: whether this end holds: then no m-line sends or receives
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when there is an offer
 * @user_data: data for @callback
 *
 * Makes an offer with all its candidates. It is followed by
 * kandy_media_engine_commit_offer() or kandy_media_engine_drop_offer().
 */
void
kandy_media_engine_create_offer_async (KandyMediaEngine *self,
    KandyOfferPurpose purpose, gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->create_offer_async (
      self, purpose, local_hold, cancellable, callback, user_data);
}

/**
 * kandy_media_engine_create_offer_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer full): the offer's SDP, or %NULL with @error set
 */
char *
kandy_media_engine_create_offer_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->create_offer_finish (
      self, result, error);
}

/**
 * kandy_media_engine_commit_offer:
 * @self: a media engine
 *
 * The platform has accepted the offer; an answer will follow.
 */
void
kandy_media_engine_commit_offer (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->commit_offer (self);
}

/**
 * kandy_media_engine_drop_offer:
 * @self: a media engine
 *
 * The platform has refused the offer, or no answer came: it is forgotten, and
 * the media are as before it.
 */
void
kandy_media_engine_drop_offer (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->drop_offer (self);
}

/**
 * kandy_media_engine_accept_answer_async:
 * @self: a media engine
 * @sdp: the far end's answer to the offer that was committed; untrusted
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when the answer has taken effect
 * @user_data: data for @callback
 *
 * Takes the far end's answer.
 */
void
kandy_media_engine_accept_answer_async (KandyMediaEngine *self, const char *sdp,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (sdp != NULL);

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->accept_answer_async (
      self, sdp, cancellable, callback, user_data);
}

/**
 * kandy_media_engine_accept_answer_finish:
 * @self: a media engine
 * @result: what the callback got
 * @change: (out) (optional): what is new in the far end's media, compared with
 *     its former description
 * @flowing: (out) (optional): whether media flow
 * @error: (nullable): set on failure
 *
 * Returns: %TRUE, or %FALSE with @error set
 */
gboolean
kandy_media_engine_accept_answer_finish (KandyMediaEngine *self,
    GAsyncResult *result, KandyRemoteChange *change, gboolean *flowing,
    GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), FALSE);

  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->accept_answer_finish (
      self, result, change, flowing, error);
}

/**
 * kandy_media_engine_take_offer_async:
 * @self: a media engine
 * @sdp: the far end's offer; untrusted
 * @local_hold: whether this end holds: then the answer has no media that flow
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when the offer has been understood
 * @user_data: data for @callback
 *
 * Takes an offer of the far end.
 */
void
kandy_media_engine_take_offer_async (KandyMediaEngine *self, const char *sdp,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (sdp != NULL);

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->take_offer_async (
      self, sdp, local_hold, cancellable, callback, user_data);
}

/**
 * kandy_media_engine_take_offer_finish:
 * @self: a media engine
 * @result: what the callback got
 * @change: (out) (optional): what is new in the far end's media, compared with
 *     its former description
 * @flowing: (out) (optional): whether media would flow
 * @error: (nullable): set on failure
 *
 * Returns: %TRUE, or %FALSE with @error set; then the engine is as it was
 */
gboolean
kandy_media_engine_take_offer_finish (KandyMediaEngine *self,
    GAsyncResult *result, KandyRemoteChange *change, gboolean *flowing,
    GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), FALSE);

  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->take_offer_finish (
      self, result, change, flowing, error);
}

/**
 * kandy_media_engine_create_answer_async:
 * @self: a media engine
 * @options: (nullable): for the first answer of a call, what to answer with
 * @local_hold: whether this end holds
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when there is an answer
 * @user_data: data for @callback
 *
 * Makes an answer, with all its candidates, to the offer that was taken. It is
 * followed by kandy_media_engine_commit_answer() or
 * kandy_media_engine_drop_answer().
 */
void
kandy_media_engine_create_answer_async (KandyMediaEngine *self,
    KandyMediaOptions *options, gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->create_answer_async (
      self, options, local_hold, cancellable, callback, user_data);
}

/**
 * kandy_media_engine_create_answer_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer full): the answer's SDP, or %NULL with @error set
 */
char *
kandy_media_engine_create_answer_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->create_answer_finish (
      self, result, error);
}

/**
 * kandy_media_engine_commit_answer:
 * @self: a media engine
 *
 * The platform has accepted the answer.
 */
void
kandy_media_engine_commit_answer (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->commit_answer (self);
}

/**
 * kandy_media_engine_drop_answer:
 * @self: a media engine
 *
 * The platform has refused the answer, or there will be none: the far end's
 * offer is forgotten, and the media are as before it.
 */
void
kandy_media_engine_drop_answer (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->drop_answer (self);
}

static void
refuse_stats (KandyMediaEngine *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, refuse_stats);
  g_task_return_error (task,
      kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
          "The media engine has no statistics."));
}

/**
 * kandy_media_engine_get_stats_async:
 * @self: a media engine
 * @track_id: (nullable): the id of one of its tracks, %NULL for the whole call
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when there is a report
 * @user_data: data for @callback
 *
 * Asks for a snapshot of what is known of the media. At any time, also while a
 * negotiation is under way, and any number at once.
 */
void
kandy_media_engine_get_stats_async (KandyMediaEngine *self,
    const char *track_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->get_stats_async)
    iface->get_stats_async (self, track_id, cancellable, callback, user_data);
  else
    refuse_stats (self, cancellable, callback, user_data);
}

/**
 * kandy_media_engine_get_stats_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer full) (nullable): an `a{sv}` that maps the id of each
 *     entry of W3C's `RTCStatsReport` to an `a{sv}` with its members; %NULL
 *     with @error set: %KANDY_ERROR_INVALID_PARAM if there is no such track,
 *     %KANDY_ERROR_NOT_SUPPORTED if the engine does not count
 */
GVariant *
kandy_media_engine_get_stats_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  if (g_async_result_is_tagged (result, refuse_stats))
    return g_task_propagate_pointer (G_TASK (result), error);
  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->get_stats_finish (
      self, result, error);
}

/**
 * kandy_media_engine_get_platform:
 * @self: a media engine
 *
 * Returns: (nullable): what the engine is made of, as in `gstreamer/1.22.0`
 */
const char *
kandy_media_engine_get_platform (KandyMediaEngine *self)
{
  KandyMediaEngineInterface *iface;

  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  return iface->get_platform ? iface->get_platform (self) : NULL;
}

/**
 * kandy_media_engine_acquire_media_async:
 * @self: a media engine
 * @media: what is to be sent in addition
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when the sources are open
 * @user_data: data for @callback
 *
 * Opens the devices that @media ask for. It may take long, and all other verbs
 * may be called meanwhile. Nothing is sent before
 * kandy_media_engine_add_media_async() takes them up. What is not wanted after
 * all goes with kandy_media_engine_release_media().
 */
void
kandy_media_engine_acquire_media_async (KandyMediaEngine *self,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyMediaEngineInterface *iface;
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->acquire_media_async) {
    iface->acquire_media_async (self, media, cancellable, callback, user_data);
    return;
  }
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_media_engine_acquire_media_async);
  g_task_return_boolean (task, TRUE);
}

/**
 * kandy_media_engine_acquire_media_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: %FALSE if a source cannot be had; then none is open
 */
gboolean
kandy_media_engine_acquire_media_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), FALSE);

  if (g_async_result_is_tagged (result, kandy_media_engine_acquire_media_async))
    return g_task_propagate_boolean (G_TASK (result), error);
  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->acquire_media_finish (
      self, result, error);
}

/**
 * kandy_media_engine_release_media:
 * @self: a media engine
 * @media: what was acquired
 *
 * Closes what kandy_media_engine_acquire_media_async() has opened and nobody
 * has taken up.
 */
void
kandy_media_engine_release_media (
    KandyMediaEngine *self, KandyMediaOptions *media)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->release_media)
    iface->release_media (self, media);
}

static void
refuse_change (KandyMediaEngine *self, gpointer tag,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_task_report_error (self, callback, user_data, tag,
      kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
          "The media of this call cannot be changed."));
}

/**
 * kandy_media_engine_add_media_async:
 * @self: a media engine
 * @media: its `audio`, `video` and `screen` say what is to be sent in addition,
 *     and its bandwidth holds from now on
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when the media are there
 * @user_data: data for @callback
 *
 * Takes local media up, between two negotiations. They are announced with
 * #KandyMediaEngine::track-added, by the next offer at the latest.
 */
void
kandy_media_engine_add_media_async (KandyMediaEngine *self,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->add_media_async)
    iface->add_media_async (self, media, cancellable, callback, user_data);
  else
    refuse_change (
        self, kandy_media_engine_add_media_async, callback, user_data);
}

/**
 * kandy_media_engine_add_media_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer container) (element-type KandyTrack): what is new, at
 *     least one track; or %NULL with @error set
 */
GPtrArray *
kandy_media_engine_add_media_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  if (g_async_result_is_tagged (result, kandy_media_engine_add_media_async))
    return g_task_propagate_pointer (G_TASK (result), error);
  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->add_media_finish (
      self, result, error);
}

/**
 * kandy_media_engine_remove_tracks:
 * @self: a media engine
 * @tracks: (element-type KandyTrack): local tracks
 * @options: (nullable): its bandwidth holds from now on
 *
 * Ends local tracks, between two negotiations. Nothing of them is sent any
 * longer, and #KandyMediaEngine::track-removed tells of each.
 */
void
kandy_media_engine_remove_tracks (
    KandyMediaEngine *self, GPtrArray *tracks, KandyMediaOptions *options)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (tracks != NULL);

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->remove_tracks)
    iface->remove_tracks (self, tracks, options);
}

/**
 * kandy_media_engine_replace_track_async:
 * @self: a media engine
 * @track: a local track
 * @media: says which source is to take its place
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when it has
 * @user_data: data for @callback
 *
 * Gives what is sent as @track another source, without a negotiation. No signal
 * tells of it.
 */
void
kandy_media_engine_replace_track_async (KandyMediaEngine *self,
    KandyTrack *track, KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_TRACK (track));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->replace_track_async)
    iface->replace_track_async (
        self, track, media, cancellable, callback, user_data);
  else
    refuse_change (
        self, kandy_media_engine_replace_track_async, callback, user_data);
}

/**
 * kandy_media_engine_replace_track_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer full): what stands for the new source, or %NULL with
 *     @error set; then everything is as it was
 */
KandyTrack *
kandy_media_engine_replace_track_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), NULL);

  if (g_async_result_is_tagged (result, kandy_media_engine_replace_track_async))
    return g_task_propagate_pointer (G_TASK (result), error);
  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->replace_track_finish (
      self, result, error);
}

/**
 * kandy_media_engine_close:
 * @self: a media engine
 *
 * Says good-bye to the far end and frees the transport. No signal comes
 * afterwards. Does nothing the second time, and never blocks.
 */
void
kandy_media_engine_close (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  KANDY_MEDIA_ENGINE_GET_IFACE (self)->close (self);
}

/**
 * kandy_media_engine_send_dtmf_async:
 * @self: a media engine
 * @tones: of `0` to `9`, `*`, `#`, `A` to `D` in either case, and `,` for a
 *     pause of two seconds
 * @duration: of each tone, in milliseconds, 40 to 6000
 * @gap: between two tones, in milliseconds, 30 to 6000
 * @cancellable: (nullable): when cancelled, the rest is not played
 * @callback: (scope async): called when all tones have been played
 * @user_data: data for @callback
 *
 * Sends DTMF tones. May be called while others are being sent, which go first.
 * An engine need not have this; it then fails with
 * %KANDY_ERROR_NOT_SUPPORTED.
 */
void
kandy_media_engine_send_dtmf_async (KandyMediaEngine *self, const char *tones,
    guint duration, guint gap, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  KandyMediaEngineInterface *iface;

  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (tones != NULL);

  iface = KANDY_MEDIA_ENGINE_GET_IFACE (self);
  if (iface->send_dtmf_async)
    iface->send_dtmf_async (
        self, tones, duration, gap, cancellable, callback, user_data);
  else
    g_task_report_error (self, callback, user_data,
        kandy_media_engine_send_dtmf_async,
        kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:2", 0,
            "The DTMF tones cannot be sent: what carries the call's media does "
            "not do it."));
}

/**
 * kandy_media_engine_send_dtmf_finish:
 * @self: a media engine
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: %TRUE, or %FALSE with @error set
 */
gboolean
kandy_media_engine_send_dtmf_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_ENGINE (self), FALSE);

  if (g_async_result_is_tagged (result, kandy_media_engine_send_dtmf_async))
    return g_task_propagate_boolean (G_TASK (result), error);
  return KANDY_MEDIA_ENGINE_GET_IFACE (self)->send_dtmf_finish (
      self, result, error);
}

/**
 * kandy_media_engine_emit_connection_state:
 * @self: a media engine
 * @state: the new state
 *
 * For implementations: emits #KandyMediaEngine::connection-state.
 */
void
kandy_media_engine_emit_connection_state (
    KandyMediaEngine *self, KandyMediaConnectionState state)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  g_signal_emit (self, signals[SIGNAL_CONNECTION_STATE], 0, state);
}

/**
 * kandy_media_engine_emit_track_added:
 * @self: a media engine
 * @track: the track
 *
 * For implementations: emits #KandyMediaEngine::track-added.
 */
void
kandy_media_engine_emit_track_added (KandyMediaEngine *self, KandyTrack *track)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_TRACK (track));

  g_signal_emit (self, signals[SIGNAL_TRACK_ADDED], 0, track);
}

/**
 * kandy_media_engine_emit_track_removed:
 * @self: a media engine
 * @track: the track
 *
 * For implementations: emits #KandyMediaEngine::track-removed.
 */
void
kandy_media_engine_emit_track_removed (
    KandyMediaEngine *self, KandyTrack *track)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (KANDY_IS_TRACK (track));

  g_signal_emit (self, signals[SIGNAL_TRACK_REMOVED], 0, track);
}

/**
 * kandy_media_engine_emit_dtmf_received:
 * @self: a media engine
 * @number: 0 to 15
 * @in_band: whether it was found in the sound
 *
 * For implementations: emits #KandyMediaEngine::dtmf-received.
 */
void
kandy_media_engine_emit_dtmf_received (
    KandyMediaEngine *self, guint number, gboolean in_band)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (number < 16);

  g_signal_emit (self, signals[SIGNAL_DTMF_RECEIVED], 0, number, in_band);
}

/**
 * kandy_media_engine_emit_path_lost:
 * @self: a media engine
 *
 * For implementations: emits #KandyMediaEngine::path-lost.
 */
void
kandy_media_engine_emit_path_lost (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  g_signal_emit (self, signals[SIGNAL_PATH_LOST], 0);
}

/**
 * kandy_media_engine_emit_offer_needed:
 * @self: a media engine
 *
 * For implementations: emits #KandyMediaEngine::offer-needed.
 */
void
kandy_media_engine_emit_offer_needed (KandyMediaEngine *self)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));

  g_signal_emit (self, signals[SIGNAL_OFFER_NEEDED], 0);
}

/**
 * kandy_media_engine_emit_failed:
 * @self: a media engine
 * @error: the reason
 *
 * For implementations: emits #KandyMediaEngine::failed.
 */
void
kandy_media_engine_emit_failed (KandyMediaEngine *self, const GError *error)
{
  g_return_if_fail (KANDY_IS_MEDIA_ENGINE (self));
  g_return_if_fail (error != NULL);

  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}
