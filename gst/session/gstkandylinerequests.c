/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline-private.h"
#include "gstkandysendtrack.h"
#include "gstkandyvariant.h"

/* SECTION: what elements ask of a line
 *
 * A request is a structure: its name says what is asked for, its fields are the
 * arguments. Each is one row of the table at the end, whose function answers
 * the promise, exactly once, at once or later.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

typedef struct {
  const char *name;
  /* refused unless there is a call that lasts */
  gboolean needs_call;
  /* @promise: (nullable) (transfer full) */
  void (*run) (
      GstKandyLine *self, const GstStructure *request, GstPromise *promise);
} Request;

/* The call's operations: begun on the call, answered by on_operation() */
typedef void (*CallOperation) (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);

typedef struct {
  GstKandyLine *line;
  GstPromise *promise; /* (nullable) */
} Operation;

static Operation *
operation_new (GstKandyLine *self, GstPromise *promise)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->line = g_object_ref (self);
  operation->promise = promise;
  return operation;
}

static void
on_operation (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;
  KandyCall *call = KANDY_CALL (object);
  g_autoptr (GError) error = NULL;

  kandy_call_operation_finish (call, result, &error);
  if (error != NULL)
    GST_INFO_OBJECT (operation->line, "call %s: %s", kandy_call_get_id (call),
        error->message);
  if (operation->promise != NULL) {
    gst_kandy_promise_reply (
        operation->promise, kandy_call_get_id (call), error);
    gst_promise_unref (operation->promise);
  }
  g_object_unref (operation->line);
  g_free (operation);
}

static void
run_operation (GstKandyLine *self, CallOperation begin, GstPromise *promise)
{
  begin (self->call, self->cancellable, on_operation,
      operation_new (self, promise));
}

static void
request_call (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *destination = gst_structure_get_string (request, "destination");

  if (destination == NULL || *destination == '\0') {
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_PARAM, "call:7",
        "No destination is given");
  } else if (self->call_live || self->call_promise_destination != NULL) {
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_STATE, "call:6",
        "There is a call already");
  } else {
    self->call_promise = promise;
    self->call_promise_destination = g_strdup (destination);
    gst_kandy_line_calls_act (self);
  }
}

static void
answer_call (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  kandy_call_answer_async (call, NULL, cancellable, callback, user_data);
}

static void
request_answer (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  if (self->answering || self->answer_wanted) {
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_STATE, "call:6",
        "The call is being answered already");
  } else if (!gst_kandy_line_calls_may_be_answered (self)) {
    /* the call's own message says why not */
    run_operation (self, answer_call, promise);
  } else {
    self->answer_wanted = TRUE;
    self->answer_promise = promise;
    gst_kandy_line_calls_act (self);
  }
}

static void
request_reject (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  self->ended_here = TRUE;
  run_operation (self, kandy_call_reject_async, promise);
}

static void
request_ignore (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  self->ended_here = TRUE;
  run_operation (self, kandy_call_ignore_async, promise);
}

static void
request_end (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  gst_kandy_line_calls_hang_up (self, promise);
}

static void
request_ringing_feedback (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_send_ringing_feedback_async, promise);
}

static void
request_hold (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_hold_async, promise);
}

static void
request_unhold (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_unhold_async, promise);
}

static void
request_restart_media (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_restart_media_async, promise);
}

typedef struct {
  KandyMediaOptions *options;
  char *bad; /* (nullable): name of a field that is not good */
} Fields;

static gboolean
take_field (GQuark field, const GValue *value, gpointer user_data)
{
  Fields *fields = user_data;
  const char *name = g_quark_to_string (field);
  GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (fields->options), name);
  g_auto (GValue) converted = G_VALUE_INIT;

  if (pspec != NULL)
    g_value_init (&converted, G_PARAM_SPEC_VALUE_TYPE (pspec));
  if (pspec != NULL && GST_VALUE_HOLDS_STRUCTURE (value)
      && G_VALUE_HOLDS_VARIANT (&converted)) {
    g_value_set_variant (&converted,
        gst_kandy_structure_to_variant (gst_value_get_structure (value)));
  } else if (pspec == NULL || !g_value_transform (value, &converted)) {
    fields->bad = g_strdup (name);
    return FALSE;
  }
  g_object_set_property (G_OBJECT (fields->options), name, &converted);
  return TRUE;
}

/* (transfer full) (nullable): what the field "media" of @request says; if that
 * is not good @promise is answered */
static KandyMediaOptions *
get_media (const GstStructure *request, GstPromise *promise)
{
  g_autoptr (KandyMediaOptions) options =
      kandy_media_options_new (FALSE, FALSE);
  Fields fields = { options, NULL };
  const GValue *value = gst_structure_get_value (request, "media");
  g_autofree char *text = NULL;

  if (value == NULL || g_value_get_boxed (value) == NULL
      || gst_structure_foreach (g_value_get_boxed (value), take_field, &fields))
    return g_steal_pointer (&options);
  text = g_strdup_printf (
      "There is no media option \"%s\" of this type", fields.bad);
  g_free (fields.bad);
  gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_PARAM, "call:7", text);
  return NULL;
}

/* (transfer full) (nullable): as get_media(), with what the elements'
 * properties say beside it */
static KandyMediaOptions *
get_additions (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  KandyMediaOptions *media = get_media (request, promise);
  GstKandySessionWishes wishes;

  if (media == NULL)
    return NULL;
  gst_kandy_line_calls_collect_wishes (self, &wishes);
  gst_kandy_line_calls_set_priorities (media, &wishes);
  gst_kandy_session_wishes_clear (&wishes);
  return media;
}

static void
request_add_media (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (KandyMediaOptions) media = get_additions (self, request, promise);

  if (media != NULL)
    kandy_call_add_media_async (self->call, media, self->cancellable,
        on_operation, operation_new (self, promise));
}

static void
request_remove_media (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (KandyMediaOptions) options = get_media (request, promise);
  g_auto (GStrv) ids = NULL;

  gst_structure_get (request, "track-ids", G_TYPE_STRV, &ids, NULL);
  if (options != NULL)
    kandy_call_remove_media_async (self->call, (const char *const *) ids,
        options, self->cancellable, on_operation,
        operation_new (self, promise));
}

static void
request_start_video (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (KandyMediaOptions) media = get_additions (self, request, promise);

  if (media != NULL)
    kandy_call_start_video_async (self->call, media, self->cancellable,
        on_operation, operation_new (self, promise));
}

static void
request_stop_video (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_stop_video_async, promise);
}

static void
request_start_screenshare (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (KandyMediaOptions) media = get_additions (self, request, promise);

  if (media != NULL)
    kandy_call_start_screenshare_async (self->call, media, self->cancellable,
        on_operation, operation_new (self, promise));
}

static void
request_stop_screenshare (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  run_operation (self, kandy_call_stop_screenshare_async, promise);
}

/* What the library has no words for: where the media are to come from.
 * (transfer full) (nullable) */
static GstStructure *
take_source (GstStructure *media)
{
  static const char *const names[] = { "source", "audio-options",
    "video-options", "screen-options" };
  GstStructure *source = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    const GValue *value = gst_structure_get_value (media, names[i]);

    if (value == NULL)
      continue;
    if (source == NULL)
      source = gst_structure_new_empty ("source");
    gst_structure_set_value (source, names[i], value);
    gst_structure_remove_field (media, names[i]);
  }
  return source;
}

/* (nullable): why it cannot be sent */
static const char *
check_source (const GstStructure *source)
{
  const GValue *value = gst_structure_get_value (source, "source");
  GstElement *element = NULL;
  g_autoptr (GstPad) pad = NULL;
  guint i;

  for (i = 0; i < (guint) gst_structure_n_fields (source); i++) {
    const char *name = gst_structure_nth_field_name (source, i);

    if (!g_str_equal (name, "source")
        && !gst_structure_has_field_typed (source, name, GST_TYPE_STRUCTURE))
      return "Constraints are a structure";
  }
  if (value == NULL)
    return NULL;
  if (G_VALUE_HOLDS (value, GST_TYPE_ELEMENT))
    element = g_value_get_object (value);
  if (element == NULL)
    return "The source is no element";
  if (GST_OBJECT_PARENT (element) != NULL)
    return "The source is part of something else";
  pad = gst_element_get_static_pad (element, "src");
  return pad == NULL ? "The source has no pad \"src\"" : NULL;
}

/* One that says nothing else is about the same kind again */
static void
complete_replacement (
    GstKandyLine *self, const char *track_id, KandyMediaOptions *media)
{
  g_autoptr (GPtrArray) tracks = kandy_call_get_local_tracks (self->call);
  gboolean audio, video, screen;
  guint i;

  g_object_get (
      media, "audio", &audio, "video", &video, "screen", &screen, NULL);
  if (audio || video || screen)
    return;
  for (i = 0; i < tracks->len; i++) {
    KandyTrack *track = g_ptr_array_index (tracks, i);

    if (g_strcmp0 (kandy_track_get_id (track), track_id) == 0
        && kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO) {
      g_object_set (media, kandy_track_is_screen (track) ? "screen" : "video",
          TRUE, NULL);
      return;
    }
  }
  /* also of none, which is what the call says then */
  g_object_set (media, "audio", TRUE, NULL);
}

static void
request_replace_track (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (GstStructure) own = gst_structure_copy (request);
  const char *track_id = gst_structure_get_string (request, "track-id");
  g_autoptr (GstStructure) source = NULL;
  g_autoptr (GstStructure) content = NULL;
  g_autoptr (KandyMediaOptions) media = NULL;
  const char *text = NULL;

  if (gst_structure_get (own, "media", GST_TYPE_STRUCTURE, &content, NULL)
      && content != NULL) {
    source = take_source (content);
    gst_structure_set (own, "media", GST_TYPE_STRUCTURE, content, NULL);
  }
  if (source != NULL)
    text = check_source (source);
  if (text != NULL) {
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_PARAM, "call:7", text);
    return;
  }
  media = get_media (own, promise);
  if (media == NULL)
    return;
  complete_replacement (self, track_id, media);
  if (source != NULL)
    gst_kandy_line_media_set_source (media, source);
  kandy_call_replace_track_async (self->call, track_id, media,
      self->cancellable, on_operation, operation_new (self, promise));
}

static void
request_stats (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  if (self->call == NULL)
    gst_kandy_line_refuse (
        promise, KANDY_ERROR_INVALID_STATE, "call:6", "There is no call");
  else
    gst_kandy_line_stats_request (
        self, gst_structure_get_string (request, "track-id"), promise);
}

static void
request_codecs (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  if (self->client == NULL)
    gst_kandy_line_refuse (
        promise, KANDY_ERROR_DESTROYED, NULL, "The element has been stopped");
  else
    gst_kandy_line_stats_request_codecs (
        self, gst_structure_get_string (request, "kind"), promise);
}

static void
request_send_dtmf (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  guint duration = 0, gap = 0;

  gst_structure_get (request, "duration", G_TYPE_UINT, &duration, "gap",
      G_TYPE_UINT, &gap, NULL);
  kandy_call_send_dtmf_async (self->call,
      gst_structure_get_string (request, "tones"), duration, gap,
      self->cancellable, on_operation, operation_new (self, promise));
}

/* By hand, from gst_kandy_tone_event_to_request(): nobody waits for it */
static void
request_tone (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (GstKandySendTrack) track = NULL;
  gboolean start = FALSE;
  guint number = 0, volume = 0;
  int method = GST_KANDY_DTMF_METHOD_ANY;

  if (self->media != NULL) {
    gst_structure_get (request, "start", G_TYPE_BOOLEAN, &start, "number",
        G_TYPE_UINT, &number, "volume", G_TYPE_UINT, &volume, "method",
        G_TYPE_INT, &method, "track", GST_KANDY_TYPE_SEND_TRACK, &track, NULL);
    if (start)
      gst_kandy_call_start_tone (self->media, track, number, volume, method);
    else
      gst_kandy_call_stop_tone (self->media);
  }
  gst_kandy_promise_reply (promise, kandy_call_get_id (self->call), NULL);
  g_clear_pointer (&promise, gst_promise_unref);
}

/* A face has found a tone in what it receives */
static void
request_hear_tone (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  guint number = 0;

  if (self->media != NULL && gst_structure_get_uint (request, "number", &number)
      && number < 16)
    gst_kandy_call_hear_tone (self->media, number, 0);
  gst_kandy_promise_reply (promise, kandy_call_get_id (self->call), NULL);
  g_clear_pointer (&promise, gst_promise_unref);
}

static void
request_forward (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *destination = gst_structure_get_string (request, "destination");

  self->ended_here = TRUE;
  kandy_call_forward_async (self->call, destination ? destination : "",
      self->cancellable, on_operation, operation_new (self, promise));
}

static void
request_transfer (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *destination = gst_structure_get_string (request, "destination");

  kandy_call_transfer_async (self->call, destination ? destination : "",
      self->cancellable, on_operation, operation_new (self, promise));
}

static const Request requests[] = {
  { "call", FALSE, request_call },
  { "answer", TRUE, request_answer },
  { "reject", TRUE, request_reject },
  { "ignore", TRUE, request_ignore },
  { "end", TRUE, request_end },
  { "send-ringing-feedback", TRUE, request_ringing_feedback },
  { "hold", TRUE, request_hold },
  { "unhold", TRUE, request_unhold },
  { "restart-media", TRUE, request_restart_media },
  { "send-dtmf", TRUE, request_send_dtmf },
  { "tone", TRUE, request_tone },
  { "hear-tone", TRUE, request_hear_tone },
  { "add-media", TRUE, request_add_media },
  { "remove-media", TRUE, request_remove_media },
  { "start-video", TRUE, request_start_video },
  { "stop-video", TRUE, request_stop_video },
  { "start-screenshare", TRUE, request_start_screenshare },
  { "stop-screenshare", TRUE, request_stop_screenshare },
  { "replace-track", TRUE, request_replace_track },
  { "forward", TRUE, request_forward },
  { "transfer", TRUE, request_transfer },
  { "get-stats", FALSE, request_stats },
  { "mute-tracks", FALSE, gst_kandy_line_tracks_mute },
  { "get-track", FALSE, gst_kandy_line_tracks_get_track },
  { "get-media", FALSE, gst_kandy_line_tracks_get_media },
  { "get-available-codecs", FALSE, request_codecs },
  { "get-devices", FALSE, gst_kandy_line_tracks_get_devices },
  { "describe-track", FALSE, gst_kandy_line_tracks_describe },
  { "device-error", FALSE, gst_kandy_line_tracks_report_device },
  { "initialize-devices", FALSE, gst_kandy_line_tracks_get_devices },
  { "send-message", FALSE, gst_kandy_line_chat_request },
  { "set-is-typing", FALSE, gst_kandy_line_chat_request },
  { "fetch-conversations", FALSE, gst_kandy_line_chat_request },
  { "fetch-messages", FALSE, gst_kandy_line_chat_request },
  { "delete-messages", FALSE, gst_kandy_line_chat_request },
  { "delete-conversation", FALSE, gst_kandy_line_chat_request },
};

void
gst_kandy_line_refuse (GstPromise *promise, KandyError code,
    const char *platform_code, const char *text)
{
  g_autoptr (GError) error =
      kandy_error_new (code, platform_code, 0, "%s", text);

  gst_kandy_promise_reply (promise, NULL, error);
  g_clear_pointer (&promise, gst_promise_unref);
}

void
gst_kandy_line_requests_run (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (requests); i++) {
    if (!gst_structure_has_name (request, requests[i].name))
      continue;
    if (requests[i].needs_call && !self->call_live)
      gst_kandy_line_refuse (
          promise, KANDY_ERROR_INVALID_STATE, "call:6", "There is no call");
    else
      requests[i].run (self, request, promise);
    return;
  }
  if (gst_kandy_line_ask_request (self, request, promise))
    return;
  g_critical ("there is no request \"%s\"", gst_structure_get_name (request));
  gst_kandy_line_refuse (
      promise, KANDY_ERROR_INVALID_PARAM, "call:7", "The request is not known");
}
