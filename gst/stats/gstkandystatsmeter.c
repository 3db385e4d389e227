/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytransport-private.h"

/* webrtcbin's own statistics mix up the streams of a bundle and know nothing of
 * the bytes on the path, so both are read where they are made: in the RTP
 * sessions and jitter buffers, by SSRC, and at the sockets, by ICE stream. */

typedef struct {
  GMutex lock;
  GstKandyTraffic counts;
} Counter;

struct _GstKandyStatsMeter {
  GMutex lock;
  GPtrArray *sessions;  /* GWeakRef: rtpsession */
  GPtrArray *buffers;   /* GWeakRef: rtpjitterbuffer */
  GPtrArray *decoders;  /* GWeakRef: dtlsdec */
  GHashTable *counters; /* ICE stream -> Counter */
};

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static GPtrArray *
weak_array_new (void)
{
  return g_ptr_array_new_with_free_func (weak_free);
}

static void
counter_clear (gpointer data)
{
  g_mutex_clear (&((Counter *) data)->lock);
}

static void
counter_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, counter_clear);
}

static void
meter_clear (gpointer data)
{
  GstKandyStatsMeter *self = data;

  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->buffers);
  g_ptr_array_unref (self->decoders);
  g_hash_table_unref (self->counters);
  g_mutex_clear (&self->lock);
}

static void
add_weak (GstKandyStatsMeter *self, GPtrArray *array, GstElement *element)
{
  GWeakRef *weak = g_new (GWeakRef, 1);

  g_weak_ref_init (weak, element);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (array, weak);
  g_mutex_unlock (&self->lock);
}

/* (transfer full) (element-type GstElement): those that still live */
static GPtrArray *
dup_living (GstKandyStatsMeter *self, GPtrArray *array)
{
  GPtrArray *living = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i = 0;

  g_mutex_lock (&self->lock);
  while (i < array->len) {
    GstElement *element = g_weak_ref_get (g_ptr_array_index (array, i));

    if (element) {
      g_ptr_array_add (living, element);
      i++;
    } else {
      g_ptr_array_remove_index (array, i);
    }
  }
  g_mutex_unlock (&self->lock);
  return living;
}

static Counter *
get_counter (GstKandyStatsMeter *self, guint stream)
{
  Counter *counter;

  g_mutex_lock (&self->lock);
  counter = g_hash_table_lookup (self->counters, GUINT_TO_POINTER (stream));
  if (!counter) {
    counter = g_atomic_rc_box_new0 (Counter);
    g_mutex_init (&counter->lock);
    g_hash_table_insert (self->counters, GUINT_TO_POINTER (stream), counter);
  }
  g_atomic_rc_box_acquire (counter);
  g_mutex_unlock (&self->lock);
  return counter;
}

static void
add (Counter *counter, GstPadProbeInfo *info, guint64 *packets, guint64 *bytes,
    gint64 *last)
{
  guint n = 1;
  gsize size;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    n = gst_buffer_list_length (list);
    size = gst_buffer_list_calculate_size (list);
  } else {
    size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  }
  g_mutex_lock (&counter->lock);
  *packets += n;
  *bytes += size;
  *last = g_get_real_time ();
  g_mutex_unlock (&counter->lock);
}

static GstPadProbeReturn
received (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counter *counter = user_data;

  add (counter, info, &counter->counts.packets_received,
      &counter->counts.bytes_received, &counter->counts.last_received);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
sent (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counter *counter = user_data;

  add (counter, info, &counter->counts.packets_sent,
      &counter->counts.bytes_sent, &counter->counts.last_sent);
  return GST_PAD_PROBE_OK;
}

static void
count (GstKandyStatsMeter *self, GstElement *element, const char *pad_name,
    GstPadProbeCallback probe)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, pad_name);
  guint stream = gst_kandy_ice_stream_of (element);

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, probe,
      get_counter (self, stream), counter_unref);
}

/* rtpsession hands out a GValueArray, which GLib has deprecated */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS
static void
read_session (GstKandyRtpStats *stats, GstElement *session)
{
  GstStructure *all = NULL;
  const GValue *array;
  GValueArray *values = NULL;

  g_object_get (session, "stats", &all, NULL);
  if (!all)
    return;
  array = gst_structure_get_value (all, "source-stats");
  if (array && G_VALUE_HOLDS_BOXED (array))
    values = g_value_get_boxed (array);
  for (guint i = 0; values && i < values->n_values; i++) {
    const GstStructure *s = g_value_get_boxed (&values->values[i]);
    guint ssrc;

    if (s && gst_structure_get_uint (s, "ssrc", &ssrc))
      g_hash_table_replace (
          stats->sources, GUINT_TO_POINTER (ssrc), gst_structure_copy (s));
  }
  gst_structure_free (all);
}
G_GNUC_END_IGNORE_DEPRECATIONS

static void
read_buffer (GstKandyRtpStats *stats, GstElement *buffer)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (buffer, "src");
  g_autoptr (GstCaps) caps = pad ? gst_pad_get_current_caps (pad) : NULL;
  GstStructure *s = NULL;
  guint ssrc;

  if (!caps
      || !gst_structure_get_uint (
          gst_caps_get_structure (caps, 0), "ssrc", &ssrc))
    return;
  g_object_get (buffer, "stats", &s, NULL);
  if (s)
    g_hash_table_replace (stats->buffers, GUINT_TO_POINTER (ssrc), s);
}

GstKandyStatsMeter *
gst_kandy_stats_meter_new (void)
{
  GstKandyStatsMeter *self = g_atomic_rc_box_new0 (GstKandyStatsMeter);

  g_mutex_init (&self->lock);
  self->sessions = weak_array_new ();
  self->buffers = weak_array_new ();
  self->decoders = weak_array_new ();
  self->counters = g_hash_table_new_full (NULL, NULL, NULL, counter_unref);
  return self;
}

GstKandyStatsMeter *
gst_kandy_stats_meter_ref (GstKandyStatsMeter *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gst_kandy_stats_meter_unref (GstKandyStatsMeter *self)
{
  g_atomic_rc_box_release_full (self, meter_clear);
}

void
gst_kandy_stats_meter_watch (
    GstKandyStatsMeter *self, GstElement *element, const char *factory_name)
{
  if (g_str_equal (factory_name, "rtpsession"))
    add_weak (self, self->sessions, element);
  else if (g_str_equal (factory_name, "rtpjitterbuffer"))
    add_weak (self, self->buffers, element);
  else if (g_str_equal (factory_name, "dtlsdec"))
    add_weak (self, self->decoders, element);
  else if (g_str_equal (factory_name, "nicesrc"))
    count (self, element, "src", received);
  else if (g_str_equal (factory_name, "nicesink"))
    count (self, element, "sink", sent);
}

void
gst_kandy_stats_meter_read (GstKandyStatsMeter *self, GstKandyRtpStats *stats)
{
  g_autoptr (GPtrArray) sessions = dup_living (self, self->sessions);
  g_autoptr (GPtrArray) buffers = dup_living (self, self->buffers);

  stats->sources = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) gst_structure_free);
  stats->buffers = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) gst_structure_free);
  for (guint i = 0; i < sessions->len; i++)
    read_session (stats, g_ptr_array_index (sessions, i));
  for (guint i = 0; i < buffers->len; i++)
    read_buffer (stats, g_ptr_array_index (buffers, i));
}

void
gst_kandy_stats_meter_get_traffic (
    GstKandyStatsMeter *self, guint stream, GstKandyTraffic *traffic)
{
  Counter *counter = get_counter (self, stream);

  g_mutex_lock (&counter->lock);
  *traffic = counter->counts;
  g_mutex_unlock (&counter->lock);
  counter_unref (counter);
}

GstElement *
gst_kandy_stats_meter_dup_decoder (GstKandyStatsMeter *self, guint stream)
{
  g_autoptr (GPtrArray) decoders = dup_living (self, self->decoders);

  for (guint i = 0; i < decoders->len; i++)
    if (gst_kandy_ice_stream_of_decoder (g_ptr_array_index (decoders, i))
        == stream)
      return gst_object_ref (g_ptr_array_index (decoders, i));
  return NULL;
}

const GstStructure *
gst_kandy_rtp_stats_find_source (const GstKandyRtpStats *stats, guint ssrc)
{
  return stats->sources
      ? g_hash_table_lookup (stats->sources, GUINT_TO_POINTER (ssrc))
      : NULL;
}

const GstStructure *
gst_kandy_rtp_stats_find_buffer (const GstKandyRtpStats *stats, guint ssrc)
{
  return stats->buffers
      ? g_hash_table_lookup (stats->buffers, GUINT_TO_POINTER (ssrc))
      : NULL;
}

void
gst_kandy_rtp_stats_clear (GstKandyRtpStats *stats)
{
  g_clear_pointer (&stats->sources, g_hash_table_unref);
  g_clear_pointer (&stats->buffers, g_hash_table_unref);
}
