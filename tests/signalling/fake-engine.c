/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "fake-engine.h"

typedef enum {
  IDLE,
  OFFER_CREATED,
  OFFER_COMMITTED,
  ACCEPTING,
  OFFER_TAKEN,
  ANSWER_CREATED,
} Phase;

struct _FakeEngine {
  GObject parent_instance;

  FakeScript *script;
  GString *log;
  Phase phase;
  gboolean closed;
  guint version;
  GTask *waiting;
  GTask *acquiring; /* beside whatever else waits */
  GQueue dtmf;      /* GTask */
  char *remote_sdp;
  KandyTrack *local;
  KandyTrack *remote;
  GPtrArray *added; /* KandyTrack */
  guint n_tracks;
  KandyMediaOptions *answer_options;
};

static void fake_engine_iface_init (KandyMediaEngineInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeEngine, fake_engine, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (KANDY_TYPE_MEDIA_ENGINE, fake_engine_iface_init))

static const char *const purposes[] = { "INITIAL", "HOLD", "UNHOLD", "UPDATE",
  "RESTART", "REBUILD" };

static void
note (FakeEngine *self, const char *text)
{
  if (self->log->len)
    g_string_append (self->log, ", ");
  g_string_append (self->log, text);
}

static void
add_local (FakeEngine *self)
{
  if (self->local)
    return;
  self->local = kandy_track_new (
      "local-1", "stream-1", KANDY_MEDIA_KIND_AUDIO, TRUE, "tone");
  kandy_media_engine_emit_track_added (KANDY_MEDIA_ENGINE (self), self->local);
}

static void
add_remote (FakeEngine *self)
{
  if (!self->script->remote_track || self->remote)
    return;
  self->remote = kandy_track_new (
      "remote-1", "stream-2", KANDY_MEDIA_KIND_AUDIO, FALSE, NULL);
  kandy_media_engine_emit_track_added (KANDY_MEDIA_ENGINE (self), self->remote);
}

static KandyTrack *
new_track (FakeEngine *self, KandyMediaOptions *media)
{
  gboolean audio, screen;
  g_autofree char *id = g_strdup_printf ("added-%u", ++self->n_tracks);

  g_object_get (media, "audio", &audio, "screen", &screen, NULL);
  return g_object_new (KANDY_TYPE_TRACK, "id", id, "stream-id", "stream-1",
      "kind", audio ? KANDY_MEDIA_KIND_AUDIO : KANDY_MEDIA_KIND_VIDEO,
      "is-local", TRUE, "screen", screen, NULL);
}

/* What a verb does when it succeeds */
static void
complete (FakeEngine *self, GTask *task)
{
  const char *verb = g_task_get_name (task);

  if (g_str_equal (verb, "add_media")) {
    GPtrArray *tracks = g_ptr_array_new_with_free_func (g_object_unref);

    g_ptr_array_add (tracks, new_track (self, g_task_get_task_data (task)));
    g_ptr_array_add (self->added, g_object_ref (tracks->pdata[0]));
    kandy_media_engine_emit_track_added (
        KANDY_MEDIA_ENGINE (self), tracks->pdata[0]);
    g_task_return_pointer (task, tracks, (GDestroyNotify) g_ptr_array_unref);
  } else if (g_str_equal (verb, "replace_track")) {
    g_task_return_pointer (
        task, new_track (self, g_task_get_task_data (task)), g_object_unref);
  } else if (g_str_equal (verb, "create_offer")) {
    self->phase = OFFER_CREATED;
    add_local (self);
    g_task_return_pointer (task,
        g_strdup_printf ("v=0\r\no=- 1 %u IN IP4 127.0.0.1\r\n"
                         "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
                         "a=setup:actpass\r\n",
            ++self->version),
        g_free);
  } else if (g_str_equal (verb, "create_answer")) {
    self->phase = ANSWER_CREATED;
    add_local (self);
    g_task_return_pointer (task,
        g_strdup_printf ("v=0\r\no=- 2 %u IN IP4 127.0.0.1\r\n"
                         "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
                         "a=setup:active\r\n",
            ++self->version),
        g_free);
  } else {
    self->phase = g_str_equal (verb, "take_offer") ? OFFER_TAKEN : IDLE;
    add_remote (self);
    g_task_return_boolean (task, TRUE);
  }
  g_object_unref (task);
}

/* @data: (nullable): an object for complete() */
static void
run_with (FakeEngine *self, const char *verb, gpointer data,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  GError *error = NULL;

  g_assert_null (self->waiting);
  g_task_set_name (task, verb);
  if (data)
    g_task_set_task_data (task, g_object_ref (data), g_object_unref);
  if (self->closed) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
    g_object_unref (task);
  } else if (g_hash_table_steal_extended (
                 self->script->failures, verb, NULL, (gpointer *) &error)) {
    if (!g_str_equal (verb, "create_answer")
        && !g_str_equal (verb, "replace_track"))
      self->phase = IDLE;
    g_task_return_error (task, error);
    g_object_unref (task);
  } else if (g_hash_table_remove (self->script->paused, verb)) {
    self->waiting = task;
  } else {
    complete (self, task);
  }
}

static void
run (FakeEngine *self, const char *verb, GAsyncReadyCallback callback,
    gpointer user_data)
{
  run_with (self, verb, NULL, callback, user_data);
}

static void
add_media_async (KandyMediaEngine *engine, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  g_autoptr (GString) text = g_string_new ("add_media");
  gboolean audio, video, screen;

  g_assert_cmpint (self->phase, ==, IDLE);
  g_object_get (
      media, "audio", &audio, "video", &video, "screen", &screen, NULL);
  g_string_append_printf (text, "%s%s%s", audio ? " audio" : "",
      video ? " video" : "", screen ? " screen" : "");
  note (self, text->str);
  run_with (self, "add_media", media, callback, user_data);
}

/* Not noted: there is one before each add_media */
static void
acquire_media_async (KandyMediaEngine *engine, KandyMediaOptions *media,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_null (self->acquiring);
  self->acquiring = g_task_new (self, NULL, callback, user_data);
  if (!g_hash_table_remove (self->script->paused, "acquire_media"))
    fake_engine_acquire (self, NULL);
}

static gboolean
acquire_media_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
release_media (KandyMediaEngine *engine, KandyMediaOptions *media)
{
  note (FAKE_ENGINE (engine), "release_media");
}

static GPtrArray *
add_media_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
remove_tracks (
    KandyMediaEngine *engine, GPtrArray *tracks, KandyMediaOptions *options)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  guint i;

  g_assert_cmpint (self->phase, ==, IDLE);
  note (self, "remove_tracks");
  for (i = 0; i < tracks->len; i++) {
    g_string_append_printf (
        self->log, " %s", kandy_track_get_id (tracks->pdata[i]));
    kandy_track_set_live (tracks->pdata[i], FALSE);
    kandy_media_engine_emit_track_removed (engine, tracks->pdata[i]);
  }
}

static void
replace_track_async (KandyMediaEngine *engine, KandyTrack *track,
    KandyMediaOptions *media, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  g_autofree char *text =
      g_strdup_printf ("replace_track %s", kandy_track_get_id (track));

  note (self, text);
  run_with (self, "replace_track", media, callback, user_data);
}

static KandyTrack *
replace_track_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
create_offer_async (KandyMediaEngine *engine, KandyOfferPurpose purpose,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  g_autofree char *text = g_strdup_printf (
      "create_offer %s%s", purposes[purpose], local_hold ? " hold" : "");

  g_assert_cmpint (self->phase, ==, IDLE);
  note (self, text);
  run (self, "create_offer", callback, user_data);
}

static char *
pointer_finish (KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
commit_offer (KandyMediaEngine *engine)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, OFFER_CREATED);
  self->phase = OFFER_COMMITTED;
  note (self, "commit_offer");
}

static void
drop_offer (KandyMediaEngine *engine)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_true (
      self->phase == OFFER_CREATED || self->phase == OFFER_COMMITTED);
  self->phase = IDLE;
  note (self, "drop_offer");
}

static void
accept_answer_async (KandyMediaEngine *engine, const char *sdp,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, OFFER_COMMITTED);
  self->phase = ACCEPTING;
  g_free (self->remote_sdp);
  self->remote_sdp = g_strdup (sdp);
  note (self, "accept_answer");
  run (self, "accept_answer", callback, user_data);
}

static gboolean
boolean_finish (KandyMediaEngine *engine, GAsyncResult *result,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  if (change)
    *change = self->script->change;
  if (flowing)
    *flowing = self->script->flowing;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
take_offer_async (KandyMediaEngine *engine, const char *sdp,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, IDLE);
  g_free (self->remote_sdp);
  self->remote_sdp = g_strdup (sdp);
  note (self, local_hold ? "take_offer hold" : "take_offer");
  run (self, "take_offer", callback, user_data);
}

static void
create_answer_async (KandyMediaEngine *engine, KandyMediaOptions *options,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, OFFER_TAKEN);
  if (options)
    g_set_object (&self->answer_options, options);
  note (self, local_hold ? "create_answer hold" : "create_answer");
  run (self, "create_answer", callback, user_data);
}

static void
commit_answer (KandyMediaEngine *engine)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_cmpint (self->phase, ==, ANSWER_CREATED);
  self->phase = IDLE;
  note (self, "commit_answer");
}

static void
drop_answer (KandyMediaEngine *engine)
{
  FakeEngine *self = FAKE_ENGINE (engine);

  g_assert_true (self->phase == OFFER_TAKEN || self->phase == ANSWER_CREATED);
  self->phase = IDLE;
  note (self, "drop_answer");
}

/* Does not wait, and does not mind what else is under way */
static void
get_stats_async (KandyMediaEngine *engine, const char *track_id,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  GVariantDict dict, entry;

  if (g_hash_table_steal_extended (
          self->script->failures, "get_stats", NULL, (gpointer *) &error)) {
    g_task_return_error (task, error);
    return;
  }
  g_variant_dict_init (&entry, NULL);
  g_variant_dict_insert (&entry, "id", "s", "inbound-1");
  g_variant_dict_insert (&entry, "type", "s", "inbound-rtp");
  g_variant_dict_insert (&entry, "timestamp", "d", 1234.5);
  g_variant_dict_insert (&entry, "bytesReceived", "t", (guint64) 1 << 33);
  g_variant_dict_insert (
      &entry, "trackIdentifier", "s", track_id ? track_id : "remote-1");
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "inbound-1", g_variant_dict_end (&entry));
  g_task_return_pointer (task, g_variant_ref_sink (g_variant_dict_end (&dict)),
      (GDestroyNotify) g_variant_unref);
}

static GVariant *
get_stats_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static const char *
get_platform (KandyMediaEngine *engine)
{
  return "fake/1";
}

/* @error: (nullable) */
static void
answer_dtmf (FakeEngine *self, const GError *error)
{
  GTask *task = g_queue_pop_head (&self->dtmf);

  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
send_dtmf_async (KandyMediaEngine *engine, const char *tones, guint duration,
    guint gap, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  FakeEngine *self = FAKE_ENGINE (engine);
  g_autofree char *text =
      g_strdup_printf ("send_dtmf %s %u %u", tones, duration, gap);
  g_autoptr (GError) error = NULL;

  note (self, text);
  g_queue_push_tail (
      &self->dtmf, g_task_new (self, cancellable, callback, user_data));
  g_hash_table_steal_extended (
      self->script->failures, "send_dtmf", NULL, (gpointer *) &error);
  if (error || !g_hash_table_contains (self->script->paused, "send_dtmf"))
    answer_dtmf (self, error);
}

static gboolean
send_dtmf_finish (
    KandyMediaEngine *engine, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
engine_close (KandyMediaEngine *engine)
{
  g_autoptr (GError) closed =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
  FakeEngine *self = FAKE_ENGINE (engine);

  if (self->closed)
    return;
  self->closed = TRUE;
  note (self, "close");
  if (self->waiting) {
    g_task_return_new_error (
        self->waiting, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
    g_clear_object (&self->waiting);
  }
  while (self->dtmf.length > 0)
    answer_dtmf (self, closed);
}

static void
fake_engine_iface_init (KandyMediaEngineInterface *iface)
{
  iface->create_offer_async = create_offer_async;
  iface->create_offer_finish = pointer_finish;
  iface->acquire_media_async = acquire_media_async;
  iface->acquire_media_finish = acquire_media_finish;
  iface->release_media = release_media;
  iface->add_media_async = add_media_async;
  iface->add_media_finish = add_media_finish;
  iface->remove_tracks = remove_tracks;
  iface->replace_track_async = replace_track_async;
  iface->replace_track_finish = replace_track_finish;
  iface->commit_offer = commit_offer;
  iface->drop_offer = drop_offer;
  iface->accept_answer_async = accept_answer_async;
  iface->accept_answer_finish = boolean_finish;
  iface->take_offer_async = take_offer_async;
  iface->take_offer_finish = boolean_finish;
  iface->create_answer_async = create_answer_async;
  iface->create_answer_finish = pointer_finish;
  iface->commit_answer = commit_answer;
  iface->drop_answer = drop_answer;
  iface->get_stats_async = get_stats_async;
  iface->get_stats_finish = get_stats_finish;
  iface->get_platform = get_platform;
  iface->close = engine_close;
  iface->send_dtmf_async = send_dtmf_async;
  iface->send_dtmf_finish = send_dtmf_finish;
}

static void
fake_engine_finalize (GObject *object)
{
  FakeEngine *self = FAKE_ENGINE (object);

  g_assert_null (self->waiting);
  g_assert_null (self->acquiring);
  g_assert_cmpuint (self->dtmf.length, ==, 0);
  g_clear_object (&self->local);
  g_clear_object (&self->remote);
  g_clear_object (&self->answer_options);
  g_ptr_array_unref (self->added);
  g_string_free (self->log, TRUE);
  g_free (self->remote_sdp);

  G_OBJECT_CLASS (fake_engine_parent_class)->finalize (object);
}

static void
fake_engine_class_init (FakeEngineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_engine_finalize;
}

static void
fake_engine_init (FakeEngine *self)
{
  self->log = g_string_new (NULL);
  self->added = g_ptr_array_new_with_free_func (g_object_unref);
}

void
fake_script_init (FakeScript *script)
{
  script->failures = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_error_free);
  script->paused = g_hash_table_new (g_str_hash, g_str_equal);
  script->change = KANDY_REMOTE_CHANGE_NONE;
  script->flowing = TRUE;
  script->remote_track = TRUE;
}

void
fake_script_clear (FakeScript *script)
{
  g_clear_pointer (&script->failures, g_hash_table_unref);
  g_clear_pointer (&script->paused, g_hash_table_unref);
}

void
fake_script_fail (FakeScript *script, const char *verb, GError *error)
{
  g_hash_table_insert (script->failures, (gpointer) verb, error);
}

void
fake_script_pause (FakeScript *script, const char *verb)
{
  g_hash_table_add (script->paused, (gpointer) verb);
}

FakeEngine *
fake_engine_new (FakeScript *script)
{
  FakeEngine *self = g_object_new (FAKE_TYPE_ENGINE, NULL);

  self->script = script;
  return self;
}

GString *
fake_engine_get_log (FakeEngine *self)
{
  return self->log;
}

void
fake_engine_clear_log (FakeEngine *self)
{
  g_string_truncate (self->log, 0);
}

const char *
fake_engine_get_remote_sdp (FakeEngine *self)
{
  return self->remote_sdp;
}

gboolean
fake_engine_is_waiting (FakeEngine *self)
{
  return self->waiting != NULL;
}

void
fake_engine_resume (FakeEngine *self)
{
  g_assert_nonnull (self->waiting);
  complete (self, g_steal_pointer (&self->waiting));
}

gboolean
fake_engine_is_closed (FakeEngine *self)
{
  return self->closed;
}

void
fake_engine_set_state (FakeEngine *self, KandyMediaConnectionState state)
{
  kandy_media_engine_emit_connection_state (KANDY_MEDIA_ENGINE (self), state);
}

void
fake_engine_lose_path (FakeEngine *self)
{
  kandy_media_engine_emit_path_lost (KANDY_MEDIA_ENGINE (self));
}

void
fake_engine_play_dtmf (FakeEngine *self, const GError *error)
{
  g_assert_cmpuint (self->dtmf.length, >, 0);
  answer_dtmf (self, error);
}

void
fake_engine_break (FakeEngine *self)
{
  g_autoptr (GError) error =
      kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0, "broken");

  kandy_media_engine_emit_failed (KANDY_MEDIA_ENGINE (self), error);
}

KandyMediaOptions *
fake_engine_get_answer_options (FakeEngine *self)
{
  return self->answer_options;
}

void
fake_engine_acquire (FakeEngine *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->acquiring);

  g_assert_nonnull (task);
  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
fake_engine_is_acquiring (FakeEngine *self)
{
  return self->acquiring != NULL;
}
