/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydevices.h"
#include "gstkandydevicesrc.h"
#include "gstkandysession.h"

/* SECTION: GstKandyDeviceSrc
 *
 * A bin around the branch of the device that is in use. Another device plays
 * beside it until it has given its first buffer, and only then takes its place:
 * what is sent has no gap, however long a device takes to begin. A device that
 * never does leaves the former one where it is.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_device_src_debug);
#define GST_CAT_DEFAULT gst_kandy_device_src_debug

/* For the first buffer of another device */
#define SWITCH_TIME (5 * GST_SECOND)

struct _GstKandyDeviceSrc {
  GstBin parent_instance;

  GstPad *src;
  GstKandyDeviceSrcFunc begun; /* (nullable) */
  gpointer begun_data;
  GstKandyDeviceSrcFunc changed; /* (nullable) */
  gpointer changed_data;
  GstKandyDeviceSrcFailed failed; /* (nullable) */
  gpointer failed_data;

  /* guarded by the object lock */
  GstElement *current; /* (nullable) */
  GstElement *pending; /* (nullable) */
  GstPromise *promise; /* (nullable): of the pending one */
  GstClockID timeout;  /* (nullable): of the pending one */
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE_WITH_CODE (GstKandyDeviceSrc, gst_kandy_device_src, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (gst_kandy_device_src_debug, "kandydevicesrc", 0,
        "a device that is sent in a call"))

/* (nullable) (transfer full): @text: (nullable): what is wrong */
static GError *
not_readable (const char *text)
{
  return text != NULL ? gst_kandy_device_error (
             KANDY_ERROR_MEDIA, "NotReadableError", "%s", text)
                      : NULL;
}

/* @promise: (nullable) (transfer full); @text: (nullable): of the error */
static void
answer (GstPromise *promise, const char *text)
{
  g_autoptr (GError) error = not_readable (text);

  gst_kandy_promise_reply (promise, NULL, error);
  g_clear_pointer (&promise, gst_promise_unref);
}

/* @text: (nullable): it is at its end */
static void
tell_failed (GstKandyDeviceSrc *self, const char *text)
{
  g_autoptr (GError) error = not_readable (text);

  if (self->failed != NULL)
    self->failed (self, error, self->failed_data);
}

static GQuark
label_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-device-label");
}

static GQuark
renewing_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-device-renewing");
}

static void
remove_branch (GstElement *self, gpointer user_data)
{
  GstElement *branch = user_data;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (branch, "src");
  GstPad *entry = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (pad)));

  /* Whoever changes the state of the bin must not wait for what is passing: it
   * may be he who lets it pass */
  GST_PAD_STREAM_LOCK (entry);
  GST_PAD_STREAM_UNLOCK (entry);
  gst_object_unref (entry);
  gst_element_set_locked_state (branch, TRUE);
  gst_element_set_state (branch, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), branch);
}

static GstPadProbeReturn
drop (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

/* It may be pushing: nothing of it leaves any more, and it does not notice */
static void
dismiss (GstKandyDeviceSrc *self, GstElement *branch)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (branch, "src");

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, drop,
      NULL, NULL);
  gst_element_call_async (GST_ELEMENT (self), remove_branch,
      gst_object_ref (branch), gst_object_unref);
}

/* With the object lock: no branch is pending any more. (transfer full) */
static GstPromise *
forget_pending (GstKandyDeviceSrc *self)
{
  gst_clear_object (&self->pending);
  if (self->timeout != NULL) {
    gst_clock_id_unschedule (self->timeout);
    g_clear_pointer (&self->timeout, gst_clock_id_unref);
  }
  return g_steal_pointer (&self->promise);
}

/* Whatever the reason, the former device goes on, if it is still there */
static void
give_up (GstKandyDeviceSrc *self, GstElement *branch, const char *text)
{
  GstPromise *promise = NULL;
  gboolean found, alone;

  GST_OBJECT_LOCK (self);
  found = self->pending == branch;
  alone = self->current == NULL && self->begun == NULL;
  if (found) {
    gst_object_ref (branch);
    promise = forget_pending (self);
  }
  GST_OBJECT_UNLOCK (self);
  if (!found)
    return;
  GST_WARNING_OBJECT (self, "the device is not taken: %s", text);
  dismiss (self, branch);
  gst_object_unref (branch);
  answer (promise, text);
  if (alone)
    tell_failed (self, text);
}

/* FALSE: it is not for us to say that @branch is over */
static gboolean
lose (GstKandyDeviceSrc *self, GstElement *branch, const char *text)
{
  gboolean lost, replaced;

  if (self->failed == NULL || gst_kandy_device_src_get_label (branch) == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  lost = self->current == branch;
  replaced = self->pending != NULL;
  if (lost)
    self->current = NULL;
  GST_OBJECT_UNLOCK (self);
  if (!lost)
    return TRUE;
  GST_INFO_OBJECT (self, "the device is lost: %s", text ? text : "at its end");
  dismiss (self, branch);
  gst_object_unref (branch);
  if (!replaced)
    tell_failed (self, text);
  return TRUE;
}

/* On the streaming thread of the device */
static GstPadProbeReturn
on_end (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstElement) branch = NULL;
  g_autoptr (GstObject) self = NULL;

  if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  branch = gst_pad_get_parent_element (pad);
  if (branch != NULL)
    self = gst_object_get_parent (GST_OBJECT (branch));
  return self != NULL && lose (GST_KANDY_DEVICE_SRC (self), branch, NULL)
      ? GST_PAD_PROBE_DROP
      : GST_PAD_PROBE_OK;
}

/* On the streaming thread of the new device */
static GstPadProbeReturn
on_first_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstElement) branch = gst_pad_get_parent_element (pad);
  g_autoptr (GstElement) self_element = branch != NULL
      ? GST_ELEMENT (gst_object_get_parent (GST_OBJECT (branch)))
      : NULL;
  g_autoptr (GstElement) former = NULL;
  GstKandyDeviceSrc *self;
  GstPromise *promise;

  if (self_element == NULL)
    return GST_PAD_PROBE_DROP;
  self = GST_KANDY_DEVICE_SRC (self_element);
  GST_OBJECT_LOCK (self);
  if (self->pending != branch) {
    GST_OBJECT_UNLOCK (self);
    return GST_PAD_PROBE_DROP;
  }
  former = g_steal_pointer (&self->current);
  self->current = gst_object_ref (branch);
  promise = forget_pending (self);
  GST_OBJECT_UNLOCK (self);

  GST_INFO_OBJECT (self, "the device has changed");
  if (former != NULL)
    dismiss (self, former);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->src), pad);
  if (self->begun != NULL)
    self->begun (self->begun_data);
  if (self->changed != NULL
      && g_object_get_qdata (G_OBJECT (branch), renewing_quark ()) == NULL)
    self->changed (self->changed_data);
  answer (promise, NULL);
  return GST_PAD_PROBE_REMOVE;
}

static gboolean
on_timeout (GstClock *clock, GstClockTime time, GstClockID id, gpointer data)
{
  GWeakRef *weak = data;
  g_autoptr (GstElement) branch = g_weak_ref_get (weak);
  g_autoptr (GstObject) self =
      branch != NULL ? gst_object_get_parent (GST_OBJECT (branch)) : NULL;

  if (self != NULL && GST_CLOCK_TIME_IS_VALID (time))
    give_up (GST_KANDY_DEVICE_SRC (self), branch, "It gives nothing.");
  return TRUE;
}

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
gst_kandy_device_src_handle_message (GstBin *bin, GstMessage *message)
{
  GstKandyDeviceSrc *self = GST_KANDY_DEVICE_SRC (bin);
  g_autoptr (GstElement) pending = NULL;
  g_autoptr (GstElement) current = NULL;
  g_autoptr (GError) error = NULL;
  GstObject *source = GST_MESSAGE_SRC (message);

  GST_OBJECT_LOCK (self);
  g_set_object (&pending, self->pending);
  g_set_object (&current, self->current);
  GST_OBJECT_UNLOCK (self);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR && source != NULL) {
    gst_message_parse_error (message, &error, NULL);
    if (pending != NULL
        && gst_object_has_as_ancestor (source, GST_OBJECT (pending))) {
      give_up (self, pending, error->message);
      gst_message_unref (message);
      return;
    }
    /* of one that has been dismissed */
    if (current == NULL
        || !gst_object_has_as_ancestor (source, GST_OBJECT (current))
        || lose (self, current, error->message)) {
      gst_message_unref (message);
      return;
    }
  }
  GST_BIN_CLASS (gst_kandy_device_src_parent_class)
      ->handle_message (bin, message);
}

static void
gst_kandy_device_src_dispose (GObject *object)
{
  GstKandyDeviceSrc *self = GST_KANDY_DEVICE_SRC (object);

  gst_kandy_device_src_stop (self);
  GST_OBJECT_LOCK (self);
  gst_clear_object (&self->current);
  GST_OBJECT_UNLOCK (self);

  G_OBJECT_CLASS (gst_kandy_device_src_parent_class)->dispose (object);
}

static void
gst_kandy_device_src_class_init (GstKandyDeviceSrcClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gst_kandy_device_src_dispose;
  GST_BIN_CLASS (klass)->handle_message = gst_kandy_device_src_handle_message;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Device of a call",
      "Source", "A microphone, camera or screen (inside of kandysink)",
      "The gst-kandy authors");
}

static void
gst_kandy_device_src_init (GstKandyDeviceSrc *self)
{
  g_autoptr (GstPadTemplate) template =
      gst_static_pad_template_get (&src_template);

  self->src = gst_ghost_pad_new_no_target_from_template ("src", template);
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}

GstKandyDeviceSrc *
gst_kandy_device_src_new (void)
{
  return g_object_new (GST_TYPE_KANDY_DEVICE_SRC, NULL);
}

void
gst_kandy_device_src_take (
    GstKandyDeviceSrc *self, GstElement *branch, GstPromise *promise)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (branch, "src");
  g_autoptr (GstElement) former = NULL;
  GstPromise *obsolete = NULL;
  gboolean first;

  gst_bin_add (GST_BIN (self), branch);
  GST_OBJECT_LOCK (self);
  first = self->current == NULL && self->begun == NULL;
  if (first) {
    self->current = gst_object_ref (branch);
  } else {
    g_autoptr (GstClock) clock = gst_system_clock_obtain ();
    GWeakRef *weak = g_new0 (GWeakRef, 1);

    former = self->pending != NULL ? gst_object_ref (self->pending) : NULL;
    obsolete = forget_pending (self);
    self->pending = gst_object_ref (branch);
    self->promise = promise;
    self->timeout = gst_clock_new_single_shot_id (
        clock, gst_clock_get_time (clock) + SWITCH_TIME);
    g_weak_ref_init (weak, branch);
    gst_clock_id_wait_async (self->timeout, on_timeout, weak, weak_free);
  }
  GST_OBJECT_UNLOCK (self);

  if (former != NULL)
    dismiss (self, former);
  if (obsolete != NULL)
    answer (obsolete, "Another device was asked for.");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_end, NULL, NULL);
  if (first) {
    gst_ghost_pad_set_target (GST_GHOST_PAD (self->src), pad);
  } else {
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER
            | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        on_first_buffer, NULL, NULL);
  }
  if (!gst_element_sync_state_with_parent (branch) && !first)
    give_up (self, branch, "It cannot be started.");
  if (first)
    answer (promise, NULL);
}

void
gst_kandy_device_src_set_begun (
    GstKandyDeviceSrc *self, GstKandyDeviceSrcFunc begun, gpointer user_data)
{
  self->begun = begun;
  self->begun_data = user_data;
}

void
gst_kandy_device_src_set_changed (
    GstKandyDeviceSrc *self, GstKandyDeviceSrcFunc changed, gpointer user_data)
{
  self->changed = changed;
  self->changed_data = user_data;
}

char *
gst_kandy_device_src_dup_label (GstKandyDeviceSrc *self)
{
  g_autoptr (GstElement) branch = NULL;
  const char *label;

  GST_OBJECT_LOCK (self);
  g_set_object (&branch, self->current);
  GST_OBJECT_UNLOCK (self);
  if (branch == NULL)
    return NULL;
  label = gst_kandy_device_src_get_label (branch);
  return g_strdup (label != NULL ? label : GST_OBJECT_NAME (branch));
}

void
gst_kandy_device_src_set_failed (
    GstKandyDeviceSrc *self, GstKandyDeviceSrcFailed failed, gpointer user_data)
{
  self->failed = failed;
  self->failed_data = user_data;
}

void
gst_kandy_device_src_set_label (GstElement *branch, const char *label)
{
  g_object_set_qdata_full (
      G_OBJECT (branch), label_quark (), g_strdup (label), g_free);
}

void
gst_kandy_device_src_set_renewing (GstElement *branch)
{
  g_object_set_qdata (
      G_OBJECT (branch), renewing_quark (), GUINT_TO_POINTER (TRUE));
}

const char *
gst_kandy_device_src_get_label (GstElement *branch)
{
  return g_object_get_qdata (G_OBJECT (branch), label_quark ());
}

void
gst_kandy_device_src_stop (GstKandyDeviceSrc *self)
{
  g_autoptr (GstElement) pending = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&pending, self->pending);
  GST_OBJECT_UNLOCK (self);
  if (pending != NULL)
    give_up (self, pending, "The element has been stopped.");
}

void
gst_kandy_device_src_discard (GstElement *branch)
{
  gst_element_set_state (branch, GST_STATE_NULL);
  gst_object_unref (gst_object_ref_sink (branch));
}
