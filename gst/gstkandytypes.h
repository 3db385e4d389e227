/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <kandy.h>

G_BEGIN_DECLS

#ifndef GST_KANDY_API
# ifdef BUILDING_GST_KANDY
#  define GST_KANDY_API __attribute__ ((visibility ("default"))) extern
# else
#  define GST_KANDY_API extern
# endif
#endif

typedef struct _GstKandyCall GstKandyCall;
typedef struct _GstKandySendTrack GstKandySendTrack;
typedef struct _GstKandyReceiveTrack GstKandyReceiveTrack;
typedef struct _GstKandySession GstKandySession;

G_END_DECLS
