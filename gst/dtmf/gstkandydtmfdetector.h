/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Private. Finds DTMF tones in raw sound, in a pipeline of its own around the
 * element dtmfdetect: what it listens to does not wait for it. */
typedef struct _GstKandyDtmfDetector GstKandyDtmfDetector;

/* On a thread of the detector */
typedef void (*GstKandyDtmfHeard) (guint number, gpointer user_data);

/* NULL if an element is missing, whose name is then in @missing */
GstKandyDtmfDetector *gst_kandy_dtmf_detector_new (GstKandyDtmfHeard heard,
    gpointer user_data, const char **missing);
/* No call of @heard comes afterwards */
void gst_kandy_dtmf_detector_free (GstKandyDtmfDetector *self);
/* One streaming thread. @caps: of the raw sound */
void gst_kandy_dtmf_detector_push (GstKandyDtmfDetector *self,
    GstBuffer *buffer, GstCaps *caps);

G_END_DECLS
