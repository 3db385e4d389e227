/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

#define GST_TYPE_KANDY_SINK (gst_kandy_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySink, gst_kandy_sink, GST, KANDY_SINK, GstKandyBaseBin)

GST_ELEMENT_REGISTER_DECLARE (kandysink);

G_END_DECLS
