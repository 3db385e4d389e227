/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-calls-private.h"
#include "kandy-enum-types.h"
#include "kandy-media-options.h"
#include "kandy-track.h"

/*
 * What a call tells about itself: the document's CallObject, its tracks, and
 * when the steps of its set-up happened.
 */

typedef struct {
  char *mark;
  gint64 when; /* since the call was born, in microseconds */
} Timing;

void
kandy_call_timing_free (gpointer data)
{
  Timing *timing = data;

  g_free (timing->mark);
  g_free (timing);
}

static char **
track_ids (GPtrArray *tracks)
{
  GStrvBuilder *builder = g_strv_builder_new ();
  char **ids;
  guint i;

  for (i = 0; i < tracks->len; i++)
    g_strv_builder_add (builder, kandy_track_get_id (tracks->pdata[i]));
  ids = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return ids;
}

static GPtrArray *
copy_tracks (GPtrArray *tracks)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  for (i = 0; i < tracks->len; i++)
    g_ptr_array_add (copy, g_object_ref (tracks->pdata[i]));
  return copy;
}

/**
 * kandy_call_get_local_tracks:
 * @self: a call
 *
 * API document: `CallObject.localTracks`.
 *
 * Returns: (transfer container) (element-type KandyTrack): what is sent; empty
 *     when the call is over
 */
GPtrArray *
kandy_call_get_local_tracks (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return copy_tracks (self->local_tracks);
}

/**
 * kandy_call_get_remote_tracks:
 * @self: a call
 *
 * API document: `CallObject.remoteTracks`.
 *
 * Returns: (transfer container) (element-type KandyTrack): what is received;
 *     empty while the call is held, and when it is over
 */
GPtrArray *
kandy_call_get_remote_tracks (KandyCall *self)
{
  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  return copy_tracks (self->remote_tracks);
}

/**
 * kandy_call_to_variant:
 * @self: a call
 *
 * API document: `call.CallObject` with the document's member names, and
 * `localOp`, `remoteOp` (`{operation, status}`, when there is one), `isCaller`,
 * `isSlowStart` and `customParameters` (see
 * kandy_call_get_custom_parameters(), when there are any).
 *
 * Returns: (transfer floating): an `a{sv}`
 */
GVariant *
kandy_call_to_variant (KandyCall *self)
{
  GVariantDict dict, remote, bandwidth;
  g_auto (GStrv) local_tracks = NULL, remote_tracks = NULL;
  guint limits[3] = { 0, 0, 0 };

  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  g_variant_dict_init (&remote, NULL);
  if (self->remote_number)
    g_variant_dict_insert (&remote, "displayNumber", "s", self->remote_number);
  if (self->remote_name)
    g_variant_dict_insert (&remote, "displayName", "s", self->remote_name);

  g_variant_dict_init (&bandwidth, NULL);
  if (self->options)
    g_object_get (self->options, "bandwidth-call", &limits[0],
        "bandwidth-audio", &limits[1], "bandwidth-video", &limits[2], NULL);
  if (limits[0])
    g_variant_dict_insert (&bandwidth, "call", "u", limits[0]);
  if (limits[1])
    g_variant_dict_insert (&bandwidth, "audio", "u", limits[1]);
  if (limits[2])
    g_variant_dict_insert (&bandwidth, "video", "u", limits[2]);

  local_tracks = track_ids (self->local_tracks);
  remote_tracks = track_ids (self->remote_tracks);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", self->id);
  g_variant_dict_insert (&dict, "from", "s", self->from);
  g_variant_dict_insert (&dict, "to", "s", self->to);
  g_variant_dict_insert (&dict, "direction", "s",
      kandy_enum_nick (KANDY_TYPE_CALL_DIRECTION, self->direction));
  g_variant_dict_insert (
      &dict, "state", "s", kandy_call_state_to_string (self->state));
  g_variant_dict_insert (&dict, "mediaConnectionState", "s",
      kandy_enum_nick (KANDY_TYPE_MEDIA_CONNECTION_STATE, self->media_state));
  g_variant_dict_insert (&dict, "localHold", "b", self->local_hold);
  g_variant_dict_insert (&dict, "remoteHold", "b", self->remote_hold);
  g_variant_dict_insert_value (&dict, "localTracks",
      g_variant_new_strv ((const char *const *) local_tracks, -1));
  g_variant_dict_insert_value (&dict, "remoteTracks",
      g_variant_new_strv ((const char *const *) remote_tracks, -1));
  if (self->media_offered)
    g_variant_dict_insert_value (&dict, "mediaOffered", self->media_offered);
  g_variant_dict_insert_value (
      &dict, "remoteParticipant", g_variant_dict_end (&remote));
  g_variant_dict_insert_value (
      &dict, "bandwidth", g_variant_dict_end (&bandwidth));
  if (self->custom_parameters)
    g_variant_dict_insert_value (
        &dict, "customParameters", self->custom_parameters);
  if (self->start_time)
    g_variant_dict_insert (&dict, "startTime", "x", self->start_time);
  if (self->end_time)
    g_variant_dict_insert (&dict, "endTime", "x", self->end_time);
  if (self->local_op.type != KANDY_OPERATION_NONE)
    g_variant_dict_insert_value (
        &dict, "localOp", kandy_operation_info_to_variant (&self->local_op));
  if (self->remote_op.type != KANDY_OPERATION_NONE)
    g_variant_dict_insert_value (
        &dict, "remoteOp", kandy_operation_info_to_variant (&self->remote_op));
  g_variant_dict_insert (
      &dict, "isCaller", "b", self->direction == KANDY_CALL_DIRECTION_OUTGOING);
  g_variant_dict_insert (&dict, "isSlowStart", "b", self->slow_start);
  return g_variant_dict_end (&dict);
}

/**
 * kandy_call_get_timings:
 * @self: a call
 *
 * When the steps of the call's set-up happened. Marks of this library, in the
 * order of a call: `offer-created`, `session-created` (outgoing), `ringing`,
 * `answer` (kandy_call_answer_async()), `answer-created`, `connected`,
 * `media-connected` and `ended`. Media engines add their own with
 * kandy_call_add_timing().
 *
 * Returns: (transfer floating): an `a{sx}`: mark, microseconds since
 *     kandy_calls_make() or the invitation
 */
GVariant *
kandy_call_get_timings (KandyCall *self)
{
  GVariantBuilder builder;
  guint i;

  g_return_val_if_fail (KANDY_IS_CALL (self), NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sx}"));
  for (i = 0; i < self->timings->len; i++) {
    Timing *timing = self->timings->pdata[i];

    g_variant_builder_add (&builder, "{sx}", timing->mark, timing->when);
  }
  return g_variant_builder_end (&builder);
}

/**
 * kandy_call_add_timing:
 * @self: a call
 * @mark: name of what has happened now
 *
 * Adds a mark to kandy_call_get_timings(). Only the first time counts.
 */
void
kandy_call_add_timing (KandyCall *self, const char *mark)
{
  Timing *timing;
  guint i;

  g_return_if_fail (KANDY_IS_CALL (self));
  g_return_if_fail (mark != NULL);

  for (i = 0; i < self->timings->len; i++)
    if (g_str_equal (((Timing *) self->timings->pdata[i])->mark, mark))
      return;
  timing = g_new0 (Timing, 1);
  timing->mark = g_strdup (mark);
  timing->when = g_get_monotonic_time () - self->born;
  g_ptr_array_add (self->timings, timing);
}
