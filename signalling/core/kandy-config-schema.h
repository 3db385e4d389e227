/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* Private: the keys of the API document's `config`, protocol session 7.1 */

typedef enum {
  KANDY_CONFIG_STRING,      /* s */
  KANDY_CONFIG_BOOLEAN,     /* b */
  KANDY_CONFIG_INTEGER,     /* x */
  KANDY_CONFIG_NUMBER,      /* d */
  KANDY_CONFIG_ICE_SERVERS, /* aa{sv}: urls as, username s, credential s, ... */
} KandyConfigType;

typedef struct {
  const char *path;
  const char *property;
  KandyConfigType type;
  const char *fallback; /* as text; NULL: unset */
  double min, max;      /* of numbers */
  const char *choices;  /* (nullable): of strings, separated by '|' */
  const char *blurb;
} KandyConfigKey;

const KandyConfigKey *kandy_config_schema_get_keys (guint *n_keys);
/* -1 if @path is no key */
int kandy_config_schema_find (const char *path);
/* Whether keys lie below @path, which for a section is its name */
gboolean kandy_config_schema_is_branch (const char *path);

/* Returns: (transfer full) (nullable): the key's default */
GVariant *kandy_config_key_get_default (const KandyConfigKey *key);
/* @value in the key's own type, as far as the document accepts it. Returns:
 * (transfer full) (nullable): NULL if it is not acceptable; then @rule says, in
 * words, what would be */
GVariant *kandy_config_key_normalise (const KandyConfigKey *key,
    GVariant *value, char **rule);
GParamSpec *kandy_config_key_make_pspec (const KandyConfigKey *key);

/* (transfer full): @value without the boxes around it */
GVariant *kandy_variant_unbox (GVariant *value);
/* JavaScript's null: nothing, of any type */
gboolean kandy_variant_is_null (GVariant *value);

G_END_DECLS
