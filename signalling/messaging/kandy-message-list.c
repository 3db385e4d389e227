/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-message-list.h"

#include <string.h>

#include "kandy-item-list.h"
#include "kandy-messaging-private.h"

/*
 * KandyMessageList: an array in order of time, since pages of a history come
 * whole, and a table, so that a message is found by its id in the same time
 * however many there are.
 */

struct _KandyMessageList {
  GListModel *owner;   /* not owned */
  GPtrArray *messages; /* by time */
  GHashTable *by_id;   /* id (the message's own): KandyMessage, unowned */
};

static gint64
time_of (KandyMessageList *self, guint index)
{
  return kandy_message_get_timestamp_ms (self->messages->pdata[index]);
}

/* Index of the first message that is later than @time */
static guint
find_after (KandyMessageList *self, gint64 time)
{
  guint low = 0, high = self->messages->len;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (time_of (self, middle) <= time)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Index of a message, or the length if it is not in the list */
static guint
find_message (KandyMessageList *self, KandyMessage *message)
{
  gint64 time = kandy_message_get_timestamp_ms (message);
  guint i = find_after (self, time);

  for (; i > 0 && time_of (self, i - 1) == time; i--)
    if (self->messages->pdata[i - 1] == message)
      return i - 1;
  return self->messages->len;
}

static void
remember_id (KandyMessageList *self, KandyMessage *message)
{
  const char *id = kandy_message_get_message_id (message);

  if (id)
    g_hash_table_insert (self->by_id, (gpointer) id, message);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 first = kandy_message_get_timestamp_ms (*(KandyMessage *const *) a);
  gint64 second = kandy_message_get_timestamp_ms (*(KandyMessage *const *) b);

  return first < second ? -1 : first > second;
}

static void
take_out (KandyMessageList *self, KandyMessage *message)
{
  const char *id = kandy_message_get_message_id (message);
  guint index = find_message (self, message);

  if (id && g_hash_table_lookup (self->by_id, id) == message)
    g_hash_table_remove (self->by_id, id);
  if (index == self->messages->len)
    return;
  g_ptr_array_remove_index (self->messages, index);
  g_list_model_items_changed (self->owner, index, 1, 0);
}

/* Messages whose files were fetched do not wait for their turn: the program may
 * end before it comes, and leave the files behind */
static void
drop_files (GPtrArray *messages)
{
  guint i;

  for (i = messages->len; i > 0; i--)
    if (kandy_message_has_fetched (messages->pdata[i - 1]))
      g_ptr_array_remove_index_fast (messages, i - 1);
}

KandyMessageList *
kandy_message_list_new (GListModel *owner)
{
  KandyMessageList *self = g_new0 (KandyMessageList, 1);

  self->owner = owner;
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
kandy_message_list_free (KandyMessageList *self, GMainContext *context)
{
  drop_files (self->messages);
  g_hash_table_unref (self->by_id);
  kandy_free_in_slices (self->messages, KANDY_SLICE, context);
  g_free (self);
}

guint
kandy_message_list_get_length (KandyMessageList *self)
{
  return self->messages->len;
}

KandyMessage *
kandy_message_list_get (KandyMessageList *self, guint index)
{
  return index < self->messages->len ? self->messages->pdata[index] : NULL;
}

KandyMessage *
kandy_message_list_lookup (KandyMessageList *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

GPtrArray *
kandy_message_list_get_all (KandyMessageList *self)
{
  GPtrArray *all = g_ptr_array_new_full (self->messages->len, g_object_unref);
  guint i;

  for (i = 0; i < self->messages->len; i++)
    g_ptr_array_add (all, g_object_ref (self->messages->pdata[i]));
  return all;
}

/* In place and from the end, since a page of a long history goes before all
 * that is there, and another array for all would cost more with each page. Of
 * messages of one millisecond, older ones go before those that are there, new
 * ones after them. */
void
kandy_message_list_merge (
    KandyMessageList *self, GPtrArray *messages, gboolean older)
{
  g_autoptr (GPtrArray) fresh = g_ptr_array_new ();
  GPtrArray *all = self->messages;
  guint i, j, first, last, length = all->len;

  older = !!older;
  for (i = 0; i < messages->len; i++) {
    KandyMessage *message = messages->pdata[i];
    const char *id = kandy_message_get_message_id (message);
    KandyMessage *known = id ? g_hash_table_lookup (self->by_id, id) : NULL;
    const char *status = kandy_message_get_delivery_status (message);

    if (known) {
      if (status)
        kandy_message_set_delivery_status (known, status);
      continue;
    }
    /* One that failed and is sent again is there */
    if (!id && find_message (self, message) < length)
      continue;
    g_ptr_array_add (fresh, message);
    remember_id (self, message);
  }
  if (!fresh->len)
    return;
  g_ptr_array_sort (fresh, compare_times);
  first = find_after (
      self, kandy_message_get_timestamp_ms (fresh->pdata[0]) - older);
  last = find_after (self,
      kandy_message_get_timestamp_ms (fresh->pdata[fresh->len - 1]) - older);

  g_ptr_array_set_size (all, (int) (length + fresh->len));
  memmove (all->pdata + last + fresh->len, all->pdata + last,
      (length - last) * sizeof (gpointer));
  for (i = last, j = fresh->len; j > 0;) {
    KandyMessage *message = fresh->pdata[j - 1];

    if (i > first
        && time_of (self, i - 1)
            > kandy_message_get_timestamp_ms (message) - older) {
      all->pdata[i - 1 + j] = all->pdata[i - 1];
      i--;
    } else {
      all->pdata[i + j - 1] = g_object_ref (message);
      j--;
    }
  }
  g_list_model_items_changed (
      self->owner, first, last - first, last - first + fresh->len);
}

void
kandy_message_list_remove (KandyMessageList *self, KandyMessage *message)
{
  g_object_ref (message);
  take_out (self, message);
  g_object_unref (message);
}

void
kandy_message_list_set_sent (KandyMessageList *self, KandyMessage *message,
    const char *id, const char *sender, const char *status, gint64 time)
{
  gboolean listed = find_message (self, message) < self->messages->len;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (list, g_object_ref (message));
  if (g_hash_table_contains (self->by_id, id)) {
    /* The platform gave one id twice */
    kandy_message_set_sent (message, id, sender, status);
    return;
  }
  if (listed && kandy_message_get_timestamp_ms (message) != time) {
    take_out (self, message);
    kandy_message_set_time (message, time);
    kandy_message_set_sent (message, id, sender, status);
    kandy_message_list_merge (self, list, FALSE);
  } else {
    kandy_message_set_sent (message, id, sender, status);
    if (listed)
      remember_id (self, message);
  }
}

void
kandy_message_list_clear (KandyMessageList *self, GMainContext *context)
{
  GPtrArray *old = g_steal_pointer (&self->messages);

  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_remove_all (self->by_id);
  if (old->len)
    g_list_model_items_changed (self->owner, 0, old->len, 0);
  drop_files (old);
  kandy_free_in_slices (old, KANDY_SLICE, context);
}
