/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-log-entry-private.h"

#include "kandy-error-private.h"

/*
 * One log entry (API document: `logger.LogEntry`): what was logged, when, at
 * which level and about what.
 */

struct _KandyLogEntry {
  gint64 timestamp;
  KandyLogLevel level;
  char *method;
  char *target_type;
  char *target_id;
  char *target_name;
  char *message;
  GVariant *timer;
};

G_DEFINE_BOXED_TYPE (
    KandyLogEntry, kandy_log_entry, kandy_log_entry_copy, kandy_log_entry_free)

static const char *const level_names[] = { "TRACE", "DEBUG", "INFO", "WARN",
  "ERROR", "SILENT" };

KandyLogEntry *
kandy_log_entry_new (KandyLogLevel level, const char *method,
    const char *target_type, const char *target_id, char *message,
    GVariant *timer)
{
  KandyLogEntry *self = g_new0 (KandyLogEntry, 1);

  self->timestamp = g_get_real_time () / 1000;
  self->level = level;
  self->method = g_strdup (method);
  self->target_type = g_strdup (target_type);
  self->target_id = g_strdup (target_id ? target_id : "");
  self->target_name = *self->target_id
      ? g_strconcat (target_type, "-", target_id, NULL)
      : g_strdup (target_type);
  self->message = kandy_make_valid (message);
  if (timer)
    self->timer = g_variant_ref_sink (timer);
  return self;
}

/**
 * kandy_log_entry_copy:
 * @self: an entry
 *
 * Copies an entry, so that a handler can keep it.
 *
 * Returns: (transfer full): the copy
 */
KandyLogEntry *
kandy_log_entry_copy (const KandyLogEntry *self)
{
  KandyLogEntry *copy =
      kandy_log_entry_new (self->level, self->method, self->target_type,
          self->target_id, g_strdup (self->message), self->timer);

  copy->timestamp = self->timestamp;
  return copy;
}

/**
 * kandy_log_entry_free:
 * @self: (transfer full): an entry
 *
 * Frees an entry.
 */
void
kandy_log_entry_free (KandyLogEntry *self)
{
  g_free (self->method);
  g_free (self->target_type);
  g_free (self->target_id);
  g_free (self->target_name);
  g_free (self->message);
  g_clear_pointer (&self->timer, g_variant_unref);
  g_free (self);
}

/**
 * kandy_log_entry_get_timestamp:
 * @self: an entry
 *
 * Gets when the entry was made.
 *
 * Returns: milliseconds since the epoch
 */
gint64
kandy_log_entry_get_timestamp (const KandyLogEntry *self)
{
  return self->timestamp;
}

/**
 * kandy_log_entry_get_method:
 * @self: an entry
 *
 * Gets what made the entry: `trace`, `debug`, `info`, `warn`, `error`, `time`,
 * `timeLog` or `timeEnd`.
 *
 * Returns: (transfer none): the method
 */
const char *
kandy_log_entry_get_method (const KandyLogEntry *self)
{
  return self->method;
}

/**
 * kandy_log_entry_get_level:
 * @self: an entry
 *
 * Gets how severe the entry is.
 *
 * Returns: the level
 */
KandyLogLevel
kandy_log_entry_get_level (const KandyLogEntry *self)
{
  return self->level;
}

/**
 * kandy_log_entry_get_target_type:
 * @self: an entry
 *
 * Gets the kind of thing that the entry is about, such as `CALL` or `REQUEST`.
 *
 * Returns: (transfer none): the type
 */
const char *
kandy_log_entry_get_target_type (const KandyLogEntry *self)
{
  return self->target_type;
}

/**
 * kandy_log_entry_get_target_id:
 * @self: an entry
 *
 * Gets which one of its type the entry is about.
 *
 * Returns: (transfer none): the id, an empty string if there is none
 */
const char *
kandy_log_entry_get_target_id (const KandyLogEntry *self)
{
  return self->target_id;
}

/**
 * kandy_log_entry_get_target_name:
 * @self: an entry
 *
 * Gets type and id together.
 *
 * Returns: (transfer none): `TYPE-ID`, or `TYPE` if there is no id
 */
const char *
kandy_log_entry_get_target_name (const KandyLogEntry *self)
{
  return self->target_name;
}

/**
 * kandy_log_entry_get_message:
 * @self: an entry
 *
 * Gets the text of the entry. It never has a secret in it.
 *
 * Returns: (transfer none): the text
 */
const char *
kandy_log_entry_get_message (const KandyLogEntry *self)
{
  return self->message;
}

/**
 * kandy_log_entry_get_timer:
 * @self: an entry
 *
 * Gets the timing of an entry that a timer made: an `a{sv}` with the strings
 * `event` and `name` and, in milliseconds since the epoch, `start`, `split` and
 * `end`, and `elapsed` in milliseconds.
 *
 * Returns: (transfer none) (nullable): the timing
 */
GVariant *
kandy_log_entry_get_timer (const KandyLogEntry *self)
{
  return self->timer;
}

/**
 * kandy_log_entry_format:
 * @self: an entry
 *
 * Formats the entry as the default handler does:
 * `TIMESTAMP - TYPE/ID - LEVEL - MESSAGE`, an id of more than 8 characters
 * shortened to 6.
 *
 * Returns: (transfer full): the line, without a line end
 */
char *
kandy_log_entry_format (const KandyLogEntry *self)
{
  g_autofree char *id = NULL;
  const char *separator = *self->target_id ? "/" : "";

  id = g_utf8_strlen (self->target_id, -1) > 8
      ? g_utf8_substring (self->target_id, 0, 6)
      : g_strdup (self->target_id);
  return g_strdup_printf ("%" G_GINT64_FORMAT " - %s%s%s - %s - %s",
      self->timestamp, self->target_type, separator, id,
      level_names[self->level], self->message);
}

/**
 * kandy_log_entry_to_variant:
 * @self: an entry
 *
 * Gets the entry with the API document's member names: `timestamp`, `method`,
 * `level` (upper case), `target` (`type`, `id`, `name`), `messages` and, for
 * timers, `timer`.
 *
 * Returns: (transfer none): a floating `a{sv}`
 */
GVariant *
kandy_log_entry_to_variant (const KandyLogEntry *self)
{
  GVariantDict dict, target;
  const char *messages[] = { self->message };

  g_variant_dict_init (&target, NULL);
  g_variant_dict_insert (&target, "type", "s", self->target_type);
  g_variant_dict_insert (&target, "id", "s", self->target_id);
  g_variant_dict_insert (&target, "name", "s", self->target_name);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "timestamp", "x", self->timestamp);
  g_variant_dict_insert (&dict, "method", "s", self->method);
  g_variant_dict_insert (&dict, "level", "s", level_names[self->level]);
  g_variant_dict_insert_value (&dict, "target", g_variant_dict_end (&target));
  g_variant_dict_insert_value (
      &dict, "messages", g_variant_new_strv (messages, 1));
  if (self->timer)
    g_variant_dict_insert_value (&dict, "timer", self->timer);
  return g_variant_dict_end (&dict);
}
