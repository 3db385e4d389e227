/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-item-list.h"

/*
 * KandyItemList: what the lists of contacts, users, groups and presence are
 * made of. A list of 10,000 is replaced without holding the main context up:
 * the new one is made elsewhere, and the old one is freed in slices.
 */

struct _KandyItemList {
  GObject parent_instance;

  GType item_type;
  KandyItemGetId get_id;
  GPtrArray *items;
  GHashTable *by_id; /* the items' own ids: items */
};

static void kandy_item_list_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KandyItemList, kandy_item_list, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, kandy_item_list_list_model_init))

typedef struct {
  GPtrArray *items;
  guint slice;
} Freeing;

static void
freeing_free (gpointer data)
{
  Freeing *freeing = data;

  g_ptr_array_unref (freeing->items);
  g_free (freeing);
}

static gboolean
free_slice (gpointer user_data)
{
  Freeing *freeing = user_data;
  GPtrArray *items = freeing->items;

  g_ptr_array_set_size (
      items, items->len > freeing->slice ? items->len - freeing->slice : 0);
  return items->len > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

GSource *
kandy_free_in_slices_full (GPtrArray *items, guint slice, GMainContext *context)
{
  GSource *source;
  Freeing *freeing;

  if (!context || items->len <= slice) {
    g_ptr_array_unref (items);
    return NULL;
  }
  freeing = g_new0 (Freeing, 1);
  freeing->items = items;
  freeing->slice = slice;
  source = g_idle_source_new ();
  g_source_set_callback (source, free_slice, freeing, freeing_free);
  g_source_attach (source, context);
  return source;
}

void
kandy_free_in_slices (GPtrArray *items, guint slice, GMainContext *context)
{
  GSource *source = kandy_free_in_slices_full (items, slice, context);

  g_clear_pointer (&source, g_source_unref);
}

static GType
kandy_item_list_get_item_type (GListModel *model)
{
  return KANDY_ITEM_LIST (model)->item_type;
}

static guint
kandy_item_list_get_n_items (GListModel *model)
{
  return KANDY_ITEM_LIST (model)->items->len;
}

static gpointer
kandy_item_list_get_item (GListModel *model, guint position)
{
  gpointer item = kandy_item_list_get (KANDY_ITEM_LIST (model), position);

  return item ? g_object_ref (item) : NULL;
}

static void
kandy_item_list_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_item_list_get_item_type;
  iface->get_n_items = kandy_item_list_get_n_items;
  iface->get_item = kandy_item_list_get_item;
}

static void
kandy_item_list_finalize (GObject *object)
{
  KandyItemList *self = KANDY_ITEM_LIST (object);

  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->items);

  G_OBJECT_CLASS (kandy_item_list_parent_class)->finalize (object);
}

static void
kandy_item_list_class_init (KandyItemListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_item_list_finalize;
}

static void
kandy_item_list_init (KandyItemList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
}

KandyItemList *
kandy_item_list_new (GType item_type, KandyItemGetId get_id)
{
  KandyItemList *self = g_object_new (KANDY_TYPE_ITEM_LIST, NULL);

  self->item_type = item_type;
  self->get_id = get_id;
  return self;
}

guint
kandy_item_list_get_length (KandyItemList *self)
{
  return self->items->len;
}

gpointer
kandy_item_list_get (KandyItemList *self, guint position)
{
  return position < self->items->len ? self->items->pdata[position] : NULL;
}

gpointer
kandy_item_list_lookup (KandyItemList *self, const char *id)
{
  return id ? g_hash_table_lookup (self->by_id, id) : NULL;
}

GPtrArray *
kandy_item_list_get_all (KandyItemList *self)
{
  GPtrArray *all = g_ptr_array_new_full (self->items->len, g_object_unref);
  guint i;

  for (i = 0; i < self->items->len; i++)
    g_ptr_array_add (all, g_object_ref (self->items->pdata[i]));
  return all;
}

gboolean
kandy_item_list_put (KandyItemList *self, gpointer item)
{
  const char *id = self->get_id (item);
  gpointer old = g_hash_table_lookup (self->by_id, id);
  guint position = self->items->len;

  g_hash_table_replace (self->by_id, (gpointer) id, item);
  g_object_ref (item);
  if (old && g_ptr_array_find (self->items, old, &position)) {
    self->items->pdata[position] = item;
    g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 1);
    g_object_unref (old);
    return FALSE;
  }
  g_ptr_array_add (self->items, item);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  return TRUE;
}

gpointer
kandy_item_list_remove (KandyItemList *self, const char *id)
{
  gpointer item = kandy_item_list_lookup (self, id);
  guint position;

  if (!item || !g_ptr_array_find (self->items, item, &position))
    return NULL;
  g_hash_table_remove (self->by_id, id);
  g_ptr_array_steal_index (self->items, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  return item;
}

void
kandy_item_list_clear (KandyItemList *self, GMainContext *context)
{
  g_autoptr (KandyItemList) none =
      kandy_item_list_new (self->item_type, self->get_id);

  kandy_item_list_take_from (self, none, context);
}

void
kandy_item_list_take_from (
    KandyItemList *self, KandyItemList *other, GMainContext *context)
{
  GPtrArray *items = self->items;
  GHashTable *by_id = self->by_id;
  guint n_removed = items->len;

  self->items = other->items;
  self->by_id = other->by_id;
  other->items = g_ptr_array_new_with_free_func (g_object_unref);
  other->by_id = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_unref (by_id);
  if (n_removed || self->items->len)
    g_list_model_items_changed (
        G_LIST_MODEL (self), 0, n_removed, self->items->len);
  kandy_free_in_slices (items, KANDY_SLICE, context);
}
