/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-log-entry.h"

G_BEGIN_DECLS

#define KANDY_TYPE_LOGGER (kandy_logger_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyLogger, kandy_logger, KANDY, LOGGER, GObject)

/**
 * KandyLogHandler:
 * @logger: the logger
 * @entry: what is logged
 * @user_data: as given to kandy_logger_set_handler()
 *
 * Receives log entries (API document: `logger.LogHandler`), in the thread that
 * logs, with no lock held.
 */
typedef void (*KandyLogHandler) (KandyLogger *logger, const KandyLogEntry *entry,
    gpointer user_data);

KANDY_API KandyLogger *kandy_logger_new (void);

KANDY_API KandyLogLevel kandy_logger_get_level (KandyLogger *self,
    const char *target_type);
KANDY_API void kandy_logger_set_level (KandyLogger *self, KandyLogLevel level,
    const char *target_type);
KANDY_API void kandy_logger_set_handler (KandyLogger *self,
    KandyLogHandler handler, gpointer user_data, GDestroyNotify notify,
    const char *target_type);
KANDY_API char **kandy_logger_get_types (KandyLogger *self);

KANDY_API gboolean kandy_logger_is_enabled (KandyLogger *self,
    KandyLogLevel level, const char *target_type);
KANDY_API void kandy_logger_log (KandyLogger *self, KandyLogLevel level,
    const char *target_type, const char *target_id, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
KANDY_API void kandy_logger_time (KandyLogger *self, const char *target_type,
    const char *timer);
KANDY_API void kandy_logger_time_log (KandyLogger *self,
    const char *target_type, const char *timer);
KANDY_API void kandy_logger_time_end (KandyLogger *self,
    const char *target_type, const char *timer);

G_END_DECLS
