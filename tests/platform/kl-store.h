/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the platform keeps: tables of an SQLite database, in memory or in a
 * file, and beside the file a directory for what is too large for a table.
 *
 * Each part makes its own tables with kl_store_add_tables(), its statements
 * are prepared once and kept by their text, which must be a literal. Values
 * are given as arguments, never written into a statement:
 *
 *   kl_store_run (self->store, "DELETE FROM messages WHERE owner = ? AND id = ?",
 *       "ss", account->address, id);
 *
 *   KlRows *rows = kl_store_select (self->store,
 *       "SELECT id, time FROM messages WHERE owner = ?", "s", account->address);
 *   while (kl_rows_next (rows))
 *     use (kl_rows_get_text (rows, 0), kl_rows_get_int (rows, 1));
 *   kl_rows_free (rows);
 *
 * Letters of @types: s const char * (nullable), i gint64 (never int!).
 *
 * A database that fails (a full disk) is said once and loudly; the platform
 * goes on with what it has. Only in the server's thread. */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _KlStore KlStore;
typedef struct _KlRows KlRows;

/* @path: (nullable): NULL for one in memory that is gone with the store */
KlStore *kl_store_new (const char *path, GError **error);
void kl_store_free (KlStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlStore, kl_store_free)

/* @sql: CREATE TABLE IF NOT EXISTS ..., several statements */
gboolean kl_store_add_tables (KlStore *store, const char *sql, GError **error);

/* Returns how many rows have changed, -1 if it failed */
int kl_store_run (KlStore *store, const char *sql, const char *types, ...);
/* The one value that a statement selects; @fallback without a row */
gint64 kl_store_get_int (KlStore *store, gint64 fallback, const char *sql,
    const char *types, ...);
/* (transfer full) (nullable) */
char *kl_store_get_text (KlStore *store, const char *sql, const char *types,
    ...);

/* One selection with the same text at a time */
KlRows *kl_store_select (KlStore *store, const char *sql, const char *types,
    ...);
gboolean kl_rows_next (KlRows *rows);
/* Columns count from 0. The text is valid until the next row; (nullable) */
const char *kl_rows_get_text (KlRows *rows, int column);
gint64 kl_rows_get_int (KlRows *rows, int column);
void kl_rows_free (KlRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlRows, kl_rows_free)

/* Changes between the two are made all or not at all; they do not nest */
void kl_store_begin (KlStore *store);
void kl_store_commit (KlStore *store);

/* Where files are kept, made if need be. (nullable): it cannot be made */
const char *kl_store_get_directory (KlStore *store, GError **error);

G_END_DECLS
