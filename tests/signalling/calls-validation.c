/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* Which operation is refused in which state: protocol calls 3.5, 3.9. What is
 * accepted is seen in the other tests. */

typedef enum {
  INITIATING,
  INITIATED_OUT,
  RINGING_OUT,
  INITIATED_IN,
  RINGING_IN,
  CONNECTED,
  HELD_HERE,
  HELD_THERE,
  CANCELLED,
  ENDED,
} Situation;

static const char *const situations[] = { "initiating", "initiated-out",
  "ringing-out", "initiated-in", "ringing-in", "connected", "held-here",
  "held-there", "cancelled", "ended" };

typedef struct {
  const char *name; /* as in events */
  void (*start) (KandyCall *call, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data);
  const char *accepted; /* a letter a situation: x if accepted, - if not */
} Operation;

static void
answer (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  kandy_call_answer_async (call, NULL, cancellable, callback, user_data);
}

static void
send_dtmf (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  kandy_call_send_dtmf_async (
      call, "1", 0, 0, cancellable, callback, user_data);
}

static void
add_media (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (TRUE, TRUE);

  kandy_call_add_media_async (call, media, cancellable, callback, user_data);
}

static void
remove_media (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  static const char *const ids[] = { "local-1", NULL };

  kandy_call_remove_media_async (
      call, ids, NULL, cancellable, callback, user_data);
}

static void
replace_track (KandyCall *call, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (TRUE, FALSE);

  kandy_call_replace_track_async (
      call, "local-1", media, cancellable, callback, user_data);
}

static const Operation operations[] = {
  { "ANSWER", answer, "---xx-----" },
  { "REJECT", kandy_call_reject_async, "---xx-----" },
  { "IGNORE", kandy_call_ignore_async, "---xx-----" },
  { "SEND_RINGING_FEEDBACK", kandy_call_send_ringing_feedback_async,
      "---x------" },
  { "END", kandy_call_end_async, "xxxxxxxx--" },
  { "HOLD", kandy_call_hold_async, "-----x-x--" },
  { "UNHOLD", kandy_call_unhold_async, "------x---" },
  { "MEDIA_RESTART", kandy_call_restart_media_async, "-----xxx--" },
  { "SEND_DTMF", send_dtmf, "--x-xx----" },
  { "ADD_MEDIA", add_media, "-----x----" },
  { "REMOVE_MEDIA", remove_media, "-----x----" },
  { "RENEGOTIATE", kandy_call_renegotiate_async, "-----x----" },
  { "REPLACE_TRACK", replace_track, "-----x----" },
};

static void
reach (Harness *h, Situation situation)
{
  switch (situation) {
    case INITIATING:
      fake_script_pause (&h->script, "create_offer");
      harness_make (h, KANDY_CALL_STATE_INITIATING);
      harness_wait (h, h->engine && fake_engine_is_waiting (h->engine));
      break;
    case INITIATED_OUT:
      harness_make (h, KANDY_CALL_STATE_INITIATED);
      break;
    case RINGING_OUT:
      harness_make (h, KANDY_CALL_STATE_RINGING);
      break;
    case INITIATED_IN:
      harness_receive (h, KANDY_CALL_STATE_INITIATED);
      break;
    case RINGING_IN:
      harness_receive (h, KANDY_CALL_STATE_RINGING);
      break;
    case CONNECTED:
      harness_make (h, KANDY_CALL_STATE_CONNECTED);
      break;
    case HELD_HERE:
      harness_make (h, KANDY_CALL_STATE_CONNECTED);
      kandy_call_hold_async (h->call, NULL, NULL, NULL);
      harness_wait (h, strstr (h->events->str, "UPDATE"));
      harness_sdp (h, "wrtcsAnswerNotification", "s1", HARNESS_SDP);
      harness_wait (h, kandy_call_get_local_hold (h->call));
      break;
    case HELD_THERE:
      harness_make (h, KANDY_CALL_STATE_CONNECTED);
      h->script.change = KANDY_REMOTE_CHANGE_HOLD;
      harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
      harness_wait (h, kandy_call_get_remote_hold (h->call));
      break;
    case CANCELLED:
      harness_receive (h, KANDY_CALL_STATE_RINGING);
      harness_event (h, "s1", "Cancelled");
      break;
    case ENDED:
      harness_receive (h, KANDY_CALL_STATE_RINGING);
      harness_event (h, "s1", "SessionEnded");
      break;
  }
  /* Whose mode does not matter but for the one operation that needs it */
  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.ringingFeedbackMode", g_variant_new_string ("manual"));
  harness_settle (h);
  harness_forget (h);
}

static void
test_refusals (Harness *h, gconstpointer data)
{
  Situation situation = GPOINTER_TO_UINT (data);
  KandyCallState state;
  guint i;

  reach (h, situation);
  state = kandy_call_get_state (h->call);
  for (i = 0; i < G_N_ELEMENTS (operations); i++) {
    const Operation *operation = &operations[i];
    g_autofree char *start = g_strdup_printf ("op %s START", operation->name);
    g_autofree char *finish = g_strdup_printf ("op %s FINISH", operation->name);

    if (operation->accepted[situation] == 'x')
      continue;
    operation->start (h->call, NULL, harness_answered, h);
    harness_expect_answer (h, "call:6");
    g_assert_true (g_str_has_prefix (h->events->str, start));
    g_assert_nonnull (strstr (h->events->str, finish));
    g_assert_nonnull (strstr (h->events->str, "!call:6"));
    g_assert_cmpint (kandy_call_get_state (h->call), ==, state);
    harness_expect_requests (h, "");
    harness_forget (h);
  }
}

static void
test_accepted (Harness *h, gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  const Operation *operation = &operations[which / G_N_ELEMENTS (situations)];
  g_autofree char *start = g_strdup_printf ("op %s START", operation->name);

  reach (h, which % G_N_ELEMENTS (situations));
  operation->start (h->call, NULL, harness_answered, h);
  harness_settle (h);
  g_assert_true (g_str_has_prefix (h->events->str, start));
  g_assert_null (strstr (h->events->str, "!call:6"));
}

/* Feedback is the client's own business unless it was told otherwise */
static void
test_feedback_mode (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_INITIATED);
  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.ringingFeedbackMode", g_variant_new_string ("auto"));
  kandy_call_send_ringing_feedback_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:5");
  harness_expect_events (h,
      "op SEND_RINGING_FEEDBACK START; op SEND_RINGING_FEEDBACK FINISH "
      "!call:5; sc Initiated->Initiated !call:5");
}

/* An incoming call that is Initiating can be ended, which rejects it */
static void
test_end_invitation (Harness *h, gconstpointer data)
{
  harness_fault (h, "PUT", "status", 0, NULL, 1);
  harness_receive (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->held.length == 1);
  harness_forget (h);
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, "call:6");
  harness_forget (h);
  kandy_call_end_async (h->call, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  harness_expect_events (
      h, "op END START; op END FINISH {END/ONGOING}; sc Initiating->Ended");
  harness_expect_requests (h, "DELETE s1");
}

int
main (int argc, char **argv)
{
  guint i, o;

  g_test_init (&argc, &argv, NULL);

  for (i = 0; i < G_N_ELEMENTS (situations); i++) {
    g_autofree char *refusals =
        g_strdup_printf ("/calls/validation/refused/%s", situations[i]);

    g_test_add (refusals, Harness, GUINT_TO_POINTER (i), harness_set_up,
        test_refusals, harness_tear_down);
    for (o = 0; o < G_N_ELEMENTS (operations); o++) {
      g_autofree char *accepted =
          g_strdup_printf ("/calls/validation/accepted/%s/%s", situations[i],
              operations[o].name);

      if (operations[o].accepted[i] == 'x')
        g_test_add (accepted, Harness,
            GUINT_TO_POINTER (o * G_N_ELEMENTS (situations) + i),
            harness_set_up, test_accepted, harness_tear_down);
    }
  }
  g_test_add ("/calls/validation/feedback-mode", Harness, NULL, harness_set_up,
      test_feedback_mode, harness_tear_down);
  g_test_add ("/calls/validation/end-invitation", Harness, NULL, harness_set_up,
      test_end_invitation, harness_tear_down);

  return g_test_run ();
}
