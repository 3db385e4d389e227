/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_MEDIA_ENGINE (kandy_media_engine_get_type ())
KANDY_API G_DECLARE_INTERFACE (KandyMediaEngine, kandy_media_engine, KANDY, MEDIA_ENGINE, GObject)

/* The media half of one call, as the state machine of KandyCall sees it: SDP
 * text in, SDP text out. All verbs are called on the client's main context, and
 * one negotiation at a time: an offer that was created is always either
 * committed (followed by accept_answer) or dropped before the next create_offer,
 * and an offer that was taken is answered and then committed or dropped. Every
 * async verb completes exactly once, on that context, also after close().
 *
 * Outgoing:  create_offer -> (request accepted) commit_offer -> accept_answer
 *                         -> (request refused)  drop_offer
 * Incoming:  take_offer -> create_answer -> (accepted) commit_answer
 *                                        -> (refused)  drop_answer
 *            take_offer -> drop_answer     (never answered)
 *
 * drop_offer/drop_answer leave the engine as if there had been no negotiation.
 * drop_offer may also come after commit_offer, as long as no answer was given to
 * accept_answer: when none comes in time, or the far end's offer goes first.
 * The initial offer/answer cannot be dropped, only closed.
 *
 * Local media change between negotiations only, with add_media, remove_tracks
 * and replace_track; the far end hears of the first two with the next offer, and
 * of the last one not at all.
 *
 * Signals (emitted on the client's main context, with no lock held):
 *  "connection-state" (KandyMediaConnectionState)
 *  "track-added" (KandyTrack), "track-removed" (KandyTrack): both directions;
 *      as soon as a description brings or takes the track
 *  "dtmf-received" (guint number, gboolean in_band)
 *  "path-lost": the path has ended at this end, of which the far end cannot know
 *  "offer-needed": what is agreed is not all that both ends want
 *  "failed" (GError): the engine cannot go on; the call must end
 */
struct _KandyMediaEngineInterface {
  GTypeInterface parent_iface;

  void (*create_offer_async) (KandyMediaEngine *self, KandyOfferPurpose purpose,
      gboolean local_hold, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data);
  char *(*create_offer_finish) (KandyMediaEngine *self, GAsyncResult *result,
      GError **error);
  void (*commit_offer) (KandyMediaEngine *self);
  void (*drop_offer) (KandyMediaEngine *self);

  /* @change, @flowing: (out) (optional): what the answer says about the far
   * end's media, compared with its former description */
  void (*accept_answer_async) (KandyMediaEngine *self, const char *sdp,
      GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  gboolean (*accept_answer_finish) (KandyMediaEngine *self,
      GAsyncResult *result, KandyRemoteChange *change, gboolean *flowing,
      GError **error);

  void (*take_offer_async) (KandyMediaEngine *self, const char *sdp,
      gboolean local_hold, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*take_offer_finish) (KandyMediaEngine *self, GAsyncResult *result,
      KandyRemoteChange *change, gboolean *flowing, GError **error);
  /* @options: (nullable): for the first answer, what to answer with */
  void (*create_answer_async) (KandyMediaEngine *self,
      KandyMediaOptions *options, gboolean local_hold,
      GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  char *(*create_answer_finish) (KandyMediaEngine *self, GAsyncResult *result,
      GError **error);
  void (*commit_answer) (KandyMediaEngine *self);
  void (*drop_answer) (KandyMediaEngine *self);

  /* Optional: what is known of the media, as W3C's RTCStatsReport: id -> a{sv}.
   * @track_id: (nullable): of one track and what it goes through only */
  void (*get_stats_async) (KandyMediaEngine *self, const char *track_id,
      GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  GVariant *(*get_stats_finish) (KandyMediaEngine *self, GAsyncResult *result,
      GError **error);
  /* Optional: what the engine is made of, as in "gstreamer/1.22.0" */
  const char *(*get_platform) (KandyMediaEngine *self);

  /* Optional, both. Opens what @media asks for and what is not there yet. Takes
   * its time, and all other verbs may come meanwhile; nothing is changed before
   * add_media_async comes for the same @media, or release_media, if it is not
   * wanted after all */
  void (*acquire_media_async) (KandyMediaEngine *self, KandyMediaOptions *media,
      GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  gboolean (*acquire_media_finish) (KandyMediaEngine *self,
      GAsyncResult *result, GError **error);
  void (*release_media) (KandyMediaEngine *self, KandyMediaOptions *media);

  /* Optional, the next three. Takes up what @media asks for (its audio, video and screen) and announces
   * it with "track-added", by the next create_offer at the latest */
  void (*add_media_async) (KandyMediaEngine *self, KandyMediaOptions *media,
      GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data);
  /* (element-type KandyTrack) (transfer container): what is new, not empty */
  GPtrArray *(*add_media_finish) (KandyMediaEngine *self, GAsyncResult *result,
      GError **error);
  /* @tracks: (element-type KandyTrack): local ones. Silent at once, for good;
   * told with "track-removed". @options: (nullable): bandwidth from now on */
  void (*remove_tracks) (KandyMediaEngine *self, GPtrArray *tracks,
      KandyMediaOptions *options);
  /* Another source for what is sent as @track. No signal tells of it */
  void (*replace_track_async) (KandyMediaEngine *self, KandyTrack *track,
      KandyMediaOptions *media, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data);
  /* (transfer full): what stands for the source from now on */
  KandyTrack *(*replace_track_finish) (KandyMediaEngine *self,
      GAsyncResult *result, GError **error);

  /* Says good-bye to the far end and frees the transport. No signal comes
   * afterwards. Idempotent. Does not block. */
  void (*close) (KandyMediaEngine *self);

  /* Optional, at any time and several at a time. Done when they were played.
   * @tones: of "0123456789*#ABCDabcd,"; @duration, @gap: ms */
  void (*send_dtmf_async) (KandyMediaEngine *self, const char *tones,
      guint duration, guint gap, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*send_dtmf_finish) (KandyMediaEngine *self, GAsyncResult *result,
      GError **error);
};

KANDY_API void kandy_media_engine_create_offer_async (KandyMediaEngine *self,
    KandyOfferPurpose purpose, gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API char *kandy_media_engine_create_offer_finish (KandyMediaEngine *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_media_engine_commit_offer (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_drop_offer (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_accept_answer_async (KandyMediaEngine *self,
    const char *sdp, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_media_engine_accept_answer_finish (
    KandyMediaEngine *self, GAsyncResult *result, KandyRemoteChange *change,
    gboolean *flowing, GError **error);
KANDY_API void kandy_media_engine_take_offer_async (KandyMediaEngine *self,
    const char *sdp, gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_media_engine_take_offer_finish (KandyMediaEngine *self,
    GAsyncResult *result, KandyRemoteChange *change, gboolean *flowing,
    GError **error);
KANDY_API void kandy_media_engine_create_answer_async (KandyMediaEngine *self,
    KandyMediaOptions *options, gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API char *kandy_media_engine_create_answer_finish (KandyMediaEngine *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_media_engine_commit_answer (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_drop_answer (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_get_stats_async (KandyMediaEngine *self,
    const char *track_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API GVariant *kandy_media_engine_get_stats_finish (KandyMediaEngine *self,
    GAsyncResult *result, GError **error);
KANDY_API const char *kandy_media_engine_get_platform (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_acquire_media_async (KandyMediaEngine *self,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_media_engine_acquire_media_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error);
KANDY_API void kandy_media_engine_release_media (KandyMediaEngine *self,
    KandyMediaOptions *media);
KANDY_API void kandy_media_engine_add_media_async (KandyMediaEngine *self,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API GPtrArray *kandy_media_engine_add_media_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error);
KANDY_API void kandy_media_engine_remove_tracks (KandyMediaEngine *self,
    GPtrArray *tracks, KandyMediaOptions *options);
KANDY_API void kandy_media_engine_replace_track_async (KandyMediaEngine *self,
    KandyTrack *track, KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API KandyTrack *kandy_media_engine_replace_track_finish (
    KandyMediaEngine *self, GAsyncResult *result, GError **error);
KANDY_API void kandy_media_engine_close (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_send_dtmf_async (KandyMediaEngine *self,
    const char *tones, guint duration, guint gap, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_media_engine_send_dtmf_finish (KandyMediaEngine *self,
    GAsyncResult *result, GError **error);

/* For implementations */
KANDY_API void kandy_media_engine_emit_connection_state (KandyMediaEngine *self,
    KandyMediaConnectionState state);
KANDY_API void kandy_media_engine_emit_track_added (KandyMediaEngine *self,
    KandyTrack *track);
KANDY_API void kandy_media_engine_emit_track_removed (KandyMediaEngine *self,
    KandyTrack *track);
KANDY_API void kandy_media_engine_emit_dtmf_received (KandyMediaEngine *self,
    guint number, gboolean in_band);
KANDY_API void kandy_media_engine_emit_path_lost (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_emit_offer_needed (KandyMediaEngine *self);
KANDY_API void kandy_media_engine_emit_failed (KandyMediaEngine *self,
    const GError *error);

G_END_DECLS
