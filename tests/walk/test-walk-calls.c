/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include "../gst/engine-endpoint.h"

/* A shorter walk with the real engine. Environment: as of test-walk */

GST_START_TEST (test_walk)
{
  walk_run (&walk_media_calls, walk_get_number ("KANDY_WALK_SEED", 1),
      walk_get_number ("KANDY_WALK_STEPS", 60));
}
GST_END_TEST;

static Suite *
walk_suite (void)
{
  Suite *s = suite_create ("walk");
  TCase *tc = tcase_create ("calls");

  endpoints_warm_up ();
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_test (tc, test_walk);
  return s;
}

GST_CHECK_MAIN (walk)
