/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-media-options.h"

/**
 * KandyCall:
 *
 * One call, made or received (API document: `call.CallObject`). It holds the
 * call's state, exchanges descriptions with the platform and drives the media
 * through a #KandyMediaEngine.
 *
 * Operations are asynchronous. Each answers its task once, and is told by the
 * events `call:operation` (signal #KandyCall::operation) and, when it changes
 * the state, `call:stateChange` (#KandyCall::state-changed). A call has one
 * operation at a time; another one meanwhile is refused with `call:6`, all but
 * kandy_call_end_async(), kandy_call_send_dtmf_async(),
 * kandy_call_replace_track_async() and kandy_call_get_stats_async(). Cancelling
 * an operation's #GCancellable ends the wait for it, not the operation, which
 * cannot be taken back.
 *
 * A call lives on its client's main context, and stays in the list of
 * #KandyCalls when it is over.
 */

G_DEFINE_FINAL_TYPE (KandyCall, kandy_call, G_TYPE_OBJECT)

enum {
  PROP_0,
  PROP_ID,
  PROP_FROM,
  PROP_TO,
  PROP_DIRECTION,
  PROP_STATE,
  PROP_MEDIA_CONNECTION_STATE,
  PROP_LOCAL_HOLD,
  PROP_REMOTE_HOLD,
  PROP_START_TIME,
  PROP_END_TIME,
  PROP_REMOTE_DISPLAY_NAME,
  PROP_REMOTE_DISPLAY_NUMBER,
  PROP_CUSTOM_PARAMETERS,
  PROP_MEDIA_OPTIONS,
  PROP_ENGINE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

KandyClient *
kandy_call_get_client (KandyCall *self)
{
  return self->calls ? kandy_calls_get_client (self->calls) : NULL;
}

void
kandy_call_log (KandyCall *self, KandyLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (!self->calls)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  kandy_calls_log (self->calls, level, self->id, "%s", message);
}

KandyCall *
kandy_call_new (KandyCalls *calls, KandyCallDirection direction,
    const char *from, const char *to)
{
  KandyCall *self = g_object_new (KANDY_TYPE_CALL, NULL);

  g_set_weak_pointer (&self->calls, calls);
  self->direction = direction;
  self->from = g_strdup (from ? from : "");
  self->to = g_strdup (to ? to : "");
  return self;
}

void
kandy_call_set_session_id (KandyCall *self, const char *session_id)
{
  g_free (self->session_id);
  self->session_id = g_strdup (session_id);
}

void
kandy_call_set_state (KandyCall *self, KandyCallState state)
{
  if (self->state == state)
    return;
  kandy_call_debug (self, "%s, was %s", kandy_call_state_to_string (state),
      kandy_call_state_to_string (self->state));
  self->state = state;
  kandy_call_queue_notify (self, "state");
}

/* Connected and On Hold follow from who holds (protocol calls 3.1) */
void
kandy_call_set_hold (KandyCall *self, gboolean local, gboolean remote)
{
  if (self->local_hold != local) {
    self->local_hold = local;
    kandy_call_queue_notify (self, "local-hold");
  }
  if (self->remote_hold != remote) {
    self->remote_hold = remote;
    kandy_call_queue_notify (self, "remote-hold");
  }
  kandy_call_set_state (self,
      local || remote ? KANDY_CALL_STATE_ON_HOLD : KANDY_CALL_STATE_CONNECTED);
}

void
kandy_call_set_start_time (KandyCall *self)
{
  self->start_time = now_ms ();
  kandy_call_queue_notify (self, "start-time");
}

void
kandy_call_set_options (KandyCall *self, KandyMediaOptions *options)
{
  if (options && g_set_object (&self->options, options))
    kandy_call_queue_notify (self, "media-options");
}

void
kandy_call_set_remote (KandyCall *self, const char *name, const char *number)
{
  g_free (self->remote_name);
  g_free (self->remote_number);
  self->remote_name = g_strdup (name);
  self->remote_number = g_strdup (number);
}

/* What waits for anything, but for requests: those answer by themselves */
static void
stop (KandyCall *self)
{
  self->over = TRUE;
  kandy_clear_source (&self->start_source);
  self->when_servers_known = NULL;
  kandy_call_stop_audit (self);
  kandy_call_clear_queue (self);
  kandy_call_clear_negotiation (self);
  kandy_call_clear_media (self);
  kandy_call_clear_transfer (self);
}

/* Nothing but the end of the call happens from now on */
void
kandy_call_stop (KandyCall *self)
{
  g_autoptr (GError) interrupted = NULL;
  g_autoptr (GError) cut_off = NULL;

  if (self->over)
    return;
  stop (self);
  kandy_call_close_media (self);
  if (self->dtmf->len > 0) {
    cut_off = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The call ended before all DTMF tones were sent.");
    kandy_call_stop_dtmf (self, cut_off);
  }
  if (self->task) {
    interrupted = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "The call ended before the operation %s was done.",
        kandy_operation_to_string (self->local_op.type));
    kandy_call_queue_answer (
        self, g_steal_pointer (&self->task), g_steal_pointer (&interrupted));
  }
}

void
kandy_call_terminate (KandyCall *self, KandyCallState state, gboolean set_times,
    const GError *error)
{
  kandy_call_stop (self);
  self->local_op = (KandyOperationInfo){ KANDY_OPERATION_NONE, FALSE };
  self->remote_op = (KandyOperationInfo){ KANDY_OPERATION_NONE, FALSE };
  self->ending = KANDY_OPERATION_NONE;
  if (error && !self->error)
    self->error = g_error_copy (error);
  if (set_times) {
    self->end_time = now_ms ();
    kandy_call_queue_notify (self, "end-time");
    if (!self->start_time) {
      self->start_time = self->end_time;
      kandy_call_queue_notify (self, "start-time");
    }
  }
  kandy_call_set_media_state (self, KANDY_MEDIA_CONNECTION_STATE_CLOSED, FALSE);
  kandy_call_set_state (self, state);
  kandy_call_add_timing (self, "ended");
  g_clear_pointer (&self->answer_sdp, g_free);
  /* The call stays in the list; what it was made of need not */
  if (self->engine) {
    g_clear_object (&self->engine);
    kandy_call_queue_notify (self, "engine");
  }
  if (self->calls)
    kandy_calls_call_over (self->calls, self);
}

gboolean
kandy_call_is_over (KandyCall *self)
{
  return self->state == KANDY_CALL_STATE_ENDED
      || self->state == KANDY_CALL_STATE_CANCELLED;
}

void
kandy_call_shutdown (KandyCall *self, const GError *error)
{
  if (!kandy_call_is_over (self)) {
    stop (self);
    if (self->task)
      kandy_call_queue_answer (
          self, g_steal_pointer (&self->task), g_error_copy (error));
    if (self->end_task)
      kandy_call_queue_answer (
          self, g_steal_pointer (&self->end_task), g_error_copy (error));
    kandy_call_stop_dtmf (self, error);
    kandy_call_close_media (self);
    kandy_call_terminate (self, KANDY_CALL_STATE_ENDED, FALSE, error);
  }
  g_clear_weak_pointer (&self->calls);
  kandy_call_flush (self);
}

static void
kandy_call_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyCall *self = KANDY_CALL (object);

  switch (prop_id) {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_FROM:
      g_value_set_string (value, self->from);
      break;
    case PROP_TO:
      g_value_set_string (value, self->to);
      break;
    case PROP_DIRECTION:
      g_value_set_enum (value, self->direction);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_MEDIA_CONNECTION_STATE:
      g_value_set_enum (value, self->media_state);
      break;
    case PROP_LOCAL_HOLD:
      g_value_set_boolean (value, self->local_hold);
      break;
    case PROP_REMOTE_HOLD:
      g_value_set_boolean (value, self->remote_hold);
      break;
    case PROP_START_TIME:
      g_value_set_int64 (value, self->start_time);
      break;
    case PROP_END_TIME:
      g_value_set_int64 (value, self->end_time);
      break;
    case PROP_REMOTE_DISPLAY_NAME:
      g_value_set_string (value, self->remote_name);
      break;
    case PROP_REMOTE_DISPLAY_NUMBER:
      g_value_set_string (value, self->remote_number);
      break;
    case PROP_CUSTOM_PARAMETERS:
      g_value_set_variant (value, self->custom_parameters);
      break;
    case PROP_MEDIA_OPTIONS:
      g_value_set_object (value, self->options);
      break;
    case PROP_ENGINE:
      g_value_set_object (value, self->engine);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_call_dispose (GObject *object)
{
  KandyCall *self = KANDY_CALL (object);

  if (!self->over) {
    stop (self);
    kandy_call_close_media (self);
  }
  g_clear_weak_pointer (&self->calls);
  kandy_call_flush (self);

  G_OBJECT_CLASS (kandy_call_parent_class)->dispose (object);
}

static void
kandy_call_finalize (GObject *object)
{
  KandyCall *self = KANDY_CALL (object);

  g_clear_object (&self->engine);
  g_clear_object (&self->options);
  kandy_call_clear_media (self);
  g_ptr_array_unref (self->local_tracks);
  g_ptr_array_unref (self->remote_tracks);
  g_ptr_array_unref (self->timings);
  g_ptr_array_unref (self->dtmf);
  g_clear_pointer (&self->media_offered, g_variant_unref);
  g_clear_error (&self->error);
  g_free (self->id);
  g_free (self->from);
  g_free (self->to);
  g_free (self->remote_name);
  g_free (self->remote_number);
  g_clear_pointer (&self->custom_parameters, g_variant_unref);
  g_free (self->session_id);
  g_free (self->answer_sdp);
  g_clear_pointer (&self->current, kandy_call_notification_free);

  G_OBJECT_CLASS (kandy_call_parent_class)->finalize (object);
}

static void
kandy_call_class_init (KandyCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = kandy_call_get_property;
  object_class->dispose = kandy_call_dispose;
  object_class->finalize = kandy_call_finalize;

  /**
   * KandyCall:id:
   *
   * Name of the call, a random UUID; it is not the platform's. API document:
   * `CallObject.id`.
   */
  props[PROP_ID] =
      g_param_spec_string ("id", "ID", "Name of the call", NULL, flags);
  /**
   * KandyCall:from:
   *
   * Who made the call. API document: `CallObject.from`.
   */
  props[PROP_FROM] =
      g_param_spec_string ("from", "From", "Who made the call", NULL, flags);
  /**
   * KandyCall:to:
   *
   * Who is called. API document: `CallObject.to`.
   */
  props[PROP_TO] =
      g_param_spec_string ("to", "To", "Who is called", NULL, flags);
  /**
   * KandyCall:direction:
   *
   * Whether the call was made here. API document: `CallObject.direction`.
   */
  props[PROP_DIRECTION] = g_param_spec_enum ("direction", "Direction",
      "Whether the call was made here", KANDY_TYPE_CALL_DIRECTION,
      KANDY_CALL_DIRECTION_OUTGOING, flags);
  /**
   * KandyCall:state:
   *
   * Where the call stands. Its notification comes before the events of the
   * change. API document: `CallObject.state`.
   */
  props[PROP_STATE] =
      g_param_spec_enum ("state", "State", "Where the call stands",
          KANDY_TYPE_CALL_STATE, KANDY_CALL_STATE_INITIATING, flags);
  /**
   * KandyCall:media-connection-state:
   *
   * State of the media path. When it has been disconnected for 10 seconds it
   * is failed. API document: `CallObject.mediaConnectionState`.
   */
  props[PROP_MEDIA_CONNECTION_STATE] =
      g_param_spec_enum ("media-connection-state", "Media connection state",
          "State of the media path", KANDY_TYPE_MEDIA_CONNECTION_STATE,
          KANDY_MEDIA_CONNECTION_STATE_NEW, flags);
  /**
   * KandyCall:local-hold:
   *
   * Whether this end holds the call. API document: `CallObject.localHold`.
   */
  props[PROP_LOCAL_HOLD] = g_param_spec_boolean ("local-hold", "Local hold",
      "Whether this end holds the call", FALSE, flags);
  /**
   * KandyCall:remote-hold:
   *
   * Whether the far end holds the call. API document:
   * `CallObject.remoteHold`.
   */
  props[PROP_REMOTE_HOLD] = g_param_spec_boolean ("remote-hold", "Remote hold",
      "Whether the far end holds the call", FALSE, flags);
  /**
   * KandyCall:start-time:
   *
   * When the call was connected, in milliseconds since the epoch; 0 before. A
   * call that ends without it has its end time here. API document:
   * `CallObject.startTime`.
   */
  props[PROP_START_TIME] = g_param_spec_int64 ("start-time", "Start time",
      "When the call was connected, in ms since the epoch", 0, G_MAXINT64, 0,
      flags);
  /**
   * KandyCall:end-time:
   *
   * When the call ended, in milliseconds since the epoch; 0 before. API
   * document: `CallObject.endTime`.
   */
  props[PROP_END_TIME] = g_param_spec_int64 ("end-time", "End time",
      "When the call ended, in ms since the epoch", 0, G_MAXINT64, 0, flags);
  /**
   * KandyCall:remote-display-name:
   *
   * How the far end wants to be called. API document:
   * `CallObject.remoteParticipant.displayName`.
   */
  props[PROP_REMOTE_DISPLAY_NAME] = g_param_spec_string ("remote-display-name",
      "Remote display name", "How the far end wants to be called", NULL, flags);
  /**
   * KandyCall:remote-display-number:
   *
   * The far end's address. API document:
   * `CallObject.remoteParticipant.displayNumber`.
   */
  props[PROP_REMOTE_DISPLAY_NUMBER] =
      g_param_spec_string ("remote-display-number", "Remote display number",
          "The far end's address", NULL, flags);
  /**
   * KandyCall:custom-parameters:
   *
   * Names and values that the caller has sent along, if the platform passes
   * them on; those of an outgoing call are in
   * #KandyMediaOptions:custom-parameters. Beyond the API document.
   */
  props[PROP_CUSTOM_PARAMETERS] = g_param_spec_variant ("custom-parameters",
      "Custom parameters", "Names and values that the caller has sent along",
      G_VARIANT_TYPE ("a{ss}"), NULL, flags);
  /**
   * KandyCall:media-options:
   *
   * What the call was made or answered with.
   */
  props[PROP_MEDIA_OPTIONS] = g_param_spec_object ("media-options",
      "Media options", "What the call was made or answered with",
      KANDY_TYPE_MEDIA_OPTIONS, flags);
  /**
   * KandyCall:engine:
   *
   * What carries the call's media; %NULL before the first negotiation and when
   * the call is over.
   */
  props[PROP_ENGINE] = g_param_spec_object ("engine", "Engine",
      "What carries the call's media", KANDY_TYPE_MEDIA_ENGINE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyCall::operation:
   * @self: the call
   * @operation: name of the operation, as in `HOLD`
   * @transition: `START`, `UPDATE` or `FINISH`
   * @is_local: whether this end asked for it
   * @previous: (nullable): an `a{sv}` with the strings `operation` and `status`
   *   (`ONGOING` or `PENDING`) as they were before; %NULL if there was none
   * @error: (nullable): why it failed
   *
   * An operation starts, has reached the platform, or has ended (API document:
   * `call:operation`).
   */
  /**
   * KandyCall::state-changed:
   * @self: the call
   * @previous: an `a{sv}` with the former `state` (string), `localHold` and
   *   `remoteHold` (boolean)
   * @transition: (nullable): for a change that the platform reports, an `a{sv}`
   *   with the string `prevState` and, as far as known, the integer
   *   `statusCode` and the string `reasonText`
   * @error: (nullable): what went wrong
   *
   * #KandyCall:state or who holds the call has changed, or an operation that
   * was to change it failed (API document: `call:stateChange`).
   */
  /**
   * KandyCall::new-track:
   * @self: the call
   * @track_id: the track's #KandyTrack:id
   * @local: whether it is sent from here
   * @media_id: its stream, empty if it is in none
   *
   * A track is there (API document: `call:newTrack`).
   */
  /**
   * KandyCall::track-ended:
   * @self: the call
   * @track_id: the track's #KandyTrack:id
   * @local: whether it was sent from here
   * @media_id: its stream, empty if it was in none
   *
   * A track is gone (API document: `call:trackEnded`).
   */
  /**
   * KandyCall::new-media:
   * @self: the call
   * @local: always %TRUE: what the far end adds is told by
   *   #KandyCall::new-track
   * @tracks: an `as` with the ids of the new tracks
   * @media_id: (nullable): their stream
   * @error: (nullable): why there are none
   *
   * Media were added, or were not (API document: `call:newMedia`).
   */
  /**
   * KandyCall::removed-media:
   * @self: the call
   * @local: always %TRUE, as in #KandyCall::new-media
   * @tracks: an `as` with the ids of the removed tracks
   * @error: (nullable): why the far end was not told
   *
   * Media were removed, or were not (API document: `call:removedMedia`).
   */
  /**
   * KandyCall::track-replaced:
   * @self: the call
   * @new_track_id: (nullable): the #KandyTrack:id of what is sent now
   * @old_track: (nullable): kandy_track_to_variant() of what was sent before
   * @error: (nullable): why it still is
   *
   * Another source is sent, or is not (API document: `call:trackReplaced`).
   */
  /**
   * KandyCall::media-connection-changed:
   * @self: the call
   * @previous: an `a{sv}` with the former state, the string `state`
   *
   * #KandyCall:media-connection-state has changed (API document:
   * `call:mediaConnectionChange`).
   */
  /**
   * KandyCall::media-restart:
   * @self: the call
   * @error: (nullable): why it failed
   *
   * The media were negotiated anew, or were not (API document:
   * `call:mediaRestart`).
   */
  /**
   * KandyCall::stats-received:
   * @self: the call
   * @track_id: (nullable): the track that was asked for, %NULL for the call
   * @result: (nullable): the report of kandy_call_get_stats_finish()
   * @error: (nullable): why there is none
   *
   * kandy_call_get_stats_async() has its answer (API document:
   * `call:statsReceived`).
   */
  /**
   * KandyCall::dtmf-received:
   * @self: the call
   * @tone: `0` to `9`, `*`, `#` or `A` to `D`
   * @in_band: whether it was found in the sound, else it came as an event of
   *   its own (RFC 4733)
   *
   * The far end has sent a DTMF tone; the event is `call:dtmfReceived`, which
   * the API document does not have.
   */
  kandy_events_install (object_class);
}

static void
kandy_call_init (KandyCall *self)
{
  self->id = g_uuid_string_random ();
  self->local_tracks = g_ptr_array_new_with_free_func (g_object_unref);
  self->remote_tracks = g_ptr_array_new_with_free_func (g_object_unref);
  self->timings = g_ptr_array_new_with_free_func (kandy_call_timing_free);
  self->dtmf = g_ptr_array_new ();
  self->born = g_get_monotonic_time ();
  g_queue_init (&self->steps);
  g_queue_init (&self->outbox);
}

/**
 * kandy_call_state_to_string:
 * @state: a call's state
 *
 * API document: `call.states`.
 *
 * Returns: the document's name of @state, as in `On Hold`
 */
const char *
kandy_call_state_to_string (KandyCallState state)
{
  switch (state) {
    case KANDY_CALL_STATE_EARLY_MEDIA:
      return "Early Media";
    case KANDY_CALL_STATE_ON_HOLD:
      return "On Hold";
    default:
      return kandy_enum_nick (KANDY_TYPE_CALL_STATE, state);
  }
}

/**
 * kandy_call_get_id:
 * @self: a call
 *
 * Returns: the call's name
 */
const char *
kandy_call_get_id (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->id;
}

/**
 * kandy_call_get_from:
 * @self: a call
 *
 * Returns: who made the call
 */
const char *
kandy_call_get_from (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->from;
}

/**
 * kandy_call_get_to:
 * @self: a call
 *
 * Returns: who is called
 */
const char *
kandy_call_get_to (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->to;
}

/**
 * kandy_call_get_direction:
 * @self: a call
 *
 * Returns: whether the call was made here
 */
KandyCallDirection
kandy_call_get_direction (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), KANDY_CALL_DIRECTION_OUTGOING);

  return self->direction;
}

/**
 * kandy_call_get_state:
 * @self: a call
 *
 * Returns: where the call stands
 */
KandyCallState
kandy_call_get_state (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), KANDY_CALL_STATE_ENDED);

  return self->state;
}

/**
 * kandy_call_get_media_connection_state:
 * @self: a call
 *
 * Returns: the state of the media path
 */
KandyMediaConnectionState
kandy_call_get_media_connection_state (KandyCall *self)
{
  g_return_val_if_fail (
      KANDY_IS_CALL (self), KANDY_MEDIA_CONNECTION_STATE_CLOSED);

  return self->media_state;
}

/**
 * kandy_call_get_local_hold:
 * @self: a call
 *
 * Returns: whether this end holds
 */
gboolean
kandy_call_get_local_hold (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), FALSE);

  return self->local_hold;
}

/**
 * kandy_call_get_remote_hold:
 * @self: a call
 *
 * Returns: whether the far end holds
 */
gboolean
kandy_call_get_remote_hold (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), FALSE);

  return self->remote_hold;
}

/**
 * kandy_call_get_start_time:
 * @self: a call
 *
 * Returns: when the call was connected, in milliseconds since the epoch; 0 if
 * not set
 */
gint64
kandy_call_get_start_time (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), 0);

  return self->start_time;
}

/**
 * kandy_call_get_end_time:
 * @self: a call
 *
 * Returns: when the call ended, in milliseconds since the epoch; 0 if not set
 */
gint64
kandy_call_get_end_time (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), 0);

  return self->end_time;
}

/**
 * kandy_call_get_remote_display_name:
 * @self: a call
 *
 * Returns: (nullable): how the far end wants to be called
 */
const char *
kandy_call_get_remote_display_name (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->remote_name;
}

/**
 * kandy_call_get_remote_display_number:
 * @self: a call
 *
 * Returns: (nullable): the far end's address
 */
const char *
kandy_call_get_remote_display_number (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->remote_number;
}

/**
 * kandy_call_get_custom_parameters:
 * @self: a call
 *
 * Returns: (nullable) (transfer none): what the caller of an incoming call has
 *   sent along, an `a{ss}`, or %NULL
 */
GVariant *
kandy_call_get_custom_parameters (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->custom_parameters;
}

/**
 * kandy_call_get_error:
 * @self: a call
 *
 * Returns: (transfer none) (nullable): why the call ended, if that was an
 * error
 */
const GError *
kandy_call_get_error (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->error;
}

/**
 * kandy_call_get_engine:
 * @self: a call
 *
 * Returns: (transfer none) (nullable): what carries the call's media
 */
KandyMediaEngine *
kandy_call_get_engine (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->engine;
}

/**
 * kandy_call_get_media_options:
 * @self: a call
 *
 * Returns: (transfer none) (nullable): what the call was made or answered with
 */
KandyMediaOptions *
kandy_call_get_media_options (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return self->options;
}

/**
 * kandy_call_operation_finish:
 * @self: a call
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Tells how an operation of the call went; it is the same function for all.
 *
 * Returns: %TRUE if it was done, %FALSE with @error set if not. Errors:
 *     %KANDY_ERROR_INVALID_STATE (`call:6`) if the call's state does not allow
 *     the operation, another one is ongoing or the call ended meanwhile;
 *     %KANDY_ERROR_MEDIA for the media; %KANDY_ERROR_REFUSED and the other
 *     network errors with the platform's own code; %G_IO_ERROR_CANCELLED if
 *     the wait was cancelled; %KANDY_ERROR_DESTROYED
 */
gboolean
kandy_call_operation_finish (
    KandyCall *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
