/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

/* The verbs of KandyMediaEngine that change what is sent. Where media come from
 * is not the call's business: it asks by its signals, and takes the tracks that
 * are there then. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

static void
merge_bandwidth (GstKandyCall *self, KandyMediaOptions *options)
{
  g_autoptr (KandyMediaOptions) merged = NULL;

  if (!options)
    return;
  merged = self->options ? kandy_media_options_copy (self->options)
                         : kandy_media_options_new (FALSE, FALSE);
  kandy_media_options_merge_bandwidth (merged, options);
  g_set_object (&self->options, merged);
}

static GstKandyLocalTrack *
find_local (GstKandyCall *self, KandyTrack *track)
{
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (gst_kandy_send_track_get_track (local->track) == track)
      return local;
  }
  return NULL;
}

static gboolean
is_screen (KandyMediaOptions *media)
{
  gboolean screen;

  g_object_get (media, "screen", &screen, NULL);
  return screen;
}

static GTask *
new_task (GstKandyCall *self, gpointer tag, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  /* What was done is not undone by a cancellation that comes too late */
  g_task_set_check_cancellable (task, FALSE);
  return task;
}

/* FALSE: answered */
static gboolean
check_open (GstKandyCall *self, GTask *task)
{
  if (g_task_return_error_if_cancelled (task))
    return FALSE;
  if (!self->closed && !self->failed)
    return TRUE;
  g_task_return_error (task,
      kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
          "The media of this call are closed"));
  return FALSE;
}

typedef struct {
  GTask *task;
  GError *error; /* (nullable) */
} Acquisition;

static void
acquisition_free (gpointer data)
{
  Acquisition *self = data;

  g_object_unref (self->task);
  g_clear_error (&self->error);
  g_free (self);
}

/* (nullable) (transfer full): on any thread */
static GError *
take_error (GstPromise *promise)
{
  const GstStructure *reply = NULL;
  GError *error = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED)
    return kandy_error_new (
        KANDY_ERROR_MEDIA, "call:4", 0, "The source is not wanted any more");
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
  return error;
}

static gboolean
on_acquired (gpointer data)
{
  Acquisition *acquisition = data;
  GstKandyCall *self = g_task_get_source_object (acquisition->task);

  if (!check_open (self, acquisition->task))
    return G_SOURCE_REMOVE;
  if (acquisition->error)
    g_task_return_error (
        acquisition->task, g_steal_pointer (&acquisition->error));
  else
    g_task_return_boolean (acquisition->task, TRUE);
  return G_SOURCE_REMOVE;
}

/* On any thread */
static void
on_acquisition_answered (GstPromise *promise, gpointer user_data)
{
  Acquisition *acquisition = user_data;
  GstKandyCall *self = g_task_get_source_object (acquisition->task);

  acquisition->error = take_error (promise);
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, on_acquired,
      acquisition, acquisition_free);
}

static void
acquire_media_async (KandyMediaEngine *engine, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  g_autoptr (GTask) task =
      new_task (self, acquire_media_async, cancellable, callback, user_data);
  g_autoptr (GstPromise) promise = NULL;
  Acquisition *acquisition;
  gboolean taken = FALSE;

  if (!check_open (self, task))
    return;
  acquisition = g_new0 (Acquisition, 1);
  acquisition->task = g_object_ref (task);
  promise = gst_promise_new_with_change_func (
      on_acquisition_answered, acquisition, NULL);
  g_signal_emit_by_name (self, "acquire-media", media, promise, &taken);
  if (!taken)
    gst_promise_reply (
        promise, gst_structure_new_empty ("application/x-kandy-reply"));
}

static gboolean
acquire_media_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
release_media (KandyMediaEngine *engine, KandyMediaOptions *media)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);

  if (!self->closed)
    g_signal_emit_by_name (self, "release-media", media);
}

static void
add_media_async (KandyMediaEngine *engine, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  g_autoptr (GTask) task =
      new_task (self, add_media_async, cancellable, callback, user_data);
  g_autoptr (GPtrArray) tracks =
      g_ptr_array_new_with_free_func (g_object_unref);

  if (!check_open (self, task))
    return;
  g_object_ref (self);
  g_signal_emit_by_name (self, "media-wanted", media);
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (local->announced)
      continue;
    gst_kandy_call_set_priority (local, media);
    g_ptr_array_add (
        tracks, g_object_ref (gst_kandy_send_track_get_track (local->track)));
  }
  if (tracks->len == 0) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
            "There are no media of this kind that are not sent already"));
  } else {
    merge_bandwidth (self, media);
    gst_kandy_call_announce_local_tracks (self);
    g_task_return_pointer (
        task, g_steal_pointer (&tracks), (GDestroyNotify) g_ptr_array_unref);
  }
  g_object_unref (self);
}

static GPtrArray *
add_media_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
remove_tracks (
    KandyMediaEngine *engine, GPtrArray *tracks, KandyMediaOptions *options)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);

  g_object_ref (self);
  merge_bandwidth (self, options);
  for (guint i = 0; i < tracks->len; i++) {
    GstKandyLocalTrack *local =
        find_local (self, g_ptr_array_index (tracks, i));
    GstKandySendTrack *track;

    if (!local)
      continue;
    track = gst_object_ref (local->track);
    gst_kandy_call_remove_send_track (self, track);
    gst_object_unref (track);
  }
  g_object_unref (self);
}

typedef struct {
  GTask *task;
  GstKandySendTrack *sent;
  gboolean screen;
  GError *error; /* (nullable) */
} Replacement;

static void
replacement_free (gpointer data)
{
  Replacement *self = data;

  g_object_unref (self->task);
  gst_object_unref (self->sent);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
on_replaced (gpointer data)
{
  Replacement *replacement = data;
  GstKandyCall *self = g_task_get_source_object (replacement->task);

  if (!check_open (self, replacement->task))
    return G_SOURCE_REMOVE;
  if (replacement->error)
    g_task_return_error (
        replacement->task, g_steal_pointer (&replacement->error));
  else
    g_task_return_pointer (replacement->task,
        gst_kandy_send_track_renew (replacement->sent, replacement->screen),
        g_object_unref);
  return G_SOURCE_REMOVE;
}

/* On any thread */
static void
on_source_answered (GstPromise *promise, gpointer user_data)
{
  Replacement *replacement = user_data;
  GstKandyCall *self = g_task_get_source_object (replacement->task);

  replacement->error = take_error (promise);
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, on_replaced,
      replacement, replacement_free);
}

static void
replace_track_async (KandyMediaEngine *engine, KandyTrack *track,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  g_autoptr (GTask) task =
      new_task (self, replace_track_async, cancellable, callback, user_data);
  GstKandyLocalTrack *local = find_local (self, track);
  g_autoptr (GstPromise) promise = NULL;
  Replacement *replacement;
  gboolean taken = FALSE;

  if (!check_open (self, task))
    return;
  if (local) {
    replacement = g_new0 (Replacement, 1);
    replacement->task = g_object_ref (task);
    replacement->sent = gst_object_ref (local->track);
    replacement->screen = is_screen (media);
    promise = gst_promise_new_with_change_func (
        on_source_answered, replacement, NULL);
    g_signal_emit_by_name (
        self, "source-wanted", replacement->sent, media, promise, &taken);
  }
  if (taken)
    return;
  /* which is answered then as every other one */
  if (promise) {
    g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
        "There is nothing that could be sent in its place");

    gst_promise_reply (promise,
        gst_structure_new (
            "application/x-kandy-reply", "error", G_TYPE_ERROR, error, NULL));
  } else {
    g_task_return_error (task,
        kandy_error_new (
            KANDY_ERROR_MEDIA, "call:4", 0, "There is no such track"));
  }
}

static KandyTrack *
replace_track_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gst_kandy_call_init_media (KandyMediaEngineInterface *iface)
{
  iface->acquire_media_async = acquire_media_async;
  iface->acquire_media_finish = acquire_media_finish;
  iface->release_media = release_media;
  iface->add_media_async = add_media_async;
  iface->add_media_finish = add_media_finish;
  iface->remove_tracks = remove_tracks;
  iface->replace_track_async = replace_track_async;
  iface->replace_track_finish = replace_track_finish;
}
