/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytoneevent.h"

#define DEFAULT_VOLUME 10

/* The values of a field "type" and "method", as rtpdtmfsrc and dtmfsrc have
 * them */
#define TYPE_NAMED 1
#define METHOD_RTP 1
#define METHOD_SOUND 2

gboolean
gst_kandy_is_tone_event (GstEvent *event)
{
  return (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_UPSTREAM
             || GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM
             || GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_OOB
             || GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_BOTH
             || GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_BOTH_OOB)
      && gst_event_has_name (event, "dtmf-event");
}

GstStructure *
gst_kandy_tone_event_to_request (GstEvent *event, GstKandySendTrack *track)
{
  const GstStructure *s = gst_event_get_structure (event);
  int type = TYPE_NAMED, number = -1, volume = DEFAULT_VOLUME, method = 0;
  GstStructure *request;
  gboolean start;

  gst_structure_get_int (s, "type", &type);
  gst_structure_get_int (s, "number", &number);
  gst_structure_get_int (s, "volume", &volume);
  gst_structure_get_int (s, "method", &method);
  if (!gst_structure_get_boolean (s, "start", &start) || type != TYPE_NAMED
      || (start && (number < 0 || number > 15)) || volume < 0 || volume > 63
      || method < 0 || method > METHOD_SOUND)
    return NULL;

  request = gst_structure_new ("tone", "start", G_TYPE_BOOLEAN, start, "number",
      G_TYPE_UINT, (guint) MAX (number, 0), "volume", G_TYPE_UINT,
      (guint) volume, "method", G_TYPE_INT,
      method == METHOD_RTP         ? GST_KANDY_DTMF_METHOD_EVENT
          : method == METHOD_SOUND ? GST_KANDY_DTMF_METHOD_SOUND
                                   : GST_KANDY_DTMF_METHOD_ANY,
      NULL);
  if (track != NULL)
    gst_structure_set (
        request, "track", GST_KANDY_TYPE_SEND_TRACK, track, NULL);
  return request;
}
