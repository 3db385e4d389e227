/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandylipsync.h"

/* SECTION: lip sync
 *
 * A sender report says when something was captured (RFC 3550 6.4.1), the jitter
 * buffer when it is to be played. Of the streams of one far end, which have one
 * CNAME, all wait for the latest.
 *
 * rtpbin does so as well, but takes each report at its word: when the pictures
 * stand still for a second, on a busy machine or a bad path, the sound is
 * delayed by a second, and brought forward again with the next report. Each
 * step is a gap or a loss that is heard. Here a stream is as late as it was at
 * the best of the last while, since what comes later than that has waited
 * somewhere; what cannot be noticed is left alone (ITU-R BT.1359: sound that is
 * 45 ms early or 125 ms late); and what has not lasted is not believed.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_lip_sync_debug);
#define GST_CAT_DEFAULT gst_kandy_lip_sync_debug

/* How long the best of a stream counts. A path or an encoder that has become
 * slower for good is followed after that time. */
#define MEMORY (15 * GST_SECOND)
#define TOLERANCE (40 * GST_MSECOND)
/* Reports come about once a second */
#define CONFIRMATION (900 * GST_MSECOND)
/* Whoever has not reported for longer does not send */
#define SILENCE (10 * GST_SECOND)
/* More is no lateness but a far end with different clocks */
#define MAX_OFFSET (3 * GST_SECOND)
#define N_REPORTS 32
#define MAX_STREAMS 64

typedef struct {
  GWeakRef jitterbuffer;
  char *cname;
  struct {
    GstClockTimeDiff lateness;
    GstClockTime time;
  } reports[N_REPORTS];
  guint n_reports, next_report;
  GstClockTime last_report;
  GstClockTimeDiff offset;
  GstClockTime wrong_since; /* GST_CLOCK_TIME_NONE: it is right */
} Stream;

struct _GstKandyLipSync {
  GMutex lock;
  GHashTable *streams; /* of the jitter buffers that live */
};

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_weak_ref_clear (&stream->jitterbuffer);
  g_free (stream->cname);
  g_free (stream);
}

static void
lip_sync_clear (gpointer data)
{
  GstKandyLipSync *self = data;

  g_hash_table_unref (self->streams);
  g_mutex_clear (&self->lock);
}

static void
add_report (Stream *stream, GstClockTimeDiff lateness, GstClockTime now)
{
  stream->reports[stream->next_report].lateness = lateness;
  stream->reports[stream->next_report].time = stream->last_report = now;
  stream->next_report = (stream->next_report + 1) % N_REPORTS;
  stream->n_reports = MIN (stream->n_reports + 1, N_REPORTS);
}

/* FALSE: it does not send now */
static gboolean
get_best (const Stream *stream, GstClockTime now, GstClockTimeDiff *best)
{
  gboolean sends = FALSE;

  *best = G_MAXINT64;
  for (guint i = 0; i < stream->n_reports; i++) {
    GstClockTime age = now - MIN (now, stream->reports[i].time);

    sends |= age < SILENCE;
    if (age < MEMORY)
      *best = MIN (*best, stream->reports[i].lateness);
  }
  return sends;
}

/* With the lock. Whether @stream got another offset; what it waits for was last
 * reported at @reported */
static gboolean
correct (Stream *stream, GstClockTimeDiff wanted, GstClockTime reported,
    GstClockTime now)
{
  GstClockTimeDiff error = wanted - stream->offset;

  if (ABS (error) <= (GstClockTimeDiff) TOLERANCE) {
    stream->wrong_since = GST_CLOCK_TIME_NONE;
    return FALSE;
  }
  if (!GST_CLOCK_TIME_IS_VALID (stream->wrong_since))
    stream->wrong_since = now;
  if (reported < stream->wrong_since + CONFIRMATION)
    return FALSE;
  GST_INFO ("CNAME %s: offset %" GST_STIME_FORMAT " instead of %" //
      GST_STIME_FORMAT,
      stream->cname, GST_STIME_ARGS (wanted), GST_STIME_ARGS (stream->offset));
  stream->offset = wanted;
  stream->wrong_since = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static gboolean
same_far_end (const Stream *a, const Stream *b)
{
  return g_strcmp0 (a->cname, b->cname) == 0;
}

typedef struct {
  GObject *jitterbuffer;
  GstClockTimeDiff offset;
} Correction;

/* Without the lock: it may be the last reference */
static void
apply (gpointer data)
{
  Correction *correction = data;

  g_object_set (
      correction->jitterbuffer, "ts-offset", correction->offset, NULL);
  g_object_unref (correction->jitterbuffer);
  g_free (correction);
}

static void
add_correction (GPtrArray *corrections, Stream *stream)
{
  GObject *jitterbuffer = g_weak_ref_get (&stream->jitterbuffer);
  Correction *correction;

  if (!jitterbuffer)
    return;
  correction = g_new (Correction, 1);
  correction->jitterbuffer = jitterbuffer;
  correction->offset = stream->offset;
  g_ptr_array_add (corrections, correction);
}

static gboolean
is_silent (gpointer key, gpointer value, gpointer now)
{
  GstClockTimeDiff best;

  return !get_best (value, *(GstClockTime *) now, &best);
}

/* With the lock. (nullable) */
static Stream *
get_stream (GstKandyLipSync *self, gpointer key, GObject *jitterbuffer,
    GstClockTime now)
{
  Stream *stream = g_hash_table_lookup (self->streams, key);

  if (stream)
    return stream;
  /* rtpbin keeps the buffers of tracks that have gone */
  if (g_hash_table_size (self->streams) >= MAX_STREAMS)
    g_hash_table_foreach_remove (self->streams, is_silent, &now);
  if (g_hash_table_size (self->streams) >= MAX_STREAMS)
    return NULL;
  stream = g_new0 (Stream, 1);
  g_weak_ref_init (&stream->jitterbuffer, jitterbuffer);
  stream->wrong_since = GST_CLOCK_TIME_NONE;
  g_hash_table_insert (self->streams, key, stream);
  return stream;
}

static void
take (GstKandyLipSync *self, gpointer key, GObject *jitterbuffer,
    const char *cname, GstClockTimeDiff lateness, GstClockTime now)
{
  g_autoptr (GPtrArray) corrections = g_ptr_array_new_with_free_func (apply);
  Stream *reported;
  GHashTableIter iter;
  gpointer value;
  GstClockTimeDiff latest = G_MININT64, earliest = G_MAXINT64, best;
  Stream *slowest = NULL;

  g_mutex_lock (&self->lock);
  reported = get_stream (self, key, jitterbuffer, now);
  if (!reported) {
    g_mutex_unlock (&self->lock);
    return;
  }
  if (g_strcmp0 (reported->cname, cname) != 0) {
    g_free (reported->cname);
    reported->cname = g_strdup (cname);
  }
  add_report (reported, lateness, now);

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (!same_far_end (value, reported) || !get_best (value, now, &best))
      continue;
    earliest = MIN (earliest, best);
    if (!slowest || best > latest) {
      slowest = value;
      latest = best;
    }
  }
  g_hash_table_iter_init (&iter, self->streams);
  while (latest - earliest <= (GstClockTimeDiff) MAX_OFFSET
      && g_hash_table_iter_next (&iter, NULL, &value)) {
    if (same_far_end (value, reported) && get_best (value, now, &best)
        && correct (value, latest - best, slowest->last_report, now))
      add_correction (corrections, value);
  }
  g_mutex_unlock (&self->lock);
}

static void
forget (gpointer data, GObject *jitterbuffer)
{
  GstKandyLipSync *self = data;

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->streams, jitterbuffer);
  g_mutex_unlock (&self->lock);
  gst_kandy_lip_sync_unref (self);
}

static void
handle_sync (GstElement *jitterbuffer, GstStructure *sync, gpointer user_data)
{
  guint64 base_rtp, base_time, rtp, ntp;
  guint clock_rate;

  if (!gst_structure_get (sync, "base-rtptime", G_TYPE_UINT64, &base_rtp,
          "base-time", G_TYPE_UINT64, &base_time, "clock-rate", G_TYPE_UINT,
          &clock_rate, "sr-ext-rtptime", G_TYPE_UINT64, &rtp, "sr-ntpnstime",
          G_TYPE_UINT64, &ntp, NULL)
      || rtp == G_MAXUINT64 || rtp < base_rtp || clock_rate == 0)
    return;
  take (user_data, jitterbuffer, G_OBJECT (jitterbuffer),
      gst_structure_get_string (sync, "cname"),
      GST_CLOCK_DIFF (ntp,
          base_time
              + gst_util_uint64_scale (rtp - base_rtp, GST_SECOND, clock_rate)),
      gst_util_get_timestamp ());
}

static void
release (gpointer data, GClosure *closure)
{
  gst_kandy_lip_sync_unref (data);
}

GstKandyLipSync *
gst_kandy_lip_sync_new (void)
{
  GstKandyLipSync *self = g_atomic_rc_box_new0 (GstKandyLipSync);
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (gst_kandy_lip_sync_debug, "kandylipsync", 0,
        "Lip sync of a Kandy call");
    g_once_init_leave (&once, 1);
  }
  g_mutex_init (&self->lock);
  self->streams = g_hash_table_new_full (NULL, NULL, NULL, stream_free);
  return self;
}

void
gst_kandy_lip_sync_unref (GstKandyLipSync *self)
{
  g_atomic_rc_box_release_full (self, lip_sync_clear);
}

void
gst_kandy_lip_sync_replace (GstElement *rtpbin)
{
  /* No change is large enough for it */
  g_object_set (rtpbin, "min-ts-offset", (guint64) G_MAXINT64, NULL);
}

void
gst_kandy_lip_sync_watch (GstKandyLipSync *self, GstElement *jitterbuffer)
{
  g_object_weak_ref (
      G_OBJECT (jitterbuffer), forget, g_atomic_rc_box_acquire (self));
  g_signal_connect_data (jitterbuffer, "handle-sync", G_CALLBACK (handle_sync),
      g_atomic_rc_box_acquire (self), release, 0);
}

void
gst_kandy_lip_sync_take (GstKandyLipSync *self, gpointer stream,
    const char *cname, GstClockTimeDiff lateness, GstClockTime now)
{
  take (self, stream, NULL, cname, lateness, now);
}

GstClockTimeDiff
gst_kandy_lip_sync_get_offset (GstKandyLipSync *self, gpointer stream)
{
  Stream *found;
  GstClockTimeDiff offset;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->streams, stream);
  offset = found ? found->offset : 0;
  g_mutex_unlock (&self->lock);
  return offset;
}
