/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gst/app/gstappsrc.h>
#include <kandy-loopback.h>

#include "bench-pair.h"

/* What a call costs, beside a pair of webrtcbin wired by hand in the same run:
 * set-up time, CPU, memory, threads, and the latency added from pad to pad.
 * Each figure is measured in turn for both, and the ratio is taken within the
 * run. */

static int n_rounds = 20;
static int n_seconds = 10;
static int n_parallel = 4;
static int n_soak = 200;
/* malloc has an arena for each thread that met another one in it */
static int n_settle = 250;
static char *soak_at;
static char *cost_at;
static char **only;
static gboolean only_first;
static gboolean only_first_hand_wired;
static gboolean only_cost_hand_wired;
static gboolean only_soak_hand_wired;

static GOptionEntry entries[] = {
  { "rounds", 'n', 0, G_OPTION_ARG_INT, &n_rounds,
      "Calls of each kind for the set-up times (default 20)", "N" },
  { "seconds", 's', 0, G_OPTION_ARG_INT, &n_seconds,
      "How long CPU and latency are measured (default 10)", "SECONDS" },
  { "parallel", 'p', 0, G_OPTION_ARG_INT, &n_parallel,
      "Pairs at once for CPU, memory and threads (default 4)", "N" },
  { "soak", 0, 0, G_OPTION_ARG_INT, &n_soak,
      "Calls one after the other for leaks (default 200)", "N" },
  { "settle", 0, 0, G_OPTION_ARG_INT, &n_settle,
      "Calls before those, until memory has settled (default 250)", "N" },
  { "only", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &only,
      "Measure only this: set-up, first, cost, latency or soak; may be given "
      "several times",
      "WHAT" },
  { "soak-at", 0, 0, G_OPTION_ARG_STRING, &soak_at,
      "Only the soak, at this platform", "URI" },
  { "soak-hand-wired", 0, 0, G_OPTION_ARG_NONE, &only_soak_hand_wired,
      "Only the soak, of hand-wired calls", NULL },
  { "cost-at", 0, 0, G_OPTION_ARG_STRING, &cost_at,
      "Only what calls cost, at this platform", "URI" },
  { "cost-hand-wired", 0, 0, G_OPTION_ARG_NONE, &only_cost_hand_wired,
      "Only what hand-wired calls cost", NULL },
  { "first", 0, 0, G_OPTION_ARG_NONE, &only_first,
      "Only the first call of this process", NULL },
  { "first-hand-wired", 0, 0, G_OPTION_ARG_NONE, &only_first_hand_wired,
      "Only the first hand-wired call of this process", NULL },
  { NULL }
};

static gint64
time_call (BenchElements *endpoints, guint number)
{
  gint64 start = bench_elements_call (endpoints, number);

  if (!bench_wait (bench_elements_heard, endpoints, BENCH_CALL_TIMEOUT)) {
    bench_elements_print (endpoints);
    g_error ("no sound within the time");
  }
  return MAX (bench_elements_get_ear (endpoints, 0)->heard_us,
             bench_elements_get_ear (endpoints, 1)->heard_us)
      - start;
}

static gint64
time_hand_wired (gint64 *after_answer)
{
  gint64 start = g_get_monotonic_time (), heard;
  BenchHandWired *pair = bench_hand_wired_new (BENCH_MEDIA_TONE);

  bench_hand_wired_call (pair);
  if (!bench_wait (bench_hand_wired_heard, pair, BENCH_CALL_TIMEOUT))
    g_error ("no sound in the hand-wired pair within the time");
  heard = MAX (bench_hand_wired_get_ear (pair, 0)->heard_us,
      bench_hand_wired_get_ear (pair, 1)->heard_us);
  if (after_answer)
    *after_answer = bench_hand_wired_get_ear (pair, 0)->first_us
        - bench_hand_wired_get_answered_us (pair);
  bench_hand_wired_free (pair);
  return heard - start;
}

static double
median_ms (GArray *values)
{
  return bench_median_us (values) / 1000.0;
}

static void
report (const char *what, double ours, double theirs, const char *unit)
{
  g_print ("%-44s %10.2f %10.2f %-8s ratio %.2f\n", what, ours, theirs, unit,
      ours / theirs);
}

/* Calls of both kinds in turn, so that what disturbs the machine disturbs both
 */
static void
bench_set_up (const char *uri)
{
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) theirs = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) our_sample = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) their_sample = g_array_new (FALSE, FALSE, sizeof (gint64));
  BenchElements *endpoints = bench_elements_new (uri, 0, NULL, NULL);
  gint64 value;
  int i;

  for (i = 0; i < n_rounds; i++) {
    gint64 sample = 0;

    value = time_hand_wired (&sample);
    g_array_append_val (theirs, value);
    g_array_append_val (their_sample, sample);

    value = time_call (endpoints, 0);
    g_array_append_val (ours, value);
    value = bench_elements_get_ear (endpoints, 0)->first_us
        - bench_elements_get_answered_us (endpoints);
    g_array_append_val (our_sample, value);
    bench_elements_hang_up (endpoints);
  }
  bench_elements_free (endpoints);
  report ("make() to both ends hearing, median", median_ms (ours),
      median_ms (theirs), "ms");
  report ("  slowest", g_array_index (ours, gint64, ours->len - 1) / 1000.0,
      g_array_index (theirs, gint64, theirs->len - 1) / 1000.0, "ms");
  report ("answer to first decoded sample, median", median_ms (our_sample),
      median_ms (their_sample), "ms");
}

static gboolean
never (gpointer user_data)
{
  return FALSE;
}

/* Prints CPU in percent of a core, threads and KiB, a call with both ends */
static void
cost (const char *uri)
{
  g_autofree BenchElements **endpoints = g_new0 (BenchElements *, n_parallel);
  g_autofree BenchHandWired **pairs = g_new0 (BenchHandWired *, n_parallel);
  guint threads;
  gsize rss;
  double cpu;
  gint64 start;
  int i;

  /* what a process does once is paid for */
  pairs[0] = bench_hand_wired_new (BENCH_MEDIA_TONE);
  bench_hand_wired_call (pairs[0]);
  if (!bench_wait (bench_hand_wired_heard, pairs[0], BENCH_CALL_TIMEOUT))
    g_error ("no sound in the hand-wired pair within the time");
  bench_hand_wired_free (pairs[0]);
  bench_wait (never, NULL, G_USEC_PER_SEC);

  threads = bench_count_threads ();
  rss = bench_get_rss ();
  for (i = 0; i < n_parallel; i++) {
    if (uri) {
      endpoints[i] = bench_elements_new (uri, i, NULL, NULL);
      time_call (endpoints[i], i);
    } else {
      pairs[i] = bench_hand_wired_new (BENCH_MEDIA_TONE);
      bench_hand_wired_call (pairs[i]);
      if (!bench_wait (bench_hand_wired_heard, pairs[i], BENCH_CALL_TIMEOUT))
        g_error ("no sound in the hand-wired pair within the time");
    }
  }
  bench_wait (never, NULL, G_USEC_PER_SEC);
  cpu = bench_get_cpu_seconds ();
  start = g_get_monotonic_time ();
  bench_wait (never, NULL, n_seconds * G_USEC_PER_SEC);
  g_print ("%g %g %g\n",
      (bench_get_cpu_seconds () - cpu) * 100.0
          / ((g_get_monotonic_time () - start) / 1e6) / n_parallel,
      ((double) bench_count_threads () - threads) / n_parallel,
      ((double) bench_get_rss () - rss) / 1024.0 / n_parallel);
  for (i = 0; i < n_parallel; i++) {
    if (uri)
      bench_elements_free (endpoints[i]);
    else
      bench_hand_wired_free (pairs[i]);
  }
}

/* Payloads with a mark every 20 ms, until n_seconds are over */
static void
send_marks (GstElement *source, BenchMarks *marks)
{
  gint64 start = g_get_monotonic_time ();
  guint i, n = n_seconds * 50;

  for (i = 0; i < n; i++) {
    gint64 due = start + i * 20000;

    while (g_get_monotonic_time () < due) {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (200);
    }
    gst_app_src_push_buffer (GST_APP_SRC (source), bench_marks_make (marks, i));
  }
}

typedef struct {
  BenchMarks *marks;
  GstElement *source;
  guint number;
} MarkWait;

static gboolean
marks_arrive (gpointer user_data)
{
  MarkWait *wait = user_data;
  gboolean any;

  gst_app_src_push_buffer (GST_APP_SRC (wait->source),
      bench_marks_make (wait->marks, wait->number++));
  g_usleep (20000);
  g_mutex_lock (&wait->marks->lock);
  any = wait->marks->latencies->len > 20;
  g_mutex_unlock (&wait->marks->lock);
  return any;
}

static double
measure_latency (GstElement *source, BenchMarks *marks)
{
  MarkWait wait = { marks, source, 0 };

  if (!bench_wait (marks_arrive, &wait, BENCH_CALL_TIMEOUT))
    g_error ("no media within the time");
  g_mutex_lock (&marks->lock);
  g_array_set_size (marks->latencies, 0);
  g_mutex_unlock (&marks->lock);
  send_marks (source, marks);
  return bench_median_us (marks->latencies) / 1000.0;
}

static void
bench_latency (const char *uri)
{
  BenchMarks marks, unused;
  BenchElements *endpoints;
  BenchHandWired *pair;
  GstElement *source;
  double ours, theirs;

  bench_marks_init (&marks);
  pair = bench_hand_wired_new (BENCH_MEDIA_MARKED);
  bench_hand_wired_listen_marks (pair, 1, &marks);
  source = bench_hand_wired_get_marks_source (pair, 0);
  bench_hand_wired_call (pair);
  theirs = measure_latency (source, &marks);
  gst_object_unref (source);
  bench_hand_wired_free (pair);
  bench_marks_clear (&marks);

  bench_marks_init (&marks);
  bench_marks_init (&unused);
  endpoints = bench_elements_new (uri, 0, &unused, &marks);
  source = bench_elements_get_marks_source (endpoints, 0);
  bench_elements_call (endpoints, 0);
  ours = measure_latency (source, &marks);
  gst_object_unref (source);
  bench_elements_free (endpoints);
  bench_marks_clear (&marks);
  bench_marks_clear (&unused);

  report ("latency from pad to pad, median", ours, theirs, "ms");
  g_print ("%-44s %10.2f ms\n", "  added", ours - theirs);
}

typedef struct {
  guint threads;
  guint fds;
  gsize rss;
  gsize trimmed;
  gsize allocated;
} Weight;

/* Once the connections that are kept for a while are closed. What malloc keeps
 * for later depends on which threads met, and does not grow for ever: hence
 * also without it */
static void
weigh (Weight *weight)
{
  bench_wait (never, NULL, 7 * G_USEC_PER_SEC);
  weight->threads = bench_count_threads ();
  weight->fds = bench_count_fds ();
  weight->rss = bench_get_rss ();
  weight->allocated = bench_get_allocated ();
  malloc_trim (0);
  weight->trimmed = bench_get_rss ();
}

static double
get_growth (gsize before, gsize after, int n_calls)
{
  return ((double) after - before) / 1024.0 / n_calls;
}

/* In a process of its own: what the platform keeps is not the elements'.
 * @uri: (nullable): the platform of the elements, else by hand. Prints what has
 * grown: threads, descriptors, KiB a call that are resident, that are so when
 * malloc has given back what it can, and that are allocated */
static void
soak (const char *uri)
{
  BenchElements *endpoints =
      uri ? bench_elements_new (uri, 0, NULL, NULL) : NULL;
  Weight before = { 0 }, after;
  int i;

  for (i = 0; i < n_settle + n_soak; i++) {
    if (i == n_settle)
      weigh (&before);
    if (uri) {
      time_call (endpoints, 0);
      bench_elements_hang_up (endpoints);
    } else {
      time_hand_wired (NULL);
    }
  }
  weigh (&after);
  g_print ("%d %d %g %g %g\n", (int) after.threads - (int) before.threads,
      (int) after.fds - (int) before.fds,
      get_growth (before.rss, after.rss, n_soak),
      get_growth (before.trimmed, after.trimmed, n_soak),
      get_growth (before.allocated, after.allocated, n_soak));
  if (uri)
    bench_elements_free (endpoints);
}

/* What this program prints with these options, in a process of its own */
static char *
run_self (const char *program, const char *option, const char *value)
{
  g_autofree char *rounds = g_strdup_printf ("--rounds=%d", n_rounds);
  g_autofree char *seconds = g_strdup_printf ("--seconds=%d", n_seconds);
  g_autofree char *parallel = g_strdup_printf ("--parallel=%d", n_parallel);
  g_autofree char *calls = g_strdup_printf ("--soak=%d", n_soak);
  g_autofree char *settle = g_strdup_printf ("--settle=%d", n_settle);
  const char *argv[] = { program, rounds, seconds, parallel, calls, settle,
    option, value, NULL };
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
          &output, NULL, &status, &error)
      || !g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s", option, error->message);
  return output;
}

static void
bench_soak (const char *program, const char *uri)
{
  static const char *const what[] = { "threads", "descriptors",
    "memory a call, both ends", "  when malloc gives back what it can",
    "  of which allocated" };
  static const char *const units[] = { "", "", "KiB", "KiB", "KiB" };
  g_autofree char *by_hand = run_self (program, "--soak-hand-wired", NULL);
  g_autofree char *elements = run_self (program, "--soak-at", uri);
  double ours[5], theirs[5];
  guint i;

  if (sscanf (by_hand, "%lf %lf %lf %lf %lf", &theirs[0], &theirs[1],
          &theirs[2], &theirs[3], &theirs[4])
          != 5
      || sscanf (elements, "%lf %lf %lf %lf %lf", &ours[0], &ours[1], &ours[2],
             &ours[3], &ours[4])
          != 5)
    g_error ("no figures in \"%s\", \"%s\"", by_hand, elements);
  g_print ("grown in %d calls one after the other, after %d before:\n", n_soak,
      n_settle);
  for (i = 0; i < G_N_ELEMENTS (what); i++)
    g_print (
        "%-44s %+10.1f %+10.1f %s\n", what[i], ours[i], theirs[i], units[i]);
}

static double
median (double *values, guint n)
{
  guint i, j;

  for (i = 1; i < n; i++)
    for (j = i; j > 0 && values[j] < values[j - 1]; j--) {
      double value = values[j];

      values[j] = values[j - 1];
      values[j - 1] = value;
    }
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#define COST_ROUNDS 3

static void
bench_cost (const char *program, const char *uri)
{
  static const char *const what[] = { "CPU a call, both ends, of a core",
    "threads a call, both ends", "memory a call, both ends" };
  static const char *const units[] = { "%", "", "KiB" };
  double ours[3][COST_ROUNDS], theirs[3][COST_ROUNDS];
  guint i;

  for (i = 0; i < COST_ROUNDS; i++) {
    g_autofree char *by_hand = run_self (program, "--cost-hand-wired", NULL);
    g_autofree char *elements = run_self (program, "--cost-at", uri);

    if (sscanf (
            by_hand, "%lf %lf %lf", &theirs[0][i], &theirs[1][i], &theirs[2][i])
            != 3
        || sscanf (
               elements, "%lf %lf %lf", &ours[0][i], &ours[1][i], &ours[2][i])
            != 3)
      g_error ("no figures in \"%s\", \"%s\"", by_hand, elements);
  }
  for (i = 0; i < G_N_ELEMENTS (what); i++)
    report (what[i], median (ours[i], COST_ROUNDS),
        median (theirs[i], COST_ROUNDS), units[i]);
}

/* The first call of a process needs a process of its own */
static double
run_first (const char *program, const char *option)
{
  g_autofree char *output = run_self (program, option, NULL);

  return g_ascii_strtod (output, NULL) * 1000.0;
}

static void
bench_first (const char *program)
{
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) theirs = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 value;
  int i;

  for (i = 0; i < MAX (3, n_rounds / 4); i++) {
    value = run_first (program, "--first");
    g_array_append_val (ours, value);
    value = run_first (program, "--first-hand-wired");
    g_array_append_val (theirs, value);
  }
  report ("first call of a process, median", median_ms (ours),
      median_ms (theirs), "ms");
}

static gboolean
is_wanted (const char *what)
{
  return !only || g_strv_contains ((const char *const *) only, what);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (
      "- what a call costs, beside webrtcbin wired by hand");
  g_autoptr (GError) error = NULL;
  g_autoptr (KandyLoopback) loopback = NULL;
  g_autofree char *uri = NULL;
  int i;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }

  if (only_first_hand_wired) {
    g_print ("%.3f\n", time_hand_wired (NULL) / 1000.0);
    return 0;
  }
  if (soak_at || only_soak_hand_wired) {
    soak (soak_at);
    return 0;
  }
  if (cost_at || only_cost_hand_wired) {
    cost (cost_at);
    return 0;
  }
  loopback = kandy_loopback_new ();
  for (i = 0; i < MAX (n_parallel, 1); i++)
    bench_add_accounts (loopback, i);
  if (!kandy_loopback_start (loopback, "127.0.0.1", 0, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  uri = kandy_loopback_get_uri (loopback);
  if (only_first) {
    BenchElements *endpoints = bench_elements_new (uri, 0, NULL, NULL);

    /* signed on for a moment, as an endpoint is when its first call comes */
    bench_wait (never, NULL, 2 * G_USEC_PER_SEC);
    g_print ("%.3f\n", time_call (endpoints, 0) / 1000.0);
    bench_elements_free (endpoints);
  } else {
    g_print ("%-44s %10s %10s\n", "", "elements", "by hand");
    /* neither side pays for what a process does once */
    time_hand_wired (NULL);
    if (is_wanted ("set-up"))
      bench_set_up (uri);
    if (is_wanted ("first"))
      bench_first (argv[0]);
    if (is_wanted ("cost"))
      bench_cost (argv[0], uri);
    if (is_wanted ("latency"))
      bench_latency (uri);
    if (is_wanted ("soak"))
      bench_soak (argv[0], uri);
  }
  kandy_loopback_stop (loopback);
  return 0;
}
