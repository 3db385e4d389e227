/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyconnect.h"
#include "gstkandyline-private.h"

/* SECTION: calls of a line
 *
 * One call at a time: it is made when an element wishes it and the sending face
 * knows what it sends, answered by the same rule, and its tracks and its end
 * are told to the elements. A call that comes in meanwhile is turned away.
 *
 * The incoming call's media half exists from the invitation on, so that its
 * candidates are there when it is answered; its tracks are shown to the
 * elements only then, since a call that nobody answers has no media.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

/* How long a call waits for pads that are linked but have no caps */
#define MEDIA_WAIT_MS 2000
/* How long the end of a call may take to be told after the platform has said
 * that it cannot be answered any more */
#define LOST_WAIT_MS 2000

gboolean
gst_kandy_line_calls_may_be_answered (GstKandyLine *self)
{
  return self->call_live
      && kandy_call_get_direction (self->call) == KANDY_CALL_DIRECTION_INCOMING
      && (self->call_state == KANDY_CALL_STATE_INITIATED
          || self->call_state == KANDY_CALL_STATE_RINGING);
}

void
gst_kandy_line_calls_publish_status (GstKandyLine *self)
{
  g_autoptr (GstKandySession) session = gst_kandy_line_dup_session (self);
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  GstKandySessionStatus status = { NULL };
  guint i;

  if (session == NULL || self->call == NULL)
    return;

  status.call_id = (char *) kandy_call_get_id (self->call);
  status.state = kandy_call_get_state (self->call);
  status.media_connection_state =
      kandy_call_get_media_connection_state (self->call);
  status.local_hold = kandy_call_get_local_hold (self->call);
  status.remote_hold = kandy_call_get_remote_hold (self->call);
  status.stats = self->stats;
  gst_kandy_session_set_status (session, self, &status);

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->status_changed (member);
  }
}

static void
end_progress (GstKandyLine *self, GstProgressType type, const char *text)
{
  if (!self->call_progress)
    return;
  self->call_progress = FALSE;
  gst_kandy_line_progress (self, type, "call", "%s", text);
}

/* The call */

static void
forget_lost (GstKandyLine *self)
{
  gst_kandy_line_clear_source (&self->lost_source);
  g_clear_error (&self->lost_error);
}

void
gst_kandy_line_calls_adopt (GstKandyLine *self, KandyCall *call)
{
  if (self->call == call)
    return;

  forget_lost (self);
  gst_kandy_line_media_stop (self);
  g_ptr_array_set_size (self->told, 0);

  gst_kandy_line_calls_forget_media (self);
  g_clear_pointer (&self->stats, gst_structure_free);
  g_set_object (&self->call, call);
  self->call_state = kandy_call_get_state (call);
  self->call_live = TRUE;
  self->call_by_wish = FALSE;
  self->incoming_announced = FALSE;
  self->connected = FALSE;
  self->media_connected = FALSE;
  self->media_failed = FALSE;
  self->media_lost = FALSE;
  gst_kandy_line_clear_source (&self->media_lost_source);
  self->ended_here = FALSE;
  self->answering = FALSE;
  self->prepared = FALSE;
  self->tracks_announced = FALSE;
  self->media_waited = FALSE;
  gst_kandy_line_clear_source (&self->media_wait_source);
}

/* If it fails the progress is still to be ended, with the error */
static gboolean
place (GstKandyLine *self, const char *destination,
    const GstKandySessionWishes *wishes, gboolean by_wish, GError **error)
{
  g_autoptr (KandyMediaOptions) options =
      gst_kandy_line_calls_make_options (self, wishes, FALSE, error);
  KandyCall *call;

  self->call_progress = TRUE;
  gst_kandy_line_progress (
      self, GST_PROGRESS_TYPE_START, "call", "Calling %s", destination);
  if (options == NULL)
    return FALSE;
  call = kandy_calls_make (
      kandy_client_get_calls (self->client), destination, options, error);
  if (call == NULL)
    return FALSE;
  gst_kandy_line_calls_adopt (self, call);
  self->call_by_wish = by_wish;
  gst_kandy_line_calls_publish_status (self);
  return TRUE;
}

/* The hang-up: whoever asked for it is answered within the time that a good-bye
 * may take, and the call is over for the elements even if the server is silent
 */
typedef struct {
  gatomicrefcount refs;
  GstKandyLine *line;
  KandyCall *call;
  GstPromise *promise; /* (nullable) */
  GSource *timeout;    /* (nullable) */
} HangUp;

static void on_ended (GstKandyLine *self, GVariant *payload);

static void
hang_up_unref (gpointer data)
{
  HangUp *hang_up = data;

  if (!g_atomic_ref_count_dec (&hang_up->refs))
    return;
  g_object_unref (hang_up->call);
  g_object_unref (hang_up->line);
  g_free (hang_up);
}

static void
hang_up_answer (HangUp *hang_up, const GError *error)
{
  gst_kandy_line_clear_source (&hang_up->timeout);
  if (hang_up->call == hang_up->line->call && hang_up->line->call_live
      && error == NULL)
    on_ended (hang_up->line, NULL);
  gst_kandy_promise_reply (
      hang_up->promise, kandy_call_get_id (hang_up->call), error);
  g_clear_pointer (&hang_up->promise, gst_promise_unref);
}

static void
on_hung_up (GObject *object, GAsyncResult *result, gpointer user_data)
{
  HangUp *hang_up = user_data;
  g_autoptr (GError) error = NULL;

  kandy_call_operation_finish (KANDY_CALL (object), result, &error);
  if (error != NULL)
    GST_INFO_OBJECT (hang_up->line, "hanging up: %s", error->message);
  hang_up_answer (hang_up, error);
  hang_up_unref (hang_up);
}

static gboolean
on_hang_up_timeout (gpointer data)
{
  HangUp *hang_up = data;

  GST_WARNING_OBJECT (hang_up->line, "the server does not answer the hang-up");
  hang_up_answer (hang_up, NULL);
  return G_SOURCE_REMOVE;
}

void
gst_kandy_line_calls_hang_up (GstKandyLine *self, GstPromise *promise)
{
  HangUp *data = g_new0 (HangUp, 1);

  self->ended_here = TRUE;
  /* the last ones that there are */
  if (self->media != NULL && self->connected)
    gst_kandy_line_stats_query (self, NULL);
  g_atomic_ref_count_init (&data->refs);
  data->line = g_object_ref (self);
  data->call = g_object_ref (self->call);
  data->promise = promise;
  data->timeout =
      g_timeout_source_new (GST_TIME_AS_MSECONDS (GST_KANDY_GOODBYE_TIMEOUT));
  g_atomic_ref_count_inc (&data->refs);
  g_source_set_callback (
      data->timeout, on_hang_up_timeout, data, hang_up_unref);
  g_source_attach (data->timeout, self->context);
  kandy_call_end_async (self->call, NULL, on_hung_up, data);
}

/* The call could not be answered and does not end: it must not occupy the line
 */
static gboolean
on_lost_time (gpointer data)
{
  GstKandyLine *self = data;
  g_autoptr (GError) error = g_steal_pointer (&self->lost_error);

  gst_kandy_line_clear_source (&self->lost_source);
  gst_kandy_line_report (self, error);
  end_progress (self, GST_PROGRESS_TYPE_ERROR, error->message);
  gst_kandy_line_calls_hang_up (self, NULL);
  return G_SOURCE_REMOVE;
}

typedef struct {
  GstKandyLine *line;
  GstPromise *promise; /* (nullable) */
  gboolean by_wish;
} Answer;

static void
on_answered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Answer *data = user_data;
  g_autoptr (GstKandyLine) self = g_object_ref (data->line);
  gboolean by_wish = data->by_wish;
  KandyCall *call = KANDY_CALL (object);
  g_autoptr (GError) error = NULL;

  kandy_call_operation_finish (call, result, &error);
  gst_kandy_promise_reply (data->promise, kandy_call_get_id (call), error);
  g_clear_pointer (&data->promise, gst_promise_unref);
  g_object_unref (data->line);
  g_free (data);

  if (error == NULL || call != self->call)
    return;
  if (!self->call_live || !by_wish) {
    self->answering = FALSE;
    return;
  }
  /* Answered elsewhere or given up meanwhile, mostly; then its end is about to
   * be told. It is not answered a second time. */
  forget_lost (self);
  self->lost_error = g_steal_pointer (&error);
  self->lost_source =
      gst_kandy_line_add_timeout (self, LOST_WAIT_MS, on_lost_time);
}

/* @promise: (nullable) (transfer full) */
static void
answer (GstKandyLine *self, const GstKandySessionWishes *wishes,
    GstPromise *promise, gboolean by_wish)
{
  g_autoptr (KandyMediaOptions) options =
      gst_kandy_line_calls_make_options (self, wishes, TRUE, NULL);
  Answer *data = g_new0 (Answer, 1);

  data->line = g_object_ref (self);
  data->promise = promise;
  data->by_wish = by_wish;
  self->answering = TRUE;
  self->call_by_wish = by_wish;
  self->call_progress = TRUE;
  gst_kandy_line_progress (self, GST_PROGRESS_TYPE_START, "call",
      "Answering %s", kandy_call_get_from (self->call));
  gst_kandy_line_calls_prepare_media (self);
  kandy_call_answer_async (
      self->call, options, self->cancellable, on_answered, data);
}

static void
on_turned_away (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstKandyLine) self = user_data;
  KandyCall *call = KANDY_CALL (object);
  g_autoptr (GError) error = NULL;

  if (!kandy_call_operation_finish (call, result, &error))
    GST_INFO_OBJECT (
        self, "call %s: %s", kandy_call_get_id (call), error->message);
}

static void
turn_away (GstKandyLine *self, KandyCall *call)
{
  GstKandySessionWishes wishes;

  gst_kandy_line_calls_collect_wishes (self, &wishes);
  GST_INFO_OBJECT (
      self, "busy: call %s is turned away", kandy_call_get_id (call));
  if (wishes.busy_action == GST_KANDY_BUSY_ACTION_IGNORE)
    kandy_call_ignore_async (
        call, self->cancellable, on_turned_away, g_object_ref (self));
  else
    kandy_call_reject_async (
        call, self->cancellable, on_turned_away, g_object_ref (self));
  gst_kandy_session_wishes_clear (&wishes);
}

static gboolean
on_media_waited (gpointer data)
{
  GstKandyLine *self = data;

  GST_WARNING_OBJECT (self,
      "a linked pad has got no caps within %d ms; the "
      "call goes on without it",
      MEDIA_WAIT_MS);
  gst_kandy_line_clear_source (&self->media_wait_source);
  self->media_waited = TRUE;
  gst_kandy_line_calls_act (self);
  return G_SOURCE_REMOVE;
}

/* TRUE when a call can be made or answered with what the pads have now */
static gboolean
media_is_ready (GstKandyLine *self, const GstKandySessionWishes *wishes)
{
  if (wishes->media_ready || self->media_waited) {
    gst_kandy_line_clear_source (&self->media_wait_source);
    return TRUE;
  }
  if (self->media_wait_source == NULL)
    self->media_wait_source =
        gst_kandy_line_add_timeout (self, MEDIA_WAIT_MS, on_media_waited);
  return FALSE;
}

static void
on_connected (GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = NULL;
  guint i;

  if (!self->connected) {
    self->connected = TRUE;
    end_progress (self, GST_PROGRESS_TYPE_COMPLETE, "Connected");
    gst_kandy_line_stats_start (self);
  }
  if (self->tracks_announced)
    return;
  self->tracks_announced = TRUE;
  if (!gst_kandy_line_calls_is_outgoing (self))
    gst_kandy_line_calls_tell_tracks (self);
  members = gst_kandy_line_dup_members (self, FALSE);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);
    GstKandySessionMemberInterface *iface =
        GST_KANDY_SESSION_MEMBER_GET_IFACE (member);

    iface->no_more_tracks (member);
    iface->call_connected (member);
  }
}

/* (nullable) (transfer full): why the call counts as failed */
static GError *
get_failure (GstKandyLine *self, GVariant *payload)
{
  g_autoptr (GVariant) transition = NULL;
  const GError *error = kandy_call_get_error (self->call);
  g_autofree char *code = NULL;
  const char *reason = NULL;
  gint64 status = 0;

  /* lost to somebody else, or to the caller who gave up; we may know of its end
   * before our answer is refused */
  if (self->lost_error != NULL
      || (error != NULL && !self->connected
          && !gst_kandy_line_calls_is_outgoing (self)
          && (kandy_error_get_http_status (error) == 403
              || kandy_error_get_http_status (error) == 404)))
    return NULL;
  /* the platform's words alone do not say what they are about */
  if (error != NULL) {
    GError *failure = g_error_copy (error);

    if (gst_kandy_line_calls_is_outgoing (self) && !self->connected)
      g_prefix_error (
          &failure, "%s cannot be called: ", kandy_call_get_to (self->call));
    return failure;
  }
  if (self->ended_here || self->connected
      || kandy_call_get_direction (self->call) != KANDY_CALL_DIRECTION_OUTGOING)
    return NULL;

  if (payload != NULL)
    transition =
        g_variant_lookup_value (payload, "transition", G_VARIANT_TYPE_VARDICT);
  if (transition != NULL) {
    g_autoptr (GVariant) number =
        g_variant_lookup_value (transition, "statusCode", NULL);

    g_variant_lookup (transition, "reasonText", "&s", &reason);
    if (number == NULL)
      status = 0;
    else if (g_variant_is_of_type (number, G_VARIANT_TYPE_INT64))
      status = g_variant_get_int64 (number);
    else if (g_variant_is_of_type (number, G_VARIANT_TYPE_INT32))
      status = g_variant_get_int32 (number);
    else if (g_variant_is_of_type (number, G_VARIANT_TYPE_DOUBLE))
      status = (gint64) g_variant_get_double (number);
  }
  if (status != 0)
    code = g_strdup_printf ("%" G_GINT64_FORMAT, status);
  return kandy_error_new (KANDY_ERROR_REFUSED, code != NULL ? code : "call:2",
      0, "%s has not taken the call%s%s", kandy_call_get_to (self->call),
      reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* Nobody has wished for the call, and who waits for others is no worse off */
static void
tell_lost (GstKandyLine *self, GPtrArray *heads, const GError *failure)
{
  g_autoptr (GError) error = g_error_copy (failure);
  guint i;

  g_prefix_error (&error,
      "A call from %s cannot be taken: ", kandy_call_get_from (self->call));
  for (i = 0; i < heads->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (heads, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->call_lost (member, error);
  }
}

static void
on_ended (GstKandyLine *self, GVariant *payload)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  g_autoptr (GPtrArray) heads = gst_kandy_line_dup_members (self, TRUE);
  g_autoptr (GError) failure = get_failure (self, payload);
  guint i;

  self->call_live = FALSE;
  forget_lost (self);
  if (self->answer_wanted) {
    self->answer_wanted = FALSE;
    gst_kandy_line_refuse (g_steal_pointer (&self->answer_promise),
        KANDY_ERROR_INVALID_STATE, "call:6", "The call has ended");
  }
  gst_kandy_line_stats_stop (self);
  gst_kandy_line_media_stop (self);
  gst_kandy_line_clear_source (&self->media_wait_source);

  if (self->connected) {
    gst_kandy_line_stats_complete (self);
    for (i = 0; i < heads->len; i++) {
      GstKandySessionMember *member = g_ptr_array_index (heads, i);

      GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->stats (member, self->stats);
    }
  }
  if (failure != NULL && self->call_by_wish)
    gst_kandy_line_report (self, failure);
  else if (failure != NULL && !gst_kandy_line_calls_is_outgoing (self)
      && !self->connected)
    tell_lost (self, heads, failure);
  if (failure != NULL)
    end_progress (self, GST_PROGRESS_TYPE_ERROR, failure->message);
  else
    end_progress (self, GST_PROGRESS_TYPE_CANCELED, "The call has ended");

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->call_ended (member,
        failure != NULL,
        self->connected || gst_kandy_line_calls_is_outgoing (self));
  }
  gst_kandy_line_calls_forget_media (self);
}

static void
tell_incoming (
    GstKandyLine *self, KandyCall *call, GstKandySessionMember *member)
{
  if (g_ptr_array_find (self->told, member, NULL))
    return;
  g_ptr_array_add (self->told, member);
  GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->incoming_call (member,
      kandy_call_get_id (call), kandy_call_get_from (call),
      kandy_call_get_remote_display_name (call));
}

/* Once the call can be answered and rejected, which it cannot when it has just
 * been received */
static void
announce_incoming (GstKandyLine *self)
{
  g_autoptr (KandyCall) call = g_object_ref (self->call);
  g_autoptr (GPtrArray) members = NULL;
  guint i;

  if (self->incoming_announced
      || kandy_call_get_direction (call) != KANDY_CALL_DIRECTION_INCOMING)
    return;
  self->incoming_announced = TRUE;

  members = gst_kandy_line_dup_members (self, FALSE);
  for (i = 0; i < members->len; i++)
    tell_incoming (self, call, g_ptr_array_index (members, i));
}

static void
on_state (GstKandyLine *self, GVariant *payload)
{
  KandyCallState state = kandy_call_get_state (self->call);

  self->call_state = state;
  gst_kandy_line_calls_publish_status (self);

  switch (state) {
    case KANDY_CALL_STATE_INITIATED:
      announce_incoming (self);
      break;
    case KANDY_CALL_STATE_RINGING:
      announce_incoming (self);
      if (kandy_call_get_direction (self->call) == KANDY_CALL_DIRECTION_OUTGOING
          && self->call_progress)
        gst_kandy_line_progress (self, GST_PROGRESS_TYPE_CONTINUE, "call",
            "Ringing at %s", kandy_call_get_to (self->call));
      break;
    case KANDY_CALL_STATE_CONNECTED:
    case KANDY_CALL_STATE_ON_HOLD:
      on_connected (self);
      break;
    case KANDY_CALL_STATE_ENDED:
    case KANDY_CALL_STATE_CANCELLED:
      if (self->call_live)
        on_ended (self, payload);
      break;
    default:
      break;
  }
  gst_kandy_line_calls_act (self);
}

static void
on_received (GstKandyLine *self, KandyCall *call)
{
  if (self->call_live && self->call != call) {
    g_ptr_array_add (self->busy_calls, g_strdup (kandy_call_get_id (call)));
    return;
  }
  gst_kandy_line_calls_adopt (self, call);
  gst_kandy_line_calls_publish_status (self);
}

/* A call without media is not silent about it. One that never had any is of no
 * use to who only wished for it by a property. */
static void
check_media (GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = NULL;
  const char *peer;
  guint i;

  if (!self->call_live || self->call == NULL)
    return;
  switch (kandy_call_get_media_connection_state (self->call)) {
    case KANDY_MEDIA_CONNECTION_STATE_CONNECTED:
    case KANDY_MEDIA_CONNECTION_STATE_COMPLETED:
      self->media_connected = TRUE;
      /* if it breaks again that is news */
      self->media_failed = FALSE;
      return;
    case KANDY_MEDIA_CONNECTION_STATE_FAILED:
      break;
    default:
      return;
  }
  if (self->media_failed)
    return;
  self->media_failed = TRUE;

  peer = gst_kandy_line_calls_is_outgoing (self)
      ? kandy_call_get_to (self->call)
      : kandy_call_get_from (self->call);
  members = gst_kandy_line_dup_members (self, TRUE);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->media_failed (member, peer);
  }
  if (!self->media_connected && self->call_by_wish) {
    g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_NETWORK, NULL, 0,
        "The call with %s has got no media path", peer);

    gst_kandy_line_report (self, error);
    end_progress (self, GST_PROGRESS_TYPE_ERROR, error->message);
    gst_kandy_line_calls_hang_up (self, NULL);
  }
}

/* One member after the other */
static char *
modify_sdp (const char *sdp, const KandySdpHandlerInfo *info,
    const char *original, gpointer user_data)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (user_data, FALSE);
  char *current = g_strdup (sdp);
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);
    char *modified = GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->modify_sdp (
        member, current, info, original);

    if (modified != NULL) {
      g_free (current);
      current = modified;
    }
  }
  return current;
}

static void
on_sdp_failed (KandySdpHandler *handler, const KandySdpHandlerInfo *info,
    const GError *error, GstKandyLine *self)
{
  g_autoptr (GPtrArray) heads = gst_kandy_line_dup_members (self, TRUE);
  guint i;

  for (i = 0; i < heads->len; i++)
    GST_ELEMENT_WARNING (g_ptr_array_index (heads, i), LIBRARY, SETTINGS,
        ("The %s that modify-sdp returned is not used.", info->type),
        ("%s %s, step %s: %s", info->endpoint, info->type, info->step,
            error->message));
}

void
gst_kandy_line_calls_start (GstKandyLine *self)
{
  g_autoptr (GPtrArray) handlers =
      g_ptr_array_new_with_free_func (g_object_unref);
  KandySdpHandler *handler = kandy_sdp_handler_new (modify_sdp, self, NULL);

  g_ptr_array_add (handlers, handler);
  gst_kandy_connect (handler, "failed", G_CALLBACK (on_sdp_failed), self);
  kandy_calls_set_sdp_handlers (
      kandy_client_get_calls (self->client), handlers);

  gst_kandy_call_warm_up ();
  kandy_calls_set_engine_factory (kandy_client_get_calls (self->client),
      gst_kandy_line_calls_make_engine, self, NULL);
  kandy_calls_set_codec_lister (kandy_client_get_calls (self->client),
      gst_kandy_line_stats_list_codecs, NULL, NULL);
}

void
gst_kandy_line_calls_event (
    GstKandyLine *self, const char *name, GVariant *payload)
{
  const char *id = NULL, *transition = NULL;
  KandyCall *call;
  guint i;

  if (payload == NULL || !g_str_has_prefix (name, "call:")
      || !g_variant_lookup (payload, "callId", "&s", &id))
    return;
  call = kandy_calls_get_by_id (kandy_client_get_calls (self->client), id);
  if (call == NULL || self->phase == LINE_STOPPING)
    return;

  if (g_str_equal (name, "call:receive")) {
    on_received (self, call);
  } else if (call == self->call) {
    if (g_str_equal (name, "call:stateChange"))
      on_state (self, payload);
    else
      gst_kandy_line_calls_publish_status (self);
    check_media (self);
    gst_kandy_line_recovery_event (self, name, payload);
    if (g_str_equal (name, "call:newMedia"))
      gst_kandy_line_media_added (self);
    if (g_str_equal (name, "call:operation")
        && g_variant_lookup (payload, "transition", "&s", &transition)
        && g_str_equal (transition, "FINISH"))
      gst_kandy_line_calls_act (self);
  } else if (g_str_equal (name, "call:stateChange")
      && (kandy_call_get_state (call) == KANDY_CALL_STATE_INITIATED
          || kandy_call_get_state (call) == KANDY_CALL_STATE_RINGING)) {
    for (i = 0; i < self->busy_calls->len; i++) {
      if (g_str_equal (g_ptr_array_index (self->busy_calls, i), id)) {
        g_ptr_array_remove_index_fast (self->busy_calls, i);
        turn_away (self, call);
        break;
      }
    }
  }
}

/* Does what is wished and possible now */
void
gst_kandy_line_calls_act (GstKandyLine *self)
{
  GstKandySessionWishes wishes;
  g_autoptr (GError) error = NULL;

  if (self->phase != LINE_READY) {
    if (self->call_promise != NULL
        && (self->phase == LINE_FAILED || self->phase == LINE_STOPPING)) {
      error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
          "There is no connection to the platform");
      gst_kandy_promise_reply (self->call_promise, NULL, error);
      g_clear_pointer (&self->call_promise, gst_promise_unref);
      g_clear_pointer (&self->call_promise_destination, g_free);
    }
    return;
  }

  gst_kandy_line_calls_collect_wishes (self, &wishes);
  if (wishes.destination == NULL)
    g_clear_pointer (&self->placed_destination, g_free);

  if (!self->call_live && self->call_promise_destination != NULL) {
    if (media_is_ready (self, &wishes)) {
      GstPromise *promise = g_steal_pointer (&self->call_promise);
      g_autofree char *destination =
          g_steal_pointer (&self->call_promise_destination);

      if (!place (self, destination, &wishes, FALSE, &error))
        end_progress (self, GST_PROGRESS_TYPE_ERROR, error->message);
      gst_kandy_promise_reply (promise,
          error == NULL ? kandy_call_get_id (self->call) : NULL, error);
      g_clear_pointer (&promise, gst_promise_unref);
    }
  } else if (!self->call_live && wishes.destination != NULL && wishes.playing
      && g_strcmp0 (wishes.destination, self->placed_destination) != 0) {
    if (media_is_ready (self, &wishes)) {
      g_free (self->placed_destination);
      self->placed_destination = g_strdup (wishes.destination);
      if (!place (self, wishes.destination, &wishes, TRUE, &error)) {
        gst_kandy_line_report (self, error);
        end_progress (self, GST_PROGRESS_TYPE_ERROR, error->message);
      }
    }
  } else if (gst_kandy_line_calls_may_be_answered (self) && !self->answering
      && (self->answer_wanted || (wishes.auto_answer && wishes.playing))) {
    if (media_is_ready (self, &wishes)) {
      gboolean by_wish = !self->answer_wanted;

      self->answer_wanted = FALSE;
      answer (self, &wishes, g_steal_pointer (&self->answer_promise), by_wish);
    }
  } else {
    gst_kandy_line_media_act (self, &wishes);
  }
  gst_kandy_session_wishes_clear (&wishes);
}

/* A face that comes to a call that is there already */
void
gst_kandy_line_calls_add_member (
    GstKandyLine *self, GstKandySessionMember *member)
{
  GstKandySessionMemberInterface *iface =
      GST_KANDY_SESSION_MEMBER_GET_IFACE (member);
  g_autoptr (GPtrArray) tracks = NULL;
  guint i;

  if (!self->call_live)
    return;
  iface->status_changed (member);
  if (self->incoming_announced && gst_kandy_line_calls_may_be_answered (self)) {
    g_autoptr (KandyCall) call = g_object_ref (self->call);

    tell_incoming (self, call, member);
  }
  if (self->media == NULL || !gst_kandy_line_calls_is_taken (self))
    return;
  if (self->prepared)
    iface->media_joined (member, self->media);
  if (!gst_kandy_line_calls_shows_tracks (self))
    return;
  tracks = gst_kandy_call_get_receive_tracks (self->media);
  for (i = 0; i < tracks->len; i++)
    iface->track_added (member, g_ptr_array_index (tracks, i));
  if (self->connected) {
    iface->no_more_tracks (member);
    iface->call_connected (member);
  }
}

typedef struct {
  GstKandyLine *line;
  void (*done) (GstKandyLine *line);
} Goodbye;

static void
on_goodbye (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Goodbye *goodbye = user_data;

  kandy_call_operation_finish (KANDY_CALL (object), result, NULL);
  goodbye->done (goodbye->line);
  g_object_unref (goodbye->line);
  g_free (goodbye);
}

void
gst_kandy_line_calls_goodbye (
    GstKandyLine *self, void (*done) (GstKandyLine *self))
{
  Goodbye *goodbye;

  forget_lost (self);
  gst_kandy_line_clear_source (&self->media_wait_source);
  gst_kandy_line_stats_stop (self);
  gst_kandy_line_media_stop (self);
  if (!self->call_live) {
    done (self);
    return;
  }
  goodbye = g_new0 (Goodbye, 1);
  goodbye->line = g_object_ref (self);
  goodbye->done = done;
  kandy_call_end_async (self->call, NULL, on_goodbye, goodbye);
}

void
gst_kandy_line_calls_clear (GstKandyLine *self)
{
  forget_lost (self);
  if (self->answer_wanted) {
    self->answer_wanted = FALSE;
    gst_kandy_line_refuse (g_steal_pointer (&self->answer_promise),
        KANDY_ERROR_DESTROYED, NULL, "The element has been stopped");
  }
  gst_kandy_line_clear_source (&self->media_wait_source);
  gst_kandy_line_stats_stop (self);
  gst_kandy_line_media_stop (self);
  gst_kandy_line_calls_act (self);
  if (self->call_promise_destination != NULL) {
    gst_kandy_line_refuse (g_steal_pointer (&self->call_promise),
        KANDY_ERROR_DESTROYED, NULL, "The element has been stopped");
    g_clear_pointer (&self->call_promise_destination, g_free);
  }
  kandy_calls_set_sdp_handlers (kandy_client_get_calls (self->client), NULL);
  kandy_calls_set_engine_factory (
      kandy_client_get_calls (self->client), NULL, NULL, NULL);
  kandy_calls_set_codec_lister (
      kandy_client_get_calls (self->client), NULL, NULL, NULL);
  self->call_live = FALSE;
  gst_kandy_line_calls_forget_media (self);
  g_clear_object (&self->call);
}
