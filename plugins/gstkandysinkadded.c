/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydevices.h"
#include "gstkandysink-private.h"
#include "gstkandysinkdevices-private.h"
#include "gstkandyvariant.h"

/* SECTION: devices that actions add to a call
 *
 * They are acquired all or none, and only then offered. Their pads are on
 * demand: no call has them but the one that they were opened for, and nothing
 * is offered by itself while a device is being closed. They go with their
 * tracks.
 */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_sink_devices_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_devices_debug

/* For the first buffer, and for devices that are being closed */
#define PATIENCE (5 * G_TIME_SPAN_SECOND)

/* The platform's order (protocol calls 4.1) */
static const struct {
  GstKandySinkDevice which;
  const char *name;
  const char *options;
} kinds[] = {
  { GST_KANDY_SINK_SCREEN, "screen", "screen-options" },
  { GST_KANDY_SINK_AUDIO, "audio", "audio-options" },
  { GST_KANDY_SINK_VIDEO, "video", "video-options" },
};

typedef struct {
  GstKandySinkDevices *devices; /* the element's, which is held */
  guint serial;
  gboolean wanted[G_N_ELEMENTS (kinds)];
  GstStructure *options[G_N_ELEMENTS (kinds)]; /* (nullable) */
  GstPromise *promise;
} Acquisition;

static void
acquisition_free (gpointer data)
{
  Acquisition *self = data;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_clear_pointer (&self->options[i], gst_structure_free);
  gst_promise_unref (self->promise);
  g_free (self);
}

void
gst_kandy_sink_added_free (gpointer data)
{
  GstKandySinkAdded *self = data;

  gst_clear_object (&self->src);
  gst_clear_object (&self->pad);
  g_clear_error (&self->error);
  g_free (self);
}

/* With the lock */
static gboolean
is_current (const Acquisition *acquisition)
{
  return acquisition->devices->started
      && acquisition->serial == acquisition->devices->serial;
}

static GError *
not_wanted (void)
{
  return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
      "The device is not wanted any more");
}

/* With the lock. (nullable) */
static GstKandySinkAdded *
find_pad (GstKandySinkDevices *self, GstPad *pad, guint *index)
{
  guint i;

  for (i = 0; i < self->added->len; i++) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->pad == pad) {
      *index = i;
      return added;
    }
  }
  return NULL;
}

/* With the lock */
static void
close_at (GstKandySinkDevices *self, guint index)
{
  GstKandySinkAdded *added = g_ptr_array_steal_index (self->added, index);

  gst_kandy_sink_devices_unlink_later (
      self, g_steal_pointer (&added->src), g_steal_pointer (&added->pad));
  gst_kandy_sink_added_free (added);
}

/* On a streaming thread */
static void
on_caps (GstPad *pad, GParamSpec *pspec, GstKandySinkDevices *self)
{
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstKandySinkDevices *self = user_data;
  GstKandySinkAdded *added;
  guint i;

  g_mutex_lock (&self->lock);
  added = find_pad (self, pad, &i);
  if (added != NULL)
    added->flowing = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_REMOVE;
}

/* With the link lock. @branch: (transfer floating) */
static void
link_added (Acquisition *acquisition, guint kind, GstElement *branch)
{
  GstKandySinkDevices *self = acquisition->devices;
  GstKandySinkAdded *added = g_new0 (GstKandySinkAdded, 1);

  added->which = kinds[kind].which;
  added->serial = acquisition->serial;
  if (!gst_kandy_sink_devices_link (
          self, added->which, TRUE, &added->src, &added->pad)) {
    gst_kandy_device_src_discard (branch);
    gst_kandy_sink_added_free (added);
    return;
  }
  g_signal_connect (added->pad, "notify::caps", G_CALLBACK (on_caps), self);
  gst_pad_add_probe (added->pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_buffer,
      self, NULL);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->added, added);
  g_mutex_unlock (&self->lock);
  gst_kandy_device_src_take (added->src, branch, NULL);
}

/* With the lock: what can be sent now, or a reason why it cannot. While the
 * element is paused nothing comes of what is live. */
static gboolean
is_ready (Acquisition *acquisition, GstKandySinkAdded *added, GError **error)
{
  GstKandySinkDevices *self = acquisition->devices;
  GstKandySinkPad *pad = GST_KANDY_SINK_PAD (added->pad);
  g_autoptr (GstCaps) caps = NULL;

  if (added->over) {
    g_propagate_error (error,
        added->error != NULL ? g_error_copy (added->error)
                             : gst_kandy_device_error (KANDY_ERROR_MEDIA,
                                 "NotReadableError", "The %s is at its end.",
                                 gst_kandy_device_get_noun (added->which)));
    return FALSE;
  }
  caps = gst_kandy_sink_pad_dup_caps (pad);
  if (caps == NULL
      || (!added->flowing && GST_STATE (self->sink) == GST_STATE_PLAYING))
    return FALSE;
  if (gst_kandy_sink_is_sendable (GST_KANDY_SINK (self->sink), pad, caps))
    return TRUE;
  g_propagate_error (error,
      gst_kandy_device_error (KANDY_ERROR_MEDIA, "NotSupportedError",
          "No codec is allowed for what the %s gives.",
          gst_kandy_device_get_noun (added->which)));
  return FALSE;
}

/* With the lock */
static gboolean
are_ready (Acquisition *acquisition, GError **error)
{
  GstKandySinkDevices *self = acquisition->devices;
  guint i;

  for (i = 0; i < self->added->len; i++) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->serial == acquisition->serial && !added->acquired
        && !is_ready (acquisition, added, error))
      return FALSE;
  }
  return TRUE;
}

/* With the lock */
static gboolean
wait_ready (Acquisition *acquisition, GError **error)
{
  GstKandySinkDevices *self = acquisition->devices;
  gint64 end = g_get_monotonic_time () + PATIENCE;
  GError *reason = NULL;

  while (is_current (acquisition) && !are_ready (acquisition, &reason)) {
    if (reason == NULL && !g_cond_wait_until (&self->cond, &self->lock, end))
      reason = gst_kandy_device_error (
          KANDY_ERROR_MEDIA, "NotReadableError", "A device gives nothing.");
    if (reason != NULL) {
      g_propagate_error (error, reason);
      return FALSE;
    }
  }
  if (!is_current (acquisition))
    g_propagate_error (error, not_wanted ());
  return is_current (acquisition);
}

/* (transfer full): FALSE: none is open */
static gboolean
open_all (Acquisition *acquisition, GstElement **branches, GError **error)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (!acquisition->wanted[i])
      continue;
    branches[i] = gst_kandy_device_open (
        kinds[i].which, GST_KANDY_DEVICE_ANY, acquisition->options[i], error);
    if (branches[i] == NULL)
      break;
  }
  if (i == G_N_ELEMENTS (kinds))
    return TRUE;
  while (i-- > 0)
    if (branches[i] != NULL) {
      gst_kandy_device_src_discard (branches[i]);
    }
  return FALSE;
}

/* One that was closed a moment ago may be asked for again */
static void
wait_closed (GstKandySinkDevices *self)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&self->lock);
  while (self->closing > 0 && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  g_mutex_unlock (&self->lock);
}

/* With the lock. What has been acquired waits for its track; if it failed,
 * nothing is left of it */
static void
conclude (Acquisition *acquisition, gboolean acquired)
{
  GstKandySinkDevices *self = acquisition->devices;
  guint i;

  for (i = self->added->len; i-- > 0;) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->serial != acquisition->serial || added->acquired)
      continue;
    if (acquired)
      added->acquired = TRUE;
    else
      close_at (self, i);
  }
}

/* On a thread of its own, at which the element is held */
static void
acquire (GstElement *element, gpointer user_data)
{
  Acquisition *acquisition = user_data;
  GstKandySinkDevices *self = acquisition->devices;
  GstElement *branches[G_N_ELEMENTS (kinds)] = { NULL };
  g_autoptr (GError) error = NULL;
  gboolean open, current;
  guint i;

  wait_closed (self);
  open = open_all (acquisition, branches, &error);
  if (open) {
    g_mutex_lock (&self->link_lock);
    g_mutex_lock (&self->lock);
    current = is_current (acquisition);
    g_mutex_unlock (&self->lock);
    for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
      if (branches[i] != NULL && current) {
        link_added (acquisition, i, branches[i]);
      } else if (branches[i] != NULL) {
        gst_kandy_device_src_discard (branches[i]);
      }
    }
    g_mutex_unlock (&self->link_lock);
    g_mutex_lock (&self->lock);
    open = wait_ready (acquisition, &error);
    conclude (acquisition, open);
    g_mutex_unlock (&self->lock);
    if (!open)
      wait_closed (self);
  }
  gst_kandy_promise_reply (acquisition->promise, NULL, error);
}

gboolean
gst_kandy_sink_devices_acquire (
    GstKandySinkDevices *self, KandyMediaOptions *wanted, GstPromise *promise)
{
  Acquisition *acquisition = g_new0 (Acquisition, 1);
  guint i;

  acquisition->devices = self;
  acquisition->promise = gst_promise_ref (promise);
  for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr (GVariant) options = NULL;

    g_object_get (wanted, kinds[i].name, &acquisition->wanted[i],
        kinds[i].options, &options, NULL);
    acquisition->options[i] = options != NULL
        ? gst_kandy_structure_from_variant ("options", options)
        : gst_kandy_sink_devices_dup_options (self, kinds[i].which);
  }
  g_mutex_lock (&self->lock);
  acquisition->serial = self->serial;
  g_mutex_unlock (&self->lock);
  gst_element_call_async (self->sink, acquire, acquisition, acquisition_free);
  return TRUE;
}

GPtrArray *
gst_kandy_sink_devices_dup_acquired (
    GstKandySinkDevices *self, GstKandySinkDevice which)
{
  GPtrArray *pads = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->added->len; i++) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->which == which && added->acquired
        && !gst_kandy_sink_pad_is_prepared (GST_KANDY_SINK_PAD (added->pad)))
      g_ptr_array_add (pads, gst_object_ref (added->pad));
  }
  g_mutex_unlock (&self->lock);
  return pads;
}

void
gst_kandy_sink_devices_release (GstKandySinkDevices *self)
{
  guint i;

  g_mutex_lock (&self->lock);
  for (i = self->added->len; i-- > 0;) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->acquired
        && !gst_kandy_sink_pad_is_prepared (GST_KANDY_SINK_PAD (added->pad)))
      close_at (self, i);
  }
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_sink_devices_track_ended (
    GstKandySinkDevices *self, GstKandySinkPad *pad)
{
  guint i;

  g_mutex_lock (&self->lock);
  if (find_pad (self, GST_PAD (pad), &i) != NULL)
    close_at (self, i);
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_sink_devices_call_ended (GstKandySinkDevices *self)
{
  g_mutex_lock (&self->lock);
  gst_kandy_sink_added_close_all (self);
  g_mutex_unlock (&self->lock);
}

GstKandySinkAdded *
gst_kandy_sink_added_take_lost (
    GstKandySinkDevices *self, GstKandyDeviceSrc *src, const GError *error)
{
  guint i;

  for (i = 0; i < self->added->len; i++) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->src != src)
      continue;
    if (added->acquired)
      return g_ptr_array_steal_index (self->added, i);
    added->over = TRUE;
    g_clear_error (&added->error);
    added->error = error != NULL ? g_error_copy (error) : NULL;
    g_cond_broadcast (&self->cond);
    return NULL;
  }
  return NULL;
}

void
gst_kandy_sink_added_close_all (GstKandySinkDevices *self)
{
  self->serial++;
  while (self->added->len > 0)
    close_at (self, self->added->len - 1);
  g_cond_broadcast (&self->cond);
}
