/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandysdpfacade.h"

G_BEGIN_DECLS

/* The parts of the SDP facade among themselves. Sections, descriptions, formats
 * and lists of formats are immutable once made, and shared by the states that
 * a negotiation has before and after it; a transport is what an ICE agent has at
 * present, whatever is negotiated, and is shared for that reason. */

/* Limits on what a far end may say */
#define GST_KANDY_SDP_MAX_TEXT (256 * 1024)
#define GST_KANDY_SDP_MAX_LINES 8192
#define GST_KANDY_SDP_MAX_LINE_LENGTH 4096
#define GST_KANDY_SDP_MAX_MLINES 32
#define GST_KANDY_SDP_MAX_CANDIDATES 64
#define GST_KANDY_SDP_MAX_SSRCS 16
#define GST_KANDY_SDP_MAX_TOKEN 128

/* One payload type */
typedef struct {
  int pt;
  char *name; /* upper case */
  guint clock_rate;
  guint channels; /* 0: not said */
  char *fmtp;     /* nullable */
  int apt;        /* RTX: what is retransmitted; else -1 */
  gboolean nack;
  gboolean pli;
  gboolean fir;
} GstKandySdpFormat;

typedef enum {
  GST_KANDY_SDP_SETUP_NONE,
  GST_KANDY_SDP_SETUP_ACTPASS,
  GST_KANDY_SDP_SETUP_ACTIVE,
  GST_KANDY_SDP_SETUP_PASSIVE,
} GstKandySdpSetup;

/* One end's side of a transport */
typedef struct {
  char *ufrag;
  char *pwd;
  char *first_ufrag; /* ours: as webrtcbin goes on to write it after a restart */
  GPtrArray *fingerprints; /* "sha-256 AA:BB:..." */
  GPtrArray *candidates;   /* "candidate:..." */
} GstKandySdpTransport;

/* One m-line of a far end */
typedef struct {
  char *media;
  char *proto;
  char *format;   /* the first, for refusing */
  int kind;       /* KandyMediaKind, -1: neither audio nor video, or no WebRTC */
  gboolean alive; /* its port is not 0, and kind is known */
  char *mid;      /* nullable */
  gboolean bundled;
  gboolean send;
  gboolean recv;
  gboolean rtcp_mux;
  GstKandySdpSetup setup;
  GstKandySdpTransport *transport;
  GPtrArray *formats;
  char *stream_id; /* nullable */
  char *track_id;  /* nullable */
  GArray *ssrcs;   /* guint32 */
  char *cname;     /* nullable */
  guint32 fid[2];  /* media and its retransmissions; 0: not said */
  guint max_bitrate;
} GstKandySdpSection;

typedef struct {
  char *session_id;
  GPtrArray *sections;
} GstKandySdpDescription;

/* What the comparison of protocol calls 4.6 sees of an m-line */
typedef struct {
  char *media;
  char *mid;
  char *msid;
  gboolean send;
  gboolean recv;
} GstKandySdpView;

/* --- formats --- */

GstKandySdpFormat *gst_kandy_sdp_format_new (int pt, const char *name,
    guint clock_rate, guint channels);
GstKandySdpFormat *gst_kandy_sdp_format_ref (GstKandySdpFormat *format);
void gst_kandy_sdp_format_unref (GstKandySdpFormat *format);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySdpFormat, gst_kandy_sdp_format_unref)

/* for GPtrArrays of formats */
GPtrArray *gst_kandy_sdp_formats_new (void);
void gst_kandy_sdp_formats_append (GPtrArray *formats, GPtrArray *more);
GstKandySdpFormat *gst_kandy_sdp_formats_find (GPtrArray *formats, int pt);
GstKandySdpFormat *gst_kandy_sdp_formats_find_rtx (GPtrArray *formats, int apt);
/* telephone-event at @clock_rate */
GstKandySdpFormat *gst_kandy_sdp_formats_find_dtmf (GPtrArray *formats, guint clock_rate);
gboolean gst_kandy_sdp_format_is_codec (const GstKandySdpFormat *format);
gboolean gst_kandy_sdp_format_same_codec (const GstKandySdpFormat *a,
    const GstKandySdpFormat *b);
/* a parameter of an fmtp line; (transfer full) (nullable) */
char *gst_kandy_sdp_fmtp_get (const char *fmtp, const char *name);

/* What we offer of @codecs; payload types as in @taken if there, none that is
 * taken for something else. @taken grows. */
GPtrArray *gst_kandy_sdp_formats_offer (KandyMediaKind kind, GstCaps *codecs,
    GPtrArray *taken);
/* What of @offered (the far end's) fits to @codecs, best first; @remove_h264 etc.
 * are done already. Nothing but codecs in it. */
GPtrArray *gst_kandy_sdp_formats_match (GstCaps *codecs, GPtrArray *offered);
/* The answer's list: @codec, its RTX and the DTMF formats that @offered has */
GPtrArray *gst_kandy_sdp_formats_answer (KandyMediaKind kind, GstKandySdpFormat *codec,
    GPtrArray *offered);
/* application/x-rtp */
GstCaps *gst_kandy_sdp_format_to_caps (KandyMediaKind kind, const GstKandySdpFormat *format);
/* the codecs among @formats, for add-transceiver */
GstCaps *gst_kandy_sdp_formats_to_caps (KandyMediaKind kind, GPtrArray *formats);
/* structures of @a for which there is one of the same codec in @b */
GstCaps *gst_kandy_sdp_codecs_intersect (GstCaps *a, GstCaps *b);
GstCaps *gst_kandy_sdp_codecs_remove (GstCaps *codecs, const char *name);

/* --- transports --- */

GstKandySdpTransport *gst_kandy_sdp_transport_new (void);
GstKandySdpTransport *gst_kandy_sdp_transport_ref (GstKandySdpTransport *transport);
void gst_kandy_sdp_transport_unref (GstKandySdpTransport *transport);
/* whether both name the same certificate */
gboolean gst_kandy_sdp_transport_same_identity (GstKandySdpTransport *a,
    GstKandySdpTransport *b);
/* (nullable) (transfer full): "candidate:..." if @text is a candidate that can be used */
char *gst_kandy_sdp_candidate_clean (const char *text);
/* default destination of RFC 8839 section 4.2.1.1 */
/* @der: the certificate that the other end of @transport has shown */
gboolean gst_kandy_sdp_transport_has_certificate (
    GstKandySdpTransport *transport, GBytes *der);
gboolean gst_kandy_sdp_transport_get_default (GstKandySdpTransport *transport,
    char **address, guint *port);

/* --- reading --- */

GstKandySdpSection *gst_kandy_sdp_section_ref (GstKandySdpSection *section);
void gst_kandy_sdp_section_unref (GstKandySdpSection *section);

/* @is_offer: for the error's code. */
GstKandySdpDescription *gst_kandy_sdp_description_parse (const char *text,
    gboolean is_offer, gboolean remove_h264, GError **error);
GstKandySdpDescription *gst_kandy_sdp_description_ref (GstKandySdpDescription *description);
void gst_kandy_sdp_description_unref (GstKandySdpDescription *description);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySdpDescription, gst_kandy_sdp_description_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySdpTransport, gst_kandy_sdp_transport_unref)

/* --- comparing --- */

/* (element-type GstKandySdpView); @inactive: as if all were inactive */
GPtrArray *gst_kandy_sdp_views_new (GstKandySdpDescription *description, gboolean inactive);
KandyRemoteChange gst_kandy_sdp_views_compare (GPtrArray *before, GPtrArray *now);
gboolean gst_kandy_sdp_views_flow (GPtrArray *views);
/* whether @now sends less than @before, and what it no longer sends has no msid
 * any longer. Who holds keeps it (RFC 8829 section 5.2.2) */
gboolean gst_kandy_sdp_views_withdraw (GPtrArray *before, GPtrArray *now);

/* --- writing --- */

typedef struct {
  const char *media;
  const char *proto;
  gboolean alive;
  const char *refused_format; /* what a dead line has for a format */
  const char *mid;
  gboolean bundled;
  gboolean send;
  gboolean recv;
  GstKandySdpSetup setup;
  GPtrArray *formats;
  GstKandySdpTransport *transport;
  gboolean real_address; /* the default candidate in m= and c= */
  guint bandwidth;       /* kbit/s */
  const char *cname;
  const char *stream_id;
  const char *track_id;
  guint32 ssrc;
  guint32 rtx_ssrc;
  GArray *ssrcs;
} GstKandySdpWriterLine;

/* (element-type GstKandySdpWriterLine) */
char *gst_kandy_sdp_write (const char *session_id, guint version, guint bandwidth,
    GArray *lines);
/* Replaces all formats of @media */
void gst_kandy_sdp_media_set_formats (GstSDPMedia *media, GPtrArray *formats);
void gst_kandy_sdp_media_replace_attribute (GstSDPMedia *media, const char *key,
    const char *value);
const char *gst_kandy_sdp_direction (gboolean send, gboolean recv);

G_END_DECLS
