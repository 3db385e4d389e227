/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"

/* Two engines in one process, their descriptions handed over by hand: what one
 * end plays is what the other end hears. */

#define RED 0xff0000
#define BLUE 0x0000ff

GST_START_TEST (test_audio_both_ways)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  GstStructure *stats;
  const GValue *tracks;

  endpoint_add_audio (alice, 440);
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);
  wait_until_heard (alice, 1000);
  wait_until_heard (bob, 440);
  fail_unless_equals_int (alice->received->len, 1);
  fail_unless_equals_int (bob->received->len, 1);
  /* its own and the far end's */
  fail_unless_equals_int (alice->tracks_added, 2);
  fail_unless_equals_int (bob->tracks_added, 2);

  stats = endpoint_get_stats (alice);
  GST_INFO ("%" GST_PTR_FORMAT, stats);
  fail_unless_equals_string (
      gst_structure_get_string (stats, "connection-state"), "connected");
  fail_unless_equals_string (
      gst_structure_get_string (stats, "local-candidate-type"), "host");
  tracks = gst_structure_get_value (stats, "tracks");
  fail_unless_equals_int (gst_value_list_get_size (tracks), 2);
  for (guint i = 0; i < 2; i++) {
    const GstStructure *s =
        g_value_get_boxed (gst_value_list_get_value (tracks, i));
    guint64 packets = 0;

    fail_unless_equals_string (gst_structure_get_string (s, "codec"), "OPUS");
    gst_structure_get_uint64 (s, "packets", &packets);
    fail_unless (packets > 0);
  }
  gst_structure_free (stats);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

typedef enum {
  AUDIO = 1 << 0,
  VIDEO = 1 << 1,
} Media;

static void
add_media (Endpoint *self, Media media, guint frequency, guint32 color)
{
  if (media & AUDIO)
    endpoint_add_audio (self, frequency);
  if (media & VIDEO)
    endpoint_add_video (self, color);
}

static void
check_media (Endpoint *self, Media media, guint frequency, guint32 color)
{
  if (media & AUDIO)
    wait_until_heard (self, frequency);
  if (media & VIDEO)
    wait_until_seen (self, color);
}

static void
call_with (Media alice_sends, Media bob_sends, KandyConfig *config)
{
  Endpoint *alice = endpoint_new_full ("alice", config, NULL);
  Endpoint *bob = endpoint_new_full ("bob", config, NULL);

  add_media (alice, alice_sends, 440, RED);
  add_media (bob, bob_sends, 1000, BLUE);
  gst_kandy_call_set_ask (
      alice->call, KANDY_MEDIA_KIND_AUDIO, (bob_sends & AUDIO) != 0);
  gst_kandy_call_set_ask (
      alice->call, KANDY_MEDIA_KIND_VIDEO, (bob_sends & VIDEO) != 0);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);
  check_media (alice, bob_sends, 1000, BLUE);
  check_media (bob, alice_sends, 440, RED);
  fail_unless_equals_int (alice->received->len, __builtin_popcount (bob_sends));
  fail_unless_equals_int (bob->received->len, __builtin_popcount (alice_sends));
  fail_unless (alice->failure == NULL && bob->failure == NULL);

  endpoint_free (alice);
  endpoint_free (bob);
}

/* Every track that is sent has been reported on */
static gboolean
is_reported (gpointer data)
{
  GstStructure *stats = endpoint_get_stats (data);
  const GValue *tracks = gst_structure_get_value (stats, "tracks");
  guint n = 0;

  for (guint i = 0; i < gst_value_list_get_size (tracks); i++) {
    const GstStructure *s =
        g_value_get_boxed (gst_value_list_get_value (tracks, i));
    double round_trip, jitter;
    gint64 lost;

    if (g_str_equal (gst_structure_get_string (s, "direction"), "receive"))
      continue;
    if (!gst_structure_get (s, "round-trip-ms", G_TYPE_DOUBLE, &round_trip,
            "jitter-ms", G_TYPE_DOUBLE, &jitter, "lost", G_TYPE_INT64, &lost,
            NULL))
      continue;
    fail_unless (round_trip >= 0 && round_trip < 2000, "%f", round_trip);
    fail_unless (jitter >= 0 && jitter < 2000, "%f", jitter);
    fail_unless_equals_int64 (lost, 0);
    n++;
  }
  gst_structure_free (stats);
  return n == 2;
}

GST_START_TEST (test_reports)
{
  KandyConfig *config = kandy_config_new ();
  Endpoint *alice, *bob;

  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (__i__));
  alice = endpoint_new_full ("alice", config, NULL);
  bob = endpoint_new_full ("bob", config, NULL);
  add_media (alice, AUDIO | VIDEO, 440, RED);
  add_media (bob, AUDIO | VIDEO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  wait_for (is_reported, alice, 15, "reports about what alice sends");
  wait_for (is_reported, bob, 15, "reports about what bob sends");
  endpoint_free (alice);
  endpoint_free (bob);
  g_object_unref (config);
}
GST_END_TEST;

/* Sources that had their clock rate from the beginning */
static int n_with_rate;

/* On a streaming thread */
static void
on_sender (GObject *session, GObject *source, gpointer user_data)
{
  g_autoptr (GstStructure) stats = NULL;
  int rate = -1;

  g_object_get (source, "stats", &stats, NULL);
  gst_structure_get_int (stats, "clock-rate", &rate);
  if (rate == 48000 || rate == 90000)
    g_atomic_int_inc (&n_with_rate);
}

static void
watch_session (GstElement *rtpsession)
{
  g_autoptr (GObject) session = NULL;

  g_object_get (rtpsession, "internal-session", &session, NULL);
  g_signal_connect (
      session, "on-new-sender-ssrc", G_CALLBACK (on_sender), NULL);
}

static void
watch_item (const GValue *item, gpointer user_data)
{
  watch_session (g_value_get_object (item));
}

static void
on_element (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (factory && g_str_equal (GST_OBJECT_NAME (factory), "rtpsession"))
    watch_session (element);
}

static gboolean
has_rates (gpointer n)
{
  return g_atomic_int_get (&n_with_rate) >= GPOINTER_TO_INT (n);
}

/* A session that has to ask for a clock rate when it reports can be disturbed
 * at that moment */
GST_START_TEST (test_clock_rates)
{
  KandyConfig *config = kandy_config_new ();
  Endpoint *alice, *bob;
  g_autoptr (GstElement) webrtcbin = NULL;
  g_autofree char *offer = NULL, *answer = NULL;
  GstIterator *sessions;

  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (__i__));
  alice = endpoint_new_full ("alice", config, NULL);
  bob = endpoint_new_full ("bob", config, NULL);
  add_media (alice, AUDIO | VIDEO, 440, RED);
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  /* nothing is sent before the answer */
  g_object_get (alice->call, "webrtcbin", &webrtcbin, NULL);
  sessions = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (webrtcbin), "rtpsession");
  gst_iterator_foreach (sessions, watch_item, NULL);
  gst_iterator_free (sessions);
  g_signal_connect (
      webrtcbin, "deep-element-added", G_CALLBACK (on_element), NULL);
  kandy_media_engine_commit_offer (KANDY_MEDIA_ENGINE (alice->call));
  endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
  answer = endpoint_create_answer (bob, FALSE, NULL);
  kandy_media_engine_commit_answer (KANDY_MEDIA_ENGINE (bob->call));
  endpoint_accept_answer (alice, answer, NULL, NULL, NULL);
  wait_for (
      has_rates, GINT_TO_POINTER (2), 15, "clock rates of what alice sends");
  check_media (bob, AUDIO | VIDEO, 440, RED);
  endpoint_free (alice);
  endpoint_free (bob);
  g_object_unref (config);
}
GST_END_TEST;

static const struct {
  Media alice, bob;
} directions[] = {
  { VIDEO, VIDEO },
  { AUDIO | VIDEO, AUDIO | VIDEO },
  { AUDIO | VIDEO, 0 },
  { 0, AUDIO | VIDEO },
  { AUDIO, AUDIO | VIDEO },
  { AUDIO | VIDEO, VIDEO },
};

GST_START_TEST (test_directions)
{
  call_with (directions[__i__].alice, directions[__i__].bob, NULL);
}
GST_END_TEST;

GST_START_TEST (test_unbundled)
{
  KandyConfig *config = kandy_config_new ();

  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (TRUE));
  call_with (AUDIO | VIDEO, AUDIO | VIDEO, config);
  g_object_unref (config);
}
GST_END_TEST;

/* Nothing comes in for a while, once what is under way has come */
static void
check_silence (Endpoint *self)
{
  let_pass (150);
  endpoint_reset_meters (self);
  let_pass (200);
  fail_unless_equals_int (endpoint_packets (self, KANDY_MEDIA_KIND_AUDIO), 0);
  fail_unless_equals_int (endpoint_packets (self, KANDY_MEDIA_KIND_VIDEO), 0);
}

static gboolean
get_flag (Endpoint *self, const char *name)
{
  gboolean value;

  g_object_get (self->call, name, &value, NULL);
  return value;
}

GST_START_TEST (test_hold)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *holder = __i__ ? bob : alice, *held = __i__ ? alice : bob;

  add_media (alice, AUDIO | VIDEO, 440, RED);
  add_media (bob, AUDIO | VIDEO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO | VIDEO, 1000, BLUE);
  check_media (bob, AUDIO | VIDEO, 440, RED);

  for (guint round = 0; round < 2; round++) {
    negotiate (holder, held, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
    fail_unless (get_flag (holder, "local-hold"));
    fail_unless (!get_flag (holder, "remote-hold"));
    fail_unless (get_flag (held, "remote-hold"));
    fail_unless (!get_flag (held, "local-hold"));
    check_silence (alice);
    check_silence (bob);

    negotiate (holder, held, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, FALSE);
    fail_unless (!get_flag (holder, "local-hold"));
    fail_unless (!get_flag (held, "remote-hold"));
    check_media (alice, AUDIO | VIDEO, 1000, BLUE);
    check_media (bob, AUDIO | VIDEO, 440, RED);
  }
  fail_unless_equals_int (alice->received->len, 2);
  fail_unless_equals_int (bob->received->len, 2);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* A call that carries media one way only is held as well, by either end: who
 * receives sees that it is a hold, and not that there is nothing to receive any
 * more */
GST_START_TEST (test_one_way_hold)
{
  KandyMediaOptions *options = g_object_new (KANDY_TYPE_MEDIA_OPTIONS,
      "receive-audio", FALSE, "receive-video", FALSE, NULL);
  Endpoint *alice = endpoint_new ("alice", options);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *holder = __i__ & 1 ? bob : alice, *held = __i__ & 1 ? alice : bob;
  Media media = __i__ & 2 ? AUDIO | VIDEO : AUDIO;

  add_media (alice, media, 440, RED);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (bob, media, 440, RED);

  for (guint round = 0; round < 2; round++) {
    negotiate (holder, held, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
    fail_unless (get_flag (held, "remote-hold"));
    fail_unless (!get_flag (holder, "remote-hold"));
    fail_unless_equals_int (bob->received->len, __builtin_popcount (media));
    check_silence (bob);
    negotiate (holder, held, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, FALSE);
    fail_unless (!get_flag (held, "remote-hold"));
    check_media (bob, media, 440, RED);
  }

  endpoint_free (alice);
  endpoint_free (bob);
  g_object_unref (options);
}
GST_END_TEST;

GST_START_TEST (test_dual_hold)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);

  add_media (alice, AUDIO, 440, RED);
  add_media (bob, AUDIO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO, 1000, BLUE);

  negotiate (alice, bob, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  negotiate (bob, alice, KANDY_OFFER_PURPOSE_HOLD, TRUE, TRUE);
  check_silence (alice);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, TRUE);
  check_silence (alice);
  check_silence (bob);
  negotiate (bob, alice, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, FALSE);
  check_media (alice, AUDIO, 1000, BLUE);
  check_media (bob, AUDIO, 440, RED);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* The refused hold of either end leaves no trace */
GST_START_TEST (test_dropped_offer)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autofree char *offer = NULL;

  add_media (alice, AUDIO, 440, RED);
  add_media (bob, AUDIO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO, 1000, BLUE);

  offer = endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_HOLD, TRUE, NULL);
  /* silent as soon as we want to hold */
  check_silence (alice);
  kandy_media_engine_drop_offer (KANDY_MEDIA_ENGINE (alice->call));
  fail_unless (!get_flag (alice, "local-hold"));
  check_media (alice, AUDIO, 1000, BLUE);
  check_media (bob, AUDIO, 440, RED);

  endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
  kandy_media_engine_drop_answer (KANDY_MEDIA_ENGINE (bob->call));
  fail_unless (!get_flag (bob, "remote-hold"));
  endpoint_reset_meters (bob);
  check_media (bob, AUDIO, 440, RED);

  /* and the far end may go on */
  negotiate (bob, alice, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  check_silence (bob);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

GST_START_TEST (test_add_and_remove)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *one = __i__ ? bob : alice, *other = __i__ ? alice : bob;

  add_media (alice, AUDIO, 440, RED);
  add_media (bob, AUDIO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO, 1000, BLUE);
  check_media (bob, AUDIO, 440, RED);

  add_media (one, VIDEO, 0, RED);
  negotiate (one, other, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  check_media (other, VIDEO, 0, RED);
  fail_unless_equals_int (other->received->len, 2);
  fail_unless_equals_int (one->received->len, 1);

  add_media (other, VIDEO, 0, BLUE);
  negotiate (other, one, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  check_media (one, VIDEO, 0, BLUE);

  gst_kandy_call_remove_send_track (one->call, one->video);
  negotiate (one, other, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  fail_unless_equals_int (other->received->len, 1);
  endpoint_reset_meters (one);
  check_media (one, VIDEO, 0, BLUE);

  gst_clear_object (&one->video);
  add_media (one, VIDEO, 0, RED);
  negotiate (one, other, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  check_media (other, VIDEO, 0, RED);
  endpoint_reset_meters (alice);
  endpoint_reset_meters (bob);
  check_media (alice, AUDIO, 1000, 0);
  check_media (bob, AUDIO, 440, 0);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

GST_START_TEST (test_restart)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *one = __i__ ? bob : alice, *other = __i__ ? alice : bob;

  add_media (alice, AUDIO | VIDEO, 440, RED);
  add_media (bob, AUDIO | VIDEO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO | VIDEO, 1000, BLUE);
  check_media (bob, AUDIO | VIDEO, 440, RED);

  for (guint round = 0; round < 2; round++) {
    negotiate (one, other, KANDY_OFFER_PURPOSE_RESTART, FALSE, FALSE);
    endpoint_reset_meters (alice);
    endpoint_reset_meters (bob);
    check_media (alice, AUDIO | VIDEO, 1000, BLUE);
    check_media (bob, AUDIO | VIDEO, 440, RED);
    WAIT_FOR (endpoint_is_connected, alice);
    WAIT_FOR (endpoint_is_connected, bob);
  }
  negotiate (other, one, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  check_silence (alice);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* One end comes back as a new peer, the other follows */
GST_START_TEST (test_rebuild)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *one = __i__ ? bob : alice, *other = __i__ ? alice : bob;

  add_media (alice, AUDIO | VIDEO, 440, RED);
  add_media (bob, AUDIO | VIDEO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (alice, AUDIO | VIDEO, 1000, BLUE);
  check_media (bob, AUDIO | VIDEO, 440, RED);

  negotiate (one, other, KANDY_OFFER_PURPOSE_REBUILD, FALSE, FALSE);
  endpoint_reset_meters (alice);
  endpoint_reset_meters (bob);
  check_media (alice, AUDIO | VIDEO, 1000, BLUE);
  check_media (bob, AUDIO | VIDEO, 440, RED);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static void
count_requests (GstKandySendTrack *track, gboolean all_headers, guint *count)
{
  g_atomic_int_inc (count);
}

static gboolean
is_positive (gpointer count)
{
  return g_atomic_int_get ((guint *) count) > 0;
}

/* From the receiver to the far end's encoder */
GST_START_TEST (test_key_unit)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autoptr (GPtrArray) tracks = NULL;
  guint count = 0;

  add_media (alice, VIDEO, 0, RED);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (bob, VIDEO, 0, RED);

  g_signal_connect (
      alice->video, "force-key-unit", G_CALLBACK (count_requests), &count);
  tracks = gst_kandy_call_get_receive_tracks (bob->call);
  fail_unless_equals_int (tracks->len, 1);
  gst_kandy_receive_track_request_key_unit (g_ptr_array_index (tracks, 0));
  WAIT_FOR (is_positive, &count);
  g_clear_pointer (&tracks, g_ptr_array_unref);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* Another source, encoder and payloader with its own SSRC, payload type and
 * numbers: the far end does not notice */
GST_START_TEST (test_swapped_source)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);

  add_media (alice, AUDIO | VIDEO, 440, RED);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (bob, AUDIO | VIDEO, 440, RED);

  endpoint_swap_audio (alice, 1500);
  endpoint_swap_video (alice, BLUE);
  check_media (bob, AUDIO | VIDEO, 1500, BLUE);
  fail_unless_equals_int (bob->received->len, 2);
  fail_unless (alice->failure == NULL && bob->failure == NULL);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static gboolean
has_digit (gpointer data)
{
  return ((Endpoint *) data)->digits->len > 0;
}

/* RFC 4733 packets of one digit, as they come from any far end */
GST_START_TEST (test_digit_received)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);

  add_media (alice, AUDIO, 440, RED);
  add_media (bob, AUDIO, 1000, BLUE);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  check_media (bob, AUDIO, 440, RED);

  endpoint_send_digit (alice, 11);
  WAIT_FOR (has_digit, bob);
  let_pass (200);
  fail_unless_equals_string (bob->digits->str, "#");
  /* it is no track */
  fail_unless_equals_int (bob->received->len, 1);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static Suite *
engine_suite (void)
{
  Suite *suite = suite_create ("engine");
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 20);
  tcase_add_test (calls, test_audio_both_ways);
  tcase_add_loop_test (calls, test_directions, 0, G_N_ELEMENTS (directions));
  tcase_add_test (calls, test_unbundled);
  tcase_add_loop_test (calls, test_reports, 0, 2);
  tcase_add_loop_test (calls, test_clock_rates, 0, 2);
  tcase_add_loop_test (calls, test_hold, 0, 2);
  tcase_add_loop_test (calls, test_one_way_hold, 0, 4);
  tcase_add_test (calls, test_dual_hold);
  tcase_add_test (calls, test_dropped_offer);
  tcase_add_loop_test (calls, test_add_and_remove, 0, 2);
  tcase_add_loop_test (calls, test_restart, 0, 2);
  tcase_add_loop_test (calls, test_rebuild, 0, 2);
  tcase_add_test (calls, test_key_unit);
  tcase_add_test (calls, test_swapped_source);
  tcase_add_test (calls, test_digit_received);
  suite_add_tcase (suite, calls);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_suite (), "engine", __FILE__);
}
