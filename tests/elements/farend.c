/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "farend.h"

#include "fixture.h"

struct _FarEnd {
  PlainTraits traits;
  KandyClient *client;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  KandyCall *call;
  GMutex lock;
  PlainEngine *engine; /* the latest one */
  int ready;           /* atomic, the next ones too */
  int connected;
  int answered;
};

static gboolean
is_set (gpointer data)
{
  return g_atomic_int_get ((int *) data);
}

/* --- on its own thread --- */

static KandyMediaEngine *
make_engine (KandyCalls *calls, KandyCall *call, KandyMediaOptions *options,
    gpointer user_data)
{
  FarEnd *self = user_data;
  PlainEngine *engine = plain_engine_new (&self->traits);

  g_mutex_lock (&self->lock);
  g_set_object (&self->engine, engine);
  g_mutex_unlock (&self->lock);
  return KANDY_MEDIA_ENGINE (engine);
}

static void
on_operation (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_call_operation_finish (KANDY_CALL (source), result, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  if (user_data)
    g_atomic_int_set ((int *) user_data, TRUE);
}

static void
on_event (
    KandyClient *client, const char *name, GVariant *payload, FarEnd *self)
{
  const char *id;
  KandyCall *call;

  if (!g_str_has_prefix (name, "call:")
      || !g_variant_lookup (payload, "callId", "&s", &id))
    return;
  call = kandy_calls_get_by_id (kandy_client_get_calls (client), id);
  g_set_object (&self->call, call);
  if (!g_str_equal (name, "call:stateChange"))
    return;
  g_atomic_int_set (&self->connected,
      kandy_call_get_state (call) == KANDY_CALL_STATE_CONNECTED);
  if (kandy_call_get_direction (call) == KANDY_CALL_DIRECTION_INCOMING
      && kandy_call_get_state (call) == KANDY_CALL_STATE_RINGING) {
    g_autoptr (KandyMediaOptions) options =
        kandy_media_options_new (TRUE, self->traits.video != NULL);

    kandy_call_answer_async (call, options, NULL, on_operation, NULL);
  }
}

static void
on_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FarEnd *self = user_data;
  g_autoptr (GError) error = NULL;

  kandy_services_subscribe_finish (KANDY_SERVICES (source), result, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  g_atomic_int_set (&self->ready, TRUE);
}

static void
on_signed_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const char *const services[] = { "call", NULL };
  g_autoptr (GError) error = NULL;

  kandy_client_sign_on_finish (KANDY_CLIENT (source), result, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  kandy_services_subscribe_async (
      kandy_client_get_services (KANDY_CLIENT (source)),
      g_variant_new_strv (services, -1), NULL, NULL, on_subscribed, user_data);
}

static gpointer
run (gpointer data)
{
  FarEnd *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  kandy_client_destroy (self->client);
  g_clear_object (&self->call);
  g_clear_object (&self->client);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

typedef struct {
  FarEnd *self;
  const char *text;
  guint from, to;
} Order;

static gboolean
on_call (gpointer data)
{
  Order *order = data;
  g_autoptr (KandyMediaOptions) options =
      kandy_media_options_new (TRUE, order->self->traits.video != NULL);
  g_autoptr (GError) error = NULL;

  fail_unless (kandy_calls_make (kandy_client_get_calls (order->self->client),
      order->text, options, &error));
  return G_SOURCE_REMOVE;
}

static gboolean
on_move_payload (gpointer data)
{
  Order *order = data;
  FarEnd *self = order->self;

  plain_engine_move_payload (self->engine, order->text, order->from, order->to);
  kandy_call_renegotiate_async (
      self->call, NULL, on_operation, &self->answered);
  return G_SOURCE_REMOVE;
}

static gboolean
on_quit (gpointer data)
{
  g_main_loop_quit (((FarEnd *) data)->loop);
  return G_SOURCE_REMOVE;
}

/* --- for the tests --- */

static void
run_there (FarEnd *self, GSourceFunc func, gpointer data)
{
  g_main_context_invoke (self->context, func, data);
}

FarEnd *
far_end_new (const char *name, const PlainTraits *traits)
{
  FarEnd *self = g_new0 (FarEnd, 1);
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autofree char *address = g_strconcat (name, "@loopback.example", NULL);
  g_autofree char *password = g_strconcat ("Pw-", name, "-9f1c", NULL);

  self->traits = *traits;
  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_object_set (config, "server-base", "127.0.0.1", "server-protocol", "http",
      "server-port", kandy_loopback_get_port (fixture_platform), NULL);
  kandy_config_set_value (
      config, "logs.logLevel", g_variant_new_string ("silent"));

  g_main_context_push_thread_default (self->context);
  self->client = kandy_client_new (config);
  kandy_calls_set_engine_factory (
      kandy_client_get_calls (self->client), make_engine, self, NULL);
  g_signal_connect (self->client, "event", G_CALLBACK (on_event), self);
  kandy_client_sign_on_password_async (
      self->client, "loopback", address, password, NULL, on_signed_on, self);
  g_main_context_pop_thread_default (self->context);
  self->thread = g_thread_new ("far-end", run, self);
  fixture_until (is_set, &self->ready, "far end signed on");
  return self;
}

void
far_end_free (FarEnd *self)
{
  run_there (self, on_quit, self);
  g_thread_join (self->thread);
  g_clear_object (&self->engine);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
far_end_call (FarEnd *self, const char *destination)
{
  Order order = { self, destination };

  if (destination)
    run_there (self, on_call, &order);
  fixture_until (is_set, &self->connected, "far end in a call");
}

PlainEngine *
far_end_get_engine (FarEnd *self)
{
  PlainEngine *engine;

  g_mutex_lock (&self->lock);
  engine = self->engine ? g_object_ref (self->engine) : NULL;
  g_mutex_unlock (&self->lock);
  return engine;
}

typedef struct {
  FarEnd *self;
  const char *appsink;
  GstElement *pipeline;
} Wanted;

static gboolean
has_appsink (gpointer data)
{
  Wanted *wanted = data;
  g_autoptr (PlainEngine) engine = far_end_get_engine (wanted->self);
  g_autoptr (GstElement) appsink = NULL;

  gst_clear_object (&wanted->pipeline);
  wanted->pipeline = engine ? plain_engine_dup_pipeline (engine) : NULL;
  appsink = wanted->pipeline
      ? gst_bin_get_by_name (GST_BIN (wanted->pipeline), wanted->appsink)
      : NULL;
  return appsink != NULL;
}

GstElement *
far_end_get_pipeline (FarEnd *self, const char *appsink)
{
  Wanted wanted = { self, appsink, NULL };

  fixture_until (has_appsink, &wanted, appsink);
  return wanted.pipeline;
}

void
far_end_move_payload (FarEnd *self, const char *kind, guint from, guint to)
{
  Order order = { self, kind, from, to };

  g_atomic_int_set (&self->answered, FALSE);
  run_there (self, on_move_payload, &order);
  fixture_until (is_set, &self->answered, "payload types moved");
}
