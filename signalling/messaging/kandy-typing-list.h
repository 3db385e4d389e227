/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Private: who is typing in a conversation. On one main context. */
typedef struct _KandyTypingList KandyTypingList;

/* Called for each whose time is over; to take away with
 * kandy_typing_list_set() */
typedef void (*KandyTypingOver) (const char *address, gpointer owner);

/* @over is called on an owner that it holds a reference to meanwhile; the owner
 * is not kept alive otherwise */
KandyTypingList *kandy_typing_list_new (KandyTypingOver over, GObject *owner);
void kandy_typing_list_free (KandyTypingList *self);
/* @refresh: seconds that the typist's client says. @context: (nullable): where
 * the time-out runs; none without it. Whether somebody came or went */
gboolean kandy_typing_list_set (KandyTypingList *self, const char *address,
    gboolean active, guint refresh, GMainContext *context);
/* No time-out from now on */
void kandy_typing_list_stop (KandyTypingList *self);
/* (transfer full): the addresses */
char **kandy_typing_list_dup_addresses (KandyTypingList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyTypingList, kandy_typing_list_free)

G_END_DECLS
