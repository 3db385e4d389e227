/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin-private.h"
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

enum {
  SIGNAL_INCOMING_CALL,
  SIGNAL_DTMF_RECEIVED,
  SIGNAL_MODIFY_SDP,
  SIGNAL_CALL_ENDED,
  SIGNAL_EVENT,
  SIGNAL_QUALITY_WARNING,
  N_SIGNALS
};

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

GstKandyBaseBinPrivate *
gst_kandy_base_bin_get_private (GstKandyBaseBin *self)
{
  return gst_kandy_base_bin_get_instance_private (self);
}

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

void
gst_kandy_base_bin_request (
    GstKandyBaseBin *self, GstStructure *request, GstPromise *promise)
{
  g_autoptr (GstKandySession) session = gst_kandy_base_bin_dup_session (self);

  if (session != NULL) {
    gst_kandy_session_request (
        session, request, promise != NULL ? gst_promise_ref (promise) : NULL);
  } else {
    g_autoptr (GError) error = kandy_error_new (
        KANDY_ERROR_INVALID_STATE, "call:6", 0, "The element is in NULL");

    gst_structure_free (request);
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
post_error (GstKandyBaseBin *self, GstMessageType type, const GError *error)
{
  const char *code = kandy_error_get_platform_code (error);
  guint status = kandy_error_get_http_status (error);
  GstStructure *details = gst_structure_new ("details", "code", G_TYPE_STRING,
      code, "http-status", G_TYPE_UINT, status, NULL);

  g_autoptr (GString) debug = g_string_new (NULL);

  if (strcmp (code, "NO_CODE") != 0)
    g_string_append_printf (debug, "code %s", code);
  if (status != 0)
    g_string_append_printf (
        debug, "%sHTTP status %u", debug->len > 0 ? ", " : "", status);
  gst_element_message_full_with_details (GST_ELEMENT (self), type,
      GST_RESOURCE_ERROR, resource_error (error), g_strdup (error->message),
      debug->len > 0 ? g_strdup (debug->str) : NULL, __FILE__, GST_FUNCTION,
      __LINE__, details);
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
gst_kandy_base_bin_quality_warning (
    GstKandySessionMember *member, const GstStructure *warning)
{
  const char *name = gst_structure_get_string (warning, "warning");
  gboolean raised = FALSE;

  gst_structure_get_boolean (warning, "raised", &raised);
  gst_element_post_message (GST_ELEMENT (member),
      gst_message_new_element (
          GST_OBJECT (member), gst_structure_copy (warning)));
  g_signal_emit (member, signals[SIGNAL_QUALITY_WARNING],
      g_quark_from_string (name), name, raised, warning);
}

static void
gst_kandy_base_bin_stats (
    GstKandySessionMember *member, const GstStructure *stats)
{
  g_autoptr (GstStructure) summary = gst_structure_copy (stats);

  /* gst-launch-1.0 -m prints it */
  gst_structure_remove_field (summary, "report");
  gst_element_post_message (GST_ELEMENT (member),
      gst_message_new_element (GST_OBJECT (member),
          gst_structure_new (
              "kandy-stats", "stats", GST_TYPE_STRUCTURE, summary, NULL)));
}

static void
gst_kandy_base_bin_failed (GstKandySessionMember *member, const GError *error)
{
  post_error (GST_KANDY_BASE_BIN (member), GST_MESSAGE_ERROR, error);
}

static void
gst_kandy_base_bin_call_lost (
    GstKandySessionMember *member, const GError *error)
{
  post_error (GST_KANDY_BASE_BIN (member), GST_MESSAGE_WARNING, error);
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

  for (i = 0; i < N_PROPERTIES; i++) {
    if (changed[i])
      gst_kandy_base_bin_notify (self, i);
  }
  gst_kandy_session_status_clear (&status);
}

static void
gst_kandy_base_bin_incoming_call (GstKandySessionMember *member,
    const char *call_id, const char *from, const char *name)
{
  g_signal_emit (member, signals[SIGNAL_INCOMING_CALL], 0, call_id, from, name);
}

static char *
gst_kandy_base_bin_modify_sdp (GstKandySessionMember *member, const char *sdp,
    const KandySdpHandlerInfo *info, const char *original)
{
  g_autoptr (GstStructure) s = NULL;
  char *modified = NULL;

  if (!g_signal_has_handler_pending (
          member, signals[SIGNAL_MODIFY_SDP], 0, FALSE))
    return NULL;
  s = gst_structure_new ("application/x-kandy-sdp-info", "call-id",
      G_TYPE_STRING, info->call_id, "type", G_TYPE_STRING, info->type, "step",
      G_TYPE_STRING, info->step, "endpoint", G_TYPE_STRING, info->endpoint,
      NULL);
  g_signal_emit (
      member, signals[SIGNAL_MODIFY_SDP], 0, sdp, s, original, &modified);
  return modified;
}

static void
gst_kandy_base_bin_dtmf_received (
    GstKandySessionMember *member, const char *tone, gboolean in_band)
{
  g_signal_emit (member, signals[SIGNAL_DTMF_RECEIVED], 0, tone, in_band);
}

static void
gst_kandy_base_bin_call_ended (
    GstKandySessionMember *member, gboolean failed, gboolean ours)
{
  g_signal_emit (member, signals[SIGNAL_CALL_ENDED], 0, failed);
}

static gboolean
add_parameter (GQuark name, const GValue *value, gpointer builder)
{
  g_auto (GValue) text = G_VALUE_INIT;

  g_value_init (&text, G_TYPE_STRING);
  if (g_value_transform (value, &text) && g_value_get_string (&text) != NULL)
    g_variant_builder_add (
        builder, "{ss}", g_quark_to_string (name), g_value_get_string (&text));
  return TRUE;
}

/* (transfer full): as an a{ss} */
static GVariant *
get_parameters (const GstStructure *parameters)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  gst_structure_foreach (parameters, add_parameter, &builder);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
gst_kandy_base_bin_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandyBaseBinPrivate *priv = PRIVATE (member);

  GST_OBJECT_LOCK (member);
  if (wishes->destination == NULL)
    wishes->destination = g_strdup (priv->destination);
  if (wishes->display_name == NULL)
    wishes->display_name = g_strdup (priv->display_name);
  if (wishes->parameters == NULL && priv->custom_parameters != NULL)
    wishes->parameters = get_parameters (priv->custom_parameters);
  wishes->auto_answer |= priv->auto_answer;
  wishes->playing |= priv->playing;
  wishes->services |= priv->services;
  if (priv->busy_action != DEFAULT_BUSY_ACTION)
    wishes->busy_action = priv->busy_action;
  GST_OBJECT_UNLOCK (member);
}

static void
ignore_media (GstKandySessionMember *member, GstKandyCall *media)
{
}

static void
ignore_wanted (GstKandySessionMember *member, GstKandyCall *media,
    KandyMediaOptions *wanted)
{
}

static void
ignore_error (GstKandySessionMember *member, const GError *error)
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

static gboolean
cannot_send (
    GstKandySessionMember *member, KandyMediaKind kind, gboolean screen)
{
  return FALSE;
}

static gboolean
refuse_to_acquire (GstKandySessionMember *member, KandyMediaOptions *wanted,
    GstPromise *promise)
{
  return FALSE;
}

static gboolean
refuse_source (GstKandySessionMember *member, GstKandySendTrack *track,
    KandyMediaOptions *wanted, const GstStructure *source, GstPromise *promise)
{
  return FALSE;
}

static void
gst_kandy_base_bin_member_init (GstKandySessionMemberInterface *iface)
{
  iface->get_wishes = gst_kandy_base_bin_get_wishes;
  iface->progress = gst_kandy_base_bin_progress;
  iface->event = gst_kandy_base_bin_event;
  iface->stats = gst_kandy_base_bin_stats;
  iface->quality_warning = gst_kandy_base_bin_quality_warning;
  iface->failed = gst_kandy_base_bin_failed;
  iface->call_lost = gst_kandy_base_bin_call_lost;
  iface->media_failed = gst_kandy_base_bin_media_failed;
  iface->status_changed = gst_kandy_base_bin_status_changed;
  iface->incoming_call = gst_kandy_base_bin_incoming_call;
  iface->dtmf_received = gst_kandy_base_bin_dtmf_received;
  iface->modify_sdp = gst_kandy_base_bin_modify_sdp;
  iface->media_prepared = ignore_media;
  iface->media_joined = ignore_media;
  iface->can_send = cannot_send;
  iface->acquire_media = refuse_to_acquire;
  iface->release_media = ignore;
  iface->media_wanted = ignore_wanted;
  iface->replace_source = refuse_source;
  iface->media_refused = ignore_error;
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
    post_error (self, GST_MESSAGE_ERROR, error);
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
    post_error (self, GST_MESSAGE_ERROR, error);
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
  g_free (priv->display_name);
  g_clear_pointer (&priv->custom_parameters, gst_structure_free);
  g_free (priv->destination);
  g_free (priv->told_call_id);

  G_OBJECT_CLASS (gst_kandy_base_bin_parent_class)->finalize (object);
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
   * GstKandyBaseBin::dtmf-received:
   * @self: the element
   * @tone: `0` to `9`, `*`, `#` or `A` to `D`
   * @in_band: whether it was found in the sound (`detect-dtmf` of `kandysrc`),
   *   else it came as an event of its own (RFC 4733)
   *
   * The far end has sent a DTMF tone. Emitted on the kandy thread. The bus has
   * a message `dtmf-event` of it, as from `rtpdtmfdepay` or `dtmfdetect`.
   */
  signals[SIGNAL_DTMF_RECEIVED] =
      g_signal_new ("dtmf-received", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
  /**
   * GstKandyBaseBin::modify-sdp:
   * @self: the element
   * @sdp: a description (SDP)
   * @info: a structure with the strings `call-id`, `type` (`offer` or
   *   `answer`), `endpoint` (`local`: made here, or `remote`) and `step` (what
   *   comes next, `set`: it takes effect here, or `send`: it goes to the far
   *   end)
   * @original: the description before anybody has changed it
   *
   * A description may be changed on its way, for special environments. What is
   * returned has to be a description with the same m-lines; else it is not
   * used, and the bus has a warning. If several handlers are connected to one
   * element, the last one's word counts. Emitted on the kandy thread, in the
   * midst of the call's work: no action is to be emitted in it. API document:
   * `call.setSdpHandlers`, `config.call.sdpHandlers`.
   *
   * Returns: (nullable): the description from now on; %NULL: @sdp
   */
  signals[SIGNAL_MODIFY_SDP] =
      g_signal_new ("modify-sdp", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
          G_TYPE_STRING, 3, G_TYPE_STRING, GST_TYPE_STRUCTURE, G_TYPE_STRING);
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
   * GstKandyBaseBin::quality-warning:
   * @self: the element
   * @name: `high-loss`, `high-jitter`, `high-round-trip`, `low-mos` or
   *   `no-audio`; also the signal's detail
   * @raised: whether it is raised, or cleared
   * @details: a structure `kandy-quality` with the fields `warning` (string),
   *   `raised` (boolean), `threshold` and, unless it is cleared because nothing
   *   is to be expected any more, `value` (double: a fraction of 1, seconds, a
   *   MOS, packets); for what concerns one track `track-id`, `kind` (string)
   * and `local` (boolean)
   *
   * The quality of the call has become bad, or good again. @details comes to
   * the bus as an element message, too. What is raised when is said at
   * #GstKandyCall::quality-warning. Emitted on the kandy thread.
   */
  signals[SIGNAL_QUALITY_WARNING] = g_signal_new ("quality-warning", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL, G_TYPE_NONE,
      3, G_TYPE_STRING, G_TYPE_BOOLEAN, GST_TYPE_STRUCTURE);
}

static void
gst_kandy_base_bin_class_init (GstKandyBaseBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = gst_kandy_base_bin_finalize;
  gst_kandy_base_bin_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
  gst_kandy_base_bin_install_actions (G_TYPE_FROM_CLASS (klass));

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
  priv->services = GST_KANDY_SERVICE_CALL;
  priv->told.state = KANDY_CALL_STATE_ENDED;
  g_signal_connect (
      priv->config, "notify", G_CALLBACK (on_config_changed), self);
}
