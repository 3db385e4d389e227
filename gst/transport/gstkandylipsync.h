/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstKandyLipSync GstKandyLipSync;

GstKandyLipSync *gst_kandy_lip_sync_new (void);
void gst_kandy_lip_sync_unref (GstKandyLipSync *self);

/* Takes over from @rtpbin, which would follow each sender report at once */
void gst_kandy_lip_sync_replace (GstElement *rtpbin);
/* Keeps the stream of @jitterbuffer in step with others of its CNAME */
void gst_kandy_lip_sync_watch (GstKandyLipSync *self, GstElement *jitterbuffer);

/* A report about @stream, any key: what was captured at NTP time 0 is to be
 * played at @lateness (of any zero that is the same for all). For tests */
void gst_kandy_lip_sync_take (GstKandyLipSync *self, gpointer stream,
    const char *cname, GstClockTimeDiff lateness, GstClockTime now);
/* by how much @stream is to be played later */
GstClockTimeDiff gst_kandy_lip_sync_get_offset (GstKandyLipSync *self,
    gpointer stream);

G_END_DECLS
