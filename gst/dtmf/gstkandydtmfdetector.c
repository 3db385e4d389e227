/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmfdetector.h"

#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>

/* How far the detector may fall behind on a busy machine: what is dropped then
 * is a hole in a tone */
#define MAX_BEHIND (5 * GST_SECOND)
/* A longer hole in the sound can hide a pause: what follows begins anew. A
 * shorter one inside a tone is cut out, or the tone would count twice. */
#define MAX_CUT (100 * GST_MSECOND)
/* Tones begin this far apart at least (ITU-T Q.24, table A-1). The same digit
 * sooner is one tone that was broken where it was made. */
#define MIN_CYCLE (93 * GST_MSECOND)
/* A decoder needs some time behind a hole until its sound is right, and the
 * detector some until it finds the tone again */
#define RECOVERY (65 * GST_MSECOND)
/* Less is how buffers are rounded */
#define MIN_HOLE (2 * GST_MSECOND)

/* The first buffer behind a hole that was cut out */
#define FLAG_CUT GST_BUFFER_FLAG_MARKER

#define NO_DIGIT 16

struct _GstKandyDtmfDetector {
  GstElement *pipeline;
  GstElement *source;
  GstCaps *caps;
  GstClockTime expected; /* stream time of the next buffer */
  GstClockTime fed; /* how much sound the detector has got, without holes */
  /* in its own thread */
  GstClockTime now;
  guint level;
  GstClockTime cut_time;
  guint cut_level; /* before it */
  GstClockTime heard_time;
  guint heard_number;
  GstKandyDtmfHeard heard;
  gpointer user_data;
};

static guint
get_peak (GstBuffer *buffer)
{
  GstMapInfo map;
  guint peak = 0;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return 0;
  for (gsize i = 0; i < map.size / sizeof (gint16); i++)
    peak = MAX (peak, (guint) ABS ((int) ((gint16 *) map.data)[i]));
  gst_buffer_unmap (buffer, &map);
  return peak;
}

/* What a tone is found in next; its time is that of the sound without holes */
static GstPadProbeReturn
on_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyDtmfDetector *self = user_data;

  self->now = GST_BUFFER_PTS (info->data);
  if (GST_BUFFER_FLAG_IS_SET (info->data, FLAG_CUT)) {
    self->cut_time = self->now;
    self->cut_level = self->level;
  }
  self->level = get_peak (info->data);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_within (GstClockTime now, GstClockTime since, GstClockTime limit)
{
  return GST_CLOCK_TIME_IS_VALID (since) && GST_CLOCK_TIME_IS_VALID (now)
      && now < since + limit;
}

/* The tone went into the hole that it comes out of: in a pause it is quieter by
 * 12 dB at least */
static void
hear (GstKandyDtmfDetector *self, guint number)
{
  gboolean again = number == self->heard_number
      && (is_within (self->now, self->heard_time, MIN_CYCLE)
          || (is_within (self->now, self->cut_time, RECOVERY)
              && self->cut_level >= self->level / 4));

  self->heard_time = self->now;
  self->heard_number = number;
  if (!again)
    self->heard (number, self->user_data);
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GstKandyDtmfDetector *self = user_data;
  const GstStructure *s = gst_message_get_structure (message);
  int number;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_structure_has_name (s, "dtmf-event")
      && gst_structure_get_int (s, "number", &number) && number >= 0
      && number <= 15)
    hear (self, (guint) number);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

GstKandyDtmfDetector *
gst_kandy_dtmf_detector_new (
    GstKandyDtmfHeard heard, gpointer user_data, const char **missing)
{
  static const char *const names[] = { "appsrc", "audioconvert",
    "audioresample", "dtmfdetect", "fakesink" };
  enum { DETECTOR = 3 };
  GstElement *elements[G_N_ELEMENTS (names)];
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstPad) pad = NULL;
  GstKandyDtmfDetector *self;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    elements[i] = gst_element_factory_make (names[i], NULL);
    if (!elements[i]) {
      *missing = names[i];
      return NULL;
    }
    gst_bin_add (GST_BIN (pipeline), elements[i]);
    if (i > 0)
      gst_element_link (elements[i - 1], elements[i]);
  }
  g_object_set (elements[0], "format", GST_FORMAT_TIME, "is-live", TRUE,
      "max-time", MAX_BEHIND, "max-bytes", (guint64) 0, "leaky-type",
      GST_APP_LEAKY_TYPE_DOWNSTREAM, NULL);
  g_object_set (elements[G_N_ELEMENTS (names) - 1], "sync", FALSE, "async",
      FALSE, "enable-last-sample", FALSE, NULL);

  self = g_new0 (GstKandyDtmfDetector, 1);
  self->heard = heard;
  self->user_data = user_data;
  self->expected = self->now = GST_CLOCK_TIME_NONE;
  self->heard_time = self->cut_time = GST_CLOCK_TIME_NONE;
  self->heard_number = NO_DIGIT;
  self->source = gst_object_ref (elements[0]);
  pad = gst_element_get_static_pad (elements[DETECTOR], "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_sound, self, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, self, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  self->pipeline = g_steal_pointer (&pipeline);
  return self;
}

void
gst_kandy_dtmf_detector_free (GstKandyDtmfDetector *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (self->source);
  gst_object_unref (self->pipeline);
  gst_clear_caps (&self->caps);
  g_free (self);
}

/* The detector forgets its tone at each discontinuity, and skips what is marked
 * as a gap, pauses between equal digits too: it gets sound without either, of
 * one length with its own count of time */
void
gst_kandy_dtmf_detector_push (
    GstKandyDtmfDetector *self, GstBuffer *buffer, GstCaps *caps)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstBuffer *sound = gst_buffer_copy (buffer);
  GstAudioInfo info;
  GstClockTime duration;

  if (!self->caps || !gst_caps_is_equal (self->caps, caps)) {
    gst_caps_replace (&self->caps, caps);
    gst_app_src_set_caps (GST_APP_SRC (self->source), caps);
  }
  if (!gst_audio_info_from_caps (&info, caps)) {
    gst_buffer_unref (sound);
    return;
  }

  duration = gst_util_uint64_scale_int (
      gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (&info), GST_SECOND,
      GST_AUDIO_INFO_RATE (&info));
  GST_BUFFER_FLAG_UNSET (sound,
      GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC | GST_BUFFER_FLAG_GAP
          | FLAG_CUT);
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    if (GST_CLOCK_TIME_IS_VALID (self->expected)
        && (pts > self->expected + MAX_CUT || pts + MAX_CUT < self->expected)) {
      GST_BUFFER_FLAG_SET (sound, GST_BUFFER_FLAG_DISCONT);
      self->fed += MIN_CYCLE;
    } else if (GST_CLOCK_TIME_IS_VALID (self->expected)
        && pts > self->expected + MIN_HOLE) {
      GST_BUFFER_FLAG_SET (sound, FLAG_CUT);
    }
    self->expected = pts + duration;
  }
  GST_BUFFER_PTS (sound) = self->fed;
  GST_BUFFER_DURATION (sound) = duration;
  self->fed += duration;
  gst_app_src_push_buffer (GST_APP_SRC (self->source), sound);
}
