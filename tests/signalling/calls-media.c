/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-media-private.h"

#include <string.h>

/* Tracks and media of calls by their ids, muted and heard again: the API
 * document's namespace `media` */

typedef struct {
  Harness harness;
  GString *events;
} Fixture;

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  GString *events = user_data;
  g_autoptr (GVariant) ids = NULL;
  g_autofree const char **names = NULL;
  g_autofree char *list = NULL;

  if (!g_str_has_prefix (name, "media:"))
    return;
  ids =
      g_variant_lookup_value (payload, "trackIds", G_VARIANT_TYPE_STRING_ARRAY);
  g_assert_nonnull (ids);
  names = g_variant_get_strv (ids, NULL);
  list = g_strjoinv (" ", (char **) names);
  g_string_append_printf (
      events, "%s%s %s", events->len ? "; " : "", name, list);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  harness_set_up (&f->harness, data);
  f->events = g_string_new (NULL);
  g_signal_connect (
      f->harness.client, "event", G_CALLBACK (on_event), f->events);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  harness_tear_down (&f->harness, data);
  g_string_free (f->events, TRUE);
}

static KandyMedia *
media_of (Fixture *f)
{
  return kandy_client_get_media (f->harness.client);
}

static void
expect_events (Fixture *f, const char *text)
{
  harness_settle (&f->harness);
  g_assert_cmpstr (f->events->str, ==, text);
  g_string_truncate (f->events, 0);
}

static KandyTrack *
track_of (Fixture *f, gboolean local)
{
  g_autoptr (GPtrArray) tracks = local
      ? kandy_call_get_local_tracks (f->harness.call)
      : kandy_call_get_remote_tracks (f->harness.call);

  g_assert_cmpuint (tracks->len, >, 0);
  return tracks->pdata[0];
}

/* What a call has is found, and no longer when it is over */
static void
test_found (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyTrack) local = NULL;
  g_autoptr (KandyTrack) remote = NULL;
  g_autoptr (GVariant) info = NULL;
  g_autoptr (GVariant) tracks = NULL;
  KandyMediaStream *stream;
  gboolean is_local;

  harness_make (&f->harness, KANDY_CALL_STATE_CONNECTED);
  local = g_object_ref (track_of (f, TRUE));
  remote = g_object_ref (track_of (f, FALSE));
  g_assert_true (
      kandy_media_get_track_by_id (media_of (f), kandy_track_get_id (local))
      == local);
  g_assert_true (
      kandy_media_get_track_by_id (media_of (f), kandy_track_get_id (remote))
      == remote);
  g_assert_null (kandy_media_get_track_by_id (media_of (f), "nobody's"));

  stream =
      kandy_media_get_by_id (media_of (f), kandy_track_get_stream_id (local));
  g_assert_nonnull (stream);
  g_assert_true (kandy_media_stream_is_local (stream));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (stream)), ==, 1);
  info = g_variant_ref_sink (kandy_media_stream_to_variant (stream));
  g_assert_true (g_variant_lookup (info, "local", "b", &is_local));
  g_assert_true (is_local);
  tracks = g_variant_lookup_value (info, "tracks", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_cmpuint (g_variant_n_children (tracks), ==, 1);
  g_assert_null (kandy_media_get_by_id (media_of (f), "nobody's"));

  harness_event (&f->harness, "s1", "SessionEnded");
  harness_wait (&f->harness,
      kandy_call_get_state (f->harness.call) == KANDY_CALL_STATE_ENDED);
  g_assert_null (
      kandy_media_get_track_by_id (media_of (f), kandy_track_get_id (local)));
  g_assert_null (
      kandy_media_get_track_by_id (media_of (f), kandy_track_get_id (remote)));
  g_assert_null (
      kandy_media_get_by_id (media_of (f), kandy_track_get_stream_id (local)));
}

static void
on_typed (KandyMedia *media, GVariant *tracks, GVariant *track_ids, guint *n)
{
  *n += g_variant_n_children (tracks);
}

static void
test_mute (Fixture *f, gconstpointer data)
{
  const char *both[3] = { NULL };
  const char *some[] = { NULL, "nobody's", NULL };
  const char *none[] = { "nobody's", NULL };
  const char *empty[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = NULL;
  guint n = 0;

  harness_make (&f->harness, KANDY_CALL_STATE_CONNECTED);
  both[0] = some[0] = kandy_track_get_id (track_of (f, TRUE));
  both[1] = kandy_track_get_id (track_of (f, FALSE));
  g_signal_connect (media_of (f), "muted", G_CALLBACK (on_typed), &n);

  g_assert_true (kandy_media_mute_tracks (media_of (f), both, NULL));
  g_assert_true (kandy_track_get_muted (track_of (f, TRUE)));
  g_assert_true (kandy_track_get_muted (track_of (f, FALSE)));
  g_assert_cmpuint (n, ==, 2);
  expected = g_strdup_printf ("media:muted %s %s", both[0], both[1]);
  expect_events (f, expected);

  /* nothing new, nothing told */
  g_assert_true (kandy_media_mute_tracks (media_of (f), both, NULL));
  expect_events (f, "");

  g_free (expected);
  expected = g_strdup_printf ("media:unmuted %s", both[0]);
  g_assert_true (kandy_media_unmute_tracks (media_of (f), some, NULL));
  g_assert_false (kandy_track_get_muted (track_of (f, TRUE)));
  expect_events (f, expected);

  g_assert_false (kandy_media_mute_tracks (media_of (f), none, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "call:7");
  g_assert_nonnull (strstr (error->message, "nobody's"));
  g_clear_error (&error);
  g_assert_false (kandy_media_mute_tracks (media_of (f), empty, &error));
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
  expect_events (f, "");

  /* a track's own property does the same */
  g_free (expected);
  expected = g_strdup_printf ("media:muted %s", both[0]);
  g_object_set (track_of (f, TRUE), "muted", TRUE, NULL);
  expect_events (f, expected);
  harness_expect_requests (&f->harness, "");
}

static void
test_source_muted (Fixture *f, gconstpointer data)
{
  g_autofree char *expected = NULL;
  KandyTrack *remote;

  harness_make (&f->harness, KANDY_CALL_STATE_CONNECTED);
  remote = track_of (f, FALSE);
  kandy_track_set_source_muted (remote, TRUE);
  /* an engine may be at work: not from within */
  g_assert_cmpstr (f->events->str, ==, "");
  kandy_track_set_source_muted (remote, FALSE);
  expected = g_strdup_printf ("media:sourceMuted %s; media:sourceUnmuted %s",
      kandy_track_get_id (remote), kandy_track_get_id (remote));
  expect_events (f, expected);

  /* nothing is told of a client that is gone */
  kandy_track_set_source_muted (remote, TRUE);
  kandy_client_destroy (f->harness.client);
  expect_events (f, "");
}

/* A hold hides a track, in whatever order that and its silence come */
static void
test_held (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyTrack) theirs =
      kandy_track_new ("t", "s", KANDY_MEDIA_KIND_AUDIO, FALSE, NULL);
  KandyMedia *media = media_of (f);
  int call;

  kandy_track_set_source_muted (theirs, TRUE);
  kandy_media_add_track (media, &call, theirs);
  expect_events (f, "");
  kandy_track_set_source_muted (theirs, FALSE);
  expect_events (f, "media:sourceUnmuted t");

  kandy_track_set_source_muted (theirs, TRUE);
  kandy_media_remove_track (media, &call, theirs);
  expect_events (f, "media:sourceMuted t");
  kandy_media_add_track (media, &call, theirs);
  expect_events (f, "");
  kandy_track_set_source_muted (theirs, FALSE);
  expect_events (f, "media:sourceUnmuted t");

  kandy_media_remove_track (media, &call, theirs);
  kandy_track_set_source_muted (theirs, TRUE);
  expect_events (f, "media:sourceMuted t");
  kandy_track_set_source_muted (theirs, FALSE);
  kandy_media_add_track (media, &call, theirs);
  expect_events (f, "media:sourceUnmuted t");

  kandy_track_set_live (theirs, FALSE);
  kandy_media_remove_track (media, &call, theirs);
  expect_events (f, "");
}

/* The far end names its tracks; it cannot have ours muted in place of its own,
 * nor one call's in place of another's */
static void
test_same_ids (Fixture *f, gconstpointer data)
{
  g_autoptr (KandyTrack) ours =
      kandy_track_new ("t", "s", KANDY_MEDIA_KIND_AUDIO, TRUE, NULL);
  g_autoptr (KandyTrack) theirs =
      kandy_track_new ("t", "s", KANDY_MEDIA_KIND_AUDIO, FALSE, NULL);
  g_autoptr (KandyTrack) others =
      kandy_track_new ("t", NULL, KANDY_MEDIA_KIND_AUDIO, FALSE, NULL);
  KandyMedia *media = media_of (f);
  int first, second;

  kandy_media_add_track (media, &first, theirs);
  g_assert_true (kandy_media_get_track_by_id (media, "t") == theirs);
  kandy_media_add_track (media, &first, ours);
  kandy_media_add_track (media, &second, others);
  g_assert_true (kandy_media_get_track_by_id (media, "t") == ours);
  g_assert_true (
      kandy_media_stream_is_local (kandy_media_get_by_id (media, "s")));

  kandy_media_remove_track (media, &second, ours);
  g_assert_true (kandy_media_get_track_by_id (media, "t") == ours);
  kandy_media_remove_track (media, &first, ours);
  g_assert_true (kandy_media_get_track_by_id (media, "t") == others);
  kandy_media_remove_track (media, &second, others);
  g_assert_true (kandy_media_get_track_by_id (media, "t") == theirs);
  g_assert_false (
      kandy_media_stream_is_local (kandy_media_get_by_id (media, "s")));
  kandy_media_remove_track (media, &first, theirs);
  g_assert_null (kandy_media_get_by_id (media, "s"));
}

#define TEST(name, test)                                                       \
  g_test_add ("/calls/media/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  TEST ("found", test_found);
  TEST ("mute", test_mute);
  TEST ("source-muted", test_source_muted);
  TEST ("held", test_held);
  TEST ("same-ids", test_same_ids);

  return g_test_run ();
}
