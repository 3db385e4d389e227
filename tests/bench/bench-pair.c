/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench-pair.h"

/* A mark stands four times in each payload, so that no codec's or padding's
 * bytes pass for one. */
#define MARK_MAGIC 0x4b616e64u
#define MARK_SIZE 160

void
bench_ear_init (BenchEar *ear, double tone)
{
  memset (ear, 0, sizeof *ear);
  ear->tone = tone;
  ear->coefficient = 2.0 * cos (2.0 * G_PI * tone / 48000.0);
}

void
bench_ear_reset (BenchEar *ear)
{
  ear->heard_us = 0;
  ear->first_us = 0;
}

/* Goertzel: the tone is heard when most of the energy is at its frequency */
static gboolean
ear_hears (BenchEar *ear, const gint16 *samples, gsize n)
{
  double s0, s1 = 0, s2 = 0, total = 0, power;
  gsize i;

  for (i = 0; i < n; i++) {
    s0 = samples[i] + ear->coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
    total += (double) samples[i] * samples[i];
  }
  if (total / n < 100.0 * 100.0)
    return FALSE;
  power = s1 * s1 + s2 * s2 - ear->coefficient * s1 * s2;
  return power * 2.0 / (total * n) > 0.5;
}

static GstPadProbeReturn
ear_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  BenchEar *ear = user_data;
  GstMapInfo map;

  if (ear->heard_us != 0)
    return GST_PAD_PROBE_OK;
  if (ear->first_us == 0)
    ear->first_us = g_get_monotonic_time ();
  if (gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ)) {
    if (ear_hears (ear, (const gint16 *) map.data, map.size / 2)) {
      ear->heard_us = g_get_monotonic_time ();
      g_main_context_wakeup (NULL);
    }
    gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  }
  return GST_PAD_PROBE_OK;
}

void
bench_ear_attach (BenchEar *ear, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, ear_probe, ear, NULL);
}

void
bench_marks_init (BenchMarks *marks)
{
  memset (marks, 0, sizeof *marks);
  g_mutex_init (&marks->lock);
  marks->latencies = g_array_new (FALSE, FALSE, sizeof (gint64));
}

void
bench_marks_clear (BenchMarks *marks)
{
  g_mutex_clear (&marks->lock);
  g_array_unref (marks->latencies);
}

GstBuffer *
bench_marks_make (BenchMarks *marks, guint number)
{
  guint8 *data = g_malloc (MARK_SIZE);
  guint i;

  for (i = 0; i < MARK_SIZE; i += 8) {
    GST_WRITE_UINT32_BE (data + i, MARK_MAGIC);
    GST_WRITE_UINT32_BE (data + i + 4, number);
  }
  g_mutex_lock (&marks->lock);
  marks->sent[number % G_N_ELEMENTS (marks->sent)] = g_get_monotonic_time ();
  g_mutex_unlock (&marks->lock);
  return gst_buffer_new_wrapped (data, MARK_SIZE);
}

static GstPadProbeReturn
marks_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  BenchMarks *marks = user_data;
  gint64 now = g_get_monotonic_time ();
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gsize size = gst_buffer_get_size (buffer);
  guint8 mark[8];
  guint number;
  gint64 latency;

  if (size < MARK_SIZE || gst_buffer_extract (buffer, size - 8, mark, 8) != 8
      || GST_READ_UINT32_BE (mark) != MARK_MAGIC)
    return GST_PAD_PROBE_OK;
  number = GST_READ_UINT32_BE (mark + 4);
  g_mutex_lock (&marks->lock);
  latency = now - marks->sent[number % G_N_ELEMENTS (marks->sent)];
  g_array_append_val (marks->latencies, latency);
  g_mutex_unlock (&marks->lock);
  return GST_PAD_PROBE_OK;
}

void
bench_marks_listen (BenchMarks *marks, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, marks_probe, marks, NULL);
}

static gint
compare_int64 (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

double
bench_median_us (GArray *values)
{
  guint n = values->len;

  if (n == 0)
    return NAN;
  g_array_sort (values, compare_int64);
  if (n % 2)
    return g_array_index (values, gint64, n / 2);
  return (g_array_index (values, gint64, n / 2 - 1)
             + g_array_index (values, gint64, n / 2))
      / 2.0;
}

static gboolean
keep_going (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

gboolean
bench_wait (gboolean (*done) (gpointer user_data), gpointer user_data,
    gint64 timeout_us)
{
  gint64 end = g_get_monotonic_time () + timeout_us;
  GSource *timer = g_timeout_source_new (5);

  /* wakes the loop often enough to see the end of the time */
  g_source_set_callback (timer, keep_going, NULL, NULL);
  g_source_attach (timer, NULL);
  while (!done (user_data) && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (timer);
  g_source_unref (timer);
  return done (user_data);
}

static guint
count_directory (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  if (!dir)
    return 0;
  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

guint
bench_count_threads (void)
{
  return count_directory ("/proc/self/task");
}

guint
bench_count_fds (void)
{
  return count_directory ("/proc/self/fd");
}

gsize
bench_get_rss (void)
{
  g_autofree char *text = NULL;
  gsize total, resident;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
      || sscanf (text, "%zu %zu", &total, &resident) != 2)
    return 0;
  return resident * sysconf (_SC_PAGESIZE);
}

gsize
bench_get_allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

double
bench_get_cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
