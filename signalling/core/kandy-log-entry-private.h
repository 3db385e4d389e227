/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-log-entry.h"

G_BEGIN_DECLS

/* @timer: (nullable): floating; @message: (transfer full) */
KandyLogEntry *kandy_log_entry_new (KandyLogLevel level, const char *method,
    const char *target_type, const char *target_id, char *message,
    GVariant *timer);

G_END_DECLS
