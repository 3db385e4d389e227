/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#ifndef KANDY_API
# ifdef KANDY_COMPILATION
#  define KANDY_API __attribute__ ((visibility ("default"))) extern
# else
#  define KANDY_API extern
# endif
#endif

typedef struct _KandyClient KandyClient;
typedef struct _KandyConfig KandyConfig;
typedef struct _KandyLogger KandyLogger;
typedef struct _KandyServices KandyServices;
typedef struct _KandyConnection KandyConnection;
typedef struct _KandyCalls KandyCalls;
typedef struct _KandyCall KandyCall;
typedef struct _KandyTrack KandyTrack;
typedef struct _KandyIceServer KandyIceServer;
typedef struct _KandyMediaOptions KandyMediaOptions;
typedef struct _KandyMediaEngine KandyMediaEngine;
typedef struct _KandyConversations KandyConversations;
typedef struct _KandyConversation KandyConversation;
typedef struct _KandyMessage KandyMessage;
typedef struct _KandyMessagePart KandyMessagePart;
typedef struct _KandyMedia KandyMedia;
typedef struct _KandyCollection KandyCollection;
typedef struct _KandyGroups KandyGroups;
typedef struct _KandyGroup KandyGroup;
typedef struct _KandyGroupParticipant KandyGroupParticipant;
typedef struct _KandyPresence KandyPresence;
typedef struct _KandyUsers KandyUsers;
typedef struct _KandyContacts KandyContacts;

/**
 * KandyLogLevel:
 * @KANDY_LOG_LEVEL_TRACE: everything, wire traffic included
 * @KANDY_LOG_LEVEL_DEBUG: what is of interest when looking for a fault
 * @KANDY_LOG_LEVEL_INFO: what happens
 * @KANDY_LOG_LEVEL_WARN: something is not as it should be, the operation goes on
 * @KANDY_LOG_LEVEL_ERROR: an operation failed
 * @KANDY_LOG_LEVEL_SILENT: nothing
 *
 * Severity of a log entry, or the least severity that a logger lets pass.
 */
typedef enum {
  KANDY_LOG_LEVEL_TRACE,
  KANDY_LOG_LEVEL_DEBUG,
  KANDY_LOG_LEVEL_INFO,
  KANDY_LOG_LEVEL_WARN,
  KANDY_LOG_LEVEL_ERROR,
  KANDY_LOG_LEVEL_SILENT,
} KandyLogLevel;

/**
 * KandyCallDirection:
 * @KANDY_CALL_DIRECTION_OUTGOING: made here
 * @KANDY_CALL_DIRECTION_INCOMING: received
 *
 * Who placed the call. Nicks are the API document's strings.
 */
typedef enum {
  KANDY_CALL_DIRECTION_OUTGOING, /*< nick=outgoing >*/
  KANDY_CALL_DIRECTION_INCOMING, /*< nick=incoming >*/
} KandyCallDirection;

/**
 * KandyCallState:
 * @KANDY_CALL_STATE_INITIATING: created, not yet known to the platform
 * @KANDY_CALL_STATE_INITIATED: known to the platform
 * @KANDY_CALL_STATE_RINGING: the called party is being alerted
 * @KANDY_CALL_STATE_EARLY_MEDIA: media before the answer
 * @KANDY_CALL_STATE_CONNECTED: answered
 * @KANDY_CALL_STATE_ON_HOLD: held by one end or by both
 * @KANDY_CALL_STATE_CANCELLED: withdrawn by the caller, or answered elsewhere
 * @KANDY_CALL_STATE_ENDED: over
 *
 * State of a call (API document: `call.states`). Where the document's string
 * has a space, the nick has a dash, because a typelib has no names with spaces;
 * kandy_call_state_to_string() gives the document's.
 */
typedef enum {
  KANDY_CALL_STATE_INITIATING, /*< nick=Initiating >*/
  KANDY_CALL_STATE_INITIATED, /*< nick=Initiated >*/
  KANDY_CALL_STATE_RINGING, /*< nick=Ringing >*/
  KANDY_CALL_STATE_EARLY_MEDIA, /*< nick=Early-Media >*/
  KANDY_CALL_STATE_CONNECTED, /*< nick=Connected >*/
  KANDY_CALL_STATE_ON_HOLD, /*< nick=On-Hold >*/
  KANDY_CALL_STATE_CANCELLED, /*< nick=Cancelled >*/
  KANDY_CALL_STATE_ENDED, /*< nick=Ended >*/
} KandyCallState;

/**
 * KandyMediaConnectionState:
 * @KANDY_MEDIA_CONNECTION_STATE_NEW: no negotiation yet
 * @KANDY_MEDIA_CONNECTION_STATE_CHECKING: looking for a working path
 * @KANDY_MEDIA_CONNECTION_STATE_CONNECTED: media can flow
 * @KANDY_MEDIA_CONNECTION_STATE_COMPLETED: connected, and no more checks run
 * @KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED: nothing has arrived for a while
 * @KANDY_MEDIA_CONNECTION_STATE_FAILED: the path is lost
 * @KANDY_MEDIA_CONNECTION_STATE_CLOSED: the call is over
 *
 * State of a call's media path (API document: `call.mediaConnectionStates`).
 */
typedef enum {
  KANDY_MEDIA_CONNECTION_STATE_NEW, /*< nick=new >*/
  KANDY_MEDIA_CONNECTION_STATE_CHECKING, /*< nick=checking >*/
  KANDY_MEDIA_CONNECTION_STATE_CONNECTED, /*< nick=connected >*/
  KANDY_MEDIA_CONNECTION_STATE_COMPLETED, /*< nick=completed >*/
  KANDY_MEDIA_CONNECTION_STATE_DISCONNECTED, /*< nick=disconnected >*/
  KANDY_MEDIA_CONNECTION_STATE_FAILED, /*< nick=failed >*/
  KANDY_MEDIA_CONNECTION_STATE_CLOSED, /*< nick=closed >*/
} KandyMediaConnectionState;

/**
 * KandyMediaKind:
 * @KANDY_MEDIA_KIND_AUDIO: sound
 * @KANDY_MEDIA_KIND_VIDEO: moving pictures, screens included
 *
 * Kind of a track.
 */
typedef enum {
  KANDY_MEDIA_KIND_AUDIO, /*< nick=audio >*/
  KANDY_MEDIA_KIND_VIDEO, /*< nick=video >*/
} KandyMediaKind;

/**
 * KandyChatType:
 * @KANDY_CHAT_TYPE_ONE_TO_ONE: between two users
 * @KANDY_CHAT_TYPE_GROUP: in a group
 * @KANDY_CHAT_TYPE_SMS: short messages
 *
 * Kind of a conversation (API document: `conversation.chatTypes`). Nicks are the
 * document's strings.
 */
typedef enum {
  KANDY_CHAT_TYPE_ONE_TO_ONE, /*< nick=chat-oneToOne >*/
  KANDY_CHAT_TYPE_GROUP, /*< nick=chat-group >*/
  KANDY_CHAT_TYPE_SMS, /*< nick=sms >*/
} KandyChatType;

/**
 * KandyPartType:
 * @KANDY_PART_TYPE_TEXT: text
 * @KANDY_PART_TYPE_JSON: a JSON value
 * @KANDY_PART_TYPE_FILE: a file
 *
 * What a part of a message is. Nicks are the API document's strings.
 */
typedef enum {
  KANDY_PART_TYPE_TEXT, /*< nick=text >*/
  KANDY_PART_TYPE_JSON, /*< nick=json >*/
  KANDY_PART_TYPE_FILE, /*< nick=file >*/
} KandyPartType;

/**
 * KandyRemoteChange:
 * @KANDY_REMOTE_CHANGE_NONE: same media as before
 * @KANDY_REMOTE_CHANGE_HOLD: the far end holds
 * @KANDY_REMOTE_CHANGE_UNHOLD: the far end takes its hold back
 * @KANDY_REMOTE_CHANGE_ADD_MEDIA: the far end sends something more
 * @KANDY_REMOTE_CHANGE_REMOVE_MEDIA: the far end sends something less
 * @KANDY_REMOTE_CHANGE_START_MOH: held, with music
 * @KANDY_REMOTE_CHANGE_STOP_MOH: held, music stopped
 * @KANDY_REMOTE_CHANGE_UNKNOWN: none of these
 *
 * What a new remote description means, compared with the former one.
 */
typedef enum {
  KANDY_REMOTE_CHANGE_NONE, /*< nick=NO_CHANGE >*/
  KANDY_REMOTE_CHANGE_HOLD, /*< nick=HOLD >*/
  KANDY_REMOTE_CHANGE_UNHOLD, /*< nick=UNHOLD >*/
  KANDY_REMOTE_CHANGE_ADD_MEDIA, /*< nick=ADD_MEDIA >*/
  KANDY_REMOTE_CHANGE_REMOVE_MEDIA, /*< nick=REMOVE_MEDIA >*/
  KANDY_REMOTE_CHANGE_START_MOH, /*< nick=START_MOH >*/
  KANDY_REMOTE_CHANGE_STOP_MOH, /*< nick=STOP_MOH >*/
  KANDY_REMOTE_CHANGE_UNKNOWN, /*< nick=UNKNOWN >*/
} KandyRemoteChange;

/**
 * KandyOfferPurpose:
 * @KANDY_OFFER_PURPOSE_INITIAL: the first offer of a call, slow start included
 * @KANDY_OFFER_PURPOSE_HOLD: every m-line inactive
 * @KANDY_OFFER_PURPOSE_UNHOLD: the directions from before the hold
 * @KANDY_OFFER_PURPOSE_UPDATE: local media was added or removed
 * @KANDY_OFFER_PURPOSE_RESTART: new ICE credentials and candidates
 * @KANDY_OFFER_PURPOSE_REBUILD: a new peer, for a mid-call offer without SDP
 *
 * Why an offer is made.
 */
typedef enum {
  KANDY_OFFER_PURPOSE_INITIAL,
  KANDY_OFFER_PURPOSE_HOLD,
  KANDY_OFFER_PURPOSE_UNHOLD,
  KANDY_OFFER_PURPOSE_UPDATE,
  KANDY_OFFER_PURPOSE_RESTART,
  KANDY_OFFER_PURPOSE_REBUILD,
} KandyOfferPurpose;

G_END_DECLS
