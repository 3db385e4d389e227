/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstkandysdphold.h"
#include "sdppeer.h"

/* Who holds, in calls of all directions, also when a description was lost */

typedef struct {
  SdpPeer peer;
  GstKandySdpHold hold;
  guint track;
} End;

static End alice;
static End bob;

static void
end_init (End *end, const char *name, gboolean sends)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (AUDIO_CAPS);

  memset (end, 0, sizeof (*end));
  sdp_peer_init (&end->peer, name, end == &alice);
  sdp_peer_receive (&end->peer, AUDIO_CAPS, VIDEO_CAPS);
  gst_kandy_sdp_facade_set_ask (end->peer.facade, KANDY_MEDIA_KIND_AUDIO, TRUE);
  if (sends)
    end->track = gst_kandy_sdp_facade_add_track (
        end->peer.facade, KANDY_MEDIA_KIND_AUDIO, name, "stream", caps);
}

static void
commit (End *end, GstKandySdpHold staged)
{
  end->hold = staged;
  gst_kandy_sdp_hold_commit (&end->hold, end->peer.facade);
}

/* @from offers, and holds if @hold. @lost: the answer does not arrive. Returns
 * what the offer is to who takes it, @answer what the answer is. */
static KandyRemoteChange
negotiate (End *from, gboolean hold, gboolean lost, KandyRemoteChange *answered)
{
  End *to = from == &alice ? &bob : &alice;
  GstKandySdpHold ours = from->hold, theirs = to->hold;
  KandyRemoteChange taken;
  gboolean flowing;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  offer = sdp_peer_offer (&from->peer,
      from->hold.known ? KANDY_OFFER_PURPOSE_UPDATE
                       : KANDY_OFFER_PURPOSE_INITIAL,
      hold);
  ours.local = hold;
  fail_unless (gst_kandy_sdp_facade_take_offer (
      to->peer.facade, offer, to->hold.local, &taken, &flowing, NULL));
  taken = gst_kandy_sdp_hold_take_offer (&theirs, to->peer.facade, taken);
  sdp_peer_steps (&to->peer);
  answer = gst_kandy_sdp_facade_get_wire (to->peer.facade, NULL);
  sdp_peer_commit (&to->peer);
  commit (to, theirs);
  if (lost) {
    sdp_peer_drop (&from->peer);
    return taken;
  }
  fail_unless (gst_kandy_sdp_facade_take_answer (
      from->peer.facade, answer, answered, &flowing, NULL));
  *answered =
      gst_kandy_sdp_hold_take_answer (&ours, from->peer.facade, *answered);
  sdp_peer_steps (&from->peer);
  sdp_peer_commit (&from->peer);
  commit (from, ours);
  return taken;
}

static void
expect (gboolean alice_holds, gboolean bob_holds)
{
  fail_unless_equals_int (alice.hold.local, alice_holds);
  fail_unless_equals_int (bob.hold.remote, alice_holds);
  fail_unless_equals_int (bob.hold.local, bob_holds);
  fail_unless_equals_int (alice.hold.remote, bob_holds);
}

static void
start_with (gboolean alice_sends, gboolean alice_receives, gboolean bob_sends)
{
  KandyRemoteChange change;

  end_init (&alice, "alice", alice_sends);
  end_init (&bob, "bob", bob_sends);
  if (!alice_receives) {
    sdp_peer_receive (&alice.peer, NULL, NULL);
    gst_kandy_sdp_facade_set_ask (
        alice.peer.facade, KANDY_MEDIA_KIND_AUDIO, FALSE);
  }
  negotiate (&alice, FALSE, FALSE, &change);
  expect (FALSE, FALSE);
}

static void
start (gboolean alice_sends, gboolean bob_sends)
{
  start_with (alice_sends, TRUE, bob_sends);
}

static void
stop (void)
{
  sdp_peer_clear (&alice.peer);
  sdp_peer_clear (&bob.peer);
}

/* Bits: alice sends, bob sends, bob is the first to hold */
GST_START_TEST (test_hold)
{
  gboolean swapped = (__i__ & 4) != 0;
  End *one = swapped ? &bob : &alice, *other = swapped ? &alice : &bob;
  KandyRemoteChange change;

  if ((__i__ & 3) == 0)
    return;
  start (__i__ & 1, (__i__ & 2) != 0);

  fail_unless_equals_int (
      negotiate (one, TRUE, FALSE, &change), KANDY_REMOTE_CHANGE_HOLD);
  expect (!swapped, swapped);
  /* The other one negotiates, which is no hold */
  negotiate (other, FALSE, FALSE, &change);
  expect (!swapped, swapped);
  fail_unless_equals_int (
      negotiate (other, TRUE, FALSE, &change), KANDY_REMOTE_CHANGE_HOLD);
  expect (TRUE, TRUE);
  fail_unless_equals_int (
      negotiate (one, FALSE, FALSE, &change), KANDY_REMOTE_CHANGE_UNHOLD);
  expect (swapped, !swapped);
  fail_unless_equals_int (
      negotiate (other, FALSE, FALSE, &change), KANDY_REMOTE_CHANGE_UNHOLD);
  expect (FALSE, FALSE);
  stop ();
}
GST_END_TEST;

/* Nothing is left to send or to hear, and nobody holds */
GST_START_TEST (test_last_track_removed)
{
  KandyRemoteChange change;

  start_with (TRUE, FALSE, FALSE);
  gst_kandy_sdp_facade_remove_track (alice.peer.facade, alice.track);
  fail_unless_equals_int (negotiate (&alice, FALSE, FALSE, &change),
      KANDY_REMOTE_CHANGE_REMOVE_MEDIA);
  expect (FALSE, FALSE);
  sdp_peer_send (&alice.peer, KANDY_MEDIA_KIND_AUDIO, AUDIO_CAPS);
  fail_unless_equals_int (
      negotiate (&alice, FALSE, FALSE, &change), KANDY_REMOTE_CHANGE_ADD_MEDIA);
  expect (FALSE, FALSE);
  stop ();
}
GST_END_TEST;

/* Who was not told of an answer hears in the next one what became of it */
GST_START_TEST (test_lost_answer)
{
  KandyRemoteChange change;

  start (TRUE, TRUE);
  negotiate (&alice, TRUE, TRUE, &change);
  fail_unless (bob.hold.remote && !alice.hold.local);
  negotiate (&bob, FALSE, FALSE, &change);
  fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_UNHOLD);
  expect (FALSE, FALSE);

  negotiate (&alice, TRUE, FALSE, &change);
  negotiate (&alice, FALSE, TRUE, &change);
  fail_unless (!bob.hold.remote && alice.hold.local);
  negotiate (&bob, FALSE, FALSE, &change);
  fail_unless_equals_int (change, KANDY_REMOTE_CHANGE_HOLD);
  expect (TRUE, FALSE);
  stop ();
}
GST_END_TEST;

/* An answer in which less flows than before, since less was offered */
GST_START_TEST (test_answer_to_less)
{
  KandyRemoteChange change;

  start (TRUE, TRUE);
  gst_kandy_sdp_facade_remove_track (alice.peer.facade, alice.track);
  negotiate (&alice, FALSE, FALSE, &change);
  fail_unless (change != KANDY_REMOTE_CHANGE_HOLD);
  expect (FALSE, FALSE);
  stop ();
}
GST_END_TEST;

static Suite *
hold_suite (void)
{
  Suite *s = suite_create ("sdp-hold");
  TCase *tc = tcase_create ("hold");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_hold, 0, 8);
  tcase_add_test (tc, test_last_track_removed);
  tcase_add_test (tc, test_lost_answer);
  tcase_add_test (tc, test_answer_to_less);
  return s;
}

GST_CHECK_MAIN (hold)
