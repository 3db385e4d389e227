/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the statistics say, against what was really sent and received */

#include "engine-endpoint.h"

#include <netinet/in.h>
#include <gst/video/video.h>
#include <nice/agent.h>
#include <time.h>

/* --- reports --- */

typedef struct {
  GVariant *report;
  GError *error;
} Answer;

static void
take_answer (GObject *object, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->report = kandy_media_engine_get_stats_finish (
      KANDY_MEDIA_ENGINE (object), result, &answer->error);
}

static gboolean
is_answered (gpointer data)
{
  Answer *answer = data;

  return answer->report || answer->error;
}

static GVariant *
get_report (Endpoint *self, const char *track_id)
{
  Answer answer = { NULL, NULL };

  kandy_media_engine_get_stats_async (
      KANDY_MEDIA_ENGINE (self->call), track_id, NULL, take_answer, &answer);
  WAIT_FOR (is_answered, &answer);
  fail_unless (answer.error == NULL);
  return answer.report;
}

/* The entry of @type and of @kind, if given; (nullable) */
static GVariant *
find_entry (GVariant *report, const char *type, const char *kind)
{
  GVariantIter iter;
  GVariant *entry;
  const char *id;

  g_variant_iter_init (&iter, report);
  while (g_variant_iter_next (&iter, "{&sv}", &id, &entry)) {
    const char *text = NULL;

    fail_unless (g_variant_lookup (entry, "id", "&s", &text));
    fail_unless_equals_string (text, id);
    fail_unless (g_variant_lookup (entry, "type", "&s", &text));
    if (g_str_equal (text, type)
        && (!kind
            || (g_variant_lookup (entry, "kind", "&s", &text)
                && g_str_equal (text, kind))))
      return entry;
    g_variant_unref (entry);
  }
  return NULL;
}

static guint
count_entries (GVariant *report, const char *type)
{
  GVariantIter iter;
  GVariant *entry;
  guint n = 0;

  g_variant_iter_init (&iter, report);
  while (g_variant_iter_next (&iter, "{&sv}", NULL, &entry)) {
    const char *text = NULL;

    g_variant_lookup (entry, "type", "&s", &text);
    n += g_str_equal (text, type);
    g_variant_unref (entry);
  }
  return n;
}

/* -1 if it is not there */
static double
get_number (GVariant *entry, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (entry, name, NULL);

  if (!value)
    return -1;
  switch (g_variant_classify (value)) {
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (value);
    case G_VARIANT_CLASS_UINT64:
      return g_variant_get_uint64 (value);
    case G_VARIANT_CLASS_INT64:
      return g_variant_get_int64 (value);
    case G_VARIANT_CLASS_DOUBLE:
      return g_variant_get_double (value);
    default:
      ck_abort_msg ("%s is no number", name);
  }
}

static const char *
get_text (GVariant *entry, const char *name)
{
  const char *text = NULL;

  g_variant_lookup (entry, name, "&s", &text);
  return text;
}

/* Follows a reference; it must lead somewhere */
static GVariant *
follow (GVariant *report, GVariant *entry, const char *name, const char *type)
{
  const char *id = get_text (entry, name);
  GVariant *other;

  fail_unless (id != NULL, "no %s in %s", name, get_text (entry, "id"));
  other = g_variant_lookup_value (report, id, G_VARIANT_TYPE_VARDICT);
  fail_unless (other != NULL, "%s leads nowhere: %s", name, id);
  fail_unless_equals_string (get_text (other, "type"), type);
  return other;
}

static guint
get_ssrc (GstKandySendTrack *track)
{
  g_autoptr (GstCaps) caps = gst_kandy_send_track_get_negotiated_caps (track);
  guint ssrc = 0;

  gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc);
  return ssrc;
}

/* What there must be before it can be checked */
static gboolean
is_complete (gpointer data)
{
  g_autoptr (GVariant) report = get_report (data, NULL);
  const char *kinds[] = { "audio", "video" };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GVariant) in = find_entry (report, "inbound-rtp", kinds[i]);
    g_autoptr (GVariant) far =
        find_entry (report, "remote-inbound-rtp", kinds[i]);
    g_autoptr (GVariant) sender =
        find_entry (report, "remote-outbound-rtp", kinds[i]);

    if (!in || !far || !sender || get_number (far, "roundTripTime") < 0
        || get_number (in, "packetsReceived") < 10)
      return FALSE;
  }
  return TRUE;
}

static void
check_path (GVariant *report, GVariant *stream)
{
  g_autoptr (GVariant) transport =
      follow (report, stream, "transportId", "transport");
  g_autoptr (GVariant) pair =
      follow (report, transport, "selectedCandidatePairId", "candidate-pair");
  g_autoptr (GVariant) local =
      follow (report, pair, "localCandidateId", "local-candidate");
  g_autoptr (GVariant) remote =
      follow (report, pair, "remoteCandidateId", "remote-candidate");
  g_autoptr (GVariant) ours =
      follow (report, transport, "localCertificateId", "certificate");
  g_autoptr (GVariant) theirs =
      follow (report, transport, "remoteCertificateId", "certificate");

  fail_unless_equals_string (get_text (transport, "dtlsState"), "connected");
  fail_unless (get_number (transport, "packetsSent") > 0);
  fail_unless (get_number (transport, "bytesReceived") > 0);
  fail_unless_equals_string (get_text (pair, "state"), "succeeded");
  fail_unless (get_number (pair, "bytesSent") > 0);
  fail_unless_equals_string (get_text (local, "protocol"), "udp");
  fail_unless_equals_string (get_text (local, "candidateType"), "host");
  fail_unless (get_number (local, "port") > 0);
  fail_unless (get_text (remote, "address") != NULL);
  fail_unless_equals_int (strlen (get_text (ours, "fingerprint")), 95);
  fail_unless (get_text (theirs, "base64Certificate") != NULL);
}

static void
check_codec (GVariant *report, GVariant *stream, gboolean video)
{
  g_autoptr (GVariant) codec = follow (report, stream, "codecId", "codec");

  fail_unless_equals_string (
      get_text (codec, "mimeType"), video ? "video/VP8" : "audio/opus");
  fail_unless (get_number (codec, "clockRate") == (video ? 90000 : 48000));
  fail_unless (get_number (codec, "payloadType") == (video ? 96 : 111));
  if (!video)
    fail_unless (get_number (codec, "channels") == 2);
}

/* Of what @sender sends and @receiver gets. What was sent is asked first: all
 * of it and more may have come, but nothing that was not sent */
static void
check_stream (Endpoint *sender, Endpoint *receiver, gboolean video)
{
  const char *kind = video ? "video" : "audio";
  GstKandySendTrack *track = video ? sender->video : sender->audio;
  g_autoptr (GVariant) received = get_report (receiver, NULL);
  g_autoptr (GVariant) sent = get_report (sender, NULL);
  g_autoptr (GVariant) in = find_entry (received, "inbound-rtp", kind);
  g_autoptr (GVariant) out = find_entry (sent, "outbound-rtp", kind);
  g_autoptr (GVariant) far =
      follow (sent, out, "remoteId", "remote-inbound-rtp");
  g_autoptr (GVariant) origin =
      follow (received, in, "remoteId", "remote-outbound-rtp");
  g_autoptr (GVariant) back = follow (sent, far, "localId", "outbound-rtp");
  g_autoptr (GVariant) source =
      follow (sent, out, "mediaSourceId", "media-source");
  const char *track_id =
      kandy_track_get_id (gst_kandy_send_track_get_track (track));
  double packets = get_number (in, "packetsReceived");

  fail_unless (get_number (out, "ssrc") == get_ssrc (track));
  fail_unless (get_number (in, "ssrc") == get_ssrc (track));
  fail_unless_equals_string (get_text (source, "trackIdentifier"), track_id);
  fail_unless_equals_string (get_text (in, "trackIdentifier"), track_id);
  fail_unless_equals_string (get_text (in, "mid"), get_text (out, "mid"));
  check_codec (received, in, video);
  check_codec (sent, out, video);
  check_path (received, in);
  check_path (sent, out);

  fail_unless (packets > 0);
  fail_unless (packets <= get_number (out, "packetsSent"));
  fail_unless (
      get_number (in, "bytesReceived") <= get_number (out, "bytesSent"));
  fail_unless (get_number (in, "headerBytesReceived") == 12 * packets,
      "%f header bytes in %f packets", get_number (in, "headerBytesReceived"),
      packets);
  fail_unless (get_number (origin, "packetsSent") > 0);
  fail_unless (
      get_number (origin, "packetsSent") <= get_number (out, "packetsSent"));
  fail_unless (
      get_number (origin, "bytesSent") <= get_number (out, "bytesSent"));
  /* The sender's clock is this machine's */
  fail_unless (ABS (get_number (origin, "remoteTimestamp")
                   - get_number (origin, "timestamp"))
      < 20000);
  fail_unless (get_number (in, "jitter") >= 0);
  fail_unless (get_number (in, "jitter") < 1);
  fail_unless (get_number (far, "roundTripTime") < 2);
  fail_unless (get_number (far, "totalRoundTripTime")
      >= get_number (far, "roundTripTime") * 0.999);
  fail_unless (get_number (far, "roundTripTimeMeasurements") >= 1);
  fail_unless (get_number (far, "fractionLost") == 0);
  fail_unless (get_number (in, "packetsLost") <= 0);

  if (video) {
    fail_unless (get_number (in, "framesReceived") > 0);
    fail_unless (
        get_number (in, "framesReceived") <= get_number (out, "framesSent"));
    fail_unless (get_number (out, "keyFramesEncoded") >= 1);
    fail_unless (get_number (out, "keyFramesEncoded")
        < get_number (out, "framesEncoded"));
    fail_unless (get_number (out, "frameWidth") == 160);
    fail_unless (get_number (in, "frameHeight") == 120);
  } else {
    fail_unless (get_number (out, "framesSent") == -1);
    /* 20 ms of sound each */
    fail_unless (get_number (in, "bytesReceived") / packets < 400);
  }
}

typedef struct {
  Endpoint *end;
  GVariant *before;
} Growth;

/* However slowly, everything must go on */
static gboolean
has_grown (gpointer data)
{
  static const struct {
    const char *type;
    const char *kind;
    const char *name;
  } members[] = {
    { "inbound-rtp", "audio", "packetsReceived" },
    { "inbound-rtp", "video", "framesReceived" },
    { "outbound-rtp", "audio", "bytesSent" },
    { "outbound-rtp", "video", "framesSent" },
  };
  Growth *growth = data;
  g_autoptr (GVariant) now = get_report (growth->end, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    g_autoptr (GVariant) old =
        find_entry (growth->before, members[i].type, members[i].kind);
    g_autoptr (GVariant) new =
        find_entry (now, members[i].type, members[i].kind);

    if (get_number (new, members[i].name) <= get_number (old, members[i].name))
      return FALSE;
  }
  return TRUE;
}

static void
check_grows (GVariant *before, GVariant *now, const char *type,
    const char *kind, const char *name)
{
  g_autoptr (GVariant) old = find_entry (before, type, kind);
  g_autoptr (GVariant) new = find_entry (now, type, kind);

  fail_unless_equals_string (get_text (old, "id"), get_text (new, "id"));
  fail_unless (get_number (new, name) > get_number (old, name),
      "%s of %s %s: %f, then %f", name, kind, type, get_number (old, name),
      get_number (new, name));
  fail_unless (get_number (new, "timestamp") > get_number (old, "timestamp"));
}

GST_START_TEST (test_report)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Endpoint *both[] = { alice, bob };

  endpoint_add_audio (alice, 440);
  endpoint_add_video (alice, 0xff0000);
  endpoint_add_audio (bob, 1000);
  endpoint_add_video (bob, 0x0000ff);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  WAIT_FOR (endpoint_is_connected, bob);
  WAIT_FOR (is_complete, alice);
  WAIT_FOR (is_complete, bob);

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GVariant) before = get_report (both[i], NULL);
    g_autoptr (GVariant) now = NULL;
    Growth growth;

    check_stream (both[i], both[1 - i], FALSE);
    check_stream (both[i], both[1 - i], TRUE);
    fail_unless_equals_int (count_entries (before, "outbound-rtp"), 2);
    fail_unless_equals_int (count_entries (before, "inbound-rtp"), 2);
    fail_unless_equals_int (count_entries (before, "transport"), 1);
    fail_unless_equals_int (count_entries (before, "candidate-pair"), 1);
    fail_unless_equals_int (count_entries (before, "peer-connection"), 1);

    growth = (Growth){ both[i], before };
    WAIT_FOR (has_grown, &growth);
    now = get_report (both[i], NULL);
    check_grows (before, now, "inbound-rtp", "audio", "packetsReceived");
    check_grows (before, now, "inbound-rtp", "video", "framesReceived");
    check_grows (before, now, "inbound-rtp", "video", "bytesReceived");
    check_grows (before, now, "outbound-rtp", "audio", "bytesSent");
    check_grows (before, now, "outbound-rtp", "video", "framesSent");
    check_grows (before, now, "transport", NULL, "packetsReceived");
  }

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

GST_START_TEST (test_track)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autoptr (GVariant) local = NULL;
  g_autoptr (GVariant) remote = NULL;
  g_autoptr (GVariant) early = NULL;
  g_autofree char *id = NULL;
  Answer nobody = { NULL, NULL };

  endpoint_add_audio (alice, 440);
  endpoint_add_video (alice, 0xff0000);
  endpoint_add_audio (bob, 1000);
  endpoint_add_video (bob, 0x0000ff);
  /* Before there is anything to tell of */
  early = get_report (alice, NULL);
  fail_unless_equals_int (count_entries (early, "outbound-rtp"), 0);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (is_complete, alice);

  id = g_strdup (
      kandy_track_get_id (gst_kandy_send_track_get_track (alice->video)));
  local = get_report (alice, id);
  fail_unless_equals_int (count_entries (local, "outbound-rtp"), 1);
  fail_unless_equals_int (count_entries (local, "remote-inbound-rtp"), 1);
  fail_unless_equals_int (count_entries (local, "inbound-rtp"), 0);
  fail_unless_equals_int (count_entries (local, "codec"), 1);
  fail_unless_equals_int (count_entries (local, "peer-connection"), 0);
  fail_unless_equals_int (count_entries (local, "transport"), 1);

  WAIT_FOR (is_complete, bob);
  remote = get_report (bob, id);
  fail_unless_equals_int (count_entries (remote, "inbound-rtp"), 1);
  fail_unless_equals_int (count_entries (remote, "outbound-rtp"), 0);

  kandy_media_engine_get_stats_async (
      KANDY_MEDIA_ENGINE (alice->call), "nobody", NULL, take_answer, &nobody);
  WAIT_FOR (is_answered, &nobody);
  fail_unless (
      g_error_matches (nobody.error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM));
  fail_unless_equals_string (
      kandy_error_get_platform_code (nobody.error), "call:2");
  g_clear_error (&nobody.error);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* ms of this thread */
static double
get_cpu_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000.0 + time.tv_nsec / 1e6;
}

/* The same, as a GStreamer application sees it, and what it costs */
GST_START_TEST (test_structure)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autoptr (GstStructure) stats = NULL;
  const GstStructure *entry = NULL;
  const GValue *report;
  g_autofree char *id = NULL;
  guint ssrc = 0;
  double start;

  endpoint_add_audio (alice, 440);
  endpoint_add_video (alice, 0xff0000);
  endpoint_add_audio (bob, 1000);
  endpoint_add_video (bob, 0x0000ff);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (is_complete, alice);

  start = get_cpu_time ();
  for (guint i = 0; i < 100; i++)
    gst_structure_free (endpoint_get_stats (alice));
  g_print ("%.3f ms for the statistics of a call with sound and pictures\n",
      (get_cpu_time () - start) / 100);
  start = get_cpu_time ();
  for (guint i = 0; i < 100; i++)
    g_variant_unref (get_report (alice, NULL));
  g_print ("%.3f ms for the report alone\n", (get_cpu_time () - start) / 100);

  stats = endpoint_get_stats (alice);
  report = gst_structure_get_value (stats, "report");
  id = g_strdup_printf ("outbound-rtp-%u", get_ssrc (alice->audio));
  for (guint i = 0; i < gst_value_list_get_size (report); i++) {
    entry = gst_value_get_structure (gst_value_list_get_value (report, i));
    if (g_strcmp0 (gst_structure_get_string (entry, "id"), id) == 0)
      break;
    entry = NULL;
  }
  fail_unless (entry != NULL, "there is no %s", id);
  /* names stay in memory for good: ids must not be any */
  fail_unless_equals_int (g_quark_try_string (id), 0);
  fail_unless_equals_string (
      gst_structure_get_string (entry, "type"), "outbound-rtp");
  fail_unless (gst_structure_get_uint (entry, "ssrc", &ssrc));
  fail_unless_equals_int (ssrc, get_ssrc (alice->audio));

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* --- quality --- */

/* Drops so many of a hundred RTP packets that come to an end, evenly */
typedef struct {
  int percent;
  int debt;
} Loss;

static GstPadProbeReturn
lose (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Loss *loss = user_data;
  guint8 head[2] = { 0, 0 };

  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, head, sizeof (head));
  /* RFC 7983, RFC 5761: neither STUN nor DTLS nor RTCP */
  if (head[0] < 128 || head[0] > 191 || (head[1] >= 192 && head[1] <= 223))
    return GST_PAD_PROBE_OK;
  loss->debt += g_atomic_int_get (&loss->percent);
  if (loss->debt < 100)
    return GST_PAD_PROBE_OK;
  loss->debt -= 100;
  return GST_PAD_PROBE_DROP;
}

static void
make_lossy (Endpoint *self, Loss *loss)
{
  g_autoptr (GstElement) webrtcbin = NULL;
  GstIterator *sources;
  GValue item = G_VALUE_INIT;

  g_object_get (self->call, "webrtcbin", &webrtcbin, NULL);
  sources = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (webrtcbin), "nicesrc");
  while (gst_iterator_next (sources, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (g_value_get_object (&item), "src");

    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose, loss, NULL);
    g_value_unset (&item);
  }
  gst_iterator_free (sources);
}

typedef struct {
  GString *raised; /* "high-loss/remote audio " ... */
  guint n_changes;
  const char *wanted;
} Warnings;

static void
warned (GstKandyCall *call, const char *name, gboolean raised,
    KandyTrack *track, double value, double threshold, Warnings *self)
{
  g_autofree char *line = g_strdup_printf ("%s/%s %s ", name,
      track && kandy_track_is_local (track) ? "local" : "remote",
      track && kandy_track_get_kind (track) == KANDY_MEDIA_KIND_VIDEO
          ? "video"
          : "audio");
  const char *found = strstr (self->raised->str, line);

  fail_unless (raised == (found == NULL), "%s %s twice", line,
      raised ? "raised" : "cleared");
  self->n_changes++;
  if (raised)
    g_string_append (self->raised, line);
  else
    g_string_erase (
        self->raised, found - self->raised->str, (gssize) strlen (line));
}

static void
limited (GstKandySendTrack *track, guint bitrate, guint *limit)
{
  *limit = bitrate;
}

static gboolean
is_raised (gpointer data)
{
  Warnings *self = data;

  return strstr (self->raised->str, self->wanted) != NULL;
}

static gboolean
is_calm (gpointer data)
{
  return ((Warnings *) data)->raised->len == 0;
}

static void
wait_raised (Warnings *self, const char *what)
{
  self->wanted = what;
  wait_for (is_raised, self, 15, what);
}

GST_START_TEST (test_lossy)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Warnings at_alice = { g_string_new (NULL) };
  Warnings at_bob = { g_string_new (NULL) };
  Loss loss = { 0, 0 };
  g_autoptr (GVariant) report = NULL;
  g_autoptr (GVariant) in = NULL;

  g_signal_connect (
      alice->call, "quality-warning", G_CALLBACK (warned), &at_alice);
  g_signal_connect (bob->call, "quality-warning", G_CALLBACK (warned), &at_bob);
  endpoint_add_audio (alice, 440);
  /* rtpsession leaves reports out of what it sends early, and as long as it has
   * packets to ask for it sends nothing else: no pictures */
  endpoint_add_audio (bob, 1000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_heard (bob, 440);

  make_lossy (bob, &loss);
  g_atomic_int_set (&loss.percent, 40);
  /* Bob counts it himself, and tells alice */
  wait_raised (&at_bob, "high-loss/remote audio");
  wait_raised (&at_bob, "low-mos/remote audio");
  wait_raised (&at_alice, "high-loss/local audio");
  report = get_report (bob, NULL);
  in = find_entry (report, "inbound-rtp", "audio");
  fail_unless (get_number (in, "kandyMos") < 3.5);
  fail_unless (get_number (in, "packetsLost") > 0);

  g_atomic_int_set (&loss.percent, 0);
  wait_for (is_calm, &at_bob, 15, "bob hears well again");
  wait_for (is_calm, &at_alice, 15, "alice is told so");

  endpoint_free (alice);
  endpoint_free (bob);
  g_string_free (at_alice.raised, TRUE);
  g_string_free (at_bob.raised, TRUE);
}
GST_END_TEST;

/* What the far end is willing to receive is what the encoder may make */
GST_START_TEST (test_limit)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, TRUE);
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob;
  guint bitrate = 0;

  g_object_set (options, "bandwidth-video", 200, NULL);
  bob = endpoint_new ("bob", options);
  endpoint_add_video (alice, 0xff0000);
  g_signal_connect (
      alice->video, "max-bitrate", G_CALLBACK (limited), &bitrate);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_seen (bob, 0xff0000);
  fail_unless_equals_int (bitrate, 200000);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* --- network priorities --- */

/* Type of service of all sockets of an ICE stream */
static int
get_tos (Endpoint *self, guint stream)
{
  g_autoptr (GstElement) webrtcbin = NULL;
  g_autoptr (GstObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  g_autoptr (GPtrArray) sockets = NULL;
  int found = -1;

  g_object_get (self->call, "webrtcbin", &webrtcbin, NULL);
  g_object_get (webrtcbin, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  sockets = nice_agent_get_sockets (
      NICE_AGENT (agent), stream, NICE_COMPONENT_TYPE_RTP);
  fail_unless (sockets && sockets->len > 0);
  for (guint i = 0; i < sockets->len; i++) {
    GSocket *socket = g_ptr_array_index (sockets, i);
    gboolean v6 = g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6;
    int tos = -1;

    fail_unless (g_socket_get_option (socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
        v6 ? IPV6_TCLASS : IP_TOS, &tos, NULL));
    fail_unless (found == -1 || found == tos, "sockets differ");
    found = tos;
  }
  return found;
}

typedef struct {
  const char *audio;
  const char *video;
  gboolean bundled;
  int tos[2];
} Marking;

static const Marking markings[] = {
  { NULL, NULL, TRUE, { 0, 0 } },
  { "high", NULL, TRUE, { 46 << 2, 0 } },
  { "low", "medium", TRUE, { 38 << 2, 0 } },
  { "medium", "medium", TRUE, { 46 << 2, 0 } },
  { "very-low", "very-low", TRUE, { 8 << 2, 0 } },
  { "high", "high", FALSE, { 46 << 2, 36 << 2 } },
};

GST_START_TEST (test_priorities)
{
  const Marking *m = &markings[__i__];
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, TRUE);
  g_autoptr (KandyConfig) config = kandy_config_new ();
  Endpoint *alice, *bob = endpoint_new ("bob", NULL);

  kandy_config_set_value (
      config, "call.removeBundling", g_variant_new_boolean (!m->bundled));
  g_object_set (options, "audio-network-priority", m->audio,
      "video-network-priority", m->video, NULL);
  alice = endpoint_new_full ("alice", config, options);
  endpoint_add_audio (alice, 440);
  endpoint_add_video (alice, 0xff0000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_heard (bob, 440);

  fail_unless_equals_int (get_tos (alice, 1), m->tos[0]);
  if (!m->bundled)
    fail_unless_equals_int (get_tos (alice, 2), m->tos[1]);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

static void
give_video (GstKandyCall *call, KandyMediaOptions *media, Endpoint *self)
{
  endpoint_add_video (self, 0xff0000);
}

static void
on_added (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tracks = kandy_media_engine_add_media_finish (
      KANDY_MEDIA_ENGINE (engine), result, &error);

  fail_unless (tracks != NULL && tracks->len == 1, "%s",
      error ? error->message : "no track");
  *(KandyTrack **) user_data = g_object_ref (tracks->pdata[0]);
}

static gboolean
is_added (gpointer track)
{
  return *(KandyTrack **) track != NULL;
}

/* What is added later may have a priority of its own, as long as it is there;
 * without one it has that of the call's options */
GST_START_TEST (test_added_priority)
{
  g_autoptr (KandyMediaOptions) options = kandy_media_options_new (TRUE, TRUE);
  g_autoptr (KandyMediaOptions) media = kandy_media_options_new (FALSE, TRUE);
  g_autoptr (GPtrArray) removed = g_ptr_array_new ();
  g_autoptr (KandyTrack) track = NULL;
  Endpoint *alice, *bob = endpoint_new ("bob", NULL);

  g_object_set (options, "video-network-priority", "very-low", NULL);
  if (__i__ == 0)
    g_object_set (media, "video-network-priority", "high", NULL);
  else
    g_object_set (options, "video-network-priority", "medium", NULL);
  alice = endpoint_new ("alice", options);
  g_signal_connect (
      alice->call, "media-wanted", G_CALLBACK (give_video), alice);
  endpoint_add_audio (alice, 440);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_heard (bob, 440);
  fail_unless_equals_int (get_tos (alice, 1), 0);

  kandy_media_engine_add_media_async (
      KANDY_MEDIA_ENGINE (alice->call), media, NULL, on_added, &track);
  WAIT_FOR (is_added, &track);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  wait_until_seen (bob, 0xff0000);
  fail_unless_equals_int (get_tos (alice, 1), (__i__ == 0 ? 36 : 38) << 2);

  g_ptr_array_add (removed, track);
  kandy_media_engine_remove_tracks (
      KANDY_MEDIA_ENGINE (alice->call), removed, NULL);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_UPDATE, FALSE, FALSE);
  fail_unless_equals_int (get_tos (alice, 1), 0);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

/* --- key frames --- */

static void
count_key_units (GstKandySendTrack *track, gboolean all_headers, int *n)
{
  g_atomic_int_inc (n);
}

/* However often the far end asks, there are not more than two a second, and
 * what was asked last is not forgotten */
GST_START_TEST (test_key_units)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  g_autoptr (GstElement) webrtcbin = NULL;
  int n = 0;

  endpoint_add_video (alice, 0xff0000);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_seen (bob, 0xff0000);
  /* Those of the beginning are over */
  let_pass (1200);

  g_signal_connect (
      alice->video, "force-key-unit", G_CALLBACK (count_key_units), &n);
  g_object_get (alice->call, "webrtcbin", &webrtcbin, NULL);
  for (guint i = 0; i < 40; i++) {
    gst_pad_push_event (webrtcbin->sinkpads->data,
        gst_video_event_new_upstream_force_key_unit (
            GST_CLOCK_TIME_NONE, TRUE, i));
    if (i == 0)
      fail_unless_equals_int (g_atomic_int_get (&n), 1);
  }
  fail_unless_equals_int (g_atomic_int_get (&n), 1);
  let_pass (1500);
  fail_unless_equals_int (g_atomic_int_get (&n), 2);

  endpoint_free (alice);
  endpoint_free (bob);
}
GST_END_TEST;

GST_START_TEST (test_no_audio)
{
  Endpoint *alice = endpoint_new ("alice", NULL);
  Endpoint *bob = endpoint_new ("bob", NULL);
  Warnings at_bob = { g_string_new (NULL) };

  g_signal_connect (bob->call, "quality-warning", G_CALLBACK (warned), &at_bob);
  endpoint_add_audio (alice, 440);
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_INITIAL, FALSE, FALSE);
  WAIT_FOR (endpoint_is_connected, alice);
  wait_until_heard (bob, 440);

  gst_kandy_send_track_set_gated (alice->audio, TRUE);
  wait_raised (&at_bob, "no-audio/remote audio");
  gst_kandy_send_track_set_gated (alice->audio, FALSE);
  WAIT_FOR (is_calm, &at_bob);

  /* Who is held does not expect any */
  gst_kandy_send_track_set_gated (alice->audio, TRUE);
  wait_raised (&at_bob, "no-audio/remote audio");
  negotiate (alice, bob, KANDY_OFFER_PURPOSE_HOLD, TRUE, FALSE);
  WAIT_FOR (is_calm, &at_bob);
  fail_unless_equals_int (at_bob.n_changes, 4);

  endpoint_free (alice);
  endpoint_free (bob);
  g_string_free (at_bob.raised, TRUE);
}
GST_END_TEST;

static Suite *
stats_suite (void)
{
  Suite *suite = suite_create ("stats");
  TCase *report = tcase_create ("report");
  TCase *loss = tcase_create ("loss");
  TCase *silence = tcase_create ("silence");

  tcase_set_timeout (report, 30);
  tcase_add_test (report, test_report);
  tcase_add_test (report, test_track);
  tcase_add_test (report, test_structure);
  tcase_add_test (report, test_limit);
  tcase_add_test (report, test_key_units);
  tcase_add_loop_test (report, test_priorities, 0, G_N_ELEMENTS (markings));
  tcase_add_loop_test (report, test_added_priority, 0, 2);
  suite_add_tcase (suite, report);
  tcase_set_timeout (loss, 60);
  tcase_add_test (loss, test_lossy);
  suite_add_tcase (suite, loss);
  tcase_set_timeout (silence, 60);
  tcase_add_test (silence, test_no_audio);
  suite_add_tcase (suite, silence);
  return suite;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  endpoints_warm_up ();
  return gst_check_run_suite (stats_suite (), "stats", __FILE__);
}
