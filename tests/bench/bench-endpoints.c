/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/app/gstappsrc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench-pair.h"

/* How many endpoints one process bears: a number of them that encode and
 * decode, for a while, and the largest number that passes on encoded media
 * without loss or delay, beside webrtcbin wired by hand. Each measurement has a
 * process of its own; the platform is in another. */

/* What is still a call: hardly any packet lost or late */
#define MIN_RECEIVED 0.98
#define MAX_LATENCY_MS 60.0

static int n_endpoints = 40;
static int n_seconds = 60;
static int n_step = 20;
static int n_max = 240;
static int n_step_seconds = 10;
static char *run_at;
static gboolean run_hand_wired;
static gboolean run_marked;

static GOptionEntry entries[] = {
  { "endpoints", 'e', 0, G_OPTION_ARG_INT, &n_endpoints,
      "Endpoints that encode and decode (default 40)", "N" },
  { "seconds", 's', 0, G_OPTION_ARG_INT, &n_seconds,
      "How long they do (default 60)", "SECONDS" },
  { "step", 0, 0, G_OPTION_ARG_INT, &n_step,
      "Step of the search for the most endpoints (default 20)", "N" },
  { "max", 0, 0, G_OPTION_ARG_INT, &n_max,
      "Where the search ends (default 240; 0: no search)", "N" },
  { "step-seconds", 0, 0, G_OPTION_ARG_INT, &n_step_seconds,
      "How long each step is measured (default 10)", "SECONDS" },
  { "run-at", 0, 0, G_OPTION_ARG_STRING, &run_at,
      "Only one measurement, of the elements at this platform", "URI" },
  { "run-hand-wired", 0, 0, G_OPTION_ARG_NONE, &run_hand_wired,
      "Only one measurement, of hand-wired pairs", NULL },
  { "marked", 0, 0, G_OPTION_ARG_NONE, &run_marked,
      "With encoded media that are marked", NULL },
  { NULL }
};

typedef struct {
  BenchElements *elements; /* one of the two */
  BenchHandWired *by_hand;
  GstElement *sources[2];
  BenchMarks marks[2]; /* what arrives at an end */
} Pair;

static gboolean
never (gpointer user_data)
{
  return FALSE;
}

static void
pair_start (Pair *self, guint number)
{
  guint i;

  for (i = 0; run_marked && i < 2; i++)
    bench_marks_init (&self->marks[i]);
  if (run_at) {
    self->elements =
        bench_elements_new (run_at, number, run_marked ? &self->marks[0] : NULL,
            run_marked ? &self->marks[1] : NULL);
    bench_elements_call (self->elements, number);
  } else {
    self->by_hand = bench_hand_wired_new (
        run_marked ? BENCH_MEDIA_MARKED : BENCH_MEDIA_TONE);
    for (i = 0; run_marked && i < 2; i++)
      bench_hand_wired_listen_marks (self->by_hand, i, &self->marks[i]);
    bench_hand_wired_call (self->by_hand);
  }
  for (i = 0; run_marked && i < 2; i++)
    self->sources[i] = run_at
        ? bench_elements_get_marks_source (self->elements, i)
        : bench_hand_wired_get_marks_source (self->by_hand, i);
}

static void
pair_stop (Pair *self)
{
  guint i;

  for (i = 0; run_marked && i < 2; i++)
    gst_object_unref (self->sources[i]);
  if (run_at)
    bench_elements_free (self->elements);
  else
    bench_hand_wired_free (self->by_hand);
  for (i = 0; run_marked && i < 2; i++)
    bench_marks_clear (&self->marks[i]);
}

static BenchEar *
pair_get_ear (Pair *self, guint end)
{
  return run_at ? bench_elements_get_ear (self->elements, end)
                : bench_hand_wired_get_ear (self->by_hand, end);
}

typedef struct {
  Pair *pairs;
  guint n;
  guint number; /* of the next mark */
  gint stop;    /* atomic */
} Bench;

/* A mark every 20 ms at every end */
static gpointer
send_marks (gpointer data)
{
  Bench *bench = data;
  gint64 due = g_get_monotonic_time ();
  guint i;

  while (!g_atomic_int_get (&bench->stop)) {
    for (i = 0; i < bench->n * 2; i++) {
      Pair *pair = &bench->pairs[i / 2];

      gst_app_src_push_buffer (GST_APP_SRC (pair->sources[i % 2]),
          bench_marks_make (&pair->marks[1 - i % 2], bench->number));
    }
    bench->number++;
    due += 20000;
    if (due > g_get_monotonic_time ())
      g_usleep (due - g_get_monotonic_time ());
  }
  return NULL;
}

static guint
count_marks (Bench *bench, guint end_of_two, gboolean reset)
{
  BenchMarks *marks = &bench->pairs[end_of_two / 2].marks[end_of_two % 2];
  guint n;

  g_mutex_lock (&marks->lock);
  n = marks->latencies->len;
  if (reset)
    g_array_set_size (marks->latencies, 0);
  g_mutex_unlock (&marks->lock);
  return n;
}

static gboolean
all_have_marks (gpointer user_data)
{
  Bench *bench = user_data;
  guint i;

  for (i = 0; i < bench->n * 2; i++)
    if (count_marks (bench, i, FALSE) < 10)
      return FALSE;
  return TRUE;
}

static gboolean
all_hear (gpointer user_data)
{
  Bench *bench = user_data;
  guint i;

  for (i = 0; i < bench->n * 2; i++)
    if (pair_get_ear (&bench->pairs[i / 2], i % 2)->heard_us == 0)
      return FALSE;
  return TRUE;
}

static gint
compare_int64 (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

/* Of all ends: what the worst one got, and the latency of 95 % of packets */
static void
judge_marks (Bench *bench, guint sent, double *received, double *latency_ms)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (gint64));
  guint i;

  *received = 1;
  for (i = 0; i < bench->n * 2; i++) {
    BenchMarks *marks = &bench->pairs[i / 2].marks[i % 2];

    g_mutex_lock (&marks->lock);
    *received = MIN (*received, (double) marks->latencies->len / sent);
    g_array_append_vals (all, marks->latencies->data, marks->latencies->len);
    g_mutex_unlock (&marks->lock);
  }
  g_array_sort (all, compare_int64);
  *latency_ms = all->len
      ? g_array_index (all, gint64, all->len * 95 / 100) / 1000.0
      : 1e9;
}

/* Tones: the share of checks, one a second, in which an end heard its tone */
static double
listen (Bench *bench)
{
  guint heard = 0, checks = 0, i;
  int second;

  for (second = 0; second < n_seconds; second++) {
    for (i = 0; i < bench->n * 2; i++)
      bench_ear_reset (pair_get_ear (&bench->pairs[i / 2], i % 2));
    bench_wait (never, NULL, G_USEC_PER_SEC);
    for (i = 0; i < bench->n * 2; i++, checks++)
      heard += pair_get_ear (&bench->pairs[i / 2], i % 2)->heard_us != 0;
  }
  return (double) heard / checks;
}

/* Prints: share received, latency in ms, CPU in percent of a core, threads,
 * descriptors, MiB */
static void
run (void)
{
  Bench bench = { NULL, n_endpoints / 2, 0, 0 };
  GThread *sender = NULL;
  double cpu, received = 0, latency_ms = 0;
  gint64 start;
  gboolean ready;
  guint i, sent;

  bench.pairs = g_new0 (Pair, bench.n);
  for (i = 0; i < bench.n; i++) {
    pair_start (&bench.pairs[i], i);
    /* in a row, as calls come */
    bench_wait (never, NULL, 20000);
  }
  if (run_marked)
    sender = g_thread_new ("marks", send_marks, &bench);
  ready = bench_wait (run_marked ? all_have_marks : all_hear, &bench,
      BENCH_CALL_TIMEOUT + bench.n * 100000);

  cpu = bench_get_cpu_seconds ();
  start = g_get_monotonic_time ();
  if (ready && run_marked) {
    for (i = 0; i < bench.n * 2; i++)
      count_marks (&bench, i, TRUE);
    sent = bench.number;
    bench_wait (never, NULL, n_seconds * G_USEC_PER_SEC);
    judge_marks (&bench, bench.number - sent, &received, &latency_ms);
  } else if (ready) {
    received = listen (&bench);
  }
  g_print ("%g %g %g %u %u %g\n", received, latency_ms,
      (bench_get_cpu_seconds () - cpu) * 100.0
          / ((g_get_monotonic_time () - start) / 1e6),
      bench_count_threads (), bench_count_fds (),
      bench_get_rss () / 1024.0 / 1024.0);
  g_atomic_int_set (&bench.stop, TRUE);
  g_clear_pointer (&sender, g_thread_join);
  for (i = 0; i < bench.n; i++)
    pair_stop (&bench.pairs[i]);
  g_free (bench.pairs);
}

typedef struct {
  double received;
  double latency_ms;
  double cpu;
  guint threads;
  guint fds;
  double mib;
} Figures;

/* @uri: (nullable): the platform of the elements, else by hand */
static gboolean
measure (const char *program, const char *uri, gboolean marked, guint n,
    guint seconds, Figures *figures)
{
  g_autofree char *endpoints = g_strdup_printf ("--endpoints=%u", n);
  g_autofree char *duration = g_strdup_printf ("--seconds=%u", seconds);
  g_autofree char *at = uri ? g_strdup_printf ("--run-at=%s", uri) : NULL;
  g_autofree char *output = NULL, *latency = NULL;
  const char *argv[] = { program, endpoints, duration,
    at ? at : "--run-hand-wired", marked ? "--marked" : NULL, NULL };
  int status;

  memset (figures, 0, sizeof *figures);
  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
          &output, NULL, &status, NULL)
      || !g_spawn_check_wait_status (status, NULL)
      || sscanf (output, "%lf %lf %lf %u %u %lf", &figures->received,
             &figures->latency_ms, &figures->cpu, &figures->threads,
             &figures->fds, &figures->mib)
          != 6)
    return FALSE;
  /* a tone does not tell when it was sent */
  if (marked)
    latency = g_strdup_printf ("95 %% within %5.1f ms, ", figures->latency_ms);
  g_print ("%-8s %4u endpoints, %s: %5.1f %% received, %s"
           "CPU %5.1f %%, %u threads, %u descriptors, %.0f MiB\n",
      uri ? "elements" : "by hand", n, marked ? "encoded" : "tones",
      figures->received * 100, latency != NULL ? latency : "", figures->cpu,
      figures->threads, figures->fds, figures->mib);
  return figures->received >= MIN_RECEIVED
      && figures->latency_ms <= MAX_LATENCY_MS;
}

static void
search (const char *program, const char *uri)
{
  guint most[2] = { 0 }, failures[2] = { 0 };
  Figures figures;
  int n, i;

  for (n = n_step; n <= n_max && (failures[0] < 2 || failures[1] < 2);
       n += n_step) {
    for (i = 0; i < 2; i++) {
      if (failures[i] >= 2)
        continue;
      if (measure (
              program, i ? uri : NULL, TRUE, n, n_step_seconds, &figures)) {
        most[i] = n;
        failures[i] = 0;
      } else {
        failures[i]++;
      }
    }
  }
  g_print ("most endpoints with encoded media: %u elements, %u by hand%s\n",
      most[1], most[0], n > n_max ? " (where the search ended)" : "");
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- how many endpoints a process bears");
  g_autoptr (GError) error = NULL;
  g_autoptr (KandyLoopback) loopback = NULL;
  g_autofree char *uri = NULL;
  struct rlimit files;
  Figures figures;
  int i;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  if (getrlimit (RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit (RLIMIT_NOFILE, &files);
  }
  if (run_at || run_hand_wired) {
    run ();
    return 0;
  }

  loopback = kandy_loopback_new ();
  for (i = 0; i < MAX (n_endpoints, n_max) / 2; i++)
    bench_add_accounts (loopback, i);
  if (!kandy_loopback_start (loopback, "127.0.0.1", 0, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  uri = kandy_loopback_get_uri (loopback);
  measure (argv[0], NULL, FALSE, n_endpoints, n_seconds, &figures);
  measure (argv[0], uri, FALSE, n_endpoints, n_seconds, &figures);
  if (n_max >= n_step)
    search (argv[0], uri);
  kandy_loopback_stop (loopback);
  return 0;
}
