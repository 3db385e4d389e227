/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-connection.h"
#include "kandy-services.h"

G_BEGIN_DECLS

KandyServices *kandy_services_new (KandyClient *client,
    KandyConnection *connection);
void kandy_services_shutdown (KandyServices *self);
/* (transfer full) (nullable): id of the list of watched users, as a segment of
 * a path; NULL if the service presence is not subscribed to */
char *kandy_services_dup_presence_list (KandyServices *self);

G_END_DECLS
