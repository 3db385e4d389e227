/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

#include "kandy-loopback.h"

G_BEGIN_DECLS

/* Ends of a callee or a caller: for fixture_hear() and fixture_see() */
#define FIXTURE_SOUND                                                          \
  "audioconvert ! audioresample ! "                                            \
  "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "                          \
  "appsink name=ear sync=false max-buffers=500 drop=true wait-on-eos=false"
#define FIXTURE_PICTURE                                                        \
  "videoconvert ! video/x-raw,format=RGB ! "                                   \
  "appsink name=eye sync=false max-buffers=5 drop=true wait-on-eos=false"

/* A platform in this process, with alice, bob and carol; set up by
 * fixture_setup(), a checked fixture */
extern KandyLoopback *fixture_platform;
extern char *fixture_uri;

void fixture_setup (void);
void fixture_teardown (void);

/* "server=… username=… password=…" of one of the three; (transfer full) */
char *fixture_account (const char *name);
/* Parses a launch line, which must be good */
GstElement *fixture_launch (const char *format, ...) G_GNUC_PRINTF (1, 2);
void fixture_play (GstElement *pipeline);
/* To NULL, within two seconds, and unref */
void fixture_stop (GstElement *pipeline);

/* Bob, who answers: what is behind his kandysrc "src"; ready for calls */
GstElement *fixture_callee (const char *rest);
/* Alice, who calls bob: what is before her kandysink "sink" */
GstElement *fixture_caller (const char *rest);

/* The next message of these types; fails after @seconds. Any ERROR that is not
 * asked for fails too. */
GstMessage *fixture_wait (GstElement *pipeline, GstMessageType types,
    guint seconds);
void fixture_wait_eos (GstElement *pipeline);
/* The text of the error, whose domain and code are checked; (transfer full) */
char *fixture_wait_error (GstElement *pipeline, GQuark domain, int code,
    GstStructure **details);
void fixture_wait_progress (GstElement *pipeline, GstProgressType type,
    const char *code);
/* Until @test is TRUE */
typedef gboolean (*FixtureTest) (gpointer user_data);
void fixture_until (FixtureTest test, gpointer user_data, const char *what);
/* Until the platform has had so many requests */
void fixture_until_requests (const char *method, const char *path, guint n);

/* What an appsink of raw sound hears, in Hz; 0 if it is too quiet */
double fixture_hear (GstElement *pipeline, const char *appsink, guint seconds);
/* At the appsink of FIXTURE_SOUND */
void fixture_assert_tone (GstElement *pipeline, double frequency);
/* Mean red, green and blue of a later frame of an appsink of RGB */
void fixture_see (GstElement *pipeline, const char *appsink, guint frames,
    guint rgb[3]);

/* What kandysignaller's action "request" answers to a structure, given as text;
 * (transfer full). _well: it must not be an error */
GstStructure *fixture_ask (GstElement *signaller, const char *text);
GstStructure *fixture_ask_well (GstElement *signaller, const char *text);
void fixture_assert_refused (GstElement *signaller, const char *text,
    const char *code);
/* Of an answer: (transfer full): a structure; the length of an array;
 * (transfer none): a structure of an array */
GstStructure *fixture_get_member (const GstStructure *reply,
    const char *field);
guint fixture_get_length (const GstStructure *reply, const char *field);
const GstStructure *fixture_get_item (const GstStructure *reply,
    const char *field, guint index);
/* Until the message "kandy-event" of this name is on the bus */
void fixture_wait_event (GstElement *pipeline, const char *name);

G_END_DECLS
