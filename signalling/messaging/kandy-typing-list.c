/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-typing-list.h"

/*
 * KandyTypingList: each typist has a deadline, until which their client must
 * have said again that they type (protocol messaging 2.6). One timer serves all
 * of them.
 */

/* What is kept of strangers */
#define MAX_TYPISTS 1000
/* Added to the time that a typist's client says */
#define TYPING_GRACE_S 5
#define TYPING_MAX_S 600

typedef struct {
  char *address;
  gint64 deadline; /* monotonic */
} Typist;

struct _KandyTypingList {
  KandyTypingOver over;
  GObject *owner; /* not owned */
  GArray *typists;
  GSource *timer;
};

static void
typist_clear (gpointer data)
{
  g_free (((Typist *) data)->address);
}

static guint
find (KandyTypingList *self, const char *address)
{
  guint i;

  for (i = 0; i < self->typists->len; i++)
    if (g_ascii_strcasecmp (
            g_array_index (self->typists, Typist, i).address, address)
        == 0)
      break;
  return i;
}

static gboolean
on_deadline (gpointer user_data)
{
  KandyTypingList *self = user_data;
  g_autoptr (GObject) owner = g_object_ref (self->owner);
  g_autoptr (GPtrArray) over = g_ptr_array_new_with_free_func (g_free);
  gint64 now = g_get_monotonic_time ();
  gint64 next = -1;
  guint i;

  for (i = 0; i < self->typists->len; i++) {
    Typist *typist = &g_array_index (self->typists, Typist, i);

    if (typist->deadline <= now)
      g_ptr_array_add (over, g_strdup (typist->address));
    else if (next < 0 || typist->deadline < next)
      next = typist->deadline;
  }
  g_source_set_ready_time (self->timer, next);
  for (i = 0; i < over->len; i++)
    self->over (over->pdata[i], owner);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_ready (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = {
  .dispatch = dispatch_ready,
};

static void
schedule (KandyTypingList *self, GMainContext *context)
{
  gint64 next = -1;
  guint i;

  for (i = 0; i < self->typists->len; i++) {
    Typist *typist = &g_array_index (self->typists, Typist, i);

    if (next < 0 || typist->deadline < next)
      next = typist->deadline;
  }
  if (!self->timer && context && next >= 0) {
    self->timer = g_source_new (&source_funcs, sizeof (GSource));
    g_source_set_callback (self->timer, on_deadline, self, NULL);
    g_source_attach (self->timer, context);
  }
  if (self->timer)
    g_source_set_ready_time (self->timer, next);
}

KandyTypingList *
kandy_typing_list_new (KandyTypingOver over, GObject *owner)
{
  KandyTypingList *self = g_new0 (KandyTypingList, 1);

  self->over = over;
  self->owner = owner;
  self->typists = g_array_new (FALSE, FALSE, sizeof (Typist));
  g_array_set_clear_func (self->typists, typist_clear);
  return self;
}

void
kandy_typing_list_free (KandyTypingList *self)
{
  kandy_typing_list_stop (self);
  g_array_unref (self->typists);
  g_free (self);
}

gboolean
kandy_typing_list_set (KandyTypingList *self, const char *address,
    gboolean active, guint refresh, GMainContext *context)
{
  gint64 deadline = g_get_monotonic_time ()
      + (MIN (refresh, TYPING_MAX_S) + TYPING_GRACE_S) * G_USEC_PER_SEC;
  guint i = find (self, address);
  gboolean known = i < self->typists->len;

  if (!active && !known)
    return FALSE;
  if (active && known) {
    g_array_index (self->typists, Typist, i).deadline = deadline;
  } else if (active) {
    Typist typist = { g_strdup (address), deadline };

    if (i >= MAX_TYPISTS)
      g_array_remove_index (self->typists, 0);
    g_array_append_val (self->typists, typist);
  } else {
    g_array_remove_index (self->typists, i);
  }
  schedule (self, context);
  return active != known;
}

void
kandy_typing_list_stop (KandyTypingList *self)
{
  if (self->timer)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

char **
kandy_typing_list_dup_addresses (KandyTypingList *self)
{
  char **addresses = g_new0 (char *, self->typists->len + 1);
  guint i;

  for (i = 0; i < self->typists->len; i++)
    addresses[i] = g_strdup (g_array_index (self->typists, Typist, i).address);
  return addresses;
}
