/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* API document: `conversation.Part` */

#define KANDY_TYPE_MESSAGE_PART (kandy_message_part_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyMessagePart, kandy_message_part, KANDY, MESSAGE_PART, GObject)

KANDY_API KandyMessagePart *kandy_message_part_new_text (const char *text);
KANDY_API KandyMessagePart *kandy_message_part_new_json (const char *json,
    GError **error);
KANDY_API KandyMessagePart *kandy_message_part_new_file (GFile *file);
KANDY_API KandyMessagePart *kandy_message_part_new_stream (
    GInputStream *stream, gint64 size, const char *name,
    const char *content_type);

KANDY_API KandyPartType kandy_message_part_get_part_type (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_text (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_json (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_name (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_content_type (KandyMessagePart *self);
KANDY_API gint64 kandy_message_part_get_size (KandyMessagePart *self);
KANDY_API gint64 kandy_message_part_get_transferred (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_raw_url (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_url (KandyMessagePart *self);
KANDY_API const char *kandy_message_part_get_thumbnail_url (KandyMessagePart *self);

G_END_DECLS
