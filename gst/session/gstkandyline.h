/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysession.h"

G_BEGIN_DECLS

/* Private: one sign-on of a session, from the log-in to the good-bye. It owns
 * the kandy thread and all that lives on it: client, call, negotiation. */

#define GST_KANDY_TYPE_LINE (gst_kandy_line_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyLine, gst_kandy_line, GST_KANDY, LINE, GObject)

/* Starts the thread, which signs on. @account is complete. */
GstKandyLine *gst_kandy_line_new (GstKandySession *session,
    const GstKandySessionAccount *account, KandyConfig *config);
/* Hangs up, signs off and ends the thread, in the background. The session hears
 * nothing any more. */
void gst_kandy_line_stop (GstKandyLine *self);
/* FALSE if the line has not finished when @end_time (monotonic, us) is there,
 * or at once if called on the line's own thread */
gboolean gst_kandy_line_wait (GstKandyLine *self, gint64 end_time);

void gst_kandy_line_wishes_changed (GstKandyLine *self);
/* The member opened while the line was there already */
void gst_kandy_line_add_member (GstKandyLine *self,
    GstKandySessionMember *member);
void gst_kandy_line_update_config (GstKandyLine *self, GVariant *partial);
/* @request: (transfer full); @promise: (nullable) (transfer full) */
void gst_kandy_line_request (GstKandyLine *self, GstStructure *request,
    GstPromise *promise);

G_END_DECLS
