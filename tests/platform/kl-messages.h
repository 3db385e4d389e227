/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of messages share: the table of all stored messages, each
 * owned by one user, and that of the attachments. */

#include "kl-private.h"

G_BEGIN_DECLS

/* Kinds of conversations, as paths name them */
#define KL_KIND_ONE_TO_ONE "oneToOne"
#define KL_KIND_GROUP "group"
#define KL_KIND_SMS "sms"

/* A thread: all that one user keeps of the talk with one other */
typedef struct
{
  const char *owner; /* an account's address */
  const char *kind;
  const char *peer;  /* address, group or number */
  const char *local; /* SMS: the own number, "" otherwise */
} KlThread;

typedef struct
{
  gboolean outbound;
  const char *sender;
  const char *destination;
  const char *text;
  const char *object; /* (nullable): the attachment */
  gint64 time;        /* ms */
} KlMessage;

/* One page of a thread's history, newest first */
typedef void (*KlMessageFunc) (KlRequest *request, const KlThread *thread,
    const char *id, const KlMessage *message, JsonArray *array);

/* (transfer full): the message's id, which is this owner's only */
char *kl_messages_store (KandyLoopback *self, const KlThread *thread,
    const KlMessage *message);
/* Answers a GET for the history, and counts as one */
void kl_messages_list (KlRequest *request, const KlThread *thread,
    KlMessageFunc func, const char *list_name, const char *array_name);
/* Answers a DELETE of one message, or of a thread with @id NULL. Returns
 * whether there was anything */
gboolean kl_messages_delete (KlRequest *request, const KlThread *thread,
    const char *id);

/* kl-attachments.c */
/* (nullable) (transfer full): the members of an attachment as @reader sees it */
JsonObject *kl_attachment_to_json (KlRequest *request, KlAccount *reader,
    const char *id);
gboolean kl_attachment_is_readable (KandyLoopback *self, const char *id,
    KlAccount *reader);
void kl_attachment_share (KandyLoopback *self, const char *id,
    KlAccount *reader);

G_END_DECLS
