/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "people-fixture.h"

static char *
unquote (const char *quoted)
{
  return g_strdelimit (g_strdup (quoted), "'", '"');
}

Session *
people_join (Session *first, const char *address, const char *services)
{
  Session *self =
      session_new_for_port (kandy_loopback_get_port (first->loopback), NULL);
  g_autoptr (GError) error = NULL;

  session_try_sign_on (self, "loopback", address, "wonderland", &error);
  g_assert_no_error (error);
  if (services) {
    session_subscribe (self, services, &error);
    g_assert_no_error (error);
  }
  session_clear_events (self);
  return self;
}

Session *
people_start (const char *services)
{
  Session *self = session_new (NULL);
  g_autoptr (GError) error = NULL;

  kandy_loopback_add_account (self->loopback, CAROL, "wonderland", &error);
  g_assert_no_error (error);
  session_sign_on (self);
  if (services) {
    session_subscribe (self, services, &error);
    g_assert_no_error (error);
  }
  session_clear_events (self);
  return self;
}

void
people_notify (Session *self, const char *quoted)
{
  g_autofree char *json = unquote (quoted);
  g_autoptr (GError) error = NULL;

  kandy_client_process_notification (self->client, json, -1, NULL, &error);
  g_assert_no_error (error);
}

void
people_spoil (
    Session *self, const char *method, const char *path, const char *body)
{
  g_autofree char *json = unquote (body);
  g_autofree char *escaped = g_strescape (json, NULL);
  g_autofree char *fault =
      g_strdup_printf ("{\"on\":\"request\",\"method\":\"%s\",\"path\":\"%s\","
                       "\"count\":1,\"body\":\"%s\"}",
          method, path, escaped);

  session_fault (self, fault);
}
