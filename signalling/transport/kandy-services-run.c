/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-services-internal.h"

#include "kandy-client-private.h"
#include "kandy-connection-private.h"
#include "kandy-error-private.h"
#include "kandy-rest-private.h"

/*
 * KandyServices: how an operation is carried out. Subscribing makes the channel
 * and the websocket if they are not there, then asks for each service; the
 * operation ends with the last answer, or when its time is over (protocol
 * session 4.3 and 4.4). What is answered later is seen to all the same.
 */

/* What a reply needs to find its way back */
typedef struct {
  KandyServices *services;
  KandyOperation *operation;
  KandyChannel *channel;
  char *service;
} Request;

static Request *
request_new (
    KandyServices *self, KandyOperation *operation, const char *service)
{
  Request *request = g_new0 (Request, 1);

  request->services = g_object_ref (self);
  request->operation = kandy_operation_ref (operation);
  request->channel = self->channel ? g_object_ref (self->channel) : NULL;
  request->service = g_strdup (service);
  if (service)
    g_hash_table_add (operation->pending, g_strdup (service));
  return request;
}

static void
request_free (Request *request)
{
  g_object_unref (request->services);
  kandy_operation_unref (request->operation);
  g_clear_object (&request->channel);
  g_free (request->service);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static gboolean
is_available (const char *service)
{
  return g_strv_contains (kandy_subscription_get_services (), service);
}

/* The rest of an operation's end, after the channel has been seen to */
static void
conclude (KandyServices *self, GError *error)
{
  g_autoptr (KandyOperation) operation = g_steal_pointer (&self->running);
  guint i;

  kandy_operation_clear_timer (operation);
  if (!kandy_services_is_alive (self)) {
    g_clear_error (&error);
    return;
  }
  if (error) {
    kandy_services_emit_error (self, error);
  } else {
    for (i = 0; i < operation->errors->len; i++)
      kandy_services_emit_error (
          self, g_ptr_array_index (operation->errors, i));
    kandy_services_emit_change (self, NULL);
    if (operation->n_done == 0 && operation->errors->len > 0)
      error = g_error_copy (g_ptr_array_index (operation->errors, 0));
  }
  kandy_operation_answer (operation, error);
  kandy_services_run_next (self);
}

static void
channel_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyServices) self = user_data;

  kandy_channel_delete_finish (KANDY_CHANNEL (source), result);
  if (self->running)
    conclude (self, NULL);
}

/* Protocol session 4.4: first the websocket, then its channel */
static void
disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KandyServices) self = user_data;
  g_autoptr (KandyChannel) channel = NULL;

  kandy_connection_disconnect_finish (KANDY_CONNECTION (source), result);
  if (!self->running)
    return;
  channel = kandy_services_steal_channel (self);
  if (channel && kandy_services_is_alive (self))
    kandy_channel_delete_async (channel, channel_deleted, g_object_ref (self));
  else
    conclude (self, NULL);
}

/* Ends the running operation. @error: (transfer full) (nullable): why it could
 * not be carried out at all */
static void
finish (KandyServices *self, GError *error)
{
  g_autoptr (KandyOperation) operation = kandy_operation_ref (self->running);

  kandy_operation_clear_timer (operation);
  /* requests that are still under way may yet subscribe to something */
  if (!error && self->entries->len == 0 && self->channel && self->n_late == 0
      && kandy_services_is_alive (self)) {
    kandy_connection_disconnect_async (
        self->connection, disconnected, g_object_ref (self));
    return;
  }
  if (self->running == operation)
    conclude (self, error);
  else
    g_clear_error (&error);
}

/* @error: (transfer full) (nullable) */
static void
request_answered (KandyServices *self, Request *request, GError *error)
{
  KandyOperation *operation = request->operation;

  if (self->running != operation) {
    /* it had timed out */
    self->n_late--;
    g_clear_error (&error);
    if (self->entries->len == 0 && self->n_late == 0 && !self->running
        && self->channel && kandy_services_is_alive (self)) {
      kandy_connection_disconnect (self->connection);
      kandy_services_drop_channel (self, TRUE);
    }
    return;
  }
  g_hash_table_remove (operation->pending, request->service);
  if (error)
    g_ptr_array_add (operation->errors, error);
  else
    operation->n_done++;
  if (g_hash_table_size (operation->pending) == 0)
    finish (self, NULL);
}

static gboolean
operation_timed_out (gpointer user_data)
{
  KandyServices *self = user_data;
  KandyOperation *operation = self->running;
  gboolean subscribe = operation->kind == KANDY_OPERATION_SUBSCRIBE;
  GHashTableIter iter;
  gpointer service;

  g_hash_table_iter_init (&iter, operation->pending);
  while (g_hash_table_iter_next (&iter, &service, NULL))
    g_ptr_array_add (operation->errors,
        kandy_error_new (KANDY_ERROR_TIMEOUT,
            subscribe ? "subscription:5" : "subscription:6", 0,
            "Service %s could not be %s: no answer in time",
            (const char *) service,
            subscribe ? "subscribed to" : "unsubscribed from"));
  self->n_late += g_hash_table_size (operation->pending);
  finish (self, NULL);
  return G_SOURCE_REMOVE;
}

static void
start_timer (KandyServices *self, KandyOperation *operation)
{
  double seconds = kandy_config_get_number (
      kandy_client_get_config (self->client), "subscription.timeout");

  operation->timer =
      g_timeout_source_new ((guint) CLAMP (seconds * 1000, 0, G_MAXINT));
  g_source_set_callback (operation->timer, operation_timed_out, self, NULL);
  g_source_attach (operation->timer, kandy_client_get_context (self->client));
}

/* Asked for again after the first request had timed out: the later of the two
 * answers is one too many */
static void
drop_second_resource (
    KandyServices *self, KandyServicesEntry *entry, const char *resource)
{
  if (!kandy_services_same_resource (entry->resource, resource))
    kandy_services_delete_resource (self, resource);
}

static void
service_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  KandyServices *self = request->services;
  GError *error = NULL;
  g_autoptr (KandySubscription) subscription =
      kandy_subscription_create_finish (result, &error);
  const char *resource = subscription ? subscription->resource : NULL;
  int index;

  if (!kandy_services_is_alive (self)) {
    g_clear_error (&error);
    return;
  }
  index = kandy_services_find_entry (self, request->service);
  if (resource && self->channel != request->channel) {
    /* its channel has gone meanwhile */
    kandy_services_delete_resource (self, resource);
    error = kandy_error_new (KANDY_ERROR_NETWORK, "subscription:1", 0,
        "The notification channel was lost");
  } else if (resource && index >= 0) {
    drop_second_resource (
        self, g_ptr_array_index (self->entries, index), resource);
  } else if (resource) {
    kandy_services_add_entry (self, request->service, subscription);
  }
  request_answered (self, request, error);
}

/* What of the operation can be subscribed to: available, and not subscribed to
 * yet. (transfer container): indexes. Empty with @error set if nothing is left
 */
static GArray *
filter_services (KandyServices *self, KandyOperation *operation, GError **error)
{
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (guint));
  gboolean duplicate = FALSE;
  guint i, j;

  for (i = 0; i < operation->names->len; i++) {
    const char *name = g_ptr_array_index (operation->names, i);
    gboolean known = kandy_services_find_entry (self, name) >= 0;

    for (j = 0; j < i && !known; j++)
      known = g_str_equal (name, g_ptr_array_index (operation->names, j));
    if (known)
      duplicate = TRUE;
    else if (is_available (name))
      g_array_append_val (indexes, i);
  }
  if (indexes->len == 0)
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
            "No service to subscribe to: %s",
            duplicate ? "already subscribed to" : "not available"));
  return indexes;
}

/* The channel and the websocket are there: protocol session 4.3, steps 4 to 6
 */
static void
subscribe_services (KandyServices *self)
{
  g_autoptr (KandyOperation) operation = kandy_operation_ref (self->running);
  GError *error = NULL;
  g_autoptr (GArray) indexes = filter_services (self, operation, &error);
  guint i;

  if (error) {
    finish (self, error);
    return;
  }
  start_timer (self, operation);
  for (i = 0; i < indexes->len; i++) {
    guint index = g_array_index (indexes, guint, i);
    const char *name = g_ptr_array_index (operation->names, index);

    kandy_subscription_create_async (self->client, name,
        g_ptr_array_index (operation->params, index),
        kandy_channel_get_callback_url (self->channel), service_subscribed,
        request_new (self, operation, name));
  }
}

static void
connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  KandyServices *self = request->services;
  KandyChannel *channel = request->channel;
  GError *error = NULL;
  gboolean open = kandy_connection_connect_finish (
      KANDY_CONNECTION (source), result, &error);

  if (!kandy_services_is_alive (self) || self->running != request->operation) {
    g_clear_error (&error);
    return;
  }
  /* `lost` has taken the channel in between */
  if (open && self->channel != channel)
    error = kandy_error_new (KANDY_ERROR_NETWORK, "subscription:1", 0,
        "The notification channel was lost");
  if (error) {
    kandy_services_drop_channel (self, TRUE);
    finish (self, error);
    return;
  }
  kandy_channel_keep_alive (channel);
  subscribe_services (self);
}

static void
channel_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  KandyServices *self = request->services;
  GError *error = NULL;
  KandyChannel *channel = kandy_channel_create_finish (result, &error);

  if (!kandy_services_is_alive (self)) {
    g_clear_error (&error);
    g_clear_object (&channel);
    return;
  }
  if (!channel) {
    finish (self, error);
    return;
  }
  kandy_services_take_channel (self, channel);
  request->channel = g_object_ref (channel);
  kandy_connection_connect_async (self->connection,
      kandy_channel_get_channel_url (channel), connected,
      g_steal_pointer (&request));
}

static void
run_subscribe (KandyServices *self, KandyOperation *operation)
{
  GError *error = NULL;
  g_autoptr (GArray) indexes = NULL;

  if (g_ascii_strcasecmp (operation->type, "websocket") != 0)
    error = kandy_error_new (KANDY_ERROR_NOT_SUPPORTED, "BAD_INPUT", 0,
        "Subscriptions of the type \"%s\" are not supported", operation->type);
  else if (operation->names->len == 0)
    error = kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
        "No service to subscribe to was named");
  else if (self->channel && !kandy_channel_is_own (self->channel))
    error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "subscription:5", 0,
        "Another user's subscriptions are still in place: unsubscribe first");
  if (error) {
    finish (self, error);
    return;
  }
  if (self->channel) {
    subscribe_services (self);
    return;
  }
  /* no channel is made for what cannot be subscribed to anyway */
  indexes = filter_services (self, operation, &error);
  if (error)
    finish (self, error);
  else
    kandy_channel_create_async (
        self->client, channel_made, request_new (self, operation, NULL));
}

static void
service_unsubscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  KandyServices *self = request->services;
  GError *cause = NULL, *error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &cause);
  int index;

  if (!kandy_services_is_alive (self)) {
    g_clear_error (&cause);
    return;
  }
  if (cause && kandy_error_get_http_status (cause) != SOUP_STATUS_NOT_FOUND) {
    error = kandy_error_restate (cause, "subscription:6",
        "Service %s could not be unsubscribed from: %s", request->service,
        cause->message);
  } else {
    index = kandy_services_find_entry (self, request->service);
    if (index >= 0 && self->channel == request->channel)
      kandy_services_remove_entry (self, (guint) index);
  }
  g_clear_error (&cause);
  request_answered (self, request, error);
}

static void
run_unsubscribe (KandyServices *self, KandyOperation *operation)
{
  g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func (
      (GDestroyNotify) kandy_services_entry_free);
  guint i, j;

  for (i = 0; i < self->entries->len; i++) {
    KandyServicesEntry *entry = g_ptr_array_index (self->entries, i);
    gboolean wanted = FALSE;

    for (j = 0; j < operation->names->len && !wanted; j++)
      wanted =
          g_str_equal (entry->service, g_ptr_array_index (operation->names, j));
    if (wanted) {
      KandyServicesEntry *copy = g_new0 (KandyServicesEntry, 1);

      copy->service = g_strdup (entry->service);
      copy->resource = g_strdup (entry->resource);
      g_ptr_array_add (requests, copy);
    }
  }
  if (requests->len == 0
      || g_ascii_strcasecmp (operation->type, "websocket") != 0) {
    finish (self,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
            "None of the services is subscribed to"));
    return;
  }

  start_timer (self, operation);
  for (i = 0; i < requests->len; i++) {
    KandyServicesEntry *entry = g_ptr_array_index (requests, i);

    kandy_rest_send_async (kandy_client_get_rest (self->client), "DELETE",
        entry->resource, NULL, KANDY_REST_NO_REPLY_BODY, 0, "Unsubscribe", NULL,
        service_unsubscribed, request_new (self, operation, entry->service));
  }
}

void
kandy_services_run_next (KandyServices *self)
{
  if (self->running || g_queue_is_empty (&self->queue)
      || !kandy_services_is_alive (self))
    return;
  self->running = g_queue_pop_head (&self->queue);
  if (self->running->kind == KANDY_OPERATION_SUBSCRIBE)
    run_subscribe (self, self->running);
  else
    run_unsubscribe (self, self->running);
}
