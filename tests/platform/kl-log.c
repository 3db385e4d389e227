/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "kl-private.h"

/* The log keeps the last exchanges as the lines of a transcript, for tests
 * that ask in which order things went; the counts outlive it. Neither holds a
 * token, a password or a TURN credential. */

struct _KlLog {
  gint64 number;
  gint64 started;
  GQueue entries; /* of char */
  gsize bytes;
  GHashTable *counts; /* "METHOD path": count */
  GQueue counted;     /* the keys of counts, oldest first */
};

KlLog *
kl_log_new (void)
{
  KlLog *log = g_new0 (KlLog, 1);

  log->started = g_get_monotonic_time ();
  g_queue_init (&log->entries);
  g_queue_init (&log->counted);
  log->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return log;
}

void
kl_log_reset (KlLog *log)
{
  g_queue_clear_full (&log->entries, g_free);
  log->bytes = 0;
  g_queue_clear (&log->counted);
  g_hash_table_remove_all (log->counts);
}

void
kl_log_free (KlLog *log)
{
  kl_log_reset (log);
  g_hash_table_unref (log->counts);
  g_free (log);
}

/* Takes the entry. Returns its number. */
gint64
kl_log_add (KlLog *log, JsonObject *entry)
{
  char *text;

  json_object_set_int_member (entry, "n", ++log->number);
  json_object_set_int_member (
      entry, "t", (g_get_monotonic_time () - log->started) / 1000);
  text = kl_json_to_string (entry);
  json_object_unref (entry);

  log->bytes += strlen (text);
  g_queue_push_tail (&log->entries, text);
  while (log->entries.length > KL_MAX_LOG_ENTRIES
      || log->bytes > KL_MAX_LOG_BYTES) {
    char *oldest = g_queue_pop_head (&log->entries);

    log->bytes -= strlen (oldest);
    g_free (oldest);
  }
  return log->number;
}

void
kl_log_count (KlLog *log, const char *method, const char *path)
{
  g_autofree char *key = g_strdup_printf ("%s %s", method, path);
  gpointer known, value;

  if (g_hash_table_lookup_extended (log->counts, key, &known, &value)) {
    /* An insertion with the same key keeps the key that the queue has */
    g_hash_table_insert (log->counts, g_steal_pointer (&key),
        GUINT_TO_POINTER (GPOINTER_TO_UINT (value) + 1));
    return;
  }
  if (log->counted.length >= KL_MAX_COUNTED_PATHS)
    g_hash_table_remove (log->counts, g_queue_pop_head (&log->counted));
  g_queue_push_tail (&log->counted, key);
  g_hash_table_insert (
      log->counts, g_steal_pointer (&key), GUINT_TO_POINTER (1));
}

guint
kl_log_get_count (KlLog *log, const char *method, const char *path)
{
  GHashTableIter iter;
  gpointer key, value;
  guint count = 0;

  g_hash_table_iter_init (&iter, log->counts);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const char *space = strchr (key, ' ');
    gsize length = space - (const char *) key;

    if (method && !g_str_equal (method, "*")
        && (strlen (method) != length
            || g_ascii_strncasecmp (method, key, length) != 0))
      continue;
    if (path && !strstr (space + 1, path))
      continue;
    count += GPOINTER_TO_UINT (value);
  }
  return count;
}

char *
kl_log_to_string (KlLog *log)
{
  GString *text = g_string_new ("[");
  GList *item;

  for (item = log->entries.head; item; item = item->next) {
    g_string_append (text, item->data);
    if (item->next)
      g_string_append (text, ",\n");
  }
  g_string_append (text, "]\n");
  return g_string_free (text, FALSE);
}

/* Enough to tell tokens apart, not enough to use one */
char *
kl_log_shorten (const char *secret)
{
  if (strlen (secret) < 40)
    return g_strdup ("...");
  return g_strdup_printf ("%.6s...", secret);
}

void
kl_log_print (KandyLoopback *self, const char *format, ...)
{
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *stamp = NULL;
  g_autofree char *text = NULL;
  va_list args;
  char *c;

  if (!self->verbose)
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  now = g_date_time_new_now_local ();
  stamp = g_date_time_format (now, "%H:%M:%S");
  /* What a peer wrote shall not drive the terminal */
  for (c = text; *c; c++) {
    if (g_ascii_iscntrl (*c))
      *c = '?';
  }
  g_print (
      "%s.%03d %s\n", stamp, g_date_time_get_microsecond (now) / 1000, text);
  fflush (stdout);
}

static char *
describe_frame (const char *frame)
{
  g_autoptr (JsonObject) object = kl_json_parse (frame, -1, NULL);
  g_autoptr (GList) names = NULL;
  JsonObject *inner;
  const char *event;

  if (!object)
    return g_strdup_printf (
        "a frame of %" G_GSIZE_FORMAT " bytes", strlen (frame));
  names = json_object_get_members (object);
  if (!names)
    return g_strdup ("{}");
  inner = kl_json_get_object (object, names->data);
  event = kl_json_get_string (inner, "eventType");
  return g_strdup_printf ("%s%s%s", (const char *) names->data,
      event ? " " : "", event ? event : "");
}

static JsonObject *
new_socket_entry (KlChannel *channel, const char *kind)
{
  JsonObject *entry = json_object_new ();

  json_object_set_string_member (entry, "kind", kind);
  json_object_set_string_member (entry, "user", channel->account->address);
  json_object_set_string_member (entry, "channel", channel->id);
  return entry;
}

void
kl_log_frame (KlChannel *channel, gboolean from_client, const char *frame)
{
  JsonObject *entry = new_socket_entry (channel, from_client ? "ws>" : "ws<");
  g_autoptr (JsonObject) data = kl_json_parse (frame, -1, NULL);

  if (data)
    json_object_set_object_member (entry, "data", g_steal_pointer (&data));
  else if (g_utf8_validate (frame, -1, NULL))
    json_object_set_string_member (entry, "data", frame);
  kl_log_add (channel->self->log, entry);

  if (channel->self->verbose) {
    g_autofree char *what = describe_frame (frame);

    kl_log_print (channel->self, "%s %s %s", channel->account->address,
        from_client ? "->" : "<-", what);
  }
}

/* kind: ws-open or ws-close */
void
kl_log_socket (KlChannel *channel, const char *kind, guint code)
{
  JsonObject *entry = new_socket_entry (channel, kind);

  if (code)
    json_object_set_int_member (entry, "code", code);
  kl_log_add (channel->self->log, entry);
  if (code)
    kl_log_print (
        channel->self, "%s %s (%u)", channel->account->address, kind, code);
  else
    kl_log_print (channel->self, "%s %s", channel->account->address, kind);
}
