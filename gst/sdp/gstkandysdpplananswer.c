/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plans what is answered to an offer of the far end, and what webrtcbin has to
 * know of it: as little as possible. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpfacadeprivate.h"

#include <string.h>

/* A far end that changes a codec with every offer gets no more than this */
#define MAX_INNER_LINES 64

typedef struct {
  GstKandySdpFacade *facade;
  GstKandySdpState *state;
  GPtrArray *taken; /* payload types of the bundle; what m-lines got is in it */
  GString *mismatches;
} Plan;

/* Whether a live m-line comes from another DTLS endpoint than before */
static gboolean
identity_changes (GstKandySdpState *state, GstKandySdpDescription *offer)
{
  guint i;

  for (i = 0; i < state->wire->len && i < offer->sections->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpSection *section = g_ptr_array_index (offer->sections, i);

    if (line->alive && section->alive && line->remote
        && !gst_kandy_sdp_transport_same_identity (
            line->remote->transport, section->transport))
      return TRUE;
  }
  return FALSE;
}

/* Marks the m-lines whose credentials are others now (RFC 8839
 * section 4.4.1.1): all of a bundle, else each by itself */
static gboolean
ice_restarts (GstKandySdpState *state, GstKandySdpDescription *offer)
{
  gboolean any = FALSE;
  guint i;

  for (i = 0; i < state->wire->len && i < offer->sections->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
    GstKandySdpSection *section = g_ptr_array_index (offer->sections, i);

    if (!line->alive || !section->alive || line->webrtcbin < 0)
      continue;
    if (state->bundled && state->remote_transport) {
      if (g_strcmp0 (state->remote_transport->ufrag, section->transport->ufrag)
          == 0)
        return FALSE;
      gst_kandy_sdp_state_mark_restart (state);
      return TRUE;
    }
    line->restarts = line->remote
        && g_strcmp0 (line->remote->transport->ufrag, section->transport->ufrag)
            != 0;
    any |= line->restarts;
  }
  return any;
}

/* A payload type that stands for something else on the same transport */
static gboolean
conflicts (Plan *plan, const GstKandySdpFormat *format)
{
  guint i;

  if (!plan->state->bundled)
    return FALSE;
  for (i = 0; i < plan->taken->len; i++) {
    GstKandySdpFormat *other = g_ptr_array_index (plan->taken, i);

    if (other->pt == format->pt
        && (other->apt != format->apt
            || (format->apt < 0
                && !gst_kandy_sdp_format_same_codec (other, format))))
      return TRUE;
  }
  return FALSE;
}

/* The first of the codecs that can be agreed on, with its company;
 * (nullable) (transfer full) */
static GPtrArray *
choose_formats (Plan *plan, GstKandySdpWireLine *line, GstCaps *codecs,
    GPtrArray *offered, GPtrArray *known)
{
  g_autoptr (GPtrArray) matches = gst_kandy_sdp_formats_match (codecs, offered);
  GstKandySdpFormat *chosen = NULL;
  GPtrArray *formats;
  guint i;

  /* What runs goes on, whatever we would like better */
  if (known && line->formats && line->formats->len > 0) {
    GstKandySdpFormat *before = g_ptr_array_index (line->formats, 0);
    GstKandySdpFormat *now = gst_kandy_sdp_formats_find (matches, before->pt);

    if (now && gst_kandy_sdp_format_same_codec (before, now))
      chosen = now;
  }
  for (i = 0; i < matches->len && !chosen; i++) {
    GstKandySdpFormat *format = g_ptr_array_index (matches, i);
    GstKandySdpFormat *other;

    if (known) {
      other = gst_kandy_sdp_formats_find (known, format->pt);
      if (!other || !gst_kandy_sdp_format_same_codec (format, other))
        continue;
    } else if (conflicts (plan, format)) {
      continue;
    }
    chosen = format;
  }
  if (!chosen)
    return NULL;

  formats = gst_kandy_sdp_formats_answer (line->kind, chosen, offered);
  for (i = formats->len - 1; i > 0; i--) {
    GstKandySdpFormat *format = g_ptr_array_index (formats, i);

    if (known ? !gst_kandy_sdp_formats_find (known, format->pt)
              : conflicts (plan, format))
      g_ptr_array_remove_index (formats, i);
  }
  return formats;
}

/* Decides @line->formats, and whether it sends (by keeping its track) and can
 * receive. @known: only payload types that webrtcbin has already */
static gboolean
agree (Plan *plan, GstKandySdpWireLine *line, GstKandySdpSection *section,
    GPtrArray *known, gboolean *receives)
{
  GstKandySdpTrack *track =
      gst_kandy_sdp_facade_get_track (plan->facade, line->track);
  g_autoptr (GstCaps) codecs = NULL;
  g_autoptr (GPtrArray) formats = NULL;

  codecs = gst_kandy_sdp_facade_get_codecs (
      plan->facade, line->kind, track, receives);
  formats = choose_formats (plan, line, codecs, section->formats, known);

  /* One direction is better than none */
  if (!formats && track && *receives) {
    gboolean ignored;
    g_autoptr (GstCaps) receivable = gst_kandy_sdp_facade_get_codecs (
        plan->facade, line->kind, NULL, &ignored);

    formats =
        choose_formats (plan, line, track->codecs, section->formats, known);
    if (formats && section->recv) {
      *receives = FALSE;
    } else {
      g_clear_pointer (&formats, g_ptr_array_unref);
      formats =
          choose_formats (plan, line, receivable, section->formats, known);
      if (formats)
        line->track = 0;
    }
  } else if (!formats && track
      && gst_kandy_sdp_facade_receives (plan->facade, line->kind)) {
    g_autoptr (GstCaps) receivable = gst_kandy_sdp_facade_get_codecs (
        plan->facade, line->kind, NULL, receives);

    formats = choose_formats (plan, line, receivable, section->formats, known);
    if (formats)
      line->track = 0;
  }
  if (!formats)
    return FALSE;
  gst_kandy_sdp_wire_line_set_formats (line, formats);
  return TRUE;
}

static void
assign_track (
    Plan *plan, GstKandySdpWireLine *line, GstKandySdpSection *section)
{
  GstKandySdpTrack *track =
      gst_kandy_sdp_facade_get_track (plan->facade, line->track);
  guint after = 0;

  if (track && !track->removed && (int) track->kind == line->kind)
    return;
  line->track = 0;
  if (!section->recv && plan->state->first)
    return;
  while ((track = gst_kandy_sdp_facade_get_idle_track (
              plan->facade, plan->state, line->kind, after))) {
    g_autoptr (GPtrArray) matches =
        gst_kandy_sdp_formats_match (track->codecs, section->formats);

    if (matches->len > 0) {
      gst_kandy_sdp_state_set_track (plan->state, line, track->id);
      return;
    }
    after = track->id;
  }
}

/* Whether webrtcbin's m-line for @line still serves, with what it knows */
static gboolean
inner_serves (
    Plan *plan, GstKandySdpWireLine *line, GstKandySdpSection *section)
{
  GstKandySdpInnerLine *inner =
      gst_kandy_sdp_state_get_inner (plan->state, line->webrtcbin);

  if (!inner || (int) inner->kind != line->kind)
    return FALSE;
  if (line->alive || plan->state->bundled)
    return TRUE;
  /* Without a bundle a line that comes back has a transport of its own */
  return inner->remote
      && g_strcmp0 (inner->remote->transport->ufrag, section->transport->ufrag)
      == 0;
}

static void
plan_section (Plan *plan, guint i, GstKandySdpSection *section)
{
  GstKandySdpState *state = plan->state;
  GstKandySdpWireLine *line;
  gboolean receives = FALSE;
  gboolean agreed = FALSE;

  if (i < state->wire->len)
    line = gst_kandy_sdp_state_get_wire (state, i);
  else
    line = gst_kandy_sdp_state_add_wire (
        state, section->media, section->proto, section->kind);

  if (line->kind != section->kind) {
    gst_kandy_sdp_wire_line_die (line);
    gst_kandy_sdp_wire_line_set_formats (line, NULL);
    line->kind = section->kind;
    line->webrtcbin = -1;
  }
  g_free (line->media);
  line->media = g_strdup (section->media);
  g_free (line->proto);
  line->proto = g_strdup (section->proto);
  g_free (line->refused_format);
  line->refused_format = g_strdup (section->format);
  g_free (line->mid);
  line->mid = g_strdup (section->mid);

  if (!section->alive || (state->bundled && !section->bundled)) {
    gst_kandy_sdp_wire_line_die (line);
    gst_kandy_sdp_state_set_remote (state, i, section);
    return;
  }

  assign_track (plan, line, section);
  if (inner_serves (plan, line, section)) {
    agreed = agree (plan, line, section,
        gst_kandy_sdp_state_get_inner (state, line->webrtcbin)->formats,
        &receives);
  }
  if (!agreed && (state->first || state->bundled || !line->alive)
      && state->inner->len < MAX_INNER_LINES) {
    agreed = agree (plan, line, section, NULL, &receives);
    if (agreed) {
      line->alive = TRUE;
      gst_kandy_sdp_state_add_inner (state, line);
    }
  }
  if (!agreed) {
    g_string_append_printf (plan->mismatches, "%sm-line %u (%s)",
        plan->mismatches->len ? ", " : "", i, section->media);
    gst_kandy_sdp_wire_line_die (line);
    gst_kandy_sdp_state_set_remote (state, i, section);
    return;
  }

  line->alive = TRUE;
  gst_kandy_sdp_formats_append (plan->taken, line->formats);
  line->wire_send = line->track && section->recv && !state->hold;
  line->wire_recv = receives && section->send && !state->hold;
  line->send = line->wire_send;
  line->receive = line->wire_recv;
  gst_kandy_sdp_state_set_remote (state, i, section);
}

/* Whether all that we may accept is in the far end's bundle */
static gboolean
can_bundle (GstKandySdpDescription *offer)
{
  gboolean any = FALSE;
  guint i;

  for (i = 0; i < offer->sections->len; i++) {
    GstKandySdpSection *section = g_ptr_array_index (offer->sections, i);

    if (section->alive && !section->bundled)
      return FALSE;
    any |= section->alive;
  }
  return any;
}

static void
set_role (GstKandySdpState *state, GstKandySdpTransport **transport)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    if (!line->alive)
      continue;
    /* RFC 5763 section 5: active, if it may be chosen */
    if (state->first)
      state->role = line->remote->setup == GST_KANDY_SDP_SETUP_ACTIVE
          ? GST_KANDY_SDP_SETUP_PASSIVE
          : GST_KANDY_SDP_SETUP_ACTIVE;
    *transport = line->remote->transport;
    return;
  }
}

GstKandySdpState *
gst_kandy_sdp_plan_answer (GstKandySdpFacade *self,
    GstKandySdpDescription *offer, gboolean hold, GError **error)
{
  g_autoptr (GstKandySdpState) state = gst_kandy_sdp_state_copy (self->current);
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GString) mismatches = g_string_new (NULL);
  Plan plan = { self, state, NULL, mismatches };
  GstKandySdpTransport *transport = NULL;
  gboolean rebuild = FALSE, restart = FALSE;
  guint known, i;

  state->hold = hold;
  state->offer = gst_kandy_sdp_description_ref (offer);

  if (state->negotiated
      && g_strcmp0 (state->remote_session_id, offer->session_id) != 0) {
    /* Another peer, which knows nothing of the m-lines of the former one */
    rebuild = TRUE;
    gst_kandy_sdp_state_reset_inner (state);
    g_ptr_array_set_size (state->wire, 0);
  } else if (state->negotiated
      && (self->stale || identity_changes (state, offer))) {
    rebuild = TRUE;
    gst_kandy_sdp_state_reset_inner (state);
  } else if (state->negotiated) {
    restart = ice_restarts (state, offer);
  }
  state->first = !state->negotiated || rebuild || state->inner->len == 0;
  if (state->first)
    state->bundled = can_bundle (offer);

  /* m-lines do not go away (RFC 3264 section 8); of those that do all the same
   * webrtcbin does not hear */
  if (state->wire->len > offer->sections->len)
    g_ptr_array_set_size (state->wire, offer->sections->len);

  known = state->inner->len;
  plan.taken = taken = gst_kandy_sdp_formats_new ();
  for (i = 0; i < state->inner->len; i++)
    gst_kandy_sdp_formats_append (
        taken, gst_kandy_sdp_state_get_inner (state, i)->formats);
  for (i = 0; i < offer->sections->len; i++)
    plan_section (&plan, i, g_ptr_array_index (offer->sections, i));

  if (state->first && offer->sections->len > 0
      && gst_kandy_sdp_state_count_alive (state) == 0) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
            "The far end's offer has nothing that can be accepted%s%s",
            mismatches->len ? ": no codec in common in " : "",
            mismatches->str));
    return NULL;
  }

  set_role (state, &transport);
  if (transport) {
    gst_kandy_sdp_transport_ref (transport);
    g_clear_pointer (&state->remote_transport, gst_kandy_sdp_transport_unref);
    state->remote_transport = transport;
  }
  g_free (state->remote_session_id);
  state->remote_session_id = g_strdup (offer->session_id);
  if (!state->session_id)
    state->session_id = g_strdup_printf ("%" G_GUINT64_FORMAT,
        ((guint64) (g_random_int () & G_MAXINT32) << 31) | g_random_int ());

  if (restart)
    state->steps |= GST_KANDY_SDP_STEP_RESTART | GST_KANDY_SDP_STEP_REMOTE_ICE
        | GST_KANDY_SDP_STEP_GATHER;
  if (state->inner->len > known) {
    state->steps |= GST_KANDY_SDP_STEP_TRANSCEIVERS
        | GST_KANDY_SDP_STEP_SET_REMOTE | GST_KANDY_SDP_STEP_CREATE_ANSWER;
    if (state->first || !state->bundled)
      state->steps |= GST_KANDY_SDP_STEP_GATHER;
    if (state->first && self->used)
      state->steps |= GST_KANDY_SDP_STEP_REBUILD;
  }
  return g_steal_pointer (&state);
}
