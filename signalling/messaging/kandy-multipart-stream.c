/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-multipart-stream.h"

/*
 * The body of an upload without a copy of the file: libsoup's own multipart
 * wants all parts in memory.
 */

struct _KandyMultipartStream {
  GInputStream parent_instance;

  GInputStream *streams[3];
  guint current;
};

G_DEFINE_FINAL_TYPE (
    KandyMultipartStream, kandy_multipart_stream, G_TYPE_INPUT_STREAM)

static gssize
kandy_multipart_stream_read (GInputStream *stream, void *buffer, gsize count,
    GCancellable *cancellable, GError **error)
{
  KandyMultipartStream *self = KANDY_MULTIPART_STREAM (stream);

  while (self->current < G_N_ELEMENTS (self->streams)) {
    gssize n = g_input_stream_read (
        self->streams[self->current], buffer, count, cancellable, error);

    if (n != 0 || count == 0)
      return n;
    self->current++;
  }
  return 0;
}

static void
kandy_multipart_stream_finalize (GObject *object)
{
  KandyMultipartStream *self = KANDY_MULTIPART_STREAM (object);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (self->streams); i++)
    g_object_unref (self->streams[i]);

  G_OBJECT_CLASS (kandy_multipart_stream_parent_class)->finalize (object);
}

static void
kandy_multipart_stream_class_init (KandyMultipartStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_multipart_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = kandy_multipart_stream_read;
}

static void
kandy_multipart_stream_init (KandyMultipartStream *self)
{
}

GInputStream *
kandy_multipart_stream_new (
    const char *head, GInputStream *content, const char *tail)
{
  KandyMultipartStream *self = g_object_new (KANDY_TYPE_MULTIPART_STREAM, NULL);

  self->streams[0] =
      g_memory_input_stream_new_from_data (g_strdup (head), -1, g_free);
  self->streams[1] = g_object_ref (content);
  self->streams[2] =
      g_memory_input_stream_new_from_data (g_strdup (tail), -1, g_free);
  return G_INPUT_STREAM (self);
}
