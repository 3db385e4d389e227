/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-collection-private.h"
#include "kandy-presence.h"

G_BEGIN_DECLS

/* What the files of KandyPresence have for one another */

struct _KandyPresence {
  KandyCollection parent_instance;

  KandyPresenceStatus *own;

  /* kandy-presence-calls.c */
  GHashTable *calls; /* set of ids: calls that the user is in */
  gboolean on_the_phone; /* whether that has been published */
  char *before_status; /* what to go back to */
  char *before_activity;
  char *before_note;
};

KandyPresenceStatus *kandy_presence_status_new (const char *user_id);
/* (nullable) each but the first */
void kandy_presence_status_set (KandyPresenceStatus *self, const char *status,
    const char *activity, const char *note);
/* @presence: the member of that name of a reply or a notification. FALSE if it
 * says nothing */
gboolean kandy_presence_status_read (KandyPresenceStatus *self,
    JsonObject *presence);
void kandy_presence_status_set_loading (KandyPresenceStatus *self,
    gboolean loading);
void kandy_presence_status_set_user_id (KandyPresenceStatus *self,
    const char *user_id);

/* kandy-presence.c: kandy_presence_update_async() without what calls have to do
 * with it */
void kandy_presence_publish (KandyPresence *self, const char *status,
    const char *activity, const char *note, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);

/* kandy-presence-watch.c */
void kandy_presence_listen (KandyPresence *self);

/* kandy-presence-calls.c */
void kandy_presence_watch_calls (KandyPresence *self);
/* The user has said something else meanwhile: that is what stays */
void kandy_presence_forget_calls (KandyPresence *self);

G_END_DECLS
