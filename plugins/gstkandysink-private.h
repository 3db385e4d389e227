/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysink.h"
#include "gstkandysinkdevices.h"
#include "gstkandysinkpad.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#undef GST_USE_UNSTABLE_API

G_BEGIN_DECLS

/* What the files of kandysink share: gstkandysink.c is the element with its pads
 * and properties, gstkandysinkmember.c the member of the session: what it sends in
 * calls. */

struct _GstKandySink {
  GstKandyBaseBin parent_instance;

  GstKandySinkDevices *devices;

  /* all of it guarded by the object lock */
  GPtrArray *pads; /* of GstKandySinkPad, a reference each */
  GPtrArray *gone; /* of char: ids of tracks whose pads were released */
  guint n_pads[3]; /* by template: number for the next one */
  GPtrArray *eos;  /* of GstKandySinkPad, unowned, those at their end */
  gboolean ended;  /* EOS has been posted */
  char *codecs[2]; /* by kind, (nullable) */
  gboolean end_on_eos;
  gboolean eos_on_end;
  GstWebRTCPriorityType priority[3]; /* of sound, pictures, a screen */
};

void gst_kandy_sink_member_init (GstKandySessionMemberInterface *iface);
/* (transfer full): of GstKandySinkPad */
GPtrArray *gst_kandy_sink_dup_pads (GstKandySink *self);
/* Whether a codec is allowed for @caps at @pad */
gboolean gst_kandy_sink_is_sendable (GstKandySink *self, GstKandySinkPad *pad,
    GstCaps *caps);
/* The device that stands in for what is linked to @pad has failed, or is at its
 * end without @error (nullable): its track goes, and nothing takes its place */
void gst_kandy_sink_lose_track (GstKandySink *self, GstKandySinkPad *pad,
    const GError *error);
/* What @pad, one on demand, was in a call for is over */
void gst_kandy_sink_track_ended (GstKandySink *self, GstKandySinkPad *pad);
/* In class_init: the signals that play what is sent */
void gst_kandy_sink_install_render (GType type);
/* The element ends for its pipeline */
void gst_kandy_sink_post_eos (GstKandySink *self);

G_END_DECLS
