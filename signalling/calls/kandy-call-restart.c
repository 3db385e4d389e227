/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-connection.h"
#include "kandy-error.h"

/*
 * Media restart (protocol calls 4.11): an offer with new ICE credentials, made
 * once the platform can reach us with its answer. If both ends see the loss,
 * both will want to restart; the one whose DTLS role is passive lets the other
 * go first.
 */

#define WEBSOCKET_TIMEOUT_MS 60000

static KandyConnection *
get_connection (KandyCall *self)
{
  return kandy_client_get_connection (kandy_call_get_client (self));
}

static void
stop_waiting (KandyCall *self)
{
  kandy_clear_source (&self->restart_timer);
  if (self->connection) {
    g_signal_handlers_disconnect_by_data (self->connection, self);
    g_clear_object (&self->connection);
  }
}

static void
fail_restart (KandyCall *self)
{
  g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_NETWORK,
      "subscription:1", 0,
      "The media were not restarted: there is no connection for the answer.");

  stop_waiting (self);
  kandy_call_fail_reoffer (self, error);
  kandy_call_flush (self);
}

static gboolean
on_websocket_timeout (gpointer user_data)
{
  fail_restart (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_lost (KandyConnection *connection, const char *reason, KandyCall *self)
{
  fail_restart (self);
}

static void
on_connected (KandyConnection *connection, GParamSpec *pspec, KandyCall *self)
{
  if (!kandy_connection_is_connected (connection))
    return;
  stop_waiting (self);
  kandy_call_reoffer (self);
  kandy_call_flush (self);
}

static void
wait_for_websocket (KandyCall *self)
{
  KandyConnection *connection = get_connection (self);

  if (kandy_connection_is_connected (connection)) {
    kandy_call_reoffer (self);
    return;
  }
  self->connection = g_object_ref (connection);
  g_signal_connect (
      connection, "notify::connected", G_CALLBACK (on_connected), self);
  g_signal_connect (connection, "lost", G_CALLBACK (on_lost), self);
  self->restart_timer = kandy_calls_add_timeout (
      self->calls, WEBSOCKET_TIMEOUT_MS, on_websocket_timeout, self);
}

static gboolean
on_far_end_had_its_chance (gpointer user_data)
{
  KandyCall *self = user_data;

  kandy_clear_source (&self->restart_timer);
  wait_for_websocket (self);
  kandy_call_flush (self);
  return G_SOURCE_REMOVE;
}

void
kandy_call_clear_restart (KandyCall *self)
{
  stop_waiting (self);
}

/**
 * kandy_call_restart_media_async:
 * @self: a call
 * @cancellable: (nullable): ends the wait, not the operation
 * @callback: (scope async): called when a new path is being looked for, or not
 * @user_data: data for @callback
 *
 * Looks for a new path for the media of a connected call (API document:
 * `call.restartMedia`; operation MEDIA_RESTART, event `call:mediaRestart`).
 * It is what to do when #KandyCall:media-connection-state is failed, and that
 * property then tells whether a path was found.
 *
 * If the notifications' connection is down, it waits up to a minute for it,
 * then fails with `subscription:1`. The end whose DTLS role is passive first
 * waits for the configuration's `call.mediaConnectionRetryDelay`.
 *
 * A call does the same by itself when its media path is lost, see
 * #KandyConfig:media-recovery; a restart that is under way for this reason is
 * joined.
 *
 * Finish with kandy_call_operation_finish().
 */
void
kandy_call_restart_media_async (KandyCall *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  guint delay;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_restart_media_async, cancellable, callback, user_data);
  if (self->recovery_restart && !self->task
      && self->local_op.type == KANDY_OPERATION_MEDIA_RESTART) {
    /* What is asked for is under way */
    self->task = task;
  } else if (kandy_call_begin (self, KANDY_OPERATION_MEDIA_RESTART, task,
                 kandy_call_check_connected (self))) {
    delay = kandy_call_get_retry_delay (self);
    if (delay > 0)
      self->restart_timer = kandy_calls_add_timeout (
          self->calls, delay, on_far_end_had_its_chance, self);
    else
      wait_for_websocket (self);
  }
  kandy_call_flush (self);
}
