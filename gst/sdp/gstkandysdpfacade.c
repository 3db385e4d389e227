/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The facade itself: what its owner sees of the plans, and the four texts that
 * come of them (ours and the far end's, on the wire and for webrtcbin). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpfacadeprivate.h"

#include <string.h>

static void
track_free (gpointer data)
{
  GstKandySdpTrack *track = data;

  g_free (track->track_id);
  g_free (track->stream_id);
  gst_clear_caps (&track->codecs);
  g_free (track);
}

static GstKandySdpState *
get_state (GstKandySdpFacade *self)
{
  return self->staged ? self->staged : self->current;
}

GstKandySdpTrack *
gst_kandy_sdp_facade_get_track (GstKandySdpFacade *self, guint id)
{
  guint i;

  for (i = 0; id && i < self->tracks->len; i++) {
    GstKandySdpTrack *track = g_ptr_array_index (self->tracks, i);

    if (track->id == id)
      return track;
  }
  return NULL;
}

GstKandySdpTrack *
gst_kandy_sdp_facade_get_idle_track (GstKandySdpFacade *self,
    GstKandySdpState *state, KandyMediaKind kind, guint after)
{
  guint i, j;

  for (i = 0; i < self->tracks->len; i++) {
    GstKandySdpTrack *track = g_ptr_array_index (self->tracks, i);
    gboolean used = FALSE;

    if (track->id <= after || track->kind != kind || track->removed)
      continue;
    for (j = 0; j < state->wire->len; j++)
      used |= gst_kandy_sdp_state_get_wire (state, j)->track == track->id;
    if (!used)
      return track;
  }
  return NULL;
}

gboolean
gst_kandy_sdp_facade_receives (GstKandySdpFacade *self, KandyMediaKind kind)
{
  return self->receive[kind] && !gst_caps_is_empty (self->receive[kind]);
}

GstKandySdpFacade *
gst_kandy_sdp_facade_new (gboolean is_caller)
{
  GstKandySdpFacade *self = g_new0 (GstKandySdpFacade, 1);

  self->is_caller = is_caller;
  self->remove_h264 = TRUE;
  self->tracks = g_ptr_array_new_with_free_func (track_free);
  self->cname = g_uuid_string_random ();
  self->stream_id = g_uuid_string_random ();
  self->current = gst_kandy_sdp_state_new ();
  return self;
}

void
gst_kandy_sdp_facade_free (GstKandySdpFacade *self)
{
  g_clear_pointer (&self->staged, gst_kandy_sdp_state_free);
  g_clear_pointer (&self->current, gst_kandy_sdp_state_free);
  g_ptr_array_unref (self->tracks);
  gst_clear_caps (&self->receive[0]);
  gst_clear_caps (&self->receive[1]);
  g_free (self->cname);
  g_free (self->stream_id);
  g_free (self);
}

void
gst_kandy_sdp_facade_set_is_caller (GstKandySdpFacade *self, gboolean is_caller)
{
  self->is_caller = is_caller;
}

void
gst_kandy_sdp_facade_set_remove_bundling (
    GstKandySdpFacade *self, gboolean remove)
{
  self->remove_bundling = remove;
}

void
gst_kandy_sdp_facade_set_remove_h264 (GstKandySdpFacade *self, gboolean remove)
{
  self->remove_h264 = remove;
}

void
gst_kandy_sdp_facade_set_receive (
    GstKandySdpFacade *self, KandyMediaKind kind, GstCaps *codecs)
{
  gst_caps_replace (&self->receive[kind], codecs);
}

void
gst_kandy_sdp_facade_set_ask (
    GstKandySdpFacade *self, KandyMediaKind kind, gboolean ask)
{
  self->ask[kind] = ask;
}

void
gst_kandy_sdp_facade_set_bandwidth (
    GstKandySdpFacade *self, guint call, guint audio, guint video)
{
  self->bandwidth_call = call;
  self->bandwidth[KANDY_MEDIA_KIND_AUDIO] = audio;
  self->bandwidth[KANDY_MEDIA_KIND_VIDEO] = video;
}

guint
gst_kandy_sdp_facade_add_track (GstKandySdpFacade *self, KandyMediaKind kind,
    const char *track_id, const char *stream_id, GstCaps *codecs)
{
  GstKandySdpTrack *track = g_new0 (GstKandySdpTrack, 1);

  track->id = ++self->last_track;
  track->kind = kind;
  track->track_id = track_id ? g_strdup (track_id) : g_uuid_string_random ();
  track->stream_id = g_strdup (stream_id ? stream_id : self->stream_id);
  track->codecs = codecs ? gst_caps_ref (codecs) : gst_caps_new_empty ();
  g_ptr_array_add (self->tracks, track);
  return track->id;
}

/* The track is kept until no description has it any more */
void
gst_kandy_sdp_facade_remove_track (GstKandySdpFacade *self, guint id)
{
  GstKandySdpTrack *track = gst_kandy_sdp_facade_get_track (self, id);

  if (track)
    track->removed = TRUE;
}

static void
forget_removed_tracks (GstKandySdpFacade *self)
{
  guint i, j;

  for (i = self->tracks->len; i > 0; i--) {
    GstKandySdpTrack *track = g_ptr_array_index (self->tracks, i - 1);
    gboolean used = FALSE;

    for (j = 0; j < self->current->wire->len; j++)
      used |=
          gst_kandy_sdp_state_get_wire (self->current, j)->track == track->id;
    if (track->removed && !used)
      g_ptr_array_remove_index (self->tracks, i - 1);
  }
}

static gboolean
state_fail (GError **error, const char *text)
{
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0, "%s", text));
  return FALSE;
}

gboolean
gst_kandy_sdp_facade_begin_offer (GstKandySdpFacade *self,
    KandyOfferPurpose purpose, gboolean local_hold, GError **error)
{
  if (self->staged)
    return state_fail (error, "Another negotiation is going on");
  self->staged = gst_kandy_sdp_plan_offer (self, purpose, local_hold, error);
  return self->staged != NULL;
}

/* Protocol calls 4.5 step 4: while this end holds, the far end's description
 * counts as inactive. */
static void
compare (GstKandySdpState *state, GstKandySdpDescription *description,
    KandyRemoteChange *change, gboolean *flowing)
{
  g_autoptr (GPtrArray) views = gst_kandy_sdp_views_new (description, FALSE);
  gboolean flows = gst_kandy_sdp_views_flow (views);
  guint i;

  if (change)
    *change = state->views ? gst_kandy_sdp_views_compare (state->views, views)
                           : KANDY_REMOTE_CHANGE_NONE;
  if (flowing)
    *flowing = flows;

  state->remote_sends = state->remote_receives = FALSE;
  for (i = 0; i < views->len; i++) {
    GstKandySdpView *view = g_ptr_array_index (views, i);

    state->remote_sends |= view->send;
    state->remote_receives |= view->recv;
  }
  state->remote_withdrew =
      state->views && gst_kandy_sdp_views_withdraw (state->views, views);

  g_clear_pointer (&state->views, g_ptr_array_unref);
  state->views = gst_kandy_sdp_views_new (description, state->hold && flows);
}

gboolean
gst_kandy_sdp_facade_take_answer (GstKandySdpFacade *self, const char *sdp,
    KandyRemoteChange *change, gboolean *flowing, GError **error)
{
  g_autoptr (GstKandySdpDescription) answer = NULL;

  if (!self->staged || !self->staged->offering || self->staged->answered)
    return state_fail (error, "There is no offer that could be answered");

  answer =
      gst_kandy_sdp_description_parse (sdp, FALSE, self->remove_h264, error);
  if (!answer
      || !gst_kandy_sdp_plan_accept (self, self->staged, answer, error)) {
    gst_kandy_sdp_facade_drop (self);
    return FALSE;
  }
  compare (self->staged, answer, change, flowing);
  return TRUE;
}

gboolean
gst_kandy_sdp_facade_take_offer (GstKandySdpFacade *self, const char *sdp,
    gboolean local_hold, KandyRemoteChange *change, gboolean *flowing,
    GError **error)
{
  g_autoptr (GstKandySdpDescription) offer = NULL;

  if (self->staged)
    return state_fail (error, "Another negotiation is going on");

  offer = gst_kandy_sdp_description_parse (sdp, TRUE, self->remove_h264, error);
  if (!offer)
    return FALSE;
  self->staged = gst_kandy_sdp_plan_answer (self, offer, local_hold, error);
  if (!self->staged)
    return FALSE;
  self->staged->version = ++self->version;
  compare (self->staged, offer, change, flowing);
  return TRUE;
}

/* Whether webrtcbin, told of @before, could serve @now */
static gboolean
same_inner_lines (GstKandySdpState *before, GstKandySdpState *now)
{
  guint i, j;

  if (before->inner->len != now->inner->len
      || before->wire->len != now->wire->len)
    return FALSE;
  for (i = 0; i < now->wire->len; i++) {
    if (gst_kandy_sdp_state_get_wire (before, i)->webrtcbin
        != gst_kandy_sdp_state_get_wire (now, i)->webrtcbin)
      return FALSE;
  }
  for (i = 0; i < now->inner->len; i++) {
    GPtrArray *a = gst_kandy_sdp_state_get_inner (before, i)->formats;
    GPtrArray *b = gst_kandy_sdp_state_get_inner (now, i)->formats;

    if (a->len != b->len)
      return FALSE;
    for (j = 0; j < a->len; j++) {
      GstKandySdpFormat *x = g_ptr_array_index (a, j);
      GstKandySdpFormat *y = g_ptr_array_index (b, j);

      if (x->pt != y->pt || strcmp (x->name, y->name) != 0)
        return FALSE;
    }
  }
  return TRUE;
}

static void
copy_inner_lines (GstKandySdpState *from, GstKandySdpState *to)
{
  guint i;

  for (i = 0; i < to->inner->len; i++) {
    GstKandySdpInnerLine *a = gst_kandy_sdp_state_get_inner (from, i);
    GstKandySdpInnerLine *b = gst_kandy_sdp_state_get_inner (to, i);

    g_free (b->mid);
    b->mid = g_strdup (a->mid);
    if (a->local && !b->local)
      b->local = gst_kandy_sdp_transport_ref (a->local);
  }
  /* What was announced may have been learned by webrtcbin */
  for (i = 0; i < to->wire->len; i++) {
    GstKandySdpWireLine *a = gst_kandy_sdp_state_get_wire (from, i);
    GstKandySdpWireLine *b = gst_kandy_sdp_state_get_wire (to, i);

    b->ssrc = a->ssrc;
    b->rtx_ssrc = a->rtx_ssrc;
    b->ssrc_track = a->ssrc_track;
  }
}

gboolean
gst_kandy_sdp_facade_plan_answer (
    GstKandySdpFacade *self, gboolean local_hold, GError **error)
{
  g_autoptr (GstKandySdpState) before = self->staged;
  GstKandySdpState *now;

  if (!before || !before->offer) {
    before = NULL;
    return state_fail (error, "There is no offer that could be answered");
  }
  self->staged = NULL;

  now = gst_kandy_sdp_plan_answer (self, before->offer, local_hold, error);
  if (!now)
    return FALSE;
  now->version = before->version;
  self->staged = now;
  compare (now, now->offer, NULL, NULL);

  if (same_inner_lines (before, now)) {
    copy_inner_lines (before, now);
    now->created = before->created;
    now->told_remote = before->told_remote;
    if (before->told_remote || !before->steps)
      now->steps = before->created ? 0 : before->steps;
  } else if (before->told_remote) {
    /* webrtcbin has accepted something else already */
    self->stale = TRUE;
    gst_kandy_sdp_state_free (now);
    self->staged = now =
        gst_kandy_sdp_plan_answer (self, before->offer, local_hold, error);
    if (!now)
      return FALSE;
    now->version = before->version;
    compare (now, now->offer, NULL, NULL);
    now->steps |= GST_KANDY_SDP_STEP_REBUILD;
  }
  return TRUE;
}

GstKandySdpSteps
gst_kandy_sdp_facade_get_steps (GstKandySdpFacade *self)
{
  return self->staged ? self->staged->steps : GST_KANDY_SDP_STEP_NONE;
}

static GstKandySdpTransport *
find_local_transport (GstKandySdpState *state, const char *ufrag)
{
  guint i;

  for (i = 0; i < state->inner->len; i++) {
    GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);

    if (inner->local
        && (state->bundled
            || g_strcmp0 (inner->local->first_ufrag, ufrag) == 0))
      return inner->local;
  }
  return NULL;
}

static gboolean
inner_fail (GError **error, guint i, const char *text)
{
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_MEDIA, "call:3", 0,
          "webrtcbin's description cannot be used: m-line %u %s", i, text));
  return FALSE;
}

static gboolean
learn_local_line (GstKandySdpState *state, const GstSDPMessage *description,
    guint i, GError **error)
{
  GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);
  const GstSDPMedia *media = gst_sdp_message_get_media (description, i);
  const char *mid = gst_sdp_media_get_attribute_val (media, "mid");
  const char *ufrag = gst_sdp_media_get_attribute_val (media, "ice-ufrag");
  const char *pwd = gst_sdp_media_get_attribute_val (media, "ice-pwd");
  const char *fingerprint =
      gst_sdp_media_get_attribute_val (media, "fingerprint");
  GstKandySdpTransport *transport;

  if (!fingerprint)
    fingerprint =
        gst_sdp_message_get_attribute_val (description, "fingerprint");
  if (!mid || !ufrag || !pwd || !fingerprint)
    return inner_fail (
        error, i, "is without mid, ICE credentials or fingerprint");
  if (!state->offering
      && (gst_sdp_media_get_port (media) == 0
          || !gst_sdp_media_get_attribute_val (media, "sendrecv")))
    return inner_fail (error, i, "is not answered sendrecv");

  g_free (inner->mid);
  inner->mid = g_strdup (mid);
  if (inner->local)
    return TRUE;

  transport = find_local_transport (state, ufrag);
  if (transport) {
    inner->local = gst_kandy_sdp_transport_ref (transport);
    return TRUE;
  }
  transport = inner->local = gst_kandy_sdp_transport_new ();
  transport->first_ufrag = g_strdup (ufrag);
  transport->ufrag = g_strdup (ufrag);
  transport->pwd = g_strdup (pwd);
  g_ptr_array_add (transport->fingerprints, g_strdup (fingerprint));
  return TRUE;
}

static void
learn_candidates (GstKandySdpState *state, const GstSDPMessage *description)
{
  guint i, j;

  for (i = 0; i < gst_sdp_message_medias_len (description); i++) {
    GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);
    const GstSDPMedia *media = gst_sdp_message_get_media (description, i);

    for (j = 0;
         inner && inner->local && j < gst_sdp_media_attributes_len (media);
         j++) {
      const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, j);
      g_autofree char *line = NULL;
      g_autofree char *clean = NULL;

      if (g_strcmp0 (attribute->key, "candidate") != 0 || !attribute->value)
        continue;
      line = g_strconcat ("candidate:", attribute->value, NULL);
      clean = gst_kandy_sdp_candidate_clean (line);
      if (clean
          && !g_ptr_array_find_with_equal_func (
              inner->local->candidates, clean, g_str_equal, NULL)
          && inner->local->candidates->len < GST_KANDY_SDP_MAX_CANDIDATES)
        g_ptr_array_add (inner->local->candidates, g_steal_pointer (&clean));
    }
  }
}

GstSDPMessage *
gst_kandy_sdp_facade_local_created (
    GstKandySdpFacade *self, const GstSDPMessage *description, GError **error)
{
  GstKandySdpState *state = self->staged;
  GstSDPMessage *copy = NULL;
  guint n = gst_sdp_message_medias_len (description);
  guint i;

  if (!state) {
    state_fail (error, "No negotiation is going on");
    return NULL;
  }
  if (n != state->inner->len) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:3", 0,
            "webrtcbin's description has %u m-lines, and should have %u", n,
            state->inner->len));
    return NULL;
  }
  for (i = 0; i < n; i++) {
    if (!learn_local_line (state, description, i, error))
      return NULL;
  }

  gst_sdp_message_copy (description, &copy);
  for (i = 0; i < n; i++) {
    GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (copy, i);

    gst_kandy_sdp_media_set_formats (media, inner->formats);
    gst_kandy_sdp_media_replace_attribute (
        media, "ice-ufrag", inner->local->ufrag);
    gst_kandy_sdp_media_replace_attribute (media, "ice-pwd", inner->local->pwd);
  }
  state->created = TRUE;
  self->used = TRUE;
  return copy;
}

static GstKandySdpSetup
opposite (GstKandySdpSetup role)
{
  return role == GST_KANDY_SDP_SETUP_ACTIVE ? GST_KANDY_SDP_SETUP_PASSIVE
                                            : GST_KANDY_SDP_SETUP_ACTIVE;
}

/* Sources of @section that no other m-line has claimed already */
static void
claim_sources (GstKandySdpSection *section, GHashTable *claimed,
    GstKandySdpWriterLine *line)
{
  guint i;

  line->ssrcs = g_array_new (FALSE, FALSE, sizeof (guint32));
  if (section->fid[0]
      && !g_hash_table_contains (claimed, GUINT_TO_POINTER (section->fid[0]))
      && !g_hash_table_contains (claimed, GUINT_TO_POINTER (section->fid[1]))) {
    line->ssrc = section->fid[0];
    line->rtx_ssrc = section->fid[1];
    g_hash_table_add (claimed, GUINT_TO_POINTER (line->ssrc));
    g_hash_table_add (claimed, GUINT_TO_POINTER (line->rtx_ssrc));
  }
  for (i = 0; i < section->ssrcs->len; i++) {
    guint32 ssrc = g_array_index (section->ssrcs, guint32, i);

    if (g_hash_table_add (claimed, GUINT_TO_POINTER (ssrc)))
      g_array_append_val (line->ssrcs, ssrc);
  }
}

static void
writer_line_clear (gpointer data)
{
  GstKandySdpWriterLine *line = data;

  g_clear_pointer (&line->ssrcs, g_array_unref);
}

static GArray *
writer_lines_new (void)
{
  GArray *lines = g_array_new (FALSE, TRUE, sizeof (GstKandySdpWriterLine));

  g_array_set_clear_func (lines, writer_line_clear);
  return lines;
}

GstSDPMessage *
gst_kandy_sdp_facade_get_webrtcbin_remote (
    GstKandySdpFacade *self, GError **error)
{
  GstKandySdpState *state = self->staged;
  g_autoptr (GHashTable) claimed = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) lines = writer_lines_new ();
  g_autofree char *text = NULL;
  GstSDPMessage *message = NULL;
  guint i;

  if (!state || (state->offering && !state->answered)) {
    state_fail (error, "There is no description of the far end");
    return NULL;
  }

  for (i = 0; i < state->inner->len; i++) {
    GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);
    GstKandySdpWriterLine line = { 0 };

    /* A mid of its own: webrtcbin's numbers follow the kind's name */
    if (!inner->mid)
      inner->mid = g_strdup_printf ("%u", i);
    line.media = inner->kind == KANDY_MEDIA_KIND_AUDIO ? "audio" : "video";
    line.proto = "UDP/TLS/RTP/SAVPF";
    line.alive = TRUE;
    line.mid = inner->mid;
    line.bundled = state->bundled;
    line.send = line.recv = TRUE;
    line.formats = inner->formats;
    line.transport = gst_kandy_sdp_state_get_remote_transport (state, i);
    if (!line.transport) {
      inner_fail (error, i, "has no transport");
      return NULL;
    }
    /* The first time webrtcbin may choose, and chooses as we do */
    line.setup = !state->offering && state->first
            && state->role == GST_KANDY_SDP_SETUP_ACTIVE
        ? GST_KANDY_SDP_SETUP_ACTPASS
        : opposite (state->role);
    if (inner->remote) {
      line.cname = inner->remote->cname;
      line.stream_id = inner->remote->stream_id;
      line.track_id = inner->remote->track_id;
      claim_sources (inner->remote, claimed, &line);
    }
    g_array_append_val (lines, line);
  }

  text =
      gst_kandy_sdp_write (state->remote_session_id, state->version, 0, lines);
  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    inner_fail (error, 0, "cannot be written");
    return NULL;
  }
  state->told_remote = TRUE;
  self->used = TRUE;
  return message;
}

gboolean
gst_kandy_sdp_facade_add_candidate (
    GstKandySdpFacade *self, guint webrtcbin_index, const char *candidate)
{
  GstKandySdpInnerLine *inner =
      gst_kandy_sdp_state_get_inner (get_state (self), webrtcbin_index);
  g_autofree char *clean =
      candidate ? gst_kandy_sdp_candidate_clean (candidate) : NULL;

  if (!inner || !inner->local || !clean
      || inner->local->candidates->len >= GST_KANDY_SDP_MAX_CANDIDATES
      || g_ptr_array_find_with_equal_func (
          inner->local->candidates, clean, g_str_equal, NULL))
    return FALSE;
  g_ptr_array_add (inner->local->candidates, g_steal_pointer (&clean));
  return TRUE;
}

guint
gst_kandy_sdp_facade_take_candidates (
    GstKandySdpFacade *self, const GstSDPMessage *local_description)
{
  GstKandySdpState *state = get_state (self);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  guint n = 0;
  guint i;

  learn_candidates (state, local_description);
  for (i = 0; i < state->inner->len; i++) {
    GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);

    if (inner->local && g_hash_table_add (seen, inner->local))
      n += inner->local->candidates->len;
  }
  return n;
}

void
gst_kandy_sdp_facade_set_local_credentials (GstKandySdpFacade *self,
    guint webrtcbin_index, const char *ufrag, const char *pwd)
{
  GstKandySdpInnerLine *inner =
      gst_kandy_sdp_state_get_inner (get_state (self), webrtcbin_index);

  if (!inner || !inner->local)
    return;
  if (g_strcmp0 (inner->local->ufrag, ufrag) != 0)
    g_ptr_array_set_size (inner->local->candidates, 0);
  g_free (inner->local->ufrag);
  inner->local->ufrag = g_strdup (ufrag);
  g_free (inner->local->pwd);
  inner->local->pwd = g_strdup (pwd);
}

char *
gst_kandy_sdp_facade_get_wire (GstKandySdpFacade *self, GError **error)
{
  GstKandySdpState *state = self->staged;
  g_autoptr (GArray) lines = writer_lines_new ();
  guint i;

  if (!state) {
    state_fail (error, "No negotiation is going on");
    return NULL;
  }

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *wire = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpTrack *track =
        gst_kandy_sdp_facade_get_track (self, wire->track);
    GstKandySdpWriterLine line = { 0 };

    line.media = wire->media;
    line.proto = wire->proto;
    line.alive = wire->alive;
    line.refused_format = wire->refused_format;
    line.mid = wire->mid;
    line.bundled = state->bundled;
    line.send = wire->wire_send;
    line.recv = wire->wire_recv;
    line.formats = wire->formats;
    line.cname = self->cname;
    line.real_address = TRUE;
    if (wire->alive) {
      line.transport = gst_kandy_sdp_state_get_local_transport (state, wire);
      if (!line.transport) {
        inner_fail (error, i, "has no transport yet");
        return NULL;
      }
      line.bandwidth = self->bandwidth[wire->kind];
    }
    if (!state->offering)
      line.setup = state->role;
    else if (state->offer_active)
      line.setup = GST_KANDY_SDP_SETUP_ACTIVE;
    else
      line.setup = GST_KANDY_SDP_SETUP_ACTPASS;
    if (track) {
      line.stream_id = track->stream_id;
      line.track_id = track->track_id;
      line.ssrc = wire->ssrc;
      if (wire->formats && wire->formats->len > 0
          && gst_kandy_sdp_formats_find_rtx (wire->formats,
              ((GstKandySdpFormat *) g_ptr_array_index (wire->formats, 0))->pt))
        line.rtx_ssrc = wire->rtx_ssrc;
    }
    g_array_append_val (lines, line);
  }
  return gst_kandy_sdp_write (
      state->session_id, state->version, self->bandwidth_call, lines);
}

void
gst_kandy_sdp_facade_commit (GstKandySdpFacade *self)
{
  GstKandySdpState *state = self->staged;
  guint i;

  g_return_if_fail (state != NULL && (!state->offering || state->answered));

  for (i = 0; i < state->wire->len; i++)
    gst_kandy_sdp_state_get_wire (state, i)->is_new = FALSE;
  if (state->first)
    self->stale = FALSE;
  if (state->parted) {
    self->parted = TRUE;
    self->stale |= state->first;
  }
  state->negotiated = TRUE;
  state->parted = FALSE;
  state->steps = 0;
  state->offering = state->answered = state->first = FALSE;
  state->early = state->told_remote = state->created = FALSE;
  state->offer_active = FALSE;
  g_clear_pointer (&state->offer, gst_kandy_sdp_description_unref);

  gst_kandy_sdp_state_free (self->current);
  self->current = state;
  self->staged = NULL;
  forget_removed_tracks (self);
}

/* What webrtcbin was told cannot be taken back. If it has got through with it,
 * the new m-lines stay in it, unused; else it is of no use any more. */
void
gst_kandy_sdp_facade_drop (GstKandySdpFacade *self)
{
  GstKandySdpState *staged = g_steal_pointer (&self->staged);
  GstKandySdpState *current = self->current;
  guint known = current->inner->len;
  gboolean complete;

  if (!staged)
    return;
  complete = staged->created && staged->told_remote;
  if (current->negotiated && !staged->first
      && (staged->created || staged->told_remote)) {
    if (!complete)
      self->stale = TRUE;
    while (complete && staged->inner->len > known)
      g_ptr_array_add (
          current->inner, g_ptr_array_steal_index (staged->inner, known));
  }
  gst_kandy_sdp_state_free (staged);
}

void
gst_kandy_sdp_facade_get_remote_media (GstKandySdpFacade *self, gboolean *sends,
    gboolean *receives, gboolean *withdrew)
{
  GstKandySdpState *state = get_state (self);

  if (sends)
    *sends = state->remote_sends;
  if (receives)
    *receives = state->remote_receives;
  if (withdrew)
    *withdrew = state->remote_withdrew;
}

guint
gst_kandy_sdp_facade_get_n_mlines (GstKandySdpFacade *self)
{
  return get_state (self)->wire->len;
}

/* Parameters of the far end for what it receives */
static void
add_remote_parameters (GstCaps *caps, GstKandySdpWireLine *line, int pt)
{
  static const char *const names[] = { "stereo", "useinbandfec",
    "maxaveragebitrate", "maxplaybackrate", "cbr", "usedtx" };
  GstKandySdpFormat *format = line->remote
      ? gst_kandy_sdp_formats_find (line->remote->formats, pt)
      : NULL;
  guint i;

  if (!format || strcmp (format->name, "OPUS") != 0)
    return;
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *value = gst_kandy_sdp_fmtp_get (format->fmtp, names[i]);

    if (value)
      gst_caps_set_simple (caps, names[i], G_TYPE_STRING, value, NULL);
  }
}

static GstCaps *
get_line_caps (GstKandySdpWireLine *line, gboolean send)
{
  GstKandySdpFormat *format;
  GstCaps *caps;

  if (!line->formats || line->formats->len == 0)
    return NULL;
  format = g_ptr_array_index (line->formats, 0);
  caps = gst_kandy_sdp_format_to_caps (line->kind, format);
  if (send) {
    gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, line->ssrc, NULL);
    add_remote_parameters (caps, line, format->pt);
  }
  return caps;
}

gboolean
gst_kandy_sdp_facade_get_mline (
    GstKandySdpFacade *self, guint index, GstKandySdpMline *mline)
{
  GstKandySdpState *state = get_state (self);
  GstKandySdpWireLine *line;
  GstKandySdpFormat *codec = NULL, *other;

  memset (mline, 0, sizeof (*mline));
  if (index >= state->wire->len)
    return FALSE;
  line = gst_kandy_sdp_state_get_wire (state, index);
  if (line->kind < 0)
    return FALSE;
  if (line->formats && line->formats->len > 0)
    codec = g_ptr_array_index (line->formats, 0);

  mline->index = index;
  mline->webrtcbin_index = line->webrtcbin;
  mline->kind = line->kind;
  mline->alive = line->alive;
  mline->is_new = line->is_new;
  mline->restarts = line->restarts;
  mline->mid = line->mid;
  mline->track = line->track;
  mline->send = line->send;
  mline->receive = line->receive;
  mline->dtmf_payload = -1;
  mline->rtx_payload = -1;
  mline->ssrc = line->ssrc;
  mline->max_bitrate = line->remote ? line->remote->max_bitrate : 0;
  mline->remote_track_id = line->remote_track_id;
  mline->remote_stream_id = line->remote_stream_id;
  mline->remote_ssrcs = line->remote ? line->remote->ssrcs : NULL;
  if (!codec || !line->alive)
    return TRUE;

  mline->transceiver_caps =
      gst_kandy_sdp_formats_to_caps (line->kind, line->formats);
  mline->send_caps = get_line_caps (line, TRUE);
  mline->receive_caps = get_line_caps (line, FALSE);
  other = gst_kandy_sdp_formats_find_dtmf (line->formats, codec->clock_rate);
  /* the one that many have alone, whatever their sound is */
  if (!other)
    other = gst_kandy_sdp_formats_find_dtmf (line->formats, 8000);
  if (other) {
    mline->dtmf_payload = other->pt;
    mline->dtmf_clock_rate = other->clock_rate;
  }
  other = gst_kandy_sdp_formats_find_rtx (line->formats, codec->pt);
  if (other) {
    mline->rtx_payload = other->pt;
    mline->rtx_ssrc = line->rtx_ssrc;
  }
  return TRUE;
}

void
gst_kandy_sdp_mline_clear (GstKandySdpMline *mline)
{
  gst_clear_caps (&mline->transceiver_caps);
  gst_clear_caps (&mline->send_caps);
  gst_clear_caps (&mline->receive_caps);
}

gboolean
gst_kandy_sdp_facade_is_bundled (GstKandySdpFacade *self)
{
  return get_state (self)->bundled;
}

gboolean
gst_kandy_sdp_facade_may_bundle (GstKandySdpFacade *self)
{
  return !self->remove_bundling && !self->parted;
}

gboolean
gst_kandy_sdp_facade_needs_offer (GstKandySdpFacade *self)
{
  GstKandySdpState *state = self->current;
  guint i;

  if (self->parted && self->stale)
    return TRUE;
  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    if (line->alive && line->webrtcbin < 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_kandy_sdp_facade_get_remote_ice (GstKandySdpFacade *self,
    guint webrtcbin_index, const char **ufrag, const char **pwd,
    const GPtrArray **candidates)
{
  GstKandySdpTransport *transport = gst_kandy_sdp_state_get_remote_transport (
      get_state (self), webrtcbin_index);

  if (!transport)
    return FALSE;
  *ufrag = transport->ufrag;
  *pwd = transport->pwd;
  *candidates = transport->candidates;
  return TRUE;
}

gboolean
gst_kandy_sdp_facade_check_certificate (
    GstKandySdpFacade *self, guint webrtcbin_index, GBytes *der, GError **error)
{
  GstKandySdpTransport *transport = gst_kandy_sdp_state_get_remote_transport (
      get_state (self), webrtcbin_index);

  if (transport && gst_kandy_sdp_transport_has_certificate (transport, der))
    return TRUE;
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
          "The far end's DTLS certificate does not have the fingerprint that "
          "its description gives for m-line %u",
          webrtcbin_index));
  return FALSE;
}
