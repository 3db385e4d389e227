/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: objects in the order of their arrival, found by their id in constant
 * time; a GListModel. Made in a worker thread if need be, used in one thread
 * from then on. */

#define KANDY_TYPE_ITEM_LIST (kandy_item_list_get_type ())
G_DECLARE_FINAL_TYPE (KandyItemList, kandy_item_list, KANDY, ITEM_LIST, GObject)

/* The id of an item, which has it for as long as it is in a list */
typedef const char *(*KandyItemGetId) (gpointer item);

KandyItemList *kandy_item_list_new (GType item_type, KandyItemGetId get_id);

guint kandy_item_list_get_length (KandyItemList *self);
/* (transfer none) (nullable) */
gpointer kandy_item_list_get (KandyItemList *self, guint position);
gpointer kandy_item_list_lookup (KandyItemList *self, const char *id);
/* (transfer container): references to all items */
GPtrArray *kandy_item_list_get_all (KandyItemList *self);

/* Puts @item (transfer none) in the place of the one with its id, or at the
 * end. Returns: whether the id is new */
gboolean kandy_item_list_put (KandyItemList *self, gpointer item);
/* (transfer full) (nullable): what was removed */
gpointer kandy_item_list_remove (KandyItemList *self, const char *id);
void kandy_item_list_clear (KandyItemList *self, GMainContext *context);

/* Takes over the items of @other, which is empty then. What was here is freed
 * bit by bit in @context, or at once if it is NULL */
void kandy_item_list_take_from (KandyItemList *self, KandyItemList *other,
    GMainContext *context);

/* @items: (transfer full): freed @slice at a time in @context, or at once if it
 * is NULL or they are few. Returns: (transfer full) (nullable): what frees them;
 * g_source_destroy() does it at once */
#define KANDY_SLICE 256
GSource *kandy_free_in_slices_full (GPtrArray *items, guint slice,
    GMainContext *context);
void kandy_free_in_slices (GPtrArray *items, guint slice,
    GMainContext *context);

G_END_DECLS
