/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline-private.h"

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

/* What a line does, and tells, when a call has lost something: its media path,
 * which the call restores by itself, or the connection to the platform, by
 * which it would never hear of the far end again. Without a call the latter is
 * an error; with one the services are subscribed to again, for as long as the
 * call lasts. */

#define AGAIN_MS 1000
/* Who hangs up closes the media path, too, and that may be seen first */
#define GOOD_BYE_MS 250

static void subscribe_again (GstKandyLine *self);

static void
tell_media_lost (GstKandyLine *self)
{
  gst_kandy_line_clear_source (&self->media_lost_source);
  self->media_lost = TRUE;
  gst_kandy_line_progress (self, GST_PROGRESS_TYPE_START, "media",
      "The media path is lost, looking for another one");
}

static gboolean
on_lost (gpointer data)
{
  GstKandyLine *self = data;

  if (self->call_live)
    tell_media_lost (self);
  else
    gst_kandy_line_clear_source (&self->media_lost_source);
  return G_SOURCE_REMOVE;
}

static gboolean
on_again (gpointer data)
{
  GstKandyLine *self = data;

  gst_kandy_line_clear_source (&self->again_source);
  subscribe_again (self);
  return G_SOURCE_REMOVE;
}

static void
on_subscribed_again (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstKandyLine) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean subscribed =
      kandy_services_subscribe_finish (KANDY_SERVICES (object), result, &error);

  if (self->phase != LINE_READY)
    return;
  if (subscribed) {
    gst_kandy_line_progress (self, GST_PROGRESS_TYPE_COMPLETE, "subscribe",
        "Connected to the platform again");
  } else if (self->call_live) {
    gst_kandy_line_progress (
        self, GST_PROGRESS_TYPE_CONTINUE, "subscribe", "%s", error->message);
    gst_kandy_line_clear_source (&self->again_source);
    self->again_source = gst_kandy_line_add_timeout (self, AGAIN_MS, on_again);
  } else {
    gst_kandy_line_fail (self, "subscribe", error);
  }
}

static void
subscribe_again (GstKandyLine *self)
{
  g_autoptr (GFlagsClass) klass =
      g_type_class_ref (GST_KANDY_TYPE_SERVICE_FLAGS);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (self->phase != LINE_READY)
    return;
  for (guint i = 0; i < klass->n_values; i++)
    if (self->services & klass->values[i].value)
      g_ptr_array_add (names, (gpointer) klass->values[i].value_nick);
  kandy_services_subscribe_async (kandy_client_get_services (self->client),
      g_variant_new_strv (
          (const char *const *) names->pdata, (gssize) names->len),
      "websocket", self->cancellable, on_subscribed_again, g_object_ref (self));
}

gboolean
gst_kandy_line_recovery_begin (GstKandyLine *self)
{
  if (!self->call_live || self->again_source != NULL)
    return self->call_live;
  gst_kandy_line_progress (self, GST_PROGRESS_TYPE_START, "subscribe",
      "The connection to the platform is lost, the call goes on");
  /* not in the midst of the loss */
  self->again_source = gst_kandy_line_add_timeout (self, 0, on_again);
  return TRUE;
}

void
gst_kandy_line_recovery_event (
    GstKandyLine *self, const char *name, GVariant *payload)
{
  g_autoptr (GVariant) error = NULL;
  const char *message = NULL;

  if (self->call == NULL)
    return;
  if (g_str_equal (name, "call:mediaRestart")) {
    error = g_variant_lookup_value (payload, "error", G_VARIANT_TYPE_VARDICT);
    if (self->media_lost && error
        && g_variant_lookup (error, "message", "&s", &message))
      gst_kandy_line_progress (
          self, GST_PROGRESS_TYPE_CONTINUE, "media", "%s", message);
    return;
  }
  switch (kandy_call_get_media_connection_state (self->call)) {
    case KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED:
    case KANDY_MEDIA_CONNECTION_STATE_FAILED:
      if (self->media_connected && !self->media_lost
          && !self->media_lost_source)
        self->media_lost_source =
            gst_kandy_line_add_timeout (self, GOOD_BYE_MS, on_lost);
      break;
    case KANDY_MEDIA_CONNECTION_STATE_CHECKING:
      if (self->media_lost_source)
        tell_media_lost (self);
      break;
    case KANDY_MEDIA_CONNECTION_STATE_CONNECTED:
    case KANDY_MEDIA_CONNECTION_STATE_COMPLETED:
      gst_kandy_line_clear_source (&self->media_lost_source);
      if (self->media_lost)
        gst_kandy_line_progress (
            self, GST_PROGRESS_TYPE_COMPLETE, "media", "Media flow again");
      self->media_lost = FALSE;
      break;
    case KANDY_MEDIA_CONNECTION_STATE_CLOSED:
      gst_kandy_line_clear_source (&self->media_lost_source);
      if (self->media_lost)
        gst_kandy_line_progress (
            self, GST_PROGRESS_TYPE_CANCELED, "media", "The call has ended");
      self->media_lost = FALSE;
      break;
    default:
      break;
  }
}
