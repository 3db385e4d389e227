/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandyrtpborder.h"

#include <gst/check/gstcheck.h>
#include <gst/rtp/gstrtpbuffer.h>

/* The numbers that leave, whatever numbers come in */

typedef struct {
  guint16 seq;
  guint32 timestamp;
  guint32 ssrc;
  guint8 payload;
  gboolean extension;
} Numbers;

static gboolean
pass (GstKandyRtpBorder *border, guint32 ssrc, guint8 payload, guint16 seq,
    guint32 timestamp, GstClockTime time, Numbers *out)
{
  GstBuffer *rtp = gst_rtp_buffer_new_allocate (10, 0, 0);
  GstRTPBuffer map = GST_RTP_BUFFER_INIT;
  gboolean passed;

  gst_rtp_buffer_map (rtp, GST_MAP_READWRITE, &map);
  gst_rtp_buffer_set_ssrc (&map, ssrc);
  gst_rtp_buffer_set_payload_type (&map, payload);
  gst_rtp_buffer_set_seq (&map, seq);
  gst_rtp_buffer_set_timestamp (&map, timestamp);
  gst_rtp_buffer_add_extension_onebyte_header (&map, 3, "ab", 2);
  gst_rtp_buffer_unmap (&map);

  passed = gst_kandy_rtp_border_rewrite (border, rtp, time);
  gst_rtp_buffer_map (rtp, GST_MAP_READ, &map);
  out->seq = gst_rtp_buffer_get_seq (&map);
  out->timestamp = gst_rtp_buffer_get_timestamp (&map);
  out->ssrc = gst_rtp_buffer_get_ssrc (&map);
  out->payload = gst_rtp_buffer_get_payload_type (&map);
  out->extension = gst_rtp_buffer_get_extension (&map);
  gst_rtp_buffer_unmap (&map);
  gst_buffer_unref (rtp);
  return passed;
}

#define SECOND GST_SECOND

GST_START_TEST (test_numbers)
{
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  Numbers a, b;

  gst_kandy_rtp_border_set_output (border, 0x1234, 111, 48000);
  fail_unless (pass (border, 1, 96, 65534, 0xffffff00, SECOND, &a));
  fail_unless_equals_int (a.ssrc, 0x1234);
  fail_unless_equals_int (a.payload, 111);
  fail_unless (!a.extension);

  /* over the edge of both counters, by the input's own ticks */
  fail_unless (pass (
      border, 1, 96, 65535, 0xffffff00 + 960, SECOND + 21 * GST_MSECOND, &b));
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 1);
  fail_unless_equals_int (b.timestamp - a.timestamp, 960);
  a = b;

  /* loss in front of us is passed on, repetition and reordering are not */
  fail_unless (pass (
      border, 1, 96, 2, 0xffffff00 + 4 * 960, SECOND + 80 * GST_MSECOND, &b));
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 3);
  fail_unless_equals_int (b.timestamp - a.timestamp, 3 * 960);
  a = b;
  fail_if (pass (
      border, 1, 96, 2, 0xffffff00 + 4 * 960, SECOND + 80 * GST_MSECOND, &b));
  fail_if (pass (
      border, 1, 96, 1, 0xffffff00 + 3 * 960, SECOND + 60 * GST_MSECOND, &b));

  /* another source: numbers go on, time by the clock */
  fail_unless (pass (border, 2, 97, 4711, 815, 2 * SECOND, &b));
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 1);
  fail_unless_equals_int (b.timestamp - a.timestamp, 920 * 48);
  fail_unless_equals_int (b.ssrc, 0x1234);
  a = b;

  /* the same source with another numbering */
  fail_unless (pass (
      border, 2, 97, 20000, 0x70000000, 2 * SECOND + 20 * GST_MSECOND, &b));
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 1);
  fail_unless_equals_int (b.timestamp - a.timestamp, 960);
  a = b;

  /* after a hold there is no gap, but time has passed */
  gst_kandy_rtp_border_skip (border);
  fail_unless (
      pass (border, 2, 97, 20500, 0x70000000 + 480000, 12 * SECOND, &b));
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 1);
  fail_unless_equals_int (b.timestamp - a.timestamp, 9980 * 48);

  gst_kandy_rtp_border_unref (border);
}
GST_END_TEST;

/* All packets of one picture have one timestamp, also if the clock moves */
GST_START_TEST (test_picture)
{
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  Numbers a, b;

  gst_kandy_rtp_border_set_output (border, 1, 96, 90000);
  fail_unless (pass (border, 1, 96, 0, 5000, SECOND, &a));
  fail_unless (pass (border, 1, 96, 1, 5000, SECOND + GST_MSECOND, &b));
  fail_unless_equals_int (a.timestamp, b.timestamp);
  fail_unless_equals_int ((guint16) (b.seq - a.seq), 1);
  gst_kandy_rtp_border_unref (border);
}
GST_END_TEST;

GST_START_TEST (test_not_rtp)
{
  GstKandyRtpBorder *border = gst_kandy_rtp_border_new ();
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 8, NULL);

  gst_buffer_memset (buffer, 0, 0, 8);
  gst_kandy_rtp_border_set_output (border, 1, 96, 90000);
  fail_if (gst_kandy_rtp_border_rewrite (border, buffer, 0));
  gst_buffer_unref (buffer);
  gst_kandy_rtp_border_unref (border);
}
GST_END_TEST;

static Suite *
engine_border_suite (void)
{
  Suite *suite = suite_create ("engine-border");
  TCase *border = tcase_create ("border");

  tcase_add_test (border, test_numbers);
  tcase_add_test (border, test_picture);
  tcase_add_test (border, test_not_rtp);
  suite_add_tcase (suite, border);
  return suite;
}

GST_CHECK_MAIN (engine_border);
