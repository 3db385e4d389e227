/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin.h"
#include "gstkandydevices.h"
#include "gstkandysink-private.h"
#include "gstkandysinkdevices-private.h"

/* SECTION: devices of kandysink
 *
 * A device is linked to a request pad of the element from within. So it is sent
 * as everything else is, can be muted at the pad, and is one more medium of the
 * call. Looking for a device and opening it can take long and happens in
 * threads of its own; the call waits for it as for pads without caps.
 */

GST_DEBUG_CATEGORY (gst_kandy_sink_devices_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_devices_debug

/* For devices that are being closed, before the element is stopped */
#define CLOSE_PATIENCE (2 * G_TIME_SPAN_SECOND)

#define LOST "what it gave is not sent any more"

/* Templates, the second if there is no first */
static const char *const pads[][2] = {
  [GST_KANDY_SINK_AUDIO] = { "audio_%u", NULL },
  [GST_KANDY_SINK_VIDEO] = { "video_%u", NULL },
  [GST_KANDY_SINK_SCREEN] = { "screen_%u", "video_%u" },
};

/* One attempt to open */
typedef struct {
  GstKandySinkDevices *devices; /* the element's, which is held */
  GstKandySinkDevice which;
  guint serial;
  char *id;
  GstStructure *options;
  GstPromise *promise; /* (nullable) */
  /* to replace a track */
  GstKandySinkPad *pad; /* (nullable) */
  GstElement *source;   /* (nullable): instead of a device */
} Attempt;

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;

  if (attempt->promise != NULL) {
    g_autoptr (GError) error = kandy_error_new (KANDY_ERROR_INVALID_STATE,
        "call:6", 0, "The device is not wanted any more");

    gst_kandy_promise_reply (attempt->promise, NULL, error);
    gst_promise_unref (attempt->promise);
  }
  gst_clear_object (&attempt->pad);
  gst_clear_object (&attempt->source);
  g_free (attempt->id);
  g_clear_pointer (&attempt->options, gst_structure_free);
  g_free (attempt);
}

static gboolean
has_wish (const GstKandySinkSlot *slot)
{
  return slot->id != NULL;
}

static void on_failed (
    GstKandyDeviceSrc *src, const GError *error, gpointer user_data);

static void
on_changed (gpointer pad)
{
  gst_kandy_sink_pad_relabel (pad);
}

gboolean
gst_kandy_sink_devices_link (GstKandySinkDevices *self,
    GstKandySinkDevice which, gboolean on_demand, GstKandyDeviceSrc **src,
    GstPad **pad)
{
  g_autoptr (GstKandyDeviceSrc) made =
      gst_object_ref_sink (gst_kandy_device_src_new ());
  g_autoptr (GstPad) requested = NULL;
  g_autoptr (GstPad) source_pad = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (pads[which]) && requested == NULL; i++)
    if (pads[which][i] != NULL
        && gst_element_get_pad_template (self->sink, pads[which][i]) != NULL)
      requested = gst_element_request_pad_simple (self->sink, pads[which][i]);
  if (requested == NULL)
    return FALSE;
  /* before it is linked, which is what lets it be offered */
  gst_kandy_sink_pad_set_on_demand (GST_KANDY_SINK_PAD (requested), on_demand);
  gst_kandy_device_src_set_failed (made, on_failed, self);
  gst_kandy_device_src_set_changed (made, on_changed, requested);
  gst_bin_add (GST_BIN (self->sink), GST_ELEMENT (made));
  source_pad = gst_element_get_static_pad (GST_ELEMENT (made), "src");
  /* from within: the pad is the bin's own, which the check of the hierarchy
   * does not allow for */
  gst_pad_link_full (source_pad, requested, GST_PAD_LINK_CHECK_NOTHING);
  gst_element_sync_state_with_parent (GST_ELEMENT (made));
  *src = g_steal_pointer (&made);
  *pad = g_steal_pointer (&requested);
  return TRUE;
}

void
gst_kandy_sink_devices_unlink (
    GstKandySinkDevices *self, GstKandyDeviceSrc *src, GstPad *pad)
{
  g_autoptr (GstPad) source_pad = NULL;

  gst_kandy_sink_pad_set_removed (GST_KANDY_SINK_PAD (pad), TRUE);
  gst_kandy_sink_pad_stop (GST_KANDY_SINK_PAD (pad));
  gst_kandy_device_src_stop (src);
  gst_element_set_locked_state (GST_ELEMENT (src), TRUE);
  gst_element_set_state (GST_ELEMENT (src), GST_STATE_NULL);
  source_pad = gst_element_get_static_pad (GST_ELEMENT (src), "src");
  gst_pad_unlink (source_pad, pad);
  gst_bin_remove (GST_BIN (self->sink), GST_ELEMENT (src));
  gst_element_release_request_pad (self->sink, pad);
  gst_object_unref (src);
  gst_object_unref (pad);
}

/* With the link lock */
static gboolean
link_slot (GstKandySinkDevices *self, GstKandySinkDevice which)
{
  GstKandyDeviceSrc *src = NULL;
  GstPad *pad = NULL;

  if (!gst_kandy_sink_devices_link (self, which, FALSE, &src, &pad))
    return FALSE;
  g_mutex_lock (&self->lock);
  self->slots[which].src = src;
  self->slots[which].pad = pad;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* With the link lock */
static void
unlink_slot (GstKandySinkDevices *self, GstKandySinkDevice which)
{
  GstKandyDeviceSrc *src;
  GstPad *pad;

  g_mutex_lock (&self->lock);
  src = g_steal_pointer (&self->slots[which].src);
  pad = g_steal_pointer (&self->slots[which].pad);
  g_mutex_unlock (&self->lock);
  if (src != NULL)
    gst_kandy_sink_devices_unlink (self, src, pad);
}

typedef struct {
  GstKandySinkDevices *devices; /* the element's, which is held */
  GstKandyDeviceSrc *src;
  GstPad *pad;
} Closing;

/* On a thread of its own, at which the element is held */
static void
close_device (GstElement *element, gpointer user_data)
{
  Closing *closing = user_data;
  GstKandySinkDevices *self = closing->devices;

  g_mutex_lock (&self->link_lock);
  gst_kandy_sink_devices_unlink (self, closing->src, closing->pad);
  g_mutex_unlock (&self->link_lock);
  g_mutex_lock (&self->lock);
  self->closing--;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
gst_kandy_sink_devices_unlink_later (
    GstKandySinkDevices *self, GstKandyDeviceSrc *src, GstPad *pad)
{
  Closing *closing = g_new0 (Closing, 1);

  closing->devices = self;
  closing->src = src;
  closing->pad = pad;
  self->closing++;
  gst_element_call_async (self->sink, close_device, closing, g_free);
}

/* The event of the API document, beside the message */
static void
report (GstKandySinkDevices *self, gboolean fatal, const char *consequence,
    const GError *error)
{
  const char *code = kandy_error_get_platform_code (error);

  if (code == NULL)
    code = "NO_CODE";
  if (fatal)
    GST_ELEMENT_ERROR_WITH_DETAILS (self->sink, RESOURCE, NOT_FOUND,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else
    GST_ELEMENT_WARNING_WITH_DETAILS (self->sink, RESOURCE, NOT_FOUND,
        ("%s", error->message), ("%s", consequence),
        ("code", G_TYPE_STRING, code, NULL));
  gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (self->sink),
      gst_structure_new ("device-error", "error", G_TYPE_ERROR, error, NULL),
      NULL);
}

void
gst_kandy_sink_devices_report (GstKandySinkDevices *self, const GError *error)
{
  report (self, FALSE, LOST, error);
}

/* On a streaming thread: what a device sends in a call ends with it, and
 * nothing else does */
static void
on_failed (GstKandyDeviceSrc *src, const GError *error, gpointer user_data)
{
  GstKandySinkDevices *self = user_data;
  GstKandySinkAdded *added;
  GstPad *pad = NULL;
  GstKandyDeviceSrc *held = NULL;
  gboolean sent;

  g_mutex_lock (&self->lock);
  added = gst_kandy_sink_added_take_lost (self, src, error);
  if (added != NULL) {
    held = g_steal_pointer (&added->src);
    pad = g_steal_pointer (&added->pad);
    gst_kandy_sink_added_free (added);
  }
  for (guint i = 0; i < GST_KANDY_SINK_N_DEVICES && pad == NULL; i++) {
    if (self->slots[i].src != src)
      continue;
    held = g_steal_pointer (&self->slots[i].src);
    pad = g_steal_pointer (&self->slots[i].pad);
  }
  if (pad == NULL) {
    g_mutex_unlock (&self->lock);
    return;
  }
  sent = gst_kandy_sink_pad_is_prepared (GST_KANDY_SINK_PAD (pad));
  gst_kandy_sink_pad_set_removed (GST_KANDY_SINK_PAD (pad), TRUE);
  gst_kandy_sink_devices_unlink_later (self, held, pad);
  g_mutex_unlock (&self->lock);
  if (error != NULL)
    report (self, added == NULL && !sent, LOST, error);
}

/* On a thread of its own, at which the element is held */
static void
open_slot (GstElement *element, gpointer user_data)
{
  Attempt *attempt = user_data;
  GstKandySinkDevices *self = attempt->devices;
  GstKandySinkSlot *slot = &self->slots[attempt->which];
  g_autoptr (GError) error = NULL;
  GstElement *branch = gst_kandy_device_open (
      attempt->which, attempt->id, attempt->options, &error);
  gboolean wanted, first;

  g_mutex_lock (&self->link_lock);
  g_mutex_lock (&self->lock);
  wanted = self->started && slot->serial == attempt->serial;
  first = slot->src == NULL;
  g_mutex_unlock (&self->lock);

  if (branch != NULL
      && (!wanted || (first && !link_slot (self, attempt->which)))) {
    gst_kandy_device_src_discard (branch);
  } else if (branch != NULL) {
    gst_kandy_device_src_take (
        slot->src, branch, g_steal_pointer (&attempt->promise));
  }
  /* Not before the pad is there: a call that is made in between would find
   * neither a device that is being opened nor a pad */
  g_mutex_lock (&self->lock);
  slot->opening--;
  g_mutex_unlock (&self->lock);
  g_mutex_unlock (&self->link_lock);

  if (error != NULL && wanted && attempt->promise == NULL)
    report (self, first, "what was sent before goes on", error);
  if (error != NULL) {
    gst_kandy_promise_reply (attempt->promise, NULL, error);
    g_clear_pointer (&attempt->promise, gst_promise_unref);
  }
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (element));
}

static void
close_slot (GstElement *element, gpointer user_data)
{
  Attempt *attempt = user_data;
  GstKandySinkDevices *self = attempt->devices;
  GstKandySinkSlot *slot = &self->slots[attempt->which];
  gboolean wanted;

  g_mutex_lock (&self->link_lock);
  g_mutex_lock (&self->lock);
  slot->opening--;
  wanted = slot->serial == attempt->serial;
  g_mutex_unlock (&self->lock);
  if (wanted)
    unlink_slot (self, attempt->which);
  g_mutex_unlock (&self->link_lock);
  if (wanted) {
    gst_kandy_promise_reply (attempt->promise, NULL, NULL);
    g_clear_pointer (&attempt->promise, gst_promise_unref);
  }
}

/* (transfer full) (nullable): if @pad is that of a device */
static GstKandyDeviceSrc *
dup_src (GstKandySinkDevices *self, GstKandySinkPad *pad)
{
  GstKandyDeviceSrc *src = NULL;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++)
    if (self->slots[i].pad == GST_PAD (pad))
      g_set_object (&src, self->slots[i].src);
  for (i = 0; i < self->added->len; i++) {
    GstKandySinkAdded *added = g_ptr_array_index (self->added, i);

    if (added->pad == GST_PAD (pad))
      g_set_object (&src, added->src);
  }
  g_mutex_unlock (&self->lock);
  return src;
}

/* On a thread of its own, at which the element is held */
static void
open_replacement (GstElement *element, gpointer user_data)
{
  Attempt *attempt = user_data;
  GstKandySinkDevices *self = attempt->devices;
  g_autoptr (GstKandyDeviceSrc) src = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *branch;

  if (attempt->source == NULL) {
    branch = gst_kandy_device_open (
        attempt->which, attempt->id, attempt->options, &error);
  } else if (gst_element_set_state (attempt->source, GST_STATE_READY)
      != GST_STATE_CHANGE_FAILURE) {
    branch = attempt->source;
  } else {
    gst_element_set_state (attempt->source, GST_STATE_NULL);
    branch = NULL;
    error = gst_kandy_device_error (
        KANDY_ERROR_MEDIA, "NotReadableError", "The source cannot be started.");
  }
  if (branch == NULL) {
    gst_kandy_promise_reply (attempt->promise, NULL, error);
    g_clear_pointer (&attempt->promise, gst_promise_unref);
    return;
  }
  gst_kandy_device_src_set_renewing (branch);
  g_mutex_lock (&self->link_lock);
  src = dup_src (self, attempt->pad);
  if (src != NULL)
    gst_kandy_device_src_take (
        src, branch, g_steal_pointer (&attempt->promise));
  else
    gst_kandy_sink_pad_replace (
        attempt->pad, branch, g_steal_pointer (&attempt->promise));
  g_mutex_unlock (&self->link_lock);
}

/* With the lock. @promise: (nullable) (transfer full) */
static Attempt *
new_attempt (
    GstKandySinkDevices *self, GstKandySinkDevice which, GstPromise *promise)
{
  GstKandySinkSlot *slot = &self->slots[which];
  Attempt *attempt = g_new0 (Attempt, 1);

  slot->opening++;
  attempt->devices = self;
  attempt->which = which;
  attempt->serial = ++slot->serial;
  attempt->id = g_strdup (slot->id);
  attempt->options =
      slot->options != NULL ? gst_structure_copy (slot->options) : NULL;
  attempt->promise = promise;
  return attempt;
}

static void
run_attempt (GstKandySinkDevices *self, Attempt *attempt)
{
  gst_element_call_async (self->sink,
      attempt->id != NULL ? open_slot : close_slot, attempt, attempt_free);
}

void
gst_kandy_sink_devices_install (GObjectClass *object_class, guint first)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * GstKandySink:audio-device:
   *
   * The microphone to open, by its `deviceId` or its label; `default` for the
   * one that suits #GstKandySink:audio-options best. It is opened in PAUSED and
   * sent through a pad that the element makes for it. Another value exchanges
   * the microphone without a negotiation, see also
   * #GstKandySink::change-input-devices. Unset: none. API document:
   * `media.audioOptions.deviceId` of `call.make`, `setDefaultDevices`.
   */
  g_object_class_install_property (object_class, first,
      g_param_spec_string ("audio-device", "Audio device",
          "Microphone to open, by id or label; \"default\" = any", NULL,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:video-device:
   *
   * The camera to open, as #GstKandySink:audio-device. API document:
   * `media.videoOptions.deviceId` of `call.make`, `setDefaultDevices`.
   */
  g_object_class_install_property (object_class, first + 1,
      g_param_spec_string ("video-device", "Video device",
          "Camera to open, by id or label; \"default\" = any", NULL,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:screen:
   *
   * Whether what the screen shows is sent: that of a device provider, or the X
   * display that the environment variable DISPLAY names. API document:
   * `media.screen` of `call.make`.
   */
  g_object_class_install_property (object_class, first + 2,
      g_param_spec_boolean ("screen", "Screen", "Send what the screen shows",
          FALSE, flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:audio-options:
   *
   * What is wanted of the microphone, see #GstKandySink:video-options; only
   * `device-id` has a meaning. API document: `media.audioOptions`.
   */
  g_object_class_install_property (object_class, first + 3,
      g_param_spec_boxed ("audio-options", "Audio options",
          "Constraints for the microphone", GST_TYPE_STRUCTURE,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:video-options:
   *
   * What is wanted of the camera: a structure with the fields `device-id`,
   * `width`, `height` and `frame-rate`. A value is ideal, and the nearest one
   * that there is is taken; `width=[w,exact=1280]` takes no other. If nothing
   * fits there is an error with the code `call:4`. Looked at when the camera is
   * opened. API document: `call.MediaConstraint`, `media.videoOptions`.
   */
  g_object_class_install_property (object_class, first + 4,
      g_param_spec_boxed ("video-options", "Video options",
          "Constraints for the camera, \"o,width=1280,height=720\"",
          GST_TYPE_STRUCTURE, flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstKandySink:screen-options:
   *
   * What is wanted of the screen's pictures, see #GstKandySink:video-options.
   * API document: `media.screenOptions`.
   */
  g_object_class_install_property (object_class, first + 5,
      g_param_spec_boxed ("screen-options", "Screen options",
          "Constraints for the screen's pictures", GST_TYPE_STRUCTURE,
          flags | GST_PARAM_MUTABLE_PLAYING));
}

GstKandySinkDevices *
gst_kandy_sink_devices_new (GstElement *sink)
{
  GstKandySinkDevices *self = g_new0 (GstKandySinkDevices, 1);
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (gst_kandy_sink_devices_debug, "kandysinkdevices",
        0, "devices that kandysink opens");
    g_once_init_leave (&once, 1);
  }
  self->sink = sink;
  g_mutex_init (&self->lock);
  g_mutex_init (&self->link_lock);
  g_cond_init (&self->cond);
  self->added = g_ptr_array_new_with_free_func (gst_kandy_sink_added_free);
  return self;
}

void
gst_kandy_sink_devices_free (GstKandySinkDevices *self)
{
  guint i;

  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++) {
    g_free (self->slots[i].id);
    g_clear_pointer (&self->slots[i].options, gst_structure_free);
  }
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->link_lock);
  g_cond_clear (&self->cond);
  g_ptr_array_unref (self->added);
  g_free (self);
}

void
gst_kandy_sink_devices_set (GstKandySinkDevices *self, GstKandySinkDevice which,
    const char *id, GstPromise *promise)
{
  GstKandySinkSlot *slot = &self->slots[which];
  Attempt *attempt = NULL;

  g_mutex_lock (&self->lock);
  g_free (slot->id);
  slot->id = id != NULL && *id != '\0' ? g_strdup (id) : NULL;
  if (self->started)
    attempt = new_attempt (self, which, g_steal_pointer (&promise));
  g_mutex_unlock (&self->lock);
  if (attempt != NULL)
    run_attempt (self, attempt);
  gst_kandy_promise_reply (promise, NULL, NULL);
  g_clear_pointer (&promise, gst_promise_unref);
}

char *
gst_kandy_sink_devices_dup (GstKandySinkDevices *self, GstKandySinkDevice which)
{
  char *id;

  g_mutex_lock (&self->lock);
  id = g_strdup (self->slots[which].id);
  g_mutex_unlock (&self->lock);
  return id;
}

void
gst_kandy_sink_devices_set_options (GstKandySinkDevices *self,
    GstKandySinkDevice which, const GstStructure *options)
{
  GstKandySinkSlot *slot = &self->slots[which];

  g_mutex_lock (&self->lock);
  g_clear_pointer (&slot->options, gst_structure_free);
  slot->options = options != NULL ? gst_structure_copy (options) : NULL;
  g_mutex_unlock (&self->lock);
}

GstStructure *
gst_kandy_sink_devices_dup_options (
    GstKandySinkDevices *self, GstKandySinkDevice which)
{
  GstStructure *options;

  g_mutex_lock (&self->lock);
  options = self->slots[which].options != NULL
      ? gst_structure_copy (self->slots[which].options)
      : NULL;
  g_mutex_unlock (&self->lock);
  return options;
}

gboolean
gst_kandy_sink_devices_replace (GstKandySinkDevices *self, GstKandySinkPad *pad,
    GstKandySinkDevice which, const GstStructure *source, GstPromise *promise)
{
  static const char *const options[] = { "audio-options", "video-options",
    "screen-options" };
  g_autoptr (GstKandyDeviceSrc) src = dup_src (self, pad);
  Attempt *attempt;

  if (source == NULL && src == NULL && which != GST_KANDY_SINK_SCREEN) {
    if (!gst_kandy_sink_pad_restore (pad))
      return FALSE;
    gst_kandy_promise_reply (promise, NULL, NULL);
    return TRUE;
  }
  attempt = g_new0 (Attempt, 1);
  attempt->devices = self;
  attempt->which = which;
  attempt->id = g_strdup (GST_KANDY_DEVICE_ANY);
  attempt->pad = gst_object_ref (pad);
  attempt->promise = gst_promise_ref (promise);
  if (source != NULL) {
    gst_structure_get (
        source, "source", GST_TYPE_ELEMENT, &attempt->source, NULL);
    gst_structure_get (
        source, options[which], GST_TYPE_STRUCTURE, &attempt->options, NULL);
  }
  gst_element_call_async (self->sink, open_replacement, attempt, attempt_free);
  return TRUE;
}

void
gst_kandy_sink_devices_start (GstKandySinkDevices *self)
{
  Attempt *attempts[GST_KANDY_SINK_N_DEVICES] = { NULL };
  guint i;

  g_mutex_lock (&self->lock);
  self->started = TRUE;
  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++)
    if (has_wish (&self->slots[i]))
      attempts[i] = new_attempt (self, i, NULL);
  g_mutex_unlock (&self->lock);
  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++)
    if (attempts[i] != NULL)
      run_attempt (self, attempts[i]);
}

void
gst_kandy_sink_devices_stop (GstKandySinkDevices *self)
{
  gint64 end = g_get_monotonic_time () + CLOSE_PATIENCE;
  guint i;

  g_mutex_lock (&self->lock);
  self->started = FALSE;
  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++)
    self->slots[i].serial++;
  gst_kandy_sink_added_close_all (self);
  g_mutex_unlock (&self->lock);

  g_mutex_lock (&self->link_lock);
  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++)
    unlink_slot (self, i);
  g_mutex_unlock (&self->link_lock);

  /* Who has stopped the element may want to use them */
  g_mutex_lock (&self->lock);
  while (self->closing > 0 && g_cond_wait_until (&self->cond, &self->lock, end))
    continue;
  g_mutex_unlock (&self->lock);
}

gboolean
gst_kandy_sink_devices_is_opening (
    GstKandySinkDevices *self, GstKandySinkDevice which)
{
  const GstKandySinkSlot *slot = &self->slots[which];
  gboolean opening;

  g_mutex_lock (&self->lock);
  opening = self->started && has_wish (slot) && slot->opening > 0
      && slot->src == NULL;
  g_mutex_unlock (&self->lock);
  return opening;
}

/* What is being opened will be sent, but has no caps yet */
void
gst_kandy_sink_devices_get_wishes (
    GstKandySinkDevices *self, GstKandySessionWishes *wishes)
{
  gboolean opening[GST_KANDY_SINK_N_DEVICES];
  guint i;

  for (i = 0; i < GST_KANDY_SINK_N_DEVICES; i++) {
    opening[i] = gst_kandy_sink_devices_is_opening (self, i);
    wishes->media_ready &= !opening[i];
  }
  wishes->send_audio |= opening[GST_KANDY_SINK_AUDIO];
  wishes->send_video |= opening[GST_KANDY_SINK_VIDEO];
  wishes->send_screen |= opening[GST_KANDY_SINK_SCREEN];
}
