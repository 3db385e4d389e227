/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysdphold.h"

typedef struct {
  gboolean send;    /* we do, in some m-line */
  gboolean receive; /* the same */
  gboolean track;   /* there is something that we would send */
} Media;

static void
get_media (GstKandySdpFacade *facade, Media *media)
{
  guint i, n = gst_kandy_sdp_facade_get_n_mlines (facade);

  *media = (Media){ FALSE };
  for (i = 0; i < n; i++) {
    g_auto (GstKandySdpMline) mline = { 0 };

    if (!gst_kandy_sdp_facade_get_mline (facade, i, &mline) || !mline.alive)
      continue;
    media->send |= mline.send;
    media->receive |= mline.receive;
    media->track |= mline.track != 0;
  }
}

/* What is left of @change for who holds, or does not, already */
static KandyRemoteChange
without_hold (KandyRemoteChange change)
{
  switch (change) {
    case KANDY_REMOTE_CHANGE_HOLD:
    case KANDY_REMOTE_CHANGE_UNHOLD:
      return KANDY_REMOTE_CHANGE_UNKNOWN;
    case KANDY_REMOTE_CHANGE_START_MOH:
      return KANDY_REMOTE_CHANGE_ADD_MEDIA;
    case KANDY_REMOTE_CHANGE_STOP_MOH:
      return KANDY_REMOTE_CHANGE_REMOVE_MEDIA;
    default:
      return change;
  }
}

KandyRemoteChange
gst_kandy_sdp_hold_take_offer (
    GstKandySdpHold *hold, GstKandySdpFacade *facade, KandyRemoteChange change)
{
  gboolean sends, receives, withdrew;

  gst_kandy_sdp_facade_get_remote_media (facade, &sends, &receives, &withdrew);

  if (hold->remote) {
    /* Who holds does not listen, but may play music. Where only the far end has
     * ever sent something, that it sends again is no music. */
    if (receives || (sends && hold->one_way)) {
      hold->remote = FALSE;
      return KANDY_REMOTE_CHANGE_UNHOLD;
    }
    return change == KANDY_REMOTE_CHANGE_UNHOLD ? KANDY_REMOTE_CHANGE_UNKNOWN
                                                : change;
  }

  if (change != KANDY_REMOTE_CHANGE_HOLD) {
    if (sends || receives || withdrew
        || (change == KANDY_REMOTE_CHANGE_NONE && !hold->local))
      return without_hold (change);
    /* All is off, not for want of a track; or it was off because of our hold */
  }
  hold->remote = TRUE;
  return KANDY_REMOTE_CHANGE_HOLD;
}

KandyRemoteChange
gst_kandy_sdp_hold_take_answer (
    GstKandySdpHold *hold, GstKandySdpFacade *facade, KandyRemoteChange change)
{
  Media media;

  get_media (facade, &media);
  if (hold->local)
    return hold->remote ? change : without_hold (change);

  if (hold->remote) {
    if (!media.send && !(media.receive && hold->one_way))
      return change == KANDY_REMOTE_CHANGE_UNHOLD ? KANDY_REMOTE_CHANGE_UNKNOWN
                                                  : change;
    hold->remote = FALSE;
    return KANDY_REMOTE_CHANGE_UNHOLD;
  }
  /* It was offered something, and wants to have nothing to do with anything */
  if (hold->known && !media.send && !media.receive && media.track) {
    hold->remote = TRUE;
    return KANDY_REMOTE_CHANGE_HOLD;
  }
  return without_hold (change);
}

void
gst_kandy_sdp_hold_commit (GstKandySdpHold *hold, GstKandySdpFacade *facade)
{
  Media media;

  hold->known = TRUE;
  if (hold->local || hold->remote)
    return;
  get_media (facade, &media);
  hold->one_way = !media.send;
}
