/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycodec.h"
#include "gstkandysink-private.h"

/* SECTION: kandysink as member of its session
 *
 * What it wishes of a call, and what becomes of its pads while there is one.
 */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_sink_debug);
#define GST_CAT_DEFAULT gst_kandy_sink_debug

/* A pad that is linked again within this time had its source replaced */
#define UNLINKED_MS 1000

static GstKandySessionMemberInterface *parent_member;

/* What a call that lasts does not know of yet */
static void
wish_changes (
    GstKandySinkPad *pad, GstCaps *caps, GstKandySessionWishes *wishes)
{
  gint64 unlinked = gst_kandy_sink_pad_get_unlinked (pad), left;

  if (unlinked != 0) {
    left = UNLINKED_MS - (g_get_monotonic_time () - unlinked) / 1000;
    if (left <= 0)
      g_ptr_array_add (wishes->remove, gst_kandy_sink_pad_dup_track_id (pad));
    else if (wishes->again_ms == 0 || left < wishes->again_ms)
      wishes->again_ms = (guint) left + 1;
  } else if (caps != NULL && gst_kandy_sink_pad_is_wanting (pad)) {
    if (gst_kandy_sink_pad_is_screen (pad))
      wishes->add_screen = TRUE;
    else if (gst_kandy_sink_pad_get_kind (pad) == KANDY_MEDIA_KIND_AUDIO)
      wishes->add_audio = TRUE;
    else
      wishes->add_video = TRUE;
  }
}

/* (transfer full): what the pad's media can be sent as, in the user's order */
static GstCaps *
choose_codecs (GstKandySink *self, KandyMediaKind kind, GstCaps *input)
{
  GstCaps *codecs = input != NULL
      ? gst_kandy_codecs_for_input (kind, input, FALSE)
      : gst_kandy_codecs_get_available (kind, FALSE);
  g_autofree char *preference = NULL;

  GST_OBJECT_LOCK (self);
  preference = g_strdup (self->codecs[kind]);
  GST_OBJECT_UNLOCK (self);
  if (preference != NULL) {
    GstCaps *preferred = gst_kandy_codecs_prefer (codecs, preference, TRUE);

    gst_caps_unref (codecs);
    codecs = preferred;
  }
  return codecs;
}

gboolean
gst_kandy_sink_is_sendable (
    GstKandySink *self, GstKandySinkPad *pad, GstCaps *caps)
{
  g_autoptr (GstCaps) codecs =
      choose_codecs (self, gst_kandy_sink_pad_get_kind (pad), caps);

  return !gst_caps_is_empty (codecs);
}

static void
add_unsendable (
    GstKandySinkPad *pad, GstCaps *caps, GstKandySessionWishes *wishes)
{
  g_autofree char *others = g_steal_pointer (&wishes->unsendable);

  wishes->unsendable = g_strdup_printf ("%s%s%s at %s",
      others != NULL ? others : "", others != NULL ? ", " : "",
      gst_structure_get_name (gst_caps_get_structure (caps, 0)),
      GST_PAD_NAME (pad));
}

static void
gst_kandy_sink_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  g_autoptr (GPtrArray) pads = NULL;
  guint i;

  parent_member->get_wishes (member, wishes);
  wishes->sends = TRUE;
  /* Before the pads: a device that is open by then has its pad */
  gst_kandy_sink_devices_get_wishes (self->devices, wishes);
  pads = gst_kandy_sink_dup_pads (self);
  if (wishes->remove == NULL)
    wishes->remove = g_ptr_array_new_with_free_func (g_free);
  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->gone->len; i++)
    g_ptr_array_add (
        wishes->remove, g_strdup (g_ptr_array_index (self->gone, i)));
  GST_OBJECT_UNLOCK (self);
  GST_OBJECT_LOCK (member);
  for (i = 0; i < G_N_ELEMENTS (wishes->priority); i++)
    wishes->priority[i] = GST_KANDY_SINK (member)->priority[i];
  GST_OBJECT_UNLOCK (member);
  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);
    g_autoptr (GstCaps) caps = gst_kandy_sink_pad_dup_caps (pad);

    wish_changes (pad, caps, wishes);
    if (!gst_pad_is_linked (GST_PAD (pad))
        || gst_kandy_sink_pad_is_on_demand (pad))
      continue;
    if (caps == NULL)
      wishes->media_ready = FALSE;
    else if (!gst_kandy_sink_is_sendable (self, pad, caps)) {
      add_unsendable (pad, caps, wishes);
      continue;
    }
    if (gst_kandy_sink_pad_get_kind (pad) == KANDY_MEDIA_KIND_AUDIO)
      wishes->send_audio = TRUE;
    else if (gst_kandy_sink_pad_is_screen (pad))
      wishes->send_screen = TRUE;
    else
      wishes->send_video = TRUE;
  }
}

static void
prepare_pad (GstKandySink *self, GstKandySinkPad *pad, GstKandyCall *media)
{
  KandyMediaKind kind = gst_kandy_sink_pad_get_kind (pad);
  g_autoptr (GstCaps) input = gst_kandy_sink_pad_dup_caps (pad);
  g_autoptr (GstCaps) codecs = choose_codecs (self, kind, input);

  if (!gst_caps_is_empty (codecs)) {
    gst_kandy_sink_pad_prepare (pad, media, codecs);
    return;
  }
  gst_kandy_sink_pad_set_removed (pad, TRUE);
  GST_ELEMENT_WARNING (self, STREAM, CODEC_NOT_FOUND,
      ("Media at the pad %s cannot be sent", GST_PAD_NAME (pad)),
      ("no codec for the caps %" GST_PTR_FORMAT " among those allowed", input));
}

static void
gst_kandy_sink_media_prepared (
    GstKandySessionMember *member, GstKandyCall *media)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  GST_OBJECT_LOCK (self);
  g_ptr_array_set_size (self->gone, 0);
  GST_OBJECT_UNLOCK (self);
  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);

    gst_kandy_sink_pad_set_removed (pad, FALSE);
    if (gst_pad_is_linked (GST_PAD (pad))
        && !gst_kandy_sink_pad_is_on_demand (pad))
      prepare_pad (self, pad, media);
  }
}

/* What the call does not know becomes a wish */
static void
gst_kandy_sink_media_joined (GstKandySessionMember *member, GstKandyCall *media)
{
  g_autoptr (GPtrArray) pads =
      gst_kandy_sink_dup_pads (GST_KANDY_SINK (member));
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);

    gst_kandy_sink_pad_set_removed (pad, FALSE);
    if (gst_pad_is_linked (GST_PAD (pad)))
      gst_kandy_sink_pad_resume (pad, media);
  }
}

static GstKandySinkDevice
get_device (GstKandySinkPad *pad)
{
  if (gst_kandy_sink_pad_get_kind (pad) == KANDY_MEDIA_KIND_AUDIO)
    return GST_KANDY_SINK_AUDIO;
  return gst_kandy_sink_pad_is_screen (pad) ? GST_KANDY_SINK_SCREEN
                                            : GST_KANDY_SINK_VIDEO;
}

/* Whether it is linked by whoever made it, and has no track */
static gboolean
is_idle (GstKandySinkPad *pad, GstKandySinkDevice which)
{
  return get_device (pad) == which && gst_pad_is_linked (GST_PAD (pad))
      && !gst_kandy_sink_pad_is_on_demand (pad)
      && !gst_kandy_sink_pad_is_prepared (pad);
}

static gboolean
gst_kandy_sink_can_send (
    GstKandySessionMember *member, KandyMediaKind kind, gboolean screen)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  GstKandySinkDevice which = kind == KANDY_MEDIA_KIND_AUDIO
      ? GST_KANDY_SINK_AUDIO
      : screen ? GST_KANDY_SINK_SCREEN
               : GST_KANDY_SINK_VIDEO;
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++)
    if (is_idle (g_ptr_array_index (pads, i), which))
      return TRUE;
  return gst_kandy_sink_devices_is_opening (self->devices, which);
}

static gboolean
gst_kandy_sink_acquire_media (GstKandySessionMember *member,
    KandyMediaOptions *wanted, GstPromise *promise)
{
  return gst_kandy_sink_devices_acquire (
      GST_KANDY_SINK (member)->devices, wanted, promise);
}

static void
gst_kandy_sink_release_media (GstKandySessionMember *member)
{
  gst_kandy_sink_devices_release (GST_KANDY_SINK (member)->devices);
}

/* What was opened for it, else what is linked */
static void
add_wanted (GstKandySink *self, GstKandyCall *media, GstKandySinkDevice which)
{
  g_autoptr (GPtrArray) acquired =
      gst_kandy_sink_devices_dup_acquired (self->devices, which);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; i < acquired->len; i++)
    prepare_pad (self, g_ptr_array_index (acquired, i), media);
  for (i = 0; acquired->len == 0 && i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);
    g_autoptr (GstCaps) caps = gst_kandy_sink_pad_dup_caps (pad);

    if (caps != NULL && is_idle (pad, which))
      prepare_pad (self, pad, media);
  }
}

static void
gst_kandy_sink_media_wanted (GstKandySessionMember *member, GstKandyCall *media,
    KandyMediaOptions *wanted)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  gboolean audio, video, screen;

  g_object_get (
      wanted, "audio", &audio, "video", &video, "screen", &screen, NULL);
  if (audio)
    add_wanted (self, media, GST_KANDY_SINK_AUDIO);
  if (video)
    add_wanted (self, media, GST_KANDY_SINK_VIDEO);
  if (screen)
    add_wanted (self, media, GST_KANDY_SINK_SCREEN);
}

static gboolean
gst_kandy_sink_replace_source (GstKandySessionMember *member,
    GstKandySendTrack *track, KandyMediaOptions *wanted,
    const GstStructure *source, GstPromise *promise)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);
    g_autoptr (GstKandySendTrack) own = gst_kandy_sink_pad_dup_track (pad);
    GstKandySinkDevice which = GST_KANDY_SINK_AUDIO;
    gboolean screen;

    if (own != track)
      continue;
    g_object_get (wanted, "screen", &screen, NULL);
    if (gst_kandy_sink_pad_get_kind (pad) == KANDY_MEDIA_KIND_VIDEO)
      which = screen ? GST_KANDY_SINK_SCREEN : GST_KANDY_SINK_VIDEO;
    return gst_kandy_sink_devices_replace (
        self->devices, pad, which, source, promise);
  }
  return FALSE;
}

static void
gst_kandy_sink_media_refused (
    GstKandySessionMember *member, const GError *error)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  guint i;

  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);

    if (gst_kandy_sink_pad_is_wanting (pad))
      gst_kandy_sink_pad_set_removed (pad, TRUE);
  }
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("Media could not be added to the call: %s", error->message),
      ("nothing is sent of them until their pads are linked anew"));
}

static void
gst_kandy_sink_call_connected (GstKandySessionMember *member)
{
  g_autoptr (GPtrArray) pads =
      gst_kandy_sink_dup_pads (GST_KANDY_SINK (member));
  GstClockTime offset = GST_CLOCK_TIME_NONE;
  guint i;

  /* one offset for all, or sound and picture would part */
  for (i = 0; i < pads->len; i++) {
    GstKandySinkPad *pad = g_ptr_array_index (pads, i);

    /* else its turn comes with its track */
    if (!gst_kandy_sink_pad_is_wanting (pad))
      offset = gst_kandy_sink_pad_open (pad, offset);
  }
}

static void
gst_kandy_sink_call_ended (
    GstKandySessionMember *member, gboolean failed, gboolean ours)
{
  GstKandySink *self = GST_KANDY_SINK (member);
  g_autoptr (GPtrArray) pads = gst_kandy_sink_dup_pads (self);
  gboolean eos;
  guint i;

  GST_OBJECT_LOCK (self);
  eos = ours && self->eos_on_end;
  GST_OBJECT_UNLOCK (self);
  for (i = 0; i < pads->len; i++)
    gst_kandy_sink_pad_close (g_ptr_array_index (pads, i), eos);
  gst_kandy_sink_devices_call_ended (self->devices);

  parent_member->call_ended (member, failed, ours);
  if (eos)
    gst_kandy_sink_post_eos (self);
}

void
gst_kandy_sink_member_init (GstKandySessionMemberInterface *iface)
{
  parent_member = g_type_interface_peek_parent (iface);
  iface->get_wishes = gst_kandy_sink_get_wishes;
  iface->media_prepared = gst_kandy_sink_media_prepared;
  iface->media_joined = gst_kandy_sink_media_joined;
  iface->can_send = gst_kandy_sink_can_send;
  iface->acquire_media = gst_kandy_sink_acquire_media;
  iface->release_media = gst_kandy_sink_release_media;
  iface->media_wanted = gst_kandy_sink_media_wanted;
  iface->replace_source = gst_kandy_sink_replace_source;
  iface->media_refused = gst_kandy_sink_media_refused;
  iface->call_connected = gst_kandy_sink_call_connected;
  iface->call_ended = gst_kandy_sink_call_ended;
}

void
gst_kandy_sink_track_ended (GstKandySink *self, GstKandySinkPad *pad)
{
  gst_kandy_sink_devices_track_ended (self->devices, pad);
}

void
gst_kandy_sink_lose_track (
    GstKandySink *self, GstKandySinkPad *pad, const GError *error)
{
  char *track_id = gst_kandy_sink_pad_dup_track_id (pad);

  gst_kandy_sink_pad_set_removed (pad, TRUE);
  if (track_id != NULL) {
    GST_OBJECT_LOCK (self);
    g_ptr_array_add (self->gone, track_id);
    GST_OBJECT_UNLOCK (self);
  }
  if (error != NULL)
    gst_kandy_sink_devices_report (self->devices, error);
  gst_kandy_base_bin_wishes_changed (GST_KANDY_BASE_BIN (self));
}
