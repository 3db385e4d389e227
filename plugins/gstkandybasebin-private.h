/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

/* What the files of the base class share: gstkandybasebin.c is the member of the
 * session, gstkandybasebinproperties.c and gstkandybasebinactions.c are what the
 * outside sees. */

#define DEFAULT_SESSION "default"
#define DEFAULT_AUTO_ANSWER FALSE
#define DEFAULT_BUSY_ACTION GST_KANDY_BUSY_ACTION_REJECT

enum {
  PROP_0,
  /* in the order of GstKandyAccountField */
  PROP_SERVER,
  PROP_USERNAME,
  PROP_PASSWORD,
  PROP_CLIENT_ID,
  PROP_CLIENT_SECRET,
  PROP_ACCESS_TOKEN,
  PROP_ID_TOKEN,
  PROP_CREDENTIALS_FILE,
  PROP_CLIENT_CORRELATOR,
  PROP_CA_FILE,
  PROP_ICE_SERVERS,
  PROP_TLS_VERIFY,
  PROP_SESSION,
  PROP_DESTINATION,
  PROP_DISPLAY_NAME,
  PROP_CUSTOM_PARAMETERS,
  PROP_AUTO_ANSWER,
  PROP_BUSY_ACTION,
  PROP_CALL_ID,
  PROP_STATE,
  PROP_MEDIA_CONNECTION_STATE,
  PROP_LOCAL_HOLD,
  PROP_REMOTE_HOLD,
  PROP_STATS,
  N_PROPERTIES
};

G_STATIC_ASSERT (N_PROPERTIES <= GST_KANDY_BASE_BIN_N_PROPERTIES);

/* Guarded by the object lock */
typedef struct {
  GstKandySessionAccount *account;
  KandyConfig *config;
  GstContext *context;      /* (nullable) */
  GstKandySession *session; /* (nullable): NULL below READY */
  char *session_name;
  char *destination; /* (nullable) */
  char *display_name;                 /* (nullable) */
  GstStructure *custom_parameters;    /* (nullable) */
  gboolean auto_answer;
  GstKandyBusyAction busy_action;
  GstKandyServiceFlags services;
  gboolean playing;
  GstKandySessionStatus told; /* what was notified of last, no texts owned */
  char *told_call_id;
} GstKandyBaseBinPrivate;

/* gstkandybasebin.c */
GstKandyBaseBinPrivate *gst_kandy_base_bin_get_private (GstKandyBaseBin *self);

#define PRIVATE(self)                                                         \
  (gst_kandy_base_bin_get_private (GST_KANDY_BASE_BIN (self)))

/* gstkandybasebinproperties.c */
void gst_kandy_base_bin_install_properties (GObjectClass *object_class);
void gst_kandy_base_bin_notify (GstKandyBaseBin *self, guint id);

/* gstkandybasebinactions.c */
void gst_kandy_base_bin_install_actions (GType type);

G_END_DECLS
