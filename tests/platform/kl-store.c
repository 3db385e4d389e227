/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-store.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <glib/gstdio.h>
#include <sqlite3.h>

/* The tables of the platform. A selection borrows its statement from the table
 * of statements, and gives it back reset. */

struct _KlStore {
  sqlite3 *db;
  GHashTable *statements; /* text: sqlite3_stmt */
  char *directory;
  gboolean has_file;
  gboolean failed;
};

struct _KlRows {
  KlStore *store;
  sqlite3_stmt *statement;
  gboolean done;
};

static void
report (KlStore *store, const char *what)
{
  if (!store->failed)
    g_printerr ("kandy-loopback: the store failed: %s: %s\n", what,
        sqlite3_errmsg (store->db));
  store->failed = TRUE;
}

static void
remove_directory (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

static sqlite3_stmt *
prepare (KlStore *store, const char *sql)
{
  sqlite3_stmt *statement = g_hash_table_lookup (store->statements, sql);

  if (statement) {
    /* Two of one text at a time would share their rows */
    g_return_val_if_fail (!sqlite3_stmt_busy (statement), NULL);
    return statement;
  }
  if (sqlite3_prepare_v3 (
          store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
      != SQLITE_OK) {
    report (store, sql);
    return NULL;
  }
  g_hash_table_insert (store->statements, g_strdup (sql), statement);
  return statement;
}

static void
bind (sqlite3_stmt *statement, const char *types, va_list args)
{
  int i;

  for (i = 0; types && types[i]; i++) {
    if (types[i] == 's')
      sqlite3_bind_text (
          statement, i + 1, va_arg (args, const char *), -1, SQLITE_TRANSIENT);
    else if (types[i] == 'i')
      sqlite3_bind_int64 (statement, i + 1, va_arg (args, gint64));
    else
      g_assert_not_reached ();
  }
}

static void
release (sqlite3_stmt *statement)
{
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}

static gboolean
step (KlStore *store, sqlite3_stmt *statement)
{
  int result = sqlite3_step (statement);

  if (result == SQLITE_ROW)
    return TRUE;
  if (result != SQLITE_DONE)
    report (store, sqlite3_sql (statement));
  return FALSE;
}

KlStore *
kl_store_new (const char *path, GError **error)
{
  g_autoptr (KlStore) store = g_new0 (KlStore, 1);
  /* What is in memory is lost anyway, and what is in a file is a test's: no
   * message waits for the disk */
  static const char settings[] =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "PRAGMA foreign_keys=ON";

  store->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) (GCallback) sqlite3_finalize);
  store->has_file = path != NULL;
  if (path)
    store->directory = g_strconcat (path, ".d", NULL);
  if (sqlite3_open_v2 (path ? path : ":memory:", &store->db,
          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
          NULL)
          != SQLITE_OK
      || sqlite3_exec (store->db, settings, NULL, NULL, NULL) != SQLITE_OK) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "The store \"%s\" cannot be used: %s", path ? path : "in memory",
        store->db ? sqlite3_errmsg (store->db) : "no memory");
    return NULL;
  }
  return g_steal_pointer (&store);
}

void
kl_store_free (KlStore *store)
{
  g_hash_table_unref (store->statements);
  sqlite3_close (store->db);
  if (!store->has_file && store->directory)
    remove_directory (store->directory);
  g_free (store->directory);
  g_free (store);
}

gboolean
kl_store_add_tables (KlStore *store, const char *sql, GError **error)
{
  if (sqlite3_exec (store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "The store's tables cannot be made: %s", sqlite3_errmsg (store->db));
  return FALSE;
}

int
kl_store_run (KlStore *store, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (store, sql);
  va_list args;
  int result;

  if (!statement)
    return -1;
  va_start (args, types);
  bind (statement, types, args);
  va_end (args);
  result = sqlite3_step (statement);
  if (result != SQLITE_DONE && result != SQLITE_ROW)
    report (store, sql);
  release (statement);
  return result == SQLITE_DONE || result == SQLITE_ROW
      ? sqlite3_changes (store->db)
      : -1;
}

gint64
kl_store_get_int (
    KlStore *store, gint64 fallback, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (store, sql);
  va_list args;

  if (!statement)
    return fallback;
  va_start (args, types);
  bind (statement, types, args);
  va_end (args);
  if (step (store, statement)
      && sqlite3_column_type (statement, 0) != SQLITE_NULL)
    fallback = sqlite3_column_int64 (statement, 0);
  release (statement);
  return fallback;
}

char *
kl_store_get_text (KlStore *store, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (store, sql);
  char *text = NULL;
  va_list args;

  if (!statement)
    return NULL;
  va_start (args, types);
  bind (statement, types, args);
  va_end (args);
  if (step (store, statement))
    text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  release (statement);
  return text;
}

KlRows *
kl_store_select (KlStore *store, const char *sql, const char *types, ...)
{
  KlRows *rows = g_new0 (KlRows, 1);
  va_list args;

  rows->store = store;
  rows->statement = prepare (store, sql);
  rows->done = !rows->statement;
  if (rows->statement) {
    va_start (args, types);
    bind (rows->statement, types, args);
    va_end (args);
  }
  return rows;
}

gboolean
kl_rows_next (KlRows *rows)
{
  /* A statement that is done would begin anew */
  if (!rows->done)
    rows->done = !step (rows->store, rows->statement);
  return !rows->done;
}

const char *
kl_rows_get_text (KlRows *rows, int column)
{
  return (const char *) sqlite3_column_text (rows->statement, column);
}

gint64
kl_rows_get_int (KlRows *rows, int column)
{
  return sqlite3_column_int64 (rows->statement, column);
}

void
kl_rows_free (KlRows *rows)
{
  if (rows->statement)
    release (rows->statement);
  g_free (rows);
}

void
kl_store_begin (KlStore *store)
{
  kl_store_run (store, "BEGIN", NULL);
}

void
kl_store_commit (KlStore *store)
{
  kl_store_run (store, "COMMIT", NULL);
}

const char *
kl_store_get_directory (KlStore *store, GError **error)
{
  if (!store->directory) {
    store->directory = g_dir_make_tmp ("kandy-loopback-XXXXXX", error);
  } else if (g_mkdir_with_parents (store->directory, 0700) != 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
        "The directory \"%s\" cannot be made: %s", store->directory,
        g_strerror (errno));
    return NULL;
  }
  return store->directory;
}
