/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"

#include <gio/gio.h>
#include <nice/interfaces.h>

/* STUN and TURN servers as they are configured, and when a description is sent
 * though candidates may still come (protocol calls 4.4) */

static GPtrArray *
servers_of (const char *url, const char *user, const char *password)
{
  const char *urls[2] = { url, NULL };
  GPtrArray *servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_ice_server_unref);

  g_ptr_array_add (servers, kandy_ice_server_new (urls, user, password));
  return servers;
}

static const struct {
  const char *url;
  const char *uri; /* of webrtcbin, NULL if refused */
} stun_servers[] = {
  { "stun:127.0.0.1", "stun://127.0.0.1:3478" },
  { "stun:127.0.0.1:19302", "stun://127.0.0.1:19302" },
  { "STUN://localhost", "stun://localhost:3478" },
  { "stun:[::1]", "stun://[::1]:3478" },
  { "stun:[::1]:19302", "stun://[::1]:19302" },
  { "stun:somebody:else@127.0.0.1", NULL },
  { "stun:127.0.0.1:0", NULL },
  { "stun:127.0.0.1:70000", NULL },
  { "stun:127.0.0.1:80x", NULL },
  { "stun:[::1", NULL },
  { "stun:[::1]x", NULL },
  { "stun:", NULL },
  { "stun", NULL },
  { "http:127.0.0.1", NULL },
};

GST_START_TEST (test_stun_server)
{
  g_autoptr (GPtrArray) servers =
      servers_of (stun_servers[__i__].url, NULL, NULL);
  Endpoint *alice = endpoint_new_with_servers ("alice", NULL, servers);
  g_autoptr (GstElement) webrtcbin = NULL;
  g_autofree char *offer = NULL;
  g_autofree char *uri = NULL;

  endpoint_add_audio (alice, 440);
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  g_object_get (alice->call, "webrtcbin", &webrtcbin, NULL);
  g_object_get (webrtcbin, "stun-server", &uri, NULL);
  fail_unless_equals_string (uri, stun_servers[__i__].uri);
  g_clear_object (&webrtcbin);
  endpoint_free (alice);
}
GST_END_TEST;

static void
collect_log (GstDebugCategory *category, GstDebugLevel level, const char *file,
    const char *function, int line, GObject *object, GstDebugMessage *message,
    gpointer user_data)
{
  static GMutex lock;

  g_mutex_lock (&lock);
  g_string_append_printf (user_data, "%s\n", gst_debug_message_get (message));
  g_mutex_unlock (&lock);
}

/* What is no URL of an ICE server is told, but not with the password in it */
GST_START_TEST (test_user_in_url)
{
  g_autoptr (GPtrArray) servers =
      servers_of ("turn://alice:secret@192.0.2.1:3478", "bob", "hushed");
  const char *levels = g_getenv ("GST_DEBUG");
  GString *log = g_string_new (NULL);
  Endpoint *alice;

  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_from_string ("kandy*:7,webrtc*:7", TRUE);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (collect_log, log, NULL);
  alice = endpoint_new_with_servers ("alice", NULL, servers);
  endpoint_add_audio (alice, 440);
  g_free (
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL));
  endpoint_free (alice);
  gst_debug_remove_log_function (collect_log);
  gst_debug_add_log_function (gst_debug_log_default, NULL, NULL);
  gst_debug_set_threshold_from_string (levels ? levels : "*:0", TRUE);

  fail_unless (strstr (log->str, "is not used"));
  fail_if (strstr (log->str, "secret"));
  fail_if (strstr (log->str, "hushed"));
  g_string_free (log, TRUE);
}
GST_END_TEST;

/* --- restarts --- */

/* (transfer full): of the first section of @kind */
static char *
get_ufrag (const char *sdp, const char *kind)
{
  const char *section = strstr (sdp, kind);
  const char *ufrag = section ? strstr (section, "a=ice-ufrag:") : NULL;

  fail_unless (ufrag != NULL, "%s", sdp);
  ufrag += strlen ("a=ice-ufrag:");
  return g_strndup (ufrag, strcspn (ufrag, "\r\n"));
}

/* RFC 8839 4.4.1.1.1: what is not in one bundle restarts by itself */
GST_START_TEST (test_restart_of_one_stream)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autofree char *offer = NULL;
  g_autofree char *first = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *video = NULL;
  g_autofree char *old_audio = NULL;
  g_autofree char *old_video = NULL;
  g_autofree char *new_audio = NULL;
  g_autofree char *new_video = NULL;
  g_autoptr (GString) other = NULL;
  Endpoint *alice, *bob;

  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (TRUE));
  alice = endpoint_new_full ("alice", config, NULL);
  bob = endpoint_new_full ("bob", config, NULL);
  endpoint_add_audio (alice, 440);
  endpoint_add_video (alice, 0xff0000);

  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  endpoint_take_offer (bob, offer, FALSE, NULL, NULL, NULL);
  first = endpoint_create_answer (bob, FALSE, NULL);
  kandy_media_engine_commit_answer (KANDY_MEDIA_ENGINE (bob->call));
  endpoint_accept_answer (alice, first, NULL, NULL, NULL);
  wait_until_heard (bob, 440);
  wait_until_seen (bob, 0xff0000);

  g_free (offer);
  offer =
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_UPDATE, FALSE, NULL);
  video = get_ufrag (offer, "m=video");
  other = g_string_new (offer);
  fail_unless (g_string_replace (other, video, "otherufrag", 0) > 0);
  endpoint_take_offer (bob, other->str, FALSE, NULL, NULL, NULL);
  answer = endpoint_create_answer (bob, FALSE, NULL);
  kandy_media_engine_commit_answer (KANDY_MEDIA_ENGINE (bob->call));

  old_audio = get_ufrag (first, "m=audio");
  old_video = get_ufrag (first, "m=video");
  new_audio = get_ufrag (answer, "m=audio");
  new_video = get_ufrag (answer, "m=video");
  fail_unless_equals_string (new_audio, old_audio);
  fail_if (g_str_equal (new_video, old_video));
  endpoint_reset_meters (bob);
  wait_until_heard (bob, 440);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* --- when to go --- */

#define DELAY_MS 100
#define MAX_MS 400

typedef struct {
  GSocket *socket; /* a TURN server that never answers */
  Endpoint *alice;
  gint64 start;
  gboolean suffices;
  guint asked;
  guint first_elapsed;
  gint64 first_time;
  guint hosts;
} Gathering;

/* The agent's sockets are bound to the interfaces' addresses */
static char *
get_address (void)
{
  GList *addresses = nice_interfaces_get_local_ips (FALSE);
  char *found = NULL;

  for (GList *l = addresses; l && !found; l = l->next)
    if (!strchr (l->data, ':'))
      found = g_strdup (l->data);
  g_list_free_full (addresses, g_free);
  return found ? found : g_strdup ("127.0.0.1");
}

static gboolean
check_candidates (GstKandyCall *call, GPtrArray *candidates, guint elapsed_ms,
    gpointer user_data)
{
  Gathering *self = user_data;

  if (self->asked++ == 0) {
    self->first_elapsed = elapsed_ms;
    self->first_time = g_get_monotonic_time ();
  }
  self->hosts = 0;
  for (guint i = 0; i < candidates->len; i++)
    if (strstr (g_ptr_array_index (candidates, i), " typ host"))
      self->hosts++;
  return self->suffices;
}

static void
set_up_gathering (Gathering *self)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autoptr (GSocketAddress) any = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GPtrArray) servers = NULL;
  g_autofree char *address = get_address ();
  g_autofree char *url = NULL;

  any = g_inet_socket_address_new_from_string (address, 0);
  self->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);
  fail_unless (g_socket_bind (self->socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (self->socket, NULL);
  url = g_strdup_printf ("turn:%s:%u?transport=udp", address,
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  servers = servers_of (url, "user", "password");
  kandy_config_set_value (
      config, "call.iceCollectionDelay", g_variant_new_int32 (DELAY_MS));
  kandy_config_set_value (
      config, "call.maxIceTimeout", g_variant_new_int32 (MAX_MS));
  self->alice = endpoint_new_with_servers ("alice", config, servers);
  endpoint_add_audio (self->alice, 440);
}

/* Returns after how many ms there was an offer */
static guint
gather (Gathering *self)
{
  g_autofree char *offer = NULL;
  gint64 end;

  self->start = g_get_monotonic_time ();
  offer = endpoint_create_offer (
      self->alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL);
  end = g_get_monotonic_time ();
  fail_unless (strstr (offer, " typ host") != NULL, "%s", offer);
  /* The server was asked, and is still being asked */
  fail_unless (g_socket_condition_check (self->socket, G_IO_IN) != 0);
  return (guint) ((end - self->start) / 1000);
}

static void
tear_down_gathering (Gathering *self)
{
  endpoint_free (self->alice);
  g_object_unref (self->socket);
}

GST_START_TEST (test_no_relay)
{
  Gathering self = { NULL };
  guint ms;

  set_up_gathering (&self);
  ms = gather (&self);
  fail_unless (ms >= MAX_MS && ms < 3000, "%u ms", ms);
  tear_down_gathering (&self);
}
GST_END_TEST;

GST_START_TEST (test_check_suffices)
{
  Gathering self = { .suffices = TRUE };

  set_up_gathering (&self);
  gst_kandy_call_set_ice_collection_check (
      self.alice->call, check_candidates, &self, NULL);
  gather (&self);
  fail_unless_equals_int (self.asked, 1);
  fail_unless (self.first_elapsed >= DELAY_MS && self.first_elapsed < MAX_MS,
      "%u ms", self.first_elapsed);
  fail_unless (self.first_time - self.start >= DELAY_MS * 1000);
  fail_unless (g_get_monotonic_time () - self.first_time < 1000 * 1000);
  fail_unless (self.hosts > 0);
  tear_down_gathering (&self);
}
GST_END_TEST;

GST_START_TEST (test_check_never_suffices)
{
  Gathering self = { .suffices = FALSE };
  guint ms;

  set_up_gathering (&self);
  gst_kandy_call_set_ice_collection_check (
      self.alice->call, check_candidates, &self, NULL);
  ms = gather (&self);
  fail_unless (ms >= MAX_MS && ms < 3000, "%u ms", ms);
  fail_unless (self.first_elapsed >= DELAY_MS, "%u ms", self.first_elapsed);
  /* 100, 200 and 300 ms, or less often on a busy machine */
  fail_unless (self.asked >= 2 && self.asked <= 3, "%u times", self.asked);
  tear_down_gathering (&self);
}
GST_END_TEST;

static Suite *
engine_ice_suite (void)
{
  Suite *suite = suite_create ("engine-ice");
  TCase *servers = tcase_create ("servers");
  TCase *gathering = tcase_create ("gathering");

  tcase_set_timeout (servers, 20);
  tcase_add_loop_test (
      servers, test_stun_server, 0, G_N_ELEMENTS (stun_servers));
  tcase_add_test (servers, test_user_in_url);
  suite_add_tcase (suite, servers);

  tcase_set_timeout (gathering, 20);
  tcase_add_test (gathering, test_no_relay);
  tcase_add_test (gathering, test_check_suffices);
  tcase_add_test (gathering, test_check_never_suffices);
  tcase_add_test (gathering, test_restart_of_one_stream);
  suite_add_tcase (suite, gathering);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_ice_suite (), "engine_ice", __FILE__);
}
