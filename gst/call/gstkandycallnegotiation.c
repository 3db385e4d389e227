/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

/* The verbs of KandyMediaEngine. The SDP facade says what a description means
 * and which steps webrtcbin has to take for it; here they are taken, one after
 * the other, each when the former has come back. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_call_debug);
#define GST_CAT_DEFAULT gst_kandy_call_debug

static void run (GstKandyCall *self);
static void go_on_with_answer (GstKandyCall *self);

typedef struct {
  KandyRemoteChange change;
  gboolean flowing;
  char *sdp;
} Result;

static void
result_free (gpointer data)
{
  g_free (((Result *) data)->sdp);
  g_free (data);
}

/* --- the verb that is under way --- */

static void
settle (GstKandyCall *self, char *sdp, GError *error)
{
  GTask *task = g_steal_pointer (&self->task);
  Result *result;

  self->verb = GST_KANDY_VERB_NONE;
  if (self->cancel) {
    g_source_destroy (self->cancel);
    g_clear_pointer (&self->cancel, g_source_unref);
  }
  if (!task) {
    g_clear_error (&error);
    g_free (sdp);
    return;
  }

  if (error) {
    g_task_return_error (task, error);
    g_free (sdp);
  } else {
    result = g_new0 (Result, 1);
    result->change = self->change;
    result->flowing = self->flowing;
    result->sdp = sdp;
    g_task_return_pointer (task, result, result_free);
  }
  g_object_unref (task);
}

static gboolean
verb_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GstKandyCall *self = user_data;
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  settle (self, NULL, error);
  return G_SOURCE_REMOVE;
}

/* FALSE: answered with an error */
static gboolean
begin (GstKandyCall *self, GstKandyVerb verb, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  /* settle() tells of cancellation; what is ready is not thrown away */
  g_task_set_check_cancellable (task, FALSE);

  if (g_task_return_error_if_cancelled (task)) {
    g_object_unref (task);
    return FALSE;
  }
  if (self->closed || self->failed) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "The media of this call are closed"));
    g_object_unref (task);
    return FALSE;
  }
  if (self->task) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "Another negotiation of this call is under way"));
    g_object_unref (task);
    return FALSE;
  }

  self->task = task;
  self->verb = verb;
  if (cancellable) {
    self->cancel = g_cancellable_source_new (cancellable);
    g_source_set_callback (
        self->cancel, G_SOURCE_FUNC (verb_cancelled), self, NULL);
    g_source_attach (self->cancel, self->context);
  }
  return TRUE;
}

static void
forget_staged (GstKandyCall *self)
{
  if (self->staging)
    gst_kandy_sdp_facade_drop (self->facade);
  self->staging = FALSE;
  self->staged_hold = self->hold;
  self->replan = FALSE;
  self->steps = GST_KANDY_SDP_STEP_NONE;
  self->dirty = FALSE;
  g_clear_error (&self->run_error);
  gst_kandy_call_drop_staged (self);
  if (self->transport)
    gst_kandy_transport_drop_restart (self->transport);
}

/* Answers with @error (transfer full), as if nothing had been asked */
static void
fail_verb (GstKandyCall *self, GError *error)
{
  GST_INFO_OBJECT (self->pipeline, "%s", error->message);
  forget_staged (self);
  gst_kandy_call_sync_remote_tracks (self);
  gst_kandy_call_update_gates (self);
  settle (self, NULL, error);
}

/* The call is over: what waits is answered */
void
gst_kandy_call_abandon_negotiation (GstKandyCall *self)
{
  self->running = FALSE;
  self->steps = GST_KANDY_SDP_STEP_NONE;
  g_clear_error (&self->run_error);
  if (self->task)
    settle (self, NULL,
        g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The call was closed"));
}

static void
commit (GstKandyCall *self)
{
  GstKandySdpHold former = self->hold;

  gst_kandy_sdp_facade_commit (self->facade);
  self->staging = FALSE;
  self->negotiated = TRUE;
  if (self->transport)
    gst_kandy_transport_commit_restart (self->transport);
  self->hold = self->staged_hold;
  gst_kandy_sdp_hold_commit (&self->hold, self->facade);
  if (self->hold.local != former.local)
    g_object_notify (G_OBJECT (self), "local-hold");
  if (self->hold.remote != former.remote)
    g_object_notify (G_OBJECT (self), "remote-hold");
  gst_kandy_call_after_commit (self);
}

static void
tell_needed_offer (GstKandyCall *self)
{
  if (!self->closed && gst_kandy_sdp_facade_needs_offer (self->facade))
    kandy_media_engine_emit_offer_needed (KANDY_MEDIA_ENGINE (self));
}

/* All steps were taken, or one failed */
static void
run_finished (GstKandyCall *self)
{
  GstKandyVerb verb = self->verb;
  g_autofree char *sdp = NULL;
  GError *error = NULL;

  self->running = FALSE;

  /* Cancelled meanwhile. What was offered may be dropped by its own verb, an
   * answer that nobody waits for is of no use. */
  if (verb == GST_KANDY_VERB_NONE || verb == GST_KANDY_VERB_TAKE_OFFER)
    return;

  if (verb == GST_KANDY_VERB_CREATE_ANSWER
      && (self->replan || self->run_error)) {
    go_on_with_answer (self);
    return;
  }
  if (self->run_error) {
    error = g_steal_pointer (&self->run_error);
    fail_verb (self, error);
    return;
  }

  if (verb == GST_KANDY_VERB_ACCEPT_ANSWER) {
    self->timings.remote = g_get_monotonic_time ();
    self->change = gst_kandy_sdp_hold_take_answer (
        &self->staged_hold, self->facade, self->change);
    /* whoever is answered may have nothing more to do with it */
    g_object_ref (self);
    commit (self);
    settle (self, NULL, NULL);
    tell_needed_offer (self);
    g_object_unref (self);
    return;
  }

  sdp = gst_kandy_sdp_facade_get_wire (self->facade, &error);
  if (error)
    fail_verb (self, error);
  else
    settle (self, g_steal_pointer (&sdp), NULL);
}

/* --- steps --- */

static GstKandyTransport *
current (GstKandyCall *self)
{
  return self->staged ? self->staged : self->transport;
}

static void
run_failed (GstKandyCall *self, const GError *error)
{
  g_clear_error (&self->run_error);
  self->run_error = g_error_copy (error);
  self->steps = GST_KANDY_SDP_STEP_NONE;

  /* A webrtcbin that does not come back is lost for this call */
  if (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT)
      && self->negotiated) {
    g_object_ref (self);
    run_finished (self);
    gst_kandy_call_fail (self, error);
    g_object_unref (self);
    return;
  }
  run_finished (self);
}

static void
step_done (GstKandyTransport *transport, const GstSDPMessage *sdp,
    const GError *error, gpointer user_data)
{
  GstKandyCall *self = user_data;

  if (error)
    run_failed (self, error);
  else
    run (self);
}

static void
description_created (GstKandyTransport *transport, const GstSDPMessage *sdp,
    const GError *error, gpointer user_data)
{
  GstKandyCall *self = user_data;
  GstSDPMessage *local;
  g_autoptr (GError) refused = NULL;

  if (error) {
    run_failed (self, error);
    return;
  }

  local = gst_kandy_sdp_facade_local_created (self->facade, sdp, &refused);
  if (!local) {
    run_failed (self, refused);
    return;
  }
  gst_kandy_transport_apply (transport, TRUE,
      self->remote_is_offer ? GST_WEBRTC_SDP_TYPE_ANSWER
                            : GST_WEBRTC_SDP_TYPE_OFFER,
      local, step_done, self);
}

static int
by_webrtcbin_index (gconstpointer a, gconstpointer b)
{
  return ((const GstKandySdpMline *) a)->webrtcbin_index
      - ((const GstKandySdpMline *) b)->webrtcbin_index;
}

static void
add_transceivers (GstKandyCall *self)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);
  g_autoptr (GArray) mlines =
      g_array_new (FALSE, FALSE, sizeof (GstKandySdpMline));

  g_array_set_clear_func (mlines, (GDestroyNotify) gst_kandy_sdp_mline_clear);
  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    if (gst_kandy_sdp_facade_get_mline (self->facade, i, &mline) && mline.is_new
        && mline.transceiver_caps) {
      g_array_append_val (mlines, mline);
      memset (&mline, 0, sizeof (mline));
    }
  }
  g_array_sort (mlines, by_webrtcbin_index);
  for (guint i = 0; i < mlines->len; i++) {
    GstKandySdpMline *mline = &g_array_index (mlines, GstKandySdpMline, i);

    gst_kandy_transport_add_media (current (self), mline->transceiver_caps,
        mline->kind == KANDY_MEDIA_KIND_VIDEO);
  }
}

static gboolean
restart_ice (GstKandyCall *self, GError **error)
{
  GstKandyTransport *transport = current (self);
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);
  g_autoptr (GArray) restarting = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    if (gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        && mline.restarts) {
      guint index = (guint) mline.webrtcbin_index;

      g_array_append_val (restarting, index);
    }
  }
  if (!gst_kandy_transport_restart (transport, restarting)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
            "The ICE agent of this webrtcbin cannot be restarted"));
    return FALSE;
  }
  self->restarted = TRUE;
  for (guint i = 0; i < restarting->len; i++) {
    guint index = g_array_index (restarting, guint, i);
    g_autofree char *ufrag = NULL;
    g_autofree char *pwd = NULL;

    if (gst_kandy_transport_get_credentials (transport, index, &ufrag, &pwd))
      gst_kandy_sdp_facade_set_local_credentials (
          self->facade, index, ufrag, pwd);
  }
  return TRUE;
}

static void
set_remote_ice (GstKandyCall *self)
{
  guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);

  for (guint i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };
    const char *ufrag, *pwd;
    const GPtrArray *candidates;
    int index;

    if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
        || mline.webrtcbin_index < 0)
      continue;
    index = mline.webrtcbin_index;
    if (gst_kandy_sdp_facade_get_remote_ice (
            self->facade, index, &ufrag, &pwd, &candidates)
        && !gst_kandy_transport_set_remote_ice (
            current (self), index, ufrag, pwd, candidates))
      GST_WARNING_OBJECT (self->pipeline,
          "the agent did not take the far end's credentials of m-line %u", i);
    if (gst_kandy_sdp_facade_is_bundled (self->facade))
      break;
  }
}

static gboolean
rebuild (GstKandyCall *self, GError **error)
{
  GstKandyTransport *transport = gst_kandy_call_new_transport (self, error);

  if (!transport)
    return FALSE;

  if (self->negotiated) {
    /* The former one goes on until both ends have agreed */
    gst_kandy_call_drop_staged (self);
    self->staged = transport;
  } else {
    if (self->transport)
      gst_kandy_transport_close (self->transport, NULL);
    g_clear_object (&self->transport);
    self->transport = transport;
  }
  return TRUE;
}

static gboolean
candidates_suffice (GPtrArray *candidates, guint elapsed, gpointer user_data)
{
  GstKandyCall *self = user_data;

  if (self->check)
    return self->check (self, candidates, elapsed, self->check_data);

  /* protocol calls 4.4: a relay works where nothing else does */
  for (guint i = 0; i < candidates->len; i++)
    if (strstr (g_ptr_array_index (candidates, i), " typ relay"))
      return TRUE;
  return FALSE;
}

static void
gathered (GstKandyTransport *transport, const GstSDPMessage *sdp,
    const GError *error, gpointer user_data)
{
  GstKandyCall *self = user_data;
  guint known = 0;

  if (sdp && !self->restarted)
    known = gst_kandy_sdp_facade_take_candidates (self->facade, sdp);
  if (self->restarted || self->negotiated || known == 0) {
    guint n = gst_kandy_sdp_facade_get_n_mlines (self->facade);

    /* The agent has candidates that webrtcbin does not tell: those of a
     * restart, those of a transport that came with a new m-line, and one that
     * came together with the end of gathering */
    for (guint i = 0; i < n; i++) {
      g_auto (GstKandySdpMline) mline = { 0 };
      g_autoptr (GPtrArray) lines = NULL;

      if (!gst_kandy_sdp_facade_get_mline (self->facade, i, &mline)
          || mline.webrtcbin_index < 0)
        continue;
      lines =
          gst_kandy_transport_get_candidates (transport, mline.webrtcbin_index);
      for (guint j = 0; j < lines->len; j++)
        known += gst_kandy_sdp_facade_add_candidate (
            self->facade, mline.webrtcbin_index, g_ptr_array_index (lines, j));
    }
    self->restarted = FALSE;
  }

  self->timings.gathered = g_get_monotonic_time ();
  GST_DEBUG_OBJECT (self->pipeline, "%u candidates", known);
  if (known == 0 && gst_kandy_sdp_facade_get_n_mlines (self->facade) > 0) {
    g_autoptr (GError) none = kandy_error_new (KANDY_ERROR_MEDIA, "call:10", 0,
        "No ICE candidate was found: no usable network interface, and no "
        "relay answered in time");

    run_failed (self, none);
    return;
  }
  run (self);
}

static guint
config_ms (GstKandyCall *self, const char *path, guint fallback)
{
  double value =
      self->config ? kandy_config_get_number (self->config, path) : fallback;

  return value >= 1 && value <= 3600000 ? (guint) value : fallback;
}

static gboolean
take_step (GstKandyCall *self, GstKandySdpSteps step)
{
  if (!(self->steps & step))
    return FALSE;
  self->steps &= ~step;
  return TRUE;
}

/* Takes the next step that has to be waited for, and those before it */
static void
run (GstKandyCall *self)
{
  g_autoptr (GError) error = NULL;

  if (take_step (self, GST_KANDY_SDP_STEP_REBUILD) && !rebuild (self, &error))
    goto failed;
  if (take_step (self, GST_KANDY_SDP_STEP_RESTART)
      && !restart_ice (self, &error))
    goto failed;
  if (take_step (self, GST_KANDY_SDP_STEP_TRANSCEIVERS))
    add_transceivers (self);

  if (take_step (self, GST_KANDY_SDP_STEP_CREATE_OFFER)) {
    gst_kandy_transport_create (
        current (self), GST_WEBRTC_SDP_TYPE_OFFER, description_created, self);
    return;
  }
  if (take_step (self, GST_KANDY_SDP_STEP_SET_REMOTE)) {
    GstSDPMessage *remote =
        gst_kandy_sdp_facade_get_webrtcbin_remote (self->facade, &error);

    if (!remote)
      goto failed;
    gst_kandy_transport_apply (current (self), FALSE,
        self->remote_is_offer ? GST_WEBRTC_SDP_TYPE_OFFER
                              : GST_WEBRTC_SDP_TYPE_ANSWER,
        remote, step_done, self);
    return;
  }
  if (take_step (self, GST_KANDY_SDP_STEP_CREATE_ANSWER)) {
    gst_kandy_transport_create (
        current (self), GST_WEBRTC_SDP_TYPE_ANSWER, description_created, self);
    return;
  }
  if (take_step (self, GST_KANDY_SDP_STEP_REMOTE_ICE))
    set_remote_ice (self);
  if (take_step (self, GST_KANDY_SDP_STEP_GATHER)) {
    self->timings.gather_start = g_get_monotonic_time ();
    gst_kandy_transport_gather (current (self),
        config_ms (self, "call.iceCollectionDelay", 1000),
        config_ms (self, "call.maxIceTimeout", 3000), candidates_suffice,
        gathered, self);
    return;
  }

  run_finished (self);
  return;

failed:
  run_failed (self, error);
}

static void
start_run (GstKandyCall *self, GstKandySdpSteps steps)
{
  self->steps = steps;
  self->remote_is_offer = (steps & GST_KANDY_SDP_STEP_CREATE_ANSWER) != 0;
  self->running = TRUE;
  run (self);
}

/* --- verbs --- */

void
gst_kandy_call_announce_local_tracks (GstKandyCall *self)
{
  for (guint i = 0; i < self->sends->len; i++) {
    GstKandyLocalTrack *local = g_ptr_array_index (self->sends, i);

    if (local->announced)
      continue;
    local->announced = TRUE;
    kandy_media_engine_emit_track_added (KANDY_MEDIA_ENGINE (self),
        gst_kandy_send_track_get_track (local->track));
  }
}

static gboolean
busy_running (GstKandyCall *self)
{
  if (!self->running)
    return FALSE;
  settle (self, NULL,
      kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
          "A cancelled negotiation of this call has not come to its end yet"));
  return TRUE;
}

static void
create_offer_async (KandyMediaEngine *engine, KandyOfferPurpose purpose,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  GError *error = NULL;

  if (!begin (self, GST_KANDY_VERB_CREATE_OFFER, create_offer_async,
          cancellable, callback, user_data)
      || busy_running (self))
    return;

  forget_staged (self);
  gst_kandy_sdp_facade_set_is_caller (
      self->facade, purpose == KANDY_OFFER_PURPOSE_INITIAL);
  gst_kandy_call_apply_settings (self, NULL);
  gst_kandy_call_announce_local_tracks (self);

  if (!gst_kandy_call_ensure_transport (self, &error)
      || !gst_kandy_sdp_facade_begin_offer (
          self->facade, purpose, local_hold, &error)) {
    fail_verb (self, error);
    return;
  }
  self->staging = TRUE;
  self->staged_hold.local = local_hold;
  gst_kandy_call_update_gates (self);
  start_run (self, gst_kandy_sdp_facade_get_steps (self->facade));
}

static char *
create_offer_finish (
    KandyMediaEngine *engine, GAsyncResult *async_result, GError **error)
{
  Result *result = g_task_propagate_pointer (G_TASK (async_result), error);
  char *sdp;

  if (!result)
    return NULL;
  sdp = g_steal_pointer (&result->sdp);
  result_free (result);
  return sdp;
}

static void
commit_offer (KandyMediaEngine *engine)
{
  /* webrtcbin learns of the offer with its answer, so that there is nothing to
   * roll back */
}

static void
drop_offer (KandyMediaEngine *engine)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);

  if (self->closed || self->running)
    return;
  forget_staged (self);
  gst_kandy_call_sync_remote_tracks (self);
  gst_kandy_call_update_gates (self);
  tell_needed_offer (self);
}

static void
accept_answer_async (KandyMediaEngine *engine, const char *sdp,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  GError *error = NULL;

  if (!begin (self, GST_KANDY_VERB_ACCEPT_ANSWER, accept_answer_async,
          cancellable, callback, user_data)
      || busy_running (self))
    return;

  if (!self->staging) {
    settle (self, NULL,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "An answer came without an offer"));
    return;
  }
  if (!gst_kandy_sdp_facade_take_answer (
          self->facade, sdp, &self->change, &self->flowing, &error)) {
    self->staging = FALSE;
    fail_verb (self, error);
    return;
  }
  start_run (self, gst_kandy_sdp_facade_get_steps (self->facade));
}

static gboolean
accept_answer_finish (KandyMediaEngine *engine, GAsyncResult *async_result,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  Result *result = g_task_propagate_pointer (G_TASK (async_result), error);

  if (!result)
    return FALSE;
  if (change)
    *change = result->change;
  if (flowing)
    *flowing = result->flowing;
  result_free (result);
  return TRUE;
}

static void
take_offer_async (KandyMediaEngine *engine, const char *sdp,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);
  GError *error = NULL;

  if (!begin (self, GST_KANDY_VERB_TAKE_OFFER, take_offer_async, cancellable,
          callback, user_data)
      || busy_running (self))
    return;

  forget_staged (self);
  if (!self->negotiated)
    gst_kandy_sdp_facade_set_is_caller (self->facade, FALSE);
  gst_kandy_call_apply_settings (self, NULL);

  if (!gst_kandy_call_ensure_transport (self, &error)
      || !gst_kandy_sdp_facade_take_offer (self->facade, sdp, local_hold,
          &self->change, &self->flowing, &error)) {
    fail_verb (self, error);
    return;
  }
  self->staging = TRUE;
  self->staged_hold.local = local_hold;
  self->timings.remote = g_get_monotonic_time ();
  self->change = gst_kandy_sdp_hold_take_offer (
      &self->staged_hold, self->facade, self->change);
  gst_kandy_call_sync_remote_tracks (self);

  self->steps = gst_kandy_sdp_facade_get_steps (self->facade);
  /* Candidates of a first offer are gathered while the call rings; webrtcbin
   * has no way back from a re-offer, so it hears of one when it is answered. */
  if (!self->negotiated)
    start_run (self, self->steps);
  settle (self, NULL, NULL);
}

static void
create_answer_async (KandyMediaEngine *engine, KandyMediaOptions *options,
    gboolean local_hold, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);

  if (!begin (self, GST_KANDY_VERB_CREATE_ANSWER, create_answer_async,
          cancellable, callback, user_data))
    return;

  if (!self->staging) {
    settle (self, NULL,
        kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
            "There is no offer to answer"));
    return;
  }

  gst_kandy_call_announce_local_tracks (self);
  if (options)
    gst_kandy_call_apply_settings (self, options);
  if (options || self->dirty || local_hold != self->staged_hold.local)
    self->replan = TRUE;
  self->staged_hold.local = local_hold;
  if (!self->running)
    go_on_with_answer (self);
}

/* What was gathered while the call rang may be for another answer than the one
 * that is given now */
static void
go_on_with_answer (GstKandyCall *self)
{
  GError *error = g_steal_pointer (&self->run_error);

  if (error) {
    fail_verb (self, error);
    return;
  }
  if (self->replan) {
    self->replan = self->dirty = FALSE;
    if (!gst_kandy_sdp_facade_plan_answer (
            self->facade, self->staged_hold.local, &error)) {
      self->staging = FALSE;
      fail_verb (self, error);
      return;
    }
    self->steps |= gst_kandy_sdp_facade_get_steps (self->facade);
  }
  start_run (self, self->steps);
}

static void
commit_answer (KandyMediaEngine *engine)
{
  GstKandyCall *self = GST_KANDY_CALL (engine);

  if (!self->closed && !self->failed && self->staging && !self->running)
    commit (self);
}

static void
close_engine (KandyMediaEngine *engine)
{
  gst_kandy_call_close (GST_KANDY_CALL (engine));
}

void
gst_kandy_call_init_engine (KandyMediaEngineInterface *iface)
{
  iface->create_offer_async = create_offer_async;
  iface->create_offer_finish = create_offer_finish;
  iface->commit_offer = commit_offer;
  iface->drop_offer = drop_offer;
  iface->accept_answer_async = accept_answer_async;
  iface->accept_answer_finish = accept_answer_finish;
  iface->take_offer_async = take_offer_async;
  iface->take_offer_finish = accept_answer_finish;
  iface->create_answer_async = create_answer_async;
  iface->create_answer_finish = create_offer_finish;
  iface->commit_answer = commit_answer;
  iface->drop_answer = drop_offer;
  iface->get_stats_async = gst_kandy_call_get_report_async;
  iface->get_stats_finish = gst_kandy_call_get_report_finish;
  iface->get_platform = gst_kandy_call_get_platform;
  iface->close = close_engine;
  gst_kandy_call_init_dtmf_engine (iface);
}
