/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-call-private.h"

#include "kandy-error.h"

#include <string.h>

/*
 * DTMF (protocol calls 5): nothing of it goes over the platform. An operation
 * of it negotiates nothing, so that there may be several at a time, beside any
 * other.
 */

#define DEFAULT_DURATION_MS 100
#define DEFAULT_GAP_MS 70

/* As a browser's RTCDTMFSender (W3C WebRTC 7.2) */
#define MIN_DURATION_MS 40
#define MIN_GAP_MS 30
#define MAX_MS 6000

typedef struct {
  KandyCall *call;
  GTask *task; /* NULL when it is answered */
} Operation;

static Operation *
operation_new (KandyCall *self, GTask *task)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->call = g_object_ref (self);
  operation->task = task;
  return operation;
}

static void
operation_free (Operation *operation)
{
  g_object_unref (operation->call);
  g_free (operation);
}

static const char *
find_invalid (const char *tones)
{
  const char *tone;

  for (tone = tones; *tone; tone = g_utf8_next_char (tone))
    if (!strchr ("0123456789*#ABCDabcd,", *tone))
      return tone;
  return NULL;
}

/* In the order of protocol calls 3.5 */
static GError *
check (KandyCall *self, const char *tones)
{
  const char *invalid;

  if (self->over
      || (self->state != KANDY_CALL_STATE_CONNECTED
          && self->state != KANDY_CALL_STATE_RINGING
          && self->state != KANDY_CALL_STATE_EARLY_MEDIA))
    return kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
        "Cannot send DTMF tones in a call that is %s; it must be Connected, "
        "Ringing or Early Media.",
        self->over && self->state == KANDY_CALL_STATE_CONNECTED
            ? "about to end"
            : kandy_call_state_to_string (self->state));
  if (!tones || !*tones)
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "There is no DTMF tone to send.");
  if (!g_utf8_validate (tones, -1, NULL))
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "The DTMF tones are not valid UTF-8.");
  invalid = find_invalid (tones);
  if (invalid)
    return kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
        "\"%.*s\" at position %ld is not a DTMF tone; those are 0 to 9, *, #, "
        "A to D, and the comma for a pause.",
        (int) (g_utf8_next_char (invalid) - invalid), invalid,
        g_utf8_pointer_to_offset (tones, invalid) + 1);
  return NULL;
}

static void
queue_finish (KandyCall *self, const GError *error)
{
  const KandyOperationInfo own = { KANDY_OPERATION_SEND_DTMF, FALSE };
  gboolean other = self->local_op.type != KANDY_OPERATION_NONE;

  kandy_call_queue_operation (self, KANDY_OPERATION_SEND_DTMF,
      KANDY_TRANSITION_FINISH, TRUE, other ? &self->local_op : &own, error);
}

static void
on_sent (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;
  KandyCall *self = operation->call;
  g_autoptr (GError) cause = NULL;
  GError *error = NULL;

  if (!kandy_media_engine_send_dtmf_finish (
          KANDY_MEDIA_ENGINE (engine), result, &cause)) {
    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      error = g_error_copy (cause);
    else
      error = kandy_call_media_error (
          cause, "call:2", "The DTMF tones cannot be sent");
  }
  /* When the call has ended, that is what was said of it */
  if (operation->task) {
    g_ptr_array_remove (self->dtmf, operation);
    queue_finish (self, error);
    kandy_call_queue_answer (
        self, g_steal_pointer (&operation->task), g_steal_pointer (&error));
    kandy_call_flush (self);
  }
  g_clear_error (&error);
  operation_free (operation);
}

void
kandy_call_stop_dtmf (KandyCall *self, const GError *error)
{
  guint i;

  for (i = 0; i < self->dtmf->len; i++) {
    Operation *operation = g_ptr_array_index (self->dtmf, i);

    kandy_call_queue_answer (
        self, g_steal_pointer (&operation->task), g_error_copy (error));
  }
  g_ptr_array_set_size (self->dtmf, 0);
}

void
kandy_call_dtmf_received (KandyCall *self, guint number, gboolean in_band)
{
  static const char tones[] = "0123456789*#ABCD";
  const char tone[] = { tones[number & 0xf], '\0' };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "callId", "s", self->id);
  g_variant_dict_insert (&dict, "tone", "s", tone);
  g_variant_dict_insert (&dict, "inBand", "b", in_band);
  kandy_call_queue_event (
      self, self, "call:dtmfReceived", g_variant_dict_end (&dict));
}

/**
 * kandy_call_send_dtmf_async:
 * @self: a call
 * @tones: what to send, of `0` to `9`, `*`, `#`, `A` to `D` and `,`, which is
 *     a pause of two seconds
 * @duration: of each tone, in milliseconds; 0: 100. From 40 to 6000: what is
 *     less or more counts as that
 * @gap: between two tones, in milliseconds; 0: 70. From 30 to 6000: what is
 *     less or more counts as that
 * @cancellable: (nullable): when cancelled, the tones that were not sent yet
 *     are not sent
 * @callback: (scope async): called when all tones have been sent, or not
 * @user_data: data for @callback
 *
 * Sends DTMF tones to the far end of a call that is Connected, Ringing or in
 * Early Media (API document: `call.sendDTMF`; operation SEND_DTMF). They go
 * out of band (RFC 4733) if the far end takes that, else as sound. The call's
 * state does not change.
 *
 * Tones of a second call of this function follow those of the first. What was
 * not sent when the call is held or ends is not sent any more, and its
 * operation has failed. Unlike in the JavaScript client, the operation is
 * finished when the tones have been played in either case, so that the next
 * step of a program does not cut them off.
 *
 * Finish with kandy_call_operation_finish(). Errors: `call:6` in another state,
 * `call:7` for @tones that are none, `call:2` if there is no sound that tones
 * could go with.
 */
void
kandy_call_send_dtmf_async (KandyCall *self, const char *tones, guint duration,
    guint gap, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  Operation *operation;
  GTask *task;
  GError *error;

  g_return_if_fail (KANDY_IS_CALL (self));

  task = kandy_call_task_new (
      self, kandy_call_send_dtmf_async, NULL, callback, user_data);
  kandy_call_queue_operation (self, KANDY_OPERATION_SEND_DTMF,
      KANDY_TRANSITION_START, TRUE, &self->local_op, NULL);
  error = check (self, tones);
  if (!error && !self->engine)
    error = kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
        "The DTMF tones cannot be sent: the call has no media.");
  if (error) {
    kandy_call_queue_operation (self, KANDY_OPERATION_SEND_DTMF,
        KANDY_TRANSITION_FINISH, TRUE, &self->local_op, error);
    kandy_call_queue_answer (self, task, error);
  } else {
    operation = operation_new (self, task);
    g_ptr_array_add (self->dtmf, operation);
    kandy_media_engine_send_dtmf_async (self->engine, tones,
        CLAMP (
            duration ? duration : DEFAULT_DURATION_MS, MIN_DURATION_MS, MAX_MS),
        CLAMP (gap ? gap : DEFAULT_GAP_MS, MIN_GAP_MS, MAX_MS), cancellable,
        on_sent, operation);
  }
  kandy_call_flush (self);
}
