/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysendcaps.h"

/* SECTION: caps of what is sent
 *
 * An RTP session takes the clock rate of a stream from its caps, but the funnel
 * of a bundle forwards none. A session that does not know it asks when it makes
 * the first sender report of the stream (RFC 3550 6.4.1). It walks over its
 * table of sources then, and gives its lock up to ask: a source that is added
 * just then breaks the walk ("g_hash_table_foreach: assertion 'version ==
 * hash_table->version' failed").
 */

typedef struct {
  GstElement *rtpsession; /* unowned: the probe is on a pad of it */
  GArray *ssrcs;          /* guint32, the ones that it knows */
} SendCaps;

static void
send_caps_free (gpointer data)
{
  SendCaps *self = data;

  g_array_unref (self->ssrcs);
  g_free (self);
}

static gboolean
is_known (SendCaps *self, guint32 ssrc)
{
  /* a handful, the last one that came most likely */
  for (guint i = self->ssrcs->len; i > 0; i--)
    if (g_array_index (self->ssrcs, guint32, i - 1) == ssrc)
      return TRUE;
  return FALSE;
}

/* Outside of a bundle, they come by themselves */
static gboolean
has_caps (GstPad *pad, guint32 ssrc)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  guint value;

  return caps != NULL
      && gst_structure_get_uint (
          gst_caps_get_structure (caps, 0), "ssrc", &value)
      && value == ssrc;
}

static void
introduce (SendCaps *self, GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstCaps) caps = NULL;
  guint8 header[12];
  guint32 ssrc;

  /* RFC 3550 5.1 */
  if (gst_buffer_extract (buffer, 0, header, sizeof header) < sizeof header)
    return;
  ssrc = GST_READ_UINT32_BE (header + 8);
  if (is_known (self, ssrc))
    return;
  g_array_append_val (self->ssrcs, ssrc);
  if (has_caps (pad, ssrc))
    return;
  g_signal_emit_by_name (
      self->rtpsession, "request-pt-map", header[1] & 0x7f, &caps);
  if (caps == NULL || gst_caps_is_empty (caps) || gst_caps_is_any (caps))
    return;
  caps = gst_caps_make_writable (caps);
  gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, ssrc, NULL);
  gst_pad_send_event (pad, gst_event_new_caps (caps));
}

static gboolean
introduce_item (GstBuffer **buffer, guint i, gpointer user_data)
{
  gpointer *of = user_data;

  introduce (of[0], of[1], *buffer);
  return TRUE;
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gpointer of[] = { user_data, pad };

  if (GST_IS_BUFFER (info->data))
    introduce (user_data, pad, info->data);
  else
    gst_buffer_list_foreach (info->data, introduce_item, of);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *rtpsession, GstPad *pad, gpointer user_data)
{
  SendCaps *self;

  if (!g_str_equal (GST_OBJECT_NAME (pad), "send_rtp_sink"))
    return;
  self = g_new0 (SendCaps, 1);
  self->rtpsession = rtpsession;
  self->ssrcs = g_array_new (FALSE, FALSE, sizeof (guint32));
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
      self, send_caps_free);
}

void
gst_kandy_send_caps_watch (GstElement *rtpsession)
{
  g_signal_connect (rtpsession, "pad-added", G_CALLBACK (on_pad_added), NULL);
}
