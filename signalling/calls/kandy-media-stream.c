/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-media-private.h"

#include "kandy-track.h"

/**
 * KandyMediaStream:
 *
 * Tracks that come from one source and are to be played together, such as a
 * person's sound and picture (API document: `call.MediaObject`). As a
 * #GListModel it lists its #KandyTrack objects. It is gone from #KandyMedia
 * when the last of them is.
 */

struct _KandyMediaStream {
  GObject parent_instance;

  char *id;
  gboolean is_local;
  GPtrArray *tracks;
};

static void kandy_media_stream_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KandyMediaStream, kandy_media_stream,
    G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_LIST_MODEL, kandy_media_stream_list_model_init))

enum { PROP_0, PROP_ID, PROP_IS_LOCAL, N_PROPS };

static GParamSpec *props[N_PROPS];

static GType
kandy_media_stream_get_item_type (GListModel *model)
{
  return KANDY_TYPE_TRACK;
}

static guint
kandy_media_stream_get_n_items (GListModel *model)
{
  return KANDY_MEDIA_STREAM (model)->tracks->len;
}

static gpointer
kandy_media_stream_get_item (GListModel *model, guint position)
{
  KandyMediaStream *self = KANDY_MEDIA_STREAM (model);

  return position < self->tracks->len
      ? g_object_ref (self->tracks->pdata[position])
      : NULL;
}

static void
kandy_media_stream_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_media_stream_get_item_type;
  iface->get_n_items = kandy_media_stream_get_n_items;
  iface->get_item = kandy_media_stream_get_item;
}

static void
kandy_media_stream_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyMediaStream *self = KANDY_MEDIA_STREAM (object);

  switch (prop_id) {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_IS_LOCAL:
      g_value_set_boolean (value, self->is_local);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_media_stream_finalize (GObject *object)
{
  KandyMediaStream *self = KANDY_MEDIA_STREAM (object);

  g_free (self->id);
  g_ptr_array_unref (self->tracks);

  G_OBJECT_CLASS (kandy_media_stream_parent_class)->finalize (object);
}

static void
kandy_media_stream_class_init (KandyMediaStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = kandy_media_stream_get_property;
  object_class->finalize = kandy_media_stream_finalize;

  /**
   * KandyMediaStream:id:
   *
   * Name of the media: the #KandyTrack:stream-id of its tracks. API document:
   * `MediaObject.id`.
   */
  props[PROP_ID] =
      g_param_spec_string ("id", "ID", "Name of the media", NULL, flags);
  /**
   * KandyMediaStream:is-local:
   *
   * Whether it is sent (%TRUE) or received (%FALSE). API document:
   * `MediaObject.local`.
   */
  props[PROP_IS_LOCAL] = g_param_spec_boolean (
      "is-local", "Is local", "Whether the media is sent", FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_media_stream_init (KandyMediaStream *self)
{
  self->tracks = g_ptr_array_new_with_free_func (g_object_unref);
}

KandyMediaStream *
kandy_media_stream_new (const char *id, gboolean is_local)
{
  KandyMediaStream *self = g_object_new (KANDY_TYPE_MEDIA_STREAM, NULL);

  self->id = g_strdup (id);
  self->is_local = is_local;
  return self;
}

void
kandy_media_stream_add (KandyMediaStream *self, KandyTrack *track)
{
  g_ptr_array_add (self->tracks, g_object_ref (track));
  g_list_model_items_changed (G_LIST_MODEL (self), self->tracks->len - 1, 0, 1);
}

gboolean
kandy_media_stream_remove (KandyMediaStream *self, KandyTrack *track)
{
  guint position;

  if (!g_ptr_array_find (self->tracks, track, &position))
    return FALSE;
  g_ptr_array_remove_index (self->tracks, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  return TRUE;
}

/**
 * kandy_media_stream_get_id:
 * @self: a media
 *
 * Returns: its name
 */
const char *
kandy_media_stream_get_id (KandyMediaStream *self)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_STREAM (self), NULL);

  return self->id;
}

/**
 * kandy_media_stream_is_local: (get-property is-local)
 * @self: a media
 *
 * Returns: whether it is sent
 */
gboolean
kandy_media_stream_is_local (KandyMediaStream *self)
{
  g_return_val_if_fail (KANDY_IS_MEDIA_STREAM (self), FALSE);

  return self->is_local;
}

/**
 * kandy_media_stream_get_tracks:
 * @self: a media
 *
 * API document: `MediaObject.tracks`.
 *
 * Returns: (transfer container) (element-type KandyTrack): its tracks now
 */
GPtrArray *
kandy_media_stream_get_tracks (KandyMediaStream *self)
{
  GPtrArray *tracks = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  g_return_val_if_fail (KANDY_IS_MEDIA_STREAM (self), tracks);

  for (i = 0; i < self->tracks->len; i++)
    g_ptr_array_add (tracks, g_object_ref (self->tracks->pdata[i]));
  return tracks;
}

/**
 * kandy_media_stream_to_variant:
 * @self: a media
 *
 * API document: `call.MediaObject`, with the members `id`, `local` and
 * `tracks`, an array of what kandy_track_to_variant() returns.
 *
 * Returns: (transfer floating): an `a{sv}`
 */
GVariant *
kandy_media_stream_to_variant (KandyMediaStream *self)
{
  GVariantBuilder tracks;
  GVariantDict dict;
  guint i;

  g_return_val_if_fail (KANDY_IS_MEDIA_STREAM (self), NULL);

  g_variant_builder_init (&tracks, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; i < self->tracks->len; i++)
    g_variant_builder_add_value (
        &tracks, kandy_track_to_variant (self->tracks->pdata[i]));

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", self->id);
  g_variant_dict_insert (&dict, "local", "b", self->is_local);
  g_variant_dict_insert_value (
      &dict, "tracks", g_variant_builder_end (&tracks));
  return g_variant_dict_end (&dict);
}
