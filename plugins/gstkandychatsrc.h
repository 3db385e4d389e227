/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandybasebin.h"

G_BEGIN_DECLS

#define GST_TYPE_KANDY_CHAT_SRC (gst_kandy_chat_src_get_type ())
G_DECLARE_FINAL_TYPE (GstKandyChatSrc, gst_kandy_chat_src, GST, KANDY_CHAT_SRC, GstKandyBaseBin)
GST_ELEMENT_REGISTER_DECLARE (kandychatsrc);

G_END_DECLS
