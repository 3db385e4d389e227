/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Tells an RTP session the caps of each SSRC before its first packet. */

/* @rtpsession: the element, before it has pads */
void gst_kandy_send_caps_watch (GstElement *rtpsession);

G_END_DECLS
