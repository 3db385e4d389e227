/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-media-engine.h"
#include "kandy-sdp-handler.h"

G_BEGIN_DECLS

/* Namespace `call` of the API document: makes, receives and lists calls. */

#define KANDY_TYPE_CALLS (kandy_calls_get_type ())
KANDY_API G_DECLARE_FINAL_TYPE (KandyCalls, kandy_calls, KANDY, CALLS, GObject)

/* (transfer full): a new engine for @call. Called before the first negotiation
 * of a call (incoming: when the invitation is there; slow start: at the
 * answer). @options: (nullable): of make() or answer(). */
typedef KandyMediaEngine *(*KandyMediaEngineFactory) (KandyCalls *calls,
    KandyCall *call, KandyMediaOptions *options, gpointer user_data);

KANDY_API void kandy_calls_set_engine_factory (KandyCalls *self,
    KandyMediaEngineFactory factory, gpointer user_data, GDestroyNotify notify);

/* (nullable) (element-type KandySdpHandler) */
KANDY_API void kandy_calls_set_sdp_handlers (KandyCalls *self,
    GPtrArray *handlers);

/* (transfer none): the call starts at once, on return it is Initiating */
KANDY_API KandyCall *kandy_calls_make (KandyCalls *self,
    const char *destination, KandyMediaOptions *options, GError **error);
/* (transfer container) (element-type KandyCall): GListModel too */
KANDY_API GPtrArray *kandy_calls_get_all (KandyCalls *self);
KANDY_API KandyCall *kandy_calls_get_by_id (KandyCalls *self, const char *call_id);
/* (transfer container) (element-type KandyIceServer): the configured servers,
 * with the platform's TURN credentials if it gave some */
KANDY_API GPtrArray *kandy_calls_get_ice_servers (KandyCalls *self);
KANDY_API KandyClient *kandy_calls_get_client (KandyCalls *self);

/* (transfer floating): aa{sv} of what can be sent, best first: mimeType (s),
 * clockRate (i), channels (i), sdpFmtpLine (s) */
typedef GVariant *(*KandyCodecLister) (KandyCalls *calls, KandyMediaKind kind,
    gpointer user_data);

KANDY_API void kandy_calls_set_codec_lister (KandyCalls *self,
    KandyCodecLister lister, gpointer user_data, GDestroyNotify notify);
KANDY_API void kandy_calls_get_available_codecs_async (KandyCalls *self,
    const char *kind, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
KANDY_API GVariant *kandy_calls_get_available_codecs_finish (KandyCalls *self,
    GAsyncResult *result, GError **error);

KANDY_API char *kandy_normalize_destination (const char *destination,
    const char *own_domain);

G_END_DECLS
