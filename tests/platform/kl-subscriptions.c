/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* Service subscriptions (protocol session 4.5): which channel hears of what.
 * The four services differ in their paths and in the name of the object. */

typedef struct {
  const char *service;
  const char *prefix; /* between /cpaas/ and the user, with the version */
  const char *wrapper;
} Service;

static const Service services[] = {
  { "call", "webrtcsignaling", "wrtcsNotificationSubscription" },
  { "chat", "chat", "chatNotificationSubscription" },
  { "smsinbound", "smsmessaging", "subscription" },
  { "presence", "presence", "presenceListSubscription" },
};

static const Service *
find_service (const char *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (services); i++) {
    if (g_str_equal (services[i].service, name))
      return &services[i];
  }
  return NULL;
}

void
kl_subscription_free (KlSubscription *subscription)
{
  kl_clear_source (&subscription->expiry);
  g_free (subscription->id);
  g_free (subscription->service);
  g_free (subscription->collection);
  json_object_unref (subscription->object);
  g_free (subscription);
}

/* Checks the service's own members, fills in those of the reply. Returns
 * FALSE if it has answered the request. */
static gboolean
complete_object (KlRequest *request, const Service *service, JsonObject *asked,
    JsonObject *object)
{
  const char *number;

  if (g_str_equal (service->service, "smsinbound")) {
    number = kl_json_get_string (asked, "destinationAddress");
    if (number
        && g_strcmp0 (number + (number[0] == '+'), request->account->phone)
            != 0) {
      kl_request_reply_error (
          request, 403, "POL0002", "User may not access %1", number);
      return FALSE;
    }
    json_object_set_string_member (object, "destinationAddress",
        number ? number : request->account->phone);
  } else if (g_str_equal (service->service, "presence")) {
    g_autofree char *list =
        kl_presence_dup_list (request->self, request->account);
    gint64 duration = request->self->policies.presence_lifetime;

    if (kl_json_get_int (asked, "duration", &duration))
      duration = CLAMP (duration, 1, request->self->policies.presence_lifetime);
    json_object_set_int_member (object, "duration", duration);
    json_object_set_string_member (object, "presenceListId", list);
  }
  return TRUE;
}

typedef struct {
  KlChannel *channel;
  KlSubscription *subscription; /* the timer goes with it */
} Expiry;

static void
expiry_free (gpointer data)
{
  Expiry *expiry = data;

  kl_channel_unref (expiry->channel);
  g_free (expiry);
}

/* It simply is no more, and nobody is told */
static gboolean
on_expired (gpointer data)
{
  Expiry *expiry = data;
  g_autoptr (KlChannel) channel = kl_channel_ref (expiry->channel);

  g_ptr_array_remove (channel->subscriptions, expiry->subscription);
  return G_SOURCE_REMOVE;
}

static void
start_expiry (KlChannel *channel, KlSubscription *subscription)
{
  Expiry *expiry;
  gint64 duration;

  kl_clear_source (&subscription->expiry);
  if (!kl_json_get_int (subscription->object, "duration", &duration))
    return;
  expiry = g_new0 (Expiry, 1);
  expiry->channel = kl_channel_ref (channel);
  expiry->subscription = subscription;
  subscription->expiry = g_source_ref (kl_timeout (
      channel->self, (guint) duration * 1000, on_expired, expiry, expiry_free));
}

/* (nullable): the same device subscribes again, before its end */
static KlSubscription *
find_own (KlChannel *channel, const Service *service)
{
  guint i;

  if (!g_str_equal (service->service, "presence"))
    return NULL;
  for (i = 0; i < channel->subscriptions->len; i++) {
    KlSubscription *subscription = channel->subscriptions->pdata[i];

    if (g_str_equal (subscription->service, service->service))
      return subscription;
  }
  return NULL;
}

static void
subscribe (KlRequest *request, const Service *service)
{
  JsonObject *asked = kl_json_get_object (request->body, service->wrapper);
  JsonObject *reference = kl_json_get_object (asked, "callbackReference");
  KlChannel *channel = kl_channels_find (
      request->self, kl_json_get_string (reference, "notifyURL"));
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *url = NULL;
  KlSubscription *subscription;
  JsonObject *callback;

  if (!asked) {
    kl_request_reply_bad_value (request, service->wrapper);
    return;
  }
  if (!channel || channel->account != request->account) {
    kl_request_reply_bad_value (request, "notifyURL");
    return;
  }
  if (channel->subscriptions->len >= KL_MAX_SUBSCRIPTIONS_PER_CHANNEL) {
    kl_request_reply_error (request, 403, "POL0001", "Request refused: %1",
        "too many subscriptions");
    return;
  }

  object = json_object_new ();
  callback = json_object_new ();
  json_object_set_string_member (callback, "notifyURL", channel->id);
  json_object_set_object_member (object, "callbackReference", callback);
  kl_json_copy_member (object, asked, "clientCorrelator");
  if (!complete_object (request, service, asked, object))
    return;

  subscription = find_own (channel, service);
  if (subscription) {
    kl_json_copy_member (object, subscription->object, "resourceURL");
    json_object_unref (subscription->object);
    subscription->object = json_object_ref (object);
    start_expiry (channel, subscription);
    kl_request_reply (request, 201,
        kl_json_wrap (service->wrapper, g_steal_pointer (&object)));
    return;
  }
  subscription = g_new0 (KlSubscription, 1);
  subscription->id = g_uuid_string_random ();
  subscription->service = g_strdup (service->service);
  subscription->collection = g_strdup (request->path);
  url = g_strconcat (request->path, "/", subscription->id, NULL);
  json_object_set_string_member (object, "resourceURL", url);
  subscription->object = json_object_ref (object);
  g_ptr_array_add (channel->subscriptions, subscription);
  start_expiry (channel, subscription);
  if (g_str_equal (service->service, "presence"))
    kl_presence_subscribed (request, channel);
  kl_request_reply (
      request, 201, kl_json_wrap (service->wrapper, g_steal_pointer (&object)));
}

static KlSubscription *
find_subscription (KlRequest *request, const Service *service, const char *id,
    KlChannel **owner)
{
  g_autoptr (GPtrArray) channels =
      kl_channels_of (request->self, request->account, service->service);
  guint i, j;

  for (i = 0; i < channels->len; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);

    for (j = 0; j < channel->subscriptions->len; j++) {
      KlSubscription *subscription =
          g_ptr_array_index (channel->subscriptions, j);

      if (g_str_equal (subscription->service, service->service)
          && g_str_equal (subscription->id, id)) {
        *owner = channel;
        return subscription;
      }
    }
  }
  return NULL;
}

static void
list_subscriptions (KlRequest *request, const Service *service)
{
  g_autoptr (GPtrArray) channels =
      kl_channels_of (request->self, request->account, service->service);
  const char *correlator = request->query
      ? g_hash_table_lookup (request->query, "clientCorrelator")
      : NULL;
  g_autofree char *list_name = g_strconcat (service->wrapper, "List", NULL);
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  guint i, j;

  for (i = 0; i < channels->len; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);

    for (j = 0; j < channel->subscriptions->len; j++) {
      KlSubscription *subscription =
          g_ptr_array_index (channel->subscriptions, j);

      if (g_str_equal (subscription->service, service->service)
          && (!correlator
              || g_strcmp0 (correlator,
                     kl_json_get_string (
                         subscription->object, "clientCorrelator"))
                  == 0))
        json_array_add_object_element (
            array, json_object_ref (subscription->object));
    }
  }
  json_object_set_array_member (list, service->wrapper, array);
  json_object_set_string_member (list, "resourceURL", request->path);
  kl_request_reply (request, 200, kl_json_wrap (list_name, list));
}

static void
handle_one (KlRequest *request, const Service *service, const char *id)
{
  KlChannel *channel;
  KlSubscription *subscription =
      find_subscription (request, service, id, &channel);

  if (!subscription) {
    kl_request_reply_not_found (request, "subscriptionId");
  } else if (kl_request_is (request, "GET")) {
    kl_request_reply (request, 200,
        kl_json_wrap (
            service->wrapper, json_object_ref (subscription->object)));
  } else if (kl_request_is (request, "DELETE")) {
    g_ptr_array_remove (channel->subscriptions, subscription);
    kl_request_reply (request, 204, NULL);
  } else {
    kl_request_reply_bad_method (request, "GET, DELETE");
  }
}

/* rest: what follows the user in the path */
void
kl_subscriptions_handle (KlRequest *request, const char *name, char **rest)
{
  const Service *service = find_service (name);
  gboolean found = FALSE;

  if (g_str_equal (name, "presence")) {
    g_autofree char *list =
        kl_presence_dup_list (request->self, request->account);

    found = g_str_equal (rest[0], "subscriptions") && rest[1]
        && g_str_equal (rest[1], "presenceListSubscriptions") && rest[2]
        && g_strcmp0 (rest[2], list) == 0;
    rest += found ? 3 : 0;
  } else if (g_str_equal (name, "smsinbound")) {
    found = rest[1] && g_str_equal (rest[1], "subscriptions");
    rest += found ? 2 : 0;
  } else {
    found = TRUE;
    rest += 1;
  }

  if (!found || (rest[0] && rest[1])) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  if (rest[0])
    handle_one (request, service, rest[0]);
  else if (kl_request_is (request, "POST"))
    subscribe (request, service);
  else if (kl_request_is (request, "GET"))
    list_subscriptions (request, service);
  else
    kl_request_reply_bad_method (request, "GET, POST");
}

/* The platform takes subscriptions away (protocol session 6.4). service: NULL
 * for all. Returns how many. */
guint
kl_subscriptions_cancel (KlChannel *channel, const char *service)
{
  guint count = 0;
  guint i = 0;

  while (i < channel->subscriptions->len) {
    KlSubscription *subscription =
        g_ptr_array_index (channel->subscriptions, i);
    const char *type;
    g_autoptr (JsonObject) object = NULL;
    JsonArray *links;
    JsonObject *link;

    if (service && !g_str_equal (subscription->service, service)) {
      i++;
      continue;
    }
    if (g_str_equal (subscription->service, "call"))
      type = "wrtcsNotificationSubscriptionCancellationNotification";
    else if (g_str_equal (subscription->service, "chat"))
      type = "chatSubscriptionCancellationNotification";
    else if (g_str_equal (subscription->service, "smsinbound"))
      type = "smsSubscriptionCancellationNotification";
    else
      type = "presenceSubscriptionCancellationNotification";

    link = json_object_new ();
    json_object_set_string_member (link, "rel", "Subscription");
    json_object_set_string_member (
        link, "href", kl_json_get_string (subscription->object, "resourceURL"));
    links = json_array_new ();
    json_array_add_object_element (links, link);
    object = json_object_new ();
    json_object_set_array_member (object, "link", links);
    g_ptr_array_remove_index (channel->subscriptions, i);
    kl_channel_notify (channel, type, object);
    count++;
  }
  return count;
}
