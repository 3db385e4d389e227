/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kandy-client-private.h"
#include "kandy-events.h"
#include "kandy.h"

/* Each row of the event table is both a typed signal and a client event */

static void
seen_event (KandyClient *client, const char *name, GVariant *payload,
    gpointer user_data)
{
  g_string_append_printf (user_data, "event:%s ", name);
}

static void
seen_error (GObject *source, const GError *error, gpointer user_data)
{
  g_assert_error (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "x:1");
  g_string_append (user_data, "typed ");
}

static void
seen_resub (KandyServices *services, gint64 attempt, gboolean is_failure,
    const GError *error, gpointer user_data)
{
  g_assert_cmpint (attempt, ==, 3);
  g_assert_true (is_failure);
  g_assert_null (error);
  g_string_append (user_data, "resub ");
}

static GVariant *
error_payload (void)
{
  g_autoptr (GError) error =
      kandy_error_new (KANDY_ERROR_AUTHENTICATION, "x:1", 0, "no");
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "error", kandy_error_to_variant (error));
  return g_variant_dict_end (&dict);
}

static void
test_table (void)
{
  const KandyEvent *events;
  guint n_events, i;
  g_autoptr (KandyClient) client = kandy_client_new (NULL);
  GType types[] = { KANDY_TYPE_CLIENT, KANDY_TYPE_CONNECTION,
    KANDY_TYPE_SERVICES, KANDY_TYPE_CALLS, KANDY_TYPE_CALL,
    KANDY_TYPE_CONVERSATION, KANDY_TYPE_MEDIA, KANDY_TYPE_GROUPS,
    KANDY_TYPE_CONVERSATIONS, KANDY_TYPE_PRESENCE, KANDY_TYPE_CONTACTS,
    KANDY_TYPE_USERS };
  guint t;

  for (t = 0; t < G_N_ELEMENTS (types); t++)
    g_type_class_unref (g_type_class_ref (types[t]));
  events = kandy_events_get_table (&n_events);
  for (i = 0; i < n_events; i++) {
    GType type = g_type_from_name (events[i].class_name);

    g_assert_cmpuint (type, !=, 0);
    if (!g_signal_lookup (events[i].signal, type))
      g_error ("%s has no signal %s", events[i].class_name, events[i].signal);
  }
}

static void
test_both_ways (void)
{
  g_autoptr (KandyClient) client = kandy_client_new (NULL);
  KandyServices *services = kandy_client_get_services (client);
  g_autoptr (GString) seen = g_string_new (NULL);

  g_signal_connect (
      client, "event::request:error", G_CALLBACK (seen_event), seen);
  g_signal_connect (client, "request-error", G_CALLBACK (seen_error), seen);
  g_signal_connect (services, "resubscribed", G_CALLBACK (seen_resub), seen);
  kandy_client_emit (client, client, "request:error", error_payload ());
  g_assert_cmpstr (seen->str, ==, "typed event:request:error ");

  g_string_truncate (seen, 0);
  g_signal_connect (client, "event", G_CALLBACK (seen_event), seen);
  kandy_client_emit (client, services, "subscription:resub",
      g_variant_new_parsed ("{'attemptNum': <3>, 'isFailure': <true>}"));
  kandy_client_emit (client, services, "subscription:change", NULL);
  g_assert_cmpstr (seen->str, ==,
      "resub event:subscription:resub event:subscription:change ");

  g_string_truncate (seen, 0);
  kandy_client_destroy (client);
  kandy_client_emit (client, services, "subscription:change", NULL);
  g_assert_cmpstr (seen->str, ==, "");
}

static void
destroy (KandyClient *client, const GError *error, gpointer user_data)
{
  kandy_client_destroy (client);
  kandy_client_destroy (client);
}

static void
test_destroy_in_between (void)
{
  g_autoptr (KandyClient) client = kandy_client_new (NULL);
  g_autoptr (GString) seen = g_string_new (NULL);

  g_signal_connect (client, "request-error", G_CALLBACK (destroy), NULL);
  g_signal_connect (client, "event", G_CALLBACK (seen_event), seen);
  kandy_client_emit (client, client, "request:error", error_payload ());
  g_assert_cmpstr (seen->str, ==, "");
}

/* A payload with members of wrong types or none at all is no reason to warn */
static void
test_odd_payloads (void)
{
  g_autoptr (KandyClient) client = kandy_client_new (NULL);
  KandyServices *services = kandy_client_get_services (client);

  kandy_client_emit (client, client, "request:error",
      g_variant_new_parsed ("{'error': <'text'>}"));
  kandy_client_emit (client, client, "request:error",
      g_variant_new_parsed ("{'error': <{'code': <7>}>}"));
  kandy_client_emit (client, services, "subscription:resub",
      g_variant_new_parsed ("{'attemptNum': <'x'>, 'isFailure': <3>}"));
  kandy_client_emit (client, services, "subscription:resub",
      g_variant_new_parsed ("{'attemptNum': <2.5>}"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/events/table", test_table);
  g_test_add_func ("/core/events/both-ways", test_both_ways);
  g_test_add_func ("/core/events/destroy-in-between", test_destroy_in_between);
  g_test_add_func ("/core/events/odd-payloads", test_odd_payloads);
  return g_test_run ();
}
