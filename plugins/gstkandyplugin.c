/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandychatsink.h"
#include "gstkandychatsrc.h"
#include "gstkandysignaller.h"
#include "gstkandysink.h"
#include "gstkandysrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean ok = FALSE;

  ok |= GST_ELEMENT_REGISTER (kandychatsink, plugin);
  ok |= GST_ELEMENT_REGISTER (kandychatsrc, plugin);
  ok |= GST_ELEMENT_REGISTER (kandysignaller, plugin);
  ok |= GST_ELEMENT_REGISTER (kandysink, plugin);
  ok |= GST_ELEMENT_REGISTER (kandysrc, plugin);
  return ok;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, kandy,
    "WebRTC calls on the Kandy CPaaS platform", plugin_init, VERSION,
    GST_LICENSE, GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
