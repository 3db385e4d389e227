/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

#define GST_TYPE_KANDY_CHAT_SINK (gst_kandy_chat_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyChatSink, gst_kandy_chat_sink, GST, KANDY_CHAT_SINK, GstKandyBaseBin)
GST_ELEMENT_REGISTER_DECLARE (kandychatsink);

G_END_DECLS
