/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-channel.h"
#include "kandy-services-operation.h"
#include "kandy-services-private.h"
#include "kandy-subscription.h"

G_BEGIN_DECLS

/* What the two files of KandyServices share: kandy-services.c keeps what is
 * subscribed to and the channel, kandy-services-run.c carries out operations. */

/* A service that is subscribed to */
typedef struct {
  char *service;
  char *resource; /* path on the platform */
  char *list_id;  /* (nullable): presence: of the list of watched users */
  KandyRenewal *renewal; /* (nullable): of a subscription that has an end */
} KandyServicesEntry;

struct _KandyServices {
  GObject parent_instance;

  KandyClient *client; /* weak */
  KandyConnection *connection;
  KandyChannel *channel; /* NULL while there is none in use */
  GPtrArray *entries;    /* KandyServicesEntry, in order of subscription */
  GQueue queue;          /* KandyOperation; the head runs if running is set */
  KandyOperation *running;
  guint n_late; /* requests of operations that timed out */
  guint cancellation_consumer;
};

void kandy_services_entry_free (KandyServicesEntry *entry);
gboolean kandy_services_is_alive (KandyServices *self);
/* Index of an entry, or -1 */
int kandy_services_find_entry (KandyServices *self, const char *service);
/* @subscription: its contents are taken */
void kandy_services_add_entry (KandyServices *self, const char *service,
    KandySubscription *subscription);
void kandy_services_remove_entry (KandyServices *self, guint index);

/* @channel: (transfer full): what notifications come by from now on */
void kandy_services_take_channel (KandyServices *self, KandyChannel *channel);
/* (transfer full) (nullable): the channel, which is of no more use */
KandyChannel *kandy_services_steal_channel (KandyServices *self);
/* The same; @tell: whether the platform is to delete it */
void kandy_services_drop_channel (KandyServices *self, gboolean tell);

/* Whether two paths are the same but for what is escaped in them */
gboolean kandy_services_same_resource (const char *a, const char *b);
/* Ends a subscription on the platform, whatever it answers */
void kandy_services_delete_resource (KandyServices *self,
    const char *resource);

/* @reason: (nullable) */
void kandy_services_emit_change (KandyServices *self, const char *reason);
void kandy_services_emit_error (KandyServices *self, const GError *error);

/* Begins the next operation, if none is running */
void kandy_services_run_next (KandyServices *self);

G_END_DECLS
