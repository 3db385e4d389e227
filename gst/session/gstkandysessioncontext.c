/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysession.h"
#include "gstkandysessioncontext.h"

/**
 * SECTION:gstkandysessioncontext
 * @title: Session context
 * @short_description: how the elements of one account find each other
 *
 * `kandysink`, `kandysrc` and `kandysignaller` meet in a #GstKandySession, one
 * for each value of their property `session`. Within a pipeline this happens by
 * itself: the element that reaches READY first makes a context of type
 * %GST_KANDY_SESSION_CONTEXT_TYPE and shares it as gst_element_set_context()
 * describes. An application that puts the two faces of one call into two
 * pipelines makes the context and sets it on both:
 *
 * |[<!-- language="C" -->
 * GstContext *context = gst_kandy_session_context_new ();
 *
 * gst_element_set_context (speaking, context);
 * gst_element_set_context (listening, context);
 * gst_context_unref (context);
 * ]|
 *
 * The context holds the sessions by name and weakly: a session lives as long as
 * one of its elements is in READY or above.
 */

/* What the context carries */
#define GST_KANDY_TYPE_SESSION_TABLE (gst_kandy_session_table_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySessionTable, gst_kandy_session_table, GST_KANDY,
    SESSION_TABLE, GObject)

struct _GstKandySessionTable {
  GObject parent_instance;

  GMutex lock;
  GHashTable *sessions; /* name -> GWeakRef */
};

G_DEFINE_TYPE (GstKandySessionTable, gst_kandy_session_table, G_TYPE_OBJECT)

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
gst_kandy_session_table_finalize (GObject *object)
{
  GstKandySessionTable *self = GST_KANDY_SESSION_TABLE (object);

  g_hash_table_unref (self->sessions);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gst_kandy_session_table_parent_class)->finalize (object);
}

static void
gst_kandy_session_table_class_init (GstKandySessionTableClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_kandy_session_table_finalize;
}

static void
gst_kandy_session_table_init (GstKandySessionTable *self)
{
  g_mutex_init (&self->lock);
  self->sessions =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, weak_ref_free);
}

static GstKandySession *
gst_kandy_session_table_get (GstKandySessionTable *self, const char *name)
{
  GstKandySession *session;
  GWeakRef *weak;

  g_mutex_lock (&self->lock);
  weak = g_hash_table_lookup (self->sessions, name);
  if (weak == NULL) {
    weak = g_new0 (GWeakRef, 1);
    g_weak_ref_init (weak, NULL);
    g_hash_table_insert (self->sessions, g_strdup (name), weak);
  }
  session = g_weak_ref_get (weak);
  if (session == NULL) {
    session = gst_kandy_session_new (name);
    g_weak_ref_set (weak, session);
  }
  g_mutex_unlock (&self->lock);
  return session;
}

/**
 * gst_kandy_session_context_new:
 *
 * Makes a context to be shared by several pipelines. It is persistent: an
 * element keeps it when it goes to NULL. Any thread.
 *
 * Returns: (transfer full): a context of type %GST_KANDY_SESSION_CONTEXT_TYPE
 */
GstContext *
gst_kandy_session_context_new (void)
{
  g_autoptr (GstKandySessionTable) table =
      g_object_new (GST_KANDY_TYPE_SESSION_TABLE, NULL);
  GstContext *context = gst_context_new (GST_KANDY_SESSION_CONTEXT_TYPE, TRUE);

  gst_structure_set (gst_context_writable_structure (context), "sessions",
      GST_KANDY_TYPE_SESSION_TABLE, table, NULL);
  return context;
}

GstKandySession *
gst_kandy_session_from_context (GstContext *context, const char *name)
{
  g_autoptr (GstKandySessionTable) table = NULL;

  g_return_val_if_fail (GST_IS_CONTEXT (context), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (!gst_context_has_context_type (context, GST_KANDY_SESSION_CONTEXT_TYPE)
      || !gst_structure_get (gst_context_get_structure (context), "sessions",
          GST_KANDY_TYPE_SESSION_TABLE, &table, NULL))
    return NULL;
  return gst_kandy_session_table_get (table, name);
}
