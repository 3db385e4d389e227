/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysessionaccount.h"
#include "gstkandysessionmember.h"

G_BEGIN_DECLS

/* Where the elements of one account meet: what they have joined, the account
 * that one of them brought, and the line to the platform while one of them is
 * in PAUSED or above. All functions may be called from any thread. */

#define GST_KANDY_TYPE_SESSION (gst_kandy_session_get_type ())
GST_KANDY_API G_DECLARE_FINAL_TYPE (GstKandySession, gst_kandy_session, GST_KANDY, SESSION, GstObject)

/* What is known of the call at this moment */
typedef struct {
  char *call_id;         /* (nullable) (transfer full) */
  KandyCallState state;
  KandyMediaConnectionState media_connection_state;
  gboolean local_hold;
  gboolean remote_hold;
  GstStructure *stats;   /* (nullable) (transfer full) */
} GstKandySessionStatus;

GST_KANDY_API GstKandySession *gst_kandy_session_new (const char *name);
/* (transfer full) (nullable): the session of that name in @context, made if need
 * be; NULL if @context is none of gst_kandy_session_context_new() */
GST_KANDY_API GstKandySession *gst_kandy_session_from_context (
    GstContext *context, const char *name);

/* NULL -> READY. @account: (nullable): what the element knows of an account,
 * not completed yet; @config: (nullable): its other settings, copied */
GST_KANDY_API gboolean gst_kandy_session_join (GstKandySession *self,
    GstKandySessionMember *member, const GstKandySessionAccount *account,
    KandyConfig *config, GError **error);
/* READY -> PAUSED, the first one signs on */
GST_KANDY_API gboolean gst_kandy_session_open (GstKandySession *self,
    GstKandySessionMember *member, const GstKandySessionAccount *account,
    KandyConfig *config, GError **error);
/* PAUSED -> READY, the last one hangs up and signs off, in the background */
GST_KANDY_API void gst_kandy_session_close (GstKandySession *self,
    GstKandySessionMember *member);
/* READY -> NULL, waits until the good-bye has gone out, for at most
 * GST_KANDY_GOODBYE_TIMEOUT */
GST_KANDY_API void gst_kandy_session_leave (GstKandySession *self,
    GstKandySessionMember *member);

/* An element's wishes are others now */
GST_KANDY_API void gst_kandy_session_wishes_changed (GstKandySession *self);
GST_KANDY_API void gst_kandy_session_update_config (GstKandySession *self,
    GstKandySessionMember *member, GVariant *partial);
/* Asks for what @request, (transfer full), is named after, with its fields as
 * arguments; see gstkandylinerequests.c. @promise: (nullable) (transfer full):
 * replied to exactly once */
GST_KANDY_API void gst_kandy_session_request (GstKandySession *self,
    GstStructure *request, GstPromise *promise);

GST_KANDY_API void gst_kandy_session_get_status (GstKandySession *self,
    GstKandySessionStatus *status);
GST_KANDY_API void gst_kandy_session_status_clear (
    GstKandySessionStatus *status);

/* Answers with the structure application/x-kandy-reply; @error: (nullable) */
GST_KANDY_API void gst_kandy_promise_reply (GstPromise *promise,
    const char *call_id, const GError *error);

/* How long a good-bye may take, from the hang-up on */
#define GST_KANDY_GOODBYE_TIMEOUT (1500 * GST_MSECOND)

/* For the line */
GPtrArray *gst_kandy_session_dup_members (GstKandySession *self,
    gboolean one_a_pipeline);
void gst_kandy_session_set_status (GstKandySession *self, gpointer line,
    const GstKandySessionStatus *status);

/* (transfer full): a bare name as one of the domain of @identity, (nullable) */
GST_KANDY_API char *gst_kandy_line_complete_destination (
    const char *destination, const char *identity, KandyChatType type);

G_END_DECLS
