/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall-private.h"

G_BEGIN_DECLS

/* A report that is being written: W3C's RTCStatsReport, a{sv} of id to a{sv} with
 * the names of "Identifiers for WebRTC's Statistics API" */
typedef struct {
  GVariantBuilder entries;
  GHashTable *ids;              /* of what has been written */
  double timestamp;             /* ms since the epoch */
} GstKandyStatsReport;

typedef struct {
  GVariantBuilder members;
  const char *id;
} GstKandyStatsEntry;

void gst_kandy_stats_report_init (GstKandyStatsReport *self);
gboolean gst_kandy_stats_report_has (GstKandyStatsReport *self,
    const char *id);
/* (transfer full) */
GVariant *gst_kandy_stats_report_end (GstKandyStatsReport *self);

/* @id lives until the end */
void gst_kandy_stats_entry_begin (GstKandyStatsEntry *self,
    GstKandyStatsReport *report, const char *type, const char *id);
void gst_kandy_stats_entry_add (GstKandyStatsEntry *self, const char *name,
    GVariant *value);
/* @value: (nullable): then nothing is added */
void gst_kandy_stats_entry_add_string (GstKandyStatsEntry *self,
    const char *name, const char *value);
/* @time: µs since the epoch; 0: nothing is added */
void gst_kandy_stats_entry_add_time (GstKandyStatsEntry *self,
    const char *name, gint64 time);
void gst_kandy_stats_entry_end (GstKandyStatsEntry *self,
    GstKandyStatsReport *report);

/* gstkandystatsice.c: an ICE stream with its path, candidates and certificates.
 * (transfer full): the id of its entry */
char *gst_kandy_stats_write_transport (GstKandyStatsReport *report,
    GstKandyTransport *transport, guint stream);

/* gstkandystatsreport.c: of @track_id, or of the call if it is NULL. (transfer
 * full) (nullable) */
GVariant *gst_kandy_stats_write_call (GstKandyCall *call,
    const char *track_id, GError **error);

G_END_DECLS
