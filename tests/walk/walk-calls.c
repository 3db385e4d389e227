/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include "../gst/engine-endpoint.h"

/* The real engine, with tones and pictures that the far end must hear and see
 */

#define HEARD_SECONDS 10

typedef struct {
  Endpoint *endpoint;
  guint tone;
  guint32 color;
  gboolean audio; /* is sent */
  gboolean video;
} End;

static GPtrArray *ends; /* End */

static void
end_free (End *end)
{
  endpoint_free (end->endpoint);
  g_free (end);
}

/* Those that only we know: their calls are over. Not within an event, since the
 * context runs meanwhile */
static void
free_forgotten (void)
{
  g_autoptr (GPtrArray) forgotten =
      g_ptr_array_new_with_free_func ((GDestroyNotify) end_free);
  guint i;

  for (i = ends->len; i-- > 0;) {
    End *end = g_ptr_array_index (ends, i);

    if (G_OBJECT (end->endpoint->call)->ref_count == 1)
      g_ptr_array_add (forgotten, g_ptr_array_steal_index (ends, i));
  }
}

static End *
find_end (gpointer engine)
{
  guint i;

  for (i = 0; i < ends->len; i++) {
    End *end = g_ptr_array_index (ends, i);

    if (end->endpoint->call == engine)
      return end;
  }
  g_assert_not_reached ();
}

static void
add_media (End *end, gboolean audio, gboolean video)
{
  if (audio && !end->audio) {
    gst_clear_object (&end->endpoint->audio);
    endpoint_add_audio (end->endpoint, end->tone);
    end->audio = TRUE;
  }
  if (video && !end->video) {
    gst_clear_object (&end->endpoint->video);
    endpoint_add_video (end->endpoint, end->color);
    end->video = TRUE;
  }
}

static void
on_media_wanted (GstKandyCall *call, KandyMediaOptions *options, End *end)
{
  gboolean audio, video;

  g_object_get (options, "audio", &audio, "video", &video, NULL);
  add_media (end, audio, video);
}

static void
on_track_removed (GstKandyCall *call, KandyTrack *track, End *end)
{
  if (!kandy_track_is_local (track))
    return;
  if (kandy_track_get_kind (track) == KANDY_MEDIA_KIND_AUDIO)
    end->audio = FALSE;
  else
    end->video = FALSE;
}

/* @options: (nullable): of make() */
static KandyMediaEngine *
new_engine (WalkParty *party, KandyMediaOptions *options)
{
  gboolean alice = party == &party->walk->parties[0];
  gboolean audio = TRUE, video = walk_pick (party->walk, 3) == 0;
  End *end = g_new0 (End, 1);

  if (!ends)
    ends = g_ptr_array_new ();
  end->tone = alice ? 440 : 1000;
  end->color = alice ? 0xd02020 : 0x2020d0;
  end->endpoint = endpoint_new_full (
      party->name, kandy_client_get_config (party->client), options);
  g_signal_connect (
      end->endpoint->call, "media-wanted", G_CALLBACK (on_media_wanted), end);
  g_signal_connect (
      end->endpoint->call, "track-removed", G_CALLBACK (on_track_removed), end);
  g_ptr_array_add (ends, end);
  if (options)
    g_object_get (options, "audio", &audio, "video", &video, NULL);
  add_media (end, audio, video);
  return KANDY_MEDIA_ENGINE (g_object_ref (end->endpoint->call));
}

static gboolean
arrives (End *from, End *to)
{
  return (!from->audio || endpoint_hears (to->endpoint, from->tone))
      && (!from->video || endpoint_sees (to->endpoint, from->color));
}

/* @whole: everything must be heard and seen, else nothing that is held */
static char *
compare (KandyMediaEngine *a, KandyMediaEngine *b, gboolean whole)
{
  End *x, *y;
  gint64 deadline = g_get_monotonic_time () + HEARD_SECONDS * G_USEC_PER_SEC;
  gboolean a_local, a_remote, b_local, b_remote;

  free_forgotten ();
  x = find_end (a);
  y = find_end (b);
  g_object_get (a, "local-hold", &a_local, "remote-hold", &a_remote, NULL);
  g_object_get (b, "local-hold", &b_local, "remote-hold", &b_remote, NULL);
  if (a_local != b_remote || a_remote != b_local)
    return g_strdup_printf ("the engines hold otherwise: %d %d and %d %d",
        a_local, a_remote, b_local, b_remote);
  if (a_local || a_remote || !whole)
    return NULL;
  endpoint_reset_meters (x->endpoint);
  endpoint_reset_meters (y->endpoint);
  while (!arrives (x, y) || !arrives (y, x)) {
    if (g_get_monotonic_time () > deadline)
      return g_strdup_printf (
          "%s sends sound %d, pictures %d; %s sound %d, pictures %d; what "
          "arrives is sound %d and %d, pictures %d and %d",
          x->endpoint->name, x->audio, x->video, y->endpoint->name, y->audio,
          y->video, endpoint_hears (y->endpoint, x->tone),
          endpoint_hears (x->endpoint, y->tone),
          endpoint_sees (y->endpoint, x->color),
          endpoint_sees (x->endpoint, y->color));
    g_main_context_iteration (NULL, TRUE);
  }
  return NULL;
}

static void
finish (void)
{
  if (!ends)
    return;
  free_forgotten ();
  if (ends->len > 0)
    g_error ("%u engines outlive their calls", ends->len);
  g_clear_pointer (&ends, g_ptr_array_unref);
}

const WalkMedia walk_media_calls = {
  "calls",
  new_engine,
  compare,
  finish,
};
