/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-network.h"

#include <signal.h>

/*
 * A client belongs to a main context that often has a user interface to draw,
 * too. To open a connection over TLS takes longer than may be taken from it:
 * some 6 ms of processor time with glib-networking 2.74, which reads all
 * authorities of the system for each one. So connections live in a thread of
 * their own, and only what came of a request, or a websocket's message, goes to
 * the client's context.
 *
 * There is one thread for all clients of the process: a thousand clients shall
 * not take a thousand threads. It stays once it has been started, as GLib's own
 * worker does: it has nothing of a client's when that has ended, and nobody has
 * to wait for its end.
 */

static gpointer
run (gpointer data)
{
  GMainContext *context = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);

  g_main_context_push_thread_default (context);
  g_main_loop_run (loop);
  return NULL;
}

static GMainContext *
start (void)
{
  GMainContext *context = g_main_context_new ();
  sigset_t all, before;

  /* Signals are for the program's own threads, which may wait for them; but
   * those that this thread has caused are its own */
  sigfillset (&all);
  sigdelset (&all, SIGSEGV);
  sigdelset (&all, SIGBUS);
  sigdelset (&all, SIGFPE);
  sigdelset (&all, SIGILL);
  sigdelset (&all, SIGTRAP);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  g_thread_unref (g_thread_new ("kandy-network", run, context));
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return context;
}

void
kandy_network_post (GSourceOnceFunc func, gpointer data)
{
  static gsize network = 0;

  if (g_once_init_enter (&network))
    g_once_init_leave (&network, (gsize) start ());
  kandy_network_post_to ((GMainContext *) network, func, data);
}

typedef struct {
  GSourceOnceFunc func;
  gpointer data;
} Errand;

static gboolean
do_errand (gpointer user_data)
{
  Errand *errand = user_data;

  errand->func (errand->data);
  return G_SOURCE_REMOVE;
}

void
kandy_network_post_to (
    GMainContext *context, GSourceOnceFunc func, gpointer data)
{
  /* What is posted may drop the context before this function has returned */
  g_autoptr (GMainContext) alive = g_main_context_ref (context);
  /* g_main_context_invoke() would call it now, before what was posted earlier,
   * if the context happens to be the caller's */
  g_autoptr (GSource) source = g_idle_source_new ();
  Errand *errand = g_new (Errand, 1);

  errand->func = func;
  errand->data = data;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "kandy-network");
  g_source_set_callback (source, do_errand, errand, g_free);
  g_source_attach (source, context);
}
