/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandycall-private.h"

#include <openssl/crypto.h>

/* What a process does once for all its calls, before the first of them and
 * after the last. */

static GMutex warm_up_lock;
static GCond warm_up_cond;
static GThread *warm_up_thread; /* under warm_up_lock; NULL: ended */
static gboolean joining;        /* under warm_up_lock */

/* OpenSSL frees all that it has when a process exits. Threads that used it for
 * DTLS may be ending at that moment, and the pool from which GStreamer takes
 * them offers no way to wait for that: both would free the same. It is only
 * memory, so leave it to the system. Too late if the application itself has
 * begun with OpenSSL before. */
void
gst_kandy_keep_openssl (void)
{
  OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
}

static gpointer
warm_up (gpointer data)
{
  /* The certificate is made with the first decoder of a process; loading the
   * plugins takes as long again */
  static const char *const names[] = { "dtlsdec", "webrtcbin", "nicesrc",
    "srtpenc", "rtpbin", "appsrc", "appsink", "dtlssrtpdec" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GstElement *element = gst_element_factory_make (names[i], NULL);

    if (element)
      gst_object_unref (gst_object_ref_sink (element));
  }
  return NULL;
}

/**
 * gst_kandy_call_warm_up:
 *
 * Prepares this process for calls, in a thread: makes the DTLS certificate,
 * which takes some hundred ms, and loads plugins. Any number of times, from any
 * thread.
 */
void
gst_kandy_call_warm_up (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    gst_kandy_keep_openssl ();
    g_mutex_lock (&warm_up_lock);
    warm_up_thread = g_thread_new ("kandy-warm-up", warm_up, NULL);
    g_mutex_unlock (&warm_up_lock);
    g_once_init_leave (&done, 1);
  }
}

/**
 * gst_kandy_call_warm_up_wait:
 *
 * Waits until gst_kandy_call_warm_up() has done its work and its thread is
 * gone, if it was called. A process must not exit before, nor fork. Any thread.
 */
void
gst_kandy_call_warm_up_wait (void)
{
  g_mutex_lock (&warm_up_lock);
  if (warm_up_thread && !joining) {
    joining = TRUE;
    g_mutex_unlock (&warm_up_lock);
    g_thread_join (warm_up_thread);
    g_mutex_lock (&warm_up_lock);
    warm_up_thread = NULL;
    g_cond_broadcast (&warm_up_cond);
  }
  while (warm_up_thread)
    g_cond_wait (&warm_up_cond, &warm_up_lock);
  g_mutex_unlock (&warm_up_lock);
}
