/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When silence means that the path is gone, out of made-up arrivals */

#include <gst/check/gstcheck.h>

#include "gstkandyliveness.h"

typedef struct {
  GstKandyLiveness liveness;
  gint64 now;
  gint64 last; /* packet */
  gint64 next_look;
  guint alarms; /* times that it was raised */
  gint64 alarmed_at;
  gboolean alarmed;
} World;

static void
setup (World *w)
{
  *w = (World){ .now = 100000, .last = 100000, .next_look = 100000 };
  gst_kandy_liveness_reset (&w->liveness);
}

/* A packet each @interval ms for @duration ms; 0: none */
static void
pass (World *w, gint64 duration, gint64 interval)
{
  for (gint64 i = 1; i <= duration; i++) {
    w->now++;
    if (interval && i % interval == 0)
      w->last = w->now;
    if (w->now >= w->next_look) {
      gboolean alarmed = gst_kandy_liveness_look (&w->liveness, w->now,
          w->now - w->last, GST_KANDY_LIVENESS_SILENCE_MS);

      if (alarmed && !w->alarmed) {
        w->alarms++;
        w->alarmed_at = w->now;
      }
      w->alarmed = alarmed;
      w->next_look = w->now + GST_KANDY_LIVENESS_LOOK_MS + w->now % 7;
    }
  }
}

static void
expect_alarm_after (World *w, gint64 ms)
{
  gint64 silence = w->alarmed_at - w->last;

  fail_unless (w->alarms == 1 && silence > ms && silence < ms + 300,
      "%u alarms, after %" G_GINT64_FORMAT " ms", w->alarms, silence);
}

/* ms between packets: Opus, Opus with 60 ms a packet, ten pictures a second */
static const gint64 steady[] = { 20, 60, 100 };

GST_START_TEST (test_steady)
{
  World w;

  setup (&w);
  pass (&w, 60000 + 83 * __i__, steady[__i__]);
  fail_unless (w.alarms == 0);
  pass (&w, 20000, 0);
  expect_alarm_after (&w, GST_KANDY_LIVENESS_FLOW_LOST_MS);

  /* clear with the first packet, and another one for another loss */
  pass (&w, 3000, steady[__i__]);
  fail_unless (!w.alarmed);
  pass (&w, 5000, 0);
  fail_unless (w.alarms == 2);
}
GST_END_TEST;

/* Comfort noise, RTCP of ours, RTCP of RFC 3550 */
static const gint64 sparse[] = { 400, 1000, 5000 };

GST_START_TEST (test_sparse)
{
  World w;

  setup (&w);
  pass (&w, 60000, sparse[__i__]);
  fail_unless (w.alarms == 0);
  pass (&w, 20000, 0);
  expect_alarm_after (&w, GST_KANDY_LIVENESS_SILENCE_MS);
}
GST_END_TEST;

/* Who says nothing more, or is muted, still reports */
GST_START_TEST (test_steady_then_sparse)
{
  World w;

  setup (&w);
  for (guint i = 0; i < 5; i++) {
    pass (&w, 5000, 20);
    pass (&w, 10000, sparse[__i__]);
  }
  fail_unless (w.alarms == 0);
}
GST_END_TEST;

/* Without reports it costs one restart, which gives another path but brings no
 * packet, and not one after the other */
GST_START_TEST (test_one_alarm)
{
  World w;

  setup (&w);
  pass (&w, 5000, 20);
  pass (&w, 1600, 0);
  expect_alarm_after (&w, GST_KANDY_LIVENESS_FLOW_LOST_MS);
  w.last = w.now;
  pass (&w, 7000, 0);
  fail_unless (w.alarms == 1);
  pass (&w, 2000, 0);
  fail_unless (w.alarms == 2);
}
GST_END_TEST;

/* Who sends nothing while nobody speaks, and reports seldom, is known after a
 * few times */
GST_START_TEST (test_pauses)
{
  World w;

  setup (&w);
  for (guint i = 0; i < 50; i++) {
    pass (&w, 4000, 20);
    pass (&w, 1500 + 80 * i, 0);
    if (i % 10 == 9)
      gst_kandy_liveness_reset (&w.liveness);
  }
  fail_unless (w.alarms >= 2 && w.alarms <= 3, "%u alarms", w.alarms);
}
GST_END_TEST;

/* 20 ms of Opus, a fifth lost, for an hour, with outages of up to a second */
GST_START_TEST (test_lossy)
{
  GRand *random = g_rand_new_with_seed (__i__);
  World w;

  setup (&w);
  for (gint64 end = w.now + 3600000; w.now < end;) {
    if (g_rand_int_range (random, 0, 1000) == 0)
      pass (&w, g_rand_int_range (random, 0, 1000), 0);
    pass (&w, 20, g_rand_int_range (random, 0, 5) == 0 ? 0 : 20);
  }
  fail_unless (w.alarms == 0);
  g_rand_free (random);
}
GST_END_TEST;

/* A machine that sleeps finds what came meanwhile only afterwards */
GST_START_TEST (test_sleep)
{
  World w;

  setup (&w);
  pass (&w, 5000, 20);
  for (guint i = 0; i < 20; i++) {
    w.now += 3000;
    w.next_look = w.now + 1;
    pass (&w, 10, 0);
    pass (&w, 500, 20);
  }
  fail_unless (w.alarms == 0);
}
GST_END_TEST;

static Suite *
liveness_suite (void)
{
  Suite *suite = suite_create ("liveness");
  TCase *tcase = tcase_create ("liveness");

  tcase_add_loop_test (tcase, test_steady, 0, G_N_ELEMENTS (steady));
  tcase_add_loop_test (tcase, test_sparse, 0, G_N_ELEMENTS (sparse));
  tcase_add_loop_test (tcase, test_steady_then_sparse, 0, 2);
  tcase_add_test (tcase, test_one_alarm);
  tcase_add_test (tcase, test_pauses);
  tcase_add_loop_test (tcase, test_lossy, 0, 3);
  tcase_add_test (tcase, test_sleep);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (liveness);
