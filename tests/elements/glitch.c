/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/audio/audio.h>
#include <gst/rtp/rtp.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "tracks.h"

/* SECTION: what is missing while a source is replaced
 *
 * Nothing that is longer than a tenth of a second. media.c replaces sources
 * that run by themselves: one that the machine keeps from running is behind,
 * and what it is behind is missing when another one takes its place. Here all
 * sources of a medium are fed by one thread, each with what is due at one time,
 * so that time stands still for all of them when it does; and what is measured
 * are the timestamps of the packets that leave. So not one change in many, but
 * each has to be good, on any machine.
 */

#define LONGEST_GAP (100 * GST_MSECOND)
/* Of the far end, ms: time enough for packets of a busy machine */
#define LATENCY 1500

#define RATE 48000
#define FRAME_SAMPLES (RATE / 50)
#define WIDTH 160
#define HEIGHT 120
#define PICTURE_RATE 30

#define N_CHANGES 4

/* An element that gives out what it is fed with */
typedef struct {
  GstElement *bin; /* unowned: of the pipeline, or of kandysink */
  GstPad *in;
  gboolean told; /* of stream, caps and segment */
  guint what;    /* Hz, or a luma and chroma in 0xYYUUVV */
} Source;

typedef struct {
  GstElement *pipeline;
  gboolean sound;
  GThread *thread;
  gint stop; /* atomic */
  GMutex lock;
  GPtrArray *sources; /* lock */
  GstClockTime begin; /* running time */
  guint64 n;
} Feeder;

/* As a device: who is not live waits while another one is sent */
static GstPadProbeReturn
on_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (GST_QUERY_TYPE (info->data) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  gst_query_set_latency (info->data, TRUE, 0, GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

static Source *
source_new (guint what)
{
  Source *self = g_new0 (Source, 1);
  g_autoptr (GstElement) identity = NULL;
  g_autoptr (GstPad) out = NULL;

  self->bin = gst_parse_bin_from_description ("identity name=in", FALSE, NULL);
  identity = gst_bin_get_by_name (GST_BIN (self->bin), "in");
  self->in = gst_element_get_static_pad (identity, "sink");
  out = gst_element_get_static_pad (identity, "src");
  gst_pad_add_probe (
      out, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_query, NULL, NULL);
  gst_element_add_pad (self->bin, gst_ghost_pad_new ("src", out));
  self->what = what;
  return self;
}

static void
source_free (gpointer data)
{
  Source *self = data;

  gst_object_unref (self->in);
  g_free (self);
}

static void
source_tell (Source *self, gboolean sound)
{
  g_autofree char *id = g_strdup_printf ("source-%p", (void *) self);
  g_autoptr (GstCaps) caps = gst_caps_from_string (sound
          ? "audio/x-raw,format=" GST_AUDIO_NE (
              S16) ",layout=interleaved,rate=48000,channels=1"
          : "video/x-raw,format=I420,width=160,height=120,framerate=30/1");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  self->told = gst_pad_send_event (self->in, gst_event_new_stream_start (id))
      && gst_pad_send_event (self->in, gst_event_new_caps (caps))
      && gst_pad_send_event (self->in, gst_event_new_segment (&segment));
}

static GstBuffer *
make_sound (guint frequency, guint64 n)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, FRAME_SAMPLES * 2, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (guint i = 0; i < FRAME_SAMPLES; i++)
    ((gint16 *) map.data)[i] = (gint16) (16000
        * sin (2 * G_PI * frequency * (double) (n * FRAME_SAMPLES + i) / RATE));
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static GstBuffer *
make_picture (guint color)
{
  const gsize size = WIDTH * HEIGHT;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size * 3 / 2, NULL);

  gst_buffer_memset (buffer, 0, (guint8) (color >> 16), size);
  gst_buffer_memset (buffer, size, (guint8) (color >> 8), size / 4);
  gst_buffer_memset (buffer, size * 5 / 4, (guint8) color, size / 4);
  return buffer;
}

static GstClockTime
get_running_time (GstElement *pipeline)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (pipeline);

  return gst_clock_get_time (clock) - gst_element_get_base_time (pipeline);
}

static gpointer
feed (gpointer data)
{
  Feeder *self = data;
  guint rate = self->sound ? RATE / FRAME_SAMPLES : PICTURE_RATE;

  for (; !g_atomic_int_get (&self->stop); self->n++) {
    GstClockTime time =
        self->begin + gst_util_uint64_scale_int (self->n, GST_SECOND, rate);
    GstClockTime now = get_running_time (self->pipeline);

    if (now < time)
      g_usleep ((gulong) ((time - now) / GST_USECOND));
    g_mutex_lock (&self->lock);
    for (guint i = 0; i < self->sources->len; i++) {
      Source *source = g_ptr_array_index (self->sources, i);
      GstBuffer *buffer = self->sound ? make_sound (source->what, self->n)
                                      : make_picture (source->what);

      GST_BUFFER_PTS (buffer) = time;
      GST_BUFFER_DURATION (buffer) = GST_SECOND / rate;
      if (!source->told)
        source_tell (source, self->sound);
      if (source->told)
        gst_pad_chain (source->in, buffer);
      else
        gst_buffer_unref (buffer);
    }
    g_mutex_unlock (&self->lock);
  }
  return NULL;
}

static void
feeder_add (Feeder *self, Source *source)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->sources, source);
  g_mutex_unlock (&self->lock);
}

static void
feeder_remove (Feeder *self, Source *source)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->sources, source);
  g_mutex_unlock (&self->lock);
}

static void
feeder_start (Feeder *self, GstElement *pipeline, gboolean sound)
{
  memset (self, 0, sizeof (*self));
  g_mutex_init (&self->lock);
  self->pipeline = pipeline;
  self->sound = sound;
  self->sources = g_ptr_array_new_with_free_func (source_free);
  self->begin = get_running_time (pipeline);
  self->thread = g_thread_new ("feeder", feed, self);
}

static void
feeder_stop (Feeder *self)
{
  g_atomic_int_set (&self->stop, TRUE);
  g_thread_join (self->thread);
  g_ptr_array_unref (self->sources);
  g_mutex_clear (&self->lock);
}

/* --- the packets at the far end --- */

typedef struct {
  GMutex lock;
  guint clock_rate;
  gboolean started;
  guint16 sequence;
  guint32 timestamp;
  GstClockTime gap; /* between one packet and the next that was sent */
} Packets;

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  Packets *packets = user_data;
  guint32 ticks;

  fail_unless (gst_rtp_buffer_map (
      gst_pad_probe_info_get_buffer (info), GST_MAP_READ, &rtp));
  g_mutex_lock (&packets->lock);
  ticks = gst_rtp_buffer_get_timestamp (&rtp) - packets->timestamp;
  /* what the way has lost was sent */
  if (packets->started
      && gst_rtp_buffer_get_seq (&rtp) == (guint16) (packets->sequence + 1))
    packets->gap = MAX (packets->gap,
        gst_util_uint64_scale_int (ticks, GST_SECOND, packets->clock_rate));
  packets->started = TRUE;
  packets->sequence = gst_rtp_buffer_get_seq (&rtp);
  packets->timestamp += ticks;
  g_mutex_unlock (&packets->lock);
  gst_rtp_buffer_unmap (&rtp);
  return GST_PAD_PROBE_OK;
}

static void
packets_measure (Packets *packets, GstElement *pipeline, guint clock_rate)
{
  g_autoptr (GstElement) filter =
      gst_bin_get_by_name (GST_BIN (pipeline), "packets");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (filter, "src");

  memset (packets, 0, sizeof (*packets));
  g_mutex_init (&packets->lock);
  packets->clock_rate = clock_rate;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, packets, NULL);
}

static void
packets_check (Packets *packets, const char *what)
{
  GstClockTime gap;

  g_mutex_lock (&packets->lock);
  gap = packets->gap;
  packets->gap = 0;
  g_mutex_unlock (&packets->lock);
  g_print ("# %s: %.1f ms from packet to packet\n", what,
      (double) gap / GST_MSECOND);
  fail_unless (gap > 0 && gap < LONGEST_GAP, "%s: %.1f ms", what,
      (double) gap / GST_MSECOND);
}

/* --- changes --- */

typedef struct {
  gboolean sound;
  const char *pad;
  guint first;
  guint others[2];
  TracksColor colors[2];
} Medium;

static const Medium media[] = {
  { TRUE, "audio_0", 600, { 1500, 800 } },
  { FALSE, "video_0", 0x515af0, { 0x29f06e, 0x913622 },
      { TRACKS_BLUE, TRACKS_GREEN } },
};

typedef struct {
  GstElement *alice;
  GstElement *bob;
  GstElement *sink;
  Feeder feeder;
  Source *source; /* what is linked */
  Packets packets;
} Scene;

static void
scene_link (Scene *self, const Medium *medium, Source *source)
{
  g_autoptr (GstPad) out = gst_element_get_static_pad (source->bin, "src");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->sink, medium->pad);

  if (pad == NULL)
    pad = gst_element_request_pad_simple (self->sink, medium->pad);
  gst_bin_add (GST_BIN (self->alice), source->bin);
  gst_element_sync_state_with_parent (source->bin);
  fail_unless_equals_int (gst_pad_link (out, pad), GST_PAD_LINK_OK);
  self->source = source;
}

static void
expect (Scene *self, const Medium *medium, guint which)
{
  if (medium->sound)
    tracks_assert_hears (self->bob, "ear", medium->others[which]);
  else
    tracks_assert_sees (self->bob, "eye", medium->colors[which]);
}

static void
scene_init (Scene *self, const Medium *medium)
{
  g_autofree char *alices = fixture_account ("alice");
  g_autofree char *bobs = fixture_account ("bob");
  g_autoptr (GstElement) filter = NULL;

  self->bob = fixture_launch (
      "kandysrc name=src %s auto-answer=true latency=%u media=%s ! "
      "capsfilter name=packets caps=application/x-rtp ! queue ! %s",
      bobs, LATENCY, medium->sound ? "audio" : "video",
      medium->sound ? "rtpopusdepay ! opusdec ! " FIXTURE_SOUND
                    : "rtpvp8depay ! vp8dec ! " FIXTURE_PICTURE);
  packets_measure (&self->packets, self->bob, medium->sound ? 48000 : 90000);
  fixture_play (self->bob);
  fixture_wait_progress (self->bob, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  self->alice = fixture_launch (
      "kandysink name=sink %s destination=bob end-on-eos=false", alices);
  self->sink = gst_bin_get_by_name (GST_BIN (self->alice), "sink");
  scene_link (self, medium, source_new (medium->first));
  fixture_play (self->alice);
  fail_if (gst_element_get_state (self->alice, NULL, NULL, 0)
      == GST_STATE_CHANGE_FAILURE);
  feeder_start (&self->feeder, self->alice, medium->sound);
  feeder_add (&self->feeder, self->source);
  if (medium->sound)
    tracks_assert_hears (self->bob, "ear", medium->first);
  else
    tracks_assert_sees (self->bob, "eye", TRACKS_RED);
}

static void
scene_clear (Scene *self)
{
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "PUT", "/update"), 0);
  feeder_stop (&self->feeder);
  gst_object_unref (self->sink);
  fixture_stop (self->alice);
  fixture_wait_eos (self->bob);
  fixture_stop (self->bob);
  g_mutex_clear (&self->packets.lock);
}

/* The application links another source, which runs already */
GST_START_TEST (test_relink)
{
  const Medium *medium = &media[__i__];
  Scene self;

  scene_init (&self, medium);
  for (guint i = 0; i < N_CHANGES; i++) {
    Source *former = self.source;
    GstElement *bin = former->bin;
    g_autoptr (GstPad) out = gst_element_get_static_pad (bin, "src");
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (self.sink, medium->pad);

    g_mutex_lock (&self.feeder.lock);
    fail_unless (gst_pad_unlink (out, pad));
    scene_link (&self, medium, source_new (medium->others[i % 2]));
    g_ptr_array_add (self.feeder.sources, self.source);
    g_ptr_array_remove (self.feeder.sources, former);
    g_mutex_unlock (&self.feeder.lock);
    gst_element_set_locked_state (bin, TRUE);
    gst_element_set_state (bin, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self.alice), bin);
    expect (&self, medium, i % 2);
    packets_check (&self.packets, medium->pad);
  }
  scene_clear (&self);
}
GST_END_TEST;

/* replace-track, while all of them run */
GST_START_TEST (test_replace_track)
{
  const Medium *medium = &media[__i__];
  Source *former = NULL;
  Scene self;

  scene_init (&self, medium);
  for (guint i = 0; i < N_CHANGES; i++) {
    Source *source = source_new (medium->others[i % 2]);
    g_autoptr (GstPromise) promise = gst_promise_new ();
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (self.sink, medium->pad);
    g_autoptr (GstStructure) replacement = gst_structure_new (
        "media", "source", GST_TYPE_ELEMENT, source->bin, NULL);
    g_autofree char *id = NULL;

    g_object_get (pad, "track-id", &id, NULL);
    feeder_add (&self.feeder, source);
    g_signal_emit_by_name (
        self.sink, "replace-track", id, replacement, promise);
    fail_unless_equals_int (
        gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
    fail_if (gst_structure_has_field (gst_promise_get_reply (promise), "error"),
        "%" GST_PTR_FORMAT, gst_promise_get_reply (promise));
    if (former != NULL)
      feeder_remove (&self.feeder, former);
    former = source;
    expect (&self, medium, i % 2);
    packets_check (&self.packets, medium->pad);
  }
  scene_clear (&self);
}
GST_END_TEST;

static Suite *
glitch_suite (void)
{
  Suite *suite = suite_create ("glitch");
  TCase *relink = tcase_create ("glitch-relink");
  TCase *replace = tcase_create ("glitch-replace");

  tcase_add_checked_fixture (relink, fixture_setup, fixture_teardown);
  tcase_set_timeout (relink, 60);
  tcase_add_loop_test (relink, test_relink, 0, G_N_ELEMENTS (media));
  suite_add_tcase (suite, relink);
  tcase_add_checked_fixture (replace, fixture_setup, fixture_teardown);
  tcase_set_timeout (replace, 60);
  tcase_add_loop_test (replace, test_replace_track, 0, G_N_ELEMENTS (media));
  suite_add_tcase (suite, replace);
  return suite;
}

GST_CHECK_MAIN (glitch);
