/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A leaky bucket: what was made fills it, time empties it at the bit rate. Most
 * encoders have only their quantizer to keep to a rate; the coarsest one still
 * makes many times what a narrow line takes of a picture that is full of
 * detail. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybitbudget.h"

GST_DEBUG_CATEGORY_STATIC (bit_budget_debug);
#define GST_CAT_DEFAULT bit_budget_debug

/* What may be made in advance: a key frame, which encoders that keep to their
 * rate make up for by themselves */
#define ALLOWANCE (600 * GST_MSECOND)

typedef struct {
  GMutex lock;
  guint bitrate;
  GstClockTime debt; /* the time that it takes to send what is too much */
  GstClockTime last; /* PTS of the picture before */
} GstKandyBitBudget;

static GQuark
budget_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-bit-budget");
}

static void
clear_budget (gpointer data)
{
  g_mutex_clear (&((GstKandyBitBudget *) data)->lock);
}

static void
unref_budget (gpointer data)
{
  g_atomic_rc_box_release_full (data, clear_budget);
}

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyBitBudget *self = user_data;
  GstClockTime time = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));
  gboolean drop;

  g_mutex_lock (&self->lock);
  if (GST_CLOCK_TIME_IS_VALID (time) && GST_CLOCK_TIME_IS_VALID (self->last)
      && time > self->last)
    self->debt -= MIN (self->debt, time - self->last);
  self->last = time;
  drop = self->debt > ALLOWANCE;
  g_mutex_unlock (&self->lock);

  if (!drop)
    return GST_PAD_PROBE_OK;
  GST_LOG_OBJECT (pad, "left out, more than the bit rate was made");
  return GST_PAD_PROBE_DROP;
}

static GstPadProbeReturn
on_encoded (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandyBitBudget *self = user_data;
  gsize size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));

  g_mutex_lock (&self->lock);
  if (self->bitrate)
    self->debt += gst_util_uint64_scale (size * 8, GST_SECOND, self->bitrate);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

static void
watch (GstElement *encoder, const char *name, GstPadProbeCallback callback,
    GstKandyBitBudget *self)
{
  GstPad *pad = gst_element_get_static_pad (encoder, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback,
      g_atomic_rc_box_acquire (self), unref_budget);
  gst_object_unref (pad);
}

void
gst_kandy_bit_budget_attach (GstElement *encoder)
{
  GstKandyBitBudget *self = g_atomic_rc_box_new0 (GstKandyBitBudget);
  static gsize initialized = 0;

  if (g_once_init_enter (&initialized)) {
    GST_DEBUG_CATEGORY_INIT (
        bit_budget_debug, "kandybitbudget", 0, "what encoders may make");
    g_once_init_leave (&initialized, 1);
  }
  g_mutex_init (&self->lock);
  self->last = GST_CLOCK_TIME_NONE;
  watch (encoder, "sink", on_picture, self);
  watch (encoder, "src", on_encoded, self);
  g_object_set_qdata_full (
      G_OBJECT (encoder), budget_quark (), self, unref_budget);
}

void
gst_kandy_bit_budget_set_rate (GstElement *encoder, guint bitrate)
{
  GstKandyBitBudget *self =
      g_object_get_qdata (G_OBJECT (encoder), budget_quark ());

  if (!self)
    return;
  g_mutex_lock (&self->lock);
  /* It takes less time to send at a higher rate. At a lower one it is not made
   * to take more, or there would be no picture for long. */
  if (bitrate > self->bitrate)
    self->debt = gst_util_uint64_scale (self->debt, self->bitrate, bitrate);
  self->bitrate = bitrate;
  g_mutex_unlock (&self->lock);
}
