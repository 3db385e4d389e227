/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-collection.h"
#include "kandy-group.h"

G_BEGIN_DECLS

#define KANDY_TYPE_GROUPS (kandy_groups_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyGroups, kandy_groups, KANDY, GROUPS, KandyCollection)

KANDY_API void kandy_groups_create_async (KandyGroups *self, const char *name,
    const char *const *participants, const char *subject, const char *image,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API KandyGroup *kandy_groups_create_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_fetch_async (KandyGroups *self,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API gboolean kandy_groups_fetch_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);

KANDY_API GPtrArray *kandy_groups_get_all (KandyGroups *self);
KANDY_API KandyGroup *kandy_groups_get (KandyGroups *self, const char *group_id);
KANDY_API GListModel *kandy_groups_get_participants (KandyGroups *self,
    const char *group_id);
KANDY_API GListModel *kandy_groups_get_invitations (KandyGroups *self);
KANDY_API KandyGroup *kandy_groups_get_invitation (KandyGroups *self,
    const char *group_id);

KANDY_API void kandy_groups_accept_invitation_async (KandyGroups *self,
    const char *group_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_accept_invitation_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_reject_invitation_async (KandyGroups *self,
    const char *group_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_reject_invitation_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_leave_async (KandyGroups *self,
    const char *group_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_leave_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_delete_async (KandyGroups *self,
    const char *group_id, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_delete_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_add_participant_async (KandyGroups *self,
    const char *group_id, const char *participant, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_add_participant_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);
KANDY_API void kandy_groups_remove_participant_async (KandyGroups *self,
    const char *group_id, const char *participant, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
KANDY_API gboolean kandy_groups_remove_participant_finish (KandyGroups *self,
    GAsyncResult *result, GError **error);

G_END_DECLS
