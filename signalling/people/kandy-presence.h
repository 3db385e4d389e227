/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-collection.h"
#include "kandy-presence-status.h"

G_BEGIN_DECLS

/**
 * KANDY_PRESENCE_OPEN:
 *
 * A status: ready to communicate (API document: `presence.statuses`, `OPEN`).
 */
#define KANDY_PRESENCE_OPEN "Open"
/**
 * KANDY_PRESENCE_CLOSED:
 *
 * A status: not ready to communicate (API document: `presence.statuses`,
 * `CLOSED`).
 */
#define KANDY_PRESENCE_CLOSED "Closed"

/**
 * KANDY_PRESENCE_AVAILABLE:
 *
 * An activity (API document: `presence.activities`, `AVAILABLE`).
 */
#define KANDY_PRESENCE_AVAILABLE "Available"
/**
 * KANDY_PRESENCE_BUSY:
 *
 * An activity (API document: `presence.activities`, `BUSY`).
 */
#define KANDY_PRESENCE_BUSY "Busy"
/**
 * KANDY_PRESENCE_LUNCH:
 *
 * An activity (API document: `presence.activities`, `LUNCH`).
 */
#define KANDY_PRESENCE_LUNCH "Lunch"
/**
 * KANDY_PRESENCE_VACATION:
 *
 * An activity (API document: `presence.activities`, `VACATION`).
 */
#define KANDY_PRESENCE_VACATION "Vacation"
/**
 * KANDY_PRESENCE_ON_THE_PHONE:
 *
 * An activity (API document: `presence.activities`, `ON_THE_PHONE`).
 */
#define KANDY_PRESENCE_ON_THE_PHONE "OnThePhone"
/**
 * KANDY_PRESENCE_ACTIVITIES_UNKNOWN:
 *
 * An activity that is not told (API document: `presence.activities`,
 * `ACTIVITIES_UNKNOWN`).
 */
#define KANDY_PRESENCE_ACTIVITIES_UNKNOWN "ActivitiesUnknown"
/**
 * KANDY_PRESENCE_ACTIVITIES_OTHER:
 *
 * An activity that a note describes (API document: `presence.activities`,
 * `ACTIVITIES_OTHER`).
 */
#define KANDY_PRESENCE_ACTIVITIES_OTHER "ActivitiesOther"

#define KANDY_TYPE_PRESENCE (kandy_presence_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyPresence, kandy_presence, KANDY, PRESENCE, KandyCollection)

KANDY_API void kandy_presence_update_async (KandyPresence *self,
    const char *status, const char *activity, const char *note,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_presence_update_finish (KandyPresence *self,
    GAsyncResult *result, GError **error);

KANDY_API KandyPresenceStatus *kandy_presence_get_self (KandyPresence *self);
KANDY_API KandyPresenceStatus *kandy_presence_get (KandyPresence *self,
    const char *user_id);
KANDY_API GPtrArray *kandy_presence_get_all (KandyPresence *self);

KANDY_API void kandy_presence_fetch_async (KandyPresence *self,
    const char *const *users, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_presence_fetch_finish (KandyPresence *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_presence_subscribe_async (KandyPresence *self,
    const char *const *users, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_presence_subscribe_finish (KandyPresence *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_presence_unsubscribe_async (KandyPresence *self,
    const char *const *users, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_presence_unsubscribe_finish (KandyPresence *self,
    GAsyncResult *result, GError **error);

G_END_DECLS
