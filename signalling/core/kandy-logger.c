/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-logger.h"

#include <string.h>

#include "kandy-log-entry-private.h"

/**
 * KandyLogger:
 *
 * The library's log (API document: `logger`). Entries are about a target type
 * (`CALL`, `REQUEST`, ...); level and handler can be set for all of them or for
 * one. The default handler writes to GLib's structured log, domain `Kandy`, so
 * that `G_MESSAGES_DEBUG=Kandy` shows everything; it never uses a level that
 * GLib can be told to abort at, since what a server sends may be logged and
 * must not end a program.
 *
 * No entry has a token, a password or a TURN credential in it.
 *
 * All functions may be called from any thread.
 */

static const char *const target_types[] = { "ACTION", "AUTH", "CALL",
  "CALLSTACK", "CONFIG", "CONNECTIVITY", "DEFAULT", "EFFECTS", "EVENTS",
  "FACTORY", "GROUPS", "LOGS", "MEDIA", "MESSAGING", "NOTIFICATIONS",
  "PRESENCE", "REQUEST", "SDP", "SDPHANDLER", "SUBSCRIPTION", "USERS",
  "VALIDATION", "WEBRTC" };

typedef struct {
  gatomicrefcount refs;
  KandyLogHandler func;
  gpointer user_data;
  GDestroyNotify notify;
} Handler;

struct _KandyLogger {
  GObject parent_instance;

  GMutex lock;
  KandyLogLevel default_level;
  Handler *default_handler;
  GHashTable *levels;   /* target type -> level */
  GHashTable *handlers; /* target type -> Handler */
  GHashTable *timers;   /* "TYPE/name" -> gint64, start in ms */
};

G_DEFINE_FINAL_TYPE (KandyLogger, kandy_logger, G_TYPE_OBJECT)

static Handler *
handler_new (KandyLogHandler func, gpointer user_data, GDestroyNotify notify)
{
  Handler *handler = g_new0 (Handler, 1);

  g_atomic_ref_count_init (&handler->refs);
  handler->func = func;
  handler->user_data = user_data;
  handler->notify = notify;
  return handler;
}

static Handler *
handler_ref (Handler *handler)
{
  g_atomic_ref_count_inc (&handler->refs);
  return handler;
}

static void
handler_unref (Handler *handler)
{
  if (!g_atomic_ref_count_dec (&handler->refs))
    return;
  if (handler->notify)
    handler->notify (handler->user_data);
  g_free (handler);
}

static void
default_handler (
    KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  g_autofree char *line = kandy_log_entry_format (entry);
  GLogLevelFlags level;
  const char *priority;
  GLogField fields[4];

  /* PRIORITY as in syslog; see the class comment for why WARN and ERROR are no
   * warnings to GLib */
  switch (kandy_log_entry_get_level (entry)) {
    case KANDY_LOG_LEVEL_ERROR:
      level = G_LOG_LEVEL_MESSAGE;
      priority = "3";
      break;
    case KANDY_LOG_LEVEL_WARN:
      level = G_LOG_LEVEL_MESSAGE;
      priority = "4";
      break;
    case KANDY_LOG_LEVEL_INFO:
      level = G_LOG_LEVEL_INFO;
      priority = "6";
      break;
    default:
      level = G_LOG_LEVEL_DEBUG;
      priority = "7";
      break;
  }

  fields[0] = (GLogField){ "PRIORITY", priority, -1 };
  fields[1] = (GLogField){ "GLIB_DOMAIN", "Kandy", -1 };
  fields[2] = (GLogField){ "KANDY_TARGET",
    kandy_log_entry_get_target_name (entry), -1 };
  fields[3] = (GLogField){ "MESSAGE", line, -1 };
  g_log_structured_array (level, fields, G_N_ELEMENTS (fields));
}

static KandyLogLevel
level_unlocked (KandyLogger *self, const char *target_type)
{
  gpointer value;

  if (target_type
      && g_hash_table_lookup_extended (self->levels, target_type, NULL, &value))
    return GPOINTER_TO_INT (value);
  return self->default_level;
}

/* Takes @message and sinks @timer */
static void
emit_entry (KandyLogger *self, KandyLogLevel level, const char *method,
    const char *target_type, const char *target_id, char *message,
    GVariant *timer)
{
  g_autoptr (KandyLogEntry) entry = kandy_log_entry_new (
      level, method, target_type, target_id, message, timer);
  Handler *handler;

  g_mutex_lock (&self->lock);
  handler = g_hash_table_lookup (self->handlers, target_type);
  handler = handler_ref (handler ? handler : self->default_handler);
  g_mutex_unlock (&self->lock);

  handler->func (self, entry, handler->user_data);
  handler_unref (handler);
}

static void
emit_timer (KandyLogger *self, const char *method, const char *target_type,
    const char *timer, gint64 start, gboolean ends)
{
  gint64 now = g_get_real_time () / 1000;
  GVariantDict dict;
  char *message;

  if (!kandy_logger_is_enabled (self, KANDY_LOG_LEVEL_DEBUG, target_type))
    return;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "event", "s", method);
  g_variant_dict_insert (&dict, "name", "s", timer);
  g_variant_dict_insert (&dict, "start", "x", start);
  if (g_str_equal (method, "time")) {
    message = g_strdup_printf ("%s: started", timer);
  } else {
    g_variant_dict_insert (&dict, ends ? "end" : "split", "x", now);
    g_variant_dict_insert (&dict, "elapsed", "x", now - start);
    message =
        g_strdup_printf ("%s: %" G_GINT64_FORMAT " ms", timer, now - start);
  }
  emit_entry (self, KANDY_LOG_LEVEL_DEBUG, method, target_type, NULL, message,
      g_variant_dict_end (&dict));
}

static void
split_timer (KandyLogger *self, const char *method, const char *target_type,
    const char *timer, gboolean ends)
{
  g_autofree char *key = g_strconcat (target_type, "/", timer, NULL);
  gint64 *found, start = 0;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->timers, key);
  if (found)
    start = *found;
  if (found && ends)
    g_hash_table_remove (self->timers, key);
  g_mutex_unlock (&self->lock);

  if (found)
    emit_timer (self, method, target_type, timer, start, ends);
  else
    kandy_logger_log (self, KANDY_LOG_LEVEL_WARN, target_type, NULL,
        "Timer \"%s\" does not exist.", timer);
}

static void
kandy_logger_finalize (GObject *object)
{
  KandyLogger *self = KANDY_LOGGER (object);

  g_hash_table_unref (self->levels);
  g_hash_table_unref (self->handlers);
  g_hash_table_unref (self->timers);
  handler_unref (self->default_handler);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (kandy_logger_parent_class)->finalize (object);
}

static void
kandy_logger_class_init (KandyLoggerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_logger_finalize;
}

static void
kandy_logger_init (KandyLogger *self)
{
  g_mutex_init (&self->lock);
  self->default_level = KANDY_LOG_LEVEL_INFO;
  self->default_handler = handler_new (default_handler, NULL, NULL);
  self->levels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->handlers = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) handler_unref);
  self->timers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/**
 * kandy_logger_new:
 *
 * Makes a logger at level %KANDY_LOG_LEVEL_INFO with the default handler. A
 * #KandyClient makes its own and applies `logs.logLevel` to it.
 *
 * Returns: (transfer full): the logger
 */
KandyLogger *
kandy_logger_new (void)
{
  return g_object_new (KANDY_TYPE_LOGGER, NULL);
}

/**
 * kandy_logger_get_level:
 * @self: a logger
 * @target_type: (nullable): a target type, %NULL for all that have no own level
 *
 * Gets the least level that is logged.
 *
 * Returns: the level
 */
KandyLogLevel
kandy_logger_get_level (KandyLogger *self, const char *target_type)
{
  KandyLogLevel level;

  g_return_val_if_fail (KANDY_IS_LOGGER (self), KANDY_LOG_LEVEL_SILENT);

  g_mutex_lock (&self->lock);
  level = level_unlocked (self, target_type);
  g_mutex_unlock (&self->lock);
  return level;
}

/**
 * kandy_logger_set_level:
 * @self: a logger
 * @level: the least level to log
 * @target_type: (nullable): a target type, %NULL for all, whatever had been set
 *   for one
 *
 * Sets what is logged.
 */
void
kandy_logger_set_level (
    KandyLogger *self, KandyLogLevel level, const char *target_type)
{
  g_return_if_fail (KANDY_IS_LOGGER (self));
  g_return_if_fail (level <= KANDY_LOG_LEVEL_SILENT);

  g_mutex_lock (&self->lock);
  if (target_type) {
    g_hash_table_replace (
        self->levels, g_strdup (target_type), GINT_TO_POINTER (level));
  } else {
    g_hash_table_remove_all (self->levels);
    self->default_level = level;
  }
  g_mutex_unlock (&self->lock);
}

/**
 * kandy_logger_set_handler:
 * @self: a logger
 * @handler: (nullable) (scope notified) (closure user_data): receives the
 *   entries, %NULL for the default one
 * @user_data: passed to @handler
 * @notify: (nullable) (destroy user_data): called when @handler is replaced and
 *   no longer runs
 * @target_type: (nullable): a target type, %NULL for all, whatever had been set
 *   for one
 *
 * Sets who receives the entries (API document: `config.logs.handler`).
 */
void
kandy_logger_set_handler (KandyLogger *self, KandyLogHandler handler,
    gpointer user_data, GDestroyNotify notify, const char *target_type)
{
  Handler *new_handler, *old_handler = NULL;
  GHashTable *old_handlers = NULL;

  g_return_if_fail (KANDY_IS_LOGGER (self));

  if (handler)
    new_handler = handler_new (handler, user_data, notify);
  else
    new_handler = handler_new (default_handler, NULL, NULL);

  /* whatever is replaced is let go without the lock: its notify is foreign */
  g_mutex_lock (&self->lock);
  if (target_type) {
    gpointer old_key = NULL;

    g_hash_table_steal_extended (
        self->handlers, target_type, &old_key, (gpointer *) &old_handler);
    g_free (old_key);
    g_hash_table_insert (self->handlers, g_strdup (target_type), new_handler);
  } else {
    old_handlers = self->handlers;
    self->handlers = g_hash_table_new_full (
        g_str_hash, g_str_equal, g_free, (GDestroyNotify) handler_unref);
    old_handler = self->default_handler;
    self->default_handler = new_handler;
  }
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&old_handler, handler_unref);
  g_clear_pointer (&old_handlers, g_hash_table_unref);
}

/**
 * kandy_logger_get_types:
 * @self: a logger
 *
 * Gets the target types that the library logs about.
 *
 * Returns: (transfer full): the types
 */
char **
kandy_logger_get_types (KandyLogger *self)
{
  char **types = g_new0 (char *, G_N_ELEMENTS (target_types) + 1);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (target_types); i++)
    types[i] = g_strdup (target_types[i]);
  return types;
}

/**
 * kandy_logger_is_enabled:
 * @self: a logger
 * @level: a level
 * @target_type: a target type
 *
 * Tells whether an entry would be logged, for when its text is dear to make.
 *
 * Returns: %TRUE if it would
 */
gboolean
kandy_logger_is_enabled (
    KandyLogger *self, KandyLogLevel level, const char *target_type)
{
  return level != KANDY_LOG_LEVEL_SILENT
      && level >= kandy_logger_get_level (self, target_type);
}

/**
 * kandy_logger_log: (skip)
 * @self: a logger
 * @level: level of the entry
 * @target_type: what it is about, such as `CALL`
 * @target_id: (nullable): which one of these
 * @format: printf format of the text
 * @...: arguments of @format
 *
 * Logs a text. It must not have a secret in it.
 */
void
kandy_logger_log (KandyLogger *self, KandyLogLevel level,
    const char *target_type, const char *target_id, const char *format, ...)
{
  static const char *const methods[] = { "trace", "debug", "info", "warn",
    "error" };
  char *message;
  va_list args;

  g_return_if_fail (KANDY_IS_LOGGER (self));
  g_return_if_fail (level < G_N_ELEMENTS (methods));

  if (!kandy_logger_is_enabled (self, level, target_type))
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  emit_entry (
      self, level, methods[level], target_type, target_id, message, NULL);
}

/**
 * kandy_logger_time:
 * @self: a logger
 * @target_type: what is timed
 * @timer: name of the timer
 *
 * Starts a timer and logs that at %KANDY_LOG_LEVEL_DEBUG. A timer that runs
 * already is a warning, and runs on.
 */
void
kandy_logger_time (
    KandyLogger *self, const char *target_type, const char *timer)
{
  g_autofree char *key = g_strconcat (target_type, "/", timer, NULL);
  gint64 start = g_get_real_time () / 1000;
  gboolean exists;

  g_return_if_fail (KANDY_IS_LOGGER (self));

  g_mutex_lock (&self->lock);
  exists = g_hash_table_contains (self->timers, key);
  if (!exists)
    g_hash_table_insert (
        self->timers, g_steal_pointer (&key), g_memdup2 (&start, sizeof start));
  g_mutex_unlock (&self->lock);

  if (exists)
    kandy_logger_log (self, KANDY_LOG_LEVEL_WARN, target_type, NULL,
        "Timer \"%s\" already exists.", timer);
  else
    emit_timer (self, "time", target_type, timer, start, FALSE);
}

/**
 * kandy_logger_time_log:
 * @self: a logger
 * @target_type: what is timed
 * @timer: name of a running timer
 *
 * Logs how long the timer has been running.
 */
void
kandy_logger_time_log (
    KandyLogger *self, const char *target_type, const char *timer)
{
  g_return_if_fail (KANDY_IS_LOGGER (self));

  split_timer (self, "timeLog", target_type, timer, FALSE);
}

/**
 * kandy_logger_time_end:
 * @self: a logger
 * @target_type: what is timed
 * @timer: name of a running timer
 *
 * Stops the timer and logs how long it ran.
 */
void
kandy_logger_time_end (
    KandyLogger *self, const char *target_type, const char *timer)
{
  g_return_if_fail (KANDY_IS_LOGGER (self));

  split_timer (self, "timeEnd", target_type, timer, TRUE);
}
