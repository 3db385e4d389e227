/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-media-engine.h"

G_BEGIN_DECLS

/* The document's CallObject and the operations on it. Operations answer by
 * their GTask and by the events call:operation and call:stateChange. */

#define KANDY_TYPE_CALL (kandy_call_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyCall, kandy_call, KANDY, CALL, GObject)

/* the document's string: "Initiating" ... "Early Media", "On Hold" */
KANDY_API const char *kandy_call_state_to_string (KandyCallState state);

KANDY_API const char *kandy_call_get_id (KandyCall *self);
KANDY_API const char *kandy_call_get_from (KandyCall *self);
KANDY_API const char *kandy_call_get_to (KandyCall *self);
KANDY_API KandyCallDirection kandy_call_get_direction (KandyCall *self);
KANDY_API KandyCallState kandy_call_get_state (KandyCall *self);
KANDY_API KandyMediaConnectionState kandy_call_get_media_connection_state (KandyCall *self);
KANDY_API gboolean kandy_call_get_local_hold (KandyCall *self);
KANDY_API gboolean kandy_call_get_remote_hold (KandyCall *self);
/* ms since the epoch, 0 if not set */
KANDY_API gint64 kandy_call_get_start_time (KandyCall *self);
KANDY_API gint64 kandy_call_get_end_time (KandyCall *self);
KANDY_API const char *kandy_call_get_remote_display_name (KandyCall *self);
KANDY_API const char *kandy_call_get_remote_display_number (KandyCall *self);
/* (nullable) (transfer none) */
KANDY_API GVariant *kandy_call_get_custom_parameters (KandyCall *self);
/* (nullable): the reason why the call ended in error */
KANDY_API const GError *kandy_call_get_error (KandyCall *self);
/* (nullable) (transfer none) */
KANDY_API KandyMediaEngine *kandy_call_get_engine (KandyCall *self);
KANDY_API KandyMediaOptions *kandy_call_get_media_options (KandyCall *self);
/* (transfer container) (element-type KandyTrack) */
KANDY_API GPtrArray *kandy_call_get_local_tracks (KandyCall *self);
KANDY_API GPtrArray *kandy_call_get_remote_tracks (KandyCall *self);
/* a{sv} with the document's member names */
KANDY_API GVariant *kandy_call_to_variant (KandyCall *self);
/* a{sx}: named marks of the set-up, microseconds since make() or the invitation */
KANDY_API GVariant *kandy_call_get_timings (KandyCall *self);
KANDY_API void kandy_call_add_timing (KandyCall *self, const char *mark);


KANDY_API void kandy_call_answer_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_reject_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_ignore_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_send_ringing_feedback_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_end_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_hold_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_unhold_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_restart_media_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_forward_async (KandyCall *self,
    const char *destination, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_transfer_async (KandyCall *self,
    const char *destination, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_consultative_transfer_async (KandyCall *self,
    KandyCall *other, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API void kandy_call_get_stats_async (KandyCall *self,
    const char *track_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full): a{sv}, id -> a{sv} */
KANDY_API GVariant *kandy_call_get_stats_finish (KandyCall *self,
    GAsyncResult *result, GError **error);
KANDY_API char *kandy_stats_to_json (GVariant *report);
KANDY_API void kandy_call_send_dtmf_async (KandyCall *self, const char *tones,
    guint duration, guint gap, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
/* @media: its audio, video and screen, and its bandwidth */
KANDY_API void kandy_call_add_media_async (KandyCall *self, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* @options: (nullable): bandwidth */
KANDY_API void kandy_call_remove_media_async (KandyCall *self,
    const char *const *track_ids, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_start_video_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_stop_video_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_start_screenshare_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_stop_screenshare_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_renegotiate_async (KandyCall *self,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KANDY_API void kandy_call_replace_track_async (KandyCall *self, const char *track_id,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
/* one finish for all other operations of a call */
KANDY_API gboolean kandy_call_operation_finish (KandyCall *self,
    GAsyncResult *result, GError **error);

G_END_DECLS
