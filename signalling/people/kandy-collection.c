/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-collection-private.h"

#include <string.h>

#include "kandy-error-private.h"
#include "kandy-events.h"

/**
 * KandyCollection:
 *
 * What the API document's namespaces `groups`, `presence`, `contacts` and
 * `user` have in common: a list of what is known, as a #GListModel, and
 * operations that ask the platform.
 *
 * Nothing is known at first. What is known is forgotten when another user signs
 * on, or the user signs off. Every operation has its own answer and also emits
 * the document's events; one that fails changes nothing.
 */

/* Items that are seen to in one iteration of the main context */
#define SLICE 64

typedef struct {
  KandyClient *client; /* weak: it owns this object */
  KandyNotifications *notifications;
  GArray *consumers;
  KandyItemList *items;
  guint user; /* counts the changes of user */
} KandyCollectionPrivate;

enum {
  PROP_0,
  PROP_CLIENT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static void kandy_collection_list_model_init (GListModelInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (KandyCollection, kandy_collection,
    G_TYPE_OBJECT,
    G_ADD_PRIVATE (KandyCollection) G_IMPLEMENT_INTERFACE (
        G_TYPE_LIST_MODEL, kandy_collection_list_model_init))

static KandyCollectionPrivate *
get_private (KandyCollection *self)
{
  return kandy_collection_get_instance_private (self);
}

/* One request of an operation */
typedef struct {
  KandyCollection *self;
  GTask *task;
  KandyCollectionDone done;
  GDestroyNotify destroy;
  char *error_code;
  const char *error_event;
  gboolean unasked;
  guint user;
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->self);
  g_clear_object (&request->task);
  g_free (request->error_code);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static GError *
user_changed_error (void)
{
  return g_error_new_literal (
      G_IO_ERROR, G_IO_ERROR_CANCELLED, "The user has changed meanwhile");
}

static void
request_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  KandyCollectionPrivate *priv = get_private (request->self);
  GTask *task = g_steal_pointer (&request->task);
  GError *error = NULL;
  gpointer reply;

  reply = kandy_rest_send_decoded_finish (KANDY_REST (source), result, &error);
  if (reply && request->user != priv->user) {
    request->destroy (reply);
    reply = NULL;
    error = user_changed_error ();
  }
  if (reply) {
    request->done (request->self, task, reply);
    return;
  }
  if (request->unasked && error->domain == KANDY_ERROR
      && kandy_error_get_http_status (error) == SOUP_STATUS_NOT_FOUND) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  if (request->error_code && error->domain == KANDY_ERROR
      && error->code != KANDY_ERROR_DESTROYED) {
    GError *cause = error;

    error =
        kandy_error_restate (cause, request->error_code, "%s", cause->message);
    g_error_free (cause);
  }
  kandy_collection_fail_with (request->self, task, request->error_event, error);
}

static void
items_changed (GListModel *items, guint position, guint removed, guint added,
    gpointer self)
{
  g_list_model_items_changed (self, position, removed, added);
}

static void
user_changed (KandyCollection *self)
{
  KandyCollectionPrivate *priv = get_private (self);
  KandyCollectionClass *klass = KANDY_COLLECTION_GET_CLASS (self);

  priv->user++;
  kandy_item_list_clear (priv->items, kandy_collection_get_context (self));
  if (klass->forget)
    klass->forget (self);
}

static void
kandy_collection_shutdown (KandyCollection *self)
{
  KandyCollectionPrivate *priv = get_private (self);
  guint i;

  if (priv->notifications)
    for (i = 0; i < priv->consumers->len; i++)
      kandy_notifications_remove_consumer (
          priv->notifications, g_array_index (priv->consumers, guint, i));
  g_array_set_size (priv->consumers, 0);
  g_clear_object (&priv->notifications);
  g_clear_weak_pointer (&priv->client);
}

static GType
kandy_collection_get_item_type (GListModel *model)
{
  return g_list_model_get_item_type (
      G_LIST_MODEL (get_private (KANDY_COLLECTION (model))->items));
}

static guint
kandy_collection_get_n_items (GListModel *model)
{
  return kandy_item_list_get_length (
      get_private (KANDY_COLLECTION (model))->items);
}

static gpointer
kandy_collection_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (
      G_LIST_MODEL (get_private (KANDY_COLLECTION (model))->items), position);
}

static void
kandy_collection_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_collection_get_item_type;
  iface->get_n_items = kandy_collection_get_n_items;
  iface->get_item = kandy_collection_get_item;
}

static void
kandy_collection_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KandyCollectionPrivate *priv = get_private (KANDY_COLLECTION (object));

  switch (prop_id) {
    case PROP_CLIENT:
      g_set_weak_pointer (&priv->client, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_collection_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyCollectionPrivate *priv = get_private (KANDY_COLLECTION (object));

  switch (prop_id) {
    case PROP_CLIENT:
      g_value_set_object (value, priv->client);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_collection_constructed (GObject *object)
{
  KandyCollection *self = KANDY_COLLECTION (object);
  KandyCollectionPrivate *priv = get_private (self);

  G_OBJECT_CLASS (kandy_collection_parent_class)->constructed (object);

  g_return_if_fail (priv->client != NULL);

  priv->notifications =
      g_object_ref (kandy_client_get_notifications (priv->client));
  g_signal_connect_object (kandy_client_get_auth (priv->client), "user-changed",
      G_CALLBACK (user_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (priv->client, "destroyed",
      G_CALLBACK (kandy_collection_shutdown), self, G_CONNECT_SWAPPED);
}

static void
kandy_collection_dispose (GObject *object)
{
  kandy_collection_shutdown (KANDY_COLLECTION (object));

  G_OBJECT_CLASS (kandy_collection_parent_class)->dispose (object);
}

static void
kandy_collection_finalize (GObject *object)
{
  KandyCollectionPrivate *priv = get_private (KANDY_COLLECTION (object));

  g_signal_handlers_disconnect_by_data (priv->items, object);
  g_object_unref (priv->items);
  g_array_unref (priv->consumers);

  G_OBJECT_CLASS (kandy_collection_parent_class)->finalize (object);
}

static void
kandy_collection_class_init (KandyCollectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = kandy_collection_set_property;
  object_class->get_property = kandy_collection_get_property;
  object_class->constructed = kandy_collection_constructed;
  object_class->dispose = kandy_collection_dispose;
  object_class->finalize = kandy_collection_finalize;

  /**
   * KandyCollection:client:
   *
   * The client that it belongs to; %NULL once that is gone.
   */
  props[PROP_CLIENT] = g_param_spec_object ("client", "Client",
      "The client that it belongs to", KANDY_TYPE_CLIENT,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_collection_init (KandyCollection *self)
{
  get_private (self)->consumers = g_array_new (FALSE, FALSE, sizeof (guint));
}

void
kandy_collection_set_items (KandyCollection *self, KandyItemList *items)
{
  get_private (self)->items = items;
  g_signal_connect (items, "items-changed", G_CALLBACK (items_changed), self);
}

KandyItemList *
kandy_collection_get_items (KandyCollection *self)
{
  return get_private (self)->items;
}

GMainContext *
kandy_collection_get_context (KandyCollection *self)
{
  KandyCollectionPrivate *priv = get_private (self);

  return priv->client ? kandy_client_get_context (priv->client) : NULL;
}

void
kandy_collection_listen (
    KandyCollection *self, const char *type, KandyNotificationFunc func)
{
  KandyCollectionPrivate *priv = get_private (self);
  guint id =
      kandy_notifications_add_consumer (priv->notifications, type, func, self);

  g_array_append_val (priv->consumers, id);
}

void
kandy_collection_emit (
    KandyCollection *self, const char *event, GVariant *payload)
{
  KandyCollectionPrivate *priv = get_private (self);

  if (priv->client)
    kandy_client_emit (priv->client, self, event, payload);
  else if (payload)
    g_variant_unref (g_variant_ref_sink (payload));
}

void
kandy_collection_log (KandyCollection *self, KandyLogLevel level,
    const char *target, const char *format, ...)
{
  KandyCollectionPrivate *priv = get_private (self);
  g_autofree char *message = NULL;
  va_list args;

  if (!priv->client)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  kandy_logger_log (kandy_client_get_logger (priv->client), level, target, NULL,
      "%s", message);
}

GTask *
kandy_collection_begin (KandyCollection *self, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  /* A cancelled request fails by itself. One that has succeeded has changed
   * something, and says so */
  g_task_set_check_cancellable (task, FALSE);
  return task;
}

void
kandy_collection_fail (KandyCollection *self, GTask *task, GError *error)
{
  kandy_collection_fail_with (self, task, NULL, error);
}

void
kandy_collection_fail_with (
    KandyCollection *self, GTask *task, const char *event, GError *error)
{
  GVariantDict payload;

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && !g_error_matches (error, KANDY_ERROR, KANDY_ERROR_DESTROYED)) {
    g_variant_dict_init (&payload, NULL);
    g_variant_dict_insert_value (
        &payload, "error", kandy_error_to_variant (error));
    kandy_collection_emit (self,
        event ? event : KANDY_COLLECTION_GET_CLASS (self)->error_event,
        g_variant_dict_end (&payload));
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

void
kandy_collection_refuse (KandyCollection *self, GTask *task, const char *code,
    const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  kandy_collection_fail (self, task,
      kandy_error_new (KANDY_ERROR_INVALID_PARAM, code, 0, "%s", message));
}

void
kandy_collection_send (KandyCollection *self, GTask *task,
    const KandyCollectionRequest *request, KandyCollectionDone done)
{
  KandyCollectionPrivate *priv = get_private (self);
  g_autofree char *path = NULL;
  g_autofree char *full = NULL;
  Request *data;

  if (!priv->client || kandy_client_is_destroyed (priv->client)) {
    kandy_collection_fail_with (self, task, request->error_event,
        kandy_error_new (KANDY_ERROR_DESTROYED, NULL, 0,
            "%s request refused: the client was destroyed", request->label));
    return;
  }
  path = kandy_client_user_path (priv->client, request->service, request->tail);
  if (!path) {
    kandy_collection_fail_with (self, task, request->error_event,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION,
            request->error_code ? request->error_code : "authentication:1", 0,
            "%s request refused: nobody is signed on", request->label));
    return;
  }
  full = request->query ? g_strconcat (path, "?", request->query, NULL) : NULL;

  data = g_new0 (Request, 1);
  data->self = g_object_ref (self);
  data->task = task;
  data->done = done;
  data->destroy =
      request->decode ? request->destroy : (GDestroyNotify) json_node_unref;
  data->error_code = g_strdup (request->error_code);
  data->error_event = request->error_event;
  data->unasked = request->unasked;
  data->user = priv->user;
  kandy_rest_send_decoded_async (kandy_client_get_rest (priv->client),
      request->method, full ? full : path, request->body, request->flags, 0,
      request->label, request->decode, data->destroy,
      g_task_get_cancellable (task), request_done, data);
}

typedef struct {
  KandyCollection *self;
  GTask *task;
  GPtrArray *items;
  guint next;
  KandyCollectionStep step;
  KandyCollectionDone done;
  gpointer reply;
  GDestroyNotify destroy;
  guint user;
} Walk;

static void
walk_free (gpointer data)
{
  Walk *walk = data;

  kandy_free_in_slices (
      walk->items, KANDY_SLICE, kandy_collection_get_context (walk->self));
  g_object_unref (walk->self);
  g_free (walk);
}

static void
walk_failed (Walk *walk, GError *error)
{
  walk->destroy (walk->reply);
  kandy_collection_fail (walk->self, walk->task, error);
}

static gboolean
walk_on (gpointer user_data)
{
  Walk *walk = user_data;
  KandyCollectionPrivate *priv = get_private (walk->self);
  guint end = MIN (walk->next + SLICE, walk->items->len);

  /* A step emits signals, whose handlers may do anything */
  while (priv->client && walk->user == priv->user && walk->next < end)
    walk->step (walk->self, walk->items->pdata[walk->next++]);
  if (!priv->client) {
    walk_failed (walk,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed"));
  } else if (walk->user != priv->user) {
    walk_failed (walk, user_changed_error ());
  } else if (walk->next < walk->items->len) {
    return G_SOURCE_CONTINUE;
  } else {
    walk->done (walk->self, walk->task, walk->reply);
  }
  return G_SOURCE_REMOVE;
}

void
kandy_collection_walk (KandyCollection *self, GTask *task, GPtrArray *items,
    KandyCollectionStep step, KandyCollectionDone done, gpointer reply,
    GDestroyNotify destroy)
{
  Walk *walk = g_new0 (Walk, 1);
  g_autoptr (GSource) source = NULL;

  walk->self = g_object_ref (self);
  walk->task = task;
  walk->items = items;
  walk->step = step;
  walk->done = done;
  walk->reply = reply;
  walk->destroy = destroy;
  walk->user = get_private (self)->user;
  if (walk_on (walk) == G_SOURCE_REMOVE) {
    walk_free (walk);
    return;
  }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, walk_on, walk, walk_free);
  g_source_attach (source, kandy_collection_get_context (self));
}

GError *
kandy_missing_error (const char *member)
{
  return kandy_error_new (
      KANDY_ERROR_PROTOCOL, NULL, 0, "The platform's reply has no %s", member);
}

char *
kandy_escape_segment (const char *segment)
{
  /* these two would mean another resource (RFC 3986 section 5.2.4) */
  if (g_str_equal (segment, "."))
    return g_strdup ("%2E");
  if (g_str_equal (segment, ".."))
    return g_strdup ("%2E%2E");
  return g_uri_escape_string (segment, "@+:!$&'()*,;=", FALSE);
}

char *
kandy_last_segment (const char *path)
{
  g_autofree char *plain = g_strndup (path, strcspn (path, "?#"));
  gsize length = strlen (plain);
  const char *slash;
  char *segment;

  while (length > 0 && plain[length - 1] == '/')
    plain[--length] = '\0';
  slash = strrchr (plain, '/');
  if (!length)
    return NULL;
  segment = g_uri_unescape_string (slash ? slash + 1 : plain, "/");
  if (segment && !g_utf8_validate (segment, -1, NULL))
    g_clear_pointer (&segment, g_free);
  return segment;
}

char *
kandy_fold_address (const char *address)
{
  return g_ascii_strdown (address, -1);
}

void
kandy_variant_dict_insert_string (
    GVariantDict *dict, const char *name, const char *value)
{
  if (value)
    g_variant_dict_insert (dict, name, "s", value);
}

/**
 * kandy_collection_get_client:
 * @self: a collection
 *
 * Returns: (transfer none) (nullable): the client that it belongs to; %NULL
 *   once that is gone
 */
KandyClient *
kandy_collection_get_client (KandyCollection *self)
{
  g_return_val_if_fail (KANDY_IS_COLLECTION (self), NULL);

  return get_private (self)->client;
}
