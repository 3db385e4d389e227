/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin.h"
#include "gstkandysessioncontext.h"
#include "gstkandyuri.h"
#include "gstkandyvariant.h"

/* SECTION: GstKandyBaseBin
 *
 * The common part of the three elements. It finds the session, takes part in it
 * as a member, and shows account and call to the outside.
 *
 * Everything here is guarded by the object lock, which is released before
 * anything is emitted or posted. Functions of the member interface come on the
 * kandy thread.
 */

GST_DEBUG_CATEGORY_STATIC (gst_kandy_base_bin_debug);
#define GST_CAT_DEFAULT gst_kandy_base_bin_debug

#define DEFAULT_SESSION "default"
#define DEFAULT_AUTO_ANSWER FALSE
#define DEFAULT_BUSY_ACTION GST_KANDY_BUSY_ACTION_REJECT

enum {
  PROP_0,
  /* in the order of GstKandyAccountField */
  PROP_SERVER,
  PROP_USERNAME,
  PROP_PASSWORD,
  PROP_CLIENT_ID,
  PROP_CLIENT_SECRET,
  PROP_ACCESS_TOKEN,
  PROP_ID_TOKEN,
  PROP_CREDENTIALS_FILE,
  PROP_CLIENT_CORRELATOR,
  PROP_CA_FILE,
  PROP_ICE_SERVERS,
  PROP_TLS_VERIFY,
  PROP_SESSION,
  PROP_DESTINATION,
  PROP_AUTO_ANSWER,
  PROP_BUSY_ACTION,
  PROP_CALL_ID,
  PROP_STATE,
  PROP_MEDIA_CONNECTION_STATE,
  PROP_LOCAL_HOLD,
  PROP_REMOTE_HOLD,
  PROP_STATS,
  N_PROPERTIES
};

G_STATIC_ASSERT (N_PROPERTIES <= GST_KANDY_BASE_BIN_N_PROPERTIES);

enum {
  SIGNAL_INCOMING_CALL,
  SIGNAL_CALL_ENDED,
  SIGNAL_EVENT,
  SIGNAL_CALL,
  SIGNAL_ANSWER,
  SIGNAL_REJECT,
  SIGNAL_IGNORE,
  SIGNAL_END,
  SIGNAL_SEND_RINGING_FEEDBACK,
  SIGNAL_GET_STATS,
  N_SIGNALS
};

typedef struct {
  GstKandySessionAccount *account;
  KandyConfig *config;
  GstContext *context;      /* (nullable) */
  GstKandySession *session; /* (nullable): NULL below READY */
  char *session_name;
  char *destination; /* (nullable) */
  gboolean auto_answer;
  GstKandyBusyAction busy_action;
  gboolean playing;
  GstKandySessionStatus told; /* what was notified of last, no texts owned */
  char *told_call_id;
} GstKandyBaseBinPrivate;

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static void gst_kandy_base_bin_member_init (
    GstKandySessionMemberInterface *iface);
static void gst_kandy_base_bin_child_proxy_init (GstChildProxyInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (GstKandyBaseBin, gst_kandy_base_bin,
    GST_TYPE_BIN,
    G_ADD_PRIVATE (GstKandyBaseBin) G_IMPLEMENT_INTERFACE (
        GST_KANDY_TYPE_SESSION_MEMBER, gst_kandy_base_bin_member_init)
        G_IMPLEMENT_INTERFACE (
            GST_TYPE_CHILD_PROXY, gst_kandy_base_bin_child_proxy_init)
            GST_DEBUG_CATEGORY_INIT (gst_kandy_base_bin_debug, "kandybase", 0,
                "what the kandy elements have in common"))

#define PRIVATE(self)                                                          \
  ((GstKandyBaseBinPrivate *) gst_kandy_base_bin_get_instance_private (        \
      GST_KANDY_BASE_BIN (self)))

GstKandySession *
gst_kandy_base_bin_dup_session (GstKandyBaseBin *self)
{
  GstKandySession *session = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&session, PRIVATE (self)->session);
  GST_OBJECT_UNLOCK (self);
  return session;
}

void
gst_kandy_base_bin_wishes_changed (GstKandyBaseBin *self)
{
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);

  if (session != NULL)
    gst_kandy_session_wishes_changed (session);
}

/* @promise: (nullable) (transfer none) */
void
gst_kandy_base_bin_request (GstKandyBaseBin *self, GstKandyRequest request,
    const char *argument, GstPromise *promise)
{
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);

  if (session != NULL) {
    gst_kandy_session_request (session, request, argument,
        promise != NULL ? gst_promise_ref (promise) : NULL);
  } else {
    g_autoptr (GError) error = kandy_error_new (
        KANDY_ERROR_INVALID_STATE, "call:6", 0, "The element is in NULL");

    gst_kandy_promise_reply (promise, NULL, error);
  }
}

/* Bus messages */

/* The fault that GStreamer's own words describe best */
static int
resource_error (const GError *error)
{
  guint status = kandy_error_get_http_status (error);

  if (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_AUTHENTICATION)
      || status == 401 || status == 403)
    return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
  if (status == 404)
    return GST_RESOURCE_ERROR_NOT_FOUND;
  if (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM))
    return GST_RESOURCE_ERROR_SETTINGS;
  if (g_error_matches (error, KANDY_ERROR, KANDY_ERROR_NETWORK)
      || g_error_matches (error, KANDY_ERROR, KANDY_ERROR_TIMEOUT))
    return GST_RESOURCE_ERROR_OPEN_READ_WRITE;
  return GST_RESOURCE_ERROR_FAILED;
}

static void
post_error (GstKandyBaseBin *self, const GError *error)
{
  const char *code = kandy_error_get_platform_code (error);
  guint status = kandy_error_get_http_status (error);
  GstStructure *details = gst_structure_new ("details", "code", G_TYPE_STRING,
      code != NULL ? code : "NO_CODE", "http-status", G_TYPE_UINT, status,
      NULL);

  gst_element_message_full_with_details (GST_ELEMENT (self), GST_MESSAGE_ERROR,
      GST_RESOURCE_ERROR, resource_error (error), g_strdup (error->message),
      g_strdup_printf (
          "code %s, HTTP status %u", code != NULL ? code : "NO_CODE", status),
      __FILE__, GST_FUNCTION, __LINE__, details);
}

static void
gst_kandy_base_bin_progress (GstKandySessionMember *member,
    GstProgressType type, const char *code, const char *text)
{
  gst_element_post_message (GST_ELEMENT (member),
      gst_message_new_progress (GST_OBJECT (member), type, code, text));
}

static void
gst_kandy_base_bin_event (
    GstKandySessionMember *member, const char *name, GVariant *payload)
{
  g_autoptr (GstStructure) content =
      gst_kandy_structure_from_variant ("payload", payload);

  gst_element_post_message (GST_ELEMENT (member),
      gst_message_new_element (GST_OBJECT (member),
          gst_structure_new ("kandy-event", "name", G_TYPE_STRING, name,
              "payload", GST_TYPE_STRUCTURE, content, NULL)));
  g_signal_emit (
      member, signals[SIGNAL_EVENT], g_quark_from_string (name), name, content);
}

static void
gst_kandy_base_bin_stats (
    GstKandySessionMember *member, const GstStructure *stats)
{
  gst_element_post_message (GST_ELEMENT (member),
      gst_message_new_element (GST_OBJECT (member),
          gst_structure_new (
              "kandy-stats", "stats", GST_TYPE_STRUCTURE, stats, NULL)));
}

static void
gst_kandy_base_bin_failed (GstKandySessionMember *member, const GError *error)
{
  post_error (GST_KANDY_BASE_BIN (member), error);
}

static void
gst_kandy_base_bin_media_failed (
    GstKandySessionMember *member, const char *peer)
{
  GST_ELEMENT_WARNING (member, RESOURCE, READ,
      ("No media path to %s: nothing is heard or seen of the far end", peer),
      ("ICE or DTLS has failed; a firewall may be in between, and TURN may be "
       "needed"));
}

static void
gst_kandy_base_bin_status_changed (GstKandySessionMember *member)
{
  GstKandyBaseBin *self = GST_KANDY_BASE_BIN (member);
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);
  gboolean changed[N_PROPERTIES] = { FALSE };
  GstKandySessionStatus status;
  guint i;

  if (session == NULL)
    return;
  gst_kandy_session_get_status (session, &status);

  GST_OBJECT_LOCK (self);
  changed[PROP_CALL_ID] = g_strcmp0 (status.call_id, priv->told_call_id) != 0;
  changed[PROP_STATE] = status.state != priv->told.state;
  changed[PROP_MEDIA_CONNECTION_STATE] =
      status.media_connection_state != priv->told.media_connection_state;
  changed[PROP_LOCAL_HOLD] = status.local_hold != priv->told.local_hold;
  changed[PROP_REMOTE_HOLD] = status.remote_hold != priv->told.remote_hold;
  g_free (priv->told_call_id);
  priv->told_call_id = g_strdup (status.call_id);
  priv->told.state = status.state;
  priv->told.media_connection_state = status.media_connection_state;
  priv->told.local_hold = status.local_hold;
  priv->told.remote_hold = status.remote_hold;
  GST_OBJECT_UNLOCK (self);

  for (i = PROP_CALL_ID; i < N_PROPERTIES; i++) {
    if (changed[i])
      g_object_notify_by_pspec (G_OBJECT (self), properties[i]);
  }
  gst_kandy_session_status_clear (&status);
}

static void
gst_kandy_base_bin_incoming_call (GstKandySessionMember *member,
    const char *call_id, const char *from, const char *name)
{
  g_signal_emit (member, signals[SIGNAL_INCOMING_CALL], 0, call_id, from, name);
}

static void
gst_kandy_base_bin_call_ended (
    GstKandySessionMember *member, gboolean failed, gboolean ours)
{
  g_signal_emit (member, signals[SIGNAL_CALL_ENDED], 0, failed);
}

static void
gst_kandy_base_bin_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (member);

  GST_OBJECT_LOCK (member);
  if (wishes->destination == NULL)
    wishes->destination = g_strdup (priv->destination);
  wishes->auto_answer |= priv->auto_answer;
  wishes->playing |= priv->playing;
  if (priv->busy_action != DEFAULT_BUSY_ACTION)
    wishes->busy_action = priv->busy_action;
  GST_OBJECT_UNLOCK (member);
}

static void
ignore_media (GstKandySessionMember *member, GstKandyCall *media)
{
}

static void
ignore_track (GstKandySessionMember *member, GstKandyReceiveTrack *track)
{
}

static void
ignore (GstKandySessionMember *member)
{
}

static void
gst_kandy_base_bin_member_init (GstKandySessionMemberInterface *iface)
{
  iface->get_wishes = gst_kandy_base_bin_get_wishes;
  iface->progress = gst_kandy_base_bin_progress;
  iface->event = gst_kandy_base_bin_event;
  iface->stats = gst_kandy_base_bin_stats;
  iface->failed = gst_kandy_base_bin_failed;
  iface->media_failed = gst_kandy_base_bin_media_failed;
  iface->status_changed = gst_kandy_base_bin_status_changed;
  iface->incoming_call = gst_kandy_base_bin_incoming_call;
  iface->media_prepared = ignore_media;
  iface->media_joined = ignore_media;
  iface->call_connected = ignore;
  iface->track_added = ignore_track;
  iface->track_removed = ignore_track;
  iface->no_more_tracks = ignore;
  iface->call_ended = gst_kandy_base_bin_call_ended;
}

/* The settings of the client are one more child, named "client" */

static GObject *
gst_kandy_base_bin_get_child_by_name (GstChildProxy *proxy, const char *name)
{
  GstChildProxyInterface *iface = GST_CHILD_PROXY_GET_INTERFACE (proxy);
  GstChildProxyInterface *parent = g_type_interface_peek_parent (iface);

  if (g_str_equal (name, "client"))
    return g_object_ref (G_OBJECT (PRIVATE (proxy)->config));
  return parent->get_child_by_name (proxy, name);
}

static GObject *
gst_kandy_base_bin_get_child_by_index (GstChildProxy *proxy, guint index)
{
  GstChildProxyInterface *iface = GST_CHILD_PROXY_GET_INTERFACE (proxy);
  GstChildProxyInterface *parent = g_type_interface_peek_parent (iface);
  guint n = parent->get_children_count (proxy);

  if (index == n)
    return g_object_ref (G_OBJECT (PRIVATE (proxy)->config));
  return parent->get_child_by_index (proxy, index);
}

static guint
gst_kandy_base_bin_get_children_count (GstChildProxy *proxy)
{
  GstChildProxyInterface *iface = GST_CHILD_PROXY_GET_INTERFACE (proxy);
  GstChildProxyInterface *parent = g_type_interface_peek_parent (iface);

  return parent->get_children_count (proxy) + 1;
}

static void
gst_kandy_base_bin_child_proxy_init (GstChildProxyInterface *iface)
{
  iface->get_child_by_name = gst_kandy_base_bin_get_child_by_name;
  iface->get_child_by_index = gst_kandy_base_bin_get_child_by_index;
  iface->get_children_count = gst_kandy_base_bin_get_children_count;
}

static void
on_config_changed (KandyConfig *config, GParamSpec *pspec, gpointer user_data)
{
  GstKandyBaseBin *self = user_data;
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);

  if (session != NULL)
    gst_kandy_session_update_config (session, GST_KANDY_SESSION_MEMBER (self),
        kandy_config_to_variant (config));
}

/* Context and states */

/* As GStreamer's design document on contexts says: ask the parents, then the
 * application, then make one and share it */
static GstKandySession *
find_session (GstKandyBaseBin *self)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  g_autoptr (GstContext) context = NULL;
  g_autofree char *name = NULL;

  GST_OBJECT_LOCK (self);
  context = priv->context != NULL ? gst_context_ref (priv->context) : NULL;
  name = g_strdup (priv->session_name);
  GST_OBJECT_UNLOCK (self);

  if (context == NULL) {
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_need_context (
            GST_OBJECT (self), GST_KANDY_SESSION_CONTEXT_TYPE));
    GST_OBJECT_LOCK (self);
    context = priv->context != NULL ? gst_context_ref (priv->context) : NULL;
    GST_OBJECT_UNLOCK (self);
  }
  if (context == NULL) {
    context = gst_kandy_session_context_new ();
    gst_element_set_context (GST_ELEMENT (self), context);
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_have_context (
            GST_OBJECT (self), gst_context_ref (context)));
  }
  return gst_kandy_session_from_context (context, name);
}

static void
gst_kandy_base_bin_set_context (GstElement *element, GstContext *context)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (element);

  if (context != NULL
      && gst_context_has_context_type (
          context, GST_KANDY_SESSION_CONTEXT_TYPE)) {
    GST_OBJECT_LOCK (element);
    gst_context_replace (&priv->context, context);
    GST_OBJECT_UNLOCK (element);
  }
  GST_ELEMENT_CLASS (gst_kandy_base_bin_parent_class)
      ->set_context (element, context);
}

static gboolean
join (GstKandyBaseBin *self)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  g_autoptr (GstKandySession) session = find_session (self);
  g_autoptr (GstKandySessionAccount) account = NULL;
  g_autoptr (GError) error = NULL;

  if (session == NULL) {
    GST_ELEMENT_ERROR (self, CORE, FAILED, (NULL),
        ("the context of type " GST_KANDY_SESSION_CONTEXT_TYPE
         " was not made by gst_kandy_session_context_new()"));
    return FALSE;
  }

  GST_OBJECT_LOCK (self);
  account = gst_kandy_session_account_copy (priv->account);
  GST_OBJECT_UNLOCK (self);
  if (!gst_kandy_session_join (session, GST_KANDY_SESSION_MEMBER (self),
          account, priv->config, &error)) {
    post_error (self, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  priv->session = g_steal_pointer (&session);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
open_session (GstKandyBaseBin *self)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);
  g_autoptr (GstKandySessionAccount) account = NULL;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  account = gst_kandy_session_account_copy (priv->account);
  GST_OBJECT_UNLOCK (self);
  if (!gst_kandy_session_open (session, GST_KANDY_SESSION_MEMBER (self),
          account, priv->config, &error)) {
    post_error (self, error);
    return FALSE;
  }
  return TRUE;
}

static void
close_session (GstKandyBaseBin *self)
{
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);

  if (session != NULL)
    gst_kandy_session_close (session, GST_KANDY_SESSION_MEMBER (self));
}

static void
leave (GstKandyBaseBin *self)
{
  g_autoptr (GstKandySession) session = NULL;

  GST_OBJECT_LOCK (self);
  session = g_steal_pointer (&PRIVATE (self)->session);
  GST_OBJECT_UNLOCK (self);
  if (session != NULL)
    gst_kandy_session_leave (session, GST_KANDY_SESSION_MEMBER (self));
}

static void
set_playing (GstKandyBaseBin *self, gboolean playing)
{
  GST_OBJECT_LOCK (self);
  PRIVATE (self)->playing = playing;
  GST_OBJECT_UNLOCK (self);
  gst_kandy_base_bin_wishes_changed (self);
}

static GstStateChangeReturn
gst_kandy_base_bin_change_state (GstElement *element, GstStateChange transition)
{
  GstKandyBaseBin *self = GST_KANDY_BASE_BIN (element);
  GstStateChangeReturn ret;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!join (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!open_session (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      set_playing (self, FALSE);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      close_session (self);
      break;
    default:
      break;
  }

  ret = GST_ELEMENT_CLASS (gst_kandy_base_bin_parent_class)
            ->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (ret == GST_STATE_CHANGE_FAILURE)
        leave (self);
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        close_session (self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (ret != GST_STATE_CHANGE_FAILURE)
        set_playing (self, TRUE);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      leave (self);
      break;
    default:
      break;
  }
  return ret;
}

/* Actions */

static void
gst_kandy_base_bin_call (
    GstKandyBaseBin *self, const char *destination, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, GST_KANDY_REQUEST_CALL, destination, promise);
}

static void
gst_kandy_base_bin_answer (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, GST_KANDY_REQUEST_ANSWER, NULL, promise);
}

static void
gst_kandy_base_bin_reject (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, GST_KANDY_REQUEST_REJECT, NULL, promise);
}

static void
gst_kandy_base_bin_ignore (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, GST_KANDY_REQUEST_IGNORE, NULL, promise);
}

static void
gst_kandy_base_bin_end (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, GST_KANDY_REQUEST_END, NULL, promise);
}

static void
gst_kandy_base_bin_send_ringing_feedback (
    GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (
      self, GST_KANDY_REQUEST_RINGING_FEEDBACK, NULL, promise);
}

static void
gst_kandy_base_bin_get_stats (GstKandyBaseBin *self, GstPromise *promise)
{
  gst_kandy_base_bin_request (self, GST_KANDY_REQUEST_STATS, NULL, promise);
}

/* URIs */

gboolean
gst_kandy_base_bin_set_uri (
    GstKandyBaseBin *self, const char *uri, GError **error)
{
  return gst_kandy_uri_apply (uri, G_OBJECT (self), error);
}

char *
gst_kandy_base_bin_dup_uri (GstKandyBaseBin *self)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  char *uri;

  GST_OBJECT_LOCK (self);
  uri = gst_kandy_uri_build (
      gst_kandy_session_account_get (priv->account, GST_KANDY_ACCOUNT_SERVER),
      gst_kandy_session_account_get (priv->account, GST_KANDY_ACCOUNT_USERNAME),
      priv->destination);
  GST_OBJECT_UNLOCK (self);
  return uri;
}

/* Properties */

static void
gst_kandy_base_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandyBaseBin *self = GST_KANDY_BASE_BIN (object);
  GstKandyBaseBinPrivate *priv = PRIVATE (self);
  const char *text;

  switch (id) {
    case PROP_SERVER:
    case PROP_USERNAME:
    case PROP_PASSWORD:
    case PROP_CLIENT_ID:
    case PROP_CLIENT_SECRET:
    case PROP_ACCESS_TOKEN:
    case PROP_ID_TOKEN:
    case PROP_CREDENTIALS_FILE:
    case PROP_CLIENT_CORRELATOR:
    case PROP_CA_FILE:
    case PROP_ICE_SERVERS:
      GST_OBJECT_LOCK (self);
      gst_kandy_session_account_set (
          priv->account, id - PROP_SERVER, g_value_get_string (value));
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_TLS_VERIFY:
      GST_OBJECT_LOCK (self);
      gst_kandy_session_account_set_tls_verify (
          priv->account, g_value_get_boolean (value));
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_SESSION:
      text = g_value_get_string (value);
      GST_OBJECT_LOCK (self);
      g_free (priv->session_name);
      priv->session_name =
          g_strdup (text != NULL && *text != '\0' ? text : DEFAULT_SESSION);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_DESTINATION:
      text = g_value_get_string (value);
      GST_OBJECT_LOCK (self);
      g_free (priv->destination);
      priv->destination =
          text != NULL && *text != '\0' ? g_strdup (text) : NULL;
      GST_OBJECT_UNLOCK (self);
      gst_kandy_base_bin_wishes_changed (self);
      break;
    case PROP_AUTO_ANSWER:
      GST_OBJECT_LOCK (self);
      priv->auto_answer = g_value_get_boolean (value);
      GST_OBJECT_UNLOCK (self);
      gst_kandy_base_bin_wishes_changed (self);
      break;
    case PROP_BUSY_ACTION:
      GST_OBJECT_LOCK (self);
      priv->busy_action = g_value_get_enum (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
get_status_property (GstKandyBaseBin *self, guint id, GValue *value)
{
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);
  GstKandySessionStatus status = { NULL, KANDY_CALL_STATE_ENDED };

  if (session != NULL)
    gst_kandy_session_get_status (session, &status);
  switch (id) {
    case PROP_CALL_ID:
      g_value_set_string (value, status.call_id);
      break;
    case PROP_STATE:
      g_value_set_enum (value, status.state);
      break;
    case PROP_MEDIA_CONNECTION_STATE:
      g_value_set_enum (value, status.media_connection_state);
      break;
    case PROP_LOCAL_HOLD:
      g_value_set_boolean (value, status.local_hold);
      break;
    case PROP_REMOTE_HOLD:
      g_value_set_boolean (value, status.remote_hold);
      break;
    case PROP_STATS:
      g_value_set_boxed (value, status.stats);
      break;
  }
  gst_kandy_session_status_clear (&status);
}

static void
gst_kandy_base_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandyBaseBin *self = GST_KANDY_BASE_BIN (object);
  GstKandyBaseBinPrivate *priv = PRIVATE (self);

  switch (id) {
    case PROP_SERVER:
    case PROP_USERNAME:
    case PROP_CLIENT_ID:
    case PROP_CREDENTIALS_FILE:
    case PROP_CLIENT_CORRELATOR:
    case PROP_CA_FILE:
    case PROP_ICE_SERVERS:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value,
          gst_kandy_session_account_get (priv->account, id - PROP_SERVER));
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_TLS_VERIFY:
      GST_OBJECT_LOCK (self);
      g_value_set_boolean (
          value, gst_kandy_session_account_get_tls_verify (priv->account));
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_SESSION:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value, priv->session_name);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_DESTINATION:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value, priv->destination);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_AUTO_ANSWER:
      GST_OBJECT_LOCK (self);
      g_value_set_boolean (value, priv->auto_answer);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_BUSY_ACTION:
      GST_OBJECT_LOCK (self);
      g_value_set_enum (value, priv->busy_action);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_CALL_ID:
    case PROP_STATE:
    case PROP_MEDIA_CONNECTION_STATE:
    case PROP_LOCAL_HOLD:
    case PROP_REMOTE_HOLD:
    case PROP_STATS:
      get_status_property (self, id, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_kandy_base_bin_finalize (GObject *object)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (object);

  g_signal_handlers_disconnect_by_data (priv->config, object);
  gst_kandy_session_account_free (priv->account);
  g_clear_object (&priv->config);
  g_clear_object (&priv->session);
  gst_context_replace (&priv->context, NULL);
  g_free (priv->session_name);
  g_free (priv->destination);
  g_free (priv->told_call_id);

  G_OBJECT_CLASS (gst_kandy_base_bin_parent_class)->finalize (object);
}

static GParamSpec *
text_property (const char *name, const char *nick, const char *blurb)
{
  return g_param_spec_string (name, nick, blurb, NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

/* Without notify, or gst-launch -v and every deep-notify handler would get it
 */
static GParamSpec *
secret_property (const char *name, const char *nick, const char *blurb)
{
  return g_param_spec_string (name, nick, blurb, NULL,
      G_PARAM_WRITABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS
          | GST_PARAM_MUTABLE_READY);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags shown =
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GstKandyBaseBin:server:
   *
   * Where the platform is, as `https://HOST[:PORT]`; `http://` is for a test
   * platform, and a text without a scheme means `https://`. Environment
   * variable: `KANDY_SERVER`. API document: `config.authentication.server`.
   */
  properties[PROP_SERVER] = text_property ("server", "Server",
      "The platform, https://HOST[:PORT] (environment: KANDY_SERVER)");
  /**
   * GstKandyBaseBin:username:
   *
   * The user who signs on. Environment variable: `KANDY_USERNAME`.
   */
  properties[PROP_USERNAME] = text_property (
      "username", "User name", "Who signs on (environment: KANDY_USERNAME)");
  /**
   * GstKandyBaseBin:password:
   *
   * The user's password. It cannot be read back. On a command line it is
   * visible to other users of the machine: prefer the environment variable
   * `KANDY_PASSWORD` or #GstKandyBaseBin:credentials-file.
   */
  properties[PROP_PASSWORD] = secret_property ("password", "Password",
      "The user's password, cannot be read back (environment: "
      "KANDY_PASSWORD)");
  /**
   * GstKandyBaseBin:client-id:
   *
   * The key that the platform has given to the account or project. Not needed
   * with tokens, and `loopback` if the server is this machine. Environment
   * variable: `KANDY_CLIENT_ID`.
   */
  properties[PROP_CLIENT_ID] = text_property ("client-id", "Client ID",
      "Key of the account or project; \"loopback\" if unset and the server is "
      "this machine (environment: KANDY_CLIENT_ID)");
  /**
   * GstKandyBaseBin:client-secret:
   *
   * The project's secret: signs on as the project, without user and password.
   * It cannot be read back. Environment variable: `KANDY_CLIENT_SECRET`.
   */
  properties[PROP_CLIENT_SECRET] =
      secret_property ("client-secret", "Client secret",
          "The project's secret, in place of a password, cannot be read back "
          "(environment: KANDY_CLIENT_SECRET)");
  /**
   * GstKandyBaseBin:access-token:
   *
   * An access token that the application has got from the platform; together
   * with #GstKandyBaseBin:id-token in place of a password. It cannot be read
   * back. API document: `setTokens`.
   */
  properties[PROP_ACCESS_TOKEN] = secret_property ("access-token",
      "Access token",
      "An access token, with id-token in place of a password, cannot be read "
      "back");
  /**
   * GstKandyBaseBin:id-token:
   *
   * The identity token that belongs to #GstKandyBaseBin:access-token. It cannot
   * be read back. API document: `setTokens`.
   */
  properties[PROP_ID_TOKEN] = secret_property ("id-token", "Identity token",
      "The identity token of the access token, cannot be read back");
  /**
   * GstKandyBaseBin:credentials-file:
   *
   * A file with what no property says: a JSON object, or a key file with a
   * group
   * `[kandy]`. Its keys are `server`, `username`, `password`, `client-id`,
   * `client-secret`, `access-token`, `id-token`, `client-correlator`, `ca-file`
   * and `ice-servers`. It is refused if other users may read it.
   */
  properties[PROP_CREDENTIALS_FILE] = text_property ("credentials-file",
      "Credentials file",
      "Key file or JSON file with server, username, password, ...; readable "
      "only for its owner");
  /**
   * GstKandyBaseBin:client-correlator:
   *
   * Name by which the platform knows this device; made up if unset. API
   * document: `config.authentication.clientCorrelator`.
   */
  properties[PROP_CLIENT_CORRELATOR] = text_property ("client-correlator",
      "Client correlator", "Name of this device, made up if unset");
  /**
   * GstKandyBaseBin:ca-file:
   *
   * File with the certificates to trust, PEM, in place of the system's.
   */
  properties[PROP_CA_FILE] = text_property ("ca-file", "CA file",
      "Certificates to trust, a PEM file, in place of the system's");
  /**
   * GstKandyBaseBin:ice-servers:
   *
   * STUN and TURN servers, with spaces between them: `stun:HOST[:PORT]`,
   * `turn:HOST[:PORT][?transport=udp|tcp]`. Unset: those of
   * `client::ice-servers`, by default none. User names and passwords for TURN
   * come from the platform; a URL with an `@` is refused. API document:
   * `config.call.iceServers`.
   */
  properties[PROP_ICE_SERVERS] = text_property ("ice-servers", "ICE servers",
      "STUN and TURN servers, \"stun:HOST[:PORT] turn:HOST[:PORT] ...\"; the "
      "platform gives the credentials");
  /**
   * GstKandyBaseBin:tls-verify:
   *
   * Whether the server's certificate must be valid. Without, anybody on the way
   * can read the password and the calls.
   */
  properties[PROP_TLS_VERIFY] = g_param_spec_boolean ("tls-verify",
      "Verify TLS", "Whether the server's certificate must be valid", TRUE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  /**
   * GstKandyBaseBin:session:
   *
   * Elements of one pipeline that have the same value share one account and one
   * call. Looked at when the element goes to READY.
   */
  properties[PROP_SESSION] = g_param_spec_string ("session", "Session",
      "Elements with the same value share one account and one call",
      DEFAULT_SESSION,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  /**
   * GstKandyBaseBin:destination:
   *
   * Whom to call when the pipeline plays: an address, or a telephone number
   * with country code. Another value makes another call once the former one is
   * over. Unset: nobody is called. API document: `call.make`.
   */
  properties[PROP_DESTINATION] = g_param_spec_string ("destination",
      "Destination", "Whom to call in PLAYING: an address or phone number",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandyBaseBin:auto-answer:
   *
   * Whether incoming calls are answered at once while the pipeline plays. If
   * any element of the session has it, it holds. API document: `call.answer`.
   */
  properties[PROP_AUTO_ANSWER] = g_param_spec_boolean ("auto-answer",
      "Auto answer", "Answer incoming calls at once, in PLAYING",
      DEFAULT_AUTO_ANSWER,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandyBaseBin:busy-action:
   *
   * What becomes of a second incoming call while there is one.
   */
  properties[PROP_BUSY_ACTION] = g_param_spec_enum ("busy-action",
      "Busy action", "What becomes of an incoming call while there is one",
      GST_KANDY_TYPE_BUSY_ACTION, DEFAULT_BUSY_ACTION,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandyBaseBin:call-id:
   *
   * Id of the call, or of the last one. API document: `CallObject.id`.
   */
  properties[PROP_CALL_ID] = g_param_spec_string (
      "call-id", "Call ID", "Id of the call, or of the last one", NULL, shown);
  /**
   * GstKandyBaseBin:state:
   *
   * State of the call; `Ended` also before the first one. API document:
   * `CallObject.state`.
   */
  properties[PROP_STATE] =
      g_param_spec_enum ("state", "State", "State of the call",
          KANDY_TYPE_CALL_STATE, KANDY_CALL_STATE_ENDED, shown);
  /**
   * GstKandyBaseBin:media-connection-state:
   *
   * State of the call's media path. API document:
   * `CallObject.mediaConnectionState`.
   */
  properties[PROP_MEDIA_CONNECTION_STATE] =
      g_param_spec_enum ("media-connection-state", "Media connection state",
          "State of the call's media path", KANDY_TYPE_MEDIA_CONNECTION_STATE,
          KANDY_MEDIA_CONNECTION_STATE_NEW, shown);
  /**
   * GstKandyBaseBin:local-hold:
   *
   * Whether the call is held by this end. API document:
   * `CallObject.localHold`.
   */
  properties[PROP_LOCAL_HOLD] = g_param_spec_boolean ("local-hold",
      "Local hold", "Whether this end holds the call", FALSE, shown);
  /**
   * GstKandyBaseBin:remote-hold:
   *
   * Whether the call is held by the far end. API document:
   * `CallObject.remoteHold`.
   */
  properties[PROP_REMOTE_HOLD] = g_param_spec_boolean ("remote-hold",
      "Remote hold", "Whether the far end holds the call", FALSE, shown);
  /**
   * GstKandyBaseBin:stats:
   *
   * Statistics of the call, a structure `application/x-kandy-stats`, half a
   * second old at most while the call lasts; those of the last call afterwards.
   * Its field `timings` has the marks of the set-up in microseconds. No notify.
   * See #GstKandyBaseBin::get-stats for those of this moment.
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Statistics of the call, half a second old at most", GST_TYPE_STRUCTURE,
      shown);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
install_signals (GType type)
{
  /**
   * GstKandyBaseBin::incoming-call:
   * @self: the element
   * @call_id: id of the call
   * @from: who calls
   * @name: (nullable): how the caller wants to be called
   *
   * Somebody calls. Answer with #GstKandyBaseBin::answer, or do not.
   * Emitted on the kandy thread. API document: event `call:receive`.
   */
  signals[SIGNAL_INCOMING_CALL] =
      g_signal_new ("incoming-call", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * GstKandyBaseBin::call-ended:
   * @self: the element
   * @failed: whether it ended in error, or never came about
   *
   * The call is over. Emitted on the kandy thread. Not emitted for a call that
   * ends because the element is stopped.
   */
  signals[SIGNAL_CALL_ENDED] = g_signal_new ("call-ended", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  /**
   * GstKandyBaseBin::event:
   * @self: the element
   * @name: the event's name in the API document, also the signal's detail
   * @payload: its parameters, named as in the API document
   *
   * An event of the API document. The same comes to the bus as an element
   * message `kandy-event`. Only one element of a pipeline emits it: the one
   * that has the account. Emitted on the kandy thread. API document: `on`,
   * `subscribe`.
   */
  signals[SIGNAL_EVENT] =
      g_signal_new ("event", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_STRUCTURE);
  /**
   * GstKandyBaseBin::call:
   * @self: the element
   * @destination: whom to call
   * @promise: (nullable): to be told how it went
   *
   * Makes a call, as soon as the element is signed on and the linked pads know
   * their caps. @promise is replied to, as by all actions, with a structure
   * `application/x-kandy-reply`: a field `call-id`, and in case of failure the
   * fields `error` (a #GError), `code` (the platform's) and `http-status`. API
   * document: `call.make`.
   */
  signals[SIGNAL_CALL] = g_signal_new_class_handler ("call", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_kandy_base_bin_call),
      NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::answer:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Answers the incoming call. API document: `call.answer`.
   */
  signals[SIGNAL_ANSWER] = g_signal_new_class_handler ("answer", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_answer), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::reject:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Turns the incoming call down. API document: `call.reject`.
   */
  signals[SIGNAL_REJECT] = g_signal_new_class_handler ("reject", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_reject), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::ignore:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Forgets the incoming call without telling the caller. API document:
   * `call.ignore`.
   */
  signals[SIGNAL_IGNORE] = g_signal_new_class_handler ("ignore", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_ignore), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::end:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Ends the call, in whatever state it is. API document: `call.end`.
   */
  signals[SIGNAL_END] = g_signal_new_class_handler ("end", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_kandy_base_bin_end),
      NULL, NULL, NULL, G_TYPE_NONE, 1, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::send-ringing-feedback:
   * @self: the element
   * @promise: (nullable): to be told how it went
   *
   * Lets the caller hear ringing, if `client::ringing-feedback-mode` is manual.
   * API document: `call.sendRingingFeedback`.
   */
  signals[SIGNAL_SEND_RINGING_FEEDBACK] = g_signal_new_class_handler (
      "send-ringing-feedback", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_send_ringing_feedback), NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_PROMISE);
  /**
   * GstKandyBaseBin::get-stats:
   * @self: the element
   * @promise: to be replied to with a structure `application/x-kandy-stats`
   *
   * Asks for the statistics of this moment. API document: `call.getStats`.
   */
  signals[SIGNAL_GET_STATS] = g_signal_new_class_handler ("get-stats", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_kandy_base_bin_get_stats), NULL, NULL, NULL, G_TYPE_NONE,
      1, GST_TYPE_PROMISE);
}

static void
gst_kandy_base_bin_class_init (GstKandyBaseBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_kandy_base_bin_set_property;
  object_class->get_property = gst_kandy_base_bin_get_property;
  object_class->finalize = gst_kandy_base_bin_finalize;
  install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_kandy_base_bin_change_state);
  element_class->set_context =
      GST_DEBUG_FUNCPTR (gst_kandy_base_bin_set_context);

  gst_type_mark_as_plugin_api (GST_TYPE_KANDY_BASE_BIN, 0);
  gst_type_mark_as_plugin_api (GST_KANDY_TYPE_BUSY_ACTION, 0);
  gst_type_mark_as_plugin_api (KANDY_TYPE_CALL_STATE, 0);
  gst_type_mark_as_plugin_api (KANDY_TYPE_MEDIA_CONNECTION_STATE, 0);
}

static void
gst_kandy_base_bin_init (GstKandyBaseBin *self)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (self);

  priv->account = gst_kandy_session_account_new ();
  priv->config = kandy_config_new ();
  priv->session_name = g_strdup (DEFAULT_SESSION);
  priv->auto_answer = DEFAULT_AUTO_ANSWER;
  priv->busy_action = DEFAULT_BUSY_ACTION;
  priv->told.state = KANDY_CALL_STATE_ENDED;
  g_signal_connect (
      priv->config, "notify", G_CALLBACK (on_config_changed), self);
}
