/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine-endpoint.h"

/* STUN and TURN servers as they are configured */

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
  Endpoint *alice = endpoint_new_with_servers ("alice", servers);
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
  GString *log = g_string_new (NULL);
  Endpoint *alice;

  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_from_string ("kandy*:7,webrtc*:7", TRUE);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (collect_log, log, NULL);
  alice = endpoint_new_with_servers ("alice", servers);
  endpoint_add_audio (alice, 440);
  g_free (
      endpoint_create_offer (alice, KANDY_OFFER_PURPOSE_INITIAL, FALSE, NULL));
  endpoint_free (alice);
  gst_debug_remove_log_function (collect_log);

  fail_unless (strstr (log->str, "is not used"));
  fail_if (strstr (log->str, "secret"));
  fail_if (strstr (log->str, "hushed"));
  g_string_free (log, TRUE);
}
GST_END_TEST;

static Suite *
engine_ice_suite (void)
{
  Suite *suite = suite_create ("engine-ice");
  TCase *servers = tcase_create ("servers");

  tcase_set_timeout (servers, 20);
  tcase_add_loop_test (
      servers, test_stun_server, 0, G_N_ELEMENTS (stun_servers));
  tcase_add_test (servers, test_user_in_url);
  suite_add_tcase (suite, servers);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (engine_ice_suite (), "engine_ice", __FILE__);
}
