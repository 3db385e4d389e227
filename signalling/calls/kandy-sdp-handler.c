/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-sdp-handler.h"

#include "kandy-error.h"

#include <string.h>

/**
 * KandySdpHandler:
 *
 * A function that changes descriptions (SDP, RFC 8866) of calls: those that are
 * made here before they go to the far end, and those of the far end before they
 * take effect (API document: `call.SdpHandlerFunction`). See
 * kandy_calls_set_sdp_handlers().
 *
 * It is for special environments: what it does is as right as the application
 * makes it. Descriptions that a handler returns have to be descriptions, with
 * the m-lines that they had; others are not used, and #KandySdpHandler::failed
 * says what is wrong with them. The media follow their own descriptions, not
 * the ones that were changed: what is taken out of an answer that is made here
 * is to be taken out of the far end's offer as well, as
 * kandy_sdp_handler_new_codec_remover() does.
 */

struct _KandySdpHandler {
  GObject parent_instance;

  KandySdpHandlerFunc func;
  gpointer user_data;
  GDestroyNotify notify;
};

enum { SIGNAL_FAILED, N_SIGNALS };

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (KandySdpHandler, kandy_sdp_handler, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (KandySdpHandlerInfo, kandy_sdp_handler_info,
    kandy_sdp_handler_info_copy, kandy_sdp_handler_info_free)

static void
kandy_sdp_handler_finalize (GObject *object)
{
  KandySdpHandler *self = KANDY_SDP_HANDLER (object);

  if (self->notify)
    self->notify (self->user_data);

  G_OBJECT_CLASS (kandy_sdp_handler_parent_class)->finalize (object);
}

static void
kandy_sdp_handler_class_init (KandySdpHandlerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kandy_sdp_handler_finalize;

  /**
   * KandySdpHandler::failed:
   * @self: the handler
   * @info: the description that it was to change
   * @error: what is wrong with what it returned, %KANDY_ERROR_INVALID_PARAM,
   *   `call:9`
   *
   * What the handler returned is not used; the call goes on with what the
   * description was before it. Emitted where the handler runs.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", KANDY_TYPE_SDP_HANDLER,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
      KANDY_TYPE_SDP_HANDLER_INFO, G_TYPE_ERROR);
}

static void
kandy_sdp_handler_init (KandySdpHandler *self)
{
}

static void set_invalid (GError **error, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

static void
set_invalid (GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:9", 0,
          "An SDP handler returned what is no description: %s.", what));
}

/* The kinds of the m-lines, in order, as in "audio video" */
static char *
list_mlines (char **lines)
{
  GString *kinds = g_string_new (NULL);

  for (; *lines; lines++)
    if (g_str_has_prefix (*lines, "m=")) {
      if (kinds->len > 0)
        g_string_append_c (kinds, ' ');
      g_string_append_len (
          kinds, *lines + 2, (gssize) strcspn (*lines + 2, " "));
    }
  return g_string_free (kinds, FALSE);
}

static char **
split_lines (const char *sdp)
{
  char **lines = g_strsplit (sdp, "\n", -1);
  guint i;

  for (i = 0; lines[i]; i++)
    g_strchomp (lines[i]);
  /* behind the last line end */
  if (i > 0 && !*lines[i - 1])
    g_clear_pointer (&lines[i - 1], g_free);
  return lines;
}

/* (transfer full) (nullable): @after with the line ends that SDP has, if it can
 * stand for @before */
static char *
check (const char *before, const char *after, GError **error)
{
  g_auto (GStrv) old_lines = split_lines (before);
  g_auto (GStrv) lines = NULL;
  g_autofree char *had = NULL;
  g_autofree char *has = NULL;
  g_autofree char *joined = NULL;
  guint i;

  if (!g_utf8_validate (after, -1, NULL)) {
    set_invalid (error, "it is not UTF-8");
    return NULL;
  }
  lines = split_lines (after);
  if (g_strcmp0 (lines[0], "v=0") != 0) {
    set_invalid (error, "it does not begin with v=0");
    return NULL;
  }
  for (i = 0; lines[i]; i++)
    if (!g_ascii_islower (lines[i][0]) || lines[i][1] != '=') {
      set_invalid (error, "line %u is \"%s\"", i + 1, lines[i]);
      return NULL;
    }
  had = list_mlines (old_lines);
  has = list_mlines (lines);
  if (!g_str_equal (had, has)) {
    set_invalid (error, "its m-lines are \"%s\", they were \"%s\"", has, had);
    return NULL;
  }
  joined = g_strjoinv ("\r\n", lines);
  return g_strconcat (joined, "\r\n", NULL);
}

/**
 * kandy_sdp_handler_info_copy:
 * @self: an info
 *
 * Returns: (transfer full): a copy
 */
KandySdpHandlerInfo *
kandy_sdp_handler_info_copy (const KandySdpHandlerInfo *self)
{
  KandySdpHandlerInfo *copy = g_new (KandySdpHandlerInfo, 1);

  copy->call_id = g_strdup (self->call_id);
  copy->type = g_strdup (self->type);
  copy->step = g_strdup (self->step);
  copy->endpoint = g_strdup (self->endpoint);
  return copy;
}

/**
 * kandy_sdp_handler_info_free:
 * @self: an info
 *
 * Frees it.
 */
void
kandy_sdp_handler_info_free (KandySdpHandlerInfo *self)
{
  g_free (self->call_id);
  g_free (self->type);
  g_free (self->step);
  g_free (self->endpoint);
  g_free (self);
}

/**
 * KandySdpHandlerFunc:
 * @sdp: the description so far, as earlier handlers left it
 * @info: which one it is
 * @original_sdp: the description before any handler
 * @user_data: (closure): as given to kandy_sdp_handler_new()
 *
 * Changes a description (API document: `call.SdpHandlerFunction`). It runs on
 * the client's main context, in the midst of the call's work: it is not to use
 * the call.
 *
 * Returns: (transfer full) (nullable): the description from now on; %NULL to
 *   leave it as it is
 */

/**
 * kandy_sdp_handler_new:
 * @func: (scope notified) (closure user_data): changes descriptions
 * @user_data: data for @func
 * @notify: (nullable): frees @user_data
 *
 * Returns: (transfer full): a new handler
 */
KandySdpHandler *
kandy_sdp_handler_new (
    KandySdpHandlerFunc func, gpointer user_data, GDestroyNotify notify)
{
  KandySdpHandler *self = g_object_new (KANDY_TYPE_SDP_HANDLER, NULL);

  self->func = func;
  self->user_data = user_data;
  self->notify = notify;
  return self;
}

/**
 * kandy_sdp_handler_run:
 * @self: a handler
 * @sdp: a description
 * @info: which one it is
 * @original_sdp: (nullable): the description before any handler; %NULL: @sdp
 * @error: (nullable): set on failure
 *
 * Lets a handler change a description, and checks what it returns.
 *
 * Returns: (transfer full): the description from now on; %NULL with @error set
 *   to %KANDY_ERROR_INVALID_PARAM (`call:9`) if what the handler returned is no
 *   description, or one with other m-lines; then #KandySdpHandler::failed has
 *   been emitted
 */
char *
kandy_sdp_handler_run (KandySdpHandler *self, const char *sdp,
    const KandySdpHandlerInfo *info, const char *original_sdp, GError **error)
{
  g_autofree char *changed = NULL;
  g_autoptr (GError) invalid = NULL;
  char *checked;

  g_return_val_if_fail (KANDY_IS_SDP_HANDLER (self), NULL);
  g_return_val_if_fail (sdp != NULL && info != NULL, NULL);

  changed = self->func (
      sdp, info, original_sdp ? original_sdp : sdp, self->user_data);
  if (!changed || g_str_equal (changed, sdp))
    return g_strdup (sdp);
  checked = check (sdp, changed, &invalid);
  if (invalid) {
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, info, invalid);
    g_propagate_error (error, g_steal_pointer (&invalid));
  }
  return checked;
}
