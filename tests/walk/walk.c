/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* How long a walk may take before it counts as stuck */
#define WATCHDOG_SECONDS 120
#define TRACE_LINES 400

/* --- the trace --------------------------------------------------------------
 * What was done lately. It is printed if the process is about to die, whoever
 * found the fault. */

static char trace[TRACE_LINES][200];
static guint trace_next;
static char headline[200];

static void
print (const char *text)
{
  gssize ignored = write (STDERR_FILENO, text, strlen (text));

  (void) ignored;
}

static void
print_trace (void)
{
  guint i;

  print (headline);
  for (i = 0; i < TRACE_LINES; i++)
    print (trace[(trace_next + i) % TRACE_LINES]);
  print (headline);
}

static void
on_death (int number)
{
  signal (number, SIG_DFL);
  print_trace ();
  raise (number);
}

void
walk_note (Walk *self, const char *format, ...)
{
  char *line = trace[trace_next % TRACE_LINES];
  va_list args;
  gsize length;

  g_snprintf (line, sizeof (trace[0]) - 1, "%4u %s", self->step,
      self->depth > 0 ? "  (within an event) " : "");
  length = strlen (line);
  va_start (args, format);
  g_vsnprintf (line + length, sizeof (trace[0]) - length - 1, format, args);
  va_end (args);
  strcat (line, "\n");
  trace_next++;
}

void
walk_fail (Walk *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_error ("seed %u, step %u: %s", self->seed, self->step, text);
}

/* --- dice -------------------------------------------------------------------
 */

guint
walk_pick (Walk *self, guint n)
{
  return (guint) g_rand_int_range (self->rand, 0, (gint32) n);
}

gboolean
walk_chance (Walk *self, guint n)
{
  return !self->calm && walk_pick (self, n) == 0;
}

/* --- parties ----------------------------------------------------------------
 */

static KandyMediaEngine *
new_engine (KandyCalls *calls, KandyCall *call, KandyMediaOptions *options,
    gpointer user_data)
{
  WalkParty *party = user_data;
  gboolean outgoing =
      kandy_call_get_direction (call) == KANDY_CALL_DIRECTION_OUTGOING;
  KandyMediaEngine *engine =
      party->walk->media->new_engine (party, outgoing ? options : NULL);
  GWeakRef *ref = g_new0 (GWeakRef, 1);

  g_weak_ref_init (ref, engine);
  g_ptr_array_add (party->engines, ref);
  return engine;
}

static void
weak_ref_free (gpointer ref)
{
  g_weak_ref_clear (ref);
  g_free (ref);
}

static const char *
lookup (GVariant *payload, const char *member)
{
  const char *text = NULL;

  return g_variant_lookup (payload, member, "&s", &text) ? text : "";
}

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  WalkParty *party = user_data;
  Walk *walk = party->walk;
  g_autoptr (GVariant) error = g_variant_lookup_value (payload, "error", NULL);
  const char *id = lookup (payload, "callId");
  KandyCall *call = *id ? kandy_calls_get_by_id (party->calls, id) : NULL;
  gboolean local = FALSE;

  walk->n_events++;
  g_variant_lookup (payload, "isLocal", "b", &local);
  walk_note (walk, "       %s: %s %s %s%s%s%s%s [%s]", party->name, name,
      lookup (payload, "operation"), lookup (payload, "transition"),
      g_str_equal (name, "call:operation") && !local ? " remote" : "",
      lookup (payload, "trackId"), error ? " !" : "",
      error ? lookup (error, "code") : "",
      call ? kandy_call_state_to_string (kandy_call_get_state (call)) : "");
  /* A listener may do what it likes */
  if (g_str_has_prefix (name, "call:") && walk->depth == 0
      && walk_chance (walk, 40)) {
    walk->depth++;
    walk_act (party);
    walk->depth--;
  }
}

static void
on_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  kandy_services_subscribe_finish (KANDY_SERVICES (source), result, &error);
  g_assert_no_error (error);
  ((WalkParty *) user_data)->ready = TRUE;
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

static void
join (Walk *self, WalkParty *party, const char *name)
{
  g_autoptr (KandyConfig) config = kandy_config_new ();
  g_autofree char *address = g_strconcat (name, "@loopback.example", NULL);
  g_autoptr (GError) error = NULL;

  kandy_loopback_add_account (self->platform, address, name, &error);
  g_assert_no_error (error);
  party->walk = self;
  party->name = name;
  party->engines = g_ptr_array_new_with_free_func (weak_ref_free);
  g_object_set (config, "server-base", "127.0.0.1", "server-protocol", "http",
      "server-port", kandy_loopback_get_port (self->platform),
      "client-correlator", name, "reconnect-delay", 50, NULL);
  kandy_config_set_value (
      config, "logs.logLevel", g_variant_new_string ("silent"));
  kandy_config_set_value (config, "call.mediaConnectionRetryDelay",
      g_variant_new_double (1 + walk_pick (self, 50)));
  kandy_config_set_value (config, "call.mediaBrokerOnly",
      g_variant_new_boolean (walk_pick (self, 2)));
  kandy_config_set_value (config, "call.removeH264Codecs",
      g_variant_new_boolean (walk_pick (self, 2)));
  party->client = kandy_client_new (config);
  party->calls = kandy_client_get_calls (party->client);
  kandy_calls_set_engine_factory (party->calls, new_engine, party, NULL);
  g_signal_connect (party->client, "event", G_CALLBACK (on_event), party);
  kandy_client_sign_on_password_async (
      party->client, "loopback", address, name, NULL, on_signed_on, party);
  while (!party->ready)
    g_main_context_iteration (NULL, TRUE);
}

static void
leave (Walk *self, WalkParty *party)
{
  KandyClient *client = party->client;

  g_object_add_weak_pointer (G_OBJECT (client), (gpointer *) &client);
  kandy_client_destroy (party->client);
  g_clear_object (&party->client);
  while (client)
    g_main_context_iteration (NULL, TRUE);
}

void
walk_forget_offers (Walk *self)
{
  if (self->lossy)
    kandy_loopback_set_fault (
        self->platform, "{\"set\": {\"offerTimeout\": 300}}", NULL);
}

/* Whether anything is left of what the party did */
static void
check_rest (Walk *self, WalkParty *party)
{
  guint i;

  if (party->asked != party->answered)
    walk_fail (self, "%u of %s's operations were never answered",
        party->asked - party->answered, party->name);
  for (i = 0; i < party->engines->len; i++) {
    g_autoptr (GObject) engine =
        g_weak_ref_get (g_ptr_array_index (party->engines, i));

    if (engine)
      walk_fail (self, "one of %s's engines outlives its call", party->name);
  }
  g_ptr_array_unref (party->engines);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
on_stuck (gpointer user_data)
{
  walk_fail (user_data, "it does not come to an end");
  return G_SOURCE_REMOVE;
}

guint
walk_get_number (const char *name, guint fallback)
{
  const char *value = g_getenv (name);

  return value ? (guint) g_ascii_strtoull (value, NULL, 10) : fallback;
}

void
walk_run (const WalkMedia *media, guint32 seed, guint steps)
{
  Walk self = { .media = media, .seed = seed };
  guint tick = g_timeout_add (5, on_tick, NULL);
  guint watchdog = g_timeout_add_seconds (WATCHDOG_SECONDS, on_stuck, &self);
  g_autoptr (GError) error = NULL;

  memset (trace, 0, sizeof (trace));
  g_snprintf (headline, sizeof (headline),
      "--- the walk with KANDY_WALK_SEED=%u, with %s\n", seed, media->name);
  signal (SIGABRT, on_death);
  signal (SIGTERM, on_death);
  signal (SIGTRAP, on_death);

  self.rand = g_rand_new_with_seed (seed);
  self.lossy = walk_pick (&self, 2);
  self.platform = kandy_loopback_new ();
  kandy_loopback_start (self.platform, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  join (&self, &self.parties[0], "alice");
  join (&self, &self.parties[1], "bob");

  walk_forget_offers (&self);
  for (self.step = 1; self.step <= steps; self.step++) {
    walk_take_step (&self);
    if (walk_pick (&self, 30) == 0)
      walk_check (&self);
  }
  walk_check (&self);
  walk_end_all (&self);
  leave (&self, &self.parties[0]);
  leave (&self, &self.parties[1]);
  if (media->finish)
    media->finish ();
  check_rest (&self, &self.parties[0]);
  check_rest (&self, &self.parties[1]);
  kandy_loopback_stop (self.platform);
  g_assert_finalize_object (self.platform);

  g_print ("# seed %u: %u steps, %u events, %u checks\n", seed, steps,
      self.n_events, self.n_checks);
  g_rand_free (self.rand);
  g_source_remove (watchdog);
  g_source_remove (tick);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  signal (SIGABRT, SIG_DFL);
  signal (SIGTERM, SIG_DFL);
  signal (SIGTRAP, SIG_DFL);
}
