/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../gst/fakedevices.h"
#include "../patience.h"
#include "fixture.h"
#include "gstkandydevices.h"
#include "tracks.h"

/* SECTION: devices that actions add to a call
 *
 * Alice's kandysink has no pads, and what she adds to the call comes from
 * devices that the element opens. Their colours and pitches tell what arrives
 * at Bob's; and whatever goes wrong, none of them may stay open.
 */

#define SMALL "width=160,height=120,frame-rate=15"
#define TALK                                                                   \
  "audiotestsrc is-live=true freq=1000 samplesperbuffer=480 ! "                \
  "audio/x-raw,rate=48000,channels=1 ! sink.audio_0 "

static const char *const ids[] = { "cam-1", "cam-2", "mic-1", "mic-2",
  "screen" };

static void
set_up (void)
{
  fixture_setup ();
  fake_devices_register ();
  fake_devices_add_usual ();
}

static void
tear_down (void)
{
  fixture_teardown ();
  fail_unless (gst_kandy_devices_wait_closed (10000));
  fake_devices_clear ();
}

typedef struct {
  GstElement *alice;
  GstElement *bob;
  GstElement *sink; /* alice's */
} Pair;

static GstElement *
make_end (const char *name, const char *how, const char *rest)
{
  g_autofree char *account = fixture_account (name);
  GstElement *pipeline = fixture_launch (
      "kandysink name=sink %s %s %s kandysrc name=src media=audio+video",
      account, how, rest);

  tracks_watch (pipeline);
  fixture_play (pipeline);
  return pipeline;
}

/* @alice_rest: of her pipeline; @how: of her kandysink */
static Pair
pair_new_with (const char *how, const char *alice_rest)
{
  g_autofree char *properties = g_strconcat (
      "destination=bob video-options=o," SMALL " screen-options=o," SMALL " ",
      how, NULL);
  Pair pair;

  pair.bob = make_end ("bob", "auto-answer=true", TALK);
  fixture_wait_progress (pair.bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  pair.alice = make_end ("alice", properties, alice_rest);
  pair.sink = gst_bin_get_by_name (GST_BIN (pair.alice), "sink");
  tracks_assert_hears (pair.alice, "at_audio_0", 1000);
  return pair;
}

static Pair
pair_new (const char *alice_rest)
{
  return pair_new_with ("", alice_rest);
}

static gboolean
is_closed (gpointer id)
{
  return fake_devices_count_open (id) == 0;
}

static void
until_closed (const char *id)
{
  fixture_until (is_closed, (gpointer) id, id);
}

/* What is stopped has closed its devices */
static void
pair_stop (Pair *pair)
{
  guint i;

  gst_clear_object (&pair->sink);
  fixture_stop (pair->alice);
  for (i = 0; i < G_N_ELEMENTS (ids); i++)
    fail_unless_equals_int (fake_devices_count_open (ids[i]), 0);
  fixture_wait_eos (pair->bob);
  fixture_stop (pair->bob);
}

static guint
count_offers (void)
{
  return kandy_loopback_count_requests (fixture_platform, "PUT", "/update");
}

/* (transfer full) (nullable): the code of its error */
static char *
finish (GstPromise *promise)
{
  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  return g_strdup (
      gst_structure_get_string (gst_promise_get_reply (promise), "code"));
}

/* @media: (nullable): of gst-launch's kind */
static char *
act_with (Pair *pair, const char *action, const char *media)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autoptr (GstStructure) structure =
      media != NULL ? gst_structure_from_string (media, NULL) : NULL;

  fail_unless (media == NULL || structure != NULL, "%s", media);
  g_signal_emit_by_name (pair->sink, action, structure, promise);
  return finish (promise);
}

static char *
act (Pair *pair, const char *action)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();

  g_signal_emit_by_name (pair->sink, action, promise);
  return finish (promise);
}

static void
act_well (Pair *pair, const char *action, const char *media)
{
  g_autofree char *code = act_with (pair, action, media);

  fail_unless (code == NULL, "%s %s: %s", action, media, code);
}

static void
assert_refused (
    Pair *pair, const char *action, const char *media, const char *code)
{
  g_autofree char *actual = act_with (pair, action, media);

  fail_unless (
      g_strcmp0 (actual, code) == 0, "%s %s: %s", action, media, actual);
}

/* The pads that the element has made, by their ids */
static char *
get_track_id (Pair *pair, const char *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (pair->sink, name);
  char *id;

  fail_unless (pad != NULL, "no pad %s", name);
  g_object_get (pad, "track-id", &id, NULL);
  return id;
}

/* @options: (nullable) (transfer full) */
static char *
remove_track (Pair *pair, const char *pad, GstStructure *options)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *id = get_track_id (pair, pad);
  const char *removed[] = { id, NULL };

  g_signal_emit_by_name (pair->sink, "remove-media", removed, options, promise);
  g_clear_pointer (&options, gst_structure_free);
  return finish (promise);
}

static gboolean
has_no_pads (gpointer sink)
{
  return GST_ELEMENT (sink)->numsinkpads == 0;
}

/* A camera comes, goes and comes again */
GST_START_TEST (test_video)
{
  Pair pair = pair_new ("");
  g_autofree char *stopped = NULL, *none = NULL;

  act_well (&pair, "start-video", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  assert_refused (&pair, "start-video", NULL, "call:7");
  fail_unless_equals_int (fake_devices_count_open ("cam-1"), 1);

  stopped = act (&pair, "stop-video");
  fail_unless (stopped == NULL, "%s", stopped);
  tracks_until (pair.bob, "at_video_0", FALSE);
  until_closed ("cam-1");
  fixture_until (has_no_pads, pair.sink, "the pad goes");
  none = act (&pair, "stop-video");
  fail_unless_equals_string (none, "call:7");

  act_well (&pair, "start-video",
      "m,video-options=(structure)[o,device-id=cam-2," SMALL "]");
  tracks_until (pair.bob, "at_video_1", TRUE);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  fail_unless_equals_int (fake_devices_count_open ("cam-2"), 1);
  fail_unless_equals_int (count_offers (), 3);
  pair_stop (&pair);
}
GST_END_TEST;

/* All at once, in one offer */
GST_START_TEST (test_together)
{
  Pair pair = pair_new ("");

  act_well (&pair, "add-media",
      "m,audio=true,video=true,screen=true,"
      "audio-options=(structure)[o,deviceId=(structure)[d,exact=mic-2]]");
  tracks_assert_hears (pair.bob, "at_audio_0", 880);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_until (pair.bob, "at_video_1", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_GREEN);
  fail_unless_equals_int (count_offers (), 1);
  pair_stop (&pair);
}
GST_END_TEST;

/* Two cameras and a screen, each of which goes by itself */
GST_START_TEST (test_several)
{
  Pair pair = pair_new ("");
  g_autofree char *first = NULL, *second = NULL, *code = NULL, *stopped = NULL;

  act_well (&pair, "add-media", "m,video=true");
  act_well (&pair, "add-media",
      "m,video=true,video-options=(structure)[o,device-id=cam-2," SMALL "]");
  act_well (&pair, "start-screenshare", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_until (pair.bob, "at_video_1", TRUE);
  tracks_until (pair.bob, "at_video_2", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  tracks_assert_sees (pair.bob, "at_video_2", TRACKS_GREEN);

  first = get_track_id (&pair, "video_0");
  second = get_track_id (&pair, "video_1");
  fail_if (g_str_equal (first, second));
  code = remove_track (&pair, "video_0", NULL);
  fail_unless (code == NULL, "%s", code);
  tracks_until (pair.bob, "at_video_0", FALSE);
  until_closed ("cam-1");
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  tracks_assert_sees (pair.bob, "at_video_2", TRACKS_GREEN);

  stopped = act (&pair, "stop-screenshare");
  fail_unless (stopped == NULL, "%s", stopped);
  tracks_until (pair.bob, "at_video_2", FALSE);
  until_closed ("screen");
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  fail_unless_equals_int (fake_devices_count_open ("cam-2"), 1);
  pair_stop (&pair);
}
GST_END_TEST;

/* What is linked goes first, unless a device is named */
GST_START_TEST (test_linked)
{
  Pair pair = pair_new ("videotestsrc is-live=true pattern=green ! "
                        "video/x-raw,width=160,height=120,framerate=15/1 ! "
                        "sink.video_0 ");
  g_autofree char *stopped = NULL;

  tracks_until (pair.bob, "at_video_0", TRUE);
  stopped = act (&pair, "stop-video");
  fail_unless (stopped == NULL, "%s", stopped);
  tracks_until (pair.bob, "at_video_0", FALSE);
  act_well (&pair, "add-media",
      "m,video=true,video-options=(structure)[o,device-id=cam-2," SMALL "]");
  tracks_until (pair.bob, "at_video_1", TRUE);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  act_well (&pair, "add-media", "m,video=true");
  tracks_until (pair.bob, "at_video_2", TRUE);
  tracks_assert_sees (pair.bob, "at_video_2", TRACKS_GREEN);
  fail_unless_equals_int (fake_devices_count_open ("cam-1"), 0);
  pair_stop (&pair);
}
GST_END_TEST;

static const struct {
  const char *action;
  const char *media;
  const char *code;
} refused[] = {
  { "add-media", NULL, "call:7" },
  { "add-media", "m,smell=true", "call:7" },
  { "add-media", "m,video=true,video-options=1", "call:7" },
  { "add-media", "m,video=true,video-options=(structure)[o,smell=1]",
      "call:7" },
  { "add-media", "m,video=true,video-options=(structure)[o,width=wide]",
      "call:7" },
  { "start-video", "m,video-options=(structure)[o,device-id=nobody]",
      "call:4" },
  { "start-video",
      "m,video-options=(structure)[o,width=(structure)[w,exact=5000]]",
      "call:4" },
  { "start-screenshare",
      "m,screen-options=(structure)[o,frameRate=(structure)[f,exact=500]]",
      "call:4" },
  /* one of two is none of them */
  { "add-media",
      "m,audio=true,video=true,video-options=(structure)[o,device-id=broken]",
      "call:4" },
  { "add-media",
      "m,audio=true,video=true,video-options=(structure)[o,device-id=stalled]",
      "call:4" },
};

/* Nothing is offered, nothing stays open, and the next one is as good as ever
 */
GST_START_TEST (test_refused)
{
  Pair pair;

  fake_devices_add (
      "Video/Source", "broken", "Broken", NULL, FAKE_PICTURE_CAPS, 0xffffffff);
  fake_devices_break ("broken");
  fake_devices_add ("Video/Source", "stalled", "Stalled", NULL,
      FAKE_PICTURE_CAPS, 0xffffffff);
  fake_devices_stall ("stalled", TRUE);
  pair = pair_new ("");
  assert_refused (
      &pair, refused[__i__].action, refused[__i__].media, refused[__i__].code);
  if (g_str_equal (refused[__i__].code, "call:4"))
    fixture_wait_event (pair.alice, "devices:error");
  fail_unless_equals_int (count_offers (), 0);
  fail_unless (has_no_pads (pair.sink));
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    fail_unless_equals_int (fake_devices_count_open (ids[i]), 0);
  fail_unless_equals_int (fake_devices_count_open ("stalled"), 0);

  act_well (&pair, "start-video", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  fail_unless_equals_int (count_offers (), 1);
  pair_stop (&pair);
}
GST_END_TEST;

/* The platform refuses the offer: the camera is closed, and is not offered by
 * itself */
GST_START_TEST (test_refused_offer)
{
  Pair pair = pair_new ("");

  fail_unless (kandy_loopback_set_fault (fixture_platform,
      "{\"on\":\"request\",\"method\":\"PUT\",\"path\":\"/"
      "update\",\"count\":1,\"status\":403}",
      NULL));
  assert_refused (&pair, "start-video", NULL, "403");
  until_closed ("cam-1");
  fixture_until (has_no_pads, pair.sink, "the pad goes");
  tracks_assert_hears (pair.alice, "at_audio_0", 1000);
  fail_unless_equals_int (count_offers (), 1);
  fail_if (tracks_has (pair.bob, "at_video_0"));

  act_well (&pair, "start-video", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  fail_unless_equals_int (count_offers (), 2);
  pair_stop (&pair);
}
GST_END_TEST;

/* Only a call that is connected can have more; no device is opened for others
 */
GST_START_TEST (test_states)
{
  g_autofree char *account = fixture_account ("alice");
  Pair pair = pair_new (""), alone;
  g_autofree char *held = act (&pair, "hold");
  g_autofree char *freed = NULL;

  fail_unless (held == NULL, "%s", held);
  assert_refused (&pair, "start-video", NULL, "call:6");
  fail_unless (has_no_pads (pair.sink));
  freed = act (&pair, "unhold");
  fail_unless (freed == NULL, "%s", freed);
  act_well (&pair, "start-video", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  pair_stop (&pair);

  alone.alice = fixture_launch ("kandysink name=sink %s", account);
  alone.sink = gst_bin_get_by_name (GST_BIN (alone.alice), "sink");
  fixture_play (alone.alice);
  fixture_wait_progress (alone.alice, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  assert_refused (&alone, "start-video", NULL, "call:6");
  fail_unless (has_no_pads (alone.sink));
  gst_clear_object (&alone.sink);
  fixture_stop (alone.alice);
}
GST_END_TEST;

static gboolean
has_given (gpointer n)
{
  return fake_devices_count_given ("cam-1") > GPOINTER_TO_UINT (n);
}

/* What is passing waits for the pipeline to play again; a device can be closed,
 * and another one opened, all the same */
GST_START_TEST (test_paused)
{
  Pair pair;
  g_autofree char *stopped = NULL;
  guint given;

  fake_devices_keep_running ("cam-1");
  pair = pair_new ("");
  act_well (&pair, "start-video", NULL);
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);
  gst_element_set_state (pair.alice, GST_STATE_PAUSED);
  fail_unless_equals_int (
      gst_element_get_state (pair.alice, NULL, NULL, 10 * GST_SECOND),
      GST_STATE_CHANGE_NO_PREROLL);
  given = fake_devices_count_given ("cam-1");
  fixture_until (has_given, GUINT_TO_POINTER (given), "a picture is passing");
  stopped = act (&pair, "stop-video");
  fail_unless (stopped == NULL, "%s", stopped);
  until_closed ("cam-1");
  act_well (&pair, "start-video",
      "m,video-options=(structure)[o,device-id=cam-2," SMALL "]");
  fixture_play (pair.alice);
  tracks_until (pair.bob, "at_video_1", TRUE);
  tracks_assert_sees (pair.bob, "at_video_1", TRACKS_BLUE);
  pair_stop (&pair);
}
GST_END_TEST;

static gboolean
is_open (gpointer id)
{
  return fake_devices_count_open (id) > 0;
}

/* The call ends while a camera is being opened, by either end; the far end's
 * hold does not wait for the camera */
GST_START_TEST (test_meanwhile)
{
  static const char *const codes[] = { "call:6", "call:6", "call:6" };
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *code = NULL, *held = NULL;
  Pair pair, far;
  gint64 end;

  fake_devices_stall ("cam-1", TRUE);
  pair = pair_new ("");
  far = (Pair){ .sink = gst_bin_get_by_name (GST_BIN (pair.bob), "sink") };
  g_signal_emit_by_name (pair.sink, "start-video", NULL, promise);
  end = patience_end (4);
  fixture_until (is_open, (gpointer) "cam-1", "the camera is open");
  switch (__i__) {
    case 0:
      g_free (act (&pair, "end"));
      break;
    case 1:
      g_free (act (&far, "end"));
      break;
    default:
      held = act (&far, "hold");
      fail_unless (held == NULL, "%s", held);
      fake_devices_stall ("cam-1", FALSE);
      break;
  }
  code = finish (promise);
  fail_unless_equals_string (code, codes[__i__]);
  until_closed ("cam-1");
  /* nobody waits for what the camera would have given */
  fail_unless (g_get_monotonic_time () < end);
  fixture_until (has_no_pads, pair.sink, "the pad goes");
  if (__i__ == 2)
    fail_unless_equals_int (count_offers (), 1);
  gst_clear_object (&far.sink);
  gst_clear_object (&pair.sink);
  fixture_stop (pair.alice);
  fixture_stop (pair.bob);
}
GST_END_TEST;

static char *
replace (Pair *pair, const char *pad, const char *media)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *id = get_track_id (pair, pad);
  g_autoptr (GstStructure) structure =
      media != NULL ? gst_structure_from_string (media, NULL) : NULL;

  g_signal_emit_by_name (pair->sink, "replace-track", id, structure, promise);
  return finish (promise);
}

typedef struct {
  const char *rest;   /* of alice's pipeline */
  const char *action; /* (nullable): before */
  const char *media;
  const char *device;
  const char *seen;
  TracksColor color;
  gboolean fails; /* else it is at its end */
} Loss;

#define TEST_PICTURE                                                           \
  "videotestsrc is-live=true pattern=green ! "                                 \
  "video/x-raw,width=160,height=120,framerate=15/1 ! sink.video_0 "

static const Loss losses[] = {
  { "", "start-video", NULL, "cam-1", "at_video_0", TRACKS_RED, TRUE },
  { "", "start-screenshare", NULL, "screen", "at_video_0", TRACKS_GREEN,
      FALSE },
  { NULL, NULL, NULL, "cam-1", "at_video_0", TRACKS_RED, TRUE },
  { TEST_PICTURE, "replace-track",
      "m,video-options=(structure)[o,device-id=cam-2]", "cam-2", "at_video_0",
      TRACKS_BLUE, TRUE },
};

/* A device that goes in a call takes its own track along, and nothing else:
 * neither the call, nor what was pushed aside for it comes back */
GST_START_TEST (test_lost)
{
  const Loss *loss = &losses[__i__];
  Pair pair;

  if (loss->action == NULL)
    pair = pair_new_with ("video-device=cam-1", "");
  else
    pair = pair_new (loss->rest);
  if (g_strcmp0 (loss->action, "replace-track") == 0) {
    g_autofree char *code = replace (&pair, "video_0", loss->media);

    fail_unless (code == NULL, "%s", code);
  } else if (loss->action != NULL) {
    act_well (&pair, loss->action, loss->media);
  }
  tracks_until (pair.bob, loss->seen, TRUE);
  tracks_assert_sees (pair.bob, loss->seen, loss->color);

  if (loss->fails) {
    g_autoptr (GstMessage) message = NULL;
    const GstStructure *details = NULL;

    fake_devices_fail (loss->device);
    message = fixture_wait (pair.alice, GST_MESSAGE_WARNING, 15);
    gst_message_parse_warning_details (message, &details);
    fail_unless_equals_string (
        gst_structure_get_string (details, "code"), "call:4");
    fixture_wait_event (pair.alice, "devices:error");
  } else {
    fake_devices_end (loss->device);
  }
  fixture_wait_event (pair.alice, "call:trackEnded");
  until_closed (loss->device);
  tracks_until (pair.bob, loss->seen, FALSE);
  /* bob knows before his answer is here */
  fixture_wait_event (pair.alice, "call:removedMedia");
  tracks_assert_hears (pair.alice, "at_audio_0", 1000);
  fail_if (tracks_has (pair.bob, "at_video_1"));

  act_well (&pair, "add-media",
      "m,audio=true,audio-options=(structure)[o,"
      "device-id=mic-2]");
  tracks_assert_hears (pair.bob, "at_audio_0", 880);
  pair_stop (&pair);
}
GST_END_TEST;

static gboolean
is_limited (gpointer sink)
{
  g_autoptr (GstStructure) entry =
      tracks_find_stats (sink, "outbound-rtp", "audio");
  double target = 0;

  return entry != NULL
      && gst_structure_get_double (entry, "targetBitrate", &target)
      && target == 16000;
}

/* Who adds media, or removes them, may say how much is to come from now on */
GST_START_TEST (test_bandwidth)
{
  Pair pair = pair_new ("");
  g_autoptr (GstElement) far = gst_bin_get_by_name (GST_BIN (pair.bob), "sink");
  g_autofree char *code = NULL, *wrong = NULL;

  act_well (&pair, "add-media",
      __i__ == 0 ? "m,video=true" : "m,video=true,bandwidth-audio=(uint)16");
  tracks_until (pair.bob, "at_video_0", TRUE);
  if (__i__ == 0) {
    fail_if (is_limited (far));
    wrong = remove_track (&pair, "video_0",
        gst_structure_new (
            "o", "bandwidth-audio", G_TYPE_STRING, "little", NULL));
    fail_unless_equals_string (wrong, "call:7");
    code = remove_track (&pair, "video_0",
        gst_structure_new ("o", "bandwidth-audio", G_TYPE_UINT, 16, NULL));
    fail_unless (code == NULL, "%s", code);
  }
  fixture_until (is_limited, far, "the far end sends no more than that");
  gst_clear_object (&far);
  pair_stop (&pair);
}
GST_END_TEST;

/* How many UDP sockets of this process have this type of service; 0, the usual
 * one, is not looked for */
static guint
count_marked (int tos)
{
  guint n = 0;
  int fd;

  for (fd = 0; fd < 1024; fd++) {
    int type = 0, actual = 0;
    socklen_t size = sizeof (int);

    if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0
        && type == SOCK_DGRAM
        && getsockopt (fd, IPPROTO_IP, IP_TOS, &actual, &size) == 0)
      n += actual == tos;
  }
  return n;
}

static const struct {
  const char *property; /* (nullable) */
  const char *media;    /* (nullable) */
  int tos;
} priorities[] = {
  { NULL, "m,video-network-priority=high", 36 << 2 },
  { "high", NULL, 36 << 2 },
  { "high", "m,video-network-priority=medium", 38 << 2 },
};

static gboolean
is_marked (gpointer tos)
{
  return count_marked (GPOINTER_TO_INT (tos)) > 0;
}

static gboolean
is_not_marked (gpointer tos)
{
  return !is_marked (tos);
}

/* Alice's sockets are marked for as long as she sends what wants it. It is
 * counted in the statistics, too. */
GST_START_TEST (test_priority)
{
  Pair pair = pair_new ("");
  gpointer tos = GINT_TO_POINTER (priorities[__i__].tos);
  g_autoptr (GstStructure) sent = NULL;
  g_autoptr (GstStructure) source = NULL;
  g_autofree char *stopped = NULL, *id = NULL;
  guint64 packets = 0;

  if (priorities[__i__].property != NULL)
    gst_util_set_object_arg (G_OBJECT (pair.sink), "video-network-priority",
        priorities[__i__].property);
  fail_if (is_marked (tos));
  act_well (&pair, "start-video", priorities[__i__].media);
  fixture_until (is_marked, tos, "the sockets are marked");
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_RED);

  id = get_track_id (&pair, "video_0");
  sent = tracks_find_stats (pair.sink, "outbound-rtp", "video");
  fail_unless (gst_structure_get_uint64 (sent, "packetsSent", &packets));
  fail_unless (packets > 0);
  source = tracks_find_stats (pair.sink, "media-source", "video");
  fail_unless_equals_string (
      gst_structure_get_string (source, "trackIdentifier"), id);

  stopped = act (&pair, "stop-video");
  fail_unless (stopped == NULL, "%s", stopped);
  fixture_until (is_not_marked, tos, "they are as before");
  pair_stop (&pair);
}
GST_END_TEST;

static void
assert_label (Pair *pair, const char *pad, const char *label)
{
  g_autofree char *id = get_track_id (pair, pad);
  g_autoptr (GstStructure) track = tracks_describe (pair->sink, id);

  fail_unless_equals_string (gst_structure_get_string (track, "label"), label);
}

static void
change (Pair *pair, const char *audio, const char *video)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *code = NULL;

  g_signal_emit_by_name (
      pair->sink, "change-input-devices", audio, video, promise);
  code = finish (promise);
  fail_unless (code == NULL, "%s", code);
}

/* A track is called as its device, whichever it is at the moment */
GST_START_TEST (test_labels)
{
  Pair pair = pair_new_with ("audio-device=mic-1", TEST_PICTURE);

  assert_label (&pair, "audio_0", "Microphone 1");
  assert_label (&pair, "video_0", "video_0");
  change (&pair, "mic-2", NULL);
  assert_label (&pair, "audio_0", "Microphone 2");
  fail_unless (replace (&pair, "audio_0",
                   "m,audio-options=(structure)[o,device-id=mic-1]")
      == NULL);
  assert_label (&pair, "audio_0", "Microphone 1");
  fail_unless (replace (&pair, "video_0",
                   "m,video-options=(structure)[o,device-id=cam-2]")
      == NULL);
  assert_label (&pair, "video_0", "Camera 2");
  fail_unless (replace (&pair, "video_0", NULL) == NULL);
  assert_label (&pair, "video_0", "video_0");
  act_well (&pair, "start-screenshare", NULL);
  assert_label (&pair, "screen_0", "Screen");
  pair_stop (&pair);
}
GST_END_TEST;

static char *
render (Pair *pair, const char *pad, const char *line)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *id = get_track_id (pair, pad);
  g_autoptr (GstElement) sink =
      gst_object_ref_sink (gst_parse_bin_from_description (line, TRUE, NULL));

  gst_object_set_name (GST_OBJECT (sink), "here");
  g_signal_emit_by_name (pair->sink, "render-track", id, sink, NULL, promise);
  return finish (promise);
}

static char *
unrender (Pair *pair, const char *pad)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_autofree char *id = get_track_id (pair, pad);

  g_signal_emit_by_name (pair->sink, "remove-track", id, promise);
  return finish (promise);
}

/* Alice sees and hears what she sends, whichever device it is, for as long as
 * she sends it */
GST_START_TEST (test_rendered)
{
  gboolean linked = __i__ == 1;
  Pair pair = pair_new (linked ? TEST_PICTURE : "");
  g_autofree char *twice = NULL, *none = NULL, *stopped = NULL, *id = NULL;
  g_autoptr (GstStructure) track = NULL;

  act_well (
      &pair, "add-media", linked ? "m,audio=true" : "m,audio=true,video=true");
  none = unrender (&pair, "video_0");
  fail_unless_equals_string (none, "call:7");
  fail_unless (render (&pair, "video_0", FIXTURE_PICTURE) == NULL);
  tracks_assert_sees (pair.alice, "eye", linked ? TRACKS_GREEN : TRACKS_RED);
  twice = render (&pair, "video_0", FIXTURE_PICTURE);
  fail_unless_equals_string (twice, "call:7");
  id = get_track_id (&pair, "video_0");
  track = tracks_describe (pair.sink, id);
  fail_unless_equals_int (
      gst_value_array_get_size (gst_structure_get_value (track, "containers")),
      1);
  fail_unless (replace (&pair, "video_0",
                   "m,video-options=(structure)[o,device-id=cam-2]")
      == NULL);
  tracks_assert_sees (pair.alice, "eye", TRACKS_BLUE);
  fail_unless (unrender (&pair, "video_0") == NULL);
  fail_if (tracks_has (pair.alice, "eye"));
  fail_unless (render (&pair, "video_0", FIXTURE_PICTURE) == NULL);
  fail_unless (render (&pair, "audio_0", FIXTURE_SOUND) == NULL);
  tracks_assert_hears (pair.alice, "ear", 440);

  stopped = act (&pair, "stop-video");
  fail_unless (stopped == NULL, "%s", stopped);
  tracks_until (pair.alice, "eye", FALSE);
  tracks_assert_hears (pair.alice, "ear", 440);
  tracks_assert_hears (pair.bob, "at_audio_0", 440);
  pair_stop (&pair);
}
GST_END_TEST;

/* What is linked comes back while the device that stood in for it has hardly
 * begun: the encoder must not take the one's pictures for the other's, which
 * are larger */
GST_START_TEST (test_to_and_fro)
{
  Pair pair = pair_new (TEST_PICTURE);
  guint i;

  for (i = 0; i < 12; i++) {
    fail_unless (replace (&pair, "video_0",
                     "m,video-options=(structure)[o,device-id=cam-2,"
                     "width=640,height=480]")
        == NULL);
    fail_unless (replace (&pair, "video_0", NULL) == NULL);
  }
  tracks_until (pair.bob, "at_video_0", TRUE);
  tracks_assert_sees (pair.bob, "at_video_0", TRACKS_GREEN);
  fail_unless_equals_int (count_offers (), 0);
  until_closed ("cam-2");
  pair_stop (&pair);
}
GST_END_TEST;

/* (transfer full): the track of the next one of these events */
static char *
wait_source_event (Pair *pair, const char *name)
{
  gint64 end = patience_end (15);

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstMessage) message =
        fixture_wait (pair->alice, GST_MESSAGE_ELEMENT, 15);
    const GstStructure *s = gst_message_get_structure (message);
    g_autoptr (GstStructure) payload = NULL;
    gboolean local = FALSE;

    if (gst_structure_has_name (s, "kandy-event")
        && g_strcmp0 (gst_structure_get_string (s, "name"), name) == 0
        && gst_structure_get (s, "payload", GST_TYPE_STRUCTURE, &payload, NULL)
        && gst_structure_get_boolean (payload, "isLocal", &local) && local)
      return g_strdup (gst_structure_get_string (payload, "trackId"));
  }
  fail ("no event %s", name);
  return NULL;
}

static gboolean
is_source_muted (Pair *pair, const char *id)
{
  g_autoptr (GstStructure) track = tracks_describe (pair->sink, id);
  gboolean muted;

  fail_unless (gst_structure_get_boolean (track, "sourceMuted", &muted));
  return muted;
}

/* A device, or whatever is linked, that gives nothing for a while; but for what
 * has no rate, of which nothing is expected */
GST_START_TEST (test_source_muted)
{
  Pair pair = pair_new (
      "videotestsrc is-live=true ! "
      "video/x-raw,width=160,height=120,framerate=15/1 ! "
      "capssetter caps=video/x-raw,framerate=0/1 ! valve name=still ! "
      "sink.video_0 ");
  g_autoptr (GstElement) still =
      gst_bin_get_by_name (GST_BIN (pair.alice), "still");
  g_autofree char *id = NULL, *muted = NULL, *unmuted = NULL, *idle = NULL;

  act_well (&pair, "add-media",
      "m,video=true,video-options=(structure)[o,device-id=cam-1," SMALL "]");
  tracks_until (pair.bob, "at_video_1", TRUE);
  id = get_track_id (&pair, "video_1");
  idle = get_track_id (&pair, "video_0");
  fail_if (is_source_muted (&pair, id));
  g_object_set (still, "drop", TRUE, NULL);
  fake_devices_stall ("cam-1", TRUE);
  muted = wait_source_event (&pair, "media:sourceMuted");
  fail_unless_equals_string (muted, id);
  fail_unless (is_source_muted (&pair, id));
  fail_if (is_source_muted (&pair, idle));
  fake_devices_stall ("cam-1", FALSE);
  unmuted = wait_source_event (&pair, "media:sourceUnmuted");
  fail_unless_equals_string (unmuted, id);
  fail_if (is_source_muted (&pair, id));
  pair_stop (&pair);
}
GST_END_TEST;

static Suite *
element_added_suite (void)
{
  Suite *suite = suite_create ("element-added");
  TCase *added = tcase_create ("added");
  TCase *refusals = tcase_create ("added-refused");
  TCase *losing = tcase_create ("added-lost");
  TCase *options = tcase_create ("added-options");

  tcase_add_checked_fixture (added, set_up, tear_down);
  tcase_set_timeout (added, 40);
  suite_add_tcase (suite, added);
  tcase_add_test (added, test_video);
  tcase_add_test (added, test_together);
  tcase_add_test (added, test_several);
  tcase_add_test (added, test_linked);
  tcase_add_test (added, test_states);
  tcase_add_test (added, test_paused);
  tcase_add_loop_test (added, test_meanwhile, 0, 3);
  tcase_add_checked_fixture (refusals, set_up, tear_down);
  tcase_set_timeout (refusals, 40);
  suite_add_tcase (suite, refusals);
  tcase_add_loop_test (refusals, test_refused, 0, G_N_ELEMENTS (refused));
  tcase_add_test (refusals, test_refused_offer);
  tcase_add_checked_fixture (losing, set_up, tear_down);
  tcase_set_timeout (losing, 40);
  suite_add_tcase (suite, losing);
  tcase_add_loop_test (losing, test_lost, 0, G_N_ELEMENTS (losses));
  tcase_add_test (losing, test_labels);
  tcase_add_test (losing, test_to_and_fro);
  tcase_add_loop_test (losing, test_rendered, 0, 2);
  tcase_add_test (losing, test_source_muted);
  tcase_add_checked_fixture (options, set_up, tear_down);
  tcase_set_timeout (options, 40);
  suite_add_tcase (suite, options);
  tcase_add_loop_test (options, test_bandwidth, 0, 2);
  tcase_add_loop_test (options, test_priority, 0, G_N_ELEMENTS (priorities));
  return suite;
}

GST_CHECK_MAIN (element_added);
