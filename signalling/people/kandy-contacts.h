/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-collection.h"
#include "kandy-contact.h"

G_BEGIN_DECLS

#define KANDY_TYPE_CONTACTS (kandy_contacts_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyContacts, kandy_contacts, KANDY, CONTACTS, KandyCollection)

KANDY_API KandyContact *kandy_contacts_get (KandyContacts *self,
    const char *contact_id);
KANDY_API GPtrArray *kandy_contacts_get_all (KandyContacts *self);

KANDY_API void kandy_contacts_add_async (KandyContacts *self,
    KandyContact *contact, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API KandyContact *kandy_contacts_add_finish (KandyContacts *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_contacts_update_async (KandyContacts *self,
    KandyContact *contact, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API KandyContact *kandy_contacts_update_finish (KandyContacts *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_contacts_remove_async (KandyContacts *self,
    const char *contact_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_contacts_remove_finish (KandyContacts *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_contacts_fetch_async (KandyContacts *self,
    const char *contact_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API KandyContact *kandy_contacts_fetch_finish (KandyContacts *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_contacts_refresh_async (KandyContacts *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_contacts_refresh_finish (KandyContacts *self,
    GAsyncResult *result, GError **error);

G_END_DECLS
