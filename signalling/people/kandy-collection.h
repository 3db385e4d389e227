/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

#define KANDY_TYPE_COLLECTION (kandy_collection_get_type ())
KANDY_API G_DECLARE_DERIVABLE_TYPE (KandyCollection, kandy_collection, KANDY, COLLECTION, GObject)

/**
 * KandyCollectionClass:
 * @parent_class: the parent class
 *
 * The classes of this library are the only ones that derive from it.
 */
struct _KandyCollectionClass {
  GObjectClass parent_class;

  /*< private >*/
  /* Event of the API document that tells of failures */
  const char *error_event;
  /* Another user has signed on: what the first one had is forgotten */
  void (*forget) (KandyCollection *self);
  gpointer padding[6];
};

KANDY_API KandyClient *kandy_collection_get_client (KandyCollection *self);

G_END_DECLS
