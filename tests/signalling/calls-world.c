/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-world.h"

#include "kandy-client-private.h"
#include "kandy-services.h"

/* What is declared in calls-world.h */

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

GSource *
world_tick (World *w)
{
  GSource *tick = g_timeout_source_new (10);

  g_source_set_callback (tick, on_tick, NULL, NULL);
  g_source_attach (tick, w->context);
  return tick;
}

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  Party *party = user_data;
  KandyCall *call =
      harness_describe (party->calls, name, payload, party->events);

  if (g_str_equal (name, "notification:received"))
    party->world->n_notifications++;
  if (call)
    g_set_object (&party->call, call);
}

static KandyMediaEngine *
make_engine (KandyCalls *calls, KandyCall *call, KandyMediaOptions *options,
    gpointer user_data)
{
  Party *party = user_data;
  FakeEngine *engine = fake_engine_new (&party->script);

  g_ptr_array_add (party->engines, g_object_ref (engine));
  return KANDY_MEDIA_ENGINE (engine);
}

static void
on_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Party *party = user_data;
  g_autoptr (GError) error = NULL;

  kandy_services_subscribe_finish (KANDY_SERVICES (source), result, &error);
  g_assert_no_error (error);
  party->ready = TRUE;
}

static void
on_signed_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const char *const services[] = { "call", NULL };
  g_autoptr (GError) error = NULL;

  kandy_client_sign_on_finish (KANDY_CLIENT (source), result, &error);
  g_assert_no_error (error);
  kandy_services_subscribe_async (
      kandy_client_get_services (KANDY_CLIENT (source)),
      g_variant_new_strv (services, -1), NULL, NULL, on_subscribed, user_data);
}

void
party_join (World *w, Party *party, const char *address, const char *password)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();

  g_object_set (config, "server-base", "127.0.0.1", "server-protocol", "http",
      "server-port", kandy_loopback_get_port (w->platform), "client-correlator",
      "test", "reconnect-delay", 50, NULL);
  kandy_config_set_value (
      config, "logs.logLevel", g_variant_new_string ("silent"));
  fake_script_init (&party->script);
  party->world = w;
  party->events = g_string_new (NULL);
  party->engines = g_ptr_array_new_with_free_func (g_object_unref);
  party->client = kandy_client_new (config);
  party->calls = kandy_client_get_calls (party->client);
  kandy_calls_set_engine_factory (party->calls, make_engine, party, NULL);
  g_signal_connect (party->client, "event", G_CALLBACK (on_event), party);
  kandy_client_sign_on_password_async (
      party->client, "loopback", address, password, NULL, on_signed_on, party);
  wait_for (w, party->ready);
}

void
party_leave (World *w, Party *party)
{
  KandyClient *client = party->client;
  guint i;

  if (!client)
    return;
  g_object_add_weak_pointer (G_OBJECT (client), (gpointer *) &client);
  kandy_client_destroy (party->client);
  g_clear_object (&party->call);
  g_clear_object (&party->client);
  wait_for (w, client == NULL);
  for (i = 0; i < party->engines->len; i++)
    g_assert_true (fake_engine_is_closed (party->engines->pdata[i]));
  g_ptr_array_unref (party->engines);
  g_string_free (party->events, TRUE);
  fake_script_clear (&party->script);
}

void
set_up (World *w, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *names[] = { "alice", "bob", "carol" };
  guint i;

  w->context = g_main_context_new ();
  g_main_context_push_thread_default (w->context);
  w->platform = kandy_loopback_new ();
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *address =
        g_strdup_printf ("%s@loopback.example", names[i]);

    g_assert_true (
        kandy_loopback_add_account (w->platform, address, names[i], &error));
  }
  g_assert_true (kandy_loopback_start (w->platform, "127.0.0.1", 0, &error));
  /* So that a failure can say what was seen */
  party_join (w, &w->alice, "alice@loopback.example", "alice");
  party_join (w, &w->bob, "bob@loopback.example", "bob");
}

void
tear_down (World *w, gconstpointer data)
{
  party_leave (w, &w->bob2);
  party_leave (w, &w->bob);
  party_leave (w, &w->alice);
  kandy_loopback_stop (w->platform);
  g_object_unref (w->platform);
  while (g_main_context_iteration (w->context, FALSE))
    continue;
  /* what a client leaves open is answered when it is destroyed */
  g_clear_error (&w->alice.error);
  g_clear_error (&w->bob.error);
  g_clear_error (&w->bob2.error);
  g_main_context_pop_thread_default (w->context);
  g_main_context_unref (w->context);
}

void
policy (World *w, const char *text)
{
  g_autofree char *json = g_strdup_printf ("{\"set\": {%s}}", text);
  g_autoptr (GError) error = NULL;

  kandy_loopback_set_fault (w->platform, json, &error);
  g_assert_no_error (error);
}

void
answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Party *party = user_data;

  g_clear_error (&party->error);
  kandy_call_operation_finish (KANDY_CALL (source), result, &party->error);
  party->n_answers++;
}

void
make (World *w, const char *destination)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, FALSE);
  g_autoptr (GError) error = NULL;

  g_set_object (&w->alice.call,
      kandy_calls_make (w->alice.calls, destination, options, &error));
  g_assert_no_error (error);
}

gboolean
is_in (Party *party, KandyCallState state)
{
  return party->call && kandy_call_get_state (party->call) == state;
}

void
make_ring (World *w)
{
  make (w, "bob");
  expect (w, &w->alice, MAKE "; sc Initiated->Ringing");
  expect (w, &w->bob, RECEIVE);
}

void
make_connect (World *w)
{
  make_ring (w);
  kandy_call_answer_async (w->bob.call, NULL, NULL, answered, &w->bob);
  expect (w, &w->bob,
      "op ANSWER START; newTrack local; op ANSWER FINISH {ANSWER/ONGOING}; "
      "sc Ringing->Connected");
  expect (w, &w->alice,
      "newTrack remote; op MAKE FINISH {MAKE/PENDING}; "
      "sc Ringing->Connected");
}
