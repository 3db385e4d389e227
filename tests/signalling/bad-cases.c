/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bad-cases.h"

#include <string.h>

typedef struct {
  const char *services;
  const BadCase *row;
} Context;

static void
prepare (BadWorld *w, const BadCase *row)
{
  if (row->prepare)
    row->prepare (w);
  session_clear_events (w->alice);
}

static void
check_reply (BadWorld *w, const BadCase *row, const BadReply *reply)
{
  KandyLoopback *platform = w->alice->loopback;
  const char *code = row->gone && reply->status == 404
      ? NULL
      : bad_reply_get_code (&row->base, reply);
  g_autoptr (GError) error = NULL;
  guint before;
  gboolean ok;

  g_test_message ("%s: %s", row->base.name, reply->name);
  prepare (w, row);
  before = kandy_loopback_count_requests (
      platform, row->base.method, row->base.path);
  bad_reply_set (platform, &row->base, reply, NULL);
  ok = row->act (w, &error);
  bad_reply_clear (platform);
  g_assert_cmpuint (kandy_loopback_count_requests (
                        platform, row->base.method, row->base.path),
      >, before);
  bad_reply_check_error (error, reply, code);
  g_assert_cmpint (ok, ==, !error);
  if (error && row->event) {
    g_autofree char *told = g_strdup_printf ("%s(%s)", row->event, code);
    const char *first = strstr (w->alice->events->str, told);

    if (!first || (!row->repeated && strstr (first + 1, told)))
      g_error ("not once %s: %s", told, w->alice->events->str);
  } else if (row->event) {
    g_assert_null (strstr (w->alice->events->str, row->event));
  }
  /* protocol messaging 1.3: besides */
  g_assert_cmpint (
      strstr (w->alice->events->str, "request:error(authentication:1)") != NULL,
      ==, reply->status == 401);
}

static void
test_case (gconstpointer data)
{
  const Context *context = data;
  const BadCase *row = context->row;
  BadWorld w = { people_start (context->services) };
  g_autoptr (GError) error = NULL;
  guint i;

  for (i = 0; i < n_bad_replies; i++)
    check_reply (&w, row, &bad_replies[i]);

  prepare (&w, row);
  g_assert_true (row->act (&w, &error));
  g_assert_no_error (error);
  g_assert_null (strstr (w.alice->events->str, ":error("));

  g_clear_object (&w.message);
  g_free (w.id);
  g_clear_pointer (&w.bob, session_free);
  session_free (w.alice);
}

void
bad_cases_add (
    const char *prefix, const char *services, const BadCase *cases, guint n)
{
  guint i;

  for (i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat (prefix, "/", cases[i].base.name, NULL);
    Context *context = g_new (Context, 1);

    context->services = services;
    context->row = &cases[i];
    g_strdelimit (path, " ", '-');
    g_test_add_data_func_full (path, context, test_case, g_free);
  }
}
