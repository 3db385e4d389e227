/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-calls.h"

/* The server's thread, its timers, and the way from other threads into it.
 *
 * All state belongs to the server's thread. A public function hands its work
 * over to it and waits; while there is no such thread, and in it, the work is
 * done directly. */

typedef struct {
  KandyLoopback *self;
  void (*work) (KandyLoopback *self, gpointer data);
  gpointer data;
  gboolean done;
} Job;

static gboolean
on_job (gpointer data)
{
  Job *job = data;
  KandyLoopback *self = job->self;

  job->work (self, job->data);
  g_mutex_lock (&self->lock);
  job->done = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return G_SOURCE_REMOVE;
}

static void
hand_over (KandyLoopback *self, Job *job)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, on_job, job, NULL);
  g_source_attach (source, self->context);
  while (!job->done)
    g_cond_wait (&self->changed, &self->lock);
}

void
kl_run (KandyLoopback *self, void (*work) (KandyLoopback *, gpointer),
    gpointer data)
{
  Job job = { self, work, data, FALSE };
  gboolean is_own;

  g_mutex_lock (&self->lock);
  is_own = self->thread == g_thread_self ();
  while (!is_own && !job.done) {
    while (self->thread && !self->running)
      g_cond_wait (&self->changed, &self->lock);
    if (self->running) {
      hand_over (self, &job);
      continue;
    }
    g_mutex_unlock (&self->lock);
    g_rec_mutex_lock (&self->idle);
    g_mutex_lock (&self->lock);
    if (!self->thread) {
      g_mutex_unlock (&self->lock);
      work (self, data);
      job.done = TRUE;
      g_mutex_lock (&self->lock);
    }
    g_rec_mutex_unlock (&self->idle);
  }
  g_mutex_unlock (&self->lock);
  if (is_own)
    work (self, data);
}

typedef struct {
  KandyLoopback *self;
  GSource *source;
  GSourceFunc callback;
  gpointer data;
  GDestroyNotify notify;
} Timer;

static gboolean
on_timer (gpointer data)
{
  Timer *timer = data;

  timer->callback (timer->data);
  return G_SOURCE_REMOVE;
}

static void
timer_free (gpointer data)
{
  Timer *timer = data;

  g_hash_table_remove (timer->self->timers, timer->source);
  if (timer->notify)
    timer->notify (timer->data);
  g_free (timer);
}

GSource *
kl_timeout (KandyLoopback *self, guint milliseconds, GSourceFunc callback,
    gpointer data, GDestroyNotify notify)
{
  GSource *source = g_timeout_source_new (milliseconds);
  Timer *timer = g_new0 (Timer, 1);

  timer->self = self;
  timer->source = source;
  timer->callback = callback;
  timer->data = data;
  timer->notify = notify;
  g_hash_table_add (self->timers, source);
  g_source_set_callback (source, on_timer, timer, timer_free);
  g_source_attach (source, self->context);
  g_source_unref (source);
  return source;
}

void
kl_clear_source (GSource **source)
{
  GSource *taken = g_steal_pointer (source);

  if (!taken)
    return;
  g_source_destroy (taken);
  g_source_unref (taken);
}

void
kl_stop_timers (KandyLoopback *self)
{
  g_autoptr (GList) sources = g_hash_table_get_keys (self->timers);
  GList *item;

  g_list_foreach (sources, (GFunc) (GCallback) g_source_ref, NULL);
  for (item = sources; item; item = item->next) {
    g_source_destroy (item->data);
    g_source_unref (item->data);
  }
}

gpointer
kl_serve (gpointer data)
{
  KandyLoopback *self = data;
  int i;

  g_main_context_push_thread_default (self->context);
  kl_listener_start (self->listener);
  g_main_loop_run (self->loop);

  kl_sessions_end (self, NULL, 0, NULL);
  kl_channels_stop (self);
  g_clear_pointer (&self->listener, kl_listener_free);
  kl_stop_timers (self);
  /* Jobs that were handed over in time, and what was cancelled just now */
  for (i = 0; i < 1000 && g_main_context_iteration (self->context, FALSE); i++)
    continue;
  kl_stop_timers (self);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}
