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

static Suite *
engine_suite (void)
{
  Suite *suite = suite_create ("engine");
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 20);
  tcase_add_test (calls, test_audio_both_ways);
  suite_add_tcase (suite, calls);
  return suite;
}

GST_CHECK_MAIN (engine);
