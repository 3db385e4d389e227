/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysession.h"

G_BEGIN_DECLS

/* What kandysink, kandysrc and kandysignaller have in common: the account, the
 * session and the call's properties, actions, signals and messages. */

#define GST_TYPE_KANDY_BASE_BIN (gst_kandy_base_bin_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstKandyBaseBin, gst_kandy_base_bin, GST, KANDY_BASE_BIN, GstBin)

struct _GstKandyBaseBinClass {
  GstBinClass parent_class;
};

/* Property ids of the subclasses begin here */
#define GST_KANDY_BASE_BIN_N_PROPERTIES 64

/* (transfer full) (nullable): NULL below READY */
GstKandySession *gst_kandy_base_bin_dup_session (GstKandyBaseBin *self);
void gst_kandy_base_bin_wishes_changed (GstKandyBaseBin *self);
/* @request: (transfer full): see gst_kandy_session_request(); @promise:
 * (nullable) (transfer none) */
void gst_kandy_base_bin_request (GstKandyBaseBin *self, GstStructure *request,
    GstPromise *promise);
/* API document: `media.muteTracks`, `media.unmuteTracks` */
void gst_kandy_base_bin_set_tracks_muted (GstKandyBaseBin *self,
    const char *const *ids, gboolean muted, GstPromise *promise);
/* Sets account, destination and other properties from a kandy:// URI */
gboolean gst_kandy_base_bin_set_uri (GstKandyBaseBin *self, const char *uri,
    GError **error);
char *gst_kandy_base_bin_dup_uri (GstKandyBaseBin *self);

G_END_DECLS
