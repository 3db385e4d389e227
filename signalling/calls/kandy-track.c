/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-track.h"

#include "kandy-enum-types.h"

/**
 * KandyTrack:
 *
 * One stream of sound or pictures of a call, sent or received (API document:
 * `call.TrackObject`). What names it never changes; its flags belong to the
 * client's main context.
 */

struct _KandyTrack {
  GObject parent_instance;

  char *id;
  char *stream_id;
  char *label;
  KandyMediaKind kind;
  gboolean is_local;
  gboolean screen;
  gboolean muted;
  gboolean source_muted;
  gboolean live;
  char **containers;
};

G_DEFINE_FINAL_TYPE (KandyTrack, kandy_track, G_TYPE_OBJECT)

enum {
  PROP_0,
  PROP_ID,
  PROP_STREAM_ID,
  PROP_KIND,
  PROP_IS_LOCAL,
  PROP_SCREEN,
  PROP_LABEL,
  PROP_MUTED,
  PROP_SOURCE_MUTED,
  PROP_LIVE,
  PROP_CONTAINERS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_flag (KandyTrack *self, gboolean *flag, gboolean value, guint prop)
{
  value = value != FALSE;
  if (*flag == value)
    return;
  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
kandy_track_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KandyTrack *self = KANDY_TRACK (object);

  switch (prop_id) {
    case PROP_ID:
      self->id = g_value_dup_string (value);
      break;
    case PROP_STREAM_ID:
      self->stream_id = g_value_dup_string (value);
      break;
    case PROP_KIND:
      self->kind = g_value_get_enum (value);
      break;
    case PROP_IS_LOCAL:
      self->is_local = g_value_get_boolean (value);
      break;
    case PROP_SCREEN:
      self->screen = g_value_get_boolean (value);
      break;
    case PROP_LABEL:
      kandy_track_set_label (self, g_value_get_string (value));
      break;
    case PROP_MUTED:
      kandy_track_set_muted (self, g_value_get_boolean (value));
      break;
    case PROP_SOURCE_MUTED:
      kandy_track_set_source_muted (self, g_value_get_boolean (value));
      break;
    case PROP_LIVE:
      kandy_track_set_live (self, g_value_get_boolean (value));
      break;
    case PROP_CONTAINERS:
      kandy_track_set_containers (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_track_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyTrack *self = KANDY_TRACK (object);

  switch (prop_id) {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_STREAM_ID:
      g_value_set_string (value, self->stream_id);
      break;
    case PROP_KIND:
      g_value_set_enum (value, self->kind);
      break;
    case PROP_IS_LOCAL:
      g_value_set_boolean (value, self->is_local);
      break;
    case PROP_SCREEN:
      g_value_set_boolean (value, self->screen);
      break;
    case PROP_LABEL:
      g_value_set_string (value, self->label);
      break;
    case PROP_MUTED:
      g_value_set_boolean (value, self->muted);
      break;
    case PROP_SOURCE_MUTED:
      g_value_set_boolean (value, self->source_muted);
      break;
    case PROP_LIVE:
      g_value_set_boolean (value, self->live);
      break;
    case PROP_CONTAINERS:
      g_value_set_boxed (value, self->containers);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_track_constructed (GObject *object)
{
  KandyTrack *self = KANDY_TRACK (object);

  G_OBJECT_CLASS (kandy_track_parent_class)->constructed (object);

  if (!self->id)
    self->id = g_uuid_string_random ();
}

static void
kandy_track_finalize (GObject *object)
{
  KandyTrack *self = KANDY_TRACK (object);

  g_free (self->id);
  g_free (self->stream_id);
  g_free (self->label);
  g_strfreev (self->containers);

  G_OBJECT_CLASS (kandy_track_parent_class)->finalize (object);
}

static void
kandy_track_class_init (KandyTrackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags once =
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags flag =
      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = kandy_track_set_property;
  object_class->get_property = kandy_track_get_property;
  object_class->constructed = kandy_track_constructed;
  object_class->finalize = kandy_track_finalize;

  /**
   * KandyTrack:id:
   *
   * Name of the track; a random UUID if none was given. For a received track
   * the one that the far end's description has (`a=msid`).
   */
  props[PROP_ID] =
      g_param_spec_string ("id", "ID", "Name of the track", NULL, once);
  /**
   * KandyTrack:stream-id:
   *
   * Name of the group that the track belongs to: tracks with the same one are
   * to be played together. API document: `TrackObject.streamId`.
   */
  props[PROP_STREAM_ID] = g_param_spec_string (
      "stream-id", "Stream ID", "Name of the track's group", NULL, once);
  /**
   * KandyTrack:kind:
   *
   * Sound or pictures.
   */
  props[PROP_KIND] = g_param_spec_enum ("kind", "Kind", "Sound or pictures",
      KANDY_TYPE_MEDIA_KIND, KANDY_MEDIA_KIND_AUDIO, once);
  /**
   * KandyTrack:is-local:
   *
   * Whether the track is sent (%TRUE) or received (%FALSE).
   */
  props[PROP_IS_LOCAL] = g_param_spec_boolean (
      "is-local", "Is local", "Whether the track is sent", FALSE, once);
  /**
   * KandyTrack:screen:
   *
   * Whether the pictures are those of a screen, and not of a camera.
   */
  props[PROP_SCREEN] = g_param_spec_boolean ("screen", "Screen",
      "Whether the pictures are those of a screen", FALSE, once);
  /**
   * KandyTrack:label:
   *
   * What a person may call the source, such as the name of a device. It changes
   * with the source. API document: `TrackObject.label`.
   */
  props[PROP_LABEL] = g_param_spec_string (
      "label", "Label", "Readable name of the source", NULL, flag);
  /**
   * KandyTrack:muted:
   *
   * Whether the application has silenced the track. Nothing on the wire tells
   * the far end. API document: `TrackObject.muted`.
   */
  props[PROP_MUTED] = g_param_spec_boolean ("muted", "Muted",
      "Whether the application has silenced the track", FALSE, flag);
  /**
   * KandyTrack:source-muted:
   *
   * Whether nothing comes from the source: while the far end holds, for
   * example, or a local device gives nothing. API document:
   * `TrackObject.sourceMuted`.
   */
  props[PROP_SOURCE_MUTED] = g_param_spec_boolean ("source-muted",
      "Source muted", "Whether nothing comes from the source", FALSE, flag);
  /**
   * KandyTrack:live:
   *
   * Whether the track may still carry media. Once %FALSE it does not become
   * %TRUE again for a local track. API document: `TrackObject.state`.
   */
  props[PROP_LIVE] = g_param_spec_boolean (
      "live", "Live", "Whether the track may still carry media", TRUE, flag);
  /**
   * KandyTrack:containers:
   *
   * Where the track is rendered: the names of what shows it or lets it be
   * heard, which stand in for the CSS selectors of a web page. API document:
   * `TrackObject.containers`.
   */
  props[PROP_CONTAINERS] = g_param_spec_boxed ("containers", "Containers",
      "Where the track is rendered", G_TYPE_STRV, flag);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_track_init (KandyTrack *self)
{
  self->live = TRUE;
  self->containers = g_new0 (char *, 1);
}

/**
 * kandy_track_new:
 * @id: (nullable): name of the track; %NULL for a random UUID
 * @stream_id: (nullable): name of the group that it belongs to
 * @kind: sound or pictures
 * @is_local: whether it is sent
 * @label: (nullable): readable name of the source
 *
 * Returns: (transfer full): a new track, live and not muted
 */
KandyTrack *
kandy_track_new (const char *id, const char *stream_id, KandyMediaKind kind,
    gboolean is_local, const char *label)
{
  return g_object_new (KANDY_TYPE_TRACK, "id", id, "stream-id", stream_id,
      "kind", kind, "is-local", is_local, "label", label, NULL);
}

/**
 * kandy_track_get_id:
 * @self: a track
 *
 * May be called from any thread.
 *
 * Returns: the track's name
 */
const char *
kandy_track_get_id (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), NULL);

  return self->id;
}

/**
 * kandy_track_get_stream_id:
 * @self: a track
 *
 * May be called from any thread.
 *
 * Returns: (nullable): the name of the track's group
 */
const char *
kandy_track_get_stream_id (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), NULL);

  return self->stream_id;
}

/**
 * kandy_track_get_kind:
 * @self: a track
 *
 * May be called from any thread.
 *
 * Returns: sound or pictures
 */
KandyMediaKind
kandy_track_get_kind (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), KANDY_MEDIA_KIND_AUDIO);

  return self->kind;
}

/**
 * kandy_track_is_local: (get-property is-local)
 * @self: a track
 *
 * May be called from any thread.
 *
 * Returns: whether the track is sent
 */
gboolean
kandy_track_is_local (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), FALSE);

  return self->is_local;
}

/**
 * kandy_track_is_screen: (get-property screen)
 * @self: a track
 *
 * May be called from any thread.
 *
 * Returns: whether the pictures are those of a screen
 */
gboolean
kandy_track_is_screen (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), FALSE);

  return self->screen;
}

/**
 * kandy_track_is_live: (get-property live)
 * @self: a track
 *
 * Returns: whether the track may still carry media
 */
gboolean
kandy_track_is_live (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), FALSE);

  return self->live;
}

/**
 * kandy_track_set_live: (set-property live)
 * @self: a track
 * @live: whether it may still carry media
 *
 * For media engines.
 */
void
kandy_track_set_live (KandyTrack *self, gboolean live)
{
  g_return_if_fail (KANDY_IS_TRACK (self));

  set_flag (self, &self->live, live, PROP_LIVE);
}

/**
 * kandy_track_get_muted:
 * @self: a track
 *
 * Returns: whether the application has silenced the track
 */
gboolean
kandy_track_get_muted (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), FALSE);

  return self->muted;
}

/**
 * kandy_track_set_muted:
 * @self: a track
 * @muted: whether it shall be silent or black
 *
 * As kandy_media_mute_tracks() does, for this one track.
 */
void
kandy_track_set_muted (KandyTrack *self, gboolean muted)
{
  g_return_if_fail (KANDY_IS_TRACK (self));

  set_flag (self, &self->muted, muted, PROP_MUTED);
}

/**
 * kandy_track_get_label:
 * @self: a track
 *
 * Returns: (nullable): what a person may call its source
 */
const char *
kandy_track_get_label (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), NULL);

  return self->label;
}

/**
 * kandy_track_set_label:
 * @self: a track
 * @label: (nullable): readable name of its source
 *
 * For whoever carries the media. On the client's main context.
 */
void
kandy_track_set_label (KandyTrack *self, const char *label)
{
  g_return_if_fail (KANDY_IS_TRACK (self));

  if (g_strcmp0 (label, self->label) == 0)
    return;
  g_free (self->label);
  self->label = g_strdup (label);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LABEL]);
}

/**
 * kandy_track_get_source_muted:
 * @self: a track
 *
 * Returns: whether nothing comes from the source
 */
gboolean
kandy_track_get_source_muted (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), FALSE);

  return self->source_muted;
}

/**
 * kandy_track_set_source_muted:
 * @self: a track
 * @muted: whether nothing comes from the source
 *
 * For media engines.
 */
void
kandy_track_set_source_muted (KandyTrack *self, gboolean muted)
{
  g_return_if_fail (KANDY_IS_TRACK (self));

  set_flag (self, &self->source_muted, muted, PROP_SOURCE_MUTED);
}

/**
 * kandy_track_get_containers:
 * @self: a track
 *
 * Returns: (transfer none) (array zero-terminated=1): where it is rendered
 */
const char *const *
kandy_track_get_containers (KandyTrack *self)
{
  g_return_val_if_fail (KANDY_IS_TRACK (self), NULL);

  return (const char *const *) self->containers;
}

/**
 * kandy_track_set_containers:
 * @self: a track
 * @containers: (nullable) (array zero-terminated=1): where it is rendered
 *
 * For what renders it.
 */
void
kandy_track_set_containers (KandyTrack *self, const char *const *containers)
{
  static const char *const none[] = { NULL };

  g_return_if_fail (KANDY_IS_TRACK (self));

  if (!containers)
    containers = none;
  if (g_strv_equal (containers, (const char *const *) self->containers))
    return;
  g_strfreev (self->containers);
  self->containers = g_strdupv ((char **) containers);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONTAINERS]);
}

/**
 * kandy_track_to_variant:
 * @self: a track
 *
 * API document: `call.TrackObject`, with these members: `id` and `trackId`
 * (the same text), `streamId`, `kind`, `isLocal`, `label`, `muted`,
 * `sourceMuted`, `state` (`live` or `ended`), `disabled` and `containers`.
 *
 * Returns: (transfer floating): an `a{sv}`
 */
GVariant *
kandy_track_to_variant (KandyTrack *self)
{
  GVariantDict dict;

  g_return_val_if_fail (KANDY_IS_TRACK (self), NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "s", self->id);
  g_variant_dict_insert (&dict, "trackId", "s", self->id);
  if (self->stream_id)
    g_variant_dict_insert (&dict, "streamId", "s", self->stream_id);
  g_variant_dict_insert (&dict, "kind", "s",
      self->kind == KANDY_MEDIA_KIND_VIDEO ? "video" : "audio");
  g_variant_dict_insert (&dict, "isLocal", "b", self->is_local);
  g_variant_dict_insert (&dict, "label", "s", self->label ? self->label : "");
  g_variant_dict_insert (&dict, "muted", "b", self->muted);
  g_variant_dict_insert (&dict, "sourceMuted", "b", self->source_muted);
  g_variant_dict_insert (&dict, "state", "s", self->live ? "live" : "ended");
  g_variant_dict_insert (&dict, "disabled", "b", !self->live);
  g_variant_dict_insert_value (&dict, "containers",
      g_variant_new_strv ((const char *const *) self->containers, -1));
  return g_variant_dict_end (&dict);
}
