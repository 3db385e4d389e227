/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-websocket.h"

#include <string.h>

#include "kandy-client-private.h"
#include "kandy-error-private.h"
#include "kandy-websocket-link.h"

enum {
  SIGNAL_FRAME,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

struct _KandyWebsocket {
  GObject parent_instance;

  KandyClient *client;      /* weak */
  KandyWebsocketLink *link; /* until it is closed */
  GTask *opening;
  GTask *parting;
  GSocketAddress *address; /* of this machine */
  gboolean open;           /* and not closing */
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (KandyWebsocket, kandy_websocket, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

/* What an end of the websocket waits for */
typedef struct {
  KandyClient *client;
  gulong destroyed_id;
  GSource *timeout;
} Parting;

static void
parting_free (Parting *parting)
{
  g_clear_signal_handler (&parting->destroyed_id, parting->client);
  g_object_unref (parting->client);
  g_source_destroy (parting->timeout);
  g_source_unref (parting->timeout);
  g_free (parting);
}

/* Whatever comes first: the data goes, and all else that may come with it */
static void
end_parting (KandyWebsocket *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->parting);

  if (!task)
    return;
  g_task_set_task_data (task, NULL, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
parting_timed_out (gpointer user_data)
{
  end_parting (user_data);
  return G_SOURCE_REMOVE;
}

static void
report (KandyWebsocket *self, const char *problem)
{
  if (self->client && !self->closing)
    kandy_logger_log (kandy_client_get_logger (self->client),
        KANDY_LOG_LEVEL_WARN, "CONNECTIVITY", NULL, "%s", problem);
}

static void
opened (KandyWebsocket *self, GSocketAddress *address)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->opening);

  self->open = TRUE;
  g_set_object (&self->address, address);
  g_task_return_boolean (task, TRUE);
}

static void
failed (KandyWebsocket *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->opening);

  g_clear_pointer (&self->link, kandy_websocket_link_free);
  g_task_return_error (task, g_error_copy (error));
}

static void
closed (KandyWebsocket *self, guint code)
{
  self->open = FALSE;
  g_clear_pointer (&self->link, kandy_websocket_link_free);
  end_parting (self);
  if (!self->closing)
    g_signal_emit (self, signals[SIGNAL_CLOSED], 0, code);
}

static void
handle_event (const KandyWebsocketEvent *event, gpointer user_data)
{
  g_autoptr (KandyWebsocket) self = g_object_ref (user_data);

  switch (event->type) {
    case KANDY_WEBSOCKET_OPENED:
      opened (self, event->address);
      break;
    case KANDY_WEBSOCKET_FAILED:
      failed (self, event->error);
      break;
    case KANDY_WEBSOCKET_FRAME:
      if (!self->closing)
        g_signal_emit (self, signals[SIGNAL_FRAME], 0, event->frame);
      break;
    case KANDY_WEBSOCKET_PROBLEM:
      report (self, event->problem);
      break;
    case KANDY_WEBSOCKET_CLOSED:
      closed (self, event->code);
      break;
  }
}

/* Absolute URLs are the platform's choice (protocol session 9.1), but not to
 * send the token in the clear */
static GUri *
make_uri (KandyWebsocket *self, const char *channel_url, GError **error)
{
  KandyRest *rest = kandy_client_get_rest (self->client);
  g_autofree char *protocol = kandy_config_get_string (
      kandy_client_get_config (self->client), "authentication.server.protocol");
  gboolean plain = g_strcmp0 (protocol, "http") == 0;
  const char *token =
      kandy_auth_get_access_token (kandy_client_get_auth (self->client));
  g_autofree char *escaped = NULL;
  g_autofree char *query = NULL;
  g_autofree char *text = NULL;
  GUri *uri;

  if (!token) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "authentication:1", 0,
            "There is no access token: sign on or set tokens first"));
    return NULL;
  }
  escaped = g_uri_escape_string (token, NULL, FALSE);
  query = g_strconcat ("access_token=", escaped, NULL);
  if (!strstr (channel_url, "://"))
    return kandy_rest_make_uri (
        rest, plain ? "ws" : "wss", channel_url, query, error);

  text = g_strconcat (
      channel_url, strchr (channel_url, '?') ? "&" : "?", query, NULL);
  uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri && g_uri_get_host (uri)
      && (g_str_equal (g_uri_get_scheme (uri), "wss")
          || (plain && g_str_equal (g_uri_get_scheme (uri), "ws"))))
    return uri;
  g_clear_pointer (&uri, g_uri_unref);
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_PROTOCOL, "REQUEST_URL", 0,
          "The platform's channelURL cannot be used"));
  return NULL;
}

static void
kandy_websocket_dispose (GObject *object)
{
  KandyWebsocket *self = KANDY_WEBSOCKET (object);

  kandy_websocket_close (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
  g_clear_pointer (&self->link, kandy_websocket_link_free);

  G_OBJECT_CLASS (kandy_websocket_parent_class)->dispose (object);
}

static void
kandy_websocket_finalize (GObject *object)
{
  KandyWebsocket *self = KANDY_WEBSOCKET (object);

  g_clear_weak_pointer (&self->client);
  g_clear_object (&self->address);

  G_OBJECT_CLASS (kandy_websocket_parent_class)->finalize (object);
}

static void
kandy_websocket_class_init (KandyWebsocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kandy_websocket_dispose;
  object_class->finalize = kandy_websocket_finalize;

  signals[SIGNAL_FRAME] = g_signal_new ("frame", KANDY_TYPE_WEBSOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, JSON_TYPE_NODE);
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", KANDY_TYPE_WEBSOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
kandy_websocket_init (KandyWebsocket *self)
{
}

KandyWebsocket *
kandy_websocket_new (KandyClient *client)
{
  KandyWebsocket *self = g_object_new (KANDY_TYPE_WEBSOCKET, NULL);

  g_set_weak_pointer (&self->client, client);
  return self;
}

void
kandy_websocket_open_async (KandyWebsocket *self, const char *channel_url,
    guint window_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  KandyRest *rest = kandy_client_get_rest (self->client);
  g_autoptr (GUri) uri = NULL;
  g_autoptr (SoupMessage) msg = NULL;
  KandyHttpSession *http = NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, kandy_websocket_open_async);
  uri = make_uri (self, channel_url, &error);
  if (uri)
    http = kandy_rest_ensure_http (rest, &error);
  if (!http) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }

  msg = soup_message_new_from_uri ("GET", uri);
  kandy_rest_prepare_message (rest, msg);
  self->opening = task;
  self->link = kandy_websocket_link_open (http, msg, window_ms,
      kandy_client_get_context (self->client), handle_event, self);
}

gboolean
kandy_websocket_open_finish (
    KandyWebsocket *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
kandy_websocket_is_stranded (KandyWebsocket *self)
{
  g_autoptr (GSocketAddress) any_port = NULL;
  g_autoptr (GSocket) probe = NULL;
  g_autoptr (GError) error = NULL;
  GInetAddress *address;

  if (!self->open || !G_IS_INET_SOCKET_ADDRESS (self->address))
    return FALSE;
  address =
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->address));
  /* it takes more than an address to bind to a link's one */
  if (g_inet_address_get_is_link_local (address))
    return FALSE;
  any_port = g_inet_socket_address_new (address, 0);
  probe = g_socket_new (g_inet_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  return probe && !g_socket_bind (probe, any_port, FALSE, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

gboolean
kandy_websocket_send (KandyWebsocket *self, const char *text)
{
  if (!self->open)
    return FALSE;
  kandy_websocket_link_send (self->link, text);
  return TRUE;
}

void
kandy_websocket_close (KandyWebsocket *self, gushort code)
{
  if (self->closing)
    return;
  self->closing = TRUE;
  self->open = FALSE;
  if (self->link)
    kandy_websocket_link_close (self->link, code);
  /* nobody has to run the context for an attempt that is given up */
  if (self->opening) {
    g_autoptr (GTask) task = g_steal_pointer (&self->opening);

    g_clear_pointer (&self->link, kandy_websocket_link_free);
    g_task_return_new_error (
        task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The websocket was closed");
  }
}

void
kandy_websocket_part_async (KandyWebsocket *self, gushort code,
    guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Parting *parting;

  g_task_set_source_tag (task, kandy_websocket_part_async);
  if (!self->open || !self->client) {
    kandy_websocket_close (self, code);
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  parting = g_new0 (Parting, 1);
  parting->client = g_object_ref (self->client);
  parting->destroyed_id = g_signal_connect_swapped (
      parting->client, "destroyed", G_CALLBACK (end_parting), self);
  parting->timeout = g_timeout_source_new (timeout_ms);
  g_source_set_callback (parting->timeout, parting_timed_out, self, NULL);
  g_source_attach (parting->timeout, g_task_get_context (task));
  g_task_set_task_data (task, parting, (GDestroyNotify) parting_free);
  self->parting = task;
  kandy_websocket_close (self, code);
}

void
kandy_websocket_part_finish (KandyWebsocket *self, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}
