/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-connectivity.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-json.h"

/* What is assumed of a server that pings before its first ping */
#define SERVER_PING_INTERVAL_MS 120000
/* What a server may ask for in its ping */
#define MIN_SERVER_INTERVAL_S 0.05
#define MAX_SERVER_INTERVAL_S 86400.0

enum {
  SIGNAL_LOST,
  N_SIGNALS,
};

typedef enum {
  OVERRIDE_NONE,
  OVERRIDE_ON,
  OVERRIDE_OFF,
} Override;

struct _KandyConnectivity {
  GObject parent_instance;

  KandyClient *client;       /* weak */
  KandyWebsocket *websocket; /* NULL while stopped */
  GSource *timer;

  /* as configured when the websocket opened */
  gboolean server_pings;
  gboolean keep_alive;
  guint max_missed;

  Override override;
  gboolean pinging;
  guint missed;
  guint server_interval; /* ms */
};

G_DEFINE_FINAL_TYPE (KandyConnectivity, kandy_connectivity, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

static void next_ping (KandyConnectivity *self);

static KandyConfig *
get_config (KandyConnectivity *self)
{
  return kandy_client_get_config (self->client);
}

static void
clear_timer (KandyConnectivity *self)
{
  if (self->timer) {
    g_source_destroy (self->timer);
    g_clear_pointer (&self->timer, g_source_unref);
  }
}

static void
set_timer (KandyConnectivity *self, guint ms, GSourceFunc func)
{
  clear_timer (self);
  self->timer = g_timeout_source_new (ms);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, kandy_client_get_context (self->client));
}

static void
lost (KandyConnectivity *self, const char *why)
{
  kandy_logger_log (kandy_client_get_logger (self->client),
      KANDY_LOG_LEVEL_WARN, "CONNECTIVITY", NULL, "The websocket is lost: %s",
      why);
  kandy_connectivity_stop (self);
  g_signal_emit (self, signals[SIGNAL_LOST], 0);
}

static gboolean
is_enabled (KandyConnectivity *self)
{
  if (self->override != OVERRIDE_NONE)
    return self->override == OVERRIDE_ON;
  return kandy_config_get_boolean (
      get_config (self), "connectivity.checkConnectivity");
}

static gboolean
interval_over (gpointer user_data)
{
  KandyConnectivity *self = user_data;

  if (self->pinging) {
    self->pinging = FALSE;
    if (is_enabled (self) && ++self->missed >= self->max_missed) {
      lost (self, "its pings are not answered");
      return G_SOURCE_REMOVE;
    }
  }
  next_ping (self);
  return G_SOURCE_REMOVE;
}

static gboolean
server_silent (gpointer user_data)
{
  lost (user_data, "the platform does not ping");
  return G_SOURCE_REMOVE;
}

static void
wait_for_server (KandyConnectivity *self)
{
  guint64 ms = (guint64) self->server_interval * MAX (self->max_missed, 1);

  set_timer (self, (guint) MIN (ms, G_MAXINT), server_silent);
}

/* Without checks, or with an interval of 0, nothing is sent until
 * kandy_connectivity_set_enabled() or the next websocket */
static void
next_ping (KandyConnectivity *self)
{
  double interval =
      kandy_config_get_number (get_config (self), "connectivity.pingInterval");
  g_autofree char *frame = NULL;
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];

  clear_timer (self);
  if (!is_enabled (self) || interval < 1)
    return;

  if (self->keep_alive) {
    frame = g_strdup ("{\"message_type\":\"ping\"}");
  } else {
    g_ascii_formatd (seconds, sizeof seconds, "%.3f", interval / 1000.0);
    while (seconds[strlen (seconds) - 1] == '0')
      seconds[strlen (seconds) - 1] = '\0';
    if (seconds[strlen (seconds) - 1] == '.')
      seconds[strlen (seconds) - 1] = '\0';
    frame = g_strdup_printf ("{\"connCheck\":{\"interval\":%s}}", seconds);
  }
  set_timer (self, (guint) MIN (interval, G_MAXINT), interval_over);
  self->pinging = !self->keep_alive;
  if (!kandy_websocket_send (self->websocket, frame))
    lost (self, "a ping cannot be sent");
}

static void
take_check (KandyConnectivity *self, JsonObject *check)
{
  double interval = kandy_json_get_double (check, "interval", 0);

  if (!kandy_websocket_send (self->websocket, "{\"connAck\":{}}")) {
    lost (self, "a ping cannot be answered");
    return;
  }
  if (!self->server_pings)
    return;
  if (interval > 0)
    self->server_interval =
        (guint) (CLAMP (interval, MIN_SERVER_INTERVAL_S, MAX_SERVER_INTERVAL_S)
            * 1000);
  wait_for_server (self);
}

static void
kandy_connectivity_dispose (GObject *object)
{
  KandyConnectivity *self = KANDY_CONNECTIVITY (object);

  kandy_connectivity_stop (self);
  g_clear_weak_pointer (&self->client);

  G_OBJECT_CLASS (kandy_connectivity_parent_class)->dispose (object);
}

static void
kandy_connectivity_class_init (KandyConnectivityClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = kandy_connectivity_dispose;

  signals[SIGNAL_LOST] = g_signal_new ("lost", KANDY_TYPE_CONNECTIVITY,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
kandy_connectivity_init (KandyConnectivity *self)
{
}

KandyConnectivity *
kandy_connectivity_new (KandyClient *client)
{
  KandyConnectivity *self = g_object_new (KANDY_TYPE_CONNECTIVITY, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_connectivity_start (KandyConnectivity *self, KandyWebsocket *websocket)
{
  KandyConfig *config = get_config (self);
  g_autofree char *method =
      kandy_config_get_string (config, "connectivity.method.type");
  g_autofree char *party =
      kandy_config_get_string (config, "connectivity.method.responsibleParty");

  kandy_connectivity_stop (self);
  self->websocket = g_object_ref (websocket);
  self->server_pings = g_strcmp0 (party, "server") == 0;
  self->keep_alive = g_strcmp0 (method, "keepAlive") == 0;
  self->max_missed =
      (guint) kandy_config_get_number (config, "connectivity.maxMissedPings");
  self->missed = 0;

  if (self->server_pings) {
    self->server_interval = SERVER_PING_INTERVAL_MS;
    wait_for_server (self);
  } else {
    next_ping (self);
  }
}

void
kandy_connectivity_stop (KandyConnectivity *self)
{
  clear_timer (self);
  self->pinging = FALSE;
  g_clear_object (&self->websocket);
}

gboolean
kandy_connectivity_take_frame (KandyConnectivity *self, JsonObject *frame)
{
  JsonObject *check = kandy_json_get_object (frame, "connCheck");

  if (!check && !kandy_json_get_object (frame, "connAck"))
    return FALSE;
  if (!self->websocket)
    return TRUE;
  if (check) {
    take_check (self, check);
  } else {
    self->pinging = FALSE;
    self->missed = 0;
  }
  return TRUE;
}

void
kandy_connectivity_set_enabled (KandyConnectivity *self, gboolean enabled)
{
  gboolean parked = self->websocket && !self->server_pings && !self->timer;

  self->override = enabled ? OVERRIDE_ON : OVERRIDE_OFF;
  if (enabled && parked) {
    self->missed = 0;
    next_ping (self);
  }
}

void
kandy_connectivity_forget_enabled (KandyConnectivity *self)
{
  self->override = OVERRIDE_NONE;
}

gboolean
kandy_connectivity_is_pinging (KandyConnectivity *self)
{
  return self->pinging;
}
