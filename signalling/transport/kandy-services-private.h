/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-connection.h"
#include "kandy-services.h"

G_BEGIN_DECLS

KandyServices *kandy_services_new (KandyClient *client,
    KandyConnection *connection);
void kandy_services_shutdown (KandyServices *self);

G_END_DECLS
