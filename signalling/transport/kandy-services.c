/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-services-internal.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-connection-private.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-json.h"
#include "kandy-rest-private.h"

/**
 * KandyServices:
 *
 * What the platform is to tell this client about (API document: `services`). A
 * service has to be subscribed to before its notifications come: `call`,
 * `chat`, `smsinbound`, `presence`. The first subscription makes a notification
 * channel and opens the websocket, the end of the last one closes both.
 *
 * Operations run one after the other, in the order of their calls. Each has its
 * own answer and also emits the document's events: #KandyServices::changed when
 * it is called and when it is done, #KandyServices::error for what went wrong.
 */

enum {
  SIGNAL_SERVICE_SUBSCRIBED,
  SIGNAL_SERVICE_UNSUBSCRIBED,
  N_SIGNALS,
};

G_DEFINE_FINAL_TYPE (KandyServices, kandy_services, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

void
kandy_services_entry_free (KandyServicesEntry *entry)
{
  g_clear_pointer (&entry->renewal, kandy_renewal_stop);
  g_free (entry->service);
  g_free (entry->resource);
  g_free (entry->list_id);
  g_free (entry);
}

gboolean
kandy_services_is_alive (KandyServices *self)
{
  return self->client && !kandy_client_is_destroyed (self->client);
}

int
kandy_services_find_entry (KandyServices *self, const char *service)
{
  guint i;

  for (i = 0; i < self->entries->len; i++) {
    KandyServicesEntry *entry = g_ptr_array_index (self->entries, i);

    if (g_str_equal (entry->service, service))
      return (int) i;
  }
  return -1;
}

/* @reason: (nullable) */
void
kandy_services_emit_change (KandyServices *self, const char *reason)
{
  GVariantDict payload;

  if (!self->client)
    return;
  g_variant_dict_init (&payload, NULL);
  if (reason)
    g_variant_dict_insert (&payload, "reason", "s", reason);
  kandy_client_emit (
      self->client, self, "subscription:change", g_variant_dict_end (&payload));
}

void
kandy_services_emit_error (KandyServices *self, const GError *error)
{
  GVariantDict payload;

  if (!self->client)
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert_value (
      &payload, "error", kandy_error_to_variant (error));
  kandy_client_emit (
      self->client, self, "subscription:error", g_variant_dict_end (&payload));
}

gboolean
kandy_services_same_resource (const char *a, const char *b)
{
  g_autofree char *plain_a = g_uri_unescape_string (a, NULL);
  g_autofree char *plain_b = g_uri_unescape_string (b, NULL);

  return g_strcmp0 (plain_a ? plain_a : a, plain_b ? plain_b : b) == 0;
}

static void
ignore_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, NULL);
}

void
kandy_services_delete_resource (KandyServices *self, const char *resource)
{
  kandy_rest_send_async (kandy_client_get_rest (self->client), "DELETE",
      resource, NULL, KANDY_REST_NO_REPLY_BODY, 0, "Unsubscribe", NULL,
      ignore_reply, NULL);
}

void
kandy_services_remove_entry (KandyServices *self, guint index)
{
  KandyServicesEntry *entry = g_ptr_array_steal_index (self->entries, index);

  g_signal_emit (self, signals[SIGNAL_SERVICE_UNSUBSCRIBED], 0, entry->service);
  kandy_services_entry_free (entry);
}

static void
remove_all_entries (KandyServices *self)
{
  while (self->entries->len > 0)
    kandy_services_remove_entry (self, self->entries->len - 1);
}

static void
ignore_delete (GObject *source, GAsyncResult *result, gpointer user_data)
{
  kandy_channel_delete_finish (KANDY_CHANNEL (source), result);
}

KandyChannel *
kandy_services_steal_channel (KandyServices *self)
{
  KandyChannel *channel = g_steal_pointer (&self->channel);

  if (channel) {
    g_signal_handlers_disconnect_by_data (channel, self);
    kandy_channel_stop (channel);
  }
  return channel;
}

/* The channel is of no more use. @tell: whether the platform is to be told */
void
kandy_services_drop_channel (KandyServices *self, gboolean tell)
{
  g_autoptr (KandyChannel) channel = kandy_services_steal_channel (self);

  if (channel && tell && kandy_services_is_alive (self))
    kandy_channel_delete_async (channel, ignore_delete, NULL);
}

/* The platform has ended a subscription, maybe the last one */
static void
close_if_unused (KandyServices *self)
{
  if (self->entries->len > 0 || self->running || self->n_late > 0)
    return;
  kandy_connection_disconnect (self->connection);
  kandy_services_drop_channel (self, TRUE);
}

/* A subscription has been renewed, or could not be until its end */
static void
on_renewed (KandySubscription *subscription, const char *service,
    const GError *error, gpointer user_data)
{
  g_autoptr (KandyServices) self = g_object_ref (user_data);
  g_autoptr (KandySubscription) renewed = subscription;
  int index = kandy_services_find_entry (self, service);
  KandyServicesEntry *entry = index >= 0 ? self->entries->pdata[index] : NULL;

  if (!entry)
    return;
  if (!renewed) {
    kandy_services_remove_entry (self, (guint) index);
    close_if_unused (self);
    kandy_services_emit_error (self, error);
    kandy_services_emit_change (self, "GONE");
    return;
  }
  /* the platform may have made another: two would tell everything twice */
  if (!kandy_services_same_resource (entry->resource, renewed->resource))
    kandy_services_delete_resource (self, entry->resource);
  g_free (entry->resource);
  entry->resource = g_steal_pointer (&renewed->resource);
  if (renewed->list_id) {
    g_free (entry->list_id);
    entry->list_id = g_steal_pointer (&renewed->list_id);
  }
}

/* @subscription: its contents are taken */
void
kandy_services_add_entry (
    KandyServices *self, const char *service, KandySubscription *subscription)
{
  KandyServicesEntry *entry = g_new0 (KandyServicesEntry, 1);

  entry->service = g_strdup (service);
  entry->resource = g_steal_pointer (&subscription->resource);
  entry->list_id = g_steal_pointer (&subscription->list_id);
  if (subscription->duration > 0)
    entry->renewal = kandy_renewal_start (self->client, service,
        kandy_channel_get_callback_url (self->channel), subscription->duration,
        on_renewed, self);
  g_ptr_array_add (self->entries, entry);
  g_signal_emit (self, signals[SIGNAL_SERVICE_SUBSCRIBED], 0, service);
}

/* Protocol session 3.4. Who overrode us goes on using the channel */
static void
lost (KandyServices *self, const char *reason)
{
  kandy_services_drop_channel (self, g_str_equal (reason, "LOST_CONNECTION"));
  remove_all_entries (self);
  kandy_services_emit_change (self, reason);
}

static void
on_connection_lost (
    KandyConnection *connection, const char *reason, gpointer user_data)
{
  lost (user_data, reason);
}

static void
on_channel_gone (KandyChannel *channel, gpointer user_data)
{
  g_autoptr (KandyServices) self = g_object_ref (user_data);

  kandy_services_drop_channel (self, FALSE);
  kandy_connection_disconnect (self->connection);
  remove_all_entries (self);
  kandy_services_emit_change (self, "GONE");
}

static void
on_channel_refreshed (KandyChannel *channel, guint attempt, const GError *error,
    gpointer user_data)
{
  KandyServices *self = user_data;
  GVariantDict payload;

  if (!self->client)
    return;
  g_variant_dict_init (&payload, NULL);
  g_variant_dict_insert (&payload, "attemptNum", "u", attempt);
  g_variant_dict_insert (&payload, "isFailure", "b", error != NULL);
  if (error)
    g_variant_dict_insert_value (
        &payload, "error", kandy_error_to_variant (error));
  kandy_client_emit (
      self->client, self, "subscription:resub", g_variant_dict_end (&payload));
}

void
kandy_services_take_channel (KandyServices *self, KandyChannel *channel)
{
  self->channel = channel;
  g_signal_connect (channel, "gone", G_CALLBACK (on_channel_gone), self);
  g_signal_connect (
      channel, "refreshed", G_CALLBACK (on_channel_refreshed), self);
}

/* The platform ends one subscription (protocol session 6.4) */
static void
on_cancellation (const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyServices) self = g_object_ref (user_data);
  JsonArray *links = kandy_json_get_array (content, "link");
  JsonNode *link = links && json_array_get_length (links) > 0
      ? json_array_get_element (links, 0)
      : NULL;
  const char *href = link ? kandy_json_get_string_at (link, "href") : NULL;
  g_autofree char *resource = NULL;
  guint i;

  if (href)
    resource = kandy_rest_localize_resource (
        kandy_client_get_rest (self->client), href, NULL);
  for (i = 0; resource && i < self->entries->len; i++) {
    KandyServicesEntry *entry = g_ptr_array_index (self->entries, i);

    if (!kandy_services_same_resource (entry->resource, resource))
      continue;
    kandy_services_remove_entry (self, i);
    close_if_unused (self);
    kandy_services_emit_change (self, "GONE");
    return;
  }
}

static void
enqueue (KandyServices *self, KandyOperationKind kind, GVariant *services,
    const char *type, GTask *task)
{
  GError *error = NULL;
  KandyOperation *operation = NULL;

  if (!kandy_services_is_alive (self))
    error = kandy_error_new (
        KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed");
  else if (!kandy_client_get_username (self->client))
    error = kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
        "Nobody is signed on: sign on or set tokens first");
  else
    operation = kandy_operation_new (kind, services, type, &error);
  if (!operation) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  operation->task = task;
  g_object_ref (self);
  g_queue_push_tail (&self->queue, operation);
  kandy_services_emit_change (self, NULL);
  kandy_services_run_next (self);
  g_object_unref (self);
}

static void
kandy_services_dispose (GObject *object)
{
  KandyServices *self = KANDY_SERVICES (object);

  kandy_services_shutdown (self);
  g_clear_object (&self->connection);
  g_clear_weak_pointer (&self->client);

  G_OBJECT_CLASS (kandy_services_parent_class)->dispose (object);
}

static void
kandy_services_finalize (GObject *object)
{
  KandyServices *self = KANDY_SERVICES (object);

  g_ptr_array_unref (self->entries);

  G_OBJECT_CLASS (kandy_services_parent_class)->finalize (object);
}

static void
kandy_services_class_init (KandyServicesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kandy_services_dispose;
  object_class->finalize = kandy_services_finalize;

  /**
   * KandyServices::changed:
   * @self: the services
   * @reason: (nullable): for a change that nobody asked for, its reason:
   *   `LOST_CONNECTION`, `GONE` or `WS_OVERRIDDEN`
   * @retry_after: milliseconds after which to try again, 0 if that is not known
   *
   * An operation was asked for, or has ended, or the platform ended
   * subscriptions (API document: `subscription:change`). See
   * kandy_services_get_subscriptions().
   */
  /**
   * KandyServices::error:
   * @self: the services
   * @error: what went wrong
   *
   * An operation failed, or some service of one (API document:
   * `subscription:error`).
   */
  /**
   * KandyServices::resubscribed:
   * @self: the services
   * @attempt_num: number of the attempt, 1 being the first since a success
   * @is_failure: whether it failed
   * @error: (nullable): why
   *
   * The life of the notification channel was to be extended (API document:
   * `subscription:resub`). After a failure subscriptions are in place still,
   * and there are further attempts.
   */
  kandy_events_install (object_class);

  /**
   * KandyServices::service-subscribed:
   * @self: the services
   * @service: name of the service
   *
   * A service was subscribed to, just now: others of the same operation may
   * still be under way.
   */
  signals[SIGNAL_SERVICE_SUBSCRIBED] = g_signal_new ("service-subscribed",
      KANDY_TYPE_SERVICES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
      1, G_TYPE_STRING);

  /**
   * KandyServices::service-unsubscribed:
   * @self: the services
   * @service: name of the service
   *
   * A service is no longer subscribed to, asked for or not.
   */
  signals[SIGNAL_SERVICE_UNSUBSCRIBED] = g_signal_new ("service-unsubscribed",
      KANDY_TYPE_SERVICES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
      1, G_TYPE_STRING);
}

static void
kandy_services_init (KandyServices *self)
{
  self->entries = g_ptr_array_new_with_free_func (
      (GDestroyNotify) kandy_services_entry_free);
  g_queue_init (&self->queue);
}

KandyServices *
kandy_services_new (KandyClient *client, KandyConnection *connection)
{
  KandyServices *self = g_object_new (KANDY_TYPE_SERVICES, NULL);

  g_set_weak_pointer (&self->client, client);
  self->connection = g_object_ref (connection);
  g_signal_connect_object (
      connection, "lost", G_CALLBACK (on_connection_lost), self, 0);
  self->cancellation_consumer =
      kandy_notifications_add_consumer (kandy_client_get_notifications (client),
          "*SubscriptionCancellationNotification", on_cancellation, self);
  return self;
}

void
kandy_services_shutdown (KandyServices *self)
{
  g_autoptr (KandyOperation) running = g_steal_pointer (&self->running);
  KandyOperation *operation;

  if (self->client && self->cancellation_consumer)
    kandy_notifications_remove_consumer (
        kandy_client_get_notifications (self->client),
        self->cancellation_consumer);
  self->cancellation_consumer = 0;
  kandy_services_drop_channel (self, FALSE);
  g_ptr_array_set_size (self->entries, 0);

  if (running) {
    kandy_operation_clear_timer (running);
    kandy_operation_answer (running,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
  }
  while ((operation = g_queue_pop_head (&self->queue))) {
    kandy_operation_answer (operation,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
    kandy_operation_unref (operation);
  }
}

char *
kandy_services_dup_presence_list (KandyServices *self)
{
  int index = kandy_services_find_entry (self, "presence");
  KandyServicesEntry *entry = index >= 0 ? self->entries->pdata[index] : NULL;

  return entry && entry->list_id
      ? g_uri_escape_string (entry->list_id, "@+:!$&'()*,;=", FALSE)
      : NULL;
}

/**
 * kandy_services_subscribe_async:
 * @self: the services
 * @services: what to subscribe to (`as`, or an array of names and of
 *   dictionaries `a{sv}` with `service` and, for `smsinbound`, `params` with
 *   `destinationAddress`); sunk if floating
 * @type: (nullable): how notifications are to come: `websocket`, which is also
 *   the default
 * @cancellable: (nullable): a cancelled operation is carried out all the same,
 *   only its answer is %G_IO_ERROR_CANCELLED
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Subscribes to services (API document: `services.subscribe`). Those that are
 * not available or subscribed to already are left out.
 */
void
kandy_services_subscribe_async (KandyServices *self, GVariant *services,
    const char *type, GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task;

  g_return_if_fail (KANDY_IS_SERVICES (self));
  g_return_if_fail (services != NULL);

  g_variant_ref_sink (services);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_services_subscribe_async);
  enqueue (self, KANDY_OPERATION_SUBSCRIBE, services, type, task);
  g_variant_unref (services);
}

/**
 * kandy_services_subscribe_finish:
 * @self: the services
 * @result: what the callback was given
 * @error: return location: platform code `subscription:1` if the websocket
 *   could not be opened, `subscription:2` if the channel could not be made,
 *   `subscription:5` if the services could not be subscribed to, `BAD_INPUT` if
 *   there is nothing to subscribe to
 *
 * Ends a subscription.
 *
 * Returns: %TRUE if at least one of the services was subscribed to; which they
 *   are, kandy_services_get_subscriptions() tells
 */
gboolean
kandy_services_subscribe_finish (
    KandyServices *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_services_unsubscribe_async:
 * @self: the services
 * @services: (array zero-terminated=1): names of services
 * @type: (nullable): as in kandy_services_subscribe_async()
 * @cancellable: (nullable): as in kandy_services_subscribe_async()
 * @callback: (scope async): called when it is done
 * @user_data: passed to @callback
 *
 * Unsubscribes from services (API document: `services.unsubscribe`). With the
 * last one the websocket is closed and the channel deleted.
 */
void
kandy_services_unsubscribe_async (KandyServices *self,
    const char *const *services, const char *type, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GVariant) names = NULL;
  GTask *task;

  g_return_if_fail (KANDY_IS_SERVICES (self));
  g_return_if_fail (services != NULL);

  names = g_variant_ref_sink (g_variant_new_strv (services, -1));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kandy_services_unsubscribe_async);
  enqueue (self, KANDY_OPERATION_UNSUBSCRIBE, names, type, task);
}

/**
 * kandy_services_unsubscribe_finish:
 * @self: the services
 * @result: what the callback was given
 * @error: return location: platform code `BAD_INPUT` if none of the services
 *   was subscribed to, `subscription:6` if the platform refused
 *
 * Ends an unsubscription.
 *
 * Returns: %TRUE if at least one of the services was unsubscribed from
 */
gboolean
kandy_services_unsubscribe_finish (
    KandyServices *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kandy_services_get_subscriptions:
 * @self: the services
 *
 * Gets what is subscribed to and what could be (API document:
 * `services.getSubscriptions`): an `a{sv}` with the arrays of names
 * `subscribed` and `available` and the boolean `isPending`, which is whether an
 * operation is under way or waits.
 *
 * Returns: (transfer full): the subscriptions
 */
GVariant *
kandy_services_get_subscriptions (KandyServices *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GVariantDict dict;
  guint i;

  g_return_val_if_fail (KANDY_IS_SERVICES (self), NULL);

  for (i = 0; i < self->entries->len; i++)
    g_ptr_array_add (names,
        ((KandyServicesEntry *) g_ptr_array_index (self->entries, i))->service);
  g_ptr_array_add (names, NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "subscribed", "^as", names->pdata);
  g_variant_dict_insert (
      &dict, "available", "^as", kandy_subscription_get_services ());
  g_variant_dict_insert (&dict, "isPending", "b",
      self->running != NULL || !g_queue_is_empty (&self->queue));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/**
 * kandy_services_is_subscribed:
 * @self: the services
 * @service: name of a service
 *
 * Tells whether a service is subscribed to.
 *
 * Returns: %TRUE if it is
 */
gboolean
kandy_services_is_subscribed (KandyServices *self, const char *service)
{
  g_return_val_if_fail (KANDY_IS_SERVICES (self), FALSE);
  g_return_val_if_fail (service != NULL, FALSE);

  return kandy_services_find_entry (self, service) >= 0;
}
