/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include "kandy-call.h"
#include "kandy-call-notification.h"
#include "kandy-calls.h"
#include "kandy-client-private.h"

G_BEGIN_DECLS

/* What the files that make up KandyCall share. Everything runs on the client's
 * main context.
 *
 * Three rules keep the parts simple:
 * - Nothing leaves the object while it changes: properties' notifications,
 *   events and answers to tasks are queued in their order, and
 *   kandy_call_flush(), the last thing that an entry point does, lets them go.
 *   So a listener may do with the call what it likes.
 * - One thing at a time: notifications, and the local halves of negotiations,
 *   are steps in a queue (kandy-call-queue.c). A step ends with
 *   kandy_call_step_done().
 * - Once `over` is set nothing but the end of the call happens: every callback
 *   checks it first. */

static inline void
kandy_clear_source (GSource **source)
{
  if (*source) {
    g_source_destroy (*source);
    g_source_unref (*source);
    *source = NULL;
  }
}

typedef enum {
  KANDY_OPERATION_NONE,
  KANDY_OPERATION_MAKE,
  KANDY_OPERATION_ANSWER,
  KANDY_OPERATION_REJECT,
  KANDY_OPERATION_IGNORE,
  KANDY_OPERATION_END,
  KANDY_OPERATION_SEND_RINGING_FEEDBACK,
  KANDY_OPERATION_HOLD,
  KANDY_OPERATION_UNHOLD,
  KANDY_OPERATION_MEDIA_RESTART,
  KANDY_OPERATION_ADD_MEDIA,
  KANDY_OPERATION_ADD_BASIC_MEDIA,
  KANDY_OPERATION_REMOVE_MEDIA,
  KANDY_OPERATION_REMOVE_BASIC_MEDIA,
  KANDY_OPERATION_RENEGOTIATE,
  KANDY_OPERATION_REPLACE_TRACK,
  KANDY_OPERATION_START_MOH,
  KANDY_OPERATION_STOP_MOH,
  KANDY_OPERATION_SLOW_START,
  KANDY_OPERATION_GET_STATS,
  KANDY_OPERATION_SEND_DTMF,
  KANDY_OPERATION_FORWARD_CALL,
  KANDY_OPERATION_DIRECT_TRANSFER,
  KANDY_OPERATION_CONSULTATIVE_TRANSFER,
} KandyOperation;

/* The document's {operation, status} */
typedef struct {
  KandyOperation type;
  gboolean pending; /* waits for the far end, else ONGOING */
} KandyOperationInfo;

typedef enum {
  KANDY_TRANSITION_START,
  KANDY_TRANSITION_UPDATE,
  KANDY_TRANSITION_FINISH,
} KandyTransition;

/* What call:stateChange calls `previous` */
typedef struct {
  KandyCallState state;
  gboolean local_hold;
  gboolean remote_hold;
} KandyCallSnapshot;

typedef void (*KandyCallFunc) (KandyCall *self);

struct _KandyCall {
  GObject parent_instance;

  KandyCalls *calls; /* weak: it owns this call */
  char *id;
  char *from;
  char *to;
  KandyCallDirection direction;
  KandyCallState state;
  KandyMediaConnectionState media_state;
  gboolean local_hold;
  gboolean remote_hold;
  gint64 start_time;
  gint64 end_time;
  char *remote_name;
  char *remote_number;
  GVariant *custom_parameters; /* (nullable): a{ss}, of an incoming call */
  GError *error;
  KandyMediaOptions *options;
  GVariant *media_offered;
  GPtrArray *timings;
  gint64 born;

  KandyMediaEngine *engine;
  GPtrArray *local_tracks;
  GPtrArray *remote_tracks;
  GSource *disconnected_timer;

  char *session_id;
  gboolean slow_start;
  char *answer_sdp; /* of answer(), kept for a second try */
  gboolean dtls_passive;

  KandyOperationInfo local_op;
  KandyOperationInfo remote_op;
  GTask *task;           /* of local_op */
  KandyOperation ending; /* END, REJECT or IGNORE while under way */
  GTask *end_task;       /* of ending */
  gboolean over;

  GSource *start_source;
  gboolean create_in_flight;
  gboolean delete_when_created;
  KandyCallFunc when_servers_known;

  /* kandy-call-queue.c */
  GQueue steps;
  KandyCallNotification *current; /* of the step that runs */
  gboolean busy;
  gboolean running;
  GSource *patience_timer;
  KandyCallNotification *held_offer;
  GSource *held_timer;

  /* kandy-call-negotiation.c */
  gboolean awaiting_answer;
  gboolean gave_offer_up; /* the latest one, that may be answered yet */
  GSource *answer_timer;
  KandyRemoteChange remote_change; /* of the far end's offer */
  gboolean remote_flowing;

  /* kandy-call-media.c, of local_op */
  KandyMediaOptions *op_media; /* what is asked for */
  GPtrArray *op_tracks;        /* what is added, or to be removed */

  /* kandy-call-restart.c */
  GSource *restart_timer;
  KandyConnection *connection; /* while a restart waits for it */

  /* kandy-call-recovery.c */
  gboolean recovering;
  gboolean recovery_restart;   /* local_op is a restart that nobody asked for */
  guint recovery_attempts;
  GSource *recovery_timer;     /* to the next attempt */
  GSource *offer_timer;        /* to the offer that the engine needs */
  guint offer_attempts;
  GSource *recovery_limit;
  KandyConnection *recovery_connection; /* watched while there is no path */

  /* kandy-call-dtmf.c */
  GPtrArray *dtmf; /* operations under way, not owned */

  /* kandy-call-transfer.c */
  GSource *transfer_timer;
  KandyCall *partner; /* of a consultative transfer, owned by each other */

  /* kandy-call-audit.c */
  GSource *audit_timer;
  gboolean audit_in_flight;
  gint64 audit_sent;

  /* kandy-call-events.c */
  GQueue outbox;
  gboolean flushing;
};

/* kandy-call.c */
KandyCall *kandy_call_new (KandyCalls *calls, KandyCallDirection direction,
    const char *from, const char *to);
KandyClient *kandy_call_get_client (KandyCall *self);
void kandy_call_set_session_id (KandyCall *self, const char *session_id);
void kandy_call_set_state (KandyCall *self, KandyCallState state);
void kandy_call_set_hold (KandyCall *self, gboolean local, gboolean remote);
void kandy_call_set_start_time (KandyCall *self);
void kandy_call_set_options (KandyCall *self, KandyMediaOptions *options);
void kandy_call_set_remote (KandyCall *self, const char *name,
    const char *number);
/* Whether it is in a terminal state */
gboolean kandy_call_is_over (KandyCall *self);
/* Reaches a terminal state: closes the media, answers what is open */
void kandy_call_terminate (KandyCall *self, KandyCallState state,
    gboolean set_times, const GError *error);
/* As far as an operation can be from ending: closes the media, answers the
 * ongoing operation's task, forgets what is queued */
void kandy_call_stop (KandyCall *self);
/* The client is gone */
void kandy_call_shutdown (KandyCall *self, const GError *error);
#define kandy_call_debug(self, ...) \
  kandy_call_log (self, KANDY_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define kandy_call_warn(self, ...) \
  kandy_call_log (self, KANDY_LOG_LEVEL_WARN, __VA_ARGS__)
void kandy_call_log (KandyCall *self, KandyLogLevel level, const char *format,
    ...) G_GNUC_PRINTF (3, 4);

/* kandy-call-engine.c */
gboolean kandy_call_ensure_engine (KandyCall *self, KandyMediaOptions *options,
    GError **error);
void kandy_call_close_media (KandyCall *self);
/* @replacement takes the place of the local track @old */
void kandy_call_swap_track (KandyCall *self, KandyTrack *old,
    KandyTrack *replacement);
/* @tell: with an event */
void kandy_call_set_media_state (KandyCall *self,
    KandyMediaConnectionState state, gboolean tell);

/* kandy-call-info.c */
void kandy_call_timing_free (gpointer timing);

/* kandy-call-events.c */
KandyCallSnapshot kandy_call_snapshot (KandyCall *self);
void kandy_call_queue_notify (KandyCall *self, const char *property);
void kandy_call_queue_event (KandyCall *self, gpointer source,
    const char *event, GVariant *payload);
void kandy_call_queue_operation (KandyCall *self, KandyOperation operation,
    KandyTransition transition, gboolean is_local,
    const KandyOperationInfo *previous, const GError *error);
void kandy_call_queue_state_change (KandyCall *self,
    const KandyCallSnapshot *previous, GVariant *transition,
    const GError *error);
void kandy_call_queue_track (KandyCall *self, const char *event,
    KandyTrack *track);
/* @task, @error: (transfer full) (nullable) */
void kandy_call_queue_answer (KandyCall *self, GTask *task, GError *error);
/* @task: (transfer full), of a pointer */
void kandy_call_queue_value (KandyCall *self, GTask *task, GVariant *value);
void kandy_call_flush (KandyCall *self);
GVariant *kandy_operation_info_to_variant (const KandyOperationInfo *info);
const char *kandy_operation_to_string (KandyOperation operation);

/* kandy-call-operations.c */
/* FALSE if refused, and then @task is answered */
gboolean kandy_call_begin (KandyCall *self, KandyOperation operation,
    GTask *task, GError *invalid);
void kandy_call_finish (KandyCall *self, const KandyCallSnapshot *previous,
    const GError *error);
void kandy_call_finish_in_vain (KandyCall *self, const GError *error);
void kandy_call_mark_pending (KandyCall *self);
GTask *kandy_call_task_new (KandyCall *self, gpointer tag,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
GError *kandy_call_check_state (KandyCall *self, const char *verb);

/* kandy-call-establish.c */
void kandy_call_start (KandyCall *self);
void kandy_call_announce (KandyCall *self);
void kandy_call_receive (KandyCall *self, KandyCallNotification *invitation);
void kandy_call_servers_known (KandyCall *self);
void kandy_call_take_invitation (KandyCall *self,
    KandyCallNotification *invitation);
void kandy_call_connect (KandyCall *self);
GError *kandy_call_media_error (const GError *error, const char *platform_code,
    const char *what);

/* kandy-call-end.c */
/* What call:stateChange calls `transition`; @reason: (nullable) */
GVariant *kandy_call_transition (const KandyCallSnapshot *previous,
    gboolean has_status, int status, const char *reason);
void kandy_call_end_remotely (KandyCall *self,
    KandyCallNotification *notification);
void kandy_call_cancel_remotely (KandyCall *self,
    KandyCallNotification *notification);
void kandy_call_lost (KandyCall *self);
/* Ends the call because of @error, here and at the platform */
void kandy_call_fail (KandyCall *self, gboolean as_operation,
    const GError *error);

/* kandy-call-queue.c */
void kandy_call_notify (KandyCall *self, KandyCallNotification *notification);
void kandy_call_push_step (KandyCall *self, KandyCallFunc step);
void kandy_call_step_done (KandyCall *self);
void kandy_call_go_on (KandyCall *self);
void kandy_call_hold_offer_back (KandyCall *self);
void kandy_call_clear_queue (KandyCall *self);

/* kandy-call-negotiation.c */
void kandy_call_take_answer (KandyCall *self, KandyCallNotification *n);
void kandy_call_take_offer (KandyCall *self, KandyCallNotification *n);
void kandy_call_give_offer_up (KandyCall *self, const GError *error);
void kandy_call_clear_negotiation (KandyCall *self);
void kandy_call_reoffer (KandyCall *self);
void kandy_call_create_reoffer (KandyCall *self);
void kandy_call_fail_reoffer (KandyCall *self, const GError *error);
/* The event call:mediaRestart; @error: (nullable) */
void kandy_call_queue_media_restart (KandyCall *self, const GError *error);
GError *kandy_call_check_connected (KandyCall *self);
gboolean kandy_call_sdp_has_setup (const char *sdp, const char *role);

/* kandy-call-media.c */
/* The ongoing operation, if it is one of those, is about to fail */
void kandy_call_undo_media (KandyCall *self);
/* It is done, or not with @error (nullable): the events that it has beside
 * call:operation */
void kandy_call_conclude_media (KandyCall *self, KandyOperation operation,
    const GError *error);
void kandy_call_clear_media (KandyCall *self);

/* kandy-call-restart.c */
void kandy_call_clear_restart (KandyCall *self);

/* kandy-call-recovery.c */
/* media_state has changed */
void kandy_call_recover (KandyCall *self);
/* This end knows that there is no path any longer */
void kandy_call_path_lost (KandyCall *self);
/* the engine needs another offer */
void kandy_call_offer_needed (KandyCall *self);
/* A MEDIA_RESTART is over; @error: (nullable) */
void kandy_call_restarted (KandyCall *self, const GError *error);
/* The far end's offer was answered */
void kandy_call_restarted_remotely (KandyCall *self);
/* ms that the other end has to be given first */
guint kandy_call_get_retry_delay (KandyCall *self);
void kandy_call_clear_recovery (KandyCall *self);

/* kandy-calls-sdp.c: the application's handlers. @type: offer or answer */
/* @sdp: (transfer full) (nullable): made here; as it goes out */
char *kandy_call_filter_local (KandyCall *self, char *sdp, const char *type);
/* @sdp: (inout) (nullable): of the far end; as it takes effect */
void kandy_call_filter_remote (KandyCall *self, char **sdp, const char *type);

/* kandy-call-dtmf.c */
/* What is under way has failed because of @error */
void kandy_call_stop_dtmf (KandyCall *self, const GError *error);
void kandy_call_dtmf_received (KandyCall *self, guint number,
    gboolean in_band);

/* kandy-call-transfer.c */
void kandy_call_transfer_completed (KandyCall *self);
void kandy_call_transfer_failed (KandyCall *self,
    KandyCallNotification *notification);
void kandy_call_clear_transfer (KandyCall *self);

/* kandy-call-audit.c */
typedef enum {
  KANDY_AUDIT_ALIVE,
  KANDY_AUDIT_FAILED,
  KANDY_AUDIT_TIMED_OUT,
} KandyAuditResult;

guint kandy_call_audit_delay (KandyAuditResult result, double interval,
    gint64 elapsed);
void kandy_call_start_audit (KandyCall *self, gboolean at_once);
void kandy_call_stop_audit (KandyCall *self);

/* kandy-call-requests.c: @reply is NULL if @error is set. Called exactly once,
 * followed by kandy_call_flush() */
typedef void (*KandyCallReply) (KandyCall *self, JsonObject *reply,
    const GError *error);

void kandy_call_request_create (KandyCall *self, const char *sdp,
    KandyCallReply reply);
void kandy_call_request_answer (KandyCall *self, const char *sdp,
    KandyCallReply reply);
void kandy_call_request_update (KandyCall *self, const char *sdp,
    KandyCallReply reply);
void kandy_call_request_status (KandyCall *self, const char *status,
    guint timeout_ms, KandyCallReply reply);
void kandy_call_request_delete (KandyCall *self, KandyCallReply reply);
void kandy_call_request_forward (KandyCall *self, const char *address,
    KandyCallReply reply);
/* @session_id: (nullable): of the call that @address is in already */
void kandy_call_request_transfer (KandyCall *self, const char *address,
    const char *session_id, KandyCallReply reply);

G_END_DECLS
