/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-call-notification.h"
#include "kandy-calls.h"
#include "kandy-notifications.h"

G_BEGIN_DECLS

/* What KandyCalls does for its calls, and its files for one another */

struct _KandyCalls {
  GObject parent_instance;

  KandyClient *client; /* weak: it owns this object */
  KandyNotifications *notifications;
  GArray *consumers;
  GPtrArray *calls;
  guint ended_limit;
  GHashTable *by_session; /* live calls, by the platform's name of them */

  KandyMediaEngineFactory factory;
  gpointer factory_data;
  GDestroyNotify factory_notify;

  GPtrArray *handlers; /* KandySdpHandler */
  double time_share;   /* 1 but in tests */

  /* kandy-calls-codecs.c */
  KandyCodecLister lister;
  gpointer lister_data;
  GDestroyNotify lister_notify;

  /* Notifications of a session that nobody knows yet, while a request to make
   * a call is under way */
  guint creates_in_flight;
  GQueue early;

  /* kandy-calls-servers.c */
  GPtrArray *servers;
  guint fetch; /* counts the fetches: only the latest one's reply is used */
  gboolean fetching;
  GSource *fetch_timer;
};

/* (transfer none) (element-type KandySdpHandler) */
GPtrArray *kandy_calls_get_handlers (KandyCalls *self);
KandyMediaEngine *kandy_calls_create_engine (KandyCalls *self, KandyCall *call,
    KandyMediaOptions *options);
void kandy_calls_create_started (KandyCalls *self);
/* @session_id: (nullable) if the request failed */
void kandy_calls_create_done (KandyCalls *self, KandyCall *call,
    const char *session_id);
void kandy_calls_call_over (KandyCalls *self, KandyCall *call);
/* (transfer full): on the client's context; for kandy_clear_source() */
GSource *kandy_calls_add_timeout (KandyCalls *self, guint ms, GSourceFunc func,
    gpointer user_data);
/* For tests: the times of calls, those of the configuration included, take
 * @share of what they should */
KANDY_API void kandy_calls_shorten_times (KandyCalls *self, double share);
/* (transfer full) (nullable): the address that @destination stands for */
char *kandy_calls_normalize (KandyCalls *self, const char *destination,
    GError **error);
void kandy_calls_log (KandyCalls *self, KandyLogLevel level, const char *id,
    const char *format, ...) G_GNUC_PRINTF (4, 5);

/* kandy-calls-servers.c */
void kandy_calls_watch_services (KandyCalls *self, KandyServices *services);
gboolean kandy_calls_know_servers (KandyCalls *self);
void kandy_calls_clear_servers (KandyCalls *self);

/* The nick of an enumeration's value, which is the API document's string */
const char *kandy_enum_nick (GType type, int value);

G_END_DECLS
