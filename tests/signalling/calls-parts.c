/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include "kandy-call-private.h"
#include "kandy-services.h"

#include <string.h>

/* The small parts of calls: addresses, tracks, options, ICE servers, the times
 * of audits */

/* Protocol calls 6.9 */
static void
test_addresses (void)
{
  const struct {
    const char *destination;
    const char *domain;
    const char *address;
  } table[] = {
    { "bob@ex.org", "ex.org", "sip:bob@ex.org" },
    { "bob", "ex.org", "sip:bob@ex.org" },
    { "  bob\t", "ex.org", "sip:bob@ex.org" },
    { "sip:bob@other.net", "ex.org", "sip:bob@other.net" },
    { "+1 (613) 555-1234", "ex.org", "sip:+16135551234@ex.org" },
    { "16135551234", "ex.org", "sip:16135551234@ex.org" },
    { "*72", "ex.org", "sip:*72@ex.org" },
    { "#*(72)", "ex.org", "sip:#*72@ex.org" },
    { "tel:+16135551234", "ex.org", "sip:+16135551234@ex.org" },
    { "+1 613@other.net", "ex.org", "sip:+1613@other.net" },
    { "+bob", "ex.org", "sip:+bob@ex.org" },
    { "bob.smith", "ex.org", "sip:bob.smith@ex.org" },
    { "a@b@c", "ex.org", "sip:a@b@c" },
    { "@bob", "ex.org", "sip:@bob@ex.org" },
    { "bob@", "ex.org", "sip:bob@@ex.org" },
    { "bob", "@ex.org", "sip:bob@ex.org" },
    { "bob", NULL, "sip:bob" },
    { "", "ex.org", "sip:@ex.org" },
    { "sip:", NULL, "sip:" },
    { "+", "ex.org", "sip:+@ex.org" },
    { "J\xc3\xbcrgen", "ex.org", "sip:J\xc3\xbcrgen@ex.org" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *address =
        kandy_normalize_destination (table[i].destination, table[i].domain);

    g_assert_cmpstr (address, ==, table[i].address);
  }
}

static void
test_session_ids (void)
{
  const struct {
    const char *uri;
    const char *id;
  } table[] = {
    { "/cpaas/webrtcsignaling/v1/u/sessions/s1", "s1" },
    { "https://x/cpaas/webrtcsignaling/v1/u/sessions/s-1%40x", "s-1%40x" },
    { "sessions/a/b", "a/b" },
    { "/sessions/", NULL },
    { "/session/s1", NULL },
    { "/sessions/a b", NULL },
    { "/sessions/a?b", NULL },
    { "/sessions/a\r\nb", NULL },
    { "/sessions/\xc3\xbc", NULL },
    { "", NULL },
    { NULL, NULL },
  };
  g_autofree char *filling = g_strnfill (10000, 'x');
  g_autofree char *huge = g_strconcat ("/sessions/", filling, NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *id = kandy_call_session_id_from_uri (table[i].uri);

    g_assert_cmpstr (id, ==, table[i].id);
  }
  g_assert_null (kandy_call_session_id_from_uri (huge));
}

/* Protocol calls 6.5 */
static void
test_audit_delays (void)
{
  const struct {
    KandyAuditResult result;
    double interval;
    gint64 elapsed;
    guint delay;
  } table[] = {
    { KANDY_AUDIT_ALIVE, 25000, 0, 25000 },
    { KANDY_AUDIT_ALIVE, 25000, 300, 24700 },
    { KANDY_AUDIT_ALIVE, 1000, 0, 10000 },
    { KANDY_AUDIT_ALIVE, 12000, 20000, 0 },
    { KANDY_AUDIT_FAILED, 25000, 0, 5000 },
    { KANDY_AUDIT_FAILED, 1000, 50, 400 },
    { KANDY_AUDIT_FAILED, 1000, 500, 0 },
    { KANDY_AUDIT_TIMED_OUT, 25000, 4000, 1000 },
    { KANDY_AUDIT_ALIVE, 1e300, 0, G_MAXINT },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpuint (kandy_call_audit_delay (
                          table[i].result, table[i].interval, table[i].elapsed),
        ==, table[i].delay);
}

/* Protocol calls 6.5: an audit without a reply is repeated after a second */
static void
test_audit_timeout (Harness *h, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();

  harness_make (h, KANDY_CALL_STATE_INITIATED);
  harness_fault (h, "PUT", "status", 0, NULL, 1);
  harness_fault (h, "PUT", "status", 404, "{}", 1);
  harness_sdp (h, "wrtcsAcceptanceNotification", "s1", HARNESS_SDP);
  harness_wait (h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_ENDED);
  g_assert_cmpint (g_get_monotonic_time () - start, >, 5 * G_USEC_PER_SEC);
}

static void
test_setup_roles (void)
{
  g_assert_true (
      kandy_call_sdp_has_setup ("v=0\r\na=setup:active\r\n", "active"));
  g_assert_true (kandy_call_sdp_has_setup ("v=0\na=setup:passive", "passive"));
  g_assert_false (
      kandy_call_sdp_has_setup ("v=0\r\na=setup:actpass\r\n", "active"));
  g_assert_false (
      kandy_call_sdp_has_setup ("v=0\r\na=setup:activex", "active"));
  g_assert_false (kandy_call_sdp_has_setup ("a=nothing", "active"));
}

static void
count_notify (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

static void
test_track (void)
{
  g_autoptr (KandyTrack) track =
      kandy_track_new (NULL, "stream", KANDY_MEDIA_KIND_VIDEO, TRUE, "camera");
  g_autoptr (GVariant) info = NULL;
  const char *id, *track_id, *state;
  gboolean muted;
  guint count = 0;

  g_assert_true (g_uuid_string_is_valid (kandy_track_get_id (track)));
  g_assert_cmpint (kandy_track_get_kind (track), ==, KANDY_MEDIA_KIND_VIDEO);
  g_assert_true (kandy_track_is_local (track));
  g_assert_true (kandy_track_is_live (track));
  g_signal_connect (track, "notify", G_CALLBACK (count_notify), &count);
  kandy_track_set_live (track, FALSE);
  kandy_track_set_live (track, FALSE);
  kandy_track_set_source_muted (track, TRUE);
  g_object_set (track, "muted", TRUE, "source-muted", TRUE, NULL);
  g_assert_cmpuint (count, ==, 3);
  g_assert_true (kandy_track_get_source_muted (track));

  info = g_variant_ref_sink (kandy_track_to_variant (track));
  g_assert_true (g_variant_lookup (info, "id", "&s", &id));
  g_assert_true (g_variant_lookup (info, "trackId", "&s", &track_id));
  g_assert_true (g_variant_lookup (info, "state", "&s", &state));
  g_assert_true (g_variant_lookup (info, "muted", "b", &muted));
  g_assert_cmpstr (id, ==, track_id);
  g_assert_cmpstr (state, ==, "ended");
  g_assert_true (muted);
}

static void
test_options (void)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, FALSE);
  gboolean audio, video, receive_audio, receive_video;
  g_autofree char *priority = NULL;

  g_object_get (options, "audio", &audio, "video", &video, "receive-audio",
      &receive_audio, "receive-video", &receive_video, NULL);
  g_assert_true (audio && !video && receive_audio && receive_video);

  g_object_set (options, "audio-network-priority", "high", NULL);
  g_test_expect_message (
      "Kandy", G_LOG_LEVEL_WARNING, "*audio-network-priority*urgent*");
  g_object_set (options, "audio-network-priority", "urgent", NULL);
  g_test_assert_expected_messages ();
  g_object_get (options, "audio-network-priority", &priority, NULL);
  g_assert_cmpstr (priority, ==, "high");
}

static GPtrArray *
configured_servers (void)
{
  static const char *const stun[] = { "stun:stun.ex.org", NULL };
  static const char *const turn[] = { "turn:turn.ex.org?transport=udp",
    "turns:turn.ex.org", NULL };
  GPtrArray *servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);

  g_ptr_array_add (servers, kandy_ice_server_new (stun, NULL, NULL));
  g_ptr_array_add (servers, kandy_ice_server_new (turn, "own", "word"));
  return servers;
}

static void
expect_credentials (Harness *h, const char *username, const char *credential)
{
  g_autoptr (GPtrArray) servers = kandy_calls_get_ice_servers (h->calls);

  g_assert_cmpuint (servers->len, ==, 2);
  g_assert_cmpuint (
      g_strv_length ((char **) kandy_ice_server_get_urls (servers->pdata[1])),
      ==, 2);
  g_assert_cmpstr (
      kandy_ice_server_get_username (servers->pdata[1]), ==, username);
  g_assert_cmpstr (
      kandy_ice_server_get_credential (servers->pdata[1]), ==, credential);
}

static void
subscribed (Harness *h)
{
  g_signal_emit_by_name (
      kandy_client_get_services (h->client), "service-subscribed", "call");
}

static void
test_servers (Harness *h, gconstpointer data)
{
  KandyConfig *config = kandy_client_get_config (h->client);
  g_autoptr (GPtrArray) servers = configured_servers ();
  g_autoptr (GPtrArray) none = kandy_calls_get_ice_servers (h->calls);

  /* None are configured, none are asked for */
  g_assert_cmpuint (none->len, ==, 0);
  subscribed (h);
  harness_expect_requests (h, "");

  kandy_config_set_ice_servers (config, servers);
  g_signal_emit_by_name (
      kandy_client_get_services (h->client), "service-subscribed", "chat");
  harness_expect_requests (h, "");
  subscribed (h);
  harness_expect_requests (h, "POST turn");
  expect_credentials (h, "1:alice", "s3cret");

  /* What is refused or makes no sense is not used */
  harness_fault (h, "POST", "turn", 500, "{}", 1);
  subscribed (h);
  harness_expect_requests (h, "POST turn");
  expect_credentials (h, "own", "word");
  harness_fault (h, "POST", "turn", 200,
      "{\"wrtcsTurnCredentials\": {\"username\": 5, \"password\": []}}", 1);
  subscribed (h);
  harness_expect_requests (h, "POST turn");
  expect_credentials (h, "own", "word");

  kandy_config_set_value (
      config, "call.serverTurnCredentials", g_variant_new_boolean (FALSE));
  subscribed (h);
  harness_expect_requests (h, "");
  expect_credentials (h, "own", "word");
}

/* A call waits for credentials that are on their way, but not for ever */
static void
test_servers_late (Harness *h, gconstpointer data)
{
  g_autoptr (GPtrArray) servers = configured_servers ();

  kandy_config_set_ice_servers (kandy_client_get_config (h->client), servers);
  harness_fault (h, "POST", "turn", 0, NULL, 2);
  subscribed (h);
  harness_wait (h, h->held.length == 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s7", HARNESS_SDP);
  harness_settle (h);
  g_assert_cmpuint (h->n_engines, ==, 0);
  harness_release (h);
  harness_wait (h, h->n_engines == 2);
  expect_credentials (h, "1:alice", "s3cret");

  subscribed (h);
  harness_wait (h, h->held.length == 1);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  harness_wait (h, h->n_engines == 3);
  expect_credentials (h, "own", "word");
  harness_release (h);
  harness_settle (h);
  expect_credentials (h, "1:alice", "s3cret");
}

static void
test_info (Harness *h, gconstpointer data)
{
  g_autoptr (GVariant) info = NULL, participant = NULL, op = NULL;
  const char *text;
  gboolean flag;

  harness_make (h, KANDY_CALL_STATE_RINGING);
  info = g_variant_ref_sink (kandy_call_to_variant (h->call));
  g_assert_true (g_variant_lookup (info, "state", "&s", &text));
  g_assert_cmpstr (text, ==, "Ringing");
  g_assert_true (g_variant_lookup (info, "direction", "&s", &text));
  g_assert_cmpstr (text, ==, "outgoing");
  g_assert_true (g_variant_lookup (info, "mediaConnectionState", "&s", &text));
  g_assert_cmpstr (text, ==, "new");
  g_assert_true (g_variant_lookup (info, "isCaller", "b", &flag) && flag);
  op = g_variant_lookup_value (info, "localOp", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (op, "status", "&s", &text));
  g_assert_cmpstr (text, ==, "PENDING");
  participant = g_variant_lookup_value (
      info, "remoteParticipant", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (participant, "displayNumber", "&s", &text));
  g_assert_cmpstr (text, ==, "sip:bob@ex.org");
  g_assert_cmpstr (
      kandy_call_state_to_string (KANDY_CALL_STATE_ON_HOLD), ==, "On Hold");
  g_assert_cmpstr (kandy_call_state_to_string (KANDY_CALL_STATE_EARLY_MEDIA),
      ==, "Early Media");
  g_assert_true (
      g_list_model_get_item_type (G_LIST_MODEL (h->calls)) == KANDY_TYPE_CALL);
}

static void
on_started (
    KandyCalls *calls, KandyCall *call, const GError *error, GString *signals)
{
  g_assert_true (KANDY_IS_CALL (call));
  g_assert_null (error);
  g_string_append (signals, "started ");
}

static void
on_received (KandyCalls *calls, KandyCall *call, GVariant *media_offered,
    const GError *error, GString *signals)
{
  g_assert_true (KANDY_IS_CALL (call));
  g_assert_nonnull (media_offered);
  g_assert_null (error);
  g_string_append (signals, "received ");
}

static void
on_operation (KandyCall *call, const char *operation, const char *transition,
    gboolean is_local, GVariant *previous, const GError *error,
    GString *signals)
{
  g_assert_true (is_local);
  g_string_append_printf (signals, "%s-%s ", operation, transition);
}

static void
on_state (KandyCall *call, GParamSpec *pspec, GString *signals)
{
  g_string_append_printf (signals, "[%s] ",
      kandy_call_state_to_string (kandy_call_get_state (call)));
}

static void
on_state_changed (KandyCall *call, GVariant *previous, GVariant *transition,
    const GError *error, GString *signals)
{
  const char *state;

  g_assert_true (g_variant_lookup (previous, "state", "&s", &state));
  g_string_append_printf (signals, "%s-> ", state);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added,
    GString *signals)
{
  g_autoptr (KandyCall) call = g_list_model_get_item (model, position);

  g_assert_true (KANDY_IS_CALL (call));
  g_assert_cmpuint (removed, ==, 0);
  g_string_append_printf (signals, "+%u ", added);
}

/* The same things once more, as signals of the objects that they are about */
static void
test_signals (Harness *h, gconstpointer data)
{
  g_autoptr (GString) signals = g_string_new (NULL);
  g_autoptr (KandyCall) first = NULL;

  g_signal_connect (h->calls, "started", G_CALLBACK (on_started), signals);
  g_signal_connect (h->calls, "received", G_CALLBACK (on_received), signals);
  g_signal_connect (
      h->calls, "items-changed", G_CALLBACK (on_items_changed), signals);
  harness_make (h, KANDY_CALL_STATE_INITIATING);
  first = g_object_ref (h->call);
  g_signal_connect (h->call, "operation", G_CALLBACK (on_operation), signals);
  g_signal_connect (h->call, "notify::state", G_CALLBACK (on_state), signals);
  g_signal_connect (
      h->call, "state-changed", G_CALLBACK (on_state_changed), signals);
  harness_wait (
      h, kandy_call_get_state (h->call) == KANDY_CALL_STATE_INITIATED);
  harness_settle (h);
  g_assert_cmpstr (signals->str, ==,
      "+1 MAKE-START started [Initiated] MAKE-UPDATE Initiating-> ");

  g_string_truncate (signals, 0);
  harness_sdp (h, "wrtcsSessionInvitationNotification", "s9", HARNESS_SDP);
  harness_settle (h);
  g_assert_cmpstr (signals->str, ==, "+1 received ");
  g_signal_handlers_disconnect_by_data (h->calls, signals);
  g_signal_handlers_disconnect_by_data (first, signals);
}

static void
on_removed (GListModel *model, guint position, guint removed, guint added,
    GString *changes)
{
  g_string_append_printf (changes, "%u-%u+%u ", position, removed, added);
}

/* (transfer full): somebody calls, and hangs up if told so */
static KandyCall *
receive (Harness *h, const char *session, gboolean ends)
{
  GListModel *model = G_LIST_MODEL (h->calls);
  KandyCall *call;

  harness_sdp (h, "wrtcsSessionInvitationNotification", session, HARNESS_SDP);
  harness_settle (h);
  call = g_list_model_get_item (model, g_list_model_get_n_items (model) - 1);
  if (ends) {
    harness_event (h, session, "SessionEnded");
    harness_wait (h, kandy_call_get_state (call) == KANDY_CALL_STATE_ENDED);
  }
  return call;
}

/* Of the calls that are over only the latest stay */
static void
test_ended_limit (Harness *h, gconstpointer data)
{
  g_autoptr (GString) changes = g_string_new (NULL);
  g_autoptr (KandyCall) live = NULL, first = NULL, second = NULL, third = NULL;
  guint limit;

  g_object_get (h->calls, "ended-limit", &limit, NULL);
  g_assert_cmpuint (limit, ==, 1000);
  g_object_set (h->calls, "ended-limit", 1, NULL);
  g_signal_connect (
      h->calls, "items-changed", G_CALLBACK (on_removed), changes);
  live = receive (h, "s1", FALSE);
  first = receive (h, "s2", TRUE);
  second = receive (h, "s3", TRUE);
  g_assert_cmpstr (changes->str, ==, "0-0+1 1-0+1 2-0+1 ");

  third = receive (h, "s4", FALSE);
  g_assert_cmpstr (changes->str, ==, "0-0+1 1-0+1 2-0+1 3-0+1 1-1+0 ");
  g_assert_null (kandy_calls_get_by_id (h->calls, kandy_call_get_id (first)));
  g_assert_cmpint (kandy_call_get_state (first), ==, KANDY_CALL_STATE_ENDED);
  g_assert_true (
      kandy_calls_get_by_id (h->calls, kandy_call_get_id (second)) == second);

  g_object_set (h->calls, "ended-limit", 0, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (h->calls)), ==, 2);
  g_assert_true (
      kandy_calls_get_by_id (h->calls, kandy_call_get_id (live)) == live);
  g_assert_true (
      kandy_calls_get_by_id (h->calls, kandy_call_get_id (third)) == third);
  g_signal_handlers_disconnect_by_data (h->calls, changes);
}

static void
test_raw_destination (Harness *h, gconstpointer data)
{
  kandy_config_set_value (kandy_client_get_config (h->client),
      "call.normalizeDestination", g_variant_new_boolean (FALSE));
  harness_make (h, KANDY_CALL_STATE_INITIATED);
  g_assert_cmpstr (kandy_call_get_to (h->call), ==, "bob");
}

#define add(name, func)                                                        \
  g_test_add ("/calls/parts/" name, Harness, NULL, harness_set_up, func,       \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/calls/parts/addresses", test_addresses);
  g_test_add_func ("/calls/parts/session-ids", test_session_ids);
  g_test_add_func ("/calls/parts/audit-delays", test_audit_delays);
  g_test_add_func ("/calls/parts/setup-roles", test_setup_roles);
  g_test_add_func ("/calls/parts/track", test_track);
  g_test_add_func ("/calls/parts/options", test_options);
  add ("audit-timeout", test_audit_timeout);
  add ("servers", test_servers);
  add ("servers-late", test_servers_late);
  add ("info", test_info);
  add ("signals", test_signals);
  add ("raw-destination", test_raw_destination);
  add ("ended-limit", test_ended_limit);

  return g_test_run ();
}
