/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"
#include "gstkandycall-private.h"

/* Far ends that are not who they say, descriptions that make no sense, and
 * calls that end at any moment: each is told as an error, nothing is lost, and
 * the next call works. */

static Endpoint *alice;
static Endpoint *bob;

/* Not a fixture: GstCheck waits for all tasks at the end of the test itself */
static void
setup (void)
{
  alice = endpoint_new ("alice", NULL);
  bob = endpoint_new ("bob", NULL);
  endpoint_add_audio (alice, 440);
  endpoint_add_audio (bob, 1000);
}

static void
teardown (void)
{
  endpoint_free (alice);
  endpoint_free (bob);
}

static KandyMediaEngine *
engine (Endpoint *self)
{
  return KANDY_MEDIA_ENGINE (self->call);
}

static void
connect_call (void)
{
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);
  wait_until_heard (alice, 1000);
  wait_until_heard (bob, 440);
}

static gboolean
has_failed (gpointer data)
{
  return ((Endpoint *) data)->failure != NULL;
}

/* --- somebody else's certificate --- */

/* Turns the digits of the fingerprints about */
static char *
falsify (const char *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\r\n", -1);

  for (char **line = lines; *line; line++) {
    char *last = *line + strlen (*line) - 1;

    if (g_str_has_prefix (*line, "a=fingerprint:"))
      *last = *last == '0' ? '1' : '0';
  }
  return g_strjoinv ("\r\n", lines);
}

GST_START_TEST (test_false_fingerprint)
{
  Endpoint *deceived, *liar;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *shown_offer = NULL;
  g_autofree char *shown_answer = NULL;

  setup ();
  deceived = __i__ ? bob : alice;
  liar = __i__ ? alice : bob;
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  shown_offer = deceived == bob ? falsify (offer) : g_strdup (offer);
  kandy_media_engine_commit_offer (engine (alice));
  endpoint_take_offer (bob, shown_offer, FALSE, NULL, NULL, NULL);
  answer = endpoint_create_answer (bob, FALSE, NULL);
  shown_answer = deceived == alice ? falsify (answer) : g_strdup (answer);
  kandy_media_engine_commit_answer (engine (bob));
  endpoint_accept_answer (alice, shown_answer, NULL, NULL, NULL);

  WAIT_FOR (has_failed, deceived);
  fail_unless (
      g_error_matches (deceived->failure, KANDY_ERROR, KANDY_ERROR_MEDIA));
  fail_unless_equals_string (
      kandy_error_get_platform_code (deceived->failure), "call:2");
  fail_unless (strstr (deceived->failure->message, "fingerprint") != NULL);

  /* Neither played nor sent, then or later */
  let_pass (300);
  fail_unless_equals_int (
      endpoint_packets (deceived, KANDY_MEDIA_KIND_AUDIO), 0);
  fail_unless_equals_int (endpoint_packets (liar, KANDY_MEDIA_KIND_AUDIO), 0);
  fail_unless_equals_int (deceived->state, KANDY_MEDIA_CONNECTION_STATE_FAILED);
  teardown ();
}
GST_END_TEST;

/* --- descriptions that make no sense --- */

static const char *const nonsense[] = {
  "",
  "v=0",
  "hello, world",
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
  "a=rtpmap:111 opus/48000/2\r\na=mid:0\r\na=rtcp-mux\r\na=setup:actpass\r\n",
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
  "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
};

GST_START_TEST (test_nonsense_first)
{
  g_autoptr (GError) error = NULL;

  setup ();
  endpoint_take_offer (bob, nonsense[__i__], FALSE, NULL, NULL, &error);
  if (!error) {
    /* understood, but nothing to agree upon */
    g_autofree char *answer = endpoint_create_answer (bob, FALSE, &error);

    fail_unless (error || strstr (answer, "m=audio 0"));
    kandy_media_engine_drop_answer (engine (bob));
  }
  fail_unless (!error || error->domain == KANDY_ERROR);
  connect_call ();
  teardown ();
}
GST_END_TEST;

GST_START_TEST (test_nonsense_later)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *offer = NULL;

  setup ();
  connect_call ();
  endpoint_take_offer (bob, nonsense[__i__], FALSE, NULL, NULL, &error);
  if (!error) {
    g_autofree char *answer = endpoint_create_answer (bob, FALSE, &error);

    kandy_media_engine_drop_answer (engine (bob));
  }
  g_clear_error (&error);

  offer = endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_HOLD, TRUE, NULL);
  endpoint_accept_answer (alice, nonsense[__i__], NULL, NULL, &error);
  fail_unless (error != NULL);
  kandy_media_engine_drop_offer (engine (alice));

  endpoint_reset_meters (alice);
  endpoint_reset_meters (bob);
  wait_until_heard (alice, 1000);
  wait_until_heard (bob, 440);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  teardown ();
}
GST_END_TEST;

/* Truncated anywhere, a description is refused or understood, never fatal */
GST_START_TEST (test_truncated)
{
  g_autofree char *offer = NULL;
  gsize length;

  setup ();
  connect_call ();
  offer = endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_HOLD, TRUE, NULL);
  kandy_media_engine_drop_offer (engine (alice));
  length = strlen (offer);
  for (guint i = 1; i < 20; i++) {
    g_autofree char *part = g_strndup (offer, length * i / 20);
    g_autoptr (GError) error = NULL;

    if (endpoint_take_offer (bob, part, FALSE, NULL, NULL, &error)) {
      g_autofree char *answer = endpoint_create_answer (bob, FALSE, &error);
    }
    kandy_media_engine_drop_answer (engine (bob));
  }
  endpoint_reset_meters (alice);
  endpoint_reset_meters (bob);
  wait_until_heard (alice, 1000);
  wait_until_heard (bob, 440);
  teardown ();
}
GST_END_TEST;

static char *
replace (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  return g_strjoinv (to, parts);
}

/* webrtcbin 1.26 would abort over these */
GST_START_TEST (test_changed_mid)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *renamed = NULL;
  g_autofree char *grouped = NULL;

  setup ();
  connect_call ();
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_UPDATE, FALSE, NULL);
  renamed = replace (offer, "a=mid:0", "a=mid:sound");
  grouped = replace (renamed, "a=group:BUNDLE 0", "a=group:BUNDLE sound");
  endpoint_take_offer (bob, grouped, FALSE, NULL, NULL, NULL);
  answer = endpoint_create_answer (bob, FALSE, NULL);
  fail_unless (strstr (answer, "a=mid:sound") != NULL);
  kandy_media_engine_commit_answer (engine (bob));
  kandy_media_engine_drop_offer (engine (alice));
  endpoint_reset_meters (bob);
  wait_until_heard (bob, 440);
  teardown ();
}
GST_END_TEST;

/* --- verbs out of turn --- */

static void
store (GObject *object, GAsyncResult *result, gpointer data)
{
  fail_unless (*(GAsyncResult **) data == NULL, "answered twice");
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_stored (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

GST_START_TEST (test_out_of_turn)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *sdp = NULL;

  setup ();
  endpoint_accept_answer (alice, "v=0", NULL, NULL, &error);
  fail_unless (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE));
  g_clear_error (&error);
  fail_unless (endpoint_create_answer (alice, FALSE, &error) == NULL);
  fail_unless (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE));
  g_clear_error (&error);

  kandy_media_engine_create_offer_async (
      engine (alice), KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL, store, &first);
  kandy_media_engine_create_offer_async (
      engine (alice), KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL, store, &second);
  WAIT_FOR (is_stored, &first);
  WAIT_FOR (is_stored, &second);
  sdp = kandy_media_engine_create_offer_finish (engine (alice), first, NULL);
  fail_unless (sdp != NULL);
  fail_unless (
      kandy_media_engine_create_offer_finish (engine (alice), second, &error)
      == NULL);
  fail_unless (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_INVALID_STATE));
  g_clear_object (&first);
  g_clear_object (&second);
  teardown ();
}
GST_END_TEST;

GST_START_TEST (test_cancelled)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  setup ();
  kandy_media_engine_create_offer_async (engine (alice),
      KANDY_OFFER_PURPOSE_INITIAL, FALSE, cancellable, store, &result);
  g_cancellable_cancel (cancellable);
  WAIT_FOR (is_stored, &result);
  fail_unless (
      kandy_media_engine_create_offer_finish (engine (alice), result, &error)
      == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_object (&result);
  teardown ();
}
GST_END_TEST;

/* --- closing at any moment --- */

enum {
  CLOSE_AT_ONCE,
  CLOSE_WHILE_OFFERING,
  CLOSE_WITH_OFFER,
  CLOSE_WITH_OFFER_TAKEN,
  CLOSE_WHILE_ANSWERING,
  CLOSE_ANSWERED,
  CLOSE_WHILE_ACCEPTING,
  CLOSE_WHILE_CONNECTING,
  CLOSE_CONNECTED,
  N_MOMENTS
};

static void
check_cancelled (GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;

  fail_unless (g_task_propagate_pointer (G_TASK (result), &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
close_at (guint moment)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;

  if (moment == CLOSE_AT_ONCE)
    return;
  if (moment == CLOSE_WHILE_OFFERING) {
    kandy_media_engine_create_offer_async (engine (alice),
        KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL, store, &result);
    kandy_media_engine_close (engine (alice));
    WAIT_FOR (is_stored, &result);
    check_cancelled (result);
    return;
  }
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  if (moment == CLOSE_WITH_OFFER)
    return;
  endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
  if (moment == CLOSE_WITH_OFFER_TAKEN)
    return;
  if (moment == CLOSE_WHILE_ANSWERING) {
    kandy_media_engine_create_answer_async (
        engine (bob), NULL, FALSE, NULL, store, &result);
    kandy_media_engine_close (engine (bob));
    WAIT_FOR (is_stored, &result);
    check_cancelled (result);
    return;
  }
  answer = endpoint_create_answer (bob, FALSE, NULL);
  kandy_media_engine_commit_answer (engine (bob));
  if (moment == CLOSE_ANSWERED)
    return;
  if (moment == CLOSE_WHILE_ACCEPTING) {
    kandy_media_engine_accept_answer_async (
        engine (alice), answer, NULL, store, &result);
    kandy_media_engine_close (engine (alice));
    WAIT_FOR (is_stored, &result);
    check_cancelled (result);
    return;
  }
  endpoint_accept_answer (alice, answer, NULL, NULL, NULL);
  if (moment == CLOSE_WHILE_CONNECTING)
    return;
  WAIT_FOR (endpoint_is_connected, alice);
  kandy_media_engine_close (engine (alice));
  kandy_media_engine_close (engine (alice));
}

GST_START_TEST (test_close)
{
  setup ();
  close_at (__i__);
  teardown ();
}
GST_END_TEST;

static gboolean
is_disconnected (gpointer data)
{
  return ((Endpoint *) data)->state
      == KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED;
}

/* close_notify (RFC 8446 6.1) reaches the far end at once */
static gint n_receive_bins;

static void
receive_bin_gone (gpointer data, GObject *where)
{
  g_atomic_int_add (&n_receive_bins, -1);
}

/* On webrtcbin's thread */
static void
element_added (GstBin *webrtcbin, GstElement *element, gpointer data)
{
  if (g_str_equal (G_OBJECT_TYPE_NAME (element), "TransportReceiveBin")) {
    g_atomic_int_inc (&n_receive_bins);
    g_object_weak_ref (G_OBJECT (element), receive_bin_gone, NULL);
  }
}

static gboolean
are_gone (gpointer data)
{
  return g_atomic_int_get (&n_receive_bins) == 0;
}

/* Whatever webrtcbin was doing for the description, the half of it that
 * receives does not outlive the call */
GST_START_TEST (test_close_while_describing)
{
  for (guint i = 0; i < 10; i++) {
    g_autoptr (GstElement) webrtcbin = NULL;
    g_autofree char *offer = NULL;

    setup ();
    offer =
        endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
    endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
    g_object_get (bob->call, "webrtcbin", &webrtcbin, NULL);
    g_signal_connect (
        webrtcbin, "element-added", G_CALLBACK (element_added), NULL);
    gst_clear_object (&webrtcbin);
    g_usleep (100 * (i + 10 * (guint) __i__));
    teardown ();
    WAIT_FOR (are_gone, NULL);
  }
}
GST_END_TEST;

static void
drop_call (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Endpoint *self = user_data;

  fail_unless (kandy_media_engine_accept_answer_finish (
      KANDY_MEDIA_ENGINE (source), result, NULL, NULL, NULL));
  g_clear_object (&self->call);
}

static gboolean
has_no_call (gpointer data)
{
  return ((Endpoint *) data)->call == NULL;
}

static gboolean
is_freed (gpointer ref)
{
  g_autoptr (GObject) object = g_weak_ref_get (ref);

  return object == NULL;
}

/* Who is answered has nothing more to do with the call, which nobody else
 * holds: it is not touched afterwards (for what watches memory to see) */
GST_START_TEST (test_last_reference)
{
  g_autofree char *offer = NULL;
  g_autofree char *answer = NULL;
  GWeakRef call;

  setup ();
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  kandy_media_engine_commit_offer (engine (alice));
  endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
  answer = endpoint_create_answer (bob, FALSE, NULL);
  kandy_media_engine_commit_answer (engine (bob));
  g_weak_ref_init (&call, alice->call);
  kandy_media_engine_accept_answer_async (
      engine (alice), answer, NULL, drop_call, alice);
  WAIT_FOR (has_no_call, alice);
  WAIT_FOR (is_freed, &call);
  g_weak_ref_clear (&call);
  teardown ();
}
GST_END_TEST;

GST_START_TEST (test_good_bye)
{
  setup ();
  connect_call ();
  kandy_media_engine_close (engine (alice));
  wait_for (is_disconnected, bob, 2, "bob hearing of the end");
  teardown ();
}
GST_END_TEST;

/* --- a far end that falls silent --- */

static gboolean
is_failed (gpointer data)
{
  return ((Endpoint *) data)->state == KANDY_MEDIA_CONNECTION_STATE_FAILED;
}

static GstPadProbeReturn
drop_packet (GstPad *pad, GstPadProbeInfo *info, gpointer silent)
{
  return g_atomic_int_get ((int *) silent) ? GST_PAD_PROBE_DROP
                                           : GST_PAD_PROBE_OK;
}

/* Of what @self sends only the agent's STUN remains while @silent is not 0, so
 * that ICE itself sees no harm */
static void
silence (Endpoint *self, int *silent)
{
  g_autoptr (GstElement) webrtcbin = NULL;
  GstIterator *sinks;
  GValue item = G_VALUE_INIT;
  guint n = 0;

  g_object_get (self->call, "webrtcbin", &webrtcbin, NULL);
  sinks = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (webrtcbin), "nicesink");
  while (gst_iterator_next (sinks, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (g_value_get_object (&item), "sink");

    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, drop_packet,
        silent, NULL);
    g_value_reset (&item);
    n++;
  }
  g_value_unset (&item);
  gst_iterator_free (sinks);
  fail_unless (n > 0);
}

GST_START_TEST (test_silent_peer)
{
  int silent = 0;
  gint64 start;

  setup ();
  gst_kandy_call_set_patience (alice->call, 1000, 2500);
  connect_call ();
  silence (bob, &silent);

  /* comes back in time */
  g_atomic_int_set (&silent, 1);
  wait_for (is_disconnected, alice, 5, "alice missing bob");
  fail_unless (alice->failure == NULL);
  g_atomic_int_set (&silent, 0);
  wait_for (endpoint_is_connected, alice, 5, "alice hearing bob again");

  /* stays away */
  g_atomic_int_set (&silent, 1);
  start = g_get_monotonic_time ();
  wait_for (is_disconnected, alice, 5, "alice missing bob");
  fail_unless (g_get_monotonic_time () - start >= 800 * 1000);
  wait_for (is_failed, alice, 5, "alice giving bob up");
  fail_unless (g_get_monotonic_time () - start >= 2300 * 1000);
  teardown ();
}
GST_END_TEST;

/* Nobody tells that a path is gone where packets came all the time */
GST_START_TEST (test_lost_path)
{
  int silent = 0;
  gint64 start;

  setup ();
  connect_call ();
  let_pass (1500);
  silence (bob, &silent);
  g_atomic_int_set (&silent, 1);
  start = g_get_monotonic_time ();
  wait_for (is_disconnected, alice, 5, "alice missing bob");
  fail_unless (g_get_monotonic_time () - start > 1000 * 1000);
  teardown ();
}
GST_END_TEST;

static void
count_loss (GObject *call, GParamSpec *pspec, guint *n_losses)
{
  KandyMediaConnectionState state;

  g_object_get (call, "connection-state", &state, NULL);
  if (state != KANDY_MEDIA_CONNECTION_STATE_CONNECTED)
    ++*n_losses;
}

/* An application that pauses sends no media, but the path is there */
GST_START_TEST (test_nothing_to_say)
{
  guint n_losses = 0;

  setup ();
  connect_call ();
  let_pass (1500);
  g_signal_connect (alice->call, "notify::connection-state",
      G_CALLBACK (count_loss), &n_losses);
  for (guint i = 0; i < bob->pipelines->len; i++)
    gst_element_set_state (
        g_ptr_array_index (bob->pipelines, i), GST_STATE_PAUSED);
  let_pass (4000);
  fail_unless (n_losses == 0, "%u", n_losses);
  g_signal_handlers_disconnect_by_data (alice->call, &n_losses);
  teardown ();
}
GST_END_TEST;

/* --- many calls --- */

static guint
count_entries (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  g_clear_pointer (&dir, g_dir_close);
  return n;
}

typedef struct {
  guint threads;
  guint files;
} Usage;

static gboolean
is_back (gpointer data)
{
  Usage *usage = data;

  return count_entries ("/proc/self/task") <= usage->threads
      && count_entries ("/proc/self/fd") <= usage->files;
}

GST_START_TEST (test_many_calls)
{
  Usage usage = { 0, 0 };

  for (guint i = 0; i < 30; i++) {
    Endpoint *one = endpoint_new ("one", NULL);
    Endpoint *other = endpoint_new ("other", NULL);

    endpoint_add_audio (one, 440);
    endpoint_add_audio (other, 1000);
    negotiate (one, other, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
    WAIT_FOR (endpoint_is_connected, one);
    WAIT_FOR (endpoint_is_connected, other);
    endpoint_free (one);
    endpoint_free (other);
    if (i == 4) {
      /* GLib's pool keeps threads for a while */
      let_pass (200);
      usage.threads = count_entries ("/proc/self/task") + 2;
      usage.files = count_entries ("/proc/self/fd") + 2;
    }
  }
  wait_for (is_back, &usage, 10, "threads and files going back");
}
GST_END_TEST;

static Suite *
engine_faults_suite (void)
{
  Suite *suite = suite_create ("engine-faults");
  TCase *faults = tcase_create ("faults");
  TCase *quiet = tcase_create ("silence");
  TCase *many = tcase_create ("many");

  tcase_set_timeout (faults, 20);
  tcase_add_loop_test (faults, test_false_fingerprint, 0, 2);
  tcase_add_loop_test (faults, test_nonsense_first, 0, G_N_ELEMENTS (nonsense));
  tcase_add_loop_test (faults, test_nonsense_later, 0, 4);
  tcase_add_test (faults, test_truncated);
  tcase_add_test (faults, test_changed_mid);
  tcase_add_test (faults, test_out_of_turn);
  tcase_add_test (faults, test_cancelled);
  tcase_add_loop_test (faults, test_close, 0, N_MOMENTS);
  tcase_add_loop_test (faults, test_close_while_describing, 0, 3);
  tcase_add_test (faults, test_last_reference);
  tcase_add_test (faults, test_good_bye);
  suite_add_tcase (suite, faults);

  tcase_set_timeout (quiet, 20);
  tcase_add_test (quiet, test_silent_peer);
  tcase_add_test (quiet, test_lost_path);
  tcase_add_test (quiet, test_nothing_to_say);
  suite_add_tcase (suite, quiet);

  tcase_set_timeout (many, 60);
  tcase_add_test (many, test_many_calls);
  suite_add_tcase (suite, many);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (
      engine_faults_suite (), "engine_faults", __FILE__);
}
