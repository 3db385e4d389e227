/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/app.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "tracks.h"
#include "../patience.h"

/* SECTION: media that come and go in a call
 *
 * Pads that are requested, released and linked anew while a call lasts, and the
 * actions that do the same. What the far end sees and hears is measured.
 */

#define TALK                                                                   \
  "audiotestsrc is-live=true freq=%u samplesperbuffer=480 ! "                  \
  "audio/x-raw,rate=48000,channels=1 ! sink.audio_0 "
#define CAMERA                                                                 \
  "videotestsrc is-live=true pattern=%s ! "                                    \
  "video/x-raw,width=160,height=120,framerate=30/1 ! identity"

typedef struct {
  GstElement *alice;
  GstElement *bob;
} Pair;

static GstElement *
make_end (const char *name, guint frequency, const char *how, const char *rest)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline =
      fixture_launch ("kandysink name=sink %s %s " TALK " %s kandysrc name=src",
          account, how, frequency, rest);

  tracks_watch (pipeline);
  return pipeline;
}

static gboolean
has_video (gpointer pipeline)
{
  return tracks_has (pipeline, "at_video_0");
}

static gboolean
has_second_video (gpointer pipeline)
{
  return tracks_has (pipeline, "at_video_1");
}

static gboolean
has_no_video (gpointer pipeline)
{
  return !has_video (pipeline);
}

static gboolean
has_no_second_video (gpointer pipeline)
{
  return !has_second_video (pipeline);
}

static Pair
pair_new (const char *alice_rest, const char *bob_rest)
{
  Pair pair;

  pair.bob = make_end ("bob", 1000, "auto-answer=true", bob_rest);
  fixture_play (pair.bob);
  fixture_wait_progress (pair.bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  pair.alice = make_end ("alice", 600, "destination=bob", alice_rest);
  fixture_play (pair.alice);
  tracks_assert_hears (pair.alice, "at_audio_0", 1000);
  tracks_assert_hears (pair.bob, "at_audio_0", 600);
  return pair;
}

static void
pair_stop (Pair *pair)
{
  fixture_stop (pair->alice);
  fixture_wait_eos (pair->bob);
  fixture_stop (pair->bob);
}

/* --- what one end does --- */

static GstElement *
get_sink (GstElement *pipeline)
{
  return gst_bin_get_by_name (GST_BIN (pipeline), "sink");
}

/* A source for the pad @pad, which is requested if it is not there */
static GstElement *
plug (GstElement *pipeline, const char *pad, const char *line)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPad) target = gst_element_get_static_pad (sink, pad);
  GstElement *source = gst_parse_bin_from_description (line, TRUE, NULL);
  g_autoptr (GstPad) out = NULL;

  fail_unless (source != NULL, "%s", line);
  gst_bin_add (GST_BIN (pipeline), source);
  if (target == NULL)
    target = gst_element_request_pad_simple (sink, pad);
  fail_unless (target != NULL, "%s", pad);
  out = gst_element_get_static_pad (source, "src");
  fail_unless_equals_int (gst_pad_link (out, target), GST_PAD_LINK_OK);
  gst_element_sync_state_with_parent (source);
  return source;
}

static void
unplug (GstElement *pipeline, GstElement *source)
{
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (pipeline), source);
}

static void
release (GstElement *pipeline, const char *name)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, name);

  gst_element_release_request_pad (sink, pad);
}

/* (transfer full) (nullable): the code of its error */
static char *
finish_action (GstPromise *promise)
{
  const GstStructure *reply;

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  if (!gst_structure_has_field (reply, "error"))
    return NULL;
  return g_strdup (gst_structure_get_string (reply, "code"));
}

static char *
act (GstElement *pipeline, const char *action)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, action, promise);
  return finish_action (promise);
}

static char *
act_with (GstElement *pipeline, const char *action, GstStructure *media)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autoptr (GstStructure) held = media;

  g_signal_emit_by_name (sink, action, media, promise);
  return finish_action (promise);
}

static guint
count_offers (void)
{
  return kandy_loopback_count_requests (fixture_platform, "PUT", "/update");
}

/* --- tests --- */

/* __i__: the caller does it, or the callee */
GST_START_TEST (test_pads)
{
  Pair pair = pair_new ("", "");
  GstElement *one = __i__ ? pair.bob : pair.alice;
  GstElement *other = __i__ ? pair.alice : pair.bob;
  guint own = __i__ ? 1000 : 600, theirs = __i__ ? 600 : 1000;
  g_autofree char *red = g_strdup_printf (CAMERA, "red");
  g_autofree char *blue = g_strdup_printf (CAMERA, "blue");
  GstElement *source = plug (one, "video_0", red);

  fixture_until (has_video, other, "a picture comes");
  tracks_assert_sees (other, "at_video_0", TRACKS_RED);
  fail_unless (has_no_video (one));

  /* into the same m-line */
  plug (other, "video_0", blue);
  fixture_until (has_video, one, "a picture comes from the other end, too");
  tracks_assert_sees (one, "at_video_0", TRACKS_BLUE);
  tracks_assert_sees (other, "at_video_0", TRACKS_RED);

  release (one, "video_0");
  unplug (one, source);
  fixture_until (has_no_video, other, "the picture goes");
  tracks_assert_sees (one, "at_video_0", TRACKS_BLUE);
  tracks_assert_hears (other, "at_audio_0", own);
  tracks_assert_hears (one, "at_audio_0", theirs);

  plug (one, "video_1", red);
  fixture_until (has_second_video, other, "a picture comes again");
  tracks_assert_sees (other, "at_video_1", TRACKS_RED);
  fail_unless (count_offers () >= 4);
  pair_stop (&pair);
}
GST_END_TEST;

/* A pad that is linked no more is removed after a while, without being released
 */
GST_START_TEST (test_unlinked)
{
  g_autofree char *camera =
      g_strdup_printf (CAMERA " ! identity name=last ! sink.video_0", "red");
  Pair pair = pair_new (camera, "");
  g_autoptr (GstElement) last =
      gst_bin_get_by_name (GST_BIN (pair.alice), "last");
  g_autoptr (GstElement) sink = get_sink (pair.alice);
  g_autofree char *green = g_strdup_printf (CAMERA, "green");

  fixture_until (has_video, pair.bob, "a picture comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  gst_element_unlink (last, sink);
  fixture_until (has_no_video, pair.bob, "the picture goes");
  tracks_assert_hears (pair.bob, "at_audio_0", 600);
  plug (pair.alice, "video_0", green);
  fixture_until (has_second_video, pair.bob, "another picture comes");
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_GREEN);
  pair_stop (&pair);
}
GST_END_TEST;

/* A camera and a screen at once, each for itself */
GST_START_TEST (test_screen)
{
  Pair pair = pair_new ("", "");
  g_autofree char *red = g_strdup_printf (CAMERA, "red");
  g_autofree char *blue = g_strdup_printf (CAMERA, "blue");
  g_autofree char *none = act (pair.alice, "stop-screenshare");
  g_autofree char *started = NULL, *stopped = NULL, *many = NULL;

  fail_unless_equals_string (none, "call:7");
  plug (pair.alice, "video_0", red);
  fixture_until (has_video, pair.bob, "the camera comes");
  plug (pair.alice, "screen_0", blue);
  fixture_until (has_second_video, pair.bob, "the screen comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);

  many = act (pair.alice, "stop-video");
  fail_unless_equals_string (many, "call:7");
  stopped = act (pair.alice, "stop-screenshare");
  fail_unless (stopped == NULL, "%s", stopped);
  fixture_until (has_no_second_video, pair.bob, "the screen goes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);

  started = act_with (pair.alice, "start-screenshare", NULL);
  fail_unless (started == NULL, "%s", started);
  pair_stop (&pair);
}
GST_END_TEST;

/* Actions in place of pads */
GST_START_TEST (test_actions)
{
  g_autofree char *camera = g_strdup_printf (CAMERA " ! sink.video_0", "red");
  Pair pair = pair_new (camera, "");
  GstElement *alice = pair.alice;
  g_autoptr (GstElement) sink = get_sink (alice);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "video_0");
  g_autoptr (GstPromise) promise = gst_promise_new ();
  const char *ids[] = { NULL, NULL };
  g_autofree char *id = NULL;
  struct {
    const char *action;
    GstStructure *media;
    const char *code;
  } bad[] = {
    { "start-video", NULL, "call:7" },
    { "add-media", NULL, "call:7" },
    { "add-media", gst_structure_new ("m", "smell", G_TYPE_BOOLEAN, TRUE, NULL),
        "call:7" },
    { "add-media", gst_structure_new ("m", "audio", G_TYPE_STRING, "yes", NULL),
        "call:7" },
  };
  char *code;
  guint i;

  fixture_until (has_video, pair.bob, "a picture comes");
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    code = act_with (alice, bad[i].action, bad[i].media);
    fail_unless_equals_string (code, bad[i].code);
    g_free (code);
  }
  g_signal_emit_by_name (sink, "remove-media", ids, NULL, promise);
  code = finish_action (promise);
  fail_unless_equals_string (code, "call:7");
  g_free (code);
  fail_unless_equals_int (count_offers (), 0);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);

  code = act (alice, "stop-video");
  fail_unless (code == NULL, "%s", code);
  fixture_until (has_no_video, pair.bob, "the picture goes");
  code = act (alice, "stop-video");
  fail_unless_equals_string (code, "call:7");
  g_free (code);
  /* the pad is linked all the time, but does not come back by itself */
  fail_unless_equals_int (count_offers (), 1);
  g_object_get (pad, "track-id", &id, NULL);
  fail_unless (id == NULL);

  code = act_with (alice, "start-video", NULL);
  fail_unless (code == NULL, "%s", code);
  fixture_until (has_second_video, pair.bob, "the picture comes again");
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_RED);

  g_object_get (pad, "track-id", &id, NULL);
  ids[0] = id;
  g_clear_pointer (&promise, gst_promise_unref);
  promise = gst_promise_new ();
  g_signal_emit_by_name (sink, "remove-media", ids, NULL, promise);
  code = finish_action (promise);
  fail_unless (code == NULL, "%s", code);
  fixture_until (has_no_second_video, pair.bob, "the picture goes again");
  tracks_assert_hears (pair.bob, "at_audio_0", 600);
  pair_stop (&pair);
}
GST_END_TEST;

/* What is wished during a hold comes after it */
GST_START_TEST (test_during_hold)
{
  Pair pair = pair_new ("", "");
  g_autofree char *red = g_strdup_printf (CAMERA, "red");
  g_autofree char *held = act (pair.bob, "hold"), *freed = NULL;

  fail_unless (held == NULL, "%s", held);
  plug (pair.alice, "video_0", red);
  g_usleep (500000);
  fail_unless (has_no_video (pair.bob));
  fail_unless_equals_int (count_offers (), 1);
  freed = act (pair.bob, "unhold");
  fail_unless (freed == NULL, "%s", freed);
  fixture_until (has_video, pair.bob, "a picture comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  pair_stop (&pair);
}
GST_END_TEST;

/* Both at the same moment: one is refused, and tries again */
GST_START_TEST (test_glare)
{
  Pair pair = pair_new ("", "");
  g_autofree char *red = g_strdup_printf (CAMERA, "red");
  g_autofree char *blue = g_strdup_printf (CAMERA, "blue");

  plug (pair.alice, "video_0", red);
  plug (pair.bob, "video_0", blue);
  fixture_until (has_video, pair.bob, "alice's picture comes");
  fixture_until (has_video, pair.alice, "bob's picture comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  tracks_assert_sees (pair.alice, "at_video_0", TRACKS_BLUE);
  pair_stop (&pair);
}
GST_END_TEST;

/* --- another source --- */

typedef struct {
  GMutex lock;
  gint64 last;
  gint64 gap;
  guint n; /* since the gap is measured */
} Arrivals;

static GstPadProbeReturn
on_arrival (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Arrivals *arrivals = user_data;
  gint64 now = GST_TIME_AS_USECONDS (
      GST_BUFFER_PTS (gst_pad_probe_info_get_buffer (info)));

  g_mutex_lock (&arrivals->lock);
  if (arrivals->last != 0)
    arrivals->gap = MAX (arrivals->gap, now - arrivals->last);
  arrivals->last = now;
  arrivals->n++;
  g_mutex_unlock (&arrivals->lock);
  return GST_PAD_PROBE_OK;
}

static gulong
watch (GstElement *pipeline, const char *name, Arrivals *arrivals)
{
  g_autoptr (GstElement) appsink =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (appsink, "sink");

  memset (arrivals, 0, sizeof (*arrivals));
  g_mutex_init (&arrivals->lock);
  return gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_arrival, arrivals, NULL);
}

/* Sources that run by themselves, as they are heard and seen. What comes of a
 * change comes each time, what comes of a busy machine does not: a source is
 * replaced until one change has shown no gap that is too long, for some time.
 * What glitch.c measures is the same each time. */
#define GAP_US 100000
#define ROUNDS_US (20 * G_USEC_PER_SEC)

typedef struct {
  const char *what;
  gint64 begin;
  guint n;
  gint64 shortest; /* of the longest gaps */
} Rounds;

static void
rounds_begin (Rounds *rounds, const char *what)
{
  rounds->what = what;
  rounds->begin = g_get_monotonic_time ();
  rounds->n = 0;
  rounds->shortest = G_MAXINT64;
}

/* Each source is to be there once at least, and once more */
static gboolean
rounds_go_on (const Rounds *rounds)
{
  return rounds->n < 3
      || (rounds->shortest >= GAP_US
          && g_get_monotonic_time () - rounds->begin < ROUNDS_US);
}

static void
rounds_end (const Rounds *rounds)
{
  g_print ("# %s: a gap of %.1f ms at best, of %u\n", rounds->what,
      rounds->shortest / 1000.0, rounds->n);
  fail_unless (rounds->shortest < GAP_US, "%s", rounds->what);
}

/* A source that runs and waits to be linked, as a device that is opened before
 * it is switched to */
typedef struct {
  GstElement *bin;
  GstPad *out;
  gulong block;
  int blocked; /* atomic */
} Ready;

static GstPadProbeReturn
on_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Ready *ready = user_data;

  g_atomic_int_set (&ready->blocked, TRUE);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_blocked (gpointer user_data)
{
  Ready *ready = user_data;

  return g_atomic_int_get (&ready->blocked);
}

static void
get_ready (Ready *ready, GstElement *pipeline, const char *line)
{
  ready->bin = gst_parse_bin_from_description (line, TRUE, NULL);
  ready->out = gst_element_get_static_pad (ready->bin, "src");
  ready->blocked = FALSE;
  ready->block = gst_pad_add_probe (
      ready->out, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_blocked, ready, NULL);
  gst_bin_add (GST_BIN (pipeline), ready->bin);
  gst_element_sync_state_with_parent (ready->bin);
  fixture_until (is_blocked, ready, "the source is ready");
}

/* @bin: (nullable): what was linked before, which goes */
static void
relink (GstElement *pipeline, const char *name, Ready *ready, GstElement *bin)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, name);
  g_autoptr (GstPad) former = gst_pad_get_peer (pad);

  gst_pad_unlink (former, pad);
  fail_unless_equals_int (gst_pad_link (ready->out, pad), GST_PAD_LINK_OK);
  gst_pad_remove_probe (ready->out, ready->block);
  gst_clear_object (&ready->out);
  if (bin != NULL)
    unplug (pipeline, bin);
}

static void
arrivals_reset (Arrivals *arrivals)
{
  g_mutex_lock (&arrivals->lock);
  arrivals->gap = 0;
  arrivals->n = 0;
  g_mutex_unlock (&arrivals->lock);
}

static gboolean
has_settled (gpointer user_data)
{
  Arrivals *arrivals = user_data;
  gboolean settled;

  g_mutex_lock (&arrivals->lock);
  settled = arrivals->n >= 15;
  g_mutex_unlock (&arrivals->lock);
  return settled;
}

static gint64
arrivals_gap (Arrivals *arrivals)
{
  gint64 gap;

  g_mutex_lock (&arrivals->lock);
  gap = arrivals->gap;
  g_mutex_unlock (&arrivals->lock);
  return gap;
}

static void
rounds_note (Rounds *rounds, Arrivals *arrivals)
{
  /* the first picture of a source may come along with the last of another one;
   * what comes after it counts as well */
  fixture_until (has_settled, arrivals, "it goes on");
  rounds->n++;
  rounds->shortest = MIN (rounds->shortest, arrivals_gap (arrivals));
}

/* Alice sends a tone and red, and Bob sees it */
static Pair
pair_new_watched (Arrivals *sound, Arrivals *picture)
{
  g_autofree char *camera = g_strdup_printf (CAMERA " ! sink.video_0", "red");
  Pair pair = pair_new (camera, "");

  fixture_until (has_video, pair.bob, "a picture comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  watch (pair.bob, "at_audio_0", sound);
  watch (pair.bob, "at_video_0", picture);
  return pair;
}

/* Other sources take the place of those that there are */
GST_START_TEST (test_replace)
{
  static const guint tones[] = { 1500, 800 };
  static const TracksColor colors[] = { TRACKS_BLUE, TRACKS_GREEN };
  static const char *const patterns[] = { "blue", "green" };
  GstElement *old_voice = NULL, *old_eye = NULL;
  Arrivals sound, picture;
  Pair pair = pair_new_watched (&sound, &picture);
  Rounds rounds;

  rounds_begin (&rounds, "replaced sources of sound");
  while (rounds_go_on (&rounds)) {
    guint which = rounds.n % 2;
    g_autofree char *tone = g_strdup_printf (
        "audiotestsrc is-live=true freq=%u samplesperbuffer=480 ! "
        "audio/x-raw,rate=48000,channels=1 ! identity",
        tones[which]);
    Ready voice;

    get_ready (&voice, pair.alice, tone);
    arrivals_reset (&sound);
    relink (pair.alice, "audio_0", &voice, old_voice);
    tracks_assert_hears (pair.bob, "at_audio_0", tones[which]);
    rounds_note (&rounds, &sound);
    old_voice = voice.bin;
  }
  rounds_end (&rounds);
  rounds_begin (&rounds, "replaced sources of pictures");
  while (rounds_go_on (&rounds)) {
    guint which = rounds.n % 2;
    g_autofree char *pattern = g_strdup_printf (CAMERA, patterns[which]);
    Ready eye;

    get_ready (&eye, pair.alice, pattern);
    arrivals_reset (&picture);
    relink (pair.alice, "video_0", &eye, old_eye);
    tracks_assert_sees (pair.bob, "at_video_0", colors[which]);
    rounds_note (&rounds, &picture);
    old_eye = eye.bin;
  }
  rounds_end (&rounds);
  /* nobody had to be told */
  fail_unless_equals_int (count_offers (), 0);
  fail_unless (has_no_second_video (pair.bob));
  pair_stop (&pair);
}
GST_END_TEST;

/* (transfer full): of a pad of kandysink */
static char *
get_track_id (GstElement *pipeline, const char *name)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, name);
  char *id;

  g_object_get (pad, "track-id", &id, NULL);
  return id;
}

/* (transfer full): the code of the error, or NULL. @media: (transfer full) */
static char *
replace_track (GstElement *pipeline, const char *id, GstStructure *media)
{
  g_autoptr (GstElement) sink = get_sink (pipeline);
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (sink, "replace-track", id, media, promise);
  g_clear_pointer (&media, gst_structure_free);
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  return g_strdup (
      gst_structure_get_string (gst_promise_get_reply (promise), "code"));
}

/* (transfer full) */
static GstStructure *
media_of (const char *line)
{
  GstElement *source = gst_parse_bin_from_description (line, TRUE, NULL);

  return gst_structure_new ("media", "source", GST_TYPE_ELEMENT, source, NULL);
}

/* Sources that are given to the element take the place of what is linked, which
 * comes back when it is asked for */
GST_START_TEST (test_replace_track)
{
  static const guint tones[] = { 1500, 800 };
  static const TracksColor colors[] = { TRACKS_BLUE, TRACKS_GREEN };
  static const char *const patterns[] = { "blue", "green" };
  Arrivals sound, picture;
  Pair pair = pair_new_watched (&sound, &picture);
  Rounds rounds;

  rounds_begin (&rounds, "replaced tracks of sound");
  while (rounds_go_on (&rounds)) {
    guint which = rounds.n % 2;
    g_autofree char *id = get_track_id (pair.alice, "audio_0");
    g_autofree char *now = NULL;
    /* what is not live goes by the clock, too */
    g_autofree char *tone =
        g_strdup_printf ("audiotestsrc is-live=%s freq=%u samplesperbuffer=480 "
                         "! audio/x-raw,rate=48000,channels=1",
            rounds.n % 4 < 2 ? "true" : "false", tones[which]);

    arrivals_reset (&sound);
    fail_unless (replace_track (pair.alice, id, media_of (tone)) == NULL);
    tracks_assert_hears (pair.bob, "at_audio_0", tones[which]);
    rounds_note (&rounds, &sound);
    now = get_track_id (pair.alice, "audio_0");
    fail_if (g_str_equal (id, now));
  }
  rounds_end (&rounds);
  rounds_begin (&rounds, "replaced tracks of pictures");
  while (rounds_go_on (&rounds)) {
    guint which = rounds.n % 2;
    g_autofree char *id = get_track_id (pair.alice, "video_0");
    g_autofree char *pattern = g_strdup_printf (CAMERA, patterns[which]);

    arrivals_reset (&picture);
    fail_unless (replace_track (pair.alice, id, media_of (pattern)) == NULL);
    tracks_assert_sees (pair.bob, "at_video_0", colors[which]);
    rounds_note (&rounds, &picture);
  }
  rounds_end (&rounds);
  for (guint i = 0; i < 2; i++) {
    g_autofree char *id =
        get_track_id (pair.alice, i == 0 ? "audio_0" : "video_0");

    fail_unless (replace_track (pair.alice, id, NULL) == NULL);
  }
  tracks_assert_hears (pair.bob, "at_audio_0", 600);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  fail_unless_equals_int (count_offers (), 0);
  fail_unless (has_no_second_video (pair.bob));
  pair_stop (&pair);
}
GST_END_TEST;

/* What cannot be sent leaves what is sent, and its id, as they are */
GST_START_TEST (test_replace_refused)
{
  Pair pair = pair_new ("", "");
  g_autofree char *id = get_track_id (pair.alice, "audio_0");
  g_autofree char *after = NULL;
  GstElement *own = gst_element_factory_make ("fakesink", NULL);
  struct {
    const char *id;
    GstStructure *media;
    const char *code;
  } refused[] = {
    { "nobody", NULL, "call:7" },
    { id, NULL, "call:4" },
    { id, gst_structure_new ("m", "video", G_TYPE_BOOLEAN, TRUE, NULL),
        "call:7" },
    { id,
        gst_structure_new ("m", "audio", G_TYPE_BOOLEAN, TRUE, "video",
            G_TYPE_BOOLEAN, TRUE, NULL),
        "call:7" },
    { id, gst_structure_new ("m", "smell", G_TYPE_BOOLEAN, TRUE, NULL),
        "call:7" },
    { id, gst_structure_new ("m", "source", G_TYPE_STRING, "mic", NULL),
        "call:7" },
    { id, gst_structure_new ("m", "source", GST_TYPE_ELEMENT, own, NULL),
        "call:7" },
    { id, gst_structure_new ("m", "source", GST_TYPE_ELEMENT, pair.alice, NULL),
        "call:7" },
    { id, gst_structure_new ("m", "audio-options", G_TYPE_INT, 1, NULL),
        "call:7" },
    { id, media_of ("filesrc location=/nowhere ! identity"), "call:4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *code =
        replace_track (pair.alice, refused[i].id, refused[i].media);

    fail_unless (g_strcmp0 (code, refused[i].code) == 0, "%u: %s", i, code);
  }
  tracks_assert_hears (pair.bob, "at_audio_0", 600);
  after = get_track_id (pair.alice, "audio_0");
  fail_unless_equals_string (id, after);
  gst_object_unref (own);
  pair_stop (&pair);
}
GST_END_TEST;

/* A file joins a call: it begins when the far end can see it */
GST_START_TEST (test_file)
{
  Pair pair = pair_new ("", "");

  plug (pair.alice, "video_0",
      "videotestsrc pattern=blue num-buffers=300 ! "
      "video/x-raw,width=160,height=120,framerate=30/1");
  fixture_until (has_video, pair.bob, "the film comes");
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_BLUE);
  pair_stop (&pair);
}
GST_END_TEST;

/* --- a sink for a track --- */

static char *
render (GstElement *src, const char *id, GstElement *sink, const char *device)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (src, "render-track", id, sink, device, promise);
  return finish_action (promise);
}

static char *
remove_track (GstElement *src, const char *id)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (src, "remove-track", id, promise);
  return finish_action (promise);
}

static gboolean
has_sound_pad (gpointer src)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "audio_0");

  return pad != NULL;
}

static GstElement *
make_ear (void)
{
  GstElement *ear = gst_parse_bin_from_description (FIXTURE_SOUND, TRUE, NULL);

  fail_unless (ear != NULL);
  gst_object_set_name (GST_OBJECT (ear), "a-place");
  return ear;
}

/* @name: (nullable): it is rendered nowhere */
static void
assert_container (GstElement *src, const char *id, const char *name)
{
  g_autoptr (GstStructure) track = tracks_describe (src, id);
  const GValue *list = gst_structure_get_value (track, "containers");

  fail_unless_equals_int (gst_value_array_get_size (list), name != NULL);
  if (name != NULL)
    fail_unless_equals_string (
        g_value_get_string (gst_value_array_get_value (list, 0)), name);
}

/* Who links no pad hears the far end, too, for as long as it wants */
GST_START_TEST (test_render)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *bob =
      fixture_launch ("kandysrc name=src %s auto-answer=true", account);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (bob), "src");
  g_autoptr (GstElement) unused = gst_object_ref_sink (make_ear ());
  g_autofree char *id = NULL, *code = NULL;
  g_autoptr (GstPad) pad = NULL;
  GstElement *alice;

  fixture_play (bob);
  fixture_wait_progress (bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  alice = fixture_caller ("audiotestsrc is-live=true freq=600 ! "
                          "audio/x-raw,rate=48000 ! sink.");
  fixture_until (has_sound_pad, src, "a track");
  pad = gst_element_get_static_pad (src, "audio_0");
  g_object_get (pad, "track-id", &id, NULL);

  code = render (src, "nobody", NULL, NULL);
  fail_unless_equals_string (code, "call:7");
  g_free (code);
  code = render (src, id, src, NULL);
  fail_unless_equals_string (code, "call:7");
  g_free (code);
  code = render (src, id, NULL, "no such speaker");
  fail_unless_equals_string (code, "call:4");
  g_free (code);
  code = remove_track (src, id);
  fail_unless_equals_string (code, "call:7");

  for (guint i = 0; i < 2; i++) {
    g_autofree char *again = NULL;

    fail_unless (render (src, id, make_ear (), NULL) == NULL);
    fixture_assert_tone (bob, 600);
    assert_container (src, id, "a-place");
    again = render (src, id, unused, NULL);
    fail_unless_equals_string (again, "call:7");
    if (i == 0) {
      fail_unless (remove_track (src, id) == NULL);
      fail_if (tracks_has (bob, "ear"));
      assert_container (src, id, NULL);
    }
  }
  fixture_stop (alice);
  fixture_wait_eos (bob);
  fixture_stop (bob);
}
GST_END_TEST;

static Suite *
media_suite (void)
{
  Suite *suite = suite_create ("media");
  TCase *changes = tcase_create ("changes");
  TCase *sources = tcase_create ("sources");

  tcase_add_checked_fixture (changes, fixture_setup, fixture_teardown);
  tcase_set_timeout (changes, 60);
  tcase_add_loop_test (changes, test_pads, 0, 2);
  tcase_add_test (changes, test_unlinked);
  tcase_add_test (changes, test_screen);
  tcase_add_test (changes, test_actions);
  tcase_add_test (changes, test_during_hold);
  tcase_add_test (changes, test_glare);
  suite_add_tcase (suite, changes);
  tcase_add_checked_fixture (sources, fixture_setup, fixture_teardown);
  tcase_set_timeout (sources, 90);
  tcase_add_test (sources, test_replace);
  tcase_add_test (sources, test_replace_track);
  tcase_add_test (sources, test_replace_refused);
  tcase_add_test (sources, test_file);
  tcase_add_test (sources, test_render);
  suite_add_tcase (suite, sources);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (media_suite (), "media", __FILE__);
}
