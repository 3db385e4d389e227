/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-config.h"
#include "kandy-error.h"
#include "kandy-json.h"

/*
 * Asks the platform now and then whether it still knows the call (protocol
 * calls 6.5), at once when the call is connected. Before that the first one is
 * due after an interval, so that a call does not ring for ever if its end got
 * lost.
 */

#define TIMEOUT_MS 4000
#define INTERVAL_MIN_MS 10000
#define RETRY_MAX_MS 5000
#define RETRY_SHARE 0.45
#define RETRY_AFTER_TIMEOUT_MS 1000

static void send_audit (KandyCall *self);

static double
get_interval (KandyCall *self)
{
  return kandy_config_get_number (
      kandy_client_get_config (kandy_call_get_client (self)),
      "call.callAuditTimer");
}

static gboolean
on_due (gpointer user_data)
{
  KandyCall *self = user_data;

  kandy_clear_source (&self->audit_timer);
  send_audit (self);
  return G_SOURCE_REMOVE;
}

static void
schedule (KandyCall *self, guint delay)
{
  kandy_clear_source (&self->audit_timer);
  self->audit_timer =
      kandy_calls_add_timeout (self->calls, delay, on_due, self);
}

static void
on_audited (KandyCall *self, JsonObject *reply, const GError *error)
{
  gint64 elapsed = (g_get_monotonic_time () - self->audit_sent) / 1000;
  KandyAuditResult result = KANDY_AUDIT_ALIVE;
  JsonObject *status =
      reply ? kandy_json_get_object (reply, "wrtcsSessionStatus") : NULL;

  self->audit_in_flight = FALSE;
  if (self->over)
    return;
  if ((error && kandy_error_get_http_status (error) == 404)
      || (status
          && g_strcmp0 (kandy_json_get_string (status, "status"), "Closed")
              == 0)) {
    kandy_call_lost (self);
    return;
  }
  if (error) {
    result = g_error_matches (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT)
        ? KANDY_AUDIT_TIMED_OUT
        : KANDY_AUDIT_FAILED;
    kandy_call_debug (self, "audit failed: %s", error->message);
  }
  schedule (
      self, kandy_call_audit_delay (result, get_interval (self), elapsed));
}

static void
send_audit (KandyCall *self)
{
  if (self->audit_in_flight)
    return;
  self->audit_in_flight = TRUE;
  self->audit_sent = g_get_monotonic_time ();
  kandy_call_request_status (self, "Connected", TIMEOUT_MS, on_audited);
}

/* How long until the next audit: @interval is the configuration's
 * callAuditTimer, @elapsed the time since the last audit was sent, all in ms */
guint
kandy_call_audit_delay (
    KandyAuditResult result, double interval, gint64 elapsed)
{
  double delay;

  if (result == KANDY_AUDIT_TIMED_OUT)
    return RETRY_AFTER_TIMEOUT_MS;
  if (result == KANDY_AUDIT_FAILED)
    delay = MIN (RETRY_MAX_MS, RETRY_SHARE * interval);
  else
    delay = MAX (INTERVAL_MIN_MS, interval);
  return (guint) CLAMP (delay - elapsed, 0, G_MAXINT);
}

void
kandy_call_start_audit (KandyCall *self, gboolean at_once)
{
  if (at_once) {
    kandy_clear_source (&self->audit_timer);
    send_audit (self);
  } else {
    schedule (self,
        kandy_call_audit_delay (KANDY_AUDIT_ALIVE, get_interval (self), 0));
  }
}

void
kandy_call_stop_audit (KandyCall *self)
{
  kandy_clear_source (&self->audit_timer);
}
