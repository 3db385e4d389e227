/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: the one declaration of the API document's events. Out of its rows
 * come the typed signals of the classes that the events concern, and
 * KandyClient::event. */

/* Types of a payload's members, and of the typed signal's arguments */
typedef enum {
  KANDY_EVENT_STRING,  /* s:     const char * */
  KANDY_EVENT_BOOLEAN, /* b:     gboolean */
  KANDY_EVENT_NUMBER,  /* any number: gint64 */
  KANDY_EVENT_VARIANT, /* anything:   GVariant */
  KANDY_EVENT_ERROR,   /* a{sv}, BasicError: GError */
  KANDY_EVENT_OBJECT,  /* s, an id:   the GObject that has it */
  KANDY_EVENT_PAYLOAD, /* s, but only in the payload: the typed signal's
                        * instance says it already */
} KandyEventMemberType;

#define KANDY_EVENT_MAX_MEMBERS 7

typedef struct {
  const char *name; /* NULL after the last one */
  KandyEventMemberType type;
} KandyEventMember;

typedef struct {
  const char *name;       /* in the document: "call:stateChange" */
  const char *class_name; /* "KandyCall" */
  const char *signal;     /* "state-changed" */
  KandyEventMember members[KANDY_EVENT_MAX_MEMBERS];
} KandyEvent;

/* The rows, and their number */
const KandyEvent *kandy_events_get_table (guint *n_events);
/* (nullable) */
const KandyEvent *kandy_events_find (const char *name);

/* In class_init: makes the typed signals of @klass */
void kandy_events_install (GObjectClass *klass);

/* In class_init, for a class whose signals have KANDY_EVENT_OBJECT arguments:
 * finds the object that has the id @id. Returns: (transfer none) (nullable) */
typedef gpointer (*KandyEventResolver) (gpointer source, const char *id);
void kandy_events_set_resolver (GObjectClass *klass, KandyEventResolver resolver);

/* Emits the typed signal only; kandy_client_emit() is what one calls */
void kandy_events_emit_typed (gpointer source, const KandyEvent *event,
    GVariant *payload);

G_END_DECLS
