/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"

G_BEGIN_DECLS

/* The document's SdpHandlerFunction and namespace `sdpHandlers`: what changes
 * descriptions on their way to the far end or from there. */

#define KANDY_TYPE_SDP_HANDLER_INFO (kandy_sdp_handler_info_get_type ())

/**
 * KandySdpHandlerInfo:
 * @call_id: id of the call that it is about
 * @type: `offer` or `answer`
 * @step: what comes next: `set`, the description takes effect here, or `send`,
 *   it goes to the far end
 * @endpoint: who made it, `local` or `remote`
 *
 * Which description a #KandySdpHandler is to change (API document:
 * `call.SdpHandlerInfo`).
 */
typedef struct {
  char *call_id;
  char *type;
  char *step;
  char *endpoint;
} KandySdpHandlerInfo;

KANDY_API GType kandy_sdp_handler_info_get_type (void) G_GNUC_CONST;
KANDY_API KandySdpHandlerInfo *kandy_sdp_handler_info_copy (
    const KandySdpHandlerInfo *self);
KANDY_API void kandy_sdp_handler_info_free (KandySdpHandlerInfo *self);

#define KANDY_TYPE_CODEC_SELECTOR (kandy_codec_selector_get_type ())
typedef struct _KandyCodecSelector KandyCodecSelector;

KANDY_API GType kandy_codec_selector_get_type (void) G_GNUC_CONST;
/* @fmtp_params: (nullable) */
KANDY_API KandyCodecSelector *kandy_codec_selector_new (const char *name,
    const char *const *fmtp_params);
KANDY_API KandyCodecSelector *kandy_codec_selector_copy (
    const KandyCodecSelector *self);
KANDY_API void kandy_codec_selector_free (KandyCodecSelector *self);

#define KANDY_TYPE_SDP_HANDLER (kandy_sdp_handler_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandySdpHandler, kandy_sdp_handler, KANDY, SDP_HANDLER, GObject)

/* (transfer full) (nullable): the changed description; NULL: not changed */
typedef char *(*KandySdpHandlerFunc) (const char *sdp,
    const KandySdpHandlerInfo *info, const char *original_sdp,
    gpointer user_data);

KANDY_API KandySdpHandler *kandy_sdp_handler_new (KandySdpHandlerFunc func,
    gpointer user_data, GDestroyNotify notify);
/* (element-type KandyCodecSelector) */
KANDY_API KandySdpHandler *kandy_sdp_handler_new_codec_remover (
    GPtrArray *selectors);
KANDY_API KandySdpHandler *kandy_sdp_handler_new_codec_remover_by_names (
    const char *const *names);
KANDY_API char *kandy_sdp_handler_run (KandySdpHandler *self, const char *sdp,
    const KandySdpHandlerInfo *info, const char *original_sdp, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandyCodecSelector, kandy_codec_selector_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KandySdpHandlerInfo, kandy_sdp_handler_info_free)

G_END_DECLS
