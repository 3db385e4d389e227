/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandystats-private.h"
#include "gstkandytransport-private.h"

/* The lower half of a report: transports, candidate pairs, candidates and
 * certificates, as the agent and the DTLS decoders know them. webrtcbin 1.22
 * mixes up the candidates of the two ends, and has no counters. */

const char *
gst_kandy_candidate_type (const NiceCandidate *candidate)
{
  switch (candidate->type) {
    case NICE_CANDIDATE_TYPE_HOST:
      return "host";
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
      return "srflx";
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
      return "prflx";
    case NICE_CANDIDATE_TYPE_RELAYED:
      return "relay";
    default:
      return "unknown";
  }
}

static const char *
get_tcp_type (const NiceCandidate *candidate)
{
  switch (candidate->transport) {
    case NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE:
      return "active";
    case NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE:
      return "passive";
    case NICE_CANDIDATE_TRANSPORT_TCP_SO:
      return "so";
    default:
      return NULL;
  }
}

static char *
get_candidate_id (const NiceCandidate *candidate, gboolean local)
{
  char address[NICE_ADDRESS_STRING_LEN];

  nice_address_to_string (&candidate->addr, address);
  return g_strdup_printf ("%s-candidate-%u-%s-%s-%s-%u",
      local ? "local" : "remote", candidate->stream_id,
      gst_kandy_candidate_type (candidate),
      get_tcp_type (candidate) ? "tcp" : "udp", address,
      nice_address_get_port (&candidate->addr));
}

/* (transfer full): its id */
static char *
write_candidate (GstKandyStatsReport *report, const NiceCandidate *candidate,
    gboolean local, const char *transport_id)
{
  char *id = get_candidate_id (candidate, local);
  char address[NICE_ADDRESS_STRING_LEN];
  GstKandyStatsEntry entry;

  if (gst_kandy_stats_report_has (report, id))
    return id;
  gst_kandy_stats_entry_begin (
      &entry, report, local ? "local-candidate" : "remote-candidate", id);
  gst_kandy_stats_entry_add_string (&entry, "transportId", transport_id);
  nice_address_to_string (&candidate->addr, address);
  gst_kandy_stats_entry_add_string (&entry, "address", address);
  gst_kandy_stats_entry_add (&entry, "port",
      g_variant_new_int32 ((int) nice_address_get_port (&candidate->addr)));
  gst_kandy_stats_entry_add_string (
      &entry, "protocol", get_tcp_type (candidate) ? "tcp" : "udp");
  gst_kandy_stats_entry_add_string (
      &entry, "tcpType", get_tcp_type (candidate));
  gst_kandy_stats_entry_add_string (
      &entry, "candidateType", gst_kandy_candidate_type (candidate));
  gst_kandy_stats_entry_add (
      &entry, "priority", g_variant_new_uint32 (candidate->priority));
  gst_kandy_stats_entry_add_string (
      &entry, "foundation", candidate->foundation);
  if (candidate->type != NICE_CANDIDATE_TYPE_HOST
      && nice_address_is_valid (&candidate->base_addr)) {
    nice_address_to_string (&candidate->base_addr, address);
    gst_kandy_stats_entry_add_string (&entry, "relatedAddress", address);
    gst_kandy_stats_entry_add (&entry, "relatedPort",
        g_variant_new_int32 (
            (int) nice_address_get_port (&candidate->base_addr)));
  }
  gst_kandy_stats_entry_end (&entry, report);
  return id;
}

static void
write_candidates (GstKandyStatsReport *report, GSList *candidates,
    gboolean local, const char *transport_id)
{
  for (GSList *l = candidates; l; l = l->next)
    g_free (write_candidate (report, l->data, local, transport_id));
  g_slist_free_full (candidates, (GDestroyNotify) nice_candidate_free);
}

static void
add_traffic (GstKandyStatsEntry *entry, const GstKandyTraffic *traffic)
{
  gst_kandy_stats_entry_add (
      entry, "packetsSent", g_variant_new_uint64 (traffic->packets_sent));
  gst_kandy_stats_entry_add (entry, "packetsReceived",
      g_variant_new_uint64 (traffic->packets_received));
  gst_kandy_stats_entry_add (
      entry, "bytesSent", g_variant_new_uint64 (traffic->bytes_sent));
  gst_kandy_stats_entry_add (
      entry, "bytesReceived", g_variant_new_uint64 (traffic->bytes_received));
}

/* The agent uses one pair at a time, and tells of no other. (transfer full)
 * (nullable): its id */
static char *
write_pair (GstKandyStatsReport *report, GstKandyTransport *transport,
    guint stream, const char *transport_id, const GstKandyTraffic *traffic)
{
  NiceCandidate *local, *remote;
  g_autofree char *local_id = NULL;
  g_autofree char *remote_id = NULL;
  g_autofree char *both = NULL;
  GstKandyStatsEntry entry;
  char *id;

  if (!transport->agent
      || !nice_agent_get_selected_pair (transport->agent,
          gst_kandy_transport_get_carrier (transport, stream),
          NICE_COMPONENT_TYPE_RTP, &local, &remote))
    return NULL;
  /* A peer reflexive one may be in no list */
  local_id = write_candidate (report, local, TRUE, transport_id);
  remote_id = write_candidate (report, remote, FALSE, transport_id);
  both = g_strconcat (local_id, remote_id, NULL);
  id = g_strdup_printf ("candidate-pair-%u-%08x", stream, g_str_hash (both));

  gst_kandy_stats_entry_begin (&entry, report, "candidate-pair", id);
  gst_kandy_stats_entry_add_string (&entry, "transportId", transport_id);
  gst_kandy_stats_entry_add_string (&entry, "localCandidateId", local_id);
  gst_kandy_stats_entry_add_string (&entry, "remoteCandidateId", remote_id);
  gst_kandy_stats_entry_add_string (&entry, "state", "succeeded");
  gst_kandy_stats_entry_add (&entry, "nominated", g_variant_new_boolean (TRUE));
  add_traffic (&entry, traffic);
  gst_kandy_stats_entry_add_time (
      &entry, "lastPacketSentTimestamp", traffic->last_sent);
  gst_kandy_stats_entry_add_time (
      &entry, "lastPacketReceivedTimestamp", traffic->last_received);
  gst_kandy_stats_entry_end (&entry, report);
  return id;
}

/* (transfer full): its id */
static char *
write_certificate (GstKandyStatsReport *report, GBytes *der)
{
  gsize size;
  const guchar *data = g_bytes_get_data (der, &size);
  g_autofree char *digest =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
  g_autofree char *base64 = g_base64_encode (data, size);
  g_autoptr (GString) fingerprint = g_string_new (NULL);
  char *id = g_strconcat ("certificate-", digest, NULL);
  GstKandyStatsEntry entry;

  if (gst_kandy_stats_report_has (report, id))
    return id;
  for (guint i = 0; digest[i]; i++) {
    if (i > 0 && i % 2 == 0)
      g_string_append_c (fingerprint, ':');
    g_string_append_c (fingerprint, g_ascii_toupper (digest[i]));
  }
  gst_kandy_stats_entry_begin (&entry, report, "certificate", id);
  gst_kandy_stats_entry_add_string (&entry, "fingerprint", fingerprint->str);
  gst_kandy_stats_entry_add_string (&entry, "fingerprintAlgorithm", "sha-256");
  gst_kandy_stats_entry_add_string (&entry, "base64Certificate", base64);
  gst_kandy_stats_entry_end (&entry, report);
  return id;
}

static GBytes *
get_remote_certificate (GstKandyTransport *transport, guint stream)
{
  GBytes *der;

  g_mutex_lock (&transport->lock);
  der =
      g_hash_table_lookup (transport->certificates, GUINT_TO_POINTER (stream));
  if (der)
    g_bytes_ref (der);
  g_mutex_unlock (&transport->lock);
  return der;
}

static GBytes *
get_local_certificate (GstElement *decoder)
{
  g_autofree char *pem = NULL;

  g_object_get (decoder, "pem", &pem, NULL);
  return pem ? gst_kandy_pem_to_der (pem) : NULL;
}

/* RTCDtlsTransportState; older versions of the element do not say */
static char *
get_dtls_state (GstKandyTransport *transport, GstElement *decoder)
{
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (decoder), "connection-state");
  int state;

  if (!pspec)
    return g_strdup (
        gst_kandy_transport_is_trusted (transport) ? "connected" : NULL);
  g_object_get (decoder, "connection-state", &state, NULL);
  return gst_kandy_nick_of (pspec->value_type, state);
}

/* RTCIceTransportState */
static const char *
get_ice_state (GstKandyTransport *transport, guint stream)
{
  switch (nice_agent_get_component_state (transport->agent,
      gst_kandy_transport_get_carrier (transport, stream),
      NICE_COMPONENT_TYPE_RTP)) {
    case NICE_COMPONENT_STATE_CONNECTING:
      return "checking";
    case NICE_COMPONENT_STATE_CONNECTED:
      return "connected";
    case NICE_COMPONENT_STATE_READY:
      return "completed";
    case NICE_COMPONENT_STATE_FAILED:
      return "failed";
    default:
      return "new";
  }
}

char *
gst_kandy_stats_write_transport (
    GstKandyStatsReport *report, GstKandyTransport *transport, guint stream)
{
  char *id = g_strdup_printf ("transport-%u", stream);
  g_autoptr (GstElement) decoder = NULL;
  g_autoptr (GBytes) local = NULL;
  g_autoptr (GBytes) remote = NULL;
  g_autofree char *pair_id = NULL;
  g_autofree char *local_id = NULL;
  g_autofree char *remote_id = NULL;
  g_autofree char *dtls_state = NULL;
  GstKandyStatsEntry entry;
  GstKandyTraffic traffic;
  gboolean controlling = FALSE;

  if (gst_kandy_stats_report_has (report, id))
    return id;

  gst_kandy_stats_meter_get_traffic (transport->meter, stream, &traffic);
  pair_id = write_pair (report, transport, stream, id, &traffic);
  if (transport->agent) {
    write_candidates (report,
        nice_agent_get_local_candidates (transport->agent,
            gst_kandy_transport_get_carrier (transport, stream),
            NICE_COMPONENT_TYPE_RTP),
        TRUE, id);
    write_candidates (report,
        nice_agent_get_remote_candidates (transport->agent,
            gst_kandy_transport_get_carrier (transport, stream),
            NICE_COMPONENT_TYPE_RTP),
        FALSE, id);
    g_object_get (transport->agent, "controlling-mode", &controlling, NULL);
  }
  decoder = gst_kandy_stats_meter_dup_decoder (transport->meter, stream);
  if (decoder) {
    local = get_local_certificate (decoder);
    dtls_state = get_dtls_state (transport, decoder);
  }
  remote = get_remote_certificate (transport, stream);
  if (local)
    local_id = write_certificate (report, local);
  /* Empty: it has shown two */
  if (remote && g_bytes_get_size (remote) > 0)
    remote_id = write_certificate (report, remote);

  gst_kandy_stats_entry_begin (&entry, report, "transport", id);
  add_traffic (&entry, &traffic);
  gst_kandy_stats_entry_add_string (&entry, "selectedCandidatePairId", pair_id);
  gst_kandy_stats_entry_add_string (&entry, "localCertificateId", local_id);
  gst_kandy_stats_entry_add_string (&entry, "remoteCertificateId", remote_id);
  gst_kandy_stats_entry_add_string (&entry, "dtlsState", dtls_state);
  if (transport->agent) {
    gst_kandy_stats_entry_add_string (
        &entry, "iceState", get_ice_state (transport, stream));
    gst_kandy_stats_entry_add_string (
        &entry, "iceRole", controlling ? "controlling" : "controlled");
  }
  gst_kandy_stats_entry_end (&entry, report);
  return id;
}
