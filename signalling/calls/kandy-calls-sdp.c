/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-calls-private.h"

#include "kandy-call-private.h"
#include "kandy-sdp-handler.h"

/*
 * The application's SDP handlers (protocol calls 4.3), between the media and
 * the platform. The rules of this library's own, as for H.264, are the media
 * engine's.
 */

/* Takes @sdp */
static char *
run (KandyCall *self, char *sdp, const char *original, const char *type,
    const char *step, const char *endpoint)
{
  KandySdpHandlerInfo info = { self->id, (char *) type, (char *) step,
    (char *) endpoint };
  g_autoptr (GPtrArray) handlers =
      g_ptr_array_ref (kandy_calls_get_handlers (self->calls));
  guint i;

  for (i = 0; i < handlers->len; i++) {
    g_autoptr (GError) error = NULL;
    char *changed = kandy_sdp_handler_run (
        handlers->pdata[i], sdp, &info, original, &error);

    if (changed) {
      g_free (sdp);
      sdp = changed;
    } else {
      kandy_call_log (self, KANDY_LOG_LEVEL_ERROR,
          "handler %u of the %s %s is left out: %s", i + 1, endpoint, type,
          error->message);
    }
  }
  return sdp;
}

static gboolean
has_handlers (KandyCall *self)
{
  return !self->over && self->calls
      && kandy_calls_get_handlers (self->calls)->len > 0;
}

char *
kandy_call_filter_local (KandyCall *self, char *sdp, const char *type)
{
  g_autofree char *original = NULL;

  if (!sdp || !has_handlers (self))
    return sdp;
  original = g_strdup (sdp);
  sdp = run (self, sdp, original, type, "set", "local");
  if (has_handlers (self))
    sdp = run (self, sdp, original, type, "send", "local");
  return sdp;
}

void
kandy_call_filter_remote (KandyCall *self, char **sdp, const char *type)
{
  g_autofree char *original = NULL;

  if (!*sdp || !has_handlers (self))
    return;
  original = g_strdup (*sdp);
  *sdp = run (self, *sdp, original, type, "set", "remote");
}

GPtrArray *
kandy_calls_get_handlers (KandyCalls *self)
{
  return self->handlers;
}

/**
 * kandy_calls_set_sdp_handlers:
 * @self: the calls
 * @handlers: (nullable) (element-type KandySdpHandler): what changes
 *   descriptions, in this order; %NULL: nothing
 *
 * Sets what changes the descriptions of all calls from now on, in place of what
 * was set before (API document: `call.setSdpHandlers`; for the configuration's
 * `call.sdpHandlers`, call it before the first call). An offer or answer that
 * is made here is given to the handlers twice, once as it takes effect here
 * (step `set`) and once as it goes to the far end (`send`), one of the far end
 * once (`set`).
 *
 * What a handler returns has to be a description with the same m-lines.
 * Otherwise it is left out: the log has an error, and so has
 * #KandySdpHandler::failed.
 */
void
kandy_calls_set_sdp_handlers (KandyCalls *self, GPtrArray *handlers)
{
  GPtrArray *old;
  guint i;

  g_return_if_fail (KANDY_IS_CALLS (self));

  old = self->handlers;
  self->handlers = g_ptr_array_new_with_free_func (g_object_unref);
  for (i = 0; handlers && i < handlers->len; i++)
    g_ptr_array_add (self->handlers, g_object_ref (handlers->pdata[i]));
  g_ptr_array_unref (old);
}
