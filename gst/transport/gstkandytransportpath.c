/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyconnect.h"
#include "gstkandytransport-private.h"

#include <nice/interfaces.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The media path of a transport, and others in its place.
 *
 * webrtcbin knows nothing of ICE restarts (F11). The agent does, but keeps its
 * sockets: addresses that this machine did not have at the start, and
 * allocations of TURN servers that are gone, would stay out of it. And what it
 * has done to a stream cannot be taken back when the far end refuses it.
 *
 * So a restart makes another stream of the agent, with sockets and credentials
 * of its own. Below DTLS, which does not notice, packets are taken from both
 * streams; they are sent by the new one as soon as it is connected. So a path
 * that still works loses nothing, and a restart that is dropped leaves no
 * trace.
 *
 *   nicesrc (webrtcbin's) -,
 *                           funnel -> webrtcbin's transport
 *   nicesrc (of a restart) '
 *
 * webrtcbin's own stream stays as long as webrtcbin does, which goes on to tell
 * it credentials and candidates. */

GST_DEBUG_CATEGORY_EXTERN (gst_kandy_transport_debug);
#define GST_CAT_DEFAULT gst_kandy_transport_debug

/* For how long a former path is listened to, in ms */
#define RETIRE_MS 10000

typedef struct {
  guint stream;       /* of the agent, 0 = none */
  GstElement *source; /* NULL if the stream is webrtcbin's */
} Carrier;

/* Everything on the transport's context */
struct _GstKandyPath {
  GstKandyTransport *transport; /* not owned: it owns this */
  guint stream;                 /* by which webrtcbin knows it */
  Carrier current;
  Carrier next;    /* of a restart that has no path yet */
  gboolean agreed; /* both ends have described it */
  gboolean gathered;
  Carrier former;
  GSource *retirement;
  int dscp; /* -1 = not known */
};

typedef struct {
  GstKandyTransport *self;
  guint stream;
} Notice;

static GQuark
stream_quark (void)
{
  return g_quark_from_static_string ("kandy-ice-stream");
}

/* Any thread */
guint
gst_kandy_ice_stream_of (GstElement *nice)
{
  guint stream =
      GPOINTER_TO_UINT (g_object_get_qdata (G_OBJECT (nice), stream_quark ()));

  if (!stream)
    g_object_get (nice, "stream", &stream, NULL);
  return stream;
}

/* --- elements --- */

/* (transfer full) (nullable): webrtcbin's own */
static GstElement *
find_element (GstKandyTransport *self, const char *factory, guint stream)
{
  GstIterator *iterator = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (self->webrtcbin), factory);
  GValue item = G_VALUE_INIT;
  GstElement *found = NULL;
  gboolean more = TRUE;

  while (more && !found) {
    switch (gst_iterator_next (iterator, &item)) {
      case GST_ITERATOR_OK: {
        GstElement *element = g_value_get_object (&item);

        if (gst_kandy_ice_stream_of (element) == stream
            && !g_object_get_data (G_OBJECT (element), "kandy-added"))
          found = gst_object_ref (element);
        g_value_reset (&item);
        break;
      }
      case GST_ITERATOR_RESYNC:
        gst_iterator_resync (iterator);
        break;
      default:
        more = FALSE;
        break;
    }
  }
  g_value_unset (&item);
  gst_iterator_free (iterator);
  return found;
}

/* While nothing passes. Whoever comes first does it */
static GstPadProbeReturn
put_between (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstElement *funnel = user_data;
  g_autoptr (GstPad) out = gst_element_get_static_pad (funnel, "src");
  g_autoptr (GstPad) in = NULL;
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);

  if (!peer)
    return GST_PAD_PROBE_REMOVE;
  in = gst_element_request_pad_simple (funnel, "sink_%u");
  gst_pad_unlink (pad, peer);
  if (GST_PAD_LINK_FAILED (gst_pad_link (out, peer))
      || GST_PAD_LINK_FAILED (gst_pad_link (pad, in)))
    GST_ERROR_OBJECT (funnel, "cannot be put behind %" GST_PTR_FORMAT, pad);
  return GST_PAD_PROBE_REMOVE;
}

/* (transfer full) (nullable): behind @source, with a free place */
static GstElement *
ensure_funnel (GstElement *source, GstBin *bin)
{
  GstElement *funnel = g_object_get_data (G_OBJECT (source), "kandy-funnel");
  g_autoptr (GstPad) pad = NULL;

  if (funnel)
    return gst_object_ref (funnel);
  funnel = gst_element_factory_make ("funnel", NULL);
  if (!funnel)
    return NULL;
  g_object_set_data_full (G_OBJECT (source), "kandy-funnel",
      gst_object_ref_sink (funnel), gst_object_unref);
  gst_bin_add (bin, funnel);
  gst_element_sync_state_with_parent (funnel);
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, put_between,
      gst_object_ref (funnel), gst_object_unref);
  return gst_object_ref (funnel);
}

/* (transfer full) (nullable): takes packets from @stream of the agent */
static GstElement *
add_source (GstKandyPath *path, guint stream)
{
  GstKandyTransport *self = path->transport;
  g_autoptr (GstElement) first = find_element (self, "nicesrc", path->stream);
  g_autoptr (GstObject) bin =
      first ? gst_object_get_parent (GST_OBJECT (first)) : NULL;
  g_autoptr (GstElement) funnel =
      GST_IS_BIN (bin) ? ensure_funnel (first, GST_BIN (bin)) : NULL;
  GstElement *source =
      funnel ? gst_element_factory_make ("nicesrc", NULL) : NULL;

  if (!source)
    return NULL;
  g_object_set (source, "agent", self->agent, "stream", stream, "component",
      NICE_COMPONENT_TYPE_RTP, NULL);
  /* It counts for the statistics of the one that it stands in for */
  g_object_set_qdata (
      G_OBJECT (source), stream_quark (), GUINT_TO_POINTER (path->stream));
  g_object_set_data (G_OBJECT (source), "kandy-added", GUINT_TO_POINTER (TRUE));
  gst_object_ref_sink (source);
  gst_bin_add (GST_BIN (bin), source);
  if (!gst_element_link (source, funnel)
      || !gst_element_sync_state_with_parent (source)) {
    gst_element_set_state (source, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (bin), source);
    gst_clear_object (&source);
  }
  return source;
}

static void
remove_source (GstElement *source)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, "src");
  g_autoptr (GstObject) bin = gst_object_get_parent (GST_OBJECT (source));
  g_autoptr (GstPad) peer = NULL;
  g_autoptr (GstElement) funnel = NULL;

  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  peer = gst_pad_get_peer (pad);
  if (peer) {
    funnel = gst_pad_get_parent_element (peer);
    gst_pad_unlink (pad, peer);
    if (funnel)
      gst_element_release_request_pad (funnel, peer);
  }
  if (bin)
    gst_bin_remove (GST_BIN (bin), source);
}

/* --- carriers --- */

static void
drop_carrier (GstKandyPath *path, Carrier *carrier)
{
  if (carrier->source) {
    remove_source (carrier->source);
    gst_object_unref (carrier->source);
    nice_agent_remove_stream (path->transport->agent, carrier->stream);
  }
  *carrier = (Carrier){ 0, NULL };
}

static void
retire (GstKandyPath *path)
{
  if (path->retirement) {
    g_source_destroy (path->retirement);
    g_clear_pointer (&path->retirement, g_source_unref);
  }
  drop_carrier (path, &path->former);
}

static gboolean
retired (gpointer data)
{
  retire (data);
  return G_SOURCE_REMOVE;
}

/* The transport is closed: the elements go with webrtcbin */
void
gst_kandy_path_free (gpointer data)
{
  GstKandyPath *path = data;

  if (path->retirement) {
    g_source_destroy (path->retirement);
    g_source_unref (path->retirement);
  }
  gst_clear_object (&path->current.source);
  gst_clear_object (&path->next.source);
  gst_clear_object (&path->former.source);
  g_free (path);
}

static NiceComponentState
get_component_state (GstKandyTransport *self, guint stream)
{
  return nice_agent_get_component_state (
      self->agent, stream, NICE_COMPONENT_TYPE_RTP);
}

static gboolean
is_connected (GstKandyTransport *self, guint stream)
{
  NiceComponentState state = get_component_state (self, stream);

  return state == NICE_COMPONENT_STATE_CONNECTED
      || state == NICE_COMPONENT_STATE_READY;
}

/* The path of the restart is there */
static void
take_over (GstKandyPath *path)
{
  GstKandyTransport *self = path->transport;
  g_autoptr (GstElement) sink = find_element (self, "nicesink", path->stream);

  if (!sink)
    sink = find_element (self, "nicesink", path->current.stream);
  GST_INFO_OBJECT (self->webrtcbin, "ICE stream %u takes over from %u",
      path->next.stream, path->current.stream);
  if (sink) {
    g_object_set_qdata (
        G_OBJECT (sink), stream_quark (), GUINT_TO_POINTER (path->stream));
    g_object_set (sink, "stream", path->next.stream, NULL);
  }
  retire (path);
  path->former = path->current;
  path->current = path->next;
  path->next = (Carrier){ 0, NULL };
  path->retirement = g_timeout_source_new (RETIRE_MS);
  g_source_set_callback (path->retirement, retired, path, NULL);
  g_source_attach (path->retirement, self->context);
  gst_kandy_transport_path_changed (self, TRUE);
}

/* --- notices of the agent --- */

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  g_object_unref (notice->self);
  g_free (notice);
}

static void
post (GstKandyTransport *self, guint stream, GSourceFunc func)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->self = g_object_ref (self);
  notice->stream = stream;
  gst_kandy_post (self->context, func, notice, notice_free);
}

/* (nullable) */
static GstKandyPath *
find_next (GstKandyTransport *self, guint stream)
{
  for (guint i = 0; !self->closed && i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->next.stream == stream)
      return path;
  }
  return NULL;
}

static gboolean
take_component_state (gpointer data)
{
  Notice *notice = data;
  GstKandyTransport *self = notice->self;
  GstKandyPath *path = find_next (self, notice->stream);

  if (path && is_connected (self, notice->stream))
    take_over (path);
  else if (!self->closed && self->paths->len > 0)
    gst_kandy_transport_path_changed (self, FALSE);
  return G_SOURCE_REMOVE;
}

static gboolean
take_gathering_done (gpointer data)
{
  Notice *notice = data;
  GstKandyPath *path = find_next (notice->self, notice->stream);

  if (path) {
    path->gathered = TRUE;
    gst_kandy_transport_check_gathering (notice->self);
  }
  return G_SOURCE_REMOVE;
}

static void
component_state_changed (NiceAgent *agent, guint stream, guint component,
    guint state, GstKandyTransport *self)
{
  post (self, stream, take_component_state);
}

static void
gathering_done (NiceAgent *agent, guint stream, GstKandyTransport *self)
{
  gst_kandy_transport_end_gathering (agent);
  post (self, stream, take_gathering_done);
}

void
gst_kandy_transport_watch_agent (GstKandyTransport *self)
{
  gst_kandy_connect (self->agent, "component-state-changed",
      G_CALLBACK (component_state_changed), self);
  gst_kandy_connect (self->agent, "candidate-gathering-done",
      G_CALLBACK (gathering_done), self);
}

/* --- paths --- */

/* (nullable) */
static GstKandyPath *
find_path (GstKandyTransport *self, guint stream)
{
  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->stream == stream)
      return path;
  }
  return NULL;
}

static GstKandyPath *
ensure_path (GstKandyTransport *self, guint stream)
{
  GstKandyPath *path = find_path (self, stream);

  if (path)
    return path;
  path = g_new0 (GstKandyPath, 1);
  path->transport = self;
  path->stream = path->current.stream = stream;
  path->dscp = -1;
  g_ptr_array_add (self->paths, path);
  return path;
}

guint
gst_kandy_transport_get_carrier (GstKandyTransport *self, guint stream)
{
  GstKandyPath *path = find_path (self, stream);

  return path ? path->current.stream : stream;
}

/* Which one descriptions are about */
guint
gst_kandy_transport_get_described (GstKandyTransport *self, guint stream)
{
  GstKandyPath *path = find_path (self, stream);

  return path && path->next.stream
      ? path->next.stream
      : gst_kandy_transport_get_carrier (self, stream);
}

static gboolean
restart (GstKandyPath *path)
{
  GstKandyTransport *self = path->transport;

  gst_kandy_transport_tell_addresses (self);
  drop_carrier (path, &path->next);
  path->agreed = FALSE;
  path->gathered = FALSE;
  path->next.stream = nice_agent_add_stream (self->agent, 1);
  self->n_restarts++;
  if (!path->next.stream)
    return FALSE;
  path->next.source = add_source (path, path->next.stream);
  if (!path->next.source) {
    nice_agent_remove_stream (self->agent, path->next.stream);
    path->next.stream = 0;
    return FALSE;
  }
  if (path->dscp >= 0)
    nice_agent_set_stream_tos (self->agent, path->next.stream, path->dscp << 2);
  gst_kandy_transport_begin_gathering (self);
  if (!nice_agent_gather_candidates (self->agent, path->next.stream)) {
    GST_WARNING_OBJECT (self->webrtcbin, "no address for another media path");
    drop_carrier (path, &path->next);
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_kandy_transport_restart (GstKandyTransport *self, const GArray *mlines)
{
  GstWebRTCSessionDescription *description = NULL;
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);
  gboolean ok = TRUE;

  if (!self->agent)
    return FALSE;
  /* all of them, as long as the credentials tell which is which */
  g_object_get (self->webrtcbin, "local-description", &description, NULL);
  for (guint i = 0;
       description && i < gst_sdp_message_medias_len (description->sdp); i++) {
    guint stream = gst_kandy_transport_find_stream (self, i);

    if (stream)
      ensure_path (self, stream);
  }
  if (description)
    gst_webrtc_session_description_free (description);

  for (guint i = 0; i < mlines->len; i++) {
    guint stream = gst_kandy_transport_find_stream (
        self, g_array_index (mlines, guint, i));

    if (stream && g_hash_table_add (done, GUINT_TO_POINTER (stream)))
      ok &= restart (ensure_path (self, stream));
  }
  if (!ok)
    gst_kandy_transport_drop_restart (self);
  return ok && g_hash_table_size (done) > 0;
}

void
gst_kandy_transport_commit_restart (GstKandyTransport *self)
{
  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->next.stream)
      path->agreed = TRUE;
  }
}

void
gst_kandy_transport_drop_restart (GstKandyTransport *self)
{
  for (guint i = 0; !self->closed && i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->next.stream && !path->agreed)
      drop_carrier (path, &path->next);
  }
}

/* (transfer full) (nullable): "candidate:..." of restarts that gather */
GPtrArray *
gst_kandy_transport_get_restart_candidates (GstKandyTransport *self)
{
  GPtrArray *lines = NULL;

  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (!path->next.stream || path->agreed)
      continue;
    if (!lines)
      lines = g_ptr_array_new_with_free_func (g_free);
    gst_kandy_ice_add_candidates (self->agent, path->next.stream, lines);
  }
  return lines;
}

gboolean
gst_kandy_transport_restarts_gathered (GstKandyTransport *self)
{
  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->next.stream && !path->gathered)
      return FALSE;
  }
  return TRUE;
}

void
gst_kandy_transport_set_dscp (
    GstKandyTransport *self, guint stream, guint code_point)
{
  GstKandyPath *path;

  if (!self->agent || self->closed)
    return;
  path = ensure_path (self, stream);
  path->dscp = (int) code_point;
  nice_agent_set_stream_tos (
      self->agent, path->current.stream, (gint) (code_point << 2));
  if (path->next.stream)
    nice_agent_set_stream_tos (
        self->agent, path->next.stream, (gint) (code_point << 2));
}

/* --- state --- */

static KandyMediaConnectionState
get_state (GstKandyTransport *self, guint stream)
{
  switch (get_component_state (self, stream)) {
    case NICE_COMPONENT_STATE_CONNECTED:
    case NICE_COMPONENT_STATE_READY:
      return KANDY_MEDIA_CONNECTION_STATE_CONNECTED;
    case NICE_COMPONENT_STATE_FAILED:
      return KANDY_MEDIA_CONNECTION_STATE_FAILED;
    case NICE_COMPONENT_STATE_DISCONNECTED:
      return KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED;
    default:
      return KANDY_MEDIA_CONNECTION_STATE_CHECKING;
  }
}

static int
badness (KandyMediaConnectionState state)
{
  switch (state) {
    case KANDY_MEDIA_CONNECTION_STATE_FAILED:
      return 3;
    case KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED:
      return 2;
    case KANDY_MEDIA_CONNECTION_STATE_CHECKING:
      return 1;
    default:
      return 0;
  }
}

/* webrtcbin's state is that of its own streams; FALSE: which are those that
 * count */
gboolean
gst_kandy_transport_get_path_state (
    GstKandyTransport *self, KandyMediaConnectionState *state)
{
  gboolean restarted = FALSE;

  *state = KANDY_MEDIA_CONNECTION_STATE_CONNECTED;
  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);
    KandyMediaConnectionState one = get_state (self, path->current.stream);

    restarted |= path->current.stream != path->stream;
    if (badness (one) > badness (*state))
      *state = one;
  }
  return restarted;
}

gboolean
gst_kandy_transport_is_checking (GstKandyTransport *self)
{
  for (guint i = 0; i < self->paths->len; i++) {
    GstKandyPath *path = g_ptr_array_index (self->paths, i);

    if (path->next.stream && path->agreed
        && get_component_state (self, path->next.stream)
            != NICE_COMPONENT_STATE_FAILED)
      return TRUE;
  }
  return FALSE;
}

/* --- addresses --- */

/* Whether a socket can be bound to it. FALSE only if that is certain */
static gboolean
is_ours (const NiceAddress *address)
{
  NiceAddress copy = *address;
  struct sockaddr_storage raw = { 0 };
  gboolean ours;
  int fd;

  nice_address_set_port (&copy, 0);
  nice_address_copy_to_sockaddr (&copy, (struct sockaddr *) &raw);
  fd = socket (raw.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return TRUE;
  ours = bind (fd, (struct sockaddr *) &raw,
             raw.ss_family == AF_INET6 ? sizeof (struct sockaddr_in6)
                                       : sizeof (struct sockaddr_in))
          == 0
      || errno != EADDRNOTAVAIL; /* EINVAL: a link's, without its number */
  close (fd);
  return ours;
}

/* A relayed candidate does not say from where the relay is reached */
static gboolean
has_all_addresses (GstKandyTransport *self, guint stream)
{
  GSList *candidates = nice_agent_get_local_candidates (
      self->agent, stream, NICE_COMPONENT_TYPE_RTP);
  gboolean all = TRUE;

  for (GSList *l = candidates; l; l = l->next) {
    NiceCandidate *candidate = l->data;

    if (candidate->type == NICE_CANDIDATE_TYPE_HOST)
      all &= is_ours (&candidate->addr);
  }
  g_slist_free_full (candidates, (GDestroyNotify) nice_candidate_free);
  return all;
}

gboolean
gst_kandy_transport_has_address (GstKandyTransport *self)
{
  for (guint i = 0; self->agent && i < self->stream_of_mline->len; i++) {
    guint stream = g_array_index (self->stream_of_mline, guint, i);
    guint carrier = gst_kandy_transport_get_carrier (self, stream);
    NiceCandidate *local, *remote;

    if (!stream
        || !nice_agent_get_selected_pair (
            self->agent, carrier, NICE_COMPONENT_TYPE_RTP, &local, &remote))
      continue;
    if (local->type == NICE_CANDIDATE_TYPE_RELAYED
            ? !has_all_addresses (self, carrier)
            : !is_ours (&local->base_addr))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_link_local (const char *text)
{
  /* Without the interface, as in fe80::1%eth0 */
  g_autofree char *alone = g_strndup (text, strcspn (text, "%"));
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (alone);

  return address && g_inet_address_get_is_link_local (address);
}

/* (transfer full) (element-type utf8): those of interfaces. Addresses of a link
 * reach nobody behind a router, and the agent waits seconds for what it sends
 * from them: RFC 8835 3.3 has none, here they are for a machine without others
 */
static GPtrArray *
list_addresses (gboolean links)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  GList *addresses = nice_interfaces_get_local_ips (FALSE);

  for (GList *l = addresses; l; l = l->next)
    if (links || !is_link_local (l->data))
      g_ptr_array_add (found, g_strdup (l->data));
  g_list_free_full (addresses, g_free);
  return found;
}

gboolean
gst_kandy_has_usable_interface (void)
{
  g_autoptr (GPtrArray) addresses = list_addresses (FALSE);

  return addresses->len > 0;
}

/* Those that this machine has now. The agent forgets none, and leaves those out
 * that a socket cannot be bound to */
void
gst_kandy_transport_tell_addresses (GstKandyTransport *self)
{
  g_autoptr (GPtrArray) addresses = list_addresses (FALSE);

  if (addresses->len == 0) {
    g_ptr_array_unref (addresses);
    addresses = list_addresses (TRUE);
  }
  if (addresses->len == 0)
    g_ptr_array_add (addresses, g_strdup ("127.0.0.1"));
  for (guint i = 0; i < addresses->len; i++) {
    const char *text = g_ptr_array_index (addresses, i);
    NiceAddress address;

    nice_address_init (&address);
    if (g_hash_table_contains (self->addresses, text)
        || !nice_address_set_from_string (&address, text))
      continue;
    g_hash_table_add (self->addresses, g_strdup (text));
    nice_agent_add_local_address (self->agent, &address);
  }
}
