/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin.h"
#include "gstkandywaiting.h"

/* SECTION: who waits in vain
 *
 * A launch line names pads that may come, and builds what is behind them at
 * once. A sink there waits for its first buffer, and a bin that waits for one
 * sink starts none of the others.
 */

/* (transfer full) */
static GstObject *
get_top (GstElement *element)
{
  GstObject *top = gst_object_ref (GST_OBJECT (element));
  GstObject *parent;

  while ((parent = gst_object_get_parent (top)) != NULL) {
    gst_object_unref (top);
    top = parent;
  }
  return top;
}

/* What is inside of our own elements waits for reasons of its own */
static gboolean
is_ours (GstElement *element)
{
  g_autoptr (GstObject) object = gst_object_ref (GST_OBJECT (element));
  GstObject *parent;

  while (!GST_IS_KANDY_BASE_BIN (object)) {
    parent = gst_object_get_parent (object);
    if (parent == NULL)
      return FALSE;
    gst_object_unref (object);
    object = parent;
  }
  return TRUE;
}

static gboolean
is_open_for (GstPad *pad, GstCaps *caps)
{
  g_autoptr (GstCaps) taken = NULL;

  if (gst_pad_is_linked (pad))
    return FALSE;
  taken = gst_pad_query_caps (pad, NULL);
  return gst_caps_can_intersect (taken, caps);
}

static gboolean
waits_for (GstElement *element, GstCaps *caps)
{
  GList *pads, *item;
  gboolean waits = FALSE;

  if (is_ours (element))
    return FALSE;
  GST_OBJECT_LOCK (element);
  pads = g_list_copy_deep (
      element->sinkpads, (GCopyFunc) (void (*) (void)) gst_object_ref, NULL);
  GST_OBJECT_UNLOCK (element);
  for (item = pads; item != NULL && !waits; item = item->next)
    waits = is_open_for (item->data, caps);
  g_list_free_full (pads, gst_object_unref);
  return waits;
}

gboolean
gst_kandy_is_waited_for (GstElement *element, GstCaps *caps)
{
  g_autoptr (GstObject) top = get_top (element);
  GstIterator *elements;
  GValue item = G_VALUE_INIT;
  gboolean waits = FALSE, done = FALSE;

  if (!GST_IS_BIN (top)
      || gst_element_get_state (GST_ELEMENT (top), NULL, NULL, 0)
          != GST_STATE_CHANGE_ASYNC)
    return FALSE;
  elements = gst_bin_iterate_recurse (GST_BIN (top));
  while (!waits && !done) {
    switch (gst_iterator_next (elements, &item)) {
      case GST_ITERATOR_OK:
        waits = waits_for (g_value_get_object (&item), caps);
        g_value_reset (&item);
        break;
      case GST_ITERATOR_RESYNC:
        gst_iterator_resync (elements);
        break;
      default:
        done = TRUE;
        break;
    }
  }
  g_value_unset (&item);
  gst_iterator_free (elements);
  return waits;
}
