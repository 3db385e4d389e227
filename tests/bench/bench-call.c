/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

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

#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)

typedef struct {
  GstElement *pipeline;
  GstElement *sink;
  GstElement *src;
  BenchEar ear;
  BenchMarks *marks;
  gboolean ready;     /* subscribed */
  gint over;          /* atomic, the last call has ended */
  gint64 answered_us; /* the platform took this end's answer */
} End;

typedef struct {
  End ends[2];
} Endpoints;

static int n_rounds = 20;
static int n_seconds = 10;
static int n_parallel = 4;
static int n_soak = 200;
static char *soak_at;
static char *cost_at;
static char **only;
static gboolean only_first;
static gboolean only_first_hand_wired;
static gboolean only_cost_hand_wired;

static GOptionEntry entries[] = {
  { "rounds", 'n', 0, G_OPTION_ARG_INT, &n_rounds,
      "Calls of each kind for the set-up times (default 20)", "N" },
  { "seconds", 's', 0, G_OPTION_ARG_INT, &n_seconds,
      "How long CPU and latency are measured (default 10)", "SECONDS" },
  { "parallel", 'p', 0, G_OPTION_ARG_INT, &n_parallel,
      "Pairs at once for CPU, memory and threads (default 4)", "N" },
  { "soak", 0, 0, G_OPTION_ARG_INT, &n_soak,
      "Calls one after the other for leaks (default 200)", "N" },
  { "only", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &only,
      "Measure only this: set-up, first, cost, latency or soak; may be given "
      "several times",
      "WHAT" },
  { "soak-at", 0, 0, G_OPTION_ARG_STRING, &soak_at,
      "Only the soak, at this platform", "URI" },
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

static void
on_pad_added (GstElement *src, GstPad *pad, gpointer user_data)
{
  End *end = user_data;
  const char *line = "audioconvert ! audioresample ! "
                     "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
                     "fakesink name=ear sync=false async=false";
  GstElement *bin, *sink;
  GstPad *sinkpad;

  if (end->marks)
    line = "capsfilter caps=audio/x-mulaw ! "
           "fakesink name=ear sync=false async=false";
  bin = gst_parse_bin_from_description (line, TRUE, NULL);
  gst_bin_add (GST_BIN (end->pipeline), bin);
  sink = gst_bin_get_by_name (GST_BIN (bin), "ear");
  sinkpad = gst_element_get_static_pad (sink, "sink");
  if (end->marks)
    bench_marks_listen (end->marks, sinkpad);
  else
    bench_ear_attach (&end->ear, sinkpad);
  gst_object_unref (sinkpad);
  gst_object_unref (sink);
  gst_element_sync_state_with_parent (bin);
  sinkpad = gst_element_get_static_pad (bin, "sink");
  gst_pad_link (pad, sinkpad);
  gst_object_unref (sinkpad);
}

static void
on_pad_removed (GstElement *src, GstPad *pad, gpointer user_data)
{
  End *end = user_data;
  GstIterator *it;
  GValue item = G_VALUE_INIT;
  GList *gone = NULL, *l;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  /* the bins that on_pad_added made are those whose sink is not linked now */
  it = gst_bin_iterate_elements (GST_BIN (end->pipeline));
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    GstElement *element = g_value_get_object (&item);

    if (GST_IS_BIN (element) && element != end->sink && element != end->src) {
      GstPad *sinkpad = gst_element_get_static_pad (element, "sink");

      if (sinkpad && !gst_pad_is_linked (sinkpad))
        gone = g_list_prepend (gone, gst_object_ref (element));
      g_clear_object (&sinkpad);
    }
    g_value_unset (&item);
  }
  gst_iterator_free (it);
  for (l = gone; l; l = l->next) {
    gst_element_set_state (l->data, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (end->pipeline), l->data);
  }
  g_list_free_full (gone, gst_object_unref);
}

static void
on_operation (GstElement *sink, const char *name, const GstStructure *payload,
    gpointer user_data)
{
  End *end = user_data;

  if (g_strcmp0 (gst_structure_get_string (payload, "operation"), "ANSWER") == 0
      && g_strcmp0 (gst_structure_get_string (payload, "transition"), "FINISH")
          == 0)
    end->answered_us = g_get_monotonic_time ();
}

static void
on_call_ended (GstElement *src, gboolean failed, gpointer user_data)
{
  End *end = user_data;

  g_atomic_int_set (&end->over, TRUE);
  g_main_context_wakeup (NULL);
}

static gboolean
on_bus (GstBus *bus, GstMessage *message, gpointer user_data)
{
  End *end = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_PROGRESS) {
    GstProgressType type;
    g_autofree char *code = NULL;

    gst_message_parse_progress (message, &type, &code, NULL);
    if (type == GST_PROGRESS_TYPE_COMPLETE && g_str_equal (code, "subscribe"))
      end->ready = TRUE;
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree char *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    g_printerr (
        "%s: %s\n%s\n", GST_MESSAGE_SRC_NAME (message), error->message, debug);
    exit (1);
  }
  return G_SOURCE_CONTINUE;
}

static void
end_start (
    End *end, const char *uri, guint number, gboolean callee, BenchMarks *marks)
{
  /* one account a pair and end, so that calls of several pairs do not meet */
  g_autofree char *user =
      g_strdup_printf ("bench%u%c", number, callee ? 'b' : 'a');
  g_autofree char *source = marks
      ? g_strdup ("appsrc name=marks is-live=true do-timestamp=true "
                  "format=time caps=audio/x-mulaw,rate=8000,channels=1")
      : g_strdup_printf (
          "audiotestsrc is-live=true wave=sine freq=%d samplesperbuffer=480 "
          "! audio/x-raw,format=S16LE,rate=48000,channels=1",
          (int) (callee ? BENCH_TONE_B : BENCH_TONE_A));
  g_autofree char *line = g_strdup_printf (
      "%s ! kandysink name=sink session=s server=%s "
      "username=%s@loopback.example password=bench client-id=loopback "
      "eos-on-end=false "
      "kandysrc name=src session=s latency=60 %s",
      source, uri, user, callee ? "auto-answer=true" : "");
  g_autoptr (GError) error = NULL;
  GstBus *bus;

  end->marks = marks;
  bench_ear_init (&end->ear, callee ? BENCH_TONE_A : BENCH_TONE_B);
  end->pipeline = gst_parse_launch (line, &error);
  if (error)
    g_error ("%s", error->message);
  end->sink = gst_bin_get_by_name (GST_BIN (end->pipeline), "sink");
  end->src = gst_bin_get_by_name (GST_BIN (end->pipeline), "src");
  g_signal_connect (end->src, "pad-added", G_CALLBACK (on_pad_added), end);
  g_signal_connect (
      end->sink, "event::call:operation", G_CALLBACK (on_operation), end);
  g_signal_connect (end->src, "call-ended", G_CALLBACK (on_call_ended), end);
  g_signal_connect (end->src, "pad-removed", G_CALLBACK (on_pad_removed), end);
  bus = gst_element_get_bus (end->pipeline);
  gst_bus_add_watch (bus, on_bus, end);
  gst_object_unref (bus);
  gst_element_set_state (end->pipeline, GST_STATE_PLAYING);
}

static void
end_stop (End *end)
{
  GstBus *bus = gst_element_get_bus (end->pipeline);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  gst_element_set_state (end->pipeline, GST_STATE_NULL);
  gst_object_unref (end->sink);
  gst_object_unref (end->src);
  gst_object_unref (end->pipeline);
}

static gboolean
endpoints_ready (gpointer user_data)
{
  Endpoints *self = user_data;

  return self->ends[0].ready && self->ends[1].ready;
}

static void
add_accounts (KandyLoopback *loopback, guint number)
{
  guint i;

  for (i = 0; i < 2; i++) {
    g_autofree char *account =
        g_strdup_printf ("bench%u%c@loopback.example", number, 'a' + i);

    kandy_loopback_add_account (loopback, account, "bench", NULL);
  }
}

static Endpoints *
endpoints_new (const char *uri, guint number, BenchMarks *marks_at_b)
{
  static BenchMarks unused;
  Endpoints *self = g_new0 (Endpoints, 1);

  if (marks_at_b && !unused.latencies)
    bench_marks_init (&unused);
  end_start (&self->ends[0], uri, number, FALSE, marks_at_b ? &unused : NULL);
  end_start (&self->ends[1], uri, number, TRUE, marks_at_b);
  if (!bench_wait (endpoints_ready, self, CALL_TIMEOUT))
    g_error ("no subscription within the time");
  return self;
}

static void
endpoints_free (Endpoints *self)
{
  end_stop (&self->ends[0]);
  end_stop (&self->ends[1]);
  g_free (self);
}

static gint64
endpoints_call (Endpoints *self, guint number)
{
  g_autofree char *callee = g_strdup_printf ("bench%ub", number);
  gint64 now;

  bench_ear_reset (&self->ends[0].ear);
  bench_ear_reset (&self->ends[1].ear);
  self->ends[0].over = self->ends[1].over = FALSE;
  now = g_get_monotonic_time ();
  g_signal_emit_by_name (self->ends[0].sink, "call", callee, NULL);
  return now;
}

static gboolean
endpoints_heard (gpointer user_data)
{
  Endpoints *self = user_data;

  return self->ends[0].ear.heard_us != 0 && self->ends[1].ear.heard_us != 0;
}

static gboolean
endpoints_idle (gpointer user_data)
{
  Endpoints *self = user_data;

  return g_atomic_int_get (&self->ends[0].over)
      && g_atomic_int_get (&self->ends[1].over);
}

static void
endpoints_hang_up (Endpoints *self)
{
  g_signal_emit_by_name (self->ends[0].sink, "end", NULL);
  if (!bench_wait (endpoints_idle, self, CALL_TIMEOUT))
    g_error ("the call has not ended within the time");
}

static gboolean
hand_wired_heard (gpointer user_data)
{
  BenchHandWired *pair = user_data;

  return bench_hand_wired_get_ear (pair, 0)->heard_us != 0
      && bench_hand_wired_get_ear (pair, 1)->heard_us != 0;
}

static gint64
time_call (Endpoints *endpoints, guint number)
{
  gint64 start = endpoints_call (endpoints, number);

  if (!bench_wait (endpoints_heard, endpoints, CALL_TIMEOUT))
    g_error ("no sound from %s within the time",
        endpoints->ends[0].ear.heard_us ? "the caller" : "the called end");
  return MAX (endpoints->ends[0].ear.heard_us, endpoints->ends[1].ear.heard_us)
      - start;
}

static gint64
time_hand_wired (gint64 *after_answer)
{
  gint64 start = g_get_monotonic_time (), heard;
  BenchHandWired *pair = bench_hand_wired_new (BENCH_MEDIA_TONE);

  bench_hand_wired_call (pair);
  if (!bench_wait (hand_wired_heard, pair, CALL_TIMEOUT))
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
  Endpoints *endpoints = endpoints_new (uri, 0, NULL);
  gint64 value;
  int i;

  for (i = 0; i < n_rounds; i++) {
    gint64 sample = 0;

    value = time_hand_wired (&sample);
    g_array_append_val (theirs, value);
    g_array_append_val (their_sample, sample);

    value = time_call (endpoints, 0);
    g_array_append_val (ours, value);
    value = endpoints->ends[0].ear.first_us - endpoints->ends[1].answered_us;
    g_array_append_val (our_sample, value);
    endpoints_hang_up (endpoints);
  }
  endpoints_free (endpoints);
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
  g_autofree Endpoints **endpoints = g_new0 (Endpoints *, n_parallel);
  g_autofree BenchHandWired **pairs = g_new0 (BenchHandWired *, n_parallel);
  guint threads;
  gsize rss;
  double cpu;
  gint64 start;
  int i;

  /* what a process does once is paid for */
  pairs[0] = bench_hand_wired_new (BENCH_MEDIA_TONE);
  bench_hand_wired_call (pairs[0]);
  if (!bench_wait (hand_wired_heard, pairs[0], CALL_TIMEOUT))
    g_error ("no sound in the hand-wired pair within the time");
  bench_hand_wired_free (pairs[0]);
  bench_wait (never, NULL, G_USEC_PER_SEC);

  threads = bench_count_threads ();
  rss = bench_get_rss ();
  for (i = 0; i < n_parallel; i++) {
    if (uri) {
      endpoints[i] = endpoints_new (uri, i, NULL);
      time_call (endpoints[i], i);
    } else {
      pairs[i] = bench_hand_wired_new (BENCH_MEDIA_TONE);
      bench_hand_wired_call (pairs[i]);
      if (!bench_wait (hand_wired_heard, pairs[i], CALL_TIMEOUT))
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
      endpoints_free (endpoints[i]);
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

  if (!bench_wait (marks_arrive, &wait, CALL_TIMEOUT))
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
  BenchMarks marks;
  Endpoints *endpoints;
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
  endpoints = endpoints_new (uri, 0, &marks);
  source = gst_bin_get_by_name (GST_BIN (endpoints->ends[0].pipeline), "marks");
  endpoints_call (endpoints, 0);
  ours = measure_latency (source, &marks);
  gst_object_unref (source);
  endpoints_free (endpoints);
  bench_marks_clear (&marks);

  report ("latency from pad to pad, median", ours, theirs, "ms");
  g_print ("%-44s %10.2f ms\n", "  added", ours - theirs);
}

typedef struct {
  guint threads;
  guint fds;
  gsize rss;
  gsize allocated;
} Weight;

/* Once the connections that are kept for a while are closed */
static void
weigh (Weight *weight)
{
  bench_wait (never, NULL, 7 * G_USEC_PER_SEC);
  weight->threads = bench_count_threads ();
  weight->fds = bench_count_fds ();
  weight->rss = bench_get_rss ();
  weight->allocated = bench_get_allocated ();
}

/* In a process of its own: what the platform keeps is not the elements' */
static void
soak (const char *uri)
{
  Endpoints *endpoints = endpoints_new (uri, 0, NULL);
  Weight before = { 0 }, after;
  int i, settled = n_soak / 4;

  for (i = 0; i < n_soak; i++) {
    if (i == settled)
      weigh (&before);
    time_call (endpoints, 0);
    endpoints_hang_up (endpoints);
  }
  weigh (&after);
  g_print ("%d calls one after the other, since call %d: threads %+d, "
           "descriptors %+d, memory %+.1f KiB a call, of which allocated "
           "%+.1f KiB\n",
      n_soak, settled, (int) after.threads - (int) before.threads,
      (int) after.fds - (int) before.fds,
      ((double) after.rss - before.rss) / 1024.0 / (n_soak - settled),
      ((double) after.allocated - before.allocated) / 1024.0
          / (n_soak - settled));
  endpoints_free (endpoints);
}

/* What this program prints with these options, in a process of its own */
static char *
run_self (const char *program, const char *option, const char *value)
{
  g_autofree char *rounds = g_strdup_printf ("--rounds=%d", n_rounds);
  g_autofree char *seconds = g_strdup_printf ("--seconds=%d", n_seconds);
  g_autofree char *parallel = g_strdup_printf ("--parallel=%d", n_parallel);
  g_autofree char *calls = g_strdup_printf ("--soak=%d", n_soak);
  const char *argv[] = { program, rounds, seconds, parallel, calls, option,
    value, NULL };
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
  g_autofree char *output = run_self (program, "--soak-at", uri);

  g_print ("%s", output);
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
  if (soak_at) {
    soak (soak_at);
    return 0;
  }
  if (cost_at || only_cost_hand_wired) {
    cost (cost_at);
    return 0;
  }
  loopback = kandy_loopback_new ();
  for (i = 0; i < MAX (n_parallel, 1); i++)
    add_accounts (loopback, i);
  if (!kandy_loopback_start (loopback, "127.0.0.1", 0, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  uri = kandy_loopback_get_uri (loopback);
  if (only_first) {
    Endpoints *endpoints = endpoints_new (uri, 0, NULL);

    /* signed on for a moment, as an endpoint is when its first call comes */
    bench_wait (never, NULL, 2 * G_USEC_PER_SEC);
    g_print ("%.3f\n", time_call (endpoints, 0) / 1000.0);
    endpoints_free (endpoints);
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
