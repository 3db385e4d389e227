/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyconnect.h"

/* g_signal_connect_object() leaves a mark on the object that its emitter takes
 * away again. Nothing keeps the two threads apart when both end at once: an
 * element whose last reference is a message on the application's bus, and a pad
 * that the kandy thread lets go. Here only the emitter has something to free.
 * The connection stays until the emitter ends, without effect after the
 * object's end. */

typedef struct {
  GCClosure closure;
  GWeakRef object;
} WeakClosure;

static void
weak_marshal (GClosure *closure, GValue *return_value, guint n_param_values,
    const GValue *param_values, gpointer hint, gpointer marshal_data)
{
  GObject *object = g_weak_ref_get (&((WeakClosure *) closure)->object);

  if (object == NULL)
    return;
  g_cclosure_marshal_generic (
      closure, return_value, n_param_values, param_values, hint, marshal_data);
  g_object_unref (object);
}

static void
weak_finalize (gpointer data, GClosure *closure)
{
  g_weak_ref_clear (&((WeakClosure *) closure)->object);
}

gulong
gst_kandy_connect (gpointer instance, const char *detailed_signal,
    GCallback callback, gpointer object)
{
  GClosure *closure = g_closure_new_simple (sizeof (WeakClosure), object);
  WeakClosure *weak = (WeakClosure *) closure;

  weak->closure.callback = (gpointer) callback;
  g_weak_ref_init (&weak->object, object);
  g_closure_set_marshal (closure, weak_marshal);
  g_closure_add_finalize_notifier (closure, NULL, weak_finalize);
  return g_signal_connect_closure (instance, detailed_signal, closure, FALSE);
}
