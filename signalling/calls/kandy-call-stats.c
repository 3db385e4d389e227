/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"
#include "kandy-json.h"

/*
 * The statistics of a call (protocol calls 6.1). They are the media engine's;
 * the call puts before them what it is that reports, and tells of them as an
 * operation. Other than the rest of the operations this one may be under way
 * at any time, and any number of times.
 */

typedef struct {
  GTask *task;
  char *track_id;
} Query;

static void
query_free (Query *query)
{
  g_object_unref (query->task);
  g_free (query->track_id);
  g_free (query);
}

/* The first entry of a report, with the time of the entry that follows */
static GVariant *
describe_sdk (KandyCall *self, GVariant *first)
{
  const char *platform =
      self->engine ? kandy_media_engine_get_platform (self->engine) : NULL;
  g_autofree char *id = g_strconcat ("kandy-sdk-info_", self->id, NULL);
  double timestamp = g_get_real_time () / 1000.0;
  GVariantDict dict;

  if (first)
    g_variant_lookup (first, "timestamp", "d", &timestamp);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", id);
  g_variant_dict_insert (&dict, "type", "s", "kandy_sdk_info");
  g_variant_dict_insert (&dict, "timestamp", "d", timestamp);
  g_variant_dict_insert (&dict, "sdk", "s", PACKAGE);
  g_variant_dict_insert (&dict, "version", "s", VERSION);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert (&dict, "platform", "s", platform ? platform : "");
  return g_variant_new ("{sv}", id, g_variant_dict_end (&dict));
}

static GVariant *
complete_report (KandyCall *self, GVariant *report)
{
  g_autoptr (GVariant) first = NULL;
  GVariantBuilder builder;
  GVariantIter iter;
  GVariant *entry;

  g_variant_iter_init (&iter, report);
  entry = g_variant_iter_next_value (&iter);
  if (entry)
    g_variant_get (entry, "{&sv}", NULL, &first);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add_value (&builder, describe_sdk (self, first));
  while (entry) {
    g_variant_builder_add_value (&builder, entry);
    g_variant_unref (entry);
    entry = g_variant_iter_next_value (&iter);
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* @report: (nullable); @error: (nullable) (transfer full): one of them */
static void
finish_query (KandyCall *self, Query *query, GVariant *report, GError *error)
{
  GVariantDict dict;

  kandy_call_queue_operation (self, KANDY_OPERATION_GET_STATS,
      KANDY_TRANSITION_FINISH, TRUE, &self->local_op, error);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  if (query->track_id)
    g_variant_dict_insert (&dict, "trackId", "s", query->track_id);
  if (report)
    g_variant_dict_insert_value (&dict, "result", report);
  if (error)
    g_variant_dict_insert_value (
        &dict, "error", kandy_error_to_variant (error));
  kandy_call_queue_event (
      self, self, "call:statsReceived", g_variant_dict_end (&dict));

  if (report)
    kandy_call_queue_value (self, g_object_ref (query->task), report);
  else
    kandy_call_queue_answer (self, g_object_ref (query->task), error);
  query_free (query);
}

static void
on_report (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Query *query = user_data;
  KandyCall *self = g_object_ref (g_task_get_source_object (query->task));
  g_autoptr (GVariant) engines = NULL;
  g_autoptr (GVariant) report = NULL;
  GError *error = NULL;

  engines = kandy_media_engine_get_stats_finish (
      KANDY_MEDIA_ENGINE (object), result, &error);
  if (engines && !g_variant_is_of_type (engines, G_VARIANT_TYPE_VARDICT)) {
    g_clear_pointer (&engines, g_variant_unref);
    error = kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
        "The media engine's statistics are no dictionary.");
  }
  if (engines)
    report = complete_report (self, engines);
  finish_query (self, query, report, error);
  kandy_call_flush (self);
  g_object_unref (self);
}

/**
 * kandy_call_get_stats_async:
 * @self: a call
 * @track_id: (nullable): the id of one of its tracks, local or remote; %NULL
 *     for the whole call
 * @cancellable: (nullable): stops the wait for it
 * @callback: (scope async): called when it is done
 * @user_data: data for @callback
 *
 * Asks for a snapshot of what is known of the call's media (API document:
 * `call.getStats`): in any state of a call that has media, as often as one
 * likes, whatever else is under way. With the events `call:operation`
 * (GET_STATS) and `call:statsReceived`.
 */
void
kandy_call_get_stats_async (KandyCall *self, const char *track_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  Query *query;

  g_return_if_fail (KANDY_IS_CALL (self));

  query = g_new0 (Query, 1);
  query->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (query->task, kandy_call_get_stats_async);
  query->track_id = g_strdup (track_id);

  kandy_call_queue_operation (self, KANDY_OPERATION_GET_STATS,
      KANDY_TRANSITION_START, TRUE, &self->local_op, NULL);
  if (self->engine && !self->over)
    kandy_media_engine_get_stats_async (
        self->engine, track_id, cancellable, on_report, query);
  else
    finish_query (self, query, NULL,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:2", 0,
            "There are no statistics of a call that is %s.",
            kandy_call_state_to_string (self->state)));
  kandy_call_flush (self);
}

/**
 * kandy_call_get_stats_finish:
 * @self: a call
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * The report is W3C's `RTCStatsReport`: an `a{sv}` that maps the id of each
 * entry to an `a{sv}` with its members, named as in "Identifiers for WebRTC's
 * Statistics API", among them `id`, `type` (strings) and `timestamp` (double,
 * ms since the epoch). What is not known is left out. Before the engine's
 * entries comes one of the type `kandy_sdk_info` with `sdk`, `version`,
 * `callId` and `platform`. kandy_stats_to_json() makes JSON of it.
 *
 * Returns: (transfer full) (nullable): the report; %NULL with @error set:
 *     %KANDY_ERROR_INVALID_STATE (`call:2`) if the call has no media (any
 *     more), %KANDY_ERROR_INVALID_PARAM (`call:2`) if there is no such track,
 *     %KANDY_ERROR_NOT_SUPPORTED (`call:5`) if the engine does not count,
 *     %G_IO_ERROR_CANCELLED
 */
GVariant *
kandy_call_get_stats_finish (
    KandyCall *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kandy_stats_to_json:
 * @report: an `a{sv}` of kandy_call_get_stats_finish()
 *
 * Returns: (transfer full): @report as a JSON object: id to entry, as a
 *     browser's report has them
 */
char *
kandy_stats_to_json (GVariant *report)
{
  g_autoptr (JsonNode) node = NULL;

  g_return_val_if_fail (report != NULL, NULL);
  g_return_val_if_fail (
      g_variant_is_of_type (report, G_VARIANT_TYPE_VARDICT), NULL);

  node = json_gvariant_serialize (report);
  return kandy_json_to_string (node);
}
