/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandycall.h"
#include "gstkandyline.h"
#include "gstkandyreceivetrack.h"

G_BEGIN_DECLS

/* Private to gstkandyline.c (the thread and the account) and
 * gstkandylinecall.c (the call) */

typedef enum {
  LINE_SIGNING_ON,
  LINE_SUBSCRIBING,
  LINE_READY,
  LINE_FAILED,
  LINE_STOPPING,
} LinePhase;

struct _GstKandyLine {
  GObject parent_instance;

  GMutex lock;
  GCond finished_cond;
  GstKandySession *session; /* lock; NULL after the stop */
  gboolean finished; /* lock */

  /* made once */
  GThread *thread; /* compared only */
  GMainContext *context;
  GMainLoop *loop;
  GstKandySessionAccount *account;
  KandyConfig *config;

  /* all that follows: the kandy thread only */
  LinePhase phase;
  GCancellable *cancellable;
  KandyClient *client;
  GSource *goodbye_source;
  gint64 goodbye_end; /* monotonic, us */
  gboolean goodbye_said; /* the call's end has been answered */

  GQueue chats; /* gstkandylinechat.c: requests that wait for the sign-on */
  GstKandyServiceFlags services; /* signed on for, or about to */
  GQueue asks; /* gstkandylinepeople.c: requests that wait for the sign-on */

  KandyCall *call; /* (nullable): the one that is live, or was last */
  KandyCallState call_state;
  GstKandyCall *media; /* (nullable): its media half */
  gboolean call_live;
  gboolean call_by_wish; /* from a property, so that its failure is an error */
  gboolean call_progress; /* a PROGRESS START wants its end */
  gboolean incoming_announced;
  gboolean connected; /* it has been, at least once */
  gboolean media_connected; /* so has its media */
  gboolean media_failed; /* told */
  gboolean media_lost;   /* a PROGRESS START of it wants its end */
  GSource *media_lost_source; /* to that START */
  GSource *again_source; /* to another try of the lost connection */
  gboolean ended_here;
  gboolean answering;
  GError *lost_error;    /* (nullable): why the platform did not let us answer */
  GSource *lost_source;  /* runs while the call's end is waited for then */
  GPtrArray *told;       /* unowned: members who know of the incoming call */
  gboolean prepared; /* the sending face has added its tracks */
  gboolean tracks_announced;
  char *placed_destination; /* (nullable): the wish that was fulfilled */
  GPtrArray *busy_calls; /* of call ids to be turned away */
  GstPromise *call_promise; /* (nullable): of the request "call", waiting
                               for caps */
  char *call_promise_destination;
  gboolean answer_wanted; /* by the request "answer", waiting for caps */
  GstPromise *answer_promise; /* (nullable): of it */
  GSource *media_wait_source; /* runs while caps are waited for */
  gboolean media_changing;    /* an operation for a wish is under way */
  GSource *media_change_source; /* when to look at the wishes again */
  KandyMediaOptions *media_again; /* (nullable): to be added when it runs */
  GstKandySessionMember *acquirer; /* (nullable): has opened devices */
  KandyMediaOptions *acquired; /* (nullable): for these */
  gboolean media_untold;      /* the far end does not know of a removal */
  gboolean media_waited;
  GSource *stats_source;
  GstStructure *stats;
};

/* gstkandyline.c */
gboolean gst_kandy_line_post (GstKandyLine *self,
    void (*func) (GstKandyLine *, gpointer), gpointer data,
    GDestroyNotify notify);
GSource *gst_kandy_line_add_timeout (GstKandyLine *self, guint ms,
    GSourceFunc func);
void gst_kandy_line_clear_source (GSource **source);
void gst_kandy_line_progress (GstKandyLine *self, GstProgressType type,
    const char *code, const char *format, ...) G_GNUC_PRINTF (4, 5);
void gst_kandy_line_report (GstKandyLine *self, const GError *error);
/* (transfer full): empty when stopped */
GPtrArray *gst_kandy_line_dup_members (GstKandyLine *self,
    gboolean one_a_pipeline);
GstKandySession *gst_kandy_line_dup_session (GstKandyLine *self);

/* The error goes to the bus before the progress ends with it */
void gst_kandy_line_fail (GstKandyLine *self, const char *code,
    const GError *error);

/* gstkandylinerecovery.c */
/* The connection to the platform is lost for good. FALSE: so is the line */
gboolean gst_kandy_line_recovery_begin (GstKandyLine *self);
/* Of the call, with its payload */
void gst_kandy_line_recovery_event (GstKandyLine *self, const char *name,
    GVariant *payload);

/* gstkandylinecall.c */
void gst_kandy_line_calls_start (GstKandyLine *self);
void gst_kandy_line_calls_act (GstKandyLine *self);
void gst_kandy_line_calls_event (GstKandyLine *self, const char *name,
    GVariant *payload);
void gst_kandy_line_calls_add_member (GstKandyLine *self,
    GstKandySessionMember *member);
void gst_kandy_line_calls_publish_status (GstKandyLine *self);
/* Whether it is an incoming call that waits for its answer */
gboolean gst_kandy_line_calls_may_be_answered (GstKandyLine *self);
/* @promise: (nullable) (transfer full) */
void gst_kandy_line_calls_hang_up (GstKandyLine *self, GstPromise *promise);
/* Hangs up; @done is called when the platform knows, maybe at once */
void gst_kandy_line_calls_goodbye (GstKandyLine *self,
    void (*done) (GstKandyLine *self));
void gst_kandy_line_calls_clear (GstKandyLine *self);
/* @call is the one that the line is about from now on */
void gst_kandy_line_calls_adopt (GstKandyLine *self, KandyCall *call);

/* gstkandylinecallmedia.c */
/* Free with gst_kandy_session_wishes_clear() */
void gst_kandy_line_calls_collect_wishes (GstKandyLine *self,
    GstKandySessionWishes *wishes);
gboolean gst_kandy_line_calls_is_outgoing (GstKandyLine *self);
/* What is sent is of interest once the call is taken */
gboolean gst_kandy_line_calls_is_taken (GstKandyLine *self);
/* What is received is, once it is ours: somebody else may be the one whose
 * answer counts, and nothing must be left of such a call */
gboolean gst_kandy_line_calls_shows_tracks (GstKandyLine *self);
void gst_kandy_line_calls_tell_tracks (GstKandyLine *self);
/* Once a call, right before its first offer or answer is made */
void gst_kandy_line_calls_prepare_media (GstKandyLine *self);
void gst_kandy_line_calls_forget_media (GstKandyLine *self);
/* A KandyMediaEngineFactory */
KandyMediaEngine *gst_kandy_line_calls_make_engine (KandyCalls *calls,
    KandyCall *call, KandyMediaOptions *options, gpointer user_data);
KandyMediaOptions *gst_kandy_line_calls_make_options (GstKandyLine *self,
    const GstKandySessionWishes *wishes, gboolean incoming, GError **error);

void gst_kandy_line_calls_set_priorities (KandyMediaOptions *options,
    const GstKandySessionWishes *wishes);

/* gstkandylinetracks.c: requests. @promise: (nullable) (transfer full) */
void gst_kandy_line_tracks_mute (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_tracks_get_track (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_tracks_get_media (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_tracks_get_devices (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_tracks_describe (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_tracks_report_device (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);

/* gstkandylinechat.c */
/* (transfer full): a bare name is one of the own domain */
char *gst_kandy_line_dup_destination (GstKandyLine *self,
    const char *destination, KandyChatType type);
/* (transfer none): the one that is there, or a new one; NULL with @error */
KandyConversation *gst_kandy_line_ensure_conversation (GstKandyLine *self,
    const char *destination, KandyChatType type, GError **error);
void gst_kandy_line_chat_start (GstKandyLine *self);
void gst_kandy_line_chat_act (GstKandyLine *self);
/* @promise: (nullable) (transfer full) */
void gst_kandy_line_chat_request (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_chat_clear (GstKandyLine *self);

/* gstkandylineask.c */
/* The line has signed on, or failed to */
void gst_kandy_line_ask_act (GstKandyLine *self);
/* Takes over @promise, (nullable), if it returns TRUE: the request is named
 * after a row of the API document */
gboolean gst_kandy_line_ask_request (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
void gst_kandy_line_ask_clear (GstKandyLine *self);

/* gstkandylinestats.c */
void gst_kandy_line_stats_start (GstKandyLine *self);
void gst_kandy_line_stats_stop (GstKandyLine *self);
/* Asks the media half, or takes what is known if there is none any more.
 * @promise: (nullable) (transfer full) */
void gst_kandy_line_stats_query (GstKandyLine *self, GstPromise *promise);
/* What an application asks for; of one track if @track_id is given. @promise:
 * (nullable) (transfer full) */
void gst_kandy_line_stats_request (GstKandyLine *self, const char *track_id,
    GstPromise *promise);
void gst_kandy_line_stats_request_codecs (GstKandyLine *self,
    const char *kind, GstPromise *promise);
/* On quality-warning of the media half: tells the elements */
void gst_kandy_line_stats_warn (GstKandyCall *media, const char *name,
    gboolean raised, KandyTrack *track, double value, double threshold,
    GstKandyLine *self);
/* A KandyCodecLister */
GVariant *gst_kandy_line_stats_list_codecs (KandyCalls *calls,
    KandyMediaKind kind, gpointer user_data);
/* Puts the call's own marks into the statistics that are shown */
void gst_kandy_line_stats_complete (GstKandyLine *self);

/* gstkandylinemedia.c */
/* Adds and removes what the wishes of the elements say */
void gst_kandy_line_media_act (GstKandyLine *self,
    const GstKandySessionWishes *wishes);
/* Signals of the media half: more is about to be sent, is not after all, or is
 * to be sent */
gboolean gst_kandy_line_media_acquire (GstKandyCall *media,
    KandyMediaOptions *wanted, GstPromise *promise, GstKandyLine *self);
void gst_kandy_line_media_release (GstKandyCall *media,
    KandyMediaOptions *wanted, GstKandyLine *self);
void gst_kandy_line_media_wanted (GstKandyLine *self, GstKandyCall *media,
    KandyMediaOptions *wanted);
/* Something has been added */
/* What is to be opened for @media, which replace a track */
void gst_kandy_line_media_set_source (KandyMediaOptions *media,
    const GstStructure *source);
gboolean gst_kandy_line_media_source_wanted (GstKandyCall *media,
    GstKandySendTrack *track, KandyMediaOptions *wanted, GstPromise *promise,
    GstKandyLine *self);
void gst_kandy_line_media_added (GstKandyLine *self);
void gst_kandy_line_media_stop (GstKandyLine *self);

/* gstkandylinerequests.c */
/* @promise: (nullable) (transfer full) */
void gst_kandy_line_requests_run (GstKandyLine *self,
    const GstStructure *request, GstPromise *promise);
/* @promise: (nullable) (transfer full) */
void gst_kandy_line_refuse (GstPromise *promise, KandyError code,
    const char *platform_code, const char *text);

G_END_DECLS
