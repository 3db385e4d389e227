/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "kandy-calls-private.h"

#include "kandy-call-private.h"
#include "kandy-config.h"
#include "kandy-error.h"
#include "kandy-events.h"
#include "kandy-ice-server.h"
#include "kandy-logger.h"

/**
 * KandyCalls:
 *
 * Makes, receives and lists the calls of a client (API document: namespace
 * `call`). As a #GListModel it has all calls of the session, those that are
 * over too (#KandyCalls:ended-limit of them), oldest first.
 *
 * It needs the client's tokens and, for notifications, a subscription to the
 * service `call`; and it needs kandy_calls_set_engine_factory(), since the
 * media are not this library's.
 */

/* Notifications that come before the reply to the request that made their
 * session are kept this long, and this many (protocol calls 11, row 6) */
#define EARLY_LIMIT_SECONDS 5
#define EARLY_MAX 64

typedef struct {
  gint64 when;
  KandyCallNotification *notification;
} Early;

#define DEFAULT_ENDED_LIMIT 1000

enum { PROP_0, PROP_CLIENT, PROP_ENDED_LIMIT, N_PROPS };

static GParamSpec *props[N_PROPS];

static void kandy_calls_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KandyCalls, kandy_calls, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, kandy_calls_list_model_init))

static void
early_free (Early *early)
{
  g_clear_pointer (&early->notification, kandy_call_notification_free);
  g_free (early);
}

/* The first call that is over if there are too many of them, else -1 */
static int
find_excess (KandyCalls *self)
{
  guint i, n_over = 0;
  int first = -1;

  for (i = 0; i < self->calls->len; i++) {
    if (!kandy_call_is_over (self->calls->pdata[i]))
      continue;
    if (n_over++ == 0)
      first = (int) i;
  }
  return n_over > self->ended_limit ? first : -1;
}

static void
forget_excess (KandyCalls *self)
{
  int position;

  g_object_ref (self);
  while ((position = find_excess (self)) >= 0) {
    g_ptr_array_remove_index (self->calls, (guint) position);
    g_list_model_items_changed (G_LIST_MODEL (self), (guint) position, 1, 0);
  }
  g_object_unref (self);
}

static void
append (KandyCalls *self, KandyCall *call)
{
  g_ptr_array_add (self->calls, g_object_ref (call));
  g_list_model_items_changed (G_LIST_MODEL (self), self->calls->len - 1, 0, 1);
  forget_excess (self);
}

static void
keep_early (KandyCalls *self, KandyCallNotification *notification)
{
  Early *early = g_new0 (Early, 1);

  early->when = g_get_monotonic_time ();
  early->notification = notification;
  g_queue_push_tail (&self->early, early);
  if (g_queue_get_length (&self->early) > EARLY_MAX)
    early_free (g_queue_pop_head (&self->early));
}

static void
replay_early (KandyCalls *self, KandyCall *call, const char *session_id)
{
  gint64 oldest =
      g_get_monotonic_time () - EARLY_LIMIT_SECONDS * G_USEC_PER_SEC;
  GQueue due = G_QUEUE_INIT;
  GList *l = self->early.head, *next;
  Early *early;

  /* A listener may end the client, and the queue with it */
  for (; l; l = next) {
    early = l->data;
    next = l->next;
    if (g_strcmp0 (early->notification->session_id, session_id) != 0)
      continue;
    g_queue_unlink (&self->early, l);
    g_queue_push_tail_link (&due, l);
  }
  while ((early = g_queue_pop_head (&due))) {
    if (early->when >= oldest)
      kandy_call_notify (call, g_steal_pointer (&early->notification));
    early_free (early);
  }
}

static void
receive (KandyCalls *self, KandyCallNotification *invitation)
{
  g_autoptr (KandyCall) call = NULL;

  if (g_hash_table_contains (self->by_session, invitation->session_id)) {
    kandy_calls_log (self, KANDY_LOG_LEVEL_WARN, NULL,
        "A second invitation to a session is ignored");
    kandy_call_notification_free (invitation);
    return;
  }
  call = kandy_call_new (self, KANDY_CALL_DIRECTION_INCOMING,
      invitation->originator_address, invitation->participant_address);
  g_hash_table_insert (
      self->by_session, g_strdup (invitation->session_id), call);
  append (self, call);
  kandy_call_receive (call, invitation);
}

static void
on_notification (const char *type, JsonObject *content, gpointer user_data)
{
  g_autoptr (KandyCalls) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;
  KandyCallNotification *notification;
  KandyCall *call;

  notification = kandy_call_notification_parse (type, content, &error);
  if (!notification) {
    if (error)
      kandy_calls_log (self, KANDY_LOG_LEVEL_WARN, NULL, "%s", error->message);
    return;
  }
  if (notification->kind == KANDY_CALL_NOTIFICATION_INVITATION) {
    receive (self, notification);
    return;
  }
  call = g_hash_table_lookup (self->by_session, notification->session_id);
  if (call) {
    kandy_call_notify (call, notification);
  } else if (self->creates_in_flight > 0) {
    keep_early (self, notification);
  } else {
    kandy_calls_log (self, KANDY_LOG_LEVEL_DEBUG, NULL,
        "%s for a session that is not here is ignored", type);
    kandy_call_notification_free (notification);
  }
}

/* The client is destroyed: its calls end here, silently, and every task is
 * answered. The list stays. */
static void
kandy_calls_shutdown (KandyCalls *self)
{
  g_autoptr (GError) error = NULL;
  guint i;

  if (self->notifications)
    for (i = 0; i < self->consumers->len; i++)
      kandy_notifications_remove_consumer (
          self->notifications, g_array_index (self->consumers, guint, i));
  g_array_set_size (self->consumers, 0);
  g_clear_object (&self->notifications);
  kandy_calls_clear_servers (self);
  g_queue_clear_full (&self->early, (GDestroyNotify) early_free);

  error = kandy_error_new (
      KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed.");
  for (i = 0; i < self->calls->len; i++)
    kandy_call_shutdown (self->calls->pdata[i], error);
  kandy_calls_set_engine_factory (self, NULL, NULL, NULL);
  kandy_calls_set_codec_lister (self, NULL, NULL, NULL);
  g_clear_weak_pointer (&self->client);
}

static GType
kandy_calls_get_item_type (GListModel *model)
{
  return KANDY_TYPE_CALL;
}

static guint
kandy_calls_get_n_items (GListModel *model)
{
  return KANDY_CALLS (model)->calls->len;
}

static gpointer
kandy_calls_get_item (GListModel *model, guint position)
{
  KandyCalls *self = KANDY_CALLS (model);

  if (position >= self->calls->len)
    return NULL;
  return g_object_ref (self->calls->pdata[position]);
}

static void
kandy_calls_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = kandy_calls_get_item_type;
  iface->get_n_items = kandy_calls_get_n_items;
  iface->get_item = kandy_calls_get_item;
}

KandyMediaEngine *
kandy_calls_create_engine (
    KandyCalls *self, KandyCall *call, KandyMediaOptions *options)
{
  if (!self->factory)
    return NULL;
  return self->factory (self, call, options, self->factory_data);
}

void
kandy_calls_create_started (KandyCalls *self)
{
  self->creates_in_flight++;
}

void
kandy_calls_create_done (
    KandyCalls *self, KandyCall *call, const char *session_id)
{
  g_object_ref (self);
  if (session_id) {
    g_hash_table_insert (self->by_session, g_strdup (session_id), call);
    replay_early (self, call, session_id);
  }
  if (--self->creates_in_flight == 0)
    g_queue_clear_full (&self->early, (GDestroyNotify) early_free);
  g_object_unref (self);
}

void
kandy_calls_call_over (KandyCalls *self, KandyCall *call)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_session);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (value == call)
      g_hash_table_iter_remove (&iter);
}

char *
kandy_calls_normalize (
    KandyCalls *self, const char *destination, GError **error)
{
  g_autofree char *stripped = NULL;

  if (!g_utf8_validate (destination, -1, NULL)) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
            "The destination of a call must be UTF-8."));
    return NULL;
  }
  stripped = g_strstrip (g_strdup (destination));
  if (!*stripped) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
            "A call needs a destination."));
    return NULL;
  }
  if (kandy_config_get_boolean (
          kandy_client_get_config (self->client), "call.normalizeDestination"))
    return kandy_normalize_destination (
        destination, kandy_client_get_domain (self->client));
  return g_strdup (destination);
}

void
kandy_calls_shorten_times (KandyCalls *self, double share)
{
  self->time_share = share;
}

GSource *
kandy_calls_add_timeout (
    KandyCalls *self, guint ms, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new ((guint) (ms * self->time_share));

  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, kandy_client_get_context (self->client));
  return source;
}

void
kandy_calls_log (KandyCalls *self, KandyLogLevel level, const char *id,
    const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (!self->client)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  kandy_logger_log (
      kandy_client_get_logger (self->client), level, "CALL", id, "%s", message);
}

const char *
kandy_enum_nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (klass, value);

  /* Registered for good, so the text outlives the reference to the class */
  return found ? found->value_nick : "";
}

/* Finds the call that an event's callId names */
static gpointer
resolve_call (gpointer source, const char *id)
{
  return kandy_calls_get_by_id (source, id);
}

static void
kandy_calls_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KandyCalls *self = KANDY_CALLS (object);

  switch (prop_id) {
    case PROP_CLIENT:
      g_set_weak_pointer (&self->client, g_value_get_object (value));
      break;
    case PROP_ENDED_LIMIT:
      self->ended_limit = g_value_get_uint (value);
      forget_excess (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_calls_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyCalls *self = KANDY_CALLS (object);

  switch (prop_id) {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_ENDED_LIMIT:
      g_value_set_uint (value, self->ended_limit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_calls_constructed (GObject *object)
{
  KandyCalls *self = KANDY_CALLS (object);
  guint i, id;

  G_OBJECT_CLASS (kandy_calls_parent_class)->constructed (object);

  g_return_if_fail (self->client != NULL);

  self->notifications =
      g_object_ref (kandy_client_get_notifications (self->client));
  for (i = 0; kandy_call_notification_types[i]; i++) {
    id = kandy_notifications_add_consumer (self->notifications,
        kandy_call_notification_types[i], on_notification, self);
    g_array_append_val (self->consumers, id);
  }
  g_signal_connect_object (self->client, "destroyed",
      G_CALLBACK (kandy_calls_shutdown), self, G_CONNECT_SWAPPED);
}

static void
kandy_calls_dispose (GObject *object)
{
  kandy_calls_shutdown (KANDY_CALLS (object));

  G_OBJECT_CLASS (kandy_calls_parent_class)->dispose (object);
}

static void
kandy_calls_finalize (GObject *object)
{
  KandyCalls *self = KANDY_CALLS (object);

  g_ptr_array_unref (self->calls);
  g_ptr_array_unref (self->handlers);
  g_hash_table_unref (self->by_session);
  g_array_unref (self->consumers);
  g_clear_pointer (&self->servers, g_ptr_array_unref);

  G_OBJECT_CLASS (kandy_calls_parent_class)->finalize (object);
}

static void
kandy_calls_class_init (KandyCallsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = kandy_calls_set_property;
  object_class->get_property = kandy_calls_get_property;
  object_class->constructed = kandy_calls_constructed;
  object_class->dispose = kandy_calls_dispose;
  object_class->finalize = kandy_calls_finalize;

  /**
   * KandyCalls:client:
   *
   * The client that the calls belong to; %NULL once it is gone.
   */
  props[PROP_CLIENT] = g_param_spec_object ("client", "Client",
      "The client that the calls belong to", KANDY_TYPE_CLIENT,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KandyCalls:ended-limit:
   *
   * How many of the calls that are over are in the list. With each new call,
   * and when this is set, the oldest ones beyond that number leave it, so that
   * a program that makes calls for years does not grow with them; whoever has a
   * reference to one of them keeps it.
   */
  props[PROP_ENDED_LIMIT] = g_param_spec_uint ("ended-limit", "Ended limit",
      "How many of the calls that are over are in the list", 0, G_MAXUINT,
      DEFAULT_ENDED_LIMIT, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * KandyCalls::started:
   * @self: the calls
   * @call: (type KandyCall): the call, which is Initiating
   * @error: (nullable): always %NULL here; what goes wrong is told by
   *   #KandyCall::operation
   *
   * kandy_calls_make() made a call (API document: `call:start`).
   */
  /**
   * KandyCalls::received:
   * @self: the calls
   * @call: (type KandyCall): the call, which is Initiated
   * @media_offered: (nullable): an `a{sv}` with a boolean for each kind of
   *   media, as in `audio`; %NULL if the far end waits for our offer
   * @error: (nullable): always %NULL here; what goes wrong is told by
   *   #KandyCall::operation
   *
   * Somebody calls (API document: `call:receive`).
   */
  /**
   * KandyCalls::available-codecs:
   * @self: the calls
   * @kind: `audio` or `video`
   * @codecs: what kandy_calls_get_available_codecs_finish() returns
   *
   * kandy_calls_get_available_codecs_async() has its answer (API document:
   * `call:availableCodecs`).
   */
  kandy_events_install (object_class);
  kandy_events_set_resolver (object_class, resolve_call);
}

static void
kandy_calls_init (KandyCalls *self)
{
  self->time_share = 1;
  self->ended_limit = DEFAULT_ENDED_LIMIT;
  self->calls = g_ptr_array_new_with_free_func (g_object_unref);
  self->handlers = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_session =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->consumers = g_array_new (FALSE, FALSE, sizeof (guint));
  g_queue_init (&self->early);
}

/**
 * KandyMediaEngineFactory:
 * @calls: the calls of a client
 * @call: the call that needs an engine
 * @options: (nullable): what it is made or answered with; %NULL for an
 *     invitation that brings an offer, as it is taken before it is answered
 * @user_data: as given to kandy_calls_set_engine_factory()
 *
 * Makes the media engine of a call. Called on the client's main context, before
 * the first negotiation of the call.
 *
 * Returns: (transfer full) (nullable): a new engine; with %NULL the call fails
 *     with `call:3`
 */

/**
 * kandy_calls_set_engine_factory:
 * @self: the calls
 * @factory: (nullable) (scope notified): makes the media engine of a call
 * @user_data: data for @factory
 * @notify: (nullable): frees @user_data
 *
 * Sets who carries the media of calls from now on.
 */
void
kandy_calls_set_engine_factory (KandyCalls *self,
    KandyMediaEngineFactory factory, gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_return_if_fail (KANDY_IS_CALLS (self));

  old_notify = self->factory_notify;
  old_data = self->factory_data;
  self->factory = factory;
  self->factory_data = user_data;
  self->factory_notify = notify;
  if (old_notify)
    old_notify (old_data);
}

/**
 * kandy_calls_make:
 * @self: the calls
 * @destination: a user, as in `bob@example.org`, or a telephone number, as in
 *     `+16135551234`
 * @options: (nullable): what is sent and received; %NULL sends nothing
 * @error: (nullable): set on failure
 *
 * Makes a call (API document: `call.make`). On return it is in the list and
 * Initiating; everything else happens when the main context runs, with the
 * events `call:operation` (MAKE) and `call:start`. Whatever goes wrong from
 * then on is told by these events and kandy_call_get_error().
 *
 * Unless the configuration's hidden option `call.normalizeDestination` is off,
 * @destination is written as kandy_normalize_destination() does.
 *
 * Returns: (transfer none): the call, or %NULL with @error set:
 *     %KANDY_ERROR_INVALID_PARAM (`call:7`) for a @destination that is empty
 *     or no UTF-8, %KANDY_ERROR_AUTHENTICATION if there are no tokens,
 *     %KANDY_ERROR_DESTROYED
 */
KandyCall *
kandy_calls_make (KandyCalls *self, const char *destination,
    KandyMediaOptions *options, GError **error)
{
  g_autoptr (KandyCall) call = NULL;
  g_autofree char *to = NULL;
  const char *from;

  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);
  g_return_val_if_fail (destination != NULL, NULL);

  if (!self->client || kandy_client_is_destroyed (self->client)) {
    g_propagate_error (error,
        kandy_error_new (
            KANDY_ERROR_DESTROYED, NULL, 0, "The client was destroyed."));
    return NULL;
  }
  to = kandy_calls_normalize (self, destination, error);
  if (!to)
    return NULL;
  from = kandy_client_get_username (self->client);
  if (!from) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_AUTHENTICATION, "call:2", 0,
            "A call needs a user: no tokens are set."));
    return NULL;
  }

  call = kandy_call_new (self, KANDY_CALL_DIRECTION_OUTGOING, from, to);
  kandy_call_set_remote (call, NULL, to);
  kandy_call_set_options (call, options);
  kandy_call_start (call);
  append (self, call);
  return call;
}

/**
 * kandy_calls_get_all:
 * @self: the calls
 *
 * API document: `call.getAll`.
 *
 * Returns: (transfer container) (element-type KandyCall): all calls, oldest
 *     first; of those that are over #KandyCalls:ended-limit
 */
GPtrArray *
kandy_calls_get_all (KandyCalls *self)
{
  GPtrArray *all;
  guint i;

  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);

  all = g_ptr_array_new_with_free_func (g_object_unref);
  for (i = 0; i < self->calls->len; i++)
    g_ptr_array_add (all, g_object_ref (self->calls->pdata[i]));
  return all;
}

/**
 * kandy_calls_get_by_id:
 * @self: the calls
 * @call_id: a call's #KandyCall:id
 *
 * API document: `call.getById`.
 *
 * Returns: (transfer none) (nullable): the call
 */
KandyCall *
kandy_calls_get_by_id (KandyCalls *self, const char *call_id)
{
  guint i;

  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);
  g_return_val_if_fail (call_id != NULL, NULL);

  for (i = self->calls->len; i > 0; i--)
    if (g_str_equal (kandy_call_get_id (self->calls->pdata[i - 1]), call_id))
      return self->calls->pdata[i - 1];
  return NULL;
}

/**
 * kandy_calls_get_client:
 * @self: the calls
 *
 * Returns: (transfer none) (nullable): the client that they belong to; %NULL
 *     once it is gone
 */
KandyClient *
kandy_calls_get_client (KandyCalls *self)
{
  g_return_val_if_fail (KANDY_IS_CALLS (self), NULL);

  return self->client;
}
