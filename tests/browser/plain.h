/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A webrtcbin that is wired by hand, to compare the elements with: whole
 * descriptions, what is sent is in its sink pads' caps. */

typedef void (*PlainFunc) (const char *sdp, gpointer user_data);

/* Calls @func, in any thread, with its description once all candidates are in
 * it. @offer: (nullable): what it is an answer to */
void plain_describe (GstElement *webrtcbin, const char *offer, PlainFunc func,
    gpointer user_data);
void plain_accept (GstElement *webrtcbin, const char *answer);
/* (nullable): what makes raw media of a pad's packets, as of gst-launch-1.0 */
const char *plain_get_decoder (GstPad *pad);
