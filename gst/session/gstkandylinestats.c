/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"
#include "gstkandycodec.h"
#include "gstkandyline-private.h"
#include "gstkandyvariant.h"

/* SECTION: statistics of a line's call
 *
 * While a call lasts they are asked for at a steady pace, so that the elements'
 * property has them without waiting for anybody; the last ones remain after the
 * call.
 */

#define STATS_INTERVAL_MS 1000

/* (transfer full): of @call, with @stats, (nullable) (transfer full), in it */
static GstStructure *
complete_stats (KandyCall *call, GstStructure *stats)
{
  g_autoptr (GVariant) timings = kandy_call_get_timings (call);
  g_autoptr (GstStructure) marks =
      gst_structure_new_empty ("application/x-kandy-timings");
  GVariantIter iter;
  const char *mark;
  gint64 time;

  if (stats == NULL)
    stats = gst_structure_new_empty ("application/x-kandy-stats");
  if (timings != NULL) {
    g_variant_ref_sink (timings);
    g_variant_iter_init (&iter, timings);
    while (g_variant_iter_next (&iter, "{&sx}", &mark, &time))
      gst_structure_set (marks, mark, G_TYPE_INT64, time, NULL);
  }
  gst_structure_set (stats, "call-id", G_TYPE_STRING, kandy_call_get_id (call),
      "timings", GST_TYPE_STRUCTURE, marks, NULL);
  return stats;
}

static gboolean
on_stats_time (gpointer data)
{
  GstKandyLine *self = data;

  if (self->media != NULL && self->call_live)
    gst_kandy_line_stats_query (self, NULL);
  return G_SOURCE_CONTINUE;
}

void
gst_kandy_line_stats_start (GstKandyLine *self)
{
  gst_kandy_line_stats_stop (self);
  self->stats_source =
      gst_kandy_line_add_timeout (self, STATS_INTERVAL_MS, on_stats_time);
  if (self->media != NULL)
    gst_kandy_line_stats_query (self, NULL);
}

void
gst_kandy_line_stats_stop (GstKandyLine *self)
{
  gst_kandy_line_clear_source (&self->stats_source);
}

void
gst_kandy_line_stats_query (GstKandyLine *self, GstPromise *promise)
{
  GstStructure *stats = NULL;

  /* Media that are closed have forgotten what they had counted: each face of a
   * pipeline may hang up, the second one after the media */
  if (self->media != NULL && !gst_kandy_call_is_closed (self->media)) {
    stats =
        complete_stats (self->call, gst_kandy_call_make_stats (self->media));
    if (self->call_live) {
      g_clear_pointer (&self->stats, gst_structure_free);
      self->stats = g_steal_pointer (&stats);
      gst_kandy_line_calls_publish_status (self);
    }
  }
  if (promise != NULL) {
    if (stats == NULL)
      stats = self->stats != NULL ? gst_structure_copy (self->stats)
                                  : complete_stats (self->call, NULL);
    gst_promise_reply (promise, g_steal_pointer (&stats));
    gst_promise_unref (promise);
  }
  g_clear_pointer (&stats, gst_structure_free);
}

typedef struct {
  GstKandyLine *line;
  char *track_id;      /* (nullable) */
  GstPromise *promise; /* (nullable) */
} Request;

static Request *
request_new (GstKandyLine *self, const char *track_id, GstPromise *promise)
{
  Request *request = g_new0 (Request, 1);

  request->line = g_object_ref (self);
  request->track_id = g_strdup (track_id);
  request->promise = promise;
  return request;
}

/* @reply: (nullable) (transfer full); @error: (nullable): one of them */
static void
request_finish (Request *request, GstStructure *reply, const GError *error)
{
  if (request->promise != NULL && reply != NULL)
    gst_promise_reply (request->promise, g_steal_pointer (&reply));
  else
    gst_kandy_promise_reply (request->promise, NULL, error);
  g_clear_pointer (&reply, gst_structure_free);
  g_clear_pointer (&request->promise, gst_promise_unref);
  g_object_unref (request->line);
  g_free (request->track_id);
  g_free (request);
}

static void
on_report (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Request *request = user_data;
  GstKandyLine *self = request->line;
  KandyCall *call = KANDY_CALL (object);
  GValue content = G_VALUE_INIT;
  g_autoptr (GVariant) report = NULL;
  g_autoptr (GError) error = NULL;
  GstStructure *reply = NULL;

  report = kandy_call_get_stats_finish (call, result, &error);
  if (report != NULL && request->track_id == NULL && call == self->call) {
    gst_kandy_line_stats_query (self, g_steal_pointer (&request->promise));
  } else if (report != NULL) {
    reply = gst_structure_new ("application/x-kandy-stats", "call-id",
        G_TYPE_STRING, kandy_call_get_id (call), "track-id", G_TYPE_STRING,
        request->track_id, NULL);
    gst_kandy_list_from_variant (&content, "report", report);
    gst_structure_take_value (reply, "report", &content);
  }
  request_finish (request, reply, error);
}

/* As an operation of the call, with its events */
void
gst_kandy_line_stats_request (
    GstKandyLine *self, const char *track_id, GstPromise *promise)
{
  if (self->media == NULL && track_id == NULL)
    gst_kandy_line_stats_query (self, promise);
  else
    kandy_call_get_stats_async (self->call, track_id, self->cancellable,
        on_report, request_new (self, track_id, promise));
}

static void
on_codecs (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (GVariant) codecs = NULL;
  g_autoptr (GVariant) content = NULL;
  g_autoptr (GError) error = NULL;
  GstStructure *reply = NULL;
  GVariantDict dict;

  codecs = kandy_calls_get_available_codecs_finish (
      KANDY_CALLS (object), result, &error);
  if (codecs != NULL) {
    g_variant_dict_init (&dict, NULL);
    g_variant_dict_insert_value (&dict, "codecs", codecs);
    content = g_variant_ref_sink (g_variant_dict_end (&dict));
    reply = gst_kandy_structure_from_variant (
        "application/x-kandy-codecs", content);
  }
  request_finish (request, reply, error);
}

void
gst_kandy_line_stats_request_codecs (
    GstKandyLine *self, const char *kind, GstPromise *promise)
{
  kandy_calls_get_available_codecs_async (kandy_client_get_calls (self->client),
      kind, self->cancellable, on_codecs, request_new (self, NULL, promise));
}

void
gst_kandy_line_stats_warn (GstKandyCall *media, const char *name,
    gboolean raised, KandyTrack *track, double value, double threshold,
    GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, TRUE);
  g_autoptr (GstStructure) warning = gst_structure_new ("kandy-quality",
      "warning", G_TYPE_STRING, name, "raised", G_TYPE_BOOLEAN, raised,
      "threshold", G_TYPE_DOUBLE, threshold, NULL);
  guint i;

  if (media != self->media || !self->call_live)
    return;
  if (value >= 0)
    gst_structure_set (warning, "value", G_TYPE_DOUBLE, value, NULL);
  if (track != NULL)
    gst_structure_set (warning, "track-id", G_TYPE_STRING,
        kandy_track_get_id (track), "kind", G_TYPE_STRING,
        kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO ? "video"
                                                               : "audio",
        "local", G_TYPE_BOOLEAN, kandy_track_is_local (track), NULL);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->quality_warning (
        member, warning);
  }
}

/* API document: all that the platform could be told of, also what the
 * configuration has removed from calls */
GVariant *
gst_kandy_line_stats_list_codecs (
    KandyCalls *calls, KandyMediaKind kind, gpointer user_data)
{
  return gst_kandy_codecs_list (kind, FALSE);
}

void
gst_kandy_line_stats_complete (GstKandyLine *self)
{
  self->stats = complete_stats (self->call, self->stats);
}
