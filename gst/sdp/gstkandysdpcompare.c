/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a new description of the far end means, compared with the former one
 * (protocol calls 4.6). Directions are the far end's. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdpprivate.h"

#include <string.h>

typedef struct {
  const GstKandySdpView *before;
  const GstKandySdpView *now;
} Pair;

typedef struct {
  GArray *changed;   /* Pair */
  GArray *unchanged; /* Pair */
  GPtrArray *added;
  guint removed;
  gboolean flowed;
  gboolean flows;
} Comparison;

static void
view_free (gpointer data)
{
  GstKandySdpView *view = data;

  g_free (view->media);
  g_free (view->mid);
  g_free (view->msid);
  g_free (view);
}

GPtrArray *
gst_kandy_sdp_views_new (GstKandySdpDescription *description, gboolean inactive)
{
  GPtrArray *views = g_ptr_array_new_with_free_func (view_free);
  guint i;

  for (i = 0; i < description->sections->len; i++) {
    GstKandySdpSection *section = g_ptr_array_index (description->sections, i);
    GstKandySdpView *view = g_new0 (GstKandySdpView, 1);

    view->media = g_strdup (section->media);
    view->mid = g_strdup (section->mid);
    if (section->stream_id && section->track_id)
      view->msid =
          g_strconcat (section->stream_id, " ", section->track_id, NULL);
    view->send = section->send && !inactive;
    view->recv = section->recv && !inactive;
    g_ptr_array_add (views, view);
  }
  return views;
}

gboolean
gst_kandy_sdp_views_flow (GPtrArray *views)
{
  guint i;

  for (i = 0; i < views->len; i++) {
    GstKandySdpView *view = g_ptr_array_index (views, i);

    if (strcmp (view->media, "video") == 0 && (view->send || view->recv))
      return TRUE;
    if (strcmp (view->media, "audio") == 0 && view->recv)
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_kandy_sdp_views_withdraw (GPtrArray *before, GPtrArray *now)
{
  gboolean withdrawn = FALSE;
  guint i;

  for (i = 0; i < before->len && i < now->len; i++) {
    GstKandySdpView *a = g_ptr_array_index (before, i);
    GstKandySdpView *b = g_ptr_array_index (now, i);

    if (a->recv && !b->recv)
      return FALSE;
    if (!a->send || b->send)
      continue;
    if (!a->msid || b->msid)
      return FALSE;
    withdrawn = TRUE;
  }
  return withdrawn;
}

static gboolean
same_section (const GstKandySdpView *a, const GstKandySdpView *b)
{
  if (a->mid && b->mid)
    return strcmp (a->mid, b->mid) == 0;
  return a->msid && b->msid && strcmp (a->msid, b->msid) == 0;
}

static gboolean
any_flows (GPtrArray *views)
{
  guint i;

  for (i = 0; i < views->len; i++) {
    GstKandySdpView *view = g_ptr_array_index (views, i);

    if (view->send && view->recv)
      return TRUE;
  }
  return FALSE;
}

static void
comparison_init (
    Comparison *c, GPtrArray *before, GPtrArray *now, gboolean by_index)
{
  guint matched = 0;
  guint i, j;

  c->changed = g_array_new (FALSE, FALSE, sizeof (Pair));
  c->unchanged = g_array_new (FALSE, FALSE, sizeof (Pair));
  c->added = g_ptr_array_new ();
  c->flowed = any_flows (before);
  c->flows = any_flows (now);

  for (i = 0; i < now->len; i++) {
    Pair pair = { NULL, g_ptr_array_index (now, i) };

    for (j = 0; j < before->len && !pair.before; j++) {
      const GstKandySdpView *view = g_ptr_array_index (before, j);

      if (by_index ? i == j && strcmp (view->media, pair.now->media) == 0
                   : same_section (view, pair.now))
        pair.before = view;
    }
    if (!pair.before) {
      g_ptr_array_add (c->added, (gpointer) pair.now);
      continue;
    }
    matched++;
    if (pair.before->send == pair.now->send
        && pair.before->recv == pair.now->recv)
      g_array_append_val (c->unchanged, pair);
    else
      g_array_append_val (c->changed, pair);
  }
  c->removed = before->len > matched ? before->len - matched : 0;
}

static void
comparison_clear (Comparison *c)
{
  g_array_unref (c->changed);
  g_array_unref (c->unchanged);
  g_ptr_array_unref (c->added);
}

static gboolean
is_video (const Pair *pair)
{
  return strcmp (pair->now->media, "video") == 0;
}

static gboolean
is_inactive (const Pair *pair)
{
  return !pair->now->send && !pair->now->recv;
}

static gboolean
send_same (const Pair *pair)
{
  return pair->before->send == pair->now->send;
}

static gboolean
recv_same (const Pair *pair)
{
  return pair->before->recv == pair->now->recv;
}

static gboolean
is_hold_changed (const Pair *pair)
{
  return is_inactive (pair);
}

static gboolean
is_old_hold_changed (const Pair *pair)
{
  if (is_video (pair))
    return !pair->now->recv;
  return pair->before->recv && !pair->now->recv && send_same (pair);
}

static gboolean
is_old_hold_unchanged (const Pair *pair)
{
  return is_inactive (pair)
      || (is_video (pair) && pair->now->send && !pair->now->recv);
}

static gboolean
is_unhold_changed (const Pair *pair)
{
  return !pair->before->send && !pair->before->recv;
}

static gboolean
is_old_unhold_changed (const Pair *pair)
{
  gboolean recv_starts = !pair->before->recv && pair->now->recv;

  if (is_video (pair))
    return recv_starts && (send_same (pair) || pair->now->send);
  return recv_starts && send_same (pair);
}

static gboolean
is_add_changed (const Pair *pair)
{
  return !pair->before->send && pair->now->send && recv_same (pair);
}

static gboolean
is_remove_changed (const Pair *pair)
{
  return pair->before->send && !pair->now->send
      && !(pair->before->recv && !pair->now->recv);
}

static gboolean
all (GArray *pairs, gboolean (*test) (const Pair *pair))
{
  guint i;

  for (i = 0; i < pairs->len; i++) {
    if (!test (&g_array_index (pairs, Pair, i)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
all_added_are (Comparison *c, gboolean sending)
{
  guint i;

  for (i = 0; i < c->added->len; i++) {
    const GstKandySdpView *view = g_ptr_array_index (c->added, i);

    if (sending ? !view->send : view->send || view->recv)
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_music (Comparison *c)
{
  const Pair *pair;

  if (c->changed->len != 1 || c->added->len > 0)
    return FALSE;
  pair = &g_array_index (c->changed, Pair, 0);
  return !is_video (pair) && !pair->now->recv
      && all (c->unchanged, is_inactive);
}

static KandyRemoteChange
comparison_classify (Comparison *c)
{
  gboolean same_set = c->added->len == 0 && c->removed == 0;
  gboolean some_changed = c->changed->len > 0;
  gboolean add, remove;

  if (some_changed && c->flowed && c->removed == 0
      && all_added_are (c, FALSE)) {
    if (!c->flows && all (c->changed, is_hold_changed)
        && all (c->unchanged, is_inactive))
      return KANDY_REMOTE_CHANGE_HOLD;
    if (all (c->changed, is_old_hold_changed)
        && all (c->unchanged, is_old_hold_unchanged))
      return KANDY_REMOTE_CHANGE_HOLD;
  }

  if (some_changed && same_set && c->flows && all (c->unchanged, is_inactive)) {
    if (!c->flowed && all (c->changed, is_unhold_changed))
      return KANDY_REMOTE_CHANGE_UNHOLD;
    if (all (c->changed, is_old_unhold_changed))
      return KANDY_REMOTE_CHANGE_UNHOLD;
  }

  add = c->removed == 0 && (some_changed || c->added->len > 0)
      && all_added_are (c, TRUE) && all (c->changed, is_add_changed);
  if (add)
    return is_music (c) ? KANDY_REMOTE_CHANGE_START_MOH
                        : KANDY_REMOTE_CHANGE_ADD_MEDIA;

  remove = same_set && some_changed && all (c->changed, is_remove_changed);
  if (remove)
    return is_music (c) ? KANDY_REMOTE_CHANGE_STOP_MOH
                        : KANDY_REMOTE_CHANGE_REMOVE_MEDIA;

  if (same_set && !some_changed)
    return KANDY_REMOTE_CHANGE_NONE;
  return KANDY_REMOTE_CHANGE_UNKNOWN;
}

KandyRemoteChange
gst_kandy_sdp_views_compare (GPtrArray *before, GPtrArray *now)
{
  KandyRemoteChange change = KANDY_REMOTE_CHANGE_UNKNOWN;
  int by_index;

  /* Second try by index: protocol calls 4.5 step 3 */
  for (by_index = 0; by_index < 2 && change == KANDY_REMOTE_CHANGE_UNKNOWN;
       by_index++) {
    Comparison c;

    comparison_init (&c, before, now, by_index);
    change = comparison_classify (&c);
    comparison_clear (&c);
  }
  return change;
}
