/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* Groups (protocol messaging 3): who takes part in which. */

gboolean
kl_groups_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS participants ("
      " group_id TEXT NOT NULL,"
      " address TEXT NOT NULL,"
      " status TEXT NOT NULL," /* Connected, Invited, Disconnected */
      " admin INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY (group_id, address)) WITHOUT ROWID;";

  return kl_store_add_tables (store, tables, error);
}

/* Returns (transfer container) the accounts that take part at this moment */
GPtrArray *
kl_groups_get_connected (KandyLoopback *self, const char *group)
{
  GPtrArray *accounts = g_ptr_array_new ();
  g_autoptr (KlRows) rows = kl_store_select (self->store,
      "SELECT address FROM participants"
      " WHERE group_id = ? AND status = 'Connected' ORDER BY address",
      "s", group);

  while (kl_rows_next (rows)) {
    KlAccount *account = kl_accounts_find (self, kl_rows_get_text (rows, 0));

    if (account)
      g_ptr_array_add (accounts, account);
  }
  return accounts;
}
