/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a call is called bad, how pictures are counted, and what the far end's
 * RTCP says, out of made-up samples and packets */

#include <gst/check/gstcheck.h>

#include "gstkandyframes.h"
#include "gstkandyquality.h"
#include "gstkandyratecontrol.h"
#include "gstkandyrtcpreports.h"

#include <gst/rtp/gstrtpbuffer.h>
#include <gst/rtp/gstrtcpbuffer.h>
#include <string.h>

/* --- warnings --- */

static void
note (GstKandyWarning warning, gboolean raised, double value, double threshold,
    gpointer user_data)
{
  g_string_append_printf (user_data, "%s%s ", raised ? "+" : "-",
      gst_kandy_warning_get_name (warning));
}

typedef struct {
  GstKandyWarning warning;
  /* one digit a sample: 0 good, 5 between the thresholds, 9 bad, x unknown */
  const char *samples;
  /* + after the sample that raises, - after the one that clears */
  const char *expected;
} Case;

static const Case cases[] = {
  { GST_KANDY_WARNING_HIGH_LOSS, "0000000000", "0000000000" },
  { GST_KANDY_WARNING_HIGH_LOSS, "99", "99" },
  { GST_KANDY_WARNING_HIGH_LOSS, "999", "999+" },
  { GST_KANDY_WARNING_HIGH_LOSS, "90909", "90909+" },
  { GST_KANDY_WARNING_HIGH_LOSS, "9090090090", "9090090090" },
  { GST_KANDY_WARNING_HIGH_LOSS, "99x9", "99x9+" },
  { GST_KANDY_WARNING_HIGH_LOSS, "9999999", "999+9999" },
  { GST_KANDY_WARNING_HIGH_LOSS, "99900000", "999+00000-" },
  /* in between it stays as it is */
  { GST_KANDY_WARNING_HIGH_LOSS, "555555555", "555555555" },
  { GST_KANDY_WARNING_HIGH_LOSS, "999555555", "999+555555" },
  { GST_KANDY_WARNING_HIGH_LOSS, "999000500000", "999+000500000-" },
  /* raised, cleared and raised again needs all of it again */
  { GST_KANDY_WARNING_HIGH_LOSS, "9990000099900000", "999+00000-999+00000-" },
  { GST_KANDY_WARNING_HIGH_JITTER, "99900000", "999+00000-" },
  { GST_KANDY_WARNING_HIGH_ROUND_TRIP, "9990x0x000", "999+0x0x000-" },
  { GST_KANDY_WARNING_LOW_MOS, "99955500000", "999+55500000-" },
  { GST_KANDY_WARNING_NO_AUDIO, "0099900", "00999+00-" },
  { GST_KANDY_WARNING_NO_AUDIO, "99909", "999+09" },
};

static double
get_value (GstKandyWarning warning, char digit)
{
  static const double values[][3] = {
    [GST_KANDY_WARNING_HIGH_LOSS] = { 0.01, 0.02, 0.031 },
    [GST_KANDY_WARNING_HIGH_JITTER] = { 0.02, 0.025, 0.031 },
    [GST_KANDY_WARNING_HIGH_ROUND_TRIP] = { 0.3, 0.35, 0.41 },
    [GST_KANDY_WARNING_LOW_MOS] = { 3.7, 3.6, 3.4 },
    [GST_KANDY_WARNING_NO_AUDIO] = { 1, 1, 0 },
  };

  return digit == 'x' ? -1
                      : values[warning][digit == '0' ? 0
                              : digit == '5'         ? 1
                                                     : 2];
}

GST_START_TEST (test_warnings)
{
  const Case *c = &cases[__i__];
  GstKandyQualityMonitor monitor = { { 0 } };
  g_autoptr (GString) seen = g_string_new (NULL);

  for (const char *p = c->samples; *p; p++) {
    GstKandyQualitySample sample = GST_KANDY_QUALITY_SAMPLE_UNKNOWN;
    g_autoptr (GString) changes = g_string_new (NULL);
    double value = get_value (c->warning, *p);

    switch (c->warning) {
      case GST_KANDY_WARNING_HIGH_LOSS:
        sample.loss = value;
        break;
      case GST_KANDY_WARNING_HIGH_JITTER:
        sample.jitter = value;
        break;
      case GST_KANDY_WARNING_HIGH_ROUND_TRIP:
        sample.round_trip = value;
        break;
      case GST_KANDY_WARNING_LOW_MOS:
        sample.mos = value;
        break;
      default:
        sample.packets = value;
        break;
    }
    gst_kandy_quality_monitor_add (&monitor, &sample, note, changes);
    g_string_append_c (seen, *p);
    if (changes->len) {
      g_autofree char *expected = g_strdup_printf (
          "%c%s ", changes->str[0], gst_kandy_warning_get_name (c->warning));

      fail_unless_equals_string (changes->str, expected);
      g_string_append_c (seen, changes->str[0]);
    }
  }
  fail_unless_equals_string (seen->str, c->expected);
}
GST_END_TEST;

GST_START_TEST (test_reset)
{
  GstKandyQualityMonitor monitor = { { 0 } };
  GstKandyQualitySample bad = { 0.5, -1, -1, 2, -1 };
  g_autoptr (GString) seen = g_string_new (NULL);

  for (guint i = 0; i < 3; i++)
    gst_kandy_quality_monitor_add (&monitor, &bad, note, seen);
  fail_unless_equals_string (seen->str, "+high-loss +low-mos ");
  g_string_truncate (seen, 0);
  gst_kandy_quality_monitor_reset (&monitor, note, seen);
  fail_unless_equals_string (seen->str, "-high-loss -low-mos ");
  g_string_truncate (seen, 0);
  gst_kandy_quality_monitor_reset (&monitor, note, seen);
  gst_kandy_quality_monitor_add (&monitor, &bad, note, seen);
  fail_unless_equals_string (seen->str, "");
}
GST_END_TEST;

GST_START_TEST (test_mos)
{
  double best = gst_kandy_quality_estimate_mos (0, 0);
  double former = best;

  /* ITU-T G.107: R 93.2 is a MOS of 4.41 */
  fail_unless (ABS (best - 4.41) < 0.01, "%f", best);
  /* 5 % at random: R 93.2 - 95 * 5 / 30.1 = 77.4, MOS 3.92 */
  fail_unless (ABS (gst_kandy_quality_estimate_mos (0.05, 0) - 3.92) < 0.01);
  /* 300 ms: Id = 7.2 + 13.5, R 72.5, MOS 3.71 */
  fail_unless (ABS (gst_kandy_quality_estimate_mos (0, 0.3) - 3.71) < 0.01);
  for (guint percent = 1; percent <= 100; percent++) {
    double mos = gst_kandy_quality_estimate_mos (percent / 100.0, 0.1);

    fail_unless (mos < former || mos == 1);
    fail_unless (mos >= 1);
    former = mos;
  }
  fail_unless (gst_kandy_quality_estimate_mos (7, 100) == 1);
  fail_unless (gst_kandy_quality_estimate_mos (-1, -1) == best);
}
GST_END_TEST;

/* --- bit rates --- */

GST_START_TEST (test_rate)
{
  GstKandyRateControl control = { 0 };
  guint rate = 1000000, rounds = 0;

  fail_unless_equals_int (gst_kandy_rate_control_get (&control, rate), rate);
  gst_kandy_rate_control_report (&control, rate, 0);
  gst_kandy_rate_control_report (&control, rate, 0.05);
  fail_unless_equals_int (gst_kandy_rate_control_get (&control, rate), rate);
  gst_kandy_rate_control_report (&control, rate, 0.2);
  fail_unless_equals_int (gst_kandy_rate_control_get (&control, rate), 900000);
  /* the far end's limit counts at once */
  fail_unless_equals_int (
      gst_kandy_rate_control_get (&control, 300000), 300000);
  for (guint i = 0; i < 100; i++)
    gst_kandy_rate_control_report (&control, rate, 0.9);
  fail_unless_equals_int (gst_kandy_rate_control_get (&control, rate), 50000);
  for (guint i = 0; i < 10; i++)
    gst_kandy_rate_control_report (&control, rate, 0.05);
  fail_unless_equals_int (gst_kandy_rate_control_get (&control, rate), 50000);
  while (gst_kandy_rate_control_get (&control, rate) < rate && rounds < 1000) {
    gst_kandy_rate_control_report (&control, rate, 0);
    rounds++;
  }
  /* a minute: 1.05^62 = 20.6 */
  fail_unless (rounds > 30 && rounds < 70, "%u", rounds);
  /* a limit below the floor is kept */
  gst_kandy_rate_control_report (&control, 20000, 0.9);
  fail_unless (gst_kandy_rate_control_get (&control, 20000) <= 20000);
}
GST_END_TEST;

/* --- pictures --- */

typedef struct {
  const char *codec;
  const char *payload; /* hex */
  gboolean key;
  guint width;
} Picture;

static const Picture pictures[] = {
  /* RFC 7741: X, I with 15 bits, then a key frame of 320 x 240 */
  { "VP8", "9080 8001 100200 9d012a 4001 f000 00", TRUE, 320 },
  { "VP8", "9080 01 100200 9d012a 4001 f000 00", TRUE, 320 },
  { "VP8", "10 100200 9d012a 4001 f000 00", TRUE, 320 },
  { "VP8", "10 110200 0000", FALSE, 0 },
  /* in the middle of one */
  { "VP8", "00 100200 9d012a 4001 f000 00", FALSE, 0 },
  { "VP8", "90", FALSE, 0 },
  { "VP8", "9080", FALSE, 0 },
  { "VP8", "", FALSE, 0 },
  { "VP9", "8c 8001 00", TRUE, 0 },
  { "VP9", "cc 8001 00", FALSE, 0 },
  { "VP9", "84 8001 00", FALSE, 0 },
  { "H264", "65 8880", TRUE, 0 },
  { "H264", "41 9a00", FALSE, 0 },
  { "H264", "78 0003 674200 0002 68ce 0003 658880", TRUE, 0 },
  { "H264", "78 0003 674200 0002 68ce", FALSE, 0 },
  { "H264", "78 ffff 67", FALSE, 0 },
  { "H264", "7c 85 8880", TRUE, 0 },
  { "H264", "7c 05 8880", FALSE, 0 },
  { "AV1", "18 0a0b", TRUE, 0 },
  { "AV1", "10 320b", FALSE, 0 },
};

static GstBuffer *
make_packet (const char *hex, gboolean marker)
{
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  guint8 data[64];
  guint size = 0;
  GstBuffer *buffer;

  for (; *hex; hex++) {
    if (*hex == ' ')
      continue;
    data[size++] = (guint8) (g_ascii_xdigit_value (hex[0]) << 4
        | g_ascii_xdigit_value (hex[1]));
    hex++;
  }
  buffer = gst_rtp_buffer_new_allocate (size, 0, 0);
  gst_rtp_buffer_map (buffer, GST_MAP_WRITE, &map);
  gst_rtp_buffer_set_marker (&map, marker);
  if (size)
    memcpy (gst_rtp_buffer_get_payload (&map), data, size);
  gst_rtp_buffer_unmap (&map);
  return buffer;
}

static void
add_packet (GstKandyFrameCounter *counter, const char *hex, gboolean marker)
{
  GstBuffer *buffer = make_packet (hex, marker);

  gst_kandy_frame_counter_add (counter, buffer);
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_pictures)
{
  const Picture *p = &pictures[__i__];
  GstKandyFrameCounter counter = { 0 };
  g_autoptr (GstCaps) caps = gst_caps_new_simple (
      "application/x-rtp", "encoding-name", G_TYPE_STRING, p->codec, NULL);

  gst_kandy_frame_counter_set_caps (&counter, caps);
  add_packet (&counter, p->payload, FALSE);
  fail_unless_equals_int (counter.frames, 0);
  add_packet (&counter, "00 00", TRUE);
  fail_unless_equals_int (counter.frames, 1);
  fail_unless_equals_int (counter.key_frames, p->key);
  fail_unless_equals_int (counter.width, p->width);
  fail_unless_equals_int (counter.height, p->width ? 240 : 0);
  add_packet (&counter, "00 00", TRUE);
  fail_unless_equals_int (counter.frames, 2);
  fail_unless_equals_int (counter.key_frames, p->key);
}
GST_END_TEST;

GST_START_TEST (test_no_pictures)
{
  GstKandyFrameCounter counter = { 0 };
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      "application/x-rtp, media=audio, encoding-name=OPUS");
  g_autoptr (GstBuffer) junk = gst_buffer_new_allocate (NULL, 3, NULL);

  gst_kandy_frame_counter_set_caps (&counter, caps);
  add_packet (&counter, "10 100200 9d012a 4001 f000 00", TRUE);
  gst_kandy_frame_counter_set_caps (&counter, NULL);
  add_packet (&counter, "10 100200 9d012a 4001 f000 00", TRUE);
  counter.framing = GST_KANDY_FRAMING_VP8;
  gst_kandy_frame_counter_add (&counter, junk);
  fail_unless_equals_int (counter.frames, 0);
}
GST_END_TEST;

/* --- RTCP --- */

/* A compound packet out of hex, as it comes from the network */
static void
receive (GstKandyRtcpReports *reports, const char *hex)
{
  guint8 data[256];
  guint size = 0;
  g_autoptr (GstBuffer) buffer = NULL;

  for (; *hex; hex++) {
    if (*hex == ' ')
      continue;
    data[size++] = (guint8) (g_ascii_xdigit_value (hex[0]) << 4
        | g_ascii_xdigit_value (hex[1]));
    hex++;
  }
  buffer = gst_buffer_new_memdup (data, size);
  gst_kandy_rtcp_reports_take (reports, buffer);
}

#define RR                                                                     \
  "81c90007 00000001 00000abc 40000005 00010000 00000120 00000000 "            \
  "00000000 "

GST_START_TEST (test_rtcp)
{
  GstKandyRtcpReports *reports = gst_kandy_rtcp_reports_new ();
  GstKandyRtcpReport report;
  GstKandySenderReport sender;

  fail_if (gst_kandy_rtcp_reports_get (reports, 0xabc, &report));
  receive (reports, RR);
  fail_unless (gst_kandy_rtcp_reports_get (reports, 0xabc, &report));
  fail_unless (report.reported);
  fail_unless_equals_int (report.lost, 5);
  fail_unless (report.fraction_lost == 0.25);
  fail_unless_equals_int (report.jitter, 0x120);
  fail_unless (report.round_trip < 0);

  /* PLI, FIR (whose SSRC is in its entry), generic NACK */
  receive (reports, RR "81ce0002 00000001 00000abc");
  receive (reports, RR "84ce0004 00000001 00000000 00000abc 01000000");
  receive (reports, RR "81cd0003 00000001 00000abc 00050000");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless_equals_int (report.pli_count, 1);
  fail_unless_equals_int (report.fir_count, 1);
  fail_unless_equals_int (report.nack_count, 1);
  fail_unless_equals_int (report.max_bitrate, 0);

  /* REMB: 0x3d090 << 1 = 500000 bit/s */
  receive (reports, RR "8fce0005 00000001 00000000 52454d42 0107d090 00000abc");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless_equals_int (report.max_bitrate, 500000);
  /* TMMBR: exponent 3, mantissa 12500 */
  receive (reports, RR "83cd0004 00000001 00000000 00000abc 0c61a800");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless_equals_int (report.max_bitrate, 100000);
  /* more than a number can hold, and less than nothing */
  receive (reports, RR "8fce0005 00000001 00000000 52454d42 01ffffff 00000abc");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless (report.max_bitrate == G_MAXUINT);
  receive (reports, RR "8fce0005 00000001 00000000 52454d42 01fc0000 00000abc");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless_equals_int (report.max_bitrate, 1);

  /* cut short, or with more SSRCs than there are: nothing happens */
  receive (reports, RR "8fce0004 00000001 00000000 52454d42 0107d090");
  receive (reports, RR "8fce0005 00000001 00000000 52454d42 ff07d090 00000abc");
  receive (reports, RR "8fce0003 00000001 00000000 52454d42");
  receive (reports, RR "84ce0002 00000001 00000000");
  gst_kandy_rtcp_reports_get (reports, 0xabc, &report);
  fail_unless_equals_int (report.max_bitrate, 1);
  fail_unless_equals_int (report.fir_count, 1);

  /* SR: NTP, 1000 packets, 160000 bytes */
  fail_if (gst_kandy_rtcp_reports_get_sender (reports, 1, &sender));
  receive (reports,
      "80c80006 00000001 e0000000 80000000 00000000 000003e8 00027100");
  fail_unless (gst_kandy_rtcp_reports_get_sender (reports, 1, &sender));
  fail_unless_equals_int (sender.packets, 1000);
  fail_unless_equals_int (sender.bytes, 160000);
  fail_unless_equals_int (sender.reports_sent, 1);
  fail_unless (sender.ntp_time == G_GUINT64_CONSTANT (0xe000000080000000));

  gst_kandy_rtcp_reports_unref (reports);
}
GST_END_TEST;

static Suite *
quality_suite (void)
{
  Suite *suite = suite_create ("quality");
  TCase *chain = tcase_create ("quality");

  tcase_add_loop_test (chain, test_warnings, 0, G_N_ELEMENTS (cases));
  tcase_add_test (chain, test_reset);
  tcase_add_test (chain, test_mos);
  tcase_add_test (chain, test_rate);
  tcase_add_loop_test (chain, test_pictures, 0, G_N_ELEMENTS (pictures));
  tcase_add_test (chain, test_no_pictures);
  tcase_add_test (chain, test_rtcp);
  suite_add_tcase (suite, chain);
  return suite;
}

GST_CHECK_MAIN (quality);
