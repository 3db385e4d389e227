/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <kandy-loopback.h>

G_BEGIN_DECLS

/* What the two contenders of a benchmark have in common: a pair of endpoints
 * that can be told to call and to hang up, and that note when each end hears the
 * other's tone. */

#define BENCH_CALL_TIMEOUT (10 * G_USEC_PER_SEC)
#define BENCH_TONE_A 440.0
#define BENCH_TONE_B 880.0

typedef struct
{
  gint64 heard_us; /* monotonic time of the first decoded buffer with the tone */
  gint64 first_us; /* of the first decoded buffer */
  double tone;
  double coefficient;
} BenchEar;

void bench_ear_init (BenchEar *ear, double tone);
void bench_ear_reset (BenchEar *ear);
/* Listens on a pad with raw S16LE mono 48 kHz audio */
void bench_ear_attach (BenchEar *ear, GstPad *pad);

/* A pair of webrtcbin wired by hand, tuned as the elements tune theirs */
typedef struct _BenchHandWired BenchHandWired;

typedef enum
{
  BENCH_MEDIA_TONE, /* Opus, encoded and decoded */
  BENCH_MEDIA_MARKED, /* PCMU payloads with a counter, not encoded */
} BenchMedia;

BenchHandWired *bench_hand_wired_new (BenchMedia media);
/* Starts the media and the negotiation; the ears tell when it is done */
void bench_hand_wired_call (BenchHandWired *self);
BenchEar *bench_hand_wired_get_ear (BenchHandWired *self, guint end);
/* monotonic time at which the answer was given to the offerer, 0 before */
gint64 bench_hand_wired_get_answered_us (BenchHandWired *self);
gboolean bench_hand_wired_heard (gpointer self);
void bench_hand_wired_free (BenchHandWired *self);

/* Latency by marks in PCMU payloads */
typedef struct
{
  GMutex lock;
  gint64 sent[4096];
  GArray *latencies; /* gint64, microseconds */
} BenchMarks;

void bench_marks_init (BenchMarks *marks);
void bench_marks_clear (BenchMarks *marks);
/* A 20 ms PCMU payload that carries @number */
GstBuffer *bench_marks_make (BenchMarks *marks, guint number);
/* Notes the arrival of the payloads that pass @pad, RTP or bare PCMU */
void bench_marks_listen (BenchMarks *marks, GstPad *pad);
double bench_median_us (GArray *values);

/* (transfer full): the appsrc that takes the payloads of one end's marks */
GstElement *bench_hand_wired_get_marks_source (
    BenchHandWired *self, guint end);
/* Before the call: where the marks that arrive at an end are noted */
void bench_hand_wired_listen_marks (
    BenchHandWired *self, guint end, BenchMarks *marks);

/* Two ends made of the elements, signed on at the platform. With marks they send
 * marks, without them tones */
typedef struct _BenchElements BenchElements;

/* Accounts of pair @number */
void bench_add_accounts (KandyLoopback *loopback, guint number);
BenchElements *bench_elements_new (const char *uri, guint number,
    BenchMarks *marks_at_a, BenchMarks *marks_at_b);
/* Returns the monotonic time of the wish to call */
gint64 bench_elements_call (BenchElements *self, guint number);
/* What both ends say of their call: of one that has gone wrong */
void bench_elements_print (BenchElements *self);
gboolean bench_elements_heard (gpointer self);
void bench_elements_hang_up (BenchElements *self);
BenchEar *bench_elements_get_ear (BenchElements *self, guint end);
/* monotonic time at which the platform took the answer */
gint64 bench_elements_get_answered_us (BenchElements *self);
/* (transfer full): the appsrc that takes the payloads of one end's marks */
GstElement *bench_elements_get_marks_source (BenchElements *self, guint end);
void bench_elements_free (BenchElements *self);

/* Iterates the default context until @done or @timeout_us is over */
gboolean bench_wait (gboolean (*done) (gpointer user_data), gpointer user_data,
    gint64 timeout_us);

guint bench_count_threads (void);
guint bench_count_fds (void);
gsize bench_get_rss (void);
/* What malloc has handed out, without what it keeps for later */
gsize bench_get_allocated (void);
double bench_get_cpu_seconds (void);

G_END_DECLS
