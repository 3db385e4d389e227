/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A device as the source of what a pad sends; it can be exchanged for another
 * one while it plays. */

#define GST_TYPE_KANDY_DEVICE_SRC (gst_kandy_device_src_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyDeviceSrc, gst_kandy_device_src, GST, KANDY_DEVICE_SRC, GstBin)

/* (transfer floating) */
GstKandyDeviceSrc *gst_kandy_device_src_new (void);
/* Gives out what @branch (transfer floating), a bin with a pad "src" that is in
 * READY, gives out: at once if it is the first one, else from its first buffer
 * on. @promise: (nullable) (transfer full): replied to then, or when that cannot
 * be */
void gst_kandy_device_src_take (GstKandyDeviceSrc *self, GstElement *branch,
    GstPromise *promise);
/* Before anything is taken: the first one, too, is given out from its first
 * buffer on. @begun is called on its streaming thread just before, each time */
typedef void (*GstKandyDeviceSrcFunc) (gpointer user_data);
void gst_kandy_device_src_set_begun (GstKandyDeviceSrc *self,
    GstKandyDeviceSrcFunc begun, gpointer user_data);
/* Before anything is taken: a device, which is a branch with a label, that fails
 * or is at its end is told of, and no longer there; without it the bin's parents
 * hear of an error, and what is linked of an end. On a streaming thread */
typedef void (*GstKandyDeviceSrcFailed) (GstKandyDeviceSrc *self,
    const GError *error, gpointer user_data);
void gst_kandy_device_src_set_failed (GstKandyDeviceSrc *self,
    GstKandyDeviceSrcFailed failed, gpointer user_data);
/* What the device is called; (nullable) for a source that is none */
void gst_kandy_device_src_set_label (GstElement *branch, const char *label);
/* @branch is a new track, and no change of the one that there is */
void gst_kandy_device_src_set_renewing (GstElement *branch);
/* (nullable) (transfer none) */
const char *gst_kandy_device_src_get_label (GstElement *branch);
/* (transfer full) (nullable): what is given out now is called; a source that is
 * no device by its own name */
char *gst_kandy_device_src_dup_label (GstKandyDeviceSrc *self);
/* Before anything is taken: a branch that is not renewing has taken the place of
 * another one; its promise is replied to next. On a streaming thread */
void gst_kandy_device_src_set_changed (GstKandyDeviceSrc *self,
    GstKandyDeviceSrcFunc changed, gpointer user_data);
/* Before it is taken out of its bin */
void gst_kandy_device_src_stop (GstKandyDeviceSrc *self);
/* Closes @branch, (transfer floating), that nobody has taken */
void gst_kandy_device_src_discard (GstElement *branch);

G_END_DECLS
