/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

#define GST_TYPE_KANDY_SIGNALLER (gst_kandy_signaller_get_type ())
G_DECLARE_FINAL_TYPE (GstKandySignaller, gst_kandy_signaller, GST, KANDY_SIGNALLER, GstKandyBaseBin)

GST_ELEMENT_REGISTER_DECLARE (kandysignaller);

G_END_DECLS
