/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include "kandy-call-private.h"

#include <string.h>

/* What may happen in a step: an operation of one of the users, or something
 * that goes wrong */

/* --- operations -------------------------------------------------------------
 */

typedef struct {
  WalkParty *party;
  char *what;
  gboolean legal;
} Asked;

void
walk_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asked *asked = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done;

  asked->party->answered++;
  done = kandy_call_operation_finish (KANDY_CALL (source), result, &error);
  walk_note (asked->party->walk, "       %s's %s: %s", asked->party->name,
      asked->what, done ? "done" : error->message);
  if (done != (error == NULL))
    walk_fail (asked->party->walk, "%s's %s has two outcomes",
        asked->party->name, asked->what);
  if (done && !asked->legal)
    walk_fail (asked->party->walk, "%s's %s was possible", asked->party->name,
        asked->what);
  g_free (asked->what);
  g_free (asked);
}

static void
on_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WalkParty *party = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) stats =
      kandy_call_get_stats_finish (KANDY_CALL (source), result, &error);

  party->answered++;
  g_assert_true ((stats != NULL) == (error == NULL));
}

static Asked *
ask (WalkParty *party, KandyCall *call, const char *what, gboolean legal)
{
  Asked *asked = g_new0 (Asked, 1);

  walk_note (party->walk, "%s: %s in %s%s", party->name, what,
      kandy_call_state_to_string (kandy_call_get_state (call)),
      legal ? "" : ", illegal");
  asked->party = party;
  asked->what = g_strdup (what);
  asked->legal = legal;
  party->asked++;
  return asked;
}

static KandyMediaOptions *
some_media (Walk *walk)
{
  KandyMediaOptions *options =
      kandy_media_options_new (walk_pick (walk, 4) != 0, walk_pick (walk, 2));

  if (walk_pick (walk, 8) == 0)
    g_object_set (options, "screen", TRUE, NULL);
  return options;
}

static void
make (WalkParty *party)
{
  Walk *walk = party->walk;
  WalkParty *far = &walk->parties[party == &walk->parties[0]];
  g_autoptr (KandyMediaOptions) options = some_media (walk);
  g_autoptr (GError) error = NULL;

  walk_note (walk, "%s: make", party->name);
  kandy_calls_make (party->calls, walk_pick (walk, 12) ? far->name : "nobody",
      options, &error);
  g_assert_no_error (error);
}

/* (transfer full): ids of some of the tracks, or of none */
static char **
some_tracks (Walk *walk, KandyCall *call)
{
  g_autoptr (GPtrArray) tracks = kandy_call_get_local_tracks (call);
  GStrvBuilder *builder = g_strv_builder_new ();
  char **ids;
  guint i;

  for (i = 0; i < tracks->len; i++)
    if (walk_pick (walk, 2))
      g_strv_builder_add (
          builder, kandy_track_get_id (g_ptr_array_index (tracks, i)));
  if (walk_pick (walk, 10) == 0)
    g_strv_builder_add (builder, "no-track");
  ids = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return ids;
}

static gboolean
is_in_call (KandyCall *call)
{
  KandyCallState state = kandy_call_get_state (call);

  return state == KANDY_CALL_STATE_CONNECTED
      || state == KANDY_CALL_STATE_ON_HOLD;
}

static gboolean
is_ringing_here (KandyCall *call)
{
  KandyCallState state = kandy_call_get_state (call);

  return kandy_call_get_direction (call) == KANDY_CALL_DIRECTION_INCOMING
      && (state == KANDY_CALL_STATE_INITIATED
          || state == KANDY_CALL_STATE_RINGING);
}

static void
change_media (WalkParty *party, KandyCall *call, GCancellable *cancellable)
{
  Walk *walk = party->walk;
  gboolean legal = kandy_call_get_state (call) == KANDY_CALL_STATE_CONNECTED;
  g_autoptr (KandyMediaOptions) media = some_media (walk);
  g_auto (GStrv) ids = some_tracks (walk, call);

  switch (walk_pick (walk, 9)) {
    case 0:
    case 1:
      kandy_call_add_media_async (call, media, cancellable, walk_answered,
          ask (party, call, "addMedia", legal));
      break;
    case 2:
    case 3:
      kandy_call_remove_media_async (call, (const char *const *) ids, NULL,
          cancellable, walk_answered,
          ask (party, call, "removeMedia", legal && ids[0]));
      break;
    case 4:
      kandy_call_start_video_async (call, NULL, cancellable, walk_answered,
          ask (party, call, "startVideo", legal));
      break;
    case 5:
      kandy_call_stop_video_async (call, cancellable, walk_answered,
          ask (party, call, "stopVideo", legal));
      break;
    case 6:
      kandy_call_start_screenshare_async (call, NULL, cancellable,
          walk_answered, ask (party, call, "startScreenshare", legal));
      break;
    case 7:
      kandy_call_stop_screenshare_async (call, cancellable, walk_answered,
          ask (party, call, "stopScreenshare", legal));
      break;
    default:
      kandy_call_renegotiate_async (call, cancellable, walk_answered,
          ask (party, call, "renegotiate", legal));
      break;
  }
}

static void
use_media (WalkParty *party, KandyCall *call, GCancellable *cancellable)
{
  Walk *walk = party->walk;
  KandyMedia *media = kandy_client_get_media (party->client);
  g_auto (GStrv) ids = some_tracks (walk, call);
  KandyCallState state = kandy_call_get_state (call);

  switch (walk_pick (walk, 4)) {
    case 0:
      kandy_call_send_dtmf_async (call, walk_pick (walk, 4) ? "12#" : "x", 40,
          30, cancellable, walk_answered,
          ask (party, call, "sendDTMF",
              state == KANDY_CALL_STATE_CONNECTED
                  || state == KANDY_CALL_STATE_RINGING));
      break;
    case 1: {
      g_autoptr (KandyMediaOptions) options =
          kandy_media_options_new (walk_pick (walk, 2), walk_pick (walk, 2));

      kandy_call_replace_track_async (call, ids[0] ? ids[0] : "no-track",
          options, cancellable, walk_answered,
          ask (party, call, "replaceTrack",
              state == KANDY_CALL_STATE_CONNECTED));
      break;
    }
    case 2:
      party->asked++;
      kandy_call_get_stats_async (call, ids[0], cancellable, on_stats, party);
      break;
    default:
      walk_note (walk, "%s: mute", party->name);
      if (ids[0] && walk_pick (walk, 2))
        kandy_media_mute_tracks (media, (const char *const *) ids, NULL);
      else if (ids[0])
        kandy_media_unmute_tracks (media, (const char *const *) ids, NULL);
      break;
  }
}

static void
on_asked_for_offer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GBytes) bytes = kandy_client_fetch_finish (
      KANDY_CLIENT (source), result, NULL, NULL, NULL);
}

/* As a platform does that bridges the call elsewhere: an offer without SDP */
static void
ask_for_offer (WalkParty *party, KandyCall *call)
{
  g_autofree char *address =
      g_strconcat (party->name, "@loopback.example", NULL);
  g_autofree char *user =
      kandy_loopback_dup_user_id (party->walk->platform, address);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) body = g_bytes_new_static (
      "{\"wrtcsOffer\": {}}", strlen ("{\"wrtcsOffer\": {}}"));

  if (!call->session_id || !is_in_call (call))
    return;
  walk_note (party->walk, "%s: asks for an offer", party->name);
  path = g_strdup_printf ("/cpaas/webrtcsignaling/v1/%s/sessions/%s/update",
      user, call->session_id);
  kandy_client_fetch_async (party->client, "PUT", path, NULL, NULL, body, NULL,
      on_asked_for_offer, NULL);
}

static void
act_on (WalkParty *party, KandyCall *call, GCancellable *cancellable)
{
  Walk *walk = party->walk;
  g_autoptr (KandyMediaOptions) media = some_media (walk);
  gboolean hold = kandy_call_get_local_hold (call);
  guint dice = walk_pick (walk, 100);

  if (dice < 12)
    kandy_call_answer_async (call, walk_pick (walk, 5) ? media : NULL,
        cancellable, walk_answered,
        ask (party, call, "answer", is_ringing_here (call)));
  else if (dice < 14)
    kandy_call_reject_async (call, cancellable, walk_answered,
        ask (party, call, "reject", is_ringing_here (call)));
  else if (dice < 15)
    kandy_call_ignore_async (call, cancellable, walk_answered,
        ask (party, call, "ignore", is_ringing_here (call)));
  else if (dice < 17)
    kandy_call_send_ringing_feedback_async (call, cancellable, walk_answered,
        ask (party, call, "sendRingingFeedback", FALSE));
  else if (dice < 20)
    kandy_call_end_async (call, cancellable, walk_answered,
        ask (party, call, "end", !call->over));
  else if (dice < 34)
    kandy_call_hold_async (call, cancellable, walk_answered,
        ask (party, call, "hold", is_in_call (call) && !hold));
  else if (dice < 50)
    kandy_call_unhold_async (call, cancellable, walk_answered,
        ask (party, call, "unhold", is_in_call (call) && hold));
  else if (dice < 56)
    kandy_call_restart_media_async (call, cancellable, walk_answered,
        ask (party, call, "restartMedia", is_in_call (call)));
  else if (dice < 60)
    ask_for_offer (party, call);
  else if (dice < 84)
    change_media (party, call, cancellable);
  else
    use_media (party, call, cancellable);
}

void
walk_act (WalkParty *party)
{
  Walk *walk = party->walk;
  g_autoptr (GPtrArray) all = kandy_calls_get_all (party->calls);
  g_autoptr (KandyCall) call = NULL;
  g_autoptr (GCancellable) cancellable = NULL;

  g_set_object (&call, walk_party_get_call (party));
  if (!call && walk->depth == 0 && walk_pick (walk, 4) != 0) {
    make (party);
    return;
  }
  if (!call && all->len > 0)
    call = g_object_ref (g_ptr_array_index (all, walk_pick (walk, all->len)));
  if (!call)
    return;
  if (walk_pick (walk, 10) == 0)
    cancellable = g_cancellable_new ();
  act_on (party, call, cancellable);
  if (cancellable) {
    walk_note (walk, "%s: cancels the wait", party->name);
    g_cancellable_cancel (cancellable);
  }
}

/* --- what goes wrong --------------------------------------------------------
 */

/* What is only late, double, or refused before anything was done */
static const char *const hitches[] = {
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"status\": 409, \"body\": \"{\\\"requestError\\\": "
  "{\\\"serviceException\\\": {\\\"messageId\\\": \\\"SVC0491\\\", "
  "\\\"text\\\": \\\"pending\\\"}}}\"",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"status\": 491, \"body\": \"\"",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"status\": 500, \"body\": \"<html>\"",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"delay\": 30",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/answer\", "
  "\"delay\": 30",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/status\", "
  "\"status\": 503, \"body\": \"{}\"",
  "{\"on\": \"request\", \"method\": \"POST\", \"path\": \"/sessions\", "
  "\"status\": 500, \"body\": \"{}\"",
  "{\"on\": \"notification\", \"delay\": 20",
  "{\"on\": \"notification\", \"delay\": 40",
  "{\"on\": \"notification\", \"duplicate\": 2",
};

/* What one end never hears of */
static const char *const losses[] = {
  "{\"on\": \"notification\", \"drop\": true",
  "{\"on\": \"notification\", \"type\": \"wrtcsAnswerNotification\", "
  "\"drop\": true",
  "{\"on\": \"notification\", \"type\": \"wrtcsAcceptanceNotification\", "
  "\"drop\": true",
  "{\"on\": \"notification\", \"reorder\": true",
  "{\"on\": \"notification\", \"type\": \"wrtcsOfferNotification\", "
  "\"sdp\": \"v=0\"",
  "{\"on\": \"notification\", \"type\": \"wrtcsAnswerNotification\", "
  "\"sdp\": \"m=audio\"",
  "{\"on\": \"notification\", \"remove\": [\"link\"]",
  "{\"on\": \"notification\", \"frame\": \"{\\\"wrtcs\"",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/answer\", "
  "\"status\": 500, \"body\": \"{}\"",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"drop\": true, \"after\": true",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/answer\", "
  "\"drop\": true, \"after\": true",
  "{\"on\": \"request\", \"method\": \"PUT\", \"path\": \"/update\", "
  "\"drop\": true",
  "{\"on\": \"request\", \"method\": \"POST\", \"path\": \"/sessions\", "
  "\"drop\": true, \"after\": true",
  "{\"on\": \"request\", \"method\": \"DELETE\", \"path\": \"/sessions\", "
  "\"status\": 500, \"body\": \"{}\"",
};

static void
go_wrong (Walk *self)
{
  const char *name = self->parties[walk_pick (self, 2)].name;
  const char *fault = self->lossy && walk_pick (self, 2)
      ? losses[walk_pick (self, G_N_ELEMENTS (losses))]
      : hitches[walk_pick (self, G_N_ELEMENTS (hitches))];
  g_autofree char *json = g_strdup_printf (
      "%s, \"count\": 1, \"user\": \"%s@loopback.example\"}", fault, name);
  g_autoptr (GError) error = NULL;

  walk_note (self, "fault %s", json);
  kandy_loopback_set_fault (self->platform, json, &error);
  g_assert_no_error (error);
}

static void
close_websockets (Walk *self)
{
  g_autofree char *user = g_strconcat (
      self->parties[walk_pick (self, 2)].name, "@loopback.example", NULL);

  walk_note (self, "%s loses the websocket", user);
  kandy_loopback_close_websockets (
      self->platform, user, walk_pick (self, 2) ? 1001 : 1011);
}

void
walk_take_step (Walk *self)
{
  guint dice = walk_pick (self, 100);

  if (dice < 12)
    go_wrong (self);
  else if (dice < 14)
    close_websockets (self);
  else
    walk_act (&self->parties[walk_pick (self, 2)]);

  switch (walk_pick (self, 4)) {
    case 0:
      break;
    case 1:
      while (g_main_context_iteration (NULL, FALSE))
        continue;
      break;
    case 2:
      walk_let_pass (self, walk_pick (self, 15));
      break;
    default:
      walk_let_pass (self, 15 + walk_pick (self, 40));
      break;
  }
}
