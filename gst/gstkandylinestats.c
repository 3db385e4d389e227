/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline-private.h"

/* SECTION: statistics of a line's call
 *
 * While a call lasts they are asked for at a steady pace, so that the elements'
 * property has them without waiting for anybody; the last ones remain after the
 * call.
 */

#define STATS_INTERVAL_MS 500

typedef struct {
  GWeakRef line;
  KandyCall *call;
  GstPromise *answer; /* (nullable): the application's */
} StatsQuery;

typedef struct {
  KandyCall *call;
  GstPromise *answer;  /* (nullable) */
  GstStructure *stats; /* (nullable) */
} StatsReply;

static void
stats_reply_free (gpointer data)
{
  StatsReply *reply = data;

  if (reply->answer != NULL) {
    gst_kandy_promise_reply (reply->answer, NULL, NULL);
    gst_promise_unref (reply->answer);
  }
  g_clear_pointer (&reply->stats, gst_structure_free);
  g_object_unref (reply->call);
  g_free (reply);
}

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

static void
on_stats_here (GstKandyLine *self, gpointer data)
{
  StatsReply *reply = data;

  reply->stats = complete_stats (reply->call, reply->stats);
  if (reply->call == self->call && self->call_live) {
    g_clear_pointer (&self->stats, gst_structure_free);
    self->stats = gst_structure_copy (reply->stats);
    gst_kandy_line_calls_publish_status (self);
  }
  if (reply->answer != NULL) {
    gst_promise_reply (reply->answer, g_steal_pointer (&reply->stats));
    g_clear_pointer (&reply->answer, gst_promise_unref);
  }
}

/* From any thread, maybe at once */
static void
on_stats (GstPromise *promise, gpointer user_data)
{
  StatsQuery *query = user_data;
  g_autoptr (GstKandyLine) line = g_weak_ref_get (&query->line);
  StatsReply *reply = g_new0 (StatsReply, 1);

  reply->call = g_object_ref (query->call);
  reply->answer = g_steal_pointer (&query->answer);
  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED
      && gst_promise_get_reply (promise) != NULL)
    reply->stats = gst_structure_copy (gst_promise_get_reply (promise));

  if (line == NULL
      || !gst_kandy_line_post (line, on_stats_here, reply, stats_reply_free))
    stats_reply_free (reply);
}

static void
stats_query_free (gpointer data)
{
  StatsQuery *query = data;

  if (query->answer != NULL) {
    gst_kandy_promise_reply (query->answer, NULL, NULL);
    gst_promise_unref (query->answer);
  }
  g_weak_ref_clear (&query->line);
  g_object_unref (query->call);
  g_free (query);
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
  StatsQuery *query;

  if (self->media == NULL) {
    if (promise != NULL) {
      gst_promise_reply (promise,
          self->stats != NULL ? gst_structure_copy (self->stats)
                              : complete_stats (self->call, NULL));
      gst_promise_unref (promise);
    }
    return;
  }
  query = g_new0 (StatsQuery, 1);
  g_weak_ref_init (&query->line, self);
  query->call = g_object_ref (self->call);
  query->answer = promise;
  gst_kandy_call_get_stats (self->media,
      gst_promise_new_with_change_func (on_stats, query, stats_query_free));
}

void
gst_kandy_line_stats_complete (GstKandyLine *self)
{
  self->stats = complete_stats (self->call, self->stats);
}
