/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"
#include "kandy-media-options.h"
#include "kandy-track.h"

/*
 * Local media that come and go in a call (protocol calls 4.8). What is added or
 * removed takes a negotiation; what is replaced does not, so that it may be
 * done beside any other operation.
 */

/* --- events ----------------------------------------------------------------
 */

static GVariant *
track_ids (GPtrArray *tracks)
{
  GVariantBuilder builder;
  guint i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (i = 0; tracks && i < tracks->len; i++)
    g_variant_builder_add (
        &builder, "s", kandy_track_get_id (tracks->pdata[i]));
  return g_variant_builder_end (&builder);
}

static gboolean
is_addition (KandyOperation operation)
{
  return operation == KANDY_OPERATION_ADD_MEDIA
      || operation == KANDY_OPERATION_ADD_BASIC_MEDIA;
}

static gboolean
is_removal (KandyOperation operation)
{
  return operation == KANDY_OPERATION_REMOVE_MEDIA
      || operation == KANDY_OPERATION_REMOVE_BASIC_MEDIA;
}

static void
queue_outcome (KandyCall *self, KandyOperation operation, GPtrArray *tracks,
    const GError *error)
{
  gboolean addition = is_addition (operation);
  const char *stream_id = NULL;
  GVariantDict dict;

  if (addition && tracks && tracks->len > 0)
    stream_id = kandy_track_get_stream_id (tracks->pdata[0]);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert (&dict, "local", "b", TRUE);
  g_variant_dict_insert_value (&dict, "tracks", track_ids (tracks));
  if (stream_id)
    g_variant_dict_insert (&dict, "mediaId", "s", stream_id);
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (self, self,
      addition ? "call:newMedia" : "call:removedMedia",
      g_variant_dict_end (&dict));
}

static void
queue_replaced (KandyCall *self, KandyTrack *replacement, GVariant *old_track,
    const GError *error)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  if (replacement)
    g_variant_dict_insert (
        &dict, "newTrackId", "s", kandy_track_get_id (replacement));
  if (old_track)
    g_variant_dict_insert_value (&dict, "oldTrack", old_track);
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (
      self, self, "call:trackReplaced", g_variant_dict_end (&dict));
}

/* The document tells of devices that cannot be had in two ways */
static void
queue_device_error (KandyCall *self, const GError *error)
{
  KandyClient *client = kandy_call_get_client (self);
  GVariantDict dict;

  if (!client
      || g_strcmp0 (kandy_error_get_platform_code (error), "call:4") != 0)
    return;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (self, kandy_client_get_media (client),
      "devices:error", g_variant_dict_end (&dict));
}

/* --- what may be done -------------------------------------------------------
 */

static GError *
check_state (KandyCall *self)
{
  if (self->state == KANDY_CALL_STATE_CONNECTED && !self->over)
    return NULL;
  return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
      "The call is %s; it must be Connected.",
      kandy_call_state_to_string (self->state));
}

static GError *
invalid (const char *text)
{
  return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0, "%s", text);
}

static guint
count_media (KandyMediaOptions *media, gboolean *audio)
{
  gboolean video = FALSE, screen = FALSE;

  *audio = FALSE;
  if (media)
    g_object_get (
        media, "audio", audio, "video", &video, "screen", &screen, NULL);
  return (*audio != FALSE) + (video != FALSE) + (screen != FALSE);
}

/* (nullable) (transfer none) */
static KandyTrack *
find_local (KandyCall *self, const char *id)
{
  guint i;

  for (i = 0; id && i < self->local_tracks->len; i++)
    if (g_str_equal (kandy_track_get_id (self->local_tracks->pdata[i]), id))
      return self->local_tracks->pdata[i];
  return NULL;
}

/* (transfer container): cameras and screens, or screens */
static GPtrArray *
get_video_tracks (KandyCall *self, gboolean screens_only)
{
  GPtrArray *tracks = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  for (i = 0; i < self->local_tracks->len; i++) {
    KandyTrack *track = self->local_tracks->pdata[i];

    if (kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO
        && (!screens_only || kandy_track_is_screen (track)))
      g_ptr_array_add (tracks, g_object_ref (track));
  }
  return tracks;
}

/* Once an operation: @tracks gets each of @ids, and the text those that are
 * none */
static GError *
check_ids (KandyCall *self, const char *const *ids, GPtrArray *tracks)
{
  g_autoptr (GString) unknown = g_string_new (NULL);
  guint i;

  for (i = 0; ids[i]; i++) {
    KandyTrack *track = find_local (self, ids[i]);

    if (!track)
      g_string_append_printf (
          unknown, "%s%s", unknown->len > 0 ? ", " : "", ids[i]);
    else if (!g_ptr_array_find (tracks, track, NULL))
      g_ptr_array_add (tracks, g_object_ref (track));
  }
  if (unknown->len == 0)
    return NULL;
  return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
      "The following invalid track ids were provided: %s", unknown->str);
}

/* --- adding and removing ----------------------------------------------------
 */

/* The limits for what the far end sends from now on (protocol calls 4.3) */
static void
merge_bandwidth (KandyCall *self, KandyMediaOptions *media)
{
  g_autoptr (KandyMediaOptions) merged = NULL;

  if (!media || !self->options)
    return;
  /* What the application gave us is not changed */
  merged = kandy_media_options_copy (self->options);
  kandy_media_options_merge_bandwidth (merged, media);
  kandy_call_set_options (self, merged);
}

void
kandy_call_clear_media (KandyCall *self)
{
  g_clear_object (&self->op_media);
  g_clear_pointer (&self->op_tracks, g_ptr_array_unref);
}

/* What was added in vain goes; what was removed has gone already (protocol
 * calls 1.4) */
void
kandy_call_undo_media (KandyCall *self)
{
  g_autoptr (GPtrArray) tracks = NULL;

  if (!is_addition (self->local_op.type) || !self->op_tracks || self->over)
    return;
  tracks = g_ptr_array_ref (self->op_tracks);
  kandy_media_engine_remove_tracks (self->engine, tracks, NULL);
}

void
kandy_call_conclude_media (
    KandyCall *self, KandyOperation operation, const GError *error)
{
  if (!is_addition (operation) && !is_removal (operation))
    return;
  if (!error)
    merge_bandwidth (self, self->op_media);
  queue_outcome (self, operation, self->op_tracks, error);
  kandy_call_clear_media (self);
}

static void
on_media_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  g_autoptr (GPtrArray) tracks = kandy_media_engine_add_media_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  if (self->over)
    return;
  if (tracks) {
    self->op_tracks = g_steal_pointer (&tracks);
    kandy_call_create_reoffer (self);
  } else {
    media_error =
        kandy_call_media_error (error, "call:4", "Failed to get media");
    kandy_call_finish_in_vain (self, media_error);
    kandy_call_step_done (self);
  }
  kandy_call_flush (self);
}

/* Whether the far end's offer, for which the step has waited, holds the call
 * now (protocol calls 3.5) */
static gboolean
comes_too_late (KandyCall *self)
{
  g_autoptr (GError) error = check_state (self);

  if (!error)
    return FALSE;
  kandy_call_finish_in_vain (self, error);
  kandy_call_step_done (self);
  kandy_call_flush (self);
  return TRUE;
}

static void
add_step (KandyCall *self)
{
  g_autoptr (KandyMediaOptions) media = g_object_ref (self->op_media);
  g_autoptr (KandyMediaEngine) engine = g_object_ref (self->engine);

  if (comes_too_late (self)) {
    kandy_media_engine_release_media (engine, media);
    return;
  }
  kandy_media_engine_add_media_async (
      self->engine, self->op_media, NULL, on_media_added, g_object_ref (self));
}

static void
remove_step (KandyCall *self)
{
  g_autoptr (GPtrArray) tracks = NULL;

  if (comes_too_late (self))
    return;
  tracks = g_ptr_array_ref (self->op_tracks);
  kandy_media_engine_remove_tracks (self->engine, tracks, self->op_media);
  /* A listener may have ended the call */
  if (!self->over)
    kandy_call_create_reoffer (self);
}

/* Outside of the queue of steps: a device may take its time, and what the far
 * end has to say does not wait for it */
static void
on_media_acquired (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyCall) self = user_data;
  g_autoptr (GError) error = NULL, media_error = NULL;
  gboolean acquired = kandy_media_engine_acquire_media_finish (
      KANDY_MEDIA_ENGINE (source), result, &error);

  if (self->over)
    return;
  if (acquired) {
    kandy_call_push_step (self, add_step);
  } else {
    media_error =
        kandy_call_media_error (error, "call:4", "Failed to get media");
    kandy_call_finish_in_vain (self, media_error);
    queue_device_error (self, media_error);
  }
  kandy_call_flush (self);
}

/* @task, @error: (transfer full), @error (nullable) */
static void
add_media (KandyCall *self, KandyOperation operation, KandyMediaOptions *media,
    GTask *task, GError *error)
{
  g_autoptr (GError) reason = error ? g_error_copy (error) : NULL;

  if (kandy_call_begin (self, operation, task, error)) {
    self->op_media = g_object_ref (media);
    kandy_media_engine_acquire_media_async (
        self->engine, media, NULL, on_media_acquired, g_object_ref (self));
  } else if (reason) {
    queue_outcome (self, operation, NULL, reason);
  }
  kandy_call_flush (self);
}

/* @task, @error: as above; @tracks: (transfer full) */
static void
remove_media (KandyCall *self, KandyOperation operation, GPtrArray *tracks,
    KandyMediaOptions *options, GTask *task, GError *error)
{
  g_autoptr (GError) reason = error ? g_error_copy (error) : NULL;

  if (kandy_call_begin (self, operation, task, error)) {
    g_set_object (&self->op_media, options);
    self->op_tracks = g_steal_pointer (&tracks);
    kandy_call_push_step (self, remove_step);
  } else if (reason) {
    queue_outcome (self, operation, NULL, reason);
  }
  g_clear_pointer (&tracks, g_ptr_array_unref);
  kandy_call_flush (self);
}

/* --- replacing ---------------------------------------------------------------
 */

typedef struct {
  KandyCall *self;
  GTask *task;
  KandyTrack *old;
} Replacement;

static GError *
check_replacement (
    KandyCall *self, const char *track_id, KandyMediaOptions *media)
{
  GError *error = check_state (self);
  gboolean audio;
  guint n = count_media (media, &audio);
  KandyTrack *track;

  if (error)
    return error;
  if (n != 1)
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "Require exactly one new track type to be specified. Found %u track "
        "types.",
        n);
  track = find_local (self, track_id);
  if (!track)
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "Old track %s not found.", track_id ? track_id : "");
  if (audio != (kandy_track_get_kind (track) == KANDY_MEDIA_KIND_AUDIO))
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "Media constraints incompatible for old track kind: %s.",
        audio ? "video" : "audio");
  return NULL;
}

static void
on_replaced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const KandyOperationInfo own = { KANDY_OPERATION_REPLACE_TRACK, FALSE };
  Replacement *replacement = user_data;
  KandyCall *self = replacement->self;
  g_autoptr (GError) cause = NULL;
  g_autoptr (KandyTrack) track = kandy_media_engine_replace_track_finish (
      KANDY_MEDIA_ENGINE (source), result, &cause);
  GError *error = NULL;

  if (self->over)
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The call ended before the operation REPLACE_TRACK was done.");
  else if (!track)
    error = kandy_call_media_error (cause, "call:4", "Failed to get media");

  if (!self->over) {
    if (track) {
      kandy_track_set_live (replacement->old, FALSE);
      kandy_call_swap_track (self, replacement->old, track);
    }
    kandy_call_queue_operation (self, KANDY_OPERATION_REPLACE_TRACK,
        KANDY_TRANSITION_FINISH, TRUE, &own, error);
    queue_replaced (self, track,
        track ? kandy_track_to_variant (replacement->old) : NULL, error);
    if (error)
      queue_device_error (self, error);
  }
  kandy_call_queue_answer (self, replacement->task, error);
  kandy_call_flush (self);
  g_object_unref (replacement->old);
  g_object_unref (self);
  g_free (replacement);
}

/* --- public ------------------------------------------------------------------
 */

/**
 * kandy_call_add_media_async:
 * @self: a call
 * @media: what is to be sent in addition: its `audio`, `video` and `screen`;
 * its bandwidth, where it is given, replaces the call's
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the media are sent, or are not
 * @user_data: data for @callback
 *
 * Sends more in a call that is Connected (API document: `call.addMedia`;
 * operation ADD_MEDIA, events `call:newTrack` and `call:newMedia`). Several
 * tracks of one kind are possible. If it fails the call is as it was.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:6` in another state,
 * `call:7` if @media asks for nothing, `call:4` if there is nothing that could
 * be sent, and those of the platform.
 */
void
kandy_call_add_media_async (KandyCall *self, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error;
  gboolean audio;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  task = kandy_call_task_new (
      self, kandy_call_add_media_async, cancellable, callback, user_data);
  error = check_state (self);
  if (!error && count_media (media, &audio) == 0)
    error = invalid ("No media is specified to add.");
  add_media (self, KANDY_OPERATION_ADD_MEDIA, media, task, error);
}

/**
 * kandy_call_remove_media_async:
 * @self: a call
 * @track_ids: (array zero-terminated=1): local tracks
 * @options: (nullable): its bandwidth, where it is given, replaces the call's
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the far end knows, or does not
 * @user_data: data for @callback
 *
 * Sends less in a call that is Connected (API document: `call.removeMedia`;
 * operation REMOVE_MEDIA, events `call:trackEnded` and `call:removedMedia`).
 * The tracks end at once, and do not come back if the far end cannot be told;
 * it then hears of it with the next negotiation.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:7` if there are no
 * @track_ids or some are not those of local tracks, `call:6` in another state,
 * and those of the platform.
 */
void
kandy_call_remove_media_async (KandyCall *self, const char *const *track_ids,
    KandyMediaOptions *options, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GPtrArray *tracks;
  GError *error;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (options == NULL || KANDY_IS_MEDIA_OPTIONS (options));

  task = kandy_call_task_new (
      self, kandy_call_remove_media_async, cancellable, callback, user_data);
  tracks = g_ptr_array_new_with_free_func (g_object_unref);
  if (!track_ids || !track_ids[0])
    error = invalid ("No track ids specified to remove.");
  else
    error = check_state (self);
  if (!error)
    error = check_ids (self, track_ids, tracks);
  remove_media (
      self, KANDY_OPERATION_REMOVE_MEDIA, tracks, options, task, error);
}

/* @options: (nullable); (transfer full): with the screen, or the camera alone
 */
static KandyMediaOptions *
video_options (KandyMediaOptions *options, gboolean screen)
{
  KandyMediaOptions *media = options ? kandy_media_options_copy (options)
                                     : kandy_media_options_new (FALSE, FALSE);

  g_object_set (
      media, "audio", FALSE, "video", !screen, "screen", screen, NULL);
  return media;
}

/**
 * kandy_call_start_video_async:
 * @self: a call
 * @options: (nullable): of the camera, and bandwidth; what it says of `audio`,
 *     `video` and `screen` does not count
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when pictures are sent, or are not
 * @user_data: data for @callback
 *
 * Sends pictures in a call that is Connected and sends none yet (API document:
 * `call.startVideo`; operation ADD_BASIC_MEDIA, which ends as ADD_MEDIA). See
 * kandy_call_add_media_async() for the rest.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:7` if there are
 * pictures already, else those of kandy_call_add_media_async().
 */
void
kandy_call_start_video_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (KandyMediaOptions) media = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (options == NULL || KANDY_IS_MEDIA_OPTIONS (options));

  task = kandy_call_task_new (
      self, kandy_call_start_video_async, cancellable, callback, user_data);
  media = video_options (options, FALSE);
  tracks = get_video_tracks (self, FALSE);
  add_media (self, KANDY_OPERATION_ADD_BASIC_MEDIA, media, task,
      tracks->len > 0 ? invalid ("Too many video tracks for basic scenario!")
                      : check_state (self));
}

/**
 * kandy_call_stop_video_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the far end knows, or does not
 * @user_data: data for @callback
 *
 * Takes the pictures away from a call that is Connected and sends one track of
 * them (API document: `call.stopVideo`; operation REMOVE_BASIC_MEDIA, which
 * ends as REMOVE_MEDIA). See kandy_call_remove_media_async() for the rest.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:7` if there is not
 * exactly one track of pictures, else those of kandy_call_remove_media_async().
 */
void
kandy_call_stop_video_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GPtrArray *tracks;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_stop_video_async, cancellable, callback, user_data);
  tracks = get_video_tracks (self, FALSE);
  remove_media (self, KANDY_OPERATION_REMOVE_BASIC_MEDIA, tracks, NULL, task,
      tracks->len != 1
          ? invalid ("Must have only one video track for basic scenario!")
          : check_state (self));
}

/**
 * kandy_call_start_screenshare_async:
 * @self: a call
 * @options: (nullable): of the screen, and bandwidth; what it says of `audio`,
 *     `video` and `screen` does not count
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the screen is sent, or is not
 * @user_data: data for @callback
 *
 * Sends a screen in a call that is Connected, beside a camera or not (API
 * document: `call.startScreenshare`, which refers to `call.addMedia`; operation
 * ADD_MEDIA).
 *
 * Finish with kandy_call_operation_finish(). Errors: those of
 * kandy_call_add_media_async().
 */
void
kandy_call_start_screenshare_async (KandyCall *self, KandyMediaOptions *options,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (KandyMediaOptions) media = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (options == NULL || KANDY_IS_MEDIA_OPTIONS (options));

  task = kandy_call_task_new (self, kandy_call_start_screenshare_async,
      cancellable, callback, user_data);
  media = video_options (options, TRUE);
  add_media (self, KANDY_OPERATION_ADD_MEDIA, media, task, check_state (self));
}

/**
 * kandy_call_stop_screenshare_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when the far end knows, or does not
 * @user_data: data for @callback
 *
 * Takes the screen away from a call that is Connected, and leaves a camera as
 * it is (API document: `call.stopScreenshare`, which refers to
 * `call.removeMedia`; operation REMOVE_MEDIA).
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:7` if no screen is
 * sent, else those of kandy_call_remove_media_async().
 */
void
kandy_call_stop_screenshare_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GPtrArray *tracks;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (self, kandy_call_stop_screenshare_async,
      cancellable, callback, user_data);
  tracks = get_video_tracks (self, TRUE);
  remove_media (self, KANDY_OPERATION_REMOVE_MEDIA, tracks, NULL, task,
      tracks->len == 0 ? invalid ("There is no screen track to remove.")
                       : check_state (self));
}

/**
 * kandy_call_renegotiate_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when both ends agree, or do not
 * @user_data: data for @callback
 *
 * Makes a new offer for a call that is Connected (operation RENEGOTIATE, which
 * the API document does not offer to applications): tells the far end of tracks
 * that have gone while it could not be told.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:6` in another state,
 * and those of the platform.
 */
void
kandy_call_renegotiate_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_renegotiate_async, cancellable, callback, user_data);
  if (kandy_call_begin (
          self, KANDY_OPERATION_RENEGOTIATE, task, check_state (self)))
    kandy_call_reoffer (self);
  kandy_call_flush (self);
}

/**
 * kandy_call_replace_track_async:
 * @self: a call
 * @track_id: a local track
 * @media: one of `audio`, `video` and `screen`, of the kind that the track has,
 *     and which source it is to be
 * @cancellable: (nullable): stops the operation
 * @callback: (scope async): called when the source has changed, or has not
 * @user_data: data for @callback
 *
 * Sends another source in the place of a track of a call that is Connected (API
 * document: `call.replaceTrack`; operation REPLACE_TRACK, event
 * `call:trackReplaced`). Nothing is negotiated, and the far end sees another
 * picture or hears another sound, no more. The new track is not muted. If it
 * fails, the old one is sent as before.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:6` in another state,
 * `call:7` if @media asks for none or several, the track is not known or is of
 * the other kind, `call:4` if the source cannot be had.
 */
void
kandy_call_replace_track_async (KandyCall *self, const char *track_id,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  Replacement *replacement;
  GError *error;
  GTask *task;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (media));

  task = kandy_call_task_new (
      self, kandy_call_replace_track_async, NULL, callback, user_data);
  kandy_call_queue_operation (self, KANDY_OPERATION_REPLACE_TRACK,
      KANDY_TRANSITION_START, TRUE, &self->local_op, NULL);
  error = check_replacement (self, track_id, media);
  if (error) {
    kandy_call_queue_operation (self, KANDY_OPERATION_REPLACE_TRACK,
        KANDY_TRANSITION_FINISH, TRUE, &self->local_op, error);
    queue_replaced (self, NULL, NULL, error);
    kandy_call_queue_answer (self, task, error);
  } else {
    replacement = g_new0 (Replacement, 1);
    replacement->self = g_object_ref (self);
    replacement->task = task;
    replacement->old = g_object_ref (find_local (self, track_id));
    kandy_media_engine_replace_track_async (self->engine, replacement->old,
        media, cancellable, on_replaced, replacement);
  }
  kandy_call_flush (self);
}
