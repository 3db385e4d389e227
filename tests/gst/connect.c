/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals between objects that end on different threads */

#include <gst/check/gstcheck.h>

#include "gstkandyconnect.h"

static gint calls; /* atomic */

static void
on_notify (GstObject *emitter, GParamSpec *pspec, GstObject *object)
{
  fail_unless (G_IS_OBJECT (emitter));
  fail_unless_equals_string (pspec->name, "name");
  fail_unless (G_IS_OBJECT (object));
  g_atomic_int_inc (&calls);
}

static GstObject *
new_object (void)
{
  return gst_object_ref_sink (gst_bin_new (NULL));
}

GST_START_TEST (test_called)
{
  GstObject *emitter = new_object (), *object = new_object ();
  GstObject *other = new_object ();

  calls = 0;
  gst_kandy_connect (emitter, "notify::name", G_CALLBACK (on_notify), object);
  gst_kandy_connect (emitter, "notify::name", G_CALLBACK (on_notify), other);
  gst_object_set_name (emitter, "one");
  fail_unless_equals_int (calls, 2);
  /* found by what it is called with, as other connections are */
  fail_unless_equals_int (
      g_signal_handlers_disconnect_by_data (emitter, other), 1);
  gst_object_set_name (emitter, "two");
  fail_unless_equals_int (calls, 3);
  ASSERT_OBJECT_REFCOUNT (object, "object", 1);
  gst_object_unref (object);
  gst_object_set_name (emitter, "three");
  fail_unless_equals_int (calls, 3);
  gst_object_unref (other);
  gst_object_unref (emitter);
}
GST_END_TEST;

#define PAIRS 2000
#define CONNECTIONS 40

typedef struct {
  GstObject *objects[PAIRS];
  gint *turn; /* atomic: of how many both threads are done */
} Half;

/* Both let go of the same pair at the same moment */
static gpointer
let_go (gpointer data)
{
  Half *half = data;
  guint i;

  for (i = 0; i < PAIRS; i++) {
    g_atomic_int_inc (half->turn);
    while (g_atomic_int_get (half->turn) < (gint) (2 * (i + 1)))
      g_thread_yield ();
    gst_object_unref (half->objects[i]);
  }
  return NULL;
}

GST_START_TEST (test_both_end_at_once)
{
  Half *emitters = g_new0 (Half, 1), *objects = g_new0 (Half, 1);
  GThread *thread;
  gint turn = 0;
  guint i, j;

  emitters->turn = objects->turn = &turn;
  for (i = 0; i < PAIRS; i++) {
    emitters->objects[i] = new_object ();
    objects->objects[i] = new_object ();
    for (j = 0; j < CONNECTIONS; j++)
      gst_kandy_connect (emitters->objects[i], "notify::name",
          G_CALLBACK (on_notify), objects->objects[i]);
  }
  thread = g_thread_new ("emitters", let_go, emitters);
  let_go (objects);
  g_thread_join (thread);
  g_free (emitters);
  g_free (objects);
}
GST_END_TEST;

static gpointer
emit (gpointer data)
{
  GstObject *emitter = data;
  char name[16];
  guint i;

  for (i = 0; i < PAIRS; i++) {
    g_snprintf (name, sizeof name, "%u", i);
    gst_object_set_name (emitter, name);
  }
  return NULL;
}

GST_START_TEST (test_end_while_called)
{
  GstObject *emitter = new_object ();
  GThread *thread = g_thread_new ("emits", emit, emitter);
  guint i;

  /* handlers of objects that are gone stay: not too many of them */
  for (i = 0; i < 100; i++) {
    GstObject *object = new_object ();

    gst_kandy_connect (emitter, "notify::name", G_CALLBACK (on_notify), object);
    g_thread_yield ();
    gst_object_unref (object);
  }
  g_thread_join (thread);
  gst_object_unref (emitter);
}
GST_END_TEST;

static Suite *
connect_suite (void)
{
  Suite *suite = suite_create ("connect");
  TCase *tc = tcase_create ("connect");

  tcase_add_test (tc, test_called);
  tcase_add_test (tc, test_both_end_at_once);
  tcase_add_test (tc, test_end_while_called);
  suite_add_tcase (suite, tc);
  return suite;
}

GST_CHECK_MAIN (connect)
