/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* Calls that go to somebody else: protocol calls 1.2 (R9 to R11), 1.4, 2.6 */

#define ANSWER "wrtcsAnswerNotification"

static const char *
body_member (Harness *h, const char *wrapper, const char *member)
{
  JsonObject *object = json_object_get_object_member (
      json_node_get_object (h->last_body), wrapper);

  g_assert_nonnull (object);
  g_assert_true (json_object_has_member (object, "clientCorrelator"));
  return json_object_has_member (object, member)
      ? json_object_get_string_member (object, member)
      : NULL;
}

static void
forward (Harness *h, const char *destination)
{
  kandy_call_forward_async (h->call, destination, NULL, harness_answered, h);
}

static void
transfer (Harness *h, const char *destination)
{
  kandy_call_transfer_async (h->call, destination, NULL, harness_answered, h);
}

static void
hold (Harness *h)
{
  kandy_call_hold_async (h->call, NULL, NULL, NULL);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ON_HOLD);
  harness_settle (h);
  harness_forget (h);
}

static void
test_forward (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  forward (h, "carol");
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "op FORWARD_CALL START; op FORWARD_CALL FINISH {FORWARD_CALL/ONGOING}; "
      "sc Ringing->Ended (9908)");
  harness_expect_requests (h, "PUT s1/forward");
  g_assert_cmpstr (
      body_member (h, "wrtcsForward", "address"), ==, "sip:carol@ex.org");
  g_assert_cmpint (kandy_call_get_end_time (h->call), ==, 0);
  forward (h, "carol");
  harness_expect_answer (h, "call:6");
}

static void
test_forward_refused (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "s1/forward", 403, "{}", 1);
  forward (h, "carol");
  harness_expect_answer (h, "403");
  harness_expect_events (h,
      "op FORWARD_CALL START; "
      "op FORWARD_CALL FINISH {FORWARD_CALL/ONGOING} !403; "
      "sc Ringing->Ringing !403");
  harness_forget (h);

  forward (h, "  ");
  harness_expect_answer (h, "call:7");
  forward (h, "\xff");
  harness_expect_answer (h, "call:7");
  harness_expect_requests (h, "");
  harness_forget (h);

  /* It can still be answered */
  kandy_call_answer_async (h->call, NULL, NULL, harness_answered, h);
  harness_expect_answer (h, NULL);
  forward (h, "carol");
  harness_expect_answer (h, "call:6");
}

static void
test_forward_outgoing (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_RINGING);
  forward (h, "carol");
  harness_expect_answer (h, "call:6");
  harness_expect_requests (h, "");
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_RINGING);
}

/* The caller gives up while the platform is asked */
static void
test_forward_cancelled (Harness *h, gconstpointer data)
{
  harness_receive (h, KANDY_CALL_STATE_RINGING);
  harness_fault (h, "PUT", "s1/forward", 0, NULL, 1);
  forward (h, "carol");
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", "Cancelled");
  harness_expect_answer (h, "call:6");
  harness_release (h);
  harness_settle (h);
  g_assert_cmpint (
      kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_CANCELLED);
  g_assert_cmpuint (h->n_answers, ==, 0);
}

static void
test_transfer (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  transfer (h, "carol");
  harness_expect_answer (h, "call:6");
  harness_expect_requests (h, "");
  hold (h);

  transfer (h, "carol");
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_expect_requests (h, "PUT s1/transfer");
  g_assert_cmpstr (
      body_member (h, "wrtcsTransfer", "address"), ==, "sip:carol@ex.org");
  g_assert_null (body_member (h, "wrtcsTransfer", "sessionId"));
  kandy_call_unhold_async (h->call, NULL, NULL, NULL);
  harness_settle (h);
  harness_forget (h);

  harness_event (h, "s1", "TransferCompleted");
  harness_event (h, "s1", "SessionEnded");
  harness_expect_answer (h, NULL);
  harness_expect_events (h,
      "trackEnded local; op DIRECT_TRANSFER FINISH {DIRECT_TRANSFER/PENDING}; "
      "sc On Hold->Ended (9905)");
  harness_expect_engine (h, "close");
  g_assert_cmpint (kandy_call_get_end_time (h->call), >, 0);
}

/* A call whose transfer fails is held as before, and can be gone on with */
static void
test_transfer_failed (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_fault (h, "PUT", "s1/transfer", 404, "{}", 1);
  transfer (h, "nobody");
  harness_expect_answer (h, "404");
  harness_expect_events (h,
      "op DIRECT_TRANSFER START; "
      "op DIRECT_TRANSFER FINISH {DIRECT_TRANSFER/ONGOING} !404; "
      "sc On Hold->On Hold !404");
  harness_forget (h);

  transfer (h, "carol");
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_forget (h);
  harness_notify (h, "wrtcsEventNotification", "s1",
      "\"eventType\": \"TransferFailed\", \"statusCode\": 603, "
      "\"reasonText\": \"Declined\"");
  harness_expect_answer (h, "call:2");
  g_assert_nonnull (strstr (h->error->message, "Declined"));
  harness_expect_events (h,
      "op DIRECT_TRANSFER FINISH {DIRECT_TRANSFER/PENDING} !call:2; "
      "sc On Hold->On Hold !call:2");
  /* and nothing comes of one that nobody has begun */
  harness_event (h, "s1", "TransferCompleted");
  harness_event (h, "s1", "TransferFailed");
  harness_settle (h);
  harness_expect_events (h, "");
  harness_forget (h);

  kandy_call_unhold_async (h->call, NULL, harness_answered, h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  harness_sdp (h, ANSWER, "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
}

/* The far end goes instead; the outcome overtakes the reply */
static void
test_transfer_overtaken (Harness *h, gconstpointer data)
{
  gboolean completed = GPOINTER_TO_INT (data);

  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  harness_fault (h, "PUT", "s1/transfer", 0, NULL, 1);
  transfer (h, "carol");
  harness_wait (h, h->held.length == 1);
  harness_event (h, "s1", completed ? "TransferCompleted" : "SessionEnded");
  harness_expect_answer (h, completed ? NULL : "call:6");
  g_assert_cmpint (kandy_call_get_state (h->call), ==, KANDY_CALL_STATE_ENDED);
  harness_release (h);
  harness_settle (h);
  g_assert_cmpuint (h->n_answers, ==, 0);
}

static void
test_itself (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  kandy_call_consultative_transfer_async (
      h->call, h->call, NULL, harness_answered, h);
  harness_expect_answer (h, "call:7");
  harness_expect_requests (h, "");
}

static void
test_destroyed (Harness *h, gconstpointer data)
{
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  hold (h);
  transfer (h, "carol");
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  kandy_client_destroy (h->client);
  harness_wait (h, h->n_answers == 1);
  g_assert_nonnull (h->error);
}

static void
add (const char *name, void (*test) (Harness *h, gconstpointer data),
    gpointer data)
{
  g_autofree char *path = g_strconcat ("/calls/transfer/", name, NULL);

  g_test_add (path, Harness, data, harness_set_up, test, harness_tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("forward", test_forward, NULL);
  add ("forward/refused", test_forward_refused, NULL);
  add ("forward/outgoing", test_forward_outgoing, NULL);
  add ("forward/cancelled", test_forward_cancelled, NULL);
  add ("direct", test_transfer, NULL);
  add ("direct/failed", test_transfer_failed, NULL);
  add ("direct/overtaken", test_transfer_overtaken, GINT_TO_POINTER (TRUE));
  add ("direct/far-end-gone", test_transfer_overtaken, NULL);
  add ("consultative/itself", test_itself, NULL);
  add ("destroyed", test_destroyed, NULL);

  return g_test_run ();
}
