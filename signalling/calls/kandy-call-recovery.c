/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-config.h"
#include "kandy-connection-private.h"
#include "kandy-error.h"

/*
 * A call that has lost its media path restarts it by itself (protocol calls
 * 4.11), until media flow again or a minute has passed. The operation is that
 * of kandy_call_restart_media_async(), with its events.
 *
 * Both ends see most losses, and two offers at once are refused: so the end
 * whose DTLS role is passive lets the other go first. It does not if its engine
 * says that the path ended here: of that only it knows.
 *
 * Nothing is offered while there is no websocket for the answer. And whatever
 * was given up begins anew when the websocket is back, or the engine finds
 * another loss.
 *
 * Beside it, a call makes the offers that its engine needs for what is agreed
 * (operation RENEGOTIATE).
 */

/* From the loss until it is given up */
#define LIMIT_MS 60000
/* A path that is to be found is found in this time after the descriptions */
#define CONNECT_MS 10000
/* The first of the times between attempts that fail, and the longest */
#define RETRY_MS 1000
#define RETRY_MAX_MS 8000
/* Who hangs up closes the media path, too, and that may be seen first */
#define GOOD_BYE_MS 250
/* For as long at most the passive end waits by itself: the other one, if it
 * sees the loss too, sees it at the same time. It may be that only one way is
 * gone (a NAT has forgotten where to send to), and then it sees nothing */
#define PASSIVE_MS 1000
/* Between looks at an operation that has to be over first */
#define BUSY_MS 250
/* Who is to come second after two offers at once (RFC 3261 14.1) */
#define GLARE_CALLER_MIN_MS 2100
#define GLARE_CALLER_MAX_MS 4000
#define GLARE_CALLEE_MAX_MS 2000
/* After the first one */
#define OFFER_ATTEMPTS 3

static gboolean attempt (gpointer user_data);

static KandyConnection *
get_connection (KandyCall *self)
{
  return kandy_client_get_connection (kandy_call_get_client (self));
}

static void
arm (KandyCall *self, guint ms)
{
  kandy_clear_source (&self->recovery_timer);
  self->recovery_timer =
      kandy_calls_add_timeout (self->calls, ms, attempt, self);
}

static gboolean
is_lost (KandyCall *self)
{
  return self->media_state == KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED
      || self->media_state == KANDY_MEDIA_CONNECTION_STATE_FAILED;
}

/* @error: (nullable): if no event has told of it yet */
static void
give_up (KandyCall *self, const GError *error)
{
  self->recovering = FALSE;
  kandy_clear_source (&self->recovery_timer);
  kandy_clear_source (&self->recovery_limit);
  kandy_call_warn (self, "the media path is not restored");
  if (error)
    kandy_call_queue_media_restart (self, error);
  kandy_call_set_media_state (self, KANDY_MEDIA_CONNECTION_STATE_FAILED, TRUE);
}

static void
give_up_without_websocket (KandyCall *self)
{
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_NETWORK,
      "subscription:1", 0,
      "The media path is lost, and there is no connection to the platform to "
      "restore it.");

  give_up (self, error);
}

static void
give_up_without_path (KandyCall *self)
{
  g_autoptr (GError) error = kandy_error_new (
      KANDY_ERROR_TIMEOUT, "call:2", 0, "No other media path was found.");

  give_up (self, error);
}

/* What goes on is not cut off: its end is the end of the recovery */
static gboolean
on_limit (gpointer user_data)
{
  KandyCall *self = user_data;

  kandy_clear_source (&self->recovery_limit);
  if (self->local_op.type == KANDY_OPERATION_MEDIA_RESTART)
    return G_SOURCE_REMOVE;
  if (!kandy_connection_is_connected (get_connection (self)))
    give_up_without_websocket (self);
  else
    give_up_without_path (self);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

static void begin (KandyCall *self, guint delay);

static void
on_websocket (KandyConnection *connection, GParamSpec *pspec, KandyCall *self)
{
  if (!kandy_connection_is_connected (connection))
    return;
  if (!self->recovering && is_lost (self))
    begin (self, 0);
  else if (self->recovering && !self->recovery_timer)
    arm (self, 0);
  kandy_call_flush (self);
}

static void
on_websocket_lost (
    KandyConnection *connection, const char *reason, KandyCall *self)
{
  if (!self->recovering)
    return;
  /* A restart that waits for it fails by itself, with the same event */
  if (self->local_op.type != KANDY_OPERATION_MEDIA_RESTART)
    give_up_without_websocket (self);
  kandy_call_flush (self);
}

/* Until media flow, or the call is over */
static void
watch_websocket (KandyCall *self)
{
  if (self->recovery_connection)
    return;
  self->recovery_connection = g_object_ref (get_connection (self));
  g_signal_connect (self->recovery_connection, "notify::connected",
      G_CALLBACK (on_websocket), self);
  g_signal_connect (
      self->recovery_connection, "lost", G_CALLBACK (on_websocket_lost), self);
}

static void
unwatch_websocket (KandyCall *self)
{
  if (!self->recovery_connection)
    return;
  g_signal_handlers_disconnect_by_func (
      self->recovery_connection, on_websocket, self);
  g_signal_handlers_disconnect_by_func (
      self->recovery_connection, on_websocket_lost, self);
  g_clear_object (&self->recovery_connection);
}

static gboolean
is_busy (KandyCall *self)
{
  return self->local_op.type != KANDY_OPERATION_NONE
      || self->remote_op.type != KANDY_OPERATION_NONE
      || self->ending != KANDY_OPERATION_NONE || self->awaiting_answer;
}

/* --- the offer that the engine needs ------------------------------------ */

static gboolean
renegotiate (gpointer user_data)
{
  KandyCall *self = g_object_ref (user_data);
  g_autoptr (GError) wrong = kandy_call_check_connected (self);

  kandy_clear_source (&self->offer_timer);
  if (!self->over && (wrong || is_busy (self))) {
    self->offer_timer =
        kandy_calls_add_timeout (self->calls, BUSY_MS, renegotiate, self);
  } else if (!self->over
      && kandy_call_begin (self, KANDY_OPERATION_RENEGOTIATE, NULL, NULL)) {
    self->offer_attempts++;
    kandy_call_reoffer (self);
  }
  kandy_call_flush (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

/* At once for the first time. After that it has been refused, by two offers at
 * once for example, and what is agreed has to do if it stays so. */
void
kandy_call_offer_needed (KandyCall *self)
{
  guint delay = 0;

  if (self->over || !self->calls || self->offer_timer
      || self->offer_attempts > OFFER_ATTEMPTS)
    return;
  if (self->offer_attempts > 0)
    delay = self->direction == KANDY_CALL_DIRECTION_OUTGOING
        ? g_random_int_range (GLARE_CALLER_MIN_MS, GLARE_CALLER_MAX_MS)
        : g_random_int_range (0, GLARE_CALLEE_MAX_MS);
  self->offer_timer =
      kandy_calls_add_timeout (self->calls, delay, renegotiate, self);
}

/* --- recovery ------------------------------------------------------------- */

static gboolean
attempt (gpointer user_data)
{
  KandyCall *self = g_object_ref (user_data);

  kandy_clear_source (&self->recovery_timer);
  if (!self->recovery_limit) {
    give_up_without_path (self);
  } else if (is_busy (self)) {
    arm (self, BUSY_MS);
  } else if (kandy_connection_is_connected (get_connection (self))) {
    self->recovery_attempts++;
    kandy_call_debug (
        self, "media restart by itself, attempt %u", self->recovery_attempts);
    if (kandy_call_begin (self, KANDY_OPERATION_MEDIA_RESTART, NULL, NULL)) {
      self->recovery_restart = TRUE;
      kandy_call_reoffer (self);
    }
  }
  /* else: on_websocket() goes on */
  kandy_call_flush (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static void
begin (KandyCall *self, guint delay)
{
  self->recovering = TRUE;
  self->recovery_attempts = 0;
  self->recovery_limit =
      kandy_calls_add_timeout (self->calls, LIMIT_MS, on_limit, self);
  watch_websocket (self);
  arm (self, delay);
}

/* Before the first attempt */
static guint
get_first_delay (KandyCall *self)
{
  return CLAMP (kandy_call_get_retry_delay (self), GOOD_BYE_MS, PASSIVE_MS);
}

static gboolean
may_recover (KandyCall *self)
{
  g_autoptr (GError) error = kandy_call_check_connected (self);

  return !error && !self->over && self->calls
      && kandy_config_get_boolean (
          kandy_client_get_config (kandy_call_get_client (self)),
          "call.mediaRecovery");
}

guint
kandy_call_get_retry_delay (KandyCall *self)
{
  double delay;

  if (!self->dtls_passive)
    return 0;
  delay = kandy_config_get_number (
      kandy_client_get_config (kandy_call_get_client (self)),
      "call.mediaConnectionRetryDelay");
  return (guint) CLAMP (delay, 0, G_MAXINT);
}

void
kandy_call_clear_recovery (KandyCall *self)
{
  self->recovering = FALSE;
  kandy_clear_source (&self->recovery_timer);
  kandy_clear_source (&self->recovery_limit);
  unwatch_websocket (self);
}

void
kandy_call_recover (KandyCall *self)
{
  if (is_lost (self)) {
    if (!self->recovering && may_recover (self))
      begin (self, get_first_delay (self));
  } else if (self->media_state != KANDY_MEDIA_CONNECTION_STATE_CHECKING) {
    if (self->recovering)
      kandy_call_debug (self, "the media path is restored");
    kandy_call_clear_recovery (self);
  }
}

void
kandy_call_path_lost (KandyCall *self)
{
  if (!may_recover (self))
    return;
  /* The websocket went the same way */
  kandy_connection_check_address (get_connection (self));
  if (self->over)
    return;
  if (!self->recovering)
    begin (self, 0);
  else if (self->local_op.type != KANDY_OPERATION_MEDIA_RESTART)
    arm (self, 0);
}

static guint
delay_after (KandyCall *self, const GError *error)
{
  const char *code = kandy_error_get_platform_code (error);
  guint status = kandy_error_get_http_status (error);
  guint doublings = MIN (MAX (self->recovery_attempts, 1) - 1, 10);

  /* "call:8": the far end's offer came in place of an answer */
  if (status == 409 || status == 491 || g_strcmp0 (code, "call:8") == 0)
    return self->direction == KANDY_CALL_DIRECTION_OUTGOING
        ? g_random_int_range (GLARE_CALLER_MIN_MS, GLARE_CALLER_MAX_MS)
        : g_random_int_range (0, GLARE_CALLEE_MAX_MS);
  return MIN (RETRY_MS << doublings, RETRY_MAX_MS);
}

void
kandy_call_restarted (KandyCall *self, const GError *error)
{
  self->recovery_restart = FALSE;
  if (!self->recovering || self->over)
    return;
  if (!error)
    arm (self, CONNECT_MS);
  else if (!self->recovery_limit)
    give_up (self, NULL);
  else
    arm (self, delay_after (self, error));
}

void
kandy_call_restarted_remotely (KandyCall *self)
{
  if (self->recovering && !self->over)
    arm (self, CONNECT_MS);
}
