/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plans what we offer, and takes what the far end answers to it. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpfacadeprivate.h"

#include <string.h>

#define PROTO "UDP/TLS/RTP/SAVPF"

static const char *const kind_names[] = { "audio", "video" };

GstCaps *
gst_kandy_sdp_facade_get_codecs (GstKandySdpFacade *self, KandyMediaKind kind,
    GstKandySdpTrack *track, gboolean *receives)
{
  GstCaps *receive = self->receive[kind];
  GstCaps *caps;

  *receives = gst_kandy_sdp_facade_receives (self, kind);
  if (!track) {
    caps = receive ? gst_caps_ref (receive) : gst_caps_new_empty ();
  } else {
    caps = NULL;
    if (*receives)
      caps = gst_kandy_sdp_codecs_intersect (track->codecs, receive);
    if (!caps || gst_caps_is_empty (caps)) {
      gst_clear_caps (&caps);
      caps = gst_caps_ref (track->codecs);
      *receives = FALSE;
    }
  }
  if (self->remove_h264) {
    GstCaps *rest = gst_kandy_sdp_codecs_remove (caps, "H264");

    gst_caps_unref (caps);
    caps = rest;
  }
  return caps;
}

static char *
new_mid (GstKandySdpState *state, guint i)
{
  for (;; i++) {
    g_autofree char *mid = g_strdup_printf ("%u", i);
    gboolean used = FALSE;
    guint j;

    for (j = 0; j < state->wire->len; j++)
      used |=
          g_strcmp0 (gst_kandy_sdp_state_get_wire (state, j)->mid, mid) == 0;
    if (!used)
      return g_steal_pointer (&mid);
  }
}

/* A line of ours that has no track and whose codec the track can send
 * (protocol calls 4.8) */
static GstKandySdpWireLine *
find_reusable (GstKandySdpState *state, GstKandySdpTrack *track)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    g_autoptr (GPtrArray) formats = NULL;

    if (!line->alive || line->track || line->kind != (int) track->kind)
      continue;
    if (!line->formats)
      return line;
    formats = gst_kandy_sdp_formats_match (track->codecs, line->formats);
    if (gst_kandy_sdp_formats_find (formats,
            ((GstKandySdpFormat *) g_ptr_array_index (line->formats, 0))->pt))
      return line;
  }
  return NULL;
}

static gboolean
add_line (GstKandySdpFacade *self, GstKandySdpState *state, KandyMediaKind kind,
    GstKandySdpTrack *track, GError **error)
{
  GstKandySdpWireLine *line;

  if (state->wire->len >= GST_KANDY_SDP_MAX_MLINES) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
            "A call cannot have more than %u m-lines",
            GST_KANDY_SDP_MAX_MLINES));
    return FALSE;
  }
  line = gst_kandy_sdp_state_add_wire (state, kind_names[kind], PROTO, kind);
  line->mid = new_mid (state, state->wire->len - 1);
  line->alive = TRUE;
  gst_kandy_sdp_state_set_track (state, line, track ? track->id : 0);
  return TRUE;
}

static gboolean
plan_lines (GstKandySdpFacade *self, GstKandySdpState *state, GError **error)
{
  guint i, kind;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpTrack *track =
        gst_kandy_sdp_facade_get_track (self, line->track);

    if (line->track && (!track || track->removed))
      line->track = 0;
  }

  for (i = 0; i < self->tracks->len; i++) {
    GstKandySdpTrack *track = g_ptr_array_index (self->tracks, i);
    GstKandySdpWireLine *line;

    if (gst_kandy_sdp_facade_get_idle_track (
            self, state, track->kind, track->id - 1)
        != track)
      continue;
    line = find_reusable (state, track);
    if (line)
      gst_kandy_sdp_state_set_track (state, line, track->id);
    else if (!add_line (self, state, track->kind, track, error))
      return FALSE;
  }

  for (kind = 0; kind < G_N_ELEMENTS (kind_names); kind++) {
    gboolean there = FALSE;

    for (i = 0; i < state->wire->len; i++) {
      GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

      there |= line->alive && line->kind == (int) kind;
    }
    if (self->ask[kind] && !there && gst_kandy_sdp_facade_receives (self, kind)
        && !add_line (self, state, kind, NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
has_h264_alone (GstKandySdpTrack *track)
{
  g_autoptr (GstCaps) rest = NULL;

  if (!track || gst_caps_is_empty (track->codecs))
    return FALSE;
  rest = gst_kandy_sdp_codecs_remove (track->codecs, "H264");
  return gst_caps_is_empty (rest);
}

static gboolean
plan_formats (GstKandySdpFacade *self, GstKandySdpState *state, GError **error)
{
  g_autoptr (GPtrArray) taken = gst_kandy_sdp_state_get_taken (state);
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpTrack *track =
        gst_kandy_sdp_facade_get_track (self, line->track);
    gboolean receives;

    if (!line->alive)
      continue;
    receives = gst_kandy_sdp_facade_receives (self, line->kind);
    if (!line->formats) {
      g_autoptr (GstCaps) codecs =
          gst_kandy_sdp_facade_get_codecs (self, line->kind, track, &receives);

      line->formats = gst_kandy_sdp_formats_offer (line->kind, codecs, taken);
      if (line->formats->len == 0) {
        g_propagate_error (error,
            kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
                self->remove_h264 && has_h264_alone (track)
                    ? "There is no codec to offer for m-line %u (%s): H.264 is "
                      "removed from calls unless "
                      "client::remove-h264-codecs=false"
                    : "There is no codec to offer for m-line %u (%s)",
                i, line->media));
        return FALSE;
      }
    } else if (track && receives) {
      g_autoptr (GPtrArray) formats = gst_kandy_sdp_formats_match (
          self->receive[line->kind], line->formats);

      receives = formats->len > 0;
    }
    line->wire_send = !state->hold && track != NULL;
    line->wire_recv = !state->hold && receives;
  }
  return TRUE;
}

GstKandySdpState *
gst_kandy_sdp_plan_offer (GstKandySdpFacade *self, KandyOfferPurpose purpose,
    gboolean hold, GError **error)
{
  g_autoptr (GstKandySdpState) state = gst_kandy_sdp_state_copy (self->current);
  gboolean rebuild = state->negotiated
      && (self->stale || purpose == KANDY_OFFER_PURPOSE_REBUILD
          || gst_kandy_sdp_facade_needs_offer (self));
  gboolean added = FALSE;
  guint i;

  state->offering = TRUE;
  state->hold = hold || purpose == KANDY_OFFER_PURPOSE_HOLD;

  if (!state->session_id || rebuild) {
    g_free (state->session_id);
    state->session_id = g_strdup_printf ("%" G_GUINT64_FORMAT,
        ((guint64) (g_random_int () & G_MAXINT32) << 31) | g_random_int ());
    self->version = 0;
  }
  state->version = ++self->version;

  if (rebuild) {
    /* Only the DTLS client may begin anew with peers that tie the role to the
     * session; they accept it only as the offerer's own choice. */
    state->offer_active = state->role == GST_KANDY_SDP_SETUP_ACTIVE;
    gst_kandy_sdp_state_reset_inner (state);
    for (i = 0; i < state->wire->len; i++)
      gst_kandy_sdp_wire_line_set_formats (
          gst_kandy_sdp_state_get_wire (state, i), NULL);
  }
  state->first = !state->negotiated || rebuild || state->inner->len == 0;
  if (state->first)
    state->bundled = gst_kandy_sdp_facade_may_bundle (self);

  if (!plan_lines (self, state, error) || !plan_formats (self, state, error))
    return NULL;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    if (!line->alive || line->webrtcbin >= 0)
      continue;
    added = TRUE;
    /* webrtcbin hears of a line in a bundle when it is agreed: it cannot
     * forget an offer. Without a bundle it has to, to gather candidates. */
    if (state->first || !state->bundled)
      gst_kandy_sdp_state_add_inner (state, line);
  }

  if (state->first) {
    if (added)
      state->steps = GST_KANDY_SDP_STEP_TRANSCEIVERS
          | GST_KANDY_SDP_STEP_CREATE_OFFER | GST_KANDY_SDP_STEP_GATHER
          | (self->used ? GST_KANDY_SDP_STEP_REBUILD : 0);
  } else {
    if (purpose == KANDY_OFFER_PURPOSE_RESTART) {
      gst_kandy_sdp_state_mark_restart (state);
      state->steps |= GST_KANDY_SDP_STEP_RESTART | GST_KANDY_SDP_STEP_GATHER;
    }
    if (added && !state->bundled)
      state->steps |= GST_KANDY_SDP_STEP_TRANSCEIVERS
          | GST_KANDY_SDP_STEP_CREATE_OFFER | GST_KANDY_SDP_STEP_GATHER;
  }
  state->early = (state->steps & GST_KANDY_SDP_STEP_CREATE_OFFER) != 0;
  return g_steal_pointer (&state);
}

static G_GNUC_PRINTF (3, 4) gboolean
    answer_fail (const char *code, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_PROTOCOL, code, 0,
          "The far end's answer is not acceptable: %s", text));
  return FALSE;
}

static gboolean
check_shape (
    GstKandySdpState *state, GstKandySdpDescription *answer, GError **error)
{
  guint i, j;

  if (answer->sections->len != state->wire->len)
    return answer_fail ("call:10", error,
        "it has %u m-lines, and %u were offered", answer->sections->len,
        state->wire->len);

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpSection *section = g_ptr_array_index (answer->sections, i);

    if (strcmp (section->media, line->media) != 0)
      return answer_fail ("call:10", error,
          "m-line %u is of kind %s, and %s was offered", i, section->media,
          line->media);
    /* A mid of its own does no harm: m-lines are told apart by their place.
     * That of another line means that they changed places. */
    for (j = 0; section->mid && j < state->wire->len; j++) {
      GstKandySdpWireLine *other = gst_kandy_sdp_state_get_wire (state, j);

      if (j != i && g_strcmp0 (other->mid, section->mid) == 0)
        return answer_fail ("call:10", error,
            "m-line %u (%s) has the mid of m-line %u", i, line->media, j);
    }
  }
  return TRUE;
}

/* What the answer leaves of our formats, the codec that we like best first */
static GPtrArray *
accepted_formats (GPtrArray *ours, GPtrArray *theirs)
{
  GPtrArray *formats = gst_kandy_sdp_formats_new ();
  guint i;

  for (i = 0; i < ours->len; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (ours, i);
    GstKandySdpFormat *other = gst_kandy_sdp_formats_find (theirs, format->pt);
    GstKandySdpFormat *copy;

    if (!other)
      continue;
    if (format->apt >= 0 ? other->apt != format->apt
                || !gst_kandy_sdp_formats_find (formats, format->apt)
                         : !gst_kandy_sdp_format_same_codec (format, other))
      continue;
    copy = gst_kandy_sdp_format_new (
        format->pt, format->name, format->clock_rate, format->channels);
    copy->fmtp = g_strdup (format->fmtp);
    copy->apt = format->apt;
    copy->nack = format->nack && other->nack;
    copy->pli = format->pli && other->pli;
    copy->fir = format->fir && other->fir;
    g_ptr_array_add (formats, copy);
  }
  /* telephone-event and RTX alone are no media */
  if (formats->len > 0
      && !gst_kandy_sdp_format_is_codec (g_ptr_array_index (formats, 0)))
    g_ptr_array_set_size (formats, 0);
  return formats;
}

/* webrtcbin is told of everything that was offered, what was accepted first: a
 * browser whose answer leaves a codec out may send it all the same */
static GPtrArray *
tolerated_formats (GPtrArray *accepted, GPtrArray *ours)
{
  GPtrArray *formats = gst_kandy_sdp_formats_new ();
  guint i;

  for (i = 0; i < accepted->len + ours->len; i++) {
    GstKandySdpFormat *format = i < accepted->len
        ? g_ptr_array_index (accepted, i)
        : g_ptr_array_index (ours, i - accepted->len);

    if (!gst_kandy_sdp_formats_find (formats, format->pt))
      g_ptr_array_add (formats, gst_kandy_sdp_format_ref (format));
  }
  return formats;
}

static gboolean
accept_line (GstKandySdpState *state, guint i, GstKandySdpSection *section,
    GError **error)
{
  GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
  GstKandySdpTransport *before;
  GstKandySdpInnerLine *inner;
  g_autoptr (GPtrArray) formats = NULL;
  g_autoptr (GPtrArray) tolerated = NULL;

  if (!line->alive)
    return TRUE;
  if (!section->alive) {
    gst_kandy_sdp_wire_line_die (line);
    return TRUE;
  }

  formats = accepted_formats (line->formats, section->formats);
  if (formats->len == 0)
    return answer_fail ("call:2", error,
        "m-line %u (%s) has no codec in common with the offer", i, line->media);
  if (line->webrtcbin < 0 && state->parted) {
    gst_kandy_sdp_wire_line_set_formats (line, formats);
    line->send = line->receive = FALSE;
    gst_kandy_sdp_state_set_remote (state, i, section);
    return TRUE;
  }

  before = state->first || !line->remote
      ? NULL
      : gst_kandy_sdp_state_get_remote_transport (state, line->webrtcbin);
  if (before
      && !gst_kandy_sdp_transport_same_identity (before, section->transport))
    return answer_fail ("call:2", error,
        "m-line %u (%s) has another a=fingerprint than before, which only an "
        "offer may have",
        i, line->media);
  if (before && strcmp (before->ufrag, section->transport->ufrag) != 0)
    state->steps |= GST_KANDY_SDP_STEP_REMOTE_ICE;

  tolerated = tolerated_formats (formats, line->formats);
  gst_kandy_sdp_wire_line_set_formats (line, formats);
  if (line->webrtcbin < 0)
    gst_kandy_sdp_state_add_inner (state, line);
  inner = gst_kandy_sdp_state_get_inner (state, line->webrtcbin);
  /* In a bundle that runs, the transport's payload types only ever grow */
  if (state->first || line->is_new)
    gst_kandy_sdp_inner_line_set_formats (inner, tolerated);

  line->send = line->wire_send && section->recv;
  line->receive = line->wire_recv && section->send;
  gst_kandy_sdp_state_set_remote (state, i, section);
  return TRUE;
}

/* The one transport that was offered for all m-lines could reach one of the far
 * end's only, and all of them would try. webrtcbin does not hear of such an
 * answer: the m-lines are silent until they have been offered apart. */
static void
part (GstKandySdpState *state)
{
  guint i;

  state->parted = TRUE;
  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    line->send = line->receive = FALSE;
  }
}

/* An m-line that was offered to a bundle that runs is answered outside of it.
 * webrtcbin cannot have both: what runs goes on, and of the new m-lines it
 * hears when all have been offered apart. */
static gboolean
parts_new_line (GstKandySdpState *state, GstKandySdpDescription *answer)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpSection *section = g_ptr_array_index (answer->sections, i);

    if (line->alive && line->webrtcbin < 0 && section->alive
        && !section->bundled)
      return TRUE;
  }
  return FALSE;
}

static gboolean
accept_transport (GstKandySdpFacade *self, GstKandySdpState *state,
    GstKandySdpDescription *answer, GError **error)
{
  GstKandySdpSection *first = NULL;
  guint alive = 0, bundled = 0;
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpSection *section = g_ptr_array_index (answer->sections, i);

    if (!line->alive || line->webrtcbin < 0)
      continue;
    alive++;
    bundled += section->bundled;
    if (!first)
      first = section;
  }
  if (!first)
    return TRUE;

  if (state->first) {
    if (state->bundled && alive > 1 && bundled < alive)
      part (state);
    else if (state->bundled && bundled < alive)
      state->bundled = FALSE;

    /* protocol calls 4.3: an answer that leaves it open */
    if (first->setup == GST_KANDY_SDP_SETUP_ACTIVE
        || (first->setup != GST_KANDY_SDP_SETUP_PASSIVE && !self->is_caller))
      state->role = GST_KANDY_SDP_SETUP_PASSIVE;
    else
      state->role = GST_KANDY_SDP_SETUP_ACTIVE;
    if (state->offer_active && state->role != GST_KANDY_SDP_SETUP_ACTIVE)
      return answer_fail (
          "call:2", error, "both ends want to be the DTLS client");
  }

  g_clear_pointer (&state->remote_transport, gst_kandy_sdp_transport_unref);
  state->remote_transport = gst_kandy_sdp_transport_ref (first->transport);
  return TRUE;
}

gboolean
gst_kandy_sdp_plan_accept (GstKandySdpFacade *self, GstKandySdpState *state,
    GstKandySdpDescription *answer, GError **error)
{
  gboolean restarted = (state->steps & GST_KANDY_SDP_STEP_RESTART) != 0;
  gboolean offered_any = gst_kandy_sdp_state_count_alive (state) > 0;
  guint known = state->inner->len;
  guint i;

  if (!check_shape (state, answer, error))
    return FALSE;

  state->steps = restarted ? GST_KANDY_SDP_STEP_REMOTE_ICE : 0;
  state->parted = parts_new_line (state, answer);
  for (i = 0; i < state->wire->len; i++) {
    if (!accept_line (state, i, g_ptr_array_index (answer->sections, i), error))
      return FALSE;
  }
  if (offered_any && state->first
      && gst_kandy_sdp_state_count_alive (state) == 0)
    return answer_fail ("call:2", error, "it refuses all m-lines");
  if (!accept_transport (self, state, answer, error))
    return FALSE;

  if (state->parted && state->first)
    state->steps = GST_KANDY_SDP_STEP_NONE;
  else if (state->early)
    state->steps |= GST_KANDY_SDP_STEP_SET_REMOTE;
  else if (state->inner->len > known)
    state->steps |= GST_KANDY_SDP_STEP_TRANSCEIVERS
        | GST_KANDY_SDP_STEP_CREATE_OFFER | GST_KANDY_SDP_STEP_SET_REMOTE;
  g_free (state->remote_session_id);
  state->remote_session_id = g_strdup (answer->session_id);
  state->answered = TRUE;
  return TRUE;
}
