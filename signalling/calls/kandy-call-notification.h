/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: what a notification says about a call, checked (protocol calls 2).
 * It comes from the network and is not to be believed. */

/* An SDP of this many bytes is a mistake or an attack */
#define KANDY_CALL_MAX_SDP (512 * 1024)

typedef enum {
  KANDY_CALL_NOTIFICATION_INVITATION,
  KANDY_CALL_NOTIFICATION_ANSWER,
  KANDY_CALL_NOTIFICATION_OFFER,
  KANDY_CALL_NOTIFICATION_RINGING,
  KANDY_CALL_NOTIFICATION_SESSION_ENDED,
  KANDY_CALL_NOTIFICATION_CANCELLED,
  KANDY_CALL_NOTIFICATION_TRANSFER_COMPLETED,
  KANDY_CALL_NOTIFICATION_TRANSFER_FAILED,
} KandyCallNotificationKind;

typedef struct {
  KandyCallNotificationKind kind;
  char *session_id;
  char *sdp;         /* NULL: none was given (slow start), or an unusable one */
  GError *sdp_error; /* the SDP is there but unusable */
  char *originator_address;
  char *originator_name;
  char *participant_address;
  GVariant *custom_parameters; /* (nullable): a{ss} */
  gboolean has_status_code;
  int status_code;
  char *reason_text;
} KandyCallNotification;

/* The notification types that concern calls; NULL-terminated */
extern const char *const kandy_call_notification_types[];

/* NULL with KANDY_ERROR_PROTOCOL if it cannot be made out; NULL without an error
 * if it is of no interest */
KandyCallNotification *kandy_call_notification_parse (const char *type,
    JsonObject *content, GError **error);
void kandy_call_notification_free (KandyCallNotification *self);

/* The text after "sessions/" of @uri, (transfer full) (nullable) */
char *kandy_call_session_id_from_uri (const char *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyCallNotification,
    kandy_call_notification_free)

G_END_DECLS
