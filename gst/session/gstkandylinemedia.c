/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline-private.h"

/* SECTION: media that come and go while a call lasts
 *
 * What an element has pads for is a wish like others: it is fulfilled as soon
 * as the call allows it, one change at a time, after a hold and after whatever
 * else is being negotiated. If both ends make an offer at the same moment, the
 * one that is refused tries again.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

static GQuark
pads_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-line-pads");
}

static void change (
    GstKandyLine *self, KandyMediaOptions *media, const char *const *removed);

/* Protocol calls 9.4; the codes that platforms of this family have for it */
static gboolean
is_glare (const GError *error)
{
  static const char *const codes[] = { "SVC0491", "49", "491", "409", "call:8",
    NULL };
  const char *code = kandy_error_get_platform_code (error);
  guint status = kandy_error_get_http_status (error);

  return status == 409 || status == 491
      || (code != NULL && g_strv_contains (codes, code));
}

/* As RFC 3261 14.1 has it: the ends wait for times that do not meet */
static guint
glare_delay (GstKandyLine *self)
{
  return kandy_call_get_direction (self->call) == KANDY_CALL_DIRECTION_OUTGOING
      ? (guint) g_random_int_range (2100, 4000)
      : (guint) g_random_int_range (0, 2000);
}

static gboolean
on_time (gpointer data)
{
  GstKandyLine *self = data;
  g_autoptr (KandyMediaOptions) media = g_steal_pointer (&self->media_again);

  gst_kandy_line_clear_source (&self->media_change_source);
  if (media != NULL && self->call_live && !self->media_changing
      && self->call_state == KANDY_CALL_STATE_CONNECTED)
    change (self, media, NULL);
  else
    gst_kandy_line_calls_act (self);
  return G_SOURCE_REMOVE;
}

static void
look_again (GstKandyLine *self, guint ms)
{
  gst_kandy_line_clear_source (&self->media_change_source);
  self->media_change_source = gst_kandy_line_add_timeout (self, ms, on_time);
}

typedef struct {
  GstKandyLine *line;
  KandyMediaOptions *media; /* (nullable): to be added */
} Change;

static void
refuse (GstKandyLine *self, const GError *error)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->media_refused (member, error);
  }
}

static void
on_changed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Change *data = user_data;
  g_autoptr (GstKandyLine) self = data->line;
  g_autoptr (KandyMediaOptions) media = data->media;
  g_autoptr (GError) error = NULL;

  g_free (data);
  kandy_call_operation_finish (KANDY_CALL (object), result, &error);
  if (KANDY_CALL (object) != self->call)
    return;
  self->media_changing = FALSE;
  if (!self->call_live)
    return;

  if (error == NULL) {
    self->media_untold = FALSE;
    gst_kandy_line_calls_act (self);
  } else if (is_glare (error)) {
    GST_INFO_OBJECT (self, "%s; once more", error->message);
    self->media_untold |= media == NULL;
    g_set_object (&self->media_again, media);
    look_again (self, glare_delay (self));
  } else if (!g_error_matches (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE)) {
    /* else it is not the time for it, and the next event says when it is */
    GST_WARNING_OBJECT (self, "%s", error->message);
    if (media != NULL)
      refuse (self, error);
  }
}

/* @media, @removed: (nullable): neither: the far end is told of what has gone
 */
static void
change (
    GstKandyLine *self, KandyMediaOptions *media, const char *const *removed)
{
  Change *data = g_new0 (Change, 1);

  data->line = g_object_ref (self);
  g_set_object (&data->media, media);
  self->media_changing = TRUE;
  if (media != NULL)
    kandy_call_add_media_async (
        self->call, media, self->cancellable, on_changed, data);
  else if (removed != NULL)
    kandy_call_remove_media_async (
        self->call, removed, NULL, self->cancellable, on_changed, data);
  else
    kandy_call_renegotiate_async (
        self->call, self->cancellable, on_changed, data);
}

/* (transfer full) (nullable): those of @wished that the call still has */
static char **
find_removed (GstKandyLine *self, GPtrArray *wished)
{
  g_autoptr (GPtrArray) tracks = kandy_call_get_local_tracks (self->call);
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  gboolean found = FALSE;
  guint i, j;

  for (i = 0; wished != NULL && i < wished->len; i++) {
    const char *id = g_ptr_array_index (wished, i);

    for (j = 0; j < tracks->len; j++) {
      if (g_str_equal (
              kandy_track_get_id (g_ptr_array_index (tracks, j)), id)) {
        g_strv_builder_add (ids, id);
        found = TRUE;
        break;
      }
    }
  }
  return found ? g_strv_builder_end (ids) : NULL;
}

void
gst_kandy_line_media_act (
    GstKandyLine *self, const GstKandySessionWishes *wishes)
{
  g_auto (GStrv) removed = NULL;

  if (!self->call_live || !self->connected || self->media == NULL
      || self->media_changing || self->media_again != NULL
      || self->call_state != KANDY_CALL_STATE_CONNECTED)
    return;

  removed = find_removed (self, wishes->remove);
  if (removed != NULL) {
    change (self, NULL, (const char *const *) removed);
  } else if (wishes->add_audio || wishes->add_video || wishes->add_screen) {
    g_autoptr (KandyMediaOptions) media =
        kandy_media_options_new (wishes->add_audio, wishes->add_video);

    g_object_set (media, "screen", wishes->add_screen, NULL);
    g_object_set_qdata (
        G_OBJECT (media), pads_quark (), GUINT_TO_POINTER (TRUE));
    gst_kandy_line_calls_set_priorities (media, wishes);
    change (self, media, NULL);
  } else if (self->media_untold && self->media_change_source == NULL) {
    change (self, NULL, NULL);
  } else if (wishes->again_ms != 0) {
    look_again (self, wishes->again_ms);
  }
}

/* What may be added, by the names of KandyMediaOptions */
static const struct {
  const char *name;
  const char *options;
  KandyMediaKind kind;
  gboolean screen;
} additions[] = {
  { "audio", "audio-options", KANDY_MEDIA_KIND_AUDIO, FALSE },
  { "video", "video-options", KANDY_MEDIA_KIND_VIDEO, FALSE },
  { "screen", "screen-options", KANDY_MEDIA_KIND_VIDEO, TRUE },
};

static gboolean
is_set (KandyMediaOptions *media, guint i)
{
  gboolean set;

  g_object_get (media, additions[i].name, &set, NULL);
  return set;
}

static gboolean
names_device (KandyMediaOptions *media, guint i)
{
  g_autoptr (GVariant) options = NULL;

  g_object_get (media, additions[i].options, &options, NULL);
  return options != NULL;
}

static gboolean
is_there (GPtrArray *members, guint i)
{
  guint k;

  for (k = 0; k < members->len; k++) {
    GstKandySessionMember *member = g_ptr_array_index (members, k);

    if (GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->can_send (
            member, additions[i].kind, additions[i].screen))
      return TRUE;
  }
  return FALSE;
}

/* Who names a device gets it; else it is what is linked and is not sent, and
 * only without that a device. Pads ask for themselves, and never for one. */
gboolean
gst_kandy_line_media_acquire (GstKandyCall *media, KandyMediaOptions *wanted,
    GstPromise *promise, GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  g_autoptr (KandyMediaOptions) missing = kandy_media_options_copy (wanted);
  gboolean any = FALSE;
  guint i;

  /* one at a time: what came before has come to nothing */
  g_clear_object (&self->acquirer);
  g_clear_object (&self->acquired);
  if (media != self->media
      || g_object_get_qdata (G_OBJECT (wanted), pads_quark ()) != NULL)
    return FALSE;
  for (i = 0; i < G_N_ELEMENTS (additions); i++) {
    if (!is_set (wanted, i))
      continue;
    if (names_device (wanted, i) || !is_there (members, i))
      any = TRUE;
    else
      g_object_set (missing, additions[i].name, FALSE, NULL);
  }
  for (i = 0; any && i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    if (!GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->acquire_media (
            member, missing, promise))
      continue;
    g_set_object (&self->acquirer, member);
    g_set_object (&self->acquired, missing);
    return TRUE;
  }
  return FALSE;
}

void
gst_kandy_line_media_release (
    GstKandyCall *media, KandyMediaOptions *wanted, GstKandyLine *self)
{
  g_autoptr (GstKandySessionMember) acquirer =
      g_steal_pointer (&self->acquirer);

  g_clear_object (&self->acquired);
  if (acquirer != NULL)
    GST_KANDY_SESSION_MEMBER_GET_IFACE (acquirer)->release_media (acquirer);
}

void
gst_kandy_line_media_wanted (
    GstKandyLine *self, GstKandyCall *media, KandyMediaOptions *wanted)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  g_autoptr (KandyMediaOptions) others = kandy_media_options_copy (wanted);
  guint i;

  for (i = 0; self->acquired != NULL && i < G_N_ELEMENTS (additions); i++)
    if (is_set (self->acquired, i))
      g_object_set (others, additions[i].name, FALSE, NULL);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->media_wanted (
        member, media, member == self->acquirer ? wanted : others);
  }
  gst_kandy_line_media_release (media, wanted, self);
}

static GQuark
source_quark (void)
{
  return g_quark_from_static_string ("gst-kandy-line-source");
}

/* The engine gets @media as they are, and gives them back: what the library has
 * no words for travels with them */
void
gst_kandy_line_media_set_source (
    KandyMediaOptions *media, const GstStructure *source)
{
  g_object_set_qdata_full (G_OBJECT (media), source_quark (),
      gst_structure_copy (source), (GDestroyNotify) gst_structure_free);
}

/* Whoever of the members sends @track */
gboolean
gst_kandy_line_media_source_wanted (GstKandyCall *media,
    GstKandySendTrack *track, KandyMediaOptions *wanted, GstPromise *promise,
    GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  const GstStructure *source =
      g_object_get_qdata (G_OBJECT (wanted), source_quark ());
  guint i;

  for (i = 0; media == self->media && i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    if (GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->replace_source (
            member, track, wanted, source, promise))
      return TRUE;
  }
  return FALSE;
}

/* What is not live has waited for it */
void
gst_kandy_line_media_added (GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  guint i;

  for (i = 0; self->connected && i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->call_connected (member);
  }
}

void
gst_kandy_line_media_stop (GstKandyLine *self)
{
  gst_kandy_line_clear_source (&self->media_change_source);
  g_clear_object (&self->media_again);
  g_clear_object (&self->acquirer);
  g_clear_object (&self->acquired);
  self->media_changing = FALSE;
  self->media_untold = FALSE;
}
