/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

#define GST_TYPE_KANDY_SRC (gst_kandy_src_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySrc, gst_kandy_src, GST, KANDY_SRC, GstKandyBaseBin)

GST_ELEMENT_REGISTER_DECLARE (kandysrc);

G_END_DECLS
