/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-media-options.h"

/**
 * KandyMediaOptions:
 *
 * What a call is made or answered with (API document: the parameters `media`
 * and `options` of `call.make` and `call.answer`). The bandwidth limits apply
 * to what is received.
 */

struct _KandyMediaOptions {
  GObject parent_instance;

  gboolean audio;
  gboolean video;
  gboolean screen;
  gboolean receive_audio;
  gboolean receive_video;
  GVariant *audio_options;
  GVariant *video_options;
  GVariant *screen_options;
  guint bandwidth_call;
  guint bandwidth_audio;
  guint bandwidth_video;
  char *audio_network_priority;
  char *video_network_priority;
  char *screen_network_priority;
  char *display_name;
  GVariant *custom_parameters;
};

G_DEFINE_FINAL_TYPE (KandyMediaOptions, kandy_media_options, G_TYPE_OBJECT)

enum {
  PROP_0,
  PROP_AUDIO,
  PROP_VIDEO,
  PROP_SCREEN,
  PROP_RECEIVE_AUDIO,
  PROP_RECEIVE_VIDEO,
  PROP_AUDIO_OPTIONS,
  PROP_VIDEO_OPTIONS,
  PROP_SCREEN_OPTIONS,
  PROP_BANDWIDTH_CALL,
  PROP_BANDWIDTH_AUDIO,
  PROP_BANDWIDTH_VIDEO,
  PROP_AUDIO_NETWORK_PRIORITY,
  PROP_VIDEO_NETWORK_PRIORITY,
  PROP_SCREEN_NETWORK_PRIORITY,
  PROP_DISPLAY_NAME,
  PROP_CUSTOM_PARAMETERS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* The document's RTCPriorityType; an unknown word leaves the former value */
static void
set_priority (char **priority, const GValue *value, GParamSpec *pspec)
{
  static const char *const words[] = { "very-low", "low", "medium", "high",
    NULL };
  const char *word = g_value_get_string (value);

  if (word && !g_strv_contains (words, word)) {
    g_warning ("%s is '%s', but it should be very-low, low, medium or high",
        pspec->name, word);
    return;
  }
  g_free (*priority);
  *priority = g_strdup (word);
}

static void
set_variant (GVariant **held, const GValue *value)
{
  g_clear_pointer (held, g_variant_unref);
  *held = g_value_dup_variant (value);
}

static void
kandy_media_options_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KandyMediaOptions *self = KANDY_MEDIA_OPTIONS (object);

  switch (prop_id) {
    case PROP_AUDIO:
      self->audio = g_value_get_boolean (value);
      break;
    case PROP_VIDEO:
      self->video = g_value_get_boolean (value);
      break;
    case PROP_SCREEN:
      self->screen = g_value_get_boolean (value);
      break;
    case PROP_RECEIVE_AUDIO:
      self->receive_audio = g_value_get_boolean (value);
      break;
    case PROP_RECEIVE_VIDEO:
      self->receive_video = g_value_get_boolean (value);
      break;
    case PROP_AUDIO_OPTIONS:
      set_variant (&self->audio_options, value);
      break;
    case PROP_VIDEO_OPTIONS:
      set_variant (&self->video_options, value);
      break;
    case PROP_SCREEN_OPTIONS:
      set_variant (&self->screen_options, value);
      break;
    case PROP_BANDWIDTH_CALL:
      self->bandwidth_call = g_value_get_uint (value);
      break;
    case PROP_BANDWIDTH_AUDIO:
      self->bandwidth_audio = g_value_get_uint (value);
      break;
    case PROP_BANDWIDTH_VIDEO:
      self->bandwidth_video = g_value_get_uint (value);
      break;
    case PROP_AUDIO_NETWORK_PRIORITY:
      set_priority (&self->audio_network_priority, value, pspec);
      break;
    case PROP_VIDEO_NETWORK_PRIORITY:
      set_priority (&self->video_network_priority, value, pspec);
      break;
    case PROP_SCREEN_NETWORK_PRIORITY:
      set_priority (&self->screen_network_priority, value, pspec);
      break;
    case PROP_DISPLAY_NAME:
      g_free (self->display_name);
      self->display_name = g_value_dup_string (value);
      break;
    case PROP_CUSTOM_PARAMETERS:
      set_variant (&self->custom_parameters, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_media_options_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyMediaOptions *self = KANDY_MEDIA_OPTIONS (object);

  switch (prop_id) {
    case PROP_AUDIO:
      g_value_set_boolean (value, self->audio);
      break;
    case PROP_VIDEO:
      g_value_set_boolean (value, self->video);
      break;
    case PROP_SCREEN:
      g_value_set_boolean (value, self->screen);
      break;
    case PROP_RECEIVE_AUDIO:
      g_value_set_boolean (value, self->receive_audio);
      break;
    case PROP_RECEIVE_VIDEO:
      g_value_set_boolean (value, self->receive_video);
      break;
    case PROP_AUDIO_OPTIONS:
      g_value_set_variant (value, self->audio_options);
      break;
    case PROP_VIDEO_OPTIONS:
      g_value_set_variant (value, self->video_options);
      break;
    case PROP_SCREEN_OPTIONS:
      g_value_set_variant (value, self->screen_options);
      break;
    case PROP_BANDWIDTH_CALL:
      g_value_set_uint (value, self->bandwidth_call);
      break;
    case PROP_BANDWIDTH_AUDIO:
      g_value_set_uint (value, self->bandwidth_audio);
      break;
    case PROP_BANDWIDTH_VIDEO:
      g_value_set_uint (value, self->bandwidth_video);
      break;
    case PROP_AUDIO_NETWORK_PRIORITY:
      g_value_set_string (value, self->audio_network_priority);
      break;
    case PROP_VIDEO_NETWORK_PRIORITY:
      g_value_set_string (value, self->video_network_priority);
      break;
    case PROP_SCREEN_NETWORK_PRIORITY:
      g_value_set_string (value, self->screen_network_priority);
      break;
    case PROP_DISPLAY_NAME:
      g_value_set_string (value, self->display_name);
      break;
    case PROP_CUSTOM_PARAMETERS:
      g_value_set_variant (value, self->custom_parameters);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_media_options_finalize (GObject *object)
{
  KandyMediaOptions *self = KANDY_MEDIA_OPTIONS (object);

  g_clear_pointer (&self->audio_options, g_variant_unref);
  g_clear_pointer (&self->video_options, g_variant_unref);
  g_clear_pointer (&self->screen_options, g_variant_unref);
  g_free (self->audio_network_priority);
  g_free (self->video_network_priority);
  g_free (self->screen_network_priority);
  g_free (self->display_name);
  g_clear_pointer (&self->custom_parameters, g_variant_unref);

  G_OBJECT_CLASS (kandy_media_options_parent_class)->finalize (object);
}

static void
kandy_media_options_class_init (KandyMediaOptionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = kandy_media_options_set_property;
  object_class->get_property = kandy_media_options_get_property;
  object_class->finalize = kandy_media_options_finalize;

  /**
   * KandyMediaOptions:audio:
   *
   * Whether sound is sent. API document: `media.audio`.
   */
  props[PROP_AUDIO] = g_param_spec_boolean (
      "audio", "Audio", "Whether sound is sent", FALSE, flags);
  /**
   * KandyMediaOptions:video:
   *
   * Whether camera pictures are sent. API document: `media.video`.
   */
  props[PROP_VIDEO] = g_param_spec_boolean (
      "video", "Video", "Whether camera pictures are sent", FALSE, flags);
  /**
   * KandyMediaOptions:screen:
   *
   * Whether a screen's pictures are sent. API document: `media.screen`.
   */
  props[PROP_SCREEN] = g_param_spec_boolean (
      "screen", "Screen", "Whether a screen's pictures are sent", FALSE, flags);
  /**
   * KandyMediaOptions:receive-audio:
   *
   * Whether sound is asked for even if none is sent.
   */
  props[PROP_RECEIVE_AUDIO] =
      g_param_spec_boolean ("receive-audio", "Receive audio",
          "Whether sound is asked for even if none is sent", TRUE, flags);
  /**
   * KandyMediaOptions:receive-video:
   *
   * Whether pictures are asked for even if none are sent.
   */
  props[PROP_RECEIVE_VIDEO] =
      g_param_spec_boolean ("receive-video", "Receive video",
          "Whether pictures are asked for even if none are sent", TRUE, flags);
  /**
   * KandyMediaOptions:audio-options:
   *
   * Which microphone is to be opened: `deviceId`, a text or a dictionary with
   * one of the members `exact` and `ideal`. %NULL leaves that to whoever has
   * media. API document: `media.audioOptions`.
   */
  props[PROP_AUDIO_OPTIONS] = g_param_spec_variant ("audio-options",
      "Audio options", "Constraints for the microphone", G_VARIANT_TYPE_VARDICT,
      NULL, flags);
  /**
   * KandyMediaOptions:video-options:
   *
   * Which camera is to be opened, and how: `deviceId`, `width`, `height` and
   * `frameRate`, as for #KandyMediaOptions:audio-options. API document:
   * `media.videoOptions`.
   */
  props[PROP_VIDEO_OPTIONS] =
      g_param_spec_variant ("video-options", "Video options",
          "Constraints for the camera", G_VARIANT_TYPE_VARDICT, NULL, flags);
  /**
   * KandyMediaOptions:screen-options:
   *
   * How the screen is to be opened, as #KandyMediaOptions:video-options. API
   * document: `media.screenOptions`.
   */
  props[PROP_SCREEN_OPTIONS] = g_param_spec_variant ("screen-options",
      "Screen options", "Constraints for the screen's pictures",
      G_VARIANT_TYPE_VARDICT, NULL, flags);
  /**
   * KandyMediaOptions:bandwidth-call:
   *
   * What all that is received may take together, in kbit/s; 0 for no limit.
   * API document: `options.bandwidth.call`.
   */
  props[PROP_BANDWIDTH_CALL] = g_param_spec_uint ("bandwidth-call",
      "Call bandwidth", "Limit for all that is received, in kbit/s", 0,
      G_MAXUINT / 1000, 0, flags);
  /**
   * KandyMediaOptions:bandwidth-audio:
   *
   * What received sound may take, in kbit/s; 0 for no limit. API document:
   * `options.bandwidth.audio`.
   */
  props[PROP_BANDWIDTH_AUDIO] =
      g_param_spec_uint ("bandwidth-audio", "Audio bandwidth",
          "Limit for received sound, in kbit/s", 0, G_MAXUINT / 1000, 0, flags);
  /**
   * KandyMediaOptions:bandwidth-video:
   *
   * What received pictures may take, in kbit/s; 0 for no limit. API document:
   * `options.bandwidth.video`.
   */
  props[PROP_BANDWIDTH_VIDEO] = g_param_spec_uint ("bandwidth-video",
      "Video bandwidth", "Limit for received pictures, in kbit/s", 0,
      G_MAXUINT / 1000, 0, flags);
  /**
   * KandyMediaOptions:audio-network-priority:
   *
   * Priority of sound in the network (DSCP): `very-low`, `low`, `medium` or
   * `high`; %NULL for the default, `low`. API document:
   * `options.dscpControls.audioNetworkPriority`.
   */
  props[PROP_AUDIO_NETWORK_PRIORITY] =
      g_param_spec_string ("audio-network-priority", "Audio network priority",
          "DSCP class of sound", NULL, flags);
  /**
   * KandyMediaOptions:video-network-priority:
   *
   * As #KandyMediaOptions:audio-network-priority, for camera pictures.
   */
  props[PROP_VIDEO_NETWORK_PRIORITY] =
      g_param_spec_string ("video-network-priority", "Video network priority",
          "DSCP class of pictures", NULL, flags);
  /**
   * KandyMediaOptions:screen-network-priority:
   *
   * As #KandyMediaOptions:audio-network-priority, for a screen's pictures.
   */
  props[PROP_SCREEN_NETWORK_PRIORITY] =
      g_param_spec_string ("screen-network-priority", "Screen network priority",
          "DSCP class of a screen", NULL, flags);
  /**
   * KandyMediaOptions:display-name:
   *
   * Name that the called party may be shown. A platform may ignore it.
   */
  props[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name",
      "Display name", "Name that the called party may be shown", NULL, flags);
  /**
   * KandyMediaOptions:custom-parameters:
   *
   * Names and values that go with the request to make a call. A platform may
   * ignore them.
   */
  props[PROP_CUSTOM_PARAMETERS] = g_param_spec_variant ("custom-parameters",
      "Custom parameters", "Names and values for the platform",
      G_VARIANT_TYPE ("a{ss}"), NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_media_options_init (KandyMediaOptions *self)
{
  self->receive_audio = TRUE;
  self->receive_video = TRUE;
}

/**
 * kandy_media_options_new:
 * @audio: whether sound is sent
 * @video: whether pictures are sent
 *
 * Returns: (transfer full): new options; everything is received, without limits
 */
KandyMediaOptions *
kandy_media_options_new (gboolean audio, gboolean video)
{
  return g_object_new (
      KANDY_TYPE_MEDIA_OPTIONS, "audio", audio, "video", video, NULL);
}

/**
 * kandy_media_options_copy:
 * @self: options
 *
 * Returns: (transfer full): options that say the same
 */
KandyMediaOptions *
kandy_media_options_copy (KandyMediaOptions *self)
{
  g_autofree GParamSpec **specs = NULL;
  KandyMediaOptions *copy;
  guint n, i;

  g_return_val_if_fail (KANDY_IS_MEDIA_OPTIONS (self), NULL);

  copy = g_object_new (KANDY_TYPE_MEDIA_OPTIONS, NULL);
  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (self), &n);
  for (i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_object_get_property (G_OBJECT (self), specs[i]->name, &value);
    g_object_set_property (G_OBJECT (copy), specs[i]->name, &value);
  }
  return copy;
}

/**
 * kandy_media_options_merge_bandwidth:
 * @self: options
 * @other: what is asked for later
 *
 * Takes the limits over that @other has.
 */
void
kandy_media_options_merge_bandwidth (
    KandyMediaOptions *self, KandyMediaOptions *other)
{
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (self));
  g_return_if_fail (KANDY_IS_MEDIA_OPTIONS (other));

  if (other->bandwidth_call)
    self->bandwidth_call = other->bandwidth_call;
  if (other->bandwidth_audio)
    self->bandwidth_audio = other->bandwidth_audio;
  if (other->bandwidth_video)
    self->bandwidth_video = other->bandwidth_video;
}
