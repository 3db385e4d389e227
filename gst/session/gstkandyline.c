/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <kandy-services.h>

#include "gstkandydevices.h"
#include "gstkandyline-private.h"

/* SECTION: GstKandyLine
 *
 * One sign-on of a session: log-in, subscription, calls, good-bye. The line has
 * a thread, the "kandy" thread, whose main context is the thread-default one
 * there; the client, the calls and their media halves live on it and nobody
 * else touches them. Other threads post to it.
 *
 * Who stops a line does not wait for it: the thread hangs up, unsubscribes and
 * ends by itself, within GST_KANDY_GOODBYE_TIMEOUT whatever the server does,
 * and holds the references that it needs for this.
 */

GST_DEBUG_CATEGORY (kandy_line_debug);
GST_DEBUG_CATEGORY_STATIC (kandy_client_debug);
#define GST_CAT_DEFAULT kandy_line_debug

G_DEFINE_TYPE_WITH_CODE (GstKandyLine, gst_kandy_line, G_TYPE_OBJECT,
                         GST_DEBUG_CATEGORY_INIT (kandy_line_debug, "kandyline",
                             0, "sign-on and calls of the kandy elements");
                         GST_DEBUG_CATEGORY_INIT (kandy_client_debug,
                             "kandyclient", 0, "log of the signalling library"))

static void gst_kandy_line_sign_on (GstKandyLine *self);

/* What another thread has posted */
typedef struct {
  GstKandyLine *line;
  void (*func) (GstKandyLine *line, gpointer data);
  gpointer data;
  GDestroyNotify notify;
} Task;

static gboolean
task_run (gpointer data)
{
  Task *task = data;

  task->func (task->line, task->data);
  return G_SOURCE_REMOVE;
}

static void
task_free (gpointer data)
{
  Task *task = data;

  if (task->notify != NULL)
    task->notify (task->data);
  g_object_unref (task->line);
  g_free (task);
}

/* Always through the queue, never at once, so that the order is that of the
 * calls and no caller is re-entered. FALSE, and nothing done, if the thread has
 * ended. */
gboolean
gst_kandy_line_post (GstKandyLine *self,
    void (*func) (GstKandyLine *, gpointer), gpointer data,
    GDestroyNotify notify)
{
  GSource *source;
  Task *task;

  g_mutex_lock (&self->lock);
  if (self->finished) {
    g_mutex_unlock (&self->lock);
    return FALSE;
  }
  task = g_new (Task, 1);
  task->line = g_object_ref (self);
  task->func = func;
  task->data = data;
  task->notify = notify;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, task_run, task, task_free);
  g_source_attach (source, self->context);
  g_source_unref (source);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

GSource *
gst_kandy_line_add_timeout (GstKandyLine *self, guint ms, GSourceFunc func)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

void
gst_kandy_line_clear_source (GSource **source)
{
  if (*source != NULL) {
    g_source_destroy (*source);
    g_clear_pointer (source, g_source_unref);
  }
}

GstKandySession *
gst_kandy_line_dup_session (GstKandyLine *self)
{
  GstKandySession *session = NULL;

  g_mutex_lock (&self->lock);
  g_set_object (&session, self->session);
  g_mutex_unlock (&self->lock);
  return session;
}

GPtrArray *
gst_kandy_line_dup_members (GstKandyLine *self, gboolean one_a_pipeline)
{
  g_autoptr (GstKandySession) session = gst_kandy_line_dup_session (self);

  return session != NULL
      ? gst_kandy_session_dup_members (session, one_a_pipeline)
      : g_ptr_array_new_with_free_func (gst_object_unref);
}

void
gst_kandy_line_progress (GstKandyLine *self, GstProgressType type,
    const char *code, const char *format, ...)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, TRUE);
  g_autofree char *text = NULL;
  va_list args;
  guint i;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  GST_INFO_OBJECT (self, "%s: %s", code, text);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->progress (
        member, type, code, text);
  }
}

/* An error that a pipeline cannot go on with */
void
gst_kandy_line_report (GstKandyLine *self, const GError *error)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, TRUE);
  guint i;

  GST_WARNING_OBJECT (self, "%s", error->message);
  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->failed (member, error);
  }
}

void
gst_kandy_line_fail (GstKandyLine *self, const char *code, const GError *error)
{
  if (self->phase == LINE_STOPPING || self->phase == LINE_FAILED)
    return;
  self->phase = LINE_FAILED;
  gst_kandy_line_report (self, error);
  gst_kandy_line_progress (
      self, GST_PROGRESS_TYPE_ERROR, code, "%s", error->message);
  gst_kandy_line_calls_act (self);
  gst_kandy_line_chat_act (self);
  gst_kandy_line_ask_act (self);
}

static void
on_event (KandyClient *client, const char *name, GVariant *payload,
    GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, TRUE);
  const char *reason = NULL;
  guint i;

  GST_LOG_OBJECT (self, "event %s", name);
  gst_kandy_line_calls_event (self, name, payload);

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->event (member, name, payload);
  }

  if (self->phase == LINE_READY && g_str_equal (name, "subscription:change")
      && payload != NULL && g_variant_lookup (payload, "reason", "&s", &reason)
      && g_str_equal (reason, "LOST_CONNECTION")
      && !gst_kandy_line_recovery_begin (self)) {
    g_autoptr (GError) error = kandy_error_new (
        KANDY_ERROR_NETWORK, NULL, 0, "The connection to the platform is lost");

    gst_kandy_line_fail (self, "subscribe", error);
  }
}

/* The services that members wish for, of those that are not there yet.
 * (transfer full) */
static GPtrArray *
take_services (GstKandyLine *self)
{
  g_autoptr (GPtrArray) members = gst_kandy_line_dup_members (self, FALSE);
  g_autoptr (GFlagsClass) klass =
      g_type_class_ref (GST_KANDY_TYPE_SERVICE_FLAGS);
  GstKandySessionWishes wishes = { .media_ready = TRUE };
  GPtrArray *names = g_ptr_array_new ();
  guint i;

  for (i = 0; i < members->len; i++) {
    GstKandySessionMember *member = g_ptr_array_index (members, i);

    GST_KANDY_SESSION_MEMBER_GET_IFACE (member)->get_wishes (member, &wishes);
  }
  gst_kandy_session_wishes_clear (&wishes);
  for (i = 0; i < klass->n_values; i++) {
    if (wishes.services & ~self->services & klass->values[i].value)
      g_ptr_array_add (names, (gpointer) klass->values[i].value_nick);
  }
  self->services |= wishes.services;
  return names;
}

static void
be_ready (GstKandyLine *self)
{
  self->phase = LINE_READY;
  gst_kandy_line_progress (self, GST_PROGRESS_TYPE_COMPLETE, "subscribe", "%s",
      self->services & GST_KANDY_SERVICE_CALL ? "Ready for calls" : "Ready");
  gst_kandy_line_calls_act (self);
  gst_kandy_line_chat_act (self);
  gst_kandy_line_ask_act (self);
}

static void
on_subscribed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstKandyLine) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!kandy_services_subscribe_finish (
          KANDY_SERVICES (object), result, &error)) {
    gst_kandy_line_fail (self, "subscribe", error);
    return;
  }
  if (self->phase == LINE_SUBSCRIBING)
    be_ready (self);
}

static void
subscribe_to (GstKandyLine *self, GPtrArray *names)
{
  kandy_services_subscribe_async (kandy_client_get_services (self->client),
      g_variant_new_strv (
          (const char *const *) names->pdata, (gssize) names->len),
      "websocket", self->cancellable, on_subscribed, g_object_ref (self));
}

static void
subscribe (GstKandyLine *self)
{
  g_autofree char *who = gst_kandy_session_account_describe (self->account);
  g_autoptr (GPtrArray) names = take_services (self);

  gst_kandy_line_progress (
      self, GST_PROGRESS_TYPE_COMPLETE, "login", "Signed on as %s", who);
  self->phase = LINE_SUBSCRIBING;
  gst_kandy_line_progress (self, GST_PROGRESS_TYPE_START, "subscribe", "%s",
      self->services & GST_KANDY_SERVICE_CALL ? "Subscribing to calls"
                                              : "Subscribing");
  if (names->len > 0)
    subscribe_to (self, names);
  else
    be_ready (self);
}

static void
on_signed_on (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstKandyLine) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!kandy_client_sign_on_finish (KANDY_CLIENT (object), result, &error)) {
    gst_kandy_line_fail (self, "login", error);
    return;
  }
  if (self->phase == LINE_SIGNING_ON)
    subscribe (self);
}

static const char *
field (GstKandyLine *self, GstKandyAccountField which)
{
  return gst_kandy_session_account_get (self->account, which);
}

/* The client's log goes where GStreamer's goes */
static void
on_log (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  GstDebugLevel level = GST_LEVEL_LOG;

  switch (kandy_log_entry_get_level (entry)) {
    case KANDY_LOG_LEVEL_ERROR:
    case KANDY_LOG_LEVEL_WARN:
      /* it is no fault of the pipeline; what is comes as an error message */
      level = GST_LEVEL_INFO;
      break;
    case KANDY_LOG_LEVEL_INFO:
    case KANDY_LOG_LEVEL_DEBUG:
      level = GST_LEVEL_DEBUG;
      break;
    default:
      break;
  }
  GST_CAT_LEVEL_LOG (kandy_client_debug, level, user_data, "%s: %s",
      kandy_log_entry_get_target_type (entry),
      kandy_log_entry_get_message (entry));
}

static void
gst_kandy_line_sign_on (GstKandyLine *self)
{
  g_autofree char *who = gst_kandy_session_account_describe (self->account);
  g_autoptr (GstKandyDevices) devices = NULL;
  g_autoptr (GError) error = NULL;

  gst_kandy_session_account_apply (self->account, self->config);
  self->client = kandy_client_new (self->config);
  kandy_logger_set_handler (
      kandy_client_get_logger (self->client), on_log, self, NULL, NULL);
  g_signal_connect (self->client, "event", G_CALLBACK (on_event), self);
  devices = gst_kandy_devices_get_default ();
  kandy_media_set_device_source (
      kandy_client_get_media (self->client), KANDY_DEVICE_SOURCE (devices));
  gst_kandy_line_calls_start (self);
  gst_kandy_line_chat_start (self);

  gst_kandy_line_progress (
      self, GST_PROGRESS_TYPE_START, "login", "Signing on as %s", who);
  switch (gst_kandy_session_account_get_grant (self->account)) {
    case GST_KANDY_GRANT_TOKENS:
      if (kandy_client_set_tokens (self->client,
              field (self, GST_KANDY_ACCOUNT_ACCESS_TOKEN),
              field (self, GST_KANDY_ACCOUNT_ID_TOKEN), &error))
        subscribe (self);
      else
        gst_kandy_line_fail (self, "login", error);
      break;
    case GST_KANDY_GRANT_CLIENT:
      kandy_client_sign_on_client_async (self->client,
          field (self, GST_KANDY_ACCOUNT_CLIENT_ID),
          field (self, GST_KANDY_ACCOUNT_CLIENT_SECRET), self->cancellable,
          on_signed_on, g_object_ref (self));
      break;
    case GST_KANDY_GRANT_PASSWORD:
      kandy_client_sign_on_password_async (self->client,
          field (self, GST_KANDY_ACCOUNT_CLIENT_ID),
          field (self, GST_KANDY_ACCOUNT_USERNAME),
          field (self, GST_KANDY_ACCOUNT_PASSWORD), self->cancellable,
          on_signed_on, g_object_ref (self));
      break;
  }
}

static gpointer
thread_main (gpointer data)
{
  g_autoptr (GstKandyLine) self = data;
  gint64 remaining;

  g_main_context_push_thread_default (self->context);
  gst_kandy_line_sign_on (self);
  g_main_loop_run (self->loop);

  gst_kandy_line_clear_source (&self->goodbye_source);
  gst_kandy_line_clear_source (&self->again_source);
  gst_kandy_line_clear_source (&self->media_lost_source);
  gst_kandy_line_calls_clear (self);
  gst_kandy_line_chat_clear (self);
  gst_kandy_line_ask_clear (self);
  g_signal_handlers_disconnect_by_data (self->client, self);
  kandy_logger_set_handler (
      kandy_client_get_logger (self->client), NULL, NULL, NULL, NULL);
  kandy_client_destroy (self->client);
  g_clear_object (&self->client);

  /* nothing can be posted from here on, and what has been is answered, with an
   * error as the phase says; so are the operations that the client gave up */
  g_mutex_lock (&self->lock);
  self->finished = TRUE;
  g_mutex_unlock (&self->lock);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);

  /* A process must not exit while a certificate is made or a transport taken
   * down: OpenSSL and GStreamer would be taken apart under their hands */
  gst_kandy_call_warm_up_wait ();
  remaining = self->goodbye_end - g_get_monotonic_time ();
  if (remaining > 0)
    gst_kandy_call_wait_closed (remaining / 1000);
  remaining = self->goodbye_end - g_get_monotonic_time ();
  if (remaining > 0)
    gst_kandy_devices_wait_closed (remaining / 1000);

  g_mutex_lock (&self->lock);
  self->thread = NULL;
  g_cond_broadcast (&self->finished_cond);
  g_mutex_unlock (&self->lock);
  return NULL;
}

static gboolean
on_goodbye_timeout (gpointer data)
{
  GstKandyLine *self = data;

  GST_WARNING_OBJECT (self, "the server does not answer the good-bye");
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
on_unsubscribed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstKandyLine) self = user_data;

  kandy_services_unsubscribe_finish (KANDY_SERVICES (object), result, NULL);
  g_main_loop_quit (self->loop);
}

static void
on_hung_up (GstKandyLine *self)
{
  static const char *const none[] = { NULL };
  g_autoptr (GVariant) subscriptions = NULL;
  g_autofree const char **names = NULL;

  /* too late if the time-out has been faster */
  if (self->goodbye_said || self->client == NULL)
    return;
  self->goodbye_said = TRUE;

  /* also closes the websocket and deletes the channel, which the server would
   * otherwise keep for an hour */
  subscriptions = kandy_services_get_subscriptions (
      kandy_client_get_services (self->client));
  g_variant_lookup (subscriptions, "subscribed", "^a&s", &names);
  kandy_services_unsubscribe_async (kandy_client_get_services (self->client),
      names != NULL ? names : none, "websocket", NULL, on_unsubscribed,
      g_object_ref (self));
}

static void
do_stop (GstKandyLine *self, gpointer data)
{
  gboolean subscribed = self->phase == LINE_READY || self->call_live;

  if (self->phase == LINE_STOPPING)
    return;
  self->phase = LINE_STOPPING;
  self->goodbye_end = g_get_monotonic_time ()
      + GST_TIME_AS_USECONDS (GST_KANDY_GOODBYE_TIMEOUT);
  self->goodbye_source = gst_kandy_line_add_timeout (self,
      GST_TIME_AS_MSECONDS (GST_KANDY_GOODBYE_TIMEOUT) - 100,
      on_goodbye_timeout);
  g_cancellable_cancel (self->cancellable);
  if (subscribed)
    gst_kandy_line_calls_goodbye (self, on_hung_up);
  else
    g_main_loop_quit (self->loop);
}

static void
do_act (GstKandyLine *self, gpointer data)
{
  gst_kandy_line_calls_act (self);
}

static void
do_add_member (GstKandyLine *self, gpointer data)
{
  if (self->phase == LINE_READY) {
    g_autoptr (GPtrArray) names = take_services (self);

    if (names->len > 0)
      subscribe_to (self, names);
  }
  gst_kandy_line_calls_add_member (self, data);
  gst_kandy_line_calls_act (self);
}

static void
do_update_config (GstKandyLine *self, gpointer data)
{
  if (self->phase != LINE_STOPPING)
    kandy_client_update_config (self->client, data);
}

typedef struct {
  GstStructure *request;
  GstPromise *promise;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  /* taken over by do_request(), unless that never ran */
  if (request->promise != NULL) {
    g_autoptr (GError) error = kandy_error_new (
        KANDY_ERROR_DESTROYED, NULL, 0, "The element has been stopped");

    gst_kandy_promise_reply (request->promise, NULL, error);
    gst_promise_unref (request->promise);
  }
  gst_structure_free (request->request);
  g_free (request);
}

static void
do_request (GstKandyLine *self, gpointer data)
{
  Request *request = data;

  if (self->phase == LINE_STOPPING || self->client == NULL)
    return;
  gst_kandy_line_requests_run (
      self, request->request, g_steal_pointer (&request->promise));
}

static void
gst_kandy_line_finalize (GObject *object)
{
  GstKandyLine *self = GST_KANDY_LINE (object);

  gst_kandy_session_account_free (self->account);
  g_clear_object (&self->config);
  g_clear_object (&self->session);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->placed_destination, g_free);
  g_clear_pointer (&self->busy_calls, g_ptr_array_unref);
  g_clear_pointer (&self->told, g_ptr_array_unref);
  g_clear_error (&self->lost_error);
  g_clear_pointer (&self->stats, gst_structure_free);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_cond_clear (&self->finished_cond);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gst_kandy_line_parent_class)->finalize (object);
}

static void
gst_kandy_line_class_init (GstKandyLineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_kandy_line_finalize;
}

static void
gst_kandy_line_init (GstKandyLine *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->finished_cond);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->cancellable = g_cancellable_new ();
  self->busy_calls = g_ptr_array_new_with_free_func (g_free);
  self->told = g_ptr_array_new ();
  g_queue_init (&self->chats);
  g_queue_init (&self->asks);
  self->call_state = KANDY_CALL_STATE_ENDED;
}

GstKandyLine *
gst_kandy_line_new (GstKandySession *session,
    const GstKandySessionAccount *account, KandyConfig *config)
{
  GstKandyLine *self = g_object_new (GST_KANDY_TYPE_LINE, NULL);
  GThread *thread;

  self->session = g_object_ref (session);
  self->account = gst_kandy_session_account_copy (account);
  self->config = kandy_config_copy (config);
  /* GLib registers a type with one lock, and adds its interfaces with another,
   * which g_type_class_ref() holds while libsoup asks for this very type: two
   * threads that are the first to need it can wait for each other for ever */
  g_type_ensure (G_TYPE_TASK);

  g_mutex_lock (&self->lock);
  thread = g_thread_new ("kandy", thread_main, g_object_ref (self));
  self->thread = thread;
  g_mutex_unlock (&self->lock);
  g_thread_unref (thread);
  return self;
}

void
gst_kandy_line_stop (GstKandyLine *self)
{
  g_autoptr (GstKandySession) session = NULL;

  g_mutex_lock (&self->lock);
  session = g_steal_pointer (&self->session);
  g_mutex_unlock (&self->lock);

  gst_kandy_line_post (self, do_stop, NULL, NULL);
}

gboolean
gst_kandy_line_wait (GstKandyLine *self, gint64 end_time)
{
  gboolean ended = TRUE;

  g_mutex_lock (&self->lock);
  while (self->thread != NULL && ended) {
    if (self->thread == g_thread_self ())
      ended = FALSE;
    else
      ended = g_cond_wait_until (&self->finished_cond, &self->lock, end_time);
  }
  ended = self->thread == NULL;
  g_mutex_unlock (&self->lock);
  return ended;
}

void
gst_kandy_line_wishes_changed (GstKandyLine *self)
{
  gst_kandy_line_post (self, do_act, NULL, NULL);
}

void
gst_kandy_line_add_member (GstKandyLine *self, GstKandySessionMember *member)
{
  gst_object_ref (member);
  if (!gst_kandy_line_post (self, do_add_member, member, gst_object_unref))
    gst_object_unref (member);
}

void
gst_kandy_line_update_config (GstKandyLine *self, GVariant *partial)
{
  g_variant_ref (partial);
  if (!gst_kandy_line_post (
          self, do_update_config, partial, (GDestroyNotify) g_variant_unref))
    g_variant_unref (partial);
}

void
gst_kandy_line_request (
    GstKandyLine *self, GstStructure *what, GstPromise *promise)
{
  Request *request = g_new0 (Request, 1);

  request->request = what;
  request->promise = promise;
  if (!gst_kandy_line_post (self, do_request, request, request_free))
    request_free (request);
}
