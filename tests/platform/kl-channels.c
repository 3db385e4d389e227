/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* Notification channels (protocol session 3) and their websockets (protocol
 * session 5): a channel outlives its sockets, and keeps what it has to tell
 * until one is there. */

KlChannel *
kl_channel_ref (KlChannel *channel)
{
  g_ref_count_inc (&channel->refs);
  return channel;
}

void
kl_channel_unref (KlChannel *channel)
{
  if (!g_ref_count_dec (&channel->refs))
    return;
  g_free (channel->id);
  g_free (channel->correlator);
  g_ptr_array_unref (channel->subscriptions);
  g_queue_clear_full (&channel->queue, g_free);
  g_free (channel->held);
  g_free (channel);
}

KlChannel *
kl_channels_find (KandyLoopback *self, const char *id)
{
  return id ? g_hash_table_lookup (self->channels, id) : NULL;
}

/* service: NULL for any channel */
gboolean
kl_channel_has_service (KlChannel *channel, const char *service)
{
  guint i;

  if (!service)
    return TRUE;
  for (i = 0; i < channel->subscriptions->len; i++) {
    KlSubscription *subscription =
        g_ptr_array_index (channel->subscriptions, i);

    if (g_str_equal (subscription->service, service))
      return TRUE;
  }
  return FALSE;
}

static int
compare_channels (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(KlChannel *const *) a)->id, (*(KlChannel *const *) b)->id);
}

/* account: NULL for all. Returns (transfer full) channels in a fixed order. */
GPtrArray *
kl_channels_of (KandyLoopback *self, KlAccount *account, const char *service)
{
  GPtrArray *found =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kl_channel_unref);
  GHashTableIter iter;
  gpointer channel;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel)) {
    if ((!account || ((KlChannel *) channel)->account == account)
        && kl_channel_has_service (channel, service))
      g_ptr_array_add (found, kl_channel_ref (channel));
  }
  g_ptr_array_sort (found, compare_channels);
  return found;
}

static void
abort_socket (SoupWebsocketConnection *socket)
{
  GSocket *transport = g_object_get_data (G_OBJECT (socket), KL_TRANSPORT);

  if (transport)
    g_socket_shutdown (transport, TRUE, TRUE, NULL);
}

/* code 0: the connection breaks */
void
kl_channel_close_socket (KlChannel *channel, guint code, const char *reason)
{
  SoupWebsocketConnection *socket = channel->socket;

  kl_clear_source (&channel->ping);
  if (!socket)
    return;

  /* The set of sockets keeps it until it is closed */
  channel->socket = NULL;
  g_signal_handlers_disconnect_by_data (socket, channel);
  kl_log_socket (channel, "ws-close", code ? code : 1006);
  if (code == 0)
    abort_socket (socket);
  else if (soup_websocket_connection_get_state (socket)
      == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (socket, code, reason);
  g_object_unref (socket);
}

void
kl_channel_remove (KlChannel *channel, guint code, const char *reason)
{
  if (channel->gone)
    return;
  channel->gone = TRUE;
  kl_channel_close_socket (channel, code, reason);
  kl_clear_source (&channel->expiry);
  g_hash_table_remove (channel->self->channels, channel->id);
}

static void
write_frame (KlChannel *channel, const char *frame)
{
  g_autofree char *valid = NULL;

  if (!g_utf8_validate (frame, -1, NULL))
    frame = valid = g_utf8_make_valid (frame, -1);
  kl_log_frame (channel, FALSE, frame);
  soup_websocket_connection_send_text (channel->socket, frame);
  if (++channel->unanswered > KL_MAX_UNANSWERED_FRAMES)
    kl_channel_close_socket (channel, 0, NULL);
}

static gboolean
is_open (KlChannel *channel)
{
  return channel->socket
      && soup_websocket_connection_get_state (channel->socket)
      == SOUP_WEBSOCKET_STATE_OPEN;
}

void
kl_channel_send (KlChannel *channel, const char *frame)
{
  KlPolicies *policies = &channel->self->policies;
  g_autofree char *held = g_steal_pointer (&channel->held);

  if (channel->gone)
    return;
  if (is_open (channel)) {
    write_frame (channel, frame);
  } else if (policies->queue_while_away) {
    g_queue_push_tail (&channel->queue, g_strdup (frame));
    channel->queue_bytes += strlen (frame);
    while (channel->queue.length > policies->queue_length
        || channel->queue_bytes > KL_MAX_QUEUE_BYTES) {
      g_autofree char *oldest = g_queue_pop_head (&channel->queue);

      channel->queue_bytes -= strlen (oldest);
    }
  }
  if (held)
    kl_channel_send (channel, held);
}

typedef struct {
  KlChannel *channel;
  char *frame;
} DelayedFrame;

static gboolean
on_delayed_frame (gpointer data)
{
  DelayedFrame *delayed = data;

  kl_channel_send (delayed->channel, delayed->frame);
  return G_SOURCE_REMOVE;
}

static void
delayed_frame_free (gpointer data)
{
  DelayedFrame *delayed = data;

  kl_channel_unref (delayed->channel);
  g_free (delayed->frame);
  g_free (delayed);
}

static void
set_sdp (JsonObject *object, const char *sdp)
{
  JsonObject *holder = kl_json_get_object (object, "offer");

  if (!holder)
    holder = kl_json_get_object (object, "answer");
  if (holder)
    json_object_set_string_member (holder, "sdp", sdp);
}

/* Returns (nullable) the frame that a fault makes of a notification */
static char *
spoil_frame (KlFault *fault, const char *type, const char *frame)
{
  /* A copy: parts of the original are shared with other channels */
  g_autoptr (JsonObject) root = kl_json_parse (frame, -1, NULL);
  JsonObject *object = kl_json_get_object (root, type);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  guint i;

  if (fault->drop)
    return NULL;
  if (fault->frame)
    return g_strdup (fault->frame);
  if (fault->sdp)
    set_sdp (object, fault->sdp);
  for (i = 0; fault->remove && fault->remove[i]; i++)
    json_object_remove_member (object, fault->remove[i]);
  if (fault->set) {
    json_object_iter_init (&iter, fault->set);
    while (json_object_iter_next (&iter, &name, &node))
      json_object_set_member (object, name, json_node_copy (node));
  }
  return kl_json_to_string (root);
}

/* Borrows object, which gets an id of its own for each channel */
void
kl_channel_notify (KlChannel *channel, const char *type, JsonObject *object)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *frame = NULL;
  g_autoptr (JsonObject) root = NULL;
  g_autoptr (KlFault) fault = NULL;
  guint i;

  json_object_set_string_member (object, "id", id);
  root = kl_json_wrap (type, json_object_ref (object));
  frame = kl_json_to_string (root);

  fault = kl_faults_match (channel->self, KL_FAULT_NOTIFICATION, type,
      kl_json_get_string (object, "eventType"), channel->account);
  if (!fault) {
    kl_channel_send (channel, frame);
    return;
  }

  {
    g_autofree char *spoilt = spoil_frame (fault, type, frame);

    if (!spoilt)
      return;
    if (fault->delay) {
      DelayedFrame *delayed = g_new0 (DelayedFrame, 1);

      delayed->channel = kl_channel_ref (channel);
      delayed->frame = g_strdup (spoilt);
      kl_timeout (channel->self, fault->delay, on_delayed_frame, delayed,
          delayed_frame_free);
      return;
    }
    if (fault->reorder) {
      g_free (channel->held);
      channel->held = g_steal_pointer (&spoilt);
      return;
    }
    for (i = 0; i <= fault->duplicate; i++)
      kl_channel_send (channel, spoilt);
  }
}

typedef struct {
  KandyLoopback *self;
  KlAccount *account;
  char *service;
  char *channel;
  char *type;
  JsonObject *object;
} Notice;

static gboolean
on_notice (gpointer data)
{
  Notice *notice = data;
  KandyLoopback *self = notice->self;
  KlChannel *only = kl_channels_find (self, notice->channel);
  g_autoptr (GPtrArray) channels = NULL;
  guint i;

  if (only && only->account == notice->account
      && kl_channel_has_service (only, notice->service)) {
    kl_channel_notify (only, notice->type, notice->object);
    return G_SOURCE_REMOVE;
  }
  channels = kl_channels_of (self, notice->account, notice->service);
  for (i = 0; i < channels->len; i++)
    kl_channel_notify (
        g_ptr_array_index (channels, i), notice->type, notice->object);
  return G_SOURCE_REMOVE;
}

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  g_free (notice->service);
  g_free (notice->channel);
  g_free (notice->type);
  json_object_unref (notice->object);
  g_free (notice);
}

/* Tells every channel of the account that has the service, or only the one
 * named channel as long as that exists. Borrows object. */
void
kl_notify (KandyLoopback *self, KlAccount *account, const char *service,
    const char *channel, const char *type, JsonObject *object, guint delay)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->self = self;
  notice->account = account;
  notice->service = g_strdup (service);
  notice->channel = g_strdup (channel);
  notice->type = g_strdup (type);
  notice->object = json_object_ref (object);
  if (delay) {
    kl_timeout (self, delay, on_notice, notice, notice_free);
  } else {
    on_notice (notice);
    notice_free (notice);
  }
}

static gboolean
on_expired (gpointer data)
{
  kl_channel_remove (data, KL_CLOSE_EXPIRED, "Channel expired");
  return G_SOURCE_REMOVE;
}

static void
restart_lifetime (KlChannel *channel)
{
  kl_clear_source (&channel->expiry);
  channel->expiry = g_source_ref (
      kl_timeout (channel->self, channel->lifetime * 1000, on_expired,
          kl_channel_ref (channel), (GDestroyNotify) kl_channel_unref));
}

static void schedule_ping (KlChannel *channel);

/* The server's role of protocol session 5.4 */
static gboolean
on_ping (gpointer data)
{
  KlChannel *channel = data;
  KlPolicies *policies = &channel->self->policies;
  g_autoptr (JsonObject) root = NULL;
  g_autofree char *frame = NULL;
  JsonObject *check;

  if (!is_open (channel))
    return G_SOURCE_REMOVE;
  if (channel->missed_pings >= policies->max_missed_pings) {
    kl_channel_close_socket (
        channel, KL_CLOSE_SILENT, "connCheck not answered");
    return G_SOURCE_REMOVE;
  }
  if (!policies->mute_pings) {
    channel->missed_pings++;
    check = json_object_new ();
    if (policies->ping_interval % 1000)
      json_object_set_double_member (
          check, "interval", policies->ping_interval / 1000.0);
    else
      json_object_set_int_member (
          check, "interval", policies->ping_interval / 1000);
    root = kl_json_wrap ("connCheck", check);
    frame = kl_json_to_string (root);
    write_frame (channel, frame);
  }
  schedule_ping (channel);
  return G_SOURCE_REMOVE;
}

static void
schedule_ping (KlChannel *channel)
{
  kl_clear_source (&channel->ping);
  if (!channel->server_pings || !channel->socket)
    return;
  channel->ping = g_source_ref (
      kl_timeout (channel->self, channel->self->policies.ping_interval, on_ping,
          kl_channel_ref (channel), (GDestroyNotify) kl_channel_unref));
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *data, KlChannel *channel)
{
  channel->unanswered = 0;
}

static void
on_message (SoupWebsocketConnection *socket, SoupWebsocketDataType type,
    GBytes *bytes, KlChannel *channel)
{
  g_autoptr (JsonObject) frame = NULL;
  g_autofree char *text = NULL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  /* Whatever the client says shows that it lives, and keeps the channel */
  channel->unanswered = 0;
  restart_lifetime (channel);
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    return;
  text = length > 0 ? g_strndup (data, length) : g_strdup ("");
  kl_log_frame (channel, TRUE, text);
  frame = kl_json_parse (text, -1, NULL);
  if (!frame)
    return;
  if (json_object_has_member (frame, "connCheck")) {
    if (!channel->self->policies.mute_acks)
      write_frame (channel, "{\"connAck\":{}}");
  } else if (json_object_has_member (frame, "connAck")) {
    channel->missed_pings = 0;
  }
}

/* With the client's closing frame, or when there is no connection any more */
static void
on_closed (SoupWebsocketConnection *socket, KlChannel *channel)
{
  guint code = soup_websocket_connection_get_close_code (socket);

  if (channel->socket != socket)
    return;
  kl_log_socket (channel, "ws-close", code ? code : 1006);
  kl_clear_source (&channel->ping);
  g_signal_handlers_disconnect_by_data (socket, channel);
  g_clear_object (&channel->socket);
}

static void
on_socket_gone (SoupWebsocketConnection *socket, KandyLoopback *self)
{
  g_hash_table_remove (self->sockets, socket);
}

static void
attach_socket (KlChannel *channel, GIOStream *stream, GSocket *transport,
    GUri *uri, const char *origin)
{
  KandyLoopback *self = channel->self;
  SoupWebsocketConnection *socket = soup_websocket_connection_new (
      stream, uri, SOUP_WEBSOCKET_CONNECTION_SERVER, origin, NULL, NULL);
  char *frame;

  g_object_set_data_full (G_OBJECT (socket), KL_TRANSPORT,
      g_object_ref (transport), g_object_unref);
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, KL_MAX_FRAME);
  /* Its pongs show that what was sent is also read */
  soup_websocket_connection_set_keepalive_interval (socket, 30);
  g_hash_table_add (self->sockets, g_object_ref (socket));
  g_signal_connect_object (
      socket, "closed", G_CALLBACK (on_socket_gone), self, G_CONNECT_AFTER);

  kl_channel_close_socket (
      channel, KL_CLOSE_REPLACED, "Replaced by a newer connection");
  channel->socket = socket;
  channel->missed_pings = 0;
  channel->unanswered = 0;
  g_signal_connect_data (socket, "message", G_CALLBACK (on_message),
      kl_channel_ref (channel), (GClosureNotify) (GCallback) kl_channel_unref,
      0);
  g_signal_connect_data (socket, "pong", G_CALLBACK (on_pong),
      kl_channel_ref (channel), (GClosureNotify) (GCallback) kl_channel_unref,
      0);
  g_signal_connect_data (socket, "closing", G_CALLBACK (on_closed),
      kl_channel_ref (channel), (GClosureNotify) (GCallback) kl_channel_unref,
      0);
  g_signal_connect_data (socket, "closed", G_CALLBACK (on_closed),
      kl_channel_ref (channel), (GClosureNotify) (GCallback) kl_channel_unref,
      0);
  kl_log_socket (channel, "ws-open", 0);

  while (channel->socket && (frame = g_queue_pop_head (&channel->queue))) {
    channel->queue_bytes -= strlen (frame);
    write_frame (channel, frame);
    g_free (frame);
  }
  schedule_ping (channel);
}

static void
on_upgraded (SoupServerMessage *message, KlChannel *channel)
{
  g_autoptr (KlChannel) alive = kl_channel_ref (channel);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GUri) uri = g_uri_ref (soup_server_message_get_uri (message));
  const char *origin = soup_message_headers_get_one (
      soup_server_message_get_request_headers (message), "Origin");
  GSocket *transport;

  transport = g_object_get_data (
      G_OBJECT (soup_server_message_get_remote_address (message)),
      KL_TRANSPORT);
  stream = soup_server_message_steal_connection (message);
  if (!stream)
    return;
  if (alive->gone)
    g_io_stream_close (stream, NULL, NULL);
  else
    attach_socket (alive, stream, transport, uri, origin);
}

void
kl_channels_handle_upgrade (KlRequest *request, const char *id)
{
  KlChannel *channel = kl_channels_find (request->self, id);

  if (!channel || channel->account != request->account) {
    kl_request_reply_not_found (request, "channelId");
    return;
  }
  if (!soup_websocket_server_process_handshake (
          request->message, NULL, NULL, NULL, NULL))
    return;
  g_signal_connect_data (request->message, "wrote-informational",
      G_CALLBACK (on_upgraded), kl_channel_ref (channel),
      (GClosureNotify) (GCallback) kl_channel_unref, 0);
}

static JsonObject *
channel_to_json (KlChannel *channel)
{
  g_autofree char *url =
      g_strdup_printf ("/cpaas/notificationchannel/v1/%s/channels/%s",
          channel->account->id, channel->id);
  g_autofree char *socket_url = g_strconcat (url, "/websocket", NULL);
  JsonObject *object = json_object_new ();
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "channelURL", socket_url);
  json_object_set_string_member (data, "type", "nc:WebsocketsData");
  json_object_set_int_member (
      data, "maxNotifications", channel->self->policies.queue_length);
  json_object_set_string_member (object, "callbackURL", channel->id);
  json_object_set_object_member (object, "channelData", data);
  json_object_set_int_member (object, "channelLifetime", channel->lifetime);
  /* Exactly so: the vendor's client compares it */
  json_object_set_string_member (object, "channelType", "websockets");
  if (channel->correlator)
    json_object_set_string_member (
        object, "clientCorrelator", channel->correlator);
  json_object_set_string_member (object, "resourceURL", url);
  json_object_set_string_member (
      object, "x-connCheckRole", channel->server_pings ? "server" : "client");
  return object;
}

/* A client that crashes leaves its channel behind until its lifetime ends */
static void
make_room (KandyLoopback *self, KlAccount *account)
{
  g_autoptr (GPtrArray) channels = kl_channels_of (self, account, NULL);
  KlChannel *victim = NULL;
  guint i;

  if (channels->len < KL_MAX_CHANNELS_PER_ACCOUNT)
    return;
  for (i = 0; i < channels->len; i++) {
    KlChannel *channel = g_ptr_array_index (channels, i);

    if (!channel->socket
        && (!victim
            || g_source_get_ready_time (channel->expiry)
                < g_source_get_ready_time (victim->expiry)))
      victim = channel;
  }
  if (victim)
    kl_channel_remove (victim, 0, NULL);
}

static void
create_channel (KlRequest *request)
{
  KandyLoopback *self = request->self;
  JsonObject *asked = kl_json_get_object (request->body, "notificationChannel");
  const char *type = kl_json_get_string (asked, "channelType");
  const char *role = kl_json_get_string (asked, "x-connCheckRole");
  g_autofree char *uuid = g_uuid_string_random ();
  g_autoptr (GPtrArray) channels = NULL;
  gint64 lifetime = self->policies.channel_lifetime;
  KlChannel *channel;

  if (!asked) {
    kl_request_reply_bad_value (request, "notificationChannel");
    return;
  }
  if (!type || g_ascii_strcasecmp (type, "Websockets") != 0) {
    kl_request_reply_bad_value (request, "channelType");
    return;
  }
  if (json_object_has_member (asked, "channelLifetime")
      && (!kl_json_get_int (asked, "channelLifetime", &lifetime)
          || lifetime <= 0)) {
    kl_request_reply_bad_value (request, "channelLifetime");
    return;
  }
  if (json_object_has_member (asked, "x-connCheckRole")
      && g_strcmp0 (role, "client") != 0 && g_strcmp0 (role, "server") != 0) {
    kl_request_reply_bad_value (request, "x-connCheckRole");
    return;
  }
  make_room (self, request->account);
  channels = kl_channels_of (self, request->account, NULL);
  if (channels->len >= KL_MAX_CHANNELS_PER_ACCOUNT) {
    kl_request_reply_error (request, 403, "POL0001", "Request refused: %1",
        "too many notification channels");
    return;
  }

  channel = g_new0 (KlChannel, 1);
  g_ref_count_init (&channel->refs);
  channel->self = self;
  channel->account = request->account;
  channel->id = g_strconcat ("ws-", uuid, NULL);
  channel->correlator =
      g_strdup (kl_json_get_string (asked, "clientCorrelator"));
  channel->lifetime = CLAMP (lifetime, 1, self->policies.channel_lifetime_max);
  channel->server_pings = g_strcmp0 (role, "server") == 0;
  channel->subscriptions =
      g_ptr_array_new_with_free_func ((GDestroyNotify) kl_subscription_free);
  g_queue_init (&channel->queue);
  restart_lifetime (channel);
  g_hash_table_insert (self->channels, channel->id, channel);
  kl_request_reply (request, 201,
      kl_json_wrap ("notificationChannel", channel_to_json (channel)));
}

static void
list_channels (KlRequest *request)
{
  g_autoptr (GPtrArray) channels =
      kl_channels_of (request->self, request->account, NULL);
  JsonObject *list = json_object_new ();
  JsonArray *array = json_array_new ();
  guint i;

  for (i = 0; i < channels->len; i++)
    json_array_add_object_element (
        array, channel_to_json (g_ptr_array_index (channels, i)));
  json_object_set_array_member (list, "notificationChannel", array);
  json_object_set_string_member (list, "resourceURL", request->path);
  kl_request_reply (
      request, 200, kl_json_wrap ("notificationChannelList", list));
}

static void
prolong_channel (KlRequest *request, KlChannel *channel)
{
  JsonObject *asked =
      kl_json_get_object (request->body, "notificationChannelLifetime");
  JsonObject *reply;
  gint64 lifetime;

  if (!kl_json_get_int (asked, "channelLifetime", &lifetime) || lifetime <= 0) {
    kl_request_reply_bad_value (request, "channelLifetime");
    return;
  }
  channel->lifetime =
      CLAMP (lifetime, 1, request->self->policies.channel_lifetime_max);
  restart_lifetime (channel);
  reply = json_object_new ();
  json_object_set_int_member (reply, "channelLifetime", channel->lifetime);
  kl_request_reply (
      request, 200, kl_json_wrap ("notificationChannelLifetime", reply));
}

/* rest: what follows the user in the path */
void
kl_channels_handle (KlRequest *request, char **rest)
{
  guint length = g_strv_length (rest);
  KlChannel *channel;

  if (!g_str_equal (rest[0], "channels") || length > 3
      || (length == 3 && !g_str_equal (rest[2], "channelLifetime"))) {
    kl_request_reply_not_found (request, "path");
    return;
  }
  if (length == 1) {
    if (kl_request_is (request, "POST"))
      create_channel (request);
    else if (kl_request_is (request, "GET"))
      list_channels (request);
    else
      kl_request_reply_bad_method (request, "GET, POST");
    return;
  }

  channel = kl_channels_find (request->self, rest[1]);
  if (!channel || channel->account != request->account) {
    kl_request_reply_not_found (request, "channelId");
    return;
  }
  if (kl_request_is (request, "PUT")) {
    prolong_channel (request, channel);
  } else if (length == 2 && kl_request_is (request, "GET")) {
    kl_request_reply (request, 200,
        kl_json_wrap ("notificationChannel", channel_to_json (channel)));
  } else if (length == 2 && kl_request_is (request, "DELETE")) {
    kl_channel_remove (channel, 1000, "Channel deleted");
    kl_request_reply (request, 204, NULL);
  } else {
    kl_request_reply_bad_method (
        request, length == 2 ? "GET, PUT, DELETE" : "PUT");
  }
}

void
kl_channels_stop (KandyLoopback *self)
{
  g_autoptr (GPtrArray) channels = kl_channels_of (self, NULL, NULL);
  g_autoptr (GList) sockets = NULL;
  GList *item;
  guint i;

  for (i = 0; i < channels->len; i++)
    kl_channel_remove (g_ptr_array_index (channels, i), 0, NULL);
  sockets = g_hash_table_get_keys (self->sockets);
  for (item = sockets; item; item = item->next) {
    g_signal_handlers_disconnect_by_data (item->data, self);
    abort_socket (item->data);
  }
  g_hash_table_remove_all (self->sockets);
}
