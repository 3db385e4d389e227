/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GstKandyMediaFlags:
 * @GST_KANDY_MEDIA_AUDIO: sound
 * @GST_KANDY_MEDIA_VIDEO: moving pictures
 * @GST_KANDY_MEDIA_AUTO: what fits: in a call made here, the kinds that
 *   `kandysink` sends, or both kinds if it sends nothing; in a call received,
 *   whatever is offered. What the far end adds later is received as well
 *
 * Media to be received.
 */
typedef enum {
  GST_KANDY_MEDIA_AUDIO = 1 << 0,
  GST_KANDY_MEDIA_VIDEO = 1 << 1,
  GST_KANDY_MEDIA_AUTO = 1 << 2,
} GstKandyMediaFlags;

/**
 * GstKandyBusyAction:
 * @GST_KANDY_BUSY_ACTION_REJECT: the caller is told at once
 * @GST_KANDY_BUSY_ACTION_IGNORE: the caller hears ringing until it gives up
 *
 * What happens to a second incoming call while there is one already.
 */
typedef enum {
  GST_KANDY_BUSY_ACTION_REJECT,
  GST_KANDY_BUSY_ACTION_IGNORE,
} GstKandyBusyAction;

#define GST_KANDY_TYPE_MEDIA_FLAGS (gst_kandy_media_flags_get_type ())
GST_KANDY_API GType gst_kandy_media_flags_get_type (void) G_GNUC_CONST;
#define GST_KANDY_TYPE_BUSY_ACTION (gst_kandy_busy_action_get_type ())
GST_KANDY_API GType gst_kandy_busy_action_get_type (void) G_GNUC_CONST;

/**
 * GstKandyServiceFlags:
 * @GST_KANDY_SERVICE_CALL: calls
 * @GST_KANDY_SERVICE_CHAT: messages between users and in groups, and groups
 * @GST_KANDY_SERVICE_SMS: short messages
 * @GST_KANDY_SERVICE_PRESENCE: presence of other users
 *
 * What a session hears of.
 */
typedef enum {
  GST_KANDY_SERVICE_CALL = 1 << 0,
  GST_KANDY_SERVICE_CHAT = 1 << 1,
  GST_KANDY_SERVICE_SMS = 1 << 2,
  GST_KANDY_SERVICE_PRESENCE = 1 << 3,
} GstKandyServiceFlags;

#define GST_KANDY_TYPE_SERVICE_FLAGS (gst_kandy_service_flags_get_type ())
GST_KANDY_API GType gst_kandy_service_flags_get_type (void) G_GNUC_CONST;

/* What an element wants of the session; a member fills in what concerns it
 * into a structure that was set to the defaults */
typedef struct {
  char *destination;     /* whom to call, (nullable) (transfer full) */
  char *display_name;    /* the caller's, (nullable) (transfer full) */
  GVariant *parameters;  /* a{ss} that goes along, (nullable) (transfer full) */
  gboolean auto_answer;  /* incoming calls are answered at once */
  gboolean playing;      /* the element is in PLAYING */
  gboolean sends;        /* it has a sending face */
  gboolean send_audio;   /* it has a linked pad */
  gboolean send_video;   /* it has a linked pad */
  gboolean send_screen;  /* it has a linked pad */
  gboolean media_ready;  /* all its linked pads know their caps */
  /* linked pads for whose media no codec is allowed; (nullable) (transfer full) */
  char *unsendable;
  /* while a call lasts: pads that it does not know yet, and tracks (ids) whose
   * pads have gone; (nullable) (transfer full) */
  gboolean add_audio;
  gboolean add_video;
  gboolean add_screen;
  GPtrArray *remove;
  guint again_ms;        /* when to ask again, 0: when something changes */
  gboolean receives;     /* it has a receiving face */
  GstKandyMediaFlags receive;
  guint latency;         /* of the jitter buffer, ms */
  gboolean latency_set;
  GstKandyBusyAction busy_action;
  GstKandyServiceFlags services; /* what to sign on for */
  guint bandwidth[3];    /* kbit/s of all, sound, pictures; 0 = no limit */
  /* GstWebRTCPriorityType of sound, pictures, a screen; 0 = not set */
  int priority[3];
} GstKandySessionWishes;

/* Frees what is in it */
void gst_kandy_session_wishes_clear (GstKandySessionWishes *wishes);

#define GST_KANDY_TYPE_SESSION_MEMBER (gst_kandy_session_member_get_type ())
GST_KANDY_API G_DECLARE_INTERFACE (GstKandySessionMember, gst_kandy_session_member, GST_KANDY, SESSION_MEMBER, GstElement)

/* An element as its session sees it. All functions but get_wishes are called on
 * the kandy thread, with no lock held, and only between open and close. */
struct _GstKandySessionMemberInterface {
  GTypeInterface parent_iface;

  /* Any thread */
  void (*get_wishes) (GstKandySessionMember *self,
      GstKandySessionWishes *wishes);

  /* For the bus. Only one member of a pipeline is told. */
  void (*progress) (GstKandySessionMember *self, GstProgressType type,
      const char *code, const char *text);
  void (*event) (GstKandySessionMember *self, const char *name,
      GVariant *payload);
  void (*stats) (GstKandySessionMember *self, const GstStructure *stats);
  /* the quality of the call has become bad, or good again */
  void (*quality_warning) (GstKandySessionMember *self,
      const GstStructure *warning);
  void (*failed) (GstKandySessionMember *self, const GError *error);
  /* somebody's call came to nothing; the next one may not */
  void (*call_lost) (GstKandySessionMember *self, const GError *error);
  /* the way of the media to or from @peer is broken, or was never found */
  void (*media_failed) (GstKandySessionMember *self, const char *peer);

  /* Every member is told */
  void (*message_received) (GstKandySessionMember *self,
      KandyConversation *conversation, KandyMessage *message);
  void (*status_changed) (GstKandySessionMember *self);
  void (*incoming_call) (GstKandySessionMember *self, const char *call_id,
      const char *from, const char *name);
  /* (transfer full) (nullable): @sdp, changed; NULL: as it is */
  char *(*modify_sdp) (GstKandySessionMember *self, const char *sdp,
      const KandySdpHandlerInfo *info, const char *original);
  /* the far end has sent a DTMF tone, one character */
  void (*dtmf_received) (GstKandySessionMember *self, const char *tone,
      gboolean in_band);
  /* the media half of a call is there and has not negotiated yet */
  void (*media_prepared) (GstKandySessionMember *self, GstKandyCall *media);
  /* the same for a member that comes to a call which has negotiated already */
  void (*media_joined) (GstKandySessionMember *self, GstKandyCall *media);
  /* @kind and @screen: whether it has, or is about to have, such media that the
   * call does not send */
  gboolean (*can_send) (GstKandySessionMember *self, KandyMediaKind kind,
      gboolean screen);
  /* more is about to be sent in the call: opens devices for all that @wanted is
   * about, or for none, and replies to @promise when that is done. FALSE: this
   * member opens no devices */
  gboolean (*acquire_media) (GstKandySessionMember *self,
      KandyMediaOptions *wanted, GstPromise *promise);
  /* those that no track was made for are closed again */
  void (*release_media) (GstKandySessionMember *self);
  /* more is to be sent in the call: a track for each pad that @wanted is about */
  void (*media_wanted) (GstKandySessionMember *self, GstKandyCall *media,
      KandyMediaOptions *wanted);
  /* @track is to send something else: @source (nullable) says what, see
   * GstKandyBaseBin::replace-track, and @promise is replied to when it does.
   * FALSE: this member has no such track, or nothing to send */
  gboolean (*replace_source) (GstKandySessionMember *self,
      GstKandySendTrack *track, KandyMediaOptions *wanted,
      const GstStructure *source, GstPromise *promise);
  /* what was wished could not be added to the call */
  void (*media_refused) (GstKandySessionMember *self, const GError *error);
  /* also when media were added */
  void (*call_connected) (GstKandySessionMember *self);
  void (*track_added) (GstKandySessionMember *self,
      GstKandyReceiveTrack *track);
  void (*track_removed) (GstKandySessionMember *self,
      GstKandyReceiveTrack *track);
  /* after the tracks of the first description */
  void (*no_more_tracks) (GstKandySessionMember *self);
  /* @failed: the call never came about, or broke; @ours: it was connected, or
   * made here, and not just one that somebody else made and nobody took */
  void (*call_ended) (GstKandySessionMember *self, gboolean failed,
      gboolean ours);
};

G_END_DECLS
