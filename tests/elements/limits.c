/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/rtp/rtp.h>
#include <string.h>

#include "farend.h"
#include "fixture.h"

/* SECTION: what the far end allows, and what it complains of
 *
 * The encoder in kandysink is measured at the far end, a webrtcbin wired by
 * hand: bits and key frames a second. The far end's RTCP is written here.
 */

/* kbit/s */
#define LIMIT 150
#define FREE 400
/* Of a measurement of so many seconds: encoders may make 600 ms in advance */
#define MOST(seconds) (LIMIT * (1.1 + 0.6 / (seconds)))

/* Both take whatever an encoder may spend; noise cannot be made that small but
 * by leaving pictures out */
#define DETAIL "zone-plate kx2=20 ky2=20 kt=3"
#define NOISE "snow"

typedef enum {
  FEEDBACK_NONE,
  FEEDBACK_PLI = 1 << 0,
  FEEDBACK_FIR = 1 << 1,
  FEEDBACK_REMB = 1 << 2,
  FEEDBACK_TMMBR = 1 << 3,
  FEEDBACK_LOSS = 1 << 4, /* 30 % are said to be lost */
} Feedback;

typedef struct {
  FarEnd *far;
  GstElement *pipeline;
  GstElement *near;
  GstPad *rtcp; /* into the far end's encryption */
  GThread *thread;
  gint stop;     /* atomic */
  gint feedback; /* atomic, Feedback */
  gint interval; /* atomic, ms */
  GMutex lock;
  guint32 ssrc; /* of our pictures */
  guint sequence;
  guint64 bytes;
  gboolean started;
  gint64 began;        /* monotonic time of the first packet */
  guint32 first, last; /* RTP timestamps */
  guint key_frames;
} Line;

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Line *self = user_data;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;

  if (!gst_rtp_buffer_map (info->data, GST_MAP_READ, &rtp))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&self->lock);
  self->ssrc = gst_rtp_buffer_get_ssrc (&rtp);
  self->last = gst_rtp_buffer_get_timestamp (&rtp);
  if (!self->started) {
    self->first = self->last;
    self->began = g_get_monotonic_time ();
  }
  self->started = TRUE;
  /* of the last one not all is there yet */
  if (self->last != self->first)
    self->bytes += gst_buffer_get_size (info->data);
  g_mutex_unlock (&self->lock);
  gst_rtp_buffer_unmap (&rtp);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Line *self = user_data;

  g_mutex_lock (&self->lock);
  if (self->started
      && !GST_BUFFER_FLAG_IS_SET (info->data, GST_BUFFER_FLAG_DELTA_UNIT))
    self->key_frames++;
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

/* RFC 3550, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb */
static void
append_words (GByteArray *packet, const guint32 *words, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint32 word = GUINT32_TO_BE (words[i]);

    g_byte_array_append (packet, (const guint8 *) &word, sizeof word);
  }
}

static GstBuffer *
make_feedback (Line *self, guint feedback, guint32 ssrc)
{
  const guint32 own = 0x0badcafe;
  const guint32 report[] = { 0x81c90007, own, ssrc,
    feedback & FEEDBACK_LOSS ? 77u << 24 : 0, 1, 0, 0, 0 };
  const guint32 pli[] = { 0x81ce0002, own, ssrc };
  const guint32 fir[] = { 0x84ce0004, own, 0, ssrc, self->sequence++ << 24 };
  /* 150000 = 37500 << 2 */
  const guint32 remb[] = { 0x8fce0005, own, 0, 0x52454d42,
    0x01000000 | 2 << 18 | 37500, ssrc };
  const guint32 tmmbr[] = { 0x83cd0004, own, 0, ssrc, 2u << 26 | 37500 << 9 };
  GByteArray *packet = g_byte_array_new ();
  gsize size;

  append_words (packet, report, G_N_ELEMENTS (report));
  if (feedback & FEEDBACK_PLI)
    append_words (packet, pli, G_N_ELEMENTS (pli));
  if (feedback & FEEDBACK_FIR)
    append_words (packet, fir, G_N_ELEMENTS (fir));
  if (feedback & FEEDBACK_REMB)
    append_words (packet, remb, G_N_ELEMENTS (remb));
  if (feedback & FEEDBACK_TMMBR)
    append_words (packet, tmmbr, G_N_ELEMENTS (tmmbr));
  size = packet->len;
  return gst_buffer_new_wrapped (g_byte_array_free (packet, FALSE), size);
}

static gpointer
send_feedback (gpointer data)
{
  Line *self = data;

  while (!g_atomic_int_get (&self->stop)) {
    guint feedback = (guint) g_atomic_int_get (&self->feedback);
    guint32 ssrc;

    g_mutex_lock (&self->lock);
    ssrc = self->ssrc;
    g_mutex_unlock (&self->lock);
    if (ssrc && feedback)
      gst_pad_chain (self->rtcp, make_feedback (self, feedback, ssrc));
    g_usleep ((gulong) g_atomic_int_get (&self->interval) * 1000);
  }
  return NULL;
}

static void
tell (Line *self, guint feedback, int interval)
{
  g_atomic_int_set (&self->interval, interval);
  g_atomic_int_set (&self->feedback, (int) feedback);
}

/* (transfer full): of the first element that @factory has made */
static GstPad *
find_pad (GstElement *pipeline, const char *factory, const char *pad)
{
  GstIterator *elements =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (pipeline), factory);
  GValue item = G_VALUE_INIT;
  GstPad *found = NULL;

  if (gst_iterator_next (elements, &item) == GST_ITERATOR_OK) {
    found = gst_element_get_static_pad (g_value_get_object (&item), pad);
    g_value_unset (&item);
  }
  gst_iterator_free (elements);
  fail_unless (found != NULL, "no %s of %s", pad, factory);
  return found;
}

static void
line_init (Line *self, const PlainTraits *traits, const char *pattern,
    const char *settings)
{
  g_autofree char *account = fixture_account ("alice");
  g_autofree char *depayloader = g_strdup_printf ("rtp%sdepay", traits->video);
  g_autoptr (GstPad) packets = NULL;
  g_autoptr (GstPad) frames = NULL;
  g_autoptr (GstPad) rtcp = NULL;

  memset (self, 0, sizeof *self);
  self->interval = 20;
  g_mutex_init (&self->lock);
  self->far = far_end_new ("bob", traits);
  self->near = fixture_launch (
      "kandysink name=sink %s destination=bob "
      "client::remove-h264-codecs=false "
      "videotestsrc is-live=true pattern=%s ! "
      "video/x-raw,format=I420,width=320,height=240,framerate=15/1 ! "
      "sink.video_0 kandysrc %s ! fakesink",
      account, pattern, settings);
  fixture_play (self->near);
  far_end_call (self->far, NULL);
  self->pipeline = far_end_get_pipeline (self->far, "eye");
  packets = find_pad (self->pipeline, depayloader, "sink");
  frames = find_pad (self->pipeline, depayloader, "src");
  rtcp = find_pad (self->pipeline, "rtpbin", "send_rtcp_src_0");
  self->rtcp = gst_pad_get_peer (rtcp);
  gst_pad_add_probe (packets, GST_PAD_PROBE_TYPE_BUFFER, on_packet, self, NULL);
  gst_pad_add_probe (frames, GST_PAD_PROBE_TYPE_BUFFER, on_frame, self, NULL);
  self->thread = g_thread_new ("feedback", send_feedback, self);
}

static void
line_clear (Line *self)
{
  g_atomic_int_set (&self->stop, TRUE);
  g_thread_join (self->thread);
  gst_object_unref (self->rtcp);
  fixture_stop (self->near);
  gst_object_unref (self->pipeline);
  far_end_free (self->far);
  g_mutex_clear (&self->lock);
}

typedef struct {
  Line *line;
  guint seconds;
} Span;

static gboolean
has_passed (gpointer data)
{
  Span *span = data;
  Line *line = span->line;
  gboolean passed;

  g_mutex_lock (&line->lock);
  passed = line->started && line->last - line->first >= span->seconds * 90000;
  g_mutex_unlock (&line->lock);
  return passed;
}

/* kbit/s in the time of the source: how busy the machine is does not count. And
 * key frames a second, of which the time that has passed decides: on a machine
 * that is too busy the source does not keep up with it */
static void
measure (Line *self, guint seconds, double *rate, double *key_frames)
{
  Span span = { self, seconds };
  double passed;

  g_mutex_lock (&self->lock);
  self->bytes = self->key_frames = 0;
  self->started = FALSE;
  g_mutex_unlock (&self->lock);
  fixture_until (has_passed, &span, "pictures");
  g_mutex_lock (&self->lock);
  passed = (self->last - self->first) / 90000.0;
  *rate = self->bytes * 8 / 1000.0 / passed;
  *key_frames = self->key_frames
      / MAX (passed,
          (double) (g_get_monotonic_time () - self->began) / G_USEC_PER_SEC);
  g_mutex_unlock (&self->lock);
}

static void
until_rate (Line *self, double from, double to)
{
  double rate = 0, key_frames;

  for (guint i = 0; i < 12; i++) {
    measure (self, 1, &rate, &key_frames);
    if (rate >= from && rate <= to)
      return;
  }
  fail ("%.0f kbit/s instead of %.0f to %.0f", rate, from, to);
}

static const PlainTraits plain = { "opus", "vp8", 700, 0x0000ff };

/* Fifty times a second; half a second is between two key frames */
static const struct {
  const char *name;
  guint feedback;
  double most;
} storms[] = {
  { "PLI and FIR", FEEDBACK_PLI | FEEDBACK_FIR, 2.5 },
  { "PLI, FIR and loss", FEEDBACK_PLI | FEEDBACK_FIR | FEEDBACK_LOSS, 2.5 },
};

GST_START_TEST (test_storm)
{
  double rate, key_frames;
  Line self;

  line_init (&self, &plain, DETAIL, "");
  until_rate (&self, FREE, G_MAXDOUBLE);
  measure (&self, 2, &rate, &key_frames);
  fail_unless (key_frames < 1, "%.1f key frames a second unasked", key_frames);
  tell (&self, storms[__i__].feedback, 20);
  measure (&self, 4, &rate, &key_frames);
  fail_unless (key_frames > 0.5, "%s: %.1f key frames a second",
      storms[__i__].name, key_frames);
  fail_unless (key_frames <= storms[__i__].most, "%s: %.1f key frames a second",
      storms[__i__].name, key_frames);
  line_clear (&self);
}
GST_END_TEST;

/* Losses alone: less is made, without one key frame */
GST_START_TEST (test_loss)
{
  double rate, former, key_frames;
  Line self;

  line_init (&self, &plain, DETAIL, "");
  until_rate (&self, FREE, G_MAXDOUBLE);
  measure (&self, 2, &former, &key_frames);
  tell (&self, FEEDBACK_LOSS, 200);
  until_rate (&self, 0, former * 0.6);
  measure (&self, 2, &rate, &key_frames);
  fail_unless (key_frames == 0, "%.1f key frames a second", key_frames);
  line_clear (&self);
}
GST_END_TEST;

static const struct {
  const char *name;
  guint feedback;
  const char *pattern;
} limits[] = {
  { "REMB", FEEDBACK_REMB, DETAIL },
  { "TMMBR", FEEDBACK_TMMBR, NOISE },
};

GST_START_TEST (test_limit)
{
  double rate, key_frames;
  Line self;

  line_init (&self, &plain, limits[__i__].pattern, "");
  until_rate (&self, FREE, G_MAXDOUBLE);
  tell (&self, limits[__i__].feedback, 200);
  until_rate (&self, LIMIT / 4, LIMIT * 1.1);
  measure (&self, 3, &rate, &key_frames);
  fail_unless (rate <= MOST (3), "%s: %.0f kbit/s", limits[__i__].name, rate);
  fail_unless (key_frames == 0, "%.1f key frames a second", key_frames);
  line_clear (&self);
}
GST_END_TEST;

/* What its description says, RFC 4566 and RFC 3890 */
static const struct {
  const char *type;
  guint value;
  const char *pattern;
} descriptions[] = {
  { "AS", LIMIT, DETAIL },
  { "TIAS", LIMIT * 1000, NOISE },
};

GST_START_TEST (test_description)
{
  PlainTraits traits = plain;
  double rate, key_frames;
  Line self;

  traits.bandwidth_type = descriptions[__i__].type;
  traits.bandwidth = descriptions[__i__].value;
  line_init (&self, &traits, descriptions[__i__].pattern, "");
  until_rate (&self, LIMIT / 4, LIMIT * 1.1);
  measure (&self, 3, &rate, &key_frames);
  fail_unless (
      rate <= MOST (3), "b=%s: %.0f kbit/s", descriptions[__i__].type, rate);
  line_clear (&self);
}
GST_END_TEST;

/* What an encoder cannot make small enough; each of those that there may be, as
 * the only one of its codec */
static const struct {
  const char *name;
  const char *codec;
  const char *encoder;
  const char *instead_of; /* nullable */
} codecs[] = {
  { "limits-vp9enc", "vp9", "vp9enc" },
  { "limits-x264enc", "h264", "x264enc" },
  { "limits-openh264enc", "h264", "openh264enc", "x264enc" },
};

GST_START_TEST (test_codec)
{
  GstRegistry *registry = gst_registry_get ();
  g_autoptr (GstPluginFeature) encoder =
      gst_registry_lookup_feature (registry, codecs[__i__].encoder);
  g_autoptr (GstPluginFeature) other = NULL;
  PlainTraits traits = plain;
  double rate, key_frames;
  Line self;

  if (!encoder) {
    g_print ("%s is not installed: nothing to test\n", codecs[__i__].encoder);
    return;
  }
  if (codecs[__i__].instead_of)
    other = gst_registry_lookup_feature (registry, codecs[__i__].instead_of);
  if (other)
    gst_registry_remove_feature (registry, other);
  traits.video = codecs[__i__].codec;
  line_init (&self, &traits, NOISE, "");
  until_rate (&self, FREE, G_MAXDOUBLE);
  tell (&self, FEEDBACK_TMMBR, 200);
  until_rate (&self, LIMIT / 4, LIMIT * 1.1);
  measure (&self, 3, &rate, &key_frames);
  fail_unless (rate >= LIMIT / 4 && rate <= MOST (3), "%s: %.0f kbit/s",
      codecs[__i__].encoder, rate);
  fail_unless (key_frames == 0, "%s: %.1f key frames a second",
      codecs[__i__].encoder, key_frames);
  line_clear (&self);
}
GST_END_TEST;

/* What we ask for, in what the far end gets to read */
GST_START_TEST (test_asked_for)
{
  g_autoptr (PlainEngine) engine = NULL;
  g_autofree char *sdp = NULL;
  const char *video;
  Line self;

  line_init (&self, &plain, DETAIL, "bandwidth-video=150 bandwidth-audio=24");
  engine = far_end_get_engine (self.far);
  sdp = plain_engine_dup_remote_sdp (engine);
  video = strstr (sdp, "m=video ");
  fail_unless (video != NULL, "%s", sdp);
  fail_unless (strstr (video, "\r\nb=AS:150\r\n") != NULL, "%s", sdp);
  fail_unless (strstr (video, "\r\nb=TIAS:150000\r\n") != NULL, "%s", sdp);
  line_clear (&self);
}
GST_END_TEST;

static TCase *
add_case (Suite *suite, const char *name)
{
  TCase *tcase = tcase_create (name);

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 40);
  suite_add_tcase (suite, tcase);
  return tcase;
}

/* Each case is a program of its own (meson.build) */
static Suite *
element_limits_suite (void)
{
  Suite *suite = suite_create ("element-limits");
  TCase *said = add_case (suite, "limits-said");

  tcase_add_loop_test (
      add_case (suite, "storm"), test_storm, 0, G_N_ELEMENTS (storms));
  tcase_add_test (add_case (suite, "loss"), test_loss);
  tcase_add_loop_test (add_case (suite, "limits-fed-back"), test_limit, 0,
      G_N_ELEMENTS (limits));
  for (int i = 0; i < (int) G_N_ELEMENTS (codecs); i++)
    tcase_add_loop_test (
        add_case (suite, codecs[i].name), test_codec, i, i + 1);
  tcase_add_loop_test (said, test_description, 0, G_N_ELEMENTS (descriptions));
  tcase_add_test (said, test_asked_for);
  return suite;
}

GST_CHECK_MAIN (element_limits);
