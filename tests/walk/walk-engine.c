/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include "gstkandysdphold.h"
#include "sdppeer.h"

typedef enum {
  IDLE,
  OFFERED,
  TAKEN,
  ANSWERED,
} Phase;

typedef struct {
  KandyTrack *track;
  guint id; /* the facade's */
} Local;

#define WALK_TYPE_ENGINE (walk_engine_get_type ())
G_DECLARE_FINAL_TYPE (WalkEngine, walk_engine, WALK, ENGINE, GObject)

struct _WalkEngine {
  GObject parent_instance;

  WalkParty *party;
  SdpPeer peer;
  Phase phase;
  gboolean negotiated;
  gboolean closed;
  guint n_tracks;
  GPtrArray *locals;  /* Local */
  GPtrArray *fresh;   /* KandyTrack: not announced yet */
  GPtrArray *remotes; /* KandyTrack */
  GstKandySdpHold hold;
  GstKandySdpHold staged;
  KandyRemoteChange change;
  gboolean flowing;
  GTask *task;
  GSource *source;
  GQueue dtmf; /* GTask */
};

static void walk_engine_iface_init (KandyMediaEngineInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WalkEngine, walk_engine, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (KANDY_TYPE_MEDIA_ENGINE, walk_engine_iface_init))

static void
local_free (gpointer data)
{
  Local *local = data;

  g_object_unref (local->track);
  g_free (local);
}

/* --- tracks ----------------------------------------------------------------
 */

static Local *
add_local (WalkEngine *self, KandyMediaKind kind, gboolean screen)
{
  Local *local = g_new0 (Local, 1);
  g_autofree char *id = g_strdup_printf (
      "%s-%p-%u", self->party->name, (gpointer) self, ++self->n_tracks);
  g_autofree char *stream = g_strdup_printf ("%s-stream", self->party->name);
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      kind == KANDY_MEDIA_KIND_AUDIO ? AUDIO_CAPS : VIDEO_CAPS);

  local->track = g_object_new (KANDY_TYPE_TRACK, "id", id, "stream-id", stream,
      "kind", kind, "is-local", TRUE, "screen", screen, NULL);
  local->id = gst_kandy_sdp_facade_add_track (
      self->peer.facade, kind, id, stream, caps);
  g_ptr_array_add (self->locals, local);
  return local;
}

/* What the options ask for */
static void
add_wanted (WalkEngine *self, KandyMediaOptions *options)
{
  gboolean audio, video, screen;
  guint i, first = self->locals->len;

  g_object_get (
      options, "audio", &audio, "video", &video, "screen", &screen, NULL);
  if (audio)
    add_local (self, KANDY_MEDIA_KIND_AUDIO, FALSE);
  if (video)
    add_local (self, KANDY_MEDIA_KIND_VIDEO, FALSE);
  if (screen)
    add_local (self, KANDY_MEDIA_KIND_VIDEO, TRUE);
  for (i = first; i < self->locals->len; i++)
    g_ptr_array_add (self->fresh,
        g_object_ref (((Local *) g_ptr_array_index (self->locals, i))->track));
}

static void
announce (WalkEngine *self)
{
  g_autoptr (GPtrArray) tracks = self->fresh;
  guint i;

  self->fresh = g_ptr_array_new_with_free_func (g_object_unref);
  for (i = 0; i < tracks->len && !self->closed; i++)
    kandy_media_engine_emit_track_added (
        KANDY_MEDIA_ENGINE (self), g_ptr_array_index (tracks, i));
}

static KandyTrack *
find_remote (GPtrArray *tracks, const char *id)
{
  guint i;

  for (i = 0; i < tracks->len; i++)
    if (g_str_equal (kandy_track_get_id (g_ptr_array_index (tracks, i)), id))
      return g_ptr_array_index (tracks, i);
  return NULL;
}

/* Remote tracks are what the descriptions say */
static void
sync_remotes (WalkEngine *self)
{
  guint i, n = gst_kandy_sdp_facade_get_n_mlines (self->peer.facade);
  g_autoptr (GPtrArray) now = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) come = g_ptr_array_new_with_free_func (g_object_unref);

  for (i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    KandyTrack *track;

    if (!gst_kandy_sdp_facade_get_mline (self->peer.facade, i, &mline)
        || !mline.alive || !mline.receive || !mline.remote_track_id)
      continue;
    track = find_remote (self->remotes, mline.remote_track_id);
    if (track) {
      g_ptr_array_add (now, g_object_ref (track));
      continue;
    }
    track = kandy_track_new (
        mline.remote_track_id, mline.remote_stream_id, mline.kind, FALSE, NULL);
    g_ptr_array_add (now, track);
    g_ptr_array_add (come, g_object_ref (track));
  }
  for (i = 0; i < self->remotes->len; i++) {
    KandyTrack *track = g_ptr_array_index (self->remotes, i);

    if (!g_ptr_array_find (now, track, NULL))
      g_ptr_array_add (gone, g_object_ref (track));
  }
  g_ptr_array_unref (self->remotes);
  self->remotes = g_steal_pointer (&now);
  g_object_ref (self);
  for (i = 0; i < gone->len && !self->closed; i++)
    kandy_media_engine_emit_track_removed (
        KANDY_MEDIA_ENGINE (self), g_ptr_array_index (gone, i));
  for (i = 0; i < come->len && !self->closed; i++)
    kandy_media_engine_emit_track_added (
        KANDY_MEDIA_ENGINE (self), g_ptr_array_index (come, i));
  g_object_unref (self);
}

/* --- verbs -----------------------------------------------------------------
 */

typedef struct {
  char *sdp;
  GPtrArray *tracks;
  GError *error;
} Outcome;

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_free (outcome->sdp);
  g_clear_pointer (&outcome->tracks, g_ptr_array_unref);
  g_clear_error (&outcome->error);
  g_free (outcome);
}

static void
return_outcome (GTask *task)
{
  Outcome *outcome = g_task_get_task_data (task);

  if (outcome->error)
    g_task_return_error (task, g_steal_pointer (&outcome->error));
  else if (outcome->tracks)
    g_task_return_pointer (task, g_steal_pointer (&outcome->tracks),
        (GDestroyNotify) g_ptr_array_unref);
  else if (outcome->sdp)
    g_task_return_pointer (task, g_steal_pointer (&outcome->sdp), g_free);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gboolean
on_done (gpointer user_data)
{
  WalkEngine *self = user_data;

  g_clear_pointer (&self->source, g_source_unref);
  return_outcome (g_steal_pointer (&self->task));
  return G_SOURCE_REMOVE;
}

/* @fails: whether it may: an offer that is not answered leaves the far end to
 * wait, as one that is lost does */
static Outcome *
begin (WalkEngine *self, gboolean fails, GAsyncReadyCallback callback,
    gpointer user_data)
{
  Outcome *outcome = g_new0 (Outcome, 1);

  g_assert_null (self->task);
  self->task = g_task_new (self, NULL, callback, user_data);
  g_task_set_task_data (self->task, outcome, outcome_free);
  if (self->closed)
    g_set_error (&outcome->error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
  else if (fails && walk_chance (self->party->walk, 60))
    g_set_error (
        &outcome->error, G_IO_ERROR, G_IO_ERROR_FAILED, "as the dice fell");
  return outcome;
}

static void
end (WalkEngine *self)
{
  Walk *walk = self->party->walk;

  self->source =
      g_timeout_source_new (walk_chance (walk, 4) ? walk_pick (walk, 15) : 0);
  g_source_set_callback (self->source, on_done, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

static gboolean
is_lossy (WalkEngine *self)
{
  return self->party->walk->lossy;
}

static char *
get_wire (WalkEngine *self, GError **error)
{
  char *sdp = gst_kandy_sdp_facade_get_wire (self->peer.facade, error);

  g_assert_true (sdp || *error);
  return sdp;
}

static void
commit (WalkEngine *self)
{
  sdp_peer_commit (&self->peer);
  self->negotiated = TRUE;
  self->hold = self->staged;
  gst_kandy_sdp_hold_commit (&self->hold, self->peer.facade);
  sync_remotes (self);
}

static void
drop (WalkEngine *self)
{
  sdp_peer_drop (&self->peer);
  self->phase = IDLE;
}

/* Who sends nothing asks for what can be received */
static void
apply_settings (WalkEngine *self)
{
  guint kind;

  for (kind = 0; kind < 2; kind++)
    gst_kandy_sdp_facade_set_ask (
        self->peer.facade, kind, self->locals->len == 0);
}

/* Whether the far end may wait for it */
static gboolean
is_asked_for (KandyOfferPurpose purpose)
{
  return purpose == KANDY_OFFER_PURPOSE_UPDATE
      || purpose == KANDY_OFFER_PURPOSE_REBUILD;
}

static void
create_offer_async (KandyMediaEngine *engine, KandyOfferPurpose purpose,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  Outcome *outcome = begin (
      self, is_lossy (self) || !is_asked_for (purpose), callback, user_data);

  g_assert_cmpint (self->phase, ==, IDLE);
  gst_kandy_sdp_facade_set_is_caller (
      self->peer.facade, purpose == KANDY_OFFER_PURPOSE_INITIAL);
  apply_settings (self);
  if (!outcome->error
      && gst_kandy_sdp_facade_begin_offer (
          self->peer.facade, purpose, local_hold, &outcome->error)) {
    self->staged = self->hold;
    self->staged.local = local_hold;
    sdp_peer_steps (&self->peer);
    announce (self);
    outcome->sdp = get_wire (self, &outcome->error);
    self->phase = outcome->sdp ? OFFERED : IDLE;
  }
  end (self);
}

static void
commit_offer (KandyMediaEngine *engine)
{
  g_assert_cmpint (WALK_ENGINE (engine)->phase, ==, OFFERED);
}

static void
drop_offer (KandyMediaEngine *engine)
{
  WalkEngine *self = WALK_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, OFFERED);
  drop (self);
  sync_remotes (self);
}

static void
accept_answer_async (KandyMediaEngine *engine, const char *sdp,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  Outcome *outcome = begin (self, is_lossy (self), callback, user_data);

  g_assert_cmpint (self->phase, ==, OFFERED);
  self->phase = IDLE;
  if (outcome->error) {
    drop (self);
  } else if (gst_kandy_sdp_facade_take_answer (self->peer.facade, sdp,
                 &self->change, &self->flowing, &outcome->error)) {
    sdp_peer_steps (&self->peer);
    self->change = gst_kandy_sdp_hold_take_answer (
        &self->staged, self->peer.facade, self->change);
    commit (self);
  } else {
    drop (self);
  }
  end (self);
}

static gboolean
boolean_finish (KandyMediaEngine *engine, GAsyncResult *result,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  WalkEngine *self = WALK_ENGINE (engine);

  if (change)
    *change = self->change;
  if (flowing)
    *flowing = self->flowing;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
take_offer_async (KandyMediaEngine *engine, const char *sdp,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  Outcome *outcome = begin (self, is_lossy (self), callback, user_data);

  g_assert_cmpint (self->phase, ==, IDLE);
  apply_settings (self);
  if (!outcome->error
      && gst_kandy_sdp_facade_take_offer (self->peer.facade, sdp, local_hold,
          &self->change, &self->flowing, &outcome->error)) {
    self->phase = TAKEN;
    self->staged = self->hold;
    self->staged.local = local_hold;
    self->change = gst_kandy_sdp_hold_take_offer (
        &self->staged, self->peer.facade, self->change);
    if (!self->negotiated)
      sdp_peer_steps (&self->peer);
    sync_remotes (self);
  }
  end (self);
}

static void
create_answer_async (KandyMediaEngine *engine, KandyMediaOptions *options,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  Outcome *outcome = begin (self, is_lossy (self), callback, user_data);
  gboolean again = options || local_hold != self->staged.local;

  g_assert_cmpint (self->phase, ==, TAKEN);
  self->staged.local = local_hold;
  if (options)
    add_wanted (self, options);
  if (!outcome->error
      && (!again
          || gst_kandy_sdp_facade_plan_answer (
              self->peer.facade, local_hold, &outcome->error))) {
    if (again || self->negotiated)
      sdp_peer_steps (&self->peer);
    outcome->sdp = get_wire (self, &outcome->error);
    if (outcome->sdp)
      self->phase = ANSWERED;
    sync_remotes (self);
    announce (self);
  }
  end (self);
}

static void
commit_answer (KandyMediaEngine *engine)
{
  WalkEngine *self = WALK_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, ANSWERED);
  self->phase = IDLE;
  commit (self);
}

static void
drop_answer (KandyMediaEngine *engine)
{
  WalkEngine *self = WALK_ENGINE (engine);

  g_assert_true (self->phase == TAKEN || self->phase == ANSWERED);
  drop (self);
  sync_remotes (self);
}

static gpointer
pointer_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static char *
text_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return pointer_finish (engine, result, error);
}

static GPtrArray *
tracks_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return pointer_finish (engine, result, error);
}

static KandyTrack *
track_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return pointer_finish (engine, result, error);
}

static gpointer
copy_object (gconstpointer object, gpointer user_data)
{
  return g_object_ref ((gpointer) object);
}

static void
add_media_async (KandyMediaEngine *engine, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  Outcome *outcome = begin (self, TRUE, callback, user_data);

  g_assert_cmpint (self->phase, ==, IDLE);
  if (!outcome->error) {
    add_wanted (self, media);
    outcome->tracks = g_ptr_array_copy (self->fresh, copy_object, NULL);
    g_ptr_array_set_free_func (outcome->tracks, g_object_unref);
    announce (self);
  }
  end (self);
}

static void
remove_tracks (
    KandyMediaEngine *engine, GPtrArray *tracks, KandyMediaOptions *options)
{
  WalkEngine *self = WALK_ENGINE (engine);
  guint i, j;

  g_assert_cmpint (self->phase, ==, IDLE);
  for (i = 0; i < tracks->len; i++) {
    KandyTrack *track = g_ptr_array_index (tracks, i);

    for (j = 0; j < self->locals->len; j++) {
      Local *local = g_ptr_array_index (self->locals, j);

      if (local->track != track)
        continue;
      gst_kandy_sdp_facade_remove_track (self->peer.facade, local->id);
      kandy_track_set_live (track, FALSE);
      g_ptr_array_remove_index (self->locals, j);
      break;
    }
    kandy_media_engine_emit_track_removed (engine, track);
  }
}

/* Its id on the wire stays */
static void
replace_track_async (KandyMediaEngine *engine, KandyTrack *track,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autofree char *id = NULL;
  guint i;

  for (i = 0; i < self->locals->len; i++) {
    Local *local = g_ptr_array_index (self->locals, i);

    if (local->track != track)
      continue;
    id = g_strdup_printf (
        "%s-%p-%u", self->party->name, (gpointer) self, ++self->n_tracks);
    g_object_unref (local->track);
    local->track = g_object_new (KANDY_TYPE_TRACK, "id", id, "stream-id",
        kandy_track_get_stream_id (track), "kind", kandy_track_get_kind (track),
        "is-local", TRUE, "screen", kandy_track_is_screen (track), NULL);
    g_task_return_pointer (task, g_object_ref (local->track), g_object_unref);
    return;
  }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "gone");
}

static gboolean
on_dtmf_played (gpointer user_data)
{
  WalkEngine *self = user_data;
  GTask *task = g_queue_pop_head (&self->dtmf);

  if (task) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
  }
  return G_SOURCE_REMOVE;
}

static void
send_dtmf_async (KandyMediaEngine *engine, const char *tones, guint duration,
    guint gap, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  WalkEngine *self = WALK_ENGINE (engine);

  g_queue_push_tail (
      &self->dtmf, g_task_new (self, cancellable, callback, user_data));
  g_timeout_add_full (G_PRIORITY_DEFAULT, walk_pick (self->party->walk, 30),
      on_dtmf_played, g_object_ref (self), g_object_unref);
}

static gboolean
send_dtmf_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
get_stats_async (KandyMediaEngine *engine, const char *track_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (engine, cancellable, callback, user_data);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_task_return_pointer (task, g_variant_ref_sink (g_variant_dict_end (&dict)),
      (GDestroyNotify) g_variant_unref);
}

static GVariant *
get_stats_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return pointer_finish (engine, result, error);
}

static void
engine_close (KandyMediaEngine *engine)
{
  WalkEngine *self = WALK_ENGINE (engine);
  GTask *task;

  if (self->closed)
    return;
  self->closed = TRUE;
  while ((task = g_queue_pop_head (&self->dtmf))) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
    g_object_unref (task);
  }
}

static void
walk_engine_iface_init (KandyMediaEngineInterface *iface)
{
  iface->create_offer_async = create_offer_async;
  iface->create_offer_finish = text_finish;
  iface->commit_offer = commit_offer;
  iface->drop_offer = drop_offer;
  iface->accept_answer_async = accept_answer_async;
  iface->accept_answer_finish = boolean_finish;
  iface->take_offer_async = take_offer_async;
  iface->take_offer_finish = boolean_finish;
  iface->create_answer_async = create_answer_async;
  iface->create_answer_finish = text_finish;
  iface->commit_answer = commit_answer;
  iface->drop_answer = drop_answer;
  iface->add_media_async = add_media_async;
  iface->add_media_finish = tracks_finish;
  iface->remove_tracks = remove_tracks;
  iface->replace_track_async = replace_track_async;
  iface->replace_track_finish = track_finish;
  iface->get_stats_async = get_stats_async;
  iface->get_stats_finish = get_stats_finish;
  iface->send_dtmf_async = send_dtmf_async;
  iface->send_dtmf_finish = send_dtmf_finish;
  iface->close = engine_close;
}

static void
walk_engine_finalize (GObject *object)
{
  WalkEngine *self = WALK_ENGINE (object);

  g_assert_null (self->task);
  g_assert_true (self->closed);
  g_ptr_array_unref (self->locals);
  g_ptr_array_unref (self->remotes);
  g_ptr_array_unref (self->fresh);
  sdp_peer_clear (&self->peer);

  G_OBJECT_CLASS (walk_engine_parent_class)->finalize (object);
}

static void
walk_engine_class_init (WalkEngineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = walk_engine_finalize;
}

static void
walk_engine_init (WalkEngine *self)
{
  self->locals = g_ptr_array_new_with_free_func (local_free);
  self->remotes = g_ptr_array_new_with_free_func (g_object_unref);
  self->fresh = g_ptr_array_new_with_free_func (g_object_unref);
}

/* --- the walk's ------------------------------------------------------------
 */

/* @options: (nullable): of make() */
static KandyMediaEngine *
new_engine (WalkParty *party, KandyMediaOptions *options)
{
  WalkEngine *self = g_object_new (WALK_TYPE_ENGINE, NULL);

  self->party = party;
  sdp_peer_init (&self->peer, party->name, options != NULL);
  sdp_peer_receive (&self->peer, AUDIO_CAPS, VIDEO_CAPS);
  /* They are announced when the call has connected to the signals */
  if (options)
    add_wanted (self, options);
  return KANDY_MEDIA_ENGINE (self);
}

static gboolean
same_codec (GstCaps *a, GstCaps *b)
{
  const GstStructure *s = gst_caps_get_structure (a, 0);
  const GstStructure *t = gst_caps_get_structure (b, 0);
  int m = -1, n = -1;

  return gst_structure_get_int (s, "payload", &m)
      && gst_structure_get_int (t, "payload", &n) && m == n
      && g_strcmp0 (gst_structure_get_string (s, "encoding-name"),
             gst_structure_get_string (t, "encoding-name"))
      == 0;
}

/* What @from sends in m-line @i and @to receives there. @whole: as above */
static char *
compare_way (WalkEngine *from, WalkEngine *to, guint i)
{
  g_auto (GstKandySdpMline) sent = { 0 };
  g_auto (GstKandySdpMline) received = { 0 };
  gboolean has_sent =
      gst_kandy_sdp_facade_get_mline (from->peer.facade, i, &sent)
      && sent.alive;
  gboolean has_received =
      gst_kandy_sdp_facade_get_mline (to->peer.facade, i, &received)
      && received.alive;

  if (has_sent != has_received)
    return g_strdup_printf ("m-line %u lives for one end only", i);
  if (!has_sent)
    return NULL;
  if (sent.kind != received.kind)
    return g_strdup_printf ("m-line %u is of two kinds", i);
  if (sent.send != received.receive)
    return g_strdup_printf ("m-line %u: %s %s, %s %s", i, from->party->name,
        sent.send ? "sends" : "does not send", to->party->name,
        received.receive ? "receives" : "does not receive");
  if (sent.send && g_strcmp0 (sent.mid, received.mid) != 0)
    return g_strdup_printf ("m-line %u: two mids", i);
  if (sent.send && !same_codec (sent.send_caps, received.receive_caps))
    return g_strdup_printf ("m-line %u: two codecs", i);
  if (sent.send && !find_remote (to->remotes, received.remote_track_id))
    return g_strdup_printf ("m-line %u: %s shows no track for what it receives",
        i, to->party->name);
  return NULL;
}

static guint
count_sent (WalkEngine *self)
{
  guint i, n = gst_kandy_sdp_facade_get_n_mlines (self->peer.facade), sent = 0;

  for (i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    sent += gst_kandy_sdp_facade_get_mline (self->peer.facade, i, &mline)
        && mline.alive && mline.send;
  }
  return sent;
}

static char *
compare_end (WalkEngine *from, WalkEngine *to, gboolean whole)
{
  guint i,
      n = MAX (gst_kandy_sdp_facade_get_n_mlines (from->peer.facade),
          gst_kandy_sdp_facade_get_n_mlines (to->peer.facade));

  for (i = 0; i < n; i++) {
    char *difference = compare_way (from, to, i);

    if (difference)
      return difference;
  }
  if (count_sent (from) != to->remotes->len)
    return g_strdup_printf ("%s sends %u tracks, %s has %u of them",
        from->party->name, count_sent (from), to->party->name,
        to->remotes->len);
  if (whole && from->locals->len != to->remotes->len)
    return g_strdup_printf ("%s has %u tracks and %s %u of them",
        from->party->name, from->locals->len, to->party->name,
        to->remotes->len);
  return NULL;
}

static char *
compare (KandyMediaEngine *a, KandyMediaEngine *b, gboolean whole)
{
  char *difference = compare_end (WALK_ENGINE (a), WALK_ENGINE (b), whole);

  if (!difference)
    difference = compare_end (WALK_ENGINE (b), WALK_ENGINE (a), whole);
  return difference;
}

const WalkMedia walk_media_descriptions = {
  "descriptions",
  new_engine,
  compare,
  NULL,
};
