/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "farend.h"
#include "fixture.h"

/* SECTION: calls with far ends that are not ours
 *
 * What they send and hear is measured at both ends, whoever calls.
 */

#define TONE 700
#define BLUE 0x0000ff

static const struct {
  const char *name;
  PlainTraits traits;
  const char *settings; /* of our end */
  gboolean only_calls;
} far_ends[] = {
  { "plain", { "opus", "vp8", TONE, BLUE } },
  { "without bundle", { "opus", "vp8", TONE, BLUE, .without_bundle = TRUE } },
  { "without mid", { "opus", "vp8", TONE, BLUE, .without_mid = TRUE } },
  { "with H.264 only", { "opus", "h264", TONE, BLUE },
      "client::remove-h264-codecs=false" },
  { "with a data channel", { "opus", "vp8", TONE, BLUE, .data_channel = TRUE },
      .only_calls = TRUE },
  { "with G.711 only", { "pcmu", NULL, TONE } },
};

/* Our end, which is Alice's */
static GstElement *
launch_near (const char *settings, gboolean calls)
{
  g_autofree char *account = fixture_account ("alice");
  GstElement *pipeline = fixture_launch (
      "kandysink name=sink %s %s %s "
      "audiotestsrc is-live=true freq=440 ! sink.audio_0 "
      "videotestsrc is-live=true pattern=red ! "
      "video/x-raw,width=160,height=120,framerate=15/1 ! sink.video_0 "
      "kandysrc name=src src.audio_0 ! queue ! " FIXTURE_SOUND
      " src.video_0 ! queue ! " FIXTURE_PICTURE,
      account, calls ? "destination=bob" : "auto-answer=true",
      settings ? settings : "");

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  return pipeline;
}

static void
assert_color (GstElement *pipeline, guint32 color)
{
  guint rgb[3];

  /* what was before may be on its way still */
  for (guint i = 0; i < 10; i++) {
    fixture_see (pipeline, "eye", 3, rgb);
    if (ABS ((int) rgb[0] - (int) (color >> 16)) < 60
        && ABS ((int) rgb[1] - (int) (color >> 8 & 0xff)) < 60
        && ABS ((int) rgb[2] - (int) (color & 0xff)) < 60)
      return;
  }
  fail ("saw #%02x%02x%02x instead of #%06x", rgb[0], rgb[1], rgb[2], color);
}

static void
assert_media (GstElement *near, FarEnd *far, const PlainTraits *traits)
{
  g_autoptr (GstElement) pipeline = far_end_get_pipeline (far, "ear");

  fixture_assert_tone (near, TONE);
  fixture_assert_tone (pipeline, 440);
  if (traits->video) {
    gst_object_unref (pipeline);
    assert_color (near, BLUE);
    pipeline = far_end_get_pipeline (far, "eye");
    assert_color (pipeline, 0xff0000);
  }
}

static void
call (guint i, gboolean near_calls)
{
  FarEnd *far = far_end_new ("bob", &far_ends[i].traits);
  GstElement *near = launch_near (far_ends[i].settings, near_calls);

  far_end_call (far, near_calls ? NULL : "alice");
  assert_media (near, far, &far_ends[i].traits);
  if (far_ends[i].traits.data_channel) {
    g_autoptr (PlainEngine) engine = far_end_get_engine (far);
    g_autofree char *answer = plain_engine_dup_remote_sdp (engine);

    fail_unless (strstr (answer, "m=application 0 ") != NULL, "%s", answer);
  }
  fixture_stop (near);
  far_end_free (far);
}

GST_START_TEST (test_far_end_calls) { call (__i__, FALSE); }
GST_END_TEST;

GST_START_TEST (test_far_end_answers)
{
  if (!far_ends[__i__].only_calls)
    call (__i__, TRUE);
}
GST_END_TEST;

/* No picture that both can take: the sound goes on without */
GST_START_TEST (test_no_common_video)
{
  PlainTraits traits = { "opus", "h264", TONE, BLUE };
  FarEnd *far = far_end_new ("bob", &traits);
  GstElement *near = launch_near (NULL, FALSE);
  g_autoptr (PlainEngine) engine = NULL;
  g_autofree char *answer = NULL;

  far_end_call (far, "alice");
  traits.video = NULL;
  assert_media (near, far, &traits);
  engine = far_end_get_engine (far);
  answer = plain_engine_dup_remote_sdp (engine);
  fail_unless (strstr (answer, "m=video 0 ") != NULL, "%s", answer);
  fixture_stop (near);
  far_end_free (far);
}
GST_END_TEST;

static const struct {
  const char *kind;
  guint from, to;
} moves[] = { { "audio", 111, 112 }, { "video", 96, 118 } };

/* The same media under another number */
GST_START_TEST (test_payload_moves)
{
  PlainTraits traits = { "opus", "vp8", TONE, BLUE };
  FarEnd *far = far_end_new ("bob", &traits);
  GstElement *near = launch_near (NULL, FALSE);
  g_autoptr (PlainEngine) engine = NULL;
  g_autofree char *answer = NULL, *line = NULL;

  far_end_call (far, "alice");
  assert_media (near, far, &traits);
  far_end_move_payload (
      far, moves[__i__].kind, moves[__i__].from, moves[__i__].to);
  engine = far_end_get_engine (far);
  fail_unless_equals_int (plain_engine_count_remote (engine), 2);
  answer = plain_engine_dup_remote_sdp (engine);
  line = g_strdup_printf ("a=rtpmap:%u ", moves[__i__].to);
  fail_unless (strstr (answer, line) != NULL, "%s", answer);
  /* as much as was buffered before */
  for (guint i = 0; i < 3; i++)
    assert_media (near, far, &traits);
  fixture_stop (near);
  far_end_free (far);
}
GST_END_TEST;

/* What runs is heard on, and then all of it goes without a bundle */
GST_START_TEST (test_parts_later)
{
  PlainTraits traits = { "opus", "vp8", TONE, BLUE, .parts_later = TRUE };
  FarEnd *far = far_end_new ("bob", &traits);
  g_autofree char *account = fixture_account ("alice");
  GstElement *near =
      fixture_launch ("kandysink name=sink %s destination=bob "
                      "audiotestsrc is-live=true freq=440 ! sink.audio_0 "
                      "kandysrc name=src src.audio_0 ! queue ! " FIXTURE_SOUND
                      " src.video_0 ! queue ! " FIXTURE_PICTURE,
          account);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (near), "sink");
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) picture = NULL;
  g_autoptr (PlainEngine) engine = NULL;
  g_autofree char *offer = NULL;

  fixture_play (near);
  far_end_call (far, NULL);
  fixture_assert_tone (near, TONE);
  pipeline = far_end_get_pipeline (far, "ear");
  fixture_assert_tone (pipeline, 440);
  engine = far_end_get_engine (far);
  fail_unless_equals_int (plain_engine_count_remote (engine), 1);

  picture = gst_parse_bin_from_description (
      "videotestsrc is-live=true pattern=red ! "
      "video/x-raw,width=160,height=120,framerate=15/1",
      TRUE, NULL);
  gst_bin_add (GST_BIN (near), gst_object_ref (picture));
  fail_unless (gst_element_link_pads (picture, "src", sink, "video_0"));
  fail_unless (gst_element_sync_state_with_parent (picture));
  /* the far end's picture first, which there is when all went apart */
  gst_object_unref (pipeline);
  pipeline = far_end_get_pipeline (far, "eye");
  assert_media (near, far, &traits);
  /* the call, the picture, and both apart */
  fail_unless_equals_int (plain_engine_count_remote (engine), 3);
  offer = plain_engine_dup_remote_sdp (engine);
  fail_unless (strstr (offer, "a=group:BUNDLE") == NULL, "%s", offer);
  fixture_stop (near);
  far_end_free (far);
}
GST_END_TEST;

static TCase *
add_case (Suite *suite, const char *name)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  return tcase;
}

static Suite *
element_foreign_suite (void)
{
  Suite *suite = suite_create ("element-foreign");

  tcase_add_loop_test (add_case (suite, "far-end-calls"), test_far_end_calls, 0,
      G_N_ELEMENTS (far_ends));
  tcase_add_loop_test (add_case (suite, "far-end-answers"),
      test_far_end_answers, 0, G_N_ELEMENTS (far_ends));
  tcase_add_test (add_case (suite, "no-common-video"), test_no_common_video);
  tcase_add_test (add_case (suite, "parts-later"), test_parts_later);
  tcase_add_loop_test (add_case (suite, "payload-moves"), test_payload_moves, 0,
      G_N_ELEMENTS (moves));
  return suite;
}

GST_CHECK_MAIN (element_foreign);
