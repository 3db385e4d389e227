/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandytransport-private.h"
#include "gstkandyturnforwarder.h"

#include <nice/debug.h>

/* The ICE half of a transport: servers, settings of the agent, the gathering of
 * candidates, and credentials. What webrtcbin has no verb for is done
 * with the agent itself. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_transport_debug);
#define GST_CAT_DEFAULT gst_kandy_transport_debug

/* Requests to a server while candidates are gathered: 8 s in all for the first
 * reply, with RFC 8489's first time-out of 500 ms. The agent has the same
 * number for the checks of a path, 2 s, which is how fast it notices that one
 * is dead: too short for a TURN server that is far away, or has to be reached
 * by TLS first. RFC 8489 6.2.1 recommends seven. */
#define GATHER_REQUESTS 5

typedef enum {
  SCHEME_STUN,
  SCHEME_TURN,
  SCHEME_TURNS,
} Scheme;

/* RFC 7064 3.2, RFC 7065 3.2 */
static const struct {
  const char *prefix;
  Scheme scheme;
  guint port;
} schemes[] = {
  { "stun:", SCHEME_STUN, 3478 },
  { "turn:", SCHEME_TURN, 3478 },
  { "turns:", SCHEME_TURNS, 5349 },
};

/* A server of TURN as the agent takes it. webrtcbin would take an URI with user
 * and password, and log it. */
typedef struct {
  char *host;
  guint port;
  char *username;
  char *password;
  gboolean udp;
  gboolean tcp;
  GstKandyTurnForwarder *forwarder; /* (nullable): for TLS */
} Relay;

void
gst_kandy_relay_free (gpointer data)
{
  Relay *relay = data;

  g_clear_object (&relay->forwarder);
  g_free (relay->host);
  g_free (relay->username);
  g_free (relay->password);
  g_free (relay);
}

/* RFC 7064 3.1 and RFC 7065 3.1: stun:HOST[:PORT],
 * turn:HOST[:PORT]?transport=x, HOST in brackets if it is an IPv6 address.
 * (nullable): what is wrong */
static const char *
parse_url (
    const char *url, Scheme *scheme, char **host, guint *port, char **query)
{
  const char *rest = NULL, *end;
  guint64 number = 0;

  /* Nothing of the URL may be quoted then: "turn:user:password@host" */
  if (strchr (url, '@'))
    return "an ICE server's URL has no user name; "
           "user name and credential are values of their own";
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    gsize length = strlen (schemes[i].prefix);

    if (g_ascii_strncasecmp (url, schemes[i].prefix, length) != 0)
      continue;
    *scheme = schemes[i].scheme;
    number = schemes[i].port;
    rest = url + length;
  }
  if (!rest)
    return "not a stun:, turn: or turns: URL";

  /* RFC 7064 and RFC 7065 have no slashes, but people write them */
  if (g_str_has_prefix (rest, "//"))
    rest += 2;
  if (*rest == '[') {
    end = strchr (++rest, ']');
    if (!end)
      return "the IPv6 address has no end";
    *host = g_strndup (rest, end - rest);
    end++;
  } else {
    end = rest + strcspn (rest, ":?");
    *host = g_strndup (rest, end - rest);
  }
  if (*end == ':') {
    g_autofree char *digits = NULL;

    rest = end + 1;
    end = rest + strcspn (rest, "?");
    digits = g_strndup (rest, end - rest);
    if (!g_ascii_string_to_unsigned (digits, 10, 1, 65535, &number, NULL)) {
      g_clear_pointer (host, g_free);
      return "the port is not a number from 1 to 65535";
    }
  }
  if (!**host || strpbrk (*host, "/ \t") || (*end && *end != '?')) {
    g_clear_pointer (host, g_free);
    return "not of the form HOST[:PORT]";
  }
  *port = (guint) number;
  *query = g_strdup (*end ? end + 1 : "");
  return NULL;
}

/* The agent has no TLS. (nullable): what is wrong */
static const char *
add_forwarder (Relay *relay, const GstKandyTransportParams *params)
{
  g_autoptr (GError) error = NULL;

  if (!relay->tcp)
    return "TURN over DTLS is not available, only turns: over TCP";
  relay->forwarder = gst_kandy_turn_forwarder_new (
      relay->host, relay->port, params->tls_verify, params->ca_file, &error);
  if (!relay->forwarder) {
    GST_WARNING ("TURN over TLS: %s", error->message);
    return "no port of this machine could be had for it";
  }
  g_free (relay->host);
  relay->host = g_strdup ("127.0.0.1");
  relay->port = gst_kandy_turn_forwarder_get_port (relay->forwarder);
  relay->udp = FALSE;
  return NULL;
}

static const char *
add_ice_server (GstKandyTransport *self, const GstKandyTransportParams *params,
    const char *url, KandyIceServer *server, gboolean *have_stun)
{
  const char *username = kandy_ice_server_get_username (server);
  const char *credential = kandy_ice_server_get_credential (server);
  g_autofree char *host = NULL;
  g_autofree char *query = NULL;
  const char *wrong;
  Scheme scheme = SCHEME_STUN;
  Relay *relay;
  guint port;

  wrong = parse_url (url, &scheme, &host, &port, &query);
  if (wrong)
    return wrong;

  if (scheme == SCHEME_STUN) {
    g_autofree char *uri = g_strdup_printf (
        strchr (host, ':') ? "stun://[%s]:%u" : "stun://%s:%u", host, port);

    if (*have_stun)
      GST_INFO_OBJECT (self->webrtcbin, "%s: one STUN server is enough", url);
    else
      g_object_set (self->webrtcbin, "stun-server", uri, NULL);
    *have_stun = TRUE;
    return NULL;
  }

  if (!username || !credential)
    return "a TURN server needs a user name and a credential";
  relay = g_new0 (Relay, 1);
  relay->host = g_steal_pointer (&host);
  relay->port = port;
  relay->username = g_strdup (username);
  relay->password = g_strdup (credential);
  relay->udp = g_ascii_strcasecmp (query, "transport=tcp") != 0;
  relay->tcp = g_ascii_strcasecmp (query, "transport=udp") != 0;
  if (scheme == SCHEME_TURNS) {
    wrong = add_forwarder (relay, params);
    if (wrong) {
      gst_kandy_relay_free (relay);
      return wrong;
    }
  }
  g_ptr_array_add (self->relays, relay);
  return NULL;
}

static void
add_ice_servers (GstKandyTransport *self, const GstKandyTransportParams *params)
{
  GPtrArray *servers = params->ice_servers;
  gboolean have_stun = FALSE;

  for (guint i = 0; servers && i < servers->len; i++) {
    KandyIceServer *server = g_ptr_array_index (servers, i);
    const char *const *urls = kandy_ice_server_get_urls (server);

    for (; urls && *urls; urls++) {
      const char *wrong =
          add_ice_server (self, params, *urls, server, &have_stun);

      if (wrong)
        GST_WARNING_OBJECT (self->webrtcbin, "ICE server %s is not used: %s",
            strchr (*urls, '@') ? "with a user name" : *urls, wrong);
    }
  }
  /* The agent's messages have user and password of a relay in them */
  if (self->relays->len > 0)
    nice_debug_disable (TRUE);
}

/* On a thread of webrtcbin, which makes the source of a stream with the stream,
 * before candidates are gathered for it */
void
gst_kandy_transport_add_relays (GstKandyTransport *self, GstElement *nicesrc)
{
  g_autoptr (GObject) object = NULL;
  NiceAgent *agent;
  guint stream, component;

  if (self->relays->len == 0)
    return;
  g_object_get (nicesrc, "agent", &object, "stream", &stream, "component",
      &component, NULL);
  agent = NICE_AGENT (object);
  for (guint i = 0; i < self->relays->len; i++) {
    const Relay *relay = g_ptr_array_index (self->relays, i);

    if ((relay->udp
            && !nice_agent_set_relay_info (agent, stream, component,
                relay->host, relay->port, relay->username, relay->password,
                NICE_RELAY_TYPE_TURN_UDP))
        || (relay->tcp
            && !nice_agent_set_relay_info (agent, stream, component,
                relay->host, relay->port, relay->username, relay->password,
                NICE_RELAY_TYPE_TURN_TCP)))
      GST_WARNING_OBJECT (self->webrtcbin,
          "the agent does not take the TURN server %s:%u", relay->host,
          relay->port);
  }
}

/* What is asked from now on takes the number that is set now */
void
gst_kandy_transport_begin_gathering (GstKandyTransport *self)
{
  gst_kandy_set_if_there (
      self->agent, "stun-max-retransmissions", GATHER_REQUESTS);
}

/* On the agent's thread */
void
gst_kandy_transport_end_gathering (NiceAgent *agent)
{
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (agent), "stun-max-retransmissions");

  if (pspec)
    g_object_set (
        agent, pspec->name, G_PARAM_SPEC_UINT (pspec)->default_value, NULL);
}

void
gst_kandy_transport_setup_agent (
    GstKandyTransport *self, const GstKandyTransportParams *params)
{
  g_autoptr (GstObject) ice = NULL;

  add_ice_servers (self, params);
  g_object_get (self->webrtcbin, "ice-agent", &ice, NULL);
  gst_kandy_set_if_there (ice, "ice-tcp", FALSE);
  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent"))
    return;
  g_object_get (ice, "agent", &self->agent, NULL);
  if (!self->agent)
    return;
  gst_kandy_transport_watch_agent (self);

  /* UPnP and the default pacing cost 200 ms and 50 ms of set-up time */
  gst_kandy_set_if_there (self->agent, "upnp", FALSE);
  gst_kandy_set_if_there (self->agent, "stun-pacing-timer", 5);
  gst_kandy_transport_begin_gathering (self);
  gst_kandy_set_if_there (self->agent, "keepalive-conncheck", TRUE);

  gst_kandy_transport_tell_addresses (self);
}

static gboolean
gathering_complete (GstKandyTransport *self)
{
  GstWebRTCICEGatheringState state;

  g_object_get (self->webrtcbin, "ice-gathering-state", &state, NULL);
  return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE
      && gst_kandy_transport_restarts_gathered (self);
}

static void
gather_finish (GstKandyTransport *self)
{
  GstKandyTransportDone done = self->gather_done;
  GstWebRTCSessionDescription *description = NULL;

  if (self->gather_timer) {
    g_source_destroy (self->gather_timer);
    g_clear_pointer (&self->gather_timer, g_source_unref);
  }
  self->gather_done = NULL;

  g_object_get (self->webrtcbin, "local-description", &description, NULL);
  done (self, description ? description->sdp : NULL, NULL, self->gather_data);
  if (description)
    gst_webrtc_session_description_free (description);
}

static gboolean
gather_timed (gpointer data)
{
  GstKandyTransport *self = data;

  g_clear_pointer (&self->gather_timer, g_source_unref);
  gst_kandy_transport_check_gathering (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_enough (GstKandyTransport *self, guint elapsed)
{
  g_autoptr (GPtrArray) lines =
      gst_kandy_transport_get_restart_candidates (self);

  return self->gather_enough (
      lines ? lines : self->candidates, elapsed, self->gather_data);
}

/* protocol calls 4.4 */
void
gst_kandy_transport_check_gathering (GstKandyTransport *self)
{
  guint elapsed;

  if (!self->gather_done)
    return;

  elapsed = (guint) ((g_get_monotonic_time () - self->gather_start) / 1000);
  if (gathering_complete (self) || elapsed >= self->gather_max) {
    gather_finish (self);
    return;
  }
  if (self->gather_timer)
    return;

  if (elapsed >= self->gather_delay && is_enough (self, elapsed)) {
    gather_finish (self);
    return;
  }

  self->gather_timer = g_timeout_source_new (
      CLAMP (self->gather_delay, 1, self->gather_max - elapsed));
  g_source_set_callback (self->gather_timer, gather_timed, self, NULL);
  g_source_attach (self->gather_timer, self->context);
}

void
gst_kandy_transport_gather (GstKandyTransport *self, guint delay,
    guint max_time, GstKandyTransportEnough enough, GstKandyTransportDone done,
    gpointer user_data)
{
  g_return_if_fail (!self->gather_done);

  self->gather_start = g_get_monotonic_time ();
  self->gather_delay = delay;
  self->gather_max = max_time;
  self->gather_enough = enough;
  self->gather_done = done;
  self->gather_data = user_data;
  gst_kandy_transport_check_gathering (self);
}

/* webrtcbin's m-lines and the agent's streams have only the credentials in
 * common. A restart changes the agent's, so the answer is kept. */
guint
gst_kandy_transport_find_stream (GstKandyTransport *self, guint mline)
{
  GstWebRTCSessionDescription *description = NULL;
  const GstSDPMedia *media;
  const char *wanted = NULL;
  /* Those of restarts have numbers, too */
  guint last = mline + 1 + self->n_restarts;
  guint found = 0;

  if (mline < self->stream_of_mline->len)
    found = g_array_index (self->stream_of_mline, guint, mline);
  if (found || !self->agent)
    return found;

  g_object_get (self->webrtcbin, "local-description", &description, NULL);
  if (!description)
    return 0;
  if (mline < gst_sdp_message_medias_len (description->sdp)) {
    media = gst_sdp_message_get_media (description->sdp, mline);
    wanted = gst_sdp_media_get_attribute_val (media, "ice-ufrag");
  }
  for (guint stream = 1; wanted && !found && stream <= last; stream++) {
    g_autofree char *ufrag = NULL;
    g_autofree char *pwd = NULL;

    if (nice_agent_get_local_credentials (self->agent, stream, &ufrag, &pwd)
        && g_strcmp0 (ufrag, wanted) == 0)
      found = stream;
  }
  gst_webrtc_session_description_free (description);

  if (found) {
    if (mline >= self->stream_of_mline->len)
      g_array_set_size (self->stream_of_mline, mline + 1);
    g_array_index (self->stream_of_mline, guint, mline) = found;
  }
  return found;
}

/* The stream that descriptions of @mline are about, 0 if not known */
static guint
described_stream (GstKandyTransport *self, guint mline)
{
  guint stream = gst_kandy_transport_find_stream (self, mline);

  return stream ? gst_kandy_transport_get_described (self, stream) : 0;
}

gboolean
gst_kandy_transport_get_credentials (
    GstKandyTransport *self, guint mline, char **ufrag, char **pwd)
{
  guint stream = described_stream (self, mline);

  return stream
      && nice_agent_get_local_credentials (self->agent, stream, ufrag, pwd);
}

/* Adds "candidate:..." of a stream to @lines */
void
gst_kandy_ice_add_candidates (NiceAgent *agent, guint stream, GPtrArray *lines)
{
  GSList *candidates =
      nice_agent_get_local_candidates (agent, stream, NICE_COMPONENT_TYPE_RTP);

  for (GSList *l = candidates; l; l = l->next) {
    char *line = nice_agent_generate_local_candidate_sdp (agent, l->data);

    if (line)
      g_ptr_array_add (lines, line);
  }
  g_slist_free_full (candidates, (GDestroyNotify) nice_candidate_free);
}

/* (transfer full) (element-type utf8): "candidate:..." of the ICE stream of
 * @mline */
GPtrArray *
gst_kandy_transport_get_candidates (GstKandyTransport *self, guint mline)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  guint stream = described_stream (self, mline);

  if (stream)
    gst_kandy_ice_add_candidates (self->agent, stream, lines);
  return lines;
}

gboolean
gst_kandy_transport_set_remote_ice (GstKandyTransport *self, guint mline,
    const char *ufrag, const char *pwd, const GPtrArray *candidates)
{
  guint stream = described_stream (self, mline);
  GSList *parsed = NULL;
  gboolean ok;

  if (!stream)
    return FALSE;

  ok = nice_agent_set_remote_credentials (self->agent, stream, ufrag, pwd);
  for (guint i = 0; candidates && i < candidates->len; i++) {
    g_autofree char *line =
        g_strconcat ("a=", (char *) g_ptr_array_index (candidates, i), NULL);
    NiceCandidate *candidate =
        nice_agent_parse_remote_candidate_sdp (self->agent, stream, line);

    if (candidate)
      parsed = g_slist_prepend (parsed, candidate);
  }
  if (parsed) {
    parsed = g_slist_reverse (parsed);
    nice_agent_set_remote_candidates (
        self->agent, stream, NICE_COMPONENT_TYPE_RTP, parsed);
    g_slist_free_full (parsed, (GDestroyNotify) nice_candidate_free);
  }
  return ok;
}

void
gst_kandy_transport_add_stats (GstKandyTransport *self, GstStructure *s)
{
  NiceCandidate *local, *remote;
  GstWebRTCICEConnectionState ice;
  GstWebRTCPeerConnectionState peer;
  g_autofree char *ice_nick = NULL;
  g_autofree char *peer_nick = NULL;

  g_object_get (self->webrtcbin, "ice-connection-state", &ice,
      "connection-state", &peer, NULL);
  ice_nick = gst_kandy_nick_of (GST_TYPE_WEBRTC_ICE_CONNECTION_STATE, ice);
  peer_nick = gst_kandy_nick_of (GST_TYPE_WEBRTC_PEER_CONNECTION_STATE, peer);
  gst_structure_set (s, "ice-state", G_TYPE_STRING, ice_nick, "transport-state",
      G_TYPE_STRING, peer_nick, "dtls-verified", G_TYPE_BOOLEAN,
      gst_kandy_transport_is_trusted (self), NULL);

  if (self->agent
      && nice_agent_get_selected_pair (self->agent,
          gst_kandy_transport_get_carrier (self, 1), NICE_COMPONENT_TYPE_RTP,
          &local, &remote))
    gst_structure_set (s, "local-candidate-type", G_TYPE_STRING,
        gst_kandy_candidate_type (local), "remote-candidate-type",
        G_TYPE_STRING, gst_kandy_candidate_type (remote), NULL);
}
