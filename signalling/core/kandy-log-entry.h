/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_LOG_ENTRY (kandy_log_entry_get_type ())
KANDY_API GType kandy_log_entry_get_type (void) G_GNUC_CONST;

typedef struct _KandyLogEntry KandyLogEntry;

KANDY_API KandyLogEntry *kandy_log_entry_copy (const KandyLogEntry *self);
KANDY_API void kandy_log_entry_free (KandyLogEntry *self);
KANDY_API gint64 kandy_log_entry_get_timestamp (const KandyLogEntry *self);
KANDY_API const char *kandy_log_entry_get_method (const KandyLogEntry *self);
KANDY_API KandyLogLevel kandy_log_entry_get_level (const KandyLogEntry *self);
KANDY_API const char *kandy_log_entry_get_target_type (const KandyLogEntry *self);
KANDY_API const char *kandy_log_entry_get_target_id (const KandyLogEntry *self);
KANDY_API const char *kandy_log_entry_get_target_name (const KandyLogEntry *self);
KANDY_API const char *kandy_log_entry_get_message (const KandyLogEntry *self);
KANDY_API GVariant *kandy_log_entry_get_timer (const KandyLogEntry *self);
KANDY_API char *kandy_log_entry_format (const KandyLogEntry *self);
KANDY_API GVariant *kandy_log_entry_to_variant (const KandyLogEntry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyLogEntry, kandy_log_entry_free)

G_END_DECLS
