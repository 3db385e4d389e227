/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-http-session.h"

#include "kandy-error-private.h"
#include "kandy-network.h"

/* libsoup's default of 2 would make requests wait for each other */
#define MAX_CONNS 64
/* Of connections that a server of HTTP/2 keeps; no request is sent on them */
#define IDLE_TIMEOUT_S 5

struct _KandyHttpSession {
  char *ca_file;
  gboolean direct;
  SoupSession *session; /* the network thread's */
};

static void
drop_session (gpointer data)
{
  g_object_unref (data);
}

static void
clear (gpointer data)
{
  KandyHttpSession *self = data;

  if (self->session)
    kandy_network_post (drop_session, self->session);
  g_free (self->ca_file);
}

static void
abort_in_network (gpointer data)
{
  g_autoptr (KandyHttpSession) self = data;

  if (self->session)
    soup_session_abort (self->session);
}

KandyHttpSession *
kandy_http_session_new (const char *ca_file, gboolean direct)
{
  KandyHttpSession *self = g_atomic_rc_box_new0 (KandyHttpSession);

  /* GLib adds interfaces to a type with the lock that is held while a class
   * starts: if libsoup's class asks for a type that another thread is the first
   * to need, both wait for ever. So it starts in the caller's thread, before
   * there is the network's. */
  g_type_ensure (G_TYPE_TASK);
  g_type_class_unref (g_type_class_ref (SOUP_TYPE_SESSION));

  self->ca_file = ca_file ? g_canonicalize_filename (ca_file, NULL) : NULL;
  self->direct = direct;
  return self;
}

KandyHttpSession *
kandy_http_session_ref (KandyHttpSession *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
kandy_http_session_unref (KandyHttpSession *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

void
kandy_http_session_abort (KandyHttpSession *self)
{
  kandy_network_post (abort_in_network, kandy_http_session_ref (self));
}

SoupSession *
kandy_http_session_ensure (KandyHttpSession *self, GError **error)
{
  g_autoptr (GTlsDatabase) database = NULL;

  if (self->session)
    return self->session;

  if (self->ca_file) {
    g_autoptr (GError) local = NULL;

    database = g_tls_file_database_new (self->ca_file, &local);
    if (!database) {
      g_propagate_error (error,
          kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
              "ca-file \"%s\" cannot be used: %s", self->ca_file,
              local->message));
      return NULL;
    }
  }
  self->session = soup_session_new_with_options ("max-conns", MAX_CONNS,
      "max-conns-per-host", MAX_CONNS, "timeout", 0, "idle-timeout",
      IDLE_TIMEOUT_S, NULL);
  if (database)
    soup_session_set_tls_database (self->session, database);
  if (self->direct)
    soup_session_set_proxy_resolver (self->session, NULL);
  return self->session;
}
