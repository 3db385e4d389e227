/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline-private.h"
#include "gstkandyvariant.h"

/* SECTION: requests that concern media and devices
 *
 * The API document's namespace media, which does not need a call.
 */

/* @value: (transfer none): an a{sv}. @promise: (nullable) (transfer full) */
static void
reply_with (GstPromise *promise, const char *name, GVariant *value)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (value);
  g_autoptr (GstStructure) content =
      gst_kandy_structure_from_variant (name, held);

  if (promise == NULL)
    return;
  gst_promise_reply (promise,
      gst_structure_new ("application/x-kandy-reply", name, GST_TYPE_STRUCTURE,
          content, NULL));
  gst_promise_unref (promise);
}

void
gst_kandy_line_tracks_mute (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  KandyMedia *media = kandy_client_get_media (self->client);
  static const char *const none[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) ids = NULL;
  gboolean muted = TRUE;

  gst_structure_get (request, "track-ids", G_TYPE_STRV, &ids, "muted",
      G_TYPE_BOOLEAN, &muted, NULL);
  if (muted)
    kandy_media_mute_tracks (
        media, ids != NULL ? (const char *const *) ids : none, &error);
  else
    kandy_media_unmute_tracks (
        media, ids != NULL ? (const char *const *) ids : none, &error);
  gst_kandy_promise_reply (promise,
      self->call != NULL ? kandy_call_get_id (self->call) : NULL, error);
  g_clear_pointer (&promise, gst_promise_unref);
}

void
gst_kandy_line_tracks_get_track (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *id = gst_structure_get_string (request, "id");
  KandyTrack *track = id != NULL
      ? kandy_media_get_track_by_id (kandy_client_get_media (self->client), id)
      : NULL;

  if (track != NULL)
    reply_with (promise, "track", kandy_track_to_variant (track));
  else
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_PARAM, "call:7",
        "There is no track of this id");
}

void
gst_kandy_line_tracks_get_media (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *id = gst_structure_get_string (request, "id");
  KandyMediaStream *stream = id != NULL
      ? kandy_media_get_by_id (kandy_client_get_media (self->client), id)
      : NULL;

  if (stream != NULL)
    reply_with (promise, "media", kandy_media_stream_to_variant (stream));
  else
    gst_kandy_line_refuse (promise, KANDY_ERROR_INVALID_PARAM, "call:7",
        "There is no media of this id");
}

typedef struct {
  GstKandyLine *line;
  GstPromise *promise; /* (nullable) */
} DevicesRequest;

static void
on_devices_initialized (
    GObject *object, GAsyncResult *result, gpointer user_data)
{
  DevicesRequest *request = user_data;
  KandyMedia *media = KANDY_MEDIA (object);
  g_autoptr (GError) error = NULL;

  if (kandy_media_initialize_devices_finish (media, result, &error)) {
    reply_with (request->promise, "devices", kandy_media_get_devices (media));
  } else {
    gst_kandy_promise_reply (request->promise, NULL, error);
    g_clear_pointer (&request->promise, gst_promise_unref);
  }
  g_object_unref (request->line);
  g_free (request);
}

/* Also for the list alone, which is not known before it has been asked for */
void
gst_kandy_line_tracks_get_devices (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  DevicesRequest *data = g_new0 (DevicesRequest, 1);
  gboolean audio = FALSE, video = FALSE;

  gst_structure_get (request, "audio", G_TYPE_BOOLEAN, &audio, "video",
      G_TYPE_BOOLEAN, &video, NULL);
  data->line = g_object_ref (self);
  data->promise = promise;
  kandy_media_initialize_devices_async (kandy_client_get_media (self->client),
      audio, video, self->cancellable, on_devices_initialized, data);
}

/* What an element knows of a track: its label, the containers that it is
 * rendered in */
void
gst_kandy_line_tracks_describe (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *id = gst_structure_get_string (request, "id");
  const char *label = gst_structure_get_string (request, "label");
  g_auto (GStrv) containers = NULL;
  KandyTrack *track = NULL;

  if (self->client != NULL && id != NULL)
    track =
        kandy_media_get_track_by_id (kandy_client_get_media (self->client), id);
  if (track != NULL && label != NULL)
    kandy_track_set_label (track, label);
  if (track != NULL
      && gst_structure_get (
          request, "containers", G_TYPE_STRV, &containers, NULL))
    kandy_track_set_containers (track, (const char *const *) containers);
  gst_kandy_promise_reply (promise, NULL, NULL);
  g_clear_pointer (&promise, gst_promise_unref);
}

/* An element's device could not be opened, or has failed */
void
gst_kandy_line_tracks_report_device (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  g_autoptr (GError) error = NULL;

  if (self->client != NULL
      && gst_structure_get (request, "error", G_TYPE_ERROR, &error, NULL)
      && error != NULL)
    kandy_media_report_device_error (
        kandy_client_get_media (self->client), error);
  gst_kandy_promise_reply (promise, NULL, NULL);
  g_clear_pointer (&promise, gst_promise_unref);
}
