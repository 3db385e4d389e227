/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The facade's memory: the m-lines of the wire, those of webrtcbin, and which
 * of them belong together. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpstate.h"

#include <string.h>

static void
wire_line_free (gpointer data)
{
  GstKandySdpWireLine *line = data;

  g_free (line->media);
  g_free (line->proto);
  g_free (line->refused_format);
  g_free (line->mid);
  g_clear_pointer (&line->formats, g_ptr_array_unref);
  g_clear_pointer (&line->remote, gst_kandy_sdp_section_unref);
  g_free (line->remote_track_id);
  g_free (line->remote_stream_id);
  g_free (line);
}

static gpointer
wire_line_copy (gconstpointer data, gpointer user_data)
{
  GstKandySdpWireLine *line = g_memdup2 (data, sizeof (GstKandySdpWireLine));

  line->restarts = FALSE;
  line->media = g_strdup (line->media);
  line->proto = g_strdup (line->proto);
  line->refused_format = g_strdup (line->refused_format);
  line->mid = g_strdup (line->mid);
  line->remote_track_id = g_strdup (line->remote_track_id);
  line->remote_stream_id = g_strdup (line->remote_stream_id);
  if (line->formats)
    g_ptr_array_ref (line->formats);
  if (line->remote)
    gst_kandy_sdp_section_ref (line->remote);
  return line;
}

void
gst_kandy_sdp_inner_line_free (GstKandySdpInnerLine *inner)
{
  g_free (inner->mid);
  g_clear_pointer (&inner->formats, g_ptr_array_unref);
  g_clear_pointer (&inner->remote, gst_kandy_sdp_section_unref);
  g_clear_pointer (&inner->local, gst_kandy_sdp_transport_unref);
  g_free (inner);
}

static gpointer
inner_line_copy (gconstpointer data, gpointer user_data)
{
  GstKandySdpInnerLine *inner = g_memdup2 (data, sizeof (GstKandySdpInnerLine));

  inner->mid = g_strdup (inner->mid);
  g_ptr_array_ref (inner->formats);
  if (inner->remote)
    gst_kandy_sdp_section_ref (inner->remote);
  if (inner->local)
    gst_kandy_sdp_transport_ref (inner->local);
  return inner;
}

static GPtrArray *
copy_lines (GPtrArray *lines, GCopyFunc copy, GDestroyNotify free_func)
{
  GPtrArray *array = g_ptr_array_new_with_free_func (free_func);
  guint i;

  for (i = 0; i < lines->len; i++)
    g_ptr_array_add (array, copy (g_ptr_array_index (lines, i), NULL));
  return array;
}

GstKandySdpState *
gst_kandy_sdp_state_new (void)
{
  GstKandySdpState *state = g_new0 (GstKandySdpState, 1);

  state->wire = g_ptr_array_new_with_free_func (wire_line_free);
  state->inner = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_kandy_sdp_inner_line_free);
  return state;
}

GstKandySdpState *
gst_kandy_sdp_state_copy (GstKandySdpState *state)
{
  GstKandySdpState *copy = g_new0 (GstKandySdpState, 1);

  copy->wire = copy_lines (state->wire, wire_line_copy, wire_line_free);
  copy->inner = copy_lines (state->inner, inner_line_copy,
      (GDestroyNotify) gst_kandy_sdp_inner_line_free);
  copy->views = state->views ? g_ptr_array_ref (state->views) : NULL;
  copy->remote_sends = state->remote_sends;
  copy->remote_receives = state->remote_receives;
  copy->session_id = g_strdup (state->session_id);
  copy->remote_session_id = g_strdup (state->remote_session_id);
  copy->role = state->role;
  copy->bundled = state->bundled;
  copy->negotiated = state->negotiated;
  if (state->remote_transport)
    copy->remote_transport =
        gst_kandy_sdp_transport_ref (state->remote_transport);
  return copy;
}

void
gst_kandy_sdp_state_free (GstKandySdpState *state)
{
  g_ptr_array_unref (state->wire);
  g_ptr_array_unref (state->inner);
  g_clear_pointer (&state->views, g_ptr_array_unref);
  g_clear_pointer (&state->remote_transport, gst_kandy_sdp_transport_unref);
  g_clear_pointer (&state->offer, gst_kandy_sdp_description_unref);
  g_free (state->session_id);
  g_free (state->remote_session_id);
  g_free (state);
}

GstKandySdpWireLine *
gst_kandy_sdp_state_get_wire (GstKandySdpState *state, guint i)
{
  return g_ptr_array_index (state->wire, i);
}

GstKandySdpInnerLine *
gst_kandy_sdp_state_get_inner (GstKandySdpState *state, int i)
{
  return i >= 0 && (guint) i < state->inner->len
      ? g_ptr_array_index (state->inner, i)
      : NULL;
}

static gboolean
ssrc_is_used (GstKandySdpState *state, guint32 ssrc)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    if (line->ssrc == ssrc || line->rtx_ssrc == ssrc)
      return TRUE;
  }
  return FALSE;
}

static guint32
new_ssrc (GstKandySdpState *state)
{
  guint32 ssrc;

  do {
    ssrc = g_random_int ();
  } while (ssrc == 0 || ssrc_is_used (state, ssrc));
  return ssrc;
}

GstKandySdpWireLine *
gst_kandy_sdp_state_add_wire (
    GstKandySdpState *state, const char *media, const char *proto, int kind)
{
  GstKandySdpWireLine *line = g_new0 (GstKandySdpWireLine, 1);

  line->kind = kind;
  line->media = g_strdup (media);
  line->proto = g_strdup (proto);
  line->refused_format = g_strdup ("0");
  line->webrtcbin = -1;
  line->ssrc = new_ssrc (state);
  g_ptr_array_add (state->wire, line);
  if (kind == KANDY_MEDIA_KIND_VIDEO)
    line->rtx_ssrc = new_ssrc (state);
  return line;
}

void
gst_kandy_sdp_state_set_track (
    GstKandySdpState *state, GstKandySdpWireLine *line, guint track)
{
  line->track = track;
  if (track == 0 || track == line->ssrc_track)
    return;
  if (line->ssrc_track) {
    line->ssrc = new_ssrc (state);
    if (line->rtx_ssrc)
      line->rtx_ssrc = new_ssrc (state);
  }
  line->ssrc_track = track;
}

GstKandySdpInnerLine *
gst_kandy_sdp_state_add_inner (
    GstKandySdpState *state, GstKandySdpWireLine *line)
{
  GstKandySdpInnerLine *inner = g_new0 (GstKandySdpInnerLine, 1);

  inner->kind = line->kind;
  inner->formats = g_ptr_array_ref (line->formats);
  line->webrtcbin = state->inner->len;
  line->is_new = TRUE;
  g_ptr_array_add (state->inner, inner);
  return inner;
}

void
gst_kandy_sdp_state_reset_inner (GstKandySdpState *state)
{
  guint i;

  g_ptr_array_set_size (state->inner, 0);
  for (i = 0; i < state->wire->len; i++) {
    gst_kandy_sdp_state_get_wire (state, i)->webrtcbin = -1;
    gst_kandy_sdp_state_get_wire (state, i)->is_new = FALSE;
  }
  g_clear_pointer (&state->remote_transport, gst_kandy_sdp_transport_unref);
  state->role = GST_KANDY_SDP_SETUP_NONE;
}

void
gst_kandy_sdp_state_mark_restart (GstKandySdpState *state)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    line->restarts = line->webrtcbin >= 0;
  }
}

guint
gst_kandy_sdp_state_count_alive (GstKandySdpState *state)
{
  guint n = 0;
  guint i;

  for (i = 0; i < state->wire->len; i++)
    n += gst_kandy_sdp_state_get_wire (state, i)->alive;
  return n;
}

void
gst_kandy_sdp_inner_line_set_formats (
    GstKandySdpInnerLine *inner, GPtrArray *formats)
{
  g_ptr_array_ref (formats);
  g_ptr_array_unref (inner->formats);
  inner->formats = formats;
}

void
gst_kandy_sdp_wire_line_set_formats (
    GstKandySdpWireLine *line, GPtrArray *formats)
{
  if (formats)
    g_ptr_array_ref (formats);
  g_clear_pointer (&line->formats, g_ptr_array_unref);
  line->formats = formats;
}

/* Its m-line in webrtcbin stays, should it come back */
void
gst_kandy_sdp_wire_line_die (GstKandySdpWireLine *line)
{
  line->alive = FALSE;
  line->track = 0;
  line->wire_send = line->wire_recv = FALSE;
  line->send = line->receive = FALSE;
  g_clear_pointer (&line->remote_track_id, g_free);
  g_clear_pointer (&line->remote_stream_id, g_free);
  line->remote_ids_given = FALSE;
}

static gboolean
remote_track_id_is_used (GstKandySdpState *state, guint except, const char *id)
{
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    if (i != except
        && g_strcmp0 (
               gst_kandy_sdp_state_get_wire (state, i)->remote_track_id, id)
            == 0)
      return TRUE;
  }
  return FALSE;
}

static void
update_remote_ids (GstKandySdpState *state, guint i)
{
  GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
  GstKandySdpSection *section = line->remote;
  gboolean given = section->track_id != NULL;
  g_autofree char *id = NULL;

  /* The ids of a track that pauses are not forgotten */
  if (!section->send || (line->remote_track_id && !given))
    return;

  if (given)
    id = g_strdup (section->track_id);
  else if (line->mid)
    id = g_strconcat ("track-", line->mid, NULL);
  else
    id = g_strdup_printf ("track-%u", i);
  if (remote_track_id_is_used (state, i, id)) {
    char *unique = g_strdup_printf ("%s-%u", id, i);

    g_free (id);
    id = unique;
  }
  g_free (line->remote_track_id);
  line->remote_track_id = g_steal_pointer (&id);
  g_free (line->remote_stream_id);
  line->remote_stream_id =
      g_strdup (section->stream_id && strcmp (section->stream_id, "-") != 0
              ? section->stream_id
              : line->remote_track_id);
}

void
gst_kandy_sdp_state_set_remote (
    GstKandySdpState *state, guint i, GstKandySdpSection *section)
{
  GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);
  GstKandySdpInnerLine *inner =
      gst_kandy_sdp_state_get_inner (state, line->webrtcbin);

  gst_kandy_sdp_section_ref (section);
  g_clear_pointer (&line->remote, gst_kandy_sdp_section_unref);
  line->remote = section;
  if (!line->alive)
    return;

  update_remote_ids (state, i);
  if (inner) {
    gst_kandy_sdp_section_ref (section);
    g_clear_pointer (&inner->remote, gst_kandy_sdp_section_unref);
    inner->remote = section;
  }
}

GstKandySdpTransport *
gst_kandy_sdp_state_get_local_transport (
    GstKandySdpState *state, GstKandySdpWireLine *line)
{
  GstKandySdpInnerLine *inner =
      gst_kandy_sdp_state_get_inner (state, line->webrtcbin);
  guint i;

  if (inner && inner->local)
    return inner->local;
  for (i = 0; state->bundled && i < state->inner->len; i++) {
    inner = gst_kandy_sdp_state_get_inner (state, i);
    if (inner->local)
      return inner->local;
  }
  return NULL;
}

GstKandySdpTransport *
gst_kandy_sdp_state_get_remote_transport (GstKandySdpState *state, int i)
{
  GstKandySdpInnerLine *inner = gst_kandy_sdp_state_get_inner (state, i);

  if (!inner)
    return NULL;
  if (state->bundled && state->remote_transport)
    return state->remote_transport;
  if (inner->remote)
    return inner->remote->transport;
  /* Refused from the start: it borrows what webrtcbin wants to see */
  return state->remote_transport;
}

GPtrArray *
gst_kandy_sdp_state_get_taken (GstKandySdpState *state)
{
  GPtrArray *taken = gst_kandy_sdp_formats_new ();
  guint i;

  for (i = 0; i < state->wire->len; i++) {
    GstKandySdpWireLine *line = gst_kandy_sdp_state_get_wire (state, i);

    if (line->formats)
      gst_kandy_sdp_formats_append (taken, line->formats);
  }
  for (i = 0; i < state->inner->len; i++)
    gst_kandy_sdp_formats_append (
        taken, gst_kandy_sdp_state_get_inner (state, i)->formats);
  return taken;
}
