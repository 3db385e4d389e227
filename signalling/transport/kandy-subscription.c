/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-subscription.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-json.h"
#include "kandy-logger.h"
#include "kandy-rest-private.h"

/* The platform forgets a presence subscription after that long */
#define PRESENCE_DURATION_S 86400
/* A timer counts milliseconds in 32 bits */
#define PRESENCE_DURATION_MAX_S (14 * 86400)
/* A platform that gives subscriptions no time must not make us hammer it */
#define MIN_RENEW_MS 500
#define PRESENCE_LIST_NAME "myList"

typedef struct {
  const char *name;
  const char *service; /* in the path */
  const char *tail;
  const char *wrapper;
  /* whether the platform's own error is passed on, or subscription:5 stands
   * for whatever it said */
  gboolean own_errors;
} Service;

struct _KandyRenewal {
  gatomicrefcount ref_count;
  KandyClient *client; /* weak; NULL when it is over */
  char *service;
  char *notify_url;
  GSource *timer;
  gint64 end; /* monotonic: of the subscription that there is */
  KandyRenewalFunc func;
  gpointer user_data;
};

static const Service services[] = {
  { "call", "webrtcsignaling", "subscriptions", "wrtcsNotificationSubscription",
      FALSE },
  { "chat", "chat", "subscriptions", "chatNotificationSubscription", FALSE },
  { "smsinbound", "smsmessaging", "inbound/subscriptions", "subscription",
      FALSE },
  { "presence", "presence", "subscriptions/presenceListSubscriptions",
      "presenceListSubscription", TRUE },
};

typedef struct {
  const Service *service;
  char *notify_url;
  char *address; /* smsinbound: (nullable): the number to hear of */
  char *list_id; /* presence: (nullable): before it is known */
} Subscribe;

static gboolean renewal_due (gpointer user_data);

static void
subscribe_free (Subscribe *subscribe)
{
  g_free (subscribe->notify_url);
  g_free (subscribe->address);
  g_free (subscribe->list_id);
  g_free (subscribe);
}

static const Service *
find_service (const char *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (services); i++)
    if (g_str_equal (services[i].name, name))
      return &services[i];
  return NULL;
}

static void
fail (GTask *task, GError *cause)
{
  Subscribe *subscribe = g_task_get_task_data (task);

  if (subscribe->service->own_errors || cause->domain != KANDY_ERROR
      || cause->code == KANDY_ERROR_DESTROYED) {
    g_task_return_error (task, cause);
    return;
  }
  g_task_return_error (task,
      kandy_error_restate (cause, "subscription:5",
          "Service %s could not be subscribed to: %s", subscribe->service->name,
          cause->message));
  g_error_free (cause);
}

static JsonNode *
make_request (KandyClient *client, Subscribe *subscribe)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, subscribe->service->wrapper);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "callbackReference");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "notifyURL");
  json_builder_add_string_value (builder, subscribe->notify_url);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "clientCorrelator");
  json_builder_add_string_value (builder, kandy_client_get_correlator (client));
  if (subscribe->address) {
    json_builder_set_member_name (builder, "destinationAddress");
    json_builder_add_string_value (builder, subscribe->address);
  }
  if (g_str_equal (subscribe->service->name, "presence")) {
    json_builder_set_member_name (builder, "duration");
    json_builder_add_int_value (builder, PRESENCE_DURATION_S);
  }
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static void
subscribe_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Subscribe *subscribe = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);
  JsonObject *content = NULL;
  const char *resource = NULL;
  char *path = NULL;
  KandySubscription *subscription;

  if (reply) {
    content = kandy_json_get_object (
        json_node_get_object (reply), subscribe->service->wrapper);
    resource = kandy_json_get_string (content, "resourceURL");
    if (resource)
      path =
          kandy_rest_localize_resource (KANDY_REST (source), resource, &error);
    else
      error = kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
          "the reply has no %s.resourceURL", subscribe->service->wrapper);
  }
  if (!path) {
    fail (task, error);
    return;
  }
  if (g_str_equal (subscribe->service->name, "smsinbound"))
    kandy_client_set_sms_number (g_task_get_source_object (task),
        kandy_json_get_string (content, "destinationAddress"));
  subscription = g_new0 (KandySubscription, 1);
  subscription->resource = path;
  subscription->list_id =
      g_strdup (kandy_json_get_string (content, "presenceListId"));
  if (!subscription->list_id && subscribe->list_id)
    subscription->list_id = g_strdup (subscribe->list_id);
  if (g_str_equal (subscribe->service->name, "presence"))
    subscription->duration = (guint) CLAMP (
        kandy_json_get_int (content, "duration", PRESENCE_DURATION_S), 1,
        PRESENCE_DURATION_MAX_S);
  g_task_return_pointer (
      task, subscription, (GDestroyNotify) kandy_subscription_free);
}

static void
send_subscribe (GTask *task, const char *tail)
{
  KandyClient *client = g_task_get_source_object (task);
  Subscribe *subscribe = g_task_get_task_data (task);
  g_autofree char *path =
      kandy_client_user_path (client, subscribe->service->service, tail);
  g_autoptr (JsonNode) body = make_request (client, subscribe);
  g_autofree char *operation =
      g_strdup_printf ("Subscribe %s", subscribe->service->name);

  if (!path) {
    fail (task,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
            "nobody is signed on"));
    g_object_unref (task);
    return;
  }
  kandy_rest_send_async (kandy_client_get_rest (client), "POST", path, body,
      KANDY_REST_DEFAULT, 0, operation, NULL, subscribe_done, task);
}

/* Third step of presence. @resource: of the list */
static void
subscribe_list (GTask *task, const char *resource)
{
  Subscribe *subscribe = g_task_get_task_data (task);
  const char *slash = resource ? strrchr (resource, '/') : NULL;
  g_autofree char *tail = NULL;

  if (!slash || !slash[1]) {
    fail (task,
        kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
            "The platform's presence list has no resourceURL"));
    g_object_unref (task);
    return;
  }
  subscribe->list_id = g_uri_unescape_string (slash + 1, NULL);
  tail = g_strconcat ("subscriptions/presenceListSubscriptions", slash, NULL);
  send_subscribe (task, tail);
}

static void
list_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);

  if (!reply) {
    fail (task, error);
    g_object_unref (task);
    return;
  }
  subscribe_list (
      task, kandy_json_get_string_at (reply, "presenceList.resourceURL"));
}

static void
make_list (GTask *task)
{
  KandyClient *client = g_task_get_source_object (task);
  g_autofree char *path =
      kandy_client_user_path (client, "presence", "presenceLists");
  g_autoptr (JsonNode) body = json_from_string (
      "{\"presenceList\":{\"x-listName\":\"" PRESENCE_LIST_NAME
      "\",\"presenceContact\":[]}}",
      NULL);

  kandy_rest_send_async (kandy_client_get_rest (client), "POST", path, body,
      KANDY_REST_DEFAULT, 0, "Create presence list", NULL, list_made, task);
}

static void
lists_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autoptr (JsonNode) reply =
      kandy_rest_send_finish (KANDY_REST (source), result, &error);
  JsonArray *lists = NULL;
  JsonNode *first = NULL;

  if (reply)
    lists = kandy_json_get_array (
        kandy_json_get_object (
            json_node_get_object (reply), "presenceListCollection"),
        "presenceList");
  if (!lists && !error)
    error = kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST", 0,
        "The platform's reply has no presenceListCollection.presenceList");
  if (error || !kandy_client_get_username (g_task_get_source_object (task))) {
    fail (task,
        error ? error
              : kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1",
                  0, "Nobody is signed on"));
    g_object_unref (task);
    return;
  }
  if (json_array_get_length (lists) == 0) {
    make_list (task);
    return;
  }
  first = json_array_get_element (lists, 0);
  subscribe_list (task, kandy_json_get_string_at (first, "resourceURL"));
}

const char *const *
kandy_subscription_get_services (void)
{
  static const char *names[G_N_ELEMENTS (services) + 1];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (services); i++)
    names[i] = services[i].name;
  return names;
}

void
kandy_subscription_create_async (KandyClient *client, const char *name,
    GVariant *params, const char *notify_url, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GTask *task = g_task_new (client, NULL, callback, user_data);
  Subscribe *subscribe = g_new0 (Subscribe, 1);
  g_autofree char *lists = NULL;

  g_task_set_source_tag (task, kandy_subscription_create_async);
  g_task_set_task_data (task, subscribe, (GDestroyNotify) subscribe_free);
  subscribe->service = find_service (name);
  subscribe->notify_url = g_strdup (notify_url);
  if (params && g_str_equal (name, "smsinbound"))
    g_variant_lookup (params, "destinationAddress", "s", &subscribe->address);

  if (!g_str_equal (name, "presence")) {
    send_subscribe (task, subscribe->service->tail);
    return;
  }
  lists = kandy_client_user_path (client, "presence", "presenceLists");
  if (!lists) {
    fail (task,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
            "Nobody is signed on"));
    g_object_unref (task);
    return;
  }
  kandy_rest_send_async (kandy_client_get_rest (client), "GET", lists, NULL,
      KANDY_REST_DEFAULT, 0, "Read presence lists", NULL, lists_read, task);
}

KandySubscription *
kandy_subscription_create_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kandy_subscription_free (KandySubscription *self)
{
  g_free (self->resource);
  g_free (self->list_id);
  g_free (self);
}

static void
renewal_unref (KandyRenewal *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->service);
  g_free (self->notify_url);
  g_free (self);
}

static void
renewal_clear_timer (KandyRenewal *self)
{
  if (self->timer) {
    g_source_destroy (self->timer);
    g_clear_pointer (&self->timer, g_source_unref);
  }
}

static void
renewal_wait (KandyRenewal *self)
{
  gint64 left = (self->end - g_get_monotonic_time ()) / 1000;

  self->timer =
      g_timeout_source_new ((guint) CLAMP (left / 2, MIN_RENEW_MS, G_MAXINT));
  g_source_set_callback (self->timer, renewal_due, self, NULL);
  g_source_attach (self->timer, kandy_client_get_context (self->client));
}

static void
renewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KandyRenewal *self = user_data;
  g_autoptr (GError) error = NULL;
  KandySubscription *subscription =
      kandy_subscription_create_finish (result, &error);

  if (!self->client) {
    g_clear_pointer (&subscription, kandy_subscription_free);
  } else if (subscription) {
    self->end = g_get_monotonic_time ()
        + (gint64) MAX (subscription->duration, 1) * G_USEC_PER_SEC;
    renewal_wait (self);
    self->func (subscription, self->service, NULL, self->user_data);
  } else if (g_get_monotonic_time () < self->end) {
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_WARN, "SUBSCRIPTION", NULL,
        "The subscription to %s could not be renewed: %s", self->service,
        error->message);
    renewal_wait (self);
  } else {
    self->func (NULL, self->service, error, self->user_data);
  }
  renewal_unref (self);
}

static gboolean
renewal_due (gpointer user_data)
{
  KandyRenewal *self = user_data;

  renewal_clear_timer (self);
  g_atomic_ref_count_inc (&self->ref_count);
  kandy_subscription_create_async (
      self->client, self->service, NULL, self->notify_url, renewed, self);
  return G_SOURCE_REMOVE;
}

KandyRenewal *
kandy_renewal_start (KandyClient *client, const char *service,
    const char *notify_url, guint duration, KandyRenewalFunc func,
    gpointer user_data)
{
  KandyRenewal *self = g_new0 (KandyRenewal, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_set_weak_pointer (&self->client, client);
  self->service = g_strdup (service);
  self->notify_url = g_strdup (notify_url);
  self->func = func;
  self->user_data = user_data;
  self->end = g_get_monotonic_time () + (gint64) duration * G_USEC_PER_SEC;
  renewal_wait (self);
  return self;
}

void
kandy_renewal_stop (KandyRenewal *self)
{
  renewal_clear_timer (self);
  g_clear_weak_pointer (&self->client);
  renewal_unref (self);
}
