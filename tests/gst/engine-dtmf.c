/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"

/* DTMF between two calls over webrtcbin */

typedef struct {
  Endpoint *endpoint;
  const char *digits;
  guint n_done;
  GError *error;
} Sending;

static void
on_sent (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Sending *self = user_data;

  self->n_done++;
  g_clear_error (&self->error);
  kandy_media_engine_send_dtmf_finish (
      KANDY_MEDIA_ENGINE (object), result, &self->error);
}

static void
send_digits (Sending *self, Endpoint *endpoint, const char *tones)
{
  kandy_media_engine_send_dtmf_async (
      KANDY_MEDIA_ENGINE (endpoint->call), tones, 60, 40, NULL, on_sent, self);
}

static gboolean
is_done (gpointer data)
{
  return ((Sending *) data)->n_done > 0;
}

static gboolean
has_digits (gpointer data)
{
  Sending *self = data;

  return strcmp (self->endpoint->digits->str, self->digits) == 0;
}

static gboolean
has_digit (gpointer data)
{
  return ((Endpoint *) data)->digits->len > 0;
}

static void
connect_both (Endpoint **alice, Endpoint **bob)
{
  *alice = endpoint_new ("alice", NULL);
  *bob = endpoint_new ("bob", NULL);
  endpoint_add_audio (*alice, 440);
  endpoint_add_audio (*bob, 1000);
  negotiate (*alice, *bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
}

/* All keys, by the caller and by the called one, at once and from the first
 * moment of the call on; the sound goes on afterwards */
GST_START_TEST (test_both_ways)
{
  Endpoint *alice, *bob;
  Sending by_alice = { NULL }, by_bob = { NULL };

  connect_both (&alice, &bob);
  by_alice.endpoint = bob;
  by_alice.digits = "1234567890*#ABCD";
  by_bob.endpoint = alice;
  by_bob.digits = "1123A";
  send_digits (&by_alice, alice, "1234567890*#abcd");
  send_digits (&by_bob, bob, "1123A");
  WAIT_FOR (is_done, &by_bob);
  WAIT_FOR (is_done, &by_alice);
  g_assert_no_error (by_alice.error);
  g_assert_no_error (by_bob.error);
  WAIT_FOR (has_digits, &by_alice);
  WAIT_FOR (has_digits, &by_bob);

  endpoint_reset_meters (alice);
  endpoint_reset_meters (bob);
  wait_until_heard (bob, 440);
  wait_until_heard (alice, 1000);
  fail_unless_equals_int (alice->received->len, 1);
  fail_unless_equals_int (bob->received->len, 1);
  fail_unless (has_digits (&by_alice));
  fail_unless (has_digits (&by_bob));

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* Held by either end: the rest is not sent, then or later */
GST_START_TEST (test_hold)
{
  Endpoint *alice, *bob, *holder, *held;
  Sending sending = { NULL };

  connect_both (&alice, &bob);
  holder = __i__ ? bob : alice;
  held = __i__ ? alice : bob;
  send_digits (&sending, alice, "1,,,,2");
  WAIT_FOR (has_digit, bob);
  negotiate (holder, held, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  WAIT_FOR (is_done, &sending);
  g_assert_error (sending.error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);

  sending.n_done = 0;
  send_digits (&sending, alice, "3");
  WAIT_FOR (is_done, &sending);
  g_assert_error (sending.error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE);

  negotiate (holder, held, KANDY_OFFER_PURPOSE_UNHOLD, FALSE, FALSE);
  sending.n_done = 0;
  send_digits (&sending, alice, "4");
  WAIT_FOR (is_done, &sending);
  g_assert_no_error (sending.error);
  sending.endpoint = bob;
  sending.digits = "14";
  WAIT_FOR (has_digits, &sending);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

GST_START_TEST (test_no_sound)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Sending sending = { NULL };

  endpoint_add_video (alice, 0xff0000);
  endpoint_add_audio (bob, 1000);
  gst_kandy_call_set_ask (alice->call, KANDY_MEDIA_KIND_AUDIO, TRUE);

  /* before the far end has said anything */
  send_digits (&sending, bob, "1");
  WAIT_FOR (is_done, &sending);
  fail_unless_equals_string (
      kandy_error_get_platform_code (sending.error), "call:2");

  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  sending.n_done = 0;
  send_digits (&sending, alice, "1");
  WAIT_FOR (is_done, &sending);
  fail_unless_equals_string (
      kandy_error_get_platform_code (sending.error), "call:2");

  /* closed in the midst of it */
  sending.n_done = 0;
  send_digits (&sending, bob, "1,,,,");
  WAIT_FOR (has_digit, alice);
  kandy_media_engine_close (KANDY_MEDIA_ENGINE (bob->call));
  WAIT_FOR (is_done, &sending);
  g_assert_error (sending.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  sending.n_done = 0;
  send_digits (&sending, bob, "1");
  WAIT_FOR (is_done, &sending);
  g_assert_error (sending.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sending.error);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static Suite *
engine_dtmf_suite (void)
{
  Suite *suite = suite_create ("engine-dtmf");
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 20);
  tcase_add_test (calls, test_both_ways);
  tcase_add_loop_test (calls, test_hold, 0, 2);
  tcase_add_test (calls, test_no_sound);
  suite_add_tcase (suite, calls);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_dtmf_suite (), "engine-dtmf", __FILE__);
}
