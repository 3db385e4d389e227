/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include "gstkandyclockmap.h"
#include "gstkandysessioncontext.h"

/* SECTION: the elements without media
 *
 * Life cycle, properties, accounts, contexts, URIs, and what goes wrong before
 * there is a call.
 */

static const char *const elements[] = { "kandysink", "kandysrc",
  "kandysignaller" };

/* A minute's wait at most, so that no test is held up by a fault of its own */
#define SILENT "{\"on\": \"request\", \"path\": \"%s\", \"hang\": true}"

GST_START_TEST (test_registered)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    GstElement *element = gst_element_factory_make (elements[i], NULL);

    fail_unless (element != NULL);
    ASSERT_OBJECT_REFCOUNT (element, elements[i], 1);
    gst_object_unref (element);
  }
}
GST_END_TEST;

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (pspec->name));
}

GST_START_TEST (test_secrets_are_write_only)
{
  const char *const secrets[] = { "password", "client-secret", "access-token",
    "id-token" };
  GPtrArray *notified = g_ptr_array_new_with_free_func (g_free);
  GstElement *element = gst_element_factory_make (elements[__i__], NULL);
  guint i;

  g_signal_connect (element, "notify", G_CALLBACK (on_notify), notified);
  for (i = 0; i < G_N_ELEMENTS (secrets); i++) {
    GParamSpec *pspec =
        g_object_class_find_property (G_OBJECT_GET_CLASS (element), secrets[i]);

    fail_unless (pspec != NULL);
    fail_unless ((pspec->flags & G_PARAM_READABLE) == 0);
    g_object_set (element, secrets[i], "secret", NULL);
  }
  fail_unless_equals_int (notified->len, 0);
  g_ptr_array_unref (notified);
  gst_object_unref (element);
}
GST_END_TEST;

/* Every property that can be read and written keeps what it is given */
GST_START_TEST (test_properties)
{
  GstElement *element = gst_element_factory_make (elements[__i__], NULL);
  guint n, i;
  g_autofree GParamSpec **pspecs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (i = 0; i < n; i++) {
    g_autofree char *text = NULL;

    if ((pspecs[i]->flags & G_PARAM_READWRITE) != G_PARAM_READWRITE
        || !g_type_is_a (
            pspecs[i]->owner_type, g_type_from_name ("GstKandyBaseBin"))
        || pspecs[i]->value_type != G_TYPE_STRING)
      continue;
    g_object_set (element, pspecs[i]->name, "some text", NULL);
    g_object_get (element, pspecs[i]->name, &text, NULL);
    fail_unless_equals_string (text, "some text");
  }
  gst_object_unref (element);
}
GST_END_TEST;

static void
set_out_of_range (GObject *object)
{
  static const char *const values[] = { "-1", "-99999999999999999999",
    "99999999999999999999", "1e300", "nan", "nonsense", "" };
  guint n, i, j;
  g_autofree GParamSpec **pspecs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (i = 0; i < n; i++) {
    GType type = G_TYPE_FUNDAMENTAL (pspecs[i]->value_type);

    if ((pspecs[i]->flags & G_PARAM_READWRITE) != G_PARAM_READWRITE
        || (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY) != 0
        || type == G_TYPE_STRING || type == G_TYPE_OBJECT
        || type == G_TYPE_BOXED || type == G_TYPE_VARIANT
        || type == G_TYPE_POINTER)
      continue;
    for (j = 0; j < G_N_ELEMENTS (values); j++) {
      g_auto (GValue) value = G_VALUE_INIT;

      /* GObject says which property and value, and leaves it as it was */
      _gst_check_expecting_log = TRUE;
      gst_util_set_object_arg (object, pspecs[i]->name, values[j]);
      _gst_check_expecting_log = FALSE;
      g_value_init (&value, pspecs[i]->value_type);
      g_object_get_property (object, pspecs[i]->name, &value);
      fail_if (g_param_value_validate (pspecs[i], &value), "%s is %s",
          pspecs[i]->name, values[j]);
    }
  }
}

/* Of numbers, flags and enumerations nothing is taken that is none of theirs */
GST_START_TEST (test_out_of_range)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline =
      fixture_launch ("%s name=element %s", elements[__i__], account);
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), "element");
  g_autoptr (GObject) client =
      gst_child_proxy_get_child_by_name (GST_CHILD_PROXY (element), "client");
  GstPad *pad = gst_element_request_pad_simple (element, "audio_0");

  set_out_of_range (client);
  set_out_of_range (G_OBJECT (element));
  if (pad != NULL) {
    set_out_of_range (G_OBJECT (pad));
    gst_element_release_request_pad (element, pad);
    gst_object_unref (pad);
  }
  gst_object_unref (element);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_no_account)
{
  GstElement *pipeline = fixture_launch ("%s", elements[__i__]);
  g_autofree char *text = NULL;

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, "KANDY_SERVER") != NULL, "%s", text);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_wrong_password)
{
  GstElement *pipeline =
      fixture_launch ("kandysrc server=%s username=bob@loopback.example "
                      "password=wrong auto-answer=true",
          fixture_uri);
  GstStructure *details = NULL;
  g_autofree char *text = NULL;
  guint status = 0;

  fixture_play (pipeline);
  text = fixture_wait_error (pipeline, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_AUTHORIZED, &details);
  fail_unless (gst_structure_get_uint (details, "http-status", &status));
  fail_unless_equals_int (status, 401);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "invalid_grant");
  gst_structure_free (details);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_ERROR, "login");
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_server_absent)
{
  GstElement *pipeline = NULL;
  g_autofree char *text = NULL;

  kandy_loopback_stop (fixture_platform);
  pipeline = fixture_launch ("kandysignaller server=%s username=bob "
                             "password=bob",
      fixture_uri);
  fixture_play (pipeline);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE, NULL);
  fixture_stop (pipeline);
}
GST_END_TEST;

/* Wherever the server falls silent, NULL is reached in time */
static const char *const silent_paths[] = { "/token", "/channels",
  "/subscriptions" };

GST_START_TEST (test_server_silent)
{
  g_autofree char *fault = g_strdup_printf (SILENT, silent_paths[__i__]);
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch ("kandysignaller %s", account);

  fail_unless (kandy_loopback_set_fault (fixture_platform, fault, NULL));
  fixture_play (pipeline);
  fixture_until_requests ("POST", silent_paths[__i__], 1);
  fixture_stop (pipeline);
}
GST_END_TEST;

static const struct {
  const char *server;
  const char *what;
} bad_servers[] = {
  { "ftp://127.0.0.1", "scheme" },
  { "https://", "HOST" },
  { "https://bob:secret@127.0.0.1", "user name" },
  { "https://127.0.0.1/path", "port only" },
  { "https://127.0.0.1:99999", "HOST" },
};

GST_START_TEST (test_bad_server)
{
  GstElement *pipeline = fixture_launch ("kandysrc username=bob password=bob");
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), "kandysrc0");
  g_autofree char *text = NULL;

  gst_clear_object (&element);
  element = GST_ELEMENT (GST_BIN_CHILDREN (pipeline)->data);
  g_object_set (element, "server", bad_servers[__i__].server, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, bad_servers[__i__].what) != NULL, "%s", text);
  fail_unless (strstr (text, "secret") == NULL, "%s", text);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_one_account_for_all)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch (
      "kandysrc kandysink %s kandysignaller session=default", account);

  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/token"), 1);
  fixture_stop (pipeline);
  /* and a polite good-bye */
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "DELETE", "/channels"),
      1);
}
GST_END_TEST;

GST_START_TEST (test_two_sessions)
{
  g_autofree char *bob = fixture_account ("bob");
  g_autofree char *carol = fixture_account ("carol");
  GstElement *pipeline = fixture_launch (
      "kandysrc %s kandysignaller %s session=other", bob, carol);

  fixture_play (pipeline);
  fixture_until_requests ("POST", "/subscriptions", 2);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/token"), 2);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_account_conflict)
{
  g_autofree char *bob = fixture_account ("bob");
  g_autofree char *carol = fixture_account ("carol");
  GstElement *pipeline =
      fixture_launch ("kandysrc %s kandysink %s", bob, carol);
  g_autofree char *text = NULL;

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, "bob@loopback.example") != NULL, "%s", text);
  fail_unless (strstr (text, "carol@loopback.example") != NULL, "%s", text);
  fail_unless (strstr (text, "Pw-") == NULL, "%s", text);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "*", "/"), 0);
  fixture_stop (pipeline);
}
GST_END_TEST;

/* Two pipelines of one session; the second has no account of its own */
GST_START_TEST (test_shared_context)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *one = fixture_launch ("kandysrc %s", account);
  GstElement *two = fixture_launch ("kandysink");
  GstContext *context = gst_kandy_session_context_new ();

  gst_element_set_context (one, context);
  gst_element_set_context (two, context);
  gst_context_unref (context);
  fail_unless_equals_int (
      gst_element_set_state (one, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  fixture_play (two);
  fixture_play (one);
  fixture_wait_progress (one, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "POST", "/token"), 1);

  /* one may go, the other keeps the account signed on */
  fixture_stop (two);
  fail_unless_equals_int (
      kandy_loopback_count_channels (fixture_platform, NULL), 1);
  fixture_stop (one);
  fail_unless_equals_int (
      kandy_loopback_count_channels (fixture_platform, NULL), 0);
}
GST_END_TEST;

static void
write_credentials (const char *path, const char *text, int mode)
{
  fail_unless (g_file_set_contents (path, text, -1, NULL));
  fail_unless_equals_int (g_chmod (path, mode), 0);
}

static const struct {
  const char *format;
  int mode;
  const char *error; /* NULL if it is good */
} credentials[] = {
  { "[kandy]\nserver=%s\nusername=bob@loopback.example\n"
    "password=Pw-bob-9f1c\n",
      0600, NULL },
  { "{\"server\": \"%s\", \"username\": \"bob@loopback.example\",\n"
    " \"password\": \"Pw-bob-9f1c\", \"client_id\": \"loopback\"}",
      0400, NULL },
  { "[kandy]\nserver=%s\npassword=Pw-bob-9f1c\n", 0644, "chmod 600" },
  { "{\"server\": \"%s\", \"password\": \"Pw-bob-9f1c\"", 0600, "neither" },
  { "server=%s\npassword=Pw-bob-9f1c\n", 0600, "neither" },
  { "[kandy]\nserver=%s\nusername=bob@loopback.example\n"
    "password=Pw-bob-9f1c\nice-servers=turn:me:Pw-turn@127.0.0.1\n",
      0600, "ice-servers" },
};

GST_START_TEST (test_credentials_file)
{
  g_autofree char *dir = g_dir_make_tmp ("kandy-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "credentials", NULL);
  GString *text = g_string_new (credentials[__i__].format);
  GstElement *pipeline;

  g_string_replace (text, "%s", fixture_uri, 0);
  write_credentials (path, text->str, credentials[__i__].mode);
  g_string_free (text, TRUE);
  pipeline = fixture_launch ("kandysignaller credentials-file=%s", path);
  if (credentials[__i__].error == NULL) {
    fixture_play (pipeline);
    fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "login");
  } else {
    g_autofree char *message = NULL;

    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
        GST_STATE_CHANGE_FAILURE);
    message = fixture_wait_error (
        pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
    fail_unless (
        strstr (message, credentials[__i__].error) != NULL, "%s", message);
    fail_unless (strstr (message, "Pw-") == NULL, "%s", message);
  }
  fixture_stop (pipeline);
  g_unlink (path);
  g_rmdir (dir);
}
GST_END_TEST;

GST_START_TEST (test_encoding)
{
  GstElement *pipeline = fixture_launch (
      "kandysignaller server=%s username=bob name=s", fixture_uri);
  GstElement *signaller = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autofree char *message = NULL;

  g_object_set (signaller, "password", "caf\xe9", NULL);
  gst_object_unref (signaller);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  message = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (message, "\"password\" is not UTF-8"), "%s", message);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_environment)
{
  GstElement *pipeline = fixture_launch ("kandysignaller");

  g_setenv ("KANDY_SERVER", fixture_uri, TRUE);
  g_setenv ("KANDY_USERNAME", "carol@loopback.example", TRUE);
  g_setenv ("KANDY_PASSWORD", "Pw-carol-9f1c", TRUE);
  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "login");
  fixture_stop (pipeline);
  g_unsetenv ("KANDY_SERVER");
  g_unsetenv ("KANDY_USERNAME");
  g_unsetenv ("KANDY_PASSWORD");
}
GST_END_TEST;

/* The server may be of an URI that somebody else wrote: it gets nothing */
GST_START_TEST (test_environment_of_another_server)
{
  GstElement *pipeline = fixture_launch (
      "kandysignaller server=%s username=bob@loopback.example", fixture_uri);
  g_autofree char *text = NULL;

  g_setenv ("KANDY_SERVER", "https://host.example", TRUE);
  g_setenv ("KANDY_PASSWORD", "Pw-bob-9f1c", TRUE);
  g_setenv ("KANDY_CLIENT_SECRET", "Pw-client-9f1c", TRUE);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, "KANDY_SERVER") != NULL, "%s", text);
  fail_unless_equals_int (
      kandy_loopback_count_requests (fixture_platform, "*", "/"), 0);

  /* the same one, spelt otherwise */
  g_free (text);
  text = g_strconcat (fixture_uri, "/", NULL);
  g_setenv ("KANDY_SERVER", text, TRUE);
  g_unsetenv ("KANDY_CLIENT_SECRET");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_set_flushing (GST_ELEMENT_BUS (pipeline), TRUE);
  gst_bus_set_flushing (GST_ELEMENT_BUS (pipeline), FALSE);
  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "login");
  fixture_stop (pipeline);
  g_unsetenv ("KANDY_SERVER");
  g_unsetenv ("KANDY_PASSWORD");
}
GST_END_TEST;

/* A user who is named is not the project that the environment knows */
GST_START_TEST (test_user_before_client)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch ("kandysignaller %s", account);

  g_setenv ("KANDY_CLIENT_SECRET", "Pw-client-9f1c", TRUE);
  fixture_play (pipeline);
  fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "login");
  fixture_stop (pipeline);
  g_unsetenv ("KANDY_CLIENT_SECRET");
}
GST_END_TEST;

/* The platform is asked for credentials when there are servers to use them */
GST_START_TEST (test_ice_servers)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline =
      fixture_launch ("kandysignaller %s ice-servers="
                      "\"stun:127.0.0.1:9  turn:127.0.0.1:9?transport=tcp "
                      "turns:127.0.0.1:9\"",
          account);

  fixture_play (pipeline);
  fixture_until_requests ("POST", "/turn", 1);
  fixture_stop (pipeline);
}
GST_END_TEST;

static const struct {
  const char *servers;
  const char *what;
} bad_ice_servers[] = {
  { "stun:127.0.0.1 turn:somebody:Pw-turn-9f1c@127.0.0.1", "user name" },
  { "stun:127.0.0.1 stuns:127.0.0.1", "stuns:127.0.0.1" },
  { "127.0.0.1", "of the form" },
};

GST_START_TEST (test_bad_ice_servers)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch ("kandysignaller %s ice-servers=\"%s\"",
      account, bad_ice_servers[__i__].servers);
  g_autofree char *text = NULL;

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, bad_ice_servers[__i__].what) != NULL, "%s", text);
  fail_unless (strstr (text, "Pw-") == NULL, "%s", text);
  fixture_stop (pipeline);
}
GST_END_TEST;

static const struct {
  const char *property;
  const char *what;
} bad_codecs[] = {
  { "audio-codecs=speex", "\"speex\"" },
  { "audio-codecs=OPUS,VP8", "\"VP8\"" },
  { "video-codecs=VP8,", "\"\"" },
  { "video-codecs=telephone-event", "\"telephone-event\"" },
};

GST_START_TEST (test_bad_codecs)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline =
      fixture_launch ("kandysink %s %s", account, bad_codecs[__i__].property);
  g_autofree char *text = NULL;

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  text = fixture_wait_error (
      pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, NULL);
  fail_unless (strstr (text, bad_codecs[__i__].what) != NULL, "%s", text);
  fixture_stop (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_uri)
{
  GstElement *element = gst_element_make_from_uri (GST_URI_SRC,
      "kandy://bob%40ex.org@host.example:8443/sip%3Aalice%40ex.org"
      "?protocol=http&latency=100&media=audio",
      NULL, NULL);
  g_autofree char *server = NULL, *username = NULL, *destination = NULL;
  g_autofree char *uri = NULL;
  guint latency = 0, media = 0;

  fail_unless (element != NULL);
  g_object_get (element, "server", &server, "username", &username,
      "destination", &destination, "latency", &latency, "media", &media, NULL);
  fail_unless_equals_string (server, "http://host.example:8443");
  fail_unless_equals_string (username, "bob@ex.org");
  fail_unless_equals_string (destination, "sip:alice@ex.org");
  fail_unless_equals_int (latency, 100);
  fail_unless_equals_int (media, 1);

  /* what it says about itself can be given to another one */
  uri = gst_uri_handler_get_uri (GST_URI_HANDLER (element));
  gst_object_unref (element);
  element = gst_element_make_from_uri (GST_URI_SINK, uri, NULL, NULL);
  fail_unless (element != NULL, "%s", uri);
  g_free (server);
  g_free (destination);
  g_object_get (element, "server", &server, "destination", &destination, NULL);
  fail_unless_equals_string (server, "http://host.example:8443");
  fail_unless_equals_string (destination, "sip:alice@ex.org");
  gst_object_unref (element);
}
GST_END_TEST;

static const char *const bad_uris[] = {
  "kandy://",
  "kandy:bob",
  "kandy://bob:secret@host.example/alice",
  "kandy://bob@host.example/?password=secret",
  "kandy://bob@host.example/?access-token=secret",
  "kandy://bob@host.example/?nonsense=1",
  "kandy://bob@host.example/?credentials-file=/tmp/mine",
  "kandy://bob@host.example/?credentials_file=/tmp/mine",
  "kandy://bob@host.example/?ca-file=/tmp/mine",
  "kandy://bob@host.example/?tls-verify=false",
  "kandy://bob@host.example/?tls_verify=false",
  "kandy://bob@host.example/?latency=many",
  "kandy://bob@host.example/?state=1",
  "kandy://bob@host.example/?protocol=ftp",
  "kandy://bob@host.example/#fragment",
  "kandy://bob@host.example/%ff%00",
};

GST_START_TEST (test_bad_uri)
{
  GstElement *element = gst_element_factory_make ("kandysrc", NULL);
  g_autofree char *server = NULL;
  GError *error = NULL;

  fail_if (gst_uri_handler_set_uri (
      GST_URI_HANDLER (element), bad_uris[__i__], &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI));
  fail_unless (strstr (error->message, "secret@") == NULL);
  /* and nothing of it has been taken */
  g_object_get (element, "server", &server, NULL);
  fail_unless (server == NULL);
  g_clear_error (&error);
  gst_object_unref (element);
}
GST_END_TEST;

GST_START_TEST (test_child_proxy)
{
  GstElement *pipeline =
      fixture_launch ("kandysrc name=src client::ping-interval=12345");
  GstElement *src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_auto (GValue) value = G_VALUE_INIT;
  GValue number = G_VALUE_INIT;

  gst_child_proxy_get_property (
      GST_CHILD_PROXY (src), "client::ping-interval", &value);
  g_value_init (&number, G_TYPE_INT);
  fail_unless (g_value_transform (&value, &number));
  fail_unless_equals_int (g_value_get_int (&number), 12345);
  gst_object_unref (src);
  fixture_stop (pipeline);
}
GST_END_TEST;

/* Up and down at every point of the way, often */
GST_START_TEST (test_states)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch ("kandysrc %s kandysink", account);
  const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING,
    GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING };
  guint round, i;

  for (round = 0; round < 3; round++) {
    for (i = 0; i < G_N_ELEMENTS (states); i++)
      fail_if (gst_element_set_state (pipeline, states[i])
          == GST_STATE_CHANGE_FAILURE);
  }
  fixture_stop (pipeline);
}
GST_END_TEST;

static void
on_replied (GstPromise *promise, gpointer user_data)
{
  const GstStructure *reply = gst_promise_get_reply (promise);

  fail_unless_equals_int (
      gst_promise_wait (promise), GST_PROMISE_RESULT_REPLIED);
  fail_unless (gst_structure_has_field (reply, "error"));
  g_atomic_int_inc ((int *) user_data);
}

static gboolean
is_one (gpointer user_data)
{
  return g_atomic_int_get ((int *) user_data) == 1;
}

static const char *const actions[] = { "answer", "reject", "ignore", "end",
  "send-ringing-feedback" };

/* Each main context that is not freed keeps an eventfd */
static guint
count_contexts (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree char *target = g_file_read_link (path, NULL);

    n += target != NULL && strstr (target, "[eventfd]") != NULL;
  }
  return n;
}

static gboolean
has_contexts (gpointer n)
{
  return count_contexts () <= GPOINTER_TO_UINT (n);
}

/* Whoever signs on and off all day leaves nothing behind */
GST_START_TEST (test_many_starts)
{
  const guint warm_up = 2, rounds = 10;
  guint before = 0, i;

  for (i = 0; i < warm_up + rounds; i++) {
    GstElement *pipeline = fixture_callee ("! fakesink");

    fixture_stop (pipeline);
    if (i + 1 == warm_up)
      before = count_contexts ();
  }
  fixture_until (
      has_contexts, GUINT_TO_POINTER (before), "main contexts are freed");
}
GST_END_TEST;

/* Without a call each action is refused, once, signed on or not */
GST_START_TEST (test_actions_refused)
{
  g_autofree char *account = fixture_account ("bob");
  GstElement *pipeline = fixture_launch ("kandysignaller name=s %s", account);
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  guint i, step;

  for (step = 0; step < 3; step++) {
    if (step > 0)
      fixture_play (pipeline);
    if (step == 2)
      fixture_wait_progress (pipeline, GST_PROGRESS_TYPE_COMPLETE, "subscribe");
    for (i = 0; i < G_N_ELEMENTS (actions); i++) {
      int replies = 0;
      GstPromise *promise =
          gst_promise_new_with_change_func (on_replied, &replies, NULL);

      g_signal_emit_by_name (element, actions[i], promise);
      fixture_until (is_one, &replies, actions[i]);
      gst_promise_unref (promise);
      g_signal_emit_by_name (element, actions[i], NULL);
    }
  }
  gst_object_unref (element);
  fixture_stop (pipeline);
}
GST_END_TEST;

/* 100 ppm of drift and 10 ms of jitter for an hour */
GST_START_TEST (test_clock_map)
{
  GstClockTime step = 20 * GST_MSECOND, last = 0, now, mapped;
  GstKandyClockMap map;
  GRand *rand = g_rand_new_with_seed (1);
  gint64 worst = 0;
  guint i;

  gst_kandy_clock_map_init (&map);
  for (i = 0; i < 3600 * 50; i++) {
    gint64 jitter = g_rand_int_range (rand, 0, 10 * GST_MSECOND);
    gint64 truth, off;

    now = i * step;
    truth = now + now / 10000 + 3 * GST_SECOND;
    mapped = gst_kandy_clock_map_convert_at (&map, now, truth + jitter, now);
    fail_unless (GST_CLOCK_TIME_IS_VALID (mapped));
    if (i > 50 * 60) {
      off = (gint64) mapped - truth - 5 * (gint64) GST_MSECOND;
      worst = MAX (worst, ABS (off));
    }
    if (i > 0)
      fail_unless (mapped > last);
    last = mapped;
  }
  fail_unless (worst < 3 * (gint64) GST_MSECOND, "%" G_GINT64_FORMAT, worst);

  /* a clock that jumps is followed at once */
  now += GST_SECOND;
  mapped =
      gst_kandy_clock_map_convert_at (&map, now, now + 99 * GST_SECOND, now);
  fail_unless_equals_uint64 (mapped, now + 99 * GST_SECOND);
  /* what was before the second clock's zero is no time */
  gst_kandy_clock_map_reset (&map);
  mapped = gst_kandy_clock_map_convert_at (&map, 9 * GST_SECOND, GST_SECOND, 0);
  fail_if (GST_CLOCK_TIME_IS_VALID (mapped));
  g_rand_free (rand);
  gst_kandy_clock_map_clear (&map);
}
GST_END_TEST;

static Suite *
elements_suite (void)
{
  Suite *suite = suite_create ("elements");
  TCase *tcase = tcase_create ("elements");

  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_set_timeout (tcase, 30);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_registered);
  tcase_add_loop_test (
      tcase, test_secrets_are_write_only, 0, G_N_ELEMENTS (elements));
  tcase_add_loop_test (tcase, test_properties, 0, G_N_ELEMENTS (elements));
  tcase_add_loop_test (tcase, test_out_of_range, 0, G_N_ELEMENTS (elements));
  tcase_add_loop_test (tcase, test_no_account, 0, G_N_ELEMENTS (elements));
  tcase_add_test (tcase, test_wrong_password);
  tcase_add_test (tcase, test_server_absent);
  tcase_add_loop_test (
      tcase, test_server_silent, 0, G_N_ELEMENTS (silent_paths));
  tcase_add_loop_test (tcase, test_bad_server, 0, G_N_ELEMENTS (bad_servers));
  tcase_add_test (tcase, test_one_account_for_all);
  tcase_add_test (tcase, test_two_sessions);
  tcase_add_test (tcase, test_account_conflict);
  tcase_add_test (tcase, test_shared_context);
  tcase_add_loop_test (
      tcase, test_credentials_file, 0, G_N_ELEMENTS (credentials));
  tcase_add_test (tcase, test_encoding);
  tcase_add_test (tcase, test_environment);
  tcase_add_test (tcase, test_environment_of_another_server);
  tcase_add_test (tcase, test_user_before_client);
  tcase_add_test (tcase, test_ice_servers);
  tcase_add_loop_test (
      tcase, test_bad_ice_servers, 0, G_N_ELEMENTS (bad_ice_servers));
  tcase_add_loop_test (tcase, test_bad_codecs, 0, G_N_ELEMENTS (bad_codecs));
  tcase_add_test (tcase, test_uri);
  tcase_add_loop_test (tcase, test_bad_uri, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_test (tcase, test_child_proxy);
  tcase_add_test (tcase, test_states);
  tcase_add_test (tcase, test_many_starts);
  tcase_add_test (tcase, test_actions_refused);
  tcase_add_test (tcase, test_clock_map);
  return suite;
}

GST_CHECK_MAIN (elements);
