/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-calls-private.h"

#include "kandy-client-private.h"
#include "kandy-enum-types.h"
#include "kandy-error.h"

/*
 * Which codecs there are (protocol calls 6.2). No call is needed to ask, hence
 * no media engine: whoever makes engines says what they can do.
 */

/**
 * KandyCodecLister:
 * @calls: the calls
 * @kind: audio or video
 * @user_data: as given to kandy_calls_set_codec_lister()
 *
 * Lists what engines can send. Called on the client's main context.
 *
 * Returns: (transfer floating): an `aa{sv}`, best first, with the members of
 *     W3C's `RTCRtpCodecCapability`: `mimeType` (`s`), `clockRate` (`i`),
 *     `channels` (`i`, audio only) and `sdpFmtpLine` (`s`, if there is one)
 */

/**
 * kandy_calls_set_codec_lister:
 * @self: the calls
 * @lister: (nullable) (scope notified) (closure user_data): lists codecs
 * @user_data: data for @lister
 * @notify: (nullable): frees @user_data
 *
 * Sets who knows the codecs of the engines of
 * kandy_calls_set_engine_factory().
 */
void
kandy_calls_set_codec_lister (KandyCalls *self, KandyCodecLister lister,
    gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_return_if_fail (KANDY_IS_CALLS (self));

  old_notify = self->lister_notify;
  old_data = self->lister_data;
  self->lister = lister;
  self->lister_data = user_data;
  self->lister_notify = notify;
  if (old_notify)
    old_notify (old_data);
}

static gboolean
parse_kind (const char *text, KandyMediaKind *kind)
{
  g_autoptr (GEnumClass) kinds = g_type_class_ref (KANDY_TYPE_MEDIA_KIND);
  GEnumValue *value = text ? g_enum_get_value_by_nick (kinds, text) : NULL;

  if (value)
    *kind = value->value;
  return value != NULL;
}

/**
 * kandy_calls_get_available_codecs_async:
 * @self: the calls
 * @kind: `audio` or `video`
 * @cancellable: (nullable): stops the wait for it
 * @callback: (scope async): called when it is done
 * @user_data: data for @callback
 *
 * Asks what can be sent with what is installed here (API document:
 * `call.getAvailableCodecs`). No call is needed. With the event
 * `call:availableCodecs` if it succeeds.
 */
void
kandy_calls_get_available_codecs_async (KandyCalls *self, const char *kind,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GVariant) codecs = NULL;
  KandyMediaKind parsed;
  GVariantDict dict;

  g_return_if_fail (KANDY_IS_CALLS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_calls_get_available_codecs_async);
  if (!parse_kind (kind, &parsed)) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
            "Cannot retrieve codecs for media kind %s. Only 'audio' or 'video' "
            "kind supported.",
            kind ? kind : "(none)"));
    return;
  }
  if (!self->client || kandy_client_is_destroyed (self->client)) {
    g_task_return_error (task,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed."));
    return;
  }
  if (!self->lister) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "call:5", 0,
            "Nobody knows which codecs there are."));
    return;
  }

  codecs = g_variant_ref_sink (self->lister (self, parsed, self->lister_data));
  g_task_return_pointer (
      task, g_variant_ref (codecs), (GDestroyNotify) g_variant_unref);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", kind);
  g_variant_dict_insert_value (&dict, "codecs", codecs);
  kandy_client_emit (
      self->client, self, "call:availableCodecs", g_variant_dict_end (&dict));
}

/**
 * kandy_calls_get_available_codecs_finish:
 * @self: the calls
 * @result: what the callback got
 * @error: (nullable): set on failure
 *
 * Returns: (transfer full) (nullable): an `aa{sv}`, best first, with the
 *     members that #KandyCodecLister names; %NULL with @error set:
 *     %KANDY_ERROR_INVALID_PARAM (`call:7`) if the kind is neither audio nor
 *     video, %KANDY_ERROR_NOT_SUPPORTED (`call:5`) without
 *     kandy_calls_set_codec_lister()
 */
GVariant *
kandy_calls_get_available_codecs_finish (
    KandyCalls *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
