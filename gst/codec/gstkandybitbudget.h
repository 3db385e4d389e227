/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Keeps what an encoder of pictures makes within its bit rate, whatever
 * it can make of them: while it has made too much, the pictures that come to
 * it are left out. */

/* Watches the pads of @encoder for as long as it lives */
void gst_kandy_bit_budget_attach (GstElement *encoder);
/* @bitrate: bit/s. Nothing for an encoder that is not watched. From any
 * thread */
void gst_kandy_bit_budget_set_rate (GstElement *encoder, guint bitrate);

G_END_DECLS
