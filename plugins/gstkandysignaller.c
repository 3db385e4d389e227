/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandysignaller
 * @title: kandysignaller
 * @see_also: kandysink, kandysrc
 *
 * The account by itself: signs on to the Kandy CPaaS platform, tells who calls,
 * and acts on calls. It has no pads. A pipeline with `kandysink` or `kandysrc`
 * does not need it; it is of use where the account is to stay signed on while
 * pipelines with media come and go. They then share its session by the context
 * of type `gst.kandy.session`, see gst_kandy_session_context_new().
 *
 * ## Example launch line
 *
 * Beside `kandy-loopback --port 8080`; tells with its messages who calls:
 * |[
 * gst-launch-1.0 -m kandysignaller server=http://127.0.0.1:8080 \
 *     username=carol@loopback.example password=carol
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysignaller.h"

struct _GstKandySignaller {
  GstKandyBaseBin parent_instance;
};

G_DEFINE_TYPE (GstKandySignaller, gst_kandy_signaller, GST_TYPE_KANDY_BASE_BIN)

GST_ELEMENT_REGISTER_DEFINE (
    kandysignaller, "kandysignaller", GST_RANK_NONE, GST_TYPE_KANDY_SIGNALLER);

static void
gst_kandy_signaller_class_init (GstKandySignallerClass *klass)
{
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Kandy account", "Generic/Network",
      "Signs on to the Kandy CPaaS platform and tells who calls. Settings of "
      "the client are its child \"client\", for example "
      "client::ping-interval=20000",
      "The gst-kandy authors");
}

static void
gst_kandy_signaller_init (GstKandySignaller *self)
{
}
