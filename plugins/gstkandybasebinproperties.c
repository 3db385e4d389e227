/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandybasebin-private.h"

/* SECTION: properties of the three elements: the account, the call that is
 * wished for, and the call as it is */

static GParamSpec *properties[N_PROPERTIES];

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
    case PROP_DISPLAY_NAME:
      text = g_value_get_string (value);
      GST_OBJECT_LOCK (self);
      g_free (priv->display_name);
      priv->display_name =
          text != NULL && *text != '\0' ? g_strdup (text) : NULL;
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_CUSTOM_PARAMETERS:
      GST_OBJECT_LOCK (self);
      g_clear_pointer (&priv->custom_parameters, gst_structure_free);
      priv->custom_parameters = g_value_dup_boxed (value);
      GST_OBJECT_UNLOCK (self);
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
    case PROP_DISPLAY_NAME:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value, priv->display_name);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_CUSTOM_PARAMETERS:
      GST_OBJECT_LOCK (self);
      g_value_set_boxed (value, priv->custom_parameters);
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

void
gst_kandy_base_bin_install_properties (GObjectClass *object_class)
{
  const GParamFlags shown =
      G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = gst_kandy_base_bin_set_property;
  object_class->get_property = gst_kandy_base_bin_get_property;

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
   * `turn:HOST[:PORT][?transport=udp|tcp]`, `turns:HOST[:PORT]` (TURN over
   * TLS; the certificate is checked as the platform's is). Unset: those of
   * `client::ice-servers`, by default none. User names and passwords for TURN
   * come from the platform; a URL with an `@` is refused. API document:
   * `config.call.iceServers`.
   */
  properties[PROP_ICE_SERVERS] = text_property ("ice-servers", "ICE servers",
      "STUN and TURN servers, \"stun:HOST[:PORT] turn:HOST[:PORT] "
      "turns:HOST[:PORT] ...\"; the platform gives the credentials");
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
   * GstKandyBaseBin:display-name:
   *
   * How the user wants to be called by the ends that a call is made to. Unset:
   * the platform decides. Beyond the API document.
   */
  properties[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name",
      "Display name", "How who is called may name the caller", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstKandyBaseBin:custom-parameters:
   *
   * Names and texts that go with a call that is made; who is called finds them
   * as `customParameters` in `call:receive`, if the platform passes them on.
   * Values that are no texts become texts. Beyond the API document.
   */
  properties[PROP_CUSTOM_PARAMETERS] = g_param_spec_boxed ("custom-parameters",
      "Custom parameters", "Names and texts that go with a call that is made",
      GST_TYPE_STRUCTURE,
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
   * State of the call's media path. `disconnected` while another one is looked
   * for, `failed` when that has taken ten seconds, or was given up; the bus has
   * progress messages with the code `media` of it. API document:
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
   * Statistics of the call, a structure `application/x-kandy-stats`, a second
   * old at most while the call lasts; those of the last call afterwards. Its
   * field `report` is W3C's `RTCStatsReport`: a list of its entries, each a
   * structure with W3C's member names, `id` and `type` among them; `tracks`
   * says the most important of it at a glance. Its field `timings` has the
   * marks of the set-up in microseconds. No notify. See
   * #GstKandyBaseBin::get-stats for those of this moment.
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Statistics of the call, a second old at most", GST_TYPE_STRUCTURE,
      shown);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

void
gst_kandy_base_bin_notify (GstKandyBaseBin *self, guint id)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[id]);
}
